/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why a connection does not go on, once it has stopped. It changes and prints nothing.
 */
#ifndef PFWD_COMMANDS_REASON_H
#define PFWD_COMMANDS_REASON_H

#include "check/findings.h"
#include "model/backend.h"

struct reason {
	const struct finding *finding; /* NULL: none of the table */
	struct finding_words words;
};

/* For the news that a connection has stopped. 0, or -1: as present_read. */
int reason_find(const struct backend *const *backends, const struct trace_news *news,
		struct reason *out, struct err *err);

#endif
