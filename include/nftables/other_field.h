/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What expressions of others load into registers, and what it asks to compare it with a value. It
 * knows no registers.
 */
#ifndef PFWD_NFTABLES_OTHER_FIELD_H
#define PFWD_NFTABLES_OTHER_FIELD_H

#include "conditions/condition.h"

#define COMPARED_MAX 16 /* bytes */

/* As if_indextoname(3). */
typedef char *(*interface_finder)(unsigned int index, char *name);

struct compared { /* it is at least first and at most last, under the mask */
	const uint8_t *first, *last;
	const uint8_t *mask; /* NULL: none */
	size_t length;       /* of all of them, at most COMPARED_MAX */
	bool negated;
	interface_finder find_interface;
};

struct field {
	enum asks asks;
	enum asks otherwise; /* where what it is compared with cannot be told */
	uint8_t length;      /* in a register, or in the header */
	const char *words;
	/* What it asks, besides asks, words and negated. False: that cannot be told. NULL: it never
	 * can. */
	bool (*read)(const struct compared *c, struct condition *out);
};

/* By the keys of linux/netfilter/nf_tables.h; NULL: one that is not known. */
const struct field *field_of_meta(uint32_t key);
const struct field *field_of_ct(uint32_t key, bool original);
const struct field *field_of_fib(uint32_t result, uint32_t flags);

struct payload { /* where in a packet */
	uint32_t base, offset;
	enum family family; /* of the packet; FAMILY_NONE: not known */
	enum proto proto;
};
const struct field *field_of_payload(const struct payload *at);

/* Append what the comparison of a field asks. */
void field_ask(const struct field *f, const struct compared *c, struct conditions *out);

#endif
