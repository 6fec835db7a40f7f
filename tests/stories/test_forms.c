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

#include "place.h"

static void says_at(char out[128], const char *where, const char *addr, int port)
{
	snprintf(out, 128, "%s at %s %d", where, addr, port);
}

/* The order of maps and of their elements, as nft(8) lists them, does not matter. */
static struct outcome rules_in_order(void)
{
	return town_is("nftables") ? town_run("nft -s list ruleset | sed -e 's/elements = {//' -e "
					      "'s/[,} ]*$//' -e 's/^[\t ]*//' | sort")
				   : town_rules();
}

/* What list shows can be typed back, and gives the same rules. */
static void assert_types_back(void)
{
	struct outcome before = rules_in_order();
	/* raw output has \x20 for blanks, and - for nothing */
	town_sh("$PFWD list -rn -o FORWARD,TARGET,OPTIONS | sed 's/\\\\x20/ /g' > /run/lines;"
		"$PFWD del $(cut -d' ' -f1 /run/lines | sort -u) && "
		"while read -r spec target options; do [ \"$options\" != - ] || options=;"
		"  $PFWD add $(echo \"$options\") -- \"$spec\" \"$target\" || exit 1;"
		"done < /run/lines");
	assert_string_equal(before.out, rules_in_order().out);
	if (!town_is("iptables"))
		return;
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
	town_close_gates();
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
	town_close_gates();
	town_serve(SERVER, TCP, p->server, 8001);
	pfwd(0, "add wan0:8000-8002 %s", p->to);
	says_at(answer, "server", p->server, 8001);
	assert_reaches(CLIENT, TCP, p->gateway, 8001, answer);
	assert_types_back();
}

