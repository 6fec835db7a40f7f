/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A plan of adopt while it is being made: forwards that may come of rules, each of which can still
 * be given up. Only the files of this room use it.
 */
#ifndef PFWD_ADOPT_DRAFT_H
#define PFWD_ADOPT_DRAFT_H

#include "adopt/adopt.h"

enum PACKED part {
	PART_FORWARD,
	PART_EXCEPTION, /* of a rule that keeps packets out of a later forward */
	PART_HAIRPIN,   /* it only adds a network of --hairpin to another one */
	PART_LOCAL,     /* it only adds --local to another one */
	PART_SAME,      /* another one before it does the same to the same packets */
	PART_REST,      /* an exception: what its own rule says must not be */
};

struct candidate {
	struct forward f;
	enum part part;
	size_t value; /* index of what it is made of, which is its place in the order */
	size_t rule;  /* that stays if this one is given up */
	size_t with;  /* index of that other candidate */
	size_t rest;  /* index of what must not be, counted from 1; 0: none */
	bool there;   /* pfwd has such a forward: it is not made again */
};

struct picks { /* indices of values, in order; a zeroed one is empty */
	size_t *items;
	size_t count;
};

struct draft {
	const struct other_rules *rules;
	const struct adopt_host *host;
	struct adopt *out;
	struct candidate *items;
	size_t count;
	bool changed;                     /* a rule was given up since this was last false */
	bool failed;                      /* out of memory */
	const struct forward **by_target; /* those of the plan */
	struct picks sources, ways, keeps, staying; /* values that others are compared with */
};

/* What packets a value takes, with all protocols as proto: that of its own or the one given. */
struct match draft_match(const struct other_rule *v, enum proto proto);
/* Whether the two can be of one family, and of one protocol. */
bool draft_may_meet(const struct other_rule *v, const struct forward *f);
static inline bool draft_translates(const struct other_rule *v)
{
	return v->action >= OTHER_DNAT && v->action <= OTHER_BALANCE;
}
static inline bool draft_changes_source(const struct other_rule *v)
{
	return v->action == OTHER_SNAT || v->action == OTHER_MASQUERADE;
}
/* Whether two values are of one base chain. */
bool draft_same_base(const struct other_rule *a, const struct other_rule *b);
static inline bool draft_stays(const struct draft *d, size_t rule)
{
	return d->out->rules[rule].fate == ADOPT_STAYS;
}

/* Give a rule up: it stays. The first reason counts. */
void draft_give_up(struct draft *d, size_t rule, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Say what is a little different; the first remark counts. */
void draft_note(struct draft *d, size_t rule, const char *text);
/* Those values for which is_picked says so, instead of what was picked before. */
void draft_pick(struct draft *d, struct picks *picks,
		bool (*is_picked)(const struct draft *d, size_t value));
struct candidate *draft_add(struct draft *d, const struct candidate *candidate);

/* The packets of a candidate's connections behind the translation: to an address (none: this host)
 * and these ports. */
static inline bool draft_goes_to(const struct forward *f, const struct network *dst)
{
	return address_is_set(&f->target) && network_holds(dst, &f->target);
}

/* ---- the steps, each in a file ---- */

/* A candidate for each translation that a forward can say; else its rule is given up. */
void draft_propose(struct draft *d);
/* Join those that only add --hairpin or --local to another one. */
void draft_join(struct draft *d);
/* Give up what would win or lose against another rule than before, until nothing changes. */
void draft_order(struct draft *d);
/* Source translations that belong to forwards: into --masquerade, --snat, --hairpin. */
void draft_sources(struct draft *d);
/* ACCEPTs that belong to forwards. */
void draft_accepts(struct draft *d);
/* Whether a rule accepts all connections of the forward, or nothing has to. */
bool draft_is_let_in(const struct draft *d, const struct forward *f);

#endif
