/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pfwd del: remove forwards by SPEC or name. */
#include <stdlib.h>

#include "commands/command.h"
#include "kernel/host.h"

enum { DEL_KILL = REPORT_OPTIONS_END };

static const struct arg_def options[] = {
	{DEL_KILL, 0, "kill", ARG_PLAIN, NULL, "also end the connections that run through them"},
	{REQUEST_FROM, 0, "from", ARG_VALUE, "CIDR[,CIDR...]", "only those for these networks"},
	{0},
};

struct del {
	struct selection words;
	struct selectors selectors;
};

static int decide(void *context, const struct forwards *present, struct forwards *wanted,
		  struct err *err)
{
	const struct del *del = context;
	bool *keep = calloc(present->count + 1, sizeof(*keep));
	if (!keep)
		return err_memory(err);
	int result = selectors_apply(&del->selectors, present, keep, err);
	for (size_t i = 0; result == 0 && i < present->count; i++)
		keep[i] = !keep[i]; /* selected are those that go */
	if (result == 0)
		result = forwards_add_all(wanted, present, err);
	if (result == 0)
		forwards_keep(wanted, keep);
	free(keep);
	return result;
}

static int read_arguments(struct args *args, struct globals *globals, struct del *del,
			  struct change_context *change, struct err *err)
{
	struct arg arg;
	for (;;) {
		switch (command_next(args, globals, &arg, err)) {
		case ARGS_END:
			return 0;
		case ARGS_BAD:
			return -1;
		case ARGS_OPERAND:
			if (selection_add(&del->words, arg.value, err) < 0)
				return -1;
			break;
		case ARGS_OPTION:
			if (arg.def->id == REQUEST_FROM)
				del->words.from = arg.value;
			else if (arg.def->id == DEL_KILL)
				change->kill = true;
			else if (arg.def->id == CHANGE_DRY_RUN)
				change->dry_run = true;
			else
				del->words.family =
					arg.def->id == REQUEST_IPV6 ? FAMILY_IPV6 : FAMILY_IPV4;
			break;
		}
	}
}

static int run(const struct command *command, struct args *args, struct globals *globals,
	       struct err *err)
{
	struct del del = {0};
	struct change_context change = {.globals = globals, .decide = decide, .context = &del};
	int result = read_arguments(args, globals, &del, &change, err);
	if (result == 0 && globals->help) {
		command_help_text(command, globals);
		goto out;
	}
	if (result == 0 && del.words.count == 0)
		result = err_set(
			err, ERR_INPUT,
			"nothing to remove was named; give a SPEC or a NAME that `pfwd list` "
			"shows");
	if (result == 0)
		result = selectors_parse(del.words.words, del.words.count, del.words.family,
					 del.words.from, host_service, &del.selectors, err);
	if (result == 0)
		result = host_permitted(err);
	if (result == 0)
		result = command_change(&change, err);
out:
	selection_free(&del.words);
	selectors_free(&del.selectors);
	return result;
}

const struct command command_del = {
	.name = "del",
	.aliases = {"rm", "delete"},
	.operands = "[OPTIONS] SELECTOR...",
	.summary = "remove forwards",
	.details = "A SELECTOR is the SPEC of a forward, or the NAME of one or more.\n"
		   "  pfwd del eth0:80\n"
		   "  pfwd del dns\n",
	.options = {options, change_options, family_options},
	.run = run,
};
