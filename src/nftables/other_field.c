/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers are in the host's order in registers, and those of headers in network order. */
#include <arpa/inet.h>
#include <string.h>
#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <linux/netfilter/nf_tables.h>

#include "nftables/other_field.h"
#include "nftables/wire.h"

/* ---- what a comparison asks ---- */

static bool is_exact(const struct compared *c)
{
	return memcmp(c->first, c->last, c->length) == 0;
}

static bool is_plain(const struct compared *c)
{
	return is_exact(c) && !c->mask;
}

static uint32_t number_of(const struct compared *c, const uint8_t *bytes)
{
	uint32_t number = 0;
	memcpy(&number, bytes, c->length < sizeof(number) ? c->length : sizeof(number));
	return number;
}

/* With a wildcard, it has fewer bytes than a name; in a set it is a range then: "ppp" and zeros to
 * "ppp" and ones. */
static bool read_name(const struct compared *c, struct condition *out)
{
	size_t n = 0, length = c->length < IFNAME_MAX ? c->length : IFNAME_MAX;
	while (n < length && n < IFNAME_MAX - 1 && c->first[n] && c->first[n] == c->last[n]) {
		out->name[n] = (char)c->first[n];
		n++;
	}
	bool whole = is_exact(c);
	bool wild = (whole && n == length && length < IFNAME_MAX) ||
		    (!whole && n < length && c->first[n] == 0 && c->last[n] == 0xff);
	if (wild && n < IFNAME_MAX - 1)
		out->name[n] = '+';
	return !c->mask && (wild ? n < IFNAME_MAX - 1 : whole);
}

static bool read_index(const struct compared *c, struct condition *out)
{
	if (!is_plain(c))
		return false;
	if (!c->find_interface(number_of(c, c->first), out->name))
		out->asks = ASKS_NEVER; /* it is gone */
	return true;
}

static bool read_family(const struct compared *c, struct condition *out, bool four, bool six)
{
	if (!is_plain(c))
		return false;
	if (!four && !six) {
		out->asks = ASKS_NEVER;
		return true;
	}
	out->family = six != c->negated ? FAMILY_IPV6 : FAMILY_IPV4;
	out->negated = false;
	return true;
}

static bool read_nfproto(const struct compared *c, struct condition *out)
{
	return read_family(c, out, c->first[0] == NFPROTO_IPV4, c->first[0] == NFPROTO_IPV6);
}

static bool read_ethertype(const struct compared *c, struct condition *out)
{
	uint16_t type = c->length == 2 ? wire_port(c->first) : 0;
	return read_family(c, out, type == ETH_P_IP, type == ETH_P_IPV6);
}

static bool read_proto(const struct compared *c, struct condition *out)
{
	out->proto = c->first[0];
	return is_plain(c);
}

static bool read_address(const struct compared *c, struct condition *out, enum family family)
{
	size_t length = address_bits(family) / 8;
	uint8_t mask[16] = {0};
	out->first = out->last = (struct address){.family = family};
	if (c->length > length)
		return false;
	memset(mask, 0xff, c->length);
	memset(out->last.bytes, 0xff, length);
	memcpy(out->first.bytes, c->first, c->length);
	memcpy(out->last.bytes, c->last, c->length);
	if (c->mask)
		memcpy(mask, c->mask, c->length);
	return is_exact(c) ? condition_mask(out, mask) : !c->mask;
}

static bool read_ip(const struct compared *c, struct condition *out)
{
	return read_address(c, out, FAMILY_IPV4);
}

static bool read_ip6(const struct compared *c, struct condition *out)
{
	return read_address(c, out, FAMILY_IPV6);
}

static bool read_port(const struct compared *c, struct condition *out)
{
	if (c->length != 2 || c->mask)
		return false;
	out->ports[0] = (struct ports){wire_port(c->first), wire_port(c->last)};
	out->port_count = 1;
	return true;
}

