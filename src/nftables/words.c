/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The notation of nft(8). What it cannot say is said in a comment: pfwd sets a connection's label
 * behind the lookup, while nft sets it before, also for packets that the map does not know.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "nftables/words.h"

#define WORDS_MAX 1024

struct line {
	char text[WORDS_MAX];
	size_t used;
};

static void add(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct line *line, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int n = vsnprintf(line->text + line->used, sizeof(line->text) - line->used, format, args);
	va_end(args);
	if (n > 0)
		line->used += (size_t)n;
	if (line->used >= sizeof(line->text))
		line->used = sizeof(line->text) - 1;
}

/* ---- rules ---- */

/* What registers hold, in the order in which they were loaded: the fields of a key. */
struct loaded {
	const char *fields[8];
	size_t count;
	const struct expr *mask; /* of the client, which is the only field; NULL: none */
	bool six;
	bool proto_known;
	uint8_t proto;
};

static const char *proto_word(const struct loaded *l)
{
	return l->proto_known ? proto_name((enum proto)l->proto) : "th";
}

static void add_address(struct line *line, const uint8_t *bytes, size_t length)
{
	struct address addr = {.family = length == 16 ? FAMILY_IPV6 : FAMILY_IPV4};
	char text[ADDRESS_TEXT_MAX];
	memcpy(addr.bytes, bytes, length);
	address_format(&addr, text);
	add(line, "%s", text);
}

static unsigned int get_port(const uint8_t *bytes)
{
	return (unsigned int)bytes[0] << 8 | bytes[1];
}

static void add_key(struct line *line, const struct loaded *l)
{
	if (l->mask) {
		add(line, "%s & ", l->fields[0]);
		add_address(line, l->mask->bytes, l->mask->length);
		return;
	}
	for (size_t i = 0; i < l->count; i++)
		if (strcmp(l->fields[i], "port") == 0)
			add(line, "%s%s dport", i ? " . " : "", proto_word(l));
		else
			add(line, "%s%s", i ? " . " : "", l->fields[i]);
}

static const char *payload_field(const struct expr *e, bool six)
{
	if (e->key == NFT_PAYLOAD_TRANSPORT_HEADER)
		return "port";
	if (six)
		return e->extra == 8 ? "ip6 saddr" : "ip6 daddr";
	return e->extra == 12 ? "ip saddr" : "ip daddr";
}

static bool is_source(const struct expr *e)
{
	return e->kind == EXPR_PAYLOAD && e->key == NFT_PAYLOAD_NETWORK_HEADER &&
	       (e->extra == 8 || e->extra == 12);
}

static unsigned int mask_bits(const struct expr *mask)
{
	unsigned int bits = 0;
	for (size_t i = 0; i < mask->length; i++)
		bits += (unsigned int)__builtin_popcount(mask->bytes[i]);
	return bits;
}

static void add_time(struct line *line, const struct expr *cmp)
{
	uint64_t ns = 0;
	for (int i = 0; i < 8; i++)
		ns = ns << 8 | cmp->bytes[i];
	/* nft reads a date in the local zone, and a number of seconds in none */
	add(line, "meta time < %llu ", (unsigned long long)(ns / 1000000000U));
}

/* what: "ct label" or "ct label set" */
static void add_label(struct line *line, const char *what, const struct expr *mask)
{
	for (unsigned int bit = 0; bit < 128; bit++)
		if (mask->bytes[bit / 8] & 1U << bit % 8)
			add(line, "%s %u ", what, bit);
}

static void add_ifname(struct line *line, const struct expr *cmp)
{
	add(line, "iifname %s\"%.*s%s\" ", cmp->key == NFT_CMP_NEQ ? "!= " : "",
	    (int)strnlen((const char *)cmp->bytes, cmp->length), (const char *)cmp->bytes,
	    cmp->length < IFNAME_MAX ? "*" : "");
}

/* These three: what was loaded with the comparison behind it, of the expressions that are left.
 * Return how many expressions they took; 0: it is none. */
