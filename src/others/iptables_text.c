/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What iptables-save(8) and `iptables -S` print, of both families. Options that are not known make
 * a rule inexact.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "others/rule_chains.h"

#define WORDS_MAX 256 /* of a line */
#define LIST_MAX 64   /* of networks or ports in a word */

struct reader {
	const struct spec_host *host;
	struct text_chains *chains;
	enum family family;
	const char *table; /* NULL: none is named, as in `iptables -S` */
	size_t number;     /* of the line */
	bool failed;       /* out of memory */
};

/* The line's words; quotes and backslashes are as iptables-save writes them. */
struct words {
	char *text; /* its copy */
	char *items[WORDS_MAX];
	size_t count;
	bool more; /* than WORDS_MAX */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Take a word off the text at *at, in place. */
static char *take_word(char **at)
{
	char *in = *at, *out = *at, *word = *at;
	bool quoted = false;
	for (; *in && (quoted || !is_blank(*in)); in++) {
		if (*in == '"') {
			quoted = !quoted;
		} else {
			if (quoted && *in == '\\' && in[1])
				in++;
			*out++ = *in;
		}
	}
	*at = *in ? in + 1 : in;
	*out = '\0';
	return word;
}

static int split(const char *line, size_t length, struct words *out)
{
	out->count = 0;
	out->more = false;
	out->text = strndup(line, length);
	if (!out->text)
		return -1;
	for (char *at = out->text;;) {
		while (is_blank(*at))
			at++;
		if (!*at)
			return 0;
		char *word = take_word(&at);
		if (out->count == WORDS_MAX)
			out->more = true;
		else
			out->items[out->count++] = word;
	}
}

/* ---- values ---- */

/* A number or the name of a service; 0: neither. */
static uint16_t read_port(const struct reader *r, const char *text, enum proto proto)
{
	unsigned long port = 0;
	const char *c = text;
	for (; *c >= '0' && *c <= '9' && port <= UINT16_MAX; c++)
		port = port * 10 + (unsigned long)(*c - '0');
	if (c != text && !*c)
		return port <= UINT16_MAX ? (uint16_t)port : 0;
	return r->host->service && proto ? r->host->service(text, proto) : 0;
}

struct list {
	struct other_rule items[LIST_MAX];
	size_t count;
};

/* One more alternative, which takes every packet yet; NULL: there are too many. */
static struct other_rule *list_add(struct list *list)
{
	if (list->count == LIST_MAX)
		return NULL;
	list->items[list->count] = rule_any();
	return &list->items[list->count++];
}

/* One rule with what it says of itself apart from its ways. */
struct line {
	struct reader *r;
	struct text_rule *rule;
	enum proto proto;
	char target[64];
	bool go;     /* -g */
	bool nat_to; /* some --to-... was read */
};

/* FIRST[SEPARATORLAST]; false: it is none, or has port 0. */
static bool read_ports(const struct line *l, char *text, char separator, struct ports *out)
{
	char *last = strchr(text, separator);
	if (last)
		*last++ = '\0';
	out->first = read_port(l->r, text, l->proto);
	out->last = last && *last ? read_port(l->r, last, l->proto)
		    : last        ? UINT16_MAX
				  : out->first;
	return out->first && out->last >= out->first;
}

static void restrict_to(struct line *l, const struct list *list)
{
	if (rule_restrict(l->r->chains, l->rule, list->items, list->count) < 0)
		l->r->failed = true;
}

static bool take_networks(struct line *l, char *value, bool source)
{
	struct list list = {.count = 0};
	for (char *rest = value, *item; (item = strsep(&rest, ","));) {
		struct other_rule *way = list_add(&list);
		enum family family;
		if (!way || network_parse(item, source ? &way->from : &way->dst, &family) < 0)
			return false;
	}
	restrict_to(l, &list);
	return true;
}

static bool take_from(struct line *l, char *value)
{
	return take_networks(l, value, true);
}

static bool take_dst(struct line *l, char *value)
{
	return take_networks(l, value, false);
}

static bool take_ports(struct line *l, char *value)
{
	struct list list = {.count = 0};
	for (char *rest = value, *item; (item = strsep(&rest, ","));) {
		struct other_rule *way = list_add(&list);
		if (!way || !read_ports(l, item, ':', &way->ports))
			return false;
	}
	restrict_to(l, &list);
	return true;
}

static bool take_ifname(const char *value, char out[IFNAME_MAX])
{
	if (strlen(value) >= IFNAME_MAX || !*value)
		return false;
	memset(out, 0, IFNAME_MAX);
	if (strcmp(value, "+") != 0)
		strcpy(out, value);
	return true;
}

static bool take_in(struct line *l, char *value)
{
	bool right = true;
	for (size_t i = 0; i < l->rule->count; i++)
		right = take_ifname(value, l->rule->ways[i].in);
	return right;
}

static bool take_out(struct line *l, char *value)
{
	bool right = true;
	for (size_t i = 0; i < l->rule->count; i++)
		right = take_ifname(value, l->rule->ways[i].out);
	return right;
}

static bool take_proto(struct line *l, char *value)
{
	static const struct {
		const char *name, *number;
		enum proto proto;
	} protos[] = {{"tcp", "6", PROTO_TCP},
		      {"udp", "17", PROTO_UDP},
		      {"sctp", "132", PROTO_SCTP},
		      {"all", "0", PROTO_NONE}};
	for (size_t p = 0; p < sizeof(protos) / sizeof(protos[0]); p++) {
		if (strcmp(value, protos[p].name) != 0 && strcmp(value, protos[p].number) != 0)
			continue;
		l->proto = protos[p].proto;
		for (size_t i = 0; i < l->rule->count; i++)
			l->rule->ways[i].proto = l->proto;
		return true;
	}
	return false;
}

static void add_states(struct line *l, uint8_t states)
{
	for (size_t i = 0; i < l->rule->count; i++)
		l->rule->ways[i].states |= states;
}

static bool take_states(struct line *l, char *value)
{
	static const struct {
		const char *name;
		uint8_t state;
	} states[] = {{"NEW", OTHER_NEW},
		      {"ESTABLISHED", OTHER_ESTABLISHED},
		      {"RELATED", OTHER_RELATED},
		      {"DNAT", OTHER_TRANSLATED}};
	uint8_t all = 0;
	bool right = l->rule->count && l->rule->ways->states == 0;
	for (char *rest = value, *item; (item = strsep(&rest, ","));) {
		bool known = false;
		for (size_t s = 0; s < sizeof(states) / sizeof(states[0]); s++)
			if (strcmp(item, states[s].name) == 0) {
				all |= states[s].state;
				known = true;
			}
		right = right && known;
	}
	add_states(l, all);
	return right;
}

/* The first packet of a connection, which a state of NEW takes too. */
static bool is_syn(char *const *words, size_t i, size_t count)
{
	return strcmp(words[i], "--syn") == 0 ||
	       (strcmp(words[i], "--tcp-flags") == 0 && i + 2 < count &&
		strcmp(words[i + 1], "FIN,SYN,RST,ACK") == 0 && strcmp(words[i + 2], "SYN") == 0);
}

static bool take_type(struct line *l, char *value)
{
	if (strcmp(value, "LOCAL") != 0)
		return false;
	for (size_t i = 0; i < l->rule->count; i++)
		l->rule->ways[i].here = true;
	return true;
}

static bool take_comment(struct line *l, char *value)
{
	const char *text = chains_text(l->r->chains, value, strlen(value));
	l->r->failed = l->r->failed || !text;
	for (size_t i = 0; text && i < l->rule->count; i++)
		l->rule->ways[i].comment = text;
	return true;
}

/* It does not matter how packets are refused. */
static bool take_refusal(struct line *l, char *value)
{
	(void)l;
	(void)value;
	return true;
}

/* Modules that ask nothing by themselves, or nothing but the options above. */
static bool take_module(struct line *l, char *value)
{
	static const char *const known[] = {"tcp",       "udp",   "sctp",     "comment",
					    "conntrack", "state", "addrtype", "multiport"};
	(void)l;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(value, known[i]) == 0)
			return true;
	return false;
}

