/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading one backend after the other, and putting together what they hold. */
#include <stdlib.h>

#include "ruleset/choice.h"
#include "ruleset/present.h"

/* What one backend says of its forwards, into those of all. */
static int add_status(const struct backend *backend, unsigned int bit, const struct ruleset *set,
		      struct present *out, struct err *err)
{
	struct ruleset_status *status = calloc(set->forwards.count + 1, sizeof(*status));
	if (!status)
		return err_memory(err);
	int result = backend->status(set, status, err);
	for (size_t i = 0; result == 0 && i < set->forwards.count; i++) {
		size_t at = forwards_find(&out->forwards, &set->forwards.items[i]);
		struct present_forward *of = &out->of[at];
		/* the same forward twice is what a move leaves that was stopped half-way */
		of->status.incomplete = of->backends != 0 || status[i].incomplete;
		of->status.conns += status[i].conns;
		of->backends |= bit;
	}
	free(status);
	return result == 0 ? backend->foreign(set, &out->foreign, err) : result;
}

/* The forwards of all sets, sorted; those of a set are moved if nothing else is read of it. */
static int add_forwards(const struct backend *const *backends, const struct reading *reading,
			struct ruleset *sets[BACKENDS_MAX], struct forwards *out, struct err *err)
{
	for (size_t b = 0; backends[b]; b++) {
		if (backends[b]->read(reading, &sets[b], err) < 0)
			return -1;
		int result = reading->depth == READING_FORWARDS
				     ? forwards_take_all(out, &sets[b]->forwards, err)
				     : forwards_add_all(out, &sets[b]->forwards, err);
		if (result < 0)
			return -1;
	}
	return forwards_sort(out, err);
}

static int add_all_status(const struct backend *const *backends, struct ruleset *const *sets,
			  struct present *out, struct err *err)
{
	out->of = calloc(out->forwards.count + 1, sizeof(*out->of));
	if (!out->of)
		return err_memory(err);
	for (size_t b = 0; backends[b]; b++)
		if (add_status(backends[b], 1U << b, sets[b], out, err) < 0)
			return -1;
	if (out->forwards.count)
		out->home = choice_make(backends, sets, NULL, err);
	return 0;
}

int present_read(const struct backend *const *backends, enum reading_depth depth,
		 struct present *out, struct err *err)
{
	const struct reading reading = {.depth = depth};
	struct ruleset *sets[BACKENDS_MAX] = {NULL};
	*out = (struct present){0};
	int result = add_forwards(backends, &reading, sets, &out->forwards, err);
	if (result == 0 && depth == READING_ALL)
		result = add_all_status(backends, sets, out, err);
	for (size_t b = 0; backends[b]; b++)
		backends[b]->free(sets[b]);
	if (result < 0)
		present_free(out);
	return result;
}

void present_free(struct present *present)
{
	forwards_free(&present->forwards);
	free(present->of);
	lines_free(&present->foreign);
	*present = (struct present){0};
}
