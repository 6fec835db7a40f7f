/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bytes of an entry to a rule, if pfwd could have written it. It reads no table.
 */
#ifndef PFWD_XTABLES_DECODE_H
#define PFWD_XTABLES_DECODE_H

#include "xtables/rule.h"

/*
 * The rule of a whole entry. target_name: the chain, verdict or extension that its target names,
 * as iptc_get_target says. 0, or -1 if the entry is of a shape that encode_rule does not make, and
 * *out is undefined. out->chain and out->comment point into target_name and the entry.
 */
int decode_entry(enum family family, const void *entry, const char *target_name, struct rule *out);

#endif
