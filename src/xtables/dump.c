/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes in the notation of iptables-restore(8), and words about what stays. */
#include <stdio.h>
#include <string.h>

#include "xtables/dump.h"
#include "xtables/text.h"

struct dump {
	const struct state *have;
	const char *chain;    /* of the change before */
	struct quoted quoted; /* ... fit to be printed: changes of one chain follow each other */
	struct lines *out;
	struct err *err;
};

/* Its number alone would not say to a reader what goes. */
static int dump_jump_deletion(struct dump *dump, const struct op *op)
{
	const struct state *have = dump->have;
	const char *to = "";
	for (size_t i = 0; i < have->jump_count; i++)
		if (&have->jumps[i].ref == op->ref)
			to = have->jumps[i].to;
	int result = *to ? lines_add(dump->out, dump->err, "# the jump to %s", to)
			 : lines_add(dump->out, dump->err, "# the rule for what pfwd has marked");
	return result < 0 ? -1
			  : lines_add(dump->out, dump->err, "-D %s %u", dump->quoted.text,
				      op->position + 1);
}

static int dump_op(struct dump *dump, const struct op *op)
{
	char rule[RULE_TEXT_MAX] = "";
	const char *chain = dump->quoted.text;
	struct lines *out = dump->out;
	struct err *err = dump->err;
	if (op->chain != dump->chain)
		dump->quoted = quote(op->chain);
	dump->chain = op->chain;
	if (op->rule)
		text_rule(dump->have->family, op->rule, rule);
	switch (op->kind) {
	case OP_NEW_CHAIN:
		return lines_add(out, err, ":%s - [0:0]", chain);
	case OP_DELETE_CHAIN:
		return lines_add(out, err, "-X %s", chain);
	case OP_INSERT:
		if (op->at_end)
			return lines_add(out, err, "-A %s %s", chain, rule);
		return lines_add(out, err, "-I %s %u %s", chain, op->position + 1, rule);
	case OP_DELETE:
		if (op->rule)
			return lines_add(out, err, "-D %s %s", chain, rule);
		return dump_jump_deletion(dump, op);
	}
	return 0;
}

int dump_plan(const struct state *have, const struct plan *plan, struct lines *out, struct err *err)
{
	struct dump dump = {.have = have, .out = out, .err = err};
	if (have->family == FAMILY_IPV6 && lines_add(out, err, "# IPv6") < 0)
		return -1;
	if (lines_add(out, err, "*%s", table_name(have->table)) < 0)
		return -1;
	for (size_t i = 0; i < plan->count; i++)
		if (dump_op(&dump, &plan->ops[i]) < 0)
			return -1;
	return lines_add(out, err, "COMMIT");
}

int dump_kept(const struct state *have, const struct plan *plan, struct lines *out, struct err *err)
{
	for (size_t c = 0; c < have->chain_count; c++)
		if (plan->keeps[c] &&
		    lines_add(
			    out, err,
			    "kept chain %s of the %s %s table: a rule of another program is in it "
			    "or jumps to it",
			    quote(have->chains[c].name).text, family_name(have->family),
			    table_name(have->table)) < 0)
			return -1;
	return 0;
}

struct tally { /* of some rules of a chain */
	const struct rule *first;
	size_t count;
};

#define TALLY_TEXT_MAX (RULE_TEXT_MAX + 40)

static void put_tally(enum family family, const struct tally *tally, char out[TALLY_TEXT_MAX])
{
	text_rule(family, tally->first, out);
	size_t used = strlen(out);
	if (tally->count > 1)
		snprintf(out + used, TALLY_TEXT_MAX - used, " and %zu more", tally->count - 1);
}

static int say_foreign(struct dump *dump, const struct state *have, size_t count)
{
	return lines_add(dump->out, dump->err,
			 "chain %s of the %s %s table holds %zu rule%s that pfwd did not make; %s",
			 dump->quoted.text, family_name(have->family), table_name(have->table),
			 count, count == 1 ? "" : "s", count == 1 ? "it stays" : "they stay");
}

static int say_needless(struct dump *dump, const struct state *have, const struct tally *tally)
{
	char rules[TALLY_TEXT_MAX];
	put_tally(have->family, tally, rules);
	return lines_add(dump->out, dump->err,
			 "chain %s of the %s %s table holds %s, which no forward needs; the next "
			 "change removes %s",
			 dump->quoted.text, family_name(have->family), table_name(have->table),
			 rules, tally->count == 1 ? "it" : "them");
}

int dump_foreign(const struct state *have, struct lines *out, struct err *err)
{
	for (size_t c = 0; c < have->chain_count; c++) {
		const struct state_chain *chain = &have->chains[c];
		struct dump dump = {.quoted = quote(chain->name), .out = out, .err = err};
		struct tally needless = {0};
		size_t foreign = 0;
		for (size_t i = chain->count; i-- > 0;) {
			const struct state_rule *r = &chain->rules[i];
			foreign += !r->ours;
			if (r->needless)
				needless = (struct tally){&r->rule, needless.count + 1};
		}
		if (foreign && say_foreign(&dump, have, foreign) < 0)
			return -1;
		if (needless.count && say_needless(&dump, have, &needless) < 0)
			return -1;
	}
	return 0;
}

static int say_tidied(struct dump *dump, const struct state *have, const struct tally *tally)
{
	char rules[TALLY_TEXT_MAX];
	if (tally->count == 0)
		return 0;
	put_tally(have->family, tally, rules);
	return lines_add(dump->out, dump->err,
			 "removed %s, which no forward needed, from chain %s of the %s %s table",
			 rules, quote(dump->chain).text, family_name(have->family),
			 table_name(have->table));
}

int dump_tidied(const struct state *have, const struct plan *plan, struct lines *out,
		struct err *err)
{
	struct dump dump = {.out = out, .err = err};
	struct tally tidied = {0};
	for (size_t i = 0; i < plan->count; i++) {
		const struct op *op = &plan->ops[i];
		if (!op->tidies)
			continue;
		if (op->chain != dump.chain && say_tidied(&dump, have, &tidied) < 0)
			return -1;
		/* from the last rule of a chain to the first */
		tidied = (struct tally){op->rule, op->chain == dump.chain ? tidied.count + 1 : 1};
		dump.chain = op->chain;
	}
	return say_tidied(&dump, have, &tidied);
}
