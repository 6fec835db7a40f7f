/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Forwards get through what others' chains of nf_tables drop, and who is banned there does not. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "../trouble.h"

static void serve(void)
{
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8080);
	town_serve(GATEWAY, IPPROTO_TCP, "0.0.0.0", 5353);
}

static void assert_open(void)
{
	assert_reaches(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, "server");
}

static void assert_shut(void)
{
	assert_refused(CLIENT, IPPROTO_TCP, "10.1.0.1", 80);
}

static const char drop_all[] =
	"for t in iptables-nft ip6tables-nft; do $t -P FORWARD DROP; $t -P INPUT DROP; "
	"$t -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT; done";

static void policies_of_iptables_nft_are_passed(void **state)
{
	(void)state;
	serve();
	town_sh("%s", drop_all);
	struct outcome before = town_rules_of_others();
	pfwd(0, "add wan0:80 192.168.1.2:8080");
	pfwd(0, "add wan0:81 :5353");
	assert_open();
	assert_reaches(CLIENT, IPPROTO_TCP, "10.1.0.1", 81, "gateway");
	/* nothing else got a way in */
	assert_refused(CLIENT, IPPROTO_TCP, "10.1.0.1", 5353);
	assert_refused(CLIENT, IPPROTO_TCP, "192.168.1.2", 8080);
	/* its tool still reads the table */
	assert_says(town_run("iptables-nft -S FORWARD").out, "--comment pfwd");
	assert_string_equal(town_rules_of_others().out, before.out);
	assert_string_equal(pfwd(0, "list -rn -o FORWARD,STATE").out,
			    "wan0:80/tcp active\nwan0:81/tcp active\n");
	pfwd(0, "del wan0:81");
	assert_open();
	pfwd(0, "del wan0:80");
	assert_nothing_left();
	assert_string_equal(town_rules_of_others().out, before.out);
}

/* Banned is 10.1.0.2, the client, by each of these. */
static const char *const bans[] = {
	/* in front, as fail2ban does; in a chain below; by a set; behind what is accepted */
	"iptables-nft -I FORWARD -s 10.1.0.2 -j DROP",
	"iptables-nft -N f2b; iptables-nft -A f2b -s 10.1.0.2 -j REJECT; iptables-nft -A f2b -j "
	"RETURN; iptables-nft -I FORWARD -j f2b",
	"iptables-nft -A FORWARD -s 10.1.0.2 -j DROP",
	"iptables-nft -A FORWARD -s 10.1.0.2 -j DROP; iptables-nft -A FORWARD -j REJECT",
	/* behind a chain that drops only what no forward is, as ufw has one */
	"iptables-nft -N far; iptables-nft -A far -m addrtype --dst-type UNICAST -j RETURN; "
	"iptables-nft -A far -j DROP; iptables-nft -I FORWARD -s 10.1.0.2 -j DROP; "
	"iptables-nft -I FORWARD -j far",
	"iptables-nft -A FORWARD -m recent --name bad --rcheck -j DROP; "
	"echo +10.1.0.2 >/proc/net/xt_recent/bad",
	"nft 'table inet bans { set bad { type ipv4_addr; elements = { 10.1.0.2 }; }\n"
	"chain c { type filter hook forward priority -10; ip saddr @bad drop; }\n}'",
	"nft 'table inet bans { set bad { type ipv4_addr; elements = { 10.1.0.2 }; }\n"
	"chain c { type filter hook prerouting priority -300; ip saddr @bad drop; }\n}'",
};

/* Whoever came first, and after the last forward went and came back. */
static void bans_hold(void **state)
{
	(void)state;
	serve();
	for (size_t i = 0; i < sizeof(bans) / sizeof(bans[0]); i++) {
		for (int pfwd_first = 0; pfwd_first < 2; pfwd_first++) {
			town_sh("nft flush ruleset; %s", drop_all);
			if (!pfwd_first)
				town_sh("%s", bans[i]);
			pfwd(0, "add wan0:80 192.168.1.2:8080");
			if (pfwd_first) {
				assert_open();
				town_sh("%s", bans[i]);
				pfwd(0, "add wan0:81 192.168.1.2:8080");
			}
			print_message("%s, pfwd %s\n", bans[i], pfwd_first ? "first" : "last");
			assert_shut();
			pfwd(0, "flush");
			pfwd(0, "add wan0:80 192.168.1.2:8080");
			assert_shut();
			town_sh("nft flush ruleset");
		}
	}
}

