/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The order of the table is that of a connection: the forward itself, the interface, the address,
 * the way to the target, the target, the way back, and what the host has to do for it all.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "check/findings.h"
#include "syntax/spec.h"
#include "syntax/time.h"

const char *severity_name(enum severity severity)
{
	static const char *const names[] = {"error", "warning", "note"};
	return names[severity];
}

/* ---- words ---- */

static bool say(struct finding_words *out, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* True, so that a finding can end with it. */
static bool say(struct finding_words *out, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(out->text, sizeof(out->text), format, args);
	va_end(args);
	return true;
}

struct address_text {
	char text[ADDRESS_TEXT_MAX];
};

static struct address_text show(const struct address *addr)
{
	struct address_text out = {""};
	address_format(addr, out.text);
	return out;
}

struct place_text {
	char text[RULE_PLACE_TEXT_MAX];
};

static struct place_text show_place(const struct rule_place *place)
{
	struct place_text out;
	rule_place_format(place, out.text);
	return out;
}

/* ---- what several findings ask ---- */

/* The interface that IF names; NULL: it is none, stands for several, or is not there. */
static const struct host_link *link_of(const struct facts *facts, const struct forward *f)
{
	return *f->ifname ? host_link(&facts->links, f->ifname) : NULL;
}

/* Whether the target is this host itself, or an address of it. */
static bool ends_here(const struct facts *facts, const struct forward *f)
{
	return forward_to_self(f) ||
	       (!f->except && host_address_owner(&facts->addresses, &f->target));
}

/* The link to which the target's packets go; NULL: this host, or no route. */
static const struct host_link *link_there(const struct facts *facts, const struct case_facts *c)
{
	bool out = c->there && c->there->kind == ROUTE_OUT;
	return out ? host_link(&facts->links, c->there->out) : NULL;
}

static bool is_wild(const char *ifname)
{
	size_t n = strlen(ifname);
	return n == 0 || ifname[n - 1] == '+';
}

/* Whether packets may come in by interfaces of that name that this link has. */
static bool takes_link(const char *ifname, const struct host_link *link)
{
	return ifname_overlap(ifname, link->name) != OVERLAP_DISJOINT;
}

/* ---- the forward ---- */

/* Apply repairs, and moves what another backend serves better. Without a pipe, a save that fails
 * leaves no empty file to be applied. What it wrote another time may be there. */
#define MEND "pfwd save --force /run/pfwd.conf && pfwd apply /run/pfwd.conf"

static bool look_expired(const struct facts *facts, const struct case_facts *c,
			 struct finding_words *out)
{
	char until[TIME_TEXT_MAX];
	if (!forward_expired(c->f, facts->now))
		return false;
	time_format(c->f->until, until);
	return say(out, "it ended at %s; add it again with a later --until, or delete it", until);
}

static bool look_incomplete(const struct facts *facts, const struct case_facts *c,
			    struct finding_words *out)
{
	(void)facts;
	if (!c->incomplete)
		return false;
	if (c->narrowed)
		return say(out, "somebody has made a jump to pfwd's chains narrower, and it does "
				"not pass that; take out of the jump with the comment pfwd what "
				"was added");
	strcpy(out->remedy, MEND);
	return say(out, "some of its rules are missing: another program removed them");
}

/* firewalld lets in what is translated, unless it is told to be strict. */
#define OPEN_FIREWALLD                                                                            \
	"sed -i 's/^StrictForwardPorts=.*/StrictForwardPorts=no/' /etc/firewalld/firewalld.conf " \
	"&& firewall-cmd --reload"

static bool is_of_firewalld(const struct rule_place *place)
{
	return !place->legacy && strcmp(place->table, "firewalld") == 0;
}

static bool look_blocked(const struct facts *facts, const struct case_facts *c,
			 struct finding_words *out)
{
	const struct rule_place *by = &c->blocked_by;
	(void)facts;
	if (!c->blocked)
		return false;
	if (!by->owned || is_of_firewalld(by))
		strcpy(out->remedy, by->owned ? OPEN_FIREWALLD : MEND);
	if (!by->chain)
		return say(out, "a rule or policy of another program stops its connections");
	return say(out, "%s stops its connections, whoever the client is%s", show_place(by).text,
		   by->owned ? "; only the program that owns the table can let them through" : "");
}

/* Of two translations of a packet, the first one counts. */
static bool look_shadowed(const struct facts *facts, const struct case_facts *c,
			  struct finding_words *out)
{
	char other[MEET_TEXT_MAX];
	(void)facts;
	if (!c->other.rule || c->other.order != MEET_BEFORE || !c->other.all)
		return false;
	meet_format(c->other.rule, other);
	return say(out,
		   "%s first: it wins for every connection, and none is left for this forward; "
		   "delete that rule or this forward",
		   other);
}

static bool look_other(const struct facts *facts, const struct case_facts *c,
		       struct finding_words *out)
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
	return say(out, "%s too; where both match, %s wins", other, who[c->other.order]);
}

