/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Namespaces by ip(8), servers and clients as forked children that enter them. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "town.h"

#define SERVERS_MAX 64
/* For an answer that should come, and for one that should not: the town answers within 5 ms. */
#define PATIENCE_MS 1000
#define DOUBT_MS 200

static int patience_ms = PATIENCE_MS;

static pid_t servers[SERVERS_MAX];
static size_t server_count;

static void slurp(FILE *file, char *out, size_t size)
{
	rewind(file);
	size_t length = fread(out, 1, size - 1, file);
	out[length] = '\0';
	fclose(file);
	assert_true(length < size - 1);
}

static struct outcome run(const char *command)
{
	struct outcome o = {0};
	FILE *out = tmpfile(), *err = tmpfile();
	assert_non_null(out);
	assert_non_null(err);
	fflush(NULL);
	pid_t child = fork();
	if (child == 0) {
		dup2(fileno(out), 1);
		dup2(fileno(err), 2);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	int status = 0;
	waitpid(child, &status, 0);
	o.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	slurp(out, o.out, sizeof(o.out));
	slurp(err, o.err, sizeof(o.err));
	return o;
}

static void format_command(char *out, size_t size, const char *before, const char *format,
			   va_list args) __attribute__((format(printf, 4, 0)));

static void format_command(char *out, size_t size, const char *before, const char *format,
			   va_list args)
{
	size_t used = (size_t)snprintf(out, size, "%s", before);
	int n = vsnprintf(out + used, size - used, format, args);
	assert_true(n >= 0 && (size_t)n < size - used);
}

struct outcome town_run(const char *format, ...)
{
	char command[8192];
	va_list args;
	va_start(args, format);
	format_command(command, sizeof(command), "", format, args);
	va_end(args);
	return run(command);
}

void town_sh(const char *format, ...)
{
	char command[8192];
	va_list args;
	va_start(args, format);
	format_command(command, sizeof(command), "", format, args);
	va_end(args);
	struct outcome o = run(command);
	if (o.status != 0)
		fail_msg("%s: status %d: %s%s", command, o.status, o.out, o.err);
}

struct outcome pfwd(int status, const char *format, ...)
{
	char command[8192], before[512];
	va_list args;
	const char *program = getenv("PFWD");
	snprintf(before, sizeof(before), "%s ", program ? program : "./pfwd");
	va_start(args, format);
	format_command(command, sizeof(command), before, format, args);
	va_end(args);
	struct outcome o = run(command);
	if (o.status != status)
		fail_msg("%s: status %d instead of %d: %s%s", command, o.status, status, o.out,
			 o.err);
	return o;
}

void assert_says(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("'%s' is not in: %s", part, text);
}

void assert_silent(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("'%s' should not be in: %s", part, text);
}

void town_await(const char *format, ...)
{
	char command[8192];
	va_list args;
	va_start(args, format);
	format_command(command, sizeof(command), "", format, args);
	va_end(args);
	town_sh("for i in $(seq 500); do if %s\nthen exit; fi; sleep 0.02; done; exit 1", command);
}

/* STORY of the environment chooses among the tests of a program. */
__attribute__((constructor)) static void choose_stories(void)
{
	const char *pattern = getenv("STORY");
	if (pattern && *pattern)
		cmocka_set_test_filter(pattern);
}

/* ---- the backend ---- */

bool town_is(const char *backend)
{
	const char *name = getenv("BACKEND");
	return strcmp(name && *name ? name : "iptables", backend) == 0;
}

/* In the words of one packet filter or the other. */
static void by_backend(const char *iptables, const char *nftables)
{
	town_sh("%s", town_is("nftables") ? nftables : iptables);
}

void town_close_gates(void)
{
	by_backend("for t in iptables-legacy ip6tables-legacy; do $t -P FORWARD DROP; "
		   "$t -P INPUT DROP; $t -A INPUT -i lo -j ACCEPT; done; "
		   "ip6tables-legacy -A INPUT -p icmpv6 -j ACCEPT; "
		   "ip6tables-legacy -A FORWARD -p icmpv6 -j ACCEPT",
		   "nft 'table inet gates {\n"
		   "chain input { type filter hook input priority 0; policy drop\n"
		   "  jump loopback; meta l4proto icmpv6 accept; }\n"
		   "chain loopback { iif lo accept; }\n"
		   "chain forward { type filter hook forward priority 0; policy drop\n"
		   "  meta l4proto icmpv6 accept; }\n}'");
}

void town_take_in(const char *interface)
{
	if (town_is("nftables"))
		town_sh("nft add rule inet gates input iifname %s accept", interface);
	else
		town_sh("for t in iptables-legacy ip6tables-legacy; do "
			"$t -A INPUT -i %s -j ACCEPT; done",
			interface);
}

void town_shut_loopback(void)
{
	by_backend("for t in iptables-legacy ip6tables-legacy; do $t -D INPUT -i lo -j ACCEPT; "
		   "done",
		   "nft flush chain inet gates loopback");
}

void town_refuse_last(void)
{
	by_backend("for t in iptables-legacy ip6tables-legacy; do $t -A FORWARD -j REJECT; done",
		   "nft 'table inet refuses { chain forward { type filter hook forward priority 0\n"
		   "reject; }; }'");
}

void town_translate(int port, const char *to, int to_port)
{
	if (town_is("nftables"))
		town_sh("nft 'table ip theirs { chain to_%d { type nat hook prerouting "
			"priority dstnat\ntcp dport %d dnat to %s:%d; }; }'",
			port, port, to, to_port);
	else
		town_sh("iptables-legacy -t nat -A PREROUTING -p tcp --dport %d -j DNAT --to %s:%d",
			port, to, to_port);
}

void town_flush_rules(void)
{
	by_backend("for t in iptables-legacy ip6tables-legacy; do for table in nat filter; do "
		   "$t -t $table -F; done; done",
		   "nft flush ruleset");
}

/* The order of rules counts; policies without their counters. */
#define ALL_RULES                                                                          \
	"{ for t in iptables-legacy ip6tables-legacy; do for table in nat filter; do "     \
	"$t-save -t $table; done; done | sed -e '/^#/d' -e '/^:/s/ \\[.*//'; nft -s list " \
	"ruleset; }"

struct outcome town_rules(void)
{
	return run(ALL_RULES);
}

struct outcome town_rules_of_others(void)
{
	return run(ALL_RULES " | sed -e '/^table inet pfwd {/,/^}/d' -e '/PFWD/d' -e "
			     "'/comment \"pfwd\"/d' -e '/--comment pfwd -j ACCEPT/d'");
}

void assert_nothing_left(void)
{
	struct outcome o = town_rules();
	assert_silent(o.out, "PFWD");
	assert_silent(o.out, "pfwd");
}

/* ---- the town ---- */

static const char build[] =
	"set -e\n"
	"link() { # NAMESPACE ITS-INTERFACE OURS\n"
	"  ip link add $3 type veth peer name $2 netns $1; ip link set $3 up\n"
	"  ip -n $1 link set lo up; ip -n $1 link set $2 up; }\n"
	/* nobody else is in town: no waiting for addresses that might be somebody else's */
	"dad=net.ipv6.conf.default.accept_dad=0; sysctl -qw $dad\n"
	"for ns in client server lan stranger; do\n"
	"  ip netns add $ns; ip netns exec $ns sysctl -qw $dad; done\n"
	"ip link set lo up\n"
	"link client eth0 wan0; link stranger eth0 opt0\n"
	"ip link add lan0 type bridge; ip link set lan0 up\n"
	/* or FORWARD counts what server and lan send to all in their network, and the bridge passes
	 * on: router solicitations of 56 bytes, four or so seconds apart */
	"sysctl -qw net.bridge.bridge-nf-call-ip6tables=0 2>/dev/null || true\n"
	"for ns in server lan; do link $ns eth0 b-$ns; ip link set b-$ns master lan0; done\n"
	"ip addr add 10.1.0.1/24 dev wan0; ip addr add 10.3.0.1/24 dev opt0\n"
	"ip addr add 192.168.1.1/24 dev lan0\n"
	"ip addr add fd01::1/64 dev wan0 nodad; ip addr add fd02::1/64 dev lan0 nodad\n"
	"ip -n client addr add 10.1.0.2/24 dev eth0; ip -n client addr add fd01::2/64 dev eth0 "
	"nodad\n"
	"ip -n client addr add 10.1.0.3/24 dev eth0\n"
	"ip -n stranger addr add 10.3.0.2/24 dev eth0\n"
	"ip -n server addr add 192.168.1.2/24 dev eth0\n"
	"ip -n server addr add fd02::2/64 dev eth0 nodad\n"
	"ip -n lan addr add 192.168.1.3/24 dev eth0; ip -n lan addr add fd02::3/64 dev eth0 nodad\n"
	"ip -n client route add default via 10.1.0.1; ip -n client route add default via fd01::1\n"
	"ip -n stranger route add default via 10.3.0.1\n"
	"for ns in server lan; do ip -n $ns route add default via 192.168.1.1\n"
	"  ip -n $ns route add default via fd02::1; done\n"
	"sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1\n"
	/* only the first namespace of the system may set it */
	"sysctl -qw net.netfilter.nf_conntrack_acct=1 2>/dev/null || true\n";

int town_build(void **state)
{
	(void)state;
	struct outcome o = run(build);
	if (o.status != 0) {
		fprintf(stderr, "cannot build the town: %s%s\n", o.out, o.err);
		return -1;
	}
	return 0;
}

int town_clean(void **state)
{
	(void)state;
	while (server_count > 0) {
		kill(servers[--server_count], SIGKILL);
		waitpid(servers[server_count], NULL, 0);
	}
	struct outcome o = run("for t in iptables-legacy ip6tables-legacy; do\n"
			       "  for c in INPUT FORWARD OUTPUT; do $t -w -P $c ACCEPT; done\n"
			       "  for table in nat filter; do for step in -F -X -Z; do\n"
			       "    $t -w -t $table $step; done; done\n"
			       "done; conntrack -F 2>/dev/null; nft flush ruleset");
	return o.status;
}

int town_raze(void **state)
{
	town_clean(state);
	struct outcome o = run("for ns in client server lan stranger; do ip netns del $ns; done");
	return o.status;
}

/* ---- sockets ---- */

static void enter(const char *namespace)
{
	char path[128];
	if (!namespace)
		return;
	snprintf(path, sizeof(path), "/run/netns/%s", namespace);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
		_exit(99);
	close(fd);
}

static socklen_t make_address(const char *addr, int port, struct sockaddr_storage *out)
{
	struct sockaddr_in *v4 = (void *)out;
	struct sockaddr_in6 *v6 = (void *)out;
	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, addr, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
		return sizeof(*v4);
	}
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons((uint16_t)port);
	if (inet_pton(AF_INET6, addr, &v6->sin6_addr) != 1)
		_exit(98);
	return sizeof(*v6);
}

