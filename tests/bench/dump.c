/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What no reader of conntrack's table can be faster than: ask for all translated connections of
 * this network namespace, and throw away what comes.
 */
#include <arpa/inet.h>
#include <err.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

static void ask(struct mnl_socket *socket)
{
	_Alignas(struct nlmsghdr) char buffer[256];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	nlh->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct nfgenmsg));
	mnl_attr_put_u32(nlh, CTA_STATUS, htonl(IPS_DST_NAT));
	mnl_attr_put_u32(nlh, CTA_STATUS_MASK, htonl(IPS_DST_NAT));
	if (mnl_socket_sendto(socket, nlh, nlh->nlmsg_len) < 0)
		err(1, "send");
}

int main(void)
{
	static _Alignas(struct nlmsghdr) char buffer[64 * 1024];
	struct mnl_socket *socket = mnl_socket_open(NETLINK_NETFILTER);
	if (!socket || mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0)
		err(1, "netlink");
	ask(socket);
	const struct nlmsghdr *first = (const void *)buffer;
	do /* the end comes alone */
		if (mnl_socket_recvfrom(socket, buffer, sizeof(buffer)) < 0)
			err(1, "receive");
	while (first->nlmsg_type != NLMSG_DONE && first->nlmsg_type != NLMSG_ERROR);
	mnl_socket_close(socket);
	return first->nlmsg_type == NLMSG_ERROR;
}
