/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What no field tells is said in words, so that nobody takes the rule for more than it is. */
#include <stdio.h>
#include <string.h>

#include "others/ask.h"
#include "others/narrow.h"

#define TYPE_LOCAL (1U << 2) /* of addresses, 1 << RTN_LOCAL of linux/rtnetlink.h */
#define TCP_SYN 0x02U

/* ---- words ---- */

#define VALUE_MAX 256

static void put_addresses(char out[VALUE_MAX], const struct condition *c)
{
	struct network net;
	char first[ADDRESS_TEXT_MAX], last[ADDRESS_TEXT_MAX];
	if (condition_network(c, &net)) {
		network_format(&net, out);
	} else if (address_is_set(&c->first)) {
		address_format(&c->first, first);
		address_format(&c->last, last);
		snprintf(out, VALUE_MAX, "%s-%s", first, last);
	}
}

static void put_ports(char *out, const struct condition *c)
{
	for (size_t i = 0; i < c->port_count; i++) {
		if (i > 0)
			*out++ = ',';
		char *end = ports_put(out, c->ports[i]), *dash = strchr(out, '-');
		if (dash && c->xt)
			*dash = ':';
		out = end;
	}
}

/* What the condition compares with, of those that have a short form. */
static void put_value(char out[VALUE_MAX], const struct condition *c)
{
	*out = '\0';
	switch (c->asks) {
	case ASKS_IN:
	case ASKS_OUT:
		snprintf(out, VALUE_MAX, c->xt ? "%s" : "\"%s\"", c->name);
		break;
	case ASKS_PROTO:
		if (proto_is_known(c->proto))
			strcpy(out, proto_name((enum proto)c->proto));
		else
			snprintf(out, VALUE_MAX, "%u", c->proto);
		break;
	case ASKS_SOURCE:
	case ASKS_DESTINATION:
		put_addresses(out, c);
		break;
	case ASKS_SOURCE_PORT:
	case ASKS_PORT:
	case ASKS_EITHER_PORT:
	case ASKS_ORIGINAL_PORT:
		put_ports(out, c);
		break;
	case ASKS_ORIGINAL:
		strcpy(out, c->xt ? "ORIGINAL" : "original");
		break;
	case ASKS_MARK:
	case ASKS_CONNMARK:
		snprintf(out, VALUE_MAX, c->mask == UINT32_MAX ? "0x%x" : "0x%x/0x%x", c->value,
			 c->mask);
		break;
	default:
		break;
	}
}

/* detail: as in narrow_detail. */
static void tell(struct rule_cases *cases, const struct condition *c, bool detail)
{
	const char *words = c->words ? c->words : "a match";
	char value[VALUE_MAX], text[2 * VALUE_MAX];
	put_value(value, c);
	if (c->xt)
		snprintf(text, sizeof(text), "%s%s%.60s%s%s", c->negated ? "! " : "",
			 *words == '-' ? "" : "-m ", words, *value ? " " : "", value);
	else
		snprintf(text, sizeof(text), "%.60s%s%s", words,
			 c->negated ? " != "
			 : *value   ? " "
				    : "",
			 *value || !c->negated ? value : "...");
	(detail ? narrow_detail : narrow_beyond)(cases->texts, &cases->all.rule, "%s", text);
}

/* ---- fields ---- */

/* Each returns 0, or -1 (out of memory). */

static int narrowed(struct rule_cases *cases, bool met)
{
	cases->never = cases->never || !met;
	return 0;
}

static int ask_in(struct rule_cases *cases, const struct condition *c)
{
	struct other_rule *r = &cases->all.rule;
	if (!c->negated)
		return narrowed(cases, narrow_interface(r->in, c->name));
	narrow_not_interface(r->not_in, c->name);
	tell(cases, c, true);
	return 0;
}

static int ask_out(struct rule_cases *cases, const struct condition *c)
{
	if (!c->negated)
		return narrowed(cases, narrow_interface(cases->all.rule.out, c->name));
	tell(cases, c, false);
	return 0;
}

static int ask_proto(struct rule_cases *cases, const struct condition *c)
{
	if (c->negated || !proto_is_known(c->proto))
		tell(cases, c, false);
	return narrowed(cases, c->negated || narrow_proto(&cases->all.rule, c->proto));
}

