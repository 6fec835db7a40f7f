/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Live forwards into a file: whole or not at all, and with what the file had besides. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "../trouble.h"

static const char a_file[] = "printf '%s' '# web\n"
			     "wan0:80 192.168.1.2:8080 --name web\n"
			     "\n"
			     "wan0:53/tcp+udp\t192.168.1.3 --from 10.0.0.0/8,10.1.0.0/16 # both\n"
			     "wan0:8000-8010 [fd02::2]:9000-9010 --masquerade\n"
			     "' > /run/forwards.conf";

static void save_keeps_comments_and_order(void **state)
{
	(void)state;
	town_sh("%s; rm -f /run/link; chmod 640 /run/forwards.conf; ln -s forwards.conf /run/link",
		a_file);
	pfwd(0, "apply /run/forwards.conf");
	struct outcome whole = town_run("cat /run/forwards.conf");
	pfwd(0, "save /run/link");
	assert_string_equal(town_run("cat /run/forwards.conf").out, whole.out);
	pfwd(0, "del wan0:53 --from 10.0.0.0/8");
	pfwd(0, "del wan0:8000-8010");
	pfwd(0, "add wan0:70 192.168.1.7 --hairpin");
	pfwd(0, "save /run/link");
	assert_string_equal(town_run("cat /run/forwards.conf; stat -c %%a /run/forwards.conf; "
				     "readlink /run/link; ls /run/forwards.conf.* 2>/dev/null")
				    .out,
			    "# web\n"
			    "wan0:80 192.168.1.2:8080 --name web\n"
			    "\n"
			    "wan0:53/udp 192.168.1.3:53 --from 10.0.0.0/8 # both\n"
			    "wan0:53/tcp 192.168.1.3:53 --from 10.1.0.0/16\n"
			    "wan0:53/udp 192.168.1.3:53 --from 10.1.0.0/16\n"
			    "wan0:70/tcp 192.168.1.7:70 --hairpin=192.168.1.0/24\n"
			    "640\nforwards.conf\n");
	struct outcome before = town_rules();
	pfwd(0, "flush");
	pfwd(0, "apply /run/link");
	assert_string_equal(town_rules().out, before.out);
}

/* What the lines become is apply's to tell. */
static void save_is_silent_about_lines_that_stay(void **state)
{
	(void)state;
	town_sh("echo 'wan0:80 192.168.1.2 --until 2020-01-01T00:00:00Z' >/run/old; "
		"echo 'wan0:81 192.168.77.2 --hairpin' >>/run/old; cp /run/old /run/new");
	assert_says(pfwd(0, "apply /run/new").err, "/run/new:2: cannot find the target's network");
	assert_string_equal(pfwd(0, "save /run/new").err, "");
	town_sh("cmp /run/old /run/new");
}

/* In another network namespace, say, or after somebody flushed the tables. */
static void save_does_not_empty_a_file_unasked(void **state)
{
	(void)state;
	static const char lines[] = "# web\nwan0:80 192.168.1.2 --name web\nwan0:81 192.168.1.2\n";
	town_sh("printf '%s' >/run/f", lines);
	struct outcome o = pfwd(1, "save /run/f");
	assert_string_equal(o.err, "pfwd: /run/f would lose all its forwards (2), because the "
				   "kernel has none of them; make them with `pfwd apply`, or give "
				   "--force to remove them from the file\n");
	pfwd(0, "add wan0:99 192.168.1.2");
	pfwd(1, "save /run/f");
	assert_string_equal(town_run("cat /run/f").out, lines);
	/* one that only got another target is still there */
	pfwd(0, "add wan0:80 192.168.1.7");
	pfwd(0, "save /run/f");
	assert_string_equal(town_run("cat /run/f").out,
			    "# web\nwan0:80/tcp 192.168.1.7:80\nwan0:99/tcp 192.168.1.2:99\n");
	pfwd(0, "flush");
	pfwd(1, "save /run/f");
	pfwd(0, "save --force /run/f");
	assert_string_equal(town_run("cat /run/f").out, "# web\n");
	pfwd(0, "save /run/f"); /* there is nothing to lose */
}

