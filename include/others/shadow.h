/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which translations never see a packet, because rules before them take all of their packets: among
 * the rules of others and pfwd's own forwards. It asks no kernel.
 */
#ifndef PFWD_OTHERS_SHADOW_H
#define PFWD_OTHERS_SHADOW_H

#include "model/forward.h"
#include "model/other_rule.h"

/* Where the backends' rules stand that translate for pfwd (NF_IP_PRI_NAT_DST, and one before it).
 */
#define SHADOW_LEGACY (-100)
#define SHADOW_NFT (-101)

struct shadow_own { /* a forward of pfwd's */
	const struct forward *f;
	const char *backend;         /* its name */
	const struct other_rule *by; /* what takes all its packets; filled in, NULL: nothing */
};

struct shadow {
	struct other_rules *rules; /* of all backends; shadowed is filled in */
	struct shadow_own *own;
	size_t own_count;
	const struct addresses *here; /* of this host */
};

/*
 * Only what is certain is told: nothing of two rules in different backends with one priority, of
 * which the one that was set up last comes first. 0, or -1 (out of memory).
 */
int shadow_find(const struct shadow *shadow, struct err *err);

/* The packets of a forward as a rule of that backend: those that come in, or, for local, those of
 * programs here. */
struct other_rule shadow_rule_of(const struct forward *f, bool local, const char *backend);
/* Whether a takes all packets that b takes. */
bool shadow_holds(const struct other_rule *a, const struct other_rule *b,
		  const struct addresses *here);

#endif
