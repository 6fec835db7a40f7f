/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The netlink messages that ask conntrack for something, and what its refusals mean. It sends and
 * receives none.
 */
#ifndef PFWD_CONNS_CTREQUEST_H
#define PFWD_CONNS_CTREQUEST_H

#include <linux/netlink.h>

#include "conns/connection.h"
#include "model/err.h"

#define CTREQUEST_MAX 4096

/* A message of that type (cntl_msg_types) in the buffer, which is zeroed and aligned as struct
 * nlmsghdr: its header alone. */
struct nlmsghdr *ctrequest_begin(void *buffer, uint16_t type, uint16_t flags, enum family family);

/* Which connections of the table. */
struct ctrequest_wish {
	enum family family; /* FAMILY_NONE: both */
	uint8_t proto;      /* 0: those of any whose destination is translated */
	uint16_t port;      /* not 0: to that port, if their destination is not translated */
};
/* The whole question for them, in a buffer as above. NULL and errno: out of memory. */
struct nlmsghdr *ctrequest_dump(char buffer[CTREQUEST_MAX], const struct ctrequest_wish *wish);
/* Read a message of the answer; false: it is none, or of a connection that is not wished for. wish:
 * NULL: any is. */
bool ctrequest_read(const struct nlmsghdr *nlh, const struct ctrequest_wish *wish,
		    struct connection *out);

/* The words for an errno of netlink. Returns -1: ERR_UNSUPPORTED, ERR_PERMISSION, ERR_FAILED. */
int ctrequest_error(int error, const char *what, struct err *err);

#endif
