/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Large sets in trees of chains: every packet gets what a search through all forwards finds, in few
 * steps, and a change touches few chains.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "check_codec.h"
#include "random_forward.h"
#include "rows.h"
#include "model/conflict.h"
#include "xtables/build.h"
#include "xtables/forward_rules.h"
#include "xtables/plan.h"

static struct dice dice = {.state = 1};

/* ---- packets ---- */

struct packet {
	char ifname[IFNAME_MAX];
	struct address from, to;
	uint8_t proto;
	uint16_t port;
	struct address orig_to; /* before translation */
	uint16_t orig_port;
};

static bool takes(const struct match *box, const struct packet *p)
{
	enum overlap r = ifname_overlap(p->ifname, box->ifname);
	return (r == OVERLAP_EQUAL || r == OVERLAP_INSIDE) &&
	       (!box->proto || box->proto == p->proto) &&
	       (!box->ports.first || ports_hold(box->ports, p->port)) &&
	       network_holds(&box->src, &p->from) && network_holds(&box->dst, &p->to);
}

static bool rule_takes(const struct rule *rule, const struct packet *p)
{
	struct rule plain = *rule;
	plain.orig_ports = (struct ports){0, 0};
	struct match box = rule_match(&plain);
	if (rule->orig_ports.first && (!ports_hold(rule->orig_ports, p->orig_port) ||
				       !network_holds(&rule->orig_dst, &p->orig_to)))
		return false;
	bool other_in = rule->flags & RULE_NOT_IN &&
			ifname_overlap(p->ifname, rule->in) != OVERLAP_DISJOINT;
	return takes(&box, p) && !other_in;
}

static const struct forward *search_naively(const struct forwards *set, const struct packet *p)
{
	const struct forward *best = NULL;
	for (size_t i = 0; i < set->count; i++) {
		const struct forward *f = &set->items[i];
		struct match box = forward_match(f);
		if (f->family != p->to.family || !takes(&box, p))
			continue;
		struct match best_box = best ? forward_match(best) : box;
		if (!best || match_overlap(&box, &best_box) == OVERLAP_INSIDE)
			best = f;
	}
	return best;
}

/* The verdict that a packet gets in that chain and those below it, and the rules it passed. */
static const struct rule *walk_chain(const struct layout *layout, enum table table,
				     const char *name, const struct packet *p, size_t *steps)
{
	const struct chain *chain = layout_find(layout, table, name);
	for (size_t i = 0; chain && i < chain->count; i++) {
		const struct rule *r = &chain->rules[i], *found = r;
		(*steps)++;
		if (!rule_takes(r, p))
			continue;
		if (r->target == TARGET_JUMP)
			found = walk_chain(layout, table, r->chain, p, steps);
		if (found)
			return found;
	}
	return NULL;
}

static void check_translation(const struct forwards *set, const struct layout *layout,
			      const struct packet *p, size_t *steps)
{
	const struct forward *expected = search_naively(set, p);
	enum group group = GROUP_ADDR;
	const struct rule *rule = walk_chain(layout, TABLE_NAT, "PFWD-ADDR", p, steps);
	struct forward found;
	if (!rule) {
		group = GROUP_MAIN;
		rule = walk_chain(layout, TABLE_NAT, "PFWD", p, steps);
	}
	assert_int_equal(rule != NULL, expected != NULL);
	if (!rule)
		return;
	assert_int_equal(forward_rules_read(layout->family, group, rule, &found), 0);
	/* too many networks for a comment are read from other rules */
	if (found.hairpin && !found.hairpin_nets)
		found.hairpin_nets = expected->hairpin_nets;
	assert_true(forward_equal(&found, expected));
}

/* What the rules of all forwards would accept, one by one; wherever it is sent to. */
static bool accepts_naively(const struct forwards *set, enum group group, const struct packet *p,
			    bool wherever)
{
	struct forward_rule rules[FORWARD_RULES_MAX];
	char comment[SPEC_OPTIONS_MAX];
	for (size_t i = 0; i < set->count; i++) {
		if (set->items[i].family != p->to.family)
			continue;
		size_t n = forward_rules_of(&set->items[i], rules, comment);
		for (size_t r = 0; r < n; r++) {
			if (wherever && rules[r].rule.orig_ports.first) {
				rules[r].rule.dst = (struct network){0};
				rules[r].rule.ports = (struct ports){0, 0};
			}
			if (rules[r].group == group && rule_takes(&rules[r].rule, p))
				return true;
		}
	}
	return false;
}

