/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whom a rule that drops is taken to stop: every client, some clients, or nobody knows. The rules
 * are written by iptables and by nft, so the bytes are those of the programs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "nftables/others.h"
#include "xtables/tables.h"

enum kind {
	ALL,
	SOME,
	DOUBT,
	NOBODY, /* of a forward to port 8080/tcp */
};

struct row {
	const char *rule;
	enum kind kind;
};

/* What iptables takes, between "-A FORWARD" and "-j DROP". */
static const struct row xtables_rows[] = {
	{"-p tcp", ALL},
	{"-p tcp --dport 8080", ALL},
	{"-p tcp --dport 22", NOBODY},
	{"-p tcp ! --dport 22", ALL},
	{"-p tcp -m multiport --ports 135,139,445", NOBODY},
	{"-p tcp -m multiport --dports 22,8080", ALL},
	{"-m conntrack --ctstate NEW", ALL},
	{"-m conntrack --ctstate INVALID", NOBODY},
	{"-m addrtype --dst-type LOCAL", NOBODY},
	{"-m recent --set --name seen", ALL},
	{"-m comment --comment why", ALL},
	{"-p icmp -m icmp --icmp-type 8", NOBODY},
	{"-p tcp --sport 0", NOBODY},
	{"-m pkttype --pkt-type broadcast", NOBODY},
	{"-m pkttype ! --pkt-type unicast", NOBODY},
	{"-m pkttype --pkt-type unicast", ALL},
	{"-m addrtype --src-type BROADCAST", NOBODY},
	{"-s 224.0.0.0/4", NOBODY},
	{"-s 127.0.0.0/8", NOBODY},
	{"-m addrtype --src-type LOCAL", SOME},
	{"! -s 224.0.0.0/4", SOME},
	{"-s 10.1.0.2", SOME},
	{"! -s 10.1.0.0/24", SOME},
	{"-m iprange --src-range 10.1.0.2-10.1.0.9", SOME},
	{"-m recent --rcheck --name seen", SOME},
	{"-m limit --limit 9/s", SOME},
	{"-p tcp -m connlimit --connlimit-above 9", SOME},
	{"-m hashlimit --hashlimit-above 9/s --hashlimit-name h --hashlimit-mode srcip", SOME},
	{"-m mac --mac-source 02:00:00:00:00:01", SOME},
	{"-m statistic --mode random --probability 0.5", SOME},
	{"-m quota --quota 1000", SOME},
	{"-m string --algo bm --string x", SOME},
	{"-m length --length 0:40", SOME},
	{"-m ttl --ttl-lt 5", SOME},
	{"-m conntrack --ctorigsrc 10.1.0.2", SOME},
	{"-p tcp --sport 53", SOME},
	{"-p tcp --sport 1:1023", SOME},
	{"-m mark --mark 0x1/0xff", SOME},
	{"-m connmark --mark 0x1", SOME},
	{"-m mark ! --mark 0x0", SOME},
	{"-m mark ! --mark 0x1/0xff", DOUBT},
	{"-m mark --mark 0x0", DOUBT},
	{"-m connmark ! --mark 0x1", DOUBT},
	{"-p tcp --sport 1024:65535", DOUBT},
	{"-p tcp ! --sport 53", DOUBT},
	{"-p tcp -m multiport --sports 1024:65535", DOUBT},
	{"-m policy --dir in --pol none", DOUBT},
	{"-m policy --dir in --pol ipsec", DOUBT},
	{"-m conntrack --ctstatus NONE", DOUBT},
	{"-m physdev --physdev-is-bridged", DOUBT},
	{"-m time --timestart 10:00 --timestop 11:00", DOUBT},
	{"-m helper --helper ftp", DOUBT},
	{"-m u32 --u32 '0&0xff=0'", DOUBT},
	/* what limits clients does so whatever else is asked */
	{"-s 10.1.0.2 -m policy --dir in --pol none", SOME},
};

