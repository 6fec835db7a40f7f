/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>

#include "nftables/other_expr.h"

static void ask_words(struct conditions *out, enum asks asks, const char *words)
{
	conditions_add(out, &(struct condition){.asks = asks, .words = words});
}

/* ---- loads ---- */

static const struct other_reg *reg_of(const struct other_exprs *x, const struct nlattr *sreg)
{
	static const struct other_reg nothing;
	uint8_t reg;
	return wire_reg(sreg, &reg) ? &x->regs[reg] : &nothing;
}

/* Without a register to load, an expression sets something and asks nothing. */
static void load(struct other_exprs *x, const struct nlattr *dreg, const struct other_reg *what)
{
	uint8_t reg;
	if (wire_reg(dreg, &reg))
		x->regs[reg] = *what;
}

static void load_field(struct other_exprs *x, const struct nlattr *dreg, const struct field *field)
{
	load(x, dreg, &(struct other_reg){.field = field});
}

static void on_meta(struct other_exprs *x, struct other_expr *e)
{
	uint32_t key = wire_number_of(&e->attrs, NFTA_META_KEY);
	load_field(x, e->attrs.of[NFTA_META_DREG], field_of_meta(key));
}

static void on_ct(struct other_exprs *x, struct other_expr *e)
{
	uint32_t key = wire_number_of(&e->attrs, NFTA_CT_KEY);
	bool original = wire_byte(e->attrs.of[NFTA_CT_DIRECTION]) == IP_CT_DIR_ORIGINAL;
	load_field(x, e->attrs.of[NFTA_CT_DREG], field_of_ct(key, original));
}

static void on_fib(struct other_exprs *x, struct other_expr *e)
{
	uint32_t result = wire_number_of(&e->attrs, NFTA_FIB_RESULT);
	uint32_t flags = wire_number_of(&e->attrs, NFTA_FIB_FLAGS);
	load_field(x, e->attrs.of[NFTA_FIB_DREG], field_of_fib(result, flags));
}

static const struct field *find_payload(const struct other_exprs *x, const struct other_reg *reg,
					size_t at)
{
	return field_of_payload(
		&(struct payload){reg->base, reg->offset + (uint32_t)at, x->family, x->proto});
}

static void on_payload(struct other_exprs *x, struct other_expr *e)
{
	struct other_reg reg = {.of_header = true,
				.base = wire_number_of(&e->attrs, NFTA_PAYLOAD_BASE),
				.offset = wire_number_of(&e->attrs, NFTA_PAYLOAD_OFFSET),
				.length = (uint8_t)wire_number_of(&e->attrs, NFTA_PAYLOAD_LEN)};
	reg.field = find_payload(x, &reg, 0);
	load(x, e->attrs.of[NFTA_PAYLOAD_DREG], &reg);
}

static const struct nlattr *value_of(const struct wire_attrs *attrs, int type)
{
	return wire_nest(attrs->of[type]).of[NFTA_DATA_VALUE];
}

static void on_immediate(struct other_exprs *x, struct other_expr *e)
{
	struct other_reg reg = {.holds = REG_VALUE};
	const struct nlattr *value = value_of(&e->attrs, NFTA_IMMEDIATE_DATA);
	size_t length = value ? mnl_attr_get_payload_len(value) : 0;
	if (length && length <= sizeof(reg.bytes))
		memcpy(reg.bytes, mnl_attr_get_payload(value), length);
	load(x, e->attrs.of[NFTA_IMMEDIATE_DREG], &reg);
}

static bool is_zero(const struct nlattr *value)
{
	const uint8_t *bytes = value ? mnl_attr_get_payload(value) : NULL;
	for (size_t i = 0; value && i < mnl_attr_get_payload_len(value); i++)
		if (bytes[i])
			return false;
	return true;
}

static void on_bitwise(struct other_exprs *x, struct other_expr *e)
{
	static const struct field odd = {ASKS_DOUBT, ASKS_DOUBT, 4, "a shift or a long mask", NULL};
	struct other_reg reg = *reg_of(x, e->attrs.of[NFTA_BITWISE_SREG]);
	const struct nlattr *mask = value_of(&e->attrs, NFTA_BITWISE_MASK);
	size_t length = mask ? mnl_attr_get_payload_len(mask) : 0;
	if (length && length <= sizeof(reg.bytes) && reg.holds == REG_FIELD && !reg.masked &&
	    is_zero(value_of(&e->attrs, NFTA_BITWISE_XOR))) {
		reg.masked = true;
		memcpy(reg.bytes, mnl_attr_get_payload(mask), length);
	} else
		reg = (struct other_reg){.field = &odd};
	load(x, e->attrs.of[NFTA_BITWISE_DREG], &reg);
}

