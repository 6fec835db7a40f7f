/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded into pfwd: a kernel that lacks what the environment variable LACKING names. nf_tables:
 * messages to it go to a subsystem that no kernel has. room: sockets have no more of it than an
 * administrator of another user namespace gets. Otherwise an expression or a type of chain, or
 * labels: what a message says of it is spoilt, so that the kernel itself refuses it.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#define NO_SUBSYSTEM 0x7f
#define ROOM 212992 /* net.core.wmem_max of most kernels */

typedef ssize_t sendto_function(int, const void *, size_t, int, const struct sockaddr *, socklen_t);
typedef int setsockopt_function(int, int, int, const void *, socklen_t);

static void spoil(char *bytes, size_t size, const char *part, size_t length, size_t at, char with)
{
	char *end = bytes + size, *found;
	while ((found = memmem(bytes, (size_t)(end - bytes), part, length))) {
		found[at] = with;
		bytes = found + length;
	}
}

/* Of one message: a batch begins with the number of its subsystem, too. */
static void spoil_subsystem(struct nlmsghdr *nlh)
{
	struct nfgenmsg *nfh = NLMSG_DATA(nlh);
	if (nlh->nlmsg_type >> 8 == NFNL_SUBSYS_NFTABLES)
		nlh->nlmsg_type = (__u16)(NO_SUBSYSTEM << 8 | (nlh->nlmsg_type & 0xff));
	else if (nlh->nlmsg_type == NFNL_MSG_BATCH_BEGIN)
		nfh->res_id = htons(NO_SUBSYSTEM);
}

ssize_t sendto(int fd, const void *data, size_t size, int flags, const struct sockaddr *to,
	       socklen_t length)
{
	/* NFTA_CT_KEY of NFT_CT_LABELS; no kernel knows the key that it becomes */
	static const char labels[] = {8, 0, 2, 0, 0, 0, 0, 13};
	union {
		void *object;
		sendto_function *function;
	} real = {.object = dlsym(RTLD_NEXT, "sendto")};
	const char *what = getenv("LACKING");
	char *copy = malloc(size);
	if (!what || !copy || size < sizeof(struct nlmsghdr))
		abort();
	memcpy(copy, data, size);
	if (strcmp(what, "nf_tables") == 0)
		spoil_subsystem((void *)copy);
	else if (strcmp(what, "labels") == 0)
		spoil(copy, size, labels, sizeof(labels), sizeof(labels) - 1, 0x7f);
	else
		spoil(copy, size, what, strlen(what) + 1, 0, 'X');
	ssize_t sent = real.function(fd, copy, size, flags, to, length);
	free(copy);
	return sent;
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t length)
{
	static const int room = ROOM;
	union {
		void *object;
		setsockopt_function *function;
	} real = {.object = dlsym(RTLD_NEXT, "setsockopt")};
	const char *what = getenv("LACKING");
	bool limited = what && strcmp(what, "room") == 0 && level == SOL_SOCKET;
	if (limited && name == SO_SNDBUFFORCE) {
		errno = EPERM;
		return -1;
	}
	if (limited && name == SO_SNDBUF)
		return real.function(fd, level, name, &room, sizeof(room));
	return real.function(fd, level, name, value, length);
}