static bool take_target(struct line *l, char *value)
{
	snprintf(l->target, sizeof(l->target), "%s", value);
	return strlen(value) < sizeof(l->target);
}

static bool take_goto(struct line *l, char *value)
{
	l->go = true;
	return take_target(l, value);
}

/* ---- where it is translated to ---- */

/* FIRST[-LAST][/BASE] */
static bool read_to_ports(struct line *l, char *text, struct other_rule *out)
{
	char *base = strchr(text, '/');
	if (base) {
		*base++ = '\0';
		out->to_base = read_port(l->r, base, PROTO_NONE);
		if (!out->to_base)
			return false;
	}
	return read_ports(l, text, '-', &out->to_ports);
}

static bool read_to(struct line *l, char *text, struct other_rule *out)
{
	char *ports;
	return rule_read_to(text, out, &ports) && (!ports || read_to_ports(l, ports, out));
}

static void put_to(struct line *l, const struct other_rule *to)
{
	for (size_t i = 0; i < l->rule->count; i++) {
		struct other_rule *way = &l->rule->ways[i];
		way->to = to->to;
		way->to_last = to->to_last;
		way->to_ports = to->to_ports;
		way->to_base = to->to_base;
	}
}

static bool take_to(struct line *l, char *value)
{
	struct other_rule to = {0};
	bool right = read_to(l, value, &to) && !l->nat_to;
	if (!l->nat_to)
		put_to(l, &to);
	l->nat_to = true;
	return right;
}

