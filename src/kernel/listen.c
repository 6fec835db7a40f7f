/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Listening sockets, by sock_diag(7): the kernel looks through those that listen alone, where
 * /proc/net/tcp has it walk the table of all connections.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>

#include "kernel/host.h"
#include "kernel/netlink.h"
#include "model/array.h"

#define REQUEST_SIZE 256

struct search {
	struct host_listeners set;
	uint8_t proto;
};

static int on_socket(const struct nlmsghdr *nlh, void *data)
{
	struct search *search = data;
	const struct inet_diag_msg *msg = mnl_nlmsg_get_payload(nlh);
	void *items = search->set.items;
	struct host_listener *l = array_append(&items, &search->set.count, sizeof(*l));
	search->set.items = items;
	if (!l) {
		errno = ENOMEM;
		return MNL_CB_ERROR;
	}
	bool six = msg->idiag_family == AF_INET6;
	l->addr.family = six ? FAMILY_IPV6 : FAMILY_IPV4;
	memcpy(l->addr.bytes, msg->id.idiag_src, six ? 16 : 4);
	l->port = ntohs(msg->id.idiag_sport);
	l->proto = search->proto;
	return MNL_CB_OK;
}

static int search_sockets(uint8_t family, uint8_t proto, struct search *search)
{
	_Alignas(struct nlmsghdr) char buffer[REQUEST_SIZE] = {0};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	nlh->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	struct inet_diag_req_v2 *request = mnl_nlmsg_put_extra_header(nlh, sizeof(*request));
	request->sdiag_family = family;
	request->sdiag_protocol = proto;
	/* a UDP socket that is not connected shows as closed */
	request->idiag_states = 1U << (proto == IPPROTO_TCP ? TCP_LISTEN : TCP_CLOSE);
	search->proto = proto;
	return netlink_dump(NETLINK_SOCK_DIAG, nlh, on_socket, search);
}

int host_listeners(struct host_listeners *out, struct err *err)
{
	static const uint8_t families[] = {AF_INET, AF_INET6},
			     protos[] = {IPPROTO_TCP, IPPROTO_UDP};
	struct search search = {0};
	for (int f = 0; f < 2; f++)
		for (int p = 0; p < 2; p++)
			if (search_sockets(families[f], protos[p], &search) < 0 &&
			    errno != ENOENT) {
				/* ENOENT: a kernel without that family or protocol */
				err_sys(err, errno, "cannot read which ports are listened on");
				host_listeners_free(&search.set);
				return -1;
			}
	*out = search.set;
	return 0;
}

void host_listeners_free(struct host_listeners *set)
{
	free(set->items);
	*set = (struct host_listeners){0};
}

/* A socket bound to no address takes packets to all, one of IPv6 those of IPv4 too. */
static bool takes(const struct address *bound, enum family family, const struct address *addr)
{
	if (address_is_unspecified(bound))
		return bound->family == family || bound->family == FAMILY_IPV6;
	if (bound->family != family || address_is_loopback(bound))
		return false;
	return !address_is_set(addr) || address_equal(bound, addr);
}

uint16_t host_listens(const struct host_listeners *set, enum family family, enum proto proto,
		      const struct address *addr, struct ports ports)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct host_listener *l = &set->items[i];
		if (l->proto == proto && ports_hold(ports, l->port) &&
		    takes(&l->addr, family, addr))
			return l->port;
	}
	return 0;
}
