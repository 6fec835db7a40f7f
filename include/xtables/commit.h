/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Carrying out the plans of all tables, all or nothing: the order of the commits, undoing them, and
 * keeping counters. It decides nothing about forwards, and takes no lock.
 */
#ifndef PFWD_XTABLES_COMMIT_H
#define PFWD_XTABLES_COMMIT_H

#include "xtables/snapshot.h"

struct step {       /* one commit */
	int family; /* its index in snapshot_families */
	enum table table;
};

#define STEPS_MAX (FAMILIES * TABLES)

struct work { /* a zeroed one is empty */
	struct ruleset_plan base;
	struct snapshot *before;
	const struct forwards *wanted;
	struct layout layouts[FAMILIES];
	struct plan plans[FAMILIES][TABLES];
	struct step steps[STEPS_MAX]; /* those with changes, in their order */
	size_t step_count;
};

/* Plan the changes after which the tables hold just these forwards. before and wanted are not
 * owned, and must outlive *out. 0, or -1 (out of memory) and *out is empty. */
int work_plan(struct snapshot *before, const struct forwards *wanted, struct work *out,
	      struct err *err);
void work_free(struct work *work);

/* As the function commit of struct backend. */
int work_commit(struct work *work, struct lines *notes, struct err *err);

#endif
