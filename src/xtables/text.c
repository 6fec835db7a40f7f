/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of a rule, in the words and in the order of iptables-save. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "model/backend.h"
#include "xtables/text.h"

struct line {
	char *out;
	size_t used;
};

static void add_words(struct line *line, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Words, separated by blanks. RULE_TEXT_MAX has room for the longest rule. */
static void add_words(struct line *line, const char *format, ...)
{
	va_list args;
	if (line->used && line->used < RULE_TEXT_MAX - 1)
		line->out[line->used++] = ' ';
	va_start(args, format);
	int n = vsnprintf(line->out + line->used, RULE_TEXT_MAX - line->used, format, args);
	va_end(args);
	if (n > 0)
		line->used += (size_t)n;
	if (line->used >= RULE_TEXT_MAX)
		line->used = RULE_TEXT_MAX - 1;
}

static void add_network(struct line *line, const char *option, const struct network *net)
{
	char text[NETWORK_TEXT_MAX];
	if (!network_is_set(net))
		return;
	network_format(net, text);
	add_words(line, "%s %s", option, text);
}

/* iptables writes a range of ports with a colon in a match, and with a hyphen in a target. */
static void add_ports(struct line *line, const char *option, struct ports ports)
{
	if (ports.first == 0)
		return;
	if (ports.first == ports.last)
		add_words(line, "%s %u", option, ports.first);
	else
		add_words(line, "%s %u:%u", option, ports.first, ports.last);
}

static void add_where(struct line *line, const struct rule *rule)
{
	add_network(line, "-s", &rule->src);
	add_network(line, rule->flags & RULE_NOT_DST ? "! -d" : "-d", &rule->dst);
	if (*rule->in) {
		char in[4 * IFNAME_MAX]; /* each byte may become \xNN */
		quote_into(in, sizeof(in), rule->in);
		add_words(line, "%s %s", rule->flags & RULE_NOT_IN ? "! -i" : "-i", in);
	}
	if (!rule->proto)
		return;
	const char *proto = proto_name(rule->proto);
	add_words(line, "-p %s", proto);
	if (rule->ports.first)
		add_words(line, "-m %s", proto);
	add_ports(line, "--dport", rule->ports);
}

static void add_addrtype(struct line *line, uint8_t flags)
{
	if (flags & RULE_SRC_LOCAL)
		add_words(line, "-m addrtype --src-type LOCAL");
	if (flags & RULE_DST_LOCAL)
		add_words(line, "-m addrtype --dst-type LOCAL");
	if (flags & RULE_DST_ELSEWHERE)
		add_words(line, "-m addrtype ! --dst-type LOCAL --limit-iface-in");
}

static void add_conntrack(struct line *line, const struct rule *rule)
{
	char addr[ADDRESS_TEXT_MAX];
	bool original = network_is_set(&rule->orig_dst);
	if (!(rule->flags & (RULE_STATE_DNAT | RULE_STATE_ESTABLISHED)) && !original &&
	    !rule->orig_ports.first)
		return;
	add_words(line, "-m conntrack");
	if (rule->flags & RULE_STATE_DNAT)
		add_words(line, "--ctstate DNAT");
	if (rule->flags & RULE_STATE_ESTABLISHED)
		add_words(line, "--ctstate RELATED,ESTABLISHED");
	if (original) {
		address_format(&rule->orig_dst.addr, addr);
		add_words(line, "--ctorigdst %s", addr);
	}
	add_ports(line, "--ctorigdstport", rule->orig_ports);
}

static void add_time(struct line *line, int64_t until)
{
	char text[32];
	struct tm tm;
	time_t last = (time_t)until - 1; /* --datestop is the last second that matches */
	if (until && gmtime_r(&last, &tm) && strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm))
		add_words(line, "-m time --datestop %s", text);
}

static void add_to(struct line *line, enum family family, const struct rule *rule)
{
	char addr[ADDRESS_TEXT_MAX] = "", ports[32] = "";
	bool ported = rule->to_ports.first != 0;
	if (address_is_set(&rule->to) && ported && family == FAMILY_IPV6)
		address_format_bracketed(&rule->to, addr);
	else if (address_is_set(&rule->to))
		address_format(&rule->to, addr);
	if (ported && rule->to_ports.first == rule->to_ports.last)
		snprintf(ports, sizeof(ports), ":%u", rule->to_ports.first);
	else if (ported)
		snprintf(ports, sizeof(ports), ":%u-%u/%u", rule->to_ports.first,
			 rule->to_ports.last, rule->to_base);
	add_words(line, "%s %s%s", rule->target == TARGET_DNAT ? "--to-destination" : "--to-source",
		  addr, ports);
}

static void add_target(struct line *line, enum family family, const struct rule *rule)
{
	switch (rule->target) {
	case TARGET_ACCEPT:
		add_words(line, "-j ACCEPT");
		return;
	case TARGET_RETURN:
		add_words(line, "-j RETURN");
		return;
	case TARGET_JUMP:
		add_words(line, "-j %s", quote(rule->chain).text);
		return;
	case TARGET_MASQUERADE:
		add_words(line, "-j MASQUERADE");
		return;
	case TARGET_DNAT:
	case TARGET_SNAT:
		add_words(line, "-j %s", rule->target == TARGET_DNAT ? "DNAT" : "SNAT");
		add_to(line, family, rule);
		return;
	}
}

void text_rule(enum family family, const struct rule *rule, char out[RULE_TEXT_MAX])
{
	struct line line = {.out = out};
	out[0] = '\0';
	add_where(&line, rule);
	add_addrtype(&line, rule->flags);
	add_conntrack(&line, rule);
	if (rule->flags & RULE_MARKED)
		add_words(&line, "-m mark --mark 0x%x/0x%x", GUEST_MARK, GUEST_MARK);
	add_time(&line, rule->until);
	if (rule->comment)
		add_words(&line, "-m comment --comment \"%s\"", rule->comment);
	add_target(&line, family, rule);
}
