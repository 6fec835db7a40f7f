/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A set of ranges of one field holds their first keys and, as elements of their own, the keys
 * behind their last ones. One of several fields holds first and last together.
 */
#include <stdlib.h>
#include <string.h>
#include <endian.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "nftables/other_set.h"
#include "nftables/wire.h"

static int put_bytes(struct other_set *set, const struct nlattr *value, size_t room, uint32_t *at)
{
	size_t length = value ? mnl_attr_get_payload_len(value) : 0;
	if (!set->bytes || set->used + room > set->size) {
		size_t size = (set->used + room) * 2 + OTHER_KEY_MAX;
		uint8_t *bytes = realloc(set->bytes, size);
		if (!bytes)
			return -1;
		set->bytes = bytes;
		set->size = size;
	}
	*at = (uint32_t)set->used;
	memset(set->bytes + set->used, 0, room);
	if (value)
		memcpy(set->bytes + set->used, mnl_attr_get_payload(value),
		       length < room ? length : room);
	set->used += room;
	return 0;
}

static size_t key_room(const struct other_set *set)
{
	size_t room = ((size_t)set->key_length + 3) / 4 * 4;
	return room < OTHER_KEY_MAX ? room : OTHER_KEY_MAX;
}

static const struct nlattr *value_of(const struct nlattr *nest)
{
	return wire_nest(nest).of[NFTA_DATA_VALUE];
}

/* One expression, or since Linux 5.10 a list of them. */
static void read_counter(const struct wire_attrs *attrs, struct other_element *e)
{
	const struct nlattr *expr = attrs->of[NFTA_SET_ELEM_EXPR];
	if (!expr && attrs->of[NFTA_SET_ELEM_EXPRESSIONS])
		expr = wire_nest(attrs->of[NFTA_SET_ELEM_EXPRESSIONS]).of[NFTA_LIST_ELEM];
	struct wire_attrs named = wire_nest(expr);
	const char *name = wire_string(named.of[NFTA_EXPR_NAME]);
	if (!name || strcmp(name, "counter") != 0)
		return;
	struct wire_attrs data = wire_nest(named.of[NFTA_EXPR_DATA]);
	e->counted = true;
	e->packets = wire_long(data.of[NFTA_COUNTER_PACKETS]);
	e->bytes = wire_long(data.of[NFTA_COUNTER_BYTES]);
}

static void read_verdict(const struct wire_attrs *attrs, struct other_element *e,
			 struct other_rules *texts)
{
	struct wire_attrs data = wire_nest(attrs->of[NFTA_SET_ELEM_DATA]);
	e->verdict = OTHER_NO_VERDICT;
	if (!data.of[NFTA_DATA_VERDICT])
		return;
	struct wire_attrs verdict = wire_nest(data.of[NFTA_DATA_VERDICT]);
	const char *chain = wire_string(verdict.of[NFTA_VERDICT_CHAIN]);
	e->verdict = (int32_t)wire_number_of(&verdict, NFTA_VERDICT_CODE);
	e->chain = chain ? other_rules_text(texts, chain) : NULL;
}

int other_set_add(struct other_set *set, const struct nlattr *item, struct other_rules *texts)
{
	struct wire_attrs attrs = wire_nest(item);
	uint32_t flags = wire_number_of(&attrs, NFTA_SET_ELEM_FLAGS);
	const struct nlattr *data = value_of(attrs.of[NFTA_SET_ELEM_DATA]);
	const struct nlattr *last = value_of(attrs.of[NFTA_SET_ELEM_KEY_END]);
	struct other_element e = {.end = flags & NFT_SET_ELEM_INTERVAL_END,
				  .all = flags & NFT_SET_ELEM_CATCHALL};
	char comment[RULE_COMMENT_MAX];
	if (put_bytes(set, value_of(attrs.of[NFTA_SET_ELEM_KEY]), key_room(set), &e.first) < 0)
		return -1;
	e.last = e.first;
	if (last && put_bytes(set, last, key_room(set), &e.last) < 0)
		return -1;
	size_t length = data ? mnl_attr_get_payload_len(data) : 0;
	if (length && put_bytes(set, data, length, &e.data) < 0)
		return -1;
	e.data_length = (uint8_t)length;
	read_counter(&attrs, &e);
	read_verdict(&attrs, &e, texts);
	wire_read_comment(attrs.of[NFTA_SET_ELEM_USERDATA], comment);
	if (*comment)
		e.comment = other_rules_text(texts, comment);
	if (set->count == set->room) {
		size_t room = set->room ? set->room * 2 : 16;
		void *items = reallocarray(set->items, room, sizeof(*set->items));
		if (!items)
			return -1;
		set->items = items;
		set->room = room;
	}
	set->items[set->count++] = e;
	return 0;
}

