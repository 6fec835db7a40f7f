/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Forwards by themselves: whether one makes sense, which packets it takes, and the order of two. */
#include <string.h>

#include "model/forward.h"

/* Why a forward cannot have such an address; NULL: it can. An IPv4 address in the dress of IPv6 is
 * judged as IPv4. */
static const char *unfit(const struct address *addr)
{
	struct address inner = address_undressed(addr);
	if (address_is_loopback(&inner))
		return "a loopback address, which the kernel cannot forward safely";
	if (address_is_multicast(&inner))
		return "a multicast address";
	if (address_is_broadcast(&inner))
		return "the broadcast address";
	if (address_is_link_local(&inner))
		return "a link-local address, which means a host only together with an interface";
	return address_is_unspecified(&inner) ? "not the address of a host" : NULL;
}

static int check_address(const struct address *addr, const char *what, const char *advice,
			 struct err *err)
{
	char text[ADDRESS_TEXT_MAX];
	const char *why = unfit(addr);
	if (!why)
		return 0;
	address_format(addr, text);
	return err_set(err, ERR_INPUT, "%s %s is %s; %s", what, text, why, advice);
}

/* Linux drops packets that come from a mapped address: nothing such a target answers arrives. */
static int check_not_mapped(const struct address *addr, const char *what, struct err *err)
{
	char text[ADDRESS_TEXT_MAX], plain[ADDRESS_TEXT_MAX];
	if (!address_is_mapped(addr))
		return 0;
	struct address inner = address_undressed(addr);
	address_format(addr, text);
	address_format(&inner, plain);
	return err_set(err, ERR_INPUT,
		       "%s %s is an IPv4 address written as one of IPv6, which no host has; write "
		       "%s, in a forward of IPv4",
		       what, text, plain);
}

#define FOR_SELF "for a program on this host write the target as :PORT"
#define NOT_LOOPBACK "; a program that listens on a loopback address alone cannot be reached"

static int check_spec_address(const struct forward *f, struct err *err)
{
	struct address inner = address_undressed(&f->addr);
	const char *advice = address_is_loopback(&inner) ? "leave it out; " FOR_SELF NOT_LOOPBACK
							 : "give the address of one host";
	return check_address(&f->addr, "address", advice, err);
}

static int check_target(const struct forward *f, struct err *err)
{
	struct address inner = address_undressed(&f->target);
	const char *advice = address_is_loopback(&inner)      ? FOR_SELF NOT_LOOPBACK
			     : address_is_unspecified(&inner) ? FOR_SELF
							      : "give the address of one host";
	if (check_address(&f->target, "target", advice, err) < 0)
		return -1;
	return check_not_mapped(&f->target, "target", err);
}

static int other_family(const struct forward *f, const char *what, const char *text,
			struct err *err)
{
	return err_set(err, ERR_INPUT,
		       "%s %s is not %s as the rest of the forward is; the kernel cannot translate "
		       "between families",
		       what, text, family_name(f->family));
}

static int check_address_family(const struct forward *f, const struct address *addr,
				const char *what, struct err *err)
{
	char text[ADDRESS_TEXT_MAX];
	if (!address_is_set(addr) || addr->family == f->family)
		return 0;
	address_format(addr, text);
	return other_family(f, what, text, err);
}

static int check_network_family(const struct forward *f, const struct network *net,
				const char *what, struct err *err)
{
	char text[NETWORK_TEXT_MAX];
	if (!network_is_set(net) || net->addr.family == f->family)
		return 0;
	network_format(net, text);
	return other_family(f, what, text, err);
}

static int check_families(const struct forward *f, struct err *err)
{
	if (check_address_family(f, &f->addr, "address", err) < 0 ||
	    check_address_family(f, &f->target, "target", err) < 0 ||
	    check_network_family(f, &f->from, "--from network", err) < 0)
		return -1;
	for (size_t i = 0; i < forward_hairpin_count(f); i++)
		if (check_network_family(f, &f->hairpin_nets->items[i], "--hairpin network", err) <
		    0)
			return -1;
	return check_address_family(f, &f->snat, "--snat address", err);
}

static int check_self(const struct forward *f, struct err *err)
{
	const char *option = f->hairpin                 ? "--hairpin"
			     : f->masquerade            ? "--masquerade"
			     : address_is_set(&f->snat) ? "--snat"
							: NULL;
	if (option)
		return err_set(
			err, ERR_INPUT,
			"%s does not go with a :PORT target: this host itself answers, at the "
			"address that the client used; leave it out",
			option);
	return 0;
}

static int check_ports(const struct forward *f, struct err *err)
{
	unsigned int n = ports_count(f->ports), m = ports_count(f->target_ports);
	char from[PORTS_TEXT_MAX], to[PORTS_TEXT_MAX];
	if (m == 1 || m == n)
		return 0;
	ports_put(from, f->ports);
	ports_put(to, f->target_ports);
	return err_set(err, ERR_INPUT,
		       "%s to %s: %u port%s cannot be sent to %u: the target's range must be as "
		       "long, or one port, or none (the same ports)",
		       from, to, n, n == 1 ? "" : "s", m);
}

