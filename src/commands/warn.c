/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each warning names the forward or the family, and says what to do where something can be done. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "commands/command.h"
#include "commands/warn.h"
#include "host/hooks.h"
#include "host/host.h"
#include "host/interfaces.h"
#include "host/listeners.h"

static void warn_sysctl(enum family family)
{
	if (host_forwards(family))
		return;
	command_say(
		"warning: this host does not forward %s packets; turn it on with: sysctl -w %s=1",
		family_name(family),
		family == FAMILY_IPV6 ? "net.ipv6.conf.all.forwarding" : "net.ipv4.ip_forward");
}

static void warn_chain(enum family family, const char *chain)
{
	command_say("warning: nf_tables drops by policy the %s packets that pfwd accepts (%s): "
		    "accept them there too, or move the forwards to nf_tables with: "
		    "pfwd save - | pfwd apply --backend nftables -",
		    family_name(family), chain);
}

struct known { /* of the host, and of pfwd's other forwards */
	const struct forwards *all;
	bool passes_nft; /* the backend looks after what nf_tables drop */
	struct host_addresses addresses;
	struct host_listeners listeners;
	struct host_interfaces interfaces;
	const char *looked_for; /* the last interface */
};

static void warn_of(const struct forward *f, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void warn_of(const struct forward *f, const char *format, ...)
{
	char spec[SPEC_TEXT_MAX], text[256];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	spec_format(f, spec);
	command_say("warning: %s: %s", spec, text);
}

/* Once for all forwards of an interface: they stand together in the sorted set. */
static void warn_interface(struct known *known, const struct forward *f)
{
	if (!*f->ifname || (known->looked_for && strcmp(known->looked_for, f->ifname) == 0))
		return;
	known->looked_for = f->ifname;
	if (!host_has_interface(&known->interfaces, f->ifname))
		warn_of(f, "there is no interface %s (yet)", f->ifname);
}

/* Whether the target is this host itself, or an address of it. */
static bool ends_here(const struct known *known, const struct forward *f)
{
	return forward_to_self(f) || host_address_owner(&known->addresses, &f->target);
}

/* Whether an exception without end keeps that port of f here for all clients of f. */
static bool is_kept(const struct known *known, const struct forward *f, uint16_t port)
{
	struct match of = forward_match(f);
	of.ports = (struct ports){port, port};
	for (size_t i = 0; i < known->all->count; i++) {
		const struct forward *e = &known->all->items[i];
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
static size_t find_ports(const struct known *known, const struct forward *f,
			 uint16_t out[PORTS_NAMED + 1])
{
	struct match box = forward_match(f);
	size_t count = 0;
	while (count <= PORTS_NAMED) {
		uint16_t port = host_listens(&known->listeners, f->family, &box);
		if (!port)
			break;
		/* a port of a range to this host may go to itself: its program keeps it */
		bool stays = ends_here(known, f) && forward_target_port(f, port) == port;
		if (!stays && !is_kept(known, f, port))
			out[count++] = port;
		if (port == box.ports.last)
			break;
		box.ports.first = (uint16_t)(port + 1);
	}
	return count;
}

static void warn_listeners(const struct known *known, const struct forward *f)
{
	uint16_t ports[PORTS_NAMED + 1];
	size_t count = find_ports(known, f, ports), used = 0;
	char others[PORTS_NAMED * 8 + 24] = "";
	if (count == 0)
		return;
	for (size_t i = 1; i < count && i < PORTS_NAMED; i++)
		used += (size_t)snprintf(others + used, sizeof(others) - used, "%s%u",
					 i > 1 ? ", " : " (others on ", ports[i]);
	if (count > 1)
		strcat(others, count > PORTS_NAMED ? " and more)" : ")");
	warn_of(f,
		"a program on this host listens on port %u%s, which is now forwarded away from it",
		ports[0], others);
}

/* A program that listens on a loopback address alone, on a port to which the forward leads. */
static void warn_loopback(const struct known *known, const struct forward *f)
{
	const struct address *addr = address_is_set(&f->target) ? &f->target : &f->addr;
	struct match box = {
		.dst = network_of_host(addr), .proto = f->proto, .ports = f->target_ports};
	memcpy(box.ifname, f->ifname, sizeof(box.ifname));
	uint16_t port = host_listens_on_loopback(&known->listeners, f->family, &box);
	if (port)
		warn_of(f,
			"the program on port %u of this host listens on a loopback address alone, "
			"where no forwarded connection arrives; let it listen on %s",
			port, f->family == FAMILY_IPV6 ? "[::]" : "0.0.0.0");
}

static void warn_forward(struct known *known, const struct forward *f)
{
	char addr[ADDRESS_TEXT_MAX];
	warn_interface(known, f);
	if (!f->except)
		warn_listeners(known, f);
	if (ends_here(known, f))
		warn_loopback(known, f);
	if (!forward_to_self(f) || !address_is_set(&f->addr) ||
	    host_address_owner(&known->addresses, &f->addr))
		return;
	address_format(&f->addr, addr);
	warn_of(f, "%s is not an address of this host (yet)", addr);
}

static void warn_family(const struct known *known, const struct forwards *set, enum family family)
{
	bool to_self = false, beyond = false;
	for (size_t i = 0; i < set->count; i++) {
		const struct forward *f = &set->items[i];
		if (f->family != family)
			continue;
		bool here = ends_here(known, f);
		to_self = to_self || here;
		beyond = beyond || (!here && address_is_set(&f->target));
	}
	if (beyond)
		warn_sysctl(family);
	if (beyond && !known->passes_nft)
		host_nft_drops(family, HOST_HOOK_FORWARD, warn_chain);
	if (to_self && !known->passes_nft)
		host_nft_drops(family, HOST_HOOK_INPUT, warn_chain);
}

static int read_host(struct known *known, struct err *err)
{
	if (host_addresses(&known->addresses, err) < 0 ||
	    host_listeners(&known->listeners, err) < 0 ||
	    host_interfaces(&known->interfaces, err) < 0)
		return -1;
	return 0;
}

void warn_of_forwards(const struct forwards *set, const struct forwards *all,
		      const struct backend *home)
{
	struct known known = {.all = all, .passes_nft = home && home->stops_others};
	struct err err;
	if (read_host(&known, &err) < 0)
		command_say("warning: the forwards are made, but not checked: %s", err.text);
	else
		for (size_t i = 0; i < set->count; i++)
			warn_forward(&known, &set->items[i]);
	warn_family(&known, set, FAMILY_IPV4);
	warn_family(&known, set, FAMILY_IPV6);
	host_addresses_free(&known.addresses);
	host_listeners_free(&known.listeners);
	host_interfaces_free(&known.interfaces);
}
