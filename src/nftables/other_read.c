/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Only tables with a base chain of interest are read; of their sets, those that a rule looks into,
 * when the first one does.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <net/if.h>

#include "host/netlink.h"
#include "model/array.h"
#include "nftables/other_rule.h"
#include "nftables/other_read.h"
#include "nftables/shape.h"
#include "nftables/wire.h"
#include "others/chains.h"

#define OWN_PRIORITY (-101)

struct table {
	uint8_t nfproto;
	const char *name;
	uint64_t handle;
	bool dormant;
	bool wanted; /* a base chain of interest is in it */
};

struct reader {
	uint32_t generation;
	enum others_depth depth;
	struct other_rules *out;
	struct table *tables;
	size_t table_count;
	uint64_t own; /* handle of pfwd's table; 0: there is none */
	struct other_chains chains;
	struct other_set *sets; /* of the table that is read */
	size_t set_count;
	struct other_set *filled; /* whose elements are read */
	const struct table *table;
	struct other_source source;
	struct rule_cases cases;
	bool changed, no_memory;
};

static int stop(bool *why)
{
	*why = true;
	return MNL_CB_STOP;
}

static const struct nfgenmsg *head_of(const struct nlmsghdr *nlh)
{
	return mnl_nlmsg_get_payload(nlh);
}

/* Whether a message is of the generation that is read. */
static bool is_current(struct reader *r, const struct nlmsghdr *nlh)
{
	if (mnl_nlmsg_get_payload_len(nlh) >= sizeof(struct nfgenmsg) &&
	    ntohs(head_of(nlh)->res_id) == (r->generation & 0xffff))
		return true;
	r->changed = true;
	return false;
}

/* Lists of a table name it with an attribute of type 1, and those of elements the set with 2. */
static int dump(struct reader *r, uint16_t type, mnl_cb_t on, const char *set)
{
	_Alignas(struct nlmsghdr) char buffer[1024] = {0};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	nlh->nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type);
	struct nfgenmsg *nfh = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfh));
	nfh->nfgen_family = r->table ? r->table->nfproto : NFPROTO_UNSPEC;
	nfh->version = NFNETLINK_V0;
	if (r->table)
		mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, r->table->name);
	if (set)
		mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, set);
	if (netlink_dump(NETLINK_NETFILTER, nlh, on, r) == 0)
		return 0;
	/* a list that a change interrupts ends so, or names what is gone */
	if (errno == EINTR || errno == ENOENT)
		r->changed = true;
	return -1;
}

/* ---- tables and chains ---- */

static int on_table(const struct nlmsghdr *nlh, void *data)
{
	struct reader *r = data;
	struct wire_attrs a = wire_message(nlh);
	const char *name = wire_string(a.of[NFTA_TABLE_NAME]);
	uint8_t nfproto = head_of(nlh)->nfgen_family;
	if (!is_current(r, nlh))
		return MNL_CB_STOP;
	if (!name ||
	    (nfproto != NFPROTO_INET && nfproto != NFPROTO_IPV4 && nfproto != NFPROTO_IPV6))
		return MNL_CB_OK;
	if (nfproto == NFPROTO_INET && strcmp(name, TABLE_NAME) == 0) {
		r->own = wire_long(a.of[NFTA_TABLE_HANDLE]);
		return MNL_CB_OK;
	}
	const char *text = other_rules_text(r->out, name);
	void *tables = r->tables;
	struct table *t = array_append(&tables, &r->table_count, sizeof(*t));
	r->tables = tables;
	if (!t || !text)
		return stop(&r->no_memory);
	t->nfproto = nfproto;
	t->name = text;
	t->handle = wire_long(a.of[NFTA_TABLE_HANDLE]);
	t->dormant = wire_number_of(&a, NFTA_TABLE_FLAGS) & NFT_TABLE_F_DORMANT;
	return MNL_CB_OK;
}

