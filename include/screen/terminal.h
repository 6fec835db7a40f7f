/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The terminal as a screen: lines are drawn on it and keys come from it. While it is open, standard
 * output and standard error are not to be written to.
 */
#ifndef PFWD_SCREEN_TERMINAL_H
#define PFWD_SCREEN_TERMINAL_H

#include "model/err.h"
#include "screen/view.h"

enum terminal_key { /* beside the characters of ASCII */
		    TERMINAL_NONE = -1,
		    TERMINAL_UP = 256,
		    TERMINAL_DOWN,
		    TERMINAL_LEFT,
		    TERMINAL_RIGHT,
		    TERMINAL_PAGE_UP,
		    TERMINAL_PAGE_DOWN,
		    TERMINAL_HOME,
		    TERMINAL_END,
		    TERMINAL_ENTER,
		    TERMINAL_ESCAPE,
		    TERMINAL_BACKSPACE,
		    TERMINAL_RESIZED,
		    TERMINAL_F1, /* and so on, up to F12 */
		    TERMINAL_OTHER = TERMINAL_F1 + 12,
};

struct terminal {     /* a zeroed one is not open */
	void *screen; /* of ncurses */
	bool utf8;    /* it shows UTF-8 */
	bool colours;
	unsigned int width, height;
	struct view_line *lines;
};

/* Whether standard input and standard output are a terminal. */
bool terminal_is_there(void);
/* Take the terminal. plain: use no colours. 0, or -1: it cannot do what is needed. */
int terminal_open(struct terminal *terminal, bool plain, struct err *err);
/* Leave it as it was before; takes one that is not open. */
void terminal_close(struct terminal *terminal);
/* Draw the view; 0, or -1 (out of memory). cursor: the column of the last line where the cursor
 * stands, or -1: it is not seen. */
int terminal_draw(struct terminal *terminal, const struct view *view, int cursor, struct err *err);
/* Draw everything anew, whatever others wrote over it. */
void terminal_redraw(struct terminal *terminal);
/* The next key, or TERMINAL_NONE; it does not wait. TERMINAL_RESIZED: width and height are others
 * now. */
int terminal_key(struct terminal *terminal);

#endif
