/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Measure from a client to a server in another network namespace:
 *
 *   probe CLIENT SERVER connect COUNT    nanoseconds of a TCP connect, median of COUNT
 *   probe CLIENT SERVER pingpong COUNT   nanoseconds of one byte there and back, median of COUNT
 *   probe CLIENT SERVER bulk MS          bytes a second that reach the server in MS milliseconds
 *
 * CLIENT and SERVER are names of ip-netns(8). Standard input lists where to connect, a line each:
 * SOURCE ADDRESS PORT, SOURCE `-' where any will do; they are used in turn. The server listens at
 * all addresses, at ports 8001 to 8200.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FIRST_PORT 8001
#define PORTS 200
#define BACKLOG 4096
#define TICK_NS 5000000
#define WARM_UP 50

enum mode { CONNECT, PINGPONG, BULK };
static const char *const modes[] = {"connect", "pingpong", "bulk"};

struct destination {
	struct sockaddr_in from, to;
};

static long long now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void enter(const char *name)
{
	char path[256];
	snprintf(path, sizeof(path), "/run/netns/%s", name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
		err(1, "%s", path);
	close(fd);
}

static void stay_on(long cpu)
{
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void set_option(int fd, int level, int option, int value)
{
	if (setsockopt(fd, level, option, &value, sizeof(value)) < 0)
		err(1, "setsockopt %d", option);
}

/* ---- server ---- */

static int open_listener(uint16_t port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		err(1, "socket");
	set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (bind(fd, (void *)&at, sizeof(at)) < 0 || listen(fd, BACKLOG) < 0)
		err(1, "listen at port %u", port);
	return fd;
}

/* Every tick the connections that wait, so that nobody wakes up while one is being measured. */
static int accept_one(const int *listeners, bool stay)
{
	static const struct timespec tick = {.tv_nsec = TICK_NS};
	for (;;) {
		for (int i = 0; i < PORTS; i++) {
			int fd;
			while ((fd = accept4(listeners[i], NULL, NULL, SOCK_CLOEXEC)) >= 0) {
				if (stay)
					return fd;
				close(fd);
			}
		}
		nanosleep(&tick, NULL);
	}
}

static void echo(int fd)
{
	char byte;
	set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	while (read(fd, &byte, 1) == 1)
		if (write(fd, &byte, 1) != 1)
			break;
	close(fd);
}

/* What came, as text, is the answer to the end of it. */
static void swallow(int fd)
{
	static char buffer[1 << 17];
	char text[32];
	long long bytes = 0;
	ssize_t n;
	while ((n = read(fd, buffer, sizeof(buffer))) > 0)
		bytes += n;
	int length = snprintf(text, sizeof(text), "%lld", bytes);
	if (write(fd, text, (size_t)length) != length)
		warn("write");
	close(fd);
}

static void serve(enum mode mode, int ready)
{
	int listeners[PORTS];
	for (int i = 0; i < PORTS; i++)
		listeners[i] = open_listener((uint16_t)(FIRST_PORT + i));
	if (write(ready, "r", 1) != 1)
		exit(1);
	close(ready);
	for (;;) {
		int fd = accept_one(listeners, mode != CONNECT);
		if (mode == PINGPONG)
			echo(fd);
		else
			swallow(fd);
	}
}

/* Both on one processor where they take turns: waking another one costs more than the packet. */
static pid_t start_server(const char *name, enum mode mode)
{
	int ready[2];
	char byte;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	if (pipe(ready) < 0)
		err(1, "pipe");
	pid_t child = fork();
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(ready[0]);
		enter(name);
		stay_on(mode == PINGPONG ? cpus - 1 : 0);
		serve(mode, ready[1]);
	}
	close(ready[1]);
	if (child < 0 || read(ready[0], &byte, 1) != 1)
		errx(1, "no server in %s", name);
	close(ready[0]);
	stay_on(cpus - 1);
	return child;
}

/* ---- client ---- */

static size_t read_destinations(struct destination **out)
{
	char from[64], to[64];
	unsigned int port;
	size_t count = 0;
	struct destination *all = NULL;
	while (scanf("%63s %63s %u", from, to, &port) == 3) {
		all = reallocarray(all, count + 1, sizeof(*all));
		if (!all)
			err(1, "memory");
		struct destination *d = &all[count++];
		memset(d, 0, sizeof(*d));
		d->from.sin_family = d->to.sin_family = AF_INET;
		d->to.sin_port = htons((uint16_t)port);
		if (inet_pton(AF_INET, to, &d->to.sin_addr) != 1)
			errx(1, "no address: %s", to);
		inet_pton(AF_INET, from, &d->from.sin_addr);
	}
	if (!count)
		errx(1, "nowhere to connect to");
	*out = all;
	return count;
}

static int open_client(const struct destination *d)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		err(1, "socket");
	set_option(fd, IPPROTO_TCP, TCP_SYNCNT, 2);
	if (d->from.sin_addr.s_addr) {
		set_option(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
		if (bind(fd, (const void *)&d->from, sizeof(d->from)) < 0)
			err(1, "bind");
	}
	return fd;
}

static void must_connect(int fd, const struct destination *d)
{
	if (connect(fd, (const void *)&d->to, sizeof(d->to)) < 0)
		err(1, "connect to %s port %u", inet_ntoa(d->to.sin_addr), ntohs(d->to.sin_port));
}

/* Ended by a reset, which leaves no port behind in TIME_WAIT. */
static long long time_connect(const struct destination *d)
{
	static const struct linger reset = {.l_onoff = 1};
	int fd = open_client(d);
	long long start = now();
	must_connect(fd, d);
	long long took = now() - start;
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(fd);
	return took;
}

static long long time_turn(int fd)
{
	char byte = '?';
	long long start = now();
	if (write(fd, &byte, 1) != 1 || read(fd, &byte, 1) != 1)
		err(1, "pingpong");
	return now() - start;
}

static int compare(const void *a, const void *b)
{
	long long x = *(const long long *)a, y = *(const long long *)b;
	return (x > y) - (x < y);
}

static long long median_of(enum mode mode, const struct destination *all, size_t destinations,
			   size_t count)
{
	long long *took = calloc(count, sizeof(*took));
	int fd = -1;
	if (!took)
		err(1, "memory");
	if (mode == PINGPONG) {
		fd = open_client(all);
		must_connect(fd, all);
		set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	}
	for (size_t i = 0; i < count + WARM_UP; i++) {
		long long ns =
			mode == PINGPONG ? time_turn(fd) : time_connect(&all[i % destinations]);
		if (i >= WARM_UP)
			took[i - WARM_UP] = ns;
	}
	qsort(took, count, sizeof(*took), compare);
	long long median = took[count / 2];
	free(took);
	return median;
}

static long long throughput(const struct destination *d, long long ms)
{
	static char buffer[1 << 17];
	char text[32] = "";
	int fd = open_client(d);
	must_connect(fd, d);
	long long start = now();
	while (now() - start < ms * 1000000)
		if (write(fd, buffer, sizeof(buffer)) < 0)
			err(1, "write");
	shutdown(fd, SHUT_WR);
	if (read(fd, text, sizeof(text) - 1) <= 0)
		errx(1, "the server did not say how much came");
	return (long long)(strtod(text, NULL) * 1e9 / (double)(now() - start));
}

int main(int argc, char **argv)
{
	struct destination *all;
	int mode = CONNECT;
	if (argc == 5)
		while (mode <= BULK && strcmp(argv[3], modes[mode]) != 0)
			mode++;
	if (argc != 5 || mode > BULK || atol(argv[4]) < 1)
		errx(2, "usage: probe CLIENT SERVER connect|pingpong|bulk COUNT");
	size_t count = (size_t)atol(argv[4]);
	size_t destinations = read_destinations(&all);
	pid_t server = start_server(argv[2], (enum mode)mode);
	enter(argv[1]);
	if (mode == BULK)
		printf("%lld\n", throughput(all, (long long)count));
	else
		printf("%lld\n", median_of((enum mode)mode, all, destinations, count));
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	free(all);
	return 0;
}
