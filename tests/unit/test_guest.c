/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where in others' chains forwards are stopped for every client, and where pfwd's rule goes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "filter/early.h"
#include "nftables/guest.h"
#include "read_forward.h"

#define RULES_MAX 5

/* ---- the room filter: chains of values ---- */

#define DROP                          \
	{                             \
		.verdict = FILTER_END \
	}
#define BAN                                            \
	{                                              \
		.verdict = FILTER_END, .limited = true \
	}
#define BAN_DESTINATION                                                            \
	{                                                                          \
		.verdict = FILTER_END, .dst = { {FAMILY_IPV4, {10, 1, 0, 2}}, 32 } \
	}
#define ACCEPT_ALL                       \
	{                                \
		.verdict = FILTER_ACCEPT \
	}
#define ACCEPT_SOME                                       \
	{                                                 \
		.verdict = FILTER_ACCEPT, .limited = true \
	}
#define ESTABLISHED                                     \
	{                                               \
		.verdict = FILTER_ACCEPT, .never = true \
	}
#define JUMP(n)                                   \
	{                                         \
		.verdict = FILTER_JUMP, .to = (n) \
	}
#define GOTO(n)                                   \
	{                                         \
		.verdict = FILTER_GOTO, .to = (n) \
	}
#define DOUBT                                           \
	{                                               \
		.verdict = FILTER_END, .doubtful = true \
	}
#define RETURN_SOME                                       \
	{                                                 \
		.verdict = FILTER_RETURN, .limited = true \
	}
#define RETURN_ALL                       \
	{                                \
		.verdict = FILTER_RETURN \
	}

/* A new connection that comes in on wan0 and goes to 192.168.1.2:8080/tcp. Chain 0 is the base. */
static const struct walked {
	const char *what;
	struct filter_rule rules[3][RULES_MAX]; /* up to the first that is zeroed */
	bool drops;
	struct {
		enum filter_end end;
		size_t index;
	} place;
} walked[] = {
	{"nothing there", {{{0}}}, false, {FILTER_OPEN, 0}},
	{"a policy", {{{0}}}, true, {FILTER_CLOSED, 0}},
	{"a policy behind what is established", {{ESTABLISHED}}, true, {FILTER_CLOSED, 1}},
	{"a ban and no policy", {{BAN}}, false, {FILTER_OPEN, 1}},
	{"a ban, then a policy", {{BAN}}, true, {FILTER_CLOSED, 1}},
	{"all accepted before the policy", {{BAN, ACCEPT_ALL}}, true, {FILTER_OPEN, 1}},
	{"some accepted before a drop", {{ACCEPT_SOME, DROP}}, false, {FILTER_CLOSED, 1}},
	{"a drop of all below", {{BAN, JUMP(1)}, {DROP}}, false, {FILTER_CLOSED, 1}},
	{"a drop of all two below",
	 {{BAN, JUMP(1)}, {BAN, JUMP(2)}, {DROP}},
	 false,
	 {FILTER_CLOSED, 1}},
	{"a ban below", {{JUMP(1)}, {BAN}}, false, {FILTER_OPEN, 1}},
	{"those of a country return, the others are dropped",
	 {{JUMP(1)}, {RETURN_SOME, DROP}},
	 false,
	 {FILTER_OPEN, 1}},
	{"all return before a drop", {{JUMP(1)}, {RETURN_ALL, DROP}}, false, {FILTER_OPEN, 1}},
	{"accepted below", {{JUMP(1), DROP}, {ACCEPT_ALL}}, true, {FILTER_OPEN, 0}},
	{"gone for good", {{GOTO(1), DROP}, {BAN}}, false, {FILTER_OPEN, 0}},
	{"gone for good, to the policy", {{GOTO(1), ACCEPT_ALL}, {BAN}}, true, {FILTER_CLOSED, 0}},
	{"another interface", {{{.verdict = FILTER_END, .in = "lan0"}}}, false, {FILTER_OPEN, 1}},
	{"all interfaces but another",
	 {{{.verdict = FILTER_END, .in = "lan0", .not_in = true}}},
	 false,
	 {FILTER_CLOSED, 0}},
	{"all interfaces but this one",
	 {{{.verdict = FILTER_END, .in = "wan0", .not_in = true}}},
	 false,
	 {FILTER_OPEN, 1}},
	{"a wildcard", {{{.verdict = FILTER_END, .in = "wan+"}}}, false, {FILTER_CLOSED, 0}},
	{"an interface it may go out by",
	 {{{.verdict = FILTER_ACCEPT, .out = "lan0"}}},
	 true,
	 {FILTER_CLOSED, 1}},
	{"another protocol",
	 {{{.verdict = FILTER_END, .proto = PROTO_UDP}}},
	 false,
	 {FILTER_OPEN, 1}},
	{"the other family",
	 {{{.verdict = FILTER_END, .family = FAMILY_IPV6}}},
	 false,
	 {FILTER_OPEN, 1}},
	{"other ports",
	 {{{.verdict = FILTER_END, .ports = {9000, 9010}}}},
	 false,
	 {FILTER_OPEN, 1}},
	{"ports with this one",
	 {{{.verdict = FILTER_END, .ports = {8000, 8999}}}},
	 false,
	 {FILTER_CLOSED, 0}},
	{"what is not understood may accept",
	 {{{.verdict = FILTER_ACCEPT, .unsure = true}}},
	 true,
	 {FILTER_CLOSED, 1}},
	{"what is not understood may drop",
	 {{{.verdict = FILTER_END, .unsure = true}}},
	 false,
	 {FILTER_CLOSED, 0}},
	{"a source", {{{.verdict = FILTER_END, .source = true}}}, true, {FILTER_CLOSED, 1}},
	{"a circle ends", {{JUMP(1)}, {JUMP(0)}}, false, {FILTER_OPEN, 1}},
};

