/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One look-up, as `ip route get` does it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <net/if.h>
#include <linux/fib_rules.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include "host/netlink.h"
#include "host/route.h"
#include "model/array.h"

struct answer {
	uint8_t type, prefix, protocol;
	uint32_t index;
	enum family family;
	struct address via;
};

static void read_address(const struct nlattr *attr, enum family family, struct address *out)
{
	unsigned int size = address_bits(family) / 8;
	if (mnl_attr_get_payload_len(attr) < size)
		return;
	*out = (struct address){.family = family};
	memcpy(out->bytes, mnl_attr_get_payload(attr), size);
}

static int read_route(const struct nlattr *attr, void *data)
{
	struct answer *answer = data;
	if (mnl_attr_get_type(attr) == RTA_OIF)
		answer->index = mnl_attr_get_u32(attr);
	if (mnl_attr_get_type(attr) == RTA_GATEWAY)
		read_address(attr, answer->family, &answer->via);
	return MNL_CB_OK;
}

static int on_route(const struct nlmsghdr *nlh, void *data)
{
	struct answer *answer = data;
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	answer->type = rtm->rtm_type;
	answer->prefix = rtm->rtm_dst_len;
	answer->protocol = rtm->rtm_protocol;
	mnl_attr_parse(nlh, sizeof(*rtm), read_route, data);
	return MNL_CB_STOP;
}

#define QUESTION_MAX 256 /* bytes */

/* in: the number of the interface, 0: none. */
static struct nlmsghdr *put_question(char buffer[QUESTION_MAX], const struct route_question *q,
				     uint32_t in, uint32_t flags)
{
	memset(buffer, 0, QUESTION_MAX);
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	nlh->nlmsg_type = RTM_GETROUTE;
	struct rtmsg *rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
	unsigned int bits = address_bits(q->to.family);
	rtm->rtm_family = q->to.family == FAMILY_IPV6 ? AF_INET6 : AF_INET;
	rtm->rtm_dst_len = (unsigned char)bits;
	rtm->rtm_flags = flags;
	mnl_attr_put(nlh, RTA_DST, bits / 8, q->to.bytes);
	if (address_is_set(&q->from)) {
		rtm->rtm_src_len = (unsigned char)bits;
		mnl_attr_put(nlh, RTA_SRC, bits / 8, q->from.bytes);
	}
	if (in)
		mnl_attr_put_u32(nlh, RTA_IIF, in);
	if (q->mark)
		mnl_attr_put_u32(nlh, RTA_MARK, q->mark);
	return nlh;
}

/* Without a route, the type of the answer is RTN_UNSPEC. The kernel answers with a route or an
 * error and nothing more, so that an acknowledgement would be left for the next question. */
static struct answer look_up(struct mnl_socket *socket, const struct route_question *q, uint32_t in,
			     uint32_t flags)
{
	_Alignas(struct nlmsghdr) char buffer[QUESTION_MAX];
	struct answer answer = {.family = q->to.family};
	struct nlmsghdr *nlh = put_question(buffer, q, in, flags);
	if (netlink_ask(socket, nlh, on_route, &answer) < 0)
		answer.type = RTN_UNSPEC;
	return answer;
}

bool route_interface(const struct address *addr, char out[IFNAME_MAX])
{
	const struct route_question question = {.to = *addr};
	struct mnl_socket *socket = netlink_open(NETLINK_ROUTE);
	if (!socket)
		return false;
	struct answer answer = look_up(socket, &question, 0, 0);
	mnl_socket_close(socket);
	return answer.index && if_indextoname(answer.index, out);
}

static uint32_t index_in(const struct router *router, const struct route_question *question)
{
	const struct host_link *in = *question->in ? host_link(router->links, question->in) : NULL;
	return in ? in->index : 0;
}

