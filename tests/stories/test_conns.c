/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is connected through which forward, and how it adds up. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "town.h"

static void an_http_fetch_shows(void **state)
{
	(void)state;
	pfwd(0, "add wan0:80 192.168.1.2:8000 --name web");
	struct outcome o = town_run(
		"ip netns exec server python3 -m http.server 8000 >/dev/null 2>&1 & web=$!\n"
		"for i in $(seq 50); do ip netns exec client curl -sf -o /run/page "
		"http://10.1.0.1/LICENSE && break; sleep 0.1; done; kill $web; wc -c </run/page");
	assert_string_equal(o.out, town_run("wc -c <LICENSE").out);
	o = pfwd(0, "conns -rn -o FORWARD,PROTO,VIA,TARGET,NAME,REPLIED web");
	assert_says(o.out, "wan0:80/tcp tcp 10.1.0.1:80 192.168.1.2:8000 web yes\n");
	assert_says(pfwd(0, "conns -J").out, "\"state\":\"TIME_WAIT\"");
}

static void a_dns_query_shows(void **state)
{
	(void)state;
	town_serve(SERVER, IPPROTO_UDP, "192.168.1.2", 53);
	pfwd(0, "add wan0:53/udp 192.168.1.2");
	int fd = town_socket(CLIENT, IPPROTO_UDP, "10.1.0.1", 53, 5353);
	town_ask_again(fd);
	assert_string_equal(pfwd(0, "conns -rn -o FORWARD,PROTO,CLIENT,VIA,TARGET,STATE").out,
			    "wan0:53/udp udp 10.1.0.2:5353 10.1.0.1:53 192.168.1.2:53 -\n");
	close(fd);
}

static void an_ipv6_connection_shows(void **state)
{
	(void)state;
	town_serve(SERVER, IPPROTO_TCP, "fd02::2", 8080);
	pfwd(0, "add wan0:80 [fd02::2]:8080");
	int fd = town_socket(CLIENT, IPPROTO_TCP, "fd01::1", 80, 4321);
	town_ask_again(fd);
	static const char columns[] = "conns -rn -o CLIENT,VIA,TARGET,FAMILY";
	assert_string_equal(pfwd(0, columns).out,
			    "[fd01::2]:4321 [fd01::1]:80 [fd02::2]:8080 IPv6\n");
	assert_string_equal(pfwd(0, "conns -4rn").out, "");
	close(fd);
}

/* The bytes are those that conntrack(8) shows. */
static void bytes_are_those_of_conntrack(void **state)
{
	(void)state;
	if (town_run("sysctl -qw net.netfilter.nf_conntrack_acct=1").status != 0)
		skip(); /* not settable by root of a user namespace */
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8080);
	pfwd(0, "add wan0:80 192.168.1.2:8080 --name web");
	int fd = town_socket(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, 0);
	town_ask_again(fd);
	struct outcome theirs = town_run(
		"conntrack -L --dst-nat 2>/dev/null | tr ' ' '\\n' | sed -n 's/^bytes=//p' | paste "
		"-sd' ' | tee /run/theirs");
	assert_true(strlen(theirs.out) > 3);
	assert_string_equal(pfwd(0, "conns -rn --bytes -o BYTES-IN,BYTES-OUT").out, theirs.out);
	struct outcome sum = town_run("awk '{ print $1 + $2 }' /run/theirs");
	assert_string_equal(pfwd(0, "conns -crn --bytes -o BYTES").out, sum.out);
	assert_string_equal(pfwd(0, "list -rn --bytes -o BYTES").out, sum.out);
	close(fd);
}

static void sums_are_per_forward(void **state)
{
	(void)state;
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8080);
	pfwd(0, "add wan0:80 192.168.1.2:8080 --name web");
	pfwd(0, "add wan0:81 192.168.1.2:8080 --name more");
	town_sh("iptables-legacy -t nat -A PREROUTING -p tcp --dport 99 -j DNAT --to "
		"192.168.1.2:8080");
	int a = town_socket(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, 0);
	int b = town_socket(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, 0);
	int c = town_socket(CLIENT, IPPROTO_TCP, "10.1.0.1", 99, 0);
	assert_string_equal(pfwd(0, "conns -crn -o FORWARD,NAME,CONNS").out,
			    "wan0:80/tcp web 2\nwan0:81/tcp more 0\n");
	assert_string_equal(pfwd(0, "conns -acrn -o FORWARD,CONNS").out,
			    "wan0:80/tcp 2\nwan0:81/tcp 0\n- 1\n");
	assert_string_equal(pfwd(0, "conns -crn -o CONNS more web").out, "2\n0\n");
	assert_says(pfwd(0, "conns -cJ wan0:80").out, "\"conns\":2, \"packets\":");
	assert_says(pfwd(2, "conns -cf").err, "exclude each other");
	assert_says(pfwd(2, "conns -c -o CLIENT").err,
		    "there are FORWARD,NAME,CONNS,PACKETS,BYTES");
	close(a);
	close(b);
	close(c);
}

