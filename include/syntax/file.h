/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A forwards file: its lines to forwards. It opens nothing; whoever reads the file hands in the
 * text.
 */
#ifndef PFWD_SYNTAX_FILE_H
#define PFWD_SYNTAX_FILE_H

#include "syntax/request.h"

struct file {                     /* a zeroed one is empty */
	struct forwards forwards; /* in the order of the lines, of which one may mean several */
	size_t *numbers;          /* each one's line, from 1 */
	size_t count;             /* of numbers: as many as forwards, until these are sorted */
	size_t *outside;          /* the lines with --from @FILE, in order */
	size_t outside_count;
};

struct file_bad { /* whoever is told of bad lines; set say and context */
	void (*say)(void *context, size_t line, const char *reason);
	void *context;
	size_t count; /* how many there were */
};

/*
 * Append the forwards of all lines of text (length bytes); each bad line is told instead. 0, or -1:
 * out of memory.
 */
int file_parse(const char *text, size_t length, const struct spec_host *host, struct file_bad *bad,
	       struct file *out, struct err *err);
/* Tell of each line in conflict with an earlier one, once. 0, or -1: out of memory. */
int file_check(const struct file *file, struct file_bad *bad, struct err *err);
void file_free(struct file *file);

#endif
