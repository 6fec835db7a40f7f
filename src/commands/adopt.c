/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pfwd adopt: forwards of hand-written rules. Of a text they are printed, without a look at the
 * kernel. Else all is planned once to print it, and to write the old rules down, and then again for
 * the change: nothing is printed while a lock is held.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adopt/undo.h"
#include "adopt/words.h"
#include "commands/edit.h"
#include "commands/forwards_file.h"
#include "commands/command.h"
#include "commands/options.h"
#include "commands/warn.h"
#include "host/interfaces.h"
#include "host/read_file.h"
#include "host/replace_file.h"
#include "host/route.h"
#include "others/rule_text.h"

#define QUOTED_MAX (2UL * WORDS_MAX)

struct adopting {
	struct edit edit;
	const char *file; /* NULL: the kernel's rules */
	const char *undo; /* where the old rules go; NULL: standard output */
	struct adopt plan;
	/* of the kernel's rules */
	struct change_others others;
	struct forwards all; /* those that are there, and those of the plan */
	struct undo old;     /* as it was written down */
	bool written;
};

/* ---- what is said of rules ---- */

/* A rule as its tool writes it, fit for a line; returns how many of its values are not told. */
static size_t put_words(const struct other_rules *rules, const struct adopt *plan, size_t rule,
			char out[QUOTED_MAX])
{
	const struct adopt_rule *r = &plan->rules[rule];
	const struct other_rule *first = &rules->items[r->first];
	struct words_ports ports = {.count = 0};
	char words[WORDS_MAX];
	size_t more = 0;
	for (size_t i = r->first; i <= r->last; i++)
		if (plan->rule_of[i] == rule && !words_add_ports(&ports, first, &rules->items[i]))
			more++;
	words_whole(first, &ports, words);
	quote_into(out, QUOTED_MAX, words);
	return more;
}

static void say_rule(const struct other_rules *rules, const struct adopt *plan, size_t rule)
{
	char words[QUOTED_MAX];
	size_t more = put_words(rules, plan, rule, words);
	const char *why = plan->rules[rule].why;
	if (more)
		command_say("stays: %s (and %zu more): %s", words, more, why);
	else
		command_say("stays: %s: %s", words, why);
}

#define NOTES_MAX 16 /* different ones: the planner has fewer */

/* Each remark once, with the number of rules that it is about. */
static void say_notes(const struct adopt *plan)
{
	struct {
		const char *why;
		size_t count;
	} notes[NOTES_MAX] = {{NULL, 0}};
	for (size_t i = 0; i < plan->count; i++) {
		const struct adopt_rule *r = &plan->rules[i];
		size_t n = 0;
		if (r->fate != ADOPT_TAKEN || !r->why)
			continue;
		while (n < NOTES_MAX && notes[n].why && strcmp(notes[n].why, r->why) != 0)
			n++;
		if (n == NOTES_MAX)
			continue;
		notes[n].why = r->why;
		notes[n].count++;
	}
	for (size_t n = 0; n < NOTES_MAX && notes[n].why; n++)
		command_say("note: %zu rule%s: %s", notes[n].count, notes[n].count == 1 ? "" : "s",
			    notes[n].why);
}

/* The number of rules that stay. */
static size_t say_rules(const struct other_rules *rules, const struct adopt *plan)
{
	size_t stays = 0;
	say_notes(plan);
	for (size_t i = 0; i < plan->count; i++) {
		const struct adopt_rule *r = &plan->rules[i];
		if (r->fate != ADOPT_STAYS)
			continue;
		say_rule(rules, plan, i);
		stays++;
	}
	return stays;
}

static void print_forwards(const struct forwards *set)
{
	for (size_t i = 0; i < set->count; i++)
		forwards_file_print(stdout, &set->items[i]);
}

/* What would be deleted, as comments of a forwards file. */
static void print_taken(const struct other_rules *rules, const struct adopt *plan)
{
	char words[QUOTED_MAX];
	for (size_t i = 0; i < plan->count; i++) {
		if (plan->rules[i].fate != ADOPT_TAKEN)
			continue;
		size_t more = put_words(rules, plan, i, words);
		if (more)
			printf("# deleted: %s (and %zu more)\n", words, more);
		else
			printf("# deleted: %s\n", words);
	}
}

/* ---- from a text ---- */

/* The caller frees it; NULL: it cannot be read. */
static char *read_text(const struct adopting *a, const char *name, size_t *length, struct err *err)
{
	bool standard = strcmp(a->file, "-") == 0;
	FILE *in = standard ? stdin : fopen(a->file, "re");
	if (!in) {
		int error = errno;
		err_fill(err, error == ENOENT ? ERR_INPUT : ERR_FAILED,
			 "cannot open %s: %s; give a file that iptables-save or `nft list ruleset` "
			 "has written, or - for standard input",
			 quote(name).text, strerror(error));
		return NULL;
	}
	char *text = read_stream(in, name, length, err);
	if (!standard)
		fclose(in);
	return text;
}

