/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events tell at once what begins and ends, and how much it carried in the end. What goes on is
 * read from the table, in steps: a large one takes seconds of a processor, so that a pass through
 * it may use only a fifth of one.
 */
#include <stdlib.h>

#include "commands/meter.h"
#include "conns/conntrack.h"
#include "host/host.h"
#include "host/memory.h"

#define SHARE 7              /* a pass uses one part of so many of a processor */
#define BUDGET_MAX 200000000 /* nanoseconds that it may use at a stretch */
#define BUDGET_LEAST 4000000 /* ... that are worth to wake up for */
#define LOOK_NANOSECONDS 1000000000
#define READING_SHARE 20 /* reading forwards takes at most a twentieth of the time */

/* ---- forwards ---- */

struct meter_row meter_row(const struct meter *meter, size_t index)
{
	const struct forwards *set = &meter->present.forwards;
	if (index < set->count)
		return (struct meter_row){.f = &set->items[index]};
	const struct other_row *other = &meter->others.rows.items[index - set->count];
	return (struct meter_row){&other->f, other};
}

static uint32_t find_owner(const void *context, const struct connection *c)
{
	const struct meter *meter = context;
	size_t row = overview_owner(&meter->others, &meter->owners, c);
	return row < meter->rows ? (uint32_t)row : TRAFFIC_NOBODY;
}

static void look_later(struct meter *meter, int64_t begin, int64_t end)
{
	int64_t pause = READING_SHARE * (end - begin);
	meter->next_look = end + (pause > LOOK_NANOSECONDS ? pause : LOOK_NANOSECONDS);
}

struct look {
	struct present present;
	struct overview others;
	struct owners owners;
};

static void free_look(struct look *r)
{
	owners_free(&r->owners);
	overview_free(&r->others);
	present_free(&r->present);
}

static int read_rules(const struct meter *meter, struct look *r, struct err *err)
{
	if (!meter->all)
		return present_read(meter->backends, READING_FORWARDS, &r->present, err);
	if (overview_read(meter->backends, &r->present, &r->others, err) < 0)
		return -1;
	return overview_make_rows(&r->present, &r->others, err);
}

static int read_forwards(struct meter *meter, struct look *r, struct err *err)
{
	int64_t begin = host_clock();
	if (present_digest(meter->backends, &meter->digest, err) < 0 ||
	    read_rules(meter, r, err) < 0)
		return -1;
	present_forget_sets(&r->present);
	if (owners_make(&r->present.forwards, &r->owners, err) < 0)
		return -1;
	memory_give_back();
	meter->readings++;
	look_later(meter, begin, host_clock());
	return 0;
}

/* Where each row is in another reading. NULL: out of memory. */
static uint32_t *find_again(const struct meter *meter, const struct look *r, struct err *err)
{
	const struct forwards *before = &meter->present.forwards, *after = &r->present.forwards;
	uint32_t *to = calloc(meter->rows + 1, sizeof(*to));
	if (!to ||
	    other_rows_find(&meter->others.rows, &r->others.rows, to + before->count, err) < 0) {
		free(to);
		return NULL;
	}
	for (size_t i = 0; i < before->count; i++) {
		size_t index = forwards_find(after, &before->items[i]);
		to[i] = index < after->count ? (uint32_t)index : TRAFFIC_NOBODY;
	}
	for (size_t i = before->count; i < meter->rows; i++)
		if (to[i] != TRAFFIC_NOBODY)
			to[i] += (uint32_t)after->count;
	return to;
}

/* Indexes point into what is read, so they are made where it stays. */
static int take_look(struct meter *meter, const struct look *r, struct err *err)
{
	meter->present = r->present;
	meter->others = r->others;
	meter->owners = r->owners;
	meter->owners.set = &meter->present.forwards;
	meter->rows = meter->present.forwards.count + meter->others.rows.count;
	return overview_make_index(&meter->others, err);
}

/* Whether forwards have connections that conntrack does not call translated. */
static void watch_kept(struct meter *meter)
{
	struct ctrequest_wish kept;
	size_t at = 0;
	meter->watch.all = owners_next_kept(&meter->owners, &at, &kept);
}

static int read_again(struct meter *meter, struct err *err)
{
	struct look r = {0};
	if (read_forwards(meter, &r, err) < 0) {
		free_look(&r);
		return -1;
	}
	uint32_t *to = find_again(meter, &r, err);
	size_t rows = r.present.forwards.count + r.others.rows.count;
	int result = to ? traffic_move(&meter->traffic, to, rows, err) : err_memory(err);
	free(to);
	owners_free(&meter->owners);
	overview_free(&meter->others);
	present_free(&meter->present);
	if (take_look(meter, &r, err) < 0)
		result = -1;
	watch_kept(meter);
	return result;
}

