/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every form of a forward, in both families: who gets in, to where, and what the target sees. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "town.h"

#define TCP IPPROTO_TCP
#define UDP IPPROTO_UDP

/* The same story in both families. */
struct place {
	const char *gateway, *lan_side, *client, *server; /* addresses as sockets take them */
	const char *to;                                   /* the server as a TARGET */
	const char *office, *elsewhere;                   /* networks with and without the client */
	const char *flag;                                 /* for targets without an address */
};

static const struct place v4 = {"10.1.0.1",    "192.168.1.1", "10.1.0.2",    "192.168.1.2",
				"192.168.1.2", "10.1.0.0/24", "10.7.0.0/16", "-4"};
static const struct place v6 = {"fd01::1",   "fd02::1",   "fd01::2",   "fd02::2",
				"[fd02::2]", "fd01::/64", "fd07::/64", "-6"};

static void close_gates(void)
{
	town_sh("for t in iptables-legacy ip6tables-legacy; do $t -P FORWARD DROP; $t -P INPUT "
		"DROP;"
		"$t -A INPUT -i lo -j ACCEPT; done;"
		"ip6tables-legacy -A INPUT -p icmpv6 -j ACCEPT;"
		"ip6tables-legacy -A FORWARD -p icmpv6 -j ACCEPT");
}

static void assert_reaches(const char *from, int proto, const char *addr, int port,
			   const char *answer)
{
	assert_says(town_ask(from, proto, addr, port).text, answer);
}

static void assert_refused(const char *from, int proto, const char *addr, int port)
{
	assert_string_equal(town_ask(from, proto, addr, port).text, "");
}

static void says_at(char out[128], const char *where, const char *addr, int port)
{
	snprintf(out, 128, "%s at %s %d", where, addr, port);
}

/* What list shows can be typed back, and gives the same rules. */
static void assert_types_back(void)
{
	static const char save[] = "for t in iptables-legacy ip6tables-legacy; do for table in nat "
				   "filter; do $t -t $table -S; done; done";
	struct outcome before = town_run(save);
	/* raw output has \x20 for blanks, and - for nothing */
	town_sh("$PFWD list -rn -o FORWARD,TARGET,OPTIONS | sed 's/\\\\x20/ /g' > /run/lines;"
		"$PFWD del $(cut -d' ' -f1 /run/lines | sort -u) && "
		"while read -r spec target options; do [ \"$options\" != - ] || options=;"
		"  $PFWD add $(echo \"$options\") -- \"$spec\" \"$target\" || exit 1;"
		"done < /run/lines");
	assert_string_equal(before.out, town_run(save).out);
	/* and what iptables reads back of its own words are our rules still */
	struct outcome listed = pfwd(0, "list -rn -o FORWARD,TARGET,NAME,OPTIONS,STATE");
	town_sh("for t in iptables-legacy ip6tables-legacy; do for table in nat filter; do "
		"$t-save -t $table > /run/saved && $t-restore < /run/saved || exit 1; done; done");
	assert_string_equal(pfwd(0, "list -rn -o FORWARD,TARGET,NAME,OPTIONS,STATE").out,
			    listed.out);
	assert_silent(listed.out, "incomplete");
}

static void a_range_maps_in_order(const struct place *p)
{
	char answer[128];
	close_gates();
	for (int port = 9000; port <= 9002; port++)
		town_serve(SERVER, TCP, p->server, port);
	pfwd(0, "add wan0:8000-8002 %s:9000-9002", p->to);
	for (int i = 0; i < 3; i++) {
		says_at(answer, "server", p->server, 9000 + i);
		assert_reaches(CLIENT, TCP, p->gateway, 8000 + i, answer);
	}
	assert_refused(CLIENT, TCP, p->server, 9000);
	assert_types_back();
}

static void a_range_stays_itself(const struct place *p)
{
	char answer[128];
	close_gates();
	town_serve(SERVER, TCP, p->server, 8001);
	pfwd(0, "add wan0:8000-8002 %s", p->to);
	says_at(answer, "server", p->server, 8001);
	assert_reaches(CLIENT, TCP, p->gateway, 8001, answer);
	assert_types_back();
}

