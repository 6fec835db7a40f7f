/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A rule of a chain as a plain value, which can take just the shapes that pfwd writes. It knows
 * neither the kernel's bytes nor forwards.
 */
#ifndef PFWD_XTABLES_RULE_H
#define PFWD_XTABLES_RULE_H

#include "model/match.h"

enum PACKED rule_target {
	TARGET_ACCEPT = 1,
	TARGET_RETURN,
	TARGET_JUMP, /* to chain */
	TARGET_DNAT,
	TARGET_SNAT,
	TARGET_MASQUERADE,
};

enum rule_flag {
	RULE_NOT_DST = 1 << 0,       /* all destinations except dst */
	RULE_NOT_IN = 1 << 1,        /* all interfaces except in */
	RULE_DST_LOCAL = 1 << 2,     /* the destination is an address of this host */
	RULE_DST_ELSEWHERE = 1 << 3, /* ... but no address of the incoming interface */
	RULE_SRC_LOCAL = 1 << 4,
	RULE_STATE_DNAT = 1 << 5,        /* of a connection whose destination is translated */
	RULE_STATE_ESTABLISHED = 1 << 6, /* RELATED, ESTABLISHED */
	RULE_MARKED = 1 << 7,            /* the packet has all bits of GUEST_MARK */
};

/*
 * Equality is that of the bytes up to chain: there is no padding, and all that is not asked for is
 * zero, up to the last byte of a name or an address (rule_is_clean).
 */
struct rule {
	int64_t until; /* seconds since 1970, the first at which it is over; 0: never */
	char in[IFNAME_MAX];
	struct network src, dst, orig_dst;
	struct address to; /* of DNAT and SNAT; none: the address stays as it is */
	enum rule_target target;
	struct ports ports;      /* of the destination */
	struct ports orig_ports; /* ... in conntrack's original direction, as orig_dst */
	struct ports to_ports;   /* {0, 0}: the port stays as it is */
	uint16_t to_base;        /* the port that to_ports.first is for; 0: all to to_ports.first */
	uint8_t flags;           /* enum rule_flag */
	enum proto proto;
	/* not owned; NULL: none */
	const char *chain; /* of TARGET_JUMP */
	const char *comment;
};

#define CHAIN_NAME_MAX 32 /* XT_EXTENSION_MAXNAMELEN is 29, xt_chainlabel has 32 */
#define COMMENT_MAX 256   /* XT_MAX_COMMENT_LEN, with the NUL */

/* Whether nothing is behind the end of a name or of an IPv4 address. */
bool rule_is_clean(const struct rule *rule);

bool rule_equal(const struct rule *a, const struct rule *b);
/* A total order, which serves only to bring equal rules together. */
int rule_compare(const struct rule *a, const struct rule *b);
uint64_t rule_hash(const struct rule *rule);
/* The same, whatever the destination ports are, before translation (orig_ports) and behind it. */
int rule_compare_but_ports(const struct rule *a, const struct rule *b);
uint64_t rule_hash_but_ports(const struct rule *rule);

/* The packets that it matches: as they were before translation, if it asks conntrack for that.
 * Negated parts are left out. */
struct match rule_match(const struct rule *rule);

#endif
