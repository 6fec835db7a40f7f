/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is connected through which forward, and how it adds up. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "town.h"

/* Not settable by root of a user namespace. */
static bool counts_bytes(void)
{
	return town_run("sysctl -qw net.netfilter.nf_conntrack_acct=1").status == 0;
}

static void an_http_fetch_shows(void **state)
{
	(void)state;
	bool counted = counts_bytes();
	pfwd(0, "add wan0:80 192.168.1.2:8000 --name web");
	town_sh("ip netns exec server python3 -m http.server 8000 >/dev/null 2>&1 & web=$!\n"
		"fetch='ip netns exec client curl -sf --local-port 4320 -o /run/page'\n"
		"for i in $(seq 50); do $fetch http://10.1.0.1/LICENSE && break; sleep 0.1; done\n"
		"kill $web; cmp LICENSE /run/page");
	struct outcome o = pfwd(0, "conns -rn -o FORWARD,PROTO,CLIENT,VIA,TARGET,STATE,NAME web");
	assert_string_equal(o.out, "wan0:80/tcp tcp 10.1.0.2:4320 10.1.0.1:80 192.168.1.2:8000 "
				   "TIME_WAIT web\n");
	assert_says(pfwd(0, "conns -J").out, "\"state\":\"TIME_WAIT\"");
	if (counted)
		town_sh("test $($PFWD conns -rn --bytes -o BYTES-OUT) -gt $(wc -c <LICENSE)");
}

static void a_dns_query_shows(void **state)
{
	(void)state;
	bool counted = counts_bytes();
	town_serve(SERVER, IPPROTO_UDP, "192.168.1.2", 53);
	pfwd(0, "add wan0:53/udp 192.168.1.2");
	int fd = town_socket(CLIENT, IPPROTO_UDP, "10.1.0.1", 53, 5353);
	size_t answer = strlen(town_ask_again(fd).text);
	assert_true(answer > 0);
	assert_string_equal(pfwd(0, "conns -rn -o FORWARD,PROTO,CLIENT,VIA,TARGET,STATE").out,
			    "wan0:53/udp udp 10.1.0.2:5353 10.1.0.1:53 192.168.1.2:53 -\n");
	if (counted) { /* the headers of IPv4 and UDP are 28 bytes */
		char expected[64];
		snprintf(expected, sizeof(expected), "1 29 %zu\n", answer + 28);
		struct outcome o = pfwd(0, "conns -rn --bytes -o PACKETS-IN,BYTES-IN,BYTES-OUT");
		assert_string_equal(o.out, expected);
	}
	close(fd);
}

static void an_ipv6_connection_shows(void **state)
{
	(void)state;
	bool counted = counts_bytes();
	town_serve(SERVER, IPPROTO_TCP, "fd02::2", 8080);
	pfwd(0, "add wan0:80 [fd02::2]:8080");
	int fd = town_socket(CLIENT, IPPROTO_TCP, "fd01::1", 80, 4321);
	town_ask_again(fd);
	assert_string_equal(pfwd(0, "conns -rn -o FORWARD,CLIENT,VIA,TARGET,STATE,FAMILY").out,
			    "wan0:80/tcp [fd01::2]:4321 [fd01::1]:80 [fd02::2]:8080 ESTABLISHED "
			    "IPv6\n");
	assert_string_equal(pfwd(0, "conns -4rn").out, "");
	if (counted) /* a byte, and three packets of 72 at the least */
		town_sh("test $($PFWD conns -6rn --bytes -o BYTES-IN) -gt 216");
	close(fd);
}

/* Not every kernel that forwards SCTP speaks it: the association's first packet is enough. */
static void an_sctp_connection_shows(void **state)
{
	(void)state;
	bool counted = counts_bytes();
	pfwd(0, "add wan0:3868/sctp 192.168.1.2:3869 --name diameter");
	town_sh("ip netns exec client python3 tests/stories/sctp.py send 4 10.1.0.1 3868");
	assert_says(pfwd(0, "conns -rn -o NAME,FORWARD,PROTO,CLIENT,VIA,TARGET,STATE").out,
		    "diameter wan0:3868/sctp sctp 10.1.0.2:40000 10.1.0.1:3868 192.168.1.2:3869 C");
	if (counted) /* headers of IPv4 and SCTP, and an INIT (RFC 9260, 3.3.2) */
		assert_string_equal(pfwd(0, "conns -rn --bytes -o PACKETS-IN,BYTES-IN").out,
				    "1 52\n");
}

