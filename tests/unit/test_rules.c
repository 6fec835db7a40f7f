/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules to bytes and back, forwards to chains and back, and plans that lead where they should. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <cmocka.h>

#include "check_codec.h"
#include "read_forward.h"
#include "random_forward.h"
#include "rows.h"
#include "syntax/request.h"
#include "xtables/build.h"
#include "xtables/forward_rules.h"
#include "xtables/health.h"
#include "xtables/plan.h"
#include "xtables/text.h"

static struct dice dice = {.state = 1};

/* Of either spread. */
static struct forward any_forward(void)
{
	dice.spread = once_in(&dice, 2) ? WIDE : CROWDED;
	return random_forward(&dice, FAMILY_NONE);
}

static void what_is_encoded_decodes(void **state)
{
	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct forward_rule rules[FORWARD_RULES_MAX];
		char comment[SPEC_OPTIONS_MAX];
		struct forward f = any_forward();
		size_t n = forward_rules_of(&f, rules, comment);
		for (size_t r = 0; r < n; r++) {
			struct forward proper;
			check_codec(f.family, &rules[r].rule);
			assert_true(forward_rules_knows(f.family, rules[r].group, &rules[r].rule,
							&proper));
			assert_int_equal(proper.family, r == 0 ? f.family : FAMILY_NONE);
		}
	}
	for (int g = 0; g < GROUPS; g++) {
		struct rule jump;
		group_jump(FAMILY_IPV4, (enum group)g, &jump);
		check_codec(FAMILY_IPV4, &jump);
		group_jump(FAMILY_IPV6, (enum group)g, &jump);
		check_codec(FAMILY_IPV6, &jump);
	}
}

/* Any one byte changed: another rule, or none of ours; but for state and what is behind names. */
static void another_entry_is_another_rule(void **state)
{
	(void)state;
	struct forward f = any_forward();
	struct forward_rule rules[FORWARD_RULES_MAX];
	char comment[SPEC_OPTIONS_MAX];
	forward_rules_of(&f, rules, comment);
	struct entry entry;
	struct rule again;
	enum family family = f.family;
	encode_rule(family, &rules[0].rule, &entry);
	size_t address_part = family == FAMILY_IPV6 ? 136 : 84; /* sizeof(ip6t_ip6), (ipt_ip) */
	for (size_t i = 0; i < address_part; i++) {
		struct entry other = entry;
		other.bytes[i] ^= 0x55;
		if (decode_entry(family, other.bytes, "DNAT", &again) == 0)
			assert_false(rule_equal(&again, &rules[0].rule));
	}
}

/* DNAT as iptables wrote it before base ports: revision 0, and for IPv6 revision 1. */
static void make_old(enum family family, const struct rule *rule, struct entry *e)
{
	struct entry_head head = entry_head(family, e->bytes);
	struct xt_entry_target *t = (void *)(e->bytes + *head.target_offset);
	struct nf_nat_range2 new;
	memcpy(&new, t->data, sizeof(new));
	memset(t->data, 0, sizeof(new));
	if (family == FAMILY_IPV6) {
		t->u.user.revision = 1;
		memcpy(t->data, &new, sizeof(struct nf_nat_range));
		t->u.user.target_size = XT_ALIGN(sizeof(*t) + sizeof(struct nf_nat_range));
	} else {
		struct nf_nat_ipv4_multi_range_compat *old = (void *)t->data;
		t->u.user.revision = 0;
		old->rangesize = 1;
		old->range[0].flags = new.flags;
		old->range[0].min_ip = new.min_addr.ip;
		old->range[0].max_ip = new.max_addr.ip;
		old->range[0].min.all = htons(rule->to_ports.first);
		old->range[0].max.all = htons(rule->to_ports.last);
		t->u.user.target_size = XT_ALIGN(sizeof(*t) + sizeof(*old));
	}
	*head.next_offset = (__u16)(*head.target_offset + t->u.user.target_size);
	e->size = *head.next_offset;
}

