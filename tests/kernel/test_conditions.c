/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What rules ask is read as what it means for packet filters, and for rules that translate. The
 * rules are written by iptables and by nft, so the bytes are those of the programs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "model/backend.h"
#include "nftables/backend.h"
#include "nftables/early.h"
#include "xtables/backend.h"
#include "xtables/early.h"

struct row {
	const char *rule;   /* without what it does */
	const char *filter; /* what a rule is that drops */
	/* What a rule is that translates, "; " between several values; in parentheses what is not
	 * told, as the program that made the rule writes it. NULL: it cannot translate. */
	const char *others;
};

static const struct row options[] = {
	{"-i eth0", "in eth0", "in eth0"},
	{"! -i ppp+", "not in ppp+", "not in ppp+ inexact (! -i ppp+)"},
	{"-s 10.0.0.0/8 -d 203.0.113.1", "src 10.0.0.0/8 dst 203.0.113.1/32",
	 "src 10.0.0.0/8 dst 203.0.113.1/32"},
	{"! -s 10.0.0.0/8 ! -d 203.0.113.0/24", "not src 10.0.0.0/8 not dst 203.0.113.0/24",
	 "not src 10.0.0.0/8 not dst 203.0.113.0/24 inexact (! -s 10.0.0.0/8)"},
	{"-s 10.0.0.1/255.0.0.255", "limited", "vague (-s with a mask of gaps)"},
	{"-d 10.0.0.1/255.0.0.255", "destination unsure", "vague (-d with a mask of gaps)"},
	{"-p icmp", "never", "any vague (-p 1)"},
	{"-p icmp --icmp-type 8", "never", "any vague (-p 1)"},
	{"! -p tcp", "unsure", "vague (! -p tcp)"},
	{"! -p icmp", "", "vague (! -p 1)"},
	{"-f", "never", "vague (-f)"},
	{"-p tcp --dport 80", "tcp ports 80", "tcp ports 80"},
	{"-p tcp ! --dport 80:90", "tcp not ports 80-90", "tcp vague (! --dport 80:90)"},
	{"-p udp --sport 1000:2000", "udp from 1000-2000", "udp vague (--sport 1000:2000)"},
	{"-p udp --sport 0", "udp never", "udp vague (--sport)"},
	{"-p udp ! --dport 53", "udp not ports 53", "udp vague (! --dport 53)"},
	{"-p sctp --dport 80", "sctp ports 80", "sctp ports 80"},
	{"-p sctp ! --sport 80", "sctp not from 80", "sctp vague (! --sport 80)"},
	{"-p sctp --chunk-types all INIT", "sctp doubtful", "sctp vague (--chunk-types)"},
	{"-p tcp --syn", "tcp not reply", "tcp NEW"},
	{"-p tcp ! --syn", "tcp not plain not translated", "tcp vague (! --tcp-flags)"},
	{"-p tcp --tcp-flags SYN,ACK SYN,ACK", "tcp not plain not translated",
	 "tcp vague (--tcp-flags)"},
	{"-p tcp --tcp-option 8", "tcp limited", "tcp vague (--tcp-option)"},
	{"-p tcp -m multiport --dports 80,90:95", "tcp ports 80-95 unsure",
	 "tcp ports 80; tcp ports 90-95"},
	{"-p tcp -m multiport --dports 80", "tcp ports 80", "tcp ports 80"},
	{"-p tcp -m multiport ! --dports 80,90", "tcp unsure", "tcp vague (! --dports 80,90)"},
	{"-p tcp -m multiport ! --dports 80", "tcp not ports 80", "tcp vague (! --dports 80)"},
	{"-p tcp -m multiport --sports 80", "tcp from 80", "tcp vague (--sports 80)"},
	{"-p tcp -m multiport --ports 80", "tcp ports 80", "tcp vague (--ports 80)"},
	{"-m state --state NEW", "not reply not related", "NEW"},
	{"-m conntrack --ctstate NEW,UNTRACKED", "not reply not related", "NEW"},
	{"-m conntrack --ctstate RELATED,ESTABLISHED", "not plain not translated",
	 "ESTABLISHED RELATED"},
	{"-m conntrack --ctstate INVALID", "not plain not translated not reply not related",
	 "vague (--ctstate)"},
	{"-m conntrack ! --ctstate INVALID", "", "vague (! --ctstate)"},
	{"-m conntrack --ctstate DNAT", "not plain", "DNAT"},
	{"-m conntrack ! --ctstate DNAT", "not translated not reply not related",
	 "vague (! --ctstate)"},
	{"-m conntrack --ctstate SNAT", "not plain not translated not reply not related",
	 "vague (--ctstate)"},
	{"-m conntrack --ctproto tcp", "tcp", "tcp"},
	{"-m conntrack --ctdir ORIGINAL", "not reply", "vague (--ctdir ORIGINAL)"},
	{"-m conntrack --ctdir REPLY", "not plain not translated", "vague (! --ctdir ORIGINAL)"},
	{"-m conntrack --ctorigsrc 10.0.0.0/8", "limited", "vague (-m conntrack)"},
	{"-m conntrack --ctorigdst 10.0.0.0/8", "unsure", "vague (-m conntrack)"},
	{"-m conntrack --ctorigdstport 80:90", "original 80-90", "vague (--ctorigdstport 80:90)"},
	{"-m conntrack ! --ctorigdstport 80", "unsure", "vague (! --ctorigdstport 80)"},
	{"-m conntrack --ctstatus ASSURED", "doubtful", "vague (-m conntrack)"},
	{"-m addrtype --dst-type LOCAL", "not away", "here"},
	{"-m addrtype ! --dst-type LOCAL", "not here", "vague (! -m addrtype --dst-type)"},
	{"-m addrtype --dst-type UNICAST,LOCAL", "", "vague (-m addrtype --dst-type)"},
	{"-m addrtype --dst-type BROADCAST", "not here not away", "vague (-m addrtype --dst-type)"},
	{"-m addrtype --src-type LOCAL", "limited", "vague (-m addrtype --src-type)"},
	{"-m addrtype --src-type BROADCAST", "never", "vague (-m addrtype --src-type)"},
	{"-m addrtype ! --src-type UNICAST", "limited", "vague (! -m addrtype --src-type)"},
	{"-m addrtype --dst-type LOCAL --limit-iface-in", "unsure not away",
	 "here vague (-m addrtype --limit-iface)"},
	{"-m iprange --src-range 10.0.0.1-10.0.0.4", "limited",
	 "src 10.0.0.1/32; src 10.0.0.2/31; src 10.0.0.4/32"},
	{"-m iprange --dst-range 10.0.0.1-10.0.0.4", "destination unsure",
	 "dst 10.0.0.1/32; dst 10.0.0.2/31; dst 10.0.0.4/32"},
	{"-m iprange ! --dst-range 10.0.0.0-10.0.0.255", "not dst 10.0.0.0/24",
	 "not dst 10.0.0.0/24 inexact (! --dst-range 10.0.0.0/24)"},
	{"-m recent --set --name a", "", ""},
	{"-m recent --rcheck --name a", "limited", "vague (-m recent)"},
	{"-m limit --limit 5/s", "limited", "vague (-m limit)"},
	{"-m mark --mark 5/0xff", "limited", "vague (--mark 0x5/0xff)"},
	{"-m mark ! --mark 5", "doubtful", "vague (! --mark 0x5)"},
	{"-m comment --comment hi", "", "\"hi\""},
	{"-m length --length 100", "limited", "vague (-m length)"},
	{"-m connmark --mark 5", "limited", "vague (-m connmark --mark 0x5)"},
	{"-m connmark ! --mark 5", "doubtful", "vague (! -m connmark --mark 0x5)"},
	{"-m policy --dir in --pol none", "doubtful", "vague (-m policy)"},
	{"-m statistic --mode random --probability 0.5", "limited", "share inexact (-m statistic)"},
};

