/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers as decimal digits. printf takes ten times as long, and lists have thousands of lines; it
 * does nothing else.
 */
#ifndef PFWD_MODEL_NUMBER_H
#define PFWD_MODEL_NUMBER_H

#include <stdint.h>

#define NUMBER_TEXT_MAX 21 /* UINT64_MAX and the NUL */

/* Write the number to out, ended by NUL, and return where that is, as stpcpy(3) does. */
static inline char *number_put(char *out, uint64_t number)
{
	char digits[NUMBER_TEXT_MAX];
	unsigned int count = 0;
	do
		digits[count++] = (char)('0' + number % 10);
	while ((number /= 10));
	while (count > 0)
		*out++ = digits[--count];
	*out = '\0';
	return out;
}

#endif
