/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers of the messages are in network order. Types of data, which only nft(8) looks at, are
 * those that each of its versions knows.
 */
#include <arpa/inet.h>
#include <endian.h>
#include <string.h>
#include <linux/netfilter/nfnetlink.h>

#include "nftables/wire.h"

/* Of comments in userdata: the type, and behind it the length of the text with its NUL. */
#define UDATA_COMMENT 0

const struct nlattr *wire_next(const char **at, const char *end)
{
	const struct nlattr *attr = (const void *)*at;
	if (!*at || end - *at < (ptrdiff_t)sizeof(*attr) || attr->nla_len < sizeof(*attr) ||
	    attr->nla_len > end - *at)
		return NULL;
	*at += MNL_ALIGN(attr->nla_len);
	return attr;
}

const char *wire_string(const struct nlattr *attr)
{
	const char *text = attr ? mnl_attr_get_payload(attr) : NULL;
	return text && memchr(text, '\0', mnl_attr_get_payload_len(attr)) ? text : NULL;
}

uint32_t wire_number(const struct nlattr *attr)
{
	return attr && mnl_attr_get_payload_len(attr) == 4 ? ntohl(mnl_attr_get_u32(attr)) : 0;
}

enum family wire_family(uint32_t nfproto)
{
	return nfproto == NFPROTO_IPV6   ? FAMILY_IPV6
	       : nfproto == NFPROTO_IPV4 ? FAMILY_IPV4
					 : FAMILY_NONE;
}

