/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The order of the backends is their rank. */
#include "ruleset/choice.h"

/* Each backend has its own reason. */
static void add_reason(struct err *all, const struct err *why)
{
	struct err before = *all;
	err_set(all, why->kind, "%.500s%s%.500s", before.text, *before.text ? "; " : "", why->text);
}

const struct backend *choice_make(const struct backend *const *backends,
				  struct ruleset *const *sets, struct err *reason, struct err *err)
{
	struct err all = {0};
	for (size_t b = 0; backends[b]; b++)
		if (sets[b] && sets[b]->used) {
			if (reason)
				err_set(reason, ERR_NONE, "the forwards are there");
			return backends[b];
		}
	for (size_t b = 0; backends[b]; b++) {
		struct err why = {0};
		if (backends[b]->usable(&why)) {
			if (reason)
				err_set(reason, ERR_NONE, "%s",
					b ? all.text : "this kernel has it");
			return backends[b];
		}
		add_reason(&all, &why);
	}
	*err = all;
	return NULL;
}

const struct backend *choice_now(const struct backend *const *backends, struct err *reason,
				 struct err *err)
{
	static const struct reading reading = {.depth = READING_FORWARDS};
	struct ruleset *sets[BACKENDS_MAX] = {NULL};
	const struct backend *chosen = NULL;
	int result = 0;
	for (size_t b = 0; result == 0 && backends[b]; b++)
		result = backends[b]->read(&reading, &sets[b], err);
	if (result == 0)
		chosen = choice_make(backends, sets, reason, err);
	for (size_t b = 0; backends[b]; b++)
		backends[b]->free(sets[b]);
	return chosen;
}
