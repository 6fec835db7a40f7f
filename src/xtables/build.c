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

#include "model/search.h"
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
	n = b->layout->output ? forward_rules_out(f, rules) : 0;
	for (size_t i = 0; i < n; i++)
		if (add_rule(b, rules[i].group, &rules[i].rule) < 0)
			return -1;
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
	struct ports ports, orig_ports;
	uint32_t index;
};

static int compare_ports(struct ports a, struct ports b)
{
	int d = a.first - b.first;
	return d ? d : a.last - b.last;
}

static int compare_keys(const void *a, const void *b)
{
	const struct key *x = a, *y = b;
	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	int d = compare_ports(x->ports, y->ports);
	return d ? d : compare_ports(x->orig_ports, y->orig_ports);
}

/*
 * A rule that accepts ports behind each other takes all original ports between the lowest and the
 * highest. So pfwd must listen on each of these, whatever the target is: else another tool's
 * translation of one in between is let through.
 */
struct listened {      /* original ports without a gap */
	uint64_t hash; /* of the clients */
	struct ports ports;
	uint32_t index; /* of a rule that has these clients */
};

struct listening {
	const struct group_rules *rules;
	struct listened *items; /* sorted */
	size_t count;
};

/* Which connections a rule is about before their translation, without the ports. */
static struct rule clients_of(const struct rule *rule)
{
	struct rule plain = *rule;
	plain.ports = plain.orig_ports = (struct ports){0, 0};
	plain.dst = (struct network){0};
	return plain;
}

static uint64_t hash_clients(const struct rule *rule)
{
	struct rule clients = clients_of(rule);
	return rule_hash(&clients);
}

static bool same_clients(const struct rule *a, const struct rule *b)
{
	struct rule x = clients_of(a), y = clients_of(b);
	return rule_equal(&x, &y);
}

static int compare_listened(const void *a, const void *b)
{
	const struct listened *x = a, *y = b;
	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return compare_ports(x->ports, y->ports);
}

static int find_listened(const struct group_rules *g, struct listening *out, struct err *err)
{
	struct listened *items = reallocarray(NULL, g->count + 1, sizeof(*items));
	*out = (struct listening){.rules = g, .items = items};
	if (!items)
		return err_memory(err);
	for (size_t i = 0; i < g->count; i++)
		items[i] = (struct listened){hash_clients(&g->rules[i]), g->rules[i].orig_ports,
					     (uint32_t)i};
	qsort(items, g->count, sizeof(*items), compare_listened);
	for (size_t i = 0; i < g->count; i++) {
		struct listened *last = &items[out->count];
		if (out->count && last[-1].hash == items[i].hash &&
		    items[i].ports.first <= last[-1].ports.last + 1 &&
		    same_clients(&g->rules[last[-1].index], &g->rules[items[i].index])) {
			if (items[i].ports.last > last[-1].ports.last)
				last[-1].ports.last = items[i].ports.last;
			continue;
		}
		*last = items[i];
		out->count++;
	}
	return 0;
}

/* Whether pfwd listens on all original ports of the rule. clients: hash_clients of it. */
static bool is_listened(const struct listening *listening, const struct rule *rule,
			uint64_t clients)
{
	/* what begins at the first port comes before this too */
	const struct listened key = {clients, {rule->orig_ports.first, UINT16_MAX}, 0};
	size_t i = search_first(&key, listening->items, listening->count, sizeof(key),
				compare_listened);
	if (i < listening->count && compare_listened(&listening->items[i], &key) == 0)
		i++;
	if (i == 0)
		return false;
	const struct listened *found = &listening->items[i - 1];
	return found->hash == clients && found->ports.last >= rule->orig_ports.last &&
	       same_clients(&listening->rules->rules[found->index], rule);
}

/* Make a of two rules, if one can say both. listening: NULL if only equal ones are joined; clients:
 * hash_clients of a. */
static bool join_two(struct rule *a, const struct rule *b, const struct listening *listening,
		     uint64_t clients)
{
	struct rule both = *a;
	if (rule_equal(a, b))
		return true;
	if (!listening || a->target != TARGET_ACCEPT || b->ports.first > a->ports.last + 1 ||
	    rule_compare_but_ports(a, b) != 0)
		return false;
	if (b->ports.last > both.ports.last)
		both.ports.last = b->ports.last;
	if (b->orig_ports.first < both.orig_ports.first)
		both.orig_ports.first = b->orig_ports.first;
	if (b->orig_ports.last > both.orig_ports.last)
		both.orig_ports.last = b->orig_ports.last;
	if (!is_listened(listening, &both, clients))
		return false;
	*a = both;
	return true;
}

/* Copy the rules in the order of the keys, neighbours that join as one, to out (which may be NULL)
 * with room for all of them. Return their number. */
static size_t join(const struct group_rules *g, const struct key *keys,
		   const struct listening *listening, struct rule *out)
{
	struct rule last = g->rules[keys[0].index];
	uint64_t clients = listening ? hash_clients(&last) : 0;
	size_t count = 0;
	for (size_t i = 1; i <= g->count; i++) {
		const struct rule *r = i < g->count ? &g->rules[keys[i].index] : NULL;
		if (r && join_two(&last, r, listening, clients))
			continue;
		if (out)
			out[count] = last;
		count++;
		if (!r)
			break;
		last = *r;
		clients = listening ? hash_clients(&last) : 0;
	}
	return count;
}

/* Leave each rule once; if there are many, join those that accept ports behind each other. */
static int unite(struct group_rules *g, struct err *err)
{
	int result = -1;
	struct listening listening = {0};
	if (g->count < 2)
		return 0;
	struct key *keys = reallocarray(NULL, g->count, sizeof(*keys));
	struct rule *rules = reallocarray(NULL, g->count, sizeof(*rules));
	if (!keys || !rules) {
		err_memory(err);
		goto out;
	}
	for (size_t i = 0; i < g->count; i++) {
		const struct rule *r = &g->rules[i];
		keys[i] =
			(struct key){rule_hash_but_ports(r), r->ports, r->orig_ports, (uint32_t)i};
	}
	qsort(keys, g->count, sizeof(*keys), compare_keys);
	bool many = join(g, keys, NULL, NULL) > TREE_BUCKET;
	if (many && g->rules[0].target == TARGET_ACCEPT && find_listened(g, &listening, err) < 0)
		goto out;
	g->count = join(g, keys, listening.items ? &listening : NULL, rules);
	free(g->rules);
	g->rules = rules;
	g->room = g->count;
	rules = NULL;
	result = 0;
out:
	free(listening.items);
	free(rules);
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
	if (group == GROUP_OUTPUT && b->layout->output)
		answers = b->groups[GROUP_INPUT].count || b->groups[GROUP_INPUT_SAME].count;
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

int build_layout(const struct forwards *set, const struct addresses *here, struct layout *out,
		 struct err *err)
{
	const struct layout asked = *out;
	for (uint64_t salt = 0;; salt++) {
		struct layout layout = asked;
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
