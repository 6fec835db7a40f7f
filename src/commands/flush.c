/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pfwd flush: remove all that pfwd made. */
#include "commands/command.h"
#include "host/host.h"

static int decide(void *context, const struct forwards *present, const struct forwards **wanted,
		  struct err *err)
{
	(void)context;
	(void)present;
	(void)err;
	static const struct forwards none;
	*wanted = &none;
	return 0;
}

static int take(void *context, const struct arg *arg, struct err *err)
{
	struct change_context *change = context;
	if (!arg->def)
		return err_set(err, ERR_INPUT,
			       "'%s': flush removes all forwards and takes no operand; `pfwd del` "
			       "removes some",
			       quote(arg->value).text);
	change->dry_run = true; /* there is no other option */
	return 0;
}

static int run(const struct command *command, struct args *args, struct globals *globals,
	       struct err *err)
{
	struct change_context change = {
		.globals = globals, .decide = decide, .say_kept = true, .in_one_line = true};
	int result = command_read(command, args, globals, take, &change, err);
	if (result != COMMAND_GO)
		return result;
	if (host_permitted(err) < 0 || command_change(&change, err) < 0)
		return -1;
	return change.kept_chains ? ERR_FAILED : 0;
}

const struct command command_flush = {
	.name = "flush",
	.operands = "[OPTIONS]",
	.summary = "remove every rule, chain and jump that pfwd made",
	.options = {change_options},
	.run = run,
};
