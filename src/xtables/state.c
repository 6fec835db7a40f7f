/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Growing a state, finding in it, and comparing two. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "model/array.h"
#include "model/hash.h"
#include "xtables/forward_rules.h"
#include "xtables/state.h"

static void set_name(char out[CHAIN_NAME_MAX], const char *name)
{
	memcpy(out, name, strnlen(name, CHAIN_NAME_MAX - 1));
}

struct state_chain *state_add_chain(struct state *state, enum group group, const char *name)
{
	void *items = state->chains;
	struct state_chain *chain = array_append(&items, &state->chain_count, sizeof(*chain));
	state->chains = items;
	if (!chain)
		return NULL;
	set_name(chain->name, name);
	chain->group = group;
	chain->first_forward = state->forwards.count;
	return chain;
}

/* Make *text a copy that lives as long as the state. */
static int keep_text(struct state *state, const char **text)
{
	if (!*text)
		return 0;
	void *items = state->texts;
	char **kept = array_append(&items, &state->text_count, sizeof(*kept));
	state->texts = items;
	if (!kept)
		return -1;
	*kept = strdup(*text);
	*text = *kept;
	return *kept ? 0 : -1;
}

struct state_rule *state_add_rule(struct state *state, struct state_chain *chain,
				  const struct rule *rule)
{
	struct forward f;
	struct err ignored;
	void *items = chain->rules;
	struct state_rule *added = array_append(&items, &chain->count, sizeof(*added));
	chain->rules = items;
	if (!added || !rule)
		return added;
	if (!forward_rules_knows(state->family, chain->group, rule, &f)) {
		added->older = forward_rules_older(state->family, chain->group, rule);
		if (added->older)
			added->rule = *rule;
		return added;
	}
	assert(rule_is_clean(rule));
	added->ours = true;
	added->rule = *rule;
	if (keep_text(state, &added->rule.chain) < 0 ||
	    keep_text(state, &added->rule.comment) < 0 ||
	    (f.family && forwards_add(&state->forwards, &f, &ignored) < 0))
		return NULL;
	chain->forward_count += f.family != FAMILY_NONE;
	return added;
}

struct state_jump *state_add_jump(struct state *state, const char *from, const char *to)
{
	void *items = state->jumps;
	struct state_jump *jump = array_append(&items, &state->jump_count, sizeof(*jump));
	state->jumps = items;
	if (jump) {
		set_name(jump->from, from);
		set_name(jump->to, to);
	}
	return jump;
}

struct state_base *state_add_base(struct state *state, const char *name)
{
	void *items = state->bases;
	struct state_base *base = array_append(&items, &state->base_count, sizeof(*base));
	state->bases = items;
	if (base)
		set_name(base->name, name);
	return base;
}

void state_free(struct state *state)
{
	for (size_t i = 0; i < state->text_count; i++)
		free(state->texts[i]);
	free(state->texts);
	for (size_t i = 0; i < state->chain_count; i++)
		free(state->chains[i].rules);
	free(state->chains);
	free(state->jumps);
	free(state->bases);
	free(state->taken);
	foreign_free(&state->foreign);
	forwards_free(&state->forwards);
	*state = (struct state){0};
}

static int compare_name(const void *name, const void *chain)
{
	return strcmp(name, ((const struct state_chain *)chain)->name);
}

static int compare_chains(const void *a, const void *b)
{
	return strcmp(((const struct state_chain *)a)->name, ((const struct state_chain *)b)->name);
}

/* ---- networks of --hairpin that a comment had no room for ---- */

static uint64_t hash_hairpin(enum group group, const struct rule *rule)
{
	struct rule any = *rule;
	any.src = (struct network){0};
	return hash_word(rule_hash(&any), group);
}

static bool is_hairpin(const struct state_chain *chain, const struct state_rule *r)
{
	return (chain->group == GROUP_HAIRPIN || chain->group == GROUP_HAIRPIN_ADDR) && r->ours &&
	       r->rule.target != TARGET_JUMP;
}

/* All rules of what --hairpin adds, whatever the network. */
static int index_hairpins(const struct state *state, struct hash_table *out, struct err *err)
{
	size_t count = 0;
	for (size_t c = 0; c < state->chain_count; c++)
		count += state->chains[c].count;
	if (hash_table_init(out, count, err) < 0)
		return -1;
	for (size_t c = 0; c < state->chain_count; c++)
		for (size_t i = 0; i < state->chains[c].count; i++) {
			const struct state_rule *r = &state->chains[c].rules[i];
			if (is_hairpin(&state->chains[c], r))
				hash_table_add(out, hash_hairpin(state->chains[c].group, &r->rule),
					       &r->rule);
		}
	return 0;
}