static void a_range_goes_to_one_port(const struct place *p)
{
	char answer[128];
	close_gates();
	town_serve(SERVER, TCP, p->server, 80);
	pfwd(0, "add wan0:8000-8002 %s:80", p->to);
	says_at(answer, "server", p->server, 80);
	assert_reaches(CLIENT, TCP, p->gateway, 8000, answer);
	assert_reaches(CLIENT, TCP, p->gateway, 8002, answer);
	assert_refused(CLIENT, TCP, p->gateway, 8003);
	assert_types_back();
}

static void both_protocols_at_once(const struct place *p)
{
	close_gates();
	town_serve(SERVER, TCP, p->server, 53);
	town_serve(SERVER, UDP, p->server, 53);
	pfwd(0, "add wan0:domain/tcp+udp %s", p->to);
	assert_reaches(CLIENT, TCP, p->gateway, 53, "server");
	assert_reaches(CLIENT, UDP, p->gateway, 53, "server");
	assert_types_back();
}

/* Not every kernel that forwards SCTP speaks it: the association's first packet tells. */
static void sctp_is_forwarded(const struct place *p)
{
	int number = p == &v6 ? 6 : 4;
	close_gates();
	pfwd(0, "add wan0:3868/sctp %s:3869", p->to);
	struct outcome o = town_run(
		"ip netns exec server python3 tests/stories/sctp.py wait %d > /run/sctp & "
		"for i in 1 2 3 4 5 6 7 8 9; do grep -q ready /run/sctp || sleep 0.2; done;"
		"ip netns exec client python3 tests/stories/sctp.py send %d %s 3868; wait; "
		"cat /run/sctp",
		number, number, p->gateway);
	assert_says(o.out, "port 3869 from ");
	assert_says(o.out, p->client);
	assert_says(pfwd(0, "conns -rn -o FORWARD,PROTO,STATE").out, "wan0:3868/sctp sctp C");
	assert_types_back();
}

static void wildcards_and_any_interface(const struct place *p)
{
	close_gates();
	town_serve(SERVER, TCP, p->server, 80);
	town_serve(SERVER, TCP, p->server, 81);
	pfwd(0, "add wa+:8080 %s:80", p->to);
	pfwd(0, "add %s ':8081' %s:81", p->flag, p->to);
	assert_reaches(CLIENT, TCP, p->gateway, 8080, "server");
	assert_reaches(CLIENT, TCP, p->gateway, 8081, "server");
	if (p == &v4) {
		assert_refused(STRANGER, TCP, "10.3.0.1", 8080);
		assert_reaches(STRANGER, TCP, "10.3.0.1", 8081, "server");
	}
	assert_types_back();
}

static void by_an_address_of_this_host_or_of_none(const struct place *p)
{
	bool six = p == &v6;
	const char *foreign = six ? "fd09::5" : "203.0.113.5";
	close_gates();
	town_serve(SERVER, TCP, p->server, 80);
	pfwd(0, "add '%s%s%s:8080' %s:80", six ? "[" : "", p->gateway, six ? "]" : "", p->to);
	pfwd(0, "add 'wan0@%s%s%s:8081' %s:80", six ? "[" : "", foreign, six ? "]" : "", p->to);
	assert_reaches(CLIENT, TCP, p->gateway, 8080, "server");
	assert_refused(CLIENT, TCP, p->gateway, 8081);
	assert_reaches(CLIENT, TCP, foreign, 8081, "server");
	assert_refused(CLIENT, TCP, foreign, 8080);
	assert_types_back();
}

