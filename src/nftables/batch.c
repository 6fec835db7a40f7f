/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One sendmsg is the commit. The kernel answers with a message for each error, in the order of the
 * changes, and one acknowledgment was asked for the last of them: all answers are there when
 * sendmsg returns.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/socket.h>

#include "host/netlink.h"
#include "nftables/batch.h"
#include "nftables/wire.h"

#define HEADERS_SIZE 64 /* of a message */

static struct nlmsghdr *put_header(struct batch *b, uint16_t type, uint16_t flags, uint16_t res_id)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(b->bytes + b->used);
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	nlh->nlmsg_seq = ++b->sequence;
	struct nfgenmsg *nfh = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfh));
	nfh->nfgen_family = NFPROTO_INET;
	nfh->version = NFNETLINK_V0;
	nfh->res_id = htons(res_id);
	b->at = b->used;
	return nlh;
}

static struct nlmsghdr *last_message(const struct batch *b)
{
	return (void *)(b->bytes + b->at);
}

/* The message that was being written is as long as it is now. */
static void close_message(struct batch *b)
{
	if (b->used == b->at && b->bytes)
		b->used = b->at + ((size_t)last_message(b)->nlmsg_len + 3) / 4 * 4;
}

static bool reserve(struct batch *b, size_t more)
{
	close_message(b);
	size_t needed = b->used + HEADERS_SIZE + more;
	if (b->failed || needed <= b->room)
		return !b->failed;
	size_t room = needed + b->room / 8 + 4096;
	char *bytes = realloc(b->bytes, room);
	if (!bytes) {
		b->failed = true;
		return false;
	}
	/* padding is sent too */
	memset(bytes + b->room, 0, room - b->room);
	b->bytes = bytes;
	b->room = room;
	return true;
}

void batch_begin(struct batch *b, uint32_t generation)
{
	if (!reserve(b, 16))
		return;
	struct nlmsghdr *nlh = put_header(b, NFNL_MSG_BATCH_BEGIN, 0, NFNL_SUBSYS_NFTABLES);
	((struct nfgenmsg *)mnl_nlmsg_get_payload(nlh))->nfgen_family = AF_UNSPEC;
	mnl_attr_put_u32(nlh, NFNL_BATCH_GENID, htonl(generation));
}

struct nlmsghdr *batch_message(struct batch *b, uint16_t type, uint16_t flags, size_t room)
{
	if (!reserve(b, room))
		return NULL;
	return put_header(b, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), flags, 0);
}

void batch_free(struct batch *b)
{
	free(b->bytes);
	*b = (struct batch){0};
}

/* ---- sending ---- */

static int change_error(int error, struct err *err)
{
	switch (error) {
	case ERESTART:
	case EAGAIN:
	case EINTR:
		return err_set(err, ERR_CHANGED,
			       "others changed the nf_tables rules at the same time");
	case EPERM:
	case EACCES:
		return err_set(err, ERR_PERMISSION,
			       "not permitted to change nf_tables: CAP_NET_ADMIN is needed; run "
			       "pfwd as root");
	/* what is to be deleted has just been read: only a part of the kernel can be missing */
	case ENOENT:
	case EOPNOTSUPP:
	case EPROTONOSUPPORT:
	case EAFNOSUPPORT:
		return err_set(
			err, ERR_UNSUPPORTED,
			"this kernel's nf_tables lack a part that pfwd needs (%s): inet nat, "
			"fib or connection labels; load nft_chain_nat, nft_fib_inet and nft_ct, "
			"or use --backend iptables",
			strerror(error));
	default:
		return err_sys(err, error, "cannot change nf_tables");
	}
}

struct answer {
	int error; /* the first; 0: none */
	bool acknowledged;
};

static void read_answers(struct mnl_socket *socket, struct answer *out)
{
	char buffer[16384];
	bool overran = false;
	ssize_t n;
	while ((n = recv(mnl_socket_get_fd(socket), buffer, sizeof(buffer), MSG_DONTWAIT)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == ENOBUFS && !overran) {
			/* more errors than the socket holds, told once: the first is known */
			overran = true;
			continue;
		}
		if (n < 0)
			return;
		int left = (int)n;
		const struct nlmsghdr *nlh = (const void *)buffer;
		for (; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
			const struct nlmsgerr *answer = mnl_nlmsg_get_payload(nlh);
			if (nlh->nlmsg_type != NLMSG_ERROR ||
			    mnl_nlmsg_get_payload_len(nlh) < sizeof(*answer))
				continue;
			if (answer->error == 0)
				out->acknowledged = true;
			else if (!out->error)
				out->error = -answer->error;
		}
	}
}

