/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of tables and chains come again and again, so each text is kept once, in a tree. */
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "model/other_rule.h"

static int compare_texts(const void *a, const void *b)
{
	return strcmp(a, b);
}

int other_rules_add(struct other_rules *set, const struct other_rule *rule, struct err *err)
{
	if (set->count == set->room) {
		size_t room = set->room ? set->room * 2 : 16;
		void *items = reallocarray(set->items, room, sizeof(*set->items));
		if (!items)
			return err_memory(err);
		set->items = items;
		set->room = room;
	}
	set->items[set->count++] = *rule;
	return 0;
}

const char *other_rules_text(struct other_rules *set, const char *text)
{
	char *const *found = tfind(text, &set->texts, compare_texts);
	if (found)
		return *found;
	char *copy = strdup(text);
	if (!copy || tsearch(copy, &set->texts, compare_texts))
		return copy;
	free(copy);
	return NULL;
}

void other_rules_free(struct other_rules *set)
{
	tdestroy(set->texts, free);
	free(set->items);
	*set = (struct other_rules){0};
}