static struct route route_of(struct router *router, const struct answer *answer)
{
	struct route route = {.via = answer->via, .advertised = answer->protocol == RTPROT_RA};
	if (answer->type == RTN_LOCAL)
		route.kind = ROUTE_LOCAL;
	if (answer->type != RTN_UNICAST)
		return route;
	if (!router->last || router->last->index != answer->index)
		router->last = host_link_of_index(router->links, answer->index);
	if (router->last) {
		route.kind = ROUTE_OUT;
		memcpy(route.out, router->last->name, sizeof(route.out));
	}
	return route;
}

struct route route_ask(struct router *router, const struct route_question *question)
{
	struct answer answer = look_up(router->socket, question, index_in(router, question), 0);
	return route_of(router, &answer);
}

/* ---- many questions at once ---- */

#define LOT 64         /* their answers fit into the buffer of any socket */
#define ANSWER_MAX 512 /* bytes */

struct lot {
	struct router *router;
	struct route_asked *asked;
	size_t count, answered;
	unsigned int sequence; /* of the first of them */
	bool known[LOT];
};

static bool send_lot(struct lot *lot)
{
	_Alignas(struct nlmsghdr) char buffer[LOT * QUESTION_MAX];
	size_t used = 0;
	for (size_t i = 0; i < lot->count; i++) {
		const struct route_question *q = &lot->asked[i].question;
		struct nlmsghdr *nlh = put_question(buffer + used, q, index_in(lot->router, q), 0);
		nlh->nlmsg_flags = NLM_F_REQUEST;
		nlh->nlmsg_seq = lot->sequence + (unsigned int)i;
		used += NLMSG_ALIGN(nlh->nlmsg_len);
	}
	return mnl_socket_sendto(lot->router->socket, buffer, used) == (ssize_t)used;
}

/* An answer, or an error: then there is no route. */
static void take_answer(struct lot *lot, const struct nlmsghdr *nlh)
{
	size_t i = nlh->nlmsg_seq - lot->sequence;
	if (i >= lot->count || lot->known[i])
		return;
	struct answer answer = {.family = lot->asked[i].question.to.family};
	if (nlh->nlmsg_type == RTM_NEWROUTE)
		on_route(nlh, &answer);
	lot->asked[i].route = route_of(lot->router, &answer);
	lot->known[i] = true;
	lot->answered++;
}

static bool receive_some(struct lot *lot)
{
	_Alignas(struct nlmsghdr) char buffers[LOT][ANSWER_MAX];
	struct iovec parts[LOT];
	struct mmsghdr messages[LOT];
	memset(messages, 0, sizeof(messages));
	for (size_t i = 0; i < LOT; i++) {
		parts[i] = (struct iovec){buffers[i], ANSWER_MAX};
		messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
	}
	int n = recvmmsg(mnl_socket_get_fd(lot->router->socket), messages, LOT, MSG_WAITFORONE,
			 NULL);
	for (int i = 0; i < n; i++) {
		const struct nlmsghdr *nlh = (const struct nlmsghdr *)(const void *)buffers[i];
		int length = (int)messages[i].msg_len;
		for (; mnl_nlmsg_ok(nlh, length); nlh = mnl_nlmsg_next(nlh, &length))
			take_answer(lot, nlh);
	}
	return n > 0 || errno == EINTR;
}

/* What did not come with the others is asked for by itself. */
static void ask_lot(struct lot *lot)
{
	bool going = send_lot(lot);
	while (going && lot->answered < lot->count)
		going = receive_some(lot);
	for (size_t i = 0; i < lot->count; i++)
		if (!lot->known[i])
			lot->asked[i].route = route_ask(lot->router, &lot->asked[i].question);
}

/* The sequence numbers are others than those of netlink_ask, which counts from 1. */
void route_ask_all(struct router *router, struct route_asked *asked, size_t count)
{
	for (size_t at = 0; at < count; at += LOT) {
		struct lot lot = {.router = router,
				  .asked = &asked[at],
				  .count = count - at < LOT ? count - at : LOT,
				  .sequence = 0x40000000U + (unsigned int)at};
		ask_lot(&lot);
	}
}

bool route_is_default(struct mnl_socket *socket, const struct address *to)
{
	const struct route_question question = {.to = *to};
	struct answer answer = look_up(socket, &question, 0, RTM_F_FIB_MATCH);
	/* 2000::/3 holds all addresses that are given out */
	return answer.type == RTN_UNICAST && answer.prefix <= 3;
}