static void a_range_goes_to_one_port(const struct place *p)
{
	char answer[128];
	town_close_gates();
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
	town_close_gates();
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
	town_close_gates();
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
	town_close_gates();
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

static void by_a_second_name_of_the_interface(void **state)
{
	static const char *const names[] = {"uplink0", "enp0s31f6np0uplinkport"};
	(void)state;
	town_serve(SERVER, TCP, "192.168.1.2", 8080);
	for (size_t i = 0; i < 2; i++) {
		town_sh("ip link property add dev wan0 altname %s", names[i]);
		assert_string_equal(pfwd(0, "add %s:80 192.168.1.2:8080", names[i]).err, "");
		assert_reaches(CLIENT, TCP, "10.1.0.1", 80, "server");
		assert_string_equal(pfwd(0, "list -rn -o FORWARD %s:80", names[i]).out,
				    "wan0:80/tcp\n");
		town_sh("echo %s:80 192.168.1.2:8080 >/run/f", names[i]);
		assert_string_equal(pfwd(0, "diff /run/f").out, "");
		pfwd(0, "save /run/f");
		assert_says(town_run("cat /run/f").out, names[i]);
		pfwd(0, "del %s:80", names[i]);
		town_sh("ip link property del dev wan0 altname %s", names[i]);
	}
	town_sh("rm /run/f");
	assert_string_equal(pfwd(0, "list -n").out, "");
}

static void by_an_address_of_this_host_or_of_none(const struct place *p)
{
	bool six = p == &v6;
	const char *foreign = six ? "fd09::5" : "203.0.113.5";
	town_close_gates();
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
	town_close_gates();
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
	town_close_gates();
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
	town_close_gates();
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
	town_close_gates();
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
	town_close_gates();
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

static void lan_clients_use_the_public_address(const struct place *p)
{
	town_close_gates();
	town_serve(SERVER, TCP, p->server, 80);
	town_serve(GATEWAY, TCP, p->lan_side, 8080);
	town_take_in("lan0");
	pfwd(0, "add wan0:8080 %s:80 --hairpin --from %s", p->to, p->office);
	assert_reaches(LAN, TCP, p->gateway, 8080, "server");
	/* the router's own address on their side stays the router's */
	assert_reaches(LAN, TCP, p->lan_side, 8080, "gateway");
	/* guests behind another interface are not let in */
	if (p == &v4)
		assert_refused(STRANGER, TCP, p->gateway, 8080);
	assert_types_back();
}

/* Guests behind another interface too; a list that no comment has room for is kept as well. */
static void clients_of_several_networks_use_it(void **state)
{
	(void)state;
	static const char two[] = "10.3.0.0/24,192.168.1.0/24";
	char many[1024] = "10.3.0.0/24";
	for (int i = 100; i < 130; i++)
		sprintf(many + strlen(many), ",172.20.%d.0/24", i);
	const char *lists[] = {two, many};
	town_close_gates();
	town_serve(SERVER, TCP, "192.168.1.2", 80);
	for (int i = 0; i < 2; i++) {
		pfwd(0, "add --replace wan0:8080 192.168.1.2:80 --from 10.7.0.0/16 --hairpin=%s",
		     lists[i]);
		/* another one of the same SPEC and target, with a list of its own that shares one
		 */
		pfwd(0, "add --replace wan0:8080 192.168.1.2:80 --from 10.8.0.0/16 --hairpin=%s",
		     "10.3.0.0/24,10.9.1.0/24");
		assert_reaches(STRANGER, TCP, "10.1.0.1", 8080, "server");
		if (i == 0)
			assert_reaches(LAN, TCP, "10.1.0.1", 8080, "server");
		assert_refused(CLIENT, TCP, "10.1.0.1", 8080);
		pfwd(0, "del wan0:8080 --from 10.8.0.0/16");
		struct outcome o = pfwd(0, "list -rn -o OPTIONS,STATE");
		assert_says(o.out, lists[i]);
		assert_says(o.out, "active");
		pfwd(0, "save --force /run/f");
		assert_string_equal(pfwd(0, "diff /run/f").out, "");
	}
	pfwd(0, "add wan0:8080 192.168.1.2:80 --from 10.8.0.0/16 --hairpin=10.9.0.0/24,10.9.1.0/24 "
		"--replace");
	pfwd(0, "add wan0:8080 192.168.1.2:80 --from 10.7.0.0/16 --hairpin=%s --replace", two);
	pfwd(0, "save --force /run/f");
	assert_says(town_run("cat /run/f").out, "--hairpin=10.9.0.0/24,10.9.1.0/24\n");
	assert_string_equal(pfwd(0, "diff /run/f").out, "");
	assert_types_back();
	pfwd(0, "flush");
	assert_nothing_left();
}

/* Also where the forward takes them in by itself: the server would answer its neighbour directly.
 */
static void lan_clients_of_any_interface_get_answers(const struct place *p)
{
	char answer[128];
	town_close_gates();
	town_serve(SERVER, TCP, p->server, 80);
	town_take_in("lan0");
	pfwd(0, "add :8080 %s:80 --hairpin", p->to);
	pfwd(0, "add lan0:8090-8099 %s:80 --hairpin", p->to);
	snprintf(answer, sizeof(answer), "from %s ", p->lan_side);
	assert_reaches(LAN, TCP, p->gateway, 8080, answer);
	assert_reaches(LAN, TCP, p->gateway, 8095, answer);
	snprintf(answer, sizeof(answer), "from %s ", p->client);
	assert_reaches(CLIENT, TCP, p->gateway, 8080, answer);
	assert_types_back();
}

static void programs_of_this_host_use_it(const struct place *p)
{
	town_close_gates();
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

/* No rule of the owner's lets in answers to what this host begins. */
static void answers_to_programs_of_this_host_come_in(const struct place *p)
{
	town_close_gates();
	town_sh(town_is("nftables") ? "nft add rule inet gates input drop"
				    : "for t in iptables-legacy ip6tables-legacy; do $t -A INPUT "
				      "-j DROP; done");
	town_serve(SERVER, TCP, p->server, 80);
	assert_refused(GATEWAY, TCP, p->server, 80);
	pfwd(0, "add wan0:8080 %s:80 --local", p->to);
	assert_reaches(GATEWAY, TCP, p->gateway, 8080, "server");
	assert_refused(GATEWAY, TCP, p->server, 80);
	assert_types_back();
}

/* Also the one port of a range that goes to itself, in connections that do not count as translated.
 */
static void programs_of_this_host_need_no_open_loopback(const struct place *p)
{
	char answer[128];
	town_close_gates();
	town_shut_loopback();
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

/* A forward ends, and leaves connections and their source to the wider one. */
static void begin_for_a_while(const struct place *p, const char *kept, const char *hidden)
{
	for (int port = 80; port <= 82; port++)
		town_serve(SERVER, TCP, p->server, port);
	pfwd(0, "add wan0:8080 %s:80 --masquerade", p->to);
	pfwd(0, "add wan0:8081 %s:81", p->to);
	pfwd(0, "add wan0:8080 %s:80 --from %s --for 3s", p->to, p->client);
	pfwd(0, "add wan0:8081 %s:81 --from %s --for 3s --masquerade", p->to, p->client);
	pfwd(0, "add wan0:8082 %s:82 --for 3s", p->to);
	assert_reaches(CLIENT, TCP, p->gateway, 8080, kept);
	assert_reaches(CLIENT, TCP, p->gateway, 8081, hidden);
	assert_reaches(CLIENT, TCP, p->gateway, 8082, "server");
}

static void forwards_end_when_their_time_is_over(void **state)
{
	static const struct place *const places[] = {&v4, &v6};
	char hidden[2][128], kept[2][128];
	(void)state;
	town_close_gates();
	for (int i = 0; i < 2; i++) {
		snprintf(hidden[i], sizeof(hidden[i]), "from %s ", places[i]->lan_side);
		snprintf(kept[i], sizeof(kept[i]), "from %s ", places[i]->client);
		begin_for_a_while(places[i], kept[i], hidden[i]);
	}
	town_await("test $($PFWD list -rn -o STATE | grep -c expired) = 6");
	for (int i = 0; i < 2; i++) {
		assert_reaches(CLIENT, TCP, places[i]->gateway, 8080, hidden[i]);
		assert_reaches(CLIENT, TCP, places[i]->gateway, 8081, kept[i]);
		assert_refused(CLIENT, TCP, places[i]->gateway, 8082);
		/* never in the way */
		pfwd(0, "add wan0:8082 %s:80", places[i]->to);
		assert_reaches(CLIENT, TCP, places[i]->gateway, 8082, "server");
		pfwd(2, "add wan0:8083 %s --until 2020-01-01T00:00", places[i]->to);
	}
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
STORY(lan_clients_use_the_public_address)
STORY(lan_clients_of_any_interface_get_answers)
STORY(programs_of_this_host_use_it)
STORY(answers_to_programs_of_this_host_come_in)
STORY(programs_of_this_host_need_no_open_loopback)

int main(void)
{
	const struct CMUnitTest stories[] = {
		BOTH(a_range_maps_in_order),
		BOTH(a_range_stays_itself),
		BOTH(a_range_goes_to_one_port),
		BOTH(both_protocols_at_once),
		BOTH(sctp_is_forwarded),
		BOTH(wildcards_and_any_interface),
		ONE(by_a_second_name_of_the_interface),
		BOTH(by_an_address_of_this_host_or_of_none),
		BOTH(to_this_host_itself),
		BOTH(only_for_a_network),
		BOTH(the_narrower_wins_in_any_order),
		BOTH(the_target_sees_this_host),
		BOTH(a_narrower_one_keeps_its_clients_addresses),
		BOTH(lan_clients_use_the_public_address),
		BOTH(lan_clients_of_any_interface_get_answers),
		ONE(clients_of_several_networks_use_it),
		BOTH(programs_of_this_host_use_it),
		BOTH(answers_to_programs_of_this_host_come_in),
		BOTH(programs_of_this_host_need_no_open_loopback),
		ONE(forwards_end_when_their_time_is_over),
	};
	return cmocka_run_group_tests(stories, town_build, town_raze);
}
