/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hand-written rules of many styles become forwards: the same hosts are reached before, behind, and
 * when the old rules are back.
 */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "place.h"
#include "trouble.h"

/* ---- who reaches what ---- */

static const struct knock knocks[] = {
	{CLIENT, "10.1.0.1", 80},   {CLIENT, "10.1.0.1", 81},    {CLIENT, "10.1.0.1", 82},
	{CLIENT, "10.1.0.1", 8080}, {CLIENT, "192.168.1.2", 80}, {CLIENT, "192.168.1.2", 8080},
	{STRANGER, "10.1.0.1", 80}, {STRANGER, "10.3.0.1", 80},  {STRANGER, "192.168.1.2", 8080},
	{STRANGER, "10.1.0.2", 80}, {LAN, "10.1.0.1", 80},       {LAN, "192.168.1.1", 80},
	{LAN, "10.1.0.2", 80},      {GATEWAY, "10.1.0.1", 80},   {GATEWAY, "192.168.1.2", 8080},
	{CLIENT, "10.1.0.1", 22},
};
enum {
	KNOCKS = sizeof(knocks) / sizeof(knocks[0]),
	DIRECT_8080 = 1 << 5,
	PASSING = 1 << 4 | 1 << 9, /* to port 80 of other hosts, from outside */
};

struct reached {
	char text[KNOCKS][128];
};

static void serve_all(void)
{
	town_serve(SERVER, TCP, "192.168.1.2", 80);
	town_serve(SERVER, TCP, "192.168.1.2", 81);
	town_serve(SERVER, TCP, "192.168.1.2", 8080);
	town_serve(SERVER, TCP, "192.168.1.2", 8081);
	town_serve(GATEWAY, TCP, "10.1.0.1", 8080);
	town_serve(GATEWAY, TCP, "10.1.0.1", 22);
	town_serve(CLIENT, TCP, "10.1.0.2", 80);
}

/* The answers to all knocks at once, without the client's own port. */
static struct reached look(void)
{
	struct reached *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
				      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(shared != MAP_FAILED);
	for (size_t i = 0; i < KNOCKS; i++) {
		if (fork() != 0)
			continue;
		struct answer a =
			town_ask_shortly(knocks[i].from, TCP, knocks[i].addr, knocks[i].port);
		char *last = strrchr(a.text, ' ');
		if (last)
			*last = '\0';
		snprintf(shared->text[i], sizeof(shared->text[i]), "%.*s",
			 (int)sizeof(shared->text[i]) - 1, a.text);
		_exit(0);
	}
	for (size_t i = 0; i < KNOCKS; i++)
		wait(NULL);
	struct reached all = *shared;
	munmap(shared, sizeof(*shared));
	return all;
}

/* shut: knocks, as bits, that are not answered any more; other: those that do not matter. */
static void compare(const struct reached *before, const struct reached *after, unsigned int shut,
		    unsigned int other)
{
	for (size_t i = 0; i < KNOCKS; i++) {
		if (other >> i & 1)
			continue;
		const char *expected = shut >> i & 1 ? "" : before->text[i];
		if (strcmp(after->text[i], expected) != 0)
			fail_msg("%s to %s:%d: '%s', and before '%s'",
				 knocks[i].from ? knocks[i].from : "gateway", knocks[i].addr,
				 knocks[i].port, after->text[i], before->text[i]);
	}
}

/* ---- sets of rules ---- */

#define NAT(rules) "*nat\n" rules "COMMIT\n"
#define FILTER(rules) "*filter\n" rules "COMMIT\n"
#define CLOSED(rules)                                                                       \
	"*filter\n:FORWARD DROP [0:0]\n-A FORWARD -m state --state RELATED,ESTABLISHED -j " \
	"ACCEPT\n" rules "COMMIT\n"
#define DNAT80 "-A PREROUTING -i wan0 -p tcp --dport 80 -j DNAT --to-destination 192.168.1.2:8080\n"
#define PRE(rules)                                                                       \
	"table ip nat {\nchain pre {\ntype nat hook prerouting priority dstnat; policy " \
	"accept\n" rules "\n}\n}\n"