/* What /proc/net/nf_conntrack tells besides. */
static void columns_are_those_of_conntrack(void **state)
{
	(void)state;
	bool timed = town_run("sysctl -qw net.netfilter.nf_conntrack_timestamp=1").status == 0;
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8080);
	pfwd(0, "add wan0:80 192.168.1.2:8080");
	town_sh("iptables-legacy -I FORWARD -j CONNMARK --set-mark 7");
	int fd = town_socket(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, 0);
	town_ask_again(fd);
	town_sh("conntrack -L --dst-nat -o id 2>/dev/null >/run/theirs");
	struct outcome theirs = town_run("sed -n 's/.* .ASSURED. mark=\\([0-9]*\\).* use=\\([0-9]*"
					 "\\).* id=\\([0-9]*\\).*/yes \\1 \\2 \\3/p' /run/theirs");
	assert_says(theirs.out, "yes 7 ");
	assert_string_equal(pfwd(0, "conns -rn -o ASSURED,MARK,USE,ID").out, theirs.out);
	/* a second may pass between the two */
	town_sh("set -- $($PFWD conns -rn -o TIMEOUT,STATE) $(cat /run/theirs); "
		"test $(($5 - $1)) -ge 0 -a $(($5 - $1)) -le 2 -a $2 = $6");
	if (timed)
		town_sh("begun=$(date -d $($PFWD conns -rn -o START) +%%s); now=$(date +%%s); "
			"test $begun -le $now -a $begun -gt $((now - 10))");
	close(fd);
}

static void without_accounting_bytes_are_not_known(void **state)
{
	(void)state;
	static const char words[] =
		"pfwd: conntrack does not count bytes and packets; turn it on with: sysctl -w "
		"net.netfilter.nf_conntrack_acct=1\n";
	if (!counts_bytes())
		skip();
	town_sh("sysctl -qw net.netfilter.nf_conntrack_acct=0");
	pfwd(0, "add wan0:1000-1999/udp 192.168.1.2");
	town_sh("ip netns exec client python3 tests/stories/udp.py 10.1.0.1 1000 1");
	assert_string_equal(pfwd(0, "conns").err, "");
	assert_string_equal(pfwd(0, "conns -c -o CONNS").err, "");
	assert_string_equal(pfwd(0, "list -o +LIVE").err, "");
	struct outcome o = pfwd(0, "conns -rn -o BYTES-IN,BYTES-OUT,PACKETS-IN,VIA");
	assert_string_equal(o.out, "- - - 10.1.0.1:1000\n");
	assert_string_equal(o.err, words);
	o = pfwd(0, "conns -J -o PACKETS-OUT");
	assert_says(o.out, "{\"packets-out\":null}");
	assert_string_equal(o.err, words);
	o = pfwd(0, "conns -crn");
	assert_says(o.out, " - 1 - -\n");
	assert_string_equal(o.err, words);
	assert_string_equal(pfwd(0, "conns -c -o PACKETS").err, words);
	o = pfwd(0, "list -rn -o LIVE,BYTES");
	assert_string_equal(o.out, "1 -\n");
	assert_string_equal(o.err, words);
	assert_true(counts_bytes());
}

static void columns_are_chosen(void **state)
{
	(void)state;
	pfwd(0, "add wan0:1000-1999/udp 192.168.1.2 --name aA0._-z");
	town_sh("ip netns exec client python3 tests/stories/udp.py 10.1.0.1 1000 1");
	assert_string_equal(pfwd(0, "conns -r -o via,NAME,VIA").out,
			    "VIA NAME VIA\n10.1.0.1:1000 aA0._-z 10.1.0.1:1000\n");
	assert_string_equal(pfwd(0, "conns -J -o VIA,NAME,VIA").out,
			    "{\"conns\": [\n  {\"via\":\"10.1.0.1:1000\", "
			    "\"name\":\"aA0._-z\"}\n]}\n");
	assert_says(pfwd(0, "conns -o +NAME").out, "STATE TIMEOUT NAME\n");
	assert_says(pfwd(2, "conns -o VIA,WHO").err,
		    "unknown column 'WHO'; columns are FORWARD,PROTO,");
	assert_says(pfwd(2, "conns -o VIA,").err, "unknown column ''");
}

