/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Seeds: the entries of some forwards for fuzz_decode, tables of random ones for fuzz_nftables, and
 * rules of others for fuzz_others. Usage: seed FOLDER, in which there are folders of these names.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>

#include "../unit/random_forward.h"
#include "nftables/plan.h"
#include "xtables/decode.h"
#include "xtables/encode.h"
#include "xtables/forward_rules.h"

static int write_seed(const char *folder, int number, int family, const struct rule *rule)
{
	static const unsigned char target_of[] = {0, 0, 1, 4, 2, 3, 6}; /* enum rule_target */
	char path[512];
	struct entry entry;
	snprintf(path, sizeof(path), "%s/decode/entry-%d", folder, number);
	FILE *file = fopen(path, "w");
	if (!file)
		return -1;
	encode_rule(family ? FAMILY_IPV6 : FAMILY_IPV4, rule, &entry);
	putc(target_of[rule->target], file);
	putc(family, file);
	fwrite(entry.bytes, 1, entry.size, file);
	return fclose(file);
}

/* ---- tables ---- */

#define ELEMENTS_MAX 4 /* of a forward: it lacks some, or seeds would be large and fuzzing slow */

static void write_record(FILE *file, char kind, const void *bytes, size_t size)
{
	putc(kind, file);
	putc((int)(size >> 8), file);
	putc((int)(size & 0xff), file);
	fwrite(bytes, 1, size, file);
}

static void write_message(FILE *file, char kind, const struct nlmsghdr *nlh)
{
	write_record(file, kind, mnl_nlmsg_get_payload_offset(nlh, sizeof(struct nfgenmsg)),
		     mnl_nlmsg_get_payload_len(nlh) - sizeof(struct nfgenmsg));
}

static struct nlmsghdr *begin_message(char *buffer, size_t room)
{
	memset(buffer, 0, room);
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct nfgenmsg));
	return nlh;
}

static void write_elements(FILE *file, const struct nft_op *op, const char *set)
{
	static const struct element_counter counter = {3, 180};
	size_t count = element_count(op->bucket, op->f);
	for (size_t n = 0; n < count && n < ELEMENTS_MAX; n++) {
		_Alignas(struct nlmsghdr) char buffer[2 * WIRE_ELEMENT_MAX];
		struct nlmsghdr *nlh = begin_message(buffer, sizeof(buffer));
		const struct nlattr *attr = mnl_nlmsg_get_payload_tail(nlh);
		char name[BUCKET_NAME_MAX];
		struct element e;
		element_of(&(struct piece){op->bucket, op->f, PART_PROPER, n}, &e);
		bucket_name(&e.bucket, name);
		if (strcmp(name, set) != 0)
			continue;
		wire_put_element(nlh, &e, &counter);
		write_record(file, 'e', mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr));
	}
}

static void write_set(FILE *file, const struct nft_plan *plan, const struct shape_set *set)
{
	_Alignas(struct nlmsghdr) char buffer[2 * WIRE_SET_MAX];
	struct nlmsghdr *nlh = begin_message(buffer, sizeof(buffer));
	wire_put_set(nlh, set);
	write_message(file, 's', nlh);
	for (size_t i = 0; i < plan->count && !set->verdicts; i++)
		if (plan->ops[i].kind == NFT_OP_NEW_FORWARD)
			write_elements(file, &plan->ops[i], set->name);
}

static void write_rules(FILE *file, const struct shape_chain *chain)
{
	for (size_t r = 0; r < chain->count; r++) {
		_Alignas(struct nlmsghdr) char buffer[2 * WIRE_RULE_MAX];
		struct nlmsghdr *nlh = begin_message(buffer, sizeof(buffer));
		mnl_attr_put_strz(nlh, NFTA_RULE_CHAIN, chain->name);
		mnl_attr_put_u64(nlh, NFTA_RULE_HANDLE, 0);
		wire_put_rule(nlh, &chain->rules[r]);
		write_message(file, 'r', nlh);
	}
}

static int write_table(const char *folder, int number, const struct forwards *set)
{
	static const struct content none = {.generation = 1};
	char path[512];
	struct nft_plan plan;
	struct err err;
	snprintf(path, sizeof(path), "%s/nftables/table-%d", folder, number);
	FILE *file = fopen(path, "w");
	if (!file || nft_plan_make(&none, set, &plan, &err) < 0)
		return -1;
	for (size_t i = 0; i < plan.layout.shape.set_count; i++)
		write_set(file, &plan, &plan.layout.shape.sets[i]);
	for (size_t i = 0; i < plan.layout.shape.chain_count; i++)
		write_rules(file, &plan.layout.shape.chains[i]);
	nft_plan_free(&plan);
	return fclose(file);
}

