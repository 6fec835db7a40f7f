/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pfwd help and pfwd version, from the tables that the commands run by. */
#include <stdio.h>

#include "commands/command.h"
#include "commands/options.h"
#include "commands/usage.h"
#include "ruleset/choice.h"

struct help {
	const struct globals *globals;
	const struct command *about; /* NULL: all of them */
};

static int take_operand(void *context, const char *word, struct err *err)
{
	struct help *help = context;
	if (help->about)
		return err_set(err, ERR_INPUT, "too many arguments: '%s'", quote(word).text);
	help->about = command_find(help->globals, word, err);
	return help->about ? 0 : -1;
}

static int run_help(const struct command_line *line, struct err *err)
{
	struct help help = {.globals = line->globals};
	const struct command_reader reader = {.operand = take_operand, .context = &help};
	int result = command_read(line, &reader, err);
	if (result != COMMAND_GO)
		return result;
	if (help.about) {
		usage_print(help.about);
		return 0;
	}
	puts("Usage: pfwd COMMAND ...\n\nPort forwards of this host, and the connections through "
	     "them.\n\nCommands:");
	for (const struct command *const *c = line->globals->commands; *c; c++)
		printf("  %-8s %s\n", (*c)->name, (*c)->summary);
	puts("\nOptions:");
	usage_print_options(global_options);
	puts("\n`pfwd help COMMAND` explains a command, pfwd(8) everything.");
	return 0;
}

/* Which backend add would choose now, and why. */
static int print_choice(const struct globals *globals, struct err *err)
{
	const struct backend *home;
	struct err reason = {0};
	if (globals_home(globals, &home, err) < 0)
		return -1;
	if (home)
		err_set(&reason, ERR_NONE, "%s names it",
			globals->only[0] ? "--backend" : "PFWD_BACKEND");
	else
		home = choice_now(globals->backends, &reason, err);
	if (!home)
		return -1;
	printf("new forwards are made with %s: %s\n", home->name, reason.text);
	return 0;
}

static int run_version(const struct command_line *line, struct err *err)
{
	const struct command_reader reader = {.operand = NULL};
	int result = command_read(line, &reader, err);
	if (result != COMMAND_GO)
		return result;
	puts("pfwd " PFWD_VERSION);
	return line->globals->verbose ? print_choice(line->globals, err) : 0;
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
	.summary = "show the version; with -v also which backend would be chosen, and why",
	.run = run_version,
};
