/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interfaces and networks are prefixes: of two that share packets one begins as the other does. So
 * boxes are put together by how long their prefixes are (their shape; a set has few), and for each
 * two shapes those that share packets agree in what both shapes have. Among these a sweep over the
 * ports finds those that meet.
 */
#include <stdlib.h>
#include <string.h>

#include "model/conflict.h"

/* ---- what can be in conflict ---- */

static bool is_forward(const struct forward *f)
{
	(void)f;
	return true;
}

static bool is_hairpin(const struct forward *f)
{
	return f->hairpin;
}

static bool is_local(const struct forward *f)
{
	return f->local;
}

static bool differ(const struct forward *a, const struct forward *b)
{
	return !forward_equal(a, b);
}

static bool go_elsewhere(const struct forward *a, const struct forward *b)
{
	return !forward_same_place(a, b);
}

/* In what ways two can be in conflict. */
static const struct kind {
	bool (*has)(const struct forward *f);
	struct match (*box)(const struct forward *f);
	bool (*conflict)(const struct forward *a, const struct forward *b);
	const char *cause;
} kinds[] = {
	{is_forward, forward_match, differ, ""},
	{is_hairpin, forward_hairpin_match, go_elsewhere, ", by what --hairpin adds"},
	{is_local, forward_local_match, go_elsewhere, ", by what --local adds"},
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static bool clash(const struct kind *kind, const struct forward *a, const struct forward *b)
{
	if (!kind->has(a) || !kind->has(b))
		return false;
	struct match a_box = kind->box(a), b_box = kind->box(b);
	enum overlap r = match_overlap(&a_box, &b_box);
	return (r == OVERLAP_EQUAL || r == OVERLAP_CROSS) && kind->conflict(a, b);
}

/* The first kind that they clash in, or NULL. */
static const struct kind *clash_of(const struct forward *a, const struct forward *b)
{
	for (size_t k = 0; k < KINDS && a->family == b->family; k++)
		if (clash(&kinds[k], a, b))
			return &kinds[k];
	return NULL;
}

bool conflict_between(const struct forward *a, const struct forward *b)
{
	return clash_of(a, b) != NULL;
}

const char *conflict_cause(const struct forward *a, const struct forward *b)
{
	const struct kind *kind = clash_of(a, b);
	return kind ? kind->cause : "";
}

/* ---- shapes ---- */

struct shape { /* lengths of prefixes, in bits */
	uint8_t ifname, dst, src;
};

struct item {
	struct match box;
	struct shape shape;
	size_t index; /* in the set */
};

struct place { /* an item in the sweep */
	uint64_t key;
	const struct item *item;
	bool second; /* it is of the second shape */
};

struct sweep {
	const struct forwards *set;
	const struct kind *kind;
	void (*found)(void *context, size_t a, size_t b);
	void *context;
	struct place *places;
	const struct item **open[2]; /* of each shape: those whose ports may go on */
};

/* "eth0" goes on with a NUL, "eth+" does not. */
static uint8_t ifname_bits(const char *name)
{
	size_t n = strlen(name);
	if (n == 0)
		return 0;
	return (uint8_t)(8 * (name[n - 1] == '+' ? n - 1 : n + 1));
}

static struct shape shape_of(const struct match *box)
{
	return (struct shape){ifname_bits(box->ifname), box->dst.prefix, box->src.prefix};
}

static int compare_shapes(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	return memcmp(&x->shape, &y->shape, sizeof(x->shape));
}

static struct shape shared_shape(struct shape a, struct shape b)
{
	return (struct shape){a.ifname < b.ifname ? a.ifname : b.ifname,
			      a.dst < b.dst ? a.dst : b.dst, a.src < b.src ? a.src : b.src};
}

static uint64_t mix(uint64_t hash, const void *bytes, unsigned int bits)
{
	for (unsigned int i = 0; i < bits; i += 8) {
		unsigned int byte = ((const unsigned char *)bytes)[i / 8];
		if (bits - i < 8)
			byte &= 0xff00U >> (bits - i);
		hash = (hash ^ byte) * 0x9e3779b97f4a7c15U;
		hash ^= hash >> 32;
	}
	return hash;
}

/* Equal where two boxes agree in that shape; what merely looks equal is compared again. */
static uint64_t key_of(const struct match *box, struct shape shape)
{
	uint64_t hash = mix(0, &box->proto, 8);
	hash = mix(hash, box->ifname, shape.ifname);
	hash = mix(hash, box->dst.addr.bytes, shape.dst);
	return mix(hash, box->src.addr.bytes, shape.src);
}

/* ---- the sweep ---- */

static int compare_places(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->item->box.ports.first - y->item->box.ports.first;
}

static void meet(const struct sweep *sweep, const struct item *a, const struct item *b)
{
	size_t first = a->index < b->index ? a->index : b->index;
	size_t second = a->index < b->index ? b->index : a->index;
	const struct forward *items = sweep->set->items;
	enum overlap r = match_overlap(&a->box, &b->box);
	if ((r == OVERLAP_EQUAL || r == OVERLAP_CROSS) &&
	    clash_of(&items[first], &items[second]) == sweep->kind)
		sweep->found(sweep->context, first, second);
}

/* Let the item meet those that its ports share one with; those that ended before it are left. */
static size_t meet_open(const struct sweep *sweep, const struct item **open, size_t count,
			const struct item *item)
{
	size_t kept = 0;
	for (size_t i = 0; i < count; i++) {
		if (open[i]->box.ports.last < item->box.ports.first)
			continue;
		meet(sweep, open[i], item);
		open[kept++] = open[i];
	}
	return kept;
}

static void sweep_places(const struct sweep *sweep, size_t count, bool one_shape)
{
	size_t open[2] = {0, 0};
	for (size_t i = 0; i < count; i++) {
		const struct place *p = &sweep->places[i];
		size_t mine = p->second, other = one_shape ? mine : !mine;
		if (i && p[-1].key != p->key)
			open[0] = open[1] = 0;
		open[other] = meet_open(sweep, sweep->open[other], open[other], p->item);
		sweep->open[mine][open[mine]++] = p->item;
	}
}

static size_t place_all(const struct sweep *sweep, size_t at, const struct item *items,
			size_t count, struct shape shape, bool second)
{
	for (size_t i = 0; i < count; i++)
		sweep->places[at + i] =
			(struct place){key_of(&items[i].box, shape), &items[i], second};
	return at + count;
}

static size_t same_shapes(const struct item *items, size_t count)
{
	size_t n = 1;
	while (n < count && compare_shapes(&items[0], &items[n]) == 0)
		n++;
	return n;
}

/* Those of the first shape among themselves, and with each other shape. */
static size_t sweep_shape(const struct sweep *sweep, const struct item *items, size_t count)
{
	size_t first = same_shapes(items, count);
	for (size_t at = 0, n; at < count; at += n) {
		n = same_shapes(items + at, count - at);
		struct shape shape = shared_shape(items->shape, items[at].shape);
		size_t placed = place_all(sweep, 0, items, first, shape, false);
		if (at)
			placed = place_all(sweep, placed, items + at, n, shape, true);
		qsort(sweep->places, placed, sizeof(*sweep->places), compare_places);
		sweep_places(sweep, placed, at == 0);
	}
	return first;
}

static int sweep_items(struct sweep *sweep, struct item *items, size_t count, struct err *err)
{
	int result = 0;
	sweep->places = reallocarray(NULL, count, sizeof(*sweep->places));
	sweep->open[0] = reallocarray(NULL, count, sizeof(*sweep->open[0]));
	sweep->open[1] = reallocarray(NULL, count, sizeof(*sweep->open[1]));
	if (!sweep->places || !sweep->open[0] || !sweep->open[1])
		result = err_memory(err);
	else
		qsort(items, count, sizeof(*items), compare_shapes);
	for (size_t at = 0; result == 0 && at < count;)
		at += sweep_shape(sweep, items + at, count - at);
	free(sweep->places);
	free(sweep->open[0]);
	free(sweep->open[1]);
	return result;
}

/* ---- a set ---- */

static size_t take_items(const struct forwards *set, enum family family, const struct kind *kind,
			 struct item *items)
{
	size_t count = 0;
	for (size_t i = 0; i < set->count; i++) {
		const struct forward *f = &set->items[i];
		if (f->family != family || !kind->has(f))
			continue;
		struct match box = kind->box(f);
		items[count++] = (struct item){box, shape_of(&box), i};
	}
	return count;
}

int conflict_find(const struct forwards *set, void (*found)(void *context, size_t a, size_t b),
		  void *context, struct err *err)
{
	static const enum family families[] = {FAMILY_IPV4, FAMILY_IPV6};
	struct sweep sweep = {.set = set, .found = found, .context = context};
	struct item *items = reallocarray(NULL, set->count + 1, sizeof(*items));
	int result = items ? 0 : err_memory(err);
	for (size_t f = 0; f < 2; f++)
		for (size_t k = 0; result == 0 && k < KINDS; k++) {
			size_t count = take_items(set, families[f], &kinds[k], items);
			sweep.kind = &kinds[k];
			if (count > 1)
				result = sweep_items(&sweep, items, count, err);
		}
	free(items);
	return result;
}
