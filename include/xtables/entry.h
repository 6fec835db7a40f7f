/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What both halves of the codec know of the kernel's structs. For them alone: nobody else sees a
 * struct of the kernel.
 */
#ifndef PFWD_XTABLES_ENTRY_H
#define PFWD_XTABLES_ENTRY_H

#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter/xt_addrtype.h>
#include <linux/netfilter/xt_comment.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_sctp.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <linux/netfilter/xt_time.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

#include "xtables/codec.h"

/* Where the fields stand that the headers of both families have: the header's own size first. */
struct head {
	size_t size;
	struct xt_counters *counters;
	__u16 *target_offset, *next_offset;
};
struct head entry_head(enum family family, void *entry);

/* "ACCEPT", "RETURN" or the chain of a jump; NULL: an extension. */
const char *entry_standard_name(const struct rule *rule);

/* A mask of prefix bits; what follows is left as it is. */
void entry_put_mask(unsigned char *out, unsigned int prefix);
/* A DNAT's range; *range is zeroed before. */
void entry_put_range(const struct rule *rule, struct nf_nat_range2 *range);

#endif
