/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * In which buckets the parts of all forwards of a set are. It asks no kernel.
 */
#ifndef PFWD_NFTABLES_PLACE_H
#define PFWD_NFTABLES_PLACE_H

#include "nftables/part.h"

/* A SPEC with more client networks has maps of its own. */
#define PLACE_CLIENTS 64

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
/* The bucket of that part of forward i of the set; NULL: there is no such part. */
const struct bucket *place_bucket(const struct places *places, size_t i, unsigned int part);

#endif
