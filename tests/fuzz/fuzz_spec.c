/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any words as a SPEC, a TARGET and options: they are refused with a message that is fit for a
 * terminal, or make forwards that are written and read back as the same.
 */
#include <stdlib.h>
#include <string.h>

#include "syntax/request.h"

#define WORDS_MAX 12

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static size_t split(char *text, const char *words[WORDS_MAX])
{
	size_t count = 0;
	for (char *rest = text, *word; count < WORDS_MAX && (word = strsep(&rest, " "));)
		words[count++] = word;
	return count;
}

static int read_words(const char *const *words, size_t count, struct forwards *out, struct err *err)
{
	static const struct spec_host host = {.now = 1};
	struct request request = {0};
	struct args args = {.words = words,
			    .count = count,
			    .tables = {{request_options, &request}},
			    .manual = "that"};
	const char *operand;
	enum args_kind kind;
	while ((kind = args_next(&args, &operand, err)) == ARGS_OPERAND)
		if (request_set_operand(&request, operand, err) < 0)
			return -1;
	return kind == ARGS_END ? request_forwards(&request, &host, out, err) : -1;
}

static void check_message(const struct err *err)
{
	if (err->kind != ERR_INPUT || !*err->text)
		abort();
	for (const char *c = err->text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			abort();
}

static void check_again(const struct forward *f)
{
	char text[SPEC_LINE_MAX];
	const char *words[WORDS_MAX];
	struct forwards again = {0};
	struct err err;
	spec_format_line(f, text);
	size_t count = split(text, words);
	if (read_words(words, count, &again, &err) < 0 || again.count != 1 ||
	    !forward_equal(f, &again.items[0]))
		abort();
	forwards_free(&again);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	const char *words[WORDS_MAX];
	struct forwards set = {0};
	struct err err = {0};
	char *text = malloc(size + 1);
	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	size_t count = split(text, words);
	if (read_words(words, count, &set, &err) < 0)
		check_message(&err);
	for (size_t i = 0; i < set.count; i++)
		check_again(&set.items[i]);
	forwards_free(&set);
	free(text);
	return 0;
}
