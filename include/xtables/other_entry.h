/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An entry of a legacy table that somebody else made, as the room others takes it. It reads no
 * table.
 */
#ifndef PFWD_XTABLES_OTHER_ENTRY_H
#define PFWD_XTABLES_OTHER_ENTRY_H

#include "others/chains.h"
#include "others/cases.h"
#include "xtables/group.h"

/* A base chain of a table: the hook and the priority that the kernel gives it. False: no rule in it
 * is of interest. */
bool other_base(enum table table, const char *chain, enum other_hook *hook, int *priority);

struct other_entry {
	enum family family;
	enum table table;
	const void *entry;  /* whole */
	const char *target; /* as iptc_get_target says */
	uint32_t to;        /* the chain of that name; CHAINS_NONE: there is none */
	bool own;           /* that chain is pfwd's */
	bool base;          /* the entry is in a base chain */
	size_t number;      /* in its chain, from 0 */
	size_t place;       /* the same, without pfwd's rules */
};

/* Append it to the chain, if it does something. 0, or -1 (out of memory). */
int other_entry_add(struct rule_cases *cases, const struct other_entry *e,
		    struct other_chain *chain);

#endif
