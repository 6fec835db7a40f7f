/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Columns and the three ways to print them: libsmartcols aligns, the streams go by stdio. */
#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <libsmartcols.h>

#include "report/report.h"

#define PIECE 4096 /* rows that are aligned together; later rows are padded to the same widths */

bool report_put(char cell[REPORT_CELL_MAX], const char *text)
{
	/* no strnlen: of a text that is known to be shorter, gcc warns when it links with -flto */
	size_t n = strlen(text);
	if (n > REPORT_CELL_MAX - 1)
		n = REPORT_CELL_MAX - 1;
	memcpy(cell, text, n);
	cell[n] = '\0';
	return n != 0;
}

bool report_put_number(char out[NUMBER_TEXT_MAX], uint64_t number)
{
	number_put(out, number);
	return true;
}

static const struct report_column *find_column(const struct report_column *all, const char *name,
					       size_t length)
{
	for (; all->name; all++)
		if (strlen(all->name) == length && strncasecmp(all->name, name, length) == 0)
			return all;
	return NULL;
}

static int unknown_column(const struct report_column *all, const char *name, size_t length,
			  struct err *err)
{
	char word[64], names[512] = "";
	snprintf(word, sizeof(word), "%.*s", (int)(length < 60 ? length : 60), name);
	for (; all->name; all++) {
		size_t used = strlen(names);
		snprintf(names + used, sizeof(names) - used, "%s%s", used ? "," : "", all->name);
	}
	return err_set(err, ERR_INPUT, "unknown column '%s'; columns are %s", quote(word).text,
		       names);
}

int report_choose(const struct report_column *all, const char *list, struct report_choice *out,
		  struct err *err)
{
	for (;;) {
		size_t length = strcspn(list, ",");
		const struct report_column *column = find_column(all, list, length);
		if (!column)
			return unknown_column(all, list, length, err);
		if (out->count == REPORT_COLUMNS_MAX)
			return err_set(err, ERR_INPUT, "more than %d columns are too many",
				       REPORT_COLUMNS_MAX);
		out->columns[out->count++] = column;
		if (!list[length])
			return 0;
		list += length + 1;
	}
}

bool report_chosen(const struct report_choice *choice, const char *name)
{
	for (size_t i = 0; i < choice->count; i++)
		if (strcmp(choice->columns[i]->name, name) == 0)
			return true;
	return false;
}

void report_put_size(char out[REPORT_SIZE_MAX], uint64_t bytes)
{
	static const char units[] = "BKMGTPE";
	uint64_t whole = bytes, rest = 0;
	size_t unit = 0;
	for (; whole >= 1024 && units[unit + 1]; unit++) {
		rest = whole % 1024;
		whole /= 1024;
	}
	uint64_t tenth = (rest * 10 + 512) / 1024;
	if (tenth == 10) {
		whole++;
		tenth = 0;
	}
	if (tenth)
		snprintf(out, REPORT_SIZE_MAX, "%" PRIu64 ".%" PRIu64 "%c", whole, tenth,
			 units[unit]);
	else
		snprintf(out, REPORT_SIZE_MAX, "%" PRIu64 "%c", whole, units[unit]);
}

static bool get_cell(const struct report *r, size_t i, const void *row, char cell[REPORT_CELL_MAX])
{
	const struct report_column *column = r->choice.columns[i];
	if (!column->get(row, cell))
		return false;
	if (column->kind == REPORT_BYTES && !r->plain_bytes && r->format != REPORT_JSON)
		report_put_size(cell, strtoull(cell, NULL, 10));
	return true;
}

/* The header, not aligned. */
static void put_names(const struct report *r)
{
	for (size_t i = 0; i < r->choice.count; i++)
		fprintf(r->out, "%s%s", i ? " " : "", r->choice.columns[i]->name);
	putc_unlocked('\n', r->out);
}

static bool is_number(const struct report_column *column)
{
	return column->kind == REPORT_NUMBER || column->kind == REPORT_BYTES;
}

/* The cell as a table shows it: what was escaped already stays as it is. */
static void get_shown(const struct report *r, size_t i, const void *row,
		      char out[4 * REPORT_CELL_MAX])
{
	char cell[REPORT_CELL_MAX], *end = out;
	bool filled = get_cell(r, i, row, cell) && *cell;
	for (const char *s = filled ? cell : "-"; *s;) {
		size_t n = *s == '\\' ? 1 : quote_printable(s);
		if (n)
			end = mempcpy(end, s, n);
		else
			end += sprintf(end, "\\x%02x", (unsigned char)*s);
		s += n ? n : 1;
	}
	*end = '\0';
}

/* ---- a table whose rows are not known beforehand ---- */