/* lines: the forwards. stays: parts of what is said of rules that stay; NULL: none does. */
static const struct set {
	const char *name, *rules, *lines, *stays;
	unsigned int shut;
} iptables_sets[] = {
	{"a port to a host behind", NAT(DNAT80), "wan0:80/tcp 192.168.1.2:8080\n", NULL, 0},
	{"the same port",
	 NAT("-A PREROUTING -i wan0 -p tcp -m tcp --dport 80 -j DNAT --to-destination "
	     "192.168.1.2\n"),
	 "wan0:80/tcp 192.168.1.2:80\n", NULL, 0},
	{"with a comment",
	 NAT("-A PREROUTING -i wan0 -p tcp --dport 80 -m comment --comment web -j DNAT "
	     "--to-destination 192.168.1.2:8080\n"),
	 "wan0:80/tcp 192.168.1.2:8080 --name web\n", NULL, 0},
	{"of one address",
	 NAT("-A PREROUTING -d 10.1.0.1 -p tcp --dport 80 -j DNAT --to-destination "
	     "192.168.1.2:8080\n"),
	 "*@10.1.0.1:80/tcp 192.168.1.2:8080\n", NULL, 0},
	{"of all addresses of the host",
	 NAT("-A PREROUTING -p tcp --dport 80 -m addrtype --dst-type LOCAL -j DNAT "
	     "--to-destination 192.168.1.2:8080\n"),
	 "*:80/tcp 192.168.1.2:8080\n", NULL, 0},
	{"several ports in one rule",
	 NAT("-A PREROUTING -i wan0 -p tcp -m multiport --dports 80,81 -j DNAT --to-destination "
	     "192.168.1.2\n"),
	 "wan0:80/tcp 192.168.1.2:80\nwan0:81/tcp 192.168.1.2:81\n", NULL, 0},
	{"several ports, accepted in one rule before all others are rejected",
	 NAT("-A PREROUTING -i wan0 -p tcp -m multiport --dports 80,81 -j DNAT --to-destination "
	     "192.168.1.2\n")
		 FILTER("-A FORWARD -m state --state RELATED,ESTABLISHED -j ACCEPT\n"
			"-A FORWARD -i wan0 -d 192.168.1.2 -p tcp -m multiport --dports 80,81 -j "
			"ACCEPT\n-A FORWARD -j REJECT\n"),
	 "wan0:80/tcp 192.168.1.2:80\nwan0:81/tcp 192.168.1.2:81\n", NULL, 1 << 4},
	{"several ports, of which one is accepted",
	 NAT("-A PREROUTING -i wan0 -p tcp -m multiport --dports 80,81 -j DNAT --to-destination "
	     "192.168.1.2\n")
		 FILTER("-A FORWARD -m state --state RELATED,ESTABLISHED -j ACCEPT\n"
			"-A FORWARD -i wan0 -d 192.168.1.2 -p tcp --dport 80 -j ACCEPT\n"
			"-A FORWARD -j REJECT\n"),
	 "", "its connections by wan0:81/tcp do not arrive now: rule 3 of chain FORWARD in", 0},
	{"accepted in a chain below",
	 NAT("-A PREROUTING -i wan0 -p tcp -m multiport --dports 80,81 -j DNAT --to-destination "
	     "192.168.1.2\n")
		 FILTER(":mine - [0:0]\n-A FORWARD -m state --state RELATED,ESTABLISHED -j ACCEPT\n"
			"-A FORWARD -j mine\n-A FORWARD -j REJECT\n"
			"-A mine -i wan0 -d 192.168.1.2 -p tcp -m multiport --dports 80,81 -j "
			"ACCEPT\n"),
	 "", "rule 3 of chain FORWARD in", 0},
	{"for some clients",
	 NAT("-A PREROUTING -s 10.1.0.0/24 -p tcp --dport 80 -d 10.1.0.1 -j DNAT "
	     "--to-destination 192.168.1.2\n"),
	 "*@10.1.0.1:80/tcp 192.168.1.2:80 --from 10.1.0.0/24\n", NULL, 0},
	{"to a server on this host",
	 NAT("-A PREROUTING -i wan0 -p tcp --dport 80 -j REDIRECT --to-ports 8080\n"),
	 "wan0:80/tcp :8080\n", NULL, 0},
	{"to a port of this host by DNAT",
	 NAT("-A PREROUTING -i wan0 -d 10.1.0.1 -p tcp --dport 80 -j DNAT --to-destination "
	     ":8080\n"),
	 "wan0@10.1.0.1:80/tcp :8080\n", NULL, 0},
	{"a range in order",
	 NAT("-A PREROUTING -i wan0 -p tcp --dport 80:81 -j DNAT --to-destination "
	     "192.168.1.2:8080-8081/80\n"),
	 "wan0:80-81/tcp 192.168.1.2:8080-8081\n", NULL, 0},
	{"a range to the same ports",
	 NAT("-A PREROUTING -i wan0 -p tcp --dport 80:81 -j DNAT --to-destination "
	     "192.168.1.2:80-81\n"),
	 "wan0:80-81/tcp 192.168.1.2:80-81\n", NULL, 0},
	{"a range to one port",
	 NAT("-A PREROUTING -i wan0 -p tcp --dport 80:82 -j DNAT --to-destination "
	     "192.168.1.2:8080\n"),
	 "wan0:80-82/tcp 192.168.1.2:8080\n", NULL, 0},
	{"a range without an order",
	 NAT("-A PREROUTING -i wan0 -p tcp --dport 80:81 -j DNAT --to-destination "
	     "192.168.1.2:8080-8081\n"),
	 "", "to the first free one of a range", 0},
	{"all ports", NAT("-A PREROUTING -i wan0 -p tcp -j DNAT --to-destination 192.168.1.2\n"),
	 "wan0:1-65535/tcp 192.168.1.2:1-65535\n", NULL, 0},
	{"in a chain of its own",
	 NAT(":web - [0:0]\n-A PREROUTING -i wan0 -p tcp -j web\n"
	     "-A web -p tcp --dport 80 -j DNAT --to-destination 192.168.1.2:8080\n"),
	 "wan0:80/tcp 192.168.1.2:8080\n", NULL, 0},
	{"a chain for two interfaces",
	 NAT(":web - [0:0]\n-A PREROUTING -i wan0 -j web\n-A PREROUTING -i opt0 -j web\n"
	     "-A web -p tcp --dport 80 -j DNAT --to-destination 192.168.1.2:8080\n"),
	 "opt0:80/tcp 192.168.1.2:8080\nwan0:80/tcp 192.168.1.2:8080\n", NULL, 0},
	{"new connections alone",
	 NAT("-A PREROUTING -i wan0 -p tcp --dport 80 -m conntrack --ctstate NEW -j DNAT "
	     "--to-destination 192.168.1.2:8080\n"),
	 "wan0:80/tcp 192.168.1.2:8080\n", NULL, 0},
	{"interfaces by their beginning",
	 NAT("-A PREROUTING -i wan+ -p tcp --dport 80 -j DNAT --to-destination 192.168.1.2:8080\n"),
	 "wan+:80/tcp 192.168.1.2:8080\n", NULL, 0},
	{"behind masquerading",
	 NAT(DNAT80 "-A POSTROUTING -s 192.168.1.0/24 -o wan0 -j MASQUERADE\n"),
	 "wan0:80/tcp 192.168.1.2:8080\n", NULL, 0},
	{"what clients inside send too",
	 NAT("-A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 192.168.1.2:8080\n"
	     "-A POSTROUTING -s 192.168.1.0/24 -o wan0 -j MASQUERADE\n"),
	 "", "it also takes what clients behind this host send to others", 0},
	{"a transparent proxy",
	 NAT("-A PREROUTING -i lan0 -p tcp --dport 80 -j REDIRECT --to-ports 8080\n"
	     "-A POSTROUTING -s 192.168.1.0/24 -o wan0 -j MASQUERADE\n"),
	 "", "it also takes what clients behind this host send to others", 0},
	{"with an ACCEPT of its own",
	 NAT(DNAT80) CLOSED("-A FORWARD -i wan0 -o lan0 -p tcp -d 192.168.1.2 --dport 8080 -j "
			    "ACCEPT\n"),
	 "wan0:80/tcp 192.168.1.2:8080\n", NULL, DIRECT_8080},
	{"with an ACCEPT of new connections",
	 NAT(DNAT80) CLOSED("-A FORWARD -i lan0 -j ACCEPT\n-A FORWARD -i wan0 -p tcp -d "
			    "192.168.1.2 --dport 8080 -m state --state NEW -j ACCEPT\n"),
	 "wan0:80/tcp 192.168.1.2:8080\n", NULL, DIRECT_8080},
	{"with an ACCEPT of what is translated",
	 NAT(DNAT80) CLOSED("-A FORWARD -m conntrack --ctstate DNAT -j ACCEPT\n"),
	 "wan0:80/tcp 192.168.1.2:8080\n", NULL, 0},
	{"with an ACCEPT for all",
	 NAT(DNAT80) CLOSED("-A FORWARD -d 192.168.1.2 -p tcp --dport 8080 -j ACCEPT\n"),
	 "wan0:80/tcp 192.168.1.2:8080\n", "it also lets in connections from other interfaces", 0},
	{"with an ACCEPT for some clients",
	 NAT(DNAT80) CLOSED("-A FORWARD -s 10.1.0.128/25 -d 192.168.1.2 -p tcp --dport 8080 -j "
			    "ACCEPT\n"),
	 "", "its connections do not arrive now", 0},
	{"shut", NAT(DNAT80) CLOSED(""), "", "its connections do not arrive now", 0},
	{"refused by a last rule",
	 NAT(DNAT80) FILTER("-A FORWARD -m state --state ESTABLISHED -j ACCEPT\n-A FORWARD -i wan0 "
			    "-d 192.168.1.2 -p tcp --dport 8080 -j ACCEPT\n-A FORWARD -j REJECT\n"),
	 "wan0:80/tcp 192.168.1.2:8080\n", NULL, DIRECT_8080},
	{"with a ban before it", NAT(DNAT80) FILTER("-A FORWARD -s 10.1.0.2 -j DROP\n"),
	 "wan0:80/tcp 192.168.1.2:8080\n", NULL, 0},
	{"also for the network of the target",
	 NAT("-A PREROUTING -d 10.1.0.1 -p tcp --dport 80 -j DNAT --to-destination 192.168.1.2\n"
	     "-A POSTROUTING -s 192.168.1.0/24 -d 192.168.1.2 -p tcp --dport 80 -j MASQUERADE\n"),
	 "*@10.1.0.1:80/tcp 192.168.1.2:80 --hairpin=192.168.1.0/24\n", NULL, 0},
	{"the same with a rule for each side",
	 NAT("-A PREROUTING -i wan0 -d 10.1.0.1 -p tcp --dport 80 -j DNAT --to-destination "
	     "192.168.1.2\n"
	     "-A PREROUTING -s 192.168.1.0/24 -d 10.1.0.1 -p tcp --dport 80 -j DNAT "
	     "--to-destination 192.168.1.2\n"
	     "-A POSTROUTING -s 192.168.1.0/24 -d 192.168.1.2 -p tcp --dport 80 -j MASQUERADE\n"),
	 "wan0@10.1.0.1:80/tcp 192.168.1.2:80 --hairpin=192.168.1.0/24\n", NULL, 0},
	{"the target sees this host",
	 NAT(DNAT80 "-A POSTROUTING -d 192.168.1.2 -p tcp --dport 8080 -j MASQUERADE\n"),
	 "wan0:80/tcp 192.168.1.2:8080 --masquerade\n", NULL, 0},
	{"the target sees an address of this host",
	 NAT(DNAT80 "-A POSTROUTING -d 192.168.1.2 -p tcp --dport 8080 -j SNAT --to-source "
		    "192.168.1.1\n"),
	 "wan0:80/tcp 192.168.1.2:8080 --snat 192.168.1.1\n", NULL, 0},
	{"all are masqueraded", NAT(DNAT80 "-A POSTROUTING -o lan0 -j MASQUERADE\n"),
	 "wan0:80/tcp 192.168.1.2:8080\n", NULL, 0},
	{"for programs of this host",
	 NAT("-A PREROUTING -d 10.1.0.1 -p tcp --dport 80 -j DNAT --to-destination 192.168.1.2\n"
	     "-A OUTPUT -d 10.1.0.1 -p tcp --dport 80 -j DNAT --to-destination 192.168.1.2\n"),
	 "*@10.1.0.1:80/tcp 192.168.1.2:80 --local\n", NULL, 0},
	{"but for some clients",
	 NAT("-A PREROUTING -s 10.1.0.0/30 -p tcp --dport 80 -j ACCEPT\n"
	     "-A PREROUTING -i wan0 -p tcp --dport 80:81 -j DNAT --to-destination 192.168.1.2\n"),
	 "wan0:80/tcp - --from 10.1.0.0/30\nwan0:80-81/tcp 192.168.1.2:80-81\n", NULL, 0},
	{"but for one port",
	 NAT("-A PREROUTING -i wan0 -p tcp --dport 22 -j RETURN\n"
	     "-A PREROUTING -i wan0 -p tcp -j DNAT --to-destination 192.168.1.2\n"),
	 "wan0:1-65535/tcp 192.168.1.2:1-65535\nwan0:22/tcp -\n", NULL, 0},
	{"a narrower one first",
	 NAT("-A PREROUTING -i wan0 -s 10.1.0.2 -p tcp --dport 80 -j DNAT --to-destination "
	     "192.168.1.2:8081\n" DNAT80),
	 "wan0:80/tcp 192.168.1.2:8080\nwan0:80/tcp 192.168.1.2:8081 --from 10.1.0.2/32\n", NULL,
	 0},
	{"a wider one first",
	 NAT(DNAT80 "-A PREROUTING -i wan0 -s 10.1.0.2 -p tcp --dport 80 -j DNAT --to-destination "
		    "192.168.1.2:8081\n"),
	 "wan0:80/tcp 192.168.1.2:8080\n", "a rule before it takes all of its packets", 0},
	{"the same again", NAT(DNAT80 DNAT80), "wan0:80/tcp 192.168.1.2:8080\n", NULL, 0},
	{"except for a network",
	 NAT("-A PREROUTING ! -s 10.1.0.0/24 -i wan0 -p tcp --dport 80 -j DNAT --to-destination "
	     "192.168.1.2\n"),
	 "wan0:80/tcp 192.168.1.2:80\nwan0:80/tcp - --from 10.1.0.0/24\n", NULL, 0},
	{"except on an interface",
	 NAT("-A PREROUTING ! -i lan0 -d 10.1.0.1 -p tcp --dport 80 -j DNAT --to-destination "
	     "192.168.1.2:8080\n"),
	 "*@10.1.0.1:80/tcp 192.168.1.2:8080\nlan0@10.1.0.1:80/tcp -\n", NULL, 0},
	{"except to an address",
	 NAT("-A PREROUTING ! -d 10.1.0.1 -i wan0 -p tcp --dport 80 -j DNAT --to-destination "
	     "192.168.1.2:8080\n"),
	 "wan0:80/tcp 192.168.1.2:8080\nwan0@10.1.0.1:80/tcp -\n", NULL, 0},
	{"a network there, all others here",
	 NAT("-A PREROUTING ! -s 10.1.0.0/24 -i wan0 -p tcp --dport 80 -j DNAT --to-destination "
	     "192.168.1.2:8080\n"
	     "-A PREROUTING -s 10.1.0.0/24 -i wan0 -p tcp --dport 80 -j DNAT --to-destination "
	     "192.168.1.2:8081\n"),
	 "wan0:80/tcp 192.168.1.2:8080\nwan0:80/tcp 192.168.1.2:8081 --from 10.1.0.0/24\n", NULL,
	 0},
	{"except for a network, which another rule takes",
	 NAT("-A PREROUTING ! -s 10.1.0.0/24 -i wan0 -p tcp --dport 80 -j DNAT --to-destination "
	     "192.168.1.2:8080\n"
	     "-A PREROUTING -p tcp --dport 80:81 -j DNAT --to-destination 192.168.1.2\n"),
	 "", "another rule takes what it leaves out", 0},
	{"so many a second",
	 NAT("-A PREROUTING -i wan0 -p tcp --dport 80 -m limit --limit 100/s -j DNAT "
	     "--to-destination 192.168.1.2\n" DNAT80),
	 "", "a rule of chain PREROUTING in table nat, which stays", 0},
	{"beside Docker's",
	 NAT(":DOCKER - [0:0]\n-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER\n"
	     "-A DOCKER ! -i docker0 -p tcp --dport 81 -j DNAT --to-destination "
	     "192.168.1.2:8081\n" DNAT80),
	 "wan0:80/tcp 192.168.1.2:8080\n", NULL, 0},
	{"behind Docker's of the same port",
	 NAT(":DOCKER - [0:0]\n-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER\n"
	     "-A DOCKER ! -i docker0 -p tcp --dport 80 -j DNAT --to-destination "
	     "192.168.1.2:8081\n" DNAT80),
	 "", "a rule of chain DOCKER in table nat, which stays", 0},
};

