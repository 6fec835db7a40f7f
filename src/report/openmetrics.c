/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text format of OpenMetrics 1.0. A host of 50,000 forwards prints half a million samples: no
 * printf in their way. */
#include <stdbool.h>
#include <string.h>

#include "model/number.h"
#include "report/openmetrics.h"

/* How many bytes the UTF-8 character there has; 0: it is none, or steers terminals (RFC 3629, 4).
 * The NUL at the end of the text continues no character. */
static size_t character_length(const unsigned char *at)
{
	static const struct {
		unsigned char first, last, least, most; /* of the first byte, of the second one */
		size_t length;
	} forms[] = {
		{0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
		{0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3},
		{0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
		{0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
	};
	if (*at < 0x80)
		return *at >= ' ' && *at != 0x7f;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (*at < forms[i].first || *at > forms[i].last)
			continue;
		if (at[1] < forms[i].least || at[1] > forms[i].most)
			return 0;
		for (size_t k = 2; k < forms[i].length; k++)
			if (at[k] < 0x80 || at[k] > 0xbf)
				return 0;
		return forms[i].length;
	}
	return 0;
}

static char *put_text(char *out, const char *text)
{
	size_t length = strlen(text);
	memcpy(out, text, length + 1);
	return out + length;
}

char *openmetrics_put_label(char *out, const char *name, const char *value)
{
	static const char digits[] = "0123456789abcdef";
	out = put_text(put_text(out, name), "=\"");
	for (const unsigned char *at = (const unsigned char *)value; *at;) {
		size_t length = character_length(at);
		if (length == 0) { /* the backslash is escaped itself */
			out = put_text(out, "\\\\x");
			*out++ = digits[*at >> 4];
			*out++ = digits[*at++ & 15];
			continue;
		}
		if (*at == '"' || *at == '\\')
			*out++ = '\\';
		memcpy(out, at, length);
		out += length;
		at += length;
	}
	return put_text(out, "\"");
}

void openmetrics_begin(FILE *out, const struct openmetrics_family *family)
{
	const char *type = family->type == OPENMETRICS_COUNTER ? "counter" : "gauge";
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", family->name, family->help, family->name,
		type);
	if (family->unit)
		fprintf(out, "# UNIT %s %s\n", family->name, family->unit);
}

static void print(FILE *out, const char *text)
{
	fwrite_unlocked(text, 1, strlen(text), out);
}

void openmetrics_sample(FILE *out, const struct openmetrics_family *family,
			struct openmetrics_labels labels, uint64_t value)
{
	char number[NUMBER_TEXT_MAX + 2];
	bool any = *labels.labels || *labels.more;
	print(out, family->name);
	print(out, family->type == OPENMETRICS_COUNTER ? "_total" : "");
	print(out, any ? "{" : "");
	print(out, labels.labels);
	print(out, *labels.labels && *labels.more ? "," : "");
	print(out, labels.more);
	print(out, any ? "} " : " ");
	memcpy(number_put(number, value), "\n", 2);
	print(out, number);
}

void openmetrics_end(FILE *out)
{
	print(out, "# EOF\n");
}
