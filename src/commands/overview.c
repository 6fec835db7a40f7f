/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules of others change while they are read: then both are read again. */
#include <stdlib.h>
#include <string.h>

#include "check/arrival.h"
#include "check/ask.h"
#include "commands/overview.h"
#include "host/interfaces.h"
#include "others/owner.h"
#include "others/shadow.h"

#define READINGS_MAX 5

static const struct backend *first_backend(const struct present *present, size_t i)
{
	size_t b = 0;
	while (present->backends[b + 1] && !(present->of[i].backends & 1U << b))
		b++;
	return present->backends[b];
}

static int find_shadows(struct present *present, struct overview *others, struct err *err)
{
	size_t count = present->forwards.count;
	struct shadow_own *own = calloc(count + 1, sizeof(*own));
	const struct shadow shadow = {&others->rules, own, count, &others->here};
	if (!own)
		return err_memory(err);
	for (size_t i = 0; i < count; i++) {
		own[i].f = &present->forwards.items[i];
		own[i].backend = first_backend(present, i)->name;
	}
	int result = shadow_find(&shadow, err);
	for (size_t i = 0; result == 0 && i < count; i++)
		present->of[i].shadowed = own[i].by != NULL;
	free(own);
	return result;
}

int overview_find_stopped(struct present *present, struct err *err)
{
	const struct forwards *set = &present->forwards;
	const struct ask_about about = {
		.set = set, .all = set, .depth = ASK_STOPPED, .backends = present->backends};
	struct asked asked;
	if (ask_all(&about, &asked, err) < 0)
		return -1;
	for (size_t i = 0; i < set->count; i++) {
		const struct forward *f = &set->items[i];
		bool early = asked.cases.count && asked.cases.items[i].early.kind != EARLY_NOTHING;
		present->of[i].stopped = early || (!f->except && arrival_never(&asked.facts, f));
	}
	asked_free(&asked);
	return 0;
}

int overview_make_index(struct overview *others, struct err *err)
{
	return meets_make(&others->rules, &others->here, &others->meets, err);
}

int overview_make_rows(struct present *present, struct overview *others, struct err *err)
{
	if (find_shadows(present, others, err) < 0)
		return -1;
	return other_rows_make(&others->rules, &others->rows, err);
}

static int read_once(const struct backend *const *backends, struct present *present,
		     struct overview *others, struct err *err)
{
	if (present_read(backends, READING_ALL, present, err) < 0)
		return -1;
	if (present_others(present, OTHERS_TRANSLATIONS, &others->rules, err) < 0 ||
	    host_own_addresses(&others->here, err) < 0) {
		present_free(present);
		overview_free(others);
		return -1;
	}
	return 0;
}

int overview_read(const struct backend *const *backends, struct present *present,
		  struct overview *others, struct err *err)
{
	int result;
	int tries = 0;
	do {
		*err = (struct err){0};
		result = read_once(backends, present, others, err);
	} while (result < 0 && err->kind == ERR_CHANGED && ++tries < READINGS_MAX);
	return result;
}

struct meeting overview_meeting(const struct present *present, const struct overview *others,
				size_t index)
{
	return meets_find(&others->meets, &present->forwards.items[index],
			  first_backend(present, index)->name);
}

void overview_free(struct overview *others)
{
	meets_free(&others->meets);
	other_rows_free(&others->rows);
	other_rules_free(&others->rules);
	free(others->here.items);
	*others = (struct overview){0};
}

enum present_state overview_state(const struct other_row *row)
{
	return row->rule->shadowed ? PRESENT_SHADOWED : PRESENT_ACTIVE;
}

/* What is intercepted is counted by packets. */
bool overview_conns(const struct other_row *row, uint64_t *out)
{
	const struct other_rule *r = row->rule;
	*out = r->packets;
	return r->counted && !r->shared && r->action != OTHER_TPROXY;
}

