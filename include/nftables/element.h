/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which elements the parts of a forward have in their buckets; and back, the forward of an element.
 * It asks no kernel.
 */
#ifndef PFWD_NFTABLES_ELEMENT_H
#define PFWD_NFTABLES_ELEMENT_H

#include "nftables/part.h"
#include "nftables/shape.h"

#define ELEMENT_KEY_MAX 52  /* interface, two addresses, port */
#define ELEMENT_DATA_MAX 20 /* address, port */

struct element {
	struct bucket bucket; /* with its chunk */
	uint8_t key[ELEMENT_KEY_MAX];
	uint8_t key_end[ELEMENT_KEY_MAX]; /* of FORM_INTERVAL */
	uint8_t data[ELEMENT_DATA_MAX];
	uint8_t key_length, data_length;
	char comment[RULE_COMMENT_MAX];
};

/* What one element is of: the part of a forward, and a number from 0 among the elements of it. */
struct piece {
	const struct bucket *bucket; /* of the part */
	const struct forward *f;
	unsigned int part;
	size_t number;
};

/* How many elements a part of the forward has, in that bucket. */
size_t element_count(const struct bucket *bucket, const struct forward *f);
void element_of(const struct piece *piece, struct element *out);

/* Of two elements with one key, keep one: what the comment says is true of the other one too, or of
 * no matter to it. */
void element_share(struct element *kept, const struct element *other);
/* Whether the two differ in their keys at the most. */
bool element_same_content(const struct element *a, const struct element *b);

/* The forward proper that an element of BUCKET_ADDR or BUCKET_MAIN belongs to, and its number among
 * the elements of that forward; false: no forward has such an element. *hairpin_open: the comment
 * had no room for the networks of --hairpin, which are found among the elements of those parts. */
bool element_read(const struct element *e, struct forward *out, size_t *number, bool *hairpin_open);

/* Whether e is the first element of what --hairpin with a certain network, *net, adds to f. */
bool element_read_hairpin(const struct element *e, const struct forward *f, struct network *net);

#endif