/* Those of the rules that send the packets of f to its place. A forward that has no such rule is
 * one without --hairpin. */
static int find_networks(const struct hash_table *rules, struct forward *f, struct err *err)
{
	struct network networks[NETWORKS_MAX];
	size_t count = 0;
	enum group group;
	struct rule wanted;
	const struct rule *rule;
	forward_rules_hairpin(f, &group, &wanted);
	uint64_t hash = hash_hairpin(group, &wanted);
	for (size_t at = 0; count < NETWORKS_MAX && (rule = hash_table_next(rules, hash, &at));) {
		wanted.src = rule->src;
		if (rule_equal(&wanted, rule))
			networks[count++] = rule->src;
	}
	f->hairpin = count > 0;
	f->hairpin_nets = count ? networks_of(networks, count) : NULL;
	return count && !f->hairpin_nets ? err_memory(err) : 0;
}

static int complete_hairpins(struct state *state, struct err *err)
{
	struct hash_table rules = {0};
	int result = 0;
	for (size_t i = 0; result == 0 && i < state->forwards.count; i++) {
		struct forward *f = &state->forwards.items[i];
		if (!f->hairpin || f->hairpin_nets)
			continue;
		if (!rules.slots)
			result = index_hairpins(state, &rules, err);
		if (result == 0)
			result = find_networks(&rules, f, err);
	}
	hash_table_free(&rules);
	return result;
}

const struct state_chain *state_find(const struct state *state, const char *chain)
{
	if (state->chain_count == 0)
		return NULL;
	return bsearch(chain, state->chains, state->chain_count, sizeof(*state->chains),
		       compare_name);
}

const struct state_jump *state_find_jump(const struct state *state, enum group group)
{
	const struct group_info *info = &group_infos[group];
	for (size_t i = 0; i < state->jump_count; i++) {
		const struct state_jump *jump = &state->jumps[i];
		if (jump->base && strcmp(jump->from, info->base) == 0 &&
		    strcmp(jump->to, info->chain) == 0)
			return jump;
	}
	return NULL;
}

/* ---- whose chains they are ---- */

struct owning {
	struct state *state;
	bool *owned, *others; /* by chain; no chain is both */
	size_t *waiting;      /* chains whose jumps are still to be followed */
	size_t waiting_count;
};

/* Whether the jump may be pfwd's own. */
static bool is_from_base(const struct state_jump *jump, const struct state_chain *to)
{
	const struct group_info *info = &group_infos[to->group];
	return jump->base && strcmp(jump->from, info->base) == 0 &&
	       strcmp(to->name, info->chain) == 0;
}

/* Mark the chain in mark, which is owned or others, if it is in neither. */
static void take(struct owning *o, size_t chain, bool *mark)
{
	if (o->owned[chain] || o->others[chain])
		return;
	mark[chain] = true;
	o->waiting[o->waiting_count++] = chain;
}

/* The same for the chains that those marked last lead to. */
static void take_below(struct owning *o, bool *mark)
{
	while (o->waiting_count > 0) {
		const struct state_chain *chain = &o->state->chains[o->waiting[--o->waiting_count]];
		for (size_t i = 0; i < chain->count; i++) {
			const struct state_rule *r = &chain->rules[i];
			const struct state_chain *below = NULL;
			if (r->ours && r->rule.target == TARGET_JUMP)
				below = state_find(o->state, r->rule.chain);
			if (below)
				take(o, (size_t)(below - o->state->chains), mark);
		}
	}
}

static bool holds_ours_alone(const struct state_chain *chain)
{
	for (size_t i = 0; i < chain->count; i++)
		if (!chain->rules[i].ours && !chain->rules[i].older)
			return false;
	return true;
}

/* Of the jumps, leave base to those that are pfwd's. */
static void own_reached(struct owning *o)
{
	struct state *s = o->state;
	bool mark = true;
	for (int pass = 0; pass < 2; pass++, mark = false)
		for (size_t i = 0; i < s->jump_count; i++) {
			struct state_jump *jump = &s->jumps[i];
			const struct state_chain *to = state_find(s, jump->to);
			if (!to || !is_from_base(jump, to) || jump->marked != mark)
				continue;
			size_t at = (size_t)(to - s->chains);
			jump->base = mark || (jump->alike && !o->owned[at] && holds_ours_alone(to));
			if (jump->base)
				take(o, at, o->owned);
		}
}

