/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Listening sockets, by sock_diag(7). The kernel then looks only through the sockets that listen;
 * for /proc/net/tcp it walks the table of all connections.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>

#include "host/listeners.h"
#include "host/netlink.h"
#include "model/array.h"

#define REQUEST_SIZE 256

struct search {
	struct host_listeners set;
	uint8_t proto;
};

static int read_attribute(const struct nlattr *attr, void *data)
{
	bool *only = data;
	if (mnl_attr_get_type(attr) == INET_DIAG_SKV6ONLY)
		*only = mnl_attr_get_u8(attr);
	return MNL_CB_OK;
}

static struct address read_address(const struct inet_diag_msg *msg)
{
	bool six = msg->idiag_family == AF_INET6;
	struct address addr = {.family = six ? FAMILY_IPV6 : FAMILY_IPV4};
	memcpy(addr.bytes, msg->id.idiag_src, six ? 16 : 4);
	/* a socket of IPv6 takes IPv4 at such an address */
	return address_is_mapped(&addr) ? address_undressed(&addr) : addr;
}

static int on_socket(const struct nlmsghdr *nlh, void *data)
{
	struct search *search = data;
	const struct inet_diag_msg *msg = mnl_nlmsg_get_payload(nlh);
	char ifname[IF_NAMESIZE];
	bool only = false;
	void *items = search->set.items;
	struct host_listener *l = array_append(&items, &search->set.count, sizeof(*l));
	search->set.items = items;
	if (!l) {
		errno = ENOMEM;
		return MNL_CB_ERROR;
	}
	mnl_attr_parse(nlh, sizeof(*msg), read_attribute, &only);
	l->addr = read_address(msg);
	l->both = l->addr.family == FAMILY_IPV6 && address_is_unspecified(&l->addr) && !only;
	l->port = ntohs(msg->id.idiag_sport);
	l->proto = search->proto;
	if (msg->id.idiag_if && if_indextoname(msg->id.idiag_if, ifname))
		memcpy(l->ifname, ifname, strlen(ifname));
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

static int compare_ports(const void *a, const void *b)
{
	const struct host_listener *x = a, *y = b;
	return x->port - y->port;
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
	if (search.set.count)
		qsort(search.set.items, search.set.count, sizeof(*search.set.items), compare_ports);
	*out = search.set;
	return 0;
}

void host_listeners_free(struct host_listeners *set)
{
	free(set->items);
	*set = (struct host_listeners){0};
}
