/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pfwd check -f tells of real connections how far they come, and what stops them. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "place.h"

/* Begin to watch, and wait until it does. */
static void watch(const char *arguments)
{
	town_sh("rm -f /run/watch /run/status; (%s check -f %s >/run/watch 2>/run/watch-err; "
		"echo $? >/run/status) & sleep 0.3",
		getenv("PFWD"), arguments);
}

/* It ends by itself, with that status: what it told. */
static struct outcome told(int status)
{
	town_await("[ -s /run/status ]");
	struct outcome o = town_run("cat /run/watch; cat /run/status /run/watch-err >&2");
	if (atoi(o.err) != status)
		fail_msg("status %s instead of %d: %s", o.err, status, o.out);
	return o;
}

/* Each line ends so, in that order. */
static void assert_steps(const struct outcome *o, const char *first, ...)
{
	char expected[4096] = "", found[65536] = "", text[65536];
	va_list args;
	va_start(args, first);
	for (const char *step = first; step; step = va_arg(args, const char *)) {
		strcat(expected, step);
		strcat(expected, "\n");
	}
	va_end(args);
	strcpy(text, o->out);
	char *rest = text, *line;
	while ((line = strsep(&rest, "\n")) && *line) {
		const char *words = strstr(line, ": ");
		strcat(found, words ? words + 2 : line);
		strcat(found, "\n");
	}
	assert_string_equal(found, expected);
}

static void every_step_is_told(const struct place *p)
{
	char translated[100];
	town_serve(SERVER, TCP, p->server, 8080);
	town_serve(SERVER, UDP, p->server, 53);
	pfwd(0, "add wan0:80 %s:8080 --name web", p->to);
	pfwd(0, "add wan0:53/udp %s", p->to);
	watch("-c 1 web");
	assert_reaches(CLIENT, TCP, p->gateway, 80, "server");
	struct outcome o = told(0);
	snprintf(translated, sizeof(translated), "translated to %s:8080", p->to);
	assert_steps(&o, "arrived on wan0", translated, "left by lan0", "answered",
		     "answer left by wan0", NULL);
	watch("-c 1 wan0:53/udp");
	assert_reaches(CLIENT, UDP, p->gateway, 53, "server");
	o = told(0);
	snprintf(translated, sizeof(translated), "translated to %s:53", p->to);
	assert_steps(&o, "arrived on wan0", translated, "left by lan0", "answered",
		     "answer left by wan0", NULL);
}
STORY(every_step_is_told)

static void refusals_and_errors_come_back(const struct place *p)
{
	pfwd(0, "add wan0:81 %s:8081", p->to);
	pfwd(0, "add wan0:54/udp %s", p->to);
	watch("-c 1 wan0:81");
	town_ask_shortly(CLIENT, TCP, p->gateway, 81);
	struct outcome o = told(1);
	assert_says(o.out, "left by lan0\n");
	assert_says(o.out, "refused by ");
	assert_says(o.out, ": no program listens there, or its firewall refuses it\n");
	watch("-c 1 wan0:54/udp");
	town_ask_shortly(CLIENT, UDP, p->gateway, 54);
	o = told(1);
	assert_says(o.out, "left by lan0\n");
	assert_says(o.out, ": port unreachable\n");
}
STORY(refusals_and_errors_come_back)

/* Rules in FORWARD leave neither an event nor a copy: the forward's counter tells. */
static void a_ban_is_named(const struct place *p)
{
	bool six = p == &v6;
	town_serve(SERVER, TCP, p->server, 8080);
	pfwd(0, "add wan0:80 %s:8080", p->to);
	if (town_is("iptables"))
		town_sh("ip%stables-legacy -I FORWARD -s %s -j DROP", six ? "6" : "", p->office);
	else
		town_sh("nft 'table inet guard { chain late { type filter hook forward priority "
			"-5\nip saddr 10.9.9.9 drop\n%s saddr %s drop; }; }'",
			six ? "ip6" : "ip", p->office);
	pfwd(0, "check"); /* others may pass */
	watch("-c 1 wan0:80");
	assert_refused(CLIENT, TCP, p->gateway, 80);
	struct outcome o = told(1);
	assert_says(o.out, "arrived on wan0\n");
	assert_says(o.out, "translated to ");
	assert_silent(o.out, "left by");
	assert_says(o.out, town_is("iptables") ? "stopped here: rule 1 of chain FORWARD in the "
					       : "stopped here: rule 2 of chain late in table ");
	assert_says(o.out, "stops the client ");
}
STORY(a_ban_is_named)