/* Later fragments have an offset. */
static bool read_fragment(const struct compared *c, struct condition *out)
{
	out->negated = !c->negated;
	return is_exact(c) && c->mask && number_of(c, c->first) == 0;
}

static bool read_flags(const struct compared *c, struct condition *out)
{
	out->value = c->first[0];
	out->mask = c->mask ? c->mask[0] : UINT8_MAX;
	return is_exact(c);
}

/* One of several bits: under a mask it is not zero. One bit: it is that one. */
static bool read_bits(const struct compared *c, struct condition *out, uint32_t *bits)
{
	uint32_t value = number_of(c, c->first);
	bool none = c->mask && value == 0, one = value && (value & (value - 1)) == 0;
	*bits = none ? number_of(c, c->mask) : value;
	if (none)
		out->negated = !c->negated;
	return is_exact(c) && (none || (one && (!c->mask || number_of(c, c->mask) == value)));
}

static bool read_state(const struct compared *c, struct condition *out)
{
	uint32_t bits;
	bool read = read_bits(c, out, &bits);
	out->states = condition_states(bits);
	return read;
}

static bool read_status(const struct compared *c, struct condition *out)
{
	uint32_t bits;
	bool read = read_bits(c, out, &bits);
	out->states = OTHER_TRANSLATED;
	return read && bits == IPS_DST_NAT;
}

static bool read_direction(const struct compared *c, struct condition *out)
{
	out->negated = (c->first[0] == IP_CT_DIR_REPLY) != c->negated;
	return is_plain(c);
}

static bool read_type(const struct compared *c, struct condition *out)
{
	uint32_t type = number_of(c, c->first);
	if (type < 32)
		out->types = 1U << type;
	return is_plain(c) && type < 32;
}

#define TO_HOST 0 /* PACKET_HOST of linux/if_packet.h: to this host's link address alone */

static bool read_pkttype(const struct compared *c, struct condition *out)
{
	out->negated = (c->first[0] == TO_HOST) != c->negated;
	return is_plain(c);
}

static bool read_mark(const struct compared *c, struct condition *out)
{
	out->value = number_of(c, c->first);
	out->mask = c->mask ? number_of(c, c->mask) : UINT32_MAX;
	return is_exact(c);
}

/* ---- fields ---- */

/* Of which nothing but this is told, whatever it is compared with. */
#define UNTOLD(asks, words)                \
	{                                  \
		asks, asks, 4, words, NULL \
	}

struct keyed {
	uint32_t key;
	struct field field;
};

static const struct field *find_key(const struct keyed *known, size_t count, uint32_t key)
{
	for (size_t i = 0; i < count; i++)
		if (known[i].key == key)
			return &known[i].field;
	return NULL;
}

const struct field *field_of_meta(uint32_t key)
{
	static const struct keyed known[] = {
		{NFT_META_IIFNAME, {ASKS_IN, ASKS_DOUBT, IFNAME_MAX, "iifname", read_name}},
		{NFT_META_OIFNAME, {ASKS_OUT, ASKS_DOUBT, IFNAME_MAX, "oifname", read_name}},
		{NFT_META_IIF, {ASKS_IN, ASKS_DOUBT, 4, "iif", read_index}},
		{NFT_META_OIF, {ASKS_OUT, ASKS_DOUBT, 4, "oif", read_index}},
		{NFT_META_NFPROTO, {ASKS_FAMILY, ASKS_PLACE, 1, "meta nfproto", read_nfproto}},
		{NFT_META_PROTOCOL, {ASKS_FAMILY, ASKS_PLACE, 2, "meta protocol", read_ethertype}},
		{NFT_META_L4PROTO, {ASKS_PROTO, ASKS_PLACE, 1, "meta l4proto", read_proto}},
		{NFT_META_MARK, {ASKS_MARK, ASKS_DOUBT, 4, "meta mark", read_mark}},
		{NFT_META_PRANDOM, UNTOLD(ASKS_SHARE, "meta random")},
		{NFT_META_LEN, UNTOLD(ASKS_SOME, "meta length")},
		{NFT_META_SKUID, UNTOLD(ASKS_DOUBT, "meta skuid")},
		{NFT_META_SKGID, UNTOLD(ASKS_DOUBT, "meta skgid")},
		{NFT_META_PKTTYPE, {ASKS_NEVER, ASKS_DOUBT, 1, "meta pkttype", read_pkttype}},
		{NFT_META_CGROUP, UNTOLD(ASKS_DOUBT, "meta cgroup")},
		{NFT_META_IIFTYPE, UNTOLD(ASKS_DOUBT, "meta iiftype")},
		{NFT_META_IIFGROUP, UNTOLD(ASKS_DOUBT, "iifgroup")},
		{NFT_META_OIFGROUP, UNTOLD(ASKS_DOUBT, "oifgroup")},
		{NFT_META_TIME_NS, UNTOLD(ASKS_DOUBT, "meta time")},
		{NFT_META_TIME_DAY, UNTOLD(ASKS_DOUBT, "meta day")},
		{NFT_META_TIME_HOUR, UNTOLD(ASKS_DOUBT, "meta hour")},
	};
	static const struct field other = UNTOLD(ASKS_DOUBT, "meta");
	const struct field *found = find_key(known, sizeof(known) / sizeof(known[0]), key);
	return found ? found : &other;
}