static const struct row options6[] = {
	{"-s fd00::/8 ! -d fd02::2", "src fd00::/8 not dst fd02::2/128",
	 "src fd00::/8 not dst fd02::2/128 inexact (! -d fd02::2/128)"},
	{"-p icmpv6", "never", "any vague (-p 58)"},
	{"-p icmpv6 --icmpv6-type 1", "never", "any vague (-p 58)"},
	{"-m iprange --dst-range fd00::1-fd00::4", "destination unsure",
	 "dst fd00::1/128; dst fd00::2/127; dst fd00::4/128"},
};

static const struct row expressions[] = {
	{"iifname \"eth0\"", "in eth0", "in eth0"},
	{"iifname \"ppp*\"", "in ppp+", "in ppp+"},
	{"iifname != \"lan0\"", "not in lan0", "not in lan0 inexact (iifname != \"lan0\")"},
	{"iif lo", "in lo", "in lo"},
	{"iif != lo", "not in lo", "not in lo inexact (iif != \"lo\")"},
	{"iifname { \"lan0\", \"lan1\" }", "unsure", "in lan0; in lan1"},
	{"meta nfproto ipv4", "IPv4", "IPv4"},
	{"meta nfproto != ipv4", "IPv6", "IPv6"},
	{"meta protocol ip", "IPv4", "IPv4"},
	{"meta protocol != ip", "IPv6", "IPv6"},
	{"meta protocol arp", "never", NULL},
	{"meta l4proto tcp", "tcp", "tcp"},
	{"meta l4proto != tcp", "unsure", "vague (meta l4proto != tcp)"},
	{"meta l4proto != icmp", "", "vague (meta l4proto != 1)"},
	{"meta l4proto icmp", "never", "any vague (meta l4proto 1)"},
	{"meta l4proto { tcp, udp }", "unsure", "tcp; udp"},
	{"ip protocol tcp", "IPv4 tcp", "IPv4 tcp"},
	{"ip6 nexthdr udp", "IPv6 udp", "IPv6 udp"},
	{"ip saddr 10.0.0.0/8", "IPv4 src 10.0.0.0/8", "IPv4 src 10.0.0.0/8"},
	{"ip saddr 10.0.0.0/8 ip daddr 203.0.113.1", "IPv4 src 10.0.0.0/8 dst 203.0.113.1/32",
	 "IPv4 src 10.0.0.0/8 dst 203.0.113.1/32"},
	{"ip saddr 10.0.0.1 ip daddr 203.0.113.1", "IPv4 src 10.0.0.1/32 dst 203.0.113.1/32",
	 "IPv4 src 10.0.0.1/32 dst 203.0.113.1/32"},
	{"ip saddr != 10.0.0.0/8", "IPv4 not src 10.0.0.0/8",
	 "IPv4 not src 10.0.0.0/8 inexact (ip saddr != 10.0.0.0/8)"},
	{"ip daddr != 10.0.0.0/8", "IPv4 not dst 10.0.0.0/8",
	 "IPv4 not dst 10.0.0.0/8 inexact (ip daddr != 10.0.0.0/8)"},
	{"ip6 saddr fd00::/8", "IPv6 src fd00::/8", "IPv6 src fd00::/8"},
	{"ip6 daddr fd00::1", "IPv6 dst fd00::1/128", "IPv6 dst fd00::1/128"},
	{"ip saddr 10.0.0.1-10.0.0.4", "IPv4 limited",
	 "IPv4 src 10.0.0.1/32; IPv4 src 10.0.0.2/31; IPv4 src 10.0.0.4/32"},
	{"ip daddr 10.0.0.1-10.0.0.4", "IPv4 destination unsure",
	 "IPv4 dst 10.0.0.1/32; IPv4 dst 10.0.0.2/31; IPv4 dst 10.0.0.4/32"},
	{"ip daddr 10.0.0.0-10.0.0.127", "IPv4 dst 10.0.0.0/25", "IPv4 dst 10.0.0.0/25"},
	{"ip daddr != 10.0.0.1-10.0.0.4", "IPv4 destination unsure",
	 "IPv4 vague (ip daddr != 10.0.0.1-10.0.0.4)"},
	{"ip saddr != 10.0.0.1-10.0.0.4", "IPv4 limited",
	 "IPv4 vague (ip saddr != 10.0.0.1-10.0.0.4)"},
	{"ip saddr & 255.0.0.255 == 10.0.0.1", "IPv4 limited", "IPv4 vague (ip saddr)"},
	{"ip daddr & 255.0.0.255 == 10.0.0.1", "IPv4 destination unsure", "IPv4 vague (ip daddr)"},
	{"ip saddr { 10.0.0.1, 10.0.0.2 }", "IPv4 source unsure",
	 "IPv4 src 10.0.0.1/32; IPv4 src 10.0.0.2/32"},
	{"ip daddr { 10.0.0.1, 10.0.0.2 }", "IPv4 destination unsure",
	 "IPv4 dst 10.0.0.1/32; IPv4 dst 10.0.0.2/32"},
	{"tcp dport 80", "tcp ports 80", "tcp ports 80"},
	{"tcp dport 80-90", "tcp ports 80-90", "tcp ports 80-90"},
	{"tcp dport >= 1024", "tcp ports 1024-65535", "tcp ports 1024-65535"},
	{"tcp dport < 1024", "tcp ports 1-1023", "tcp ports 1-1023"},
	{"tcp dport != 22", "tcp not ports 22", "tcp vague (tcp dport != 22)"},
	{"tcp dport != 80-90", "tcp not ports 80-90", "tcp vague (tcp dport != 80-90)"},
	{"tcp sport 80", "tcp from 80", "tcp vague (tcp sport 80)"},
	{"tcp sport 1024 tcp dport 80", "tcp ports 80 from 1024",
	 "tcp ports 80 vague (tcp sport 1024)"},
	{"tcp sport 1000-2000", "tcp from 1000-2000", "tcp vague (tcp sport 1000-2000)"},
	{"tcp dport & 1 == 0", "tcp unsure", "tcp vague (tcp dport)"},
	{"th dport 80", "ports 80", "ports 80"},
	{"udp dport { 53, 80-90 }", "udp unsure", "udp ports 53; udp ports 80-90"},
	{"udp length 100", "udp limited", "udp vague (@payload)"},
	{"tcp flags syn / fin,syn,rst,ack", "tcp not reply", "tcp NEW"},
	{"tcp flags syn,ack / syn,ack", "tcp not plain not translated", "tcp vague (tcp flags)"},
	{"tcp flags & (fin|syn|rst|ack) != syn", "tcp not plain not translated",
	 "tcp vague (tcp flags != ...)"},
	{"tcp flags syn", "tcp", "tcp vague (tcp flags != ...)"},
	{"tcp option maxseg size 1-500", "limited", "vague (exthdr)"},
	{"tcp dport 80 tcp option maxseg size 1-500", "tcp ports 80 limited",
	 "tcp ports 80 vague (exthdr)"},
	{"tcp dport 80 tcp option maxseg exists", "tcp ports 80 limited",
	 "tcp ports 80 vague (exthdr)"},
	{"ct state new", "not reply not related", "NEW"},
	{"ct state new,untracked", "not reply not related", "NEW"},
	{"ct state established,related", "not plain not translated", "ESTABLISHED RELATED"},
	{"ct state invalid", "not plain not translated not reply not related", "vague (ct state)"},
	{"ct state != new", "not plain not translated", "vague (ct state != ...)"},
	{"ct state ! new", "not plain not translated", "vague (ct state != ...)"},
	{"ct state != established,related", "unsure", "vague (ct state != ...)"},
	{"ct state == new", "not reply not related", "NEW"},
	{"ct state { new, established }", "unsure states", "ESTABLISHED; NEW"},
	{"ct status dnat", "not plain", "DNAT"},
	{"ct status ! dnat", "not translated not reply not related", "vague (ct status != ...)"},
	{"ct status & (dnat) == dnat", "not plain", "DNAT"},
	{"ct status snat", "doubtful", "vague (ct status != ...)"},
	{"ct status assured", "doubtful", "vague (ct status != ...)"},
	{"ct direction original", "not reply", "vague (ct direction original)"},
	{"ct direction reply", "not plain not translated", "vague (ct direction != original)"},
	{"ct direction != reply", "not reply", "vague (ct direction original)"},
	{"meta l4proto tcp ct original proto-dst 80", "tcp original 80",
	 "tcp vague (ct original proto-dst 80)"},
	{"meta l4proto tcp ct original proto-dst 80-90", "tcp original 80-90",
	 "tcp vague (ct original proto-dst 80-90)"},
	{"meta l4proto tcp ct original proto-dst != 80", "tcp unsure",
	 "tcp vague (ct original proto-dst != 80)"},
	{"ct original ip daddr 10.0.0.1", "unsure", "vague (ct original ip daddr)"},
	{"ct original ip saddr 10.0.0.1", "limited", "vague (ct ip saddr)"},
	{"ct mark 5", "limited", "vague (ct mark 0x5)"},
	{"ct zone 5", "doubtful", "vague (ct)"},
	{"fib daddr type local", "not away", "here"},
	{"fib daddr type != local", "not here", "vague (fib daddr type != ...)"},
	{"fib daddr type { local, unicast }", "unsure", "vague (fib daddr type); here"},
	{"fib daddr type broadcast", "not here not away", "vague (fib daddr type)"},
	{"fib daddr . iif type local", "unsure", "vague (fib)"},
	{"fib saddr type local", "limited", "vague (fib saddr type)"},
	{"fib saddr type broadcast", "never", "vague (fib saddr type)"},
	{"tcp sport 0", "tcp never", "tcp vague (tcp sport)"},
	{"fib saddr oif missing", "limited", "vague (fib saddr)"},
	{"fib daddr oif lo", "unsure", "vague (fib)"},
	{"meta mark 5", "limited", "vague (meta mark 0x5)"},
	{"meta mark & 0xff == 5", "limited", "vague (meta mark 0x5/0xff)"},
	{"meta mark != 5", "doubtful", "vague (meta mark != 0x5)"},
	{"meta skuid 1000", "doubtful", "vague (meta skuid)"},
	{"meta pkttype broadcast", "never", "vague (meta pkttype)"},
	{"meta length > 100", "limited", "vague (meta length)"},
	{"limit rate 5/second", "limited", "vague (limit)"},
	{"quota 100 bytes", "limited", "vague (quota)"},
	{"socket transparent 1", "doubtful", "vague (socket)"},
	{"rt classid 5", "doubtful", "vague (rt)"},
	{"osf name \"Linux\"", "limited", "vague (osf)"},
	{"counter name c", "", ""},
	{"limit name l", "limited", "vague (limit)"},
	{"quota name q", "limited", "vague (quota)"},
	{"log", "", ""},
	{"counter", "", ""},
	{"ip daddr . tcp dport { 10.0.0.1 . 80 }", "IPv4 tcp destination unsure",
	 "IPv4 tcp dst 10.0.0.1/32 ports 80"},
	{"update @s { ip saddr limit rate 5/second }", "IPv4 doubtful", NULL},
	{"add @s { ip saddr }", "IPv4 doubtful", NULL},
	{"meta random < 1000", "limited", "share inexact (meta random)"},
	{"numgen random mod 2 0", "limited", "share inexact (numgen)"},
	{"jhash ip saddr mod 2 0", "IPv4 limited", "IPv4 share inexact (jhash)"},
};

