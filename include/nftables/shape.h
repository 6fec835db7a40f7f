/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The chains and rules that look into buckets: all of the table that follows from which buckets
 * there are. It asks no kernel, and knows no element.
 */
#ifndef PFWD_NFTABLES_SHAPE_H
#define PFWD_NFTABLES_SHAPE_H

#include "nftables/rule.h"

#define TABLE_NAME "pfwd"
#define TABLE_COMMENT "pfwd"

/* Bits of the connection's label (Linux has 128). */
#define LABEL_FORWARD 124    /* a forward translates the connection */
#define LABEL_MASQUERADE 125 /* ... and its source is masqueraded */
#define LABEL_SNAT_FIRST 84  /* two of the next bits say which address its source becomes */
#define LABEL_SNAT_BITS 40
#define LABEL_SNAT_PAIRS (LABEL_SNAT_BITS * (LABEL_SNAT_BITS - 1) / 2)

struct shape_chain {
	char name[BUCKET_NAME_MAX];
	bool base;
	uint32_t hook;    /* NF_INET_*, of a base chain */
	int32_t priority; /* of a base chain */
	bool filter;      /* a base chain of type filter; else of type nat */
	struct nft_rule *rules;
	size_t count;
};

struct shape_set {
	char name[BUCKET_NAME_MAX];
	bool verdicts;        /* a map from SPECs to the chains of their clients */
	struct bucket bucket; /* else */
};

/* An element of a map of verdicts. */
struct shape_jump {
	size_t set;           /* index */
	struct bucket bucket; /* whose SPEC is the key, and whose chain the verdict */
};

/* The hooks on which others' chains have a guest rule, and between which priorities these lie. */
struct shape_guest {
	uint32_t hook;
	int32_t lowest, highest;
};
#define SHAPE_GUESTS_MAX 4 /* input, forward, output, postrouting */

#define GUEST_COMMENT "pfwd"

struct shape { /* a zeroed one is empty */
	struct shape_set *sets;
	size_t set_count;
	struct shape_chain *chains;
	size_t chain_count;
	struct shape_jump *jumps;
	size_t jump_count;
};

/* buckets: sorted by bucket_compare, each once. 0; or -1: out of memory, or more different --snat
 * addresses than labels can tell apart. */
int shape_build(const struct bucket *buckets, size_t count, struct shape *out, struct err *err);
/* The chains around others' chains that mark the packets of forwards, and take the mark back. 0, or
 * -1 (out of memory). */
int shape_add_guests(struct shape *shape, const struct shape_guest *guests, size_t count,
		     struct err *err);
/* Whether it is one of the two chains that packets get and lose the mark by, on that hook. */
bool shape_marks(const struct shape_chain *chain, uint32_t hook);
/* The rule in others' chains that accepts what is marked. */
void shape_guest_rule(struct nft_rule *out);
/* NULL: there is none of that name. */
const struct shape_chain *shape_find_chain(const struct shape *shape, const char *name);
void shape_free(struct shape *shape);

/* Whether a chain of that name is one that a shape may have; whether a rule may be one of pfwd's,
 * by the set that it looks into or by its comment. */
bool shape_knows_chain(const char *name);
bool shape_knows_rule(const struct nft_rule *rule);

/* ---- keys ---- */

/* The fields of a bucket's key, in their order. */
enum key_field {
	KEY_IFNAME,
	KEY_ADDR,
	KEY_PORT,
	KEY_CLIENT,
	KEY_FIELDS,
};
struct key_shape {
	bool has[KEY_FIELDS];
	uint8_t at[KEY_FIELDS]; /* offset in bytes, a multiple of 4 */
	uint8_t length;         /* in bytes, of all fields with their padding */
};
struct key_shape shape_key(const struct bucket *b);
/* The same for the map of verdicts that leads to a bucket of FORM_CLIENTS. */
struct key_shape shape_verdict_key(const struct bucket *b);
/* Length in bytes of an element's data; 0: the bucket is a set. */
uint8_t shape_data_length(const struct bucket *b);

#endif
