/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looking through conntrack, and ending what was found. */
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "conns/conntrack.h"
#include "conns/settle.h"
#include "host/host.h"
#include "model/array.h"
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

static int read_route(const struct nlattr *attr, void *data)
{
	uint32_t *index = data;
	if (mnl_attr_get_type(attr) == RTA_OIF)
		*index = mnl_attr_get_u32(attr);
	return MNL_CB_OK;
}

static int on_route(const struct nlmsghdr *nlh, void *data)
{
	mnl_attr_parse(nlh, sizeof(struct rtmsg), read_route, data);
	return MNL_CB_STOP;
}

static uint32_t route_to(const struct address *addr)
{
	_Alignas(struct nlmsghdr) char buffer[8192] = {0};
	uint32_t index = 0;
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!socket)
		return 0;
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	nlh->nlmsg_type = RTM_GETROUTE;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	nlh->nlmsg_seq = 1;
	struct rtmsg *rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
	unsigned int bits = address_bits((enum family)addr->family);
	rtm->rtm_family = addr->family == FAMILY_IPV6 ? AF_INET6 : AF_INET;
	rtm->rtm_dst_len = (unsigned char)bits;
	mnl_attr_put(nlh, RTA_DST, bits / 8, addr->bytes);
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) == 0 &&
	    mnl_socket_sendto(socket, nlh, nlh->nlmsg_len) >= 0) {
		ssize_t n = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));
		if (n > 0)
			mnl_cb_run(buffer, (size_t)n, 1, mnl_socket_get_portid(socket), on_route,
				   &index);
	}
	mnl_socket_close(socket);
	return index;
}

static const char *interface_to(void *context, const struct address *addr)
{
	struct host *host = context;
	uint32_t index = route_to(addr);
	return index ? if_indextoname(index, host->interface) : NULL;
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
	struct lookup lookup; /* of the forwards before */
	struct host host;
	struct found found;
	struct err *err;
};

static int find_through(void *context, const struct connection *c)
{
	struct killing *killing = context;
	struct lookup_owner owner = host_owner(&killing->host.addresses);
	const struct forward *f = lookup_connection(&killing->lookup, c, &owner);
	if (!f || forwards_find(killing->after, f) < killing->after->count)
		return 0;
	return keep(&killing->found, c, killing->err);
}

int settle_kill(const struct forwards *before, const struct forwards *after, struct err *err)
{
	struct killing killing = {.after = after, .err = err};
	int result = lookup_make(before, &killing.lookup, err);
	if (result == 0)
		result = host_addresses(&killing.host.addresses, err);
	if (result == 0)
		result = conntrack_walk(FAMILY_NONE, CONNTRACK_TRANSLATED, find_through, &killing,
					err);
	if (result == 0)
		result = end_all(&killing.found, err);
	free(killing.found.items);
	host_addresses_free(&killing.host.addresses);
	lookup_free(&killing.lookup);
	return result;
}
