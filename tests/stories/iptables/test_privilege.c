/* SPDX-License-Identifier: GPL-2.0-or-later */
/* With the two capabilities that pfwd asks for and no others, without them, and what it leaves in
 * the file system. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../trouble.h"

#define TWO_ALONE "-all,+net_admin,+net_raw"

static const char *const changing[] = {
	"add wan0:80 192.168.1.2:8080 --name web --hairpin",
	"add wan0:53/udp [fd02::2]",
	"add :82 :8082 --local",
	"list -o +LIVE",
	"conns -a",
	"save /run/mine/f",
	"del --kill web",
	"apply /run/mine/f",
	"diff /run/mine/f",
	"save /run/mine/f",
	"del wan0:53/udp",
	"flush",
};

static void each_works(const char *before)
{
	for (size_t i = 0; i < sizeof(changing) / sizeof(changing[0]); i++) {
		struct outcome o = town_run("%s %s", before, changing[i]);
		if (o.status != 0)
			fail_msg("%s: status %d: %s", changing[i], o.status, o.err);
		assert_string_equal(o.err, "");
	}
	assert_silent(town_rules().out, "PFWD");
}

static void root_needs_two_capabilities_alone(void **state)
{
	(void)state;
	town_sh("rm -rf /run/mine; mkdir /run/mine");
	each_works("setpriv --bounding-set " TWO_ALONE " --inh-caps -all $PFWD");
}

static void nobody_with_two_capabilities_is_enough(void **state)
{
	(void)state;
	/* a lock and a folder that are nobody's, and a copy that nobody can reach */
	town_sh("rm -rf /run/mine; mkdir /run/mine; cp $PFWD /run/pfwd; chmod 755 /run/pfwd");
	if (town_run("chown 65534 /run/mine").status != 0)
		skip(); /* a user namespace with root alone */
	each_works("XTABLES_LOCKFILE=/run/mine/lock setpriv --reuid 65534 --regid 65534 "
		   "--clear-groups --inh-caps " TWO_ALONE " --ambient-caps " TWO_ALONE
		   " --bounding-set " TWO_ALONE " /run/pfwd");
}

static void without_them_nothing_is_even_read(void **state)
{
	(void)state;
	static const char *const commands[] = {
		"add wan0:80 192.168.1.2", "del web",        "list",   "conns",
		"apply /dev/null",         "diff /dev/null", "save -", "flush"};
	static const char *const lacking[] = {"net_admin", "net_raw"};
	town_sh("rm -f /run/xtables.lock");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		for (size_t c = 0; c < 2; c++) {
			struct outcome o = town_run(
				"$TRACE -qq -o /run/trace -e trace=getsockopt,setsockopt,flock,"
				"socket setpriv --bounding-set -%s --inh-caps -%s $PFWD %s; "
				"echo status $?; grep -v AF_UNIX /run/trace; " /* interfaces' names
										*/
				"ls /run/xtables.lock 2>/dev/null",
				lacking[c], lacking[c], commands[i]);
			if (strcmp(o.out, "status 5\n") != 0)
				fail_msg("%s without %s: %s", commands[i], lacking[c], o.out);
			assert_says(o.err, "CAP_NET_ADMIN");
		}
}

static void a_link_is_not_followed_to_lock(void **state)
{
	(void)state;
	town_sh("rm -f /run/link /run/dangling; echo precious >/run/precious; "
		"chmod 644 /run/precious; ln -s /run/precious /run/link; "
		"ln -s /run/nosuch /run/dangling");
	struct outcome before = town_rules();
	for (int i = 0; i < 2; i++) {
		const char *link = i ? "/run/dangling" : "/run/link";
		struct outcome o =
			town_run("XTABLES_LOCKFILE=%s $PFWD add wan0:80 192.168.1.2", link);
		assert_int_equal(o.status, 1);
		assert_says(o.err, link);
	}
	assert_string_equal(
		town_run("cat /run/precious; stat -c %%a /run/precious; ls /run/nosuch").out,
		"precious\n644\n");
	assert_string_equal(town_rules().out, before.out);
}

