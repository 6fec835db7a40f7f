/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "filter/ask.h"
#include "model/array.h"
#include "xtables/entry_walk.h"
#include "xtables/foreign.h"

static void read_target(const struct entry_walk *walk, const char *name, struct filter_rule *r)
{
	char extension[ENTRY_NAME_MAX];
	/* there may be none: then its name says it all */
	struct xt_extension target = {0};
	entry_target(walk, extension, &target);
	target.name = name;
	if (strcmp(name, "ACCEPT") == 0)
		r->verdict = FILTER_ACCEPT;
	else if (strcmp(name, "RETURN") == 0)
		r->verdict = FILTER_RETURN;
	/* what forwards are let through by is in chains of pfwd */
	else if (!*name || group_of(TABLE_FILTER, name) != GROUPS)
		r->verdict = FILTER_GO_ON;
	else
		filter_target(r, &target);
}

/* ---- chains ---- */

int foreign_add_chain(struct foreign *foreign, const char *name)
{
	void *chains = foreign->chains;
	struct foreign_chain *chain = array_append(&chains, &foreign->count, sizeof(*chain));
	foreign->chains = chains;
	if (!chain)
		return -1;
	memcpy(chain->name, name, strnlen(name, CHAIN_NAME_MAX - 1));
	return 0;
}

static int compare_chains(const void *a, const void *b)
{
	return strcmp(((const struct foreign_chain *)a)->name,
		      ((const struct foreign_chain *)b)->name);
}

void foreign_sort(struct foreign *foreign)
{
	if (foreign->count)
		qsort(foreign->chains, foreign->count, sizeof(*foreign->chains), compare_chains);
}

static int compare_name(const void *name, const void *chain)
{
	return strcmp(name, ((const struct foreign_chain *)chain)->name);
}

size_t foreign_find(const struct foreign *foreign, const char *name)
{
	const struct foreign_chain *found =
		foreign->count ? bsearch(name, foreign->chains, foreign->count,
					 sizeof(*foreign->chains), compare_name)
			       : NULL;
	return found ? (size_t)(found - foreign->chains) : foreign->count;
}

void foreign_read_rule(enum family family, const void *entry, struct filter_rule *out)
{
	struct entry_walk walk = {.family = family, .entry = entry};
	struct conditions asked;
	*out = (struct filter_rule){.family = family};
	while (entry_walk_next(&walk, &asked))
		filter_ask(out, &asked);
}

int foreign_add_rule(struct foreign *foreign, size_t chain, enum family family,
		     const struct named_entry *entry)
{
	const struct entry_walk walk = {.family = family, .entry = entry->entry};
	struct foreign_chain *c = &foreign->chains[chain];
	void *rules = c->rules;
	struct filter_rule *r = array_append(&rules, &c->count, sizeof(*r));
	c->rules = rules;
	if (!r)
		return -1;
	foreign_read_rule(family, entry->entry, r);
	read_target(&walk, entry->target, r);
	size_t to = foreign_find(foreign, entry->target);
	if (to == foreign->count)
		return 0;
	r->verdict = entry_goes(&walk) ? FILTER_GOTO : FILTER_JUMP;
	r->to = (uint32_t)to;
	return 0;
}

void foreign_forget(struct foreign *foreign, const char *chain, size_t number)
{
	size_t at = foreign_find(foreign, chain);
	if (at < foreign->count && number < foreign->chains[at].count)
		foreign->chains[at].rules[number].never = true;
}

bool foreign_limits(const struct foreign *foreign)
{
	for (size_t i = 0; i < foreign->count; i++)
		if (filter_has_limits(foreign->chains[i].rules, foreign->chains[i].count))
			return true;
	return false;
}

void foreign_free(struct foreign *foreign)
{
	for (size_t i = 0; i < foreign->count; i++)
		free(foreign->chains[i].rules);
	free(foreign->chains);
	*foreign = (struct foreign){0};
}
