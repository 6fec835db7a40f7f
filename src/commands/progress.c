/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A line that is written over. */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "commands/progress.h"

#define A_WHILE (CLOCKS_PER_SEC / 4) /* of the processor's time since the program began */
#define ERASE_LINE "\r\033[K"

void progress_stage(struct progress *progress, const char *what, bool long_one)
{
	if ((!long_one && clock() < A_WHILE) || !isatty(STDERR_FILENO))
		return;
	fprintf(stderr, ERASE_LINE "pfwd: %s...", what);
	fflush(stderr);
	progress->shown = true;
}

void progress_end(struct progress *progress)
{
	if (progress->shown)
		fputs(ERASE_LINE, stderr);
	progress->shown = false;
}