static void put_padded(struct report *r, size_t i, const char *cell)
{
	int bytes = (int)strlen(cell), width = 0;
	for (const char *s = cell; *s; s++)
		width += (*s & 0xc0) != 0x80; /* a character of several bytes is one */
	if (width > r->widths[i])
		r->widths[i] = width;
	int wanted = bytes - width + r->widths[i];
	if (!is_number(r->choice.columns[i])) /* to the left */
		wanted = i + 1 == r->choice.count ? 0 : -wanted;
	fprintf(r->out, "%s%*s", i ? " " : "", wanted, cell);
}

static int padded_begin(struct report *r, struct err *err)
{
	(void)err;
	memset(r->widths, 0, sizeof(r->widths));
	for (size_t i = 0; !r->no_headings && i < r->choice.count; i++)
		put_padded(r, i, r->choice.columns[i]->name);
	if (!r->no_headings)
		putc_unlocked('\n', r->out);
	return 0;
}

static int padded_row(struct report *r, const void *row, struct err *err)
{
	(void)err;
	char shown[4 * REPORT_CELL_MAX];
	for (size_t i = 0; i < r->choice.count; i++) {
		get_shown(r, i, row, shown);
		put_padded(r, i, shown);
	}
	putc_unlocked('\n', r->out);
	return 0;
}

static int padded_end(struct report *r, struct err *err)
{
	(void)r;
	(void)err;
	return 0;
}

/* ---- table ---- */

/* libsmartcols measures by the locale, which has to know each character. */
static void hide_wide(char *text)
{
	for (; *text; text++)
		if (*text & 0x80)
			*text = '?';
}

static int table_begin(struct report *r, struct err *err)
{
	r->wide = setlocale(LC_CTYPE, "C.UTF-8") != NULL;
	struct libscols_table *table = scols_new_table();
	if (!table)
		return err_memory(err);
	r->table = table;
	scols_table_set_stream(table, r->out);
	scols_table_enable_noheadings(table, r->no_headings);
	/* else a cell for which it has no memory comes out empty, without a word */
	scols_table_enable_noencoding(table, 1);
	for (size_t i = 0; i < r->choice.count; i++) {
		const struct report_column *column = r->choice.columns[i];
		int flags = is_number(column) ? SCOLS_FL_RIGHT : 0;
		if (!scols_table_new_column(table, column->name, 0, flags))
			return err_memory(err);
	}
	return 0;
}

/* Print the rows that are aligned together; later rows are padded to the same widths. */
static int flush_table(struct report *r, struct err *err)
{
	struct libscols_column *column;
	int failed = scols_print_table(r->table);
	for (size_t i = 0; (column = scols_table_get_column(r->table, i)); i++)
		r->widths[i] = (int)scols_column_get_width(column);
	scols_unref_table(r->table);
	r->table = NULL;
	return failed ? err_memory(err) : 0;
}

static int table_row(struct report *r, const void *row, struct err *err)
{
	char shown[4 * REPORT_CELL_MAX];
	if (!r->table)
		return padded_row(r, row, err);
	struct libscols_line *line = scols_table_new_line(r->table, NULL);
	if (!line)
		return err_memory(err);
	for (size_t i = 0; i < r->choice.count; i++) {
		get_shown(r, i, row, shown);
		if (!r->wide)
			hide_wide(shown);
		if (scols_line_set_data(line, i, shown) != 0)
			return err_memory(err);
	}
	return r->rows == PIECE && !r->whole ? flush_table(r, err) : 0;
}

static int table_end(struct report *r, struct err *err)
{
	if (r->rows && r->table)
		return flush_table(r, err);
	if (r->rows == 0 && !r->no_headings)
		put_names(r); /* without rows libsmartcols prints nothing at all */
	scols_unref_table(r->table);
	r->table = NULL;
	return 0;
}

/* ---- streams: each row goes out at once ---- */

/* The longest that a cell can become: six characters for each one, and a key before it. */
#define STREAM_CELL_MAX (6 * REPORT_CELL_MAX + 64)

static int stream_begin(struct report *r, struct err *err)
{
	r->line = malloc(r->choice.count * STREAM_CELL_MAX);
	r->used = 0;
	return r->line ? 0 : err_memory(err);
}

static void add(struct report *r, char c)
{
	r->line[r->used++] = c;
}

static void add_text(struct report *r, const char *text)
{
	size_t n = strlen(text);
	memcpy(r->line + r->used, text, n);
	r->used += n;
}

/* Print the line of a row. */
static void put_line(struct report *r)
{
	fwrite_unlocked(r->line, 1, r->used, r->out);
	r->used = 0;
}

/* A prefix, and the code of a character in two digits. */
static void add_hex(struct report *r, const char *before, char c)
{
	static const char digits[] = "0123456789abcdef";
	add_text(r, before);
	add(r, digits[(unsigned char)c >> 4]);
	add(r, digits[(unsigned char)c & 15]);
}

static int stream_end(struct report *r, struct err *err)
{
	(void)err;
	free(r->line);
	r->line = NULL;
	return 0;
}

/* ---- raw ---- */

