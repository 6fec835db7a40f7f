/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Run a command with its output thrown away, and print the nanoseconds that it took and its peak
 * memory in bytes. In C, and small: the peak that wait4(2) reports is never less than the memory of
 * the process that started the command.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

static long long now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

int main(int argc, char **argv)
{
	posix_spawn_file_actions_t actions;
	struct rusage usage;
	pid_t child;
	int status;
	if (argc < 2) {
		fprintf(stderr, "usage: timed COMMAND [ARGUMENT...]\n");
		return 2;
	}
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	long long start = now();
	int error = posix_spawnp(&child, argv[1], &actions, NULL, argv + 1, environ);
	if (error) {
		fprintf(stderr, "timed: %s: %s\n", argv[1], strerror(error));
		return 127;
	}
	if (wait4(child, &status, 0, &usage) < 0)
		return 127;
	printf("%lld %ld\n", now() - start, usage.ru_maxrss * 1024);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
