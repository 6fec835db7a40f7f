/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

#include "filter/xt.h"
#include "model/array.h"
#include "xtables/entry.h"
#include "xtables/foreign.h"

/* ---- header ---- */

struct head { /* of both families */
	enum family family;
	const void *src, *src_mask, *dst, *dst_mask;
	const char *in, *out;
	unsigned int proto, flags, inversions;
};

static struct head head_of(enum family family, const void *entry)
{
	const struct ipt_ip *ip = &((const struct ipt_entry *)entry)->ip;
	const struct ip6t_ip6 *ip6 = &((const struct ip6t_entry *)entry)->ipv6;
	if (family == FAMILY_IPV6)
		return (struct head){family,     &ip6->src,    &ip6->smsk,    &ip6->dst,
				     &ip6->dmsk, ip6->iniface, ip6->outiface, ip6->proto,
				     ip6->flags, ip6->invflags};
	return (struct head){family,      &ip->src,     &ip->smsk, &ip->dst,  &ip->dmsk,
			     ip->iniface, ip->outiface, ip->proto, ip->flags, ip->invflags};
}

/* The network of an address and a mask, "every address" for a mask of none. False: the mask is not
 * of ones and then zeroes, and the network is a wider one. */
static bool read_network(enum family family, const void *bytes, const void *mask_bytes,
			 struct network *out)
{
	const unsigned char *mask = mask_bytes;
	unsigned int bits = address_bits(family), prefix = 0;
	struct address addr = {.family = family};
	bool exact = true;
	while (prefix < bits && mask[prefix / 8] & 0x80U >> prefix % 8)
		prefix++;
	for (unsigned int i = prefix; i < bits; i++)
		exact = exact && !(mask[i / 8] & 0x80U >> i % 8);
	memcpy(addr.bytes, bytes, bits / 8);
	if (prefix)
		*out = network_of(&addr, prefix);
	return exact;
}

static void read_interface(const char *name, bool inverted, char out[IFNAME_MAX], bool * not )
{
	memcpy(out, name, strnlen(name, IFNAME_MAX - 1));
	*not = inverted;
}

static void read_header(const struct head *head, struct filter_rule *r)
{
	/* IP6T_INV_* are the same bits */
	r->limited = !read_network(head->family, head->src, head->src_mask, &r->src);
	r->unsure = !read_network(head->family, head->dst, head->dst_mask, &r->dst);
	r->not_src = network_is_set(&r->src) && head->inversions & IPT_INV_SRCIP;
	r->not_dst = network_is_set(&r->dst) && head->inversions & IPT_INV_DSTIP;
	read_interface(head->in, head->inversions & IPT_INV_VIA_IN, r->in, &r->not_in);
	read_interface(head->out, head->inversions & IPT_INV_VIA_OUT, r->out, &r->not_out);
	filter_xt_proto(head->proto, head->inversions & IPT_INV_PROTO, r);
	/* later fragments, which begin no connection; or, in IPv6, a class of traffic */
	if (head->family == FAMILY_IPV4 && head->flags & IPT_F_FRAG)
		r->never = r->never || !(head->inversions & IPT_INV_FRAG);
	else if (head->family == FAMILY_IPV6 && head->flags & IP6T_F_TOS)
		r->limited = true;
}

/* ---- matches and targets ---- */

static void read_match(const struct xt_entry_match *m, struct filter_rule *r)
{
	char name[sizeof(m->u.user.name) + 1] = "";
	memcpy(name, m->u.user.name, sizeof(m->u.user.name));
	const struct filter_xt match = {name, m->u.user.revision, m->data,
					m->u.user.match_size - sizeof(*m)};
	filter_xt_match(&match, r);
}

