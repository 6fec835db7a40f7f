/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Networks are ranges of addresses here, so that there is one form of both. */
#include <string.h>
#include <linux/netfilter/nf_conntrack_common.h>

#include "conditions/condition.h"

/* The largest network that begins at first and ends before last, or with it; then *end. */
static struct network next_network(const struct address *first, const struct address *last,
				   struct address *end)
{
	unsigned int prefix = address_bits(first->family);
	*end = *first;
	while (prefix > 0) {
		uint8_t *byte = &end->bytes[(prefix - 1) / 8], before = *byte;
		uint8_t bit = (uint8_t)(0x80U >> (prefix - 1) % 8);
		*byte |= bit;
		if (before & bit || address_compare(end, last) > 0) {
			*byte = before;
			break;
		}
		prefix--;
	}
	return network_of(first, prefix);
}

bool condition_network(const struct condition *c, struct network *out)
{
	struct address end;
	if (!address_is_set(&c->first))
		return false;
	*out = next_network(&c->first, &c->last, &end);
	return address_equal(&end, &c->last);
}

/* To the next address. False: there is none. */
static bool step(struct address *addr)
{
	for (unsigned int i = address_bits(addr->family) / 8; i > 0; i--)
		if (++addr->bytes[i - 1])
			return true;
	return false;
}

size_t condition_networks(const struct condition *c, struct network out[CONDITION_NETWORKS_MAX])
{
	struct address first = c->first, end;
	size_t count = 0;
	bool more = address_is_set(&first);
	while (more && address_compare(&first, &c->last) <= 0) {
		if (count == CONDITION_NETWORKS_MAX)
			return 0;
		out[count++] = next_network(&first, &c->last, &end);
		first = end;
		more = step(&first);
	}
	return count;
}

uint8_t condition_states(uint32_t bits)
{
	return (uint8_t)((bits & NF_CT_STATE_BIT(IP_CT_NEW) ? OTHER_NEW : 0) |
			 (bits & NF_CT_STATE_BIT(IP_CT_ESTABLISHED) ? OTHER_ESTABLISHED : 0) |
			 (bits & NF_CT_STATE_BIT(IP_CT_RELATED) ? OTHER_RELATED : 0));
}

/* Whether all packets meet it. */
static bool is_empty(const struct condition *c)
{
	struct network net;
	switch (c->asks) {
	case ASKS_IN:
	case ASKS_OUT:
		return !*c->name || strcmp(c->name, "+") == 0;
	case ASKS_PROTO:
		return c->proto == 0;
	case ASKS_SOURCE:
	case ASKS_DESTINATION:
		return !c->negated && condition_network(c, &net) && net.prefix == 0;
	case ASKS_SOURCE_PORT:
	case ASKS_PORT:
	case ASKS_EITHER_PORT:
	case ASKS_ORIGINAL_PORT:
		return !c->negated && c->port_count == 1 && c->ports[0].first <= 1 &&
		       c->ports[0].last == UINT16_MAX;
	default:
		return false;
	}
}

static bool is_of_ports(enum asks asks)
{
	return asks == ASKS_SOURCE_PORT || asks == ASKS_PORT || asks == ASKS_EITHER_PORT ||
	       asks == ASKS_ORIGINAL_PORT;
}

/* No packet has the port 0. */
static void drop_port_zero(struct condition *c)
{
	size_t count = 0;
	for (size_t i = 0; i < c->port_count; i++) {
		struct ports ports = c->ports[i];
		if (ports.first == 0)
			ports.first = 1;
		if (ports.first <= ports.last)
			c->ports[count++] = ports;
	}
	c->port_count = count;
	if (count == 0)
		c->asks = ASKS_NEVER;
}

void conditions_add(struct conditions *list, const struct condition *c)
{
	if (is_empty(c))
		return;
	struct condition *added = &list->items[list->count++];
	*added = *c;
	if (is_of_ports(c->asks))
		drop_port_zero(added);
}

bool condition_mask(struct condition *c, const void *mask)
{
	const uint8_t *bits = mask;
	struct network net;
	c->last = c->first;
	for (unsigned int i = 0; i < address_bits(c->first.family) / 8; i++) {
		c->first.bytes[i] &= bits[i];
		c->last.bytes[i] |= (uint8_t)~bits[i];
	}
	return condition_network(c, &net);
}
