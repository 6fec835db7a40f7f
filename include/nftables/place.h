/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which elements a forward has, and in which buckets; and back, the forward of an element. It asks
 * no kernel.
 */
#ifndef PFWD_NFTABLES_PLACE_H
#define PFWD_NFTABLES_PLACE_H

#include "model/forwards.h"
#include "nftables/shape.h"

/* A range of no more ports has an element for each of them, in maps of exact keys. */
#define PLACE_PORTS 128
/* A SPEC with more client networks has maps of its own. */
#define PLACE_CLIENTS 64

/* The parts of a forward are counted: PART_HAIRPIN is that of the first network of --hairpin, and
 * those of the others follow. Behind them there is another one for each network: for its clients
 * that come in as others do, whom the target would answer directly. */
enum {
	PART_PROPER,
	PART_LOCAL,
	PART_HAIRPIN,
};

#define PLACE_NOWHERE UINT32_MAX

struct places {                 /* a zeroed one is empty */
	struct bucket *buckets; /* each once; their chunk is 0: elements tell it */
	size_t bucket_count;
	uint32_t *of;    /* for each part: the index of its bucket, or PLACE_NOWHERE */
	uint32_t *first; /* for each forward of the set: where in of its parts begin */
	uint32_t *slots; /* of a table by which buckets are found: their index + 1 */
	size_t slot_mask;
};

/*
 * The buckets of all forwards of the set (sorted). levels (or NULL): for each forward the lowest
 * level that its own elements may have, so that those that are there stay where they are. 0, or -1
 * (out of memory).
 */
int place_all(const struct forwards *set, const uint16_t *levels, struct places *out,
	      struct err *err);
void place_free(struct places *places);
/* How many parts a forward has. */
static inline unsigned int place_parts(const struct forward *f)
{
	return PART_HAIRPIN + 2 * (unsigned int)forward_hairpin_count(f);
}
/* The bucket of that part of forward i of the set; NULL: there is no such part. */
const struct bucket *place_bucket(const struct places *places, size_t i, unsigned int part);

/* ---- elements ---- */

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

/* Of two elements with one key, keep one: what the comment says is true of the other one too, or of
 * no matter to it. */
void element_share(struct element *kept, const struct element *other);
/* Whether the two differ in their keys at the most. */
bool element_same_content(const struct element *a, const struct element *b);

/* How many elements that part of the forward has, in that bucket. */
size_t place_count(const struct bucket *bucket, const struct forward *f);
/* The element of that number, from 0. */
void place_element(const struct bucket *bucket, const struct forward *f, unsigned int part,
		   size_t n, struct element *out);

/* The forward proper that an element of BUCKET_ADDR or BUCKET_MAIN belongs to, and its number among
 * the elements of that forward; false: no forward has such an element. *hairpin_open: the comment
 * had no room for the networks of --hairpin, which are found among the elements of those parts. */
bool place_read(const struct element *e, struct forward *out, size_t *number, bool *hairpin_open);

/* Whether e is the first element of what --hairpin with a certain network, *net, adds to f. */
bool place_read_hairpin(const struct element *e, const struct forward *f, struct network *net);

#endif
