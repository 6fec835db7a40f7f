/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The main job: add, list, conns, del, and what they leave alone. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "trouble.h"

static void forward_reaches_server(void **state)
{
	(void)state;
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8080);
	town_close_gates();
	assert_refused(CLIENT, IPPROTO_TCP, "10.1.0.1", 80);
	pfwd(0, "add wan0:80 192.168.1.2:8080");
	assert_reaches(CLIENT, IPPROTO_TCP, "10.1.0.1", 80,
		       "server at 192.168.1.2 8080 from 10.1.0.2");
	pfwd(0, "del wan0:80");
	assert_refused(CLIENT, IPPROTO_TCP, "10.1.0.1", 80);
}

static void success_is_silent(void **state)
{
	static const char *const commands[] = {"add wan0:80 192.168.1.2:8080 --name web",
					       "add wan0:80 192.168.1.2:8080 --name web",
					       "apply /dev/null", "flush"};
	(void)state;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		struct outcome o = pfwd(0, "%s", commands[i]);
		assert_string_equal(o.out, "");
		assert_string_equal(o.err, "");
	}
}

static void forward_works_in_ipv6(void **state)
{
	(void)state;
	town_serve(SERVER, IPPROTO_TCP, "fd02::2", 8080);
	town_close_gates();
	pfwd(0, "add wan0:80 [fd02::2]:8080");
	assert_reaches(CLIENT, IPPROTO_TCP, "fd01::1", 80, "server at fd02::2 8080 from fd01::2");
	struct outcome o = pfwd(0, "list -rn");
	assert_string_equal(o.out, "wan0:80/tcp [fd02::2]:8080 - - active 1\n");
	pfwd(0, "del wan0:80");
	assert_string_equal(pfwd(0, "list -rn").out, "");
}

static void forward_works_in_udp(void **state)
{
	(void)state;
	town_serve(SERVER, IPPROTO_UDP, "192.168.1.2", 53);
	town_close_gates();
	pfwd(0, "add wan0:5353/udp 192.168.1.2:53");
	assert_reaches(CLIENT, IPPROTO_UDP, "10.1.0.1", 5353, "server at 53 from 10.1.0.2");
}

/* A rule at the end, instead of the policy. */
static void forward_passes_a_reject_at_the_end(void **state)
{
	(void)state;
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8080);
	town_refuse_last();
	pfwd(0, "add wan0:80 192.168.1.2:8080");
	assert_reaches(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, "server at");
}

static void target_stays_closed_to_direct_routing(void **state)
{
	(void)state;
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8080);
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8081);
	town_close_gates();
	pfwd(0, "add wan0:8080 192.168.1.2:8080");
	assert_reaches(CLIENT, IPPROTO_TCP, "10.1.0.1", 8080, "server at");
	assert_refused(CLIENT, IPPROTO_TCP, "192.168.1.2", 8080);
	assert_refused(CLIENT, IPPROTO_TCP, "192.168.1.2", 8081);
	/* nor is it open from another interface */
	assert_refused(STRANGER, IPPROTO_TCP, "10.3.0.1", 8080);
}

static void routed_traffic_is_not_touched(void **state)
{
	(void)state;
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 80);
	town_serve(LAN, IPPROTO_TCP, "192.168.1.3", 80);
	pfwd(0, "add wan0:80 192.168.1.2:80");
	assert_reaches(CLIENT, IPPROTO_TCP, "192.168.1.3", 80, "lan at 192.168.1.3 80");
}

static void another_tools_translation_gains_no_clients(void **state)
{
	(void)state;
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8080);
	town_close_gates();
	town_translate(9999, "192.168.1.2", 8080);
	pfwd(0, "add wan0:80 192.168.1.2:8080");
	assert_refused(STRANGER, IPPROTO_TCP, "10.3.0.1", 9999);
}

static void foreign_rules_survive(void **state)
{
	(void)state;
	trouble_theirs();
	struct outcome before = trouble_counted();
	pfwd(0, "add wan0:80 192.168.1.2:8080 --name x");
	pfwd(0, "add wan0:80 [fd02::2]:8080 --name x");
	pfwd(0, "add wan0:81 192.168.1.2:8081 --masquerade --local --hairpin");
	pfwd(0, "add :82 :8082");
	pfwd(0, "del x");
	pfwd(0, "del wan0:81 :82");
	struct outcome after = trouble_counted();
	assert_string_equal(before.out, after.out);
	assert_says(after.out, town_is("iptables") ? "[77:7777]" : "bytes 999");
}

