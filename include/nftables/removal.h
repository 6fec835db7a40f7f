/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Deleting rules of others from nf_tables. It decides nothing.
 */
#ifndef PFWD_NFTABLES_REMOVAL_H
#define PFWD_NFTABLES_REMOVAL_H

#include <stdbool.h>

#include "model/other_rule.h"

/* As the function remove of struct backend. */
int nft_removal_run(const struct other_rules *rules, const bool *gone, struct err *err);

#endif
