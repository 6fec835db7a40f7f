/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The chains that a set of forwards needs. */
#include <stdlib.h>
#include <string.h>

#include "rules/layout.h"

struct builder {
	struct layout *layout;
	size_t room[GROUPS];
	size_t comment_room;
};

static int grow(void **items, size_t *room, size_t needed, size_t size, struct err *err)
{
	if (needed <= *room)
		return 0;
	size_t grown = *room ? *room * 2 : 16;
	void *more = reallocarray(*items, grown, size);
	if (!more)
		return err_memory(err);
	*items = more;
	*room = grown;
	return 0;
}

static int keep_rule(struct builder *b, enum group group, const struct rule *rule, struct err *err)
{
	struct chain *chain = &b->layout->chains[group];
	void *rules = chain->rules;
	if (grow(&rules, &b->room[group], chain->count + 1, sizeof(*rule), err) < 0)
		return -1;
	chain->rules = rules;
	chain->rules[chain->count++] = *rule;
	return 0;
}

/* The layout owns the comments that its rules point to. */
static int keep_comment(struct builder *b, struct rule *rule, struct err *err)
{
	struct layout *layout = b->layout;
	void *comments = layout->comments;
	if (grow(&comments, &b->comment_room, layout->comment_count + 1, sizeof(char *), err) < 0)
		return -1;
	layout->comments = comments;
	char *copy = strdup(rule->comment);
	if (!copy)
		return err_memory(err);
	layout->comments[layout->comment_count++] = copy;
	rule->comment = copy;
	return 0;
}

static int keep_rules(struct builder *b, const struct forward *f, struct err *err)
{
	struct layout_rule rules[LAYOUT_RULES_MAX];
	char comment[SPEC_OPTIONS_MAX];
	size_t n = layout_rules(f, rules, comment);
	for (size_t i = 0; i < n; i++) {
		if (rules[i].rule.comment && keep_comment(b, &rules[i].rule, err) < 0)
			return -1;
		if (keep_rule(b, rules[i].group, &rules[i].rule, err) < 0)
			return -1;
	}
	return 0;
}

static int compare_targets(const void *a, const void *b)
{
	const struct forward *const *f = a, *const *g = b;
	return address_compare(&(*f)->target, &(*g)->target);
}

/* Whether f lies inside another forward to the same target whose source is translated; sources are
 * those forwards, sorted by target. */
static bool inside_translated(const struct forward *f, const struct forward **sources, size_t count,
			      struct box (*box)(const struct forward *))
{
	struct box inner = box(f);
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (address_compare(&sources[middle]->target, &f->target) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < count && address_equal(&sources[low]->target, &f->target); low++) {
		struct box outer = box(sources[low]);
		if (box_relation(&inner, &outer) == RELATION_INSIDE)
			return true;
	}
	return false;
}

/* A narrower forward to the same target keeps its clients' addresses. */
static int keep_exceptions(struct builder *b, const struct forward *f,
			   const struct forward **sources, size_t count, struct err *err)
{
	struct rule rule;
	if (forward_translates_source(f) || forward_to_self(f))
		return 0;
	if (inside_translated(f, sources, count, forward_box)) {
		layout_exception(f, GROUP_POST, &rule);
		if (keep_rule(b, GROUP_POST, &rule, err) < 0)
			return -1;
	}
	if (f->local && inside_translated(f, sources, count, forward_local_box)) {
		layout_exception(f, GROUP_POST_LOCAL, &rule);
		return keep_rule(b, GROUP_POST_LOCAL, &rule, err);
	}
	return 0;
}

static int keep_all_exceptions(struct builder *b, enum family family, const struct forwards *set,
			       struct err *err)
{
	size_t count = 0;
	int result = 0;
	const struct forward **sources = reallocarray(NULL, set->count + 1, sizeof(*sources));
	if (!sources)
		return err_memory(err);
	for (size_t i = 0; i < set->count; i++)
		if (set->items[i].family == family && forward_translates_source(&set->items[i]))
			sources[count++] = &set->items[i];
	qsort(sources, count, sizeof(*sources), compare_targets);
	for (size_t i = 0; result == 0 && count && i < set->count; i++)
		if (set->items[i].family == family)
			result = keep_exceptions(b, &set->items[i], sources, count, err);
	free(sources);
	return result;
}

/* Narrower ones first; equal ones together. */
static int compare_rules(const void *a, const void *b)
{
	struct box x = rule_box(a), y = rule_box(b);
	int d = box_compare(&x, &y);
	return d ? d : rule_compare(a, b);
}

static int finish_chain(struct builder *b, enum group group, struct err *err)
{
	struct chain *chain = &b->layout->chains[group];
	struct rule first;
	size_t kept = 0;
	chain->group = group;
	if (chain->count) {
		qsort(chain->rules, chain->count, sizeof(*chain->rules), compare_rules);
		for (size_t i = 1; i < chain->count; i++)
			if (!rule_equal(&chain->rules[kept], &chain->rules[i]))
				chain->rules[++kept] = chain->rules[i];
		chain->count = kept + 1;
	}
	/* what answers a program of this host comes in through INPUT */
	bool answers = group == GROUP_INPUT && (b->layout->chains[GROUP_LOCAL].count ||
						b->layout->chains[GROUP_LOCAL_ADDR].count);
	if ((chain->count == 0 && !answers) || !layout_first_rule(group, &first))
		return 0;
	if (keep_rule(b, group, &first, err) < 0)
		return -1;
	memmove(chain->rules + 1, chain->rules, (chain->count - 1) * sizeof(first));
	chain->rules[0] = first;
	return 0;
}

int layout_build(enum family family, const struct forwards *set, struct layout *out,
		 struct err *err)
{
	struct layout layout = {.family = family};
	struct builder b = {.layout = &layout};
	for (size_t i = 0; i < set->count; i++)
		if (set->items[i].family == family && keep_rules(&b, &set->items[i], err) < 0)
			goto failed;
	if (keep_all_exceptions(&b, family, set, err) < 0)
		goto failed;
	for (int g = 0; g < GROUPS; g++)
		if (finish_chain(&b, (enum group)g, err) < 0)
			goto failed;
	*out = layout;
	return 0;
failed:
	layout_free(&layout);
	return -1;
}

void layout_free(struct layout *layout)
{
	for (int g = 0; g < GROUPS; g++)
		free(layout->chains[g].rules);
	for (size_t i = 0; i < layout->comment_count; i++)
		free(layout->comments[i]);
	free(layout->comments);
	*layout = (struct layout){0};
}
