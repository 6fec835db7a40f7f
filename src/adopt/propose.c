/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one rule by itself means, whatever stands around it. */
#include <string.h>

#include "adopt/draft.h"
#include "syntax/spec.h"

/* ---- packets that only pass through this host ---- */

#define ONLY_HERE                                                                                 \
	"; if only what is sent to this host is meant, add -d ADDRESS or -m addrtype --dst-type " \
	"LOCAL (nft: fib daddr type local) to the rule"

/* Whether the source of clients behind this host is translated by the value when they go out. */
static bool serves_inside(const struct draft *d, size_t i)
{
	const struct other_rule *v = &d->rules->items[i];
	return draft_changes_source(v) && v->hook == OTHER_POSTROUTING &&
	       (!network_is_set(&v->dst) || v->dst.prefix < address_bits(v->dst.addr.family));
}

static bool is_way(const struct draft *d, size_t i)
{
	const struct other_rule *v = &d->rules->items[i];
	return v->action == OTHER_ACCEPT && v->hook == OTHER_FORWARD && *v->out && *v->in &&
	       v->ports.last;
}

/* Whether a rule accepts the connections of v's translation on their way out by that interface. */
static bool is_way_to_target(const struct draft *d, const struct other_rule *v, const char *out)
{
	char way[IFNAME_MAX];
	if (d->host->route)
		return address_is_set(&v->to) && d->host->route(&v->to, way) &&
		       ifname_overlap(out, way) != OVERLAP_DISJOINT;
	for (size_t i = 0; i < d->ways.count; i++) {
		const struct other_rule *a = &d->rules->items[d->ways.items[i]];
		if (ifname_overlap(a->in, v->in) != OVERLAP_DISJOINT &&
		    ifname_overlap(a->out, out) != OVERLAP_DISJOINT)
			return true;
	}
	return false;
}

/* Whether others than this host's own clients, inside it, come in by v's interface. */
static bool is_inside(const struct draft *d, const struct other_rule *v)
{
	bool known = false;
	for (size_t i = 0; i < d->host->uplink_count; i++) {
		known = true;
		if (*v->in && ifname_overlap(d->host->uplinks[i], v->in) != OVERLAP_DISJOINT)
			return false;
	}
	bool inside = known && *v->in;
	for (size_t i = 0; i < d->sources.count; i++) {
		const struct other_rule *s = &d->rules->items[d->sources.items[i]];
		if (s->family && v->family && s->family != v->family)
			continue;
		if (!*v->in)
			return true;
		if (*s->out && ifname_overlap(s->out, v->in) != OVERLAP_DISJOINT)
			return false;
		if (*s->out && !known && !is_way_to_target(d, v, s->out))
			inside = true;
	}
	return inside;
}

/* A forward takes what is sent to this host alone. */
static void judge_passing(struct draft *d, size_t rule, const struct other_rule *v)
{
	if (v->here || network_is_set(&v->dst) || v->hook != OTHER_PREROUTING)
		return;
	if (is_inside(d, v))
		draft_give_up(
			d, rule,
			"it also takes what clients behind this host send to others" ONLY_HERE);
	else
		draft_note(d, rule,
			   "what is sent to other hosts, and only passes through this one, is not "
			   "taken any more");
}

/* ---- the forward ---- */

/* Why the ports cannot be said; NULL: f has them. */
static const char *map_ports(const struct other_rule *v, struct forward *f)
{
	unsigned int count = ports_count(f->ports);
	struct ports to = v->to_ports;
	bool range = to.first < to.last,
	     all = !v->to_base && ports_hold(to, f->ports.first) && ports_hold(to, f->ports.last);
	if (to.last == 0 || (range && all)) {
		f->target_ports = f->ports;
	} else if (!range) {
		f->target_ports = to;
	} else if (v->to_base) {
		unsigned int first = (unsigned int)to.first + f->ports.first - v->to_base;
		if (f->ports.first < v->to_base || first + count - 1 > to.last)
			return "its ports do not count from the first one of the target";
		f->target_ports = (struct ports){(uint16_t)first, (uint16_t)(first + count - 1)};
	} else {
		return "it sends each of its ports to the first free one of a range; a forward "
		       "sends all to one port, or maps a range in order";
	}
	return NULL;
}

static void take_name(const struct other_rule *v, struct forward *f)
{
	struct err ignored;
	char name[NAME_MAX_LENGTH + 1] = "";
	if (*v->comment && spec_parse_name(v->comment, name, &ignored) == 0)
		strcpy(f->name, name);
}

