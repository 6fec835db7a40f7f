/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The connections of one row of pfwd top, the busiest first. It shows none of them.
 */
#ifndef PFWD_COMMANDS_TOP_OPENED_H
#define PFWD_COMMANDS_TOP_OPENED_H

#include "commands/meter.h"
#include "report/report.h"

#define TOP_OPENED_MAX 10000 /* more are not shown */

/* What is shown of a connection. */
struct top_seen {
	uint32_t id;
	struct endpoint client, via, target;
	const char *state;
	uint64_t in, out, in_rate, out_rate;
};

struct top_seen_list { /* of one pass, sorted by id once it is over */
	struct top_seen *items;
	size_t count;
	unsigned int pass;
};

struct top_opened {       /* a zeroed one is closed */
	struct forward f; /* of the row */
	char owner[REPORT_CELL_MAX];
	unsigned int amid; /* that pass, which has shown some of them before; 0: none */
	struct top_seen_list building, shown, last;
	uint32_t *by_traffic; /* the indexes of shown, the busiest first */
};

void top_opened_begin(struct top_opened *opened, const struct meter_row *row,
		      const struct meter *meter);
/* A pass shows a connection of the meter's row owner: keep it if it is of the row. */
void top_opened_see(struct top_opened *opened, const struct meter *meter,
		    const struct connection *c, uint32_t owner);
/* If a pass is over, take what it showed. 0, or -1 (out of memory). */
int top_opened_take(struct top_opened *opened, const struct meter *meter, struct err *err);
size_t top_opened_count(const struct top_opened *opened);
const struct top_seen *top_opened_row(const struct top_opened *opened, size_t row);
void top_opened_close(struct top_opened *opened);

#endif
