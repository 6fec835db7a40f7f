/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of tables and chains come again and again, so each text is kept once, in a tree. */
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "model/other_rule.h"

static int compare_texts(const void *a, const void *b)
{
	return strcmp(a, b);
}

int other_rules_add(struct other_rules *set, const struct other_rule *rule, struct err *err)
{
	if (set->count == set->room) {
		size_t room = set->room ? set->room * 2 : 16;
		void *items = reallocarray(set->items, room, sizeof(*set->items));
		if (!items)
			return err_memory(err);
		set->items = items;
		set->room = room;
	}
	set->items[set->count++] = *rule;
	return 0;
}

const char *other_rules_text(struct other_rules *set, const char *text)
{
	char *const *found = tfind(text, &set->texts, compare_texts);
	if (found)
		return *found;
	char *copy = strdup(text);
	if (!copy || tsearch(copy, &set->texts, compare_texts))
		return copy;
	free(copy);
	return NULL;
}

/* What the rule asks and does. */
static bool same_conditions(const struct other_rule *a, const struct other_rule *b)
{
	return a->action == b->action && a->hook == b->hook && a->family == b->family &&
	       a->proto == b->proto && a->states == b->states && a->here == b->here &&
	       a->exact == b->exact && strcmp(a->in, b->in) == 0 && strcmp(a->out, b->out) == 0 &&
	       memcmp(&a->from, &b->from, sizeof(a->from)) == 0 &&
	       memcmp(&a->dst, &b->dst, sizeof(a->dst)) == 0 && ports_equal(a->ports, b->ports) &&
	       address_equal(&a->to, &b->to) && address_equal(&a->to_last, &b->to_last) &&
	       ports_equal(a->to_ports, b->to_ports) && a->to_base == b->to_base;
}

bool other_rule_negates(const struct other_rule *r)
{
	return !r->exact && !r->vague && r->untold == 1 &&
	       (*r->not_in || network_is_set(&r->not_from) || network_is_set(&r->not_dst));
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

bool other_rule_equal(const struct other_rule *a, const struct other_rule *b)
{
	return same_conditions(a, b) && same_text(a->beyond, b->beyond) &&
	       same_text(a->backend, b->backend) && a->table_family == b->table_family &&
	       same_text(a->table, b->table) && same_text(a->chain, b->chain) &&
	       same_text(a->base, b->base) && same_text(a->comment, b->comment);
}

void other_rules_free(struct other_rules *set)
{
	tdestroy(set->texts, free);
	free(set->items);
	*set = (struct other_rules){0};
}
