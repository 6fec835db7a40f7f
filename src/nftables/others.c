/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a rule asks of a packet is followed from register to register. Conditions that pick some
 * clients or some packets make it a limited rule; those of which nobody can say here whom they pick
 * make it a doubtful one. What is only half understood makes it unsure.
 */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/if_ether.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/xt_mark.h>
#include <linux/netfilter_ipv4.h>
#include <net/if.h>

#include "filter/xt.h"
#include "host/interfaces.h"
#include "host/route.h"
#include "host/netlink.h"
#include "model/array.h"
#include "model/hash.h"
#include "nftables/others.h"
#include "nftables/wire.h"

#define REGISTERS 20

enum loaded {
	LOADED_NOTHING,
	LOADED_IN,
	LOADED_OUT,
	LOADED_IN_INDEX,
	LOADED_OUT_INDEX,
	LOADED_FAMILY,
	LOADED_ETHERTYPE,
	LOADED_TCP_FLAGS,
	LOADED_PROTO,
	LOADED_SOURCE,
	LOADED_DESTINATION,
	LOADED_PORT,
	LOADED_SOURCE_PORT,
	LOADED_STATE,  /* of the connection */
	LOADED_STATUS, /* of the connection */
	LOADED_MARK,
	LOADED_CONNECTION_MARK,
	LOADED_PLACE, /* something that tells all clients alike, as the type of an address */
	LOADED_SOME,  /* something that tells clients or packets apart */
	LOADED_DOUBT, /* something that may tell them apart, or not */
};

struct reg {
	enum loaded what;
	uint8_t length; /* of what was loaded */
	bool masked;
	uint8_t mask[16];
	uint16_t value; /* of LOADED_NOTHING: what was put there */
};

struct decoder {
	struct filter_rule *rule;
	struct reg regs[REGISTERS];
	char jump[BUCKET_NAME_MAX];
	bool mark_is_guest; /* it asks for the mark of guests */
	bool accepts;
};

static const struct reg *reg_of(const struct decoder *d, const struct nlattr *attr)
{
	static const struct reg nothing;
	uint8_t reg;
	return wire_reg(attr, &reg) && reg < REGISTERS ? &d->regs[reg] : &nothing;
}

static void load(struct decoder *d, const struct nlattr *dreg, enum loaded what, size_t length)
{
	uint8_t reg;
	if (wire_reg(dreg, &reg) && reg < REGISTERS)
		d->regs[reg] = (struct reg){.what = what, .length = (uint8_t)length};
}

/* ---- loads ---- */

static void on_meta(struct decoder *d, const struct wire_attrs *a)
{
	static const struct {
		uint32_t key;
		enum loaded what;
	} known[] = {
		{NFT_META_IIFNAME, LOADED_IN},     {NFT_META_OIFNAME, LOADED_OUT},
		{NFT_META_IIF, LOADED_IN_INDEX},   {NFT_META_OIF, LOADED_OUT_INDEX},
		{NFT_META_NFPROTO, LOADED_FAMILY}, {NFT_META_L4PROTO, LOADED_PROTO},
		{NFT_META_MARK, LOADED_MARK},      {NFT_META_PROTOCOL, LOADED_ETHERTYPE},
		{NFT_META_LEN, LOADED_SOME},       {NFT_META_PRANDOM, LOADED_SOME},
	};
	enum loaded what = LOADED_DOUBT;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].key == wire_number_of(a, NFTA_META_KEY))
			what = known[i].what;
	load(d, a->of[NFTA_META_DREG], what, 0);
}

static void on_payload(struct decoder *d, const struct wire_attrs *a)
{
	uint32_t base = wire_number_of(a, NFTA_PAYLOAD_BASE);
	uint32_t offset = wire_number_of(a, NFTA_PAYLOAD_OFFSET);
	uint32_t length = wire_number_of(a, NFTA_PAYLOAD_LEN);
	enum loaded what = LOADED_SOME;
	if (base == NFT_PAYLOAD_NETWORK_HEADER && (offset == 16 || offset == 24) &&
	    !(offset == 16 && length == 8))
		what = LOADED_DESTINATION;
	else if (base == NFT_PAYLOAD_NETWORK_HEADER &&
		 offset == (d->rule->family == FAMILY_IPV6 ? 8 : 12))
		what = LOADED_SOURCE;
	else if (base == NFT_PAYLOAD_NETWORK_HEADER && (offset == 9 || offset == 6) && length == 1)
		what = LOADED_PROTO;
	else if (base == NFT_PAYLOAD_TRANSPORT_HEADER && offset == 2 && length == 2)
		what = LOADED_PORT;
	else if (base == NFT_PAYLOAD_TRANSPORT_HEADER && offset == 0 && length == 2)
		what = LOADED_SOURCE_PORT;
	else if (base == NFT_PAYLOAD_TRANSPORT_HEADER && offset == 13 && length == 1 &&
		 d->rule->proto == PROTO_TCP)
		what = LOADED_TCP_FLAGS;
	load(d, a->of[NFTA_PAYLOAD_DREG], what, length);
}

