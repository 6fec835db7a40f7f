/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Switches of interfaces, routes and neighbours decide, and the table of connections. */
#include <stdio.h>
#include <string.h>

#include "check/passage.h"
#include "check/words.h"
#include "syntax/spec.h"

/* ---- the way to the target ---- */

static bool goes_on(const struct facts *facts, const struct forward *f)
{
	return !f->except && !facts_ends_here(facts, f);
}

/* Whether packets that come in on one of the interfaces that IF names are not passed on: the
 * incoming interface's switch decides. */
static bool enters_shut(const struct facts *facts, const struct case_facts *c)
{
	const struct host_link *there = facts_link_there(facts, c);
	const char *owner = address_is_set(&c->f->addr)
				    ? host_address_owner(&facts->addresses, &c->f->addr)
				    : NULL;
	bool any = false;
	for (size_t i = 0; i < facts->links.count; i++) {
		const struct host_link *l = &facts->links.items[i];
		bool takes = *c->f->ifname
				     ? ifname_overlap(c->f->ifname, l->name) != OVERLAP_DISJOINT
			     : owner ? strcmp(owner, l->name) == 0
				     : l != there && strcmp(l->name, "lo") != 0;
		if (takes && l->forwards)
			return false;
		any = any || takes;
	}
	return any || !facts->forwards_ipv4;
}

/* A command that sets it, and how it outlives a reboot. */
static void add_sysctl(struct finding_words *out, const char *setting)
{
	size_t used = strlen(out->remedy), kept = strlen(out->keep);
	snprintf(out->remedy + used, sizeof(out->remedy) - used, "%s %s", used ? "" : "sysctl -w",
		 setting);
	snprintf(out->keep + kept, sizeof(out->keep) - kept, "%s%s", kept ? " and " : "", setting);
}

/* sysctl(8) takes a dot for the end of a part of a name, and a slash within a part for a dot. */
static void add_switch(struct finding_words *out, const char *tree, const char *ifname,
		       const char *end)
{
	char part[IFNAME_MAX], setting[IFNAME_MAX + 64];
	snprintf(part, sizeof(part), "%s", ifname);
	for (char *dot = part; (dot = strchr(dot, '.'));)
		*dot = '/';
	snprintf(setting, sizeof(setting), "net.%s.%s.%s", tree, part, end);
	add_sysctl(out, setting);
}

