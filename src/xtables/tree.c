/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A radix tree of chains. A packet walks a chain rule by rule, so a chain with thousands of rules
 * is slow. Each rule of a group gives a prefix, that is, the first bits of a string, in each of
 * four dimensions: interface, destination, ports (behind the protocol) and source. If a chain has
 * more than TREE_BUCKET rules, the next few bits in one dimension (a digit) tell its rules apart.
 * The rules with the same digit go together into a chain of their own, a branch, behind one jump
 * that matches these bits. Rules whose prefix is too short for the digit are wider: they stay in
 * the chain, behind the jumps, narrower ones first. A packet that no rule of a branch takes comes
 * back from it and walks on to them. That is the right order, because of two rules that share
 * packets one lies inside the other.
 *
 * An example: 40 forwards of the TCP ports 8000 to 8039, and one of all ports. The first digit,
 * two bits behind the protocol, gives one branch; in that branch the next one gives three.
 *
 *   PFWD                --dport 1:16383   -> PFWD/tcp/1-16383
 *                       --dport 1:65535   -> the target of all ports
 *   PFWD/tcp/1-16383    --dport 8000:8015 -> PFWD/tcp/8000-8015
 *                       --dport 8016:8031 -> PFWD/tcp/8016-8031
 *                       --dport 8032:8047 -> PFWD/tcp/8032-8047
 *   PFWD/tcp/8000-8015  --dport 8000      -> its target
 *                       --dport 8001      -> its target, and so on
 *
 * In large chains digits end at fixed bits, so that a change of one rule moves few others. Small
 * ones are divided where their rules differ, and there a change can move all of a few hundred.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "model/array.h"
#include "model/hash.h"
#include "xtables/tree.h"

#define CHAIN_NAME 28   /* characters that iptables takes */
#define PREFIX_BYTES 16 /* an IPv6 address, or the name of an interface with its NUL */
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

struct item {
	const struct rule *rule;
	unsigned int branch; /* the value of the digit; WIDE: it is in no branch */
};

#define BRANCHES 256 /* a digit has at most eight bits */
#define WIDE BRANCHES

struct digit { /* the bits from begin to end, without end */
	unsigned int begin, end;
};

struct part {                       /* the rules for one chain */
	size_t chain;               /* its index in the layout */
	struct prefix common[DIMS]; /* what all of the rules begin with */
	enum dimension next;        /* they agree in those before it, or are too wide there */
	struct item *items;
	size_t count;
};

struct tree {
	struct layout *layout;
	const struct tree_rules *rules;
	bool original;      /* ports are those before translation */
	struct item *spare; /* room for all rules */
	struct err *err;
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

/* The narrowest prefix that holds all the ports. */
static struct prefix prefix_of_ports(enum proto proto, struct ports ports)
{
	struct prefix first = {
		.bytes = {proto, (uint8_t)(ports.first >> 8), (uint8_t)(ports.first & 0xff)},
		.length = PORTS_BITS};
	struct prefix last = {
		.bytes = {proto, (uint8_t)(ports.last >> 8), (uint8_t)(ports.last & 0xff)},
		.length = PORTS_BITS};
	return shortened(&first, common_bits(&first, &last));
}

static struct prefix prefix_of(const struct tree *tree, const struct rule *r, enum dimension d)
{
	const struct network *net = d == DIM_DESTINATION ? &r->dst : &r->src;
	struct prefix p = {0};
	size_t n;
	switch (d) {
	case DIM_INTERFACE:
		n = strlen(r->in);
		if (n == 0 || r->flags & RULE_NOT_IN)
			break;
		n = r->in[n - 1] == '+' ? n - 1 : n + 1; /* "eth0" goes on with a NUL */
		memcpy(p.bytes, r->in, n);
		p.length = (unsigned int)n * 8;
		break;
	case DIM_DESTINATION:
	case DIM_SOURCE:
		if (!network_is_set(net))
			break;
		memcpy(p.bytes, net->addr.bytes, sizeof(p.bytes));
		p.length = net->prefix;
		break;
	case DIM_PORTS:
		return prefix_of_ports(r->proto, tree->original ? r->orig_ports : r->ports);
	case DIMS:
		break;
	}
	return p;
}

/* ---- what a branch covers: as text, and as the matches of its jump ---- */

/* Port 0 is in no rule: {0, 0} stands for all ports. */
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
	net.addr.family = tree->layout->family;
	memcpy(net.addr.bytes, p->bytes, sizeof(net.addr.bytes));
	net.prefix = (uint8_t)p->length;
	return net;
}

