/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pfwd metrics, and the text format that it prints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "fake_host.h"
#include "memory_backend.h"
#include "program.h"
#include "report/openmetrics.h"

/* ---- labels ---- */

static const struct {
	const char *value, *label;
} labels[] = {
	{"wan0:80/tcp", "x=\"wan0:80/tcp\""},
	{"", "x=\"\""},
	{"a\"b\\c", "x=\"a\\\"b\\\\c\""},
	{"a\nb\tc\x7f", "x=\"a\\\\x0ab\\\\x09c\\\\x7f\""},
	{"br\xc3\xbc"
	 "cke \xe2\x82\xac \xf0\x9f\x8c\x90",
	 "x=\"br\xc3\xbc"
	 "cke \xe2\x82\xac \xf0\x9f\x8c\x90\""},
	{"\xc3", "x=\"\\\\xc3\""},
	{"\xc3(", "x=\"\\\\xc3(\""},
	{"\xc0\xaf", "x=\"\\\\xc0\\\\xaf\""},
	{"\xe0\x80\xaf", "x=\"\\\\xe0\\\\x80\\\\xaf\""},
	{"\xed\xa0\x80", "x=\"\\\\xed\\\\xa0\\\\x80\""},
	{"\xf4\x90\x80\x80", "x=\"\\\\xf4\\\\x90\\\\x80\\\\x80\""},
	{"\xe2\x82", "x=\"\\\\xe2\\\\x82\""},
	{"\xff", "x=\"\\\\xff\""},
};

static void a_label_is_escaped(void **state)
{
	const char *const *row = *state;
	char text[256];
	char *end = openmetrics_put_label(text, "x", row[0]);
	assert_string_equal(text, row[1]);
	assert_ptr_equal(end, text + strlen(text));
	assert_true(strlen(text) <= strlen("x=\"\"") + OPENMETRICS_ESCAPED_MAX(strlen(row[0])));
}

/* ---- the command ---- */

static void have_traffic(void)
{
	struct connection *c;
	c = fake_connect(PROTO_TCP, "198.51.100.7", "203.0.113.1", 80, "192.168.1.2", 8080);
	c->packets_in = 10;
	c->packets_out = 12;
	c->bytes_in = 1536;
	c->bytes_out = 1048576;
	c = fake_connect(PROTO_TCP, "198.51.100.8", "203.0.113.1", 80, "192.168.1.2", 8080);
	c->packets_in = 1;
	c->bytes_in = 60;
	fake_connect(PROTO_TCP, "198.51.100.9", "203.0.113.1", 2222, "172.17.0.2", 22);
	memory[0].items[1].status.conns = 1532;
}

static void have_uncounted_traffic(void)
{
	fake_host->no_accounting = true;
	have_traffic();
	memory[0].items[1].status.blocked = true;
}

/* Two targets of one port, one of which has a connection; and one that no SPEC can say. */
static void have_others(void)
{
	static const struct other_rule rules[] = {
		{.action = OTHER_DNAT,
		 .family = FAMILY_IPV4,
		 .proto = PROTO_TCP,
		 .ports = {2222, 2222},
		 .to = {FAMILY_IPV4, {172, 17, 0, 2}},
		 .to_ports = {22, 22},
		 .counted = true,
		 .packets = 7,
		 .comment = "id 4f1e",
		 .owner = "docker"},
		{.action = OTHER_DNAT,
		 .family = FAMILY_IPV4,
		 .proto = PROTO_TCP,
		 .ports = {2222, 2222},
		 .to = {FAMILY_IPV4, {172, 17, 0, 3}},
		 .to_ports = {22, 22},
		 .counted = true,
		 .packets = 2,
		 .comment = "id 77aa",
		 .owner = "docker"},
		{.action = OTHER_DNAT, .to = {FAMILY_IPV4, {10, 0, 0, 2}}, .owner = ""},
		{.action = OTHER_TPROXY, .proto = PROTO_TCP, .ports = {81, 81}, .owner = ""},
	};
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		struct other_rule *r = &memory[0].others[memory[0].other_count++];
		*r = rules[i];
		r->backend = "iptables";
		r->table = "nat";
		r->chain = r->base = "PREROUTING";
	}
	fake_host->no_accounting = true;
	fake_connect(PROTO_TCP, "198.51.100.9", "203.0.113.1", 2222, "172.17.0.2", 22);
	fake_connect(PROTO_TCP, "198.51.100.9", "203.0.113.1", 2222, "172.17.0.3", 22);
}