static const char own_chains[] =
	"nft 'table inet fw {\n"
	"chain forward { type filter hook forward priority 10; policy drop\n"
	"  ct state vmap { established : accept, related : accept, invalid : drop }\n"
	"  iifname \"lan0\" accept\n  meta l4proto icmpv6 accept\n  jump last; }\n"
	"chain last { log prefix \"no: \"\n  reject; }\n"
	"chain input { type filter hook input priority -5; policy drop\n"
	"  iif lo accept; ct state established,related accept\n  meta l4proto icmpv6 accept; }\n"
	"chain output { type filter hook output priority 0; policy drop\n"
	"  oif lo accept; ct state established,related accept\n  meta l4proto icmpv6 accept; }\n"
	"chain late { type filter hook postrouting priority 50; policy drop\n"
	"  ct state established,related accept\n  meta l4proto icmpv6 accept; }\n}'";

static void rules_by_hand_are_passed_on_every_hook(void **state)
{
	(void)state;
	serve();
	town_serve(SERVER, IPPROTO_TCP, "fd02::2", 8080);
	town_sh("%s", own_chains);
	struct outcome before = town_rules_of_others();
	pfwd(0, "add wan0:80 192.168.1.2:8080 --local");
	pfwd(0, "add wan0:80 [fd02::2]:8080");
	pfwd(0, "add wan0:81 :5353 -4");
	assert_open();
	assert_reaches(CLIENT, IPPROTO_TCP, "fd01::1", 80, "server");
	assert_reaches(CLIENT, IPPROTO_TCP, "10.1.0.1", 81, "gateway");
	assert_reaches(GATEWAY, IPPROTO_TCP, "10.1.0.1", 80, "server");
	assert_refused(CLIENT, IPPROTO_TCP, "10.1.0.1", 5353);
	assert_refused(CLIENT, IPPROTO_TCP, "192.168.1.2", 8080);
	assert_string_equal(town_rules_of_others().out, before.out);
	pfwd(0, "flush");
	assert_nothing_left();
	assert_string_equal(town_rules_of_others().out, before.out);
}

/* list says who stops them; any change, or apply, mends. */
/* As keepalived does with its address, if that is for forwards alone (no_accept). */
static void an_address_that_is_shut_is_passed_both_ways(void **state)
{
	(void)state;
	serve();
	town_sh("nft 'table ip vrrp { set vips { type ipv4_addr; elements = { 10.1.0.1 }; }\n"
		"chain out { type filter hook output priority -1; ip saddr @vips drop; }\n"
		"chain in { type filter hook input priority -1; ip daddr @vips drop; }\n}'");
	pfwd(0, "add wan0:81 :5353");
	assert_reaches(CLIENT, IPPROTO_TCP, "10.1.0.1", 81, "gateway");
	assert_refused(CLIENT, IPPROTO_TCP, "10.1.0.1", 5353);
	pfwd(0, "flush");
	assert_nothing_left();
}

static void a_firewall_that_starts_anew_blocks_until_mended(void **state)
{
	(void)state;
	serve();
	town_sh("%s", own_chains);
	pfwd(0, "add wan0:80 192.168.1.2:8080");
	pfwd(0, "save /run/forwards");
	static const char *const mend[] = {"add wan0:82 192.168.1.2:8080", "apply /run/forwards"};
	for (size_t i = 0; i < 2; i++) {
		town_sh("nft delete table inet fw; %s", own_chains);
		assert_shut();
		assert_string_equal(pfwd(0, "list -rn -o FORWARD,STATE").out,
				    i == 0 ? "wan0:80/tcp blocked\n"
					   : "wan0:80/tcp blocked\nwan0:82/tcp blocked\n");
		assert_says(pfwd(1, "diff /run/forwards").out, "wan0:80/tcp");
		pfwd(0, "%s", mend[i]);
		assert_open();
		assert_says(pfwd(0, "list -rn -o FORWARD,STATE").out, "wan0:80/tcp active\n");
	}
}

/* A rule of somebody's behind pfwd's that stops some clients: it has to hold. */
static void a_guest_moves_behind_bans(void **state)
{
	(void)state;
	serve();
	town_sh("%s", drop_all);
	pfwd(0, "add wan0:80 192.168.1.2:8080");
	town_sh("iptables-nft -A FORWARD -s 10.1.0.2 -j DROP");
	pfwd(0, "add wan0:82 192.168.1.2:8080");
	assert_shut();
	assert_string_equal(pfwd(0, "list -rn -o STATE").out, "active\nactive\n");
	town_sh("iptables-nft -D FORWARD -s 10.1.0.2 -j DROP");
	assert_open();
}

