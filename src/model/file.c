/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines, words and conflicts between lines. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/file.h"

#define LINE_WORDS_MAX 64

struct reader {
	spec_services *services;
	void (*bad)(void *context, size_t line, const char *reason);
	void *context;
	struct file *out;
	size_t number;
	size_t bad_count;
};

void file_free(struct file *file)
{
	free(file->lines);
	*file = (struct file){0};
}

static int add_forward(struct file *file, const struct forward *f, size_t number, struct err *err)
{
	if (file->count == file->room) {
		size_t room = file->room ? file->room * 2 : 64;
		struct file_line *lines = reallocarray(file->lines, room, sizeof(*lines));
		if (!lines)
			return err_memory(err);
		file->lines = lines;
		file->room = room;
	}
	file->lines[file->count++] = (struct file_line){*f, number};
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

static int read_words(struct args *args, struct request *request, struct err *err)
{
	struct arg arg;
	for (;;) {
		switch (args_next(args, &arg, err)) {
		case ARGS_END:
			return 0;
		case ARGS_BAD:
			return -1;
		case ARGS_OPERAND:
			if (request_set_operand(request, arg.value, err) < 0)
				return -1;
			break;
		case ARGS_OPTION:
			if (request_set_option(request, &arg, err) < 0)
				return -1;
			break;
		}
	}
}

static int read_line(const struct reader *reader, char *line, struct forwards *out, struct err *err)
{
	const char *words[LINE_WORDS_MAX];
	struct args args = {.words = words, .tables = {request_options}};
	struct request request = {0};
	if (split(line, words, &args.count) < 0)
		return err_set(err, ERR_INPUT, "more than %d words make no forward",
			       LINE_WORDS_MAX);
	if (args.count == 0)
		return 0;
	if (read_words(&args, &request, err) < 0)
		return -1;
	return request_forwards(&request, reader->services, 0, out, err);
}

static int take_line(struct reader *reader, char *line, struct err *err)
{
	struct forwards set = {0};
	struct err why;
	int result = 0;
	if (read_line(reader, line, &set, &why) < 0) {
		reader->bad(reader->context, reader->number, why.text);
		reader->bad_count++;
	}
	for (size_t i = 0; result == 0 && i < set.count; i++)
		result = add_forward(reader->out, &set.items[i], reader->number, err);
	forwards_free(&set);
	return result;
}

/* A NUL would hide the rest of its line. */
static bool hides_text(const char *line, size_t length)
{
	return memchr(line, '\0', length) != NULL;
}

static int take_lines(struct reader *reader, const char *text, size_t length, struct err *err)
{
	for (const char *line = text, *end = text + length; line < end; line++) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		size_t n = newline ? (size_t)(newline - line) : (size_t)(end - line);
		char *copy = strndup(line, n);
		if (!copy)
			return err_memory(err);
		reader->number++;
		int result = 0;
		if (hides_text(line, n)) {
			reader->bad(reader->context, reader->number, "a byte of zero is no text");
			reader->bad_count++;
		} else {
			result = take_line(reader, copy, err);
		}
		free(copy);
		if (result < 0)
			return -1;
		line += n;
	}
	return 0;
}

/* ---- conflicts between lines ---- */

static int compare_ports(const void *a, const void *b)
{
	const struct file_line *const *x = a, *const *y = b;
	const struct forward *f = &(*x)->forward, *g = &(*y)->forward;
	int d = f->family - g->family;
	if (d == 0)
		d = f->proto - g->proto;
	if (d == 0)
		d = f->ports.first - g->ports.first;
	return d ? d : ((*x)->number > (*y)->number) - ((*x)->number < (*y)->number);
}

static void report_conflict(struct reader *reader, const struct file_line *a,
			    const struct file_line *b)
{
	const struct file_line *first = a->number < b->number ? a : b;
	const struct file_line *second = first == a ? b : a;
	char reason[ERR_TEXT_MAX + 64];
	struct err why;
	forwards_conflict_error(&second->forward, &first->forward, &why);
	snprintf(reason, sizeof(reason), "%s (line %zu)", why.text, first->number);
	reader->bad(reader->context, second->number, reason);
	reader->bad_count++;
}

/* Those that share packets share ports: each is compared with those that begin inside it. */
static int check_conflicts(struct reader *reader, const struct file *file, struct err *err)
{
	const struct file_line **order = reallocarray(NULL, file->count + 1, sizeof(*order));
	if (!order)
		return err_memory(err);
	for (size_t i = 0; i < file->count; i++)
		order[i] = &file->lines[i];
	qsort(order, file->count, sizeof(*order), compare_ports);
	for (size_t i = 0; i < file->count; i++)
		for (size_t k = i + 1; k < file->count; k++) {
			const struct forward *f = &order[i]->forward, *g = &order[k]->forward;
			if (f->family != g->family || f->proto != g->proto ||
			    g->ports.first > f->ports.last)
				break;
			if (!forward_equal(f, g) && forward_conflict(f, g))
				report_conflict(reader, order[i], order[k]);
		}
	free(order);
	return 0;
}

int file_parse(const char *text, size_t length, spec_services *services,
	       void (*bad)(void *context, size_t line, const char *reason), void *context,
	       struct file *out, struct err *err)
{
	struct file file = {0};
	struct reader reader = {services, bad, context, &file, 0, 0};
	int result = take_lines(&reader, text, length, err);
	if (result == 0)
		result = check_conflicts(&reader, &file, err);
	if (result == 0 && reader.bad_count)
		result = err_set(err, ERR_INPUT, "%zu bad line%s; nothing was changed",
				 reader.bad_count, reader.bad_count == 1 ? "" : "s");
	if (result < 0) {
		file_free(&file);
		return -1;
	}
	*out = file;
	return 0;
}
