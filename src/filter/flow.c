/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A forward to another host passes through this one; a forward to a program here, or to an address
 * that is one of this host now, goes in, and its answers go out. Such an address may move to
 * another host, so the way through is there for it too.
 */
#include <stdlib.h>
#include <string.h>

#include "filter/flow.h"
#include "model/search.h"

static int compare_targets(const void *a, const void *b)
{
	return address_compare(&((const struct flow_target *)a)->to,
			       &((const struct flow_target *)b)->to);
}

/* Whether it decides about all answers that come in by the interface to a target. */
static bool looks_at_answers(const struct filter_rule *r)
{
	return *r->in && r->verdict != FILTER_GO_ON && !r->never && !r->limited && !r->unsure &&
	       !r->not_reply && !r->ports.first;
}

static int compare_addresses(const void *a, const void *b)
{
	return address_compare(a, b);
}

/* The address behind the network. False: there is none. */
static bool step_over(const struct network *net, struct address *out)
{
	*out = net->addr;
	for (unsigned int i = net->prefix; i > 0; i--) {
		uint8_t bit = (uint8_t)(0x80U >> (i - 1) % 8);
		out->bytes[(i - 1) / 8] ^= bit;
		if (out->bytes[(i - 1) / 8] & bit)
			return true;
	}
	return false;
}

static void note_bounds(struct flows *flows, const struct filter_chain *chain)
{
	for (size_t i = 0; i < chain->count; i++) {
		const struct network *net = &chain->rules[i].src;
		if (!network_is_set(net))
			continue;
		flows->bounds[flows->bound_count++] = net->addr;
		flows->bound_count += step_over(net, &flows->bounds[flows->bound_count]);
	}
}

static void find_bounds(struct flows *flows, const struct filter_chain *chains, size_t count)
{
	size_t rules = 0;
	for (size_t c = 0; c < count; c++)
		rules += chains[c].count;
	flows->bounds = calloc(2 * rules + 1, sizeof(*flows->bounds));
	for (size_t c = 0; flows->bounds && c < count; c++)
		note_bounds(flows, &chains[c]);
	if (flows->bounds)
		qsort(flows->bounds, flows->bound_count, sizeof(*flows->bounds), compare_addresses);
}

void flows_look(struct flows *flows, const struct filter_chain *chains, size_t count)
{
	for (size_t c = 0; c < count; c++)
		for (size_t i = 0; i < chains[c].count; i++) {
			const struct filter_rule *r = &chains[c].rules[i];
			flows->apart = flows->apart || network_is_set(&r->dst) || r->ports.first ||
				       r->original.first || r->from_ports.first;
			flows->routed = flows->routed || *r->out || looks_at_answers(r);
			flows->sourced = flows->sourced || network_is_set(&r->src);
		}
	if (flows->sourced)
		find_bounds(flows, chains, count);
}

int flows_find_routes(struct flows *flows, const struct forwards *set, enum family family)
{
	size_t all = 0;
	/* of one forward alone there may be a question for ports */
	if ((!flows->routed && set->count > 1) || !flows->route)
		return 0;
	struct flow_target *targets = calloc(set->count + 1, sizeof(*targets));
	if (!targets)
		return -1;
	for (size_t i = 0; i < set->count; i++)
		if ((!family || set->items[i].family == family) &&
		    address_is_set(&set->items[i].target))
			targets[all++].to = set->items[i].target;
	qsort(targets, all, sizeof(*targets), compare_targets);
	size_t count = 0;
	for (size_t i = 0; i < all; i++) {
		struct flow_target *t = &targets[count];
		if (count && address_equal(&t[-1].to, &targets[i].to))
			continue;
		*t = targets[i];
		if (!flows->route(&t->to, t->out))
			t->out[0] = '\0';
		count++;
	}
	flows->targets = targets;
	flows->target_count = count;
	return 0;
}

void flows_free(struct flows *flows)
{
	free(flows->targets);
	free(flows->bounds);
	*flows = (struct flows){0};
}