/* Mark the chains that are somebody else's: what others jump to, or have put rules into, and what
 * such chains lead to. */
static void find_others(struct owning *o)
{
	const struct state *s = o->state;
	for (size_t i = 0; i < s->jump_count; i++) {
		const struct state_chain *to = state_find(s, s->jumps[i].to);
		if (to)
			take(o, (size_t)(to - s->chains), o->others);
	}
	for (size_t c = 0; c < s->chain_count; c++)
		if (!holds_ours_alone(&s->chains[c]))
			take(o, c, o->others);
	take_below(o, o->others);
}

static int forget_chain(struct state *state, struct state_chain *chain)
{
	void *taken = state->taken;
	char(*name)[CHAIN_NAME_MAX] = array_append(&taken, &state->taken_count, sizeof(*name));
	state->taken = taken;
	if (!name)
		return -1;
	set_name(*name, chain->name);
	struct forward *first = &state->forwards.items[chain->first_forward];
	for (size_t i = 0; i < chain->forward_count; i++)
		first[i].family = FAMILY_NONE;
	free(chain->rules);
	*chain = (struct state_chain){0};
	return 0;
}

/* Forget the chains that are not pfwd's, the forwards in them, and the jumps to them. */
static int forget_others(struct owning *o)
{
	struct state *s = o->state;
	size_t chains = 0, jumps = 0, forwards = 0;
	for (size_t i = 0; i < s->jump_count; i++) {
		const struct state_chain *to = state_find(s, s->jumps[i].to);
		bool guest = !*s->jumps[i].to;
		if (guest || (to && !o->others[to - s->chains]))
			s->jumps[jumps++] = s->jumps[i];
	}
	s->jump_count = jumps;
	for (size_t c = 0; c < s->chain_count; c++) {
		if (o->others[c] && forget_chain(s, &s->chains[c]) < 0)
			return -1;
	}
	for (size_t c = 0; c < s->chain_count; c++)
		if (!o->others[c])
			s->chains[chains++] = s->chains[c];
	s->chain_count = chains;
	for (size_t i = 0; i < s->forwards.count; i++)
		if (s->forwards.items[i].family)
			s->forwards.items[forwards++] = s->forwards.items[i];
	s->forwards.count = forwards;
	return 0;
}

static int own_chains(struct state *state)
{
	size_t count = state->chain_count;
	struct owning o = {.state = state,
			   .owned = calloc(count + 1, sizeof(*o.owned)),
			   .others = calloc(count + 1, sizeof(*o.others)),
			   .waiting = reallocarray(NULL, count + 1, sizeof(*o.waiting))};
	int result = -1;
	if (!o.owned || !o.others || !o.waiting)
		goto out;
	own_reached(&o);
	take_below(&o, o.owned);
	find_others(&o);
	result = forget_others(&o);
out:
	free(o.owned);
	free(o.others);
	free(o.waiting);
	return result;
}

bool state_is_taken(const struct state *state, const char *chain)
{
	for (size_t i = 0; i < state->taken_count; i++)
		if (strcmp(state->taken[i], chain) == 0)
			return true;
	return false;
}

int state_finish(struct state *state, struct err *err)
{
	if (state->chain_count)
		qsort(state->chains, state->chain_count, sizeof(*state->chains), compare_chains);
	if (own_chains(state) < 0)
		return err_memory(err);
	return complete_hairpins(state, err);
}

/* ---- comparing ---- */

static bool same_chain(const struct state_chain *a, const struct state_chain *b)
{
	if (strcmp(a->name, b->name) != 0 || a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		const struct state_rule *r = &a->rules[i], *s = &b->rules[i];
		if (r->ours != s->ours || (r->ours && !rule_equal(&r->rule, &s->rule)))
			return false;
	}
	return true;
}

static bool same_jump(const struct state_jump *a, const struct state_jump *b)
{
	return strcmp(a->from, b->from) == 0 && strcmp(a->to, b->to) == 0 &&
	       a->position == b->position && a->marked == b->marked;
}

bool state_equal(const struct state *a, const struct state *b)
{
	if (a->chain_count != b->chain_count || a->jump_count != b->jump_count)
		return false;
	for (size_t i = 0; i < a->chain_count; i++)
		if (!same_chain(&a->chains[i], &b->chains[i]))
			return false;
	for (size_t i = 0; i < a->jump_count; i++)
		if (!same_jump(&a->jumps[i], &b->jumps[i]))
			return false;
	return true;
}
