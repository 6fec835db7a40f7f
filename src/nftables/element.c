/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an element is read back as is written again, and has to be the same. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "nftables/element.h"
#include "syntax/request.h"

static bool has_port_each(const struct bucket *bucket, const struct forward *f)
{
	return bucket_has_chunks(bucket) || part_is_shifted(f);
}

size_t element_count(const struct bucket *bucket, const struct forward *f)
{
	return has_port_each(bucket, f) ? ports_count(f->ports) : 1;
}

/* Ends of a range of addresses. */
static void put_network(const struct network *net, enum family family, uint8_t *first,
			uint8_t *last)
{
	unsigned int bits = address_bits(family);
	memset(first, 0, bits / 8);
	memset(last, 0xff, bits / 8);
	if (!network_is_set(net))
		return;
	memcpy(first, net->addr.bytes, bits / 8);
	for (unsigned int i = 0; i < bits / 8; i++) {
		unsigned int fixed = net->prefix > 8 * i ? net->prefix - 8 * i : 0;
		uint8_t host = (uint8_t)(fixed >= 8 ? 0 : 0xffU >> fixed);
		last[i] = first[i] | host;
	}
}

static void put_ifname(const char *ifname, uint8_t *first, uint8_t *last)
{
	uint8_t stem = bucket_stem(ifname);
	size_t n = stem == STEM_EXACT ? strlen(ifname) : stem;
	memset(first, 0, IFNAME_MAX);
	memset(last, stem == STEM_EXACT ? 0 : 0xff, IFNAME_MAX);
	memcpy(first, ifname, n);
	memcpy(last, ifname, n);
}

static void put_port(uint16_t port, uint8_t *out)
{
	uint16_t network = htons(port);
	memset(out, 0, 4);
	memcpy(out, &network, sizeof(network));
}

/* ---- comments: what nothing else of the element says ---- */

#define OPEN_LIST "--hairpin"

static char *put_word(char *out, const char *start, const char *word, const char *value)
{
	if (out > start)
		out = stpcpy(out, " ");
	return stpcpy(stpcpy(out, word), value);
}

/* PORTS[:PORTS] of a range that has an element for each port, then options. False: the networks of
 * --hairpin have no room; then the elements that they add say whose they are. */
static bool put_comment(const struct bucket *bucket, const struct forward *f,
			char out[RULE_COMMENT_MAX])
{
	char text[NETWORKS_TEXT_MAX], *end = out;
	*out = '\0';
	if (ports_count(f->ports) > 1 && has_port_each(bucket, f)) {
		end = ports_put(end, f->ports);
		if (!ports_equal(f->ports, f->target_ports) && !f->except)
			end = ports_put(stpcpy(end, ":"), f->target_ports);
	}
	if (*f->name)
		end = put_word(end, out, "--name ", f->name);
	if (f->local)
		end = put_word(end, out, "--local", "");
	if (!f->hairpin)
		return true;
	networks_put(text, f->hairpin_nets);
	bool fits = (size_t)(end - out) + strlen(" --hairpin=") + strlen(text) < RULE_COMMENT_MAX;
	put_word(end, out, fits ? OPEN_LIST "=" : OPEN_LIST, fits ? text : "");
	return fits;
}

static bool has_open_list(const struct forward *f)
{
	char comment[RULE_COMMENT_MAX];
	struct bucket b = part_bucket(f, PART_PROPER);
	return !put_comment(&b, f, comment);
}

static void put_key(const struct piece *piece, uint16_t port, struct element *out)
{
	const struct forward *f = piece->f;
	struct key_shape key = shape_key(piece->bucket);
	struct network clients = part_clients(f, piece->part);
	bool each = has_port_each(piece->bucket, f);
	unsigned int addr = address_bits(f->family) / 8;
	out->key_length = key.length;
	if (key.has[KEY_IFNAME])
		put_ifname(f->ifname, out->key + key.at[KEY_IFNAME],
			   out->key_end + key.at[KEY_IFNAME]);
	if (key.has[KEY_ADDR]) {
		memcpy(out->key + key.at[KEY_ADDR], f->addr.bytes, addr);
		memcpy(out->key_end + key.at[KEY_ADDR], f->addr.bytes, addr);
	}
	if (key.has[KEY_PORT]) {
		put_port(port, out->key + key.at[KEY_PORT]);
		put_port(each ? port : f->ports.last, out->key_end + key.at[KEY_PORT]);
	}
	if (key.has[KEY_CLIENT])
		put_network(&clients, f->family, out->key + key.at[KEY_CLIENT],
			    out->key_end + key.at[KEY_CLIENT]);
	if (piece->bucket->form != FORM_INTERVAL)
		memset(out->key_end, 0, sizeof(out->key_end));
}

