/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules of others: whose they are, which of them see packets, and how they are listed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "others/chains.h"
#include "others/meet.h"
#include "others/owner.h"
#include "others/row.h"
#include "others/shadow.h"
#include "read_forward.h"
#include "rows.h"

/* ---- rules as words ---- */

/*
 * WORD[ WORD...]: legacy or nft, a priority (-100), before (pfwd's forwards), output; keep,
 * redirect, tproxy, share; what is asked: in=eth0 !in=eth0 from= dst= here tcp udp v6 :80 :80-90
 * vague; where it goes: to=10.0.0.2 last=10.0.0.9 port=80 port=90-95/80.
 */
static struct ports ports_in(const char *text)
{
	unsigned int first = 0, last = 0;
	int n = sscanf(text, "%u-%u", &first, &last);
	return (struct ports){(uint16_t)first, (uint16_t)(n == 2 ? last : first)};
}

static struct network network_in(const char *text)
{
	struct network net;
	enum family family;
	if (strcmp(text, "") == 0 || network_parse(text, &net, &family) < 0)
		fail_msg("no network: %s", text);
	return net;
}

static const char *value_of(const char *word, const char *name)
{
	size_t n = strlen(name);
	return strncmp(word, name, n) == 0 ? word + n : NULL;
}

static bool read_value(const char *word, struct other_rule *r)
{
	const char *v;
	if ((v = value_of(word, "in=")))
		snprintf(r->in, sizeof(r->in), "%s", v);
	else if ((v = value_of(word, "!in=")))
		snprintf(r->not_in, sizeof(r->not_in), "%s", v);
	else if ((v = value_of(word, "from=")))
		r->from = network_in(v);
	else if ((v = value_of(word, "dst=")))
		r->dst = network_in(v);
	else if ((v = value_of(word, "to=")))
		assert_int_equal(address_parse(v, &r->to), 0);
	else if ((v = value_of(word, "last=")))
		assert_int_equal(address_parse(v, &r->to_last), 0);
	else if ((v = value_of(word, "port=")))
		r->to_ports = ports_in(v);
	else if ((v = value_of(word, ":")))
		r->ports = ports_in(v);
	else if ((v = value_of(word, "chain=")))
		r->chain = r->base = v;
	else if ((v = value_of(word, "table=")))
		r->table = v;
	else if ((v = value_of(word, "comment=")))
		r->comment = v;
	else
		return false;
	if (strchr(word, '/') && value_of(word, "port="))
		r->to_base = (uint16_t)atoi(strchr(word, '/') + 1);
	return true;
}

static void read_word(const char *word, struct other_rule *r)
{
	static const struct {
		const char *word;
		enum other_action action;
	} actions[] = {{"keep", OTHER_KEEP},
		       {"redirect", OTHER_REDIRECT},
		       {"tproxy", OTHER_TPROXY},
		       {"share", OTHER_BALANCE}};
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (strcmp(word, actions[i].word) == 0) {
			r->action = actions[i].action;
			return;
		}
	if (read_value(word, r))
		return;
	if (strcmp(word, "legacy") == 0 || strcmp(word, "nft") == 0)
		r->backend = *word == 'l' ? "iptables" : "nftables";
	else if (*word == '-')
		r->priority = atoi(word);
	else if (strcmp(word, "before") == 0)
		r->before_own = true;
	else if (strcmp(word, "output") == 0)
		r->hook = OTHER_OUTPUT;
	else if (strcmp(word, "here") == 0)
		r->here = true;
	else if (strcmp(word, "tcp") == 0 || strcmp(word, "udp") == 0)
		r->proto = *word == 't' ? PROTO_TCP : PROTO_UDP;
	else if (strcmp(word, "v6") == 0)
		r->family = FAMILY_IPV6;
	else if (strcmp(word, "both") == 0)
		r->family = FAMILY_NONE;
	else if (strcmp(word, "vague") == 0)
		r->vague = true, r->exact = false, r->beyond = "-m limit";
	else
		fail_msg("no word of a rule: %s", word);
}

