/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One table of one family through libip4tc or libip6tc: read it, change it, commit it. No other
 * file knows libiptc. It takes no lock and decides nothing.
 */
#ifndef PFWD_XTABLES_TABLES_H
#define PFWD_XTABLES_TABLES_H

#include "xtables/other_entry.h"
#include "xtables/plan.h"

struct tables; /* an open table, or one that is not there */

/*
 * The tables that the kernel has set up in this network namespace, a bit (1 << enum table) each.
 * TABLES_UNKNOWN: only root may read which (/proc/net/ip_tables_names); all of them may be there.
 * 0, or -1: ERR_FAILED, it cannot be known, as without /proc.
 */
#define TABLES_UNKNOWN (~0U)
int tables_there(enum family family, unsigned int *out, struct err *err);

/* Whether the kernel has legacy tables at all; if not, why. The module is loaded if it is missing.
 * Whether the kernel has a certain table shows when that table is opened. */
bool tables_usable(struct err *why);

/*
 * Open the table, which sets it up in the kernel. The module is loaded if it is missing. The caller
 * closes it. NULL: ERR_UNSUPPORTED if the kernel has no such table, ERR_PERMISSION, or ERR_FAILED,
 * also if it could not be read as a whole.
 */
struct tables *tables_open(enum family family, enum table table, struct err *err);
void tables_close(struct tables *tables);

/* What the table holds of pfwd. *out points into the open table; the caller frees it with
 * state_free. 0, or -1 (out of memory). */
int tables_read(struct tables *tables, struct state *out, struct err *err);
/* The chains and rules of a table in which pfwd has none. 0, or -1 (out of memory) and *out is
 * empty.
 */
int tables_read_foreign(const struct tables *tables, struct foreign *out, struct err *err);
/* As tables_read, of a table that is not there. */
int tables_read_none(enum family family, enum table table, struct state *out, struct err *err);

struct tables_others { /* which of them */
	enum others_depth depth;
	const struct state *own; /* what the table holds of pfwd */
};
/* Append others' rules to out. 0, or -1 (out of memory). */
int tables_others(const struct tables *tables, const struct tables_others *which,
		  struct other_rules *out, struct err *err);

/* Of a filter table: the program that has loaded it and the other tables as wholes, or NULL. */
const char *tables_owner(const struct tables *filter);

struct tables_place { /* of a rule of others */
	const char *chain;
	size_t number; /* in it, from 0 */
};
struct tables_places { /* sorted by chain and number */
	struct tables_place *items;
	size_t count;
};
struct deletion { /* a zeroed one is empty */
	struct plan plan;
	struct rule_ref *refs; /* of its operations */
};
/* A plan that deletes the rules at these places, which lie in the open table. 0, or -1 (out of
 * memory) and *out is empty. */
int tables_plan_deletion(const struct tables *tables, const struct tables_places *places,
			 struct deletion *out, struct err *err);
void deletion_free(struct deletion *deletion);

/* Carry out the plan in memory, and keep what it deletes for tables_undo. 0, or -1. */
int tables_apply(struct tables *tables, const struct plan *plan, struct err *err);
/* Carry out in memory the opposite of a plan that was applied to done, its last change first.
 * tables is the same table, opened after done was committed. 0, or -1. */
int tables_undo(struct tables *tables, const struct tables *done, const struct plan *plan,
		struct err *err);

/* Replace the kernel's table by this one. 0, or -1; ERR_CHANGED: somebody else has changed it since
 * it was opened. */
int tables_commit(struct tables *tables, struct err *err);
/* Add to the counters of each rule and policy of tables the counters of the same rule or policy in
 * from, in memory. 0, or -1. */
int tables_add_counters(struct tables *tables, struct tables *from, struct err *err);

#endif
