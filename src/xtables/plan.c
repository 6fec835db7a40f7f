/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The difference between a table and a layout, chain by chain. Rules of ours that stand in the
 * right order stay; the longest such sequence is kept, all others move or go.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "model/array.h"
#include "xtables/plan.h"

#define NOWHERE SIZE_MAX

void plan_free(struct plan *plan)
{
	free(plan->ops);
	free(plan->jumps);
	free(plan->keeps);
	*plan = (struct plan){0};
}

/* chain is not copied. */
static struct op *add_op(struct plan *plan, enum op_kind kind, const char *chain, struct err *err)
{
	void *ops = plan->ops;
	struct op *op = array_append(&ops, &plan->count, sizeof(*op));
	plan->ops = ops;
	if (!op) {
		err_memory(err);
		return NULL;
	}
	op->kind = kind;
	op->chain = chain;
	return op;
}

/* ---- what stays for somebody else's sake ---- */

struct use { /* a rule of ours in the chain from jumps to the chain to; both are indices */
	size_t from, to;
};

struct uses {
	struct use *items; /* sorted by to */
	size_t count;
};

static int compare_uses(const void *a, const void *b)
{
	const struct use *x = a, *y = b;
	return (x->to > y->to) - (x->to < y->to);
}

static int find_uses(const struct state *have, struct uses *out, struct err *err)
{
	void *items = NULL;
	for (size_t c = 0; c < have->chain_count; c++)
		for (size_t i = 0; i < have->chains[c].count; i++) {
			const struct state_rule *r = &have->chains[c].rules[i];
			const struct state_chain *to = NULL;
			if (r->ours && r->rule.target == TARGET_JUMP)
				to = state_find(have, r->rule.chain);
			if (!to)
				continue;
			struct use *use = array_append(&items, &out->count, sizeof(*use));
			out->items = items;
			if (!use)
				return err_memory(err);
			*use = (struct use){c, (size_t)(to - have->chains)};
		}
	if (out->count)
		qsort(out->items, out->count, sizeof(*out->items), compare_uses);
	return 0;
}

/* Mark the chains that hold somebody else's rule, or that one jumps to. */
static void mark_shared(const struct state *have, bool *keeps)
{
	for (size_t c = 0; c < have->chain_count; c++)
		for (size_t i = 0; i < have->chains[c].count && !keeps[c]; i++)
			keeps[c] = !have->chains[c].rules[i].ours;
	for (size_t i = 0; i < have->jump_count; i++) {
		const struct state_jump *jump = &have->jumps[i];
		const struct state_chain *to = jump->base ? NULL : state_find(have, jump->to);
		if (to)
			keeps[to - have->chains] = true;
	}
}

/*
 * Fill plan->keeps. A chain that stays keeps those of ours that jump to it. Each chain is taken up
 * once, whatever the jumps between them look like: a ladder of them has 2^n paths, and chains that
 * nothing reaches may even jump to each other.
 */
static int find_keeps(const struct state *have, const struct layout *want, struct plan *plan,
		      struct err *err)
{
	struct uses uses = {0};
	size_t waiting = 0;
	size_t *stack = reallocarray(NULL, have->chain_count + 1, sizeof(*stack));
	bool *keeps = plan->keeps = calloc(have->chain_count + 1, sizeof(*keeps));
	int result = stack && keeps ? find_uses(have, &uses, err) : err_memory(err);
	if (result < 0)
		goto out;
	mark_shared(have, keeps);
	for (size_t c = 0; c < have->chain_count; c++) {
		if (layout_find(want, have->table, have->chains[c].name))
			keeps[c] = false; /* it is wanted: no question */
		if (keeps[c])
			stack[waiting++] = c;
	}
	while (waiting > 0) {
		size_t to = stack[--waiting], at = 0, end = uses.count;
		while (at < end) {
			size_t middle = (at + end) / 2;
			if (uses.items[middle].to < to)
				at = middle + 1;
			else
				end = middle;
		}
		for (; at < uses.count && uses.items[at].to == to; at++) {
			size_t from = uses.items[at].from;
			if (keeps[from] || layout_find(want, have->table, have->chains[from].name))
				continue;
			keeps[from] = true;
			stack[waiting++] = from;
		}
	}
out:
	free(uses.items);
	free(stack);
	return result;
}

/* Whether the rule may be moved or deleted. A jump to a chain that stays is as good as somebody
 * else's. */
