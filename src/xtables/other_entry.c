/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The header of an entry; what extensions say is known to the room others. */
#include <string.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

#include "others/narrow.h"
#include "others/xt.h"
#include "xtables/entry.h"
#include "xtables/other_entry.h"

bool other_base(enum table table, const char *chain, enum other_hook *hook, int *priority)
{
	static const struct {
		enum table table;
		const char *chain;
		enum other_hook hook;
		int priority; /* NF_IP_PRI_* of linux/netfilter_ipv4.h */
	} bases[] = {
		{TABLE_MANGLE, "PREROUTING", OTHER_PREROUTING, -150},
		{TABLE_NAT, "PREROUTING", OTHER_PREROUTING, -100},
		{TABLE_NAT, "OUTPUT", OTHER_OUTPUT, -100},
		{TABLE_NAT, "INPUT", OTHER_INPUT, 100},
		{TABLE_NAT, "POSTROUTING", OTHER_POSTROUTING, 100},
		{TABLE_FILTER, "INPUT", OTHER_INPUT, 0},
		{TABLE_FILTER, "FORWARD", OTHER_FORWARD, 0},
		{TABLE_FILTER, "OUTPUT", OTHER_OUTPUT, 0},
	};
	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++)
		if (bases[i].table == table && strcmp(bases[i].chain, chain) == 0) {
			*hook = bases[i].hook;
			*priority = bases[i].priority;
			return true;
		}
	return false;
}

/* ---- header ---- */

struct side { /* source or destination */
	const unsigned char *addr, *mask;
	bool inverted;
	const char *option;
	struct network *field, *not_field;
};

static void read_side(struct rule_cases *cases, enum family family, const struct side *side)
{
	unsigned int bits = address_bits(family), prefix = 0;
	struct address addr = {.family = family};
	char text[NETWORK_TEXT_MAX];
	while (prefix < bits && side->mask[prefix / 8] & 0x80U >> prefix % 8)
		prefix++;
	for (unsigned int i = prefix; i < bits; i++)
		if (side->mask[i / 8] & 0x80U >> i % 8) {
			narrow_beyond(cases->texts, &cases->all.rule, "%s with a mask of gaps",
				      side->option);
			return;
		}
	if (prefix == 0)
		return;
	memcpy(addr.bytes, side->addr, bits / 8);
	struct network net = network_of(&addr, prefix);
	network_format(&net, text);
	if (side->inverted) {
		narrow_not_network(side->not_field, &net);
		narrow_detail(cases->texts, &cases->all.rule, "! %s %s", side->option, text);
	} else if (!narrow_network(side->field, &net)) {
		cases->never = true;
	}
}

static void read_in(struct rule_cases *cases, const char *name, bool inverted)
{
	struct other_rule *r = &cases->all.rule;
	char copy[IFNAME_MAX] = "";
	memcpy(copy, name, strnlen(name, IFNAME_MAX - 1));
	if (!*copy || strcmp(copy, "+") == 0)
		return;
	if (inverted) {
		narrow_not_interface(r->not_in, copy);
		narrow_detail(cases->texts, r, "! -i %s", copy);
	} else if (!narrow_interface(r->in, copy)) {
		cases->never = true;
	}
}

static void read_out(struct rule_cases *cases, const char *name, bool inverted)
{
	struct other_rule *r = &cases->all.rule;
	char copy[IFNAME_MAX] = "";
	memcpy(copy, name, strnlen(name, IFNAME_MAX - 1));
	if (!*copy || strcmp(copy, "+") == 0)
		return;
	if (inverted)
		narrow_beyond(cases->texts, r, "! -o %s", copy);
	else if (!narrow_interface(r->out, copy))
		cases->never = true;
}

