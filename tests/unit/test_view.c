/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands where on the screen of top. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "rows.h"
#include "screen/view.h"

/* ---- a table ---- */

static const struct view_column columns[] = {
	{"FORWARD", .least = 10, .most = 14},
	{"LIVE", .right = true, .least = 6, .most = 6},
	{"LAST", .least = 4, .most = 60, .bars = true},
};

static const struct {
	const char *forward, *live;
	uint64_t last[4];
} cells[] = {
	{"wan0:80/tcp", "12", {0, 1, 4, 8}},
	{"*@203.0.113.5:1-65535/udp", "0", {0, 0, 0, 0}},
	{"a\x1b[2Jb\xff:1", "", {7, 7, 0, 7}},
	{"lan0:22/tcp", "1234567", {1, 0, 0, 1000}},
};

static void put_cell(const void *context, const struct view_place *place, char out[VIEW_CELL_MAX])
{
	(void)context;
	if (place->column == 0)
		strcpy(out, cells[place->row].forward);
	else if (place->column == 1)
		strcpy(out, cells[place->row].live);
	else
		view_bars(cells[place->row].last, 4, place->width, out);
}

static const struct view_table table = {columns, 3, 1, 4, put_cell, NULL};

static const char styles[] = ".*-TC=k";

/* All lines, each with an end; or their styles, a character each. */
static void draw(const struct view *view, unsigned int width, unsigned int height, bool style,
		 char *out)
{
	struct view_line *lines = calloc(height + 1, sizeof(*lines));
	assert_non_null(lines);
	view_draw(view, width, height, lines);
	for (unsigned int i = 0; i < height; i++) {
		assert_true(lines[i].length <= width);
		assert_int_equal(strlen(lines[i].text), lines[i].bytes);
		for (size_t k = 0; style && k < lines[i].length; k++)
			*out++ = styles[lines[i].styles[k]];
		if (!style)
			out = stpcpy(out, lines[i].text);
		*out++ = '\n';
	}
	*out = '\0';
	free(lines);
}

#define HEAD "pfwd top 12:00:00\nevery 1s\n"

static const struct screen {
	const char *name;
	unsigned int width, height;
	struct view view; /* what differs from view_of_table */
	bool style;       /* the styles are expected, not the text */
	const char *expected;
} screens[] = {
	{"there is room for all",
	 28,
	 9,
	 {.first = 0},
	 false,
	 HEAD "FORWARD        LIVE* LAST   \n"
	      "wan0:80/tcp       12  .=@   \n"
	      "*@203.0.113.+      0        \n"
	      "a\\x1b[2Jb\\xf+      - @@ @   \n"
	      "lan0:22/tcp   12345+ .  @   \n"
	      "\n"
	      "Enter open  quit\n"},
	{"a block is one column",
	 28,
	 7,
	 {.utf8 = true},
	 false,
	 HEAD "FORWARD        LIVE* LAST   \n"
	      "wan0:80/tcp       12  ▁▄█   \n"
	      "*@203.0.113.+      0        \n"
	      "a\\x1b[2Jb\\xf+      - ██ █   \n"
	      "Enter open  quit\n"},
	{"the last columns go first",
	 19,
	 5,
	 {.first = 0},
	 false,
	 HEAD "FORWARD       LIVE*\n"
	      "wan0:80/tcp      12\n"
	      "Enter open  quit\n"},
	{"what is too long is cut",
	 12,
	 5,
	 {.first = 0},
	 false,
	 "pfwd top 12+\n"
	 "every 1s\n"
	 "FORWARD     \n"
	 "wan0:80/tcp \n"
	 "Enter open  \n"},
	{"it begins further down",
	 19,
	 6,
	 {.first = 2, .chosen = 3},
	 false,
	 HEAD "FORWARD       LIVE*\n"
	      "a\\x1b[2Jb\\x+      -\n"
	      "lan0:22/tcp  12345+\n"
	      "Enter open  quit\n"},
	{"a question takes the place of the foot",
	 19,
	 4,
	 {.prompt = "Only rows with: w\x1b"},
	 false,
	 HEAD "FORWARD       LIVE*\n"
	      "Only rows with: w\\+\n"},
	{"text takes the place of the table",
	 19,
	 6,
	 {.first = 1, .text = "one\ntwo\nthree and more of it\nfour\n"},
	 false,
	 HEAD "two\n"
	      "three and more of +\n"
	      "four\n"
	      "Enter open  quit\n"},
	{"styles",
	 24,
	 8,
	 {.chosen = 2},
	 true,
	 "*****************\n"
	 "........\n"
	 "TTTTTTTTTTTTTTTTTTTTTTTT\n"
	 "***********........====.\n"
	 "***********......-.====.\n"
	 "CCCCCCCCCCCCCCCCCCCCCCCC\n"
	 "***********........====.\n"
	 "kkkkk.......k...\n"},
};

