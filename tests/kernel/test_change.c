/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was written to the kernel reads back the same, and goes without a trace. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../unit/random_forward.h"
#include "ruleset/change.h"
#include "ruleset/present.h"
#include "xtables/backend.h"

static int take_all(void *context, const struct forwards *present, const struct forwards **wanted,
		    struct err *err)
{
	(void)present;
	(void)err;
	*wanted = context;
	return 0;
}

static const struct backend *const backends[] = {&xtables_backend, NULL};

/* How many changes it took. */
static size_t put(struct forwards *set)
{
	struct change change = {
		.backends = backends, .decide = take_all, .context = set, .wait_seconds = 5};
	struct change_result result = {0};
	struct err err;
	if (change_run(&change, &result, &err) < 0)
		fail_msg("%s", err.text);
	size_t size = result.size;
	change_result_free(&result);
	return size;
}

static void assert_there(const struct forwards *set)
{
	struct present present;
	struct err err;
	assert_int_equal(present_read(backends, READING_ALL, &present, &err), 0);
	assert_int_equal(present.forwards.count, set->count);
	for (size_t i = 0; i < set->count; i++) {
		assert_true(forward_equal(&present.forwards.items[i], &set->items[i]));
		assert_false(present.of[i].status.incomplete);
	}
	present_free(&present);
}

static void random_forwards(struct forwards *set, int tries)
{
	static struct dice dice = {.state = 1};
	struct err err;
	*set = (struct forwards){0};
	for (int i = 0; i < tries; i++) {
		dice.spread = i % 2 ? WIDE : CROWDED;
		struct forward f = random_forward(&dice, FAMILY_NONE);
		add_if_free(set, &f, 0);
	}
	assert_int_equal(forwards_sort(set, &err), 0);
}

static void what_is_written_reads_back(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		struct forwards set;
		random_forwards(&set, i * 15 + 1);
		put(&set);
		assert_there(&set);
		assert_int_equal(put(&set), 0);
		forwards_free(&set);
	}
}

static void nothing_is_left_after_the_last(void **state)
{
	(void)state;
	struct forwards set, none = {0};
	random_forwards(&set, 100);
	put(&set);
	put(&none);
	assert_there(&none);
	FILE *rules =
		popen("for t in iptables-legacy ip6tables-legacy; do for table in nat filter; "
		      "do $t -t $table -S; done; done | grep -c -v '^-P'",
		      "r");
	char count[16] = "";
	assert_non_null(rules);
	assert_non_null(fgets(count, sizeof(count), rules));
	pclose(rules);
	assert_string_equal(count, "0\n");
	forwards_free(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_reads_back),
		cmocka_unit_test(nothing_is_left_after_the_last),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
