/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The live connections of forwards: whose each is, and sums of them. It prints nothing but
 * warnings.
 */
#ifndef PFWD_COMMANDS_OWNERS_H
#define PFWD_COMMANDS_OWNERS_H

#include "host/host.h"
#include "conns/lookup.h"

struct owners { /* a zeroed one knows no forward */
	const struct forwards *set;
	struct lookup lookup;
	struct host_addresses addresses;
};

/* The set must stay as it is meanwhile. */
int owners_make(const struct forwards *set, struct owners *out, struct err *err);
void owners_free(struct owners *live);
/* The forward that a connection runs through, or NULL. */
const struct forward *owners_forward(const struct owners *live, const struct connection *c);

/* Every translated connection of that family, as conntrack_walk; says so where the table was
 * resized meanwhile. */
int owners_walk(enum family family, int (*each)(void *context, const struct connection *c),
		void *context, struct err *err);

struct owners_sum {
	uint64_t conns, packets, bytes;
};
/* Add up into sums[i] what runs through each forward of that family (none: both), and into
 * sums[set->count] what runs through none. */
int owners_sums(const struct owners *live, enum family family, struct owners_sum *sums,
		struct err *err);

/* Where conntrack does not count bytes and packets, say how to turn that on. */
void live_say_accounting(void);

#endif
