/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A million connections take 20 bytes each here, and a third more for quick finding. They are found
 * by conntrack's number, which two of a million may share, and 16 bits of a hash of their
 * addresses. The table is cut into segments, so that growing needs little memory for the copy.
 */
#include <stdlib.h>
#include <string.h>

#include "conns/traffic.h"
#include "model/hash.h"

#define COUNTER_BYTES 5 /* a tebibyte between two looks at one connection */
#define COUNTER_RANGE (UINT64_C(1) << (8 * COUNTER_BYTES))
#define ENTRY_NOBODY TRAFFIC_OWNERS_MAX
#define STAMPS 32

enum entry_state {
	ENTRY_FREE, /* none is here */
	ENTRY_LIVE,
	ENTRY_GONE, /* the last whole pass did not show it, and its event has not come */
	ENTRY_DEAD, /* its event came; what is still told of it is late, and means nothing */
};

struct traffic_entry {
	uint32_t id;
	uint32_t owner : 24;
	uint32_t state : 3;
	uint32_t stamp : 5; /* gone: when (see age_of); else in which pass it was told of last */
	uint16_t check;
	uint8_t in[COUNTER_BYTES], out[COUNTER_BYTES]; /* the kernel's counters, as told last */
};
_Static_assert(sizeof(struct traffic_entry) == 20, "what a connection costs");

/* ---- counters ---- */

static uint64_t get_counter(const uint8_t counter[COUNTER_BYTES])
{
	uint64_t value = 0;
	for (size_t i = 0; i < COUNTER_BYTES; i++)
		value = value << 8 | counter[i];
	return value;
}

static void put_counter(uint8_t counter[COUNTER_BYTES], uint64_t value)
{
	for (size_t i = COUNTER_BYTES; i-- > 0; value >>= 8)
		counter[i] = (uint8_t)value;
}

/* Set it to value, and return what came since it was set last. Somebody may have set the kernel's
 * counters to zero (conntrack -L -z): then it is all that there is. */
static uint64_t advance(uint8_t counter[COUNTER_BYTES], uint64_t value)
{
	uint64_t more = (value - get_counter(counter)) % COUNTER_RANGE;
	put_counter(counter, value);
	return more < COUNTER_RANGE / 2 ? more : value % COUNTER_RANGE;
}

/* ---- the table ---- */

struct key {
	uint32_t id;
	uint16_t check;
};

static struct key key_of(const struct connection *c)
{
	uint64_t hash = hash_word(c->proto, (uint64_t)c->client.port << 16 | c->via.port);
	hash = hash_bytes(hash, c->client.addr.bytes, sizeof(c->client.addr.bytes));
	hash = hash_bytes(hash, c->via.addr.bytes, sizeof(c->via.addr.bytes));
	return (struct key){c->id, (uint16_t)(hash >> 24)};
}

static uint64_t place_of(struct key key)
{
	return hash_word(key.check, key.id);
}

static size_t segment_number(struct key key)
{
	return (place_of(key) >> 32) % TRAFFIC_SEGMENTS;
}

/* The entry of that key, or the free one where it belongs; the segment has one at the least. */
static struct traffic_entry *find_entry(const struct traffic_segment *segment, struct key key)
{
	uint32_t at = (uint32_t)((place_of(key) & UINT32_MAX) * segment->room >> 32);
	for (;; at = at + 1 < segment->room ? at + 1 : 0) {
		struct traffic_entry *entry = &segment->entries[at];
		if (entry->state == ENTRY_FREE ||
		    (entry->id == key.id && entry->check == key.check))
			return entry;
	}
}

/* NULL: there is none. */
static struct traffic_entry *known_entry(const struct traffic_segment *segment, struct key key)
{
	struct traffic_entry *entry = segment->room ? find_entry(segment, key) : NULL;
	return entry && entry->state != ENTRY_FREE ? entry : NULL;
}

/* Give the segment another size, and leave out free entries. */
static int resize(struct traffic_segment *segment, uint32_t room, struct err *err)
{
	struct traffic_segment other = {.room = room, .used = segment->used};
	other.entries = calloc(room, sizeof(*other.entries));
	if (!other.entries)
		return err_memory(err);
	for (uint32_t i = 0; i < segment->room; i++) {
		const struct traffic_entry *entry = &segment->entries[i];
		if (entry->state != ENTRY_FREE)
			*find_entry(&other, (struct key){entry->id, entry->check}) = *entry;
	}
	free(segment->entries);
	*segment = other;
	return 0; /* analyzer: no leak, traffic_free frees them */
}

