/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pfwd check finds what is wrong on a real host, and its remedies cure. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "place.h"

/* Type the one command that check gives. */
static void do_as_told(const char *said)
{
	char command[512];
	const char *begin = strstr(said, " with: ");
	assert_non_null(begin);
	begin += strlen(" with: ");
	snprintf(command, sizeof(command), "%.*s", (int)strcspn(begin, ";\n"), begin);
	town_sh("PATH=$(dirname $PFWD):$PATH; %s", command);
}

static void nothing_is_found_where_all_works(void **state)
{
	(void)state;
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8080);
	pfwd(0, "add wan0:80 192.168.1.2:8080");
	assert_reaches(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, "server at");
	struct outcome o = pfwd(0, "check");
	assert_string_equal(o.out, "");
	assert_string_equal(o.err, "");
	assert_string_equal(pfwd(0, "check -J").out, "{\"checks\": []}\n");
	assert_says(pfwd(3, "check wan0:81").err, "wan0:81");
}

static void forwarding_is_turned_on_as_told(void **state)
{
	(void)state;
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8080);
	town_sh("sysctl -qw net.ipv4.ip_forward=0");
	assert_says(pfwd(0, "add wan0:80 192.168.1.2:8080").err,
		    "turn it on with: sysctl -w net.ipv4.ip_forward=1\n");
	assert_refused(CLIENT, IPPROTO_TCP, "10.1.0.1", 80);
	do_as_told(pfwd(1, "check").out);
	assert_reaches(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, "server at");
	pfwd(0, "check");
}

/* Answers come in by the target's interface, whose switch decides about them. */
static void each_interface_has_a_switch_of_its_own(void **state)
{
	(void)state;
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8080);
	town_sh("sysctl -qw net.ipv4.conf.lan0.forwarding=0");
	pfwd(0, "add wan0:80 192.168.1.2:8080");
	assert_refused(CLIENT, IPPROTO_TCP, "10.1.0.1", 80);
	struct outcome o = pfwd(1, "check");
	assert_says(o.out, "error: forwarding: lan0 does not forward");
	do_as_told(o.out);
	assert_reaches(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, "server at");
	/* without the switch for all */
	town_sh("sysctl -qw net.ipv4.ip_forward=0 net.ipv4.conf.wan0.forwarding=1 "
		"net.ipv4.conf.lan0.forwarding=1");
	pfwd(0, "check");
	assert_reaches(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, "server at");
	town_sh("sysctl -qw net.ipv4.ip_forward=1");
}

/* The second address of the client's namespace stands for a host beside the client. */
static void a_target_among_its_clients_needs_masquerade(void **state)
{
	(void)state;
	town_serve(CLIENT, IPPROTO_TCP, "10.1.0.3", 8080);
	pfwd(0, "add wan0:80 10.1.0.3:8080");
	assert_refused(CLIENT, IPPROTO_TCP, "10.1.0.1", 80);
	struct outcome o = pfwd(1, "check wan0:80");
	assert_says(o.out, "wan0:80/tcp: warning: one-armed:");
	do_as_told(o.out);
	assert_reaches(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, "client at");
	/* the first connection is still there */
	o = pfwd(1, "check");
	assert_says(o.out, "has not answered 1 of 2 connections");
	assert_silent(o.out, "one-armed");
}

static void answers_by_another_uplink_are_found(void **state)
{
	(void)state;
	pfwd(0, "add wan0:80 192.168.1.2:8080 --from 198.51.100.0/24");
	pfwd(0, "add wan0:81 192.168.1.2:8080");
	town_sh("ip route add default via 10.3.0.2");
	assert_says(pfwd(1, "check").out, "leave by opt0, not by wan0");
	town_sh("ip route add default via 10.1.0.2 table 7; ip rule add from 192.168.1.2 table 7");
	pfwd(0, "check");
	town_sh("ip rule del from 192.168.1.2; ip rule add fwmark 5 table 7; nft 'table ip marks { "
		"chain p { type filter hook prerouting priority mangle; iifname wan0 ct state new "
		"ct "
		"mark set 5; iifname lan0 meta mark set ct mark; }; }'");
	pfwd(0, "check");
	/* a full-tunnel VPN: all but its own packets take its table */
	town_sh("ip rule del fwmark 5; ip rule add not fwmark 5 table 7;"
		"ip route change default via 10.3.0.2 table 7");
	assert_says(pfwd(1, "check").out, "leave by opt0, not by wan0");
	town_sh("sysctl -qw net.ipv4.conf.wan0.rp_filter=1");
	assert_says(pfwd(1, "check").out, "warning: rp-filter: ");
	town_sh("sysctl -qw net.ipv4.conf.wan0.rp_filter=0; ip rule del not fwmark 5;"
		"ip route flush table 7; ip route del default");
}

/* Packets for the target leave by the default route while its own network is gone. */
static void a_network_that_is_down_is_named(void **state)
{
	(void)state;
	town_serve(SERVER, TCP, "192.168.1.2", 8080);
	pfwd(0, "add wan0:80 192.168.1.2:8080");
	town_sh("ip route add default via 10.1.0.2; ip link set lan0 down");
	struct outcome o = pfwd(1, "check");
	assert_says(o.out,
		    "error: no-network: lan0, on whose network the target 192.168.1.2 is, is down");
	assert_silent(o.out, "one-armed");
	do_as_told(o.out);
	town_await("ip link show lan0 | grep -q 'state UP'");
	assert_reaches(CLIENT, TCP, "10.1.0.1", 80, "server at");
	town_await("$PFWD check");
	/* this one knows no network of it at all; behind a private uplink there may be one */
	pfwd(0, "add wan0:81 172.20.0.2:8080 --masquerade");
	pfwd(0, "check");
	town_sh("ip addr add 192.0.2.1/32 dev wan0");
	assert_says(pfwd(1, "check").out,
		    "wan0:81/tcp: warning: outside: this host is on no network "
		    "of the target 172.20.0.2, and sends its packets by wan0");
	town_sh("ip addr del 192.0.2.1/32 dev wan0; ip route del default; ip addr add fd02::1/64 "
		"dev lan0 nodad");
}

