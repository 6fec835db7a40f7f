/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines, words and conflicts between lines. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/array.h"
#include "model/conflict.h"
#include "syntax/file.h"
#include "syntax/from.h"

#define LINE_WORDS_MAX 64

struct reading {
	const struct file_reader *reader;
	struct file *out;
	size_t number; /* of the line */
};

void file_free(struct file *file)
{
	forwards_free(&file->forwards);
	free(file->numbers);
	free(file->outside);
	*file = (struct file){0};
}

/* Note the line of the forwards that were just added. */
static int number_forwards(struct file *file, size_t number, struct err *err)
{
	while (file->count < file->forwards.count) {
		void *numbers = file->numbers;
		size_t *added = array_append(&numbers, &file->count, sizeof(*added));
		file->numbers = numbers;
		if (!added)
			return err_memory(err);
		*added = number;
	}
	return 0;
}

/* Words up to a comment; -1: more than any right line has. */
static int split(char *line, const char *words[LINE_WORDS_MAX], size_t *count)
{
	*count = 0;
	for (char *rest = line, *word; (word = strsep(&rest, " \t\r"));) {
		if (*word == '#')
			return 0;
		if (!*word)
			continue;
		if (*count == LINE_WORDS_MAX)
			return -1;
		words[(*count)++] = word;
	}
	return 0;
}

static int note_outside(const struct reading *reading, struct err *err)
{
	void *lines = reading->out->outside;
	size_t *added = array_append(&lines, &reading->out->outside_count, sizeof(*added));
	reading->out->outside = lines;
	if (!added)
		return err_memory(err);
	*added = reading->number;
	return 0;
}

static int read_line(const struct reading *reading, char *line, struct err *err)
{
	const char *words[LINE_WORDS_MAX], *operand;
	struct request request = {0};
	struct args args = {.words = words,
			    .tables = {{request_options, &request}},
			    .manual = "forwards.conf(5)"};
	enum args_kind kind;
	if (split(line, words, &args.count) < 0)
		return err_set(err, ERR_INPUT, "the line has more than %d words", LINE_WORDS_MAX);
	if (args.count == 0)
		return 0;
	while ((kind = args_next(&args, &operand, err)) == ARGS_OPERAND)
		if (request_set_operand(&request, operand, err) < 0)
			return -1;
	if (kind == ARGS_BAD)
		return -1;
	if (request.from && from_is_file(request.from) && note_outside(reading, err) < 0)
		return -1;
	return request_forwards(&request, reading->reader->host, &reading->out->forwards, err);
}

static void tell(const struct reading *reading, const char *reason)
{
	const struct file_reader *reader = reading->reader;
	reader->say(reader->context, reading->number, reason);
}

static int take_line(const struct reading *reading, const char *line, size_t length,
		     struct err *err)
{
	struct err why;
	char *copy = strndup(line, length);
	if (!copy)
		return err_memory(err);
	if (memchr(line, '\0', length)) /* it would hide the rest of its line */
		tell(reading, "the line contains a NUL byte");
	else if (read_line(reading, copy, &why) < 0)
		tell(reading, why.text);
	free(copy);
	return number_forwards(reading->out, reading->number, err);
}

static size_t count_lines(struct text text)
{
	size_t count = 1;
	const char *at = text.bytes, *end = at + text.length;
	while ((at = memchr(at, '\n', (size_t)(end - at)))) {
		count++;
		at++;
	}
	return count;
}

int file_parse(struct text text, const struct file_reader *reader, struct file *out,
	       struct err *err)
{
	struct reading reading = {.reader = reader, .out = out};
	text = text_without_mark(text);
	if (forwards_reserve(&out->forwards, count_lines(text), err) < 0)
		return -1;
	for (const char *line = text.bytes, *end = line + text.length; line < end; line++) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		size_t n = (size_t)((newline ? newline : end) - line);
		reading.number++;
		if (take_line(&reading, line, n, err) < 0)
			return -1;
		line += n;
	}
	return 0;
}

/* ---- conflicts between lines ---- */

/* Of all that b is in conflict with, the first. */
static void note_conflict(void *context, size_t a, size_t b)
{
	size_t *with = context;
	if (!with[b] || a + 1 < with[b])
		with[b] = a + 1;
}

static void tell_conflict(const struct file *file, size_t a, size_t b,
			  const struct file_reader *reader)
{
	const struct forward *forwards = file->forwards.items;
	char reason[ERR_TEXT_MAX + 64];
	struct err why;
	spec_conflict_error(&forwards[b], &forwards[a], &why);
	snprintf(reason, sizeof(reason), "%s (line %zu)", why.text, file->numbers[a]);
	reader->say(reader->context, file->numbers[b], reason);
}

int file_check(const struct file *file, const struct file_reader *reader, struct err *err)
{
	size_t *with = calloc(file->count + 1, sizeof(*with)), told = 0;
	if (!with)
		return err_memory(err);
	int result = conflict_find(&file->forwards, note_conflict, with, err);
	for (size_t b = 0; result == 0 && b < file->count; b++) {
		if (!with[b] || file->numbers[b] == told)
			continue;
		told = file->numbers[b];
		tell_conflict(file, with[b] - 1, b, reader);
	}
	free(with);
	return result;
}
