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

static int add_base(enum family family, const struct place *place, size_t chain, struct early *out,
		    struct err *err)
{
	const struct rule_place where = {.table = table_name(place->table),
					 .chain = place->chain,
					 .family = family,
					 .legacy = true};
	struct early_base base = {.chain = chain,
				  .family = family,
				  .translated = is_translated(place),
				  .way = place->way,
				  .zones = place->table == TABLE_RAW};
	rule_place_format_chain(&where, base.where);
	snprintf(base.tool, sizeof(base.tool), "%s-legacy -t %s",
		 family == FAMILY_IPV6 ? "ip6tables" : "iptables", table_name(place->table));
	strcpy(base.chain_of, place->chain);
	return early_add_base(out, &base, err);
}

static int add_bases(enum family family, enum table table, const struct foreign *foreign,
		     struct early *out, struct err *err)
{
	int result = 0;
	for (size_t i = 0; result == 0 && i < sizeof(places) / sizeof(places[0]); i++) {
		size_t chain = foreign_find(foreign, places[i].chain);
		if (places[i].table == table && chain < foreign->count)
			result = add_base(family, &places[i], chain, out, err);
	}
	return result;
}

static int read_table(enum family family, enum table table, struct early *out, struct err *err)
{
	struct foreign foreign = {0};
	struct tables *t = tables_open(family, table, err);
	/* forwards of nf_tables are checked by somebody who may not read these tables */
	if (!t)
		return err->kind == ERR_UNSUPPORTED || err->kind == ERR_PERMISSION ? 0 : -1;
	int result = tables_read_foreign(t, &foreign, err);
	if (result == 0)
		result = give_set(&foreign, out, err);
	if (result == 0)
		result = add_bases(family, table, &foreign, out, err);
	foreign_free(&foreign);
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