static void a_target_that_is_down_is_told_from_one_that_is_silent(void **state)
{
	(void)state;
	pfwd(0, "add wan0:80 192.168.1.77:8080");
	pfwd(0, "add wan0:81 192.168.1.2:8080");
	watch("-c 1 wan0:80");
	town_ask_shortly(CLIENT, TCP, "10.1.0.1", 80);
	struct outcome o = told(1);
	assert_steps(
		&o, "arrived on wan0", "translated to 192.168.1.77:8080",
		"stopped here: the target 192.168.1.77 does not answer on lan0: it is down, or "
		"has another address",
		NULL);
	town_sh("ip netns exec server nft 'table ip shut { chain c { type filter hook input "
		"priority 0\ntcp dport 8080 drop; }; }'");
	watch("-c 1 wan0:81");
	town_ask_shortly(CLIENT, TCP, "10.1.0.1", 81);
	o = told(1);
	assert_says(o.out, "left by lan0\n");
	assert_says(o.out, "stopped here: 192.168.1.2 does not answer: ");
	town_sh("ip netns exec server nft delete table ip shut");
}

static void forwards_to_this_host_are_told(const struct place *p)
{
	town_serve(GATEWAY, TCP, p->gateway, 8080);
	pfwd(0, "add %s wan0:80 :8080", p->flag);
	pfwd(0, "add %s wan0:81 :8081", p->flag);
	watch("-c 1 wan0:80");
	assert_reaches(CLIENT, TCP, p->gateway, 80, "gateway");
	struct outcome o = told(0);
	assert_says(o.out, "arrived on wan0\n");
	assert_says(o.out, "answered\n");
	assert_says(o.out, "answer left by wan0\n");
	assert_silent(o.out, "left by lan0");
	watch("-c 1 wan0:81");
	town_ask_shortly(CLIENT, TCP, p->gateway, 81);
	assert_says(told(1).out, "refused by ");
}
STORY(forwards_to_this_host_are_told)

static void programs_of_this_host_and_masquerade_are_told(const struct place *p)
{
	town_serve(SERVER, TCP, p->server, 8080);
	pfwd(0, "add wan0:80 %s:8080 --local --masquerade", p->to);
	watch("-c 1 wan0:80");
	assert_reaches(GATEWAY, TCP, p->gateway, 80, "server");
	struct outcome o = told(0);
	assert_silent(o.out, "arrived");
	assert_says(o.out, "left by lan0\n");
	assert_says(o.out, "answered\n");
	watch("-c 1 wan0:80");
	assert_reaches(CLIENT, TCP, p->gateway, 80, "server");
	o = told(0);
	assert_says(o.out, "arrived on wan0\n");
	assert_says(o.out, "answer left by wan0\n");
}
STORY(programs_of_this_host_and_masquerade_are_told)

static void clients_that_the_forward_does_not_take_are_told(const struct place *p)
{
	pfwd(0, "add wan0:80 %s:8080 --from %s", p->to, p->elsewhere);
	watch("-c 1 wan0:80");
	town_ask_shortly(CLIENT, TCP, p->gateway, 80);
	struct outcome o = told(1);
	assert_says(o.out, "arrived on wan0\n");
	assert_says(o.out, "stopped here: the forward takes clients of ");
	/* from behind this host to the public address */
	watch("-c 1 wan0:80");
	town_ask_shortly(LAN, TCP, p->gateway, 80);
	o = told(1);
	assert_says(o.out, "arrived on lan0\n");
	assert_says(o.out, "stopped here: it came in on lan0, ");
}
STORY(clients_that_the_forward_does_not_take_are_told)

