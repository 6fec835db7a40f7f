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

static int take_all(void *context, const struct forwards *present, const struct forwards **wanted,
		    struct err *err)
{
	(void)present;
	(void)err;
	*wanted = context;
	return 0;
}

static size_t changed;

static void count_changes(void *context, const struct snapshot *before,
			  const struct forwards *wanted, size_t changes)
{
	(void)context;
	(void)before;
	(void)wanted;
	changed = changes;
}

static void put(struct forwards *set)
{
	struct change change = {
		.decide = take_all, .done = count_changes, .context = set, .lock_seconds = 5};
	struct err err;
	if (change_run(&change, &err) < 0)
		fail_msg("%s", err.text);
}

static void assert_there(const struct forwards *set)
{
	struct snapshot snapshot;
	struct err err;
	assert_int_equal(snapshot_read(&snapshot, &err), 0);
	assert_int_equal(snapshot.forwards.count, set->count);
	struct status *status = calloc(set->count + 1, sizeof(*status));
	for (int f = 0; f < FAMILIES; f++)
		assert_int_equal(health_of(snapshot.states[f], set, status, &err), 0);
	for (size_t i = 0; i < set->count; i++) {
		assert_true(forward_equal(&snapshot.forwards.items[i], &set->items[i]));
		assert_false(status[i].incomplete);
	}
	free(status);
	snapshot_free(&snapshot);
}

static void random_forwards(struct forwards *set, int tries)
{
	static struct dice dice = {.state = 1};
	struct err err;
	*set = (struct forwards){0};
	for (int i = 0; i < tries; i++) {
		dice.spread = i % 2 ? WIDE : CROWDED;
		struct forward f = random_forward(&dice, FAMILY_NONE);
		forwards_insert(set, &f, 0, FORWARDS_REFUSE, &err);
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
		put(&set);
		assert_int_equal(changed, 0);
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
