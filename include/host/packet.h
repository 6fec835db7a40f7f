/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the first packets of a connection say, as plain values read from their bytes. It sends and
 * receives none.
 */
#ifndef PFWD_HOST_PACKET_H
#define PFWD_HOST_PACKET_H

#include "model/address.h"

enum PACKED packet_kind {
	PACKET_OPENS,   /* the first of a connection: SYN, INIT, any UDP datagram */
	PACKET_ACCEPTS, /* its answer: SYN ACK, INIT ACK */
	PACKET_REFUSES, /* RST, ABORT */
	PACKET_FAILS,   /* an ICMP error about a packet of a connection */
};

struct packet {
	enum packet_kind kind;
	enum proto proto;
	struct endpoint from, to; /* of an ICMP error: those of the packet that it is about */
	struct address teller;    /* of an ICMP error: who sends it */
	const char *error;        /* of an ICMP error: what it says */
	uint32_t link;            /* the number of the interface; whoever receives it sets it */
	bool out;                 /* it leaves this host; as link */
	bool others;              /* it is for the link-layer address of another; as link */
};

/* Bytes from the IP header on. False: it is not the first packet of a connection, no answer to one
 * and no error. RFC 791, 8200, 792, 4443, 9293, 768, 9260. */
bool packet_read(const uint8_t *bytes, size_t length, struct packet *out);

#endif