/* ---- one client ---- */

#define CLIENTS "198.51.100.0/24"

/* The same connection, of the client 198.51.100.7; or the answers to it, or to any client. */
static const struct judged {
	const char *what;
	enum filter_verdict verdict;
	const char *src, *dst;
	bool not_src, limited;
	enum { CLIENT, SUSPECT, ANYBODY, ANSWER, ANSWERS } of;
	bool drops;
	enum filter_end end;
} judged[] = {
	{"a ban of it", FILTER_END, CLIENTS, NULL, false, false, CLIENT, false, FILTER_CLOSED},
	{"a ban to nobody", FILTER_END, CLIENTS, NULL, false, false, ANYBODY, false, FILTER_OPEN},
	{"a ban of others", FILTER_END, "10.0.0.0/8", NULL, false, false, CLIENT, false,
	 FILTER_OPEN},
	{"a ban of all but these", FILTER_END, CLIENTS, NULL, true, false, CLIENT, false,
	 FILTER_OPEN},
	{"a ban of all but others", FILTER_END, "10.0.0.0/8", NULL, true, false, CLIENT, false,
	 FILTER_CLOSED},
	{"a door for it", FILTER_ACCEPT, CLIENTS, NULL, false, false, CLIENT, true, FILTER_OPEN},
	{"a door for others", FILTER_ACCEPT, "10.0.0.0/8", NULL, false, false, CLIENT, true,
	 FILTER_CLOSED},
	{"a set of clients", FILTER_END, NULL, NULL, false, true, CLIENT, false, FILTER_OPEN},
	{"a set under suspicion", FILTER_END, NULL, NULL, false, true, SUSPECT, false,
	 FILTER_CLOSED},
	{"answers to it", FILTER_END, NULL, CLIENTS, false, false, ANSWER, false, FILTER_CLOSED},
	{"answers to others", FILTER_END, NULL, "10.0.0.0/8", false, false, ANSWER, false,
	 FILTER_OPEN},
	{"answers to some", FILTER_END, NULL, CLIENTS, false, false, ANSWERS, false, FILTER_OPEN},
};

static struct network read_net(const char *text)
{
	struct network net = {0};
	enum family family;
	if (text)
		assert_int_equal(network_parse(text, &net, &family), 0);
	return net;
}

/* 2^99 ways lead to the last chain. */
static void chains_that_branch_and_join_are_walked_once(void **state)
{
	enum { CHAINS = 100, JUMPS = 2 };
	struct filter_rule jumps[CHAINS][JUMPS] = {0};
	struct filter_chain chains[CHAINS];
	const struct filter_rule drop = {.verdict = FILTER_END};
	const struct filter_flow flow = {
		.family = FAMILY_IPV4, .proto = PROTO_TCP, .in = "wan0", .ports = {80, 80}};
	const struct filter_base base = {chains, CHAINS, 0};
	(void)state;
	for (uint32_t c = 0; c < CHAINS; c++) {
		for (size_t i = 0; i < JUMPS; i++)
			jumps[c][i] = (struct filter_rule){.verdict = FILTER_JUMP, .to = c + 1};
		chains[c] = (struct filter_chain){jumps[c], JUMPS, false};
	}
	chains[CHAINS - 1] = (struct filter_chain){0};
	assert_int_equal(filter_place(&base, &flow).end, FILTER_OPEN);
	assert_int_equal(filter_limits(&base, &flow, 0).passed, FILTER_NO_RULE);
	chains[CHAINS - 1] = (struct filter_chain){&drop, 1, false};
	assert_int_equal(filter_place(&base, &flow).end, FILTER_CLOSED);
	/* as no packet filter lets them */
	jumps[CHAINS - 2][1].to = 0;
	chains[CHAINS - 1] = (struct filter_chain){0};
	assert_int_equal(filter_place(&base, &flow).end, FILTER_OPEN);
}

