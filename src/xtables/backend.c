/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The legacy tables behind the words that every backend has. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/route.h"
#include "model/hash.h"
#include "others/owner.h"
#include "xtables/backend.h"
#include "xtables/early.h"
#include "xtables/blob.h"
#include "xtables/commit.h"
#include "xtables/dump.h"
#include "xtables/health.h"
#include "xtables/lock.h"
#include "xtables/removal.h"

/* The struct that begins with this base. */
static struct snapshot *snapshot_of(const struct ruleset *set)
{
	union {
		const struct ruleset *in;
		struct snapshot *out;
	} whole = {.in = set};
	return whole.out;
}

static struct work *work_of(const struct ruleset_plan *plan)
{
	union {
		const struct ruleset_plan *in;
		struct work *out;
	} whole = {.in = plan};
	return whole.out;
}

static int read_set(const struct reading *reading, struct ruleset **out, struct err *err)
{
	struct snapshot *s = calloc(1, sizeof(*s));
	if (!s)
		return err_memory(err);
	if (snapshot_read(reading->depth, s, err) < 0) {
		free(s);
		return -1;
	}
	*out = &s->base;
	return 0;
}

/* The nat tables alone: what the forwards are is read from these. */
static int digest(uint64_t *out, struct err *err)
{
	*out = 0;
	for (int f = 0; f < FAMILIES; f++) {
		enum family family = snapshot_families[f];
		unsigned int there;
		uint64_t one = 0;
		if (tables_there(family, &there, err) < 0)
			return -1;
		if (there & 1U << TABLE_NAT && blob_digest(family, TABLE_NAT, &one, err) < 0 &&
		    there != TABLES_UNKNOWN)
			return -1;
		*out = hash_word(*out, one);
	}
	return 0;
}

static struct way_case case_of(const struct snapshot *s, int family, const struct forwards *set)
{
	return (struct way_case){.filter = &s->states[family][TABLE_FILTER],
				 .set = set,
				 .here = &s->here,
				 .route = route_interface};
}

static int blocks(const struct ruleset *set, const struct forwards *elsewhere,
		  struct ruleset_status *out, struct err *err)
{
	const struct snapshot *s = snapshot_of(set);
	unsigned int guests = 0;
	for (int f = 0; f < FAMILIES; f++) {
		struct way_case of = case_of(s, f, elsewhere);
		of.guests = true;
		if (ways_status(&of, out, err) < 0)
			return -1;
		for (enum group g = GROUP_GUEST_FORWARD; group_is_guest(g); g++)
			guests |= state_find_jump(of.filter, g) ? ways_of_guest(g) : 0;
	}
	return (int)guests;
}

static bool stops(const struct ruleset *set, const struct stop_question *question,
		  struct rule_place *where)
{
	struct forward copy = *question->f;
	const struct forwards one = {&copy, 1, 1};
	for (int i = 0; i < FAMILIES; i++) {
		struct way_case of = case_of(snapshot_of(set), i, &one);
		of.guests = !question->own;
		if (snapshot_families[i] == copy.family)
			return ways_stop(&of, question, where);
	}
	return false;
}

static int limits(const struct ruleset *set, const struct limit_question *question,
		  struct limits *out, struct err *err)
{
	for (int i = 0; i < FAMILIES; i++) {
		struct way_case of = case_of(snapshot_of(set), i, question->set);
		if (ways_limits(&of, question->own, out, err) < 0)
			return -1;
		of.guests = true;
		if (ways_limits(&of, question->own, out, err) < 0)
			return -1;
	}
	return 0;
}

static void free_set(struct ruleset *set)
{
	if (!set)
		return;
	snapshot_free(snapshot_of(set));
	free(set);
}

static int fill_status(struct ruleset *set, struct ruleset_status *out, struct err *err)
{
	struct snapshot *s = snapshot_of(set);
	for (int f = 0; f < FAMILIES; f++) {
		const struct way_case of = case_of(s, f, &set->forwards);
		const struct health_case health = {s->states[f], &set->forwards, &s->here};
		if (health_of(&health, out, &set->leftovers, err) < 0 ||
		    ways_status(&of, out, err) < 0)
			return -1;
	}
	return 0;
}

static int list_foreign(const struct ruleset *set, struct lines *out, struct err *err)
{
	const struct snapshot *s = snapshot_of(set);
	for (int f = 0; f < FAMILIES; f++)
		for (int t = 0; t < TABLES; t++)
			if (dump_foreign(&s->states[f][t], out, err) < 0)
				return -1;
	return 0;
}