static size_t add_meta_match(struct line *line, const struct expr *e, size_t left, struct loaded *l)
{
	const struct expr *cmp = &e[1];
	uint32_t value;
	switch (e->key) {
	case NFT_META_NFPROTO:
		l->six = cmp->bytes[0] == NFPROTO_IPV6;
		add(line, "meta nfproto %s ", l->six ? "ipv6" : "ipv4");
		return 2;
	case NFT_META_L4PROTO:
		l->proto_known = true;
		l->proto = cmp->bytes[0];
		add(line, "meta l4proto %s ", proto_word(l));
		return 2;
	case NFT_META_TIME_NS:
		if (left < 3)
			return 0;
		add_time(line, &e[2]);
		return 3;
	case NFT_META_MARK:
		if (left < 3 || e[2].kind != EXPR_CMP)
			return 2; /* it is set again, see EXPR_META_SET */
		memcpy(&value, e[2].bytes, sizeof(value));
		add(line, "meta mark & 0x20040800 == 0x%x ", value);
		return 3;
	case NFT_META_IIFNAME:
		if (cmp->kind != EXPR_CMP)
			return 0;
		add_ifname(line, cmp);
		return 2;
	default:
		return 0;
	}
}

static size_t add_payload_match(struct line *line, const struct expr *e, size_t left,
				const struct loaded *l)
{
	const struct expr *cmp = &e[1];
	bool masked = cmp->kind == EXPR_BITWISE && left > 2 && e[2].kind == EXPR_CMP;
	if (is_source(e) && masked) {
		add(line, "%s ", payload_field(e, l->six));
		add_address(line, e[2].bytes, e[2].length);
		add(line, "/%u ", mask_bits(cmp));
		return 3;
	}
	if (cmp->kind != EXPR_CMP)
		return 0;
	if (e->key == NFT_PAYLOAD_TRANSPORT_HEADER && left > 2) {
		add(line, "%s dport %u-%u ", proto_word(l), get_port(cmp->bytes),
		    get_port(e[2].bytes));
		return 3;
	}
	if (is_source(e)) {
		add(line, "%s ", payload_field(e, l->six));
		add_address(line, cmp->bytes, cmp->length);
		add(line, " ");
	} else {
		add(line, "%s",
		    cmp->length == 1 ? "ip daddr != 127.0.0.0/8 " : "ip6 daddr != ::1 ");
	}
	return 2;
}

static size_t add_match(struct line *line, const struct expr *e, size_t left, struct loaded *l)
{
	if (left < 2)
		return 0;
	switch (e->kind) {
	case EXPR_META:
		return add_meta_match(line, e, left, l);
	case EXPR_PAYLOAD:
		return add_payload_match(line, e, left, l);
	case EXPR_FIB:
		add(line, "fib daddr %stype %slocal ", e->extra & NFTA_FIB_F_IIF ? ". iif " : "",
		    e[1].key == NFT_CMP_NEQ ? "!= " : "");
		return 2;
	case EXPR_CT:
		if (e->key == NFT_CT_STATUS)
			add(line, "ct status dnat ");
		else
			add_label(line, "ct label", &e[1]);
		return 3;
	default:
		return 0;
	}
}

static void add_nat(struct line *line, const struct nft_rule *rule, const struct expr *e,
		    const struct loaded *l)
{
	const char *family = e->extra == NFPROTO_IPV6 ? "ip6" : "ip";
	const struct expr *before = e - 1;
	if (e->key == NFT_NAT_SNAT) {
		add(line, "snat %s to ", family);
		add_address(line, before->bytes, before->length);
		return;
	}
	add(line, "dnat %s to ", family);
	if (e->data_reg < e->reg)
		add(line, "%s daddr:", family);
	add_key(line, l);
	add(line, " map @%s", rule->name);
}

/* What is done to the bits of GUEST_MARK. */
static const char *guest_mark_change(const struct expr *bitwise)
{
	return bitwise->flip[0] || bitwise->flip[1] || bitwise->flip[2] || bitwise->flip[3]
		       ? "| 0x20040800"
		       : "& 0xdffbf7ff";
}

