/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Errors as values, and the escaping that keeps raw bytes of a user or a rule off the terminal. */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "model/err.h"

static void set(struct err *err, enum err_kind kind, const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));

static void set(struct err *err, enum err_kind kind, const char *format, va_list args)
{
	err->kind = kind;
	err->sys = 0;
	int n = vsnprintf(err->text, sizeof(err->text), format, args);
	if (n < 0)
		err->text[0] = '\0';
}

void err_fill(struct err *err, enum err_kind kind, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	set(err, kind, format, args);
	va_end(args);
}

void err_fill_sys(struct err *err, int sys, const char *format, ...)
{
	bool denied = sys == EPERM || sys == EACCES;
	va_list args;
	va_start(args, format);
	set(err, denied ? ERR_PERMISSION : ERR_FAILED, format, args);
	va_end(args);
	err->sys = sys;
	size_t used = strlen(err->text);
	int n = snprintf(err->text + used, sizeof(err->text) - used, ": %s", strerror(sys));
	if (n < 0)
		err->text[used] = '\0';
}

/* RFC 3629: no overlong forms, no surrogates, nothing past U+10FFFF. */
unsigned long quote_printable(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	if (s[0] >= 0x20 && s[0] < 0x7f)
		return s[0] == '\\' ? 0 : 1;
	size_t n = s[0] >= 0xc2 && s[0] < 0xe0   ? 2
		   : s[0] >= 0xe0 && s[0] < 0xf0 ? 3
		   : s[0] >= 0xf0 && s[0] < 0xf5 ? 4
						 : 0;
	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	/* U+0080 to U+009F are control characters too */
	if ((s[0] == 0xc2 && s[1] < 0xa0) || (s[0] == 0xe0 && s[1] < 0xa0) ||
	    (s[0] == 0xed && s[1] >= 0xa0) || (s[0] == 0xf0 && s[1] < 0x90) ||
	    (s[0] == 0xf4 && s[1] >= 0x90))
		return 0;
	/* nor characters that nobody sees, and marks that turn the direction of what follows:
	 * U+200B to U+200F, U+202A to U+202E, U+2060 to U+2069, U+FEFF */
	if ((s[0] == 0xe2 && s[1] == 0x80 &&
	     ((s[2] >= 0x8b && s[2] <= 0x8f) || (s[2] >= 0xaa && s[2] <= 0xae))) ||
	    (s[0] == 0xe2 && s[1] == 0x81 && s[2] >= 0xa0 && s[2] <= 0xa9) ||
	    (s[0] == 0xef && s[1] == 0xbb && s[2] == 0xbf))
		return 0;
	return n;
}

unsigned long quote_into(char *out, unsigned long size, const char *text)
{
	static const char hex[] = "0123456789abcdef";
	unsigned long used = 0, total = 0;
	bool full = false;
	for (const unsigned char *s = (const unsigned char *)text; *s;) {
		size_t n = quote_printable((const char *)s);
		char escaped[5] = {'\\', 'x', hex[*s >> 4], hex[*s & 15], '\0'};
		const char *piece = n ? (const char *)s : escaped;
		size_t length = n ? n : 4;
		full = full || used + length >= size;
		if (!full) {
			memcpy(out + used, piece, length);
			used += length;
		}
		total += length;
		s += n ? n : 1;
	}
	if (size)
		out[used] = '\0';
	return total;
}

struct quoted quote(const char *text)
{
	struct quoted q = {""};
	static const char ellipsis[] = "...";
	unsigned long room = sizeof(q.text) - sizeof(ellipsis) + 1;
	/* a text of 100 kB is not walked to its end for a message that shows its beginning */
	char head[sizeof(q.text) + 1];
	strncpy(head, text, sizeof(q.text));
	head[sizeof(q.text)] = '\0';
	if (quote_into(q.text, room, head) >= room)
		strcat(q.text, ellipsis);
	return q;
}
