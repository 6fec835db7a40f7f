/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules of others in the notation of their own tools, as far as values tell them. It prints
 * nothing.
 */
#ifndef PFWD_ADOPT_WORDS_H
#define PFWD_ADOPT_WORDS_H

#include "model/lines.h"
#include "model/other_rule.h"

#define WORDS_MAX 1024

/* Whether the rule is of a legacy table, or of a text of iptables. */
bool words_are_legacy(const struct other_rule *v);
/* Ports of a rule that are told as several values; count is 0 or 1 if they are those of the value.
 */
#define WORDS_PORTS_MAX 15 /* as many as multiport takes; a range counts as two */
struct words_ports {
	struct ports items[WORDS_PORTS_MAX];
	size_t count;
};
/* Add those of v. False: there is no room, or v differs from first in more than its ports. */
bool words_add_ports(struct words_ports *ports, const struct other_rule *first,
		     const struct other_rule *v);

/* What the rule asks and does, as iptables writes it: "-i eth0 -p tcp ... -j DNAT ..."; or as nft
 * does: "iifname ... dnat to ...". */
void words_rule(const struct other_rule *v, bool iptables, const struct words_ports *ports,
		char out[WORDS_MAX]);
/* The same with its place before it: "-t nat -A PREROUTING ..." or "ip nat prerouting ...". */
void words_whole(const struct other_rule *v, const struct words_ports *ports, char out[WORDS_MAX]);

#endif
