/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A radix tree of chains. Each dimension of a rule (interface, destination, port, source) is read
 * as a string of bits of which the rule gives a prefix. Boundaries between branches are fixed, so
 * that a change of one rule moves few others. Of two rules that share packets one lies inside the
 * other: so a rule that is too wide for any branch is the wider one, and comes behind them all.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "model/array.h"
#include "rules/tree.h"

#define BUCKET ((size_t)16) /* as many rules stay in one chain */
#define CHAIN_NAME 28       /* characters that iptables takes */
#define PREFIX_BYTES 16     /* an IPv6 address, an interface's name with its NUL */
#define PORTS_BITS 24       /* the protocol, then the port */
#define PART_MAX (NETWORK_TEXT_MAX + 16)

enum dimension {
	DIM_INTERFACE,
	DIM_DESTINATION,
	DIM_PORTS,
	DIM_SOURCE,
	DIMS,
};

struct prefix {
	uint8_t bytes[PREFIX_BYTES]; /* zero behind its length */
	unsigned int length;         /* in bits */
};

struct region { /* what the rules below a chain have in common */
	struct prefix dims[DIMS];
};

struct item {
	const struct rule *rule;
	size_t rank; /* its place in a flat chain */
	struct prefix prefix;
};

struct tree {
	struct layout *layout;
	enum group group;
	bool original; /* ports are those before translation */
	uint64_t salt;
};

/* ---- prefixes ---- */

static unsigned int common_bits(const struct prefix *a, const struct prefix *b)
{
	unsigned int most = a->length < b->length ? a->length : b->length, n = 0;
	while (n < most && a->bytes[n / 8] == b->bytes[n / 8] && n + 8 <= most)
		n += 8;
	while (n < most && ((a->bytes[n / 8] ^ b->bytes[n / 8]) & (0x80U >> n % 8)) == 0)
		n++;
	return n;
}

static struct prefix shortened(const struct prefix *p, unsigned int length)
{
	struct prefix out = {.length = length};
	memcpy(out.bytes, p->bytes, (length + 7) / 8);
	if (length % 8)
		out.bytes[length / 8] &= (uint8_t)(0xff00U >> length % 8);
	return out;
}

/* "eth0" goes on with a NUL, "eth+" does not. */
static struct prefix prefix_of_interface(const struct rule *r)
{
	struct prefix p = {0};
	size_t n = strlen(r->in);
	if (n == 0 || r->flags & RULE_NOT_IN)
		return p;
	n = r->in[n - 1] == '+' ? n - 1 : n + 1;
	memcpy(p.bytes, r->in, n);
	p.length = (unsigned int)n * 8;
	return p;
}

static struct prefix prefix_of_network(const struct network *net)
{
	struct prefix p = {0};
	if (!network_is_set(net))
		return p;
	memcpy(p.bytes, net->addr.bytes, sizeof(p.bytes));
	p.length = net->prefix;
	return p;
}

/* The narrowest that holds all the ports. */
static struct prefix prefix_of_ports(const struct tree *tree, const struct rule *r)
{
	struct ports ports = tree->original ? r->orig_ports : r->ports;
	struct prefix first = {
		.bytes = {r->proto, (uint8_t)(ports.first >> 8), (uint8_t)(ports.first & 0xff)},
		.length = PORTS_BITS};
	struct prefix last = {
		.bytes = {r->proto, (uint8_t)(ports.last >> 8), (uint8_t)(ports.last & 0xff)},
		.length = PORTS_BITS};
	return shortened(&first, common_bits(&first, &last));
}

static struct prefix prefix_of(const struct tree *tree, const struct rule *r, enum dimension d)
{
	switch (d) {
	case DIM_INTERFACE:
		return prefix_of_interface(r);
	case DIM_DESTINATION:
		return prefix_of_network(&r->dst);
	case DIM_PORTS:
		return prefix_of_ports(tree, r);
	case DIM_SOURCE:
		return prefix_of_network(&r->src);
	case DIMS:
		break;
	}
	return (struct prefix){0};
}

/* ---- chains ---- */

/* The new chain's index; -1: out of memory. */
static ssize_t add_chain(struct tree *tree, const char *name, struct err *err)
{
	struct layout *layout = tree->layout;
	void *chains = layout->chains;
	struct chain *chain = array_append(&chains, &layout->count, sizeof(*chain));
	layout->chains = chains;
	if (!chain)
		return err_memory(err);
	chain->group = tree->group;
	chain->name = name;
	return chain - layout->chains;
}

static int add_rule(struct tree *tree, size_t chain, const struct rule *rule, struct err *err)
{
	struct chain *c = &tree->layout->chains[chain];
	void *rules = c->rules;
	struct rule *added = array_append(&rules, &c->count, sizeof(*added));
	c->rules = rules;
	if (!added)
		return err_memory(err);
	*added = *rule;
	return 0;
}

