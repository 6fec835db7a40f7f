/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A rule of nf_tables as a plain value: the expressions that pfwd writes, so that two rules can be
 * compared by what they do. It knows neither netlink nor forwards.
 */
#ifndef PFWD_NFTABLES_RULE_H
#define PFWD_NFTABLES_RULE_H

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "nftables/bucket.h"

enum PACKED expr_kind {
	EXPR_META, /* load */
	EXPR_META_SET,
	EXPR_PAYLOAD, /* load */
	EXPR_FIB,     /* load */
	EXPR_CT,      /* load */
	EXPR_CT_SET,
	EXPR_IMMEDIATE, /* bytes into a register */
	EXPR_BYTEORDER, /* host to network order, in place */
	EXPR_BITWISE,   /* (register & bytes) ^ flip, in place */
	EXPR_CMP,       /* register against bytes */
	EXPR_LOOKUP,    /* in the set or map of the rule's name */
	EXPR_VERDICT,   /* accept, or a jump to the chain of the rule's name */
	EXPR_NAT,
	EXPR_MASQUERADE,
	EXPR_COUNTER,
};

/* What does not apply is zero, so that equality is memcmp. Registers are counted in 4 bytes from 0
 * (NFT_REG32_00). */
struct expr {
	enum expr_kind kind;
	uint8_t reg;      /* read or written; of EXPR_LOOKUP: the key */
	uint8_t data_reg; /* of EXPR_LOOKUP on a map; of EXPR_NAT: the port */
	uint8_t length;   /* of bytes; of EXPR_PAYLOAD: what is loaded */
	uint32_t key;   /* NFT_META_*, NFT_CT_*, NFT_PAYLOAD_*_HEADER, NFT_FIB_RESULT_*, NFT_CMP_*,
			   NFT_NAT_*; of EXPR_VERDICT: NF_ACCEPT or NFT_JUMP */
	uint32_t extra; /* of EXPR_PAYLOAD: offset; of EXPR_FIB: NFTA_FIB_F_*; of EXPR_NAT: the
			   family (NFPROTO_*); of EXPR_LOOKUP: LOOKUP_* */
	uint8_t bytes[16];
	uint8_t flip[4];         /* of EXPR_BITWISE on 4 bytes */
	bool has_addr, has_port; /* of EXPR_NAT */
};

enum { LOOKUP_SET, LOOKUP_MAP, LOOKUP_VERDICTS };

#define RULE_EXPRS_MAX 32
#define RULE_COMMENT_MAX 129 /* nft(8) loads no longer ones; with the NUL */

struct nft_rule {
	struct expr exprs[RULE_EXPRS_MAX];
	size_t count;
	char name[BUCKET_NAME_MAX]; /* of the set or chain that an expression names */
	char comment[RULE_COMMENT_MAX];
	bool unknown;    /* it holds an expression that pfwd does not write */
	uint64_t handle; /* the kernel's number; 0: none yet */
};

/* The same expressions, name and comment. */
bool nft_rule_equal(const struct nft_rule *a, const struct nft_rule *b);

/* Append an expression, all of which is zero but for its kind. A rule of pfwd's never has more than
 * RULE_EXPRS_MAX. */
struct expr *nft_rule_add(struct nft_rule *rule, enum expr_kind kind);

#endif