size_t route_uplinks(char out[ROUTE_UPLINKS_MAX][IFNAME_MAX])
{
	/* given to nobody: only a default route leads there */
	static const char *const nobody[ROUTE_UPLINKS_MAX] = {"192.0.0.8", "2000::1"};
	struct mnl_socket *socket = netlink_open(NETLINK_ROUTE);
	size_t count = 0;
	for (size_t i = 0; socket && i < ROUTE_UPLINKS_MAX; i++) {
		struct address addr;
		if (address_parse(nobody[i], &addr) == 0 && route_is_default(socket, &addr) &&
		    route_interface(&addr, out[count]))
			count++;
	}
	if (socket)
		mnl_socket_close(socket);
	return count;
}

/* ---- marks ---- */

struct mark_reader {
	struct route_marks *marks;
	bool without;
};

static int read_mark(const struct nlattr *attr, void *data)
{
	const struct mark_reader *reader = data;
	struct route_marks *marks = reader->marks;
	/* those for all packets are 0, which is not told, 32766 and 32767 */
	if (mnl_attr_get_type(attr) == FRA_PRIORITY)
		marks->rules = marks->rules || mnl_attr_get_u32(attr) < 32766;
	if (mnl_attr_get_type(attr) == FRA_FWMARK && mnl_attr_get_u32(attr) &&
	    marks->count < ROUTE_MARKS_MAX)
		marks->items[marks->count++] =
			(struct route_mark){mnl_attr_get_u32(attr), reader->without};
	return MNL_CB_OK;
}

static int on_rule(const struct nlmsghdr *nlh, void *data)
{
	const struct fib_rule_hdr *rule = mnl_nlmsg_get_payload(nlh);
	struct mark_reader reader = {data, rule->flags & FIB_RULE_INVERT};
	mnl_attr_parse(nlh, sizeof(*rule), read_mark, &reader);
	return MNL_CB_OK;
}

void route_marks(struct mnl_socket *socket, struct route_marks *out)
{
	_Alignas(struct nlmsghdr) char buffer[256] = {0};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	nlh->nlmsg_type = RTM_GETRULE;
	nlh->nlmsg_flags = NLM_F_DUMP;
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct fib_rule_hdr));
	*out = (struct route_marks){.count = 0};
	netlink_ask(socket, nlh, on_rule, out);
}

/* ---- neighbours ---- */

struct neighbours_reader {
	struct neighbours *out;
	bool asked;
};

struct neighbour_reader {
	enum family family;
	struct addresses *found;
};

static int read_neighbour(const struct nlattr *attr, void *data)
{
	struct neighbour_reader *reader = data;
	void *items = reader->found->items;
	if (mnl_attr_get_type(attr) != NDA_DST)
		return MNL_CB_OK;
	struct address *addr = array_append(&items, &reader->found->count, sizeof(*addr));
	reader->found->items = items;
	if (addr)
		read_address(attr, reader->family, addr);
	return MNL_CB_OK;
}

static int on_neighbour(const struct nlmsghdr *nlh, void *data)
{
	const struct ndmsg *msg = mnl_nlmsg_get_payload(nlh);
	struct neighbour_reader reader = {msg->ndm_family == AF_INET6 ? FAMILY_IPV6 : FAMILY_IPV4,
					  NULL};
	bool proxied = msg->ndm_flags & NTF_PROXY;
	const struct neighbours_reader *of = data;
	uint16_t dead = of->asked ? NUD_FAILED | NUD_INCOMPLETE : NUD_FAILED;
	reader.found = proxied ? &of->out->proxied : &of->out->dead;
	if ((proxied || msg->ndm_state & dead) &&
	    (msg->ndm_family == AF_INET || msg->ndm_family == AF_INET6))
		mnl_attr_parse(nlh, sizeof(*msg), read_neighbour, &reader);
	return MNL_CB_OK;
}

static int compare(const void *a, const void *b)
{
	return address_compare(a, b);
}

