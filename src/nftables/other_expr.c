/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a rule asks is followed from register to register. A register is four bytes; what is loaded
 * takes as many as it needs.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>

#include "nftables/other_expr.h"
#include "nftables/wire.h"
#include "others/narrow.h"
#include "others/xt.h"

#define REGISTERS 20
#define TYPE_LOCAL 2 /* of addresses, of linux/rtnetlink.h */
#define NETWORKS_MAX_OF_RANGE 64

enum loaded {
	LOADED_NOTHING,
	LOADED_VALUE, /* bytes of the rule itself */
	LOADED_DATA,  /* of a map, from offset on */
	LOADED_META,
	LOADED_PAYLOAD,
	LOADED_STATE,  /* of the connection */
	LOADED_STATUS, /* of the connection */
	LOADED_HERE,   /* the type of the destination */
	LOADED_SHARE,  /* a number that shares packets out */
	LOADED_OTHER,
};

struct reg {
	enum loaded what;
	uint32_t key;    /* NFT_META_*, NFT_PAYLOAD_*_HEADER */
	uint32_t offset; /* of the payload, of the data */
	size_t length;   /* 0: that of what it is compared with */
	bool masked;
	uint8_t bytes[16]; /* the value, or the mask */
	const char *words;
};

struct nat_registers {
	uint8_t addr, addr_last, port, port_last;
	bool has_addr, has_port;
	uint32_t flags;
	enum family family; /* of the address */
};

struct decoder {
	const struct other_source *source;
	struct rule_cases *cases;
	struct other_chain *chain;
	struct reg regs[REGISTERS];
	struct nat_registers nat;
	/* nft(8) makes "at least" and "at most" of a range: the first of them, until the second */
	const struct nlattr *least;
	const struct reg *least_reg;
	bool failed;
};

static struct other_rule *asked(const struct decoder *d)
{
	return &d->cases->all.rule;
}

static void beyond(struct decoder *d, const char *words)
{
	narrow_beyond(d->cases->texts, asked(d), "%s", words);
}

static struct reg *reg_of(struct decoder *d, const struct nlattr *attr)
{
	static struct reg nothing;
	uint8_t reg;
	return wire_reg(attr, &reg) && reg < REGISTERS ? &d->regs[reg] : &nothing;
}

static struct reg *load(struct decoder *d, const struct nlattr *dreg, enum loaded what)
{
	uint8_t reg;
	static struct reg nowhere;
	struct reg *r = wire_reg(dreg, &reg) && reg < REGISTERS ? &d->regs[reg] : &nowhere;
	*r = (struct reg){.what = what};
	return r;
}

/* ---- loads ---- */

static void on_meta(struct decoder *d, const struct wire_attrs *a)
{
	static const char *const words[] = {
		[NFT_META_MARK] = "meta mark",      [NFT_META_SKUID] = "meta skuid",
		[NFT_META_SKGID] = "meta skgid",    [NFT_META_PKTTYPE] = "meta pkttype",
		[NFT_META_CGROUP] = "meta cgroup",  [NFT_META_IIFTYPE] = "meta iiftype",
		[NFT_META_IIFGROUP] = "iifgroup",   [NFT_META_OIFGROUP] = "oifgroup",
		[NFT_META_LEN] = "meta length",     [NFT_META_PROTOCOL] = "meta protocol",
		[NFT_META_TIME_NS] = "meta time",   [NFT_META_TIME_DAY] = "meta day",
		[NFT_META_TIME_HOUR] = "meta hour",
	};
	uint32_t key = wire_number_of(a, NFTA_META_KEY);
	if (!a->of[NFTA_META_DREG])
		return; /* it sets something */
	bool share = key == NFT_META_PRANDOM;
	struct reg *r = load(d, a->of[NFTA_META_DREG], share ? LOADED_SHARE : LOADED_META);
	r->key = key;
	r->words = key < sizeof(words) / sizeof(words[0]) ? words[key] : NULL;
}

static void on_payload(struct decoder *d, const struct wire_attrs *a)
{
	if (!a->of[NFTA_PAYLOAD_DREG])
		return;
	struct reg *r = load(d, a->of[NFTA_PAYLOAD_DREG], LOADED_PAYLOAD);
	r->key = wire_number_of(a, NFTA_PAYLOAD_BASE);
	r->offset = wire_number_of(a, NFTA_PAYLOAD_OFFSET);
	r->length = wire_number_of(a, NFTA_PAYLOAD_LEN);
}

static void on_ct(struct decoder *d, const struct wire_attrs *a)
{
	uint32_t key = wire_number_of(a, NFTA_CT_KEY);
	if (!a->of[NFTA_CT_DREG])
		return;
	struct reg *r = load(d, a->of[NFTA_CT_DREG],
			     key == NFT_CT_STATE    ? LOADED_STATE
			     : key == NFT_CT_STATUS ? LOADED_STATUS
						    : LOADED_OTHER);
	r->words = key == NFT_CT_MARK ? "ct mark" : "ct";
}

static void on_fib(struct decoder *d, const struct wire_attrs *a)
{
	bool type = wire_number_of(a, NFTA_FIB_RESULT) == NFT_FIB_RESULT_ADDRTYPE &&
		    wire_number_of(a, NFTA_FIB_FLAGS) == NFTA_FIB_F_DADDR;
	struct reg *r = load(d, a->of[NFTA_FIB_DREG], type ? LOADED_HERE : LOADED_OTHER);
	r->words = "fib";
}

static void on_share(struct decoder *d, const struct wire_attrs *a)
{
	/* numgen and hash have the register at the same place, of the types 1 and 2 */
	const struct nlattr *dreg = a->of[NFTA_NG_DREG];
	load(d, dreg, LOADED_SHARE)->words = "numgen";
}

