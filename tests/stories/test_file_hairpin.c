/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --hairpin alone in a forwards file: lines are compared by the networks that are found for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "town.h"

static void hairpins_on_two_networks_are_no_conflict(void **state)
{
	(void)state;
	pfwd(0, "apply - <<'E'\nwan0:80 192.168.1.2 --hairpin\nlan0:80 10.3.0.2 --hairpin\nE");
	assert_string_equal(pfwd(0, "list -rn -o FORWARD,STATE").out,
			    "lan0:80/tcp active\nwan0:80/tcp active\n");
}

static void a_network_found_and_the_same_one_given_are_one_forward(void **state)
{
	(void)state;
	pfwd(0, "apply - <<'E'\nwan0:80 192.168.1.2 --hairpin\n"
		"wan0:80 192.168.1.2 --hairpin=192.168.1.0/24\nE");
	assert_string_equal(pfwd(0, "list -rn -o FORWARD").out, "wan0:80/tcp\n");
}

static void hairpins_on_one_network_are_in_conflict(void **state)
{
	(void)state;
	struct outcome o = pfwd(2, "apply - <<'E'\nwan0:80 192.168.1.2 --hairpin\n"
				   "opt0:80 192.168.1.3 --hairpin=192.168.1.0/24\nE");
	assert_says(o.err, "standard input:2: ");
	assert_says(o.err, "(line 1)");
}

#define STORY(f) cmocka_unit_test_teardown(f, town_clean)

int main(void)
{
	const struct CMUnitTest stories[] = {
		STORY(hairpins_on_two_networks_are_no_conflict),
		STORY(a_network_found_and_the_same_one_given_are_one_forward),
		STORY(hairpins_on_one_network_are_in_conflict),
	};
	return cmocka_run_group_tests(stories, town_build, town_raze);
}
