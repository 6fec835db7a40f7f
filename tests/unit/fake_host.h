/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A host for tests, in place of the real one: what the kernel and the C library would answer. It
 * has lo, wan0 (203.0.113.1/24, 2001:db8::1/64), lan0 (192.168.1.1/24, fd02::1/64) and ppp0, which
 * has no address. Its clock stands at READ_NOW, and its zone is UTC.
 */
#ifndef PFWD_TESTS_FAKE_HOST_H
#define PFWD_TESTS_FAKE_HOST_H

#include "conns/connection.h"
#include "host/listeners.h"

#define FAKE_LISTENERS_MAX 16
#define FAKE_CONNS_MAX 8

struct fake_host { /* a zeroed one permits all, forwards and counts */
	bool forbidden;
	bool forbidden_raw; /* CAP_NET_RAW alone is missing */
	bool no_forwarding;
	bool no_accounting;
	bool no_events;    /* conntrack tells of none */
	bool no_addresses; /* they cannot be read */
	bool no_listeners; /* they cannot be read */
	struct host_listener listeners[FAKE_LISTENERS_MAX];
	size_t listener_count;
	bool no_conntrack;
	bool conns_stay;                /* they cannot be ended */
	bool conntrack_resizes;         /* while it is read */
	bool events_lost;               /* some, as events came too fast */
	bool events_begin, events_told; /* the steps of whoever watches, filled in */
	struct connection conns[FAKE_CONNS_MAX];
	bool ended[FAKE_CONNS_MAX];
	size_t conn_count;
};

/* Shared with child processes. */
extern struct fake_host *fake_host;
void fake_host_reset(void);

/* A TCP or UDP socket that listens at that address; "": at all of IPv4. */
void fake_listen(enum proto proto, const char *addr, uint16_t port);
/* A connection of client:4000 to via:port, translated to target:target_port; NULL: it is not. */
struct connection *fake_connect(enum proto proto, const char *client, const char *via,
				uint16_t port, const char *target, uint16_t target_port);

#endif
