/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `make install` puts in its place, and that it works there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "../town.h"

#define INSTALL(what) "make -s " what " DESTDIR=/run/root PREFIX=/usr >&2 && cd /run/root && "

static void uninstall_leaves_the_administrators_file(void **state)
{
	(void)state;
	struct outcome o = town_run(INSTALL("install") "find . -type f | sort");
	assert_string_equal(o.out, "./etc/pfwd/forwards.conf\n"
				   "./usr/lib/modules-load.d/pfwd.conf\n"
				   "./usr/lib/systemd/system/pfwd-after@.service\n"
				   "./usr/lib/systemd/system/pfwd-metrics.service\n"
				   "./usr/lib/systemd/system/pfwd-metrics.timer\n"
				   "./usr/lib/systemd/system/pfwd.service\n"
				   "./usr/sbin/pfwd\n"
				   "./usr/share/bash-completion/completions/pfwd\n"
				   "./usr/share/doc/pfwd/examples/pfwd.rules.yml\n"
				   "./usr/share/fish/vendor_completions.d/pfwd.fish\n"
				   "./usr/share/man/man5/forwards.conf.5\n"
				   "./usr/share/man/man8/pfwd.8\n"
				   "./usr/share/pfwd/words\n"
				   "./usr/share/zsh/site-functions/_pfwd\n");
	assert_says(town_run("cat /run/root/usr/lib/systemd/system/pfwd.service").out,
		    "ExecStart=/usr/sbin/pfwd apply\n");
	o = town_run("grep -rIl '@[A-Z]*@' /run/root/usr /run/root/etc");
	assert_string_equal(o.out, "");
	town_sh("echo '# mine' >/run/root/etc/pfwd/forwards.conf; : >/run/root/usr/sbin/other");
	o = town_run(INSTALL("install") "cat etc/pfwd/forwards.conf");
	assert_string_equal(o.out, "# mine\n");
	o = town_run(INSTALL("uninstall") "find . -type f | sort && cat etc/pfwd/forwards.conf");
	assert_string_equal(o.out, "./etc/pfwd/forwards.conf\n./usr/sbin/other\n# mine\n");
	assert_string_equal(town_run("find /run/root -name '*pfwd*'").out, "/run/root/etc/pfwd\n");
}

/* The Makefile's, in the program, the package and the list of changes. */
static void the_version_is_the_same_everywhere(void **state)
{
	(void)state;
	struct outcome o = town_run("sed -n '1s/pfwd (\\(.*\\)).*/pfwd \\1/p' debian/changelog;"
				    "sed -n '1s/ .*//p' CHANGES | sed 's/^/pfwd /'");
	struct outcome version = pfwd(0, "version");
	assert_string_equal(o.out, town_run("printf '%s%s'", version.out, version.out).out);
}

/* Each line of the sample that is a forward is taken; as it is, the file holds none. */
static void the_sample_is_all_commented_out(void **state)
{
	(void)state;
	assert_string_equal(pfwd(0, "diff src/systemd/forwards.conf").out, "");
	struct outcome o = town_run("sed -n 's/^#\\([^ ]\\)/\\1/p' src/systemd/forwards.conf | "
				    "tee /run/lines | wc -l; $PFWD diff /run/lines | wc -l");
	assert_string_equal(o.out, "7\n8\n"); /* tcp+udp is two */
}

/* What is typed, by a TAB, and what is typed on; what the last word is then. */
static const struct {
	const char *typed, *word, *more;
} completed[] = {
	{"co", "conns", ""},
	{"-w 3 sa", "save", ""},
	{"add wan", "wan0:80", "80"},
	{"add --hair", "--hairpin", ""},
	{"conns -n --fo", "--follow", ""},
	{"list -o FORWARD,UN", "FORWARD,UNTIL", ""},
	{"ls --output=+LI", "--output=+LIVE", ""},
	{"del we", "web", ""},
	{"rm web wan0:8", "wan0:80/tcp", ""},
	{"list wan0@", "wan0@203.0.113.5:81-90/tcp", ""},
	{"apply LIC", "LICENSE", ""},
	{"help fl", "flush", ""},
};

