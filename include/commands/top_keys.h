/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The screen of pfwd top, and what keys do to it. It draws nothing.
 */
#ifndef PFWD_COMMANDS_TOP_KEYS_H
#define PFWD_COMMANDS_TOP_KEYS_H

#include "commands/top.h"
#include "commands/top_opened.h"
#include "screen/terminal.h"

#define TOP_PROMPT_MAX 64

enum top_page { TOP_PAGE_FORWARDS, TOP_PAGE_CONNECTIONS, TOP_PAGE_HELP };

struct top_screen {
	struct top *top;
	struct terminal terminal;
	enum top_page page, before_help;
	struct view_table table;
	struct view_column columns[VIEW_COLUMNS_MAX]; /* of the forwards */
	size_t column_count;
	struct view views[TOP_PAGE_HELP + 1]; /* of each page */
	char head[VIEW_HEADS][VIEW_WIDTH_MAX];
	char note[sizeof(((struct err *)0)->text)]; /* in place of the second line, until the next
						       key; "": none */
	const char *asked; /* what a prompt asks for; NULL: there is none */
	int (*answered)(struct top_screen *screen, struct err *err);
	char answer[TOP_PROMPT_MAX];
	char filter[TOP_PROMPT_MAX];
	struct top_opened opened; /* whose connections are shown */
	char opened_title[280];
	bool ended;
};

/* Of the page that is shown. */
static inline struct view *top_screen_view(struct top_screen *s)
{
	return &s->views[s->page];
}

/* Do what the key says. 0, or -1 and err. */
int top_keys_take(struct top_screen *s, int key, struct err *err);

#endif
