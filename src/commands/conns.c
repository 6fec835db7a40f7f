/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pfwd conns: the connections that run through forwards. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/command.h"
#include "commands/conns_rows.h"
#include "commands/options.h"
#include "commands/overview.h"
#include "commands/query.h"
#include "conns/conntrack.h"
#include "conns/owners.h"
#include "host/host.h"
#include "host/output.h"
#include "ruleset/present.h"

struct conns {
	struct query query;
	const struct globals *globals;
	struct present present; /* the forwards, as they were read last */
	bool all;               /* also connections that other tools translate */
	struct overview others; /* what they translate, with all */
	bool *selected_rows;    /* of others */
	bool follow, count;
	bool *selected;
	char **specs; /* SPEC of each forward, as text; NULL: not printed yet */
	struct owners owners;
	struct output output; /* with follow */
	bool keeps;           /* some forwards keep a port, whose connections are not translated */
	int64_t next_reading; /* not before this time of host_clock are forwards read again */
	int64_t next_look;    /* ... is asked whether the rules have changed */
	uint64_t digest;      /* of the rules, from before the last reading */
	struct err *err;
};

static bool is_wanted(const struct conns *conns, const struct conns_row *row)
{
	enum family family = conns->query.selection.family;
	if (family && family != row->c->family)
		return false;
	if (row->f)
		return conns->selected[row->f - conns->present.forwards.items];
	if (row->other)
		return conns->selected_rows[row->other - conns->others.rows.items];
	return conns->all && conns->query.selectors.count == 0;
}

/* The SPEC is formatted once, not for each of a million connections. NULL: out of memory. */
static const char *spec_of(struct conns *conns, const struct forward *f)
{
	char text[SPEC_TEXT_MAX];
	char **spec = &conns->specs[f - conns->present.forwards.items];
	if (!*spec) {
		spec_format(f, text);
		*spec = strdup(text); /* analyzer: no leak, drop_forwards frees it */
	}
	return *spec;
}

static int print_row(struct conns *conns, const struct connection *c, const struct forward *f)
{
	struct conns_row row = {.c = c, .f = f};
	if (!f && conns->all)
		row.other = overview_whose(&conns->others, c);
	if (!is_wanted(conns, &row))
		return 0;
	if (row.f && !(row.spec = spec_of(conns, row.f)))
		return err_memory(conns->err);
	return report_row(&conns->query.report, &row, conns->err);
}

static int print_connection(void *context, const struct connection *c)
{
	struct conns *conns = context;
	return print_row(conns, c, owners_forward(&conns->owners, c));
}

#define READING_SHARE 20 /* reading again takes at most a twentieth of the time */

/* What others translate is known with all rules alone. */
static int read_rules(struct conns *conns, const struct backend *const *backends, struct err *err)
{
	if (!conns->all)
		return present_read(backends, READING_FORWARDS, &conns->present, err);
	if (overview_read(backends, &conns->present, &conns->others, err) < 0 ||
	    overview_make_index(&conns->others, err) < 0)
		return -1;
	return overview_make_rows(&conns->present, &conns->others, err);
}

static int read_forwards(struct conns *conns, struct err *err)
{
	const struct forwards *set = &conns->present.forwards;
	const struct backend *const *backends = globals_backends(conns->globals);
	int64_t begin = host_clock();
	if (conns->follow && present_digest(backends, &conns->digest, err) < 0)
		return -1;
	if (read_rules(conns, backends, err) < 0)
		return -1;
	int64_t end = host_clock();
	conns->next_reading = end + READING_SHARE * (end - begin);
	conns->selected = calloc(set->count + 1, sizeof(*conns->selected));
	conns->specs = calloc(set->count + 1, sizeof(*conns->specs));
	conns->selected_rows = calloc(conns->others.rows.count + 1, sizeof(*conns->selected_rows));
	if (!conns->selected || !conns->selected_rows || !conns->specs)
		return err_memory(err);
	if (owners_make(set, &conns->owners, err) < 0)
		return -1;
	conns->owners.family = conns->query.selection.family;
	struct ctrequest_wish ignored;
	size_t at = 0;
	conns->keeps = owners_next_kept(&conns->owners, &at, &ignored);
	return 0;
}

static void drop_forwards(struct conns *conns)
{
	owners_free(&conns->owners);
	for (size_t i = 0; conns->specs && i < conns->present.forwards.count; i++)
		free(conns->specs[i]);
	free(conns->specs);
	conns->specs = NULL;
	overview_free(&conns->others);
	present_free(&conns->present);
	free(conns->selected);
	free(conns->selected_rows);
	conns->selected = conns->selected_rows = NULL;
}

