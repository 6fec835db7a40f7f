/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as what the kernel says of a table: rules, sets and elements are refused, or taken in
 * as values that are written and read back as the same. Whatever the table holds, its forwards are
 * such as pfwd makes, and plans can be made for it.
 *
 * The input is a list of records: a letter, the length of what follows (two bytes, the higher one
 * first), and the attributes of a message; tests/fuzz/seed.c writes such ones.
 */
#include <stdlib.h>
#include <string.h>
#include <linux/netfilter/nfnetlink.h>

#include "nftables/health.h"
#include "nftables/plan.h"
#include "nftables/words.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* A message or attribute with these attributes in it, in memory of exactly its own size. */
static void *wrap(const unsigned char *data, size_t size, size_t header)
{
	unsigned char *bytes = aligned_alloc(4, (header + size + 3) & ~(size_t)3);
	unsigned char *exact = realloc(bytes, header + size);
	if (!exact)
		abort();
	memset(exact, 0, header);
	memcpy(exact + header, data, size);
	return exact;
}

static void check_rule_again(const struct nft_rule *rule, const char *chain)
{
	_Alignas(struct nlmsghdr) char buffer[2 * WIRE_RULE_MAX] = {0};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct nft_rule again;
	const char *name;
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct nfgenmsg));
	mnl_attr_put_strz(nlh, NFTA_RULE_CHAIN, chain);
	wire_put_rule(nlh, rule);
	if (nlh->nlmsg_len > WIRE_RULE_MAX || !wire_read_rule(nlh, &again, &name) ||
	    !nft_rule_equal(rule, &again))
		abort();
}

static void take_rule(struct content *content, const struct nlmsghdr *nlh)
{
	struct nft_rule rule;
	const char *chain;
	if (!wire_read_rule(nlh, &rule, &chain))
		return;
	shape_knows_rule(&rule);
	if (!rule.unknown && strlen(chain) < BUCKET_NAME_MAX)
		check_rule_again(&rule, chain);
	struct nft_rule *added = content_add_rule(content, chain);
	if (!added)
		abort();
	*added = rule;
}

static void take_set(struct content *content, const struct nlmsghdr *nlh)
{
	struct wire_set there;
	struct content_set *set;
	char again[BUCKET_NAME_MAX];
	if (!wire_read_set(nlh, &there))
		return;
	/* the kernel has each name once */
	if (content_find_set(content, there.name))
		return;
	set = content_add_set(content, &there);
	if (!set)
		abort();
	set->whole = true;
	if (!set->known || set->set.verdicts)
		return;
	bucket_name(&set->set.bucket, again);
	if (strcmp(again, there.name) != 0)
		abort();
}

/* An element of the set that was named last. */
static void take_element(struct content *content, const struct nlattr *attr)
{
	struct element e = {0};
	struct element_counter counter;
	const char *jump;
	if (content->set_count == 0)
		return;
	uint32_t last = (uint32_t)content->set_count - 1;
	struct content_set *set = &content->sets[last];
	if (!set->known)
		return;
	e.bucket = set->set.bucket;
	if (!wire_read_element(attr, &e, &counter, &jump))
		set->count++, set->foreign++;
	else if ((jump ? content_add_jump(content, last, jump)
		       : content_add_element(content, last, &e, &counter)) < 0)
		abort();
}

static void take_record(struct content *content, unsigned char kind, const unsigned char *data,
			size_t size)
{
	if (kind == 'e') {
		struct nlattr *attr = wrap(data, size, sizeof(*attr));
		attr->nla_len = (uint16_t)(sizeof(*attr) + size);
		take_element(content, attr);
		free(attr);
		return;
	}
	struct nlmsghdr *nlh = wrap(data, size, sizeof(*nlh) + sizeof(struct nfgenmsg));
	nlh->nlmsg_len = (uint32_t)(sizeof(*nlh) + sizeof(struct nfgenmsg) + size);
	if (kind == 'r')
		take_rule(content, nlh);
	else if (kind == 's')
		take_set(content, nlh);
	free(nlh);
}

static void take_records(struct content *content, const unsigned char *data, size_t size)
{
	while (size > 3) {
		unsigned char kind = data[0];
		size_t length = (size_t)data[1] << 8 | data[2];
		data += 3;
		size -= 3;
		if (length > size || length > UINT16_MAX - sizeof(struct nlattr))
			return;
		take_record(content, kind, data, length);
		data += length;
		size -= length;
	}
}

static void plan_for(const struct content *have, const struct forwards *wanted)
{
	struct nft_plan plan;
	struct lines lines = {0};
	struct err err;
	if (nft_plan_make(have, wanted, &plan, &err) < 0)
		return;
	if (words_plan(&plan, &lines, &err) < 0)
		abort();
	lines_free(&lines);
	nft_plan_free(&plan);
}

static void check_content(const struct content *content)
{
	const struct forwards *set = &content->base.forwards;
	struct ruleset_status *status = calloc(set->count + 1, sizeof(*status));
	struct lines lines = {0};
	struct err err;
	for (size_t i = 0; i < set->count; i++)
		if (forward_check(&set->items[i], &err) < 0 ||
		    (i > 0 && forward_compare(&set->items[i - 1], &set->items[i]) >= 0))
			abort();
	if (!status || words_foreign(content, &lines, &err) < 0)
		abort();
	nft_health(content, status, &err);
	plan_for(content, set);
	plan_for(content, &(struct forwards){0});
	lines_free(&lines);
	free(status);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct content content = {.generation = 1, .there = true};
	struct err err;
	take_records(&content, data, size);
	if (content_finish(&content, &err) < 0)
		abort();
	check_content(&content);
	content_free(&content);
	return 0;
}
