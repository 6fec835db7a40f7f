/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which rule of others translates packets that a forward takes too, and which of both comes first.
 * It asks no kernel.
 */
#ifndef PFWD_OTHERS_MEET_H
#define PFWD_OTHERS_MEET_H

#include "others/shadow.h"

enum meet_order {
	MEET_BEFORE,  /* the rule comes first */
	MEET_UNKNOWN, /* whichever was set up last */
	MEET_BEHIND,  /* the forward comes first */
};

struct meeting {
	const struct other_rule *rule; /* NULL: there is none */
	enum meet_order order;
	bool all; /* it takes all of the forward's packets */
};

struct meets { /* the rules that translate, by port; a zeroed one is empty */
	const struct other_rule **narrow; /* of one port; sorted */
	size_t narrow_count;
	const struct other_rule **wide;
	size_t wide_count;
	const struct addresses *here; /* of this host */
};

/* The rules and addresses must outlive it. 0, or -1 (out of memory). */
int meets_make(const struct other_rules *rules, const struct addresses *here, struct meets *out,
	       struct err *err);
/* The one that matters most: a rule that takes all of the forward's packets comes before one that
 * takes some, and that before one that gets none of them. backend: of the forward. */
struct meeting meets_find(const struct meets *meets, const struct forward *f, const char *backend);
struct meet_flow { /* a translated connection */
	uint8_t proto;
	struct address client, via, target; /* as in struct connection */
	uint16_t via_port, target_port;
};
/* The rule that most likely translated it: the first that takes such packets and sends them there.
 * NULL: none does. */
const struct other_rule *meets_whose(const struct meets *meets, const struct meet_flow *flow);
void meets_free(struct meets *meets);

/* Words for it: whose rule it is, where it stands, and where it sends packets. */
#define MEET_TEXT_MAX 640
void meet_format(const struct other_rule *rule, char out[MEET_TEXT_MAX]);

#endif
