/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An interface or address that is not there yet is no mistake for sure: it may come later. */
#include <stdio.h>
#include <string.h>

#include "check/arrival.h"
#include "check/words.h"

/* ---- the interface ---- */

bool arrival_no_interface(const struct facts *facts, const struct case_facts *c,
			  struct finding_words *out)
{
	const char *ifname = c->f->ifname;
	if (!*ifname || facts_link(facts, c->f) || host_link_of_altname(&facts->links, ifname))
		return false;
	for (size_t i = 0; i < facts->links.count; i++)
		if (ifname_overlap(ifname, facts->links.items[i].name) != OVERLAP_DISJOINT)
			return false;
	return words_say(out, "there is no interface %s (yet)", ifname);
}

bool arrival_renamed(const struct facts *facts, const struct case_facts *c,
		     struct finding_words *out)
{
	const char *ifname = c->f->ifname;
	if (ifname_is_wild(ifname) || facts_link(facts, c->f))
		return false;
	const struct host_link *link = host_link_of_altname(&facts->links, ifname);
	if (!link)
		return false;
	return words_say(
		out,
		"%s is a second name of %s, and packets come in by its first: make the forward "
		"for %s",
		ifname, link->name, link->name);
}

bool arrival_port(const struct facts *facts, const struct case_facts *c, struct finding_words *out)
{
	const struct host_link *link = facts_link(facts, c->f);
	if (!link || !*link->port_of || strcmp(link->port_of, "vrf") == 0)
		return false;
	return words_say(
		out,
		"%s is a port of the %s %s, by which its packets come in: make the forward for "
		"%s",
		link->name, link->port_of, *link->master ? link->master : "it belongs to",
		*link->master ? link->master : "that one");
}

bool arrival_never(const struct facts *facts, const struct forward *f)
{
	static finding_look *const looks[] = {arrival_no_interface, arrival_renamed, arrival_port};
	const struct case_facts c = {.f = f};
	struct finding_words words;
	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++)
		if (looks[i](facts, &c, &words))
			return true;
	return false;
}

bool arrival_down(const struct facts *facts, const struct case_facts *c, struct finding_words *out)
{
	const struct host_link *link = facts_link(facts, c->f);
	if (!link || (link->up && link->carrier))
		return false;
	if (link->up)
		return words_say(out, "%s has no carrier: nothing is at the other end of its cable",
				 link->name);
	snprintf(out->remedy, sizeof(out->remedy), "ip link set %s up", link->name);
	return words_say(out, "%s is down", link->name);
}

/* ---- addresses of the interface ---- */

static const struct route *uplink_of(const struct facts *facts, enum family family)
{
	return family == FAMILY_IPV6 ? &facts->default_ipv6 : &facts->default_ipv4;
}

/* Whether the interface has one of that family (FAMILY_NONE: of any) that others can connect to, or
 * goes without because the loopback interface has it. */
static bool has_address(const struct facts *facts, const char *ifname, enum family family)
{
	for (size_t i = 0; i < facts->addresses.count; i++) {
		const struct host_address *a = &facts->addresses.items[i];
		bool shared = strcmp(a->ifname, "lo") == 0 && !address_is_loopback(&a->addr);
		if ((shared || strcmp(a->ifname, ifname) == 0) &&
		    (!family || a->addr.family == family) && !address_is_link_local(&a->addr))
			return true;
	}
	return false;
}

/* A forward to this host is made for both families, whatever the interface has. */
bool arrival_no_address(const struct facts *facts, const struct case_facts *c,
			struct finding_words *out)
{
	const struct forward *f = c->f;
	const struct host_link *link = facts_link(facts, f);
	const struct route *uplink = uplink_of(facts, f->family);
	enum family family = forward_to_self(f) ? FAMILY_NONE : f->family;
	char uplink_text[IFNAME_MAX + 64] = "";
	if (!link || !(link->up && link->carrier) || f->except || address_is_set(&f->addr) ||
	    (*link->port_of && strcmp(link->port_of, "vrf") != 0) ||
	    has_address(facts, link->name, family))
		return false;
	if (uplink->kind == ROUTE_OUT && strcmp(uplink->out, link->name) != 0)
		snprintf(uplink_text, sizeof(uplink_text), "; those of the Internet come by %s",
			 uplink->out);
	return words_say(out, "%s has no %s%saddress (yet): no client connects to it%s", link->name,
			 family ? family_name(family) : "", family ? " " : "", uplink_text);
}

