/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rows of columns as an aligned table, raw lines or JSON, all from one definition of the columns.
 * It does not know what the rows mean.
 */
#ifndef PFWD_REPORT_REPORT_H
#define PFWD_REPORT_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "model/err.h"
#include "model/number.h"

enum report_kind {
	REPORT_TEXT,
	REPORT_NUMBER,
	REPORT_BYTES, /* a number that people read as 1.5M */
	REPORT_FLAG,  /* "yes" or "no"; true and false in JSON */
};

#define REPORT_CELL_MAX 2048

struct report_column { /* a table ends with a zeroed one */
	const char *name;
	const char *help;
	enum report_kind kind;
	/* The cell as text; false: there is none. */
	bool (*get)(const void *row, char cell[REPORT_CELL_MAX]);
};

/* For getters: put a value into the cell. An empty text is none. */
bool report_put(char cell[REPORT_CELL_MAX], const char *text);
bool report_put_number(char out[NUMBER_TEXT_MAX], uint64_t number);

/* Write a number of bytes as people read it, 1536 as 1.5K, in steps of 1024 as lsblk(8) does it. */
#define REPORT_SIZE_MAX 32
void report_put_size(char out[REPORT_SIZE_MAX], uint64_t bytes);

#define REPORT_COLUMNS_MAX 32

struct report_choice {
	const struct report_column *columns[REPORT_COLUMNS_MAX];
	size_t count;
};

/* Append the columns of the list ("A,B"). 0, or -1 with ERR_INPUT: there is no such column. */
int report_choose(const struct report_column *all, const char *list, struct report_choice *out,
		  struct err *err);
bool report_chosen(const struct report_choice *choice, const char *name);

struct report_printer;

enum report_format {
	REPORT_TABLE,
	REPORT_RAW,
	REPORT_JSON,
};

struct report {
	FILE *out;
	enum report_format format;
	bool no_headings;
	bool plain_bytes;
	bool whole;        /* all rows of a table are aligned together, and kept until the end */
	bool follow;       /* rows come one by one: JSON has an object a line, and no list */
	const char *title; /* the key of the list in JSON */
	struct report_choice choice;
	size_t rows;
	const struct report_printer *printer;
	void *table;                    /* struct libscols_table */
	bool wide;                      /* libsmartcols can measure letters of several bytes */
	int widths[REPORT_COLUMNS_MAX]; /* of the cells of a table so far */
	char *line;                     /* the row of another format that is being written */
	size_t used;
};

/* Set the fields down to choice before. Unless whole is set, the first rows of a table are aligned
 * together, and later rows are padded to their widths, so that memory does not grow with the number
 * of rows. */
int report_begin(struct report *report, struct err *err);
int report_row(struct report *report, const void *row, struct err *err);
int report_end(struct report *report, struct err *err);

#endif
