/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sets and maps of others, with their elements as ranges of keys. It reads nothing from the kernel.
 */
#ifndef PFWD_NFTABLES_OTHER_SET_H
#define PFWD_NFTABLES_OTHER_SET_H

#include <libmnl/libmnl.h>

#include "model/other_rule.h"

#define OTHER_KEY_MAX 64 /* NFT_DATA_VALUE_MAXLEN */

struct other_element {
	uint32_t first, last; /* where its keys are in the set's bytes; the same if it is one */
	uint32_t data;
	uint8_t data_length;
	bool end; /* it only ends the range before it */
	bool all; /* it stands for all keys that no other one has */
	bool counted;
	int32_t verdict;   /* NFT_JUMP, NF_ACCEPT ...; or OTHER_NO_VERDICT */
	const char *chain; /* of a jump; a text */
	const char *comment;
	uint64_t packets, bytes;
};
#define OTHER_NO_VERDICT INT32_MAX

struct other_set { /* set name, table, flags, key_length; the rest zero */
	const char *name, *table;
	uint8_t nfproto;
	uint32_t flags; /* NFT_SET_* */
	uint32_t key_length;
	struct other_element *items;
	size_t count, room;
	uint8_t *bytes;
	size_t used, size;
	bool read; /* the elements are there */
};

/* Append an element of a list. 0, or -1 (out of memory). */
int other_set_add(struct other_set *set, const struct nlattr *item, struct other_rules *texts);
/* Once all are there: each range is one element. 0, or -1 (out of memory). */
int other_set_finish(struct other_set *set);
void other_set_free(struct other_set *set);

#endif