static void add_rule(struct line *line, const struct nft_rule *rule, bool six)
{
	struct loaded l = {.six = six};
	for (size_t i = 0; i < rule->count;) {
		const struct expr *e = &rule->exprs[i];
		size_t taken = add_match(line, e, rule->count - i, &l);
		i += taken ? taken : 1;
		if (taken)
			continue;
		switch (e->kind) {
		case EXPR_META:
			l.fields[l.count++] = "iifname";
			break;
		case EXPR_PAYLOAD:
			/* loaded behind the lookup: the address that stays */
			if (i < rule->count && rule->exprs[i].kind == EXPR_NAT)
				break;
			l.fields[l.count++] = payload_field(e, l.six);
			break;
		case EXPR_BITWISE:
			l.mask = e;
			break;
		case EXPR_CT_SET:
			add_label(line, "ct label set", e - 1);
			break;
		case EXPR_LOOKUP:
			if (e->extra == LOOKUP_MAP)
				break;
			add_key(line, &l);
			add(line, "%s@%s ", e->extra == LOOKUP_SET ? " " : " vmap ", rule->name);
			break;
		case EXPR_VERDICT:
			if (e->key == NF_ACCEPT)
				add(line, "accept");
			else
				add(line, "jump %s", rule->name);
			break;
		case EXPR_NAT:
			add_nat(line, rule, e, &l);
			break;
		case EXPR_MASQUERADE:
			add(line, "masquerade");
			break;
		case EXPR_META_SET:
			add(line, "meta mark set meta mark %s", guest_mark_change(e - 1));
			break;
		case EXPR_COUNTER:
			add(line, "counter ");
			break;
		case EXPR_FIB:
		case EXPR_CT:
		case EXPR_IMMEDIATE:
		case EXPR_BYTEORDER:
		case EXPR_CMP:
			break;
		}
	}
	if (*rule->comment)
		add(line, " comment \"%s\"", rule->comment);
}

/* ---- sets and elements ---- */

static void add_types(struct line *line, const struct key_shape *key, enum family family)
{
	const char *addr = family == FAMILY_IPV6 ? "ipv6_addr" : "ipv4_addr";
	const char *const words[KEY_FIELDS] = {[KEY_IFNAME] = "ifname",
					       [KEY_ADDR] = addr,
					       [KEY_PORT] = "inet_service",
					       [KEY_CLIENT] = addr};
	bool first = true;
	for (int f = 0; f < KEY_FIELDS; f++)
		if (key->has[f]) {
			add(line, "%s%s", first ? "" : " . ", words[f]);
			first = false;
		}
}

static void add_set(struct line *line, const struct shape_set *set)
{
	const struct bucket *b = &set->bucket;
	struct key_shape key = set->verdicts ? shape_verdict_key(b) : shape_key(b);
	const char *addr = b->family == FAMILY_IPV6 ? "ipv6_addr" : "ipv4_addr";
	bool map = set->verdicts || b->data != DATA_NONE;
	add(line, "add %s inet " TABLE_NAME " %s { type ", map ? "map" : "set", set->name);
	add_types(line, &key, b->family);
	if (set->verdicts)
		add(line, " : verdict; }");
	else if (shape_data_length(b) > address_bits(b->family) / 8)
		add(line, " : %s . inet_service; ", addr);
	else if (map)
		add(line, " : %s; ", b->data == DATA_ADDR ? addr : "inet_service");
	else
		add(line, "; ");
	if (!set->verdicts)
		add(line, "%scounter; }", b->form == FORM_INTERVAL ? "flags interval; " : "");
}

static void add_network(struct line *line, const uint8_t *first, const uint8_t *last, size_t length)
{
	unsigned int bits = 0;
	while (bits < 8 * length && ((first[bits / 8] ^ last[bits / 8]) & 0x80U >> bits % 8) == 0)
		bits++;
	add_address(line, first, length);
	if (bits < 8 * length)
		add(line, "/%u", bits);
}