bool passage_forwarding_ipv4(const struct facts *facts, const struct case_facts *c,
			     struct finding_words *out)
{
	const struct host_link *there = facts_link_there(facts, c), *in = facts_link(facts, c->f);
	const struct host_link *shut[2] = {NULL};
	size_t count = 0;
	if (c->f->family != FAMILY_IPV4 || !goes_on(facts, c->f))
		return false;
	bool enters = !enters_shut(facts, c), leaves = !there || there->forwards;
	if (enters && leaves)
		return false;
	if (!enters && (!in || (!leaves && !facts->forwards_ipv4))) {
		add_sysctl(out, "net.ipv4.ip_forward=1");
		return words_say(out, "this host does not forward IPv4 packets");
	}
	if (!enters)
		shut[count++] = in;
	if (!leaves && there != in)
		shut[count++] = there;
	for (size_t i = 0; i < count; i++)
		add_switch(out, "ipv4.conf", shut[i]->name, "forwarding=1");
	if (count == 2)
		return words_say(out, "%s and %s do not forward IPv4 packets", shut[0]->name,
				 shut[1]->name);
	return words_say(out, "%s does not forward IPv4 packets", shut[0]->name);
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

bool passage_forwarding_ipv6(const struct facts *facts, const struct case_facts *c,
			     struct finding_words *out)
{
	const struct host_link *link = link_of_advertisement(facts);
	if (c->f->family != FAMILY_IPV6 || facts->forwards_ipv6 || !goes_on(facts, c->f))
		return false;
	if (link)
		add_switch(out, "ipv6.conf", link->name, "accept_ra=2");
	add_sysctl(out, "net.ipv6.conf.all.forwarding=1");
	return words_say(out, "this host does not forward IPv6 packets");
}

/* An interface that is down, or has no carrier, on whose network the target is; or NULL. */
static const struct host_link *find_lost_link(const struct facts *facts,
					      const struct address *target)
{
	for (size_t i = 0; i < facts->addresses.count; i++) {
		const struct host_address *a = &facts->addresses.items[i];
		const struct network net = network_of(&a->addr, a->prefix);
		const struct host_link *link = host_link(&facts->links, a->ifname);
		if (link && !(link->up && link->carrier) &&
		    a->prefix < address_bits(net.addr.family) && network_holds(&net, target))
			return link;
	}
	return NULL;
}

/* Whether the target is one of those that nobody has on the Internet, where its packets go. */
static bool is_sent_outside(const struct facts *facts, const struct case_facts *c)
{
	const struct forward *f = c->f;
	const struct route *uplink =
		f->family == FAMILY_IPV6 ? &facts->default_ipv6 : &facts->default_ipv4;
	const struct host_link *there = facts_link_there(facts, c);
	if (!goes_on(facts, f) || address_is_public(&f->target) || !there ||
	    uplink->kind != ROUTE_OUT || !address_equal(&c->there->via, &uplink->via) ||
	    strcmp(there->name, uplink->out) != 0 ||
	    !(address_is_set(&uplink->via) || there->to_point))
		return false;
	/* behind a router that is private too there may be such networks */
	for (size_t i = 0; i < facts->addresses.count; i++)
		if (facts->addresses.items[i].addr.family == f->family &&
		    strcmp(facts->addresses.items[i].ifname, uplink->out) == 0 &&
		    address_is_public(&facts->addresses.items[i].addr))
			return true;
	return find_lost_link(facts, &f->target) != NULL;
}

bool passage_no_network(const struct facts *facts, const struct case_facts *c,
			struct finding_words *out)
{
	const struct host_link *link = find_lost_link(facts, &c->f->target);
	const struct host_link *there = facts_link_there(facts, c);
	struct address_text target = words_of_address(&c->f->target);
	if (!goes_on(facts, c->f) || !c->there || !link)
		return false;
	/* a route by an interface without a carrier may stay */
	if (c->there->kind != ROUTE_NONE && there != link && !is_sent_outside(facts, c))
		return false;
	if (link->up)
		return words_say(
			out,
			"%s, on whose network the target %s is, has no carrier: nothing is "
			"at its other end",
			link->name, target.text);
	snprintf(out->remedy, sizeof(out->remedy), "ip link set %s up", link->name);
	return words_say(out, "%s, on whose network the target %s is, is down", link->name,
			 target.text);
}

/* Routers of a campus may know private networks: whoever has had an answer is right. */
bool passage_outside(const struct facts *facts, const struct case_facts *c,
		     struct finding_words *out)
{
	if (!is_sent_outside(facts, c) || find_lost_link(facts, &c->f->target) ||
	    c->conns > c->unanswered)
		return false;
	return words_say(
		out,
		"this host is on no network of the target %s, and sends its packets by %s as "
		"those to the Internet, where nobody has it: the address is wrong, or an "
		"interface or a route is missing",
		words_of_address(&c->f->target).text, c->there->out);
}

bool passage_no_route(const struct facts *facts, const struct case_facts *c,
		      struct finding_words *out)
{
	struct address_text target = words_of_address(&c->f->target);
	if (!goes_on(facts, c->f) || !c->there || find_lost_link(facts, &c->f->target))
		return false;
	if (c->there->kind == ROUTE_NONE)
		return words_say(out, "this host has no route to the target %s", target.text);
	return c->turned_away &&
	       words_say(out,
			 "this host has a route to the target %s, but not for what comes in on %s "
			 "(ip rule, VRF)",
			 target.text, c->f->ifname);
}

/* Another interface on the network of the target; or NULL. */
static const char *find_twin(const struct facts *facts, const struct case_facts *c)
{
	for (size_t i = 0; i < facts->addresses.count; i++) {
		const struct host_address *a = &facts->addresses.items[i];
		const struct network net = network_of(&a->addr, a->prefix);
		if (strcmp(a->ifname, c->there->out) != 0 &&
		    a->prefix < address_bits(net.addr.family) && network_holds(&net, &c->f->target))
			return a->ifname;
	}
	return NULL;
}

bool passage_one_armed(const struct facts *facts, const struct case_facts *c,
		       struct finding_words *out)
{
	const struct forward *f = c->f;
	char spec[SPEC_TEXT_MAX], target[SPEC_TEXT_MAX];
	if (!goes_on(facts, f) || forward_translates_source(f) || ifname_is_wild(f->ifname) ||
	    !c->there || c->there->kind != ROUTE_OUT || strcmp(c->there->out, f->ifname) != 0 ||
	    (f->hairpin && networks_hold(f->hairpin_nets, &f->target)) || is_sent_outside(facts, c))
		return false;
	spec_format(f, spec);
	spec_format_target(f, target);
	snprintf(out->remedy, sizeof(out->remedy), "pfwd add --replace %s %s --masquerade", spec,
		 target);
	const char *twin = find_twin(facts, c);
	if (twin)
		return words_say(
			out,
			"%s and %s have the same network, and the target's packets leave by "
			"%s, by which clients come: if the target is on %s, give one of the "
			"networks other addresses; if not, it answers past this host",
			f->ifname, twin, f->ifname, twin);
	return words_say(
		out,
		"the target is on %s, by which clients come: it answers those of its network "
		"past this host, and they do not know the answer",
		f->ifname);
}

bool passage_unreachable(const struct facts *facts, const struct case_facts *c,
			 struct finding_words *out)
{
	if (!goes_on(facts, c->f) || !c->there || c->there->kind != ROUTE_OUT)
		return false;
	bool routed = address_is_set(&c->there->via);
	const struct address *next = routed ? &c->there->via : &c->f->target;
	if (!addresses_hold(&facts->neighbours.dead, next))
		return false;
	return words_say(out, "%s %s does not answer on %s: it is down, or has another address",
			 routed ? "the router to the target," : "the target",
			 words_of_address(next).text, c->there->out);
}

bool passage_probe(const struct facts *facts, const struct case_facts *c, struct finding_words *out)
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
	return words_say(out, "%s:%u %s", target, c->f->target_ports.first, words[c->probe]);
}

