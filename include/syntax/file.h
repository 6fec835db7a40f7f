/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A forwards file: its lines to forwards. It opens nothing; whoever reads the file hands in the
 * text.
 */
#ifndef PFWD_SYNTAX_FILE_H
#define PFWD_SYNTAX_FILE_H

#include "model/text.h"
#include "syntax/request.h"

struct file {                     /* a zeroed one is empty */
	struct forwards forwards; /* in the order of the lines, of which one may mean several */
	size_t *numbers;          /* each one's line, from 1 */
	size_t count;             /* of numbers: as many as forwards, until these are sorted */
	size_t *outside;          /* the lines with --from @FILE, in order */
	size_t outside_count;
};

struct file_reader {
	const struct spec_host *host;
	void (*say)(void *context, size_t line, const char *reason); /* told of each bad line */
	void *context;
};

/* Append the forwards of all lines; a bad line is told of instead. 0, or -1: out of memory. */
int file_parse(struct text text, const struct file_reader *reader, struct file *out,
	       struct err *err);
/* Tell of each line in conflict with an earlier one, once. 0, or -1: out of memory. */
int file_check(const struct file *file, const struct file_reader *reader, struct err *err);
void file_free(struct file *file);

#endif