/* Whatever the caller's environment names is opened to be read, and stays as it was. */
static void the_environment_writes_nowhere(void **state)
{
	(void)state;
	static const char *const variables[] = {"XTABLES_LOCKFILE", "SERVICES"};
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		struct outcome o = town_run(
			"rm -rf /run/mine; mkdir /run/mine; echo precious >/run/mine/file; "
			"chmod 604 /run/mine/file; before=$(stat -c '%%i %%a %%s %%Y' "
			"/run/mine/file); export %s=/run/mine/file; $PFWD add wan0:80 192.168.1.2 "
			"&& "
			"$PFWD save /run/saved && $PFWD del wan0:80 && $PFWD apply /run/saved && "
			"$PFWD flush; echo status $?; $PFWD add wan0:nosuch 192.168.1.2 "
			"2>/dev/null; "
			"cat /run/mine/file; [ \"$before\" = \"$(stat -c '%%i %%a %%s %%Y' "
			"/run/mine/file)\" ] && ls /run/mine",
			variables[i]);
		assert_string_equal(o.out, "status 0\nprecious\nfile\n");
	}
}

/* A queue that nobody writes to is never opened where one waits for it. */
static void a_lock_that_is_no_file_does_not_stop_it(void **state)
{
	(void)state;
	struct outcome o = town_run("rm -f /run/queue; mkfifo /run/queue; "
				    "XTABLES_LOCKFILE=/run/queue timeout 5 "
				    "$PFWD add wan0:80 192.168.1.2; echo status $?");
	assert_string_equal(o.out, "status 0\n");
}

static void modes_do_not_hang_on_the_umask(void **state)
{
	(void)state;
	static const char *const masks[] = {"000", "022", "077", "777"};
	pfwd(0, "add wan0:80 192.168.1.2");
	for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
		struct outcome o = town_run(
			"rm -rf /run/mine /run/lock-*; mkdir /run/mine; cd /run/mine; touch a b; "
			"chmod 600 a; chmod 664 b; export XTABLES_LOCKFILE=/run/mine/lock; "
			"umask %s; for f in a b new; do $PFWD save /run/mine/$f; done; "
			"$PFWD add wan0:81 192.168.1.2; $PFWD del wan0:81; "
			"stat -c '%%n %%a' a b new; [ $(stat -c %%a lock) -le 600 ]; ls | wc -l",
			masks[i]);
		assert_string_equal(o.out, "a 600\nb 664\nnew 644\n4\n");
	}
}

static void what_may_not_be_replaced_stays(void **state)
{
	(void)state;
	pfwd(0, "add wan0:80 192.168.1.2");
	town_sh("rm -rf /run/mine; mkdir /run/mine; echo '# theirs' >/run/mine/f");
	if (town_run("chown 65534 /run/mine/f").status != 0)
		skip();
	/* root without CAP_CHOWN could write beside it, but not keep its owner */
	struct outcome o = town_run("setpriv --bounding-set " TWO_ALONE " --inh-caps -all "
				    "$PFWD save /run/mine/f; echo status $?; cat /run/mine/*; "
				    "stat -c %%u /run/mine/*");
	assert_string_equal(o.out, "status 5\n# theirs\n65534\n");
	assert_says(o.err, "/run/mine/f");
}

#define STORY(f) cmocka_unit_test_teardown(f, town_clean)

int main(void)
{
	const struct CMUnitTest stories[] = {
		STORY(root_needs_two_capabilities_alone),
		STORY(nobody_with_two_capabilities_is_enough),
		STORY(without_them_nothing_is_even_read),
		STORY(a_link_is_not_followed_to_lock),
		STORY(the_environment_writes_nowhere),
		STORY(a_lock_that_is_no_file_does_not_stop_it),
		STORY(modes_do_not_hang_on_the_umask),
		STORY(what_may_not_be_replaced_stays),
	};
	return cmocka_run_group_tests(stories, town_build, town_raze);
}
