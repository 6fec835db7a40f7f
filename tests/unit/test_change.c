/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One change over two backends: where forwards go, in which order, and what a failure leaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "memory_backend.h"
#include "random_forward.h"
#include "read_forward.h"
#include "rows.h"
#include "ruleset/change.h"
#include "ruleset/present.h"
#include "nftables/backend.h"
#include "xtables/backend.h"

static int decide(void *context, const struct forwards *present, const struct forwards **wanted,
		  struct err *err)
{
	(void)present;
	(void)err;
	*wanted = context;
	return 0;
}

/* What the change says, with these forwards wanted. */
static int change_to(struct forwards *wanted, struct change change, struct change_result *result,
		     struct err *err)
{
	change.backends = memory_backends;
	change.decide = decide;
	change.context = wanted;
	return change_run(&change, result, err);
}

static void assert_holds(const struct memory *m, const char *lines)
{
	char *held = memory_lines(m);
	assert_string_equal(held, lines);
	free(held);
}

/* ---- backends that are not ordinary ---- */

static void lack_first(void)
{
	memory[0].unusable = memory[0].absent = true;
}

static void lack_both(void)
{
	lack_first();
	memory[1].unusable = memory[1].absent = true;
}

static void hold_lock(void)
{
	err_set(&memory[0].lock, ERR_LOCKED, "the lock is held");
}

static void hold_lock_of_nothing(void)
{
	hold_lock();
	memory[0].absent = true;
}

static void fail_reading_second(void)
{
	err_set(&memory[1].read, ERR_FAILED, "cannot read nftables");
}

static void fail_first(void)
{
	err_set(&memory[0].commit, ERR_FAILED, "iptables refused");
}

static void fail_second(void)
{
	err_set(&memory[1].commit, ERR_FAILED, "nftables refused");
}

static void fail_second_and_undoing(void)
{
	fail_second();
	fail_first();
	memory[0].commits_before_failing = 1;
}

static void add_to_first(void)
{
	memory_put(&memory[0], "ppp0:9 192.168.1.9");
}

static void fail_second_while_somebody_adds(void)
{
	fail_second();
	memory[1].before_commit = add_to_first;
}

static void be_slower_in_second(void)
{
	memory[1].rivals = 1;
	memory[1].rival = read_one("ppp0:9 192.168.1.9");
}

static void be_slower_for_ever(void)
{
	memory[0].rivals = UINT32_MAX;
}

static void guard(void)
{
	memory[0].guarded = true;
}

static void guard_with_guest(void)
{
	guard();
	memory[0].guest = true;
}

static void guard_and_fail_second(void)
{
	guard();
	fail_second();
}

static void guard_without_permission(void)
{
	guard_with_guest();
	err_set(&memory[0].read, ERR_PERMISSION, "not permitted");
}

static void keep_and_note(void)
{
	strcpy(memory[0].kept, "kept A");
	strcpy(memory[1].kept, "kept B");
	strcpy(memory[0].note, "note A");
	strcpy(memory[1].note, "note B");
}

/* ---- cases ---- */

#define A "wan0:80/tcp 192.168.1.2:80\n"
#define B "wan0:81/tcp 192.168.1.3:81\n"
#define C "wan0:82/tcp 192.168.1.4:82\n"

#define ON(function) .when = #function, .arrange = (function)

struct change_case {
	const char *what; /* for the test's name */
	const char *when; /* the same */
	void (*arrange)(void);
	const char *first, *second; /* what they hold; NULL: nothing */
	const char *wanted;
	struct change how;
	enum err_kind kind;
	const char *says;                     /* the error; NULL: none */
	const char *left_first, *left_second; /* NULL: as before */
	const char *commits;                  /* in order; NULL: none */
	const char *plan, *kept, *notes;      /* NULL: empty */
};

