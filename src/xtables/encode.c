/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of a rule, in the order in which iptables writes them into an entry. */
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

#include "model/backend.h"
#include "xtables/encode.h"

#define RTN_LOCAL_MASK (1U << 2)              /* RTN_LOCAL of linux/rtnetlink.h */
#define LAST_SECOND_OF_DAY (24 * 60 * 60 - 1) /* XT_TIME_MAX_DAYTIME */

/* Both fields have that size, and are zero. */
static void put_network(const struct network *net, void *addr, void *mask, size_t size)
{
	unsigned char *ones = mask;
	unsigned int prefix = network_is_set(net) ? net->prefix : 0;
	memcpy(addr, net->addr.bytes, size);
	memset(ones, 0xff, prefix / 8);
	if (prefix % 8)
		ones[prefix / 8] = (unsigned char)(0xff << (8 - prefix % 8));
}

/* A + at the end stays in the name, and is left out of the mask, as iptables does it. */
static void put_interface(const char *in, char *name, unsigned char *mask)
{
	size_t n = strlen(in);
	if (n == 0)
		return;
	memcpy(name, in, n);
	memset(mask, 0xff, in[n - 1] == '+' ? n - 1 : n + 1);
}

static void put_ip(const struct rule *rule, struct ipt_ip *ip)
{
	put_network(&rule->src, &ip->src, &ip->smsk, sizeof(ip->src));
	put_network(&rule->dst, &ip->dst, &ip->dmsk, sizeof(ip->dst));
	put_interface(rule->in, ip->iniface, ip->iniface_mask);
	ip->proto = rule->proto;
	ip->invflags = (__u8)((rule->flags & RULE_NOT_DST ? IPT_INV_DSTIP : 0) |
			      (rule->flags & RULE_NOT_IN ? IPT_INV_VIA_IN : 0));
}

static void put_ip6(const struct rule *rule, struct ip6t_ip6 *ip)
{
	put_network(&rule->src, &ip->src, &ip->smsk, sizeof(ip->src));
	put_network(&rule->dst, &ip->dst, &ip->dmsk, sizeof(ip->dst));
	put_interface(rule->in, ip->iniface, ip->iniface_mask);
	ip->proto = rule->proto;
	ip->flags = rule->proto ? IP6T_F_PROTO : 0;
	ip->invflags = (__u8)((rule->flags & RULE_NOT_DST ? IP6T_INV_DSTIP : 0) |
			      (rule->flags & RULE_NOT_IN ? IP6T_INV_VIA_IN : 0));
}

/* Append an extension, zeroed. struct xt_entry_match and xt_entry_target have the same form. */
static void *put_extension(struct entry *e, const char *name, uint8_t revision, size_t size)
{
	struct xt_entry_match *m = (void *)(e->bytes + e->size);
	size_t whole = XT_ALIGN(sizeof(*m) + size);
	memset(m, 0, whole);
	m->u.user.match_size = (__u16)whole;
	strcpy(m->u.user.name, name);
	m->u.user.revision = revision;
	e->size += whole;
	return m->data;
}

static void put_ports(const struct rule *rule, struct entry *e)
{
	if (rule->proto == PROTO_TCP) {
		struct xt_tcp *tcp = put_extension(e, "tcp", 0, sizeof(*tcp));
		tcp->spts[1] = UINT16_MAX;
		tcp->dpts[0] = rule->ports.first;
		tcp->dpts[1] = rule->ports.last;
	} else if (rule->proto == PROTO_UDP) {
		struct xt_udp *udp = put_extension(e, "udp", 0, sizeof(*udp));
		udp->spts[1] = UINT16_MAX;
		udp->dpts[0] = rule->ports.first;
		udp->dpts[1] = rule->ports.last;
	} else {
		struct xt_sctp_info *sctp = put_extension(e, "sctp", 0, sizeof(*sctp));
		for (int i = 0; i < XT_NUM_SCTP_FLAGS; i++)
			sctp->flag_info[i].chunktype = UINT8_MAX;
		sctp->dpts[0] = rule->ports.first;
		sctp->dpts[1] = rule->ports.last;
		sctp->flags = XT_SCTP_DEST_PORTS;
	}
}

static void put_addrtype(struct entry *e, unsigned int source, unsigned int dest,
			 unsigned int flags)
{
	struct xt_addrtype_info_v1 *type = put_extension(e, "addrtype", 1, sizeof(*type));
	type->source = (__u16)source;
	type->dest = (__u16)dest;
	type->flags = flags;
}

static void put_addrtypes(uint8_t flags, struct entry *e)
{
	if (flags & RULE_SRC_LOCAL)
		put_addrtype(e, RTN_LOCAL_MASK, 0, 0);
	if (flags & RULE_DST_LOCAL)
		put_addrtype(e, 0, RTN_LOCAL_MASK, 0);
	if (flags & RULE_DST_ELSEWHERE)
		put_addrtype(e, 0, RTN_LOCAL_MASK,
			     XT_ADDRTYPE_INVERT_DEST | XT_ADDRTYPE_LIMIT_IFACE_IN);
}

