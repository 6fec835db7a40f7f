/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words that are not known make a rule inexact, and the next words are read on. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "others/nft_statements.h"
#include "others/nft_values.h"

static void set_action(struct nft_reader *r, enum other_action action)
{
	r->rule->verdict = VERDICT_TRANSLATE;
	for (size_t i = 0; i < r->rule->count; i++)
		r->rule->ways[i].action = action;
}

static bool read_to(const struct nft_reader *r, char *text, struct other_rule *out)
{
	char *ports;
	return rule_read_to(text, out, &ports) &&
	       (!ports || values_ports(r, ports, PROTO_NONE, &out->to_ports));
}

/* ADDR, ADDR . PORTS or PORTS, which a map gives. */
static bool read_data(const struct nft_reader *r, const struct set_element *e, bool ports,
		      struct other_rule *out)
{
	size_t i = e->data;
	while (i < e->data_end && r->tokens[i].ends)
		i++;
	if (i >= e->data_end)
		return false;
	struct word first = token_word(&r->tokens[i]);
	if (ports)
		return values_ports(r, first.text, PROTO_NONE, &out->to_ports);
	if (address_parse(first.text, &out->to) < 0)
		return false;
	if (i + 2 < e->data_end && token_is(&r->tokens[i + 1], "."))
		return values_ports(r, token_word(&r->tokens[i + 2]).text, PROTO_NONE,
				    &out->to_ports);
	return i + 1 >= e->data_end || r->tokens[i + 1].ends;
}

/* KEYS map { KEY : DATA, ... } or @NAME; ports: it gives no addresses. False: it is something
 * else. */
static bool take_map(struct nft_reader *r, bool ports)
{
	struct keys keys;
	struct span span;
	size_t count = 0, begin = r->at;
	if (!values_take_keys(r, &keys) || !reader_take(r, "map") || !values_take(r, &span)) {
		r->at = begin;
		return false;
	}
	struct set_element *elements = values_read(r, &keys, span, &count);
	for (size_t i = 0; elements && i < count; i++)
		elements[i].understood = elements[i].understood &&
					 read_data(r, &elements[i], ports, &elements[i].way);
	if (elements)
		values_restrict(r, &keys, elements, count);
	else
		reader_beyond(r);
	free(elements);
	return true;
}

static void put_to(struct nft_reader *r, const struct other_rule *to)
{
	for (size_t i = 0; i < r->rule->count; i++) {
		r->rule->ways[i].to = to->to;
		r->rule->ways[i].to_last = to->to_last;
		r->rule->ways[i].to_ports = to->to_ports;
	}
}

/* What follows "to". False: it is not understood. */
static bool take_to(struct nft_reader *r, bool address)
{
	struct other_rule to = {0};
	struct word word = token_word(reader_token(r, r->at));
	static const char *const protos[] = {"tcp", "udp", "sctp", "th"};
	char *colon = strrchr(word.text, ':');
	if (address && take_map(r, false))
		return true;
	/* ADDR:tcp dport map ... */
	for (size_t p = 0; colon && p < 4; p++) {
		struct token *t = &r->tokens[r->at];
		if (strcmp(colon + 1, protos[p]) != 0)
			continue;
		struct token rest = {t->at + (colon + 1 - word.text), strlen(protos[p]), false,
				     false};
		*colon = '\0';
		if (*word.text && address_parse(word.text, &to.to) < 0)
			return false;
		put_to(r, &to);
		*t = rest;
		return take_map(r, true);
	}
	if (r->at >= r->end || !read_to(r, word.text, &to))
		return false;
	r->at++;
	put_to(r, &to);
	return true;
}

