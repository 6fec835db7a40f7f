/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fragments but the first, and IPv6 packets with extension headers, say nothing of ports. */
#include <string.h>

#include "host/packet.h"

struct bytes {
	const uint8_t *at;
	size_t length;
};

struct layer { /* what an IP header says */
	struct address from, to;
	uint8_t proto; /* IANA's number */
	struct bytes rest;
};

#define ICMP 1
#define ICMPV6 58

static uint16_t number_at(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static struct address address_at(const uint8_t *at, enum family family)
{
	struct address addr = {.family = family};
	memcpy(addr.bytes, at, address_bits(family) / 8);
	return addr;
}

static bool read_ip(struct bytes in, struct layer *out)
{
	if (in.length >= 40 && in.at[0] >> 4 == 6) {
		*out = (struct layer){address_at(in.at + 8, FAMILY_IPV6),
				      address_at(in.at + 24, FAMILY_IPV6),
				      in.at[6],
				      {in.at + 40, in.length - 40}};
		return true;
	}
	size_t header = in.length >= 20 ? (in.at[0] & 0xfU) * 4 : 0;
	if (header < 20 || in.length < header || in.at[0] >> 4 != 4 ||
	    (number_at(in.at + 6) & 0x1fff))
		return false;
	*out = (struct layer){address_at(in.at + 12, FAMILY_IPV4),
			      address_at(in.at + 16, FAMILY_IPV4),
			      in.at[9],
			      {in.at + header, in.length - header}};
	return true;
}

static bool read_ports(const struct layer *ip, struct packet *out)
{
	if (ip->rest.length < 4 ||
	    (ip->proto != PROTO_TCP && ip->proto != PROTO_UDP && ip->proto != PROTO_SCTP))
		return false;
	out->proto = (enum proto)ip->proto;
	out->from = (struct endpoint){ip->from, number_at(ip->rest.at)};
	out->to = (struct endpoint){ip->to, number_at(ip->rest.at + 2)};
	return true;
}

/* ---- kinds ---- */

static bool read_tcp(struct bytes tcp, enum packet_kind *out)
{
	if (tcp.length < 14)
		return false;
	unsigned int flags = tcp.at[13] & 0x16; /* RST, SYN, ACK */
	*out = flags & 0x04 ? PACKET_REFUSES : flags == 0x12 ? PACKET_ACCEPTS : PACKET_OPENS;
	return flags & 0x06;
}

static bool read_sctp(struct bytes sctp, enum packet_kind *out)
{
	uint8_t chunk = sctp.length > 12 ? sctp.at[12] : 0;
	*out = chunk == 1 ? PACKET_OPENS : chunk == 2 ? PACKET_ACCEPTS : PACKET_REFUSES;
	return chunk == 1 || chunk == 2 || chunk == 6;
}

/* ---- errors ---- */

static const struct said {
	uint8_t proto, type, code;
	const char *text;
} errors[] = {
	{ICMP, 3, 0, "network unreachable"},
	{ICMP, 3, 1, "host unreachable"},
	{ICMP, 3, 2, "protocol unreachable"},
	{ICMP, 3, 3, "port unreachable"},
	{ICMP, 3, 6, "network unknown"},
	{ICMP, 3, 7, "host unknown"},
	{ICMP, 3, 9, "network prohibited"},
	{ICMP, 3, 10, "host prohibited"},
	{ICMP, 3, 13, "administratively prohibited"},
	{ICMP, 11, 0, "hop limit exceeded"},
	{ICMPV6, 1, 0, "no route"},
	{ICMPV6, 1, 1, "administratively prohibited"},
	{ICMPV6, 1, 3, "address unreachable"},
	{ICMPV6, 1, 4, "port unreachable"},
	{ICMPV6, 1, 5, "source address failed policy"},
	{ICMPV6, 1, 6, "reject route"},
	{ICMPV6, 3, 0, "hop limit exceeded"},
	{ICMPV6, 4, 1, "protocol unreachable"},
};

static bool read_error(const struct layer *ip, struct packet *out)
{
	struct layer inner;
	struct bytes icmp = ip->rest;
	if (icmp.length < 8)
		return false;
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (errors[i].proto == ip->proto && errors[i].type == icmp.at[0] &&
		    errors[i].code == icmp.at[1])
			out->error = errors[i].text;
	out->kind = PACKET_FAILS;
	out->teller = ip->from;
	return out->error && read_ip((struct bytes){icmp.at + 8, icmp.length - 8}, &inner) &&
	       read_ports(&inner, out);
}

bool packet_read(const uint8_t *bytes, size_t length, struct packet *out)
{
	struct layer ip;
	*out = (struct packet){0};
	if (!read_ip((struct bytes){bytes, length}, &ip))
		return false;
	if (ip.proto == ICMP || ip.proto == ICMPV6)
		return read_error(&ip, out);
	if (!read_ports(&ip, out))
		return false;
	if (ip.proto == PROTO_TCP)
		return read_tcp(ip.rest, &out->kind);
	return ip.proto == PROTO_UDP || read_sctp(ip.rest, &out->kind);
}
