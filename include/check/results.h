/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The findings about many forwards: one that says the same of several is kept once. It asks and
 * prints nothing.
 */
#ifndef PFWD_CHECK_RESULTS_H
#define PFWD_CHECK_RESULTS_H

#include "check/findings.h"

struct result {
	const struct finding *finding;
	const char *text, *remedy, *keep; /* as in struct finding_words */
	size_t first;                     /* the first forward that it is about */
	size_t count;                     /* of forwards */
};

struct result_row {
	uint32_t forward, result;
};

struct results { /* a zeroed one is empty */
	struct result *items;
	size_t count;
	struct result_row *rows; /* one for each finding about a forward, in the forwards' order */
	size_t row_count;
};

/* Of those cases that are about a forward. 0, or -1 (out of memory) and *out is empty. */
int results_find(const struct facts *facts, const struct cases *cases, struct results *out,
		 struct err *err);
void results_free(struct results *results);

#endif