uint16_t wire_port(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

/* ---- registers ---- */

static void put_reg(struct nlmsghdr *nlh, uint16_t type, uint8_t reg)
{
	mnl_attr_put_u32(nlh, type, htonl((uint32_t)NFT_REG32_00 + reg));
}

static void put_number(struct nlmsghdr *nlh, uint16_t type, uint32_t number)
{
	mnl_attr_put_u32(nlh, type, htonl(number));
}

bool wire_reg(const struct nlattr *attr, uint8_t *out)
{
	uint32_t number = wire_number(attr);
	if (number >= NFT_REG_1 && number <= NFT_REG_4)
		*out = (uint8_t)(4 * (number - NFT_REG_1));
	else if (number >= NFT_REG32_00 && number <= NFT_REG32_15)
		*out = (uint8_t)(number - NFT_REG32_00);
	else
		return false;
	return true;
}

static void put_value(struct nlmsghdr *nlh, uint16_t type, const void *bytes, size_t length)
{
	struct nlattr *data = mnl_attr_nest_start(nlh, type);
	mnl_attr_put(nlh, NFTA_DATA_VALUE, length, bytes);
	mnl_attr_nest_end(nlh, data);
}

static void put_verdict(struct nlmsghdr *nlh, uint16_t type, uint32_t code, const char *chain)
{
	struct nlattr *data = mnl_attr_nest_start(nlh, type);
	struct nlattr *verdict = mnl_attr_nest_start(nlh, NFTA_DATA_VERDICT);
	put_number(nlh, NFTA_VERDICT_CODE, code);
	if (chain)
		mnl_attr_put_strz(nlh, NFTA_VERDICT_CHAIN, chain);
	mnl_attr_nest_end(nlh, verdict);
	mnl_attr_nest_end(nlh, data);
}

void wire_put_comment(struct nlmsghdr *nlh, uint16_t type, const char *comment)
{
	char data[2 + RULE_COMMENT_MAX] = {UDATA_COMMENT};
	size_t length = strlen(comment) + 1;
	if (!*comment)
		return;
	data[1] = (char)length;
	memcpy(data + 2, comment, length);
	mnl_attr_put(nlh, type, 2 + length, data);
}

void wire_read_comment(const struct nlattr *attr, char out[RULE_COMMENT_MAX])
{
	const uint8_t *data = attr ? mnl_attr_get_payload(attr) : NULL;
	size_t left = attr ? mnl_attr_get_payload_len(attr) : 0;
	*out = '\0';
	for (; left >= 2 && left - 2 >= data[1]; left -= 2U + data[1], data += 2 + data[1])
		if (data[0] == UDATA_COMMENT && data[1] > 0 && data[1] <= RULE_COMMENT_MAX) {
			memcpy(out, data + 2, data[1]);
			out[data[1] - 1] = '\0';
		}
}

/* ---- expressions ---- */

static void put_byteorder(struct nlmsghdr *nlh, const struct nft_rule *rule, const struct expr *e)
{
	(void)rule;
	put_reg(nlh, NFTA_BYTEORDER_SREG, e->reg);
	put_reg(nlh, NFTA_BYTEORDER_DREG, e->reg);
	put_number(nlh, NFTA_BYTEORDER_OP, NFT_BYTEORDER_HTON);
	put_number(nlh, NFTA_BYTEORDER_LEN, e->length);
	put_number(nlh, NFTA_BYTEORDER_SIZE, e->length);
}

static void put_bitwise(struct nlmsghdr *nlh, const struct nft_rule *rule, const struct expr *e)
{
	static const uint8_t none[16];
	(void)rule;
	put_reg(nlh, NFTA_BITWISE_SREG, e->reg);
	put_reg(nlh, NFTA_BITWISE_DREG, e->reg);
	put_number(nlh, NFTA_BITWISE_LEN, e->length);
	put_value(nlh, NFTA_BITWISE_MASK, e->bytes, e->length);
	put_value(nlh, NFTA_BITWISE_XOR, e->length == sizeof(e->flip) ? e->flip : none, e->length);
}

static void put_lookup(struct nlmsghdr *nlh, const struct nft_rule *rule, const struct expr *e)
{
	mnl_attr_put_strz(nlh, NFTA_LOOKUP_SET, rule->name);
	put_reg(nlh, NFTA_LOOKUP_SREG, e->reg);
	if (e->extra == LOOKUP_MAP)
		put_reg(nlh, NFTA_LOOKUP_DREG, e->data_reg);
	else if (e->extra == LOOKUP_VERDICTS)
		put_number(nlh, NFTA_LOOKUP_DREG, NFT_REG_VERDICT);
}

static void put_immediate_verdict(struct nlmsghdr *nlh, const struct nft_rule *rule,
				  const struct expr *e)
{
	put_number(nlh, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	put_verdict(nlh, NFTA_IMMEDIATE_DATA, e->key,
		    e->key == (uint32_t)NFT_JUMP ? rule->name : NULL);
}

static void put_nat(struct nlmsghdr *nlh, const struct nft_rule *rule, const struct expr *e)
{
	(void)rule;
	put_number(nlh, NFTA_NAT_TYPE, e->key);
	put_number(nlh, NFTA_NAT_FAMILY, e->extra);
	if (e->has_addr)
		put_reg(nlh, NFTA_NAT_REG_ADDR_MIN, e->reg);
	if (e->has_port)
		put_reg(nlh, NFTA_NAT_REG_PROTO_MIN, e->data_reg);
}

/* What the kernel calls each kind, and its attributes: fields of struct expr, or what put writes.
 */
static const struct expr_form {
	const char *name;
	struct {
		enum {
			FIELD_END,
			FIELD_REG,
			FIELD_KEY,
			FIELD_EXTRA,
			FIELD_LENGTH,
			FIELD_BYTES
		} field;
		uint16_t type;
	} attrs[5];
	void (*put)(struct nlmsghdr *nlh, const struct nft_rule *rule, const struct expr *e);
} expr_forms[] = {
	[EXPR_META] = {.name = "meta",
		       .attrs = {{FIELD_REG, NFTA_META_DREG}, {FIELD_KEY, NFTA_META_KEY}}},
	[EXPR_META_SET] = {.name = "meta",
			   .attrs = {{FIELD_REG, NFTA_META_SREG}, {FIELD_KEY, NFTA_META_KEY}}},
	[EXPR_PAYLOAD] = {.name = "payload",
			  .attrs = {{FIELD_REG, NFTA_PAYLOAD_DREG},
				    {FIELD_KEY, NFTA_PAYLOAD_BASE},
				    {FIELD_EXTRA, NFTA_PAYLOAD_OFFSET},
				    {FIELD_LENGTH, NFTA_PAYLOAD_LEN}}},
	[EXPR_FIB] = {.name = "fib",
		      .attrs = {{FIELD_REG, NFTA_FIB_DREG},
				{FIELD_KEY, NFTA_FIB_RESULT},
				{FIELD_EXTRA, NFTA_FIB_FLAGS}}},
	[EXPR_CT] = {.name = "ct", .attrs = {{FIELD_REG, NFTA_CT_DREG}, {FIELD_KEY, NFTA_CT_KEY}}},
	[EXPR_CT_SET] = {.name = "ct",
			 .attrs = {{FIELD_REG, NFTA_CT_SREG}, {FIELD_KEY, NFTA_CT_KEY}}},
	[EXPR_IMMEDIATE] = {.name = "immediate",
			    .attrs = {{FIELD_REG, NFTA_IMMEDIATE_DREG},
				      {FIELD_BYTES, NFTA_IMMEDIATE_DATA}}},
	[EXPR_BYTEORDER] = {.name = "byteorder", .put = put_byteorder},
	[EXPR_BITWISE] = {.name = "bitwise", .put = put_bitwise},
	[EXPR_CMP] = {.name = "cmp",
		      .attrs = {{FIELD_REG, NFTA_CMP_SREG},
				{FIELD_KEY, NFTA_CMP_OP},
				{FIELD_BYTES, NFTA_CMP_DATA}}},
	[EXPR_LOOKUP] = {.name = "lookup", .put = put_lookup},
	[EXPR_VERDICT] = {.name = "immediate", .put = put_immediate_verdict},
	[EXPR_NAT] = {.name = "nat", .put = put_nat},
	[EXPR_MASQUERADE] = {.name = "masq"},
	[EXPR_COUNTER] = {.name = "counter"},
};

static void put_expr(struct nlmsghdr *nlh, const struct nft_rule *rule, const struct expr *e)
{
	const struct expr_form *form = &expr_forms[e->kind];
	mnl_attr_put_strz(nlh, NFTA_EXPR_NAME, form->name);
	struct nlattr *data = mnl_attr_nest_start(nlh, NFTA_EXPR_DATA);
	for (size_t i = 0; form->attrs[i].field != FIELD_END; i++) {
		uint16_t type = form->attrs[i].type;
		switch (form->attrs[i].field) {
		case FIELD_REG:
			put_reg(nlh, type, e->reg);
			break;
		case FIELD_KEY:
			put_number(nlh, type, e->key);
			break;
		case FIELD_EXTRA:
			put_number(nlh, type, e->extra);
			break;
		case FIELD_LENGTH:
			put_number(nlh, type, e->length);
			break;
		case FIELD_BYTES:
			put_value(nlh, type, e->bytes, e->length);
			break;
		case FIELD_END:
			break;
		}
	}
	if (form->put)
		form->put(nlh, rule, e);
	mnl_attr_nest_end(nlh, data);
}

void wire_put_rule(struct nlmsghdr *nlh, const struct nft_rule *rule)
{
	struct nlattr *list = mnl_attr_nest_start(nlh, NFTA_RULE_EXPRESSIONS);
	for (size_t i = 0; i < rule->count; i++) {
		struct nlattr *item = mnl_attr_nest_start(nlh, NFTA_LIST_ELEM);
		put_expr(nlh, rule, &rule->exprs[i]);
		mnl_attr_nest_end(nlh, item);
	}
	mnl_attr_nest_end(nlh, list);
	wire_put_comment(nlh, NFTA_RULE_USERDATA, rule->comment);
}

/* ---- expressions back ---- */

static struct wire_attrs read_attrs(const char *at, const char *end)
{
	struct wire_attrs attrs = {{NULL}};
	const struct nlattr *attr;
	while ((attr = wire_next(&at, end)))
		if (mnl_attr_get_type(attr) < WIRE_ATTRS)
			attrs.of[mnl_attr_get_type(attr)] = attr;
	return attrs;
}

struct wire_attrs wire_nest(const struct nlattr *nest)
{
	const char *at = nest ? mnl_attr_get_payload(nest) : NULL;
	return read_attrs(at, nest ? at + mnl_attr_get_payload_len(nest) : NULL);
}

struct wire_attrs wire_message(const struct nlmsghdr *nlh)
{
	return read_attrs(mnl_nlmsg_get_payload_offset(nlh, sizeof(struct nfgenmsg)),
			  (const char *)nlh + nlh->nlmsg_len);
}

uint32_t wire_number_of(const struct wire_attrs *attrs, int type)
{
	return wire_number(attrs->of[type]);
}

int wire_byte(const struct nlattr *attr)
{
	return attr && mnl_attr_get_payload_len(attr) == 1 ? mnl_attr_get_u8(attr) : -1;
}

uint64_t wire_long(const struct nlattr *attr)
{
	return attr && mnl_attr_get_payload_len(attr) == 8 ? be64toh(mnl_attr_get_u64(attr)) : 0;
}

/* A value of at most 16 bytes. */
static bool get_value(const struct nlattr *nest, struct expr *e)
{
	struct wire_attrs data = wire_nest(nest);
	const struct nlattr *value = data.of[NFTA_DATA_VALUE];
	size_t length = value ? mnl_attr_get_payload_len(value) : 0;
	if (length == 0 || length > sizeof(e->bytes))
		return false;
	memcpy(e->bytes, mnl_attr_get_payload(value), length);
	e->length = (uint8_t)length;
	return true;
}

static bool set_name(const struct nlattr *attr, struct nft_rule *rule)
{
	const char *name = wire_string(attr);
	if (!name || *rule->name || strlen(name) >= sizeof(rule->name))
		return false;
	strcpy(rule->name, name);
	return true;
}

static bool read_immediate(const struct wire_attrs *a, struct expr *e, struct nft_rule *rule)
{
	struct wire_attrs data = wire_nest(a->of[NFTA_IMMEDIATE_DATA]);
	if (wire_reg(a->of[NFTA_IMMEDIATE_DREG], &e->reg))
		return get_value(a->of[NFTA_IMMEDIATE_DATA], e);
	struct wire_attrs verdict = wire_nest(data.of[NFTA_DATA_VERDICT]);
	e->kind = EXPR_VERDICT;
	e->key = wire_number_of(&verdict, NFTA_VERDICT_CODE);
	if (e->key == (uint32_t)NFT_JUMP)
		return set_name(verdict.of[NFTA_VERDICT_CHAIN], rule);
	return e->key == NF_ACCEPT;
}

static bool read_lookup(const struct wire_attrs *a, struct expr *e, struct nft_rule *rule)
{
	const struct nlattr *dreg = a->of[NFTA_LOOKUP_DREG];
	if (wire_number_of(a, NFTA_LOOKUP_FLAGS) || !wire_reg(a->of[NFTA_LOOKUP_SREG], &e->reg))
		return false;
	if (!dreg)
		e->extra = LOOKUP_SET;
	else
		e->extra = wire_reg(dreg, &e->data_reg) ? LOOKUP_MAP : LOOKUP_VERDICTS;
	return set_name(a->of[NFTA_LOOKUP_SET], rule);
}

static bool read_nat(const struct wire_attrs *a, struct expr *e)
{
	const uint32_t implied = 1 | 2; /* NF_NAT_RANGE_MAP_IPS, NF_NAT_RANGE_PROTO_SPECIFIED */
	uint8_t last;
	e->key = wire_number_of(a, NFTA_NAT_TYPE);
	e->extra = wire_number_of(a, NFTA_NAT_FAMILY);
	e->has_addr = a->of[NFTA_NAT_REG_ADDR_MIN] != NULL;
	e->has_port = a->of[NFTA_NAT_REG_PROTO_MIN] != NULL;
	if (e->has_addr && (!wire_reg(a->of[NFTA_NAT_REG_ADDR_MIN], &e->reg) ||
			    !wire_reg(a->of[NFTA_NAT_REG_ADDR_MAX], &last) || last != e->reg))
		return false;
	if (e->has_port && (!wire_reg(a->of[NFTA_NAT_REG_PROTO_MIN], &e->data_reg) ||
			    !wire_reg(a->of[NFTA_NAT_REG_PROTO_MAX], &last) || last != e->data_reg))
		return false;
	return (wire_number_of(a, NFTA_NAT_FLAGS) & ~implied) == 0;
}

static bool read_bitwise(const struct wire_attrs *a, struct expr *e)
{
	static const uint8_t none[16];
	struct expr xor = {.kind = EXPR_BITWISE};
	uint8_t from;
	if (wire_number_of(a, NFTA_BITWISE_OP) != NFT_BITWISE_BOOL ||
	    !wire_reg(a->of[NFTA_BITWISE_SREG], &from) ||
	    !wire_reg(a->of[NFTA_BITWISE_DREG], &e->reg) || from != e->reg ||
	    !get_value(a->of[NFTA_BITWISE_MASK], e) || !get_value(a->of[NFTA_BITWISE_XOR], &xor))
		return false;
	if (e->length == sizeof(e->flip))
		memcpy(e->flip, xor.bytes, sizeof(e->flip));
	return e->length == sizeof(e->flip) || memcmp(xor.bytes, none, sizeof(none)) == 0;
}

static bool read_byteorder(const struct wire_attrs *a, struct expr *e)
{
	uint8_t from;
	e->length = (uint8_t)wire_number_of(a, NFTA_BYTEORDER_LEN);
	return wire_number_of(a, NFTA_BYTEORDER_OP) == NFT_BYTEORDER_HTON &&
	       wire_number_of(a, NFTA_BYTEORDER_SIZE) == e->length &&
	       wire_reg(a->of[NFTA_BYTEORDER_SREG], &from) &&
	       wire_reg(a->of[NFTA_BYTEORDER_DREG], &e->reg) && from == e->reg;
}

/* The attributes that are fields of struct expr. */
static bool read_fields(const struct wire_attrs *a, struct expr *e)
{
	const struct expr_form *form = &expr_forms[e->kind];
	for (size_t i = 0; form->attrs[i].field != FIELD_END; i++) {
		const struct nlattr *attr = a->of[form->attrs[i].type];
		switch (form->attrs[i].field) {
		case FIELD_REG:
			if (!wire_reg(attr, &e->reg))
				return false;
			break;
		case FIELD_KEY:
			e->key = wire_number(attr);
			break;
		case FIELD_EXTRA:
			e->extra = wire_number(attr);
			break;
		case FIELD_LENGTH:
			e->length = (uint8_t)wire_number(attr);
			break;
		case FIELD_BYTES:
			if (!get_value(attr, e))
				return false;
			break;
		case FIELD_END:
			break;
		}
	}
	return true;
}

/* Kinds of one name are told apart by the register: loaded, or read. */
static bool read_expr_data(const struct wire_attrs *a, struct expr *e, struct nft_rule *rule)
{
	switch (e->kind) {
	case EXPR_META:
	case EXPR_META_SET:
		e->kind = a->of[NFTA_META_DREG] ? EXPR_META : EXPR_META_SET;
		return read_fields(a, e);
	case EXPR_CT:
	case EXPR_CT_SET:
		e->kind = a->of[NFTA_CT_DREG] ? EXPR_CT : EXPR_CT_SET;
		return !a->of[NFTA_CT_DIRECTION] && read_fields(a, e);
	case EXPR_IMMEDIATE:
	case EXPR_VERDICT:
		return read_immediate(a, e, rule);
	case EXPR_BYTEORDER:
		return read_byteorder(a, e);
	case EXPR_BITWISE:
		return read_bitwise(a, e);
	case EXPR_LOOKUP:
		return read_lookup(a, e, rule);
	case EXPR_NAT:
		return read_nat(a, e);
	case EXPR_MASQUERADE:
		return wire_number_of(a, NFTA_MASQ_FLAGS) == 0;
	case EXPR_PAYLOAD:
	case EXPR_FIB:
	case EXPR_CMP:
	case EXPR_COUNTER:
		return read_fields(a, e);
	}
	return false;
}

static bool read_expr(const struct nlattr *item, struct nft_rule *rule)
{
	struct wire_attrs attrs = wire_nest(item);
	const char *name = wire_string(attrs.of[NFTA_EXPR_NAME]);
	struct wire_attrs data = wire_nest(attrs.of[NFTA_EXPR_DATA]);
	if (!name || rule->count == RULE_EXPRS_MAX)
		return false;
	for (size_t k = 0; k < sizeof(expr_forms) / sizeof(expr_forms[0]); k++)
		if (strcmp(expr_forms[k].name, name) == 0)
			return read_expr_data(&data, nft_rule_add(rule, (enum expr_kind)k), rule);
	return false;
}

bool wire_read_rule(const struct nlmsghdr *nlh, struct nft_rule *out, const char **chain)
{
	struct wire_attrs attrs = wire_message(nlh);
	const struct nlattr *item;
	*chain = wire_string(attrs.of[NFTA_RULE_CHAIN]);
	if (!*chain)
		return false;
	*out = (struct nft_rule){.handle = wire_long(attrs.of[NFTA_RULE_HANDLE])};
	wire_read_comment(attrs.of[NFTA_RULE_USERDATA], out->comment);
	const struct nlattr *list = attrs.of[NFTA_RULE_EXPRESSIONS];
	const char *at = list ? mnl_attr_get_payload(list) : NULL;
	const char *end = list ? at + mnl_attr_get_payload_len(list) : NULL;
	while ((item = wire_next(&at, end)))
		if (!read_expr(item, out))
			out->unknown = true;
	return true;
}

/* ---- sets ---- */

/* nft(8)'s numbers of data types (its datatype.h), six bits each in a concatenation. */
enum { TYPE_IPV4 = 7, TYPE_IPV6 = 8, TYPE_SERVICE = 13, TYPE_IFNAME = 41, TYPE_BITS = 6 };
#define TYPE_VERDICT 0xffffff00U /* NFT_DATA_VERDICT */

static uint32_t key_type(const struct key_shape *key, enum family family)
{
	const uint32_t addr = family == FAMILY_IPV6 ? TYPE_IPV6 : TYPE_IPV4;
	const uint32_t types[KEY_FIELDS] = {[KEY_IFNAME] = TYPE_IFNAME,
					    [KEY_ADDR] = addr,
					    [KEY_PORT] = TYPE_SERVICE,
					    [KEY_CLIENT] = addr};
	uint32_t type = 0;
	for (int f = 0; f < KEY_FIELDS; f++)
		if (key->has[f])
			type = type << TYPE_BITS | types[f];
	return type;
}

static uint32_t data_type(const struct bucket *b)
{
	const uint32_t addr = b->family == FAMILY_IPV6 ? TYPE_IPV6 : TYPE_IPV4;
	if (b->data == DATA_ENDPOINT || (b->data == DATA_PORT && bucket_names_address(b)))
		return addr << TYPE_BITS | TYPE_SERVICE;
	return b->data == DATA_ADDR ? addr : TYPE_SERVICE;
}

static void put_field_lengths(struct nlmsghdr *nlh, const struct key_shape *key, enum family family)
{
	const uint32_t addr = address_bits(family) / 8;
	const uint32_t lengths[KEY_FIELDS] = {
		[KEY_IFNAME] = IFNAME_MAX, [KEY_ADDR] = addr, [KEY_PORT] = 2, [KEY_CLIENT] = addr};
	struct nlattr *desc = mnl_attr_nest_start(nlh, NFTA_SET_DESC);
	struct nlattr *fields = mnl_attr_nest_start(nlh, NFTA_SET_DESC_CONCAT);
	for (int f = 0; f < KEY_FIELDS; f++)
		if (key->has[f]) {
			struct nlattr *item = mnl_attr_nest_start(nlh, NFTA_LIST_ELEM);
			put_number(nlh, NFTA_SET_FIELD_LEN, lengths[f]);
			mnl_attr_nest_end(nlh, item);
		}
	mnl_attr_nest_end(nlh, fields);
	mnl_attr_nest_end(nlh, desc);
}

static void put_counter(struct nlmsghdr *nlh, uint16_t type, const struct element_counter *counter)
{
	struct nlattr *expr = mnl_attr_nest_start(nlh, type);
	mnl_attr_put_strz(nlh, NFTA_EXPR_NAME, "counter");
	struct nlattr *data = mnl_attr_nest_start(nlh, NFTA_EXPR_DATA);
	if (counter) {
		mnl_attr_put_u64(nlh, NFTA_COUNTER_BYTES, htobe64(counter->bytes));
		mnl_attr_put_u64(nlh, NFTA_COUNTER_PACKETS, htobe64(counter->packets));
	}
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, expr);
}

static uint32_t set_flags(const struct shape_set *set)
{
	uint32_t flags = set->verdicts || set->bucket.data != DATA_NONE ? NFT_SET_MAP : 0;
	if (!set->verdicts && set->bucket.form == FORM_INTERVAL)
		flags |= NFT_SET_INTERVAL | NFT_SET_CONCAT;
	return flags;
}

void wire_put_set(struct nlmsghdr *nlh, const struct shape_set *set)
{
	/* the byte orders of key and data: none */
	static const uint8_t orders[] = {0, 4, 0, 0, 0, 0, 1, 4, 0, 0, 0, 0};
	const struct bucket *b = &set->bucket;
	struct key_shape key = set->verdicts ? shape_verdict_key(b) : shape_key(b);
	uint32_t flags = set_flags(set);
	mnl_attr_put_strz(nlh, NFTA_SET_NAME, set->name);
	put_number(nlh, NFTA_SET_FLAGS, flags);
	put_number(nlh, NFTA_SET_KEY_TYPE, key_type(&key, b->family));
	/* a service is two bytes where it stands alone */
	put_number(nlh, NFTA_SET_KEY_LEN, key.length == 4 && key.has[KEY_PORT] ? 2 : key.length);
	if (set->verdicts) {
		put_number(nlh, NFTA_SET_DATA_TYPE, TYPE_VERDICT);
	} else if (flags & NFT_SET_MAP) {
		put_number(nlh, NFTA_SET_DATA_TYPE, data_type(b));
		put_number(nlh, NFTA_SET_DATA_LEN, shape_data_length(b));
	}
	if (flags & NFT_SET_INTERVAL)
		put_field_lengths(nlh, &key, b->family);
	mnl_attr_put(nlh, NFTA_SET_USERDATA, sizeof(orders), orders);
	if (!set->verdicts)
		put_counter(nlh, NFTA_SET_EXPR, NULL);
}

bool wire_read_set(const struct nlmsghdr *nlh, struct wire_set *out)
{
	struct wire_attrs attrs = wire_message(nlh);
	out->name = wire_string(attrs.of[NFTA_SET_NAME]);
	if (!out->name)
		return false;
	out->flags = wire_number_of(&attrs, NFTA_SET_FLAGS);
	out->key_length = wire_number_of(&attrs, NFTA_SET_KEY_LEN);
	out->data_length = wire_number_of(&attrs, NFTA_SET_DATA_LEN);
	return true;
}

bool wire_set_fits(const struct wire_set *there, const struct shape_set *set)
{
	const uint32_t compared = NFT_SET_MAP | NFT_SET_INTERVAL;
	struct key_shape key =
		set->verdicts ? shape_verdict_key(&set->bucket) : shape_key(&set->bucket);
	uint32_t length = key.length == 4 && key.has[KEY_PORT] ? 2 : key.length;
	return ((there->flags ^ set_flags(set)) & compared) == 0 && there->key_length == length;
}

/* ---- elements ---- */

/* A key of one field is as long as that field; else the fields are padded. */
static size_t key_bytes(const struct key_shape *key)
{
	return key->length == 4 && key->has[KEY_PORT] ? 2 : key->length;
}

void wire_put_key(struct nlmsghdr *nlh, const struct element *e)
{
	struct key_shape key = shape_key(&e->bucket);
	put_value(nlh, NFTA_SET_ELEM_KEY, e->key, key_bytes(&key));
	if (e->bucket.form == FORM_INTERVAL)
		put_value(nlh, NFTA_SET_ELEM_KEY_END, e->key_end, key_bytes(&key));
}

void wire_put_element(struct nlmsghdr *nlh, const struct element *e,
		      const struct element_counter *counter)
{
	struct nlattr *item = mnl_attr_nest_start(nlh, NFTA_LIST_ELEM);
	wire_put_key(nlh, e);
	if (e->data_length)
		put_value(nlh, NFTA_SET_ELEM_DATA, e->data, e->data_length);
	if (counter)
		put_counter(nlh, NFTA_SET_ELEM_EXPR, counter);
	wire_put_comment(nlh, NFTA_SET_ELEM_USERDATA, e->comment);
	mnl_attr_nest_end(nlh, item);
}

void wire_put_jump(struct nlmsghdr *nlh, const struct bucket *bucket, const char *chain)
{
	struct key_shape key = shape_verdict_key(bucket);
	uint8_t bytes[ELEMENT_KEY_MAX] = {0};
	const uint16_t port = htons(bucket->port);
	struct nlattr *item = mnl_attr_nest_start(nlh, NFTA_LIST_ELEM);
	if (key.has[KEY_IFNAME])
		memcpy(bytes + key.at[KEY_IFNAME], bucket->ifname, IFNAME_MAX);
	if (key.has[KEY_ADDR])
		memcpy(bytes + key.at[KEY_ADDR], bucket->addr.bytes,
		       address_bits(bucket->family) / 8);
	memcpy(bytes + key.at[KEY_PORT], &port, sizeof(port));
	put_value(nlh, NFTA_SET_ELEM_KEY, bytes, key_bytes(&key));
	if (chain)
		put_verdict(nlh, NFTA_SET_ELEM_DATA, (uint32_t)NFT_JUMP, chain);
	mnl_attr_nest_end(nlh, item);
}

static bool get_bytes(const struct nlattr *nest, uint8_t *out, size_t length)
{
	struct wire_attrs data = wire_nest(nest);
	const struct nlattr *value = data.of[NFTA_DATA_VALUE];
	if (!value || mnl_attr_get_payload_len(value) != length)
		return false;
	memcpy(out, mnl_attr_get_payload(value), length);
	return true;
}

/* One expression, or since Linux 5.10 a list of them. */
static void read_counter(const struct wire_attrs *attrs, struct element_counter *out)
{
	const struct nlattr *expr = attrs->of[NFTA_SET_ELEM_EXPR];
	*out = (struct element_counter){0, 0};
	if (!expr)
		return;
	struct wire_attrs named = wire_nest(expr);
	const char *name = wire_string(named.of[NFTA_EXPR_NAME]);
	if (!name || strcmp(name, "counter") != 0)
		return;
	struct wire_attrs data = wire_nest(named.of[NFTA_EXPR_DATA]);
	out->packets = wire_long(data.of[NFTA_COUNTER_PACKETS]);
	out->bytes = wire_long(data.of[NFTA_COUNTER_BYTES]);
}

bool wire_read_element(const struct nlattr *attr, struct element *out,
		       struct element_counter *counter, const char **jump)
{
	struct wire_attrs attrs = wire_nest(attr);
	struct key_shape key = shape_key(&out->bucket);
	struct wire_attrs data = wire_nest(attrs.of[NFTA_SET_ELEM_DATA]);
	struct wire_attrs verdict = wire_nest(data.of[NFTA_DATA_VERDICT]);
	*out = (struct element){.bucket = out->bucket,
				.key_length = key.length,
				.data_length = shape_data_length(&out->bucket)};
	read_counter(&attrs, counter);
	wire_read_comment(attrs.of[NFTA_SET_ELEM_USERDATA], out->comment);
	*jump = wire_string(verdict.of[NFTA_VERDICT_CHAIN]);
	if (*jump)
		return true;
	return get_bytes(attrs.of[NFTA_SET_ELEM_KEY], out->key, key_bytes(&key)) &&
	       (out->bucket.form != FORM_INTERVAL ||
		get_bytes(attrs.of[NFTA_SET_ELEM_KEY_END], out->key_end, key_bytes(&key))) &&
	       (out->data_length == 0 ||
		get_bytes(attrs.of[NFTA_SET_ELEM_DATA], out->data, out->data_length));
}
