/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One request, and its answer up to the last message. */
#include <errno.h>
#include <time.h>
#include <sys/socket.h>

#include "host/netlink.h"

struct mnl_socket *netlink_open(int bus)
{
	struct mnl_socket *socket = mnl_socket_open2(bus, SOCK_CLOEXEC);
	if (!socket || mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) == 0)
		return socket;
	int error = errno;
	mnl_socket_close(socket);
	errno = error;
	return NULL;
}

int netlink_ask(struct mnl_socket *socket, struct nlmsghdr *request, mnl_cb_t on, void *data)
{
	_Alignas(struct nlmsghdr) char buffer[NETLINK_BUFFER_SIZE];
	int result = MNL_CB_OK;
	request->nlmsg_flags |= NLM_F_REQUEST;
	request->nlmsg_seq = (uint32_t)time(NULL);
	if (mnl_socket_sendto(socket, request, request->nlmsg_len) < 0)
		return -1;
	while (result == MNL_CB_OK) {
		ssize_t n = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));
		if (n >= 0)
			result = mnl_cb_run(buffer, (size_t)n, request->nlmsg_seq,
					    mnl_socket_get_portid(socket), on, data);
		else if (errno != EINTR)
			result = MNL_CB_ERROR;
	}
	return result == MNL_CB_ERROR ? -1 : 0;
}

int netlink_dump(int bus, struct nlmsghdr *request, mnl_cb_t on, void *data)
{
	struct mnl_socket *socket = netlink_open(bus);
	if (!socket)
		return -1;
	request->nlmsg_flags = NLM_F_DUMP;
	int result = netlink_ask(socket, request, on, data), error = errno;
	mnl_socket_close(socket);
	errno = error;
	return result;
}
