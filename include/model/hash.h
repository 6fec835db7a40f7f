/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one hash of the program, for tables in memory and for keys to sort by. It is no defence
 * against inputs that are made to collide: whoever uses it compares the items as well.
 */
#ifndef PFWD_MODEL_HASH_H
#define PFWD_MODEL_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

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

#endif
