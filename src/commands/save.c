/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pfwd save: the live forwards into a file, which keeps its comments and its order. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "commands/forwards_file.h"
#include "host/replace_file.h"
#include "ruleset/present.h"

/* Where the line's comment begins, at a word of its own; length where it has none. */
static size_t comment_at(const char *line, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (line[i] == '#' && (i == 0 || strchr(" \t\r", line[i - 1])))
			return i;
	return length;
}

/* Those of the line's forwards that live, the first with the line's comment. */
static void keep_part(FILE *out, const struct forward *items, size_t count,
		      const struct forwards *live, const char *line, size_t length)
{
	char text[SPEC_LINE_MAX];
	size_t at = comment_at(line, length);
	for (size_t i = 0; i < count; i++) {
		if (forwards_find(live, &items[i]) == live->count)
			continue;
		spec_format_line(&items[i], text);
		fprintf(out, "%s%s%.*s\n", text, at < length ? " " : "", (int)(length - at),
			line + at);
		at = length;
	}
}

/* What is kept of the file's line: all of it where all its forwards live or it has none, else a
 * part. first: the line's first forward in the file; returns the next line's. */
static size_t keep_line(FILE *out, const struct forwards_file *old, size_t first, size_t number,
			const char *line, size_t length, const struct forwards *live, bool *known)
{
	const struct file *file = &old->file;
	size_t next = first, alive = 0;
	for (; next < file->count && file->numbers[next] == number; next++) {
		size_t at = forwards_find(live, &file->forwards.items[next]);
		if (at < live->count) {
			known[at] = true;
			alive++;
		}
	}
	if (alive == next - first) {
		fwrite(line, 1, length, out);
		putc('\n', out);
		return next;
	}
	keep_part(out, &file->forwards.items[first], next - first, live, line, length);
	return next;
}

/* The file as it shall be. */
static int write_file(FILE *out, const struct forwards_file *old, const struct forwards *live,
		      struct err *err)
{
	bool *known = calloc(live->count + 1, sizeof(*known));
	size_t next = 0, number = 1;
	const char *line = old->text, *end = old->text + old->length;
	if (!known)
		return err_memory(err);
	for (; line < end; number++) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		size_t length = newline ? (size_t)(newline - line) : (size_t)(end - line);
		next = keep_line(out, old, next, number, line, length, live, known);
		line += length + 1;
	}
	for (size_t i = 0; i < live->count; i++)
		if (!known[i])
			forwards_file_print(out, &live->items[i]);
	free(known);
	return 0;
}

/* Composed in memory, so that no failure leaves half of it. */
static int replace(const char *path, const struct forwards_file *old, const struct forwards *live,
		   struct err *err)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	if (!out)
		return err_memory(err);
	int result = write_file(out, old, live, err);
	bool failed = ferror(out);
	if (fclose(out) != 0)
		failed = true;
	if (result == 0 && failed)
		result = err_memory(err);
	if (result == 0)
		result = replace_file(path, text, length, err);
	free(text);
	return result;
}

/* A file by that name is replaced; a device or a pipe must not be. 1: there is one, 0: none. */
static int check_old(const char *path, struct err *err)
{
	struct stat old;
	if (stat(path, &old) < 0 && errno == ENOENT && lstat(path, &old) == 0)
		return err_set(err, ERR_INPUT,
			       "'%s' is a symbolic link to a file that is not there; make that "
			       "file, or give it as FILE",
			       quote(path).text);
	if (stat(path, &old) < 0)
		return 0; /* reading or replacing it tells why */
	if (S_ISREG(old.st_mode))
		return 1;
	return err_set(err, ERR_INPUT,
		       "'%s' is not a regular file; give one as FILE, or - for standard output",
		       quote(path).text);
}

static int save(struct forwards_file *source, const struct globals *globals, struct err *err)
{
	struct present live = {0};
	bool standard = source->path && strcmp(source->path, "-") == 0;
	const char *path = forwards_file_name(source);
	if (globals_permitted(globals, err) < 0)
		return -1;
	int result = standard ? 0 : check_old(path, err);
	if (result > 0)
		result = forwards_file_load(source, &globals->host, err);
	if (result == 0)
		result = present_read(globals_backends(globals), READING_FORWARDS, &live, err);
	if (result == 0)
		result = standard ? write_file(stdout, source, &live.forwards, err)
				  : replace(path, source, &live.forwards, err);
	if (result == 0 && globals->verbose)
		command_say("saved %zu forward%s", live.forwards.count,
			    live.forwards.count == 1 ? "" : "s");
	present_free(&live);
	return result;
}

static int run(const struct command_line *line, struct err *err)
{
	struct forwards_file source = {.use = FORWARDS_FILE_SAVE};
	const struct command_reader reader = {.operand = forwards_file_operand, .context = &source};
	int result = command_read(line, &reader, err);
	if (result == COMMAND_GO)
		result = save(&source, line->globals, err);
	forwards_file_free(&source);
	return result;
}

const struct command command_save = {
	.name = "save",
	.operands = "[FILE]",
	.summary = "write the forwards there are to a file",
	.details = "Comments and order of an existing file are kept. Without FILE it "
		   "is\n" FORWARDS_FILE_DEFAULT ", and - is standard output.\n",
	.run = run,
};
