/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The account of connections: what a kernel tells late, twice or not at all must not show in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "conns/traffic.h"

#define SECOND INT64_C(1000000000)
#define FORWARDS 3

/* Connections to port n run through forward n; to others through none. */
static uint32_t owner_of(const void *context, const struct connection *c)
{
	const uint16_t *first = context;
	uint16_t port = (uint16_t)(c->via.port - *first);
	return port < FORWARDS ? port : TRAFFIC_NOBODY;
}

static uint16_t first_port;
static struct traffic traffic;
static struct err err;

static int begin_account(void **state)
{
	(void)state;
	first_port = 0;
	traffic = (struct traffic){.owner = owner_of, .context = &first_port};
	return traffic_init(&traffic, FORWARDS, &err);
}

static int end_account(void **state)
{
	(void)state;
	traffic_free(&traffic);
	return 0;
}

static struct connection connection(uint32_t id, uint16_t port, uint64_t in, uint64_t out)
{
	struct connection c = {.family = FAMILY_IPV4,
			       .proto = PROTO_TCP,
			       .translated = true,
			       .counted = true,
			       .id = id,
			       .bytes_in = in,
			       .bytes_out = out};
	c.via.port = port;
	c.client.port = (uint16_t)(1024 + id % 50000);
	return c;
}

static void tell(enum connection_event event, struct connection c)
{
	c.event = event;
	assert_int_equal(traffic_take(&traffic, &c, &err), 0);
}

#define THERE(...) tell(CONNECTION_THERE, connection(__VA_ARGS__))
#define NEW(...) tell(CONNECTION_NEW, connection(__VA_ARGS__))
#define ENDED(...) tell(CONNECTION_DESTROY, connection(__VA_ARGS__))

static int64_t now;

static void end_pass(int64_t seconds)
{
	now += seconds * SECOND;
	assert_int_equal(traffic_end_pass(&traffic, now, &err), 0);
}

static void assert_sum(size_t forward, uint64_t live, uint64_t in, uint64_t out)
{
	const struct traffic_sum *sum = &traffic.sums[forward];
	assert_int_equal(sum->live, live);
	assert_int_equal(sum->in, in);
	assert_int_equal(sum->out, out);
}

static void what_was_there_before_counts_from_now_on(void **state)
{
	(void)state;
	traffic_begin_pass(&traffic);
	THERE(1, 0, 1000, 2000);
	THERE(2, 9, 5, 5);
	end_pass(1);
	assert_sum(0, 1, 0, 0);
	assert_sum(FORWARDS, 1, 0, 0);
	assert_int_equal(traffic.interval, 0);
	traffic_begin_pass(&traffic);
	THERE(1, 0, 1500, 2000);
	THERE(2, 9, 5, 6);
	end_pass(2);
	assert_sum(0, 1, 500, 0);
	assert_sum(FORWARDS, 1, 0, 1);
	assert_int_equal(traffic.interval, 2 * SECOND);
	assert_int_equal(traffic.sums[0].in_rate, 250);
	assert_int_equal(traffic.sums[0].begun, 0);
}

static void the_bytes_of_a_short_one_count(void **state)
{
	(void)state;
	traffic_begin_pass(&traffic);
	end_pass(1);
	traffic_tick(&traffic, now);
	NEW(1, 1, 0, 0);
	ENDED(1, 1, 300, 400);
	traffic_begin_pass(&traffic);
	end_pass(1);
	traffic_tick(&traffic, now);
	assert_sum(1, 0, 300, 400);
	assert_int_equal(traffic.sums[1].in_rate, 300);
	assert_int_equal(traffic.sums[1].new_rate, 1000);
	traffic_begin_pass(&traffic);
	end_pass(1);
	traffic_tick(&traffic, now);
	assert_int_equal(traffic.sums[1].in_rate, 0);
	assert_int_equal(traffic.sums[1].new_rate, 0);
}

/* It is gone from the table seconds before its event comes. */
static void no_rate_dips_when_one_times_out(void **state)
{
	(void)state;
	traffic_begin_pass(&traffic);
	end_pass(1);
	NEW(1, 1, 0, 0);
	traffic_begin_pass(&traffic);
	THERE(1, 1, 100, 0);
	end_pass(1);
	assert_sum(1, 1, 100, 0);
	traffic_begin_pass(&traffic);
	end_pass(1);
	assert_sum(1, 0, 100, 0);
	traffic_begin_pass(&traffic);
	ENDED(1, 1, 130, 7);
	end_pass(1);
	assert_sum(1, 0, 130, 7);
}

