/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the forwards follow the places of their elements; from these, the sets; from the sets, all
 * chains and rules. Forwards that are there already keep their place where that is possible.
 */
#include <stdlib.h>
#include <string.h>

#include "model/array.h"
#include "nftables/layout.h"

/* ---- which sets there will be ---- */

struct wanted_sets {
	struct bucket *buckets; /* with chunks */
	size_t count;
};

static int want_set(struct wanted_sets *sets, const struct bucket *bucket, uint8_t chunk,
		    struct err *err)
{
	void *buckets = sets->buckets;
	struct bucket *last = sets->count ? &sets->buckets[sets->count - 1] : NULL;
	struct bucket b = *bucket;
	b.chunk = chunk;
	if (last && bucket_compare(last, &b) == 0)
		return 0;
	struct bucket *added = array_append(&buckets, &sets->count, sizeof(*added));
	sets->buckets = buckets;
	if (!added)
		return err_memory(err);
	*added = b;
	return 0;
}

static int compare_buckets(const void *a, const void *b)
{
	return bucket_compare(a, b);
}

static void sort_sets(struct wanted_sets *sets)
{
	size_t kept = 0;
	if (sets->count == 0)
		return;
	qsort(sets->buckets, sets->count, sizeof(*sets->buckets), compare_buckets);
	for (size_t i = 1; i < sets->count; i++)
		if (bucket_compare(&sets->buckets[kept], &sets->buckets[i]) != 0)
			sets->buckets[++kept] = sets->buckets[i];
	sets->count = kept + 1;
}

/* The sets in which a part of a forward has elements. */
static int want_sets_of(struct wanted_sets *sets, const struct bucket *bucket,
			const struct forward *f, struct err *err)
{
	unsigned int first = 0, last = 0;
	if (bucket_has_chunks(bucket)) {
		first = f->ports.first / BUCKET_CHUNK;
		last = f->ports.last / BUCKET_CHUNK;
	}
	for (unsigned int chunk = first; chunk <= last; chunk++)
		if (want_set(sets, bucket, (uint8_t)chunk, err) < 0)
			return -1;
	return 0;
}

/* In a reading of a part of the table, sets with other elements stay; so do those in which somebody
 * else's elements are. */
static bool stays_anyhow(const struct content *have, const struct content_set *set)
{
	return set->known && !set->set.verdicts &&
	       (set->foreign > 0 || (have->partial && set->others));
}

static int find_sets(const struct content *have, const struct nft_layout *layout,
		     struct wanted_sets *sets, struct err *err)
{
	for (size_t i = 0; i < layout->wanted->count; i++)
		for (unsigned int p = 0; p < part_count(&layout->wanted->items[i]); p++) {
			const struct bucket *b = place_bucket(&layout->places, i, p);
			if (b && want_sets_of(sets, b, &layout->wanted->items[i], err) < 0)
				return -1;
		}
	for (size_t i = 0; i < have->set_count; i++) {
		const struct content_set *set = &have->sets[i];
		if (stays_anyhow(have, set) &&
		    want_set(sets, &set->set.bucket, set->set.bucket.chunk, err) < 0)
			return -1;
	}
	sort_sets(sets);
	return 0;
}

/* ---- what --hairpin and --local add ---- */

static int compare_elements(const struct element *a, const struct element *b)
{
	int d = bucket_compare(&a->bucket, &b->bucket);
	if (d == 0)
		d = memcmp(a->key, b->key, sizeof(a->key));
	return d ? d : memcmp(a->key_end, b->key_end, sizeof(a->key_end));
}

static int compare_added(const void *a, const void *b)
{
	return compare_elements(&((const struct content_added *)a)->element,
				&((const struct content_added *)b)->element);
}

/* Two forwards that send the same packets to the same place share an element. */
static int want_added(struct nft_layout *layout, struct err *err)
{
	const struct forwards *wanted = layout->wanted;
	void *items = NULL;
	size_t kept = 0;
	for (size_t i = 0; i < wanted->count; i++)
		for (unsigned int p = PART_LOCAL; p < part_count(&wanted->items[i]); p++) {
			const struct forward *f = &wanted->items[i];
			const struct bucket *b = place_bucket(&layout->places, i, p);
			size_t count = b ? element_count(b, f) : 0;
			for (size_t n = 0; n < count; n++) {
				struct content_added *a =
					array_append(&items, &layout->added_count, sizeof(*a));
				layout->added = items;
				if (!a)
					return err_memory(err);
				element_of(&(struct piece){b, f, p, n}, &a->element);
			}
		}
	if (layout->added_count == 0)
		return 0;
	qsort(layout->added, layout->added_count, sizeof(*layout->added), compare_added);
	for (size_t i = 1; i < layout->added_count; i++)
		if (compare_added(&layout->added[kept], &layout->added[i]) == 0)
			element_share(&layout->added[kept].element, &layout->added[i].element);
		else
			layout->added[++kept] = layout->added[i];
	layout->added_count = kept + 1;
	return 0;
}

/* ---- all of it ---- */

/* The levels at which forwards are now. */
static uint16_t *present_levels(const struct content *have, const struct forwards *wanted,
				struct err *err)
{
	uint16_t *levels = calloc(wanted->count + 1, sizeof(*levels));
	if (!levels) {
		err_memory(err);
		return NULL;
	}
	size_t i = 0;
	for (size_t w = 0; w < wanted->count; w++) {
		int d = -1;
		while (i < have->base.forwards.count &&
		       (d = forward_compare(&wanted->items[w], &have->base.forwards.items[i])) > 0)
			i++;
		if (i < have->base.forwards.count && d == 0)
			levels[w] = have->sets[have->held[i].set].set.bucket.level;
	}
	return levels;
}

static int find_guests(const struct content *have, struct nft_layout *out, struct err *err)
{
	const struct guest_case of = {&have->others, out->wanted, have->partial};
	if (guests_find(&of, &out->guests, err) < 0)
		return -1;
	guests_mark(&out->guests, have->base.marked);
	return shape_add_guests(&out->shape, out->guests.hooks, out->guests.hook_count, err);
}

int nft_layout_make(const struct content *have, const struct forwards *wanted,
		    struct nft_layout *out, struct err *err)
{
	struct nft_layout layout = {.wanted = wanted};
	struct wanted_sets sets = {0};
	uint16_t *levels = present_levels(have, wanted, err);
	int result = levels ? place_all(wanted, levels, &layout.places, err) : -1;
	if (result == 0)
		result = want_added(&layout, err);
	if (result == 0)
		result = find_sets(have, &layout, &sets, err);
	if (result == 0)
		result = shape_build(sets.buckets, sets.count, &layout.shape, err);
	if (result == 0)
		result = find_guests(have, &layout, err);
	layout.empty = sets.count == 0;
	free(levels);
	free(sets.buckets);
	if (result < 0)
		nft_layout_free(&layout);
	*out = layout;
	return result;
}

void nft_layout_free(struct nft_layout *layout)
{
	place_free(&layout->places);
	guests_free(&layout->guests);
	shape_free(&layout->shape);
	free(layout->added);
	*layout = (struct nft_layout){0};
}

const struct content_added *nft_layout_find(const struct nft_layout *layout,
					    const struct content_added *there)
{
	return layout->added_count ? bsearch(there, layout->added, layout->added_count,
					     sizeof(*there), compare_added)
				   : NULL;
}
