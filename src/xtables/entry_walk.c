/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

#include "xtables/entry.h"
#include "xtables/entry_walk.h"

/* ---- header ---- */

struct head { /* of both families */
	const void *src, *src_mask, *dst, *dst_mask;
	const char *in, *out;
	unsigned int proto, flags, inversions;
};

static struct head head_of(enum family family, const void *entry)
{
	const struct ipt_ip *ip = &((const struct ipt_entry *)entry)->ip;
	const struct ip6t_ip6 *ip6 = &((const struct ip6t_entry *)entry)->ipv6;
	if (family == FAMILY_IPV6)
		return (struct head){&ip6->src,  &ip6->smsk,   &ip6->dst,
				     &ip6->dmsk, ip6->iniface, ip6->outiface,
				     ip6->proto, ip6->flags,   ip6->invflags};
	return (struct head){&ip->src,     &ip->smsk, &ip->dst,  &ip->dmsk,   ip->iniface,
			     ip->outiface, ip->proto, ip->flags, ip->invflags};
}

static struct condition option(enum asks asks, const char *words, unsigned int negated)
{
	return (struct condition){.asks = asks, .xt = true, .words = words, .negated = negated};
}

static void ask_interface(struct conditions *out, struct condition c, const char *name)
{
	memcpy(c.name, name, strnlen(name, IFNAME_MAX - 1));
	conditions_add(out, &c);
}

static void ask_address(struct conditions *out, struct condition c, const void *addr,
			const void *mask)
{
	memcpy(c.first.bytes, addr, address_bits(c.first.family) / 8);
	if (!condition_mask(&c, mask))
		c = option(c.asks,
			   c.asks == ASKS_SOURCE ? "-s with a mask of gaps"
						 : "-d with a mask of gaps",
			   c.negated);
	conditions_add(out, &c);
}

/* Later fragments begin no connection. In IPv6 the same bit asks for a class of traffic. */
static void ask_fragment(struct conditions *out, enum family family, const struct head *head)
{
	struct condition c = option(ASKS_NEVER, "-f", head->inversions & IPT_INV_FRAG);
	if (family == FAMILY_IPV6)
		c = option(ASKS_SOME, "a class of traffic", head->inversions & IP6T_INV_TOS);
	if (head->flags & (family == FAMILY_IPV6 ? IP6T_F_TOS : IPT_F_FRAG))
		conditions_add(out, &c);
}

/* IP6T_INV_* are the same bits. */
static void read_header(enum family family, const struct head *head, struct conditions *out)
{
	unsigned int not = head->inversions;
	struct condition proto = option(ASKS_PROTO, "-p", not &IPT_INV_PROTO);
	struct condition src = option(ASKS_SOURCE, "-s", not &IPT_INV_SRCIP);
	struct condition dst = option(ASKS_DESTINATION, "-d", not &IPT_INV_DSTIP);
	proto.proto = head->proto;
	src.first.family = dst.first.family = family;
	conditions_add(out, &proto);
	ask_address(out, src, head->src, head->src_mask);
	ask_address(out, dst, head->dst, head->dst_mask);
	ask_interface(out, option(ASKS_IN, "-i", not &IPT_INV_VIA_IN), head->in);
	ask_interface(out, option(ASKS_OUT, "-o", not &IPT_INV_VIA_OUT), head->out);
	ask_fragment(out, family, head);
}

/* IP6T_F_GOTO is another bit. */
bool entry_goes(const struct entry_walk *walk)
{
	return head_of(walk->family, walk->entry).flags &
	       (walk->family == FAMILY_IPV6 ? IP6T_F_GOTO : IPT_F_GOTO);
}

/* ---- extensions ---- */

static struct xt_extension extension_of(enum family family, const struct xt_entry_match *m,
					char name[ENTRY_NAME_MAX])
{
	memset(name, 0, ENTRY_NAME_MAX);
	memcpy(name, m->u.user.name, strnlen(m->u.user.name, sizeof(m->u.user.name)));
	return (struct xt_extension){name, m->u.user.revision, family, m->data,
				     m->u.user.match_size - sizeof(*m)};
}

bool entry_walk_next(struct entry_walk *walk, struct conditions *out)
{
	struct entry_head at = entry_head(walk->family, walk->entry);
	struct head head = head_of(walk->family, walk->entry);
	out->count = 0;
	if (walk->at == 0) {
		walk->at = at.size;
		read_header(walk->family, &head, out);
		return true;
	}
	const struct xt_entry_match *m = entry_extension(walk->entry, walk->at, *at.target_offset);
	if (!m)
		return false;
	walk->at += m->u.user.match_size;
	struct xt_extension match = extension_of(walk->family, m, walk->name);
	xt_conditions(&match, out);
	return true;
}

bool entry_target(const struct entry_walk *walk, char name[ENTRY_NAME_MAX],
		  struct xt_extension *out)
{
	struct entry_head at = entry_head(walk->family, walk->entry);
	const struct xt_entry_match *t =
		entry_extension(walk->entry, *at.target_offset, *at.next_offset);
	if (t)
		*out = extension_of(walk->family, t, name);
	return t;
}
