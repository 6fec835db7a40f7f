/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A forward works if packets reach each of its rules: the rules are in chains that the base chains
 * lead to. So all rules that are reached are put into an index first, and then the rules of each
 * forward are looked up in it. A forward that misses one is incomplete. The packets that its DNAT
 * rules have counted are the connections that it has translated, because only the first packet of
 * a connection passes the nat table.
 *
 * Rules that accept may have been joined into one for more ports. So they are looked up by what
 * they cover, if they are not there as they are.
 */
#include <stdlib.h>
#include <string.h>

#include "model/hash.h"
#include "model/search.h"
#include "xtables/forward_rules.h"
#include "xtables/health.h"

struct reached { /* a rule that packets reach */
	struct state_rule *rule;
	enum group group;
};

struct cover {         /* a rule that accepts */
	uint64_t hash; /* of all but the ports */
	const struct rule *rule;
	struct state_rule *there;
	enum group group;
	uint16_t reach; /* the highest port of it and of those before it that differ in ports alone
			 */
};

struct index {
	struct reached *reached;
	size_t count;
	struct hash_table by_rule; /* struct reached */
	struct cover *covers;      /* sorted by all but the ports; then by first port */
	size_t cover_count;
	bool output; /* there is a jump in OUTPUT, which is not always needed */
	const struct filter_rule
		*narrow[GROUPS]; /* what a jump asks that its owner made narrower */
	/* for walking one table */
	const struct state_chain **waiting;
	bool *seen; /* by chain */
};

/* By all but the ports. */
static int compare_kinds(const struct cover *a, const struct cover *b)
{
	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	if (a->group != b->group)
		return a->group < b->group ? -1 : 1;
	return rule_compare_but_ports(a->rule, b->rule);
}

static int compare_covers(const void *a, const void *b)
{
	const struct cover *x = a, *y = b;
	int d = compare_kinds(x, y);
	return d ? d : x->rule->ports.first - y->rule->ports.first;
}

/* For search_first: covers that begin at the first port of the key come before it too. */
static int begins_before(const void *key, const void *cover)
{
	return compare_covers(key, cover) < 0 ? -1 : 1;
}

static struct cover cover_of(enum group group, const struct rule *rule)
{
	return (struct cover){
		.hash = rule_hash_but_ports(rule),
		.rule = rule,
		.group = group,
		.reach = rule->ports.last,
	};
}

static struct state_rule *find_rule(const struct index *index, enum group group,
				    const struct rule *rule)
{
	const struct reached *r;
	uint64_t hash = rule_hash(rule);
	for (size_t at = 0; (r = hash_table_next(&index->by_rule, hash, &at));)
		if (r->group == group && rule_equal(&r->rule->rule, rule))
			return r->rule;
	return NULL;
}

/* Whether some rule accepts all that this one does: the same one, or one for more ports. */
static bool is_covered(const struct index *index, enum group group, const struct rule *rule)
{
	struct state_rule *same = find_rule(index, group, rule);
	if (same) {
		same->needless = false;
		return true;
	}
	struct cover key = cover_of(group, rule);
	size_t i =
		search_first(&key, index->covers, index->cover_count, sizeof(key), begins_before);
	for (; i > 0; i--) {
		const struct cover *c = &index->covers[i - 1];
		if (compare_kinds(c, &key) != 0 || c->reach < rule->ports.last)
			break;
		if (c->rule->ports.last >= rule->ports.last &&
		    c->rule->orig_ports.first <= rule->orig_ports.first &&
		    c->rule->orig_ports.last >= rule->orig_ports.last) {
			c->there->needless = false;
			return true;
		}
	}
	return false;
}

/* ---- making the index ---- */

/* Rules that let packets through may be united, so that another one covers them. */
static bool may_be_united(enum group group, const struct rule *rule)
{
	return rule->target == TARGET_ACCEPT && group_infos[group].table == TABLE_FILTER;
}

static void add_rule(struct index *index, enum group group, struct state_rule *rule)
{
	if (may_be_united(group, &rule->rule)) {
		struct cover cover = cover_of(group, &rule->rule);
		cover.there = rule;
		/* until a forward needs it; the first rule of a chain is for all */
		rule->needless = !(rule->rule.flags & RULE_STATE_ESTABLISHED);
		index->covers[index->cover_count++] = cover;
	}
	struct reached *r = &index->reached[index->count++];
	*r = (struct reached){rule, group};
	hash_table_add(&index->by_rule, rule_hash(&rule->rule), r);
}

/* Whether the base chain jumps to the group's chain, and the first rule of that is there. */
static bool is_reached(const struct state *state, const struct state_chain *chain, enum group group)
{
	struct rule first;
	if (!chain || !state_find_jump(state, group))
		return false;
	if (!group_first_rule(group, &first))
		return true;
	for (size_t i = 0; i < chain->count; i++)
		if (chain->rules[i].ours)
			return rule_equal(&chain->rules[i].rule, &first);
	return false;
}

/* Add the rules of the chain and of the chains below it, each chain once. */
static void add_chain(struct index *index, const struct state *state,
		      const struct state_chain *chain)
{
	size_t count = 0;
	if (!index->seen[chain - state->chains])
		index->waiting[count++] = chain;
	index->seen[chain - state->chains] = true;
	while (count > 0) {
		chain = index->waiting[--count];
		for (size_t i = 0; i < chain->count; i++) {
			struct state_rule *r = &chain->rules[i];
			const struct state_chain *below = NULL;
			if (!r->ours)
				continue;
			if (r->rule.target == TARGET_JUMP)
				below = state_find(state, r->rule.chain);
			if (!below) {
				add_rule(index, chain->group, r);
			} else if (!index->seen[below - state->chains]) {
				index->seen[below - state->chains] = true;
				index->waiting[count++] = below;
			}
		}
	}
}