/* Blanks would look like more columns, and control characters steer a terminal. */
static void add_raw(struct report *r, const char *cell)
{
	while (*cell) {
		size_t n = *cell == ' ' ? 0 : quote_printable(cell);
		if (n == 0)
			add_hex(r, "\\x", *cell++);
		for (; n; n--)
			add(r, *cell++);
	}
}

static int raw_begin(struct report *r, struct err *err)
{
	if (!r->no_headings)
		put_names(r);
	return stream_begin(r, err);
}

static int raw_row(struct report *r, const void *row, struct err *err)
{
	char cell[REPORT_CELL_MAX];
	(void)err;
	for (size_t i = 0; i < r->choice.count; i++) {
		if (i)
			add(r, ' ');
		add_raw(r, get_cell(r, i, row, cell) && *cell ? cell : "-");
	}
	add(r, '\n');
	put_line(r);
	return 0;
}

/* ---- JSON (RFC 8259) ---- */

static void add_string(struct report *r, const char *text)
{
	add(r, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			add(r, '\\');
		if ((unsigned char)*text < ' ')
			add_hex(r, "\\u00", *text);
		else
			add(r, *text);
	}
	add(r, '"');
}

static void add_key(struct report *r, const char *name)
{
	add(r, '"');
	for (; *name; name++)
		add(r, (char)(*name >= 'A' && *name <= 'Z' ? *name + ('a' - 'A') : *name));
	add_text(r, "\":");
}

static void add_value(struct report *r, size_t i, const void *row)
{
	char cell[REPORT_CELL_MAX];
	enum report_kind kind = r->choice.columns[i]->kind;
	if (!get_cell(r, i, row, cell))
		add_text(r, "null");
	else if (kind == REPORT_FLAG)
		add_text(r, *cell == 'y' ? "true" : "false");
	else if (kind == REPORT_TEXT)
		add_string(r, cell);
	else
		add_text(r, cell);
}

static void add_object(struct report *r, const void *row)
{
	add(r, '{');
	for (size_t i = 0; i < r->choice.count; i++) {
		if (i)
			add_text(r, ", ");
		add_key(r, r->choice.columns[i]->name);
		add_value(r, i, row);
	}
	add(r, '}');
}

static int json_begin(struct report *r, struct err *err)
{
	fprintf(r->out, "{\"%s\": [", r->title);
	return stream_begin(r, err);
}

static int json_row(struct report *r, const void *row, struct err *err)
{
	(void)err;
	add_text(r, r->rows > 1 ? ",\n  " : "\n  ");
	add_object(r, row);
	put_line(r);
	return 0;
}

static int json_end(struct report *r, struct err *err)
{
	fprintf(r->out, "%s]}\n", r->rows ? "\n" : "");
	return stream_end(r, err);
}

/* An object a line, without the list. */
static int lines_row(struct report *r, const void *row, struct err *err)
{
	(void)err;
	add_object(r, row);
	add(r, '\n');
	put_line(r);
	return 0;
}

/* ---- the ways to print ---- */

struct report_printer {
	int (*begin)(struct report *r, struct err *err);
	int (*row)(struct report *r, const void *row, struct err *err);
	int (*end)(struct report *r, struct err *err);
};

static const struct report_printer printers[] = {
	[REPORT_TABLE] = {table_begin, table_row, table_end},
	[REPORT_RAW] = {raw_begin, raw_row, stream_end},
	[REPORT_JSON] = {json_begin, json_row, json_end},
};

/* For rows that come one by one. */
static const struct report_printer followers[] = {
	[REPORT_TABLE] = {padded_begin, padded_row, padded_end},
	[REPORT_RAW] = {raw_begin, raw_row, stream_end},
	[REPORT_JSON] = {stream_begin, lines_row, stream_end},
};

/* A key stands once in an object (RFC 8259, 4). */
static void drop_repeated(struct report_choice *choice)
{
	struct report_choice once = {.count = 0};
	for (size_t i = 0; i < choice->count; i++)
		if (!report_chosen(&once, choice->columns[i]->name))
			once.columns[once.count++] = choice->columns[i];
	*choice = once;
}

int report_begin(struct report *r, struct err *err)
{
	if (r->format == REPORT_JSON)
		drop_repeated(&r->choice);
	r->rows = 0;
	r->table = NULL;
	r->printer = &(r->follow ? followers : printers)[r->format];
	return r->printer->begin(r, err);
}

/* At once, while errno tells why. */
static int check_output(const struct report *r, struct err *err)
{
	return ferror(r->out) ? err_sys(err, errno, "cannot write to standard output") : 0;
}

int report_row(struct report *r, const void *row, struct err *err)
{
	r->rows++;
	return r->printer->row(r, row, err) < 0 ? -1 : check_output(r, err);
}

int report_end(struct report *r, struct err *err)
{
	bool failed = ferror(r->out);
	if (r->printer->end(r, err) < 0)
		return -1;
	return failed ? 0 : check_output(r, err);
}
