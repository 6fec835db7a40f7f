/* SPDX-License-Identifier: GPL-2.0-or-later */
/* First all connections to be ended are found, then they are ended. */
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

/* One that cannot be ended does not keep the others. How many there are of it. */
static size_t end_all(const struct found *found, struct err *err)
{
	size_t failed = 0;
	for (size_t i = 0; i < found->count; i++)
		failed += conntrack_delete(&found->items[i], err) < 0;
	return failed;
}

/* ---- what the host knows ---- */

static const char *owner(void *context, const struct address *addr)
{
	return address_is_loopback(addr) ? "lo" : host_address_owner(context, addr);
}

static bool interface_to(void *context, const struct address *addr, char out[IFNAME_MAX])
{
	(void)context;
	return route_interface(addr, out);
}

/* ---- UDP after a change ---- */

struct search {
	struct stale *stale;
	struct found found;
	bool untranslated; /* one of them is: a program of this host may make it anew */
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

static int look(struct search *search, size_t *failed, struct err *err)
{
	static const struct ctrequest_wish udp = {.proto = PROTO_UDP};
	const struct conntrack_walker walker = {find_stale, search};
	search->found.count = 0;
	if (conntrack_walk(&udp, &walker, err) < 0)
		return -1;
	*failed = end_all(&search->found, err);
	return 0;
}

int settle_udp(const struct stale_change *change, size_t *failed, struct err *err)
{
	static const struct timespec pause = {.tv_nsec = BETWEEN_LOOKS_NS};
	struct host_addresses addresses = {0};
	struct stale_host host = {&addresses, owner, interface_to};
	struct stale stale = {0};
	struct search search = {.stale = &stale, .err = err};
	*failed = 0;
	int result = stale_make(change, &host, &stale, err);
	if (result == 0 && stale_possible(&stale)) {
		result = host_addresses(&addresses, err);
		if (result == 0)
			result = look(&search, failed, err);
		for (int i = 1; result == 0 && search.untranslated && i < LOOKS; i++) {
			nanosleep(&pause, NULL);
			result = look(&search, failed, err);
		}
	}
	free(search.found.items);
	host_addresses_free(&addresses);
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

int settle_kill(const struct stale_change *change, size_t *failed, struct err *err)
{
	struct killing killing = {.after = change->after, .err = err};
	const struct conntrack_walker walker = {find_through, &killing};
	*failed = 0;
	int result = owners_make(change->before, &killing.owners, err);
	if (result == 0)
		result = owners_walk(&killing.owners, &walker, err);
	if (result == 0)
		*failed = end_all(&killing.found, err);
	free(killing.found.items);
	owners_free(&killing.owners);
	return result;
}
