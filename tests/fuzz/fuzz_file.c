/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a forwards file: each bad line is told with its number and a reason that is fit for
 * a terminal, or all lines make forwards, which written as a file are read back as the same.
 */
#include <stdlib.h>
#include <string.h>

#include "syntax/file.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* No interface, no service and no zone is known. */
static const struct spec_host host = {.now = 1};

struct told {
	size_t lines; /* of the text */
	size_t bad;
};

static void check_reason(void *context, size_t line, const char *reason)
{
	struct told *told = context;
	told->bad++;
	if (line == 0 || line > told->lines || !*reason)
		abort();
	for (const char *c = reason; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			abort();
}

static struct told count_lines(const char *text, size_t length)
{
	struct told told = {.lines = 1};
	for (size_t i = 0; i < length; i++)
		told.lines += text[i] == '\n';
	return told;
}

static void check_again(const struct file *file)
{
	const struct forwards *set = &file->forwards;
	struct file again = {0};
	struct err err;
	char *text = malloc(set->count * SPEC_LINE_MAX + 1), *end = text;
	if (!text)
		return;
	for (size_t i = 0; i < set->count; i++) {
		spec_format_line(&set->items[i], end);
		end = stpcpy(end + strlen(end), "\n");
	}
	struct told told = count_lines(text, (size_t)(end - text));
	const struct file_reader reader = {&host, check_reason, &told};
	if (file_parse((struct text){text, (size_t)(end - text)}, &reader, &again, &err) < 0 ||
	    told.bad || again.count != set->count)
		abort();
	for (size_t i = 0; i < set->count; i++)
		if (again.numbers[i] != i + 1 ||
		    !forward_equal(&again.forwards.items[i], &set->items[i]))
			abort();
	file_free(&again);
	free(text);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct file file = {0};
	struct err err = {0};
	char *text = malloc(size + 1); /* not ended: only length bytes are text */
	if (!text)
		return 0;
	memcpy(text, data, size);
	struct told told = count_lines(text, size);
	const struct file_reader reader = {&host, check_reason, &told};
	if (file_parse((struct text){text, size}, &reader, &file, &err) < 0 ||
	    file_check(&file, &reader, &err) < 0 || file.count != file.forwards.count)
		abort();
	for (size_t i = 0; i < file.count; i++)
		if (file.numbers[i] > told.lines ||
		    (i > 0 && file.numbers[i] < file.numbers[i - 1]))
			abort();
	check_again(&file);
	file_free(&file);
	free(text);
	return 0;
}
