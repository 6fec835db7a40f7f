/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pfwd check: why a forward does not work, or will not. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/ask.h"
#include "check/results.h"
#include "commands/command.h"
#include "commands/options.h"
#include "commands/overview.h"
#include "commands/query.h"
#include "host/host.h"
#include "commands/check_follow.h"
#include "ruleset/present.h"

struct row {
	const struct forward *f;
	const struct result *result;
};

static bool get_forward(const void *row, char cell[REPORT_CELL_MAX])
{
	spec_format(((const struct row *)row)->f, cell);
	return true;
}

static bool get_severity(const void *row, char cell[REPORT_CELL_MAX])
{
	return report_put(cell,
			  severity_name(((const struct row *)row)->result->finding->severity));
}

static bool get_finding(const void *row, char cell[REPORT_CELL_MAX])
{
	return report_put(cell, ((const struct row *)row)->result->finding->word);
}

static bool get_text(const void *row, char cell[REPORT_CELL_MAX])
{
	return report_put(cell, ((const struct row *)row)->result->text);
}

static bool get_remedy(const void *row, char cell[REPORT_CELL_MAX])
{
	return report_put(cell, ((const struct row *)row)->result->remedy);
}

static bool get_keep(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct result *r = ((const struct row *)row)->result;
	return *r->keep && snprintf(cell, REPORT_CELL_MAX, "%s in " CHECK_SYSCTL_FILE, r->keep) > 0;
}

static const struct report_column columns[] = {
	{"FORWARD", "where connections arrive", REPORT_TEXT, get_forward},
	{"SEVERITY", "error: no connection can work; warning: some cannot, or will not later; note",
	 REPORT_TEXT, get_severity},
	{"FINDING", "a word that stays the same", REPORT_TEXT, get_finding},
	{"TEXT", "what is wrong, and with what", REPORT_TEXT, get_text},
	{"REMEDY", "a command against it", REPORT_TEXT, get_remedy},
	{"KEEP", "what keeps the remedy over a reboot", REPORT_TEXT, get_keep},
	{0},
};

struct check {
	struct query query;
	bool probe;
	bool follow;
	unsigned long connections; /* of -c; 0: not given */
	struct present present;
	struct overview others;
	bool *selected;
	struct asked asked;
	struct results results;
};

/* A line for what is the same of several forwards. */
static void print_line(const struct result *r, const struct forwards *set)
{
	char spec[SPEC_TEXT_MAX];
	spec_format(&set->items[r->first], spec);
	fputs(spec, stdout);
	if (r->count > 1)
		printf(" and %zu more", r->count - 1);
	printf(": %s: %s: %s", severity_name(r->finding->severity), r->finding->word, r->text);
	if (*r->remedy)
		printf("; %s: %s", r->finding->lead, r->remedy);
	if (*r->keep)
		printf("; to keep it over a reboot, put %s into " CHECK_SYSCTL_FILE, r->keep);
	putchar('\n');
}

static int print_rows(struct check *check, struct err *err)
{
	const struct results *results = &check->results;
	int result = report_begin(&check->query.report, err);
	for (size_t i = 0; result == 0 && i < results->row_count; i++) {
		const struct result_row *found = &results->rows[i];
		const struct row row = {&check->present.forwards.items[found->forward],
					&results->items[found->result]};
		result = report_row(&check->query.report, &row, err);
	}
	if (report_end(&check->query.report, err) < 0)
		result = -1;
	return result;
}

static int print(struct check *check, struct err *err)
{
	if (check->query.report.format != REPORT_TABLE || check->query.columns)
		return print_rows(check, err);
	for (size_t i = 0; i < check->results.count; i++)
		print_line(&check->results.items[i], &check->present.forwards);
	return 0;
}

/* The forwards as such to this host, which is what rules for this host alone see. */
static int turn_here(const struct forwards *set, struct forwards *out, struct err *err)
{
	for (size_t i = 0; i < set->count; i++) {
		struct forward here = set->items[i];
		here.target = (struct address){0};
		here.target_ports = here.ports;
		if (forwards_add(out, &here, err) < 0)
			return -1;
	}
	return 0;
}

static int find_limits(struct check *check, struct err *err)
{
	const struct forwards *set = &check->present.forwards;
	struct forwards here = {0};
	struct limits *there = calloc(set->count + 1, sizeof(*there));
	struct limits *found = calloc(set->count + 1, sizeof(*found));
	int result = found && there ? turn_here(set, &here, err) : err_memory(err);
	if (result == 0)
		result = present_limits(&check->present, set, there, err);
	if (result == 0)
		result = present_limits(&check->present, &here, found, err);
	for (size_t i = 0; result == 0 && i < set->count; i++) {
		struct case_facts *c = &check->asked.cases.items[i];
		c->limits = there[i];
		if (!forward_to_self(&set->items[i]) && !there[i].some.chain)
			c->banned_here = found[i].some;
	}
	free(there);
	free(found);
	forwards_free(&here);
	return result;
}

/* What stands in the way of connections that a helper expects. */
static void find_related(struct check *check, size_t i)
{
	struct case_facts *c = &check->asked.cases.items[i];
	const struct stop_question question = {.f = c->f, .on = STOP_ON_BACK, .related = true};
	if (c->helped)
		present_stops(&check->present, i, &question, &c->related);
}