static void on_byteorder(struct other_exprs *x, struct other_expr *e)
{
	struct other_reg reg = *reg_of(x, e->attrs.of[NFTA_BYTEORDER_SREG]);
	reg.swapped = true;
	load(x, e->attrs.of[NFTA_BYTEORDER_DREG], &reg);
}

/* ---- conditions ---- */

static void ask_part(const struct other_exprs *x, const struct other_reg *reg,
		     const struct other_range *range, struct conditions *out)
{
	static const struct field of_header = {ASKS_SOME, ASKS_SOME, 4, "@payload", NULL};
	static const struct field unknown = {ASKS_DOUBT, ASKS_DOUBT, 4, "a match", NULL};
	const struct field *field = reg->field       ? reg->field
				    : reg->of_header ? &of_header
						     : &unknown;
	const struct compared c = {range->first,  range->last,    reg->masked ? reg->bytes : NULL,
				   range->length, range->negated, x->find_interface};
	struct field untold = *field;
	untold.asks = field->otherwise;
	untold.read = NULL;
	field_ask(reg->swapped ? &untold : field, &c, out);
}

/* nft(8) loads fields of a header that are neighbours as one. */
void other_expr_ask(const struct other_exprs *x, uint8_t from, const struct other_range *range,
		    struct conditions *out)
{
	struct other_reg reg = x->regs[from];
	struct other_range left = *range;
	bool exact = memcmp(range->first, range->last, range->length) == 0;
	while (reg.of_header && reg.field && left.length > reg.field->length) {
		struct other_range part = left;
		size_t length = part.length = reg.field->length;
		/* that several fields are not as these says that one of them is not */
		if (range->negated || !exact)
			break;
		ask_part(x, &reg, &part, out);
		left.first += length;
		left.last += length;
		left.length -= length;
		memmove(reg.bytes, reg.bytes + length, sizeof(reg.bytes) - length);
		reg.offset += (uint32_t)length;
		reg.field = find_payload(x, &reg, 0);
	}
	if (reg.of_header && reg.field && left.length > reg.field->length)
		reg.field = NULL;
	ask_part(x, &reg, &left, out);
}

static bool get_value(const struct nlattr *value, struct other_range *out)
{
	out->length = value ? mnl_attr_get_payload_len(value) : 0;
	out->first = out->last = value ? mnl_attr_get_payload(value) : NULL;
	return out->length > 0 && out->length <= COMPARED_MAX;
}

/* Of a range with both ends nft(8) makes "at least", and then "at most". */
static void take_upper_end(struct other_exprs *x, const struct other_expr *e,
			   struct other_range *range)
{
	const char *at = x->at;
	struct wire_attrs next = wire_nest(wire_next(&at, x->end));
	struct wire_attrs attrs = wire_nest(next.of[NFTA_EXPR_DATA]);
	const char *name = wire_string(next.of[NFTA_EXPR_NAME]);
	struct other_range upper;
	if (!name || strcmp(name, "cmp") != 0 ||
	    wire_number_of(&attrs, NFTA_CMP_OP) != NFT_CMP_LTE ||
	    wire_number_of(&attrs, NFTA_CMP_SREG) != wire_number_of(&e->attrs, NFTA_CMP_SREG) ||
	    !get_value(value_of(&attrs, NFTA_CMP_DATA), &upper) || upper.length != range->length)
		return;
	range->last = upper.first;
	x->at = at;
}

/* To the next larger value, or the next smaller one. False: there is none. */
static bool step(uint8_t *bytes, size_t length, bool up)
{
	while (length-- > 0) {
		bytes[length] = (uint8_t)(bytes[length] + (up ? 1 : -1));
		if (bytes[length] != (up ? 0 : UINT8_MAX))
			return true;
	}
	return false;
}

