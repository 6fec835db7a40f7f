/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses, networks and protocols as values. */
#include <arpa/inet.h>
#include <string.h>

#include "model/address.h"
#include "model/search.h"
#include "model/number.h"

int address_parse(const char *text, struct address *out)
{
	struct address addr = {0};
	if (inet_pton(AF_INET, text, addr.bytes) == 1)
		addr.family = FAMILY_IPV4;
	else if (inet_pton(AF_INET6, text, addr.bytes) == 1)
		addr.family = FAMILY_IPV6;
	else
		return -1;
	*out = addr;
	return 0;
}

/* One to three digits, without a leading zero. */
static int prefix_parse(const char *text, unsigned int most, unsigned int *out)
{
	unsigned int value = 0;
	size_t length = strlen(text);
	if (length == 0 || length > 3 || (length > 1 && text[0] == '0'))
		return -1;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -1;
		value = value * 10 + (unsigned int)(*text - '0');
	}
	if (value > most)
		return -1;
	*out = value;
	return 0;
}

int network_parse(const char *text, struct network *out, enum family *family)
{
	char host[ADDRESS_TEXT_MAX];
	struct address addr;
	const char *slash = strchr(text, '/');
	size_t length = slash ? (size_t)(slash - text) : strlen(text);
	if (length >= sizeof(host))
		return -1;
	memcpy(host, text, length);
	host[length] = '\0';
	if (address_parse(host, &addr) < 0)
		return -1;
	unsigned int prefix = address_bits(addr.family);
	if (slash && prefix_parse(slash + 1, prefix, &prefix) < 0)
		return -1;
	*out = prefix ? network_of(&addr, prefix) : (struct network){0};
	*family = addr.family;
	return 0;
}

/* inet_ntop takes ten times as long, and lists have thousands of lines. */
static void format_ipv4(const uint8_t bytes[4], char *out)
{
	for (int i = 0; i < 4; i++)
		out = number_put(i ? stpcpy(out, ".") : out, bytes[i]);
}

void address_format(const struct address *addr, char out[ADDRESS_TEXT_MAX])
{
	out[0] = '\0';
	if (addr->family == FAMILY_IPV4)
		format_ipv4(addr->bytes, out);
	else if (addr->family == FAMILY_IPV6)
		inet_ntop(AF_INET6, addr->bytes, out, ADDRESS_TEXT_MAX);
}

void address_format_bracketed(const struct address *addr, char out[ADDRESS_TEXT_MAX])
{
	if (addr->family != FAMILY_IPV6) {
		address_format(addr, out);
		return;
	}
	out[0] = '[';
	if (!inet_ntop(AF_INET6, addr->bytes, out + 1, ADDRESS_TEXT_MAX - 2))
		out[1] = '\0';
	strcat(out, "]");
}

void network_format(const struct network *net, char out[NETWORK_TEXT_MAX])
{
	address_format(&net->addr, out);
	number_put(stpcpy(out + strlen(out), "/"), net->prefix);
}

const char *proto_name(enum proto proto)
{
	switch (proto) {
	case PROTO_TCP:
		return "tcp";
	case PROTO_UDP:
		return "udp";
	case PROTO_SCTP:
		return "sctp";
	case PROTO_NONE:
		break;
	}
	return "any";
}

const char *family_name(enum family family)
{
	return family == FAMILY_IPV6 ? "IPv6" : "IPv4";
}