/* text is cut into words, which the rule points to. */
static struct other_rule rule_in(char *text)
{
	struct other_rule r = {.action = OTHER_DNAT,
			       .family = FAMILY_IPV4,
			       .exact = true,
			       .backend = "iptables",
			       .table = "nat",
			       .chain = "PREROUTING",
			       .base = "PREROUTING",
			       .priority = -100};
	char *rest, *word = strtok_r(text, " ", &rest);
	for (; word; word = strtok_r(NULL, " ", &rest))
		read_word(word, &r);
	if (*r.not_in)
		r.exact = false, r.beyond = "! -i";
	r.table_family = r.family;
	r.owner = owner_of(&r);
	return r;
}

/* Rules, a line each. *copy is to be freed. */
static void read_rules(const char *lines, struct other_rules *out, char **copy)
{
	struct err err;
	char *rest = *copy = strdup(lines), *line;
	*out = (struct other_rules){0};
	while ((line = strsep(&rest, "\n"))) {
		struct other_rule r = rule_in(line);
		r.handle = out->count;
		assert_int_equal(other_rules_add(out, &r, &err), 0);
	}
}

static void read_here(const char *text, struct addresses *out, struct address items[4])
{
	char copy[128], *rest = copy, *word;
	*out = (struct addresses){items, 0};
	snprintf(copy, sizeof(copy), "%s", text ? text : "203.0.113.1");
	while ((word = strsep(&rest, " ")))
		assert_int_equal(address_parse(word, &items[out->count++]), 0);
}

/* ---- owners ---- */

struct owner_row {
	const char *rule, *owner;
};

static const struct owner_row owner_rows[] = {
	{"chain=DOCKER", "docker"},
	{"chain=DOCKER-USER", "docker"},
	{"chain=DOCKERS", "nat DOCKERS"},
	{"nft table=docker-bridges chain=x", "docker"},
	{"chain=LIBVIRT_PRT", "libvirt"},
	{"nft table=libvirt_network chain=guest_nat", "libvirt"},
	{"nft table=netavark chain=nv_2f259bab_dnat", "netavark"},
	{"chain=NETAVARK-DN-1D8721804F16F", "netavark"},
	{"chain=CNI-DN-e8c7a3d7c2a5a0f7e7f4a", "cni"},
	{"nft table=cni_hostport chain=hostports", "cni"},
	{"chain=KUBE-SEP-ABC", "kube-proxy"},
	{"nft table=kube-proxy chain=endpoint-X", "kube-proxy"},
	{"nft table=firewalld chain=nat_PRE_public_allow", "firewalld"},
	{"chain=PRE_public_allow", "firewalld"},
	{"chain=PRE_my", "nat PRE_my"},
	{"chain=ufw-before-forward", "ufw"},
	{"chain=MINIUPNPD", "miniupnpd"},
	{"nft table=filter chain=prerouting_miniupnpd", "miniupnpd"},
	{"chain=net_dnat", "shorewall"},
	{"nft table=incus chain=fwdprert.incusbr0", "incus"},
	{"comment=generated", "nat PREROUTING"},
	{"nft table=mine chain=pre", "mine pre"},
};

static void owner_is_known(void **state)
{
	const struct owner_row *row = *state;
	char copy[128], owner[OWNER_TEXT_MAX];
	snprintf(copy, sizeof(copy), "%s", row->rule);
	struct other_rule r = rule_in(copy);
	owner_format(&r, owner);
	assert_string_equal(owner, row->owner);
}

/* ---- shadows ---- */

struct shadow_row {
	const char *name;
	const char *rules;  /* one a line, in order */
	const char *own;    /* lines of forwards; NULL: none */
	const char *home;   /* their backend; NULL: iptables */
	const char *hidden; /* a letter a rule, and behind '|' one a forward: y, n */
	const char *here;   /* addresses of this host; NULL: 203.0.113.1 */
};

