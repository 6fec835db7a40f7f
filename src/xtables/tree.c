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
#include "model/hash.h"
#include "xtables/tree.h"

#define CHAIN_NAME 28   /* characters that iptables takes */
#define PREFIX_BYTES 16 /* an IPv6 address, an interface's name with its NUL */
#define PORTS_BITS 24   /* the protocol, then the port */
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
	unsigned int branch; /* which it lies in; WIDE: in none */
};

#define BRANCHES 256 /* a digit is a character of a name, a protocol, or fewer bits */
#define WIDE BRANCHES

struct tree {
	struct layout *layout;
	enum group group;
	bool original; /* ports are those before translation */
	uint64_t salt;
	struct item *spare; /* as many as there are rules */
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

/* ---- what a branch covers: as text, and as the matches of its jump ---- */

/* Port 0 is in no rule, and stands for none. */
static struct ports ports_of(const struct prefix *p)
{
	unsigned int first = (unsigned int)p->bytes[1] << 8 | p->bytes[2];
	if (p->length <= 8)
		return (struct ports){0, 0};
	unsigned int last = first | (0xffffU >> (p->length - 8));
	return (struct ports){(uint16_t)(first ? first : 1), (uint16_t)last};
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
		snprintf(out, PART_MAX, "/%s%s", proto_name(p->bytes[0]), text);
		break;
	case DIM_SOURCE:
		network_format(&net, text);
		snprintf(out, PART_MAX, "/from-%s", text);
		break;
	case DIMS:
		break;
	}
}

