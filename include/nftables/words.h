/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A plan as lines that `nft -f` takes, and words for what in pfwd's table is not pfwd's. It prints
 * nothing itself.
 */
#ifndef PFWD_NFTABLES_WORDS_H
#define PFWD_NFTABLES_WORDS_H

#include "nftables/plan.h"

/* Each: 0, or -1 (out of memory). */
int words_plan(const struct nft_plan *plan, struct lines *out, struct err *err);
/* A line for each set and chain that holds something that pfwd did not make. */
int words_foreign(const struct content *have, struct lines *out, struct err *err);

#endif
