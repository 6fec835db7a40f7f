/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules of others that packets meet in the legacy tables before forwards translate them. It changes
 * no table.
 */
#ifndef PFWD_XTABLES_EARLY_H
#define PFWD_XTABLES_EARLY_H

#include "filter/early.h"

/* Append them to out. 0, or -1: ERR_PERMISSION, ERR_FAILED. */
int xtables_early(struct early *out, struct err *err);

#endif
