/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Deleting rules of others from the legacy tables. It decides nothing, and takes no lock.
 */
#ifndef PFWD_XTABLES_REMOVAL_H
#define PFWD_XTABLES_REMOVAL_H

#include <stdbool.h>

#include "model/other_rule.h"

/* As the function remove of struct backend. */
int removal_run(const struct other_rules *rules, const bool *gone, struct err *err);

#endif
