/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A forward to its rules, and a rule to its forward. */
#include <string.h>

#include "syntax/request.h"
#include "xtables/forward_rules.h"

struct rules {
	const struct forward *f;
	struct forward_rule *out;
	size_t count;
};

static struct network host(const struct address *addr)
{
	if (!address_is_set(addr))
		return (struct network){0};
	return network_of(addr, address_bits(addr->family));
}

static struct rule *add(struct rules *rules, enum group group, enum rule_target target)
{
	struct forward_rule *r = &rules->out[rules->count++];
	memset(r, 0, sizeof(*r));
	r->group = group;
	r->rule.target = target;
	r->rule.proto = rules->f->proto;
	return &r->rule;
}

static bool same_ports(const struct forward *f)
{
	return f->ports.first == f->target_ports.first && f->ports.last == f->target_ports.last;
}

static struct rule *add_dnat(struct rules *rules, enum group group)
{
	const struct forward *f = rules->f;
	struct rule *r = add(rules, group, TARGET_DNAT);
	r->dst = host(&f->addr);
	r->ports = f->ports;
	r->until = f->until;
	r->to = f->target;
	/* a range to the same ports says no ports at all; one to a single port has no base */
	if (same_ports(f) && ports_count(f->ports) > 1)
		return r;
	r->to_ports = f->target_ports;
	if (ports_count(f->target_ports) > 1)
		r->to_base = f->ports.first;
	return r;
}

static void match_clients(const struct forward *f, struct rule *r)
{
	memcpy(r->in, f->ifname, sizeof(r->in));
	r->src = f->from;
}

/* Clients on the target's network. To an address of their own gateway's they speak themselves, so
 * without an address only what came in elsewhere than where the forward listens is meant. */
static void match_hairpin(const struct forward *f, struct rule *r)
{
	r->src = f->hairpin_net;
	if (address_is_set(&f->addr) || !*f->ifname)
		return;
	memcpy(r->in, f->ifname, sizeof(r->in));
	r->flags |= RULE_NOT_IN;
}

static enum group proper_group(const struct forward *f)
{
	return address_is_set(&f->addr) ? GROUP_ADDR : GROUP_MAIN;
}

/* The DNAT rule of the forward itself, from which it is read. */
static void add_proper(struct rules *rules, const char *comment)
{
	struct rule *r = add_dnat(rules, proper_group(rules->f));
	match_clients(rules->f, r);
	r->comment = *comment ? comment : NULL;
}

static void add_translations(struct rules *rules)
{
	const struct forward *f = rules->f;
	bool addr = address_is_set(&f->addr);
	if (f->hairpin)
		match_hairpin(f, add_dnat(rules, addr ? GROUP_HAIRPIN_ADDR : GROUP_HAIRPIN));
	if (f->local)
		add_dnat(rules, addr ? GROUP_LOCAL_ADDR : GROUP_LOCAL);
}

