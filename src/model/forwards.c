/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of forwards: growing, sorting, finding, and replacing what is in conflict. */
#include <stdlib.h>
#include <string.h>

#include "model/conflict.h"
#include "model/forwards.h"
#include "model/search.h"

void forwards_free(struct forwards *set)
{
	free(set->items);
	*set = (struct forwards){0};
}

int forwards_reserve(struct forwards *set, size_t count, struct err *err)
{
	if (count <= set->room)
		return 0;
	struct forward *items = reallocarray(set->items, count, sizeof(*items));
	if (!items)
		return err_memory(err);
	set->items = items;
	set->room = count;
	return 0;
}

/* Twice as much each time, so that many additions are few moves. */
static int grow(struct forwards *set, size_t count, struct err *err)
{
	size_t doubled = set->room ? set->room * 2 : 16;
	if (count <= set->room)
		return 0;
	return forwards_reserve(set, count > doubled ? count : doubled, err);
}

int forwards_add(struct forwards *set, const struct forward *f, struct err *err)
{
	if (grow(set, set->count + 1, err) < 0)
		return -1;
	set->items[set->count++] = *f;
	return 0;
}

int forwards_add_all(struct forwards *set, const struct forwards *more, struct err *err)
{
	if (more->count == 0)
		return 0;
	if (grow(set, set->count + more->count, err) < 0)
		return -1;
	memcpy(set->items + set->count, more->items, more->count * sizeof(*more->items));
	set->count += more->count;
	return 0;
}

int forwards_take_all(struct forwards *set, struct forwards *more, struct err *err)
{
	if (set->count == 0) {
		forwards_free(set);
		*set = *more;
		*more = (struct forwards){0};
		return 0;
	}
	if (forwards_add_all(set, more, err) < 0)
		return -1;
	forwards_free(more);
	return 0;
}

/* ---- sorting ---- */

/* The end of the sorted run that begins at index. */
static size_t run_end(const struct forwards *set, size_t index)
{
	size_t end = index + 1;
	while (end < set->count && forward_compare(&set->items[end - 1], &set->items[end]) <= 0)
		end++;
	return end < set->count ? end : set->count;
}

static int compare(const void *a, const void *b)
{
	return forward_compare(a, b);
}

/* The first of a sorted part that does not come before f. It is expected near the end, so steps
 * that double lead down to it before the search. */
static size_t first_from_end(const struct forward *items, size_t end, const struct forward *f)
{
	size_t step = 1;
	while (step < end && forward_compare(&items[end - step], f) >= 0)
		step *= 2;
	size_t begin = step < end ? end - step : 0;
	return begin + search_first(f, items + begin, end - begin, sizeof(*items), compare);
}

/* Merge two sorted runs, the first up to middle, the second up to end: from the end, and whole
 * blocks at a time. */
static void merge(struct forward *items, size_t middle, size_t end, struct forward *spare)
{
	size_t left = middle, right = end - middle;
	memcpy(spare, items + middle, right * sizeof(*items));
	while (left > 0 && right > 0) {
		size_t from = first_from_end(items, left, &spare[right - 1]);
		memmove(items + from + right, items + from, (left - from) * sizeof(*items));
		left = from;
		from = left ? first_from_end(spare, right, &items[left - 1]) : 0;
		memcpy(items + left + from, spare + from, (right - from) * sizeof(*items));
		right = from;
	}
	memcpy(items + left, spare, right * sizeof(*items));
}

/* Merge each two neighbouring runs. True if one run is left. */
static bool merge_runs(struct forwards *set, struct forward *spare)
{
	size_t runs = 0;
	for (size_t begin = 0, end; begin < set->count; begin = end, runs++) {
		size_t middle = run_end(set, begin);
		end = middle < set->count ? run_end(set, middle) : middle;
		if (end > middle)
			merge(set->items + begin, middle - begin, end - begin, spare);
	}
	return runs <= 1;
}

static void drop_twins(struct forwards *set)
{
	size_t kept = 1;
	for (size_t i = 1; i < set->count; i++)
		if (!forward_equal(&set->items[kept - 1], &set->items[i]))
			set->items[kept++] = set->items[i];
	set->count = kept;
}

/* A natural merge sort: lists come sorted except for a few places, because a file was saved or the
 * kernel's rules are in order. */