static void add_key_value(struct line *line, const struct element *e)
{
	const struct bucket *b = &e->bucket;
	struct key_shape key = shape_key(b);
	size_t addr = address_bits(b->family) / 8;
	bool wide = b->form == FORM_INTERVAL;
	const char *between = "";
	if (key.has[KEY_IFNAME]) {
		const char *name = (const char *)e->key + key.at[KEY_IFNAME];
		add(line, "\"%.*s%s\"", (int)strnlen(name, IFNAME_MAX), name,
		    b->stem != STEM_EXACT ? "*" : "");
		between = " . ";
	}
	if (key.has[KEY_ADDR]) {
		add(line, "%s", between);
		add_address(line, e->key + key.at[KEY_ADDR], addr);
		between = " . ";
	}
	if (key.has[KEY_PORT]) {
		unsigned int first = get_port(e->key + key.at[KEY_PORT]);
		unsigned int last = wide ? get_port(e->key_end + key.at[KEY_PORT]) : first;
		add(line, first == last ? "%s%u" : "%s%u-%u", between, first, last);
		between = " . ";
	}
	if (key.has[KEY_CLIENT]) {
		add(line, "%s", between);
		add_network(line, e->key + key.at[KEY_CLIENT],
			    (wide ? e->key_end : e->key) + key.at[KEY_CLIENT], addr);
	}
}

static void add_element_words(struct line *line, const struct element *e, bool adds)
{
	char set[BUCKET_NAME_MAX];
	size_t addr = address_bits(e->bucket.family) / 8;
	bucket_name(&e->bucket, set);
	add(line, "%s element inet " TABLE_NAME " %s { ", adds ? "add" : "delete", set);
	add_key_value(line, e);
	if (adds && *e->comment)
		add(line, " comment \"%s\"", e->comment);
	if (adds && e->data_length) {
		add(line, " : ");
		if (e->data_length >= addr)
			add_address(line, e->data, addr);
		if (e->data_length > addr)
			add(line, " . %u", get_port(e->data + addr));
		else if (e->data_length < addr)
			add(line, "%u", get_port(e->data));
	}
	add(line, " }");
}

static void add_jump(struct line *line, const struct nft_op *op)
{
	bool adds = op->kind == NFT_OP_NEW_JUMP;
	const struct bucket *spec = adds ? &op->jump->bucket : op->bucket;
	char chain[BUCKET_NAME_MAX], text[ADDRESS_TEXT_MAX];
	add(line, "%s element inet " TABLE_NAME " %s { ", adds ? "add" : "delete", op->name);
	if (spec->stem)
		add(line, "\"%s\" . ", spec->ifname);
	if (bucket_names_address(spec)) {
		address_format(&spec->addr, text);
		add(line, "%s . ", text);
	}
	add(line, "%u", spec->port);
	bucket_clients_chain(spec, chain);
	if (adds)
		add(line, " : jump %s", chain);
	add(line, " }");
}

static void add_guest(struct line *line, const struct nft_op *op)
{
	const struct others_chain *c = op->others;
	const char *family = guest_family(c);
	struct nft_rule rule;
	struct quoted table = quote(c->table), chain = quote(c->name);
	if (op->kind == NFT_OP_DELETE_GUEST) {
		add(line, "delete rule %s %s %s handle %llu", family, table.text, chain.text,
		    (unsigned long long)op->behind);
		return;
	}
	shape_guest_rule(&rule);
	add(line, "%s rule %s %s %s ", op->behind ? "insert" : "add", family, table.text,
	    chain.text);
	if (op->behind)
		add(line, "handle %llu ", (unsigned long long)op->behind);
	add_rule(line, &rule, false);
}

/* ---- the plan ---- */

static int forward_lines(const struct nft_op *op, struct lines *out, struct err *err)
{
	size_t count = element_count(op->bucket, op->f);
	for (size_t n = 0; n < count; n++) {
		struct line line = {.used = 0};
		struct element e;
		element_of(&(struct piece){op->bucket, op->f, PART_PROPER, n}, &e);
		add_element_words(&line, &e, op->kind == NFT_OP_NEW_FORWARD);
		if (lines_add(out, err, "%s", line.text) < 0)
			return -1;
	}
	return 0;
}

static bool sets_label(const struct nft_rule *rule)
{
	for (size_t i = 0; i < rule->count; i++)
		if (rule->exprs[i].kind == EXPR_CT_SET)
			return true;
	return false;
}

static bool is_six(const char *chain)
{
	return strchr(chain, '6') != NULL;
}

static const char *hook_name(uint32_t hook)
{
	static const char *const names[] = {[NF_INET_PRE_ROUTING] = "prerouting",
					    [NF_INET_LOCAL_IN] = "input",
					    [NF_INET_FORWARD] = "forward",
					    [NF_INET_LOCAL_OUT] = "output",
					    [NF_INET_POST_ROUTING] = "postrouting"};
	return hook < sizeof(names) / sizeof(names[0]) ? names[hook] : "?";
}

