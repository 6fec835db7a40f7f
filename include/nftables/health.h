/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether forwards in the table work: all that they need is there and reached, and nothing of
 * others stops them. It plans no change, and asks no kernel.
 */
#ifndef PFWD_NFTABLES_HEALTH_H
#define PFWD_NFTABLES_HEALTH_H

#include "nftables/content.h"

/* Fill out[i] for each forward of the content. 0, or -1 (out of memory). */
int nft_health(const struct content *have, struct ruleset_status *out, struct err *err);

#endif
