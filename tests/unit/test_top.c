/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pfwd top without a terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "fake_host.h"
#include "memory_backend.h"
#include "program.h"

/* Two that were there before, one that begins, and one that ends and was not known. */
static void have_traffic(void)
{
	struct connection *c;
	c = fake_connect(PROTO_TCP, "198.51.100.7", "203.0.113.1", 80, "192.168.1.2", 8080);
	c->bytes_in = 1536;
	fake_connect(PROTO_UDP, "198.51.100.7", "203.0.113.1", 53, "192.168.1.3", 53);
	c = fake_connect(PROTO_TCP, "198.51.100.8", "203.0.113.1", 80, "192.168.1.2", 8080);
	c->event = CONNECTION_NEW;
	c = fake_connect(PROTO_TCP, "198.51.100.8", "203.0.113.1", 80, "192.168.1.2", 8080);
	c->id--;
	c->event = CONNECTION_DESTROY;
	c->bytes_in = 2000;
	c->bytes_out = 300000;
	fake_connect(PROTO_TCP, "198.51.100.9", "203.0.113.1", 2222, "172.17.0.2", 22);
}

/* Of docker, which nobody's connection above is by; by hand; and one that intercepts. */
static void have_others(void)
{
	static const struct other_rule rules[] = {
		{.action = OTHER_DNAT,
		 .family = FAMILY_IPV4,
		 .proto = PROTO_TCP,
		 .ports = {2222, 2222},
		 .to = {FAMILY_IPV4, {172, 17, 0, 2}},
		 .to_ports = {22, 22},
		 .comment = "web box",
		 .owner = "docker"},
		{.action = OTHER_DNAT,
		 .family = FAMILY_IPV4,
		 .to = {FAMILY_IPV4, {10, 0, 0, 2}},
		 .owner = ""},
		{.action = OTHER_TPROXY,
		 .family = FAMILY_IPV4,
		 .proto = PROTO_TCP,
		 .ports = {81, 81},
		 .owner = ""},
	};
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		struct other_rule *r = &memory[0].others[memory[0].other_count++];
		*r = rules[i];
		r->backend = "iptables";
		r->table = "nat";
		r->chain = r->base = "PREROUTING";
	}
	have_traffic();
}

static void have_uncounted_traffic(void)
{
	fake_host->no_accounting = true;
	have_traffic();
}

static void have_a_range_that_keeps_a_port(void)
{
	fake_connect(PROTO_TCP, "203.0.113.9", "203.0.113.1", 80, NULL, 0);
	fake_connect(PROTO_TCP, "203.0.113.9", "203.0.113.1", 81, "203.0.113.1", 80);
}

static void lose_events(void)
{
	fake_host->events_lost = true;
}

static void resize(void)
{
	fake_host->conntrack_resizes = true;
}

static void lack_events(void)
{
	fake_host->no_events = true;
}

static void lack_conntrack(void)
{
	fake_host->no_conntrack = true;
}

static void forbid(void)
{
	fake_host->forbidden = true;
}

static void fail_reading(void)
{
	err_set(&memory[0].read, ERR_FAILED, "cannot read table nat");
}

#define LISTED                                                        \
	"wan0:80 192.168.1.2:8080 --name web\n"                       \
	"wan0:53/udp 192.168.1.3 --name dns --from 198.51.100.0/24\n" \
	"wan0:22 -\n"

#define FAST "top -b -d 0.1 -n 1"
#define ALL "-o FORWARD,NAME,FAMILY,FROM,LIVE,CONNS,BYTES-IN,BYTES-OUT"

