/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel can report a connection twice while its table is read: if the entry at which a dump
 * paused has gone when the dump resumes, it restarts that bucket. This finds such repeats. It reads
 * nothing itself.
 */
#ifndef PFWD_CONNS_REPEATS_H
#define PFWD_CONNS_REPEATS_H

#include "conns/connection.h"

/* A repeat is among the last ones: since Linux 5.15 no bucket grows beyond 80 entries. */
#define REPEATS_MAX 128
#define REPEATS_SLOTS 4096

struct repeats { /* a zeroed one has seen nothing */
	struct repeats_key {
		uint32_t id; /* a hash: others may have it too */
		struct endpoint client, via;
	} keys[REPEATS_MAX];
	size_t seen;
	uint8_t slots[REPEATS_SLOTS]; /* how many of the keys, by id: mostly none has to be compared
				       */
};

/* Return true if c was among the last REPEATS_MAX distinct connections; otherwise remember it and
 * return false. */
bool repeats_seen(struct repeats *recent, const struct connection *c);

#endif
