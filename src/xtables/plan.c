/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The difference between the rules that a table holds and those that it shall hold, chain by chain.
 * Rules there are matched with rules wanted, through a hash table. Of the matched ones the longest
 * sequence that is in the wanted order stays where it is; the others of ours are deleted, and the
 * wanted ones that are missing are inserted. A rule that moves, or that changes its end, takes its
 * counters along. Somebody else's rules stay, and so does each chain of ours that such a rule
 * is in or jumps to.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "model/array.h"
#include "model/hash.h"
#include "model/search.h"
#include "xtables/plan.h"

#define NOWHERE SIZE_MAX

struct jump { /* as the table has it after the changes planned so far */
	const char *from, *to;
	const struct state_jump *there; /* NULL: it is planned */
	bool base;
	size_t position;
};

struct planner {
	const struct state *have;
	const struct layout *want;
	const struct ways *ways; /* NULL: jumps go to the head */
	size_t places[GROUPS];   /* ... after the changes planned so far */
	struct plan *plan;
	struct jump *jumps;
	size_t jump_count;
	struct state_base *bases; /* with as many rules as after the changes planned so far */
	struct err *err;
};

void plan_free(struct plan *plan)
{
	free(plan->ops);
	free(plan->jumps);
	free(plan->keeps);
	*plan = (struct plan){0};
}

static int add_op(struct planner *p, struct op op)
{
	void *ops = p->plan->ops;
	struct op *added = array_append(&ops, &p->plan->count, sizeof(*added));
	p->plan->ops = ops;
	if (!added)
		return err_memory(p->err);
	*added = op;
	return 0;
}