/* ---- bans ---- */

static bool look_ban_passed(const struct facts *facts, const struct case_facts *c,
			    struct finding_words *out)
{
	(void)facts;
	return c->passed.chain &&
	       say(out,
		   "%s shuts out some clients, but not from this forward: pfwd's rules stand in "
		   "front of it for the sake of other forwards; put the ban in front of them, at "
		   "the head of its chain",
		   show_place(&c->passed).text);
}

static bool look_ban_here(const struct facts *facts, const struct case_facts *c,
			  struct finding_words *out)
{
	(void)facts;
	return c->banned_here.chain &&
	       say(out,
		   "%s shuts out some clients from this host alone, and not from the target of "
		   "this forward; let the ban stand in the FORWARD chain too (fail2ban: chain = "
		   "FORWARD in the jail)",
		   show_place(&c->banned_here).text);
}

/* ---- the interface ---- */

static bool look_no_interface(const struct facts *facts, const struct case_facts *c,
			      struct finding_words *out)
{
	const char *ifname = c->f->ifname;
	if (!*ifname || host_link_of_altname(&facts->links, ifname))
		return false;
	for (size_t i = 0; i < facts->links.count; i++)
		if (takes_link(ifname, &facts->links.items[i]))
			return false;
	return say(out, "there is no interface %s (yet)", ifname);
}

static bool look_renamed(const struct facts *facts, const struct case_facts *c,
			 struct finding_words *out)
{
	const char *ifname = c->f->ifname;
	if (is_wild(ifname) || link_of(facts, c->f))
		return false;
	const struct host_link *link = host_link_of_altname(&facts->links, ifname);
	if (!link)
		return false;
	return say(out,
		   "%s is a second name of %s, and packets come in by its first: make the forward "
		   "for %s",
		   ifname, link->name, link->name);
}

static bool look_port(const struct facts *facts, const struct case_facts *c,
		      struct finding_words *out)
{
	const struct host_link *link = link_of(facts, c->f);
	if (!link || !*link->port_of || strcmp(link->port_of, "vrf") == 0)
		return false;
	return say(out,
		   "%s is a port of the %s %s, by which its packets come in: make the forward for "
		   "%s",
		   link->name, link->port_of, *link->master ? link->master : "it belongs to",
		   *link->master ? link->master : "that one");
}

static bool look_down(const struct facts *facts, const struct case_facts *c,
		      struct finding_words *out)
{
	const struct host_link *link = link_of(facts, c->f);
	if (!link || (link->up && link->carrier))
		return false;
	if (link->up)
		return say(out, "%s has no carrier: nothing is at the other end of its cable",
			   link->name);
	snprintf(out->remedy, sizeof(out->remedy), "ip link set %s up", link->name);
	return say(out, "%s is down", link->name);
}

/* ---- before the translation ---- */

/* The rule that an owner has to put in front of what hits the forward, or behind all others before
 * a policy. */
static void put_exception(const struct case_facts *c, struct finding_words *out)
{
	const struct early_hit *hit = &c->early;
	const struct forward *f = c->f;
	char ports[PORTS_TEXT_MAX], place[32] = "", in[IFNAME_MAX + 16] = "", *mark;
	const char *proto = proto_name(f->proto), *chain = hit->base->chain_of;
	bool nft = hit->base->nft;
	ports_put(ports, hit->base->translated ? f->target_ports : f->ports);
	if (*f->ifname)
		snprintf(in, sizeof(in), nft ? " iifname %s" : " -i %s", f->ifname);
	if (hit->rule && nft)
		snprintf(place, sizeof(place), " index %zu", hit->rule - 1);
	else if (hit->rule)
		snprintf(place, sizeof(place), " %zu", hit->rule);
	if (nft && (mark = strchr(in, '+')))
		*mark = '*';
	if (!nft && (mark = strchr(ports, '-')))
		*mark = ':';
	if (nft)
		snprintf(out->remedy, sizeof(out->remedy), "nft %s %s%s%s %s dport %s accept",
			 hit->rule ? "insert" : "add", chain, place, in, proto, ports);
	else
		snprintf(out->remedy, sizeof(out->remedy),
			 "%s -%c %s%s%s -p %s --dport %s -j ACCEPT", hit->base->tool,
			 hit->rule ? 'I' : 'A', chain, place, in, proto, ports);
}

