/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pfwd top: the traffic of each forward, as it goes on. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "commands/options.h"
#include "commands/top.h"
#include "host/host.h"
#include "host/output.h"
#include "screen/terminal.h"
#include "syntax/time.h"

/* ---- columns ---- */

struct row {
	struct meter_row of; /* of.f is NULL: the sum of all */
	struct traffic_sum sum;
	int64_t interval; /* nanoseconds that IN/s and OUT/s are of; 0: they are not known */
	time_t now;
};

static bool get_time(const void *row, char cell[REPORT_CELL_MAX])
{
	time_format(((const struct row *)row)->now, cell);
	return true;
}

static bool get_forward(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct row *r = row;
	return r->of.f ? top_put_forward(&r->of, cell) : report_put(cell, "total");
}

static bool get_name(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct row *r = row;
	return r->of.f && top_put_name(&r->of, cell);
}

static bool get_owner(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct row *r = row;
	return r->of.f && top_put_owner(&r->of, cell);
}

static bool get_family(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct forward *f = ((const struct row *)row)->of.f;
	return f && f->family && report_put(cell, family_name(f->family));
}

static bool get_from(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct forward *f = ((const struct row *)row)->of.f;
	if (!f || !network_is_set(&f->from))
		return false;
	network_format(&f->from, cell);
	return true;
}

static bool get_live(const void *row, char cell[REPORT_CELL_MAX])
{
	return report_put_number(cell, ((const struct row *)row)->sum.live);
}

static bool put_thousandths(char cell[REPORT_CELL_MAX], uint64_t thousandths, int decimals)
{
	top_put_rate(cell, thousandths, decimals);
	return true;
}

static bool get_new_rate(const void *row, char cell[REPORT_CELL_MAX])
{
	return put_thousandths(cell, ((const struct row *)row)->sum.new_rate, 2);
}

static bool get_in_rate(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct row *r = row;
	return r->interval && report_put_number(cell, r->sum.in_rate);
}

static bool get_out_rate(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct row *r = row;
	return r->interval && report_put_number(cell, r->sum.out_rate);
}

static bool get_interval(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct row *r = row;
	return r->interval && put_thousandths(cell, (uint64_t)r->interval / 1000000, 3);
}

static bool get_begun(const void *row, char cell[REPORT_CELL_MAX])
{
	return report_put_number(cell, ((const struct row *)row)->sum.begun);
}

static bool get_in(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct row *r = row;
	return r->interval && report_put_number(cell, r->sum.in);
}

static bool get_out(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct row *r = row;
	return r->interval && report_put_number(cell, r->sum.out);
}

static const struct report_column columns[] = {
	{"FORWARD", "where connections arrive; total: of all rows", REPORT_TEXT, get_forward},
	{"NAME", "the label of the forward", REPORT_TEXT, get_name},
	{"LIVE", "connections that exist now", REPORT_NUMBER, get_live},
	{"NEW/s", "new connections a second, since the last refresh", REPORT_NUMBER, get_new_rate},
	{"IN/s", "bytes a second from clients, over INTERVAL", REPORT_BYTES, get_in_rate},
	{"OUT/s", "bytes a second to clients, over INTERVAL", REPORT_BYTES, get_out_rate},
	{"INTERVAL", "seconds that IN/s and OUT/s are of", REPORT_NUMBER, get_interval},
	{"TIME", "when the row was made", REPORT_TEXT, get_time},
	{"FAMILY", "IPv4 or IPv6", REPORT_TEXT, get_family},
	{"FROM", "the network of the clients", REPORT_TEXT, get_from},
	{"CONNS", "connections that began since top did", REPORT_NUMBER, get_begun},
	{"BYTES-IN", "bytes from clients since top began", REPORT_BYTES, get_in},
	{"BYTES-OUT", "bytes to clients since top began", REPORT_BYTES, get_out},
	{"OWNER", "with -a: the program that translates, or the table and chain of the rule",
	 REPORT_TEXT, get_owner},
	{0},
};

/* ---- one block of rows a refresh ---- */

struct blocks {
	struct top *top;
	struct output output;
};

static void say_once(struct meter *meter)
{
	if (meter->lost)
		command_say("warning: connections changed faster than they could be counted; "
			    "NEW/s, IN/s and OUT/s are too low for a while");
	if (meter->resized)
		command_say("warning: the kernel resized its table of connections while it was "
			    "read; LIVE may be wrong until it has been read again");
	meter->lost = meter->resized = false;
}

static int print_block(void *context, struct err *err)
{
	struct top *top = ((const struct blocks *)context)->top;
	struct report *report = &top->query.report;
	const struct meter *meter = &top->meter;
	struct row row = {.now = time(NULL),
			  .interval = top->accounts ? meter->traffic.interval : 0};
	say_once(&top->meter);
	int result = report_begin(report, err);
	for (size_t i = 0; result == 0 && i < top->count; i++) {
		row.of = meter_row(meter, top->order[i]);
		row.sum = meter->traffic.sums[top->order[i]];
		result = report_row(report, &row, err);
	}
	row.of.f = NULL;
	row.sum = top->total;
	if (result == 0)
		result = report_row(report, &row, err);
	if (report_end(report, err) < 0)
		return -1;
	if (result == 0 && fflush(report->out) != 0)
		return err_sys(err, errno, "cannot write to standard output");
	return result;
}