static const struct shadow_row shadow_rows[] = {
	{"the same rule twice", "tcp :80 to=10.0.0.2\ntcp :80 to=10.0.0.3", .hidden = "ny|"},
	{"the wider one behind", "in=eth0 tcp :80\ntcp :80", .hidden = "nn|"},
	{"the wider one before", "tcp :80\nin=eth0 tcp :80 from=10.0.0.0/8", .hidden = "ny|"},
	{"a port in a range", "tcp :80-90\ntcp :85\ntcp :91\ntcp :80-91", .hidden = "nynn|"},
	{"ranges that are joined only together", "tcp :80-85\ntcp :86-90\ntcp :80-90",
	 .hidden = "nnn|"},
	{"a range in one of several", "tcp :80-85\ntcp :84-90\ntcp :1-3\ntcp :84-86\ntcp :2-3",
	 .hidden = "nnnyy|"},
	{"any port", "tcp\ntcp :1\nudp :1", .hidden = "nyn|"},
	{"any protocol", "to=10.0.0.2\ntcp :1\nudp :1", .hidden = "nyy|"},
	{"a network in another",
	 "tcp :80 from=10.0.0.0/8\ntcp :80 from=10.1.0.0/16\n"
	 "tcp :80 from=11.0.0.0/8\ntcp :80",
	 .hidden = "nynn|"},
	{"an interface in a wildcard", "in=ppp+ tcp :80\nin=ppp0 tcp :80\nin=pp+ tcp :80",
	 .hidden = "nyn|"},
	{"a rule that asks for more hides nothing", "tcp :80 vague\ntcp :80", .hidden = "nn|"},
	{"one that asks for more is hidden", "tcp :80\ntcp :80 vague", .hidden = "ny|"},
	{"what must not be hides nothing", "!in=eth0 tcp :80\ntcp :80", .hidden = "nn|"},
	{"the addresses of this host, and one of them",
	 "here tcp :80\ndst=203.0.113.1 tcp :80\n"
	 "dst=10.9.9.9 tcp :80",
	 .hidden = "nyn|"},
	{"other families", "tcp :80\nv6 tcp :80\nboth tcp :80\nboth tcp :80", .hidden = "nnny|"},
	{"nat's ACCEPT in its own table", "keep tcp :80\ntcp :80\nnft tcp :80", .hidden = "nyn|"},
	{"by priority, whatever the backend", "nft -150 tcp :80\nlegacy tcp :80\nnft -90 tcp :80",
	 .hidden = "nyy|"},
	{"one priority in two backends", "legacy tcp :80\nnft -100 tcp :80", .hidden = "nn|"},
	{"what is intercepted", "tproxy -150 tcp :80\ntcp :80", .hidden = "nn|"},
	{"programs here apart", "output tcp :80\ntcp :80\noutput tcp :80", .hidden = "nny|"},
	{"a legacy forward, a rule behind it", "in=eth0 tcp :80", "eth0:80 10.0.0.2",
	 .hidden = "y|n"},
	{"a legacy forward, a rule before it", "before in=eth0 tcp :80", "eth0:80 10.0.0.2",
	 .hidden = "n|y"},
	{"a legacy forward, a rule of nf_tables", "nft in=eth0 tcp :80", "eth0:80 10.0.0.2",
	 .hidden = "n|n"},
	{"a forward of nf_tables comes first", "tcp in=eth0 :80\nnft in=eth0 tcp :80",
	 "eth0:80 10.0.0.2", "nftables", .hidden = "yy|n"},
	{"a rule before a forward of nf_tables", "nft -150 before tcp :80\ntcp :80",
	 "eth0:80 10.0.0.2", "nftables", .hidden = "ny|y"},
	{"a forward takes less than the rule", "tcp :80", "eth0:80 10.0.0.2", .hidden = "n|n"},
	{"a redirect takes what passes through", "redirect in=eth0 tcp :80", "eth0:80 10.0.0.2",
	 .hidden = "n|n"},
	{"a forward takes no others than its clients", "in=eth0 tcp :80",
	 "eth0:80 10.0.0.2 --from 10.0.0.0/8", .hidden = "n|n"},
	{"an exception in the legacy table", "in=eth0 tcp :22\nnft in=eth0 tcp :22", "eth0:22 -",
	 .hidden = "yn|n"},
};

static void shadow_is_found(void **state)
{
	const struct shadow_row *row = *state;
	struct other_rules rules;
	struct forwards set = {0};
	struct shadow_own own[4] = {{0}};
	struct addresses here;
	struct address items[4];
	struct err err;
	char *copy, found[32] = "", *end = found;
	read_rules(row->rules, &rules, &copy);
	read_here(row->here, &here, items);
	if (row->own)
		assert_int_equal(read_line(row->own, &set, &err), 0);
	for (size_t i = 0; i < set.count; i++)
		own[i] = (struct shadow_own){&set.items[i], row->home ? row->home : "iptables",
					     NULL};
	const struct shadow shadow = {&rules, own, set.count, &here};
	assert_int_equal(shadow_find(&shadow, &err), 0);
	for (size_t i = 0; i < rules.count; i++)
		*end++ = rules.items[i].shadowed ? 'y' : 'n';
	*end++ = '|';
	for (size_t i = 0; i < set.count; i++)
		*end++ = own[i].by ? 'y' : 'n';
	assert_string_equal(found, row->hidden);
	other_rules_free(&rules);
	forwards_free(&set);
	free(copy);
}