/* A translation to the same address and port is none, and the guards do not know it. */
static int check_translates(const struct forward *f, struct err *err)
{
	bool same_ports = ports_equal(f->ports, f->target_ports);
	uint16_t port = f->target_ports.first;
	if (forward_to_self(f) && same_ports)
		return err_set(err, ERR_INPUT,
			       "nothing to forward: port %u of this host stays port %u of this "
			       "host; give the target another port",
			       port, port);
	if (forward_to_self(f) || !address_equal(&f->addr, &f->target))
		return 0;
	bool one_stays = ports_count(f->target_ports) == 1 && ports_hold(f->ports, port);
	char target[ADDRESS_TEXT_MAX];
	address_format(&f->target, target);
	if (same_ports || one_stays)
		return err_set(err, ERR_INPUT,
			       "nothing to forward: port %u of %s would be sent to itself; give "
			       "the target another address or port",
			       port, target);
	return 0;
}

/* An exception translates nothing, so there is no source to translate either. */
static int check_exception(const struct forward *f, struct err *err)
{
	if (!forward_translates_source(f))
		return 0;
	return err_set(err, ERR_INPUT,
		       "%s does not go with the target '-': nothing is forwarded; leave it out",
		       f->masquerade ? "--masquerade" : "--snat");
}

int forward_check(const struct forward *f, struct err *err)
{
	if (!ifname_is_sayable(f->ifname))
		return err_set(err, ERR_INPUT, "'%s' is not an interface name",
			       quote(f->ifname).text);
	if (check_spec_address(f, err) < 0 || check_families(f, err) < 0)
		return -1;
	if (f->except)
		return check_exception(f, err);
	if (forward_to_self(f) ? check_self(f, err) < 0 : check_target(f, err) < 0)
		return -1;
	if (f->masquerade && address_is_set(&f->snat))
		return err_set(err, ERR_INPUT,
			       "--masquerade and --snat exclude each other: the target sees one "
			       "source; leave one out");
	if (check_address(&f->snat, "--snat",
			  "give the address of one host, usually one of this host", err) < 0)
		return -1;
	if (check_not_mapped(&f->snat, "--snat", err) < 0 || check_ports(f, err) < 0)
		return -1;
	return check_translates(f, err);
}

struct match forward_match(const struct forward *f)
{
	struct match box = {.dst = network_of_host(&f->addr),
			    .src = f->from,
			    .proto = f->proto,
			    .ports = f->ports};
	memcpy(box.ifname, f->ifname, sizeof(box.ifname));
	return box;
}

struct match forward_hairpin_match(const struct forward *f, const struct network *net)
{
	return (struct match){.dst = network_of_host(&f->addr),
			      .src = *net,
			      .proto = f->proto,
			      .ports = f->ports};
}

struct match forward_local_match(const struct forward *f)
{
	return (struct match){
		.dst = network_of_host(&f->addr), .proto = f->proto, .ports = f->ports};
}

uint16_t forward_target_port(const struct forward *f, uint16_t port)
{
	if (ports_count(f->target_ports) == 1)
		return f->target_ports.first;
	return (uint16_t)(f->target_ports.first + (port - f->ports.first));
}

bool forward_same_place(const struct forward *a, const struct forward *b)
{
	if (a->except != b->except || !address_equal(&a->target, &b->target))
		return false;
	if (a->except)
		return true;
	/* each maps in order or to one port: if they agree at both ends of the ports that they
	 * share, they agree at all of them */
	uint16_t first = a->ports.first > b->ports.first ? a->ports.first : b->ports.first;
	uint16_t last = a->ports.last < b->ports.last ? a->ports.last : b->ports.last;
	return forward_target_port(a, first) == forward_target_port(b, first) &&
	       forward_target_port(a, last) == forward_target_port(b, last);
}

bool forward_equal_but_until(const struct forward *a, const struct forward *b)
{
	struct forward c = *b;
	c.until = a->until;
	return forward_compare(a, &c) == 0;
}

bool forward_equal(const struct forward *a, const struct forward *b)
{
	return forward_compare(a, b) == 0;
}

static int compare_options(const struct forward *a, const struct forward *b)
{
	int d = memcmp(&a->from, &b->from, sizeof(a->from));
	if (d == 0)
		d = address_compare(&a->target, &b->target);
	if (d == 0)
		d = a->target_ports.first - b->target_ports.first;
	if (d == 0)
		d = a->target_ports.last - b->target_ports.last;
	if (d == 0)
		d = a->masquerade - b->masquerade;
	if (d == 0)
		d = address_compare(&a->snat, &b->snat);
	if (d == 0)
		d = a->hairpin - b->hairpin;
	if (d == 0)
		d = networks_compare(a->hairpin_nets, b->hairpin_nets);
	if (d == 0)
		d = a->local - b->local;
	if (d == 0)
		d = a->except - b->except;
	if (d == 0)
		d = strcmp(a->name, b->name);
	if (d == 0)
		d = (a->until > b->until) - (a->until < b->until);
	return d;
}

int forward_compare_spec(const struct forward *a, const struct forward *b)
{
	int d = a->family - b->family;
	if (d == 0)
		d = strcmp(a->ifname, b->ifname);
	if (d == 0)
		d = address_compare(&a->addr, &b->addr);
	if (d == 0)
		d = a->proto - b->proto;
	if (d == 0)
		d = a->ports.first - b->ports.first;
	if (d == 0)
		d = a->ports.last - b->ports.last;
	return d;
}

int forward_compare(const struct forward *a, const struct forward *b)
{
	int d = forward_compare_spec(a, b);
	return d ? d : compare_options(a, b);
}