struct ordered { /* an element, for sorting */
	const uint8_t *key;
	size_t length;
	const struct other_element *e;
};

/* What ends a range comes before what begins one at the same key. */
static int compare_keys(const void *a, const void *b)
{
	const struct ordered *x = a, *y = b;
	int d = memcmp(x->key, y->key, x->length);
	return d ? d : (int)y->e->end - (int)x->e->end;
}

/* The key before that one, in a field of so many bytes. */
static void step_back(uint8_t *key, size_t length)
{
	while (length > 0 && key[--length]-- == 0)
		;
}

static int finish_range(struct other_set *set, const struct ordered *o, const struct ordered *next,
			struct other_element *out)
{
	uint8_t last[OTHER_KEY_MAX] = {0};
	size_t room = key_room(set), length = set->key_length < room ? set->key_length : room;
	*out = *o->e;
	memset(last, 0xff, length);
	if (next) {
		memcpy(last, next->key, length);
		step_back(last, length);
	}
	if (put_bytes(set, NULL, room, &out->last) < 0)
		return -1;
	memcpy(set->bytes + out->last, last, length);
	return 0;
}

/* Room in the bytes is made before, so that the pointers to keys stay good. */
static int reserve_bytes(struct other_set *set)
{
	size_t size = set->used + (set->count + 1) * key_room(set);
	if (size <= set->size)
		return 0;
	uint8_t *bytes = realloc(set->bytes, size);
	if (!bytes)
		return -1;
	set->bytes = bytes;
	set->size = size;
	return 0;
}

/* Ranges of one field: what only ends one is left out. */
static bool has_ends(const struct other_set *set)
{
	return set->flags & NFT_SET_INTERVAL && !(set->flags & NFT_SET_CONCAT);
}

struct arranging {
	struct ordered *order; /* by key */
	size_t count;
	struct other_element *made;
	size_t made_count;
};

static int join_ranges(struct other_set *set, struct arranging *a)
{
	const struct ordered *order = a->order;
	for (size_t i = 0; i < a->count; i++) {
		size_t next = i + 1;
		if (order[i].e->end)
			continue;
		while (next < a->count && memcmp(order[next].key, order[i].key, key_room(set)) == 0)
			next++;
		if (finish_range(set, &order[i], next < a->count ? &order[next] : NULL,
				 &a->made[a->made_count++]) < 0)
			return -1;
	}
	return 0;
}

/* The kernel's order of a hash is another one each time. */
static int order_elements(struct other_set *set, struct arranging *a)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct other_element *e = &set->items[i];
		if (e->all)
			a->made[a->made_count++] = *e;
		else
			a->order[a->count++] =
				(struct ordered){set->bytes + e->first, key_room(set), e};
	}
	qsort(a->order, a->count, sizeof(*a->order), compare_keys);
	if (has_ends(set))
		return join_ranges(set, a);
	for (size_t i = 0; i < a->count; i++)
		a->made[a->made_count++] = *a->order[i].e;
	return 0;
}

int other_set_finish(struct other_set *set)
{
	set->read = true;
	if (set->count == 0)
		return 0;
	struct arranging a = {.order = calloc(set->count, sizeof(*a.order)),
			      .made = calloc(set->count, sizeof(*a.made))};
	bool room = a.order && a.made && (!has_ends(set) || reserve_bytes(set) == 0);
	int result = room ? order_elements(set, &a) : -1;
	free(a.order);
	if (result < 0) {
		free(a.made);
		return -1;
	}
	free(set->items);
	set->items = a.made;
	set->count = set->room = a.made_count;
	return 0;
}

void other_set_free(struct other_set *set)
{
	free(set->items);
	free(set->bytes);
	*set = (struct other_set){0};
}
