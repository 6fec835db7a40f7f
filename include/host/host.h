/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The privileges of this process, and the settings and databases of this host. It changes nothing.
 */
#ifndef PFWD_HOST_HOST_H
#define PFWD_HOST_HOST_H

#include "syntax/spec.h"

/* 0, or -1 with ERR_PERMISSION: CAP_NET_ADMIN is missing, or CAP_NET_RAW if raw is true. */
int host_permitted(bool raw, struct err *err);

/* What words mean on this host now: services of $SERVICES or services(5), the zone of TZ or
 * /etc/localtime, the clock. */
struct spec_host host_words(void);

/* Nanoseconds of a clock that only goes forward, and of the time that this process has computed. */
int64_t host_clock(void);
int64_t host_work_clock(void);

/* The number of a setting (sysctl(8)), whose name is written with slashes. False: there is none. */
bool host_setting(const char *name, int64_t *out);
/* Whether conntrack counts packets and bytes; true if the system does not say. */
bool host_accounts(void);

#endif
