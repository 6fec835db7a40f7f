/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Source translations of connections that forwards translate. One that does nothing else becomes an
 * option of its forwards; every other one stays, and goes on to do its work.
 */
#include <string.h>

#include "adopt/draft.h"
#include "model/conflict.h"

/* Whether the value translates the source of connections to just one service. */
static bool is_of_service(const struct other_rule *v)
{
	return draft_changes_source(v) && v->hook == OTHER_POSTROUTING &&
	       network_is_host(&v->dst) && v->proto && v->ports.last;
}

static bool is_forward(const struct draft *d, const struct candidate *c)
{
	return c->part == PART_FORWARD && !draft_stays(d, c->rule);
}

/* Whether connections of the forward go where the value translates their source. */
static bool goes_there(const struct forward *f, const struct other_rule *v)
{
	return v->proto == f->proto && address_equal(&f->target, &v->dst.addr) &&
	       ports_overlap(f->target_ports, v->ports) != OVERLAP_DISJOINT;
}

/* Whether a translation that stays sends connections there too. */
static bool is_needed_by_others(const struct draft *d, const struct other_rule *v)
{
	for (size_t i = 0; i < d->rules->count; i++) {
		const struct other_rule *t = &d->rules->items[i];
		struct ports to = t->to_ports.last ? t->to_ports : t->ports;
		if (draft_translates(t) && (*t->owner || draft_stays(d, d->out->rule_of[i])) &&
		    (!address_is_set(&t->to) || address_equal(&t->to, &v->dst.addr)) &&
		    (!to.last || ports_overlap(to, v->ports) != OVERLAP_DISJOINT) &&
		    (!t->proto || t->proto == v->proto))
			return true;
	}
	return false;
}

/* Whether the earlier value may decide about packets of the later one in another way. */
static bool precedes(const struct draft *d, const struct other_rule *u, const struct other_rule *v)
{
	struct match a = draft_match(u, v->proto), b = draft_match(v, v->proto);
	char way[IFNAME_MAX];
	if (u->hook != OTHER_POSTROUTING || match_overlap(&a, &b) == OVERLAP_DISJOINT ||
	    (!draft_changes_source(u) && u->action != OTHER_KEEP) ||
	    (u->action == OTHER_MASQUERADE && v->action == OTHER_MASQUERADE))
		return false;
	if (*u->out && *v->out)
		return ifname_overlap(u->out, v->out) != OVERLAP_DISJOINT;
	if (*u->out && d->host->route)
		return d->host->route(&v->dst.addr, way) &&
		       ifname_overlap(u->out, way) != OVERLAP_DISJOINT;
	/* what is for all that leaves by one interface is for the way out, not for a target */
	return !*u->out || network_is_set(&u->dst);
}

/* Whether a rule before it, which stays, may decide about the source first. */
static bool is_preceded(const struct draft *d, size_t i)
{
	for (size_t n = 0; n < i; n++)
		if (d->out->rules[d->out->rule_of[n]].fate != ADOPT_TAKEN &&
		    precedes(d, &d->rules->items[n], &d->rules->items[i]))
			return true;
	return false;
}

enum use {
	USE_NONE,   /* the forward's connections are not those of the value */
	USE_SOURCE, /* --masquerade or --snat */
	USE_HAIRPIN,
	USE_PART, /* only some of its connections, in a way that no option can say */
};

static enum use find_use(const struct forward *f, const struct other_rule *v)
{
	enum overlap from = network_overlap(&f->from, &v->from);
	if (from == OVERLAP_EQUAL || from == OVERLAP_INSIDE)
		return USE_SOURCE;
	if (from == OVERLAP_DISJOINT)
		return USE_NONE;
	if (v->action != OTHER_MASQUERADE)
		return USE_PART;
	for (size_t i = 0; i < forward_hairpin_count(f); i++)
		if (network_overlap(&f->hairpin_nets->items[i], &v->from) == OVERLAP_EQUAL)
			return USE_HAIRPIN;
	return *f->ifname ? USE_PART : USE_HAIRPIN;
}

static bool add_hairpin(struct forward *f, const struct network *net)
{
	struct network items[NETWORKS_MAX];
	size_t count = forward_hairpin_count(f);
	for (size_t i = 0; i < count; i++)
		if (network_overlap(&f->hairpin_nets->items[i], net) == OVERLAP_EQUAL)
			return true;
	if (count == NETWORKS_MAX)
		return false;
	if (count)
		memcpy(items, f->hairpin_nets->items, count * sizeof(*items));
	items[count] = *net;
	f->hairpin_nets = networks_of(items, count + 1);
	f->hairpin = f->hairpin_nets != NULL;
	return f->hairpin;
}

