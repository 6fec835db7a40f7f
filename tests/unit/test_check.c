/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each finding where it is right, and a near miss where nothing is found. A row changes one thing
 * of a host on which the forward works.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "check/results.h"
#include "read_forward.h"
#include "rows.h"

/* ---- the host ---- */

enum { LAN, LO, VM, WAN, LINKS }; /* sorted by name */

static struct host_link links[LINKS];
static struct host_altname altnames[] = {{"isp0", 2}};
static struct host_address addresses[3];
static struct host_listener listeners[1];
static struct address dead[1];
static struct facts facts;
static struct case_facts the_case;
static struct forward exceptions[1];
static struct forwards all = {exceptions, 1, 1};
static struct route there, back, in, to_addr;
static struct forward forward;

static struct address address(const char *text)
{
	struct address addr = {0};
	assert_int_equal(address_parse(text, &addr), 0);
	return addr;
}

static struct route leads(const char *ifname)
{
	struct route route = {.kind = ROUTE_OUT};
	strcpy(route.out, ifname);
	return route;
}

/* wan0 203.0.113.1/24 with the default route, lan0 192.168.1.1/24 with the targets, a bridge vm0 */
static void reset(const char *line)
{
	static const char *const names[] = {"lan0", "lo", "vm0", "wan0"};
	forward = read_one(line);
	exceptions[0] = read_one("wan0:443 -");
	bool six = forward.family == FAMILY_IPV6;
	for (uint32_t i = 0; i < LINKS; i++) {
		links[i] = (struct host_link){.up = true, .carrier = true, .forwards = true};
		links[i].index = i == WAN ? 2 : i + 10;
		strcpy(links[i].name, names[i]);
	}
	addresses[0] = (struct host_address){"lan0", address("192.168.1.1"), 24};
	addresses[1] = (struct host_address){"wan0", address("203.0.113.1"), 24};
	addresses[2] = (struct host_address){"wan0", address("2001:db8::1"), 64};
	listeners[0] = (struct host_listener){
		.addr = address("0.0.0.0"), .port = 8080, .proto = PROTO_TCP};
	there = leads("lan0");
	back = in = leads("wan0");
	in.kind = ROUTE_LOCAL;
	to_addr = (struct route){0};
	facts = (struct facts){.now = READ_NOW,
			       .all = &all,
			       .links = {links, LINKS, altnames, 1},
			       .addresses = {addresses, 3},
			       .listeners = {listeners, 1},
			       .forwards_ipv4 = true,
			       .forwards_ipv6 = true,
			       .default_ipv4 = leads("wan0"),
			       .default_ipv6 = leads("wan0"),
			       .tracked = 10,
			       .trackable = 1000};
	the_case = (struct case_facts){.f = &forward,
				       .there = address_is_set(&forward.target) ? &there : NULL,
				       .back = &back,
				       .in = &in,
				       .client = address(six ? "2001:db8:9::1" : "198.51.100.7")};
}

/* ---- what is not ordinary ---- */

#define ARRANGE(name, ...)     \
	static void name(void) \
	{                      \
		__VA_ARGS__;   \
	}

ARRANGE(lose_rules, the_case.incomplete = true)
ARRANGE(be_blocked, the_case.blocked = true)
static const struct rule_place firewall = {.table = "site", .chain = "x", .rule = 2};
static const struct rule_place daemon = {.table = "a", .chain = "x", .owned = true};
static const struct rule_place firewalld = {.table = "firewalld", .chain = "x", .owned = true};
ARRANGE(be_blocked_by_an_owner, the_case.blocked = true; the_case.blocked_by = daemon)
ARRANGE(be_blocked_by_firewalld, the_case.blocked = true; the_case.blocked_by = firewalld)
ARRANGE(be_blocked_by, the_case.blocked = true; the_case.blocked_by = firewall)
ARRANGE(pass_ban, the_case.limits.passed = firewall)
ARRANGE(pass_ban_and_all, pass_ban(); the_case.limits.stop = 2)
ARRANGE(pass_ban_behind_all, pass_ban(); the_case.limits.stop = 1)
ARRANGE(be_in_doubt, the_case.limits.doubted = firewall)
ARRANGE(ban_here, the_case.banned_here = firewall)
ARRANGE(be_port, strcpy(links[WAN].port_of, "bridge"); strcpy(links[WAN].master, "vm0"))
ARRANGE(be_port_of_vrf, strcpy(links[WAN].port_of, "vrf"); strcpy(links[WAN].master, "red"))
ARRANGE(be_bridge, strcpy(links[WAN].kind, "bridge"))
ARRANGE(go_down, links[WAN].up = links[WAN].carrier = false)
ARRANGE(lose_carrier, links[WAN].carrier = false)
ARRANGE(lan_goes_down, links[LAN].up = false)
ARRANGE(reach_no_addr, the_case.addr = &to_addr)
ARRANGE(addr_on_link, the_case.addr = &to_addr; to_addr = leads("wan0"))
ARRANGE(addr_proxied, addr_on_link(); dead[0] = forward.addr; facts.neighbours.proxied.items = dead;
	facts.neighbours.proxied.count = 1)
