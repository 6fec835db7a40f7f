/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ending the connections that a change of forwards leaves behind. It touches none that the change
 * does not concern.
 */
#ifndef PFWD_CONNS_SETTLE_H
#define PFWD_CONNS_SETTLE_H

#include "conns/stale.h"

/*
 * Both: 0, and *failed is how many connections could not be ended although all were tried; err says
 * why for the last of them. Or -1: which ones to end could not be found out, and none was ended.
 */

/* End the UDP flows that are not translated as the forwards now say. */
int settle_udp(const struct stale_change *change, size_t *failed, struct err *err);
/* End all connections, of any protocol, that run through forwards which the change removed. */
int settle_kill(const struct stale_change *change, size_t *failed, struct err *err);

#endif