static int write_tables(const char *folder)
{
	struct dice dice = {.state = 11};
	for (int i = 0; i < 40; i++) {
		struct forwards set = {0};
		struct err err;
		dice.spread = i % 2 ? WIDE : CROWDED;
		for (int k = 0; k < 2; k++) {
			struct forward f = random_forward(&dice, FAMILY_NONE);
			add_if_free(&set, &f, 0);
		}
		if (forwards_sort(&set, &err) < 0 || write_table(folder, i, &set) != 0)
			return -1;
		forwards_free(&set);
	}
	return 0;
}

/* ---- rules of others ---- */

struct attr { /* of an expression, with a number, a name, or so many bytes */
	uint16_t type;
	enum { END, NUMBER, NAME, BYTES, DATA, VERDICT } form;
	uint32_t number;
	const char *name;
};

static const struct other {
	const char *name;
	struct attr attrs[6];
} others[] = {
	{"meta", {{NFTA_META_KEY, NUMBER, NFT_META_L4PROTO, 0}, {NFTA_META_DREG, NUMBER, 1, 0}}},
	{"cmp",
	 {{NFTA_CMP_SREG, NUMBER, 1, 0},
	  {NFTA_CMP_OP, NUMBER, NFT_CMP_EQ, 0},
	  {NFTA_CMP_DATA, DATA, 1, "\6"}}},
	{"payload",
	 {{NFTA_PAYLOAD_DREG, NUMBER, 1, 0},
	  {NFTA_PAYLOAD_BASE, NUMBER, 1, 0},
	  {NFTA_PAYLOAD_OFFSET, NUMBER, 12, 0},
	  {NFTA_PAYLOAD_LEN, NUMBER, 8, 0}}},
	{"cmp",
	 {{NFTA_CMP_SREG, NUMBER, 1, 0},
	  {NFTA_CMP_OP, NUMBER, NFT_CMP_GTE, 0},
	  {NFTA_CMP_DATA, DATA, 8, "\12\0\0\1\12\0\0\2"}}},
	{"cmp",
	 {{NFTA_CMP_SREG, NUMBER, 1, 0},
	  {NFTA_CMP_OP, NUMBER, NFT_CMP_LTE, 0},
	  {NFTA_CMP_DATA, DATA, 8, "\12\0\0\1\12\0\0\2"}}},
	{"payload",
	 {{NFTA_PAYLOAD_DREG, NUMBER, 9, 0},
	  {NFTA_PAYLOAD_BASE, NUMBER, 2, 0},
	  {NFTA_PAYLOAD_OFFSET, NUMBER, 2, 0},
	  {NFTA_PAYLOAD_LEN, NUMBER, 2, 0}}},
	{"lookup",
	 {{NFTA_LOOKUP_SET, NAME, 0, "m"},
	  {NFTA_LOOKUP_SREG, NUMBER, 1, 0},
	  {NFTA_LOOKUP_DREG, NUMBER, 1, 0}}},
	{"ct", {{NFTA_CT_KEY, NUMBER, NFT_CT_STATE, 0}, {NFTA_CT_DREG, NUMBER, 1, 0}}},
	{"bitwise",
	 {{NFTA_BITWISE_SREG, NUMBER, 1, 0},
	  {NFTA_BITWISE_DREG, NUMBER, 1, 0},
	  {NFTA_BITWISE_LEN, NUMBER, 4, 0},
	  {NFTA_BITWISE_MASK, DATA, 4, "\10\0\0\0"},
	  {NFTA_BITWISE_XOR, DATA, 4, "\0\0\0\0"}}},
	{"cmp",
	 {{NFTA_CMP_SREG, NUMBER, 1, 0},
	  {NFTA_CMP_OP, NUMBER, NFT_CMP_NEQ, 0},
	  {NFTA_CMP_DATA, DATA, 4, "\0\0\0\0"}}},
	{"fib",
	 {{NFTA_FIB_DREG, NUMBER, 1, 0},
	  {NFTA_FIB_RESULT, NUMBER, 3, 0},
	  {NFTA_FIB_FLAGS, NUMBER, NFTA_FIB_F_DADDR, 0}}},
	{"range",
	 {{NFTA_RANGE_SREG, NUMBER, 1, 0},
	  {NFTA_RANGE_OP, NUMBER, NFT_RANGE_NEQ, 0},
	  {NFTA_RANGE_FROM_DATA, DATA, 4, "\12\0\0\1"},
	  {NFTA_RANGE_TO_DATA, DATA, 4, "\12\0\0\11"}}},
	{"numgen", {{NFTA_NG_DREG, NUMBER, 1, 0}}},
	{"byteorder", {{NFTA_BYTEORDER_SREG, NUMBER, 1, 0}, {NFTA_BYTEORDER_DREG, NUMBER, 1, 0}}},
	{"objref", {{NFTA_OBJREF_IMM_TYPE, NUMBER, NFT_OBJECT_LIMIT, 0}}},
	{"match", {{NFTA_MATCH_NAME, NAME, 0, "tcp"}, {NFTA_MATCH_INFO, BYTES, 16, 0}}},
	{"match",
	 {{NFTA_MATCH_NAME, NAME, 0, "multiport"},
	  {NFTA_MATCH_REV, NUMBER, 1, 0},
	  {NFTA_MATCH_INFO, BYTES, 48, 0}}},
	{"match",
	 {{NFTA_MATCH_NAME, NAME, 0, "conntrack"},
	  {NFTA_MATCH_REV, NUMBER, 3, 0},
	  {NFTA_MATCH_INFO, BYTES, 164, 0}}},
	{"match",
	 {{NFTA_MATCH_NAME, NAME, 0, "addrtype"},
	  {NFTA_MATCH_REV, NUMBER, 1, 0},
	  {NFTA_MATCH_INFO, BYTES, 8, 0}}},
	{"match",
	 {{NFTA_MATCH_NAME, NAME, 0, "iprange"},
	  {NFTA_MATCH_REV, NUMBER, 1, 0},
	  {NFTA_MATCH_INFO, BYTES, 68, 0}}},
	{"match", {{NFTA_MATCH_NAME, NAME, 0, "comment"}, {NFTA_MATCH_INFO, BYTES, 256, 0}}},
	{"target",
	 {{NFTA_TARGET_NAME, NAME, 0, "DNAT"},
	  {NFTA_TARGET_REV, NUMBER, 2, 0},
	  {NFTA_TARGET_INFO, BYTES, 44, 0}}},
	{"target", {{NFTA_TARGET_NAME, NAME, 0, "CT"}, {NFTA_TARGET_INFO, BYTES, 64, 0}}},
	{"immediate",
	 {{NFTA_IMMEDIATE_DREG, NUMBER, 1, 0}, {NFTA_IMMEDIATE_DATA, DATA, 4, "\12\0\0\1"}}},
	{"nat",
	 {{NFTA_NAT_TYPE, NUMBER, NFT_NAT_DNAT, 0},
	  {NFTA_NAT_FAMILY, NUMBER, 2, 0},
	  {NFTA_NAT_REG_ADDR_MIN, NUMBER, 1, 0},
	  {NFTA_NAT_REG_PROTO_MIN, NUMBER, 9, 0},
	  {NFTA_NAT_FLAGS, NUMBER, 3, 0}}},
	{"redir", {{NFTA_REDIR_REG_PROTO_MIN, NUMBER, 1, 0}}},
	{"tproxy", {{NFTA_TPROXY_FAMILY, NUMBER, 2, 0}, {NFTA_TPROXY_REG_PORT, NUMBER, 1, 0}}},
	{"immediate",
	 {{NFTA_IMMEDIATE_DREG, NUMBER, 0, 0},
	  {NFTA_IMMEDIATE_DATA, VERDICT, (uint32_t)NFT_JUMP, "c"}}},
};