/* ---- rules as words ---- */

static char *put_name(char *end, const char *what, const char *name, bool not )
{
	return *name ? end + sprintf(end, " %s%s %s", not ? "not " : "", what, name) : end;
}

static char *put_network(char *end, const char *what, const struct network *net, bool not )
{
	char text[NETWORK_TEXT_MAX] = "";
	if (network_is_set(net))
		network_format(net, text);
	return put_name(end, what, text, not );
}

static char *put_ports(char *end, const char *what, struct ports ports, bool not )
{
	char text[PORTS_TEXT_MAX] = "";
	if (ports.last)
		ports_put(text, ports);
	return put_name(end, what, text, not );
}

static char *put_proto(char *end, unsigned int proto)
{
	const char *name = proto_name((enum proto)proto);
	return proto ? end + sprintf(end, " %s", *name ? name : "other") : end;
}

static char *put_flags(char *end, const struct filter_rule *r)
{
	const struct {
		bool is;
		const char *word;
	} flags[] = {
		{r->never, "never"},
		{r->limited, "limited"},
		{r->doubtful, "doubtful"},
		{r->source, "source"},
		{r->destination, "destination"},
		{r->unsure, "unsure"},
		{r->states, "states"},
		{r->not_here, "not here"},
		{r->not_away, "not away"},
		{r->not_plain, "not plain"},
		{r->not_translated, "not translated"},
		{r->not_reply, "not reply"},
		{r->not_related, "not related"},
	};
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (flags[i].is)
			end += sprintf(end, " %s", flags[i].word);
	return end;
}

