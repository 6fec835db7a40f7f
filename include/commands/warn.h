/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Warnings about forwards that are made, but may not work on this host. It refuses nothing and
 * changes nothing.
 */
#ifndef PFWD_COMMANDS_WARN_H
#define PFWD_COMMANDS_WARN_H

#include "model/backend.h"

/* Print what keeps the forwards from working here, and what harm they may do. */
void warn_of_forwards(const struct forwards *set, const struct backend *home);

#endif
