/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When pfwd top shows what, and in which order. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/top.h"
#include "host/host.h"

/* ---- the rows ---- */

bool top_put_forward(const struct meter_row *row, char cell[REPORT_CELL_MAX])
{
	if (row->other)
		return overview_put_forward(row->other, cell);
	spec_format(row->f, cell);
	return true;
}

bool top_put_name(const struct meter_row *row, char cell[REPORT_CELL_MAX])
{
	return row->other ? overview_put_name(row->other, cell) : report_put(cell, row->f->name);
}

bool top_put_owner(const struct meter_row *row, char cell[REPORT_CELL_MAX])
{
	return row->other ? overview_put_owner(row->other, cell) : report_put(cell, "pfwd");
}

static int compare_names(const struct meter *meter, uint32_t i, uint32_t k)
{
	const struct meter_row a = meter_row(meter, i), b = meter_row(meter, k);
	char x[REPORT_CELL_MAX] = "", y[REPORT_CELL_MAX] = "";
	top_put_name(&a, x);
	top_put_name(&b, y);
	return strcmp(x, y);
}

/* The larger one comes first. */
static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a < b) - (a > b);
}

static int compare_busy(const struct traffic_sum *a, const struct traffic_sum *b)
{
	int d = compare_numbers(a->in_rate + a->out_rate, b->in_rate + b->out_rate);
	if (d == 0)
		d = compare_numbers(a->new_rate, b->new_rate);
	return d ? d : compare_numbers(a->live, b->live);
}

static int compare_by(const struct top *top, uint32_t i, uint32_t k)
{
	const struct traffic_sum *sums = top->meter.traffic.sums, *a = &sums[i], *b = &sums[k];
	switch (top->sort) {
	case TOP_FORWARD:
		break;
	case TOP_NAME:
		return compare_names(&top->meter, i, k);
	case TOP_LIVE:
		return compare_numbers(a->live, b->live);
	case TOP_NEW:
		return compare_numbers(a->new_rate, b->new_rate);
	case TOP_IN:
		return compare_numbers(a->in_rate, b->in_rate);
	case TOP_OUT:
		return compare_numbers(a->out_rate, b->out_rate);
	case TOP_BUSY:
		return compare_busy(a, b);
	}
	return (i > k) - (i < k);
}

/* Rows that are equal keep the order of list. */
static int compare_rows(const void *a, const void *b, void *context)
{
	const struct top *top = context;
	uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
	int d = compare_by(top, i, k);
	if (d)
		return top->reverse ? -d : d;
	return (i > k) - (i < k);
}

/* A selector that selects no forward any more is no error: the forwards may come again. */
static int select_again(struct top *top, struct err *err)
{
	const struct meter *meter = &top->meter;
	const struct forwards *set = &meter->present.forwards;
	struct err why = {0};
	free(top->selected);
	free(top->order);
	top->selected = calloc(meter->rows + 1, sizeof(*top->selected));
	top->order = calloc(meter->rows + 1, sizeof(*top->order));
	if (!top->selected || !top->order)
		return err_memory(err);
	const struct overview_choice choice = {set, &meter->others, top->selected,
					       top->selected + set->count};
	int result = meter->all ? overview_select(&top->query, &choice, &why)
				: query_select(&top->query, set, top->selected, &why);
	if (result < 0 && (top->readings == 0 || why.kind != ERR_NOT_FOUND)) {
		*err = why;
		return -1;
	}
	top->readings = top->meter.readings;
	return 0;
}

typedef bool put_text(const struct meter_row *row, char cell[REPORT_CELL_MAX]);

static bool has_text(const struct meter_row *row, put_text *put, const char *text)
{
	char cell[REPORT_CELL_MAX];
	return put(row, cell) && strcasestr(cell, text);
}

/* Neither an exception nor what is intercepted translates connections. */
static bool is_shown(const struct top *top, size_t index)
{
	const struct meter_row row = meter_row(&top->meter, index);
	if (!top->selected[index] || row.f->except ||
	    (row.other && row.other->rule->action == OTHER_TPROXY))
		return false;
	return !top->filter || has_text(&row, top_put_forward, top->filter) ||
	       has_text(&row, top_put_name, top->filter) ||
	       (top->meter.all && has_text(&row, top_put_owner, top->filter));
}

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

int top_arrange(struct top *top, struct err *err)
{
	const struct traffic_sum *sums = top->meter.traffic.sums;
	if (top->readings != top->meter.readings && select_again(top, err) < 0)
		return -1;
	top->count = 0;
	top->total = (struct traffic_sum){0};
	for (size_t i = 0; i < top->meter.rows; i++) {
		if (!is_shown(top, i))
			continue;
		top->order[top->count++] = (uint32_t)i;
		add_sum(&top->total, &sums[i]);
	}
	qsort_r(top->order, top->count, sizeof(*top->order), compare_rows, top);
	return 0;
}