const struct field *field_of_ct(uint32_t key, bool original)
{
	static const struct keyed known[] = {
		{NFT_CT_STATE, {ASKS_STATE, ASKS_PLACE, 4, "ct state", read_state}},
		{NFT_CT_STATUS, {ASKS_STATE, ASKS_DOUBT, 4, "ct status", read_status}},
		{NFT_CT_MARK, {ASKS_CONNMARK, ASKS_DOUBT, 4, "ct mark", read_mark}},
		{NFT_CT_DIRECTION, {ASKS_ORIGINAL, ASKS_DOUBT, 1, "ct direction", read_direction}},
		{NFT_CT_SRC, UNTOLD(ASKS_SOME, "ct saddr")},
		{NFT_CT_SRC_IP, UNTOLD(ASKS_SOME, "ct ip saddr")},
		{NFT_CT_SRC_IP6, UNTOLD(ASKS_SOME, "ct ip6 saddr")},
		{NFT_CT_PKTS, UNTOLD(ASKS_SOME, "ct packets")},
		{NFT_CT_BYTES, UNTOLD(ASKS_SOME, "ct bytes")},
		{NFT_CT_AVGPKT, UNTOLD(ASKS_SOME, "ct avgpkt")},
	};
	static const struct keyed originals[] = {
		{NFT_CT_PROTO_DST,
		 {ASKS_ORIGINAL_PORT, ASKS_PLACE, 2, "ct original proto-dst", read_port}},
		{NFT_CT_DST, UNTOLD(ASKS_PLACE, "ct original daddr")},
		{NFT_CT_DST_IP, UNTOLD(ASKS_PLACE, "ct original ip daddr")},
		{NFT_CT_DST_IP6, UNTOLD(ASKS_PLACE, "ct original ip6 daddr")},
	};
	static const struct field other = UNTOLD(ASKS_DOUBT, "ct");
	const struct field *found = find_key(known, sizeof(known) / sizeof(known[0]), key);
	if (!found && original)
		found = find_key(originals, sizeof(originals) / sizeof(originals[0]), key);
	return found ? found : &other;
}

const struct field *field_of_fib(uint32_t result, uint32_t flags)
{
	static const struct keyed types[] = {
		{NFTA_FIB_F_DADDR, {ASKS_TYPE, ASKS_PLACE, 4, "fib daddr type", read_type}},
		{NFTA_FIB_F_SADDR, {ASKS_SOURCE_TYPE, ASKS_SOME, 4, "fib saddr type", read_type}},
	};
	static const struct field source = UNTOLD(ASKS_SOME, "fib saddr");
	static const struct field place = UNTOLD(ASKS_PLACE, "fib");
	const struct field *type = find_key(types, sizeof(types) / sizeof(types[0]), flags);
	if (type && result == NFT_FIB_RESULT_ADDRTYPE)
		return type;
	return flags & NFTA_FIB_F_SADDR ? &source : &place;
}