/* As before a lease comes; a forward of the other family is not concerned. */
static void an_interface_without_an_address_is_named(const struct place *p)
{
	const char *flag = p->flag, *other = p == &v6 ? "192.168.1.2" : "[fd02::2]";
	town_serve(SERVER, TCP, p->server, 8080);
	pfwd(0, "add wan0:80 %s:8080", p->to);
	pfwd(0, "add wan0:81 %s:8080", other);
	pfwd(0, "check");
	town_sh("ip %s addr del %s/%d dev wan0", flag, p->gateway, p == &v6 ? 64 : 24);
	assert_refused(CLIENT, TCP, p->gateway, 80);
	struct outcome o = pfwd(1, "check");
	assert_says(o.out, p == &v6 ? "wan0:80/tcp: warning: no-address: wan0 has no IPv6 address"
				    : "wan0:80/tcp: warning: no-address: wan0 has no IPv4 address");
	assert_silent(o.out, "wan0:81");
	town_sh("ip %s addr add %s/%d dev wan0%s", flag, p->gateway, p == &v6 ? 64 : 24,
		p == &v6 ? " nodad" : "");
	assert_reaches(CLIENT, TCP, p->gateway, 80, "server at");
	pfwd(0, "check");
}
STORY(an_interface_without_an_address_is_named)

/* This host itself reaches the target. */
static void a_rule_that_turns_clients_away_is_found(const struct place *p)
{
	town_serve(SERVER, TCP, p->server, 8080);
	pfwd(0, "add wan0:80 %s:8080 --from %s", p->to, p->office);
	pfwd(0, "check");
	town_sh("ip %s rule add iif wan0 table 88; ip %s route add prohibit default table 88",
		p->flag, p->flag);
	assert_refused(CLIENT, TCP, p->gateway, 80);
	assert_reaches(GATEWAY, TCP, p->server, 8080, "server at");
	struct outcome o = pfwd(1, "check");
	assert_says(o.out, "error: no-route: this host has a route to the target ");
	assert_says(o.out, ", but not for what comes in on wan0");
	town_sh("ip %s route add %s dev lan0 table 88", p->flag, p->server);
	assert_reaches(CLIENT, TCP, p->gateway, 80, "server at");
	town_sh("conntrack -F 2>/dev/null");
	pfwd(0, "check");
	town_sh("ip %s rule del iif wan0 table 88; ip %s route flush table 88", p->flag, p->flag);
}
STORY(a_rule_that_turns_clients_away_is_found)

/* Of two routers that share an address this one does not have it now; to add it would do harm. */
static void an_address_that_another_host_has_is_not_added(const struct place *p)
{
	bool six = p == &v6;
	const char *shared = six ? "fd01::50" : "10.1.0.50";
	town_sh("ip -n client addr add %s/%d dev eth0%s", shared, six ? 64 : 24,
		six ? " nodad" : "");
	pfwd(0, "add wan0@%s%s%s:80 %s:8080", six ? "[" : "", shared, six ? "]" : "", p->to);
	struct outcome o = pfwd(1, "check");
	assert_says(o.out,
		    "nobody there sends its packets here; make the forward without an address, "
		    "which takes all; if it belongs to this host, add it with: ip addr add ");
	town_ask_shortly(GATEWAY, TCP, shared, 9);
	o = pfwd(1, "check");
	assert_says(o.out, ": another host on the network of wan0 has it now\n");
	town_sh("ip -n client addr del %s/%d dev eth0", shared, six ? 64 : 24);
}
STORY(an_address_that_another_host_has_is_not_added)

/* In a cloud the provider translates. */
static void an_address_of_the_provider_is_found(void **state)
{
	(void)state;
	town_serve(SERVER, TCP, "192.168.1.2", 8080);
	town_sh("ip route add default via 10.1.0.2");
	pfwd(0, "add 54.1.2.3:80 192.168.1.2:8080");
	assert_says(pfwd(1, "check").out, "if the provider translates it to 10.1.0.1 of wan0, "
					  "connections arrive for that; make the forward without");
	pfwd(0, "flush");
	pfwd(0, "add wan0:80 192.168.1.2:8080");
	assert_says(pfwd(0, "check").out, "note: private: ");
	assert_reaches(CLIENT, TCP, "10.1.0.1", 80, "server at");
	town_sh("ip route del default");
}

static void what_blocks_is_named(const struct place *p)
{
	const char *six = p == &v6 ? "6" : "";
	town_serve(SERVER, TCP, p->server, 8080);
	pfwd(0, "add wan0:80 %s:8080", p->to);
	if (town_is("iptables"))
		town_sh("ip%stables-legacy -I FORWARD -p tcp -o lan0 -j DROP", six);
	else
		town_sh("nft 'table ip%s guard { chain late { type filter hook forward priority "
			"5\nmeta l4proto tcp oifname lan0 drop; }; }'",
			six);
	assert_refused(CLIENT, TCP, p->gateway, 80);
	struct outcome o = pfwd(1, "check");
	assert_says(o.out, town_is("iptables")
				   ? "blocked: rule 1 of chain FORWARD in the legacy IPv"
				   : "blocked: rule 1 of chain late in table ip");
	do_as_told(strstr(o.out, ": blocked: "));
	assert_reaches(CLIENT, TCP, p->gateway, 80, "server at");
	pfwd(0, "check");
}
STORY(what_blocks_is_named)

/* The LAN may begin nothing; who answers is not asked. */
static void answers_pass_what_stops_them(const struct place *p)
{
	bool six = p == &v6;
	town_serve(SERVER, TCP, p->server, 8080);
	pfwd(0, "add wan0:80 %s:8080", p->to);
	if (town_is("iptables"))
		town_sh("ip%stables-legacy -I FORWARD -i lan0 -o wan0 -j DROP", six ? "6" : "");
	else
		town_sh("nft 'table inet guard { chain late { type filter hook forward priority "
			"5\niifname lan0 oifname wan0 drop; }; }'");
	assert_refused(CLIENT, TCP, p->gateway, 80);
	assert_says(pfwd(0, "list -rn -o STATE").out, "blocked\n");
	struct outcome o = pfwd(1, "check");
	assert_says(o.out, town_is("iptables")
				   ? "blocked: rule 1 of chain FORWARD in the legacy IPv"
				   : "blocked: rule 1 of chain late in table inet guard ");
	do_as_told(strstr(o.out, ": blocked: "));
	assert_reaches(CLIENT, TCP, p->gateway, 80, "server at");
	pfwd(0, "check");
	/* and where the rule is there before the forward */
	pfwd(0, "flush");
	pfwd(0, "add wan0:80 %s:8080", p->to);
	assert_reaches(CLIENT, TCP, p->gateway, 80, "server at");
	town_serve(CLIENT, TCP, p->client, 7070);
	assert_refused(SERVER, TCP, p->client, 7070);
}
STORY(answers_pass_what_stops_them)

