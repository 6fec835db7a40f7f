/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Only tables with a base chain of interest are read further. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter_ipv4.h>
#include <net/if.h>

#include "host/interfaces.h"
#include "host/netlink.h"
#include "host/route.h"
#include "model/array.h"
#include "model/hash.h"
#include "nftables/filter_rule.h"
#include "nftables/others.h"

struct reader {
	struct others *out;
	bool early; /* prerouting and ingress are what matters */
	bool no_memory;
	struct wanted_table { /* its rules are read */
		uint8_t nfproto;
		char name[BUCKET_NAME_MAX];
	} * tables;
	size_t table_count;
	struct hash_table index; /* of the chains */
	struct jump {
		size_t chain, rule;
		char to[BUCKET_NAME_MAX];
	} * jumps;
	size_t jump_count;
};

static uint64_t hash_chain(uint8_t nfproto, const char *table, const char *name)
{
	return hash_text(hash_text(nfproto, table), name);
}

static struct others_chain *find_chain(const struct reader *r, uint8_t nfproto, const char *table,
				       const char *name)
{
	const struct others_chain *c;
	size_t at = 0;
	uint64_t hash = hash_chain(nfproto, table, name);
	while ((c = hash_table_next(&r->index, hash, &at)))
		if (c->nfproto == nfproto && strcmp(c->name, name) == 0 &&
		    strcmp(c->table, table) == 0)
			return &r->out->chains[c - r->out->chains];
	return NULL;
}

static uint8_t family_of(const struct nlmsghdr *nlh)
{
	return ((const struct nfgenmsg *)mnl_nlmsg_get_payload(nlh))->nfgen_family;
}

static bool is_family(const struct reader *r, uint8_t nfproto)
{
	if (nfproto == NFPROTO_NETDEV)
		return r->early;
	return nfproto == NFPROTO_INET || nfproto == NFPROTO_IPV4 || nfproto == NFPROTO_IPV6;
}

static bool is_ours(uint8_t nfproto, const char *table)
{
	return nfproto == NFPROTO_INET && strcmp(table, "pfwd") == 0;
}

static void add_device(struct others_chain *c, const struct nlattr *name)
{
	const char *text = wire_string(name);
	for (size_t i = 0; text && i < sizeof(c->devices) / sizeof(c->devices[0]); i++)
		if (!*c->devices[i]) {
			strncpy(c->devices[i], text, IFNAME_MAX - 1);
			return;
		}
}

/* More than these few are not told. */
static void read_devices(const struct wire_attrs *hook, struct others_chain *c)
{
	const struct nlattr *list = hook->of[NFTA_HOOK_DEVS], *item;
	const char *at = list ? mnl_attr_get_payload(list) : NULL;
	const char *end = list ? at + mnl_attr_get_payload_len(list) : NULL;
	if (hook->of[NFTA_HOOK_DEV])
		add_device(c, hook->of[NFTA_HOOK_DEV]);
	while (!hook->of[NFTA_HOOK_DEV] && (item = wire_next(&at, end)))
		add_device(c, item);
}

/* Whether chains of that type filter packets. Of those that translate, one that packets meet before
 * pfwd's may drop them too. */
static bool is_read(const struct reader *r, const char *type, const struct wire_attrs *hook)
{
	int32_t priority = (int32_t)wire_number_of(hook, NFTA_HOOK_PRIORITY);
	if (!type || strcmp(type, "filter") == 0 || strcmp(type, "route") == 0)
		return true;
	return r->early && wire_number_of(hook, NFTA_HOOK_HOOKNUM) == NF_INET_PRE_ROUTING &&
	       priority < NF_IP_PRI_NAT_DST - 1;
}

