/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the codec, the tables and their tests have to know of the kernel's struct ipt_entry and
 * struct ip6t_entry (linux/netfilter_ipv4/ip_tables.h, linux/netfilter_ipv6/ip6_tables.h): an entry
 * is a header, extensions that match, and an extension that is the target. It knows no rules.
 */
#ifndef PFWD_XTABLES_ENTRY_H
#define PFWD_XTABLES_ENTRY_H

#include <stddef.h>
#include <linux/netfilter/x_tables.h>

#include "model/address.h"

#define ENTRY_MAX 1600

struct entry {
	_Alignas(8) unsigned char bytes[ENTRY_MAX];
	size_t size;
};

/* Where the fields are that the headers of both families have; size is that of the header. They
 * may be written to only if the entry may. */
struct entry_head {
	size_t size;
	struct xt_counters *counters;
	__u16 *target_offset, *next_offset; /* from the begin of the entry */
};
struct entry_head entry_head(enum family family, const void *entry);

/* The extension that begins at that offset and lies wholly before end; NULL: there is none. A
 * target (struct xt_entry_target) has the form of a match. */
const struct xt_entry_match *entry_extension(const void *entry, size_t at, size_t end);

/* Whether two headers ask the same of a packet, and two extensions the same. */
bool entry_same_header(enum family family, const void *a, const void *b);
bool entry_same_extension(const struct xt_entry_match *a, const struct xt_entry_match *b);

/* The comment that is the last match of a whole entry, or NULL. */
const char *entry_last_comment(enum family family, const void *entry);

struct named_entry {
	const void *entry;  /* whole */
	const char *target; /* the chain, verdict or extension, as iptc_get_target says */
};

/*
 * Whether two whole entries, of any program, are the same rule. Jumps are told apart by name. What
 * the kernel keeps in an entry for itself may make equal ones look different.
 */
bool entry_same(enum family family, const struct named_entry *a, const struct named_entry *b);

/* A copy of an entry that libiptc can insert again, which goes by the name of the target. The
 * caller frees it; NULL: out of memory. */
void *entry_copy(enum family family, const struct named_entry *entry);

#endif