/* The server's kernel knows no SCTP, and says so unless a program answers. */
static void associations_are_told(const struct place *p)
{
	int family = p == &v6 ? 6 : 4;
	char translated[100];
	snprintf(translated, sizeof(translated), "translated to %s:3869", p->to);
	pfwd(0, "add wan0:3868/sctp %s:3869", p->to);
	town_sh("ip netns exec server nft 'table inet shut { chain c { type filter hook output "
		"priority 0\nmeta l4proto { icmp, icmpv6 } icmpv6 type != nd-neighbor-advert drop; "
		"}; }' 2>/dev/null; ip netns exec server python3 tests/stories/sctp.py answer %d "
		">/run/sctp & for i in $(seq 50); do grep -q ready /run/sctp && break; sleep 0.1; "
		"done",
		family);
	watch("-c 1 wan0:3868/sctp");
	town_sh("ip netns exec client python3 tests/stories/sctp.py send %d %s 3868", family,
		p->gateway);
	struct outcome o = told(0);
	assert_steps(&o, "arrived on wan0", translated, "left by lan0", "answered",
		     "answer left by wan0", NULL);
	town_sh("ip netns exec server nft delete table inet shut 2>/dev/null; true");
}
STORY(associations_are_told)

static void what_the_server_has_no_program_for_is_refused(const struct place *p)
{
	pfwd(0, "add wan0:3868/sctp %s:3869", p->to);
	watch("-c 1 wan0:3868/sctp");
	town_sh("ip netns exec client python3 tests/stories/sctp.py send %d %s 3868",
		p == &v6 ? 6 : 4, p->gateway);
	struct outcome o = told(1);
	assert_says(o.out, "left by lan0\n");
	assert_says(o.out, "refused by ");
}
STORY(what_the_server_has_no_program_for_is_refused)

/* A router behind this host says it, not the target. */
static void a_host_that_cannot_be_reached_is_told(const struct place *p)
{
	bool six = p == &v6;
	const char *beyond = six ? "fd09::9" : "192.168.9.9";
	pfwd(0, "add wan0:80 %s%s%s:8080", six ? "[" : "", beyond, six ? "]" : "");
	pfwd(0, "add wan0:54/udp %s%s%s:53", six ? "[" : "", beyond, six ? "]" : "");
	town_sh("ip route add %s via %s; ip netns exec server ip route add unreachable %s; "
		"ip netns exec server sysctl -qw net.ipv4.ip_forward=1 "
		"net.ipv6.conf.all.forwarding=1",
		beyond, p->server, beyond);
	watch("-c 1 wan0:80");
	town_ask_shortly(CLIENT, TCP, p->gateway, 80);
	struct outcome o = told(1);
	assert_says(o.out, "left by lan0\n");
	assert_says(o.out, "refused by ");
	assert_says(o.out, six ? "fd02::2: no route" : "192.168.1.2: host unreachable");
	watch("-c 1 wan0:54/udp");
	town_ask_shortly(CLIENT, UDP, p->gateway, 54);
	o = told(1);
	assert_says(o.out, "left by lan0\n");
	assert_says(o.out, six ? "fd02::2: no route" : "192.168.1.2: host unreachable");
	town_sh("ip route del %s; ip netns exec server ip route del unreachable %s; "
		"ip netns exec server sysctl -qw net.ipv4.ip_forward=0 "
		"net.ipv6.conf.all.forwarding=0",
		beyond, beyond);
}
STORY(a_host_that_cannot_be_reached_is_told)

