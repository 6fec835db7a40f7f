/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UDP flows against the forwards before and after a change. */
#include <string.h>

#include "conns/stale.h"

static int keep_missing(const struct forwards *of, const struct forwards *in, struct forwards *out,
			struct err *err)
{
	struct forwards_missing walk = {.of = of, .in = in};
	const struct forward *f;
	while ((f = forwards_next_missing(&walk)))
		if (f->proto == PROTO_UDP && forwards_add(out, f, err) < 0)
			return -1;
	return 0;
}

int stale_make(const struct forwards *before, const struct forwards *after,
	       const struct stale_host *host, struct stale *out, struct err *err)
{
	*out = (struct stale){.host = *host, .after = after};
	if (keep_missing(before, after, &out->removed, err) == 0 &&
	    keep_missing(after, before, &out->added, err) == 0)
		return 0;
	stale_free(out);
	return -1;
}

bool stale_possible(const struct stale *s)
{
	return s->removed.count + s->added.count > 0;
}

int stale_index(struct stale *s, struct err *err)
{
	if (s->changed.count)
		return 0;
	if (forwards_add_all(&s->changed, &s->added, err) < 0 ||
	    forwards_add_all(&s->changed, &s->removed, err) < 0 ||
	    lookup_make(&s->changed, &s->changed_at, err) < 0 ||
	    lookup_make(&s->added, &s->added_at, err) < 0 ||
	    lookup_make(&s->removed, &s->removed_at, err) < 0)
		return -1;
	return lookup_make(s->after, &s->after_at, err);
}

void stale_free(struct stale *s)
{
	lookup_free(&s->changed_at);
	lookup_free(&s->added_at);
	lookup_free(&s->removed_at);
	lookup_free(&s->after_at);
	forwards_free(&s->changed);
	forwards_free(&s->added);
	forwards_free(&s->removed);
}

struct sender {
	const struct address *addr;
	bool local;            /* a program of this host */
	const char *interface; /* NULL: not known */
};

enum fit { /* how a forward takes packets; the order is the tables' */
	   FIT_PROPER,
	   FIT_ADDITION,
	   FIT_NONE,
};

static bool may_come_in(const struct forward *f, const char *interface)
{
	if (!interface || !*f->ifname)
		return true;
	enum overlap r = ifname_overlap(interface, f->ifname);
	return r == OVERLAP_EQUAL || r == OVERLAP_INSIDE;
}

static enum fit fit_of(const struct forward *f, const struct sender *sender)
{
	if (sender->local)
		return f->local ? FIT_ADDITION : FIT_NONE;
	if (may_come_in(f, sender->interface) && network_holds(&f->from, sender->addr))
		return FIT_PROPER;
	if (f->hairpin && network_holds(&f->hairpin_net, sender->addr))
		return FIT_ADDITION;
	return FIT_NONE;
}

/* The forward that takes the sender's packets to that destination, or NULL; *by_interface: whether
 * one of those looked at has one. */
static const struct forward *find(const struct stale *s, const struct lookup *lookup,
				  const struct endpoint *to, const struct sender *sender,
				  bool *by_interface)
{
	const struct forward *best = NULL, *f;
	enum fit best_fit = FIT_NONE;
	bool local = s->host.is_local(s->host.context, &to->addr);
	struct lookup_walk walk = lookup_begin(lookup, to->addr.family, PROTO_UDP, to);
	while ((f = lookup_next(&walk))) {
		enum fit fit = fit_of(f, sender);
		if (fit == FIT_NONE || (!address_is_set(&f->addr) && !local))
			continue;
		*by_interface = *by_interface || *f->ifname;
		struct match box = forward_match(f), best_box = best ? forward_match(best) : box;
		if (!best || fit < best_fit ||
		    (fit == best_fit && match_compare(&box, &best_box) < 0)) {
			best = f;
			best_fit = fit;
		}
	}
	return best;
}

static bool goes_to_any(const struct lookup *lookup, const struct connection *c)
{
	const struct forward *f;
	struct lookup_walk walk = lookup_begin(lookup, c->family, PROTO_UDP, &c->via);
	while ((f = lookup_next(&walk)))
		if (lookup_goes_to(f, c))
			return true;
	return false;
}

static struct sender sender_at(const struct stale *s, const struct address *addr)
{
	struct sender sender = {.addr = addr, .local = s->host.is_local(s->host.context, addr)};
	if (!sender.local)
		sender.interface = s->host.interface_to(s->host.context, addr);
	return sender;
}

/* A program of this host that has answered from a port that is now forwarded away: its next packet
 * makes the flow anew, in reverse, and the client goes on bypassing the forward. */
static bool stale_reverse(const struct stale *s, const struct connection *c)
{
	bool ignored = false;
	struct lookup_walk walk = lookup_begin(&s->added_at, c->family, PROTO_UDP, &c->client);
	if (c->translated || !lookup_next(&walk) ||
	    !s->host.is_local(s->host.context, &c->client.addr))
		return false;
	struct sender peer = sender_at(s, &c->via.addr);
	return find(s, &s->added_at, &c->client, &peer, &ignored) != NULL;
}

bool stale_flow(const struct stale *s, const struct connection *c)
{
	bool by_interface = false, ignored = false;
	if (c->proto != PROTO_UDP)
		return false;
	struct lookup_walk walk = lookup_begin(&s->changed_at, c->family, PROTO_UDP, &c->via);
	if (!lookup_next(&walk))
		return stale_reverse(s, c);
	struct sender client = sender_at(s, &c->client.addr);
	if (!find(s, &s->changed_at, &c->via, &client, &ignored))
		return stale_reverse(s, c);
	const struct forward *now = find(s, &s->after_at, &c->via, &client, &by_interface);
	if (!client.local && !client.interface && by_interface)
		return c->translated ? !goes_to_any(&s->after_at, c) : true;
	if (now)
		return !lookup_goes_to(now, c);
	return c->translated && goes_to_any(&s->removed_at, c);
}