static void older_dnat_is_read_too(void **state)
{
	(void)state;
	for (int i = 0; i < 1000; i++) {
		struct forward_rule rules[FORWARD_RULES_MAX];
		char comment[SPEC_OPTIONS_MAX];
		struct forward f = any_forward();
		enum family family = f.family;
		struct entry entry;
		struct rule again;
		forward_rules_of(&f, rules, comment);
		const struct rule *rule = &rules[0].rule;
		if (rule->to_base || f.except) /* which they cannot say */
			continue;
		encode_rule(family, rule, &entry);
		make_old(family, rule, &entry);
		assert_int_equal(decode_entry(family, entry.bytes, "DNAT", &again), 0);
		assert_true(rule_equal(rule, &again));
	}
}

static bool same(enum family family, const struct rule *a, const struct rule *b)
{
	struct entry x, y;
	encode_rule(family, a, &x);
	encode_rule(family, b, &y);
	entry_head(family, x.bytes).counters->pcnt = 7; /* it does not count */
	struct named_entry p = {x.bytes, target_name(a)}, q = {y.bytes, target_name(b)};
	return entry_same(family, &p, &q);
}

static void entries_are_the_same_where_rules_are(void **state)
{
	(void)state;
	struct rule last = {0};
	for (int i = 0; i < 2000; i++) {
		struct forward_rule rules[FORWARD_RULES_MAX];
		char comment[SPEC_OPTIONS_MAX];
		struct forward f = random_forward(&dice, FAMILY_IPV4);
		size_t n = forward_rules_of(&f, rules, comment);
		for (size_t r = 0; r < n; r++) {
			const struct rule *rule = &rules[r].rule;
			assert_true(same(FAMILY_IPV4, rule, rule));
			if (last.target && !rule_equal(&last, rule))
				assert_false(same(FAMILY_IPV4, &last, rule));
			last = *rule;
			last.comment = NULL; /* it is gone in the next round */
		}
	}
	/* a jump is told by where it leads */
	struct rule jump = {.target = TARGET_JUMP, .chain = "PFWD"}, other = jump;
	assert_true(same(FAMILY_IPV6, &jump, &other));
	other.chain = "PFWD-ADDR";
	assert_false(same(FAMILY_IPV6, &jump, &other));
}

static void what_is_laid_out_reads_back(void **state)
{
	(void)state;
	for (int i = 0; i < 100000; i++) {
		struct forward_rule rules[FORWARD_RULES_MAX];
		char comment[SPEC_OPTIONS_MAX];
		struct forward f = any_forward(), again;
		size_t n = forward_rules_of(&f, rules, comment);
		assert_true(n <= FORWARD_RULES_MAX);
		assert_int_equal(
			forward_rules_read(f.family, rules[0].group, &rules[0].rule, &again), 0);
		/* too many networks for a comment are read from other rules */
		if (again.hairpin && !again.hairpin_nets)
			again.hairpin_nets = f.hairpin_nets;
		assert_true(forward_equal(&f, &again));
	}
}

#define IP4(...)                    \
	{                           \
		FAMILY_IPV4,        \
		{                   \
			__VA_ARGS__ \
		}                   \
	}