/* ---- the address of SPEC ---- */

static bool lacks_address(const struct facts *facts, const struct forward *f)
{
	return address_is_set(&f->addr) && !host_address_owner(&facts->addresses, &f->addr);
}

/* A program here is only reached at an address of this host. */
bool arrival_not_own_address(const struct facts *facts, const struct case_facts *c,
			     struct finding_words *out)
{
	bool local = c->addr && c->addr->kind == ROUTE_LOCAL;
	return forward_to_self(c->f) && lacks_address(facts, c->f) && !local &&
	       words_say(out, "%s is not an address of this host (yet)",
			 words_of_address(&c->f->addr).text);
}

/* An address of that interface, none of which is public; NULL: it has none, or a public one. */
static const struct address *find_private(const struct facts *facts, const char *ifname,
					  enum family family)
{
	const struct address *inner = NULL;
	for (size_t i = 0; i < facts->addresses.count; i++) {
		const struct host_address *a = &facts->addresses.items[i];
		if (a->addr.family != family || strcmp(a->ifname, ifname) != 0)
			continue;
		if (address_is_public(&a->addr))
			return NULL;
		inner = &a->addr;
	}
	return inner;
}

/* What goes to an address beyond the interface does not come in by that. */
static bool say_beyond(const struct facts *facts, const struct case_facts *c,
		       struct finding_words *out)
{
	const struct forward *f = c->f;
	const char *ifname = c->addr->out;
	const struct address *inner = find_private(facts, ifname, f->family);
	struct address_text addr = words_of_address(&f->addr);
	if (inner && address_is_public(&f->addr))
		return words_say(
			out,
			"no interface of this host has %s: if the provider translates it to "
			"%s of %s, connections arrive for that; make the forward without an "
			"address",
			addr.text, words_of_address(inner).text, ifname);
	return strcmp(f->ifname, ifname) == 0 &&
	       words_say(
		       out,
		       "no interface of this host has %s, whose packets this host sends on by %s: "
		       "none comes in there",
		       addr.text, ifname);
}

/* Somebody has to bring the packets: a router that sends them here and on to another interface. */
bool arrival_foreign_address(const struct facts *facts, const struct case_facts *c,
			     struct finding_words *out)
{
	const struct forward *f = c->f;
	if (forward_to_self(f) || !c->addr || !lacks_address(facts, f))
		return false;
	struct address_text text = words_of_address(&f->addr);
	if (c->addr->kind == ROUTE_NONE)
		return words_say(
			out,
			"no interface of this host has %s, and no route leads to it; write an "
			"address of this host, or none",
			text.text);
	const struct route *uplink = uplink_of(facts, f->family);
	const char *ifname = !ifname_is_wild(f->ifname)  ? f->ifname
			     : uplink->kind == ROUTE_OUT ? uplink->out
							 : c->addr->out;
	/* packets on their way from one network to another pass this host */
	if (c->addr->kind != ROUTE_OUT || strcmp(c->addr->out, ifname) != 0 ||
	    addresses_hold(&facts->neighbours.proxied, &f->addr))
		return false;
	if (address_is_set(&c->addr->via))
		return say_beyond(facts, c, out);
	if (c->taken)
		return words_say(
			out,
			"no interface of this host has %s: another host on the network of %s "
			"has it now",
			text.text, c->addr->out);
	snprintf(out->remedy, sizeof(out->remedy), "ip addr add %s/%u dev %s", text.text,
		 address_bits(f->family), c->addr->out);
	return words_say(
		out,
		"no interface of this host has %s, which is on the network of %s: nobody there "
		"sends its packets here; make the forward without an address, which takes all",
		text.text, c->addr->out);
}