static void completes(const char *shell)
{
	town_sh(INSTALL("install") "grep -rl /usr/share/pfwd usr/share/*/ | "
				   "xargs sed -i 's|/usr/share/pfwd|/run/root&|'");
	pfwd(0, "add wan0:80 192.168.1.2 --name web");
	pfwd(0, "add wan0@203.0.113.5:81-90 192.168.1.2");
	for (size_t i = 0; i < sizeof(completed) / sizeof(completed[0]); i++) {
		char want[256];
		struct outcome o =
			town_run("PATH=$(dirname $PFWD):$PATH "
				 "tests/stories/complete.sh %s /run/root/usr/share '%s' %s",
				 shell, completed[i].typed, completed[i].more);
		snprintf(want, sizeof(want), "<%s>\n", completed[i].word);
		if (strcmp(o.out, want) != 0)
			fail_msg("%s: pfwd %s: %s instead of %s%s", shell, completed[i].typed,
				 o.out, want, o.err);
	}
}

static void bash_completes_what_there_is(void **state)
{
	(void)state;
	completes("bash");
}

static void zsh_completes_what_there_is(void **state)
{
	(void)state;
	completes("zsh");
}

static void fish_completes_what_there_is(void **state)
{
	(void)state;
	completes("fish");
}

#define WORDS "PATH=$(dirname $PFWD):$PATH src/completion/words "

/* The help comes from the tables that the commands run by. */
static void completions_offer_all_that_the_help_names(void **state)
{
	(void)state;
	struct outcome o = town_run(
		"commands=$($PFWD help | sed -n '/^Commands:/,/^$/s/^  \\([a-z]*\\) .*/\\1/p');"
		"test \"$commands\" = \"$(" WORDS "'' | cut -f 1)\" || echo commands;"
		"for c in $commands; do"
		" $PFWD help $c | sed -n '/^Options:/,/^$/p' |"
		"  grep -oE -- '^ +-[^ ,[]+|, --[a-z-]+' | tr -d ' ,' | sort >/run/known;"
		" " WORDS "$c - | cut -f 1 | sort | diff - /run/known || echo options of $c; done;"
		"for c in list conns top; do"
		" $PFWD help $c | sed -n '/^Columns:/,$s/^  \\([A-Zs\\/-]*\\) .*/\\1/p' "
		">/run/known;"
		" " WORDS "$c -o '' | cut -f 1 | diff - /run/known || echo columns of $c; done;"
		"echo $commands");
	assert_string_equal(o.out,
			    "add del list check conns top metrics apply diff save adopt flush help "
			    "version\n");
}

/* What takes a value is not taken for an operand, and no more is offered than can follow. */
static void completions_know_what_can_follow(void **state)
{
	(void)state;
	assert_string_equal(town_run(WORDS "add --name x wan0:80 ''").out, "");
	assert_string_equal(town_run(WORDS "add --name ''").out, "");
	assert_string_equal(town_run(WORDS "flush ''").out, "");
	assert_says(town_run(WORDS "add --name x --from 10.0.0.0/8 wan").out, "wan0:\t");
	town_sh("touch /run/allow");
	assert_string_equal(town_run(WORDS "add --from @/run/al").out, "@/run/allow\tfile\n");
	assert_string_equal(town_run(WORDS "add --from=@/run/al").out,
			    "--from=@/run/allow\tfile\n");
	assert_string_equal(town_run(WORDS "add --from @/run/none").out, "");
	assert_int_equal(town_run(WORDS "save ''").status, 1);
	assert_int_equal(town_run(WORDS "metrics -O ''").status, 1);
	assert_int_equal(town_run(WORDS "metrics ''").status, 0);
	assert_int_equal(town_run(WORDS "list ''").status, 0);
}

static void completions_offer_nothing_but_words(void **state)
{
	(void)state;
	town_sh("ip link add 'a;id' type veth peer name 'a$(id)'; ip link add 'a\"b' type veth "
		"peer "
		"name a.1");
	pfwd(0, "add 'a;id:80' 192.168.1.2");
	pfwd(0, "add a.1:80 192.168.1.2");
	struct outcome add = town_run(WORDS "add a | cut -f 1");
	struct outcome del = town_run(WORDS "del a | cut -f 1");
	town_sh("ip link del a.1; ip link del 'a;id'");
	assert_string_equal(add.out, "a.1:\n");
	assert_string_equal(del.out, "a.1:80/tcp\n");
}

#define STORY(f) cmocka_unit_test_teardown(f, town_clean)

int main(void)
{
	const struct CMUnitTest stories[] = {
		STORY(uninstall_leaves_the_administrators_file),
		STORY(the_sample_is_all_commented_out),
		STORY(the_version_is_the_same_everywhere),
		STORY(bash_completes_what_there_is),
		STORY(zsh_completes_what_there_is),
		STORY(fish_completes_what_there_is),
		STORY(completions_offer_all_that_the_help_names),
		STORY(completions_know_what_can_follow),
		STORY(completions_offer_nothing_but_words),
	};
	return cmocka_run_group_tests(stories, town_build, town_raze);
}
