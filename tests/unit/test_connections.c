/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose a connection is, against a search without an index, and what the kernel repeats. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <cmocka.h>

#include "conns/lookup.h"
#include "conns/repeats.h"
#include "random_forward.h"

/* ---- whose it is ---- */

static const char *const owners[] = {"eth0", "eth1", "ppp0", NULL};

/* Addresses are owned by any of them, as their last byte says. */
static const char *owner_of(const void *context, const struct address *addr)
{
	(void)context;
	return owners[addr->bytes[addr->family == FAMILY_IPV6 ? 15 : 3] % 4];
}

#define NOW 1700000000

static const struct lookup_host host = {owner_of, NULL, NOW};

static bool could_be(const struct forward *f, const struct connection *c)
{
	return f->family == c->family && f->proto == c->proto &&
	       ports_hold(f->ports, c->via.port) &&
	       (!address_is_set(&f->addr) || address_equal(&f->addr, &c->via.addr)) &&
	       lookup_goes_to(f, c) && (f->local || lookup_takes_client(f, &c->client.addr));
}

static bool on_interface(const struct forward *f, const struct connection *c)
{
	const char *interface = owner_of(NULL, &c->via.addr);
	enum overlap r = interface ? ifname_overlap(interface, f->ifname) : OVERLAP_EQUAL;
	return !*f->ifname || r == OVERLAP_EQUAL || r == OVERLAP_INSIDE;
}

/* Connections of these tests do not tell when they began. */
static bool is_alive(const struct forward *f)
{
	return !forward_expired(f, NOW);
}

static bool to_that_port(const struct forward *f, const struct connection *c)
{
	return forward_target_port(f, c->via.port) == c->target.port;
}

/* That it is alive counts more than the very port, that more than its clients, these more than its
 * interface, and then the narrower one is it. */
static int compare_naively(const struct forward *f, const struct forward *g,
			   const struct connection *c)
{
	int d = is_alive(g) - is_alive(f);
	struct match box = forward_match(f), other = forward_match(g);
	if (d == 0)
		d = to_that_port(g, c) - to_that_port(f, c);
	if (d == 0)
		d = lookup_takes_client(g, &c->client.addr) -
		    lookup_takes_client(f, &c->client.addr);
	if (d == 0)
		d = on_interface(g, c) - on_interface(f, c);
	return d ? d : match_compare(&box, &other);
}

static const struct forward *find_naively(const struct forwards *set, const struct connection *c)
{
	const struct forward *best = NULL;
	for (size_t i = 0; i < set->count; i++) {
		const struct forward *f = &set->items[i];
		if (could_be(f, c) && (!best || compare_naively(f, best, c) < 0))
			best = f;
	}
	return best;
}

/* One that runs through f but perhaps for its client. */
static struct connection random_connection(struct dice *dice, const struct forward *f)
{
	enum family family = f->family;
	struct connection c = {.family = f->family, .proto = f->proto, .translated = true};
	size_t hairpins = forward_hairpin_count(f);
	const struct network *near =
		hairpins == 0 || once_in(dice, 2)
			? &f->from
			: &f->hairpin_nets->items[roll(dice, (unsigned int)hairpins)];
	uint16_t port = (uint16_t)(f->ports.first + roll(dice, ports_count(f->ports)));
	struct address any = random_address(dice, family);
	c.client.addr = network_is_set(near) ? near->addr : random_address(dice, family);
	c.via = (struct endpoint){address_is_set(&f->addr) ? f->addr : any, port};
	c.target = lookup_target(f, &c.via);
	return c;
}

static void a_connection_is_the_forwards_that_a_search_finds(void **state)
{
	(void)state;
	struct dice dice = {.state = 1};
	struct err err;
	int found = 0;
	for (int round = 0; round < 60; round++) {
		struct forwards set = {0};
		struct lookup lookup;
		dice.spread = round % 3 ? CROWDED : WIDE;
		for (unsigned int i = roll(&dice, 300); i > 0; i--) {
			struct forward f = random_forward(&dice, FAMILY_NONE);
			if (once_in(&dice, 2)) /* few places, so that their clients matter */
				f.ports = f.target_ports = (struct ports){7, 7};
			assert_int_equal(forwards_add(&set, &f, &err), 0);
		}
		assert_int_equal(lookup_make(&set, &lookup, &err), 0);
		for (int i = 0; i < 500; i++) {
			struct forward f = random_forward(&dice, FAMILY_NONE);
			if (set.count && !once_in(&dice, 4))
				f = set.items[roll(&dice, (unsigned int)set.count)];
			struct connection c = random_connection(&dice, &f);
			const struct forward *mine = lookup_connection(&lookup, &c, &host);
			const struct forward *right = find_naively(&set, &c);
			found += right != NULL;
			/* equal ones may be there twice */
			assert_int_equal(mine != NULL, right != NULL);
			if (mine)
				assert_int_equal(compare_naively(mine, right, &c), 0);
		}
		lookup_free(&lookup);
		forwards_free(&set);
	}
	assert_true(found > 10000);
}

