/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Warnings about forwards that are made, but may not work on this host. It refuses nothing and
 * changes nothing.
 */
#ifndef PFWD_COMMANDS_WARN_H
#define PFWD_COMMANDS_WARN_H

#include "model/backend.h"

/* Print what keeps the forwards of set from working here, and what harm they may do. all: those
 * that are there now, set among them. */
void warn_of_forwards(const struct forwards *set, const struct forwards *all,
		      const struct backend *home);

#endif
