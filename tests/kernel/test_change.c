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
#include "nftables/backend.h"
#include "xtables/backend.h"

static int take_all(void *context, const struct forwards *present, const struct forwards **wanted,
		    struct err *err)
{
	(void)present;
	(void)err;
	*wanted = context;
	return 0;
}

/* The one that is tried: set by each test's state. */
static const struct backend *backends[] = {NULL, NULL};

struct asked { /* one forward to be there, or not; the others stay */
	const struct forward *f;
	bool there;
	struct forwards all;
};

static int decide_one(void *context, const struct forwards *present, const struct forwards **wanted,
		      struct err *err)
{
	struct asked *asked = context;
	asked->all.count = 0;
	*wanted = &asked->all;
	for (size_t i = 0; i < present->count; i++)
		if (!forward_equal(&present->items[i], asked->f) &&
		    forwards_add(&asked->all, &present->items[i], err) < 0)
			return -1;
	return asked->there ? insert_one(&asked->all, asked->f) : 0;
}

/* As a command that only looks at what is around the one forward. */
static void put_around(const struct forwards *set, const struct forward *f)
{
	struct forwards one = {.items = &(struct forward){0}, .count = 1};
	struct asked asked = {.f = f, .there = forwards_find(set, f) < set->count};
	struct change change = {.backends = backends,
				.decide = decide_one,
				.around = &one,
				.context = &asked,
				.wait_seconds = 5};
	struct change_result result = {0};
	struct err err;
	one.items[0] = *f;
	if (change_run(&change, &result, &err) < 0)
		fail_msg("%s", err.text);
	change_result_free(&result);
	forwards_free(&asked.all);
}

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
		/* a shifted range has an element a port in nf_tables: few of the long ones do */
		if (ports_count(f.target_ports) < 500 || i % 60 == 0)
			add_if_free(set, &f, 0);
	}
	assert_int_equal(forwards_sort(set, &err), 0);
}

static void what_is_written_reads_back(void **state)
{
	backends[0] = *state;
	for (int i = 0; i < 20; i++) {
		struct forwards set;
		random_forwards(&set, i * 15 + 1);
		put(&set);
		assert_there(&set);
		assert_int_equal(put(&set), 0);
		forwards_free(&set);
	}
}

/* Forwards one by one, as `pfwd add` and `pfwd del` do it, read back the same as all at once. */
static void single_changes_add_up(void **state)
{
	backends[0] = *state;
	struct forwards set, some = {0};
	random_forwards(&set, 120);
	put(&some);
	for (size_t i = 0; i < set.count; i++) {
		/* in an order that is not that of the list */
		const struct forward *f = &set.items[(i * 37) % set.count];
		if (forwards_find(&some, f) == some.count)
			assert_int_equal(insert_one(&some, f), 0);
		put_around(&some, f);
		assert_there(&some);
	}
	while (some.count > 0) {
		size_t at = some.count / 2;
		struct forward gone = some.items[at];
		memmove(&some.items[at], &some.items[at + 1], (--some.count - at) * sizeof(gone));
		put_around(&some, &gone);
		assert_there(&some);
	}
	forwards_free(&set);
	forwards_free(&some);
}

static void nothing_is_left_after_the_last(void **state)
{
	backends[0] = *state;
	struct forwards set, none = {0};
	random_forwards(&set, 100);
	put(&set);
	put(&none);
	assert_there(&none);
	FILE *rules =
		popen("(for t in iptables-legacy ip6tables-legacy; do for table in nat filter; "
		      "do $t -t $table -S; done; done; nft list ruleset) | grep -c -v '^-P'",
		      "r");
	char count[16] = "";
	assert_non_null(rules);
	assert_non_null(fgets(count, sizeof(count), rules));
	pclose(rules);
	assert_string_equal(count, "0\n");
	forwards_free(&set);
}

/* What a dry run prints is what nft takes; it makes the same forwards. */
static void a_dry_run_is_a_file_for_nft(void **state)
{
	(void)state;
	backends[0] = &nftables_backend;
	for (int i = 1; i < 8; i++) {
		struct forwards set, none = {0};
		struct change change = {.backends = backends,
					.decide = take_all,
					.dry_run = true,
					.wait_seconds = 5};
		struct change_result result = {0};
		struct present present;
		struct err err;
		random_forwards(&set, 20 * i);
		change.context = &set;
		put(&none);
		assert_int_equal(change_run(&change, &result, &err), 0);
		FILE *nft = popen("nft -f -", "w");
		assert_non_null(nft);
		fwrite(result.plan.text, 1, result.plan.used, nft);
		assert_int_equal(pclose(nft), 0);
		change_result_free(&result);
		assert_int_equal(present_read(backends, READING_FORWARDS, &present, &err), 0);
		assert_int_equal(present.forwards.count, set.count);
		for (size_t k = 0; k < set.count; k++)
			assert_true(forward_equal(&present.forwards.items[k], &set.items[k]));
		present_free(&present);
		/* nft sets labels before it looks up: that is mended */
		assert_true(put(&set) > 0);
		assert_there(&set);
		assert_int_equal(put(&set), 0);
		put(&none);
		forwards_free(&set);
	}
}

/* What nft lists it loads again, with all forwards; what that changes is noticed and mended. */
static void a_listing_can_be_loaded_again(void **state)
{
	(void)state;
	backends[0] = &nftables_backend;
	struct forwards set, none = {0};
	random_forwards(&set, 150);
	put(&set);
	assert_int_equal(system("nft list ruleset >/run/listing && nft flush ruleset && "
				"nft -f /run/listing"),
			 0);
	assert_true(put(&set) > 0);
	assert_there(&set);
	assert_int_equal(put(&set), 0);
	put(&none);
	forwards_free(&set);
}

#define BOTH(test)                                                                         \
	{"iptables: " #test, test, NULL, NULL, (void *)(uintptr_t)&xtables_backend},       \
	{                                                                                  \
		"nftables: " #test, test, NULL, NULL, (void *)(uintptr_t)&nftables_backend \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(what_is_written_reads_back),
		BOTH(single_changes_add_up),
		BOTH(nothing_is_left_after_the_last),
		cmocka_unit_test(a_dry_run_is_a_file_for_nft),
		cmocka_unit_test(a_listing_can_be_loaded_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
