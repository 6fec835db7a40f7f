/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests to conntrack, and its events. Messages are read by ctmessage.c; libnetfilter_conntrack
 * only says which entries of a dump are wanted.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack.h>
#include <linux/filter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include "conns/conntrack.h"
#include "conns/ctmessage.h"
#include "conns/repeats.h"
#include "host/netlink.h"

#define SEND_SIZE 4096

/* ---- messages ---- */

static int netlink_error(int error, const char *what, struct err *err)
{
	if (error == EPERM || error == EACCES)
		return err_set(err, ERR_PERMISSION,
			       "not permitted to %s: CAP_NET_ADMIN is needed; run pfwd as root",
			       what);
	if (error == EPROTONOSUPPORT || error == EOPNOTSUPP || error == EINVAL || error == ENOENT)
		return err_set(
			err, ERR_UNSUPPORTED,
			"cannot %s: the kernel has no conntrack netlink interface (%s); "
			"load nf_conntrack_netlink, or use a kernel with CONFIG_NF_CT_NETLINK",
			what, strerror(error));
	return err_sys(err, error, "cannot %s", what);
}

static uint8_t af_of(enum family family)
{
	return family == FAMILY_IPV6 ? AF_INET6 : family == FAMILY_IPV4 ? AF_INET : AF_UNSPEC;
}

static struct nlmsghdr *put_header(void *buffer, uint16_t type, uint16_t flags, enum family family)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	nlh->nlmsg_type = (uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | type);
	nlh->nlmsg_flags = flags;
	struct nfgenmsg *nfh = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfh));
	nfh->nfgen_family = af_of(family);
	nfh->version = NFNETLINK_V0;
	return nlh;
}

/* ---- reading all ---- */

struct walk {
	struct repeats recent;
	enum conntrack_which which;
	uint8_t proto; /* not 0: of this protocol, to this port, and not translated */
	uint16_t port;
	int (*each)(void *context, const struct connection *c);
	void *context;
	int result;
};

static bool read_message(const struct nlmsghdr *nlh, struct connection *out)
{
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(struct nfgenmsg))
		return false;
	ctmessage_read(nlh, out);
	return true;
}

static int pass_on(struct walk *walk, const struct connection *c)
{
	walk->result = walk->each(walk->context, c);
	return walk->result < 0 ? MNL_CB_STOP : MNL_CB_OK;
}

static int on_message(const struct nlmsghdr *nlh, void *data)
{
	struct walk *walk = data;
	struct connection c;
	if (!read_message(nlh, &c))
		return MNL_CB_OK;
	/* older kernels do not filter, see put_protocol */
	bool wanted = walk->which == CONNTRACK_UDP ? c.proto == IPPROTO_UDP : c.translated;
	if (walk->proto)
		wanted = c.proto == walk->proto && c.via.port == walk->port && !c.translated;
	return wanted && !repeats_seen(&walk->recent, &c) ? pass_on(walk, &c) : MNL_CB_OK;
}

/* CTA_FILTER_F_CTA_PROTO_NUM and CTA_FILTER_F_CTA_PROTO_DST_PORT of the kernel's nf_internals.h */
#define FILTER_PROTO_NUM (1U << 3)
#define FILTER_DST_PORT (1U << 5)

/* Of that protocol alone, and to that port if it is not 0; libnetfilter_conntrack 1.0.9 cannot say
 * it. Kernels since 5.9 know it and ask for one family; those before leave unknown attributes
 * alone. */
static void put_protocol(struct nlmsghdr *nlh, uint8_t proto, uint16_t port)
{
	struct nlattr *tuple = mnl_attr_nest_start(nlh, CTA_TUPLE_ORIG);
	struct nlattr *inner = mnl_attr_nest_start(nlh, CTA_TUPLE_PROTO);
	mnl_attr_put_u8(nlh, CTA_PROTO_NUM, proto);
	if (port)
		mnl_attr_put_u16(nlh, CTA_PROTO_DST_PORT, htons(port));
	mnl_attr_nest_end(nlh, inner);
	mnl_attr_nest_end(nlh, tuple);
	struct nlattr *filter = mnl_attr_nest_start(nlh, CTA_FILTER);
	mnl_attr_put_u32(nlh, CTA_FILTER_ORIG_FLAGS,
			 port ? FILTER_PROTO_NUM | FILTER_DST_PORT : FILTER_PROTO_NUM);
	mnl_attr_put_u32(nlh, CTA_FILTER_REPLY_FLAGS, 0);
	mnl_attr_nest_end(nlh, filter);
}

/* Ask for all connections of that family; 0, or -1 and errno. */
static int ask_for_all(struct mnl_socket *socket, enum family family, struct walk *walk)
{
	static const struct nfct_filter_dump_mark status = {IPS_DST_NAT, IPS_DST_NAT};
	_Alignas(struct nlmsghdr) char buffer[SEND_SIZE] = {0}; /* padding is sent too */
	struct nlmsghdr *nlh = put_header(buffer, IPCTNL_MSG_CT_GET, NLM_F_DUMP, family);
	struct nfct_filter_dump *filter = nfct_filter_dump_create();
	if (!filter)
		return -1;
	if (walk->proto)
		put_protocol(nlh, walk->proto, walk->port);
	else if (walk->which == CONNTRACK_TRANSLATED)
		nfct_filter_dump_set_attr(filter, NFCT_FILTER_DUMP_STATUS, &status);
	else
		put_protocol(nlh, IPPROTO_UDP, 0);
	nfct_nlmsg_build_filter(nlh, filter);
	nfct_filter_dump_destroy(filter);
	return netlink_ask(socket, nlh, on_message, walk);
}

