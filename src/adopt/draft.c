/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the steps of a plan share. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adopt/draft.h"
#include "model/array.h"

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
