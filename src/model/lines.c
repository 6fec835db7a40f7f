/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines in one block of memory that doubles as it grows. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/lines.h"

#define FIRST_ROOM 256

static int grow(struct lines *lines, size_t needed, struct err *err)
{
	size_t room = needed > lines->room * 2 ? needed : lines->room * 2;
	char *text = realloc(lines->text, room);
	if (!text)
		return err_memory(err);
	lines->text = text;
	lines->room = room;
	return 0;
}

int lines_add(struct lines *lines, struct err *err, const char *format, ...)
{
	if (lines->room == 0 && grow(lines, FIRST_ROOM, err) < 0)
		return -1;
	for (;;) {
		va_list args;
		size_t left = lines->room - lines->used;
		va_start(args, format);
		int length = vsnprintf(lines->text + lines->used, left, format, args);
		va_end(args);
		if (length < 0)
			return err_memory(err);
		if ((size_t)length < left) {
			lines->used += (size_t)length;
			lines->text[lines->used++] = '\n'; /* in place of the NUL */
			lines->count++;
			return 0;
		}
		if (grow(lines, lines->used + (size_t)length + 1, err) < 0)
			return -1;
	}
}

void lines_free(struct lines *lines)
{
	free(lines->text);
	*lines = (struct lines){0};
}
