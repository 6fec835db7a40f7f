/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding a command, reading its line, and lines to standard error. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "commands/command.h"
#include "commands/usage.h"

static bool is_called(const struct command *command, const char *name)
{
	if (strcmp(command->name, name) == 0)
		return true;
	for (size_t a = 0; a < 2 && command->aliases[a]; a++)
		if (strcmp(command->aliases[a], name) == 0)
			return true;
	return false;
}

const struct command *command_find(const struct globals *globals, const char *name, struct err *err)
{
	for (size_t i = 0; globals->commands[i]; i++)
		if (is_called(globals->commands[i], name))
			return globals->commands[i];
	err_set(err, ERR_INPUT, "unknown command '%s'; see `pfwd help`", quote(name).text);
	return NULL;
}

int command_read(const struct command_line *line, const struct command_reader *reader,
		 struct err *err)
{
	const char *word;
	char manual[64];
	struct args args = *line->args; /* the rest of the line */
	snprintf(manual, sizeof(manual), "`pfwd help %s`", line->command->name);
	args.manual = manual;
	for (size_t t = 0; t < COMMAND_TABLES; t++)
		args.tables[t + 1] =
			(struct args_table){line->command->options[t], reader->into[t]};
	for (;;) {
		switch (args_next(&args, &word, err)) {
		case ARGS_BAD:
			return -1;
		case ARGS_END:
			return COMMAND_GO;
		case ARGS_STOPPED:
			if (line->globals->version)
				puts("pfwd " PFWD_VERSION);
			else
				usage_print(line->command);
			return 0;
		case ARGS_OPERAND:
			if (!reader->operand)
				return err_set(err, ERR_INPUT, "too many arguments: '%s'",
					       quote(word).text);
			if (reader->operand(reader->context, word, err) < 0)
				return -1;
			break;
		}
	}
}

void command_say(const char *format, ...)
{
	va_list args;
	fputs("pfwd: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	putc('\n', stderr);
}

void command_say_lines(const struct lines *lines)
{
	const char *line = lines->text;
	for (size_t i = 0; i < lines->count; i++) {
		const char *end = memchr(line, '\n', lines->used - (size_t)(line - lines->text));
		command_say("%.*s", (int)(end - line), line);
		line = end + 1;
	}
}
