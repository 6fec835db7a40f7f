/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two forwards are in conflict if they share packets, and neither is the narrower one in everything
 * in which they differ: then nothing says which of them wins. To find all such pairs among 50,000
 * forwards, not every two of them are compared:
 *
 * - An interface, an address and a network each match by a prefix: eth+ the names that begin with
 *   "eth", 10.0.0.0/8 the addresses that begin with its first 8 bits. Two prefixes share something
 *   only if the longer one begins with the shorter one.
 * - The lengths of the three prefixes are the shape of a match. A set has few shapes. For each two
 *   shapes, matches that share packets are equal in the bits that both shapes have, so those that
 *   are equal there are put together, by a hash of these bits.
 * - Among the matches that are together, a sweep over the ports meets only those that share a port:
 *   it goes from the lowest first port to the highest, and keeps open whose last port is not
 *   passed. Thousands of client networks can share one hairpin: matches that are together and all
 *   send to the same place are left out.
 */
#include <stdlib.h>
#include <string.h>

#include "model/conflict.h"
#include "model/hash.h"

/* ---- what can be in conflict ---- */

static size_t count_one(const struct forward *f)
{
	(void)f;
	return 1;
}

static size_t count_local(const struct forward *f)
{
	return f->local;
}

static struct match match_proper(const struct forward *f, size_t n)
{
	(void)n;
	return forward_match(f);
}

static struct match match_hairpin(const struct forward *f, size_t n)
{
	return forward_hairpin_match(f, &f->hairpin_nets->items[n]);
}

static struct match match_local(const struct forward *f, size_t n)
{
	(void)n;
	return forward_local_match(f);
}

static bool differ(const struct forward *a, const struct forward *b)
{
	return !forward_equal(a, b);
}

static bool go_elsewhere(const struct forward *a, const struct forward *b)
{
	return !forward_same_place(a, b);
}

