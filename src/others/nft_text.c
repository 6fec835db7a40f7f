/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What `nft list ruleset` prints. Words that are not known make a rule inexact, and the next words
 * are read on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/array.h"
#include "others/rule_chains.h"

#define ELEMENTS_MAX 4000000 /* tokens of elements, which rules read again and again */
#define SETS_MAX 4096

/* ---- words ---- */

struct token {
	const char *at;
	size_t length;
	bool quoted;
	bool ends; /* a statement: a semicolon or the end of a line */
};

struct set { /* or map: its elements, between braces */
	enum family family;
	const char *table, *name;
	size_t first, last; /* tokens; the last one is behind the elements */
};

struct reader {
	const struct spec_host *host;
	struct text_chains *chains;
	struct token *tokens;
	size_t count;
	struct set *sets;
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

static int cut_text(struct reader *r, const char *text, size_t length)
{
	const char *end = text + length;
	for (const char *at = text; at < end;) {
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

static bool token_is(const struct token *t, const char *word)
{
	return !t->quoted && !t->ends && t->length == strlen(word) &&
	       memcmp(t->at, word, t->length) == 0;
}

/* The token at that index; past the end one that ends a statement. */
static const struct token *token_at(const struct reader *r, size_t i)
{
	static const struct token none = {.at = "", .ends = true};
	return i < r->count ? &r->tokens[i] : &none;
}

static bool next_is(const struct reader *r, const char *word)
{
	return r->at < r->end && token_is(token_at(r, r->at), word);
}

static bool take(struct reader *r, const char *word)
{
	bool is = next_is(r, word);
	r->at += is;
	return is;
}

#define WORD_MAX 128
struct word {
	char text[WORD_MAX]; /* empty if it is longer */
};
static struct word word_of(const struct token *t)
{
	struct word w = {""};
	if (!t->ends && t->length < WORD_MAX)
		memcpy(w.text, t->at, t->length);
	return w;
}

static const char *keep(struct reader *r, const struct token *t)
{
	const char *text = chains_text(r->chains, t->at, t->length);
	r->failed = r->failed || !text;
	return text ? text : "";
}

/* The statement that is read is not understood. */
static void beyond(struct reader *r)
{
	rule_beyond(r->rule, "");
	r->unknown = true;
}

/* Add the words from begin up to the next to those that are not understood. */
static void add_rest(struct reader *r, size_t begin)
{
	const struct token *first = token_at(r, begin), *last = token_at(r, r->at - 1);
	size_t used = strlen(r->rest);
	if (r->at <= begin || r->at > r->count)
		return;
	const char *from = first->at - first->quoted, *to = last->at + last->length + last->quoted;
	snprintf(r->rest + used, sizeof(r->rest) - used, "%s%.*s", used ? " " : "",
		 (int)(to - from), from);
}

/* Behind the brace that closes the one at i. */
static size_t behind_braces(const struct reader *r, size_t i)
{
	size_t depth = 0;
	for (; i < r->count; i++) {
		depth += token_is(&r->tokens[i], "{");
		if (token_is(&r->tokens[i], "}") && --depth == 0)
			return i + 1;
	}
	return i;
}

/* ---- values ---- */

static bool read_port(const struct reader *r, const char *text, enum proto proto, uint16_t *out)
{
	unsigned long port = 0;
	const char *c = text;
	for (; *c >= '0' && *c <= '9' && port <= UINT16_MAX; c++)
		port = port * 10 + (unsigned long)(*c - '0');
	if (c != text && !*c && port <= UINT16_MAX)
		*out = (uint16_t)port;
	else
		*out = c == text && r->host->service && proto ? r->host->service(text, proto) : 0;
	return *out;
}

/* FIRST[-LAST]; the name of a service can hold a hyphen. */
static bool read_ports(const struct reader *r, const char *text, enum proto proto,
		       struct ports *out)
{
	struct word first = {""};
	const char *hyphen = strchr(text, '-');
	if (*text < '0' || *text > '9' || !hyphen) {
		bool right = read_port(r, text, proto, &out->first);
		out->last = out->first;
		return right;
	}
	memcpy(first.text, text, (size_t)(hyphen - text));
	return read_port(r, first.text, proto, &out->first) &&
	       read_port(r, hyphen + 1, proto, &out->last) && out->last >= out->first;
}

static bool read_proto(const char *text, enum proto *out)
{
	static const struct {
		const char *name;
		enum proto proto;
	} protos[] = {{"tcp", PROTO_TCP}, {"6", PROTO_TCP},     {"udp", PROTO_UDP},
		      {"17", PROTO_UDP},  {"sctp", PROTO_SCTP}, {"132", PROTO_SCTP}};
	for (size_t i = 0; i < sizeof(protos) / sizeof(protos[0]); i++)
		if (strcmp(protos[i].name, text) == 0) {
			*out = protos[i].proto;
			return true;
		}
	return false;
}

static bool read_ifname(const char *text, char out[IFNAME_MAX])
{
	size_t length = strlen(text);
	if (length == 0 || length >= IFNAME_MAX)
		return false;
	memset(out, 0, IFNAME_MAX);
	strcpy(out, text);
	if (out[length - 1] == '*')
		out[length - 1] = '+';
	else if (out[length - 1] == '+') /* which is an ordinary character here */
		return false;
	return true;
}

static uint8_t read_state(const char *text)
{
	static const struct {
		const char *name;
		uint8_t state;
	} states[] = {
		{"new", OTHER_NEW}, {"established", OTHER_ESTABLISHED}, {"related", OTHER_RELATED}};
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (strcmp(states[i].name, text) == 0)
			return states[i].state;
	return 0;
}

static bool read_network(const char *text, enum family family, struct network *out,
			 struct other_rule *way)
{
	enum family found;
	if (network_parse(text, out, &found) < 0 || found != family)
		return false;
	way->family = family;
	return true;
}

/* ---- conditions: keys, and values for them ---- */

enum key {
	KEY_NONE,
	KEY_IN,
	KEY_OUT,
	KEY_FROM,
	KEY_DST,
	KEY_PROTO,
	KEY_FAMILY,
	KEY_PORT,
	KEY_STATE,
	KEY_STATUS,
	KEY_TYPE,
};

#define KEYS_MAX 5

struct keys {
	struct {
		enum key key;
		enum family family;
		enum proto proto;
	} of[KEYS_MAX];
	size_t count;
};

static const struct key_words {
	const char *words[3];
	enum key key;
	enum family family;
	enum proto proto;
} key_words[] = {
	{{"iifname"}, KEY_IN, 0, 0},
	{{"iif"}, KEY_IN, 0, 0},
	{{"meta", "iifname"}, KEY_IN, 0, 0},
	{{"meta", "iif"}, KEY_IN, 0, 0},
	{{"oifname"}, KEY_OUT, 0, 0},
	{{"oif"}, KEY_OUT, 0, 0},
	{{"meta", "oifname"}, KEY_OUT, 0, 0},
	{{"meta", "oif"}, KEY_OUT, 0, 0},
	{{"ip", "saddr"}, KEY_FROM, FAMILY_IPV4, 0},
	{{"ip", "daddr"}, KEY_DST, FAMILY_IPV4, 0},
	{{"ip6", "saddr"}, KEY_FROM, FAMILY_IPV6, 0},
	{{"ip6", "daddr"}, KEY_DST, FAMILY_IPV6, 0},
	{{"ip", "protocol"}, KEY_PROTO, FAMILY_IPV4, 0},
	{{"ip6", "nexthdr"}, KEY_PROTO, FAMILY_IPV6, 0},
	{{"meta", "l4proto"}, KEY_PROTO, 0, 0},
	{{"meta", "nfproto"}, KEY_FAMILY, 0, 0},
	{{"tcp", "dport"}, KEY_PORT, 0, PROTO_TCP},
	{{"udp", "dport"}, KEY_PORT, 0, PROTO_UDP},
	{{"sctp", "dport"}, KEY_PORT, 0, PROTO_SCTP},
	{{"th", "dport"}, KEY_PORT, 0, 0},
	{{"ct", "state"}, KEY_STATE, 0, 0},
	{{"ct", "status"}, KEY_STATUS, 0, 0},
	{{"fib", "daddr", "type"}, KEY_TYPE, 0, 0},
};

/* A key at the next words, which are taken. */
static bool take_key(struct reader *r, struct keys *keys)
{
	for (size_t i = 0; i < sizeof(key_words) / sizeof(key_words[0]); i++) {
		const struct key_words *k = &key_words[i];
		size_t n = 0;
		while (n < 3 && k->words[n] && r->at + n < r->end &&
		       token_is(token_at(r, r->at + n), k->words[n]))
			n++;
		if ((n < 3 && k->words[n]) || keys->count == KEYS_MAX)
			continue;
		keys->of[keys->count].key = k->key;
		keys->of[keys->count].family = k->family;
		keys->of[keys->count++].proto = k->proto;
		r->at += n;
		return true;
	}
	return false;
}

/* KEY [. KEY]... */
static bool take_keys(struct reader *r, struct keys *keys)
{
	keys->count = 0;
	if (!take_key(r, keys))
		return false;
	while (take(r, "."))
		if (!take_key(r, keys))
			return false;
	return true;
}

/* Set what the value asks; false: it is not understood. */
static bool put_value(const struct reader *r, const struct keys *keys, size_t n, const char *text,
		      struct other_rule *way)
{
	enum family family = keys->of[n].family;
	enum proto proto = keys->of[n].proto;
	switch (keys->of[n].key) {
	case KEY_IN:
		return read_ifname(text, way->in);
	case KEY_OUT:
		return read_ifname(text, way->out);
	case KEY_FROM:
		return read_network(text, family, &way->from, way);
	case KEY_DST:
		return read_network(text, family, &way->dst, way);
	case KEY_PROTO:
		way->family = family ? family : way->family;
		return read_proto(text, &way->proto);
	case KEY_FAMILY:
		way->family = strcmp(text, "ipv6") == 0 ? FAMILY_IPV6 : FAMILY_IPV4;
		return way->family == FAMILY_IPV6 || strcmp(text, "ipv4") == 0;
	case KEY_PORT:
		way->proto = proto ? proto : way->proto;
		return read_ports(r, text, proto ? proto : PROTO_TCP, &way->ports);
	case KEY_STATE:
		way->states |= read_state(text);
		return read_state(text);
	case KEY_STATUS:
		way->states |= OTHER_TRANSLATED;
		return strcmp(text, "dnat") == 0;
	case KEY_TYPE:
		way->here = true;
		return strcmp(text, "local") == 0;
	case KEY_NONE:
		break;
	}
	return false;
}

/* An element: values for the keys, and behind a colon what a map gives. */
struct element {
	struct other_rule way;
	size_t data, data_end; /* tokens; empty: none */
	bool understood;
};

/* Read the element at i, up to a comma or end; returns where it ends. */
static size_t read_element(const struct reader *r, const struct keys *keys, size_t i, size_t end,
			   struct element *out)
{
	size_t n = 0;
	*out = (struct element){.way = rule_any(), .understood = true};
	for (bool value = true; i < end; i++) {
		const struct token *t = &r->tokens[i];
		if (token_is(t, ",") || token_is(t, ":"))
			break;
		if (t->ends)
			continue;
		if (token_is(t, "counter") || token_is(t, "comment") || token_is(t, "timeout") ||
		    token_is(t, "expires")) {
			while (i + 1 < end && !token_is(&r->tokens[i + 1], ",") &&
			       !token_is(&r->tokens[i + 1], ":"))
				i++;
		} else if (token_is(t, ".")) {
			value = true;
		} else if (value && n < keys->count) {
			out->understood = put_value(r, keys, n++, word_of(t).text, &out->way) &&
					  out->understood;
			value = false;
		} else {
			out->understood = false;
		}
	}
	out->understood = out->understood && n == keys->count;
	if (i < end && token_is(&r->tokens[i], ":")) {
		out->data = out->data_end = ++i;
		while (i < end && !token_is(&r->tokens[i], ","))
			out->data_end = ++i;
	}
	return i;
}

/* The elements between two tokens. NULL: too many, or out of memory. */
static struct element *read_elements(struct reader *r, const struct keys *keys, size_t from,
				     size_t end, size_t *count)
{
	void *items = NULL;
	*count = 0;
	r->elements += end - from;
	for (size_t i = from; i < end && r->elements < ELEMENTS_MAX; i++) {
		if (r->tokens[i].ends || token_is(&r->tokens[i], ","))
			continue;
		struct element *e = array_append(&items, count, sizeof(*e));
		if (!e || *count > RULE_WAYS_MAX) {
			free(items);
			return NULL;
		}
		i = read_element(r, keys, i, end, e);
	}
	if (r->elements >= ELEMENTS_MAX) {
		free(items);
		return NULL;
	}
	return items ? items : calloc(1, sizeof(struct element));
}

static const struct set *find_set(const struct reader *r, const struct token *name)
{
	for (size_t i = 0; i < r->set_count; i++) {
		const struct set *s = &r->sets[i];
		if (s->family == r->family && strcmp(s->table, r->table) == 0 &&
		    name->length == strlen(s->name) + 1 &&
		    memcmp(s->name, name->at + 1, name->length - 1) == 0)
			return s;
	}
	return NULL;
}

/* Where the elements are that come next: a set in braces, one of a name, or one value. False: they
 * are not known. */
static bool take_elements(struct reader *r, size_t *from, size_t *end)
{
	const struct token *t = token_at(r, r->at);
	if (r->at >= r->end || t->ends)
		return false;
	if (token_is(t, "{")) {
		*from = r->at + 1;
		r->at = behind_braces(r, r->at);
		*end = r->at > *from ? r->at - 1 : *from;
		return true;
	}
	*from = r->at++;
	if (!t->quoted && *t->at == '@') {
		const struct set *set = find_set(r, t);
		if (set) {
			*from = set->first;
			*end = set->last;
		}
		return set != NULL;
	}
	/* VALUE [. VALUE]... or, of states, VALUE[,VALUE]... */
	while (r->at + 1 < r->end &&
	       (token_is(token_at(r, r->at), ".") || token_is(token_at(r, r->at), ",")))
		r->at += 2;
	*end = r->at;
	return true;
}

/* One alternative for each element, but states are all of one. */
static void restrict_to(struct reader *r, const struct keys *keys, struct element *elements,
			size_t count)
{
	struct other_rule *ways = calloc(count + 1, sizeof(*ways));
	bool one = keys->of[0].key == KEY_STATE || keys->of[0].key == KEY_STATUS;
	bool understood = true;
	r->failed = r->failed || !ways;
	if (!ways)
		return;
	for (size_t i = 0; i < count; i++) {
		ways[i] = elements[i].way;
		understood = understood && elements[i].understood;
		if (one && i > 0)
			ways[0].states |= ways[i].states;
	}
	if (!understood)
		beyond(r);
	else if (rule_restrict(r->chains, r->rule, ways, one && count ? 1 : count) < 0)
		r->failed = true;
	free(ways);
}

/* ---- what is done ---- */

static void set_action(struct reader *r, enum other_action action)
{
	r->rule->verdict = VERDICT_TRANSLATE;
	for (size_t i = 0; i < r->rule->count; i++)
		r->rule->ways[i].action = action;
}

/* [ADDR[-ADDR]][:PORTS], IPv6 addresses with ports in brackets. */
static bool read_to(const struct reader *r, char *text, struct other_rule *out)
{
	char *ports = NULL;
	if (*text == '[') {
		char *close = strchr(text, ']');
		if (!close)
			return false;
		ports = close[1] == ':' ? close + 2 : NULL;
		*close = '\0';
		text++;
	} else if (*text == ':' || strchr(text, '.')) {
		ports = strchr(text, ':');
		if (ports)
			*ports++ = '\0';
	}
	char *last = strchr(text, '-');
	if (last)
		*last++ = '\0';
	return (!*text || address_parse(text, &out->to) == 0) &&
	       (!last || address_parse(last, &out->to_last) == 0) &&
	       (!ports || read_ports(r, ports, PROTO_NONE, &out->to_ports));
}

/* ADDR, ADDR . PORTS or PORTS, which a map gives. */
static bool read_data(const struct reader *r, const struct element *e, bool ports,
		      struct other_rule *out)
{
	size_t i = e->data;
	while (i < e->data_end && r->tokens[i].ends)
		i++;
	if (i >= e->data_end)
		return false;
	struct word first = word_of(&r->tokens[i]);
	if (ports)
		return read_ports(r, first.text, PROTO_NONE, &out->to_ports);
	if (address_parse(first.text, &out->to) < 0)
		return false;
	if (i + 2 < e->data_end && token_is(&r->tokens[i + 1], "."))
		return read_ports(r, word_of(&r->tokens[i + 2]).text, PROTO_NONE, &out->to_ports);
	return i + 1 >= e->data_end || r->tokens[i + 1].ends;
}

/* KEYS map { KEY : DATA, ... } or @NAME; ports: it gives no addresses. False: it is something
 * else. */
static bool take_map(struct reader *r, bool ports)
{
	struct keys keys;
	size_t from, end, count = 0;
	size_t begin = r->at;
	if (!take_keys(r, &keys) || !take(r, "map") || !take_elements(r, &from, &end)) {
		r->at = begin;
		return false;
	}
	struct element *elements = read_elements(r, &keys, from, end, &count);
	for (size_t i = 0; elements && i < count; i++)
		elements[i].understood = elements[i].understood &&
					 read_data(r, &elements[i], ports, &elements[i].way);
	if (elements)
		restrict_to(r, &keys, elements, count);
	else
		beyond(r);
	free(elements);
	return true;
}

static void put_to(struct reader *r, const struct other_rule *to)
{
	for (size_t i = 0; i < r->rule->count; i++) {
		r->rule->ways[i].to = to->to;
		r->rule->ways[i].to_last = to->to_last;
		r->rule->ways[i].to_ports = to->to_ports;
	}
}

/* What follows "to". False: it is not understood. */
static bool take_to(struct reader *r, bool address)
{
	struct other_rule to = {0};
	struct word word = word_of(token_at(r, r->at));
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
static void take_translation(struct reader *r, enum other_action action)
{
	bool address = action == OTHER_DNAT || action == OTHER_SNAT, understood = true;
	struct other_rule family = rule_any();
	if (take(r, "ip6"))
		family.family = FAMILY_IPV6;
	else if (take(r, "ip"))
		family.family = FAMILY_IPV4;
	if (family.family && rule_restrict(r->chains, r->rule, &family, 1) < 0)
		r->failed = true;
	if (take(r, "addr") && take(r, "."))
		take(r, "port");
	if (take(r, "to")) {
		if (next_is(r, "numgen") || next_is(r, "jhash") || next_is(r, "symhash")) {
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
		while (r->at < r->end && !next_is(r, "comment")) {
			understood = false;
			r->at++;
		}
	if (!understood)
		beyond(r);
}

static bool take_verdict(struct reader *r)
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
		if (!take(r, verdicts[i].word))
			continue;
		r->rule->verdict = verdicts[i].verdict;
		if (r->rule->verdict == VERDICT_JUMP || r->rule->verdict == VERDICT_GOTO)
			r->rule->chain = keep(r, token_at(r, r->at++));
		if (strcmp(verdicts[i].word, "reject") == 0)
			while (r->at < r->end && !next_is(r, "comment"))
				r->at++;
		return true;
	}
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (take(r, actions[i].word)) {
			take_translation(r, actions[i].action);
			return true;
		}
	return false;
}

/* A rule for each element of a map of verdicts, all of the same number. */
static void take_vmap(struct reader *r, const struct keys *keys)
{
	size_t from, end, count = 0, number = r->rule->number;
	if (!take_elements(r, &from, &end)) {
		beyond(r);
		return;
	}
	struct element *elements = read_elements(r, keys, from, end, &count);
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
		memcpy(copy, ways, way_count * sizeof(*ways));
		free(rule->ways);
		rule->ways = copy;
		rule->count = way_count;
		rule->number = number;
		r->rule = rule;
		restrict_to(r, keys, &elements[i], 1);
		r->at = elements[i].data;
		r->end = elements[i].data_end;
		if (!take_verdict(r))
			beyond(r);
	}
	if (!elements)
		beyond(r);
	r->at = back;
	r->end = back_end;
	free(elements);
	free(ways);
}

static void take_condition(struct reader *r, const struct keys *keys)
{
	size_t from, end, count = 0;
	bool negated = take(r, "!=");
	take(r, "==");
	if (take(r, "vmap")) {
		take_vmap(r, keys);
		return;
	}
	if (!take_elements(r, &from, &end)) {
		beyond(r);
		return;
	}
	struct element *elements = negated ? NULL : read_elements(r, keys, from, end, &count);
	if (elements)
		restrict_to(r, keys, elements, count);
	else
		beyond(r);
	free(elements);
}

static void take_statement(struct reader *r)
{
	struct keys keys;
	size_t begin = r->at;
	if (take_keys(r, &keys)) {
		take_condition(r, &keys);
	} else if (take(r, "counter")) {
		if (take(r, "packets"))
			r->at += 3;
		else if (take(r, "name"))
			r->at++;
	} else if (take(r, "comment")) {
		const char *text = keep(r, token_at(r, r->at++));
		for (size_t i = 0; i < r->rule->count; i++)
			r->rule->ways[i].comment = text;
	} else if (!take_verdict(r)) {
		beyond(r);
		/* what is in braces belongs to the word before them */
		r->at = next_is(r, "{") ? behind_braces(r, r->at) : begin + 1;
	}
}

/* Where the statement that begins at i ends. */
static size_t find_end(const struct reader *r, size_t i)
{
	while (i < r->count && !r->tokens[i].ends && !token_is(&r->tokens[i], "}"))
		i = token_is(&r->tokens[i], "{") ? behind_braces(r, i) : i + 1;
	return i;
}

/* Its words as one text, in all ways that are not exact. */
static void put_rest(struct reader *r, struct text_rule *rule)
{
	const char *text = chains_text(r->chains, r->rest, strlen(r->rest));
	r->failed = r->failed || !text;
	for (size_t i = 0; text && i < rule->count; i++)
		if (!rule->ways[i].exact && !*rule->ways[i].beyond)
			rule->ways[i].beyond = text;
}

static void read_rule(struct reader *r)
{
	r->end = find_end(r, r->at);
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

/* ---- chains, sets and tables ---- */

static int read_priority(struct reader *r)
{
	static const struct {
		const char *name;
		int value;
	} names[] = {{"raw", -300}, {"mangle", -150}, {"dstnat", -100},
		     {"filter", 0}, {"security", 50}, {"srcnat", 100}};
	int value = 0, sign = 1;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (take(r, names[i].name))
			value = names[i].value;
	if (take(r, "-"))
		sign = -1;
	else
		take(r, "+");
	struct word number = word_of(token_at(r, r->at));
	if (r->at < r->end &&
	    ((*number.text >= '0' && *number.text <= '9') || *number.text == '-')) {
		value += sign * (int)strtol(number.text, NULL, 10);
		r->at++;
	}
	return value;
}

/* type TYPE hook HOOK [device NAME] priority PRIORITY */
static void read_base(struct reader *r)
{
	static const char *const hooks[] = {"prerouting", "input", "forward", "output",
					    "postrouting"};
	struct text_chain *chain = r->chain;
	chain->base = chain->other = true;
	chain->nat = next_is(r, "nat");
	bool known = chain->nat || next_is(r, "filter");
	r->at++;
	take(r, "hook");
	for (size_t h = 0; h < sizeof(hooks) / sizeof(hooks[0]); h++)
		if (take(r, hooks[h])) {
			chain->hook = (enum other_hook)h;
			chain->other = !known;
		}
	while (r->at < r->end && !take(r, "priority"))
		r->at++;
	if (r->at < r->end)
		chain->priority = read_priority(r);
	r->at = r->end;
}

static void read_chain(struct reader *r, const struct token *name, size_t end)
{
	const char *kept = keep(r, name);
	r->chain = r->failed ? NULL : chains_get(r->chains, r->family, r->table, kept);
	r->failed = r->failed || !r->chain;
	while (r->at < end && !r->failed) {
		r->end = find_end(r, r->at);
		if (r->end > end)
			r->end = end;
		if (r->tokens[r->at].ends || token_is(&r->tokens[r->at], "}")) {
			r->at++;
		} else if (take(r, "type")) {
			read_base(r);
		} else if (take(r, "policy")) {
			r->chain->drops = next_is(r, "drop");
			r->at = r->end;
		} else if (next_is(r, "comment") || next_is(r, "flags") || next_is(r, "devices")) {
			r->at = r->end;
		} else {
			read_rule(r);
		}
	}
}

static void note_set(struct reader *r, const struct token *name, size_t from, size_t end)
{
	for (size_t i = from; i + 2 < end; i++) {
		if (!token_is(&r->tokens[i], "elements") || !token_is(&r->tokens[i + 1], "=") ||
		    !token_is(&r->tokens[i + 2], "{"))
			continue;
		if (r->set_count == SETS_MAX)
			return;
		void *sets = r->sets;
		struct set *set = array_append(&sets, &r->set_count, sizeof(*set));
		r->sets = sets;
		r->failed = r->failed || !set;
		if (!set)
			return;
		*set = (struct set){r->family, r->table, keep(r, name), i + 3,
				    behind_braces(r, i + 2) - 1};
		return;
	}
}

/* What is in a table, up to end: its chains, or its sets. */
static void read_table(struct reader *r, size_t end, bool sets)
{
	bool dormant = false;
	size_t before = r->chains->count;
	while (r->at < end && !r->failed) {
		const struct token *kind = &r->tokens[r->at], *name = token_at(r, r->at + 1);
		size_t open = r->at + 2;
		bool has_body = token_is(token_at(r, open), "{");
		if (!has_body) {
			dormant = dormant || (token_is(kind, "flags") && token_is(name, "dormant"));
			r->at = kind->ends ? r->at + 1 : find_end(r, r->at);
			r->at += r->at < end && token_is(&r->tokens[r->at], "}");
			continue;
		}
		size_t behind = behind_braces(r, open);
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

static bool take_family(struct reader *r)
{
	r->family = FAMILY_IPV4;
	if (take(r, "inet"))
		r->family = FAMILY_NONE;
	else if (take(r, "ip6"))
		r->family = FAMILY_IPV6;
	else if (!take(r, "ip"))
		return !next_is(r, "arp") && !next_is(r, "bridge") && !next_is(r, "netdev");
	return true;
}

/* All tables; false: something else is there. */
static bool read_tables(struct reader *r, bool sets)
{
	for (r->at = 0; r->at < r->count && !r->failed;) {
		r->end = r->count;
		if (r->tokens[r->at].ends) {
			r->at++;
		} else if (take(r, "flush") || take(r, "destroy") || take(r, "delete")) {
			r->at = find_end(r, r->at);
		} else if (take(r, "table")) {
			bool known = take_family(r);
			const struct token *name = token_at(r, known ? r->at : r->at + 1);
			size_t open = r->at + (known ? 1 : 2);
			if (!token_is(token_at(r, open), "{")) {
				r->at = find_end(r, r->at);
				continue;
			}
			size_t behind = behind_braces(r, open);
			r->table = keep(r, name);
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
	struct reader r = {.host = host, .chains = chains};
	int result = 1;
	chains->backend = "nftables";
	if (cut_text(&r, text.bytes, text.length) < 0)
		r.failed = true;
	if (!r.failed && (!read_tables(&r, true) || !read_tables(&r, false) || !r.chains->count))
		result = 0;
	if (r.failed)
		result = err_memory(err);
	free(r.tokens);
	free(r.sets);
	return result;
}
