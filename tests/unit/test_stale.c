/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which UDP flows a change of forwards leaves behind: a reported test for each case. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "conns/stale.h"
#include "read_forward.h"

/* ---- a gateway ---- */

/* It owns 10.1.0.1 and 192.168.1.1. Routes lead to 10.1.0.0/16 by wan0, to 192.168.1.0/24 by lan0,
 * and nowhere else. */
static const char *owner(void *context, const struct address *addr)
{
	static const struct address own[] = {{FAMILY_IPV4, {10, 1, 0, 1}},
					     {FAMILY_IPV4, {192, 168, 1, 1}}};
	(void)context;
	return address_equal(addr, &own[0]) ? "wan0" : address_equal(addr, &own[1]) ? "lan0" : NULL;
}

static bool interface_to(void *context, const struct address *addr, char out[IFNAME_MAX])
{
	(void)context;
	if (addr->bytes[0] == 10 && addr->bytes[1] == 1)
		strcpy(out, "wan0");
	else if (addr->bytes[0] == 192)
		strcpy(out, "lan0");
	else
		return false;
	return true;
}

static const struct stale_host host = {NULL, owner, interface_to};

/* ---- cases ---- */

#define DNS "wan0:53/udp 192.168.1.2"
#define DNS_3 "wan0:53/udp 192.168.1.3"
#define WIDE_3 "wan0:1-65535/udp 192.168.1.3"
#define WIDE_4 "wan0:1-65535/udp 192.168.1.4"
#define PAST " --until 2023-01-01T00:00Z" /* READ_NOW is in November of that year */
#define FUTURE " --until 2030-01-01T00:00Z"
#define CLIENT "10.1.0.2"
#define NO_ROUTE "172.16.0.2"
#define SELF "10.1.0.1"

/* Lines of before and after are apart by "; ". A flow goes from client port 4000 to 10.1.0.1 port
 * 53; target: where it is translated to, at port 53; NULL: it is not. */
static const struct row {
	const char *name, *before, *after, *client, *target;
	bool stale;
} rows[] = {
	/* no changed forward takes its packets */
	{"nothing changed", DNS, DNS, CLIENT, "192.168.1.2", false},
	{"only TCP changed", "", "wan0:53 192.168.1.3", CLIENT, NULL, false},
	{"another port changed", DNS, DNS "; wan0:54/udp 192.168.1.3", CLIENT, "192.168.1.2",
	 false},
	{"another interface changed", "", "lan0:53/udp 192.168.1.3", CLIENT, NULL, false},
	{"other clients changed", "", DNS " --from 10.9.0.0/16", CLIENT, NULL, false},
	/* a forward takes them now */
	{"it goes where the forward sends it", "", DNS, CLIENT, "192.168.1.2", false},
	{"it is not translated, and would be", "", DNS, CLIENT, NULL, true},
	{"it goes elsewhere", DNS, DNS_3, CLIENT, "192.168.1.2", true},
	{"a narrower forward keeps it", DNS, DNS "; " WIDE_3, CLIENT, "192.168.1.2", false},
	{"a wider one takes it over", DNS "; " WIDE_3, WIDE_3, CLIENT, "192.168.1.2", true},
	{"a new name changes nothing", DNS, DNS " --name x", CLIENT, "192.168.1.2", false},
	{"a program's flow, by --local", "", DNS " --local", SELF, NULL, true},
	{"a program's flow, without it", "", DNS, SELF, NULL, false},
	{"a forward for its network takes it over", DNS, DNS "; " DNS_3 " --from 10.1.0.0/16",
	 CLIENT, "192.168.1.2", true},
	{"a forward for other networks leaves it", DNS, DNS "; " DNS_3 " --from 10.9.0.0/16",
	 CLIENT, "192.168.1.2", false},
	{"the target port is another one", DNS, DNS ":54", CLIENT, "192.168.1.2", true},
	{"a range sends it to another of its ports", "", "wan0:50-60/udp 192.168.1.2:46-56", CLIENT,
	 "192.168.1.2", true},
	{"a removed range sent it there, or beside", "wan0:50-60/udp 192.168.1.2:46-56", "", CLIENT,
	 "192.168.1.2", true},
	{"a forward of another address is added", "", "192.168.1.1:53/udp 192.168.1.2", CLIENT,
	 NULL, false},
	{"a flow of the target's network, by --hairpin", "", DNS " --hairpin=192.168.1.0/24",
	 "192.168.1.9", NULL, true},
	{"a flow of the target's network, without it", "", DNS, "192.168.1.9", NULL, false},
	{"a forward proper goes before what --hairpin adds", ":53/udp 192.168.1.2",
	 ":53/udp 192.168.1.2; " DNS_3 " --hairpin=192.168.1.0/24", "192.168.1.9", "192.168.1.2",
	 false},
	{"--hairpin does not take those of its own interface",
	 "lan0:53/udp 192.168.1.2 --from 192.168.0.0/16",
	 "lan0:53/udp 192.168.1.2 --from 10.9.0.0/16 --hairpin=192.168.1.0/24", "192.168.1.9",
	 "192.168.1.2", true},
	{"--hairpin takes those of another interface",
	 "lan0:53/udp 192.168.1.2 --from 192.168.0.0/16",
	 "opt0:53/udp 192.168.1.2 --from 10.9.0.0/16 --hairpin=192.168.1.0/24", "192.168.1.9",
	 "192.168.1.2", false},
	{"--hairpin is taken away", DNS " --hairpin=192.168.1.0/24", DNS, "192.168.1.9",
	 "192.168.1.2", true},
	/* none does */
	{"a removed forward sent it there", DNS, "", CLIENT, "192.168.1.2", true},
	{"another tool sent it elsewhere", DNS, "", CLIENT, "192.168.1.9", false},
	{"it was never translated", DNS, "", CLIENT, NULL, false},
	{"a removed range kept its port", "wan0:50-60/udp :53 -4", "", CLIENT, NULL, true},
	{"a removed range kept another port", "wan0:50-60/udp :54 -4", "", CLIENT, NULL, false},
	{"an exception is removed", "wan0:53/udp -", "", CLIENT, NULL, false},
	/* the interface is not known */
	{"unknown, not translated", "", DNS, NO_ROUTE, NULL, true},
	{"unknown, one might send it there", DNS_3, DNS, NO_ROUTE, "192.168.1.2", false},
	{"unknown, none sends it there", DNS_3, DNS, NO_ROUTE, "192.168.1.3", true},
	{"unknown, no forward asks", "", ":53/udp 192.168.1.2", NO_ROUTE, "192.168.1.2", false},
	/* expired forwards take nothing */
	{"expired, and a wide one is added", DNS PAST, DNS PAST "; " WIDE_3, CLIENT, "192.168.1.2",
	 true},
	{"expired, and its flow is the wide one's", DNS PAST "; " WIDE_3,
	 DNS PAST "; " WIDE_3 " --name x", CLIENT, "192.168.1.3", false},
	{"expired, and the wide one changes", DNS PAST "; " WIDE_3, DNS PAST "; " WIDE_4, CLIENT,
	 "192.168.1.3", true},
	{"expired, and removed", DNS PAST, "", CLIENT, "192.168.1.2", true},
	{"expired, and given a new end", DNS PAST, DNS FUTURE, CLIENT, "192.168.1.2", false},
	{"ended by the change", DNS, DNS PAST, CLIENT, "192.168.1.2", true},
	{"added when it has ended", "", DNS PAST, CLIENT, NULL, false},
	{"not concerned by the change", DNS PAST, DNS PAST "; wan0:54/udp 192.168.1.3", CLIENT,
	 "192.168.1.2", false},
};

