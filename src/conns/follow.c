/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events of conntrack, alone or beside steps through its table. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <libmnl/libmnl.h>
#include <linux/filter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include "conns/conntrack.h"
#include "conns/ctrequest.h"
#include "conns/watch.h"
#include "host/netlink.h"

static const char follow_what[] = "follow the connections";

#define EVENTS_BUFFER (16 * 1024 * 1024) /* bytes; the kernel's bookkeeping counts too */

/* Let only events of translated connections through: find the status attribute, test its bit. */
static int filter_events(struct mnl_socket *socket, bool all)
{
	int none = 0, fd = mnl_socket_get_fd(socket);
	if (all) {
		int result = setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &none, sizeof(none));
		return result < 0 && errno == ENOENT ? 0 : result;
	}
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
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

/* The groups of events; the last one can be left out. */
static const int groups[] = {NFNLGRP_CONNTRACK_NEW, NFNLGRP_CONNTRACK_DESTROY,
			     NFNLGRP_CONNTRACK_UPDATE};
#define ALL_GROUPS (sizeof(groups) / sizeof(groups[0]))

static int subscribe(struct mnl_socket *socket, size_t count)
{
	int size = EVENTS_BUFFER, fd = mnl_socket_get_fd(socket);
	if (filter_events(socket, false) < 0)
		return -1;
	/* without the privilege to force it, as much as is allowed */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	for (size_t i = 0; i < count; i++)
		if (mnl_socket_setsockopt(socket, NETLINK_ADD_MEMBERSHIP,
					  (void *)(uintptr_t)&groups[i], sizeof(groups[i])) < 0)
			return -1;
	return fcntl(fd, F_SETFL, O_NONBLOCK);
}

struct receiver {
	struct mnl_socket *socket;
	char *buffer;
	int (*each)(void *context, const struct connection *c);
	void *context;
	bool all;   /* also connections that are not translated */
	int result; /* of each */
	int taken;  /* messages */
	bool lost;  /* the kernel had to leave out some */
};

static int on_event(const struct nlmsghdr *nlh, void *data)
{
	struct connection c;
	struct receiver *receiver = data;
	if (!ctrequest_read(nlh, NULL, &c) || (!c.translated && !receiver->all))
		return MNL_CB_OK;
	if (NFNL_MSG_TYPE(nlh->nlmsg_type) == IPCTNL_MSG_CT_DELETE)
		c.event = CONNECTION_DESTROY;
	else
		c.event = nlh->nlmsg_flags & NLM_F_CREATE ? CONNECTION_NEW : CONNECTION_UPDATE;
	receiver->result = receiver->each(receiver->context, &c);
	return receiver->result < 0 ? MNL_CB_STOP : MNL_CB_OK;
}

#define LOT 256 /* messages after which lines are shown and signals are looked for */

/* Take in the events there are now, a lot of them at the most. 0, or a negative value of each, or
 * -1. */
static int take_events(struct receiver *r, struct err *err)
{
	for (r->taken = 0; r->taken < LOT && r->result >= 0; r->taken++) {
		ssize_t n = mnl_socket_recvfrom(r->socket, r->buffer, NETLINK_BUFFER_SIZE);
		if (n >= 0 && mnl_cb_run(r->buffer, (size_t)n, 0, 0, on_event, r) == MNL_CB_ERROR)
			return ctrequest_error(errno, follow_what, err);
		if (n >= 0 || errno == EINTR)
			continue;
		if (errno == EAGAIN)
			break;
		if (errno != ENOBUFS)
			return ctrequest_error(errno, follow_what, err);
		r->lost = true;
		break;
	}
	return r->result < 0 ? r->result : 0;
}

static int drain(struct mnl_socket *socket, const struct conntrack_follower *follower, char *buffer,
		 struct err *err)
{
	struct receiver receiver = {.socket = socket,
				    .buffer = buffer,
				    .each = follower->each,
				    .context = follower->context,
				    .all = *follower->all};
	int result = take_events(&receiver, err);
	if (result >= 0 && receiver.lost)
		result = follower->lost(follower->context);
	if (result >= 0 && *follower->all != receiver.all &&
	    filter_events(socket, *follower->all) < 0)
		return ctrequest_error(errno, follow_what, err);
	return result < 0 ? result : follower->done(follower->context);
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
	int result = *follower->all && filter_events(socket, true) < 0
			     ? ctrequest_error(errno, follow_what, err)
			     : drain(socket, follower, buffer, err);
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
		return ctrequest_error(errno, follow_what, err);
	int result = subscribe(socket, ALL_GROUPS) < 0 ? ctrequest_error(errno, follow_what, err)
						       : follow(socket, follower, err);
	mnl_socket_close(socket);
	return result;
}