/* conntrack takes it for a flow of its own. */
static void an_answer_from_another_address_is_told(const struct place *p)
{
	bool six = p == &v6;
	const char *second = six ? "fd02::22" : "192.168.1.22";
	town_sh("ip -n server addr add %s/%d dev eth0%s; ip netns exec server python3 -c '\n"
		"import socket\n"
		"def at(addr):\n"
		"    s = socket.socket(socket.AF_INET6 if \":\" in addr else socket.AF_INET, "
		"socket.SOCK_DGRAM)\n"
		"    s.bind((addr, 53))\n"
		"    return s\n"
		"s, t = at(\"%s\"), at(\"%s\")\n"
		"open(\"/run/dns\", \"w\").close()\n"
		"t.sendto(b\"x\", s.recvfrom(100)[1])' & for i in $(seq 50); do [ -e /run/dns ] && "
		"break; sleep 0.1; done; rm /run/dns",
		second, six ? 64 : 24, six ? " nodad" : "", p->server, second);
	pfwd(0, "add wan0:53/udp %s", p->to);
	watch("-c 1 wan0:53/udp");
	town_ask_shortly(CLIENT, UDP, p->gateway, 53);
	struct outcome o = told(1);
	assert_says(o.out, "left by lan0\n");
	assert_says(o.out,
		    six ? "stopped here: fd02::22 answers in the place of fd02::2: "
			: "stopped here: 192.168.1.22 answers in the place of 192.168.1.2: ");
	town_sh("ip -n server addr del %s/%d dev eth0", second, six ? 64 : 24);
}
STORY(an_answer_from_another_address_is_told)

static void clients_beside_the_target_are_told(const struct place *p)
{
	char translated[100];
	snprintf(translated, sizeof(translated), "translated to %s:8080", p->to);
	town_serve(SERVER, TCP, p->server, 8080);
	pfwd(0, "add wan0:80 %s:8080 --hairpin", p->to);
	watch("-c 1 wan0:80");
	assert_reaches(LAN, TCP, p->gateway, 80, "server");
	struct outcome o = told(0);
	assert_steps(&o, "arrived on lan0", translated, "left by lan0", "answered",
		     "answer left by lan0", NULL);
}
STORY(clients_beside_the_target_are_told)

static void programs_of_this_host_alone_are_told(const struct place *p)
{
	char translated[100];
	snprintf(translated, sizeof(translated), "translated to %s:8080", p->to);
	town_serve(SERVER, TCP, p->server, 8080);
	pfwd(0, "add wan0:80 %s:8080 --local", p->to);
	watch("-c 1 wan0:80");
	assert_reaches(GATEWAY, TCP, p->gateway, 80, "server");
	struct outcome o = told(0);
	assert_steps(&o, translated, "left by lan0", "answered", NULL);
}
STORY(programs_of_this_host_alone_are_told)

/* Others' rules that stop an answer to this client alone, so that check has nothing to say; and in
 * the other direction. */
static void dropped(const struct place *p, const char *iptables, const char *nftables,
		    const char *words)
{
	bool six = p == &v6;
	if (town_is("iptables"))
		town_sh("ip%stables-legacy -t %s", six ? "6" : "", iptables);
	else
		town_sh("nft 'table %s guard { chain late { type filter hook %s; }; }'",
			six ? "ip6" : "ip", nftables);
	pfwd(0, "check");
	watch("-c 1 wan0:80");
	assert_refused(CLIENT, TCP, p->gateway, 80);
	struct outcome o = told(1);
	assert_says(o.out, "answered\n");
	assert_says(o.out, town_is("iptables") ? "stopped here: rule 1 of chain "
					       : "stopped here: rule 1 of chain late in table ");
	assert_says(o.out, words);
	town_sh("for i in iptables ip6tables; do for t in raw mangle filter; do $i-legacy -t $t -D "
		"$($i-legacy -t $t -S | sed -n '/lan0.*DROP/s/^-A //p') 2>/dev/null; done; done; "
		"for "
		"f in ip ip6; do nft delete table $f guard 2>/dev/null; done; conntrack -F "
		"2>/dev/null; true");
	assert_reaches(CLIENT, TCP, p->gateway, 80, "server");
}

