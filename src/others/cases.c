/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two sets in one rule make the cases of the first times those of the second. */
#include <stdlib.h>

#include "others/narrow.h"
#include "others/cases.h"

#define CASES_MAX ((size_t)1 << 19)

void cases_begin(struct rule_cases *cases)
{
	cases->all = (struct chain_rule){.rule.exact = true, .to = CHAINS_NONE};
	cases->never = false;
	cases->count = 0;
}

static int reserve(struct rule_cases *cases, size_t count)
{
	if (count <= cases->room)
		return 0;
	void *items = reallocarray(cases->items, count, sizeof(*cases->items));
	if (!items)
		return -1;
	cases->items = items;
	cases->room = count;
	return 0;
}

/* false: no packet meets both. */
static bool add_option(struct rule_case *c, const struct rule_case *option)
{
	struct other_rule *r = &c->rule.rule;
	if (!narrow_by(r, &option->rule.rule))
		return false;
	if (option->rule.verdict != CHAIN_PASS) {
		c->rule.verdict = option->rule.verdict;
		c->rule.to = option->rule.to;
		r->action = option->rule.rule.action;
	}
	if (option->own_counter) {
		c->own_counter = true;
		r->counted = true;
		r->packets = option->rule.rule.packets;
		r->bytes = option->rule.rule.bytes;
	}
	if (option->rule.rule.comment)
		r->comment = option->rule.rule.comment;
	if (option->length) {
		c->data = option->data;
		c->length = option->length;
	}
	return true;
}

int cases_split(struct rule_cases *cases, const struct rule_case *options, size_t count)
{
	static const struct rule_case whole = {.rule.rule.exact = true, .rule.to = CHAINS_NONE};
	size_t before = cases->count, made = 0;
	if (count >= CASES_MAX / (before ? before : 1)) {
		narrow_beyond(cases->texts, &cases->all.rule, "one of very many cases");
		return 0;
	}
	if (reserve(cases, (before ? before : 1) * (count + 1)) < 0)
		return -1;
	if (before == 0)
		cases->items[before++] = whole;
	/* the new ones are made behind the old ones, and moved there at the end */
	struct rule_case *next = cases->items + before;
	for (size_t i = 0; i < before; i++)
		for (size_t o = 0; o < count; o++) {
			next[made] = cases->items[i];
			made += add_option(&next[made], &options[o]);
		}
	for (size_t i = 0; i < made; i++)
		cases->items[i] = next[i];
	cases->count = made;
	cases->never = cases->never || made == 0;
	return 0;
}

static struct rule_case *append_option(struct rule_options *o)
{
	if (o->count == o->room) {
		size_t room = o->room ? o->room * 2 : 16;
		void *items = reallocarray(o->items, room, sizeof(*o->items));
		if (!items)
			return NULL;
		o->items = items;
		o->room = room;
	}
	return &o->items[o->count++];
}

int cases_collect(const struct rule_cases *cases, const struct rule_case *like,
		  struct rule_options *out)
{
	for (size_t i = 0; !cases->never && i < (cases->count ? cases->count : 1); i++) {
		struct rule_case *option = append_option(out);
		if (!option)
			return -1;
		*option = *like;
		option->rule = cases->all;
		if (cases->count && !narrow_by(&option->rule.rule, &cases->items[i].rule.rule))
			out->count--;
	}
	return 0;
}

static int add_case(const struct rule_cases *cases, const struct rule_case *c,
		    struct other_chain *chain)
{
	struct chain_rule rule = cases->all;
	if (c) {
		const struct other_rule *one = &c->rule.rule;
		if (!narrow_by(&rule.rule, one))
			return 0;
		if (c->rule.verdict != CHAIN_PASS) {
			rule.verdict = c->rule.verdict;
			rule.to = c->rule.to;
			rule.rule.action = one->action;
		}
		if (address_is_set(&one->to) || one->to_ports.last) {
			rule.rule.to = one->to;
			rule.rule.to_last = one->to_last;
			rule.rule.to_ports = one->to_ports;
			rule.rule.to_base = one->to_base;
		}
		if (c->own_counter) {
			rule.rule.counted = true;
			rule.rule.packets = one->packets;
			rule.rule.bytes = one->bytes;
		}
		if (one->comment)
			rule.rule.comment = one->comment;
		rule.rule.shared = cases->count > 1 && !c->own_counter;
	}
	return rule.verdict == CHAIN_PASS ? 0 : other_chains_add_rule(chain, &rule);
}

int cases_end(struct rule_cases *cases, struct other_chain *chain)
{
	if (cases->never)
		return 0;
	if (cases->count == 0)
		return add_case(cases, NULL, chain);
	for (size_t i = 0; i < cases->count; i++)
		if (add_case(cases, &cases->items[i], chain) < 0)
			return -1;
	return 0;
}

void cases_free(struct rule_cases *cases)
{
	free(cases->items);
	*cases = (struct rule_cases){0};
}
