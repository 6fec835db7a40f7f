/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line: find the command, run it, and turn what went wrong into words and a status. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "commands/command.h"
#include "host/memory.h"

static const struct command *const commands[] = {
	&command_add,   &command_del,     &command_list, &command_conns,
	&command_apply, &command_diff,    &command_save, &command_flush,
	&command_help,  &command_version, NULL,
};

/* Options before the command, and the command. NULL: err, or help was asked for. */
static const struct command *read_command(struct args *args, struct globals *globals,
					  struct err *err)
{
	struct arg arg;
	switch (command_next(args, globals, &arg, err)) {
	case ARGS_BAD:
		return NULL;
	case ARGS_END:
		if (globals->version) {
			args->next = args->count; /* whatever follows */
			args->cluster = NULL;
			return &command_version;
		}
		if (globals->help) {
			globals->help = false; /* of no one command */
			return &command_help;
		}
		err_set(err, ERR_INPUT, "there is no command; `pfwd help` names all");
		return NULL;
	case ARGS_OPERAND:
	case ARGS_OPTION:
		break;
	}
	const struct command *command = command_find(globals, arg.value);
	if (!command)
		err_set(err, ERR_INPUT, "there is no command '%s'; `pfwd help` names all",
			quote(arg.value).text);
	return command;
}

static int run(struct args *args, struct err *err)
{
	struct globals globals = {.commands = commands, .lock_seconds = 10, .now = time(NULL)};
	const struct command *command = read_command(args, &globals, err);
	if (!command)
		return -1;
	for (size_t i = 0; i < ARGS_TABLES - 1; i++)
		args->tables[i + 1] = command->options[i];
	return command->run(command, args, &globals, err);
}

/* The next file that is opened would get the number of a standard stream that is closed. What is
 * opened instead serves the wrong way round, so that using it fails as before. */
static void hold_standard_streams(void)
{
	static const int modes[] = {O_WRONLY, O_RDONLY, O_RDONLY};
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", modes[fd]) < 0)
			return;
}

/* Output that nobody got is a failure, but for a reader that had enough. */
static int close_output(int result, struct err *err)
{
	bool failed = ferror(stdout);
	if (result < 0 && failed && err->sys == EPIPE)
		result = 0;
	errno = 0;
	if ((fclose(stdout) == 0 && !failed) || result < 0 || errno == EPIPE || err->sys == EPIPE)
		return result;
	return errno ? err_sys(err, errno, "cannot write to standard output")
		     : err_set(err, ERR_FAILED, "cannot write to standard output");
}

int main(int argc, char **argv)
{
	struct err err = {0};
	struct args args = {.words = (const char *const *)argv + 1,
			    .count = argc > 0 ? (size_t)argc - 1 : 0,
			    .tables = {global_options},
			    .manual = "`pfwd help COMMAND`"};
	hold_standard_streams();
	memory_use_large_pages();
	int result = close_output(run(&args, &err), &err);
	if (result >= 0)
		return result;
	command_say("%s", err.text);
	return err.kind ? (int)err.kind : ERR_FAILED;
}