static bool is_movable(const struct state *have, const struct plan *plan,
		       const struct state_rule *r)
{
	if (!r->ours || r->rule.target != TARGET_JUMP)
		return r->ours;
	const struct state_chain *below = state_find(have, r->rule.chain);
	return !below || !plan->keeps[below - have->chains];
}

/* ---- one chain ---- */

struct matching {               /* of a chain's rules with those wanted */
	size_t *wanted_of;      /* for each rule there: its index among those wanted, or NOWHERE */
	size_t *there_of;       /* for each wanted: the rule there that it was, or NOWHERE */
	bool *mine;             /* for each rule there: it is ours to move or delete */
	bool *keep;             /* ... and it stays where it is */
	const struct rule **by; /* those wanted, for looking up */
	size_t by_mask;
};

static void match_free(struct matching *m)
{
	free(m->wanted_of);
	free(m->there_of);
	free(m->mine);
	free(m->keep);
	free(m->by);
}

static int match_alloc(size_t there, size_t wanted, struct matching *m, struct err *err)
{
	size_t slots = 8;
	while (slots < wanted * 2)
		slots *= 2;
	*m = (struct matching){
		.wanted_of = reallocarray(NULL, there + 1, sizeof(*m->wanted_of)),
		.there_of = reallocarray(NULL, wanted + 1, sizeof(*m->there_of)),
		.mine = calloc(there + 1, sizeof(*m->mine)),
		.keep = calloc(there + 1, sizeof(*m->keep)),
		.by = calloc(slots, sizeof(*m->by)),
		.by_mask = slots - 1,
	};
	if (!m->wanted_of || !m->there_of || !m->mine || !m->keep || !m->by) {
		match_free(m);
		return err_memory(err);
	}
	return 0;
}

/* The same rule but for its end: a forward whose time changed keeps its counters. */
static struct rule without_time(const struct rule *rule)
{
	struct rule plain = *rule;
	plain.until = 0;
	return plain;
}

static bool alike(const struct rule *a, const struct rule *b)
{
	struct rule x = without_time(a), y = without_time(b);
	return rule_equal(&x, &y);
}

/* Slots go by what is alike, so that both equal and alike rules are found in one run of them. */
static size_t slot_of(const struct matching *m, const struct rule *rule)
{
	struct rule plain = without_time(rule);
	return rule_hash(&plain) & m->by_mask;
}

static void index_wanted(const struct rule *wanted, size_t count, struct matching *m)
{
	for (size_t i = 0; i < count; i++) {
		size_t slot = slot_of(m, &wanted[i]);
		while (m->by[slot])
			slot = (slot + 1) & m->by_mask;
		m->by[slot] = &wanted[i];
		m->there_of[i] = NOWHERE;
	}
}

/* A wanted rule that no rule there has been matched with yet, or NOWHERE. */
static size_t look_up(const struct rule *wanted, const struct matching *m, const struct rule *rule,
		      bool (*same)(const struct rule *, const struct rule *))
{
	for (size_t slot = slot_of(m, rule); m->by[slot]; slot = (slot + 1) & m->by_mask) {
		size_t i = (size_t)(m->by[slot] - wanted);
		if (m->there_of[i] == NOWHERE && same(m->by[slot], rule))
			return i;
	}
	return NOWHERE;
}

static void match_rules(const struct state_chain *have, const struct rule *wanted,
			struct matching *m)
{
	for (size_t i = 0; i < have->count; i++) {
		const struct state_rule *r = &have->rules[i];
		size_t w = m->mine[i] ? look_up(wanted, m, &r->rule, rule_equal) : NOWHERE;
		m->wanted_of[i] = w;
		if (w != NOWHERE)
			m->there_of[w] = i;
	}
	for (size_t i = 0; i < have->count; i++) {
		const struct state_rule *r = &have->rules[i];
		if (!m->mine[i] || m->wanted_of[i] != NOWHERE)
			continue;
		size_t w = look_up(wanted, m, &r->rule, alike);
		if (w != NOWHERE)
			m->there_of[w] = i; /* its counters go on; the rule itself is replaced */
	}
}

/* Mark the longest rising sequence of wanted_of (patience sorting: tails[k] is the rule that ends
 * the best sequence of length k + 1). */