static void an_answer_that_is_dropped_is_named(const struct place *p)
{
	char iptables[200], nftables[200];
	const char *ip = p == &v6 ? "ip6" : "ip";
	town_serve(SERVER, TCP, p->server, 8080);
	pfwd(0, "add wan0:80 %s:8080", p->to);
	snprintf(iptables, sizeof(iptables), "filter -I FORWARD -i lan0 -o wan0 -d %s -j DROP",
		 p->office);
	snprintf(nftables, sizeof(nftables),
		 "forward priority 0; iifname lan0 oifname wan0 %s daddr %s drop", ip, p->office);
	dropped(p, iptables, nftables, "stops the answers to the client ");
	/* the port that a client chooses is known here */
	snprintf(iptables, sizeof(iptables),
		 "mangle -A FORWARD -i lan0 -d %s -p tcp --sport 8080 --dport 1024:65535 -j DROP",
		 p->office);
	snprintf(nftables, sizeof(nftables),
		 "forward priority mangle; iifname lan0 %s daddr %s tcp sport 8080 tcp dport "
		 "1024-65535 drop",
		 ip, p->office);
	dropped(p, iptables, nftables, "stops the answers to the client ");
	snprintf(iptables, sizeof(iptables), "raw -A PREROUTING -i lan0 -d %s -j DROP", p->office);
	snprintf(nftables, sizeof(nftables),
		 "prerouting priority raw; iifname lan0 %s daddr %s drop", ip, p->office);
	dropped(p, iptables, nftables, "stops the answers to the client ");
	dropped(p, "filter -I FORWARD -i lan0 -p tcp -m length --length 40:100 -j DROP",
		"forward priority 0; iifname lan0 meta length 40-100 drop", "may stop this one");
}
STORY(an_answer_that_is_dropped_is_named)

static void what_comes_before_the_translation_is_named(void **state)
{
	(void)state;
	town_serve(SERVER, TCP, "192.168.1.2", 8080);
	pfwd(0, "add wan0:80 192.168.1.2:8080");
	town_sh(town_is("iptables")
			? "iptables-legacy -t raw -A PREROUTING -i wan0 -p tcp --syn -j CT "
			  "--notrack"
			: "nft 'table ip early { chain c { type filter hook prerouting priority "
			  "raw\niifname wan0 notrack; }; }'");
	watch("-c 1 -rn -o STEP,FINDING wan0:80");
	assert_refused(CLIENT, TCP, "10.1.0.1", 80);
	assert_string_equal(told(1).out, "arrived -\nstopped untracked\n");
	/* one client alone */
	town_sh(town_is("iptables")
			? "iptables-legacy -t raw -F; iptables-legacy -t raw -A PREROUTING -s "
			  "10.1.0.2 -j DROP"
			: "nft flush table ip early; nft add rule ip early c ip saddr 10.1.0.2 "
			  "drop");
	pfwd(0, "check");
	watch("-c 1 wan0:80");
	assert_refused(CLIENT, TCP, "10.1.0.1", 80);
	struct outcome o = told(1);
	assert_silent(o.out, "translated");
	assert_says(o.out, " stops the client 10.1.0.2\n");
	town_sh("iptables-legacy -t raw -F");
}

static void nothing_that_arrives_is_told_after_the_wait(void **state)
{
	(void)state;
	town_serve(SERVER, TCP, "192.168.1.2", 8080);
	pfwd(0, "add wan0:80 192.168.1.2:8080");
	watch("--wait 1 -c 1 wan0:80");
	assert_reaches(CLIENT, TCP, "10.1.0.1", 80, "server");
	assert_silent(told(0).out, "nothing");
	watch("--wait 1 -c 1 wan0:80");
	town_await("grep -q 'nothing arrived within 1 s: no packet for it' /run/watch");
	assert_reaches(CLIENT, TCP, "10.1.0.1", 80, "server");
	assert_says(told(0).out, "answer left by wan0\n");
	town_sh("timeout -s INT 1 $PFWD check -f --wait 0 wan0:80 >/run/out; "
		"grep -c nothing /run/out | grep -qx 1");
	assert_int_equal(
		town_run("timeout --preserve-status -s TERM 0.5 $PFWD check -f wan0:80").status, 1);
}

