/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loading a kernel module with the kernel's own helper, for what libiptc does not load by itself.
 * It never loads anything on a guess of its own.
 */
#ifndef PFWD_XTABLES_MODULES_H
#define PFWD_XTABLES_MODULES_H

/* Run the program that /proc/sys/kernel/modprobe names for that module and wait for it. Whether it
 * helped shows when the table is opened again. */
void modules_load(const char *module);

#endif
