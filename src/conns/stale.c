/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel decides on the first packet of a flow where the flow goes, and never asks the rules
 * again. A UDP flow has no end that both sides agree on: a resolver or a VPN that sends all the
 * time from one port keeps its flow for ever. So after a change of forwards its packets would still
 * go where the old forwards sent them. The remedy is to remove such flows from conntrack; the next
 * packet begins the flow again, by the rules as they are now.
 *
 * This file decides which flows these are. A flow that no changed forward concerns is left alone.
 * For the others it works out which forward takes the client's packets now, and compares where that
 * forward sends them with where the flow goes.
 *
 * Which forward takes a packet depends on the interface that it came in on, which conntrack does
 * not keep. The interface of the route back to the client stands for it. If there is no such route
 * the interface is not known, and every forward might take the packet.
 */
#include <string.h>

#include "conns/stale.h"

/* ---- the sets ---- */

static int add_udp(struct stale_set *set, const struct forward *f, struct err *err)
{
	return f->proto == PROTO_UDP ? forwards_add(&set->forwards, f, err) : 0;
}

int stale_make(const struct stale_change *change, const struct stale_host *host, struct stale *out,
	       struct err *err)
{
	struct stale s = {.host = *host, .change = *change};
	struct forwards_missing gone = {.of = change->before, .in = change->after};
	struct forwards_missing come = {.of = change->after, .in = change->before};
	const struct forward *f;
	int result = 0;
	while (result == 0 && (f = forwards_next_missing(&gone)))
		result = add_udp(&s.removed, f, err);
	while (result == 0 && (f = forwards_next_missing(&come)))
		if (!forward_expired(f, change->now))
			result = add_udp(&s.added, f, err);
	if (result < 0)
		stale_free(&s);
	*out = s;
	return result;
}

bool stale_possible(const struct stale *s)
{
	return s->removed.forwards.count + s->added.forwards.count > 0;
}

int stale_index(struct stale *s, struct err *err)
{
	const struct forwards *after = s->change.after;
	if (s->indexed)
		return 0;
	for (size_t i = 0; i < after->count; i++)
		if (!forward_expired(&after->items[i], s->change.now) &&
		    add_udp(&s->now, &after->items[i], err) < 0)
			return -1;
	if (lookup_make(&s->removed.forwards, &s->removed.index, err) < 0 ||
	    lookup_make(&s->added.forwards, &s->added.index, err) < 0)
		return -1;
	s->indexed = lookup_make(&s->now.forwards, &s->now.index, err) == 0;
	return s->indexed ? 0 : -1;
}

static void free_set(struct stale_set *set)
{
	lookup_free(&set->index);
	forwards_free(&set->forwards);
}

void stale_free(struct stale *s)
{
	free_set(&s->removed);
	free_set(&s->added);
	free_set(&s->now);
	*s = (struct stale){0};
}

/* ---- who takes a packet ---- */

struct sender {
	const struct address *addr;
	bool local; /* a program of this host */
	bool routed;
	char interface[IFNAME_MAX]; /* if it is routed */
};

static struct sender sender_at(const struct stale *s, const struct address *addr)
{
	struct sender sender = {.addr = addr,
				.local = s->host.owner(s->host.context, addr) != NULL};
	if (!sender.local)
		sender.routed = s->host.interface_to(s->host.context, addr, sender.interface);
	return sender;
}

enum fit { /* how a forward takes packets; the order is that of the kernel's rules */
	   FIT_PROPER,
	   FIT_ADDITION, /* of --hairpin or --local */
	   FIT_NONE,
};

/* --hairpin without an address in SPEC is for those who come in by another interface than the
 * forward's, and ask for an address that is none of their own interface. */
static bool adds_hairpin(const struct forward *f, const struct sender *sender, const char *owner)
{
	if (!f->hairpin || !networks_hold(f->hairpin_nets, sender->addr))
		return false;
	if (address_is_set(&f->addr) || !sender->routed)
		return true;
	enum overlap r =
		*f->ifname ? ifname_overlap(sender->interface, f->ifname) : OVERLAP_DISJOINT;
	bool comes_in = r == OVERLAP_EQUAL || r == OVERLAP_INSIDE;
	return !comes_in && (!owner || strcmp(owner, sender->interface) != 0);
}

/* owner: the interface that has the address which the packets are sent to, or NULL. */
static enum fit fit_of(const struct forward *f, const struct sender *sender, const char *owner)
{
	if (sender->local)
		return f->local ? FIT_ADDITION : FIT_NONE;
	enum overlap r = sender->routed && *f->ifname ? ifname_overlap(sender->interface, f->ifname)
						      : OVERLAP_EQUAL;
	bool comes_in = r == OVERLAP_EQUAL || r == OVERLAP_INSIDE;
	if (comes_in && network_holds(&f->from, sender->addr))
		return FIT_PROPER;
	return adds_hairpin(f, sender, owner) ? FIT_ADDITION : FIT_NONE;
}

