/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections against an index of the forwards. */
#include <time.h>

#include "conns/conntrack.h"
#include "conns/owners.h"

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

const struct forward *owners_forward(const struct owners *owners, const struct connection *c)
{
	const struct lookup_host host = {interface_of, &owners->addresses, time(NULL)};
	return lookup_connection(&owners->lookup, c, &host);
}

int owners_walk(enum family family, int (*each)(void *context, const struct connection *c),
		void *context, bool *resized, struct err *err)
{
	unsigned long before = conntrack_buckets();
	int result = conntrack_walk(family, CONNTRACK_TRANSLATED, each, context, err);
	*resized = result == 0 && conntrack_buckets() != before;
	return result;
}

struct adding {
	const struct owners *owners;
	struct owners_sum *sums;
};

static int add_connection(void *context, const struct connection *c)
{
	struct adding *adding = context;
	const struct forward *f = owners_forward(adding->owners, c);
	const struct forwards *set = adding->owners->set;
	struct owners_sum *sum = &adding->sums[f ? (size_t)(f - set->items) : set->count];
	sum->conns++;
	sum->packets += c->packets_in + c->packets_out;
	sum->bytes += c->bytes_in + c->bytes_out;
	return 0;
}

int owners_sums(const struct owners *owners, enum family family, struct owners_sum *sums,
		bool *resized, struct err *err)
{
	struct adding adding = {owners, sums};
	return owners_walk(family, add_connection, &adding, resized, err);
}
