/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Comparing rules by their bytes. */
#include <assert.h>
#include <string.h>

#include "model/hash.h"
#include "xtables/rule.h"

#define RULE_PLAIN offsetof(struct rule, chain) /* the part without pointers */

#define SIZE_OF(field) sizeof(((struct rule *)NULL)->field)

static_assert(SIZE_OF(until) + SIZE_OF(in) + SIZE_OF(src) + SIZE_OF(dst) + SIZE_OF(orig_dst) +
			      SIZE_OF(to) + SIZE_OF(target) + SIZE_OF(ports) + SIZE_OF(orig_ports) +
			      SIZE_OF(to_ports) + SIZE_OF(to_base) + SIZE_OF(flags) +
			      SIZE_OF(proto) ==
		      RULE_PLAIN,
	      "a rule that is compared by its bytes has no padding");

static bool is_clean_address(const struct address *addr)
{
	static const uint8_t zero[sizeof(addr->bytes)];
	switch (addr->family) {
	case FAMILY_NONE:
		return memcmp(addr->bytes, zero, sizeof(zero)) == 0;
	case FAMILY_IPV4:
		return memcmp(addr->bytes + 4, zero, sizeof(zero) - 4) == 0;
	case FAMILY_IPV6:
		break;
	}
	return true;
}

bool rule_is_clean(const struct rule *r)
{
	char name[IFNAME_MAX] = {0};
	memcpy(name, r->in, strnlen(r->in, sizeof(r->in)));
	return memcmp(name, r->in, sizeof(name)) == 0 && is_clean_address(&r->src.addr) &&
	       is_clean_address(&r->dst.addr) && is_clean_address(&r->orig_dst.addr) &&
	       is_clean_address(&r->to);
}

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
	plain.orig_ports = b->orig_ports;
	return rule_compare(&plain, b);
}

uint64_t rule_hash_but_ports(const struct rule *rule)
{
	struct rule plain = *rule;
	plain.ports = plain.orig_ports = (struct ports){0, 0};
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
