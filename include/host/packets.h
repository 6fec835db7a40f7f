/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copies of the first packets of connections, and of answers and errors, on all interfaces of this
 * host, as they come in and leave (packet(7)). It disturbs none of them.
 */
#ifndef PFWD_HOST_PACKETS_H
#define PFWD_HOST_PACKETS_H

#include "host/packet.h"
#include "model/err.h"

#define PACKETS_RANGES_MAX 64

/* Ports that packets are from or to. Ranges may hold other ports too. */
struct packets_filter { /* a zeroed one takes ICMP errors alone */
	struct packets_range {
		enum proto proto;
		struct ports ports;
	} ranges[PACKETS_RANGES_MAX];
	size_t count;
};

/* If there are too many ranges, the two of a protocol between which the gap is least are one. */
void packets_filter_add(struct packets_filter *filter, enum proto proto, struct ports ports);

/* A descriptor, or -1: ERR_PERMISSION if CAP_NET_RAW is missing, ERR_FAILED. */
int packets_open(const struct packets_filter *filter, struct err *err);
/* The next copy that packet_read takes: 1, or 0 if there is none yet; or -1. */
int packets_next(int fd, struct packet *out, struct err *err);
/* How many copies the kernel had to leave out since this was asked last. */
unsigned int packets_lost(int fd);

#endif