/* The same for ip6tables. */
static const struct row ipv6_rows[] = {
	{"-p tcp", ALL},
	{"-m rt --rt-type 0", SOME},
	{"-m frag --fraglast", SOME},
	{"-m hl --hl-lt 5", SOME},
	{"-s fd01::2", SOME},
	{"-s ff00::/8", NOBODY},
	{"-p ipv6-icmp", NOBODY},
	{"-m policy --dir in --pol none", DOUBT},
};

/* What nft takes before "drop". */
static const struct row nft_rows[] = {
	{"meta l4proto tcp", ALL},
	{"tcp dport 8080", ALL},
	{"tcp dport 22", NOBODY},
	{"tcp dport != 22", ALL},
	{"tcp dport != 20-25", ALL},
	{"tcp dport != 8000-9000", NOBODY},
	{"tcp dport { 22, 8080 }", ALL},
	{"ct state new", ALL},
	{"ct state invalid", NOBODY},
	{"ct direction original", ALL},
	{"ct direction reply", NOBODY},
	{"log counter", ALL},
	{"icmp type echo-request", NOBODY},
	{"tcp sport 0", NOBODY},
	{"meta pkttype broadcast", NOBODY},
	{"meta pkttype unicast", ALL},
	{"ip saddr 224.0.0.0/4", NOBODY},
	{"ip saddr 127.0.0.0/8", NOBODY},
	{"ip saddr 10.1.0.2", SOME},
	{"ip saddr != 10.1.0.0/24", SOME},
	{"ip saddr 10.1.0.2-10.1.0.9", SOME},
	{"ip saddr != 10.1.0.2-10.1.0.9", SOME},
	{"ip saddr { 10.1.0.2, 10.1.0.3 }", SOME},
	{"ip saddr . tcp dport { 10.1.0.2 . 8080 }", SOME},
	{"limit rate over 9/second", SOME},
	{"ct count over 9", SOME},
	{"quota over 9 mbytes", SOME},
	{"limit name slow", SOME},
	{"numgen random mod 2 0", SOME},
	{"meta length 0-40", SOME},
	{"ip ttl < 5", SOME},
	{"tcp option maxseg size 1-500", SOME},
	{"ct original ip saddr 10.1.0.2", SOME},
	{"fib saddr . iif oif missing", SOME},
	{"tcp sport 53", SOME},
	{"tcp sport 1-1023", SOME},
	{"meta mark & 0xff == 0x1", SOME},
	{"ct mark 0x1", SOME},
	{"meta mark != 0x0", SOME},
	{"meta mark != 0x1", DOUBT},
	{"meta mark 0x0", DOUBT},
	{"ct mark != 0x1", DOUBT},
	{"meta mark > 0x1", DOUBT},
	{"tcp sport 1024-65535", DOUBT},
	{"tcp sport != 53", DOUBT},
	{"tcp sport { 1024-65535 }", DOUBT},
	{"meta ipsec missing", DOUBT},
	{"ipsec in reqid 1", DOUBT},
	{"ct status assured", DOUBT},
	{"meta hour \"10:00\"-\"11:00\"", DOUBT},
	{"iifgroup 0", DOUBT},
	{"rt classid 0", DOUBT},
	{"ip saddr 10.1.0.2 meta ipsec missing", SOME},
};

static enum kind kind_of(const struct filter_chain *chain, enum family family)
{
	struct network server = {{FAMILY_IPV4, {192, 168, 1, 2}}, 32};
	if (family == FAMILY_IPV6)
		server = (struct network){{FAMILY_IPV6, {0xfd, 0x02, [15] = 2}}, 128};
	const struct filter_flow flow = {.family = family,
					 .proto = PROTO_TCP,
					 .in = "wan0",
					 .dst = server,
					 .ports = {8080, 8080},
					 .original = {80, 80}};
	if (filter_place(&(struct filter_base){chain, 1, 0}, &flow).end == FILTER_CLOSED)
		return ALL;
	struct filter_limits limits =
		filter_limits(&(struct filter_base){chain, 1, 0}, &flow, FILTER_NO_RULE);
	if (limits.some != FILTER_NO_RULE)
		return SOME;
	return limits.doubted != FILTER_NO_RULE ? DOUBT : NOBODY;
}