/* The bytes are those that conntrack(8) shows. */
static void bytes_are_those_of_conntrack(void **state)
{
	(void)state;
	if (!counts_bytes())
		skip();
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
	town_translate(99, "192.168.1.2", 8080);
	int a = town_socket(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, 0);
	int b = town_socket(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, 0);
	int c = town_socket(CLIENT, IPPROTO_TCP, "10.1.0.1", 99, 0);
	assert_string_equal(pfwd(0, "conns -crn -o FORWARD,NAME,CONNS").out,
			    "wan0:80/tcp web 2\nwan0:81/tcp more 0\n");
	assert_string_equal(pfwd(0, "conns -acrn -o FORWARD,CONNS").out,
			    "wan0:80/tcp 2\nwan0:81/tcp 0\n*:99/tcp 1\n- 0\n");
	assert_string_equal(pfwd(0, "conns -crn -o CONNS more web").out, "2\n0\n");
	assert_string_equal(pfwd(0, "list -rn -o NAME,LIVE").out, "web 2\nmore 0\n");
	assert_says(pfwd(0, "conns -cJ wan0:80").out, "\"conns\":2, \"packets\":");
	assert_says(pfwd(2, "conns -cf").err, "exclude each other");
	assert_says(pfwd(2, "conns -c -o CLIENT").err,
		    "columns are FORWARD,NAME,CONNS,PACKETS,BYTES");
	close(a);
	close(b);
	close(c);
}

/* Also if a port of the range keeps its number, which conntrack does not call translated; and not
 * the connection of a client behind another interface. */
static void each_connection_of_a_range_counts_once(void **state)
{
	(void)state;
	town_serve(GATEWAY, IPPROTO_TCP, "10.1.0.1", 80);
	pfwd(0, "add wan0:80-90 :80 --name range");
	int fds[] = {town_socket(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, 4000),
		     town_socket(CLIENT, IPPROTO_TCP, "10.1.0.1", 85, 4001),
		     town_socket(LAN, IPPROTO_TCP, "10.1.0.1", 80, 4002)};
	assert_string_equal(pfwd(0, "list -rn -o LIVE").out, "2\n");
	assert_string_equal(pfwd(0, "conns -crn -o NAME,CONNS").out, "range 2\n");
	assert_string_equal(pfwd(0, "conns -rn -o NAME,CLIENT,VIA | sort").out,
			    "range 10.1.0.2:4000 10.1.0.1:80\nrange 10.1.0.2:4001 10.1.0.1:85\n");
	pfwd(0, "del --kill range");
	assert_string_equal(town_run("conntrack -L -p tcp 2>/dev/null | grep -c ESTABLISHED").out,
			    "1\n");
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		close(fds[i]);
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

static void forwards_to_one_target_are_told_apart(void **state)
{
	(void)state;
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8080);
	pfwd(0, "add wan0:80 192.168.1.2:8080 --name client");
	pfwd(0, "add wan0:81 192.168.1.2:8080 --name beside");
	pfwd(0, "add opt0:80 192.168.1.2:8080 --name stranger");
	int a = town_socket(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, 0);
	int b = town_socket(CLIENT, IPPROTO_TCP, "10.1.0.1", 81, 0);
	int c = town_socket(STRANGER, IPPROTO_TCP, "10.3.0.1", 80, 0);
	assert_string_equal(pfwd(0, "conns -rn -o VIA,NAME | sort").out,
			    "10.1.0.1:80 client\n10.1.0.1:81 beside\n10.3.0.1:80 stranger\n");
	close(a);
	close(b);
	close(c);
}

