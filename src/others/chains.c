/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The conditions of the jumps by which a chain was reached are joined on the way down. */
#include <stdlib.h>
#include <string.h>

#include "model/array.h"
#include "others/narrow.h"
#include "others/chains.h"
#include "others/owner.h"

#define DEPTH_MAX 16 /* of jumps that the kernel allows: NFT_JUMP_STACK_SIZE */
#define SHARES_MAX 16

struct other_chain *other_chains_add(struct other_chains *chains)
{
	void *items = chains->items;
	struct other_chain *chain = array_append(&items, &chains->count, sizeof(*chain));
	chains->items = items;
	return chain;
}

int other_chains_add_rule(struct other_chain *chain, const struct chain_rule *rule)
{
	if (chain->count == chain->room) {
		size_t room = chain->room ? chain->room * 2 : 4;
		void *rules = reallocarray(chain->rules, room, sizeof(*chain->rules));
		if (!rules)
			return -1;
		chain->rules = rules;
		chain->room = room;
	}
	chain->rules[chain->count++] = *rule;
	return 0;
}

static uint64_t hash_chain(enum family family, const char *table, const char *name)
{
	return hash_text(hash_text(family, table), name);
}

int other_chains_index(struct other_chains *chains, struct err *err)
{
	if (hash_table_init(&chains->index, chains->count, err) < 0)
		return -1;
	for (size_t i = 0; i < chains->count; i++) {
		const struct other_chain *c = &chains->items[i];
		hash_table_add(&chains->index, hash_chain(c->table_family, c->table, c->name), c);
	}
	return 0;
}

uint32_t other_chains_find(const struct other_chains *chains, enum family table_family,
			   const char *table, const char *name)
{
	const struct other_chain *c;
	size_t at = 0;
	uint64_t hash = hash_chain(table_family, table, name);
	while ((c = hash_table_next(&chains->index, hash, &at)))
		if (c->table_family == table_family && strcmp(c->name, name) == 0 &&
		    strcmp(c->table, table) == 0)
			return (uint32_t)(c - chains->items);
	return CHAINS_NONE;
}

void other_chains_free(struct other_chains *chains)
{
	for (size_t i = 0; i < chains->count; i++)
		free(chains->items[i].rules);
	free(chains->items);
	hash_table_free(&chains->index);
	*chains = (struct other_chains){0};
}

/* ---- walking ---- */

#define SPARED_MAX 32

struct walk {
	struct other_chains *chains;
	struct other_rules *out;
	struct err *err;
	const struct other_chain *base;
	const struct other_chain *owned; /* whose rules without a comment have that owner */
	const char *owner;
	size_t own;   /* of out: where pfwd's own forwards stand; SIZE_MAX: not met */
	size_t steps; /* that are left */
	/* Rules by which packets left the chain, or were dropped: they do not meet what follows. */
	const struct chain_rule *spared[SPARED_MAX + 1];
	size_t spared_count; /* more than SPARED_MAX: too many */
};

static void place_rule(struct walk *w, const struct other_chain *chain, struct other_rule *r)
{
	r->backend = w->chains->backend;
	r->table_family = chain->table_family;
	r->table = chain->table;
	r->chain = chain->name;
	r->base = w->base->name;
	r->hook = w->base->hook;
	r->priority = w->base->priority;
	r->before_own = w->base->before_own;
	r->siblings = chain->shared ? 0 : chain->met;
	r->comment = r->comment ? r->comment : "";
	if (r->comment || w->owned != chain)
		r->owner = owner_of(r);
	else
		r->owner = w->owner;
	/* without a comment, the rules of a chain have one owner */
	if (!r->comment) {
		w->owned = chain;
		w->owner = r->owner;
	}
}

static void spare(struct walk *w, const struct chain_rule *rule)
{
	if (w->spared_count <= SPARED_MAX)
		w->spared[w->spared_count++] = rule;
}

/* Packets that left a chain are back in the one that jumped to it; those dropped are not. */
static void forget_returns(struct walk *w, size_t first)
{
	size_t kept = first;
	if (w->spared_count > SPARED_MAX)
		return;
	for (size_t i = first; i < w->spared_count; i++)
		if (w->spared[i]->verdict == CHAIN_DROP)
			w->spared[kept++] = w->spared[i];
	w->spared_count = kept;
}