static int keep_longest(size_t count, struct matching *m, struct err *err)
{
	size_t length = 0;
	size_t *tails = reallocarray(NULL, count + 1, sizeof(*tails));
	size_t *before = reallocarray(NULL, count + 1, sizeof(*before));
	if (!tails || !before) {
		free(tails);
		free(before);
		return err_memory(err);
	}
	for (size_t i = 0; i < count; i++) {
		if (m->wanted_of[i] == NOWHERE)
			continue;
		size_t low = 0, high = length;
		while (low < high) {
			size_t middle = (low + high) / 2;
			if (m->wanted_of[tails[middle]] < m->wanted_of[i])
				low = middle + 1;
			else
				high = middle;
		}
		before[i] = low ? tails[low - 1] : NOWHERE;
		tails[low] = i;
		if (low == length)
			length++;
	}
	for (size_t i = length ? tails[length - 1] : NOWHERE; i != NOWHERE; i = before[i])
		m->keep[i] = true;
	free(tails);
	free(before);
	return 0;
}

/* From the end, so that positions before it stay what they were. */
static int plan_deletions(const struct state_chain *have, const struct matching *m,
			  struct plan *plan, struct err *err)
{
	for (size_t i = have->count; i-- > 0;) {
		const struct state_rule *r = &have->rules[i];
		if (!m->mine[i] || m->keep[i])
			continue;
		struct op *op = add_op(plan, OP_DELETE, have->name, err);
		if (!op)
			return -1;
		op->position = (uint32_t)i;
		op->rule = &r->rule;
		op->ref = &r->ref;
	}
	return 0;
}

/* Each wanted rule that is not kept goes right behind the one wanted before it. */
static int plan_insertions(const struct state_chain *have, const struct chain *chain,
			   const struct matching *m, struct plan *plan, struct err *err)
{
	size_t position = 0, there = 0, length = 0;
	for (size_t i = 0; i < have->count; i++)
		length += !m->mine[i] || m->keep[i];
	for (size_t w = 0; w < chain->count; w++) {
		size_t from = m->there_of[w];
		if (from != NOWHERE && m->keep[from]) {
			assert(from < have->count);
			/* what stays between: somebody else's */
			for (; there <= from; there++)
				position += !m->mine[there] || m->keep[there];
			continue;
		}
		struct op *op = add_op(plan, OP_INSERT, chain->name, err);
		if (!op)
			return -1;
		op->position = (uint32_t)position++;
		op->at_end = op->position == length++;
		op->rule = &chain->rules[w];
		if (from != NOWHERE)
			op->ref = &have->rules[from].ref;
	}
	return 0;
}

static bool is_as_wanted(const struct state_chain *have, const struct chain *chain)
{
	if (have->count != chain->count)
		return false;
	for (size_t i = 0; i < have->count; i++)
		if (!have->rules[i].ours || !rule_equal(&have->rules[i].rule, &chain->rules[i]))
			return false;
	return true;
}

/* A chain that is not there yet: all its rules, in order. */
static int plan_new_chain(const struct chain *chain, struct plan *plan, struct err *err)
{
	for (size_t i = 0; i < chain->count; i++) {
		struct op *op = add_op(plan, OP_INSERT, chain->name, err);
		if (!op)
			return -1;
		op->position = (uint32_t)i;
		op->at_end = true;
		op->rule = &chain->rules[i];
	}
	return 0;
}

static int plan_chain(const struct state *state, const struct state_chain *have,
		      const struct chain *chain, struct plan *plan, struct err *err)
{
	struct matching m;
	if (is_as_wanted(have, chain))
		return 0;
	if (match_alloc(have->count, chain->count, &m, err) < 0)
		return -1;
	for (size_t i = 0; i < have->count; i++)
		m.mine[i] = is_movable(state, plan, &have->rules[i]);
	index_wanted(chain->rules, chain->count, &m);
	match_rules(have, chain->rules, &m);
	int result = keep_longest(have->count, &m, err);
	if (result == 0)
		result = plan_deletions(have, &m, plan, err);
	if (result == 0)
		result = plan_insertions(have, chain, &m, plan, err);
	match_free(&m);
	return result;
}

/* ---- jumps ---- */

/* The jumps as they are after the changes planned so far, so that positions are right. */
struct jump {
	const char *from, *to;
	const struct state_jump *there; /* NULL: it is planned */
	bool base;
	size_t position;
};

struct jumps {
	struct jump *items;
	size_t count;
	struct state_base *bases;
	size_t base_count;
};

