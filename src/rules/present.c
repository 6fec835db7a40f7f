/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From tables to forwards and their health. */
#include <stdlib.h>
#include <string.h>

#include "rules/present.h"

static int read_chain(enum family family, enum group group, const struct state_chain *chain,
		      struct forwards *out, struct err *err)
{
	struct forward f;
	for (size_t i = 0; i < chain->count; i++)
		if (chain->rules[i].ours &&
		    layout_read(family, group, &chain->rules[i].rule, &f) == 0 &&
		    forwards_add(out, &f, err) < 0)
			return -1;
	return 0;
}

int present_forwards(const struct state *nat, struct forwards *out, struct err *err)
{
	size_t before = out->count;
	for (size_t i = 0; i < nat->chain_count; i++) {
		const struct state_chain *chain = &nat->chains[i];
		enum group group = layout_group(TABLE_NAT, chain->name);
		if ((group == GROUP_ADDR || group == GROUP_MAIN) &&
		    read_chain(nat->family, group, chain, out, err) < 0) {
			out->count = before;
			return -1;
		}
	}
	return 0;
}

/* Rules that packets reach, by group and content. */
struct slot {
	const struct state_rule *rule; /* NULL: empty */
	enum group group;
};

struct index {
	struct slot *slots;
	size_t mask;
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

/* The base chain jumps to it, and its first rule is there. */
static bool group_reached(const struct state *state, const struct state_chain *chain,
			  enum group group)
{
	struct rule first;
	if (!chain || !state_has_jump(state, group))
		return false;
	if (!layout_first_rule(group, &first))
		return true;
	for (size_t i = 0; i < chain->count; i++)
		if (chain->rules[i].ours)
			return rule_equal(&chain->rules[i].rule, &first);
	return false;
}

/* With the chains below it; none of them jumps back, or the kernel had refused the table. */
static void index_chain(const struct state *state, const struct state_chain *chain,
			enum group group, struct index *index)
{
	for (size_t i = 0; i < chain->count; i++) {
		const struct state_rule *r = &chain->rules[i];
		if (!r->ours)
			continue;
		const struct state_chain *below =
			r->rule.target == TARGET_JUMP ? state_find(state, r->rule.chain) : NULL;
		if (below)
			index_chain(state, below, group, index);
		else
			*slot_for(index, group, &r->rule) = (struct slot){r, group};
	}
}

static int index_make(const struct state states[TABLES], struct index *index, struct err *err)
{
	size_t count = 0, slots = 16;
	for (int t = 0; t < TABLES; t++)
		for (size_t c = 0; c < states[t].chain_count; c++)
			count += states[t].chains[c].count;
	while (slots < count * 2)
		slots *= 2;
	index->mask = slots - 1;
	index->slots = calloc(slots, sizeof(*index->slots));
	if (!index->slots)
		return err_memory(err);
	for (int g = 0; g < GROUPS; g++) {
		const struct state *state = &states[layout_groups[g].table];
		const struct state_chain *chain = state_find(state, layout_groups[g].chain);
		if (group_reached(state, chain, (enum group)g))
			index_chain(state, chain, (enum group)g, index);
	}
	return 0;
}

static struct status status_of(const struct index *index, const struct forward *f)
{
	struct layout_rule rules[LAYOUT_RULES_MAX];
	char comment[SPEC_OPTIONS_MAX];
	struct status status = {0};
	size_t n = layout_rules(f, rules, comment);
	for (size_t i = 0; i < n; i++) {
		const struct slot *slot = slot_for(index, rules[i].group, &rules[i].rule);
		if (!slot->rule)
			status.incomplete = true;
		if (slot->rule && rules[i].rule.target == TARGET_DNAT)
			status.conns += slot->rule->packets;
	}
	return status;
}

int present_status(const struct state states[TABLES], const struct forwards *set,
		   struct status *out, struct err *err)
{
	struct index index = {0};
	if (index_make(states, &index, err) < 0)
		return -1;
	for (size_t i = 0; i < set->count; i++)
		if (set->items[i].family == states[TABLE_NAT].family)
			out[i] = status_of(&index, &set->items[i]);
	free(index.slots);
	return 0;
}
