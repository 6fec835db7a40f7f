/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What others translate is listed, and who wins is said as the packets show it. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "town.h"

#define LISTED "list -arn -o FORWARD,TARGET,STATE,OWNER"

static void serve_two(void)
{
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8080);
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 9090);
}

/* Rules in each of the packet filters, before any forward. */
static void rules_of_both_packet_filters_are_listed(void **state)
{
	(void)state;
	town_sh("iptables-legacy -t nat -A PREROUTING -i wan0 -p tcp --dport 81 -j DNAT --to "
		"192.168.1.2:8080");
	town_sh("iptables-nft -t nat -A PREROUTING -p udp --dport 53 -j REDIRECT --to-ports 5353");
	town_sh("nft 'table inet mine { map m { type inet_service : ipv4_addr . inet_service\n"
		"elements = { 90 : 192.168.1.2 . 8080, 91 : 192.168.1.3 . 80 }\n }\n"
		"chain pre { type nat hook prerouting priority -99\ndnat ip to tcp dport map @m\n"
		"limit rate 5/second tcp dport 99 dnat ip to 192.168.1.2\n"
		"ip protocol icmp dnat ip to 192.168.1.9\n}\n}'");
	pfwd(0, "add wan0:80 192.168.1.2:8080");
	assert_string_equal(pfwd(0, LISTED).out,
			    "- 192.168.1.9 active mine\\x20pre\n"
			    "*:90/tcp 192.168.1.2:8080 active mine\\x20pre\n"
			    "*:91/tcp 192.168.1.3:80 active mine\\x20pre\n"
			    "*:99/tcp 192.168.1.2:99 active mine\\x20pre\n"
			    "*:53/udp :5353 active nat\\x20PREROUTING\n"
			    "wan0:80/tcp 192.168.1.2:8080 active pfwd\n"
			    "wan0:81/tcp 192.168.1.2:8080 active nat\\x20PREROUTING\n");
	assert_string_equal(pfwd(0, "list -rn -o FORWARD").out, "wan0:80/tcp\n");
	assert_says(pfwd(0, "list -aJ *:99").out, "\"options\":\"limit\"");
}

static void others_connections_are_counted_and_named(void **state)
{
	(void)state;
	serve_two();
	town_sh("iptables-legacy -t nat -N DOCKER; iptables-legacy -t nat -A PREROUTING -m "
		"addrtype --dst-type LOCAL -j DOCKER; iptables-legacy -t nat -A DOCKER ! -i "
		"docker0 "
		"-p tcp --dport 99 -m comment --comment web -j DNAT --to 192.168.1.2:8080");
	pfwd(0, "add wan0:80 192.168.1.2:9090 --name mine");
	int a = town_socket(CLIENT, IPPROTO_TCP, "10.1.0.1", 99, 0);
	int b = town_socket(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, 0);
	assert_string_equal(pfwd(0, "list -arn -o FORWARD,CONNS,LIVE,OWNER").out,
			    "*:99/tcp 1 1 docker\nwan0:80/tcp 1 1 pfwd\n");
	assert_string_equal(pfwd(0, "conns -arn -o FORWARD,NAME,OWNER docker").out,
			    "*:99/tcp web docker\n");
	assert_string_equal(pfwd(0, "conns -rn -o FORWARD,NAME,OWNER").out,
			    "wan0:80/tcp mine pfwd\n");
	assert_string_equal(pfwd(0, "conns -acrn -o FORWARD,CONNS").out,
			    "wan0:80/tcp 1\n*:99/tcp 1\n- 0\n");
	close(a);
	close(b);
}

