/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Of rules that take one packet the first wins, of forwards the narrower one. Forwards come before
 * all rules that stay. What would go elsewhere than before is given up, until nothing would.
 */
#include <stdlib.h>
#include <string.h>

#include "adopt/draft.h"
#include "model/conflict.h"
#include "syntax/spec.h"

/* ---- rules that stay ---- */

static bool value_stays(const struct draft *d, size_t i)
{
	const struct other_rule *v = &d->rules->items[i];
	return draft_translates(v) && (*v->owner || draft_stays(d, d->out->rule_of[i]));
}

/* Whether packets meet the value before they meet forwards. */
static bool is_before_forwards(const struct draft *d, const struct other_rule *v)
{
	const struct backend *home = d->host->home;
	if (!home || v->priority > home->priority)
		return false;
	return v->priority < home->priority ||
	       (home->after_nft && strcmp(v->backend, "nftables") == 0);
}

static bool share_packets(const struct other_rule *v, const struct forward *f)
{
	if (!draft_may_meet(v, f))
		return false;
	struct match a = draft_match(v, f->proto), b = forward_match(f);
	return match_overlap(&a, &b) != OVERLAP_DISJOINT;
}

static bool is_inside(enum overlap a_to_b)
{
	return a_to_b == OVERLAP_EQUAL || a_to_b == OVERLAP_INSIDE;
}

/* Whether the value says that none of the forward's packets must be. */
static bool leaves_out(const struct other_rule *v, const struct forward *f)
{
	return (*v->not_in && is_inside(ifname_overlap(f->ifname, v->not_in))) ||
	       (network_is_set(&v->not_from) &&
		is_inside(network_overlap(&f->from, &v->not_from))) ||
	       (network_is_set(&v->not_dst) && address_is_set(&f->addr) &&
		network_holds(&v->not_dst, &f->addr));
}

static void compare_with_staying(struct draft *d, const struct candidate *c)
{
	const struct other_rule *own = &d->rules->items[c->value];
	for (size_t n = 0; n < d->staying.count && !draft_stays(d, c->rule); n++) {
		size_t i = d->staying.items[n];
		const struct other_rule *v = &d->rules->items[i];
		bool later = i > c->value && !is_before_forwards(d, v);
		/* of what a rule does not take itself, others may take some at any time */
		bool missed = c->part == PART_REST ? leaves_out(v, &c->f) : later;
		if (v->hook != own->hook || missed || !share_packets(v, &c->f))
			continue;
		draft_give_up(d, c->rule,
			      "a rule of chain %s in table %s, which stays, may take some of its "
			      "packets first",
			      quote(v->chain).text, quote(v->table).text);
	}
}

/* ---- forwards that are there already ---- */

/* Whether the forward that is there does all that the other one would do. */
static bool does_all(const struct forward *there, const struct forward *f)
{
	return forward_same_place(there, f) && there->local >= f->local &&
	       (!f->hairpin || networks_compare(there->hairpin_nets, f->hairpin_nets) == 0);
}

static void compare_with_present(struct draft *d, struct candidate *c)
{
	const struct forwards *present = d->host->present;
	struct match own = forward_match(&c->f);
	char text[SPEC_TEXT_MAX];
	c->there = false;
	for (size_t i = 0; present && i < present->count && !draft_stays(d, c->rule); i++) {
		const struct forward *p = &present->items[i];
		struct match other = forward_match(p);
		if (p->family != c->f.family)
			continue;
		enum overlap o = match_overlap(&other, &own);
		c->there = c->there || (o == OVERLAP_EQUAL && does_all(p, &c->f));
		if (c->there || (!conflict_between(p, &c->f) &&
				 (o != OVERLAP_AROUND || forward_same_place(p, &c->f))))
			continue;
		spec_format(p, text);
		draft_give_up(
			d, c->rule,
			"the forward %s, which is there already, takes its packets or would be "
			"in conflict",
			text);
	}
}

/* ---- exceptions ---- */

static bool is_keep_of(const struct draft *d, size_t i, const struct candidate *c)
{
	const struct other_rule *v = &d->rules->items[i], *own = &d->rules->items[c->value];
	return v->action == OTHER_KEEP && v->hook == own->hook && i < c->value &&
	       draft_same_base(v, own) && share_packets(v, &c->f);
}

static struct ports narrower_ports(struct ports a, struct ports b)
{
	return (struct ports){a.first > b.first ? a.first : b.first,
			      a.last < b.last ? a.last : b.last};
}

