/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules that let translated connections in. pfwd lets in those of its forwards by itself, and
 * nothing else; so a rule that also lets in what is sent to the target directly is still needed.
 */
#include <stdlib.h>
#include <string.h>

#include "adopt/draft.h"
#include "model/search.h"

/* Whether all that b takes is taken by a. */
static bool holds(enum overlap a_to_b)
{
	return a_to_b == OVERLAP_EQUAL || a_to_b == OVERLAP_AROUND;
}

static bool is_own(const struct draft *d, const struct address *addr)
{
	return d->host->own && addresses_hold(d->host->own, addr);
}

static bool accepts_new(const struct other_rule *v)
{
	return v->action == OTHER_ACCEPT &&
	       (!v->states || v->states & (OTHER_NEW | OTHER_TRANSLATED));
}

/* ---- whether a forward is open ---- */

bool adopt_lets_in(const struct other_rule *v, const struct forward *f)
{
	bool to_self = forward_to_self(f);
	const struct address *to = to_self ? &f->addr : &f->target;
	return v->exact && accepts_new(v) && draft_may_meet(v, f) &&
	       holds(ifname_overlap(v->in, f->ifname)) &&
	       holds(network_overlap(&v->from, &f->from)) &&
	       (!network_is_set(&v->dst) || (address_is_set(to) && network_holds(&v->dst, to))) &&
	       (!v->ports.last || (ports_hold(v->ports, f->target_ports.first) &&
				   ports_hold(v->ports, f->target_ports.last)));
}

/* Whether the value drops connections of the forward, whoever the client is. */
static bool shuts(const struct other_rule *v, const struct forward *f)
{
	return v->exact && draft_may_meet(v, f) && !network_is_set(&v->from) &&
	       (!v->states || v->states & OTHER_NEW) &&
	       ifname_overlap(v->in, f->ifname) != OVERLAP_DISJOINT &&
	       (!network_is_set(&v->dst) || network_holds(&v->dst, &f->target)) &&
	       (!v->ports.last || ports_overlap(v->ports, f->target_ports) != OVERLAP_DISJOINT);
}

bool draft_is_let_in(const struct draft *d, const struct forward *f)
{
	const struct other_rules *drops = d->host->drops;
	bool here = forward_to_self(f) || is_own(d, &f->target);
	enum other_hook hook = here ? OTHER_INPUT : OTHER_FORWARD;
	size_t first = SIZE_MAX; /* drop */
	for (size_t i = 0; drops && !d->host->arrival && i < drops->count; i++)
		if (drops->items[i].hook == hook && shuts(&drops->items[i], f) &&
		    d->host->drops_at[i] < first)
			first = d->host->drops_at[i];
	if (first == SIZE_MAX)
		return true;
	for (size_t i = 0; i < first; i++)
		if (d->rules->items[i].hook == hook && adopt_lets_in(&d->rules->items[i], f))
			return true;
	return false;
}

/* ---- rules that are needed no more ---- */

/* Whether translated connections to f's target meet the value. */
static bool belongs_to(const struct draft *d, const struct other_rule *v, const struct forward *f)
{
	if (f->except || !draft_may_meet(v, f) || !v->proto || !v->ports.last ||
	    ports_overlap(v->ports, f->target_ports) == OVERLAP_DISJOINT)
		return false;
	bool here = forward_to_self(f) || is_own(d, &f->target);
	if (v->hook != (here ? OTHER_INPUT : OTHER_FORWARD))
		return false;
	if (forward_to_self(f))
		return !network_is_set(&v->dst) || !address_is_set(&f->addr) ||
		       network_holds(&v->dst, &f->addr);
	return network_is_set(&v->dst) ? network_holds(&v->dst, &f->target) : here;
}

/* Why the forward does not make the value needless, although it belongs to it; NULL: it does. */
static const char *compare(const struct other_rule *v, const struct forward *f)
{
	if (v->hook == OTHER_INPUT && v->states != OTHER_TRANSLATED)
		return "it also opens the port of this host itself";
	if (!network_is_host(&v->dst) && v->hook == OTHER_FORWARD)
		return "it also lets in connections to other addresses";
	if (!holds(ports_overlap(f->target_ports, v->ports)))
		return "it also lets in connections to other ports";
	if (v->states == OTHER_TRANSLATED)
		return NULL;
	if (!*v->in || !holds(ifname_overlap(f->ifname, v->in)))
		return "it also lets in connections from other interfaces, which are not "
		       "translated";
	if (!holds(network_overlap(&f->from, &v->from)))
		return "it also lets in connections of other clients";
	if (address_is_public(&f->target))
		return "it also lets in what is sent to the target directly";
	return NULL;
}

static bool translates_still(const struct draft *d, size_t value)
{
	const struct other_rule *v = &d->rules->items[value];
	return draft_translates(v) && (*v->owner || draft_stays(d, d->out->rule_of[value]));
}

/* Whether a translation that stays sends connections there too. */
static bool is_needed_by_others(const struct draft *d, const struct other_rule *v)
{
	for (size_t i = 0; i < d->staying.count; i++) {
		const struct other_rule *t = &d->rules->items[d->staying.items[i]];
		struct ports to = t->to_ports.last ? t->to_ports : t->ports;
		if ((!t->family || !v->family || t->family == v->family) &&
		    (!t->proto || t->proto == v->proto) &&
		    (!to.last || ports_overlap(to, v->ports) != OVERLAP_DISJOINT) &&
		    (address_is_set(&t->to) ? network_holds(&v->dst, &t->to)
					    : v->hook == OTHER_INPUT || !t->exact))
			return true;
	}
	return false;
}

