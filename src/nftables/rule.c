/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Comparing and building rules. */
#include <assert.h>
#include <string.h>

#include "nftables/rule.h"

static bool same_expr(const struct expr *a, const struct expr *b)
{
	return a->kind == b->kind && a->reg == b->reg && a->data_reg == b->data_reg &&
	       a->length == b->length && a->key == b->key && a->extra == b->extra &&
	       a->has_addr == b->has_addr && a->has_port == b->has_port &&
	       memcmp(a->flip, b->flip, sizeof(a->flip)) == 0 &&
	       memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

bool nft_rule_equal(const struct nft_rule *a, const struct nft_rule *b)
{
	if (a->unknown || b->unknown || a->count != b->count || strcmp(a->name, b->name) != 0 ||
	    strcmp(a->comment, b->comment) != 0)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!same_expr(&a->exprs[i], &b->exprs[i]))
			return false;
	return true;
}

struct expr *nft_rule_add(struct nft_rule *rule, enum expr_kind kind)
{
	assert(rule->count < RULE_EXPRS_MAX);
	struct expr *e = &rule->exprs[rule->count++];
	memset(e, 0, sizeof(*e));
	e->kind = kind;
	return e;
}