static void what_stops_one_client_is_found(void **state)
{
	const struct forward f = read_one("wan0:80 192.168.1.2:8080");
	(void)state;
	for (size_t i = 0; i < sizeof(judged) / sizeof(judged[0]); i++) {
		const struct judged *j = &judged[i];
		const struct filter_rule rule = {.verdict = j->verdict,
						 .src = read_net(j->src),
						 .dst = read_net(j->dst),
						 .not_src = j->not_src,
						 .limited = j->limited};
		const struct filter_chain chain = {&rule, 1, j->drops};
		struct filter_flow flow = {.family = f.family,
					   .proto = f.proto,
					   .in = "wan0",
					   .dst = network_of_host(&f.target),
					   .ports = f.target_ports,
					   .suspect = j->of == SUSPECT,
					   .reply = j->of == ANSWER || j->of == ANSWERS};
		if (j->of != ANYBODY && j->of != ANSWERS)
			flow.client = read_net("198.51.100.7/32");
		if (flow.reply)
			flow.dst = (struct network){0};
		if (filter_place(&(struct filter_base){&chain, 1, 0}, &flow).end != j->end)
			fail_msg("%s", j->what);
	}
}

/* Of a host with 192.168.1.1, 203.0.113.1 and 203.0.113.5. */
static const struct answered {
	const char *what;
	const char *own; /* NULL: any of its addresses */
	const char *src;
	bool not_src;
	enum filter_end end;
} answered[] = {
	{"another's address", NULL, "10.9.3.2/32", false, FILTER_OPEN},
	{"one of the addresses", NULL, "203.0.113.5/32", false, FILTER_CLOSED},
	{"all of the addresses", NULL, "192.0.0.0/4", false, FILTER_CLOSED},
	{"all but another's", NULL, "10.9.3.2/32", true, FILTER_CLOSED},
	{"all but all of the addresses", NULL, "192.0.0.0/4", true, FILTER_OPEN},
	{"its address", "203.0.113.5/32", "203.0.113.0/24", false, FILTER_CLOSED},
	{"not its address", "203.0.113.5/32", "203.0.113.1/32", false, FILTER_OPEN},
};

static void the_source_of_answers_is_an_address_of_this_host(void **state)
{
	struct address items[] = {{FAMILY_IPV4, {192, 168, 1, 1}},
				  {FAMILY_IPV4, {203, 0, 113, 1}},
				  {FAMILY_IPV4, {203, 0, 113, 5}}};
	const struct addresses hosts = {items, 3};
	(void)state;
	for (size_t i = 0; i < sizeof(answered) / sizeof(answered[0]); i++) {
		const struct answered *a = &answered[i];
		const struct filter_rule rule = {
			.verdict = FILTER_END, .src = read_net(a->src), .not_src = a->not_src};
		const struct filter_chain chain = {&rule, 1, false};
		const struct filter_flow flow = {.family = FAMILY_IPV4,
						 .proto = PROTO_TCP,
						 .ports = {1, UINT16_MAX},
						 .own = read_net(a->own),
						 .hosts = &hosts,
						 .reply = true};
		if (filter_place(&(struct filter_base){&chain, 1, 0}, &flow).end != a->end)
			fail_msg("%s", a->what);
	}
}

/* ---- what comes before the translation ---- */

