/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Translations of others as forwards are listed, as far as they can be said so. It prints nothing.
 */
#ifndef PFWD_OTHERS_ROW_H
#define PFWD_OTHERS_ROW_H

#include "model/forwards.h"
#include "model/other_rule.h"

struct other_row {
	const struct other_rule *rule;
	struct forward f; /* what of the rule can be said so; the family may be none */
	bool spec;        /* FORWARD can be said */
	bool local;       /* programs on this host may use it too */
};

/* Of one rule that translates destinations. */
struct other_row other_row_of(const struct other_rule *rule);

struct other_rows { /* a zeroed one is empty */
	struct other_row *items;
	size_t count;
	uint32_t *of_rule; /* the index of each rule's row; UINT32_MAX: it has none */
};

/*
 * One for each rule that translates destinations, and that takes packets for programs here. What a
 * rule does for packets that come in and for those of programs on this host is one row. The rules
 * must outlive it. 0, or -1 (out of memory).
 */
int other_rows_make(const struct other_rules *rules, struct other_rows *out, struct err *err);
void other_rows_free(struct other_rows *rows);

/* For each row, where the same one is in another set: to[i] is its index there, or UINT32_MAX. 0,
 * or -1 (out of memory). */
int other_rows_find(const struct other_rows *before, const struct other_rows *after, uint32_t *to,
		    struct err *err);

/* As the columns of list; an empty text: it is not known. */
#define OTHER_TARGET_MAX 160
void other_row_target(const struct other_row *row, char out[OTHER_TARGET_MAX]);
/* The options of a forward, and what no forward can say. */
#define OTHER_OPTIONS_MAX 640
void other_row_options(const struct other_row *row, char out[OTHER_OPTIONS_MAX]);

#endif