static void put_data(const struct piece *piece, uint16_t port, struct element *out)
{
	const struct forward *f = piece->f;
	const struct bucket *bucket = piece->bucket;
	unsigned int addr = address_bits(f->family) / 8;
	uint16_t target_port = forward_target_port(f, port);
	out->data_length = shape_data_length(bucket);
	if (bucket->data == DATA_ENDPOINT || bucket->data == DATA_ADDR)
		memcpy(out->data, f->target.bytes, addr);
	bool named = bucket->data == DATA_PORT && bucket_names_address(bucket);
	if (named)
		memcpy(out->data, f->addr.bytes, addr);
	if (bucket->data == DATA_ENDPOINT || named)
		put_port(target_port, out->data + addr);
	else if (bucket->data == DATA_PORT)
		put_port(target_port, out->data);
}

void element_of(const struct piece *piece, struct element *out)
{
	const struct forward *f = piece->f;
	uint16_t port = (uint16_t)(f->ports.first + piece->number);
	*out = (struct element){.bucket = *piece->bucket};
	if (bucket_has_chunks(piece->bucket))
		out->bucket.chunk = (uint8_t)(port / BUCKET_CHUNK);
	put_key(piece, port, out);
	put_data(piece, port, out);
	if (piece->part == PART_PROPER)
		put_comment(piece->bucket, f, out->comment);
	else if (part_kind(f, piece->part) == PART_HAIRPIN && has_open_list(f))
		strcpy(out->comment, OPEN_LIST);
}

/* ---- elements back ---- */

static uint16_t get_port(const uint8_t *bytes)
{
	uint16_t network;
	memcpy(&network, bytes, sizeof(network));
	return ntohs(network);
}

static bool read_port(const char **text, uint16_t *out)
{
	unsigned int value = 0;
	const char *c = *text;
	for (; *c >= '0' && *c <= '9' && value <= UINT16_MAX; c++)
		value = value * 10 + (unsigned int)(*c - '0');
	if (c == *text || value > UINT16_MAX)
		return false;
	*text = c;
	*out = (uint16_t)value;
	return true;
}

static bool read_ports(const char **text, struct ports *out)
{
	if (!read_port(text, &out->first))
		return false;
	out->last = out->first;
	if (**text != '-')
		return true;
	(*text)++;
	return read_port(text, &out->last);
}

/* The ranges that a comment begins with; *rest is the options. */
static bool read_ranges(const char *comment, struct forward *f, const char **rest)
{
	*rest = comment;
	if (*comment < '0' || *comment > '9')
		return true;
	if (!read_ports(rest, &f->ports))
		return false;
	f->target_ports = f->ports;
	if (**rest == ':') {
		(*rest)++;
		if (!read_ports(rest, &f->target_ports))
			return false;
	}
	if (**rest == ' ')
		(*rest)++;
	return true;
}

static void get_ifname(const struct bucket *b, const uint8_t *bytes, char out[IFNAME_MAX])
{
	size_t n = b->stem == STEM_EXACT ? IFNAME_MAX - 1 : b->stem;
	memset(out, 0, IFNAME_MAX);
	memcpy(out, bytes, n);
	if (b->stem != STEM_EXACT && n < IFNAME_MAX - 1)
		out[n] = '+';
}