/* What intercepts packets for programs here stands in the mangle table. */
static int walk_mangle(enum family family, enum others_depth depth, struct other_rules *out,
		       struct err *err)
{
	static const struct state none;
	const struct tables_others which = {depth, &none};
	unsigned int there;
	if (tables_there(family, &there, err) < 0)
		return -1;
	/* asking for a table that is not there would set it up */
	if (there == TABLES_UNKNOWN || !(there & 1U << TABLE_MANGLE))
		return 0;
	struct tables *t = tables_open(family, TABLE_MANGLE, err);
	if (!t)
		return -1;
	int result = tables_others(t, &which, out, err);
	tables_close(t);
	return result;
}

/* The other tables do not tell whose they are. */
static void claim_tables(const struct tables *filter, enum family family, struct other_rules *out,
			 size_t first)
{
	const char *owner = filter ? tables_owner(filter) : NULL;
	if (owner)
		owner_claim(out, first, family, owner);
}

static int list_others(const struct ruleset *set, enum others_depth depth, struct other_rules *out,
		       struct err *err)
{
	static const enum table tables[] = {TABLE_NAT, TABLE_FILTER};
	const struct snapshot *s = snapshot_of(set);
	for (int f = 0; f < FAMILIES; f++) {
		size_t first = out->count;
		if (walk_mangle(snapshot_families[f], depth, out, err) < 0)
			return -1;
		for (int t = 0; t < (depth == OTHERS_ALL ? 2 : 1); t++) {
			const struct tables *open = s->tables[f][tables[t]];
			const struct tables_others which = {depth, &s->states[f][tables[t]]};
			if (open && tables_others(open, &which, out, err) < 0)
				return -1;
		}
		claim_tables(s->tables[f][TABLE_FILTER], snapshot_families[f], out, first);
	}
	return 0;
}

static void forget(struct ruleset *set, const struct other_rules *rules, const bool *gone)
{
	struct snapshot *s = snapshot_of(set);
	for (size_t i = 0; i < rules->count; i++) {
		const struct other_rule *v = &rules->items[i];
		if (!gone[i] || strcmp(v->backend, "iptables") != 0)
			continue;
		for (int f = 0; f < FAMILIES; f++)
			if (snapshot_families[f] == v->table_family &&
			    strcmp(v->table, table_name(TABLE_FILTER)) == 0)
				foreign_forget(&s->states[f][TABLE_FILTER].foreign, v->chain,
					       (size_t)v->handle);
	}
}

static int make_plan(struct ruleset *set, const struct forwards *wanted, struct ruleset_plan **out,
		     struct err *err)
{
	struct work *w = calloc(1, sizeof(*w));
	if (!w)
		return err_memory(err);
	if (work_plan(snapshot_of(set), wanted, w, err) < 0) {
		free(w);
		return -1;
	}
	*out = &w->base;
	return 0;
}

static int print_plan(const struct ruleset_plan *plan, struct lines *out, struct err *err)
{
	const struct work *w = work_of(plan);
	for (size_t i = 0; i < w->step_count; i++) {
		const struct step *step = &w->steps[i];
		if (dump_plan(&w->before->states[step->family][step->table],
			      &w->plans[step->family][step->table], out, err) < 0)
			return -1;
	}
	return 0;
}

static int list_kept(const struct ruleset_plan *plan, struct lines *out, struct err *err)
{
	const struct work *w = work_of(plan);
	for (int f = 0; f < FAMILIES; f++)
		for (int t = 0; t < TABLES; t++)
			if (dump_kept(&w->before->states[f][t], &w->plans[f][t], out, err) < 0)
				return -1;
	return 0;
}

static int list_tidied(const struct ruleset_plan *plan, struct lines *out, struct err *err)
{
	const struct work *w = work_of(plan);
	for (int f = 0; f < FAMILIES; f++)
		for (int t = 0; t < TABLES; t++)
			if (dump_tidied(&w->before->states[f][t], &w->plans[f][t], out, err) < 0)
				return -1;
	return 0;
}

static int commit_plan(struct ruleset_plan *plan, struct lines *notes, struct err *err)
{
	return work_commit(work_of(plan), notes, err);
}

static void free_plan(struct ruleset_plan *plan)
{
	if (!plan)
		return;
	work_free(work_of(plan));
	free(plan);
}

const struct backend xtables_backend = {
	.name = "iptables",
	.priority = -100, /* NF_IP_PRI_NAT_DST */
	.after_nft = true,
	.raw_socket = true,
	.guests = true,
	.present = snapshot_any,
	.usable = tables_usable,
	.lock = lock_take,
	.unlock = lock_release,
	.read = read_set,
	.digest = digest,
	.status = fill_status,
	.blocks = blocks,
	.stops = stops,
	.limits = limits,
	.early = xtables_early,
	.foreign = list_foreign,
	.others = list_others,
	.forget = forget,
	.remove = removal_run,
	.plan = make_plan,
	.print = print_plan,
	.kept = list_kept,
	.tidied = list_tidied,
	.commit = commit_plan,
	.free = free_set,
	.free_plan = free_plan,
};
