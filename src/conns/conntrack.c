/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is asked of the kernel are libnetfilter_conntrack's messages; sending and receiving is
 * libmnl's, with a buffer that holds what the kernel is ready to send at once:
 * libnetfilter_conntrack's own takes 17 entries a read.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack.h>
#include <linux/filter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <sys/signalfd.h>

#include "conns/conntrack.h"
#include "conns/ctmessage.h"
#include "conns/repeats.h"

#define RECEIVE_SIZE ((size_t)64 * 1024)
#define SEND_SIZE 4096

/* ---- netlink ---- */

static int netlink_error(int error, const char *what, struct err *err)
{
	if (error == EPERM || error == EACCES)
		return err_set(err, ERR_PERMISSION,
			       "not permitted to %s: CAP_NET_ADMIN is needed; run pfwd as root",
			       what);
	if (error == EPROTONOSUPPORT || error == EOPNOTSUPP || error == EINVAL || error == ENOENT)
		return err_set(
			err, ERR_UNSUPPORTED,
			"cannot %s: this kernel does not speak of its connections (%s); load "
			"nf_conntrack_netlink, or use a kernel with CONFIG_NF_CT_NETLINK",
			what, strerror(error));
	return err_sys(err, error, "cannot %s", what);
}

static struct mnl_socket *netlink_open(const char *what, struct err *err)
{
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	if (socket && mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) == 0)
		return socket;
	netlink_error(errno, what, err);
	if (socket)
		mnl_socket_close(socket);
	return NULL;
}

static struct nlmsghdr *put_header(void *buffer, uint16_t type, uint16_t flags, uint8_t family,
				   uint32_t seq)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	nlh->nlmsg_type = (uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | type);
	nlh->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	nlh->nlmsg_seq = seq;
	struct nfgenmsg *nfh = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfh));
	nfh->nfgen_family = family;
	nfh->version = NFNETLINK_V0;
	return nlh;
}

static uint8_t af_of(enum family family)
{
	return family == FAMILY_IPV6 ? AF_INET6 : family == FAMILY_IPV4 ? AF_INET : AF_UNSPEC;
}

struct walk {
	struct repeats recent;
	enum conntrack_which which;
	int (*each)(void *context, const struct connection *c);
	void *context;
	int result;
};

/* Give the connection of a message to each, but for those that wanted leaves out. */
static int pass_on(const struct nlmsghdr *nlh, struct walk *walk,
		   bool (*wanted)(struct walk *walk, const struct nlmsghdr *nlh,
				  struct connection *c))
{
	struct connection c;
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(struct nfgenmsg))
		return MNL_CB_OK;
	ctmessage_read(nlh, &c);
	if (!wanted(walk, nlh, &c))
		return MNL_CB_OK;
	walk->result = walk->each(walk->context, &c);
	return walk->result < 0 ? MNL_CB_STOP : MNL_CB_OK;
}

static bool is_wanted(struct walk *walk, const struct nlmsghdr *nlh, struct connection *c)
{
	(void)nlh;
	/* older kernels do not filter, see request */
	bool wanted = walk->which == CONNTRACK_UDP ? c->proto == IPPROTO_UDP : c->translated;
	return wanted && !repeats_seen(&walk->recent, c);
}

static int on_message(const struct nlmsghdr *nlh, void *data)
{
	return pass_on(nlh, data, is_wanted);
}

/* Receive messages until the last; each sent with that sequence number. */
static int receive(struct mnl_socket *socket, uint32_t seq, mnl_cb_t on, void *data)
{
	char *buffer = malloc(RECEIVE_SIZE);
	int result = buffer ? MNL_CB_OK : MNL_CB_ERROR;
	while (result == MNL_CB_OK) {
		ssize_t n = mnl_socket_recvfrom(socket, buffer, RECEIVE_SIZE);
		if (n < 0 && errno == EINTR)
			continue;
		result = n < 0 ? MNL_CB_ERROR
			       : mnl_cb_run(buffer, (size_t)n, seq, mnl_socket_get_portid(socket),
					    on, data);
	}
	int error = errno;
	free(buffer);
	errno = error;
	return result == MNL_CB_ERROR ? -1 : 0;
}

