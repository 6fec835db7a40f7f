/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Steps are printed as they come. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check/ask.h"
#include "check/follow.h"
#include "check/results.h"
#include "commands/check_follow.h"
#include "commands/reason.h"
#include "host/output.h"

struct following {
	const struct check_follow *of;
	struct output output;
	uint64_t *counts; /* of each forward, as they were read last */
	unsigned long ended, answered;
	struct err *err;
};

struct row {
	const struct forward *f;   /* NULL: all */
	const struct trace *trace; /* NULL: none */
	const char *step;
	const char *text;
	const struct reason *reason; /* NULL: none */
	enum trace_step at;
};

/* ---- columns ---- */

static bool put_endpoint(char cell[REPORT_CELL_MAX], const struct endpoint *at)
{
	char addr[ADDRESS_TEXT_MAX];
	address_format_bracketed(&at->addr, addr);
	return snprintf(cell, REPORT_CELL_MAX, "%s:%u", addr, at->port) > 0;
}

static bool get_forward(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct row *r = row;
	if (r->f)
		spec_format(r->f, cell);
	return r->f != NULL;
}

static bool get_name(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct row *r = row;
	return r->f && report_put(cell, r->f->name);
}

static bool get_client(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct row *r = row;
	return r->trace && put_endpoint(cell, &r->trace->client);
}

static bool get_via(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct row *r = row;
	return r->trace && put_endpoint(cell, &r->trace->via);
}

static bool get_target(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct row *r = row;
	return r->trace && put_endpoint(cell, &r->trace->target);
}

static bool get_step(const void *row, char cell[REPORT_CELL_MAX])
{
	return report_put(cell, ((const struct row *)row)->step);
}

static bool get_interface(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct row *r = row;
	return r->trace && r->at < TRACE_STEPS && report_put(cell, r->trace->links[r->at]);
}

static bool get_text(const void *row, char cell[REPORT_CELL_MAX])
{
	return report_put(cell, ((const struct row *)row)->text);
}

static bool get_finding(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct reason *r = ((const struct row *)row)->reason;
	return r && r->finding && report_put(cell, r->finding->word);
}

static bool get_remedy(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct reason *r = ((const struct row *)row)->reason;
	return r && report_put(cell, r->words.remedy);
}

const struct report_column check_follow_columns[] = {
	{"FORWARD", "where connections arrive", REPORT_TEXT, get_forward},
	{"NAME", "the label of the forward", REPORT_TEXT, get_name},
	{"CLIENT", "who connects", REPORT_TEXT, get_client},
	{"VIA", "to what it connects", REPORT_TEXT, get_via},
	{"TARGET", "where the connection is sent", REPORT_TEXT, get_target},
	{"STEP",
	 "arrived, translated, left, answered, answer-left; refused, stopped; nothing: none came",
	 REPORT_TEXT, get_step},
	{"INTERFACE", "by which it came or left", REPORT_TEXT, get_interface},
	{"TEXT", "the step in words, and why it is the last", REPORT_TEXT, get_text},
	{"FINDING", "the word of what stops it, see Findings", REPORT_TEXT, get_finding},
	{"REMEDY", "a command against it", REPORT_TEXT, get_remedy},
	{0},
};

static int print_row(struct following *w, const struct row *row)
{
	struct report *report = &w->of->query->report;
	char spec[SPEC_TEXT_MAX] = "", client[REPORT_CELL_MAX];
	if (report->format != REPORT_TABLE || w->of->query->columns)
		return report_row(report, row, w->err);
	if (row->f) {
		spec_format(row->f, spec);
		fprintf(report->out, "%s%s", spec, row->trace ? " " : ": ");
	}
	if (row->trace && get_client(row, client))
		fprintf(report->out, "%s: ", client);
	fputs(row->text, report->out);
	if (row->reason && *row->reason->words.remedy)
		fprintf(report->out, "; %s: %s", row->reason->finding->lead,
			row->reason->words.remedy);
	if (row->reason && *row->reason->words.keep)
		fprintf(report->out, "; to keep it over a reboot, put %s into " CHECK_SYSCTL_FILE,
			row->reason->words.keep);
	putc('\n', report->out);
	return 0;
}