static const struct set nft_sets[] = {
	{"nft: a port", PRE("iifname \"wan0\" tcp dport 80 counter dnat to 192.168.1.2:8080"),
	 "wan0:80/tcp 192.168.1.2:8080\n", NULL, 0},
	{"nft: a set of ports", PRE("iif wan0 tcp dport { 80, 81 } dnat to 192.168.1.2"),
	 "wan0:80/tcp 192.168.1.2:80\nwan0:81/tcp 192.168.1.2:81\n", NULL, 0},
	{"nft: a map of addresses",
	 PRE("iifname wan0 dnat to tcp dport map { 80 : 192.168.1.2, 81 : 192.168.1.2 }"),
	 "wan0:80/tcp 192.168.1.2:80\nwan0:81/tcp 192.168.1.2:81\n", NULL, 0},
	{"nft: a map of addresses and ports",
	 PRE("iifname wan0 dnat ip to tcp dport map { 80 : 192.168.1.2 . 8080, 81 : 192.168.1.2 . "
	     "8081 }"),
	 "wan0:80/tcp 192.168.1.2:8080\nwan0:81/tcp 192.168.1.2:8081\n", NULL, 0},
	{"nft: a map with a name",
	 "table ip nat {\nmap ports {\ntype inet_service : ipv4_addr . inet_service\nelements = { "
	 "80 : "
	 "192.168.1.2 . 8080, 81 : 192.168.1.2 . 8081 }\n}\nchain pre {\ntype nat hook prerouting "
	 "priority dstnat\niifname wan0 dnat ip to tcp dport map @ports\n}\n}\n",
	 "wan0:80/tcp 192.168.1.2:8080\nwan0:81/tcp 192.168.1.2:8081\n", NULL, 0},
	{"nft: to a server on this host", PRE("iifname wan0 tcp dport 80 redirect to :8080"),
	 "wan0:80/tcp :8080\n", NULL, 0},
	{"nft: a jump by port",
	 PRE("iifname wan0 tcp dport vmap { 80 : jump web, 22 : accept }\n}\nchain web {\nip "
	     "protocol tcp "
	     "dnat to 192.168.1.2:8080"),
	 "wan0:80/tcp 192.168.1.2:8080\n", NULL, 0},
	{"nft: both families in one table",
	 "table inet nat {\nchain pre {\ntype nat hook prerouting priority -100\nfib daddr type "
	 "local "
	 "tcp dport 80 dnat ip to 192.168.1.2:8080\n}\n}\n",
	 "*:80/tcp 192.168.1.2:8080\n", NULL, 0},
	{"nft: the target sees this host",
	 PRE("iifname wan0 tcp dport 80 dnat to 192.168.1.2:8080\n}\nchain post {\ntype nat hook "
	     "postrouting priority srcnat\nip daddr 192.168.1.2 tcp dport 8080 masquerade"),
	 "wan0:80/tcp 192.168.1.2:8080 --masquerade\n", NULL, 0},
	{"nft: accepted as translated",
	 PRE("iifname wan0 tcp dport 80 dnat to 192.168.1.2:8080") "table inet filter {\nchain "
								   "forward {\ntype filter hook "
								   "forward priority 0; policy "
								   "drop\nct state "
								   "established,related accept\nct "
								   "status dnat accept\n}\n}\n",
	 "wan0:80/tcp 192.168.1.2:8080\n", NULL, 0},
	{"nft: with an accept of its own",
	 PRE("iifname wan0 tcp dport 80 dnat to 192.168.1.2:8080") "table inet filter {\nchain "
								   "forward {\ntype filter hook "
								   "forward priority 0; policy "
								   "drop\nct state vmap { "
								   "established : accept, related "
								   ": accept, invalid : drop }\n"
								   "iifname wan0 oifname lan0 ip "
								   "daddr 192.168.1.2 tcp dport { "
								   "8080 } ct state new "
								   "accept\n}\n}\n",
	 "wan0:80/tcp 192.168.1.2:8080\n", NULL, DIRECT_8080},
	{"nft: except for a network",
	 PRE("iifname wan0 ip saddr != 10.1.0.0/24 tcp dport 80 dnat to 192.168.1.2:8080"),
	 "wan0:80/tcp 192.168.1.2:8080\nwan0:80/tcp - --from 10.1.0.0/24\n", NULL, 0},
};

