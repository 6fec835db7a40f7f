/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A forwards file: its lines to forwards. It opens nothing; whoever reads the file hands in the
 * text.
 */
#ifndef PFWD_MODEL_FILE_H
#define PFWD_MODEL_FILE_H

#include "model/request.h"

struct file_line {
	struct forward forward;
	size_t number; /* from 1 */
};

struct file {                    /* a zeroed one is empty */
	struct file_line *lines; /* one a forward: a line may mean several */
	size_t count, room;
};

/*
 * All lines of text (length bytes). Each bad line, and each line in conflict
 * with an earlier one, is handed to bad with its number and the reason. 0, or -1: some were bad
 * (err says how many), or out of memory.
 */
int file_parse(const char *text, size_t length, spec_services *services,
	       void (*bad)(void *context, size_t line, const char *reason), void *context,
	       struct file *out, struct err *err);
void file_free(struct file *file);

#endif
