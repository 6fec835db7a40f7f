/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where everything is on the screen. */
#include <string.h>

#include "screen/view.h"

#define BAR_LEVELS 8 /* and none; as a cell holds them: 1 to BAR_LEVELS + 1 */
#define GAP 1U       /* between columns */

/* ---- one line ---- */

static void put_character(struct view_line *line, const char *bytes, size_t size,
			  enum view_style style)
{
	if (line->length == VIEW_WIDTH_MAX)
		return;
	memcpy(line->text + line->bytes, bytes, size);
	line->bytes += size;
	line->text[line->bytes] = '\0';
	line->styles[line->length++] = (uint8_t)style;
}

static void put_ascii(struct view_line *line, char c, enum view_style style)
{
	put_character(line, &c, 1, style);
}

static void pad(struct view_line *line, size_t length, enum view_style style)
{
	while (line->length < length && line->length < VIEW_WIDTH_MAX)
		put_ascii(line, ' ', style);
}

/* Names come from the kernel, and may hold anything but a slash and a blank. Write what is no plain
 * character as \xHH, and return how many characters that are. out: NULL to count them alone. */
static size_t escape(const char *text, char *out)
{
	static const char digits[] = "0123456789abcdef";
	size_t length = 0;
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		bool plain = c >= ' ' && c < 0x7f;
		const char hex[] = {'\\', 'x', digits[c >> 4], digits[c & 15]};
		if (out)
			memcpy(out + length, plain ? text : hex, plain ? 1 : sizeof(hex));
		length += plain ? 1 : sizeof(hex);
	}
	return length;
}

/* As many characters of the text as there is room for; the last one is a plus sign if some are left
 * out, as top(1) does it. */
static void put_text(struct view_line *line, const char *text, size_t room, enum view_style style)
{
	char plain[4 * VIEW_CELL_MAX + 4 * VIEW_WIDTH_MAX];
	char cut[VIEW_CELL_MAX + VIEW_WIDTH_MAX];
	size_t size = strnlen(text, sizeof(cut) - 1);
	memcpy(cut, text, size);
	cut[size] = '\0';
	size_t length = escape(cut, plain);
	for (size_t i = 0; i < length && i < room; i++)
		put_ascii(line, i + 1 == room && length > room ? '+' : plain[i], style);
}

/* ---- cells ---- */

void view_bars(const uint64_t *values, size_t count, unsigned int width, char out[VIEW_CELL_MAX])
{
	uint64_t highest = 0;
	size_t shown = width < VIEW_CELL_MAX - 1 ? width : VIEW_CELL_MAX - 1;
	if (shown > count)
		shown = count;
	for (size_t i = 0; i < count; i++)
		highest = values[i] > highest ? values[i] : highest;
	for (size_t k = 0; k < shown; k++) {
		uint64_t value = 0;
		for (size_t i = k * count / shown; i < (k + 1) * count / shown; i++)
			value = values[i] > value ? values[i] : value;
		double level = highest ? (double)value * BAR_LEVELS / (double)highest : 0;
		out[k] = (char)(value ? 2 + (int)(level - 0.001) : 1);
	}
	out[shown] = '\0';
}

