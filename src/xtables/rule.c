/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Comparing rules. */
#include <assert.h>
#include <string.h>

#include "model/hash.h"
#include "xtables/rule.h"

#define RULE_PLAIN offsetof(struct rule, chain) /* the part without pointers */

static_assert(RULE_PLAIN == 112, "a rule that is compared by its bytes has no padding");

static int compare_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

int rule_compare(const struct rule *a, const struct rule *b)
{
	int d = memcmp(a, b, RULE_PLAIN);
	if (d == 0)
		d = compare_text(a->chain, b->chain);
	if (d == 0)
		d = compare_text(a->comment, b->comment);
	return d;
}

bool rule_equal(const struct rule *a, const struct rule *b)
{
	return rule_compare(a, b) == 0;
}

uint64_t rule_hash(const struct rule *rule)
{
	uint64_t hash = hash_bytes(0, rule, RULE_PLAIN);
	return hash_text(hash_text(hash, rule->chain), rule->comment);
}

int rule_compare_but_ports(const struct rule *a, const struct rule *b)
{
	struct rule plain = *a;
	plain.ports = b->ports;
	return rule_compare(&plain, b);
}

uint64_t rule_hash_but_ports(const struct rule *rule)
{
	struct rule plain = *rule;
	plain.ports = (struct ports){0, 0};
	return rule_hash(&plain);
}

struct match rule_match(const struct rule *rule)
{
	struct match box = {.src = rule->src, .proto = rule->proto};
	bool original = rule->orig_ports.first != 0;
	if (!(rule->flags & RULE_NOT_IN))
		memcpy(box.ifname, rule->in, sizeof(box.ifname));
	if (original)
		box.dst = rule->orig_dst;
	else if (!(rule->flags & RULE_NOT_DST))
		box.dst = rule->dst;
	box.ports = original ? rule->orig_ports : rule->ports;
	return box;
}
