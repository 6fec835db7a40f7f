/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>

#include "nftables/other_rule.h"
#include "others/ask.h"
#include "others/narrow.h"

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
	struct other_exprs exprs;
	uint8_t key;                 /* of a lookup: its first register */
	struct rule_options options; /* ... and what the set tells apart */
	struct nat_registers nat;
	bool failed;
};

static struct other_rule *asked(const struct decoder *d)
{
	return &d->cases->all.rule;
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

/* ---- sets ---- */

/* What the key of an element asks, field by field. */
static int ask_key(const struct decoder *d, const struct other_set *set,
		   const struct other_element *e, struct rule_cases *cases)
{
	size_t all = set->key_length < OTHER_KEY_MAX ? set->key_length : OTHER_KEY_MAX;
	uint8_t reg = d->key;
	for (size_t at = 0; at < all && reg < OTHER_REGISTERS;) {
		struct conditions conditions;
		const struct other_range range = {
			set->bytes + e->first + at, set->bytes + e->last + at,
			other_expr_length(&d->exprs, reg, all - at), false};
		size_t words = (range.length + 3) / 4;
		conditions.count = 0;
		other_expr_ask(&d->exprs, reg, &range, &conditions);
		if (cases_ask(cases, &conditions) < 0)
			return -1;
		at += 4 * words;
		reg = (uint8_t)(reg + words);
	}
	return 0;
}

static int add_element(struct decoder *d, const struct other_set *set,
		       const struct other_element *e, struct rule_cases *cases)
{
	const struct rule_case like = {
		.own_counter = e->counted, .data = set->bytes + e->data, .length = e->data_length};
	cases_begin(cases);
	if (e->verdict != OTHER_NO_VERDICT)
		set_verdict(&cases->all, d, e->verdict, e->chain);
	cases->all.rule.packets = e->packets;
	cases->all.rule.bytes = e->bytes;
	cases->all.rule.comment = e->comment;
	if (e->all)
		narrow_beyond(cases->texts, &cases->all.rule, "* of map %s", set->name);
	else if (ask_key(d, set, e, cases) < 0)
		return -1;
	d->cases->all.share = d->cases->all.share || cases->all.share;
	return cases_collect(cases, &like, &d->options);
}

static int add_elements(struct decoder *d, const struct other_set *set)
{
	struct rule_cases element = {.texts = d->cases->texts};
	int result = 0;
	d->options.count = 0;
	for (size_t i = 0; result == 0 && i < set->count; i++)
		result = add_element(d, set, &set->items[i], &element);
	if (result == 0)
		result = cases_split(d->cases, d->options.items, d->options.count);
	cases_free(&element);
	return result;
}

static void on_lookup(struct decoder *d, const struct other_expr *e)
{
	const struct other_source *s = d->source;
	const char *name = wire_string(e->attrs.of[NFTA_LOOKUP_SET]);
	const struct other_set *set = name ? s->find_set(s->context, name) : NULL;
	if (!set || wire_number_of(&e->attrs, NFTA_LOOKUP_FLAGS) & NFT_LOOKUP_F_INV ||
	    !wire_reg(e->attrs.of[NFTA_LOOKUP_SREG], &d->key))
		narrow_beyond(d->cases->texts, asked(d), "%s@%.60s", set ? "!= " : "",
			      name ? name : "");
	else if (add_elements(d, set) < 0)
		d->failed = true;
	other_expr_take_map(&d->exprs, &e->attrs);
}

/* ---- what is done ---- */

/* What accepts a packet that was translated says no more. */
static void on_immediate(struct decoder *d, const struct other_expr *e)
{
	const char *chain;
	int32_t code;
	if (other_expr_verdict(e, &code, &chain) && d->cases->all.verdict == CHAIN_PASS)
		set_verdict(&d->cases->all, d, code, chain);
}

/* The bytes of that register; NULL: they are not known. */
static const uint8_t *find_bytes(const struct decoder *d, const struct rule_case *c, uint8_t reg,
				 size_t length)
{
	const struct other_reg *r = &d->exprs.regs[reg];
	if (r->holds == REG_VALUE)
		return r->bytes;
	if (r->holds == REG_DATA && c && r->offset + length <= c->length)
		return c->data + r->offset;
	return NULL;
}

static void read_address(const struct decoder *d, const struct rule_case *c, struct other_rule *to)
{
	enum family family = d->nat.family ? d->nat.family : asked(d)->family;
	size_t length = address_bits(family ? family : FAMILY_IPV4) / 8;
	const uint8_t *first = find_bytes(d, c, d->nat.addr, length);
	const uint8_t *last = find_bytes(d, c, d->nat.addr_last, length);
	/* the address that the packet has */
	if (other_expr_asks(&d->exprs, d->nat.addr) == ASKS_DESTINATION)
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
	to->to_ports = (struct ports){wire_port(first), wire_port(last)};
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
	return attr && wire_reg(attr, out);
}

static void take_ports(struct decoder *d, const struct nlattr *min, const struct nlattr *max)
{
	d->nat.has_port = take_register(min, &d->nat.port);
	if (!take_register(max, &d->nat.port_last))
		d->nat.port_last = d->nat.port;
}

static void on_nat(struct decoder *d, const struct other_expr *e)
{
	translate(d, wire_number_of(&e->attrs, NFTA_NAT_TYPE) == NFT_NAT_DNAT ? OTHER_DNAT
									      : OTHER_SNAT);
	d->nat.family = wire_family(wire_number_of(&e->attrs, NFTA_NAT_FAMILY));
	d->nat.flags = wire_number_of(&e->attrs, NFTA_NAT_FLAGS);
	d->nat.has_addr = take_register(e->attrs.of[NFTA_NAT_REG_ADDR_MIN], &d->nat.addr);
	if (!take_register(e->attrs.of[NFTA_NAT_REG_ADDR_MAX], &d->nat.addr_last))
		d->nat.addr_last = d->nat.addr;
	take_ports(d, e->attrs.of[NFTA_NAT_REG_PROTO_MIN], e->attrs.of[NFTA_NAT_REG_PROTO_MAX]);
	d->cases->never = !narrow_family(asked(d), d->nat.family) || d->cases->never;
	read_targets(d);
}

static void on_redir(struct decoder *d, const struct other_expr *e)
{
	translate(d, OTHER_REDIRECT);
	d->nat.flags = wire_number_of(&e->attrs, NFTA_REDIR_FLAGS);
	take_ports(d, e->attrs.of[NFTA_REDIR_REG_PROTO_MIN], e->attrs.of[NFTA_REDIR_REG_PROTO_MAX]);
	read_targets(d);
}

static void on_masq(struct decoder *d, const struct other_expr *e)
{
	translate(d, OTHER_MASQUERADE);
	if (e->attrs.of[NFTA_MASQ_FLAGS] && wire_number_of(&e->attrs, NFTA_MASQ_FLAGS))
		narrow_beyond(d->cases->texts, asked(d), "masquerade with flags");
}

static void on_tproxy(struct decoder *d, const struct other_expr *e)
{
	translate(d, OTHER_TPROXY);
	d->nat.family = wire_family(wire_number_of(&e->attrs, NFTA_TPROXY_FAMILY));
	d->nat.has_addr = take_register(e->attrs.of[NFTA_TPROXY_REG_ADDR], &d->nat.addr);
	d->nat.addr_last = d->nat.addr;
	take_ports(d, e->attrs.of[NFTA_TPROXY_REG_PORT], NULL);
	d->cases->never = !narrow_family(asked(d), d->nat.family) || d->cases->never;
	read_targets(d);
}

static void on_xt(struct decoder *d, const struct other_expr *e)
{
	struct xt_extension target = other_expr_extension(&d->exprs, e);
	asked(d)->xt = true;
	if (strcmp(e->name, "target") == 0)
		cases_target(d->cases, &target);
}

static void on_counter(struct decoder *d, const struct other_expr *e)
{
	struct other_rule *r = asked(d);
	r->counted = true;
	r->packets = wire_long(e->attrs.of[NFTA_COUNTER_PACKETS]);
	r->bytes = wire_long(e->attrs.of[NFTA_COUNTER_BYTES]);
}

static void on_end(struct decoder *d, const struct other_expr *e)
{
	(void)e;
	if (d->cases->all.verdict == CHAIN_PASS)
		d->cases->all.verdict = CHAIN_DROP;
}

static const struct {
	const char *name;
	void (*on)(struct decoder *d, const struct other_expr *e);
} statements[] = {
	{"immediate", on_immediate}, {"counter", on_counter},
	{"lookup", on_lookup},       {"nat", on_nat},
	{"redir", on_redir},         {"masq", on_masq},
	{"tproxy", on_tproxy},       {"match", on_xt},
	{"target", on_xt},           {"reject", on_end},
	{"queue", on_end},           {"synproxy", on_end},
};

static void read_expr(struct decoder *d, const struct other_expr *e)
{
	if (cases_ask(d->cases, &e->asked) < 0)
		d->failed = true;
	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++)
		if (strcmp(statements[i].name, e->name) == 0)
			statements[i].on(d, e);
}

int other_rule_add(const struct other_source *source, const struct nlmsghdr *nlh,
		   struct other_chain *chain)
{
	struct decoder d = {
		.source = source,
		.cases = source->cases,
		.chain = chain,
		.exprs = {.family = chain->table_family, .find_interface = source->find_interface}};
	struct wire_attrs a = wire_message(nlh);
	struct other_expr e;
	char comment[RULE_COMMENT_MAX];
	cases_begin(d.cases);
	asked(&d)->family = chain->table_family;
	other_expr_begin(&d.exprs, a.of[NFTA_RULE_EXPRESSIONS]);
	while (other_expr_next(&d.exprs, &e))
		read_expr(&d, &e);
	free(d.options.items);
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
