/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The room is the next power of two, so the count alone says how much there is. */
#include <stdlib.h>
#include <string.h>

#include "model/array.h"

void *array_append(void **items, size_t *count, size_t size)
{
	size_t n = *count;
	if ((n & (n - 1)) == 0) {
		void *more = reallocarray(*items, n ? n * 2 : 1, size);
		if (!more)
			return NULL;
		*items = more;
	}
	(*count)++;
	return memset((char *)*items + n * size, 0, size);
}