/* Against a comparison of each with each. */
static void many_shadows_are_found(void **state)
{
	static const char *const ins[] = {"", "in=eth0 ", "in=eth+ ", "in=ppp0 "};
	static const char *const froms[] = {"", "from=10.0.0.0/8 ", "from=10.1.0.0/16 ",
					    "from=192.0.2.1 "};
	static const char *const dsts[] = {"", "here ", "dst=203.0.113.1 ", "dst=203.0.113.0/24 "};
	struct addresses here;
	struct address items[4];
	struct err err;
	(void)state;
	read_here(NULL, &here, items);
	srand(1);
	for (int round = 0; round < 200; round++) {
		struct other_rules rules = {0};
		char lines[40][160];
		for (int i = 0; i < 40; i++) {
			int first = 1 + rand() % 12, last = first + (rand() % 2 ? 0 : rand() % 6);
			snprintf(lines[i], sizeof(lines[i]), "%s%s%s%s:%d-%d", ins[rand() % 4],
				 froms[rand() % 4], dsts[rand() % 4], rand() % 3 ? "tcp " : "",
				 first, last);
			struct other_rule r = rule_in(lines[i]);
			assert_int_equal(other_rules_add(&rules, &r, &err), 0);
		}
		const struct shadow shadow = {&rules, NULL, 0, &here};
		assert_int_equal(shadow_find(&shadow, &err), 0);
		for (size_t i = 0; i < rules.count; i++) {
			bool hidden = false;
			for (size_t k = 0; k < i; k++)
				hidden = hidden ||
					 shadow_holds(&rules.items[k], &rules.items[i], &here);
			assert_int_equal(rules.items[i].shadowed, hidden);
		}
		other_rules_free(&rules);
	}
}

/* ---- who else takes a forward's packets ---- */

struct meet_row {
	const char *name, *rules, *forward;
	const char *home;
	int met; /* the number of the rule; -1: none */
	enum meet_order order;
	bool all;
};

static const struct meet_row meet_rows[] = {
	{"the same port", "tcp :80", "eth0:80 10.0.0.2", "iptables", 0, MEET_BEHIND, true},
	{"before pfwd's", "before tcp :80", "eth0:80 10.0.0.2", "iptables", 0, MEET_BEFORE, true},
	{"another port", "tcp :81", "eth0:80 10.0.0.2", "iptables", -1, MEET_BEFORE, false},
	{"another protocol", "udp :80", "eth0:80 10.0.0.2", "iptables", -1, MEET_BEFORE, false},
	{"another interface", "in=eth1 tcp :80", "eth0:80 10.0.0.2", "iptables", -1, MEET_BEFORE,
	 false},
	{"not this interface", "!in=eth0 tcp :80", "eth0:80 10.0.0.2", "iptables", -1, MEET_BEFORE,
	 false},
	{"not another interface", "!in=docker0 tcp :80", "eth0:80 10.0.0.2", "iptables", 0,
	 MEET_BEHIND, false},
	{"another address", "dst=203.0.113.9 tcp :80", "eth0@203.0.113.1:80 10.0.0.2", "iptables",
	 -1, MEET_BEFORE, false},
	{"an address that is not of this host", "dst=198.51.100.1 tcp :80", "eth0:80 10.0.0.2",
	 "iptables", -1, MEET_BEFORE, false},
	{"an address of this host", "dst=203.0.113.1 tcp :80", "eth0:80 10.0.0.2", "iptables", 0,
	 MEET_BEHIND, false},
	{"other clients", "from=192.0.2.0/24 tcp :80", "eth0:80 10.0.0.2 --from 10.0.0.0/8",
	 "iptables", -1, MEET_BEFORE, false},
	{"some clients", "from=10.1.0.0/16 tcp :80", "eth0:80 10.0.0.2 --from 10.0.0.0/8",
	 "iptables", 0, MEET_BEHIND, false},
	{"a range", "tcp :70-80", "eth0:80-90 10.0.0.2", "iptables", 0, MEET_BEHIND, false},
	{"a rule that asks for more", "vague tcp :80", "eth0:80 10.0.0.2", "iptables", -1,
	 MEET_BEFORE, false},
	{"programs here", "output tcp :80", "eth0:80 10.0.0.2", "iptables", -1, MEET_BEFORE, false},
	{"what nat leaves", "keep tcp :80", "eth0:80 10.0.0.2", "iptables", -1, MEET_BEFORE, false},
	{"what is intercepted", "tproxy tcp :80", "eth0:80 10.0.0.2", "iptables", -1, MEET_BEFORE,
	 false},
	{"one priority in two backends", "nft tcp :80", "eth0:80 10.0.0.2", "iptables", 0,
	 MEET_UNKNOWN, true},
	{"pfwd in nf_tables is first", "nft tcp :80", "eth0:80 10.0.0.2", "nftables", 0,
	 MEET_BEHIND, true},
	{"the one that takes all", "before in=eth0 from=10.0.0.0/8 tcp :80\ntcp :80\nbefore tcp",
	 "eth0:80 10.0.0.2", "iptables", 2, MEET_BEFORE, true},
};

