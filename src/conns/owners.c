/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections against an index of the forwards. */
#include <string.h>
#include <time.h>

#include "conns/conntrack.h"
#include "conns/owners.h"
#include "host/route.h"

int owners_make(const struct forwards *set, struct owners *out, struct err *err)
{
	*out = (struct owners){.set = set};
	if (lookup_make(set, &out->lookup, err) == 0 && host_addresses(&out->addresses, err) == 0)
		return 0;
	owners_free(out);
	return -1;
}

void owners_free(struct owners *owners)
{
	lookup_free(&owners->lookup);
	host_addresses_free(&owners->addresses);
	*owners = (struct owners){0};
}

static const char *interface_of(const void *context, const struct address *addr)
{
	return host_address_owner(context, addr);
}

/* The port of a range that goes to itself; 0: there is none. */
static uint16_t kept_port(const struct forward *f)
{
	uint16_t port = f->target_ports.first;
	bool kept = forward_to_self(f) && ports_count(f->ports) > 1 &&
		    ports_count(f->target_ports) == 1 && ports_hold(f->ports, port);
	return kept ? port : 0;
}

/* Whether the packets of that client come in where f takes them. */
static bool comes_to(const struct forward *f, const struct address *client)
{
	char interface[IFNAME_MAX];
	if (!route_interface(client, interface))
		return false;
	if (strcmp(interface, "lo") == 0)
		return f->local;
	enum overlap r = *f->ifname ? ifname_overlap(interface, f->ifname) : OVERLAP_EQUAL;
	return r == OVERLAP_EQUAL || r == OVERLAP_INSIDE;
}

const struct forward *owners_forward(const struct owners *owners, const struct connection *c)
{
	const struct lookup_host host = {interface_of, &owners->addresses, time(NULL)};
	const struct forward *f = lookup_connection(&owners->lookup, c, &host);
	if (!f || c->translated)
		return f;
	bool kept = kept_port(f) == c->via.port &&
		    host_address_owner(&owners->addresses, &c->via.addr) &&
		    comes_to(f, &c->client.addr);
	return kept ? f : NULL;
}

struct walking {
	const struct owners *owners;
	const struct conntrack_walker *walker;
};

static int pass_kept(void *context, const struct connection *c)
{
	const struct walking *walking = context;
	const struct conntrack_walker *walker = walking->walker;
	return owners_forward(walking->owners, c) ? walker->each(walker->context, c) : 0;
}

/* Whether one of the forwards before that one keeps the same port: then it was asked for. */
static bool was_asked(const struct forwards *set, size_t index)
{
	const struct forward *f = &set->items[index];
	for (size_t i = 0; i < index; i++)
		if (kept_port(&set->items[i]) == kept_port(f) && set->items[i].proto == f->proto &&
		    set->items[i].family == f->family)
			return true;
	return false;
}

bool owners_next_kept(const struct owners *owners, size_t *at, struct ctrequest_wish *out)
{
	while (*at < owners->set->count) {
		const struct forward *f = &owners->set->items[*at];
		uint16_t port = kept_port(f);
		bool known = !port || was_asked(owners->set, *at);
		++*at;
		if (known)
			continue;
		*out = (struct ctrequest_wish){f->family, f->proto, port};
		return true;
	}
	return false;
}

int owners_walk(struct owners *owners, const struct conntrack_walker *walker, struct err *err)
{
	const struct ctrequest_wish translated = {.family = owners->family};
	unsigned long before = conntrack_buckets();
	struct walking walking = {owners, walker};
	const struct conntrack_walker kept_walker = {pass_kept, &walking};
	struct ctrequest_wish kept;
	size_t at = 0;
	int result = conntrack_walk(&translated, walker, err);
	while (result == 0 && owners_next_kept(owners, &at, &kept))
		if (!owners->family || owners->family == kept.family)
			result = conntrack_walk(&kept, &kept_walker, err);
	owners->resized = result == 0 && conntrack_buckets() != before;
	return result;
}

void owners_add(struct owners_sum *sum, const struct connection *c)
{
	sum->conns++;
	sum->packets_in += c->packets_in;
	sum->packets_out += c->packets_out;
	sum->bytes_in += c->bytes_in;
	sum->bytes_out += c->bytes_out;
}
