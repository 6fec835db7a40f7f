/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules of others that packets meet on the hooks ingress and prerouting of nf_tables. It changes
 * none.
 */
#ifndef PFWD_NFTABLES_EARLY_H
#define PFWD_NFTABLES_EARLY_H

#include "filter/early.h"

/* Append them to out. 0, or -1: ERR_FAILED. */
int nft_early(struct early *out, struct err *err);

#endif
