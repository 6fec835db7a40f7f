/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What packets a forward takes, as a box: a set of packets that is a product of one range per
 * field. It knows nothing of targets or rules.
 */
#ifndef PFWD_MODEL_BOX_H
#define PFWD_MODEL_BOX_H

#include "model/address.h"

#define IFNAME_MAX 16 /* IFNAMSIZ, with the NUL */

struct box {
	char ifname[IFNAME_MAX]; /* "": any; a trailing '+': all that begin so */
	struct network dst;
	struct network src;
	uint8_t proto; /* enum proto */
	struct ports ports;
};

/* Whether a SPEC can say that interface: printable, without what SPEC, raw output and shells take
 * for something else, no option ("-"), comment ("#") or address by its looks, and not "+" alone. */
bool ifname_is_sayable(const char *name);

/* How the packets of a lie to those of b. */
enum relation {
	RELATION_DISJOINT,
	RELATION_EQUAL,
	RELATION_INSIDE, /* a strictly inside b */
	RELATION_AROUND, /* b strictly inside a */
	RELATION_CROSS,  /* they share packets, and neither holds the other */
};

enum relation box_relation(const struct box *a, const struct box *b);

enum relation ports_relation(struct ports a, struct ports b);
enum relation ifname_relation(const char *a, const char *b);
enum relation network_relation(const struct network *a, const struct network *b);
/* The relation of two products, from those of their factors. */
enum relation relation_join(enum relation a, enum relation b);

/*
 * A total order in which a box inside another comes first: narrower interface, destination,
 * source and ports, in that order; among equally narrow ones by value. Never 0 for boxes that
 * differ.
 */
int box_compare(const struct box *a, const struct box *b);

#endif
