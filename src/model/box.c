/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Relations of boxes: one function a field, and one that joins them. */
#include <string.h>

#include "model/box.h"

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

/* With "." and "..", which Linux refuses. */
static bool looks_like_address(const char *name)
{
	return strchr(name, '.') && name[strspn(name, "0123456789.")] == '\0';
}

bool ifname_is_sayable(const char *name)
{
	for (const char *c = name; *c; c++)
		if (!is_sayable(*c))
			return false;
	return *name != '-' && *name != '#' && !looks_like_address(name) && strcmp(name, "+") != 0;
}

enum relation relation_join(enum relation a, enum relation b)
{
	if (a == RELATION_DISJOINT || b == RELATION_DISJOINT)
		return RELATION_DISJOINT;
	if (a == RELATION_EQUAL)
		return b;
	if (b == RELATION_EQUAL || a == b)
		return a;
	return RELATION_CROSS;
}

enum relation ports_relation(struct ports a, struct ports b)
{
	if (a.last < b.first || b.last < a.first)
		return RELATION_DISJOINT;
	if (a.first == b.first && a.last == b.last)
		return RELATION_EQUAL;
	if (a.first >= b.first && a.last <= b.last)
		return RELATION_INSIDE;
	if (b.first >= a.first && b.last <= a.last)
		return RELATION_AROUND;
	return RELATION_CROSS;
}

/* Length of the part that has to match, and whether more may follow it. */
static size_t ifname_stem(const char *name, bool *open)
{
	size_t n = strlen(name);
	*open = n == 0 || name[n - 1] == '+';
	return n && *open ? n - 1 : n;
}

enum relation ifname_relation(const char *a, const char *b)
{
	bool a_open, b_open;
	size_t a_length = ifname_stem(a, &a_open), b_length = ifname_stem(b, &b_open);
	size_t shared = a_length < b_length ? a_length : b_length;
	if (memcmp(a, b, shared) != 0)
		return RELATION_DISJOINT;
	if (a_length == b_length && a_open == b_open)
		return RELATION_EQUAL;
	if (b_open && a_length >= b_length)
		return RELATION_INSIDE;
	if (a_open && b_length >= a_length)
		return RELATION_AROUND;
	return RELATION_DISJOINT;
}

enum relation network_relation(const struct network *a, const struct network *b)
{
	if (memcmp(a, b, sizeof(*a)) == 0)
		return RELATION_EQUAL;
	if (!network_is_set(a))
		return RELATION_AROUND;
	if (!network_is_set(b))
		return RELATION_INSIDE;
	if (a->prefix > b->prefix)
		return network_holds(b, &a->addr) ? RELATION_INSIDE : RELATION_DISJOINT;
	return network_holds(a, &b->addr) ? RELATION_AROUND : RELATION_DISJOINT;
}

enum relation box_relation(const struct box *a, const struct box *b)
{
	if (a->proto != b->proto)
		return RELATION_DISJOINT;
	/* ports first: they tell most boxes apart */
	enum relation r = ports_relation(a->ports, b->ports);
	if (r != RELATION_DISJOINT)
		r = relation_join(r, network_relation(&a->dst, &b->dst));
	if (r != RELATION_DISJOINT)
		r = relation_join(r, ifname_relation(a->ifname, b->ifname));
	if (r != RELATION_DISJOINT)
		r = relation_join(r, network_relation(&a->src, &b->src));
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

int box_compare(const struct box *a, const struct box *b)
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
