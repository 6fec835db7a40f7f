/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line: find the command, run it, and turn what went wrong into words and a status. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/command.h"
#include "commands/options.h"
#include "host/host.h"
#include "host/memory.h"
#include "nftables/backend.h"
#include "xtables/backend.h"

static const struct command *const commands[] = {
	&command_add,   &command_del,     &command_list,  &command_check,   &command_conns,
	&command_top,   &command_metrics, &command_apply, &command_diff,    &command_save,
	&command_adopt, &command_flush,   &command_help,  &command_version, NULL,
};

static const struct backend *const backends[] = {&xtables_backend, &nftables_backend, NULL};

/* Options before the command, and the command. NULL: err. */
static const struct command *read_command(struct args *args, const struct globals *globals,
					  struct err *err)
{
	const char *word;
	switch (args_next(args, &word, err)) {
	case ARGS_BAD:
		break;
	case ARGS_STOPPED:
		args->next = args->count; /* ignore the rest of the line */
		args->cluster = NULL;
		return globals->version ? &command_version : &command_help;
	case ARGS_END:
		err_set(err, ERR_INPUT, "no command given; see `pfwd help`");
		break;
	case ARGS_OPERAND:
		return command_find(globals, word, err);
	}
	return NULL;
}

static int run(struct args *args, struct globals *globals, struct err *err)
{
	const struct command *command = read_command(args, globals, err);
	if (!command)
		return -1;
	const struct command_line line = {command, args, globals};
	return command->run(&line, err);
}

/* If a standard stream is closed, the next file that is opened would get its number. So open
 * /dev/null there, in the wrong direction: reading or writing the stream still fails. */
static void hold_standard_streams(void)
{
	static const int modes[] = {O_WRONLY, O_RDONLY, O_RDONLY};
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", modes[fd]) < 0)
			return;
}

/* Output that nobody got is a failure, except if the reader has had enough. */
static int close_output(int result, struct err *err)
{
	struct pollfd output = {.fd = STDOUT_FILENO};
	bool failed = ferror(stdout);
	if (result < 0)
		return err->sys == EPIPE ? 0 : result;
	bool reader_left = poll(&output, 1, 0) > 0 && output.revents & (POLLERR | POLLHUP);
	errno = 0;
	if (fclose(stdout) != 0)
		failed = true;
	if (!failed || reader_left || errno == EPIPE)
		return result;
	return errno ? err_sys(err, errno, "cannot write to standard output")
		     : err_set(err, ERR_FAILED, "cannot write to standard output");
}

int main(int argc, char **argv)
{
	struct err err = {0};
	struct globals globals = {.commands = commands,
				  .backends = backends,
				  .host = host_words(),
				  .preferred = getenv("PFWD_BACKEND"),
				  .wait_seconds = 10};
	struct args args = {.words = (const char *const *)argv + 1,
			    .count = argc > 0 ? (size_t)argc - 1 : 0,
			    .tables = {{global_options, &globals}},
			    .manual = "`pfwd help`"};
	hold_standard_streams();
	/* a reader of the messages that leaves does not decide whether a change is made, and a file
	 * that grows too large is an error of the write */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	memory_use_large_pages();
	int result = close_output(run(&args, &globals, &err), &err);
	if (result >= 0)
		return result;
	command_say("%s", err.text);
	return err.kind == ERR_NONE || err.kind == ERR_CHANGED ? ERR_FAILED : (int)err.kind;
}
