/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What pfwd check -f tells: of each connection how far it comes, and what stands where it stops. It
 * changes nothing.
 */
#ifndef PFWD_COMMANDS_CHECK_FOLLOW_H
#define PFWD_COMMANDS_CHECK_FOLLOW_H

#include "commands/query.h"
#include "ruleset/present.h"

struct check_follow {
	struct query *query; /* its report is chosen from check_follow_columns */
	const struct globals *globals;
	const struct present *present; /* the forwards, when it begins */
	const bool *selected;
	unsigned long connections; /* end after so many; 0: do not */
};

extern const struct report_column check_follow_columns[];
#define CHECK_FOLLOW_COLUMNS "FORWARD,CLIENT,STEP,TEXT,REMEDY"

/* Until INT or TERM, or enough connections: the exit status, or -1 and err. */
int check_follow(const struct check_follow *of, struct err *err);

#endif