/* PFWD/eth0/tcp/8192-12287. Where that is too long, a number stands for all but its last part. */
static const char *name_region(const struct tree *tree, const struct region *region,
			       struct err *err)
{
	char name[DIMS * PART_MAX + CHAIN_NAME_MAX], last[PART_MAX] = "";
	const char *group = group_infos[tree->group].chain;
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

/* Narrower ones first. */
static int compare_items(const void *a, const void *b)
{
	const struct rule *x = ((const struct item *)a)->rule, *y = ((const struct item *)b)->rule;
	struct match x_box = rule_match(x), y_box = rule_match(y);
	int d = match_compare(&x_box, &y_box);
	return d ? d : rule_compare(x, y);
}

static void sort_items(struct item *items, size_t count)
{
	/* a list of forwards is sorted, and so are most of its parts */
	for (size_t i = 1; i < count; i++)
		if (compare_items(&items[i - 1], &items[i]) > 0) {
			qsort(items, count, sizeof(*items), compare_items);
			return;
		}
}

/* Where branches end that begin behind the first bits, which all have in common: at fixed
 * boundaries; few rules are divided into fewer branches, so that each is worth a chain. */
static unsigned int boundary(enum dimension d, unsigned int common, size_t count)
{
	if (d == DIM_INTERFACE || (d == DIM_PORTS && common < 8))
		return common / 8 * 8 + 8;
	return count > TREE_BUCKET * 8   ? common / 4 * 4 + 4
	       : count > TREE_BUCKET * 4 ? common + 3
					 : common + 2;
}

struct digit { /* the bits that tell branches apart: those from begin to end */
	enum dimension d;
	unsigned int begin, end;
};

/* The bits of p from begin to end: eight at the most, which may lie in two bytes. */
static unsigned int digit_value(const struct prefix *p, const struct digit *digit)
{
	if (digit->begin == digit->end)
		return 0;
	unsigned int last = (digit->end - 1) / 8;
	unsigned int bits = p->bytes[last] | (last ? (unsigned int)p->bytes[last - 1] << 8 : 0);
	return bits >> (last * 8 + 8 - digit->end) & ((1U << (digit->end - digit->begin)) - 1);
}

/* Note for each item which branch it lies in; how many lie in one. */
static size_t find_branches(const struct tree *tree, struct item *items, size_t count,
			    const struct digit *digit)
{
	size_t inside = 0;
	for (size_t i = 0; i < count; i++) {
		struct prefix p = prefix_of(tree, items[i].rule, digit->d);
		items[i].branch = WIDE;
		if (p.length < digit->end)
			continue;
		items[i].branch = digit_value(&p, digit);
		inside++;
	}
	return inside;
}

/* The bits that all have in common whose prefixes are longer than outer, and their number. */
static unsigned int common_of(const struct tree *tree, const struct item *items, size_t count,
			      enum dimension d, unsigned int outer, size_t *narrow)
{
	struct prefix first = {0};
	*narrow = 0;
	for (size_t i = 0; i < count; i++) {
		struct prefix p = prefix_of(tree, items[i].rule, d);
		if (p.length <= outer)
			continue;
		if ((*narrow)++ == 0)
			first = p;
		else
			first.length = common_bits(&first, &p);
	}
	return first.length;
}

/* Choose the digit, and find for each item its branch by it; how many lie in one. */
static size_t choose_digit(const struct tree *tree, struct item *items, size_t count,
			   unsigned int outer, struct digit *digit)
{
	size_t narrow;
	unsigned int common = common_of(tree, items, count, digit->d, outer, &narrow);
	if (narrow == 0)
		return 0;
	digit->end = boundary(digit->d, common, narrow);
	digit->begin = common;
	size_t inside = find_branches(tree, items, count, digit);
	if (inside || common <= outer)
		return inside;
	digit->begin = digit->end = common; /* they differ in another dimension */
	return find_branches(tree, items, count, digit);
}

/* Those of one branch together, in the order of branches, wide ones last; otherwise as they were.
 * ends[b]: where branch b ends. */
static void gather(struct item *items, size_t count, struct item *spare, size_t ends[BRANCHES + 1])
{
	memset(ends, 0, (BRANCHES + 1) * sizeof(*ends));
	for (size_t i = 0; i < count; i++)
		ends[items[i].branch]++;
	for (size_t b = 0, at = 0; b <= BRANCHES; b++) {
		size_t n = ends[b];
		ends[b] = at;
		at += n;
	}
	for (size_t i = 0; i < count; i++)
		spare[ends[items[i].branch]++] = items[i];
	memcpy(items, spare, count * sizeof(*items));
}

/* Space in the chain for so many more rules; NULL: out of memory. */
static struct rule *extend(struct tree *tree, size_t chain, size_t count, struct err *err)
{
	struct chain *c = &tree->layout->chains[chain];
	struct rule *rules = reallocarray(c->rules, c->count + count, sizeof(*rules));
	if (!rules) {
		err_memory(err);
		return NULL;
	}
	c->rules = rules;
	c->count += count;
	/* analyzer: no leak, layout_free frees them */
	return rules + c->count - count;
}

static int fill_chain(struct tree *tree, size_t chain, struct item *items, size_t count,
		      const struct region *region, enum dimension d, struct err *err);

/* jump: where the rule of the branch stands in its chain. */
static int add_branch(struct tree *tree, size_t chain, size_t jump, struct item *items,
		      size_t count, const struct region *region, const struct digit *digit,
		      struct err *err)
{
	struct region inner = *region;
	struct rule rule;
	if (count == 1) {
		tree->layout->chains[chain].rules[jump] = *items->rule;
		return 0;
	}
	struct prefix p = prefix_of(tree, items->rule, digit->d);
	inner.dims[digit->d] = shortened(&p, digit->end);
	memset(&rule, 0, sizeof(rule));
	rule.target = TARGET_JUMP;
	rule.chain = name_region(tree, &inner, err);
	if (!rule.chain)
		return -1;
	match_branch(tree, &inner.dims[digit->d], digit->d, &rule);
	tree->layout->chains[chain].rules[jump] = rule;
	ssize_t below = add_chain(tree, rule.chain, err);
	if (below < 0)
		return -1;
	return fill_chain(tree, (size_t)below, items, count, &inner, digit->d, err);
}

static int add_branches(struct tree *tree, size_t chain, struct item *items, size_t count,
			const struct region *region, const struct digit *digit, struct err *err)
{
	size_t ends[BRANCHES + 1], used = 0;
	gather(items, count, tree->spare, ends);
	for (size_t b = 0; b < BRANCHES; b++)
		used += ends[b] > (b ? ends[b - 1] : 0);
	size_t jump = tree->layout->chains[chain].count;
	if (!extend(tree, chain, used, err))
		return -1;
	for (size_t b = 0, at = 0; b < BRANCHES; at = ends[b++])
		if (ends[b] > at && add_branch(tree, chain, jump++, items + at, ends[b] - at,
					       region, digit, err) < 0)
			return -1;
	return 0;
}

static int fill_chain(struct tree *tree, size_t chain, struct item *items, size_t count,
		      const struct region *region, enum dimension d, struct err *err)
{
	for (; d < DIMS && count > TREE_BUCKET; d++) {
		struct digit digit = {.d = d};
		size_t inside = choose_digit(tree, items, count, region->dims[d].length, &digit);
		if (inside && add_branches(tree, chain, items, count, region, &digit, err) < 0)
			return -1;
		items += inside;
		count -= inside;
	}
	if (count == 0)
		return 0;
	sort_items(items, count);
	struct rule *rules = extend(tree, chain, count, err);
	for (size_t i = 0; rules && i < count; i++)
		rules[i] = *items[i].rule;
	return rules ? 0 : -1;
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
	static const struct region everything;
	struct tree tree = {.layout = layout, .group = group, .salt = salt};
	struct item *items = reallocarray(NULL, count + 1, 2 * sizeof(*items));
	if (!items)
		return err_memory(err);
	tree.spare = items + count;
	tree.original = count && rules[0].orig_ports.first;
	for (size_t i = 0; i < count; i++)
		items[i].rule = &rules[i];
	int result = -1;
	ssize_t root = add_chain(&tree, group_infos[group].chain, err);
	struct rule *head = root >= 0 && first ? extend(&tree, (size_t)root, 1, err) : NULL;
	if (head)
		*head = *first;
	if (root >= 0 && (head || !first))
		result = fill_chain(&tree, (size_t)root, items, count, &everything,
				    has_return(rules, count) ? DIMS : DIM_INTERFACE, err);
	free(items);
	return result;
}
