/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ending the connections that a change of forwards leaves behind. It touches none that the change
 * does not concern.
 */
#ifndef PFWD_CONNS_SETTLE_H
#define PFWD_CONNS_SETTLE_H

#include "model/forwards.h"

/* End the UDP flows whose translation is not what the forwards now say. Both sets are sorted. */
int settle_udp(const struct forwards *before, const struct forwards *after, struct err *err);

/* End all connections, of any protocol, that run through forwards which are not there any more. */
int settle_kill(const struct forwards *before, const struct forwards *after, struct err *err);

#endif
