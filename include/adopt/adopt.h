/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which hand-written rules mean what forwards mean: the forwards to make of them, the rules that
 * are needed no more then, and those that stay, with the reason. It reads no kernel and no file,
 * and changes no rule.
 */
#ifndef PFWD_ADOPT_ADOPT_H
#define PFWD_ADOPT_ADOPT_H

#include "model/backend.h"

/* What is known of the host that the rules are for. A zeroed one knows nothing. */
enum adopt_arrival {
	ADOPT_ARRIVES,
	ADOPT_STOPPED,
	ADOPT_IN_DOUBT, /* a rule stops them, but perhaps another one accepts them before */
};

struct adopt_host {
	const struct forwards *present;    /* pfwd's own, sorted; NULL: none */
	const struct addresses *own;       /* of this host; NULL: not known */
	const char (*uplinks)[IFNAME_MAX]; /* the interfaces that default routes lead to */
	size_t uplink_count;               /* 0: not known */
	/* The interface that packets to addr leave by; false: no route. NULL: not known. */
	bool (*route)(const struct address *addr, char out[IFNAME_MAX]);
	/* Whether the rules of this host let the connections of such a forward through; if not, the
	 * one that stops them, whoever the client is. NULL: not known, see drops. */
	enum adopt_arrival (*arrival)(const void *context, const struct forward *f,
				      struct rule_place *where);
	const void *context;
	/* Rules and policies that drop packets, and for each the number of values before it. NULL:
	 * not known; only looked at without the function arrival. */
	const struct other_rules *drops;
	const size_t *drops_at;
	/* The backend in which forwards are made; NULL: not known, and they come before all rules
	 * of others. */
	const struct backend *home;
};

enum adopt_fate {
	ADOPT_OTHER, /* nothing that a forward could be made of */
	ADOPT_TAKEN, /* the forwards do what it does: it is to be deleted */
	ADOPT_STAYS, /* it translates, or belongs to a forward, but is no forward or part of one */
};

struct adopt_rule {   /* a rule, which can be several values */
	size_t first; /* index of the first value */
	size_t last;  /* ... and of the last one */
	enum adopt_fate fate;
	char *why; /* of ADOPT_STAYS: the reason; of ADOPT_TAKEN: what is a little different, or
		      NULL */
};

struct adopt {                    /* a zeroed one is empty */
	struct forwards forwards; /* to be made; sorted */
	struct adopt_rule *rules; /* in the order of their first values */
	size_t count;
	size_t *rule_of; /* for each value the index of its rule */
};

/* 0, or -1 (out of memory) and *out is empty. */
int adopt_plan(const struct other_rules *rules, const struct adopt_host *host, struct adopt *out,
	       struct err *err);
void adopt_free(struct adopt *adopt);

/* Whether the value accepts all connections of the forward, for certain. */
bool adopt_lets_in(const struct other_rule *v, const struct forward *f);

#endif