static const struct program_case cases[] = {
	{FAST, .have = LISTED,
	 .out = "FORWARD NAME LIVE NEW/s IN/s OUT/s\nwan0:80/tcp web 0 0 0B 0B\n"
		"wan0:53/udp dns 0 0 0B 0B\ntotal - 0 0 0B 0B\n"},
	{FAST, .out = "FORWARD NAME LIVE NEW/s IN/s OUT/s\ntotal - 0 0 0B 0B\n"},
	{FAST " " ALL, .have = LISTED, ON(have_traffic),
	 .out = "FORWARD NAME FAMILY FROM LIVE CONNS BYTES-IN BYTES-OUT\n"
		"wan0:80/tcp web IPv4 - 1 1 2K 293K\n"
		"wan0:53/udp dns IPv4 198.51.100.0/24 1 0 0B 0B\n"
		"total - - - 2 1 2K 293K\n"},
	{FAST " --bytes -o FORWARD,BYTES-IN,BYTES-OUT web", .have = LISTED, ON(have_traffic),
	 .out = "FORWARD BYTES-IN BYTES-OUT\nwan0:80/tcp 2000 300000\ntotal 2000 300000\n"},
	{FAST " -J -o FORWARD,NAME,LIVE,BYTES-OUT", .have = LISTED, ON(have_traffic),
	 .out = "{\"forward\":\"wan0:80/tcp\", \"name\":\"web\", \"live\":1, "
		"\"bytes-out\":300000}\n"
		"{\"forward\":\"wan0:53/udp\", \"name\":\"dns\", \"live\":1, \"bytes-out\":0}\n"
		"{\"forward\":\"total\", \"name\":null, \"live\":2, \"bytes-out\":300000}\n"},
	{FAST " -a", .have = "wan0:22 -",
	 .out = "FORWARD NAME LIVE NEW/s IN/s OUT/s OWNER\ntotal - 0 0 0B 0B -\n"},
	{FAST " -a -o FORWARD,NAME,LIVE,CONNS,OWNER",
	 .have = "wan0:80 192.168.1.2:8080 --name web\nwan0:22 -", ON(have_others),
	 .out = "FORWARD NAME LIVE CONNS OWNER\n"
		"wan0:80/tcp web 1 1 pfwd\n"
		"*:2222/tcp web\\x20box 1 0 docker\n"
		"- - 0 0 nat\\x20PREROUTING\n"
		"total - 2 1 -\n"},
	{FAST " -a -o FORWARD,LIVE,BYTES-OUT docker", .have = LISTED, ON(have_others),
	 .out = "FORWARD LIVE BYTES-OUT\n*:2222/tcp 1 0B\ntotal 1 0B\n"},
	{FAST " -aJ -o FORWARD,OWNER *:2222", .have = LISTED, ON(have_others),
	 .out = "{\"forward\":\"*:2222/tcp\", \"owner\":\"docker\"}\n"
		"{\"forward\":\"total\", \"owner\":null}\n"},
	{FAST " -o FORWARD,LIVE,OWNER", .have = "wan0:80 192.168.1.2:8080", ON(have_others),
	 .out = "FORWARD LIVE OWNER\nwan0:80/tcp 1 pfwd\ntotal 1 -\n"},
	{"top -ba nosuch", .have = LISTED, .status = 3,
	 .err = "pfwd: there is no forward 'nosuch'; `pfwd list` shows all forwards\n"},
	{"top -b -d.1 -n 2 -o LIVE dns", .have = LISTED, ON(have_traffic),
	 .out = "LIVE\n1\n1\nLIVE\n1\n1\n"},
	{FAST " -6", .have = LISTED,
	 .out = "FORWARD NAME LIVE NEW/s IN/s OUT/s\ntotal - 0 0 0B 0B\n"},
	{FAST " -o FORWARD,LIVE,IN/s,OUT/s,INTERVAL,BYTES-IN",
	 .have = "wan0:80 192.168.1.2:8080 --name web", ON(have_uncounted_traffic),
	 .out = "FORWARD LIVE IN/s OUT/s INTERVAL BYTES-IN\nwan0:80/tcp 1 - - - -\ntotal 1 - - - "
		"-\n",
	 .err = "pfwd: conntrack does not count bytes and packets; turn it on with: sysctl -w "
		"net.netfilter.nf_conntrack_acct=1\n"},
	{FAST " -o LIVE", .have = "wan0:80-90 :80", ON(have_a_range_that_keeps_a_port),
	 .out = "LIVE\n2\n2\n"},
	{FAST " -o LIVE", ON(lose_events), .out = "LIVE\n0\n",
	 .err = "pfwd: warning: connections changed faster than they could be counted; NEW/s, IN/s "
		"and OUT/s are too low for a while\n"},
	{FAST " -o LIVE", ON(resize), .out = "LIVE\n0\n",
	 .err = "pfwd: warning: the kernel resized its table of connections while it was read; "
		"LIVE may be wrong until it has been read again\n"},
	{FAST " -o LIVE", ON(lack_events), .out = "LIVE\n0\n",
	 .err = "pfwd: conntrack does not tell when connections begin and end, so NEW/s stays 0; "
		"turn that on with: sysctl -w net.netfilter.nf_conntrack_events=1\n"},
	{"top -b", ON(lack_conntrack), .status = 6, .err = "pfwd: this kernel has no conntrack\n"},
	{"top -b", ON(forbid), .status = 5, .err = "pfwd: not permitted with raw sockets\n"},
	{"top -b", ON(fail_reading), .status = 1, .err = "pfwd: cannot read table nat\n"},
	{"top -b nosuch", .have = LISTED, .status = 3,
	 .err = "pfwd: there is no forward 'nosuch'; `pfwd list` shows all forwards\n"},
	{"top -o WHO", .status = 2,
	 .err = "pfwd: unknown column 'WHO'; columns are FORWARD,NAME,LIVE,NEW/s,IN/s,OUT/s,"
		"INTERVAL,TIME,FAMILY,FROM,CONNS,BYTES-IN,BYTES-OUT,OWNER\n"},
	{"top -n 0", .status = 2, .err = "pfwd: --iterations '0' is not a number from 1 on\n"},
	{"top -n x", .status = 2, .err = "pfwd: --iterations 'x' is not a number from 1 on\n"},
	{"top -n 99999999999999999999", .status = 2,
	 .err = "pfwd: --iterations '99999999999999999999' is not a number from 1 on\n"},
#define BAD_DELAY(text)                                                                   \
	{                                                                                 \
		"top -d " text, .status = 2,                                              \
				.err = "pfwd: --delay '" text                             \
				       "' is not a number of seconds from 0.1 to 86400\n" \
	}
	BAD_DELAY("0"),
	BAD_DELAY("0.09"),
	BAD_DELAY("-1"),
	BAD_DELAY("."),
	BAD_DELAY("1s"),
	BAD_DELAY("1.0.0"),
	BAD_DELAY("86400.1"),
	BAD_DELAY("99999999999999999999"),
	BAD_DELAY("1.0000000000"),
};

int main(void)
{
	struct rows rows = {0};
	program_add_cases(&rows, cases, ROWS_COUNT(cases));
	return program_run_cases(&rows, "top");
}
