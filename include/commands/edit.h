/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A change of forwards as its commands see it: made, or shown in a dry run; connections follow it,
 * and the user is told of it.
 */
#ifndef PFWD_COMMANDS_EDIT_H
#define PFWD_COMMANDS_EDIT_H

#include "commands/command.h"
#include "ruleset/change.h"

struct edit {
	/* Set move, around, decide and context, and home with makes; the rest is filled in. */
	struct change change;
	bool makes;    /* it makes forwards, so that it looks at all backends */
	bool dry_run;  /* of change_options */
	bool kill;     /* end the connections of removed forwards */
	bool say_kept; /* what stays for others' sake; with -v it is always said */
	bool brief;    /* -v tells in one line: there may be thousands of forwards */
	size_t kept;   /* how many things stay; filled in */
};

/* 0, or -1 and err; then nothing is changed, except if kill is set and only some connections could
 * not be ended: err says so. */
int edit_run(struct edit *edit, const struct globals *globals, struct err *err);

#endif