static struct table *find_table(const struct reader *r, uint8_t nfproto, const char *name)
{
	for (size_t i = 0; i < r->table_count; i++)
		if (r->tables[i].nfproto == nfproto && strcmp(r->tables[i].name, name) == 0)
			return &r->tables[i];
	return NULL;
}

/* Before translation, programs may intercept packets; behind it, rules accept them. */
static bool is_wanted(const struct reader *r, const struct other_chain *c)
{
	bool first = c->hook == OTHER_PREROUTING || (c->nat && c->hook == OTHER_OUTPUT);
	bool later = c->nat || c->hook == OTHER_INPUT || c->hook == OTHER_FORWARD ||
		     c->hook == OTHER_OUTPUT;
	return first || (r->depth == OTHERS_ALL && later);
}

static void read_hook(struct reader *r, const struct wire_attrs *a, struct table *t,
		      struct other_chain *c)
{
	struct wire_attrs hook = wire_nest(a->of[NFTA_CHAIN_HOOK]);
	const char *type = wire_string(a->of[NFTA_CHAIN_TYPE]);
	uint32_t number = wire_number_of(&hook, NFTA_HOOK_HOOKNUM);
	if (!a->of[NFTA_CHAIN_HOOK] || number > OTHER_POSTROUTING || t->dormant)
		return;
	/* NF_INET_* are in the same order */
	c->hook = (enum other_hook)number;
	c->nat = type && strcmp(type, "nat") == 0;
	c->priority = (int32_t)wire_number_of(&hook, NFTA_HOOK_PRIORITY);
	c->base = is_wanted(r, c);
	t->wanted = t->wanted || c->base;
	c->order = t->handle << 32 | (uint32_t)wire_long(a->of[NFTA_CHAIN_HANDLE]);
	c->before_own = r->own && (c->priority < OWN_PRIORITY ||
				   (c->priority == OWN_PRIORITY && t->handle > r->own));
}

static int on_chain(const struct nlmsghdr *nlh, void *data)
{
	struct reader *r = data;
	struct wire_attrs a = wire_message(nlh);
	const char *table = wire_string(a.of[NFTA_CHAIN_TABLE]);
	const char *name = wire_string(a.of[NFTA_CHAIN_NAME]);
	if (!is_current(r, nlh))
		return MNL_CB_STOP;
	struct table *t = table ? find_table(r, head_of(nlh)->nfgen_family, table) : NULL;
	if (!t || !name)
		return MNL_CB_OK;
	const char *text = other_rules_text(r->out, name);
	struct other_chain *c = other_chains_add(&r->chains);
	if (!c || !text)
		return stop(&r->no_memory);
	c->name = text;
	c->table = t->name;
	c->table_family = wire_family(t->nfproto);
	read_hook(r, &a, t, c);
	return MNL_CB_OK;
}

/* ---- sets ---- */

static int on_set(const struct nlmsghdr *nlh, void *data)
{
	struct reader *r = data;
	struct wire_attrs a = wire_message(nlh);
	const char *name = wire_string(a.of[NFTA_SET_NAME]);
	if (!is_current(r, nlh))
		return MNL_CB_STOP;
	if (!name)
		return MNL_CB_OK;
	const char *text = other_rules_text(r->out, name);
	void *sets = r->sets;
	struct other_set *set = array_append(&sets, &r->set_count, sizeof(*set));
	r->sets = sets;
	if (!set || !text)
		return stop(&r->no_memory);
	set->name = text;
	set->flags = wire_number_of(&a, NFTA_SET_FLAGS);
	set->key_length = wire_number_of(&a, NFTA_SET_KEY_LEN);
	return MNL_CB_OK;
}

static int on_elements(const struct nlmsghdr *nlh, void *data)
{
	struct reader *r = data;
	struct wire_attrs a = wire_message(nlh);
	const struct nlattr *list = a.of[NFTA_SET_ELEM_LIST_ELEMENTS], *item;
	const char *at = list ? mnl_attr_get_payload(list) : NULL;
	const char *end = list ? at + mnl_attr_get_payload_len(list) : NULL;
	if (!is_current(r, nlh))
		return MNL_CB_STOP;
	while ((item = wire_next(&at, end)))
		if (other_set_add(r->filled, item, r->out) < 0)
			return stop(&r->no_memory);
	return MNL_CB_OK;
}

