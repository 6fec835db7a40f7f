/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All chains are one set, in which those of a table jump to each other. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>

#include "nftables/early.h"
#include "nftables/others.h"
#include "nftables/words.h"

/* In the order in which packets meet them. */
enum hook {
	HOOK_INGRESS,
	HOOK_PREROUTING,
	HOOK_OUTPUT,
	HOOK_EGRESS,
};

static enum hook hook_of(const struct others_chain *c)
{
	if (c->nfproto == NFPROTO_NETDEV)
		return c->hook == NF_NETDEV_EGRESS ? HOOK_EGRESS : HOOK_INGRESS;
	return c->hook == NF_INET_INGRESS     ? HOOK_INGRESS
	       : c->hook == NF_INET_LOCAL_OUT ? HOOK_OUTPUT
					      : HOOK_PREROUTING;
}

static int compare_bases(const void *a, const void *b)
{
	const struct others_chain *x = *(const struct others_chain *const *)a;
	const struct others_chain *y = *(const struct others_chain *const *)b;
	if (hook_of(x) != hook_of(y))
		return hook_of(x) < hook_of(y) ? -1 : 1;
	return (x->priority > y->priority) - (x->priority < y->priority);
}

static int add_base(const struct others *others, const struct others_chain *c, struct early *out,
		    struct err *err)
{
	static const enum early_way ways[] = {
		[HOOK_OUTPUT] = EARLY_OUT, [HOOK_EGRESS] = EARLY_POST};
	const struct rule_place place = guests_place(c);
	enum hook hook = hook_of(c);
	bool behind = hook == HOOK_PREROUTING && c->priority > NF_IP_PRI_NAT_DST;
	bool zones = hook == HOOK_INGRESS || c->priority < NF_IP_PRI_CONNTRACK;
	struct early_base base = {.chain = (size_t)(c - others->chains),
				  .family = place.family,
				  .translated = behind || hook == HOOK_EGRESS,
				  .way = ways[hook],
				  .served = hook == HOOK_OUTPUT,
				  .zones = zones && hook != HOOK_EGRESS};
	memcpy(base.devices, c->devices, sizeof(base.devices));
	rule_place_format_chain(&place, base.where);
	snprintf(base.chain_of, sizeof(base.chain_of), "rule %s %.48s %.48s", guest_family(c),
		 c->table, c->name);
	base.nft = true;
	return early_add_base(out, &base, err);
}

static int give_set(struct others *from, struct early *out, struct err *err)
{
	struct filter_chain *chains = calloc(from->count + 1, sizeof(*chains));
	if (!chains)
		return err_memory(err);
	for (size_t i = 0; i < from->count; i++) {
		struct others_chain *c = &from->chains[i];
		chains[i] = (struct filter_chain){c->rules, c->count, c->drops};
		c->rules = NULL;
	}
	return early_add_set(out, chains, from->count, err);
}

static int give_all(struct others *from, struct early *out, struct err *err)
{
	const struct others_chain **bases = calloc(from->count + 1, sizeof(*bases));
	size_t count = 0;
	if (!bases)
		return err_memory(err);
	for (size_t i = 0; i < from->count; i++)
		if (from->chains[i].base)
			bases[count++] = &from->chains[i];
	qsort(bases, count, sizeof(*bases), compare_bases);
	int result = count ? give_set(from, out, err) : 0;
	for (size_t i = 0; result == 0 && i < count; i++)
		result = add_base(from, bases[i], out, err);
	free(bases);
	return result;
}

int nft_early(struct early *out, struct err *err)
{
	struct others others;
	int result = others_read_early(&others);
	/* a kernel without nf_tables has no rules in it */
	if (result < 0 && errno == ENOMEM)
		err_memory(err);
	else
		result = result < 0 ? 0 : give_all(&others, out, err);
	others_free(&others);
	return result;
}
