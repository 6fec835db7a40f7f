/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Chains are read after all sets, which rules name. */
#include <stdlib.h>
#include <string.h>

#include "model/array.h"
#include "others/nft_statements.h"

#define SETS_MAX 4096

static int read_priority(struct nft_reader *r)
{
	static const struct {
		const char *name;
		int value;
	} names[] = {{"raw", -300}, {"mangle", -150}, {"dstnat", -100},
		     {"filter", 0}, {"security", 50}, {"srcnat", 100}};
	int value = 0, sign = 1;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (reader_take(r, names[i].name))
			value = names[i].value;
	if (reader_take(r, "-"))
		sign = -1;
	else
		reader_take(r, "+");
	struct word number = token_word(reader_token(r, r->at));
	if (r->at < r->end &&
	    ((*number.text >= '0' && *number.text <= '9') || *number.text == '-')) {
		value += sign * (int)strtol(number.text, NULL, 10);
		r->at++;
	}
	return value;
}

/* type TYPE hook HOOK [device NAME] priority PRIORITY */
static void read_base(struct nft_reader *r)
{
	static const char *const hooks[] = {"prerouting", "input", "forward", "output",
					    "postrouting"};
	struct text_chain *chain = r->chain;
	chain->base = chain->other = true;
	chain->nat = reader_next_is(r, "nat");
	bool known = chain->nat || reader_next_is(r, "filter");
	r->at++;
	reader_take(r, "hook");
	for (size_t h = 0; h < sizeof(hooks) / sizeof(hooks[0]); h++)
		if (reader_take(r, hooks[h])) {
			chain->hook = (enum other_hook)h;
			chain->other = !known;
		}
	while (r->at < r->end && !reader_take(r, "priority"))
		r->at++;
	if (r->at < r->end)
		chain->priority = read_priority(r);
	r->at = r->end;
}

static void read_chain(struct nft_reader *r, const struct token *name, size_t end)
{
	const char *kept = reader_keep(r, name);
	r->chain = r->failed ? NULL : chains_get(r->chains, r->family, r->table, kept);
	r->failed = r->failed || !r->chain;
	while (r->at < end && !r->failed) {
		r->end = reader_find_end(r, r->at);
		if (r->end > end)
			r->end = end;
		if (r->tokens[r->at].ends || token_is(&r->tokens[r->at], "}")) {
			r->at++;
		} else if (reader_take(r, "type")) {
			read_base(r);
		} else if (reader_take(r, "policy")) {
			r->chain->drops = reader_next_is(r, "drop");
			r->at = r->end;
		} else if (reader_next_is(r, "comment") || reader_next_is(r, "flags") ||
			   reader_next_is(r, "devices")) {
			r->at = r->end;
		} else {
			statements_read(r);
		}
	}
}

static void note_set(struct nft_reader *r, const struct token *name, size_t from, size_t end)
{
	for (size_t i = from; i + 2 < end; i++) {
		if (!token_is(&r->tokens[i], "elements") || !token_is(&r->tokens[i + 1], "=") ||
		    !token_is(&r->tokens[i + 2], "{"))
			continue;
		if (r->set_count == SETS_MAX)
			return;
		void *sets = r->sets;
		struct named_set *set = array_append(&sets, &r->set_count, sizeof(*set));
		r->sets = sets;
		r->failed = r->failed || !set;
		if (!set)
			return;
		*set = (struct named_set){r->family,
					  r->table,
					  reader_keep(r, name),
					  {i + 3, reader_behind_braces(r, i + 2) - 1}};
		return;
	}
}

/* What is in a table, up to end: its chains, or its sets. */
static void read_table(struct nft_reader *r, size_t end, bool sets)
{
	bool dormant = false;
	size_t before = r->chains->count;
	while (r->at < end && !r->failed) {
		const struct token *kind = &r->tokens[r->at], *name = reader_token(r, r->at + 1);
		size_t open = r->at + 2;
		bool has_body = token_is(reader_token(r, open), "{");
		if (!has_body) {
			dormant = dormant || (token_is(kind, "flags") && token_is(name, "dormant"));
			r->at = kind->ends ? r->at + 1 : reader_find_end(r, r->at);
			r->at += r->at < end && token_is(&r->tokens[r->at], "}");
			continue;
		}
		size_t behind = reader_behind_braces(r, open);
		r->at = open + 1;
		if (!sets && token_is(kind, "chain"))
			read_chain(r, name, behind - 1);
		else if (sets && (token_is(kind, "set") || token_is(kind, "map")))
			note_set(r, name, open + 1, behind);
		r->at = behind;
	}
	for (size_t i = before; dormant && i < r->chains->count; i++)
		r->chains->items[i]->other = true;
}

static bool take_family(struct nft_reader *r)
{
	r->family = FAMILY_IPV4;
	if (reader_take(r, "inet"))
		r->family = FAMILY_NONE;
	else if (reader_take(r, "ip6"))
		r->family = FAMILY_IPV6;
	else if (!reader_take(r, "ip"))
		return !reader_next_is(r, "arp") && !reader_next_is(r, "bridge") &&
		       !reader_next_is(r, "netdev");
	return true;
}

/* All tables; false: something else is there. */
static bool read_tables(struct nft_reader *r, bool sets)
{
	for (r->at = 0; r->at < r->count && !r->failed;) {
		r->end = r->count;
		if (r->tokens[r->at].ends) {
			r->at++;
		} else if (reader_take(r, "flush") || reader_take(r, "destroy") ||
			   reader_take(r, "delete")) {
			r->at = reader_find_end(r, r->at);
		} else if (reader_take(r, "table")) {
			bool known = take_family(r);
			const struct token *name = reader_token(r, known ? r->at : r->at + 1);
			size_t open = r->at + (known ? 1 : 2);
			if (!token_is(reader_token(r, open), "{")) {
				r->at = reader_find_end(r, r->at);
				continue;
			}
			size_t behind = reader_behind_braces(r, open);
			r->table = reader_keep(r, name);
			r->at = open + 1;
			if (known && !r->failed)
				read_table(r, behind - 1, sets);
			r->at = behind;
		} else {
			return false;
		}
	}
	return true;
}

int nft_text_read(struct text text, const struct spec_host *host, struct text_chains *chains,
		  struct err *err)
{
	struct nft_reader r = {.host = host, .chains = chains};
	int result = 1;
	chains->backend = "nftables";
	if (reader_cut(&r, text) < 0)
		r.failed = true;
	if (!r.failed && (!read_tables(&r, true) || !read_tables(&r, false) || !r.chains->count))
		result = 0;
	if (r.failed)
		result = err_memory(err);
	free(r.tokens);
	free(r.sets);
	return result;
}
