/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kill -9 behind each system call of a command that can change the kernel's tables, and before
 * the first that pfwd itself makes (capget): nothing of others is lost, nobody is let in, and the
 * next change mends the rest. What the tables hold is all the state there is: a kill at the calls
 * in between leaves what the one before them left, and each state that a kill leaves is mended
 * once.
 */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "trouble.h"

#define STATES_MAX 32

/* ---- what a kill may leave ---- */

/* Open where, and only where, list shows that the forward is there. */
static const struct door {
	const char *forward;
	struct knock knock;
} doors[] = {
	{"-4 wan0:80", {CLIENT, "10.1.0.1", 80}},    {"-6 wan0:80", {CLIENT, "fd01::1", 80}},
	{"-4 wan0:90", {CLIENT, "10.1.0.1", 90}},    {"-6 wan0:90", {CLIENT, "fd01::1", 90}},
	{"-4 wan0:91-93", {CLIENT, "10.1.0.1", 92}}, {"-6 wan0:91-93", {CLIENT, "fd01::1", 92}},
};

static const struct knock walls[] = {
	{STRANGER, "10.3.0.1", 80}, {CLIENT, "192.168.1.2", 8080}, {CLIENT, "192.168.1.3", 8080},
	{CLIENT, "10.1.0.1", 8080}, {CLIENT, "fd02::2", 8080},     {CLIENT, "fd02::3", 8080},
	{CLIENT, "fd01::1", 8080},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void assert_shut_or_whole(void)
{
	struct knock knocks[COUNT(doors) + COUNT(walls)];
	for (size_t i = 0; i < COUNT(doors); i++)
		knocks[i] = doors[i].knock;
	memcpy(knocks + COUNT(doors), walls, sizeof(walls));
	unsigned int active = 0;
	for (size_t i = 0; i < COUNT(doors); i++) {
		struct outcome o = pfwd(0, "list -rn -o STATE %s || true", doors[i].forward);
		active |= (unsigned int)(strcmp(o.out, "active\n") == 0) << i;
	}
	unsigned int open = trouble_knock(knocks, COUNT(knocks), town_ask_shortly);
	if (active & ~open)
		open = trouble_knock(knocks, COUNT(knocks), town_ask);
	for (size_t i = 0; i < COUNT(knocks); i++)
		if ((active ^ open) >> i & 1)
			fail_msg("%s port %d is %s for the %s", knocks[i].addr, knocks[i].port,
				 open >> i & 1 ? "open" : "shut", knocks[i].from);
}

/* At each of those doors and walls somebody is at home. */
static void serve_all(void)
{
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8080);
	town_serve(LAN, IPPROTO_TCP, "192.168.1.3", 8080);
	town_serve(SERVER, IPPROTO_TCP, "fd02::2", 8080);
	town_serve(LAN, IPPROTO_TCP, "fd02::3", 8080);
	town_serve(GATEWAY, IPPROTO_TCP, "10.1.0.1", 8080);
	town_serve(GATEWAY, IPPROTO_TCP, "fd01::1", 8080);
	town_serve(GATEWAY, IPPROTO_TCP, "10.1.0.1", 92);
	town_serve(GATEWAY, IPPROTO_TCP, "fd01::1", 92);
}

static void assert_mended(const char *before)
{
	pfwd(0, "add wan0:99 192.168.1.9");
	struct outcome o = pfwd(0, "list -rn -o FORWARD,STATE");
	assert_says(o.out, "wan0:99/tcp active\n");
	assert_silent(o.out, "incomplete");
	pfwd(0, "flush");
	assert_string_equal(town_rules().out, before);
}

struct states {
	char *texts[STATES_MAX];
	size_t count;
};

static int is_new(struct states *seen, const char *text)
{
	for (size_t i = 0; i < seen->count; i++)
		if (strcmp(seen->texts[i], text) == 0)
			return 0;
	assert_true(seen->count < STATES_MAX);
	seen->texts[seen->count++] = strdup(text);
	return 1;
}

static bool can_change_tables(const char *call)
{
	return strncmp(call, "send", 4) == 0 || strcmp(call, "setsockopt") == 0;
}

