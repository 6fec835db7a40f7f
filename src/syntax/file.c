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

struct reader {
	const struct spec_host *host;
	struct file_bad *bad;
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

static void tell(struct file_bad *bad, size_t line, const char *reason)
{
	bad->say(bad->context, line, reason);
	bad->count++;
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

static int note_outside(const struct reader *reader, struct err *err)
{
	void *lines = reader->out->outside;
	size_t *added = array_append(&lines, &reader->out->outside_count, sizeof(*added));
	reader->out->outside = lines;
	if (!added)
		return err_memory(err);
	*added = reader->number;
	return 0;
}

static int read_line(const struct reader *reader, char *line, struct err *err)
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
	if (request.from && from_is_file(request.from) && note_outside(reader, err) < 0)
		return -1;
	return request_forwards(&request, reader->host, &reader->out->forwards, err);
}

static int take_line(struct reader *reader, const char *line, size_t length, struct err *err)
{
	struct err why;
	char *copy = strndup(line, length);
	if (!copy)
		return err_memory(err);
	if (memchr(line, '\0', length)) /* it would hide the rest of its line */
		tell(reader->bad, reader->number, "the line contains a NUL byte");
	else if (read_line(reader, copy, &why) < 0)
		tell(reader->bad, reader->number, why.text);
	free(copy);
	return number_forwards(reader->out, reader->number, err);
}

static size_t count_lines(const char *text, size_t length)
{
	size_t count = 1;
	const char *end = text + length;
	while ((text = memchr(text, '\n', (size_t)(end - text)))) {
		count++;
		text++;
	}
	return count;
}

int file_parse(const char *text, size_t length, const struct spec_host *host, struct file_bad *bad,
	       struct file *out, struct err *err)
{
	static const char mark[] = "\xef\xbb\xbf"; /* some editors begin UTF-8 so */
	const size_t marked = strlen(mark);
	struct reader reader = {host, bad, out, 0};
	if (length >= marked && memcmp(text, mark, marked) == 0) {
		text += marked;
		length -= marked;
	}
	if (forwards_reserve(&out->forwards, count_lines(text, length), err) < 0)
		return -1;
	for (const char *line = text, *end = text + length; line < end; line++) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		size_t n = (size_t)((newline ? newline : end) - line);
		reader.number++;
		if (take_line(&reader, line, n, err) < 0)
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

static void tell_conflict(const struct file *file, size_t a, size_t b, struct file_bad *bad)
{
	const struct forward *forwards = file->forwards.items;
	char reason[ERR_TEXT_MAX + 64];
	struct err why;
	spec_conflict_error(&forwards[b], &forwards[a], &why);
	snprintf(reason, sizeof(reason), "%s (line %zu)", why.text, file->numbers[a]);
	tell(bad, file->numbers[b], reason);
}

int file_check(const struct file *file, struct file_bad *bad, struct err *err)
{
	size_t *with = calloc(file->count + 1, sizeof(*with)), told = 0;
	if (!with)
		return err_memory(err);
	int result = conflict_find(&file->forwards, note_conflict, with, err);
	for (size_t b = 0; result == 0 && b < file->count; b++) {
		if (!with[b] || file->numbers[b] == told)
			continue;
		told = file->numbers[b];
		tell_conflict(file, with[b] - 1, b, bad);
	}
	free(with);
	return result;
}
