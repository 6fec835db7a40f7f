/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which backend makes the forwards where the user has not said. It changes nothing.
 */
#ifndef PFWD_RULESET_CHOICE_H
#define PFWD_RULESET_CHOICE_H

#include "model/backend.h"

struct choice {
	const struct backend *const *backends; /* ends with NULL */
	struct ruleset *const *sets;           /* one a backend, as read; NULL: not read */
	/* Whether a backend is left in which the forwards do not work any more. */
	bool anew;
};

/*
 * The backend in which forwards are already; else the first one that the kernel has, and in which
 * others' rules do not stop them. The text of reason (or NULL) is the words for `pfwd version -v`.
 * NULL: the kernel has none of them (ERR_UNSUPPORTED).
 */
const struct backend *choice_make(const struct choice *choice, struct err *reason, struct err *err);

/* The same for the forwards that are in the kernel now. NULL also if these cannot be read. */
const struct backend *choice_now(const struct backend *const *backends, struct err *reason,
				 struct err *err);

#endif
