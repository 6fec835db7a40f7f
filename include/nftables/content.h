/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What nf_tables hold of pfwd's, as values: sets, chains, rules, and the forwards that elements
 * stand for. It reads nothing itself: whoever reads the table puts all of it in here.
 */
#ifndef PFWD_NFTABLES_CONTENT_H
#define PFWD_NFTABLES_CONTENT_H

#include "model/backend.h"
#include "nftables/guest.h"
#include "nftables/wire.h"

struct content_set {
	char name[BUCKET_NAME_MAX];
	bool known;           /* it is what pfwd makes under that name; else somebody else's */
	struct shape_set set; /* of a known one */
	bool whole;           /* all of its elements were read */
	bool others;          /* not whole: it has more elements than were read */
	size_t count;         /* of the elements that were read */
	size_t foreign;       /* elements that pfwd would not write */
};

struct content_chain {
	char name[BUCKET_NAME_MAX];
	bool known; /* it is what pfwd makes under that name */
	bool base;
	uint32_t hook; /* NF_INET_*, of a base chain */
	int32_t priority;
	bool filter;            /* of type filter, else nat */
	struct nft_rule *rules; /* all of them, in order */
	size_t count;
};

struct content_jump { /* an element of a map of verdicts */
	uint32_t set;
	char chain[BUCKET_NAME_MAX];
};

/* The elements of a forward proper. */
struct content_held {
	uint32_t set;    /* index */
	uint32_t pieces; /* how many there are */
	uint32_t number; /* of the first one */
	bool broken;     /* some are missing: those there are, are in extra */
	bool twice;      /* in another set too: those of the second one are in extra */
	struct element_counter counter; /* their sum */
};

/* An element of what --hairpin or --local adds; or one that has to go. */
struct content_added {
	uint32_t set;
	struct element element;
	struct element_counter counter;
};

struct content {                   /* a zeroed one is an empty ruleset */
	struct ruleset base;       /* with the forwards */
	struct content_held *held; /* one for each of the forwards */
	uint32_t generation;       /* 0: this kernel has no nf_tables */
	bool there;                /* the table is */
	bool partial;              /* only what concerns some forwards was read */
	struct content_set *sets;
	size_t set_count;
	struct content_chain *chains;
	size_t chain_count;
	struct content_jump *jumps;
	size_t jump_count;
	struct content_added *added; /* sorted by set and key, once content_finish was called */
	size_t added_count;
	struct content_added *extra; /* elements of proper forwards that have to go */
	size_t extra_count;
	bool *open;           /* one for each forward: the networks of --hairpin are to be found */
	size_t held_room;     /* of held and open */
	struct others others; /* what other tables do to connections of forwards */
};

/* Each appends one; NULL: out of memory. */
struct content_set *content_add_set(struct content *content, const struct wire_set *set);
struct content_chain *content_add_chain(struct content *content, const char *name);
struct nft_rule *content_add_rule(struct content *content, const char *chain);
/* Take in an element of a set that is known. -1: out of memory. */
int content_add_element(struct content *content, uint32_t set, const struct element *e,
			const struct element_counter *counter);
int content_add_jump(struct content *content, uint32_t set, const char *chain);
/* Once all is there: sort, and put the pieces of a forward together. 0, or -1 (out of memory). */
int content_finish(struct content *content, struct err *err);
void content_free(struct content *content);

/* NULL: there is none. */
struct content_set *content_find_set(const struct content *content, const char *name);
struct content_chain *content_find_chain(const struct content *content, const char *name);
/* An element of what --hairpin or --local adds; NULL: it is not there. */
const struct content_added *content_find_added(const struct content *content,
					       const struct element *e);
/* Whether that map has an element that jumps to the chain. */
bool content_has_jump(const struct content *content, const char *set, const char *chain);

/* Rules of pfwd's in a chain, in order, compared with those wanted in it. */
struct content_match {
	const struct nft_rule **items; /* to be freed */
	size_t count;
	size_t first, last; /* so many at the beginning and at the end are as wanted */
};
/* chain, want: NULL is one without rules. 0, or -1 (out of memory). */
int content_match(const struct content_chain *chain, const struct shape_chain *want,
		  struct content_match *out, struct err *err);

#endif
