/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commits of the legacy tables that fail half-way, and programs that change the tables without the
 * lock. */
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

static void missing_modules_are_loaded_once(void **state)
{
	(void)state;
	/* the kernel's helper in a file of ours, and a kernel that says it has no table at first */
	struct outcome o = town_run(
		"printf '#!/bin/sh\\necho \"$@\" >> /run/loaded\\n' > /run/modprobe;"
		"chmod +x /run/modprobe; mount -t tmpfs none /proc/sys/kernel;"
		"echo /run/modprobe > /proc/sys/kernel/modprobe;"
		"$TRACE -qq -o /dev/null -e trace=getsockopt -e "
		"inject=getsockopt:error=ENOPROTOOPT:when=1..2 $PFWD add wan0:80 192.168.1.2; "
		"echo status $?; umount /proc/sys/kernel; cat /run/loaded");
	assert_string_equal(o.out, "status 0\n-q -- ip_tables\n");
}

static void a_kernel_without_tables_is_said(void **state)
{
	(void)state;
	struct outcome o = town_run("$TRACE -qq -o /dev/null -e trace=getsockopt -e "
				    "inject=getsockopt:error=ENOPROTOOPT $PFWD add wan0:80 "
				    "192.168.1.2; echo status $?");
	assert_string_equal(o.out, "status 6\n");
	assert_says(o.err, "CONFIG_NETFILTER_XTABLES_LEGACY");
	/* one that was there is not taken for empty */
	pfwd(0, "add wan0:80 192.168.1.2");
	static const char *const commands[] = {"list",  "conns",  "del wan0:80",
					       "flush", "save -", "diff /dev/null"};
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		o = town_run("$TRACE -qq -o /dev/null -e trace=getsockopt -e "
			     "inject=getsockopt:error=ENOPROTOOPT $PFWD %s",
			     commands[i]);
		assert_int_equal(o.status, 6);
	}
}

static void a_failed_second_commit_is_undone(void **state)
{
	(void)state;
	pfwd(0, "add wan0:79 192.168.1.2:79");
	struct outcome before = town_rules();
	/* filter's IPT_SO_SET_REPLACE and SET_ADD_COUNTERS, then nat's */
	struct outcome o = town_run("$TRACE -qq -o /dev/null -e trace=setsockopt -e "
				    "inject=setsockopt:error=ENOMEM:when=3 $PFWD add wan0:80 "
				    "192.168.1.2; echo status $?");
	assert_string_equal(o.out, "status 1\n");
	assert_says(o.err, "no memory for the IPv4 nat table");
	assert_string_equal(before.out, town_rules().out);
}

static void lost_counters_are_set_again(void **state)
{
	(void)state;
	town_sh("iptables-legacy -A FORWARD -s 10.9.0.0/16 -j DROP -c 12 1234");
	struct outcome o = town_run("$TRACE -qq -o /dev/null -e trace=setsockopt -e "
				    "inject=setsockopt:error=ENOMEM:when=2 $PFWD add wan0:80 "
				    "192.168.1.2; echo status $?");
	assert_string_equal(o.out, "status 0\n");
	assert_says(town_run("iptables-legacy -S -v").out, "-c 12 1234");
	assert_string_equal(pfwd(0, "list -rn -o STATE").out, "active\n");
}

/* Between the rules and their counters, which the kernel takes for as many rules as there are. */
static void counters_are_set_again_beside_a_rule_of_others(void **state)
{
	(void)state;
	trouble_theirs();
	struct outcome o = town_run(
		"$TRACE -f -qq -o /dev/null -e trace=setsockopt "
		"-e inject=setsockopt:delay_enter=500000:when=2 $PFWD add wan0:80 192.168.1.2 & "
		"job=$!; sleep 0.3; XTABLES_LOCKFILE=/run/other.lock iptables-legacy -I FORWARD "
		"-s 10.9.9.5 -j DROP; wait $job");
	struct outcome now = trouble_counted();
	assert_int_equal(o.status, 0);
	assert_silent(o.err, "counters");
	assert_says(now.out, "[0:0] -A FORWARD -s 10.9.9.5/32 -j DROP\n");
	assert_says(now.out, "[5:55] -A FORWARD -i none0 -j THEIRS\n");
	assert_says(now.out, "[1:1] -A FORWARD -i none0 -m comment --comment \"a \\\"b\\\" c\"");
	assert_says(now.out, "[3:33] -A THEIRS -p udp -m udp --dport 9 -j DROP\n");
	assert_says(now.out, ":FORWARD DROP [77:7777]\n");
	assert_string_equal(pfwd(0, "list -rn -o STATE").out, "active\n");
}