static void kill_behind_every_change(const char *setup, const char *command)
{
	struct states seen = {{NULL}, 0};
	char *rest;
	struct call call;
	serve_all();
	trouble_theirs();
	town_close_gates();
	struct outcome before = town_rules();
	trouble_start(setup);
	struct outcome start = town_rules(), now = start;
	struct outcome calls = trouble_calls(command);
	trouble_start_again();
	bool changed = true;
	for (rest = calls.out; trouble_next(&rest, &call);) {
		bool may_differ = changed;
		changed = can_change_tables(call.name);
		if (!may_differ)
			continue;
		trouble_kill_at(&call, command);
		now = town_rules();
		if (is_new(&seen, now.out)) {
			assert_string_equal(town_rules_of_others().out, before.out);
			assert_shut_or_whole();
			assert_mended(before.out);
			trouble_start_again();
		} else if (strcmp(now.out, start.out) != 0) {
			trouble_start_again();
		}
	}
	/* nothing, all of it, and in the legacy tables half of it were among them */
	assert_true(seen.count >= (town_is("iptables") ? 3 : 2));
	while (seen.count > 0)
		free(seen.texts[--seen.count]);
}

static void a_killed_add_lets_nobody_in(void **state)
{
	(void)state;
	kill_behind_every_change("$PFWD add wan0:79 192.168.1.9",
				 "add wan0:80 192.168.1.2:8080 --masquerade");
}

static void a_killed_first_add_lets_nobody_in(void **state)
{
	(void)state;
	kill_behind_every_change("true", "add wan0:80 [fd02::2]:8080");
}

static void a_killed_add_to_this_host_lets_nobody_in(void **state)
{
	(void)state;
	kill_behind_every_change("$PFWD add wan0:79 192.168.1.9", "add wan0:90 :8080 --local");
}

static void a_killed_del_lets_nobody_in(void **state)
{
	(void)state;
	kill_behind_every_change(
		"$PFWD add wan0:79 192.168.1.9; $PFWD add wan0:80 192.168.1.2:8080; "
		"$PFWD add wan0:80 [fd02::2]:8080; $PFWD add -6 wan0:90 :8080",
		"del --kill wan0:80 wan0:90");
}

static void a_killed_apply_lets_nobody_in(void **state)
{
	(void)state;
	kill_behind_every_change(
		"$PFWD add wan0:80 192.168.1.2:8080; $PFWD add wan0:81 192.168.1.2; "
		"$PFWD add wan0:80 [fd02::2]:8080; printf '%s\\n' "
		"'wan0:80 192.168.1.3:8080' 'wan0:82 192.168.1.2' 'wan0:82 [fd02::2]' "
		"'wan0:90 :8080' >/run/wanted",
		"apply /run/wanted");
}

static void a_killed_flush_lets_nobody_in(void **state)
{
	(void)state;
	kill_behind_every_change(
		"$PFWD add wan0:80 192.168.1.2:8080 --local; $PFWD add wan0:90 :8080; "
		"$PFWD add wan0:80 [fd02::2]:8080 --masquerade",
		"flush");
}

/* The ACCEPT of a port that stays itself has no guard: it is the gate. */
static void a_killed_add_of_a_port_that_stays_itself_lets_nobody_in(void **state)
{
	(void)state;
	kill_behind_every_change("$PFWD add wan0:79 192.168.1.9", "add wan0:91-93 :92");
}

static void a_killed_del_of_a_port_that_stays_itself_lets_nobody_in(void **state)
{
	(void)state;
	kill_behind_every_change("$PFWD add wan0:91-93 :92", "del wan0:91-93");
}

static void a_killed_change_of_a_tree_lets_nobody_in(void **state)
{
	(void)state;
	kill_behind_every_change("for i in $(seq 8000 8029); do echo wan0:$i 192.168.1.9; done | "
				 "$PFWD apply -; $PFWD add wan0:80 192.168.1.2:8080",
				 "add --replace wan0:80 192.168.1.3:8080");
}

#define STORY(f) cmocka_unit_test_teardown(f, town_clean)

int main(void)
{
	const struct CMUnitTest stories[] = {
		STORY(a_killed_add_lets_nobody_in),
		STORY(a_killed_first_add_lets_nobody_in),
		STORY(a_killed_add_to_this_host_lets_nobody_in),
		STORY(a_killed_del_lets_nobody_in),
		STORY(a_killed_apply_lets_nobody_in),
		STORY(a_killed_flush_lets_nobody_in),
		STORY(a_killed_add_of_a_port_that_stays_itself_lets_nobody_in),
		STORY(a_killed_del_of_a_port_that_stays_itself_lets_nobody_in),
		STORY(a_killed_change_of_a_tree_lets_nobody_in),
	};
	return cmocka_run_group_tests(stories, town_build, town_raze);
}