static bool is_wanted(const struct planner *p, const char *chain)
{
	return layout_find(p->want, p->have->table, chain) != NULL;
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

/* Mark the chains that hold somebody else's rule, or that such a rule jumps to. */
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
 * Fill plan->keeps. A chain that stays keeps the chains of ours that jump to it. Each chain is
 * taken up once, whatever the jumps between them look like: a ladder of n chains has 2^n paths, and
 * chains that nothing reaches may even jump to each other.
 */
static int find_keeps(struct planner *p)
{
	const struct state *have = p->have;
	struct uses uses = {0};
	size_t waiting = 0;
	int result = -1;
	size_t *stack = reallocarray(NULL, have->chain_count + 1, sizeof(*stack));
	bool *keeps = p->plan->keeps = calloc(have->chain_count + 1, sizeof(*keeps));
	if (!stack || !keeps) {
		err_memory(p->err);
		goto out;
	}
	if (find_uses(have, &uses, p->err) < 0)
		goto out;
	mark_shared(have, keeps);
	for (size_t c = 0; c < have->chain_count; c++) {
		if (is_wanted(p, have->chains[c].name))
			keeps[c] = false; /* it stays in any case */
		if (keeps[c])
			stack[waiting++] = c;
	}
	while (waiting > 0) {
		struct use key = {.to = stack[--waiting]};
		size_t i = search_first(&key, uses.items, uses.count, sizeof(key), compare_uses);
		for (; i < uses.count && uses.items[i].to == key.to; i++) {
			size_t from = uses.items[i].from;
			if (keeps[from] || is_wanted(p, have->chains[from].name))
				continue;
			keeps[from] = true;
			stack[waiting++] = from;
		}
	}
	result = 0;
out:
	free(uses.items);
	free(stack);
	return result;
}

/* Whether the rule may be moved or deleted: it is ours, and no jump to a chain that stays. */
static bool is_movable(const struct planner *p, const struct state_rule *r)
{
	if (!r->ours || r->rule.target != TARGET_JUMP)
		return r->ours;
	const struct state_chain *below = state_find(p->have, r->rule.chain);
	return !below || !p->plan->keeps[below - p->have->chains];
}

/* ---- one chain ---- */

struct matching { /* of the rules in a chain with those wanted in it */
	const struct state_chain *have;
	const struct chain *want;
	size_t *wanted_of; /* for each rule there: the index of the one wanted, or NOWHERE */
	size_t *there_of;  /* for each one wanted: the index of the rule there, or NOWHERE */
	bool *movable;     /* for each rule there */
	bool *stays;       /* ... whether it stays in its place */
	struct hash_table by_rule; /* those wanted */
};

static void matching_free(struct matching *m)
{
	free(m->wanted_of);
	free(m->there_of);
	free(m->movable);
	free(m->stays);
	hash_table_free(&m->by_rule);
}

/* The rule without its end: a forward whose end was changed goes on with its counters. */
static struct rule without_end(const struct rule *rule)
{
	struct rule plain = *rule;
	plain.until = 0;
	return plain;
}

static bool equal_but_end(const struct rule *a, const struct rule *b)
{
	struct rule x = without_end(a), y = without_end(b);
	return rule_equal(&x, &y);
}

static uint64_t hash_but_end(const struct rule *rule)
{
	struct rule plain = without_end(rule);
	return rule_hash(&plain);
}

static int matching_init(const struct planner *p, const struct state_chain *have,
			 const struct chain *want, struct matching *m)
{
	*m = (struct matching){
		.have = have,
		.want = want,
		.wanted_of = reallocarray(NULL, have->count + 1, sizeof(*m->wanted_of)),
		.there_of = reallocarray(NULL, want->count + 1, sizeof(*m->there_of)),
		.movable = calloc(have->count + 1, sizeof(*m->movable)),
		.stays = calloc(have->count + 1, sizeof(*m->stays)),
	};
	if (!m->wanted_of || !m->there_of || !m->movable || !m->stays)
		return err_memory(p->err);
	if (hash_table_init(&m->by_rule, want->count, p->err) < 0)
		return -1;
	for (size_t i = 0; i < have->count; i++)
		m->movable[i] = is_movable(p, &have->rules[i]);
	for (size_t w = 0; w < want->count; w++) {
		hash_table_add(&m->by_rule, hash_but_end(&want->rules[w]), &want->rules[w]);
		m->there_of[w] = NOWHERE;
	}
	return 0;
}

/* The index of a wanted rule that is the same and is not matched yet, or NOWHERE. */
static size_t find_wanted(const struct matching *m, const struct rule *rule,
			  bool (*same)(const struct rule *, const struct rule *))
{
	const struct rule *wanted;
	uint64_t hash = hash_but_end(rule);
	for (size_t at = 0; (wanted = hash_table_next(&m->by_rule, hash, &at));) {
		size_t w = (size_t)(wanted - m->want->rules);
		if (m->there_of[w] == NOWHERE && same(wanted, rule))
			return w;
	}
	return NOWHERE;
}

/* First all that are equal; then those that differ in their end alone. The latter are replaced, and
 * only their counters go on. */
static void match_rules(struct matching *m)
{
	for (size_t i = 0; i < m->have->count; i++) {
		m->wanted_of[i] = NOWHERE;
		if (!m->movable[i])
			continue;
		size_t w = find_wanted(m, &m->have->rules[i].rule, rule_equal);
		m->wanted_of[i] = w;
		if (w != NOWHERE)
			m->there_of[w] = i;
	}
	for (size_t i = 0; i < m->have->count; i++) {
		if (!m->movable[i] || m->wanted_of[i] != NOWHERE)
			continue;
		size_t w = find_wanted(m, &m->have->rules[i].rule, equal_but_end);
		if (w != NOWHERE)
			m->there_of[w] = i;
	}
}

struct tail { /* the last rule of a sequence */
	size_t wanted;
	size_t there;
};

static int compare_tails(const void *a, const void *b)
{
	const struct tail *x = a, *y = b;
	return (x->wanted > y->wanted) - (x->wanted < y->wanted);
}

/* Mark the rules of the longest sequence in which wanted_of rises. tails[n] is the end of the
 * sequence of n + 1 rules that ends lowest; a rule goes on the longest one that ends below it. */
static int keep_longest(struct matching *m, struct err *err)
{
	size_t length = 0, count = m->have->count;
	int result = -1;
	struct tail *tails = reallocarray(NULL, count + 1, sizeof(*tails));
	size_t *before = reallocarray(NULL, count + 1, sizeof(*before)); /* in its sequence */
	if (!tails || !before) {
		err_memory(err);
		goto out;
	}
	for (size_t i = 0; i < count; i++) {
		struct tail tail = {m->wanted_of[i], i};
		if (tail.wanted == NOWHERE)
			continue;
		size_t n = search_first(&tail, tails, length, sizeof(tail), compare_tails);
		before[i] = n ? tails[n - 1].there : NOWHERE;
		tails[n] = tail;
		if (n == length)
			length++;
	}
	for (size_t i = length ? tails[length - 1].there : NOWHERE; i != NOWHERE; i = before[i])
		m->stays[i] = true;
	result = 0;
out:
	free(tails);
	free(before);
	return result;
}

/* From the end, so that positions before it stay what they were. */
static int plan_deletions(struct planner *p, const struct matching *m)
{
	for (size_t i = m->have->count; i-- > 0;) {
		const struct state_rule *r = &m->have->rules[i];
		if (!m->movable[i] || m->stays[i])
			continue;
		if (add_op(p, (struct op){.kind = OP_DELETE,
					  .tidies = r->needless && m->wanted_of[i] == NOWHERE,
					  .chain = m->have->name,
					  .position = (uint32_t)i,
					  .rule = &r->rule,
					  .ref = &r->ref}) < 0)
			return -1;
	}
	return 0;
}

/*
 * Each wanted rule that is missing goes right behind the one wanted before it. At any time,
 * position is the place behind that one, and length the number of all rules, both in the chain as
 * the changes planned so far leave it; the rules that were there have been passed up to passed.
 */
static int plan_insertions(struct planner *p, const struct matching *m)
{
	size_t position = 0, passed = 0, length = 0;
	for (size_t i = 0; i < m->have->count; i++)
		if (!m->movable[i] || m->stays[i])
			length++;
	for (size_t w = 0; w < m->want->count; w++) {
		size_t there = m->there_of[w];
		if (there != NOWHERE && m->stays[there]) {
			assert(there < m->have->count);
			for (; passed <= there; passed++)
				if (!m->movable[passed] || m->stays[passed])
					position++;
			continue;
		}
		if (add_op(p, (struct op){.kind = OP_INSERT,
					  .chain = m->want->name,
					  .position = (uint32_t)position,
					  .at_end = position == length,
					  .rule = &m->want->rules[w],
					  .ref = there == NOWHERE ? NULL
								  : &m->have->rules[there].ref}) <
		    0)
			return -1;
		position++;
		length++;
	}
	return 0;
}

static bool is_as_wanted(const struct state_chain *have, const struct chain *want)
{
	if (have->count != want->count)
		return false;
	for (size_t i = 0; i < have->count; i++)
		if (!have->rules[i].ours || !rule_equal(&have->rules[i].rule, &want->rules[i]))
			return false;
	return true;
}

static int plan_chain(struct planner *p, const struct state_chain *have, const struct chain *want)
{
	struct matching m;
	int result = -1;
	if (is_as_wanted(have, want))
		return 0;
	if (matching_init(p, have, want, &m) < 0)
		goto out;
	match_rules(&m);
	if (keep_longest(&m, p->err) < 0 || plan_deletions(p, &m) < 0)
		goto out;
	result = plan_insertions(p, &m);
out:
	matching_free(&m);
	return result;
}

/* A chain that is not there yet: all its rules, in order. */
static int plan_new_chain(struct planner *p, const struct chain *want)
{
	for (size_t i = 0; i < want->count; i++)
		if (add_op(p, (struct op){.kind = OP_INSERT,
					  .chain = want->name,
					  .position = (uint32_t)i,
					  .at_end = true,
					  .rule = &want->rules[i]}) < 0)
			return -1;
	return 0;
}

/* ---- jumps of base chains ---- */

static int copy_jumps(struct planner *p)
{
	const struct state *have = p->have;
	p->jumps = reallocarray(NULL, have->jump_count + GROUPS, sizeof(*p->jumps));
	p->bases = reallocarray(NULL, have->base_count + 1, sizeof(*p->bases));
	if (!p->jumps || !p->bases)
		return err_memory(p->err);
	for (size_t i = 0; i < have->jump_count; i++) {
		const struct state_jump *j = &have->jumps[i];
		p->jumps[p->jump_count++] = (struct jump){j->from, j->to, j, j->base, j->position};
	}
	if (have->base_count)
		memcpy(p->bases, have->bases, have->base_count * sizeof(*p->bases));
	return 0;
}

/* The base chain; NULL: it is of a table that is not there yet. */
static struct state_base *find_base(const struct planner *p, const char *name)
{
	for (size_t i = 0; i < p->have->base_count; i++)
		if (strcmp(p->bases[i].name, name) == 0)
			return &p->bases[i];
	return NULL;
}

static const struct jump *find_jump(const struct planner *p, enum group group)
{
	const struct group_info *info = &group_infos[group];
	for (size_t i = 0; i < p->jump_count; i++) {
		const struct jump *j = &p->jumps[i];
		if (j->base && strcmp(j->from, info->base) == 0 && strcmp(j->to, info->chain) == 0)
			return j;
	}
	return NULL;
}

/* A missing jump goes to its place; in the nat table behind the jump of the nearest group before it
 * on the same base chain, else it goes first. */
static size_t jump_position(const struct planner *p, enum group group)
{
	const struct group_info *info = &group_infos[group];
	if (p->ways)
		return p->places[group];
	for (int g = (int)group - 1; g >= 0; g--) {
		const struct group_info *before = &group_infos[g];
		const struct jump *j = find_jump(p, (enum group)g);
		if (j && before->table == info->table && strcmp(before->base, info->base) == 0)
			return j->position + 1;
	}
	return 0;
}

/* Tell positions of a base chain that a rule was inserted there, or deleted (change: 1 or -1). */
static void shift_places(struct planner *p, const char *base, size_t position, int change)
{
	for (int g = 0; g < GROUPS; g++) {
		size_t *place = &p->places[g];
		if (strcmp(group_infos[g].base, base) != 0)
			continue;
		if (change > 0 ? *place >= position : *place > position)
			*place += (size_t)change;
	}
}

/* ref: of the jump that moves here; NULL: there was none. */
static int plan_jump(struct planner *p, enum group group, const struct rule_ref *ref)
{
	const struct group_info *info = &group_infos[group];
	struct state_base *base = find_base(p, info->base);
	size_t position = jump_position(p, group);
	group_jump(p->have->family, group, &p->plan->jumps[group]);
	if (add_op(p, (struct op){.kind = OP_INSERT,
				  .chain = info->base,
				  .position = (uint32_t)position,
				  .at_end = position == (base ? base->count : 0),
				  .rule = &p->plan->jumps[group],
				  .ref = ref}) < 0)
		return -1;
	if (base)
		base->count++;
	shift_places(p, info->base, position, 1);
	for (size_t i = 0; i < p->jump_count; i++)
		if (strcmp(p->jumps[i].from, info->base) == 0 && p->jumps[i].position >= position)
			p->jumps[i].position++;
	p->jumps[p->jump_count++] = (struct jump){info->base, info->chain, NULL, true, position};
	return 0;
}

/* The jump at that index, which the table has. */
static int plan_jump_deletion(struct planner *p, size_t index)
{
	struct jump gone = p->jumps[index];
	struct state_base *base = find_base(p, gone.from);
	if (add_op(p, (struct op){.kind = OP_DELETE,
				  .chain = gone.from,
				  .position = (uint32_t)gone.position,
				  .ref = &gone.there->ref}) < 0)
		return -1;
	if (base)
		base->count--;
	shift_places(p, gone.from, gone.position, -1);
	p->jumps[index] = p->jumps[--p->jump_count];
	for (size_t k = 0; k < p->jump_count; k++)
		if (strcmp(p->jumps[k].from, gone.from) == 0 &&
		    p->jumps[k].position > gone.position)
			p->jumps[k].position--;
	return 0;
}

/* Of the jumps to a chain that goes. */
static int plan_jump_deletions(struct planner *p, const char *chain)
{
	for (size_t i = p->jump_count; i-- > 0;)
		if (strcmp(p->jumps[i].to, chain) == 0 && plan_jump_deletion(p, i) < 0)
			return -1;
	return 0;
}

/* A jump that stands where it must not, or has no mark, is made anew in its place, with its
 * counters. */
static int plan_move(struct planner *p, enum group group)
{
	size_t index = (size_t)(find_jump(p, group) - p->jumps);
	const struct state_jump *there = p->jumps[index].there;
	if (there->marked && (!p->ways || ways_right(p->ways, p->have, group, there->position)))
		return 0;
	return plan_jump_deletion(p, index) < 0 ? -1 : plan_jump(p, group, &there->ref);
}

/* Of the guests in a base chain, one stays where it is needed. */
static int plan_guest(struct planner *p, enum group group)
{
	bool needed = p->ways && p->ways->closed[group];
	const struct jump *kept = needed ? find_jump(p, group) : NULL;
	size_t keep = kept ? (size_t)(kept - p->jumps) : NOWHERE;
	for (size_t i = p->jump_count; i-- > 0;)
		if (i != keep && !*p->jumps[i].to &&
		    strcmp(p->jumps[i].from, group_infos[group].base) == 0 &&
		    plan_jump_deletion(p, i) < 0)
			return -1;
	if (!needed)
		return 0;
	return kept ? plan_move(p, group) : plan_jump(p, group, NULL);
}

/* ---- the table ---- */

static int plan_new_chains(struct planner *p)
{
	for (size_t i = 0; i < p->want->count; i++) {
		const struct chain *chain = &p->want->chains[i];
		if (group_infos[chain->group].table != p->have->table)
			continue;
		if (state_is_taken(p->have, chain->name))
			return err_set(
				p->err, ERR_FAILED,
				"chain %s of the %s %s table is not pfwd's, which needs that "
				"name: rename the chain or remove it",
				chain->name, family_name(p->have->family),
				table_name(p->have->table));
		if (!state_find(p->have, chain->name) &&
		    add_op(p, (struct op){.kind = OP_NEW_CHAIN, .chain = chain->name}) < 0)
			return -1;
	}
	return 0;
}

static int plan_rules(struct planner *p)
{
	for (size_t i = 0; i < p->want->count; i++) {
		const struct chain *chain = &p->want->chains[i];
		if (group_infos[chain->group].table != p->have->table)
			continue;
		const struct state_chain *there = state_find(p->have, chain->name);
		int result = there ? plan_chain(p, there, chain) : plan_new_chain(p, chain);
		if (result < 0)
			return -1;
	}
	for (size_t i = 0; i < p->have->chain_count; i++) {
		const struct state_chain *chain = &p->have->chains[i];
		const struct chain nothing = {.group = chain->group, .name = chain->name};
		if (!is_wanted(p, chain->name) && plan_chain(p, chain, &nothing) < 0)
			return -1;
	}
	return 0;
}

static bool deletes_rule(const struct op *op)
{
	return op->kind == OP_DELETE && op->rule;
}

/* A rule that is deleted in one chain and inserted in another of its group takes its counters
 * along. */
static int plan_counters(struct planner *p)
{
	enum table table = p->have->table;
	struct plan *plan = p->plan;
	struct hash_table gone;
	size_t count = 0;
	for (size_t i = 0; i < plan->count; i++)
		if (deletes_rule(&plan->ops[i]))
			count++;
	if (count == 0)
		return 0;
	if (hash_table_init(&gone, count, p->err) < 0)
		return -1;
	for (size_t i = 0; i < plan->count; i++)
		if (deletes_rule(&plan->ops[i]))
			hash_table_add(&gone, hash_but_end(plan->ops[i].rule), &plan->ops[i]);
	for (size_t i = 0; i < plan->count; i++) {
		struct op *op = &plan->ops[i];
		const struct op *from;
		if (op->kind != OP_INSERT || op->ref || op->rule->target == TARGET_JUMP)
			continue;
		uint64_t hash = hash_but_end(op->rule);
		for (size_t at = 0; !op->ref && (from = hash_table_next(&gone, hash, &at));)
			if (equal_but_end(from->rule, op->rule) &&
			    group_of(table, from->chain) == group_of(table, op->chain))
				op->ref = from->ref;
	}
	hash_table_free(&gone);
	return 0;
}

/* Chains that are empty by now, and the jumps to them. */
static int plan_removals(struct planner *p)
{
	for (size_t i = 0; i < p->have->chain_count; i++) {
		const char *chain = p->have->chains[i].name;
		if (is_wanted(p, chain) || p->plan->keeps[i])
			continue;
		if (plan_jump_deletions(p, chain) < 0 ||
		    add_op(p, (struct op){.kind = OP_DELETE_CHAIN, .chain = chain}) < 0)
			return -1;
	}
	return 0;
}

static int plan_jumps(struct planner *p)
{
	for (int i = 0; i < GROUPS; i++) {
		enum group group = (enum group)i;
		int result = 0;
		if (group_infos[group].table != p->have->table)
			continue;
		if (group_is_guest(group))
			result = plan_guest(p, group);
		else if (is_wanted(p, group_infos[group].chain))
			result = find_jump(p, group) ? plan_move(p, group)
						     : plan_jump(p, group, NULL);
		if (result < 0)
			return -1;
	}
	return 0;
}

int plan_make(const struct state *have, const struct plan_want *want, struct plan *out,
	      struct err *err)
{
	struct planner p = {
		.have = have, .want = want->layout, .ways = want->ways, .plan = out, .err = err};
	int result = -1;
	if (want->ways)
		memcpy(p.places, want->ways->places, sizeof(p.places));
	*out = (struct plan){.jumps = calloc(GROUPS, sizeof(*out->jumps))};
	if (!out->jumps) {
		err_memory(err);
		goto out;
	}
	if (find_keeps(&p) < 0 || copy_jumps(&p) < 0)
		goto out;
	/* rules that jump need the chains that they jump to, and a chain that goes has to be empty
	 * and without a jump to it */
	if (plan_new_chains(&p) < 0 || plan_rules(&p) < 0 || plan_counters(&p) < 0 ||
	    plan_removals(&p) < 0 || plan_jumps(&p) < 0)
		goto out;
	result = 0;
out:
	free(p.jumps);
	free(p.bases);
	if (result < 0)
		plan_free(out);
	return result;
}
