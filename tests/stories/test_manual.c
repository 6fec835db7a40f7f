/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The manual says what the program does: its examples work, and it knows every command and option.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "town.h"

#define MANUAL "man/pfwd.8"

static void the_examples_work(void **state)
{
	(void)state;
	struct outcome o = town_run(
		"export PATH=$(dirname $PFWD):$PATH; count=0;"
		"sed -n '/^.Sh EXAMPLES/,/^.Sh THE/s/^.Dl //p' " MANUAL " > /run/examples;"
		"while read -r line; do eval \"$line\" > /dev/null 2>&1 || echo \"failed: $line\";"
		"count=$((count + 1)); done < /run/examples; echo $count examples");
	assert_silent(o.out, "failed");
	assert_says(o.out, "13 examples");
}

static void every_command_and_option_is_in_the_manual(void **state)
{
	(void)state;
	struct outcome o = town_run(
		"for c in $($PFWD help | awk '/^Commands:/ {f=1; next} /^$/ {f=0} f {print $1}'); "
		"do"
		" echo $c; grep -q \"^.It Cm $c\" " MANUAL " || echo missing: $c;"
		" $PFWD help $c | grep -oE -- ' --[a-z][a-z-]*' | sort -u | while read -r o; do"
		" grep -q -- \"Fl -${o#--}\" " MANUAL " || echo missing: $c $o; done; done");
	assert_says(o.out, "save\n");
	assert_silent(o.out, "missing");
}

int main(void)
{
	const struct CMUnitTest stories[] = {
		cmocka_unit_test_teardown(the_examples_work, town_clean),
		cmocka_unit_test_teardown(every_command_and_option_is_in_the_manual, town_clean),
	};
	return cmocka_run_group_tests(stories, town_build, town_raze);
}
