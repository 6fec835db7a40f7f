/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A command: its words for the help, its options as tables, and the function that runs it. The
 * table of all commands drives both the command line and its documentation.
 */
#ifndef PFWD_COMMANDS_COMMAND_H
#define PFWD_COMMANDS_COMMAND_H

#include "model/backend.h"
#include "report/report.h"
#include "syntax/args.h"
#include "syntax/spec.h"

struct command;

struct globals {
	const struct command *const *commands; /* all of them; ends with NULL */
	const struct backend *const *backends; /* all of them; ends with NULL */
	struct spec_host host;
	const struct backend *only[2]; /* of --backend; only[0] is NULL if it was not given */
	const char *preferred;         /* PFWD_BACKEND of the environment, or NULL */
	unsigned int wait_seconds;
	bool verbose;
	bool help;    /* the user asks for help instead */
	bool version; /* the user asks for the version instead */
};

/* The backends that a command looks at if it makes no forwards; ends with NULL. */
const struct backend *const *globals_backends(const struct globals *globals);
/* 0, or -1 with ERR_PERMISSION if this process may not use these backends. */
int globals_permitted(const struct globals *globals, struct err *err);
/*
 * The same for a command that makes forwards: it looks at all backends, and *home is the one that
 * --backend or PFWD_BACKEND names, or NULL. -1 also with ERR_INPUT: PFWD_BACKEND names none.
 */
int globals_home(const struct globals *globals, const struct backend **home, struct err *err);
/* The backend of that name, or NULL and err (ERR_INPUT); what: the option or variable that held the
 * name. */
const struct backend *globals_find_backend(const struct globals *globals, const char *what,
					   const char *name, struct err *err);

#define COMMAND_TABLES (ARGS_TABLES - 1)

/* The command line after the name of the command. */
struct command_line {
	const struct command *command;
	struct args *args;
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