static const struct text_case {
	const char *text;
	enum family family;
	struct rule rule;
} texts[] = {
	{"-p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.1:8080",
	 FAMILY_IPV4,
	 {.target = TARGET_DNAT,
	  .proto = PROTO_TCP,
	  .ports = {80, 80},
	  .to = IP4(10, 0, 0, 1),
	  .to_ports = {8080, 8080}}},
	{"-p tcp -m tcp --dport 80:81 -m time --datestop 1970-01-01T23:59:59 -j DNAT "
	 "--to-destination [fd00::]:8080-8081/80",
	 FAMILY_IPV6,
	 {.target = TARGET_DNAT,
	  .proto = PROTO_TCP,
	  .ports = {80, 81},
	  .to = {FAMILY_IPV6, {0xfd}},
	  .to_ports = {8080, 8081},
	  .to_base = 80,
	  .until = 86400}},
	{"-s 10.0.0.0/8 -i eth+ -p udp -m udp --dport 8000:8010 -m conntrack --ctorigdst 10.0.0.1 "
	 "--ctorigdstport 9000:9010 -j SNAT --to-source 10.0.0.1",
	 FAMILY_IPV4,
	 {.target = TARGET_SNAT,
	  .proto = PROTO_UDP,
	  .in = "eth+",
	  .ports = {8000, 8010},
	  .orig_ports = {9000, 9010},
	  .src = {IP4(10), 8},
	  .orig_dst = {IP4(10, 0, 0, 1), 32},
	  .to = IP4(10, 0, 0, 1)}},
	{"-d 10.0.0.1/32 -p sctp -m sctp --dport 7 -j MASQUERADE",
	 FAMILY_IPV4,
	 {.target = TARGET_MASQUERADE,
	  .proto = PROTO_SCTP,
	  .dst = {IP4(10, 0, 0, 1), 32},
	  .ports = {7, 7}}},
	{"-s fd00::/8 -j RETURN",
	 FAMILY_IPV6,
	 {.target = TARGET_RETURN, .src = {{FAMILY_IPV6, {0xfd}}, 8}}},
	{"-i eth0 -j PFWD/x",
	 FAMILY_IPV4,
	 {.target = TARGET_JUMP, .in = "eth0", .chain = "PFWD/x"}},
};

static void a_rule_reads_as_iptables_writes_it(void **state)
{
	const struct text_case *row = *state;
	char text[RULE_TEXT_MAX];
	text_rule(row->family, &row->rule, text);
	assert_string_equal(text, row->text);
}

static void own_jumps_read_as_iptables_writes_them(void **state)
{
	(void)state;
	struct rule rule;
	char text[RULE_TEXT_MAX];
	group_jump(FAMILY_IPV4, GROUP_HAIRPIN, &rule);
	text_rule(FAMILY_IPV4, &rule, text);
	assert_string_equal(text, "! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -m addrtype ! "
				  "--dst-type LOCAL --limit-iface-in "
				  "-m comment --comment \"pfwd\" -j PFWD-HAIRPIN");
	group_jump(FAMILY_IPV6, GROUP_MAIN, &rule);
	text_rule(FAMILY_IPV6, &rule, text);
	assert_string_equal(text, "! -d ::1/128 -m addrtype --dst-type LOCAL -m comment --comment "
				  "\"pfwd\" -j PFWD");
	assert_true(group_first_rule(GROUP_FORWARD, &rule));
	text_rule(FAMILY_IPV4, &rule, text);
	assert_string_equal(text, "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT");
}

/* ---- random sets without conflicts ---- */

static void make_set(struct forwards *set, int tries)
{
	*set = (struct forwards){0};
	for (int i = 0; i < tries; i++) {
		struct forward f = any_forward();
		f.until = 0;
		add_if_free(set, &f, 0);
	}
	assert_true(set->count > 0);
}

/* ---- plans ---- */

/* A table as a test sees it: names of chains and rules as text, "?" for somebody else's. */
#define LINES_MAX 4000

struct book {
	struct {
		char chain[CHAIN_NAME_MAX];
		const struct rule *rule; /* NULL: somebody else's */
	} lines[LINES_MAX];
	size_t count;
	char chains[1024][CHAIN_NAME_MAX];
	size_t chain_count;
};

static size_t line_at(const struct book *book, const char *chain, size_t position)
{
	size_t seen = 0;
	for (size_t i = 0; i < book->count; i++)
		if (strcmp(book->lines[i].chain, chain) == 0 && seen++ == position)
			return i;
	assert_int_equal(seen, position); /* the end of it */
	return book->count;
}