static void put_attr(struct nlmsghdr *nlh, const struct attr *a)
{
	static const unsigned char zeros[256];
	struct nlattr *nest, *verdict;
	switch (a->form) {
	case END:
		break;
	case NUMBER:
		mnl_attr_put_u32(nlh, a->type, htonl(a->number));
		break;
	case NAME:
		mnl_attr_put_strz(nlh, a->type, a->name);
		break;
	case BYTES:
		mnl_attr_put(nlh, a->type, a->number, zeros);
		break;
	case DATA:
		nest = mnl_attr_nest_start(nlh, a->type);
		mnl_attr_put(nlh, NFTA_DATA_VALUE, a->number, a->name);
		mnl_attr_nest_end(nlh, nest);
		break;
	case VERDICT:
		nest = mnl_attr_nest_start(nlh, a->type);
		verdict = mnl_attr_nest_start(nlh, NFTA_DATA_VERDICT);
		mnl_attr_put_u32(nlh, NFTA_VERDICT_CODE, htonl(a->number));
		mnl_attr_put_strz(nlh, NFTA_VERDICT_CHAIN, a->name);
		mnl_attr_nest_end(nlh, verdict);
		mnl_attr_nest_end(nlh, nest);
		break;
	}
}

static void put_other(struct nlmsghdr *nlh, const struct other *o)
{
	struct nlattr *item = mnl_attr_nest_start(nlh, NFTA_LIST_ELEM);
	mnl_attr_put_strz(nlh, NFTA_EXPR_NAME, o->name);
	struct nlattr *data = mnl_attr_nest_start(nlh, NFTA_EXPR_DATA);
	for (size_t i = 0; i < sizeof(o->attrs) / sizeof(o->attrs[0]); i++)
		put_attr(nlh, &o->attrs[i]);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, item);
}

