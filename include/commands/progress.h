/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What long work is at, on a terminal: one line of standard error that is written over, and gone at
 * the end. Elsewhere, and for short work, it shows nothing.
 */
#ifndef PFWD_COMMANDS_PROGRESS_H
#define PFWD_COMMANDS_PROGRESS_H

#include <stdbool.h>

struct progress { /* a zeroed one has shown nothing */
	bool shown;
};

/* The stage that begins: shown where the command has run for a while, or the stage is a long_one.
 */
void progress_stage(struct progress *progress, const char *what, bool long_one);
/* Before anything else goes to standard error. */
void progress_end(struct progress *progress);

#endif