static void other_traffic_does_not_disturb(void **state)
{
	(void)state;
	town_serve(SERVER, TCP, "192.168.1.2", 8080);
	pfwd(0, "add wan0:80 192.168.1.2:8080");
	watch("-c 20 -rn -o STEP,CLIENT wan0:80");
	/* as fast as it goes, for as long as the connections take */
	town_sh("ip netns exec client python3 -c '\n"
		"import socket, time\n"
		"s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
		"end, n = time.time() + 1.5, 0\n"
		"while time.time() < end:\n"
		"    for i in range(100): s.sendto(b\"x\" * 100, (\"10.1.0.1\", 9999))\n"
		"    n += 100\n"
		"open(\"/run/sent\", \"w\").write(str(n))' & sleep 0.2");
	for (int i = 0; i < 20; i++)
		assert_reaches(CLIENT, TCP, "10.1.0.1", 80, "server");
	struct outcome o = told(0);
	assert_string_equal(
		town_run("cut -d' ' -f1 /run/watch | sort | uniq -c | awk '{print $1, $2}'").out,
		"20 answer-left\n20 answered\n20 arrived\n20 left\n20 translated\n");
	assert_silent(o.err, "warning");
	town_await("[ -s /run/sent ] && [ $(cat /run/sent) -gt 15000 ]");
}

static void rows_are_objects_and_columns(void **state)
{
	(void)state;
	town_serve(SERVER, TCP, "192.168.1.2", 8080);
	pfwd(0, "add wan0:80 192.168.1.2:8080");
	watch("-c 1 -J wan0:80");
	assert_reaches(CLIENT, TCP, "10.1.0.1", 80, "server");
	told(0);
	town_sh("python3 -c '\n"
		"import json\n"
		"rows = [json.loads(line) for line in open(\"/run/watch\")]\n"
		"assert [r[\"step\"] for r in rows] == [\"arrived\", \"translated\", \"left\",\n"
		"    \"answered\", \"answer-left\"], rows\n"
		"assert rows[0][\"forward\"] == \"wan0:80/tcp\" and rows[0][\"remedy\"] is None'");
	assert_says(pfwd(2, "check -c 1 wan0:80").err, "give -f too");
	assert_says(pfwd(2, "check -f -c 0 wan0:80").err, "-c '0' is not a number");
	pfwd(3, "check -f wan0:99");
}

#define CAPABLE "setpriv --inh-caps -all --bounding-set -all,"

static void two_capabilities_are_enough(void **state)
{
	(void)state;
	town_serve(SERVER, TCP, "192.168.1.2", 8080);
	pfwd(0, "add wan0:80 192.168.1.2:8080");
	town_sh("rm -f /run/watch /run/status; (" CAPABLE
		"+net_admin,+net_raw $PFWD check -f -c 1 wan0:80 >/run/watch 2>/run/watch-err; "
		"echo $? >/run/status) & "
		"sleep 0.3");
	assert_reaches(CLIENT, TCP, "10.1.0.1", 80, "server");
	told(0);
	struct outcome o = town_run(CAPABLE "+net_admin $PFWD check -f wan0:80");
	assert_int_equal(o.status, 5);
	assert_says(o.err, "CAP_NET_RAW");
}

int main(void)
{
	const struct CMUnitTest stories[] = {
		BOTH(every_step_is_told),
		BOTH(refusals_and_errors_come_back),
		BOTH(a_ban_is_named),
		ONE(a_target_that_is_down_is_told_from_one_that_is_silent),
		BOTH(forwards_to_this_host_are_told),
		BOTH(programs_of_this_host_and_masquerade_are_told),
		BOTH(clients_that_the_forward_does_not_take_are_told),
		BOTH(associations_are_told),
		BOTH(what_the_server_has_no_program_for_is_refused),
		BOTH(a_host_that_cannot_be_reached_is_told),
		BOTH(an_answer_from_another_address_is_told),
		BOTH(clients_beside_the_target_are_told),
		BOTH(programs_of_this_host_alone_are_told),
		BOTH(an_answer_that_is_dropped_is_named),
		ONE(what_comes_before_the_translation_is_named),
		ONE(nothing_that_arrives_is_told_after_the_wait),
		ONE(other_traffic_does_not_disturb),
		ONE(rows_are_objects_and_columns),
		ONE(two_capabilities_are_enough),
	};
	return cmocka_run_group_tests(stories, town_build, town_raze);
}