static void meeting_is_found(void **state)
{
	const struct meet_row *row = *state;
	struct other_rules rules;
	struct forwards set = {0};
	struct addresses here;
	struct address items[4];
	struct meets meets;
	struct err err;
	char *copy;
	read_rules(row->rules, &rules, &copy);
	read_here(NULL, &here, items);
	assert_int_equal(read_line(row->forward, &set, &err), 0);
	assert_int_equal(meets_make(&rules, &here, &meets, &err), 0);
	struct meeting m = meets_find(&meets, &set.items[0], row->home);
	assert_int_equal(m.rule ? (int)(m.rule - rules.items) : -1, row->met);
	if (m.rule) {
		assert_int_equal(m.order, row->order);
		assert_int_equal(m.all, row->all);
	}
	meets_free(&meets);
	other_rules_free(&rules);
	forwards_free(&set);
	free(copy);
}

/* ---- rows ---- */

struct listed_row {
	const char *rules, *listed; /* a line a row: FORWARD TARGET OPTIONS */
};

static const struct listed_row listed_rows[] = {
	{"in=eth0 tcp :80 to=10.0.0.2", "eth0:80/tcp 10.0.0.2:80 \n"},
	{"tcp :80 to=10.0.0.2 port=8080", "*:80/tcp 10.0.0.2:8080 \n"},
	{"tcp :80-90 to=10.0.0.2 port=180-190/80", "*:80-90/tcp 10.0.0.2:180-190 \n"},
	{"tcp :85 to=10.0.0.2 port=180-190/80", "*:85/tcp 10.0.0.2:185 \n"},
	{"tcp :85 to=10.0.0.2 port=80-90", "*:85/tcp 10.0.0.2:85 \n"},
	{"tcp :85 to=10.0.0.2 port=180-190", "*:85/tcp 10.0.0.2:180-190 one of the ports\n"},
	{"dst=203.0.113.5 udp :53 redirect port=5353", "*@203.0.113.5:53/udp :5353 \n"},
	{"dst=203.0.113.0/24 udp :53 redirect port=5353",
	 "- :5353 -d 203.0.113.0/24 -p udp --dport 53\n"},
	{"in=eth0 to=10.0.0.2", "- 10.0.0.2 -i eth0\n"},
	{"in=eth0 tcp to=10.0.0.2", "eth0:1-65535/tcp 10.0.0.2 \n"},
	{"tcp :80 to=10.0.0.2 last=10.0.0.5 from=10.0.0.0/8",
	 "*:80/tcp 10.0.0.2-10.0.0.5:80 --from 10.0.0.0/8\n"},
	{"tcp :80 tproxy port=3129", "*:80/tcp :3129 tproxy\n"},
	{"tcp :80 share to=10.0.0.2", "*:80/tcp 10.0.0.2:80 balance\n"},
	{"tcp :80 vague to=10.0.0.2", "*:80/tcp 10.0.0.2:80 -m limit\n"},
	{"output tcp :80 to=10.0.0.2", "*:80/tcp 10.0.0.2:80 output\n"},
	{"keep tcp :80", ""},
	{"v6 tcp :80 to=2001:db8::2", "*:80/tcp [2001:db8::2]:80 \n"},
};

