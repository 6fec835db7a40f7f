/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A match that is not in the table is named, so that nobody takes the rule for more than it is. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter/xt_TPROXY.h>
#include <linux/netfilter/xt_addrtype.h>
#include <linux/netfilter/xt_comment.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_mark.h>
#include <linux/netfilter/xt_multiport.h>
#include <linux/netfilter/xt_sctp.h>
#include <linux/netfilter/xt_state.h>
#include <linux/netfilter/xt_tcpudp.h>

#include "others/narrow.h"
#include "others/xt.h"

#define ANY_REVISION UINT8_MAX
#define TYPE_LOCAL (1U << 2) /* of addresses, of linux/rtnetlink.h */
#define TCP_SYN 0x02U

static struct other_rule *asked(struct rule_cases *cases)
{
	return &cases->all.rule;
}

static void ask_destination_ports(struct rule_cases *cases, const uint16_t ports[2], bool inverted)
{
	const struct ports range = {ports[0] ? ports[0] : 1, ports[1]};
	if (inverted)
		narrow_beyond(cases->texts, asked(cases), "! --dport %u:%u", ports[0], ports[1]);
	else if (ports[0] > 1 || ports[1] != UINT16_MAX)
		cases->never = !narrow_ports(&asked(cases)->ports, range) || cases->never;
}

static void ask_source_ports(struct rule_cases *cases, const uint16_t ports[2], bool inverted)
{
	if (ports[0] || ports[1] != UINT16_MAX || inverted)
		narrow_beyond(cases->texts, asked(cases), "%s--sport %u:%u", inverted ? "! " : "",
			      ports[0], ports[1]);
}

void xt_proto(struct rule_cases *cases, unsigned int proto, bool inverted)
{
	if (proto == 0)
		return;
	if (inverted || (proto != PROTO_TCP && proto != PROTO_UDP && proto != PROTO_SCTP))
		narrow_beyond(cases->texts, asked(cases), "%s-p %u", inverted ? "! " : "", proto);
	if (!inverted)
		cases->never = !narrow_proto(asked(cases), proto) || cases->never;
}

/* ---- matches ---- */

static int on_tcp(struct rule_cases *cases, const struct xt_extension *m)
{
	const struct xt_tcp *tcp = m->data;
	cases->never = !narrow_proto(asked(cases), PROTO_TCP) || cases->never;
	ask_source_ports(cases, tcp->spts, tcp->invflags & XT_TCP_INV_SRCPT);
	ask_destination_ports(cases, tcp->dpts, tcp->invflags & XT_TCP_INV_DSTPT);
	/* --syn takes the first packet of a connection, as a state of NEW does */
	if (tcp->flg_mask & TCP_SYN && tcp->flg_cmp == TCP_SYN &&
	    !(tcp->invflags & XT_TCP_INV_FLAGS))
		asked(cases)->states = asked(cases)->states ? asked(cases)->states : OTHER_NEW;
	else if (tcp->flg_mask)
		narrow_beyond(cases->texts, asked(cases), "--tcp-flags");
	if (tcp->option)
		narrow_beyond(cases->texts, asked(cases), "--tcp-option %u", tcp->option);
	return 0;
}

static int on_udp(struct rule_cases *cases, const struct xt_extension *m)
{
	const struct xt_udp *udp = m->data;
	cases->never = !narrow_proto(asked(cases), PROTO_UDP) || cases->never;
	ask_source_ports(cases, udp->spts, udp->invflags & XT_UDP_INV_SRCPT);
	ask_destination_ports(cases, udp->dpts, udp->invflags & XT_UDP_INV_DSTPT);
	return 0;
}

