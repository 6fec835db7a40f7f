/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A kernel that has no nf_tables, or not all of it; and a socket that takes no large batch. */
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

/* What pfwd does on a kernel that lacks that. */
static struct outcome lacking(const char *what, const char *words)
{
	struct outcome o = town_run("LD_PRELOAD=$LIBRARY LACKING=%s $PFWD %s", what, words);
	assert_string_equal(town_run("nft list tables | grep pfwd").out, "");
	return o;
}

static void without_nf_tables_the_legacy_tables_are_used(void **state)
{
	(void)state;
	struct outcome o = lacking("nf_tables", "--backend nftables add wan0:80 192.168.1.2");
	assert_int_equal(o.status, 6);
	assert_says(o.err, "this kernel has no nf_tables; load nf_tables");
	town_sh("unset PFWD_BACKEND; LD_PRELOAD=$LIBRARY LACKING=nf_tables $PFWD add wan0:80 "
		"192.168.1.2");
	assert_string_equal(town_run("unset PFWD_BACKEND; LD_PRELOAD=$LIBRARY LACKING=nf_tables "
				     "$PFWD list -rn -o FORWARD,STATE,BACKEND")
				    .out,
			    "wan0:80/tcp active iptables\n");
	pfwd(0, "--backend iptables flush");
}

static void a_missing_part_is_named(void **state)
{
	static const char *const parts[] = {"nat", "fib", "labels"};
	static const char *const says[] = {"nft_chain_nat", "nft_fib_inet", "connection labels"};
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct outcome o = lacking(parts[i], "add wan0:80 192.168.1.2");
		assert_int_equal(o.status, 6);
		assert_says(o.err, says[i]);
		assert_says(o.err, "--backend iptables");
	}
}

/* A batch has to fit the socket's buffer, which only the first user namespace may enlarge. */
static void a_batch_that_is_too_large_says_what_fits(void **state)
{
	(void)state;
	town_sh("seq 20000 | awk '{ print \"wan0:\" $1 \" 192.168.1.2 --name \" "
		"\"a-name-of-more-than-forty-letters-for-\" $1 }' >/run/many");
	struct outcome o = lacking("room", "apply /run/many");
	assert_int_equal(o.status, 1);
	const char *number = strstr(o.err, "no more than ");
	assert_non_null(number);
	long fits = strtol(number + strlen("no more than "), NULL, 10);
	assert_true(fits > 500);
	town_sh("head -n %ld /run/many | LD_PRELOAD=$LIBRARY LACKING=room $PFWD apply -", fits);
	assert_int_equal(strtol(town_run("$PFWD list -n | wc -l").out, NULL, 10), fits);
}

/* It lies beside the folder of this program. */
static void find_library(void)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 32);
	if (n < 0)
		abort();
	path[n] = '\0';
	*strrchr(path, '/') = '\0';
	strcpy(strrchr(path, '/'), "/lacking.so");
	setenv("LIBRARY", path, 1);
}

#define STORY(f) cmocka_unit_test_teardown(f, town_clean)

int main(void)
{
	const struct CMUnitTest stories[] = {
		STORY(without_nf_tables_the_legacy_tables_are_used),
		STORY(a_missing_part_is_named),
		STORY(a_batch_that_is_too_large_says_what_fits),
	};
	find_library();
	return cmocka_run_group_tests(stories, town_build, town_raze);
}
