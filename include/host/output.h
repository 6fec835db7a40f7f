/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Standard output for a command that runs until it is told to end: INT and TERM end it also while
 * the reader stands still. It knows nothing of what is written.
 */
#ifndef PFWD_HOST_OUTPUT_H
#define PFWD_HOST_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "model/err.h"

struct output {
	FILE *stream; /* to be written to; fully buffered */
	int signals;  /* readable once INT or TERM has come (signalfd(2)) */
	bool ended;   /* one came while a write waited: that write and all later ones fail */
	int fd;
	bool own, socket; /* fd is to be closed; it is a socket */
};

/* Block INT and TERM, and open *out. 0, or -1 and *out is zeroed. */
int output_open(struct output *out, struct err *err);
/* Write what is buffered and close; takes a zeroed one. INT and TERM stay blocked. 0, or -1 and
 * errno. */
int output_close(struct output *out);

#endif
