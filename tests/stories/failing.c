/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded into pfwd: allocations that fail, its own and those of its libraries. FAIL_AT says
 * which one does, from 1; with a + behind it, all from there on. COUNT_IN names a file for the
 * number of all that there were.
 */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

static unsigned long number, first, last;

__attribute__((constructor)) static void begin(void)
{
	const char *at = getenv("FAIL_AT");
	number = 0;
	first = at ? strtoul(at, NULL, 10) : 0;
	last = at && strchr(at, '+') ? (unsigned long)-1 : first;
}

__attribute__((destructor)) static void end(void)
{
	unsigned long all = number;
	const char *name = getenv("COUNT_IN");
	FILE *file = name ? fopen(name, "w") : NULL;
	if (!file)
		return;
	fprintf(file, "%lu\n", all);
	fclose(file);
}

static bool fails(void)
{
	number++;
	if (first == 0 || number < first || number > last)
		return false;
	errno = ENOMEM;
	return true;
}

void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	return fails() ? NULL : __libc_realloc(old, size);
}
