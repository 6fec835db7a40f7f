/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changing the forwards of this host as a whole: lock, read, decide, plan, commit, and again where
 * somebody else was quicker. It knows backends and forwards, and no table, chain or rule; it prints
 * nothing.
 */
#ifndef PFWD_RULESET_CHANGE_H
#define PFWD_RULESET_CHANGE_H

#include "model/backend.h"

/* Others' rules that go once the forwards are made; a zeroed one is empty. */
struct change_others {
	/* Set before decide is called: all rules, what backends read, and where forwards go. */
	struct other_rules rules;
	struct ruleset *const *sets; /* as in struct change_result */
	const struct backend *home;
	bool *gone; /* for each value: decide sets it if the rule is to go */
};
void change_others_free(struct change_others *others);

struct change {
	const struct backend *const *backends; /* all of them, by rank; ends with NULL */
	const struct backend *only; /* only its forwards count; NULL: those of all backends do */
	/* Where forwards are made that are not there yet. NULL: choice_make decides. */
	const struct backend *home;
	bool move; /* all wanted forwards go home, wherever they are now */
	/* Only these forwards matter for decide; NULL: all do. As in struct reading. */
	const struct forwards *around;
	/*
	 * Set *wanted to a sorted set, which the caller keeps, from the forwards there are. Called
	 * again when these changed meanwhile.
	 */
	int (*decide)(void *context, const struct forwards *present, const struct forwards **wanted,
		      struct err *err);
	void *context;
	struct change_others *others; /* NULL: others' rules are neither read nor deleted */
	/* Filled with what others translated before the change; NULL: that does not matter. */
	struct other_rules *translations;
	bool dry_run; /* fill result->plan instead of changing anything */
	bool tidied;  /* fill result->tidied */
	unsigned int wait_seconds;
	const struct waiting *waiting; /* NULL: nobody is told */
};

struct change_result { /* a zeroed one is empty */
	const struct backend *const *backends;
	struct ruleset *sets[BACKENDS_MAX]; /* as they were before, one a backend, or NULL */
	struct forwards both;               /* of the sets, where more than one has some */
	const struct forwards *before;      /* the forwards of all sets that count; sorted */
	const struct forwards *after;       /* as decide said */
	const struct backend *home;
	size_t size;                /* the number of changes */
	struct hindrance hindrance; /* at home */
	struct lines plan;          /* of a dry run */
	struct lines kept;          /* what stays because somebody else uses it */
	struct lines notes;         /* warnings about the work itself */
	struct lines tidied;        /* what was removed although it was of no forward */
};

/* 0, or -1 and the kernel as it was. In both cases result is to be freed. */
int change_run(const struct change *change, struct change_result *result, struct err *err);
void change_result_free(struct change_result *result);

#endif
