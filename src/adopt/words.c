/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One table of conditions for iptables and one for nft, each with a function that writes it. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "adopt/words.h"

struct writer { /* text that does not fit is cut */
	char *out;
	size_t used;
	const struct words_ports *ports;
};

static void put(struct writer *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A word, with a blank before it if it is not the first. */
static void put(struct writer *w, const char *format, ...)
{
	va_list args;
	if (w->used && w->used + 1 < WORDS_MAX)
		w->out[w->used++] = ' ';
	va_start(args, format);
	int n = vsnprintf(w->out + w->used, WORDS_MAX - w->used, format, args);
	va_end(args);
	w->used += (size_t)n < WORDS_MAX - w->used ? (size_t)n : WORDS_MAX - w->used - 1;
}

bool words_are_legacy(const struct other_rule *v)
{
	return strcmp(v->backend, "iptables") == 0;
}

/* As iptables-save and nft quote it; text: of the kernel, or of a file. */
static void put_quoted(struct writer *w, const char *before, const char *text, bool escape)
{
	char quoted[2 * 256 + 1];
	size_t used = 0;
	for (; *text && used + 2 < sizeof(quoted); text++) {
		if (escape && (*text == '"' || *text == '\\'))
			quoted[used++] = '\\';
		quoted[used++] = *text;
	}
	quoted[used] = '\0';
	put(w, "%s \"%s\"", before, quoted);
}

/* FIRST[SEPARATORLAST] */
static const char *ports_text(struct ports ports, char separator, char out[PORTS_TEXT_MAX])
{
	if (ports.first == ports.last)
		snprintf(out, PORTS_TEXT_MAX, "%u", ports.first);
	else
		snprintf(out, PORTS_TEXT_MAX, "%u%c%u", ports.first, separator, ports.last);
	return out;
}

/* Without the length where it is that of one address. */
static const char *network_text(const struct network *net, char out[NETWORK_TEXT_MAX])
{
	if (network_is_host(net))
		address_format(&net->addr, out);
	else
		network_format(net, out);
	return out;
}

/* [ADDR[-LAST]][:PORTS[/BASE]] */
static void to_text(const struct other_rule *v, char out[256])
{
	char first[ADDRESS_TEXT_MAX] = "", last[ADDRESS_TEXT_MAX] = "", ports[PORTS_TEXT_MAX];
	int n = 0;
	if (address_is_set(&v->to)) {
		void (*format)(const struct address *, char *) =
			v->to_ports.last ? address_format_bracketed : address_format;
		format(&v->to, first);
		if (address_is_set(&v->to_last))
			address_format(&v->to_last, last);
		n = snprintf(out, 256, "%s%s%s", first, *last ? "-" : "", last);
	}
	out[n] = '\0';
	if (v->to_ports.last)
		n += snprintf(out + n, 256 - (size_t)n, ":%s", ports_text(v->to_ports, '-', ports));
	if (v->to_base)
		snprintf(out + n, 256 - (size_t)n, "/%u", v->to_base);
}

static const struct {
	uint8_t state;
	const char *iptables, *nft;
} states[] = {{OTHER_NEW, "NEW", "new"},
	      {OTHER_ESTABLISHED, "ESTABLISHED", "established"},
	      {OTHER_RELATED, "RELATED", "related"},
	      {OTHER_TRANSLATED, "DNAT", ""}};

static const char *states_text(uint8_t bits, bool iptables, char out[64])
{
	size_t used = 0;
	*out = '\0';
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		const char *name = iptables ? states[i].iptables : states[i].nft;
		if (bits & states[i].state && *name)
			used += (size_t)snprintf(out + used, 64 - used, "%s%s", used ? "," : "",
						 name);
	}
	return out;
}

bool words_add_ports(struct words_ports *ports, const struct other_rule *first,
		     const struct other_rule *v)
{
	struct other_rule alike = *v;
	size_t room = 0;
	alike.ports = first->ports;
	if (!other_rule_equal(&alike, first) || (ports->count && !v->ports.last))
		return false;
	for (size_t i = 0; i < ports->count; i++)
		room += ports->items[i].first == ports->items[i].last ? 1 : 2;
	if (room + 2 > WORDS_PORTS_MAX)
		return false;
	ports->items[ports->count++] = v->ports;
	return true;
}

