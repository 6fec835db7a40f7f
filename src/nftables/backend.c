/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nf_tables behind the words that every backend has. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nftables/backend.h"
#include "nftables/batch.h"
#include "nftables/commit.h"
#include "nftables/early.h"
#include "nftables/health.h"
#include "nftables/other_read.h"
#include "nftables/others.h"
#include "nftables/read.h"
#include "nftables/removal.h"
#include "nftables/words.h"

/* The struct that begins with this base. */
static struct content *content_of(const struct ruleset *set)
{
	union {
		const struct ruleset *in;
		struct content *out;
	} whole = {.in = set};
	return whole.out;
}

static struct nft_plan *plan_of(const struct ruleset_plan *plan)
{
	union {
		const struct ruleset_plan *in;
		struct nft_plan *out;
	} whole = {.in = plan};
	return whole.out;
}

/* There is nothing to set up before the table itself. */
static bool present(void)
{
	uint32_t generation;
	return batch_generation(&generation) == 0 && generation != 0;
}

static bool usable(struct err *why)
{
	if (present())
		return true;
	err_set(why, ERR_UNSUPPORTED, "this kernel has no nf_tables; load nf_tables");
	return false;
}

static bool stops_others(struct err *where)
{
	struct others others;
	const struct others_chain *stop = NULL;
	if (others_read(&others) == 0)
		stop = guests_stop_any(&others);
	if (stop)
		err_set(where, ERR_NONE, "chain %s of table %s %s drops what legacy rules accept",
			quote(stop->name).text, guest_family(stop), quote(stop->table).text);
	others_free(&others);
	return stop != NULL;
}

static int read_set(const struct reading *reading, struct ruleset **out, struct err *err)
{
	struct content *c = calloc(1, sizeof(*c));
	if (!c)
		return err_memory(err);
	if (read_table(reading, c, err) < 0) {
		free(c);
		return -1;
	}
	*out = &c->base;
	return 0;
}

static int digest(uint64_t *out, struct err *err)
{
	uint32_t generation;
	if (batch_generation(&generation) < 0)
		return err_sys(err, errno, "cannot ask nf_tables for its generation");
	*out = generation;
	return 0;
}

static int status(struct ruleset *set, struct ruleset_status *out, struct err *err)
{
	return nft_health(content_of(set), out, err);
}

static int blocks(const struct ruleset *set, const struct forwards *elsewhere,
		  struct ruleset_status *out, struct err *err)
{
	return guests_block(&content_of(set)->others, elsewhere, out, err);
}

static bool stops(const struct ruleset *set, const struct stop_question *question,
		  struct rule_place *where)
{
	return guests_where(&content_of(set)->others, question, where);
}

static int limits(const struct ruleset *set, const struct limit_question *question,
		  struct limits *out, struct err *err)
{
	return guests_limits(&content_of(set)->others, question, out, err);
}

static int foreign(const struct ruleset *set, struct lines *out, struct err *err)
{
	return words_foreign(content_of(set), out, err);
}

static int list_others(const struct ruleset *set, enum others_depth depth, struct other_rules *out,
		       struct err *err)
{
	return other_read(content_of(set)->generation, depth, out, err);
}

static void forget(struct ruleset *set, const struct other_rules *rules, const bool *gone)
{
	for (size_t i = 0; i < rules->count; i++)
		if (gone[i] && strcmp(rules->items[i].backend, "nftables") == 0)
			guests_forget(&content_of(set)->others, &rules->items[i]);
}

static int plan(struct ruleset *set, const struct forwards *wanted, struct ruleset_plan **out,
		struct err *err)
{
	struct nft_plan *p = calloc(1, sizeof(*p));
	if (!p)
		return err_memory(err);
	if (nft_plan_make(content_of(set), wanted, p, err) < 0) {
		free(p);
		return -1;
	}
	*out = &p->base;
	return 0;
}

static int print(const struct ruleset_plan *plan, struct lines *out, struct err *err)
{
	return words_plan(plan_of(plan), out, err);
}

static int kept(const struct ruleset_plan *plan, struct lines *out, struct err *err)
{
	const struct nft_plan *p = plan_of(plan);
	const char *line = p->kept.text;
	for (size_t i = 0; i < p->kept.count; i++) {
		const char *end = strchr(line, '\n');
		if (lines_add(out, err, "%.*s", (int)(end - line), line) < 0)
			return -1;
		line = end + 1;
	}
	return 0;
}

static int commit(struct ruleset_plan *plan, struct lines *notes, struct err *err)
{
	(void)notes;
	return nft_commit(plan_of(plan), err);
}

static void free_set(struct ruleset *set)
{
	if (!set)
		return;
	content_free(content_of(set));
	free(set);
}

static void free_plan(struct ruleset_plan *plan)
{
	if (!plan)
		return;
	nft_plan_free(plan_of(plan));
	free(plan);
}

const struct backend nftables_backend = {
	.name = "nftables",
	.priority = -101, /* before other tools' translations */
	.present = present,
	.usable = usable,
	.stops_others = stops_others,
	.read = read_set,
	.digest = digest,
	.status = status,
	.blocks = blocks,
	.stops = stops,
	.limits = limits,
	.early = nft_early,
	.foreign = foreign,
	.others = list_others,
	.forget = forget,
	.remove = nft_removal_run,
	.plan = plan,
	.print = print,
	.kept = kept,
	.commit = commit,
	.free = free_set,
	.free_plan = free_plan,
};