/* Rules come before and behind while top looks: the account of the first one goes on. */
static void others_traffic_is_measured(void **state)
{
	(void)state;
	serve_two();
	town_sh("nft 'table ip other { chain pre { type nat hook prerouting priority -101\n"
		"tcp dport 99 counter dnat to 192.168.1.2:8080\n}\n}'");
	pfwd(0, "add wan0:80 192.168.1.2:9090 --name mine");
	int a = town_socket(CLIENT, IPPROTO_TCP, "10.1.0.1", 99, 0);
	town_sh("$PFWD top -ab -n 3 -d 1 -o FORWARD,LIVE,CONNS,OWNER >/run/rows & "
		"echo $! >/run/top; until grep -q total /run/rows; do sleep 0.1; done");
	int b = town_socket(CLIENT, IPPROTO_TCP, "10.1.0.1", 99, 0);
	int c = town_socket(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, 0);
	town_sh("nft insert rule ip other pre tcp dport 98 dnat to 192.168.1.2:8080; "
		"nft add rule ip other pre tcp dport 97 dnat to 192.168.1.2:8080");
	town_sh("while kill -0 $(cat /run/top) 2>/dev/null; do sleep 0.1; done; "
		"tail -n 5 /run/rows | sort >/run/last");
	assert_string_equal(town_run("cat /run/last").out, "*:97/tcp 0 0 other\\x20pre\n"
							   "*:98/tcp 0 0 other\\x20pre\n"
							   "*:99/tcp 2 1 other\\x20pre\n"
							   "total 3 2 -\n"
							   "wan0:80/tcp 1 1 pfwd\n");
	struct outcome o =
		town_run("$PFWD metrics -a | sed -n 's/^pfwd_forward_\\(con\\|live_con\\)"
			 "nections.*forward=\"\\([^\"]*\\)\".*owner/\\2 \\1/p'");
	assert_string_equal(o.out, "wan0:80/tcp con=\"pfwd\"} 1\n"
				   "*:99/tcp con=\"other pre\"} 2\n"
				   "wan0:80/tcp live_con=\"pfwd\"} 1\n"
				   "*:98/tcp live_con=\"other pre\"} 0\n"
				   "*:99/tcp live_con=\"other pre\"} 2\n"
				   "*:97/tcp live_con=\"other pre\"} 0\n");
	close(a);
	close(b);
	close(c);
}

static void a_forward_that_takes_over_says_so(void **state)
{
	(void)state;
	serve_two();
	town_sh("iptables-legacy -t nat -A PREROUTING -i wan0 -p tcp --dport 80 -j DNAT --to "
		"192.168.1.2:8080");
	assert_reaches(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, "8080");
	struct outcome o = pfwd(0, "add wan0:80 192.168.1.2:9090");
	assert_says(o.err, "chain PREROUTING in the legacy IPv4 nat table sends wan0:80/tcp to "
			   "192.168.1.2:8080 too; where both match, this forward wins\n");
	assert_reaches(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, "9090");
	assert_says(pfwd(1, "check").out, "wan0:80/tcp: warning: other-translation: chain");
	assert_string_equal(pfwd(0, LISTED).out,
			    "wan0:80/tcp 192.168.1.2:9090 active pfwd\n"
			    "wan0:80/tcp 192.168.1.2:8080 shadowed nat\\x20PREROUTING\n");
	pfwd(0, "save /run/forwards");
	assert_says(pfwd(0, "apply /run/forwards").err, "this forward wins\n");
}

static void a_rule_that_comes_first_is_said(void **state)
{
	(void)state;
	serve_two();
	town_sh("nft 'table ip early { chain pre { type nat hook prerouting priority -150\n"
		"tcp dport 80 dnat to 192.168.1.2:8080\n}\n}'");
	assert_says(pfwd(0, "add wan0:80 192.168.1.2:9090").err,
		    "chain pre in table ip early sends *:80/tcp to 192.168.1.2:8080 first: it wins "
		    "for every connection");
	assert_reaches(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, "8080");
	assert_says(pfwd(1, "check").out, "wan0:80/tcp: error: shadowed: chain pre");
	assert_string_equal(pfwd(0, LISTED).out, "*:80/tcp 192.168.1.2:8080 active early\\x20pre\n"
						 "wan0:80/tcp 192.168.1.2:9090 shadowed pfwd\n");
	town_sh("nft delete table ip early");
	assert_reaches(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, "9090");
	assert_string_equal(pfwd(0, "check").out, "");
}