static void to_this_host_itself(const struct place *p)
{
	char answer[128];
	close_gates();
	town_serve(GATEWAY, TCP, p->gateway, 8080);
	town_serve(GATEWAY, TCP, p->gateway, 9001);
	town_serve(GATEWAY, TCP, p->gateway, 90);
	pfwd(0, "add %s wan0:80 :8080", p->flag);
	pfwd(0, "add %s wan0:7000-7002 :9000-9002", p->flag);
	pfwd(0, "add %s wan0:90-95 :90", p->flag);
	says_at(answer, "gateway", p->gateway, 8080);
	assert_reaches(CLIENT, TCP, p->gateway, 80, answer);
	says_at(answer, "gateway", p->gateway, 9001);
	assert_reaches(CLIENT, TCP, p->gateway, 7001, answer);
	says_at(answer, "gateway", p->gateway, 90);
	assert_reaches(CLIENT, TCP, p->gateway, 95, answer);
	assert_reaches(CLIENT, TCP, p->gateway, 90, answer);
	assert_refused(CLIENT, TCP, p->gateway, 8080);
	assert_refused(CLIENT, TCP, p->gateway, 9001);
	assert_types_back();
}

static void only_for_a_network(const struct place *p)
{
	close_gates();
	town_serve(SERVER, TCP, p->server, 80);
	town_serve(LAN, TCP, p == &v4 ? "192.168.1.3" : "fd02::3", 80);
	pfwd(0, "add wan0:8080 %s:80 --from %s", p->to, p->elsewhere);
	assert_refused(CLIENT, TCP, p->gateway, 8080);
	pfwd(0, "add wan0:8080 %s:80 --from %s", p == &v4 ? "192.168.1.3" : "[fd02::3]", p->office);
	assert_reaches(CLIENT, TCP, p->gateway, 8080, "lan");
	assert_types_back();
	pfwd(0, "del wan0:8080 --from %s", p->office);
	assert_refused(CLIENT, TCP, p->gateway, 8080);
}

static void the_narrower_wins_in_any_order(const struct place *p)
{
	const char *other = p == &v4 ? "192.168.1.3" : "fd02::3";
	const char *to_other = p == &v4 ? "192.168.1.3" : "[fd02::3]";
	close_gates();
	town_serve(SERVER, TCP, p->server, 80);
	town_serve(LAN, TCP, other, 80);
	for (int turn = 0; turn < 2; turn++) {
		pfwd(0, "add wan0:%s %s:80", turn ? "80" : "1-65535", turn ? p->to : to_other);
		pfwd(0, "add wan0:%s %s:80", turn ? "1-65535" : "80", turn ? to_other : p->to);
		assert_reaches(CLIENT, TCP, p->gateway, 80, "server");
		assert_reaches(CLIENT, TCP, p->gateway, 79, "lan");
		pfwd(0, "del wan0:80 wan0:1-65535");
	}
	pfwd(0, "add wan0:8000-8010 %s", p->to);
	assert_says(pfwd(4, "add wan0:8005-8020 %s", to_other).err, "wan0:8000-8010/tcp");
	pfwd(0, "add --replace wan0:8005-8020 %s", to_other);
	assert_string_equal(pfwd(0, "list -rn -o FORWARD").out, "wan0:8005-8020/tcp\n");
}

static void the_target_sees_this_host(const struct place *p)
{
	char answer[128];
	close_gates();
	town_serve(SERVER, TCP, p->server, 80);
	snprintf(answer, sizeof(answer), "from %s ", p->lan_side);
	pfwd(0, "add wan0:81 %s:80 --masquerade", p->to);
	pfwd(0, "add wan0:82 %s:80 --snat %s", p->to, p->lan_side);
	pfwd(0, "add wan0:83 %s:80", p->to);
	assert_reaches(CLIENT, TCP, p->gateway, 81, answer);
	assert_reaches(CLIENT, TCP, p->gateway, 82, answer);
	/* and for no other forward to the same target */
	snprintf(answer, sizeof(answer), "from %s ", p->client);
	assert_reaches(CLIENT, TCP, p->gateway, 83, answer);
	assert_types_back();
}

static void a_narrower_one_keeps_its_clients_addresses(const struct place *p)
{
	char answer[128];
	close_gates();
	town_serve(SERVER, TCP, p->server, 80);
	town_serve(SERVER, TCP, p->server, 81);
	pfwd(0, "add wan0:1-65535 %s --masquerade", p->to);
	pfwd(0, "add wan0:80 %s:80", p->to);
	snprintf(answer, sizeof(answer), "from %s ", p->client);
	assert_reaches(CLIENT, TCP, p->gateway, 80, answer);
	snprintf(answer, sizeof(answer), "from %s ", p->lan_side);
	assert_reaches(CLIENT, TCP, p->gateway, 81, answer);
	assert_types_back();
}

