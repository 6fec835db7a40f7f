/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading a forwards file, and what a command makes of its lines. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/command.h"
#include "commands/forwards_file.h"
#include "host/host.h"

int forwards_file_take(struct forwards_file *source, const struct arg *arg, struct err *err)
{
	if (source->path)
		return err_set(err, ERR_INPUT, "'%s' is one file too many", quote(arg->value).text);
	source->path = arg->value;
	return 0;
}

const char *forwards_file_name(const struct forwards_file *source)
{
	if (!source->path)
		return FORWARDS_FILE_DEFAULT;
	return strcmp(source->path, "-") == 0 ? "standard input" : source->path;
}

static void say_bad(void *context, size_t line, const char *reason)
{
	command_say("%s:%zu: %s", quote(forwards_file_name(context)).text, line, reason);
}

static int read_all(struct forwards_file *source, FILE *in, struct err *err)
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
		return err_sys(err, errno, "cannot read %s",
			       quote(forwards_file_name(source)).text);
	return 0;
}

static int read_source(struct forwards_file *source, struct err *err)
{
	bool standard = source->path && strcmp(source->path, "-") == 0;
	FILE *in = standard ? stdin : fopen(forwards_file_name(source), "re");
	if (!in) {
		int error = errno;
		return err_set(
			err, error == ENOENT ? ERR_INPUT : ERR_FAILED,
			"cannot open %s: %s; give the forwards file as FILE, or - for standard "
			"input",
			quote(forwards_file_name(source)).text, strerror(error));
	}
	int result = read_all(source, in, err);
	if (!standard)
		fclose(in);
	return result;
}

/* What is an error in `add` and a warning here: a time that is past, no network for --hairpin. */
static void warn_line(const char *name, size_t number, const struct forward *f, int64_t now)
{
	if (forward_expired(f, now))
		command_say("warning: %s:%zu: its time is over; it is made, and does nothing",
			    quote(name).text, number);
	if (f->hairpin && !network_is_set(&f->hairpin_net))
		command_say(
			"warning: %s:%zu: no interface is on the target's network: made without "
			"--hairpin",
			quote(name).text, number);
}

static void find_hairpin(struct forward *f, const struct host_addresses *addresses)
{
	if (f->hairpin && !network_is_set(&f->hairpin_net))
		f->hairpin_net = host_network_of(addresses, &f->target);
}

static void check_line(size_t number, const struct forward *f,
		       const struct host_addresses *addresses, struct file_bad *bad)
{
	struct err why;
	if (command_check_target(f, addresses, &why) == 0)
		return;
	bad->say(bad->context, number, why.text);
	bad->count++;
}

static int settle_lines(const struct forwards_file *source, int64_t now, struct file_bad *bad,
			struct err *err)
{
	struct host_addresses addresses = {0};
	const struct file *file = &source->file;
	if (host_addresses(&addresses, err) < 0)
		return -1;
	for (size_t i = 0; i < file->count; i++) {
		struct forward *f = &file->forwards.items[i];
		size_t number = file->numbers[i];
		find_hairpin(f, &addresses);
		if (i == 0 || file->numbers[i - 1] != number) { /* the line's others are alike */
			if (!source->quiet)
				warn_line(forwards_file_name(source), number, f, now);
			check_line(number, f, &addresses, bad);
		}
		f->hairpin = network_is_set(&f->hairpin_net);
	}
	host_addresses_free(&addresses);
	return 0;
}

/* Lines are compared as they are made: by the networks that were found for --hairpin. */
int forwards_file_load(struct forwards_file *source, int64_t now, struct err *err)
{
	struct file_bad bad = {.say = say_bad, .context = source};
	if (read_source(source, err) < 0 ||
	    file_parse(source->text, source->length, host_service, &bad, &source->file, err) < 0 ||
	    settle_lines(source, now, &bad, err) < 0 || file_check(&source->file, &bad, err) < 0)
		return -1;
	if (bad.count)
		return err_set(err, ERR_INPUT, "%zu bad line%s; nothing was changed", bad.count,
			       bad.count == 1 ? "" : "s");
	return 0;
}

void forwards_file_forget_text(struct forwards_file *source)
{
	free(source->text);
	free(source->file.numbers);
	source->text = NULL;
	source->file.numbers = NULL;
	source->length = source->file.count = 0;
}

void forwards_file_free(struct forwards_file *source)
{
	free(source->text);
	file_free(&source->file);
}

void forwards_file_print(FILE *out, const struct forward *f)
{
	char line[SPEC_LINE_MAX + 1];
	spec_format_line(f, line);
	size_t length = strlen(line);
	line[length] = '\n';
	fwrite_unlocked(line, 1, length + 1, out);
}
