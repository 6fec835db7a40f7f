/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What pfwd says of itself. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "../town.h"

static void help_explains_every_command(void **state)
{
	(void)state;
	static const char *const names[] = {"add",     "del",   "list", "conns", "flush", "help",
					    "version", "apply", "diff", "save",  "check"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char usage[64];
		snprintf(usage, sizeof(usage), "Usage: pfwd %s", names[i]);
		assert_says(pfwd(0, "help %s", names[i]).out, usage);
		assert_says(pfwd(0, "%s --help", names[i]).out, usage);
		assert_says(pfwd(0, "help").out, names[i]);
	}
	assert_says(pfwd(0, "-V").out, "pfwd ");
	assert_says(pfwd(0, "list -h").out, "PACKETS");
	assert_says(pfwd(2, "help list conns").err, "too many arguments: 'conns'");
	assert_says(pfwd(2, "-n list").err, "unknown option '-n'; see `pfwd help`");
}

static void the_version_is_shown_wherever_it_is_asked_for(void **state)
{
	(void)state;
	struct outcome plain = pfwd(0, "version");
	assert_string_equal(pfwd(0, "-V").out, plain.out);
	assert_string_equal(pfwd(0, "add --version").out, plain.out);
	assert_string_equal(pfwd(0, "-V add wan0:80").out, plain.out);
	assert_says(pfwd(2, "version add").err, "'add'");
}

#define STORY(f) cmocka_unit_test_teardown(f, town_clean)

int main(void)
{
	const struct CMUnitTest stories[] = {
		STORY(help_explains_every_command),
		STORY(the_version_is_shown_wherever_it_is_asked_for),
	};
	return cmocka_run_group_tests(stories, town_build, town_raze);
}