/* IPv4's addresses end where IPv6's are in the middle. */
static enum family family_of(const struct payload *at)
{
	if (at->family)
		return at->family;
	return at->offset == 8 || at->offset == 24 || at->offset == 6 ? FAMILY_IPV6 : FAMILY_IPV4;
}

#define NET NFT_PAYLOAD_NETWORK_HEADER
#define TH NFT_PAYLOAD_TRANSPORT_HEADER

const struct field *field_of_payload(const struct payload *at)
{
	static const struct {
		struct payload at; /* family and proto: none is any */
		struct field field;
	} known[] = {
		{{NET, 9, FAMILY_IPV4, 0}, {ASKS_PROTO, ASKS_PLACE, 1, "ip protocol", read_proto}},
		{{NET, 12, FAMILY_IPV4, 0}, {ASKS_SOURCE, ASKS_SOURCE, 4, "ip saddr", read_ip}},
		{{NET, 16, FAMILY_IPV4, 0},
		 {ASKS_DESTINATION, ASKS_DESTINATION, 4, "ip daddr", read_ip}},
		{{NET, 6, FAMILY_IPV4, 0},
		 {ASKS_NEVER, ASKS_SOME, 2, "ip frag-off", read_fragment}},
		{{NET, 6, FAMILY_IPV6, 0}, {ASKS_PROTO, ASKS_PLACE, 1, "ip6 nexthdr", read_proto}},
		{{NET, 8, FAMILY_IPV6, 0}, {ASKS_SOURCE, ASKS_SOURCE, 16, "ip6 saddr", read_ip6}},
		{{NET, 24, FAMILY_IPV6, 0},
		 {ASKS_DESTINATION, ASKS_DESTINATION, 16, "ip6 daddr", read_ip6}},
		{{TH, 0, 0, PROTO_TCP}, {ASKS_SOURCE_PORT, ASKS_DOUBT, 2, "tcp sport", read_port}},
		{{TH, 0, 0, PROTO_UDP}, {ASKS_SOURCE_PORT, ASKS_DOUBT, 2, "udp sport", read_port}},
		{{TH, 0, 0, PROTO_SCTP},
		 {ASKS_SOURCE_PORT, ASKS_DOUBT, 2, "sctp sport", read_port}},
		{{TH, 0, 0, 0}, {ASKS_SOURCE_PORT, ASKS_DOUBT, 2, "th sport", read_port}},
		{{TH, 2, 0, PROTO_TCP}, {ASKS_PORT, ASKS_PLACE, 2, "tcp dport", read_port}},
		{{TH, 2, 0, PROTO_UDP}, {ASKS_PORT, ASKS_PLACE, 2, "udp dport", read_port}},
		{{TH, 2, 0, PROTO_SCTP}, {ASKS_PORT, ASKS_PLACE, 2, "sctp dport", read_port}},
		{{TH, 2, 0, 0}, {ASKS_PORT, ASKS_PLACE, 2, "th dport", read_port}},
		{{TH, 13, 0, PROTO_TCP}, {ASKS_FLAGS, ASKS_SOME, 1, "tcp flags", read_flags}},
	};
	enum family family = family_of(at);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		const struct payload *k = &known[i].at;
		if (k->base == at->base && k->offset == at->offset &&
		    (!k->family || k->family == family) && (!k->proto || k->proto == at->proto))
			return &known[i].field;
	}
	return NULL;
}

void field_ask(const struct field *f, const struct compared *c, struct conditions *out)
{
	const struct condition untold = {
		.asks = f->otherwise, .words = f->words, .negated = c->negated};
	struct condition asked = untold;
	asked.asks = f->asks;
	conditions_add(out, f->read && f->read(c, &asked) ? &asked : &untold);
}