static void read_target(enum family family, const void *entry, const char *name,
			struct filter_rule *r)
{
	struct entry_head at = entry_head(family, entry);
	const struct xt_entry_match *m = entry_extension(entry, *at.target_offset, *at.next_offset);
	const struct filter_xt target = {name, m ? m->u.user.revision : (uint8_t)0,
					 m ? m->data : NULL,
					 m ? m->u.user.match_size - sizeof(*m) : 0};
	if (strcmp(name, "ACCEPT") == 0)
		r->verdict = FILTER_ACCEPT;
	else if (strcmp(name, "RETURN") == 0)
		r->verdict = FILTER_RETURN;
	/* what forwards are let through by is in chains of pfwd */
	else if (!*name || group_of(TABLE_FILTER, name) != GROUPS)
		r->verdict = FILTER_GO_ON;
	else
		filter_xt_target(&target, r);
}

/* ---- chains ---- */

int foreign_add_chain(struct foreign *foreign, const char *name)
{
	void *chains = foreign->chains;
	struct foreign_chain *chain = array_append(&chains, &foreign->count, sizeof(*chain));
	foreign->chains = chains;
	if (!chain)
		return -1;
	memcpy(chain->name, name, strnlen(name, CHAIN_NAME_MAX - 1));
	return 0;
}

static int compare_chains(const void *a, const void *b)
{
	return strcmp(((const struct foreign_chain *)a)->name,
		      ((const struct foreign_chain *)b)->name);
}

void foreign_sort(struct foreign *foreign)
{
	if (foreign->count)
		qsort(foreign->chains, foreign->count, sizeof(*foreign->chains), compare_chains);
}

static int compare_name(const void *name, const void *chain)
{
	return strcmp(name, ((const struct foreign_chain *)chain)->name);
}

size_t foreign_find(const struct foreign *foreign, const char *name)
{
	const struct foreign_chain *found =
		foreign->count ? bsearch(name, foreign->chains, foreign->count,
					 sizeof(*foreign->chains), compare_name)
			       : NULL;
	return found ? (size_t)(found - foreign->chains) : foreign->count;
}

void foreign_read_rule(enum family family, const void *entry, struct filter_rule *out)
{
	struct entry_head at = entry_head(family, entry);
	struct head head = head_of(family, entry);
	*out = (struct filter_rule){0};
	read_header(&head, out);
	for (size_t next = at.size; next < *at.target_offset;) {
		const struct xt_entry_match *m = entry_extension(entry, next, *at.target_offset);
		if (!m)
			break;
		read_match(m, out);
		next += m->u.user.match_size;
	}
}

int foreign_add_rule(struct foreign *foreign, size_t chain, enum family family, const void *entry,
		     const char *target_name)
{
	struct foreign_chain *c = &foreign->chains[chain];
	void *rules = c->rules;
	struct filter_rule *r = array_append(&rules, &c->count, sizeof(*r));
	c->rules = rules;
	if (!r)
		return -1;
	foreign_read_rule(family, entry, r);
	read_target(family, entry, target_name, r);
	size_t to = foreign_find(foreign, target_name);
	if (to == foreign->count)
		return 0;
	/* IP6T_F_GOTO is another bit */
	bool goes =
		head_of(family, entry).flags & (family == FAMILY_IPV6 ? IP6T_F_GOTO : IPT_F_GOTO);
	r->verdict = goes ? FILTER_GOTO : FILTER_JUMP;
	r->to = (uint32_t)to;
	return 0;
}

void foreign_forget(struct foreign *foreign, const char *chain, size_t number)
{
	size_t at = foreign_find(foreign, chain);
	if (at < foreign->count && number < foreign->chains[at].count)
		foreign->chains[at].rules[number].never = true;
}

bool foreign_limits(const struct foreign *foreign)
{
	for (size_t i = 0; i < foreign->count; i++) {
		const struct filter_chain chain = {.rules = foreign->chains[i].rules,
						   .count = foreign->chains[i].count};
		if (filter_has_limits(&chain, 1))
			return true;
	}
	return false;
}

void foreign_free(struct foreign *foreign)
{
	for (size_t i = 0; i < foreign->count; i++)
		free(foreign->chains[i].rules);
	free(foreign->chains);
	*foreign = (struct foreign){0};
}
