/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From what is seen of a connection to the steps that are told, and what the bytes of packets say.
 * Each row is a sequence of observations: "arrives" and so on, or a number of milliseconds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "check/trace.h"
#include "read_forward.h"
#include "rows.h"

/* ---- the host: wan0 203.0.113.1, lan0 192.168.1.1, a bridge with the port tap0 ---- */

enum { LAN = 1, TAP, WAN };

static struct host_link links[] = {
	{.name = "lan0", .kind = "bridge", .index = LAN},
	{.name = "tap0", .port_of = "bridge", .master = "lan0", .index = TAP, .master_index = LAN},
	{.name = "wan0", .index = WAN},
};
static const struct host_links all_links = {links, 3, NULL, 0};

static struct endpoint at(const char *addr, uint16_t port)
{
	struct endpoint e = {.port = port};
	assert_int_equal(address_parse(addr, &e.addr), 0);
	return e;
}

/* ---- observations ---- */

struct stage {
	struct tracer tracer;
	struct forward f;
	struct endpoint client, via, target, back;
	int64_t now;
};

enum direction { IN, OUT, ASIDE };

static void see(struct stage *s, uint32_t link, enum direction direction, enum packet_kind kind,
		const struct endpoint *from, const struct endpoint *to)
{
	const struct packet p = {.kind = kind,
				 .proto = s->f.proto,
				 .from = *from,
				 .to = *to,
				 .link = link,
				 .out = direction == OUT,
				 .others = direction == ASIDE,
				 .teller = kind == PACKET_FAILS ? at("192.168.1.2", 0).addr
								: (struct address){0},
				 .error = kind == PACKET_FAILS ? "port unreachable" : NULL};
	tracer_packet(&s->tracer, &p, s->now);
}

static void arrives(struct stage *s)
{
	see(s, WAN, IN, PACKET_OPENS, &s->client, &s->via);
}
static void arrives_by_port(struct stage *s)
{
	see(s, TAP, ASIDE, PACKET_OPENS, &s->client, &s->via);
}
static void arrives_for_others(struct stage *s)
{
	see(s, WAN, ASIDE, PACKET_OPENS, &s->client, &s->via);
}
static void arrives_on_lan(struct stage *s)
{
	see(s, LAN, IN, PACKET_OPENS, &s->client, &s->via);
}
static void leaves(struct stage *s)
{
	see(s, LAN, OUT, PACKET_OPENS, &s->back, &s->target);
}
static void leaves_by_port(struct stage *s)
{
	see(s, TAP, OUT, PACKET_OPENS, &s->back, &s->target);
}
static void answers(struct stage *s)
{
	see(s, LAN, IN, PACKET_ACCEPTS, &s->target, &s->back);
}
static void answers_datagram(struct stage *s)
{
	see(s, LAN, IN, PACKET_OPENS, &s->target, &s->back);
}
static void refuses(struct stage *s)
{
	see(s, LAN, IN, PACKET_REFUSES, &s->target, &s->back);
}
static void fails(struct stage *s)
{
	see(s, LAN, IN, PACKET_FAILS, &s->back, &s->target);
}
static void answer_leaves(struct stage *s)
{
	see(s, WAN, OUT, PACKET_ACCEPTS, &s->via, &s->client);
}
static void is_refused_here(struct stage *s)
{
	see(s, WAN, OUT, PACKET_REFUSES, &s->via, &s->client);
}
static void happens(struct stage *s, enum connection_event event, bool replied)
{
	const struct connection c = {.event = event,
				     .family = s->f.family,
				     .proto = s->f.proto,
				     .translated = true,
				     .client = s->client,
				     .via = s->via,
				     .target = s->target,
				     .back = s->back,
				     .replied = replied};
	tracer_event(&s->tracer, &c, s->now);
}
static void begins(struct stage *s)
{
	happens(s, CONNECTION_NEW, false);
}
static void is_replied(struct stage *s)
{
	happens(s, CONNECTION_UPDATE, true);
}
static void is_masqueraded(struct stage *s)
{
	s->back = at("192.168.1.1", 61000);
	begins(s);
}
static void is_stolen(struct stage *s)
{
	s->target = at("192.168.1.9", 80);
	begins(s);
}
static void is_counted(struct stage *s)
{
	if (tracer_doubts(&s->tracer, s->now))
		tracer_counted(&s->tracer, s->tracer.set->items);
}
static void begins_here(struct stage *s)
{
	s->client = s->back = at("203.0.113.1", 4000);
	begins(s);
}
static void comes_from_lan(struct stage *s)
{
	s->client = s->back = at("192.168.1.7", 4000);
	arrives_on_lan(s);
}