/* All of them; separator: of a range. */
static const char *all_ports(const struct words_ports *ports, char separator, const char *between,
			     char out[WORDS_PORTS_MAX * (PORTS_TEXT_MAX + 2)])
{
	char *at = out;
	for (size_t i = 0; i < ports->count; i++) {
		char one[PORTS_TEXT_MAX];
		at = stpcpy(at, i ? between : "");
		at = stpcpy(at, ports_text(ports->items[i], separator, one));
	}
	return out;
}

/* ---- iptables ---- */

static void put_iptables_target(struct writer *w, const struct other_rule *v)
{
	char to[256], ports[PORTS_TEXT_MAX];
	to_text(v, to);
	switch (v->action) {
	case OTHER_ACCEPT:
	case OTHER_KEEP:
		put(w, "-j ACCEPT");
		break;
	case OTHER_DNAT:
	case OTHER_BALANCE:
		put(w, "-j DNAT%s%s", *to ? " --to-destination " : "", to);
		break;
	case OTHER_REDIRECT:
		put(w, "-j REDIRECT");
		if (v->to_ports.last)
			put(w, "--to-ports %s", ports_text(v->to_ports, '-', ports));
		break;
	case OTHER_TPROXY:
		put(w, "-j TPROXY");
		break;
	case OTHER_SNAT:
		put(w, "-j SNAT --to-source %s", to);
		break;
	case OTHER_MASQUERADE:
		put(w, "-j MASQUERADE");
		break;
	}
}

static void put_iptables_negation(struct writer *w, const struct other_rule *v)
{
	char text[NETWORK_TEXT_MAX];
	if (*v->not_in)
		put(w, "! -i %s", v->not_in);
	else if (network_is_set(&v->not_from))
		put(w, "! -s %s", network_text(&v->not_from, text));
	else
		put(w, "! -d %s", network_text(&v->not_dst, text));
}

static void put_iptables(struct writer *w, const struct other_rule *v)
{
	char text[NETWORK_TEXT_MAX], ports[PORTS_TEXT_MAX], bits[64];
	char several[WORDS_PORTS_MAX * (PORTS_TEXT_MAX + 2)];
	if (network_is_set(&v->from))
		put(w, "-s %s", network_text(&v->from, text));
	if (network_is_set(&v->dst))
		put(w, "-d %s", network_text(&v->dst, text));
	if (*v->in)
		put(w, "-i %s", v->in);
	if (*v->out)
		put(w, "-o %s", v->out);
	if (v->proto)
		put(w, "-p %s", proto_name(v->proto));
	if (v->proto && w->ports && w->ports->count > 1)
		put(w, "-m multiport --dports %s", all_ports(w->ports, ':', ",", several));
	else if (v->proto && v->ports.last)
		put(w, "-m %s --dport %s", proto_name(v->proto), ports_text(v->ports, ':', ports));
	if (v->here)
		put(w, "-m addrtype --dst-type LOCAL");
	if (v->states)
		put(w, "-m conntrack --ctstate %s", states_text(v->states, true, bits));
	if (other_rule_negates(v))
		put_iptables_negation(w, v);
	else if (v->beyond && *v->beyond)
		put(w, "%s", v->beyond);
	if (*v->comment)
		put_quoted(w, "-m comment --comment", v->comment, true);
	put_iptables_target(w, v);
}

/* ---- nft ---- */

static void put_nft_ifname(struct writer *w, const char *key, const char *name)
{
	size_t length = strlen(name);
	if (length && name[length - 1] == '+')
		put(w, "%s \"%.*s*\"", key, (int)(length - 1), name);
	else if (length)
		put(w, "%s \"%s\"", key, name);
}

