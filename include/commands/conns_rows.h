/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rows that conns prints, and their columns: one for each connection, or with -c one for each
 * forward. It prints none.
 */
#ifndef PFWD_COMMANDS_CONNS_ROWS_H
#define PFWD_COMMANDS_CONNS_ROWS_H

#include "commands/overview.h"

struct conns_row {
	const struct forward *f;       /* NULL: of no forward */
	const char *spec;              /* of f, as text; NULL if f is */
	const struct other_row *other; /* what others translate it by; NULL: not known */
	const struct connection *c;
};
extern const struct report_column conns_columns[];

struct conns_count {
	const struct forward *f; /* NULL: of no forward */
	const struct other_row *other;
	struct owners_sum sum;
	bool counted;
};
extern const struct report_column conns_count_columns[];

#endif
