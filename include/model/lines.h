/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines of text that are collected now and printed later, when no lock is held. It prints nothing
 * itself.
 */
#ifndef PFWD_MODEL_LINES_H
#define PFWD_MODEL_LINES_H

#include <stddef.h>

#include "model/err.h"

struct lines {       /* a zeroed one is empty */
	char *text;  /* each line with its '\n' */
	size_t used; /* bytes of text */
	size_t room;
	size_t count; /* of lines */
};

/* Append one line; the '\n' is added here. 0, or -1 (out of memory) and the lines as they were. */
int lines_add(struct lines *lines, struct err *err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void lines_free(struct lines *lines);

#endif
