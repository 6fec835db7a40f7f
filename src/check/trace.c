/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is seen may come late or in another order, and a copy may be missing, so a trace only notes
 * which steps were seen. They are told in their order; a later one waits a little for those before.
 */
#include <string.h>

#include "check/trace.h"

#define PATIENCE_MS 1000        /* for what this host does */
#define ANSWER_PATIENCE_MS 2000 /* for what the target does */
#define LATE_MS 100             /* for an observation to come after a later one */
#define KEPT_MS 130000          /* longer than the first packet is sent again (tcp_syn_retries) */

#define BIT(step) (1U << (step))
#define ENDS (BIT(TRACE_REFUSED) | BIT(TRACE_STOPPED) | BIT(TRACE_ANSWER_LEFT))

static bool is_own(const struct tracer *tracer, const struct address *addr)
{
	return host_address_owner(tracer->addresses, addr) != NULL;
}

/* The steps that the connection has to take. */
static unsigned int steps_of(const struct trace *t)
{
	unsigned int steps = BIT(TRACE_STEPS) - 1;
	if (t->own)
		steps &= ~(BIT(TRACE_ARRIVED) | BIT(TRACE_ANSWER_LEFT));
	if (t->here)
		steps &= ~BIT(TRACE_LEFT);
	/* a port of a range that keeps its number */
	if (t->here && endpoint_equal(&t->target, &t->via))
		steps &= ~BIT(TRACE_TRANSLATED);
	return steps;
}

static bool is_over(const struct trace *t)
{
	return t->told & (ENDS | (t->own ? BIT(TRACE_ANSWERED) : 0));
}

/* ---- whose it is ---- */

struct sighting { /* of a copy of a packet */
	const struct packet *packet;
	const char *ifname;
	int64_t now;
};

static bool takes_interface(const struct forward *f, const char *ifname)
{
	enum overlap o = *f->ifname ? ifname_overlap(ifname, f->ifname) : OVERLAP_EQUAL;
	return o == OVERLAP_EQUAL || o == OVERLAP_INSIDE;
}

static bool takes_address(const struct tracer *tracer, const struct forward *f,
			  const struct address *to)
{
	return address_is_set(&f->addr) ? address_equal(&f->addr, to) : is_own(tracer, to);
}

static bool takes(const struct forward *f, const char *ifname, const struct address *client)
{
	if (f->hairpin && networks_hold(f->hairpin_nets, client))
		return true;
	return takes_interface(f, ifname) && network_holds(&f->from, client);
}

/* The narrowest forward that takes the packet, or NULL. */
static const struct forward *find_taker(const struct tracer *tracer, const struct sighting *seen)
{
	const struct packet *p = seen->packet;
	const struct forward *best = NULL, *f;
	struct lookup_walk walk = lookup_begin(tracer->lookup, p->proto, &p->to, &p->from.addr);
	while ((f = lookup_next(&walk))) {
		if (forward_expired(f, tracer->now) || !takes_address(tracer, f, &p->to.addr) ||
		    !takes(f, seen->ifname, &p->from.addr))
			continue;
		const struct match a = forward_match(f);
		struct match b = {0};
		if (best)
			b = forward_match(best);
		if (!best || match_compare(&a, &b) < 0)
			best = f;
	}
	return best;
}

static enum trace_missed missed_by(const struct tracer *tracer, const struct forward *f,
				   const struct sighting *seen)
{
	const struct packet *p = seen->packet;
	const char *owner = host_address_owner(tracer->addresses, &p->to.addr);
	if (takes(f, seen->ifname, &p->from.addr))
		return TRACE_OVER;
	if (takes_interface(f, seen->ifname))
		return TRACE_OTHER_CLIENT;
	/* a program of this host may be meant, but not at the address that the forward is for */
	bool meant = address_is_set(&f->addr) || (owner && strcmp(owner, f->ifname) == 0);
	return meant ? TRACE_OTHER_INTERFACE : TRACE_TAKEN;
}