ARRANGE(addr_in_lan, the_case.addr = &to_addr; to_addr = leads("lan0"))
ARRANGE(addr_behind, addr_on_link(); to_addr.via = address("203.0.113.254"))
ARRANGE(addr_is_local, addr_on_link(); to_addr.kind = ROUTE_LOCAL)
ARRANGE(share_address, addresses[1].addr = address("100.64.1.2"))
ARRANGE(have_private_address, addresses[1].addr = address("10.1.2.3"))
ARRANGE(have_both, strcpy(addresses[0].ifname, "wan0"))
ARRANGE(private_beside_default, have_private_address(); facts.default_ipv4 = leads("lan0"))
ARRANGE(listen_on_80, listeners[0].port = 80)
ARRANGE(listen_on_443, listeners[0].port = 443)
ARRANGE(listen_on_lan, listeners[0].port = 80; listeners[0].addr = address("192.168.1.1"))
ARRANGE(listen_on_loopback, listeners[0].addr = address("127.0.0.1"))
ARRANGE(listen_elsewhere, listeners[0].addr = address("192.168.1.1"))
ARRANGE(listen_on_wan, listeners[0].addr = address("203.0.113.1"))
ARRANGE(listen_nowhere, facts.listeners.count = 0)
ARRANGE(forward_nothing, facts.forwards_ipv4 = false;
	for (int i = 0; i < LINKS; i++) links[i].forwards = false)
ARRANGE(forward_by_interface, facts.forwards_ipv4 = false)
ARRANGE(shut_wan, links[WAN].forwards = false)
ARRANGE(shut_lan, links[LAN].forwards = false)
ARRANGE(shut_both, shut_wan(); shut_lan())
ARRANGE(shut_vm, links[VM].forwards = false)
ARRANGE(shut_ipv6, facts.forwards_ipv6 = false)
ARRANGE(shut_advertised, shut_ipv6(); facts.default_ipv6.advertised = true;
	links[WAN].accept_ra = 1)
ARRANGE(shut_accepting, shut_advertised(); links[WAN].accept_ra = 2)
ARRANGE(know_no_route, there = (struct route){0})
ARRANGE(be_one_armed, there = leads("wan0"))
ARRANGE(go_outside, there = leads("wan0");
	there.via = facts.default_ipv4.via = facts.default_ipv6.via = address("203.0.113.254"))
ARRANGE(go_outside_and_back, go_outside(); the_case.conns = 3)
ARRANGE(unplug_lan, links[LAN].carrier = false)
ARRANGE(share_loopback, strcpy(addresses[1].ifname, "lo"))
ARRANGE(go_outside_by_ppp, there = leads("wan0"); links[WAN].to_point = true)
ARRANGE(go_through_router, go_outside(); there.via = address("203.0.113.7"))
ARRANGE(go_to_private_router, go_outside(); have_private_address())
ARRANGE(lose_network, go_to_private_router(); links[LAN].up = links[LAN].carrier = false)
ARRANGE(lose_cable, go_to_private_router(); links[LAN].carrier = false)
ARRANGE(lose_all_ways, lose_network(); there = (struct route){0})
ARRANGE(be_turned_away, the_case.turned_away = true)
ARRANGE(have_twin, be_one_armed(); addresses[1].addr = address("192.168.1.10"))
ARRANGE(lose_addresses, strcpy(addresses[1].ifname, "lan0"); strcpy(addresses[2].ifname, "lan0"))
ARRANGE(lose_ipv6, strcpy(addresses[2].ifname, "lan0"))
ARRANGE(keep_link_local, addresses[2].addr = address("fe80::1"))
ARRANGE(lose_lease, lose_addresses(); facts.default_ipv4 = leads("vm0"))
ARRANGE(addr_is_taken, addr_on_link(); the_case.taken = true)
ARRANGE(addr_translated, have_private_address(); addr_behind())
ARRANGE(target_is_dead, dead[0] = forward.target; facts.neighbours.dead.items = dead;
	facts.neighbours.dead.count = 1)