/* ---- steps ---- */

static const char *const step_words[] = {
	[TRACE_ARRIVED] = "arrived",
	[TRACE_TRANSLATED] = "translated",
	[TRACE_LEFT] = "left",
	[TRACE_ANSWERED] = "answered",
	[TRACE_ANSWER_LEFT] = "answer-left",
	[TRACE_REFUSED] = "refused",
	[TRACE_STOPPED] = "stopped",
};

#define TEXT_MAX (FINDING_TEXT_MAX + 128)

static void say_step(const struct trace *t, enum trace_step step, char out[TEXT_MAX])
{
	char target[REPORT_CELL_MAX], refuser[ADDRESS_TEXT_MAX];
	put_endpoint(target, &t->target);
	const char *in = t->links[TRACE_ARRIVED];
	if (step == TRACE_ARRIVED)
		snprintf(out, TEXT_MAX, "arrived on %s", in);
	else if (step == TRACE_TRANSLATED)
		snprintf(out, TEXT_MAX, "translated to %.100s%s", target,
			 t->foreign ? ", by a rule of another program" : "");
	else if (step == TRACE_LEFT)
		snprintf(out, TEXT_MAX, "left by %s", t->links[step]);
	else if (step == TRACE_ANSWERED)
		snprintf(out, TEXT_MAX, "answered");
	else if (step == TRACE_ANSWER_LEFT && *in && strcmp(t->links[step], in) != 0)
		snprintf(out, TEXT_MAX,
			 "answer left by %s, not by %s, on which it came: most providers drop it",
			 t->links[step], in);
	else if (step == TRACE_ANSWER_LEFT)
		snprintf(out, TEXT_MAX, "answer left by %s", t->links[step]);
	else {
		address_format(&t->refuser, refuser);
		snprintf(out, TEXT_MAX, "refused by %s: %s", refuser,
			 t->error ? t->error
				  : "no program listens there, or its firewall refuses it");
	}
}

/* Whether it was the last step. */
static bool is_last(const struct trace *t, enum trace_step step)
{
	return step == TRACE_ANSWER_LEFT || step == TRACE_REFUSED || step == TRACE_STOPPED ||
	       (t->own && step == TRACE_ANSWERED);
}

static int on_news(void *context, const struct trace_news *news)
{
	struct following *w = context;
	const struct trace *t = news->trace;
	char text[TEXT_MAX];
	struct reason reason = {.finding = NULL};
	struct row row = {.f = t->f,
			  .trace = t,
			  .step = step_words[news->step],
			  .text = text,
			  .at = news->step};
	if (news->step == TRACE_STOPPED) {
		if (reason_find(globals_backends(w->of->globals), news, &reason, w->err) < 0)
			return -1;
		row.reason = &reason;
		snprintf(text, sizeof(text), "stopped here: %s", reason.words.text);
	} else {
		say_step(t, news->step, text);
	}
	if (print_row(w, &row) < 0)
		return -1;
	w->ended += is_last(t, news->step);
	w->answered += is_last(t, news->step) && news->step < TRACE_STEPS;
	return w->of->connections && w->ended >= w->of->connections;
}

/* A connection that is dropped makes no event, but the rule that translates it counts it. */
static int on_doubt(void *context, struct tracer *tracer)
{
	struct following *w = context;
	struct present present;
	if (present_read(globals_backends(w->of->globals), READING_ALL, &present, w->err) < 0)
		return -1;
	for (size_t i = 0; i < tracer->set->count; i++) {
		size_t at = forwards_find(&present.forwards, &tracer->set->items[i]);
		if (at == present.forwards.count)
			continue;
		uint64_t conns = present.of[at].status.conns;
		if (conns > w->counts[i])
			tracer_counted(tracer, &tracer->set->items[i]);
		w->counts[i] = conns;
	}
	present_free(&present);
	return 0;
}

