/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All lists are kept in one tree that only grows: a program meets few different ones, and a forward
 * that held its list itself would be three times as large.
 */
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "model/networks.h"

static int compare_items(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct network));
}

static int compare_lists(const void *a, const void *b)
{
	return networks_compare(a, b);
}

const struct networks *networks_of(const struct network *items, size_t count)
{
	static void *all; /* of tsearch(3) */
	struct networks *list = malloc(sizeof(*list) + count * sizeof(*items));
	if (!list)
		return NULL;
	memcpy(list->items, items, count * sizeof(*items));
	qsort(list->items, count, sizeof(*items), compare_items);
	list->count = 0;
	for (size_t i = 0; i < count; i++)
		if (i == 0 || compare_items(&list->items[i], &list->items[list->count - 1]) != 0)
			list->items[list->count++] = list->items[i];
	const struct networks **kept = tsearch(list, &all, compare_lists);
	const struct networks *found = kept ? *kept : NULL;
	if (found != list)
		free(list);
	return found;
}

bool networks_hold(const struct networks *networks, const struct address *addr)
{
	for (size_t i = 0; networks && i < networks->count; i++)
		if (network_holds(&networks->items[i], addr))
			return true;
	return false;
}

int networks_compare(const struct networks *a, const struct networks *b)
{
	if (a == b)
		return 0;
	if (!a || !b)
		return a ? 1 : -1;
	for (size_t i = 0; i < a->count && i < b->count; i++) {
		int d = compare_items(&a->items[i], &b->items[i]);
		if (d != 0)
			return d;
	}
	return (a->count > b->count) - (a->count < b->count);
}

char *networks_put(char *out, const struct networks *networks)
{
	for (size_t i = 0; i < networks->count; i++) {
		if (i > 0)
			*out++ = ',';
		network_format(&networks->items[i], out);
		out += strlen(out);
	}
	return out;
}