/* Whether the narrower one keeps its clients' addresses or hides them. */
static void an_expired_one_leaves_the_source_to_the_wider_one(const struct place *p)
{
	char hidden[128], kept[128];
	close_gates();
	town_serve(SERVER, TCP, p->server, 80);
	town_serve(SERVER, TCP, p->server, 81);
	snprintf(hidden, sizeof(hidden), "from %s ", p->lan_side);
	snprintf(kept, sizeof(kept), "from %s ", p->client);
	pfwd(0, "add wan0:8080 %s:80 --masquerade", p->to);
	pfwd(0, "add wan0:8081 %s:81", p->to);
	pfwd(0, "add wan0:8080 %s:80 --from %s --for 3s", p->to, p->client);
	pfwd(0, "add wan0:8081 %s:81 --from %s --for 3s --masquerade", p->to, p->client);
	assert_reaches(CLIENT, TCP, p->gateway, 8080, kept);
	assert_reaches(CLIENT, TCP, p->gateway, 8081, hidden);
	sleep(4);
	assert_reaches(CLIENT, TCP, p->gateway, 8080, hidden);
	assert_reaches(CLIENT, TCP, p->gateway, 8081, kept);
}

static void lan_clients_use_the_public_address(const struct place *p)
{
	close_gates();
	town_serve(SERVER, TCP, p->server, 80);
	town_serve(GATEWAY, TCP, p->lan_side, 8080);
	town_sh("for t in iptables-legacy ip6tables-legacy; do $t -A INPUT -i lan0 -j ACCEPT; "
		"done");
	pfwd(0, "add wan0:8080 %s:80 --hairpin --from %s", p->to, p->office);
	assert_reaches(LAN, TCP, p->gateway, 8080, "server");
	/* the router's own address on their side stays the router's */
	assert_reaches(LAN, TCP, p->lan_side, 8080, "gateway");
	/* guests behind another interface are not let in */
	if (p == &v4)
		assert_refused(STRANGER, TCP, p->gateway, 8080);
	assert_types_back();
}

static void programs_of_this_host_use_it(const struct place *p)
{
	close_gates();
	town_serve(SERVER, TCP, p->server, 80);
	town_serve(GATEWAY, TCP, p->gateway, 90);
	assert_refused(GATEWAY, TCP, p->gateway, 8080);
	pfwd(0, "add wan0:8080 %s:80 --local", p->to);
	pfwd(0, "add %s wan0:8090 :90 --local", p->flag);
	assert_reaches(GATEWAY, TCP, p->gateway, 8080, "server");
	assert_reaches(GATEWAY, TCP, p->gateway, 8090, "gateway");
	assert_refused(GATEWAY, TCP, p == &v4 ? "127.0.0.1" : "::1", 8080);
	assert_types_back();
}

/* Also the one port of a range that goes to itself, in connections that do not count as translated.
 */
static void programs_of_this_host_need_no_open_loopback(const struct place *p)
{
	char answer[128];
	close_gates();
	town_sh("for t in iptables-legacy ip6tables-legacy; do $t -D INPUT -i lo -j ACCEPT; done");
	town_serve(GATEWAY, TCP, p->gateway, 95);
	pfwd(0, "add %s wan0:90-99 :95", p->flag);
	assert_refused(GATEWAY, TCP, p->gateway, 95);
	pfwd(0, "add %s --replace wan0:90-99 :95 --local", p->flag);
	says_at(answer, "gateway", p->gateway, 95);
	assert_reaches(GATEWAY, TCP, p->gateway, 90, answer);
	assert_reaches(GATEWAY, TCP, p->gateway, 95, answer);
	assert_reaches(CLIENT, TCP, p->gateway, 95, answer);
	assert_refused(GATEWAY, TCP, p->gateway, 100);
	assert_types_back();
}

