/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A text that does not fit is cut. */
#include <stdarg.h>
#include <stdio.h>

#include "check/words.h"

bool words_say(struct finding_words *out, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(out->text, sizeof(out->text), format, args);
	va_end(args);
	return true;
}

struct address_text words_of_address(const struct address *addr)
{
	struct address_text out = {""};
	address_format(addr, out.text);
	return out;
}

struct place_text words_of_place(const struct rule_place *place)
{
	struct place_text out = {""};
	rule_place_format(place, out.text);
	return out;
}
