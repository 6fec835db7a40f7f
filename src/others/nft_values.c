/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values that are not known make a rule inexact. */
#include <stdlib.h>
#include <string.h>

#include "model/array.h"
#include "others/nft_values.h"

#define ELEMENTS_MAX 4000000 /* tokens of elements, which rules read again and again */

static bool read_port(const struct nft_reader *r, const char *text, enum proto proto, uint16_t *out)
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

bool values_ports(const struct nft_reader *r, const char *text, enum proto proto, struct ports *out)
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

static const struct key_words {
	const char *words[3];
	struct key key;
} key_words[] = {
	{{"iifname"}, {KEY_IN, 0, 0}},
	{{"iif"}, {KEY_IN, 0, 0}},
	{{"meta", "iifname"}, {KEY_IN, 0, 0}},
	{{"meta", "iif"}, {KEY_IN, 0, 0}},
	{{"oifname"}, {KEY_OUT, 0, 0}},
	{{"oif"}, {KEY_OUT, 0, 0}},
	{{"meta", "oifname"}, {KEY_OUT, 0, 0}},
	{{"meta", "oif"}, {KEY_OUT, 0, 0}},
	{{"ip", "saddr"}, {KEY_FROM, FAMILY_IPV4, 0}},
	{{"ip", "daddr"}, {KEY_DST, FAMILY_IPV4, 0}},
	{{"ip6", "saddr"}, {KEY_FROM, FAMILY_IPV6, 0}},
	{{"ip6", "daddr"}, {KEY_DST, FAMILY_IPV6, 0}},
	{{"ip", "protocol"}, {KEY_PROTO, FAMILY_IPV4, 0}},
	{{"ip6", "nexthdr"}, {KEY_PROTO, FAMILY_IPV6, 0}},
	{{"meta", "l4proto"}, {KEY_PROTO, 0, 0}},
	{{"meta", "nfproto"}, {KEY_FAMILY, 0, 0}},
	{{"tcp", "dport"}, {KEY_PORT, 0, PROTO_TCP}},
	{{"udp", "dport"}, {KEY_PORT, 0, PROTO_UDP}},
	{{"sctp", "dport"}, {KEY_PORT, 0, PROTO_SCTP}},
	{{"th", "dport"}, {KEY_PORT, 0, 0}},
	{{"ct", "state"}, {KEY_STATE, 0, 0}},
	{{"ct", "status"}, {KEY_STATUS, 0, 0}},
	{{"fib", "daddr", "type"}, {KEY_TYPE, 0, 0}},
};

/* A key at the next words, which are taken. */
static bool take_key(struct nft_reader *r, struct keys *keys)
{
	for (size_t i = 0; i < sizeof(key_words) / sizeof(key_words[0]); i++) {
		const struct key_words *k = &key_words[i];
		size_t n = 0;
		while (n < 3 && k->words[n] && r->at + n < r->end &&
		       token_is(reader_token(r, r->at + n), k->words[n]))
			n++;
		if ((n < 3 && k->words[n]) || keys->count == KEYS_MAX)
			continue;
		keys->of[keys->count++] = k->key;
		r->at += n;
		return true;
	}
	return false;
}

bool values_take_keys(struct nft_reader *r, struct keys *keys)
{
	keys->count = 0;
	if (!take_key(r, keys))
		return false;
	while (reader_take(r, "."))
		if (!take_key(r, keys))
			return false;
	return true;
}

/* Set what the value asks; false: it is not understood. */
static bool put_value(const struct nft_reader *r, const struct key *key, const char *text,
		      struct other_rule *way)
{
	enum family family = key->family;
	enum proto proto = key->proto;
	switch (key->kind) {
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
		return values_ports(r, text, proto ? proto : PROTO_TCP, &way->ports);
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

/* Read the first of the elements there, up to a comma; returns where it ends. */
static size_t read_element(const struct nft_reader *r, const struct keys *keys, struct span span,
			   struct set_element *out)
{
	size_t n = 0, i = span.from, end = span.end;
	*out = (struct set_element){.way = rule_any(), .understood = true};
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
			out->understood =
				put_value(r, &keys->of[n++], token_word(t).text, &out->way) &&
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

struct set_element *values_read(struct nft_reader *r, const struct keys *keys, struct span span,
				size_t *count)
{
	void *items = NULL;
	*count = 0;
	r->elements += span.end - span.from;
	for (size_t i = span.from; i < span.end && r->elements < ELEMENTS_MAX; i++) {
		if (r->tokens[i].ends || token_is(&r->tokens[i], ","))
			continue;
		struct set_element *e = array_append(&items, count, sizeof(*e));
		if (!e || *count > RULE_WAYS_MAX) {
			free(items);
			return NULL;
		}
		i = read_element(r, keys, (struct span){i, span.end}, e);
	}
	if (r->elements >= ELEMENTS_MAX) {
		free(items);
		return NULL;
	}
	return items ? items : calloc(1, sizeof(struct set_element));
}

static const struct named_set *find_set(const struct nft_reader *r, const struct token *name)
{
	for (size_t i = 0; i < r->set_count; i++) {
		const struct named_set *s = &r->sets[i];
		if (s->family == r->family && strcmp(s->table, r->table) == 0 &&
		    name->length == strlen(s->name) + 1 &&
		    memcmp(s->name, name->at + 1, name->length - 1) == 0)
			return s;
	}
	return NULL;
}

bool values_take(struct nft_reader *r, struct span *out)
{
	const struct token *t = reader_token(r, r->at);
	if (r->at >= r->end || t->ends)
		return false;
	if (token_is(t, "{")) {
		out->from = r->at + 1;
		r->at = reader_behind_braces(r, r->at);
		out->end = r->at > out->from ? r->at - 1 : out->from;
		return true;
	}
	out->from = r->at++;
	if (!t->quoted && *t->at == '@') {
		const struct named_set *set = find_set(r, t);
		if (set)
			*out = set->elements;
		return set != NULL;
	}
	/* VALUE [. VALUE]... or, of states, VALUE[,VALUE]... */
	while (r->at + 1 < r->end &&
	       (token_is(reader_token(r, r->at), ".") || token_is(reader_token(r, r->at), ",")))
		r->at += 2;
	out->end = r->at;
	return true;
}

void values_restrict(struct nft_reader *r, const struct keys *keys, struct set_element *elements,
		     size_t count)
{
	struct other_rule *ways = calloc(count + 1, sizeof(*ways));
	bool one = keys->of[0].kind == KEY_STATE || keys->of[0].kind == KEY_STATUS;
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
		reader_beyond(r);
	else if (rule_restrict(r->chains, r->rule, ways, one && count ? 1 : count) < 0)
		r->failed = true;
	free(ways);
}
