/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What has to be done so that the table holds certain forwards: as little as possible, and nothing
 * to what somebody else has put there. It asks no kernel.
 */
#ifndef PFWD_NFTABLES_PLAN_H
#define PFWD_NFTABLES_PLAN_H

#include "nftables/layout.h"

/* In the order in which they are carried out. */
enum PACKED nft_op_kind {
	NFT_OP_NEW_TABLE,
	NFT_OP_NEW_CHAIN,
	NFT_OP_NEW_SET,
	NFT_OP_DELETE_RULE,
	NFT_OP_DELETE_JUMP,
	NFT_OP_DELETE_ELEMENT, /* one */
	NFT_OP_DELETE_FORWARD, /* all elements of a part */
	NFT_OP_NEW_FORWARD,    /* all elements of a part */
	NFT_OP_NEW_ELEMENT,    /* one */
	NFT_OP_NEW_JUMP,
	NFT_OP_NEW_RULE,
	NFT_OP_DELETE_GUEST,
	NFT_OP_NEW_GUEST,
	NFT_OP_DELETE_CHAIN,
	NFT_OP_DELETE_SET,
	NFT_OP_DELETE_TABLE,
};

/* There are as many as forwards: kept small. Pointers lead into the content, the layout and
 * the forwards. */
struct nft_op {
	enum nft_op_kind kind;
	const char *name; /* of the chain or set; NULL where the bucket tells it */
	union {
		const struct shape_chain *chain;
		const struct shape_set *set;
		const struct shape_jump *jump; /* NFT_OP_NEW_JUMP */
		const struct nft_rule *rule;
		const struct forward *f;
		const struct element *element;
		const struct others_chain *others; /* of a guest rule */
	};
	const struct bucket *bucket; /* of f; or the SPEC of a jump that goes */
	union {
		uint64_t behind; /* NFT_OP_NEW_RULE: the handle of the rule before; 0: first.
				    NFT_OP_NEW_GUEST: of the rule behind it; 0: it is the last.
				    NFT_OP_DELETE_GUEST: of the rule itself */
		struct element_counter counter; /* that elements begin with */
	};
};

struct nft_plan { /* a zeroed one is empty */
	struct ruleset_plan base;
	const struct content *have;
	struct nft_op *ops;
	size_t count;
	struct lines kept; /* what stays though no forward needs it */
	/* what the operations point to */
	struct nft_layout layout;
	struct bucket *clients; /* SPECs of jumps that go */
	size_t client_count;
};

/* wanted: sorted; it and have must outlive *out. 0; or -1: out of memory, or ERR_FAILED where the
 * table holds something else under a name that is needed. On failure out is empty. */
int nft_plan_make(const struct content *have, const struct forwards *wanted, struct nft_plan *out,
		  struct err *err);
void nft_plan_free(struct nft_plan *plan);

#endif
