/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A write that waits in the kernel is not ended by a signal that is blocked. So no write waits:
 * poll does, for room and for signals at once. Standard output itself is not made non-blocking,
 * because other programs may share it. A pipe or a terminal is opened a second time instead, and
 * for a socket each write says that it must not wait. A file takes all at once.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/output.h"

#define BUFFER_SIZE 65536

static ssize_t write_some(const struct output *out, const char *text, size_t length)
{
	return out->socket ? send(out->fd, text, length, MSG_DONTWAIT | MSG_NOSIGNAL)
			   : write(out->fd, text, length);
}

/* Wait for room; false: a signal came first. */
static bool wait_for_room(const struct output *out)
{
	struct pollfd fds[] = {{.fd = out->fd, .events = POLLOUT},
			       {.fd = out->signals, .events = POLLIN}};
	while (poll(fds, sizeof(fds) / sizeof(fds[0]), -1) < 0 && errno == EINTR)
		continue;
	return fds[1].revents == 0;
}

/* As fopencookie(3) wants it: how much was written; less than all is an error. */
static ssize_t write_all(void *cookie, const char *text, size_t length)
{
	struct output *out = cookie;
	size_t done = 0;
	while (done < length && !out->ended) {
		ssize_t n = write_some(out, text + done, length - done);
		if (n >= 0)
			done += (size_t)n;
		else if (errno == EAGAIN)
			out->ended = !wait_for_room(out);
		else if (errno != EINTR)
			break;
	}
	if (out->ended)
		errno = EINTR;
	return (ssize_t)done;
}

static void choose_descriptor(struct output *out)
{
	struct stat about;
	out->fd = STDOUT_FILENO;
	if (fstat(STDOUT_FILENO, &about) < 0)
		return;
	out->socket = S_ISSOCK(about.st_mode);
	if (!S_ISFIFO(about.st_mode) && !isatty(STDOUT_FILENO))
		return;
	int fd = open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0) /* it may be somebody else's */
		return;
	out->fd = fd;
	out->own = true;
}

int output_open(struct output *out, struct err *err)
{
	static const cookie_io_functions_t functions = {.write = write_all};
	sigset_t ends;
	*out = (struct output){0};
	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	int signals = signalfd(-1, &ends, SFD_CLOEXEC);
	FILE *stream = signals < 0 ? NULL : fopencookie(out, "w", functions);
	if (!stream) {
		err_sys(err, errno, "cannot open standard output");
		if (signals >= 0)
			close(signals);
		return -1;
	}
	setvbuf(stream, NULL, _IOFBF, BUFFER_SIZE);
	out->stream = stream;
	out->signals = signals;
	choose_descriptor(out);
	return 0;
}

int output_close(struct output *out)
{
	if (!out->stream)
		return 0;
	int result = fclose(out->stream), error = errno;
	close(out->signals);
	if (out->own)
		close(out->fd);
	out->stream = NULL;
	errno = error;
	return result;
}
