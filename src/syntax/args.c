/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The scanner of options: getopt_long's habits, without its state, its printing and its guesses at
 * abbreviated names. */
#include <string.h>

#include "syntax/args.h"

static const struct arg_def *find_name(const struct args *args, const char *name, size_t length)
{
	for (size_t t = 0; t < ARGS_TABLES; t++)
		for (const struct arg_def *d = args->tables[t]; d && d->id; d++)
			if (d->name && strlen(d->name) == length &&
			    memcmp(d->name, name, length) == 0)
				return d;
	return NULL;
}

static const struct arg_def *find_letter(const struct args *args, char letter)
{
	for (size_t t = 0; t < ARGS_TABLES; t++)
		for (const struct arg_def *d = args->tables[t]; d && d->id; d++)
			if (d->letter == letter)
				return d;
	return NULL;
}

static enum args_kind unknown(const struct args *args, const char *word, struct err *err)
{
	err_set(err, ERR_INPUT, "unknown option '%s'; %s names those there are", quote(word).text,
		args->manual);
	return ARGS_BAD;
}

/* The value of an option that needs one and does not have it in its own word. */
static enum args_kind next_word(struct args *args, const char *word, struct arg *out,
				struct err *err)
{
	if (args->next == args->count) {
		err_set(err, ERR_INPUT, "option '%s' needs a value: %s", quote(word).text,
			out->def->meta);
		return ARGS_BAD;
	}
	out->value = args->words[args->next++];
	return ARGS_OPTION;
}

static enum args_kind long_option(struct args *args, const char *word, struct arg *out,
				  struct err *err)
{
	const char *equals = strchr(word, '=');
	size_t length = equals ? (size_t)(equals - word) : strlen(word);
	out->def = find_name(args, word + 2, length - 2);
	if (!out->def)
		return unknown(args, word, err);
	out->value = equals ? equals + 1 : NULL;
	if (out->def->value == ARG_PLAIN && equals) {
		err_set(err, ERR_INPUT, "option '%s' takes no value", quote(word).text);
		return ARGS_BAD;
	}
	if (out->def->value == ARG_VALUE && !equals)
		return next_word(args, word, out, err);
	return ARGS_OPTION;
}

static enum args_kind short_option(struct args *args, struct arg *out, struct err *err)
{
	char name[] = {'-', *args->cluster, '\0'};
	out->def = find_letter(args, *args->cluster++);
	if (!out->def)
		return unknown(args, name, err);
	out->value = NULL;
	if (out->def->value == ARG_VALUE && *args->cluster) {
		out->value = args->cluster;
		args->cluster = NULL;
	} else if (out->def->value == ARG_VALUE) {
		args->cluster = NULL;
		return next_word(args, name, out, err);
	}
	return ARGS_OPTION;
}

enum args_kind args_next(struct args *args, struct arg *out, struct err *err)
{
	*out = (struct arg){0};
	if (args->cluster && *args->cluster)
		return short_option(args, out, err);
	args->cluster = NULL;
	if (args->next == args->count)
		return ARGS_END;
	const char *word = args->words[args->next++];
	if (!args->ended && strcmp(word, "--") == 0) {
		args->ended = true;
		return args_next(args, out, err);
	}
	if (!args->ended && strncmp(word, "--", 2) == 0)
		return long_option(args, word, out, err);
	if (!args->ended && word[0] == '-' && word[1]) {
		args->cluster = word + 1;
		return short_option(args, out, err);
	}
	out->value = word;
	return ARGS_OPERAND;
}
