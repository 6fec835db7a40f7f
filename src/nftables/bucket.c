/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names are words joined by hyphens: tcp4-if-0, udp6-addr-any-range-wide-same-l1. What is usual has
 * no word. Text of a user in a name (an interface) is escaped.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nftables/bucket.h"

uint8_t bucket_stem(const char *ifname)
{
	size_t n = strlen(ifname);
	if (n == 0)
		return 0;
	return (uint8_t)(ifname[n - 1] == '+' ? n - 1 : STEM_EXACT);
}

/* ---- order ---- */

/* An exact name is narrower than a wildcard, a longer wildcard narrower than a shorter one. */
int bucket_compare(const struct bucket *a, const struct bucket *b)
{
	int d = a->family - b->family;
	if (d == 0)
		d = a->group - b->group;
	if (d == 0)
		d = a->proto - b->proto;
	if (d == 0)
		d = a->ranges - b->ranges;
	if (d == 0)
		d = b->stem - a->stem;
	/* a SPEC's own maps hold all of its client networks, the longest prefix first */
	if (d == 0)
		d = (b->form == FORM_CLIENTS) - (a->form == FORM_CLIENTS);
	if (d == 0 && a->form == FORM_CLIENTS)
		d = memcmp(a->ifname, b->ifname, sizeof(a->ifname));
	if (d == 0 && a->form == FORM_CLIENTS)
		d = address_compare(&a->addr, &b->addr);
	if (d == 0)
		d = a->port - b->port;
	if (d == 0)
		d = b->prefix - a->prefix;
	if (d == 0)
		d = a->level - b->level;
	if (d == 0)
		d = network_is_set(&b->inside) - network_is_set(&a->inside);
	if (d == 0)
		d = address_compare(&a->inside.addr, &b->inside.addr);
	if (d == 0)
		d = a->inside.prefix - b->inside.prefix;
	if (d == 0)
		d = a->form - b->form;
	if (d == 0 && a->form == FORM_PORTS)
		d = memcmp(a->ifname, b->ifname, sizeof(a->ifname));
	if (d == 0)
		d = address_compare(&a->clients, &b->clients);
	if (d == 0)
		d = a->chunk - b->chunk;
	if (d == 0)
		d = b->masquerade - a->masquerade;
	if (d == 0)
		d = address_compare(&a->snat, &b->snat);
	if (d == 0)
		d = (a->until > b->until) - (a->until < b->until);
	if (d == 0)
		d = a->data - b->data;
	return d ? d : memcmp(a->not_in, b->not_in, sizeof(a->not_in));
}

/* ---- names ---- */

static const char *const group_words[BUCKET_GROUPS] = {
	[BUCKET_ADDR] = "addr",
	[BUCKET_MAIN] = "",
	[BUCKET_HAIRPIN_ADDR] = "hairpin-addr",
	[BUCKET_HAIRPIN] = "hairpin",
	[BUCKET_LOCAL_ADDR] = "local-addr",
	[BUCKET_LOCAL] = "local",
};
static const char *const data_words[] = {
	[DATA_ENDPOINT] = "",
	[DATA_ADDR] = "same",
	[DATA_PORT] = "self",
	[DATA_NONE] = "not",
};

struct name {
	char *out;
	size_t used;
};

static void add_word(struct name *name, const char *word, const char *value)
{
	if (!*word && !*value)
		return;
	int n = snprintf(name->out + name->used, BUCKET_NAME_MAX - name->used, "%s%s%s",
			 name->used ? "-" : "", word, value);
	/* the name of somebody else's set may stand for a longer one: that is cut off */
	name->used += (size_t)n;
	if (name->used >= BUCKET_NAME_MAX)
		name->used = BUCKET_NAME_MAX - 1;
}

static void add_number(struct name *name, const char *word, long long number)
{
	char text[24];
	snprintf(text, sizeof(text), "%lld", number);
	add_word(name, word, text);
}

/* Letters and digits stand for themselves, any other byte for ".XX". */
static void escape(const char *text, char out[3 * IFNAME_MAX + 1])
{
	static const char hex[] = "0123456789abcdef";
	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		bool plain = (*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') ||
			     (*c >= 'A' && *c <= 'Z') || *c == '_';
		if (!plain) {
			*out++ = '.';
			*out++ = hex[*c >> 4];
			*out++ = hex[*c & 15];
		} else {
			*out++ = (char)*c;
		}
	}
	*out = '\0';
}

/* Colons have no place in a name: an IPv6 address is 32 hexadecimal digits. */
static void escape_address(const struct address *addr, char out[ADDRESS_TEXT_MAX])
{
	if (addr->family != FAMILY_IPV6) {
		address_format(addr, out);
		return;
	}
	for (size_t i = 0; i < 16; i++)
		snprintf(out + 2 * i, 3, "%02x", addr->bytes[i]);
}

