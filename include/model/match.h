/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What packets a forward takes, as a box: a set of packets that is a product of one range per
 * field. It knows nothing of targets or rules.
 */
#ifndef PFWD_MODEL_MATCH_H
#define PFWD_MODEL_MATCH_H

#include "model/address.h"

#define IFNAME_MAX 16 /* IFNAMSIZ, with the NUL */

struct match {
	char ifname[IFNAME_MAX]; /* "": any; a trailing '+': all that begin so */
	struct network dst;
	struct network src;
	enum proto proto;
	struct ports ports;
};

/* Whether a SPEC can say that interface: printable, without what SPEC, raw output and shells take
 * for something else, no option ("-"), comment ("#") or address by its looks, and not "+" alone. */
bool ifname_is_sayable(const char *name);

/* How the packets of a lie to those of b. */
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
/* The relation of two products, from those of their factors. */
enum overlap overlap_join(enum overlap a, enum overlap b);

/*
 * A total order in which a box inside another comes first: narrower interface, destination,
 * source and ports, in that order; among equally narrow ones by value. Never 0 for boxes that
 * differ.
 */
int match_compare(const struct match *a, const struct match *b);

#endif