static int on_chain(const struct nlmsghdr *nlh, void *data)
{
	struct reader *r = data;
	struct wire_attrs a = wire_message(nlh);
	const char *table = wire_string(a.of[NFTA_CHAIN_TABLE]);
	const char *name = wire_string(a.of[NFTA_CHAIN_NAME]);
	const char *type = wire_string(a.of[NFTA_CHAIN_TYPE]);
	struct wire_attrs hook = wire_nest(a.of[NFTA_CHAIN_HOOK]);
	if (!table || !name || !is_family(r, family_of(nlh)) || is_ours(family_of(nlh), table) ||
	    !is_read(r, type, &hook))
		return MNL_CB_OK;
	void *chains = r->out->chains;
	struct others_chain *c = array_append(&chains, &r->out->count, sizeof(*c));
	r->out->chains = chains;
	if (!c) {
		r->no_memory = true;
		return MNL_CB_STOP;
	}
	c->nfproto = family_of(nlh);
	strncpy(c->table, table, sizeof(c->table) - 1);
	strncpy(c->name, name, sizeof(c->name) - 1);
	c->base = a.of[NFTA_CHAIN_HOOK] != NULL;
	read_devices(&hook, c);
	c->hook = wire_number_of(&hook, NFTA_HOOK_HOOKNUM);
	c->priority = (int32_t)wire_number_of(&hook, NFTA_HOOK_PRIORITY);
	c->drops = wire_number_of(&a, NFTA_CHAIN_POLICY) == NF_DROP && a.of[NFTA_CHAIN_POLICY];
	return MNL_CB_OK;
}

/* Of tables that are dormant nothing is in force; those with an owner nobody else may change. */
static int on_table(const struct nlmsghdr *nlh, void *data)
{
	struct reader *r = data;
	struct wire_attrs a = wire_message(nlh);
	const char *name = wire_string(a.of[NFTA_TABLE_NAME]);
	uint32_t flags = wire_number_of(&a, NFTA_TABLE_FLAGS);
	for (size_t i = 0; name && i < r->out->count; i++) {
		struct others_chain *c = &r->out->chains[i];
		if (c->nfproto != family_of(nlh) || strcmp(c->table, name) != 0)
			continue;
		c->owned = flags & NFT_TABLE_F_OWNER;
		if (flags & NFT_TABLE_F_DORMANT)
			c->base = false;
	}
	return MNL_CB_OK;
}

static int add_rule(struct reader *r, struct others_chain *c, const struct wire_attrs *a)
{
	struct filter_message message;
	struct filter_rule *rules = reallocarray(c->rules, c->count + 1, sizeof(*rules));
	if (rules)
		c->rules = rules;
	bool *guest = rules ? reallocarray(c->guest, c->count + 1, sizeof(*guest)) : NULL;
	if (!guest) /* analyzer: no leak, others_free frees the rules */
		return -1;
	c->guest = guest; /* analyzer: and these */
	filter_message_read(a, c->nfproto, if_indextoname, &message);
	c->rules[c->count] = message.rule;
	c->guest[c->count] = message.guest;
	if (*message.jump) {
		void *jumps = r->jumps;
		struct jump *j = array_append(&jumps, &r->jump_count, sizeof(*j));
		r->jumps = jumps;
		if (!j)
			return -1;
		j->chain = (size_t)(c - r->out->chains);
		j->rule = c->count;
		strcpy(j->to, message.jump);
	}
	c->count++;
	return 0;
}

static int on_rule(const struct nlmsghdr *nlh, void *data)
{
	struct reader *r = data;
	struct wire_attrs a = wire_message(nlh);
	const char *table = wire_string(a.of[NFTA_RULE_TABLE]);
	const char *chain = wire_string(a.of[NFTA_RULE_CHAIN]);
	if (!table || !chain)
		return MNL_CB_OK;
	struct others_chain *c = find_chain(r, family_of(nlh), table, chain);
	if (c && add_rule(r, c, &a) < 0) {
		r->no_memory = true;
		return MNL_CB_STOP;
	}
	return MNL_CB_OK;
}

/* table: NULL: of all. */
static int dump(uint16_t type, const struct wanted_table *table, mnl_cb_t on, struct reader *r)
{
	_Alignas(struct nlmsghdr) char buffer[1024] = {0};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	nlh->nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type);
	struct nfgenmsg *nfh = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfh));
	nfh->nfgen_family = table ? table->nfproto : NFPROTO_UNSPEC;
	nfh->version = NFNETLINK_V0;
	if (table)
		mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, table->name);
	return netlink_dump(NETLINK_NETFILTER, nlh, on, r);
}

