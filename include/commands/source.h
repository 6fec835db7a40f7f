/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A forwards file as apply, diff and save take it: found, read, and its lines made forwards of this
 * host. It never writes.
 */
#ifndef PFWD_COMMANDS_SOURCE_H
#define PFWD_COMMANDS_SOURCE_H

#include <stdio.h>

#include "model/args.h"
#include "model/file.h"

#define SOURCE_DEFAULT "/etc/pfwd/forwards.conf"

struct source {           /* set path and quiet, the rest zero */
	const char *path; /* NULL: the default; "-": standard input */
	bool quiet;       /* bad lines are reported, but no warnings */
	char *text;
	size_t length;
	struct file file;
};

/* Take in an operand: the one file. */
int source_take(struct source *source, const struct arg *arg, struct err *err);
const char *source_name(const struct source *source);
/* Read, parse and check it all; bad lines and warnings go to standard error as they are found. */
int source_load(struct source *source, int64_t now, struct err *err);
/* Free all but the forwards. */
void source_forget_text(struct source *source);
void source_free(struct source *source);

/* One line of the file's own form. */
void source_print(FILE *out, const struct forward *f);

#endif