/* What passes somebody's marks and connections by pfwd's two chains is as it was. */
static void marks_of_others_stay(void **state)
{
	(void)state;
	serve();
	town_sh("%s; nft 'table inet marks {\n"
		"chain pre { type filter hook prerouting priority mangle; meta mark set 0x7\n }\n"
		"chain post { type filter hook postrouting priority mangle\n"
		"  meta mark 0x7 counter; meta mark != 0x7 ct direction original iif wan0 counter\n"
		"}\n}'",
		drop_all);
	pfwd(0, "add wan0:80 192.168.1.2:8080");
	assert_open();
	struct outcome o = town_run("nft list chain inet marks post");
	assert_silent(o.out, "meta mark 0x00000007 counter packets 0 ");
	assert_says(o.out, "iif \"wan0\" counter packets 0 ");
}

/* Chains that no packet of a forward passes, or that stop none, are left alone. */
static void chains_that_stop_nothing_get_no_rule(void **state)
{
	(void)state;
	serve();
	static const char *const chains[] = {
		"type filter hook forward priority 0; ip saddr 10.9.0.0/16 drop;",
		"type filter hook forward priority 0; policy drop; ct status dnat accept;",
		"type filter hook forward priority 0; policy drop; iifname wan0 oifname lan0 "
		"accept; iifname wan0 accept; ct state established accept;",
		"type filter hook forward priority 0; policy drop; ct state { established, related "
		"} accept; oifname lan0 accept;",
		"type filter hook forward priority 0; policy drop; ct state vmap { established : "
		"accept, related : accept, invalid : drop }; oifname lan0 accept;",
		/* by the route to the target */
		"type filter hook forward priority 0; policy drop; oifname lan0 accept; "
		"iifname lan0 oifname wan0 accept;",
		"type filter hook forward priority 0; oifname dmz0 reject;",
		"type filter hook forward priority 0; iifname lan0 ct state new drop;",
		"type filter hook input priority 0; policy drop;",
		"type filter hook output priority 0; policy drop;",
	};
	for (size_t i = 0; i < sizeof(chains) / sizeof(chains[0]); i++) {
		town_sh("nft 'table inet fw { chain c { %s\n}\n}'", chains[i]);
		pfwd(0, "add wan0:80 192.168.1.2:8080");
		if (strstr(town_run("nft list table inet fw").out, "pfwd"))
			fail_msg("a rule was put into: %s", chains[i]);
		assert_reaches(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, "server at");
		town_sh("nft delete table inet fw");
		pfwd(0, "flush");
	}
}

/* Only the program that made it could let forwards through: said, with firewalld's own words. */
static void a_table_with_an_owner_is_named(void **state)
{
	(void)state;
	town_sh("(echo 'add table inet firewalld { flags owner; }'; "
		"echo 'add chain inet firewalld f { type filter hook forward priority 10; policy "
		"drop; }'; sleep 2) | nft -i >/dev/null 2>&1 &");
	town_await("nft list chain inet firewalld f >/dev/null 2>&1");
	struct outcome o = pfwd(0, "add wan0:80 192.168.1.2:8080");
	assert_says(o.err, "the policy of chain f in table inet firewalld stops its connections");
	assert_says(o.err, "StrictForwardPorts=no");
	assert_string_equal(pfwd(0, "list -rn -o STATE").out, "blocked\n");
	pfwd(0, "save /run/f");
	assert_string_equal(pfwd(0, "diff /run/f").out, "");
	town_await("! nft list table inet firewalld >/dev/null 2>&1");
	assert_string_equal(pfwd(0, "list -rn -o STATE").out, "active\n");
}

#define STORY(f) cmocka_unit_test_teardown(f, town_clean)

int main(void)
{
	const struct CMUnitTest stories[] = {
		STORY(policies_of_iptables_nft_are_passed),
		STORY(bans_hold),
		STORY(rules_by_hand_are_passed_on_every_hook),
		STORY(an_address_that_is_shut_is_passed_both_ways),
		STORY(a_firewall_that_starts_anew_blocks_until_mended),
		STORY(a_guest_moves_behind_bans),
		STORY(marks_of_others_stay),
		STORY(chains_that_stop_nothing_get_no_rule),
		STORY(a_table_with_an_owner_is_named),
	};
	return cmocka_run_group_tests(stories, town_build, town_raze);
}
