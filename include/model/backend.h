/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a backend is: one of the kernel's interfaces by which forwards are made. Only plain forwards
 * and lines of text pass through it: no table, chain or rule.
 */
#ifndef PFWD_MODEL_BACKEND_H
#define PFWD_MODEL_BACKEND_H

#include <stdbool.h>
#include <stdint.h>

#include "model/forwards.h"
#include "model/limits.h"
#include "model/lines.h"
#include "model/other_rule.h"
#include "model/rule_place.h"

/* The ways by which packets pass this host, as bits. */
enum {
	WAY_IN = 1 << 0,      /* to the host itself */
	WAY_THROUGH = 1 << 1, /* from one of its interfaces to another */
	WAY_OUT = 1 << 2,     /* from the host itself */
};

/* The bits of the packet mark by which a guest knows the packets of forwards that another backend
 * holds: a guest is a rule among those of others that lets such packets through. Others use some of
 * these bits, but not all of them together. */
#define GUEST_MARK 0x20040800U

/* What was read from the kernel. A backend's own struct begins with this one. */
struct ruleset {
	struct forwards forwards; /* sorted */
	bool used;                /* there are forwards, of which forwards may hold a part */
	bool guests;              /* there are guests for forwards of other backends */
	bool leftovers;           /* something is there that no forward needs; set by status */

	/* What other backends have to do with it, set before status and plan: */
	/* All that they hold, or shall hold; sorted. Where there are no guests yet, those alone
	 * that the change is about. NULL: not known, so guests stay as they are. */
	const struct forwards *elsewhere;
	unsigned int marked; /* ways on which their guests wait for the packets of these forwards */
};

/* What others' rules of the interface may do to the forwards once the plan is carried out. */
struct hindrance {
	bool stops;  /* they stop some of them, where only their owner can change that */
	bool limits; /* they are such that the function limits may tell something */
};

/* What has to be done about it. A backend's own struct begins with this one. */
struct ruleset_plan {
	size_t size;         /* the number of changes; 0: nothing to do */
	unsigned int guests; /* ways on which there are guests once it is carried out */
	struct hindrance hindrance;
};

struct ruleset_status {
	bool incomplete; /* something that the forward needs is missing */
	bool narrowed;   /* ... because its owner made narrower what leads there: no change mends it
			  */
	uint64_t conns;  /* connections translated since the forward was made */
	bool blocked; /* a rule or policy of others stops its connections, whoever the client is */
	bool misplaced; /* a change would move its rules to another place among others' rules */
};

enum reading_depth {
	READING_FORWARDS, /* only which forwards there are: no status, no plan */
	READING_ALL,
};

struct reading {
	enum reading_depth depth;
	/* Not NULL: of the forwards, only those that share packets with one of these are needed, by
	 * themselves or by what --hairpin and --local add. A backend may read more. */
	const struct forwards *around;
};

enum others_depth {
	OTHERS_TRANSLATIONS, /* what translates destinations, and what nat leaves as it is */
	OTHERS_ALL,          /* also what accepts packets, or translates sources */
};

struct early;

struct stop_question {
	const struct forward *f;
	bool own;     /* this backend holds it */
	bool suspect; /* a rule that takes some of its clients or packets alone counts too */
	enum stop_on {
		STOP_ON_ANY,
		STOP_ON_WAY,  /* only on that of clients to the target */
		STOP_ON_BACK, /* only on that of its answers */
		STOP_ON_OUT,  /* only on that of programs of this host (--local) */
	} on;
	uint16_t client_port; /* 0: any */
	/* Only what the target opens because of it, as a helper of conntrack expects: pfwd lets
	 * none of that through. on is STOP_ON_BACK. */
	bool related;
};

struct limit_question {
	const struct forwards *set;
	const bool *own; /* for each: this backend holds it */
};

struct waiting { /* whoever is told that a lock has to be waited for */
	void (*tell)(const void *context, const char *lock); /* lock: what it is called */
	const void *context;
};

#define BACKENDS_MAX 2

struct backend {
	const char *name; /* for --backend and the column BACKEND */
	int priority;     /* of its translation, as in struct other_rule */
	bool after_nft;   /* rules of nf_tables at just this priority come before it */
	bool raw_socket;  /* it needs CAP_NET_RAW besides CAP_NET_ADMIN */
	bool guests;      /* its plans make guests for the forwards of other backends */

	/* Whether anything of that interface is set up in this network namespace. */
	bool (*present)(void);
	/* Whether the kernel has it, as far as can be told without setting anything up; else why.
	 * May load modules. */
	bool (*usable)(struct err *why);

