/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An element of a forward proper is a forward, or one port of it. Those of one forward are put
 * together when all have been read.
 */
#include <stdlib.h>
#include <string.h>

#include "model/array.h"
#include "nftables/content.h"

struct content_set *content_add_set(struct content *c, const struct wire_set *there)
{
	static const char clients[] = "-clients";
	size_t n = strlen(there->name);
	void *sets = c->sets;
	struct content_set *s = array_append(&sets, &c->set_count, sizeof(*s));
	c->sets = sets;
	if (!s)
		return NULL;
	strncpy(s->name, there->name, sizeof(s->name) - 1);
	if (n >= sizeof(s->name))
		return s;
	s->known = bucket_read_name(there->name, &s->set.bucket);
	if (!s->known && n > strlen(clients) &&
	    strcmp(there->name + n - strlen(clients), clients) == 0) {
		/* its key is that of any SPEC: the words before tell which fields it has */
		char bucket[BUCKET_NAME_MAX + 16];
		memcpy(bucket, there->name, n - strlen(clients));
		strcpy(bucket + n - strlen(clients), "-p0");
		s->known = s->set.verdicts = bucket_read_name(bucket, &s->set.bucket);
		s->set.bucket.form = FORM_CLIENTS;
	}
	memcpy(s->set.name, s->name, sizeof(s->set.name));
	s->known = s->known && wire_set_fits(there, &s->set);
	return s;
}

struct content_chain *content_add_chain(struct content *c, const char *name)
{
	void *chains = c->chains;
	struct content_chain *chain = array_append(&chains, &c->chain_count, sizeof(*chain));
	c->chains = chains;
	if (chain)
		strncpy(chain->name, name, sizeof(chain->name) - 1);
	return chain;
}

struct nft_rule *content_add_rule(struct content *c, const char *name)
{
	struct content_chain *chain = content_find_chain(c, name);
	if (!chain && !(chain = content_add_chain(c, name)))
		return NULL;
	void *rules = chain->rules;
	struct nft_rule *rule = array_append(&rules, &chain->count, sizeof(*rule));
	chain->rules = rules;
	return rule;
}

static int grow_held(struct content *c)
{
	size_t room = c->held_room ? 2 * c->held_room : 64;
	if (c->base.forwards.count < c->held_room)
		return 0;
	struct content_held *held = reallocarray(c->held, room, sizeof(*held));
	if (held)
		c->held = held;
	bool *open = held ? reallocarray(c->open, room, sizeof(*open)) : NULL;
	if (!open)
		return -1;
	c->open = open;
	c->held_room = room;
	return 0;
}

static int add_added(struct content_added **items, size_t *count, const struct content_added *one)
{
	void *all = *items;
	struct content_added *added = array_append(&all, count, sizeof(*added));
	*items = all;
	if (!added)
		return -1;
	*added = *one;
	return 0;
}

int content_add_element(struct content *c, uint32_t set, const struct element *e,
			const struct element_counter *counter)
{
	struct content_set *s = &c->sets[set];
	struct forward f;
	struct err ignored;
	size_t number;
	bool open;
	s->count++;
	if (!bucket_is_proper(&e->bucket)) {
		const struct content_added added = {set, *e, *counter};
		return add_added(&c->added, &c->added_count, &added);
	}
	if (!element_read(e, &f, &number, &open)) {
		s->foreign++;
		return 0;
	}
	size_t at = c->base.forwards.count;
	if (grow_held(c) < 0 || forwards_add(&c->base.forwards, &f, &ignored) < 0)
		return -1;
	c->held[at] = (struct content_held){
		.set = set, .pieces = 1, .number = (uint32_t)number, .counter = *counter};
	c->open[at] = open;
	return 0;
}

int content_add_jump(struct content *c, uint32_t set, const char *chain)
{
	void *jumps = c->jumps;
	struct content_jump *jump = array_append(&jumps, &c->jump_count, sizeof(*jump));
	c->jumps = jumps;
	if (!jump)
		return -1;
	c->sets[set].count++;
	jump->set = set;
	strncpy(jump->chain, chain, sizeof(jump->chain) - 1);
	return 0;
}

/* ---- putting together ---- */

static int compare_added(const void *a, const void *b)
{
	const struct content_added *x = a, *y = b;
	int d = bucket_compare(&x->element.bucket, &y->element.bucket);
	if (d == 0)
		d = memcmp(x->element.key, y->element.key, sizeof(x->element.key));
	return d ? d : memcmp(x->element.key_end, y->element.key_end, sizeof(x->element.key_end));
}

