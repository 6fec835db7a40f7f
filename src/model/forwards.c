/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of forwards, and what adding one does to the others. */
#include <stdlib.h>
#include <string.h>

#include "model/forwards.h"
#include "model/spec.h"

void forwards_free(struct forwards *set)
{
	free(set->items);
	*set = (struct forwards){0};
}

static int reserve(struct forwards *set, size_t room, struct err *err)
{
	if (room <= set->room)
		return 0;
	size_t grown = set->room ? set->room * 2 : 16;
	if (grown < room)
		grown = room;
	struct forward *items = reallocarray(set->items, grown, sizeof(*items));
	if (!items)
		return err_memory(err);
	set->items = items;
	set->room = grown;
	return 0;
}

int forwards_add(struct forwards *set, const struct forward *f, struct err *err)
{
	if (reserve(set, set->count + 1, err) < 0)
		return -1;
	set->items[set->count++] = *f;
	return 0;
}

int forwards_add_all(struct forwards *set, const struct forwards *more, struct err *err)
{
	if (more->count == 0)
		return 0;
	if (reserve(set, set->count + more->count, err) < 0)
		return -1;
	memcpy(set->items + set->count, more->items, more->count * sizeof(*more->items));
	set->count += more->count;
	return 0;
}

static int compare(const void *a, const void *b)
{
	return forward_compare(a, b);
}

void forwards_sort(struct forwards *set)
{
	size_t kept = 0;
	if (set->count == 0)
		return;
	qsort(set->items, set->count, sizeof(*set->items), compare);
	for (size_t i = 1; i < set->count; i++)
		if (!forward_equal(&set->items[kept], &set->items[i]))
			set->items[++kept] = set->items[i];
	set->count = kept + 1;
}

void forwards_keep(struct forwards *set, const bool *keep)
{
	size_t kept = 0;
	for (size_t i = 0; i < set->count; i++)
		if (keep[i])
			set->items[kept++] = set->items[i];
	set->count = kept;
}

size_t forwards_find(const struct forwards *set, const struct forward *f)
{
	if (set->count == 0)
		return 0;
	struct forward *found = bsearch(f, set->items, set->count, sizeof(*set->items), compare);
	return found ? (size_t)(found - set->items) : set->count;
}

int forwards_conflict_error(const struct forward *f, const struct forward *other, struct err *err)
{
	char line[SPEC_LINE_MAX], other_line[SPEC_LINE_MAX];
	spec_format_line(f, line);
	spec_format_line(other, other_line);
	return err_set(err, ERR_CONFLICT, "%s is in conflict with %s", line, other_line);
}

int forwards_insert(struct forwards *set, const struct forward *f, int64_t now,
		    enum forwards_on_conflict on_conflict, struct err *err)
{
	size_t kept = 0;
	/* look first, so that a refusal leaves the set as it was */
	for (size_t i = 0; i < set->count && on_conflict == FORWARDS_REFUSE; i++) {
		const struct forward *other = &set->items[i];
		if (forward_conflict(f, other) && !forward_equal_but_until(f, other) &&
		    !forward_expired(other, now))
			return forwards_conflict_error(f, other, err);
	}
	if (reserve(set, set->count + 1, err) < 0)
		return -1;
	for (size_t i = 0; i < set->count; i++)
		if (!forward_conflict(f, &set->items[i]) && !forward_equal(f, &set->items[i]))
			set->items[kept++] = set->items[i];
	set->items[kept] = *f;
	set->count = kept + 1;
	forwards_sort(set);
	return 0;
}
