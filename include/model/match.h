/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which packets a forward takes: a condition for each field of a packet, all of which must hold. It
 * knows nothing of targets or rules.
 */
#ifndef PFWD_MODEL_MATCH_H
#define PFWD_MODEL_MATCH_H

#include "model/address.h"

#define IFNAME_MAX 16 /* IFNAMSIZ, with the NUL */

struct match {
	char ifname[IFNAME_MAX]; /* "": any; "ppp+": all that begin with ppp */
	struct network dst;
	struct network src;
	enum proto proto;
	struct ports ports;
};

/* Whether a SPEC can name that interface: all characters are printable, none means something else
 * in a SPEC, in raw output or in a shell, it does not look like an option ("-"), a comment ("#") or
 * an address, and it is not "+" alone. */
bool ifname_is_sayable(const char *name);
/* Whether it stands for several interfaces: "" and "ppp+" do. */
bool ifname_is_wild(const char *name);

/* How the packets that a takes lie to those that b takes. */
enum overlap {
	OVERLAP_DISJOINT,
	OVERLAP_EQUAL,
	OVERLAP_INSIDE, /* a strictly inside b */
	OVERLAP_AROUND, /* b strictly inside a */
	OVERLAP_CROSS,  /* they share packets, and neither holds the other */
};

enum overlap match_overlap(const struct match *a, const struct match *b);

enum overlap ports_overlap(struct ports a, struct ports b);
enum overlap ifname_overlap(const char *a, const char *b);
enum overlap network_overlap(const struct network *a, const struct network *b);
/* How two matches lie to each other, from how two of their fields do. */
enum overlap overlap_join(enum overlap a, enum overlap b);

/*
 * A total order in which a match inside another one comes first: by the narrower interface,
 * destination, source and ports, in that order of importance; equally narrow ones by value. 0 only
 * for equal matches.
 */
int match_compare(const struct match *a, const struct match *b);

#endif
