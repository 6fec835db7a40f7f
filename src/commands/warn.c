/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What makes a forward not work, or work to its user's harm, though it is right in itself. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "commands/command.h"
#include "kernel/host.h"

static void warn_sysctl(enum family family)
{
	if (host_forwards(family))
		return;
	command_say(
		"warning: this host does not forward %s packets; turn it on with: sysctl -w %s=1",
		family_name(family),
		family == FAMILY_IPV6 ? "net.ipv6.conf.all.forwarding" : "net.ipv4.ip_forward");
}

static void warn_nft(enum family family, enum host_hook hook)
{
	char chain[HOST_CHAIN_MAX];
	if (host_nft_drops(family, hook, chain))
		command_say("warning: nf_tables drops by policy what pfwd accepts (%s): accept it "
			    "there too",
			    chain);
}

struct known { /* of the host */
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

/* Once for all forwards of an interface: they lie together. */
static void warn_interface(struct known *known, const struct forward *f)
{
	if (!*f->ifname || (known->looked_for && strcmp(known->looked_for, f->ifname) == 0))
		return;
	known->looked_for = f->ifname;
	if (!host_has_interface(&known->interfaces, f->ifname))
		warn_of(f, "there is no interface %s (yet)", f->ifname);
}

static void warn_forward(struct known *known, const struct forward *f)
{
	char addr[ADDRESS_TEXT_MAX];
	warn_interface(known, f);
	uint16_t port = host_listens(&known->listeners, (enum family)f->family,
				     (enum proto)f->proto, &f->addr, f->ports);
	if (port)
		warn_of(f,
			"a program on this host listens on port %u, which is now forwarded away "
			"from it",
			port);
	if (!forward_to_self(f) || !address_is_set(&f->addr) ||
	    host_address_owner(&known->addresses, &f->addr))
		return;
	address_format(&f->addr, addr);
	warn_of(f, "%s is not an address of this host (yet)", addr);
}

static void warn_family(const struct forwards *set, enum family family)
{
	bool to_self = false, beyond = false;
	for (size_t i = 0; i < set->count; i++) {
		const struct forward *f = &set->items[i];
		if (f->family != family)
			continue;
		to_self = to_self || forward_to_self(f);
		beyond = beyond || !forward_to_self(f);
	}
	if (beyond) {
		warn_sysctl(family);
		warn_nft(family, HOST_HOOK_FORWARD);
	}
	if (to_self)
		warn_nft(family, HOST_HOOK_INPUT);
}

void command_warn(const struct forwards *set)
{
	struct known known = {0};
	struct err ignored;
	if (host_addresses(&known.addresses, &ignored) == 0 &&
	    host_listeners(&known.listeners, &ignored) == 0 &&
	    host_interfaces(&known.interfaces, &ignored) == 0)
		for (size_t i = 0; i < set->count; i++)
			warn_forward(&known, &set->items[i]);
	warn_family(set, FAMILY_IPV4);
	warn_family(set, FAMILY_IPV6);
	host_addresses_free(&known.addresses);
	host_listeners_free(&known.listeners);
	host_interfaces_free(&known.interfaces);
}