#define PASSES(ms)                               \
	static void passes_##ms(struct stage *s) \
	{                                        \
		s->now += (ms);                  \
	}
PASSES(50)
PASSES(150)
PASSES(900)
PASSES(1000)
PASSES(2000)

/* ---- rows ---- */

static const char *const words[] = {"arrived",     "translated", "left",   "answered",
				    "answer-left", "refused",    "stopped"};

struct row {
	const char *what;
	const char *line;
	void (*see[9])(struct stage *s);
	const char *told; /* with the interface of a copy, or the step that is missing */
};

#define WEB "wan0:80 192.168.1.2:8080"
#define HERE "wan0:80 :8080"

static const struct row rows_of_traces[] = {
	{"all goes well",
	 WEB,
	 {arrives, begins, leaves, answers, answer_leaves},
	 "arrived wan0, translated, left lan0, answered lan0, answer-left wan0"},
	{"it is sent again",
	 WEB,
	 {arrives, begins, leaves, passes_1000, arrives, leaves, answers},
	 "arrived wan0, translated, left lan0, answered lan0"},
	{"the copy that leaves is enough",
	 WEB,
	 {arrives, leaves},
	 "arrived wan0, translated, left lan0"},
	{"the event comes first", WEB, {begins, passes_50, arrives}, "arrived wan0, translated"},
	{"the copy that arrives is lost",
	 WEB,
	 {begins, passes_50, passes_150, leaves},
	 "translated, left lan0"},
	{"nothing happens", WEB, {arrives, passes_1000}, "arrived wan0, stopped translated"},
	{"not yet", WEB, {arrives, passes_900}, "arrived wan0"},
	{"dropped on the way",
	 WEB,
	 {arrives, passes_1000, is_counted},
	 "arrived wan0, translated, stopped left"},
	{"confirmed, and nothing leaves",
	 WEB,
	 {arrives, begins, passes_1000},
	 "arrived wan0, translated, stopped left"},
	{"the target is silent",
	 WEB,
	 {arrives, begins, leaves, passes_2000},
	 "arrived wan0, translated, left lan0, stopped answered"},
	{"the target is slow",
	 WEB,
	 {arrives, begins, leaves, passes_1000, answers},
	 "arrived wan0, translated, left lan0, answered lan0"},
	{"it answers after all",
	 WEB,
	 {arrives, begins, leaves, passes_2000, answers, answer_leaves},
	 "arrived wan0, translated, left lan0, stopped answered, answered lan0, answer-left wan0"},
	{"the answer is dropped",
	 WEB,
	 {arrives, begins, leaves, answers, passes_1000},
	 "arrived wan0, translated, left lan0, answered lan0, stopped answer-left"},
	{"the target refuses",
	 WEB,
	 {arrives, begins, leaves, refuses, is_refused_here},
	 "arrived wan0, translated, left lan0, refused"},
	{"an error comes back",
	 "wan0:80/udp 192.168.1.2:8080",
	 {arrives, begins, leaves, fails},
	 "arrived wan0, translated, left lan0, refused"},
	{"this host refuses",
	 WEB,
	 {arrives, is_refused_here, is_counted},
	 "arrived wan0, translated, stopped left"},
	{"datagrams",
	 "wan0:80/udp 192.168.1.2:8080",
	 {arrives, begins, leaves, answers_datagram},
	 "arrived wan0, translated, left lan0, answered lan0"},
	{"masquerade",
	 WEB " --masquerade",
	 {arrives, is_masqueraded, leaves, answers, answer_leaves},
	 "arrived wan0, translated, left lan0, answered lan0, answer-left wan0"},
	{"by a port of a bridge",
	 WEB,
	 {arrives, begins, leaves_by_port},
	 "arrived wan0, translated, left lan0"},
	{"somebody else translates",
	 WEB,
	 {arrives, is_stolen},
	 "arrived wan0, translated elsewhere"},
	{"to this host",
	 HERE,
	 {arrives, begins, answer_leaves},
	 "arrived wan0, translated, answered, answer-left wan0"},
	{"to this host, which refuses",
	 HERE,
	 {arrives, begins, is_refused_here},
	 "arrived wan0, translated, refused"},
	{"the answer of this host is dropped",
	 HERE,
	 {arrives, begins, is_replied, passes_2000, passes_1000},
	 "arrived wan0, translated, answered, stopped answer-left"},
	{"from this host",
	 WEB " --local",
	 {begins_here, leaves, answers},
	 "translated, left lan0, answered lan0"},
	{"other clients", WEB " --from 10.0.0.0/8", {arrives}, "arrived wan0, stopped translated"},
	{"another interface", WEB, {comes_from_lan}, "arrived lan0, stopped translated"},
	{"a hairpin",
	 WEB " --hairpin=192.168.1.0/24",
	 {comes_from_lan, leaves},
	 "arrived lan0, translated, left lan0"},
	{"for another host of the network", WEB, {arrives_for_others, passes_2000}, ""},
	{"from behind a port of a bridge",
	 WEB " --hairpin=198.51.100.0/24",
	 {arrives_by_port, begins},
	 "arrived lan0, translated"},
	{"a hairpin whose source is translated after a copy of it",
	 WEB " --hairpin=192.168.1.0/24",
	 {comes_from_lan, leaves, is_masqueraded, answers},
	 "arrived lan0, translated, left lan0, answered lan0"},
	{"over",
	 WEB " --until 2023-11-14T22:13:20Z",
	 {arrives},
	 "arrived wan0, stopped translated"},
};