static void load(const char *rules)
{
	bool iptables = *rules == '*';
	town_sh("%s <<'E'\n%s\nE",
		iptables ? town_is("nftables") ? "iptables-nft-restore" : "iptables-legacy-restore"
			 : "nft -f -",
		rules);
}

static void run_set(void **state)
{
	const struct set *set = *state;
	serve_all();
	load(set->rules);
	struct reached before = look();
	struct outcome o = pfwd(set->stays ? 1 : 0, "adopt --undo /run/undo");
	assert_string_equal(o.out, "");
	assert_string_equal(pfwd(0, "save -").out, set->lines);
	if (set->stays)
		assert_says(o.err, set->stays);
	else
		assert_silent(o.err, "stays");
	struct reached after = look();
	/* what only passes through is not taken any more, which is said */
	compare(&before, &after, set->shut,
		(strstr(o.err, "passes through") ? PASSING : 0) |
			(strstr(o.err, "is not translated any more") ? DIRECT_8080 | 1 << 8 : 0));
	assert_true(!set->shut || strstr(o.err, "is not let in any more"));
	if (!*set->lines)
		return;
	pfwd(0, "flush");
	town_sh("$(sed -n '1s/^# //p' /run/undo) /run/undo");
	struct reached again = look();
	compare(&before, &again, 0, 0);
}