static bool say_early(const struct case_facts *c, struct finding_words *out, const char *does)
{
	put_exception(c, out);
	if (!c->early.rule)
		return say(out, "the policy of %s %s", c->early.base->where, does);
	return say(out, "rule %zu of %s %s", c->early.rule, c->early.base->where, does);
}

static bool look_untracked(const struct facts *facts, const struct case_facts *c,
			   struct finding_words *out)
{
	(void)facts;
	if (c->early.kind == EARLY_PROXY)
		return say_early(c, out,
				 "(SYNPROXY) answers its connections before they are translated");
	return c->early.kind == EARLY_UNTRACKED &&
	       say_early(c, out,
			 "takes its packets out of conntrack (NOTRACK, as for SYNPROXY), and such "
			 "packets are never translated");
}

static bool look_early_drop(const struct facts *facts, const struct case_facts *c,
			    struct finding_words *out)
{
	(void)facts;
	return c->early.kind == EARLY_DROP &&
	       say_early(c, out, "drops its packets where pfwd lets none through");
}

static bool look_zones(const struct facts *facts, const struct case_facts *c,
		       struct finding_words *out)
{
	(void)facts;
	return c->early.kind == EARLY_ZONE &&
	       say(out,
		   "%s puts its connections into zone %u of conntrack, and the answers of the "
		   "target into zone %u, where nobody knows them: choose one zone for both "
		   "interfaces, or the zone for one direction alone (--zone-orig)",
		   c->early.base->where, c->early.zone, c->early.zone_back);
}

/* ---- the address of SPEC ---- */

static bool lacks_address(const struct facts *facts, const struct forward *f)
{
	return address_is_set(&f->addr) && !host_address_owner(&facts->addresses, &f->addr);
}

/* A program here is only reached at an address of this host. */
static bool look_not_own_address(const struct facts *facts, const struct case_facts *c,
				 struct finding_words *out)
{
	bool local = c->addr && c->addr->kind == ROUTE_LOCAL;
	return forward_to_self(c->f) && lacks_address(facts, c->f) && !local &&
	       say(out, "%s is not an address of this host (yet)", show(&c->f->addr).text);
}

/* Somebody has to bring the packets: a router that sends them here and on to another interface. */
static bool look_foreign_address(const struct facts *facts, const struct case_facts *c,
				 struct finding_words *out)
{
	const struct forward *f = c->f;
	if (forward_to_self(f) || !c->addr || !lacks_address(facts, f))
		return false;
	if (c->addr->kind == ROUTE_NONE)
		return say(out,
			   "no interface of this host has %s, and no route leads to it; write an "
			   "address of this host, or none",
			   show(&f->addr).text);
	const struct route *uplink =
		f->family == FAMILY_IPV6 ? &facts->default_ipv6 : &facts->default_ipv4;
	const char *ifname = !is_wild(f->ifname)         ? f->ifname
			     : uplink->kind == ROUTE_OUT ? uplink->out
							 : c->addr->out;
	/* packets on their way from one network to another pass this host */
	if (c->addr->kind != ROUTE_OUT || address_is_set(&c->addr->via) ||
	    strcmp(c->addr->out, ifname) != 0 ||
	    addresses_hold(&facts->neighbours.proxied, &f->addr))
		return false;
	struct address_text text = show(&f->addr);
	unsigned int bits = address_bits(f->family);
	snprintf(out->remedy, sizeof(out->remedy), "ip addr add %s/%u dev %s", text.text, bits,
		 c->addr->out);
	return say(out,
		   "no interface of this host has %s, which is on the network of %s: nobody there "
		   "sends its packets here",
		   text.text, c->addr->out);
}

/* Of an uplink's addresses none can be reached from the Internet. */
static bool look_private(const struct facts *facts, const struct case_facts *c,
			 struct finding_words *out)
{
	const struct forward *f = c->f;
	const struct address *inner = NULL;
	if (f->family != FAMILY_IPV4 || is_wild(f->ifname) || network_is_set(&f->from) ||
	    facts->default_ipv4.kind != ROUTE_OUT ||
	    strcmp(facts->default_ipv4.out, f->ifname) != 0)
		return false;
	for (size_t i = 0; i < facts->addresses.count; i++) {
		const struct host_address *a = &facts->addresses.items[i];
		if (a->addr.family != FAMILY_IPV4 || strcmp(a->ifname, f->ifname) != 0)
			continue;
		if (address_is_public(&a->addr))
			return false;
		inner = &a->addr;
	}
	if (!inner)
		return false;
	if (address_is_shared(inner))
		return say(
			out,
			"%s has the address %s, which the provider shares among customers: "
			"connections from the Internet arrive only if the provider forwards them",
			f->ifname, show(inner).text);
	return say(out,
		   "%s has the private address %s: the router before this host has to forward the "
		   "port to it too",
		   f->ifname, show(inner).text);
}

