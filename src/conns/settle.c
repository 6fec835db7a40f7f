/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looking through conntrack, and ending what was found. */
#include <stdlib.h>
#include <time.h>

#include "conns/conntrack.h"
#include "conns/settle.h"
#include "host/interfaces.h"
#include "host/route.h"
#include "model/array.h"
#include "conns/owners.h"
#include "conns/stale.h"

#define LOOKS 10
#define BETWEEN_LOOKS_NS 10000000

struct found {
	struct connection *items;
	size_t count;
};

static int keep(struct found *found, const struct connection *c, struct err *err)
{
	void *items = found->items;
	struct connection *kept = array_append(&items, &found->count, sizeof(*kept));
	found->items = items;
	if (!kept)
		return err_memory(err);
	*kept = *c;
	return 0;
}

static int end_all(const struct found *found, struct err *err)
{
	for (size_t i = 0; i < found->count; i++)
		if (conntrack_delete(&found->items[i], err) < 0)
			return -1;
	return 0;
}

/* ---- what the host knows ---- */

struct host {
	struct host_addresses addresses;
	char interface[IFNAME_MAX]; /* the last one asked for */
};

static bool is_local(void *context, const struct address *addr)
{
	const struct host *host = context;
	return address_is_loopback(addr) || host_address_owner(&host->addresses, addr);
}

static const char *interface_to(void *context, const struct address *addr)
{
	struct host *host = context;
	return route_interface(addr, host->interface) ? host->interface : NULL;
}

/* ---- UDP after a change ---- */

struct search {
	struct stale *stale;
	struct found found;
	bool untranslated; /* one of them: a program of this host may make it anew */
	struct err *err;
};

static int find_stale(void *context, const struct connection *c)
{
	struct search *search = context;
	if (stale_index(search->stale, search->err) < 0)
		return -1;
	if (!stale_flow(search->stale, c))
		return 0;
	search->untranslated = search->untranslated || !c->translated;
	return keep(&search->found, c, search->err);
}

static int look(struct search *search, struct err *err)
{
	search->found.count = 0;
	if (conntrack_walk(FAMILY_NONE, CONNTRACK_UDP, find_stale, search, err) < 0)
		return -1;
	return end_all(&search->found, err);
}

int settle_udp(const struct forwards *before, const struct forwards *after, struct err *err)
{
	static const struct timespec pause = {.tv_nsec = BETWEEN_LOOKS_NS};
	struct host host = {0};
	struct stale_host asks = {
		.context = &host, .is_local = is_local, .interface_to = interface_to};
	struct stale stale = {0};
	struct search search = {.stale = &stale, .err = err};
	int result = stale_make(before, after, &asks, &stale, err);
	if (result == 0 && stale_possible(&stale)) {
		result = host_addresses(&host.addresses, err);
		if (result == 0)
			result = look(&search, err);
		for (int i = 1; result == 0 && search.untranslated && i < LOOKS; i++) {
			nanosleep(&pause, NULL);
			result = look(&search, err);
		}
	}
	free(search.found.items);
	host_addresses_free(&host.addresses);
	stale_free(&stale);
	return result;
}

/* ---- all of a removed forward ---- */

struct killing {
	const struct forwards *after;
	struct owners owners; /* by the forwards before */
	struct found found;
	struct err *err;
};

static int find_through(void *context, const struct connection *c)
{
	struct killing *killing = context;
	const struct forward *f = owners_forward(&killing->owners, c);
	if (!f || forwards_find(killing->after, f) < killing->after->count)
		return 0;
	return keep(&killing->found, c, killing->err);
}

int settle_kill(const struct forwards *before, const struct forwards *after, struct err *err)
{
	struct killing killing = {.after = after, .err = err};
	int result = owners_make(before, &killing.owners, err);
	if (result == 0)
		result = conntrack_walk(FAMILY_NONE, CONNTRACK_TRANSLATED, find_through, &killing,
					err);
	if (result == 0)
		result = end_all(&killing.found, err);
	free(killing.found.items);
	owners_free(&killing.owners);
	return result;
}
