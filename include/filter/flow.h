/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The connections of forwards as packet filters see them: which ways they take through this host,
 * and which forwards are alike to some rules. It knows no chains of its own, and asks no kernel:
 * whoever uses it brings the function that looks up routes.
 */
#ifndef PFWD_FILTER_FLOW_H
#define PFWD_FILTER_FLOW_H

#include "filter/filter.h"
#include "model/backend.h"

enum flow_way {
	FLOW_IN,      /* to this host, with the answers to what --local sends elsewhere */
	FLOW_THROUGH, /* from one interface to another */
	FLOW_OUT,     /* from this host: its answers, and what --local sends elsewhere */
	FLOW_POST,    /* out of this host, as its last step */
};

struct flow {
	enum flow_way way;
	struct filter_flow flow;
	/* Of an answer of a target behind this host: how the connection comes, among the flows of
	 * the forward. */
	const struct filter_flow *opener;
};
#define FLOWS_MAX 12 /* of one forward */

/* The interface that packets to addr leave by, into out; false: not known. */
typedef bool (*flow_route)(const struct address *addr, char out[IFNAME_MAX]);

struct flow_target {
	struct address to;
	char out[IFNAME_MAX]; /* "": not known */
};

/* What decides about the flows of forwards. Set here and route, the rest zero. */
struct flows {
	const struct addresses *here; /* of this host */
	flow_route route;             /* NULL: no route is known */
	bool apart;   /* rules ask for targets or ports, so each forward is another case */
	bool routed;  /* rules ask for the outgoing interface */
	bool sourced; /* ... for addresses that packets come from */
	/* Where the networks of these begin, and what comes behind each of them; sorted. NULL: not
	 * known. */
	struct address *bounds;
	size_t bound_count;
	struct flow_target *targets; /* sorted; if routed */
	size_t target_count;
};

/* Note what the rules ask for. */
void flows_look(struct flows *flows, const struct filter_chain *chains, size_t count);
/* If they ask for outgoing interfaces, look up the routes to the targets of that family
 * (FAMILY_NONE: both) in the set. 0, or -1 (out of memory). */
int flows_find_routes(struct flows *flows, const struct forwards *set, enum family family);
void flows_free(struct flows *flows);

/* The flows of a forward, into out; their number. */
size_t flows_of(const struct flows *flows, const struct forward *f, struct flow out[FLOWS_MAX]);
/* Those that the question is about, for the clients that its forward is for. */
size_t flows_asked(const struct flows *flows, const struct stop_question *question,
		   struct flow out[FLOWS_MAX]);
/* Whose packets the flow is made of. */
enum stop_on flow_on(const struct flow *flow);
/* As filter_place; but answers are not let through in front of rules that stop some clients. */
struct filter_place flow_place(const struct filter_base *base, const struct flow *flow);
/* Whether nothing that the rules ask for tells the flows of the two apart. */
bool flows_alike(const struct flows *flows, const struct forward *a, const struct forward *b);
/* Whether it is of clients that come in, or pass through to the target. */
bool flow_comes(const struct flow *flow);
/* As flows_alike, of these flows alone, and of their clients. */
bool flows_come_alike(const struct flows *flows, const struct forward *a, const struct forward *b);

#endif