/* ---- the change itself ---- */

static void a_dry_run_changes_nothing(void **state)
{
	(void)state;
	load(NAT(DNAT80));
	struct outcome before = town_rules();
	struct outcome o = pfwd(0, "adopt -n");
	assert_says(o.out, "wan0:80/tcp 192.168.1.2:8080\n# deleted: iptables -t nat -A PREROUTING "
			   "-i wan0 -p tcp -m tcp --dport 80 -j DNAT --to-destination "
			   "192.168.1.2:8080\n");
	assert_string_equal(town_rules().out, before.out);
	/* what it prints is a forwards file */
	town_sh("$PFWD adopt -n 2>/dev/null | $PFWD diff - >/run/diff; grep -qx "
		"'+wan0:80/tcp 192.168.1.2:8080' /run/diff");
}

static void the_old_rules_go_to_standard_output(void **state)
{
	(void)state;
	load(NAT(DNAT80));
	assert_says(pfwd(0, "adopt").out,
		    "*nat\n-I PREROUTING 1 -i wan0 -p tcp -m tcp --dport 80 -j DNAT "
		    "--to-destination 192.168.1.2:8080\nCOMMIT\n");
	assert_string_equal(pfwd(0, "adopt").out, "");
}

static void no_undo_file_no_change(void **state)
{
	(void)state;
	load(NAT(DNAT80));
	struct outcome before = town_rules();
	pfwd(1, "adopt --undo /run/no/such/folder");
	assert_string_equal(town_rules().out, before.out);
}

