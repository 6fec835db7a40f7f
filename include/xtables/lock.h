/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lock that iptables takes, on /run/xtables.lock or $XTABLES_LOCKFILE, because libiptc takes
 * none. It never writes to the file.
 */
#ifndef PFWD_XTABLES_LOCK_H
#define PFWD_XTABLES_LOCK_H

#include "model/backend.h"

/* Wait up to that many seconds for the lock. If another process has it, waiting (or NULL) is told
 * before. The open lock, or -1: ERR_LOCKED if another process held it all the time. */
int lock_take(unsigned int seconds, const struct waiting *waiting, struct err *err);
/* lock: of lock_take; -1 is ignored. */
void lock_release(int lock);

#endif