static void on_hash(struct decoder *d, const struct wire_attrs *a)
{
	load(d, a->of[NFTA_HASH_DREG], LOADED_SHARE)->words = "jhash";
}

static void on_bitwise(struct decoder *d, const struct wire_attrs *a)
{
	struct reg reg = *reg_of(d, a->of[NFTA_BITWISE_SREG]);
	struct wire_attrs data = wire_nest(a->of[NFTA_BITWISE_MASK]);
	const struct nlattr *mask = data.of[NFTA_DATA_VALUE];
	size_t length = mask ? mnl_attr_get_payload_len(mask) : 0;
	reg.masked = length > 0 && length <= sizeof(reg.bytes) && reg.what != LOADED_VALUE;
	if (reg.masked)
		memcpy(reg.bytes, mnl_attr_get_payload(mask), length);
	else
		reg = (struct reg){.what = LOADED_OTHER, .words = "a shift or a long mask"};
	*load(d, a->of[NFTA_BITWISE_DREG], LOADED_OTHER) = reg;
}

/* ---- conditions ---- */

struct condition { /* the register holds at least first, and at most last */
	const struct reg *reg;
	const uint8_t *first, *last;
	size_t length;
	bool negated;
};

static bool is_exact(const struct condition *c)
{
	return memcmp(c->first, c->last, c->length) == 0;
}

static bool tell_beyond(struct decoder *d, struct other_rule *r, const struct condition *c,
			const char *what)
{
	char text[3 * IFNAME_MAX] = "";
	uint32_t number = 0;
	bool is_number = c->reg->what != LOADED_PAYLOAD && c->length == sizeof(number);
	memcpy(&number, c->first, is_number ? sizeof(number) : 0);
	if (is_number)
		snprintf(text, sizeof(text), "%x", number);
	for (size_t i = 0; !is_number && i < c->length && i < sizeof(text) / 2 - 1; i++)
		snprintf(text + 2 * i, 3, "%02x", c->first[i]);
	narrow_beyond(d->cases->texts, r, "%s %s0x%s", what ? what : "a match",
		      c->negated ? "!= " : "", text);
	return true;
}

/* Names of interfaces are ranges where they end with a wildcard: "ppp" and zeros to "ppp" and
 * ones. */
static bool ask_name(struct decoder *d, const struct condition *c, struct other_rule *r, bool out)
{
	char name[IFNAME_MAX] = "";
	size_t n = 0, length = c->length < IFNAME_MAX ? c->length : IFNAME_MAX;
	while (n < length && n < IFNAME_MAX - 1 && c->first[n] && c->first[n] == c->last[n]) {
		name[n] = (char)c->first[n];
		n++;
	}
	bool whole = is_exact(c);
	bool wild = (whole && n == length && length < IFNAME_MAX) ||
		    (!whole && n < length && c->first[n] == 0 && c->last[n] == 0xff);
	if ((!whole && !wild) || (wild && n == IFNAME_MAX - 1))
		return tell_beyond(d, r, c, out ? "oifname" : "iifname");
	if (wild && n == 0)
		return true;
	if (wild)
		name[n] = '+';
	if (c->negated) {
		if (!out)
			narrow_not_interface(r->not_in, name);
		(out ? narrow_beyond : narrow_detail)(d->cases->texts, r, "%s != \"%s\"",
						      out ? "oifname" : "iifname", name);
		return true;
	}
	return narrow_interface(out ? r->out : r->in, name);
}

static bool ask_index(struct decoder *d, const struct condition *c, struct other_rule *r, bool out)
{
	const struct other_source *s = d->source;
	uint32_t index = 0;
	char name[IFNAME_MAX] = "";
	memcpy(&index, c->first, c->length < sizeof(index) ? c->length : sizeof(index));
	if (!is_exact(c) || !s->find_interface(s->context, index, name))
		return tell_beyond(d, r, c, out ? "oif" : "iif");
	if (c->negated) {
		if (!out)
			narrow_not_interface(r->not_in, name);
		(out ? narrow_beyond : narrow_detail)(d->cases->texts, r, "%s != \"%s\"",
						      out ? "oif" : "iif", name);
		return true;
	}
	return narrow_interface(out ? r->out : r->in, name);
}

static bool ask_proto(struct decoder *d, const struct condition *c, struct other_rule *r)
{
	unsigned int proto = c->first[0];
	if (!is_exact(c) || c->negated)
		return tell_beyond(d, r, c, "meta l4proto");
	if (proto != PROTO_TCP && proto != PROTO_UDP && proto != PROTO_SCTP)
		narrow_beyond(d->cases->texts, r, "meta l4proto %u", proto);
	return narrow_proto(r, proto);
}

static bool ask_meta(struct decoder *d, const struct condition *c, struct other_rule *r)
{
	bool six = c->first[0] == NFPROTO_IPV6;
	switch (c->reg->key) {
	case NFT_META_IIFNAME:
		return ask_name(d, c, r, false);
	case NFT_META_OIFNAME:
		return ask_name(d, c, r, true);
	case NFT_META_IIF:
		return ask_index(d, c, r, false);
	case NFT_META_OIF:
		return ask_index(d, c, r, true);
	case NFT_META_L4PROTO:
		return ask_proto(d, c, r);
	case NFT_META_NFPROTO:
		return narrow_family(r, six != c->negated ? FAMILY_IPV6 : FAMILY_IPV4);
	default:
		return tell_beyond(d, r, c, c->reg->words ? c->reg->words : "meta");
	}
}

/* ---- of the packet's headers ---- */

struct field {
	uint32_t base, offset, length;
	enum family family; /* of the header; none: it has no family */
	enum { FIELD_FROM, FIELD_DST, FIELD_PROTO, FIELD_SPORT, FIELD_DPORT } what;
};