static void save_loses_nothing_when_it_fails(void **state)
{
	(void)state;
	pfwd(0, "add wan0:80 192.168.1.2");
	town_sh("mkdir -p /run/full && mount -t tmpfs -o size=4k none /run/full && "
		"echo '# mine' > /run/full/f");
	struct outcome o = pfwd(1, "save /run/full/f");
	assert_says(o.err, "/run/full/f");
	assert_string_equal(town_run("cat /run/full/f; ls /run/full").out, "# mine\nf\n");
	town_sh("umount /run/full; echo 'wan0:0 x' > /run/bad");
	pfwd(2, "save /run/bad");
	assert_string_equal(town_run("cat /run/bad").out, "wan0:0 x\n");
	assert_string_equal(pfwd(0, "save -").out, "wan0:80/tcp 192.168.1.2:80\n");
	town_sh("mknod /run/device c 1 3");
	assert_says(pfwd(2, "save /run/device").err, "'/run/device' is not a regular file");
	town_sh("test -c /run/device; mkfifo /run/fifo");
	assert_says(pfwd(2, "save /run/fifo").err, "is not a regular file");
	assert_says(pfwd(2, "save /run").err, "is not a regular file");
	town_sh("ln -s /run/nosuch /run/dangling");
	assert_says(pfwd(2, "save /run/dangling").err, "symbolic link to a file that is not there");
	town_sh("test -L /run/dangling && test ! -e /run/nosuch");
	pfwd(1, "save - > /dev/full");
}

static void a_kill_during_save_leaves_one_whole_file(void **state)
{
	(void)state;
	pfwd(0, "add wan0:80 192.168.1.2");
	struct outcome o = town_run(
		"for call in openat write fsync rename fchmod; do for n in 1 2 3 4 5 6 7 8 9; do "
		"echo 'wan0:1 192.168.1.1' | sed 's/.1.1$/.1.7/' > /run/k;"
		"$TRACE -qq -o /dev/null -e trace=$call -e inject=$call:signal=KILL:when=$n "
		"$PFWD save --force /run/k 2>/dev/null >&2; cat /run/k; done; done | sort | uniq "
		"-c | wc "
		"-l;"
		"rm -f /run/k.*; cat /run/k");
	/* the old line and the new one, and nothing else was ever seen */
	assert_says(o.out, "2\n");
}

/* The new file has a name of its own for a moment, before it takes that of the old one: a kill just
 * then leaves it behind, and no other does. */
static void a_killed_save_leaves_one_whole_file(void **state)
{
	(void)state;
	static const char old[] = "# mine\nwan0:1 192.168.1.7\n";
	static const char new[] = "# mine\nwan0:80/tcp 192.168.1.2:80\n";
	struct outcome now = {0};
	char *rest;
	struct call call;
	int kills_that_left_one = 0;
	town_sh("mkdir -p /run/saved; printf '%s' >/run/old; cp /run/old /run/saved/f", old);
	pfwd(0, "add wan0:80 192.168.1.2");
	struct outcome calls = trouble_calls("save --force /run/saved/f");
	for (rest = calls.out; trouble_next(&rest, &call);) {
		town_sh("rm /run/saved/*; cat /run/old >/run/saved/f");
		trouble_kill_at(&call, "save --force /run/saved/f");
		now = town_run("cat /run/saved/f");
		if (strcmp(now.out, old) != 0)
			assert_string_equal(now.out, new);
		int files = atoi(town_run("ls /run/saved | wc -l").out);
		assert_true(files >= 1 && files <= 2);
		kills_that_left_one += files == 2;
	}
	assert_string_equal(now.out, new);
	assert_int_equal(kills_that_left_one, 1);
	/* and one that is not killed leaves nothing */
	town_sh("rm /run/saved/*; cat /run/old >/run/saved/f");
	pfwd(0, "save --force /run/saved/f");
	assert_string_equal(town_run("cat /run/saved/f; ls /run/saved; rm -r /run/saved").out,
			    "# mine\nwan0:80/tcp 192.168.1.2:80\nf\n");
}

/* It tells which legacy tables there are. */
static void without_proc_nothing_is_believed(void **state)
{
	(void)state;
	town_sh("echo 'wan0:80/tcp 192.168.1.2:80' >/run/f; cp /run/f /run/before");
	pfwd(0, "apply /run/f");
	struct outcome o = town_run("unshare --mount sh -c 'umount -l /proc; "
				    "for c in \"save --force /run/f\" list \"apply /run/f\"; do "
				    "$PFWD $c; echo $?; done'; cmp /run/f /run/before");
	assert_string_equal(o.out, "1\n1\n1\n");
	assert_says(o.err, "mount /proc");
	assert_says(pfwd(0, "list -rn").out, "active");
}

#define STORY(f) cmocka_unit_test_teardown(f, town_clean)

int main(void)
{
	const struct CMUnitTest stories[] = {
		STORY(save_keeps_comments_and_order),
		STORY(save_is_silent_about_lines_that_stay),
		STORY(save_does_not_empty_a_file_unasked),
		STORY(save_loses_nothing_when_it_fails),
		STORY(without_proc_nothing_is_believed),
		STORY(a_kill_during_save_leaves_one_whole_file),
		STORY(a_killed_save_leaves_one_whole_file),
	};
	return cmocka_run_group_tests(stories, town_build, town_raze);
}
