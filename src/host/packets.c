/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel runs a filter on each packet of the host, so it looks at the ports first. Copies of
 * packets to others' hardware addresses, and of those that carry a VLAN's tag, are left out: they
 * come again on the interface that takes them in.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>

#include "host/packets.h"

#define HEAD 128 /* bytes: headers, and those inside an ICMP error */
#define BUFFER (4 * 1024 * 1024)

/* ---- which ports ---- */

static int gap_between(struct ports a, struct ports b)
{
	int gap = a.first > b.last ? a.first - b.last : b.first - a.last;
	return gap > 0 ? gap : 0;
}

/* Make one of two ranges between which there are at most so many ports. */
static bool join_ranges(struct packets_filter *filter, int gap)
{
	for (size_t i = 0; i < filter->count; i++)
		for (size_t j = i + 1; j < filter->count; j++) {
			struct packets_range *a = &filter->ranges[i], *b = &filter->ranges[j];
			if (a->proto != b->proto || gap_between(a->ports, b->ports) > gap)
				continue;
			if (b->ports.first < a->ports.first)
				a->ports.first = b->ports.first;
			if (b->ports.last > a->ports.last)
				a->ports.last = b->ports.last;
			*b = filter->ranges[--filter->count];
			return true;
		}
	return false;
}

void packets_filter_add(struct packets_filter *filter, enum proto proto, struct ports ports)
{
	for (size_t i = 0; i < filter->count; i++)
		if (filter->ranges[i].proto == proto &&
		    ports_hold(filter->ranges[i].ports, ports.first) &&
		    ports_hold(filter->ranges[i].ports, ports.last))
			return;
	while (join_ranges(filter, 1))
		continue;
	for (int gap = 1; filter->count == PACKETS_RANGES_MAX; gap *= 2)
		join_ranges(filter, gap);
	filter->ranges[filter->count++] = (struct packets_range){proto, ports};
}

/* ---- the filter: registers of classic BPF, see the kernel's networking/filter.rst ---- */

#define CODE_MAX (6 * PACKETS_RANGES_MAX + 64)

struct program {
	struct sock_filter code[CODE_MAX];
	unsigned short count;
};

static void put(struct program *p, struct sock_filter statement)
{
	p->code[p->count++] = statement;
}

#define STATEMENT(code, k) ((struct sock_filter)BPF_STMT(code, k))
#define JUMP(code, k, yes, no) ((struct sock_filter)BPF_JUMP(code, k, yes, no))
#define ANCILLARY(field) ((uint32_t)SKF_AD_OFF + (field))

static void put_load(struct program *p, uint32_t size, uint32_t offset)
{
	put(p, STATEMENT(BPF_LD | BPF_ABS | size, offset));
}

static void put_take(struct program *p)
{
	put(p, STATEMENT(BPF_RET | BPF_K, HEAD));
}

static void put_leave(struct program *p)
{
	put(p, STATEMENT(BPF_RET | BPF_K, 0));
}

/* Take the packet if the port at that offset behind X is of a range of proto. */
static void put_ports(struct program *p, const struct packets_filter *filter, enum proto proto,
		      uint32_t offset)
{
	put(p, STATEMENT(BPF_LD | BPF_H | BPF_IND, offset));
	for (size_t i = 0; i < filter->count; i++) {
		const struct packets_range *r = &filter->ranges[i];
		if (r->proto != proto)
			continue;
		put(p, JUMP(BPF_JMP | BPF_JGE | BPF_K, r->ports.first, 0, 2));
		put(p, JUMP(BPF_JMP | BPF_JGT | BPF_K, r->ports.last, 1, 0));
		put_take(p);
	}
}

/* The protocol is in M[0]. Packets of others go on behind what is put here. */
static void put_proto(struct program *p, const struct packets_filter *filter, enum proto proto)
{
	put(p, STATEMENT(BPF_LD | BPF_MEM, 0));
	put(p, JUMP(BPF_JMP | BPF_JEQ | BPF_K, proto, 1, 0));
	unsigned short skip = p->count;
	put(p, STATEMENT(BPF_JMP | BPF_JA, 0));
	if (proto == PROTO_TCP) { /* SYN, RST */
		put(p, STATEMENT(BPF_LD | BPF_B | BPF_IND, 13));
		put(p, JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x06, 1, 0));
		put_leave(p);
	}
	if (proto == PROTO_SCTP) { /* INIT, INIT ACK, ABORT */
		put(p, STATEMENT(BPF_LD | BPF_B | BPF_IND, 12));
		put(p, JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 3, 0));
		put(p, JUMP(BPF_JMP | BPF_JEQ | BPF_K, 2, 2, 0));
		put(p, JUMP(BPF_JMP | BPF_JEQ | BPF_K, 6, 1, 0));
		put_leave(p);
	}
	put_ports(p, filter, proto, 0);
	put_ports(p, filter, proto, 2);
	put_leave(p);
	p->code[skip].k = p->count - skip - 1U;
}

