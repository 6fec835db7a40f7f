/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Begin connections at a steady pace: flood ADDRESS PORT RATE SECONDS sends one UDP packet each
 * from RATE times SECONDS addresses of 10.64.0.0/10, which must be this host's own. Prints how
 * many were sent and in how many milliseconds.
 */
#include <arpa/inet.h>
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define CLIENTS 0x0a400000
#define CLIENTS_MAX (1 << 22)

static long long now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* One socket for all: IP_PKTINFO names the source of each packet. */
static void send_from(int fd, uint32_t source, struct sockaddr_in *to)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct in_pktinfo))] = {0};
	struct in_pktinfo info = {.ipi_spec_dst.s_addr = htonl(source)};
	char byte = '?';
	struct iovec io = {&byte, 1};
	struct msghdr message = {.msg_name = to,
				 .msg_namelen = sizeof(*to),
				 .msg_iov = &io,
				 .msg_iovlen = 1,
				 .msg_control = control,
				 .msg_controllen = sizeof(control)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);
	c->cmsg_level = IPPROTO_IP;
	c->cmsg_type = IP_PKTINFO;
	c->cmsg_len = CMSG_LEN(sizeof(info));
	memcpy(CMSG_DATA(c), &info, sizeof(info));
	if (sendmsg(fd, &message, 0) < 0)
		err(1, "send");
}

static void wait_until(long long when)
{
	long long left = when - now();
	if (left > 0)
		nanosleep(&(struct timespec){.tv_sec = left / 1000000000,
					     .tv_nsec = (long)(left % 1000000000)},
			  NULL);
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	if (argc != 5 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1)
		errx(2, "usage: flood ADDRESS PORT RATE SECONDS");
	to.sin_port = htons((uint16_t)atoi(argv[2]));
	long rate = atol(argv[3]), count = rate * atol(argv[4]);
	if (rate < 1 || count < 1 || count >= CLIENTS_MAX)
		errx(2, "between 1 and %d connections", CLIENTS_MAX - 1);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		err(1, "socket");
	long long start = now();
	for (long i = 0; i < count; i++) {
		/* a hundred times a second is steady enough */
		if (i % (rate / 100 + 1) == 0)
			wait_until(start + i * 1000000000LL / rate);
		send_from(fd, (uint32_t)(CLIENTS + 1 + i), &to);
	}
	printf("%ld %lld\n", count, (now() - start) / 1000000);
	return 0;
}