static int op_lines(const struct nft_op *op, struct lines *out, struct err *err)
{
	struct line line = {.used = 0};
	switch (op->kind) {
	case NFT_OP_NEW_TABLE:
		add(&line, "add table inet " TABLE_NAME " { comment \"" TABLE_COMMENT "\"; }");
		break;
	case NFT_OP_NEW_CHAIN:
		add(&line, "add chain inet " TABLE_NAME " %s", op->name);
		if (op->chain->base)
			add(&line, " { type %s hook %s priority %d; }",
			    op->chain->filter ? "filter" : "nat", hook_name(op->chain->hook),
			    op->chain->priority);
		break;
	case NFT_OP_NEW_SET:
		add_set(&line, op->set);
		break;
	case NFT_OP_DELETE_RULE:
		add(&line, "delete rule inet " TABLE_NAME " %s handle %llu", op->name,
		    (unsigned long long)op->rule->handle);
		break;
	case NFT_OP_NEW_RULE:
		if (sets_label(op->rule) &&
		    lines_add(out, err, "# the label is set for what the map finds alone") < 0)
			return -1;
		add(&line, "%s rule inet " TABLE_NAME " %s ", op->behind ? "add" : "insert",
		    op->name);
		if (op->behind)
			add(&line, "handle %llu ", (unsigned long long)op->behind);
		add_rule(&line, op->rule, is_six(op->name));
		break;
	case NFT_OP_DELETE_GUEST:
	case NFT_OP_NEW_GUEST:
		add_guest(&line, op);
		break;
	case NFT_OP_DELETE_JUMP:
	case NFT_OP_NEW_JUMP:
		add_jump(&line, op);
		break;
	case NFT_OP_DELETE_ELEMENT:
	case NFT_OP_NEW_ELEMENT:
		add_element_words(&line, op->element, op->kind == NFT_OP_NEW_ELEMENT);
		break;
	case NFT_OP_DELETE_FORWARD:
	case NFT_OP_NEW_FORWARD:
		return forward_lines(op, out, err);
	case NFT_OP_DELETE_CHAIN:
		add(&line, "delete chain inet " TABLE_NAME " %s", op->name);
		break;
	case NFT_OP_DELETE_SET:
		add(&line, "delete map inet " TABLE_NAME " %s", op->name);
		break;
	case NFT_OP_DELETE_TABLE:
		add(&line, "delete table inet " TABLE_NAME);
		break;
	}
	return lines_add(out, err, "%s", line.text);
}

int words_plan(const struct nft_plan *plan, struct lines *out, struct err *err)
{
	for (size_t i = 0; i < plan->count; i++)
		if (op_lines(&plan->ops[i], out, err) < 0)
			return -1;
	return 0;
}

int words_foreign(const struct content *have, struct lines *out, struct err *err)
{
	for (size_t i = 0; i < have->set_count; i++) {
		const struct content_set *set = &have->sets[i];
		if ((!set->known &&
		     lines_add(out, err,
			       "map %s of table inet " TABLE_NAME " is not pfwd's; it stays",
			       quote(set->name).text) < 0) ||
		    (set->known && set->foreign &&
		     lines_add(out, err,
			       "map %s of table inet " TABLE_NAME
			       " holds %zu element%s that pfwd did not make; %s",
			       quote(set->name).text, set->foreign, set->foreign == 1 ? "" : "s",
			       set->foreign == 1 ? "it stays" : "they stay") < 0))
			return -1;
	}
	for (size_t i = 0; i < have->chain_count; i++) {
		const struct content_chain *chain = &have->chains[i];
		size_t count = 0;
		for (size_t r = 0; r < chain->count; r++)
			count += !chain->known || !shape_knows_rule(&chain->rules[r]);
		if (count && lines_add(out, err,
				       "chain %s of table inet " TABLE_NAME
				       " holds %zu rule%s that pfwd did not make; %s",
				       quote(chain->name).text, count, count == 1 ? "" : "s",
				       count == 1 ? "it stays" : "they stay") < 0)
			return -1;
	}
	return 0;
}
