/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a rule has one field for several conditions, the last one is told, and it is unsure. */
#include <string.h>

#include "filter/ask.h"

/* Types of addresses, RTN_* of linux/rtnetlink.h. */
#define TYPE_UNICAST (1U << 1)
#define TYPE_LOCAL (1U << 2)

#define TCP_SYN 0x02U
#define TCP_ACK 0x10U

static void ask_interface(struct filter_rule *r, const struct condition *c)
{
	char *name = c->asks == ASKS_IN ? r->in : r->out;
	r->unsure = r->unsure || *name;
	memcpy(name, c->name, IFNAME_MAX);
	*(c->asks == ASKS_IN ? &r->not_in : &r->not_out) = c->negated;
}

static void ask_family(struct filter_rule *r, enum family family)
{
	r->never = r->never || (r->family && r->family != family);
	r->family = family;
}

static void ask_proto(struct filter_rule *r, const struct condition *c)
{
	bool ours = proto_is_known(c->proto);
	if (c->negated) {
		r->unsure = r->unsure || ours;
		return;
	}
	r->never = r->never || !ours || (r->proto && r->proto != c->proto);
	if (ours)
		r->proto = (enum proto)c->proto;
}

static void ask_network(struct filter_rule *r, const struct condition *c)
{
	bool source = c->asks == ASKS_SOURCE;
	struct network *field = source ? &r->src : &r->dst;
	struct network net;
	if (!condition_network(c, &net)) {
		r->limited = r->limited || source;
		r->unsure = r->unsure || !source;
		r->destination = r->destination || !source;
		return;
	}
	ask_family(r, c->first.family);
	r->unsure = r->unsure || network_is_set(field);
	*field = net;
	*(source ? &r->not_src : &r->not_dst) = c->negated;
}

/* Several ranges are told as the one that holds them, and the rule is unsure of the gaps. Where a
 * port of either end counts, few clients have one of these. */
static void ask_ports(struct filter_rule *r, const struct condition *c)
{
	struct ports hull = c->ports[0];
	for (size_t i = 1; i < c->port_count; i++) {
		hull.first = c->ports[i].first < hull.first ? c->ports[i].first : hull.first;
		hull.last = c->ports[i].last > hull.last ? c->ports[i].last : hull.last;
	}
	r->unsure = r->unsure || c->port_count > 1 || r->ports.first;
	if (c->negated && c->port_count > 1)
		return;
	r->ports = hull;
	r->not_ports = c->negated;
}

static void ask_source_ports(struct filter_rule *r, const struct condition *c)
{
	if (c->port_count > 1 || r->from_ports.first) {
		r->doubtful = true;
		return;
	}
	r->from_ports = c->ports[0];
	r->not_from_ports = c->negated;
}

/* Packets that carry a mark are few; those without one may be all. */
static void ask_mark(struct filter_rule *r, const struct condition *c)
{
	if ((c->value != 0) != c->negated)
		r->limited = true;
	else
		r->doubtful = true;
}

static void ask_original(struct filter_rule *r, const struct condition *c)
{
	if (c->negated || c->port_count > 1 || r->original.first)
		r->unsure = true;
	else
		r->original = c->ports[0];
}

/* The first packet of a connection has SYN alone, and its answer SYN and ACK. */
static void ask_flags(struct filter_rule *r, const struct condition *c)
{
	if (((TCP_SYN & c->mask) == c->value) == c->negated)
		r->not_plain = r->not_translated = true;
	if ((((TCP_SYN | TCP_ACK) & c->mask) == c->value) == c->negated)
		r->not_reply = true;
}

/* What a new connection is: NEW, and DNAT if its destination is translated. An answer on it is
 * ESTABLISHED and DNAT. What a helper expects is RELATED, and DNAT if it comes the same way. */
static void ask_state(struct filter_rule *r, const struct condition *c)
{
	bool plain = c->states & OTHER_NEW;
	bool translated = c->states & (OTHER_NEW | OTHER_TRANSLATED);
	bool answers = c->states & (OTHER_ESTABLISHED | OTHER_TRANSLATED);
	bool related = c->states & (OTHER_RELATED | OTHER_TRANSLATED);
	r->not_plain = r->not_plain || plain == c->negated;
	r->not_translated = r->not_translated || translated == c->negated;
	r->not_reply = r->not_reply || answers == c->negated;
	r->not_related = r->not_related || related == c->negated;
}

static void ask_direction(struct filter_rule *r, const struct condition *c)
{
	if (c->negated)
		r->not_plain = r->not_translated = true;
	else
		r->not_reply = true;
}

/* Addresses of other types than these two are no targets of forwards, and of no client. */
static void ask_type(struct filter_rule *r, const struct condition *c)
{
	bool here = c->types & TYPE_LOCAL, away = c->types & TYPE_UNICAST;
	r->not_here = r->not_here || here == c->negated;
	r->not_away = r->not_away || away == c->negated;
}

static void ask_source_type(struct filter_rule *r, const struct condition *c)
{
	bool here = c->types & TYPE_LOCAL, away = c->types & TYPE_UNICAST;
	if (away != c->negated)
		r->unsure = true;
	else if (here != c->negated)
		r->limited = true;
	else
		r->never = true;
}

static void ask(struct filter_rule *r, const struct condition *c)
{
	switch (c->asks) {
	case ASKS_SOME:
	case ASKS_SHARE:
		r->limited = true;
		break;
	case ASKS_DOUBT:
		r->doubtful = true;
		break;
	case ASKS_PLACE:
		r->unsure = true;
		break;
	case ASKS_NEVER:
		r->never = r->never || !c->negated;
		break;
	case ASKS_IN:
	case ASKS_OUT:
		ask_interface(r, c);
		break;
	case ASKS_FAMILY:
		ask_family(r, c->family);
		break;
	case ASKS_PROTO:
		ask_proto(r, c);
		break;
	case ASKS_SOURCE:
	case ASKS_DESTINATION:
		ask_network(r, c);
		break;
	case ASKS_SOURCE_PORT:
		ask_source_ports(r, c);
		break;
	case ASKS_PORT:
	case ASKS_EITHER_PORT:
		ask_ports(r, c);
		break;
	case ASKS_ORIGINAL_PORT:
		ask_original(r, c);
		break;
	case ASKS_FLAGS:
		ask_flags(r, c);
		break;
	case ASKS_STATE:
		ask_state(r, c);
		break;
	case ASKS_ORIGINAL:
		ask_direction(r, c);
		break;
	case ASKS_TYPE:
		ask_type(r, c);
		break;
	case ASKS_SOURCE_TYPE:
		ask_source_type(r, c);
		break;
	case ASKS_MARK:
	case ASKS_CONNMARK:
		ask_mark(r, c);
		break;
	case ASKS_COMMENT:
		break;
	}
}

void filter_ask(struct filter_rule *r, const struct conditions *asked)
{
	for (size_t i = 0; i < asked->count; i++)
		ask(r, &asked->items[i]);
}