bool address_equal(const struct address *a, const struct address *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

int address_compare(const struct address *a, const struct address *b)
{
	return memcmp(a, b, sizeof(*a));
}

static int compare(const void *a, const void *b)
{
	return address_compare(a, b);
}

bool addresses_hold(const struct addresses *set, const struct address *addr)
{
	size_t at = search_first(addr, set->items, set->count, sizeof(*set->items), compare);
	return at < set->count && address_equal(&set->items[at], addr);
}

bool address_is_loopback(const struct address *addr)
{
	static const uint8_t one[16] = {[15] = 1};
	if (addr->family == FAMILY_IPV4)
		return addr->bytes[0] == 127;
	return addr->family == FAMILY_IPV6 && memcmp(addr->bytes, one, 16) == 0;
}

bool address_is_multicast(const struct address *addr)
{
	if (addr->family == FAMILY_IPV4)
		return (addr->bytes[0] & 0xf0) == 0xe0;
	return addr->family == FAMILY_IPV6 && addr->bytes[0] == 0xff;
}

bool address_is_broadcast(const struct address *addr)
{
	return addr->family == FAMILY_IPV4 && memcmp(addr->bytes, "\xff\xff\xff\xff", 4) == 0;
}

bool address_is_link_local(const struct address *addr)
{
	return addr->family == FAMILY_IPV6 && addr->bytes[0] == 0xfe &&
	       (addr->bytes[1] & 0xc0) == 0x80;
}

#define DRESS 12 /* bytes of an IPv6 address before the IPv4 address in it */

bool address_is_mapped(const struct address *addr)
{
	static const uint8_t dress[DRESS] = {[10] = 0xff, [11] = 0xff};
	return addr->family == FAMILY_IPV6 && memcmp(addr->bytes, dress, DRESS) == 0;
}

struct address address_undressed(const struct address *addr)
{
	static const uint8_t dress[DRESS];
	struct address inner = {.family = FAMILY_IPV4};
	bool compatible = addr->family == FAMILY_IPV6 && memcmp(addr->bytes, dress, DRESS) == 0 &&
			  !address_is_unspecified(addr) && !address_is_loopback(addr);
	if (!compatible && !address_is_mapped(addr))
		return *addr;
	memcpy(inner.bytes, addr->bytes + DRESS, 4);
	return inner;
}

bool address_looks_ipv4(const char *text)
{
	return strchr(text, '.') && text[strspn(text, "0123456789.")] == '\0';
}

static bool in_network(const struct address *addr, uint8_t a, uint8_t b, unsigned int prefix)
{
	const struct address base = {addr->family, {a, b}};
	struct network net = network_of(&base, prefix);
	return network_holds(&net, addr);
}

bool address_is_shared(const struct address *addr)
{
	return addr->family == FAMILY_IPV4 && in_network(addr, 100, 64, 10);
}

bool address_is_public(const struct address *addr)
{
	if (addr->family == FAMILY_IPV6)
		return in_network(addr, 0x20, 0, 3);
	return !in_network(addr, 10, 0, 8) && !in_network(addr, 172, 16, 12) &&
	       !in_network(addr, 192, 168, 16) && !in_network(addr, 169, 254, 16) &&
	       !address_is_shared(addr) && !address_is_loopback(addr);
}

bool address_is_unspecified(const struct address *addr)
{
	static const uint8_t zero[16];
	return addr->family != FAMILY_NONE && memcmp(addr->bytes, zero, 16) == 0;
}

unsigned int address_bits(enum family family)
{
	return family == FAMILY_IPV6 ? 128 : 32;
}

bool network_is_host(const struct network *net)
{
	return network_is_set(net) && net->prefix == address_bits(net->addr.family);
}

struct network network_of(const struct address *addr, unsigned int prefix)
{
	struct network net = {.addr = {.family = addr->family}, .prefix = (uint8_t)prefix};
	memcpy(net.addr.bytes, addr->bytes, (prefix + 7) / 8);
	if (prefix % 8)
		net.addr.bytes[prefix / 8] &= (uint8_t)(0xff << (8 - prefix % 8));
	return net;
}

struct network network_of_host(const struct address *addr)
{
	if (!address_is_set(addr))
		return (struct network){0};
	return (struct network){.addr = *addr, .prefix = (uint8_t)address_bits(addr->family)};
}

bool network_holds(const struct network *net, const struct address *addr)
{
	if (!network_is_set(net))
		return true;
	if (net->addr.family != addr->family)
		return false;
	struct network other = network_of(addr, net->prefix);
	return address_equal(&net->addr, &other.addr);
}

char *ports_put(char *out, struct ports ports)
{
	out = number_put(out, ports.first);
	if (ports.last == ports.first)
		return out;
	return number_put(stpcpy(out, "-"), ports.last);
}
