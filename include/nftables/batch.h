/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages to nf_tables: a batch of changes, which the kernel carries out wholly or not at all, and
 * requests for lists. It does not know what is changed.
 */
#ifndef PFWD_NFTABLES_BATCH_H
#define PFWD_NFTABLES_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <libmnl/libmnl.h>

#include "model/err.h"

struct batch { /* a zeroed one is empty */
	char *bytes;
	size_t used, room;
	size_t at; /* where the message begins that is being written */
	uint32_t sequence;
	bool failed;     /* out of memory: nothing is written any more */
	size_t forwards; /* that it makes or removes: what to say if it is too large to be sent */
};

/* Begin a batch for that generation of the ruleset: if it is not the present one any more, nothing
 * is done. */
void batch_begin(struct batch *batch, uint32_t generation);
/* The next message, with room for so many bytes of attributes; type: NFT_MSG_*. NULL: out of
 * memory. It is done when the next one is asked for. */
struct nlmsghdr *batch_message(struct batch *batch, uint16_t type, uint16_t flags, size_t room);
void batch_free(struct batch *batch);

/* End the batch and send it. 0, or -1: ERR_CHANGED, ERR_PERMISSION, ERR_UNSUPPORTED, ERR_FAILED.
 * *unsure: it is not known whether the kernel has carried it out. */
int batch_send(struct batch *batch, bool *unsure, struct err *err);

/* The number of the ruleset's present generation, which every change raises; 0: the kernel has no
 * nf_tables. -1 and errno. */
int batch_generation(uint32_t *out);

#endif
