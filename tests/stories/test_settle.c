/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What becomes of connections that began before a change, and of commands whose reader leaves. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "town.h"

/* ---- zones ---- */

static const char *const zones[] = {
	"--zone 5",      /* both directions */
	"--zone-orig 5", /* the client's packets alone */
};

static void put_in_zone(const char *zone)
{
	town_sh("for i in wan0 lan0; do iptables-legacy -t raw -A PREROUTING -i $i -j CT %s; done",
		zone);
}

static void kill_ends_connections_in_zones(void **state)
{
	(void)state;
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8080);
	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
		put_in_zone(zones[i]);
		pfwd(0, "add wan0:80 192.168.1.2:8080 --name web");
		int fd = town_socket(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, 0);
		assert_says(town_ask_again(fd).text, "192.168.1.2");
		assert_says(town_run("conntrack -L --dst-nat 2>&1").out, "5");
		pfwd(0, "del --kill web");
		assert_string_equal(town_ask_again(fd).text, "");
		assert_string_equal(town_run("conntrack -L --dst-nat 2>/dev/null").out, "");
		close(fd);
		town_sh("iptables-legacy -t raw -F");
	}
}

static void udp_in_zones_follows_a_change(void **state)
{
	(void)state;
	town_serve(SERVER, IPPROTO_UDP, "192.168.1.2", 53);
	town_serve(LAN, IPPROTO_UDP, "192.168.1.3", 53);
	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
		put_in_zone(zones[i]);
		pfwd(0, "add wan0:53/udp 192.168.1.2");
		int fd = town_socket(CLIENT, IPPROTO_UDP, "10.1.0.1", 53, 0);
		assert_says(town_ask_again(fd).text, "server at ");
		pfwd(0, "add --replace wan0:53/udp 192.168.1.3");
		assert_says(town_ask_again(fd).text, "lan at ");
		close(fd);
		pfwd(0, "flush");
		town_sh("iptables-legacy -t raw -F");
	}
}

/* ---- connections that cannot be ended ---- */

#define MANY 8

static void a_kill_that_fails_ends_the_others_and_says_so(void **state)
{
	(void)state;
	int fds[MANY];
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8080);
	pfwd(0, "add wan0:80 192.168.1.2:8080 --name web");
	for (int i = 0; i < MANY; i++)
		fds[i] = town_socket(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, 0);
	/* the first two messages ask for the connections of each family */
	struct outcome o = town_run("$TRACE -qq -o /dev/null -e trace=sendto -e "
				    "inject=sendto:error=ENOBUFS:when=4..5 $PFWD del --kill web");
	assert_int_equal(o.status, 1);
	assert_says(o.err, "2 of their connections could not be ended: cannot end a connection: "
			   "No buffer space available");
	assert_string_equal(town_run("conntrack -L --dst-nat 2>/dev/null | wc -l").out, "2\n");
	assert_string_equal(pfwd(0, "list -n").out, "");
	for (int i = 0; i < MANY; i++)
		close(fds[i]);
}

static void a_connection_that_has_gone_meanwhile_is_no_failure(void **state)
{
	(void)state;
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8080);
	pfwd(0, "add wan0:80 192.168.1.2:8080 --name web");
	int fd = town_socket(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, 0);
	/* it stops before it sends the deletion, until the entry has gone */
	town_sh("$TRACE -qq -o /dev/null -e trace=sendto -e "
		"inject=sendto:delay_enter=800000:when=3 $PFWD del --kill web & sleep 0.5; "
		"conntrack -D --dst-nat >/dev/null 2>&1; wait $!");
	close(fd);
}

/* ---- expired forwards ---- */

static void udp_of_an_expired_forward_is_taken_over(void **state)
{
	(void)state;
	town_serve(SERVER, IPPROTO_UDP, "192.168.1.2", 5000);
	town_serve(LAN, IPPROTO_UDP, "192.168.1.3", 6000);
	pfwd(0, "add wan0:53/udp 192.168.1.2:5000 --for 1s");
	int fd = town_socket(CLIENT, IPPROTO_UDP, "10.1.0.1", 53, 0);
	assert_says(town_ask_again(fd).text, "server at ");
	town_sh("sleep 2");
	assert_says(town_ask_again(fd).text, "server at ");
	pfwd(0, "add wan0:1-65535/udp 192.168.1.3:6000 --name wide");
	assert_says(town_ask_again(fd).text, "lan at ");
	/* and its flow is left alone by a change that does not concern where it goes */
	struct outcome before = town_run("conntrack -L -p udp --dst-nat -o id 2>/dev/null | "
					 "grep -o ' id=.*'");
	pfwd(0, "add --replace wan0:1-65535/udp 192.168.1.3:6000 --name wide2");
	struct outcome after = town_run("conntrack -L -p udp --dst-nat -o id 2>/dev/null | "
					"grep -o ' id=.*'");
	assert_says(before.out, "id=");
	assert_string_equal(after.out, before.out);
	close(fd);
}

/* ---- other protocols ---- */

static void a_protocol_without_ports_shows_none(void **state)
{
	(void)state;
	town_sh("iptables-legacy -t nat -A PREROUTING -i wan0 -j DNAT --to 192.168.1.2; "
		"ip netns exec client python3 -c \"import socket; socket.socket(socket.AF_INET, "
		"socket.SOCK_RAW, 99).sendto(b'x', ('10.1.0.1', 0))\"");
	assert_string_equal(pfwd(0, "conns -rna -o PROTO,CLIENT,VIA,TARGET").out,
			    "99 10.1.0.2 10.1.0.1 192.168.1.2\n");
}

