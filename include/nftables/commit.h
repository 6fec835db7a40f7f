/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A plan as one batch of messages. It decides nothing.
 */
#ifndef PFWD_NFTABLES_COMMIT_H
#define PFWD_NFTABLES_COMMIT_H

#include "nftables/plan.h"

/* As commit of struct backend. */
int nft_commit(const struct nft_plan *plan, struct err *err);

#endif