/* ---- programs of this host ---- */

/* Whether an exception without end keeps that port of f here for all clients of f. */
static bool is_kept(const struct facts *facts, const struct forward *f, uint16_t port)
{
	struct match of = forward_match(f);
	of.ports = (struct ports){port, port};
	for (size_t i = 0; i < facts->all->count; i++) {
		const struct forward *e = &facts->all->items[i];
		if (!e->except || e->until || e->family != f->family || !ports_hold(e->ports, port))
			continue;
		struct match kept = forward_match(e);
		kept.ports = of.ports;
		enum overlap o = match_overlap(&kept, &of);
		if (o == OVERLAP_EQUAL || o == OVERLAP_AROUND)
			return true;
	}
	return false;
}

#define PORTS_NAMED 8

/* The ports that programs listen on and that f takes away from them, lowest first. Returns how
 * many; PORTS_NAMED + 1 means that there may be more. */
static size_t find_ports(const struct facts *facts, const struct forward *f,
			 uint16_t out[PORTS_NAMED + 1])
{
	struct match box = forward_match(f);
	size_t count = 0;
	while (count <= PORTS_NAMED) {
		uint16_t port = host_listens(&facts->listeners, f->family, &box);
		if (!port)
			break;
		/* a port of a range to this host may go to itself: its program keeps it */
		bool stays = ends_here(facts, f) && forward_target_port(f, port) == port;
		if (!stays && !is_kept(facts, f, port))
			out[count++] = port;
		if (port == box.ports.last)
			break;
		box.ports.first = (uint16_t)(port + 1);
	}
	return count;
}

static bool look_listener(const struct facts *facts, const struct case_facts *c,
			  struct finding_words *out)
{
	uint16_t ports[PORTS_NAMED + 1];
	size_t count = c->f->except ? 0 : find_ports(facts, c->f, ports), used = 0;
	char others[PORTS_NAMED * 8 + 24] = "";
	if (count == 0)
		return false;
	for (size_t i = 1; i < count && i < PORTS_NAMED; i++)
		used += (size_t)snprintf(others + used, sizeof(others) - used, "%s%u",
					 i > 1 ? ", " : " (others on ", ports[i]);
	if (count > 1)
		strcat(others, count > PORTS_NAMED ? " and more)" : ")");
	return say(out,
		   "a program on this host listens on port %u%s, which is now forwarded away from "
		   "it",
		   ports[0], others);
}

/* The sockets that the forward's connections reach if the target is this host. */
static struct match box_here(const struct forward *f)
{
	const struct address *addr = address_is_set(&f->target) ? &f->target : &f->addr;
	struct match box = {
		.dst = network_of_host(addr), .proto = f->proto, .ports = f->target_ports};
	memcpy(box.ifname, f->ifname, sizeof(box.ifname));
	return box;
}

static bool look_loopback(const struct facts *facts, const struct case_facts *c,
			  struct finding_words *out)
{
	struct match box = box_here(c->f);
	if (!ends_here(facts, c->f))
		return false;
	uint16_t port = host_listens_on_loopback(&facts->listeners, c->f->family, &box);
	return port && say(out,
			   "the program on port %u of this host listens on a loopback address "
			   "alone, where no forwarded connection arrives; let it listen on %s",
			   port, c->f->family == FAMILY_IPV6 ? "[::]" : "0.0.0.0");
}

static bool look_no_listener(const struct facts *facts, const struct case_facts *c,
			     struct finding_words *out)
{
	const struct forward *f = c->f;
	struct match box = box_here(f);
	char ports[PORTS_TEXT_MAX];
	if (!ends_here(facts, f) || f->proto == PROTO_SCTP ||
	    host_listens(&facts->listeners, f->family, &box) ||
	    host_listens_on_loopback(&facts->listeners, f->family, &box))
		return false;
	ports_put(ports, f->target_ports);
	return say(out, "no program of this host listens on %s port %s", proto_name(f->proto),
		   ports);
}

/* ---- the way to the target ---- */

static bool goes_on(const struct facts *facts, const struct forward *f)
{
	return !f->except && !ends_here(facts, f);
}

/* Whether packets that come in on one of the interfaces that IF names are not passed on: the
 * incoming interface's switch decides. */
