/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where output goes when nobody takes it: closed streams, a reader that went away, a full disk. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "../town.h"

/* More than one buffer of output. */
static void make_many(void)
{
	town_sh("for p in $(seq 10001 10300); do echo wan0:$p 192.168.1.2 --name n$p; done | "
		"$PFWD apply -");
	town_sh("for p in $(seq 10001 10300); do echo -I -p tcp -s 10.1.0.2 -d 10.1.0.1 --sport $p "
		"--dport $p -t 60 --state ESTABLISHED -g 192.168.1.2; done | conntrack -R -; "
		"test $($PFWD conns -rn | wc -l) = 300");
}

static const char *const showing[] = {
	"list",     "list -r", "list -J",        "conns",    "conns -r",  "conns -J",
	"conns -c", "save -",  "diff /dev/null", "flush -n", "help list",
};
#define SHOWING (sizeof(showing) / sizeof(showing[0]))

static void a_full_disk_and_a_closed_output_are_errors(void **state)
{
	(void)state;
	make_many();
	for (size_t i = 0; i < SHOWING; i++) {
		assert_says(pfwd(1, "%s >/dev/full", showing[i]).err,
			    "pfwd: cannot write to standard output: No space left on device\n");
		assert_says(pfwd(1, "%s >&-", showing[i]).err,
			    "pfwd: cannot write to standard output: Bad file descriptor\n");
	}
}

/* What is opened next would get its number: text of ours was sent to the kernel. */
static void a_closed_output_is_no_socket(void **state)
{
	(void)state;
	struct outcome o = town_run("timeout 5 $PFWD conns -f >&-");
	assert_int_equal(o.status, 1);
	assert_says(o.err, "cannot write to standard output: Bad file descriptor");
}

static void who_prints_nothing_needs_no_output(void **state)
{
	(void)state;
	pfwd(0, "add wan0:80 192.168.1.2 >&-");
	pfwd(0, "add wan0:80 192.168.1.2 <&- >&- 2>&-");
	pfwd(0, "del wan0:80 <&- >&- 2>&-");
	assert_says(pfwd(1, "apply - <&-").err, "cannot read standard input: Bad file descriptor");
}

/* As services of systemd(1) are started: the signal is ignored. */
static void a_reader_that_goes_ends_it_quietly_without_the_signal(void **state)
{
	(void)state;
	make_many();
	for (size_t i = 0; i < SHOWING; i++) {
		struct outcome o =
			town_run("trap '' PIPE; { sleep 0.1; $PFWD %s; } | true", showing[i]);
		assert_string_equal(o.err, "");
	}
}

#define STORY(f) cmocka_unit_test_teardown(f, town_clean)

int main(void)
{
	const struct CMUnitTest stories[] = {
		STORY(a_full_disk_and_a_closed_output_are_errors),
		STORY(a_closed_output_is_no_socket),
		STORY(who_prints_nothing_needs_no_output),
		STORY(a_reader_that_goes_ends_it_quietly_without_the_signal),
	};
	return cmocka_run_group_tests(stories, town_build, town_raze);
}