static int look_for_changes(struct meter *meter, struct err *err)
{
	int64_t begin = host_clock();
	uint64_t digest;
	if (begin < meter->next_look)
		return 0;
	if (present_digest(meter->backends, &digest, err) < 0)
		return -1;
	look_later(meter, begin, host_clock());
	return digest == meter->digest ? 0 : read_again(meter, err);
}

/* ---- connections ---- */

struct taking {
	struct meter *meter;
	struct err *err;
};

static int take(void *context, const struct connection *c)
{
	struct taking *taking = context;
	struct meter *meter = taking->meter;
	if (!c->translated && find_owner(meter, c) == TRAFFIC_NOBODY)
		return 0;
	int result = traffic_take(&meter->traffic, c, taking->err);
	if (result == 0 && meter->seen && c->event == CONNECTION_THERE)
		meter->seen(meter->context, c, traffic_owner(&meter->traffic, c));
	return result;
}

/* All events there are, unless they never end. */
static int take_events(struct meter *meter, struct err *err)
{
	struct taking taking = {meter, err};
	int result = WATCH_MORE;
	meter->watch.context = &taking;
	for (int lots = 0; result == WATCH_MORE && lots < 100; lots++)
		result = watch_take(&meter->watch, err);
	meter->watch.context = NULL;
	if (meter->watch.lost) {
		traffic_lost(&meter->traffic);
		meter->lost = true;
		meter->watch.lost = false;
	}
	return result < 0 ? -1 : 0;
}

int meter_begin_pass(struct meter *meter, struct err *err)
{
	static const struct ctrequest_wish translated = {0};
	if (meter->passing)
		return 0;
	traffic_begin_pass(&meter->traffic);
	meter->passing = true;
	meter->kept_at = 0;
	meter->buckets = conntrack_buckets();
	return watch_begin(&meter->watch, &translated, err);
}

static int go_on(struct meter *meter, struct err *err)
{
	struct ctrequest_wish kept;
	if (owners_next_kept(&meter->owners, &meter->kept_at, &kept))
		return watch_begin(&meter->watch, &kept, err);
	meter->passing = false;
	meter->resized = meter->resized || meter->buckets != conntrack_buckets();
	return traffic_end_pass(&meter->traffic, host_clock(), err);
}

/* Events come first: what the table tells of the connections that they speak of is older. */
static int step(struct meter *meter, struct err *err)
{
	struct taking taking = {meter, err};
	if (take_events(meter, err) < 0)
		return -1;
	meter->watch.context = &taking;
	int64_t begin = host_work_clock();
	int result = watch_step(&meter->watch, err);
	meter->watch.context = NULL;
	meter->budget -= host_work_clock() - begin;
	return result == WATCH_DONE ? go_on(meter, err) : result;
}

static void earn_budget(struct meter *meter)
{
	int64_t now = host_clock();
	int64_t most = meter->delay / SHARE < BUDGET_MAX ? meter->delay / SHARE : BUDGET_MAX;
	meter->budget += (now - meter->budget_time) / SHARE;
	meter->budget_time = now;
	if (meter->budget > most)
		meter->budget = most;
}

/* ---- all of it ---- */

int meter_open(struct meter *meter, struct err *err)
{
	struct look r = {0};
	meter->watch.each = take;
	if (read_forwards(meter, &r, err) < 0) {
		free_look(&r);
		return -1;
	}
	if (take_look(meter, &r, err) < 0)
		return -1;
	watch_kept(meter);
	meter->traffic.owner = find_owner;
	meter->traffic.context = meter;
	if (traffic_init(&meter->traffic, meter->rows, err) < 0 ||
	    watch_open(&meter->watch, err) < 0 || meter_begin_pass(meter, err) < 0)
		return -1;
	while (meter->passing)
		if (step(meter, err) < 0)
			return -1;
	traffic_tick(&meter->traffic, host_clock());
	meter->budget = 0;
	meter->budget_time = host_clock();
	return 0;
}

void meter_close(struct meter *meter)
{
	watch_close(&meter->watch);
	traffic_free(&meter->traffic);
	owners_free(&meter->owners);
	overview_free(&meter->others);
	present_free(&meter->present);
}

int meter_descriptor(const struct meter *meter)
{
	return watch_descriptor(&meter->watch);
}

/* A few steps at a time, so that whoever shows the numbers is not kept waiting. */
int meter_work(struct meter *meter, struct err *err)
{
	if (take_events(meter, err) < 0 || look_for_changes(meter, err) < 0)
		return -1;
	earn_budget(meter);
	for (int steps = 0; meter->passing && meter->budget > 0 && steps < 16; steps++)
		if (step(meter, err) < 0)
			return -1;
	return 0;
}

int64_t meter_pause(const struct meter *meter)
{
	if (!meter->passing)
		return -1;
	return meter->budget > 0 ? 0 : (BUDGET_LEAST - meter->budget) * SHARE;
}
