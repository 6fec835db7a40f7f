/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each forward gives its rules; some need an exception besides. The rules of a group are made as
 * few as say the same, and are then laid out in the chain of the group, or in a tree of chains.
 * Two names of chains that were shortened can be the same, which is most unlikely: then all is
 * built again with another salt in these names.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "xtables/build.h"
#include "xtables/exceptions.h"
#include "xtables/forward_rules.h"
#include "xtables/tree.h"

struct group_rules {
	struct rule *rules;
	size_t count, room;
};

struct builder {
	const struct forwards *set;
	const struct addresses *here;
	struct layout *layout;
	uint64_t salt;
	struct group_rules groups[GROUPS];
	struct err *err;
};

static int add_rule(struct builder *b, enum group group, const struct rule *rule)
{
	struct group_rules *g = &b->groups[group];
	assert(rule_is_clean(rule));
	if (g->count == g->room) {
		size_t room = g->room + b->set->count + 1; /* one a forward, in most groups */
		struct rule *rules = reallocarray(g->rules, room, sizeof(*rules));
		if (!rules)
			return err_memory(b->err);
		g->rules = rules;
		g->room = room;
	}
	g->rules[g->count++] = *rule;
	return 0;
}

static int add_rules(struct builder *b, const struct forward *f)
{
	struct forward_rule rules[FORWARD_RULES_MAX];
	char comment[SPEC_OPTIONS_MAX];
	size_t n = forward_rules_of(f, rules, comment);
	for (size_t i = 0; i < n; i++) {
		struct rule *r = &rules[i].rule;
		if (r->comment) {
			r->comment = layout_keep_text(b->layout, r->comment);
			if (!r->comment)
				return err_memory(b->err);
		}
		if (add_rule(b, rules[i].group, r) < 0)
			return -1;
	}
	n = addresses_hold(b->here, &f->target) ? forward_rules_here(f, rules) : 0;
	for (size_t i = 0; i < n; i++)
		if (add_rule(b, rules[i].group, &rules[i].rule) < 0)
			return -1;
	return 0;
}

static int add_exceptions(struct builder *b, enum group group)
{
	int result = -1;
	bool *needed = calloc(b->set->count + 1, sizeof(*needed));
	if (!needed)
		return err_memory(b->err);
	if (exceptions_find(b->set, group, needed, b->err) < 0)
		goto out;
	for (size_t i = 0; i < b->set->count; i++) {
		struct rule rule;
		if (!needed[i] || b->set->items[i].family != b->layout->family)
			continue;
		forward_rules_exception(&b->set->items[i], group, &rule);
		if (add_rule(b, group, &rule) < 0)
			goto out;
	}
	result = 0;
out:
	free(needed);
	return result;
}

/* ---- as few rules as say the same ---- */

struct key {           /* by which rules that may be joined lie together */
	uint64_t hash; /* of all but the ports */
	uint16_t first, last;
	uint32_t index;
};

static int compare_keys(const void *a, const void *b)
{
	const struct key *x = a, *y = b;
	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	int d = x->first - y->first;
	return d ? d : x->last - y->last;
}

/* Whether b accepts more ports of the same target, from the same clients, that a ends before or
 * holds some of: both are one rule then. */
static bool goes_on(const struct rule *a, const struct rule *b)
{
	if (a->target != TARGET_ACCEPT)
		return rule_equal(a, b);
	return b->ports.first <= a->ports.last + 1 && rule_compare_but_ports(a, b) == 0;
}

/* Copy the rules in the order of the keys, neighbours that join as one, to out (which may be NULL)
 * with room for all of them. Return their number. */
static size_t join(const struct group_rules *g, const struct key *keys,
		   bool (*joins)(const struct rule *a, const struct rule *b), struct rule *out)
{
	struct rule last = g->rules[keys[0].index];
	size_t count = 0;
	for (size_t i = 1; i <= g->count; i++) {
		const struct rule *r = i < g->count ? &g->rules[keys[i].index] : NULL;
		if (r && joins(&last, r)) {
			if (r->ports.last > last.ports.last)
				last.ports.last = r->ports.last;
			continue;
		}
		if (out)
			out[count] = last;
		count++;
		if (r)
			last = *r;
	}
	return count;
}

/* Leave each rule once; if there are many, join those that accept ports behind each other. */
static int unite(struct group_rules *g, struct err *err)
{
	int result = -1;
	if (g->count < 2)
		return 0;
	struct key *keys = reallocarray(NULL, g->count, sizeof(*keys));
	struct rule *rules = reallocarray(NULL, g->count, sizeof(*rules));
	if (!keys || !rules) {
		free(rules);
		err_memory(err);
		goto out;
	}
	for (size_t i = 0; i < g->count; i++) {
		const struct rule *r = &g->rules[i];
		keys[i] = (struct key){rule_hash_but_ports(r), r->ports.first, r->ports.last,
				       (uint32_t)i};
	}
	qsort(keys, g->count, sizeof(*keys), compare_keys);
	bool many = join(g, keys, rule_equal, NULL) > TREE_BUCKET;
	g->count = join(g, keys, many ? goes_on : rule_equal, rules);
	free(g->rules);
	g->rules = rules;
	g->room = g->count;
	result = 0;
out:
	free(keys);
	return result;
}

/* ---- chains ---- */

static int build_group(struct builder *b, enum group group)
{
	struct group_rules *g = &b->groups[group];
	struct rule first;
	/* forwards are each there once, and so are the rules that say all of a forward */
	if (group != GROUP_MAIN && group != GROUP_ADDR && unite(g, b->err) < 0)
		return -1;
	/* answers to programs of this host come in through INPUT, whatever the target is */
	bool answers = group == GROUP_INPUT &&
		       (b->groups[GROUP_LOCAL].count || b->groups[GROUP_LOCAL_ADDR].count);
	if (g->count == 0 && !answers)
		return 0;
	struct tree_rules rules = {.group = group,
				   .first = group_first_rule(group, &first) ? &first : NULL,
				   .items = g->rules,
				   .count = g->count,
				   .salt = b->salt};
	return tree_build(b->layout, &rules, b->err);
}

static int build_all(struct builder *b)
{
	for (size_t i = 0; i < b->set->count; i++)
		if (b->set->items[i].family == b->layout->family &&
		    add_rules(b, &b->set->items[i]) < 0)
			return -1;
	if (add_exceptions(b, GROUP_POST) < 0 || add_exceptions(b, GROUP_POST_LOCAL) < 0)
		return -1;
	for (int g = 0; g < GROUPS; g++)
		if (build_group(b, (enum group)g) < 0)
			return -1;
	return 0;
}

int build_layout(enum family family, const struct forwards *set, const struct addresses *here,
		 struct layout *out, struct err *err)
{
	for (uint64_t salt = 0;; salt++) {
		struct layout layout = {.family = family};
		struct builder b = {
			.set = set, .here = here, .layout = &layout, .salt = salt, .err = err};
		int result = build_all(&b);
		for (int g = 0; g < GROUPS; g++)
			free(b.groups[g].rules);
		if (result == 0 && layout_sort(&layout)) {
			*out = layout;
			return 0;
		}
		layout_free(&layout);
		if (result < 0)
			return -1;
	}
}