/* Of wan0:80 to 192.168.1.2:8080 behind lan0: one base chain with one or two rules. */
static const struct early_row {
	const char *what;
	struct filter_rule rules[2];
	struct early_base base;
	bool suspect;
	enum early_kind kind;
} early_rows[] = {
	{"nothing", {{0}}, {0}, false, EARLY_NOTHING},
	{"a drop", {DROP}, {0}, false, EARLY_DROP},
	{"of the other family", {DROP}, {.family = FAMILY_IPV6}, false, EARLY_NOTHING},
	{"of this device", {DROP}, {.devices = {"opt0", "wan0"}}, false, EARLY_DROP},
	{"of another device", {DROP}, {.devices = {"opt0"}}, false, EARLY_NOTHING},
	{"on the way to this host", {DROP}, {.way = EARLY_IN}, false, EARLY_NOTHING},
	{"on the way through", {DROP}, {.way = EARLY_THROUGH}, false, EARLY_DROP},
	{"answers as they come in",
	 {{.verdict = FILTER_END, .in = "lan0", .from_ports = {8080, 8080}}},
	 {0},
	 false,
	 EARLY_DROP},
	{"what comes from another port",
	 {{.verdict = FILTER_END, .in = "lan0", .from_ports = {80, 80}}},
	 {0},
	 false,
	 EARLY_NOTHING},
	{"answers on the way through",
	 {{.verdict = FILTER_END, .in = "lan0", .out = "wan0"}},
	 {.translated = true, .way = EARLY_THROUGH},
	 false,
	 EARLY_DROP},
	{"answers as they leave",
	 {{.verdict = FILTER_END, .out = "wan0"}},
	 {.translated = true, .way = EARLY_POST},
	 false,
	 EARLY_DROP},
	{"what leaves by another interface",
	 {{.verdict = FILTER_END, .out = "opt0"}},
	 {.translated = true, .way = EARLY_POST},
	 false,
	 EARLY_NOTHING},
	{"of this host's own", {DROP}, {.way = EARLY_OUT}, false, EARLY_NOTHING},
	{"answers that are not tracked",
	 {{.verdict = FILTER_UNTRACK, .in = "lan0"}},
	 {.zones = true},
	 false,
	 EARLY_UNTRACKED},
	{"a drop that pfwd lets through",
	 {DROP},
	 {.translated = true, .way = EARLY_THROUGH, .served = true},
	 false,
	 EARLY_NOTHING},
	{"a ban", {BAN}, {0}, false, EARLY_NOTHING},
	{"a ban that is suspected", {BAN}, {0}, true, EARLY_DROP},
	{"a drop that may take it",
	 {{.verdict = FILTER_END, .unsure = true}},
	 {0},
	 false,
	 EARLY_NOTHING},
	{"accepted before", {ACCEPT_ALL, DROP}, {0}, false, EARLY_NOTHING},
	{"no tracking", {{.verdict = FILTER_UNTRACK}}, {0}, false, EARLY_UNTRACKED},
	{"no tracking once it is translated",
	 {{.verdict = FILTER_UNTRACK}},
	 {.translated = true},
	 false,
	 EARLY_NOTHING},
	{"no tracking of the target's port",
	 {{.verdict = FILTER_UNTRACK, .ports = {8080, 8080}}},
	 {0},
	 false,
	 EARLY_NOTHING},
	{"the target's port once it is translated",
	 {{.verdict = FILTER_END, .ports = {8080, 8080}}},
	 {.translated = true},
	 false,
	 EARLY_DROP},
	{"SYNPROXY", {{.verdict = FILTER_PROXY}}, {0}, false, EARLY_PROXY},
	{"a zone for what comes in",
	 {{.in = "wan0", .zone = {.id = 5}}},
	 {.zones = true},
	 false,
	 EARLY_ZONE},
	{"a zone for both",
	 {{.in = "wan0", .zone = {.id = 5}}, {.in = "lan0", .zone = {.id = 5}}},
	 {.zones = true},
	 false,
	 EARLY_NOTHING},
	{"a zone for one direction",
	 {{.in = "wan0", .zone = {.id = 5, .original = true}}},
	 {.zones = true},
	 false,
	 EARLY_NOTHING},
	{"a zone for answers alone",
	 {{.in = "lan0", .zone = {.id = 7}}},
	 {.zones = true},
	 false,
	 EARLY_ZONE},
	{"a zone behind conntrack", {{.in = "wan0", .zone = {.id = 5}}}, {0}, false, EARLY_NOTHING},
};

static void what_comes_before_the_translation_is_found(void **state)
{
	const struct forward f = read_one("wan0:80 192.168.1.2:8080");
	(void)state;
	for (size_t i = 0; i < sizeof(early_rows) / sizeof(early_rows[0]); i++) {
		const struct early_row *row = &early_rows[i];
		struct filter_chain chain = {row->rules, 2, false};
		struct early_set set = {&chain, 1};
		struct early_base base = row->base;
		const struct early early = {&set, &base, 1, 1};
		const struct early_case of = {
			.f = &f, .addr = f.target, .out = "lan0", .suspect = row->suspect};
		if (early_find(&early, &of).kind != row->kind)
			fail_msg("%s", row->what);
	}
}

/* ---- a ban behind the place ---- */

static void bans_behind_a_place_are_found(void **state)
{
	const struct forward f = read_one("wan0:80 192.168.1.2:8080");
	const struct filter_rule rules[] = {BAN, {.verdict = FILTER_END, .ports = {1, 9000}}, BAN};
	const struct filter_rule others[] = {
		BAN, {.verdict = FILTER_END, .ports = {9000, 9000}}, BAN};
	const struct filter_chain chains[] = {{rules, 3, true}, {others, 3, true}};
	const struct filter_flow flow = {.family = f.family,
					 .proto = f.proto,
					 .in = "wan0",
					 .dst = network_of_host(&f.target),
					 .ports = f.target_ports};
	(void)state;
	struct filter_limits found = filter_limits(&(struct filter_base){chains, 2, 0}, &flow, 0);
	assert_int_equal(found.some, 0);
	assert_int_equal(found.passed, 0);
	assert_int_equal(found.stop, FILTER_NO_RULE);
	/* all would end there, but the place lets them past */
	found = filter_limits(&(struct filter_base){chains, 2, 0}, &flow, 1);
	assert_int_equal(found.some, 0);
	assert_int_equal(found.passed, 2);
	assert_int_equal(found.stop, 1);
	found = filter_limits(&(struct filter_base){chains, 2, 1}, &flow, 1);
	assert_int_equal(found.passed, 2);
	assert_int_equal(found.stop, FILTER_NO_RULE);
	found = filter_limits(&(struct filter_base){chains, 2, 1}, &flow, FILTER_NO_RULE);
	assert_int_equal(found.passed, FILTER_NO_RULE);
}