static void on_cmp(struct other_exprs *x, struct other_expr *e)
{
	static const uint8_t low[COMPARED_MAX];
	uint8_t high[COMPARED_MAX], next[COMPARED_MAX];
	uint32_t op = wire_number_of(&e->attrs, NFTA_CMP_OP);
	struct other_range range = {.negated = op == NFT_CMP_NEQ};
	uint8_t reg;
	if (!get_value(value_of(&e->attrs, NFTA_CMP_DATA), &range) ||
	    !wire_reg(e->attrs.of[NFTA_CMP_SREG], &reg)) {
		ask_words(&e->asked, ASKS_DOUBT, "a comparison");
		return;
	}
	memset(high, 0xff, sizeof(high));
	memcpy(next, range.first, range.length);
	bool beyond = (op == NFT_CMP_GT || op == NFT_CMP_LT) &&
		      !step(next, range.length, op == NFT_CMP_GT);
	if (op == NFT_CMP_GT || op == NFT_CMP_LT)
		range.first = range.last = next;
	if (op == NFT_CMP_GT || op == NFT_CMP_GTE)
		range.last = high;
	if (op == NFT_CMP_LT || op == NFT_CMP_LTE)
		range.first = low;
	if (op == NFT_CMP_GTE)
		take_upper_end(x, e, &range);
	if (beyond)
		ask_words(&e->asked, ASKS_NEVER, "a comparison");
	else
		other_expr_ask(x, reg, &range, &e->asked);
}

static void on_range(struct other_exprs *x, struct other_expr *e)
{
	struct other_range range = {.negated = wire_number_of(&e->attrs, NFTA_RANGE_OP) ==
					       NFT_RANGE_NEQ},
			   upper;
	uint8_t reg;
	if (!get_value(value_of(&e->attrs, NFTA_RANGE_FROM_DATA), &range) ||
	    !get_value(value_of(&e->attrs, NFTA_RANGE_TO_DATA), &upper) ||
	    upper.length != range.length || !wire_reg(e->attrs.of[NFTA_RANGE_SREG], &reg)) {
		ask_words(&e->asked, ASKS_DOUBT, "a range");
		return;
	}
	range.last = upper.first;
	other_expr_ask(x, reg, &range, &e->asked);
}

static void on_some(struct other_exprs *x, struct other_expr *e)
{
	(void)x;
	ask_words(&e->asked, ASKS_SOME, e->name);
}

static void on_object(struct other_exprs *x, struct other_expr *e)
{
	uint32_t type = wire_number_of(&e->attrs, NFTA_OBJREF_IMM_TYPE);
	(void)x;
	if (type == NFT_OBJECT_LIMIT || type == NFT_OBJECT_QUOTA || type == NFT_OBJECT_CONNLIMIT)
		ask_words(&e->asked, ASKS_SOME,
			  type == NFT_OBJECT_LIMIT   ? "limit"
			  : type == NFT_OBJECT_QUOTA ? "quota"
						     : "ct count");
}

/* ---- expressions of iptables-nft ---- */

/* Attributes of a match and those of a target have the same numbers. In messages they are aligned
 * to 4 bytes. */
struct xt_extension other_expr_extension(struct other_exprs *x, const struct other_expr *e)
{
	const char *name = wire_string(e->attrs.of[NFTA_MATCH_NAME]);
	const struct nlattr *info = e->attrs.of[NFTA_MATCH_INFO];
	size_t size = info ? mnl_attr_get_payload_len(info) : 0;
	if (size > sizeof(x->info))
		size = sizeof(x->info);
	if (size)
		memcpy(x->info, mnl_attr_get_payload(info), size);
	return (struct xt_extension){name ? name : "",
				     (uint8_t)wire_number_of(&e->attrs, NFTA_MATCH_REV), x->family,
				     x->info, size};
}

static void on_match(struct other_exprs *x, struct other_expr *e)
{
	struct xt_extension match = other_expr_extension(x, e);
	xt_conditions(&match, &e->asked);
}

/* ---- reading ---- */

static const struct {
	const char *name;
	void (*on)(struct other_exprs *x, struct other_expr *e);
} known[] = {
	{"meta", on_meta},           {"payload", on_payload}, {"cmp", on_cmp},
	{"immediate", on_immediate}, {"ct", on_ct},           {"fib", on_fib},
	{"bitwise", on_bitwise},     {"range", on_range},     {"match", on_match},
	{"byteorder", on_byteorder}, {"objref", on_object},   {"limit", on_some},
	{"quota", on_some},          {"connlimit", on_some},
};

