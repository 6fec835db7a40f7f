/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Forwards of which only ports are different lie together, and their ranges decide the levels. */
#include <stdlib.h>
#include <string.h>

#include "model/array.h"
#include "model/hash.h"
#include "nftables/place.h"

/* A part of a forward, on its way to a bucket. */
struct item { /* there are as many as forwards: kept small */
	const struct forward *f;
	uint16_t level;
	uint8_t part;
	bool own; /* its SPEC has maps of its own */
};

static int compare_clients(const struct item *a, const struct item *b)
{
	struct network x = part_clients(a->f, a->part);
	struct network y = part_clients(b->f, b->part);
	return memcmp(&x, &y, sizeof(x));
}

/* Items that only ports tell apart lie together: the wider ranges of these first. */
static int compare_items(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int d = x->f->family - y->f->family;
	if (d == 0)
		d = x->f->proto - y->f->proto;
	if (d == 0)
		d = (int)part_kind(x->f, x->part) - (int)part_kind(y->f, y->part);
	if (d == 0 && x->part == PART_PROPER)
		d = strcmp(x->f->ifname, y->f->ifname);
	if (d == 0)
		d = address_compare(&x->f->addr, &y->f->addr);
	if (d == 0)
		d = compare_clients(x, y);
	if (d == 0)
		d = x->f->ports.first - y->f->ports.first;
	return d ? d : y->f->ports.last - x->f->ports.last;
}

static bool same_keys(const struct item *a, const struct item *b)
{
	return a->f->family == b->f->family && a->f->proto == b->f->proto &&
	       part_kind(a->f, a->part) == part_kind(b->f, b->part) &&
	       (a->part != PART_PROPER || strcmp(a->f->ifname, b->f->ifname) == 0) &&
	       address_equal(&a->f->addr, &b->f->addr) && compare_clients(a, b) == 0;
}

/* Of ranges that lie in each other: one more than the highest level inside. stack has room for all
 * items. False: two of them cross. */
static bool level_nested(struct item *items, size_t count, struct item **stack)
{
	size_t open = 0;
	for (size_t i = 0; i <= count; i++) {
		struct item *item = i < count ? &items[i] : NULL;
		while (open > 0 &&
		       (!item || stack[open - 1]->f->ports.last < item->f->ports.first)) {
			struct item *closed = stack[--open];
			if (open > 0 && stack[open - 1]->level <= closed->level) {
				bool twin = ports_overlap(stack[open - 1]->f->ports,
							  closed->f->ports) == OVERLAP_EQUAL;
				stack[open - 1]->level = (uint16_t)(closed->level + (twin ? 0 : 1));
			}
		}
		if (!item)
			break;
		if (open > 0 && stack[open - 1]->f->ports.last < item->f->ports.last)
			return false;
		stack[open++] = item;
	}
	return true;
}

static int compare_lengths(const void *a, const void *b)
{
	const struct item *const *x = a, *const *y = b;
	return (int)ports_count((*x)->f->ports) - (int)ports_count((*y)->f->ports);
}

/* What --hairpin and --local add may cross if both go to the same place. Then each gets a level of
 * its own beside all that it meets, the shorter range the lower one. */
static void level_crossing(struct item *items, size_t count, struct item **sorted)
{
	for (size_t i = 0; i < count; i++) {
		sorted[i] = &items[i];
		items[i].level = 0;
	}
	qsort(sorted, count, sizeof(struct item *), compare_lengths);
	for (size_t i = 1; i < count; i++)
		for (size_t k = 0; k < i; k++) {
			enum overlap o = ports_overlap(sorted[k]->f->ports, sorted[i]->f->ports);
			if (o == OVERLAP_DISJOINT)
				continue;
			uint16_t level =
				(uint16_t)(sorted[k]->level + (o == OVERLAP_EQUAL ? 0 : 1));
			if (sorted[i]->level < level)
				sorted[i]->level = level;
		}
}

/* Items with the same keys, from first to end: those of one port are told apart by it alone, and
 * need no level. */