/* In one chain, or in one below. */
static void what_bans_and_then_stops_all_is_told_apart(void **state)
{
	const struct filter_rule base[] = {BAN, JUMP(1), BAN};
	const struct filter_rule below[] = {BAN, DROP};
	const struct filter_chain chains[] = {{base, 3, false}, {below, 2, false}};
	const struct filter_flow flow = {
		.family = FAMILY_IPV4, .proto = PROTO_TCP, .in = "wan0", .ports = {80, 80}};
	(void)state;
	struct filter_limits found = filter_limits(&(struct filter_base){chains, 2, 0}, &flow, 1);
	assert_int_equal(found.some, 0);
	assert_int_equal(found.passed, 1);
	assert_int_equal(found.stop, 1);
	assert_true(filter_has_limits(base, 3));
	assert_true(filter_has_limits(below, 2));
	assert_false(filter_has_limits(&base[1], 1));
}

/* ---- what may stop all, or nobody ---- */

/* The connection of the rows above; only the first two rules of the base chain are asked for. */
static const struct doubted {
	const char *what;
	struct filter_rule rules[2][3]; /* up to the first that is zeroed */
	int index;                      /* of the rule that is found; -1: none */
} doubts[] = {
	{"a drop", {{BAN, DOUBT}}, 1},
	{"a door", {{{.verdict = FILTER_ACCEPT, .doubtful = true}}}, -1},
	{"a mark that is set", {{{.doubtful = true}}}, -1},
	{"a drop behind the place", {{BAN, BAN, DOUBT}}, -1},
	{"a drop of another interface",
	 {{{.verdict = FILTER_END, .doubtful = true, .in = "lan0"}}},
	 -1},
	{"a drop for some clients",
	 {{{.verdict = FILTER_END, .doubtful = true, .limited = true}}},
	 -1},
	{"a drop behind one of all", {{DROP, DOUBT}}, -1},
	{"a drop behind what lets all in", {{ACCEPT_ALL, DOUBT}}, -1},
	{"a drop below", {{BAN, JUMP(1)}, {BAN, DOUBT}}, 1},
	{"a drop below, for some clients",
	 {{{.verdict = FILTER_JUMP, .to = 1, .limited = true}}, {DOUBT}},
	 -1},
	{"what may lead to a drop",
	 {{{.verdict = FILTER_JUMP, .to = 1, .doubtful = true}}, {DROP}},
	 0},
	{"what may not return before a drop",
	 {{JUMP(1)}, {{.verdict = FILTER_RETURN, .doubtful = true}, DROP}},
	 0},
	{"a drop of all who do not return", {{JUMP(1)}, {RETURN_SOME, DOUBT}}, -1},
};

static size_t rules_of(const struct filter_rule *rules, size_t max)
{
	static const struct filter_rule none;
	size_t n = 0;
	while (n < max && memcmp(&rules[n], &none, sizeof(none)) != 0)
		n++;
	return n;
}

static void what_may_stop_all_is_found(void **state)
{
	const struct forward f = read_one("wan0:80 192.168.1.2:8080");
	const struct filter_flow flow = {.family = f.family,
					 .proto = f.proto,
					 .in = "wan0",
					 .dst = network_of_host(&f.target),
					 .ports = f.target_ports};
	(void)state;
	for (size_t i = 0; i < sizeof(doubts) / sizeof(doubts[0]); i++) {
		const struct doubted *row = &doubts[i];
		const struct filter_chain chains[] = {
			{row->rules[0], rules_of(row->rules[0], 3), false},
			{row->rules[1], rules_of(row->rules[1], 3), false}};
		size_t found = filter_limits(&(struct filter_base){chains, 2, 0}, &flow, 2).doubted;
		int index = found == FILTER_NO_RULE ? -1 : (int)found;
		if (index != row->index)
			fail_msg("%s: %d", row->what, index);
	}
}

/* The same for the answers of this host: their source is this host, their destination a client. */
static const struct walked answers[] = {
	{"a source", {{{.verdict = FILTER_END, .source = true}}}, false, {FILTER_CLOSED, 0}},
	{"a source that may not be the one",
	 {{{.verdict = FILTER_ACCEPT, .source = true}}},
	 true,
	 {FILTER_CLOSED, 1}},
	{"a banned client", {{BAN_DESTINATION}}, true, {FILTER_CLOSED, 1}},
	{"a banned client, and no policy", {{BAN_DESTINATION}}, false, {FILTER_OPEN, 1}},
	{"a set of clients",
	 {{{.verdict = FILTER_END, .unsure = true, .destination = true}}},
	 true,
	 {FILTER_CLOSED, 1}},
};

