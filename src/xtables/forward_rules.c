/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A forward needs up to three kinds of rules. DNAT sends packets to the target: those of the
 * forward proper, of clients on the target's network (--hairpin) and of programs on this host
 * (--local). MASQUERADE or SNAT changes the source that the target sees, and RETURN leaves it.
 * ACCEPT lets the packets through the filter: through FORWARD to another host, through INPUT to
 * this one. A target that is an address of this host has both, because it may move. Each rule
 * carries the end of its forward, so that an expired forward does nothing.
 *
 * An exception has ACCEPT in place of DNAT, and no other rules.
 *
 * Only the DNAT rule of the forward proper says all of the forward: with its comment, which holds
 * the options. From it the forward is read back. The exception are networks of --hairpin too many
 * for a comment: these are in the rules that --hairpin adds.
 */
#include <string.h>

#include "syntax/request.h"
#include "xtables/forward_rules.h"

struct rules {
	const struct forward *f;
	struct forward_rule *out;
	size_t count;
};

static struct rule *add_rule(struct rules *rules, enum group group, enum rule_target target)
{
	struct forward_rule *r = &rules->out[rules->count++];
	memset(r, 0, sizeof(*r));
	r->group = group;
	r->rule.target = target;
	r->rule.proto = rules->f->proto;
	r->rule.until = rules->f->until;
	return &r->rule;
}

static void match_clients(const struct forward *f, struct rule *r)
{
	memcpy(r->in, f->ifname, sizeof(r->in));
	r->src = f->from;
}

/* Clients on the target's network. They reach their own gateway address directly. So if the forward
 * has no address, only packets that came in on another interface are meant. */
static void match_hairpin(const struct forward *f, struct network net, struct rule *r)
{
	r->src = net;
	if (address_is_set(&f->addr) || !*f->ifname)
		return;
	memcpy(r->in, f->ifname, sizeof(r->in));
	r->flags |= RULE_NOT_IN;
}

/* ---- to the target ---- */

/* A comment on each rule that --hairpin adds, if the forward's own has no room for its networks:
 * so they are told from those of another forward. */
#define OPEN_LIST "--hairpin"

static struct rule *add_dnat(struct rules *rules, enum group group)
{
	const struct forward *f = rules->f;
	struct rule *r = add_rule(rules, group, TARGET_DNAT);
	r->dst = network_of_host(&f->addr);
	r->ports = f->ports;
	r->to = f->target;
	/* an exception ends the walk, so that no wider forward translates the packet */
	if (f->except) {
		r->target = TARGET_ACCEPT;
		return r;
	}
	/* a range to the same ports needs no target ports; a range to one port needs no base */
	if (ports_equal(f->ports, f->target_ports) && ports_count(f->ports) > 1)
		return r;
	r->to_ports = f->target_ports;
	if (ports_count(f->target_ports) > 1)
		r->to_base = f->ports.first;
	return r;
}

/* The rule of the forward proper. */
static void add_proper(struct rules *rules, const char *comment)
{
	bool addr = address_is_set(&rules->f->addr);
	struct rule *r = add_dnat(rules, addr ? GROUP_ADDR : GROUP_MAIN);
	match_clients(rules->f, r);
	r->comment = *comment ? comment : NULL;
}

/* of_hairpin: the comment of what --hairpin adds. */
static void add_translations(struct rules *rules, const char *comment, const char *of_hairpin)
{
	const struct forward *f = rules->f;
	bool addr = address_is_set(&f->addr);
	add_proper(rules, comment);
	for (size_t i = 0; i < forward_hairpin_count(f); i++) {
		struct rule *r = add_dnat(rules, addr ? GROUP_HAIRPIN_ADDR : GROUP_HAIRPIN);
		match_hairpin(f, f->hairpin_nets->items[i], r);
		r->comment = of_hairpin;
	}
	if (f->local)
		add_dnat(rules, addr ? GROUP_LOCAL_ADDR : GROUP_LOCAL);
}

/* ---- the source that the target sees ---- */

/* For packets of this forward's connections on their way out. */
static struct rule *add_source(struct rules *rules, enum group group, enum rule_target target)
{
	const struct forward *f = rules->f;
	struct rule *r = add_rule(rules, group, target);
	r->dst = network_of_host(&f->target);
	r->ports = f->target_ports;
	r->orig_dst = network_of_host(&f->addr);
	r->orig_ports = f->ports;
	if (target == TARGET_SNAT)
		r->to = f->snat;
	return r;
}