static void describe_filter(const struct filter_rule *r, enum family usual, char *end)
{
	if (r->family != usual)
		end += sprintf(end, " %s", family_name(r->family));
	end = put_proto(end, r->proto);
	end = put_name(end, "in", r->in, r->not_in);
	end = put_name(end, "out", r->out, r->not_out);
	end = put_network(end, "src", &r->src, r->not_src);
	end = put_network(end, "dst", &r->dst, r->not_dst);
	end = put_ports(end, "ports", r->ports, r->not_ports);
	end = put_ports(end, "from", r->from_ports, r->not_from_ports);
	end = put_ports(end, "original", r->original, false);
	put_flags(end, r);
}

static void describe_other(const struct other_rule *r, enum family usual, char *end)
{
	static const char *const states[] = {"NEW", "ESTABLISHED", "RELATED", "DNAT"};
	if (r->family != usual)
		end += sprintf(end, " %s", family_name(r->family));
	end = put_proto(end, r->proto);
	end = put_name(end, "in", r->in, false);
	end = put_name(end, "in", r->not_in, true);
	end = put_name(end, "out", r->out, false);
	end = put_network(end, "src", &r->from, false);
	end = put_network(end, "src", &r->not_from, true);
	end = put_network(end, "dst", &r->dst, false);
	end = put_network(end, "dst", &r->not_dst, true);
	end = put_ports(end, "ports", r->ports, false);
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (r->states & 1U << i)
			end += sprintf(end, " %s", states[i]);
	end += sprintf(end, "%s%s", r->here ? " here" : "",
		       r->action == OTHER_BALANCE ? " share" : "");
	if (*r->comment)
		end += sprintf(end, " \"%s\"", r->comment);
	if (!r->exact)
		sprintf(end, " %s (%s)", r->vague ? "vague" : "inexact", r->beyond);
}