static void run(const char *before, const struct row *row, const char *behind)
{
	char command[512];
	snprintf(command, sizeof(command), "%s%s%s", before, row->rule, behind);
	if (system(command) != 0)
		fail_msg("%s", command);
}

static void assert_kind(const struct row *row, enum kind kind)
{
	static const char *const names[] = {"all", "some", "doubt", "nobody"};
	if (kind != row->kind)
		fail_msg("%s: %s", row->rule, names[kind]);
}

static void judge_legacy(const char *flush, enum family family, const struct row *row)
{
	struct state filter;
	struct err err;
	run(flush, row, " -j DROP");
	struct tables *tables = tables_open(family, TABLE_FILTER, &err);
	if (!tables || tables_read(tables, &filter, &err) < 0)
		fail_msg("%s", err.text);
	const struct foreign *foreign = &filter.foreign;
	const struct foreign_chain *c = &foreign->chains[foreign_find(foreign, "FORWARD")];
	const struct filter_chain chain = {c->rules, c->count, false};
	assert_int_equal(c->count, 1);
	assert_kind(row, kind_of(&chain, family));
	state_free(&filter);
	tables_close(tables);
}

static void legacy_rules_are_judged(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(xtables_rows) / sizeof(xtables_rows[0]); i++)
		judge_legacy("iptables-legacy -F; iptables-legacy -A FORWARD ", FAMILY_IPV4,
			     &xtables_rows[i]);
	for (size_t i = 0; i < sizeof(ipv6_rows) / sizeof(ipv6_rows[0]); i++)
		judge_legacy("ip6tables-legacy -F; ip6tables-legacy -A FORWARD ", FAMILY_IPV6,
			     &ipv6_rows[i]);
	assert_int_equal(system("iptables-legacy -F; ip6tables-legacy -F"), 0);
}

static void assert_nft_kind(const struct row *row, enum family family)
{
	struct others others;
	assert_int_equal(others_read(&others), 0);
	assert_int_equal(others.count, 1);
	const struct filter_chain chain = {others.chains[0].rules, others.chains[0].count, false};
	assert_int_equal(chain.count, 1);
	assert_kind(row, kind_of(&chain, family));
	others_free(&others);
}

static void rules_of_nft_are_judged(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(nft_rows) / sizeof(nft_rows[0]); i++) {
		run("nft 'flush ruleset; table ip t { limit slow { rate over 9/second; }\n"
		    "chain c { type filter hook forward priority 0; ",
		    &nft_rows[i], " drop; }\n}'");
		assert_nft_kind(&nft_rows[i], FAMILY_IPV4);
	}
}

/* Some matches it writes as nft does, others as iptables-legacy. */
static void rules_of_iptables_nft_are_judged(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(xtables_rows) / sizeof(xtables_rows[0]); i++) {
		run("nft 'flush ruleset; table ip filter { chain FORWARD { type filter hook "
		    "forward "
		    "priority 0; }\n}'; iptables-nft -A FORWARD ",
		    &xtables_rows[i], " -j DROP");
		assert_nft_kind(&xtables_rows[i], FAMILY_IPV4);
	}
	for (size_t i = 0; i < sizeof(ipv6_rows) / sizeof(ipv6_rows[0]); i++) {
		run("nft 'flush ruleset; table ip6 filter { chain FORWARD { type filter hook "
		    "forward priority 0; }\n}'; ip6tables-nft -A FORWARD ",
		    &ipv6_rows[i], " -j DROP");
		assert_nft_kind(&ipv6_rows[i], FAMILY_IPV6);
	}
	assert_int_equal(system("nft flush ruleset"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(legacy_rules_are_judged),
		cmocka_unit_test(rules_of_nft_are_judged),
		cmocka_unit_test(rules_of_iptables_nft_are_judged),
	};
	return cmocka_run_group_tests_name("kind", tests, NULL, NULL);
}
