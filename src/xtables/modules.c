/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's modprobe, run as the kernel runs it. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "xtables/modules.h"

#define HELPER_MAX 256 /* KMOD_PATH_LEN of the kernel */

/* What the kernel gives its helper. The environment of our caller must not reach a privileged
 * program. */
static char *const environment[] = {
	(char[]){"HOME=/"},
	(char[]){"TERM=linux"},
	(char[]){"PATH=/sbin:/usr/sbin:/bin:/usr/bin"},
	NULL,
};

static int find_helper(char out[HELPER_MAX])
{
	FILE *file = fopen("/proc/sys/kernel/modprobe", "re");
	if (!file)
		return -1;
	char *line = fgets(out, HELPER_MAX, file);
	fclose(file);
	if (!line)
		return -1;
	out[strcspn(out, "\n")] = '\0';
	return out[0] == '/' ? 0 : -1;
}

void modules_load(const char *module)
{
	char path[HELPER_MAX], name[64];
	pid_t child;
	if (find_helper(path) < 0)
		return;
	snprintf(name, sizeof(name), "%s", module);
	char *const argv[] = {path, (char[]){"-q"}, (char[]){"--"}, name, NULL};
	if (posix_spawn(&child, path, NULL, NULL, argv, environment) != 0)
		return;
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
}