/* Behind dnat, snat, redirect or masquerade. */
static void take_translation(struct nft_reader *r, enum other_action action)
{
	bool address = action == OTHER_DNAT || action == OTHER_SNAT, understood = true;
	struct other_rule family = rule_any();
	if (reader_take(r, "ip6"))
		family.family = FAMILY_IPV6;
	else if (reader_take(r, "ip"))
		family.family = FAMILY_IPV4;
	if (family.family && rule_restrict(r->chains, r->rule, &family, 1) < 0)
		r->failed = true;
	if (reader_take(r, "addr") && reader_take(r, "."))
		reader_take(r, "port");
	if (reader_take(r, "to")) {
		if (reader_next_is(r, "numgen") || reader_next_is(r, "jhash") ||
		    reader_next_is(r, "symhash")) {
			action = OTHER_BALANCE;
			understood = false;
		} else {
			understood = take_to(r, address);
		}
	} else if (address) {
		understood = false;
	}
	set_action(r, action);
	if (!understood || r->at < r->end) /* behind it may be flags, or a comment */
		while (r->at < r->end && !reader_next_is(r, "comment")) {
			understood = false;
			r->at++;
		}
	if (!understood)
		reader_beyond(r);
}

static bool take_verdict(struct nft_reader *r)
{
	static const struct {
		const char *word;
		enum rule_verdict verdict;
	} verdicts[] = {{"accept", VERDICT_ACCEPT}, {"drop", VERDICT_DROP},
			{"reject", VERDICT_DROP},   {"return", VERDICT_RETURN},
			{"jump", VERDICT_JUMP},     {"goto", VERDICT_GOTO}};
	static const struct {
		const char *word;
		enum other_action action;
	} actions[] = {{"dnat", OTHER_DNAT},
		       {"snat", OTHER_SNAT},
		       {"redirect", OTHER_REDIRECT},
		       {"masquerade", OTHER_MASQUERADE},
		       {"tproxy", OTHER_TPROXY}};
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
		if (!reader_take(r, verdicts[i].word))
			continue;
		r->rule->verdict = verdicts[i].verdict;
		if (r->rule->verdict == VERDICT_JUMP || r->rule->verdict == VERDICT_GOTO)
			r->rule->chain = reader_keep(r, reader_token(r, r->at++));
		if (strcmp(verdicts[i].word, "reject") == 0)
			while (r->at < r->end && !reader_next_is(r, "comment"))
				r->at++;
		return true;
	}
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (reader_take(r, actions[i].word)) {
			take_translation(r, actions[i].action);
			return true;
		}
	return false;
}

/* A rule for each element of a map of verdicts, all of the same number. */
static void take_vmap(struct nft_reader *r, const struct keys *keys)
{
	struct span span;
	size_t count = 0, number = r->rule->number;
	if (!values_take(r, &span)) {
		reader_beyond(r);
		return;
	}
	struct set_element *elements = values_read(r, keys, span, &count);
	struct other_rule *ways = calloc(r->rule->count + 1, sizeof(*ways));
	size_t way_count = r->rule->count, back = r->at, back_end = r->end;
	r->failed = r->failed || !ways;
	if (ways)
		memcpy(ways, r->rule->ways, way_count * sizeof(*ways));
	r->failed = r->failed || r->chains->ways + way_count * count > CHAINS_WAYS_MAX;
	for (size_t i = 0; elements && i < count && !r->failed; i++) {
		struct text_rule *rule = i ? chains_add_rule(r->chain) : r->rule;
		struct other_rule *copy = calloc(way_count + 1, sizeof(*copy));
		r->failed = r->failed || !rule || !copy;
		if (r->failed) {
			free(copy);
			break;
		}
		/* analyzer: no leak, chains_free frees the rules and their ways */
		memcpy(copy, ways, way_count * sizeof(*ways));
		free(rule->ways);
		rule->ways = copy; /* analyzer: the same */
		rule->count = way_count;
		rule->number = number;
		r->rule = rule;
		values_restrict(r, keys, &elements[i], 1);
		r->at = elements[i].data;
		r->end = elements[i].data_end;
		if (!take_verdict(r))
			reader_beyond(r);
	}
	if (!elements)
		reader_beyond(r);
	r->at = back;
	r->end = back_end;
	free(elements);
	free(ways);
}

