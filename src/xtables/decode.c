/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decoding takes from the entry what a rule can say, encodes that rule again, and compares. An
 * entry that differs from it in anything that matters is not one that pfwd writes. So decoding need
 * not look at each field that has to be zero.
 */
#include <string.h>
#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter/xt_addrtype.h>
#include <linux/netfilter/xt_comment.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_mark.h>
#include <linux/netfilter/xt_sctp.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <linux/netfilter/xt_time.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

#include "xtables/decode.h"
#include "xtables/encode.h"

/* The number of ones in a mask of ones and then zeroes; -1: it is another one. */
static int get_prefix(const unsigned char *mask, size_t size, unsigned int *out)
{
	size_t i = 0;
	unsigned int bits = 0;
	while (i < size && mask[i] == 0xff)
		i++;
	if (i < size)
		while (mask[i] & 0x80U >> bits)
			bits++;
	*out = (unsigned int)i * 8 + bits;
	for (; i < size; bits = 0, i++)
		if (mask[i] & 0xffU >> bits)
			return -1;
	return 0;
}

static int get_network(enum family family, const void *addr, const void *mask, struct network *out)
{
	unsigned int prefix;
	size_t size = address_bits(family) / 8;
	struct address a = {.family = family};
	if (get_prefix(mask, size, &prefix) < 0)
		return -1;
	if (prefix == 0)
		return 0; /* *out is zeroed */
	memcpy(a.bytes, addr, size);
	*out = network_of(&a, prefix);
	return 0;
}

static int get_interface(const char *name, char out[IFNAME_MAX])
{
	size_t n = strnlen(name, IFNAME_MAX);
	if (n == IFNAME_MAX)
		return -1;
	memcpy(out, name, n);
	return 0;
}

static uint8_t get_inversions(unsigned int flags)
{
	/* IP6T_INV_* are the same bits */
	return (uint8_t)((flags & IPT_INV_DSTIP ? RULE_NOT_DST : 0) |
			 (flags & IPT_INV_VIA_IN ? RULE_NOT_IN : 0));
}

static int get_ip(const struct ipt_ip *ip, struct rule *rule)
{
	rule->proto = (uint8_t)ip->proto;
	rule->flags = get_inversions(ip->invflags);
	if (get_network(FAMILY_IPV4, &ip->src, &ip->smsk, &rule->src) < 0 ||
	    get_network(FAMILY_IPV4, &ip->dst, &ip->dmsk, &rule->dst) < 0)
		return -1;
	return get_interface(ip->iniface, rule->in);
}

static int get_ip6(const struct ip6t_ip6 *ip, struct rule *rule)
{
	rule->proto = (uint8_t)ip->proto;
	rule->flags = get_inversions(ip->invflags);
	if (get_network(FAMILY_IPV6, &ip->src, &ip->smsk, &rule->src) < 0 ||
	    get_network(FAMILY_IPV6, &ip->dst, &ip->dmsk, &rule->dst) < 0)
		return -1;
	return get_interface(ip->iniface, rule->in);
}

static void get_tcp(enum family family, const void *data, struct rule *rule)
{
	(void)family;
	const struct xt_tcp *tcp = data; /* xt_udp begins with the same two fields */
	rule->ports = (struct ports){tcp->dpts[0], tcp->dpts[1]};
}

static void get_sctp(enum family family, const void *data, struct rule *rule)
{
	(void)family;
	const struct xt_sctp_info *sctp = data;
	rule->ports = (struct ports){sctp->dpts[0], sctp->dpts[1]};
}

static void get_addrtype(enum family family, const void *data, struct rule *rule)
{
	(void)family;
	const struct xt_addrtype_info_v1 *type = data;
	if (type->source)
		rule->flags |= RULE_SRC_LOCAL;
	else if (type->flags)
		rule->flags |= RULE_DST_ELSEWHERE;
	else
		rule->flags |= RULE_DST_LOCAL;
}

static void get_conntrack(enum family family, const void *data, struct rule *rule)
{
	const struct xt_conntrack_mtinfo3 *ct = data;
	if (ct->match_flags & XT_CONNTRACK_STATE)
		rule->flags |= ct->state_mask & XT_CONNTRACK_STATE_DNAT ? RULE_STATE_DNAT
									: RULE_STATE_ESTABLISHED;
	if (ct->match_flags & XT_CONNTRACK_ORIGDST) {
		rule->orig_dst.addr.family = family;
		rule->orig_dst.prefix = (uint8_t)address_bits(family);
		memcpy(rule->orig_dst.addr.bytes, &ct->origdst_addr, address_bits(family) / 8);
	}
	if (ct->match_flags & XT_CONNTRACK_ORIGDST_PORT)
		rule->orig_ports = (struct ports){ct->origdst_port, ct->origdst_port_high};
}

