/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pfwd apply and pfwd diff: the forwards of a file against those in the kernel. */
#include <stdio.h>

#include "commands/command.h"
#include "commands/source.h"
#include "kernel/change.h"
#include "kernel/host.h"

static int read_arguments(struct args *args, struct globals *globals, struct source *source,
			  bool *dry_run, struct err *err)
{
	struct arg arg;
	for (;;) {
		switch (command_next(args, globals, &arg, err)) {
		case ARGS_END:
			return 0;
		case ARGS_BAD:
			return -1;
		case ARGS_OPERAND:
			if (source->path)
				return err_set(err, ERR_INPUT, "'%s' is one file too many",
					       quote(arg.value).text);
			source->path = arg.value;
			break;
		case ARGS_OPTION:
			*dry_run = true; /* there is no other */
			break;
		}
	}
}

static int decide(void *context, const struct forwards *present, struct forwards *wanted,
		  struct err *err)
{
	(void)present;
	const struct source *source = context;
	return forwards_add_all(wanted, &source->forwards, err);
}

static int run_apply(const struct command *command, struct args *args, struct globals *globals,
		     struct err *err)
{
	struct source source = {0};
	struct change_context change = {.globals = globals, .decide = decide, .context = &source};
	int result = read_arguments(args, globals, &source, &change.dry_run, err);
	if (result == 0 && globals->help) {
		command_help_text(command, globals);
		return 0;
	}
	if (result == 0)
		result = host_permitted(err);
	if (result == 0)
		result = source_load(&source, globals->now, err);
	if (result == 0)
		result = command_change(&change, err);
	if (result == 0 && !change.dry_run)
		command_warn(&source.forwards);
	source_free(&source);
	return result;
}

/* ---- diff ---- */

static size_t print_missing(char sign, const struct forwards *a, const struct forwards *b)
{
	size_t count = 0;
	for (size_t i = 0; i < a->count; i++)
		if (forwards_find(b, &a->items[i]) == b->count) {
			putchar(sign);
			source_print(stdout, &a->items[i]);
			count++;
		}
	return count;
}

static int run_diff(const struct command *command, struct args *args, struct globals *globals,
		    struct err *err)
{
	struct source source = {0};
	struct snapshot snapshot = {0};
	bool ignored;
	int result = read_arguments(args, globals, &source, &ignored, err);
	if (result == 0 && globals->help) {
		command_help_text(command, globals);
		return 0;
	}
	if (result == 0)
		result = host_permitted(err);
	if (result == 0)
		result = source_load(&source, globals->now, err);
	if (result == 0)
		result = snapshot_read(&snapshot, err);
	if (result == 0) {
		size_t gone = print_missing('-', &snapshot.forwards, &source.forwards);
		size_t added = print_missing('+', &source.forwards, &snapshot.forwards);
		result = gone + added ? 1 : 0;
	}
	snapshot_free(&snapshot);
	source_free(&source);
	return result;
}

#define FILE_DETAILS                                                                               \
	"FILE holds one forward a line, as after `pfwd add`; # begins a comment. Without FILE it " \
	"is\n" SOURCE_DEFAULT ", and - is standard input.\n"

const struct command command_apply = {
	.name = "apply",
	.operands = "[OPTIONS] [FILE]",
	.summary = "make the kernel hold exactly the forwards of a file",
	.details = FILE_DETAILS,
	.options = {change_options},
	.run = run_apply,
};

const struct command command_diff = {
	.name = "diff",
	.operands = "[FILE]",
	.summary = "show what apply would change (status 1: something)",
	.details = FILE_DETAILS,
	.run = run_diff,
};
