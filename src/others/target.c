/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <string.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter/xt_TPROXY.h>

#include "others/narrow.h"
#include "others/ask.h"

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
	struct other_rule *r = &cases->all.rule;
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

static bool get_range(const struct xt_extension *t, struct range *out)
{
	const struct nf_nat_range2 *r = t->data;
	if (t->size < sizeof(struct nf_nat_range))
		return false;
	*out = (struct range){r->flags,
			      t->family,
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

static void on_nat(struct rule_cases *cases, const struct xt_extension *t)
{
	struct range range;
	/* the first revision is the old one, except for what IPv6 alone has */
	bool old = t->family == FAMILY_IPV4 && t->revision == 0;
	if (old ? get_old_range(t, &range) : get_range(t, &range))
		read_range(cases, &range);
	else
		narrow_detail(cases->texts, &cases->all.rule, "-j %s", t->name);
}

static void on_netmap(struct rule_cases *cases, const struct xt_extension *t)
{
	on_nat(cases, t);
	narrow_detail(cases->texts, &cases->all.rule, "-j NETMAP");
}

static void on_tproxy(struct rule_cases *cases, const struct xt_extension *t)
{
	static const uint8_t none[16];
	const struct xt_tproxy_target_info *v0 = t->data;
	const struct xt_tproxy_target_info_v1 *v1 = t->data;
	struct other_rule *r = &cases->all.rule;
	enum family family = t->family;
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

static void on_nothing(struct rule_cases *cases, const struct xt_extension *t)
{
	(void)cases;
	(void)t;
}

static const struct {
	const char *name;
	enum other_action action;
	void (*read)(struct rule_cases *cases, const struct xt_extension *t);
} targets[] = {
	{"DNAT", OTHER_DNAT, on_nat},         {"REDIRECT", OTHER_REDIRECT, on_nat},
	{"NETMAP", OTHER_DNAT, on_netmap},    {"TPROXY", OTHER_TPROXY, on_tproxy},
	{"SNAT", OTHER_SNAT, on_nat},         {"MASQUERADE", OTHER_MASQUERADE, on_nat},
	{"ACCEPT", OTHER_ACCEPT, on_nothing},
};

void cases_target(struct rule_cases *cases, const struct xt_extension *target)
{
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		if (strcmp(target->name, targets[i].name) != 0)
			continue;
		cases->all.verdict = CHAIN_ACT;
		cases->all.rule.action = targets[i].action;
		targets[i].read(cases, target);
		return;
	}
}