static bool take_to_ports(struct line *l, char *value)
{
	struct other_rule to = {0};
	bool right = read_to_ports(l, value, &to) && !l->nat_to;
	put_to(l, &to);
	l->nat_to = true;
	return right;
}

/* ---- options ---- */

static const struct option {
	const char *names[3];
	bool (*take)(struct line *l, char *value);
} options[] = {
	{{"-s", "--source", "--src"}, take_from},
	{{"-d", "--destination", "--dst"}, take_dst},
	{{"-i", "--in-interface"}, take_in},
	{{"-o", "--out-interface"}, take_out},
	{{"-p", "--protocol", "--proto"}, take_proto},
	{{"--dport", "--destination-port"}, take_ports},
	{{"--dports", "--destination-ports"}, take_ports},
	{{"--ctstate", "--state"}, take_states},
	{{"--dst-type"}, take_type},
	{{"--comment"}, take_comment},
	{{"-m", "--match"}, take_module},
	{{"--reject-with"}, take_refusal},
	{{"-j", "--jump"}, take_target},
	{{"-g", "--goto"}, take_goto},
	{{"--to-destination", "--to-source", "--to"}, take_to},
	{{"--to-ports", "--to-port"}, take_to_ports},
};

static const struct option *find_option(const char *word)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		for (size_t n = 0; n < 3 && options[i].names[n]; n++)
			if (strcmp(options[i].names[n], word) == 0)
				return &options[i];
	return NULL;
}

static void set_action(struct line *l, enum other_action action)
{
	l->rule->verdict = VERDICT_TRANSLATE;
	for (size_t i = 0; i < l->rule->count; i++)
		l->rule->ways[i].action = action;
}

static void set_verdict(struct line *l)
{
	static const struct {
		const char *name;
		enum rule_verdict verdict;
		enum other_action action;
	} targets[] = {
		{"ACCEPT", VERDICT_ACCEPT, OTHER_ACCEPT},
		{"DROP", VERDICT_DROP, OTHER_ACCEPT},
		{"REJECT", VERDICT_DROP, OTHER_ACCEPT},
		{"RETURN", VERDICT_RETURN, OTHER_ACCEPT},
		{"DNAT", VERDICT_TRANSLATE, OTHER_DNAT},
		{"NETMAP", VERDICT_TRANSLATE, OTHER_DNAT},
		{"REDIRECT", VERDICT_TRANSLATE, OTHER_REDIRECT},
		{"TPROXY", VERDICT_TRANSLATE, OTHER_TPROXY},
		{"SNAT", VERDICT_TRANSLATE, OTHER_SNAT},
		{"MASQUERADE", VERDICT_TRANSLATE, OTHER_MASQUERADE},
	};
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		if (strcmp(l->target, targets[i].name) != 0)
			continue;
		l->rule->verdict = targets[i].verdict;
		if (l->rule->verdict == VERDICT_TRANSLATE)
			set_action(l, targets[i].action);
		if (strcmp(l->target, "NETMAP") == 0)
			rule_beyond(l->rule, "-j NETMAP");
		return;
	}
	l->rule->verdict = l->go ? VERDICT_GOTO : VERDICT_JUMP;
	l->rule->chain = chains_text(l->r->chains, l->target, strlen(l->target));
	l->r->failed = l->r->failed || !l->rule->chain;
}