/* Whether it is a base chain on a hook that matters: only its table is read further. */
static bool matters(const struct reader *r, const struct others_chain *c)
{
	bool device = c->nfproto == NFPROTO_NETDEV;
	bool before = c->hook == NF_INET_PRE_ROUTING || c->hook == NF_INET_INGRESS;
	bool untracked = c->hook == NF_INET_LOCAL_OUT && c->priority < NF_IP_PRI_CONNTRACK;
	if (r->early)
		return c->base && (device || before || untracked);
	return c->base && c->hook >= NF_INET_LOCAL_IN && c->hook <= NF_INET_POST_ROUTING;
}

static bool is_wanted(const struct reader *r, const struct others_chain *c)
{
	for (size_t i = 0; i < r->table_count; i++)
		if (r->tables[i].nfproto == c->nfproto && strcmp(r->tables[i].name, c->table) == 0)
			return true;
	return false;
}

/* Find the tables that are read further, and forget the chains of all others. */
static int choose_tables(struct reader *r)
{
	struct others *out = r->out;
	size_t kept = 0;
	for (size_t i = 0; i < out->count; i++) {
		const struct others_chain *c = &out->chains[i];
		if (!matters(r, c) || is_wanted(r, c))
			continue;
		void *tables = r->tables;
		struct wanted_table *t = array_append(&tables, &r->table_count, sizeof(*t));
		r->tables = tables;
		if (!t)
			return -1;
		t->nfproto = c->nfproto;
		strcpy(t->name, c->table);
	}
	for (size_t i = 0; i < out->count; i++)
		if (is_wanted(r, &out->chains[i]))
			out->chains[kept++] = out->chains[i];
	out->count = kept;
	return 0;
}

static int make_index(struct reader *r)
{
	struct err ignored;
	if (hash_table_init(&r->index, r->out->count, &ignored) < 0)
		return -1;
	for (size_t i = 0; i < r->out->count; i++) {
		const struct others_chain *c = &r->out->chains[i];
		hash_table_add(&r->index, hash_chain(c->nfproto, c->table, c->name), c);
	}
	return 0;
}

static int read_rules(struct reader *r)
{
	if (choose_tables(r) < 0 || make_index(r) < 0) {
		r->no_memory = true;
		return -1;
	}
	for (size_t i = 0; i < r->table_count; i++)
		if (dump(NFT_MSG_GETRULE, &r->tables[i], on_rule, r) < 0)
			return -1;
	return 0;
}

static void set_jumps(struct reader *r)
{
	const struct others *out = r->out;
	for (size_t i = 0; i < r->jump_count; i++) {
		const struct jump *j = &r->jumps[i];
		struct others_chain *from = &out->chains[j->chain];
		const struct others_chain *to = find_chain(r, from->nfproto, from->table, j->to);
		from->rules[j->rule].to = to ? (uint32_t)(to - out->chains) : UINT32_MAX;
	}
}

static int read_all(bool early, struct others *out)
{
	struct reader r = {.out = out, .early = early};
	struct err ignored;
	*out = (struct others){.route = route_interface};
	int result = dump(NFT_MSG_GETCHAIN, NULL, on_chain, &r);
	if (result == 0 && out->count)
		result = dump(NFT_MSG_GETTABLE, NULL, on_table, &r);
	if (result == 0)
		result = read_rules(&r);
	set_jumps(&r);
	hash_table_free(&r.index);
	free(r.tables);
	free(r.jumps);
	if (r.no_memory) {
		errno = ENOMEM;
		return -1;
	}
	for (size_t i = 0; i < out->count; i++)
		out->chains[i].base =
			out->chains[i].base && (!early || matters(&r, &out->chains[i]));
	if (result == 0 && out->count && !early)
		result = host_own_addresses(&out->here, &ignored);
	return result;
}

int others_read(struct others *out)
{
	return read_all(false, out);
}

int others_read_early(struct others *out)
{
	return read_all(true, out);
}