/* Four fifths full at the most, and two thirds after growing. */
static int make_room(struct traffic_segment *segment, struct err *err)
{
	uint32_t used = segment->used + 1;
	if (used <= segment->room / 5 * 4)
		return 0;
	return resize(segment, used + used / 2 + 8, err);
}

/* ---- one connection ---- */

static struct traffic_sum *sum_of(struct traffic *t, const struct traffic_entry *entry)
{
	return &t->sums[entry->owner == ENTRY_NOBODY ? t->count : entry->owner];
}

static uint32_t owner_of(const struct traffic *t, const struct connection *c)
{
	uint32_t owner = t->owner(t->context, c);
	return owner == TRAFFIC_NOBODY ? ENTRY_NOBODY : owner;
}

static bool is_there(const struct traffic_entry *entry)
{
	return entry && (entry->state == ENTRY_LIVE || entry->state == ENTRY_GONE);
}

static void set_live(struct traffic *t, struct traffic_entry *entry)
{
	if (entry->state != ENTRY_LIVE)
		sum_of(t, entry)->live++;
	entry->state = ENTRY_LIVE;
	entry->stamp = t->pass % STAMPS;
}

/* Count what the connection carried since it was told of last. */
static void count_bytes(struct traffic *t, struct traffic_entry *entry, const struct connection *c)
{
	if (!c->counted)
		return;
	sum_of(t, entry)->in += advance(entry->in, c->bytes_in);
	sum_of(t, entry)->out += advance(entry->out, c->bytes_out);
}

/* A new entry, as of a connection that has carried nothing; its state is yet to be set. */
static struct traffic_entry *add_entry(struct traffic *t, const struct connection *c,
				       struct err *err)
{
	struct key key = key_of(c);
	struct traffic_segment *segment = &t->segments[segment_number(key)];
	struct traffic_entry *entry = known_entry(segment, key);
	uint32_t owner = owner_of(t, c);
	if (!entry) {
		if (make_room(segment, err) < 0)
			return NULL;
		entry = find_entry(segment, key);
		segment->used++;
	}
	*entry = (struct traffic_entry){
		.id = key.id, .check = key.check, .owner = owner & ENTRY_NOBODY};
	return entry;
}

/* An event says that it began. A pass may have shown it first. */
static int take_new(struct traffic *t, struct traffic_entry *entry, const struct connection *c,
		    struct err *err)
{
	if (!is_there(entry))
		entry = add_entry(t, c, err);
	if (!entry)
		return -1;
	set_live(t, entry);
	sum_of(t, entry)->begun++;
	return 0;
}

/* The entry stays for a while: a part of the table that was read before may still show it. */
static int take_end(struct traffic *t, struct traffic_entry *entry, const struct connection *c,
		    struct err *err)
{
	if (is_there(entry)) {
		count_bytes(t, entry, c);
		if (entry->state == ENTRY_LIVE)
			sum_of(t, entry)->live--;
	} else {
		entry = add_entry(t, c, err);
	}
	if (!entry)
		return -1;
	entry->state = ENTRY_DEAD;
	entry->stamp = t->pass % STAMPS;
	return 0;
}

/* The table has one that no event announced: it was there before the account, or its event was
 * lost. */
static int take_unknown(struct traffic *t, const struct connection *c, struct err *err)
{
	struct traffic_entry *entry = add_entry(t, c, err);
	if (!entry)
		return -1;
	set_live(t, entry);
	if (t->recovering) {
		sum_of(t, entry)->begun++;
		count_bytes(t, entry, c);
	} else if (c->counted) {
		put_counter(entry->in, c->bytes_in);
		put_counter(entry->out, c->bytes_out);
	}
	return 0;
}

/* Forwards have changed: perhaps it runs through another one. */
static void reassign(struct traffic *t, struct traffic_entry *entry, const struct connection *c)
{
	uint32_t owner = owner_of(t, c);
	if (owner == entry->owner)
		return;
	if (entry->state == ENTRY_LIVE)
		sum_of(t, entry)->live--;
	entry->owner = owner & ENTRY_NOBODY;
	if (entry->state == ENTRY_LIVE)
		sum_of(t, entry)->live++;
}

