/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A forward works if its elements are in sets that packets are looked up in: a rule leads from a
 * base chain to the set, directly or by way of a map of verdicts and the chain of a SPEC.
 */
#include <stdlib.h>
#include <string.h>

#include "model/hash.h"
#include "nftables/health.h"
#include "nftables/layout.h"

struct health {
	const struct content *have;
	const struct nft_layout *layout; /* for what is there */
	bool *set_ok;    /* for each set of the content: its rule is there, and reached */
	bool sources_ok; /* all rules of postrouting are there */
	bool marks_ok;   /* ... and those by which packets get the mark for guests */
	const struct others_chain **stops; /* for each forward: a chain of others, or NULL */
};

/* What leads to a set or a chain: a rule, or an element of a map of verdicts. */
struct lead {
	char name[BUCKET_NAME_MAX]; /* of that set or chain */
	const char *from;           /* the chain or map in which it is */
	bool base;                  /* that is a base chain */
	bool there;                 /* it is in the kernel, where it should be */
};

struct leads {
	struct lead *items;
	size_t count;
	struct hash_table index; /* by name */
};

static void add_lead(struct leads *leads, const char *name, struct lead lead)
{
	struct lead *added = &leads->items[leads->count++];
	*added = lead;
	strcpy(added->name, name);
	hash_table_add(&leads->index, hash_text(0, name), added);
}

static int add_chain_leads(struct leads *leads, const struct content *have,
			   const struct shape_chain *want, struct err *err)
{
	const struct content_chain *chain = content_find_chain(have, want->name);
	struct content_match m;
	if (content_match(chain, want, &m, err) < 0)
		return -1;
	for (size_t r = 0; r < want->count; r++) {
		bool there = chain && chain->base == want->base &&
			     (r < m.first || r >= want->count - m.last);
		if (*want->rules[r].name)
			add_lead(leads, want->rules[r].name,
				 (struct lead){
					 .from = want->name, .base = want->base, .there = there});
	}
	free(m.items);
	return 0;
}

static void free_leads(struct leads *leads)
{
	free(leads->items);
	hash_table_free(&leads->index);
}

/* -1: out of memory; *out is to be freed all the same. */
static int find_leads(const struct content *have, const struct shape *shape, struct leads *out,
		      struct err *err)
{
	size_t count = shape->jump_count;
	for (size_t c = 0; c < shape->chain_count; c++)
		count += shape->chains[c].count;
	*out = (struct leads){.items = reallocarray(NULL, count + 1, sizeof(*out->items))};
	if (!out->items)
		return err_memory(err);
	if (hash_table_init(&out->index, count, err) < 0)
		return -1;
	for (size_t c = 0; c < shape->chain_count; c++)
		if (add_chain_leads(out, have, &shape->chains[c], err) < 0)
			return -1;
	for (size_t j = 0; j < shape->jump_count; j++) {
		const char *set = shape->sets[shape->jumps[j].set].name;
		char chain[BUCKET_NAME_MAX];
		bucket_clients_chain(&shape->jumps[j].bucket, chain);
		add_lead(out, chain,
			 (struct lead){.from = set, .there = content_has_jump(have, set, chain)});
	}
	return 0;
}

/* Whether packets get from a base chain to the set or chain of that name. */
static bool is_reached(const struct leads *leads, const char *name, int depth)
{
	const struct lead *lead;
	size_t at = 0;
	while ((lead = hash_table_next(&leads->index, hash_text(0, name), &at)) &&
	       strcmp(lead->name, name) != 0)
		;
	if (!lead || !lead->there)
		return false;
	return lead->base || depth == 0 || is_reached(leads, lead->from, depth - 1);
}

/* The chain as it is in the kernel, which leads to no set or chain. */
static bool is_right(const struct content *have, const struct shape_chain *want)
{
	const struct content_chain *chain = content_find_chain(have, want->name);
	struct content_match m;
	struct err ignored;
	if (!chain || !chain->base || content_match(chain, want, &m, &ignored) < 0)
		return false;
	free(m.items);
	return m.first + m.last >= want->count;
}

