/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A list of forwards: growing, sorting, finding conflicts. It never asks where they come from.
 */
#ifndef PFWD_MODEL_FORWARDS_H
#define PFWD_MODEL_FORWARDS_H

#include "model/forward.h"

struct forwards { /* a zeroed one is empty */
	struct forward *items;
	size_t count, room;
};

void forwards_free(struct forwards *set);
/* Room for so many in all. 0, or -1 (out of memory) and the set as it was. */
int forwards_reserve(struct forwards *set, size_t count, struct err *err);
/* 0, or -1 (out of memory) and the set as it was. */
int forwards_add(struct forwards *set, const struct forward *f, struct err *err);
int forwards_add_all(struct forwards *set, const struct forwards *more, struct err *err);
/* The same, and more is empty then; what can be is not copied. */
int forwards_take_all(struct forwards *set, struct forwards *more, struct err *err);
/* Into the order of forward_compare, each once. 0, or -1 (out of memory) and the set as it was. */
int forwards_sort(struct forwards *set, struct err *err);
/* Keep those of which keep[i] is true, in order. */
void forwards_keep(struct forwards *set, const bool *keep);
/* Index of one equal to f in a sorted set; count where there is none. */
size_t forwards_find(const struct forwards *set, const struct forward *f);

/* Walks over those of a sorted set that another sorted set does not have, in one pass: set both,
 * the rest zero. */
struct forwards_missing {
	const struct forwards *of, *in;
	size_t at, at_in;
};
/* NULL at the end. */
const struct forward *forwards_next_missing(struct forwards_missing *walk);

/*
 * Put f into the sorted set as `pfwd add` does: nothing where it is there; a change of time where
 * only that differs; expired ones in its way go. Others in its way: ERR_CONFLICT and the set as it
 * was, or, with FORWARDS_REPLACE, they go too. now is in seconds since 1970.
 */
enum forwards_on_conflict {
	FORWARDS_REFUSE,
	FORWARDS_REPLACE,
};
int forwards_insert(struct forwards *set, const struct forward *f, int64_t now,
		    enum forwards_on_conflict on_conflict, struct err *err);

/* Words for a conflict: both forwards, and what to do. Returns -1. */
int forwards_conflict_error(const struct forward *f, const struct forward *other, struct err *err);

#endif