static int find(struct check *check, struct err *err)
{
	const struct forwards *set = &check->present.forwards;
	const struct ask_about about = {.set = set,
					.all = set,
					.selected = check->selected,
					.depth = ASK_ALL,
					.backends = check->present.backends};
	if (ask_all(&about, &check->asked, err) < 0)
		return -1;
	for (size_t i = 0; i < set->count; i++) {
		struct case_facts *c = &check->asked.cases.items[i];
		c->incomplete = check->present.of[i].status.incomplete;
		c->narrowed = check->present.of[i].status.narrowed;
		c->blocked = check->present.of[i].status.blocked;
		if (!c->f)
			continue;
		c->other = overview_meeting(&check->present, &check->others, i);
		if (c->blocked)
			present_where(&check->present, i, &c->blocked_by);
		find_related(check, i);
	}
	if (find_limits(check, err) < 0)
		return -1;
	if (check->probe && ask_targets(&check->asked, err) < 0)
		return -1;
	return results_find(&check->asked.facts, &check->asked.cases, &check->results, err);
}

/* 1 if there is more than notes. */
static int status_of(const struct check *check)
{
	for (size_t i = 0; i < check->results.count; i++)
		if (check->results.items[i].finding->severity != SEVERITY_NOTE)
			return 1;
	return 0;
}

static int choose(struct check *check, struct err *err)
{
	if (check->connections && !check->follow)
		return err_set(err, ERR_INPUT, "-c ends what -f follows: give -f too");
	if (check->probe && check->follow)
		return err_set(err, ERR_INPUT, "--probe and -f exclude each other: leave one out");
	if (check->follow)
		return query_choose(&check->query, check_follow_columns, CHECK_FOLLOW_COLUMNS, err);
	return query_choose(&check->query, columns, "FORWARD,SEVERITY,FINDING,TEXT,REMEDY", err);
}

static int follow(struct check *check, const struct globals *globals, struct err *err)
{
	if (check->present.forwards.count == 0)
		return err_set(err, ERR_NOT_FOUND,
			       "there is no forward to follow; make one with `pfwd add`");
	const struct check_follow of = {&check->query, globals, &check->present, check->selected,
					check->connections};
	return check_follow(&of, err);
}

static int show(struct check *check, const struct globals *globals, struct err *err)
{
	if (choose(check, err) < 0 || query_check(&check->query, globals, err) < 0 ||
	    globals_permitted(globals, err) < 0 || (check->follow && host_permitted(true, err) < 0))
		return -1;
	if (overview_read(globals_backends(globals), &check->present, &check->others, err) < 0 ||
	    overview_make_index(&check->others, err) < 0)
		return -1;
	check->selected = calloc(check->present.forwards.count + 1, sizeof(*check->selected));
	if (!check->selected)
		return err_memory(err);
	if (query_select(&check->query, &check->present.forwards, check->selected, err) < 0)
		return -1;
	if (check->follow)
		return follow(check, globals, err);
	if (find(check, err) < 0)
		return -1;
	command_say_lines(&check->present.foreign);
	return print(check, err) < 0 ? -1 : status_of(check);
}

static int run(const struct command_line *line, struct err *err)
{
	struct check check = {.query.report = {.out = stdout, .whole = true, .title = "checks"}};
	const struct command_reader reader = {
		{&check.query, &check.query.selection.family, &check}, query_operand, &check.query};
	int result = command_read(line, &reader, err);
	if (result == COMMAND_GO)
		result = show(&check, line->globals, err);
	query_free(&check.query);
	overview_free(&check.others);
	present_free(&check.present);
	results_free(&check.results);
	asked_free(&check.asked);
	free(check.selected);
	return result;
}

static int set_connections(void *into, const char *value, struct err *err)
{
	struct check *check = into;
	char *end;
	check->connections = strtoul(value, &end, 10);
	if (*value < '0' || *value > '9' || *end || check->connections == 0 ||
	    check->connections > UINT32_MAX)
		return err_set(err, ERR_INPUT,
			       "-c '%s' is not a number of connections from 1 to %lu",
			       quote(value).text, (unsigned long)UINT32_MAX);
	return 0;
}

static const struct arg_def check_options[] = {
	{0, "probe", ARG_PLAIN, NULL, "connect once to each TCP target from here",
	 offsetof(struct check, probe), NULL},
	{'f', "follow", ARG_PLAIN, NULL,
	 "tell of the next connections, step by step, how far they come",
	 offsetof(struct check, follow), NULL},
	{'c', "connections", ARG_VALUE, "N", "with -f: end after N connections",
	 .set = set_connections},
	{0},
};

static void print_findings(void)
{
	puts("\nFindings:");
	for (const struct finding *f = findings; f->word; f++)
		printf("  %-20s %s: %s\n", f->word, severity_name(f->severity), f->meaning);
}

const struct command command_check = {
	.name = "check",
	.operands = "[OPTIONS] [SELECTOR...]",
	.summary = "tell why a forward does not work, or will not",
	.details = "With -f the columns are FORWARD, NAME, CLIENT, VIA, TARGET, STEP, INTERFACE, "
		   "TEXT,\nFINDING and REMEDY. If nothing arrives within the seconds of --wait "
		   "(default 10),\nit says so once.\n",
	.options = {report_options, family_options, check_options},
	.columns = columns,
	.print_more = print_findings,
	.run = run,
};
