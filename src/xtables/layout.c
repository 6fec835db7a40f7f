/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Chains by table and name. */
#include <stdlib.h>
#include <string.h>

#include "model/array.h"
#include "xtables/layout.h"

void layout_free(struct layout *layout)
{
	for (size_t i = 0; i < layout->count; i++)
		free(layout->chains[i].rules);
	free(layout->chains);
	for (size_t i = 0; i < layout->text_count; i++)
		free(layout->texts[i]);
	free(layout->texts);
	*layout = (struct layout){0};
}

const char *layout_keep_text(struct layout *layout, const char *text)
{
	void *texts = layout->texts;
	char **kept = array_append(&texts, &layout->text_count, sizeof(*kept));
	layout->texts = texts;
	if (!kept)
		return NULL;
	*kept = strdup(text);
	return *kept;
}

static int compare_chains(const void *a, const void *b)
{
	const struct chain *x = a, *y = b;
	int d = (int)group_infos[x->group].table - (int)group_infos[y->group].table;
	return d ? d : strcmp(x->name, y->name);
}

bool layout_sort(struct layout *layout)
{
	if (layout->count)
		qsort(layout->chains, layout->count, sizeof(*layout->chains), compare_chains);
	for (size_t i = 1; i < layout->count; i++)
		if (compare_chains(&layout->chains[i - 1], &layout->chains[i]) == 0)
			return false;
	return true;
}

const struct chain *layout_find(const struct layout *layout, enum table table, const char *name)
{
	/* any group of the table will do */
	struct chain key = {.group = table == TABLE_NAT ? GROUP_MAIN : GROUP_FORWARD, .name = name};
	if (layout->count == 0)
		return NULL;
	return bsearch(&key, layout->chains, layout->count, sizeof(key), compare_chains);
}