/* Why the value cannot be a forward of that family; NULL: f is it. */
static const char *make_forward(const struct other_rule *v, enum family family, struct forward *f)
{
	static const struct ports all = {1, UINT16_MAX};
	*f = (struct forward){.family = family,
			      .proto = v->proto,
			      .from = v->from,
			      .ports = v->ports.last ? v->ports : all};
	if (!v->proto)
		return "it takes all protocols; a forward takes one";
	if (network_is_set(&v->dst)) {
		if (!network_is_host(&v->dst))
			return "it takes what is sent to a network; a forward takes what is sent "
			       "to one address, or to any of this host";
		f->addr = v->dst.addr;
	}
	if (*v->out && v->hook == OTHER_PREROUTING)
		return "it asks for an interface on which packets go out";
	if (address_is_set(&v->to_last))
		return "it sends connections to a range of addresses";
	memcpy(f->ifname, v->in, sizeof(f->ifname));
	if (v->action == OTHER_DNAT)
		f->target = v->to;
	take_name(v, f);
	return map_ports(v, f);
}

static const char *refuse_action(const struct other_rule *v)
{
	if (v->action == OTHER_TPROXY)
		return "it hands packets to a program as they are (tproxy)";
	if (v->action == OTHER_BALANCE)
		return "it shares connections among several targets";
	if (v->states && !(v->states & OTHER_NEW))
		return "it does not ask for new connections, which alone are translated";
	return NULL;
}

/* Of a rule with several ports, interfaces or networks, say which. */
static void give_up_arrival(struct draft *d, const struct candidate *c, enum adopt_arrival arrival,
			    const struct rule_place *where)
{
	const struct adopt_rule *r = &d->out->rules[c->rule];
	char text[RULE_PLACE_TEXT_MAX], spec[SPEC_TEXT_MAX] = "";
	const char *by = r->first == r->last ? "" : " by ";
	if (*by)
		spec_format(&c->f, spec);
	if (where)
		rule_place_format(where, text);
	if (!where)
		draft_give_up(d, c->rule,
			      "no rule accepts all its connections%s%s, and the policy drops them",
			      by, spec);
	else if (arrival == ADOPT_STOPPED)
		draft_give_up(d, c->rule, "its connections%s%s do not arrive now: %s stops them",
			      by, spec, text);
	else
		draft_give_up(d, c->rule,
			      "%s may stop its connections%s%s, if no rule accepts them before; "
			      "make the forward with pfwd add, and delete the rule",
			      text, by, spec);
}

static bool arrives(struct draft *d, const struct candidate *c)
{
	enum adopt_arrival arrival = ADOPT_ARRIVES;
	struct rule_place where;
	if (d->host->arrival)
		arrival = d->host->arrival(d->host->context, &c->f, &where);
	if (arrival != ADOPT_ARRIVES)
		give_up_arrival(d, c, arrival, &where);
	else if (!draft_is_let_in(d, &c->f))
		give_up_arrival(d, c, ADOPT_STOPPED, NULL);
	return !draft_stays(d, c->rule);
}

static void propose_family(struct draft *d, size_t i, enum family family)
{
	const struct other_rule *v = &d->rules->items[i];
	struct candidate c = {.value = i, .rule = d->out->rule_of[i]};
	struct err why;
	const char *reason = make_forward(v, family, &c.f);
	if (reason)
		draft_give_up(d, c.rule, "%s", reason);
	else if (forward_check(&c.f, &why) < 0)
		draft_give_up(d, c.rule, "%s", why.text);
	else if (v->hook != OTHER_PREROUTING || arrives(d, &c))
		draft_add(d, &c);
}

static void propose_value(struct draft *d, size_t i)
{
	const struct other_rule *v = &d->rules->items[i];
	size_t rule = d->out->rule_of[i];
	const char *reason = refuse_action(v);
	enum family family = v->family            ? v->family
			     : v->to.family       ? v->to.family
			     : v->dst.addr.family ? v->dst.addr.family
						  : v->from.addr.family;
	bool sayable = v->exact || (other_rule_negates(v) && v->hook == OTHER_PREROUTING);
	if (!sayable)
		draft_give_up(d, rule, "no forward can say all of it (%s)",
			      quote(v->beyond ? v->beyond : "").text);
	else if (reason)
		draft_give_up(d, rule, "%s", reason);
	if (draft_stays(d, rule))
		return;
	judge_passing(d, rule, v);
	if (family) {
		propose_family(d, i, family);
	} else {
		propose_family(d, i, FAMILY_IPV4);
		propose_family(d, i, FAMILY_IPV6);
	}
}

void draft_propose(struct draft *d)
{
	draft_pick(d, &d->sources, serves_inside);
	draft_pick(d, &d->ways, is_way);
	for (size_t i = 0; i < d->rules->count; i++) {
		const struct other_rule *v = &d->rules->items[i];
		bool hooked = v->hook == OTHER_PREROUTING || v->hook == OTHER_OUTPUT;
		/* whoever has a name makes its rules again */
		if (draft_translates(v) && hooked && !*v->owner)
			propose_value(d, i);
	}
}