/* Whether a rule accepts all that belongs to connections that are there already. */
static bool is_established_accepted(const struct draft *d, const struct other_rule *v)
{
	for (size_t i = 0; i < d->rules->count; i++) {
		const struct other_rule *a = &d->rules->items[i];
		if (a->action == OTHER_ACCEPT && a->exact && a->hook == v->hook &&
		    a->states & OTHER_ESTABLISHED && !a->proto && !*a->in && !*a->out &&
		    !network_is_set(&a->from) && !network_is_set(&a->dst) &&
		    (!a->family || a->family == v->family))
			return true;
	}
	return false;
}

static bool is_home(const struct draft *d, const char *backend)
{
	return d->host->home && strcmp(d->host->home->name, backend) == 0;
}

enum belonging {
	BELONGS_NOT,
	BELONGS_IN_PART,
	BELONGS_WHOLLY, /* forwards make it needless */
};

/* The order of by_target. */
static int compare_targets(const void *a, const void *b)
{
	const struct forward *x = *(const struct forward *const *)a;
	const struct forward *y = *(const struct forward *const *)b;
	int d = address_compare(&x->target, &y->target);
	return d ? d : (x > y) - (x < y);
}

/* For search_first. */
static int compare_target(const void *key, const void *item)
{
	return address_compare(key, &(*(const struct forward *const *)item)->target);
}

static enum belonging find_belonging(const struct draft *d, const struct other_rule *v,
				     const char **reason)
{
	const struct forward *const *all = d->by_target;
	size_t count = d->out->forwards.count, i = 0;
	enum belonging best = BELONGS_NOT;
	/* thousands of rules have one target each */
	bool one = v->hook == OTHER_FORWARD && network_is_host(&v->dst);
	if (one)
		i = search_first(&v->dst.addr, all, count, sizeof(*all), compare_target);
	for (; i < count && best != BELONGS_WHOLLY; i++) {
		if (one && !address_equal(&all[i]->target, &v->dst.addr))
			break;
		if (!belongs_to(d, v, all[i]))
			continue;
		const char *why = compare(v, all[i]);
		best = why ? BELONGS_IN_PART : BELONGS_WHOLLY;
		*reason = why;
	}
	return best;
}

static void take_accept(struct draft *d, size_t rule)
{
	struct adopt_rule *r = &d->out->rules[rule];
	r->fate = ADOPT_TAKEN;
	if (d->rules->items[r->first].states != OTHER_TRANSLATED)
		draft_note(d, rule,
			   "what is sent to the target itself is not let in any more, except by "
			   "other rules");
}

static bool is_needed(const struct draft *d, size_t rule)
{
	const struct adopt_rule *r = &d->out->rules[rule];
	for (size_t i = r->first; i <= r->last; i++)
		if (d->out->rule_of[i] == rule && is_needed_by_others(d, &d->rules->items[i]))
			return true;
	return false;
}

static void judge_rule(struct draft *d, size_t rule)
{
	struct adopt_rule *r = &d->out->rules[rule];
	const char *reason = NULL;
	size_t values = 0, whole = 0, parts = 0;
	bool exact = true;
	for (size_t i = r->first; i <= r->last; i++) {
		const struct other_rule *v = &d->rules->items[i];
		if (d->out->rule_of[i] != rule)
			continue;
		const char *why = NULL;
		enum belonging b = find_belonging(d, v, &why);
		values++;
		whole += b == BELONGS_WHOLLY;
		parts += b == BELONGS_IN_PART;
		reason = reason ? reason : why;
		exact = exact && v->exact;
	}
	if (whole + parts == 0)
		return;
	if (!exact)
		draft_give_up(d, rule, "no forward can say all of it");
	else if (reason)
		draft_give_up(d, rule, "%s", reason);
	else if (whole < values)
		draft_give_up(d, rule, "it also lets in other connections");
	else if (is_needed(d, rule))
		draft_give_up(d, rule, "a rule that stays needs it");
	else if (is_home(d, "iptables") &&
		 strcmp(d->rules->items[r->first].backend, "nftables") == 0)
		draft_give_up(d, rule,
			      "forwards of the legacy tables need it; those of --backend nftables "
			      "do not");
	else if (is_home(d, "nftables") && !is_established_accepted(d, &d->rules->items[r->first]))
		draft_give_up(d, rule,
			      "it lets in the connections there are; delete it once they have "
			      "ended");
	else
		take_accept(d, rule);
}

static bool sort_by_target(struct draft *d)
{
	const struct forwards *set = &d->out->forwards;
	d->by_target = calloc(set->count + 1, sizeof(*d->by_target));
	for (size_t i = 0; d->by_target && i < set->count; i++)
		d->by_target[i] = &set->items[i];
	if (d->by_target)
		qsort(d->by_target, set->count, sizeof(*d->by_target), compare_targets);
	return d->by_target;
}

void draft_accepts(struct draft *d)
{
	draft_pick(d, &d->staying, translates_still);
	if (!sort_by_target(d)) {
		d->failed = true;
		return;
	}
	for (size_t rule = 0; rule < d->out->count; rule++) {
		const struct other_rule *v = &d->rules->items[d->out->rules[rule].first];
		if (accepts_new(v) && !*v->owner &&
		    (v->hook == OTHER_FORWARD || v->hook == OTHER_INPUT))
			judge_rule(d, rule);
	}
}
