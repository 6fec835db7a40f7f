/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a monitoring system reads of the forwards. */
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

/* Not settable by root of a user namespace. */
static bool counts_bytes(void)
{
	return town_run("sysctl -qw net.netfilter.nf_conntrack_acct=1").status == 0;
}

#define READ "$PFWD metrics | python3 tests/stories/openmetrics.py "

/* The values of the samples that have that name and these labels, a line each. */
#define assert_value(wanted, value)                                \
	do {                                                       \
		struct outcome o_ = town_run(READ "'%s'", wanted); \
		assert_string_equal(o_.err, "");                   \
		assert_string_equal(o_.out, value);                \
	} while (0)

static void a_strict_reader_takes_it(void **state)
{
	(void)state;
	bool counted = counts_bytes();
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8080);
	town_serve(SERVER, IPPROTO_TCP, "fd02::2", 8080);
	pfwd(0, "add wan0:80 192.168.1.2:8080 --name web");
	pfwd(0, "add wan0:80 [fd02::2]:8080 --name web");
	pfwd(0, "add wan0:81 192.168.1.2:8080 --from 10.1.0.0/24,10.9.0.0/16");
	pfwd(0, "add wan0:82 192.168.1.2:8080 --until 2030-01-01T00:00:00Z");
	pfwd(0, "add wan0:1-65535 192.168.1.3");
	pfwd(0, "add wan0:22 -");
	int fds[] = {town_socket(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, 0),
		     town_socket(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, 0),
		     town_socket(CLIENT, IPPROTO_TCP, "10.1.0.1", 81, 0),
		     town_socket(CLIENT, IPPROTO_TCP, "fd01::1", 80, 0)};
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		town_ask_again(fds[i]);
	assert_value("pfwd_forward_connections_total{name=\"web\",family=\"IPv4\"}", "2\n");
	assert_value("pfwd_forward_connections_total{name=\"web\",family=\"IPv6\"}", "1\n");
	assert_value("pfwd_forward_live_connections{forward=\"wan0:81/tcp\","
		     "from=\"10.1.0.0/24\"}",
		     "1\n");
	assert_value("pfwd_forward_live_connections{forward=\"wan0:81/tcp\","
		     "from=\"10.9.0.0/16\"}",
		     "0\n");
	assert_value("pfwd_forward_end_timestamp_seconds", "1893456000\n");
	assert_value("pfwd_forward_state{forward=\"wan0:22/tcp\",state=\"active\"}", "1\n");
	assert_value("pfwd_forward_live_connections{forward=\"wan0:22/tcp\"}", "");
	if (counted) {
		struct outcome bytes = pfwd(0, "conns -rn --bytes -o BYTES-OUT wan0:81");
		struct outcome packets = pfwd(0, "conns -rn -o PACKETS-IN wan0:81");
		assert_value("pfwd_forward_live_bytes{from=\"10.1.0.0/24\",direction=\"out\"}",
			     bytes.out);
		assert_value("pfwd_forward_live_packets{from=\"10.1.0.0/24\",direction=\"in\"}",
			     packets.out);
	}
	town_sh("test $(cat /proc/sys/net/netfilter/nf_conntrack_max) = $(" READ
		"pfwd_conntrack_entries_limit)");
	town_sh("test $(" READ "pfwd_conntrack_entries) -ge 4");
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		close(fds[i]);
}

/* node_exporter does, and refuses a whole file for a type that it does not know. */
static void readers_of_the_older_format_take_it_too(void **state)
{
	(void)state;
	counts_bytes();
	pfwd(0, "add wan0:80 192.168.1.2:8080 --name web");
	struct outcome o =
		town_run(READ "--old 'pfwd_forward_state{name=\"web\",state=\"active\"}'");
	assert_string_equal(o.err, "");
	assert_string_equal(o.out, "1\n");
}

static void the_label_backend_is_where_the_forward_is(void **state)
{
	(void)state;
	char wanted[128];
	const char *backend = town_is("iptables") ? "iptables" : "nftables";
	pfwd(0, "add wan0:80 192.168.1.2:8080");
	snprintf(wanted, sizeof(wanted), "pfwd_forward_connections_total{backend=\"%s\"}", backend);
	assert_value(wanted, "0\n");
}