static int jumps_copy(const struct state *have, struct jumps *out, struct err *err)
{
	out->items = reallocarray(NULL, have->jump_count + GROUPS, sizeof(*out->items));
	out->bases = reallocarray(NULL, have->base_count + 1, sizeof(*out->bases));
	if (!out->items || !out->bases)
		return err_memory(err);
	for (size_t i = 0; i < have->jump_count; i++) {
		const struct state_jump *j = &have->jumps[i];
		out->items[i] = (struct jump){j->from, j->to, j, j->base, j->position};
	}
	out->count = have->jump_count;
	out->base_count = have->base_count;
	if (out->base_count)
		memcpy(out->bases, have->bases, out->base_count * sizeof(*out->bases));
	return 0;
}

/* The rules that a base chain has, before one more or one less. A chain of a table that is not
 * there yet has none. */
static size_t change_length(struct jumps *jumps, const char *base, int change)
{
	size_t before = 0;
	for (size_t i = 0; i < jumps->base_count; i++) {
		struct state_base *b = &jumps->bases[i];
		if (strcmp(b->name, base) != 0)
			continue;
		before = b->count;
		b->count = change < 0 ? before - 1 : before + 1;
	}
	return before;
}

static const struct jump *find_jump(const struct jumps *jumps, enum group group)
{
	const struct group_info *info = &group_infos[group];
	for (size_t i = 0; i < jumps->count; i++) {
		const struct jump *j = &jumps->items[i];
		if (j->base && strcmp(j->from, info->base) == 0 && strcmp(j->to, info->chain) == 0)
			return j;
	}
	return NULL;
}

/* Where a missing jump goes: behind that of the nearest group before it on the same base chain,
 * else first. */
static size_t jump_position(const struct jumps *jumps, enum group group)
{
	const struct group_info *info = &group_infos[group];
	for (int g = (int)group - 1; g >= 0; g--) {
		const struct group_info *before = &group_infos[g];
		const struct jump *j = find_jump(jumps, (enum group)g);
		if (j && before->table == info->table && strcmp(before->base, info->base) == 0)
			return j->position + 1;
	}
	return 0;
}

static int plan_jump(struct jumps *jumps, enum family family, enum group group, struct plan *plan,
		     struct err *err)
{
	const struct group_info *info = &group_infos[group];
	struct op *op = add_op(plan, OP_INSERT, info->base, err);
	if (!op)
		return -1;
	group_jump(family, group, &plan->jumps[group]);
	op->rule = &plan->jumps[group];
	op->position = (uint32_t)jump_position(jumps, group);
	op->at_end = op->position == change_length(jumps, info->base, 1);
	for (size_t i = 0; i < jumps->count; i++)
		if (strcmp(jumps->items[i].from, info->base) == 0 &&
		    jumps->items[i].position >= op->position)
			jumps->items[i].position++;
	jumps->items[jumps->count++] = (struct jump){
		.from = info->base, .to = info->chain, .base = true, .position = op->position};
	return 0;
}

static int plan_jumps(const struct state *have, const struct layout *want, struct jumps *jumps,
		      struct plan *plan, struct err *err)
{
	for (int g = 0; g < GROUPS; g++)
		if (group_infos[g].table == have->table &&
		    layout_find(want, have->table, group_infos[g].chain) &&
		    !find_jump(jumps, (enum group)g) &&
		    plan_jump(jumps, have->family, (enum group)g, plan, err) < 0)
			return -1;
	return 0;
}

/* Jumps of base chains to a chain that goes. */
static int plan_jump_deletions(const char *chain, struct jumps *jumps, struct plan *plan,
			       struct err *err)
{
	for (size_t i = jumps->count; i-- > 0;) {
		struct jump gone = jumps->items[i];
		if (strcmp(gone.to, chain) != 0)
			continue;
		struct op *op = add_op(plan, OP_DELETE, gone.from, err);
		if (!op)
			return -1;
		op->position = (uint32_t)gone.position;
		op->ref = &gone.there->ref;
		jumps->items[i] = jumps->items[--jumps->count];
		change_length(jumps, gone.from, -1);
		for (size_t k = 0; k < jumps->count; k++)
			if (strcmp(jumps->items[k].from, gone.from) == 0 &&
			    jumps->items[k].position > gone.position)
				jumps->items[k].position--;
	}
	return 0;
}

/* ---- the table ---- */

