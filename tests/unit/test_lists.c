/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands that print rows: every column and every format. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "fake_host.h"
#include "memory_backend.h"
#include "program.h"

/* ---- hosts and backends that are not ordinary ---- */

static void forbid(void)
{
	fake_host->forbidden = true;
}

static void fail_reading(void)
{
	err_set(&memory[0].read, ERR_FAILED, "cannot read table nat");
}

static void lack_conntrack(void)
{
	fake_host->no_conntrack = true;
}

/* Counters, missing rules, and something of somebody else's. */
static void have_status(void)
{
	memory[0].items[0].status.conns = 1532;
	memory[0].items[3].status.incomplete = true;
	memory[0].items[2].status.conns = UINT64_MAX;
	strcpy(memory[0].foreign, "warning: chain PFWD holds a rule of another program");
}

static void change_meanwhile(void)
{
	memory[0].between_commits = 1;
}

static void have_connections(void)
{
	struct connection *c;
	c = fake_connect(PROTO_TCP, "198.51.100.7", "203.0.113.1", 80, "192.168.1.2", 8080);
	c->state = "ESTABLISHED";
	c->timed = c->assured = c->replied = true;
	c->timeout = 431999;
	c->packets_in = 10;
	c->packets_out = 12;
	c->bytes_in = 1536;
	c->bytes_out = 1048576;
	c->mark = 7;
	c->use = 2;
	c->start = 1700000000123456789;
	strcpy(c->secctx, "system_u:object_r:a b");
	c = fake_connect(PROTO_TCP, "198.51.100.8", "203.0.113.1", 80, "192.168.1.2", 8080);
	c->state = "SYN_SENT";
	c->packets_in = 1;
	c->bytes_in = 60;
	c = fake_connect(PROTO_UDP, "2001:db8::7", "2001:db8::1", 53, "fd02::3", 53);
	c->timed = true;
	c->timeout = 29;
	/* of another tool's translation, and of none */
	fake_connect(PROTO_TCP, "198.51.100.9", "203.0.113.1", 2222, "172.17.0.2", 22);
	fake_connect(PROTO_UDP, "198.51.100.9", "203.0.113.1", 5353, NULL, 0);
}

/* Of docker, which comes behind a forward of the same port; by hand; of both families; one that no
 * SPEC can say. */
static void have_others(void)
{
	static const struct other_rule rules[] = {
		{.action = OTHER_DNAT,
		 .family = FAMILY_IPV4,
		 .proto = PROTO_TCP,
		 .ports = {80, 80},
		 .to = {FAMILY_IPV4, {172, 17, 0, 2}},
		 .not_in = "docker0",
		 .beyond = "! -i docker0",
		 .in = "wan0",
		 .counted = true,
		 .packets = 7,
		 .chain = "DOCKER",
		 .owner = "docker"},
		{.action = OTHER_DNAT,
		 .family = FAMILY_IPV4,
		 .proto = PROTO_TCP,
		 .exact = true,
		 .ports = {2222, 2222},
		 .to = {FAMILY_IPV4, {172, 17, 0, 2}},
		 .to_ports = {22, 22},
		 .chain = "PREROUTING",
		 .comment = "ssh\n",
		 .owner = ""},
		{.action = OTHER_REDIRECT,
		 .proto = PROTO_UDP,
		 .exact = true,
		 .ports = {53, 53},
		 .to_ports = {5353, 5353},
		 .chain = "pre",
		 .owner = ""},
		{.action = OTHER_DNAT,
		 .family = FAMILY_IPV4,
		 .exact = true,
		 .to = {FAMILY_IPV4, {10, 0, 0, 2}},
		 .counted = true,
		 .shared = true,
		 .packets = 3,
		 .chain = "pre",
		 .owner = ""},
		{.action = OTHER_SNAT, .hook = OTHER_POSTROUTING, .chain = "post", .owner = ""},
	};
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		struct memory *m = &memory[i > 1];
		struct other_rule *r = &m->others[m->other_count++];
		*r = rules[i];
		r->backend = i > 1 ? "nftables" : "iptables";
		r->table = "nat";
		r->base = "PREROUTING";
		r->priority = -100;
		r->handle = i;
	}
	have_connections();
}

/* Comments of the owner's, in letters that are more than a byte, and with others. */
static void have_comments(void)
{
	static const char *const comments[] = {"caf\xc3\xa9 \xe4\xb8\xad", "a\\b\x1b\xff", "web"};
	for (size_t i = 0; i < sizeof(comments) / sizeof(comments[0]); i++)
		memory[0].others[memory[0].other_count++] =
			(struct other_rule){.action = OTHER_DNAT,
					    .family = FAMILY_IPV4,
					    .proto = PROTO_TCP,
					    .exact = true,
					    .ports = {(uint16_t)(80 + i), (uint16_t)(80 + i)},
					    .to = {FAMILY_IPV4, {172, 17, 0, 2}},
					    .chain = "PREROUTING",
					    .comment = comments[i],
					    .owner = "",
					    .backend = "iptables",
					    .table = "nat",
					    .base = "PREROUTING",
					    .handle = i};
}

