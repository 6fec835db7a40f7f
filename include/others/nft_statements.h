/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One rule of `nft list ruleset`: its statements, and what they do. It knows no table.
 */
#ifndef PFWD_OTHERS_NFT_STATEMENTS_H
#define PFWD_OTHERS_NFT_STATEMENTS_H

#include "others/nft_reader.h"

/* Add the rule that comes next to the chain of the reader. */
void statements_read(struct nft_reader *reader);

#endif