static int adopt_text(struct adopting *a, const struct globals *globals, struct err *err)
{
	const char *name = strcmp(a->file, "-") == 0 ? "standard input" : a->file;
	struct rule_text rules = {0};
	struct adopt_host host = {0};
	size_t length, stays = 0;
	struct err why;
	char *text = read_text(a, name, &length, err);
	if (!text)
		return -1;
	int result = rule_text_parse((struct text){text, length}, &globals->host, &rules, &why);
	if (result < 0)
		err_fill(err, why.kind, "%s: %.900s", quote(name).text, why.text);
	host.drops = &rules.drops.rules;
	host.drops_at = rules.drops.before;
	if (result == 0)
		result = adopt_plan(&rules.rules, &host, &a->plan, err);
	if (result == 0) {
		print_forwards(&a->plan.forwards);
		if (a->edit.dry_run)
			print_taken(&rules.rules, &a->plan);
		stays = say_rules(&rules.rules, &a->plan);
	}
	free(text);
	rule_text_free(&rules);
	return result == 0 && stays ? ERR_FAILED : result;
}

/* ---- from the kernel ---- */

/* Whether packets reach the rule from the chain of that place, of that backend's interface. */
static bool is_below(const struct other_rule *v, const struct backend *backend,
		     const struct rule_place *place)
{
	return strcmp(v->backend, backend->name) == 0 && v->table_family == place->family &&
	       strcmp(v->table, place->table) == 0 && strcmp(v->base, place->chain) == 0;
}

/* Whether a rule lets the forward in before it comes to that place: backends do not look into sets
 * of ports. Which rule jumps to a chain below is not known here. */
static enum adopt_arrival look_before(const struct adopting *a, const struct backend *backend,
				      const struct forward *f, const struct rule_place *place)
{
	enum adopt_arrival arrival = ADOPT_STOPPED;
	for (size_t i = 0; i < a->others.rules.count; i++) {
		const struct other_rule *v = &a->others.rules.items[i];
		if (v->action != OTHER_ACCEPT || !is_below(v, backend, place) ||
		    !adopt_lets_in(v, f))
			continue;
		bool same = strcmp(v->chain, place->chain) == 0;
		if (place->rule == 0 || (same && v->number + 1 < place->rule))
			return ADOPT_ARRIVES;
		if (!same)
			arrival = ADOPT_IN_DOUBT;
	}
	return arrival;
}

/* Whether such a forward comes through in both packet filters. */
static enum adopt_arrival find_arrival(const void *context, const struct forward *f,
				       struct rule_place *where)
{
	const struct stop_question question = {.f = f};
	const struct adopting *a = context;
	const struct backend *const *backends = a->edit.change.backends;
	for (size_t b = 0; backends[b]; b++) {
		const struct ruleset *set = a->others.sets[b];
		if (!set || !backends[b]->stops || !backends[b]->stops(set, &question, where))
			continue;
		enum adopt_arrival arrival = look_before(a, backends[b], f, where);
		if (arrival != ADOPT_ARRIVES)
			return arrival;
	}
	return ADOPT_ARRIVES;
}

static int plan_kernel(struct adopting *a, const struct forwards *present, struct err *err)
{
	char uplinks[ROUTE_UPLINKS_MAX][IFNAME_MAX];
	struct addresses own = {0};
	if (host_own_addresses(&own, err) < 0)
		return -1;
	const struct adopt_host host = {.present = present,
					.own = &own,
					.uplinks = uplinks,
					.uplink_count = route_uplinks(uplinks),
					.route = route_interface,
					.arrival = find_arrival,
					.context = a,
					.home = a->others.home};
	adopt_free(&a->plan);
	int result = adopt_plan(&a->others.rules, &host, &a->plan, err);
	free(own.items);
	return result;
}

static bool same_lines(const struct lines *a, const struct lines *b)
{
	return a->used == b->used && (a->used == 0 || memcmp(a->text, b->text, a->used) == 0);
}

/* What was written down must be what goes. */
static int compare_with_written(const struct adopting *a, struct err *err)
{
	struct undo now;
	bool same = true;
	if (!a->written)
		return 0;
	if (undo_make(&a->others.rules, &a->plan, &now, err) < 0)
		return -1;
	for (size_t i = 0; i < UNDO_TOOLS; i++)
		same = same && same_lines(&now.of[i], &a->old.of[i]);
	undo_free(&now);
	if (same)
		return 0;
	return err_set(err, ERR_FAILED,
		       "others changed their rules meanwhile; nothing was changed: run the command "
		       "again");
}