	/* Whether others' rules in this interface stop what other backends let through; then where
	 * says which. Forwards of this backend pass them. NULL: they cannot. */
	bool (*stops_others)(struct err *where);

	/*
	 * Take the lock that the interface's users share; wait up to that many seconds. The lock
	 * for unlock, or -1: ERR_LOCKED, ERR_FAILED. NULL: the interface has none.
	 */
	int (*lock)(unsigned int seconds, const struct waiting *waiting, struct err *err);
	void (*unlock)(int lock);

	/*
	 * Read without setting anything up in the kernel. What is not there counts as empty. The
	 * caller frees *out. -1: ERR_PERMISSION, ERR_FAILED, ERR_UNSUPPORTED.
	 */
	int (*read)(const struct reading *reading, struct ruleset **out, struct err *err);
	/* A number that is another one if somebody has changed the rules since it was asked for. It
	 * costs much less than read, and sets nothing up. -1: as read. */
	int (*digest)(uint64_t *out, struct err *err);
	/* Fill out[i] for each of set->forwards. */
	int (*status)(struct ruleset *set, struct ruleset_status *out, struct err *err);
	/* Set blocked and misplaced of out[i] where others' rules of this interface stop
	 * elsewhere->items[i], which another backend holds (sorted), and no guest lets it through.
	 * NULL: they never do. The ways on which there are guests, or -1 (out of memory). */
	int (*blocks)(const struct ruleset *set, const struct forwards *elsewhere,
		      struct ruleset_status *out, struct err *err);
	/* Whether others' rules of this interface stop all connections of the clients that the
	 * forward is for; then which rule or policy. Texts of where are the set's. NULL: it cannot
	 * say. */
	bool (*stops)(const struct ruleset *set, const struct stop_question *question,
		      struct rule_place *where);
	/* Into out[i] what others' rules of this interface do to question->set->items[i]; texts are
	 * the set's. NULL: nothing. 0, or -1 (out of memory). */
	int (*limits)(const struct ruleset *set, const struct limit_question *question,
		      struct limits *out, struct err *err);
	/* Append others' rules that packets meet before forwards translate them (filter/early.h).
	 * NULL: there are none. 0, or -1: as read. */
	int (*early)(struct early *out, struct err *err);
	/* A line for each place of pfwd's that holds something of somebody else's, or that holds
	 * what no forward needs. Call status before. */
	int (*foreign)(const struct ruleset *set, struct lines *out, struct err *err);
	/*
	 * Append others' rules of this interface to out, each with its owner, by hook, priority,
	 * and the order in which packets meet them. The set was read with READING_ALL, and not yet
	 * changed. 0, or -1: as read; ERR_CHANGED.
	 */
	int (*others)(const struct ruleset *set, enum others_depth depth, struct other_rules *out,
		      struct err *err);
	/* Let plan take those rules for deleted already for whose values gone is set. rules: as in
	 * remove. */
	void (*forget)(struct ruleset *set, const struct other_rules *rules, const bool *gone);
	/*
	 * Delete the rules of this interface for whose values gone is set. rules: all that others
	 * gave with OTHERS_ALL, of all backends, and nobody but pfwd has changed anything since. 0,
	 * or -1 and all are there; ERR_CHANGED: they are not what was read.
	 */
	int (*remove)(const struct other_rules *rules, const bool *gone, struct err *err);

	/*
	 * What to do so that exactly these forwards are there (sorted). The plan points into set
	 * and wanted, which must outlive it.
	 */
	int (*plan)(struct ruleset *set, const struct forwards *wanted, struct ruleset_plan **out,
		    struct err *err);
	/* The plan in the notation of the interface's own tool. */
	int (*print)(const struct ruleset_plan *plan, struct lines *out, struct err *err);
	/* A line for each thing of pfwd's that no forward needs, and that stays because somebody
	 * else uses it. */
	int (*kept)(const struct ruleset_plan *plan, struct lines *out, struct err *err);
	/* A line for each place of pfwd's from which the plan takes what no forward needed. Call
	 * status of the set before plan. NULL: there never is anything. */
	int (*tidied)(const struct ruleset_plan *plan, struct lines *out, struct err *err);
	/*
	 * Carry it out, all or nothing. Warnings about the work itself go to notes. -1 and nothing
	 * is changed; ERR_CHANGED: somebody else has changed something since the set was read.
	 */
	int (*commit)(struct ruleset_plan *plan, struct lines *notes, struct err *err);

	void (*free)(struct ruleset *set); /* these two take NULL */
	void (*free_plan)(struct ruleset_plan *plan);
};

#endif