/* Of an uplink's addresses none can be reached from the Internet. */
bool arrival_private(const struct facts *facts, const struct case_facts *c,
		     struct finding_words *out)
{
	const struct forward *f = c->f;
	if (f->family != FAMILY_IPV4 || ifname_is_wild(f->ifname) || network_is_set(&f->from) ||
	    facts->default_ipv4.kind != ROUTE_OUT ||
	    strcmp(facts->default_ipv4.out, f->ifname) != 0)
		return false;
	const struct address *inner = find_private(facts, f->ifname, FAMILY_IPV4);
	if (!inner)
		return false;
	if (address_is_shared(inner))
		return words_say(
			out,
			"%s has the address %s, which the provider shares among customers: "
			"connections from the Internet arrive only if the provider forwards them",
			f->ifname, words_of_address(inner).text);
	return words_say(
		out,
		"%s has the private address %s: the router before this host has to forward the "
		"port to it too",
		f->ifname, words_of_address(inner).text);
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
		bool stays = facts_ends_here(facts, f) && forward_target_port(f, port) == port;
		if (!stays && !is_kept(facts, f, port))
			out[count++] = port;
		if (port == box.ports.last)
			break;
		box.ports.first = (uint16_t)(port + 1);
	}
	return count;
}

bool arrival_listener(const struct facts *facts, const struct case_facts *c,
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
	return words_say(
		out,
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

bool arrival_loopback(const struct facts *facts, const struct case_facts *c,
		      struct finding_words *out)
{
	struct match box = box_here(c->f);
	if (!facts_ends_here(facts, c->f))
		return false;
	uint16_t port = host_listens_on_loopback(&facts->listeners, c->f->family, &box);
	return port &&
	       words_say(out,
			 "the program on port %u of this host listens on a loopback address "
			 "alone, where no forwarded connection arrives; let it listen on %s",
			 port, c->f->family == FAMILY_IPV6 ? "[::]" : "0.0.0.0");
}

/* Whether a program listens at an address that clients connect to: that of SPEC, or those of the
 * interface, or of the loopback interface in their place. */
static bool has_listener(const struct facts *facts, const struct forward *f)
{
	struct match box = box_here(f);
	bool known = false;
	if (!forward_to_self(f) || address_is_set(&f->addr) || ifname_is_wild(f->ifname))
		return host_listens(&facts->listeners, f->family, &box);
	for (size_t i = 0; i < facts->addresses.count; i++) {
		const struct host_address *a = &facts->addresses.items[i];
		if (a->addr.family != f->family ||
		    (strcmp(a->ifname, f->ifname) != 0 && strcmp(a->ifname, "lo") != 0) ||
		    address_is_loopback(&a->addr) || address_is_link_local(&a->addr))
			continue;
		known = true;
		box.dst = network_of_host(&a->addr);
		if (host_listens(&facts->listeners, f->family, &box))
			return true;
	}
	box.dst = (struct network){0};
	return !known && host_listens(&facts->listeners, f->family, &box);
}

bool arrival_no_listener(const struct facts *facts, const struct case_facts *c,
			 struct finding_words *out)
{
	const struct forward *f = c->f;
	struct match box = box_here(f);
	char ports[PORTS_TEXT_MAX];
	if (!facts_ends_here(facts, f) || f->proto == PROTO_SCTP || has_listener(facts, f) ||
	    host_listens_on_loopback(&facts->listeners, f->family, &box))
		return false;
	ports_put(ports, f->target_ports);
	if (host_listens(&facts->listeners, f->family, &box))
		return words_say(
			out,
			"no program of this host listens on %s port %s at an address of %s, "
			"but at another alone",
			proto_name(f->proto), ports, f->ifname);
	return words_say(out, "no program of this host listens on %s port %s", proto_name(f->proto),
			 ports);
}
