/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel repeats while its table of connections is read: a dump that stopped at an entry
 * which is gone when it goes on begins that entry's bucket again. It reads nothing itself.
 */
#ifndef PFWD_MODEL_RECENT_H
#define PFWD_MODEL_RECENT_H

#include "model/connection.h"

/* What repeats was among the last ones: since Linux 5.15 no bucket grows beyond 80 entries. */
#define RECENT_MAX 128
#define RECENT_SLOTS 4096

struct recent { /* a zeroed one has seen nothing */
	struct recent_key {
		uint32_t id; /* a hash: others may have it too */
		struct endpoint client, via;
	} keys[RECENT_MAX];
	size_t seen;
	uint8_t slots[RECENT_SLOTS]; /* how many of the keys, by id: mostly none has to be compared
				      */
};

/* Whether c is one of the last RECENT_MAX that were not; else it is from now on. */
bool recent_repeats(struct recent *recent, const struct connection *c);

#endif
