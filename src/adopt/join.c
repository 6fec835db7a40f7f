/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules that let clients behind this host, or its own programs, use what is forwarded for others.
 */
#include <string.h>

#include "adopt/draft.h"

/* Whether both send the same ports to the same place. */
static bool is_same_service(const struct forward *a, const struct forward *b)
{
	return a->family == b->family && a->proto == b->proto && ports_equal(a->ports, b->ports) &&
	       forward_same_place(a, b);
}

/* Whether the source of NET's clients of that target is masqueraded. */
static bool is_masqueraded(const struct draft *d, const struct forward *f)
{
	for (size_t i = 0; i < d->rules->count; i++) {
		const struct other_rule *v = &d->rules->items[i];
		if (v->action == OTHER_MASQUERADE && v->hook == OTHER_POSTROUTING && v->exact &&
		    draft_may_meet(v, f) && network_overlap(&v->from, &f->from) == OVERLAP_EQUAL &&
		    draft_goes_to(f, &v->dst) &&
		    (!v->ports.last || (ports_hold(v->ports, f->target_ports.first) &&
					ports_hold(v->ports, f->target_ports.last))))
			return true;
	}
	return false;
}

static bool can_have_hairpin(const struct draft *d, const struct candidate *x,
			     const struct candidate *c)
{
	const struct forward *f = &c->f;
	return c != x && c->part == PART_FORWARD && d->rules->items[c->value].exact && *f->ifname &&
	       !network_is_set(&f->from) && d->rules->items[c->value].hook == OTHER_PREROUTING &&
	       (!address_is_set(&f->addr) || address_equal(&f->addr, &x->f.addr)) &&
	       is_same_service(f, &x->f);
}

static void join_hairpin(struct draft *d, struct candidate *x)
{
	if (*x->f.ifname || !network_is_set(&x->f.from) || !address_is_set(&x->f.addr) ||
	    !d->rules->items[x->value].exact || !is_masqueraded(d, &x->f))
		return;
	for (size_t i = 0; i < d->count && x->part == PART_FORWARD; i++)
		if (can_have_hairpin(d, x, &d->items[i])) {
			x->part = PART_HAIRPIN;
			x->with = i;
			if (!address_is_set(&d->items[i].f.addr))
				draft_note(d, x->rule,
					   "the forward lets these clients use every address of "
					   "this host but that of their own interface");
		}
}

/* Why --local cannot be what the value means. */
static const char *refuse_local(const struct other_rule *v)
{
	if (*v->out)
		return "it takes what programs of this host send by one interface; --local takes "
		       "what they send to an address of this host, but not to 127.0.0.1";
	if (network_is_set(&v->from))
		return "it asks for the source of what programs of this host send";
	if (!v->here && !network_is_set(&v->dst))
		return "it takes what programs of this host send to anywhere";
	return NULL;
}

static bool can_have_local(const struct draft *d, const struct candidate *x,
			   const struct candidate *c)
{
	return c->part == PART_FORWARD && d->rules->items[c->value].hook == OTHER_PREROUTING &&
	       address_equal(&c->f.addr, &x->f.addr) && is_same_service(&c->f, &x->f);
}

static void join_local(struct draft *d, struct candidate *x)
{
	const char *reason = refuse_local(&d->rules->items[x->value]);
	x->part = PART_LOCAL;
	for (size_t i = 0; !reason && i < d->count; i++)
		if (can_have_local(d, x, &d->items[i])) {
			x->with = i;
			return;
		}
	draft_give_up(d, x->rule, "%s",
		      reason ? reason
			     : "programs of this host alone use it: there is no forward of just "
			       "these ports, of that address and to that target, to which --local "
			       "could be added");
}

void draft_join(struct draft *d)
{
	for (size_t i = 0; i < d->count; i++) {
		struct candidate *x = &d->items[i];
		if (d->rules->items[x->value].hook == OTHER_OUTPUT)
			join_local(d, x);
		else
			join_hairpin(d, x);
	}
}
