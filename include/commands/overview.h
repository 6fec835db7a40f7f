/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The translations of others, as every command with -a shows them, and what rules of others do to
 * pfwd's. It prints nothing.
 */
#ifndef PFWD_COMMANDS_OVERVIEW_H
#define PFWD_COMMANDS_OVERVIEW_H

#include "commands/query.h"
#include "conns/owners.h"
#include "others/meet.h"
#include "others/row.h"
#include "ruleset/present.h"

struct overview { /* a zeroed one is empty */
	struct other_rules rules;
	struct other_rows rows;
	struct addresses here;
	struct meets meets;
};

/* Read the forwards of pfwd as present_read does with READING_ALL, and what others translate, from
 * one moment. 0, or -1 and both are empty. */
int overview_read(const struct backend *const *backends, struct present *present,
		  struct overview *overview, struct err *err);
/* Fill the index by which overview_whose and overview_meeting find rules. 0, or -1 (out of memory).
 */
int overview_make_index(struct overview *overview, struct err *err);
/* Fill the rows, and mark what never sees a packet, of others and of pfwd. 0, or -1 (out of
 * memory).
 */
int overview_make_rows(struct present *present, struct overview *overview, struct err *err);
/* Mark forwards of pfwd that rules of others stop where pfwd lets none through, and those whose
 * interface takes nothing in. 0, or -1. */
int overview_find_stopped(struct present *present, struct err *err);
/* Which rule of others takes packets of the forward at that index too. */
struct meeting overview_meeting(const struct present *present, const struct overview *overview,
				size_t index);
void overview_free(struct overview *others);

/* The state of a row, and how many connections its rule has translated; false: that is not known.
 */
enum present_state overview_state(const struct other_row *row);
bool overview_conns(const struct other_row *row, uint64_t *out);

/* The columns FORWARD, NAME and OWNER of a row; false: it has none. */
bool overview_put_forward(const struct other_row *row, char cell[REPORT_CELL_MAX]);
bool overview_put_name(const struct other_row *row, char cell[REPORT_CELL_MAX]);
bool overview_put_owner(const struct other_row *row, char cell[REPORT_CELL_MAX]);

/* The row of the rule that translated the connection, or NULL. */
const struct other_row *overview_whose(const struct overview *others, const struct connection *c);

/* Whose the connection is: the index of a forward of pfwd; or, counted on behind these, of a row of
 * others; or the number of both together: nobody's. */
size_t overview_owner(const struct overview *others, const struct owners *own,
		      const struct connection *c);
/* Add up the connections of owners_walk into sums, by overview_owner. */
int overview_sums(const struct overview *others, struct owners *own, struct owners_sum *sums,
		  struct err *err);

struct overview_choice { /* from pfwd's forwards and others' rows */
	const struct forwards *own;
	const struct overview *others;
	bool *selected; /* of own */
	bool *rows;     /* of others' rows */
};
/* Fill what the query selects of both. A NAME also selects by comment and owner. -1 with
 * ERR_NOT_FOUND: a selector selects none of both. */
int overview_select(const struct query *query, const struct overview_choice *choice,
		    struct err *err);

#endif