/* ---- the programs ---- */

struct program {
	const char *tool;  /* NULL: nft */
	enum family usual; /* that all its rules are of */
	const struct row *rows;
	size_t count;
	bool told; /* what is in parentheses is as it writes it */
	int (*early)(struct early *out, struct err *err);
	const struct backend *backend;
};

#define ROWS(array) array, sizeof(array) / sizeof(array[0])

static const struct program programs[] = {
	{"iptables-legacy", FAMILY_IPV4, ROWS(options), true, xtables_early, &xtables_backend},
	{"ip6tables-legacy", FAMILY_IPV6, ROWS(options6), true, xtables_early, &xtables_backend},
	/* it writes some matches as nft does, and others as iptables-legacy */
	{"iptables-nft", FAMILY_IPV4, ROWS(options), false, nft_early, &nftables_backend},
	{"ip6tables-nft", FAMILY_IPV6, ROWS(options6), false, nft_early, &nftables_backend},
	{NULL, FAMILY_NONE, ROWS(expressions), true, nft_early, &nftables_backend},
};

static void make_rules(const struct program *p, bool drop)
{
	FILE *shell = popen(p->tool ? "sh -e" : "nft -f -", "w");
	assert_non_null(shell);
	if (!p->tool)
		fprintf(shell,
			"table inet t {\n counter c { }\n limit l { rate 5/second; }\n"
			" quota q { 100 bytes; }\n set s { type ipv4_addr; flags dynamic; }\n"
			" chain p { type %s hook prerouting priority dstnat;\n",
			drop ? "filter" : "nat");
	for (size_t i = 0; i < p->count; i++) {
		if (!drop && !p->rows[i].others)
			continue;
		if (p->tool)
			fprintf(shell, "%s -t %s -A PREROUTING %s -j %s\n", p->tool,
				drop ? "mangle" : "nat", p->rows[i].rule,
				drop ? "DROP" : "REDIRECT");
		else
			fprintf(shell, "  %s %s\n", p->rows[i].rule, drop ? "drop" : "redirect");
	}
	if (!p->tool)
		fprintf(shell, " }\n}\n");
	assert_int_equal(pclose(shell), 0);
}