bool passage_macvlan(const struct facts *facts, const struct case_facts *c,
		     struct finding_words *out)
{
	const struct host_link *there = facts_link_there(facts, c);
	if (!goes_on(facts, c->f) || !there || !there->other_macs || address_is_set(&c->there->via))
		return false;
	return words_say(
		out,
		"%s is the parent of interfaces such as macvlan: if the target is a container or "
		"guest of this host on one of them, this host cannot reach it; give this host a "
		"macvlan of its own with a route to the target, or put the target on a bridge",
		there->name);
}

/* The port of the bridge that is not in hairpin mode, and behind which the target is. NULL: there
 * is none, or *count are not, and nobody knows which. */
static const struct host_link *find_silent_port(const struct facts *facts,
						const struct case_facts *c, uint32_t bridge,
						size_t *count)
{
	const struct host_link *port = NULL;
	*count = 0;
	for (size_t i = 0; i < facts->links.count; i++) {
		const struct host_link *link = &facts->links.items[i];
		if (link->master_index != bridge || link->hairpin ||
		    (c->port && c->port != link->index))
			continue;
		port = link;
		++*count;
	}
	return *count == 1 ? port : NULL;
}

/* br_netfilter translates packets inside the bridge, which then sends nothing back by the port that
 * it came in by. */
bool passage_hairpin_bridge(const struct facts *facts, const struct case_facts *c,
			    struct finding_words *out)
{
	const struct forward *f = c->f;
	const struct host_link *there = facts_link_there(facts, c);
	bool calls = f->family == FAMILY_IPV6 ? facts->bridges_ipv6 : facts->bridges_ipv4;
	size_t count;
	if (!f->hairpin || !calls || !there || strcmp(there->kind, "bridge") != 0 ||
	    !networks_hold(f->hairpin_nets, &f->target))
		return false;
	const struct host_link *port = find_silent_port(facts, c, there->index, &count);
	if (count == 0)
		return false;
	if (port)
		snprintf(out->remedy, sizeof(out->remedy), "bridge link set dev %s hairpin on",
			 port->name);
	return words_say(out,
			 "the target itself, and others behind its port of the bridge %s, cannot "
			 "use the forward: with br_netfilter the bridge would have to send their "
			 "packets back by that port, which is not in hairpin mode%s",
			 there->name,
			 port ? ""
			      : "; which port that is shows once the target has sent something");
}