static void get_mark(enum family family, const void *data, struct rule *rule)
{
	(void)family;
	(void)data;
	rule->flags |= RULE_MARKED;
}

static void get_time(enum family family, const void *data, struct rule *rule)
{
	(void)family;
	rule->until = (int64_t)((const struct xt_time_info *)data)->date_stop + 1;
}

static void get_comment(enum family family, const void *data, struct rule *rule)
{
	(void)family;
	const struct xt_comment_info *comment = data;
	if (memchr(comment->comment, '\0', sizeof(comment->comment)))
		rule->comment = comment->comment;
}

static const struct extension {
	const char *name;
	uint8_t revision;
	size_t size;
	void (*get)(enum family family, const void *data, struct rule *rule);
} matches[] = {
	{"tcp", 0, sizeof(struct xt_tcp), get_tcp},
	{"udp", 0, sizeof(struct xt_udp), get_tcp},
	{"sctp", 0, sizeof(struct xt_sctp_info), get_sctp},
	{"addrtype", 1, sizeof(struct xt_addrtype_info_v1), get_addrtype},
	{"conntrack", 3, sizeof(struct xt_conntrack_mtinfo3), get_conntrack},
	{"mark", 1, sizeof(struct xt_mark_mtinfo1), get_mark},
	{"time", 0, sizeof(struct xt_time_info), get_time},
	{"comment", 0, sizeof(struct xt_comment_info), get_comment},
};

static int get_match(enum family family, const struct xt_entry_match *m, struct rule *rule)
{
	for (size_t i = 0; i < sizeof(matches) / sizeof(matches[0]); i++) {
		const struct extension *known = &matches[i];
		if (strncmp(m->u.user.name, known->name, sizeof(m->u.user.name)) != 0)
			continue;
		if (m->u.user.revision != known->revision ||
		    m->u.user.match_size != XT_ALIGN(sizeof(*m) + known->size))
			return -1;
		known->get(family, m->data, rule);
		return 0;
	}
	return -1;
}

static void get_range2(enum family family, const struct nf_nat_range2 *range, struct rule *rule)
{
	if (range->flags & NF_NAT_RANGE_MAP_IPS) {
		rule->to.family = family;
		memcpy(rule->to.bytes, &range->min_addr, address_bits(family) / 8);
	}
	if (range->flags & NF_NAT_RANGE_PROTO_SPECIFIED)
		rule->to_ports =
			(struct ports){ntohs(range->min_proto.all), ntohs(range->max_proto.all)};
	if (range->flags & NF_NAT_RANGE_PROTO_OFFSET)
		rule->to_base = ntohs(range->base_proto.all);
}

/* The structs of the revisions before 2, which have no base port, made one of revision 2. */
static int get_old_range(enum family family, const struct xt_entry_target *t,
			 struct nf_nat_range2 *out)
{
	const struct nf_nat_ipv4_multi_range_compat *ranges = (const void *)t->data;
	const struct nf_nat_range *range = (const void *)t->data;
	if (family == FAMILY_IPV6) {
		if (t->u.user.revision != 1 ||
		    t->u.user.target_size != XT_ALIGN(sizeof(*t) + sizeof(*range)))
			return -1;
		memcpy(out, range, sizeof(*range)); /* the same beginning */
		return 0;
	}
	if (t->u.user.revision != 0 ||
	    t->u.user.target_size != XT_ALIGN(sizeof(*t) + sizeof(*ranges)) ||
	    ranges->rangesize != 1)
		return -1;
	out->flags = ranges->range[0].flags;
	out->min_addr.ip = ranges->range[0].min_ip;
	out->max_addr.ip = ranges->range[0].max_ip;
	out->min_proto.all = ranges->range[0].min.all;
	out->max_proto.all = ranges->range[0].max.all;
	return 0;
}

