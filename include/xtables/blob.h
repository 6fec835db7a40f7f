/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A table as the kernel gives it out, without libiptc: how large it is, and a number for its
 * content. It changes nothing and understands no rule.
 */
#ifndef PFWD_XTABLES_BLOB_H
#define PFWD_XTABLES_BLOB_H

#include <stdint.h>

#include "model/err.h"
#include "xtables/group.h"

struct blob_size {
	unsigned int chains; /* those that are built in */
	/* Besides the rules, each chain has one at its end, each chain that is not built in has one
	 * more at its begin, and the table has one at its end. */
	unsigned int entries;
};
/* 0, or -1 and errno. */
int blob_size(enum family family, enum table table, struct blob_size *out);

/* A hash of the table without its counters: another content has another number. A table that is not
 * there is set up by this. 0, or -1: ERR_FAILED, ERR_PERMISSION. */
int blob_digest(enum family family, enum table table, uint64_t *out, struct err *err);

#endif