/* What keeps new connections from the translation is named, as it is typed by an owner; and it can
 * be excepted as told. Rules for other ports, clients and interfaces are no finding. */
static void early(const char *word, const char *iptables, const char *nftables)
{
	town_sh("%s", town_is("iptables") ? iptables : nftables);
	if (!word) {
		pfwd(0, "check");
		assert_reaches(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, "server at");
	} else {
		assert_refused(CLIENT, IPPROTO_TCP, "10.1.0.1", 80);
		struct outcome o = pfwd(1, "check");
		assert_says(o.out, word);
		do_as_told(strstr(o.out, word));
		assert_reaches(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, "server at");
		pfwd(0, "check");
	}
	town_sh("for t in raw mangle; do iptables-legacy -t $t -F; iptables-legacy -t $t -P "
		"PREROUTING ACCEPT; done; nft delete table ip early 2>/dev/null; true");
}

#define TABLE(six, priority, rules)                                                             \
	"nft 'table ip" six " early { chain c { type filter hook prerouting priority " priority \
	"\n" rules "\n}; }'"

static void what_comes_before_the_translation_is_found(void **state)
{
	(void)state;
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8080);
	pfwd(0, "add wan0:80 192.168.1.2:8080");
	early("error: untracked: rule 1 of chain ",
	      "iptables-legacy -t raw -A PREROUTING -i wan0 -p tcp --syn -j CT --notrack",
	      TABLE("", "raw", "iifname wan0 tcp flags & (fin|syn|rst|ack) == syn notrack"));
	early(NULL, "iptables-legacy -t raw -A PREROUTING -i wan0 -p tcp --dport 81 -j NOTRACK",
	      TABLE("", "raw", "tcp dport 81 notrack"));
	early(NULL, "iptables-legacy -t raw -A PREROUTING -i opt0 -j CT --notrack",
	      TABLE("", "raw", "iifname opt0 notrack"));
	early("error: early-drop: rule 1 of chain ",
	      "iptables-legacy -t mangle -A PREROUTING -p tcp --dport 80 -j DROP",
	      TABLE("", "mangle", "tcp dport 80 drop"));
	if (town_is("iptables"))
		early("error: early-drop: rule 1 of chain FORWARD in the legacy IPv4 mangle table",
		      "iptables-legacy -t mangle -A FORWARD -o lan0 -p tcp --dport 8080 -j DROP",
		      "");
	early(NULL, "iptables-legacy -t mangle -A INPUT -p tcp --dport 8080 -j DROP", "true");
	early("error: early-drop: the policy of chain ",
	      "iptables-legacy -t raw -P PREROUTING DROP; "
	      "iptables-legacy -t raw -A PREROUTING -i lan0 -j ACCEPT",
	      TABLE("", "0; policy drop", "iifname lan0 accept"));
	early(NULL, "iptables-legacy -t raw -A PREROUTING -s 10.9.0.0/16 -j DROP",
	      TABLE("", "raw", "ip saddr 10.9.0.0/16 drop"));
	early(NULL, "iptables-legacy -t mangle -A PREROUTING -p udp -j DROP",
	      TABLE("", "mangle", "meta l4proto udp drop"));
	if (town_is("nftables"))
		early(NULL, "",
		      "nft 'table ip early { flags dormant; chain c { type filter hook "
		      "prerouting priority raw; policy drop; }; }'");
}

/* Chains of others in which pfwd has no place, by the way of a forward and of its answers. Only
 * where they stop it there is a finding, and a remedy. */
struct chain_row {
	const char *iptables; /* after "ip6tables-legacy -t " */
	const char *nftables; /* "[nat ]HOOK; RULE" of a base chain of a table of that family */
	bool stops;
};

static void forbid(const struct place *p, const struct chain_row *row)
{
	const char *six = p == &v6 ? "6" : "", *chain = row->nftables;
	bool nat = chain && strncmp(chain, "nat ", 4) == 0;
	if (town_is("iptables")) {
		town_sh("ip%stables-legacy -t %s", six, row->iptables);
		return;
	}
	bool egress = strncmp(chain, "egress", 6) == 0;
	town_sh("nft 'table %s early { chain c { type %s hook %s; }; }'",
		egress ? "netdev"
		: *six ? "ip6"
		       : "ip",
		nat ? "nat" : "filter", nat ? chain + 4 : chain);
}

static void allow(void)
{
	town_sh("for t in raw mangle security; do for i in iptables ip6tables; do $i-legacy -t $t "
		"-F; done; done; for f in ip ip6 netdev; do nft delete table $f early 2>/dev/null; "
		"done; true");
}

static void judge(const struct place *p, const struct chain_row *row, const char *reached)
{
	const char *from = strstr(reached, "local") ? GATEWAY : CLIENT;
	if (!(town_is("iptables") ? row->iptables : row->nftables))
		return;
	forbid(p, row);
	if (row->stops)
		assert_refused(from, TCP, p->gateway, 80);
	struct outcome o = pfwd(row->stops, "check");
	if (row->stops) {
		assert_says(o.out, town_is("iptables") ? "rule 1 of chain " : "rule 1 of chain c ");
		assert_string_equal(pfwd(0, "list -rn -o STATE").out, "blocked\n");
		do_as_told(o.out);
	}
	assert_reaches(from, TCP, p->gateway, 80, "at");
	town_sh("conntrack -F 2>/dev/null");
	pfwd(0, "check");
	assert_string_equal(pfwd(0, "list -rn -o STATE").out, "active\n");
	allow();
}