static void add_escaped(struct name *name, const char *word, const char *text)
{
	char escaped[3 * IFNAME_MAX + 1];
	escape(text, escaped);
	add_word(name, word, escaped);
}

static void add_address(struct name *name, const char *word, const struct address *addr)
{
	char text[ADDRESS_TEXT_MAX];
	escape_address(addr, text);
	add_word(name, word, text);
}

static void add_head(struct name *name, const struct bucket *b)
{
	add_word(name, proto_name(b->proto), b->family == FAMILY_IPV6 ? "6" : "4");
	add_word(name, group_words[b->group], "");
}

static void add_clients(struct name *name, const struct bucket *b)
{
	add_word(name, "clients", "");
	add_escaped(name, b->stem ? "if." : "any", b->ifname);
	if (address_is_set(&b->addr))
		add_address(name, "at.", &b->addr);
	add_number(name, "", b->port);
}

void bucket_name(const struct bucket *b, char out[BUCKET_NAME_MAX])
{
	struct name name = {.out = out};
	bool proper = b->group == BUCKET_ADDR || b->group == BUCKET_MAIN;
	*out = '\0';
	add_head(&name, b);
	if (b->form == FORM_CLIENTS)
		add_clients(&name, b);
	else if (b->form == FORM_PORTS)
		add_escaped(&name, *b->ifname ? "ports-if." : "ports-any", b->ifname);
	else if (proper && b->stem == STEM_EXACT)
		add_word(&name, "if", "");
	else if (proper && b->stem)
		add_number(&name, "wild", b->stem);
	else if (proper)
		add_word(&name, "any", "");
	add_word(&name, data_words[b->data], "");
	if (b->ranges)
		add_word(&name, "range", "");
	if (b->form == FORM_INTERVAL)
		add_word(&name, "wide", "");
	if (b->form == FORM_PORTS && b->prefix)
		add_address(&name, "net.", &b->clients);
	if (b->prefix)
		add_number(&name, "from", b->prefix);
	if (b->level)
		add_number(&name, "level", b->level);
	if (bucket_has_chunks(b))
		add_number(&name, "p", (long long)b->chunk * BUCKET_CHUNK);
	if (*b->not_in)
		add_escaped(&name, "not.", b->not_in);
	if (b->until)
		add_number(&name, "until", b->until);
	if (b->masquerade)
		add_word(&name, "masquerade", "");
	if (address_is_set(&b->snat))
		add_address(&name, "snat.", &b->snat);
	if (network_is_set(&b->inside)) {
		char word[16];
		snprintf(word, sizeof(word), "inside%u.", b->inside.prefix);
		add_address(&name, word, &b->inside.addr);
	}
}

void bucket_clients_chain(const struct bucket *b, char out[BUCKET_NAME_MAX])
{
	struct name name = {.out = out};
	add_head(&name, b);
	add_clients(&name, b);
}

void bucket_clients_map(const struct bucket *b, char out[BUCKET_NAME_MAX])
{
	struct name name = {.out = out};
	add_head(&name, b);
	add_word(&name, b->stem ? "if" : "any", "");
	add_word(&name, "clients", "");
}

/* ---- names back ---- */

/* text begins with word, and *rest is what follows. */
static bool after(const char *text, const char *word, const char **rest)
{
	size_t n = strlen(word);
	if (strncmp(text, word, n) != 0)
		return false;
	*rest = text + n;
	return true;
}

static bool read_number(const char *text, long long most, long long *out)
{
	char *end;
	if (*text < '0' || *text > '9')
		return false;
	*out = strtoll(text, &end, 10);
	return !*end && *out <= most;
}

static bool unescape(const char *text, char out[IFNAME_MAX])
{
	size_t n = 0;
	memset(out, 0, IFNAME_MAX);
	while (*text) {
		unsigned int byte = (unsigned char)*text;
		if (n == IFNAME_MAX - 1)
			return false;
		if (*text == '.') {
			if (strspn(text + 1, "0123456789abcdef") < 2)
				return false;
			sscanf(text + 1, "%2x", &byte);
			text += 2;
		}
		out[n++] = (char)byte;
		text++;
	}
	return true;
}

static bool read_address(const char *text, struct address *out)
{
	struct address addr = {.family = FAMILY_IPV6};
	if (address_parse(text, out) == 0)
		return out->family == FAMILY_IPV4;
	if (strlen(text) != 32 || strspn(text, "0123456789abcdef") != 32)
		return false;
	for (size_t i = 0; i < 16; i++) {
		unsigned int byte;
		sscanf(text + 2 * i, "%2x", &byte);
		addr.bytes[i] = (uint8_t)byte;
	}
	*out = addr;
	return true;
}