/* If no event comes in three minutes, none will. */
static void one_that_is_gone_is_forgotten(void **state)
{
	(void)state;
	traffic_begin_pass(&traffic);
	THERE(1, 1, 100, 0);
	end_pass(1);
	for (int i = 0; i < 200; i++) {
		traffic_begin_pass(&traffic);
		end_pass(1);
	}
	ENDED(1, 1, 130, 0);
	assert_sum(1, 0, 0, 0);
}

static void one_that_a_pass_missed_lives_on(void **state)
{
	(void)state;
	traffic_begin_pass(&traffic);
	THERE(1, 1, 100, 0);
	end_pass(1);
	traffic_begin_pass(&traffic);
	end_pass(1);
	assert_sum(1, 0, 0, 0);
	traffic_begin_pass(&traffic);
	THERE(1, 1, 150, 0);
	THERE(1, 1, 150, 0);
	end_pass(1);
	assert_sum(1, 1, 50, 0);
	assert_int_equal(traffic.sums[1].begun, 0);
}

/* A part of the table was read before the event, and is looked at after it. */
static void one_that_has_ended_does_not_come_back(void **state)
{
	(void)state;
	traffic_begin_pass(&traffic);
	ENDED(7, 1, 50, 50);
	THERE(7, 1, 50, 50);
	end_pass(1);
	assert_sum(1, 0, 0, 0);
	NEW(1, 1, 0, 0);
	traffic_begin_pass(&traffic);
	ENDED(1, 1, 10, 0);
	THERE(1, 1, 10, 0);
	end_pass(1);
	traffic_begin_pass(&traffic);
	THERE(1, 1, 10, 0);
	end_pass(1);
	assert_sum(1, 0, 10, 0);
	/* but the kernel may give its number, and the same client its port, to another one */
	NEW(1, 1, 0, 0);
	assert_sum(1, 1, 10, 0);
	ENDED(1, 1, 3, 0);
	assert_sum(1, 0, 13, 0);
	assert_int_equal(traffic.sums[1].begun, 2);
}

static void one_that_a_pass_shows_before_its_event_is_new_once(void **state)
{
	(void)state;
	traffic_begin_pass(&traffic);
	end_pass(1);
	traffic_begin_pass(&traffic);
	THERE(1, 1, 0, 0);
	NEW(1, 1, 0, 0);
	end_pass(1);
	assert_sum(1, 1, 0, 0);
	assert_int_equal(traffic.sums[1].begun, 1);
}

static void what_lost_events_left_out_is_found_by_the_next_pass(void **state)
{
	(void)state;
	traffic_begin_pass(&traffic);
	end_pass(1);
	NEW(1, 1, 0, 0);
	traffic_begin_pass(&traffic);
	THERE(1, 1, 10, 0);
	traffic_lost(&traffic);
	end_pass(1);
	assert_sum(1, 1, 10, 0);
	traffic_begin_pass(&traffic);
	THERE(2, 1, 70, 0);
	end_pass(1);
	assert_sum(1, 1, 80, 0);
	assert_int_equal(traffic.sums[1].begun, 2);
	traffic_begin_pass(&traffic);
	THERE(2, 1, 70, 0);
	THERE(3, 1, 1000, 0);
	end_pass(1);
	assert_sum(1, 2, 80, 0);
}

static void counters_that_somebody_sets_to_zero_do_not_fall(void **state)
{
	(void)state;
	traffic_begin_pass(&traffic);
	THERE(1, 1, UINT64_C(1) << 41, 0);
	end_pass(1);
	traffic_begin_pass(&traffic);
	THERE(1, 1, (UINT64_C(1) << 41) + 5, 0);
	end_pass(1);
	assert_sum(1, 1, 5, 0);
	traffic_begin_pass(&traffic);
	THERE(1, 1, 2, 0);
	end_pass(1);
	assert_sum(1, 1, 7, 0);
}

static void bytes_that_are_not_counted_are_none(void **state)
{
	(void)state;
	struct connection c = connection(1, 1, 0, 0);
	c.counted = false;
	traffic_begin_pass(&traffic);
	tell(CONNECTION_THERE, c);
	end_pass(1);
	tell(CONNECTION_DESTROY, c);
	assert_sum(1, 0, 0, 0);
}

