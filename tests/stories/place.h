/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is called how in IPv4 and in IPv6, for stories that are the same in both. */
#ifndef PFWD_TESTS_PLACE_H
#define PFWD_TESTS_PLACE_H

#include "town.h"

#define TCP IPPROTO_TCP
#define UDP IPPROTO_UDP

/* The same story in both families. */
struct place {
	const char *gateway, *lan_side, *client, *server; /* addresses as sockets take them */
	const char *to;                                   /* the server as a TARGET */
	const char *office, *elsewhere;                   /* networks with and without the client */
	const char *flag;                                 /* for targets without an address */
};

static const struct place v4 = {"10.1.0.1",    "192.168.1.1", "10.1.0.2",    "192.168.1.2",
				"192.168.1.2", "10.1.0.0/24", "10.7.0.0/16", "-4"};
static const struct place v6 = {"fd01::1",   "fd02::1",   "fd01::2",   "fd02::2",
				"[fd02::2]", "fd01::/64", "fd07::/64", "-6"};

#define STORY(f)                              \
	static void f##_in_ipv4(void **state) \
	{                                     \
		(void)state;                  \
		f(&v4);                       \
	}                                     \
	static void f##_in_ipv6(void **state) \
	{                                     \
		(void)state;                  \
		f(&v6);                       \
	}

#define ONE(f) cmocka_unit_test_teardown(f, town_clean)
#define BOTH(f) ONE(f##_in_ipv4), ONE(f##_in_ipv6)

#endif
