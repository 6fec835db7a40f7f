/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading one backend after the other, and putting together what they hold. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model/hash.h"
#include "ruleset/choice.h"
#include "ruleset/present.h"

struct reader {
	const struct backend *const *backends;
	size_t count; /* of them */
	struct ruleset *sets[BACKENDS_MAX];
	struct ruleset_status *status[BACKENDS_MAX];  /* of each set's forwards */
	struct ruleset_status *blocked[BACKENDS_MAX]; /* ... what other interfaces do to them */
};

/* clang-tidy forgets at each call of a backend that count is no more than BACKENDS_MAX.
 * NOLINTBEGIN(clang-analyzer-unix.Malloc,clang-analyzer-core.NullDereference) */

static int read_sets(struct reader *r, enum reading_depth depth, struct err *err)
{
	const struct reading reading = {.depth = depth};
	for (size_t b = 0; b < r->count; b++) {
		if (r->backends[b]->read(&reading, &r->sets[b], err) < 0)
			return -1;
		size_t count = r->sets[b]->forwards.count + 1;
		r->status[b] = calloc(count, sizeof(*r->status[b]));
		r->blocked[b] = calloc(count, sizeof(*r->blocked[b]));
		if (!r->status[b] || !r->blocked[b])
			return err_memory(err);
	}
	return 0;
}

/* What the rules of backend b's interface do to the forwards of backend o, into blocked. */
static int find_blocks(struct reader *r, size_t b, size_t o, struct err *err)
{
	struct ruleset *set = r->sets[o];
	if (!r->backends[b]->blocks || b == o || !set->forwards.count)
		return 0;
	int guests = r->backends[b]->blocks(r->sets[b], &set->forwards, r->blocked[o], err);
	if (guests < 0)
		return -1;
	set->marked |= (unsigned int)guests;
	return 0;
}

static int find_status(struct reader *r, size_t b, struct lines *foreign, struct err *err)
{
	if (r->backends[b]->status(r->sets[b], r->status[b], err) < 0)
		return -1;
	for (size_t i = 0; i < r->sets[b]->forwards.count; i++) {
		struct ruleset_status *status = &r->status[b][i];
		status->blocked = status->blocked || r->blocked[b][i].blocked;
		status->misplaced = status->misplaced || r->blocked[b][i].misplaced;
	}
	return r->backends[b]->foreign(r->sets[b], foreign, err);
}

static int find_all_status(struct reader *r, struct lines *foreign, struct err *err)
{
	for (size_t b = 0; b < r->count; b++)
		for (size_t o = 0; o < r->count; o++)
			if (find_blocks(r, b, o, err) < 0)
				return -1;
	for (size_t b = 0; b < r->count; b++)
		if (find_status(r, b, foreign, err) < 0)
			return -1;
	return 0;
}

/* All forwards, each once. The sets are left without theirs if only one of them has some. */
static int join_forwards(struct reader *r, struct forwards *out, struct err *err)
{
	size_t filled = 0;
	for (size_t b = 0; b < r->count; b++)
		filled += r->sets[b]->forwards.count > 0;
	for (size_t b = 0; b < r->count; b++) {
		struct forwards *set = &r->sets[b]->forwards;
		int result = filled < 2 ? forwards_take_all(out, set, err)
					: forwards_add_all(out, set, err);
		if (result < 0)
			return -1;
	}
	return filled < 2 ? 0 : forwards_sort(out, err);
}

/* What backend b says of its forwards, into those of all. */
static void add_status(const struct reader *r, size_t b, struct present *out)
{
	const struct forwards *set = &r->sets[b]->forwards;
	for (size_t i = 0; i < set->count; i++) {
		struct present_forward *of =
			&out->of[forwards_find(&out->forwards, &set->items[i])];
		/* the same forward twice is what a move leaves that was stopped half-way */
		of->status.incomplete = of->backends != 0 || r->status[b][i].incomplete;
		of->status.narrowed = of->backends == 0 && r->status[b][i].narrowed;
		of->status.blocked = of->status.blocked || r->status[b][i].blocked;
		of->status.misplaced = of->status.misplaced || r->status[b][i].misplaced;
		of->status.conns += r->status[b][i].conns;
		of->backends |= 1U << b;
	}
}