/* ---- the flows of a forward ---- */

struct flow_list {
	const struct forward *f;
	struct flow *items;
	size_t count;
	const char *out; /* the interface to the target; "": not known */
	const struct addresses *here;
};

static struct filter_flow *add_flow(struct flow_list *list, enum flow_way way, const char *in)
{
	const struct forward *f = list->f;
	struct flow *flow = &list->items[list->count++];
	*flow = (struct flow){
		.way = way,
		.flow = {.family = f->family,
			 .proto = f->proto,
			 .dst = network_of_host(forward_to_self(f) ? &f->addr : &f->target),
			 .ports = f->target_ports,
			 .original = f->ports,
			 .here = way == FLOW_IN}};
	memcpy(flow->flow.in, in, strlen(in));
	if (way != FLOW_IN)
		memcpy(flow->flow.out, list->out, strlen(list->out));
	return &flow->flow;
}

static void add_in(struct flow_list *list, bool plain)
{
	add_flow(list, FLOW_IN, list->f->ifname)->plain = plain;
	if (list->f->local)
		add_flow(list, FLOW_IN, "lo")->plain = plain;
}

/* The answers, to whatever port of a client. */
static struct filter_flow *add_answers(struct flow_list *list, enum flow_way way, const char *in,
				       const char *out)
{
	struct filter_flow *flow = add_flow(list, way, in);
	flow->dst = (struct network){0};
	flow->ports = (struct ports){1, UINT16_MAX};
	memset(flow->out, 0, sizeof(flow->out));
	memcpy(flow->out, out, strlen(out));
	flow->own = network_of_host(forward_to_self(list->f) ? &list->f->addr : &list->f->target);
	flow->from_ports = list->f->target_ports;
	flow->reply = true;
	return flow;
}

static void add_through(struct flow_list *list)
{
	static const enum flow_way ways[] = {FLOW_THROUGH, FLOW_POST};
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		const struct filter_flow *opener = add_flow(list, ways[i], list->f->ifname);
		/* a rule for some ports of clients takes few of them */
		add_answers(list, ways[i], list->out, list->f->ifname)->sure = true;
		list->items[list->count - 1].opener = opener;
	}
	if (!list->f->hairpin)
		return;
	add_flow(list, FLOW_THROUGH, "");
	add_flow(list, FLOW_POST, "");
}

static const char *find_out(const struct flows *flows, const struct forward *f)
{
	const struct flow_target key = {.to = f->target};
	const struct flow_target *found =
		flows->target_count ? bsearch(&key, flows->targets, flows->target_count,
					      sizeof(key), compare_targets)
				    : NULL;
	return found ? found->out : "";
}

size_t flows_of(const struct flows *flows, const struct forward *f, struct flow out[FLOWS_MAX])
{
	struct flow_list list = {
		.f = f, .items = out, .out = find_out(flows, f), .here = flows->here};
	bool here = forward_to_self(f) || addresses_hold(flows->here, &f->target);
	if (f->except)
		return 0;
	if (here) {
		add_in(&list, false);
		if (forward_to_self(f) && ports_count(f->target_ports) == 1 &&
		    ports_hold(f->ports, f->target_ports.first))
			add_in(&list, true);
		add_answers(&list, FLOW_OUT, "", f->ifname)->hosts = list.here;
		struct filter_flow *leaves = add_answers(&list, FLOW_POST, "", f->ifname);
		leaves->hosts = list.here;
		leaves->sure = true;
	}
	if (!forward_to_self(f)) {
		add_through(&list);
		if (f->local && !here) {
			/* it is translated behind the route to an address of this host */
			strcpy(add_flow(&list, FLOW_OUT, "")->out, "lo");
			add_flow(&list, FLOW_POST, "");
			add_answers(&list, FLOW_IN, list.out, "")->sure = true;
		}
	}
	return list.count;
}

