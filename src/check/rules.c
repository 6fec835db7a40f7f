/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Remedies are commands of the tools that made the rules. */
#include <stdio.h>
#include <string.h>

#include "check/rules.h"
#include "check/words.h"
#include "syntax/time.h"

/* ---- the forward ---- */

/* Apply repairs, and moves what another backend serves better. Without a pipe, a save that fails
 * leaves no empty file to be applied. What it wrote another time may be there. */
#define MEND "pfwd save --force /run/pfwd.conf && pfwd apply /run/pfwd.conf"

bool rules_expired(const struct facts *facts, const struct case_facts *c, struct finding_words *out)
{
	char until[TIME_TEXT_MAX];
	if (!forward_expired(c->f, facts->now))
		return false;
	time_format(c->f->until, until);
	return words_say(out, "it ended at %s; add it again with a later --until, or delete it",
			 until);
}

bool rules_incomplete(const struct facts *facts, const struct case_facts *c,
		      struct finding_words *out)
{
	(void)facts;
	if (!c->incomplete)
		return false;
	if (c->narrowed)
		return words_say(out,
				 "somebody has made a jump to pfwd's chains narrower, and it does "
				 "not pass that; take out of the jump with the comment pfwd what "
				 "was added");
	strcpy(out->remedy, MEND);
	return words_say(out, "some of its rules are missing: another program removed them");
}

/* firewalld lets in what is translated, unless it is told to be strict. */
#define OPEN_FIREWALLD                                                                            \
	"sed -i 's/^StrictForwardPorts=.*/StrictForwardPorts=no/' /etc/firewalld/firewalld.conf " \
	"&& firewall-cmd --reload"

static bool is_of_firewalld(const struct rule_place *place)
{
	return !place->legacy && strcmp(place->table, "firewalld") == 0;
}

bool rules_blocked(const struct facts *facts, const struct case_facts *c, struct finding_words *out)
{
	const struct rule_place *by = &c->blocked_by;
	(void)facts;
	if (!c->blocked)
		return false;
	if (!by->owned || is_of_firewalld(by))
		strcpy(out->remedy, by->owned ? OPEN_FIREWALLD : MEND);
	if (!by->chain)
		return words_say(out, "a rule or policy of another program stops its connections");
	return words_say(
		out, "%s stops its connections, whoever the client is%s", words_of_place(by).text,
		by->owned ? "; only the program that owns the table can let them through" : "");
}

/* Of two translations of a packet, the first one counts. */
bool rules_shadowed(const struct facts *facts, const struct case_facts *c,
		    struct finding_words *out)
{
	char other[MEET_TEXT_MAX];
	(void)facts;
	if (!c->other.rule || c->other.order != MEET_BEFORE || !c->other.all)
		return false;
	meet_format(c->other.rule, other);
	return words_say(
		out,
		"%s first: it wins for every connection, and none is left for this forward; "
		"delete that rule or this forward",
		other);
}

bool rules_other(const struct facts *facts, const struct case_facts *c, struct finding_words *out)
{
	static const char *const who[] = {
		[MEET_BEFORE] = "that rule",
		[MEET_UNKNOWN] = "the one that was set up last",
		[MEET_BEHIND] = "this forward",
	};
	char other[MEET_TEXT_MAX];
	(void)facts;
	if (!c->other.rule || (c->other.order == MEET_BEFORE && c->other.all))
		return false;
	meet_format(c->other.rule, other);
	return words_say(out, "%s too; where both match, %s wins", other, who[c->other.order]);
}

/* ---- bans ---- */

bool rules_ban_passed(const struct facts *facts, const struct case_facts *c,
		      struct finding_words *out)
{
	(void)facts;
	const struct rule_place *passed = &c->limits.passed;
	char why[80] = " for the sake of other forwards";
	if (!passed->chain)
		return false;
	if (c->limits.stop == passed->rule)
		return words_say(out,
				 "%s shuts out some clients and then everybody, so pfwd's rules "
				 "stand in front of it, and let through who is banned there; put "
				 "the ban in front of them, at the head of chain %s",
				 words_of_place(passed).text, quote(passed->chain).text);
	if (c->limits.stop)
		snprintf(why, sizeof(why), ", to pass rule %u there, which stops everybody",
			 c->limits.stop);
	return words_say(out,
			 "%s shuts out some clients, but not from this forward: pfwd's rules "
			 "stand in front of it%s; put the ban in front of them, at the head of "
			 "its chain",
			 words_of_place(passed).text, why);
}