static void read_set(const char *lines, struct forwards *out)
{
	struct err err;
	char *copy = strdup(lines), *rest = copy;
	while (rest && *rest) {
		char *line = rest, *end = strstr(rest, "; ");
		rest = end ? end + 2 : NULL;
		if (end)
			*end = '\0';
		if (read_line(line, out, &err) < 0)
			fail_msg("%s: %s", line, err.text);
	}
	free(copy);
	assert_int_equal(forwards_sort(out, &err), 0);
}

static struct endpoint endpoint(const char *addr, uint16_t port)
{
	struct endpoint e = {.port = port};
	assert_int_equal(address_parse(addr, &e.addr), 0);
	return e;
}

static bool is_stale(const struct row *row, const struct connection *c)
{
	struct forwards before = {0}, after = {0};
	struct stale stale;
	struct err err;
	read_set(row->before, &before);
	read_set(row->after, &after);
	const struct stale_change change = {&before, &after, READ_NOW};
	assert_int_equal(stale_make(&change, &host, &stale, &err), 0);
	assert_int_equal(stale_index(&stale, &err), 0);
	assert_int_equal(stale_index(&stale, &err), 0);
	bool result = stale_flow(&stale, c);
	assert_true(stale_possible(&stale) || !result);
	stale_free(&stale);
	forwards_free(&before);
	forwards_free(&after);
	return result;
}

static void a_flow(void **state)
{
	const struct row *row = *state;
	struct connection c = {.family = FAMILY_IPV4,
			       .proto = PROTO_UDP,
			       .translated = row->target != NULL,
			       .client = endpoint(row->client, 4000),
			       .via = endpoint("10.1.0.1", 53)};
	c.target = row->target ? endpoint(row->target, 53) : c.via;
	assert_int_equal(is_stale(row, &c), row->stale);
	c.proto = PROTO_TCP;
	assert_false(is_stale(row, &c));
}

/* A program that answered from port 53 before: conntrack has its flow the other way round. */
static void a_program_that_answered(void **state)
{
	(void)state;
	static const struct row added = {.before = "", .after = DNS},
				removed = {.before = DNS, .after = ""},
				expired = {.before = "", .after = DNS PAST};
	struct connection c = {.family = FAMILY_IPV4,
			       .proto = PROTO_UDP,
			       .client = endpoint("10.1.0.1", 53),
			       .via = endpoint(CLIENT, 4000)};
	c.target = c.via;
	assert_true(is_stale(&added, &c));
	assert_false(is_stale(&removed, &c));
	assert_false(is_stale(&expired, &c));
	c.via = c.target = endpoint("192.168.1.2", 4000); /* the answer goes to lan0 */
	assert_false(is_stale(&added, &c));
	c.client = endpoint("10.1.0.9", 53); /* not this host's */
	assert_false(is_stale(&added, &c));
}

#define ROWS (sizeof(rows) / sizeof(rows[0]))

int main(void)
{
	struct CMUnitTest tests[ROWS + 1] = {cmocka_unit_test(a_program_that_answered)};
	for (size_t i = 0; i < ROWS; i++)
		tests[i + 1] = (struct CMUnitTest){rows[i].name, a_flow, NULL, NULL,
						   (void *)(uintptr_t)&rows[i]};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
