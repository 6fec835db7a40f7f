/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All that the table has to hold for certain forwards, as values. It compares nothing with what is
 * there, and asks no kernel.
 */
#ifndef PFWD_NFTABLES_LAYOUT_H
#define PFWD_NFTABLES_LAYOUT_H

#include "nftables/content.h"
#include "nftables/place.h"

struct nft_layout {                    /* a zeroed one is empty */
	const struct forwards *wanted; /* not owned */
	struct places places;
	struct shape shape;
	struct guests guests;
	struct content_added *added; /* by --hairpin and --local; sorted, each once */
	size_t added_count;
	bool empty; /* no forward needs a set, and none has to stay for somebody else's sake */
};

/* have: the content that there is, where forwards keep their places and others' elements keep their
 * sets. wanted: sorted, and must outlive *out. 0; or -1 (out of memory, or more different --snat
 * addresses than can be told apart), and *out is empty. */
int nft_layout_make(const struct content *have, const struct forwards *wanted,
		    struct nft_layout *out, struct err *err);
void nft_layout_free(struct nft_layout *layout);
/* The addition with the key of this one; NULL: there is none. */
const struct content_added *nft_layout_find(const struct nft_layout *layout,
					    const struct content_added *there);

#endif
