/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mark is U+FEFF. */
#include <string.h>

#include "model/text.h"

struct text text_without_mark(struct text text)
{
	static const char mark[] = "\xef\xbb\xbf";
	const size_t marked = strlen(mark);
	if (text.length < marked || memcmp(text.bytes, mark, marked) != 0)
		return text;
	return (struct text){text.bytes + marked, text.length - marked};
}