/* ct zone set: the zone is in the register. */
static void choose_zone(struct decoder *d, const struct wire_attrs *a)
{
	const struct nlattr *direction = a->of[NFTA_CT_DIRECTION];
	uint8_t which = direction ? *(const uint8_t *)mnl_attr_get_payload(direction) : UINT8_MAX;
	d->rule->zone = (struct filter_zone){.id = reg_of(d, a->of[NFTA_CT_SREG])->value,
					     .original = which == IP_CT_DIR_ORIGINAL,
					     .reply = which == IP_CT_DIR_REPLY};
}

static void on_ct(struct decoder *d, const struct wire_attrs *a)
{
	if (wire_number_of(a, NFTA_CT_KEY) == NFT_CT_ZONE && a->of[NFTA_CT_SREG])
		choose_zone(d, a);
	static const struct {
		uint32_t key;
		enum loaded what;
	} known[] = {
		{NFT_CT_STATE, LOADED_STATE},
		{NFT_CT_STATUS, LOADED_STATUS},
		{NFT_CT_MARK, LOADED_CONNECTION_MARK},
		{NFT_CT_SRC, LOADED_SOME},
		{NFT_CT_SRC_IP, LOADED_SOME},
		{NFT_CT_SRC_IP6, LOADED_SOME},
		{NFT_CT_PKTS, LOADED_SOME},
		{NFT_CT_BYTES, LOADED_SOME},
		{NFT_CT_AVGPKT, LOADED_SOME},
	};
	enum loaded what = LOADED_DOUBT;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].key == wire_number_of(a, NFTA_CT_KEY))
			what = known[i].what;
	load(d, a->of[NFTA_CT_DREG], what, 0);
}

static void on_fib(struct decoder *d, const struct wire_attrs *a)
{
	bool source = wire_number_of(a, NFTA_FIB_FLAGS) & NFTA_FIB_F_SADDR;
	load(d, a->of[NFTA_FIB_DREG], source ? LOADED_SOME : LOADED_PLACE, 0);
}

static void on_bitwise(struct decoder *d, const struct wire_attrs *a)
{
	struct reg reg = *reg_of(d, a->of[NFTA_BITWISE_SREG]);
	uint8_t to;
	struct wire_attrs data = wire_nest(a->of[NFTA_BITWISE_MASK]);
	const struct nlattr *mask = data.of[NFTA_DATA_VALUE];
	size_t length = mask ? mnl_attr_get_payload_len(mask) : 0;
	reg.masked = length > 0 && length <= sizeof(reg.mask);
	if (reg.masked)
		memcpy(reg.mask, mnl_attr_get_payload(mask), length);
	if (wire_reg(a->of[NFTA_BITWISE_DREG], &to) && to < REGISTERS)
		d->regs[to] = reg;
}

/* ---- conditions ---- */

static void ask_interface(char out[IFNAME_MAX], bool *negated, bool neq, const void *bytes,
			  size_t length)
{
	memset(out, 0, IFNAME_MAX);
	memcpy(out, bytes, length < IFNAME_MAX ? length : IFNAME_MAX - 1);
	size_t n = strlen(out);
	/* fewer bytes than a name has: all that begin so */
	if (length < IFNAME_MAX && n == length && n < IFNAME_MAX - 1)
		out[n] = '+';
	*negated = neq;
}

static void ask_index(char out[IFNAME_MAX], bool *negated, bool neq, const void *bytes,
		      size_t length)
{
	uint32_t index = 0;
	char name[IF_NAMESIZE] = "";
	memcpy(&index, bytes, length < sizeof(index) ? length : sizeof(index));
	if (!if_indextoname(index, name))
		strcpy(name, "?"); /* it is gone, and takes nothing */
	ask_interface(out, negated, neq, name, sizeof(name));
}

