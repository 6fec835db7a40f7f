/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One rule may stand for neighbouring ports, so they are looked up by what they cover. */
#include <stdlib.h>
#include <string.h>

#include "model/array.h"
#include "model/search.h"
#include "xtables/forward_rules.h"
#include "xtables/older.h"

struct older {
	enum group group;
	struct rule rule;
};

struct olders {
	struct older *items; /* sorted; ports behind each other are one */
	size_t count;
};

static int compare_kinds(const struct older *a, const struct older *b)
{
	int d = (int)a->group - (int)b->group;
	return d ? d : rule_compare_but_ports(&a->rule, &b->rule);
}

static int compare_olders(const void *a, const void *b)
{
	const struct older *x = a, *y = b;
	int d = compare_kinds(x, y);
	return d ? d : x->rule.ports.first - y->rule.ports.first;
}

/* For search_first: what begins at the first port of the key comes before it too. */
static int begins_before(const void *key, const void *older)
{
	return compare_olders(key, older) < 0 ? -1 : 1;
}

static int add_forward(struct olders *olders, const struct forward *f, struct err *err)
{
	struct forward_rule rules[FORWARD_RULES_MAX];
	char comment[SPEC_OPTIONS_MAX];
	void *items = olders->items;
	size_t n = forward_rules_of(f, rules, comment);
	for (size_t i = 0; i < n; i++) {
		struct older *older;
		if (rules[i].group != GROUP_FORWARD && rules[i].group != GROUP_INPUT)
			continue;
		older = array_append(&items, &olders->count, sizeof(*older));
		olders->items = items;
		if (!older)
			return err_memory(err);
		*older = (struct older){rules[i].group, rules[i].rule};
		older->rule.orig_dst = (struct network){0};
		older->rule.orig_ports = (struct ports){0, 0};
	}
	return 0;
}

static void unite(struct olders *olders)
{
	size_t count = 0;
	if (!olders->items)
		return;
	qsort(olders->items, olders->count, sizeof(*olders->items), compare_olders);
	for (size_t i = 0; i < olders->count; i++) {
		struct older *last = &olders->items[count], next = olders->items[i];
		if (count && compare_kinds(&last[-1], &next) == 0 &&
		    next.rule.ports.first <= last[-1].rule.ports.last + 1) {
			if (next.rule.ports.last > last[-1].rule.ports.last)
				last[-1].rule.ports.last = next.rule.ports.last;
			continue;
		}
		*last = next;
		count++;
	}
	olders->count = count;
}

static bool is_covered(const struct olders *olders, enum group group, const struct rule *rule)
{
	const struct older key = {group, *rule};
	if (!olders->items)
		return false;
	size_t i = search_first(&key, olders->items, olders->count, sizeof(key), begins_before);
	return i > 0 && compare_kinds(&olders->items[i - 1], &key) == 0 &&
	       olders->items[i - 1].rule.ports.last >= rule->ports.last;
}

static bool has_older(const struct state *filter)
{
	for (size_t c = 0; c < filter->chain_count; c++)
		for (size_t i = 0; i < filter->chains[c].count; i++)
			if (filter->chains[c].rules[i].older)
				return true;
	return false;
}

int older_adopt(struct state *filter, const struct forwards *set, struct err *err)
{
	struct olders olders = {0};
	int result = 0;
	if (!has_older(filter))
		return 0;
	for (size_t i = 0; result == 0 && i < set->count; i++)
		if (set->items[i].family == filter->family)
			result = add_forward(&olders, &set->items[i], err);
	unite(&olders);
	for (size_t c = 0; result == 0 && c < filter->chain_count; c++)
		for (size_t i = 0; i < filter->chains[c].count; i++) {
			struct state_rule *r = &filter->chains[c].rules[i];
			if (r->older)
				r->ours = is_covered(&olders, filter->chains[c].group, &r->rule);
		}
	free(olders.items);
	return result;
}
