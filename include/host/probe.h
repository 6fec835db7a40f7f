/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether TCP connections from this host to others are answered. It sends nothing by them, and ends
 * each at once.
 */
#ifndef PFWD_HOST_PROBE_H
#define PFWD_HOST_PROBE_H

#include "model/address.h"

enum PACKED probe_answer {
	PROBE_NOT_ASKED,
	PROBE_ANSWERED,
	PROBE_REFUSED,
	PROBE_UNREACHABLE, /* a router or this host says so */
	PROBE_SILENT,      /* nothing came within two seconds */
};

struct probe {
	struct address to;
	uint16_t port;
	enum probe_answer answer; /* filled in; PROBE_NOT_ASKED: there was no socket for it */
};

/* Connect once to each, many of them at a time. */
void probe_all(struct probe *probes, size_t count);

#endif