/* Why the forward cannot have what the value does; NULL: changed has it. */
static const char *change(const struct forward *f, const struct other_rule *v, enum use use,
			  struct forward *changed)
{
	static const char other[] = "another rule translates the source for the same forward";
	struct err ignored;
	*changed = *f;
	if (use == USE_PART)
		return "only some connections of the forward have their source translated";
	if (use == USE_HAIRPIN && !add_hairpin(changed, &v->from))
		return "the forward has too many networks for --hairpin";
	if (use == USE_SOURCE && v->action == OTHER_MASQUERADE)
		changed->masquerade = true;
	if (use == USE_SOURCE && v->action == OTHER_SNAT)
		changed->snat = v->to;
	if (use == USE_SOURCE && forward_translates_source(f) &&
	    (changed->masquerade != f->masquerade || !address_equal(&changed->snat, &f->snat)))
		return other;
	return forward_check(changed, &ignored) < 0 ? other : NULL;
}

/* Whether a forward with that option would be in conflict with another one. */
static bool is_in_conflict(const struct draft *d, const struct forward *f,
			   const struct candidate *c)
{
	for (size_t i = 0; i < d->count; i++) {
		const struct candidate *o = &d->items[i];
		if (o != c && (is_forward(d, o) || o->f.except) && conflict_between(f, &o->f))
			return true;
	}
	for (size_t i = 0; d->host->present && i < d->host->present->count; i++)
		if (conflict_between(f, &d->host->present->items[i]))
			return true;
	return false;
}

/*
 * Why the value cannot become an option of all forwards whose connections it takes; NULL: it can.
 * *any: there are such forwards. These are changed with apply.
 */
static const char *put_into_forwards(struct draft *d, size_t i, bool apply, bool *any)
{
	const struct other_rule *v = &d->rules->items[i];
	bool whole = false;
	*any = false;
	for (size_t n = 0; n < d->count; n++) {
		struct candidate *c = &d->items[n];
		struct forward changed;
		if (!is_forward(d, c) || !goes_there(&c->f, v))
			continue;
		*any = true;
		enum use use = find_use(&c->f, v);
		if (c->there && use != USE_NONE)
			return "the forward is there already";
		const char *reason = use == USE_NONE ? NULL : change(&c->f, v, use, &changed);
		if (!reason && use == USE_HAIRPIN && is_in_conflict(d, &changed, c))
			reason = "--hairpin would be in conflict with another forward";
		if (reason)
			return reason;
		whole = whole || (use != USE_NONE &&
				  ports_overlap(v->ports, c->f.target_ports) == OVERLAP_EQUAL);
		if (ports_overlap(c->f.target_ports, v->ports) == OVERLAP_AROUND ||
		    ports_overlap(c->f.target_ports, v->ports) == OVERLAP_CROSS)
			return "it is for some ports of the forward alone";
		if (apply && use != USE_NONE)
			c->f = changed;
	}
	if (!whole)
		return "it also translates the source of other connections";
	if (v->to_ports.last || address_is_set(&v->to_last))
		return "it chooses ports or one of several addresses";
	if (is_preceded(d, i))
		return "a rule before it may decide about the source first";
	return is_needed_by_others(d, v) ? "a rule that stays needs it" : NULL;
}

static void take_rule(struct draft *d, size_t rule)
{
	struct adopt_rule *r = &d->out->rules[rule];
	const char *reason = NULL;
	bool any = false, related = false;
	for (size_t i = r->first; i <= r->last; i++) {
		const struct other_rule *v = &d->rules->items[i];
		if (d->out->rule_of[i] != rule)
			continue;
		const char *why = NULL;
		if (is_of_service(v))
			why = put_into_forwards(d, i, false, &related);
		any = any || related;
		if (!v->exact)
			why = "no forward can say all of it";
		else if (!is_of_service(v) || !related)
			why = "it also translates the source of other connections";
		reason = reason ? reason : why;
	}
	if (!any)
		return; /* it is none of ours */
	if (reason) {
		draft_give_up(d, rule, "%s; it goes on to translate the source", reason);
		return;
	}
	for (size_t i = r->first; i <= r->last; i++)
		if (d->out->rule_of[i] == rule)
			put_into_forwards(d, i, true, &related);
	r->fate = ADOPT_TAKEN;
	if (!network_is_set(&d->rules->items[r->first].from))
		draft_note(d, rule,
			   "the source of what is sent to the target itself is not translated any "
			   "more");
}

void draft_sources(struct draft *d)
{
	for (size_t rule = 0; rule < d->out->count; rule++) {
		const struct other_rule *v = &d->rules->items[d->out->rules[rule].first];
		if (is_of_service(v) && !*v->owner)
			take_rule(d, rule);
	}
}