/* Words that are not understood, up to room bytes. */
struct rest {
	char text[400];
	size_t used, count;
};

static void add_rest(struct rest *rest, char *const *words, size_t count)
{
	rest->count += count;
	for (size_t i = 0; i < count; i++) {
		size_t room = sizeof(rest->text) - rest->used;
		int n = snprintf(rest->text + rest->used, room, "%s%s", rest->used ? " " : "",
				 words[i]);
		rest->used += (size_t)n < room ? (size_t)n : room - 1;
	}
}

/* How many words the option at i takes with its values, if it is not understood. */
static size_t count_unknown(char *const *words, size_t i, size_t count)
{
	size_t n = strcmp(words[i], "!") == 0 ? 1 : 0;
	for (n++; i + n < count && *words[i + n] != '-' &&
		  (strcmp(words[i + n], "!") != 0 || *words[i + n - 1] == '-');
	     n++)
		;
	return i + n < count ? n : count - i;
}

/* What must not be, if that is all the words say; false: it is not. */
static bool take_negated(struct line *l, char *const *words, size_t count, const char *text)
{
	const struct option *option = count == 3 ? find_option(words[1]) : NULL;
	struct other_rule way = {.untold = 1, .beyond = text};
	enum family family;
	bool right = false;
	if (!option || strcmp(words[0], "!") != 0)
		return false;
	if (option->take == take_in)
		right = take_ifname(words[2], way.not_in);
	else if (option->take == take_from)
		right = network_parse(words[2], &way.not_from, &family) == 0;
	else if (option->take == take_dst)
		right = network_parse(words[2], &way.not_dst, &family) == 0;
	if (right && rule_restrict(l->r->chains, l->rule, &way, 1) < 0)
		l->r->failed = true;
	return right;
}

/* The words behind "-A CHAIN". */
static void read_options(struct line *l, char *const *words, size_t count)
{
	struct rest rest = {.used = 0};
	char *const *unknown = NULL; /* the last ones of rest */
	size_t unknown_count = 0;
	for (size_t i = 0; i < count;) {
		const struct option *option = find_option(words[i]);
		bool negated = i + 1 < count && strcmp(words[i + 1], "!") == 0;
		if (strcmp(words[i], "-c") == 0 && i + 2 < count) {
			i += 3;
		} else if (is_syn(words, i, count)) {
			i += strcmp(words[i], "--syn") == 0 ? 1 : 3;
			add_states(l, l->rule->count && l->rule->ways->states ? 0 : OTHER_NEW);
		} else if (option && i + 1 < count && !negated) {
			char given[2][64];
			char *const copies[] = {given[0], given[1]};
			snprintf(given[0], sizeof(given[0]), "%s", words[i]);
			snprintf(given[1], sizeof(given[1]), "%s", words[i + 1]);
			if (!option->take(l, words[i + 1]))
				add_rest(&rest, copies, 2);
			i += 2;
		} else {
			size_t n = count_unknown(words, i, count);
			add_rest(&rest, words + i, n);
			unknown = words + i;
			unknown_count = n;
			i += n;
		}
	}
	if (rest.used) {
		const char *text = chains_text(l->r->chains, rest.text, rest.used);
		l->r->failed = l->r->failed || !text;
		bool alone = rest.count == unknown_count;
		if (!text || !alone || !take_negated(l, unknown, unknown_count, text))
			rule_beyond(l->rule, text);
	}
}

/* ---- lines ---- */

struct base {
	const char *table, *chain;
	enum other_hook hook;
	int priority;
};

/* NF_IP_PRI_* of linux/netfilter_ipv4.h */
static const struct base bases[] = {
	{"nat", "PREROUTING", OTHER_PREROUTING, -100},
	{"nat", "INPUT", OTHER_INPUT, 100},
	{"nat", "OUTPUT", OTHER_OUTPUT, -100},
	{"nat", "POSTROUTING", OTHER_POSTROUTING, 100},
	{"filter", "INPUT", OTHER_INPUT, 0},
	{"filter", "FORWARD", OTHER_FORWARD, 0},
	{"filter", "OUTPUT", OTHER_OUTPUT, 0},
	{"mangle", "PREROUTING", OTHER_PREROUTING, -150},
};

