/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines in one block of memory that doubles as it grows. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/lines.h"

int lines_add(struct lines *lines, struct err *err, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (length < 0)
		return err_memory(err);
	size_t needed = lines->used + (size_t)length + 2; /* the '\n', and vsnprintf's NUL */
	if (needed > lines->room) {
		size_t room = needed > lines->room * 2 ? needed : lines->room * 2;
		char *text = realloc(lines->text, room);
		if (!text)
			return err_memory(err);
		lines->text = text;
		lines->room = room;
	}
	va_start(args, format);
	length = vsnprintf(lines->text + lines->used, lines->room - lines->used, format, args);
	va_end(args);
	lines->used += (size_t)length;
	lines->text[lines->used++] = '\n';
	lines->count++;
	return 0;
}

void lines_free(struct lines *lines)
{
	free(lines->text);
	*lines = (struct lines){0};
}