/* A rule of the legacy table that is put in front of pfwd's jump. */
static void a_rule_put_in_front_is_seen(void **state)
{
	(void)state;
	if (!town_is("iptables"))
		return;
	serve_two();
	pfwd(0, "add wan0:80 192.168.1.2:9090");
	town_sh("iptables-legacy -t nat -I PREROUTING -p tcp --dport 80 -j DNAT --to "
		"192.168.1.2:8080");
	assert_reaches(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, "8080");
	assert_says(pfwd(1, "check").out, "error: shadowed: chain PREROUTING");
	assert_says(pfwd(0, LISTED).out, "wan0:80/tcp 192.168.1.2:9090 shadowed pfwd\n");
	assert_string_equal(pfwd(0, "list -rn -o STATE").out, "active\n");
}

/* What nat accepts is translated by no rule behind it. */
static void a_rule_that_spares_all_is_seen(void **state)
{
	(void)state;
	if (!town_is("iptables"))
		return;
	serve_two();
	pfwd(0, "add wan0:80 192.168.1.2:9090");
	town_sh("iptables-legacy -t nat -I PREROUTING -s 10.9.0.0/16 -j ACCEPT; iptables-legacy -t "
		"nat -I PREROUTING -p tcp --dport 81 -j ACCEPT");
	pfwd(0, "check");
	assert_reaches(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, "9090");
	town_sh("iptables-legacy -t nat -I PREROUTING -i wan0 -j ACCEPT");
	assert_refused(CLIENT, IPPROTO_TCP, "10.1.0.1", 80);
	assert_says(pfwd(1, "check").out,
		    "error: shadowed: chain PREROUTING in the legacy IPv4 nat table leaves such "
		    "packets untranslated first");
	town_sh("iptables-legacy -t nat -D PREROUTING -i wan0 -j ACCEPT");
	assert_reaches(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, "9090");
	pfwd(0, "check");
}

static void near_misses_are_silent(void **state)
{
	(void)state;
	serve_two();
	town_sh("iptables-legacy-restore <<'E'\n*nat\n"
		"-A PREROUTING -i wan0 -p tcp --dport 81 -j DNAT --to 192.168.1.2:8080\n"
		"-A PREROUTING -i wan0 -p udp --dport 80 -j DNAT --to 192.168.1.2:8080\n"
		"-A PREROUTING -i lan0 -p tcp --dport 80 -j DNAT --to 192.168.1.2:8080\n"
		"-A PREROUTING ! -i wan0 -p tcp --dport 80 -j DNAT --to 192.168.1.2:8080\n"
		"-A PREROUTING -d 198.51.100.7 -p tcp --dport 80 -j DNAT --to 192.168.1.2:8080\n"
		"-A PREROUTING -p tcp --dport 70:79 -j DNAT --to 192.168.1.2:8080\n"
		"-A OUTPUT -p tcp --dport 80 -j DNAT --to 192.168.1.2:8080\nCOMMIT\nE");
	town_sh("nft 'table inet t { chain p { type nat hook prerouting priority -150\n"
		"tcp dport { 79, 81-90 } dnat ip to 192.168.1.2:8080\n"
		"iifname \"docker*\" tcp dport 80 dnat ip to 192.168.1.2:8080\n"
		"meta nfproto ipv6 tcp dport 80 redirect to :8080\n}\n}'");
	assert_string_equal(pfwd(0, "add wan0:80 192.168.1.2:9090").err, "");
	assert_reaches(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, "9090");
	assert_string_equal(pfwd(0, "check").out, "");
}

#define STORY(f) cmocka_unit_test_teardown(f, town_clean)

int main(void)
{
	const struct CMUnitTest stories[] = {
		STORY(rules_of_both_packet_filters_are_listed),
		STORY(others_connections_are_counted_and_named),
		STORY(others_traffic_is_measured),
		STORY(a_forward_that_takes_over_says_so),
		STORY(a_rule_that_comes_first_is_said),
		STORY(a_rule_put_in_front_is_seen),
		STORY(a_rule_that_spares_all_is_seen),
		STORY(near_misses_are_silent),
	};
	return cmocka_run_group_tests(stories, town_build, town_raze);
}