/* The same if the forwards are those of the one backend that has any. */
static void take_status(const struct reader *r, struct present *out)
{
	size_t b = 0;
	while (b + 1 < r->count && !r->sets[b]->used)
		b++;
	for (size_t i = 0; i < out->forwards.count; i++)
		out->of[i] =
			(struct present_forward){.status = r->status[b][i], .backends = 1U << b};
}

static int fill_present(struct reader *r, enum reading_depth depth, struct present *out,
			struct err *err)
{
	if (join_forwards(r, &out->forwards, err) < 0)
		return -1;
	if (depth == READING_FORWARDS)
		return 0;
	out->of = calloc(out->forwards.count + 1, sizeof(*out->of));
	if (!out->of)
		return err_memory(err);
	bool shared = false;
	for (size_t b = 0; b < r->count; b++)
		shared = shared || r->sets[b]->forwards.count > 0;
	for (size_t b = 0; shared && b < r->count; b++)
		add_status(r, b, out);
	if (!shared)
		take_status(r, out);
	const struct choice choice = {r->backends, r->sets, true};
	if (out->forwards.count)
		out->home = choice_make(&choice, NULL, err);
	return 0;
}

static int read_once(const struct backend *const *backends, enum reading_depth depth,
		     struct present *out, struct err *err)
{
	struct reader r = {.backends = backends};
	*out = (struct present){.backends = backends};
	while (r.count < BACKENDS_MAX && backends[r.count])
		r.count++;
	int result = read_sets(&r, depth, err);
	if (result == 0 && depth == READING_ALL)
		result = find_all_status(&r, &out->foreign, err);
	if (result == 0)
		result = fill_present(&r, depth, out, err);
	for (size_t b = 0; b < BACKENDS_MAX; b++) {
		out->sets[b] = r.sets[b];
		free(r.status[b]);
		free(r.blocked[b]);
	}
	if (result < 0)
		present_free(out);
	return result;
}

static bool has_leftovers(const struct present *p)
{
	for (size_t b = 0; b < BACKENDS_MAX && p->backends[b]; b++)
		if (p->sets[b]->leftovers)
			return true;
	return false;
}

static bool any_damage(const struct present *p)
{
	if (has_leftovers(p))
		return true;
	for (size_t i = 0; p->of && i < p->forwards.count; i++)
		if (p->of[i].status.incomplete)
			return true;
	return false;
}

/* NOLINTEND(clang-analyzer-unix.Malloc,clang-analyzer-core.NullDereference) */

static bool same_damage(const struct present *a, const struct present *b)
{
	const struct lines *x = &a->foreign, *y = &b->foreign;
	if (a->forwards.count != b->forwards.count || x->used != y->used ||
	    (x->used && memcmp(x->text, y->text, x->used) != 0))
		return false;
	for (size_t i = 0; i < a->forwards.count; i++)
		if (!forward_equal(&a->forwards.items[i], &b->forwards.items[i]) ||
		    a->of[i].status.incomplete != b->of[i].status.incomplete)
			return false;
	return true;
}

#define READINGS_MAX 5
#define PAUSE_NS 50000000 /* longer than a change is between two of its commits */

/* A forward may look incomplete, or a rule needless, because the tables were read before and after
 * a commit of somebody else. It is so if the next reading says the same; for a rule, the next two.
 */