ARRANGE(router_is_dead, there.via = dead[0] = address("192.168.1.254");
	facts.neighbours.dead.items = dead; facts.neighbours.dead.count = 1)
ARRANGE(other_is_dead, target_is_dead(); dead[0] = address("192.168.1.3"))
ARRANGE(dead_behind_router, target_is_dead(); there.via = address("192.168.1.254"))
ARRANGE(probe_well, the_case.probe = PROBE_ANSWERED)
ARRANGE(probe_refused, the_case.probe = PROBE_REFUSED)
ARRANGE(probe_silent, the_case.probe = PROBE_SILENT)
ARRANGE(probe_unreachable, the_case.probe = PROBE_UNREACHABLE)
ARRANGE(be_parent, links[LAN].other_macs = true)
ARRANGE(wan_is_parent, links[WAN].other_macs = true)
ARRANGE(parent_behind_router, be_parent(); there.via = address("192.168.1.254"))
ARRANGE(be_bridged, strcpy(links[LAN].kind, "bridge"); facts.bridges_ipv4 = true;
	links[VM].master_index = 10)
ARRANGE(be_hairpinned, be_bridged(); links[VM].hairpin = true)
ARRANGE(be_bridged_twice, be_bridged(); links[WAN].master_index = 10)
ARRANGE(be_behind_port, be_bridged_twice(); the_case.port = links[VM].index)
ARRANGE(be_behind_hairpin, be_behind_port(); links[VM].hairpin = true)
ARRANGE(be_routed, be_bridged(); facts.bridges_ipv4 = false)
ARRANGE(answer_none, the_case.conns = 3; the_case.unanswered = 2)
ARRANGE(answer_all, the_case.conns = 3)
ARRANGE(answer_elsewhere, back = leads("vm0"))
ARRANGE(answer_nowhere, back = (struct route){0})
ARRANGE(ask_nobody, the_case.back = the_case.in = NULL)
ARRANGE(filter_this_host, facts.rp_filter = 1; in = (struct route){0})
ARRANGE(filter_strictly, filter_this_host(); the_case.back = NULL)
ARRANGE(filter_by_interface, links[WAN].rp_filter = 1; in = (struct route){0}; the_case.back = NULL)
ARRANGE(filter_nothing, in = (struct route){0})
ARRANGE(filter_others, facts.rp_filter = 1)
ARRANGE(be_helped, the_case.helped = true)
ARRANGE(be_half_helped, be_helped();
	the_case.related = (struct rule_place){.table = "site", .chain = "x", .rule = 2})
ARRANGE(be_nearly_full, facts.tracked = 900)
ARRANGE(be_rather_full, facts.tracked = 899)
ARRANGE(lack_conntrack, facts.tracked = facts.trackable = 0)

static const struct early_base raw = {.where = "chain PREROUTING in the legacy IPv4 raw table",
				      .tool = "iptables-legacy -t raw",
				      .chain_of = "PREROUTING",
				      .zones = true};
static const struct early_base late = {.where = "chain c in table ip t",
				       .chain_of = "rule ip t c",
				       .nft = true,
				       .translated = true};
static struct early_hit hit(enum early_kind kind, const struct early_base *base, size_t rule)
{
	return (struct early_hit){.kind = kind, .base = base, .rule = rule, .on = STOP_ON_WAY};
}

ARRANGE(be_untracked, the_case.early = hit(EARLY_UNTRACKED, &raw, 3))
ARRANGE(be_proxied, the_case.early = hit(EARLY_PROXY, &raw, 1))
ARRANGE(be_dropped_early, the_case.early = hit(EARLY_DROP, &raw, 0))
ARRANGE(be_dropped_late, the_case.early = hit(EARLY_DROP, &late, 2))
static const struct early_base passing = {.where = "chain FORWARD in the legacy IPv4 mangle table",
					  .tool = "iptables-legacy -t mangle",
					  .chain_of = "FORWARD",
					  .translated = true,
					  .way = EARLY_THROUGH};
static const struct early_base output = {.where = "chain OUTPUT in the legacy IPv4 raw table",
					 .tool = "iptables-legacy -t raw",
					 .chain_of = "OUTPUT",
					 .zones = true,
					 .way = EARLY_OUT};
static const struct early_base egress = {.where = "chain e in table netdev t",
					 .chain_of = "rule netdev t e",
					 .devices = {"wan0"},
					 .nft = true,
					 .translated = true,
					 .way = EARLY_POST};