static void check_acceptance(const struct forwards *set, const struct layout *layout,
			     const struct packet *p)
{
	static const enum group groups[] = {GROUP_FORWARD, GROUP_INPUT, GROUP_INPUT_SAME};
	for (size_t g = 0; g < sizeof(groups) / sizeof(groups[0]); g++) {
		const char *name = group_infos[groups[g]].chain;
		const struct chain *chain = layout_find(layout, TABLE_FILTER, name);
		struct rule first;
		size_t steps = 0;
		bool accepted = false;
		/* the rule for established packets takes all of these */
		for (size_t i = group_first_rule(groups[g], &first); chain && i < chain->count;
		     i++) {
			const struct rule *r = &chain->rules[i];
			if (rule_takes(r, p) &&
			    (r->target != TARGET_JUMP ||
			     walk_chain(layout, TABLE_FILTER, r->chain, p, &steps)))
				accepted = true;
		}
		/* a rule for many ports may take one for the other, but none of other tools */
		if (accepted)
			assert_true(accepts_naively(set, groups[g], p, true));
		else
			assert_false(accepts_naively(set, groups[g], p, false));
	}
}

/* ---- the tree itself ---- */

static void check_chains(const struct layout *layout)
{
	for (size_t i = 0; i < layout->count; i++) {
		const struct chain *chain = &layout->chains[i];
		enum table table = group_infos[chain->group].table;
		assert_true(strlen(chain->name) <= 28);
		assert_int_equal(group_of(table, chain->name), chain->group);
		assert_ptr_equal(layout_find(layout, table, chain->name), chain);
		for (size_t r = 0; r < chain->count; r++) {
			const struct rule *rule = &chain->rules[r];
			check_codec(layout->family, rule);
			if (rule->target == TARGET_JUMP)
				assert_non_null(layout_find(layout, table, rule->chain));
		}
	}
}

static int build_for(enum family family, const struct forwards *set, const struct addresses *here,
		     struct layout *out)
{
	struct err err;
	*out = (struct layout){.family = family};
	return build_layout(set, here, out, &err);
}

static void lay_out(enum family family, const struct forwards *set, struct layout *out)
{
	static const struct addresses nowhere;
	assert_int_equal(build_for(family, set, &nowhere, out), 0);
	check_chains(out);
}

/* ---- sets ---- */

static bool *in_conflict;

static void note_second(void *context, size_t a, size_t b)
{
	(void)context;
	(void)a;
	in_conflict[b] = true;
}

/* Leave out what is in conflict with an earlier one. */
static void settle(struct forwards *set)
{
	struct err err;
	in_conflict = calloc(set->count + 1, sizeof(bool));
	assert_non_null(in_conflict);
	assert_int_equal(conflict_find(set, note_second, NULL, &err), 0);
	for (size_t i = 0; i < set->count; i++)
		in_conflict[i] = !in_conflict[i];
	forwards_keep(set, in_conflict);
	free(in_conflict);
	assert_int_equal(forwards_sort(set, &err), 0);
}

static void add(struct forwards *set, struct forward f)
{
	struct err err;
	f.proto = f.proto ? f.proto : PROTO_TCP;
	f.family = f.family ? f.family : FAMILY_IPV4;
	if (!address_is_set(&f.target)) {
		f.target = random_address(&dice, f.family);
		f.target.bytes[address_bits(f.family) / 8 - 1] = (uint8_t)(1 + roll(&dice, 200));
	}
	f.target_ports.first = (uint16_t)(1 + roll(&dice, 30000));
	f.target_ports.last = f.target_ports.first;
	assert_int_equal(forward_check(&f, &err), 0);
	assert_int_equal(forwards_add(set, &f, &err), 0);
}

static struct network ten(unsigned int second, unsigned int third, unsigned int prefix)
{
	struct address a = {.family = FAMILY_IPV4,
			    .bytes = {10, (uint8_t)second, (uint8_t)third, 0}};
	return network_of(&a, prefix);
}