int present_read(const struct backend *const *backends, enum reading_depth depth,
		 struct present *out, struct err *err)
{
	static const struct timespec pause = {.tv_nsec = PAUSE_NS};
	int same = 0;
	int result = read_once(backends, depth, out, err);
	for (int i = 1; result == 0 && any_damage(out) && i < READINGS_MAX; i++) {
		if (same >= (has_leftovers(out) ? 2 : 1))
			break;
		struct present again;
		nanosleep(&pause, NULL);
		result = read_once(backends, depth, &again, err);
		same = result == 0 && same_damage(out, &again) ? same + 1 : 0;
		present_free(out);
		*out = again;
	}
	return result;
}

int present_digest(const struct backend *const *backends, uint64_t *out, struct err *err)
{
	*out = 0;
	for (size_t b = 0; b < BACKENDS_MAX && backends[b]; b++) {
		uint64_t one;
		if (backends[b]->digest(&one, err) < 0)
			return -1;
		*out = hash_word(*out, one);
	}
	return 0;
}

bool present_stops(const struct present *present, size_t index,
		   const struct stop_question *question, struct rule_place *where)
{
	for (size_t b = 0; present->backends[b]; b++) {
		const struct backend *backend = present->backends[b];
		struct stop_question of = *question;
		of.own = !of.related && present->of[index].backends & 1U << b;
		if (backend->stops && backend->stops(present->sets[b], &of, where))
			return true;
	}
	return false;
}

bool present_where(const struct present *present, size_t index, struct rule_place *where)
{
	const struct stop_question question = {.f = &present->forwards.items[index]};
	return present_stops(present, index, &question, where);
}

int present_limits(const struct present *present, const struct forwards *as, struct limits *out,
		   struct err *err)
{
	bool *own = calloc(as->count + 1, sizeof(*own));
	struct limits *one = calloc(as->count + 1, sizeof(*one));
	int result = own && one ? 0 : err_memory(err);
	for (size_t b = 0; result == 0 && present->backends[b]; b++) {
		const struct backend *backend = present->backends[b];
		const struct limit_question question = {as, own};
		if (!backend->limits)
			continue;
		memset(one, 0, as->count * sizeof(*one));
		for (size_t i = 0; i < as->count; i++)
			own[i] = present->of[i].backends & 1U << b;
		result = backend->limits(present->sets[b], &question, one, err);
		for (size_t i = 0; result == 0 && i < as->count; i++)
			limits_add(&out[i], &one[i]);
	}
	free(own);
	free(one);
	return result;
}

enum present_state present_state(const struct forward *f, const struct present_forward *of,
				 int64_t now)
{
	return forward_expired(f, now)             ? PRESENT_EXPIRED
	       : of->status.incomplete             ? PRESENT_INCOMPLETE
	       : of->status.blocked || of->stopped ? PRESENT_BLOCKED
	       : of->shadowed                      ? PRESENT_SHADOWED
						   : PRESENT_ACTIVE;
}

const char *present_state_name(enum present_state state)
{
	static const char *const names[PRESENT_STATES] = {"active", "expired", "incomplete",
							  "blocked", "shadowed"};
	return names[state];
}

void present_backends(const struct present_forward *of, const struct backend *const *backends,
		      char out[PRESENT_BACKENDS_MAX])
{
	char *end = out;
	*out = '\0';
	for (size_t b = 0; b < BACKENDS_MAX && backends[b]; b++)
		if (of->backends & 1U << b)
			end = stpcpy(stpcpy(end, end > out ? "," : ""), backends[b]->name);
}

int present_others(const struct present *present, enum others_depth depth, struct other_rules *out,
		   struct err *err)
{
	for (size_t b = 0; present->backends[b]; b++)
		if (present->backends[b]->others(present->sets[b], depth, out, err) < 0)
			return -1;
	return 0;
}

void present_forget_sets(struct present *present)
{
	for (size_t b = 0; present->backends && present->backends[b]; b++) {
		present->backends[b]->free(present->sets[b]);
		present->sets[b] = NULL;
	}
}

void present_free(struct present *present)
{
	present_forget_sets(present);
	forwards_free(&present->forwards);
	free(present->of);
	lines_free(&present->foreign);
	*present = (struct present){0};
}