static void remove_rules(void)
{
	assert_int_equal(system("nft flush ruleset; for c in '' 6; do for t in mangle nat; do "
				"ip${c}tables-legacy -t $t -F; done; done"),
			 0);
}

static void assert_means(const struct program *p, const char *rule, const char *wanted,
			 const char *means)
{
	const char *found = *means ? means + 1 : means;
	size_t n = p->told ? strlen(wanted) + 1 : strcspn(wanted, "(");
	if (strncmp(found, wanted, n) != 0)
		fail_msg("%s: %s: \"%s\" instead of \"%s\"", p->tool ? p->tool : "nft", rule, found,
			 wanted);
}

/* Those of the only base chain that has any. */
static const struct filter_rule *find_rules(const struct early *early, size_t count)
{
	const struct filter_rule *rules = NULL;
	for (size_t i = 0; i < early->base_count; i++) {
		const struct early_base *base = &early->bases[i];
		const struct filter_chain *chain = &early->sets[base->set].chains[base->chain];
		if (chain->count == 0)
			continue;
		assert_null(rules);
		assert_int_equal(chain->count, count);
		rules = chain->rules;
	}
	assert_non_null(rules);
	return rules;
}

static void rules_of_filters_are_read(void **state)
{
	const struct program *p = *state;
	struct early early = {0};
	struct err err;
	make_rules(p, true);
	assert_int_equal(p->early(&early, &err), 0);
	const struct filter_rule *rules = find_rules(&early, p->count);
	for (size_t i = 0; i < p->count; i++) {
		char text[512] = "";
		describe_filter(&rules[i], p->usual, text);
		assert_means(p, p->rows[i].rule, p->rows[i].filter, text);
	}
	early_free(&early);
	remove_rules();
}