static void chains_on_the_way_to_another_host_are_found(const struct place *p)
{
	static const struct chain_row rows[] = {
		{"mangle -A FORWARD -i wan0 -p tcp -j DROP", NULL, true},
		{"mangle -A POSTROUTING -o lan0 -p tcp --dport 8080 -j DROP",
		 "egress device lan0 priority 0; tcp dport 8080 drop", true},
		{"security -A FORWARD -o lan0 -p tcp -j DROP", NULL, true},
		{"mangle -A POSTROUTING -o wan0 -p tcp -j DROP", NULL, true},
		{"security -A FORWARD -i lan0 -o wan0 -p tcp -j DROP", NULL, true},
		{"raw -A PREROUTING -i lan0 -p tcp -j DROP",
		 "prerouting priority raw; iifname lan0 meta l4proto tcp drop", true},
		{"raw -A PREROUTING -i lan0 -p tcp -j NOTRACK",
		 "prerouting priority raw; iifname lan0 meta l4proto tcp notrack", true},
		{NULL, "nat prerouting priority -150; tcp dport 80 drop", true},
		{NULL, "nat prerouting priority -150; tcp dport 81 dnat to :80; accept", false},
		{NULL, "nat prerouting priority -90; tcp dport 80 drop", false},
		{"mangle -A POSTROUTING -o opt0 -j DROP",
		 "egress device opt0 priority 0; tcp dport 8080 drop", false},
		{"mangle -A POSTROUTING -o lan0 -p tcp --dport 8081 -j DROP",
		 "egress device lan0 priority 0; tcp dport 80 drop", false},
		{"security -A INPUT -p tcp -j DROP", NULL, false},
		{"security -A FORWARD -p tcp -m conntrack --ctstate INVALID -j DROP", NULL, false},
		{"security -A FORWARD -i opt0 -j DROP",
		 "prerouting priority raw; iifname opt0 drop", false},
		{"mangle -A OUTPUT -p tcp -j DROP", NULL, false},
		{"raw -A PREROUTING -i lan0 -p tcp --dport 25 -j DROP",
		 "prerouting priority raw; iifname lan0 tcp dport 25 drop", false},
	};
	town_serve(SERVER, TCP, p->server, 8080);
	pfwd(0, "add wan0:80 %s:8080", p->to);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		judge(p, &rows[i], "");
}
STORY(chains_on_the_way_to_another_host_are_found)

static void chains_on_the_way_to_this_host_are_found(const struct place *p)
{
	static const struct chain_row rows[] = {
		{"security -A INPUT -i wan0 -p tcp --dport 8080 -j DROP", NULL, true},
		{"security -A OUTPUT -o wan0 -p tcp -j DROP", NULL, true},
		{"mangle -A OUTPUT -o wan0 -p tcp -j DROP", NULL, true},
		{"mangle -A POSTROUTING -o wan0 -p tcp -j DROP", NULL, true},
		{"raw -A OUTPUT -o wan0 -p tcp -j DROP", NULL, true},
		{"raw -A OUTPUT -o wan0 -p tcp -j NOTRACK",
		 "output priority raw; oifname wan0 meta l4proto tcp notrack", true},
		{"raw -A OUTPUT -p tcp --dport 25 -j DROP",
		 "output priority raw; tcp dport 25 notrack", false},
		{"security -A OUTPUT -o lan0 -j DROP", NULL, false},
		{"security -A FORWARD -j DROP", NULL, false},
		{"mangle -A OUTPUT -p tcp -m conntrack --ctstate NEW -j DROP", NULL, false},
	};
	town_serve(GATEWAY, TCP, p->gateway, 8080);
	pfwd(0, "add wan0:80 :8080 %s", p->flag);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		judge(p, &rows[i], "");
}
STORY(chains_on_the_way_to_this_host_are_found)

static void chains_on_the_way_of_local_programs_are_found(const struct place *p)
{
	static const struct chain_row rows[] = {
		{"raw -A OUTPUT -p tcp --dport 80 -j DROP", NULL, true},
		{"mangle -A OUTPUT -p tcp --dport 80 -j DROP", NULL, true},
		{"security -A OUTPUT -p tcp --dport 8080 -j DROP", NULL, true},
		{"security -A OUTPUT -o lan0 -p tcp -j DROP", NULL, false},
		{"mangle -A OUTPUT -p tcp --dport 8080 -j DROP", NULL, false},
	};
	town_serve(SERVER, TCP, p->server, 8080);
	pfwd(0, "add wan0:80 %s:8080 --local", p->to);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		judge(p, &rows[i], "local");
}
STORY(chains_on_the_way_of_local_programs_are_found)

static void ingress_is_found(void **state)
{
	(void)state;
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8080);
	pfwd(0, "add wan0:80 192.168.1.2:8080");
	town_sh("nft 'table netdev early { chain c { type filter hook ingress device wan0 priority "
		"0\ntcp dport 80-90 drop; }; }'");
	assert_refused(CLIENT, IPPROTO_TCP, "10.1.0.1", 80);
	struct outcome o = pfwd(1, "check");
	assert_says(o.out, "early-drop: rule 1 of chain c in table netdev early drops");
	do_as_told(strstr(o.out, "early-drop"));
	assert_reaches(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, "server at");
	pfwd(0, "check");
	town_sh("nft 'delete table netdev early; table netdev early { chain c { type filter hook "
		"ingress device opt0 priority 0; policy drop; }; }'");
	pfwd(0, "check");
	town_sh("nft delete table netdev early");
}

static void zones_that_hide_answers_are_found(const struct place *p)
{
	const char *six = p == &v6 ? "6" : "";
	town_serve(SERVER, TCP, p->server, 8080);
	pfwd(0, "add wan0:80 %s:8080", p->to);
	if (town_is("iptables"))
		town_sh("ip%stables-legacy -t raw -A PREROUTING -i wan0 -j CT --zone 5", six);
	else
		town_sh(TABLE("%s", "raw", "iifname wan0 ct zone set 5"), six);
	assert_refused(CLIENT, TCP, p->gateway, 80);
	assert_says(pfwd(1, "check").out, "puts its connections into zone 5 of conntrack");
	if (town_is("iptables"))
		town_sh("ip%stables-legacy -t raw -A PREROUTING -i lan0 -j CT --zone 5", six);
	else
		town_sh("nft add rule ip%s early c iifname lan0 ct zone set 5", six);
	assert_reaches(CLIENT, TCP, p->gateway, 80, "server at");
	assert_silent(pfwd(1, "check").out, "zone");
	town_sh("conntrack -F 2>/dev/null");
	if (town_is("iptables"))
		town_sh("ip%stables-legacy -t raw -F; ip%stables-legacy -t raw -A PREROUTING -i "
			"wan0 "
			"-j CT --zone-orig 5",
			six, six);
	else
		town_sh("nft delete table ip%s early; " TABLE("%s", "raw",
							      "iifname wan0 ct original zone set "
							      "5"),
			six, six);
	assert_reaches(CLIENT, TCP, p->gateway, 80, "server at");
	pfwd(0, "check");
	town_sh("ip%stables-legacy -t raw -F", six);
}
STORY(zones_that_hide_answers_are_found)

/* One place serves all forwards of a chain: a ban behind it does not hold for those that could be
 * let through later. */
