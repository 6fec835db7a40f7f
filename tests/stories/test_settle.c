/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What becomes of connections that began before a change: in zones, by a kill, of expired forwards.
 */
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

/* Which message of `del --kill` is the first that ends a connection, into /run/number. */
static void count_messages(void)
{
	pfwd(0, "add wan0:79 192.168.1.2:8080 --name counted");
	int fd = town_socket(CLIENT, IPPROTO_TCP, "10.1.0.1", 79, 0);
	town_sh("$TRACE -qq -o /run/calls -e trace=sendto $PFWD del --kill counted; "
		"awk '/CT_DELETE/ { print NR; exit }' /run/calls >/run/number; test -s "
		"/run/number");
	close(fd);
}

static void a_kill_that_fails_ends_the_others_and_says_so(void **state)
{
	(void)state;
	int fds[MANY];
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8080);
	count_messages();
	pfwd(0, "add wan0:80 192.168.1.2:8080 --name web");
	for (int i = 0; i < MANY; i++)
		fds[i] = town_socket(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, 0);
	struct outcome o = town_run("n=$(cat /run/number); $TRACE -qq -o /dev/null -e trace=sendto "
				    "-e inject=sendto:error=ENOBUFS:when=$((n + 1))..$((n + 2)) "
				    "$PFWD del --kill web");
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
	count_messages();
	pfwd(0, "add wan0:80 192.168.1.2:8080 --name web");
	int fd = town_socket(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, 0);
	/* it stops before it sends the deletion, until the entry has gone */
	town_sh("$TRACE -qq -o /dev/null -e trace=sendto -e "
		"inject=sendto:delay_enter=800000:when=$(cat /run/number) $PFWD del --kill web & "
		"sleep 0.5; "
		"conntrack -D --dst-nat >/dev/null 2>&1; wait $!");
	close(fd);
}

/* ---- expired forwards ---- */

static void udp_of_an_expired_forward_is_taken_over(void **state)
{
	(void)state;
	town_serve(SERVER, IPPROTO_UDP, "192.168.1.2", 5000);
	town_serve(LAN, IPPROTO_UDP, "192.168.1.3", 6000);
	/* it ends with the second: one of 1s might do so at once */
	pfwd(0, "add wan0:53/udp 192.168.1.2:5000 --for 2s");
	int fd = town_socket(CLIENT, IPPROTO_UDP, "10.1.0.1", 53, 0);
	assert_says(town_ask_again(fd).text, "server at ");
	town_await("$PFWD list -rn -o STATE | grep -q expired");
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
	};
	return cmocka_run_group_tests(stories, town_build, town_raze);
}