static void set_levels(struct item *items, size_t count, struct item **spare)
{
	if (count > 1 && !level_nested(items, count, spare))
		level_crossing(items, count, spare);
}

/* By SPEC, whatever the clients. */
static int compare_specs(const void *a, const void *b)
{
	const struct item *x = *(const struct item *const *)a, *y = *(const struct item *const *)b;
	int d = x->f->family - y->f->family;
	if (d == 0)
		d = x->f->proto - y->f->proto;
	if (d == 0)
		d = strcmp(x->f->ifname, y->f->ifname);
	if (d == 0)
		d = address_compare(&x->f->addr, &y->f->addr);
	return d ? d : x->f->ports.first - y->f->ports.first;
}

struct placing {
	const struct forwards *set;
	struct item *items;
	size_t count;
	struct item **spare; /* room for as many */
};

static void find_own_maps(const struct placing *p)
{
	struct item **spare = p->spare;
	size_t found = 0;
	for (size_t i = 0; i < p->count; i++) {
		const struct forward *f = p->items[i].f;
		uint8_t stem = bucket_stem(f->ifname);
		if (p->items[i].part == PART_PROPER && network_is_set(&f->from) &&
		    ports_count(f->ports) == 1 && (stem == 0 || stem == STEM_EXACT))
			spare[found++] = &p->items[i];
	}
	if (found <= PLACE_CLIENTS)
		return;
	qsort(spare, found, sizeof(struct item *), compare_specs);
	for (size_t i = 0, end; i < found; i = end) {
		for (end = i + 1; end < found && compare_specs(&spare[i], &spare[end]) == 0; end++)
			;
		for (size_t k = i; k < end; k++)
			spare[k]->own = end - i > PLACE_CLIENTS;
	}
}

static uint64_t hash_bucket(const struct bucket *b)
{
	uint64_t hash = hash_word(0, (uint64_t)b->until);
	hash = hash_word(hash, (uint64_t)b->family << 56 | (uint64_t)b->proto << 48 |
				       (uint64_t)b->group << 40 | (uint64_t)b->form << 32 |
				       (uint64_t)b->stem << 24 | (uint64_t)b->prefix << 16 |
				       (uint64_t)b->ranges << 8 | b->data);
	hash = hash_bytes(hash, &b->snat, sizeof(b->snat));
	hash = hash_bytes(hash, &b->clients, sizeof(b->clients));
	hash = hash_bytes(hash, &b->inside, sizeof(b->inside));
	hash = hash_word(hash, (uint64_t)b->level << 32 | (uint64_t)b->port << 1 | b->masquerade);
	return hash_text(hash_text(hash, b->ifname), b->not_in);
}

/* Where the bucket is in the table, or the free slot where it would be. */
static uint32_t *find_slot(const struct places *places, const struct bucket *b)
{
	size_t at = (size_t)hash_bucket(b) & places->slot_mask;
	while (places->slots[at] && bucket_compare(&places->buckets[places->slots[at] - 1], b) != 0)
		at = (at + 1) & places->slot_mask;
	return &places->slots[at];
}

/* Twice as many slots, where half of them are taken. */
static int grow_slots(struct places *places)
{
	size_t count = places->slots ? places->slot_mask + 1 : 0;
	if (places->slots && 2 * places->bucket_count < count)
		return 0;
	count = count ? 2 * count : 64;
	uint32_t *slots = calloc(count, sizeof(*slots));
	if (!slots)
		return -1;
	free(places->slots);
	places->slots = slots;
	places->slot_mask = count - 1;
	for (uint32_t i = 0; i < places->bucket_count; i++)
		*find_slot(places, &places->buckets[i]) = i + 1;
	return 0;
}

/* The index of the bucket, which is added if it is new; PLACE_NOWHERE: out of memory. last: that of
 * the item before, which mostly is the same. */
