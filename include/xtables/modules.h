/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loading a kernel module through the kernel's own helper, because libiptc does not load all that
 * it needs. It never guesses which module is needed.
 */
#ifndef PFWD_XTABLES_MODULES_H
#define PFWD_XTABLES_MODULES_H

/* Run the program that /proc/sys/kernel/modprobe names for that module, and wait for it. Whether
 * it helped shows when the table is opened again. */
void modules_load(const char *module);

#endif