ARRANGE(be_dropped_between, the_case.early = hit(EARLY_DROP, &passing, 1))
ARRANGE(lose_answers, be_dropped_early(); the_case.early.rule = 1; the_case.early.on = STOP_ON_BACK)
ARRANGE(lose_late_answers, be_dropped_late(); the_case.early.on = STOP_ON_BACK)
ARRANGE(lose_leaving_answers, the_case.early = hit(EARLY_DROP, &egress, 1);
	the_case.early.on = STOP_ON_BACK)
ARRANGE(untrack_answers, the_case.early = hit(EARLY_UNTRACKED, &output, 1);
	the_case.early.on = STOP_ON_BACK)
ARRANGE(drop_local, the_case.early = hit(EARLY_DROP, &output, 1); the_case.early.on = STOP_ON_OUT)
ARRANGE(be_zoned, the_case.early = (struct early_hit){
			  .kind = EARLY_ZONE, .base = &raw, .zone = 5, .zone_back = 7})

/* ---- rows ---- */

struct row {
	const char *line;
	const char *when;
	void (*arrange)(void);
	const char *words; /* all that is found */
	const char *part;  /* of the first text and its remedy; NULL: any */
};

#define ON(function) #function, function

#define WEB "wan0:80 192.168.1.2:8080"
#define HERE "wan0:80 :8080"
#define SIX "wan0:80 [fd02::2]:8080"