static bool enters_shut(const struct facts *facts, const struct case_facts *c)
{
	const struct host_link *there = link_there(facts, c);
	const char *owner = address_is_set(&c->f->addr)
				    ? host_address_owner(&facts->addresses, &c->f->addr)
				    : NULL;
	bool any = false;
	for (size_t i = 0; i < facts->links.count; i++) {
		const struct host_link *l = &facts->links.items[i];
		bool takes = *c->f->ifname ? takes_link(c->f->ifname, l)
			     : owner       ? strcmp(owner, l->name) == 0
					   : l != there && strcmp(l->name, "lo") != 0;
		if (takes && l->forwards)
			return false;
		any = any || takes;
	}
	return any || !facts->forwards_ipv4;
}

/* sysctl(8) takes a dot for the end of a part of a name, and a slash within a part for a dot. */
static void add_switch(char *out, const char *before, const char *ifname, const char *tree,
		       const char *end)
{
	char part[IFNAME_MAX];
	size_t used = strlen(out);
	snprintf(part, sizeof(part), "%s", ifname);
	for (char *dot = part; (dot = strchr(dot, '.'));)
		*dot = '/';
	snprintf(out + used, FINDING_REMEDY_MAX - used, "%snet.%s.%s.%s", before, tree, part, end);
}

static bool look_forwarding_ipv4(const struct facts *facts, const struct case_facts *c,
				 struct finding_words *out)
{
	const struct host_link *there = link_there(facts, c), *in = link_of(facts, c->f);
	const struct host_link *shut[2] = {NULL};
	size_t count = 0;
	if (c->f->family != FAMILY_IPV4 || !goes_on(facts, c->f))
		return false;
	bool enters = !enters_shut(facts, c), leaves = !there || there->forwards;
	if (enters && leaves)
		return false;
	strcpy(out->remedy, "sysctl -w");
	if (!enters && (!in || (!leaves && !facts->forwards_ipv4))) {
		strcat(out->remedy, " net.ipv4.ip_forward=1");
		strcpy(out->keep, "net.ipv4.ip_forward=1");
		return say(out, "this host does not forward IPv4 packets");
	}
	if (!enters)
		shut[count++] = in;
	if (!leaves && there != in)
		shut[count++] = there;
	for (size_t i = 0; i < count; i++) {
		add_switch(out->remedy, " ", shut[i]->name, "ipv4.conf", "forwarding=1");
		add_switch(out->keep, i ? " and " : "", shut[i]->name, "ipv4.conf", "forwarding=1");
	}
	if (count == 2)
		return say(out, "%s and %s do not forward IPv4 packets", shut[0]->name,
			   shut[1]->name);
	return say(out, "%s does not forward IPv4 packets", shut[0]->name);
}

/* Whether a kernel that turns forwarding on would no longer take the advertisement by which it has
 * its default route. */
static const struct host_link *link_of_advertisement(const struct facts *facts)
{
	const struct host_link *link = facts->default_ipv6.advertised
					       ? host_link(&facts->links, facts->default_ipv6.out)
					       : NULL;
	return link && link->accept_ra == 1 ? link : NULL;
}

static bool look_forwarding_ipv6(const struct facts *facts, const struct case_facts *c,
				 struct finding_words *out)
{
	const struct host_link *link = link_of_advertisement(facts);
	if (c->f->family != FAMILY_IPV6 || facts->forwards_ipv6 || !goes_on(facts, c->f))
		return false;
	strcpy(out->remedy, "sysctl -w");
	if (link) {
		add_switch(out->remedy, " ", link->name, "ipv6.conf", "accept_ra=2");
		add_switch(out->keep, "", link->name, "ipv6.conf", "accept_ra=2");
	}
	strcat(out->remedy, " net.ipv6.conf.all.forwarding=1");
	strcat(out->keep,
	       link ? " and net.ipv6.conf.all.forwarding=1" : "net.ipv6.conf.all.forwarding=1");
	return say(out, "this host does not forward IPv6 packets");
}

static bool look_no_route(const struct facts *facts, const struct case_facts *c,
			  struct finding_words *out)
{
	if (!goes_on(facts, c->f) || !c->there || c->there->kind != ROUTE_NONE)
		return false;
	return say(out, "this host has no route to the target %s", show(&c->f->target).text);
}

static bool look_one_armed(const struct facts *facts, const struct case_facts *c,
			   struct finding_words *out)
{
	const struct forward *f = c->f;
	char spec[SPEC_TEXT_MAX], target[SPEC_TEXT_MAX];
	if (!goes_on(facts, f) || forward_translates_source(f) || is_wild(f->ifname) || !c->there ||
	    c->there->kind != ROUTE_OUT || strcmp(c->there->out, f->ifname) != 0 ||
	    (f->hairpin && networks_hold(f->hairpin_nets, &f->target)))
		return false;
	spec_format(f, spec);
	spec_format_target(f, target);
	snprintf(out->remedy, sizeof(out->remedy), "pfwd add --replace %s %s --masquerade", spec,
		 target);
	return say(out,
		   "the target is on %s, by which clients come: it answers those of its network "
		   "past this host, and they do not know the answer",
		   f->ifname);
}

