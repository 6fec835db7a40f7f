/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pfwd help and pfwd version, from the tables that the commands run by. */
#include <stdio.h>
#include <string.h>

#include "commands/command.h"

#define LEFT_WIDTH 26

static void print_option(const struct arg_def *d)
{
	char left[64], letter[8] = "    ", value[40] = "";
	if (d->letter)
		snprintf(letter, sizeof(letter), d->name ? "-%c, " : "-%c", d->letter);
	if (d->meta && d->value == ARG_OPTIONAL)
		snprintf(value, sizeof(value), "[=%s]", d->meta);
	else if (d->meta)
		snprintf(value, sizeof(value), " %s", d->meta);
	snprintf(left, sizeof(left), "%s%s%s%s", letter, d->name ? "--" : "",
		 d->name ? d->name : "", value);
	if (strlen(left) > LEFT_WIDTH)
		printf("  %s\n  %-*s %s\n", left, LEFT_WIDTH, "", d->help);
	else
		printf("  %-*s %s\n", LEFT_WIDTH, left, d->help);
}

static void print_version(void)
{
	puts("pfwd " PFWD_VERSION);
}

void command_help_text(const struct command *command, const struct globals *globals)
{
	if (globals->version) {
		print_version();
		return;
	}
	printf("Usage: pfwd %s %s\n", command->name, command->operands);
	if (command->aliases[0]) {
		printf("       also: %s", command->aliases[0]);
		printf(command->aliases[1] ? ", %s\n" : "\n", command->aliases[1]);
	}
	printf("\nTo %s.\n", command->summary);
	if (command->details)
		printf("\n%s", command->details);
	puts("\nOptions:");
	for (size_t t = 0; t < ARGS_TABLES - 1; t++)
		for (const struct arg_def *d = command->options[t]; d && d->id; d++)
			print_option(d);
	for (const struct arg_def *d = global_options; d->id; d++)
		print_option(d);
	if (command->columns)
		puts("\nColumns:");
	for (const struct report_column *c = command->columns; c && c->name; c++)
		printf("  %-12s %s\n", c->name, c->help);
}

static void print_overview(void)
{
	puts("Usage: pfwd COMMAND ...\n\nPort forwards of this host, and the connections through "
	     "them.\n\nCommands:");
	for (size_t i = 0; commands[i]; i++)
		printf("  %-8s %s\n", commands[i]->name, commands[i]->summary);
	puts("\nOptions:");
	for (const struct arg_def *d = global_options; d->id; d++)
		print_option(d);
	puts("\n`pfwd help COMMAND` tells more, pfwd(8) all.");
}

static int run_help(const struct command *command, struct args *args, struct globals *globals,
		    struct err *err)
{
	struct arg arg;
	const struct command *about = NULL;
	enum args_kind kind;
	while ((kind = command_next(args, globals, &arg, err)) == ARGS_OPERAND) {
		about = command_find(arg.value);
		if (!about)
			return err_set(err, ERR_INPUT,
				       "there is no command '%s'; `pfwd help` names all",
				       quote(arg.value).text);
	}
	if (kind == ARGS_BAD)
		return -1;
	if (about || globals->help)
		command_help_text(about ? about : command, globals);
	else
		print_overview();
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
		command_help_text(command, globals);
	else
		print_version();
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
