/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pfwd del: remove forwards by SPEC or name. */
#include <stdlib.h>

#include "commands/command.h"
#include "host/host.h"

enum { DEL_KILL = REPORT_OPTIONS_END };

static const struct arg_def options[] = {
	{DEL_KILL, 0, "kill", ARG_PLAIN, NULL, "also end the connections that run through them"},
	{REQUEST_FROM, 0, "from", ARG_VALUE, "CIDR[,CIDR...]", "only those for these networks"},
	{0},
};

struct del {
	struct selection words;
	struct selectors selectors;
	struct change_context change;
	struct forwards rest; /* those that stay */
};

static int decide(void *context, const struct forwards *present, const struct forwards **wanted,
		  struct err *err)
{
	struct del *del = context;
	bool *keep = calloc(present->count + 1, sizeof(*keep));
	if (!keep)
		return err_memory(err);
	int result = selectors_apply(&del->selectors, present, keep, err);
	for (size_t i = 0; result == 0 && i < present->count; i++)
		keep[i] = !keep[i]; /* selected are those that go */
	del->rest.count = 0;
	if (result == 0)
		result = forwards_add_all(&del->rest, present, err);
	if (result == 0)
		forwards_keep(&del->rest, keep);
	*wanted = &del->rest;
	free(keep);
	return result;
}

static int take(void *context, const struct arg *arg, struct err *err)
{
	struct del *del = context;
	switch (arg->def ? arg->def->id : 0) {
	case REQUEST_FROM:
		del->words.from = arg->value;
		return 0;
	case DEL_KILL:
		del->change.kill = true;
		return 0;
	case CHANGE_DRY_RUN:
		del->change.dry_run = true;
		return 0;
	default:
		return selection_take(&del->words, arg, err);
	}
}

static int remove_selected(struct del *del, struct err *err)
{
	const struct selection *words = &del->words;
	if (words->count == 0)
		return err_set(
			err, ERR_INPUT,
			"nothing to remove was named; give a SPEC or a NAME that `pfwd list` "
			"shows");
	if (selectors_parse(words->words, words->count, words->family, words->from, host_service,
			    &del->selectors, err) < 0 ||
	    host_permitted(err) < 0)
		return -1;
	return command_change(&del->change, err);
}

static int run(const struct command *command, struct args *args, struct globals *globals,
	       struct err *err)
{
	struct del del = {0};
	del.change = (struct change_context){.globals = globals, .decide = decide, .context = &del};
	int result = command_read(command, args, globals, take, &del, err);
	if (result == COMMAND_GO)
		result = remove_selected(&del, err);
	selection_free(&del.words);
	selectors_free(&del.selectors);
	forwards_free(&del.rest);
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
