/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pfwd apply and pfwd diff: the forwards of a file against those in the kernel. */
#include <stdio.h>

#include "commands/edit.h"
#include "commands/forwards_file.h"
#include "commands/command.h"
#include "commands/options.h"
#include "commands/warn.h"
#include "ruleset/present.h"

static int decide(void *context, const struct forwards *present, const struct forwards **wanted,
		  struct err *err)
{
	const struct forwards_file *source = context;
	(void)present;
	(void)err;
	*wanted = &source->file.forwards;
	return 0;
}

/* Load the forwards and sort them. From here on it does not matter on which line each one was. */
static int load(struct forwards_file *source, const struct globals *globals, struct err *err)
{
	if (forwards_file_load(source, &globals->host, err) < 0)
		return -1;
	forwards_file_forget_text(source);
	return forwards_sort(&source->file.forwards, err);
}

static int apply(struct forwards_file *source, struct edit *edit, const struct globals *globals,
		 struct err *err)
{
	if (globals_home(globals, &edit->change.home, err) < 0 || load(source, globals, err) < 0 ||
	    edit_run(edit, globals, err) < 0)
		return -1;
	const struct forwards *set = &source->file.forwards;
	const struct warn_about about = {set,
					 set,
					 edit->change.home,
					 globals->backends,
					 edit->hindrance,
					 edit->change.translations};
	if (!edit->dry_run)
		warn_of_forwards(&about);
	return 0;
}

static int run_apply(const struct command_line *line, struct err *err)
{
	struct forwards_file source = {.use = FORWARDS_FILE_APPLY};
	struct edit edit = {.makes = true, .brief = true};
	struct other_rules others = {0};
	edit.change.translations = &others;
	edit.change.decide = decide;
	edit.change.context = &source;
	edit.change.move = true;
	const struct command_reader reader = {{&edit}, forwards_file_operand, &source};
	int result = command_read(line, &reader, err);
	if (result == COMMAND_GO)
		result = apply(&source, &edit, line->globals, err);
	other_rules_free(&others);
	forwards_file_free(&source);
	return result;
}

/* ---- diff ---- */

static void print_line(char sign, const struct forward *f)
{
	putchar(sign);
	forwards_file_print(stdout, f);
}

static size_t print_missing(char sign, const struct forwards *of, const struct forwards *in)
{
	struct forwards_missing walk = {.of = of, .in = in};
	const struct forward *f;
	size_t count = 0;
	for (; (f = forwards_next_missing(&walk)); count++)
		print_line(sign, f);
	return count;
}

static bool is_only_in(const struct present_forward *of, const struct backend *const *backends,
		       const struct backend *home)
{
	for (size_t b = 0; backends[b]; b++)
		if (of->backends & 1U << b && backends[b] != home)
			return false;
	return true;
}

/* Forwards that stay, but that apply would repair, or move to home. */
static size_t print_mended(const struct present *live, const struct forwards *wanted,
			   const struct backend *const *backends, const struct backend *home)
{
	size_t count = 0;
	for (size_t i = 0; i < live->forwards.count; i++) {
		const struct forward *f = &live->forwards.items[i];
		const struct present_forward *of = &live->of[i];
		bool whole = !of->status.incomplete || of->status.narrowed;
		bool right = whole && !of->status.misplaced && is_only_in(of, backends, home);
		if (right || forwards_find(wanted, f) == wanted->count)
			continue;
		print_line('~', f);
		count++;
	}
	return count;
}

/* home: the backend that the user prefers, or NULL. */
static int compare(const struct forwards *wanted, const struct backend *const *backends,
		   const struct backend *home, struct err *err)
{
	struct present live;
	if (present_read(backends, READING_ALL, &live, err) < 0)
		return -1;
	size_t count = print_missing('-', &live.forwards, wanted);
	count += print_missing('+', wanted, &live.forwards);
	count += print_mended(&live, wanted, backends, home ? home : live.home);
	present_free(&live);
	return count ? 1 : 0;
}

static int diff(struct forwards_file *source, const struct globals *globals, struct err *err)
{
	const struct backend *home = NULL;
	int result = globals->only[0] ? globals_permitted(globals, err)
				      : globals_home(globals, &home, err);
	if (result < 0 || load(source, globals, err) < 0)
		return -1;
	return compare(&source->file.forwards, globals_backends(globals), home, err);
}

static int run_diff(const struct command_line *line, struct err *err)
{
	struct forwards_file source = {.use = FORWARDS_FILE_DIFF};
	const struct command_reader reader = {.operand = forwards_file_operand, .context = &source};
	int result = command_read(line, &reader, err);
	if (result == COMMAND_GO)
		result = diff(&source, line->globals, err);
	forwards_file_free(&source);
	return result;
}

#define FILE_DETAILS                                                                               \
	"FILE holds one forward a line, as after `pfwd add`; # begins a comment. Without FILE it " \
	"is\n" FORWARDS_FILE_DEFAULT "; - is standard input.\n"

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
	.summary = "show what apply would change; status 1 if something",
	.details = "Each line begins with + for a forward that apply would add, - for one that it "
		   "would\nremove, ~ for one whose rules it would repair or move.\n" FILE_DETAILS,
	.run = run_diff,
};