static void put_nft_target(struct writer *w, const struct other_rule *v)
{
	char to[256];
	const char *family = v->table_family               ? ""
			     : v->to.family == FAMILY_IPV6 ? " ip6"
			     : v->to.family == FAMILY_IPV4 ? " ip"
							   : "";
	to_text(v, to);
	switch (v->action) {
	case OTHER_ACCEPT:
	case OTHER_KEEP:
		put(w, "accept");
		break;
	case OTHER_DNAT:
	case OTHER_BALANCE:
		put(w, "dnat%s to %s", family, *to ? to : "...");
		break;
	case OTHER_REDIRECT:
		put(w, "redirect%s%s", *to ? " to " : "", to);
		break;
	case OTHER_TPROXY:
		put(w, "tproxy to ...");
		break;
	case OTHER_SNAT:
		put(w, "snat%s to %s", family, to);
		break;
	case OTHER_MASQUERADE:
		put(w, "masquerade");
		break;
	}
}

static void put_nft_negation(struct writer *w, const struct other_rule *v)
{
	char text[NETWORK_TEXT_MAX];
	bool from = network_is_set(&v->not_from);
	const struct network *net = from ? &v->not_from : &v->not_dst;
	if (*v->not_in)
		put_nft_ifname(w, "iifname !=", v->not_in);
	else
		put(w, "%s %s != %s", net->addr.family == FAMILY_IPV6 ? "ip6" : "ip",
		    from ? "saddr" : "daddr", network_text(net, text));
}

static void put_nft(struct writer *w, const struct other_rule *v)
{
	char text[NETWORK_TEXT_MAX], ports[PORTS_TEXT_MAX], bits[64];
	char several[WORDS_PORTS_MAX * (PORTS_TEXT_MAX + 2)];
	const char *ip = v->family == FAMILY_IPV6 ? "ip6" : "ip";
	put_nft_ifname(w, "iifname", v->in);
	put_nft_ifname(w, "oifname", v->out);
	if (!v->table_family && v->family && !network_is_set(&v->from) && !network_is_set(&v->dst))
		put(w, "meta nfproto ipv%d", v->family);
	if (network_is_set(&v->from))
		put(w, "%s saddr %s", ip, network_text(&v->from, text));
	if (network_is_set(&v->dst))
		put(w, "%s daddr %s", ip, network_text(&v->dst, text));
	if (v->here)
		put(w, "fib daddr type local");
	if (v->proto && w->ports && w->ports->count > 1)
		put(w, "%s dport { %s }", proto_name(v->proto),
		    all_ports(w->ports, '-', ", ", several));
	else if (v->proto && v->ports.last)
		put(w, "%s dport %s", proto_name(v->proto), ports_text(v->ports, '-', ports));
	else if (v->proto)
		put(w, "meta l4proto %s", proto_name(v->proto));
	if (v->states & ~OTHER_TRANSLATED)
		put(w, "ct state %s", states_text(v->states, false, bits));
	if (v->states & OTHER_TRANSLATED)
		put(w, "ct status dnat");
	if (other_rule_negates(v))
		put_nft_negation(w, v);
	else if (v->beyond && *v->beyond)
		put(w, "%s", v->beyond);
	if (v->counted)
		put(w, "counter");
	put_nft_target(w, v);
	if (*v->comment)
		put_quoted(w, "comment", v->comment, false);
}

/* ---- both ---- */

void words_rule(const struct other_rule *v, bool iptables, const struct words_ports *ports,
		char out[WORDS_MAX])
{
	struct writer w = {out, 0, ports};
	*out = '\0';
	if (iptables)
		put_iptables(&w, v);
	else
		put_nft(&w, v);
}

void words_whole(const struct other_rule *v, const struct words_ports *ports, char out[WORDS_MAX])
{
	static const char *const families[] = {
		[FAMILY_NONE] = "inet", [FAMILY_IPV4] = "ip", [FAMILY_IPV6] = "ip6"};
	struct writer w = {out, 0, ports};
	*out = '\0';
	if (words_are_legacy(v) || v->xt)
		put(&w, "%s -t %s -A %s", v->table_family == FAMILY_IPV6 ? "ip6tables" : "iptables",
		    v->table, v->chain);
	else
		put(&w, "%s %s %s", families[v->table_family], v->table, v->chain);
	if (words_are_legacy(v) || v->xt)
		put_iptables(&w, v);
	else
		put_nft(&w, v);
}