/* Servers that send no answer at all, or from another port. */
static bool is_silent(const struct forward *f)
{
	static const uint16_t ports[] = {69,   162,  514,
					 2055, 4739, 6343}; /* TFTP, traps, syslog, flows */
	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
		if (f->proto == PROTO_UDP && ports_hold(f->ports, ports[i]) &&
		    ports_count(f->ports) == 1)
			return true;
	return false;
}

bool passage_unanswered(const struct facts *facts, const struct case_facts *c,
			struct finding_words *out)
{
	if (c->unanswered == 0 || is_silent(c->f))
		return false;
	return words_say(
		out,
		"the target has not answered %llu of %llu connections that are there now: it is "
		"down, its own firewall stops them, or its answers take another way%s",
		(unsigned long long)c->unanswered, (unsigned long long)c->conns,
		forward_translates_source(c->f) || facts_ends_here(facts, c->f)
			? ""
			: " (--masquerade brings them back)");
}

/* ---- the way back ---- */

bool passage_reply_path(const struct facts *facts, const struct case_facts *c,
			struct finding_words *out)
{
	const struct host_link *there = facts_link_there(facts, c);
	if (c->f->except || !c->back || ifname_is_wild(c->f->ifname) || !facts_link(facts, c->f))
		return false;
	struct address_text client = words_of_address(&c->client);
	/* a packet that an interface does not pass on has no route either */
	if (c->back->kind == ROUTE_NONE &&
	    (c->f->family == FAMILY_IPV6 || !there || there->forwards))
		return words_say(out, "this host has no route back to clients such as %s",
				 client.text);
	if (c->back->kind != ROUTE_OUT || strcmp(c->back->out, c->f->ifname) == 0)
		return false;
	return words_say(
		out,
		"answers to clients such as %s leave by %s, not by %s, on which the clients "
		"come: most providers drop them; mark connections of %s (CONNMARK) and route "
		"marked packets back by it (ip rule add fwmark)",
		client.text, c->back->out, c->f->ifname, c->f->ifname);
}

static int effective_rp_filter(const struct facts *facts, const struct host_link *link)
{
	return link->rp_filter > facts->rp_filter ? link->rp_filter : facts->rp_filter;
}

bool passage_rp_filter(const struct facts *facts, const struct case_facts *c,
		       struct finding_words *out)
{
	const struct host_link *link = facts_link(facts, c->f);
	if (c->f->family != FAMILY_IPV4 || !link || !c->in || c->in->kind != ROUTE_NONE ||
	    effective_rp_filter(facts, link) == 0)
		return false;
	/* it is asked of the packet once it is translated */
	if (goes_on(facts, c->f) && c->back && c->back->kind == ROUTE_OUT &&
	    strcmp(c->back->out, link->name) == 0)
		return false;
	add_switch(out, "ipv4.conf", link->name, "rp_filter=2");
	return words_say(
		out,
		"rp_filter drops packets of clients such as %s that come in on %s, because "
		"this host would answer by another interface",
		words_of_address(&c->client).text, link->name);
}

/* ---- conntrack ---- */

bool passage_table_full(const struct facts *facts, const struct case_facts *c,
			struct finding_words *out)
{
	char setting[64];
	(void)c;
	if (!facts->trackable || facts->tracked * 10 < facts->trackable * 9)
		return false;
	snprintf(setting, sizeof(setting), "net.netfilter.nf_conntrack_max=%llu",
		 (unsigned long long)facts->trackable * 2);
	add_sysctl(out, setting);
	return words_say(
		out,
		"conntrack's table holds %llu of at most %llu connections; when it is full, new "
		"ones are dropped",
		(unsigned long long)facts->tracked, (unsigned long long)facts->trackable);
}