static void a_ban_that_does_not_hold_is_named(void **state)
{
	(void)state;
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8080);
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 9090);
	town_sh(town_is("iptables")
			? "iptables-legacy -A FORWARD -p tcp --dport 8080 -j REJECT; "
			  "iptables-legacy -A FORWARD -s 10.1.0.0/24 -j DROP"
			: "nft 'table ip guard { chain late { type filter hook forward priority "
			  "0\ntcp dport 8080 reject\nip saddr 10.1.0.0/24 drop; }; }'");
	pfwd(0, "add wan0:90 192.168.1.2:9090");
	pfwd(0, "check");
	assert_refused(CLIENT, IPPROTO_TCP, "10.1.0.1", 90);
	pfwd(0, "add wan0:80 192.168.1.2:8080");
	assert_reaches(CLIENT, IPPROTO_TCP, "10.1.0.1", 90, "server at");
	struct outcome o = pfwd(1, "check");
	assert_says(o.out, "wan0:90/tcp: warning: ban-passed: rule ");
	/* it stands behind what stopped the other one, too */
	assert_says(o.out, "wan0:80/tcp: warning: ban-passed: rule 3 of chain ");
	assert_says(o.out, "to pass rule 2 there, which stops everybody");
	/* at the head it holds, and is no finding */
	town_sh(town_is("iptables")
			? "iptables-legacy -D FORWARD -s 10.1.0.0/24 -j DROP; "
			  "iptables-legacy -I FORWARD -s 10.1.0.0/24 -j DROP"
			: "nft insert rule ip guard late ip saddr 10.1.0.0/24 drop; nft "
			  "delete rule ip guard late handle $(nft -a list chain ip guard "
			  "late | sed -n 's/.*saddr.*handle //p' | tail -n 1)");
	assert_refused(CLIENT, IPPROTO_TCP, "10.1.0.1", 90);
	assert_silent(pfwd(0, "check").out, "ban");
}

static void a_ban_for_this_host_alone_is_noted(void **state)
{
	(void)state;
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8080);
	pfwd(0, "add wan0:80 192.168.1.2:8080");
	pfwd(0, "add wan0:22 192.168.1.2:8080");
	town_sh(town_is("iptables")
			? "iptables-legacy -N f2b; iptables-legacy -A f2b -s 10.1.0.2 -j REJECT; "
			  "iptables-legacy -A f2b -j RETURN; "
			  "iptables-legacy -I INPUT -p tcp -m multiport --dports 22 -j f2b"
			: "nft 'table ip f2b { set bans { type ipv4_addr; elements = { 10.1.0.2 } "
			  "}\n"
			  "chain in { type filter hook input priority -1\ntcp dport 22 ip saddr "
			  "@bans reject; }; }'");
	/* no client begins so */
	town_sh(town_is("iptables")
			? "iptables-legacy -A INPUT -p tcp --tcp-flags ALL NONE -j DROP; "
			  "iptables-legacy -A INPUT -f -j DROP; iptables-legacy -A INPUT -m state "
			  "--state INVALID -j DROP"
			: "nft add rule ip f2b in 'tcp flags & (fin|syn) == fin|syn drop'; "
			  "nft add rule ip f2b in ct state invalid drop");
	assert_reaches(CLIENT, IPPROTO_TCP, "10.1.0.1", 22, "server at");
	struct outcome o = pfwd(0, "check");
	assert_says(o.out, "wan0:22/tcp: note: ban-here: rule 1 of chain ");
	assert_silent(o.out, "wan0:80");
	town_sh(town_is("iptables")
			? "iptables-legacy -I FORWARD -j f2b"
			: "nft add chain ip f2b late '{ type filter hook forward priority "
			  "-1; }'; nft add rule ip f2b late ip saddr @bans reject");
	assert_refused(CLIENT, IPPROTO_TCP, "10.1.0.1", 22);
	assert_silent(pfwd(0, "check").out, "ban");
}

/* ---- one finding after the other, each with its near miss and its remedy ---- */

static void a_forward_that_is_over_is_found(const struct place *p)
{
	pfwd(0, "add wan0:80 %s --until $(date -u -d '+2 sec' +%%Y-%%m-%%dT%%H:%%M:%%SZ)", p->to);
	assert_silent(pfwd(0, "check").out, "expired");
	town_await("$PFWD check -rn -o FINDING | grep -qx expired");
	assert_says(pfwd(1, "check").out, "error: expired: it ended at ");
}
STORY(a_forward_that_is_over_is_found)

static void rules_that_are_missing_are_mended_as_told(const struct place *p)
{
	town_serve(SERVER, TCP, p->server, 8080);
	pfwd(0, "add wan0:80 %s:8080 --masquerade", p->to);
	pfwd(0, "check");
	if (town_is("iptables"))
		town_sh("ip%stables-legacy -t nat -F POSTROUTING", p == &v6 ? "6" : "");
	else
		town_sh("nft flush chain inet pfwd postrouting");
	struct outcome o = pfwd(1, "check");
	assert_says(o.out, "error: incomplete: some of its rules are missing");
	do_as_told(o.out);
	assert_reaches(CLIENT, TCP, p->gateway, 80, "server at");
	pfwd(0, "check");
}
STORY(rules_that_are_missing_are_mended_as_told)

/* Made for the port of a bridge, before the bridge was. */
static void a_port_of_a_bridge_takes_nothing(const struct place *p)
{
	town_serve(SERVER, TCP, p->server, 8080);
	pfwd(0, "add b-lan:80 %s:8080", p->to);
	struct outcome o = pfwd(1, "check");
	assert_says(o.out,
		    "error: interface-port: b-lan is a port of the bridge lan0, by which its "
		    "packets come in: make the forward for lan0\n");
	pfwd(0, "flush");
	/* the bridge itself is none */
	town_serve(GATEWAY, TCP, p->lan_side, 8080);
	pfwd(0, "add lan0:80 :8080 %s", p->flag);
	assert_silent(pfwd(0, "check").out, "interface");
	assert_reaches(LAN, TCP, p->lan_side, 80, "gateway at");
}
STORY(a_port_of_a_bridge_takes_nothing)

static void a_second_name_takes_nothing(const struct place *p)
{
	pfwd(0, "add isp0:80 %s", p->to);
	assert_says(pfwd(1, "check").out, "error: no-interface: there is no interface isp0 (yet)");
	town_sh("ip link property add dev wan0 altname isp0");
	assert_says(pfwd(1, "check").out,
		    "error: interface-renamed: isp0 is a second name of wan0, and packets come in "
		    "by its first: make the forward for wan0");
	town_sh("ip link property del dev wan0 altname isp0");
	pfwd(0, "flush");
	pfwd(0, "add wan0:80 %s", p->to);
	pfwd(0, "check");
}
STORY(a_second_name_takes_nothing)

