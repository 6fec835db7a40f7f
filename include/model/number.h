/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers as decimal digits. printf takes ten times as long, and lists have thousands of lines; it
 * does nothing else.
 */
#ifndef PFWD_MODEL_NUMBER_H
#define PFWD_MODEL_NUMBER_H

#include <stdint.h>

#define NUMBER_TEXT_MAX 21 /* UINT64_MAX and the NUL */

/* Write the number to out, ended by NUL, and return where the NUL is, as stpcpy(3) does. */
static inline char *number_put(char *out, uint64_t number)
{
	if (number >= 10)
		out = number_put(out, number / 10);
	*out++ = (char)('0' + number % 10);
	*out = '\0';
	return out;
}

#endif
