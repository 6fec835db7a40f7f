/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The live connections of forwards: whose each is, and sums of them. It prints nothing but
 * warnings.
 */
#ifndef PFWD_COMMANDS_LIVE_H
#define PFWD_COMMANDS_LIVE_H

#include "kernel/host.h"
#include "model/lookup.h"

struct live { /* a zeroed one knows no forward */
	const struct forwards *set;
	struct lookup lookup;
	struct host_addresses addresses;
};

/* The set must stay as it is meanwhile. */
int live_make(const struct forwards *set, struct live *out, struct err *err);
void live_free(struct live *live);
/* The forward that a connection runs through, or NULL. */
const struct forward *live_forward(const struct live *live, const struct connection *c);

/* Every translated connection of that family, as conntrack_walk; says so where the table was
 * resized meanwhile. */
int live_walk(enum family family, int (*each)(void *context, const struct connection *c),
	      void *context, struct err *err);

struct live_sum {
	uint64_t conns, packets, bytes;
};
/* Add up into sums[i] what runs through each forward of that family (none: both), and into
 * sums[set->count] what runs through none. */
int live_sums(const struct live *live, enum family family, struct live_sum *sums, struct err *err);

/* Where conntrack does not count bytes and packets, say how to turn that on. */
void live_say_accounting(void);

#endif
