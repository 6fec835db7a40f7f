/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Warnings to standard error about forwards that are right in themselves. It refuses nothing and
 * changes nothing.
 */
#ifndef PFWD_COMMANDS_WARN_H
#define PFWD_COMMANDS_WARN_H

#include "model/forwards.h"

/* What makes the forwards not work here, or work to their user's harm. */
void warn_of_forwards(const struct forwards *set);

#endif
