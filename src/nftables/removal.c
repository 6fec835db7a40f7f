/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules are read again: what is deleted has to be what was read before. One batch, for the
 * generation of that reading, deletes all of them.
 */
#include <endian.h>
#include <errno.h>
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

static void put_deletion(struct batch *batch, const struct other_rule *v)
{
	struct nlmsghdr *nlh = batch_message(batch, NFT_MSG_DELRULE, 0, NAMES_ROOM);
	if (!nlh)
		return;
	((struct nfgenmsg *)mnl_nlmsg_get_payload(nlh))->nfgen_family = nfproto_of(v->table_family);
	mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, v->table);
	mnl_attr_put_strz(nlh, NFTA_RULE_CHAIN, v->chain);
	mnl_attr_put_u64(nlh, NFTA_RULE_HANDLE, htobe64(v->handle));
}

/* Whether a value of the same rule comes before that one. */
static bool is_repeated(const struct other_rules *rules, const bool *gone, size_t i)
{
	const struct other_rule *v = &rules->items[i];
	for (size_t n = 0; n < i; n++) {
		const struct other_rule *o = &rules->items[n];
		if (gone[n] && is_ours(o) && o->handle == v->handle &&
		    o->table_family == v->table_family && strcmp(o->table, v->table) == 0)
			return true;
	}
	return false;
}

static int changed(struct err *err)
{
	return err_set(err, ERR_CHANGED, "others changed the nf_tables rules at the same time");
}

struct removal {
	const struct other_rules *rules; /* as they were read */
	const bool *gone;                /* which of them are deleted */
	struct other_rules now;          /* as they are */
};

static int put_deletions(struct batch *batch, const struct removal *r, struct err *err)
{
	const struct other_rules *rules = r->rules, *now = &r->now;
	size_t n = 0;
	for (size_t i = 0; i < rules->count; i++) {
		const struct other_rule *v = &rules->items[i];
		if (!is_ours(v))
			continue;
		if (n == now->count || !other_rule_equal(&now->items[n], v) ||
		    now->items[n].handle != v->handle)
			return changed(err);
		n++;
		if (r->gone[i] && !is_repeated(rules, r->gone, i))
			put_deletion(batch, v);
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
		result = put_deletions(&batch, &removal, err);
	if (result == 0)
		result = batch_send(&batch, &unsure, err);
	batch_free(&batch);
	other_rules_free(&removal.now);
	return result;
}
