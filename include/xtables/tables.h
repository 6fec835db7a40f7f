/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One table of one family through libip4tc or libip6tc: read it, change it, commit it. The only
 * file that knows libiptc. It takes no lock and decides nothing.
 */
#ifndef PFWD_XTABLES_TABLES_H
#define PFWD_XTABLES_TABLES_H

#include "xtables/plan.h"

struct tables; /* an open table, or one that is not there */

/*
 * The tables that the kernel has set up in this network namespace, a bit (1 << enum table) each.
 * Where it does not say (/proc/net/ip_tables_names is root's), all may be there: TABLES_UNKNOWN.
 */
#define TABLES_UNKNOWN (~0U)
unsigned int tables_there(enum family family);

/* Whether the kernel has legacy tables at all: its module is loaded where it is missing. Whether it
 * has a certain table shows when that is opened. */
bool tables_usable(struct err *why);

/*
 * Open it, which sets it up. Loads the module once where that is missing. NULL: ERR_UNSUPPORTED
 * where the kernel has no such table, ERR_PERMISSION, or ERR_FAILED.
 */
struct tables *tables_open(enum family family, enum table table, struct err *err);
void tables_close(struct tables *tables);

/* What it holds of pfwd's. *out is freed by the caller, and points into the open table. */
int tables_read(struct tables *tables, struct state *out, struct err *err);
/* The same of a table that is not there. */
int tables_read_none(enum family family, enum table table, struct state *out, struct err *err);

/* Carry out the plan in memory, and keep what it deletes for tables_undo. */
int tables_apply(struct tables *tables, const struct plan *plan, struct err *err);
/* Carry out in memory the opposite of a plan that was applied to done, last change first; tables is
 * the same table, opened after done was committed. */
int tables_undo(struct tables *tables, const struct tables *done, const struct plan *plan,
		struct err *err);

/* Replace the kernel's table. -1 with ERR_CHANGED: somebody else changed it since it was opened. */
int tables_commit(struct tables *tables, struct err *err);
/* Give each rule and policy of tables the counters that the same one of from has, besides its own,
 * in memory. */
int tables_add_counters(struct tables *tables, struct tables *from, struct err *err);

#endif
