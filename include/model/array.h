/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Arrays that grow one item at a time. It knows nothing of what is in them.
 */
#ifndef PFWD_MODEL_ARRAY_H
#define PFWD_MODEL_ARRAY_H

#include <stddef.h>

/* One more item of size bytes behind the *count there are, zeroed, for arrays that grow by this
 * alone. NULL: out of memory, and the array is as it was. */
void *array_append(void **items, size_t *count, size_t size);

#endif
