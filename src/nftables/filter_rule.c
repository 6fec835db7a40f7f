/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>

#include "filter/ask.h"
#include "model/backend.h"
#include "nftables/filter_rule.h"

struct decoder {
	struct other_exprs exprs;
	struct filter_message *out;
	bool mark_is_guest; /* it asks for the mark of guests */
	bool accepts;
};

/* ct zone set: the zone is in the register. */
static void on_ct(struct decoder *d, const struct other_expr *e)
{
	int direction = wire_byte(e->attrs.of[NFTA_CT_DIRECTION]);
	uint16_t zone = 0;
	uint8_t reg;
	if (wire_number_of(&e->attrs, NFTA_CT_KEY) != NFT_CT_ZONE ||
	    !wire_reg(e->attrs.of[NFTA_CT_SREG], &reg))
		return;
	if (d->exprs.regs[reg].holds == REG_VALUE)
		memcpy(&zone, d->exprs.regs[reg].bytes, sizeof(zone));
	d->out->rule.zone = (struct filter_zone){.id = zone,
						 .original = direction == IP_CT_DIR_ORIGINAL,
						 .reply = direction == IP_CT_DIR_REPLY};
}

/* A set may hold the packet, or not. A map of verdicts may end it. */
static void on_lookup(struct decoder *d, const struct other_expr *e)
{
	const struct nlattr *dreg = e->attrs.of[NFTA_LOOKUP_DREG];
	struct filter_rule *r = &d->out->rule;
	uint8_t first, to;
	if (!wire_reg(e->attrs.of[NFTA_LOOKUP_SREG], &first))
		return;
	enum asks asks = other_expr_asks(&d->exprs, first);
	/* a key of several fields fills the registers behind the first */
	for (uint8_t i = first; i < OTHER_REGISTERS; i++) {
		enum asks part = other_expr_asks(&d->exprs, i);
		r->source = r->source || part == ASKS_SOURCE;
		r->destination = r->destination || part == ASKS_DESTINATION;
	}
	r->limited = r->limited || asks == ASKS_SOME || asks == ASKS_SHARE || asks == ASKS_MARK ||
		     asks == ASKS_CONNMARK;
	r->doubtful = r->doubtful || asks == ASKS_DOUBT || asks == ASKS_SOURCE_PORT;
	r->states = r->states || asks == ASKS_STATE;
	r->unsure = true;
	/* what is done by a connection's state is done to others than new ones */
	if (dreg && !wire_reg(dreg, &to))
		r->verdict = r->states ? FILTER_ACCEPT : FILTER_END;
	other_expr_take_map(&d->exprs, &e->attrs);
}

static void on_target(struct decoder *d, const struct other_expr *e)
{
	struct xt_extension target = other_expr_extension(&d->exprs, e);
	filter_target(&d->out->rule, &target);
}

static void on_immediate(struct decoder *d, const struct other_expr *e)
{
	struct filter_rule *r = &d->out->rule;
	const char *chain;
	int32_t code;
	if (!other_expr_verdict(e, &code, &chain))
		return;
	switch (code) {
	case NF_ACCEPT:
		r->verdict = FILTER_ACCEPT;
		d->accepts = true;
		break;
	case NFT_CONTINUE:
		break;
	case NFT_RETURN:
		r->verdict = FILTER_RETURN;
		break;
	case NFT_JUMP:
	case NFT_GOTO:
		r->verdict = code == NFT_JUMP ? FILTER_JUMP : FILTER_GOTO;
		if (chain)
			strncpy(d->out->jump, chain, sizeof(d->out->jump) - 1);
		break;
	default:
		r->verdict = FILTER_END;
		break;
	}
}

static void on_object(struct decoder *d, const struct other_expr *e)
{
	uint32_t type = wire_number_of(&e->attrs, NFTA_OBJREF_IMM_TYPE);
	d->out->rule.helper = d->out->rule.helper || type == NFT_OBJECT_CT_HELPER;
}

/* It takes the packets for which there is a socket. */
static void on_tproxy(struct decoder *d, const struct other_expr *e)
{
	(void)e;
	d->out->rule.limited = true;
}

static const struct {
	const char *name;
	void (*on)(struct decoder *d, const struct other_expr *e);
	enum filter_verdict verdict; /* if there is no function */
} statements[] = {
	{"ct", on_ct, 0},
	{"lookup", on_lookup, 0},
	{"target", on_target, 0},
	{"immediate", on_immediate, 0},
	{"tproxy", on_tproxy, 0},
	{"objref", on_object, 0},
	{"reject", NULL, FILTER_END},
	{"queue", NULL, FILTER_END},
	{"fwd", NULL, FILTER_END},
	{"notrack", NULL, FILTER_UNTRACK},
	{"synproxy", NULL, FILTER_PROXY},
};

static void act(struct decoder *d, const struct other_expr *e)
{
	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++)
		if (strcmp(statements[i].name, e->name) != 0)
			continue;
		else if (statements[i].on)
			statements[i].on(d, e);
		else
			d->out->rule.verdict = statements[i].verdict;
}

static void note_mark(struct decoder *d, const struct conditions *asked)
{
	for (size_t i = 0; i < asked->count; i++) {
		const struct condition *c = &asked->items[i];
		if (c->asks == ASKS_MARK)
			d->mark_is_guest =
				c->value == GUEST_MARK && c->mask == GUEST_MARK && !c->negated;
	}
}

void filter_message_read(const struct wire_attrs *attrs, uint8_t nfproto,
			 interface_finder find_interface, struct filter_message *out)
{
	struct decoder d = {.out = out, .exprs.find_interface = find_interface};
	struct other_expr e;
	*out = (struct filter_message){.rule = {.family = wire_family(nfproto),
						.handle = wire_long(attrs->of[NFTA_RULE_HANDLE])}};
	d.exprs.family = out->rule.family;
	other_expr_begin(&d.exprs, attrs->of[NFTA_RULE_EXPRESSIONS]);
	while (other_expr_next(&d.exprs, &e)) {
		filter_ask(&out->rule, &e.asked);
		note_mark(&d, &e.asked);
		act(&d, &e);
	}
	out->guest = d.mark_is_guest && d.accepts;
}
