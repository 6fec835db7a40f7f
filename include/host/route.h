/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which way packets to an address leave this host, as the kernel says. It changes no route.
 */
#ifndef PFWD_HOST_ROUTE_H
#define PFWD_HOST_ROUTE_H

#include "model/match.h"

/* The interface that packets to addr leave by, into out; false: there is no route. */
bool route_interface(const struct address *addr, char out[IFNAME_MAX]);

#endif