struct taker {
	const struct forward *f; /* NULL: none */
	bool by_interface;       /* a forward that might take the packet names an interface */
};

/* The forward of the set that takes the sender's packets to that destination. */
static struct taker find_taker(const struct stale *s, const struct stale_set *set,
			       const struct endpoint *to, const struct sender *sender)
{
	struct taker best = {NULL, false};
	enum fit best_fit = FIT_NONE;
	const struct forward *f;
	const char *owner = s->host.owner(s->host.context, &to->addr);
	struct lookup_walk walk = lookup_begin(&set->index, PROTO_UDP, to, NULL);
	while ((f = lookup_next(&walk))) {
		enum fit fit = fit_of(f, sender, owner);
		if (fit == FIT_NONE || (!address_is_set(&f->addr) && !owner))
			continue;
		best.by_interface = best.by_interface || *f->ifname;
		struct match box = forward_match(f),
			     best_box = best.f ? forward_match(best.f) : box;
		if (!best.f || fit < best_fit ||
		    (fit == best_fit && match_compare(&box, &best_box) < 0)) {
			best.f = f;
			best_fit = fit;
		}
	}
	return best;
}

/* ---- flows ---- */

/* Whether a forward of the set might take packets to that destination: a quick question before the
 * host is asked about the sender. */
static bool concerns(const struct stale_set *set, const struct endpoint *to)
{
	struct lookup_walk walk = lookup_begin(&set->index, PROTO_UDP, to, NULL);
	return lookup_next(&walk) != NULL;
}

/* Where the forward sends it, to the port. The kernel may have gone on to the next port of a range,
 * because the tuple was taken; then the flow begins anew for nothing. */
static bool goes_to(const struct forward *f, const struct connection *c)
{
	return lookup_goes_to(f, c) &&
	       (f->except || lookup_target(f, &c->via).port == c->target.port);
}

static bool goes_to_any(const struct stale_set *set, const struct connection *c)
{
	const struct forward *f;
	struct lookup_walk walk = lookup_begin(&set->index, PROTO_UDP, &c->via, NULL);
	while ((f = lookup_next(&walk)))
		if (lookup_goes_to(f, c))
			return true;
	return false;
}

/* The flow of a program of this host that answered from a port which is forwarded away now. Its
 * next packet would make the flow anew, in reverse, and the client would go on to bypass the
 * forward. */
static bool is_stale_reverse(const struct stale *s, const struct connection *c)
{
	if (c->translated || !concerns(&s->added, &c->client) ||
	    !s->host.owner(s->host.context, &c->client.addr))
		return false;
	struct sender peer = sender_at(s, &c->via.addr);
	const struct forward *f = find_taker(s, &s->added, &c->client, &peer).f;
	return f && !f->except;
}

/*
 * The cases, for a client whose packets to the flow's destination are asked about:
 *
 *  a removed or added   | the interface     | a forward takes | the flow is stale if
 *  forward takes them   | is known          | them now        |
 * ----------------------+-------------------+-----------------+------------------------------------
 *  no                   |                   |                 | it is a program's answer, see above
 *  yes                  | yes, or no matter | yes             | it goes elsewhere than that forward
 *                       |                   |                 | sends it
 *  yes                  | yes, or no matter | no              | it goes where a removed forward
 *                       |                   |                 | sent it, or to a port that the
 *                       |                   |                 | removed one kept
 *  yes                  | no                | one might       | it is not translated, or it goes
 *                       |                   |                 | where none of those sends it
 *
 * The interface does not matter to programs of this host, nor if no forward in question names one.
 * Expired forwards take nothing. They count as removed if the change removes them, because flows
 * from before their end still go where they sent them.
 */
bool stale_flow(const struct stale *s, const struct connection *c)
{
	if (c->proto != PROTO_UDP)
		return false;
	if (!concerns(&s->removed, &c->via) && !concerns(&s->added, &c->via))
		return is_stale_reverse(s, c);
	struct sender client = sender_at(s, &c->client.addr);
	const struct forward *removed = find_taker(s, &s->removed, &c->via, &client).f;
	if (!removed && !find_taker(s, &s->added, &c->via, &client).f)
		return is_stale_reverse(s, c);
	struct taker now = find_taker(s, &s->now, &c->via, &client);
	if (!client.local && !client.routed && now.by_interface)
		return !c->translated || !goes_to_any(&s->now, c);
	if (now.f)
		return !goes_to(now.f, c);
	if (c->translated)
		return goes_to_any(&s->removed, c);
	/* conntrack does not call it translated if a range keeps the port that it is sent to */
	return removed && !removed->except && goes_to(removed, c);
}
