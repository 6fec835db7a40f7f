/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pfwd apply and pfwd diff: the forwards of a file against those in the kernel. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/command.h"
#include "kernel/change.h"
#include "kernel/host.h"
#include "model/file.h"

#define DEFAULT_FILE "/etc/pfwd/forwards.conf"

struct source {
	const char *path; /* NULL: the default; "-": standard input */
	char *text;
	size_t length;
	struct file file;
	struct forwards forwards; /* sorted */
};

static const char *name_of(const struct source *source)
{
	if (!source->path)
		return DEFAULT_FILE;
	return strcmp(source->path, "-") == 0 ? "standard input" : source->path;
}

static void say_bad(void *context, size_t line, const char *reason)
{
	command_say("%s:%zu: %s", quote(name_of(context)).text, line, reason);
}

static int read_all(struct source *source, FILE *in, struct err *err)
{
	size_t room = 0;
	for (;;) {
		if (source->length == room) {
			room = room ? room * 2 : 65536;
			char *text = realloc(source->text, room);
			if (!text)
				return err_memory(err);
			source->text = text;
		}
		size_t n = fread(source->text + source->length, 1, room - source->length, in);
		source->length += n;
		if (n == 0)
			break;
	}
	if (ferror(in))
		return err_sys(err, errno, "cannot read %s", quote(name_of(source)).text);
	return 0;
}

static int read_source(struct source *source, struct err *err)
{
	bool standard = source->path && strcmp(source->path, "-") == 0;
	FILE *in = standard ? stdin : fopen(name_of(source), "re");
	if (!in) {
		int error = errno;
		return err_set(
			err, error == ENOENT ? ERR_INPUT : ERR_FAILED,
			"cannot open %s: %s; give the forwards file as FILE, or - for standard "
			"input",
			quote(name_of(source)).text, strerror(error));
	}
	int result = read_all(source, in, err);
	if (!standard)
		fclose(in);
	return result;
}

/* What is an error in `add` and a warning here: no network for --hairpin, a time that is past. */
static int settle_line(const struct source *source, struct file_line *line,
		       struct host_addresses *addresses, int64_t now, struct err *err)
{
	struct forward *f = &line->forward;
	const char *name = name_of(source);
	if (forward_expired(f, now))
		command_say("warning: %s:%zu: its time is over; it is made, and does nothing",
			    quote(name).text, line->number);
	if (!f->hairpin || network_is_set(&f->hairpin_net))
		return 0;
	if (!addresses->items && host_addresses(addresses, err) < 0)
		return -1;
	f->hairpin_net = host_network_of(addresses, &f->target);
	f->hairpin = network_is_set(&f->hairpin_net);
	if (!f->hairpin)
		command_say(
			"warning: %s:%zu: no interface is on the target's network: made without "
			"--hairpin",
			quote(name).text, line->number);
	return 0;
}

static int load(struct source *source, int64_t now, struct err *err)
{
	struct host_addresses addresses = {0};
	if (read_source(source, err) < 0 || file_parse(source->text, source->length, host_service,
						       say_bad, source, &source->file, err) < 0)
		return -1;
	int result = 0;
	for (size_t i = 0; result == 0 && i < source->file.count; i++) {
		result = settle_line(source, &source->file.lines[i], &addresses, now, err);
		if (result == 0)
			result = forwards_add(&source->forwards, &source->file.lines[i].forward,
					      err);
	}
	forwards_sort(&source->forwards);
	host_addresses_free(&addresses);
	return result;
}

static void source_free(struct source *source)
{
	free(source->text);
	file_free(&source->file);
	forwards_free(&source->forwards);
}

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
		result = load(&source, globals->now, err);
	if (result == 0)
		result = command_change(&change, err);
	if (result == 0 && !change.dry_run)
		command_warn(&source.forwards);
	source_free(&source);
	return result;
}

/* ---- diff ---- */

static void print_line(char sign, const struct forward *f)
{
	char spec[SPEC_TEXT_MAX], target[SPEC_TEXT_MAX], options[SPEC_OPTIONS_MAX];
	spec_format(f, spec);
	spec_format_target(f, target);
	spec_format_options(f, SPEC_ALL_OPTIONS, options);
	printf("%c%s %s%s%s\n", sign, spec, target, *options ? " " : "", options);
}

static size_t print_missing(char sign, const struct forwards *a, const struct forwards *b)
{
	size_t count = 0;
	for (size_t i = 0; i < a->count; i++)
		if (forwards_find(b, &a->items[i]) == b->count) {
			print_line(sign, &a->items[i]);
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
		result = load(&source, globals->now, err);
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
	"is\n" DEFAULT_FILE ", and - is standard input.\n"

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
