/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as an entry of a table: refused, or a rule that encodes to an entry which decodes to
 * the same; and comments of any text as the options of a forward.
 */
#include <stdlib.h>
#include <string.h>

#include "syntax/request.h"
#include "xtables/decode.h"
#include "xtables/encode.h"
#include "xtables/forward_rules.h"
#include "xtables/text.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static const char *const targets[] = {"ACCEPT", "RETURN", "DNAT",       "SNAT",
				      "PFWD",   "DROP",   "MASQUERADE", ""};

static void check_rule(enum family family, const struct rule *rule, const char *target)
{
	struct entry entry;
	struct rule again;
	struct forward f;
	char text[RULE_TEXT_MAX];
	encode_rule(family, rule, &entry);
	if (decode_entry(family, entry.bytes, target, &again) < 0 || !rule_equal(rule, &again))
		abort();
	text_rule(family, rule, text);
	for (int g = 0; g < GROUPS; g++)
		forward_rules_knows(family, (enum group)g, rule, &f);
}

/* An entry whose offsets lie inside it: the kernel promises no more. */
static void check_entry(enum family family, const unsigned char *data, size_t size,
			const char *target)
{
	unsigned char *bytes = aligned_alloc(8, (size + 7) & ~(size_t)7);
	struct rule rule;
	if (!bytes)
		return;
	memcpy(bytes, data, size);
	struct entry_head head = entry_head(family, bytes);
	if (size >= head.size) {
		*head.next_offset = (__u16)size;
		size_t room = size - head.size;
		*head.target_offset = (__u16)(head.size + (*head.target_offset % (room + 1) & ~7U));
		if (decode_entry(family, bytes, target, &rule) == 0)
			check_rule(family, &rule, target);
	}
	free(bytes);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	char comment[300];
	struct forward f = {.family = FAMILY_IPV4, .proto = PROTO_TCP};
	if (size < 2 || size > 4096)
		return 0;
	const char *target = targets[data[0] % 8];
	enum family family = data[1] & 1 ? FAMILY_IPV6 : FAMILY_IPV4;
	size_t length = size - 2 < sizeof(comment) ? size - 2 : sizeof(comment) - 1;
	memcpy(comment, data + 2, length);
	comment[length] = '\0';
	request_read_comment(comment, &f);
	check_entry(family, data + 2, size - 2, target);
	return 0;
}