static void ask_neighbours(struct mnl_socket *socket, uint8_t flags, struct neighbours_reader *of)
{
	_Alignas(struct nlmsghdr) char buffer[256] = {0};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	nlh->nlmsg_type = RTM_GETNEIGH;
	nlh->nlmsg_flags = NLM_F_DUMP;
	struct ndmsg *msg = mnl_nlmsg_put_extra_header(nlh, sizeof(*msg));
	msg->ndm_flags = flags;
	netlink_ask(socket, nlh, on_neighbour, of);
}

static void sort_addresses(struct addresses *set)
{
	if (set->count)
		qsort(set->items, set->count, sizeof(*set->items), compare);
}

void neighbours_read(struct mnl_socket *socket, bool asked, struct neighbours *out)
{
	struct neighbours_reader reader = {out, asked};
	*out = (struct neighbours){0};
	ask_neighbours(socket, 0, &reader);
	ask_neighbours(socket, NTF_PROXY, &reader);
	sort_addresses(&out->dead);
	sort_addresses(&out->proxied);
}

void neighbours_free(struct neighbours *neighbours)
{
	free(neighbours->dead.items);
	free(neighbours->proxied.items);
	*neighbours = (struct neighbours){0};
}

/* ---- one neighbour, and ports of bridges ---- */

#define MAC_SIZE 6 /* of Ethernet, which bridges are for */

struct found {
	bool known; /* the link-layer address */
	uint8_t mac[MAC_SIZE];
	uint32_t port;
};

static int read_mac(const struct nlattr *attr, void *data)
{
	struct found *found = data;
	if (mnl_attr_get_type(attr) != NDA_LLADDR || mnl_attr_get_payload_len(attr) != MAC_SIZE)
		return MNL_CB_OK;
	memcpy(found->mac, mnl_attr_get_payload(attr), MAC_SIZE);
	found->known = true;
	return MNL_CB_OK;
}

static int on_found(const struct nlmsghdr *nlh, void *data)
{
	const struct ndmsg *msg = mnl_nlmsg_get_payload(nlh);
	struct found *found = data;
	if (msg->ndm_family == AF_BRIDGE)
		found->port = (uint32_t)msg->ndm_ifindex;
	else if (!(msg->ndm_state & (NUD_FAILED | NUD_INCOMPLETE)))
		mnl_attr_parse(nlh, sizeof(*msg), read_mac, found);
	return MNL_CB_STOP;
}

/* The entry of the address; or, without one, that of found->mac, which the bridge keeps. */
static void get_neighbour(struct mnl_socket *socket, uint32_t link, const struct address *addr,
			  struct found *found)
{
	_Alignas(struct nlmsghdr) char buffer[256] = {0};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	nlh->nlmsg_type = RTM_GETNEIGH;
	struct ndmsg *msg = mnl_nlmsg_put_extra_header(nlh, sizeof(*msg));
	if (addr) {
		msg->ndm_family = addr->family == FAMILY_IPV6 ? AF_INET6 : AF_INET;
		msg->ndm_ifindex = (int)link;
		mnl_attr_put(nlh, NDA_DST, address_bits(addr->family) / 8, addr->bytes);
	} else {
		msg->ndm_family = AF_BRIDGE;
		msg->ndm_flags = NTF_SELF;
		mnl_attr_put(nlh, NDA_LLADDR, MAC_SIZE, found->mac);
		mnl_attr_put_u32(nlh, NDA_MASTER, link);
	}
	netlink_ask(socket, nlh, on_found, found);
}

bool neighbour_answers(struct mnl_socket *socket, uint32_t link, const struct address *addr)
{
	struct found found = {.known = false};
	get_neighbour(socket, link, addr, &found);
	return found.known;
}

uint32_t neighbour_port(struct mnl_socket *socket, uint32_t bridge, const struct address *addr)
{
	struct found found = {.known = false};
	get_neighbour(socket, bridge, addr, &found);
	if (found.known)
		get_neighbour(socket, bridge, NULL, &found);
	return found.port;
}