/* We write revision 2. Older ones that mean the same are read too. */
static int get_dnat(enum family family, const struct xt_entry_target *t, struct rule *rule)
{
	struct nf_nat_range2 range = {0}, again = {0};
	if (t->u.user.revision == 2 &&
	    t->u.user.target_size == XT_ALIGN(sizeof(*t) + sizeof(range)))
		memcpy(&range, t->data, sizeof(range));
	else if (get_old_range(family, t, &range) < 0)
		return -1;
	rule->target = TARGET_DNAT;
	get_range2(family, &range, rule);
	encode_dnat(rule, &again);
	/* without the padding behind the last field */
	const size_t size = offsetof(struct nf_nat_range2, base_proto) + sizeof(range.base_proto);
	return memcmp(&range, &again, size) == 0 ? 0 : -1;
}

static int get_source_nat(enum family family, const struct xt_entry_target *t, struct rule *rule)
{
	const struct nf_nat_ipv4_multi_range_compat *ranges = (const void *)t->data;
	const struct nf_nat_range *range = (const void *)t->data;
	size_t size = family == FAMILY_IPV6 ? sizeof(*range) : sizeof(*ranges);
	if (t->u.user.target_size != XT_ALIGN(sizeof(*t) + size))
		return -1;
	if (rule->target != TARGET_SNAT)
		return 0;
	rule->to.family = family;
	if (family == FAMILY_IPV6)
		memcpy(rule->to.bytes, &range->min_addr, 16);
	else
		memcpy(rule->to.bytes, &ranges->range[0].min_ip, 4);
	return 0;
}

/* DNAT first, because there are thousands of them. */
static int get_target(enum family family, const struct xt_entry_target *t, const char *name,
		      struct rule *rule)
{
	if (strcmp(name, "DNAT") == 0)
		return get_dnat(family, t, rule);
	if (strcmp(name, "ACCEPT") == 0) {
		rule->target = TARGET_ACCEPT;
	} else if (strcmp(name, "RETURN") == 0) {
		rule->target = TARGET_RETURN;
	} else if (strcmp(name, "SNAT") == 0 || strcmp(name, "MASQUERADE") == 0) {
		rule->target = *name == 'S' ? TARGET_SNAT : TARGET_MASQUERADE;
		return get_source_nat(family, t, rule);
	} else if (strncmp(name, "PFWD", 4) == 0) {
		rule->target = TARGET_JUMP;
		rule->chain = name;
	} else {
		return -1;
	}
	return 0;
}

static int get_matches(enum family family, const unsigned char *entry,
		       const struct entry_head *head, struct rule *rule)
{
	for (size_t at = head->size; at < *head->target_offset;) {
		const struct xt_entry_match *m = entry_extension(entry, at, *head->target_offset);
		if (!m || get_match(family, m, rule) < 0)
			return -1;
		at += m->u.user.match_size;
	}
	return 0;
}

/* Whether encode_rule makes this entry of the rule. */
static bool same_entry(enum family family, const unsigned char *entry,
		       const struct entry_head *head, const struct rule *rule)
{
	struct entry again;
	encode_rule(family, rule, &again);
	struct entry_head again_head = entry_head(family, again.bytes);
	if (*again_head.target_offset != *head->target_offset ||
	    !entry_same_header(family, entry, again.bytes))
		return false;
	for (size_t at = head->size; at < *head->target_offset;) {
		const struct xt_entry_match *m = (const void *)(entry + at);
		if (!entry_same_extension(m, (const void *)(again.bytes + at)))
			return false;
		at += m->u.user.match_size;
	}
	if (encode_standard_name(rule) || rule->target == TARGET_DNAT)
		return true; /* get_target has compared it */
	return entry_same_extension((const void *)(entry + *head->target_offset),
				    (const void *)(again.bytes + *head->target_offset));
}

int decode_entry(enum family family, const void *entry, const char *target_name, struct rule *out)
{
	struct entry_head head = entry_head(family, entry);
	memset(out, 0, sizeof(*out));
	int got = family == FAMILY_IPV6 ? get_ip6(&((const struct ip6t_entry *)entry)->ipv6, out)
					: get_ip(&((const struct ipt_entry *)entry)->ip, out);
	if (got < 0 || get_matches(family, entry, &head, out) < 0)
		return -1;
	/* a target has the form of a match */
	const void *target = entry_extension(entry, *head.target_offset, *head.next_offset);
	if (!target || get_target(family, target, target_name, out) < 0 ||
	    !same_entry(family, entry, &head, out))
		return -1;
	return 0;
}
