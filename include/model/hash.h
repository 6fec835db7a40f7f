/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one hash of the program, and the one hash table. It is no defence against inputs that are
 * made to collide: whoever uses it compares the items as well.
 */
#ifndef PFWD_MODEL_HASH_H
#define PFWD_MODEL_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "model/err.h"

/* The hash of what was hashed before (0 at the start), and then of this word. */
static inline uint64_t hash_word(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15U; /* 2^64 / the golden ratio */
	return hash ^ hash >> 32;
}

/* ... of these bytes. */
static inline uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t size)
{
	const unsigned char *at = bytes;
	uint64_t word;
	for (; size >= sizeof(word); at += sizeof(word), size -= sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		hash = hash_word(hash, word);
	}
	for (; size > 0; size--)
		hash = hash_word(hash, *at++);
	return hash;
}

/* ... of this text; NULL is hashed as "". */
static inline uint64_t hash_text(uint64_t hash, const char *text)
{
	for (; text && *text; text++)
		hash = hash_word(hash, (unsigned char)*text);
	return hash;
}

/* Pointers to items, which are not owned, by the hashes of the items. */
struct hash_table {
	const void **slots; /* from the slot of its hash on an item is in the first free one */
	size_t mask;        /* there are mask + 1 slots, a power of two */
};

/* An empty table for at most so many items. 0, or -1 (out of memory) and *out is zeroed. */
int hash_table_init(struct hash_table *out, size_t count, struct err *err);
/* Takes a zeroed one too. */
void hash_table_free(struct hash_table *table);
void hash_table_add(struct hash_table *table, uint64_t hash, const void *item);

/*
 * The items that may have that hash, one a call, in the order in which they were added; others come
 * among them. *at is 0 before the first call. NULL: there are no more.
 */
static inline const void *hash_table_next(const struct hash_table *table, uint64_t hash, size_t *at)
{
	return table->slots[(hash + (*at)++) & table->mask];
}

#endif
