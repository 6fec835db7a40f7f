/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Base chains of other tables on the hooks that connections of forwards pass, with the chains that
 * they jump to, as values of the room filter. It changes nothing.
 */
#ifndef PFWD_NFTABLES_OTHERS_H
#define PFWD_NFTABLES_OTHERS_H

#include "nftables/guest.h"

/* Read those of filter hooks (input, forward, output, postrouting). 0, or -1 and errno; *out is
 * freed by the caller in any case. */
int others_read(struct others *out);
/* The same of those where pfwd lets nothing through: prerouting, ingress and egress; and of output
 * where it comes before conntrack. Addresses are not read. */
int others_read_early(struct others *out);

#endif
