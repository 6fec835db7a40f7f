/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A command: its words for the help, its options as tables, and the function that runs it. The
 * table of all commands drives both the command line and its documentation.
 */
#ifndef PFWD_COMMANDS_COMMAND_H
#define PFWD_COMMANDS_COMMAND_H

#include "commands/progress.h"
#include "host/host.h"
#include "syntax/args.h"
#include "syntax/request.h"
#include "syntax/selector.h"
#include "report/report.h"

struct command;

struct globals {
	const struct command *const *commands; /* all there are; ends with NULL */
	unsigned int lock_seconds;
	bool verbose;
	bool help;    /* asked for instead of the command */
	bool version; /* ... or the version is */
	int64_t now;  /* seconds since 1970 */
};

struct command {
	const char *name;
	const char *aliases[2];
	const char *operands;
	const char *summary;
	const char *details; /* further paragraphs of its help; NULL: none */
	const struct arg_def *options[ARGS_TABLES - 1];
	const struct report_column *columns; /* that it prints; NULL: none */
	/* args: behind the command's name. The exit status, or -1 and err. */
	int (*run)(const struct command *command, struct args *args, struct globals *globals,
		   struct err *err);
};

extern const struct command command_add, command_del, command_list, command_conns, command_apply,
	command_diff, command_save, command_flush, command_help, command_version;
/* By its name or an alias; NULL: there is none. */
const struct command *command_find(const struct globals *globals, const char *name);

/* Options of every command. */
enum {
	GLOBAL_WAIT = REQUEST_OPTIONS_END,
	GLOBAL_VERBOSE,
	GLOBAL_HELP,
	GLOBAL_VERSION,
	COMMAND_OPTIONS, /* ids of the commands' own begin here */
};
extern const struct arg_def global_options[];

/*
 * The next option that is the command's own, or operand. Options of every command are taken in on
 * the way; ARGS_END also where help or the version was asked for (globals).
 */
enum args_kind command_next(struct args *args, struct globals *globals, struct arg *arg,
			    struct err *err);
void usage_print_option(const struct arg_def *option);
void usage_print_version(void);
/* The help, or the version where that was asked for. */
void usage_print(const struct command *command, const struct globals *globals);

/*
 * Read the whole command line: take is given each option of the command's own, and each operand
 * (arg->def is NULL). COMMAND_GO; or what run returns: 0 after the help was printed, -1 and err.
 */
enum { COMMAND_GO = 1 };
int command_read(const struct command *command, struct args *args, struct globals *globals,
		 int (*take)(void *context, const struct arg *arg, struct err *err), void *context,
		 struct err *err);

/* Options of commands that change something, and what they do. */
enum { CHANGE_DRY_RUN = COMMAND_OPTIONS, CHANGE_OPTIONS_END };
extern const struct arg_def change_options[];

struct change_context {
	const struct globals *globals;
	bool dry_run;
	bool kill;        /* end the connections of removed forwards */
	bool say_kept;    /* chains of ours that somebody else uses; with -v always */
	bool in_one_line; /* what -v tells */
	size_t kept_chains;
	struct progress progress;
	/* as that of struct change */
	int (*decide)(void *context, const struct forwards *present, const struct forwards **wanted,
		      struct err *err);
	void *context;
};
/* Run the change under the lock, or print it; say with -v what was done. */
int command_change(struct change_context *change, struct err *err);

/* Options and words of a selection. */
struct selection {
	const char **words;
	size_t count;
	enum family family;
	const char *from;
};
/* Take in an operand, or an option of family_options. */
int selection_take(struct selection *selection, const struct arg *arg, struct err *err);
void selection_free(struct selection *selection);

/* Refuse a target that is one of this host's own addresses: it is reached by :PORT, as an address
 * it would not be. 0, or -1 with ERR_INPUT. */
int command_check_target(const struct forward *f, const struct host_addresses *addresses,
			 struct err *err);

/* What `add` warns about, to standard error. */
void command_warn(const struct forwards *set);

/* One line on standard error. */
void command_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Options of commands that print rows. */
enum {
	REPORT_OUTPUT = CHANGE_OPTIONS_END,
	REPORT_NO_HEADINGS,
	REPORT_RAW_FORMAT,
	REPORT_JSON_FORMAT,
	REPORT_PLAIN_BYTES,
	REPORT_OPTIONS_END,
};
extern const struct arg_def report_options[];
/* -4 and -6 of a selection. */
extern const struct arg_def family_options[];

/* What commands that print rows of selected forwards are asked for. */
struct query {
	struct selection words;
	struct selectors selectors; /* of the words */
	struct report report;
	const char *columns; /* the argument of -o, or NULL */
};
/* Take in an operand, or an option of report_options or family_options. */
int query_take(struct query *query, const struct arg *arg, struct err *err);
/* Make selectors of the words, once all are taken in. */
int query_check(struct query *query, struct err *err);
void query_free(struct query *query);
/* Fill selected[i] for each forward of the set. */
int query_select(const struct query *query, const struct forwards *set, bool *selected,
		 struct err *err);

#endif