/* ---- refreshes ---- */

static int begin_refresh(struct top *top, int64_t now, struct err *err)
{
	if (now < top->next)
		return 0;
	top->due = true;
	top->next += top->meter.delay;
	if (top->next <= now) /* this process was stopped for a while, or it is the first one */
		top->next = now + top->meter.delay;
	return meter_begin_pass(&top->meter, err);
}

/* A refresh waits for the pass that it began for a quarter of the time between two. A pass through
 * a large table takes longer; then the refresh shows the rates of the one before. */
static bool is_ready(struct top *top, int64_t now)
{
	const struct meter *meter = &top->meter;
	if (!top->due || (meter->passing && now < top->next - meter->delay * 3 / 4))
		return false;
	top->due = false;
	return true;
}

static int milliseconds_to_wait(const struct top *top, int64_t now)
{
	int64_t until = top->due ? top->next - top->meter.delay * 3 / 4 : top->next;
	int64_t pause = until - now, other = meter_pause(&top->meter);
	if (other >= 0 && other < pause)
		pause = other;
	return pause <= 0 ? 0 : pause > 60 * TOP_SECOND ? 60000 : (int)((pause + 999999) / 1000000);
}

/* 1: a refresh was shown. */
static int go_on(struct top *top, const struct top_face *face, struct err *err)
{
	int64_t now = host_clock();
	if (begin_refresh(top, now, err) < 0 || meter_work(&top->meter, err) < 0)
		return -1;
	if (!is_ready(top, now))
		return 0;
	top->accounts = host_accounts();
	traffic_tick(&top->meter.traffic, now);
	if (top_arrange(top, err) < 0 || face->refresh(face->context, err) < 0)
		return -1;
	return 1;
}

int top_run(struct top *top, const struct top_face *face, struct err *err)
{
	struct pollfd fds[] = {{.fd = meter_descriptor(&top->meter), .events = POLLIN},
			       {.fd = face->signals, .events = POLLIN},
			       {.fd = face->fd, .events = face->events}};
	uint64_t shown = 0;
	int result = 0;
	top->next = host_clock() + top->meter.delay;
	while (result >= 0 && (!top->refreshes || shown < top->refreshes)) {
		int pause = milliseconds_to_wait(top, host_clock());
		if (poll(fds, sizeof(fds) / sizeof(fds[0]), pause) < 0) {
			if (errno != EINTR)
				return err_sys(err, errno, "cannot wait for connections");
			fds[1].revents = fds[2].revents = 0;
		}
		if (fds[1].revents)
			return 0;
		/* keys are asked for in any case: a signal may be one */
		result = face->wake(face->context, fds[2].revents, err);
		if (result != 0)
			return result < 0 ? -1 : 0;
		result = go_on(top, face, err);
		shown += result > 0;
	}
	return result < 0 ? -1 : 0;
}

/* ---- numbers ---- */

void top_put_rate(char out[TOP_RATE_MAX], uint64_t thousandths, int decimals)
{
	int length = snprintf(out, TOP_RATE_MAX, "%.*f", decimals, (double)thousandths / 1000);
	while (out[length - 1] == '0' && strchr(out, '.'))
		out[--length] = '\0';
	if (out[length - 1] == '.')
		out[length - 1] = '\0';
}

#define DECIMALS 9
#define WHOLE_DIGITS 5

/* The number in units of its last decimal, or -1. */
static int64_t read_decimals(const char *text)
{
	int64_t number = 0;
	int digits = 0, decimals = 0;
	bool point = false;
	for (; *text; text++) {
		if (*text == '.' && !point) {
			point = true;
			continue;
		}
		if (*text < '0' || *text > '9' ||
		    (point ? decimals == DECIMALS : digits == WHOLE_DIGITS))
			return -1;
		number = number * 10 + (*text - '0');
		digits++;
		decimals += point;
	}
	for (; decimals < DECIMALS; decimals++)
		number *= 10;
	return digits ? number : -1;
}

int top_parse_delay(const char *text, int64_t *out, struct err *err)
{
	int64_t delay = read_decimals(text);
	if (delay < TOP_SECOND / 10 || delay > 86400 * TOP_SECOND)
		return err_set(err, ERR_INPUT,
			       "--delay '%s' is not a number of seconds from 0.1 to 86400",
			       quote(text).text);
	*out = delay;
	return 0;
}
