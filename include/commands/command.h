/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A command: its words for the help, its options as tables, and the function that runs it. The
 * table of all commands drives both the command line and its documentation.
 */
#ifndef PFWD_COMMANDS_COMMAND_H
#define PFWD_COMMANDS_COMMAND_H

#include "commands/globals.h"
#include "report/report.h"
#include "syntax/args.h"

struct command;

#define COMMAND_TABLES (ARGS_TABLES - 1)

/* The command line after the name of the command. */
struct command_line {
	const struct command *command;
	const struct args *args; /* behind the command */
	struct globals *globals;
};

struct command {
	const char *name;
	const char *aliases[2];
	const char *operands;
	const char *summary;
	const char *details; /* further paragraphs of its help; NULL: none */
	const struct arg_def *options[COMMAND_TABLES];
	const struct report_column *columns; /* of its output; NULL: it prints no rows */
	void (*print_more)(void);            /* further sections of its help; NULL: none */
	/* The exit status, or -1 and err. */
	int (*run)(const struct command_line *line, struct err *err);
};

/* The command with that name or alias, or NULL and err (ERR_INPUT). */
const struct command *command_find(const struct globals *globals, const char *name,
				   struct err *err);

struct command_reader {
	void *into[COMMAND_TABLES]; /* the struct that each of its tables of options fills */
	/* Take one operand: 0, or -1 and err. NULL: the command takes none. */
	int (*operand)(void *context, const char *word, struct err *err);
	void *context;
};

/* Read the whole command line. COMMAND_GO: carry the command out. Else what run shall return: 0 if
 * the help was printed, -1 and err if the line is wrong. */
enum { COMMAND_GO = 1 };
int command_read(const struct command_line *line, const struct command_reader *reader,
		 struct err *err);

/* Print "pfwd: " and one line to standard error. */
void command_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same with each of the lines. */
void command_say_lines(const struct lines *lines);

extern const struct command command_add, command_del, command_list, command_check, command_conns,
	command_top, command_metrics, command_apply, command_diff, command_save, command_adopt,
	command_flush, command_help, command_version;

#endif