static bool is_spared(const struct walk *w, const struct other_rule *r)
{
	for (size_t i = 0; i < w->spared_count && i < SPARED_MAX; i++)
		if (narrow_meets(&w->spared[i]->rule, r))
			return true;
	return w->spared_count > SPARED_MAX;
}

/* Rules behind one that takes a share get the rest of it. */
struct shares {
	const struct other_rule *of[SHARES_MAX];
	size_t count;
};

static bool takes_rest(const struct shares *shares, const struct other_rule *r)
{
	for (size_t i = 0; i < shares->count; i++)
		if (narrow_meets(r, shares->of[i]))
			return true;
	return false;
}

static bool translates(enum other_action action)
{
	return action == OTHER_DNAT || action == OTHER_REDIRECT;
}

static void not_exact(struct other_rule *r, const char *why)
{
	r->exact = false;
	narrow_untold(r, 1);
	r->beyond = r->beyond ? r->beyond : why;
}

static int add_value(struct walk *w, struct other_rules *out, const struct other_rule *r)
{
	if (w->chains->most && out->count == w->chains->most)
		return err_set(w->err, ERR_INPUT,
			       "there are more than %zu rules that translate or accept packets",
			       w->chains->most);
	return other_rules_add(out, r, w->err);
}

struct way {                              /* by which packets get to a rule */
	const struct other_rule *reached; /* what all jumps on the way ask for */
	bool shared;                      /* only a share of the packets comes here */
	int depth;                        /* of the jumps */
};

static int act(struct walk *w, const struct other_chain *chain, const struct chain_rule *rule,
	       const struct way *way)
{
	struct other_rule r = rule->rule;
	if (!narrow_by(&r, way->reached))
		return 0;
	if (way->shared && translates(r.action))
		r.action = OTHER_BALANCE;
	if (r.action == OTHER_ACCEPT && w->base->nat)
		r.action = OTHER_KEEP;
	/* what is accepted before it is routed is of no interest, nor is pfwd's own guest */
	if (r.action == OTHER_ACCEPT &&
	    (w->base->hook == OTHER_PREROUTING || (r.comment && strcmp(r.comment, "pfwd") == 0)))
		return 0;
	if (is_spared(w, &r) && r.action != OTHER_ACCEPT)
		not_exact(&r, "but for what a rule before it returns or drops");
	place_rule(w, chain, &r);
	return add_value(w, w->out, &r);
}

void chain_drops_free(struct chain_drops *drops)
{
	other_rules_free(&drops->rules);
	free(drops->before);
	*drops = (struct chain_drops){0};
}

static int note_drop(struct walk *w, const struct other_chain *chain, const struct other_rule *rule,
		     const struct other_rule *reached)
{
	struct chain_drops *drops = w->chains->drops;
	struct other_rule r = *rule;
	if (!drops || w->base->nat || !narrow_by(&r, reached))
		return 0;
	void *before = drops->before;
	size_t count = drops->rules.count;
	size_t *at = array_append(&before, &count, sizeof(*at));
	drops->before = before;
	if (!at)
		return err_memory(w->err);
	*at = w->out->count;
	place_rule(w, chain, &r);
	return add_value(w, &drops->rules, &r);
}

static int walk_chain(struct walk *w, size_t at, const struct way *way);

static int follow(struct walk *w, const struct chain_rule *rule, const struct way *way)
{
	struct other_rule there = *way->reached;
	const struct way on = {&there, way->shared, way->depth + 1};
	if (rule->to >= w->chains->count || way->depth == DEPTH_MAX ||
	    !narrow_by(&there, &rule->rule))
		return 0;
	return walk_chain(w, rule->to, &on);
}