/* What the wider one adds for this host has been used at the same port. */
static void a_narrower_forward_counts_for_itself(void **state)
{
	(void)state;
	town_serve(GATEWAY, IPPROTO_TCP, "10.1.0.1", 90);
	pfwd(0, "add wan0:8080-8089 :90 --local");
	town_ask(GATEWAY, IPPROTO_TCP, "10.1.0.1", 8085);
	pfwd(0, "add wan0:8085 192.168.1.2:80 --local");
	assert_string_equal(pfwd(0, "list -rn -o FORWARD,CONNS").out,
			    "wan0:8080-8089/tcp 1\nwan0:8085/tcp 0\n");
}

static void counters_of_other_forwards_go_on(void **state)
{
	(void)state;
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8080);
	pfwd(0, "add wan0:80 192.168.1.2:8080");
	town_ask(CLIENT, IPPROTO_TCP, "10.1.0.1", 80);
	pfwd(0, "add wan0:81 192.168.1.2:8080");
	pfwd(0, "add wan0:79 192.168.1.2:8080");
	town_ask(CLIENT, IPPROTO_TCP, "10.1.0.1", 80);
	pfwd(0, "del wan0:79");
	assert_string_equal(pfwd(0, "list -rn -o FORWARD,CONNS").out,
			    "wan0:80/tcp 2\nwan0:81/tcp 0\n");
	/* a change of its time alone keeps them too */
	pfwd(0, "add wan0:80 192.168.1.2:8080 --for 1h");
	assert_string_equal(pfwd(0, "list -rn -o CONNS wan0:80").out, "2\n");
}

static void conns_shows_the_connection(void **state)
{
	(void)state;
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8080);
	pfwd(0, "add wan0:80 192.168.1.2:8080 --name web");
	int fd = town_socket(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, 4321);
	town_ask_again(fd);
	struct outcome o = pfwd(0, "conns -rn -o FORWARD,PROTO,CLIENT,VIA,TARGET,STATE,NAME");
	assert_string_equal(o.out, "wan0:80/tcp tcp 10.1.0.2:4321 10.1.0.1:80 192.168.1.2:8080 "
				   "ESTABLISHED web\n");
	assert_says(pfwd(0, "conns -J web").out, "\"client\":\"10.1.0.2:4321\"");
	assert_says(pfwd(0, "conns").out, "FORWARD     PROTO CLIENT");
	assert_string_equal(pfwd(0, "list -rn -o LIVE").out, "1\n");
	close(fd);
	struct outcome none = pfwd(3, "conns nosuch");
	assert_says(none.err, "there is no forward 'nosuch'");
}

static void conns_tells_two_forwards_to_one_target_apart(void **state)
{
	(void)state;
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8080);
	pfwd(0, "add wan0:80 192.168.1.2:8080 --name wan");
	pfwd(0, "add opt0:80 192.168.1.2:8080 --name opt");
	int a = town_socket(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, 0);
	int b = town_socket(STRANGER, IPPROTO_TCP, "10.3.0.1", 80, 0);
	assert_string_equal(pfwd(0, "conns -rn -o NAME,VIA wan").out, "wan 10.1.0.1:80\n");
	assert_string_equal(pfwd(0, "conns -rn -o NAME,VIA opt").out, "opt 10.3.0.1:80\n");
	close(a);
	close(b);
}

static void conns_leaves_out_other_tools_unless_asked(void **state)
{
	(void)state;
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8080);
	town_translate(99, "192.168.1.2", 8080);
	int fd = town_socket(CLIENT, IPPROTO_TCP, "10.1.0.1", 99, 0);
	assert_string_equal(pfwd(0, "conns -rn").out, "");
	assert_says(pfwd(0, "conns -rna").out, "*:99/tcp tcp 10.1.0.2:");
	close(fd);
}

static void dry_run_changes_nothing(void **state)
{
	(void)state;
	pfwd(0, "add wan0:81 192.168.1.2 --masquerade");
	struct outcome before = town_rules();
	assert_says(pfwd(0, "add -n wan0:80 192.168.1.2:8080 --name web").out, "--name web");
	assert_true(*pfwd(0, "add -n wan0:81 192.168.1.3 --replace").out);
	assert_true(*pfwd(0, "del -n wan0:81").out);
	assert_true(*pfwd(0, "apply -n /dev/null").out);
	assert_true(*pfwd(0, "flush -n").out);
	assert_string_equal(town_rules().out, before.out);
}