/* One network or interface that must not be; false: it is something else. */
static bool take_negated(struct nft_reader *r, const struct keys *keys, struct span span)
{
	size_t count = 0;
	struct set_element *elements = values_read(r, keys, span, &count);
	struct other_rule way = {.untold = 1, .beyond = ""};
	bool right = elements && count == 1 && elements->understood && keys->count == 1;
	if (right) {
		const struct other_rule *left = &elements->way;
		way.family = left->family;
		memcpy(way.not_in, left->in, sizeof(way.not_in));
		way.not_from = left->from;
		way.not_dst = left->dst;
	}
	free(elements);
	if (!right ||
	    !(*way.not_in || network_is_set(&way.not_from) || network_is_set(&way.not_dst)))
		return false;
	if (rule_restrict(r->chains, r->rule, &way, 1) < 0)
		r->failed = true;
	r->unknown = true; /* its words are those of the whole condition */
	return true;
}

static void take_condition(struct nft_reader *r, const struct keys *keys)
{
	struct span span;
	size_t count = 0;
	bool negated = reader_take(r, "!=");
	reader_take(r, "==");
	if (reader_take(r, "vmap")) {
		take_vmap(r, keys); /* analyzer: the same */
		return;
	}
	if (!values_take(r, &span)) {
		reader_beyond(r);
		return;
	}
	if (negated && take_negated(r, keys, span))
		return;
	struct set_element *elements = negated ? NULL : values_read(r, keys, span, &count);
	if (elements)
		values_restrict(r, keys, elements, count);
	else
		reader_beyond(r);
	free(elements);
}

static void take_statement(struct nft_reader *r)
{
	struct keys keys;
	size_t begin = r->at;
	if (values_take_keys(r, &keys)) {
		take_condition(r, &keys);
	} else if (reader_take(r, "counter")) {
		if (reader_take(r, "packets"))
			r->at += 3;
		else if (reader_take(r, "name"))
			r->at++;
	} else if (reader_take(r, "comment")) {
		const char *text = reader_keep(r, reader_token(r, r->at++));
		for (size_t i = 0; i < r->rule->count; i++)
			r->rule->ways[i].comment = text;
	} else if (!take_verdict(r)) {
		reader_beyond(r);
		/* what is in braces belongs to the word before them */
		r->at = reader_next_is(r, "{") ? reader_behind_braces(r, r->at) : begin + 1;
	}
}

/* Add the words from begin up to the next to those that are not understood. */
static void add_rest(struct nft_reader *r, size_t begin)
{
	const struct token *first = reader_token(r, begin), *last = reader_token(r, r->at - 1);
	size_t used = strlen(r->rest);
	if (r->at <= begin || r->at > r->count)
		return;
	const char *from = first->at - first->quoted, *to = last->at + last->length + last->quoted;
	snprintf(r->rest + used, sizeof(r->rest) - used, "%s%.*s", used ? " " : "",
		 (int)(to - from), from);
}

/* Its words as one text, in all ways that are not exact. */
static void put_rest(struct nft_reader *r, struct text_rule *rule)
{
	const char *text = chains_text(r->chains, r->rest, strlen(r->rest));
	r->failed = r->failed || !text;
	for (size_t i = 0; text && i < rule->count; i++)
		if (!rule->ways[i].exact && !*rule->ways[i].beyond)
			rule->ways[i].beyond = text;
}

void statements_read(struct nft_reader *r)
{
	r->end = reader_find_end(r, r->at);
	size_t number = r->chain->count ? r->chain->rules[r->chain->count - 1].number + 1 : 0;
	r->rule = chains_add_rule(r->chain);
	size_t first = r->chain->count - 1;
	r->failed = r->failed || !r->rule;
	if (r->failed)
		return;
	r->rule->number = number;
	*r->rest = '\0';
	while (r->at < r->end && !r->failed) {
		size_t begin = r->at;
		r->unknown = false;
		take_statement(r);
		if (r->unknown)
			add_rest(r, begin);
	}
	for (size_t i = first; i < r->chain->count && !r->failed; i++)
		put_rest(r, &r->chain->rules[i]);
	r->at = r->end;
}