static void lack_conntrack(void)
{
	fake_host->no_conntrack = true;
}

static void forbid(void)
{
	fake_host->forbidden = true;
}

/* As somebody's own rule in a chain of pfwd's: the same SPEC twice. */
static void have_one_twice(void)
{
	struct memory_forward again = memory[0].items[0];
	again.f.target_ports.first = again.f.target_ports.last = 9999;
	again.status.conns = 2;
	memory[0].items[0].status.conns = 40;
	memory[0].items[memory[0].count++] = again;
}

#define HEAD(name, type, help) "# HELP pfwd_" name " " help "\n# TYPE pfwd_" name " " type "\n"
#define CONNECTIONS \
	HEAD("forward_connections", "counter", "Connections translated since the forward was made.")
#define LIVE \
	HEAD("forward_live_connections", "gauge", "Connections through the forward that exist now.")
#define BYTES                                                                                 \
	HEAD("forward_live_bytes", "gauge",                                                   \
	     "Bytes of the live connections since each began: in is from clients, out is to " \
	     "them.")                                                                         \
	"# UNIT pfwd_forward_live_bytes bytes\n"
#define PACKETS                                                                                 \
	HEAD("forward_live_packets", "gauge",                                                   \
	     "Packets of the live connections since each began: in is from clients, out is to " \
	     "them.")                                                                           \
	"# UNIT pfwd_forward_live_packets packets\n"
#define STATE \
	HEAD("forward_state", "gauge", "1 for the state that the forward is in, 0 for the others.")
#define END                                                              \
	HEAD("forward_end_timestamp_seconds", "gauge",                   \
	     "When a forward with --until ends, in seconds since 1970.") \
	"# UNIT pfwd_forward_end_timestamp_seconds seconds\n"
#define TABLE                                                                                      \
	HEAD("conntrack_entries", "gauge", "Connections that conntrack knows, translated or not.") \
	"pfwd_conntrack_entries 0\n" HEAD("conntrack_entries_limit", "gauge",                      \
					  "Connections that conntrack has room for; it refuses "   \
					  "further ones.") "pfwd_conntrack_entries_limit 0\n# "    \
							   "EOF\n"
#define STATES(labels, active, expired, incomplete, blocked)                                     \
	"pfwd_forward_state{" labels ",state=\"active\"} " active "\npfwd_forward_state{" labels \
	",state=\"expired\"} " expired "\npfwd_forward_state{" labels                            \
	",state=\"incomplete\"} " incomplete "\npfwd_forward_state{" labels                      \
	",state=\"blocked\"} " blocked "\n"

#define WEB "forward=\"wan0:80/tcp\",name=\"web\",backend=\"iptables\",family=\"IPv4\""
#define PPP                                                                        \
	"forward=\"ppp+:443/tcp\",name=\"\",backend=\"iptables\",family=\"IPv4\"," \
	"from=\"198.51.100.0/24\""

#define STATES_A(labels) \
	STATES(labels, "1", "0", "0", "0") "pfwd_forward_state{" labels ",state=\"shadowed\"} 0\n"
#define BOXES                                                                    \
	"forward=\"*:2222/tcp\",name=\"\",backend=\"iptables\",family=\"IPv4\"," \
	"owner=\"docker\""
#define UNSAID "forward=\"\",name=\"\",backend=\"iptables\",family=\"\",owner=\"nat PREROUTING\""

#define LISTED                                  \
	"wan0:80 192.168.1.2:8080 --name web\n" \
	"ppp+:443 :8443 --from 198.51.100.0/24 --until 2023-11-14T22:13:20Z\n"