/* The network of the address in that register. False: it is not one. */
static bool read_network(const struct filter_rule *r, const struct reg *reg, const uint8_t *bytes,
			 size_t length, struct network *out)
{
	unsigned int prefix = 0;
	struct address addr = {.family = r->family};
	if (!addr.family)
		addr.family = length > 4 ? FAMILY_IPV6 : FAMILY_IPV4;
	for (size_t i = 0; i < length && i < 16; i++)
		prefix += (unsigned int)__builtin_popcount(reg->masked ? reg->mask[i] : 0xff);
	memcpy(addr.bytes, bytes, length < 16 ? length : 16);
	if (prefix && prefix <= address_bits(addr.family))
		*out = network_of(&addr, prefix);
	return prefix <= address_bits(addr.family);
}

/* The first packet of a connection has SYN alone, and its answer SYN and ACK. */
static void ask_flags(struct filter_rule *r, const struct reg *reg, uint8_t flags, bool neq)
{
	uint8_t mask = reg->masked ? reg->mask[0] : 0xff;
	if (((0x02 & mask) == flags) == neq)
		r->not_plain = r->not_translated = true;
	if (((0x12 & mask) == flags) == neq)
		r->not_reply = true;
}

/* A range is two conditions. */
static void ask_port(struct filter_rule *r, struct ports *ports, uint32_t op, uint16_t port)
{
	if (!ports->first)
		*ports = (struct ports){1, UINT16_MAX};
	if (op == NFT_CMP_EQ)
		*ports = (struct ports){port, port};
	else if (op == NFT_CMP_GTE && port)
		ports->first = port;
	else if (op == NFT_CMP_LTE)
		ports->last = port;
	else
		r->unsure = true;
}

static void ask_source_port(struct filter_rule *r, uint32_t op, uint16_t port)
{
	if (op == NFT_CMP_EQ && port == 0)
		r->never = true; /* nobody has that port */
	else if (op == NFT_CMP_EQ || op == NFT_CMP_LTE || op == NFT_CMP_GTE)
		ask_port(r, &r->from_ports, op, port);
	else if (op == NFT_CMP_NEQ) {
		r->from_ports = (struct ports){port, port};
		r->not_from_ports = true;
	} else
		r->doubtful = true;
}

/* Packets that carry a mark are few; those without one may be all. */
static void ask_mark(struct filter_rule *r, uint32_t op, uint32_t mark)
{
	if (op == (mark ? NFT_CMP_EQ : NFT_CMP_NEQ))
		r->limited = true;
	else
		r->doubtful = true;
}

static void on_cmp(struct decoder *d, const struct wire_attrs *a)
{
	struct filter_rule *r = d->rule;
	const struct reg *reg = reg_of(d, a->of[NFTA_CMP_SREG]);
	uint32_t op = wire_number_of(a, NFTA_CMP_OP);
	struct wire_attrs data = wire_nest(a->of[NFTA_CMP_DATA]);
	const struct nlattr *value = data.of[NFTA_DATA_VALUE];
	size_t length = value ? mnl_attr_get_payload_len(value) : 0;
	uint8_t bytes[16] = {0};
	uint32_t number, mask;
	uint16_t port;
	bool neq = op == NFT_CMP_NEQ, equality = neq || op == NFT_CMP_EQ;
	if (length == 0 || length > sizeof(bytes)) {
		r->unsure = true;
		return;
	}
	memcpy(bytes, mnl_attr_get_payload(value), length);
	memcpy(&number, bytes, sizeof(number));
	memcpy(&mask, reg->mask, sizeof(mask));
	memcpy(&port, bytes, sizeof(port));
	switch (reg->what) {
	case LOADED_IN:
		ask_interface(r->in, &r->not_in, neq, bytes, length);
		break;
	case LOADED_OUT:
		ask_interface(r->out, &r->not_out, neq, bytes, length);
		break;
	case LOADED_IN_INDEX:
		ask_index(r->in, &r->not_in, neq, bytes, length);
		break;
	case LOADED_OUT_INDEX:
		ask_index(r->out, &r->not_out, neq, bytes, length);
		break;
	case LOADED_FAMILY:
		if (equality)
			r->family = (bytes[0] == NFPROTO_IPV6) != neq ? FAMILY_IPV6 : FAMILY_IPV4;
		break;
	case LOADED_ETHERTYPE:
		if (!equality || neq)
			r->unsure = true;
		else if (ntohs(port) == ETH_P_IP || ntohs(port) == ETH_P_IPV6)
			r->family = ntohs(port) == ETH_P_IP ? FAMILY_IPV4 : FAMILY_IPV6;
		else
			r->never = true;
		break;
	case LOADED_TCP_FLAGS:
		ask_flags(r, reg, bytes[0], neq);
		if (!equality)
			r->limited = true;
		break;
	case LOADED_PROTO:
		if (!equality || neq)
			r->unsure = true;
		else if (bytes[0] == PROTO_TCP || bytes[0] == PROTO_UDP || bytes[0] == PROTO_SCTP)
			r->proto = (enum proto)bytes[0];
		else
			r->never = true; /* no protocol of forwards */
		break;
	case LOADED_DESTINATION:
		if (!equality || !read_network(r, reg, bytes, length, &r->dst))
			r->unsure = r->destination = true;
		r->not_dst = neq;
		break;
	case LOADED_PORT:
		ask_port(r, &r->ports, op, ntohs(port));
		break;
	case LOADED_SOURCE_PORT:
		ask_source_port(r, op, ntohs(port));
		break;
	case LOADED_STATE:
		/* of a mask, and then "not 0": one of these states */
		if (reg->masked && neq && number == 0) {
			bool is_new = mask & 1U << (IP_CT_NEW + 1);
			r->not_plain = r->not_plain || !is_new;
			r->not_translated = r->not_translated || !is_new;
			r->not_reply = r->not_reply || !(mask & 1U << (IP_CT_ESTABLISHED + 1));
			r->not_related = r->not_related || !(mask & 1U << (IP_CT_RELATED + 1));
		} else
			r->unsure = true;
		break;
	case LOADED_STATUS:
		/* translated it is */
		if (reg->masked && mask == IPS_DST_NAT && number == 0 && equality)
			r->never = r->never || !neq;
		else
			r->doubtful = true;
		break;
	case LOADED_MARK:
		d->mark_is_guest = reg->masked && mask == GUEST_MARK && number == GUEST_MARK &&
				   op == NFT_CMP_EQ;
		ask_mark(r, op, number);
		break;
	case LOADED_CONNECTION_MARK:
		ask_mark(r, op, number);
		break;
	case LOADED_PLACE:
		r->unsure = true;
		break;
	case LOADED_SOURCE:
		if (!equality || !read_network(r, reg, bytes, length, &r->src))
			r->limited = true;
		r->not_src = neq;
		break;
	case LOADED_SOME:
		r->limited = true;
		break;
	case LOADED_DOUBT:
	case LOADED_NOTHING:
		r->doubtful = true;
		break;
	}
}