static void it_ends_when_its_time_is_over(const struct place *p)
{
	close_gates();
	town_serve(SERVER, TCP, p->server, 80);
	pfwd(0, "add wan0:8080 %s:80 --for 2s", p->to);
	assert_reaches(CLIENT, TCP, p->gateway, 8080, "server");
	sleep(3);
	assert_refused(CLIENT, TCP, p->gateway, 8080);
	assert_string_equal(pfwd(0, "list -rn -o STATE").out, "expired\n");
	/* never in the way */
	pfwd(0, "add wan0:8080 %s:81", p->to);
	assert_string_equal(pfwd(0, "list -rn -o STATE").out, "active\n");
	pfwd(2, "add wan0:8081 %s --until 2020-01-01T00:00", p->to);
}

/* ---- UDP flows that began before ---- */

/* conntrack sleeps where no rule needs it. */
static void wake_conntrack(void)
{
	town_sh("for t in iptables-legacy ip6tables-legacy; do "
		"$t -t nat -A POSTROUTING -o nope -j MASQUERADE; done");
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

/* ---- refusals ---- */

static void bad_input_touches_nothing(void **state)
{
	(void)state;
	static const struct {
		const char *words, *says;
	} bad[] = {
		{"wan0:0 192.168.1.2", "port '0'"},
		{"wan0:65536 192.168.1.2", "65536"},
		{"wan0:80-70 192.168.1.2", "backwards"},
		{"wan0:80-90 192.168.1.2:1-5", "80-90 to 1-5: 11 ports cannot be sent to 5"},
		{"wan0:80x 192.168.1.2", "'80x'"},
		{"wan0:80:81 192.168.1.2", "colon"},
		{"wan0:80/tcp/udp 192.168.1.2", "slash"},
		{"wan0:80/icmp 192.168.1.2", "'icmp'"},
		{"'[fd01::1:80' 192.168.1.2", "brackets"},
		{"fd01::1:80 192.168.1.2", "brackets"},
		{"wan0@010.1.0.1:80 192.168.1.2", "010.1.0.1"},
		{"wan0@10.1.0.0/24:80 192.168.1.2", "slash"},
		{"wan0@10.1.0.1:80 '[fd02::2]'", "families"},
		{"'' 192.168.1.2", "''"},
		{"wan0:80 ''", "''"},
		{"sixteen-letters0:80 192.168.1.2", "longer than"},
		{"+:80 192.168.1.2", "write *"},
		{"'@@[::]:5' '[1::]'", "'@' is not an interface name"},
		{"wan0:80 127.0.0.1", ":PORT"},
		{"wan0:80 192.168.1.1", ":80"},
		{"wan0:80 0.0.0.0", ":PORT"},
		{"wan0:80 224.0.0.1", "multicast"},
		{"wan0@127.0.0.1:80 192.168.1.2", "loopback"},
		{"wan0:80 :80", "nothing to forward"},
		{"10.5.0.1:80 10.5.0.1", "nothing to forward"},
		{"wan0:80 :8080 --hairpin", "--hairpin"},
		{"wan0:80 :8080 --masquerade", "--masquerade"},
		{"wan0:80 192.168.1.2 --hairpin=0.0.0.0/0", "every network"},
		{"wan0:80 10.200.0.1 --hairpin", "no interface"},
		{"wan0:80 192.168.1.2 --from 10.0.0.0/33", "10.0.0.0/33"},
		{"wan0:80 192.168.1.2 --from fd01::/64", "IPv6"},
		{"wan0:80 192.168.1.2 --snat fd01::1", "families"},
		{"wan0:80 192.168.1.2 --until tomorrow", "tomorrow"},
		{"wan0:80 192.168.1.2 --until 2039-01-01T00:00", "2038"},
		{"wan0:80 192.168.1.2 --for 0s", "too short"},
		{"wan0:80 192.168.1.2 --name 'a b'", "'a b'"},
		{"wan0:80 192.168.1.2 --name \"$(printf 'x\\033[31m')\"", "x\\x1b[31m"},
		{"wan0:80 192.168.1.2 third", "third"},
		{"-6 wan0:80 192.168.1.2", "-6"},
	};
	struct outcome before = town_run("iptables-legacy -S; iptables-legacy -t nat -S");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct outcome o = pfwd(2, "add %s", bad[i].words);
		assert_says(o.err, bad[i].says);
		assert_silent(o.err, "\033");
		assert_string_equal(o.out, "");
	}
	assert_string_equal(town_run("iptables-legacy -S; iptables-legacy -t nat -S").out,
			    before.out);
}