static int on_sctp(struct rule_cases *cases, const struct xt_extension *m)
{
	const struct xt_sctp_info *sctp = m->data;
	cases->never = !narrow_proto(asked(cases), PROTO_SCTP) || cases->never;
	if (sctp->flags & XT_SCTP_SRC_PORTS)
		ask_source_ports(cases, sctp->spts, sctp->invflags & XT_SCTP_SRC_PORTS);
	if (sctp->flags & XT_SCTP_DEST_PORTS)
		ask_destination_ports(cases, sctp->dpts, sctp->invflags & XT_SCTP_DEST_PORTS);
	if (sctp->flags & XT_SCTP_CHUNK_TYPES)
		narrow_beyond(cases->texts, asked(cases), "--chunk-types");
	return 0;
}

static int on_multiport(struct rule_cases *cases, const struct xt_extension *m)
{
	const struct xt_multiport_v1 *multi = m->data;
	struct rule_case options[XT_MULTI_PORTS];
	size_t count = 0;
	if (multi->flags != XT_MULTIPORT_DESTINATION || multi->count > XT_MULTI_PORTS ||
	    multi->invert) {
		narrow_beyond(cases->texts, asked(cases), "%s-m multiport --%s",
			      multi->invert ? "! " : "",
			      multi->flags == XT_MULTIPORT_SOURCE        ? "sports"
			      : multi->flags == XT_MULTIPORT_DESTINATION ? "dports"
									 : "ports");
		return 0;
	}
	for (unsigned int i = 0; i < multi->count; i++) {
		uint16_t first = multi->ports[i], last = first;
		if (multi->pflags[i] && i + 1 < multi->count)
			last = multi->ports[++i];
		options[count++] = (struct rule_case){
			.rule.rule = {.exact = true, .ports = {first ? first : 1, last}}};
	}
	return cases_split(cases, options, count);
}

static void ask_states(struct rule_cases *cases, unsigned int mask, bool inverted)
{
	static const struct {
		unsigned int bit;
		uint8_t state;
	} known[] = {
		{XT_CONNTRACK_STATE_BIT(IP_CT_NEW), OTHER_NEW},
		{XT_CONNTRACK_STATE_BIT(IP_CT_ESTABLISHED), OTHER_ESTABLISHED},
		{XT_CONNTRACK_STATE_BIT(IP_CT_RELATED), OTHER_RELATED},
		{XT_CONNTRACK_STATE_DNAT, OTHER_TRANSLATED},
	};
	uint8_t states = 0;
	unsigned int left = mask;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (mask & known[i].bit) {
			states |= known[i].state;
			left &= ~known[i].bit;
		}
	if (inverted || left)
		narrow_beyond(cases->texts, asked(cases), "%s--ctstate 0x%x", inverted ? "! " : "",
			      mask);
	else
		asked(cases)->states =
			asked(cases)->states ? asked(cases)->states & states : states;
}

static int on_state(struct rule_cases *cases, const struct xt_extension *m)
{
	ask_states(cases, ((const struct xt_state_info *)m->data)->statemask, false);
	return 0;
}

static int on_conntrack(struct rule_cases *cases, const struct xt_extension *m)
{
	const struct xt_conntrack_mtinfo3 *ct = m->data;
	if (ct->match_flags & XT_CONNTRACK_STATE)
		ask_states(cases, ct->state_mask, ct->invert_flags & XT_CONNTRACK_STATE);
	if (ct->match_flags & XT_CONNTRACK_PROTO)
		xt_proto(cases, ct->l4proto, ct->invert_flags & XT_CONNTRACK_PROTO);
	/* the alias says that it was written as -m state */
	if (ct->match_flags &
	    ~(unsigned int)(XT_CONNTRACK_STATE | XT_CONNTRACK_PROTO | XT_CONNTRACK_STATE_ALIAS))
		narrow_beyond(cases->texts, asked(cases), "-m conntrack");
	return 0;
}