/* A rule for packets of this forward's connections on their way out. */
static struct rule *add_source(struct rules *rules, enum group group, enum rule_target target)
{
	const struct forward *f = rules->f;
	struct rule *r = add(rules, group, target);
	r->dst = host(&f->target);
	r->ports = f->target_ports;
	r->orig_dst = host(&f->addr);
	r->orig_ports = f->ports;
	r->until = f->until;
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
	if (f->hairpin)
		add_source(rules, GROUP_POST_HAIRPIN, TARGET_MASQUERADE)->src = f->hairpin_net;
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

static struct rule *add_accept(struct rules *rules, enum group group)
{
	const struct forward *f = rules->f;
	struct rule *r = add(rules, group, TARGET_ACCEPT);
	r->dst = host(forward_to_self(f) ? &f->addr : &f->target);
	r->ports = f->target_ports;
	r->until = f->until;
	return r;
}

/* To this host: from clients, and from its own programs, whose packets come in on lo. */
static void add_self_accepts(struct rules *rules, enum group group)
{
	match_clients(rules->f, add_accept(rules, group));
	if (rules->f->local)
		strcpy(add_accept(rules, group)->in, "lo");
}

/* Where the guard lets nothing in, neither do the answers to this host's own programs pass it. */
static void add_same_accepts(struct rules *rules)
{
	add_self_accepts(rules, GROUP_INPUT_SAME);
	if (!rules->f->local)
		return;
	struct rule *r = add(rules, GROUP_INPUT_SAME, TARGET_ACCEPT);
	strcpy(r->in, "lo");
	r->ports = (struct ports){1, UINT16_MAX};
	r->flags = RULE_STATE_ESTABLISHED;
}

static void add_accepts(struct rules *rules)
{
	const struct forward *f = rules->f;
	if (forward_to_self(f)) {
		add_self_accepts(rules, GROUP_INPUT);
		/* what translation leaves as it is does not count as translated */
		if (ports_hold(f->ports, f->target_ports.first) &&
		    ports_count(f->target_ports) == 1)
			add_same_accepts(rules);
		return;
	}
	match_clients(f, add_accept(rules, GROUP_FORWARD));
	if (f->hairpin)
		match_hairpin(f, add_accept(rules, GROUP_FORWARD));
}

size_t forward_rules_of(const struct forward *f, struct forward_rule out[FORWARD_RULES_MAX],
			char comment[SPEC_OPTIONS_MAX])
{
	struct rules rules = {.f = f, .out = out};
	spec_format_options(f, SPEC_COMMENT_ALONE, comment);
	add_proper(&rules, comment);
	add_translations(&rules);
	add_sources(&rules);
	add_accepts(&rules);
	return rules.count;
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
			    .until = rule->until};
	struct forward_rule again;
	struct rules rules = {.f = &f, .out = &again};
	struct err ignored;
	if (rule->target != TARGET_DNAT || !rule->ports.first ||
	    rule->ports.first > rule->ports.last || rule->to_ports.first > rule->to_ports.last)
		return -1;
	memcpy(f.ifname, rule->in, sizeof(f.ifname));
	if (!f.target_ports.first)
		f.target_ports = f.ports;
	if (rule->comment && request_read_comment(rule->comment, &f) < 0)
		return -1;
	if (forward_check(&f, &ignored) < 0 || (f.hairpin && !network_is_set(&f.hairpin_net)))
		return -1;
	/* request_read_comment has found the comment to be the one that f would get */
	add_proper(&rules, rule->comment ? rule->comment : "");
	if (again.group != group || !rule_equal(&again.rule, rule))
		return -1;
	*out = f;
	return 0;
}

/* ---- whose rule it is ---- */

static bool is_host(const struct network *net, enum family family)
{
	return network_is_set(net) && net->prefix == address_bits(family);
}

/* Other chains than those of forwards proper hold rules that no forward can be read from. */
static bool knows_part(enum family family, enum group group, const struct rule *r)
{
	bool addr = is_host(&r->dst, family), original = r->orig_ports.first != 0;
	bool source = r->target == TARGET_MASQUERADE || r->target == TARGET_SNAT ||
		      r->target == TARGET_RETURN;
	switch (group) {
	case GROUP_HAIRPIN_ADDR:
	case GROUP_HAIRPIN:
		return r->target == TARGET_DNAT && !original && network_is_set(&r->src) &&
		       addr == (group == GROUP_HAIRPIN_ADDR);
	case GROUP_LOCAL_ADDR:
	case GROUP_LOCAL:
		return r->target == TARGET_DNAT && !original && !network_is_set(&r->src) &&
		       !*r->in && addr == (group == GROUP_LOCAL_ADDR);
	case GROUP_POST_LOCAL:
	case GROUP_POST:
	case GROUP_POST_HAIRPIN:
		return source && original && addr;
	case GROUP_FORWARD:
		return r->target == TARGET_ACCEPT && !original && addr;
	case GROUP_INPUT:
	case GROUP_INPUT_SAME:
		return r->target == TARGET_ACCEPT && !original;
	case GROUP_ADDR:
	case GROUP_MAIN:
	case GROUPS:
		break;
	}
	return false;
}

/* To a chain below, by what its rules have in common. */
static bool knows_branch(enum group group, const struct rule *r)
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
		return knows_branch(group, rule);
	if (group == GROUP_ADDR || group == GROUP_MAIN)
		return forward_rules_read(family, group, rule, out) == 0;
	if (group_first_rule(group, &first) && rule_equal(rule, &first))
		return true;
	unsigned int flags = group == GROUP_INPUT_SAME ? RULE_STATE_ESTABLISHED : RULE_NOT_IN;
	return rule->proto && rule->ports.first && !rule->comment && (rule->flags & ~flags) == 0 &&
	       knows_part(family, group, rule);
}
