/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One change over all backends. New forwards are made at home before anything goes elsewhere, so
 * that a move fails no new connection; if the second backend cannot be changed, the first one is
 * set back.
 */
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "ruleset/change.h"
#include "ruleset/choice.h"

static double seconds_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- locks ---- */

struct locks {
	int of[BACKENDS_MAX]; /* -1: not taken */
};

static const struct backend *const *lockable(const struct change *change)
{
	return change->locked ? change->locked : change->backends;
}

static void release_locks(const struct change *change, struct locks *locks)
{
	const struct backend *const *backends = lockable(change);
	for (size_t b = 0; b < BACKENDS_MAX; b++)
		if (locks->of[b] >= 0) {
			backends[b]->unlock(locks->of[b]);
			locks->of[b] = -1;
		}
}

/* Whoever changes one interface holds the lock of each that is in use: its owners look into both.
 */
static int take_locks(const struct change *change, const struct backend *home, struct locks *locks,
		      struct err *err)
{
	const struct backend *const *backends = lockable(change);
	for (size_t b = 0; b < BACKENDS_MAX; b++)
		locks->of[b] = -1;
	for (size_t b = 0; backends[b]; b++) {
		const struct backend *backend = backends[b];
		struct err ignored;
		bool needed = backend == home || backend->present() ||
			      (!home && backend->lock && backend->usable(&ignored));
		if (!backend->lock || !needed)
			continue;
		locks->of[b] = backend->lock(change->wait_seconds, change->waiting, err);
		if (locks->of[b] < 0) {
			release_locks(change, locks);
			return -1;
		}
	}
	return 0;
}

/* ---- one attempt ---- */

struct attempt {
	const struct change *change;
	struct change_result *result;
	size_t home; /* index of the backend */
	struct forwards wanted[BACKENDS_MAX];
	struct ruleset_plan *plans[BACKENDS_MAX];
};

static void attempt_free(struct attempt *a)
{
	const struct backend *const *backends = a->change->backends;
	for (size_t b = 0; backends[b]; b++) {
		backends[b]->free_plan(a->plans[b]);
		forwards_free(&a->wanted[b]);
		backends[b]->free(a->result->sets[b]);
		a->plans[b] = NULL;
		a->result->sets[b] = NULL;
	}
	forwards_free(&a->result->both);
	a->result->before = a->result->after = NULL;
}

static int read_sets(struct attempt *a, struct err *err)
{
	const struct change *change = a->change;
	struct change_result *result = a->result;
	const struct reading reading = {READING_ALL, change->around};
	static const struct forwards none;
	size_t filled = 0;
	result->before = &none;
	for (size_t b = 0; change->backends[b]; b++) {
		if (change->backends[b]->read(&reading, &result->sets[b], err) < 0)
			return -1;
		if (result->sets[b]->forwards.count) {
			result->before = &result->sets[b]->forwards;
			filled++;
		}
	}
	if (filled < 2)
		return 0;
	for (size_t b = 0; change->backends[b]; b++)
		if (forwards_add_all(&result->both, &result->sets[b]->forwards, err) < 0)
			return -1;
	result->before = &result->both;
	return forwards_sort(&result->both, err);
}

static bool is_in(const struct forwards *set, const struct forward *f)
{
	return forwards_find(set, f) < set->count;
}

/*
 * Which of the wanted forwards backend b shall hold. A forward stays where it is, unless it is
 * there twice or the change moves all; every other one goes home.
 */
static int share_out(struct attempt *a, size_t b, struct err *err)
{
	const struct forwards *wanted = a->result->after;
	struct ruleset *const *sets = a->result->sets;
	for (size_t i = 0; i < wanted->count; i++) {
		const struct forward *f = &wanted->items[i];
		size_t place = a->home;
		bool at_home = is_in(&sets[a->home]->forwards, f);
		for (size_t o = 0; !a->change->move && !at_home && a->change->backends[o]; o++)
			if (is_in(&sets[o]->forwards, f))
				place = o;
		if (place == b && forwards_add(&a->wanted[b], f, err) < 0)
			return -1;
	}
	return 0;
}

static int make_plans(struct attempt *a, struct err *err)
{
	const struct backend *const *backends = a->change->backends;
	struct change_result *result = a->result;
	bool alone = true; /* nothing is or will be outside of home */
	for (size_t b = 0; backends[b]; b++)
		alone = alone && (b == a->home || result->sets[b]->forwards.count == 0);
	result->size = 0;
	for (size_t b = 0; backends[b]; b++) {
		const struct forwards *wanted = &a->wanted[b];
		if (alone && b == a->home)
			wanted = result->after;
		else if (!alone && share_out(a, b, err) < 0)
			return -1;
		if (backends[b]->plan(result->sets[b], wanted, &a->plans[b], err) < 0)
			return -1;
		result->size += a->plans[b]->size;
	}
	return 0;
}

static int print_plans(struct attempt *a, struct err *err)
{
	const struct backend *const *backends = a->change->backends;
	for (size_t b = 0; backends[b]; b++)
		if (a->plans[b]->size && backends[b]->print(a->plans[b], &a->result->plan, err) < 0)
			return -1;
	return 0;
}