bool rules_unjudged(const struct facts *facts, const struct case_facts *c,
		    struct finding_words *out)
{
	(void)facts;
	return c->limits.doubted.chain &&
	       words_say(out,
			 "%s may stop its connections: what the rule asks cannot be judged from "
			 "here; pfwd check -f shows whether they are stopped",
			 words_of_place(&c->limits.doubted).text);
}

bool rules_ban_here(const struct facts *facts, const struct case_facts *c,
		    struct finding_words *out)
{
	(void)facts;
	return c->banned_here.chain &&
	       words_say(
		       out,
		       "%s shuts out some clients from this host alone, and not from the target of "
		       "this forward; let the ban stand in the FORWARD chain too (fail2ban: chain "
		       "= "
		       "FORWARD in the jail)",
		       words_of_place(&c->banned_here).text);
}

/* ---- before the translation ---- */

/* How the packets that are hit look where that is. */
struct selector {
	const char *in, *out;       /* "": any interface */
	const struct address *from; /* NULL: any address */
	struct ports ports;         /* that they are sent to; of answers, that they come from */
	bool answers;
};

static struct selector selector_of(const struct case_facts *c)
{
	const struct early_base *base = c->early.base;
	const struct forward *f = c->f;
	struct selector s = {"", "", NULL, base->translated ? f->target_ports : f->ports, false};
	if (c->early.on == STOP_ON_WAY && base->way == EARLY_ALL)
		s.in = f->ifname;
	if (c->early.on != STOP_ON_BACK)
		return s;
	s.answers = true;
	/* what leaves is as clients see it */
	s.ports = base->way == EARLY_POST ? f->ports : f->target_ports;
	if (base->way == EARLY_OUT)
		s.out = f->ifname;
	if (base->way == EARLY_ALL) {
		s.in = c->there->out;
		s.from = &f->target;
	}
	return s;
}

static void put_link(char out[IFNAME_MAX + 16], const char *word, const char *ifname, bool nft)
{
	char *mark;
	*out = '\0';
	if (!*ifname)
		return;
	snprintf(out, IFNAME_MAX + 16, " %s %s", word, ifname);
	if (nft && (mark = strchr(out, '+')))
		*mark = '*';
}

/* The matches of nft(8). */
static void put_nft(const struct forward *f, const struct selector *s, char out[], size_t size)
{
	char in[IFNAME_MAX + 16], leaves[IFNAME_MAX + 16], from[ADDRESS_TEXT_MAX + 16] = "";
	char ports[PORTS_TEXT_MAX];
	put_link(in, "iifname", s->in, true);
	put_link(leaves, "oifname", s->out, true);
	ports_put(ports, s->ports);
	if (s->from)
		snprintf(from, sizeof(from), " %s saddr %s",
			 f->family == FAMILY_IPV6 ? "ip6" : "ip", words_of_address(s->from).text);
	snprintf(out, size, "%s%s%s %s %s %s", in, leaves, from, proto_name(f->proto),
		 s->answers ? "sport" : "dport", ports);
}

/* The matches of iptables(8): behind conntrack, those of the connection in both directions. */
static void put_iptables(const struct case_facts *c, const struct selector *s, char out[],
			 size_t size)
{
	const struct early_base *base = c->early.base;
	char in[IFNAME_MAX + 16], leaves[IFNAME_MAX + 16], from[ADDRESS_TEXT_MAX + 16] = "";
	char ports[PORTS_TEXT_MAX], *mark;
	bool tracked = !base->zones && (base->translated || s->answers);
	put_link(in, "-i", s->in, false);
	put_link(leaves, "-o", s->out, false);
	ports_put(ports, tracked ? c->f->ports : s->ports);
	if ((mark = strchr(ports, '-')))
		*mark = ':';
	if (s->from)
		snprintf(from, sizeof(from), " -s %s", words_of_address(s->from).text);
	if (tracked)
		snprintf(out, size, " -p %s -m conntrack --ctstate DNAT --ctorigdstport %s",
			 proto_name(c->f->proto), ports);
	else
		snprintf(out, size, "%s%s%s -p %s --%s %s", in, leaves, from,
			 proto_name(c->f->proto), s->answers ? "sport" : "dport", ports);
}

/* The rule that an owner has to put in front of what hits the forward, or behind all others before
 * a policy. */
