/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each system call by which pfwd speaks to the kernel fails once, in each way: the tables are as
 * they were or as they were to be, and pfwd says what is the matter.
 */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "trouble.h"

/* With a blank after each. */
#define KERNEL_ERRORS "ENOMEM EAGAIN EPERM EINVAL ENOBUFS EINTR "

static const struct failure {
	const char *call;
	const char *errors;
} failures[] = {
	{"socket", KERNEL_ERRORS "EMFILE "}, {"bind", KERNEL_ERRORS},
	{"getsockopt", KERNEL_ERRORS},       {"setsockopt", KERNEL_ERRORS},
	{"sendto", KERNEL_ERRORS},           {"sendmsg", KERNEL_ERRORS},
	{"recvfrom", KERNEL_ERRORS},         {"recvmsg", KERNEL_ERRORS},
	{"flock", "ENOLCK EINVAL EINTR "},   {"openat", "ENOMEM EMFILE EACCES "},
};

static const char *errors_of(const struct call *call)
{
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++)
		if (strcmp(failures[i].call, call->name) == 0)
			return failures[i].errors;
	return "";
}

/* "pfwd: ", and what pfwd was about, not the system's words alone. */
static int names_a_purpose(const char *message)
{
	static const char *const purposes[] = {"cannot ",           "not permitted to ",
					       "the kernel ",       "this kernel ",
					       "the xtables lock ", "out of memory"};
	if (strncmp(message, "pfwd: ", 6) != 0)
		return 0;
	for (size_t i = 0; i < sizeof(purposes) / sizeof(purposes[0]); i++)
		if (strstr(message, purposes[i]))
			return 1;
	return 0;
}

struct sweep {
	const char *command;
	struct outcome before, wanted; /* the tables */
	struct outcome said;
	unsigned int complaints;
};

/* NULL, or what is wrong with that outcome. */
static const char *complaint(const struct outcome *o, const char *now, const struct sweep *sweep)
{
	bool before = strcmp(now, sweep->before.out) == 0;
	bool wanted = strcmp(now, sweep->wanted.out) == 0;
	if (!before && !wanted)
		return "the tables are neither as before nor as wanted";
	if (o->status == 0 && !wanted)
		return "a success without the change";
	if (o->status == 0)
		return strcmp(o->out, sweep->said.out) == 0 ? NULL : "a success that says less";
	if (o->status != 1 && o->status != 5 && o->status != 6 && o->status != 7)
		return "another status than 1, 5, 6 and 7";
	return names_a_purpose(o->err) ? NULL : "a message without a purpose";
}

/* Set the rules as they were if they changed; what they were until now. */
static struct outcome start_again(const struct sweep *sweep)
{
	struct outcome now = trouble_counted();
	if (strcmp(now.out, sweep->before.out) != 0)
		trouble_start_again();
	return now;
}

/* The call of that number fails; with "+" behind it, all from there on. */
static void fail_at(struct sweep *sweep, const char *call, const char *number, const char *error)
{
	struct outcome o = town_run("timeout 20 $TRACE -qq -o /dev/null -e trace=%s "
				    "-e inject=%s:error=%s:when=%s $PFWD %s",
				    call, call, error, number, sweep->command);
	const char *what = complaint(&o, start_again(sweep).out, sweep);
	if (!what)
		return;
	sweep->complaints++;
	print_error("%s, %s %s is %s: %s: status %d: %s\n", sweep->command, call, number, error,
		    what, o.status, o.err);
}

static void begin(struct sweep *sweep, const char *setup, const char *command)
{
	*sweep = (struct sweep){.command = command};
	trouble_theirs();
	trouble_start(setup);
	sweep->before = trouble_counted();
	sweep->said = pfwd(0, "%s", command);
	sweep->wanted = start_again(sweep);
}

/* Which calls a story fails: what carries messages is called most often. */
enum calls { ALL_CALLS, MESSAGES, ALL_BUT_MESSAGES };

static bool is_meant(const struct call *call, enum calls which)
{
	bool message = strncmp(call->name, "send", 4) == 0 || strncmp(call->name, "recv", 4) == 0;
	return which == ALL_CALLS || message == (which == MESSAGES);
}

/* A call fails in every way, one that is often made for want of memory each time: its other errors
 * take turns. */
#define OFTEN 8

static bool is_next(const char *error, unsigned int turn)
{
	static const char *const turns[] = {"EAGAIN", "EPERM", "EINVAL", "ENOBUFS", "EINTR"};
	const unsigned int count = sizeof(turns) / sizeof(turns[0]);
	for (unsigned int i = 0; i < count; i++)
		if (strcmp(error, turns[i]) == 0)
			return turn % count == i;
	return true;
}

static unsigned int times_called(const char *calls, const char *name)
{
	char line[64];
	unsigned int times = 0;
	snprintf(line, sizeof(line), "\n%s ", name);
	for (const char *at = calls; (at = strstr(at, line)); at++)
		times++;
	return times;
}