static bool look_unreachable(const struct facts *facts, const struct case_facts *c,
			     struct finding_words *out)
{
	if (!goes_on(facts, c->f) || !c->there || c->there->kind != ROUTE_OUT)
		return false;
	bool routed = address_is_set(&c->there->via);
	const struct address *next = routed ? &c->there->via : &c->f->target;
	if (!addresses_hold(&facts->neighbours.dead, next))
		return false;
	return say(out, "%s %s does not answer on %s: it is down, or has another address",
		   routed ? "the router to the target," : "the target", show(next).text,
		   c->there->out);
}

static bool look_probe(const struct facts *facts, const struct case_facts *c,
		       struct finding_words *out)
{
	static const char *const words[] = {
		[PROBE_REFUSED] = "refuses connections: no program listens there, or a firewall "
				  "of its own refuses them",
		[PROBE_UNREACHABLE] = "cannot be reached from this host",
		[PROBE_SILENT] = "does not answer: it is down, or a firewall of its own stops "
				 "packets",
	};
	char target[ADDRESS_TEXT_MAX];
	(void)facts;
	if (c->probe == PROBE_NOT_ASKED || c->probe == PROBE_ANSWERED)
		return false;
	address_format_bracketed(&c->f->target, target);
	return say(out, "%s:%u %s", target, c->f->target_ports.first, words[c->probe]);
}

static bool look_macvlan(const struct facts *facts, const struct case_facts *c,
			 struct finding_words *out)
{
	const struct host_link *there = link_there(facts, c);
	if (!goes_on(facts, c->f) || !there || !there->other_macs || address_is_set(&c->there->via))
		return false;
	return say(
		out,
		"%s is the parent of interfaces such as macvlan: if the target is a container or "
		"guest of this host on one of them, this host cannot reach it; give this host a "
		"macvlan of its own with a route to the target, or put the target on a bridge",
		there->name);
}

/* br_netfilter translates packets inside the bridge, which then sends nothing back by the port that
 * it came in by. */
static bool look_hairpin_bridge(const struct facts *facts, const struct case_facts *c,
				struct finding_words *out)
{
	const struct forward *f = c->f;
	const struct host_link *there = link_there(facts, c), *port = NULL;
	bool calls = f->family == FAMILY_IPV6 ? facts->bridges_ipv6 : facts->bridges_ipv4;
	size_t count = 0;
	if (!f->hairpin || !calls || !there || strcmp(there->kind, "bridge") != 0 ||
	    !networks_hold(f->hairpin_nets, &f->target))
		return false;
	for (size_t i = 0; i < facts->links.count; i++)
		if (facts->links.items[i].master_index == there->index &&
		    !facts->links.items[i].hairpin) {
			port = &facts->links.items[i];
			count++;
		}
	if (count == 0)
		return false;
	if (count == 1)
		snprintf(out->remedy, sizeof(out->remedy), "bridge link set dev %s hairpin on",
			 port->name);
	return say(out,
		   "the target itself, and others behind its port of the bridge %s, cannot use "
		   "the forward: with br_netfilter the bridge would have to send their packets "
		   "back by that port, which is not in hairpin mode",
		   there->name);
}

static bool look_unanswered(const struct facts *facts, const struct case_facts *c,
			    struct finding_words *out)
{
	(void)facts;
	if (c->unanswered == 0)
		return false;
	return say(out,
		   "the target has not answered %llu of %llu connections that are there now: it is "
		   "down, its own firewall stops them, or its answers take another way",
		   (unsigned long long)c->unanswered, (unsigned long long)c->conns);
}

/* ---- the way back ---- */

static bool look_reply_path(const struct facts *facts, const struct case_facts *c,
			    struct finding_words *out)
{
	const struct host_link *there = link_there(facts, c);
	if (c->f->except || !c->back || is_wild(c->f->ifname) || !link_of(facts, c->f))
		return false;
	struct address_text client = show(&c->client);
	/* a packet that an interface does not pass on has no route either */
	if (c->back->kind == ROUTE_NONE &&
	    (c->f->family == FAMILY_IPV6 || !there || there->forwards))
		return say(out, "this host has no route back to clients such as %s", client.text);
	if (c->back->kind != ROUTE_OUT || strcmp(c->back->out, c->f->ifname) == 0)
		return false;
	return say(out,
		   "answers to clients such as %s leave by %s, not by %s, on which the clients "
		   "come: most providers drop them; mark connections of %s (CONNMARK) and route "
		   "marked packets back by it (ip rule add fwmark)",
		   client.text, c->back->out, c->f->ifname, c->f->ifname);
}