static void a_removed_or_changed_forwards_connection_is_nobodys(void **state)
{
	(void)state;
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8080);
	pfwd(0, "add wan0:80 192.168.1.2:8080");
	pfwd(0, "add wan0:81 192.168.1.2:8080"); /* nat stays in use */
	int fd = town_socket(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, 4321);
	pfwd(0, "del wan0:80");
	assert_string_equal(pfwd(0, "conns -rn").out, "");
	assert_string_equal(pfwd(0, "conns -rna -o FORWARD,CLIENT").out, "- 10.1.0.2:4321\n");
	pfwd(0, "add wan0:80 192.168.1.2:8080"); /* it was this one's, as far as conntrack knows */
	assert_string_equal(pfwd(0, "conns -rn -o FORWARD").out, "wan0:80/tcp\n");
	pfwd(0, "add --replace wan0:80 192.168.1.2:8081");
	assert_string_equal(pfwd(0, "conns -rn").out, "");
	assert_string_equal(pfwd(0, "conns -rna -o FORWARD,CLIENT").out, "- 10.1.0.2:4321\n");
	close(fd);
}

/* A wide range might have taken the next of its ports; by address, the lan's is nearer. */
static void a_forward_to_that_very_port_comes_first(void **state)
{
	(void)state;
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8080);
	pfwd(0, "add wan0:1000-1010 192.168.1.2:8080 --name exact");
	pfwd(0, "add lan0@192.168.1.1:1-65535 192.168.1.2 --name wide");
	int fd = town_socket(CLIENT, IPPROTO_TCP, "192.168.1.1", 1005, 0);
	assert_string_equal(pfwd(0, "conns -rn -o NAME").out, "exact\n");
	close(fd);
	/* also where only --local takes the client */
	pfwd(0, "flush");
	pfwd(0, "add wan0@10.1.0.1:1005 192.168.1.2:8080 --from 10.9.0.0/16 --local --name exact");
	pfwd(0, "add *:1000-1010 192.168.1.2:8076-8086 --name wide");
	fd = town_socket(GATEWAY, IPPROTO_TCP, "10.1.0.1", 1005, 0);
	assert_string_equal(town_run("$PFWD conns -rn -o VIA,NAME | grep ^10.1.0.1:").out,
			    "10.1.0.1:1005 exact\n");
	close(fd);
}

/* The socket that first asks for connections cannot be had, or not be bound. A follower asks for
 * none: it is the last socket before it waits. */
static void a_kernel_without_conntrack_is_said(void **state)
{
	(void)state;
	static const char *const commands[] = {"conns", "conns -c", "conns -f", "list -o LIVE"};
	static const char *const calls[] = {"socket", "bind"};
	pfwd(0, "add wan0:80 192.168.1.2");
	for (size_t i = 0; i < 8; i++) {
		const char *call = calls[i % 2], *command = commands[i / 2];
		struct outcome o = town_run(
			"timeout 0.5 $TRACE -qq -o /run/calls -e trace=%s,sendto $PFWD %s\n"
			"n=$(awk '/^%s/ { n++ } /CTNETLINK/ { exit } END { print n }' /run/calls)\n"
			"timeout 10 $TRACE -qq -o /dev/null -e trace=%s "
			"-e inject=%s:error=EPROTONOSUPPORT:when=$n $PFWD %s",
			call, command, call, call, call, command);
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
		STORY(an_sctp_connection_shows),
		STORY(columns_are_those_of_conntrack),
		STORY(without_accounting_bytes_are_not_known),
		STORY(columns_are_chosen),
		STORY(bytes_are_those_of_conntrack),
		STORY(sums_are_per_forward),
		STORY(each_connection_of_a_range_counts_once),
		STORY(a_reader_that_goes_ends_it_quietly),
		STORY(selectors_choose_connections),
		STORY(forwards_to_one_target_are_told_apart),
		STORY(a_removed_or_changed_forwards_connection_is_nobodys),
		STORY(a_forward_to_that_very_port_comes_first),
		STORY(a_kernel_without_conntrack_is_said),
	};
	return cmocka_run_group_tests(stories, town_build, town_raze);
}
