/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lists of networks that many forwards share, as pointers. A list never changes and lives as long
 * as the program, so that forwards can be copied as values. It knows nothing of forwards.
 */
#ifndef PFWD_MODEL_NETWORKS_H
#define PFWD_MODEL_NETWORKS_H

#include "model/address.h"

#define NETWORKS_MAX 32 /* that a list can have */

struct networks { /* sorted, each once; one at least */
	size_t count;
	struct network items[];
};

/* The list of these networks, from 1 to NETWORKS_MAX of them, in any order. The same networks give
 * the same pointer. NULL: out of memory. */
const struct networks *networks_of(const struct network *items, size_t count);

/* Whether one of the networks holds addr. NULL is no network. */
bool networks_hold(const struct networks *networks, const struct address *addr);
/* A total order; NULL comes first. */
int networks_compare(const struct networks *a, const struct networks *b);

/* ADDR/BITS[,ADDR/BITS...], ended by NUL. Returns where the NUL is, as stpcpy(3) does. */
#define NETWORKS_TEXT_MAX (NETWORKS_MAX * NETWORK_TEXT_MAX)
char *networks_put(char *out, const struct networks *networks);

#endif