/* A forward that does not take the packet, but is what its client most likely wants; or NULL. */
static const struct forward *find_near(const struct tracer *tracer, const struct sighting *seen,
				       enum trace_missed *missed)
{
	const struct packet *p = seen->packet;
	const struct forward *f;
	struct lookup_walk walk = lookup_begin(tracer->lookup, p->proto, &p->to, NULL);
	while ((f = lookup_next(&walk))) {
		if (!tracer->selected[f - tracer->set->items] || f->except ||
		    !takes_address(tracer, f, &p->to.addr))
			continue;
		*missed = missed_by(tracer, f, seen);
		if (*missed != TRACE_TAKEN)
			return f;
	}
	return NULL;
}

/* ---- places ---- */

static struct trace *take_place(struct tracer *tracer, int64_t now)
{
	for (size_t i = 0; i < TRACES_MAX; i++) {
		struct trace *t = &tracer->items[i];
		if (!t->f || (is_over(t) && now - t->moved > KEPT_MS))
			return t;
	}
	tracer->next = (tracer->next + 1) % TRACES_MAX;
	return &tracer->items[tracer->next];
}

/* Of that forward, client and via. */
static struct trace *begin(struct tracer *tracer, const struct trace *of, int64_t now)
{
	struct trace *t = take_place(tracer, now);
	*t = (struct trace){.f = of->f,
			    .client = of->client,
			    .via = of->via,
			    .back = of->client,
			    .target = lookup_target(of->f, &of->via),
			    .begun = now,
			    .moved = now};
	t->here = is_own(tracer, &t->target.addr);
	return t;
}

static void note_step(struct trace *t, enum trace_step step, int64_t now)
{
	if (t->seen & BIT(step))
		return;
	t->seen |= BIT(step);
	t->moved = now;
}

static void note_copy(struct trace *t, enum trace_step step, const struct sighting *seen)
{
	if (step < TRACE_STEPS && !*t->links[step])
		memcpy(t->links[step], seen->ifname, strlen(seen->ifname) + 1);
	note_step(t, step, seen->now);
}

/* ---- packets ---- */

static void note_refusal(struct trace *t, const struct sighting *seen)
{
	const struct packet *p = seen->packet;
	t->refuser = p->kind == PACKET_FAILS ? p->teller : p->from.addr;
	t->error = p->error;
	note_step(t, TRACE_REFUSED, seen->now);
}

/* An answer that goes to the client as it sees it. Without one that came in, and without a target
 * here, it is this host that answers. */
static void on_answer_out(struct trace *t, const struct sighting *seen)
{
	if (seen->packet->kind != PACKET_REFUSES) {
		if (t->here)
			note_step(t, TRACE_ANSWERED, seen->now);
		note_copy(t, TRACE_ANSWER_LEFT, seen);
	} else if (t->here) {
		note_refusal(t, seen);
	} else if (!(t->seen & (BIT(TRACE_REFUSED) | BIT(TRACE_ANSWERED)))) {
		t->rejected = true;
	}
}

static bool belongs(const struct trace *t, const struct packet *p)
{
	bool to_client = endpoint_equal(&p->to, &t->client) || endpoint_equal(&p->to, &t->back);
	bool from_client =
		endpoint_equal(&p->from, &t->client) || endpoint_equal(&p->from, &t->back);
	return (from_client &&
		(endpoint_equal(&p->to, &t->via) || endpoint_equal(&p->to, &t->target))) ||
	       (to_client &&
		(endpoint_equal(&p->from, &t->via) || endpoint_equal(&p->from, &t->target)));
}

/* A host with several addresses may answer from another one than it was asked at, which conntrack
 * does not know. */
static bool is_stray(const struct trace *t, const struct packet *p)
{
	bool to_client = endpoint_equal(&p->to, &t->client) || endpoint_equal(&p->to, &t->back);
	return !p->out && p->kind != PACKET_FAILS && to_client && p->from.port == t->target.port &&
	       !address_equal(&p->from.addr, &t->target.addr);
}