static void an_interface_is_turned_on_as_told(void **state)
{
	(void)state;
	town_serve(SERVER, TCP, "192.168.1.2", 8080);
	pfwd(0, "add opt0:80 192.168.1.2:8080");
	town_sh("ip link set opt0 down");
	struct outcome o = pfwd(1, "check");
	assert_says(o.out,
		    "error: interface-down: opt0 is down; turn it on with: ip link set opt0 up");
	do_as_told(o.out);
	/* the kernel tells both ends of it when it gets round to that */
	town_await("ip link show opt0 | grep -q 'state UP' && "
		   "ip -n stranger link show eth0 | grep -q 'state UP'");
	assert_reaches(STRANGER, TCP, "10.3.0.1", 80, "server at");
	town_await("$PFWD check");
	town_sh("ip -n stranger link set eth0 down");
	town_await("$PFWD check | grep -q 'opt0 has no carrier'");
	/* it is another one */
	pfwd(0, "flush");
	pfwd(0, "add wan0:80 192.168.1.2:8080");
	pfwd(0, "check");
	town_sh("ip -n stranger link set eth0 up; ip -n stranger route replace default via "
		"10.3.0.1");
}

static void an_address_is_added_as_told(const struct place *p)
{
	bool six = p == &v6;
	const char *second = six ? "fd01::60" : "10.1.0.60", *open = six ? "[" : "",
		   *shut = six ? "]" : "";
	town_serve(SERVER, TCP, p->server, 8080);
	pfwd(0, "add wan0@%s%s%s:80 %s:8080", open, second, shut, p->to);
	pfwd(0, "add %s%s%s:81 :8080", open, second, shut);
	struct outcome o = pfwd(1, "check");
	assert_says(o.out, ":81/tcp: error: not-own-address: ");
	assert_says(o.out, ":80/tcp: error: foreign-address: ");
	do_as_told(strstr(o.out, "foreign-address"));
	town_await("$PFWD check -rn -o FINDING | grep -q no-listener");
	assert_reaches(CLIENT, TCP, second, 80, "server at");
	o = pfwd(1, "check");
	assert_silent(o.out, "address");
	town_sh("ip addr del %s/%d dev wan0", second, six ? 128 : 32);
}
STORY(an_address_is_added_as_told)

static void a_program_that_loses_its_port_is_found(const struct place *p)
{
	town_serve(GATEWAY, TCP, p->lan_side, 80);
	pfwd(0, "add wan0@%s%s%s:80 %s:8080", p == &v6 ? "[" : "", p->gateway, p == &v6 ? "]" : "",
	     p->to);
	pfwd(0, "check"); /* on another address */
	town_serve(GATEWAY, TCP, p->gateway, 80);
	assert_says(pfwd(1, "check").out,
		    "warning: listener: a program on this host listens on port 80, which is now "
		    "forwarded away from it");
}
STORY(a_program_that_loses_its_port_is_found)

static void forwarding_of_ipv6_is_turned_on_as_told(void **state)
{
	(void)state;
	town_serve(SERVER, TCP, "fd02::2", 8080);
	town_sh("sysctl -qw net.ipv6.conf.all.forwarding=0");
	pfwd(0, "add wan0:81 192.168.1.2:8080");
	pfwd(0, "check"); /* it is of IPv4 */
	pfwd(0, "add wan0:80 [fd02::2]:8080");
	assert_refused(CLIENT, TCP, "fd01::1", 80);
	struct outcome o = pfwd(1, "check");
	assert_says(o.out, "wan0:80/tcp: error: forwarding-ipv6: this host does not forward IPv6");
	do_as_told(strstr(o.out, "forwarding-ipv6"));
	assert_reaches(CLIENT, TCP, "fd01::1", 80, "server at");
	town_sh("conntrack -F 2>/dev/null");
	pfwd(0, "check");
}

static void clients_are_let_in_past_rp_filter_as_told(void **state)
{
	(void)state;
	town_serve(SERVER, TCP, "192.168.1.2", 8080);
	pfwd(0, "add wan0:80 192.168.1.2:8080 --from 198.51.100.0/24");
	town_sh("ip -n client addr add 198.51.100.7/32 dev lo; ip -n client route replace 10.1.0.1 "
		"dev eth0 src 198.51.100.7; ip route add 198.51.100.0/24 via 10.1.0.2; "
		"sysctl -qw net.ipv4.conf.wan0.rp_filter=1");
	pfwd(0, "check"); /* it is strict, but they come by the way back */
	assert_reaches(CLIENT, TCP, "10.1.0.1", 80, "server at");
	/* back by another; but it asks about the target, whose answers take a way of their own */
	town_sh("ip route change 198.51.100.0/24 via 10.3.0.2 dev opt0; ip route add "
		"198.51.100.0/24 via 10.1.0.2 table 7; ip rule add from 192.168.1.2 table 7");
	assert_reaches(CLIENT, TCP, "10.1.0.1", 80, "server at");
	pfwd(0, "check");
	/* or are marked */
	town_sh("ip rule del from 192.168.1.2; ip rule add fwmark 5 table 7; nft 'table ip marks { "
		"chain p { type filter hook prerouting priority mangle; iifname wan0 ct state new "
		"ct "
		"mark set 5; iifname lan0 meta mark set ct mark; }; }'");
	assert_refused(CLIENT, TCP, "10.1.0.1", 80);
	struct outcome o = pfwd(1, "check");
	assert_says(o.out, "warning: rp-filter: rp_filter drops packets of clients such as "
			   "198.51.100.");
	do_as_told(strstr(o.out, "rp-filter"));
	assert_reaches(CLIENT, TCP, "10.1.0.1", 80, "server at");
	assert_silent(pfwd(0, "check").out, "rp-filter");
	town_sh("nft delete table ip marks; ip rule del fwmark 5; ip route flush table 7; ip route "
		"del "
		"198.51.100.0/24; sysctl -qw net.ipv4.conf.wan0.rp_filter=0; ip -n client route "
		"replace 10.1.0.0/24 dev eth0 src 10.1.0.2; ip -n client route del 10.1.0.1 dev "
		"eth0; "
		"ip -n client addr del 198.51.100.7/32 dev lo");
}

