/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening and reading the tables that are there. */
#include "xtables/snapshot.h"

const enum family snapshot_families[FAMILIES] = {FAMILY_IPV4, FAMILY_IPV6};

static int read_table(struct snapshot *s, int f, int t, unsigned int there, struct err *err)
{
	enum family family = snapshot_families[f];
	bool known = there != TABLES_UNKNOWN;
	if (there & 1U << t) {
		s->tables[f][t] = tables_open(family, (enum table)t, err);
		/* if /proc does not list the tables, a missing one is not an error */
		if (!s->tables[f][t] && (known || err->kind != ERR_UNSUPPORTED))
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

int snapshot_read(enum reading_depth depth, struct snapshot *out, struct err *err)
{
	struct snapshot s = {0};
	int result = 0;
	for (int f = 0; result == 0 && f < FAMILIES; f++) {
		unsigned int there = tables_there(snapshot_families[f]);
		result = read_table(&s, f, TABLE_NAT, there, err);
		if (result == 0)
			result = forwards_take_all(&s.base.forwards,
						   &s.states[f][TABLE_NAT].forwards, err);
		if (depth == READING_FORWARDS)
			close_table(&s, f, TABLE_NAT);
		else if (result == 0)
			result = read_table(&s, f, TABLE_FILTER, there, err);
	}
	if (result == 0)
		result = forwards_sort(&s.base.forwards, err);
	if (result < 0)
		snapshot_free(&s);
	*out = s;
	return result;
}

void snapshot_free(struct snapshot *s)
{
	for (int f = 0; f < FAMILIES; f++)
		for (int t = 0; t < TABLES; t++)
			close_table(s, f, t);
	forwards_free(&s->base.forwards);
	*s = (struct snapshot){0};
}

bool snapshot_any(void)
{
	for (int f = 0; f < FAMILIES; f++)
		if (tables_there(snapshot_families[f]))
			return true;
	return false;
}
