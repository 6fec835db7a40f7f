/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading pfwd's table out of the kernel. It changes nothing.
 */
#ifndef PFWD_NFTABLES_READ_H
#define PFWD_NFTABLES_READ_H

#include "nftables/content.h"

/*
 * All of one generation of the ruleset: read again where somebody changes it meanwhile. What the
 * kernel does not have is empty. 0, or -1 and *out is empty: ERR_PERMISSION, ERR_CHANGED (it
 * changed each time), ERR_FAILED; also if a table of that name is somebody else's.
 */
int read_table(const struct reading *reading, struct content *out, struct err *err);

#endif
