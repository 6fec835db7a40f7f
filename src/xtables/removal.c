/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each table is read again, because the numbers of rules are others since pfwd's own rules stand
 * among them, and because nothing else may be deleted than what was read before.
 */
#include <stdlib.h>
#include <string.h>

#include "xtables/removal.h"
#include "xtables/snapshot.h"

struct table_removal {         /* of one table; a zeroed one is empty */
	struct tables *tables; /* NULL: nothing is to be deleted from it */
	struct state state;
	struct other_rules now;
	struct tables_places places;
	struct deletion deletion;
	enum table table;
	enum family family;
	bool committed;
};

static void free_removal(struct table_removal *r)
{
	deletion_free(&r->deletion);
	other_rules_free(&r->now);
	state_free(&r->state);
	tables_close(r->tables);
	free(r->places.items);
}

static bool is_of_table(const struct table_removal *r, const struct other_rule *v)
{
	return v->table_family == r->family && strcmp(v->backend, "iptables") == 0 &&
	       strcmp(v->table, table_name(r->table)) == 0;
}

static bool is_concerned(const struct table_removal *r, const struct other_rules *rules,
			 const bool *gone)
{
	for (size_t i = 0; i < rules->count; i++)
		if (gone[i] && is_of_table(r, &rules->items[i]))
			return true;
	return false;
}

static int compare_places(const void *a, const void *b)
{
	const struct tables_place *x = a, *y = b;
	int d = strcmp(x->chain, y->chain);
	return d ? d : (x->number > y->number) - (x->number < y->number);
}

static int changed(const struct table_removal *r, struct err *err)
{
	return err_set(err, ERR_CHANGED, "others changed the %s %s table at the same time",
		       family_name(r->family), table_name(r->table));
}

/* Where the rules are now; several values of one rule give one place. */
static int find_places(struct table_removal *r, const struct other_rules *rules, const bool *gone,
		       struct err *err)
{
	size_t n = 0, kept = 0;
	r->places.items = calloc(r->now.count + 1, sizeof(*r->places.items));
	if (!r->places.items)
		return err_memory(err);
	for (size_t i = 0; i < rules->count; i++) {
		if (!is_of_table(r, &rules->items[i]))
			continue;
		if (n == r->now.count || !other_rule_equal(&r->now.items[n], &rules->items[i]))
			return changed(r, err);
		const struct other_rule *v = &r->now.items[n++];
		if (gone[i])
			r->places.items[r->places.count++] =
				(struct tables_place){v->chain, (size_t)v->handle};
	}
	if (n != r->now.count)
		return changed(r, err);
	qsort(r->places.items, r->places.count, sizeof(*r->places.items), compare_places);
	for (size_t i = 0; i < r->places.count; i++)
		if (i == 0 || compare_places(&r->places.items[i], &r->places.items[kept - 1]) != 0)
			r->places.items[kept++] = r->places.items[i];
	r->places.count = kept;
	return 0;
}

/* Delete them in memory. */
static int prepare(struct table_removal *r, const struct other_rules *rules, const bool *gone,
		   struct err *err)
{
	const struct tables_others all = {OTHERS_ALL, &r->state};
	r->tables = tables_open(r->family, r->table, err);
	if (!r->tables || tables_read(r->tables, &r->state, err) < 0 ||
	    tables_others(r->tables, &all, &r->now, err) < 0 ||
	    find_places(r, rules, gone, err) < 0 ||
	    tables_plan_deletion(r->tables, &r->places, &r->deletion, err) < 0)
		return -1;
	if (r->deletion.plan.count != r->places.count)
		return changed(r, err);
	return tables_apply(r->tables, &r->deletion.plan, err);
}

/* The kernel may have taken the rules, and then refused their counters. */
static bool is_done(const struct table_removal *r)
{
	struct err ignored;
	struct state state = {0};
	struct other_rules there = {0};
	const struct tables_others all = {OTHERS_ALL, &state};
	struct tables *fresh = tables_open(r->family, r->table, &ignored);
	bool read = fresh && tables_read(fresh, &state, &ignored) == 0 &&
		    tables_others(fresh, &all, &there, &ignored) == 0;
	bool done = read && there.count < r->now.count;
	other_rules_free(&there);
	state_free(&state);
	tables_close(fresh);
	return done;
}

static int undo(const struct table_removal *r, struct err *err)
{
	struct tables *fresh = tables_open(r->family, r->table, err);
	int result = fresh ? tables_undo(fresh, r->tables, &r->deletion.plan, err) : -1;
	if (result == 0)
		result = tables_commit(fresh, err);
	tables_close(fresh);
	return result;
}

#define REMOVALS ((size_t)FAMILIES * TABLES)

static int commit_all(struct table_removal *removals, struct err *err)
{
	for (size_t i = 0; i < REMOVALS; i++) {
		struct table_removal *r = &removals[i];
		if (!r->tables)
			continue;
		if (tables_commit(r->tables, err) == 0 || is_done(r)) {
			r->committed = true;
			continue;
		}
		while (i-- > 0) {
			struct err second, first = *err;
			if (removals[i].committed && undo(&removals[i], &second) < 0)
				return err_set(err, ERR_FAILED,
					       "%.500s; and rules that were deleted from the %s %s "
					       "table could not be put back (%.300s)",
					       first.text, family_name(removals[i].family),
					       table_name(removals[i].table), second.text);
		}
		return -1;
	}
	return 0;
}

int removal_run(const struct other_rules *rules, const bool *gone, struct err *err)
{
	static const enum table tables[TABLES] = {TABLE_NAT, TABLE_FILTER};
	struct table_removal removals[REMOVALS] = {0};
	int result = 0;
	for (size_t i = 0; i < REMOVALS && result == 0; i++) {
		struct table_removal *r = &removals[i];
		r->family = snapshot_families[i / TABLES];
		r->table = tables[i % TABLES];
		if (is_concerned(r, rules, gone))
			result = prepare(r, rules, gone, err);
	}
	if (result == 0)
		result = commit_all(removals, err);
	for (size_t i = 0; i < REMOVALS; i++)
		free_removal(&removals[i]);
	return result;
}