/* The number of two bytes at an end of a range; 0: it is none. */
static uint16_t end_of_range(const struct nlattr *end)
{
	struct wire_attrs data = wire_nest(end);
	const struct nlattr *value = data.of[NFTA_DATA_VALUE];
	uint16_t number = 0;
	if (value && mnl_attr_get_payload_len(value) == sizeof(number))
		memcpy(&number, mnl_attr_get_payload(value), sizeof(number));
	return ntohs(number);
}

/* nft(8) makes one of what a range must not be, and two comparisons of the rest; iptables-nft
 * always makes one. */
static void on_range(struct decoder *d, const struct wire_attrs *a)
{
	struct filter_rule *r = d->rule;
	uint16_t first = end_of_range(a->of[NFTA_RANGE_FROM_DATA]);
	uint16_t last = end_of_range(a->of[NFTA_RANGE_TO_DATA]);
	bool neq = wire_number_of(a, NFTA_RANGE_OP) == NFT_RANGE_NEQ;
	switch (reg_of(d, a->of[NFTA_RANGE_SREG])->what) {
	case LOADED_PORT:
		r->ports = (struct ports){first ? first : 1, last};
		r->not_ports = neq;
		break;
	case LOADED_SOURCE_PORT:
		r->from_ports = (struct ports){first ? first : 1, last};
		r->not_from_ports = neq;
		break;
	case LOADED_DESTINATION:
		r->unsure = r->destination = true;
		break;
	case LOADED_SOURCE:
	case LOADED_SOME:
		r->limited = true;
		break;
	default:
		r->doubtful = true;
		break;
	}
}

/* A set may hold the packet, or not. A map of verdicts may end it. */
static void on_lookup(struct decoder *d, const struct wire_attrs *a)
{
	const struct nlattr *dreg = a->of[NFTA_LOOKUP_DREG];
	const struct reg *reg = reg_of(d, a->of[NFTA_LOOKUP_SREG]);
	uint8_t to, first = 0;
	/* a key of several fields fills the registers behind the first */
	if (wire_reg(a->of[NFTA_LOOKUP_SREG], &first))
		for (size_t i = first; i < REGISTERS; i++) {
			d->rule->source = d->rule->source || d->regs[i].what == LOADED_SOURCE;
			d->rule->destination =
				d->rule->destination || d->regs[i].what == LOADED_DESTINATION;
		}
	switch (reg->what) {
	case LOADED_SOME:
	case LOADED_MARK:
	case LOADED_CONNECTION_MARK:
		d->rule->limited = true;
		break;
	case LOADED_SOURCE_PORT:
	case LOADED_DOUBT:
	case LOADED_NOTHING:
		d->rule->doubtful = true;
		break;
	case LOADED_STATE:
		d->rule->states = true;
		break;
	default:
		break;
	}
	d->rule->unsure = true;
	/* what is done by a connection's state is done to others than new ones */
	if (dreg && !wire_reg(dreg, &to))
		d->rule->verdict = d->rule->states ? FILTER_ACCEPT : FILTER_END;
}

