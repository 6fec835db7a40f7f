/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The chains that a set of forwards needs. */
#include <stdlib.h>
#include <string.h>

#include "model/array.h"
#include "xtables/build.h"
#include "xtables/exceptions.h"
#include "xtables/forward_rules.h"
#include "xtables/tree.h"

struct group_rules {
	struct rule *rules;
	size_t count, room;
};

struct builder {
	struct layout *layout;
	size_t forwards; /* how many there are */
	struct group_rules groups[GROUPS];
};

static int keep_rule(struct builder *b, enum group group, const struct rule *rule, struct err *err)
{
	struct group_rules *g = &b->groups[group];
	if (g->count == g->room) {
		size_t room = g->room + b->forwards + 1; /* one a forward, in most groups */
		struct rule *rules = reallocarray(g->rules, room, sizeof(*rules));
		if (!rules)
			return err_memory(err);
		g->rules = rules;
		g->room = room;
	}
	g->rules[g->count++] = *rule;
	return 0;
}

static int keep_rules(struct builder *b, const struct forward *f, struct err *err)
{
	struct forward_rule rules[FORWARD_RULES_MAX];
	char comment[SPEC_OPTIONS_MAX];
	size_t n = forward_rules_of(f, rules, comment);
	for (size_t i = 0; i < n; i++) {
		struct rule *r = &rules[i].rule;
		if (r->comment && !(r->comment = layout_keep_text(b->layout, r->comment)))
			return err_memory(err);
		if (keep_rule(b, rules[i].group, &rules[i].rule, err) < 0)
			return -1;
	}
	return 0;
}

/* A narrower forward to the same target keeps its clients' addresses. */
static int keep_exceptions(struct builder *b, const struct forwards *set, enum group group,
			   struct err *err)
{
	int result = -1;
	bool *needed = calloc(set->count + 1, sizeof(*needed));
	if (!needed)
		return err_memory(err);
	if (exceptions_find(set, group, needed, err) < 0)
		goto out;
	for (size_t i = 0; i < set->count; i++) {
		struct rule rule;
		if (!needed[i] || set->items[i].family != b->layout->family)
			continue;
		forward_rules_exception(&set->items[i], group, &rule);
		if (keep_rule(b, group, &rule, err) < 0)
			goto out;
	}
	result = 0;
out:
	free(needed);
	return result;
}

/* ---- each rule once ---- */

struct key {
	uint64_t hash; /* of all but the ports: those that differ in these alone lie together */
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

static struct key *sort_keys(const struct group_rules *g)
{
	struct key *keys = reallocarray(NULL, g->count, sizeof(*keys));
	for (size_t i = 0; keys && i < g->count; i++) {
		const struct rule *r = &g->rules[i];
		keys[i] = (struct key){rule_hash_but_ports(r), r->ports.first, r->ports.last,
				       (uint32_t)i};
	}
	if (keys)
		qsort(keys, g->count, sizeof(*keys), compare_keys);
	return keys;
}

/* What accepts the ports behind each other, or some twice, of one target and from the same clients
 * is one rule. */
static bool goes_on(const struct rule *a, const struct rule *b)
{
	if (a->target != TARGET_ACCEPT)
		return rule_equal(a, b);
	return b->ports.first <= a->ports.last + 1 && rule_compare_but_ports(a, b) == 0;
}

/* The rules in the order of the keys, neighbours that join as one; out (or NULL) has room for all.
 * Their number. */
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

/* Each rule once; and where there are many, as few as accept the same. */
static int unite(struct group_rules *g, struct err *err)
{
	if (g->count < 2)
		return 0;
	struct key *keys = sort_keys(g);
	struct rule *rules = reallocarray(NULL, g->count, sizeof(*rules));
	if (!keys || !rules) {
		free(keys);
		free(rules);
		return err_memory(err);
	}
	bool many = join(g, keys, rule_equal, NULL) > TREE_BUCKET;
	g->count = join(g, keys, many ? goes_on : rule_equal, rules);
	free(keys);
	free(g->rules);
	g->rules = rules;
	g->room = g->count;
	return 0;
}

static int finish_group(struct builder *b, enum group group, uint64_t salt, struct err *err)
{
	struct group_rules *g = &b->groups[group];
	struct rule first;
	/* those of forwards proper differ as the forwards do */
	if (group != GROUP_MAIN && group != GROUP_ADDR && unite(g, err) < 0)
		return -1;
	/* what answers a program of this host comes in through INPUT */
	bool answers = group == GROUP_INPUT &&
		       (b->groups[GROUP_LOCAL].count || b->groups[GROUP_LOCAL_ADDR].count);
	if (g->count == 0 && !answers)
		return 0;
	bool guarded = group_first_rule(group, &first);
	struct tree_rules rules = {.group = group,
				   .first = guarded ? &first : NULL,
				   .items = g->rules,
				   .count = g->count,
				   .salt = salt};
	return tree_build(b->layout, &rules, err);
}

/* Fill the layout; it may hold something on failure too. */
static int build(const struct forwards *set, uint64_t salt, struct layout *layout, struct err *err)
{
	struct builder b = {.layout = layout, .forwards = set->count};
	int result = 0;
	for (size_t i = 0; result == 0 && i < set->count; i++)
		if (set->items[i].family == layout->family)
			result = keep_rules(&b, &set->items[i], err);
	if (result == 0)
		result = keep_exceptions(&b, set, GROUP_POST, err);
	if (result == 0)
		result = keep_exceptions(&b, set, GROUP_POST_LOCAL, err);
	for (int g = 0; g < GROUPS; g++) {
		if (result == 0)
			result = finish_group(&b, (enum group)g, salt, err);
		free(b.groups[g].rules);
	}
	return result;
}

int build_layout(enum family family, const struct forwards *set, struct layout *out,
		 struct err *err)
{
	for (uint64_t salt = 0;; salt++) {
		struct layout layout = {.family = family};
		int result = build(set, salt, &layout, err);
		if (result == 0 && layout_sort(&layout)) {
			*out = layout;
			return 0;
		}
		layout_free(&layout);
		if (result < 0)
			return -1;
	}
}
