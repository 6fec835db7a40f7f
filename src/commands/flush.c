/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pfwd flush: remove all that pfwd made. */
#include "commands/edit.h"
#include "commands/command.h"
#include "commands/options.h"

static int decide(void *context, const struct forwards *present, const struct forwards **wanted,
		  struct err *err)
{
	static const struct forwards none;
	(void)context;
	(void)present;
	(void)err;
	*wanted = &none;
	return 0;
}

static int refuse_operand(void *context, const char *word, struct err *err)
{
	(void)context;
	return err_set(err, ERR_INPUT,
		       "'%s': flush removes all forwards and takes no operand; `pfwd del` removes "
		       "some",
		       quote(word).text);
}

static int run(const struct command_line *line, struct err *err)
{
	struct edit edit = {.change = {.decide = decide}, .say_kept = true, .brief = true};
	const struct command_reader reader = {{&edit}, refuse_operand, NULL};
	int result = command_read(line, &reader, err);
	if (result != COMMAND_GO)
		return result;
	if (globals_permitted(line->globals, err) < 0 || edit_run(&edit, line->globals, err) < 0)
		return -1;
	return edit.kept ? ERR_FAILED : 0;
}

const struct command command_flush = {
	.name = "flush",
	.operands = "[OPTIONS]",
	.summary = "remove every rule, chain and jump that pfwd made",
	.options = {change_options},
	.run = run,
};