static int plan_new_chains(const struct state *have, const struct layout *want, struct plan *plan,
			   struct err *err)
{
	for (size_t i = 0; i < want->count; i++) {
		const struct chain *chain = &want->chains[i];
		if (group_infos[chain->group].table == have->table &&
		    !state_find(have, chain->name) && !add_op(plan, OP_NEW_CHAIN, chain->name, err))
			return -1;
	}
	return 0;
}

static int plan_rules(const struct state *have, const struct layout *want, struct plan *plan,
		      struct err *err)
{
	for (size_t i = 0; i < want->count; i++) {
		const struct chain *chain = &want->chains[i];
		if (group_infos[chain->group].table != have->table)
			continue;
		const struct state_chain *there = state_find(have, chain->name);
		if (there ? plan_chain(have, there, chain, plan, err) < 0
			  : plan_new_chain(chain, plan, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < have->chain_count; i++) {
		const struct state_chain *chain = &have->chains[i];
		const struct chain nothing = {.group = chain->group, .name = chain->name};
		if (!layout_find(want, have->table, chain->name) &&
		    plan_chain(have, chain, &nothing, plan, err) < 0)
			return -1;
	}
	return 0;
}

/* ---- rules that go on in another chain ---- */

struct leaving { /* deletions by what they delete */
	struct op **slots;
	size_t mask;
};

/* The slot of an alike rule of that group, or a free one. */
static struct op **slot_leaving(const struct leaving *l, enum table table, const struct op *op)
{
	struct rule plain = without_time(op->rule);
	enum group group = group_of(table, op->chain);
	size_t i = (rule_hash(&plain) + group) & l->mask;
	for (;; i = (i + 1) & l->mask) {
		const struct op *there = l->slots[i];
		if (!there ||
		    (group_of(table, there->chain) == group && alike(there->rule, op->rule)))
			return &l->slots[i];
	}
}

/* Counters of what is deleted in one chain and inserted in another of its group go along. */
static int plan_counters(enum table table, struct plan *plan, struct err *err)
{
	size_t count = 0, slots = 16;
	for (size_t i = 0; i < plan->count; i++)
		count += plan->ops[i].kind == OP_DELETE && plan->ops[i].rule;
	if (count == 0)
		return 0;
	while (slots < count * 2)
		slots *= 2;
	struct leaving l = {calloc(slots, sizeof(struct op *)), slots - 1};
	if (!l.slots)
		return err_memory(err);
	for (size_t i = 0; i < plan->count; i++)
		if (plan->ops[i].kind == OP_DELETE && plan->ops[i].rule)
			*slot_leaving(&l, table, &plan->ops[i]) = &plan->ops[i];
	for (size_t i = 0; i < plan->count; i++) {
		struct op *op = &plan->ops[i];
		if (op->kind != OP_INSERT || op->ref || op->rule->target == TARGET_JUMP)
			continue;
		const struct op *from = *slot_leaving(&l, table, op);
		if (from)
			op->ref = from->ref;
	}
	free(l.slots);
	return 0;
}

static int plan_removals(const struct state *have, const struct layout *want, struct jumps *jumps,
			 struct plan *plan, struct err *err)
{
	for (size_t i = 0; i < have->chain_count; i++) {
		const struct state_chain *chain = &have->chains[i];
		if (layout_find(want, have->table, chain->name) || plan->keeps[i])
			continue;
		if (plan_jump_deletions(chain->name, jumps, plan, err) < 0 ||
		    !add_op(plan, OP_DELETE_CHAIN, chain->name, err))
			return -1;
	}
	return 0;
}

int plan_make(const struct state *have, const struct layout *want, struct plan *out,
	      struct err *err)
{
	struct jumps jumps = {0};
	*out = (struct plan){.jumps = calloc(GROUPS, sizeof(*out->jumps))};
	int result = out->jumps ? find_keeps(have, want, out, err) : err_memory(err);
	if (result == 0)
		result = jumps_copy(have, &jumps, err);
	if (result == 0)
		result = plan_new_chains(have, want, out, err);
	if (result == 0)
		result = plan_rules(have, want, out, err);
	if (result == 0)
		result = plan_counters(have->table, out, err);
	if (result == 0)
		result = plan_removals(have, want, &jumps, out, err);
	if (result == 0)
		result = plan_jumps(have, want, &jumps, out, err);
	free(jumps.items);
	free(jumps.bases);
	if (result < 0)
		plan_free(out);
	return result;
}