int forwards_sort(struct forwards *set, struct err *err)
{
	if (set->count < 2)
		return 0;
	if (run_end(set, 0) < set->count) {
		struct forward *spare = reallocarray(NULL, set->count, sizeof(*spare));
		if (!spare)
			return err_memory(err);
		while (!merge_runs(set, spare))
			continue;
		free(spare);
	}
	drop_twins(set);
	return 0;
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

const struct forward *forwards_next_missing(struct forwards_missing *walk)
{
	while (walk->at < walk->of->count) {
		const struct forward *f = &walk->of->items[walk->at++];
		int d = 1;
		while (walk->at_in < walk->in->count &&
		       (d = forward_compare(f, &walk->in->items[walk->at_in])) > 0)
			walk->at_in++;
		if (d != 0)
			return f;
	}
	return NULL;
}

/* ---- adding beside what is there ---- */

/* The forwards of a set that can be in conflict with some others, and then these others. */
struct meeting {
	struct forwards all;
	size_t *places; /* in the set, of its forwards */
	size_t count;   /* of them */
	size_t *with;   /* for each of the set: the first of the others in conflict, from 1; or 0 */
};

static void meeting_free(struct meeting *m)
{
	forwards_free(&m->all);
	free(m->places);
	free(m->with);
}

/* The ports from the lowest to the highest of the set. */
static struct ports hull_of(const struct forwards *set)
{
	struct ports hull = set->count ? set->items[0].ports : (struct ports){0};
	for (size_t i = 1; i < set->count; i++) {
		struct ports ports = set->items[i].ports;
		if (ports.first < hull.first)
			hull.first = ports.first;
		if (ports.last > hull.last)
			hull.last = ports.last;
	}
	return hull;
}

static void note_clash(void *context, size_t a, size_t b)
{
	const struct meeting *m = context;
	if (a >= m->count || b < m->count)
		return;
	size_t *with = &m->with[m->places[a]];
	if (!*with || b - m->count + 1 < *with)
		*with = b - m->count + 1;
}

/* Thousands may meet thousands, so those that share a port are searched together. */
static int meet(const struct forwards *set, const struct forwards *more, struct meeting *out,
		struct err *err)
{
	struct meeting m = {.places = calloc(set->count + 1, sizeof(*m.places)),
			    .with = calloc(set->count + 1, sizeof(*m.with))};
	struct ports hull = hull_of(more);
	int result = m.places && m.with ? 0 : err_memory(err);
	for (size_t i = 0; result == 0 && i < set->count; i++) {
		if (ports_overlap(set->items[i].ports, hull) == OVERLAP_DISJOINT)
			continue;
		m.places[m.count++] = i;
		result = forwards_add(&m.all, &set->items[i], err);
	}
	if (result == 0)
		result = forwards_add_all(&m.all, more, err);
	if (result == 0)
		result = conflict_find(&m.all, note_clash, &m, err);
	if (result < 0)
		meeting_free(&m);
	else
		*out = m;
	return result;
}

int forwards_in_the_way(const struct forwards *set, const struct forwards *more, int64_t now,
			struct forwards_clash *out, struct err *err)
{
	struct meeting m;
	*out = (struct forwards_clash){0};
	if (meet(set, more, &m, err) < 0)
		return -1;
	for (size_t i = 0; i < set->count && !out->present; i++) {
		const struct forward *present = &set->items[i];
		const struct forward *added = m.with[i] ? &more->items[m.with[i] - 1] : NULL;
		if (added && !forward_equal_but_until(added, present) &&
		    !forward_expired(present, now))
			*out = (struct forwards_clash){present, added};
	}
	meeting_free(&m);
	return 0;
}

int forwards_insert(struct forwards *set, const struct forwards *more, struct err *err)
{
	struct meeting m;
	struct forwards after = {0};
	if (meet(set, more, &m, err) < 0)
		return -1;
	int result = forwards_reserve(&after, set->count + more->count, err);
	for (size_t i = 0; result == 0 && i < set->count; i++)
		if (!m.with[i])
			result = forwards_add(&after, &set->items[i], err);
	if (result == 0)
		result = forwards_add_all(&after, more, err);
	if (result == 0)
		result = forwards_sort(&after, err);
	meeting_free(&m);
	if (result < 0) {
		forwards_free(&after);
		return -1;
	}
	forwards_free(set);
	*set = after;
	return 0;
}