/* What key and data say; the comment may know better. */
static void read_fields(const struct element *e, struct forward *f)
{
	const struct bucket *b = &e->bucket;
	struct key_shape key = shape_key(b);
	unsigned int addr = address_bits(b->family) / 8;
	*f = (struct forward){.family = b->family,
			      .proto = b->proto,
			      .masquerade = b->masquerade,
			      .snat = b->snat,
			      .until = b->until,
			      .except = b->data == DATA_NONE};
	if (b->form == FORM_CLIENTS) {
		memcpy(f->ifname, b->ifname, sizeof(f->ifname));
		f->addr = b->addr;
		f->ports = (struct ports){b->port, b->port};
	}
	if (b->form == FORM_PORTS) {
		memcpy(f->ifname, b->ifname, sizeof(f->ifname));
		f->from = (struct network){b->clients, b->prefix};
	}
	if (key.has[KEY_IFNAME])
		get_ifname(b, e->key + key.at[KEY_IFNAME], f->ifname);
	if (key.has[KEY_ADDR]) {
		f->addr.family = b->family;
		memcpy(f->addr.bytes, e->key + key.at[KEY_ADDR], addr);
	}
	if (key.has[KEY_PORT]) {
		const uint8_t *end = b->form == FORM_INTERVAL ? e->key_end : e->key;
		f->ports.first = get_port(e->key + key.at[KEY_PORT]);
		f->ports.last = get_port(end + key.at[KEY_PORT]);
	}
	if (key.has[KEY_CLIENT] && b->prefix) {
		f->from.addr.family = b->family;
		memcpy(f->from.addr.bytes, e->key + key.at[KEY_CLIENT], addr);
		f->from.prefix = b->prefix;
	}
	f->target_ports = f->ports;
	if (b->data == DATA_ENDPOINT || b->data == DATA_ADDR) {
		f->target.family = b->family;
		memcpy(f->target.bytes, e->data, addr);
	}
	if (b->data == DATA_ENDPOINT || b->data == DATA_PORT) {
		bool alone = b->data == DATA_PORT && !bucket_names_address(b);
		f->target_ports.first = get_port(e->data + (alone ? 0 : addr));
		f->target_ports.last = f->target_ports.first;
	}
}

static bool same_element(const struct element *a, const struct element *b)
{
	return bucket_compare(&a->bucket, &b->bucket) == 0 &&
	       memcmp(a->key, b->key, sizeof(a->key)) == 0 &&
	       memcmp(a->key_end, b->key_end, sizeof(a->key_end)) == 0 &&
	       memcmp(a->data, b->data, sizeof(a->data)) == 0 &&
	       strcmp(a->comment, b->comment) == 0;
}

bool element_read(const struct element *e, struct forward *out, size_t *number, bool *hairpin_open)
{
	struct forward f;
	struct element again;
	struct err ignored;
	const char *options;
	read_fields(e, &f);
	uint16_t port = f.ports.first;
	if (!read_ranges(e->comment, &f, &options))
		return false;
	if (*options && request_read_words(options, &f) < 0)
		return false;
	*hairpin_open = f.hairpin && !f.hairpin_nets;
	if (!ports_hold(f.ports, port) || forward_check(&f, &ignored) < 0)
		return false;
	/* an element that pfwd would not write is somebody else's */
	struct bucket b = part_bucket(&f, PART_PROPER);
	if (e->bucket.form == FORM_CLIENTS) {
		b.form = FORM_CLIENTS;
		memcpy(b.ifname, f.ifname, sizeof(b.ifname));
		b.addr = f.addr;
		b.port = f.ports.first;
	}
	b.level = e->bucket.level;
	*number = (size_t)(port - f.ports.first);
	struct forward written = f;
	written.hairpin = f.hairpin && !*hairpin_open;
	element_of(&(struct piece){&b, &written, PART_PROPER, *number}, &again);
	if (*hairpin_open)
		strcpy(again.comment, e->comment);
	if (!same_element(e, &again))
		return false;
	*out = f;
	return true;
}

bool element_read_hairpin(const struct element *e, const struct forward *f, struct network *net)
{
	struct key_shape key = shape_key(&e->bucket);
	struct network client = {e->bucket.clients, e->bucket.prefix};
	struct element again;
	if (e->bucket.family != f->family || e->bucket.proto != f->proto || !e->bucket.prefix ||
	    strcmp(e->comment, OPEN_LIST) != 0)
		return false;
	if (key.has[KEY_CLIENT]) {
		client.addr = (struct address){.family = f->family};
		memcpy(client.addr.bytes, e->key + key.at[KEY_CLIENT], address_bits(f->family) / 8);
	}
	struct forward tried = *f;
	tried.hairpin = true;
	tried.hairpin_nets = networks_of(&client, 1);
	if (!tried.hairpin_nets)
		return false;
	struct bucket b = part_bucket(&tried, PART_HAIRPIN);
	b.level = e->bucket.level;
	element_of(&(struct piece){&b, &tried, PART_HAIRPIN, 0}, &again);
	strcpy(again.comment, e->comment);
	*net = client;
	return same_element(e, &again);
}

void element_share(struct element *kept, const struct element *other)
{
	if (!*kept->comment)
		strcpy(kept->comment, other->comment);
}

bool element_same_content(const struct element *a, const struct element *b)
{
	return memcmp(a->data, b->data, sizeof(a->data)) == 0 &&
	       strcmp(a->comment, b->comment) == 0;
}
