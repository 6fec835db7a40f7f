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
/* The same, and more is empty afterwards; nothing is copied into an empty set. */
int forwards_take_all(struct forwards *set, struct forwards *more, struct err *err);
/* Into the order of forward_compare, each once. 0, or -1 (out of memory) and the set as it was. */
int forwards_sort(struct forwards *set, struct err *err);
/* Keep the forwards for which keep[i] is true, in order. */
void forwards_keep(struct forwards *set, const bool *keep);
/* The index of the forward equal to f in a sorted set; count: there is none. */
size_t forwards_find(const struct forwards *set, const struct forward *f);

/* A walk over the forwards of a sorted set that another sorted set does not have: set of and in,
 * the rest zero. */
struct forwards_missing {
	const struct forwards *of, *in;
	size_t at, at_in;
};
/* NULL at the end. */
const struct forward *forwards_next_missing(struct forwards_missing *walk);

struct forwards_clash {                /* pointers into the two sets; NULL: there is none */
	const struct forward *present; /* in the way of the other one */
	const struct forward *added;
};
/* The first of the set that one of more cannot be added beside. Neither the same forward with
 * another end nor an expired one is in the way. now is in seconds since 1970. 0, or -1 (out of
 * memory). */
int forwards_in_the_way(const struct forwards *set, const struct forwards *more, int64_t now,
			struct forwards_clash *out, struct err *err);
/* Put more, whose forwards are in no conflict with each other, into the sorted set in place of all
 * that are in conflict with one of them, expired ones and the same forward with another end too. 0,
 * or -1 (out of memory) and the set as it was. */
int forwards_insert(struct forwards *set, const struct forwards *more, struct err *err);

#endif