/* A map of addresses and ports, with one element. */
static void write_map(FILE *file)
{
	static const struct attr set[] = {{NFTA_SET_NAME, NAME, 0, "m"},
					  {NFTA_SET_FLAGS, NUMBER, NFT_SET_MAP, 0},
					  {NFTA_SET_KEY_LEN, NUMBER, 8, 0}};
	static const struct attr element[] = {{NFTA_SET_ELEM_KEY, DATA, 8, "\12\0\0\1\0\120\0\0"},
					      {NFTA_SET_ELEM_DATA, DATA, 4, "\12\0\0\2"}};
	_Alignas(struct nlmsghdr) char buffer[2 * WIRE_ELEMENT_MAX];
	struct nlmsghdr *nlh = begin_message(buffer, sizeof(buffer));
	for (size_t i = 0; i < sizeof(set) / sizeof(set[0]); i++)
		put_attr(nlh, &set[i]);
	write_message(file, 's', nlh);
	nlh = begin_message(buffer, sizeof(buffer));
	for (size_t i = 0; i < sizeof(element) / sizeof(element[0]); i++)
		put_attr(nlh, &element[i]);
	write_message(file, 'e', nlh);
}

/* Rules of some expressions that follow each other here. */
static int write_others(const char *folder)
{
	enum { EXPRS = 7 };
	size_t count = sizeof(others) / sizeof(others[0]);
	for (size_t first = 0; first + EXPRS <= count; first++) {
		_Alignas(struct nlmsghdr) char buffer[2 * WIRE_RULE_MAX];
		char path[512];
		struct nlmsghdr *nlh = begin_message(buffer, sizeof(buffer));
		struct nlattr *list = mnl_attr_nest_start(nlh, NFTA_RULE_EXPRESSIONS);
		for (size_t i = first; i < first + EXPRS; i++)
			put_other(nlh, &others[i]);
		mnl_attr_nest_end(nlh, list);
		snprintf(path, sizeof(path), "%s/others/rule-%zu", folder, first);
		FILE *file = fopen(path, "w");
		if (!file)
			return -1;
		putc((int)(first % 3), file);
		write_map(file);
		write_message(file, 'r', nlh);
		write_message(file, 'j', nlh);
		if (fclose(file) != 0)
			return -1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	static const uint8_t protos[] = {PROTO_TCP, PROTO_UDP, PROTO_SCTP};
	int number = 0;
	for (int i = 0; argc == 2 && i < 24; i++) {
		struct forward_rule rules[FORWARD_RULES_MAX];
		char comment[SPEC_OPTIONS_MAX];
		struct err err;
		enum family family;
		struct network net;
		int six = i % 2;
		struct forward f = {.family = six ? FAMILY_IPV6 : FAMILY_IPV4,
				    .proto = protos[i % 3],
				    .ports = {80, (uint16_t)(80 + i % 4)},
				    .target_ports = {90, (uint16_t)(90 + i % 4)},
				    .until = i & 4 ? 2000000000 : 0,
				    .masquerade = i & 8,
				    .hairpin = true,
				    .local = true,
				    .name = "seed"};
		address_parse(six ? "fd02::2" : "192.168.1.2", &f.target);
		network_parse(six ? "fd02::/64" : "192.168.1.0/24", &net, &family);
		f.hairpin_nets = networks_of(&net, 1);
		if (forward_check(&f, &err) < 0)
			return 1;
		size_t n = forward_rules_of(&f, rules, comment);
		for (size_t r = 0; r < n; r++)
			if (write_seed(argv[1], number++, six, &rules[r].rule) != 0)
				return 1;
	}
	return number && write_tables(argv[1]) == 0 && write_others(argv[1]) == 0 ? 0 : 1;
}
