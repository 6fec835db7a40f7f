/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Buckets, elements and rules of nf_tables: to names and bytes and back, in the right order, and
 * planned so that nothing is done twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <linux/netfilter/nfnetlink.h>

#include "nftables/plan.h"
#include "random_forward.h"
#include "read_forward.h"

static struct dice dice = {.state = 7};

static void random_set(struct forwards *set, int tries, enum spread spread)
{
	struct err err;
	*set = (struct forwards){0};
	for (int i = 0; i < tries; i++) {
		dice.spread = spread;
		struct forward f = random_forward(&dice, FAMILY_NONE);
		add_if_free(set, &f, 0);
	}
	assert_int_equal(forwards_sort(set, &err), 0);
}

/* Of each forward with its bucket, in sets of both spreads. */
static void for_each_placed(void (*check)(const struct bucket *b, const struct forward *f,
					  unsigned int part))
{
	for (int i = 0; i < 30; i++) {
		struct forwards set;
		struct places places;
		struct err err;
		random_set(&set, 60, i % 2 ? WIDE : CROWDED);
		assert_int_equal(place_all(&set, NULL, &places, &err), 0);
		for (size_t k = 0; k < set.count; k++)
			for (unsigned int p = 0; p < part_count(&set.items[k]); p++)
				if (place_bucket(&places, k, p))
					check(place_bucket(&places, k, p), &set.items[k], p);
		place_free(&places);
		forwards_free(&set);
	}
}

static void check_name(const struct bucket *b, const struct forward *f, unsigned int part)
{
	char name[BUCKET_NAME_MAX];
	struct bucket again;
	(void)f;
	(void)part;
	bucket_name(b, name);
	assert_true(bucket_read_name(name, &again));
	assert_int_equal(bucket_compare(b, &again), 0);
	/* nft(8) reads what it lists: a letter first, and nothing else than these */
	assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_.-"),
			 strlen(name));
}

static void names_are_descriptions(void **state)
{
	(void)state;
	for_each_placed(check_name);
}

static void names_of_others_are_no_buckets(void **state)
{
	/* it ends too early; no "any" and no port; longer than an interface can be */
	static const char *const names[] = {
		"tcp4-wild16-p0",
		"sctp6-addr-clients-at.fd000000000000000000000000000002-from128-level65535-"
		"not.2e.2e.2e.2e.2e.2e.2e.2e.2e.2e.2e.2e.2e.2e.2e-until9223372036854775807-"
		"masquerade-snat.fd000000000000000000000000000003",
		"tcp4-clients-if.ethernet.2fwithalongname",
	};
	struct bucket b;
	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_false(bucket_read_name(names[i], &b));
}

static void attributes_may_be_short(void **state)
{
	_Alignas(struct nlmsghdr) char buffer[256] = {0};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	const struct nlattr *attr = mnl_nlmsg_get_payload(nlh);
	(void)state;
	mnl_attr_put(nlh, 1, 4, "pfwd");
	assert_null(wire_string(attr));
	assert_int_equal(wire_number(attr), 0x70667764);
	attr = mnl_nlmsg_get_payload_tail(nlh);
	mnl_attr_put(nlh, 1, 3, "pf");
	assert_string_equal(wire_string(attr), "pf");
	assert_int_equal(wire_number(attr), 0);
	assert_null(wire_string(NULL));
	assert_int_equal(wire_number(NULL), 0);
}

static void check_element(const struct bucket *b, const struct forward *f, unsigned int part)
{
	size_t count = element_count(b, f);
	for (size_t n = 0; n < count; n += 1 + count / 5) {
		struct element e;
		struct forward again;
		size_t number;
		bool open;
		element_of(&(struct piece){b, f, part, n}, &e);
		assert_true(strlen(e.comment) < RULE_COMMENT_MAX);
		if (part != PART_PROPER)
			continue;
		assert_true(element_read(&e, &again, &number, &open));
		assert_int_equal(number, n);
		if (open)
			again.hairpin_nets = f->hairpin_nets;
		assert_true(forward_equal(f, &again));
	}
}

static void elements_read_back(void **state)
{
	(void)state;
	for_each_placed(check_element);
}

