/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Blanks, comments and lines that go on are left out. */
#include <string.h>

#include "model/array.h"
#include "others/nft_reader.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool is_mark(char c)
{
	return c == '{' || c == '}' || c == ',';
}

static bool ends_word(char c)
{
	return is_blank(c) || is_mark(c) || c == ';' || c == '\n' || c == '"' || c == '\0';
}

/* A token at *at, which moves behind it; false: there is none there. */
static bool cut_token(const char **at, const char *end, struct token *out)
{
	const char *c = *at;
	*out = (struct token){.at = c, .length = 1};
	if (*c == '"') {
		const char *close = memchr(c + 1, '"', (size_t)(end - c - 1));
		*out = (struct token){c + 1, (size_t)((close ? close : end) - c - 1), true, false};
		*at = close ? close + 1 : end;
		return true;
	}
	if (*c == '\n' || *c == ';') {
		out->ends = true;
		(*at)++;
		return true;
	}
	if (is_blank(*c) || *c == '\0' || (*c == '\\' && c + 1 < end && c[1] == '\n')) {
		*at += *c == '\\' ? 2 : 1;
		return false;
	}
	if (*c == '#') {
		const char *newline = memchr(c, '\n', (size_t)(end - c));
		*at = newline ? newline : end;
		return false;
	}
	if (is_mark(*c)) {
		(*at)++;
		return true;
	}
	while (*at < end && !ends_word(**at))
		(*at)++;
	out->length = (size_t)(*at - c);
	return true;
}

int reader_cut(struct nft_reader *r, struct text text)
{
	const char *end = text.bytes + text.length;
	for (const char *at = text.bytes; at < end;) {
		struct token token;
		if (!cut_token(&at, end, &token))
			continue;
		void *tokens = r->tokens;
		struct token *added = array_append(&tokens, &r->count, sizeof(*added));
		r->tokens = tokens;
		if (!added)
			return -1;
		*added = token;
	}
	return 0;
}

bool token_is(const struct token *t, const char *word)
{
	return !t->quoted && !t->ends && t->length == strlen(word) &&
	       memcmp(t->at, word, t->length) == 0;
}

const struct token *reader_token(const struct nft_reader *r, size_t i)
{
	static const struct token none = {.at = "", .ends = true};
	return i < r->count ? &r->tokens[i] : &none;
}

bool reader_next_is(const struct nft_reader *r, const char *word)
{
	return r->at < r->end && token_is(reader_token(r, r->at), word);
}

bool reader_take(struct nft_reader *r, const char *word)
{
	bool is = reader_next_is(r, word);
	r->at += is;
	return is;
}

struct word token_word(const struct token *t)
{
	struct word w = {""};
	if (!t->ends && t->length < WORD_MAX)
		memcpy(w.text, t->at, t->length);
	return w;
}

const char *reader_keep(struct nft_reader *r, const struct token *t)
{
	const char *text = chains_text(r->chains, t->at, t->length);
	r->failed = r->failed || !text;
	return text ? text : "";
}

void reader_beyond(struct nft_reader *r)
{
	rule_beyond(r->rule, "");
	r->unknown = true;
}

size_t reader_behind_braces(const struct nft_reader *r, size_t i)
{
	size_t depth = 0;
	for (; i < r->count; i++) {
		depth += token_is(&r->tokens[i], "{");
		if (token_is(&r->tokens[i], "}") && --depth == 0)
			return i + 1;
	}
	return i;
}

size_t reader_find_end(const struct nft_reader *r, size_t i)
{
	while (i < r->count && !r->tokens[i].ends && !token_is(&r->tokens[i], "}"))
		i = token_is(&r->tokens[i], "{") ? reader_behind_braces(r, i) : i + 1;
	return i;
}
