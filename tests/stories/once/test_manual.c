/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The manual says what the program does: its examples work, and both know the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../town.h"

static void the_examples_work(void **state)
{
	(void)state;
	struct outcome o = town_run(
		"export PATH=$(dirname $PFWD):$PATH; count=0;"
		"sed -n '/^.Sh EXAMPLES/,/^.Sh THE/s/^.Dl //p' man/pfwd.8 >/run/examples;"
		"while read -r line; do eval \"$line\" >/dev/null 2>&1 || echo \"failed: $line\";"
		"count=$((count + 1)); done </run/examples; echo $count examples");
	assert_string_equal(o.out, "15 examples\n");
}

/* Each line alone, and all of them as a file. */
static void the_examples_of_the_file_work(void **state)
{
	(void)state;
	town_sh("sed -n '/^.Bd/,/^.Ed/{/^\\.[BE]d/d;p}' man/forwards.conf.5 >/run/forwards.conf");
	struct outcome o = town_run(
		"count=0; grep '^[^#]' /run/forwards.conf >/run/lines;"
		"while read -r line; do echo \"$line\" | $PFWD diff - >/dev/null 2>&1;"
		"[ $? = 1 ] || echo \"failed: $line\"; count=$((count + 1)); done </run/lines;"
		"echo $count lines");
	assert_string_equal(o.out, "14 lines\n");
	pfwd(0, "apply /run/forwards.conf");
	pfwd(0, "diff /run/forwards.conf");
}

/* Rules, an empty line, and the forwards that adopt makes of them. */
static void hand_written_rules_become_what_it_says(void **state)
{
	(void)state;
	struct outcome o = town_run(
		"sed -n '/^.Sh MOVING/,/^.Sh THE/{/^.Bd/,/^.Ed/p}' man/pfwd.8 >/run/blocks;"
		"awk '/^.Bd/ { n++; part = \"rules\"; next } /^.Ed/ { next }"
		" /^$/ { part = \"lines\"; next }"
		" { while (sub(/\\\\e$/, \"\")) { more = $0; getline; $0 = more $0 }"
		"   print >(\"/run/\" part n) }' /run/blocks; count=0;"
		"for lines in /run/lines[0-9]*; do rules=/run/rules${lines#/run/lines};"
		" grep -q ^iifname $rules && sed -i '1i table ip nat { chain c { type nat hook "
		"prerouting priority -100' $rules && echo '} }' >>$rules;"
		" $PFWD adopt $rules 2>/dev/null | $PFWD apply - 2>/dev/null;"
		" $PFWD diff $lines || echo \"differ: $lines\"; count=$((count + 1)); done;"
		"echo $count forms");
	assert_string_equal(o.out, "6 forms\n");
}

static void agree(const char *what)
{
	struct outcome o = town_run("PFWD=${PFWD:-./pfwd} tests/stories/manual.sh %s", what);
	assert_string_equal(o.out, "");
	assert_string_equal(o.err, "");
	assert_int_equal(o.status, 0);
}

static void manual_and_program_have_the_same_commands(void **state)
{
	(void)state;
	agree("commands");
	agree("aliases");
}

static void manual_and_program_have_the_same_options(void **state)
{
	(void)state;
	agree("options");
	agree("synopsis");
	agree("file");
}

static void manual_and_program_have_the_same_columns(void **state)
{
	(void)state;
	agree("columns");
}

static void manual_and_program_have_the_same_findings(void **state)
{
	(void)state;
	agree("findings");
}

#define STORY(f) cmocka_unit_test_teardown(f, town_clean)

int main(void)
{
	const struct CMUnitTest stories[] = {
		STORY(the_examples_work),
		STORY(the_examples_of_the_file_work),
		STORY(hand_written_rules_become_what_it_says),
		STORY(manual_and_program_have_the_same_commands),
		STORY(manual_and_program_have_the_same_options),
		STORY(manual_and_program_have_the_same_columns),
		STORY(manual_and_program_have_the_same_findings),
	};
	return cmocka_run_group_tests(stories, town_build, town_raze);
}
