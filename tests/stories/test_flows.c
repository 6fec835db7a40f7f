/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Flows that were there before a forward came, went or changed: UDP follows at once, TCP on demand.
 */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "place.h"

/* conntrack sleeps where no rule needs it. */
static void wake_conntrack(void)
{
	town_sh("nft 'table inet wakes { chain sees { type filter hook prerouting priority 0\n"
		"ct state new; }; }'");
}

static void a_new_udp_forward_takes_flows_from_before(const struct place *p)
{
	wake_conntrack();
	town_serve(SERVER, UDP, p->server, 53);
	town_serve(GATEWAY, UDP, p->gateway, 5353);
	int fd = town_socket(CLIENT, UDP, p->gateway, 5353, 0);
	assert_says(town_ask_again(fd).text, "gateway");
	pfwd(0, "add wan0:5353/udp %s:53", p->to);
	assert_says(town_ask_again(fd).text, "server");
	close(fd);
}

static void a_removed_udp_forward_stops_at_once(const struct place *p)
{
	wake_conntrack();
	town_serve(SERVER, UDP, p->server, 53);
	pfwd(0, "add wan0:5353/udp %s:53", p->to);
	pfwd(0, "add wan0:5354/udp %s:53", p->to);
	int gone = town_socket(CLIENT, UDP, p->gateway, 5353, 0);
	int stays = town_socket(CLIENT, UDP, p->gateway, 5354, 4444);
	assert_says(town_ask_again(gone).text, "server");
	assert_says(town_ask_again(stays).text, "server");
	pfwd(0, "del wan0:5353/udp");
	assert_string_equal(town_ask_again(gone).text, "");
	/* and no others: the entry of the other forward is the same one */
	struct outcome o = pfwd(0, "conns -rn -o FORWARD,PACKETS-IN");
	assert_says(o.out, "wan0:5354/udp ");
	close(gone);
	close(stays);
}

static void other_udp_flows_are_left_alone(const struct place *p)
{
	wake_conntrack();
	town_serve(GATEWAY, UDP, p->gateway, 5353);
	int fd = town_socket(CLIENT, UDP, p->gateway, 5353, 4445);
	assert_says(town_ask_again(fd).text, "gateway");
	struct outcome before = town_run("conntrack -L -p udp -o id -f %s 2>/dev/null | "
					 "grep -o 'sport=4445.*id=[0-9]*'",
					 p == &v4 ? "ipv4" : "ipv6");
	assert_says(before.out, "id=");
	/* another interface, other clients, another port: none of them takes it */
	pfwd(0, "add opt0:5353/udp %s:53", p->to);
	pfwd(0, "add wan0:5353/udp %s:53 --from %s", p->to, p->elsewhere);
	pfwd(0, "add wan0:5354/udp %s:53", p->to);
	assert_says(town_ask_again(fd).text, "gateway");
	struct outcome after = town_run("conntrack -L -p udp -o id -f %s 2>/dev/null | "
					"grep -o 'sport=4445.*id=[0-9]*'",
					p == &v4 ? "ipv4" : "ipv6");
	const char *id = strstr(before.out, " id=");
	assert_says(after.out, id);
	close(fd);
}

static void a_local_daemon_that_talks_on_does_not_keep_its_client(const struct place *p)
{
	wake_conntrack();
	town_serve(SERVER, UDP, p->server, 53);
	/* answers, and goes on talking every 3 ms */
	town_sh("python3 -c '\n"
		"import socket, time\n"
		"s = socket.socket(socket.%s, socket.SOCK_DGRAM)\n"
		"s.bind((\"%s\", 5353))\n"
		"open(\"/run/up\", \"w\").close()\n"
		"peer = s.recvfrom(9)[1]\n"
		"s.sendto(b\"gateway\", peer)\n"
		"s.recvfrom(9)\n" /* from here on: talk */
		"for i in range(20):\n"
		"    s.sendto(b\"\", peer); time.sleep(0.003)\n"
		"' & for i in 1 2 3 4 5 6 7 8 9; do [ -e /run/up ] || sleep 0.2; done; rm /run/up",
		p == &v4 ? "AF_INET" : "AF_INET6", p->gateway);
	int fd = town_socket(CLIENT, UDP, p->gateway, 5353, 0);
	assert_says(town_ask_again(fd).text, "gateway");
	send(fd, "!", 1, 0);
	pfwd(0, "add wan0:5353/udp %s:53", p->to);
	usleep(100000);
	char noise[64];
	while (recv(fd, noise, sizeof(noise), MSG_DONTWAIT) >= 0)
		;
	assert_says(town_ask_again(fd).text, "server");
	close(fd);
}

static void kill_ends_tcp_too(const struct place *p)
{
	wake_conntrack();
	town_serve(SERVER, TCP, p->server, 80);
	pfwd(0, "add wan0:8080 %s:80 --name a", p->to);
	pfwd(0, "add wan0:8081 %s:80 --name b", p->to);
	int a = town_socket(CLIENT, TCP, p->gateway, 8080, 0);
	int b = town_socket(CLIENT, TCP, p->gateway, 8081, 0);
	pfwd(0, "del --kill a");
	struct outcome o = pfwd(0, "conns -rna -o NAME");
	assert_string_equal(o.out, "b\n");
	close(a);
	close(b);
}

/* Two forwards that differ in the interface alone. */
static void kill_spares_the_forward_beside(const struct place *p)
{
	town_serve(SERVER, TCP, p->server, 80);
	pfwd(0, "add wan0:8080 %s:80 --name stays", p->to);
	pfwd(0, "add opt0:8080 %s:80 --name goes", p->to);
	int fd = town_socket(CLIENT, TCP, p->gateway, 8080, 0);
	pfwd(0, "del --kill goes");
	assert_string_equal(pfwd(0, "conns -rn -o NAME").out, "stays\n");
	close(fd);
}

STORY(a_new_udp_forward_takes_flows_from_before)
STORY(a_removed_udp_forward_stops_at_once)
STORY(other_udp_flows_are_left_alone)
STORY(a_local_daemon_that_talks_on_does_not_keep_its_client)
STORY(kill_ends_tcp_too)
STORY(kill_spares_the_forward_beside)

int main(void)
{
	const struct CMUnitTest stories[] = {
		BOTH(a_new_udp_forward_takes_flows_from_before),
		BOTH(a_removed_udp_forward_stops_at_once),
		BOTH(other_udp_flows_are_left_alone),
		BOTH(a_local_daemon_that_talks_on_does_not_keep_its_client),
		BOTH(kill_ends_tcp_too),
		BOTH(kill_spares_the_forward_beside),
	};
	return cmocka_run_group_tests(stories, town_build, town_raze);
}
