/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One change over all backends. New forwards are made at home before anything goes elsewhere, so
 * that a move fails no new connection; if the second backend cannot be changed, the first one is
 * set back.
 */
#include <stdbool.h>
#include <stdlib.h>
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

static void release_locks(const struct change *change, struct locks *locks)
{
	const struct backend *const *backends = change->backends;
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
	const struct backend *const *backends = change->backends;
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
	size_t home;                          /* index of the backend */
	struct forwards wanted[BACKENDS_MAX]; /* where shares needs a set of its own */
	const struct forwards
		*shares[BACKENDS_MAX];            /* what each shall hold; NULL: it is not read */
	struct ruleset_plan *plans[BACKENDS_MAX]; /* NULL: the same */
};

/* Whether the forwards of that backend are among those that the change is about. */
static bool counts(const struct attempt *a, size_t b)
{
	return !a->change->only || a->change->backends[b] == a->change->only;
}

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

/* Where a guest has to stand is known from all forwards alone. */
static bool any_guests(const struct attempt *a)
{
	for (size_t b = 0; a->change->backends[b]; b++)
		if (a->result->sets[b] && a->result->sets[b]->guests)
			return true;
	return false;
}

/* A backend whose forwards do not count is read for its guests alone, where that is permitted. */
static int read_set(struct attempt *a, size_t b, struct err *err)
{
	const struct backend *backend = a->change->backends[b];
	const struct reading reading = {READING_ALL, any_guests(a) ? NULL : a->change->around};
	struct ruleset **set = &a->result->sets[b];
	if (counts(a, b))
		return backend->read(&reading, set, err);
	if (!backend->guests || !backend->present() || backend->read(&reading, set, err) == 0)
		return 0;
	*set = NULL;
	if (err->kind != ERR_PERMISSION)
		return -1;
	*err = (struct err){0};
	return 0;
}

