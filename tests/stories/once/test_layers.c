/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `make layers` finds what a room must not use. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../town.h"

/* What is added to a source, in a copy of the tree, and what is said of it; NULL: nothing. */
static const struct {
	const char *file, *text, *said;
} additions[] = {
	{"src/model/array.c", "int array_more(int n);\nint array_more(int n)\n{ return n; }", NULL},
	{"src/model/array.c",
	 "#include <stdio.h>\nvoid array_tell(int n);\n"
	 "void array_tell(int n)\n{ printf(\"%d\\n\", n); }",
	 "src/model/array.c: model may not use printf\n"},
	{"src/xtables/rule.c",
	 "#include <stdio.h>\nvoid rule_tell(int n);\n"
	 "void rule_tell(int n)\n{ fprintf(stderr, \"%d\\n\", n); }",
	 "src/xtables/rule.c: xtables-values may not use fprintf\n"
	 "src/xtables/rule.c: xtables-values may not use stderr\n"},
	{"src/syntax/time.c",
	 "time_t time_more(struct tm *tm);\n"
	 "time_t time_more(struct tm *tm)\n{ return mktime(tm); }",
	 "src/syntax/time.c: syntax may not use mktime\n"},
	{"src/conns/lookup.c", "#include \"host/host.h\"",
	 "src/conns/lookup.c: conns-values may not use host/host.h of host\n"},
	{"src/xtables/plan.c", "#include \"xtables/commit.h\"",
	 "src/xtables/plan.c: xtables-values may not use xtables/commit.h of xtables\n"},
	{"src/report/report.c",
	 "int host_accounts(void);\nint report_more(void);\n"
	 "int report_more(void)\n{ return host_accounts(); }",
	 "src/report/report.c: report may not use host_accounts of host\n"},
	{"src/model/array.c", "#include <time.h>", "src/model/array.c: model may not use time.h\n"},
	{"src/model/clock.c", "int clock_nothing(void);", NULL},
	{"src/clock/clock.c", "int clock_nothing(void);",
	 "src/clock/clock.c is in 0 parts of tests/layers.allow instead of one\n"},
};

static void each_use_that_is_not_allowed_is_named(void **state)
{
	(void)state;
	/* the variables of the make that runs this are not those of the copy */
	static const char make[] = "env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS make -s -C /run/copy";
	town_sh("mkdir /run/copy && cp -pr Makefile src include tests /run/copy && "
		"mkdir /run/copy/build && { cp -pr build/src /run/copy/build || :; } && %s 2>&1",
		make);
	for (size_t i = 0; i < sizeof(additions) / sizeof(additions[0]); i++) {
		town_sh("cd /run/copy && mkdir -p src/clock && "
			"{ cp %s /run/old 2>/dev/null || rm -f /run/old; } && cat >>%s "
			"<<'E'\n%s\nE\n",
			additions[i].file, additions[i].file, additions[i].text);
		struct outcome o = town_run("%s layers 2>&1 | grep -v '^make:'", make);
		assert_string_equal(o.out, additions[i].said ? additions[i].said : "");
		town_sh("cd /run/copy && if [ -e /run/old ]; then cp /run/old %s; else rm %s; fi",
			additions[i].file, additions[i].file);
	}
}

int main(void)
{
	const struct CMUnitTest stories[] = {
		cmocka_unit_test(each_use_that_is_not_allowed_is_named),
	};
	return cmocka_run_group_tests(stories, NULL, NULL);
}