/* What they load cannot be told. */
static const struct {
	const char *name;
	int dreg;
	struct field field;
} loads[] = {
	{"numgen", NFTA_NG_DREG, {ASKS_SHARE, ASKS_SHARE, 4, "numgen", NULL}},
	{"hash", NFTA_HASH_DREG, {ASKS_SHARE, ASKS_SHARE, 4, "jhash", NULL}},
	{"exthdr", NFTA_EXTHDR_DREG, {ASKS_SOME, ASKS_SOME, 4, "exthdr", NULL}},
	{"osf", NFTA_OSF_DREG, {ASKS_SOME, ASKS_SOME, 4, "osf", NULL}},
	{"rt", NFTA_RT_DREG, {ASKS_DOUBT, ASKS_DOUBT, 4, "rt", NULL}},
	{"socket", NFTA_SOCKET_DREG, {ASKS_DOUBT, ASKS_DOUBT, 4, "socket", NULL}},
};

/* They ask nothing. */
static const char *const statements[] = {
	"counter", "lookup",   "target", "nat",     "redir",        "masq", "tproxy", "reject",
	"queue",   "synproxy", "log",    "notrack", "flow_offload", "last", "dup",    "fwd",
};

static void read_expr(struct other_exprs *x, struct other_expr *e)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i].name, e->name) == 0) {
			known[i].on(x, e);
			return;
		}
	for (size_t i = 0; i < sizeof(loads) / sizeof(loads[0]); i++)
		if (strcmp(loads[i].name, e->name) == 0) {
			load_field(x, e->attrs.of[loads[i].dreg], &loads[i].field);
			return;
		}
	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++)
		if (strcmp(statements[i], e->name) == 0)
			return;
	/* xfrm, tunnel, inner ...: which registers it loads is not known either */
	ask_words(&e->asked, ASKS_DOUBT, *e->name ? e->name : "an expression");
	memset(x->regs, 0, sizeof(x->regs));
}

/* Where a field is in a header depends on what was asked before. */
static void note_headers(struct other_exprs *x, const struct conditions *asked)
{
	for (size_t i = 0; i < asked->count; i++) {
		const struct condition *c = &asked->items[i];
		if (c->asks == ASKS_FAMILY)
			x->family = c->family;
		if (c->asks == ASKS_PROTO && !c->negated)
			x->proto = (enum proto)c->proto;
	}
}

void other_expr_begin(struct other_exprs *x, const struct nlattr *list)
{
	x->proto = PROTO_NONE;
	x->at = list ? mnl_attr_get_payload(list) : NULL;
	x->end = list ? x->at + mnl_attr_get_payload_len(list) : NULL;
	memset(x->regs, 0, sizeof(x->regs));
}

bool other_expr_next(struct other_exprs *x, struct other_expr *out)
{
	const struct nlattr *item = wire_next(&x->at, x->end);
	struct wire_attrs attrs = wire_nest(item);
	const char *name = wire_string(attrs.of[NFTA_EXPR_NAME]);
	if (!item)
		return false;
	out->name = name ? name : "";
	out->attrs = wire_nest(attrs.of[NFTA_EXPR_DATA]);
	out->asked.count = 0;
	read_expr(x, out);
	note_headers(x, &out->asked);
	return true;
}

/* ---- what is in the registers ---- */

enum asks other_expr_asks(const struct other_exprs *x, uint8_t reg)
{
	const struct other_reg *r = &x->regs[reg];
	return r->holds == REG_FIELD && r->field ? r->field->asks
	       : r->of_header                    ? ASKS_SOME
						 : ASKS_DOUBT;
}

size_t other_expr_length(const struct other_exprs *x, uint8_t reg, size_t left)
{
	const struct other_reg *r = &x->regs[reg];
	size_t length = r->of_header ? r->length : r->field ? r->field->length : 4;
	return length > 0 && length < left ? length : left;
}

void other_expr_take_map(struct other_exprs *x, const struct wire_attrs *lookup)
{
	uint8_t to;
	if (!wire_reg(lookup->of[NFTA_LOOKUP_DREG], &to))
		return;
	for (uint8_t i = to; i < OTHER_REGISTERS; i++)
		x->regs[i] = (struct other_reg){.holds = REG_DATA, .offset = 4U * (i - to)};
}

bool other_expr_verdict(const struct other_expr *e, int32_t *code, const char **chain)
{
	struct wire_attrs data = wire_nest(e->attrs.of[NFTA_IMMEDIATE_DATA]);
	struct wire_attrs verdict = wire_nest(data.of[NFTA_DATA_VERDICT]);
	if (strcmp(e->name, "immediate") != 0 || !data.of[NFTA_DATA_VERDICT])
		return false;
	*code = (int32_t)wire_number_of(&verdict, NFTA_VERDICT_CODE);
	*chain = wire_string(verdict.of[NFTA_VERDICT_CHAIN]);
	return true;
}