#define FILTER_PROTO_NUM (1U << 3) /* CTA_FILTER_F_CTA_PROTO_NUM of the kernel's nf_internals.h */

/* Of that protocol alone; libnetfilter_conntrack 1.0.9 cannot say it. Kernels since 5.9 know it and
 * ask for one family; those before leave unknown attributes alone. */
static void put_protocol(struct nlmsghdr *nlh, uint8_t proto)
{
	struct nlattr *tuple = mnl_attr_nest_start(nlh, CTA_TUPLE_ORIG);
	struct nlattr *inner = mnl_attr_nest_start(nlh, CTA_TUPLE_PROTO);
	mnl_attr_put_u8(nlh, CTA_PROTO_NUM, proto);
	mnl_attr_nest_end(nlh, inner);
	mnl_attr_nest_end(nlh, tuple);
	struct nlattr *filter = mnl_attr_nest_start(nlh, CTA_FILTER);
	mnl_attr_put_u32(nlh, CTA_FILTER_ORIG_FLAGS, FILTER_PROTO_NUM);
	mnl_attr_put_u32(nlh, CTA_FILTER_REPLY_FLAGS, 0);
	mnl_attr_nest_end(nlh, filter);
}

/* Ask for all connections of that family; 0, or -1 and errno. */
static int request(struct mnl_socket *socket, enum family family, enum conntrack_which which,
		   uint32_t seq)
{
	static const struct nfct_filter_dump_mark status = {IPS_DST_NAT, IPS_DST_NAT};
	_Alignas(struct nlmsghdr) char buffer[SEND_SIZE] = {0}; /* padding is sent too */
	struct nfct_filter_dump *filter = nfct_filter_dump_create();
	struct nlmsghdr *nlh =
		put_header(buffer, IPCTNL_MSG_CT_GET, NLM_F_DUMP, af_of(family), seq);
	if (!filter)
		return -1;
	if (which == CONNTRACK_TRANSLATED)
		nfct_filter_dump_set_attr(filter, NFCT_FILTER_DUMP_STATUS, &status);
	else
		put_protocol(nlh, IPPROTO_UDP);
	nfct_nlmsg_build_filter(nlh, filter);
	nfct_filter_dump_destroy(filter);
	return mnl_socket_sendto(socket, nlh, nlh->nlmsg_len) < 0 ? -1 : 0;
}

static int walk_family(enum family family, struct walk *walk, struct err *err)
{
	static const char what[] = "read the connections";
	uint32_t seq = (uint32_t)time(NULL);
	int result = 0;
	struct mnl_socket *socket = netlink_open(what, err);
	if (!socket)
		return -1;
	if (request(socket, family, walk->which, seq) < 0 ||
	    receive(socket, seq, on_message, walk) < 0)
		result = netlink_error(errno, what, err);
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

/* ---- events ---- */

static const char follow_what[] = "follow the connections";

#define EVENTS_BUFFER (16 * 1024 * 1024) /* bytes; the kernel's bookkeeping counts too */

/* Only events of translated connections wake us: find the status attribute, test its bit. */
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
	/* only as much as is allowed where we may not force it */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (mnl_socket_setsockopt(socket, NETLINK_ADD_MEMBERSHIP,
					  (void *)(uintptr_t)&groups[i], sizeof(groups[i])) < 0)
			return -1;
	return fcntl(fd, F_SETFL, O_NONBLOCK);
}

static bool note_event(struct walk *walk, const struct nlmsghdr *nlh, struct connection *c)
{
	(void)walk;
	if (NFNL_MSG_TYPE(nlh->nlmsg_type) == IPCTNL_MSG_CT_DELETE)
		c->event = CONNECTION_DESTROY;
	else
		c->event = nlh->nlmsg_flags & NLM_F_CREATE ? CONNECTION_NEW : CONNECTION_UPDATE;
	return c->translated;
}

