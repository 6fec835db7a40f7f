/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lock, read, decide, plan, commit; again from reading where somebody without the lock was
 * quicker; undo where a later commit fails.
 */
#include <errno.h>
#include <string.h>

#include "ruleset/change.h"
#include "xtables/lock.h"
#include "xtables/tables.h"

#define ATTEMPTS 10

const enum family change_families[FAMILIES] = {FAMILY_IPV4, FAMILY_IPV6};

/* ---- reading ---- */

static int read_table(struct snapshot *s, int f, int t, unsigned int there, struct err *err)
{
	enum family family = change_families[f];
	bool known = there != TABLES_UNKNOWN;
	if (there & 1U << t) {
		s->tables[f][t] = tables_open(family, (enum table)t, err);
		/* who may not see which tables there are asks for one, and finds none */
		if (!s->tables[f][t] && (known || err->kind != ERR_UNSUPPORTED))
			return -1;
	}
	if (s->tables[f][t])
		return tables_read(s->tables[f][t], &s->states[f][t], err);
	return tables_read_none(family, (enum table)t, &s->states[f][t], err);
}

int snapshot_read(struct snapshot *out, struct err *err)
{
	struct snapshot s = {0};
	for (int f = 0; f < FAMILIES; f++) {
		unsigned int there = tables_there(change_families[f]);
		for (int t = 0; t < TABLES; t++)
			if (read_table(&s, f, t, there, err) < 0)
				goto failed;
		if (forwards_take_all(&s.forwards, &s.states[f][TABLE_NAT].forwards, err) < 0)
			goto failed;
	}
	if (forwards_sort(&s.forwards, err) < 0)
		goto failed;
	*out = s;
	return 0;
failed:
	snapshot_free(&s);
	return -1;
}

void snapshot_free(struct snapshot *s)
{
	for (int f = 0; f < FAMILIES; f++)
		for (int t = 0; t < TABLES; t++) {
			state_free(&s->states[f][t]);
			tables_close(s->tables[f][t]);
		}
	forwards_free(&s->forwards);
	*s = (struct snapshot){0};
}

int snapshot_forwards(struct forwards *out, struct err *err)
{
	int result = 0;
	struct forwards set = {0};
	for (int f = 0; result == 0 && f < FAMILIES; f++) {
		struct snapshot s = {0};
		unsigned int there = tables_there(change_families[f]);
		result = read_table(&s, f, TABLE_NAT, there, err);
		if (result == 0)
			result = forwards_take_all(&set, &s.states[f][TABLE_NAT].forwards, err);
		snapshot_free(&s);
	}
	if (result == 0)
		result = forwards_sort(&set, err);
	if (result < 0)
		forwards_free(&set);
	else
		*out = set;
	return result;
}

/* ---- planning ---- */

struct step { /* one commit */
	int family;
	enum table table;
};

#define STEPS (FAMILIES * TABLES)

struct attempt {
	struct snapshot before;
	const struct forwards *wanted;
	struct layout layouts[FAMILIES];
	struct plan plans[FAMILIES][TABLES];
	struct step steps[STEPS]; /* those with something to do, in order */
	size_t step_count;
	size_t changes;
	bool lost[FAMILIES][TABLES]; /* the counters of it are */
};

static void attempt_free(struct attempt *a)
{
	for (int f = 0; f < FAMILIES; f++) {
		for (int t = 0; t < TABLES; t++)
			plan_free(&a->plans[f][t]);
		layout_free(&a->layouts[f]);
	}
	snapshot_free(&a->before);
}

static bool adds_any(const struct attempt *a)
{
	struct forwards_missing walk = {.of = a->wanted, .in = &a->before.forwards};
	return forwards_next_missing(&walk) != NULL;
}

/* Whether the plan does that to an ACCEPT without the guard: that one is a gate by itself. */
static bool touches_gate(const struct plan *plan, enum op_kind kind)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->ops[i].kind == kind &&
		    layout_group(TABLE_FILTER, plan->ops[i].chain) == GROUP_INPUT_SAME)
			return true;
	return false;
}

/* Gates open last and close first: translation follows its acceptance, and goes before it, but for
 * an ACCEPT that would be open without any translation. */
static void order_steps(struct attempt *a)
{
	static const enum table filter_first[] = {TABLE_FILTER, TABLE_NAT};
	static const enum table nat_first[] = {TABLE_NAT, TABLE_FILTER};
	for (int f = 0; f < FAMILIES; f++) {
		const struct plan *filter = &a->plans[f][TABLE_FILTER];
		bool first = touches_gate(filter, OP_DELETE) || adds_any(a);
		if (touches_gate(filter, OP_INSERT))
			first = false;
		const enum table *order = first ? filter_first : nat_first;
		for (int t = 0; t < TABLES; t++)
			if (a->plans[f][order[t]].count)
				a->steps[a->step_count++] = (struct step){f, order[t]};
	}
}

static int make_plans(struct attempt *a, struct err *err)
{
	for (int f = 0; f < FAMILIES; f++) {
		if (layout_build(change_families[f], a->wanted, &a->layouts[f], err) < 0)
			return -1;
		for (int t = 0; t < TABLES; t++) {
			if (plan_make(&a->before.states[f][t], &a->layouts[f], &a->plans[f][t],
				      err) < 0)
				return -1;
			a->changes += a->plans[f][t].count;
		}
	}
	order_steps(a);
	return 0;
}