static void book_insert(struct book *book, const char *chain, size_t position,
			const struct rule *rule)
{
	size_t at = line_at(book, chain, position);
	assert_true(book->count < LINES_MAX);
	memmove(&book->lines[at + 1], &book->lines[at],
		(book->count++ - at) * sizeof(book->lines[0]));
	memset(&book->lines[at], 0, sizeof(book->lines[0]));
	strcpy(book->lines[at].chain, chain);
	book->lines[at].rule = rule;
}

static size_t chain_length(const struct book *book, const char *chain)
{
	size_t n = 0;
	for (size_t i = 0; i < book->count; i++)
		n += strcmp(book->lines[i].chain, chain) == 0;
	return n;
}

static void do_op(struct book *book, const struct op *op)
{
	size_t at;
	switch (op->kind) {
	case OP_NEW_CHAIN:
		strcpy(book->chains[book->chain_count++], op->chain);
		return;
	case OP_INSERT:
		assert_int_equal(op->at_end, op->position == chain_length(book, op->chain));
		book_insert(book, op->chain, op->position, op->rule);
		return;
	case OP_DELETE:
		at = line_at(book, op->chain, op->position);
		assert_true(at < book->count);
		if (op->rule)
			assert_true(book->lines[at].rule &&
				    rule_equal(book->lines[at].rule, op->rule));
		memmove(&book->lines[at], &book->lines[at + 1],
			(--book->count - at) * sizeof(book->lines[0]));
		return;
	case OP_DELETE_CHAIN:
		assert_int_equal(chain_length(book, op->chain), 0);
		for (size_t i = 0; i < book->count; i++) /* nobody jumps to it any more */
			if (book->lines[i].rule && book->lines[i].rule->chain)
				assert_string_not_equal(book->lines[i].rule->chain, op->chain);
		for (size_t i = 0; i < book->chain_count; i++)
			if (strcmp(book->chains[i], op->chain) == 0) {
				memmove(book->chains[i], book->chains[i + 1],
					(--book->chain_count - i) * sizeof(book->chains[0]));
				return;
			}
		fail_msg("chain %s was not there", op->chain);
	}
}

static void add_to_state(struct state *state, const char *chain, const struct rule *rule)
{
	static const char *const bases[] = {"PREROUTING", "INPUT", "OUTPUT", "POSTROUTING",
					    "FORWARD"};
	for (size_t b = 0; b < 5; b++) {
		if (strcmp(bases[b], chain) != 0)
			continue;
		size_t position = state->bases[b].count++;
		if (!rule)
			return;
		struct state_jump *jump = state_add_jump(state, chain, rule->chain);
		jump->base = jump->marked = true;
		jump->position = position;
		return;
	}
	struct state_chain *there = (struct state_chain *)(uintptr_t)state_find(state, chain);
	assert_int_equal(state_add_rule(state, there, rule)->ours, rule != NULL);
}

static void read_book(const struct book *book, enum family family, enum table table,
		      struct state *out)
{
	*out = (struct state){.family = family, .table = table};
	state_add_base(out, "PREROUTING");
	state_add_base(out, "INPUT");
	state_add_base(out, "OUTPUT");
	state_add_base(out, "POSTROUTING");
	state_add_base(out, "FORWARD");
	for (size_t i = 0; i < book->chain_count; i++)
		state_add_chain(out, group_of(table, book->chains[i]), book->chains[i]);
	struct err err;
	assert_int_equal(state_finish(out, &err), 0);
	for (size_t i = 0; i < book->count; i++)
		add_to_state(out, book->lines[i].chain, book->lines[i].rule);
	assert_int_equal(state_finish(out, &err), 0);
}

/* The wanted rules in order, and nobody else's touched. */
/* What stays without being wanted holds somebody else's rule, or leads to one. */
static bool leads_to_foreign(const struct book *book, const char *chain)
{
	for (size_t i = 0; i < book->count; i++) {
		const struct rule *r = book->lines[i].rule;
		if (strcmp(book->lines[i].chain, chain) == 0 &&
		    (!r || (r->chain && leads_to_foreign(book, r->chain))))
			return true;
	}
	return false;
}