static int walk_family(enum family family, struct walk *walk, struct err *err)
{
	static const char what[] = "read the connections";
	struct mnl_socket *socket = netlink_open(NETLINK_NETFILTER);
	if (!socket)
		return netlink_error(errno, what, err);
	int result = ask_for_all(socket, family, walk);
	if (result < 0)
		netlink_error(errno, what, err);
	mnl_socket_close(socket);
	return walk->result < 0 ? walk->result : result;
}

int conntrack_walk(enum family family, enum conntrack_which which,
		   int (*each)(void *context, const struct connection *c), void *context,
		   struct err *err)
{
	struct walk walk = {.which = which, .each = each, .context = context};
	if (family != FAMILY_NONE || which == CONNTRACK_TRANSLATED)
		return walk_family(family, &walk, err);
	int result = walk_family(FAMILY_IPV4, &walk, err);
	return result < 0 ? result : walk_family(FAMILY_IPV6, &walk, err);
}

int conntrack_walk_port(enum family family, uint8_t proto, uint16_t port,
			int (*each)(void *context, const struct connection *c), void *context,
			struct err *err)
{
	struct walk walk = {.proto = proto, .port = port, .each = each, .context = context};
	return walk_family(family, &walk, err);
}

/* ---- events ---- */

static const char follow_what[] = "follow the connections";

#define EVENTS_BUFFER (16 * 1024 * 1024) /* bytes; the kernel's bookkeeping counts too */

/* Let only events of translated connections through: find the status attribute, test its bit. */
static int filter_events(struct mnl_socket *socket)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_IMM, NLMSG_HDRLEN + sizeof(struct nfgenmsg)),
		BPF_STMT(BPF_LDX | BPF_IMM, CTA_STATUS),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, (__u32)SKF_AD_OFF + SKF_AD_NLATTR),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 4, 0), /* no status: let us see it */
		BPF_STMT(BPF_MISC | BPF_TAX, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_IND, sizeof(struct nlattr)),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, IPS_DST_NAT, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	};
	struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};
	return setsockopt(mnl_socket_get_fd(socket), SOL_SOCKET, SO_ATTACH_FILTER, &program,
			  sizeof(program));
}

static int subscribe(struct mnl_socket *socket)
{
	static const int groups[] = {NFNLGRP_CONNTRACK_NEW, NFNLGRP_CONNTRACK_UPDATE,
				     NFNLGRP_CONNTRACK_DESTROY};
	int size = EVENTS_BUFFER, fd = mnl_socket_get_fd(socket);
	if (filter_events(socket) < 0)
		return -1;
	/* without the privilege to force it, as much as is allowed */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (mnl_socket_setsockopt(socket, NETLINK_ADD_MEMBERSHIP,
					  (void *)(uintptr_t)&groups[i], sizeof(groups[i])) < 0)
			return -1;
	return fcntl(fd, F_SETFL, O_NONBLOCK);
}

static int on_event(const struct nlmsghdr *nlh, void *data)
{
	struct connection c;
	if (!read_message(nlh, &c) || !c.translated)
		return MNL_CB_OK;
	if (NFNL_MSG_TYPE(nlh->nlmsg_type) == IPCTNL_MSG_CT_DELETE)
		c.event = CONNECTION_DESTROY;
	else
		c.event = nlh->nlmsg_flags & NLM_F_CREATE ? CONNECTION_NEW : CONNECTION_UPDATE;
	return pass_on(data, &c);
}

#define LOT 256 /* messages after which lines are shown and signals are looked for */

/* Take in the messages there are now, a lot of them at the most. 0, or a negative value as
 * conntrack_follow. */
static int drain(struct mnl_socket *socket, const struct conntrack_follower *follower, char *buffer,
		 struct err *err)
{
	struct walk walk = {.each = follower->each, .context = follower->context};
	for (int i = 0; i < LOT && walk.result >= 0; i++) {
		ssize_t n = mnl_socket_recvfrom(socket, buffer, NETLINK_BUFFER_SIZE);
		if (n >= 0 && mnl_cb_run(buffer, (size_t)n, 0, 0, on_event, &walk) == MNL_CB_ERROR)
			return netlink_error(errno, follow_what, err);
		if (n >= 0 || errno == EINTR)
			continue;
		if (errno == EAGAIN)
			break;
		if (errno != ENOBUFS)
			return netlink_error(errno, follow_what, err);
		walk.result = follower->lost(follower->context);
	}
	return walk.result < 0 ? walk.result : follower->done(follower->context);
}

