/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening and reading the tables that are there. */
#include <stdlib.h>

#include "host/interfaces.h"
#include "xtables/older.h"
#include "xtables/snapshot.h"

const enum family snapshot_families[FAMILIES] = {FAMILY_IPV4, FAMILY_IPV6};

static int read_table(struct snapshot *s, int f, int t, struct err *err)
{
	enum family family = snapshot_families[f];
	unsigned int there;
	if (tables_there(family, &there, err) < 0)
		return -1;
	if (there & 1U << t) {
		s->tables[f][t] = tables_open(family, (enum table)t, err);
		/* if /proc does not list the tables, a missing one is not an error */
		if (!s->tables[f][t] && (there != TABLES_UNKNOWN || err->kind != ERR_UNSUPPORTED))
			return -1;
	}
	if (s->tables[f][t])
		return tables_read(s->tables[f][t], &s->states[f][t], err);
	return tables_read_none(family, (enum table)t, &s->states[f][t], err);
}

static void close_table(struct snapshot *s, int f, int t)
{
	state_free(&s->states[f][t]);
	tables_close(s->tables[f][t]);
	s->tables[f][t] = NULL;
}

/* The tables of one family. */
static int read_family(struct snapshot *s, int f, enum reading_depth depth, struct err *err)
{
	if (read_table(s, f, TABLE_NAT, err) < 0 ||
	    forwards_take_all(&s->base.forwards, &s->states[f][TABLE_NAT].forwards, err) < 0)
		return -1;
	if (depth == READING_FORWARDS) {
		close_table(s, f, TABLE_NAT);
		return 0;
	}
	if (read_table(s, f, TABLE_FILTER, err) < 0)
		return -1;
	return older_adopt(&s->states[f][TABLE_FILTER], &s->base.forwards, err);
}

static bool has_guests(const struct snapshot *s)
{
	for (int f = 0; f < FAMILIES; f++)
		for (enum group g = GROUP_GUEST_FORWARD; group_is_guest(g); g++)
			if (state_find_jump(&s->states[f][TABLE_FILTER], g))
				return true;
	return false;
}

int snapshot_read(enum reading_depth depth, struct snapshot *out, struct err *err)
{
	*out = (struct snapshot){0};
	for (int f = 0; f < FAMILIES; f++)
		if (read_family(out, f, depth, err) < 0)
			goto failed;
	if (depth == READING_ALL && host_own_addresses(&out->here, err) < 0)
		goto failed;
	out->base.used = out->base.forwards.count > 0;
	out->base.guests = has_guests(out);
	if (forwards_sort(&out->base.forwards, err) == 0)
		return 0;
failed:
	snapshot_free(out);
	return -1;
}

void snapshot_free(struct snapshot *s)
{
	for (int f = 0; f < FAMILIES; f++)
		for (int t = 0; t < TABLES; t++)
			close_table(s, f, t);
	forwards_free(&s->base.forwards);
	free(s->here.items);
	*s = (struct snapshot){0};
}

bool snapshot_any(void)
{
	for (int f = 0; f < FAMILIES; f++) {
		struct err ignored;
		unsigned int there;
		if (tables_there(snapshot_families[f], &there, &ignored) < 0 ||
		    there & ((1U << TABLES) - 1))
			return true;
	}
	return false;
}
