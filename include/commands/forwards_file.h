/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A forwards file as apply, diff and save take it: found, read, and its lines made forwards of this
 * host. It never writes.
 */
#ifndef PFWD_COMMANDS_FORWARDS_FILE_H
#define PFWD_COMMANDS_FORWARDS_FILE_H

#include <stdio.h>

#include "syntax/args.h"
#include "syntax/file.h"

#define FORWARDS_FILE_DEFAULT "/etc/pfwd/forwards.conf"

struct forwards_file {    /* set path and quiet, the rest zero */
	const char *path; /* NULL: the default; "-": standard input */
	bool quiet;       /* bad lines are reported, but no warnings */
	char *text;
	size_t length;
	struct file file;
};

/* Take in an operand: the one file. */
int forwards_file_take(struct forwards_file *source, const struct arg *arg, struct err *err);
const char *forwards_file_name(const struct forwards_file *source);
/* Read, parse and check it all; bad lines and warnings go to standard error as they are found. */
int forwards_file_load(struct forwards_file *source, int64_t now, struct err *err);
/* Free all but the forwards. */
void forwards_file_forget_text(struct forwards_file *source);
void forwards_file_free(struct forwards_file *source);

/* One line of the file's own form. */
void forwards_file_print(FILE *out, const struct forward *f);

#endif
