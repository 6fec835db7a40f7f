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
	return kept ? *kept = strdup(text) : NULL;
}

const struct chain *layout_find(const struct layout *layout, enum table table, const char *name)
{
	size_t low = 0, high = layout->count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct chain *c = &layout->chains[middle];
		int d = (int)group_infos[c->group].table - (int)table;
		if (d == 0)
			d = strcmp(c->name, name);
		if (d == 0)
			return c;
		if (d < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
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