/* The same for what programs of this host send, wherever they send it to. */
static const struct walked anywhere[] = {
	{"a destination", {{BAN_DESTINATION}}, true, {FILTER_CLOSED, 1}},
	{"a set of destinations",
	 {{{.verdict = FILTER_END, .unsure = true, .destination = true}}},
	 false,
	 {FILTER_OPEN, 1}},
	{"a set of something else",
	 {{{.verdict = FILTER_END, .unsure = true}}},
	 false,
	 {FILTER_CLOSED, 0}},
};

static void walk_all(const struct walked *walks, size_t count, const struct filter_flow *flow)
{
	for (size_t i = 0; i < count; i++) {
		const struct walked *w = &walks[i];
		struct filter_chain chains[3];
		for (size_t c = 0; c < 3; c++)
			chains[c] = (struct filter_chain){
				w->rules[c], rules_of(w->rules[c], RULES_MAX), c == 0 && w->drops};
		struct filter_place p = filter_place(&(struct filter_base){chains, 3, 0}, flow);
		if (p.end != w->place.end || p.index != w->place.index)
			fail_msg("%s: %s at %zu", w->what, p.end == FILTER_OPEN ? "open" : "closed",
				 p.index);
	}
}

static void what_stops_every_client_is_found(void **state)
{
	const struct forward f = read_one("wan0:80 192.168.1.2:8080");
	const struct filter_flow flow = {.family = f.family,
					 .proto = f.proto,
					 .in = "wan0",
					 .dst = network_of_host(&f.target),
					 .ports = f.target_ports};
	const struct filter_flow answer = {
		.family = f.family, .proto = f.proto, .ports = {1, UINT16_MAX}, .reply = true};
	const struct filter_flow any = {
		.family = f.family, .proto = f.proto, .ports = {1, UINT16_MAX}, .anywhere = true};
	(void)state;
	walk_all(walked, sizeof(walked) / sizeof(walked[0]), &flow);
	walk_all(answers, sizeof(answers) / sizeof(answers[0]), &answer);
	walk_all(anywhere, sizeof(anywhere) / sizeof(anywhere[0]), &any);
}

/* ---- guests: one rule a base chain ---- */

struct fixture {
	struct others_chain chains[1];
	struct others others;
	struct forwards set;
	struct guests guests;
};

/* One base chain with those rules; guest is the index of pfwd's, or -1. */
static void place_guest(struct fixture *x, uint32_t hook, const struct filter_rule *rules,
			size_t count, int guest)
{
	static bool is_guest[RULES_MAX];
	static struct filter_rule copy[RULES_MAX];
	struct err err;
	memset(is_guest, 0, sizeof(is_guest));
	for (size_t i = 0; i < count; i++)
		copy[i] = rules[i];
	if (guest >= 0)
		is_guest[guest] = true;
	x->chains[0] = (struct others_chain){.nfproto = NFPROTO_INET,
					     .table = "fw",
					     .name = "chain",
					     .base = true,
					     .hook = hook,
					     .priority = 10,
					     .drops = true,
					     .rules = copy,
					     .guest = is_guest,
					     .count = count};
	x->others = (struct others){.chains = x->chains, .count = 1};
	assert_int_equal(
		guests_find(&(struct guest_case){&x->others, &x->set, false}, &x->guests, &err), 0);
	assert_int_equal(x->guests.count, 1);
}

/* The chain that stops the first forward of the set, or NULL. */
static const struct others_chain *find_stop(const struct fixture *x)
{
	const struct others_chain *stops[4] = {NULL};
	struct err err;
	assert_int_equal(guests_stop(&x->guests, stops, &err), 0);
	return stops[0];
}

static void put_away(struct fixture *x)
{
	forwards_free(&x->set);
	guests_free(&x->guests);
}