static const struct change_case cases[] = {
	{"the first is home", .wanted = A B, .left_first = A B, .commits = "iptables +2 -0\n"},
	{"the second is home if the first is not there", ON(lack_first), .wanted = A,
	 .left_second = A, .commits = "nftables +1 -0\n"},
	{"home is where forwards are", .second = A, .wanted = A B, .left_second = A B,
	 .commits = "nftables +1 -0\n"},
	{"home is the first if both have some", .first = A, .second = B, .wanted = A B C,
	 .left_first = A C, .commits = "iptables +1 -0\n"},
	{"home is the one that was asked for", .first = A, .wanted = A B,
	 .how.home = &nftables_backend, .left_second = B, .commits = "nftables +1 -0\n"},
	{"no home", ON(lack_both), .wanted = A, .kind = ERR_UNSUPPORTED,
	 .says = "this kernel has no iptables; this kernel has no nftables"},
	{"nothing to do", .first = A, .second = B, .wanted = A B},
	{"forwards go from both", .first = A C, .second = B, .wanted = C, .left_first = C,
	 .left_second = "", .commits = "iptables +0 -1\nnftables +0 -1\n"},
	{"all forwards go from both", .first = A, .second = B, .wanted = "", .left_first = "",
	 .left_second = "", .commits = "iptables +0 -1\nnftables +0 -1\n"},
	{"the second copy of a forward goes", .first = A, .second = A B, .wanted = A B,
	 .left_second = B, .commits = "nftables +0 -1\n"},
	{"the first copy of a forward goes", .first = A B, .second = A, .wanted = A B,
	 .how.home = &nftables_backend, .left_first = B, .commits = "iptables +0 -1\n"},
	{"a move makes before it removes", .first = A B, .wanted = A B,
	 .how.home = &nftables_backend, .how.move = true, .left_first = "", .left_second = A B,
	 .commits = "nftables +2 -0\niptables +0 -2\n"},
	{"a move back makes before it removes", .first = C, .second = A B, .wanted = A B,
	 .how.home = &xtables_backend, .how.move = true, .left_first = A B, .left_second = "",
	 .commits = "iptables +2 -1\nnftables +0 -2\n"},
	{"a move of what is there already", .second = A, .wanted = A, .how.home = &nftables_backend,
	 .how.move = true},
	{"a dry run tells of both", .first = A, .second = B, .wanted = C, .how.dry_run = true,
	 .plan = "-iptables " A "+iptables " C "-nftables " B},
	{"a dry run tells of a move", .first = A, .wanted = A, .how.home = &nftables_backend,
	 .how.move = true, .how.dry_run = true, .plan = "-iptables " A "+nftables " A},
	{"a guest comes before what needs it", ON(guard), .second = A, .wanted = A B,
	 .left_second = A B, .commits = "iptables +0 -0 +guest\nnftables +1 -0\n"},
	{"a guest goes after what needed it", ON(guard_with_guest), .second = A, .wanted = "",
	 .left_second = "", .commits = "nftables +0 -1\niptables +0 -0 -guest\n"},
	{"a guest that is missing is made", ON(guard), .second = A, .wanted = A,
	 .commits = "iptables +0 -0 +guest\n"},
	{"a move makes the guest when it removes", ON(guard), .first = A, .wanted = A,
	 .how.home = &nftables_backend, .how.move = true, .left_first = "", .left_second = A,
	 .commits = "nftables +1 -0\niptables +0 -1 +guest\n"},
	{"a move back removes the guest", ON(guard_with_guest), .second = A, .wanted = A,
	 .how.home = &xtables_backend, .how.move = true, .left_first = A, .left_second = "",
	 .commits = "iptables +1 -0 -guest\nnftables +0 -1\n"},
	{"a guest alone opens nothing", ON(guard_and_fail_second), .second = A, .wanted = B,
	 .kind = ERR_FAILED, .says = "nftables refused", .commits = "iptables +0 -0 +guest\n"},
	{"only the second: the guest goes too", ON(guard_with_guest), .first = B, .second = A,
	 .wanted = "", .how.home = &nftables_backend, .how.only = &nftables_backend,
	 .left_second = "", .commits = "nftables +0 -1\niptables +0 -0 -guest\n"},
	{"only the first: the guest stays", ON(guard_with_guest), .first = B, .second = A,
	 .wanted = "", .how.home = &xtables_backend, .how.only = &xtables_backend, .left_first = "",
	 .commits = "iptables +0 -1\n"},
	{"only the second, and the first may not be read", ON(guard_without_permission),
	 .second = A, .wanted = "", .how.home = &nftables_backend, .how.only = &nftables_backend,
	 .left_second = "", .commits = "nftables +0 -1\n"},
	{"lines of both", ON(keep_and_note), .first = A, .second = B, .wanted = "",
	 .left_first = "", .left_second = "", .commits = "iptables +0 -1\nnftables +0 -1\n",
	 .kept = "kept A\nkept B\n", .notes = "note A\nnote B\n"},
	{"lines of a dry run", ON(keep_and_note), .first = A, .wanted = A, .how.dry_run = true,
	 .kept = "kept A\nkept B\n"},
	{"the lock is held", ON(hold_lock), .first = A, .wanted = B, .kind = ERR_LOCKED,
	 .says = "the lock is held"},
	{"the lock is held, and the other one is home", ON(hold_lock), .wanted = B,
	 .how.home = &nftables_backend, .kind = ERR_LOCKED, .says = "the lock is held"},
	{"nobody needs the lock of what is not there", ON(hold_lock_of_nothing), .wanted = B,
	 .how.home = &nftables_backend, .left_second = B, .commits = "nftables +1 -0\n"},
	{"one cannot be read", ON(fail_reading_second), .first = A, .wanted = B, .kind = ERR_FAILED,
	 .says = "cannot read nftables"},
	{"home fails", ON(fail_first), .first = A, .second = B, .wanted = C, .kind = ERR_FAILED,
	 .says = "iptables refused"},
	{"the other one fails after home", ON(fail_second), .first = A, .second = B, .wanted = C,
	 .kind = ERR_FAILED, .says = "nftables refused",
	 .commits = "iptables +1 -1\niptables +1 -1\n"},
	{"the other one fails, and home had nothing to do", ON(fail_second), .first = A,
	 .second = B, .wanted = A, .kind = ERR_FAILED, .says = "nftables refused"},
	{"a move fails half-way", ON(fail_second), .second = A B, .wanted = A B,
	 .how.home = &xtables_backend, .how.move = true, .kind = ERR_FAILED,
	 .says = "nftables refused", .commits = "iptables +2 -0\niptables +0 -2\n"},
	{"home cannot be set back", ON(fail_second_and_undoing), .first = A, .second = B,
	 .wanted = C, .kind = ERR_FAILED,
	 .says = "nftables refused; and the forwards of backend iptables could not be set back "
		 "(iptables refused): run the command again",
	 .left_first = C, .commits = "iptables +1 -1\n"},
	{"setting back keeps what somebody else added", ON(fail_second_while_somebody_adds),
	 .first = A, .second = B, .wanted = C, .kind = ERR_FAILED, .says = "nftables refused",
	 .left_first = "ppp0:9/tcp 192.168.1.9:9\n" A,
	 .commits = "iptables +1 -1\niptables +1 -1\n"},
	{"somebody is quicker in the other one", ON(be_slower_in_second), .how.wait_seconds = 5,
	 .first = A, .second = B, .wanted = C, .left_first = C, .left_second = "",
	 .commits = "iptables +1 -1\niptables +1 -1\niptables +1 -1\nnftables +0 -2\n"},
	{"somebody is always quicker", ON(be_slower_for_ever), .first = A, .wanted = B,
	 .kind = ERR_LOCKED,
	 .says = "iptables: the rules changed meanwhile; others kept changing the rules for 0 s: "
		 "try again, or longer with -w SECONDS"},
};

