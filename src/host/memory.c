/* SPDX-License-Identifier: GPL-2.0-or-later */
/* glibc asks for large pages only if an environment variable says so. Here the beginning of its
 * heap is made before it is needed, and advised. Other C libraries are left alone. */
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host/memory.h"

#ifdef __GLIBC__
#include <malloc.h>

#define HEAP ((intptr_t)32 * 1024 * 1024) /* address space: memory only once it is used */
#define USUAL_STEP 131072
#define LARGE_ARRAY 4194304

void memory_use_large_pages(void)
{
	/* a system that would not give it: malloc has no smaller try of its own */
	if (sbrk(HEAP) == (void *)-1)
		return;
	sbrk(-HEAP);
	mallopt(M_MMAP_THRESHOLD, LARGE_ARRAY);
	mallopt(M_TRIM_THRESHOLD, INT_MAX);
	mallopt(M_TOP_PAD, (int)HEAP);
	/* more than the heap may have already; volatile, or the compiler leaves it out */
	void *volatile first = malloc((size_t)2 * USUAL_STEP);
	free(first);
	mallopt(M_TOP_PAD, USUAL_STEP);
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), end = (uintptr_t)sbrk(0);
	uintptr_t start = (end - (uintptr_t)HEAP + page - 1) / page * page;
	madvise((void *)start, end - start, MADV_HUGEPAGE);
}

void memory_give_back(void)
{
	malloc_trim(0);
}
#else
void memory_use_large_pages(void)
{
}

void memory_give_back(void)
{
}
#endif