static void check_chain(const struct book *book, const struct layout *want,
			const struct chain *chain)
{
	size_t next = 0;
	bool jump = false;
	for (size_t i = 0; i < book->count; i++) {
		const struct rule *r = book->lines[i].rule;
		jump = jump || (r && r->chain && strcmp(r->chain, chain->name) == 0);
		if (!r || strcmp(book->lines[i].chain, chain->name) != 0)
			continue;
		if (r->target != TARGET_JUMP ||
		    layout_find(want, group_infos[chain->group].table, r->chain) ||
		    !leads_to_foreign(book, r->chain))
			assert_true(next < chain->count && rule_equal(r, &chain->rules[next++]));
	}
	assert_int_equal(next, chain->count);
	assert_true(jump);
}

static void check_book(const struct book *book, const struct layout *want, enum table table)
{
	for (size_t i = 0; i < want->count; i++)
		if (group_infos[want->chains[i].group].table == table)
			check_chain(book, want, &want->chains[i]);
	for (size_t i = 0; i < book->chain_count; i++)
		assert_true(layout_find(want, table, book->chains[i]) ||
			    leads_to_foreign(book, book->chains[i]));
}

static size_t count_foreign(const struct book *book)
{
	size_t n = 0;
	for (size_t i = 0; i < book->count; i++)
		n += !book->lines[i].rule;
	return n;
}

/* The rules that lines point to belong to a plan and a layout: copied before these go. */
static void own_rules(struct book *book)
{
	static struct rule owned[LINES_MAX], copies[LINES_MAX];
	for (size_t i = 0; i < book->count; i++)
		if (book->lines[i].rule)
			copies[i] = *book->lines[i].rule;
	memcpy(owned, copies, sizeof(owned));
	for (size_t i = 0; i < book->count; i++)
		if (book->lines[i].rule)
			book->lines[i].rule = &owned[i];
}

static void change_book(struct book *book, enum table table, const struct layout *want)
{
	struct state state;
	struct plan plan;
	struct err err;
	size_t foreign = count_foreign(book);
	read_book(book, FAMILY_IPV4, table, &state);
	assert_int_equal(plan_make(&state, &(struct plan_want){want, NULL}, &plan, &err), 0);
	for (size_t i = 0; i < plan.count; i++)
		do_op(book, &plan.ops[i]);
	own_rules(book);
	plan_free(&plan);
	state_free(&state);
	assert_int_equal(count_foreign(book), foreign);
	check_book(book, want, table);
	/* and then there is nothing left to do */
	read_book(book, FAMILY_IPV4, table, &state);
	assert_int_equal(plan_make(&state, &(struct plan_want){want, NULL}, &plan, &err), 0);
	assert_int_equal(plan.count, 0);
	plan_free(&plan);
	state_free(&state);
}

static const struct addresses nowhere; /* a host without addresses */

static int build_for(enum family family, const struct forwards *set, const struct addresses *here,
		     struct layout *out)
{
	struct err err;
	*out = (struct layout){.family = family};
	return build_layout(set, here, out, &err);
}

static void plans_lead_from_any_set_to_any_other(void **state)
{
	(void)state;
	static const char *const bases[TABLES][2] = {{"PREROUTING", "POSTROUTING"},
						     {"FORWARD", "INPUT"}};
	for (int round = 0; round < 60; round++) {
		struct forwards sets[3];
		struct layout layouts[3];
		for (int i = 0; i < 3; i++) {
			make_set(&sets[i], round % 2 ? 30 : 150);
			if (round % 5 == 0 && i == 1)
				sets[i].count = 0;
			assert_int_equal(build_for(FAMILY_IPV4, &sets[i], &nowhere, &layouts[i]),
					 0);
		}
		for (int t = 0; t < TABLES; t++) {
			static struct book book;
			memset(&book, 0, sizeof(book));
			book_insert(&book, bases[t][0], 0, NULL);
			book_insert(&book, bases[t][1], 0, NULL);
			for (int i = 0; i < 3; i++) {
				change_book(&book, (enum table)t, &layouts[i]);
				/* somebody puts a rule of theirs somewhere */
				size_t at = roll(&dice, (unsigned int)book.count);
				char chain[CHAIN_NAME_MAX];
				strcpy(chain, book.lines[at].chain);
				book_insert(&book, chain,
					    roll(&dice, (unsigned int)chain_length(&book, chain)),
					    NULL);
			}
		}
		for (int i = 0; i < 3; i++) {
			layout_free(&layouts[i]);
			forwards_free(&sets[i]);
		}
	}
}

