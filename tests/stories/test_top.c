/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The traffic of forwards as it goes on, in blocks of rows. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "town.h"

/* Not settable by root of a user namespace. */
static bool counts_bytes(void)
{
	return town_run("sysctl -qw net.netfilter.nf_conntrack_acct=1").status == 0;
}

/* What wan0 has carried, from clients and to them, without the headers of Ethernet. */
#define COUNTERS                                            \
	"count() { sed -n 's/^ *wan0://p' /proc/net/dev | " \
	"awk '{ print $1 - 14 * $2, $9 - 14 * $10 }'; }; "
#define SERVE                                                                                     \
	"ip netns exec server python3 tests/stories/load.py serve 8080 >/run/serve & served=$!; " \
	"until grep -q ready /run/serve; do sleep 0.1; done; "

/* Many short connections carry as much as two long ones; all begin and end while top looks, and the
 * kernel forgets the short ones between two looks. */
static void rates_are_those_of_the_interface(void **state)
{
	(void)state;
	if (!counts_bytes())
		skip();
	pfwd(0, "add wan0:80 192.168.1.2:8080 --name web");
	struct outcome o = town_run(
		SERVE COUNTERS
		"before=$(count); "
		"$PFWD top -J -n 8 -o +BYTES-IN,BYTES-OUT >/run/lines & top=$!; sleep 1.5; "
		"while sleep 0.05; do conntrack -D -p tcp --state TIME_WAIT; done >/dev/null 2>&1 "
		"& "
		"forgetting=$!; "
		"ip netns exec client python3 tests/stories/load.py run 10.1.0.1 80 400 4 && "
		"wait $top; after=$(count); kill $served $forgetting; set -- $before $after; "
		"python3 tests/stories/top.py $(($3 - $1)) $(($4 - $2)) </run/lines");
	if (o.status != 0)
		fail_msg("%s%s", o.out, o.err);
}

/* A tenth of a processor is more than these passes take, so each is over with its refresh. */
static void a_block_is_rows_and_their_sum(void **state)
{
	(void)state;
	bool counted = counts_bytes();
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8080);
	pfwd(0, "add wan0:80 192.168.1.2:8080 --name web");
	pfwd(0, "add wan0:81 192.168.1.2:8080 --name more");
	pfwd(0, "add wan0:22 -");
	int a = town_socket(CLIENT, IPPROTO_TCP, "10.1.0.1", 81, 0);
	int b = town_socket(CLIENT, IPPROTO_TCP, "10.1.0.1", 81, 0);
	int c = town_socket(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, 0);
	/* until the greetings and what acknowledges them are counted */
	town_await("test \"$($PFWD conns -rn -o BYTES-IN,BYTES-OUT; sleep 0.3)\" = "
		   "\"$($PFWD conns -rn -o BYTES-IN,BYTES-OUT)\"");
	const char *none = counted ? "0 0B 0B" : "0 - -";
	char want[512];
	snprintf(want, sizeof(want),
		 "FORWARD NAME LIVE NEW/s IN/s OUT/s\nwan0:81/tcp more 2 %s\nwan0:80/tcp web 1 "
		 "%s\ntotal - 3 %s\n",
		 none, none, none);
	struct outcome o = pfwd(0, "top -b -n 1 -d 0.2");
	assert_string_equal(o.out, want);
	o = pfwd(0, "top -n 2 -d 0.2 -o LIVE web");
	assert_string_equal(o.out, "LIVE\n1\n1\nLIVE\n1\n1\n");
	o = town_run("$PFWD top -J -n 2 -d 0.2 | python3 -c 'import json, sys\n"
		     "for line in sys.stdin: print(json.loads(line)[\"live\"])'");
	assert_string_equal(o.out, "2\n1\n3\n2\n1\n3\n");
	pfwd(3, "top -b nosuch");
	close(a);
	close(b);
	close(c);
}

/* Its events alone tell of a connection that is shorter than the time between two looks. */
static void short_connections_are_counted(void **state)
{
	(void)state;
	counts_bytes();
	town_serve(SERVER, IPPROTO_UDP, "192.168.1.2", 53);
	pfwd(0, "add wan0:53/udp 192.168.1.2");
	town_sh("$PFWD top -b -n 2 -d 1 -o FORWARD,LIVE,CONNS >/run/rows & echo $! >/run/top; "
		"sleep 0.5");
	for (int i = 0; i < 5; i++)
		assert_reaches(CLIENT, IPPROTO_UDP, "10.1.0.1", 53, "server");
	town_sh("conntrack -D -p udp --dst-nat >&2; while kill -0 $(cat /run/top); do sleep 0.1; "
		"done 2>/dev/null");
	assert_says(town_run("cat /run/rows").out, "wan0:53/udp 0 5\n");
}