int traffic_take(struct traffic *t, const struct connection *c, struct err *err)
{
	struct key key = key_of(c);
	struct traffic_entry *entry = known_entry(&t->segments[segment_number(key)], key);
	if (c->event == CONNECTION_NEW)
		return take_new(t, entry, c, err);
	if (c->event == CONNECTION_DESTROY)
		return take_end(t, entry, c, err);
	if (!entry)
		return take_unknown(t, c, err);
	if (entry->state == ENTRY_DEAD)
		return 0;
	if (t->moving)
		reassign(t, entry, c);
	count_bytes(t, entry, c);
	set_live(t, entry);
	return 0;
}

uint32_t traffic_owner(const struct traffic *t, const struct connection *c)
{
	struct key key = key_of(c);
	const struct traffic_entry *entry = known_entry(&t->segments[segment_number(key)], key);
	return is_there(entry) && entry->owner != ENTRY_NOBODY ? entry->owner : TRAFFIC_NOBODY;
}

/* ---- passes ---- */

void traffic_lost(struct traffic *t)
{
	t->lost = true;
}

void traffic_begin_pass(struct traffic *t)
{
	t->pass++;
	t->recovering = t->lost;
	t->moving = t->reassign;
	t->lost = t->reassign = false;
}

/* How long an entry has been gone, in steps of eight seconds. The kernel looks for entries that
 * have timed out every two minutes at the least. */
#define AGE_STEP INT64_C(8000000000)
#define AGE_MAX 23

static unsigned int age_stamp(int64_t now)
{
	return (unsigned int)(now / AGE_STEP % STAMPS);
}

/* What the end of a pass means for the entry; false: nothing more will be told of it. */
static bool keep_entry(struct traffic *t, struct traffic_entry *entry, int64_t now)
{
	bool told = entry->stamp == t->pass % STAMPS;
	if (entry->state == ENTRY_DEAD)
		return told;
	if (entry->state == ENTRY_GONE)
		return (age_stamp(now) + STAMPS - entry->stamp) % STAMPS < AGE_MAX;
	if (told)
		return true;
	sum_of(t, entry)->live--;
	entry->state = ENTRY_GONE;
	entry->stamp = age_stamp(now) % STAMPS;
	return true;
}

static int sweep(struct traffic *t, struct traffic_segment *segment, int64_t now, struct err *err)
{
	uint32_t used = segment->used;
	for (uint32_t i = 0; i < segment->room; i++) {
		struct traffic_entry *entry = &segment->entries[i];
		if (entry->state == ENTRY_FREE || keep_entry(t, entry, now))
			continue;
		entry->state = ENTRY_FREE;
		segment->used--;
	}
	/* an entry behind one that is free now would not be found */
	return segment->used == used ? 0
				     : resize(segment, segment->used + segment->used / 2 + 8, err);
}

/* A number a second of so many in that time; what is too large for 64 bits is not met with. */
static uint64_t rate(uint64_t many, int64_t nanoseconds, uint64_t unit)
{
	double seconds = (double)nanoseconds / 1e9;
	return nanoseconds > 0 ? (uint64_t)((double)many * (double)unit / seconds + 0.5) : 0;
}

static void fill_rates(struct traffic *t)
{
	for (size_t i = 0; i <= t->count; i++) {
		struct traffic_sum *sum = &t->sums[i];
		sum->in_rate = rate(sum->in - sum->in_before, t->interval, 1);
		sum->out_rate = rate(sum->out - sum->out_before, t->interval, 1);
		sum->in_before = sum->in;
		sum->out_before = sum->out;
	}
}

int traffic_end_pass(struct traffic *t, int64_t now, struct err *err)
{
	for (size_t i = 0; i < TRAFFIC_SEGMENTS; i++)
		if (sweep(t, &t->segments[i], now, err) < 0)
			return -1;
	t->interval = t->pass_end ? now - t->pass_end : 0;
	t->pass_end = now;
	fill_rates(t);
	return 0;
}

/* ---- history ---- */

#define MANTISSA_BITS 10
#define MANTISSA_RANGE (1U << MANTISSA_BITS)