/* ---- committing ---- */

#define COUNTER_TRIES 3

/* Whether the table holds what is wanted, whatever others have done to it meanwhile. */
static bool is_done(const struct attempt *a, const struct step *step, struct tables *fresh)
{
	struct err ignored;
	struct state there;
	struct plan plan;
	if (tables_read(fresh, &there, &ignored) < 0)
		return false;
	bool done = plan_make(&there, &a->layouts[step->family], &plan, &ignored) == 0 &&
		    plan.count == 0;
	plan_free(&plan);
	state_free(&there);
	return done;
}

/* The kernel may have taken the rules and failed over the counters: somebody without the lock adds
 * a rule between the two. Then they are set again. */
static int recover(struct attempt *a, const struct step *step, struct err *err)
{
	struct tables *ours = a->before.tables[step->family][step->table];
	struct err cause = *err;
	for (int i = 0; i < COUNTER_TRIES; i++) {
		struct tables *fresh = tables_open(change_families[step->family], step->table, err);
		bool done = fresh && is_done(a, step, fresh);
		bool kept = done && tables_add_counters(fresh, ours, err) == 0 &&
			    tables_commit(fresh, err) == 0;
		tables_close(fresh);
		if (!done) {
			*err = cause;
			return -1;
		}
		if (kept)
			return 0;
	}
	a->lost[step->family][step->table] = true;
	return 0;
}

static int do_step(struct attempt *a, const struct step *step, struct err *err)
{
	struct tables **tables = &a->before.tables[step->family][step->table];
	const struct plan *plan = &a->plans[step->family][step->table];
	if (!*tables)
		*tables = tables_open(change_families[step->family], step->table, err);
	if (!*tables || tables_apply(*tables, plan, err) < 0)
		return -1;
	if (tables_commit(*tables, err) == 0)
		return 0;
	return recover(a, step, err);
}

/* Back to what was before this step. */
static int undo_step(struct attempt *a, const struct step *step, struct err *err)
{
	struct state there = {0};
	struct tables *done = a->before.tables[step->family][step->table];
	const struct plan *plan = &a->plans[step->family][step->table];
	int result = -1;
	struct tables *fresh = tables_open(change_families[step->family], step->table, err);
	if (!fresh)
		return -1;
	if (tables_undo(fresh, done, plan, err) < 0 || tables_read(fresh, &there, err) < 0)
		goto out;
	if (!state_equal(&there, &a->before.states[step->family][step->table])) {
		err_set(err, ERR_FAILED, "somebody else changed the table without the lock");
		goto out;
	}
	result = tables_commit(fresh, err);
out:
	state_free(&there);
	tables_close(fresh);
	return result;
}

static int commit(struct attempt *a, struct err *err)
{
	for (size_t i = 0; i < a->step_count; i++) {
		if (do_step(a, &a->steps[i], err) == 0)
			continue;
		while (i-- > 0) {
			struct err second;
			const struct step *step = &a->steps[i];
			if (undo_step(a, step, &second) < 0) {
				struct err first = *err;
				return err_set(
					err, ERR_FAILED,
					"%s; and the %s %s table could not be set back (%s): "
					"run the command again",
					first.text, family_name(change_families[step->family]),
					table_name(step->table), second.text);
			}
		}
		return -1;
	}
	return 0;
}

static void show(const struct change *change, const struct attempt *a)
{
	for (size_t i = 0; i < a->step_count; i++) {
		const struct step *step = &a->steps[i];
		change->show(change->context, &a->before.states[step->family][step->table],
			     &a->plans[step->family][step->table]);
	}
}

static void tell_lost(const struct change *change, const struct attempt *a)
{
	for (int f = 0; f < FAMILIES; f++)
		for (int t = 0; t < TABLES; t++)
			if (a->lost[f][t])
				change->lost(change->context, change_families[f], (enum table)t);
}

static void tell_stage(const struct change *change, const char *what, bool long_one)
{
	if (change->stage)
		change->stage(change->context, what, long_one);
}

static int try(const struct change *change, struct attempt *a, struct err *err)
{
	tell_stage(change, "reading the tables", false);
	if (snapshot_read(&a->before, err) < 0 ||
	    change->decide(change->context, &a->before.forwards, &a->wanted, err) < 0)
		return -1;
	tell_stage(change, "planning the changes", false);
	if (make_plans(a, err) < 0)
		return -1;
	if (change->show) {
		show(change, a);
		return 0;
	}
	tell_stage(change, "changing the tables", false);
	return commit(a, err);
}

static void tell_waiting(const void *context)
{
	tell_stage(context, "waiting for the xtables lock", true);
}

int change_run(const struct change *change, struct err *err)
{
	struct attempt a = {0};
	int result = -1, lock = lock_take(change->lock_seconds, tell_waiting, change, err);
	if (lock < 0)
		return -1;
	for (int i = 0; result < 0 && i < ATTEMPTS; i++) {
		attempt_free(&a);
		a = (struct attempt){0};
		*err = (struct err){0};
		result = try(change, &a, err);
		if (result < 0 && err->sys != EAGAIN)
			break;
	}
	/* what follows concerns nobody who waits for the lock */
	lock_release(lock);
	if (result == 0 && change->lost)
		tell_lost(change, &a);
	if (result == 0 && change->done)
		change->done(change->context, &a.before, a.wanted, a.changes);
	attempt_free(&a);
	return result;
}