/* An echo before the change, and one after it, on one connection. */
#define ECHO_SERVER                                                                 \
	"ip netns exec server python3 -c 'import socket\n"                          \
	"c, _ = socket.create_server((\"192.168.1.2\", 8082)).accept()\n"           \
	"while True:\n data = c.recv(9)\n if not data: break\n c.sendall(data)' & " \
	"until ip netns exec server ss -ltn | grep -q :8082; do sleep 0.02; done;"
#define ECHO_CLIENT                                                                              \
	"ip netns exec client python3 -c 'import os, socket, time\n"                             \
	"c = socket.create_connection((\"10.1.0.1\", 82), 5)\nc.sendall(b\"1\")\nc.recv(9)\n"    \
	"open(\"/run/begun\", \"w\")\nwhile not os.path.exists(\"/run/go\"): time.sleep(0.02)\n" \
	"c.sendall(b\"lives\")\nprint(c.recv(9).decode())' >/run/lived 2>&1 & client=$!;"

static void established_connections_live_on(void **state)
{
	(void)state;
	town_serve(SERVER, UDP, "192.168.1.2", 8080);
	load(NAT("-A PREROUTING -i wan0 -p udp --dport 80 -j DNAT --to-destination "
		 "192.168.1.2:8080\n"
		 "-A PREROUTING -i wan0 -p tcp --dport 82 -j DNAT --to-destination "
		 "192.168.1.2:8082\n")
		     CLOSED("-A FORWARD -i wan0 -d 192.168.1.2 -p tcp --dport 8082 -j ACCEPT\n"
			    "-A FORWARD -i wan0 -d 192.168.1.2 -p udp --dport 8080 -j ACCEPT\n"));
	int udp = town_socket(CLIENT, UDP, "10.1.0.1", 80, 4321);
	assert_says(town_ask_again(udp).text, "server");
	struct outcome o = town_run("rm -f /run/begun /run/go; " ECHO_SERVER ECHO_CLIENT
				    "until [ -e /run/begun ]; do sleep 0.02; done;"
				    "$PFWD adopt --undo /run/undo; echo adopted $?; touch /run/go;"
				    "wait $client; cat /run/lived");
	assert_string_equal(o.out, "adopted 0\nlives\n");
	assert_says(town_ask_again(udp).text, "server");
	assert_silent(town_rules_of_others().out, "8082");
	close(udp);
}