/* A rate in 16 bits: the six upper ones say by how many bits the lower ones are shifted. */
static uint16_t pack_rate(uint64_t value)
{
	unsigned int shift = 0;
	for (; value >= MANTISSA_RANGE; value >>= 1)
		shift++;
	return (uint16_t)(shift << MANTISSA_BITS | value);
}

static uint64_t unpack_rate(uint16_t packed)
{
	return (uint64_t)(packed % MANTISSA_RANGE) << (packed >> MANTISSA_BITS);
}

/* Each second since the last one has the rate of now; a second that had one has the higher one. */
static void fill_history(struct traffic *t, int64_t now)
{
	int64_t second = now / 1000000000, begin = t->second;
	if (!t->history)
		return;
	if (begin < second - TRAFFIC_HISTORY)
		begin = second - TRAFFIC_HISTORY;
	for (size_t i = 0; i <= t->count; i++) {
		uint16_t rate = pack_rate(t->sums[i].in_rate + t->sums[i].out_rate);
		uint16_t *last = &t->history[i][second % TRAFFIC_HISTORY];
		if (begin == second && *last < rate)
			*last = rate;
		for (int64_t s = begin + 1; s <= second; s++)
			t->history[i][s % TRAFFIC_HISTORY] = rate;
	}
	t->second = second;
}

void traffic_history(const struct traffic *t, size_t i, uint64_t out[TRAFFIC_HISTORY])
{
	for (int64_t k = 0; k < TRAFFIC_HISTORY; k++)
		out[k] = t->history
				 ? unpack_rate(t->history[i][(t->second + 1 + k) % TRAFFIC_HISTORY])
				 : 0;
}

void traffic_tick(struct traffic *t, int64_t now)
{
	fill_history(t, now);
	for (size_t i = 0; i <= t->count; i++) {
		struct traffic_sum *sum = &t->sums[i];
		sum->new_rate =
			t->tick ? rate(sum->begun - sum->begun_before, now - t->tick, 1000) : 0;
		sum->begun_before = sum->begun;
	}
	t->tick = now;
}

/* ---- all of it ---- */

int traffic_init(struct traffic *t, size_t forwards, struct err *err)
{
	if (forwards >= TRAFFIC_OWNERS_MAX)
		return err_set(err, ERR_FAILED, "%zu forwards are too many to keep an account of",
			       forwards);
	t->sums = calloc(forwards + 1, sizeof(*t->sums));
	t->count = forwards;
	if (t->keeps_history)
		t->history = calloc(forwards + 1, sizeof(*t->history));
	return t->sums && (t->history || !t->keeps_history) ? 0 : err_memory(err);
}

void traffic_free(struct traffic *t)
{
	for (size_t i = 0; i < TRAFFIC_SEGMENTS; i++)
		free(t->segments[i].entries);
	free(t->sums);
	free(t->history);
	*t = (struct traffic){.owner = t->owner, .context = t->context};
}

/* The live connections of a forward that is no longer there run through none now. */
static void move_entries(struct traffic *t, struct traffic_segment *segment, const uint32_t *to)
{
	for (uint32_t i = 0; i < segment->room; i++) {
		struct traffic_entry *entry = &segment->entries[i];
		if (entry->state != ENTRY_FREE && entry->owner != ENTRY_NOBODY)
			entry->owner = to[entry->owner] & ENTRY_NOBODY;
		if (entry->state == ENTRY_LIVE)
			sum_of(t, entry)->live++;
	}
}

int traffic_move(struct traffic *t, const uint32_t *to, size_t forwards, struct err *err)
{
	struct traffic other = {.keeps_history = t->keeps_history};
	if (traffic_init(&other, forwards, err) < 0) {
		traffic_free(&other);
		return -1;
	}
	for (size_t i = 0; i <= t->count; i++) {
		uint32_t into = i < t->count ? to[i] : (uint32_t)forwards;
		if (into == TRAFFIC_NOBODY)
			continue;
		other.sums[into] = t->sums[i];
		if (t->history && other.history)
			memcpy(other.history[into], t->history[i], sizeof(*t->history));
	}
	for (size_t i = 0; i <= forwards; i++)
		other.sums[i].live = 0;
	free(t->sums);
	free(t->history);
	t->sums = other.sums;
	t->history = other.history;
	t->count = forwards;
	for (size_t i = 0; i < TRAFFIC_SEGMENTS; i++)
		move_entries(t, &t->segments[i], to);
	t->reassign = true;
	return 0;
}