/* The flags and inversions of both families are the same bits, but for goto. */
static void read_header(struct rule_cases *cases, enum family family, const void *entry)
{
	const struct ipt_ip *ip = &((const struct ipt_entry *)entry)->ip;
	const struct ip6t_ip6 *ip6 = &((const struct ip6t_entry *)entry)->ipv6;
	struct other_rule *r = &cases->all.rule;
	bool six = family == FAMILY_IPV6;
	unsigned int not = six ? ip6->invflags : ip->invflags;
	const struct side from = {six ? (const void *)&ip6->src : &ip->src,
				  six ? (const void *)&ip6->smsk : &ip->smsk,
				  not &IPT_INV_SRCIP,
				  "-s",
				  &r->from,
				  &r->not_from};
	const struct side to = {six ? (const void *)&ip6->dst : &ip->dst,
				six ? (const void *)&ip6->dmsk : &ip->dmsk,
				not &IPT_INV_DSTIP,
				"-d",
				&r->dst,
				&r->not_dst};
	r->family = family;
	xt_proto(cases, six ? ip6->proto : ip->proto, not &IPT_INV_PROTO);
	read_side(cases, family, &from);
	read_side(cases, family, &to);
	read_in(cases, six ? ip6->iniface : ip->iniface, not &IPT_INV_VIA_IN);
	read_out(cases, six ? ip6->outiface : ip->outiface, not &IPT_INV_VIA_OUT);
	if (!six && ip->flags & IPT_F_FRAG)
		narrow_beyond(cases->texts, r, "-f");
}

/* ---- extensions ---- */

/* Names are compared as text, because the kernel does not write behind their end. */
struct xt_name {
	char text[XT_EXTENSION_MAXNAMELEN + 1];
};

static struct xt_extension extension_of(const struct xt_entry_match *m, struct xt_name *name)
{
	*name = (struct xt_name){""};
	memcpy(name->text, m->u.user.name, strnlen(m->u.user.name, sizeof(m->u.user.name)));
	return (struct xt_extension){name->text, m->u.user.revision, m->data,
				     m->u.user.match_size - sizeof(*m)};
}

static int read_matches(struct rule_cases *cases, enum family family, const void *entry)
{
	struct entry_head head = entry_head(family, entry);
	struct xt_name name;
	for (size_t at = head.size; at < *head.target_offset;) {
		const struct xt_entry_match *m = entry_extension(entry, at, *head.target_offset);
		if (!m)
			break;
		struct xt_extension ext = extension_of(m, &name);
		if (xt_match(cases, &ext) < 0)
			return -1;
		at += m->u.user.match_size;
	}
	return 0;
}

static bool goes(enum family family, const void *entry)
{
	return family == FAMILY_IPV6 ? ((const struct ip6t_entry *)entry)->ipv6.flags & IP6T_F_GOTO
				     : ((const struct ipt_entry *)entry)->ip.flags & IPT_F_GOTO;
}

static void read_target(struct rule_cases *cases, const struct other_entry *e)
{
	struct entry_head head = entry_head(e->family, e->entry);
	struct chain_rule *all = &cases->all;
	bool nat = e->table == TABLE_NAT;
	if (e->own) {
		all->verdict = CHAIN_OWN;
		all->to = e->to;
	} else if (e->to != CHAINS_NONE) {
		all->verdict = goes(e->family, e->entry) ? CHAIN_GOTO : CHAIN_JUMP;
		all->to = e->to;
	} else if (strcmp(e->target, "DROP") == 0) {
		all->verdict = CHAIN_DROP;
	} else if (strcmp(e->target, "RETURN") == 0 && !(e->base && nat)) {
		all->verdict = CHAIN_RETURN;
	} else if (strcmp(e->target, "ACCEPT") == 0 || strcmp(e->target, "RETURN") == 0) {
		all->verdict = CHAIN_ACT;
		all->rule.action = OTHER_ACCEPT;
	} else {
		const struct xt_entry_match *t =
			entry_extension(e->entry, *head.target_offset, *head.next_offset);
		struct xt_name name;
		struct xt_extension ext = {0};
		if (t)
			ext = extension_of(t, &name);
		if (t)
			xt_target(cases, e->family, &ext);
	}
}

int other_entry_add(struct rule_cases *cases, const struct other_entry *e,
		    struct other_chain *chain)
{
	struct other_rule *r = &cases->all.rule;
	const struct xt_counters *counters = entry_head(e->family, e->entry).counters;
	cases_begin(cases);
	read_header(cases, e->family, e->entry);
	if (read_matches(cases, e->family, e->entry) < 0)
		return -1;
	read_target(cases, e);
	r->handle = e->number;
	r->number = e->place;
	r->counted = true;
	r->packets = counters->pcnt;
	r->bytes = counters->bcnt;
	return cases_end(cases, chain);
}
