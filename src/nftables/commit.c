/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Operations to messages. Elements of one set that follow each other share a message. */
#include <arpa/inet.h>
#include <endian.h>
#include <string.h>
#include <linux/netfilter/nfnetlink.h>

#include "nftables/batch.h"
#include "nftables/commit.h"
#include "nftables/read.h"

#define NAMES_ROOM 1024 /* attributes that are names and numbers alone */
#define LIST_ROOM 60000 /* of elements: the length of an attribute has 16 bits */

/* The message to which elements are added. */
struct list {
	struct batch *batch;
	struct nlmsghdr *nlh; /* NULL: none is open */
	struct nlattr *nest;
	uint16_t type;
	char set[BUCKET_NAME_MAX];
};

static void close_list(struct list *list)
{
	if (list->nlh)
		mnl_attr_nest_end(list->nlh, list->nest);
	list->nlh = NULL;
}

/* NULL: out of memory. */
static struct nlmsghdr *open_list(struct list *list, uint16_t type, const char *set)
{
	if (list->nlh && list->type == type && strcmp(list->set, set) == 0 &&
	    list->nlh->nlmsg_len + WIRE_ELEMENT_MAX < LIST_ROOM)
		return list->nlh;
	close_list(list);
	list->nlh = batch_message(list->batch, type, NLM_F_CREATE, LIST_ROOM);
	if (!list->nlh)
		return NULL;
	list->type = type;
	strcpy(list->set, set);
	mnl_attr_put_strz(list->nlh, NFTA_SET_ELEM_LIST_TABLE, TABLE_NAME);
	mnl_attr_put_strz(list->nlh, NFTA_SET_ELEM_LIST_SET, set);
	list->nest = mnl_attr_nest_start(list->nlh, NFTA_SET_ELEM_LIST_ELEMENTS);
	return list->nlh;
}

static void add_element(struct list *list, const struct element *e,
			const struct element_counter *counter)
{
	char set[BUCKET_NAME_MAX];
	bucket_name(&e->bucket, set);
	struct nlmsghdr *nlh = open_list(list, NFT_MSG_NEWSETELEM, set);
	if (nlh)
		wire_put_element(nlh, e, counter->packets ? counter : NULL);
}

static void delete_element(struct list *list, const struct element *e)
{
	char set[BUCKET_NAME_MAX];
	bucket_name(&e->bucket, set);
	struct nlmsghdr *nlh = open_list(list, NFT_MSG_DELSETELEM, set);
	if (!nlh)
		return;
	struct nlattr *item = mnl_attr_nest_start(nlh, NFTA_LIST_ELEM);
	wire_put_key(nlh, e);
	mnl_attr_nest_end(nlh, item);
}

/* All elements of a forward proper; the first one goes on with the counter. */
static void put_forward(struct list *list, const struct nft_op *op)
{
	static const struct element_counter none;
	size_t count = element_count(op->bucket, op->f);
	for (size_t n = 0; n < count; n++) {
		struct element e;
		element_of(&(struct piece){op->bucket, op->f, PART_PROPER, n}, &e);
		if (op->kind == NFT_OP_NEW_FORWARD)
			add_element(list, &e, n == 0 ? &op->counter : &none);
		else
			delete_element(list, &e);
	}
}

static void put_table(struct batch *batch, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *nlh = batch_message(batch, type, flags, NAMES_ROOM);
	if (!nlh)
		return;
	mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, TABLE_NAME);
	if (type == NFT_MSG_NEWTABLE)
		wire_put_comment(nlh, NFTA_TABLE_USERDATA, TABLE_COMMENT);
}

static void put_chain(struct batch *batch, const struct shape_chain *chain)
{
	struct nlmsghdr *nlh =
		batch_message(batch, NFT_MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_EXCL, NAMES_ROOM);
	if (!nlh)
		return;
	mnl_attr_put_strz(nlh, NFTA_CHAIN_TABLE, TABLE_NAME);
	mnl_attr_put_strz(nlh, NFTA_CHAIN_NAME, chain->name);
	if (!chain->base)
		return;
	struct nlattr *hook = mnl_attr_nest_start(nlh, NFTA_CHAIN_HOOK);
	mnl_attr_put_u32(nlh, NFTA_HOOK_HOOKNUM, htonl(chain->hook));
	mnl_attr_put_u32(nlh, NFTA_HOOK_PRIORITY, htonl((uint32_t)chain->priority));
	mnl_attr_nest_end(nlh, hook);
	mnl_attr_put_strz(nlh, NFTA_CHAIN_TYPE, chain->filter ? "filter" : "nat");
}

static void put_new_set(struct batch *batch, const struct shape_set *set)
{
	struct nlmsghdr *nlh =
		batch_message(batch, NFT_MSG_NEWSET, NLM_F_CREATE | NLM_F_EXCL, WIRE_SET_MAX);
	if (!nlh)
		return;
	mnl_attr_put_strz(nlh, NFTA_SET_TABLE, TABLE_NAME);
	wire_put_set(nlh, set);
	/* rules of the same batch find it by its name; the number is only asked for */
	mnl_attr_put_u32(nlh, NFTA_SET_ID, htonl(batch->sequence));
}