static int open_socket(int proto, int family)
{
	int type = proto == IPPROTO_UDP ? SOCK_DGRAM : SOCK_STREAM;
	int fd = socket(family, type | SOCK_CLOEXEC, proto);
	int one = 1;
	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	return fd;
}

static void name_of(const struct sockaddr_storage *addr, socklen_t length, char *out, size_t size)
{
	char host[64], port[16];
	if (getnameinfo((const void *)addr, length, host, sizeof(host), port, sizeof(port),
			NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		_exit(97);
	snprintf(out, size, "%s %s", host, port);
}

static void answer_stream(const char *where, int listener)
{
	for (;;) {
		struct sockaddr_storage peer, here;
		socklen_t peer_length = sizeof(peer), here_length = sizeof(here);
		int fd = accept(listener, (void *)&peer, &peer_length);
		if (fd < 0)
			continue;
		char from[100], at[100], text[256];
		getsockname(fd, (void *)&here, &here_length);
		name_of(&peer, peer_length, from, sizeof(from));
		name_of(&here, here_length, at, sizeof(at));
		int n = snprintf(text, sizeof(text), "%s at %s from %s", where, at, from);
		if (write(fd, text, (size_t)n) != n)
			close(fd);
	}
}

static void answer_datagrams(const char *where, int fd, int port)
{
	for (;;) {
		struct sockaddr_storage peer;
		socklen_t length = sizeof(peer);
		char question[64], from[100], text[256];
		if (recvfrom(fd, question, sizeof(question), 0, (void *)&peer, &length) < 0)
			continue;
		name_of(&peer, length, from, sizeof(from));
		int n = snprintf(text, sizeof(text), "%s at %d from %s", where, port, from);
		if (sendto(fd, text, (size_t)n, 0, (void *)&peer, length) != n)
			continue;
	}
}

void town_serve(const char *namespace, int proto, const char *addr, int port)
{
	int ready[2];
	char byte;
	assert_true(server_count < SERVERS_MAX);
	assert_return_code(pipe(ready), errno);
	pid_t child = fork();
	if (child == 0) {
		struct sockaddr_storage at;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(ready[0]);
		enter(namespace);
		socklen_t length = make_address(addr, port, &at);
		int fd = open_socket(proto, at.ss_family);
		if (fd < 0 || bind(fd, (void *)&at, length) < 0 ||
		    (proto != IPPROTO_UDP && listen(fd, 16) < 0) || write(ready[1], "r", 1) != 1)
			_exit(96);
		const char *where = namespace ? namespace : "gateway";
		if (proto == IPPROTO_UDP)
			answer_datagrams(where, fd, port);
		answer_stream(where, fd);
	}
	close(ready[1]);
	servers[server_count++] = child;
	if (read(ready[0], &byte, 1) != 1)
		fail_msg("no server at %s port %d", addr, port);
	close(ready[0]);
}

/* Sockets belong to the namespace they were made in, so a child makes it and hands it over. */
static void hand_over(int channel, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = {0}, byte = 'r';
	struct iovec io = {&byte, 1};
	struct msghdr message = {.msg_iov = &io,
				 .msg_iovlen = 1,
				 .msg_control = control,
				 .msg_controllen = sizeof(control)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	if (sendmsg(channel, &message, 0) < 0)
		_exit(95);
}

static int take_over(int channel)
{
	char control[CMSG_SPACE(sizeof(int))], byte;
	struct iovec io = {&byte, 1};
	struct msghdr message = {.msg_iov = &io,
				 .msg_iovlen = 1,
				 .msg_control = control,
				 .msg_controllen = sizeof(control)};
	int fd = -1;
	if (recvmsg(channel, &message, 0) == 1 && CMSG_FIRSTHDR(&message))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

static void connect_and_hand_over(int channel, const char *namespace, int proto, const char *addr,
				  int port, int own_port)
{
	struct sockaddr_storage to, own;
	enter(namespace);
	socklen_t length = make_address(addr, port, &to);
	int fd = open_socket(proto, to.ss_family);
	make_address(to.ss_family == AF_INET6 ? "::" : "0.0.0.0", own_port, &own);
	if (fd < 0 || (own_port && bind(fd, (void *)&own, length) < 0))
		_exit(94);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	if (connect(fd, (void *)&to, length) < 0 && errno != EINPROGRESS)
		_exit(0);
	struct pollfd wait = {.fd = fd, .events = POLLOUT};
	int error = 0;
	socklen_t size = sizeof(error);
	if (poll(&wait, 1, patience_ms) != 1 ||
	    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 || error)
		_exit(0);
	hand_over(channel, fd);
	_exit(0);
}

int town_socket(const char *namespace, int proto, const char *addr, int port, int own_port)
{
	int channel[2], status;
	assert_return_code(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, channel), errno);
	pid_t child = fork();
	if (child == 0) {
		close(channel[0]);
		connect_and_hand_over(channel[1], namespace, proto, addr, port, own_port);
	}
	close(channel[1]);
	int fd = take_over(channel[0]);
	close(channel[0]);
	waitpid(child, &status, 0);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	return fd;
}

struct answer town_ask_again(int socket)
{
	struct answer answer = {""};
	struct pollfd wait = {.fd = socket, .events = POLLIN};
	if (socket < 0)
		return answer;
	ssize_t sent = send(socket, "?", 1, MSG_NOSIGNAL);
	if (sent == 1 && poll(&wait, 1, patience_ms) == 1) {
		ssize_t n = recv(socket, answer.text, sizeof(answer.text) - 1, 0);
		answer.text[n > 0 ? n : 0] = '\0';
	}
	return answer;
}

struct answer town_ask(const char *namespace, int proto, const char *addr, int port)
{
	int fd = town_socket(namespace, proto, addr, port, 0);
	struct answer answer = town_ask_again(fd);
	if (fd >= 0)
		close(fd);
	return answer;
}

void assert_reaches(const char *namespace, int proto, const char *addr, int port, const char *part)
{
	assert_says(town_ask(namespace, proto, addr, port).text, part);
}

struct answer town_ask_shortly(const char *namespace, int proto, const char *addr, int port)
{
	patience_ms = DOUBT_MS;
	struct answer answer = town_ask(namespace, proto, addr, port);
	patience_ms = PATIENCE_MS;
	return answer;
}

void assert_refused(const char *namespace, int proto, const char *addr, int port)
{
	assert_string_equal(town_ask_shortly(namespace, proto, addr, port).text, "");
}
