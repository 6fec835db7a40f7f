/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The order of the backends is their rank; if others' rules stop the forwards of each, the last one
 * is taken. */
#include "ruleset/choice.h"

/* Each backend has its own reason. */
static void add_reason(struct err *all, const struct err *why)
{
	struct err before = *all;
	err_set(all, why->kind, "%.500s%s%.500s", before.text, *before.text ? "; " : "", why->text);
}

/* Whether others' rules stop the forwards of that backend, in the interface of another one. */
static bool is_stopped(const struct choice *choice, const struct backend *backend,
		       struct err *where)
{
	for (size_t b = 0; choice->backends[b]; b++) {
		const struct backend *other = choice->backends[b];
		if (other != backend && other->stops_others && other->present() &&
		    other->stops_others(where))
			return true;
	}
	return false;
}

static const struct backend *find_used(const struct choice *choice)
{
	for (size_t b = 0; choice->backends[b]; b++)
		if (choice->sets[b] && choice->sets[b]->used)
			return choice->backends[b];
	return NULL;
}

const struct backend *choice_make(const struct choice *choice, struct err *reason, struct err *err)
{
	const struct backend *used = find_used(choice), *stopped = NULL;
	struct err all = {0}, why = {0};
	if (used && !(choice->anew && is_stopped(choice, used, &why))) {
		if (reason)
			err_set(reason, ERR_NONE, "the forwards are there");
		return used;
	}
	for (size_t b = 0; choice->backends[b]; b++) {
		const struct backend *backend = choice->backends[b];
		why = (struct err){0};
		bool usable = backend->usable(&why);
		if (usable && !is_stopped(choice, backend, &why)) {
			if (reason)
				err_set(reason, ERR_NONE, "%s",
					*all.text ? all.text : "this kernel has it");
			return backend;
		}
		if (usable)
			stopped = backend;
		add_reason(&all, &why);
	}
	if (!stopped)
		*err = all;
	else if (reason)
		*reason = all;
	return stopped;
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
	if (result == 0) {
		const struct choice choice = {.backends = backends, .sets = sets};
		chosen = choice_make(&choice, reason, err);
	}
	for (size_t b = 0; backends[b]; b++)
		backends[b]->free(sets[b]);
	return chosen;
}