enum stop_on flow_on(const struct flow *flow)
{
	if (flow->flow.reply)
		return STOP_ON_BACK;
	bool local = flow->way == FLOW_OUT || strcmp(flow->flow.in, "lo") == 0;
	return local ? STOP_ON_OUT : STOP_ON_WAY;
}

size_t flows_asked(const struct flows *flows, const struct stop_question *question,
		   struct flow out[FLOWS_MAX])
{
	const struct ports port = {question->client_port, question->client_port};
	size_t n = flows_of(flows, question->f, out), count = 0;
	for (size_t i = 0; i < n; i++) {
		struct filter_flow *flow = &out[i].flow;
		if (question->on != STOP_ON_ANY && flow_on(&out[i]) != question->on)
			continue;
		flow->client = question->f->from;
		flow->suspect = question->suspect;
		if (port.first)
			*(flow->reply ? &flow->ports : &flow->from_ports) = port;
		flow->related = question->related;
		if (question->related)
			flow->from_ports = (struct ports){0, 0};
		/* it moves */
		if (question->on != STOP_ON_ANY)
			out[i].opener = NULL;
		out[count++] = out[i];
	}
	return count;
}

struct filter_place flow_place(const struct filter_base *base, const struct flow *flow)
{
	struct filter_place place = filter_place(base, &flow->flow);
	if (place.end == FILTER_OPEN || !flow->opener)
		return place;
	struct filter_limits limits = filter_limits(base, flow->opener, place.index);
	/* what the opener does not meet does not count */
	if (limits.passed != FILTER_NO_RULE && limits.passed <= limits.stop)
		place.end = FILTER_OPEN;
	return place;
}

/* For search_first: bounds that are equal to the key come before it too. */
static int comes_before(const void *key, const void *bound)
{
	return address_compare(key, bound) < 0 ? -1 : 1;
}

static size_t count_bounds(const struct flows *flows, const struct address *addr)
{
	return search_first(addr, flows->bounds, flows->bound_count, sizeof(*addr), comes_before);
}

/* Whether no rule tells apart the addresses that answers come from. */
static bool same_own(const struct flows *flows, const struct forward *a, const struct forward *b)
{
	const struct address *x = forward_to_self(a) ? &a->addr : &a->target;
	const struct address *y = forward_to_self(a) ? &b->addr : &b->target;
	return address_equal(x, y) || (flows->bounds && address_is_set(x) && address_is_set(y) &&
				       count_bounds(flows, x) == count_bounds(flows, y));
}

/* Whether they leave by the same interface, as far as is known. */
static bool same_out(const struct flows *flows, const struct forward *a, const struct forward *b)
{
	return address_equal(&a->target, &b->target) ||
	       strcmp(find_out(flows, a), find_out(flows, b)) == 0;
}

/* Of what begins a connection. */
static bool begin_alike(const struct flows *flows, const struct forward *a, const struct forward *b)
{
	return !flows->apart && a->family == b->family && a->proto == b->proto &&
	       strcmp(a->ifname, b->ifname) == 0 && a->local == b->local &&
	       a->hairpin == b->hairpin && a->except == b->except &&
	       forward_to_self(a) == forward_to_self(b) &&
	       (!flows->routed || same_out(flows, a, b)) &&
	       addresses_hold(flows->here, &a->target) == addresses_hold(flows->here, &b->target);
}

bool flows_alike(const struct flows *flows, const struct forward *a, const struct forward *b)
{
	return begin_alike(flows, a, b) && (!flows->sourced || same_own(flows, a, b));
}

bool flow_comes(const struct flow *flow)
{
	return !flow->flow.reply && (flow->way == FLOW_IN || flow->way == FLOW_THROUGH);
}

bool flows_come_alike(const struct flows *flows, const struct forward *a, const struct forward *b)
{
	return a->from.prefix == b->from.prefix && address_equal(&a->from.addr, &b->from.addr) &&
	       begin_alike(flows, a, b);
}
