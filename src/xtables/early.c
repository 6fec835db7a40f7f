/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Chains of the tables raw, mangle and security. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xtables/early.h"
#include "xtables/snapshot.h"
#include "xtables/tables.h"

/* The rules are early's afterwards. */
static int give_set(struct foreign *from, struct early *out, struct err *err)
{
	struct filter_chain *chains = calloc(from->count + 1, sizeof(*chains));
	if (!chains)
		return err_memory(err);
	for (size_t i = 0; i < from->count; i++) {
		struct foreign_chain *c = &from->chains[i];
		chains[i] = (struct filter_chain){c->rules, c->count, c->drops};
		c->rules = NULL;
	}
	return early_add_set(out, chains, from->count, err);
}

static const struct place {
	const char *chain;
	enum table table;
	enum early_way way;
} places[] = {
	{"PREROUTING", TABLE_RAW, EARLY_ALL},     {"PREROUTING", TABLE_MANGLE, EARLY_ALL},
	{"FORWARD", TABLE_MANGLE, EARLY_THROUGH}, {"FORWARD", TABLE_SECURITY, EARLY_THROUGH},
	{"INPUT", TABLE_MANGLE, EARLY_IN},        {"INPUT", TABLE_SECURITY, EARLY_IN},
	{"OUTPUT", TABLE_RAW, EARLY_OUT},         {"OUTPUT", TABLE_MANGLE, EARLY_OUT},
	{"OUTPUT", TABLE_SECURITY, EARLY_OUT},    {"POSTROUTING", TABLE_MANGLE, EARLY_POST},
};

/* nat OUTPUT comes behind mangle. */
static bool is_translated(const struct place *place)
{
	return place->way != EARLY_ALL &&
	       (place->way != EARLY_OUT || place->table == TABLE_SECURITY);
}

struct early_table {
	enum family family;
	enum table table;
	struct foreign foreign; /* its chains */
};

/* The base chain of that place, if the table has it. */
static int add_base(const struct early_table *t, const struct place *place, struct early *out,
		    struct err *err)
{
	const struct rule_place where = {.table = table_name(place->table),
					 .chain = place->chain,
					 .family = t->family,
					 .legacy = true};
	struct early_base base = {.chain = foreign_find(&t->foreign, place->chain),
				  .family = t->family,
				  .translated = is_translated(place),
				  .way = place->way,
				  .zones = place->table == TABLE_RAW};
	if (place->table != t->table || base.chain == t->foreign.count)
		return 0;
	rule_place_format_chain(&where, base.where);
	snprintf(base.tool, sizeof(base.tool), "%s-legacy -t %s",
		 t->family == FAMILY_IPV6 ? "ip6tables" : "iptables", table_name(place->table));
	strcpy(base.chain_of, place->chain);
	return early_add_base(out, &base, err);
}

static int read_table(enum family family, enum table table, struct early *out, struct err *err)
{
	struct early_table early = {.family = family, .table = table};
	struct tables *t = tables_open(family, table, err);
	/* forwards of nf_tables are checked by somebody who may not read these tables */
	if (!t)
		return err->kind == ERR_UNSUPPORTED || err->kind == ERR_PERMISSION ? 0 : -1;
	int result = tables_read_foreign(t, &early.foreign, err);
	if (result == 0)
		result = give_set(&early.foreign, out, err);
	for (size_t i = 0; result == 0 && i < sizeof(places) / sizeof(places[0]); i++)
		result = add_base(&early, &places[i], out, err);
	foreign_free(&early.foreign);
	tables_close(t);
	return result;
}

int xtables_early(struct early *out, struct err *err)
{
	static const enum table tables[] = {TABLE_RAW, TABLE_MANGLE, TABLE_SECURITY};
	for (int f = 0; f < FAMILIES; f++)
		for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
			unsigned int there;
			enum family family = snapshot_families[f];
			if (tables_there(family, &there, err) < 0)
				return -1;
			/* asking for a table that is not there would set it up */
			bool known = there != TABLES_UNKNOWN && there & 1U << tables[i];
			if (known && read_table(family, tables[i], out, err) < 0)
				return -1;
		}
	return 0;
}
