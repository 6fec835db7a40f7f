/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The facts that findings are made of: what the host and its kernel say of forwards. It asks each
 * question once, however many forwards it is about, and changes nothing.
 */
#ifndef PFWD_CHECK_ASK_H
#define PFWD_CHECK_ASK_H

#include "check/facts.h"
#include "model/backend.h"

enum ask_depth {
	ASK_STOPPED, /* only links, and early of cases; no cases if no rule stops any */
	ASK_CERTAIN, /* for findings that are certain */
	ASK_WAY, /* also clients, the way back and neighbours, those that are asked just now too */
	ASK_ALL, /* also connections */
};

struct asked { /* a zeroed one is empty */
	struct facts facts;
	struct cases cases; /* one for each forward, which they point to */
	struct route_cache *routes;
	struct early early; /* which hits point to */
};

struct ask_about {
	const struct forwards *set; /* each of these is a case */
	const struct forwards *all; /* those that are there, set among them; sorted */
	const bool *selected;       /* only these of set; NULL: all */
	enum ask_depth depth;
	const struct backend *const *backends; /* whose early rules are asked for; NULL: none */
	enum stop_on on;                       /* as in struct early_case */
	uint16_t client_port;
};

/* The sets must outlive *out. 0, or -1 and *out is empty. */
int ask_all(const struct ask_about *about, struct asked *out, struct err *err);
/* Connect once to each TCP target beyond this host, and put the answers into the cases. 0, or -1
 * (out of memory). */
int ask_targets(struct asked *asked, struct err *err);
void asked_free(struct asked *asked);

#endif