static void ten_thousand_ports_are_one_rule(void **state)
{
	(void)state;
	pfwd(0, "add wan0:10000-19999 192.168.1.2:30000-39999");
	assert_string_equal(town_run("iptables-legacy -t nat -S PFWD").out,
			    "-N PFWD\n-A PFWD -i wan0 -p tcp -m tcp --dport 10000:19999 -j DNAT "
			    "--to-destination 192.168.1.2:30000-39999/10000\n");
}

#define STORY(f)                              \
	static void f##_in_ipv4(void **state) \
	{                                     \
		(void)state;                  \
		f(&v4);                       \
	}                                     \
	static void f##_in_ipv6(void **state) \
	{                                     \
		(void)state;                  \
		f(&v6);                       \
	}

STORY(a_range_maps_in_order)
STORY(a_range_stays_itself)
STORY(a_range_goes_to_one_port)
STORY(both_protocols_at_once)
STORY(sctp_is_forwarded)
STORY(wildcards_and_any_interface)
STORY(by_an_address_of_this_host_or_of_none)
STORY(to_this_host_itself)
STORY(only_for_a_network)
STORY(the_narrower_wins_in_any_order)
STORY(the_target_sees_this_host)
STORY(a_narrower_one_keeps_its_clients_addresses)
STORY(an_expired_one_leaves_the_source_to_the_wider_one)
STORY(lan_clients_use_the_public_address)
STORY(programs_of_this_host_use_it)
STORY(programs_of_this_host_need_no_open_loopback)
STORY(it_ends_when_its_time_is_over)
STORY(a_new_udp_forward_takes_flows_from_before)
STORY(a_removed_udp_forward_stops_at_once)
STORY(other_udp_flows_are_left_alone)
STORY(a_local_daemon_that_talks_on_does_not_keep_its_client)
STORY(kill_ends_tcp_too)
STORY(kill_spares_the_forward_beside)

#define ONE(f) cmocka_unit_test_teardown(f, town_clean)
#define BOTH(f) ONE(f##_in_ipv4), ONE(f##_in_ipv6)

int main(void)
{
	const struct CMUnitTest stories[] = {
		BOTH(a_range_maps_in_order),
		BOTH(a_range_stays_itself),
		BOTH(a_range_goes_to_one_port),
		BOTH(both_protocols_at_once),
		BOTH(sctp_is_forwarded),
		BOTH(wildcards_and_any_interface),
		BOTH(by_an_address_of_this_host_or_of_none),
		BOTH(to_this_host_itself),
		BOTH(only_for_a_network),
		BOTH(the_narrower_wins_in_any_order),
		BOTH(the_target_sees_this_host),
		BOTH(a_narrower_one_keeps_its_clients_addresses),
		BOTH(an_expired_one_leaves_the_source_to_the_wider_one),
		BOTH(lan_clients_use_the_public_address),
		BOTH(programs_of_this_host_use_it),
		BOTH(programs_of_this_host_need_no_open_loopback),
		BOTH(it_ends_when_its_time_is_over),
		BOTH(a_new_udp_forward_takes_flows_from_before),
		BOTH(a_removed_udp_forward_stops_at_once),
		BOTH(other_udp_flows_are_left_alone),
		BOTH(a_local_daemon_that_talks_on_does_not_keep_its_client),
		BOTH(kill_ends_tcp_too),
		BOTH(kill_spares_the_forward_beside),
		ONE(bad_input_touches_nothing),
		ONE(ten_thousand_ports_are_one_rule),
	};
	return cmocka_run_group_tests(stories, town_build, town_raze);
}