static int on_event(const struct nlmsghdr *nlh, void *data)
{
	return pass_on(nlh, data, note_event);
}

#define LOT 256 /* messages after which lines are shown and signals are looked for */

/* Take in what there is now, or a lot of it. 0, or a negative value as conntrack_follow. */
static int drain(struct mnl_socket *socket, const struct conntrack_follower *follower, char *buffer,
		 struct err *err)
{
	struct walk walk = {.each = follower->each, .context = follower->context};
	for (int i = 0; i < LOT && walk.result >= 0; i++) {
		ssize_t n = mnl_socket_recvfrom(socket, buffer, RECEIVE_SIZE);
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

static int follow(struct mnl_socket *socket, int signals, const struct conntrack_follower *follower,
		  struct err *err)
{
	struct pollfd fds[] = {{.fd = mnl_socket_get_fd(socket), .events = POLLIN},
			       {.fd = signals, .events = POLLIN},
			       {.fd = follower->reader}}; /* its end is always told */
	char *buffer = malloc(RECEIVE_SIZE);
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
	sigset_t ends;
	int result = -1;
	struct mnl_socket *socket = netlink_open(follow_what, err);
	if (!socket)
		return -1;
	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	int signals = signalfd(-1, &ends, SFD_CLOEXEC);
	if (signals < 0)
		err_sys(err, errno, "cannot %s", follow_what);
	else if (subscribe(socket) < 0)
		netlink_error(errno, follow_what, err);
	else
		result = follow(socket, signals, follower, err);
	if (signals >= 0)
		close(signals);
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

static void set_endpoint(struct nf_conntrack *ct, const struct endpoint *e,
			 enum nf_conntrack_attr v4, enum nf_conntrack_attr v6,
			 enum nf_conntrack_attr port)
{
	nfct_set_attr(ct, e->addr.family == FAMILY_IPV6 ? v6 : v4, e->addr.bytes);
	nfct_set_attr_u16(ct, port, htons(e->port));
}

int conntrack_delete(const struct connection *c, struct err *err)
{
	static const char what[] = "end a connection";
	_Alignas(struct nlmsghdr) char buffer[SEND_SIZE] = {0}; /* padding is sent too */
	uint32_t seq = (uint32_t)time(NULL);
	struct nf_conntrack *ct = nfct_new();
	struct mnl_socket *socket = ct ? netlink_open(what, err) : NULL;
	int result = ct ? 0 : err_memory(err);
	if (!socket)
		goto out;
	nfct_set_attr_u8(ct, ATTR_L3PROTO, af_of(c->family));
	nfct_set_attr_u8(ct, ATTR_L4PROTO, c->proto);
	set_endpoint(ct, &c->client, ATTR_ORIG_IPV4_SRC, ATTR_ORIG_IPV6_SRC, ATTR_ORIG_PORT_SRC);
	set_endpoint(ct, &c->via, ATTR_ORIG_IPV4_DST, ATTR_ORIG_IPV6_DST, ATTR_ORIG_PORT_DST);
	/* the id, so that not another one of the same addresses is ended that came meanwhile */
	nfct_set_attr_u32(ct, ATTR_ID, c->id);
	struct nlmsghdr *nlh =
		put_header(buffer, IPCTNL_MSG_CT_DELETE, NLM_F_ACK, af_of(c->family), seq);
	nfct_nlmsg_build(nlh, ct);
	if (mnl_socket_sendto(socket, nlh, nlh->nlmsg_len) < 0 ||
	    (receive(socket, seq, NULL, NULL) < 0 && errno != ENOENT))
		result = netlink_error(errno, what, err);
out:
	if (ct && !socket)
		result = -1;
	if (socket)
		mnl_socket_close(socket);
	if (ct)
		nfct_destroy(ct);
	return result;
}