/* The values of one rule of the chain, as words. */
static void describe_rule(const struct other_rules *rules, size_t number, enum family usual,
			  char *text)
{
	for (size_t i = 0; i < rules->count; i++) {
		if (rules->items[i].number != number)
			continue;
		if (*text)
			strcat(text, ";");
		describe_other(&rules->items[i], usual, text + strlen(text));
	}
}

static void rules_that_translate_are_read(void **state)
{
	const struct reading all = {.depth = READING_ALL};
	const struct program *p = *state;
	struct other_rules rules = {0};
	struct ruleset *set;
	struct err err;
	size_t number = 0;
	make_rules(p, false);
	assert_int_equal(p->backend->read(&all, &set, &err), 0);
	assert_int_equal(p->backend->others(set, OTHERS_TRANSLATIONS, &rules, &err), 0);
	for (size_t i = 0; i < p->count; i++) {
		char text[2048] = "";
		if (!p->rows[i].others)
			continue;
		describe_rule(&rules, number++, p->usual, text);
		assert_means(p, p->rows[i].rule, p->rows[i].others, text);
	}
	p->backend->free(set);
	other_rules_free(&rules);
	remove_rules();
}

#define PROGRAMS (sizeof(programs) / sizeof(programs[0]))

int main(void)
{
	static struct CMUnitTest tests[2 * PROGRAMS];
	for (size_t i = 0; i < PROGRAMS; i++) {
		void *program = (void *)(uintptr_t)&programs[i];
		tests[2 * i] = (struct CMUnitTest){.name = "rules_of_filters_are_read",
						   .test_func = rules_of_filters_are_read,
						   .initial_state = program};
		tests[2 * i + 1] = (struct CMUnitTest){.name = "rules_that_translate_are_read",
						       .test_func = rules_that_translate_are_read,
						       .initial_state = program};
	}
	return _cmocka_run_group_tests("conditions", tests, 2 * PROGRAMS, NULL, NULL);
}
