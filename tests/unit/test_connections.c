/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections: what the kernel repeats of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "model/recent.h"
#include "random_forward.h"

static struct connection numbered(unsigned int number)
{
	return (struct connection){.id = number, .client.port = (uint16_t)number};
}

static void repeats_among_the_last_ones_are_found(void **state)
{
	(void)state;
	struct recent recent = {0};
	struct connection none = {0};
	assert_false(recent_repeats(&recent, &none));
	for (unsigned int i = 1; i < 1000; i++) {
		struct connection c = numbered(i), again = numbered(i > 80 ? i - 80 : 1);
		assert_false(recent_repeats(&recent, &c));
		assert_true(recent_repeats(&recent, &c));
		assert_true(recent_repeats(&recent, &again));
	}
}

static void others_of_the_same_id_are_no_repeats(void **state)
{
	(void)state;
	struct recent recent = {0};
	struct connection a = numbered(1), b = a, c = a, d = a;
	b.client.port = 2;
	c.via.port = 2;
	d.via.addr.bytes[15] = 2;
	assert_false(recent_repeats(&recent, &a));
	assert_false(recent_repeats(&recent, &b));
	assert_false(recent_repeats(&recent, &c));
	assert_false(recent_repeats(&recent, &d));
	assert_true(recent_repeats(&recent, &a));
}

/* As the ring says, whatever shares a slot of its index. */
static void the_ring_forgets_the_oldest(void **state)
{
	(void)state;
	struct dice dice = {.state = 1};
	struct recent recent = {0};
	unsigned int ring[RECENT_MAX] = {0}, seen = 0;
	for (int i = 0; i < 200000; i++) {
		unsigned int number = 1 + RECENT_SLOTS * roll(&dice, 200);
		struct connection c = numbered(number);
		bool there = false;
		for (size_t k = 0; k < RECENT_MAX; k++)
			there = there || ring[k] == number;
		assert_int_equal(recent_repeats(&recent, &c), there);
		if (!there)
			ring[seen++ % RECENT_MAX] = number;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(repeats_among_the_last_ones_are_found),
		cmocka_unit_test(others_of_the_same_id_are_no_repeats),
		cmocka_unit_test(the_ring_forgets_the_oldest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