static void statuses_tell_what_happened(void **state)
{
	(void)state;
	pfwd(0, "add wan0:80 192.168.1.2:8080 --name web");
	pfwd(0, "add wan0:80 192.168.1.2:8080 --name web");
	assert_says(pfwd(4, "add wan0:80 192.168.1.3").err, "--name web");
	pfwd(2, "add wan0:80");
	pfwd(2, "frobnicate");
	assert_says(pfwd(2, "list --frobnicate").err, "see `pfwd help list`");
	assert_says(pfwd(2, "-n add wan0:80 192.168.1.2").err, "see `pfwd help`");
	pfwd(3, "del wan0:81");
	assert_says(pfwd(3, "del web wan0:81").err, "wan0:81");
	pfwd(0, "list web"); /* nothing was removed */
	assert_says(town_run("setpriv --bounding-set -net_admin --inh-caps -net_admin "
			     "$PFWD list; echo status $?")
			    .out,
		    "status 5");
	assert_says(town_run("$PFWD list > /dev/full; echo status $?").out, "status 1");
	assert_int_equal(town_run("$PFWD list | true").status, 0);
}

static void flush_leaves_what_was_before(void **state)
{
	(void)state;
	trouble_theirs();
	struct outcome before = trouble_counted();
	pfwd(0, "add wan0:80 192.168.1.2:8080 --masquerade --local --hairpin");
	pfwd(0, "add -6 wan0:80-90 :80 --local");
	pfwd(2, "flush wan0:80");
	pfwd(0, "flush");
	assert_string_equal(trouble_counted().out, before.out);
	pfwd(0, "flush");
}

static void warnings_say_what_is_wrong_beside(void **state)
{
	(void)state;
	town_serve(GATEWAY, IPPROTO_TCP, "0.0.0.0", 22);
	assert_says(pfwd(0, "add wan0:22 192.168.1.2").err, "listens on port 22");
	assert_says(pfwd(0, "add nope0:80 192.168.1.2").err, "there is no interface nope0");
	assert_says(pfwd(0, "add 10.9.9.9:85 :8080").err,
		    "10.9.9.9 is not an address of this host");
	town_sh("sysctl -qw net.ipv4.ip_forward=0");
	struct outcome o = pfwd(0, "add wan0:81 192.168.1.2");
	town_sh("sysctl -qw net.ipv4.ip_forward=1");
	assert_says(o.err, "sysctl -w net.ipv4.ip_forward=1");
}

/* In a namespace where nobody else listens. */
static void listeners_are_those_that_lose_packets(void **state)
{
	(void)state;
	static const char warning[] = "pfwd: warning: eth0:1-65535/tcp: a program on this host "
				      "listens on port 22 (others on ",
			  rest[] = "), which is now forwarded away from it\n";
	char expected[512];
	town_sh("ip netns exec stranger python3 tests/stories/listens.py [::]:23 0.0.0.0:22 "
		"[::]:24/only 127.0.0.1:25 [::ffff:10.3.0.2]:26 0.0.0.0:27/lo 0.0.0.0:28/udp "
		">/run/listening & until grep -q ready /run/listening; do sleep 0.05; done; "
		"ip netns exec stranger sysctl -qw net.ipv4.ip_forward=1 "
		"net.ipv6.conf.all.forwarding=1");
	/* the port of a range that goes to itself is not lost */
	assert_string_equal(town_run("ip netns exec stranger $PFWD add eth0:20-22 :22").err, "");
	town_sh("ip netns exec stranger $PFWD del eth0:20-22");
	struct outcome four = town_run("ip netns exec stranger $PFWD add eth0:1-65535 10.3.0.9");
	struct outcome six = town_run("ip netns exec stranger $PFWD add eth0:1-65535 [fd03::9]");
	town_sh("ip netns exec stranger $PFWD flush; kill $(cut -d' ' -f2 /run/listening)");
	snprintf(expected, sizeof(expected), "%s23, 26%s", warning, rest);
	assert_string_equal(four.err, expected);
	assert_says(six.err, "listens on port 23 (others on 24), which");
}

#define STORY(f) cmocka_unit_test_teardown(f, town_clean)

int main(void)
{
	const struct CMUnitTest stories[] = {
		STORY(forward_reaches_server),
		STORY(success_is_silent),
		STORY(forward_works_in_ipv6),
		STORY(forward_works_in_udp),
		STORY(forward_passes_a_reject_at_the_end),
		STORY(target_stays_closed_to_direct_routing),
		STORY(routed_traffic_is_not_touched),
		STORY(another_tools_translation_gains_no_clients),
		STORY(foreign_rules_survive),
		STORY(a_narrower_forward_counts_for_itself),
		STORY(counters_of_other_forwards_go_on),
		STORY(conns_shows_the_connection),
		STORY(conns_tells_two_forwards_to_one_target_apart),
		STORY(conns_leaves_out_other_tools_unless_asked),
		STORY(dry_run_changes_nothing),
		STORY(statuses_tell_what_happened),
		STORY(flush_leaves_what_was_before),
		STORY(warnings_say_what_is_wrong_beside),
		STORY(listeners_are_those_that_lose_packets),
	};
	return cmocka_run_group_tests(stories, town_build, town_raze);
}