static void check_bytes(const struct bucket *b, const struct forward *f, unsigned int part)
{
	_Alignas(struct nlmsghdr) char buffer[4096] = {0};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	const struct element_counter counter = {3, 180};
	struct element_counter read;
	struct element e, again;
	const char *jump;
	element_of(&(struct piece){b, f, part, 0}, &e);
	wire_put_element(nlh, &e, &counter);
	again.bucket = e.bucket;
	assert_true(wire_read_element(mnl_nlmsg_get_payload(nlh), &again, &read, &jump));
	assert_memory_equal(e.key, again.key, sizeof(e.key));
	assert_memory_equal(e.key_end, again.key_end, sizeof(e.key_end));
	assert_memory_equal(e.data, again.data, sizeof(e.data));
	assert_string_equal(e.comment, again.comment);
	assert_true(read.packets == 3 && read.bytes == 180);
	assert_null(jump);
}

static void elements_survive_their_bytes(void **state)
{
	(void)state;
	for_each_placed(check_bytes);
}

/* ---- rules ---- */

static void make_shape(const struct forwards *set, struct shape *shape)
{
	static const struct content none = {.generation = 1};
	struct nft_plan plan;
	struct err err;
	assert_int_equal(nft_plan_make(&none, set, &plan, &err), 0);
	*shape = plan.layout.shape;
	plan.layout.shape = (struct shape){0};
	nft_plan_free(&plan);
}

static void rules_survive_their_bytes(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++) {
		struct forwards set;
		struct shape shape;
		random_set(&set, 60, i % 2 ? WIDE : CROWDED);
		make_shape(&set, &shape);
		for (size_t c = 0; c < shape.chain_count; c++)
			for (size_t r = 0; r < shape.chains[c].count; r++) {
				_Alignas(struct nlmsghdr) char buffer[2 * WIRE_RULE_MAX] = {0};
				const struct nft_rule *rule = &shape.chains[c].rules[r];
				struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
				struct nft_rule again;
				const char *chain;
				mnl_nlmsg_put_extra_header(nlh, sizeof(struct nfgenmsg));
				mnl_attr_put_strz(nlh, NFTA_RULE_CHAIN, shape.chains[c].name);
				mnl_attr_put_u64(nlh, NFTA_RULE_HANDLE, 0);
				wire_put_rule(nlh, rule);
				assert_true(nlh->nlmsg_len < WIRE_RULE_MAX);
				assert_true(wire_read_rule(nlh, &again, &chain));
				assert_true(shape_knows_rule(&again));
				/* the kernel adds what is implied; these bytes have it not */
				for (size_t k = 0; k < again.count; k++)
					assert_int_equal(again.exprs[k].kind, rule->exprs[k].kind);
				assert_int_equal(again.count, rule->count);
				assert_string_equal(again.name, rule->name);
			}
		shape_free(&shape);
		forwards_free(&set);
	}
}

/* ---- who wins ---- */

struct packet {
	enum family family;
	enum proto proto;
	char ifname[IFNAME_MAX];
	struct address from, to;
	bool local; /* to is an address of this host */
	uint16_t port;
};

static struct packet random_packet(const struct forwards *set)
{
	const struct forward *f = &set->items[roll(&dice, (unsigned int)set->count)];
	struct packet p = {.family = f->family, .proto = f->proto};
	dice.spread = CROWDED;
	random_ifname(&dice, p.ifname);
	if (!*p.ifname || p.ifname[strlen(p.ifname) - 1] == '+')
		strcpy(p.ifname, "eth1");
	p.from = random_address(&dice, f->family);
	p.to = address_is_set(&f->addr) && once_in(&dice, 2) ? f->addr
							     : random_address(&dice, f->family);
	p.local = once_in(&dice, 2);
	p.port = (uint16_t)(f->ports.first + roll(&dice, ports_count(f->ports)));
	return p;
}

static bool takes(const struct forward *f, const struct packet *p)
{
	enum overlap o = ifname_overlap(p->ifname, f->ifname);
	return f->family == p->family && f->proto == p->proto && ports_hold(f->ports, p->port) &&
	       network_holds(&f->from, &p->from) &&
	       (o == OVERLAP_EQUAL || o == OVERLAP_INSIDE || !*f->ifname) &&
	       (address_is_set(&f->addr) ? address_equal(&f->addr, &p->to) : p->local);
}

/* The narrowest forward proper that takes the packet. */
static const struct forward *search(const struct forwards *set, const struct packet *p)
{
	const struct forward *best = NULL;
	for (size_t i = 0; i < set->count; i++) {
		const struct forward *f = &set->items[i];
		if (!takes(f, p))
			continue;
		struct match a = forward_match(f), b = best ? forward_match(best) : a;
		if (!best || match_overlap(&a, &b) == OVERLAP_INSIDE)
			best = f;
	}
	return best;
}

