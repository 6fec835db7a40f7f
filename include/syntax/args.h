/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Words into options and operands, by tables: one scanner for the command line, the lines of a
 * forwards file and the comments of rules. It never prints, and knows no option by itself.
 */
#ifndef PFWD_SYNTAX_ARGS_H
#define PFWD_SYNTAX_ARGS_H

#include <stdbool.h>
#include <stddef.h>

#include "model/err.h"

enum arg_value {
	ARG_PLAIN,    /* --local */
	ARG_VALUE,    /* --name NAME, --name=NAME, -w NAME, -wNAME */
	ARG_OPTIONAL, /* --hairpin, --hairpin=CIDR */
};

struct arg_def { /* a table ends with a zeroed one */
	int id;
	char letter;      /* 0: none */
	const char *name; /* without the dashes; NULL: none */
	enum arg_value value;
	const char *meta; /* what the help calls the value */
	const char *help;
};

#define ARGS_TABLES 4

struct args { /* set words, count, tables and manual; the rest zero */
	const char *const *words;
	size_t count;
	const struct arg_def *tables[ARGS_TABLES]; /* NULL: none */
	const char *manual;                        /* what names the options, for messages */
	size_t next;
	const char *cluster; /* the rest of a word of short options */
	bool ended;          /* "--" was seen */
};

enum args_kind {
	ARGS_END,
	ARGS_OPTION,
	ARGS_OPERAND,
	ARGS_BAD,
};

struct arg {
	const struct arg_def *def; /* of an option */
	const char *value;         /* its value or NULL; or the operand; a part of words[] */
};

/* The next one. ARGS_BAD: an unknown option, or a value missing or too much (err, ERR_INPUT). */
enum args_kind args_next(struct args *args, struct arg *out, struct err *err);

#endif