/* Every connection that begins meanwhile is answered by the right server. */
static void no_connection_fails_meanwhile(void **state)
{
	(void)state;
	load(NAT("-A PREROUTING -i wan0 -p tcp --dport 11000 -j DNAT --to-destination "
		 "192.168.1.2:8080\n"
		 "-A PREROUTING -i wan0 -p tcp --dport 11001 -j DNAT --to-destination "
		 "192.168.1.2:8081\n")
		     CLOSED("-A FORWARD -i wan0 -d 192.168.1.2 -p tcp -m multiport --dports "
			    "8080,8081 -j ACCEPT\n"));
	struct outcome o = town_run(
		"rm -f /run/enough; mkfifo /run/end; ip netns exec server python3 "
		"tests/stories/asks.py serve 192.168.1.2 8080 8081 </run/end >/run/served & "
		"exec 3>/run/end; until grep -q ready /run/served; do sleep 0.05; done;"
		"ip netns exec client python3 tests/stories/asks.py ask 10.1.0.1 11000 11001 8080 "
		"/run/enough >/run/asked 3>&- & asking=$!;"
		"until [ $(conntrack -L 2>/dev/null | wc -l) -gt 20 ]; do sleep 0.05; done;"
		"$PFWD adopt --undo /run/undo;"
		"until $PFWD list -rn -o CONNS | awk '{ n += $1 } END { exit n < 20 }';"
		"do sleep 0.05; done;"
		"touch /run/enough; wait $asking; exec 3>&-; cat /run/asked");
	int asked = 0;
	if (sscanf(o.out, "asked %d", &asked) != 1)
		fail_msg("some went wrong: %s%s", o.out, o.err);
	assert_true(asked > 40);
	assert_string_equal(pfwd(0, "save -").out, "wan0:11000/tcp 192.168.1.2:8080\n"
						   "wan0:11001/tcp 192.168.1.2:8081\n");
	assert_silent(town_rules().out, "multiport");
}

static void rules_of_ipv6_move_too(void **state)
{
	(void)state;
	const char *tool = town_is("nftables") ? "ip6tables-nft" : "ip6tables-legacy";
	town_serve(SERVER, TCP, "fd02::2", 8080);
	town_sh("%s-restore <<'E'\n%s\nE", tool,
		NAT("-A PREROUTING -i wan0 -p tcp --dport 80 -j DNAT --to-destination "
		    "[fd02::2]:8080\n") CLOSED("-A FORWARD -p icmpv6 -j ACCEPT\n-A FORWARD -i wan0 "
					       "-d fd02::2 -p tcp "
					       "--dport 8080 -j ACCEPT\n"));
	assert_reaches(CLIENT, TCP, "fd01::1", 80, "server");
	pfwd(0, "adopt --undo /run/undo");
	assert_string_equal(pfwd(0, "save -").out, "wan0:80/tcp [fd02::2]:8080\n");
	assert_reaches(CLIENT, TCP, "fd01::1", 80, "server");
	assert_silent(town_rules_of_others().out, "8080");
	pfwd(0, "flush");
	town_sh("$(sed -n '1s/^# //p' /run/undo) /run/undo");
	assert_reaches(CLIENT, TCP, "fd01::1", 80, "server");
}

/* Both families: the rules of each have a tool of their own. */
static void each_tool_has_its_file(void **state)
{
	(void)state;
	load(NAT(DNAT80));
	town_sh("%s-restore <<'E'\n%s\nE",
		town_is("nftables") ? "ip6tables-nft" : "ip6tables-legacy",
		NAT("-A PREROUTING -i wan0 -p tcp --dport 80 -j DNAT --to-destination fd02::2\n"));
	struct outcome o = pfwd(0, "adopt --undo /run/undo");
	assert_says(o.err, "/run/undo.ip6tables-");
	town_sh("grep -q 192.168.1.2 /run/undo; grep -q fd02::2 /run/undo.ip6tables-*");
	assert_string_equal(pfwd(0, "save -").out,
			    "wan0:80/tcp 192.168.1.2:8080\nwan0:80/tcp [fd02::2]:80\n");
}

static void forwards_that_are_there_stay(void **state)
{
	(void)state;
	load(NAT(DNAT80 "-A PREROUTING -i wan0 -p tcp --dport 81 -j DNAT --to-destination "
			"192.168.1.2\n-A PREROUTING -i wan0 -p tcp --dport 82 -j DNAT "
			"--to-destination 192.168.1.3\n"));
	/* the same as a rule; another target; another port */
	pfwd(0, "add wan0:80 192.168.1.2:8080 --name web");
	pfwd(0, "add wan0:82 192.168.1.2");
	pfwd(0, "add wan0:83 192.168.1.2");
	struct outcome o = pfwd(1, "adopt --undo /run/undo");
	assert_says(o.err, "the forward wan0:82/tcp, which is there already, takes its packets");
	assert_string_equal(pfwd(0, "save -").out,
			    "wan0:80/tcp 192.168.1.2:8080 --name web\n"
			    "wan0:81/tcp 192.168.1.2:81\nwan0:82/tcp 192.168.1.2:82\n"
			    "wan0:83/tcp 192.168.1.2:83\n");
	assert_silent(town_rules_of_others().out, "8080");
}

