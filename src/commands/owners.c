/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What list and conns share of connections. */
#include "commands/command.h"
#include "commands/owners.h"
#include "conns/conntrack.h"

int owners_make(const struct forwards *set, struct owners *out, struct err *err)
{
	struct owners live = {.set = set};
	if (lookup_make(set, &live.lookup, err) < 0)
		return -1;
	if (host_addresses(&live.addresses, err) < 0) {
		owners_free(&live);
		return -1;
	}
	*out = live;
	return 0;
}

void owners_free(struct owners *live)
{
	lookup_free(&live->lookup);
	host_addresses_free(&live->addresses);
	*live = (struct owners){0};
}

const struct forward *owners_forward(const struct owners *live, const struct connection *c)
{
	struct lookup_owner owner = host_owner(&live->addresses);
	return lookup_connection(&live->lookup, c, &owner);
}

int owners_walk(enum family family, int (*each)(void *context, const struct connection *c),
		void *context, struct err *err)
{
	unsigned long before = conntrack_buckets();
	int result = conntrack_walk(family, CONNTRACK_TRANSLATED, each, context, err);
	if (result == 0 && conntrack_buckets() != before)
		command_say("warning: the kernel resized its table of connections while it was "
			    "read: some may be missing, or twice; run the command again");
	return result;
}

struct adding {
	const struct owners *live;
	struct owners_sum *sums;
};

static int add_one(void *context, const struct connection *c)
{
	struct adding *adding = context;
	const struct forward *f = owners_forward(adding->live, c);
	const struct forwards *set = adding->live->set;
	struct owners_sum *sum = &adding->sums[f ? (size_t)(f - set->items) : set->count];
	sum->conns++;
	sum->packets += c->packets_in + c->packets_out;
	sum->bytes += c->bytes_in + c->bytes_out;
	return 0;
}

int owners_sums(const struct owners *live, enum family family, struct owners_sum *sums,
		struct err *err)
{
	struct adding adding = {live, sums};
	return owners_walk(family, add_one, &adding, err);
}

void live_say_accounting(void)
{
	if (!host_accounts())
		command_say(
			"conntrack does not count bytes and packets; turn it on with: sysctl -w "
			"net.netfilter.nf_conntrack_acct=1");
}
