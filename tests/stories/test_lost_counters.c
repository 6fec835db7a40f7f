/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a program without the lock does between the two halves of a commit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "trouble.h"

/* Between the rules and their counters, which the kernel takes for as many rules as there are. */
static void counters_are_set_again_beside_a_rule_of_others(void **state)
{
	(void)state;
	trouble_theirs();
	struct outcome o = town_run(
		"$TRACE -f -qq -o /dev/null -e trace=setsockopt "
		"-e inject=setsockopt:delay_enter=500000:when=2 $PFWD add wan0:80 192.168.1.2 & "
		"job=$!; sleep 0.3; XTABLES_LOCKFILE=/run/other.lock iptables-legacy -I FORWARD "
		"-s 10.9.9.5 -j DROP; wait $job");
	struct outcome now = trouble_counted();
	assert_int_equal(o.status, 0);
	assert_silent(o.err, "counters");
	assert_says(now.out, "[0:0] -A FORWARD -s 10.9.9.5/32 -j DROP\n");
	assert_says(now.out, "[5:55] -A FORWARD -i none0 -j THEIRS\n");
	assert_says(now.out, "[1:1] -A FORWARD -i none0 -m comment --comment \"a \\\"b\\\" c\"");
	assert_says(now.out, "[3:33] -A THEIRS -p udp -m udp --dport 9 -j DROP\n");
	assert_says(now.out, ":FORWARD DROP [77:7777]\n");
	assert_string_equal(pfwd(0, "list -rn -o STATE").out, "active\n");
}

int main(void)
{
	const struct CMUnitTest stories[] = {
		cmocka_unit_test_teardown(counters_are_set_again_beside_a_rule_of_others,
					  town_clean),
	};
	return cmocka_run_group_tests(stories, town_build, town_raze);
}
