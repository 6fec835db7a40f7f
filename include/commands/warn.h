/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Warnings about forwards that are made, but may not work on this host. It refuses nothing and
 * changes nothing.
 */
#ifndef PFWD_COMMANDS_WARN_H
#define PFWD_COMMANDS_WARN_H

#include "model/backend.h"

struct warn_about {
	const struct forwards *set;            /* that were just made */
	const struct forwards *all;            /* that are there now, set among them; sorted */
	const struct backend *home;            /* in which they were made */
	const struct backend *const *backends; /* all of them; ends with NULL */
	struct hindrance hindrance;            /* as of struct change_result */
	const struct other_rules *others;      /* what others translated before; NULL: not asked */
};

/* Print what keeps the forwards of set from working here, and what harm they may do. */
void warn_of_forwards(const struct warn_about *about);

#endif