static bool sources_are_right(const struct content *have, const struct shape *shape)
{
	const struct shape_chain *want = shape_find_chain(shape, "postrouting");
	return !want || is_right(have, want);
}

/* Whether packets get the mark, and lose it, on each hook where a guest waits for it. */
static bool marks_are_right(const struct content *have, const struct nft_layout *layout)
{
	struct guests waiting = {0};
	guests_mark(&waiting, have->base.marked);
	for (size_t i = 0; i < layout->guests.count; i++)
		if (layout->guests.items[i].there)
			guests_note(&waiting, layout->guests.items[i].chain);
	for (size_t c = 0; c < layout->shape.chain_count; c++) {
		const struct shape_chain *chain = &layout->shape.chains[c];
		for (size_t h = 0; h < waiting.hook_count; h++)
			if (shape_marks(chain, waiting.hooks[h].hook) && !is_right(have, chain))
				return false;
	}
	return true;
}

/* Whether what --hairpin and --local add is there; then *conns grows by what it counted. */
static bool has_added(const struct health *health, size_t i, uint64_t *conns)
{
	const struct forward *f = &health->have->base.forwards.items[i];
	for (unsigned int p = PART_LOCAL; p < part_count(f); p++) {
		const struct bucket *b = place_bucket(&health->layout->places, i, p);
		size_t count = b ? element_count(b, f) : 0;
		for (size_t n = 0; n < count; n++) {
			struct element e;
			element_of(&(struct piece){b, f, p, n}, &e);
			const struct content_added *a = content_find_added(health->have, &e);
			if (!a || !health->set_ok[a->set])
				return false;
			element_share(&e, &a->element);
			if (!element_same_content(&a->element, &e))
				return false;
			*conns += a->counter.packets;
		}
	}
	return true;
}

static void fill_status(const struct health *health, struct ruleset_status *out)
{
	const struct content *have = health->have;
	for (size_t i = 0; i < have->base.forwards.count; i++) {
		const struct forward *f = &have->base.forwards.items[i];
		const struct content_held *held = &have->held[i];
		out[i].conns = held->counter.packets;
		bool added = has_added(health, i, &out[i].conns);
		bool sources = !forward_translates_source(f) && !f->hairpin;
		out[i].incomplete = held->broken || held->twice || !health->set_ok[held->set] ||
				    !added || !health->marks_ok ||
				    (!sources && !health->sources_ok);
		out[i].blocked = health->stops[i] != NULL;
		out[i].misplaced = health->stops[i] && !health->stops[i]->owned;
	}
}

/* What all forwards have in common. */
static int examine(struct health *health, struct err *err)
{
	const struct content *have = health->have;
	const struct nft_layout *layout = health->layout;
	struct leads leads = {0};
	int result = find_leads(have, &layout->shape, &leads, err);
	for (size_t i = 0; result == 0 && i < have->set_count; i++)
		health->set_ok[i] =
			have->sets[i].known && is_reached(&leads, have->sets[i].name, 3);
	free_leads(&leads);
	health->sources_ok = sources_are_right(have, &layout->shape);
	health->marks_ok = marks_are_right(have, layout);
	if (result == 0)
		result = guests_stop(&layout->guests, health->stops, err);
	return result;
}

int nft_health(const struct content *have, struct ruleset_status *out, struct err *err)
{
	struct nft_layout layout = {0};
	struct health health = {
		.have = have,
		.layout = &layout,
		.set_ok = calloc(have->set_count + 1, sizeof(*health.set_ok)),
		.stops = calloc(have->base.forwards.count + 1, sizeof(*health.stops))};
	int result = health.set_ok && health.stops ? 0 : err_memory(err);
	if (result == 0)
		result = nft_layout_make(have, &have->base.forwards, &layout, err);
	if (result == 0)
		result = examine(&health, err);
	if (result == 0)
		fill_status(&health, out);
	free(health.set_ok);
	free(health.stops);
	nft_layout_free(&layout);
	return result;
}
