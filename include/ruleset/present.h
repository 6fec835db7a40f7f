/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The forwards of all backends as one set, with what each backend says of them. It changes nothing.
 */
#ifndef PFWD_RULESET_PRESENT_H
#define PFWD_RULESET_PRESENT_H

#include "model/backend.h"

struct present_forward {
	struct ruleset_status status;
	unsigned int backends; /* a bit (1 << index) for each backend that has it */
	bool shadowed;         /* for whoever looks at others' rules: one of them takes all */
	bool stopped; /* ... one of them stops all where pfwd lets none through, or its interface
			 takes nothing in */
};

struct present {                    /* a zeroed one is empty */
	struct forwards forwards;   /* sorted */
	struct present_forward *of; /* one for each of forwards; NULL for READING_FORWARDS */
	struct lines foreign;       /* places of pfwd's that hold something of others */
	const struct backend *home; /* where new forwards would be made, if there are any forwards;
				       NULL for READING_FORWARDS */
	const struct backend *const *backends;
	struct ruleset *sets[BACKENDS_MAX]; /* as read, perhaps without their forwards */
};

/* backends: those looked at; ends with NULL. 0, or -1 and out is empty. */
int present_read(const struct backend *const *backends, enum reading_depth depth,
		 struct present *out, struct err *err);
/* A number that is another one if the rules have changed since it was asked for. It costs much less
 * than present_read. 0, or -1 as that. */
int present_digest(const struct backend *const *backends, uint64_t *out, struct err *err);
/* Which rule or policy stops the forward at that index, which is blocked. False: that is not known.
 * Texts of where are those of present, until its sets are forgotten. */
bool present_where(const struct present *present, size_t index, struct rule_place *where);
/* The same for some of its clients alone: those of question->f.from, to its ports, on its ifname.
 * question->own is not looked at. */
bool present_stops(const struct present *present, size_t index,
		   const struct stop_question *question, struct rule_place *where);

/* Into out[i] what others' rules do to the forward at that index if it were as->items[i]; out is
 * zeroed before. 0, or -1 (out of memory). */
int present_limits(const struct present *present, const struct forwards *as, struct limits *out,
		   struct err *err);

enum present_state {
	PRESENT_ACTIVE,
	PRESENT_EXPIRED,
	PRESENT_INCOMPLETE, /* some of its rules are missing */
	PRESENT_BLOCKED,    /* others' rules stop its connections, or stopped is set */
	PRESENT_SHADOWED,   /* others' rules take its connections */
	PRESENT_STATES,
};
/* The first that is true of: expired, incomplete, blocked, shadowed. now is in seconds since 1970.
 */
enum present_state present_state(const struct forward *f, const struct present_forward *of,
				 int64_t now);
const char *present_state_name(enum present_state state);
/* The names of the backends that have it, as --backend takes them, with commas between. Two: a move
 * between backends was interrupted. */
#define PRESENT_BACKENDS_MAX (BACKENDS_MAX * 16)
void present_backends(const struct present_forward *of, const struct backend *const *backends,
		      char out[PRESENT_BACKENDS_MAX]);
/* Append the rules of others in all backends, by backend. The set was read with READING_ALL. 0, or
 * -1: ERR_CHANGED: others have changed them since. */
int present_others(const struct present *present, enum others_depth depth, struct other_rules *out,
		   struct err *err);
/* Free what was read beside the forwards; present_where and present_others know nothing then. */
void present_forget_sets(struct present *present);
void present_free(struct present *present);

#endif