static void fail_calls(enum calls which, const char *setup, const char *command)
{
	struct sweep sweep;
	struct call call;
	unsigned int turn = 0;
	begin(&sweep, setup, command);
	struct outcome calls = trouble_calls(command), list = calls;
	start_again(&sweep);
	for (char *rest = list.out; trouble_next(&rest, &call); turn++) {
		bool often = times_called(calls.out, call.name) > OFTEN;
		char errors[64];
		snprintf(errors, sizeof(errors), "%s",
			 is_meant(&call, which) ? errors_of(&call) : "");
		for (char *at = errors, *error; (error = strtok_r(at, " ", &at));)
			if (!often || is_next(error, turn))
				fail_at(&sweep, call.name, call.number, error);
	}
	assert_int_equal(sweep.complaints, 0);
}

/* What never works again is given up in time. But for EINTR, after which everybody tries again, and
 * openat, which is the loader's too. */
static void fail_for_good(const char *setup, const char *command)
{
	struct sweep sweep;
	begin(&sweep, setup, command);
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		char errors[64];
		snprintf(errors, sizeof(errors), "%s", failures[i].errors);
		for (char *at = errors, *error; (error = strtok_r(at, " ", &at));)
			if (strcmp(error, "EINTR") != 0 && strcmp(failures[i].call, "openat") != 0)
				fail_at(&sweep, failures[i].call, "1+", error);
	}
	assert_int_equal(sweep.complaints, 0);
}

static const char one_forward[] = "$PFWD add wan0:79 192.168.1.9";
static const char adding[] = "add wan0:80/udp 192.168.1.2:8080 --hairpin";

static void a_failing_add_changes_all_or_nothing(void **state)
{
	(void)state;
	fail_calls(ALL_BUT_MESSAGES, one_forward, adding);
}

static void an_add_whose_messages_fail_changes_all_or_nothing(void **state)
{
	(void)state;
	fail_calls(MESSAGES, one_forward, adding);
}

static void a_failing_apply_changes_all_or_nothing(void **state)
{
	(void)state;
	fail_calls(ALL_CALLS,
		   "$PFWD add wan0:80 192.168.1.2:8080; $PFWD add wan0:80 [fd02::2]:8080; "
		   "printf '%s\\n' 'wan0:80 192.168.1.3' 'wan0:82 [fd02::2]' >/run/wanted",
		   "apply /run/wanted");
}

static void a_failing_del_changes_all_or_nothing(void **state)
{
	(void)state;
	fail_calls(ALL_CALLS, "$PFWD add wan0:80 192.168.1.2:8080; $PFWD add wan0:81 192.168.1.2",
		   "del --kill wan0:80");
}

static void a_failing_flush_changes_all_or_nothing(void **state)
{
	(void)state;
	fail_calls(ALL_CALLS,
		   "$PFWD add wan0:80 192.168.1.2:8080; $PFWD add wan0:80 [fd02::2]:8080", "flush");
}

static void failing_readers_say_so(void **state)
{
	(void)state;
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8080);
	pfwd(0, "add wan0:80 192.168.1.2:8080");
	int fd = town_socket(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, 4321);
	assert_says(pfwd(0, "conns").out, "10.1.0.2:4321");
	fail_calls(ALL_CALLS, "true", "list -o +LIVE");
	fail_calls(ALL_CALLS, "true", "conns -o FORWARD,CLIENT");
	close(fd);
}

static void what_fails_for_good_is_given_up(void **state)
{
	(void)state;
	fail_for_good("$PFWD add wan0:79 192.168.1.9", "add wan0:80/udp 192.168.1.2 --hairpin");
	town_clean(state);
	fail_for_good("$PFWD add wan0:80 192.168.1.2", "list -o +LIVE");
	town_clean(state);
	fail_for_good("$PFWD add wan0:80 192.168.1.2", "conns -a");
}

/* As on a kernel of 64 bits without CONFIG_NETFILTER_XTABLES_COMPAT. */
static void tables_closed_to_32_bits_are_named(void **state)
{
	(void)state;
	if (sizeof(void *) != 4)
		skip();
	struct outcome o = town_run("$TRACE -qq -o /dev/null -e trace=getsockopt "
				    "-e inject=getsockopt:error=EINVAL "
				    "$PFWD add wan0:80 192.168.1.2");
	assert_int_equal(o.status, 6);
	assert_says(o.err, "does not open the IPv4 nat table to 32-bit programs; use the 64-bit "
			   "pfwd");
}

#define STORY(f) cmocka_unit_test_teardown(f, town_clean)

int main(void)
{
	const struct CMUnitTest stories[] = {
		STORY(a_failing_add_changes_all_or_nothing),
		STORY(an_add_whose_messages_fail_changes_all_or_nothing),
		STORY(a_failing_apply_changes_all_or_nothing),
		STORY(a_failing_del_changes_all_or_nothing),
		STORY(a_failing_flush_changes_all_or_nothing),
		STORY(failing_readers_say_so),
		STORY(what_fails_for_good_is_given_up),
		STORY(tables_closed_to_32_bits_are_named),
	};
	return cmocka_run_group_tests(stories, town_build, town_raze);
}