/* Forward 0 goes, 1 becomes 0, 2 stays, and a new one takes what was 0's. */
static void sums_survive_changes_of_other_forwards(void **state)
{
	(void)state;
	static const uint32_t to[FORWARDS] = {TRAFFIC_NOBODY, 0, 2};
	traffic_begin_pass(&traffic);
	for (uint16_t port = 0; port < FORWARDS; port++)
		THERE(port, port, 0, 0);
	end_pass(1);
	traffic_begin_pass(&traffic);
	for (uint16_t port = 0; port < FORWARDS; port++)
		THERE(port, port, 10U + port, 0);
	end_pass(1);
	assert_int_equal(traffic_move(&traffic, to, FORWARDS, &err), 0);
	first_port = 1; /* port 1 is forward 0 now, 2 is 1, 3 is 2 */
	assert_sum(0, 1, 11, 0);
	assert_sum(1, 0, 0, 0);
	assert_sum(2, 1, 12, 0);
	assert_sum(FORWARDS, 1, 0, 0);
	traffic_begin_pass(&traffic);
	for (uint16_t port = 0; port < FORWARDS; port++)
		THERE(port, port, 20U + port, 0);
	end_pass(1);
	assert_sum(0, 1, 21, 0);
	assert_sum(1, 1, 10, 0);
	assert_sum(2, 0, 12, 0);
	assert_sum(FORWARDS, 1, 10, 0);
}

/* A second of which nothing new is known has the rate of the one before. */
static void the_last_minute_is_remembered(void **state)
{
	(void)state;
	static const uint32_t to[FORWARDS] = {TRAFFIC_NOBODY, 0, 1};
	uint64_t minute[TRAFFIC_HISTORY];
	traffic_free(&traffic);
	traffic.keeps_history = true;
	assert_int_equal(traffic_init(&traffic, FORWARDS, &err), 0);
	now = 1000 * SECOND;
	for (uint64_t i = 0; i < 100; i++) {
		traffic_begin_pass(&traffic);
		THERE(1, 1, i * i * 1000000, 0);
		end_pass(i == 98 ? 2 : 1);
		traffic_tick(&traffic, now);
	}
	traffic_begin_pass(&traffic);
	end_pass(0);
	traffic_tick(&traffic, now + SECOND / 2);
	assert_int_equal(traffic_move(&traffic, to, FORWARDS - 1, &err), 0);
	traffic_history(&traffic, 0, minute);
	for (uint64_t k = 0; k < TRAFFIC_HISTORY; k++) {
		uint64_t i = k == 59 ? 99 : k >= 57 ? 98 : 41 + k, rate = (2 * i - 1) * 1000000;
		rate = i == 98 ? rate / 2 : rate;
		assert_true(minute[k] <= rate && minute[k] >= rate - rate / 500);
	}
	traffic_history(&traffic, 1, minute);
	assert_int_equal(minute[TRAFFIC_HISTORY - 1], 0);
}

static void its_owner_can_be_asked_for(void **state)
{
	(void)state;
	struct connection c = connection(1, 2, 0, 0), other = connection(2, 9, 0, 0);
	assert_true(traffic_owner(&traffic, &c) == TRAFFIC_NOBODY);
	NEW(1, 2, 0, 0);
	NEW(2, 9, 0, 0);
	assert_int_equal(traffic_owner(&traffic, &c), 2);
	assert_true(traffic_owner(&traffic, &other) == TRAFFIC_NOBODY);
	ENDED(1, 2, 0, 0);
	assert_true(traffic_owner(&traffic, &c) == TRAFFIC_NOBODY);
}

/* ---- a kernel ---- */

#define MANY 5000
#define STEPS 40

struct kernel_entry {
	enum { UNBORN, THERE_NOW, TIMED_OUT, OVER } state;
	struct connection c;
};

static struct kernel_entry kernel[MANY];

static void carry(struct kernel_entry *entry, uint64_t truth[FORWARDS + 1])
{
	uint64_t more = (uint64_t)(rand() % 1000);
	entry->c.bytes_in += more;
	truth[entry->c.via.port] += more;
}

