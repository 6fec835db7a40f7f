/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions that what was read of this host answers. It asks the kernel nothing. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "host/interfaces.h"
#include "host/links.h"
#include "host/listeners.h"
#include "model/search.h"

/* ---- interfaces and addresses ---- */

/* For bsearch: the names that a wildcard takes are neighbours. */
static int compare_wanted(const void *wanted, const void *name)
{
	size_t n = strlen(wanted);
	bool open = n && ((const char *)wanted)[n - 1] == '+';
	return open ? strncmp(wanted, name, n - 1) : strcmp(wanted, name);
}

bool host_has_interface(const struct host_interfaces *set, const char *name)
{
	return bsearch(name, set->names, set->count, sizeof(*set->names), compare_wanted) != NULL;
}

static int compare_owned(const void *addr, const void *item)
{
	return address_compare(addr, &((const struct host_address *)item)->addr);
}

const char *host_address_owner(const struct host_addresses *set, const struct address *addr)
{
	size_t at = search_first(addr, set->items, set->count, sizeof(*set->items), compare_owned);
	bool owned = at < set->count && address_equal(&set->items[at].addr, addr);
	return owned ? set->items[at].ifname : NULL;
}

struct network host_network_of(const struct host_addresses *set, const struct address *addr)
{
	struct network best = {0};
	for (size_t i = 0; i < set->count; i++) {
		const struct host_address *a = &set->items[i];
		if (a->addr.family != addr->family || a->prefix == 0 ||
		    a->prefix >= address_bits(a->addr.family) || a->prefix <= best.prefix ||
		    address_is_loopback(&a->addr))
			continue;
		struct network net = network_of(&a->addr, a->prefix);
		if (network_holds(&net, addr))
			best = net;
	}
	return best;
}

bool host_is_broadcast(const struct host_addresses *set, const struct address *addr)
{
	struct address inner = address_undressed(addr);
	for (size_t i = 0; i < set->count && inner.family == FAMILY_IPV4; i++) {
		const struct host_address *a = &set->items[i];
		if (a->addr.family != FAMILY_IPV4 || a->prefix == 0 || a->prefix > 30)
			continue;
		struct network net = network_of(&a->addr, a->prefix);
		uint32_t last, host_bits = htonl(UINT32_MAX >> a->prefix);
		memcpy(&last, net.addr.bytes, sizeof(last));
		last |= host_bits;
		if (memcmp(inner.bytes, &last, sizeof(last)) == 0)
			return true;
	}
	return false;
}

/* ---- listeners ---- */

static bool takes(const struct host_listener *l, enum family family, const struct match *box)
{
	if (l->proto != box->proto || !ports_hold(box->ports, l->port) ||
	    ifname_overlap(l->ifname, box->ifname) == OVERLAP_DISJOINT)
		return false;
	if (l->addr.family != family || address_is_loopback(&l->addr))
		return l->both;
	return address_is_unspecified(&l->addr) || network_holds(&box->dst, &l->addr);
}

uint16_t host_listens(const struct host_listeners *set, enum family family, const struct match *box)
{
	for (size_t i = 0; i < set->count; i++)
		if (takes(&set->items[i], family, box))
			return set->items[i].port;
	return 0;
}

uint16_t host_listens_on_loopback(const struct host_listeners *set, enum family family,
				  const struct match *box)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct host_listener *l = &set->items[i];
		struct match one = *box;
		if (l->proto != box->proto || l->addr.family != family ||
		    !address_is_loopback(&l->addr) || !ports_hold(box->ports, l->port))
			continue;
		one.ports = (struct ports){l->port, l->port};
		if (!host_listens(set, family, &one))
			return l->port;
	}
	return 0;
}

/* ---- what the kernel tells of interfaces ---- */

static int compare_link(const void *name, const void *link)
{
	return strcmp(name, ((const struct host_link *)link)->name);
}

const struct host_link *host_link(const struct host_links *set, const char *name)
{
	if (set->count == 0)
		return NULL;
	return bsearch(name, set->items, set->count, sizeof(*set->items), compare_link);
}

const struct host_link *host_link_of_index(const struct host_links *set, uint32_t index)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->items[i].index == index)
			return &set->items[i];
	return NULL;
}

const struct host_link *host_link_of_altname(const struct host_links *set, const char *name)
{
	for (size_t i = 0; i < set->altname_count; i++)
		if (strcmp(set->altnames[i].name, name) == 0)
			return host_link_of_index(set, set->altnames[i].index);
	return NULL;
}