/* Only where it makes a difference is anybody asked who owns an address. */
static void an_owner_is_asked_for_where_two_fit(void **state)
{
	(void)state;
	static const struct lookup_host nobody = {0}; /* asking it would crash */
	struct forwards set = {0};
	struct lookup lookup;
	struct err err;
	struct forward f = {.family = FAMILY_IPV4,
			    .proto = PROTO_TCP,
			    .ifname = "eth0",
			    .target = {FAMILY_IPV4, {10, 0, 0, 1}},
			    .ports = {80, 80},
			    .target_ports = {80, 80}};
	struct connection c = {.family = FAMILY_IPV4,
			       .proto = PROTO_TCP,
			       .client = {{FAMILY_IPV4, {10, 0, 0, 9}}, 4000},
			       .via = {{FAMILY_IPV4, {10, 1, 0, 1}}, 80}, /* eth1's */
			       .target = {f.target, 80}};
	assert_int_equal(forwards_add(&set, &f, &err), 0);
	assert_int_equal(lookup_make(&set, &lookup, &err), 0);
	assert_ptr_equal(lookup_connection(&lookup, &c, &nobody), &set.items[0]);
	lookup_free(&lookup);
	strcpy(f.ifname, "eth1");
	assert_int_equal(forwards_add(&set, &f, &err), 0);
	assert_int_equal(lookup_make(&set, &lookup, &err), 0);
	assert_ptr_equal(lookup_connection(&lookup, &c, &host), &set.items[1]);
	lookup_free(&lookup);
	forwards_free(&set);
}

/* ---- expired forwards ---- */

enum whose {
	NOBODYS,
	NARROW,
	WIDE_ONE,
};

/* A narrow forward inside a wide one, both to the same place, and a connection that fits both. */
static const struct {
	const char *name;
	int64_t narrow_until, wide_until; /* 0: never */
	int64_t start;                    /* seconds; 0: the kernel does not tell */
	enum whose whose;
} endings[] = {
	{"both live: the narrow one's", 0, 0, 0, NARROW},
	{"the narrow one has ended: the wide one's", NOW - 9, 0, 0, WIDE_ONE},
	{"it ends now: the wide one's", NOW, 0, 0, WIDE_ONE},
	{"it ends in a second: its own", NOW + 1, 0, 0, NARROW},
	{"begun before its end: its own", NOW - 9, 0, NOW - 10, NARROW},
	{"begun at its end: the wide one's", NOW - 9, 0, NOW - 9, WIDE_ONE},
	{"the wide one has ended: the narrow one's", 0, NOW - 9, 0, NARROW},
	{"both have ended: the narrow one's", NOW - 9, NOW - 9, 0, NARROW},
	{"begun between the ends: of the one that lived", NOW - 9, NOW - 5, NOW - 7, WIDE_ONE},
};

static void an_expired_forward_keeps_what_nobody_else_may_have_translated(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		struct forward narrow = {.family = FAMILY_IPV4,
					 .proto = PROTO_TCP,
					 .from = {{FAMILY_IPV4, {10}}, 8},
					 .target = {FAMILY_IPV4, {10, 0, 0, 1}},
					 .ports = {80, 80},
					 .target_ports = {80, 80},
					 .until = endings[i].narrow_until};
		struct forward wide = narrow;
		wide.from = (struct network){0};
		wide.until = endings[i].wide_until;
		struct connection c = {.family = FAMILY_IPV4,
				       .proto = PROTO_TCP,
				       .client = {{FAMILY_IPV4, {10, 0, 0, 9}}, 4000},
				       .via = {{FAMILY_IPV4, {10, 1, 0, 1}}, 80},
				       .target = {narrow.target, 80},
				       .start = (uint64_t)endings[i].start * 1000000000};
		struct forward items[] = {narrow, wide};
		const struct forwards set = {items, 2, 2};
		struct lookup lookup;
		struct err err;
		assert_int_equal(lookup_make(&set, &lookup, &err), 0);
		const struct forward *f = lookup_connection(&lookup, &c, &host);
		enum whose whose = !f ? NOBODYS : f == &items[0] ? NARROW : WIDE_ONE;
		if (whose != endings[i].whose)
			fail_msg("%s: not so", endings[i].name);
		lookup_free(&lookup);
	}
}