/* ---- what a branch covers: as text, and as the matches of its jump ---- */

static struct ports ports_of(const struct prefix *p)
{
	unsigned int first = (unsigned int)p->bytes[1] << 8 | p->bytes[2];
	if (p->length <= 8)
		return (struct ports){0, 0};
	unsigned int last = first | (0xffffU >> (p->length - 8));
	return (struct ports){(uint16_t)first, (uint16_t)last};
}

static struct network network_from(const struct tree *tree, const struct prefix *p)
{
	struct network net = {0};
	if (p->length == 0)
		return net;
	net.addr.family = (uint8_t)tree->layout->family;
	memcpy(net.addr.bytes, p->bytes, sizeof(net.addr.bytes));
	net.prefix = (uint8_t)p->length;
	return net;
}

static void interface_from(const struct prefix *p, char out[IFNAME_MAX + 1])
{
	size_t n = p->length / 8;
	memset(out, 0, IFNAME_MAX + 1);
	memcpy(out, p->bytes, n);
	/* nothing is longer than the longest name */
	if (n && out[n - 1] && n < IFNAME_MAX - 1)
		out[n] = '+';
}

static void format_part(const struct tree *tree, const struct prefix *p, enum dimension d,
			char out[PART_MAX])
{
	char text[NETWORK_TEXT_MAX];
	struct network net = network_from(tree, p);
	struct ports ports;
	switch (d) {
	case DIM_INTERFACE:
		interface_from(p, text);
		snprintf(out, PART_MAX, "/%s", text);
		break;
	case DIM_DESTINATION:
		network_format(&net, text);
		snprintf(out, PART_MAX, "/%s", text);
		break;
	case DIM_PORTS:
		ports = ports_of(p);
		if (p->length == 8)
			text[0] = '\0';
		else if (ports.first == ports.last)
			snprintf(text, sizeof(text), "/%u", ports.first);
		else
			snprintf(text, sizeof(text), "/%u-%u", ports.first, ports.last);
		snprintf(out, PART_MAX, "/%s%s", proto_name((enum proto)p->bytes[0]), text);
		break;
	case DIM_SOURCE:
		network_format(&net, text);
		snprintf(out, PART_MAX, "/from-%s", text);
		break;
	case DIMS:
		break;
	}
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
	for (; *text; text++) {
		hash = (hash ^ (unsigned char)*text) * 0x9e3779b97f4a7c15U;
		hash ^= hash >> 29;
	}
	return hash;
}

/* PFWD/eth0/tcp/8192-12287. Where that is too long, a number stands for all but its last part. */
static const char *name_region(const struct tree *tree, const struct region *region,
			       struct err *err)
{
	char name[DIMS * PART_MAX + CHAIN_NAME_MAX], last[PART_MAX] = "";
	const char *group = layout_groups[tree->group].chain;
	size_t used = (size_t)snprintf(name, sizeof(name), "%s", group);
	for (int d = 0; d < DIMS; d++) {
		if (region->dims[d].length == 0)
			continue;
		format_part(tree, &region->dims[d], (enum dimension)d, last);
		used += (size_t)snprintf(name + used, sizeof(name) - used, "%s", last);
	}
	if (used > CHAIN_NAME) {
		uint64_t hash = hash_text(tree->salt + 1, name) & 0xffffffffffU;
		snprintf(name, CHAIN_NAME + 1, "%s/:%010llx", group, (unsigned long long)hash);
		if (strlen(name) + strlen(last) <= CHAIN_NAME)
			strcat(name, last);
	}
	const char *kept = layout_keep_text(tree->layout, name);
	if (!kept)
		err_memory(err);
	return kept;
}

static void match_branch(const struct tree *tree, const struct prefix *p, enum dimension d,
			 struct rule *r)
{
	char interface[IFNAME_MAX + 1];
	switch (d) {
	case DIM_INTERFACE:
		interface_from(p, interface);
		memcpy(r->in, interface, sizeof(r->in));
		break;
	case DIM_DESTINATION:
		r->dst = network_from(tree, p);
		break;
	case DIM_PORTS:
		r->proto = p->bytes[0];
		if (tree->original)
			r->orig_ports = ports_of(p);
		else
			r->ports = ports_of(p);
		break;
	case DIM_SOURCE:
		r->src = network_from(tree, p);
		break;
	case DIMS:
		break;
	}
}

/* ---- dividing ---- */

static int compare_prefixes(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int d = memcmp(x->prefix.bytes, y->prefix.bytes, PREFIX_BYTES);
	if (d == 0)
		d = (x->prefix.length > y->prefix.length) - (x->prefix.length < y->prefix.length);
	return d ? d : (x->rank > y->rank) - (x->rank < y->rank);
}

static int compare_ranks(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	return (x->rank > y->rank) - (x->rank < y->rank);
}