/* A batch has to fit the buffer as a whole. */
static void enlarge_buffer(int fd, size_t size)
{
	int wanted = size > INT32_MAX / 2 ? INT32_MAX / 2 : (int)size + 65536;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &wanted, sizeof(wanted)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &wanted, sizeof(wanted));
}

/* Forwards differ in size: one in ten is left out of the number that fits. */
static int too_large(int fd, const struct batch *b, struct err *err)
{
	int allowed = 0;
	socklen_t length = sizeof(allowed);
	getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &allowed, &length);
	double part = (double)allowed / (double)b->used * 0.9;
	return err_set(err, ERR_FAILED,
		       "the change takes %zu bytes, and the socket allows %d here (outside of the "
		       "first user namespace, net.core.wmem_max limits it); change no more than "
		       "%zu forwards with one command",
		       b->used, allowed, (size_t)((double)b->forwards * part));
}

int batch_send(struct batch *b, bool *unsure, struct err *err)
{
	struct answer answer = {0};
	int result = -1;
	*unsure = false;
	close_message(b);
	if (!b->failed)
		last_message(b)->nlmsg_flags |= NLM_F_ACK;
	if (!reserve(b, 0))
		return err_memory(err);
	put_header(b, NFNL_MSG_BATCH_END, 0, NFNL_SUBSYS_NFTABLES);
	close_message(b);
	struct mnl_socket *socket = netlink_open(NETLINK_NETFILTER);
	if (!socket) {
		err_sys(err, errno, "cannot open a netlink socket");
		goto out;
	}
	int fd = mnl_socket_get_fd(socket);
	enlarge_buffer(fd, b->used);
	ssize_t sent;
	do
		sent = mnl_socket_sendto(socket, b->bytes, b->used);
	while (sent < 0 && errno == EINTR);
	if (sent < 0) {
		if (errno == EMSGSIZE)
			too_large(fd, b, err);
		else
			change_error(errno == EAGAIN ? ENOBUFS : errno, err);
		goto out;
	}
	read_answers(socket, &answer);
	if (answer.error) {
		change_error(answer.error, err);
	} else if (!answer.acknowledged) {
		*unsure = true;
		err_set(err, ERR_FAILED,
			"cannot read the kernel's answer to a change of nf_tables");
	} else {
		result = 0;
	}
out:
	if (socket)
		mnl_socket_close(socket);
	return result;
}

/* ---- the generation ---- */

int batch_generation(uint32_t *out)
{
	_Alignas(struct nlmsghdr) char buffer[4096] = {0};
	struct batch request = {.bytes = buffer, .room = sizeof(buffer)};
	struct mnl_socket *socket = netlink_open(NETLINK_NETFILTER);
	int result = -1, error;
	*out = 0;
	if (!socket)
		return errno == EPROTONOSUPPORT || errno == EAFNOSUPPORT ? 0 : -1;
	struct nlmsghdr *nlh =
		put_header(&request, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN, 0, 0);
	if (mnl_socket_sendto(socket, nlh, nlh->nlmsg_len) < 0)
		goto out;
	ssize_t n;
	do
		n = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));
	while (n < 0 && errno == EINTR);
	nlh = (void *)buffer;
	if (n < 0 || !mnl_nlmsg_ok(nlh, (int)n))
		goto out;
	result = 0;
	if (nlh->nlmsg_type == NLMSG_ERROR) {
		const struct nlmsgerr *answer = mnl_nlmsg_get_payload(nlh);
		/* EINVAL: no such subsystem */
		bool absent = answer->error == -EINVAL || answer->error == -EOPNOTSUPP ||
			      answer->error == -ENOENT;
		errno = -answer->error;
		result = absent ? 0 : -1;
		goto out;
	}
	const char *at = mnl_nlmsg_get_payload_offset(nlh, sizeof(struct nfgenmsg));
	const char *end = (const char *)nlh + nlh->nlmsg_len;
	const struct nlattr *attr;
	while ((attr = wire_next(&at, end)))
		if (mnl_attr_get_type(attr) == NFTA_GEN_ID)
			*out = wire_number(attr);
out:
	error = errno;
	mnl_socket_close(socket);
	errno = error;
	return result;
}
