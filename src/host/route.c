/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One look-up, as `ip route get` does it. */
#include <string.h>
#include <net/if.h>
#include <linux/rtnetlink.h>

#include "host/netlink.h"
#include "host/route.h"

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
	_Alignas(struct nlmsghdr) char buffer[256] = {0};
	uint32_t index = 0;
	struct mnl_socket *socket = netlink_open(NETLINK_ROUTE);
	if (!socket)
		return 0;
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	nlh->nlmsg_type = RTM_GETROUTE;
	nlh->nlmsg_flags = NLM_F_ACK;
	struct rtmsg *rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
	unsigned int bits = address_bits(addr->family);
	rtm->rtm_family = addr->family == FAMILY_IPV6 ? AF_INET6 : AF_INET;
	rtm->rtm_dst_len = (unsigned char)bits;
	mnl_attr_put(nlh, RTA_DST, bits / 8, addr->bytes);
	netlink_ask(socket, nlh, on_route, &index); /* no route: no index */
	mnl_socket_close(socket);
	return index;
}

bool route_interface(const struct address *addr, char out[IFNAME_MAX])
{
	uint32_t index = route_to(addr);
	return index && if_indextoname(index, out);
}
