/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pfwd del: remove forwards by SPEC or name. */
#include <stdlib.h>

#include "commands/edit.h"
#include "commands/command.h"
#include "commands/options.h"
#include "syntax/selector.h"

struct del {
	struct selection selection;
	struct selectors selectors;
	struct edit edit;
	struct forwards around; /* what the selected ones share packets with */
	struct forwards rest;   /* those that stay */
};

static const struct arg_def del_options[] = {
	{0, "kill", ARG_PLAIN, NULL, "also end their connections", offsetof(struct del, edit.kill),
	 NULL},
	{0, "from", ARG_VALUE, "CIDR[,CIDR...]", "only forwards for these client networks",
	 offsetof(struct del, selection.from), NULL},
	{0},
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

static int take_operand(void *context, const char *word, struct err *err)
{
	struct del *del = context;
	return selection_add(&del->selection, word, err);
}

static int remove_selected(struct del *del, const struct globals *globals, struct err *err)
{
	if (del->selection.count == 0)
		return err_set(err, ERR_INPUT,
			       "no forward is named; give a SPEC or a NAME that `pfwd list` shows");
	if (selectors_parse(&del->selection, &globals->host, &del->selectors, err) < 0)
		return -1;
	if (globals_permitted(globals, err) < 0)
		return -1;
	if (selectors_around(&del->selectors, &del->around))
		del->edit.change.around = &del->around;
	return edit_run(&del->edit, globals, err);
}

static int run(const struct command_line *line, struct err *err)
{
	struct del del = {0};
	del.edit.change.decide = decide;
	del.edit.change.context = &del;
	const struct command_reader reader = {
		{&del, &del.edit, &del.selection.family}, take_operand, &del};
	int result = command_read(line, &reader, err);
	if (result == COMMAND_GO)
		result = remove_selected(&del, line->globals, err);
	selection_free(&del.selection);
	selectors_free(&del.selectors);
	forwards_free(&del.around);
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
	.options = {del_options, change_options, family_options},
	.run = run,
};