/* One of them goes on: begins, carries more, times out, or ends. */
static void live_on(struct kernel_entry *entry, uint32_t id, uint64_t truth[FORWARDS + 1])
{
	int chance = rand() % 8;
	if (entry->state == UNBORN && chance < 3) {
		entry->c = connection(id, (uint16_t)(rand() % (FORWARDS + 1)), 0, 0);
		entry->state = THERE_NOW;
		tell(CONNECTION_NEW, entry->c);
		carry(entry, truth);
	} else if (entry->state == THERE_NOW && chance < 4) {
		carry(entry, truth);
	} else if (entry->state == THERE_NOW && chance == 4) {
		entry->state = TIMED_OUT;
	} else if ((entry->state == THERE_NOW && chance == 5) || entry->state == TIMED_OUT) {
		entry->state = OVER;
		tell(CONNECTION_DESTROY, entry->c);
	}
}

static uint64_t assert_nothing_falls(uint64_t before)
{
	uint64_t sum = 0;
	for (size_t i = 0; i <= FORWARDS; i++)
		sum += traffic.sums[i].in;
	assert_true(sum >= before);
	return sum;
}

/* All steps, each with a pass that is slower than the connections. */
static void sums_are_those_of_the_kernel(void **state)
{
	(void)state;
	static struct connection read_before[MANY];
	uint64_t truth[FORWARDS + 1] = {0}, live[FORWARDS + 1] = {0}, sum = 0;
	srand(7);
	memset(kernel, 0, sizeof(kernel));
	traffic_begin_pass(&traffic);
	end_pass(1);
	for (int step = 0; step < STEPS; step++) {
		traffic_begin_pass(&traffic);
		for (uint32_t i = 0; i < MANY; i++) {
			bool shown = kernel[i].state == THERE_NOW;
			read_before[i] = kernel[i].c;
			live_on(&kernel[i], i, truth);
			if (shown)
				tell(CONNECTION_THERE, read_before[i]);
			sum = i % 100 ? sum : assert_nothing_falls(sum);
		}
		end_pass(1);
	}
	traffic_begin_pass(&traffic);
	for (uint32_t i = 0; i < MANY; i++)
		if (kernel[i].state == THERE_NOW) {
			tell(CONNECTION_THERE, kernel[i].c);
			live[kernel[i].c.via.port]++;
		} else if (kernel[i].state == TIMED_OUT) {
			tell(CONNECTION_DESTROY, kernel[i].c);
		}
	end_pass(1);
	for (size_t i = 0; i <= FORWARDS; i++) {
		assert_true(truth[i] > 0);
		assert_sum(i, live[i], truth[i], 0);
	}
}

static void the_table_grows_and_shrinks(void **state)
{
	(void)state;
	size_t room = 0;
	traffic_begin_pass(&traffic);
	for (uint32_t i = 0; i < 200000; i++)
		THERE(i * 2654435761U, 1, 1, 1);
	end_pass(1);
	assert_sum(1, 200000, 0, 0);
	for (size_t i = 0; i < TRAFFIC_SEGMENTS; i++)
		room += traffic.segments[i].room;
	assert_true(room < 200000 * 8 / 5);
	for (uint32_t i = 0; i < 200000; i++)
		ENDED(i * 2654435761U, 1, 2, 1);
	assert_sum(1, 0, 200000, 0);
	for (int i = 0; i < 2; i++) {
		traffic_begin_pass(&traffic);
		end_pass(1);
	}
	for (size_t i = 0; i < TRAFFIC_SEGMENTS; i++) {
		assert_int_equal(traffic.segments[i].used, 0);
		assert_true(traffic.segments[i].room < 16);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin_account, end_account)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_there_before_counts_from_now_on),
		TEST(the_bytes_of_a_short_one_count),
		TEST(no_rate_dips_when_one_times_out),
		TEST(one_that_is_gone_is_forgotten),
		TEST(one_that_a_pass_missed_lives_on),
		TEST(one_that_has_ended_does_not_come_back),
		TEST(one_that_a_pass_shows_before_its_event_is_new_once),
		TEST(what_lost_events_left_out_is_found_by_the_next_pass),
		TEST(counters_that_somebody_sets_to_zero_do_not_fall),
		TEST(bytes_that_are_not_counted_are_none),
		TEST(sums_survive_changes_of_other_forwards),
		TEST(the_last_minute_is_remembered),
		TEST(its_owner_can_be_asked_for),
		TEST(sums_are_those_of_the_kernel),
		TEST(the_table_grows_and_shrinks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