bool overview_put_forward(const struct other_row *row, char cell[REPORT_CELL_MAX])
{
	spec_format(&row->f, cell);
	return row->spec;
}

bool overview_put_name(const struct other_row *row, char cell[REPORT_CELL_MAX])
{
	const char *comment = row->rule->comment;
	return quote_into(cell, REPORT_CELL_MAX, comment ? comment : "") > 0;
}

bool overview_put_owner(const struct other_row *row, char cell[REPORT_CELL_MAX])
{
	char owner[OWNER_TEXT_MAX];
	owner_format(row->rule, owner);
	return quote_into(cell, REPORT_CELL_MAX, owner) > 0;
}

const struct other_row *overview_whose(const struct overview *others, const struct connection *c)
{
	const struct meet_flow flow = {.proto = c->proto,
				       .client = c->client.addr,
				       .via = c->via.addr,
				       .target = c->target.addr,
				       .via_port = c->via.port,
				       .target_port = c->target.port};
	const struct other_rule *r = meets_whose(&others->meets, &flow);
	return r ? &others->rows.items[others->rows.of_rule[r - others->rules.items]] : NULL;
}

size_t overview_owner(const struct overview *others, const struct owners *own,
		      const struct connection *c)
{
	const struct forward *f = owners_forward(own, c);
	const struct other_row *row = NULL;
	if (f)
		return (size_t)(f - own->set->items);
	if (others->rows.count && c->translated)
		row = overview_whose(others, c);
	return own->set->count + (row ? (size_t)(row - others->rows.items) : others->rows.count);
}

struct adding {
	const struct overview *others;
	const struct owners *own;
	struct owners_sum *sums;
};

static int add_connection(void *context, const struct connection *c)
{
	struct adding *adding = context;
	owners_add(&adding->sums[overview_owner(adding->others, adding->own, c)], c);
	return 0;
}

int overview_sums(const struct overview *others, struct owners *own, struct owners_sum *sums,
		  struct err *err)
{
	struct adding adding = {others, own, sums};
	const struct conntrack_walker walker = {add_connection, &adding};
	return owners_walk(own, &walker, err);
}

/* ---- selecting ---- */

static bool row_matches(const struct selector *s, const struct other_row *row)
{
	const struct other_rule *r = row->rule;
	if (s->by_name)
		return (!s->family || !r->family || s->family == r->family) &&
		       ((r->comment && strcmp(r->comment, s->text) == 0) ||
			strcmp(r->owner, s->text) == 0);
	struct forward f = row->f;
	/* a rule for both families is one of each */
	if (!f.family)
		f.family = s->family;
	return row->spec && selector_matches(s, &f);
}

static int select_one(const struct selector *s, const struct overview_choice *c, struct err *err)
{
	struct selector meant = selector_meant(s, c->own);
	const struct selectors one = {&meant, 1};
	static const struct forwards none;
	bool found = false;
	for (size_t i = 0; i < c->own->count; i++)
		if (selector_matches(&meant, &c->own->items[i]))
			found = c->selected[i] = true;
	for (size_t i = 0; i < c->others->rows.count; i++)
		if (row_matches(&meant, &c->others->rows.items[i]))
			found = c->rows[i] = true;
	bool nothing;
	return found ? 0 : selectors_apply(&one, &none, &nothing, err);
}

int overview_select(const struct query *query, const struct overview_choice *c, struct err *err)
{
	const struct selectors *selectors = &query->selectors;
	enum family family = query->selection.family;
	bool all = selectors->count == 0;
	for (size_t i = 0; i < c->own->count; i++)
		c->selected[i] = all && (!family || family == c->own->items[i].family);
	for (size_t i = 0; i < c->others->rows.count; i++) {
		enum family has = c->others->rows.items[i].rule->family;
		c->rows[i] = all && (!family || !has || family == has);
	}
	for (size_t i = 0; i < selectors->count; i++)
		if (select_one(&selectors->items[i], c, err) < 0)
			return -1;
	return 0;
}
