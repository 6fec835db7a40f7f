/* SPDX-License-Identifier: GPL-2.0-or-later */
/* That a rule comes back from its bytes as it was. */
#ifndef PFWD_TESTS_CHECK_CODEC_H
#define PFWD_TESTS_CHECK_CODEC_H

#include "xtables/decode.h"
#include "xtables/encode.h"

static inline const char *target_name(const struct rule *rule)
{
	static const char *const names[] = {
		[TARGET_ACCEPT] = "ACCEPT",
		[TARGET_RETURN] = "RETURN",
		[TARGET_DNAT] = "DNAT",
		[TARGET_SNAT] = "SNAT",
		[TARGET_MASQUERADE] = "MASQUERADE",
	};
	return rule->target == TARGET_JUMP ? rule->chain : names[rule->target];
}

static inline void check_codec(enum family family, const struct rule *rule)
{
	struct entry entry;
	struct rule again;
	encode_rule(family, rule, &entry);
	assert_true(entry.size <= ENTRY_MAX);
	assert_int_equal(*entry_head(family, entry.bytes).next_offset, entry.size);
	assert_int_equal(decode_entry(family, entry.bytes, target_name(rule), &again), 0);
	assert_true(rule_equal(rule, &again));
}

#endif