/* The ways in which two forwards can be in conflict. */
static const struct kind {
	size_t (*count)(const struct forward *f); /* of its matches */
	struct match (*match)(const struct forward *f, size_t n);
	bool (*conflict)(const struct forward *a, const struct forward *b);
	const char *cause;
} kinds[] = {
	{count_one, match_proper, differ, ""},
	{forward_hairpin_count, match_hairpin, go_elsewhere, ", by what --hairpin adds"},
	{count_local, match_local, go_elsewhere, ", by what --local adds"},
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static bool neither_is_narrower(const struct match *a, const struct match *b)
{
	enum overlap r = match_overlap(a, b);
	return r == OVERLAP_EQUAL || r == OVERLAP_CROSS;
}

struct clash {
	const struct kind *kind; /* NULL: there is none */
	size_t a, b;             /* the matches that share packets */
};

static bool find_clash(const struct kind *kind, const struct forward *a, const struct forward *b,
		       struct clash *out)
{
	size_t a_count = kind->count(a), b_count = kind->count(b);
	if (a_count == 0 || b_count == 0 || !kind->conflict(a, b))
		return false;
	for (size_t i = 0; i < a_count; i++) {
		struct match a_match = kind->match(a, i);
		for (size_t k = 0; k < b_count; k++) {
			struct match b_match = kind->match(b, k);
			if (!neither_is_narrower(&a_match, &b_match))
				continue;
			*out = (struct clash){kind, i, k};
			return true;
		}
	}
	return false;
}

/* The first one, in the order of the kinds. */
static struct clash clash_of(const struct forward *a, const struct forward *b)
{
	struct clash clash = {0};
	for (size_t k = 0; k < KINDS && a->family == b->family; k++)
		if (find_clash(&kinds[k], a, b, &clash))
			break;
	return clash;
}

bool conflict_between(const struct forward *a, const struct forward *b)
{
	return clash_of(a, b).kind != NULL;
}

const char *conflict_cause(const struct forward *a, const struct forward *b)
{
	const struct kind *kind = clash_of(a, b).kind;
	return kind ? kind->cause : "";
}

/* ---- shapes ---- */

struct shape { /* lengths of prefixes, in bits */
	uint8_t ifname, dst, src;
};

struct item {
	struct match match;
	struct shape shape;
	size_t index;  /* in the set */
	size_t number; /* among the matches of its forward */
};

/* The NUL behind "eth0" has to match too; "eth+" ends before the '+'. */
static uint8_t ifname_bits(const char *name)
{
	size_t n = strlen(name);
	if (n == 0)
		return 0;
	return (uint8_t)(8 * (name[n - 1] == '+' ? n - 1 : n + 1));
}

static struct shape shape_of(const struct match *match)
{
	return (struct shape){ifname_bits(match->ifname), match->dst.prefix, match->src.prefix};
}

static int compare_shapes(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	return memcmp(&x->shape, &y->shape, sizeof(x->shape));
}

/* The bits that both shapes have. */
static struct shape shared_shape(struct shape a, struct shape b)
{
	return (struct shape){a.ifname < b.ifname ? a.ifname : b.ifname,
			      a.dst < b.dst ? a.dst : b.dst, a.src < b.src ? a.src : b.src};
}

static uint64_t hash_prefix(uint64_t hash, const void *bytes, unsigned int bits)
{
	hash = hash_bytes(hash, bytes, bits / 8);
	if (bits % 8 == 0)
		return hash;
	unsigned int last = ((const unsigned char *)bytes)[bits / 8];
	return hash_word(hash, last & 0xff00U >> bits % 8);
}

/* Matches that are equal in the bits of that shape have equal keys. Others may have them too. */
static uint64_t key_of(const struct match *match, struct shape shape)
{
	uint64_t hash = hash_word(0, match->proto);
	hash = hash_prefix(hash, match->ifname, shape.ifname);
	hash = hash_prefix(hash, match->dst.addr.bytes, shape.dst);
	return hash_prefix(hash, match->src.addr.bytes, shape.src);
}

/* ---- the sweep ---- */

enum side { /* the two shapes whose items meet */
	    SIDE_FIRST,
	    SIDE_SECOND,
	    SIDES,
};

struct place { /* an item in the sweep */
	uint64_t key;
	const struct item *item;
	enum side side;
};

struct sweep {
	const struct forwards *set;
	const struct kind *kind;
	void (*found)(void *context, size_t a, size_t b);
	void *context;
	struct place *places;
	size_t count;                    /* of places */
	const struct item **open[SIDES]; /* items whose last port is not passed */
};

static int compare_places(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->item->match.ports.first - y->item->match.ports.first;
}

static void meet(const struct sweep *sweep, const struct item *a, const struct item *b)
{
	const struct item *first = a->index < b->index ? a : b;
	const struct item *second = first == a ? b : a;
	const struct forward *items = sweep->set->items;
	if (a->index == b->index || !neither_is_narrower(&a->match, &b->match))
		return;
	/* what two kinds find, or two networks of one, is told once: where it is found first */
	struct clash clash = clash_of(&items[first->index], &items[second->index]);
	if (clash.kind == sweep->kind && clash.a == first->number && clash.b == second->number)
		sweep->found(sweep->context, first->index, second->index);
}

/* Let the item meet those that are open, and close those that end before it. How many stay open. */
static size_t meet_open(const struct sweep *sweep, enum side side, size_t count,
			const struct item *item)
{
	const struct item **open = sweep->open[side];
	size_t kept = 0;
	for (size_t i = 0; i < count; i++) {
		if (open[i]->match.ports.last < item->match.ports.first)
			continue;
		meet(sweep, open[i], item);
		open[kept++] = open[i];
	}
	return kept;
}

/* Whether two forwards send each port that both have to the same place, as they would any port. */
static bool send_alike(const struct forward *a, const struct forward *b)
{
	bool one = ports_count(a->target_ports) == 1;
	if (a->except || b->except)
		return a->except && b->except;
	if (!address_equal(&a->target, &b->target) || one != (ports_count(b->target_ports) == 1))
		return false;
	return a->target_ports.first - b->target_ports.first ==
	       (one ? 0 : a->ports.first - b->ports.first);
}

/* The end of the places that have the key of the first one. *alike: no two of them can be in
 * conflict, because they are additions that send their packets to the same place. */
static size_t key_end(const struct sweep *sweep, size_t first, bool *alike)
{
	const struct place *places = sweep->places;
	const struct forward *items = sweep->set->items;
	size_t end = first;
	*alike = sweep->kind->conflict == go_elsewhere;
	for (; end < sweep->count && places[end].key == places[first].key; end++)
		*alike = *alike && send_alike(&items[places[first].item->index],
					      &items[places[end].item->index]);
	return end;
}

/* Items of two shapes meet those of the other shape; if there is one shape, all meet each other. */
static void sweep_places(const struct sweep *sweep, bool one_shape)
{
	size_t open[SIDES] = {0}, end = 0;
	bool alike = false;
	for (size_t i = 0; i < sweep->count; i++) {
		if (i == end) {
			end = key_end(sweep, i, &alike);
			open[SIDE_FIRST] = open[SIDE_SECOND] = 0;
		}
		if (alike)
			continue;
		const struct place *p = &sweep->places[i];
		enum side across = p->side == SIDE_FIRST ? SIDE_SECOND : SIDE_FIRST;
		if (one_shape)
			across = p->side;
		open[across] = meet_open(sweep, across, open[across], p->item);
		sweep->open[p->side][open[p->side]++] = p->item;
	}
}

struct stretch { /* of sorted items: those of one shape */
	const struct item *items;
	size_t count;
};

static struct stretch stretch_at(const struct item *items, size_t count)
{
	size_t n = 1;
	while (n < count && compare_shapes(&items[0], &items[n]) == 0)
		n++;
	return (struct stretch){items, n};
}

static void add_places(struct sweep *sweep, struct stretch stretch, struct shape shape,
		       enum side side)
{
	for (size_t i = 0; i < stretch.count; i++) {
		const struct item *item = &stretch.items[i];
		sweep->places[sweep->count++] =
			(struct place){key_of(&item->match, shape), item, side};
	}
}

/* Let the items of the first shape meet each other, and those of each other shape. Returns how many
 * items the first shape has. */
static size_t sweep_shape(struct sweep *sweep, const struct item *items, size_t count)
{
	struct stretch first = stretch_at(items, count), second;
	for (size_t at = 0; at < count; at += second.count) {
		second = stretch_at(items + at, count - at);
		struct shape shape = shared_shape(items->shape, second.items->shape);
		sweep->count = 0;
		add_places(sweep, first, shape, SIDE_FIRST);
		if (at)
			add_places(sweep, second, shape, SIDE_SECOND);
		qsort(sweep->places, sweep->count, sizeof(*sweep->places), compare_places);
		sweep_places(sweep, at == 0);
	}
	return first.count;
}

/* ---- a set ---- */

static size_t take_items(const struct forwards *set, enum family family, const struct kind *kind,
			 struct item *items)
{
	size_t count = 0;
	for (size_t i = 0; i < set->count; i++) {
		const struct forward *f = &set->items[i];
		size_t matches = f->family == family ? kind->count(f) : 0;
		for (size_t n = 0; n < matches; n++) {
			struct match match = kind->match(f, n);
			items[count++] = (struct item){match, shape_of(&match), i, n};
		}
	}
	qsort(items, count, sizeof(*items), compare_shapes);
	return count;
}

int conflict_find(const struct forwards *set, void (*found)(void *context, size_t a, size_t b),
		  void *context, struct err *err)
{
	static const enum family families[] = {FAMILY_IPV4, FAMILY_IPV6};
	struct sweep sweep = {.set = set, .found = found, .context = context};
	size_t room = 1; /* for the matches of any kind */
	for (size_t i = 0; i < set->count; i++)
		room += 1 + forward_hairpin_count(&set->items[i]);
	struct item *items = reallocarray(NULL, room, sizeof(*items));
	int result = -1;
	sweep.places = reallocarray(NULL, room, sizeof(*sweep.places));
	for (size_t side = 0; side < SIDES; side++)
		sweep.open[side] = reallocarray(NULL, room, sizeof(*sweep.open[0]));
	if (!items || !sweep.places || !sweep.open[SIDE_FIRST] || !sweep.open[SIDE_SECOND]) {
		err_memory(err);
		goto out;
	}
	for (size_t f = 0; f < 2; f++)
		for (size_t k = 0; k < KINDS; k++) {
			size_t count = take_items(set, families[f], &kinds[k], items);
			sweep.kind = &kinds[k];
			for (size_t at = 0; at < count;)
				at += sweep_shape(&sweep, items + at, count - at);
		}
	result = 0;
out:
	free(items);
	free(sweep.places);
	free(sweep.open[SIDE_FIRST]);
	free(sweep.open[SIDE_SECOND]);
	return result;
}