/* All rules of a chain go at once; of another one what translates nothing stays. */
static void what_else_is_in_a_chain_stays(void **state)
{
	(void)state;
	town_sh("nft 'table ip mine {\nchain whole { type nat hook prerouting priority -99\n"
		"tcp dport { 80, 81 } dnat to 192.168.1.2\nudp dport 53 dnat to 192.168.1.2\n}\n"
		"chain part { type nat hook prerouting priority -98\n"
		"counter\ntcp dport 82 dnat to 192.168.1.2\n}\n}'");
	pfwd(0, "adopt");
	assert_string_equal(pfwd(0, "list -rn -o FORWARD").out,
			    "*:80/tcp\n*:81/tcp\n*:82/tcp\n*:53/udp\n");
	assert_string_equal(
		town_run("nft -sy list table ip mine | tr -s '\\n\\t' ' '").out,
		"table ip mine { chain whole { type nat hook prerouting priority -99; policy "
		"accept; } chain part { type nat hook prerouting priority -98; policy "
		"accept; counter } } ");
}

/* ---- from a file ---- */

static void a_file_is_read_and_the_kernel_is_not(void **state)
{
	(void)state;
	struct outcome before = town_rules();
	town_sh("cat >/run/rules <<'E'\n%s\nE", NAT(DNAT80));
	assert_string_equal(pfwd(0, "adopt /run/rules").out, "wan0:80/tcp 192.168.1.2:8080\n");
	assert_string_equal(pfwd(0, "adopt - </run/rules").out, "wan0:80/tcp 192.168.1.2:8080\n");
	assert_string_equal(town_rules().out, before.out);
	town_sh("echo hello >/run/rules");
	assert_says(pfwd(2, "adopt /run/rules").err, "neither what iptables-save nor what");
	assert_says(pfwd(2, "adopt /run/nothing").err, "cannot open /run/nothing");
	town_sh("echo '-A PREROUTING -j DNAT --to-destination 192.168.1.2' >/run/rules");
	assert_says(pfwd(1, "adopt /run/rules").err,
		    "stays: iptables -t nat -A PREROUTING -j DNAT");
}

/* What the tools print of the rules of a set means what the kernel's rules do. */
static void the_kernels_own_text_means_the_same(void **state)
{
	(void)state;
	load(NAT(DNAT80 "-A PREROUTING -i wan0 -p tcp -m multiport --dports 81,82 -j DNAT "
			"--to-destination 192.168.1.2\n"));
	town_sh("$PFWD adopt -n 2>/dev/null | grep -v '^#' >/run/kernel");
	town_sh("%s | $PFWD adopt - >/run/text 2>/dev/null; diff /run/kernel /run/text",
		town_is("nftables") ? "iptables-nft-save" : "iptables-legacy-save");
}

/* ---- */

#define TEST(f)                               \
	{                                     \
#f, f, NULL, town_clean, NULL \
	}

int main(void)
{
	static const struct CMUnitTest others[] = {
		TEST(a_dry_run_changes_nothing),
		TEST(the_old_rules_go_to_standard_output),
		TEST(no_undo_file_no_change),
		TEST(established_connections_live_on),
		TEST(no_connection_fails_meanwhile),
		TEST(rules_of_ipv6_move_too),
		TEST(each_tool_has_its_file),
		TEST(forwards_that_are_there_stay),
		TEST(what_else_is_in_a_chain_stays),
		TEST(a_file_is_read_and_the_kernel_is_not),
		TEST(the_kernels_own_text_means_the_same),
	};
	enum {
		OTHERS = sizeof(others) / sizeof(others[0]),
		IPTABLES = sizeof(iptables_sets) / sizeof(iptables_sets[0]),
		NFT = sizeof(nft_sets) / sizeof(nft_sets[0]),
	};
	struct CMUnitTest stories[OTHERS + IPTABLES + NFT];
	size_t count = 0;
	for (size_t i = 0; i < OTHERS; i++)
		stories[count++] = others[i];
	for (size_t i = 0; i < IPTABLES; i++)
		stories[count++] =
			(struct CMUnitTest){iptables_sets[i].name, run_set, NULL, town_clean,
					    (void *)(uintptr_t)&iptables_sets[i]};
	for (size_t i = 0; i < NFT && town_is("nftables"); i++)
		stories[count++] = (struct CMUnitTest){nft_sets[i].name, run_set, NULL, town_clean,
						       (void *)(uintptr_t)&nft_sets[i]};
	return _cmocka_run_group_tests("adopt", stories, count, town_build, town_raze);
}