/* pfwd waits half a second before its nth setsockopt, and somebody without the lock is quicker. */
static void quicker(int n, const char *command, const char *theirs)
{
	struct outcome o = town_run(
		"$TRACE -f -qq -o /run/trace -e trace=setsockopt "
		"-e inject=setsockopt:delay_enter=500000:when=%d $PFWD %s & job=$!; sleep 0.3; "
		"export XTABLES_LOCKFILE=/run/other.lock; %s; wait $job; echo status $?; "
		"grep -c SET_REPLACE /run/trace",
		n, command, theirs);
	assert_says(o.out, "status 0\n");
	assert_string_equal(o.err, "");
}

static void somebody_without_the_lock_is_noticed(void **state)
{
	(void)state;
	trouble_theirs();
	quicker(1, "add wan0:80 192.168.1.2", "iptables-legacy -I FORWARD -s 10.9.9.1 -j DROP");
	/* between the two tables */
	quicker(3, "add wan0:81 192.168.1.2",
		"iptables-legacy -t nat -I POSTROUTING -s 10.9.9.2 -j ACCEPT");
	quicker(1, "del wan0:80", "iptables-legacy -t nat -I POSTROUTING -s 10.9.9.3 -j ACCEPT");
	quicker(3, "del wan0:81", "iptables-legacy -I FORWARD -s 10.9.9.4 -j DROP");
	struct outcome o = town_rules();
	assert_says(o.out, "-A FORWARD -s 10.9.9.1/32 -j DROP\n");
	assert_says(o.out, "-A POSTROUTING -s 10.9.9.2/32 -j ACCEPT\n");
	assert_says(o.out, "-A POSTROUTING -s 10.9.9.3/32 -j ACCEPT\n");
	assert_says(o.out, "-A FORWARD -s 10.9.9.4/32 -j DROP\n");
	assert_silent(o.out, "PFWD");
}

static void a_race_without_the_lock_breaks_nothing(void **state)
{
	(void)state;
	struct outcome o = town_run(
		"(export XTABLES_LOCKFILE=/run/other.lock; while [ ! -e /run/enough ]; do\n"
		"iptables-legacy -A INPUT -s 10.9.9.9 -j DROP; sleep 0.02\n"
		"iptables-legacy -D INPUT -s 10.9.9.9 -j DROP; sleep 0.02; done) 2>/dev/null &\n"
		"for port in $(seq 1001 1100); do $PFWD add wan0:$port 192.168.1.2; echo $?\n"
		"$PFWD del wan0:$port; echo $?; done | sort | uniq -c\n"
		"touch /run/enough; wait; rm /run/enough");
	assert_says(o.out, " 0\n");
	/* refused over and over (1), or undone by the other, so that there is none to remove (3) */
	for (char *line = strtok(o.out, "\n"); line; line = strtok(NULL, "\n")) {
		int status = atoi(strrchr(line, ' ') + 1);
		assert_true(status == 0 || status == 1 || status == 3);
	}
	/* whatever they undid of each other, the next change mends it */
	pfwd(0, "add wan0:99 192.168.1.2");
	assert_silent(pfwd(0, "list").out, "incomplete");
	pfwd(0, "flush");
	assert_silent(town_rules().out, "PFWD");
}

#define STORY(f) cmocka_unit_test_teardown(f, town_clean)

int main(void)
{
	const struct CMUnitTest stories[] = {
		STORY(missing_modules_are_loaded_once),
		STORY(a_kernel_without_tables_is_said),
		STORY(a_failed_second_commit_is_undone),
		STORY(lost_counters_are_set_again),
		STORY(counters_are_set_again_beside_a_rule_of_others),
		STORY(somebody_without_the_lock_is_noticed),
		STORY(a_race_without_the_lock_breaks_nothing),
	};
	return cmocka_run_group_tests(stories, town_build, town_raze);
}