static const struct row rows_of_check[] = {
	{WEB, NULL, NULL, "", NULL},
	{HERE, NULL, NULL, "", NULL},
	{SIX, NULL, NULL, "", NULL},
	{":80 192.168.1.2:8080", NULL, NULL, "", NULL},
	{"wan0:80 -", NULL, NULL, "", NULL},
	{WEB " --until 2023-11-14T22:13:20Z", NULL, NULL, "expired",
	 "it ended at 2023-11-14T22:13:20Z"},
	{WEB " --until 2023-11-14T22:13:21Z", NULL, NULL, "", NULL},
	{WEB, ON(lose_rules), "incomplete",
	 "pfwd save --force /run/pfwd.conf && pfwd apply /run/pfwd.conf"},
	{WEB, ON(be_blocked), "blocked", NULL},
	{WEB, ON(be_blocked_by), "blocked",
	 "rule 2 of chain x in table inet site stops its connections, whoever the client is; with: "
	 "pfwd save --force /run/pfwd.conf && pfwd apply /run/pfwd.conf"},
	{WEB, ON(be_blocked_by_an_owner), "blocked",
	 "the policy of chain x in table inet a stops its connections, whoever the client is; only "
	 "the program that owns the table can let them through; with: "},
	{WEB, ON(be_blocked_by_firewalld), "blocked", "StrictForwardPorts=no/"},
	{"eth9:80 192.168.1.2:8080", NULL, NULL, "no-interface",
	 "there is no interface eth9 (yet)"},
	{"wlan+:80 192.168.1.2:8080", NULL, NULL, "no-interface", NULL},
	{"wa+:80 192.168.1.2:8080", NULL, NULL, "", NULL},
	{"isp0:80 192.168.1.2:8080", NULL, NULL, "interface-renamed",
	 "isp0 is a second name of wan0"},
	{WEB, ON(pass_ban), "ban-passed",
	 "rule 2 of chain x in table inet site shuts out some clients"},
	{WEB, ON(pass_ban_and_all), "ban-passed",
	 "rule 2 of chain x in table inet site shuts out some clients and then everybody"},
	{WEB, ON(pass_ban_behind_all), "ban-passed",
	 "in front of it, to pass rule 1 there, which stops everybody"},
	{WEB, ON(be_in_doubt), "unjudged",
	 "rule 2 of chain x in table inet site may stop its connections"},
	{WEB, ON(ban_here), "ban-here", "chain = FORWARD"},
	{WEB, ON(be_port), "interface-port", "make the forward for vm0"},
	{WEB, ON(be_port_of_vrf), "", NULL},
	{WEB, ON(be_bridge), "", NULL},
	{WEB, ON(go_down), "interface-down", "ip link set wan0 up"},
	{WEB, ON(lose_carrier), "interface-down", "wan0 has no carrier"},
	{WEB, ON(lan_goes_down), "no-network", NULL},
	{"203.0.113.9:80 :8080", ON(reach_no_addr), "not-own-address",
	 "203.0.113.9 is not an address of this host (yet)"},
	{"203.0.113.9:80 :8080", ON(addr_is_local), "", NULL},
	{"203.0.113.1:80 :8080", NULL, NULL, "", NULL},
	{"203.0.113.9:80 192.168.1.2", ON(reach_no_addr), "foreign-address",
	 "no route leads to it"},
	{"203.0.113.9:80 192.168.1.2", ON(addr_on_link), "foreign-address",
	 "ip addr add 203.0.113.9/32 dev wan0"},
	{"198.51.100.9:80 192.168.1.2", ON(addr_behind), "", NULL},
	{"203.0.113.9:80 192.168.1.2", ON(addr_proxied), "", NULL},
	{"203.0.113.9:80 192.168.1.2", ON(addr_in_lan), "", NULL},
	{"wan0@203.0.113.9:80 192.168.1.2", ON(addr_in_lan), "", NULL},
	{"lan0@203.0.113.9:80 192.168.1.2 --masquerade", ON(addr_in_lan), "foreign-address", NULL},
	{"203.0.113.9:80 192.168.1.2", ON(addr_is_local), "", NULL},
	{WEB, ON(be_untracked), "untracked",
	 "with: iptables-legacy -t raw -I PREROUTING 3 -i wan0 -p tcp --dport 80 -j ACCEPT"},
	{WEB, ON(be_proxied), "untracked", "(SYNPROXY) answers"},
	{"wan+:80-90/udp 192.168.1.2", ON(be_dropped_early), "early-drop",
	 "with: iptables-legacy -t raw -A PREROUTING -i wan+ -p udp --dport 80:90 -j ACCEPT"},
	{"wan0:80-81 192.168.1.2:8080-8081", ON(be_dropped_between), "early-drop",
	 "with: iptables-legacy -t mangle -I FORWARD 1 -p tcp -m conntrack --ctstate DNAT "
	 "--ctorigdstport 80:81 -j ACCEPT"},
	{WEB, ON(lose_answers), "early-drop",
	 "drops its answers where pfwd lets none through; with: iptables-legacy -t raw -I "
	 "PREROUTING 1 -i lan0 -s 192.168.1.2 -p tcp --sport 8080 -j ACCEPT"},
	{SIX, ON(lose_late_answers), "early-drop",
	 "with: nft insert rule ip t c index 1 iifname lan0 ip6 saddr fd02::2 tcp sport 8080 "
	 "accept"},
	{WEB, ON(lose_leaving_answers), "early-drop",
	 "with: nft insert rule netdev t e index 0 tcp sport 80 accept"},
	{HERE, ON(untrack_answers), "untracked",
	 "takes its answers out of conntrack (NOTRACK), and such packets are never translated; "
	 "with: iptables-legacy -t raw -I OUTPUT 1 -o wan0 -p tcp --sport 8080 -j ACCEPT"},
	{WEB " --local", ON(drop_local), "early-drop",
	 "with: iptables-legacy -t raw -I OUTPUT 1 -p tcp --dport 80 -j ACCEPT"},
	{"wan+:80 192.168.1.2:8080", ON(be_dropped_late), "early-drop",
	 "with: nft insert rule ip t c index 1 iifname wan* tcp dport 8080 accept"},
	{WEB, ON(be_zoned), "zones",
	 "into zone 5 of conntrack, and the answers of the target into "
	 "zone 7"},
	{WEB, ON(share_address), "private", "100.64.1.2, which the provider shares"},
	{WEB, ON(have_private_address), "private", "private address 10.1.2.3"},
	{WEB, ON(have_both), "", NULL},
	{WEB, ON(private_beside_default), "", NULL},
	{WEB " --from 10.0.0.0/8", ON(have_private_address), "", NULL},
	{WEB, ON(listen_on_80), "listener", "listens on port 80, which is now forwarded away"},
	{"wan0:80/udp 192.168.1.2", ON(listen_on_80), "", NULL},
	{"wan0:400-500 192.168.1.2", ON(listen_on_443), "", NULL},
	{":400-500 192.168.1.2", ON(listen_on_443), "listener", NULL},
	{"203.0.113.1:80 192.168.1.2", ON(listen_on_lan), "", NULL},
	{WEB, ON(forward_nothing), "forwarding", "sysctl -w net.ipv4.ip_forward=1"},
	{WEB, ON(forward_by_interface), "", NULL},
	{WEB, ON(shut_wan), "forwarding", "sysctl -w net.ipv4.conf.wan0.forwarding=1"},
	{WEB, ON(shut_lan), "forwarding", "sysctl -w net.ipv4.conf.lan0.forwarding=1"},
	{WEB, ON(shut_both), "forwarding", "wan0 and lan0 do not forward IPv4 packets"},
	{WEB, ON(shut_vm), "", NULL},
	{":80 192.168.1.2:8080", ON(shut_wan), "", NULL},
	{":80 192.168.1.2:8080", ON(forward_nothing), "forwarding", "net.ipv4.ip_forward=1"},
	{"203.0.113.1:80 192.168.1.2", ON(shut_wan), "forwarding", NULL},
	{HERE, ON(forward_nothing), "", NULL},
	{"wan0:80 192.168.1.1:8080", ON(forward_nothing), "", NULL},
	{SIX, ON(forward_nothing), "", NULL},
	{SIX, ON(shut_ipv6), "forwarding-ipv6", "with: sysctl -w net.ipv6.conf.all.forwarding=1"},
	{SIX, ON(shut_advertised), "forwarding-ipv6",
	 "sysctl -w net.ipv6.conf.wan0.accept_ra=2 net.ipv6.conf.all.forwarding=1"},
	{SIX, ON(shut_accepting), "forwarding-ipv6",
	 "with: sysctl -w net.ipv6.conf.all.forwarding=1"},
	{WEB, ON(shut_ipv6), "", NULL},
	{WEB, ON(know_no_route), "no-route", "no route to the target 192.168.1.2"},
	{WEB, ON(be_one_armed), "one-armed",
	 "pfwd add --replace wan0:80/tcp 192.168.1.2:8080 --masquerade"},
	{WEB " --masquerade", ON(be_one_armed), "", NULL},
	{WEB " --hairpin=192.168.1.0/24", ON(be_one_armed), "", NULL},
	{WEB " --hairpin=192.168.2.0/24", ON(be_one_armed), "one-armed", NULL},
	{WEB, ON(target_is_dead), "unreachable", "the target 192.168.1.2 does not answer on lan0"},
	{WEB, ON(router_is_dead), "unreachable", "the router to the target, 192.168.1.254 does"},
	{WEB, ON(other_is_dead), "", NULL},
	{WEB, ON(dead_behind_router), "", NULL},
	{WEB, ON(probe_well), "", NULL},
	{WEB, ON(probe_refused), "probe", "192.168.1.2:8080 refuses connections"},
	{SIX, ON(probe_silent), "probe", "[fd02::2]:8080 does not answer"},
	{WEB, ON(probe_unreachable), "probe", "cannot be reached from this host"},
	{WEB, ON(be_parent), "macvlan", "lan0 is the parent"},
	{WEB, ON(wan_is_parent), "", NULL},
	{WEB, ON(parent_behind_router), "", NULL},
	{HERE, ON(listen_on_loopback), "loopback", "let it listen on 0.0.0.0"},
	{WEB, ON(listen_on_loopback), "", NULL},
	{HERE, ON(listen_elsewhere), "no-listener",
	 "no program of this host listens on tcp port 8080 at an address of wan0, but at another"},
	{HERE, ON(listen_on_wan), "", NULL},
	{":80 :8080 -4", ON(listen_elsewhere), "", NULL},
	{HERE, ON(listen_nowhere), "no-listener", "listens on tcp port 8080"},
	{"wan0:80 192.168.1.1:8080", ON(listen_nowhere), "no-listener", NULL},
	{"wan0:80/sctp :8080", ON(listen_nowhere), "", NULL},
	{WEB, ON(listen_nowhere), "", NULL},
	{WEB, ON(answer_none), "unanswered", "has not answered 2 of 3 connections"},
	{"wan0:80/udp 192.168.1.2", ON(answer_none), "unanswered", NULL},
	{"wan0:514/udp 192.168.1.2", ON(answer_none), "", NULL},
	{"wan0:514 192.168.1.2", ON(answer_none), "unanswered", NULL},
	{WEB, ON(go_outside), "outside",
	 "this host is on no network of the target 192.168.1.2, and sends its packets by wan0"},
	{WEB, ON(go_outside_by_ppp), "outside", NULL},
	{SIX, ON(go_outside), "outside", NULL},
	{WEB " --masquerade", ON(go_outside_and_back), "", NULL},
	{WEB, ON(unplug_lan), "no-network",
	 "lan0, on whose network the target 192.168.1.2 is, has no carrier"},
	{WEB, ON(share_loopback), "", NULL},
	{"wan0:80 8.8.8.8:80 --masquerade", ON(go_outside), "", NULL},
	{WEB " --masquerade", ON(go_through_router), "", NULL},
	{WEB " --masquerade", ON(go_to_private_router), "private", NULL},
	{WEB " --masquerade", ON(lose_network), "no-network private",
	 "lan0, on whose network the target 192.168.1.2 is, is down; with: ip link set lan0 up"},
	{WEB, ON(lose_cable), "no-network private",
	 "lan0, on whose network the target 192.168.1.2 is, has no carrier: nothing is at its "
	 "other end; with: "},
	{WEB, ON(lose_all_ways), "no-network private", NULL},
	{WEB, ON(be_turned_away), "no-route", "but not for what comes in on wan0"},
	{WEB, ON(have_twin), "one-armed private",
	 "wan0 and lan0 have the same network, and the target's packets leave by wan0"},
	{WEB, ON(lose_addresses), "no-address",
	 "wan0 has no IPv4 address (yet): no client connects to it; with: "},
	{WEB, ON(lose_lease), "no-address", "; those of the Internet come by vm0"},
	{SIX, ON(lose_ipv6), "no-address", "wan0 has no IPv6 address"},
	{SIX, ON(keep_link_local), "no-address", NULL},
	{WEB, ON(lose_ipv6), "", NULL},
	{HERE " -6", ON(lose_ipv6), "no-listener", NULL},
	{HERE, ON(lose_addresses), "no-address", "wan0 has no address (yet)"},
	{"wan+:80 192.168.1.2:8080", ON(lose_addresses), "", NULL},
	{"wan0@203.0.113.1:80 192.168.1.2:8080", ON(lose_addresses), "", NULL},
	{"wan0@203.0.113.9:80 192.168.1.2", ON(addr_is_taken), "foreign-address",
	 "another host on the network of wan0 has it now; with: "},
	{"198.51.100.9:80 192.168.1.2", ON(addr_translated), "foreign-address",
	 "if the provider translates it to 10.1.2.3 of wan0"},
	{"wan0@198.51.100.9:80 192.168.1.2", ON(addr_behind), "foreign-address",
	 "whose packets this host sends on by wan0: none comes in there"},
	{"lan0@198.51.100.9:80 192.168.1.2 --masquerade", ON(addr_behind), "", NULL},
	{"198.51.100.9:80 192.168.1.2", ON(addr_behind), "", NULL},
	{WEB " --hairpin=192.168.1.0/24", ON(be_bridged), "hairpin-bridge",
	 "bridge link set dev vm0 hairpin on"},
	{WEB " --hairpin=192.168.1.0/24", ON(be_hairpinned), "", NULL},
	{WEB " --hairpin=192.168.1.0/24", ON(be_bridged_twice), "hairpin-bridge",
	 "which port that is shows once the target has sent something"},
	{WEB " --hairpin=192.168.1.0/24", ON(be_behind_port), "hairpin-bridge",
	 "with: bridge link set dev vm0 hairpin on"},
	{WEB " --hairpin=192.168.1.0/24", ON(be_behind_hairpin), "", NULL},
	{WEB " --hairpin=192.168.1.0/24", ON(be_routed), "", NULL},
	{WEB " --hairpin=172.17.0.0/16", ON(be_bridged), "", NULL},
	{WEB, ON(be_bridged), "", NULL},
	{WEB, ON(answer_all), "", NULL},
	{WEB, ON(answer_elsewhere), "reply-path",
	 "clients such as 198.51.100.7 leave by vm0, not by wan0"},
	{":80 192.168.1.2", ON(answer_elsewhere), "", NULL},
	{"wan+:80 192.168.1.2", ON(answer_elsewhere), "", NULL},
	{WEB, ON(answer_nowhere), "reply-path", "no route back to clients such as 198.51.100.7"},
	{WEB, ON(ask_nobody), "", NULL},
	{WEB, ON(filter_strictly), "rp-filter", "sysctl -w net.ipv4.conf.wan0.rp_filter=2"},
	{WEB, ON(filter_by_interface), "rp-filter", NULL},
	{WEB, ON(filter_this_host), "", NULL},
	{HERE, ON(filter_this_host), "rp-filter", NULL},
	{WEB, ON(filter_nothing), "", NULL},
	{WEB, ON(filter_others), "", NULL},
	{WEB, ON(be_nearly_full), "conntrack-full", "holds 900 of at most 1000"},
	{WEB, ON(be_rather_full), "", NULL},
	{WEB, ON(lack_conntrack), "", NULL},
	{"wan0:21 192.168.1.2", NULL, NULL, "helper", "CT --helper ftp"},
	{"wan0:21 192.168.1.2", ON(be_helped), "", NULL},
	{"wan0:21 192.168.1.2", ON(be_half_helped), "helper",
	 "conntrack's helper expects them, but rule 2 of chain x in table inet site stops them"},
	{"wan0:22 192.168.1.2", ON(be_half_helped), "", NULL},
	{"wan0:21/udp 192.168.1.2", NULL, NULL, "", NULL},
	{"wan0:20-30 192.168.1.2", NULL, NULL, "", NULL},
	{"wan0:69/udp 192.168.1.2", NULL, NULL, "helper", "CT --helper tftp"},
	{"lan0:53/udp 192.168.1.2", NULL, NULL, "one-armed own-address-only", NULL},
	{"203.0.113.1:53/udp 192.168.1.2", NULL, NULL, "", NULL},
	{"wan0:54/udp 192.168.1.2", NULL, NULL, "", NULL},
};

