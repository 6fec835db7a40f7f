/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One port, or few: exact keys, which are found in the same time however many there are. Wide
 * ranges, wildcards and client networks: keys of ranges, of which there should be few, since the
 * kernel takes a time for them that grows with the square of their number.
 *
 * A shifted range (8000-8010 to 9000-9010) always has an element for each port. One element could
 * say it too, but the kernel would go on to a neighbour's port where a client's source port is
 * taken; with a single port it changes the source port instead.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/array.h"
#include "model/hash.h"
#include "nftables/place.h"
#include "syntax/request.h"

/* ---- the bucket of a part ---- */

static bool is_range(const struct forward *f)
{
	return ports_count(f->ports) > 1;
}

static bool same_ports(const struct forward *f)
{
	return f->ports.first == f->target_ports.first && f->ports.last == f->target_ports.last;
}

static bool is_shifted(const struct forward *f)
{
	return ports_count(f->target_ports) > 1 && !same_ports(f);
}

/* Parts of different networks are of one kind: these count there. */
#define KIND_INSIDE (PART_HAIRPIN + 1)

static unsigned int kind_of(const struct forward *f, unsigned int part)
{
	if (part < PART_HAIRPIN)
		return part;
	return part - PART_HAIRPIN < forward_hairpin_count(f) ? PART_HAIRPIN : KIND_INSIDE;
}

/* The network of --hairpin that the part is for. */
static const struct network *hairpin_of(const struct forward *f, unsigned int part)
{
	size_t n = part - PART_HAIRPIN, count = forward_hairpin_count(f);
	return &f->hairpin_nets->items[n < count ? n : n - count];
}

static struct network clients_of(const struct forward *f, unsigned int part)
{
	if (kind_of(f, part) == PART_HAIRPIN)
		return *hairpin_of(f, part);
	const struct network every = {0};
	return part == PART_LOCAL ? every : f->from;
}

/* Level, and FORM_CLIENTS, depend on other forwards: see below. */
static struct bucket bucket_of(const struct forward *f, unsigned int part)
{
	struct network clients = clients_of(f, part);
	bool addr = address_is_set(&f->addr);
	struct bucket b = {.family = f->family,
			   .proto = f->proto,
			   .ranges = is_range(f),
			   .masquerade = f->masquerade,
			   .snat = f->snat,
			   .prefix = clients.prefix,
			   .until = f->until};
	if (part == PART_PROPER) {
		b.group = addr ? BUCKET_ADDR : BUCKET_MAIN;
		b.stem = bucket_stem(f->ifname);
	} else if (part == PART_LOCAL) {
		b.group = addr ? BUCKET_LOCAL_ADDR : BUCKET_LOCAL;
	} else {
		b.group = addr ? BUCKET_HAIRPIN_ADDR : BUCKET_HAIRPIN;
		/* always masqueraded, whatever the forward says */
		b.masquerade = false;
		b.snat = (struct address){0};
		if (!addr)
			memcpy(b.not_in, f->ifname, sizeof(b.not_in));
	}
	bool exact = b.prefix == 0 && (b.stem == 0 || b.stem == STEM_EXACT);
	bool few = ports_count(f->ports) <= PLACE_PORTS;
	b.form = exact && (few || is_shifted(f)) ? FORM_HASH : FORM_INTERVAL;
	if (!exact && !few && is_shifted(f)) {
		b.form = FORM_PORTS;
		if (part == PART_PROPER)
			memcpy(b.ifname, f->ifname, sizeof(b.ifname));
		b.clients = part == PART_LOCAL ? f->from.addr : clients.addr;
	}
	if (f->except)
		b.data = DATA_NONE;
	else if (forward_to_self(f))
		b.data = DATA_PORT;
	else if (b.form == FORM_INTERVAL && b.ranges && same_ports(f))
		b.data = DATA_ADDR;
	else
		b.data = DATA_ENDPOINT;
	return b;
}

static bool has_part(const struct forward *f, unsigned int part)
{
	if (kind_of(f, part) == KIND_INSIDE)
		return !forward_translates_source(f) && !f->except &&
		       (!network_is_set(&f->from) ||
			network_overlap(&f->from, hairpin_of(f, part)) != OVERLAP_DISJOINT);
	return part != PART_LOCAL || f->local;
}

/* ---- the buckets of a set ---- */

/* A part of a forward, on its way to a bucket. */
struct item { /* there are as many as forwards: kept small */
	const struct forward *f;
	uint16_t level;
	uint8_t part;
	bool own; /* its SPEC has maps of its own */
};

