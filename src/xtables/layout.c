/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Groups, the rules of one forward, and the forward of a rule. */
#include <stdlib.h>
#include <string.h>

#include "model/array.h"
#include "syntax/request.h"
#include "xtables/layout.h"

const struct group_info layout_groups[GROUPS] = {
	[GROUP_ADDR] = {"PFWD-ADDR", "PREROUTING", TABLE_NAT},
	[GROUP_MAIN] = {"PFWD", "PREROUTING", TABLE_NAT},
	[GROUP_HAIRPIN_ADDR] = {"PFWD-HAIRPIN-ADDR", "PREROUTING", TABLE_NAT},
	[GROUP_HAIRPIN] = {"PFWD-HAIRPIN", "PREROUTING", TABLE_NAT},
	[GROUP_LOCAL_ADDR] = {"PFWD-LOCAL-ADDR", "OUTPUT", TABLE_NAT},
	[GROUP_LOCAL] = {"PFWD-LOCAL", "OUTPUT", TABLE_NAT},
	[GROUP_POST_LOCAL] = {"PFWD-POST-LOCAL", "POSTROUTING", TABLE_NAT},
	[GROUP_POST] = {"PFWD-POST", "POSTROUTING", TABLE_NAT},
	[GROUP_POST_HAIRPIN] = {"PFWD-POST-HAIRPIN", "POSTROUTING", TABLE_NAT},
	[GROUP_FORWARD] = {"PFWD", "FORWARD", TABLE_FILTER},
	[GROUP_INPUT] = {"PFWD-INPUT", "INPUT", TABLE_FILTER},
	[GROUP_INPUT_SAME] = {"PFWD-INPUT-SAME", "INPUT", TABLE_FILTER},
};

const char *table_name(enum table table)
{
	return table == TABLE_NAT ? "nat" : "filter";
}

enum group layout_group(enum table table, const char *chain)
{
	if (strncmp(chain, "PFWD", 4) != 0) /* thousands of others' rules are asked about */
		return GROUPS;
	size_t length = strcspn(chain, "/");
	for (int g = 0; g < GROUPS; g++)
		if (layout_groups[g].table == table &&
		    strncmp(layout_groups[g].chain, chain, length) == 0 &&
		    !layout_groups[g].chain[length])
			return (enum group)g;
	return GROUPS;
}

/* ---- chains that were laid out ---- */

void layout_free(struct layout *layout)
{
	for (size_t i = 0; i < layout->count; i++)
		free(layout->chains[i].rules);
	free(layout->chains);
	for (size_t i = 0; i < layout->text_count; i++)
		free(layout->texts[i]);
	free(layout->texts);
	*layout = (struct layout){0};
}

const char *layout_keep_text(struct layout *layout, const char *text)
{
	void *texts = layout->texts;
	char **kept = array_append(&texts, &layout->text_count, sizeof(*kept));
	layout->texts = texts;
	return kept ? *kept = strdup(text) : NULL;
}

const struct chain *layout_find(const struct layout *layout, enum table table, const char *name)
{
	size_t low = 0, high = layout->count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct chain *c = &layout->chains[middle];
		int d = (int)layout_groups[c->group].table - (int)table;
		if (d == 0)
			d = strcmp(c->name, name);
		if (d == 0)
			return c;
		if (d < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* ---- jumps ---- */

static struct network loopback(enum family family)
{
	struct network net = {.addr.family = family};
	if (family == FAMILY_IPV6) {
		net.addr.bytes[15] = 1; /* ::1/128 */
		net.prefix = 128;
	} else {
		net.addr.bytes[0] = 127; /* 127.0.0.0/8 */
		net.prefix = 8;
	}
	return net;
}

/* What is sent to this host itself. 127.0.0.1 is LOCAL too, and nat PREROUTING comes before the
 * kernel's check for martians. */
static void match_this_host(enum family family, struct rule *rule)
{
	rule->dst = loopback(family);
	rule->flags |= RULE_NOT_DST | RULE_DST_LOCAL;
}

void layout_jump(enum family family, enum group group, struct rule *out)
{
	memset(out, 0, sizeof(*out));
	out->target = TARGET_JUMP;
	out->chain = layout_groups[group].chain;
	switch (group) {
	case GROUP_MAIN:
	case GROUP_LOCAL:
	case GROUP_INPUT_SAME:
		match_this_host(family, out);
		break;
	case GROUP_HAIRPIN:
		match_this_host(family, out);
		out->flags |= RULE_DST_ELSEWHERE;
		break;
	case GROUP_POST_LOCAL:
		out->flags |= RULE_STATE_DNAT | RULE_SRC_LOCAL;
		break;
	case GROUP_POST:
	case GROUP_POST_HAIRPIN:
	case GROUP_FORWARD:
	case GROUP_INPUT:
		out->flags |= RULE_STATE_DNAT;
		break;
	case GROUP_ADDR: /* their rules name the address */
	case GROUP_HAIRPIN_ADDR:
	case GROUP_LOCAL_ADDR:
	case GROUPS:
		break;
	}
}

bool layout_first_rule(enum group group, struct rule *out)
{
	if (group != GROUP_FORWARD && group != GROUP_INPUT)
		return false;
	memset(out, 0, sizeof(*out));
	out->target = TARGET_ACCEPT;
	out->flags = RULE_STATE_ESTABLISHED;
	return true;
}

/* ---- the rules of one forward ---- */

struct rules {
	const struct forward *f;
	struct layout_rule *out;
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
	struct layout_rule *r = &rules->out[rules->count++];
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

void layout_exception(const struct forward *f, enum group group, struct rule *out)
{
	struct layout_rule one;
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

size_t layout_rules(const struct forward *f, struct layout_rule out[LAYOUT_RULES_MAX],
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

int layout_read(enum family family, enum group group, const struct rule *rule, struct forward *out)
{
	struct forward f = {.family = family,
			    .proto = rule->proto,
			    .addr = rule->dst.addr,
			    .from = rule->src,
			    .target = rule->to,
			    .ports = rule->ports,
			    .target_ports = rule->to_ports,
			    .until = rule->until};
	struct layout_rule again;
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
		return source && original && addr && !r->until;
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
	return layout_group(layout_groups[group].table, r->chain) == group &&
	       strchr(r->chain, '/') && !r->flags && !r->until && !r->comment &&
	       !network_is_set(&r->orig_dst);
}

bool layout_knows(enum family family, enum group group, const struct rule *rule,
		  struct forward *out)
{
	struct rule first;
	out->family = FAMILY_NONE;
	if (rule->target == TARGET_JUMP)
		return knows_branch(group, rule);
	if (group == GROUP_ADDR || group == GROUP_MAIN)
		return layout_read(family, group, rule, out) == 0;
	if (layout_first_rule(group, &first) && rule_equal(rule, &first))
		return true;
	unsigned int flags = group == GROUP_INPUT_SAME ? RULE_STATE_ESTABLISHED : RULE_NOT_IN;
	return rule->proto && rule->ports.first && !rule->comment && (rule->flags & ~flags) == 0 &&
	       knows_part(family, group, rule);
}
