/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules to the bytes of the kernel's struct ipt_entry and struct ip6t_entry, and back
 * (linux/netfilter_ipv4/ip_tables.h, linux/netfilter_ipv6/ip6_tables.h, linux/netfilter/xt_*.h).
 * It hands bytes to nobody and reads no table.
 */
#ifndef PFWD_XTABLES_CODEC_H
#define PFWD_XTABLES_CODEC_H

#include "xtables/rule.h"

#define ENTRY_MAX 1600

struct entry {
	_Alignas(8) unsigned char bytes[ENTRY_MAX];
	size_t size;
};

/* The entry as iptables would build it; counters are zero. A jump's verdict is left to libiptc,
 * which finds the chain by the target's name. */
void codec_encode(enum family family, const struct rule *rule, struct entry *out);

/*
 * The rule of a whole entry. target_name: the chain, verdict or extension that its target names,
 * as iptc_get_target says. 0, or -1 where the entry is of a shape that codec_encode does not make,
 * and out is undefined. out->chain and out->comment point into target_name and the entry.
 */
int codec_decode(enum family family, const void *entry, const char *target_name, struct rule *out);

/* Whether two whole entries, anybody's, are the same rule; each with the name of its target, by
 * which jumps are told apart. What the kernel keeps in an entry for itself may make equal ones look
 * different. */
bool codec_same(enum family family, const void *a, const char *a_target, const void *b,
		const char *b_target);

/* Where an entry's counters stand: packets, then bytes, uint64_t each in host order. */
uint64_t *codec_counters(enum family family, void *entry);
size_t codec_size(enum family family, const void *entry);

#endif