static void a_reader_that_goes_ends_it_quietly(void **state)
{
	(void)state;
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8080);
	pfwd(0, "add wan0:80 192.168.1.2:8080");
	int a = town_socket(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, 0);
	int b = town_socket(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, 0);
	struct outcome o = town_run("$PFWD conns | head -1");
	assert_says(o.out, "FORWARD");
	assert_string_equal(o.err, "");
	assert_says(pfwd(1, "conns > /dev/full").err, "cannot write to standard output");
	assert_says(pfwd(1, "conns -c > /dev/full").err, "cannot write to standard output");
	close(a);
	close(b);
}

static void selectors_choose_connections(void **state)
{
	(void)state;
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8080);
	pfwd(0, "add wan0:80 192.168.1.2:8080 --name web");
	pfwd(0, "add wan0:81 192.168.1.2:8080 --name more");
	pfwd(0, "add wan0:82 192.168.1.2:8080");
	int fds[3];
	for (int i = 0; i < 3; i++)
		fds[i] = town_socket(CLIENT, IPPROTO_TCP, "10.1.0.1", 80 + i, 4000 + i);
	assert_string_equal(pfwd(0, "conns -rn -o CLIENT web").out, "10.1.0.2:4000\n");
	assert_string_equal(pfwd(0, "conns -rn -o CLIENT wan0:82").out, "10.1.0.2:4002\n");
	assert_string_equal(pfwd(0, "conns -rn -o VIA web wan0:81 | sort").out,
			    "10.1.0.1:80\n10.1.0.1:81\n");
	for (int i = 0; i < 3; i++)
		close(fds[i]);
}

static void a_removed_forwards_connection_is_nobodys(void **state)
{
	(void)state;
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8080);
	pfwd(0, "add wan0:80 192.168.1.2:8080");
	pfwd(0, "add wan0:81 192.168.1.2:8080"); /* nat stays in use */
	int fd = town_socket(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, 4321);
	pfwd(0, "del wan0:80");
	assert_string_equal(pfwd(0, "conns -rn").out, "");
	assert_string_equal(pfwd(0, "conns -rna -o FORWARD,CLIENT").out, "- 10.1.0.2:4321\n");
	close(fd);
}

static void a_kernel_without_conntrack_is_said(void **state)
{
	(void)state;
	static const char *const commands[] = {"conns", "conns -f", "conns -c"};
	pfwd(0, "add wan0:80 192.168.1.2");
	town_sh("$TRACE -qq -o /run/sockets -e trace=socket $PFWD conns");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		struct outcome o =
			town_run("n=$(grep -n -m1 NETLINK_NETFILTER /run/sockets | cut -d: -f1); "
				 "$TRACE -qq -o /dev/null -e trace=socket "
				 "-e inject=socket:error=EPROTONOSUPPORT:when=$n $PFWD %s",
				 commands[i]);
		assert_int_equal(o.status, 6);
		assert_says(o.err, "load nf_conntrack_netlink");
	}
}

#define STORY(f) cmocka_unit_test_teardown(f, town_clean)

int main(void)
{
	const struct CMUnitTest stories[] = {
		STORY(an_http_fetch_shows),
		STORY(a_dns_query_shows),
		STORY(an_ipv6_connection_shows),
		STORY(bytes_are_those_of_conntrack),
		STORY(sums_are_per_forward),
		STORY(a_reader_that_goes_ends_it_quietly),
		STORY(selectors_choose_connections),
		STORY(a_removed_forwards_connection_is_nobodys),
		STORY(a_kernel_without_conntrack_is_said),
	};
	return cmocka_run_group_tests(stories, town_build, town_raze);
}