static struct text_chain *get_chain(struct reader *r, const char *table, const char *name)
{
	const char *own_table = chains_text(r->chains, table, strlen(table));
	const char *own_name = chains_text(r->chains, name, strlen(name));
	struct text_chain *chain = own_table && own_name
					   ? chains_get(r->chains, r->family, own_table, own_name)
					   : NULL;
	r->failed = r->failed || !chain;
	for (size_t i = 0; chain && i < sizeof(bases) / sizeof(bases[0]); i++)
		if (strcmp(bases[i].table, table) == 0 && strcmp(bases[i].chain, name) == 0) {
			chain->base = true;
			chain->nat = strcmp(table, "nat") == 0;
			chain->hook = bases[i].hook;
			chain->priority = bases[i].priority;
		}
	return chain;
}

static void read_rule(struct reader *r, const char *table, struct words *words)
{
	struct text_chain *chain = get_chain(r, table, words->items[1]);
	struct line l = {.r = r};
	if (!chain)
		return;
	l.rule = chains_add_rule(chain);
	r->failed = r->failed || !l.rule;
	if (r->failed)
		return;
	read_options(&l, words->items + 2, words->count - 2);
	if (words->more)
		rule_beyond(l.rule, "more words than are read");
	if (*l.target && !r->failed)
		set_verdict(&l);
}

static bool has_target(const struct words *words, const char *const *targets)
{
	for (size_t i = 2; i + 1 < words->count; i++)
		for (size_t t = 0; targets[t]; t++)
			if (strcmp(words->items[i], "-j") == 0 &&
			    strcmp(words->items[i + 1], targets[t]) == 0)
				return true;
	return false;
}

/* `iptables -S` does not say of which table its rules are; a user's own chain may be of both. */
static bool is_of_table(const struct words *words, const char *table)
{
	static const char *const nat[] = {"DNAT", "REDIRECT", "SNAT", "MASQUERADE", "NETMAP", NULL};
	const char *chain = words->items[1];
	bool is_nat = strcmp(table, "nat") == 0;
	if (strcmp(chain, "PREROUTING") == 0 || strcmp(chain, "POSTROUTING") == 0 ||
	    has_target(words, nat))
		return is_nat;
	if (strcmp(chain, "INPUT") == 0 || strcmp(chain, "FORWARD") == 0 ||
	    strcmp(chain, "OUTPUT") == 0)
		return !is_nat;
	return true;
}

static bool is_word(const char *word, const char *a, const char *b)
{
	return strcmp(word, a) == 0 || strcmp(word, b) == 0;
}

/* Options take words out of the line in place, so that a second reading needs another copy. */
static void read_append(struct reader *r, const char *line, size_t length)
{
	static const char *const tables[] = {"nat", "filter"};
	struct words words;
	for (size_t t = 0; t < 2 && !r->failed; t++) {
		if (split(line, length, &words) < 0) {
			r->failed = true;
			return;
		}
		if (r->table && t == 0)
			read_rule(r, r->table, &words);
		else if (!r->table && is_of_table(&words, tables[t]))
			read_rule(r, tables[t], &words);
		free(words.text);
	}
}

static void set_policy(struct reader *r, const char *name, const char *policy)
{
	static const char *const guess[] = {"INPUT", "FORWARD", "OUTPUT"};
	const char *table = r->table;
	for (size_t i = 0; !table && i < 3; i++)
		if (strcmp(name, guess[i]) == 0)
			table = "filter";
	struct text_chain *chain = get_chain(r, table ? table : "nat", name);
	if (chain && strcmp(policy, "DROP") == 0)
		chain->drops = true;
}

/* 1, or 0: the line is none of iptables'. */
static int read_words(struct reader *r, const struct words *words, const char *line, size_t length)
{
	const char *first = words->items[0];
	if (*first == ':' && words->count >= 2 && r->table) {
		set_policy(r, first + 1, words->items[1]);
	} else if (words->count == 3 && is_word(first, "-P", "--policy")) {
		set_policy(r, words->items[1], words->items[2]);
	} else if (words->count >= 2 && is_word(first, "-A", "--append")) {
		read_append(r, line, length);
	} else if (*first == '*' && words->count == 1) {
		r->table = chains_text(r->chains, first + 1, strlen(first + 1));
		r->failed = r->failed || !r->table;
	} else {
		return (strcmp(first, "COMMIT") == 0 && words->count == 1) ||
		       (words->count == 2 && is_word(first, "-N", "--new-chain"));
	}
	return 1;
}