static int walk_chain(struct walk *w, size_t at, const struct way *way)
{
	const struct other_chain *chain = &w->chains->items[at];
	struct shares shares = {.count = 0};
	size_t spared = w->spared_count, before;
	int result = 0;
	for (size_t i = 0; i < chain->count && w->steps && result == 0; i++) {
		struct chain_rule *rule = &chain->rules[i];
		w->steps--;
		struct way here = *way;
		here.shared = way->shared || rule->share || takes_rest(&shares, &rule->rule);
		rule->seen = true;
		if (rule->share && shares.count < SHARES_MAX)
			shares.of[shares.count++] = &rule->rule;
		switch (rule->verdict) {
		case CHAIN_ACT:
			result = act(w, chain, rule, &here);
			break;
		case CHAIN_JUMP:
			result = follow(w, rule, &here);
			break;
		case CHAIN_GOTO:
			before = w->out->count;
			result = follow(w, rule, &here);
			if (w->out->count == before) /* nothing there takes the packets */
				spare(w, rule);
			break;
		case CHAIN_OWN:
			w->own = w->own == SIZE_MAX ? w->out->count : w->own;
			result = follow(w, rule, &here);
			break;
		case CHAIN_DROP:
			result = note_drop(w, chain, &rule->rule, way->reached);
			spare(w, rule);
			break;
		case CHAIN_RETURN:
			spare(w, rule);
			break;
		case CHAIN_PASS:
			break;
		}
	}
	forget_returns(w, spared);
	return result;
}

static int walk_base(struct walk *w, size_t at)
{
	static const struct other_rule any = {.exact = true};
	static const struct way from_hook = {.reached = &any};
	size_t first = w->out->count;
	w->base = &w->chains->items[at];
	w->own = SIZE_MAX;
	w->owned = NULL;
	w->spared_count = 0;
	if (walk_chain(w, at, &from_hook) < 0 ||
	    (w->base->drops && note_drop(w, w->base, &any, &any) < 0))
		return -1;
	for (size_t i = first; w->own != SIZE_MAX && i < w->own; i++)
		w->out->items[i].before_own = true;
	return 0;
}

/* Those that the walk did not come to before its steps were used up. */
static int add_unseen(struct walk *w)
{
	static const struct other_rule any = {.vague = true, .beyond = "reached in too many ways"};
	for (size_t c = 0; w->base && c < w->chains->count; c++) {
		const struct other_chain *chain = &w->chains->items[c];
		for (size_t i = 0; i < chain->count; i++) {
			const struct chain_rule *rule = &chain->rules[i];
			const struct way unknown = {&any, rule->share, 0};
			if (rule->verdict == CHAIN_ACT && !rule->seen &&
			    act(w, chain, rule, &unknown) < 0)
				return -1;
		}
	}
	return 0;
}

struct base {
	const struct other_chain *chain;
	size_t at;
};

static int compare_bases(const void *a, const void *b)
{
	const struct other_chain *x = ((const struct base *)a)->chain;
	const struct other_chain *y = ((const struct base *)b)->chain;
	if (x->hook != y->hook)
		return x->hook < y->hook ? -1 : 1;
	if (x->priority != y->priority)
		return x->priority < y->priority ? -1 : 1;
	return x->order > y->order ? -1 : x->order < y->order;
}

/* By the names of chains in the tables filter. */
static void claim_tables(const struct other_chains *chains, struct other_rules *out, size_t first)
{
	for (size_t i = 0; i < chains->count; i++) {
		const struct other_chain *c = &chains->items[i];
		const char *owner = owner_of_tables(c->name);
		if (owner && c->table_family && strcmp(c->table, "filter") == 0)
			owner_claim(out, first, c->table_family, owner);
	}
}

int other_chains_walk(struct other_chains *chains, struct other_rules *out, struct err *err)
{
	size_t first = out->count;
	struct walk w = {.chains = chains, .out = out, .err = err, .steps = 1U << 16};
	struct base *bases = calloc(chains->count + 1, sizeof(*bases));
	size_t count = 0;
	int result = 0;
	if (!bases)
		return err_memory(err);
	for (size_t i = 0; i < chains->count; i++) {
		w.steps += 4 * chains->items[i].count;
		if (chains->items[i].base)
			bases[count++] = (struct base){&chains->items[i], i};
	}
	qsort(bases, count, sizeof(*bases), compare_bases);
	for (size_t i = 0; result == 0 && i < count; i++)
		result = walk_base(&w, bases[i].at);
	if (result == 0 && w.steps == 0)
		result = add_unseen(&w);
	claim_tables(chains, out, first);
	free(bases);
	return result;
}
