/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What commands that change forwards share: make the change or show it, then end connections that
 * it concerns, and tell the user. It does not decide which forwards there shall be.
 */
#ifndef PFWD_COMMANDS_EDIT_H
#define PFWD_COMMANDS_EDIT_H

#include "commands/command.h"
#include "ruleset/change.h"

struct edit {
	/* Set move, around, decide and context, and home with makes; the rest is filled in. */
	struct change change;
	bool makes;                 /* it makes forwards, so that it looks at all backends */
	bool dry_run;               /* of change_options */
	bool kill;                  /* end the connections of removed forwards */
	bool say_kept;              /* name what stays because others use it; -v always does */
	bool brief;                 /* -v prints one line for all forwards */
	bool quiet;                 /* a dry run prints nothing */
	size_t kept;                /* how many things stay; filled in */
	struct hindrance hindrance; /* as of struct change_result; filled in */
};

/* 0, or -1 and err; then nothing is changed, except if kill is set and only some connections could
 * not be ended: err says so. */
int edit_run(struct edit *edit, const struct globals *globals, struct err *err);

#endif
