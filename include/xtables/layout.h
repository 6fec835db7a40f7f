/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The chains that tables shall have, with their rules, as values. It decides nothing about what is
 * in them.
 */
#ifndef PFWD_XTABLES_LAYOUT_H
#define PFWD_XTABLES_LAYOUT_H

#include "model/err.h"
#include "xtables/group.h"

struct chain {
	enum group group;
	const char *name;
	struct rule *rules;
	size_t count;
};

struct layout { /* a zeroed one is empty */
	enum family family;
	bool output;          /* it lets out what this host sends, because others stop that */
	struct chain *chains; /* sorted by table and name; each has a rule at least */
	size_t count;
	char **texts; /* names and comments that the rules point to */
	size_t text_count;
};

void layout_free(struct layout *layout);
/* A copy of text that lives as long as the layout; NULL: out of memory. */
const char *layout_keep_text(struct layout *layout, const char *text);
/* Bring the chains into their order, as layout_find wants it. false: two have the same name. */
bool layout_sort(struct layout *layout);
/* NULL: there is none of that name. */
const struct chain *layout_find(const struct layout *layout, enum table table, const char *name);

#endif