static const struct field fields[] = {
	{NFT_PAYLOAD_NETWORK_HEADER, 9, 1, FAMILY_IPV4, FIELD_PROTO},
	{NFT_PAYLOAD_NETWORK_HEADER, 12, 4, FAMILY_IPV4, FIELD_FROM},
	{NFT_PAYLOAD_NETWORK_HEADER, 16, 4, FAMILY_IPV4, FIELD_DST},
	{NFT_PAYLOAD_NETWORK_HEADER, 6, 1, FAMILY_IPV6, FIELD_PROTO},
	{NFT_PAYLOAD_NETWORK_HEADER, 8, 16, FAMILY_IPV6, FIELD_FROM},
	{NFT_PAYLOAD_NETWORK_HEADER, 24, 16, FAMILY_IPV6, FIELD_DST},
	{NFT_PAYLOAD_TRANSPORT_HEADER, 0, 2, FAMILY_NONE, FIELD_SPORT},
	{NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, FAMILY_NONE, FIELD_DPORT},
};

/* The family whose header a rule means: IPv4's addresses end where IPv6's are in the middle. */
static enum family header_family(const struct other_rule *r, const struct reg *reg)
{
	if (r->family)
		return r->family;
	return reg->offset == 8 || reg->offset == 24 || reg->offset == 6 ? FAMILY_IPV6
									 : FAMILY_IPV4;
}

/* The field at that byte; NULL: none that is known. */
static const struct field *find_field(const struct reg *reg, uint32_t offset, enum family family)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (fields[i].base == reg->key && fields[i].offset == offset &&
		    (!fields[i].family || fields[i].family == family))
			return &fields[i];
	return NULL;
}

/* The length of a mask of ones and then zeros; -1: it is another one. */
static int mask_length(const uint8_t *mask, size_t length)
{
	int prefix = 0;
	bool ended = false;
	for (size_t i = 0; i < 8 * length; i++) {
		bool one = mask[i / 8] & 0x80U >> i % 8;
		if (one && ended)
			return -1;
		ended = !one;
		prefix += one;
	}
	return prefix;
}

static bool ask_network(struct decoder *d, const struct condition *c, struct other_rule *r,
			const struct field *f)
{
	const char *ip = f->family == FAMILY_IPV6 ? "ip6" : "ip";
	bool from = f->what == FIELD_FROM;
	struct address addr = {.family = f->family};
	char text[NETWORK_TEXT_MAX];
	int prefix = (int)(8 * c->length);
	if (c->reg->masked)
		prefix = mask_length(c->reg->bytes, c->length);
	if (prefix < 0 || !narrow_family(r, f->family))
		return prefix < 0 ? tell_beyond(d, r, c, from ? "ip saddr" : "ip daddr") : false;
	memcpy(addr.bytes, c->first, c->length);
	struct network net = network_of(&addr, (unsigned int)prefix);
	if (c->negated) {
		network_format(&net, text);
		narrow_not_network(from ? &r->not_from : &r->not_dst, &net);
		narrow_detail(d->cases->texts, r, "%s %s != %s", ip, from ? "saddr" : "daddr",
			      text);
		return true;
	}
	return prefix == 0 || narrow_network(from ? &r->from : &r->dst, &net);
}

