/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files may be pipes, so their size is not known before. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/read_file.h"

int read_stream(FILE *in, const char *what, char **text, size_t *length, struct err *err)
{
	size_t room = 0;
	for (;;) {
		if (*length == room) {
			room = room ? room * 2 : 65536;
			char *more = realloc(*text, room);
			if (!more)
				return err_memory(err);
			*text = more;
		}
		size_t n = fread(*text + *length, 1, room - *length, in);
		*length += n;
		if (n == 0)
			break;
	}
	if (ferror(in))
		return err_sys(err, errno, "cannot read %s", quote(what).text);
	return 0;
}

static int read_path(const char *path, char **text, size_t *length, struct err *err)
{
	FILE *in = fopen(path, "re");
	if (!in)
		return err_set(err, errno == ENOENT ? ERR_INPUT : ERR_FAILED, "cannot open %s: %s",
			       quote(path).text, strerror(errno));
	int result = read_stream(in, path, text, length, err);
	fclose(in);
	return result;
}

char *read_file(const char *folder, const char *name, size_t *length, struct err *err)
{
	char *path = NULL, *text = NULL;
	bool relative = folder && *name != '/';
	if (asprintf(&path, "%s%s%s", relative ? folder : "", relative ? "/" : "", name) < 0) {
		err_fill(err, ERR_FAILED, "out of memory");
		return NULL;
	}
	*length = 0;
	int result = read_path(path, &text, length, err);
	free(path);
	if (result == 0)
		return text;
	free(text);
	return NULL;
}
