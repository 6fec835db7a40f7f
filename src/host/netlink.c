/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A dump from the request to its last message. */
#include <errno.h>
#include <time.h>
#include <sys/socket.h>

#include "host/netlink.h"

#define BUFFER_SIZE (32 * 1024) /* the kernel fills no more of a dump at once */

static int receive(struct mnl_socket *socket, uint32_t seq, mnl_cb_t on, void *data)
{
	_Alignas(struct nlmsghdr) char buffer[BUFFER_SIZE];
	int result = MNL_CB_OK;
	while (result == MNL_CB_OK) {
		ssize_t n = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));
		if (n < 0 && errno == EINTR)
			continue;
		result = n < 0 ? MNL_CB_ERROR
			       : mnl_cb_run(buffer, (size_t)n, seq, mnl_socket_get_portid(socket),
					    on, data);
	}
	return result == MNL_CB_ERROR ? -1 : 0;
}

int netlink_dump(int bus, struct nlmsghdr *request, mnl_cb_t on, void *data)
{
	int result = -1;
	struct mnl_socket *socket = mnl_socket_open2(bus, SOCK_CLOEXEC);
	if (!socket)
		return -1;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	request->nlmsg_seq = (uint32_t)time(NULL);
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) == 0 &&
	    mnl_socket_sendto(socket, request, request->nlmsg_len) >= 0)
		result = receive(socket, request->nlmsg_seq, on, data);
	int error = errno;
	mnl_socket_close(socket);
	errno = error;
	return result;
}
