/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The steps in their order. Every step only gives up more, so what is left is what all agree to. */
#include <stdlib.h>
#include <string.h>

#include "adopt/draft.h"
#include "model/array.h"

/* ---- rules of values ---- */

struct place { /* of a value: where its rule is */
	const struct other_rule *v;
	size_t index;
};

static int compare_rules(const struct other_rule *a, const struct other_rule *b)
{
	int d = strcmp(a->backend, b->backend);
	if (d == 0)
		d = a->table_family - b->table_family;
	if (d == 0)
		d = strcmp(a->table, b->table);
	if (d == 0)
		d = strcmp(a->chain, b->chain);
	if (d == 0)
		d = (a->handle > b->handle) - (a->handle < b->handle);
	return d;
}

static int compare_places(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int d = compare_rules(x->v, y->v);
	return d ? d : (x->index > y->index) - (x->index < y->index);
}

/* first_of[i]: the first value of the same rule. */
static int find_first(const struct other_rules *rules, size_t *first_of)
{
	struct place *places = calloc(rules->count + 1, sizeof(*places));
	if (!places)
		return -1;
	for (size_t i = 0; i < rules->count; i++)
		places[i] = (struct place){&rules->items[i], i};
	qsort(places, rules->count, sizeof(*places), compare_places);
	for (size_t i = 0, first = 0; i < rules->count; i++) {
		if (compare_rules(places[i].v, places[first].v) != 0)
			first = i;
		first_of[places[i].index] = places[first].index;
	}
	free(places);
	return 0;
}

/* The rules in the order of their first values. */
static int find_rules(const struct other_rules *rules, struct adopt *out, struct err *err)
{
	out->rule_of = calloc(rules->count + 1, sizeof(*out->rule_of));
	out->rules = calloc(rules->count + 1, sizeof(*out->rules));
	if (!out->rule_of || !out->rules || find_first(rules, out->rule_of) < 0)
		return err_memory(err);
	for (size_t i = 0; i < rules->count; i++) {
		size_t first = out->rule_of[i], rule = out->count;
		if (first < i) /* whose number is known by now */
			rule = out->rule_of[first];
		else
			out->rules[out->count++].first = i;
		out->rule_of[i] = rule;
		out->rules[rule].last = i;
	}
	return 0;
}

/* ---- the plan ---- */

/* What is left of the candidates. */
static int take_forwards(struct draft *d, struct err *err)
{
	for (size_t i = 0; i < d->count; i++) {
		const struct candidate *c = &d->items[i];
		if (draft_stays(d, c->rule))
			continue;
		struct adopt_rule *r = &d->out->rules[c->rule];
		r->fate = ADOPT_TAKEN;
		bool made = c->part == PART_FORWARD || c->part == PART_EXCEPTION ||
			    c->part == PART_REST;
		if (made && !c->there && forwards_add(&d->out->forwards, &c->f, err) < 0)
			return -1;
	}
	return forwards_sort(&d->out->forwards, err);
}

static int make(struct draft *d, struct err *err)
{
	if (find_rules(d->rules, d->out, err) < 0)
		return -1;
	draft_propose(d);
	draft_join(d);
	draft_order(d);
	draft_sources(d);
	if (take_forwards(d, err) < 0)
		return -1;
	draft_accepts(d);
	return d->failed ? err_memory(err) : 0;
}

int adopt_plan(const struct other_rules *rules, const struct adopt_host *host, struct adopt *out,
	       struct err *err)
{
	struct draft d = {.rules = rules, .host = host, .out = out};
	*out = (struct adopt){0};
	int result = make(&d, err);
	free(d.items);
	free(d.sources.items);
	free(d.ways.items);
	free(d.keeps.items);
	free(d.staying.items);
	free(d.by_target);
	if (result < 0)
		adopt_free(out);
	return result;
}

void adopt_free(struct adopt *adopt)
{
	for (size_t i = 0; i < adopt->count; i++)
		free(adopt->rules[i].why);
	free(adopt->rules);
	free(adopt->rule_of);
	forwards_free(&adopt->forwards);
	*adopt = (struct adopt){0};
}