static void a_chain_of_the_hook_needs_a_guest(void **state)
{
	static const struct {
		const char *line;
		uint32_t hook;
		bool needed;
	} rows[] = {
		{"wan0:80 192.168.1.2", NF_INET_FORWARD, true},
		{"wan0:80 192.168.1.2", NF_INET_LOCAL_IN, false},
		{"wan0:80 192.168.1.2", NF_INET_LOCAL_OUT, false},
		{"wan0:80 192.168.1.2 --local", NF_INET_LOCAL_OUT, true},
		{"wan0:80 192.168.1.2 --local", NF_INET_LOCAL_IN, true},
		{"wan0:80 :8080 -4", NF_INET_LOCAL_IN, true},
		{"wan0:80 :8080 -4", NF_INET_FORWARD, false},
		{"wan0:80 -", NF_INET_FORWARD, false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixture x = {0};
		struct err err;
		assert_int_equal(read_line(rows[i].line, &x.set, &err), 0);
		place_guest(&x, rows[i].hook, NULL, 0, -1);
		if (x.guests.items[0].needed != rows[i].needed)
			fail_msg("%s at hook %u", rows[i].line, rows[i].hook);
		assert_int_equal(x.guests.hook_count, rows[i].needed);
		assert_true((find_stop(&x) != NULL) == rows[i].needed);
		put_away(&x);
	}
}

static void a_guest_behind_the_drop_is_too_late(void **state)
{
	static const struct filter_rule before[] = {BAN, {0}, DROP};
	static const struct filter_rule behind[] = {BAN, DROP, {0}};
	static const struct filter_rule early[] = {{0}, BAN, DROP};
	static const struct {
		const struct filter_rule *rules;
		int guest;
		bool there;
	} rows[] = {
		{before, 1, true},
		{behind, 2, false},
		/* it would let through who is banned */
		{early, 0, false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixture x = {0};
		struct err err;
		assert_int_equal(read_line("wan0:80 192.168.1.2", &x.set, &err), 0);
		place_guest(&x, NF_INET_FORWARD, rows[i].rules, 3, rows[i].guest);
		assert_true(x.guests.items[0].needed);
		assert_true(x.guests.items[0].there == rows[i].there);
		assert_true((find_stop(&x) == NULL) == rows[i].there);
		put_away(&x);
	}
}

/* Each forward is a case of its own if the chain asks for targets: the first that is stopped
 * decides. */
static void the_earliest_place_serves_all(void **state)
{
	struct forward other = read_one("wan0:1 192.168.1.3");
	const struct filter_rule rules[] = {{.verdict = FILTER_END,
					     .family = FAMILY_IPV4,
					     .dst = network_of_host(&other.target)},
					    BAN,
					    DROP};
	struct fixture x = {0};
	struct err err;
	(void)state;
	assert_int_equal(read_line("wan0:80 192.168.1.2", &x.set, &err), 0);
	place_guest(&x, NF_INET_FORWARD, rules, 3, -1);
	assert_int_equal(x.guests.items[0].place, 2);
	guests_free(&x.guests);
	assert_int_equal(read_line("wan0:81 192.168.1.3", &x.set, &err), 0);
	place_guest(&x, NF_INET_FORWARD, rules, 3, -1);
	assert_int_equal(x.guests.items[0].place, 0);
	put_away(&x);
}

/* Targets in 192.168.0.0/16 lie behind lan0, the others behind box0. */
static bool route(const struct address *addr, char out[IFNAME_MAX])
{
	strcpy(out, addr->bytes[0] == 192 ? "lan0" : "box0");
	return true;
}

static void the_way_to_the_target_decides(void **state)
{
	static const struct filter_rule rules[] = {{.verdict = FILTER_ACCEPT, .out = "lan0"},
						   {.verdict = FILTER_ACCEPT, .in = "lan0"},
						   {.verdict = FILTER_END, .out = "box0"}};
	static const struct {
		const char *line;
		bool needed;
	} rows[] = {
		{"wan0:80 192.168.1.2", false},
		{"wan0:80 172.30.0.2", true},
		{"wan0:80 :8080 -4", false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixture x = {0};
		struct err err;
		assert_int_equal(read_line(rows[i].line, &x.set, &err), 0);
		place_guest(&x, NF_INET_FORWARD, rules, 3, -1);
		guests_free(&x.guests);
		x.others.route = route;
		assert_int_equal(guests_find(&(struct guest_case){&x.others, &x.set, false},
					     &x.guests, &err),
				 0);
		if (x.guests.items[0].needed != rows[i].needed)
			fail_msg("%s", rows[i].line);
		put_away(&x);
	}
}

/* They are told from what the target's network begins, and what it sends elsewhere. */
static void answers_are_let_through(void **state)
{
	static const struct {
		const char *what;
		struct filter_rule rule;
		bool needed;
	} rows[] = {
		{"all", {.in = "lan0"}, true},
		{"those by the clients' interface", {.in = "lan0", .out = "wan0"}, true},
		{"by another", {.in = "lan0", .out = "opt0"}, false},
		{"what is new", {.in = "lan0", .not_reply = true}, false},
		{"to some ports of clients", {.in = "lan0", .ports = {25, 25}}, false},
		{"from some ports", {.in = "lan0", .limited = true}, false},
		{"in a set of states", {.in = "lan0", .states = true, .unsure = true}, false},
		{"from another network", {.in = "box0"}, false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct filter_rule rules[] = {rows[i].rule, {.verdict = FILTER_ACCEPT}};
		struct fixture x = {0};
		struct err err;
		rules[0].verdict = FILTER_END;
		assert_int_equal(read_line("wan0:80 192.168.1.2", &x.set, &err), 0);
		place_guest(&x, NF_INET_FORWARD, rules, 2, -1);
		guests_free(&x.guests);
		x.others.route = route;
		assert_int_equal(guests_find(&(struct guest_case){&x.others, &x.set, false},
					     &x.guests, &err),
				 0);
		if (x.guests.items[0].needed != rows[i].needed)
			fail_msg("%s", rows[i].what);
		put_away(&x);
	}
}

static void what_has_an_owner_is_left_alone(void **state)
{
	struct fixture x = {0};
	struct err err;
	(void)state;
	assert_int_equal(read_line("wan0:80 192.168.1.2", &x.set, &err), 0);
	place_guest(&x, NF_INET_FORWARD, NULL, 0, -1);
	guests_free(&x.guests);
	x.chains[0].owned = true;
	assert_int_equal(
		guests_find(&(struct guest_case){&x.others, &x.set, false}, &x.guests, &err), 0);
	assert_true(x.guests.items[0].owned);
	assert_int_equal(x.guests.hook_count, 0);
	assert_ptr_equal(find_stop(&x), &x.chains[0]);
	put_away(&x);
}

/* Of some forwards alone nobody can say that a guest rule serves none. */
static void a_guest_is_kept_for_forwards_that_were_not_read(void **state)
{
	static const struct filter_rule rules[] = {{0}, DROP};
	struct fixture x = {0};
	struct err err;
	(void)state;
	assert_int_equal(read_line("wan0:80 :8080 -4", &x.set, &err), 0);
	place_guest(&x, NF_INET_FORWARD, rules, 2, 0);
	assert_false(x.guests.items[0].needed);
	guests_free(&x.guests);
	assert_int_equal(
		guests_find(&(struct guest_case){&x.others, &x.set, true}, &x.guests, &err), 0);
	assert_true(x.guests.items[0].needed);
	assert_true(x.guests.items[0].there);
	put_away(&x);
}

/* Two forwards are alike to rules for sources and outgoing interfaces unless one takes the answers,
 * or the way, of one target alone. */
static void targets_that_no_rule_tells_apart_are_alike(void **state)
{
	static const struct {
		const char *src, *a, *b;
		bool alike;
	} rows[] = {
		{"203.0.113.9/32", "192.168.1.2", "192.168.1.3", true},
		{"192.168.1.2/32", "192.168.1.2", "192.168.1.3", false},
		{"192.168.1.3/32", "192.168.1.2", "192.168.1.3", false},
		{"192.168.1.0/24", "192.168.1.2", "192.168.1.255", true},
		{"192.168.1.0/24", "192.168.1.2", "192.168.2.2", false},
		{"192.168.1.0/24", "192.168.2.2", "192.168.3.2", true},
		{"255.255.255.0/24", "192.168.2.2", "192.168.3.2", true},
		{"0.0.0.0/1", "192.168.2.2", "192.168.3.2", true},
		{"203.0.113.9/32", "192.168.1.2", "172.30.0.2", false}, /* behind box0 */
	};
	static const struct addresses nowhere;
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct filter_rule rules[] = {
			{.verdict = FILTER_END, .src = read_net(rows[i].src)},
			{.verdict = FILTER_END, .src = read_net("198.51.100.0/28")},
			{.verdict = FILTER_ACCEPT, .out = "lan0"}};
		const struct filter_chain chain = {rules, 3, false};
		char lines[2][64];
		struct flows flows = {.here = &nowhere, .route = route};
		struct forwards set = {0};
		struct err err;
		snprintf(lines[0], sizeof(lines[0]), "wan0:80 %s", rows[i].a);
		snprintf(lines[1], sizeof(lines[1]), "wan0:81 %s", rows[i].b);
		for (size_t n = 0; n < 2; n++)
			assert_int_equal(read_line(lines[n], &set, &err), 0);
		flows_look(&flows, &chain, 1);
		assert_int_equal(flows_find_routes(&flows, &set, FAMILY_NONE), 0);
		if (flows_alike(&flows, &set.items[0], &set.items[1]) != rows[i].alike)
			fail_msg("%s: %s, %s", rows[i].src, rows[i].a, rows[i].b);
		flows_free(&flows);
		forwards_free(&set);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_stops_every_client_is_found),
		cmocka_unit_test(chains_that_branch_and_join_are_walked_once),
		cmocka_unit_test(what_stops_one_client_is_found),
		cmocka_unit_test(what_comes_before_the_translation_is_found),
		cmocka_unit_test(bans_behind_a_place_are_found),
		cmocka_unit_test(what_bans_and_then_stops_all_is_told_apart),
		cmocka_unit_test(what_may_stop_all_is_found),
		cmocka_unit_test(the_source_of_answers_is_an_address_of_this_host),
		cmocka_unit_test(a_chain_of_the_hook_needs_a_guest),
		cmocka_unit_test(a_guest_behind_the_drop_is_too_late),
		cmocka_unit_test(the_earliest_place_serves_all),
		cmocka_unit_test(the_way_to_the_target_decides),
		cmocka_unit_test(answers_are_let_through),
		cmocka_unit_test(targets_that_no_rule_tells_apart_are_alike),
		cmocka_unit_test(what_has_an_owner_is_left_alone),
		cmocka_unit_test(a_guest_is_kept_for_forwards_that_were_not_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