static void a_screen_is_drawn(void **state)
{
	const struct screen *s = *state;
	struct view view = s->view;
	char text[8192];
	view.head[0] = "pfwd top 12:00:00";
	view.head[1] = "every 1s";
	view.table = view.text ? NULL : &table;
	view.foot = "{Enter} open  {q}uit";
	draw(&view, s->width, s->height, s->style, text);
	assert_string_equal(text, s->expected);
}

/* Nothing is drawn outside of it, however small or large it is. */
static void any_size_will_do(void **state)
{
	(void)state;
	static char text[400 * 2000];
	struct view view = {.head = {"a", "b"}, .table = &table, .foot = "{q}uit", .utf8 = true};
	for (unsigned int height = 0; height < 12; height++)
		for (unsigned int width = 0; width < VIEW_WIDTH_MAX + 10; width += 1 + width / 8) {
			view.chosen = height;
			view_scroll(&view, height);
			draw(&view, width, height, false, text);
			view.prompt = height % 2 ? "what" : NULL;
		}
}

static void the_chosen_row_is_seen(void **state)
{
	(void)state;
	struct view view = {.head = {"a", NULL}, .table = &table, .foot = "", .chosen = 3};
	assert_int_equal(view_page(&view, 5), 2);
	view_scroll(&view, 5);
	assert_int_equal(view.first, 2);
	view.chosen = 1;
	view_scroll(&view, 5);
	assert_int_equal(view.first, 1);
	view.chosen = 99;
	view_scroll(&view, 5);
	assert_int_equal(view.chosen, 3);
	assert_int_equal(view.first, 2);
	view_scroll(&view, 50);
	assert_int_equal(view.first, 0);
	struct view text = {.text = "1\n2\n3\n4\n", .first = 9, .foot = ""};
	view_scroll(&text, 4);
	assert_int_equal(text.first, 1);
}

/* ---- bars ---- */

static void assert_bars(const uint64_t *values, size_t count, unsigned int width, const char *bars)
{
	char out[VIEW_CELL_MAX];
	view_bars(values, count, width, out);
	assert_string_equal(out, bars);
}

static void bars_are_as_high_as_their_values(void **state)
{
	(void)state;
	static const uint64_t none[] = {0, 0}, some[] = {0, 1, 125, 126, 500, 1000},
			      huge[] = {UINT64_MAX, UINT64_MAX / 2};
	assert_bars(none, 2, 8, "\1\1");
	assert_bars(some, 6, 6, "\1\2\2\3\5\11");
	assert_bars(some, 6, 3, "\2\3\11");
	assert_bars(some, 6, 0, "");
	assert_bars(huge, 2, 2, "\11\5");
}

int main(void)
{
	struct rows tests = {0};
	ROWS_ADD_ALL(&tests, screens, a_screen_is_drawn);
	ROWS_ADD_TEST(&tests, any_size_will_do);
	ROWS_ADD_TEST(&tests, the_chosen_row_is_seen);
	ROWS_ADD_TEST(&tests, bars_are_as_high_as_their_values);
	return rows_run(&tests, "view");
}
