/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What somebody else's entry asks, and which extension its target is. It reads no table. */
#ifndef PFWD_XTABLES_ENTRY_WALK_H
#define PFWD_XTABLES_ENTRY_WALK_H

#include <linux/netfilter/x_tables.h>

#include "conditions/xt.h"

#define ENTRY_NAME_MAX (XT_EXTENSION_MAXNAMELEN + 1) /* the kernel does not end it with a NUL */

struct entry_walk { /* set family and entry, the rest zero */
	enum family family;
	const void *entry; /* whole */
	size_t at;
	char name[ENTRY_NAME_MAX]; /* of the match, which conditions may point to */
};

/* What the header asks, and at each further call what the next match asks. False: there are no
 * more. */
bool entry_walk_next(struct entry_walk *walk, struct conditions *out);

/* The target with its name, which is put into name. False: there is none. */
bool entry_target(const struct entry_walk *walk, char name[ENTRY_NAME_MAX],
		  struct xt_extension *out);

/* Whether packets do not come back from the chain that is the target. */
bool entry_goes(const struct entry_walk *walk);

#endif
