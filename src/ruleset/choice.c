/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The order of the backends is their rank. */
#include "ruleset/choice.h"

const struct backend *choice_make(const struct backend *const *backends,
				  struct ruleset *const *sets, struct err *reason, struct err *err)
{
	struct err why = {0};
	for (size_t b = 0; backends[b]; b++)
		if (sets[b] && sets[b]->forwards.count) {
			if (reason)
				err_set(reason, ERR_NONE, "the forwards are there");
			return backends[b];
		}
	for (size_t b = 0; backends[b]; b++)
		if (backends[b]->usable(&why)) {
			if (reason)
				err_set(reason, ERR_NONE, "%s",
					b ? why.text : "this kernel has it");
			return backends[b];
		}
	*err = why;
	return NULL;
}