/* What is there without a forward is not looked at. */
static int health_at(struct state *states, const struct forwards *set, const struct addresses *here,
		     struct ruleset_status *out)
{
	const struct health_case of = {states, set, here};
	bool leftovers = false;
	struct err err;
	return health_of(&of, out, &leftovers, &err);
}

static void states_tell_forwards_and_their_health(void **state)
{
	(void)state;
	struct forwards set, found = {0};
	struct layout layout;
	struct state states[TABLES];
	struct ruleset_status *status;
	struct err err;
	static struct book book;
	make_set(&set, 60);
	assert_int_equal(build_for(FAMILY_IPV4, &set, &nowhere, &layout), 0);
	for (int t = 0; t < TABLES; t++) {
		memset(&book, 0, sizeof(book));
		change_book(&book, (enum table)t, &layout);
		read_book(&book, FAMILY_IPV4, (enum table)t, &states[t]);
	}
	assert_int_equal(forwards_add_all(&found, &states[TABLE_NAT].forwards, &err), 0);
	assert_int_equal(forwards_sort(&found, &err), 0);
	status = calloc(set.count, sizeof(*status));
	assert_int_equal(health_at(states, &set, &nowhere, status), 0);
	for (size_t i = 0; i < set.count; i++) {
		if (set.items[i].family != FAMILY_IPV4)
			continue;
		assert_true(forwards_find(&found, &set.items[i]) < found.count);
		assert_false(status[i].incomplete);
	}
	/* without the jump to the filter's chain all that need it are incomplete */
	states[TABLE_FILTER].jump_count = 0;
	assert_int_equal(health_at(states, &set, &nowhere, status), 0);
	for (size_t i = 0; i < set.count; i++)
		if (set.items[i].family == FAMILY_IPV4)
			assert_int_equal(status[i].incomplete, !set.items[i].except);
	free(status);
	for (int t = 0; t < TABLES; t++)
		state_free(&states[t]);
	layout_free(&layout);
	forwards_free(&found);
	forwards_free(&set);
}

/* Networks too many for a comment are in the rules that --hairpin adds. */
static void many_hairpins_are_read_from_their_rules(void **state)
{
	(void)state;
	static const char list[] = "10.10.10.0/24,10.10.11.0/24,10.10.12.0/24,10.10.13.0/24,"
				   "10.10.14.0/24,10.10.15.0/24,10.10.16.0/24,10.10.17.0/24,"
				   "10.10.18.0/24,10.10.19.0/24,10.10.20.0/24,10.10.21.0/24,"
				   "10.10.22.0/24,10.10.23.0/24,10.10.24.0/24,10.10.25.0/24,"
				   "10.10.26.0/24,10.10.27.0/24,10.10.28.0/24,10.10.29.0/24";
	static const char *const specs[] = {"eth0:80 192.168.1.2:8080",
					    "@203.0.113.1:80-89 10.0.0.2", "eth1:81 - --name kept"};
	struct forwards set = {0};
	struct layout layout;
	struct state nat;
	struct err err;
	static struct book book;
	for (size_t i = 0; i < ROWS_COUNT(specs); i++) {
		char line[512];
		snprintf(line, sizeof(line), "%s --hairpin=%s", specs[i], list);
		struct forward f = read_one(line);
		assert_int_equal(forwards_add(&set, &f, &err), 0);
	}
	struct forward other = read_one("eth0:82 192.168.1.2:8080 --hairpin=10.10.30.0/24");
	assert_int_equal(forwards_add(&set, &other, &err), 0);
	assert_int_equal(forwards_sort(&set, &err), 0);
	assert_int_equal(build_for(FAMILY_IPV4, &set, &nowhere, &layout), 0);
	memset(&book, 0, sizeof(book));
	change_book(&book, TABLE_NAT, &layout);
	read_book(&book, FAMILY_IPV4, TABLE_NAT, &nat);
	assert_int_equal(forwards_sort(&nat.forwards, &err), 0);
	assert_int_equal(nat.forwards.count, set.count);
	for (size_t i = 0; i < set.count; i++)
		assert_true(forward_equal(&nat.forwards.items[i], &set.items[i]));
	/* without these rules they are forwards without --hairpin */
	for (size_t i = 0; i < nat.chain_count; i++)
		if (nat.chains[i].group == GROUP_HAIRPIN)
			nat.chains[i].count = 0;
	for (size_t i = 0; i < nat.forwards.count; i++)
		nat.forwards.items[i].hairpin_nets = NULL;
	assert_int_equal(state_finish(&nat, &err), 0);
	for (size_t i = 0; i < nat.forwards.count; i++)
		assert_int_equal(nat.forwards.items[i].hairpin,
				 address_is_set(&nat.forwards.items[i].addr));
	state_free(&nat);
	layout_free(&layout);
	forwards_free(&set);
}