/* The packets of c that the value keeps as they are. */
static void add_exception(struct draft *d, size_t i, size_t at)
{
	const struct other_rule *v = &d->rules->items[i];
	const struct candidate c = d->items[at];
	struct match a = draft_match(v, c.f.proto), b = forward_match(&c.f);
	struct candidate e = {.part = PART_EXCEPTION, .value = i, .rule = c.rule};
	struct err why;
	enum overlap o = match_overlap(&a, &b);
	bool a_network = network_is_set(&a.dst) && !network_is_host(&a.dst);
	if (!v->exact || (v->states && !(v->states & OTHER_NEW)) ||
	    d->rules->items[c.value].hook != OTHER_PREROUTING ||
	    (a_network && !address_is_set(&c.f.addr))) {
		draft_give_up(d, c.rule,
			      "a rule of chain %s before it keeps some of its packets as they are, "
			      "in a way that no exception can say",
			      quote(v->chain).text);
		return;
	}
	if (o == OVERLAP_EQUAL || o == OVERLAP_AROUND) {
		draft_give_up(d, c.rule,
			      "a rule of chain %s before it keeps all of its packets as "
			      "they are",
			      quote(v->chain).text);
		return;
	}
	e.f = (struct forward){.family = c.f.family, .proto = c.f.proto, .except = true};
	e.f.ports = e.f.target_ports = narrower_ports(a.ports, b.ports);
	bool in_a = ifname_overlap(a.ifname, b.ifname) == OVERLAP_INSIDE;
	memcpy(e.f.ifname, in_a ? a.ifname : b.ifname, sizeof(e.f.ifname));
	e.f.addr = address_is_set(&c.f.addr) ? c.f.addr : a.dst.addr;
	e.f.from = network_overlap(&a.src, &b.src) == OVERLAP_INSIDE ? a.src : b.src;
	if (forward_check(&e.f, &why) < 0)
		draft_give_up(d, c.rule,
			      "a rule before it keeps some of its packets as they are: "
			      "%s",
			      why.text);
	else
		draft_add(d, &e);
}

enum rest {
	REST_SOME,
	REST_NONE, /* of the forward's packets */
	REST_ALL,
	REST_NETWORK, /* what is sent to a network, which no exception can say */
};

static enum rest rest_of(enum overlap forward_to_rest)
{
	return forward_to_rest == OVERLAP_DISJOINT ? REST_NONE
	       : is_inside(forward_to_rest)        ? REST_ALL
						   : REST_SOME;
}

/* Leave of f's packets those that the value says must not be. */
static enum rest take_rest(const struct other_rule *v, struct forward *f)
{
	const struct network *left = network_is_set(&v->not_from) ? &v->not_from : &v->not_dst;
	enum rest rest;
	if (*v->not_in) {
		rest = rest_of(ifname_overlap(f->ifname, v->not_in));
		memcpy(f->ifname, v->not_in, sizeof(f->ifname));
		return rest;
	}
	if (left->addr.family != f->family)
		return REST_NONE;
	if (left == &v->not_from) {
		rest = rest_of(network_overlap(&f->from, left));
		f->from = *left;
		return rest;
	}
	if (address_is_set(&f->addr))
		return network_holds(left, &f->addr) ? REST_ALL : REST_NONE;
	f->addr = left->addr;
	return network_is_host(left) ? REST_SOME : REST_NETWORK;
}

/* The packets of a forward that its rule says must not be. */
static void add_rest(struct draft *d, size_t at)
{
	const struct candidate c = d->items[at];
	struct candidate e = {.part = PART_REST, .value = c.value, .rule = c.rule};
	struct err why;
	e.f = (struct forward){.family = c.f.family,
			       .proto = c.f.proto,
			       .from = c.f.from,
			       .addr = c.f.addr,
			       .ports = c.f.ports,
			       .target_ports = c.f.ports,
			       .except = true};
	memcpy(e.f.ifname, c.f.ifname, sizeof(e.f.ifname));
	switch (take_rest(&d->rules->items[c.value], &e.f)) {
	case REST_SOME:
		if (forward_check(&e.f, &why) < 0)
			draft_give_up(d, c.rule, "what it does not take is no exception: %s",
				      why.text);
		else if (draft_add(d, &e))
			d->items[at].rest = d->count;
		break;
	case REST_ALL:
		draft_give_up(d, c.rule, "it takes nothing");
		break;
	case REST_NETWORK:
		draft_give_up(d, c.rule,
			      "it takes what is not sent to a network, and no exception can say "
			      "that");
		break;
	case REST_NONE:
		break;
	}
}

