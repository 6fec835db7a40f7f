/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the kernel backs this program's memory. It allocates nothing by itself.
 */
#ifndef PFWD_HOST_MEMORY_H
#define PFWD_HOST_MEMORY_H

/* Let the heap consist of large pages, if the system has them. Call it before anything else. A
 * table of thousands of rules takes megabytes, and a page fault for each 4 KiB takes a quarter of
 * the time of a command. */
void memory_use_large_pages(void);

/* Give back to the system what was freed: for a command that goes on for hours with less than it
 * began with. */
void memory_give_back(void);

#endif