static int split_networks(struct rule_cases *cases, const struct condition *c)
{
	struct network nets[CONDITION_NETWORKS_MAX];
	struct rule_case options[CONDITION_NETWORKS_MAX];
	size_t count = condition_networks(c, nets);
	if (count == 0) {
		tell(cases, c, false);
		return 0;
	}
	for (size_t i = 0; i < count; i++) {
		options[i] = (struct rule_case){.rule.rule.exact = true};
		*(c->asks == ASKS_SOURCE ? &options[i].rule.rule.from : &options[i].rule.rule.dst) =
			nets[i];
	}
	return cases_split(cases, options, count);
}

static int ask_network(struct rule_cases *cases, const struct condition *c)
{
	struct other_rule *r = &cases->all.rule;
	struct network net;
	bool source = c->asks == ASKS_SOURCE, one = condition_network(c, &net);
	narrowed(cases, narrow_family(r, c->first.family));
	if (!c->negated)
		return one ? narrowed(cases, narrow_network(source ? &r->from : &r->dst, &net))
			   : split_networks(cases, c);
	if (one)
		narrow_not_network(source ? &r->not_from : &r->not_dst, &net);
	tell(cases, c, one);
	return 0;
}

static int ask_ports(struct rule_cases *cases, const struct condition *c)
{
	struct rule_case options[CONDITION_PORTS_MAX];
	if (c->negated) {
		tell(cases, c, false);
		return 0;
	}
	if (c->port_count == 1)
		return narrowed(cases, narrow_ports(&cases->all.rule.ports, c->ports[0]));
	for (size_t i = 0; i < c->port_count; i++)
		options[i] = (struct rule_case){.rule.rule = {.exact = true, .ports = c->ports[i]}};
	return cases_split(cases, options, c->port_count);
}

static int ask_states(struct rule_cases *cases, const struct condition *c)
{
	const struct other_rule more = {.exact = true, .states = c->states};
	if (c->negated || c->more_states || !c->states) {
		tell(cases, c, false);
		return 0;
	}
	return narrowed(cases, narrow_by(&cases->all.rule, &more));
}

/* --syn takes the first packet of a connection, as a state of NEW does. */
static int ask_flags(struct rule_cases *cases, const struct condition *c)
{
	struct other_rule *r = &cases->all.rule;
	if (c->mask & TCP_SYN && c->value == TCP_SYN && !c->negated)
		r->states = r->states ? r->states : OTHER_NEW;
	else
		tell(cases, c, false);
	return 0;
}

static int ask_type(struct rule_cases *cases, const struct condition *c)
{
	if (c->types == TYPE_LOCAL && !c->negated)
		cases->all.rule.here = true;
	else
		tell(cases, c, false);
	return 0;
}

static int ask(struct rule_cases *cases, const struct condition *c)
{
	switch (c->asks) {
	case ASKS_IN:
		return ask_in(cases, c);
	case ASKS_OUT:
		return ask_out(cases, c);
	case ASKS_FAMILY:
		return narrowed(cases, narrow_family(&cases->all.rule, c->family));
	case ASKS_PROTO:
		return ask_proto(cases, c);
	case ASKS_SOURCE:
	case ASKS_DESTINATION:
		return ask_network(cases, c);
	case ASKS_PORT:
		return ask_ports(cases, c);
	case ASKS_FLAGS:
		return ask_flags(cases, c);
	case ASKS_STATE:
		return ask_states(cases, c);
	case ASKS_TYPE:
		return ask_type(cases, c);
	case ASKS_COMMENT:
		cases->all.rule.comment = other_rules_text(cases->texts, c->words);
		return 0;
	case ASKS_SHARE:
		cases->all.share = true;
		tell(cases, c, true);
		return 0;
	case ASKS_SOME:
	case ASKS_DOUBT:
	case ASKS_PLACE:
	case ASKS_NEVER:
	case ASKS_SOURCE_PORT:
	case ASKS_EITHER_PORT:
	case ASKS_ORIGINAL_PORT:
	case ASKS_ORIGINAL:
	case ASKS_SOURCE_TYPE:
	case ASKS_MARK:
	case ASKS_CONNMARK:
		break;
	}
	tell(cases, c, false);
	return 0;
}

int cases_ask(struct rule_cases *cases, const struct conditions *asked)
{
	for (size_t i = 0; i < asked->count; i++)
		if (ask(cases, &asked->items[i]) < 0)
			return -1;
	return 0;
}