static void tell(struct stage *s, char out[512])
{
	struct trace_news news;
	while (tracer_next(&s->tracer, s->now, &news)) {
		size_t used = strlen(out);
		const char *more = "";
		if (news.step == TRACE_STOPPED)
			more = words[news.missing];
		else if (news.step < TRACE_STEPS)
			more = news.trace->links[news.step];
		if (news.step == TRACE_TRANSLATED && news.trace->foreign)
			more = "elsewhere";
		snprintf(out + used, 512 - used, "%s%s%s%s", used ? ", " : "", words[news.step],
			 *more ? " " : "", more);
	}
}

static void check_row(void **state)
{
	const struct row *row = *state;
	struct host_address own[] = {{"lan0", at("192.168.1.1", 0).addr, 24},
				     {"wan0", at("203.0.113.1", 0).addr, 24}};
	const struct host_addresses addresses = {own, 2};
	struct stage s = {.f = read_one(row->line), .now = 1000};
	const struct forwards set = {&s.f, 1, 1};
	const bool selected = true;
	struct lookup lookup;
	struct err err;
	char told[512] = "";
	assert_int_equal(lookup_make(&set, &lookup, &err), 0);
	s.client = s.back = at("198.51.100.7", 4000);
	s.via = at("203.0.113.1", 80);
	s.target = forward_to_self(&s.f) ? at("203.0.113.1", 8080) : at("192.168.1.2", 8080);
	s.tracer = (struct tracer){.set = &set,
				   .selected = &selected,
				   .lookup = &lookup,
				   .links = &all_links,
				   .addresses = &addresses,
				   .now = READ_NOW,
				   .items = calloc(TRACES_MAX, sizeof(struct trace))};
	for (size_t i = 0; row->see[i]; i++) {
		row->see[i](&s);
		if (!row->see[i + 1] || row->see[i + 1] != is_counted)
			tell(&s, told);
	}
	assert_string_equal(told, row->told);
	free(s.tracer.items);
	lookup_free(&lookup);
}