static void on_packet(struct tracer *tracer, struct trace *t, const struct sighting *seen)
{
	const struct packet *p = seen->packet;
	bool onward = endpoint_equal(&p->from, &t->client) || endpoint_equal(&p->from, &t->back);
	if (p->kind == PACKET_FAILS) {
		if (onward && !p->out)
			note_refusal(t, seen);
		else if (onward && is_own(tracer, &p->teller) && !(t->seen & BIT(TRACE_REFUSED)))
			t->rejected = true;
	} else if (onward && !p->out && endpoint_equal(&p->to, &t->via)) {
		note_copy(t, TRACE_ARRIVED, seen);
	} else if (onward && p->out && endpoint_equal(&p->to, &t->target) && !t->here) {
		note_step(t, TRACE_TRANSLATED, seen->now);
		note_copy(t, TRACE_LEFT, seen);
	} else if (!onward && p->out && endpoint_equal(&p->from, &t->via)) {
		on_answer_out(t, seen);
	} else if (!onward && !p->out && endpoint_equal(&p->from, &t->target) &&
		   (!t->here || t->own)) {
		if (p->kind == PACKET_REFUSES)
			note_refusal(t, seen);
		else
			note_copy(t, TRACE_ANSWERED, seen);
	}
}

static void on_arrival(struct tracer *tracer, const struct sighting *seen)
{
	enum trace_missed missed = TRACE_TAKEN;
	const struct forward *f = find_taker(tracer, seen);
	if (!f)
		f = find_near(tracer, seen, &missed);
	if (!f || f->except || !tracer->selected[f - tracer->set->items])
		return;
	const struct trace of = {.f = f, .client = seen->packet->from, .via = seen->packet->to};
	struct trace *t = begin(tracer, &of, seen->now);
	t->missed = missed;
	note_copy(t, TRACE_ARRIVED, seen);
}

void tracer_packet(struct tracer *tracer, const struct packet *p, int64_t now)
{
	const struct host_link *link = host_link_of_index(tracer->links, p->link);
	/* a bridge takes in what its ports do, which have other addresses; only with br_netfilter
	 * it may not itself see it */
	bool port = link && *link->port_of && strcmp(link->port_of, "vrf") != 0;
	if (port)
		link = host_link_of_index(tracer->links, link->master_index);
	if (!link || (p->others && !port))
		return;
	const struct sighting seen = {p, link->name, now};
	bool known = false;
	for (size_t i = 0; i < TRACES_MAX; i++) {
		struct trace *t = &tracer->items[i];
		if (!t->f || t->f->proto != p->proto)
			continue;
		if (!belongs(t, p)) {
			if (is_stray(t, p))
				t->stray = p->from.addr;
			continue;
		}
		if (!t->missed)
			on_packet(tracer, t, &seen);
		known = true;
	}
	if (!known && !p->out && p->kind == PACKET_OPENS && strcmp(link->name, "lo") != 0)
		on_arrival(tracer, &seen);
}

/* ---- events ---- */

static const char *owner_of(const void *context, const struct address *addr)
{
	return host_address_owner(context, addr);
}

static struct trace *find_trace(struct tracer *tracer, const struct connection *c)
{
	for (size_t i = 0; i < TRACES_MAX; i++) {
		struct trace *t = &tracer->items[i];
		if (t->f && t->f->proto == c->proto && endpoint_equal(&t->client, &c->client) &&
		    endpoint_equal(&t->via, &c->via))
			return t;
	}
	return NULL;
}

void tracer_event(struct tracer *tracer, const struct connection *c, int64_t now)
{
	const struct lookup_host host = {owner_of, tracer->addresses, tracer->now};
	struct trace *t = find_trace(tracer, c);
	if (!t && c->event == CONNECTION_NEW) {
		const struct forward *f = lookup_connection(tracer->lookup, c, &host);
		if (!f || !tracer->selected[f - tracer->set->items])
			return;
		const struct trace of = {.f = f, .client = c->client, .via = c->via};
		t = begin(tracer, &of, now);
		t->own = is_own(tracer, &c->client.addr);
	}
	if (!t || c->event == CONNECTION_DESTROY)
		return;
	t->replied = t->replied || c->replied;
	if (t->seen & BIT(TRACE_TRANSLATED) && !t->counted && c->event != CONNECTION_NEW)
		return;
	t->foreign = !lookup_goes_to(t->f, c);
	t->target = c->target;
	t->back = c->back;
	t->here = is_own(tracer, &c->target.addr);
	note_step(t, TRACE_TRANSLATED, now);
}

