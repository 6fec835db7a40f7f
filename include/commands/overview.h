/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The translations of others, as list and conns show them. It prints nothing.
 */
#ifndef PFWD_COMMANDS_OVERVIEW_H
#define PFWD_COMMANDS_OVERVIEW_H

#include "commands/query.h"
#include "conns/connection.h"
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
/* Which rule of others takes packets of the forward at that index too. */
struct meeting overview_meeting(const struct present *present, const struct overview *overview,
				size_t index);
void overview_free(struct overview *others);

/* The row of the rule that translated the connection, or NULL. */
const struct other_row *overview_whose(const struct overview *others, const struct connection *c);

/* What a selection says of pfwd's forwards, whose selected[i] are filled, and of others' rows. A
 * NAME also selects by comment and owner. -1 with ERR_NOT_FOUND: a selector selects none of both.
 */
int overview_select(const struct query *query, const struct forwards *own, bool *selected,
		    const struct overview *others, bool *rows, struct err *err);

#endif
