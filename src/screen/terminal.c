/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ncurses: it knows the terminals that there are, draws what has changed alone, and gives them back
 * as they were, also when the user stops the program with Ctrl-Z for a while. */
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <curses.h>

#include "screen/terminal.h"

bool terminal_is_there(void)
{
	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

/* ---- colours ---- */

enum { PAIR_FAINT = 1, PAIR_BAR, PAIR_KEY, PAIR_TITLE };

static void start_colours(struct terminal *terminal)
{
	if (!has_colors() || start_color() == ERR || use_default_colors() == ERR)
		return;
	terminal->colours = true;
	init_pair(PAIR_BAR, COLOR_GREEN, -1);
	init_pair(PAIR_KEY, COLOR_CYAN, -1);
	init_pair(PAIR_TITLE, COLOR_BLACK, COLOR_GREEN);
	init_pair(PAIR_FAINT, COLOR_BLUE, -1);
}

static attr_t attribute_of(const struct terminal *terminal, enum view_style style)
{
	bool colours = terminal->colours;
	switch (style) {
	case VIEW_STRONG:
		return A_BOLD;
	case VIEW_FAINT:
		return A_DIM;
	case VIEW_TITLE:
		return colours ? (attr_t)COLOR_PAIR(PAIR_TITLE) : A_REVERSE;
	case VIEW_CHOSEN:
		return A_REVERSE;
	case VIEW_BAR:
		return colours ? (attr_t)COLOR_PAIR(PAIR_BAR) : A_NORMAL;
	case VIEW_KEY:
		return colours ? (attr_t)COLOR_PAIR(PAIR_KEY) | A_BOLD : A_BOLD;
	case VIEW_PLAIN:
		break;
	}
	return A_NORMAL;
}

/* ---- taking it and giving it back ---- */

/* Room for the lines of a screen of its size. */
static int take_size(struct terminal *terminal, struct err *err)
{
	int height, width;
	getmaxyx(stdscr, height, width);
	struct view_line *lines =
		reallocarray(terminal->lines, (size_t)height, sizeof(*terminal->lines));
	if (!lines)
		return err_memory(err);
	terminal->lines = lines;
	terminal->height = (unsigned int)height;
	terminal->width = (unsigned int)width;
	return 0;
}

int terminal_open(struct terminal *terminal, bool plain, struct err *err)
{
	const char *name = getenv("TERM");
	setlocale(LC_CTYPE, "");
	terminal->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	terminal->screen = newterm(NULL, stdout, stdin);
	if (!terminal->screen)
		return err_set(err, ERR_FAILED,
			       "cannot use a terminal of the kind '%s': set TERM to one that "
			       "terminfo(5) knows, or use -b",
			       quote(name ? name : "").text);
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(50);
	curs_set(0);
	if (!plain)
		start_colours(terminal);
	if (take_size(terminal, err) == 0)
		return 0;
	terminal_close(terminal);
	return -1;
}

void terminal_close(struct terminal *terminal)
{
	if (terminal->screen) {
		endwin();
		delscreen(terminal->screen);
	}
	free(terminal->lines);
	*terminal = (struct terminal){0};
}

/* ---- drawing ---- */

/* The bytes of the UTF-8 character there. */
static int character_size(const char *text)
{
	int size = 1;
	while ((text[size] & 0xc0) == 0x80)
		size++;
	return size;
}

static void draw_line(const struct terminal *terminal, int row, const struct view_line *line)
{
	const char *at = line->text;
	move(row, 0);
	for (size_t i = 0; i < line->length && i < terminal->width;) {
		uint8_t style = line->styles[i];
		int bytes = 0;
		for (; i < line->length && i < terminal->width && line->styles[i] == style; i++)
			bytes += character_size(at + bytes);
		attrset((int)attribute_of(terminal, style));
		addnstr(at, bytes);
		at += bytes;
	}
	attrset(A_NORMAL);
	if (line->length < terminal->width)
		clrtoeol();
}

int terminal_draw(struct terminal *terminal, const struct view *view, int cursor, struct err *err)
{
	if (take_size(terminal, err) < 0)
		return -1;
	view_draw(view, terminal->width, terminal->height, terminal->lines);
	for (unsigned int i = 0; i < terminal->height; i++)
		draw_line(terminal, (int)i, &terminal->lines[i]);
	curs_set(cursor >= 0);
	if (cursor >= 0)
		move((int)terminal->height - 1, cursor);
	refresh();
	return 0;
}

void terminal_redraw(struct terminal *terminal)
{
	(void)terminal;
	clearok(curscr, TRUE);
}

/* ---- keys ---- */

int terminal_key(struct terminal *terminal)
{
	static const struct {
		int theirs, ours;
	} keys[] = {
		{KEY_UP, TERMINAL_UP},
		{KEY_DOWN, TERMINAL_DOWN},
		{KEY_LEFT, TERMINAL_LEFT},
		{KEY_RIGHT, TERMINAL_RIGHT},
		{KEY_PPAGE, TERMINAL_PAGE_UP},
		{KEY_NPAGE, TERMINAL_PAGE_DOWN},
		{KEY_HOME, TERMINAL_HOME},
		{KEY_END, TERMINAL_END},
		{KEY_ENTER, TERMINAL_ENTER},
		{'\r', TERMINAL_ENTER},
		{'\n', TERMINAL_ENTER},
		{27, TERMINAL_ESCAPE},
		{KEY_BACKSPACE, TERMINAL_BACKSPACE},
		{127, TERMINAL_BACKSPACE},
		{'\b', TERMINAL_BACKSPACE},
		{KEY_RESIZE, TERMINAL_RESIZED},
	};
	int key = getch();
	(void)terminal;
	if (key == ERR)
		return TERMINAL_NONE;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (keys[i].theirs == key)
			return keys[i].ours;
	if (key > KEY_F0 && key <= KEY_F(12))
		return TERMINAL_F1 + key - KEY_F(1);
	return key < 128 ? key : TERMINAL_OTHER;
}
