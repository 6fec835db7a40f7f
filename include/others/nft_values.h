/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What rules of `nft list ruleset` compare: keys, and the values for them. It does nothing with
 * what rules do.
 */
#ifndef PFWD_OTHERS_NFT_VALUES_H
#define PFWD_OTHERS_NFT_VALUES_H

#include "others/nft_reader.h"

enum key_kind {
	KEY_NONE,
	KEY_IN,
	KEY_OUT,
	KEY_FROM,
	KEY_DST,
	KEY_PROTO,
	KEY_FAMILY,
	KEY_PORT,
	KEY_STATE,
	KEY_STATUS,
	KEY_TYPE,
};

#define KEYS_MAX 5

struct key {
	enum key_kind kind;
	enum family family;
	enum proto proto;
};

struct keys {
	struct key of[KEYS_MAX];
	size_t count;
};

/* KEY [. KEY]..., which is taken. */
bool values_take_keys(struct nft_reader *reader, struct keys *keys);

/* An element: values for the keys, and behind a colon what a map gives. */
struct set_element {
	struct other_rule way;
	size_t data, data_end; /* tokens; empty: none */
	bool understood;
};

/* Where the elements are that come next: a set in braces, one of a name, or one value. False: they
 * are not known. */
bool values_take(struct nft_reader *reader, struct span *out);
/* These elements, which the caller frees. NULL: too many, or out of memory. */
struct set_element *values_read(struct nft_reader *reader, const struct keys *keys,
				struct span span, size_t *count);
/* Let the rule have one alternative for each element, but states are all of one. */
void values_restrict(struct nft_reader *reader, const struct keys *keys,
		     struct set_element *elements, size_t count);

/* FIRST[-LAST]; the name of a service can hold a hyphen. */
bool values_ports(const struct nft_reader *reader, const char *text, enum proto proto,
		  struct ports *out);

#endif