/* A target that moves to this host: its forward is incomplete until the rules are built anew, and
 * then it has one rule more; and the other way round. */
static void a_target_here_needs_input_too(void **state)
{
	(void)state;
	struct forward f = read_one("eth0:80 192.168.1.1:8080 --from 10.0.0.0/8");
	struct forwards set = {.items = &f, .count = 1};
	struct addresses here = {.items = &f.target, .count = 1};
	const struct addresses *hosts[] = {&nowhere, &here};
	static struct book book;
	for (int before = 0; before < 2; before++) {
		struct layout layout;
		struct state states[TABLES];
		assert_int_equal(build_for(FAMILY_IPV4, &set, hosts[before], &layout), 0);
		const struct chain *input = layout_find(&layout, TABLE_FILTER, "PFWD-INPUT");
		assert_int_equal(input != NULL, before);
		assert_non_null(layout_find(&layout, TABLE_FILTER, "PFWD"));
		for (int t = 0; t < TABLES; t++) {
			memset(&book, 0, sizeof(book));
			change_book(&book, (enum table)t, &layout);
			read_book(&book, FAMILY_IPV4, (enum table)t, &states[t]);
		}
		for (int now = 0; now < 2; now++) {
			struct ruleset_status status = {0};
			assert_int_equal(health_at(states, &set, hosts[now], &status), 0);
			assert_int_equal(status.incomplete, !before && now);
		}
		for (int t = 0; t < TABLES; t++)
			state_free(&states[t]);
		layout_free(&layout);
	}
}

int main(void)
{
	struct rows rows = {0};
	ROWS_ADD_TEST(&rows, what_is_encoded_decodes);
	ROWS_ADD_TEST(&rows, another_entry_is_another_rule);
	ROWS_ADD_TEST(&rows, older_dnat_is_read_too);
	ROWS_ADD_TEST(&rows, entries_are_the_same_where_rules_are);
	ROWS_ADD_TEST(&rows, what_is_laid_out_reads_back);
	ROWS_ADD_ALL(&rows, texts, a_rule_reads_as_iptables_writes_it);
	ROWS_ADD_TEST(&rows, own_jumps_read_as_iptables_writes_them);
	ROWS_ADD_TEST(&rows, plans_lead_from_any_set_to_any_other);
	ROWS_ADD_TEST(&rows, states_tell_forwards_and_their_health);
	ROWS_ADD_TEST(&rows, many_hairpins_are_read_from_their_rules);
	ROWS_ADD_TEST(&rows, a_target_here_needs_input_too);
	return rows_run(&rows, "rules");
}
