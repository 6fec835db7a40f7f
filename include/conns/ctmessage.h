/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A connection out of one of conntrack's netlink messages. It sends and receives none.
 */
#ifndef PFWD_CONNS_CTMESSAGE_H
#define PFWD_CONNS_CTMESSAGE_H

#include <linux/netlink.h>

#include "conns/connection.h"

/* The message is complete, and not shorter than its header (nfgenmsg). A field of *out is zero if
 * the message does not tell it, or in too few bytes. Attributes:
 * linux/netfilter/nfnetlink_conntrack.h.
 */
void ctmessage_read(const struct nlmsghdr *message, struct connection *out);

#endif