/* ---- expressions of iptables-nft ---- */

static void on_match(struct decoder *d, const struct wire_attrs *a)
{
	const char *name = wire_string(a->of[NFTA_MATCH_NAME]);
	const struct nlattr *info = a->of[NFTA_MATCH_INFO];
	const struct filter_xt match = {
		.name = name ? name : "",
		.revision = (uint8_t)wire_number_of(a, NFTA_MATCH_REV),
		.data = info ? mnl_attr_get_payload(info) : NULL,
		.size = info ? mnl_attr_get_payload_len(info) : 0,
	};
	const struct xt_mark_mtinfo1 *mark = match.data;
	if (strcmp(match.name, "mark") == 0 && match.size >= sizeof(*mark))
		d->mark_is_guest =
			mark->mark == GUEST_MARK && mark->mask == GUEST_MARK && !mark->invert;
	filter_xt_match(&match, d->rule);
}

static void on_target(struct decoder *d, const struct wire_attrs *a)
{
	const char *name = wire_string(a->of[NFTA_TARGET_NAME]);
	const struct nlattr *info = a->of[NFTA_TARGET_INFO];
	const struct filter_xt target = {.name = name ? name : "?",
					 .data = info ? mnl_attr_get_payload(info) : NULL,
					 .size = info ? mnl_attr_get_payload_len(info) : 0};
	filter_xt_target(&target, d->rule);
}

static void on_immediate(struct decoder *d, const struct wire_attrs *a)
{
	uint8_t reg;
	struct wire_attrs data = wire_nest(a->of[NFTA_IMMEDIATE_DATA]);
	struct wire_attrs verdict = wire_nest(data.of[NFTA_DATA_VERDICT]);
	const char *chain = wire_string(verdict.of[NFTA_VERDICT_CHAIN]);
	if (wire_reg(a->of[NFTA_IMMEDIATE_DREG], &reg)) {
		const struct nlattr *value = data.of[NFTA_DATA_VALUE];
		load(d, a->of[NFTA_IMMEDIATE_DREG], LOADED_NOTHING, 0);
		if (value && mnl_attr_get_payload_len(value) >= 2 && reg < REGISTERS)
			memcpy(&d->regs[reg].value, mnl_attr_get_payload(value), 2);
		return;
	}
	switch ((int32_t)wire_number_of(&verdict, NFTA_VERDICT_CODE)) {
	case NF_ACCEPT:
		d->rule->verdict = FILTER_ACCEPT;
		d->accepts = true;
		break;
	case NFT_CONTINUE:
		break;
	case NFT_RETURN:
		d->rule->verdict = FILTER_RETURN;
		break;
	case NFT_JUMP:
	case NFT_GOTO:
		d->rule->verdict = (int32_t)wire_number_of(&verdict, NFTA_VERDICT_CODE) == NFT_JUMP
					   ? FILTER_JUMP
					   : FILTER_GOTO;
		if (chain)
			strncpy(d->jump, chain, sizeof(d->jump) - 1);
		break;
	default:
		d->rule->verdict = FILTER_END;
		break;
	}
}

static void on_end(struct decoder *d, const struct wire_attrs *a)
{
	(void)a;
	d->rule->verdict = FILTER_END;
}

static void on_limit(struct decoder *d, const struct wire_attrs *a)
{
	(void)a;
	d->rule->limited = true;
}

static void on_object(struct decoder *d, const struct wire_attrs *a)
{
	uint32_t type = wire_number_of(a, NFTA_OBJREF_IMM_TYPE);
	if (type == NFT_OBJECT_LIMIT || type == NFT_OBJECT_QUOTA || type == NFT_OBJECT_CONNLIMIT)
		d->rule->limited = true;
	if (type == NFT_OBJECT_CT_HELPER)
		d->rule->helper = true;
}

static void on_notrack(struct decoder *d, const struct wire_attrs *a)
{
	(void)a;
	d->rule->verdict = FILTER_UNTRACK;
}

