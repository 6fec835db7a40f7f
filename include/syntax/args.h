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

/* A setter returns it to end the scan: nothing behind the option matters. */
enum { ARG_STOP = 1 };

struct arg_def {          /* a table ends with one that has neither letter nor name */
	char letter;      /* 0: none */
	const char *name; /* without the dashes; NULL: none */
	enum arg_value value;
	const char *meta; /* what the help calls the value */
	const char *help;
	/* Where the option goes in the struct that its table fills: a bool for ARG_PLAIN, else a
	 * const char * that points into the words. */
	size_t offset;
	/* Not NULL: called instead; value is NULL if there is none. 0, ARG_STOP, or -1 and err. */
	int (*set)(void *into, const char *value, struct err *err);
};

static inline bool arg_is_last(const struct arg_def *def)
{
	return !def->letter && !def->name;
}

#define ARGS_TABLES 4

struct args_table {
	const struct arg_def *defs; /* NULL: none */
	void *into;
};

struct args { /* set words, count, tables and manual; the rest zero */
	const char *const *words;
	size_t count;
	struct args_table tables[ARGS_TABLES];
	const char *manual; /* where the options are explained, for messages */
	size_t next;
	const char *cluster; /* the rest of a word of short options */
	bool ended;          /* "--" was seen */
};

enum args_kind {
	ARGS_END,
	ARGS_STOPPED, /* by an option's setter */
	ARGS_OPERAND,
	ARGS_BAD,
};

/* Take in options up to the next operand, to which *operand points then. ARGS_BAD: err says why, an
 * unknown option, a value that is missing or too much, or the failure of a setter. */
enum args_kind args_next(struct args *args, const char **operand, struct err *err);

#endif
