/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where others' chains stop the connections of forwards for every client, and where in them pfwd's
 * one rule has to stand that lets these through. It asks no kernel.
 */
#ifndef PFWD_NFTABLES_GUEST_H
#define PFWD_NFTABLES_GUEST_H

#include "filter/flow.h"
#include "model/backend.h"
#include "nftables/shape.h"

struct others_chain {
	uint8_t nfproto; /* of the table: NFPROTO_INET, NFPROTO_IPV4, ..., NFPROTO_NETDEV */
	char table[BUCKET_NAME_MAX];
	char name[BUCKET_NAME_MAX];
	bool base;
	bool owned; /* only the program that made the table may change it */
	uint32_t hook;
	int32_t priority;
	bool drops;                  /* its policy */
	char devices[4][IFNAME_MAX]; /* of an ingress hook, as in struct early_base */
	struct filter_rule *rules;
	bool *guest; /* for each rule: it is a guest rule of pfwd's */
	size_t count;
};

struct others { /* base chains of other tables with the chains below them; a zeroed one is empty */
	struct others_chain *chains;
	size_t count;
	struct addresses here; /* of this host: targets that are reached by the input hook */
	flow_route route;      /* to other targets */
};
void others_free(struct others *others);
/* nft(8)'s word for the family of its table. */
const char *guest_family(const struct others_chain *chain);
/* The place of its policy; texts are the chain's. */
struct rule_place guests_place(const struct others_chain *chain);

/* Take a rule for deleted: that of that number (handle) in a chain. */
void guests_forget(struct others *others, const struct other_rule *rule);

struct guest { /* what one base chain needs */
	const struct others_chain *chain;
	bool needed; /* it stops some forwards; a rule at place lets them through */
	size_t place;
	bool there; /* a guest rule stands where it should */
	bool owned; /* it is needed, and only the chain's owner could put it there */
};

struct guest_case { /* what must outlive the guests */
	const struct others *others;
	const struct forwards *set;
	bool partial; /* there are more forwards: guest rules that are there, they may need */
};

struct guests { /* a zeroed one is empty */
	struct guest_case of;
	struct guest *items;
	size_t count;
	struct shape_guest hooks[SHAPE_GUESTS_MAX]; /* on which the guests to be are */
	size_t hook_count;
};

/* Of each base chain on the way of the forwards. 0, or -1 (out of memory). */
int guests_find(const struct guest_case *of, struct guests *out, struct err *err);
void guests_free(struct guests *guests);
/* Note that there is a guest in that chain. */
void guests_note(struct guests *guests, const struct others_chain *chain);
/* Other backends' chains have guests on these ways (backend.h): packets need the mark there. */
void guests_mark(struct guests *guests, unsigned int ways);

/* Whether a guest rule is where it does not serve these forwards. 1, 0, or -1 (out of memory). */
int guests_misplaced(const struct others *others, const struct forwards *set, struct err *err);

/* Set out[i] to the first base chain that stops forward i of the set because the guest that it
 * needs is missing; NULL before the call, and left so if there is none. 0, or -1 (out of memory).
 */
int guests_stop(const struct guests *guests, const struct others_chain **out, struct err *err);

/* Set blocked of out[i] where the chains stop set->items[i], to which no guest rule applies:
 * another backend holds it. 0, or -1 (out of memory). */
int guests_block(const struct others *others, const struct forwards *set,
		 struct ruleset_status *out, struct err *err);

/* As a backend's limits; texts are those of the chains. 0, or -1 (out of memory). */
int guests_limits(const struct others *others, const struct limit_question *question,
		  struct limits *out, struct err *err);
/* Whether some rules pick clients or packets to stop, or may. */
bool guests_limited(const struct others *others);

/* As a backend's stops; texts of where are those of the chain. */
bool guests_where(const struct others *others, const struct stop_question *question,
		  struct rule_place *where);

/* The first chain that may stop forwards which others' backends make, or NULL. */
const struct others_chain *guests_stop_any(const struct others *others);

#endif
