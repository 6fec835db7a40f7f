/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Somebody else's chains and rules of a table, as the room filter takes them. It reads no table,
 * and changes none.
 */
#ifndef PFWD_XTABLES_FOREIGN_H
#define PFWD_XTABLES_FOREIGN_H

#include "filter/filter.h"
#include "xtables/entry.h"
#include "xtables/group.h"

struct foreign { /* a zeroed one is empty */
	struct foreign_chain {
		char name[CHAIN_NAME_MAX];
		struct filter_rule *rules; /* each is one of the chain, in order */
		size_t count;
		bool drops; /* the policy of a base chain */
	} * chains;         /* sorted by name */
	size_t count;
};

/* Note that there is a chain of that name. All are noted, and then sorted, before the first rule
 * is added. 0, or -1 (out of memory). */
int foreign_add_chain(struct foreign *foreign, const char *name);
void foreign_sort(struct foreign *foreign);
/* Its index; foreign->count: there is none. */
size_t foreign_find(const struct foreign *foreign, const char *name);
/* What the rule of a whole entry asks, without its verdict. */
void foreign_read_rule(enum family family, const void *entry, struct filter_rule *out);
/* Append to that chain the rule of an entry. 0, or -1 (out of memory). */
int foreign_add_rule(struct foreign *foreign, size_t chain, enum family family,
		     const struct named_entry *entry);
/* Take a rule for deleted: that of that number, from 0, in the chain. */
void foreign_forget(struct foreign *foreign, const char *chain, size_t number);
/* Whether some rules pick clients or packets to stop, or may. */
bool foreign_limits(const struct foreign *foreign);
void foreign_free(struct foreign *foreign);

#endif
