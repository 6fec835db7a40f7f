/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "others/ask.h"
#include "xtables/entry.h"
#include "xtables/entry_walk.h"
#include "xtables/other_entry.h"

bool other_base(enum table table, const char *chain, enum other_hook *hook, int *priority)
{
	static const struct {
		enum table table;
		const char *chain;
		enum other_hook hook;
		int priority; /* NF_IP_PRI_* of linux/netfilter_ipv4.h */
	} bases[] = {
		{TABLE_MANGLE, "PREROUTING", OTHER_PREROUTING, -150},
		{TABLE_NAT, "PREROUTING", OTHER_PREROUTING, -100},
		{TABLE_NAT, "OUTPUT", OTHER_OUTPUT, -100},
		{TABLE_NAT, "INPUT", OTHER_INPUT, 100},
		{TABLE_NAT, "POSTROUTING", OTHER_POSTROUTING, 100},
		{TABLE_FILTER, "INPUT", OTHER_INPUT, 0},
		{TABLE_FILTER, "FORWARD", OTHER_FORWARD, 0},
		{TABLE_FILTER, "OUTPUT", OTHER_OUTPUT, 0},
	};
	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++)
		if (bases[i].table == table && strcmp(bases[i].chain, chain) == 0) {
			*hook = bases[i].hook;
			*priority = bases[i].priority;
			return true;
		}
	return false;
}

static void read_target(struct rule_cases *cases, const struct other_entry *e,
			const struct entry_walk *walk)
{
	struct chain_rule *all = &cases->all;
	bool nat = e->table == TABLE_NAT;
	char name[ENTRY_NAME_MAX];
	struct xt_extension target;
	if (e->own) {
		all->verdict = CHAIN_OWN;
		all->to = e->to;
	} else if (e->to != CHAINS_NONE) {
		all->verdict = entry_goes(walk) ? CHAIN_GOTO : CHAIN_JUMP;
		all->to = e->to;
	} else if (strcmp(e->target, "DROP") == 0) {
		all->verdict = CHAIN_DROP;
	} else if (strcmp(e->target, "RETURN") == 0 && !(e->base && nat)) {
		all->verdict = CHAIN_RETURN;
	} else if (strcmp(e->target, "ACCEPT") == 0 || strcmp(e->target, "RETURN") == 0) {
		all->verdict = CHAIN_ACT;
		all->rule.action = OTHER_ACCEPT;
	} else if (entry_target(walk, name, &target)) {
		cases_target(cases, &target);
	}
}

int other_entry_add(struct rule_cases *cases, const struct other_entry *e,
		    struct other_chain *chain)
{
	struct other_rule *r = &cases->all.rule;
	const struct xt_counters *counters = entry_head(e->family, e->entry).counters;
	struct entry_walk walk = {.family = e->family, .entry = e->entry};
	struct conditions asked;
	cases_begin(cases);
	r->family = e->family;
	while (entry_walk_next(&walk, &asked))
		if (cases_ask(cases, &asked) < 0)
			return -1;
	read_target(cases, e, &walk);
	r->handle = e->number;
	r->number = e->place;
	r->counted = true;
	r->packets = counters->pcnt;
	r->bytes = counters->bcnt;
	return cases_end(cases, chain);
}