void tracer_counted(struct tracer *tracer, const struct forward *f)
{
	for (size_t i = 0; i < TRACES_MAX; i++) {
		struct trace *t = &tracer->items[i];
		if (t->f != f || t->missed || t->seen & BIT(TRACE_TRANSLATED) || is_over(t))
			continue;
		t->counted = true;
		t->seen |= BIT(TRACE_TRANSLATED);
	}
}

/* ---- what there is to tell ---- */

/* The first step that has not been seen, of those behind the last one that was. */
static enum trace_step missing_step(const struct trace *t)
{
	unsigned int steps = steps_of(t), last = 0;
	for (unsigned int s = 0; s < TRACE_STEPS; s++)
		if (t->seen & BIT(s))
			last = s + 1;
	while (last < TRACE_STEPS && !(steps & BIT(last)))
		last++;
	return (enum trace_step)last;
}

/* When the trace is to be given up. */
static int64_t end_of(const struct trace *t)
{
	if (t->missed || t->rejected)
		return t->moved;
	return t->moved + (missing_step(t) == TRACE_ANSWERED ? ANSWER_PATIENCE_MS : PATIENCE_MS);
}

static bool is_due(const struct trace *t, int64_t now)
{
	return t->f && !is_over(t) && !(t->seen & BIT(TRACE_REFUSED)) &&
	       missing_step(t) < TRACE_STEPS && now >= end_of(t);
}

/* Whether those before it were seen, or will not be any more. */
static bool is_in_order(const struct trace *t, unsigned int step, int64_t now)
{
	unsigned int before = steps_of(t) & (BIT(step) - 1);
	if (step == TRACE_REFUSED)
		return now - t->moved >= LATE_MS || t->seen & BIT(TRACE_LEFT) || t->here;
	return (before & ~t->seen) == 0 || now - t->begun >= LATE_MS;
}

static bool next_of(struct trace *t, int64_t now, struct trace_news *out)
{
	unsigned int untold = t->seen & ~t->told;
	for (unsigned int s = 0; s <= TRACE_REFUSED; s++)
		if (untold & BIT(s)) {
			if (!is_in_order(t, s, now))
				return false;
			t->told |= BIT(s);
			*out = (struct trace_news){t, (enum trace_step)s, TRACE_STEPS};
			return true;
		}
	if (!is_due(t, now))
		return false;
	/* the answer was dropped on its way out */
	if (t->replied && missing_step(t) == TRACE_ANSWERED) {
		note_step(t, TRACE_ANSWERED, now);
		return next_of(t, now, out);
	}
	t->told |= BIT(TRACE_STOPPED);
	*out = (struct trace_news){t, TRACE_STOPPED, missing_step(t)};
	return true;
}

bool tracer_next(struct tracer *tracer, int64_t now, struct trace_news *out)
{
	for (size_t i = 0; i < TRACES_MAX; i++)
		if (tracer->items[i].f && next_of(&tracer->items[i], now, out))
			return true;
	return false;
}

bool tracer_doubts(const struct tracer *tracer, int64_t now)
{
	for (size_t i = 0; i < TRACES_MAX; i++) {
		const struct trace *t = &tracer->items[i];
		if (is_due(t, now) && !t->missed && missing_step(t) == TRACE_TRANSLATED)
			return true;
	}
	return false;
}

int tracer_wait(const struct tracer *tracer, int64_t now)
{
	int64_t wait = -1;
	for (size_t i = 0; i < TRACES_MAX; i++) {
		const struct trace *t = &tracer->items[i];
		if (!t->f)
			continue;
		int64_t left = -1;
		if (t->seen & ~t->told)
			left = t->moved + LATE_MS - now;
		else if (!is_over(t) && missing_step(t) < TRACE_STEPS)
			left = end_of(t) - now;
		else
			continue;
		left = left < 0 ? 0 : left;
		wait = wait < 0 || left < wait ? left : wait;
	}
	return (int)wait;
}