static int compare_clients(const struct item *a, const struct item *b)
{
	struct network x = clients_of(a->f, a->part);
	struct network y = clients_of(b->f, b->part);
	return memcmp(&x, &y, sizeof(x));
}

/* Items that only ports tell apart lie together: the wider ranges of these first. */
static int compare_items(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int d = x->f->family - y->f->family;
	if (d == 0)
		d = x->f->proto - y->f->proto;
	if (d == 0)
		d = (int)kind_of(x->f, x->part) - (int)kind_of(y->f, y->part);
	if (d == 0 && x->part == PART_PROPER)
		d = strcmp(x->f->ifname, y->f->ifname);
	if (d == 0)
		d = address_compare(&x->f->addr, &y->f->addr);
	if (d == 0)
		d = compare_clients(x, y);
	if (d == 0)
		d = x->f->ports.first - y->f->ports.first;
	return d ? d : y->f->ports.last - x->f->ports.last;
}

static bool same_keys(const struct item *a, const struct item *b)
{
	return a->f->family == b->f->family && a->f->proto == b->f->proto &&
	       kind_of(a->f, a->part) == kind_of(b->f, b->part) &&
	       (a->part != PART_PROPER || strcmp(a->f->ifname, b->f->ifname) == 0) &&
	       address_equal(&a->f->addr, &b->f->addr) && compare_clients(a, b) == 0;
}

/* Of ranges that lie in each other: one more than the highest level inside. stack has room for all
 * items. False: two of them cross. */
static bool level_nested(struct item *items, size_t count, struct item **stack)
{
	size_t open = 0;
	for (size_t i = 0; i <= count; i++) {
		struct item *item = i < count ? &items[i] : NULL;
		while (open > 0 &&
		       (!item || stack[open - 1]->f->ports.last < item->f->ports.first)) {
			struct item *closed = stack[--open];
			if (open > 0 && stack[open - 1]->level <= closed->level) {
				bool twin = ports_overlap(stack[open - 1]->f->ports,
							  closed->f->ports) == OVERLAP_EQUAL;
				stack[open - 1]->level = (uint16_t)(closed->level + (twin ? 0 : 1));
			}
		}
		if (!item)
			break;
		if (open > 0 && stack[open - 1]->f->ports.last < item->f->ports.last)
			return false;
		stack[open++] = item;
	}
	return true;
}

static int compare_lengths(const void *a, const void *b)
{
	const struct item *const *x = a, *const *y = b;
	return (int)ports_count((*x)->f->ports) - (int)ports_count((*y)->f->ports);
}

/* What --hairpin and --local add may cross if both go to the same place. Then each gets a level of
 * its own beside all that it meets, the shorter range the lower one. */
static void level_crossing(struct item *items, size_t count, struct item **sorted)
{
	for (size_t i = 0; i < count; i++) {
		sorted[i] = &items[i];
		items[i].level = 0;
	}
	qsort(sorted, count, sizeof(struct item *), compare_lengths);
	for (size_t i = 1; i < count; i++)
		for (size_t k = 0; k < i; k++) {
			enum overlap o = ports_overlap(sorted[k]->f->ports, sorted[i]->f->ports);
			if (o == OVERLAP_DISJOINT)
				continue;
			uint16_t level =
				(uint16_t)(sorted[k]->level + (o == OVERLAP_EQUAL ? 0 : 1));
			if (sorted[i]->level < level)
				sorted[i]->level = level;
		}
}

/* Items with the same keys, from first to end: those of one port are told apart by it alone, and
 * need no level. */
static void set_levels(struct item *items, size_t count, struct item **spare)
{
	if (count > 1 && !level_nested(items, count, spare))
		level_crossing(items, count, spare);
}

/* By SPEC, whatever the clients. */
static int compare_specs(const void *a, const void *b)
{
	const struct item *x = *(const struct item *const *)a, *y = *(const struct item *const *)b;
	int d = x->f->family - y->f->family;
	if (d == 0)
		d = x->f->proto - y->f->proto;
	if (d == 0)
		d = strcmp(x->f->ifname, y->f->ifname);
	if (d == 0)
		d = address_compare(&x->f->addr, &y->f->addr);
	return d ? d : x->f->ports.first - y->f->ports.first;
}