static void on_synproxy(struct decoder *d, const struct wire_attrs *a)
{
	(void)a;
	d->rule->verdict = FILTER_PROXY;
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
	{"ct", on_ct},
	{"fib", on_fib},
	{"bitwise", on_bitwise},
	{"cmp", on_cmp},
	{"range", on_range},
	{"lookup", on_lookup},
	{"match", on_match},
	{"target", on_target},
	{"immediate", on_immediate},
	{"reject", on_end},
	{"queue", on_end},
	{"counter", on_nothing},
	{"log", on_nothing},
	{"notrack", on_notrack},
	{"synproxy", on_synproxy},
	{"byteorder", on_nothing},
	{"objref", on_object},
	{"flow_offload", on_nothing},
	{"last", on_nothing},
	{"dup", on_nothing},
	{"limit", on_limit},
	{"quota", on_limit},
	{"connlimit", on_limit},
	{"numgen", on_limit},
	{"hash", on_limit},
	{"exthdr", on_limit},
	{"osf", on_limit},
};

static void decode_expr(struct decoder *d, const struct nlattr *item)
{
	struct wire_attrs attrs = wire_nest(item);
	struct wire_attrs data = wire_nest(attrs.of[NFTA_EXPR_DATA]);
	const char *name = wire_string(attrs.of[NFTA_EXPR_NAME]);
	for (size_t i = 0; name && i < sizeof(expressions) / sizeof(expressions[0]); i++)
		if (strcmp(expressions[i].name, name) == 0) {
			expressions[i].on(d, &data);
			return;
		}
	/* socket, rt, xfrm ...: what they load is not known either */
	d->rule->doubtful = true;
	memset(d->regs, 0, sizeof(d->regs));
}

/* ---- reading ---- */

struct reader {
	struct others *out;
	bool early; /* prerouting and ingress are what matters */
	bool no_memory;
	struct wanted_table { /* its rules are read */
		uint8_t nfproto;
		char name[BUCKET_NAME_MAX];
	} * tables;
	size_t table_count;
	struct hash_table index; /* of the chains */
	struct jump {
		size_t chain, rule;
		char to[BUCKET_NAME_MAX];
	} * jumps;
	size_t jump_count;
};

static uint64_t hash_chain(uint8_t nfproto, const char *table, const char *name)
{
	return hash_text(hash_text(nfproto, table), name);
}

static struct others_chain *find_chain(const struct reader *r, uint8_t nfproto, const char *table,
				       const char *name)
{
	const struct others_chain *c;
	size_t at = 0;
	uint64_t hash = hash_chain(nfproto, table, name);
	while ((c = hash_table_next(&r->index, hash, &at)))
		if (c->nfproto == nfproto && strcmp(c->name, name) == 0 &&
		    strcmp(c->table, table) == 0)
			return &r->out->chains[c - r->out->chains];
	return NULL;
}

static uint8_t family_of(const struct nlmsghdr *nlh)
{
	return ((const struct nfgenmsg *)mnl_nlmsg_get_payload(nlh))->nfgen_family;
}

static bool is_family(const struct reader *r, uint8_t nfproto)
{
	if (nfproto == NFPROTO_NETDEV)
		return r->early;
	return nfproto == NFPROTO_INET || nfproto == NFPROTO_IPV4 || nfproto == NFPROTO_IPV6;
}

static bool is_ours(uint8_t nfproto, const char *table)
{
	return nfproto == NFPROTO_INET && strcmp(table, "pfwd") == 0;
}

static void add_device(struct others_chain *c, const struct nlattr *name)
{
	const char *text = wire_string(name);
	for (size_t i = 0; text && i < sizeof(c->devices) / sizeof(c->devices[0]); i++)
		if (!*c->devices[i]) {
			strncpy(c->devices[i], text, IFNAME_MAX - 1);
			return;
		}
}

/* More than these few are not told. */
static void read_devices(const struct wire_attrs *hook, struct others_chain *c)
{
	const struct nlattr *list = hook->of[NFTA_HOOK_DEVS], *item;
	const char *at = list ? mnl_attr_get_payload(list) : NULL;
	const char *end = list ? at + mnl_attr_get_payload_len(list) : NULL;
	if (hook->of[NFTA_HOOK_DEV])
		add_device(c, hook->of[NFTA_HOOK_DEV]);
	while (!hook->of[NFTA_HOOK_DEV] && (item = wire_next(&at, end)))
		add_device(c, item);
}