/* Behind "[PACKETS:BYTES] " of iptables-save -c. */
static const char *skip_counters(const char *line, const char *end)
{
	const char *close =
		line < end && *line == '[' ? memchr(line, ']', (size_t)(end - line)) : NULL;
	if (!close)
		return line;
	for (close++; close < end && is_blank(*close); close++)
		;
	return close;
}

/* Whether the line names IPv6, or IPv4: in its title, or as an address. */
static enum family find_family(const struct words *words)
{
	static const char *const with[] = {"-s", "-d", "--to-destination", "--to-source"};
	enum family family;
	struct network net;
	if (words->count >= 4 && strcmp(words->items[0], "#") == 0 &&
	    strcmp(words->items[1], "Generated") == 0)
		return strcmp(words->items[3], "ip6tables-save") == 0 ? FAMILY_IPV6 : FAMILY_IPV4;
	for (size_t i = 0; i + 1 < words->count; i++)
		for (size_t n = 0; n < sizeof(with) / sizeof(with[0]); n++) {
			const char *value = words->items[i + 1];
			if (strcmp(words->items[i], with[n]) != 0)
				continue;
			if (*value == '[')
				return FAMILY_IPV6;
			if (network_parse(value, &net, &family) == 0)
				return family;
		}
	return FAMILY_NONE;
}

struct span { /* of text */
	const char *at, *end;
};

/* The next line; false: there is none. */
static bool next_line(struct span *rest, struct span *line)
{
	if (rest->at >= rest->end)
		return false;
	const char *newline = memchr(rest->at, '\n', (size_t)(rest->end - rest->at));
	*line = (struct span){rest->at, newline ? newline : rest->end};
	rest->at = newline ? newline + 1 : rest->end;
	while (line->at < line->end && is_blank(*line->at))
		line->at++;
	return true;
}

static bool is_line(const struct span *line, const char *word)
{
	size_t length = strlen(word);
	return (size_t)(line->end - line->at) >= length && memcmp(line->at, word, length) == 0;
}

/* Of the lines up to COMMIT, or the next table: the first that tells it. */
static enum family find_section_family(struct span rest)
{
	enum family family = FAMILY_NONE;
	struct span line;
	struct words words;
	size_t tables = 0;
	while (!family && next_line(&rest, &line) && !is_line(&line, "COMMIT")) {
		tables += is_line(&line, "*");
		if (tables > 1)
			break;
		if (split(line.at, (size_t)(line.end - line.at), &words) < 0)
			break;
		family = find_family(&words);
		free(words.text);
	}
	return family ? family : FAMILY_IPV4;
}

/* 1, 0: it is no line of iptables', or -1. */
static int read_line(struct reader *r, const struct span *whole)
{
	const char *at = skip_counters(whole->at, whole->end);
	size_t length = (size_t)(whole->end - at);
	struct words words;
	if (memchr(at, '\0', length))
		return 0;
	while (length && is_blank(at[length - 1]))
		length--;
	if (length == 0 || *at == '#')
		return 1;
	if (split(at, length, &words) < 0)
		return -1;
	int result = words.count ? read_words(r, &words, at, length) : 0;
	free(words.text);
	return r->failed ? -1 : result;
}

static int refuse_line(const struct span *line, size_t number, struct err *err)
{
	char text[120];
	snprintf(text, sizeof(text), "%.*s", (int)(line->end - line->at), line->at);
	return err_set(err, ERR_INPUT, "line %zu is none that iptables-save prints: '%s'", number,
		       quote(text).text);
}

int iptables_text_read(struct text text, const struct spec_host *host, struct text_chains *chains,
		       struct err *err)
{
	struct reader r = {.host = host, .chains = chains};
	struct span rest = {text.bytes, text.bytes + text.length}, line;
	bool any = false, titled = false;
	chains->backend = "iptables";
	while (next_line(&rest, &line)) {
		bool title = is_line(&line, "# Generated");
		r.number++;
		if (!r.family || title || (is_line(&line, "*") && !titled))
			r.family = find_section_family((struct span){line.at, rest.end});
		titled = title;
		int result = read_line(&r, &line);
		if (result < 0)
			return err_memory(err);
		if (result == 0 && !any)
			return 0;
		if (result == 0)
			return refuse_line(&line, r.number, err);
		any = any || (line.at < line.end && *line.at != '#');
	}
	return any;
}