static void words_of(const struct results *results, char *out)
{
	for (size_t i = 0; i < results->row_count; i++)
		out = stpcpy(stpcpy(out, i ? " " : ""),
			     results->items[results->rows[i].result].finding->word);
}

static void check_row(void **state)
{
	const struct row *row = *state;
	struct results results;
	struct err err;
	const struct cases one = {&the_case, 1};
	char words[256] = "", text[1024] = "";
	reset(row->line);
	if (row->arrange)
		row->arrange();
	if (strcmp(forward.ifname, "lan0") == 0)
		back = leads("lan0");
	assert_int_equal(results_find(&facts, &one, &results, &err), 0);
	words_of(&results, words);
	if (results.count)
		snprintf(text, sizeof(text), "%s; with: %s", results.items[0].text,
			 results.items[0].remedy);
	results_free(&results);
	assert_string_equal(words, row->words);
	if (row->part && !strstr(text, row->part))
		fail_msg("'%s' is not in '%s'", row->part, text);
}

/* ---- several forwards ---- */

static void the_same_of_several_is_kept_once(void **state)
{
	(void)state;
	struct case_facts cases[3];
	const struct cases set = {cases, 3};
	struct results results;
	struct err err;
	reset(WEB);
	forward_nothing();
	cases[0] = cases[1] = cases[2] = the_case;
	cases[1].f = NULL; /* it was not selected */
	cases[2].conns = cases[2].unanswered = 1;
	assert_int_equal(results_find(&facts, &set, &results, &err), 0);
	assert_int_equal(results.count, 2);
	assert_int_equal(results.items[0].count, 2);
	assert_int_equal(results.items[0].first, 0);
	assert_int_equal(results.items[1].count, 1);
	assert_int_equal(results.items[1].first, 2);
	assert_int_equal(results.row_count, 3);
	results_free(&results);
	/* one of them is certain */
	facts.certain = true;
	assert_int_equal(results_find(&facts, &set, &results, &err), 0);
	assert_int_equal(results.row_count, 2);
	results_free(&results);
}