static int on_addrtype(struct rule_cases *cases, const struct xt_extension *m)
{
	const struct xt_addrtype_info_v1 *type = m->data;
	bool plain = type->dest == TYPE_LOCAL && !type->source && !type->flags;
	if (plain)
		asked(cases)->here = true;
	else
		narrow_beyond(cases->texts, asked(cases), "-m addrtype%s%s",
			      type->flags & XT_ADDRTYPE_INVERT_DEST ? " !" : "",
			      type->source ? " --src-type" : " --dst-type");
	return 0;
}

static int on_mark(struct rule_cases *cases, const struct xt_extension *m)
{
	const struct xt_mark_mtinfo1 *mark = m->data;
	narrow_beyond(cases->texts, asked(cases), "-m mark %s--mark 0x%x/0x%x",
		      mark->invert ? "! " : "", mark->mark, mark->mask);
	return 0;
}

static int on_statistic(struct rule_cases *cases, const struct xt_extension *m)
{
	(void)m;
	cases->all.share = true;
	narrow_detail(cases->texts, asked(cases), "-m statistic");
	return 0;
}

static int on_comment(struct rule_cases *cases, const struct xt_extension *m)
{
	const struct xt_comment_info *info = m->data;
	if (memchr(info->comment, '\0', sizeof(info->comment)))
		asked(cases)->comment = other_rules_text(cases->texts, info->comment);
	return 0;
}

static const struct {
	const char *name;
	uint8_t revision;
	size_t size; /* of what is read of it */
	int (*read)(struct rule_cases *cases, const struct xt_extension *m);
} matches[] = {
	{"tcp", 0, sizeof(struct xt_tcp), on_tcp},
	{"udp", 0, sizeof(struct xt_udp), on_udp},
	{"sctp", 0, sizeof(struct xt_sctp_info), on_sctp},
	{"multiport", 1, sizeof(struct xt_multiport_v1), on_multiport},
	{"state", 0, sizeof(struct xt_state_info), on_state},
	{"conntrack", 3, sizeof(struct xt_conntrack_mtinfo3), on_conntrack},
	{"addrtype", 1, sizeof(struct xt_addrtype_info_v1), on_addrtype},
	{"mark", 1, sizeof(struct xt_mark_mtinfo1), on_mark},
	{"statistic", ANY_REVISION, 0, on_statistic},
	{"comment", ANY_REVISION, sizeof(struct xt_comment_info), on_comment},
};

int xt_match(struct rule_cases *cases, const struct xt_extension *match)
{
	for (size_t i = 0; i < sizeof(matches) / sizeof(matches[0]); i++)
		if (strcmp(match->name, matches[i].name) == 0 && match->size >= matches[i].size &&
		    (matches[i].revision == ANY_REVISION || matches[i].revision == match->revision))
			return matches[i].read(cases, match);
	narrow_beyond(cases->texts, asked(cases), "-m %s", match->name);
	return 0;
}

/* ---- targets ---- */

/* What all revisions say of a range. */
struct range {
	unsigned int flags;
	enum family family;
	const void *min, *max; /* addresses */
	struct ports ports;
	uint16_t base;
};

static struct address address_of(enum family family, const void *bytes)
{
	struct address addr = {.family = family};
	memcpy(addr.bytes, bytes, address_bits(family) / 8);
	return addr;
}

static void read_range(struct rule_cases *cases, const struct range *range)
{
	const unsigned int odd = NF_NAT_RANGE_PROTO_RANDOM_ALL | NF_NAT_RANGE_PERSISTENT;
	struct other_rule *r = asked(cases);
	if (range->flags & NF_NAT_RANGE_MAP_IPS) {
		r->to = address_of(range->family, range->min);
		struct address last = address_of(range->family, range->max);
		if (!address_equal(&last, &r->to))
			r->to_last = last;
	}
	if (range->flags & NF_NAT_RANGE_PROTO_SPECIFIED) {
		r->to_ports = range->ports;
		r->to_base = range->flags & NF_NAT_RANGE_PROTO_OFFSET ? range->base : 0;
	}
	if (range->flags & odd)
		narrow_detail(cases->texts, r, "%s",
			      range->flags & NF_NAT_RANGE_PERSISTENT ? "--persistent" : "--random");
}

