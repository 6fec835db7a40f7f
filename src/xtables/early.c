/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The PREROUTING chains of the tables raw and mangle. */
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

static int read_table(enum family family, enum table table, struct early *out, struct err *err)
{
	struct foreign foreign = {0};
	struct tables *t = tables_open(family, table, err);
	/* forwards of nf_tables are checked by somebody who may not read these tables */
	if (!t)
		return err->kind == ERR_UNSUPPORTED || err->kind == ERR_PERMISSION ? 0 : -1;
	int result = tables_read_foreign(t, &foreign, err);
	size_t base = foreign_find(&foreign, "PREROUTING");
	struct early_base added = {.chain = base, .family = family, .zones = table == TABLE_RAW};
	snprintf(added.where, sizeof(added.where), "chain PREROUTING in the legacy %s %s table",
		 family_name(family), table_name(table));
	snprintf(added.tool, sizeof(added.tool), "%s-legacy -t %s",
		 family == FAMILY_IPV6 ? "ip6tables" : "iptables", table_name(table));
	strcpy(added.chain_of, "PREROUTING");
	if (result == 0 && base < foreign.count)
		result = give_set(&foreign, out, err) < 0 ? -1 : early_add_base(out, &added, err);
	foreign_free(&foreign);
	tables_close(t);
	return result;
}

int xtables_early(struct early *out, struct err *err)
{
	static const enum table tables[] = {TABLE_RAW, TABLE_MANGLE};
	for (int f = 0; f < FAMILIES; f++)
		for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
			unsigned int there;
			enum family family = snapshot_families[f];
			if (tables_there(family, &there, err) < 0)
				return -1;
			if (there & 1U << tables[i] && read_table(family, tables[i], out, err) < 0)
				return -1;
		}
	return 0;
}
