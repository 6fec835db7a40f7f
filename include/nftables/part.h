/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts of a forward: what it does for clients as such, and what --hairpin and --local add; and
 * in which bucket each of them is. It asks no kernel.
 */
#ifndef PFWD_NFTABLES_PART_H
#define PFWD_NFTABLES_PART_H

#include "model/forwards.h"
#include "nftables/bucket.h"

/* A range of no more ports has an element for each of them, in maps of exact keys. */
#define PART_PORTS 128

/* The parts of a forward are counted: PART_HAIRPIN is that of the first network of --hairpin, and
 * those of the others follow. Behind them there is another one for each network: for its clients
 * that come in as others do, whom the target would answer directly. */
enum {
	PART_PROPER,
	PART_LOCAL,
	PART_HAIRPIN,
	PART_INSIDE, /* as a kind: one of those behind */
};

/* How many parts a forward has. */
static inline unsigned int part_count(const struct forward *f)
{
	return PART_HAIRPIN + 2 * (unsigned int)forward_hairpin_count(f);
}
/* PART_HAIRPIN or PART_INSIDE whatever the network, else the part. */
unsigned int part_kind(const struct forward *f, unsigned int part);
/* Whether the forward needs it. */
bool part_is_there(const struct forward *f, unsigned int part);
/* The network of --hairpin that such a part is for. */
const struct network *part_hairpin(const struct forward *f, unsigned int part);
/* The clients that it takes; unset: all. */
struct network part_clients(const struct forward *f, unsigned int part);
/* Its bucket without the level, FORM_CLIENTS and inside: these depend on other forwards and parts.
 */
struct bucket part_bucket(const struct forward *f, unsigned int part);
/* Whether the ports of a range are sent to others. */
bool part_is_shifted(const struct forward *f);

#endif