static void find_own_maps(struct item *items, size_t count, struct item **spare)
{
	size_t found = 0;
	for (size_t i = 0; i < count; i++) {
		const struct forward *f = items[i].f;
		uint8_t stem = bucket_stem(f->ifname);
		if (items[i].part == PART_PROPER && network_is_set(&f->from) && !is_range(f) &&
		    (stem == 0 || stem == STEM_EXACT))
			spare[found++] = &items[i];
	}
	if (found <= PLACE_CLIENTS)
		return;
	qsort(spare, found, sizeof(struct item *), compare_specs);
	for (size_t i = 0, end; i < found; i = end) {
		for (end = i + 1; end < found && compare_specs(&spare[i], &spare[end]) == 0; end++)
			;
		for (size_t k = i; k < end; k++)
			spare[k]->own = end - i > PLACE_CLIENTS;
	}
}

static uint64_t hash_bucket(const struct bucket *b)
{
	uint64_t hash = hash_word(0, (uint64_t)b->until);
	hash = hash_word(hash, (uint64_t)b->family << 56 | (uint64_t)b->proto << 48 |
				       (uint64_t)b->group << 40 | (uint64_t)b->form << 32 |
				       (uint64_t)b->stem << 24 | (uint64_t)b->prefix << 16 |
				       (uint64_t)b->ranges << 8 | b->data);
	hash = hash_bytes(hash, &b->snat, sizeof(b->snat));
	hash = hash_bytes(hash, &b->clients, sizeof(b->clients));
	hash = hash_bytes(hash, &b->inside, sizeof(b->inside));
	hash = hash_word(hash, (uint64_t)b->level << 32 | (uint64_t)b->port << 1 | b->masquerade);
	return hash_text(hash_text(hash, b->ifname), b->not_in);
}

/* Where the bucket is in the table, or the free slot where it would be. */
static uint32_t *find_slot(const struct places *places, const struct bucket *b)
{
	size_t at = (size_t)hash_bucket(b) & places->slot_mask;
	while (places->slots[at] && bucket_compare(&places->buckets[places->slots[at] - 1], b) != 0)
		at = (at + 1) & places->slot_mask;
	return &places->slots[at];
}

/* Twice as many slots, where half of them are taken. */
static int grow_slots(struct places *places)
{
	size_t count = places->slots ? places->slot_mask + 1 : 0;
	if (places->slots && 2 * places->bucket_count < count)
		return 0;
	count = count ? 2 * count : 64;
	uint32_t *slots = calloc(count, sizeof(*slots));
	if (!slots)
		return -1;
	free(places->slots);
	places->slots = slots;
	places->slot_mask = count - 1;
	for (uint32_t i = 0; i < places->bucket_count; i++)
		*find_slot(places, &places->buckets[i]) = i + 1;
	return 0;
}

/* The index of the bucket, which is added if it is new; PLACE_NOWHERE: out of memory. last: that of
 * the item before, which mostly is the same. */
static uint32_t find_bucket(struct places *places, const struct bucket *b, uint32_t last)
{
	if (last != PLACE_NOWHERE && bucket_compare(&places->buckets[last], b) == 0)
		return last;
	if (grow_slots(places) < 0)
		return PLACE_NOWHERE;
	uint32_t *slot = find_slot(places, b);
	if (*slot)
		return *slot - 1;
	void *buckets = places->buckets;
	struct bucket *added = array_append(&buckets, &places->bucket_count, sizeof(*added));
	places->buckets = buckets;
	if (!added)
		return PLACE_NOWHERE;
	*added = *b;
	*slot = (uint32_t)places->bucket_count;
	return *slot - 1;
}

static int fill_places(const struct forwards *set, const struct item *items, size_t count,
		       struct places *out, struct err *err)
{
	uint32_t last = PLACE_NOWHERE;
	for (size_t i = 0; i < count; i++) {
		const struct item *item = &items[i];
		uint32_t first = out->first[item->f - set->items];
		struct bucket b = bucket_of(item->f, item->part);
		if (kind_of(item->f, item->part) == KIND_INSIDE) {
			/* before the bucket of the forward proper, which has been found already */
			b = out->buckets[out->of[first + PART_PROPER]];
			b.inside = *hairpin_of(item->f, item->part);
		} else if (b.ranges) {
			b.level = item->level;
		}
		if (item->own) {
			b.form = FORM_CLIENTS;
			memcpy(b.ifname, item->f->ifname, sizeof(b.ifname));
			b.addr = item->f->addr;
			b.port = item->f->ports.first;
		}
		last = find_bucket(out, &b, last);
		if (last == PLACE_NOWHERE)
			return err_memory(err);
		out->of[first + item->part] = last;
	}
	return 0;
}