/* Interfaces, wildcards, addresses, networks and ranges on power-of-two boundaries, which nest. */
static struct forward random_nested(enum family family)
{
	static const char *const names[] = {"", "", "eth+", "eth1", "eth2", "ppp+", "ppp17"};
	unsigned int width = once_in(&dice, 3) ? roll(&dice, 12) : 0;
	unsigned int first = roll(&dice, 65536) >> width << width;
	struct forward f = {.family = family, .proto = once_in(&dice, 4) ? PROTO_UDP : PROTO_TCP};
	strcpy(f.ifname, names[roll(&dice, 7)]);
	f.ports.first = (uint16_t)(first ? first : 1);
	f.ports.last = (uint16_t)(first + (1U << width) - 1);
	if (f.ports.last < f.ports.first)
		f.ports.last = f.ports.first;
	dice.spread = CROWDED;
	if (once_in(&dice, 3))
		f.addr = random_address(&dice, family);
	if (family == FAMILY_IPV4 && once_in(&dice, 3))
		f.from = ten(roll(&dice, 2), roll(&dice, 200), 8 + 8 * roll(&dice, 3));
	return f;
}

static void nested(struct forwards *set)
{
	for (int i = 0; i < 110000; i++)
		add(set, random_nested(once_in(&dice, 5) ? FAMILY_IPV6 : FAMILY_IPV4));
}

static void one_port_many_networks(struct forwards *set)
{
	for (unsigned int i = 0; i < 10000; i++) {
		struct forward f = {.ports = {80, 80}};
		strcpy(f.ifname, "eth0");
		f.from = ten(i / 250, i % 250, i % 250 ? 24 : 16);
		add(set, f);
	}
	add(set, (struct forward){.ports = {80, 80}, .ifname = "eth0"});
}

static void ranges_sixteen_deep(struct forwards *set)
{
	for (unsigned int depth = 0; depth < 16; depth++)
		for (unsigned int first = 0; first < 65536 && set->count < 10000;
		     first += 65536U >> depth) {
			/* each a little narrower on both sides than what its half of the outer one
			 * is */
			unsigned int last = first + (65536U >> depth) - 1;
			if (last - first < 2 * depth + 2)
				continue;
			add(set, (struct forward){.ports = {(uint16_t)(first + depth + 1),
							    (uint16_t)(last - depth)}});
		}
}

static void an_interface_each(struct forwards *set)
{
	for (unsigned int i = 0; i < 4000; i++) {
		struct forward f = {.ports = {80, 80}};
		snprintf(f.ifname, sizeof(f.ifname), "veth%u", i);
		add(set, f);
	}
}

static void one_target(struct forwards *set)
{
	struct address target = {.family = FAMILY_IPV4, .bytes = {10, 9, 9, 9}};
	for (unsigned int i = 0; i < 10000; i++)
		add(set, (struct forward){.ports = {(uint16_t)(1 + 3 * i), (uint16_t)(1 + 3 * i)},
					  .target = target});
}

static void on_all_kinds_of_options(struct forwards *set)
{
	struct err err;
	for (int i = 0; i < 3000; i++) {
		dice.spread = once_in(&dice, 3) ? WIDE : CROWDED;
		struct forward f = random_forward(&dice, FAMILY_NONE);
		f.until = 0;
		assert_int_equal(forwards_add(set, &f, &err), 0);
	}
}

/* ---- checks ---- */

/* One that f may take, or that lands beside it. */
static struct packet packet_near(const struct forward *f)
{
	static const char *const names[] = {"eth0", "eth1", "eth7", "ppp3", "wlan0", "veth17"};
	enum family family = f->family;
	dice.spread = CROWDED;
	struct packet p = {.from = random_address(&dice, family),
			   .to = random_address(&dice, family),
			   .proto = f->proto,
			   .port = (uint16_t)(f->ports.first + roll(&dice, 3))};
	strcpy(p.ifname, names[roll(&dice, 6)]);
	if (*f->ifname && !strchr(f->ifname, '+') && !once_in(&dice, 4))
		strcpy(p.ifname, f->ifname);
	if (network_is_set(&f->from) && !once_in(&dice, 4))
		p.from = f->from.addr;
	if (address_is_set(&f->addr) && !once_in(&dice, 4))
		p.to = f->addr;
	p.orig_to = p.to;
	p.orig_port = p.port;
	return p;
}

/* The packet behind the translation, or one like it. */
static struct packet translated(const struct forward *f, struct packet p)
{
	if (address_is_set(&f->target))
		p.to = f->target;
	p.port = (uint16_t)(f->target_ports.first + roll(&dice, 3));
	return p;
}

