/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The whole text of a file. It does not look into it.
 */
#ifndef PFWD_HOST_READ_FILE_H
#define PFWD_HOST_READ_FILE_H

#include <stddef.h>
#include <stdio.h>

#include "model/err.h"

/* All that is left in the stream; the caller frees it. what: the file, for the message. NULL:
 * ERR_FAILED. */
char *read_stream(FILE *in, const char *what, size_t *length, struct err *err);

/* The text of the file of that name, which is relative to the folder (NULL: the current one); the
 * caller frees it. NULL: ERR_INPUT if there is no such file, else ERR_FAILED. */
char *read_file(const char *folder, const char *name, size_t *length, struct err *err);

#endif