static int on_chain(const struct nlmsghdr *nlh, void *data)
{
	struct reader *r = data;
	struct wire_attrs a = wire_message(nlh);
	const char *table = wire_string(a.of[NFTA_CHAIN_TABLE]);
	const char *name = wire_string(a.of[NFTA_CHAIN_NAME]);
	const char *type = wire_string(a.of[NFTA_CHAIN_TYPE]);
	struct wire_attrs hook = wire_nest(a.of[NFTA_CHAIN_HOOK]);
	if (!table || !name || !is_family(r, family_of(nlh)) || is_ours(family_of(nlh), table) ||
	    (type && strcmp(type, "filter") != 0 && strcmp(type, "route") != 0))
		return MNL_CB_OK;
	void *chains = r->out->chains;
	struct others_chain *c = array_append(&chains, &r->out->count, sizeof(*c));
	r->out->chains = chains;
	if (!c) {
		r->no_memory = true;
		return MNL_CB_STOP;
	}
	c->nfproto = family_of(nlh);
	strncpy(c->table, table, sizeof(c->table) - 1);
	strncpy(c->name, name, sizeof(c->name) - 1);
	c->base = a.of[NFTA_CHAIN_HOOK] != NULL;
	read_devices(&hook, c);
	c->hook = wire_number_of(&hook, NFTA_HOOK_HOOKNUM);
	c->priority = (int32_t)wire_number_of(&hook, NFTA_HOOK_PRIORITY);
	c->drops = wire_number_of(&a, NFTA_CHAIN_POLICY) == NF_DROP && a.of[NFTA_CHAIN_POLICY];
	return MNL_CB_OK;
}

/* Of tables that are dormant nothing is in force; those with an owner nobody else may change. */
static int on_table(const struct nlmsghdr *nlh, void *data)
{
	struct reader *r = data;
	struct wire_attrs a = wire_message(nlh);
	const char *name = wire_string(a.of[NFTA_TABLE_NAME]);
	uint32_t flags = wire_number_of(&a, NFTA_TABLE_FLAGS);
	for (size_t i = 0; name && i < r->out->count; i++) {
		struct others_chain *c = &r->out->chains[i];
		if (c->nfproto != family_of(nlh) || strcmp(c->table, name) != 0)
			continue;
		c->owned = flags & NFT_TABLE_F_OWNER;
		if (flags & NFT_TABLE_F_DORMANT)
			c->base = false;
	}
	return MNL_CB_OK;
}

static int add_rule(struct reader *r, struct others_chain *c, const struct wire_attrs *a)
{
	struct filter_rule *rules = reallocarray(c->rules, c->count + 1, sizeof(*rules));
	if (rules)
		c->rules = rules;
	bool *guest = rules ? reallocarray(c->guest, c->count + 1, sizeof(*guest)) : NULL;
	if (!guest) /* analyzer: no leak, others_free frees the rules */
		return -1;
	c->guest = guest; /* analyzer: and these */
	struct decoder d = {.rule = &c->rules[c->count]};
	*d.rule = (struct filter_rule){.family = c->nfproto == NFPROTO_IPV4   ? FAMILY_IPV4
						 : c->nfproto == NFPROTO_IPV6 ? FAMILY_IPV6
									      : FAMILY_NONE};
	const struct nlattr *list = a->of[NFTA_RULE_EXPRESSIONS], *item;
	const char *at = list ? mnl_attr_get_payload(list) : NULL;
	const char *end = list ? at + mnl_attr_get_payload_len(list) : NULL;
	while ((item = wire_next(&at, end)))
		decode_expr(&d, item);
	if (a->of[NFTA_RULE_HANDLE] && mnl_attr_get_payload_len(a->of[NFTA_RULE_HANDLE]) == 8)
		d.rule->handle = be64toh(mnl_attr_get_u64(a->of[NFTA_RULE_HANDLE]));
	c->guest[c->count] = d.mark_is_guest && d.accepts;
	if (*d.jump) {
		void *jumps = r->jumps;
		struct jump *j = array_append(&jumps, &r->jump_count, sizeof(*j));
		r->jumps = jumps;
		if (!j)
			return -1;
		j->chain = (size_t)(c - r->out->chains);
		j->rule = c->count;
		strcpy(j->to, d.jump);
	}
	c->count++;
	return 0;
}

static int on_rule(const struct nlmsghdr *nlh, void *data)
{
	struct reader *r = data;
	struct wire_attrs a = wire_message(nlh);
	const char *table = wire_string(a.of[NFTA_RULE_TABLE]);
	const char *chain = wire_string(a.of[NFTA_RULE_CHAIN]);
	if (!table || !chain)
		return MNL_CB_OK;
	struct others_chain *c = find_chain(r, family_of(nlh), table, chain);
	if (c && add_rule(r, c, &a) < 0) {
		r->no_memory = true;
		return MNL_CB_STOP;
	}
	return MNL_CB_OK;
}