static int effective_rp_filter(const struct facts *facts, const struct host_link *link)
{
	return link->rp_filter > facts->rp_filter ? link->rp_filter : facts->rp_filter;
}

static bool look_rp_filter(const struct facts *facts, const struct case_facts *c,
			   struct finding_words *out)
{
	const struct host_link *link = link_of(facts, c->f);
	if (c->f->family != FAMILY_IPV4 || !link || !c->in || c->in->kind != ROUTE_NONE ||
	    effective_rp_filter(facts, link) == 0)
		return false;
	strcpy(out->remedy, "sysctl -w");
	add_switch(out->remedy, " ", link->name, "ipv4.conf", "rp_filter=2");
	add_switch(out->keep, "", link->name, "ipv4.conf", "rp_filter=2");
	return say(out,
		   "rp_filter drops packets of clients such as %s that come in on %s, because "
		   "this host would answer by another interface",
		   show(&c->client).text, link->name);
}

/* ---- conntrack ---- */

static bool look_table_full(const struct facts *facts, const struct case_facts *c,
			    struct finding_words *out)
{
	(void)c;
	if (!facts->trackable || facts->tracked * 10 < facts->trackable * 9)
		return false;
	snprintf(out->remedy, sizeof(out->remedy), "sysctl -w net.netfilter.nf_conntrack_max=%llu",
		 (unsigned long long)facts->trackable * 2);
	snprintf(out->keep, sizeof(out->keep), "net.netfilter.nf_conntrack_max=%llu",
		 (unsigned long long)facts->trackable * 2);
	return say(out,
		   "conntrack's table holds %llu of at most %llu connections; when it is full, new "
		   "ones are dropped",
		   (unsigned long long)facts->tracked, (unsigned long long)facts->trackable);
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

static bool look_helper(const struct facts *facts, const struct case_facts *c,
			struct finding_words *out)
{
	(void)facts;
	/* a wide range carries the other ports too */
	if (c->f->except || c->f->ports.first != c->f->ports.last)
		return false;
	for (size_t i = 0; i < sizeof(helpers) / sizeof(helpers[0]); i++) {
		const struct helper *h = &helpers[i];
		if (h->proto == c->f->proto && h->port == c->f->ports.first)
			return say(out,
				   "%s opens %s, on ports that this forward does not take: assign "
				   "conntrack's helper (-j CT --helper %s in the raw table) and "
				   "accept "
				   "RELATED connections in FORWARD, or forward a range of ports "
				   "that the "
				   "server is told to use",
				   h->name, h->opens, h->module);
	}
	return false;
}

static bool look_intercepted_dns(const struct facts *facts, const struct case_facts *c,
				 struct finding_words *out)
{
	(void)facts;
	if (c->f->except || address_is_set(&c->f->addr) || c->f->ports.first != 53 ||
	    c->f->ports.last != 53)
		return false;
	return say(out, "it takes only queries that are sent to an address of this host; clients "
			"that ask other DNS servers do so as before");
}

#define TURN_ON "turn it on with"

const struct finding findings[] = {
	{"expired", SEVERITY_ERROR, false, true, TRACE_TRANSLATED, NULL,
	 "the time of the forward is over", look_expired},
	{"incomplete", SEVERITY_ERROR, false, false, TRACE_TRANSLATED, "mend it with",
	 "rules of the forward are missing", look_incomplete},
	{"blocked", SEVERITY_ERROR, true, false, TRACE_LEFT, "pass it with",
	 "a rule or policy of another program stops its connections", look_blocked},
	{"shadowed", SEVERITY_ERROR, true, false, TRACE_TRANSLATED, NULL,
	 "a rule of another program or by hand translates all its packets before it",
	 look_shadowed},
	{"other-translation", SEVERITY_WARNING, true, false, TRACE_TRANSLATED, NULL,
	 "a rule of another program or by hand translates packets of it too", look_other},
	{"no-interface", SEVERITY_ERROR, true, true, TRACE_ARRIVED, NULL,
	 "the interface does not exist", look_no_interface},
	{"interface-renamed", SEVERITY_ERROR, true, false, TRACE_ARRIVED, NULL,
	 "the interface has another first name", look_renamed},
	{"interface-port", SEVERITY_ERROR, true, false, TRACE_ARRIVED, NULL,
	 "the interface is a port of a bridge or bond, and takes in no packets by itself",
	 look_port},
	{"interface-down", SEVERITY_ERROR, false, false, TRACE_ARRIVED, TURN_ON,
	 "the interface is down, or has no carrier", look_down},
	{"not-own-address", SEVERITY_ERROR, true, false, TRACE_ARRIVED, NULL,
	 "the address in the SPEC of a forward to this host is not an address of this host",
	 look_not_own_address},
	{"foreign-address", SEVERITY_ERROR, false, false, TRACE_ARRIVED, "add it with",
	 "the address in SPEC is on no interface, and nothing brings its packets here",
	 look_foreign_address},
	{"untracked", SEVERITY_ERROR, true, false, TRACE_TRANSLATED, "except it with",
	 "a rule keeps its packets from conntrack (NOTRACK, SYNPROXY), so that they are not "
	 "translated",
	 look_untracked},
	{"early-drop", SEVERITY_ERROR, true, false, TRACE_TRANSLATED, "let it through with",
	 "a chain where pfwd lets none through (raw, mangle, prerouting, ingress) drops its "
	 "packets",
	 look_early_drop},
	{"zones", SEVERITY_ERROR, false, false, TRACE_ANSWER_LEFT, NULL,
	 "answers are in another zone of conntrack than the connections", look_zones},
	{"ban-passed", SEVERITY_WARNING, false, false, TRACE_STEPS, NULL,
	 "a ban of some clients stands behind rules of pfwd, and does not hold for the forward",
	 look_ban_passed},
	{"ban-here", SEVERITY_NOTE, false, false, TRACE_STEPS, NULL,
	 "a ban of some clients is for this host alone, and not for forwards to others",
	 look_ban_here},
	{"private", SEVERITY_NOTE, false, false, TRACE_ARRIVED, NULL,
	 "the uplink has a private or shared address: a router before this host has to forward too",
	 look_private},
	{"listener", SEVERITY_WARNING, true, false, TRACE_STEPS, NULL,
	 "a program of this host loses a port to the forward", look_listener},
	{"forwarding", SEVERITY_ERROR, true, false, TRACE_LEFT, TURN_ON,
	 "the interfaces concerned do not forward IPv4 packets", look_forwarding_ipv4},
	{"forwarding-ipv6", SEVERITY_ERROR, true, false, TRACE_LEFT, TURN_ON,
	 "this host does not forward IPv6 packets", look_forwarding_ipv6},
	{"no-route", SEVERITY_ERROR, false, false, TRACE_LEFT, NULL,
	 "this host has no route to the target", look_no_route},
	{"one-armed", SEVERITY_WARNING, false, false, TRACE_ANSWERED, "make it with",
	 "the target is on the interface that clients come by, and answers them past this host",
	 look_one_armed},
	{"unreachable", SEVERITY_ERROR, false, false, TRACE_LEFT, NULL,
	 "the target, or the router to it, does not answer on its network", look_unreachable},
	{"probe", SEVERITY_WARNING, false, false, TRACE_ANSWERED, NULL,
	 "with --probe: the target did not answer a connection from this host", look_probe},
	{"macvlan", SEVERITY_NOTE, false, false, TRACE_LEFT, NULL,
	 "the target's interface has children such as macvlan, which it cannot reach",
	 look_macvlan},
	{"hairpin-bridge", SEVERITY_WARNING, false, false, TRACE_LEFT, "turn it on with",
	 "with --hairpin and br_netfilter: the bridge's port of the target is not in hairpin mode",
	 look_hairpin_bridge},
	{"loopback", SEVERITY_ERROR, true, false, TRACE_ANSWERED, NULL,
	 "the program listens on a loopback address alone", look_loopback},
	{"no-listener", SEVERITY_ERROR, false, false, TRACE_ANSWERED, NULL,
	 "no program of this host listens on the port", look_no_listener},
	{"unanswered", SEVERITY_WARNING, false, false, TRACE_STEPS, NULL,
	 "there are connections that the target never answered", look_unanswered},
	{"reply-path", SEVERITY_WARNING, false, false, TRACE_ANSWER_LEFT, NULL,
	 "answers to clients leave by another interface, or have no route", look_reply_path},
	{"rp-filter", SEVERITY_WARNING, false, false, TRACE_LEFT, "let them in with",
	 "rp_filter drops the packets of clients", look_rp_filter},
	{"conntrack-full", SEVERITY_WARNING, false, false, TRACE_TRANSLATED, "make room with",
	 "conntrack's table of connections is full or nearly so", look_table_full},
	{"helper", SEVERITY_NOTE, false, false, TRACE_STEPS, NULL,
	 "the protocol opens further connections: FTP, SIP, TFTP", look_helper},
	{"own-address-only", SEVERITY_NOTE, false, false, TRACE_STEPS, NULL,
	 "a forward of DNS takes only queries that are sent to this host", look_intercepted_dns},
	{0},
};