static uint32_t find_bucket(struct places *places, const struct bucket *b, uint32_t last)
{
	if (last != PLACE_NOWHERE && bucket_compare(&places->buckets[last], b) == 0)
		return last;
	if (grow_slots(places) < 0)
		return PLACE_NOWHERE;
	uint32_t *slot = find_slot(places, b);
	if (*slot)
		return *slot - 1;
	void *buckets = places->buckets;
	struct bucket *added = array_append(&buckets, &places->bucket_count, sizeof(*added));
	places->buckets = buckets;
	if (!added)
		return PLACE_NOWHERE;
	*added = *b;
	*slot = (uint32_t)places->bucket_count;
	return *slot - 1;
}

static int fill_places(const struct placing *p, struct places *out, struct err *err)
{
	uint32_t last = PLACE_NOWHERE;
	for (size_t i = 0; i < p->count; i++) {
		const struct item *item = &p->items[i];
		uint32_t first = out->first[item->f - p->set->items];
		struct bucket b = part_bucket(item->f, item->part);
		if (part_kind(item->f, item->part) == PART_INSIDE) {
			/* before the bucket of the forward proper, which has been found already */
			b = out->buckets[out->of[first + PART_PROPER]];
			b.inside = *part_hairpin(item->f, item->part);
		} else if (b.ranges) {
			b.level = item->level;
		}
		if (item->own) {
			b.form = FORM_CLIENTS;
			memcpy(b.ifname, item->f->ifname, sizeof(b.ifname));
			b.addr = item->f->addr;
			b.port = item->f->ports.first;
		}
		last = find_bucket(out, &b, last);
		if (last == PLACE_NOWHERE)
			return err_memory(err);
		out->of[first + item->part] = last;
	}
	return 0;
}

/* All parts of all forwards, and where those of each begin. -1: out of memory. */
static int find_items(struct placing *p, const uint16_t *levels, struct places *out)
{
	size_t count = 0;
	for (size_t i = 0; i < p->set->count; i++)
		count += part_count(&p->set->items[i]);
	out->of = reallocarray(NULL, count + 1, sizeof(*out->of));
	out->first = reallocarray(NULL, p->set->count + 1, sizeof(*out->first));
	p->items = calloc(count + 1, sizeof(*p->items));
	p->spare = calloc(count + 1, sizeof(struct item *));
	if (!p->items || !p->spare || !out->of || !out->first)
		return -1;
	for (uint32_t i = 0, part = 0; i < p->set->count; i++) {
		const struct forward *f = &p->set->items[i];
		out->first[i] = part;
		for (unsigned int n = 0; n < part_count(f); n++) {
			out->of[part++] = PLACE_NOWHERE;
			if (part_is_there(f, n))
				p->items[p->count++] = (struct item){
					.f = f,
					.part = (uint8_t)n,
					.level = levels && n == PART_PROPER ? levels[i] : 0};
		}
	}
	return 0;
}

int place_all(const struct forwards *set, const uint16_t *levels, struct places *out,
	      struct err *err)
{
	struct placing p = {.set = set};
	*out = (struct places){0};
	int result = find_items(&p, levels, out) < 0 ? err_memory(err) : 0;
	if (result == 0) {
		qsort(p.items, p.count, sizeof(*p.items), compare_items);
		for (size_t i = 0, end; i < p.count; i = end) {
			for (end = i + 1; end < p.count && same_keys(&p.items[i], &p.items[end]);
			     end++)
				;
			set_levels(p.items + i, end - i, p.spare);
		}
		find_own_maps(&p);
		result = fill_places(&p, out, err);
	}
	free(p.items);
	free(p.spare);
	if (result < 0)
		place_free(out);
	return result;
}

void place_free(struct places *places)
{
	free(places->buckets);
	free(places->of);
	free(places->first);
	free(places->slots);
	*places = (struct places){0};
}

const struct bucket *place_bucket(const struct places *places, size_t i, unsigned int part)
{
	uint32_t bucket = places->of[places->first[i] + part];
	return bucket == PLACE_NOWHERE ? NULL : &places->buckets[bucket];
}
