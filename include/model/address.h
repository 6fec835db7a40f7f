/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses, networks and ranges of ports of both families as plain values. It resolves no names
 * and asks no kernel.
 */
#ifndef PFWD_MODEL_ADDRESS_H
#define PFWD_MODEL_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Enumerations that thousands of values hold take one byte. */
#define PACKED __attribute__((packed))

enum PACKED family {
	FAMILY_NONE = 0,
	FAMILY_IPV4 = 4,
	FAMILY_IPV6 = 6,
};

enum PACKED proto { /* the numbers of IANA's registry, as in an IP header */
		    PROTO_NONE = 0,
		    PROTO_TCP = 6,
		    PROTO_UDP = 17,
		    PROTO_SCTP = 132,
};

/* Bytes in network order; the 12 bytes behind an IPv4 address are zero. A zeroed struct is no
 * address. */
struct address {
	enum family family;
	uint8_t bytes[16];
};

/* Host bits are zero. A zeroed struct is every address. */
struct network {
	struct address addr;
	uint8_t prefix; /* length in bits */
};

/* Both ends included, host byte order. {0, 0}: every port. */
struct ports {
	uint16_t first, last;
};

struct endpoint { /* of a connection */
	struct address addr;
	uint16_t port; /* host byte order; 0 if the protocol has none */
};

struct addresses {             /* a zeroed one is empty */
	struct address *items; /* sorted by address_compare */
	size_t count;
};

#define ADDRESS_TEXT_MAX 48 /* "[", 45 characters, "]", NUL */
#define NETWORK_TEXT_MAX 52

/* Numeric text without brackets. 0, or -1 and out as it was. */
int address_parse(const char *text, struct address *out);

/* ADDR[/BITS]; host bits are cleared, and a length of 0 gives "every address". *family is set to
 * the family in any case. 0, or -1 and both as they were. */
int network_parse(const char *text, struct network *out, enum family *family);

void address_format(const struct address *addr, char out[ADDRESS_TEXT_MAX]);
/* With brackets around an IPv6 address. */
void address_format_bracketed(const struct address *addr, char out[ADDRESS_TEXT_MAX]);
/* ADDR/BITS. */
void network_format(const struct network *net, char out[NETWORK_TEXT_MAX]);

const char *proto_name(enum proto proto);
/* Whether there are forwards of that number of IANA's registry. */
static inline bool proto_is_known(unsigned int proto)
{
	return proto == PROTO_TCP || proto == PROTO_UDP || proto == PROTO_SCTP;
}
const char *family_name(enum family family);

static inline bool address_is_set(const struct address *addr)
{
	return addr->family != FAMILY_NONE;
}
static inline bool network_is_set(const struct network *net)
{
	return net->addr.family != FAMILY_NONE;
}
/* Whether it is one address alone. */
bool network_is_host(const struct network *net);
bool address_equal(const struct address *a, const struct address *b);
/* Orders families first, then bytes; "none" comes before all. */
int address_compare(const struct address *a, const struct address *b);
static inline bool endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port && address_equal(&a->addr, &b->addr);
}

bool addresses_hold(const struct addresses *set, const struct address *addr);

bool address_is_loopback(const struct address *addr);   /* RFC 1122 3.2.1.3, RFC 4291 2.5.3 */
bool address_is_multicast(const struct address *addr);  /* RFC 5771, RFC 4291 2.7 */
bool address_is_broadcast(const struct address *addr);  /* 255.255.255.255 alone (RFC 919) */
bool address_is_link_local(const struct address *addr); /* of IPv6 alone (RFC 4291 2.5.6) */
bool address_is_shared(const struct address *addr); /* of a provider among customers (RFC 6598) */
/* Whether hosts everywhere can send to it: not private (RFC 1918, RFC 4193), shared or of one
 * network or host alone. */
bool address_is_public(const struct address *addr);
bool address_is_unspecified(const struct address *addr);
/* ::ffff:10.1.0.1, an IPv4 address written as one of IPv6 (RFC 4291 2.5.5.2). */
bool address_is_mapped(const struct address *addr);
/* The IPv4 address in a mapped or a compatible one (::10.1.0.1, RFC 4291 2.5.5.1; :: and ::1 are
 * none); every other address as it is. */
struct address address_undressed(const struct address *addr);
/* Whether text can only be meant as an IPv4 address: digits and dots, one dot at the least. */
bool address_looks_ipv4(const char *text);

unsigned int address_bits(enum family family); /* 32 or 128 */
/* The network of addr with that prefix length (at most address_bits). */
struct network network_of(const struct address *addr, unsigned int prefix);
/* The network of that address alone; "every address" if addr is none. */
struct network network_of_host(const struct address *addr);
/* Whether addr lies in net; "every address" holds the addresses of both families. */
bool network_holds(const struct network *net, const struct address *addr);

/* Write 80 or 8000-8010, ended by NUL, and return where the NUL is, as stpcpy(3) does. */
#define PORTS_TEXT_MAX 12
char *ports_put(char *out, struct ports ports);

static inline unsigned int ports_count(struct ports ports)
{
	return (unsigned int)(ports.last - ports.first) + 1;
}
static inline bool ports_equal(struct ports a, struct ports b)
{
	return a.first == b.first && a.last == b.last;
}
static inline bool ports_hold(struct ports ports, uint16_t port)
{
	return port >= ports.first && port <= ports.last;
}

#endif
