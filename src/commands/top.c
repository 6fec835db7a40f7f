/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pfwd top: the traffic of each forward, as it goes on. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "commands/meter.h"
#include "commands/options.h"
#include "commands/query.h"
#include "host/host.h"
#include "host/output.h"
#include "syntax/time.h"

#define NANOSECONDS INT64_C(1000000000)

struct top {
	struct query query;
	const struct globals *globals;
	int64_t delay;   /* nanoseconds */
	uint64_t blocks; /* how many; 0: without end */
	bool batch;
	struct meter meter;
	bool *selected;  /* of the forwards of that reading */
	uint32_t *order; /* the selected forwards, the busiest first */
	size_t count;
	unsigned int readings; /* for which selected and order were made */
	struct output output;
};

/* ---- columns ---- */

struct row {
	const struct forward *f; /* NULL: the sum of all */
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
	const struct forward *f = ((const struct row *)row)->f;
	if (!f)
		return report_put(cell, "total");
	spec_format(f, cell);
	return true;
}

static bool get_name(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct forward *f = ((const struct row *)row)->f;
	return f && report_put(cell, f->name);
}

static bool get_family(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct forward *f = ((const struct row *)row)->f;
	return f && report_put(cell, family_name(f->family));
}

static bool get_from(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct forward *f = ((const struct row *)row)->f;
	if (!f || !network_is_set(&f->from))
		return false;
	network_format(&f->from, cell);
	return true;
}

static bool get_live(const void *row, char cell[REPORT_CELL_MAX])
{
	return report_put_number(cell, ((const struct row *)row)->sum.live);
}

/* Thousandths, as a number of that many decimals without zeros at its end. */
static bool put_thousandths(char cell[REPORT_CELL_MAX], uint64_t thousandths, int decimals)
{
	int length = snprintf(cell, REPORT_CELL_MAX, "%.*f", decimals, (double)thousandths / 1000);
	while (cell[length - 1] == '0')
		cell[--length] = '\0';
	if (cell[length - 1] == '.')
		cell[length - 1] = '\0';
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
	{0},
};

/* ---- the rows, the busiest first ---- */

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a < b) - (a > b);
}

static int compare_busy(const void *a, const void *b, void *context)
{
	const struct traffic_sum *sums = context;
	uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
	const struct traffic_sum *x = &sums[i], *y = &sums[k];
	int d = compare_numbers(x->in_rate + x->out_rate, y->in_rate + y->out_rate);
	if (d == 0)
		d = compare_numbers(x->new_rate, y->new_rate);
	if (d == 0)
		d = compare_numbers(x->live, y->live);
	return d ? d : (i > k) - (i < k);
}

/* A selector that selects no forward any more is no error now: they may come again. */
static int select_again(struct top *top, struct err *err)
{
	const struct forwards *set = &top->meter.present.forwards;
	struct err why = {0};
	free(top->selected);
	free(top->order);
	top->selected = calloc(set->count + 1, sizeof(*top->selected));
	top->order = calloc(set->count + 1, sizeof(*top->order));
	if (!top->selected || !top->order)
		return err_memory(err);
	if (query_select(&top->query, set, top->selected, &why) < 0 &&
	    (top->readings == 0 || why.kind != ERR_NOT_FOUND)) {
		*err = why;
		return -1;
	}
	top->count = 0;
	for (size_t i = 0; i < set->count; i++)
		if (top->selected[i] && !set->items[i].except)
			top->order[top->count++] = (uint32_t)i;
	top->readings = top->meter.readings;
	return 0;
}

static int arrange(struct top *top, struct err *err)
{
	if (top->readings != top->meter.readings && select_again(top, err) < 0)
		return -1;
	qsort_r(top->order, top->count, sizeof(*top->order), compare_busy, top->meter.traffic.sums);
	return 0;
}

/* ---- one block of rows a refresh ---- */

static void add_sum(struct traffic_sum *into, const struct traffic_sum *more)
{
	into->live += more->live;
	into->begun += more->begun;
	into->in += more->in;
	into->out += more->out;
	into->new_rate += more->new_rate;
	into->in_rate += more->in_rate;
	into->out_rate += more->out_rate;
}

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

static int print_block(struct top *top, struct err *err)
{
	struct report *report = &top->query.report;
	const struct meter *meter = &top->meter;
	struct row row = {.now = time(NULL), .interval = meter->traffic.interval}, total = row;
	if (!host_accounts())
		row.interval = total.interval = 0;
	int result = report_begin(report, err);
	for (size_t i = 0; result == 0 && i < top->count; i++) {
		row.f = &meter->present.forwards.items[top->order[i]];
		row.sum = meter->traffic.sums[top->order[i]];
		add_sum(&total.sum, &row.sum);
		result = report_row(report, &row, err);
	}
	if (result == 0)
		result = report_row(report, &total, err);
	if (report_end(report, err) < 0)
		return -1;
	if (result == 0 && fflush(report->out) != 0)
		return err_sys(err, errno, "cannot write to standard output");
	return result;
}

/* ---- refreshes ---- */

struct refresh {
	int64_t next; /* when one is due */
	bool due;     /* it is, and waits for the end of the pass */
};

/* A refresh waits for the pass that it began for a quarter of the time between two; a pass through
 * a large table takes longer, and the refresh shows the rates of the one before. */
