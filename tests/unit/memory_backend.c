/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first backend has a lock, as the legacy tables have; the second one has none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <cmocka.h>

#include "memory_backend.h"
#include "read_forward.h"
#include "nftables/backend.h"
#include "xtables/backend.h"

struct memory *memory;
char *memory_log;

const struct backend *const memory_backends[] = {&xtables_backend, &nftables_backend, NULL};

struct memory_set {
	struct ruleset set;
	struct memory *of;
	unsigned int commits; /* of the backend when it was read */
};

struct memory_plan {
	struct ruleset_plan plan;
	const struct memory_set *set;
	const struct forwards *wanted;
	size_t added, removed;
	bool guest; /* there shall be one */
};

/* A test cannot fail in the middle of a command; the process that runs it ends instead. */
static void wrong(const char *what)
{
	fprintf(stderr, "memory backend: %s\n", what);
	abort();
}

void memory_reset(void)
{
	size_t size = MEMORY_BACKENDS * sizeof(*memory) + MEMORY_LOG_MAX;
	if (!memory) {
		void *all =
			mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (all == MAP_FAILED)
			wrong("no memory");
		memory = all;
		memory_log = (char *)(memory + MEMORY_BACKENDS);
	}
	memset(memory, 0, size);
}

static const char *name_of(const struct memory *m)
{
	return memory_backends[m - memory]->name;
}

/* ---- what is in it ---- */

struct forward memory_forward(const struct memory *m, size_t i)
{
	const struct memory_forward *of = &m->items[i];
	struct forward f = of->f;
	if (of->hairpin_count)
		f.hairpin_nets = networks_of(of->hairpins, of->hairpin_count);
	return f;
}

bool memory_is(const struct memory *m, size_t i, const struct forward *f)
{
	struct forward other = memory_forward(m, i);
	return forward_equal(&other, f);
}

static bool comes_before(const struct forward *f, const struct memory *m, size_t i)
{
	struct forward other = memory_forward(m, i);
	return forward_compare(f, &other) < 0;
}

static void insert(struct memory *m, const struct forward *f, struct ruleset_status status)
{
	size_t at = m->count;
	if (m->count == MEMORY_FORWARDS_MAX)
		wrong("full");
	for (; at > 0 && comes_before(f, m, at - 1); at--)
		m->items[at] = m->items[at - 1];
	m->items[at] = (struct memory_forward){
		.f = *f, .hairpin_count = forward_hairpin_count(f), .status = status};
	m->items[at].f.hairpin_nets = NULL;
	for (size_t i = 0; i < m->items[at].hairpin_count; i++)
		m->items[at].hairpins[i] = f->hairpin_nets->items[i];
	m->count++;
}

void memory_put(struct memory *m, const char *lines)
{
	char *copy = strdup(lines), *rest = copy, *line;
	while ((line = strsep(&rest, "\n"))) {
		struct forwards set = {0};
		struct err err;
		if (*line && read_line(line, &set, &err) < 0)
			fail_msg("%s: %s", line, err.text);
		for (size_t i = 0; i < set.count; i++)
			insert(m, &set.items[i], (struct ruleset_status){0});
		forwards_free(&set);
	}
	free(copy);
}

char *memory_lines(const struct memory *m)
{
	char *out = malloc(m->count * (SPEC_LINE_MAX + 1) + 1), *end = out;
	*end = '\0';
	for (size_t i = 0; i < m->count; i++) {
		struct forward f = memory_forward(m, i);
		spec_format_line(&f, end);
		end = stpcpy(end + strlen(end), "\n");
	}
	return out;
}

/* ---- reading ---- */

static int memory_read(struct memory *m, struct ruleset **out, struct err *err)
{
	if (m->read.kind) {
		*err = m->read;
		return -1;
	}
	struct memory_set *set = calloc(1, sizeof(*set));
	if (!set)
		return err_memory(err);
	set->of = m;
	set->commits = m->commits;
	for (size_t i = 0; i < m->count; i++) {
		struct forward f = memory_forward(m, i);
		if (forwards_add(&set->set.forwards, &f, err) < 0)
			return -1;
	}
	set->set.used = m->count > 0;
	*out = &set->set;
	return 0;
}

static const struct memory_set *own(const struct ruleset *set)
{
	return (const struct memory_set *)(const void *)set;
}

static int memory_status(struct ruleset *set, struct ruleset_status *out, struct err *err)
{
	struct memory *m = own(set)->of;
	(void)err;
	for (size_t i = 0; i < m->count; i++)
		out[i] = m->items[i].status;
	if (m->between_commits && m->count) {
		m->between_commits--;
		out[0].incomplete = true;
	}
	return 0;
}

static int add_line(const char *line, struct lines *out, struct err *err)
{
	return *line ? lines_add(out, err, "%s", line) : 0;
}

static int memory_foreign(const struct ruleset *set, struct lines *out, struct err *err)
{
	return add_line(own(set)->of->foreign, out, err);
}