/* ---- readers ---- */

static void signals_end_following_while_its_reader_stands_still(void **state)
{
	(void)state;
	static const char *const signals[] = {"TERM", "INT"};
	pfwd(0, "add wan0:1000-9999/udp 192.168.1.2");
	town_sh("mkfifo /run/reader; sleep 60 </run/reader & echo $! >/run/sleeper");
	for (size_t i = 0; i < 2; i++) {
		town_sh("$PFWD conns -f -r >/run/reader 2>/run/words & follower=$!; sleep 0.3; "
			"ip netns exec client python3 tests/stories/udp.py 10.1.0.1 %d 3000; "
			"sleep 0.5; kill -%s $follower; wait $follower",
			i ? 5000 : 1000, signals[i]);
		assert_string_equal(town_run("cat /run/words").out, "");
	}
	town_sh("kill $(cat /run/sleeper); rm /run/reader");
}

/* On a terminal that was stopped, as Ctrl-S does it. */
static void signals_end_following_on_a_stopped_terminal(void **state)
{
	(void)state;
	pfwd(0, "add wan0:1000-9999/udp 192.168.1.2");
	town_sh("cat >/run/stopped.py <<'E'\n"
		"import os, pty, signal, subprocess, sys, time\n"
		"master, slave = pty.openpty()\n"
		"p = subprocess.Popen([os.environ['PFWD'], 'conns', '-f'], stdout=slave)\n"
		"time.sleep(0.3)\n"
		"os.write(master, b'\\x13')\n"
		"subprocess.run(['ip', 'netns', 'exec', 'client', 'python3',\n"
		"                'tests/stories/udp.py', '10.1.0.1', '1000', '3000'], check=True)\n"
		"time.sleep(0.5)\n"
		"p.terminate()\n"
		"sys.exit(p.wait(5))\n"
		"E\npython3 /run/stopped.py; status=$?; rm /run/stopped.py; exit $status");
}

/* Two warnings and more, of which the reader takes one. */
static void a_reader_of_warnings_that_leaves_decides_nothing(void **state)
{
	(void)state;
	town_sh("for i in $(seq 500); do echo wan0:$i 192.168.1.2 --until 2020-01-01T00:00Z; done "
		">/run/f");
	for (int i = 0; i < 4; i++) {
		town_sh("$PFWD apply /run/f 2>&1 | head -1 >/dev/null");
		assert_string_equal(town_run("$PFWD list -rn | wc -l").out, "500\n");
		pfwd(0, "flush");
	}
}

static void a_reader_of_output_that_leaves_is_no_failure(void **state)
{
	(void)state;
	static const char *const commands[] = {
		"list", "list -J", "save -", "flush -n", "diff /run/none", "help list",
	};
	town_sh("for i in $(seq 3000); do echo wan0:$i 192.168.1.2; done >/run/f; : >/run/none; "
		"$PFWD apply /run/f");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		struct outcome o = town_run("{ $PFWD %s; echo $? >/run/status; } | head -1; "
					    "sleep 0.2; cat /run/status",
					    commands[i]);
		assert_string_equal(o.err, "");
		if (!strstr(o.out, strstr(commands[i], "diff") ? "\n1\n" : "\n0\n"))
			fail_msg("%s: %s", commands[i], o.out);
	}
}

static void a_file_size_limit_leaves_nothing_behind(void **state)
{
	(void)state;
	pfwd(0, "add wan0:80 192.168.1.2 --name web");
	town_sh("mkdir /run/d; echo 'wan0:80 192.168.1.2 --name web' >/run/d/f; cp /run/d/f "
		"/run/old");
	struct outcome o = town_run("(ulimit -f 0; $PFWD save /run/d/f) 2>&1 | cat");
	assert_says(o.out, "cannot write /run/d/f, which stays as it was: File too large");
	assert_string_equal(town_run("ls /run/d; cmp /run/d/f /run/old").out, "f\n");
	pfwd(0, "save /run/d/f");
	assert_string_equal(town_run("ls /run/d; cmp /run/d/f /run/old").out, "f\n");
	town_sh("rm -r /run/d");
}

#define STORY(f) cmocka_unit_test_teardown(f, town_clean)

int main(void)
{
	const struct CMUnitTest stories[] = {
		STORY(kill_ends_connections_in_zones),
		STORY(udp_in_zones_follows_a_change),
		STORY(a_kill_that_fails_ends_the_others_and_says_so),
		STORY(a_connection_that_has_gone_meanwhile_is_no_failure),
		STORY(udp_of_an_expired_forward_is_taken_over),
		STORY(a_protocol_without_ports_shows_none),
		STORY(signals_end_following_while_its_reader_stands_still),
		STORY(signals_end_following_on_a_stopped_terminal),
		STORY(a_reader_of_warnings_that_leaves_decides_nothing),
		STORY(a_reader_of_output_that_leaves_is_no_failure),
		STORY(a_file_size_limit_leaves_nothing_behind),
	};
	return cmocka_run_group_tests(stories, town_build, town_raze);
}
