/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A family has two tables, and the kernel takes each commit alone. So the order of the commits
 * matters: if the program is killed between two of them, nothing is open that should not be. If a
 * commit fails, the commits before it are undone.
 */
#include <errno.h>
#include <string.h>

#include "host/route.h"
#include "xtables/build.h"
#include "xtables/commit.h"
#include "xtables/older.h"

/* ---- planning ---- */

/* Whether the plan inserts into or deletes from PFWD-INPUT-SAME, whose jump does not require a
 * translated connection. */
static bool touches_gate(const struct plan *plan, enum op_kind kind)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->ops[i].kind == kind &&
		    group_of(TABLE_FILTER, plan->ops[i].chain) == GROUP_INPUT_SAME)
			return true;
	return false;
}

/*
 * A change that adds: filter before nat, so that nothing is translated and then dropped. One that
 * only removes: nat before filter. The exception is PFWD-INPUT-SAME, which accepts packets that
 * are not translated: it opens last and closes first.
 */
static void order_steps(struct work *w, const struct forwards *wanted)
{
	static const enum table filter_first[] = {TABLE_FILTER, TABLE_NAT};
	static const enum table nat_first[] = {TABLE_NAT, TABLE_FILTER};
	struct forwards_missing walk = {.of = wanted, .in = &w->before->base.forwards};
	bool adds = forwards_next_missing(&walk) != NULL;
	for (int f = 0; f < FAMILIES; f++) {
		const struct plan *filter = &w->plans[f][TABLE_FILTER];
		bool first = touches_gate(filter, OP_DELETE) || adds;
		if (touches_gate(filter, OP_INSERT))
			first = false;
		const enum table *order = first ? filter_first : nat_first;
		for (int t = 0; t < TABLES; t++)
			if (w->plans[f][order[t]].count)
				w->steps[w->step_count++] = (struct step){f, order[t]};
	}
}

static int find_ways(const struct work *w, const struct state *filter, struct ways *out,
		     struct err *err)
{
	const struct ruleset *set = &w->before->base;
	const struct way_case of = {.filter = filter,
				    .set = w->wanted,
				    .here = &w->before->here,
				    .route = route_interface,
				    .elsewhere = set->elsewhere};
	return ways_find(&of, out, err);
}

static unsigned int guest_ways(const struct ways *ways)
{
	unsigned int guests = 0;
	for (enum group g = GROUP_GUEST_FORWARD; group_is_guest(g); g++)
		guests |= ways->closed[g] ? ways_of_guest(g) : 0;
	return guests;
}

int work_plan(struct snapshot *before, const struct forwards *wanted, struct work *out,
	      struct err *err)
{
	*out = (struct work){.before = before, .wanted = wanted};
	for (int f = 0; f < FAMILIES; f++) {
		struct layout *layout = &out->layouts[f];
		struct ways ways;
		if (find_ways(out, &before->states[f][TABLE_FILTER], &ways, err) < 0)
			goto failed;
		layout->family = snapshot_families[f];
		out->base.hindrance.limits =
			out->base.hindrance.limits ||
			foreign_limits(&before->states[f][TABLE_FILTER].foreign);
		layout->output = ways.closed[GROUP_OUTPUT];
		out->base.guests |= guest_ways(&ways);
		if (build_layout(wanted, &before->here, layout, err) < 0)
			goto failed;
		for (int t = 0; t < TABLES; t++) {
			struct plan *plan = &out->plans[f][t];
			const struct plan_want want = {layout, t == TABLE_FILTER ? &ways : NULL};
			if (plan_make(&before->states[f][t], &want, plan, err) < 0)
				goto failed;
			out->base.size += plan->count;
		}
	}
	order_steps(out, wanted);
	return 0;
failed:
	work_free(out);
	return -1;
}

void work_free(struct work *w)
{
	for (int f = 0; f < FAMILIES; f++) {
		for (int t = 0; t < TABLES; t++)
			plan_free(&w->plans[f][t]);
		layout_free(&w->layouts[f]);
	}
	*w = (struct work){0};
}

