/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as rules of others in nf_tables: they are read as values of the rooms filter and
 * others, which say what they do not know.
 *
 * The input is the family of the table (a byte), and a list of records: a letter, the length of
 * what follows (two bytes, the higher one first), and the attributes of a message: "s" a set, "e"
 * an element of the last one, "r" a rule of a base chain, "j" one of the chain c.
 * tests/fuzz/seed.c writes such ones.
 */
#include <stdlib.h>
#include <string.h>
#include <linux/netfilter/nfnetlink.h>

#include "nftables/filter_rule.h"
#include "nftables/other_rule.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* Few, because the cases of a rule are the product of the sets that it looks into. */
#define SETS_MAX 4
#define ELEMENTS_MAX 8
#define LOOKUPS_MAX 3 /* of a rule */
#define RULES_MAX 64

struct table {
	uint8_t nfproto;
	struct other_rules texts;
	struct other_set sets[SETS_MAX];
	size_t set_count;
	size_t lookups; /* of the rule that is read */
	struct other_chains chains;
	struct rule_cases cases;
	struct filter_rule rules[RULES_MAX]; /* of the base chain */
	size_t count;
};

static const struct other_set *find_set(void *context, const char *name)
{
	struct table *t = context;
	for (size_t i = 0; t->lookups < LOOKUPS_MAX && i < t->set_count; i++) {
		struct other_set *set = &t->sets[i];
		if (strcmp(set->name, name) != 0)
			continue;
		if (!set->read && other_set_finish(set) < 0)
			abort();
		t->lookups++;
		return set;
	}
	return NULL;
}

static char *find_interface(unsigned int index, char *name)
{
	return index % 2 ? strcpy(name, "eth0") : NULL;
}

static void take_set(struct table *t, const struct wire_attrs *a)
{
	const char *name = wire_string(a->of[NFTA_SET_NAME]);
	if (!name || t->set_count == SETS_MAX)
		return;
	t->sets[t->set_count++] =
		(struct other_set){.name = other_rules_text(&t->texts, name),
				   .flags = wire_number_of(a, NFTA_SET_FLAGS),
				   .key_length = wire_number_of(a, NFTA_SET_KEY_LEN)};
}

static void take_element(struct table *t, const struct nlattr *item)
{
	struct other_set *set = t->set_count ? &t->sets[t->set_count - 1] : NULL;
	if (set && !set->read && set->count < ELEMENTS_MAX &&
	    other_set_add(set, item, &t->texts) < 0)
		abort();
}

static void take_rule(struct table *t, const struct nlmsghdr *nlh, size_t chain)
{
	const struct other_source source = {find_set, t, find_interface, &t->chains, &t->cases};
	struct wire_attrs a = wire_message(nlh);
	struct filter_message message;
	t->lookups = 0;
	filter_message_read(&a, t->nfproto, find_interface, &message);
	message.rule.to = UINT32_MAX; /* chains do not jump in circles */
	if (chain == 0 && t->count < RULES_MAX)
		t->rules[t->count++] = message.rule;
	if (other_rule_add(&source, nlh, &t->chains.items[chain]) < 0)
		abort();
}

/* A message or attribute with these attributes in it, in memory of exactly its own size. */
static void *wrap(const unsigned char *data, size_t size, size_t header)
{
	unsigned char *bytes = calloc(1, header + size);
	if (!bytes)
		abort();
	memcpy(bytes + header, data, size);
	return bytes;
}

static void take_record(struct table *t, unsigned char kind, const unsigned char *data, size_t size)
{
	size_t header = sizeof(struct nlmsghdr) + sizeof(struct nfgenmsg);
	if (kind == 'e') {
		struct nlattr *attr = wrap(data, size, sizeof(*attr));
		attr->nla_len = (uint16_t)(sizeof(*attr) + size);
		take_element(t, attr);
		free(attr);
		return;
	}
	struct nlmsghdr *nlh = wrap(data, size, header);
	nlh->nlmsg_len = (uint32_t)(header + size);
	struct wire_attrs a = wire_message(nlh);
	if (kind == 's')
		take_set(t, &a);
	else if (kind == 'r' || kind == 'j')
		take_rule(t, nlh, kind == 'j');
	free(nlh);
}

static void take_records(struct table *t, const unsigned char *data, size_t size)
{
	while (size > 3) {
		unsigned char kind = data[0];
		size_t length = (size_t)data[1] << 8 | data[2];
		data += 3;
		size -= 3;
		if (length > size || length > UINT16_MAX - sizeof(struct nlattr))
			return;
		take_record(t, kind, data, length);
		data += length;
		size -= length;
	}
}

static void add_chain(struct table *t, const char *name, bool base)
{
	struct other_chain *chain = other_chains_add(&t->chains);
	if (!chain)
		abort();
	chain->name = name;
	chain->table = "t";
	chain->table_family = wire_family(t->nfproto);
	chain->base = base;
	chain->nat = true;
}

static void check_filter(const struct table *t)
{
	const struct filter_chain chain = {t->rules, t->count, false};
	const struct filter_flow flow = {.family = FAMILY_IPV4,
					 .proto = PROTO_TCP,
					 .in = "eth0",
					 .ports = {80, 80},
					 .original = {80, 80}};
	if (filter_place(&(struct filter_base){&chain, 1, 0}, &flow).index > t->count)
		abort();
}

/* What is not exact says why, and ranges have a first port. */
static void check_others(struct table *t)
{
	struct other_rules rules = {0};
	struct err err;
	if (other_chains_walk(&t->chains, &rules, &err) < 0)
		abort();
	for (size_t i = 0; i < rules.count; i++) {
		const struct other_rule *r = &rules.items[i];
		if (r->exact == (r->beyond != NULL) || (r->ports.last && !r->ports.first) ||
		    r->ports.first > r->ports.last)
			abort();
	}
	other_rules_free(&rules);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	static const uint8_t nfprotos[] = {NFPROTO_IPV4, NFPROTO_IPV6, NFPROTO_INET};
	static struct table empty, t;
	struct err err;
	if (size < 1)
		return 0;
	t = empty;
	t.nfproto = nfprotos[data[0] % 3];
	t.chains.backend = "nftables";
	t.cases.texts = &t.texts;
	add_chain(&t, "base", true);
	add_chain(&t, "c", false);
	if (other_chains_index(&t.chains, &err) < 0)
		abort();
	take_records(&t, data + 1, size - 1);
	check_filter(&t);
	check_others(&t);
	for (size_t i = 0; i < t.set_count; i++)
		other_set_free(&t.sets[i]);
	other_chains_free(&t.chains);
	cases_free(&t.cases);
	other_rules_free(&t.texts);
	return 0;
}
