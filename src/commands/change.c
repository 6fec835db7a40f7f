/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A change of forwards as its commands see it: shown, or made and told of. */
#include <stdio.h>

#include "commands/command.h"
#include "ruleset/change.h"
#include "conns/settle.h"
#include "xtables/text.h"

static void print_op(enum family family, const struct op *op)
{
	char rule[RULE_TEXT_MAX] = "";
	if (op->rule)
		text_rule(family, op->rule, rule);
	switch ((enum op_kind)op->kind) {
	case OP_NEW_CHAIN:
		printf(":%s - [0:0]\n", op->chain);
		break;
	case OP_DELETE_CHAIN:
		printf("-X %s\n", op->chain);
		break;
	case OP_INSERT:
		if (op->at_end)
			printf("-A %s %s\n", op->chain, rule);
		else
			printf("-I %s %u %s\n", op->chain, op->position + 1, rule);
		break;
	case OP_DELETE:
		if (op->rule)
			printf("-D %s %s\n", op->chain, rule);
		else
			printf("-D %s %u\n", op->chain, op->position + 1);
		break;
	}
}

static void show_plan(void *context, const struct state *have, const struct plan *plan)
{
	(void)context;
	if (have->family == FAMILY_IPV6)
		puts("# IPv6");
	printf("*%s\n", table_name(have->table));
	for (size_t i = 0; i < plan->count; i++)
		print_op(have->family, &plan->ops[i]);
	puts("COMMIT");
}

static void say_forward(const char *what, const struct forward *f)
{
	char line[SPEC_LINE_MAX];
	spec_format_line(f, line);
	command_say("%s %s", what, line);
}

static void say_missing(const char *what, const struct forwards *of, const struct forwards *in)
{
	struct forwards_missing walk = {.of = of, .in = in};
	const struct forward *f;
	while ((f = forwards_next_missing(&walk)))
		say_forward(what, f);
}

static size_t say_kept_chain(const struct state *state, const struct layout *wanted)
{
	size_t count = 0;
	for (size_t c = 0; c < state->chain_count; c++) {
		const struct state_chain *chain = &state->chains[c];
		if (!plan_keeps(state, wanted, chain))
			continue;
		count++;
		command_say("chain %s of the %s %s table stays: it holds or is used by "
			    "somebody else's rule",
			    chain->name, family_name(state->family), table_name(state->table));
	}
	return count;
}

/* Chains that no forward needs, and that stay for somebody else's sake. */
static size_t say_kept_chains(const struct snapshot *before, const struct forwards *wanted)
{
	size_t count = 0;
	for (int f = 0; f < FAMILIES; f++) {
		struct layout layout;
		struct err ignored;
		if (layout_build(change_families[f], wanted, &layout, &ignored) < 0)
			return count;
		for (int t = 0; t < TABLES; t++)
			count += say_kept_chain(&before->states[f][t], &layout);
		layout_free(&layout);
	}
	return count;
}

/* Connections follow the forwards. What fails here does not undo the change, so it is said. */
static void settle_connections(const struct change_context *change, const struct snapshot *before,
			       const struct forwards *wanted)
{
	struct err err = {0};
	int result = settle_udp(&before->forwards, wanted, &err);
	if (result == 0 && change->kill)
		result = settle_kill(&before->forwards, wanted, &err);
	if (result < 0)
		command_say(
			"warning: the rules are in place, but connections from before may go on: "
			"%s",
			err.text);
}

static size_t count_missing(const struct forwards *of, const struct forwards *in)
{
	struct forwards_missing walk = {.of = of, .in = in};
	size_t count = 0;
	while (forwards_next_missing(&walk))
		count++;
	return count;
}

/* Each forward, or in one line where they may be thousands. */
static void say_changes(const struct change_context *change, const struct forwards *before,
			const struct forwards *wanted, size_t changes)
{
	size_t removed = count_missing(before, wanted), added = count_missing(wanted, before);
	if (changes == 0)
		command_say("nothing to change");
	else if (removed + added == 0)
		command_say("no forward changed; rules that were missing or left over are mended");
	else if (change->in_one_line)
		command_say("%zu added, %zu removed, %zu kept", added, removed,
			    wanted->count - added);
	else {
		say_missing("removed", before, wanted);
		say_missing("added", wanted, before);
	}
}

static void finish(void *context, const struct snapshot *before, const struct forwards *wanted,
		   size_t changes)
{
	struct change_context *change = context;
	bool verbose = change->globals->verbose;
	progress_end(&change->progress);
	settle_connections(change, before, wanted);
	if (verbose || change->say_kept)
		change->kept_chains = say_kept_chains(before, wanted);
	if (verbose)
		say_changes(change, &before->forwards, wanted, changes);
}

static void say_lost(void *context, enum family family, enum table table)
{
	(void)context;
	command_say("warning: the %s %s table is as wanted, but the counters of its rules, others' "
		    "too, were lost: the kernel refused to set them",
		    family_name(family), table_name(table));
}

static int decide(void *context, const struct forwards *present, const struct forwards **wanted,
		  struct err *err)
{
	struct change_context *change = context;
	return change->decide(change->context, present, wanted, err);
}

static void stage(void *context, const char *what, bool long_one)
{
	struct change_context *change = context;
	progress_stage(&change->progress, what, long_one);
}

int command_change(struct change_context *context, struct err *err)
{
	struct change change = {
		.decide = decide,
		.show = context->dry_run ? show_plan : NULL,
		.done = context->dry_run ? NULL : finish,
		.lost = say_lost,
		.stage = stage,
		.context = context,
		.lock_seconds = context->globals->lock_seconds,
	};
	int result = change_run(&change, err);
	progress_end(&context->progress);
	return result;
}