/* ---- committing ---- */

#define COUNTER_TRIES 3

/* Whether the table holds what is wanted, whatever others have changed in it meanwhile. */
static bool is_done(const struct work *w, const struct step *step, struct tables *fresh)
{
	struct err ignored;
	struct state there;
	struct plan plan = {0};
	if (tables_read(fresh, &there, &ignored) < 0)
		return false;
	struct ways ways;
	bool filter = step->table == TABLE_FILTER;
	const struct plan_want want = {&w->layouts[step->family], filter ? &ways : NULL};
	bool done = (!filter || find_ways(w, &there, &ways, &ignored) == 0) &&
		    plan_make(&there, &want, &plan, &ignored) == 0 && plan.count == 0;
	plan_free(&plan);
	state_free(&there);
	return done;
}

/* After a commit that failed: the kernel may have taken the rules, and then refused the counters,
 * because somebody without the lock has added a rule between the two. Then set the counters
 * again. */
static int recover(struct work *w, const struct step *step, struct lines *notes, struct err *err)
{
	struct tables *ours = w->before->tables[step->family][step->table];
	struct err cause = *err;
	for (int i = 0; i < COUNTER_TRIES; i++) {
		struct tables *fresh =
			tables_open(snapshot_families[step->family], step->table, err);
		bool done = fresh && is_done(w, step, fresh);
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
	/* without memory for the words, the change is still made */
	struct err ignored;
	lines_add(notes, &ignored,
		  "warning: the %s %s table is updated, but the kernel refused to restore its "
		  "packet counters (all rules of the table)",
		  family_name(snapshot_families[step->family]), table_name(step->table));
	return 0;
}

/* Carry out a step in memory. */
static int prepare_step(struct work *w, const struct step *step, struct err *err)
{
	struct tables **tables = &w->before->tables[step->family][step->table];
	if (!*tables)
		*tables = tables_open(snapshot_families[step->family], step->table, err);
	return *tables ? tables_apply(*tables, &w->plans[step->family][step->table], err) : -1;
}

static int commit_step(struct work *w, const struct step *step, struct lines *notes,
		       struct err *err)
{
	if (tables_commit(w->before->tables[step->family][step->table], err) == 0)
		return 0;
	return recover(w, step, notes, err);
}

/* Back to what was before this step. */
static int undo_step(struct work *w, const struct step *step, struct err *err)
{
	struct state there = {0};
	struct tables *done = w->before->tables[step->family][step->table];
	const struct plan *plan = &w->plans[step->family][step->table];
	int result = -1;
	struct tables *fresh = tables_open(snapshot_families[step->family], step->table, err);
	if (!fresh)
		return -1;
	if (tables_undo(fresh, done, plan, err) < 0 || tables_read(fresh, &there, err) < 0 ||
	    older_adopt(&there, &w->before->base.forwards, err) < 0)
		goto out;
	if (!state_equal(&there, &w->before->states[step->family][step->table])) {
		err_set(err, ERR_FAILED, "somebody else changed the table without the lock");
		goto out;
	}
	result = tables_commit(fresh, err);
out:
	state_free(&there);
	tables_close(fresh);
	return result;
}

int work_commit(struct work *w, struct lines *notes, struct err *err)
{
	/* first what takes most of the memory: libiptc may end the program where there is none */
	for (size_t i = 0; i < w->step_count; i++)
		if (prepare_step(w, &w->steps[i], err) < 0)
			return -1;
	for (size_t i = 0; i < w->step_count; i++) {
		if (commit_step(w, &w->steps[i], notes, err) == 0)
			continue;
		while (i-- > 0) {
			struct err second;
			const struct step *step = &w->steps[i];
			if (undo_step(w, step, &second) < 0) {
				struct err first = *err;
				return err_set(
					err, ERR_FAILED,
					"%s; and the %s %s table could not be set back (%s): "
					"run the command again",
					first.text, family_name(snapshot_families[step->family]),
					table_name(step->table), second.text);
			}
		}
		return -1;
	}
	return 0;
}