/* PREFIX.ADDRESS */
static bool read_network(const char *text, struct network *out)
{
	char *end;
	if (*text < '0' || *text > '9')
		return false;
	unsigned long prefix = strtoul(text, &end, 10);
	if (*end != '.' || !read_address(end + 1, &out->addr) ||
	    prefix > address_bits(out->addr.family))
		return false;
	out->prefix = (uint8_t)prefix;
	return true;
}

/* tcp4, udp6 ... */
static bool read_head(const char *word, struct bucket *b)
{
	static const enum proto protos[] = {PROTO_TCP, PROTO_UDP, PROTO_SCTP};
	const char *rest;
	for (size_t i = 0; i < sizeof(protos) / sizeof(protos[0]); i++)
		if (after(word, proto_name(protos[i]), &rest)) {
			b->proto = protos[i];
			b->family = *rest == '6' ? FAMILY_IPV6 : FAMILY_IPV4;
			return (*rest == '4' || *rest == '6') && !rest[1];
		}
	return false;
}

/* One word behind the head. What is wrong in it shows when the name is made again. */
static bool read_word(const char *word, struct bucket *b)
{
	const char *rest;
	long long number = 0;
	bool clients = b->form == FORM_CLIENTS, ports = b->form == FORM_PORTS;
	if (strcmp(word, "hairpin") == 0)
		b->group = BUCKET_HAIRPIN;
	else if (strcmp(word, "local") == 0)
		b->group = BUCKET_LOCAL;
	else if (strcmp(word, "addr") == 0)
		b->group = b->group == BUCKET_HAIRPIN ? BUCKET_HAIRPIN_ADDR
			   : b->group == BUCKET_LOCAL ? BUCKET_LOCAL_ADDR
						      : BUCKET_ADDR;
	else if (strcmp(word, "clients") == 0)
		b->form = FORM_CLIENTS;
	else if (strcmp(word, "ports") == 0)
		b->form = FORM_PORTS;
	else if ((clients || ports) && after(word, "if.", &rest)) {
		if (!unescape(rest, b->ifname))
			return false;
		b->stem = bucket_stem(b->ifname);
	} else if (ports && after(word, "net.", &rest))
		return read_address(rest, &b->clients);
	else if (clients && after(word, "at.", &rest))
		return read_address(rest, &b->addr);
	else if (clients && !b->port && read_number(word, UINT16_MAX, &number))
		b->port = (uint16_t)number;
	else if (strcmp(word, "if") == 0)
		b->stem = STEM_EXACT;
	else if (after(word, "wild", &rest) && read_number(rest, IFNAME_MAX - 2, &number))
		b->stem = (uint8_t)number;
	else if (strcmp(word, "same") == 0)
		b->data = DATA_ADDR;
	else if (strcmp(word, "self") == 0)
		b->data = DATA_PORT;
	else if (strcmp(word, "not") == 0)
		b->data = DATA_NONE;
	else if (strcmp(word, "range") == 0)
		b->ranges = true;
	else if (strcmp(word, "wide") == 0)
		b->form = FORM_INTERVAL;
	else if (after(word, "from", &rest) && read_number(rest, 128, &number))
		b->prefix = (uint8_t)number;
	else if (after(word, "level", &rest) && read_number(rest, UINT16_MAX, &number))
		b->level = (uint16_t)number;
	else if (after(word, "not.", &rest))
		return unescape(rest, b->not_in);
	else if (after(word, "until", &rest) && read_number(rest, INT64_MAX, &number))
		b->until = number;
	else if (strcmp(word, "masquerade") == 0)
		b->masquerade = true;
	else if (after(word, "snat.", &rest))
		return read_address(rest, &b->snat);
	else if (after(word, "inside", &rest))
		return read_network(rest, &b->inside);
	else if (after(word, "p", &rest) && read_number(rest, UINT16_MAX, &number))
		b->chunk = (uint8_t)(number / BUCKET_CHUNK);
	else
		return strcmp(word, "any") == 0;
	return true;
}

bool bucket_read_name(const char *name, struct bucket *out)
{
	struct bucket b = {.group = BUCKET_MAIN};
	char copy[BUCKET_NAME_MAX], again[BUCKET_NAME_MAX], *rest = copy, *word;
	if (strlen(name) >= sizeof(copy))
		return false;
	strcpy(copy, name);
	word = strsep(&rest, "-");
	if (!read_head(word, &b))
		return false;
	while ((word = strsep(&rest, "-")))
		if (!read_word(word, &b))
			return false;
	bucket_name(&b, again);
	*out = b;
	return strcmp(again, name) == 0;
}