static int add_table(struct index *index, const struct state *state, struct err *err)
{
	int result = -1;
	index->waiting = calloc(state->chain_count + 1, sizeof(*index->waiting));
	index->seen = calloc(state->chain_count + 1, sizeof(*index->seen));
	if (!index->waiting || !index->seen) {
		err_memory(err);
		goto out;
	}
	for (int g = 0; g < GROUPS; g++) {
		const struct state_chain *chain = state_find(state, group_infos[g].chain);
		if (group_infos[g].table == state->table && is_reached(state, chain, (enum group)g))
			add_chain(index, state, chain);
	}
	result = 0;
out:
	free(index->waiting);
	free(index->seen);
	return result;
}

static int index_make(const struct state states[TABLES], struct index *index, struct err *err)
{
	size_t count = 0;
	for (int t = 0; t < TABLES; t++)
		for (size_t c = 0; c < states[t].chain_count; c++)
			count += states[t].chains[c].count;
	index->reached = reallocarray(NULL, count + 1, sizeof(*index->reached));
	index->covers = reallocarray(NULL, count + 1, sizeof(*index->covers));
	if (!index->reached || !index->covers)
		return err_memory(err);
	if (hash_table_init(&index->by_rule, count, err) < 0)
		return -1;
	for (int t = 0; t < TABLES; t++)
		if (add_table(index, &states[t], err) < 0)
			return -1;
	struct cover *c = index->covers;
	qsort(c, index->cover_count, sizeof(*c), compare_covers);
	for (size_t i = 1; i < index->cover_count; i++)
		if (compare_kinds(&c[i - 1], &c[i]) == 0 && c[i - 1].reach > c[i].reach)
			c[i].reach = c[i - 1].reach;
	return 0;
}

/* ---- forwards ---- */

static bool is_complete(const struct index *index, const struct forward_rule *rules, size_t n)
{
	bool complete = true;
	for (size_t i = 0; i < n; i++)
		complete = is_covered(index, rules[i].group, &rules[i].rule) && complete;
	return complete;
}

/* The connections that a rule of the forward is for, as the jump to the rule's chain meets them. */
static struct filter_flow flow_at(const struct forward *f, const struct forward_rule *of)
{
	bool before = group_infos[of->group].table == TABLE_NAT &&
		      strcmp(group_infos[of->group].base, "POSTROUTING") != 0;
	struct filter_flow flow = {.family = f->family,
				   .proto = f->proto,
				   .dst = network_of_host(before ? &f->addr : &f->target),
				   .ports = before ? f->ports : f->target_ports,
				   .original = f->ports,
				   .here = before || forward_to_self(f),
				   .plain = before};
	if (!(of->rule.flags & RULE_NOT_IN))
		memcpy(flow.in, of->rule.in, sizeof(flow.in));
	return flow;
}

static bool passes_jumps(const struct index *index, const struct forward *f,
			 const struct forward_rule *rules, size_t n)
{
	bool passes = true;
	for (size_t i = 0; passes && i < n; i++) {
		struct filter_flow flow = flow_at(f, &rules[i]);
		const struct filter_rule *narrow = index->narrow[rules[i].group];
		passes = !narrow || filter_takes(narrow, &flow);
	}
	return passes;
}

static struct ruleset_status status_of(const struct index *index, const struct forward *f,
				       bool here)
{
	struct forward_rule rules[FORWARD_RULES_MAX];
	char comment[SPEC_OPTIONS_MAX];
	struct ruleset_status status = {0};
	size_t n = forward_rules_of(f, rules, comment);
	bool passes = passes_jumps(index, f, rules, n);
	for (size_t i = 0; i < n; i++) {
		const struct rule *wanted = &rules[i].rule;
		if (may_be_united(rules[i].group, wanted)) {
			if (!is_covered(index, rules[i].group, wanted))
				status.incomplete = true;
			continue;
		}
		const struct state_rule *there = find_rule(index, rules[i].group, wanted);
		if (!there)
			status.incomplete = true;
		else if (wanted->target == TARGET_DNAT)
			status.conns += there->ref.counters.packets;
	}
	if (index->output && !is_complete(index, rules, forward_rules_out(f, rules)))
		status.incomplete = true;
	if (here && !is_complete(index, rules, forward_rules_here(f, rules)))
		status.incomplete = true;
	status.narrowed = !passes && !status.incomplete;
	status.incomplete = status.incomplete || !passes;
	return status;
}

int health_of(const struct health_case *of, struct ruleset_status *out, bool *leftovers,
	      struct err *err)
{
	const struct state *states = of->states;
	const struct forwards *set = of->set;
	struct index index = {0};
	int result = index_make(states, &index, err);
	for (int g = 0; g < GROUPS; g++) {
		const struct state *table = &states[group_infos[g].table];
		const struct state_jump *jump = state_find_jump(table, (enum group)g);
		if (jump && jump->marked && !jump->alike && !group_is_guest((enum group)g))
			index.narrow[g] = &jump->narrow;
	}
	index.output = state_find_jump(&states[TABLE_FILTER], GROUP_OUTPUT) != NULL;
	for (size_t i = 0; result == 0 && i < set->count; i++) {
		const struct forward *f = &set->items[i];
		if (f->family == states[TABLE_NAT].family)
			out[i] = status_of(&index, f, addresses_hold(of->here, &f->target));
	}
	for (size_t i = 0; i < index.cover_count; i++)
		*leftovers = *leftovers || index.covers[i].there->needless;
	free(index.reached);
	free(index.covers);
	hash_table_free(&index.by_rule);
	return result;
}