static void a_parent_of_macvlans_is_noted(const struct place *p)
{
	if (town_run("ip link add link opt0 name mv0 type macvlan && ip link set mv0 up").status !=
	    0)
		skip(); /* this kernel has none */
	pfwd(0, "add wan0:80 %s", p->to);
	pfwd(0, "check"); /* the target is behind another interface */
	if (p == &v6)
		town_sh("ip addr add fd03::1/64 dev opt0 nodad");
	pfwd(0, "add wan0:81 %s", p == &v6 ? "[fd03::77]" : "10.3.0.77");
	assert_says(pfwd(0, "check").out, "wan0:81/tcp: note: macvlan: opt0 is the parent of ");
	town_sh("ip link del mv0");
	pfwd(0, "check");
	town_sh("ip addr del fd03::1/64 dev opt0 2>/dev/null; true");
}
STORY(a_parent_of_macvlans_is_noted)

static void other_queries_than_those_to_this_host_are_noted(const struct place *p)
{
	pfwd(0, "add lan0:53/udp %s", p->client[0] == 'f' ? "[fd01::2]" : "10.1.0.2");
	assert_says(pfwd(0, "check").out,
		    "note: own-address-only: it takes only queries that are ");
	pfwd(0, "flush");
	pfwd(0, "add lan0:5353/udp %s", p->client[0] == 'f' ? "[fd01::2]" : "10.1.0.2");
	pfwd(0, "check");
}
STORY(other_queries_than_those_to_this_host_are_noted)

static void a_program_that_is_not_there_is_missed(void **state)
{
	(void)state;
	pfwd(0, "add wan0:80 :8080");
	assert_says(pfwd(1, "check").out, "error: no-listener: no program of this host listens");
	town_serve(GATEWAY, IPPROTO_TCP, "127.0.0.1", 8080);
	assert_says(pfwd(1, "check").out, "error: loopback: ");
	town_serve(GATEWAY, IPPROTO_TCP, "192.168.1.1", 8080);
	assert_refused(CLIENT, IPPROTO_TCP, "10.1.0.1", 80);
	assert_says(pfwd(1, "check").out,
		    "error: no-listener: no program of this host listens on tcp "
		    "port 8080 at an address of wan0, but at another alone");
	town_serve(GATEWAY, IPPROTO_TCP, "10.1.0.1", 8080);
	assert_reaches(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, "gateway at");
	town_sh("conntrack -F 2>/dev/null");
	pfwd(0, "check");
}

static void a_target_that_is_not_there_is_missed(const struct place *p)
{
	bool six = p == &v6;
	pfwd(0, "add wan0:80 %s:8080", six ? "[fd02::77]" : "192.168.1.77");
	pfwd(0, "check");
	town_ask(CLIENT, TCP, p->gateway, 80);
	town_await("$PFWD check -rn -o FINDING | grep -qx unreachable");
	pfwd(0, "add --replace wan0:80 %s:8080", six ? "[fd22::77]" : "192.168.2.77");
	assert_says(pfwd(1, "check").out, "error: no-route: ");
}
STORY(a_target_that_is_not_there_is_missed)

/* Each port of the bridge sends nothing back; only the target's matters. */
static void a_hairpin_needs_a_port_that_sends_back(const struct place *p)
{
	const char *calls = p == &v6 ? "net.bridge.bridge-nf-call-ip6tables"
				     : "net.bridge.bridge-nf-call-iptables";
	if (town_run("sysctl -qw %s=1", calls).status != 0)
		skip(); /* this kernel has no br_netfilter */
	town_serve(SERVER, TCP, p->server, 8080);
	pfwd(0, "add wan0:80 %s:8080 --hairpin", p->to);
	assert_refused(SERVER, TCP, p->gateway, 80);
	assert_reaches(LAN, TCP, p->gateway, 80, "server at");
	town_sh("conntrack -F 2>/dev/null");
	struct outcome o = pfwd(1, "check");
	assert_says(o.out, "warning: hairpin-bridge: ");
	assert_says(o.out, "turn it on with: bridge link set dev b-server hairpin on\n");
	do_as_told(o.out);
	assert_reaches(SERVER, TCP, p->gateway, 80, "server at");
	pfwd(0, "check");
	town_sh("bridge link set dev b-server hairpin off");
	assert_says(pfwd(1, "check").out, "hairpin-bridge");
	town_sh("sysctl -qw %s=0", calls);
	assert_reaches(SERVER, TCP, p->gateway, 80, "server at");
	pfwd(0, "check");
	town_sh("sysctl -qw net.bridge.bridge-nf-call-iptables=1 "
		"net.bridge.bridge-nf-call-ip6tables=0");
}
STORY(a_hairpin_needs_a_port_that_sends_back)

static void flows_without_an_answer_are_counted(const struct place *p)
{
	pfwd(0, "add wan0:53/udp %s", p->to);
	town_sh("ip netns exec server nft 'table inet shut { chain c { type filter hook input "
		"priority 0; udp dport 53 drop; }; }'");
	town_ask_shortly(CLIENT, UDP, p->gateway, 53);
	assert_says(pfwd(1, "check wan0:53/udp").out,
		    "warning: unanswered: the target has not answered 1 of 1 connections");
	town_sh("ip netns exec server nft delete table inet shut; conntrack -F 2>/dev/null");
	town_serve(SERVER, UDP, p->server, 53);
	assert_reaches(CLIENT, UDP, p->gateway, 53, "server at");
	assert_silent(pfwd(0, "check").out, "unanswered");
}
STORY(flows_without_an_answer_are_counted)

/* The end of the address from which the first block of a file comes, or "". */
static void fetch(const char *gateway, const char *from)
{
	struct outcome o = town_run(
		"ip netns exec client python3 -c '\n"
		"import socket\n"
		"s = socket.socket(socket.AF_INET6 if \":\" in \"%s\" else socket.AF_INET, "
		"socket.SOCK_DGRAM)\n"
		"s.settimeout(1)\n"
		"s.sendto(b\"\\0\\1file\\0octet\\0\", (\"%s\", 69))\n"
		"try: print(s.recvfrom(100)[1][0], end=\"\")\n"
		"except OSError: pass'",
		gateway, gateway);
	assert_string_equal(o.out, from);
	town_sh("conntrack -F 2>/dev/null");
}

