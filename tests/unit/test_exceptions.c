/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which forwards keep their clients' addresses inside a wider one, and until when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "random_forward.h"
#include "xtables/build.h"
#include "xtables/exceptions.h"
#include "xtables/forward_rules.h"

static struct dice dice = {.state = 7, .spread = CROWDED};

/* Forwards to two targets, many of which lie inside others. */
static void make_set(struct forwards *set)
{
	static const struct address targets[] = {
		{FAMILY_IPV4, {10, 9, 9, 1}},
		{FAMILY_IPV4, {10, 9, 9, 2}},
	};
	*set = (struct forwards){0};
	for (int i = 0; i < 200; i++) {
		struct forward f = random_forward(&dice, FAMILY_IPV4);
		f.target = targets[roll(&dice, 2)];
		f.until = 0;
		add_if_free(set, &f, 0);
	}
	assert_true(set->count > 10);
}

static bool needs_exception(const struct forwards *set, const struct forward *f, enum group group)
{
	bool local = group == GROUP_POST_LOCAL;
	if (forward_translates_source(f) || forward_to_self(f) || f->except || (local && !f->local))
		return false;
	for (size_t i = 0; i < set->count; i++) {
		const struct forward *wide = &set->items[i];
		struct match inner = local ? forward_local_match(f) : forward_match(f);
		struct match outer = local ? forward_local_match(wide) : forward_match(wide);
		if (forward_translates_source(wide) && address_equal(&wide->target, &f->target) &&
		    match_overlap(&inner, &outer) == OVERLAP_INSIDE)
			return true;
	}
	return false;
}

static void they_are_those_that_comparing_each_with_each_finds(void **state)
{
	(void)state;
	static const enum group groups[] = {GROUP_POST, GROUP_POST_LOCAL};
	size_t found[2] = {0};
	for (int round = 0; round < 200; round++) {
		struct forwards set;
		make_set(&set);
		for (size_t g = 0; g < 2; g++) {
			struct err err;
			bool *needed = calloc(set.count, sizeof(*needed));
			assert_non_null(needed);
			assert_int_equal(exceptions_find(&set, groups[g], needed, &err), 0);
			for (size_t i = 0; i < set.count; i++) {
				assert_int_equal(needed[i],
						 needs_exception(&set, &set.items[i], groups[g]));
				found[g] += needed[i];
			}
			free(needed);
		}
		forwards_free(&set);
	}
	assert_true(found[0] > 100 && found[1] > 100);
}

static void every_rule_ends_with_its_forward(void **state)
{
	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct forward_rule rules[FORWARD_RULES_MAX];
		char comment[SPEC_OPTIONS_MAX];
		struct forward f = random_forward(&dice, FAMILY_NONE), proper;
		f.until = once_in(&dice, 4) ? 0 : 1 + (int64_t)roll(&dice, FORWARD_UNTIL_MAX);
		size_t n = forward_rules_of(&f, rules, comment);
		for (size_t r = 0; r < n; r++) {
			/* answers to programs of this host go on until their connection ends */
			bool answers = rules[r].rule.flags & RULE_STATE_ESTABLISHED;
			assert_int_equal(rules[r].rule.until, answers ? 0 : f.until);
		}
		if (forward_to_self(&f) || f.except)
			continue;
		struct rule exception;
		forward_rules_exception(&f, GROUP_POST, &exception);
		assert_int_equal(exception.until, f.until);
		assert_true(forward_rules_knows(f.family, GROUP_POST, &exception, &proper));
	}
}

/* A rule of PFWD-POST as 0.1.0 wrote it, without an end, is still known: so it is replaced. */
static void rules_without_their_end_are_known(void **state)
{
	(void)state;
	struct forward_rule rules[FORWARD_RULES_MAX];
	char comment[SPEC_OPTIONS_MAX];
	struct forward f = {.family = FAMILY_IPV4,
			    .proto = PROTO_TCP,
			    .masquerade = true,
			    .target = {FAMILY_IPV4, {10, 9, 9, 1}},
			    .ports = {80, 80},
			    .target_ports = {80, 80},
			    .until = 86400};
	size_t n = forward_rules_of(&f, rules, comment);
	for (size_t r = 0; r < n; r++) {
		struct forward proper;
		if (rules[r].group != GROUP_POST)
			continue;
		rules[r].rule.until = 0;
		assert_true(forward_rules_knows(f.family, GROUP_POST, &rules[r].rule, &proper));
		return;
	}
	fail_msg("no rule masquerades");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(they_are_those_that_comparing_each_with_each_finds),
		cmocka_unit_test(every_rule_ends_with_its_forward),
		cmocka_unit_test(rules_without_their_end_are_known),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