static const struct other_set *find_set(void *context, const char *name)
{
	struct reader *r = context;
	for (size_t i = 0; i < r->set_count; i++) {
		struct other_set *set = &r->sets[i];
		if (strcmp(set->name, name) != 0)
			continue;
		r->filled = set;
		if (!set->read && dump(r, NFT_MSG_GETSETELEM, on_elements, name) < 0)
			return NULL;
		if (!set->read && other_set_finish(set) < 0)
			r->no_memory = true;
		return set;
	}
	return NULL;
}

static void drop_sets(struct reader *r)
{
	for (size_t i = 0; i < r->set_count; i++)
		other_set_free(&r->sets[i]);
	free(r->sets);
	r->sets = NULL;
	r->set_count = 0;
}

/* ---- rules ---- */

static int on_rule(const struct nlmsghdr *nlh, void *data)
{
	struct reader *r = data;
	struct wire_attrs a = wire_message(nlh);
	const char *table = wire_string(a.of[NFTA_RULE_TABLE]);
	const char *chain = wire_string(a.of[NFTA_RULE_CHAIN]);
	if (!is_current(r, nlh))
		return MNL_CB_STOP;
	/* older kernels do not choose rules by their table */
	if (!table || !chain || strcmp(table, r->table->name) != 0 ||
	    head_of(nlh)->nfgen_family != r->table->nfproto)
		return MNL_CB_OK;
	uint32_t at = other_chains_find(&r->chains, wire_family(r->table->nfproto), table, chain);
	if (at == CHAINS_NONE)
		return MNL_CB_OK;
	if (other_rule_add(&r->source, nlh, &r->chains.items[at]) < 0)
		return stop(&r->no_memory);
	return r->changed ? MNL_CB_STOP : MNL_CB_OK;
}

static int read_table(struct reader *r, const struct table *t)
{
	r->table = t;
	int result = dump(r, NFT_MSG_GETSET, on_set, NULL);
	if (result == 0 && !r->no_memory)
		result = dump(r, NFT_MSG_GETRULE, on_rule, NULL);
	/* what the rules point to in sets is used up */
	drop_sets(r);
	r->table = NULL;
	return result;
}

static int read_all(struct reader *r, struct err *err)
{
	r->source = (struct other_source){find_set, r, if_indextoname, &r->chains, &r->cases};
	r->cases.texts = r->out;
	if (dump(r, NFT_MSG_GETTABLE, on_table, NULL) < 0 ||
	    (r->table_count && !r->no_memory && dump(r, NFT_MSG_GETCHAIN, on_chain, NULL) < 0))
		return err_sys(err, errno, "cannot read nf_tables");
	if (r->no_memory || other_chains_index(&r->chains, err) < 0)
		return -1;
	for (size_t i = 0; i < r->table_count && !r->changed && !r->no_memory; i++)
		if (r->tables[i].wanted && read_table(r, &r->tables[i]) < 0)
			return err_sys(err, errno, "cannot read nf_tables");
	return 0;
}

int other_read(uint32_t generation, enum others_depth depth, struct other_rules *out,
	       struct err *err)
{
	struct reader r = {
		.generation = generation, .depth = depth, .out = out, .chains.backend = "nftables"};
	int result = generation ? read_all(&r, err) : 0;
	if (r.no_memory)
		result = err_memory(err);
	else if (r.changed)
		result = err_set(err, ERR_CHANGED,
				 "others changed the nf_tables rules while they were read");
	else if (result == 0)
		result = other_chains_walk(&r.chains, out, err);
	other_chains_free(&r.chains);
	cases_free(&r.cases);
	drop_sets(&r);
	free(r.tables);
	return result;
}