/* now, without what the plan of backend b added and with what it removed; sorted. */
static int find_former(const struct attempt *a, size_t b, const struct forwards *now,
		       struct forwards *out, struct err *err)
{
	const struct forwards *had = &a->result->sets[b]->forwards, *given = &a->wanted[b];
	for (size_t i = 0; i < now->count; i++) {
		const struct forward *f = &now->items[i];
		bool added = is_in(given, f) && !is_in(had, f);
		if (!added && forwards_add(out, f, err) < 0)
			return -1;
	}
	struct forwards_missing removed = {.of = had, .in = given};
	const struct forward *f;
	while ((f = forwards_next_missing(&removed)))
		if (forwards_add(out, f, err) < 0)
			return -1;
	return forwards_sort(out, err);
}

/* Undo what was committed in backend b. What goes wrong is added to err's text. */
static void set_back(const struct attempt *a, size_t b, struct err *err)
{
	static const struct reading reading = {.depth = READING_ALL};
	const struct backend *backend = a->change->backends[b];
	struct ruleset *now = NULL;
	struct ruleset_plan *plan = NULL;
	struct forwards former = {0};
	struct lines ignored = {0};
	struct err second = {0}, first = *err;
	int result = backend->read(&reading, &now, &second);
	if (result == 0)
		result = find_former(a, b, &now->forwards, &former, &second);
	if (result == 0)
		result = backend->plan(now, &former, &plan, &second);
	if (result == 0)
		result = backend->commit(plan, &ignored, &second);
	if (result < 0)
		err_set(err, ERR_FAILED,
			"%.600s; and the forwards of backend %s could not be set back (%.300s): "
			"run the command again",
			first.text, backend->name, second.text);
	lines_free(&ignored);
	backend->free_plan(plan);
	forwards_free(&former);
	backend->free(now);
}

static bool has_work(const struct attempt *a, size_t b)
{
	return a->plans[b] && a->plans[b]->size;
}

static int commit_plan(struct attempt *a, size_t b, struct err *err)
{
	if (!has_work(a, b))
		return 0;
	return a->change->backends[b]->commit(a->plans[b], &a->result->notes, err);
}

static int commit_plans(struct attempt *a, struct err *err)
{
	if (commit_plan(a, a->home, err) < 0)
		return -1;
	for (size_t b = 0; a->change->backends[b]; b++) {
		if (b == a->home || commit_plan(a, b, err) == 0)
			continue;
		if (has_work(a, a->home))
			set_back(a, a->home, err);
		return -1;
	}
	return 0;
}

static int try(struct attempt *a, struct err *err)
{
	const struct change *change = a->change;
	struct change_result *result = a->result;
	if (read_sets(a, err) < 0 ||
	    change->decide(change->context, result->before, &result->after, err) < 0)
		return -1;
	const struct choice choice = {change->backends, result->sets, change->move};
	if (!result->home)
		result->home = choice_make(&choice, NULL, err);
	if (!result->home)
		return -1;
	for (a->home = 0; change->backends[a->home] != result->home; a->home++)
		;
	if (make_plans(a, err) < 0)
		return -1;
	for (size_t b = 0; change->backends[b]; b++)
		if (change->backends[b]->kept(a->plans[b], &result->kept, err) < 0)
			return -1;
	return change->dry_run ? print_plans(a, err) : commit_plans(a, err);
}

static void forget_lines(struct change_result *result)
{
	lines_free(&result->plan);
	lines_free(&result->kept);
	lines_free(&result->notes);
}

int change_run(const struct change *change, struct change_result *result, struct err *err)
{
	double deadline = seconds_now() + change->wait_seconds;
	struct attempt a = {.change = change, .result = result};
	struct locks locks;
	int status;
	result->backends = change->backends;
	result->home = change->home;
	do {
		attempt_free(&a);
		forget_lines(result);
		*err = (struct err){0};
		/* home is chosen from what was read: its lock has to be held from before that */
		if (take_locks(change, result->home, &locks, err) < 0)
			return -1;
		status = try(&a, err);
		release_locks(change, &locks);
	} while (status < 0 && err->kind == ERR_CHANGED && seconds_now() < deadline);
	if (status < 0 && err->kind == ERR_CHANGED) {
		struct err last = *err;
		err_set(err, ERR_LOCKED,
			"%.700s; others kept changing the rules for %u s: try again, or longer "
			"with "
			"-w SECONDS",
			last.text, change->wait_seconds);
	}
	for (size_t b = 0; change->backends[b]; b++) {
		change->backends[b]->free_plan(a.plans[b]);
		forwards_free(&a.wanted[b]);
	}
	return status;
}

void change_result_free(struct change_result *result)
{
	for (size_t b = 0; result->backends && result->backends[b]; b++)
		result->backends[b]->free(result->sets[b]);
	forwards_free(&result->both);
	forget_lines(result);
	*result = (struct change_result){0};
}