static int memory_others(const struct ruleset *set, enum others_depth depth,
			 struct other_rules *out, struct err *err)
{
	const struct memory *m = own(set)->of;
	for (size_t i = 0; i < m->other_count; i++) {
		enum other_action action = m->others[i].action;
		bool more = action == OTHER_ACCEPT || action == OTHER_SNAT ||
			    action == OTHER_MASQUERADE;
		if (more && depth != OTHERS_ALL)
			continue;
		if (other_rules_add(out, &m->others[i], err) < 0)
			return -1;
	}
	return 0;
}

/* Rules of others never stop a plan here. */
static void memory_forget(struct ruleset *set, const struct other_rules *rules, const bool *gone)
{
	(void)set;
	(void)rules;
	(void)gone;
}

static int memory_remove(struct memory *m, const struct other_rules *rules, const bool *gone,
			 struct err *err)
{
	if (m->removal.kind) {
		*err = m->removal;
		return -1;
	}
	for (size_t i = 0; i < rules->count; i++)
		for (size_t n = 0; gone[i] && n < m->other_count; n++)
			if (other_rule_equal(&m->others[n], &rules->items[i]))
				m->others[n--] = m->others[--m->other_count];
	return 0;
}

static int memory_blocks(const struct ruleset *set, const struct forwards *elsewhere,
			 struct ruleset_status *out, struct err *err)
{
	(void)err;
	for (size_t i = 0; i < elsewhere->count; i++)
		out[i].blocked = own(set)->of->stop[0] && !elsewhere->items[i].except;
	return 0;
}

static struct rule_place place_in(const char *chain)
{
	return (struct rule_place){.table = "site", .chain = *chain ? chain : NULL, .rule = 2};
}

static bool memory_stops(const struct ruleset *set, const struct stop_question *question,
			 struct rule_place *where)
{
	const char *stop = own(set)->of->stop;
	if (!*stop || question->own || question->f->except)
		return false;
	*where = place_in(stop);
	return true;
}

static int memory_limits(const struct ruleset *set, const struct limit_question *question,
			 struct limits *out, struct err *err)
{
	const struct memory *of = own(set)->of;
	(void)err;
	for (size_t i = 0; i < question->set->count; i++) {
		if (question->set->items[i].except)
			continue;
		if (!question->own[i])
			continue;
		out[i].some = out[i].passed = place_in(of->ban);
		out[i].doubted = place_in(of->doubt);
	}
	return 0;
}

static void memory_free(struct ruleset *set)
{
	if (set)
		forwards_free(&set->forwards);
	free(set);
}

/* ---- planning ---- */

static size_t count_missing(const struct forwards *of, const struct forwards *in)
{
	struct forwards_missing walk = {.of = of, .in = in};
	size_t count = 0;
	while (forwards_next_missing(&walk))
		count++;
	return count;
}

static int memory_plan(struct ruleset *set, const struct forwards *wanted,
		       struct ruleset_plan **out, struct err *err)
{
	struct memory_plan *plan = calloc(1, sizeof(*plan));
	if (!plan)
		return err_memory(err);
	for (size_t i = 1; i < wanted->count; i++)
		if (forward_compare(&wanted->items[i - 1], &wanted->items[i]) >= 0)
			wrong("what is wanted is not sorted");
	plan->set = own(set);
	plan->wanted = wanted;
	plan->added = count_missing(wanted, &set->forwards);
	plan->removed = count_missing(&set->forwards, wanted);
	plan->plan.size = plan->added + plan->removed;
	plan->guest = set->elsewhere ? plan->set->of->guarded && set->elsewhere->count
				     : plan->set->of->guest;
	plan->plan.guests = plan->guest ? WAY_THROUGH : 0;
	plan->plan.hindrance.limits = *plan->set->of->ban || *plan->set->of->doubt;
	plan->plan.size += plan->guest != plan->set->of->guest;
	if (set->marked && !memory[0].guarded)
		wrong("packets are marked for nobody");
	for (size_t i = 0; i < plan->set->of->count; i++)
		plan->plan.size += plan->set->of->items[i].status.incomplete;
	*out = &plan->plan;
	return 0;
}

static const struct memory_plan *own_plan(const struct ruleset_plan *plan)
{
	return (const struct memory_plan *)(const void *)plan;
}

static int print_missing(char sign, const char *name, const struct forwards *of,
			 const struct forwards *in, struct lines *out, struct err *err)
{
	struct forwards_missing walk = {.of = of, .in = in};
	const struct forward *f;
	while ((f = forwards_next_missing(&walk))) {
		char line[SPEC_LINE_MAX];
		spec_format_line(f, line);
		if (lines_add(out, err, "%c%s %s", sign, name, line) < 0)
			return -1;
	}
	return 0;
}

static int memory_print(const struct ruleset_plan *plan, struct lines *out, struct err *err)
{
	const struct memory_plan *p = own_plan(plan);
	const struct forwards *have = &p->set->set.forwards;
	const char *name = name_of(p->set->of);
	if (print_missing('-', name, have, p->wanted, out, err) < 0)
		return -1;
	return print_missing('+', name, p->wanted, have, out, err);
}