static const char *or_none(const char *text)
{
	return text ? text : "";
}

static void read_wanted(const char *lines, struct forwards *out)
{
	struct err err;
	char *copy = strdup(lines), *rest = copy, *line;
	while ((line = strsep(&rest, "\n")))
		if (*line)
			assert_int_equal(read_line(line, out, &err), 0);
	free(copy);
	assert_int_equal(forwards_sort(out, &err), 0);
}

static void assert_lines(const struct lines *lines, const char *expected)
{
	char *text = strndup(or_none(lines->text), lines->used);
	assert_string_equal(text, or_none(expected));
	free(text);
}

static void a_change_goes_as_it_should(void **state)
{
	const struct change_case *c = *state;
	struct change_result result = {0};
	struct forwards wanted = {0};
	struct err err = {0};
	memory_reset();
	memory_put(&memory[0], or_none(c->first));
	memory_put(&memory[1], or_none(c->second));
	if (c->arrange)
		c->arrange();
	read_wanted(c->wanted, &wanted);
	int status = change_to(&wanted, c->how, &result, &err);
	assert_string_equal(err.text, or_none(c->says));
	assert_int_equal(err.kind, c->kind);
	assert_int_equal(status, c->kind ? -1 : 0);
	assert_holds(&memory[0], c->left_first ? c->left_first : or_none(c->first));
	assert_holds(&memory[1], c->left_second ? c->left_second : or_none(c->second));
	assert_string_equal(memory_log, or_none(c->commits));
	assert_lines(&result.plan, c->plan);
	assert_false(memory[0].locked);
	if (!c->kind) {
		assert_lines(&result.kept, c->kept);
		assert_lines(&result.notes, c->notes);
	}
	change_result_free(&result);
	forwards_free(&wanted);
}

/* Called again after somebody was quicker, with the forwards that there are then. */
static int decide_to_keep(void *context, const struct forwards *present,
			  const struct forwards **wanted, struct err *err)
{
	unsigned int *calls = context;
	(void)err;
	(*calls)++;
	*wanted = present;
	return 0;
}