static void add_sources(struct rules *rules)
{
	const struct forward *f = rules->f;
	enum rule_target target = f->masquerade ? TARGET_MASQUERADE : TARGET_SNAT;
	if (forward_translates_source(f))
		match_clients(f, add_source(rules, GROUP_POST, target));
	if (forward_translates_source(f) && f->local)
		add_source(rules, GROUP_POST_LOCAL, target);
	for (size_t i = 0; !f->except && i < forward_hairpin_count(f); i++)
		add_source(rules, GROUP_POST_HAIRPIN, TARGET_MASQUERADE)->src =
			f->hairpin_nets->items[i];
}

void forward_rules_exception(const struct forward *f, enum group group, struct rule *out)
{
	struct forward_rule one;
	struct rules rules = {.f = f, .out = &one};
	struct rule *r = add_source(&rules, group, TARGET_RETURN);
	if (group == GROUP_POST)
		match_clients(f, r);
	*out = *r;
}

/* ---- through the filter ---- */

static struct rule *add_accept(struct rules *rules, enum group group)
{
	const struct forward *f = rules->f;
	struct rule *r = add_rule(rules, group, TARGET_ACCEPT);
	r->dst = network_of_host(forward_to_self(f) ? &f->addr : &f->target);
	r->ports = f->target_ports;
	/* other tools' translations to the same target are theirs to let through */
	if (group != GROUP_INPUT_SAME) {
		r->orig_dst = network_of_host(&f->addr);
		r->orig_ports = f->ports;
	}
	return r;
}

/* To this host: from clients, and from programs on it, whose packets come in on lo. */
static void add_self_accepts(struct rules *rules, enum group group)
{
	match_clients(rules->f, add_accept(rules, group));
	if (rules->f->local)
		strcpy(add_accept(rules, group)->in, "lo");
}

static void add_accepts(struct rules *rules)
{
	const struct forward *f = rules->f;
	if (f->except)
		return;
	if (!forward_to_self(f)) {
		match_clients(f, add_accept(rules, GROUP_FORWARD));
		for (size_t i = 0; i < forward_hairpin_count(f); i++)
			match_hairpin(f, f->hairpin_nets->items[i],
				      add_accept(rules, GROUP_FORWARD));
		return;
	}
	add_self_accepts(rules, GROUP_INPUT);
	if (ports_count(f->target_ports) > 1 || !ports_hold(f->ports, f->target_ports.first))
		return;
	/* The port that the forward leaves as it is does not count as translated, so the jump to
	 * PFWD-INPUT does not let it through. Neither does it let through replies to programs on
	 * this host; they go on until the connection ends. */
	add_self_accepts(rules, GROUP_INPUT_SAME);
	if (!f->local)
		return;
	struct rule *r = add_rule(rules, GROUP_INPUT_SAME, TARGET_ACCEPT);
	strcpy(r->in, "lo");
	r->ports = (struct ports){1, UINT16_MAX};
	r->flags = RULE_STATE_ESTABLISHED;
	r->until = 0;
}

/* All options, or without the networks of --hairpin if these do not fit: then false. */
static bool put_comment(const struct forward *f, char comment[SPEC_OPTIONS_MAX])
{
	struct forward without = *f;
	spec_format_options(f, SPEC_COMMENT_ALONE, comment);
	if (strlen(comment) < COMMENT_MAX)
		return true;
	without.hairpin_nets = NULL;
	spec_format_options(&without, SPEC_COMMENT_ALONE, comment);
	return false;
}

size_t forward_rules_of(const struct forward *f, struct forward_rule out[FORWARD_RULES_MAX],
			char comment[SPEC_OPTIONS_MAX])
{
	struct rules rules = {.f = f, .out = out};
	bool fits = put_comment(f, comment);
	add_translations(&rules, comment, fits ? NULL : OPEN_LIST);
	add_sources(&rules);
	add_accepts(&rules);
	return rules.count;
}

size_t forward_rules_here(const struct forward *f, struct forward_rule out[FORWARD_RULES_MAX])
{
	struct rules rules = {.f = f, .out = out};
	add_self_accepts(&rules, GROUP_INPUT);
	for (size_t i = 0; i < forward_hairpin_count(f); i++)
		match_hairpin(f, f->hairpin_nets->items[i], add_accept(&rules, GROUP_INPUT));
	return rules.count;
}

size_t forward_rules_out(const struct forward *f, struct forward_rule out[FORWARD_RULES_MAX])
{
	struct rules rules = {.f = f, .out = out};
	if (f->local && !forward_to_self(f) && !f->except)
		add_accept(&rules, GROUP_OUTPUT);
	return rules.count;
}

/* ---- back ---- */

void forward_rules_hairpin(const struct forward *f, enum group *group, struct rule *out)
{
	struct forward_rule one;
	struct rules rules = {.f = f, .out = &one};
	*group = address_is_set(&f->addr) ? GROUP_HAIRPIN_ADDR : GROUP_HAIRPIN;
	struct rule *r = add_dnat(&rules, *group);
	match_hairpin(f, (struct network){0}, r);
	r->comment = OPEN_LIST;
	*out = *r;
}

