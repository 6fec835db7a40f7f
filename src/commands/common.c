/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What several commands share: options, changes, selections and lines to standard error. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/command.h"
#include "kernel/change.h"
#include "kernel/flows.h"
#include "kernel/host.h"
#include "report/report.h"
#include "rules/text.h"

const struct arg_def global_options[] = {
	{GLOBAL_WAIT, 'w', "wait", ARG_VALUE, "SECONDS",
	 "how long to wait for the xtables lock (10; 0: not at all)"},
	{GLOBAL_VERBOSE, 'v', "verbose", ARG_PLAIN, NULL, "tell what was done"},
	{GLOBAL_HELP, 'h', "help", ARG_PLAIN, NULL, "show this help"},
	{GLOBAL_VERSION, 'V', "version", ARG_PLAIN, NULL, "show the version"},
	{0},
};

const struct arg_def change_options[] = {
	{CHANGE_DRY_RUN, 'n', "dry-run", ARG_PLAIN, NULL,
	 "change nothing; print the rules that would be added and deleted"},
	{0},
};

const struct arg_def family_options[] = {
	{REQUEST_IPV4, '4', NULL, ARG_PLAIN, NULL, "only those of IPv4"},
	{REQUEST_IPV6, '6', NULL, ARG_PLAIN, NULL, "only those of IPv6"},
	{0},
};

const struct arg_def report_options[] = {
	{REPORT_OUTPUT, 'o', "output", ARG_VALUE, "COL,COL",
	 "these columns; +COL adds to the usual ones"},
	{REPORT_NO_HEADINGS, 'n', "noheadings", ARG_PLAIN, NULL, "no header"},
	{REPORT_RAW_FORMAT, 'r', "raw", ARG_PLAIN, NULL, "one blank between columns"},
	{REPORT_JSON_FORMAT, 'J', "json", ARG_PLAIN, NULL, "as JSON"},
	{REPORT_PLAIN_BYTES, 0, "bytes", ARG_PLAIN, NULL, "bytes as plain numbers"},
	{0},
};

void command_say(const char *format, ...)
{
	va_list args;
	fputs("pfwd: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	putc('\n', stderr);
}

static int parse_wait(const char *text, unsigned int *out, struct err *err)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || value > 86400)
		return err_set(err, ERR_INPUT,
			       "--wait '%s' is not a number of seconds from 0 to 86400",
			       quote(text).text);
	*out = (unsigned int)value;
	return 0;
}

enum args_kind command_next(struct args *args, struct globals *globals, struct arg *arg,
			    struct err *err)
{
	for (;;) {
		enum args_kind kind = args_next(args, arg, err);
		if (kind != ARGS_OPTION)
			return kind;
		switch (arg->def->id) {
		case GLOBAL_WAIT:
			if (parse_wait(arg->value, &globals->lock_seconds, err) < 0)
				return ARGS_BAD;
			break;
		case GLOBAL_VERBOSE:
			globals->verbose = true;
			break;
		case GLOBAL_HELP:
			globals->help = true;
			return ARGS_END;
		case GLOBAL_VERSION:
			globals->help = globals->version = true;
			return ARGS_END;
		default:
			return kind;
		}
	}
}

int command_read(const struct command *command, struct args *args, struct globals *globals,
		 int (*take)(void *context, const struct arg *arg, struct err *err), void *context,
		 struct err *err)
{
	struct arg arg;
	for (;;) {
		switch (command_next(args, globals, &arg, err)) {
		case ARGS_BAD:
			return -1;
		case ARGS_END:
			if (!globals->help)
				return COMMAND_GO;
			command_help_text(command, globals);
			return 0;
		case ARGS_OPERAND:
		case ARGS_OPTION:
			if (take(context, &arg, err) < 0)
				return -1;
			break;
		}
	}
}

int query_take(struct query *query, const struct arg *arg, struct err *err)
{
	switch (arg->def ? arg->def->id : 0) {
	case REPORT_OUTPUT:
		query->columns = arg->value;
		break;
	case REPORT_NO_HEADINGS:
		query->report.headings = false;
		break;
	case REPORT_RAW_FORMAT:
		query->report.format = REPORT_RAW;
		break;
	case REPORT_JSON_FORMAT:
		query->report.format = REPORT_JSON;
		break;
	case REPORT_PLAIN_BYTES:
		query->report.plain_bytes = true;
		break;
	default:
		return selection_take(&query->words, arg, err);
	}
	return 0;
}

int query_check(struct query *query, struct err *err)
{
	const struct selection *words = &query->words;
	return selectors_parse(words->words, words->count, words->family, NULL, host_service,
			       &query->selectors, err);
}

void query_free(struct query *query)
{
	selection_free(&query->words);
	selectors_free(&query->selectors);
}

int query_select(const struct query *query, const struct forwards *set, bool *selected,
		 struct err *err)
{
	enum family family = query->words.family;
	if (selectors_apply(&query->selectors, set, selected, err) < 0)
		return -1;
	for (size_t i = 0; family && i < set->count; i++)
		selected[i] = selected[i] && set->items[i].family == family;
	return 0;
}

int selection_take(struct selection *s, const struct arg *arg, struct err *err)
{
	if (arg->def) {
		s->family = arg->def->id == REQUEST_IPV6 ? FAMILY_IPV6 : FAMILY_IPV4;
		return 0;
	}
	const char **words = reallocarray(s->words, s->count + 1, sizeof(*words));
	if (!words)
		return err_memory(err);
	s->words = words;
	s->words[s->count++] = arg->value;
	return 0;
}

void selection_free(struct selection *s)
{
	free(s->words);
	*s = (struct selection){0};
}

/* ---- changes ---- */

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

/* What a is and b is not. */
static size_t say_missing(const char *what, const struct forwards *of, const struct forwards *in)
{
	struct forwards_missing walk = {.of = of, .in = in};
	const struct forward *f;
	size_t count = 0;
	for (; (f = forwards_next_missing(&walk)); count++)
		say_forward(what, f);
	return count;
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
	int result = flows_settle(&before->forwards, wanted, &err);
	if (result == 0 && change->kill)
		result = flows_kill(&before->forwards, wanted, &err);
	if (result < 0)
		command_say(
			"warning: the rules are in place, but connections from before may go on: "
			"%s",
			err.text);
}

static void finish(void *context, const struct snapshot *before, const struct forwards *wanted,
		   size_t changes)
{
	struct change_context *change = context;
	bool verbose = change->globals->verbose;
	settle_connections(change, before, wanted);
	if (verbose || change->say_kept)
		change->kept_chains = say_kept_chains(before, wanted);
	if (!verbose)
		return;
	size_t said = say_missing("removed", &before->forwards, wanted) +
		      say_missing("added", wanted, &before->forwards);
	if (changes == 0)
		command_say("nothing to change");
	else if (said == 0)
		command_say("no forward changed; rules that were missing or left over are mended");
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

int command_change(struct change_context *context, struct err *err)
{
	struct change change = {
		.decide = decide,
		.show = context->dry_run ? show_plan : NULL,
		.done = context->dry_run ? NULL : finish,
		.lost = say_lost,
		.context = context,
		.lock_seconds = context->globals->lock_seconds,
	};
	return change_run(&change, err);
}
