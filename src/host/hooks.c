/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The base chains of nf_tables, which a packet passes besides those of the legacy tables. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "host/hooks.h"
#include "host/netlink.h"
#include "model/err.h"

#define REQUEST_SIZE 256

struct search {
	enum family family;
	enum host_hook hook;
	void (*each)(enum family family, const char *chain);
};

struct chain {
	const char *table, *name;
	const struct nlattr *hook, *policy;
};

static int read_attribute(const struct nlattr *attr, void *data)
{
	struct chain *chain = data;
	switch (mnl_attr_get_type(attr)) {
	case NFTA_CHAIN_TABLE:
		chain->table = mnl_attr_get_str(attr);
		break;
	case NFTA_CHAIN_NAME:
		chain->name = mnl_attr_get_str(attr);
		break;
	case NFTA_CHAIN_HOOK:
		chain->hook = attr;
		break;
	case NFTA_CHAIN_POLICY:
		chain->policy = attr;
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

static int read_hook(const struct nlattr *attr, void *data)
{
	uint32_t *number = data;
	if (mnl_attr_get_type(attr) == NFTA_HOOK_HOOKNUM)
		*number = ntohl(mnl_attr_get_u32(attr));
	return MNL_CB_OK;
}

/* nft(8)'s word for a family of tables; NULL: packets of forwards do not pass them. */
static const char *family_word(uint8_t nft_family, enum family family)
{
	if (nft_family == NFPROTO_INET)
		return "inet";
	if (nft_family == NFPROTO_IPV4 && family == FAMILY_IPV4)
		return "ip";
	return nft_family == NFPROTO_IPV6 && family == FAMILY_IPV6 ? "ip6" : NULL;
}

static int on_chain(const struct nlmsghdr *nlh, void *data)
{
	struct search *search = data;
	const struct nfgenmsg *nfh = mnl_nlmsg_get_payload(nlh);
	struct chain chain = {0};
	uint32_t hook = UINT32_MAX;
	const char *word = family_word(nfh->nfgen_family, search->family);
	char text[320];
	if (!word)
		return MNL_CB_OK;
	mnl_attr_parse(nlh, sizeof(*nfh), read_attribute, &chain);
	if (!chain.table || !chain.name || !chain.hook || !chain.policy)
		return MNL_CB_OK;
	mnl_attr_parse_nested(chain.hook, read_hook, &hook);
	if (hook != (uint32_t)search->hook || ntohl(mnl_attr_get_u32(chain.policy)) != NF_DROP)
		return MNL_CB_OK;
	snprintf(text, sizeof(text), "table %s %.140s, chain %.140s", word, quote(chain.table).text,
		 quote(chain.name).text);
	search->each(search->family, text);
	return MNL_CB_OK;
}

void host_nft_drops(enum family family, enum host_hook hook,
		    void (*each)(enum family family, const char *chain))
{
	_Alignas(struct nlmsghdr) char buffer[REQUEST_SIZE] = {0};
	struct search search = {.family = family, .hook = hook, .each = each};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	nlh->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETCHAIN;
	struct nfgenmsg *nfh = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfh));
	nfh->nfgen_family = NFPROTO_UNSPEC;
	nfh->version = NFNETLINK_V0;
	/* a kernel without nf_tables drops nothing by it */
	netlink_dump(NETLINK_NETFILTER, nlh, on_chain, &search);
}