static void put_bars(struct view_line *line, const char *cell, bool utf8, enum view_style style)
{
	static const char *const blocks[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	static const char plain[] = " .:-=+*#@";
	for (; *cell >= 1 && *cell <= BAR_LEVELS + 1; cell++) {
		const char *block = blocks[*cell - 1];
		if (utf8)
			put_character(line, block, strlen(block), style);
		else
			put_ascii(line, plain[*cell - 1], style);
	}
}

/* Zero, with a unit or without, or nothing. */
static bool is_faint(const char *cell)
{
	return strcmp(cell, "0") == 0 || strcmp(cell, "0B") == 0 || strcmp(cell, "-") == 0;
}

struct field { /* where a cell goes */
	const struct view_column *column;
	unsigned int width;
	enum view_style style;
};

static void put_cell(struct view_line *line, const struct field *field, const char *cell)
{
	size_t begin = line->length, length = escape(cell, NULL);
	enum view_style style = field->style;
	if (field->column->right && length < field->width)
		pad(line, begin + field->width - length, style);
	put_text(line, cell, field->width,
		 style == VIEW_PLAIN && is_faint(cell) ? VIEW_FAINT : style);
	pad(line, begin + field->width, style);
}

/* ---- columns ---- */

struct widths {
	unsigned int of[VIEW_COLUMNS_MAX];
	size_t count; /* of columns for which there is room */
};

/* One more for each in turn that may be wider, until nothing is left. */
static void widen(const struct view_table *table, struct widths *widths, unsigned int left)
{
	for (bool more = true; more;) {
		more = false;
		for (size_t i = 0; i < widths->count && left; i++) {
			if (widths->of[i] >= table->columns[i].most)
				continue;
			widths->of[i]++;
			left--;
			more = true;
		}
	}
}

static struct widths share_width(const struct view_table *table, unsigned int width)
{
	struct widths widths = {.count = 0};
	unsigned int left = width;
	for (; widths.count < table->count; widths.count++) {
		size_t i = widths.count;
		unsigned int need = table->columns[i].least + (i ? GAP : 0);
		if (need > left && i)
			break;
		need = need < left ? need : left; /* the first column is cut */
		widths.of[i] = i ? need - GAP : need;
		left -= need;
	}
	widen(table, &widths, left);
	return widths;
}

static void draw_titles(const struct view_table *table, const struct widths *widths,
			struct view_line *line)
{
	for (size_t i = 0; i < widths->count; i++) {
		char title[VIEW_CELL_MAX];
		struct field field = {&table->columns[i], widths->of[i], VIEW_TITLE};
		size_t length = strnlen(field.column->title, sizeof(title) - 2);
		memcpy(title, field.column->title, length);
		title[length] = '\0';
		if (i == table->sorted && length < field.width)
			memcpy(title + length, "*", 2);
		if (i)
			put_ascii(line, ' ', VIEW_TITLE);
		put_cell(line, &field, title);
	}
}

static void draw_row(const struct view *view, const struct widths *widths, size_t row,
		     struct view_line *line)
{
	const struct view_table *table = view->table;
	enum view_style style = row == view->chosen ? VIEW_CHOSEN : VIEW_PLAIN;
	for (size_t i = 0; i < widths->count; i++) {
		char cell[VIEW_CELL_MAX] = "";
		struct view_place place = {row, i, widths->of[i]};
		struct field field = {&table->columns[i], place.width, style};
		if (style == VIEW_PLAIN && i == 0)
			field.style = VIEW_STRONG;
		if (i)
			put_ascii(line, ' ', style);
		size_t end = line->length + place.width;
		table->cell(table->context, &place, cell);
		if (field.column->bars)
			put_bars(line, cell, view->utf8,
				 style == VIEW_PLAIN ? VIEW_BAR : VIEW_CHOSEN);
		else
			put_cell(line, &field, *cell ? cell : "-");
		pad(line, end, style);
	}
}

static void draw_table(const struct view *view, unsigned int width, unsigned int height,
		       struct view_line *lines)
{
	struct widths widths = share_width(view->table, width);
	if (height == 0)
		return;
	draw_titles(view->table, &widths, &lines[0]);
	pad(&lines[0], width, VIEW_TITLE);
	for (unsigned int i = 1; i < height; i++) {
		size_t row = view->first + i - 1;
		if (row >= view->table->rows)
			return;
		draw_row(view, &widths, row, &lines[i]);
		if (row == view->chosen)
			pad(&lines[i], width, VIEW_CHOSEN);
	}
}

/* ---- text ---- */

static size_t count_lines(const char *text)
{
	size_t count = 0;
	for (; *text; text++)
		count += *text == '\n';
	return count;
}

static void draw_text(const struct view *view, unsigned int width, unsigned int height,
		      struct view_line *lines)
{
	const char *at = view->text;
	for (size_t i = 0; *at && i < view->first + height; i++) {
		char one[VIEW_CELL_MAX];
		size_t length = strcspn(at, "\n");
		size_t most = length < sizeof(one) - 1 ? length : sizeof(one) - 1;
		memcpy(one, at, most);
		one[most] = '\0';
		if (i >= view->first)
			put_text(&lines[i - view->first], one, width, VIEW_PLAIN);
		at += length + (at[length] == '\n');
	}
}

/* Words between { and } are keys, without these. */
static void draw_foot(const char *foot, unsigned int width, struct view_line *line)
{
	enum view_style style = VIEW_PLAIN;
	for (; *foot && line->length < width; foot++) {
		if (*foot == '{')
			style = VIEW_KEY;
		else if (*foot == '}')
			style = VIEW_PLAIN;
		else
			put_ascii(line, *foot, style);
	}
}

/* ---- all of it ---- */

static unsigned int heads(const struct view *view)
{
	unsigned int count = 0;
	while (count < VIEW_HEADS && view->head[count])
		count++;
	return count;
}

/* The lines between head and foot. */
static unsigned int middle(const struct view *view, unsigned int height)
{
	unsigned int others = heads(view) + 1;
	return height > others ? height - others : 0;
}

size_t view_page(const struct view *view, unsigned int height)
{
	unsigned int lines = middle(view, height);
	return view->table ? (lines > 1 ? lines - 1 : 0) : lines;
}

void view_scroll(struct view *view, unsigned int height)
{
	size_t page = view_page(view, height);
	size_t rows = view->table ? view->table->rows : count_lines(view->text);
	if (view->chosen >= rows)
		view->chosen = rows ? rows - 1 : 0;
	if (view->table && view->chosen < view->first)
		view->first = view->chosen;
	if (view->table && page && view->chosen >= view->first + page)
		view->first = view->chosen - page + 1;
	if (view->first + page > rows)
		view->first = rows > page ? rows - page : 0;
}

void view_draw(const struct view *view, unsigned int width, unsigned int height,
	       struct view_line *lines)
{
	unsigned int top = heads(view), lines_between = middle(view, height);
	if (width > VIEW_WIDTH_MAX)
		width = VIEW_WIDTH_MAX;
	for (unsigned int i = 0; i < height; i++) {
		lines[i].length = lines[i].bytes = 0;
		lines[i].text[0] = '\0';
	}
	for (unsigned int i = 0; i < top && i < height; i++)
		put_text(&lines[i], view->head[i], width, i == 0 ? VIEW_STRONG : VIEW_PLAIN);
	if (lines_between && view->table)
		draw_table(view, width, lines_between, lines + top);
	else if (lines_between)
		draw_text(view, width, lines_between, lines + top);
	if (height > top && view->prompt)
		put_text(&lines[height - 1], view->prompt, width, VIEW_STRONG);
	else if (height > top)
		draw_foot(view->foot, width, &lines[height - 1]);
}