static void have_uncounted_connections(void)
{
	fake_host->no_accounting = true;
	have_connections();
}

static void resize(void)
{
	fake_host->conntrack_resizes = true;
	have_connections();
}

#define LISTED                                                                                \
	"wan0:80 192.168.1.2:8080 --name web --from 198.51.100.0/24\n"                        \
	"203.0.113.1:8000-8010 192.168.1.2:9000-9010 --masquerade --hairpin=192.168.1.0/24\n" \
	"ppp+:443/tcp+udp :8443 --local --until 2023-11-14T22:13:20Z\n"                       \
	"wan0:53/udp [fd02::3] --name dns\n"

/* ---- cases ---- */

static const struct program_case list_cases[] = {
	{"list", .have = LISTED, ON(have_status),
	 .out = "FORWARD                     TARGET                NAME OPTIONS                    "
		"           STATE                     CONNS\n"
		"*@203.0.113.1:8000-8010/tcp 192.168.1.2:9000-9010 -    --masquerade "
		"--hairpin=192.168.1.0/24 active                     1532\n"
		"ppp+:443/tcp                :8443                 -    --local --until "
		"2023-11-14T22:13:20Z  expired                       0\n"
		"ppp+:443/udp                :8443                 -    --local --until "
		"2023-11-14T22:13:20Z  expired    18446744073709551615\n"
		"wan0:80/tcp                 192.168.1.2:8080      web  --from 198.51.100.0/24     "
		"           incomplete                    0\n"
		"wan0:53/udp                 [fd02::3]:53          dns  -                          "
		"           active                        0\n",
	 .err = "pfwd: warning: chain PFWD holds a rule of another program\n"},
	{"list -a -r", .have = "wan0:80 192.168.1.2:8080 --name web", ON(have_others),
	 .out = "FORWARD TARGET NAME OPTIONS STATE CONNS OWNER\n"
		"*:53/udp :5353 - - active - nat\\x20pre\n"
		"- 10.0.0.2 - - active - nat\\x20pre\n"
		"*:2222/tcp 172.17.0.2:22 ssh\\x5cx0a - active - nat\\x20PREROUTING\n"
		"wan0:80/tcp 192.168.1.2:8080 web - active 0 pfwd\n"
		"wan0:80/tcp 172.17.0.2:80 - !\\x20-i\\x20docker0 shadowed 7 docker\n"},
	{"list --all -rn -o FORWARD,OWNER,LIVE,BYTES,FAMILY,BACKEND --bytes",
	 .have = "wan0:80 192.168.1.2:8080 --name web", ON(have_others),
	 .out = "*:53/udp nat\\x20pre 0 0 - nftables\n"
		"- nat\\x20pre 0 0 IPv4 nftables\n"
		"*:2222/tcp nat\\x20PREROUTING 1 0 IPv4 iptables\n"
		"wan0:80/tcp pfwd 2 1050172 IPv4 iptables\n"
		"wan0:80/tcp docker 0 0 IPv4 iptables\n"},
	{"list -a -o FORWARD,NAME,PORTS", ON(have_comments),
	 .out = "FORWARD  NAME           PORTS\n"
		"*:80/tcp caf\xc3\xa9 \xe4\xb8\xad        80\n"
		"*:81/tcp a\\x5cb\\x1b\\xff 81\n"
		"*:82/tcp web            82\n"},
	{"list -arn -o NAME", ON(have_comments),
	 .out = "caf\xc3\xa9\\x20\xe4\xb8\xad\na\\x5cx5cb\\x5cx1b\\x5cxff\nweb\n"},
	{"list -aJ *:2222", ON(have_others),
	 .out = "{\"forwards\": [\n"
		"  {\"forward\":\"*:2222/tcp\", \"target\":\"172.17.0.2:22\", "
		"\"name\":\"ssh\\\\x0a\", \"options\":null, \"state\":\"active\", "
		"\"conns\":null, \"owner\":\"nat PREROUTING\"}\n]}\n"},
	{"list -arn -o FORWARD docker web", .have = "wan0:80 192.168.1.2:8080 --name web",
	 ON(have_others), .out = "wan0:80/tcp\nwan0:80/tcp\n"},
	{"list -arn -6 -o FORWARD,PORTS", .have = "wan0:80 192.168.1.2:8080", ON(have_others),
	 .out = "*:53/udp 53\n"},
	{"list -a nosuch", ON(have_others), .status = 3,
	 .err = "pfwd: there is no forward 'nosuch'; `pfwd list` shows all forwards\n"},
	{"list -rn -o FORWARD,OWNER", .have = "wan0:80 192.168.1.2:8080", ON(have_others),
	 .out = "wan0:80/tcp pfwd\n"},
	{"list", .out = "FORWARD TARGET NAME OPTIONS STATE CONNS\n"},
	{"list -n", .status = 0},
	{"list -r", .out = "FORWARD TARGET NAME OPTIONS STATE CONNS\n"},
	{"list -rn", .status = 0},
	{"list -J", .out = "{\"forwards\": []}\n"},
	/* columns wider than their headings, for which smartcols >= 2.41 leaves no room */
	{"list -n -o FORWARD,TARGET,OPTIONS,STATE", .have = LISTED,
	 .out = "*@203.0.113.1:8000-8010/tcp 192.168.1.2:9000-9010 --masquerade "
		"--hairpin=192.168.1.0/24 active\n"
		"ppp+:443/tcp                :8443                 --local --until "
		"2023-11-14T22:13:20Z  expired\n"
		"ppp+:443/udp                :8443                 --local --until "
		"2023-11-14T22:13:20Z  expired\n"
		"wan0:80/tcp                 192.168.1.2:8080      --from 198.51.100.0/24     "
		"           active\n"
		"wan0:53/udp                 [fd02::3]:53          -                          "
		"           active\n"},
	{"list -r", .have = LISTED, ON(have_status),
	 .out = "FORWARD TARGET NAME OPTIONS STATE CONNS\n"
		"*@203.0.113.1:8000-8010/tcp 192.168.1.2:9000-9010 - "
		"--masquerade\\x20--hairpin=192.168.1.0/24 active 1532\n"
		"ppp+:443/tcp :8443 - --local\\x20--until\\x202023-11-14T22:13:20Z expired 0\n"
		"ppp+:443/udp :8443 - --local\\x20--until\\x202023-11-14T22:13:20Z expired "
		"18446744073709551615\n"
		"wan0:80/tcp 192.168.1.2:8080 web --from\\x20198.51.100.0/24 incomplete 0\n"
		"wan0:53/udp [fd02::3]:53 dns - active 0\n",
	 .err = "pfwd: warning: chain PFWD holds a rule of another program\n"},
	{"list -rn -o STATE", .have = "wan0:80 192.168.1.2", ON(change_meanwhile),
	 .out = "active\n"},
	{"list -rn -o FORWARD,STATE",
	 .have = "wan0:80 192.168.1.2\nppp+:80 :81\nwan+:90 -\nwan9:80 192.168.1.2\n"
		 "wlan+:80 [fd02::3]\nport0:80 :81\nwan9:81 -\n",
	 .out = "port0:80/tcp blocked\n"
		"ppp+:80/tcp active\n"
		"wan+:90/tcp active\n"
		"wan0:80/tcp active\n"
		"wan9:80/tcp blocked\n"
		"wan9:81/tcp active\n"
		"wlan+:80/tcp blocked\n"},
	{"list -rn -o FORWARD", .have = LISTED,
	 .out = "*@203.0.113.1:8000-8010/tcp\n"
		"ppp+:443/tcp\n"
		"ppp+:443/udp\n"
		"wan0:80/tcp\n"
		"wan0:53/udp\n"},
	{"list -J", .have = LISTED, ON(have_status),
	 .out = "{\"forwards\": [\n"
		"  {\"forward\":\"*@203.0.113.1:8000-8010/tcp\", "
		"\"target\":\"192.168.1.2:9000-9010\", \"name\":null, \"options\":\"--masquerade "
		"--hairpin=192.168.1.0/24\", \"state\":\"active\", \"conns\":1532},\n"
		"  {\"forward\":\"ppp+:443/tcp\", \"target\":\":8443\", \"name\":null, "
		"\"options\":\"--local --until 2023-11-14T22:13:20Z\", \"state\":\"expired\", "
		"\"conns\":0},\n"
		"  {\"forward\":\"ppp+:443/udp\", \"target\":\":8443\", \"name\":null, "
		"\"options\":\"--local --until 2023-11-14T22:13:20Z\", \"state\":\"expired\", "
		"\"conns\":18446744073709551615},\n"
		"  {\"forward\":\"wan0:80/tcp\", \"target\":\"192.168.1.2:8080\", "
		"\"name\":\"web\", \"options\":\"--from 198.51.100.0/24\", "
		"\"state\":\"incomplete\", \"conns\":0},\n"
		"  {\"forward\":\"wan0:53/udp\", \"target\":\"[fd02::3]:53\", \"name\":\"dns\", "
		"\"options\":null, \"state\":\"active\", \"conns\":0}\n"
		"]}\n",
	 .err = "pfwd: warning: chain PFWD holds a rule of another program\n"},
	{"list -J -o forward,conns,name", .have = LISTED, ON(have_status),
	 .out = "{\"forwards\": [\n"
		"  {\"forward\":\"*@203.0.113.1:8000-8010/tcp\", \"conns\":1532, \"name\":null},\n"
		"  {\"forward\":\"ppp+:443/tcp\", \"conns\":0, \"name\":null},\n"
		"  {\"forward\":\"ppp+:443/udp\", \"conns\":18446744073709551615, \"name\":null},\n"
		"  {\"forward\":\"wan0:80/tcp\", \"conns\":0, \"name\":\"web\"},\n"
		"  {\"forward\":\"wan0:53/udp\", \"conns\":0, \"name\":\"dns\"}\n"
		"]}\n",
	 .err = "pfwd: warning: chain PFWD holds a rule of another program\n"},
	{"list -o +IF,ADDR", .have = LISTED,
	 .out = "FORWARD                     TARGET                NAME OPTIONS                    "
		"           STATE   CONNS IF   ADDR\n"
		"*@203.0.113.1:8000-8010/tcp 192.168.1.2:9000-9010 -    --masquerade "
		"--hairpin=192.168.1.0/24 active      0 *    203.0.113.1\n"
		"ppp+:443/tcp                :8443                 -    --local --until "
		"2023-11-14T22:13:20Z  expired     0 ppp+ -\n"
		"ppp+:443/udp                :8443                 -    --local --until "
		"2023-11-14T22:13:20Z  expired     0 ppp+ -\n"
		"wan0:80/tcp                 192.168.1.2:8080      web  --from 198.51.100.0/24     "
		"           active      0 wan0 -\n"
		"wan0:53/udp                 [fd02::3]:53          dns  -                          "
		"           active      0 wan0 -\n"},
	{"list -r -o IF,ADDR,PORTS,PROTO,FAMILY,FROM,UNTIL,BACKEND", .have = LISTED,
	 .out = "IF ADDR PORTS PROTO FAMILY FROM UNTIL BACKEND\n"
		"* 203.0.113.1 8000-8010 tcp IPv4 - - iptables\n"
		"ppp+ - 443 tcp IPv4 - 2023-11-14T22:13:20Z iptables\n"
		"ppp+ - 443 udp IPv4 - 2023-11-14T22:13:20Z iptables\n"
		"wan0 - 80 tcp IPv4 198.51.100.0/24 - iptables\n"
		"wan0 - 53 udp IPv6 - - iptables\n"},
	{"list -J -o IF,ADDR,PORTS,PROTO,FAMILY,FROM,UNTIL,BACKEND", .have = LISTED,
	 .out = "{\"forwards\": [\n"
		"  {\"if\":\"*\", \"addr\":\"203.0.113.1\", \"ports\":\"8000-8010\", "
		"\"proto\":\"tcp\", \"family\":\"IPv4\", \"from\":null, \"until\":null, "
		"\"backend\":\"iptables\"},\n"
		"  {\"if\":\"ppp+\", \"addr\":null, \"ports\":\"443\", \"proto\":\"tcp\", "
		"\"family\":\"IPv4\", \"from\":null, \"until\":\"2023-11-14T22:13:20Z\", "
		"\"backend\":\"iptables\"},\n"
		"  {\"if\":\"ppp+\", \"addr\":null, \"ports\":\"443\", \"proto\":\"udp\", "
		"\"family\":\"IPv4\", \"from\":null, \"until\":\"2023-11-14T22:13:20Z\", "
		"\"backend\":\"iptables\"},\n"
		"  {\"if\":\"wan0\", \"addr\":null, \"ports\":\"80\", \"proto\":\"tcp\", "
		"\"family\":\"IPv4\", \"from\":\"198.51.100.0/24\", \"until\":null, "
		"\"backend\":\"iptables\"},\n"
		"  {\"if\":\"wan0\", \"addr\":null, \"ports\":\"53\", \"proto\":\"udp\", "
		"\"family\":\"IPv6\", \"from\":null, \"until\":null, \"backend\":\"iptables\"}\n"
		"]}\n"},
	{"list -r -o FORWARD,LIVE,BYTES,PACKETS", .have = LISTED, ON(have_connections),
	 .out = "FORWARD LIVE BYTES PACKETS\n"
		"*@203.0.113.1:8000-8010/tcp 0 0B 0\n"
		"ppp+:443/tcp 0 0B 0\n"
		"ppp+:443/udp 0 0B 0\n"
		"wan0:80/tcp 2 1M 23\n"
		"wan0:53/udp 1 0B 0\n"},
	{"list -r --bytes -o FORWARD,BYTES", .have = LISTED, ON(have_connections),
	 .out = "FORWARD BYTES\n"
		"*@203.0.113.1:8000-8010/tcp 0\n"
		"ppp+:443/tcp 0\n"
		"ppp+:443/udp 0\n"
		"wan0:80/tcp 1050172\n"
		"wan0:53/udp 0\n"},
	{"list -o FORWARD,LIVE,BYTES", .have = LISTED, ON(have_connections),
	 .out = "FORWARD                     LIVE BYTES\n"
		"*@203.0.113.1:8000-8010/tcp    0    0B\n"
		"ppp+:443/tcp                   0    0B\n"
		"ppp+:443/udp                   0    0B\n"
		"wan0:80/tcp                    2    1M\n"
		"wan0:53/udp                    1    0B\n"},
	{"list -J -o FORWARD,LIVE,BYTES,PACKETS", .have = LISTED, ON(have_connections),
	 .out = "{\"forwards\": [\n"
		"  {\"forward\":\"*@203.0.113.1:8000-8010/tcp\", \"live\":0, \"bytes\":0, "
		"\"packets\":0},\n"
		"  {\"forward\":\"ppp+:443/tcp\", \"live\":0, \"bytes\":0, \"packets\":0},\n"
		"  {\"forward\":\"ppp+:443/udp\", \"live\":0, \"bytes\":0, \"packets\":0},\n"
		"  {\"forward\":\"wan0:80/tcp\", \"live\":2, \"bytes\":1050172, \"packets\":23},\n"
		"  {\"forward\":\"wan0:53/udp\", \"live\":1, \"bytes\":0, \"packets\":0}\n"
		"]}\n"},
	{"list -J -o FORWARD,LIVE,BYTES,PACKETS", .have = LISTED, ON(have_uncounted_connections),
	 .out = "{\"forwards\": [\n"
		"  {\"forward\":\"*@203.0.113.1:8000-8010/tcp\", \"live\":0, \"bytes\":null, "
		"\"packets\":null},\n"
		"  {\"forward\":\"ppp+:443/tcp\", \"live\":0, \"bytes\":null, \"packets\":null},\n"
		"  {\"forward\":\"ppp+:443/udp\", \"live\":0, \"bytes\":null, \"packets\":null},\n"
		"  {\"forward\":\"wan0:80/tcp\", \"live\":2, \"bytes\":null, \"packets\":null},\n"
		"  {\"forward\":\"wan0:53/udp\", \"live\":1, \"bytes\":null, \"packets\":null}\n"
		"]}\n",
	 .err = "pfwd: conntrack does not count bytes and packets; turn it on with: sysctl -w "
		"net.netfilter.nf_conntrack_acct=1\n"},
	{"list -rn -o FORWARD,LIVE", .have = LISTED, ON(have_uncounted_connections),
	 .out = "*@203.0.113.1:8000-8010/tcp 0\n"
		"ppp+:443/tcp 0\n"
		"ppp+:443/udp 0\n"
		"wan0:80/tcp 2\n"
		"wan0:53/udp 1\n"},
	{"list -rn -o FORWARD,LIVE", .have = LISTED, ON(resize),
	 .out = "*@203.0.113.1:8000-8010/tcp 0\n"
		"ppp+:443/tcp 0\n"
		"ppp+:443/udp 0\n"
		"wan0:80/tcp 2\n"
		"wan0:53/udp 1\n",
	 .err = "pfwd: warning: the kernel resized its table of connections while it was read: "
		"some may be missing, or shown twice; run the command again\n"},
	{"list -rn -o LIVE", .have = LISTED, ON(lack_conntrack), .status = 6,
	 .err = "pfwd: this kernel has no conntrack\n"},
	{"list -rn", .have = LISTED, ON(lack_conntrack),
	 .out = "*@203.0.113.1:8000-8010/tcp 192.168.1.2:9000-9010 - "
		"--masquerade\\x20--hairpin=192.168.1.0/24 active 0\n"
		"ppp+:443/tcp :8443 - --local\\x20--until\\x202023-11-14T22:13:20Z expired 0\n"
		"ppp+:443/udp :8443 - --local\\x20--until\\x202023-11-14T22:13:20Z expired 0\n"
		"wan0:80/tcp 192.168.1.2:8080 web --from\\x20198.51.100.0/24 active 0\n"
		"wan0:53/udp [fd02::3]:53 dns - active 0\n"},
	{"list web -rn -o FORWARD", .have = LISTED, .out = "wan0:80/tcp\n"},
	{"list web dns -rn -o FORWARD", .have = LISTED,
	 .out = "wan0:80/tcp\n"
		"wan0:53/udp\n"},
	{"list -6 -rn -o FORWARD", .have = LISTED, .out = "wan0:53/udp\n"},
	{"list -4 -rn -o FORWARD", .have = LISTED,
	 .out = "*@203.0.113.1:8000-8010/tcp\n"
		"ppp+:443/tcp\n"
		"ppp+:443/udp\n"
		"wan0:80/tcp\n"},
	{"list -4 dns", .have = LISTED, .status = 3,
	 .err = "pfwd: there is no IPv4 forward 'dns'; `pfwd list` shows all forwards\n"},
	{"list ppp+:443 -rn -o FORWARD", .have = LISTED, .out = "ppp+:443/tcp\n"},
	{"list ppp+:443/tcp+udp -rn -o FORWARD", .have = LISTED,
	 .out = "ppp+:443/tcp\n"
		"ppp+:443/udp\n"},
	{"list nosuch", .have = LISTED, .status = 3,
	 .err = "pfwd: there is no forward 'nosuch'; `pfwd list` shows all forwards\n"},
	{"list -6 web", .have = LISTED, .status = 3,
	 .err = "pfwd: there is no IPv6 forward 'web'; `pfwd list` shows all forwards\n"},
	{"ls -rn -o NAME", .have = LISTED,
	 .out = "-\n"
		"-\n"
		"-\n"
		"web\n"
		"dns\n"},
	{"list -o NOSUCH", .have = LISTED, .status = 2,
	 .err = "pfwd: unknown column 'NOSUCH'; columns are "
		"FORWARD,TARGET,NAME,OPTIONS,STATE,CONNS,IF,ADDR,PORTS,PROTO,FAMILY,FROM,UNTIL,"
		"LIVE,BYTES,PACKETS,BACKEND,OWNER\n"},
	{"list -o +", .have = LISTED, .status = 2,
	 .err = "pfwd: unknown column ''; columns are "
		"FORWARD,TARGET,NAME,OPTIONS,STATE,CONNS,IF,ADDR,PORTS,PROTO,FAMILY,FROM,UNTIL,"
		"LIVE,BYTES,PACKETS,BACKEND,OWNER\n"},
	{"list -o FORWARD,", .have = LISTED, .status = 2,
	 .err = "pfwd: unknown column ''; columns are "
		"FORWARD,TARGET,NAME,OPTIONS,STATE,CONNS,IF,ADDR,PORTS,PROTO,FAMILY,FROM,UNTIL,"
		"LIVE,BYTES,PACKETS,BACKEND,OWNER\n"},
	{"list -o FORWARD,FORWARD -r web", .have = LISTED,
	 .out = "FORWARD FORWARD\n"
		"wan0:80/tcp wan0:80/tcp\n"},
	{"list -J -o FORWARD,FORWARD web", .have = LISTED,
	 .out = "{\"forwards\": [\n"
		"  {\"forward\":\"wan0:80/tcp\"}\n"
		"]}\n"},
	{"list -x", .status = 2, .err = "pfwd: unknown option '-x'; see `pfwd help list`\n"},
	{"list --nosuch", .status = 2,
	 .err = "pfwd: unknown option '--nosuch'; see `pfwd help list`\n"},
	{"list", ON(forbid), .status = 5, .err = "pfwd: not permitted with raw sockets\n"},
	{"list", ON(fail_reading), .status = 1, .err = "pfwd: cannot read table nat\n"},
	{"list -o NOSUCH", ON(forbid), .status = 2,
	 .err = "pfwd: unknown column 'NOSUCH'; columns are "
		"FORWARD,TARGET,NAME,OPTIONS,STATE,CONNS,IF,ADDR,PORTS,PROTO,FAMILY,FROM,UNTIL,"
		"LIVE,BYTES,PACKETS,BACKEND,OWNER\n"},
};