static bool is_keep(const struct draft *d, size_t i)
{
	return d->rules->items[i].action == OTHER_KEEP;
}

static void add_exceptions(struct draft *d, size_t proper)
{
	for (size_t at = 0; at < proper; at++) {
		for (size_t n = 0; n < d->keeps.count && !draft_stays(d, d->items[at].rule); n++)
			if (is_keep_of(d, d->keeps.items[n], &d->items[at]))
				add_exception(d, d->keeps.items[n], at);
		if (!draft_stays(d, d->items[at].rule) &&
		    other_rule_negates(&d->rules->items[d->items[at].value]))
			add_rest(d, at);
	}
}

/* ---- among each other ---- */

/* What a rule does not take goes on to other rules: forwards of these may be narrower than the
 * exception, or be it instead. */
static void compare_rest(struct draft *d, struct candidate *e, const struct candidate *other)
{
	struct match m = forward_match(&other->f), n = forward_match(&e->f);
	enum overlap o = match_overlap(&m, &n);
	if (other->value == e->value || o == OVERLAP_INSIDE || other->part == PART_SAME ||
	    (other->f.except && o == OVERLAP_AROUND))
		return;
	if (o == OVERLAP_EQUAL && (other->part == PART_FORWARD || other->f.except))
		e->part = PART_SAME;
	else
		draft_give_up(
			d, e->rule,
			"another rule takes what it leaves out, and no exception can say that");
}

/* Whether a's rule says that none of these packets must be. */
static bool is_left_out(const struct draft *d, const struct candidate *a, const struct match *m)
{
	if (!a->rest)
		return false;
	struct match out = forward_match(&d->items[a->rest - 1].f);
	return is_inside(match_overlap(m, &out));
}

/* a is of the earlier rule. */
static void compare_two(struct draft *d, struct candidate *a, struct candidate *b)
{
	struct match m = forward_match(&a->f), n = forward_match(&b->f);
	enum overlap o = match_overlap(&m, &n);
	if (a->f.family != b->f.family || o == OVERLAP_DISJOINT)
		return;
	if (a->part == PART_REST || b->part == PART_REST) {
		if (a->part == PART_REST)
			compare_rest(d, a, b);
		else
			compare_rest(d, b, a);
		return;
	}
	if (is_left_out(d, a, &n))
		return;
	bool same = forward_same_place(&a->f, &b->f);
	bool added = a->part == PART_HAIRPIN || a->part == PART_LOCAL || b->part == PART_HAIRPIN ||
		     b->part == PART_LOCAL;
	if (added && same)
		return;
	if (o == OVERLAP_EQUAL && same && !a->rest) {
		if (b->part == PART_FORWARD) {
			b->part = PART_SAME;
			b->with = (size_t)(a - d->items);
		}
	} else if ((o == OVERLAP_EQUAL || o == OVERLAP_AROUND) && !same && !added && !a->rest) {
		draft_give_up(d, b->rule, "a rule before it takes all of its packets");
	} else if (added || o == OVERLAP_CROSS || (a->rest && o != OVERLAP_INSIDE)) {
		draft_give_up(d, b->rule,
			      "a rule before it takes some of its packets, and forwards "
			      "of which none is narrower than the other conflict");
	}
}

static bool is_of_output(const struct draft *d, const struct candidate *c)
{
	return d->rules->items[c->value].hook == OTHER_OUTPUT;
}

static int compare_ports(const void *a, const void *b)
{
	const struct candidate *const *x = a, *const *y = b;
	int d = (*x)->f.ports.first - (*y)->f.ports.first;
	return d ? d : (*x > *y) - (*x < *y);
}

/* Sorted by their first ports, so that few are compared where most have one. */
static void compare_all(struct draft *d)
{
	struct candidate **sorted = calloc(d->count + 1, sizeof(struct candidate *));
	d->failed = d->failed || !sorted;
	if (!sorted)
		return;
	for (size_t i = 0; i < d->count; i++)
		sorted[i] = &d->items[i];
	qsort(sorted, d->count, sizeof(struct candidate *), compare_ports);
	for (size_t i = 0; i < d->count; i++)
		for (size_t j = i + 1; j < d->count; j++) {
			struct candidate *a = sorted[i], *b = sorted[j];
			if (b->f.ports.first > a->f.ports.last)
				break;
			if (draft_stays(d, a->rule) || draft_stays(d, b->rule) ||
			    is_of_output(d, a) != is_of_output(d, b))
				continue;
			if (b->value < a->value || (b->value == a->value && b < a)) {
				struct candidate *earlier = b;
				b = a;
				a = earlier;
			}
			compare_two(d, a, b);
		}
	free(sorted);
}

