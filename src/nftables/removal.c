/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules are read again: what is deleted has to be what was read before. One batch, for the
 * generation of that reading, deletes all of them.
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "nftables/batch.h"
#include "nftables/other_read.h"
#include "nftables/removal.h"

#define NAMES_ROOM 1024 /* a rule's table, chain and number */

static bool is_ours(const struct other_rule *v)
{
	return strcmp(v->backend, "nftables") == 0;
}

static uint8_t nfproto_of(enum family family)
{
	return family == FAMILY_IPV4   ? NFPROTO_IPV4
	       : family == FAMILY_IPV6 ? NFPROTO_IPV6
				       : NFPROTO_INET;
}

/* rule: NULL: all rules of the chain. */
static void put_deletion(struct batch *batch, const struct other_rule *chain,
			 const struct other_rule *rule)
{
	struct nlmsghdr *nlh = batch_message(batch, NFT_MSG_DELRULE, 0, NAMES_ROOM);
	if (!nlh)
		return;
	((struct nfgenmsg *)mnl_nlmsg_get_payload(nlh))->nfgen_family =
		nfproto_of(chain->table_family);
	mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, chain->table);
	mnl_attr_put_strz(nlh, NFTA_RULE_CHAIN, chain->chain);
	if (rule)
		mnl_attr_put_u64(nlh, NFTA_RULE_HANDLE, htobe64(rule->handle));
}

static int changed(struct err *err)
{
	return err_set(err, ERR_CHANGED, "others changed the nf_tables rules at the same time");
}

static int compare_chains(const struct other_rule *x, const struct other_rule *y)
{
	int d = x->table_family - y->table_family;
	if (d == 0)
		d = strcmp(x->table, y->table);
	return d ? d : strcmp(x->chain, y->chain);
}

static int compare_rules(const void *a, const void *b)
{
	const struct other_rule *x = *(const struct other_rule *const *)a;
	const struct other_rule *y = *(const struct other_rule *const *)b;
	int d = compare_chains(x, y);
	return d ? d : (x->handle > y->handle) - (x->handle < y->handle);
}

/* The kernel looks for each rule from the head of its chain, so that thousands of one chain take
 * long; but not if all of the chain go at once. */
static void put_chain(struct batch *batch, const struct other_rule *const *rules, size_t count)
{
	size_t different = 1;
	for (size_t i = 1; i < count; i++)
		different += rules[i]->handle != rules[i - 1]->handle;
	if (different == rules[0]->siblings) {
		put_deletion(batch, rules[0], NULL);
		return;
	}
	for (size_t i = 0; i < count; i++)
		if (i == 0 || rules[i]->handle != rules[i - 1]->handle)
			put_deletion(batch, rules[i], rules[i]);
}

/* rules: those that go, as they are now; several may be values of one rule. They are sorted. */
static void put_deletions(struct batch *batch, const struct other_rule **rules, size_t count)
{
	size_t first = 0;
	qsort(rules, count, sizeof(*rules), compare_rules);
	for (size_t i = 1; i <= count; i++)
		if (i == count || compare_chains(rules[i], rules[first]) != 0) {
			put_chain(batch, rules + first, i - first);
			first = i;
		}
}

struct removal {
	const struct other_rules *rules; /* as they were read */
	const bool *gone;                /* which of them are deleted */
	struct other_rules now;          /* as they are */
	const struct other_rule **going; /* of now */
	size_t count;
};

static int find_going(struct removal *r, struct err *err)
{
	const struct other_rules *rules = r->rules, *now = &r->now;
	size_t n = 0;
	r->going = calloc(now->count + 1, sizeof(*r->going));
	if (!r->going)
		return err_memory(err);
	for (size_t i = 0; i < rules->count; i++) {
		const struct other_rule *v = &rules->items[i];
		if (!is_ours(v))
			continue;
		if (n == now->count || !other_rule_equal(&now->items[n], v) ||
		    now->items[n].handle != v->handle)
			return changed(err);
		if (r->gone[i])
			r->going[r->count++] = &now->items[n];
		n++;
	}
	return n == now->count ? 0 : changed(err);
}

int nft_removal_run(const struct other_rules *rules, const bool *gone, struct err *err)
{
	struct removal removal = {.rules = rules, .gone = gone};
	struct batch batch = {0};
	uint32_t generation;
	bool any = false, unsure;
	for (size_t i = 0; !any && i < rules->count; i++)
		any = gone[i] && is_ours(&rules->items[i]);
	if (!any)
		return 0;
	if (batch_generation(&generation) < 0)
		return err_sys(err, errno, "cannot ask nf_tables for its generation");
	batch_begin(&batch, generation);
	int result = other_read(generation, OTHERS_ALL, &removal.now, err);
	if (result == 0)
		result = find_going(&removal, err);
	if (result == 0) {
		put_deletions(&batch, removal.going, removal.count);
		result = batch_send(&batch, &unsure, err);
	}
	free(removal.going);
	batch_free(&batch);
	other_rules_free(&removal.now);
	return result;
}