static const struct program_case conns_cases[] = {
	{"conns", .have = LISTED, ON(have_connections),
	 .out = "FORWARD     PROTO CLIENT             VIA              TARGET           STATE      "
		" TIMEOUT\n"
		"wan0:80/tcp tcp   198.51.100.7:4000  203.0.113.1:80   192.168.1.2:8080 "
		"ESTABLISHED  431999\n"
		"wan0:80/tcp tcp   198.51.100.8:4000  203.0.113.1:80   192.168.1.2:8080 SYN_SENT   "
		"       -\n"
		"wan0:53/udp udp   [2001:db8::7]:4000 [2001:db8::1]:53 [fd02::3]:53     -          "
		"      29\n"},
	{"conns", .have = LISTED, .out = "FORWARD PROTO CLIENT VIA TARGET STATE TIMEOUT\n"},
	{"conns -r", .have = LISTED, ON(have_connections),
	 .out = "FORWARD PROTO CLIENT VIA TARGET STATE TIMEOUT\n"
		"wan0:80/tcp tcp 198.51.100.7:4000 203.0.113.1:80 192.168.1.2:8080 ESTABLISHED "
		"431999\n"
		"wan0:80/tcp tcp 198.51.100.8:4000 203.0.113.1:80 192.168.1.2:8080 SYN_SENT -\n"
		"wan0:53/udp udp [2001:db8::7]:4000 [2001:db8::1]:53 [fd02::3]:53 - 29\n"},
	{"conns -J", .have = LISTED, ON(have_connections),
	 .out = "{\"conns\": [\n"
		"  {\"forward\":\"wan0:80/tcp\", \"proto\":\"tcp\", "
		"\"client\":\"198.51.100.7:4000\", \"via\":\"203.0.113.1:80\", "
		"\"target\":\"192.168.1.2:8080\", \"state\":\"ESTABLISHED\", \"timeout\":431999},\n"
		"  {\"forward\":\"wan0:80/tcp\", \"proto\":\"tcp\", "
		"\"client\":\"198.51.100.8:4000\", \"via\":\"203.0.113.1:80\", "
		"\"target\":\"192.168.1.2:8080\", \"state\":\"SYN_SENT\", \"timeout\":null},\n"
		"  {\"forward\":\"wan0:53/udp\", \"proto\":\"udp\", "
		"\"client\":\"[2001:db8::7]:4000\", \"via\":\"[2001:db8::1]:53\", "
		"\"target\":\"[fd02::3]:53\", \"state\":null, \"timeout\":29}\n"
		"]}\n"},
	{"conns -a -rn -o CLIENT,FORWARD", .have = LISTED, ON(have_connections),
	 .out = "198.51.100.7:4000 wan0:80/tcp\n"
		"198.51.100.8:4000 wan0:80/tcp\n"
		"[2001:db8::7]:4000 wan0:53/udp\n"
		"198.51.100.9:4000 -\n"},
	{"conns -r -o FORWARD,NAME,FAMILY,MARK,USE,ASSURED,REPLIED,ID,START,SECCTX,EVENT web",
	 .have = LISTED, ON(have_connections),
	 .out = "FORWARD NAME FAMILY MARK USE ASSURED REPLIED ID START SECCTX EVENT\n"
		"wan0:80/tcp web IPv4 7 2 yes yes 1 2023-11-14T22:13:20Z system_u:object_r:a\\x20b "
		"-\n"
		"wan0:80/tcp web IPv4 0 0 no no 2 - - -\n"},
	{"conns -J -o FORWARD,NAME,FAMILY,MARK,USE,ASSURED,REPLIED,ID,START,SECCTX,EVENT web",
	 .have = LISTED, ON(have_connections),
	 .out = "{\"conns\": [\n"
		"  {\"forward\":\"wan0:80/tcp\", \"name\":\"web\", \"family\":\"IPv4\", "
		"\"mark\":7, \"use\":2, \"assured\":true, \"replied\":true, \"id\":1, "
		"\"start\":\"2023-11-14T22:13:20Z\", \"secctx\":\"system_u:object_r:a b\", "
		"\"event\":null},\n"
		"  {\"forward\":\"wan0:80/tcp\", \"name\":\"web\", \"family\":\"IPv4\", "
		"\"mark\":0, \"use\":0, \"assured\":false, \"replied\":false, \"id\":2, "
		"\"start\":null, \"secctx\":null, \"event\":null}\n"
		"]}\n"},
	{"conns -r -o PACKETS-IN,PACKETS-OUT,BYTES-IN,BYTES-OUT", .have = LISTED,
	 ON(have_connections),
	 .out = "PACKETS-IN PACKETS-OUT BYTES-IN BYTES-OUT\n"
		"10 12 1.5K 1M\n"
		"1 0 60B 0B\n"
		"0 0 0B 0B\n"},
	{"conns -r --bytes -o BYTES-IN,BYTES-OUT", .have = LISTED, ON(have_connections),
	 .out = "BYTES-IN BYTES-OUT\n"
		"1536 1048576\n"
		"60 0\n"
		"0 0\n"},
	{"conns -r -o BYTES-IN", .have = LISTED, ON(have_uncounted_connections),
	 .out = "BYTES-IN\n"
		"-\n"
		"-\n"
		"-\n",
	 .err = "pfwd: conntrack does not count bytes and packets; turn it on with: sysctl -w "
		"net.netfilter.nf_conntrack_acct=1\n"},
	{"conns -J -o BYTES-IN", .have = LISTED, ON(have_uncounted_connections),
	 .out = "{\"conns\": [\n"
		"  {\"bytes-in\":null},\n"
		"  {\"bytes-in\":null},\n"
		"  {\"bytes-in\":null}\n"
		"]}\n",
	 .err = "pfwd: conntrack does not count bytes and packets; turn it on with: sysctl -w "
		"net.netfilter.nf_conntrack_acct=1\n"},
	{"conns -c", .have = LISTED, ON(have_connections),
	 .out = "FORWARD                     NAME CONNS PACKETS BYTES\n"
		"*@203.0.113.1:8000-8010/tcp -        0       0    0B\n"
		"ppp+:443/tcp                -        0       0    0B\n"
		"ppp+:443/udp                -        0       0    0B\n"
		"wan0:80/tcp                 web      2      23    1M\n"
		"wan0:53/udp                 dns      1       0    0B\n"},
	{"conns -c -J", .have = LISTED, ON(have_connections),
	 .out = "{\"conns\": [\n"
		"  {\"forward\":\"*@203.0.113.1:8000-8010/tcp\", \"name\":null, \"conns\":0, "
		"\"packets\":0, \"bytes\":0},\n"
		"  {\"forward\":\"ppp+:443/tcp\", \"name\":null, \"conns\":0, \"packets\":0, "
		"\"bytes\":0},\n"
		"  {\"forward\":\"ppp+:443/udp\", \"name\":null, \"conns\":0, \"packets\":0, "
		"\"bytes\":0},\n"
		"  {\"forward\":\"wan0:80/tcp\", \"name\":\"web\", \"conns\":2, \"packets\":23, "
		"\"bytes\":1050172},\n"
		"  {\"forward\":\"wan0:53/udp\", \"name\":\"dns\", \"conns\":1, \"packets\":0, "
		"\"bytes\":0}\n"
		"]}\n"},
	{"conns -c -a -rn -o FORWARD,CONNS", .have = LISTED, ON(have_connections),
	 .out = "*@203.0.113.1:8000-8010/tcp 0\n"
		"ppp+:443/tcp 0\n"
		"ppp+:443/udp 0\n"
		"wan0:80/tcp 2\n"
		"wan0:53/udp 1\n"
		"- 1\n"},
	{"conns -c -rn", .have = LISTED, ON(have_uncounted_connections),
	 .out = "*@203.0.113.1:8000-8010/tcp - 0 - -\n"
		"ppp+:443/tcp - 0 - -\n"
		"ppp+:443/udp - 0 - -\n"
		"wan0:80/tcp web 2 - -\n"
		"wan0:53/udp dns 1 - -\n",
	 .err = "pfwd: conntrack does not count bytes and packets; turn it on with: sysctl -w "
		"net.netfilter.nf_conntrack_acct=1\n"},
	{"conns -c -rn dns", .have = LISTED, ON(have_connections),
	 .out = "wan0:53/udp dns 1 0 0B\n"},
	{"conns -6 -rn -o CLIENT", .have = LISTED, ON(have_connections),
	 .out = "[2001:db8::7]:4000\n"},
	{"conns -rn -o CLIENT wan0:80", .have = LISTED, ON(have_connections),
	 .out = "198.51.100.7:4000\n"
		"198.51.100.8:4000\n"},
	{"conns -f -rn -o CLIENT", .have = LISTED, ON(have_connections),
	 .out = "new 198.51.100.7:4000\n"
		"new 198.51.100.8:4000\n"
		"new [2001:db8::7]:4000\n"},
	{"conns -f -J -o CLIENT,FORWARD", .have = LISTED, ON(have_connections),
	 .out = "{\"event\":\"new\", \"client\":\"198.51.100.7:4000\", "
		"\"forward\":\"wan0:80/tcp\"}\n"
		"{\"event\":\"new\", \"client\":\"198.51.100.8:4000\", "
		"\"forward\":\"wan0:80/tcp\"}\n"
		"{\"event\":\"new\", \"client\":\"[2001:db8::7]:4000\", "
		"\"forward\":\"wan0:53/udp\"}\n"},
	{"conns -f -a -o CLIENT,FORWARD", .have = LISTED, ON(have_connections),
	 .out = "EVENT CLIENT FORWARD\n"
		"new   198.51.100.7:4000 wan0:80/tcp\n"
		"new   198.51.100.8:4000 wan0:80/tcp\n"
		"new   [2001:db8::7]:4000 wan0:53/udp\n"
		"new   198.51.100.9:4000  -\n"},
	{"conns -rn -o CLIENT", .have = LISTED, ON(resize),
	 .out = "198.51.100.7:4000\n"
		"198.51.100.8:4000\n"
		"[2001:db8::7]:4000\n",
	 .err = "pfwd: warning: the kernel resized its table of connections while it was read: "
		"some may be missing, or shown twice; run the command again\n"},
	{"conns -c -f", .have = LISTED, .status = 2,
	 .err = "pfwd: -c and -f exclude each other: -c counts the connections there are now; "
		"leave one out\n"},
	{"conns nosuch", .have = LISTED, .status = 3,
	 .err = "pfwd: there is no forward 'nosuch'; `pfwd list` shows all forwards\n"},
	{"conns -c -o STATE", .have = LISTED, .status = 2,
	 .err = "pfwd: unknown column 'STATE'; columns are FORWARD,NAME,CONNS,PACKETS,BYTES\n"},
	{"conns", .have = LISTED, ON(lack_conntrack), .status = 6,
	 .out = "FORWARD PROTO CLIENT VIA TARGET STATE TIMEOUT\n",
	 .err = "pfwd: this kernel has no conntrack\n"},
	{"conns -c", .have = LISTED, ON(lack_conntrack), .status = 6,
	 .out = "FORWARD NAME CONNS PACKETS BYTES\n",
	 .err = "pfwd: this kernel has no conntrack\n"},
	{"conns -f", .have = LISTED, ON(lack_conntrack), .status = 6,
	 .out = "EVENT FORWARD PROTO CLIENT VIA TARGET STATE TIMEOUT\n",
	 .err = "pfwd: this kernel has no conntrack\n"},
	{"conns", .have = LISTED, ON(forbid), .status = 5,
	 .err = "pfwd: not permitted with raw sockets\n"},
	{"conns", .have = LISTED, ON(fail_reading), .status = 1,
	 .err = "pfwd: cannot read table nat\n"},
};

int main(void)
{
	struct rows rows = {0};
	program_add_cases(&rows, list_cases, ROWS_COUNT(list_cases));
	program_add_cases(&rows, conns_cases, ROWS_COUNT(conns_cases));
	return program_run_cases(&rows, "lists");
}