static const struct program_case cases[] = {
	{"metrics", .have = LISTED, ON(have_traffic),
	 .out = CONNECTIONS "pfwd_forward_connections_total{" PPP "} 0\n"
			    "pfwd_forward_connections_total{" WEB "} 1532\n" LIVE
			    "pfwd_forward_live_connections{" PPP "} 0\n"
			    "pfwd_forward_live_connections{" WEB "} 2\n" BYTES
			    "pfwd_forward_live_bytes{" PPP ",direction=\"in\"} 0\n"
			    "pfwd_forward_live_bytes{" PPP ",direction=\"out\"} 0\n"
			    "pfwd_forward_live_bytes{" WEB ",direction=\"in\"} 1596\n"
			    "pfwd_forward_live_bytes{" WEB ",direction=\"out\"} 1048576\n" PACKETS
			    "pfwd_forward_live_packets{" PPP ",direction=\"in\"} 0\n"
			    "pfwd_forward_live_packets{" PPP ",direction=\"out\"} 0\n"
			    "pfwd_forward_live_packets{" WEB ",direction=\"in\"} 11\n"
			    "pfwd_forward_live_packets{" WEB
			    ",direction=\"out\"} 12\n" STATE STATES(PPP, "0", "1", "0", "0")
				    STATES(WEB, "1", "0", "0", "0") END
	 "pfwd_forward_end_timestamp_seconds{" PPP "} 1700000000\n" TABLE},
	{"metrics", .have = "wan0:22 -\nwan0:80 192.168.1.2:8080 --name web",
	 ON(have_uncounted_traffic),
	 .out = CONNECTIONS
	 "pfwd_forward_connections_total{" WEB "} 1532\n" LIVE "pfwd_forward_live_connections{" WEB
	 "} 2\n" STATE STATES(
		 "forward=\"wan0:22/tcp\",name=\"\",backend=\"iptables\",family=\"IPv4\"", "1", "0",
		 "0", "0") STATES(WEB, "0", "0", "0", "1") END TABLE,
	 .err = "pfwd: conntrack does not count bytes and packets; turn it on with: sysctl -w "
		"net.netfilter.nf_conntrack_acct=1\n"},
	{"metrics", .have = "wan0:80 192.168.1.2:8080 --name web", ON(have_one_twice),
	 .out = CONNECTIONS
	 "pfwd_forward_connections_total{" WEB "} 42\n" LIVE "pfwd_forward_live_connections{" WEB
	 "} 0\n" BYTES "pfwd_forward_live_bytes{" WEB ",direction=\"in\"} 0\n"
	 "pfwd_forward_live_bytes{" WEB ",direction=\"out\"} 0\n" PACKETS
	 "pfwd_forward_live_packets{" WEB ",direction=\"in\"} 0\n"
	 "pfwd_forward_live_packets{" WEB
	 ",direction=\"out\"} 0\n" STATE STATES(WEB, "1", "0", "0", "0") END TABLE},
	{"metrics -a", .have = "wan0:80 192.168.1.2:8080 --name web", ON(have_others),
	 .out = CONNECTIONS "pfwd_forward_connections_total{" WEB ",owner=\"pfwd\"} 0\n"
			    "pfwd_forward_connections_total{" BOXES "} 9\n" LIVE
			    "pfwd_forward_live_connections{" WEB ",owner=\"pfwd\"} 0\n"
			    "pfwd_forward_live_connections{" BOXES "} 2\n"
			    "pfwd_forward_live_connections{" UNSAID
			    "} 0\n" STATE STATES_A(WEB ",owner=\"pfwd\"") STATES_A(BOXES)
				    STATES_A(UNSAID) END TABLE,
	 .err = "pfwd: conntrack does not count bytes and packets; turn it on with: sysctl -w "
		"net.netfilter.nf_conntrack_acct=1\n"},
	{"metrics", .out = CONNECTIONS LIVE BYTES PACKETS STATE END TABLE},
	{"metrics -O -", .out = CONNECTIONS LIVE BYTES PACKETS STATE END TABLE},
	{"metrics --output-file forwards.conf", .file = "before\n",
	 .file_left = CONNECTIONS LIVE BYTES PACKETS STATE END TABLE},
	{"metrics -O /dev/null", .status = 2,
	 .err = "pfwd: '/dev/null' is not a regular file; give one as FILE, or - for standard "
		"output\n"},
	{"metrics -O forwards.conf", .file = "before\n", ON(lack_conntrack), .status = 6,
	 .err = "pfwd: this kernel has no conntrack\n"},
	{"metrics", ON(forbid), .status = 5, .err = "pfwd: not permitted with raw sockets\n"},
	{"metrics web", .status = 2,
	 .err = "pfwd: 'web': metrics tells of all forwards and takes no operand; to write to a "
		"file, use -O FILE\n"},
};

int main(void)
{
	struct rows rows = {0};
	ROWS_ADD_ALL(&rows, labels, a_label_is_escaped);
	program_add_cases(&rows, cases, ROWS_COUNT(cases));
	return program_run_cases(&rows, "metrics");
}