static int dump(uint16_t type, uint8_t nfproto, const char *table, mnl_cb_t on, struct reader *r)
{
	_Alignas(struct nlmsghdr) char buffer[1024] = {0};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	nlh->nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type);
	struct nfgenmsg *nfh = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfh));
	nfh->nfgen_family = nfproto;
	nfh->version = NFNETLINK_V0;
	if (table)
		mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, table);
	return netlink_dump(NETLINK_NETFILTER, nlh, on, r);
}

/* Whether it is a base chain on a hook that matters: only its table is read further. */
static bool matters(const struct reader *r, const struct others_chain *c)
{
	bool device = c->nfproto == NFPROTO_NETDEV;
	bool before = c->hook == NF_INET_PRE_ROUTING || c->hook == NF_INET_INGRESS;
	bool untracked = c->hook == NF_INET_LOCAL_OUT && c->priority < NF_IP_PRI_CONNTRACK;
	if (r->early)
		return c->base && (device || before || untracked);
	return c->base && c->hook >= NF_INET_LOCAL_IN && c->hook <= NF_INET_POST_ROUTING;
}

static bool is_wanted(const struct reader *r, const struct others_chain *c)
{
	for (size_t i = 0; i < r->table_count; i++)
		if (r->tables[i].nfproto == c->nfproto && strcmp(r->tables[i].name, c->table) == 0)
			return true;
	return false;
}

/* Find the tables that are read further, and forget the chains of all others. */
static int choose_tables(struct reader *r)
{
	struct others *out = r->out;
	size_t kept = 0;
	for (size_t i = 0; i < out->count; i++) {
		const struct others_chain *c = &out->chains[i];
		if (!matters(r, c) || is_wanted(r, c))
			continue;
		void *tables = r->tables;
		struct wanted_table *t = array_append(&tables, &r->table_count, sizeof(*t));
		r->tables = tables;
		if (!t)
			return -1;
		t->nfproto = c->nfproto;
		strcpy(t->name, c->table);
	}
	for (size_t i = 0; i < out->count; i++)
		if (is_wanted(r, &out->chains[i]))
			out->chains[kept++] = out->chains[i];
	out->count = kept;
	return 0;
}

static int make_index(struct reader *r)
{
	struct err ignored;
	if (hash_table_init(&r->index, r->out->count, &ignored) < 0)
		return -1;
	for (size_t i = 0; i < r->out->count; i++) {
		const struct others_chain *c = &r->out->chains[i];
		hash_table_add(&r->index, hash_chain(c->nfproto, c->table, c->name), c);
	}
	return 0;
}

static int read_rules(struct reader *r)
{
	if (choose_tables(r) < 0 || make_index(r) < 0) {
		r->no_memory = true;
		return -1;
	}
	for (size_t i = 0; i < r->table_count; i++)
		if (dump(NFT_MSG_GETRULE, r->tables[i].nfproto, r->tables[i].name, on_rule, r) < 0)
			return -1;
	return 0;
}

static void set_jumps(struct reader *r)
{
	const struct others *out = r->out;
	for (size_t i = 0; i < r->jump_count; i++) {
		const struct jump *j = &r->jumps[i];
		struct others_chain *from = &out->chains[j->chain];
		const struct others_chain *to = find_chain(r, from->nfproto, from->table, j->to);
		from->rules[j->rule].to = to ? (uint32_t)(to - out->chains) : UINT32_MAX;
	}
}

static int read_all(bool early, struct others *out)
{
	struct reader r = {.out = out, .early = early};
	struct err ignored;
	*out = (struct others){.route = route_interface};
	int result = dump(NFT_MSG_GETCHAIN, NFPROTO_UNSPEC, NULL, on_chain, &r);
	if (result == 0 && out->count)
		result = dump(NFT_MSG_GETTABLE, NFPROTO_UNSPEC, NULL, on_table, &r);
	if (result == 0)
		result = read_rules(&r);
	set_jumps(&r);
	hash_table_free(&r.index);
	free(r.tables);
	free(r.jumps);
	if (r.no_memory) {
		errno = ENOMEM;
		return -1;
	}
	for (size_t i = 0; i < out->count; i++)
		out->chains[i].base =
			out->chains[i].base && (!early || matters(&r, &out->chains[i]));
	if (result == 0 && out->count && !early)
		result = host_own_addresses(&out->here, &ignored);
	return result;
}

int others_read(struct others *out)
{
	return read_all(false, out);
}

int others_read_early(struct others *out)
{
	return read_all(true, out);
}
