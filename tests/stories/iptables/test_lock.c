/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The xtables lock, which every program that changes the legacy tables should hold. */
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

static void the_lock_is_waited_for_in_bounds(void **state)
{
	(void)state;
	struct outcome o = town_run("flock -o /run/xtables.lock sleep 1.8 & sleep 0.1; "
				    "$PFWD -w 0 add wan0:80 192.168.1.2; echo status $?; "
				    "$PFWD -w 1 add wan0:80 192.168.1.2; echo status $?; "
				    "$PFWD add -w 10 wan0:80 192.168.1.2; echo status $?; wait");
	assert_string_equal(o.out, "status 7\nstatus 7\nstatus 0\n");
	assert_says(o.err, "flock (process ");
}

static void a_lock_that_is_held_ends_the_wait_in_time(void **state)
{
	(void)state;
	struct outcome before = town_rules();
	struct outcome o =
		town_run("flock -o /run/xtables.lock sleep 5 & sleep 0.1; "
			 "start=$(date +%%s%%3N); $PFWD -w 1 add wan0:80 192.168.1.2; "
			 "echo status $? $(($(date +%%s%%3N) - start)) ms by $!; kill $!; wait");
	int status, milliseconds, pid;
	char holder[64];
	assert_int_equal(sscanf(o.out, "status %d %d ms by %d", &status, &milliseconds, &pid), 3);
	snprintf(holder, sizeof(holder), "/run/xtables.lock is held by flock (process %d)", pid);
	assert_int_equal(status, 7);
	if (milliseconds < 900 || milliseconds > 2000)
		fail_msg("%d ms", milliseconds);
	assert_says(o.err, holder);
	assert_says(o.err, "-w SECONDS");
	assert_string_equal(town_rules().out, before.out);
}

static void the_lock_is_held_from_first_read_to_last_commit(void **state)
{
	(void)state;
	struct outcome o = town_run(
		"$TRACE -qq -f -e trace=flock,setsockopt,getsockopt,close -o /run/trace $PFWD add "
		"wan0:80 192.168.1.2 && "
		"awk '/flock/ {lock=NR; split($0,p,/[(,]/); fd=p[2]} "
		"/SO_GET_ENTRIES|IPT_SO_GET_INFO|sockopt.*0x40/ {if(!first) first=NR} "
		"/SO_SET_REPLACE|setsockopt.*0x40/ {last=NR} "
		"$0 ~ \"close\\\\(\" fd \"\\\\)\" {if(lock) end=NR} "
		"END {print (lock && lock<first && last && last<end) ? \"held\" : \"not held\"}' "
		"/run/trace");
	assert_string_equal(o.out, "held\n");
}

static void a_link_is_no_lock(void **state)
{
	(void)state;
	struct outcome o = town_run("echo precious > /run/precious; ln -s /run/precious /run/link; "
				    "XTABLES_LOCKFILE=/run/link $PFWD add wan0:80 192.168.1.2; "
				    "echo status $?; cat /run/precious");
	assert_string_equal(o.out, "status 1\nprecious\n");
}

/* Only on a terminal. */
static void a_wait_is_shown_on_a_terminal(void **state)
{
	(void)state;
	static const char held[] = "(flock 9; sleep 0.4) 9>/run/xtables.lock & sleep 0.1; "
				   "echo wan0:80 192.168.1.2 >/run/f; ";
	struct outcome o = town_run("%s script -qec '$PFWD apply /run/f' /dev/null", held);
	assert_int_equal(o.status, 0);
	assert_string_equal(o.out, "pfwd: waiting for the xtables lock\r\n");
	o = town_run("%s $PFWD apply /run/f", held);
	assert_string_equal(o.err, "");
}

/* Its output is more than a pipe takes in. */
static void a_dry_run_whose_reader_stands_still_holds_no_lock(void **state)
{
	(void)state;
	struct outcome o =
		town_run("seq 1 2000 | sed 's/.*/wan0:& 192.168.1.2/' >/run/f; mkfifo /run/p; "
			 "sleep 20 </run/p & sleeper=$!; $PFWD apply -n /run/f >/run/p & "
			 "writer=$!; until grep -q pipe_write /proc/$writer/wchan || "
			 "! kill -0 $writer; do sleep 0.1; done; kill -0 $writer && "
			 "flock -n /run/xtables.lock echo free; $PFWD -w 0 add wan0:9 192.168.1.2; "
			 "echo status $?; kill $writer $sleeper; wait");
	assert_string_equal(o.out, "free\nstatus 0\n");
}

#define STORY(f) cmocka_unit_test_teardown(f, town_clean)

int main(void)
{
	const struct CMUnitTest stories[] = {
		STORY(the_lock_is_waited_for_in_bounds),
		STORY(a_lock_that_is_held_ends_the_wait_in_time),
		STORY(the_lock_is_held_from_first_read_to_last_commit),
		STORY(a_dry_run_whose_reader_stands_still_holds_no_lock),
		STORY(a_link_is_no_lock),
		STORY(a_wait_is_shown_on_a_terminal),
	};
	return cmocka_run_group_tests(stories, town_build, town_raze);
}