static int read_sets(struct attempt *a, struct err *err)
{
	const struct change *change = a->change;
	struct change_result *result = a->result;
	static const struct forwards none;
	size_t filled = 0;
	result->before = &none;
	for (size_t b = 0; change->backends[b]; b++) {
		if (read_set(a, b, err) < 0)
			return -1;
		if (counts(a, b) && result->sets[b]->forwards.count) {
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

/* What the warnings are made of. */
static int read_translations(const struct attempt *a, struct err *err)
{
	const struct change *change = a->change;
	if (!change->translations)
		return 0;
	other_rules_free(change->translations);
	for (size_t b = 0; change->backends[b]; b++)
		if (a->result->sets[b] &&
		    change->backends[b]->others(a->result->sets[b], OTHERS_TRANSLATIONS,
						change->translations, err) < 0)
			return -1;
	return 0;
}

/* NULL is the set of a backend that is not read. */
static bool is_in(const struct forwards *set, const struct forward *f)
{
	return set && forwards_find(set, f) < set->count;
}

static bool holds(const struct ruleset *set, const struct forward *f)
{
	return set && is_in(&set->forwards, f);
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
		bool at_home = holds(sets[a->home], f);
		for (size_t o = 0; !a->change->move && !at_home && a->change->backends[o]; o++)
			if (holds(sets[o], f))
				place = o;
		if (place == b && forwards_add(&a->wanted[b], f, err) < 0)
			return -1;
	}
	return 0;
}

/* What each backend shall hold. */
static int find_shares(struct attempt *a, struct err *err)
{
	struct change_result *result = a->result;
	bool alone = true; /* nothing that counts is or will be outside of home */
	for (size_t b = 0; a->change->backends[b]; b++)
		alone = alone &&
			(b == a->home || !counts(a, b) || result->sets[b]->forwards.count == 0);
	for (size_t b = 0; a->change->backends[b]; b++) {
		a->shares[b] = &a->wanted[b];
		if (!result->sets[b])
			a->shares[b] = NULL;
		else if (!counts(a, b))
			a->shares[b] = &result->sets[b]->forwards;
		else if (alone && b == a->home)
			a->shares[b] = result->after;
		else if (!alone && share_out(a, b, err) < 0)
			return -1;
	}
	return 0;
}

/* Of two backends, what one does not hold is held by the other. NULL: that one is not known. */
static const struct forwards *find_elsewhere(const struct attempt *a, size_t b)
{
	for (size_t o = 0; a->change->backends[o]; o++)
		if (o != b)
			return a->shares[o];
	return NULL;
}

/* Let the plan know what no forward needs, if that is to be told. */
static int note_needless(const struct attempt *a, size_t b, struct err *err)
{
	struct ruleset *set = a->result->sets[b];
	const struct backend *backend = a->change->backends[b];
	if (!a->change->tidied || !backend->tidied)
		return 0;
	struct ruleset_status *status = calloc(set->forwards.count + 1, sizeof(*status));
	int result = status ? backend->status(set, status, err) : err_memory(err);
	free(status);
	return result;
}

/* Guests are planned by backends of a higher rank than those whose packets they wait for. */
static int make_plans(struct attempt *a, struct err *err)
{
	const struct backend *const *backends = a->change->backends;
	struct change_result *result = a->result;
	unsigned int guests = 0;
	result->size = 0;
	result->hindrance = (struct hindrance){0};
	if (find_shares(a, err) < 0)
		return -1;
	for (size_t b = 0; backends[b]; b++) {
		struct ruleset *set = result->sets[b];
		if (!set)
			continue;
		set->elsewhere = find_elsewhere(a, b);
		set->marked = guests;
		if (note_needless(a, b, err) < 0 ||
		    backends[b]->plan(set, a->shares[b], &a->plans[b], err) < 0)
			return -1;
		result->size += a->plans[b]->size;
		guests |= a->plans[b]->guests;
		if (b == a->home)
			result->hindrance = a->plans[b]->hindrance;
	}
	return 0;
}

static bool has_work(const struct attempt *a, size_t b)
{
	return a->plans[b] && a->plans[b]->size;
}

static int print_plans(struct attempt *a, struct err *err)
{
	const struct backend *const *backends = a->change->backends;
	for (size_t b = 0; backends[b]; b++)
		if (has_work(a, b) && backends[b]->print(a->plans[b], &a->result->plan, err) < 0)
			return -1;
	return 0;
}

struct committed { /* forwards of one backend, all sorted */
	const struct forwards *had, *given, *now;
};

/* Those there are now, without what was given and with what was taken away; sorted. */
static int find_former(const struct committed *c, struct forwards *out, struct err *err)
{
	for (size_t i = 0; i < c->now->count; i++) {
		const struct forward *f = &c->now->items[i];
		bool added = is_in(c->given, f) && !is_in(c->had, f);
		if (!added && forwards_add(out, f, err) < 0)
			return -1;
	}
	struct forwards_missing removed = {.of = c->had, .in = c->given};
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
	if (result == 0) {
		const struct committed c = {&a->result->sets[b]->forwards, a->shares[b],
					    &now->forwards};
		result = find_former(&c, &former, &second);
	}
	if (result == 0) {
		/* guests stay, which open nothing by themselves */
		now->marked = a->result->sets[b]->marked;
		result = backend->plan(now, &former, &plan, &second);
	}
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

static int commit_plan(struct attempt *a, size_t b, struct err *err)
{
	if (!has_work(a, b))
		return 0;
	return a->change->backends[b]->commit(a->plans[b], &a->result->notes, err);
}

/* Whether the backend makes guests, and none of its own forwards goes. */
static bool only_opens(const struct attempt *a, size_t b)
{
	if (b == a->home || !has_work(a, b) || !a->plans[b]->guests)
		return false;
	struct forwards_missing gone = {.of = &a->result->sets[b]->forwards, .in = a->shares[b]};
	return forwards_next_missing(&gone) == NULL;
}

/* Guests are there before the forwards that need them, and go after these. */
static int commit_plans(struct attempt *a, struct err *err)
{
	for (size_t b = 0; a->change->backends[b]; b++)
		if (only_opens(a, b) && commit_plan(a, b, err) < 0)
			return -1;
	if (commit_plan(a, a->home, err) < 0)
		return -1;
	for (size_t b = 0; a->change->backends[b]; b++) {
		if (b == a->home || only_opens(a, b) || commit_plan(a, b, err) == 0)
			continue;
		if (has_work(a, a->home))
			set_back(a, a->home, err);
		return -1;
	}
	return 0;
}

/* ---- rules of others ---- */

void change_others_free(struct change_others *others)
{
	other_rules_free(&others->rules);
	free(others->gone);
	*others = (struct change_others){0};
}

static int read_others(const struct attempt *a, struct err *err)
{
	struct change_others *others = a->change->others;
	const struct backend *const *backends = a->change->backends;
	if (!others)
		return 0;
	change_others_free(others);
	others->sets = a->result->sets;
	others->home = a->result->home;
	for (size_t b = 0; backends[b]; b++)
		if (a->result->sets[b] &&
		    backends[b]->others(a->result->sets[b], OTHERS_ALL, &others->rules, err) < 0)
			return -1;
	others->gone = calloc(others->rules.count + 1, sizeof(*others->gone));
	/* analyzer: no leak, change_others_free frees it */
	return others->gone ? 0 : err_memory(err);
}

static bool removes(const struct attempt *a, size_t b)
{
	const struct change_others *others = a->change->others;
	for (size_t i = 0; i < others->rules.count; i++)
		if (others->gone[i] &&
		    strcmp(others->rules.items[i].backend, a->change->backends[b]->name) == 0)
			return true;
	return false;
}

/* Forwards must not rely on what is going to be deleted. */
static void forget_others(const struct attempt *a)
{
	const struct change_others *others = a->change->others;
	for (size_t b = 0; others && a->change->backends[b]; b++)
		if (a->result->sets[b] && removes(a, b))
			a->change->backends[b]->forget(a->result->sets[b], &others->rules,
						       others->gone);
}

/* Rules of which forwards do the work now. While none of them is deleted, the forwards can be taken
 * back. */
static int remove_others(const struct attempt *a, struct err *err)
{
	const struct change_others *others = a->change->others;
	const struct backend *const *backends = a->change->backends;
	bool removed = false;
	for (size_t b = 0; others && backends[b]; b++) {
		if (!removes(a, b))
			continue;
		if (backends[b]->remove(&others->rules, others->gone, err) < 0) {
			for (size_t o = 0; !removed && backends[o]; o++)
				if (a->shares[o] && has_work(a, o))
					set_back(a, o, err);
			return -1;
		}
		removed = true;
	}
	return 0;
}

static int choose_home(struct attempt *a, struct err *err)
{
	const struct change *change = a->change;
	const struct choice choice = {change->backends, a->result->sets, change->move};
	if (!a->result->home)
		a->result->home = choice_make(&choice, NULL, err);
	return a->result->home ? 0 : -1;
}

/* What the plans leave, and what they take along. */
static int find_lines(struct attempt *a, struct err *err)
{
	struct change_result *result = a->result;
	for (size_t b = 0; a->change->backends[b]; b++) {
		const struct backend *backend = a->change->backends[b];
		if (!a->plans[b])
			continue;
		if (backend->kept(a->plans[b], &result->kept, err) < 0)
			return -1;
		if (a->change->tidied && backend->tidied &&
		    backend->tidied(a->plans[b], &result->tidied, err) < 0)
			return -1;
	}
	return 0;
}

static int try(struct attempt *a, struct err *err)
{
	const struct change *change = a->change;
	struct change_result *result = a->result;
	if (read_sets(a, err) < 0 || read_translations(a, err) < 0)
		return -1;
	/* what happens to others' rules depends on where forwards go */
	if (change->others && (choose_home(a, err) < 0 || read_others(a, err) < 0))
		return -1;
	if (change->decide(change->context, result->before, &result->after, err) < 0 ||
	    choose_home(a, err) < 0)
		return -1;
	for (a->home = 0; change->backends[a->home] != result->home; a->home++)
		;
	forget_others(a);
	if (make_plans(a, err) < 0)
		return -1;
	if (find_lines(a, err) < 0)
		return -1;
	if (change->dry_run)
		return print_plans(a, err);
	return commit_plans(a, err) < 0 ? -1 : remove_others(a, err);
}

static void forget_lines(struct change_result *result)
{
	lines_free(&result->plan);
	lines_free(&result->kept);
	lines_free(&result->notes);
	lines_free(&result->tidied);
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
