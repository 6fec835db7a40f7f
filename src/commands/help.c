/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pfwd help and pfwd version, from the tables that the commands run by. */
#include <stdio.h>
#include <string.h>

#include "commands/command.h"

static void print_overview(const struct globals *globals)
{
	puts("Usage: pfwd COMMAND ...\n\nPort forwards of this host, and the connections through "
	     "them.\n\nCommands:");
	for (const struct command *const *c = globals->commands; *c; c++)
		printf("  %-8s %s\n", (*c)->name, (*c)->summary);
	puts("\nOptions:");
	for (const struct arg_def *d = global_options; d->id; d++)
		usage_print_option(d);
	puts("\n`pfwd help COMMAND` tells more, pfwd(8) all.");
}

static int run_help(const struct command *command, struct args *args, struct globals *globals,
		    struct err *err)
{
	struct arg arg;
	const struct command *about = NULL;
	enum args_kind kind;
	while ((kind = command_next(args, globals, &arg, err)) == ARGS_OPERAND) {
		if (about)
			return err_set(err, ERR_INPUT,
				       "'%s' is one command too many; one is explained at a time",
				       quote(arg.value).text);
		about = command_find(globals, arg.value);
		if (!about)
			return err_set(err, ERR_INPUT,
				       "there is no command '%s'; `pfwd help` names all",
				       quote(arg.value).text);
	}
	if (kind == ARGS_BAD)
		return -1;
	if (about || globals->help)
		usage_print(about ? about : command, globals);
	else
		print_overview(globals);
	return 0;
}

static int run_version(const struct command *command, struct args *args, struct globals *globals,
		       struct err *err)
{
	struct arg arg;
	switch (command_next(args, globals, &arg, err)) {
	case ARGS_BAD:
		return -1;
	case ARGS_OPERAND:
	case ARGS_OPTION:
		return err_set(err, ERR_INPUT, "'%s' is one operand too many",
			       quote(arg.value ? arg.value : "").text);
	case ARGS_END:
		break;
	}
	if (globals->help)
		usage_print(command, globals);
	else
		usage_print_version();
	return 0;
}

const struct command command_help = {
	.name = "help",
	.operands = "[COMMAND]",
	.summary = "explain pfwd, or one command",
	.run = run_help,
};

const struct command command_version = {
	.name = "version",
	.operands = "",
	.summary = "show the version",
	.run = run_version,
};