/* The only forward that is watched; NULL: there are several. */
static const struct forward *find_only(const struct check_follow *of)
{
	const struct forward *only = NULL;
	for (size_t i = 0; i < of->present->forwards.count; i++) {
		if (of->selected[i] && only)
			return NULL;
		if (of->selected[i])
			only = &of->present->forwards.items[i];
	}
	return only;
}

/* Which findings keep packets from coming at all; or else where to look. */
static int on_idle(void *context)
{
	struct following *w = context;
	const struct forwards *set = &w->of->present->forwards;
	const struct ask_about about = {
		.set = set, .all = set, .selected = w->of->selected, .depth = ASK_WAY};
	struct asked asked;
	char text[TEXT_MAX];
	struct row row = {.step = "nothing", .text = text, .at = TRACE_STOPPED};
	size_t said = 0;
	if (ask_all(&about, &asked, w->err) < 0)
		return -1;
	int result = 0;
	for (size_t i = 0; result == 0 && i < set->count; i++)
		for (const struct finding *f = findings; result == 0 && f->word; f++) {
			struct reason reason = {f, {"", "", ""}};
			if (!asked.cases.items[i].f || f->step != TRACE_ARRIVED ||
			    !f->look(&asked.facts, &asked.cases.items[i], &reason.words))
				continue;
			snprintf(text, sizeof(text), "nothing arrived within %u s: %s",
				 w->of->globals->wait_seconds, reason.words.text);
			row.f = &set->items[i];
			row.reason = &reason;
			result = print_row(w, &row);
			said++;
		}
	asked_free(&asked);
	if (result < 0 || said)
		return result;
	row.f = find_only(w->of);
	row.reason = NULL;
	/* an IPv6 host that answers no neighbour is sent nothing */
	bool six = row.f && row.f->family == FAMILY_IPV6;
	snprintf(text, sizeof(text),
		 "nothing arrived within %u s: no packet for it came to this host; look at the "
		 "routers before it, %sand at the address and port that the client uses",
		 w->of->globals->wait_seconds,
		 six ? "at rules of this host that drop ICMPv6 in INPUT, " : "");
	return print_row(w, &row);
}

static int on_lost(void *context)
{
	(void)context;
	command_say("warning: packets came faster than they could be looked at; some connections "
		    "may be told incompletely");
	return 0;
}

static int flush_rows(void *context)
{
	struct following *w = context;
	if (fflush(w->output.stream) == 0)
		return 0;
	return err_sys(w->err, errno, "cannot write to standard output");
}

/* ---- the whole ---- */

static int follow(struct following *w, struct err *err)
{
	const struct follow_about about = {.set = &w->of->present->forwards,
					   .selected = w->of->selected,
					   .wait_seconds = w->of->globals->wait_seconds,
					   .reader = STDOUT_FILENO,
					   .signals = w->output.signals,
					   .tell = on_news,
					   .doubt = on_doubt,
					   .idle = on_idle,
					   .lost = on_lost,
					   .done = flush_rows,
					   .context = w};
	struct report *report = &w->of->query->report;
	report->out = w->output.stream;
	report->follow = true;
	bool rows = report->format != REPORT_TABLE || w->of->query->columns;
	if (rows && report_begin(report, err) < 0)
		return -1;
	int result = follow_forwards(&about, err);
	if (rows && report_end(report, err) < 0)
		result = -1;
	return result;
}

int check_follow(const struct check_follow *of, struct err *err)
{
	struct following w = {.of = of, .err = err};
	size_t count = of->present->forwards.count;
	w.counts = calloc(count + 1, sizeof(*w.counts));
	if (!w.counts)
		return err_memory(err);
	for (size_t i = 0; i < count; i++)
		w.counts[i] = of->present->of[i].status.conns;
	int result = output_open(&w.output, err) < 0 ? -1 : follow(&w, err);
	if (output_close(&w.output) < 0 && result == 0)
		result = err_sys(err, errno, "cannot write to standard output");
	free(w.counts);
	if (result < 0 && !w.output.ended)
		return -1;
	return w.answered ? 0 : 1;
}