int place_all(const struct forwards *set, const uint16_t *levels, struct places *out,
	      struct err *err)
{
	struct item *items = NULL, **spare = NULL;
	size_t count = 0;
	int result = -1;
	for (size_t i = 0; i < set->count; i++)
		count += place_parts(&set->items[i]);
	*out = (struct places){.of = reallocarray(NULL, count + 1, sizeof(*out->of)),
			       .first = reallocarray(NULL, set->count + 1, sizeof(*out->first))};
	items = calloc(count + 1, sizeof(*items));
	spare = calloc(count + 1, sizeof(struct item *));
	if (!items || !spare || !out->of || !out->first) {
		err_memory(err);
		goto out;
	}
	count = 0;
	for (uint32_t i = 0, part = 0; i < set->count; i++) {
		const struct forward *f = &set->items[i];
		out->first[i] = part;
		for (unsigned int p = 0; p < place_parts(f); p++) {
			out->of[part++] = PLACE_NOWHERE;
			if (has_part(f, p))
				items[count++] = (struct item){
					.f = f,
					.part = (uint8_t)p,
					.level = levels && p == PART_PROPER ? levels[i] : 0};
		}
	}
	qsort(items, count, sizeof(*items), compare_items);
	for (size_t i = 0, end; i < count; i = end) {
		for (end = i + 1; end < count && same_keys(&items[i], &items[end]); end++)
			;
		set_levels(items + i, end - i, spare);
	}
	find_own_maps(items, count, spare);
	result = fill_places(set, items, count, out, err);
out:
	free(items);
	free(spare);
	if (result < 0)
		place_free(out);
	return result;
}

void place_free(struct places *places)
{
	free(places->buckets);
	free(places->of);
	free(places->first);
	free(places->slots);
	*places = (struct places){0};
}

const struct bucket *place_bucket(const struct places *places, size_t i, unsigned int part)
{
	uint32_t bucket = places->of[places->first[i] + part];
	return bucket == PLACE_NOWHERE ? NULL : &places->buckets[bucket];
}

/* ---- elements ---- */

static bool has_port_each(const struct bucket *bucket, const struct forward *f)
{
	return bucket_has_chunks(bucket) || is_shifted(f);
}

size_t place_count(const struct bucket *bucket, const struct forward *f)
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
	if (is_range(f) && has_port_each(bucket, f)) {
		end = ports_put(end, f->ports);
		if (!same_ports(f) && !f->except)
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
	struct bucket b = bucket_of(f, PART_PROPER);
	return !put_comment(&b, f, comment);
}

void place_element(const struct bucket *bucket, const struct forward *f, unsigned int part,
		   size_t n, struct element *out)
{
	struct key_shape key = shape_key(bucket);
	struct network clients = clients_of(f, part);
	bool each = has_port_each(bucket, f);
	uint16_t port = (uint16_t)(f->ports.first + n);
	unsigned int addr = address_bits(f->family) / 8;
	*out = (struct element){.bucket = *bucket, .key_length = key.length};
	if (bucket_has_chunks(bucket))
		out->bucket.chunk = (uint8_t)(port / BUCKET_CHUNK);
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
	if (bucket->form != FORM_INTERVAL)
		memset(out->key_end, 0, sizeof(out->key_end));
	out->data_length = shape_data_length(bucket);
	uint16_t target_port = forward_target_port(f, port);
	if (bucket->data == DATA_ENDPOINT || bucket->data == DATA_ADDR)
		memcpy(out->data, f->target.bytes, addr);
	bool named = bucket->data == DATA_PORT && bucket_names_address(bucket);
	if (named)
		memcpy(out->data, f->addr.bytes, addr);
	if (bucket->data == DATA_ENDPOINT || named)
		put_port(target_port, out->data + addr);
	else if (bucket->data == DATA_PORT)
		put_port(target_port, out->data);
	if (part == PART_PROPER)
		put_comment(bucket, f, out->comment);
	else if (kind_of(f, part) == PART_HAIRPIN && has_open_list(f))
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

bool place_read(const struct element *e, struct forward *out, size_t *number, bool *hairpin_open)
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
	struct bucket b = bucket_of(&f, PART_PROPER);
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
	place_element(&b, &written, PART_PROPER, *number, &again);
	if (*hairpin_open)
		strcpy(again.comment, e->comment);
	if (!same_element(e, &again))
		return false;
	*out = f;
	return true;
}

bool place_read_hairpin(const struct element *e, const struct forward *f, struct network *net)
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
	struct bucket b = bucket_of(&tried, PART_HAIRPIN);
	b.level = e->bucket.level;
	place_element(&b, &tried, PART_HAIRPIN, 0, &again);
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
