/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What went wrong, as a value that the caller owns: a kind that chooses the exit status, and a
 * text for people. It never prints and never ends the program; only main does.
 */
#ifndef PFWD_MODEL_ERR_H
#define PFWD_MODEL_ERR_H

/* The values are the exit statuses of pfwd(8). */
enum err_kind {
	ERR_NONE = 0,
	ERR_FAILED = 1,
	ERR_INPUT = 2,
	ERR_NOT_FOUND = 3,
	ERR_CONFLICT = 4,
	ERR_PERMISSION = 5,
	ERR_UNSUPPORTED = 6,
	ERR_LOCKED = 7,
	ERR_CHANGED = 64, /* somebody else was quicker: read again; no exit status */
};

#define ERR_TEXT_MAX 1024

struct err {
	enum err_kind kind;
	int sys; /* errno; 0: no system call failed */
	char text[ERR_TEXT_MAX];
};

/* Fill err and give -1, so that a function can say `return err_set(...)`; macros, so that compilers
 * and checkers see the -1. A text that does not fit is cut. */
#define err_set(err, kind, ...) (err_fill(err, kind, __VA_ARGS__), err_status())
/* The same, with ": " and the system's words for sys (an errno) appended. EPERM and EACCES make
 * the kind ERR_PERMISSION. */
#define err_sys(err, number, ...) (err_fill_sys(err, number, __VA_ARGS__), err_status())
#define err_memory(err) err_set(err, ERR_FAILED, "out of memory")

static inline int err_status(void)
{
	return -1;
}
void err_fill(struct err *err, enum err_kind kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void err_fill_sys(struct err *err, int sys, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Text of unknown origin, made fit for a message: cut to the length of a line; control characters,
 * backslashes and bytes that are not UTF-8 become \xNN. A struct, so that it can stand in an
 * argument list: quote(text).text.
 */
struct quoted {
	char text[160];
};
struct quoted quote(const char *text);

/* The escaping alone, without the cut, into out[size]: always ends it, and returns the length that
 * all of text would take. */
unsigned long quote_into(char *out, unsigned long size, const char *text);

/* Length of the UTF-8 sequence of the printable character at text; 0: there is no well-formed one,
 * or it is a backslash. */
unsigned long quote_printable(const char *text);

#endif
