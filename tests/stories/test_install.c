/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `make install` puts in its place, and that it works there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "town.h"

#define INSTALL(what) "make -s " what " DESTDIR=/run/root PREFIX=/usr >&2 && cd /run/root && "

static void uninstall_leaves_the_administrators_file(void **state)
{
	(void)state;
	struct outcome o = town_run(INSTALL("install") "find . -type f | sort");
	assert_string_equal(o.out, "./etc/pfwd/forwards.conf\n"
				   "./usr/lib/modules-load.d/pfwd.conf\n"
				   "./usr/lib/systemd/system/pfwd.service\n"
				   "./usr/sbin/pfwd\n"
				   "./usr/share/bash-completion/completions/pfwd\n"
				   "./usr/share/fish/vendor_completions.d/pfwd.fish\n"
				   "./usr/share/man/man5/forwards.conf.5\n"
				   "./usr/share/man/man8/pfwd.8\n"
				   "./usr/share/zsh/site-functions/_pfwd\n");
	assert_says(town_run("cat /run/root/usr/lib/systemd/system/pfwd.service").out,
		    "ExecStart=/usr/sbin/pfwd apply\n");
	town_sh("echo '# mine' >/run/root/etc/pfwd/forwards.conf");
	o = town_run(INSTALL("install") "cat etc/pfwd/forwards.conf");
	assert_string_equal(o.out, "# mine\n");
	o = town_run(INSTALL("uninstall") "find . -type f && cat etc/pfwd/forwards.conf");
	assert_string_equal(o.out, "./etc/pfwd/forwards.conf\n# mine\n");
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

static struct outcome complete(const char *words)
{
	return town_run("PATH=$(dirname $PFWD):$PATH bash -c '. src/completion/pfwd.bash; "
			"COMP_WORDS=(%s); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); "
			"compopt() { :; }; _pfwd; echo \" ${COMPREPLY[*]} \"'",
			words);
}

static void completion_offers_what_there_is(void **state)
{
	(void)state;
	pfwd(0, "add wan0:80 192.168.1.2 --name web");
	assert_says(complete("pfwd co").out, " conns ");
	assert_says(complete("pfwd add wa").out, " wan0: ");
	assert_says(complete("pfwd add --hair").out, " --hairpin ");
	assert_says(complete("pfwd conns --fo").out, " --follow ");
	assert_says(complete("pfwd list -o FOR").out, " FORWARD ");
	assert_says(complete("pfwd del we").out, " web ");
	assert_says(complete("pfwd apply LIC").out, " LICENSE ");
}

/* The three shells, the help and the command table name the same commands. */
static void completions_name_every_command(void **state)
{
	(void)state;
	struct outcome o = town_run(
		"for c in $($PFWD help | sed -n '/^Commands:/,/^$/s/^  \\([a-z]*\\) .*/\\1/p') "
		"$($PFWD help del | sed -n 's/, / /; s/^ *also: //p'); do "
		"for f in src/completion/*; do grep -qw -- $c $f || echo $f: $c; done; done");
	assert_string_equal(o.out, "");
}

#define STORY(f) cmocka_unit_test_teardown(f, town_clean)

int main(void)
{
	const struct CMUnitTest stories[] = {
		STORY(uninstall_leaves_the_administrators_file),
		STORY(the_sample_is_all_commented_out),
		STORY(completion_offers_what_there_is),
		STORY(completions_name_every_command),
	};
	return cmocka_run_group_tests(stories, town_build, town_raze);
}