static void a_decision_is_asked_for_again(void **state)
{
	(void)state;
	unsigned int calls = 0;
	const struct change change = {.backends = memory_backends,
				      .home = memory_backends[1],
				      .move = true,
				      .decide = decide_to_keep,
				      .context = &calls,
				      .wait_seconds = 1};
	struct change_result result = {0};
	struct err err;
	memory_reset();
	memory_put(&memory[0], A);
	memory[1].rivals = 1;
	memory[1].rival = read_one("wan0:81 192.168.1.3");
	assert_int_equal(change_run(&change, &result, &err), 0);
	assert_int_equal(calls, 2);
	assert_int_equal(result.before->count, 2);
	assert_holds(&memory[0], "");
	assert_holds(&memory[1], A B);
	change_result_free(&result);
}

/* ---- any change ---- */

static bool holds(const struct memory *m, const struct forward *f)
{
	for (size_t i = 0; i < m->count; i++)
		if (memory_is(m, i, f))
			return true;
	return false;
}

/* Some of the crowd, each with a chance of one in n. */
static void put_some(struct dice *dice, const struct forwards *crowd, unsigned int n,
		     struct memory *m)
{
	for (size_t i = 0; i < crowd->count; i++)
		if (once_in(dice, n)) {
			char line[SPEC_LINE_MAX];
			spec_format_line(&crowd->items[i], line);
			memory_put(m, line);
		}
}

static void make_crowd(struct dice *dice, struct forwards *out)
{
	struct err err;
	for (int i = 0; i < 30; i++) {
		struct forward f = random_forward(dice, FAMILY_NONE);
		assert_int_equal(forwards_add(out, &f, &err), 0);
	}
	assert_int_equal(forwards_sort(out, &err), 0);
}

static void check_shares(const struct memory before[MEMORY_BACKENDS], const struct forwards *wanted,
			 size_t home, bool move)
{
	for (size_t i = 0; i < wanted->count; i++) {
		const struct forward *f = &wanted->items[i];
		bool at_home = move || holds(&before[home], f) || !holds(&before[!home], f);
		assert_int_equal(holds(&memory[home], f), at_home);
		assert_int_equal(holds(&memory[!home], f), !at_home);
	}
	assert_int_equal(memory[0].count + memory[1].count, wanted->count);
}

static void assert_unchanged(const struct memory before[MEMORY_BACKENDS])
{
	for (int b = 0; b < MEMORY_BACKENDS; b++) {
		assert_int_equal(memory[b].count, before[b].count);
		for (size_t i = 0; i < before[b].count; i++) {
			struct forward f = memory_forward(&before[b], i);
			assert_true(holds(&memory[b], &f));
		}
	}
}

static void any_change_is_whole_or_not_at_all(void **state)
{
	(void)state;
	static struct memory before[MEMORY_BACKENDS];
	struct dice dice = {.state = 1, .spread = WIDE};
	unsigned int failures = 0;
	for (int round = 0; round < 400; round++) {
		struct forwards crowd = {0}, wanted = {0};
		struct change_result result = {0};
		struct err err;
		size_t home = roll(&dice, 2);
		bool move = once_in(&dice, 2), fails = once_in(&dice, 3);
		memory_reset();
		make_crowd(&dice, &crowd);
		put_some(&dice, &crowd, 2, &memory[0]);
		put_some(&dice, &crowd, 2, &memory[1]);
		for (size_t i = 0; i < crowd.count; i++)
			if (once_in(&dice, 2))
				assert_int_equal(forwards_add(&wanted, &crowd.items[i], &err), 0);
		if (fails)
			err_set(&memory[!home].commit, ERR_FAILED, "refused");
		memcpy(before, memory, sizeof(before));
		const struct change how = {.home = memory_backends[home], .move = move};
		int status = change_to(&wanted, how, &result, &err);
		if (status == 0) {
			check_shares(before, &wanted, home, move);
		} else {
			assert_true(fails);
			failures++;
			assert_unchanged(before);
		}
		change_result_free(&result);
		forwards_free(&wanted);
		forwards_free(&crowd);
	}
	assert_true(failures >= 20 && failures <= 300);
}

/* ---- both as one ---- */

