/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files may be pipes, so their size is not known before. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/read_file.h"

/* Read all into memory that grows; the caller frees *text in any case. */
static int read_all(FILE *in, char **text, size_t *length)
{
	size_t room = 0;
	*length = 0;
	for (;;) {
		if (*length == room) {
			room = room ? room * 2 : 65536;
			char *more = realloc(*text, room);
			if (!more)
				return -1;
			*text = more;
		}
		size_t n = fread(*text + *length, 1, room - *length, in);
		*length += n;
		if (n == 0)
			return 0;
	}
}

char *read_stream(FILE *in, const char *what, size_t *length, struct err *err)
{
	char *text = NULL;
	if (read_all(in, &text, length) < 0)
		err_fill(err, ERR_FAILED, "out of memory");
	else if (ferror(in))
		err_fill_sys(err, errno, "cannot read %s", quote(what).text);
	else
		return text;
	free(text);
	return NULL;
}

char *read_file(const char *folder, const char *name, size_t *length, struct err *err)
{
	char *path = NULL, *text = NULL;
	bool relative = folder && *name != '/';
	if (asprintf(&path, "%s%s%s", relative ? folder : "", relative ? "/" : "", name) < 0) {
		err_fill(err, ERR_FAILED, "out of memory");
		return NULL;
	}
	FILE *in = fopen(path, "re");
	if (in) {
		text = read_stream(in, path, length, err);
		fclose(in);
	} else {
		err_fill(err, errno == ENOENT ? ERR_INPUT : ERR_FAILED, "cannot open %s: %s",
			 quote(path).text, strerror(errno));
	}
	free(path);
	return text;
}