struct order { /* a forward, in the array of which the set is part */
	const struct forward *f;
	uint32_t set;
};

static int compare_order(const void *a, const void *b)
{
	const struct order *x = a, *y = b;
	int d = forward_compare(x->f, y->f);
	if (d == 0)
		d = (x->set > y->set) - (x->set < y->set);
	return d;
}

/* Move forwards and what belongs to them into that order, in place. */
static int reorder(struct content *c, const struct order *order, struct err *err)
{
	size_t count = c->base.forwards.count;
	struct forward *items = c->base.forwards.items;
	uint32_t *from = reallocarray(NULL, count + 1, sizeof(*from));
	if (!from)
		return err_memory(err);
	for (size_t i = 0; i < count; i++)
		from[i] = (uint32_t)(order[i].f - items);
	for (size_t start = 0; start < count; start++) {
		struct forward f = items[start];
		struct content_held held = c->held[start];
		size_t at = start;
		while (from[at] != start) {
			size_t next = from[at];
			items[at] = items[next];
			c->held[at] = c->held[next];
			from[at] = (uint32_t)at;
			at = next;
		}
		items[at] = f;
		c->held[at] = held;
		from[at] = (uint32_t)at;
	}
	free(from);
	return 0;
}

static int sort_forwards(struct content *c, struct err *err)
{
	size_t count = c->base.forwards.count;
	struct order *order = reallocarray(NULL, count + 1, sizeof(*order));
	if (!order)
		return err_memory(err);
	for (size_t i = 0; i < count; i++)
		order[i] = (struct order){&c->base.forwards.items[i], c->held[i].set};
	qsort(order, count, sizeof(*order), compare_order);
	int result = reorder(c, order, err);
	free(order);
	return result;
}

static int note_extra(struct content *c, const struct forward *f, const struct content_held *held,
		      struct err *err)
{
	struct content_added extra = {.set = held->set, .counter = held->counter};
	element_of(&(struct piece){&c->sets[held->set].set.bucket, f, PART_PROPER, held->number},
		   &extra.element);
	if (add_added(&c->extra, &c->extra_count, &extra) < 0)
		return err_memory(err);
	return 0;
}

/* Whether two sets are parts of one bucket: a forward of many ports may lie in several chunks. */
static bool same_bucket(const struct content *c, uint32_t a, uint32_t b)
{
	struct bucket x = c->sets[a].set.bucket, y = c->sets[b].set.bucket;
	x.chunk = y.chunk = 0;
	return bucket_compare(&x, &y) == 0;
}

/* Of pieces from first to end, which all are of one forward: those in the bucket of the first one
 * become one; what is in another bucket has to go, and all of it if a piece is missing. */
static int join_forward(struct content *c, size_t first, size_t end, struct err *err)
{
	const struct forward *f = &c->base.forwards.items[first];
	struct content_held whole = c->held[first];
	for (size_t i = first + 1; i < end; i++) {
		const struct content_held *held = &c->held[i];
		if (!same_bucket(c, whole.set, held->set)) {
			whole.twice = true;
			if (note_extra(c, f, held, err) < 0)
				return -1;
			continue;
		}
		whole.pieces += held->pieces;
		whole.counter.packets += held->counter.packets;
		whole.counter.bytes += held->counter.bytes;
	}
	whole.broken = whole.pieces != element_count(&c->sets[whole.set].set.bucket, f);
	for (size_t i = first; whole.broken && i < end; i++)
		if (same_bucket(c, whole.set, c->held[i].set) &&
		    note_extra(c, f, &c->held[i], err) < 0)
			return -1;
	c->held[first] = whole;
	return 0;
}

static int join_pieces(struct content *c, struct err *err)
{
	struct forwards *set = &c->base.forwards;
	size_t kept = 0;
	for (size_t first = 0, end; first < set->count; first = end, kept++) {
		for (end = first + 1; end < set->count; end++)
			if (!forward_equal(&set->items[first], &set->items[end]))
				break;
		if (join_forward(c, first, end, err) < 0)
			return -1;
		set->items[kept] = set->items[first];
		c->held[kept] = c->held[first];
	}
	set->count = kept;
	return 0;
}

/* Whether --hairpin would add to both forwards, with the same networks, the same elements. */
static bool same_additions(const struct forward *a, const struct forward *b)
{
	struct forward c = *b;
	c.from = a->from;
	c.local = a->local;
	c.hairpin_nets = a->hairpin_nets;
	memcpy(c.name, a->name, sizeof(c.name));
	return forward_equal(a, &c);
}

