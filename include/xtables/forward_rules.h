/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules of one forward, and back: the forward that a rule means. It knows no other forwards,
 * and no table.
 */
#ifndef PFWD_XTABLES_FORWARD_RULES_H
#define PFWD_XTABLES_FORWARD_RULES_H

#include "model/forward.h"
#include "syntax/spec.h"
#include "xtables/group.h"

#define FORWARD_RULES_MAX (12 + 3 * (NETWORKS_MAX - 1))

struct forward_rule {
	enum group group; /* whose chain it stands in */
	struct rule rule;
};

/*
 * Fill out, and return the number of rules. The first is the DNAT rule of the forward proper (that
 * is, without what --hairpin and --local add), from which the forward is read back. Its comment is
 * written to comment, to which the rule points.
 */
size_t forward_rules_of(const struct forward *f, struct forward_rule out[FORWARD_RULES_MAX],
			char comment[SPEC_OPTIONS_MAX]);

/* The further rules of a forward whose target is an address of this host: they let its connections
 * in. Fill out, and return the number of rules. */
size_t forward_rules_here(const struct forward *f, struct forward_rule out[FORWARD_RULES_MAX]);

/* The further rule of a forward to another host that programs of this host use, if others stop what
 * these send: it lets it out. The number of rules. */
size_t forward_rules_out(const struct forward *f, struct forward_rule out[FORWARD_RULES_MAX]);

/* The rule of GROUP_POST or GROUP_POST_LOCAL that leaves the source of this forward's connections
 * as it is, if a wider forward to the same target would translate it. */
void forward_rules_exception(const struct forward *f, enum group group, struct rule *out);

/* The rule of what --hairpin adds to f, in *group, without the network. */
void forward_rules_hairpin(const struct forward *f, enum group *group, struct rule *out);

/* The forward proper that a rule of that group stands for; it lacks the networks of --hairpin if
 * the comment has no room for them. -1: it stands for none, and *out is as it was. */
int forward_rules_read(enum family family, enum group group, const struct rule *rule,
		       struct forward *out);

/* Whether a rule of that group's chain has a shape that pfwd wrote there before it asked for the
 * original port. */
bool forward_rules_older(enum family family, enum group group, const struct rule *rule);

/* Whether a rule of that group's chain has a shape that pfwd writes there. If it stands for a
 * forward proper, *out is that forward; else the family of *out is FAMILY_NONE. */
bool forward_rules_knows(enum family family, enum group group, const struct rule *rule,
			 struct forward *out);

#endif