static int select_rows(struct conns *conns, struct err *err)
{
	const struct forwards *set = &conns->present.forwards;
	const struct overview_choice choice = {set, &conns->others, conns->selected,
					       conns->selected_rows};
	return conns->all ? overview_select(&conns->query, &choice, err)
			  : query_select(&conns->query, set, conns->selected, err);
}

static void say_accounting(const struct conns *conns)
{
	static const char *const names[] = {"PACKETS-IN", "PACKETS-OUT", "BYTES-IN",
					    "BYTES-OUT",  "PACKETS",     "BYTES"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (report_chosen(&conns->query.report.choice, names[i])) {
			query_say_accounting();
			return;
		}
}

static int print_all(struct conns *conns, int (*each)(void *context, const struct connection *c))
{
	const struct conntrack_walker walker = {each, conns};
	int result = owners_walk(&conns->owners, &walker, conns->err);
	if (conns->owners.resized)
		query_say_resized();
	return result;
}

/* ---- following ---- */

/* Read the forwards again. A selector that selects none of them is no error now: its forwards are
 * gone, or not there yet. */
static int refresh_forwards(struct conns *conns)
{
	struct err why = {0};
	drop_forwards(conns);
	if (read_forwards(conns, conns->err) < 0)
		return -1;
	if (select_rows(conns, &why) == 0 || why.kind == ERR_NOT_FOUND)
		return 0;
	*conns->err = why;
	return -1;
}

#define LOOK_NANOSECONDS 1000000000

/* Once a second, read the forwards again if the rules have changed: names and targets may be other
 * ones, and forwards gone. */
static int look_for_changes(struct conns *conns)
{
	int64_t begin = host_clock();
	uint64_t digest;
	if (begin < conns->next_look)
		return 0;
	if (present_digest(globals_backends(conns->globals), &digest, conns->err) < 0)
		return -1;
	int64_t end = host_clock(), pause = READING_SHARE * (end - begin);
	conns->next_look = end + (pause > LOOK_NANOSECONDS ? pause : LOOK_NANOSECONDS);
	return digest == conns->digest ? 0 : refresh_forwards(conns);
}

/* A connection of no known forward may run through one that was made since the last look. */
static int print_event(void *context, const struct connection *c)
{
	struct conns *conns = context;
	if (look_for_changes(conns) < 0)
		return -1;
	bool known = owners_forward(&conns->owners, c) != NULL;
	if (!known && !c->translated)
		return 0;
	if (!known && host_clock() >= conns->next_reading && refresh_forwards(conns) < 0)
		return -1;
	return print_connection(conns, c);
}

static int print_as_update(void *context, const struct connection *c)
{
	struct connection again = *c;
	again.event = CONNECTION_UPDATE;
	return print_connection(context, &again);
}

static int read_again(void *context)
{
	struct conns *conns = context;
	command_say("warning: connections changed faster than they could be shown; all connections "
		    "there are now follow as updates");
	return print_all(conns, print_as_update);
}

static int flush_rows(void *context)
{
	struct conns *conns = context;
	if (fflush(conns->query.report.out) == 0)
		return 0;
	return err_sys(conns->err, errno, "cannot write to standard output");
}

static int follow(struct conns *conns, struct err *err)
{
	struct conntrack_follower follower = {.each = print_event,
					      .done = flush_rows,
					      .lost = read_again,
					      .context = conns,
					      .all = &conns->keeps,
					      .reader = STDOUT_FILENO,
					      .signals = conns->output.signals};
	return conntrack_follow(&follower, err);
}

/* ---- one row for each forward ---- */

/* What is intercepted is not translated, and makes no row. */
static int print_other_counts(struct conns *conns, const struct owners_sum *sums, struct err *err)
{
	struct conns_count row = {.counted = host_accounts()};
	for (size_t i = 0; i < conns->others.rows.count; i++) {
		row.other = &conns->others.rows.items[i];
		row.sum = sums[i];
		if (conns->selected_rows[i] && row.other->rule->action != OTHER_TPROXY &&
		    report_row(&conns->query.report, &row, err) < 0)
			return -1;
	}
	return 0;
}

static int print_counts(struct conns *conns, const struct owners_sum *sums, struct err *err)
{
	const struct forwards *set = &conns->present.forwards;
	struct conns_count row = {.counted = host_accounts()};
	for (size_t i = 0; i < set->count; i++) {
		row.f = &set->items[i];
		row.sum = sums[i];
		if (conns->selected[i] && report_row(&conns->query.report, &row, err) < 0)
			return -1;
	}
	if (print_other_counts(conns, sums + set->count, err) < 0)
		return -1;
	row.f = NULL;
	row.sum = sums[set->count + conns->others.rows.count];
	if (!conns->all || conns->query.selectors.count)
		return 0;
	return report_row(&conns->query.report, &row, err);
}

static int count(struct conns *conns, struct err *err)
{
	struct owners_sum *sums =
		calloc(conns->present.forwards.count + conns->others.rows.count + 1, sizeof(*sums));
	int result = sums ? 0 : err_memory(err);
	if (result == 0)
		result = overview_sums(&conns->others, &conns->owners, sums, err);
	if (conns->owners.resized)
		query_say_resized();
	if (result == 0)
		result = print_counts(conns, sums, err);
	free(sums);
	return result;
}

/* ---- the command ---- */

/* With -f each row says what happened, whatever columns were asked for. */
static void put_event_first(struct report_choice *choice)
{
	if (report_chosen(choice, "EVENT") || choice->count == REPORT_COLUMNS_MAX)
		return;
	memmove(choice->columns + 1, choice->columns, choice->count * sizeof(choice->columns[0]));
	for (const struct report_column *c = conns_columns; c->name; c++)
		if (strcmp(c->name, "EVENT") == 0)
			choice->columns[0] = c;
	choice->count++;
}

static int choose(struct conns *conns, struct err *err)
{
	struct report *report = &conns->query.report;
	if (conns->count && conns->follow)
		return err_set(err, ERR_INPUT,
			       "-c and -f exclude each other: -c counts the connections there are "
			       "now; leave one out");
	if (conns->count)
		return query_choose(&conns->query, conns_count_columns,
				    "FORWARD,NAME,CONNS,PACKETS,BYTES", err);
	if (query_choose(&conns->query, conns_columns,
			 "FORWARD,PROTO,CLIENT,VIA,TARGET,STATE,TIMEOUT", err) < 0)
		return -1;
	report->follow = conns->follow;
	if (conns->follow)
		put_event_first(&report->choice);
	return 0;
}

static int print(struct conns *conns, struct err *err)
{
	int result;
	if (report_begin(&conns->query.report, err) < 0)
		return -1;
	if (conns->count)
		result = count(conns, err);
	else if (conns->follow)
		result = follow(conns, err);
	else
		result = print_all(conns, print_connection);
	if (report_end(&conns->query.report, err) < 0)
		result = -1;
	return result;
}

/* INT and TERM are how it ends: that is no failure, also if the last rows could not be written. */
static int print_until_ended(struct conns *conns, struct err *err)
{
	if (output_open(&conns->output, err) < 0)
		return -1;
	conns->query.report.out = conns->output.stream;
	int result = print(conns, err);
	if (output_close(&conns->output) < 0 && result == 0)
		result = err_sys(err, errno, "cannot write to standard output");
	return conns->output.ended ? 0 : result;
}

static int show(struct conns *conns, struct err *err)
{
	conns->err = err;
	conns->query.report.whole = conns->count;
	if (choose(conns, err) < 0)
		return -1;
	if (query_check(&conns->query, conns->globals, err) < 0 ||
	    globals_permitted(conns->globals, err) < 0)
		return -1;
	if (read_forwards(conns, err) < 0)
		return -1;
	if (select_rows(conns, err) < 0)
		return -1;
	say_accounting(conns);
	return conns->follow ? print_until_ended(conns, err) : print(conns, err);
}

static const struct arg_def conns_options[] = {
	{'a', "all", ARG_PLAIN, NULL, "also connections that other tools translate",
	 offsetof(struct conns, all), NULL},
	{'f', "follow", ARG_PLAIN, NULL, "show new, changed and ended connections as they happen",
	 offsetof(struct conns, follow), NULL},
	{'c', "count", ARG_PLAIN, NULL, "count the connections and bytes of each forward",
	 offsetof(struct conns, count), NULL},
	{0},
};

static int run(const struct command_line *line, struct err *err)
{
	struct conns conns = {.query.report = {.out = stdout, .title = "conns"},
			      .globals = line->globals};
	const struct command_reader reader = {
		{&conns, &conns.query, &conns.query.selection.family}, query_operand, &conns.query};
	int result = command_read(line, &reader, err);
	if (result == COMMAND_GO)
		result = show(&conns, err);
	drop_forwards(&conns);
	query_free(&conns.query);
	return result;
}

const struct command command_conns = {
	.name = "conns",
	.operands = "[OPTIONS] [SELECTOR...]",
	.summary = "show the connections through forwards",
	.details = "With -c there is one row for each forward, with the columns FORWARD, NAME, "
		   "CONNS,\nPACKETS and BYTES.\n",
	.options = {conns_options, report_options, family_options},
	.columns = conns_columns,
	.run = run,
};