static int compare_buckets(const void *a, const void *b)
{
	return bucket_compare(*(const struct bucket *const *)a, *(const struct bucket *const *)b);
}

/* The forward that the buckets in their order lead to. False: two of one bucket take the packet. */
static bool walk(const struct forwards *set, const struct places *places,
		 const struct bucket **order, const struct packet *p, const struct forward **out)
{
	*out = NULL;
	for (size_t b = 0; b < places->bucket_count && !*out; b++) {
		if (order[b]->group != BUCKET_ADDR && order[b]->group != BUCKET_MAIN)
			continue;
		for (size_t i = 0; i < set->count; i++) {
			if (place_bucket(places, i, PART_PROPER) != order[b] ||
			    !takes(&set->items[i], p))
				continue;
			/* of one SPEC's clients, the longest prefix has its bucket first */
			if (*out)
				return false;
			*out = &set->items[i];
		}
	}
	return true;
}

static void the_narrowest_wins(void **state)
{
	(void)state;
	for (int i = 0; i < 60; i++) {
		struct forwards set;
		struct places places;
		struct err err;
		random_set(&set, 20 + 10 * (i % 20), CROWDED);
		assert_int_equal(place_all(&set, NULL, &places, &err), 0);
		const struct bucket **order = calloc(places.bucket_count + 1, sizeof(*order));
		for (size_t b = 0; b < places.bucket_count; b++)
			order[b] = &places.buckets[b];
		qsort(order, places.bucket_count, sizeof(*order), compare_buckets);
		for (int k = 0; k < 300; k++) {
			struct packet p = random_packet(&set);
			const struct forward *found, *wanted = search(&set, &p);
			assert_true(walk(&set, &places, order, &p, &found));
			assert_ptr_equal(found, wanted);
		}
		free(order);
		place_free(&places);
		forwards_free(&set);
	}
}

/* ---- many ---- */

static void many_clients_have_maps_of_their_own(void **state)
{
	(void)state;
	struct forwards set = {0};
	struct places places;
	struct err err;
	char line[96];
	for (int i = 0; i <= PLACE_CLIENTS; i++) {
		snprintf(line, sizeof(line), "eth0:22 10.0.0.1 --from 10.%d.0.0/16", i);
		assert_int_equal(read_line(line, &set, &err), 0);
	}
	assert_int_equal(forwards_sort(&set, &err), 0);
	assert_int_equal(place_all(&set, NULL, &places, &err), 0);
	assert_int_equal(places.bucket_count, 1);
	assert_int_equal(places.buckets[0].form, FORM_CLIENTS);
	place_free(&places);
	set.count--;
	assert_int_equal(place_all(&set, NULL, &places, &err), 0);
	assert_int_equal(places.bucket_count, 1);
	assert_int_equal(places.buckets[0].form, FORM_INTERVAL);
	place_free(&places);
	forwards_free(&set);
}

/* 10,000 ends, and 3,000 ranges in each other: each has a bucket, found without comparing all. */
static void many_buckets_are_found_quickly(void **state)
{
	(void)state;
	struct forwards set = {0};
	struct places places;
	struct err err;
	for (int i = 0; i < 10000; i++) {
		struct forward f = read_one("eth0:80 10.0.0.1");
		f.ports = f.target_ports = (struct ports){(uint16_t)(i + 1), (uint16_t)(i + 1)};
		f.until = 1800000000 + i;
		assert_int_equal(forwards_add(&set, &f, &err), 0);
	}
	for (int i = 0; i < 3000; i++) {
		struct forward f = read_one("eth1:1000-60000 10.0.0.1");
		f.ports.first = (uint16_t)(f.ports.first + i);
		f.ports.last = (uint16_t)(f.ports.last - i);
		f.target_ports = f.ports;
		assert_int_equal(forwards_add(&set, &f, &err), 0);
	}
	assert_int_equal(forwards_sort(&set, &err), 0);
	assert_int_equal(place_all(&set, NULL, &places, &err), 0);
	assert_int_equal(places.bucket_count, 13000);
	place_free(&places);
	forwards_free(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_descriptions),
		cmocka_unit_test(names_of_others_are_no_buckets),
		cmocka_unit_test(attributes_may_be_short),
		cmocka_unit_test(elements_read_back),
		cmocka_unit_test(elements_survive_their_bytes),
		cmocka_unit_test(rules_survive_their_bytes),
		cmocka_unit_test(the_narrowest_wins),
		cmocka_unit_test(many_clients_have_maps_of_their_own),
		cmocka_unit_test(many_buckets_are_found_quickly),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