static void check_set(void (*make)(struct forwards *set), int packets, size_t most_steps)
{
	struct forwards set = {0};
	struct layout layouts[2] = {{0}};
	size_t steps = 0, most = 0;
	make(&set);
	settle(&set);
	lay_out(FAMILY_IPV4, &set, &layouts[0]);
	lay_out(FAMILY_IPV6, &set, &layouts[1]);
	for (int i = 0; i < packets; i++) {
		const struct forward *f = &set.items[roll(&dice, (unsigned int)set.count)];
		const struct layout *layout = &layouts[f->family == FAMILY_IPV6];
		struct packet p = packet_near(f), behind = translated(f, p);
		steps = 0;
		check_translation(&set, layout, &p, &steps);
		most = steps > most ? steps : most;
		if (i % 8 == 0)
			check_acceptance(&set, layout, &behind);
	}
	print_message("%zu forwards: %zu steps at the most\n", set.count, most);
	assert_true(most >= 1 && most <= most_steps);
	layout_free(&layouts[0]);
	layout_free(&layouts[1]);
	forwards_free(&set);
}

static const struct set_case {
	const char *name;
	void (*make)(struct forwards *set);
	int packets, rounds;
	size_t most_steps;
} sets[] = {
	{"nested", nested, 2000, 1, 400},
	{"one port, many networks", one_port_many_networks, 1000, 1, 200},
	{"ranges sixteen deep", ranges_sixteen_deep, 1000, 1, 200},
	{"an interface each", an_interface_each, 1000, 1, 200},
	{"one target", one_target, 1000, 1, 200},
	{"all kinds of options", on_all_kinds_of_options, 500, 10, 1000},
};

static void every_packet_reaches_the_narrowest(void **state)
{
	const struct set_case *row = *state;
	for (int i = 0; i < row->rounds; i++)
		check_set(row->make, row->packets, row->most_steps);
}

/* ---- changes ---- */

/* The layout as if it were in the kernel. */
static void take_for_state(const struct layout *layout, enum table table, struct state *out)
{
	*out = (struct state){.family = layout->family, .table = table};
	for (size_t i = 0; i < layout->count; i++) {
		const struct chain *chain = &layout->chains[i];
		if (group_infos[chain->group].table != table)
			continue;
		struct state_chain *there = state_add_chain(out, chain->group, chain->name);
		assert_non_null(there);
		for (size_t r = 0; r < chain->count; r++)
			assert_true(state_add_rule(out, there, &chain->rules[r])->ours);
	}
	for (int g = 0; g < GROUPS; g++)
		if (group_infos[g].table == table) {
			struct state_jump *jump =
				state_add_jump(out, group_infos[g].base, group_infos[g].chain);
			jump->base = jump->marked = true;
		}
	struct err err;
	assert_int_equal(state_finish(out, &err), 0);
}

static size_t count_changes(const struct layout *from, const struct layout *to)
{
	size_t count = 0;
	for (int t = 0; t < TABLES; t++) {
		struct state state;
		struct plan plan;
		struct err err;
		take_for_state(from, (enum table)t, &state);
		assert_int_equal(plan_make(&state, &(struct plan_want){to, NULL}, &plan, &err), 0);
		count += plan.count;
		plan_free(&plan);
		state_free(&state);
	}
	return count;
}

static void a_change_touches_few_chains(void **state)
{
	(void)state;
	enum { CHANGES = 60 };
	struct forwards set = {0};
	struct layout before;
	size_t changes = 0, done = 0;
	nested(&set);
	settle(&set);
	lay_out(FAMILY_IPV4, &set, &before);
	while (done < CHANGES) {
		struct forward f = random_nested(FAMILY_IPV4);
		struct layout after;
		f.target.family = FAMILY_IPV4;
		memcpy(f.target.bytes, "\x0a\x07\x07\x07", 4);
		f.target_ports = (struct ports){7, 7};
		if (!add_if_free(&set, &f, 0))
			continue;
		lay_out(FAMILY_IPV4, &set, &after);
		changes += count_changes(&before, &after);
		layout_free(&before);
		before = after;
		done++;
	}
	print_message("%zu changes of rules for %zu more among %zu forwards\n", changes, done,
		      set.count);
	/* the DNAT rule, now and then an ACCEPT or a chain that is divided */
	assert_true(changes >= done && changes <= 20 * done);
	layout_free(&before);
	forwards_free(&set);
}

int main(void)
{
	struct rows rows = {0};
	ROWS_ADD_ALL(&rows, sets, every_packet_reaches_the_narrowest);
	ROWS_ADD_TEST(&rows, a_change_touches_few_chains);
	return rows_run(&rows, "tree");
}
