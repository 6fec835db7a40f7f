/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `nft list ruleset` prints as words, and how far they have been read. It knows no statement.
 */
#ifndef PFWD_OTHERS_NFT_READER_H
#define PFWD_OTHERS_NFT_READER_H

#include "others/rule_chains.h"

struct token {
	const char *at;
	size_t length;
	bool quoted;
	bool ends; /* a statement: a semicolon or the end of a line */
};

struct span { /* of tokens, up to the one at end */
	size_t from, end;
};

struct named_set { /* or map: its elements, between braces */
	enum family family;
	const char *table, *name;
	struct span elements;
};

struct nft_reader {
	const struct spec_host *host;
	struct text_chains *chains;
	struct token *tokens;
	size_t count;
	struct named_set *sets;
	size_t set_count;
	size_t at; /* the next token */
	bool failed;
	/* of the table and the rule that are read */
	enum family family;
	const char *table;
	struct text_chain *chain;
	struct text_rule *rule;
	size_t end;      /* of the rule */
	char rest[400];  /* the words of the rule that are not understood */
	bool unknown;    /* a part of the statement is not understood */
	size_t elements; /* that were read, over and over */
};

/* Cut the text into tokens. -1: out of memory. */
int reader_cut(struct nft_reader *reader, struct text text);
bool token_is(const struct token *token, const char *word);

#define WORD_MAX 128
struct word {
	char text[WORD_MAX]; /* empty if it is longer */
};
struct word token_word(const struct token *token);

/* The token at that index; past the end one that ends a statement. */
const struct token *reader_token(const struct nft_reader *reader, size_t i);
/* Whether the rule goes on with that word; and take it then. */
bool reader_next_is(const struct nft_reader *reader, const char *word);
bool reader_take(struct nft_reader *reader, const char *word);
/* Behind the brace that closes the one at i. */
size_t reader_behind_braces(const struct nft_reader *reader, size_t i);
/* Where the statement that begins at i ends. */
size_t reader_find_end(const struct nft_reader *reader, size_t i);
/* The text of the token in the memory of the values; "" and failed: out of memory. */
const char *reader_keep(struct nft_reader *reader, const struct token *token);
/* The statement that is read is not understood. */
void reader_beyond(struct nft_reader *reader);

#endif
