/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file of networks: blank lines, comments, CRLF and a byte order mark are taken as in a forwards
 * file. */
#include <stdlib.h>
#include <string.h>

#include "model/text.h"
#include "syntax/from.h"

/* Cut the line at its comment, and the blanks around the rest. */
static char *strip(char *line)
{
	static const char blanks[] = " \t\r";
	line[strcspn(line, "#")] = '\0';
	line += strspn(line, blanks);
	size_t n = strlen(line);
	while (n > 0 && strchr(blanks, line[n - 1]))
		n--;
	line[n] = '\0';
	return line;
}

/* Make of text, the lines of the file, the list, in place: it is not longer. */
static int join_lines(char *text, const char *name, struct err *err)
{
	char *out = text, *rest = text, *line;
	for (size_t number = 1; (line = strsep(&rest, "\n")); number++) {
		char *word = strip(line);
		struct network net;
		enum family family;
		if (!*word)
			continue;
		if (network_parse(word, &net, &family) < 0)
			return err_set(err, ERR_INPUT,
				       "--from @%s:%zu: '%s' is not a network; write one a line, "
				       "as 10.0.0.0/8 or 2001:db8::/32",
				       quote(name).text, number, quote(word).text);
		if (out > text)
			*out++ = ',';
		size_t n = strlen(word);
		memmove(out, word, n);
		out += n;
	}
	if (out == text)
		return err_set(err, ERR_INPUT, "--from @%s: no network is in the file",
			       quote(name).text);
	*out = '\0';
	return 0;
}

static char *read_networks(const char *name, const struct spec_host *host, struct err *err)
{
	struct err why;
	size_t length;
	char *read = host->read_file ? host->read_file(host->folder, name, &length, &why) : NULL;
	if (!read) {
		err_fill(err, host->read_file ? why.kind : ERR_INPUT, "--from @%.200s: %.700s",
			 quote(name).text, host->read_file ? why.text : "no file is read here");
		return NULL;
	}
	const struct text whole = text_without_mark((struct text){read, length});
	char *text = strndup(whole.bytes, whole.length);
	bool nul = memchr(read, '\0', length); /* it would hide the rest */
	free(read);
	if (!text)
		err_fill(err, ERR_FAILED, "out of memory");
	else if (nul)
		err_fill(err, ERR_INPUT, "--from @%s: the file contains a NUL byte",
			 quote(name).text);
	else if (join_lines(text, name, err) == 0)
		return text;
	free(text);
	return NULL;
}

char *from_networks(const char *text, const struct spec_host *host, struct err *err)
{
	if (from_is_file(text))
		return read_networks(text + 1, host, err);
	char *copy = strdup(text);
	if (!copy)
		err_fill(err, ERR_FAILED, "out of memory");
	return copy;
}
