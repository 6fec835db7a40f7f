/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one binary search of the program: the place of a key in a sorted array. Use bsearch(3) if
 * only an item equal to the key is of interest.
 */
#ifndef PFWD_MODEL_SEARCH_H
#define PFWD_MODEL_SEARCH_H

#include <stddef.h>

/*
 * The parameters are those of bsearch(3). The index of the first item that does not come before
 * the key, that is, for which compare(key, item) <= 0; count if all come before it. A compare that
 * never gives 0, but 1 for equal items, makes it the first item behind the equal ones.
 */
static inline size_t search_first(const void *key, const void *items, size_t count, size_t size,
				  int (*compare)(const void *key, const void *item))
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (compare(key, (const char *)items + middle * size) > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

#endif