/* Where branches end that begin behind the first bits, which all have in common: at fixed
 * boundaries; few rules are divided into fewer branches, so that each is worth a chain. */
static unsigned int boundary(enum dimension d, unsigned int common, size_t count)
{
	if (d == DIM_INTERFACE || (d == DIM_PORTS && common < 8))
		return common / 8 * 8 + 8;
	return count > BUCKET * 8   ? common / 4 * 4 + 4
	       : count > BUCKET * 4 ? common + 3
				    : common + 2;
}

/* Those with prefixes of that length or longer to the front, sorted by these; their number. */
static size_t longer_first(struct item *items, size_t count, unsigned int length)
{
	size_t front = 0;
	for (size_t i = 0; i < count; i++) {
		struct item item = items[i];
		if (item.prefix.length < length)
			continue;
		items[i] = items[front];
		items[front++] = item;
	}
	qsort(items, front, sizeof(*items), compare_prefixes);
	return front;
}

static int fill_chain(struct tree *tree, size_t chain, struct item *items, size_t count,
		      const struct region *region, enum dimension d, struct err *err);

static int add_branch(struct tree *tree, size_t chain, struct item *items, size_t count,
		      const struct region *region, enum dimension d, unsigned int length,
		      struct err *err)
{
	struct region inner = *region;
	struct rule jump;
	if (count == 1)
		return add_rule(tree, chain, items->rule, err);
	inner.dims[d] = shortened(&items->prefix, length);
	memset(&jump, 0, sizeof(jump));
	jump.target = TARGET_JUMP;
	jump.chain = name_region(tree, &inner, err);
	if (!jump.chain)
		return -1;
	match_branch(tree, &inner.dims[d], d, &jump);
	ssize_t below = add_chain(tree, jump.chain, err);
	if (below < 0 || add_rule(tree, chain, &jump, err) < 0)
		return -1;
	return fill_chain(tree, (size_t)below, items, count, &inner, d, err);
}

/* How long the prefixes of branches are, and how many of the items (those behind are too wide) lie
 * in one; 0: none does. */
static size_t choose_length(struct item *items, size_t count, enum dimension d, unsigned int outer,
			    unsigned int *length)
{
	size_t narrow = longer_first(items, count, outer + 1);
	if (narrow == 0)
		return 0;
	unsigned int common = common_bits(&items[0].prefix, &items[narrow - 1].prefix);
	for (size_t i = 0; i < narrow; i++) /* a short one may lie between its own extensions */
		if (items[i].prefix.length < common)
			common = items[i].prefix.length;
	*length = boundary(d, common, narrow);
	size_t inside = longer_first(items, narrow, *length);
	if (inside || common <= outer)
		return inside;
	*length = common; /* they differ in another dimension */
	return longer_first(items, narrow, common);
}

static int fill_chain(struct tree *tree, size_t chain, struct item *items, size_t count,
		      const struct region *region, enum dimension d, struct err *err)
{
	for (; d < DIMS && count > BUCKET; d++) {
		unsigned int length = 0;
		for (size_t i = 0; i < count; i++)
			items[i].prefix = prefix_of(tree, items[i].rule, d);
		size_t inside = choose_length(items, count, d, region->dims[d].length, &length);
		for (size_t i = 0, n; i < inside; i += n) {
			n = 1;
			while (i + n < inside &&
			       common_bits(&items[i].prefix, &items[i + n].prefix) >= length)
				n++;
			if (add_branch(tree, chain, items + i, n, region, d, length, err) < 0)
				return -1;
		}
		items += inside;
		count -= inside;
	}
	if (count)
		qsort(items, count, sizeof(*items), compare_ranks);
	for (size_t i = 0; i < count; i++)
		if (add_rule(tree, chain, items[i].rule, err) < 0)
			return -1;
	return 0;
}

/* RETURN would lead from a branch to the wider rules behind it. */
static bool has_return(const struct rule *rules, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (rules[i].target == TARGET_RETURN)
			return true;
	return false;
}

int tree_build(struct layout *layout, enum group group, const struct rule *first,
	       const struct rule *rules, size_t count, uint64_t salt, struct err *err)
{
	struct tree tree = {.layout = layout, .group = group, .salt = salt};
	static const struct region everything;
	ssize_t root = add_chain(&tree, layout_groups[group].chain, err);
	if (root < 0 || (first && add_rule(&tree, (size_t)root, first, err) < 0))
		return -1;
	struct item *items = reallocarray(NULL, count + 1, sizeof(*items));
	if (!items)
		return err_memory(err);
	for (size_t i = 0; i < count; i++)
		items[i] = (struct item){.rule = &rules[i], .rank = i};
	tree.original = count && rules[0].orig_ports.first;
	int result = fill_chain(&tree, (size_t)root, items, count, &everything,
				has_return(rules, count) ? DIMS : DIM_INTERFACE, err);
	free(items);
	return result;
}
