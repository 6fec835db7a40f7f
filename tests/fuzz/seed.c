/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Seeds: the entries of some forwards for fuzz_decode, tables of random ones for fuzz_nftables.
 * Usage: seed FOLDER, in which there are folders of these names. */
#include <stdio.h>
#include <string.h>
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
	return number && write_tables(argv[1]) == 0 ? 0 : 1;
}
