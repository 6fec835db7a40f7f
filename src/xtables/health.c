/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From tables to forwards and their health. */
#include <stdlib.h>
#include <string.h>

#include "model/search.h"
#include "xtables/forward_rules.h"
#include "xtables/health.h"

/* Rules that packets reach. Those that accept are sought by what they cover, all others by what
 * they are. */
struct slot {
	const struct state_rule *rule; /* NULL: empty */
	enum group group;
};

struct cover {         /* sorted by hash and first port */
	uint64_t hash; /* of all but the ports */
	uint16_t first, last;
	uint16_t reach; /* the highest port of those of that hash up to here */
	const struct state_rule *rule;
};

struct index {
	struct slot *slots;
	size_t mask;
	struct cover *covers;
	size_t cover_count;
	bool *walked[TABLES]; /* by chain */
};

static struct slot *slot_for(const struct index *index, enum group group, const struct rule *rule)
{
	size_t i = (rule_hash(rule) + group) & index->mask;
	for (;; i = (i + 1) & index->mask) {
		struct slot *slot = &index->slots[i];
		if (!slot->rule || (slot->group == group && rule_equal(&slot->rule->rule, rule)))
			return slot;
	}
}

static struct cover cover_of(enum group group, const struct rule *rule)
{
	return (struct cover){.hash = rule_hash_but_ports(rule) + group,
			      .first = rule->ports.first,
			      .last = rule->ports.last};
}

static int compare_covers(const void *a, const void *b)
{
	const struct cover *x = a, *y = b;
	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->first - y->first;
}

/* For search_first: those that begin with the key's first port come before it too. */
static int begins_before(const void *key, const void *cover)
{
	return compare_covers(key, cover) < 0 ? -1 : 1;
}

static bool covers(const struct rule *there, const struct rule *wanted)
{
	return there->ports.first <= wanted->ports.first &&
	       there->ports.last >= wanted->ports.last && rule_equal_but_ports(there, wanted);
}

/* A rule that accepts all that this one does, or NULL. */
static const struct state_rule *find_cover(const struct index *index, enum group group,
					   const struct rule *rule)
{
	struct cover key = cover_of(group, rule);
	size_t i = search_first(&key, index->covers, index->cover_count, sizeof(*index->covers),
				begins_before);
	while (i-- > 0) {
		const struct cover *c = &index->covers[i];
		if (c->hash != key.hash || c->reach < key.last)
			break;
		if (covers(&c->rule->rule, rule))
			return c->rule;
	}
	return NULL;
}

static const struct state_rule *find(const struct index *index, enum group group,
				     const struct rule *rule)
{
	return rule->target == TARGET_ACCEPT ? find_cover(index, group, rule)
					     : slot_for(index, group, rule)->rule;
}

static void index_rule(struct index *index, enum group group, const struct state_rule *r)
{
	if (r->rule.target != TARGET_ACCEPT) {
		*slot_for(index, group, &r->rule) = (struct slot){r, group};
		return;
	}
	struct cover *c = &index->covers[index->cover_count++];
	*c = cover_of(group, &r->rule);
	c->rule = r;
}

/* The base chain jumps to it, and its first rule is there. */
static bool group_reached(const struct state *state, const struct state_chain *chain,
			  enum group group)
{
	struct rule first;
	if (!chain || !state_has_jump(state, group))
		return false;
	if (!group_first_rule(group, &first))
		return true;
	for (size_t i = 0; i < chain->count; i++)
		if (chain->rules[i].ours)
			return rule_equal(&chain->rules[i].rule, &first);
	return false;
}

/* With the chains below it, each once, whoever jumps there besides. */
static void index_chain(const struct state *state, const struct state_chain *chain,
			struct index *index)
{
	bool *walked = &index->walked[state->table][chain - state->chains];
	for (size_t i = 0; i < chain->count && !*walked; i++) {
		const struct state_rule *r = &chain->rules[i];
		if (!r->ours)
			continue;
		const struct state_chain *below =
			r->rule.target == TARGET_JUMP ? state_find(state, r->rule.chain) : NULL;
		if (below)
			index_chain(state, below, index);
		else
			index_rule(index, chain->group, r);
	}
	*walked = true;
}

static void sort_covers(struct index *index)
{
	struct cover *c = index->covers;
	qsort(c, index->cover_count, sizeof(*c), compare_covers);
	for (size_t i = 0; i < index->cover_count; i++) {
		bool first = i == 0 || c[i - 1].hash != c[i].hash;
		c[i].reach = c[i].last;
		if (!first && c[i - 1].reach > c[i].last)
			c[i].reach = c[i - 1].reach;
	}
}

static void index_free(struct index *index)
{
	free(index->slots);
	free(index->covers);
	for (int t = 0; t < TABLES; t++)
		free(index->walked[t]);
}

static int index_alloc(const struct state states[TABLES], struct index *index, struct err *err)
{
	size_t count[TABLES] = {0}, slots = 16;
	for (int t = 0; t < TABLES; t++) {
		for (size_t c = 0; c < states[t].chain_count; c++)
			count[t] += states[t].chains[c].count;
		index->walked[t] = calloc(states[t].chain_count + 1, sizeof(bool));
	}
	/* all that accepts is in filter; jumps to chains that are not there are in either */
	while (slots < (count[TABLE_NAT] + count[TABLE_FILTER]) * 2)
		slots *= 2;
	index->mask = slots - 1;
	index->slots = calloc(slots, sizeof(*index->slots));
	index->covers = reallocarray(NULL, count[TABLE_FILTER] + 1, sizeof(*index->covers));
	return index->slots && index->covers && index->walked[TABLE_NAT] &&
			       index->walked[TABLE_FILTER]
		       ? 0
		       : err_memory(err);
}

static void index_fill(const struct state states[TABLES], struct index *index)
{
	for (int g = 0; g < GROUPS; g++) {
		const struct state *state = &states[group_infos[g].table];
		const struct state_chain *chain = state_find(state, group_infos[g].chain);
		if (group_reached(state, chain, (enum group)g))
			index_chain(state, chain, index);
	}
	sort_covers(index);
}

static struct ruleset_status status_of(const struct index *index, const struct forward *f)
{
	struct forward_rule rules[FORWARD_RULES_MAX];
	char comment[SPEC_OPTIONS_MAX];
	struct ruleset_status status = {0};
	size_t n = forward_rules_of(f, rules, comment);
	for (size_t i = 0; i < n; i++) {
		const struct state_rule *rule = find(index, rules[i].group, &rules[i].rule);
		if (!rule)
			status.incomplete = true;
		else if (rules[i].rule.target == TARGET_DNAT)
			status.conns += rule->ref.counters.packets;
	}
	return status;
}

int health_of(const struct state states[TABLES], const struct forwards *set,
	      struct ruleset_status *out, struct err *err)
{
	struct index index = {0};
	int result = index_alloc(states, &index, err);
	if (result == 0)
		index_fill(states, &index);
	for (size_t i = 0; result == 0 && i < set->count; i++)
		if (set->items[i].family == states[TABLE_NAT].family)
			out[i] = status_of(&index, &set->items[i]);
	index_free(&index);
	return result;
}