static void forwards_come_and_go(void **state)
{
	(void)state;
	counts_bytes();
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8080);
	pfwd(0, "add wan0:80 192.168.1.2:8080 --name web");
	assert_reaches(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, "server");
	town_sh("$PFWD top -b -d 0.3 -o FORWARD,LIVE,CONNS >/run/rows & echo $! >/run/top");
	town_await("grep -q web /run/rows || grep -q wan0:80 /run/rows");
	int fd = town_socket(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, 0);
	pfwd(0, "add wan0:81 192.168.1.2:8080");
	town_await("tail -n 2 /run/rows | grep -q total && tail -n 3 /run/rows | grep wan0:81");
	/* what was counted of the one stays; the other counts from now on */
	assert_says(town_run("tail -n 4 /run/rows").out, "wan0:80/tcp 2 1\n");
	assert_reaches(CLIENT, IPPROTO_TCP, "10.1.0.1", 81, "server");
	town_await("tail -n 4 /run/rows | grep 'wan0:81/tcp 1 1'");
	pfwd(0, "del wan0:80");
	town_await("tail -n 2 /run/rows >/run/last; ! tail -n 3 /run/rows | grep wan0:80");
	town_sh("kill $(cat /run/top)");
	close(fd);
}

/* As list does. */
static void a_port_of_a_range_that_keeps_its_number_counts(void **state)
{
	(void)state;
	counts_bytes();
	town_serve(GATEWAY, IPPROTO_TCP, "10.1.0.1", 80);
	pfwd(0, "add wan0:80-90 :80 --name range");
	int a = town_socket(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, 0);
	int b = town_socket(CLIENT, IPPROTO_TCP, "10.1.0.1", 85, 0);
	assert_string_equal(pfwd(0, "top -b -n 1 -d 0.2 -o NAME,LIVE").out,
			    "NAME LIVE\nrange 2\n- 2\n");
	/* and as new ones, and when they end */
	town_sh("$PFWD top -b -d 0.2 -o NAME,LIVE,CONNS >/run/rows & echo $! >/run/top");
	town_await("grep -q 'range 2 0' /run/rows");
	int c = town_socket(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, 0);
	town_await("tail -n 2 /run/rows | grep -q 'range 3 1'");
	town_sh("conntrack -D -p tcp --orig-port-dst 80 >&2");
	town_await("tail -n 2 /run/rows | grep -q 'range 1 1'");
	town_sh("kill $(cat /run/top)");
	close(a);
	close(b);
	close(c);
}

static void without_accounting_it_says_so_once(void **state)
{
	(void)state;
	if (!counts_bytes())
		skip();
	town_sh("sysctl -qw net.netfilter.nf_conntrack_acct=0");
	pfwd(0, "add wan0:80 192.168.1.2:8080");
	struct outcome o = pfwd(0, "top -b -n 2 -d 0.2 -o IN/s,OUT/s");
	assert_string_equal(o.out, "IN/s OUT/s\n- -\n- -\nIN/s OUT/s\n- -\n- -\n");
	assert_string_equal(o.err, "pfwd: conntrack does not count bytes and packets; turn it on "
				   "with: sysctl -w net.netfilter.nf_conntrack_acct=1\n");
	assert_says(pfwd(0, "top -J -n 1 -d 0.2").out, "\"in/s\":null, \"out/s\":null");
	assert_true(counts_bytes());
}

static void signals_and_readers_that_go_end_it_quietly(void **state)
{
	(void)state;
	counts_bytes();
	struct outcome o = town_run("$PFWD top -b -d 0.2 | head -n 1");
	assert_string_equal(o.out, "FORWARD NAME LIVE NEW/s IN/s OUT/s\n");
	assert_string_equal(o.err, "");
	for (const char *const *s = (const char *const[]){"TERM", "INT", NULL}; *s; s++) {
		o = town_run("timeout -s %s 1 $PFWD top -b -d 0.2 | tail -n 1", *s);
		assert_says(o.out, "total - 0 0");
		assert_string_equal(o.err, "");
	}
	assert_says(pfwd(1, "top -b -n 1 -d 0.2 >/dev/full").err,
		    "cannot write to standard output");
}

#define STORY(f) cmocka_unit_test_teardown(f, town_clean)

int main(void)
{
	const struct CMUnitTest stories[] = {
		STORY(rates_are_those_of_the_interface),
		STORY(a_block_is_rows_and_their_sum),
		STORY(short_connections_are_counted),
		STORY(forwards_come_and_go),
		STORY(a_port_of_a_range_that_keeps_its_number_counts),
		STORY(without_accounting_it_says_so_once),
		STORY(signals_and_readers_that_go_end_it_quietly),
	};
	return cmocka_run_group_tests(stories, town_build, town_raze);
}
