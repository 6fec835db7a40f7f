/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading conntrack's table as a whole, and ending single connections. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include "conns/conntrack.h"
#include "conns/ctmessage.h"
#include "conns/ctrequest.h"
#include "conns/repeats.h"
#include "host/netlink.h"

/* ---- reading all ---- */

struct walk {
	struct repeats recent;
	struct ctrequest_wish wish;
	const struct conntrack_walker *walker;
	int result;
};

static int on_message(const struct nlmsghdr *nlh, void *data)
{
	struct walk *walk = data;
	struct connection c;
	if (!ctrequest_read(nlh, &walk->wish, &c) || repeats_seen(&walk->recent, &c))
		return MNL_CB_OK;
	walk->result = walk->walker->each(walk->walker->context, &c);
	return walk->result < 0 ? MNL_CB_STOP : MNL_CB_OK;
}

static int walk_family(enum family family, struct walk *walk, struct err *err)
{
	static const char what[] = "read the connections";
	_Alignas(struct nlmsghdr) char buffer[CTREQUEST_MAX] = {0}; /* padding is sent too */
	struct mnl_socket *socket = netlink_open(NETLINK_NETFILTER);
	if (!socket)
		return ctrequest_error(errno, what, err);
	walk->wish.family = family;
	struct nlmsghdr *nlh = ctrequest_dump(buffer, &walk->wish);
	int result = nlh ? netlink_ask(socket, nlh, on_message, walk) : -1;
	if (result < 0)
		ctrequest_error(errno, what, err);
	mnl_socket_close(socket);
	return walk->result < 0 ? walk->result : result;
}

/* The kernel is asked for a protocol only with a family. */
int conntrack_walk(const struct ctrequest_wish *wish, const struct conntrack_walker *walker,
		   struct err *err)
{
	struct walk walk = {.wish = *wish, .walker = walker};
	if (wish->family != FAMILY_NONE || !wish->proto)
		return walk_family(wish->family, &walk, err);
	int result = walk_family(FAMILY_IPV4, &walk, err);
	return result < 0 ? result : walk_family(FAMILY_IPV6, &walk, err);
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
	_Alignas(struct nlmsghdr) char buffer[CTREQUEST_MAX] = {0};
	struct nlmsghdr *nlh = ctrequest_begin(buffer, IPCTNL_MSG_CT_DELETE, NLM_F_ACK, c->family);
	put_tuple(nlh, CTA_TUPLE_ORIG, c);
	/* the id, so that not another one of the same addresses is ended that came meanwhile */
	mnl_attr_put_u32(nlh, CTA_ID, htonl(c->id));
	return netlink_ask(socket, nlh, NULL, NULL);
}

static int read_id(const struct nlmsghdr *nlh, void *data)
{
	struct connection c;
	if (ctrequest_read(nlh, NULL, &c))
		*(uint32_t *)data = c.id;
	return MNL_CB_OK;
}

/* Whether the kernel knows the connection by the direction that it was not sought by. */
static bool is_there(struct mnl_socket *socket, const struct connection *c)
{
	_Alignas(struct nlmsghdr) char buffer[CTREQUEST_MAX] = {0};
	struct nlmsghdr *nlh = ctrequest_begin(buffer, IPCTNL_MSG_CT_GET, NLM_F_ACK, c->family);
	uint32_t id = ~c->id;
	put_tuple(nlh, CTA_TUPLE_REPLY, c);
	return netlink_ask(socket, nlh, read_id, &id) == 0 && id == c->id;
}

int conntrack_delete(const struct connection *c, struct err *err)
{
	static const char what[] = "end a connection";
	struct mnl_socket *socket = netlink_open(NETLINK_NETFILTER);
	if (!socket)
		return ctrequest_error(errno, what, err);
	int result = delete (socket, c), error = errno;
	if (result < 0 && error == ENOENT && !is_there(socket, c))
		result = 0;
	if (result < 0)
		err_sys(err, error, "cannot %s", what);
	mnl_socket_close(socket);
	return result;
}
