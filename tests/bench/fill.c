/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fill conntrack's table of this network namespace through netlink: fill COUNT TRANSLATED makes
 * COUNT established connections, TRANSLATED of them, spread evenly, through the forwards that
 * standard input lists, in turn (PROTO ADDRESS PORT TARGET PORT a line). They last an hour. COUNT 0
 * empties the table. Prints how many entries the kernel refused.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack_tcp.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#define BATCH 64 /* messages a send; the socket's send buffer holds more than twice as many */
#define MESSAGE_MAX 1024
#define LASTS 3600
#define CLIENTS 0x0a400000 /* 10.64.0.0/10 */
#define PORTS_A_CLIENT 16

struct forward {
	uint8_t proto;
	uint32_t addr, target; /* network order, and so are the ports */
	uint16_t port, target_port;
};

static size_t read_forwards(struct forward **out)
{
	char proto[8], addr[64], target[64];
	unsigned int port, target_port;
	struct forward *all = NULL;
	size_t count = 0;
	while (scanf("%7s %63s %u %63s %u", proto, addr, &port, target, &target_port) == 5) {
		all = reallocarray(all, count + 1, sizeof(*all));
		if (!all)
			err(1, "memory");
		struct forward *f = &all[count++];
		f->proto = strcmp(proto, "udp") == 0 ? IPPROTO_UDP : IPPROTO_TCP;
		f->port = htons((uint16_t)port);
		f->target_port = htons((uint16_t)target_port);
		if (inet_pton(AF_INET, addr, &f->addr) != 1 ||
		    inet_pton(AF_INET, target, &f->target) != 1)
			errx(1, "no address: %s, %s", addr, target);
	}
	*out = all;
	return count;
}

static struct nlmsghdr *put_header(void *buffer, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	nlh->nlmsg_type = (uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | type);
	nlh->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	struct nfgenmsg *nfh = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfh));
	nfh->nfgen_family = AF_INET;
	nfh->version = NFNETLINK_V0;
	return nlh;
}

/* The kernel makes the tuple of the replies itself out of the translation asked for. */
static void describe(struct nf_conntrack *ct, const struct forward *f, size_t number,
		     bool translated)
{
	uint32_t client = htonl((uint32_t)(CLIENTS + number / PORTS_A_CLIENT));
	uint16_t port = htons((uint16_t)(20000 + number % PORTS_A_CLIENT));
	uint32_t to = translated ? f->addr : f->target;
	uint16_t to_port = translated ? f->port : f->target_port;
	nfct_set_attr_u8(ct, ATTR_L3PROTO, AF_INET);
	nfct_set_attr_u8(ct, ATTR_L4PROTO, f->proto);
	nfct_set_attr_u32(ct, ATTR_IPV4_SRC, client);
	nfct_set_attr_u32(ct, ATTR_IPV4_DST, to);
	nfct_set_attr_u16(ct, ATTR_PORT_SRC, port);
	nfct_set_attr_u16(ct, ATTR_PORT_DST, to_port);
	nfct_set_attr_u32(ct, ATTR_REPL_IPV4_SRC, to);
	nfct_set_attr_u32(ct, ATTR_REPL_IPV4_DST, client);
	nfct_set_attr_u8(ct, ATTR_REPL_L3PROTO, AF_INET);
	nfct_set_attr_u8(ct, ATTR_REPL_L4PROTO, f->proto);
	nfct_set_attr_u16(ct, ATTR_REPL_PORT_SRC, to_port);
	nfct_set_attr_u16(ct, ATTR_REPL_PORT_DST, port);
	nfct_set_attr_u32(ct, ATTR_TIMEOUT, LASTS);
	nfct_set_attr_u32(ct, ATTR_STATUS, IPS_CONFIRMED | IPS_ASSURED | IPS_SEEN_REPLY);
	if (f->proto == IPPROTO_TCP)
		nfct_set_attr_u8(ct, ATTR_TCP_STATE, TCP_CONNTRACK_ESTABLISHED);
	if (translated) {
		nfct_set_attr_u32(ct, ATTR_DNAT_IPV4, f->target);
		nfct_set_attr_u16(ct, ATTR_DNAT_PORT, f->target_port);
	}
}

static size_t put_connection(char *buffer, const struct forward *f, size_t number, bool translated)
{
	struct nf_conntrack *ct = nfct_new();
	if (!ct)
		err(1, "memory");
	describe(ct, f, number, translated);
	struct nlmsghdr *nlh = put_header(buffer, IPCTNL_MSG_CT_NEW, NLM_F_CREATE | NLM_F_EXCL);
	nfct_nlmsg_build(nlh, ct);
	nfct_destroy(ct);
	return nlh->nlmsg_len;
}

/* Nothing is acknowledged: what comes back are refusals. */
static size_t refusals(struct mnl_socket *socket)
{
	char buffer[65536];
	size_t count = 0;
	ssize_t n;
	while ((n = recv(mnl_socket_get_fd(socket), buffer, sizeof(buffer), MSG_DONTWAIT)) > 0) {
		int left = (int)n;
		for (struct nlmsghdr *nlh = (void *)buffer; mnl_nlmsg_ok(nlh, left);
		     nlh = mnl_nlmsg_next(nlh, &left)) {
			const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);
			if (nlh->nlmsg_type != NLMSG_ERROR || !e->error)
				continue;
			if (count++ == 0)
				warnx("refused: %s", strerror(-e->error));
		}
	}
	return count;
}

static void send_all(struct mnl_socket *socket, const char *buffer, size_t length)
{
	if (mnl_socket_sendto(socket, buffer, length) < 0)
		err(1, "send");
}

static void empty(struct mnl_socket *socket)
{
	char buffer[MESSAGE_MAX];
	const struct nlmsghdr *nlh = put_header(buffer, IPCTNL_MSG_CT_DELETE, 0);
	send_all(socket, buffer, nlh->nlmsg_len);
}

static size_t fill(struct mnl_socket *socket, const struct forward *all, size_t forwards,
		   size_t count, size_t translated)
{
	static _Alignas(struct nlmsghdr) char buffer[BATCH * MESSAGE_MAX];
	size_t length = 0, done = 0, refused = 0;
	for (size_t i = 0; i < count; i++) {
		/* the count of translated ones keeps pace with that of all */
		bool one = done * count < translated * (i + 1) && done < translated;
		length +=
			put_connection(buffer + length, &all[(one ? done : i) % forwards], i, one);
		done += one;
		if (length > sizeof(buffer) - MESSAGE_MAX || i + 1 == count) {
			send_all(socket, buffer, length);
			refused += refusals(socket);
			length = 0;
		}
	}
	return refused;
}

int main(int argc, char **argv)
{
	struct forward *all = NULL;
	if (argc != 3)
		errx(2, "usage: fill COUNT TRANSLATED");
	size_t count = strtoul(argv[1], NULL, 10), translated = strtoul(argv[2], NULL, 10);
	size_t forwards = count ? read_forwards(&all) : 0;
	if (count && !forwards)
		errx(2, "no forwards");
	struct mnl_socket *socket = mnl_socket_open(NETLINK_NETFILTER);
	if (!socket || mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0)
		err(1, "netlink");
	if (count)
		printf("%zu\n", fill(socket, all, forwards, count, translated));
	else
		empty(socket);
	mnl_socket_close(socket);
	free(all);
	return 0;
}