static int memory_kept(const struct ruleset_plan *plan, struct lines *out, struct err *err)
{
	return add_line(own_plan(plan)->set->of->kept, out, err);
}

static void memory_free_plan(struct ruleset_plan *plan)
{
	free(plan);
}

/* ---- committing ---- */

static struct ruleset_status status_of(const struct memory *m, const struct forward *f)
{
	for (size_t i = 0; i < m->count; i++)
		if (memory_is(m, i, f))
			return (struct ruleset_status){.conns = m->items[i].status.conns};
	return (struct ruleset_status){0};
}

static int meet_rival(struct memory *m, struct err *err)
{
	m->rivals--;
	if (m->rival.ports.first)
		insert(m, &m->rival, (struct ruleset_status){0});
	m->rival = (struct forward){0};
	return err_set(err, ERR_CHANGED, "%s: the rules changed meanwhile", name_of(m));
}

static int memory_commit(struct ruleset_plan *plan, struct lines *notes, struct err *err)
{
	static struct memory now;
	const struct memory_plan *p = own_plan(plan);
	struct memory *m = p->set->of;
	if (memory_backends[m - memory]->lock && !m->locked)
		wrong("a commit without the lock");
	if (m->before_commit)
		m->before_commit();
	if (m->rivals)
		return meet_rival(m, err);
	if (m->commits != p->set->commits)
		wrong("a plan of an older reading");
	if (m->commit.kind && m->commits >= m->commits_before_failing) {
		*err = m->commit;
		return -1;
	}
	now = *m;
	now.count = 0;
	for (size_t i = 0; i < p->wanted->count; i++)
		insert(&now, &p->wanted->items[i], status_of(m, &p->wanted->items[i]));
	now.commits++;
	now.guest = p->guest;
	size_t used = strlen(memory_log);
	snprintf(memory_log + used, MEMORY_LOG_MAX - used, "%s +%zu -%zu%s\n", name_of(m), p->added,
		 p->removed,
		 m->guest == p->guest ? ""
		 : p->guest           ? " +guest"
				      : " -guest");
	*m = now;
	return add_line(m->note, notes, err);
}

/* ---- the two ---- */

static bool usable(const struct memory *m, struct err *why)
{
	if (m->unusable)
		err_set(why, ERR_UNSUPPORTED, "this kernel has no %s", name_of(m));
	return !m->unusable;
}

static bool first_present(void)
{
	return !memory[0].absent;
}

static bool second_present(void)
{
	return !memory[1].absent;
}

static bool first_usable(struct err *why)
{
	return usable(&memory[0], why);
}

static bool second_usable(struct err *why)
{
	return usable(&memory[1], why);
}

static int first_read(const struct reading *reading, struct ruleset **out, struct err *err)
{
	(void)reading; /* more than is needed may be read */
	return memory_read(&memory[0], out, err);
}

static int second_read(const struct reading *reading, struct ruleset **out, struct err *err)
{
	(void)reading;
	return memory_read(&memory[1], out, err);
}

static int first_digest(uint64_t *out, struct err *err)
{
	(void)err;
	*out = memory[0].commits;
	return 0;
}

static int second_digest(uint64_t *out, struct err *err)
{
	(void)err;
	*out = memory[1].commits;
	return 0;
}

static int first_remove(const struct other_rules *rules, const bool *gone, struct err *err)
{
	return memory_remove(&memory[0], rules, gone, err);
}

static int second_remove(const struct other_rules *rules, const bool *gone, struct err *err)
{
	return memory_remove(&memory[1], rules, gone, err);
}

static int first_lock(unsigned int seconds, const struct waiting *waiting, struct err *err)
{
	(void)seconds;
	if (memory[0].locked)
		wrong("the lock is taken twice");
	if (memory[0].lock.kind) {
		if (waiting)
			waiting->tell(waiting->context, "the lock of iptables");
		*err = memory[0].lock;
		return -1;
	}
	memory[0].locked = true;
	return 7;
}

static void first_unlock(int lock)
{
	if (lock != 7 || !memory[0].locked)
		wrong("a lock is released that nobody holds");
	memory[0].locked = false;
}

#define ON_MEMORY                                                                                 \
	.status = memory_status, .blocks = memory_blocks, .stops = memory_stops,                  \
	.limits = memory_limits, .foreign = memory_foreign, .others = memory_others,              \
	.forget = memory_forget, .plan = memory_plan, .print = memory_print, .kept = memory_kept, \
	.commit = memory_commit, .free = memory_free, .free_plan = memory_free_plan

const struct backend xtables_backend = {
	.name = "iptables",
	.raw_socket = true,
	.guests = true,
	.present = first_present,
	.usable = first_usable,
	.lock = first_lock,
	.unlock = first_unlock,
	.read = first_read,
	.digest = first_digest,
	.remove = first_remove,
	ON_MEMORY,
};

const struct backend nftables_backend = {
	.name = "nftables",
	.present = second_present,
	.usable = second_usable,
	.read = second_read,
	.digest = second_digest,
	.remove = second_remove,
	ON_MEMORY,
};
