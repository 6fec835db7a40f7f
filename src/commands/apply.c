/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pfwd apply and pfwd diff: the forwards of a file against those in the kernel. */
#include <stdio.h>

#include "commands/command.h"
#include "commands/forwards_file.h"
#include "ruleset/change.h"
#include "host/host.h"

struct apply {
	struct forwards_file source;
	struct change_context change;
};

static int take(void *context, const struct arg *arg, struct err *err)
{
	struct apply *apply = context;
	if (!arg->def)
		return forwards_file_take(&apply->source, arg, err);
	apply->change.dry_run = true; /* there is no other option */
	return 0;
}

static int decide(void *context, const struct forwards *present, const struct forwards **wanted,
		  struct err *err)
{
	(void)present;
	(void)err;
	const struct forwards_file *source = context;
	*wanted = &source->file.forwards;
	return 0;
}

/* Which line each forward stood in is of no interest from here on. */
static int load(struct forwards_file *source, const struct globals *globals, struct err *err)
{
	if (host_permitted(err) < 0 || forwards_file_load(source, globals->now, err) < 0)
		return -1;
	forwards_file_forget_text(source);
	return forwards_sort(&source->file.forwards, err);
}

static int make(struct apply *apply, const struct globals *globals, struct err *err)
{
	if (load(&apply->source, globals, err) < 0 || command_change(&apply->change, err) < 0)
		return -1;
	if (!apply->change.dry_run)
		command_warn(&apply->source.file.forwards);
	return 0;
}

static int run_apply(const struct command *command, struct args *args, struct globals *globals,
		     struct err *err)
{
	struct apply apply = {0};
	apply.change = (struct change_context){.globals = globals,
					       .decide = decide,
					       .context = &apply.source,
					       .in_one_line = true};
	int result = command_read(command, args, globals, take, &apply, err);
	if (result == COMMAND_GO)
		result = make(&apply, globals, err);
	forwards_file_free(&apply.source);
	return result;
}

/* ---- diff ---- */

static size_t print_missing(char sign, const struct forwards *of, const struct forwards *in)
{
	struct forwards_missing walk = {.of = of, .in = in};
	const struct forward *f;
	size_t count = 0;
	for (; (f = forwards_next_missing(&walk)); count++) {
		putchar(sign);
		forwards_file_print(stdout, f);
	}
	return count;
}

static int compare(const struct forwards *wanted, struct err *err)
{
	struct forwards live = {0};
	if (snapshot_forwards(&live, err) < 0)
		return -1;
	size_t gone = print_missing('-', &live, wanted);
	size_t added = print_missing('+', wanted, &live);
	forwards_free(&live);
	return gone + added ? 1 : 0;
}

static int run_diff(const struct command *command, struct args *args, struct globals *globals,
		    struct err *err)
{
	struct apply diff = {0};
	int result = command_read(command, args, globals, take, &diff, err);
	if (result == COMMAND_GO)
		result = load(&diff.source, globals, err) < 0
				 ? -1
				 : compare(&diff.source.file.forwards, err);
	forwards_file_free(&diff.source);
	return result;
}

#define FILE_DETAILS                                                                               \
	"FILE holds one forward a line, as after `pfwd add`; # begins a comment. Without FILE it " \
	"is\n" FORWARDS_FILE_DEFAULT ", and - is standard input.\n"

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
