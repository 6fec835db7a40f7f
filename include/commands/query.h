/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the user asks of a command that prints rows: which forwards, which columns, which format. It
 * reads no forwards.
 */
#ifndef PFWD_COMMANDS_QUERY_H
#define PFWD_COMMANDS_QUERY_H

#include "commands/command.h"
#include "syntax/selector.h"

struct query { /* set report.out, report.title; the rest zero */
	struct selection selection;
	struct selectors selectors; /* of the selection */
	struct report report;
	const char *columns; /* the argument of -o, or NULL */
};

/* Take an operand, a selector; the context is a struct query. */
int query_operand(void *context, const char *word, struct err *err);
/* Choose the columns to print: those of -o, or those of defaults ("A,B") and behind them those of
 * -o +C. 0, or -1 with ERR_INPUT: there is no such column. */
int query_choose(struct query *query, const struct report_column *all, const char *defaults,
		 struct err *err);
/* Make selectors of the operands. 0, or -1 with ERR_INPUT. */
int query_check(struct query *query, const struct globals *globals, struct err *err);
void query_free(struct query *query);
/* Fill selected[i] for each forward of the set. 0, or -1 with ERR_NOT_FOUND. */
int query_select(const struct query *query, const struct forwards *set, bool *selected,
		 struct err *err);

/* If conntrack does not count bytes and packets, say so, and how to turn that on. */
void query_say_accounting(void);
/* Say that some connections may be missing, or shown twice. */
void query_say_resized(void);

#endif