static void both_backends_are_read_as_one(void **state)
{
	(void)state;
	struct present present;
	struct err err;
	memory_reset();
	memory_put(&memory[0], A B);
	memory_put(&memory[1], B C);
	memory[0].items[0].status = (struct ruleset_status){.conns = 5};
	memory[0].items[1].status = (struct ruleset_status){.conns = 6};
	memory[1].items[0].status = (struct ruleset_status){.conns = 7};
	memory[1].items[1].status = (struct ruleset_status){.incomplete = true};
	strcpy(memory[0].foreign, "foreign A");
	strcpy(memory[1].foreign, "foreign B");
	assert_int_equal(present_read(memory_backends, READING_ALL, &present, &err), 0);
	assert_int_equal(present.forwards.count, 3);
	static const struct present_forward expected[] = {
		{.status = {.conns = 5}, .backends = 1},
		{.status = {.incomplete = true, .conns = 13}, .backends = 3},
		{.status = {.incomplete = true}, .backends = 2}};
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(present.of[i].backends, expected[i].backends);
		assert_int_equal(present.of[i].status.incomplete, expected[i].status.incomplete);
		assert_int_equal(present.of[i].status.conns, expected[i].status.conns);
	}
	assert_lines(&present.foreign, "foreign A\nforeign B\n");
	present_free(&present);
	assert_int_equal(present_read(memory_backends, READING_FORWARDS, &present, &err), 0);
	assert_int_equal(present.forwards.count, 3);
	assert_null(present.of);
	present_free(&present);
	fail_reading_second();
	assert_int_equal(present_read(memory_backends, READING_ALL, &present, &err), -1);
	assert_string_equal(err.text, "cannot read nftables");
	assert_int_equal(present.forwards.count, 0);
}

/* ---- rules of others ---- */

struct adopting {
	struct forwards wanted;
	struct change_others others;
};

/* All of them are to go. */
static int decide_for_others(void *context, const struct forwards *present,
			     const struct forwards **wanted, struct err *err)
{
	struct adopting *a = context;
	(void)present;
	(void)err;
	*wanted = &a->wanted;
	for (size_t i = 0; i < a->others.rules.count; i++)
		a->others.gone[i] = true;
	return 0;
}

static const struct removal {
	const char *what;
	bool rules[MEMORY_BACKENDS], fails[MEMORY_BACKENDS];
	const char *held;             /* forwards, afterwards */
	size_t left[MEMORY_BACKENDS]; /* rules of others */
	int status;
} removals[] = {
	{"rules go once the forward is made",
	 {true, true},
	 {false, false},
	 "wan0:80/tcp "
	 "192.168.1.2:80\n",
	 {0, 0},
	 0},
	{"rules that cannot be deleted take the forward back",
	 {true, false},
	 {true, false},
	 "",
	 {1, 0},
	 -1},
	{"so do those of the second backend alone", {false, true}, {false, true}, "", {0, 1}, -1},
	{"but not if others are deleted already",
	 {true, true},
	 {false, true},
	 "wan0:80/tcp "
	 "192.168.1.2:80\n",
	 {0, 1},
	 -1},
};

static void rules_of_others_are_removed(void **state)
{
	const struct removal *r = *state;
	struct adopting a = {.wanted = {0}};
	struct change_result result = {0};
	struct err err = {0};
	const struct change change = {.backends = memory_backends,
				      .decide = decide_for_others,
				      .context = &a,
				      .others = &a.others};
	memory_reset();
	for (size_t b = 0; b < MEMORY_BACKENDS; b++) {
		if (r->rules[b])
			memory[b].others[memory[b].other_count++] =
				(struct other_rule){.backend = memory_backends[b]->name,
						    .table = "nat",
						    .chain = "PREROUTING",
						    .base = "PREROUTING",
						    .comment = "",
						    .owner = ""};
		if (r->fails[b])
			err_set(&memory[b].removal, ERR_FAILED, "cannot delete");
	}
	assert_int_equal(read_line("wan0:80 192.168.1.2", &a.wanted, &err), 0);
	assert_int_equal(change_run(&change, &result, &err), r->status);
	assert_holds(&memory[0], r->held);
	for (size_t b = 0; b < MEMORY_BACKENDS; b++)
		assert_int_equal(memory[b].other_count, r->left[b]);
	change_result_free(&result);
	change_others_free(&a.others);
	forwards_free(&a.wanted);
}

int main(void)
{
	struct rows rows = {0};
	for (size_t i = 0; i < ROWS_COUNT(cases); i++) {
		char input[160];
		snprintf(input, sizeof(input), "%s%s%s", cases[i].what, cases[i].when ? ", " : "",
			 or_none(cases[i].when));
		rows_add(&rows, "change", input, a_change_goes_as_it_should, &cases[i]);
	}
	ROWS_ADD_TEST(&rows, a_decision_is_asked_for_again);
	ROWS_ADD_TEST(&rows, any_change_is_whole_or_not_at_all);
	ROWS_ADD_TEST(&rows, both_backends_are_read_as_one);
	ROWS_ADD_ALL(&rows, removals, rules_of_others_are_removed);
	return rows_run(&rows, "change");
}
