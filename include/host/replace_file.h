/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Replacing a file as a whole: whoever reads it, at any moment, finds the old one or the new one.
 * It knows nothing of what is in it.
 */
#ifndef PFWD_HOST_REPLACE_FILE_H
#define PFWD_HOST_REPLACE_FILE_H

#include <stddef.h>

#include "model/err.h"

/* Whether there is a file of that name to be replaced: 1, or 0, or -1 with ERR_INPUT: what is
 * there, a device for example, must not be. */
int replace_file_check(const char *path, struct err *err);

/* Through another file in the same folder, which is synced before and after; nothing of it stays if
 * the process is killed while it is written. Mode and owner of the old file stay, a new one is
 * 0644; a symbolic link is followed. On failure the old file is as it was. */
int replace_file(const char *path, const char *text, size_t length, struct err *err);

#endif
