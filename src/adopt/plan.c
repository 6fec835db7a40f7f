/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The steps in their order. Every step only gives up more, so what is left is what all agree to. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adopt/draft.h"
#include "model/array.h"

/* ---- what the steps share ---- */

struct match draft_match(const struct other_rule *v, enum proto proto)
{
	static const struct ports all = {1, UINT16_MAX};
	struct match m = {.dst = v->dst,
			  .src = v->from,
			  .proto = v->proto ? v->proto : proto,
			  .ports = v->ports.last ? v->ports : all};
	memcpy(m.ifname, v->in, sizeof(m.ifname));
	return m;
}

bool draft_may_meet(const struct other_rule *v, const struct forward *f)
{
	return (!v->family || v->family == f->family) && (!v->proto || v->proto == f->proto);
}

bool draft_same_base(const struct other_rule *a, const struct other_rule *b)
{
	return a->table_family == b->table_family && strcmp(a->backend, b->backend) == 0 &&
	       strcmp(a->table, b->table) == 0 && strcmp(a->base, b->base) == 0;
}

void draft_give_up(struct draft *d, size_t rule, const char *format, ...)
{
	struct adopt_rule *r = &d->out->rules[rule];
	char text[ERR_TEXT_MAX];
	va_list args;
	if (r->fate == ADOPT_STAYS)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	free(r->why);
	r->why = strdup(text);
	r->fate = ADOPT_STAYS;
	/* analyzer: no leak, adopt_free frees it */
	d->failed = d->failed || !r->why;
	d->changed = true;
}

void draft_note(struct draft *d, size_t rule, const char *text)
{
	struct adopt_rule *r = &d->out->rules[rule];
	if (r->why)
		return;
	r->why = strdup(text);
	/* analyzer: no leak, adopt_free frees it */
	d->failed = d->failed || !r->why;
}

void draft_pick(struct draft *d, struct picks *picks,
		bool (*is_picked)(const struct draft *d, size_t value))
{
	picks->count = 0;
	if (!picks->items)
		picks->items = calloc(d->rules->count + 1, sizeof(*picks->items));
	d->failed = d->failed || !picks->items;
	for (size_t i = 0; picks->items && i < d->rules->count; i++)
		if (is_picked(d, i))
			picks->items[picks->count++] = i;
}

struct candidate *draft_add(struct draft *d, const struct candidate *candidate)
{
	void *items = d->items;
	struct candidate *added = array_append(&items, &d->count, sizeof(*added));
	d->items = items;
	if (added)
		*added = *candidate;
	else
		d->failed = true;
	return added;
}

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
		bool made = c->part == PART_FORWARD || c->part == PART_EXCEPTION;
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