int forward_rules_read(enum family family, enum group group, const struct rule *rule,
		       struct forward *out)
{
	struct forward f = {.family = family,
			    .proto = rule->proto,
			    .addr = rule->dst.addr,
			    .from = rule->src,
			    .target = rule->to,
			    .ports = rule->ports,
			    .target_ports = rule->to_ports,
			    .until = rule->until,
			    .except = rule->target == TARGET_ACCEPT};
	struct forward_rule again;
	struct rules rules = {.f = &f, .out = &again};
	struct err ignored;
	if ((rule->target != TARGET_DNAT && !f.except) || !rule->ports.first ||
	    rule->ports.first > rule->ports.last || rule->to_ports.first > rule->to_ports.last)
		return -1;
	memcpy(f.ifname, rule->in, sizeof(f.ifname));
	if (!f.target_ports.first)
		f.target_ports = f.ports;
	if (rule->comment && request_read_comment(rule->comment, &f) < 0)
		return -1;
	if (forward_check(&f, &ignored) < 0)
		return -1;
	/* request_read_comment has made sure that f would get the same comment */
	add_proper(&rules, rule->comment ? rule->comment : "");
	if (again.group != group || !rule_equal(&again.rule, rule))
		return -1;
	*out = f;
	return 0;
}

/* Whether it can be a rule of that group besides those of forwards proper. No forward can be read
 * from it. */
static bool is_part(enum group group, const struct rule *r)
{
	bool host = network_is_host(&r->dst);
	bool original = r->orig_ports.first != 0;
	bool translates = r->target == TARGET_DNAT || r->target == TARGET_ACCEPT;
	switch (group) {
	case GROUP_HAIRPIN_ADDR:
	case GROUP_HAIRPIN:
		return translates && !original && network_is_set(&r->src) &&
		       host == (group == GROUP_HAIRPIN_ADDR);
	case GROUP_LOCAL_ADDR:
	case GROUP_LOCAL:
		return translates && !original && !network_is_set(&r->src) && !*r->in &&
		       host == (group == GROUP_LOCAL_ADDR);
	case GROUP_POST_LOCAL:
	case GROUP_POST:
	case GROUP_POST_HAIRPIN:
		return (r->target == TARGET_MASQUERADE || r->target == TARGET_SNAT ||
			r->target == TARGET_RETURN) &&
		       original && host;
	case GROUP_FORWARD:
		return r->target == TARGET_ACCEPT && original && host;
	case GROUP_OUTPUT:
		return r->target == TARGET_ACCEPT && original && host && !*r->in;
	case GROUP_INPUT:
	case GROUP_INPUT_SAME:
		return r->target == TARGET_ACCEPT && original == (group == GROUP_INPUT);
	case GROUP_ADDR:
	case GROUP_MAIN:
	case GROUP_GUEST_FORWARD:
	case GROUP_GUEST_INPUT:
	case GROUP_GUEST_OUTPUT:
	case GROUPS:
		break;
	}
	return false;
}

/* Whether it can be a jump to a chain below, by what the rules of that have in common. */
static bool is_branch(enum group group, const struct rule *r)
{
	return group_of(group_infos[group].table, r->chain) == group && strchr(r->chain, '/') &&
	       !r->flags && !r->until && !r->comment && !network_is_set(&r->orig_dst);
}

bool forward_rules_knows(enum family family, enum group group, const struct rule *rule,
			 struct forward *out)
{
	struct rule first;
	out->family = FAMILY_NONE;
	if (rule->target == TARGET_JUMP)
		return is_branch(group, rule);
	if (group == GROUP_ADDR || group == GROUP_MAIN)
		return forward_rules_read(family, group, rule, out) == 0;
	if (group_first_rule(group, &first) && rule_equal(rule, &first))
		return true;
	unsigned int flags = group == GROUP_INPUT_SAME ? RULE_STATE_ESTABLISHED : RULE_NOT_IN;
	bool hairpin = group == GROUP_HAIRPIN || group == GROUP_HAIRPIN_ADDR;
	bool comment = hairpin && rule->comment && strcmp(rule->comment, OPEN_LIST) == 0;
	return rule->proto && rule->ports.first && (comment || !rule->comment) &&
	       (rule->flags & ~flags) == 0 && is_part(group, rule);
}

bool forward_rules_older(enum family family, enum group group, const struct rule *rule)
{
	struct rule now = *rule;
	struct forward none;
	if ((group != GROUP_FORWARD && group != GROUP_INPUT) || rule->target != TARGET_ACCEPT ||
	    rule->orig_ports.first || network_is_set(&rule->orig_dst))
		return false;
	now.orig_ports = rule->ports;
	return forward_rules_knows(family, group, &now, &none);
}