/* ---- how long it takes ---- */

#define MANY 50000

/* Nanoseconds of this thread for so many look-ups of ports below MANY. */
static int64_t time_lookups(const struct lookup *lookup, unsigned int count)
{
	struct timespec begin, end;
	struct dice dice = {.state = 1};
	struct connection c = {.family = FAMILY_IPV4,
			       .proto = PROTO_TCP,
			       .client = {{FAMILY_IPV4, {10, 0, 0, 9}}, 4000},
			       .via = {{FAMILY_IPV4, {10, 1, 0, 1}}, 0},
			       .target = {{FAMILY_IPV4, {10, 0, 0, 1}}, 80}};
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
	for (unsigned int i = 0; i < count; i++) {
		c.via.port = (uint16_t)(1 + roll(&dice, MANY));
		assert_non_null(lookup_connection(lookup, &c, &host));
	}
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
	return (int64_t)(end.tv_sec - begin.tv_sec) * 1000000000 + end.tv_nsec - begin.tv_nsec;
}

/* Walking past half of the others would take a thousand times as long. */
static void one_wide_range_does_not_make_look_ups_slow(void **state)
{
	(void)state;
	struct forwards set = {0};
	struct lookup without, with;
	struct err err;
	struct forward f = {.family = FAMILY_IPV4,
			    .proto = PROTO_TCP,
			    .target = {FAMILY_IPV4, {10, 0, 0, 1}},
			    .target_ports = {80, 80}};
	for (uint16_t port = 1; port <= MANY; port++) {
		f.ports = (struct ports){port, port};
		assert_int_equal(forwards_add(&set, &f, &err), 0);
	}
	assert_int_equal(lookup_make(&set, &without, &err), 0);
	f.ports = (struct ports){1, UINT16_MAX};
	f.target.bytes[3] = 2;
	assert_int_equal(forwards_add(&set, &f, &err), 0);
	assert_int_equal(lookup_make(&set, &with, &err), 0);
	time_lookups(&without, 1000);
	assert_true(time_lookups(&with, 20000) < 20 * time_lookups(&without, 20000));
	lookup_free(&without);
	lookup_free(&with);
	forwards_free(&set);
}

/* ---- what the kernel repeats ---- */

static struct connection numbered(unsigned int number)
{
	return (struct connection){.id = number, .client.port = (uint16_t)number};
}

static void repeats_among_the_last_ones_are_found(void **state)
{
	(void)state;
	struct repeats recent = {0};
	struct connection none = {0};
	assert_false(repeats_seen(&recent, &none));
	for (unsigned int i = 1; i < 1000; i++) {
		struct connection c = numbered(i), again = numbered(i > 80 ? i - 80 : 1);
		assert_false(repeats_seen(&recent, &c));
		assert_true(repeats_seen(&recent, &c));
		assert_true(repeats_seen(&recent, &again));
	}
}

static void others_of_the_same_id_are_no_repeats(void **state)
{
	(void)state;
	struct repeats recent = {0};
	struct connection a = numbered(1), b = a, c = a, d = a;
	b.client.port = 2;
	c.via.port = 2;
	d.via.addr.bytes[15] = 2;
	assert_false(repeats_seen(&recent, &a));
	assert_false(repeats_seen(&recent, &b));
	assert_false(repeats_seen(&recent, &c));
	assert_false(repeats_seen(&recent, &d));
	assert_true(repeats_seen(&recent, &a));
}

/* As the ring says, whatever shares a slot of its index. */
static void the_ring_forgets_the_oldest(void **state)
{
	(void)state;
	struct dice dice = {.state = 1};
	struct repeats recent = {0};
	unsigned int ring[REPEATS_MAX] = {0}, seen = 0;
	for (int i = 0; i < 200000; i++) {
		unsigned int number = 1 + REPEATS_SLOTS * roll(&dice, 200);
		struct connection c = numbered(number);
		bool there = false;
		for (size_t k = 0; k < REPEATS_MAX; k++)
			there = there || ring[k] == number;
		assert_int_equal(repeats_seen(&recent, &c), there);
		if (!there)
			ring[seen++ % REPEATS_MAX] = number;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connection_is_the_forwards_that_a_search_finds),
		cmocka_unit_test(an_owner_is_asked_for_where_two_fit),
		cmocka_unit_test(an_expired_forward_keeps_what_nobody_else_may_have_translated),
		cmocka_unit_test(one_wide_range_does_not_make_look_ups_slow),
		cmocka_unit_test(repeats_among_the_last_ones_are_found),
		cmocka_unit_test(others_of_the_same_id_are_no_repeats),
		cmocka_unit_test(the_ring_forgets_the_oldest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
