/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A screen as lines of text, from what is to be on it: a table under a head, over a foot. It draws
 * nothing, and knows neither a terminal nor what the table is about.
 */
#ifndef PFWD_SCREEN_VIEW_H
#define PFWD_SCREEN_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum view_style {
	VIEW_PLAIN,
	VIEW_STRONG, /* what the eye shall find first */
	VIEW_FAINT,  /* zeros, and what is absent */
	VIEW_TITLE,  /* over the columns */
	VIEW_CHOSEN, /* the row that a key acts upon */
	VIEW_BAR,
	VIEW_KEY, /* in the foot */
};

#define VIEW_WIDTH_MAX 512 /* columns of a terminal; more are left empty */
#define VIEW_BYTES_MAX 3   /* of the characters that a line has */

/* One line. Each of its characters takes one column of the terminal, and none steers it. */
struct view_line {
	char text[VIEW_WIDTH_MAX * VIEW_BYTES_MAX + 1];
	uint8_t styles[VIEW_WIDTH_MAX]; /* of each character */
	size_t length;                  /* in characters */
	size_t bytes;
};

#define VIEW_CELL_MAX 256
#define VIEW_COLUMNS_MAX 16

struct view_column {
	const char *title;
	bool right;           /* numbers: to the right */
	unsigned short least; /* how wide; the last columns are left out where that does not fit */
	unsigned short most;  /* ... if there is room */
	bool bars;            /* its cells are of view_bars */
};

struct view_place { /* of a cell */
	size_t row, column;
	unsigned int width; /* in columns of the terminal */
};

struct view_table {
	const struct view_column *columns;
	size_t count;  /* VIEW_COLUMNS_MAX at the most */
	size_t sorted; /* the column that the rows are sorted by; count: by none of them */
	size_t rows;
	/* The text of a cell; "" is shown as -. */
	void (*cell)(const void *context, const struct view_place *place, char out[VIEW_CELL_MAX]);
	const void *context;
};

#define VIEW_HEADS 2

struct view {
	const char *head[VIEW_HEADS];   /* lines at the top; the first is strong. NULL: not there */
	const struct view_table *table; /* NULL: text is there instead */
	const char *text;               /* lines, each ended by a newline */
	size_t first, chosen;           /* the first row or line that is seen; the chosen row */
	const char *foot;               /* words at the bottom; {q} is a key */
	const char *prompt;             /* what is asked for, instead of the foot; NULL: nothing */
	bool utf8;                      /* characters beyond ASCII may be shown */
};

/* How many rows or lines of text a screen of that height shows. */
size_t view_page(const struct view *view, unsigned int height);
/* Change first and chosen so that they are there, and the chosen row is seen. */
void view_scroll(struct view *view, unsigned int height);
/* Fill lines[0] to lines[height - 1]. */
void view_draw(const struct view *view, unsigned int width, unsigned int height,
	       struct view_line *lines);

/* The last width values as a cell of bars, each as high as its value beside the highest of all; if
 * there are fewer columns, a bar is the highest of several values. */
void view_bars(const uint64_t *values, size_t count, unsigned int width, char out[VIEW_CELL_MAX]);

#endif
