/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A rule to the bytes of an entry, as iptables would build them. It hands the bytes to nobody.
 */
#ifndef PFWD_XTABLES_ENCODE_H
#define PFWD_XTABLES_ENCODE_H

#include "xtables/entry.h"
#include "xtables/rule.h"

/* The counters are zero. A jump's verdict is left to libiptc, which finds the chain by the name in
 * the target. */
void encode_rule(enum family family, const struct rule *rule, struct entry *out);

/* What encode_rule writes of a DNAT's target; *range is zeroed before. */
struct nf_nat_range2;
void encode_dnat(const struct rule *rule, struct nf_nat_range2 *range);

/* "ACCEPT", "RETURN" or the chain of a jump; NULL: the target is an extension. */
const char *encode_standard_name(const struct rule *rule);

#endif