static void interface_from(const struct prefix *p, char out[IFNAME_MAX + 1])
{
	size_t n = p->length / 8;
	memset(out, 0, IFNAME_MAX + 1);
	memcpy(out, p->bytes, n);
	/* behind the longest name there is nothing to leave open */
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

/* PFWD/eth0/tcp/8192-12287. If that is too long, a hash stands for all of it but its last part. */
static const char *name_branch(const struct tree *tree, const struct part *part)
{
	char name[DIMS * PART_MAX + CHAIN_NAME_MAX], last[PART_MAX] = "";
	const char *group = group_infos[tree->rules->group].chain;
	size_t used = (size_t)snprintf(name, sizeof(name), "%s", group);
	for (int d = 0; d < DIMS; d++) {
		if (part->common[d].length == 0)
			continue;
		format_part(tree, &part->common[d], (enum dimension)d, last);
		used += (size_t)snprintf(name + used, sizeof(name) - used, "%s", last);
	}
	if (used > CHAIN_NAME) {
		uint64_t hash = hash_text(tree->rules->salt + 1, name) & 0xffffffffffU;
		snprintf(name, CHAIN_NAME + 1, "%s/:%010llx", group, (unsigned long long)hash);
		if (strlen(name) + strlen(last) <= CHAIN_NAME)
			strcat(name, last);
	}
	const char *kept = layout_keep_text(tree->layout, name);
	if (!kept)
		err_memory(tree->err);
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

/* ---- chains ---- */

/* The new chain's index, because chains move when one more is added; -1: out of memory. */
static ssize_t add_chain(struct tree *tree, const char *name)
{
	struct layout *layout = tree->layout;
	void *chains = layout->chains;
	struct chain *chain = array_append(&chains, &layout->count, sizeof(*chain));
	layout->chains = chains;
	if (!chain)
		return err_memory(tree->err);
	chain->group = tree->rules->group;
	chain->name = name;
	return chain - layout->chains;
}

/* Space in the chain for so many more rules; NULL: out of memory. */
static struct rule *extend(struct tree *tree, size_t chain, size_t count)
{
	struct chain *c = &tree->layout->chains[chain];
	struct rule *rules = reallocarray(c->rules, c->count + count, sizeof(*rules));
	if (!rules) {
		err_memory(tree->err);
		return NULL;
	}
	c->rules = rules;
	c->count += count;
	/* analyzer: no leak, layout_free frees them */
	return rules + c->count - count;
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

/*
 * The bit at which a digit ends that begins behind the bits that all rules have in common: a whole
 * character or protocol, else two to four bits. More rules get more bits, that is, more branches,
 * so that each branch is worth a chain.
 */
static unsigned int digit_end(enum dimension d, unsigned int common, size_t count)
{
	if (d == DIM_INTERFACE || (d == DIM_PORTS && common < 8))
		return common / 8 * 8 + 8;
	if (count > TREE_BUCKET * 8)
		return common / 4 * 4 + 4;
	return count > TREE_BUCKET * 4 ? common + 3 : common + 2;
}

/* The bits of p from begin to end, which may lie in two bytes. */
static unsigned int digit_value(const struct prefix *p, const struct digit *digit)
{
	if (digit->begin == digit->end)
		return 0;
	unsigned int last = (digit->end - 1) / 8;
	unsigned int bits = p->bytes[last] | (last ? (unsigned int)p->bytes[last - 1] << 8 : 0);
	return bits >> (last * 8 + 8 - digit->end) & ((1U << (digit->end - digit->begin)) - 1);
}

/* Note for each item the branch that it goes to; how many go to one. */
static size_t find_branches(const struct tree *tree, const struct part *part,
			    const struct digit *digit)
{
	size_t inside = 0;
	for (size_t i = 0; i < part->count; i++) {
		struct prefix p = prefix_of(tree, part->items[i].rule, part->next);
		part->items[i].branch = WIDE;
		if (p.length < digit->end)
			continue;
		part->items[i].branch = digit_value(&p, digit);
		inside++;
	}
	return inside;
}

/* Choose the digit, and find the branch of each item by it. How many items go to a branch; 0: the
 * dimension does not tell them apart any more. */
static size_t choose_digit(const struct tree *tree, const struct part *part, struct digit *digit)
{
	unsigned int outer = part->common[part->next].length;
	struct prefix common = {0}; /* what those begin with that go on behind the part's own */
	size_t narrow = 0;
	for (size_t i = 0; i < part->count; i++) {
		struct prefix p = prefix_of(tree, part->items[i].rule, part->next);
		if (p.length <= outer)
			continue;
		if (narrow++ == 0)
			common = p;
		else
			common.length = common_bits(&common, &p);
	}
	if (narrow == 0)
		return 0;
	*digit = (struct digit){common.length, digit_end(part->next, common.length, narrow)};
	size_t inside = find_branches(tree, part, digit);
	if (inside || common.length <= outer)
		return inside;
	/* None is as long as the digit: the bits in common are all that this dimension tells. They
	 * make one branch, in which other dimensions go on. It comes to an end, because the branch
	 * has more bits in common than the part. */
	digit->end = digit->begin;
	return find_branches(tree, part, digit);
}

/* Bring the items of one branch together, in the order of the branches, wide ones last; otherwise
 * they stay in order. ends[b]: the index behind branch b. */
static void gather(const struct tree *tree, const struct part *part, size_t ends[BRANCHES + 1])
{
	memset(ends, 0, (BRANCHES + 1) * sizeof(*ends));
	for (size_t i = 0; i < part->count; i++)
		ends[part->items[i].branch]++;
	for (size_t b = 0, at = 0; b <= BRANCHES; b++) {
		size_t n = ends[b];
		ends[b] = at;
		at += n;
	}
	for (size_t i = 0; i < part->count; i++)
		tree->spare[ends[part->items[i].branch]++] = part->items[i];
	memcpy(part->items, tree->spare, part->count * sizeof(*part->items));
}

static int fill_chain(struct tree *tree, struct part part);

/* Put the rules of a branch into a chain of their own; *jump is made the jump to it. below: as the
 * part above it, except for the items. */
static int add_branch(struct tree *tree, struct part below, const struct digit *digit,
		      struct rule *jump)
{
	struct prefix p = prefix_of(tree, below.items->rule, below.next);
	below.common[below.next] = shortened(&p, digit->end);
	memset(jump, 0, sizeof(*jump));
	jump->target = TARGET_JUMP;
	jump->chain = name_branch(tree, &below);
	if (!jump->chain)
		return -1;
	match_branch(tree, &below.common[below.next], below.next, jump);
	ssize_t chain = add_chain(tree, jump->chain);
	if (chain < 0)
		return -1;
	below.chain = (size_t)chain;
	return fill_chain(tree, below);
}

/* For each branch a jump in the part's chain; for a single rule the rule itself. */
static int add_branches(struct tree *tree, const struct part *part, const struct digit *digit)
{
	size_t ends[BRANCHES + 1], used = 0, begin = 0;
	gather(tree, part, ends);
	for (size_t b = 0; b < BRANCHES; b++) {
		if (ends[b] > begin)
			used++;
		begin = ends[b];
	}
	size_t at = tree->layout->chains[part->chain].count;
	if (!extend(tree, part->chain, used))
		return -1;
	begin = 0;
	for (size_t b = 0; b < BRANCHES; b++) {
		size_t count = ends[b] - begin;
		if (count == 0)
			continue;
		struct rule rule = *part->items[begin].rule;
		if (count > 1) {
			struct part below = *part;
			below.items += begin;
			below.count = count;
			if (add_branch(tree, below, digit, &rule) < 0)
				return -1;
		}
		tree->layout->chains[part->chain].rules[at++] = rule;
		begin = ends[b];
	}
	return 0;
}

static int fill_chain(struct tree *tree, struct part part)
{
	for (; part.next < DIMS && part.count > TREE_BUCKET; part.next++) {
		struct digit digit;
		size_t inside = choose_digit(tree, &part, &digit);
		if (inside && add_branches(tree, &part, &digit) < 0)
			return -1;
		part.items += inside; /* the wide ones are left */
		part.count -= inside;
	}
	if (part.count == 0)
		return 0;
	sort_items(part.items, part.count);
	struct rule *rules = extend(tree, part.chain, part.count);
	if (!rules)
		return -1;
	for (size_t i = 0; i < part.count; i++)
		rules[i] = *part.items[i].rule;
	return 0;
}

/* RETURN would lead from a branch to the wider rules behind it: such a group is not divided. */
static bool has_return(const struct tree_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++)
		if (rules->items[i].target == TARGET_RETURN)
			return true;
	return false;
}

int tree_build(struct layout *layout, const struct tree_rules *rules, struct err *err)
{
	struct tree tree = {.layout = layout, .rules = rules, .err = err};
	struct part all = {.next = has_return(rules) ? DIMS : DIM_INTERFACE, .count = rules->count};
	int result = -1;
	all.items = reallocarray(NULL, rules->count + 1, 2 * sizeof(*all.items));
	if (!all.items)
		return err_memory(err);
	tree.spare = all.items + rules->count;
	tree.original = group_infos[rules->group].table == TABLE_NAT && rules->count &&
			rules->items[0].orig_ports.first;
	for (size_t i = 0; i < rules->count; i++)
		all.items[i].rule = &rules->items[i];
	ssize_t root = add_chain(&tree, group_infos[rules->group].chain);
	if (root < 0)
		goto out;
	all.chain = (size_t)root;
	if (rules->first) {
		struct rule *first = extend(&tree, all.chain, 1);
		if (!first)
			goto out;
		*first = *rules->first;
	}
	result = fill_chain(&tree, all);
out:
	free(all.items);
	return result;
}
