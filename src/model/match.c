/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How two matches lie to each other: a function for each field, and one that joins the results. */
#include <string.h>

#include "model/match.h"

static bool is_sayable(char c)
{
	switch (c) {
	case '"':
	case '\'':
	case '\\':
	case '/':
	case '*':
	case '[':
	case ']':
	case '@':
	case ':':
		return false;
	default:
		return c > ' ' && c <= '~';
	}
}

bool ifname_is_sayable(const char *name)
{
	for (const char *c = name; *c; c++)
		if (!is_sayable(*c))
			return false;
	/* "." and "..", which Linux refuses, look like an address too */
	return *name != '-' && *name != '#' && !address_looks_ipv4(name) && strcmp(name, "+") != 0;
}

enum overlap overlap_join(enum overlap a, enum overlap b)
{
	if (a == OVERLAP_DISJOINT || b == OVERLAP_DISJOINT)
		return OVERLAP_DISJOINT;
	if (a == OVERLAP_EQUAL)
		return b;
	if (b == OVERLAP_EQUAL || a == b)
		return a;
	return OVERLAP_CROSS;
}

enum overlap ports_overlap(struct ports a, struct ports b)
{
	if (a.last < b.first || b.last < a.first)
		return OVERLAP_DISJOINT;
	if (a.first == b.first && a.last == b.last)
		return OVERLAP_EQUAL;
	if (a.first >= b.first && a.last <= b.last)
		return OVERLAP_INSIDE;
	if (b.first >= a.first && b.last <= a.last)
		return OVERLAP_AROUND;
	return OVERLAP_CROSS;
}

bool ifname_is_wild(const char *name)
{
	size_t n = strlen(name);
	return n == 0 || name[n - 1] == '+';
}

/* Length of the part that has to match, and whether more may follow it. */
static size_t ifname_stem(const char *name, bool *open)
{
	size_t n = strlen(name);
	*open = ifname_is_wild(name);
	return n && *open ? n - 1 : n;
}

enum overlap ifname_overlap(const char *a, const char *b)
{
	bool a_open, b_open;
	size_t a_length = ifname_stem(a, &a_open), b_length = ifname_stem(b, &b_open);
	size_t shared = a_length < b_length ? a_length : b_length;
	if (memcmp(a, b, shared) != 0)
		return OVERLAP_DISJOINT;
	if (a_length == b_length && a_open == b_open)
		return OVERLAP_EQUAL;
	if (b_open && a_length >= b_length)
		return OVERLAP_INSIDE;
	if (a_open && b_length >= a_length)
		return OVERLAP_AROUND;
	return OVERLAP_DISJOINT;
}

enum overlap network_overlap(const struct network *a, const struct network *b)
{
	if (memcmp(a, b, sizeof(*a)) == 0)
		return OVERLAP_EQUAL;
	if (!network_is_set(a))
		return OVERLAP_AROUND;
	if (!network_is_set(b))
		return OVERLAP_INSIDE;
	if (a->prefix > b->prefix)
		return network_holds(b, &a->addr) ? OVERLAP_INSIDE : OVERLAP_DISJOINT;
	return network_holds(a, &b->addr) ? OVERLAP_AROUND : OVERLAP_DISJOINT;
}

enum overlap match_overlap(const struct match *a, const struct match *b)
{
	if (a->proto != b->proto)
		return OVERLAP_DISJOINT;
	/* ports first: they tell most boxes apart */
	enum overlap r = ports_overlap(a->ports, b->ports);
	if (r != OVERLAP_DISJOINT)
		r = overlap_join(r, network_overlap(&a->dst, &b->dst));
	if (r != OVERLAP_DISJOINT)
		r = overlap_join(r, ifname_overlap(a->ifname, b->ifname));
	if (r != OVERLAP_DISJOINT)
		r = overlap_join(r, network_overlap(&a->src, &b->src));
	return r;
}

/* An exact name is narrower than any wildcard. */
static int ifname_width(const char *name)
{
	bool open;
	size_t stem = ifname_stem(name, &open);
	return open ? IFNAME_MAX - (int)stem : 0;
}

static int network_width(const struct network *net)
{
	return network_is_set(net) ? 128 - net->prefix : 129;
}

int match_compare(const struct match *a, const struct match *b)
{
	int d = ifname_width(a->ifname) - ifname_width(b->ifname);
	if (d == 0)
		d = strcmp(a->ifname, b->ifname);
	if (d == 0)
		d = network_width(&a->dst) - network_width(&b->dst);
	if (d == 0)
		d = address_compare(&a->dst.addr, &b->dst.addr);
	if (d == 0)
		d = network_width(&a->src) - network_width(&b->src);
	if (d == 0)
		d = address_compare(&a->src.addr, &b->src.addr);
	if (d == 0)
		d = a->proto - b->proto;
	if (d == 0)
		d = (a->ports.last - a->ports.first) - (b->ports.last - b->ports.first);
	if (d == 0)
		d = a->ports.first - b->ports.first;
	return d;
}