static void a_counter_survives_changes_of_other_forwards(void **state)
{
	(void)state;
	static const char counter[] = "pfwd_forward_connections_total{name=\"web\"}";
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8080);
	pfwd(0, "add wan0:80 192.168.1.2:8080 --name web");
	for (int i = 0; i < 3; i++)
		assert_reaches(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, "server");
	assert_value(counter, "3\n");
	pfwd(0, "add wan0:81 192.168.1.2:8080 --name other");
	assert_value(counter, "3\n");
	town_sh("printf 'wan0:80 192.168.1.2:8080 --name web\\nwan0:1-65535 192.168.1.3\\n' | "
		"$PFWD apply -");
	assert_value(counter, "3\n");
	assert_reaches(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, "server");
	assert_value(counter, "4\n");
	pfwd(0, "del wan0:1-65535");
	assert_value(counter, "4\n");
}

static void a_forward_that_is_damaged_says_so(void **state)
{
	(void)state;
	pfwd(0, "add wan0:80 192.168.1.2:8080");
	assert_value("pfwd_forward_state{state=\"incomplete\"}", "0\n");
	town_sh(town_is("iptables")
			? "iptables-legacy -F FORWARD"
			: "nft flush chain inet pfwd $(nft list table inet pfwd | "
			  "awk '$1 == \"chain\" { c = $2 } /hook prerouting/ { print c; "
			  "exit }')");
	assert_string_equal(pfwd(0, "list -rn -o STATE").out, "incomplete\n");
	assert_value("pfwd_forward_state{state=\"incomplete\"}", "1\n");
	assert_value("pfwd_forward_state{state=\"active\"}", "0\n");
}

static void without_accounting_bytes_are_left_out(void **state)
{
	(void)state;
	if (!counts_bytes())
		skip();
	town_sh("sysctl -qw net.netfilter.nf_conntrack_acct=0");
	pfwd(0, "add wan0:80 192.168.1.2:8080");
	struct outcome o = pfwd(0, "metrics");
	assert_string_equal(o.err, "pfwd: conntrack does not count bytes and packets; turn it on "
				   "with: sysctl -w net.netfilter.nf_conntrack_acct=1\n");
	assert_silent(o.out, "bytes");
	assert_silent(o.out, "packets");
	assert_says(o.out, "pfwd_forward_live_connections{");
	assert_true(counts_bytes());
}

/* Whoever reads FILE meanwhile finds a whole text. */
static void a_file_is_replaced_as_a_whole(void **state)
{
	(void)state;
	counts_bytes();
	pfwd(0, "add wan0:80 192.168.1.2:8080");
	struct outcome shown = pfwd(0, "metrics");
	town_sh("mkdir /run/collector; echo before >/run/collector/pfwd.prom; "
		"chmod 640 /run/collector/pfwd.prom");
	assert_string_equal(pfwd(0, "metrics -O /run/collector/pfwd.prom").out, "");
	assert_string_equal(town_run("cat /run/collector/pfwd.prom").out, shown.out);
	assert_string_equal(town_run("ls /run/collector; stat -c %%a /run/collector/*").out,
			    "pfwd.prom\n640\n");
	town_sh("rm -r /run/collector");
	assert_says(pfwd(1, "metrics -O /run/collector/pfwd.prom").err, "/run/collector");
	/* a disk that is full */
	town_sh("mkdir /run/collector; mount -t tmpfs -o size=4k none /run/collector; "
		"head -c 4096 /dev/zero >/run/collector/pfwd.prom");
	pfwd(1, "metrics -O /run/collector/pfwd.prom");
	struct outcome o = town_run("ls /run/collector; wc -c </run/collector/pfwd.prom; "
				    "umount /run/collector; rmdir /run/collector");
	assert_string_equal(o.out, "pfwd.prom\n4096\n");
	assert_says(pfwd(1, "metrics >/dev/full").err, "cannot write to standard output");
}

#define STORY(f) cmocka_unit_test_teardown(f, town_clean)

int main(void)
{
	const struct CMUnitTest stories[] = {
		STORY(a_strict_reader_takes_it),
		STORY(readers_of_the_older_format_take_it_too),
		STORY(the_label_backend_is_where_the_forward_is),
		STORY(a_counter_survives_changes_of_other_forwards),
		STORY(a_forward_that_is_damaged_says_so),
		STORY(without_accounting_bytes_are_left_out),
		STORY(a_file_is_replaced_as_a_whole),
	};
	return cmocka_run_group_tests(stories, town_build, town_raze);
}
