/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A text with its length: of files of anybody's, so bytes of zero may be in it. It owns no memory.
 */
#ifndef PFWD_MODEL_TEXT_H
#define PFWD_MODEL_TEXT_H

#include <stddef.h>

struct text {
	const char *bytes; /* no zero ends them */
	size_t length;
};

/* The text without the byte order mark by which some editors begin UTF-8. */
struct text text_without_mark(struct text text);

#endif
