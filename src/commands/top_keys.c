/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys of prompts first, then those that move, and those of the page. */
#include <stdio.h>
#include <string.h>

#include "commands/top_keys.h"
#include "host/host.h"

/* ---- prompts ---- */

static void ask(struct top_screen *s, const char *what,
		int (*answered)(struct top_screen *s, struct err *err), const char *now)
{
	s->asked = what;
	s->answered = answered;
	snprintf(s->answer, sizeof(s->answer), "%s", now);
}

static int set_filter(struct top_screen *s, struct err *err)
{
	strcpy(s->filter, s->answer);
	s->top->filter = *s->filter ? s->filter : NULL;
	return top_arrange(s->top, err);
}

static int set_delay(struct top_screen *s, struct err *err)
{
	struct err why = {0};
	(void)err;
	if (*s->answer && top_parse_delay(s->answer, &s->top->meter.delay, &why) < 0)
		snprintf(s->note, sizeof(s->note), "%s", why.text);
	s->top->next = host_clock() + s->top->meter.delay;
	return 0;
}

/* The filter works while it is written; Escape takes it away. */
static int take_prompt_key(struct top_screen *s, int key, struct err *err)
{
	size_t length = strlen(s->answer);
	bool filters = s->answered == set_filter, done = key == TERMINAL_ENTER;
	if (key == TERMINAL_ESCAPE) {
		*s->answer = '\0';
		done = true;
	} else if (key == TERMINAL_BACKSPACE && length) {
		s->answer[length - 1] = '\0';
	} else if (key >= ' ' && key < 0x7f && length + 1 < sizeof(s->answer)) {
		s->answer[length] = (char)key;
		s->answer[length + 1] = '\0';
	}
	if (done)
		s->asked = NULL;
	return done || filters ? s->answered(s, err) : 0;
}

/* ---- keys ---- */

static void go_to(struct top_screen *s, enum top_page page)
{
	s->before_help = s->page;
	s->page = page;
	if (page != TOP_PAGE_FORWARDS)
		*top_screen_view(s) = (struct view){0};
}

static void go_back(struct top_screen *s)
{
	if (s->page == TOP_PAGE_HELP) {
		s->page = s->before_help;
		return;
	}
	if (s->page == TOP_PAGE_CONNECTIONS)
		top_opened_close(&s->opened);
	s->page = TOP_PAGE_FORWARDS;
}

static void put_title(struct top_screen *s, const struct meter_row *row)
{
	char spec[REPORT_CELL_MAX], name[REPORT_CELL_MAX];
	if (!top_put_forward(row, spec))
		strcpy(spec, "-");
	if (!top_put_name(row, name))
		*name = '\0';
	snprintf(s->opened_title, sizeof(s->opened_title), "%.90s %.90s%s%.90s", spec, name,
		 row->other ? " of " : "", row->other ? s->opened.owner : "");
}

static void open_forward(struct top_screen *s)
{
	const struct top *top = s->top;
	size_t chosen = top_screen_view(s)->chosen;
	if (s->page != TOP_PAGE_FORWARDS || chosen >= top->count)
		return;
	const struct meter_row row = meter_row(&top->meter, top->order[chosen]);
	top_opened_begin(&s->opened, &row, &top->meter);
	put_title(s, &row);
	go_to(s, TOP_PAGE_CONNECTIONS);
	s->top->next = host_clock(); /* its connections are read at once */
}

static void move_by(struct top_screen *s, bool down, size_t steps)
{
	struct view *view = top_screen_view(s);
	size_t *at = s->page == TOP_PAGE_HELP ? &view->first : &view->chosen;
	if (down)
		*at += steps;
	else
		*at = *at > steps ? *at - steps : 0;
}

static bool take_move_key(struct top_screen *s, int key)
{
	size_t page = view_page(top_screen_view(s), s->terminal.height);
	switch (key) {
	case TERMINAL_UP:
	case TERMINAL_DOWN:
		move_by(s, key == TERMINAL_DOWN, 1);
		return true;
	case TERMINAL_PAGE_UP:
	case TERMINAL_PAGE_DOWN:
		move_by(s, key == TERMINAL_PAGE_DOWN, page ? page : 1);
		return true;
	case TERMINAL_HOME:
	case TERMINAL_END:
		move_by(s, key == TERMINAL_END, SIZE_MAX / 2);
		return true;
	default:
		return false;
	}
}

/* Back to the first row, where the order's first ones are. */
static int sort_by(struct top_screen *s, enum top_sort sort, bool reverse, struct err *err)
{
	s->top->sort = sort;
	s->top->reverse = reverse;
	s->views[TOP_PAGE_FORWARDS].first = s->views[TOP_PAGE_FORWARDS].chosen = 0;
	return top_arrange(s->top, err);
}

static int take_sort_key(struct top_screen *s, int key, struct err *err)
{
	enum top_sort now = s->top->sort;
	switch (key) {
	case '<':
		return sort_by(s, now == TOP_FORWARD ? TOP_BUSY : now - 1, false, err);
	case '>':
	case TERMINAL_F1 + 5:
		return sort_by(s, now == TOP_BUSY ? TOP_FORWARD : now + 1, false, err);
	case 'T':
		return sort_by(s, TOP_BUSY, false, err);
	case 'R':
	case 'I':
		return sort_by(s, now, !s->top->reverse, err);
	default:
		return 0;
	}
}

static void take_other_key(struct top_screen *s, int key)
{
	char delay[TOP_RATE_MAX];
	switch (key) {
	case 'q':
	case TERMINAL_F1 + 9:
		s->ended = true;
		break;
	case 'h':
	case '?':
	case TERMINAL_F1:
		if (s->page != TOP_PAGE_HELP)
			go_to(s, TOP_PAGE_HELP);
		break;
	case TERMINAL_ENTER:
		open_forward(s);
		break;
	case TERMINAL_ESCAPE:
	case TERMINAL_LEFT:
	case TERMINAL_BACKSPACE:
		go_back(s);
		break;
	case 'd':
	case 's':
		top_put_rate(delay, (uint64_t)s->top->meter.delay / 1000000, 2);
		ask(s, "Seconds between two refreshes", set_delay, delay);
		break;
	case ' ':
		s->top->next = host_clock();
		break;
	case 'L' & 0x1f:
		terminal_redraw(&s->terminal);
		break;
	}
}

int top_keys_take(struct top_screen *s, int key, struct err *err)
{
	if (s->asked)
		return take_prompt_key(s, key, err);
	*s->note = '\0';
	if (take_move_key(s, key))
		return 0;
	if (s->page == TOP_PAGE_FORWARDS && (key == '/' || key == '\\' || key == TERMINAL_F1 + 3)) {
		ask(s, "Only rows with", set_filter, s->filter);
		return 0;
	}
	take_other_key(s, key);
	return s->page == TOP_PAGE_FORWARDS ? take_sort_key(s, key, err) : 0;
}