/* ---- what belongs together ---- */

static const struct networks *add_network(const struct networks *nets, const struct network *net)
{
	struct network items[NETWORKS_MAX];
	size_t count = nets ? nets->count : 0;
	if (count == NETWORKS_MAX)
		return NULL;
	if (nets)
		memcpy(items, nets->items, count * sizeof(*items));
	items[count] = *net;
	return networks_of(items, count + 1);
}

static void put_together(struct draft *d)
{
	for (size_t i = 0; i < d->count; i++) {
		d->items[i].f.local = d->items[i].f.hairpin = false;
		d->items[i].f.hairpin_nets = NULL;
		d->items[i].rest = 0;
		if (d->items[i].part == PART_SAME)
			d->items[i].part = PART_FORWARD;
	}
	for (size_t i = 0; i < d->count; i++) {
		const struct candidate *x = &d->items[i];
		if (draft_stays(d, x->rule) || (x->part != PART_HAIRPIN && x->part != PART_LOCAL))
			continue;
		struct forward *f = &d->items[x->with].f;
		if (draft_stays(d, d->items[x->with].rule)) {
			draft_give_up(d, x->rule,
				      "the rule that does the same for other clients "
				      "stays");
		} else if (x->part == PART_LOCAL) {
			f->local = true;
		} else {
			f->hairpin_nets = add_network(f->hairpin_nets, &x->f.from);
			f->hairpin = f->hairpin_nets != NULL;
			if (!f->hairpin)
				draft_give_up(d, x->rule,
					      "a forward has --hairpin for at most %d "
					      "networks",
					      NETWORKS_MAX);
		}
	}
}

/* ---- rules that kept packets out ---- */

/* Whether all that the value does is an exception of forwards. */
static bool is_used_up(const struct draft *d, size_t i)
{
	const struct other_rule *v = &d->rules->items[i];
	bool held = false;
	if (!v->exact || *v->owner || !v->proto || v->hook != OTHER_PREROUTING)
		return false;
	for (size_t at = 0; at < d->count && !held; at++) {
		const struct candidate *c = &d->items[at];
		struct match a = draft_match(v, c->f.proto), b = forward_match(&c->f);
		held = c->part == PART_FORWARD && c->value > i && !draft_stays(d, c->rule) &&
		       v->family == c->f.family && match_overlap(&a, &b) == OVERLAP_INSIDE &&
		       draft_same_base(v, &d->rules->items[c->value]);
	}
	for (size_t s = i + 1; held && s < d->rules->count; s++) {
		const struct other_rule *later = &d->rules->items[s];
		struct match a = draft_match(v, v->proto), b = draft_match(later, v->proto);
		if (value_stays(d, s) && draft_same_base(v, later) &&
		    match_overlap(&a, &b) != OVERLAP_DISJOINT)
			held = false;
	}
	return held;
}

static void take_keeps(struct draft *d)
{
	for (size_t i = 0; i < d->rules->count; i++) {
		struct adopt_rule *r = &d->out->rules[d->out->rule_of[i]];
		if (d->rules->items[i].action != OTHER_KEEP || r->first != i)
			continue;
		bool used = true;
		for (size_t n = r->first; used && n <= r->last; n++)
			if (d->out->rule_of[n] == d->out->rule_of[i])
				used = is_used_up(d, n);
		if (used)
			r->fate = ADOPT_TAKEN;
	}
}

void draft_order(struct draft *d)
{
	size_t proper = d->count;
	draft_pick(d, &d->keeps, is_keep);
	do {
		draft_pick(d, &d->staying, value_stays);
		d->changed = false;
		d->count = proper;
		put_together(d);
		add_exceptions(d, proper);
		for (size_t i = 0; i < d->count; i++)
			if (!draft_stays(d, d->items[i].rule)) {
				compare_with_staying(d, &d->items[i]);
				compare_with_present(d, &d->items[i]);
			}
		compare_all(d);
	} while (d->changed && !d->failed);
	take_keeps(d);
}