/* Chains and sets are named by attributes of the same numbers. */
static void put_name(struct batch *batch, uint16_t type, const char *name)
{
	struct nlmsghdr *nlh = batch_message(batch, type, 0, NAMES_ROOM);
	if (!nlh)
		return;
	mnl_attr_put_strz(nlh, type == NFT_MSG_DELSET ? NFTA_SET_TABLE : NFTA_CHAIN_TABLE,
			  TABLE_NAME);
	mnl_attr_put_strz(nlh, type == NFT_MSG_DELSET ? NFTA_SET_NAME : NFTA_CHAIN_NAME, name);
}

static void put_rule(struct batch *batch, const struct nft_op *op)
{
	uint16_t flags = NLM_F_CREATE;
	if (op->behind)
		flags |= NLM_F_APPEND;
	struct nlmsghdr *nlh = batch_message(batch, NFT_MSG_NEWRULE, flags, WIRE_RULE_MAX);
	if (!nlh)
		return;
	mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, TABLE_NAME);
	mnl_attr_put_strz(nlh, NFTA_RULE_CHAIN, op->name);
	if (op->behind)
		mnl_attr_put_u64(nlh, NFTA_RULE_POSITION, htobe64(op->behind));
	wire_put_rule(nlh, op->rule);
}

static void put_rule_deletion(struct batch *batch, const struct nft_op *op)
{
	struct nlmsghdr *nlh = batch_message(batch, NFT_MSG_DELRULE, 0, NAMES_ROOM);
	if (!nlh)
		return;
	mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, TABLE_NAME);
	mnl_attr_put_strz(nlh, NFTA_RULE_CHAIN, op->name);
	mnl_attr_put_u64(nlh, NFTA_RULE_HANDLE, htobe64(op->rule->handle));
}

static void put_guest(struct batch *batch, const struct nft_op *op)
{
	bool adds = op->kind == NFT_OP_NEW_GUEST;
	uint16_t flags = adds ? NLM_F_CREATE : 0;
	struct nft_rule rule;
	if (adds && !op->behind)
		flags |= NLM_F_APPEND;
	struct nlmsghdr *nlh = batch_message(batch, adds ? NFT_MSG_NEWRULE : NFT_MSG_DELRULE, flags,
					     WIRE_RULE_MAX);
	if (!nlh)
		return;
	((struct nfgenmsg *)mnl_nlmsg_get_payload(nlh))->nfgen_family = op->others->nfproto;
	mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, op->others->table);
	mnl_attr_put_strz(nlh, NFTA_RULE_CHAIN, op->others->name);
	if (op->behind)
		mnl_attr_put_u64(nlh, adds ? NFTA_RULE_POSITION : NFTA_RULE_HANDLE,
				 htobe64(op->behind));
	if (!adds)
		return;
	shape_guest_rule(&rule);
	wire_put_rule(nlh, &rule);
}

static void put_jump(struct list *list, const struct nft_op *op)
{
	bool adds = op->kind == NFT_OP_NEW_JUMP;
	const struct bucket *spec = adds ? &op->jump->bucket : op->bucket;
	char chain[BUCKET_NAME_MAX];
	struct nlmsghdr *nlh =
		open_list(list, adds ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM, op->name);
	bucket_clients_chain(spec, chain);
	if (nlh)
		wire_put_jump(nlh, spec, adds ? chain : NULL);
}

static void put_op(struct list *list, const struct nft_op *op)
{
	struct batch *batch = list->batch;
	bool in_list = op->kind >= NFT_OP_DELETE_JUMP && op->kind <= NFT_OP_NEW_JUMP;
	if (!in_list)
		close_list(list);
	switch (op->kind) {
	case NFT_OP_NEW_TABLE:
		put_table(batch, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL);
		break;
	case NFT_OP_NEW_CHAIN:
		put_chain(batch, op->chain);
		break;
	case NFT_OP_NEW_SET:
		put_new_set(batch, op->set);
		break;
	case NFT_OP_DELETE_RULE:
		put_rule_deletion(batch, op);
		break;
	case NFT_OP_DELETE_JUMP:
	case NFT_OP_NEW_JUMP:
		put_jump(list, op);
		break;
	case NFT_OP_DELETE_ELEMENT:
		delete_element(list, op->element);
		break;
	case NFT_OP_NEW_ELEMENT:
		add_element(list, op->element, &op->counter);
		break;
	case NFT_OP_DELETE_FORWARD:
	case NFT_OP_NEW_FORWARD:
		put_forward(list, op);
		batch->forwards++;
		break;
	case NFT_OP_NEW_RULE:
		put_rule(batch, op);
		break;
	case NFT_OP_DELETE_GUEST:
	case NFT_OP_NEW_GUEST:
		put_guest(batch, op);
		break;
	case NFT_OP_DELETE_CHAIN:
		put_name(batch, NFT_MSG_DELCHAIN, op->name);
		break;
	case NFT_OP_DELETE_SET:
		put_name(batch, NFT_MSG_DELSET, op->name);
		break;
	case NFT_OP_DELETE_TABLE:
		put_table(batch, NFT_MSG_DELTABLE, 0);
		break;
	}
}

int nft_commit(const struct nft_plan *plan, struct err *err)
{
	struct batch batch = {0};
	struct list list = {.batch = &batch};
	bool unsure;
	if (plan->have->generation == 0)
		return err_set(err, ERR_UNSUPPORTED,
			       "this kernel has no nf_tables; load nf_tables, or use --backend "
			       "iptables");
	batch_begin(&batch, plan->have->generation);
	for (size_t i = 0; i < plan->count; i++)
		put_op(&list, &plan->ops[i]);
	close_list(&list);
	int result = batch_send(&batch, &unsure, err);
	batch_free(&batch);
	return result;
}