static bool is_ready(struct top *top, struct refresh *refresh, int64_t now)
{
	if (!refresh->due)
		return false;
	if (top->meter.passing && now < refresh->next - top->delay + top->delay / 4)
		return false;
	refresh->due = false;
	return true;
}

static int begin_refresh(struct top *top, struct refresh *refresh, int64_t now, struct err *err)
{
	if (now < refresh->next)
		return 0;
	refresh->due = true;
	refresh->next += top->delay;
	if (refresh->next <= now) /* this process was stopped for a while */
		refresh->next = now + top->delay;
	return meter_begin_pass(&top->meter, err);
}

static int milliseconds_until(const struct top *top, const struct refresh *refresh, int64_t now)
{
	int64_t pause = refresh->next - now, other = meter_pause(&top->meter);
	if (refresh->due && pause > top->delay * 3 / 4)
		pause -= top->delay * 3 / 4;
	if (other >= 0 && other < pause)
		pause = other;
	return pause <= 0                 ? 0
	       : pause > 60 * NANOSECONDS ? 60000
					  : (int)((pause + 999999) / 1000000);
}

/* Print blocks until there are enough, INT or TERM comes, or the reader has gone. */
static int run_blocks(struct top *top, struct err *err)
{
	struct pollfd fds[] = {{.fd = meter_descriptor(&top->meter), .events = POLLIN},
			       {.fd = top->output.signals, .events = POLLIN},
			       {.fd = STDOUT_FILENO}};
	struct refresh refresh = {.next = host_clock() + top->delay};
	for (uint64_t shown = 0; !top->blocks || shown < top->blocks;) {
		int64_t now = host_clock();
		int pause = milliseconds_until(top, &refresh, now);
		if (poll(fds, sizeof(fds) / sizeof(fds[0]), pause) < 0 && errno != EINTR)
			return err_sys(err, errno, "cannot wait for connections");
		if (fds[1].revents || fds[2].revents & (POLLERR | POLLHUP))
			return 0;
		now = host_clock();
		if (begin_refresh(top, &refresh, now, err) < 0 || meter_work(&top->meter, err) < 0)
			return -1;
		if (!is_ready(top, &refresh, now))
			continue;
		traffic_tick(&top->meter.traffic, now);
		say_once(&top->meter);
		if (arrange(top, err) < 0 || print_block(top, err) < 0)
			return -1;
		shown++;
	}
	return 0;
}

/* INT and TERM are how it ends: that is no failure, also if the last rows could not be written. */
static int print_until_ended(struct top *top, struct err *err)
{
	if (output_open(&top->output, err) < 0)
		return -1;
	top->query.report.out = top->output.stream;
	int result = run_blocks(top, err);
	if (output_close(&top->output) < 0 && result == 0)
		result = err_sys(err, errno, "cannot write to standard output");
	return top->output.ended ? 0 : result;
}

/* ---- the command ---- */

static int show(struct top *top, struct err *err)
{
	struct report *report = &top->query.report;
	const char *usual = report->format == REPORT_JSON
				    ? "TIME,FORWARD,NAME,LIVE,NEW/s,IN/s,OUT/s,INTERVAL"
				    : "FORWARD,NAME,LIVE,NEW/s,IN/s,OUT/s";
	if (report_choose(columns, usual, top->query.columns, &report->choice, err) < 0 ||
	    query_check(&top->query, top->globals, err) < 0 ||
	    globals_permitted(top->globals, err) < 0)
		return -1;
	top->meter.backends = globals_backends(top->globals);
	top->meter.delay = top->delay;
	if (meter_open(&top->meter, err) < 0 || select_again(top, err) < 0)
		return -1;
	query_say_accounting();
	return print_until_ended(top, err);
}

#define DELAY_DIGITS 9

/* Seconds with up to nine decimals, to nanoseconds. */
static int set_delay(void *into, const char *value, struct err *err)
{
	struct top *top = into;
	int64_t delay = 0;
	int digits = 0, decimals = 0;
	bool point = false;
	for (const char *at = value; *at && digits <= DELAY_DIGITS + 5; at++) {
		if (*at == '.' && !point) {
			point = true;
			continue;
		}
		if (*at < '0' || *at > '9' || decimals == DELAY_DIGITS) {
			digits = 0;
			break;
		}
		delay = delay * 10 + (*at - '0');
		digits++;
		decimals += point;
	}
	for (; decimals < DELAY_DIGITS; decimals++)
		delay *= 10;
	if (digits == 0 || digits > DELAY_DIGITS + 5 || delay < NANOSECONDS / 10 ||
	    delay > 86400 * NANOSECONDS)
		return err_set(err, ERR_INPUT,
			       "--delay '%s' is not a number of seconds from 0.1 to 86400",
			       quote(value).text);
	top->delay = delay;
	return 0;
}

static int set_blocks(void *into, const char *value, struct err *err)
{
	struct top *top = into;
	char *end;
	errno = 0;
	top->blocks = strtoull(value, &end, 10);
	if (*value < '0' || *value > '9' || *end || errno || top->blocks == 0)
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
	{'b', "batch", ARG_PLAIN, NULL, "print a block of rows each time, also to a terminal",
	 offsetof(struct top, batch), NULL},
	{'d', "delay", ARG_VALUE, "SECONDS", "the time between two refreshes (1)",
	 .set = set_delay},
	{'n', "iterations", ARG_VALUE, "N", "end after so many refreshes", .set = set_blocks},
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
			  .delay = NANOSECONDS};
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