/* ---- bytes ---- */

struct bytes_row {
	const char *what;
	const char *hex;
	const char *said; /* NULL: nothing */
};

#define IP4(proto) "450000280000400040" proto "0000c6336407cb007101"
#define IP6(proto)                                                \
	"600000000014" proto "4020010db8000000000000000000000007" \
	"20010db8000000000000000000000001"
#define TCP(flags) "0fa00050000000000000000050" flags "ffff00000000"

static const struct bytes_row rows_of_bytes[] = {
	{"SYN", IP4("06") TCP("02"), "0 6 198.51.100.7:4000 203.0.113.1:80"},
	{"SYN with ECN", IP4("06") TCP("c2"), "0 6 198.51.100.7:4000 203.0.113.1:80"},
	{"SYN ACK", IP4("06") TCP("12"), "1 6 198.51.100.7:4000 203.0.113.1:80"},
	{"RST ACK", IP4("06") TCP("14"), "2 6 198.51.100.7:4000 203.0.113.1:80"},
	{"data", IP4("06") TCP("18"), NULL},
	{"IPv6", IP6("06") TCP("02"), "0 6 2001:db8::7:4000 2001:db8::1:80"},
	{"a datagram", IP4("11") "0fa0003500080000", "0 17 198.51.100.7:4000 203.0.113.1:53"},
	{"INIT", IP4("84") "0fa0005000000000000000000100",
	 "0 132 198.51.100.7:4000 203.0.113.1:80"},
	{"INIT ACK", IP4("84") "0fa0005000000000000000000200",
	 "1 132 198.51.100.7:4000 203.0.113.1:80"},
	{"a later fragment",
	 "4500002800000001401100"
	 "00c6336407cb0071010fa0003500080000",
	 NULL},
	{"port unreachable", IP4("01") "0303000000000000" IP4("11") "0fa0003500080000",
	 "3 17 198.51.100.7:4000 203.0.113.1:53 port unreachable"},
	{"a header that is not known", IP6("3a") "0401000000000006" IP6("84") "0fa0005000000000",
	 "3 132 2001:db8::7:4000 2001:db8::1:80 protocol unreachable"},
	{"an echo", IP4("01") "0800000000000000" IP4("11") "0fa0003500080000", NULL},
	{"cut off", IP4("06") "0fa0", NULL},
	{"nothing", "", NULL},
	{"options longer than the packet",
	 "4f000028000040004006"
	 "0000c6336407cb007101" TCP("02"),
	 NULL},
};

static size_t read_hex(const char *hex, uint8_t *out)
{
	size_t n = 0;
	for (; hex[2 * n]; n++) {
		const char digits[] = {hex[2 * n], hex[2 * n + 1], '\0'};
		out[n] = (uint8_t)strtoul(digits, NULL, 16);
	}
	return n;
}

static void check_bytes(void **state)
{
	const struct bytes_row *row = *state;
	uint8_t bytes[128];
	struct packet p;
	char said[200] = "", from[ADDRESS_TEXT_MAX], to[ADDRESS_TEXT_MAX];
	size_t length = read_hex(row->hex, bytes);
	if (!packet_read(bytes, length, &p)) {
		assert_null(row->said);
		return;
	}
	address_format(&p.from.addr, from);
	address_format(&p.to.addr, to);
	snprintf(said, sizeof(said), "%d %d %s:%u %s:%u%s%s", p.kind, p.proto, from, p.from.port,
		 to, p.to.port, p.error ? " " : "", p.error ? p.error : "");
	assert_non_null(row->said);
	assert_string_equal(said, row->said);
}

int main(void)
{
	struct rows rows = {0};
	ROWS_ADD_ALL(&rows, rows_of_traces, check_row);
	ROWS_ADD_ALL(&rows, rows_of_bytes, check_bytes);
	return rows_run(&rows, "trace");
}