static void put_conntrack(const struct rule *rule, struct entry *e)
{
	struct xt_conntrack_mtinfo3 *ct = put_extension(e, "conntrack", 3, sizeof(*ct));
	if (rule->flags & (RULE_STATE_DNAT | RULE_STATE_ESTABLISHED))
		ct->match_flags |= XT_CONNTRACK_STATE;
	if (rule->flags & RULE_STATE_DNAT)
		ct->state_mask |= XT_CONNTRACK_STATE_DNAT;
	if (rule->flags & RULE_STATE_ESTABLISHED)
		ct->state_mask |= XT_CONNTRACK_STATE_BIT(IP_CT_ESTABLISHED) |
				  XT_CONNTRACK_STATE_BIT(IP_CT_RELATED);
	if (network_is_set(&rule->orig_dst)) {
		ct->match_flags |= XT_CONNTRACK_ORIGDST;
		memcpy(&ct->origdst_addr, rule->orig_dst.addr.bytes, sizeof(ct->origdst_addr));
		memset(&ct->origdst_mask, 0xff, sizeof(ct->origdst_mask));
	}
	if (rule->orig_ports.first) {
		ct->match_flags |= XT_CONNTRACK_ORIGDST_PORT;
		ct->origdst_port = rule->orig_ports.first;
		ct->origdst_port_high = rule->orig_ports.last;
	}
}

static void put_mark(struct entry *e)
{
	struct xt_mark_mtinfo1 *mark = put_extension(e, "mark", 1, sizeof(*mark));
	mark->mark = mark->mask = GUEST_MARK;
}

static void put_time(int64_t until, struct entry *e)
{
	struct xt_time_info *when = put_extension(e, "time", 0, sizeof(*when));
	when->date_stop = (__u32)(until - 1); /* the last second that matches */
	when->daytime_stop = LAST_SECOND_OF_DAY;
	when->monthdays_match = XT_TIME_ALL_MONTHDAYS;
	when->weekdays_match = XT_TIME_ALL_WEEKDAYS;
}

static void put_matches(const struct rule *rule, struct entry *e)
{
	if (rule->ports.first)
		put_ports(rule, e);
	put_addrtypes(rule->flags, e);
	if (rule->flags & (RULE_STATE_DNAT | RULE_STATE_ESTABLISHED) || rule->orig_ports.first ||
	    network_is_set(&rule->orig_dst))
		put_conntrack(rule, e);
	if (rule->flags & RULE_MARKED)
		put_mark(e);
	if (rule->until)
		put_time(rule->until, e);
	if (rule->comment) {
		struct xt_comment_info *comment = put_extension(e, "comment", 0, sizeof(*comment));
		memcpy(comment->comment, rule->comment, strlen(rule->comment));
	}
}

/* Ports of NAT ranges are in network order. */
void encode_dnat(const struct rule *rule, struct nf_nat_range2 *range)
{
	if (address_is_set(&rule->to)) {
		range->flags |= NF_NAT_RANGE_MAP_IPS;
		memcpy(&range->min_addr, rule->to.bytes, sizeof(range->min_addr));
		range->max_addr = range->min_addr;
	}
	if (!rule->to_ports.first)
		return;
	range->flags |= NF_NAT_RANGE_PROTO_SPECIFIED;
	range->min_proto.all = htons(rule->to_ports.first);
	range->max_proto.all = htons(rule->to_ports.last);
	if (rule->to_base) {
		range->flags |= NF_NAT_RANGE_PROTO_OFFSET;
		range->base_proto.all = htons(rule->to_base);
	}
}

/* SNAT and MASQUERADE have the older structs, which differ by family. */
static void put_source_nat(enum family family, const struct rule *rule, const char *name,
			   struct entry *e)
{
	if (family == FAMILY_IPV6) {
		uint8_t revision = rule->target == TARGET_SNAT ? 1 : 0;
		struct nf_nat_range *range = put_extension(e, name, revision, sizeof(*range));
		if (!address_is_set(&rule->to))
			return;
		range->flags = NF_NAT_RANGE_MAP_IPS;
		memcpy(&range->min_addr, rule->to.bytes, sizeof(range->min_addr));
		range->max_addr = range->min_addr;
		return;
	}
	struct nf_nat_ipv4_multi_range_compat *ranges = put_extension(e, name, 0, sizeof(*ranges));
	ranges->rangesize = 1;
	if (!address_is_set(&rule->to))
		return;
	ranges->range[0].flags = NF_NAT_RANGE_MAP_IPS;
	memcpy(&ranges->range[0].min_ip, rule->to.bytes, sizeof(ranges->range[0].min_ip));
	ranges->range[0].max_ip = ranges->range[0].min_ip;
}

const char *encode_standard_name(const struct rule *rule)
{
	switch (rule->target) {
	case TARGET_ACCEPT:
		return "ACCEPT";
	case TARGET_RETURN:
		return "RETURN";
	case TARGET_JUMP:
		return rule->chain;
	case TARGET_DNAT:
	case TARGET_SNAT:
	case TARGET_MASQUERADE:
		break;
	}
	return NULL;
}

static void put_target(enum family family, const struct rule *rule, struct entry *e)
{
	const char *standard = encode_standard_name(rule);
	if (standard)
		put_extension(e, standard, 0,
			      sizeof(struct xt_standard_target) - sizeof(struct xt_entry_target));
	else if (rule->target == TARGET_DNAT)
		encode_dnat(rule, put_extension(e, "DNAT", 2, sizeof(struct nf_nat_range2)));
	else
		put_source_nat(family, rule, rule->target == TARGET_SNAT ? "SNAT" : "MASQUERADE",
			       e);
}

void encode_rule(enum family family, const struct rule *rule, struct entry *out)
{
	struct entry_head head = entry_head(family, out->bytes);
	memset(out->bytes, 0, head.size);
	if (family == FAMILY_IPV6)
		put_ip6(rule, &((struct ip6t_entry *)(void *)out->bytes)->ipv6);
	else
		put_ip(rule, &((struct ipt_entry *)(void *)out->bytes)->ip);
	out->size = head.size;
	put_matches(rule, out);
	*head.target_offset = (__u16)out->size;
	put_target(family, rule, out);
	*head.next_offset = (__u16)out->size;
}