static void each_of_many_is_found_again(void **state)
{
	(void)state;
	enum { MANY = 500 };
	static struct case_facts cases[2 * MANY];
	const struct cases set = {cases, 2 * MANY};
	struct results results;
	struct err err;
	reset(WEB);
	for (size_t i = 0; i < 2 * MANY; i++) {
		cases[i] = the_case;
		cases[i].conns = cases[i].unanswered = i % MANY + 1;
	}
	assert_int_equal(results_find(&facts, &set, &results, &err), 0);
	assert_int_equal(results.count, MANY);
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(results.items[i].count, 2);
	results_free(&results);
}

static void each_finding_has_words(void **state)
{
	(void)state;
	for (const struct finding *f = findings; f->word; f++) {
		assert_non_null(f->look);
		assert_true(strlen(f->meaning) > 10);
		for (const struct finding *other = findings; other != f; other++)
			assert_string_not_equal(other->word, f->word);
	}
}

int main(void)
{
	struct rows rows = {0};
	for (size_t i = 0; i < ROWS_COUNT(rows_of_check); i++) {
		const struct row *row = &rows_of_check[i];
		char input[256];
		snprintf(input, sizeof(input), "%s%s%s", row->line, row->when ? ", " : "",
			 row->when ? row->when : "");
		rows_add(&rows, "check", input, check_row, row);
	}
	ROWS_ADD_TEST(&rows, the_same_of_several_is_kept_once);
	ROWS_ADD_TEST(&rows, each_of_many_is_found_again);
	ROWS_ADD_TEST(&rows, each_finding_has_words);
	return rows_run(&rows, "check");
}