static int decide(void *context, const struct forwards *present, const struct forwards **wanted,
		  struct err *err)
{
	struct adopting *a = context;
	*wanted = &a->all;
	a->all.count = 0;
	if (plan_kernel(a, present, err) < 0 || compare_with_written(a, err) < 0)
		return -1;
	for (size_t i = 0; i < a->others.rules.count; i++)
		a->others.gone[i] = a->plan.rules[a->plan.rule_of[i]].fate == ADOPT_TAKEN;
	if (forwards_add_all(&a->all, present, err) < 0)
		return -1;
	return forwards_insert(&a->all, &a->plan.forwards, err);
}

/* The first text goes to the file itself, each further one to one beside it. */
static int write_undo(struct adopting *a, struct err *err)
{
	bool first = true;
	if (undo_make(&a->others.rules, &a->plan, &a->old, err) < 0)
		return -1;
	for (size_t i = 0; i < UNDO_TOOLS; i++) {
		const struct lines *lines = &a->old.of[i];
		char path[4096];
		if (lines->used == 0)
			continue;
		if (!a->undo) {
			fwrite(lines->text, 1, lines->used, stdout);
			continue;
		}
		snprintf(path, sizeof(path), "%s%s%s", a->undo, first ? "" : ".",
			 first ? "" : undo_names[i]);
		if (replace_file(path, lines->text, lines->used, err) < 0)
			return -1;
		if (!first)
			command_say("note: the old rules are in several files; %s is for %s",
				    quote(path).text, undo_commands[i]);
		first = false;
	}
	a->written = true;
	if (!a->undo && fflush(stdout) != 0)
		return err_sys(err, errno, "cannot write to standard output");
	return 0;
}

static size_t count_taken(const struct adopt *plan)
{
	size_t count = 0;
	for (size_t i = 0; i < plan->count; i++)
		count += plan->rules[i].fate == ADOPT_TAKEN;
	return count;
}

static int change(struct adopting *a, const struct globals *globals, struct err *err)
{
	if (write_undo(a, err) < 0)
		return -1;
	a->edit.dry_run = false;
	if (edit_run(&a->edit, globals, err) < 0)
		return -1;
	const struct warn_about about = {&a->plan.forwards, &a->all,           a->edit.change.home,
					 globals->backends, a->edit.hindrance, NULL};
	if (globals->verbose)
		command_say("deleted %zu rules of others", count_taken(&a->plan));
	warn_of_forwards(&about);
	return 0;
}

static int adopt_kernel(struct adopting *a, const struct globals *globals, struct err *err)
{
	bool dry_run = a->edit.dry_run;
	a->edit.makes = a->edit.quiet = true;
	a->edit.change.decide = decide;
	a->edit.change.context = a;
	a->edit.change.others = &a->others;
	if (globals_home(globals, &a->edit.change.home, err) < 0)
		return -1;
	a->edit.dry_run = true;
	if (edit_run(&a->edit, globals, err) < 0)
		return -1;
	if (dry_run) {
		print_forwards(&a->plan.forwards);
		print_taken(&a->others.rules, &a->plan);
	} else if (count_taken(&a->plan) && change(a, globals, err) < 0) {
		return -1;
	}
	return say_rules(&a->others.rules, &a->plan) ? ERR_FAILED : 0;
}

/* ---- the command ---- */

static int take_operand(void *context, const char *word, struct err *err)
{
	struct adopting *a = context;
	if (a->file)
		return err_set(err, ERR_INPUT, "too many arguments: '%s'", quote(word).text);
	a->file = word;
	return 0;
}

static const struct arg_def adopt_options[] = {
	{0, "undo", ARG_VALUE, "FILE", "where the old rules are written; else standard output",
	 offsetof(struct adopting, undo), NULL},
	{0},
};

static int run(const struct command_line *line, struct err *err)
{
	struct adopting a = {0};
	const struct command_reader reader = {{&a.edit, &a}, take_operand, &a};
	int result = command_read(line, &reader, err);
	if (result == COMMAND_GO)
		result = a.file ? adopt_text(&a, line->globals, err)
				: adopt_kernel(&a, line->globals, err);
	adopt_free(&a.plan);
	change_others_free(&a.others);
	forwards_free(&a.all);
	undo_free(&a.old);
	return result;
}

const struct command command_adopt = {
	.name = "adopt",
	.operands = "[OPTIONS] [FILE]",
	.summary = "make forwards of hand-written rules",
	.details = "Rules that translate packets, with the rules that belong to them, are replaced "
		   "by the\nforwards that mean the same. What no forward can say stays, and is "
		   "named. FILE holds\nrules that iptables-save or `nft list ruleset` has written; "
		   "then the forwards are only\nprinted; - is standard input.\n",
	.options = {change_options, adopt_options},
	.run = run,
};
