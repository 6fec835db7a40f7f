/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sockets that do not block, in lots that are waited for together. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "host/host.h"
#include "host/probe.h"

#define LOT 256
#define PATIENCE_MS 2000

static enum probe_answer answer_of(int error)
{
	switch (error) {
	case 0:
		return PROBE_ANSWERED;
	case ECONNREFUSED:
		return PROBE_REFUSED;
	case ETIMEDOUT:
		return PROBE_SILENT;
	default:
		return PROBE_UNREACHABLE;
	}
}

static int connect_to(int fd, const struct probe *p)
{
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(p->port)};
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(p->port)};
	memcpy(&six.sin6_addr, p->to.bytes, 16);
	memcpy(&four.sin_addr, p->to.bytes, 4);
	if (p->to.family == FAMILY_IPV6)
		return connect(fd, (const struct sockaddr *)&six, sizeof(six));
	return connect(fd, (const struct sockaddr *)&four, sizeof(four));
}

/* The descriptor to wait for, or -1: the answer is known. */
static int begin(struct probe *p)
{
	int domain = p->to.family == FAMILY_IPV6 ? AF_INET6 : AF_INET;
	int fd = socket(domain, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	p->answer = PROBE_SILENT;
	int result = connect_to(fd, p);
	if (result < 0 && errno == EINPROGRESS)
		return fd;
	p->answer = answer_of(result < 0 ? errno : 0);
	close(fd);
	return -1;
}

static void end(struct probe *p, struct pollfd *waiting)
{
	int error = 0;
	socklen_t size = sizeof(error);
	if (waiting->revents && getsockopt(waiting->fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0)
		p->answer = answer_of(error);
	close(waiting->fd);
	waiting->fd = -1; /* poll passes it over */
}

static void probe_lot(struct probe *probes, size_t count)
{
	struct pollfd waiting[LOT];
	int64_t until = host_clock() / 1000000 + PATIENCE_MS;
	size_t left = 0;
	for (size_t i = 0; i < count; i++) {
		waiting[i] = (struct pollfd){.fd = begin(&probes[i]), .events = POLLOUT};
		left += waiting[i].fd >= 0;
	}
	while (left > 0) {
		int64_t wait = until - host_clock() / 1000000;
		if (wait <= 0 || poll(waiting, count, (int)wait) == 0)
			break;
		for (size_t i = 0; i < count; i++)
			if (waiting[i].fd >= 0 && waiting[i].revents) {
				end(&probes[i], &waiting[i]);
				left--;
			}
	}
	for (size_t i = 0; i < count; i++)
		if (waiting[i].fd >= 0) {
			waiting[i].revents = 0;
			end(&probes[i], &waiting[i]);
		}
}

void probe_all(struct probe *probes, size_t count)
{
	for (size_t at = 0; at < count; at += LOT)
		probe_lot(&probes[at], count - at < LOT ? count - at : LOT);
}
