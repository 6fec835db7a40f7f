/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asking the kernel for a list of things over netlink. It does not know what they are.
 */
#ifndef PFWD_HOST_NETLINK_H
#define PFWD_HOST_NETLINK_H

#include <libmnl/libmnl.h>

/*
 * Send a request (its type and payload are set) as a dump over that bus (NETLINK_NETFILTER, ...)
 * and give each message of the answer to on, a callback of libmnl's. 0, or -1 and errno.
 */
int netlink_dump(int bus, struct nlmsghdr *request, mnl_cb_t on, void *data);

#endif
