/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each allocation of a command fails, alone and with all that follow it, in pfwd and in the
 * libraries that it uses: the rules are as they were or as they were to be, and pfwd says what is
 * the matter.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "trouble.h"

/* Beside this program: see failing.c. */
static void preload(char *out, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", out, size - 1);
	assert_true(n > 0);
	out[n] = '\0';
	char *end = strrchr(out, '/') + 1;
	snprintf(end, size - (size_t)(end - out), "failing.so");
	assert_return_code(access(out, R_OK), 0);
}

/* The rules without counters. */
static const char functions[] =
	"rules() { %s; }\n"
	"again() { %s; }\n"
	"bad() { echo \"$at: $*: status $status: $(cat /run/err)\"; }\n"
	"try() { at=$1; FAIL_AT=$1 LD_PRELOAD=$SHIM timeout 20 $PFWD $command >/run/out "
	"2>/run/err\n"
	"  status=$?; rules >/run/now\n"
	"  if cmp -s /run/now /run/wanted; then as=wanted\n"
	"  elif cmp -s /run/now /run/before; then as=before\n"
	/* a table that is committed cannot be set back without memory */
	"  elif case $at in *+) grep -q 'could not be set back' /run/err;; *) false; esac\n"
	"  then as=stuck\n"
	"  else as=neither; bad 'the rules are neither as before nor as wanted'; fi\n"
	"  case $status in\n"
	"  0) [ $as != before ] || bad 'a success without the change'\n"
	"    cmp -s /run/out /run/said || bad 'a success that says less';;\n"
	"  1|6|7) [ -s /run/err ] || bad 'a failure without a word';;\n"
	"  *) bad 'another status';; esac\n"
	"  cmp -s /run/now /run/before || again; }\n";

static const char legacy_rules[] = "{ iptables-legacy-save; ip6tables-legacy-save; } | "
				   "sed '/^#/d; s/ \\[.*//'";
static const char legacy_again[] = "iptables-legacy-restore /run/start-4; "
				   "ip6tables-legacy-restore /run/start-6";
static const char nft_rules[] = "nft -s list ruleset";
static const char nft_again[] = "nft flush ruleset; nft -f /run/start; sh /run/setup";

/* The rules to start from are there twice: as they are before, and as the command wants them. */
static void fail_each(const char *setup, const char *command)
{
	char shim[4096];
	preload(shim, sizeof(shim));
	trouble_theirs();
	trouble_start(setup);
	FILE *script = fopen("/run/script", "w");
	assert_non_null(script);
	fprintf(script, functions, town_is("nftables") ? nft_rules : legacy_rules,
		town_is("nftables") ? nft_again : legacy_again);
	fprintf(script,
		"SHIM='%s'; command='%s'\n"
		"rules >/run/before\n"
		"COUNT_IN=/run/count LD_PRELOAD=$SHIM $PFWD $command >/run/said || exit\n"
		"rules >/run/wanted; again\n"
		"all=$(cat /run/count); [ \"$all\" -gt 20 ] || exit\n"
		"n=1; while [ $n -le $all ]; do try $n; try $n+; n=$((n + 1)); done\n",
		shim, command);
	fclose(script);
	struct outcome o = town_run("sh /run/script");
	if (o.status != 0 || *o.out || *o.err)
		fail_msg("%s: %d\n%s%s", command, o.status, o.out, o.err);
}

static const char two_forwards[] = "$PFWD add wan0:80 192.168.1.2:8080\n"
				   "$PFWD add wan0:80 [fd02::2]:8080";

static void an_add_without_memory_changes_all_or_nothing(void **state)
{
	(void)state;
	fail_each("$PFWD add wan0:79 192.168.1.9", "add wan0:80/udp 192.168.1.2:8080 --hairpin");
}

static void an_apply_without_memory_changes_all_or_nothing(void **state)
{
	(void)state;
	town_sh("printf '%%s\\n' 'wan0:80 192.168.1.3' 'wan0:82 [fd02::2]' >/run/wanted.conf");
	fail_each(two_forwards, "apply /run/wanted.conf");
}

static void a_del_without_memory_changes_all_or_nothing(void **state)
{
	(void)state;
	fail_each("$PFWD add wan0:80 192.168.1.2:8080; $PFWD add wan0:81 192.168.1.2",
		  "del --kill wan0:80");
}

static void a_flush_without_memory_changes_all_or_nothing(void **state)
{
	(void)state;
	fail_each(two_forwards, "flush");
}

static void a_list_without_memory_says_all_or_fails(void **state)
{
	(void)state;
	fail_each(two_forwards, "list -o +LIVE");
}

#define STORY(f) cmocka_unit_test_teardown(f, town_clean)

int main(void)
{
	const struct CMUnitTest stories[] = {
		STORY(an_add_without_memory_changes_all_or_nothing),
		STORY(an_apply_without_memory_changes_all_or_nothing),
		STORY(a_del_without_memory_changes_all_or_nothing),
		STORY(a_flush_without_memory_changes_all_or_nothing),
		STORY(a_list_without_memory_says_all_or_fails),
	};
	return cmocka_run_group_tests(stories, town_build, town_raze);
}