static bool get_old_range(const struct xt_extension *t, struct range *out)
{
	const struct nf_nat_ipv4_multi_range_compat *old = t->data;
	if (t->size < sizeof(*old))
		return false;
	const struct nf_nat_ipv4_range *r = &old->range[0];
	*out = (struct range){r->flags,
			      FAMILY_IPV4,
			      &r->min_ip,
			      &r->max_ip,
			      {ntohs(r->min.all), ntohs(r->max.all)},
			      0};
	return true;
}

static bool get_range(const struct xt_extension *t, enum family family, struct range *out)
{
	const struct nf_nat_range2 *r = t->data;
	if (t->size < sizeof(struct nf_nat_range))
		return false;
	*out = (struct range){r->flags,
			      family,
			      &r->min_addr,
			      &r->max_addr,
			      {ntohs(r->min_proto.all), ntohs(r->max_proto.all)},
			      0};
	if (t->size >= sizeof(*r))
		out->base = ntohs(r->base_proto.all);
	else
		out->flags &= ~(unsigned int)NF_NAT_RANGE_PROTO_OFFSET;
	return true;
}

static void on_nat(struct rule_cases *cases, enum family family, const struct xt_extension *t)
{
	struct range range;
	/* the first revision is the old one, except for what IPv6 alone has */
	bool old = family == FAMILY_IPV4 && t->revision == 0;
	if (old ? get_old_range(t, &range) : get_range(t, family, &range))
		read_range(cases, &range);
	else
		narrow_detail(cases->texts, asked(cases), "-j %s", t->name);
}

static void on_netmap(struct rule_cases *cases, enum family family, const struct xt_extension *t)
{
	on_nat(cases, family, t);
	narrow_detail(cases->texts, asked(cases), "-j NETMAP");
}

static void on_tproxy(struct rule_cases *cases, enum family family, const struct xt_extension *t)
{
	static const uint8_t none[16];
	const struct xt_tproxy_target_info *v0 = t->data;
	const struct xt_tproxy_target_info_v1 *v1 = t->data;
	struct other_rule *r = asked(cases);
	const void *addr = NULL;
	uint16_t port = 0;
	if (t->revision == 0 && t->size >= sizeof(*v0)) {
		addr = &v0->laddr;
		port = ntohs(v0->lport);
		family = FAMILY_IPV4;
	} else if (t->revision == 1 && t->size >= sizeof(*v1)) {
		addr = &v1->laddr;
		port = ntohs(v1->lport);
	}
	if (addr && memcmp(addr, none, address_bits(family) / 8) != 0)
		r->to = address_of(family, addr);
	r->to_ports = (struct ports){port, port};
}

static void on_nothing(struct rule_cases *cases, enum family family, const struct xt_extension *t)
{
	(void)cases;
	(void)family;
	(void)t;
}

static const struct {
	const char *name;
	enum other_action action;
	void (*read)(struct rule_cases *cases, enum family family, const struct xt_extension *t);
} targets[] = {
	{"DNAT", OTHER_DNAT, on_nat},         {"REDIRECT", OTHER_REDIRECT, on_nat},
	{"NETMAP", OTHER_DNAT, on_netmap},    {"TPROXY", OTHER_TPROXY, on_tproxy},
	{"SNAT", OTHER_SNAT, on_nat},         {"MASQUERADE", OTHER_MASQUERADE, on_nat},
	{"ACCEPT", OTHER_ACCEPT, on_nothing},
};

void xt_target(struct rule_cases *cases, enum family family, const struct xt_extension *target)
{
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		if (strcmp(target->name, targets[i].name) != 0)
			continue;
		cases->all.verdict = CHAIN_ACT;
		cases->all.rule.action = targets[i].action;
		targets[i].read(cases, family, target);
		return;
	}
}
