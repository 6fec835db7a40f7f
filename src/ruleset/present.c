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

int present_read(const struct backend *const *backends, enum reading_depth depth,
		 struct present *out, struct err *err)
{
	const struct reading reading = {.depth = depth};
	struct ruleset *sets[BACKENDS_MAX] = {NULL};
	struct present p = {0};
	int result = 0;
	for (size_t b = 0; result == 0 && backends[b]; b++) {
		result = backends[b]->read(&reading, &sets[b], err);
		if (result == 0 && depth == READING_FORWARDS)
			result = forwards_take_all(&p.forwards, &sets[b]->forwards, err);
		else if (result == 0)
			result = forwards_add_all(&p.forwards, &sets[b]->forwards, err);
	}
	if (result == 0)
		result = forwards_sort(&p.forwards, err);
	if (result == 0 && depth == READING_ALL) {
		p.of = calloc(p.forwards.count + 1, sizeof(*p.of));
		result = p.of ? 0 : err_memory(err);
		for (size_t b = 0; result == 0 && backends[b]; b++)
			result = add_status(backends[b], 1U << b, sets[b], &p, err);
		if (result == 0 && p.forwards.count)
			p.home = choice_make(backends, sets, NULL, err);
	}
	for (size_t b = 0; backends[b]; b++)
		backends[b]->free(sets[b]);
	if (result < 0)
		present_free(&p);
	*out = p;
	return result;
}

void present_free(struct present *present)
{
	forwards_free(&present->forwards);
	free(present->of);
	lines_free(&present->foreign);
	*present = (struct present){0};
}