static uint16_t port_at(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static bool ask_port(struct decoder *d, const struct condition *c, struct other_rule *r,
		     const struct field *f)
{
	const struct ports ports = {port_at(c->first), port_at(c->last)};
	const char *proto = r->proto ? proto_name(r->proto) : "th";
	bool any = ports.first <= 1 && ports.last == UINT16_MAX;
	char text[PORTS_TEXT_MAX];
	if (any && !c->negated)
		return true;
	if (f->what == FIELD_DPORT && !c->negated && !c->reg->masked)
		return narrow_ports(&r->ports,
				    (struct ports){ports.first ? ports.first : 1, ports.last});
	ports_put(text, ports);
	narrow_beyond(d->cases->texts, r, "%s %s %s%s", proto,
		      f->what == FIELD_DPORT ? "dport" : "sport", c->negated ? "!= " : "", text);
	return true;
}

static bool ask_field(struct decoder *d, const struct condition *c, struct other_rule *r,
		      const struct field *f)
{
	switch (f->what) {
	case FIELD_FROM:
	case FIELD_DST:
		/* a range of addresses was cut into networks before, or cannot be told */
		return is_exact(c) ? ask_network(d, c, r, f)
				   : tell_beyond(d, r, c,
						 f->what == FIELD_FROM ? "ip saddr" : "ip daddr");
	case FIELD_PROTO:
		return ask_proto(d, c, r);
	case FIELD_SPORT:
	case FIELD_DPORT:
		break;
	}
	return c->length == 2 ? ask_port(d, c, r, f) : tell_beyond(d, r, c, "th");
}

/* nft(8) loads fields that are neighbours as one. */
static bool ask_payload(struct decoder *d, const struct condition *c, struct other_rule *r)
{
	const struct reg *reg = c->reg;
	enum family family = header_family(r, reg);
	size_t at = 0;
	bool met = true;
	while (met && at < c->length) {
		const struct field *f = find_field(reg, reg->offset + (uint32_t)at, family);
		size_t left = c->length - at;
		struct reg part = *reg;
		/* of several fields, "not equal" says that one of them is not */
		if (!f || (c->negated && left > f->length))
			return tell_beyond(d, r, c, "@payload");
		size_t length = f->length < left ? f->length : left;
		if (reg->masked && at < sizeof(part.bytes))
			memcpy(part.bytes, reg->bytes + at, sizeof(part.bytes) - at);
		const struct condition one = {&part, c->first + at, c->last + at, length,
					      c->negated};
		met = ask_field(d, &one, r, f);
		at += length;
	}
	return met;
}

/* ---- of the connection ---- */

static uint8_t states_of(uint32_t bits)
{
	return (uint8_t)((bits & 1U << (IP_CT_NEW + 1) ? OTHER_NEW : 0) |
			 (bits & 1U << (IP_CT_ESTABLISHED + 1) ? OTHER_ESTABLISHED : 0) |
			 (bits & 1U << (IP_CT_RELATED + 1) ? OTHER_RELATED : 0));
}

/* A mask and "not zero" is one of several bits; without a mask it is one. */
static bool ask_bits(struct decoder *d, const struct condition *c, struct other_rule *r)
{
	const struct reg *reg = c->reg;
	uint32_t value = 0, mask = 0;
	memcpy(&value, c->first, c->length < sizeof(value) ? c->length : sizeof(value));
	memcpy(&mask, reg->bytes, sizeof(mask));
	bool any = reg->masked && c->negated && value == 0;
	bool all = reg->masked && !c->negated && value == mask && (mask & (mask - 1)) == 0;
	bool one = !reg->masked && !c->negated && is_exact(c);
	uint32_t bits = any || all ? mask : value;
	if (!any && !all && !one)
		return tell_beyond(d, r, c, reg->what == LOADED_STATE ? "ct state" : "ct status");
	if (reg->what == LOADED_STATUS && bits != IPS_DST_NAT)
		return tell_beyond(d, r, c, "ct status");
	uint8_t states = reg->what == LOADED_STATUS ? OTHER_TRANSLATED : states_of(bits);
	const struct other_rule more = {.exact = true, .states = states};
	return states ? narrow_by(r, &more) : tell_beyond(d, r, c, "ct state");
}

static bool ask_here(struct decoder *d, const struct condition *c, struct other_rule *r)
{
	uint32_t type = 0;
	memcpy(&type, c->first, c->length < sizeof(type) ? c->length : sizeof(type));
	if (type != TYPE_LOCAL || c->negated || !is_exact(c))
		return tell_beyond(d, r, c, "fib daddr type");
	r->here = true;
	return true;
}

/* False: no packet meets it. */
static bool ask(struct decoder *d, const struct condition *c, struct other_rule *r)
{
	switch (c->reg->what) {
	case LOADED_META:
		return ask_meta(d, c, r);
	case LOADED_PAYLOAD:
		return ask_payload(d, c, r);
	case LOADED_STATE:
	case LOADED_STATUS:
		return ask_bits(d, c, r);
	case LOADED_HERE:
		return ask_here(d, c, r);
	case LOADED_SHARE:
		d->cases->all.share = true;
		narrow_detail(d->cases->texts, r, "%s",
			      c->reg->words ? c->reg->words : "meta random");
		return true;
	case LOADED_NOTHING:
	case LOADED_VALUE:
	case LOADED_DATA:
	case LOADED_OTHER:
		break;
	}
	return tell_beyond(d, r, c, c->reg->words);
}

static bool is_port(const struct reg *reg)
{
	return reg->what == LOADED_PAYLOAD && reg->key == NFT_PAYLOAD_TRANSPORT_HEADER &&
	       reg->offset == 2;
}

/* ---- ranges and sets ---- */

static const struct field *address_field(const struct decoder *d, const struct reg *reg)
{
	const struct field *f =
		reg->what == LOADED_PAYLOAD && !reg->masked
			? find_field(reg, reg->offset, header_family(&d->cases->all.rule, reg))
			: NULL;
	return f && (f->what == FIELD_FROM || f->what == FIELD_DST) && reg->length == f->length
		       ? f
		       : NULL;
}

static bool is_filled(const uint8_t *bytes, unsigned int bits, unsigned int from, bool ones)
{
	for (unsigned int i = from; i < bits; i++)
		if (!(bytes[i / 8] & 0x80U >> i % 8) == ones)
			return false;
	return true;
}

/* The largest network that begins at first and ends before last or with it. */
static struct network next_network(const struct address *first, const struct address *last)
{
	unsigned int bits = address_bits(first->family), prefix = bits;
	while (prefix > 0 && is_filled(first->bytes, bits, prefix - 1, false)) {
		struct address end = *first;
		for (unsigned int i = prefix - 1; i < bits; i++)
			end.bytes[i / 8] |= (uint8_t)(0x80U >> i % 8);
		if (memcmp(end.bytes, last->bytes, bits / 8) > 0)
			break;
		prefix--;
	}
	return network_of(first, prefix);
}

/* To the address behind the network. False: there is none. */
static bool step_over(struct address *addr, const struct network *net)
{
	for (unsigned int i = net->prefix; i > 0; i--) {
		addr->bytes[(i - 1) / 8] ^= (uint8_t)(0x80U >> (i - 1) % 8);
		if (addr->bytes[(i - 1) / 8] & 0x80U >> (i - 1) % 8)
			return true;
	}
	return false;
}

/* Cut a range of addresses into networks. 0: too many. */
static size_t cut_range(const struct field *f, const struct condition *c,
			struct network out[NETWORKS_MAX_OF_RANGE])
{
	struct address first = {.family = f->family}, last = first;
	size_t count = 0;
	bool more = true;
	memcpy(first.bytes, c->first, f->length);
	memcpy(last.bytes, c->last, f->length);
	while (more && memcmp(first.bytes, last.bytes, f->length) <= 0) {
		if (count == NETWORKS_MAX_OF_RANGE)
			return 0;
		out[count] = next_network(&first, &last);
		more = step_over(&first, &out[count++]);
	}
	return count;
}

struct options { /* what an element, or a range, tells apart */
	struct rule_case *items;
	size_t count, room;
};

static struct rule_case *add_option(struct options *o, const struct rule_case *from)
{
	if (o->count == o->room) {
		size_t room = o->room ? o->room * 2 : 16;
		void *items = reallocarray(o->items, room, sizeof(*o->items));
		if (!items)
			return NULL;
		o->items = items;
		o->room = room;
	}
	o->items[o->count] = *from;
	return &o->items[o->count++];
}

/* Narrow the options from first on by a field that is a range of addresses. */
static int split_options(struct options *o, size_t first, const struct field *f,
			 const struct condition *c, struct decoder *d)
{
	struct network nets[NETWORKS_MAX_OF_RANGE];
	size_t count = cut_range(f, c, nets), before = o->count;
	for (size_t i = first; i < before; i++) {
		struct rule_case whole = o->items[i];
		if (count == 0) {
			tell_beyond(d, &o->items[i].rule.rule, c,
				    f->what == FIELD_FROM ? "ip saddr" : "ip daddr");
			continue;
		}
		for (size_t n = 0; n < count; n++) {
			struct rule_case *one = n == 0 ? &o->items[i] : add_option(o, &whole);
			if (!one)
				return -1;
			struct other_rule *r = &one->rule.rule;
			*one = whole;
			narrow_family(r, f->family);
			if (network_is_set(&nets[n]))
				narrow_network(f->what == FIELD_FROM ? &r->from : &r->dst,
					       &nets[n]);
		}
	}
	return 0;
}

/* -1: out of memory; *met: whether packets meet it. */
static int narrow_options(struct decoder *d, struct options *o, size_t first,
			  const struct condition *c, bool *met)
{
	const struct field *f = address_field(d, c->reg);
	if (f && !is_exact(c))
		return split_options(o, first, f, c, d);
	for (size_t i = first; i < o->count; i++)
		*met = ask(d, c, &o->items[i].rule.rule) && *met;
	return 0;
}

static size_t words_of(size_t length)
{
	return (length + 3) / 4;
}

static size_t loaded_length(const struct reg *reg, size_t left)
{
	size_t length = reg->length;
	if (reg->what == LOADED_META)
		length = reg->key == NFT_META_IIFNAME || reg->key == NFT_META_OIFNAME   ? IFNAME_MAX
			 : reg->key == NFT_META_L4PROTO || reg->key == NFT_META_NFPROTO ? 1
											: 4;
	if (length == 0)
		length = 4;
	return length < left ? length : left;
}

/* What the key of an element asks, field by field. */
static int ask_key(struct decoder *d, const struct other_set *set, const struct other_element *e,
		   uint8_t sreg, struct options *o)
{
	size_t at = 0, first = o->count - 1;
	bool met = true;
	while (met && at < set->key_length && sreg < REGISTERS) {
		const struct reg *reg = &d->regs[sreg];
		size_t length = loaded_length(reg, set->key_length - at);
		const struct condition c = {reg, set->bytes + e->first + at,
					    set->bytes + e->last + at, length, false};
		if (narrow_options(d, o, first, &c, &met) < 0)
			return -1;
		at += 4 * words_of(length);
		sreg = (uint8_t)(sreg + words_of(length));
	}
	if (!met)
		o->count = first;
	return 0;
}

static void set_verdict(struct chain_rule *r, const struct decoder *d, int32_t code,
			const char *chain)
{
	switch (code) {
	case NF_ACCEPT:
		r->verdict = CHAIN_ACT;
		r->rule.action = OTHER_ACCEPT;
		break;
	case NFT_RETURN:
		/* of a base chain: to the policy, which accepts */
		r->verdict = d->chain->base ? CHAIN_ACT : CHAIN_RETURN;
		r->rule.action = OTHER_ACCEPT;
		break;
	case NFT_JUMP:
	case NFT_GOTO:
		r->verdict = code == NFT_JUMP ? CHAIN_JUMP : CHAIN_GOTO;
		r->to = chain ? other_chains_find(d->source->chains, d->chain->table_family,
						  d->chain->table, chain)
			      : CHAINS_NONE;
		break;
	case NF_DROP:
		r->verdict = CHAIN_DROP;
		break;
	default:
		break;
	}
}

static int add_element(struct decoder *d, const struct other_set *set,
		       const struct other_element *e, uint8_t sreg, struct options *o)
{
	static const struct rule_case whole = {.rule.rule.exact = true, .rule.to = CHAINS_NONE};
	struct rule_case *c = add_option(o, &whole);
	if (!c)
		return -1;
	if (e->verdict != OTHER_NO_VERDICT)
		set_verdict(&c->rule, d, e->verdict, e->chain);
	c->own_counter = e->counted;
	c->rule.rule.packets = e->packets;
	c->rule.rule.bytes = e->bytes;
	c->rule.rule.comment = e->comment;
	c->data = set->bytes + e->data;
	c->length = e->data_length;
	if (e->all)
		narrow_beyond(d->cases->texts, &c->rule.rule, "* of map %s", set->name);
	return e->all ? 0 : ask_key(d, set, e, sreg, o);
}

static int add_elements(struct decoder *d, const struct other_set *set, uint8_t sreg)
{
	struct options o = {0};
	int result = 0;
	for (size_t i = 0; result == 0 && i < set->count; i++)
		result = add_element(d, set, &set->items[i], sreg, &o);
	if (result == 0)
		result = cases_split(d->cases, o.items, o.count);
	free(o.items);
	return result;
}

static void on_lookup(struct decoder *d, const struct wire_attrs *a)
{
	const struct other_source *s = d->source;
	const char *name = wire_string(a->of[NFTA_LOOKUP_SET]);
	const struct other_set *set = name ? s->find_set(s->context, name) : NULL;
	const struct nlattr *dreg = a->of[NFTA_LOOKUP_DREG];
	uint8_t sreg, to;
	char words[80];
	if (!set || wire_number_of(a, NFTA_LOOKUP_FLAGS) & NFT_LOOKUP_F_INV ||
	    !wire_reg(a->of[NFTA_LOOKUP_SREG], &sreg)) {
		snprintf(words, sizeof(words), "%s@%.60s", set ? "!= " : "", name ? name : "");
		beyond(d, words);
		return;
	}
	if (add_elements(d, set, sreg) < 0)
		d->failed = true;
	if (!dreg || !wire_reg(dreg, &to))
		return;
	for (size_t i = to; i < REGISTERS && i < to + words_of(OTHER_KEY_MAX); i++)
		d->regs[i] = (struct reg){.what = LOADED_DATA, .offset = (uint32_t)(4 * (i - to))};
}

/* A range of addresses is several networks. */
static void ask_range(struct decoder *d, const struct condition *c)
{
	static const struct rule_case whole = {.rule.rule.exact = true, .rule.to = CHAINS_NONE};
	struct options o = {0};
	bool met = true;
	if (c->negated || !address_field(d, c->reg)) {
		d->cases->never = !ask(d, c, asked(d)) || d->cases->never;
		return;
	}
	if (!add_option(&o, &whole) || narrow_options(d, &o, 0, c, &met) < 0 ||
	    cases_split(d->cases, o.items, o.count) < 0)
		d->failed = true;
	free(o.items);
}

static void on_range(struct decoder *d, const struct wire_attrs *a)
{
	struct wire_attrs from = wire_nest(a->of[NFTA_RANGE_FROM_DATA]);
	struct wire_attrs to = wire_nest(a->of[NFTA_RANGE_TO_DATA]);
	const struct nlattr *first = from.of[NFTA_DATA_VALUE], *last = to.of[NFTA_DATA_VALUE];
	if (!first || !last || mnl_attr_get_payload_len(first) != mnl_attr_get_payload_len(last)) {
		beyond(d, "a range");
		return;
	}
	const struct condition c = {reg_of(d, a->of[NFTA_RANGE_SREG]), mnl_attr_get_payload(first),
				    mnl_attr_get_payload(last), mnl_attr_get_payload_len(first),
				    wire_number_of(a, NFTA_RANGE_OP) == NFT_RANGE_NEQ};
	ask_range(d, &c);
}

static void on_cmp(struct decoder *d, const struct wire_attrs *a)
{
	static const uint8_t low[16];
	uint8_t high[16];
	const struct reg *reg = reg_of(d, a->of[NFTA_CMP_SREG]);
	uint32_t op = wire_number_of(a, NFTA_CMP_OP);
	struct wire_attrs data = wire_nest(a->of[NFTA_CMP_DATA]);
	const struct nlattr *value = data.of[NFTA_DATA_VALUE], *least = d->least;
	size_t length = value ? mnl_attr_get_payload_len(value) : 0;
	if (length == 0 || length > sizeof(high)) {
		beyond(d, "a comparison");
		return;
	}
	memset(high, 0xff, sizeof(high));
	const uint8_t *bytes = mnl_attr_get_payload(value);
	struct condition c = {reg, bytes, bytes, length, op == NFT_CMP_NEQ};
	d->least = NULL;
	if (op == NFT_CMP_GTE && address_field(d, reg)) {
		d->least = value;
		d->least_reg = reg;
		return;
	}
	if (op == NFT_CMP_LTE && least && d->least_reg == reg &&
	    mnl_attr_get_payload_len(least) == length) {
		c.first = mnl_attr_get_payload(least);
		ask_range(d, &c);
		return;
	}
	if (op == NFT_CMP_GTE && is_port(reg))
		c.last = high;
	else if (op == NFT_CMP_LTE && is_port(reg))
		c.first = low;
	else if (op != NFT_CMP_EQ && op != NFT_CMP_NEQ) {
		tell_beyond(d, asked(d), &c, reg->words);
		return;
	}
	d->cases->never = !ask(d, &c, asked(d)) || d->cases->never;
}

/* ---- what is done ---- */

static void on_immediate(struct decoder *d, const struct wire_attrs *a)
{
	uint8_t reg;
	struct wire_attrs data = wire_nest(a->of[NFTA_IMMEDIATE_DATA]);
	const struct nlattr *value = data.of[NFTA_DATA_VALUE];
	if (wire_reg(a->of[NFTA_IMMEDIATE_DREG], &reg)) {
		struct reg *r = load(d, a->of[NFTA_IMMEDIATE_DREG], LOADED_VALUE);
		r->length = value ? mnl_attr_get_payload_len(value) : 0;
		if (r->length <= sizeof(r->bytes))
			memcpy(r->bytes, value ? mnl_attr_get_payload(value) : "", r->length);
		return;
	}
	struct wire_attrs verdict = wire_nest(data.of[NFTA_DATA_VERDICT]);
	/* what accepts a packet that was translated says no more */
	if (d->cases->all.verdict == CHAIN_PASS)
		set_verdict(&d->cases->all, d, (int32_t)wire_number_of(&verdict, NFTA_VERDICT_CODE),
			    wire_string(verdict.of[NFTA_VERDICT_CHAIN]));
}

/* The bytes of that register; NULL: they are not known. */
static const uint8_t *find_bytes(const struct decoder *d, const struct rule_case *c, uint8_t reg,
				 size_t length)
{
	const struct reg *r = &d->regs[reg];
	if (r->what == LOADED_VALUE)
		return r->bytes;
	if (r->what == LOADED_DATA && c && r->offset + length <= c->length)
		return c->data + r->offset;
	return NULL;
}

/* The address that the packet has. */
static bool keeps_address(const struct decoder *d)
{
	const struct reg *r = &d->regs[d->nat.addr];
	return r->what == LOADED_PAYLOAD && r->key == NFT_PAYLOAD_NETWORK_HEADER &&
	       (r->offset == 16 || r->offset == 24);
}

static void read_address(const struct decoder *d, const struct rule_case *c, struct other_rule *to)
{
	enum family family = d->nat.family ? d->nat.family : asked(d)->family;
	size_t length = address_bits(family ? family : FAMILY_IPV4) / 8;
	const uint8_t *first = find_bytes(d, c, d->nat.addr, length);
	const uint8_t *last = find_bytes(d, c, d->nat.addr_last, length);
	if (keeps_address(d))
		return;
	if (!first || !last || !family) {
		narrow_detail(d->cases->texts, to, "an address that is found for each packet");
		return;
	}
	to->to = to->to_last = (struct address){.family = family};
	memcpy(to->to.bytes, first, length);
	memcpy(to->to_last.bytes, last, length);
	if (address_equal(&to->to, &to->to_last))
		to->to_last = (struct address){0};
}

/* A target range of ports that is put together from a remainder: nftables.md's flag 0x20. */
static bool shift_ports(struct ports own, struct ports *to)
{
	unsigned int n = ports_count(*to);
	if (!own.last || own.first / n != own.last / n)
		return false;
	*to = (struct ports){(uint16_t)(to->first + own.first % n),
			     (uint16_t)(to->first + own.last % n)};
	return true;
}

static void read_target_ports(const struct decoder *d, const struct rule_case *c,
			      struct other_rule *to, struct ports own)
{
	const uint8_t *first = find_bytes(d, c, d->nat.port, 2);
	const uint8_t *last = find_bytes(d, c, d->nat.port_last, 2);
	if (!first || !last) {
		narrow_detail(d->cases->texts, to, "a port that is found for each packet");
		return;
	}
	to->to_ports = (struct ports){port_at(first), port_at(last)};
	if (!(d->nat.flags & NF_NAT_RANGE_PROTO_OFFSET))
		return;
	if (shift_ports(own, &to->to_ports))
		to->to_base = own.first;
	else
		narrow_detail(d->cases->texts, to, "a shifted range");
}

/* Where the rule, or one case of it, sends packets. The registers are looked at now: what follows
 * may load others. */
static void read_nat(const struct decoder *d, const struct rule_case *c, struct other_rule *to)
{
	const uint32_t plain =
		NF_NAT_RANGE_MAP_IPS | NF_NAT_RANGE_PROTO_SPECIFIED | NF_NAT_RANGE_PROTO_OFFSET;
	struct ports own = asked(d)->ports;
	if (c)
		narrow_ports(&own, c->rule.rule.ports);
	if (d->nat.has_addr)
		read_address(d, c, to);
	if (d->nat.has_port)
		read_target_ports(d, c, to, own);
	if (d->nat.flags & ~plain)
		narrow_detail(d->cases->texts, to, "%s",
			      d->nat.flags & NF_NAT_RANGE_NETMAP       ? "prefix"
			      : d->nat.flags & NF_NAT_RANGE_PERSISTENT ? "persistent"
								       : "random");
}

static void read_targets(struct decoder *d)
{
	struct rule_cases *cases = d->cases;
	if (cases->count == 0)
		read_nat(d, NULL, &cases->all.rule);
	for (size_t i = 0; cases->items && i < cases->count; i++)
		read_nat(d, &cases->items[i], &cases->items[i].rule.rule);
}

static void translate(struct decoder *d, enum other_action action)
{
	d->cases->all.verdict = CHAIN_ACT;
	d->cases->all.rule.action = action;
}

static bool take_register(const struct nlattr *attr, uint8_t *out)
{
	return attr && wire_reg(attr, out) && *out < REGISTERS;
}

static void take_ports(struct decoder *d, const struct nlattr *min, const struct nlattr *max)
{
	d->nat.has_port = take_register(min, &d->nat.port);
	if (!take_register(max, &d->nat.port_last))
		d->nat.port_last = d->nat.port;
}

static enum family family_of(uint32_t nfproto)
{
	return nfproto == NFPROTO_IPV6   ? FAMILY_IPV6
	       : nfproto == NFPROTO_IPV4 ? FAMILY_IPV4
					 : FAMILY_NONE;
}

static void on_nat(struct decoder *d, const struct wire_attrs *a)
{
	translate(d, wire_number_of(a, NFTA_NAT_TYPE) == NFT_NAT_DNAT ? OTHER_DNAT : OTHER_SNAT);
	d->nat.family = family_of(wire_number_of(a, NFTA_NAT_FAMILY));
	d->nat.flags = wire_number_of(a, NFTA_NAT_FLAGS);
	d->nat.has_addr = take_register(a->of[NFTA_NAT_REG_ADDR_MIN], &d->nat.addr);
	if (!take_register(a->of[NFTA_NAT_REG_ADDR_MAX], &d->nat.addr_last))
		d->nat.addr_last = d->nat.addr;
	take_ports(d, a->of[NFTA_NAT_REG_PROTO_MIN], a->of[NFTA_NAT_REG_PROTO_MAX]);
	d->cases->never = !narrow_family(asked(d), d->nat.family) || d->cases->never;
	read_targets(d);
}

static void on_redir(struct decoder *d, const struct wire_attrs *a)
{
	translate(d, OTHER_REDIRECT);
	d->nat.flags = wire_number_of(a, NFTA_REDIR_FLAGS);
	take_ports(d, a->of[NFTA_REDIR_REG_PROTO_MIN], a->of[NFTA_REDIR_REG_PROTO_MAX]);
	read_targets(d);
}

static void on_masq(struct decoder *d, const struct wire_attrs *a)
{
	translate(d, OTHER_MASQUERADE);
	if (a->of[NFTA_MASQ_FLAGS] && wire_number_of(a, NFTA_MASQ_FLAGS))
		beyond(d, "masquerade with flags");
}

static void on_tproxy(struct decoder *d, const struct wire_attrs *a)
{
	translate(d, OTHER_TPROXY);
	d->nat.family = family_of(wire_number_of(a, NFTA_TPROXY_FAMILY));
	d->nat.has_addr = take_register(a->of[NFTA_TPROXY_REG_ADDR], &d->nat.addr);
	d->nat.addr_last = d->nat.addr;
	take_ports(d, a->of[NFTA_TPROXY_REG_PORT], NULL);
	d->cases->never = !narrow_family(asked(d), d->nat.family) || d->cases->never;
	read_targets(d);
}

/* ---- expressions of iptables-nft ---- */

static struct xt_extension extension_of(const struct nlattr *name, const struct nlattr *revision,
					const struct nlattr *info)
{
	const char *text = wire_string(name);
	return (struct xt_extension){text ? text : "", (uint8_t)wire_number(revision),
				     info ? mnl_attr_get_payload(info) : NULL,
				     info ? mnl_attr_get_payload_len(info) : 0};
}

static void on_match(struct decoder *d, const struct wire_attrs *a)
{
	struct xt_extension ext =
		extension_of(a->of[NFTA_MATCH_NAME], a->of[NFTA_MATCH_REV], a->of[NFTA_MATCH_INFO]);
	asked(d)->xt = true;
	if (xt_match(d->cases, &ext) < 0)
		d->failed = true;
}

static void on_target(struct decoder *d, const struct wire_attrs *a)
{
	struct xt_extension ext = extension_of(a->of[NFTA_TARGET_NAME], a->of[NFTA_TARGET_REV],
					       a->of[NFTA_TARGET_INFO]);
	asked(d)->xt = true;
	xt_target(d->cases, d->chain->table_family, &ext);
}

static void on_counter(struct decoder *d, const struct wire_attrs *a)
{
	struct other_rule *r = asked(d);
	r->counted = true;
	r->packets = wire_long(a->of[NFTA_COUNTER_PACKETS]);
	r->bytes = wire_long(a->of[NFTA_COUNTER_BYTES]);
}

static void on_end(struct decoder *d, const struct wire_attrs *a)
{
	(void)a;
	if (d->cases->all.verdict == CHAIN_PASS)
		d->cases->all.verdict = CHAIN_DROP;
}

static void on_object(struct decoder *d, const struct wire_attrs *a)
{
	uint32_t type = wire_number_of(a, NFTA_OBJREF_IMM_TYPE);
	if (type == NFT_OBJECT_LIMIT || type == NFT_OBJECT_QUOTA)
		beyond(d, type == NFT_OBJECT_LIMIT ? "limit" : "quota");
}

static void on_nothing(struct decoder *d, const struct wire_attrs *a)
{
	(void)d;
	(void)a;
}

static const struct {
	const char *name;
	void (*on)(struct decoder *d, const struct wire_attrs *a);
} expressions[] = {
	{"meta", on_meta},
	{"payload", on_payload},
	{"cmp", on_cmp},
	{"immediate", on_immediate},
	{"counter", on_counter},
	{"lookup", on_lookup},
	{"nat", on_nat},
	{"redir", on_redir},
	{"masq", on_masq},
	{"tproxy", on_tproxy},
	{"ct", on_ct},
	{"fib", on_fib},
	{"bitwise", on_bitwise},
	{"range", on_range},
	{"numgen", on_share},
	{"hash", on_hash},
	{"match", on_match},
	{"target", on_target},
	{"reject", on_end},
	{"queue", on_end},
	{"synproxy", on_end},
	{"objref", on_object},
	{"log", on_nothing},
	{"notrack", on_nothing},
	{"byteorder", on_nothing},
	{"flow_offload", on_nothing},
	{"last", on_nothing},
	{"dup", on_nothing},
};

static void decode_expr(struct decoder *d, const struct nlattr *item)
{
	struct wire_attrs attrs = wire_nest(item);
	struct wire_attrs data = wire_nest(attrs.of[NFTA_EXPR_DATA]);
	const char *name = wire_string(attrs.of[NFTA_EXPR_NAME]);
	if (d->least && (!name || strcmp(name, "cmp") != 0)) {
		beyond(d, "a comparison");
		d->least = NULL;
	}
	for (size_t i = 0; name && i < sizeof(expressions) / sizeof(expressions[0]); i++)
		if (strcmp(expressions[i].name, name) == 0) {
			expressions[i].on(d, &data);
			return;
		}
	beyond(d, name ? name : "an expression");
}

int other_expr_add(const struct other_source *source, const struct nlmsghdr *nlh,
		   struct other_chain *chain)
{
	struct decoder d = {.source = source, .cases = source->cases, .chain = chain};
	struct wire_attrs a = wire_message(nlh);
	const struct nlattr *list = a.of[NFTA_RULE_EXPRESSIONS], *item;
	const char *at = list ? mnl_attr_get_payload(list) : NULL;
	const char *end = list ? at + mnl_attr_get_payload_len(list) : NULL;
	char comment[RULE_COMMENT_MAX];
	cases_begin(d.cases);
	asked(&d)->family = chain->table_family;
	while ((item = wire_next(&at, end)))
		decode_expr(&d, item);
	wire_read_comment(a.of[NFTA_RULE_USERDATA], comment);
	if (*comment)
		asked(&d)->comment = other_rules_text(d.cases->texts, comment);
	asked(&d)->handle = wire_long(a.of[NFTA_RULE_HANDLE]);
	asked(&d)->number = chain->met;
	if (strcmp(comment, GUEST_COMMENT) == 0)
		chain->shared = true;
	else
		chain->met++;
	return d.failed ? -1 : cases_end(d.cases, chain);
}
