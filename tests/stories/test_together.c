/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Several programs change the tables at once, some of them without the lock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "trouble.h"

/* Each writer has ports of its own: it adds one and removes the one before, 126 times, and leaves
 * the last. 251 changes each, 2008 in all. */
static const char writers[] =
	"forward() { $PFWD $1 -w 50 wan0:$2 $3; }\n"
	"rule() { if [ $1 = add ]; then $3 -w 50 -A INPUT -p tcp --dport $2 -j ACCEPT;\n"
	"  else $3 -w 50 -D INPUT -p tcp --dport $2 -j ACCEPT; fi; }\n"
	"write() { # FUNCTION FIRST WHAT\n"
	"  last=\n"
	"  for port in $(seq $(($2 + 1)) $(($2 + 126))); do\n"
	"    $1 add $port $3 || echo add $port >>/run/failed\n"
	"    [ -z $last ] || $1 del $last $([ $1 = forward ] || echo $3) || "
	"echo del $last >>/run/failed\n"
	"    last=$port; done; }\n"
	": >/run/failed\n"
	"write forward 1000 192.168.1.2 & write forward 2000 192.168.1.3 &\n"
	"write forward 3000 [fd02::2] & write forward 4000 192.168.1.2 &\n"
	"write rule 5000 iptables-legacy & write rule 6000 iptables-legacy &\n"
	"write rule 7000 ip6tables-legacy & write rule 8000 ip6tables-legacy &\n"
	"wait; cat /run/failed";

static void eight_writers_lose_nothing(void **state)
{
	(void)state;
	struct outcome o = town_run("%s", writers);
	assert_string_equal(o.out, "");
	assert_string_equal(o.err, "");
	assert_string_equal(pfwd(0, "list -rn -o FORWARD,TARGET,STATE").out,
			    "wan0:1126/tcp 192.168.1.2:1126 active\n"
			    "wan0:2126/tcp 192.168.1.3:2126 active\n"
			    "wan0:4126/tcp 192.168.1.2:4126 active\n"
			    "wan0:3126/tcp [fd02::2]:3126 active\n");
	o = town_run("for t in iptables-legacy ip6tables-legacy; do $t -S INPUT | "
		     "grep -o 'dport [0-9]*' | sort; done");
	assert_string_equal(o.out, "dport 5126\ndport 6126\ndport 7126\ndport 8126\n");
}

static void a_lock_that_is_held_ends_the_wait_in_time(void **state)
{
	(void)state;
	struct outcome before = trouble_tables();
	struct outcome o =
		town_run("flock /run/xtables.lock sleep 5 & sleep 0.3; "
			 "start=$(date +%%s%%3N); $PFWD -w 2 add wan0:80 192.168.1.2; "
			 "echo status $? $(($(date +%%s%%3N) - start)) ms by $!; kill $!; wait");
	int status, milliseconds, pid;
	char holder[64];
	assert_int_equal(sscanf(o.out, "status %d %d ms by %d", &status, &milliseconds, &pid), 3);
	snprintf(holder, sizeof(holder), "/run/xtables.lock is held by flock (process %d)", pid);
	assert_int_equal(status, 7);
	assert_in_range(milliseconds, 1900, 3000);
	assert_says(o.err, holder);
	assert_says(o.err, "-w SECONDS");
	assert_string_equal(trouble_tables().out, before.out);
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
	struct outcome o = trouble_tables();
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
	assert_silent(trouble_tables().out, "PFWD");
}

#define STORY(f) cmocka_unit_test_teardown(f, town_clean)

int main(void)
{
	const struct CMUnitTest stories[] = {
		STORY(eight_writers_lose_nothing),
		STORY(a_lock_that_is_held_ends_the_wait_in_time),
		STORY(somebody_without_the_lock_is_noticed),
		STORY(a_race_without_the_lock_breaks_nothing),
	};
	return cmocka_run_group_tests(stories, town_build, town_raze);
}
