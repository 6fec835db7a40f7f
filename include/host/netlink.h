/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Talking to the kernel over netlink: opening, asking, and receiving answers. It does not know what
 * they are about.
 */
#ifndef PFWD_HOST_NETLINK_H
#define PFWD_HOST_NETLINK_H

#include <libmnl/libmnl.h>

/* The kernel fills no more of a dump at once. */
#define NETLINK_BUFFER_SIZE ((size_t)32 * 1024)

/* A socket on that bus (NETLINK_NETFILTER, ...), for mnl_socket_close; or NULL and errno. */
struct mnl_socket *netlink_open(int bus);

/*
 * Send a request and give each message of the answer to on, a callback of libmnl's; NULL: they do
 * not matter. Type, flags and payload of the request are set; without NLM_F_ACK and NLM_F_DUMP the
 * answer is one message, at which on ends with MNL_CB_STOP. 0, or -1 and errno: what the kernel
 * answered, or what went wrong.
 */
int netlink_ask(struct mnl_socket *socket, struct nlmsghdr *request, mnl_cb_t on, void *data);

/* The same for a dump, on a socket of its own; the flags need not be set. */
int netlink_dump(int bus, struct nlmsghdr *request, mnl_cb_t on, void *data);

#endif
