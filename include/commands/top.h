/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the two faces of `pfwd top` share, the blocks of rows and the screen: the account of the
 * traffic, and when to show it anew. It shows nothing by itself.
 */
#ifndef PFWD_COMMANDS_TOP_H
#define PFWD_COMMANDS_TOP_H

#include "commands/meter.h"
#include "commands/query.h"

#define TOP_SECOND INT64_C(1000000000) /* in nanoseconds */

enum top_sort { /* the first are columns */
		TOP_FORWARD,
		TOP_NAME,
		TOP_LIVE,
		TOP_NEW,
		TOP_IN,
		TOP_OUT,
		TOP_BUSY, /* by both ways together */
};

struct top {
	struct query query;
	const struct globals *globals;
	struct meter meter; /* its delay is that of the command line */
	uint64_t refreshes; /* how many; 0: without end */
	bool batch;
	bool accounts; /* conntrack counts bytes */

	enum top_sort sort;
	bool reverse;
	const char *filter; /* only rows with that text in FORWARD, NAME or OWNER; NULL: all */
	uint32_t *order;    /* the rows to be shown, in that order */
	size_t count;
	struct traffic_sum total; /* of them */

	bool *selected;        /* of the meter's rows */
	unsigned int readings; /* of the meter, for which selected was filled */
	int64_t next;          /* when the next refresh is due */
	bool due;              /* it is, and waits for the end of the pass */
};

struct top_face {
	int fd; /* poll it for these events too */
	short events;
	void *context;
	/* Something has happened there. 0, or 1: it is time to end; or -1 and err. */
	int (*wake)(void *context, short happened, struct err *err);
	/* Show what there is now. 0, or -1 and err. */
	int (*refresh)(void *context, struct err *err);
	int signals; /* as of signalfd(2): it is time to end once it can be read from */
};
/* Until there were enough refreshes, or it is time to end. 0, or -1 and err. */
int top_run(struct top *top, const struct top_face *face, struct err *err);

/* Fill order, count and total anew. 0, or -1 and err. */
int top_arrange(struct top *top, struct err *err);
/* Seconds with up to nine decimals, to nanoseconds. 0, or -1 with ERR_INPUT. */
int top_parse_delay(const char *text, int64_t *out, struct err *err);
/* Write thousandths as a number of that many decimals, without zeros at its end. */
#define TOP_RATE_MAX 32
void top_put_rate(char out[TOP_RATE_MAX], uint64_t thousandths, int decimals);

/* The columns FORWARD, NAME and OWNER of a row; false: it has none. */
bool top_put_forward(const struct meter_row *row, char cell[REPORT_CELL_MAX]);
bool top_put_name(const struct meter_row *row, char cell[REPORT_CELL_MAX]);
bool top_put_owner(const struct meter_row *row, char cell[REPORT_CELL_MAX]);

/* The face on a terminal. 0, or -1 and err. */
int top_screen(struct top *top, struct err *err);

#endif