/* ---- beside steps through the table ---- */

static const char pass_what[] = "read the connections";

int watch_open(struct watch *watch, struct err *err)
{
	watch->buffer = malloc(NETLINK_BUFFER_SIZE);
	if (!watch->buffer)
		return err_memory(err);
	watch->events = netlink_open(NETLINK_NETFILTER);
	size_t count = watch->updates ? ALL_GROUPS : ALL_GROUPS - 1;
	if (!watch->events || subscribe(watch->events, count) < 0)
		return ctrequest_error(errno, follow_what, err);
	return 0;
}

static void end_pass(struct watch *watch)
{
	if (watch->table)
		mnl_socket_close(watch->table);
	watch->table = NULL;
}

void watch_close(struct watch *watch)
{
	end_pass(watch);
	if (watch->events)
		mnl_socket_close(watch->events);
	free(watch->buffer);
	watch->events = NULL;
	watch->buffer = NULL;
}

int watch_descriptor(const struct watch *watch)
{
	return mnl_socket_get_fd(watch->events);
}

int watch_take(struct watch *watch, struct err *err)
{
	struct receiver receiver = {.socket = watch->events,
				    .buffer = watch->buffer,
				    .each = watch->each,
				    .context = watch->context,
				    .all = watch->all};
	if (watch->all != watch->unfiltered && filter_events(watch->events, watch->all) < 0)
		return ctrequest_error(errno, follow_what, err);
	watch->unfiltered = watch->all;
	int result = take_events(&receiver, err);
	watch->lost = watch->lost || receiver.lost;
	if (result < 0)
		return result;
	return receiver.taken < LOT ? WATCH_DONE : WATCH_MORE;
}

/* Ask for the entries that are wished for; 0, or -1 and errno. */
static int ask(struct watch *watch)
{
	_Alignas(struct nlmsghdr) char buffer[CTREQUEST_MAX] = {0};
	struct nlmsghdr *nlh = ctrequest_dump(buffer, &watch->wish);
	if (!nlh)
		return -1;
	nlh->nlmsg_flags |= NLM_F_REQUEST;
	nlh->nlmsg_seq = ++watch->sequence;
	return mnl_socket_sendto(watch->table, nlh, nlh->nlmsg_len) < 0 ? -1 : 0;
}

int watch_begin(struct watch *watch, const struct ctrequest_wish *wish, struct err *err)
{
	end_pass(watch);
	watch->wish = *wish;
	watch->table = netlink_open(NETLINK_NETFILTER);
	if (watch->table && ask(watch) == 0)
		return 0;
	ctrequest_error(errno, pass_what, err);
	end_pass(watch);
	return -1;
}

struct stepping {
	struct watch *watch;
	int result;
};

static int on_entry(const struct nlmsghdr *nlh, void *data)
{
	struct stepping *stepping = data;
	struct watch *watch = stepping->watch;
	struct connection c;
	if (!ctrequest_read(nlh, &watch->wish, &c))
		return MNL_CB_OK;
	stepping->result = watch->each(watch->context, &c);
	return stepping->result < 0 ? MNL_CB_ERROR : MNL_CB_OK;
}

int watch_step(struct watch *watch, struct err *err)
{
	struct stepping stepping = {watch, 0};
	ssize_t n = mnl_socket_recvfrom(watch->table, watch->buffer, NETLINK_BUFFER_SIZE);
	if (n < 0 && errno == EINTR)
		return WATCH_MORE;
	int result = n < 0 ? MNL_CB_ERROR
			   : mnl_cb_run(watch->buffer, (size_t)n, watch->sequence,
					mnl_socket_get_portid(watch->table), on_entry, &stepping);
	if (stepping.result < 0)
		return stepping.result;
	if (result == MNL_CB_ERROR)
		return ctrequest_error(errno, pass_what, err);
	if (result == MNL_CB_OK)
		return WATCH_MORE;
	end_pass(watch);
	return WATCH_DONE;
}