static void rule_is_listed(void **state)
{
	const struct listed_row *row = *state;
	struct other_rules rules;
	struct other_rows rows;
	struct err err;
	char *copy, listed[1024] = "";
	read_rules(row->rules, &rules, &copy);
	assert_int_equal(other_rows_make(&rules, &rows, &err), 0);
	for (size_t i = 0; i < rows.count; i++) {
		char spec[SPEC_TEXT_MAX] = "-", target[OTHER_TARGET_MAX],
		     options[OTHER_OPTIONS_MAX];
		if (rows.items[i].spec)
			spec_format(&rows.items[i].f, spec);
		other_row_target(&rows.items[i], target);
		other_row_options(&rows.items[i], options);
		snprintf(listed + strlen(listed), sizeof(listed) - strlen(listed), "%s %s %s\n",
			 spec, target, options);
	}
	assert_string_equal(listed, row->listed);
	other_rows_free(&rows);
	other_rules_free(&rules);
	free(copy);
}

/* What comes in and what programs here send by one rule. */
static void rule_that_is_reached_twice_is_one_row(void **state)
{
	struct other_rules rules;
	struct other_rows rows;
	struct err err;
	char *copy;
	(void)state;
	read_rules("here chain=DOCKER tcp :80 to=10.0.0.2\n"
		   "output here chain=DOCKER tcp :80 to=10.0.0.2",
		   &rules, &copy);
	rules.items[1].handle = 0;
	rules.items[1].chain = rules.items[0].chain;
	assert_int_equal(other_rows_make(&rules, &rows, &err), 0);
	assert_int_equal(rows.count, 1);
	assert_true(rows.items[0].local);
	assert_int_equal(rows.of_rule[1], 0);
	other_rows_free(&rows);
	other_rules_free(&rules);
	free(copy);
}

/* ---- the walk ---- */

static struct other_chain *add_chain(struct other_chains *chains, const char *name)
{
	struct other_chain *c = other_chains_add(chains);
	c->name = name;
	c->table = "nat";
	c->nat = true;
	return c;
}

static void add_rule(struct other_chain *c, enum chain_verdict verdict, uint32_t to,
		     const char *text)
{
	char copy[128];
	snprintf(copy, sizeof(copy), "%s", text);
	struct chain_rule rule = {.rule = rule_in(copy), .verdict = verdict, .to = to};
	rule.rule.table = rule.rule.chain = NULL;
	assert_int_equal(other_chains_add_rule(c, &rule), 0);
}

/* Chains that jump to the next one twice: 2^15 ways. */
static void too_many_ways_lose_no_rule(void **state)
{
	struct other_chains chains = {.backend = "iptables"};
	struct other_rules rules = {0};
	struct err err;
	(void)state;
	for (uint32_t i = 0; i < 15; i++)
		add_chain(&chains, "c");
	chains.items[0].base = true;
	for (uint32_t i = 0; i < 14; i++)
		for (int n = 0; n < 4; n++)
			add_rule(&chains.items[i], CHAIN_JUMP, i + 1, "tcp");
	add_rule(&chains.items[14], CHAIN_ACT, CHAINS_NONE, "tcp :80 to=10.0.0.2");
	add_rule(&chains.items[0], CHAIN_ACT, CHAINS_NONE, "tcp :81 to=10.0.0.3");
	assert_int_equal(other_chains_walk(&chains, &rules, &err), 0);
	assert_true(rules.count > 1 && rules.count < (1U << 17));
	assert_int_equal(rules.items[rules.count - 1].ports.first, 81);
	assert_false(rules.items[rules.count - 1].exact);
	other_rules_free(&rules);
	other_chains_free(&chains);
}

int main(void)
{
	struct rows rows = {0};
	ROWS_ADD_ALL(&rows, owner_rows, owner_is_known);
	ROWS_ADD_ALL(&rows, shadow_rows, shadow_is_found);
	ROWS_ADD_TEST(&rows, many_shadows_are_found);
	ROWS_ADD_ALL(&rows, meet_rows, meeting_is_found);
	ROWS_ADD_ALL(&rows, listed_rows, rule_is_listed);
	ROWS_ADD_TEST(&rows, rule_that_is_reached_twice_is_one_row);
	ROWS_ADD_TEST(&rows, too_many_ways_lose_no_rule);
	return rows_run(&rows, "others");
}