static int follow(struct mnl_socket *socket, const struct conntrack_follower *follower,
		  struct err *err)
{
	struct pollfd fds[] = {{.fd = mnl_socket_get_fd(socket), .events = POLLIN},
			       {.fd = follower->signals, .events = POLLIN},
			       {.fd = follower->reader}}; /* its end is always told */
	char *buffer = malloc(NETLINK_BUFFER_SIZE);
	if (!buffer)
		return err_memory(err);
	int result = drain(socket, follower, buffer, err);
	while (result >= 0) {
		if (poll(fds, sizeof(fds) / sizeof(fds[0]), -1) < 0 && errno != EINTR)
			result = err_sys(err, errno, "cannot %s", follow_what);
		else if (fds[1].revents || fds[2].revents)
			break;
		else
			result = drain(socket, follower, buffer, err);
	}
	free(buffer);
	return result < 0 ? result : 0;
}

int conntrack_follow(const struct conntrack_follower *follower, struct err *err)
{
	struct mnl_socket *socket = netlink_open(NETLINK_NETFILTER);
	if (!socket)
		return netlink_error(errno, follow_what, err);
	int result = subscribe(socket) < 0 ? netlink_error(errno, follow_what, err)
					   : follow(socket, follower, err);
	mnl_socket_close(socket);
	return result;
}

unsigned long conntrack_buckets(void)
{
	unsigned long count = 0;
	FILE *in = fopen("/proc/sys/net/netfilter/nf_conntrack_buckets", "re");
	if (!in)
		return 0;
	if (fscanf(in, "%lu", &count) != 1)
		count = 0;
	fclose(in);
	return count;
}

/* ---- ending one ---- */

/* The addresses, ports and zone of one direction, by which the kernel finds a connection. */
static void put_tuple(struct nlmsghdr *nlh, enum ctattr_type direction, const struct connection *c)
{
	bool original = direction == CTA_TUPLE_ORIG, six = c->family == FAMILY_IPV6;
	const struct endpoint *from = original ? &c->client : &c->target;
	const struct endpoint *to = original ? &c->via : &c->back;
	uint16_t zone = original ? c->zone_in : c->zone_out;
	size_t size = address_bits(c->family) / 8;
	struct nlattr *tuple = mnl_attr_nest_start(nlh, (uint16_t)direction);
	struct nlattr *inner = mnl_attr_nest_start(nlh, CTA_TUPLE_IP);
	mnl_attr_put(nlh, six ? CTA_IP_V6_SRC : CTA_IP_V4_SRC, size, from->addr.bytes);
	mnl_attr_put(nlh, six ? CTA_IP_V6_DST : CTA_IP_V4_DST, size, to->addr.bytes);
	mnl_attr_nest_end(nlh, inner);
	inner = mnl_attr_nest_start(nlh, CTA_TUPLE_PROTO);
	mnl_attr_put_u8(nlh, CTA_PROTO_NUM, c->proto);
	mnl_attr_put_u16(nlh, CTA_PROTO_SRC_PORT, htons(from->port));
	mnl_attr_put_u16(nlh, CTA_PROTO_DST_PORT, htons(to->port));
	mnl_attr_nest_end(nlh, inner);
	if (zone)
		mnl_attr_put_u16(nlh, CTA_TUPLE_ZONE, htons(zone));
	mnl_attr_nest_end(nlh, tuple);
}

static int delete (struct mnl_socket *socket, const struct connection *c)
{
	_Alignas(struct nlmsghdr) char buffer[SEND_SIZE] = {0};
	struct nlmsghdr *nlh = put_header(buffer, IPCTNL_MSG_CT_DELETE, NLM_F_ACK, c->family);
	put_tuple(nlh, CTA_TUPLE_ORIG, c);
	/* the id, so that not another one of the same addresses is ended that came meanwhile */
	mnl_attr_put_u32(nlh, CTA_ID, htonl(c->id));
	return netlink_ask(socket, nlh, NULL, NULL);
}

static int read_id(const struct nlmsghdr *nlh, void *data)
{
	struct connection c;
	if (read_message(nlh, &c))
		*(uint32_t *)data = c.id;
	return MNL_CB_OK;
}

/* Whether the kernel knows the connection by the direction that it was not sought by. */
static bool is_there(struct mnl_socket *socket, const struct connection *c)
{
	_Alignas(struct nlmsghdr) char buffer[SEND_SIZE] = {0};
	struct nlmsghdr *nlh = put_header(buffer, IPCTNL_MSG_CT_GET, NLM_F_ACK, c->family);
	uint32_t id = ~c->id;
	put_tuple(nlh, CTA_TUPLE_REPLY, c);
	return netlink_ask(socket, nlh, read_id, &id) == 0 && id == c->id;
}

int conntrack_delete(const struct connection *c, struct err *err)
{
	static const char what[] = "end a connection";
	struct mnl_socket *socket = netlink_open(NETLINK_NETFILTER);
	if (!socket)
		return netlink_error(errno, what, err);
	int result = delete (socket, c), error = errno;
	if (result < 0 && error == ENOENT && !is_there(socket, c))
		result = 0;
	if (result < 0)
		err_sys(err, error, "cannot %s", what);
	mnl_socket_close(socket);
	return result;
}
