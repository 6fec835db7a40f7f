/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A pass reads all connections bit by bit; what it has shown is kept aside until it is over. */
#include <stdlib.h>
#include <string.h>

#include "commands/top.h"
#include "commands/top_opened.h"

static int compare_ids(const void *a, const void *b)
{
	const struct top_seen *x = a, *y = b;
	int d = (x->id > y->id) - (x->id < y->id);
	return d ? d : x->client.port - y->client.port;
}

static void drop_list(struct top_seen_list *list)
{
	free(list->items);
	*list = (struct top_seen_list){0};
}

void top_opened_begin(struct top_opened *o, const struct meter_row *row, const struct meter *meter)
{
	*o = (struct top_opened){.f = *row->f};
	top_put_owner(row, o->owner);
	o->amid = meter->passing ? meter->traffic.pass : 0;
}

static bool is_opened(const struct top_opened *o, const struct meter *meter, uint32_t index)
{
	const struct meter_row row = meter_row(meter, index);
	char owner[REPORT_CELL_MAX];
	return forward_equal(row.f, &o->f) && top_put_owner(&row, owner) &&
	       strcmp(owner, o->owner) == 0;
}

void top_opened_see(struct top_opened *o, const struct meter *meter, const struct connection *c,
		    uint32_t owner)
{
	struct top_seen_list *list = &o->building;
	if (meter->traffic.pass == o->amid || !is_opened(o, meter, owner))
		return;
	if (list->pass != meter->traffic.pass)
		drop_list(list);
	list->pass = meter->traffic.pass;
	if (!list->items)
		list->items = calloc(TOP_OPENED_MAX, sizeof(*list->items));
	if (!list->items || list->count == TOP_OPENED_MAX)
		return;
	list->items[list->count++] = (struct top_seen){.id = c->id,
						       .client = c->client,
						       .via = c->via,
						       .target = c->target,
						       .state = c->state,
						       .in = c->bytes_in,
						       .out = c->bytes_out};
}

static uint64_t rate_since(uint64_t now, uint64_t before, int64_t nanoseconds)
{
	if (now < before || nanoseconds <= 0)
		return 0;
	return (uint64_t)((double)(now - before) * (double)TOP_SECOND / (double)nanoseconds + 0.5);
}

/* What each has carried since the pass before, if that has shown it; if it has not, the connection
 * is new, and all that it has carried counts. */
static void fill_rates(struct top_opened *o, int64_t interval)
{
	for (size_t i = 0; i < o->shown.count; i++) {
		struct top_seen *seen = &o->shown.items[i];
		const struct top_seen *before =
			o->last.items ? bsearch(seen, o->last.items, o->last.count, sizeof(*seen),
						compare_ids)
				      : NULL;
		if (!o->last.pass)
			continue;
		seen->in_rate = rate_since(seen->in, before ? before->in : 0, interval);
		seen->out_rate = rate_since(seen->out, before ? before->out : 0, interval);
	}
}

static int compare_traffic(const void *a, const void *b, void *context)
{
	const struct top_seen *items = context;
	const struct top_seen *x = &items[*(const uint32_t *)a], *y = &items[*(const uint32_t *)b];
	uint64_t p = x->in_rate + x->out_rate, q = y->in_rate + y->out_rate;
	if (p == q) {
		p = x->in + x->out;
		q = y->in + y->out;
	}
	return p != q ? (p < q) - (p > q) : compare_ids(x, y);
}

int top_opened_take(struct top_opened *o, const struct meter *meter, struct err *err)
{
	unsigned int pass = meter->traffic.pass;
	if (meter->passing || o->shown.pass == pass || o->amid == pass)
		return 0;
	drop_list(&o->last);
	o->last = o->shown;
	o->shown = o->building.pass == pass ? o->building : (struct top_seen_list){.pass = pass};
	o->building = (struct top_seen_list){0};
	if (o->shown.count)
		qsort(o->shown.items, o->shown.count, sizeof(*o->shown.items), compare_ids);
	fill_rates(o, meter->traffic.interval);
	free(o->by_traffic);
	o->by_traffic = calloc(o->shown.count + 1, sizeof(*o->by_traffic));
	if (!o->by_traffic)
		return err_memory(err);
	for (uint32_t i = 0; i < o->shown.count; i++)
		o->by_traffic[i] = i;
	qsort_r(o->by_traffic, o->shown.count, sizeof(*o->by_traffic), compare_traffic,
		o->shown.items);
	return 0;
}

void top_opened_close(struct top_opened *o)
{
	drop_list(&o->building);
	drop_list(&o->shown);
	drop_list(&o->last);
	free(o->by_traffic);
	o->by_traffic = NULL;
}

size_t top_opened_count(const struct top_opened *o)
{
	return o->by_traffic ? o->shown.count : 0;
}

const struct top_seen *top_opened_row(const struct top_opened *o, size_t row)
{
	return &o->shown.items[o->by_traffic[row]];
}
