/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel repeats while its table of connections is read: a dump that stopped at an entry
 * which is gone when it goes on begins that entry's bucket again. It reads nothing itself.
 */
#ifndef PFWD_CONNS_REPEATS_H
#define PFWD_CONNS_REPEATS_H

#include "conns/connection.h"

/* What repeats was among the last ones: since Linux 5.15 no bucket grows beyond 80 entries. */
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

/* Whether c is one of the last REPEATS_MAX that were not; else it is from now on. */
bool repeats_seen(struct repeats *recent, const struct connection *c);

#endif
