/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A port forward: one family, one protocol, one client network, so one DNAT rule. A plain value, to
 * be copied and compared as one; it holds what users say, and nothing of how the kernel says it.
 */
#ifndef PFWD_MODEL_FORWARD_H
#define PFWD_MODEL_FORWARD_H

#include "model/address.h"
#include "model/err.h"
#include "model/match.h"
#include "model/networks.h"

#define NAME_MAX_LENGTH 63

struct forward {
	enum family family; /* never FAMILY_NONE */
	enum proto proto;
	bool masquerade;
	bool hairpin;
	bool local;
	bool except;             /* not forwarded: kept out of a wider forward; no target */
	char ifname[IFNAME_MAX]; /* as in struct match */
	char name[NAME_MAX_LENGTH + 1];
	struct address addr;   /* connections sent to it; none: any address of this host */
	struct network from;   /* clients; none: all */
	struct address target; /* none: this host itself */
	struct address snat;   /* the source that the target sees; none: unchanged */
	const struct networks *hairpin_nets; /* NULL while they are still to be found */
	struct ports ports;
	struct ports target_ports; /* as many as ports, in order; or one for all of them */
	int64_t until; /* seconds since 1970, the first at which it has ended; 0: never */
};

/* The last time that iptables-legacy can print and read (2038-01-19T03:14:06Z). */
#define FORWARD_UNTIL_MAX 2147483646

static inline bool forward_to_self(const struct forward *f)
{
	return !address_is_set(&f->target) && !f->except;
}

/* Whether the target sees another source than the client. */
static inline bool forward_translates_source(const struct forward *f)
{
	return f->masquerade || address_is_set(&f->snat);
}

/*
 * Whether the fields make sense together: families, refused addresses, lengths of ranges, options
 * that do not go with a target, forwards that would translate nothing. 0, or -1 with ERR_INPUT.
 */
int forward_check(const struct forward *f, struct err *err);

/* The packets that it takes by itself, without those of --hairpin and --local. */
struct match forward_match(const struct forward *f);
/* How many networks --hairpin has. */
static inline size_t forward_hairpin_count(const struct forward *f)
{
	return f->hairpin && f->hairpin_nets ? f->hairpin_nets->count : 0;
}
/* The target port for that port of f->ports. */
uint16_t forward_target_port(const struct forward *f, uint16_t port);
/* Whether the two send packets for each port that both have to the same address and port. */
bool forward_same_place(const struct forward *a, const struct forward *b);

bool forward_equal(const struct forward *a, const struct forward *b);
/* Equal, except perhaps for until. */
bool forward_equal_but_until(const struct forward *a, const struct forward *b);
static inline bool forward_expired(const struct forward *f, int64_t now)
{
	return f->until && f->until <= now;
}

/* The order of lists: family, interface, address, protocol, port; then all other fields, so that
 * the order is total. */
int forward_compare(const struct forward *a, const struct forward *b);
/* The first part of that order, up to the ports: 0 if both have one family and one SPEC. */
int forward_compare_spec(const struct forward *a, const struct forward *b);

/* The packets that --hairpin, with one of its networks, and --local add. Interfaces do not count in
 * them; sources count for a hairpin alone: the network. */
struct match forward_hairpin_match(const struct forward *f, const struct network *net);
struct match forward_local_match(const struct forward *f);

#endif
