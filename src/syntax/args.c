/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The scanner of options. It takes what getopt_long takes, except for abbreviated names, and it
 * keeps no state and prints nothing. */
#include <string.h>

#include "syntax/args.h"

struct option {
	const char *name; /* as it is written, without the dashes; NULL: the letter is */
	size_t length;    /* of the name */
	char letter;
	const struct arg_def *def;
	void *into;
	const char *value; /* NULL: none */
};

static bool is_option(const struct arg_def *def, const struct option *o)
{
	if (!o->name)
		return def->letter == o->letter;
	return def->name && strlen(def->name) == o->length &&
	       memcmp(def->name, o->name, o->length) == 0;
}

/* Find what the table says of the option, by what is written. */
static bool find_option(const struct args *args, struct option *out)
{
	for (size_t t = 0; t < ARGS_TABLES; t++)
		for (const struct arg_def *d = args->tables[t].defs; d && !arg_is_last(d); d++) {
			if (!is_option(d, out))
				continue;
			out->def = d;
			out->into = args->tables[t].into;
			return true;
		}
	return false;
}

static int unknown(const struct args *args, const char *word, struct err *err)
{
	return err_set(err, ERR_INPUT, "unknown option '%s'; see %s", quote(word).text,
		       args->manual);
}

/* The value of an option that needs one and does not have it in its own word. */
static int take_next_word(struct args *args, const char *word, struct option *out, struct err *err)
{
	if (args->next == args->count)
		return err_set(err, ERR_INPUT, "option '%s' needs a value: %s", quote(word).text,
			       out->def->meta);
	out->value = args->words[args->next++];
	return 0;
}

static int read_long(struct args *args, const char *word, struct option *out, struct err *err)
{
	const char *equals = strchr(word, '=');
	out->name = word + 2;
	out->length = equals ? (size_t)(equals - out->name) : strlen(out->name);
	if (!find_option(args, out))
		return unknown(args, word, err);
	if (out->def->value == ARG_PLAIN && equals)
		return err_set(err, ERR_INPUT, "option '%s' takes no value", quote(word).text);
	if (equals)
		out->value = equals + 1;
	else if (out->def->value == ARG_VALUE)
		return take_next_word(args, word, out, err);
	return 0;
}

static int read_short(struct args *args, struct option *out, struct err *err)
{
	char name[] = {'-', *args->cluster, '\0'};
	out->letter = *args->cluster++;
	if (!find_option(args, out))
		return unknown(args, name, err);
	if (out->def->value != ARG_VALUE)
		return 0;
	const char *rest = args->cluster;
	args->cluster = NULL;
	if (!*rest)
		return take_next_word(args, name, out, err);
	out->value = rest;
	return 0;
}

static int set_option(const struct option *option, struct err *err)
{
	void *field = (char *)option->into + option->def->offset;
	if (option->def->set)
		return option->def->set(option->into, option->value, err);
	if (option->def->value == ARG_PLAIN)
		*(bool *)field = true;
	else
		*(const char **)field = option->value;
	return 0;
}

enum args_kind args_next(struct args *args, const char **operand, struct err *err)
{
	for (;;) {
		struct option option = {0};
		int result;
		if (args->cluster && *args->cluster) {
			result = read_short(args, &option, err);
		} else if (args->next == args->count) {
			return ARGS_END;
		} else {
			const char *word = args->words[args->next++];
			bool dash = !args->ended && word[0] == '-' && word[1];
			if (!dash) {
				*operand = word;
				return ARGS_OPERAND;
			}
			if (strcmp(word, "--") == 0) {
				args->ended = true;
				continue;
			}
			args->cluster = word[1] == '-' ? NULL : word + 1;
			result = args->cluster ? read_short(args, &option, err)
					       : read_long(args, word, &option, err);
		}
		if (result == 0)
			result = set_option(&option, err);
		if (result != 0)
			return result < 0 ? ARGS_BAD : ARGS_STOPPED;
	}
}