/* Nothing is waited for but that the reader goes away. */
static int end_if_left(void *context, short happened, struct err *err)
{
	(void)context;
	(void)err;
	return happened & (POLLERR | POLLHUP) ? 1 : 0;
}

/* INT and TERM are how it ends: that is no failure, also if the last rows could not be written. */
static int print_until_ended(struct top *top, struct err *err)
{
	struct blocks blocks = {.top = top};
	struct top_face face = {.fd = STDOUT_FILENO,
				.context = &blocks,
				.wake = end_if_left,
				.refresh = print_block};
	if (output_open(&blocks.output, err) < 0)
		return -1;
	top->query.report.out = blocks.output.stream;
	face.signals = blocks.output.signals;
	int result = top_run(top, &face, err);
	if (output_close(&blocks.output) < 0 && result == 0)
		result = err_sys(err, errno, "cannot write to standard output");
	return blocks.output.ended ? 0 : result;
}

/* ---- the command ---- */

/* Without events only passes tell of connections, and none is new. */
static void say_events(void)
{
	int64_t events;
	if (host_setting("net/netfilter/nf_conntrack_events", &events) && events == 0)
		command_say(
			"conntrack does not tell when connections begin and end, so NEW/s stays 0; "
			"turn that on with: sysctl -w net.netfilter.nf_conntrack_events=1");
}

static int show(struct top *top, struct err *err)
{
	struct report *report = &top->query.report;
	bool screen = !top->batch && !top->query.columns && terminal_is_there();
	static const char *const usual[2][2] = {
		{"FORWARD,NAME,LIVE,NEW/s,IN/s,OUT/s", "FORWARD,NAME,LIVE,NEW/s,IN/s,OUT/s,OWNER"},
		{"TIME,FORWARD,NAME,LIVE,NEW/s,IN/s,OUT/s,INTERVAL",
		 "TIME,FORWARD,NAME,LIVE,NEW/s,IN/s,OUT/s,INTERVAL,OWNER"}};
	if (query_choose(&top->query, columns, usual[report->format == REPORT_JSON][top->meter.all],
			 err) < 0 ||
	    query_check(&top->query, top->globals, err) < 0 ||
	    globals_permitted(top->globals, err) < 0)
		return -1;
	top->meter.backends = globals_backends(top->globals);
	top->meter.traffic.keeps_history = screen;
	top->accounts = host_accounts();
	if (meter_open(&top->meter, err) < 0 || top_arrange(top, err) < 0)
		return -1;
	if (screen)
		return top_screen(top, err);
	query_say_accounting();
	say_events();
	return print_until_ended(top, err);
}

static int set_delay(void *into, const char *value, struct err *err)
{
	struct top *top = into;
	return top_parse_delay(value, &top->meter.delay, err);
}

static int set_refreshes(void *into, const char *value, struct err *err)
{
	struct top *top = into;
	char *end;
	errno = 0;
	top->refreshes = strtoull(value, &end, 10);
	if (*value < '0' || *value > '9' || *end || errno || top->refreshes == 0)
		return err_set(err, ERR_INPUT, "--iterations '%s' is not a number from 1 on",
			       quote(value).text);
	return 0;
}

static int set_json(void *into, const char *value, struct err *err)
{
	struct top *top = into;
	(void)value;
	(void)err;
	top->batch = true;
	top->query.report.format = REPORT_JSON;
	return 0;
}

static const struct arg_def top_options[] = {
	{'a', "all", ARG_PLAIN, NULL, "also what other programs and rules by hand translate",
	 offsetof(struct top, meter.all), NULL},
	{'b', "batch", ARG_PLAIN, NULL, "print a block of rows each time, also to a terminal",
	 offsetof(struct top, batch), NULL},
	{'d', "delay", ARG_VALUE, "SECONDS", "the time between two refreshes (1)",
	 .set = set_delay},
	{'n', "iterations", ARG_VALUE, "N", "end after so many refreshes", .set = set_refreshes},
	{'J', "json", ARG_PLAIN, NULL, "print an object a line, as -b", .set = set_json},
	{'o', "output", ARG_VALUE, "COL,COL", "these columns; +COL adds to the usual ones; as -b",
	 offsetof(struct top, query.columns), NULL},
	{0, "bytes", ARG_PLAIN, NULL, "bytes as plain numbers",
	 offsetof(struct top, query.report.plain_bytes), NULL},
	{0},
};

static int run(const struct command_line *line, struct err *err)
{
	struct top top = {.query.report = {.format = REPORT_RAW, .follow = true},
			  .globals = line->globals,
			  .meter.delay = TOP_SECOND,
			  .sort = TOP_BUSY};
	const struct command_reader reader = {
		{&top, &top.query.selection.family}, query_operand, &top.query};
	int result = command_read(line, &reader, err);
	if (result == COMMAND_GO)
		result = show(&top, err);
	meter_close(&top.meter);
	query_free(&top.query);
	free(top.selected);
	free(top.order);
	return result;
}

const struct command command_top = {
	.name = "top",
	.operands = "[OPTIONS] [SELECTOR...]",
	.summary = "show the traffic of each forward as it goes on",
	.options = {top_options, family_options},
	.columns = columns,
	.run = run,
};