/* TFTP sends a file from a port of its own, which conntrack's helper has to expect. */
static void half_of_a_helper_is_noted(const struct place *p)
{
	bool six = p == &v6;
	town_sh("ip netns exec server python3 -c '\n"
		"import socket\n"
		"def at(port):\n"
		"    s = socket.socket(socket.AF_INET6 if \":\" in \"%s\" else socket.AF_INET, "
		"socket.SOCK_DGRAM)\n"
		"    s.bind((\"%s\", port))\n"
		"    return s\n"
		"s = at(69)\n"
		"open(\"/run/tftp\", \"w\").close()\n"
		"while True:\n"
		"    at(0).sendto(b\"\\0\\3\\0\\1data\", s.recvfrom(100)[1])' & echo $! "
		">/run/tftp-pid; for i in $(seq 50); do [ -e /run/tftp ] && break; sleep 0.1; done",
		p->server, p->server);
	pfwd(0, "add wan0:69/udp %s", p->to);
	fetch(p->gateway, p->server);
	assert_says(pfwd(0, "check").out,
		    "note: helper: TFTP opens a flow for each file, on ports");
	if (town_is("iptables"))
		town_sh("ip%stables-legacy -t raw -A PREROUTING -p udp --dport 69 -j CT --helper "
			"tftp",
			six ? "6" : "");
	else
		town_sh("nft 'table inet help { ct helper t { type \"tftp\" protocol udp; }; chain "
			"c { "
			"type filter hook prerouting priority mangle; udp dport 69 ct helper set "
			"\"t\"; }; }'");
	fetch(p->gateway, p->gateway);
	assert_string_equal(pfwd(0, "check").out, "");
	town_close_gates();
	pfwd(0, "add --replace wan0:69/udp %s --name files", p->to);
	fetch(p->gateway, "");
	assert_says(pfwd(0, "check").out,
		    "conntrack's helper expects them, but the policy of chain ");
	town_sh(town_is("iptables")
			? "for i in iptables ip6tables; do $i-legacy -I FORWARD -m "
			  "conntrack --ctstate RELATED -m helper --helper tftp -j ACCEPT; "
			  "done"
			: "nft insert rule inet gates forward ct state related accept");
	fetch(p->gateway, p->gateway);
	assert_string_equal(pfwd(0, "check").out, "");
	town_sh("kill $(cat /run/tftp-pid); rm /run/tftp; for i in iptables ip6tables; do "
		"$i-legacy "
		"-t raw -F; done");
}
STORY(half_of_a_helper_is_noted)

static void targets_are_probed_when_asked_to(const struct place *p)
{
	town_serve(SERVER, TCP, p->server, 8080);
	pfwd(0, "add wan0:80 %s:8080", p->to);
	pfwd(0, "add wan0:82-89 %s:8080", p->to);
	pfwd(0, "check --probe");
	pfwd(0, "add wan0:81 %s:8081", p->to);
	pfwd(0, "check");
	struct outcome o = pfwd(1, "check --probe");
	assert_says(o.out, "wan0:81/tcp: warning: probe: ");
	assert_says(o.out, ":8081 refuses connections");
	town_sh("ip netns exec server nft 'table inet shut { chain c { type filter hook input "
		"priority 0; tcp dport 8081 drop; }; }'");
	assert_says(pfwd(1, "check --probe").out, ":8081 does not answer");
	town_sh("ip netns exec server nft delete table inet shut");
}
STORY(targets_are_probed_when_asked_to)

static void the_same_of_many_is_said_once(void **state)
{
	(void)state;
	pfwd(0, "add wan0:80/tcp+udp :8080");
	pfwd(0, "add wan9:80-82 192.168.1.2");
	pfwd(0, "add wan9:90 192.168.1.2");
	struct outcome o = pfwd(1, "check");
	assert_says(o.out, "wan9:80-82/tcp and 1 more: error: no-interface: ");
	assert_silent(o.out, "wan9:90");
	assert_string_equal(pfwd(1, "check -rn -o FORWARD,SEVERITY,FINDING").out,
			    "wan0:80/tcp error no-listener\n"
			    "wan0:80/udp error no-listener\n"
			    "wan9:80-82/tcp error no-interface\n"
			    "wan9:90/tcp error no-interface\n");
	assert_says(pfwd(1, "check -J wan9:90").out,
		    "{\"forward\":\"wan9:90/tcp\", \"severity\":\"error\", "
		    "\"finding\":\"no-interface\", \"text\":\"there is no interface wan9 (yet)\", "
		    "\"remedy\":null}");
}

int main(void)
{
	const struct CMUnitTest stories[] = {
		ONE(nothing_is_found_where_all_works),
		ONE(forwarding_is_turned_on_as_told),
		ONE(each_interface_has_a_switch_of_its_own),
		ONE(a_target_among_its_clients_needs_masquerade),
		ONE(answers_by_another_uplink_are_found),
		ONE(a_network_that_is_down_is_named),
		BOTH(an_interface_without_an_address_is_named),
		BOTH(a_rule_that_turns_clients_away_is_found),
		BOTH(an_address_that_another_host_has_is_not_added),
		ONE(an_address_of_the_provider_is_found),
		BOTH(what_blocks_is_named),
		BOTH(answers_pass_what_stops_them),
		ONE(what_comes_before_the_translation_is_found),
		BOTH(chains_on_the_way_to_another_host_are_found),
		BOTH(chains_on_the_way_to_this_host_are_found),
		BOTH(chains_on_the_way_of_local_programs_are_found),
		ONE(ingress_is_found),
		BOTH(zones_that_hide_answers_are_found),
		ONE(a_ban_that_does_not_hold_is_named),
		ONE(a_ban_for_this_host_alone_is_noted),
		BOTH(a_forward_that_is_over_is_found),
		BOTH(rules_that_are_missing_are_mended_as_told),
		BOTH(a_port_of_a_bridge_takes_nothing),
		BOTH(a_second_name_takes_nothing),
		ONE(an_interface_is_turned_on_as_told),
		BOTH(an_address_is_added_as_told),
		BOTH(a_program_that_loses_its_port_is_found),
		ONE(forwarding_of_ipv6_is_turned_on_as_told),
		ONE(clients_are_let_in_past_rp_filter_as_told),
		BOTH(a_parent_of_macvlans_is_noted),
		BOTH(other_queries_than_those_to_this_host_are_noted),
		ONE(a_program_that_is_not_there_is_missed),
		BOTH(a_target_that_is_not_there_is_missed),
		BOTH(a_hairpin_needs_a_port_that_sends_back),
		BOTH(flows_without_an_answer_are_counted),
		BOTH(half_of_a_helper_is_noted),
		BOTH(targets_are_probed_when_asked_to),
		ONE(the_same_of_many_is_said_once),
	};
	return cmocka_run_group_tests(stories, town_build, town_raze);
}