/* The networks of --hairpin, if the comment had no room for them: those of the elements that send
 * the same packets to the same place. A forward without such elements is one without --hairpin. */
static int find_hairpins(const struct content *c, struct forward *f, struct err *err)
{
	struct network networks[NETWORKS_MAX];
	size_t count = 0;
	for (size_t i = 0; i < c->added_count && count < NETWORKS_MAX; i++)
		count += element_read_hairpin(&c->added[i].element, f, &networks[count]);
	f->hairpin = count > 0;
	f->hairpin_nets = count ? networks_of(networks, count) : NULL;
	return count && !f->hairpin_nets ? err_memory(err) : 0;
}

/* Forwards that differ by their clients alone mostly follow each other, and have the same. */
static int complete_hairpins(struct content *c, struct err *err)
{
	struct forward last = {0}; /* as it was */
	const struct forward *found = NULL;
	for (size_t i = 0; i < c->base.forwards.count; i++) {
		struct forward *f = &c->base.forwards.items[i];
		if (!c->open[i])
			continue;
		if (found && same_additions(&last, f)) {
			f->hairpin = found->hairpin;
			f->hairpin_nets = found->hairpin_nets;
			continue;
		}
		last = *f;
		found = f;
		if (find_hairpins(c, f, err) < 0)
			return -1;
	}
	return 0;
}

int content_finish(struct content *c, struct err *err)
{
	for (size_t i = 0; i < c->set_count; i++)
		if (c->sets[i].known &&
		    (c->sets[i].count > c->sets[i].foreign || c->sets[i].others))
			c->base.used = true;
	if (c->added_count)
		qsort(c->added, c->added_count, sizeof(*c->added), compare_added);
	if (complete_hairpins(c, err) < 0)
		return -1;
	free(c->open);
	c->open = NULL;
	if (sort_forwards(c, err) < 0)
		return -1;
	return join_pieces(c, err);
}

void content_free(struct content *c)
{
	for (size_t i = 0; i < c->chain_count; i++)
		free(c->chains[i].rules);
	forwards_free(&c->base.forwards);
	free(c->held);
	free(c->open);
	free(c->sets);
	free(c->chains);
	free(c->jumps);
	free(c->added);
	free(c->extra);
	others_free(&c->others);
	*c = (struct content){0};
}

/* ---- finding ---- */

struct content_set *content_find_set(const struct content *c, const char *name)
{
	for (size_t i = 0; i < c->set_count; i++)
		if (strcmp(c->sets[i].name, name) == 0)
			return &c->sets[i];
	return NULL;
}

struct content_chain *content_find_chain(const struct content *c, const char *name)
{
	for (size_t i = 0; i < c->chain_count; i++)
		if (strcmp(c->chains[i].name, name) == 0)
			return &c->chains[i];
	return NULL;
}

const struct content_added *content_find_added(const struct content *c, const struct element *e)
{
	struct content_added key = {.element = *e};
	if (c->added_count == 0)
		return NULL;
	return bsearch(&key, c->added, c->added_count, sizeof(*c->added), compare_added);
}

bool content_has_jump(const struct content *have, const char *set, const char *chain)
{
	for (size_t i = 0; i < have->jump_count; i++)
		if (strcmp(have->jumps[i].chain, chain) == 0 &&
		    strcmp(have->sets[have->jumps[i].set].name, set) == 0)
			return true;
	return false;
}

static void match_ends(struct content_match *m, const struct shape_chain *want)
{
	size_t wanted = want ? want->count : 0;
	size_t most = m->count < wanted ? m->count : wanted;
	while (m->first < most && nft_rule_equal(m->items[m->first], &want->rules[m->first]))
		m->first++;
	while (m->first + m->last < most &&
	       nft_rule_equal(m->items[m->count - 1 - m->last], &want->rules[wanted - 1 - m->last]))
		m->last++;
}

int content_match(const struct content_chain *chain, const struct shape_chain *want,
		  struct content_match *out, struct err *err)
{
	*out = (struct content_match){
		.items = reallocarray(NULL, (chain ? chain->count : 0) + 1, sizeof(*out->items))};
	if (!out->items)
		return err_memory(err);
	for (size_t i = 0; chain && i < chain->count; i++)
		if (shape_knows_rule(&chain->rules[i]))
			out->items[out->count++] = &chain->rules[i];
	match_ends(out, want);
	return 0;
}