/* Take errors of these types, whatever they are about. */
static void put_icmp(struct program *p, uint8_t proto, const uint8_t types[3])
{
	put(p, STATEMENT(BPF_LD | BPF_MEM, 0));
	put(p, JUMP(BPF_JMP | BPF_JEQ | BPF_K, proto, 0, 5));
	put(p, STATEMENT(BPF_LD | BPF_B | BPF_IND, 0));
	put(p, JUMP(BPF_JMP | BPF_JEQ | BPF_K, types[0], 2, 0));
	put(p, JUMP(BPF_JMP | BPF_JEQ | BPF_K, types[1], 1, 0));
	put(p, JUMP(BPF_JMP | BPF_JEQ | BPF_K, types[2], 0, 1));
	put_take(p);
}

static void make_program(struct program *p, const struct packets_filter *filter)
{
	/* unreachable, exceeded, a problem with a parameter */
	static const uint8_t icmp[] = {3, 11, 12}, icmpv6[] = {1, 3, 4};
	p->count = 0;
	put_load(p, BPF_W, ANCILLARY(SKF_AD_VLAN_TAG_PRESENT));
	put(p, JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0));
	put_leave(p);
	put_load(p, BPF_W, ANCILLARY(SKF_AD_PROTOCOL));
	put(p, JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IP, 0, 5));
	put_load(p, BPF_H, 6);
	put(p, JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x1fff, 7, 0)); /* a later fragment */
	put(p, STATEMENT(BPF_LDX | BPF_B | BPF_MSH, 0));
	put_load(p, BPF_B, 9);
	put(p, STATEMENT(BPF_JMP | BPF_JA, 5));
	put(p, JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IPV6, 0, 3));
	put(p, STATEMENT(BPF_LDX | BPF_IMM, 40));
	put_load(p, BPF_B, 6);
	put(p, STATEMENT(BPF_JMP | BPF_JA, 1));
	put_leave(p);
	put(p, STATEMENT(BPF_ST, 0));
	put_proto(p, filter, PROTO_TCP);
	put_proto(p, filter, PROTO_UDP);
	put_proto(p, filter, PROTO_SCTP);
	put_icmp(p, IPPROTO_ICMP, icmp);
	put_icmp(p, IPPROTO_ICMPV6, icmpv6);
	put_leave(p);
}

/* ---- the socket ---- */

/* It takes in packets once it is bound, when the filter is there. */
static int set_up(int fd, const struct packets_filter *filter)
{
	struct program p;
	const struct sockaddr_ll all = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	int size = BUFFER;
	make_program(&p, filter);
	struct sock_fprog program = {p.count, p.code};
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0)
		return -1;
	/* without the privilege to force it, as much as is allowed */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return bind(fd, (const struct sockaddr *)&all, sizeof(all));
}

int packets_open(const struct packets_filter *filter, struct err *err)
{
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 && errno == EPERM)
		return err_set(err, ERR_PERMISSION,
			       "not permitted to read copies of packets: CAP_NET_RAW is needed; "
			       "run pfwd as root");
	if (fd < 0 || set_up(fd, filter) < 0) {
		err_sys(err, errno, "cannot read copies of packets");
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

int packets_next(int fd, struct packet *out, struct err *err)
{
	uint8_t bytes[HEAD];
	struct sockaddr_ll from;
	for (;;) {
		socklen_t size = sizeof(from);
		ssize_t n = recvfrom(fd, bytes, sizeof(bytes), 0, (struct sockaddr *)&from, &size);
		if (n < 0 && errno == EAGAIN)
			return 0;
		/* an interface that goes down is told as an error, once */
		if (n < 0 && (errno == EINTR || errno == ENETDOWN))
			continue;
		if (n < 0)
			return err_sys(err, errno, "cannot read copies of packets");
		if (!packet_read(bytes, (size_t)n, out))
			continue;
		out->link = (uint32_t)from.sll_ifindex;
		out->out = from.sll_pkttype == PACKET_OUTGOING;
		out->others = from.sll_pkttype == PACKET_OTHERHOST;
		return 1;
	}
}

unsigned int packets_lost(int fd)
{
	struct tpacket_stats stats = {0};
	socklen_t size = sizeof(stats);
	if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &size) < 0)
		return 0;
	return stats.tp_drops;
}
