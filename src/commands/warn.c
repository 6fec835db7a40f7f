/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What makes a forward not work, or work to its user's harm, though it is right in itself. */
#include <stdio.h>

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

static void warn_forward(const struct forward *f, const struct host_addresses *addresses)
{
	char spec[SPEC_TEXT_MAX], addr[ADDRESS_TEXT_MAX];
	spec_format(f, spec);
	if (*f->ifname && !host_has_interface(f->ifname))
		command_say("warning: %s: there is no interface %s (yet)", spec, f->ifname);
	uint16_t port =
		host_listens((enum family)f->family, (enum proto)f->proto, &f->addr, f->ports);
	if (port)
		command_say("warning: %s: a program on this host listens on port %u, which is now "
			    "forwarded away from it",
			    spec, port);
	if (!forward_to_self(f) || !address_is_set(&f->addr) ||
	    host_address_owner(addresses, &f->addr))
		return;
	address_format(&f->addr, addr);
	command_say("warning: %s: %s is not an address of this host (yet)", spec, addr);
}

void command_warn(const struct forwards *set)
{
	static const enum family families[] = {FAMILY_IPV4, FAMILY_IPV6};
	struct host_addresses addresses = {0};
	struct err ignored;
	bool known = host_addresses(&addresses, &ignored) == 0;
	for (size_t n = 0; n < 2; n++) {
		bool to_self = false, beyond = false;
		for (size_t i = 0; i < set->count; i++) {
			const struct forward *f = &set->items[i];
			if (f->family != families[n])
				continue;
			if (known)
				warn_forward(f, &addresses);
			to_self = to_self || forward_to_self(f);
			beyond = beyond || !forward_to_self(f);
		}
		if (beyond) {
			warn_sysctl(families[n]);
			warn_nft(families[n], HOST_HOOK_FORWARD);
		}
		if (to_self)
			warn_nft(families[n], HOST_HOOK_INPUT);
	}
	host_addresses_free(&addresses);
}