static void put_exception(const struct case_facts *c, struct finding_words *out)
{
	const struct early_hit *hit = &c->early;
	const struct selector s = selector_of(c);
	char place[32] = "", matches[160];
	const char *chain = hit->base->chain_of;
	bool nft = hit->base->nft;
	if (hit->rule)
		snprintf(place, sizeof(place), nft ? " index %zu" : " %zu", hit->rule - nft);
	if (nft)
		put_nft(c->f, &s, matches, sizeof(matches));
	else
		put_iptables(c, &s, matches, sizeof(matches));
	if (nft)
		snprintf(out->remedy, sizeof(out->remedy), "nft %s %s%s%s accept",
			 hit->rule ? "insert" : "add", chain, place, matches);
	else
		snprintf(out->remedy, sizeof(out->remedy), "%s -%c %s%s%s -j ACCEPT",
			 hit->base->tool, hit->rule ? 'I' : 'A', chain, place, matches);
}

static bool say_early(const struct case_facts *c, struct finding_words *out, const char *does)
{
	put_exception(c, out);
	if (!c->early.rule)
		return words_say(out, "the policy of %s %s", c->early.base->where, does);
	return words_say(out, "rule %zu of %s %s", c->early.rule, c->early.base->where, does);
}

bool rules_untracked(const struct facts *facts, const struct case_facts *c,
		     struct finding_words *out)
{
	(void)facts;
	if (c->early.kind == EARLY_PROXY)
		return say_early(c, out,
				 "(SYNPROXY) answers its connections before they are translated");
	if (c->early.kind == EARLY_UNTRACKED && c->early.on == STOP_ON_BACK)
		return say_early(c, out,
				 "takes its answers out of conntrack (NOTRACK), and such packets "
				 "are never translated");
	return c->early.kind == EARLY_UNTRACKED &&
	       say_early(c, out,
			 "takes its packets out of conntrack (NOTRACK, as for SYNPROXY), and such "
			 "packets are never translated");
}

bool rules_early_drop(const struct facts *facts, const struct case_facts *c,
		      struct finding_words *out)
{
	(void)facts;
	static const char *const does[] = {
		[STOP_ON_WAY] = "drops its packets where pfwd lets none through",
		[STOP_ON_BACK] = "drops its answers where pfwd lets none through",
		[STOP_ON_OUT] = "drops, where pfwd lets none through, what programs of this host "
				"send to it (--local)",
	};
	return c->early.kind == EARLY_DROP && say_early(c, out, does[c->early.on]);
}

bool rules_zones(const struct facts *facts, const struct case_facts *c, struct finding_words *out)
{
	(void)facts;
	return c->early.kind == EARLY_ZONE &&
	       words_say(
		       out,
		       "%s puts its connections into zone %u of conntrack, and the answers of the "
		       "target into zone %u, where nobody knows them: choose one zone for both "
		       "interfaces, or the zone for one direction alone (--zone-orig)",
		       c->early.base->where, c->early.zone, c->early.zone_back);
}

/* ---- protocols ---- */

static const struct helper {
	enum proto proto;
	uint16_t port;
	const char *name, *module;
	const char *opens; /* what it opens further */
} helpers[] = {
	{PROTO_TCP, 21, "FTP", "ftp", "a connection for each file"},
	{PROTO_TCP, 5060, "SIP", "sip", "flows for each call"},
	{PROTO_UDP, 5060, "SIP", "sip", "flows for each call"},
	{PROTO_UDP, 69, "TFTP", "tftp", "a flow for each file"},
};

static const struct helper *find_helper(const struct forward *f)
{
	/* a wide range carries the other ports too */
	if (f->except || f->ports.first != f->ports.last)
		return NULL;
	for (size_t i = 0; i < sizeof(helpers) / sizeof(helpers[0]); i++)
		if (helpers[i].proto == f->proto && helpers[i].port == f->ports.first)
			return &helpers[i];
	return NULL;
}

bool rules_helper(const struct facts *facts, const struct case_facts *c, struct finding_words *out)
{
	const struct helper *h = find_helper(c->f);
	(void)facts;
	if (!h || (c->helped && !c->related.chain))
		return false;
	if (c->helped)
		return words_say(out,
				 "%s opens %s: conntrack's helper expects them, but %s stops them; "
				 "accept RELATED connections in front of it",
				 h->name, h->opens, words_of_place(&c->related).text);
	return words_say(out,
			 "%s opens %s, on ports that this forward does not take: assign "
			 "conntrack's helper (-j CT --helper %s in the raw table) and accept "
			 "RELATED connections in FORWARD, or forward a range of ports that the "
			 "server is told to use",
			 h->name, h->opens, h->module);
}

bool rules_intercepted_dns(const struct facts *facts, const struct case_facts *c,
			   struct finding_words *out)
{
	(void)facts;
	if (c->f->except || address_is_set(&c->f->addr) || c->f->ports.first != 53 ||
	    c->f->ports.last != 53)
		return false;
	return words_say(out,
			 "it takes only queries that are sent to an address of this host; clients "
			 "that ask other DNS servers do so as before");
}
