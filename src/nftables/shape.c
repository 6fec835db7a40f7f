/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A packet that may be translated goes through prerouting (or output, if a program of this host
 * sent it):
 *
 *     prerouting   forwards that name an address
 *                  -> local4, local6    forwards for any address of this host
 *                  what --hairpin adds to the former
 *                  -> hairpin4, hairpin6    what --hairpin adds to the latter
 *     output       what --local adds, in the same way (-> output4, output6)
 *     postrouting  source translation, by the label that the former chains left
 *
 * A rule looks its packet up in one bucket. If nothing is found, the next rule is tried.
 */
#include <arpa/inet.h>
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/rtnetlink.h>

#include "model/array.h"
#include "model/hash.h"
#include "model/backend.h"
#include "nftables/shape.h"
#include "syntax/time.h"

/* ---- keys ---- */

static unsigned int addr_bytes(enum family family)
{
	return address_bits(family) / 8;
}

static struct key_shape make_key(const bool has[KEY_FIELDS], enum family family)
{
	const uint8_t sizes[KEY_FIELDS] = {
		[KEY_IFNAME] = IFNAME_MAX,
		[KEY_ADDR] = (uint8_t)addr_bytes(family),
		[KEY_PORT] = 4, /* two bytes, and two of padding */
		[KEY_CLIENT] = (uint8_t)addr_bytes(family),
	};
	struct key_shape key = {.length = 0};
	for (int f = 0; f < KEY_FIELDS; f++) {
		key.has[f] = has[f];
		key.at[f] = key.length;
		if (has[f])
			key.length = (uint8_t)(key.length + sizes[f]);
	}
	return key;
}

struct key_shape shape_key(const struct bucket *b)
{
	const bool has[KEY_FIELDS] = {
		[KEY_IFNAME] = b->stem && b->form != FORM_CLIENTS && b->form != FORM_PORTS,
		[KEY_ADDR] = bucket_names_address(b) && b->form != FORM_CLIENTS,
		[KEY_PORT] = b->form != FORM_CLIENTS,
		/* always there in a key of ranges: with one field alone the kernel would keep the
		 * map in another way */
		[KEY_CLIENT] = b->form == FORM_INTERVAL || (b->prefix && b->form != FORM_PORTS),
	};
	return make_key(has, b->family);
}

struct key_shape shape_verdict_key(const struct bucket *b)
{
	const bool has[KEY_FIELDS] = {
		[KEY_IFNAME] = b->stem,
		[KEY_ADDR] = bucket_names_address(b),
		[KEY_PORT] = true,
	};
	return make_key(has, b->family);
}

uint8_t shape_data_length(const struct bucket *b)
{
	unsigned int addr = addr_bytes(b->family);
	switch (b->data) {
	case DATA_ENDPOINT:
		return (uint8_t)(addr + 4);
	case DATA_ADDR:
		return (uint8_t)addr;
	case DATA_PORT:
		return (uint8_t)(bucket_names_address(b) ? addr + 4 : 2);
	case DATA_NONE:
		break;
	}
	return 0;
}

/* ---- expressions ---- */

static void add_meta(struct nft_rule *rule, uint32_t key, uint8_t reg)
{
	struct expr *e = nft_rule_add(rule, EXPR_META);
	e->key = key;
	e->reg = reg;
}

/* What is compared is in the first register. */
static void add_cmp(struct nft_rule *rule, uint32_t op, const void *bytes, size_t length)
{
	struct expr *e = nft_rule_add(rule, EXPR_CMP);
	e->key = op;
	e->length = (uint8_t)length;
	memcpy(e->bytes, bytes, length);
}

struct header_field {
	uint32_t base;
	uint32_t offset;
	uint8_t length;
};

static void add_payload(struct nft_rule *rule, struct header_field field, uint8_t reg)
{
	struct expr *e = nft_rule_add(rule, EXPR_PAYLOAD);
	e->key = field.base;
	e->extra = field.offset;
	e->length = field.length;
	e->reg = reg;
}

/* Offsets in the headers of IP and IPv6 (RFC 791, RFC 8200). */
static const struct header_field source4 = {NFT_PAYLOAD_NETWORK_HEADER, 12, 4};
static const struct header_field source6 = {NFT_PAYLOAD_NETWORK_HEADER, 8, 16};
static const struct header_field destination4 = {NFT_PAYLOAD_NETWORK_HEADER, 16, 4};
static const struct header_field destination6 = {NFT_PAYLOAD_NETWORK_HEADER, 24, 16};
/* TCP, UDP and SCTP have it at the same place. */
static const struct header_field destination_port = {NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2};

static void add_source(struct nft_rule *rule, enum family family, uint8_t reg)
{
	add_payload(rule, family == FAMILY_IPV6 ? source6 : source4, reg);
}

static void add_destination(struct nft_rule *rule, enum family family, uint8_t reg)
{
	add_payload(rule, family == FAMILY_IPV6 ? destination6 : destination4, reg);
}

static void add_fib(struct nft_rule *rule, uint32_t flags, uint32_t op)
{
	const uint32_t local = RTN_LOCAL;
	struct expr *e = nft_rule_add(rule, EXPR_FIB);
	e->key = NFT_FIB_RESULT_ADDRTYPE;
	e->extra = flags;
	add_cmp(rule, op, &local, sizeof(local));
}

static void add_mask(struct nft_rule *rule, uint8_t reg, const void *mask, size_t length)
{
	struct expr *e = nft_rule_add(rule, EXPR_BITWISE);
	e->reg = reg;
	e->length = (uint8_t)length;
	memcpy(e->bytes, mask, length);
}

static void add_lookup(struct nft_rule *rule, const char *set, uint8_t reg, uint32_t kind)
{
	struct expr *e = nft_rule_add(rule, EXPR_LOOKUP);
	e->reg = reg;
	e->extra = kind;
	snprintf(rule->name, sizeof(rule->name), "%s", set);
}

static void add_verdict(struct nft_rule *rule, uint32_t code, const char *chain)
{
	nft_rule_add(rule, EXPR_VERDICT)->key = code;
	if (chain)
		snprintf(rule->name, sizeof(rule->name), "%s", chain);
}

/* The kernel keeps a label as machine words. */
static void set_label_bit(unsigned int bit, uint8_t bytes[16])
{
	unsigned long word = 1UL << bit % (8 * sizeof(word));
	memset(bytes, 0, 16);
	memcpy(bytes + bit / (8 * sizeof(word)) * sizeof(word), &word, sizeof(word));
}

#define LABEL_REG 8 /* behind whatever a lookup finds */

static void add_label(struct nft_rule *rule, unsigned int bit)
{
	struct expr *e = nft_rule_add(rule, EXPR_IMMEDIATE);
	e->reg = LABEL_REG;
	e->length = 16;
	set_label_bit(bit, e->bytes);
	e = nft_rule_add(rule, EXPR_CT_SET);
	e->key = NFT_CT_LABELS;
	e->reg = LABEL_REG;
}

static void match_label(struct nft_rule *rule, unsigned int bit)
{
	static const uint8_t none[16];
	uint8_t mask[16];
	nft_rule_add(rule, EXPR_CT)->key = NFT_CT_LABELS;
	set_label_bit(bit, mask);
	add_mask(rule, 0, mask, sizeof(mask));
	add_cmp(rule, NFT_CMP_NEQ, none, sizeof(none));
}

static void match_translated(struct nft_rule *rule)
{
	static const uint32_t none;
	const uint32_t status = 1U << 5; /* IPS_DST_NAT of nf_conntrack_common.h */
	nft_rule_add(rule, EXPR_CT)->key = NFT_CT_STATUS;
	add_mask(rule, 0, &status, sizeof(status));
	add_cmp(rule, NFT_CMP_NEQ, &none, sizeof(none));
}

static void match_family(struct nft_rule *rule, enum family family)
{
	const uint8_t nfproto = family == FAMILY_IPV6 ? NFPROTO_IPV6 : NFPROTO_IPV4;
	add_meta(rule, NFT_META_NFPROTO, 0);
	add_cmp(rule, NFT_CMP_EQ, &nfproto, 1);
}

static void match_proto(struct nft_rule *rule, enum proto proto)
{
	const uint8_t number = proto;
	add_meta(rule, NFT_META_L4PROTO, 0);
	add_cmp(rule, NFT_CMP_EQ, &number, 1);
}

/* The clock is that of UTC. */
static void match_time(struct nft_rule *rule, int64_t until)
{
	const uint64_t end = htobe64((uint64_t)until * 1000000000U);
	add_meta(rule, NFT_META_TIME_NS, 0);
	nft_rule_add(rule, EXPR_BYTEORDER)->length = 8;
	add_cmp(rule, NFT_CMP_LT, &end, sizeof(end));
}

static void match_interface(struct nft_rule *rule, uint32_t op, const char *ifname)
{
	char name[IFNAME_MAX] = "";
	size_t n = strlen(ifname);
	bool open = ifname[n - 1] == '+';
	memcpy(name, ifname, open ? n - 1 : n);
	add_meta(rule, NFT_META_IIFNAME, 0);
	add_cmp(rule, op, name, open ? n - 1 : sizeof(name));
}

static void match_chunk(struct nft_rule *rule, uint8_t chunk)
{
	const uint16_t first = htons((uint16_t)(chunk * BUCKET_CHUNK));
	const uint16_t last = htons((uint16_t)(chunk * BUCKET_CHUNK + BUCKET_CHUNK - 1));
	add_payload(rule, destination_port, 0);
	add_cmp(rule, NFT_CMP_GTE, &first, sizeof(first));
	add_cmp(rule, NFT_CMP_LTE, &last, sizeof(last));
}

static void load_key(struct nft_rule *rule, const struct key_shape *key, enum family family)
{
	if (key->has[KEY_IFNAME])
		add_meta(rule, NFT_META_IIFNAME, key->at[KEY_IFNAME] / 4);
	if (key->has[KEY_ADDR])
		add_destination(rule, family, key->at[KEY_ADDR] / 4);
	if (key->has[KEY_PORT])
		add_payload(rule, destination_port, key->at[KEY_PORT] / 4);
	if (key->has[KEY_CLIENT])
		add_source(rule, family, key->at[KEY_CLIENT] / 4);
}

/* Of the source, which is loaded, only the network remains. */
static void mask_source(struct nft_rule *rule, enum family family, uint8_t prefix)
{
	uint8_t ones[16], mask[16] = {0};
	unsigned int bits = address_bits(family);
	if (prefix == bits)
		return;
	memset(ones, 0xff, sizeof(ones));
	memcpy(mask, ones, prefix / 8);
	if (prefix % 8)
		mask[prefix / 8] = (uint8_t)(0xff00U >> prefix % 8);
	add_mask(rule, 0, mask, bits / 8);
}

static void match_source(struct nft_rule *rule, const struct address *addr, uint8_t prefix)
{
	add_source(rule, addr->family, 0);
	mask_source(rule, addr->family, prefix);
	add_cmp(rule, NFT_CMP_EQ, addr->bytes, address_bits(addr->family) / 8);
}

static void translate(struct nft_rule *rule, const struct bucket *b)
{
	const uint8_t self_reg = 4; /* behind the port that was found */
	/* an address that the forward names stands in the element */
	bool stays = b->data == DATA_PORT && !bucket_names_address(b);
	struct expr *e;
	if (stays)
		add_destination(rule, b->family, self_reg);
	e = nft_rule_add(rule, EXPR_NAT);
	e->key = NFT_NAT_DNAT;
	e->extra = b->family == FAMILY_IPV6 ? NFPROTO_IPV6 : NFPROTO_IPV4;
	e->has_addr = true;
	e->reg = stays ? self_reg : 0;
	e->has_port = b->data != DATA_ADDR;
	if (e->has_port && !stays)
		e->data_reg = (uint8_t)(addr_bytes(b->family) / 4);
}

/* ---- source translation ---- */

struct sources { /* a pair of label bits for each address that a source may become */
	struct address addrs[LABEL_SNAT_PAIRS]; /* by pair; none: free */
	size_t count;
	bool masquerade;
};

static size_t hash_address(const struct address *addr)
{
	return (size_t)(hash_bytes(0, addr, sizeof(*addr)) % LABEL_SNAT_PAIRS);
}

/* Its own place, or the next free one: so that it mostly does not depend on the others. */
static int note_source(struct sources *sources, const struct address *addr, struct err *err)
{
	size_t at = hash_address(addr);
	while (address_is_set(&sources->addrs[at]) && !address_equal(&sources->addrs[at], addr))
		at = (at + 1) % LABEL_SNAT_PAIRS;
	if (address_is_set(&sources->addrs[at]))
		return 0;
	if (sources->count + 1 == LABEL_SNAT_PAIRS)
		return err_set(
			err, ERR_FAILED,
			"more than %d different --snat addresses; nf_tables can tell so many "
			"apart",
			LABEL_SNAT_PAIRS - 1);
	sources->addrs[at] = *addr;
	sources->count++;
	return 0;
}

static void pair_bits(size_t pair, unsigned int bits[2])
{
	unsigned int first = 0, left = LABEL_SNAT_BITS - 1;
	while (pair >= left) {
		pair -= left--;
		first++;
	}
	bits[0] = LABEL_SNAT_FIRST + first;
	bits[1] = LABEL_SNAT_FIRST + first + 1 + (unsigned int)pair;
}

static size_t find_source(const struct sources *sources, const struct address *addr)
{
	size_t at = hash_address(addr);
	while (!address_equal(&sources->addrs[at], addr))
		at = (at + 1) % LABEL_SNAT_PAIRS;
	return at;
}

/* ---- building ---- */

struct builder {
	struct shape *shape;
	struct sources sources;
	struct err *err;
};

static struct nft_rule *add_rule(struct shape_chain *chain, const char *comment, struct err *err)
{
	void *rules = chain->rules;
	struct nft_rule *rule = array_append(&rules, &chain->count, sizeof(*rule));
	chain->rules = rules;
	if (!rule)
		err_memory(err);
	else
		snprintf(rule->comment, sizeof(rule->comment), "%s", comment);
	return rule;
}

static size_t find_chain(struct builder *b, const char *name)
{
	size_t i = 0;
	while (i < b->shape->chain_count && strcmp(b->shape->chains[i].name, name) != 0)
		i++;
	return i;
}

/* The index of the chain of that name, which is made if it is not there; -1: out of memory. */
static ssize_t get_chain(struct builder *b, const char *name)
{
	size_t at = find_chain(b, name);
	if (at < b->shape->chain_count)
		return (ssize_t)at;
	void *chains = b->shape->chains;
	struct shape_chain *chain = array_append(&chains, &b->shape->chain_count, sizeof(*chain));
	b->shape->chains = chains;
	if (!chain)
		return err_memory(b->err);
	snprintf(chain->name, sizeof(chain->name), "%s", name);
	return (ssize_t)at;
}

static const struct base {
	const char *name;
	uint32_t hook;
	int32_t priority;
} bases[] = {
	/* before the chains of iptables and of others (dstnat, srcnat): the first translation that
	 * is set up counts */
	{"prerouting", NF_INET_PRE_ROUTING, -101},
	{"output", NF_INET_LOCAL_OUT, -101},
	{"postrouting", NF_INET_POST_ROUTING, 99},
};

static ssize_t get_base(struct builder *b, uint32_t hook)
{
	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
		if (bases[i].hook != hook)
			continue;
		ssize_t at = get_chain(b, bases[i].name);
		if (at >= 0) {
			struct shape_chain *chain = &b->shape->chains[at];
			chain->base = true;
			chain->hook = hook;
			chain->priority = bases[i].priority;
		}
		return at;
	}
	return -1;
}

#define HERE_COMMENT "sent to an address of this host"

/* 127.0.0.1 and ::1 are addresses of this host too, and prerouting comes before the kernel's check
 * for packets that come in with them. */
static int jump_if_local(struct builder *b, ssize_t base, const char *chain, enum family family)
{
	static const uint8_t loopback4[1] = {127}, loopback6[16] = {[15] = 1};
	struct nft_rule *rule = add_rule(&b->shape->chains[base], HERE_COMMENT, b->err);
	if (!rule)
		return -1;
	match_family(rule, family);
	if (family == FAMILY_IPV6) {
		add_destination(rule, family, 0);
		add_cmp(rule, NFT_CMP_NEQ, loopback6, sizeof(loopback6));
	} else {
		const struct header_field first_byte = {NFT_PAYLOAD_NETWORK_HEADER, 16, 1};
		add_payload(rule, first_byte, 0);
		add_cmp(rule, NFT_CMP_NEQ, loopback4, sizeof(loopback4));
	}
	add_fib(rule, NFTA_FIB_F_DADDR, NFT_CMP_EQ);
	add_verdict(rule, (uint32_t)NFT_JUMP, chain);
	return 0;
}

/* The chain in which the rule of the bucket stands. */
static ssize_t chain_of(struct builder *b, const struct bucket *bucket)
{
	static const char *const stems[BUCKET_GROUPS] = {
		[BUCKET_MAIN] = "local", [BUCKET_HAIRPIN] = "hairpin", [BUCKET_LOCAL] = "output"};
	bool local = bucket->group == BUCKET_LOCAL || bucket->group == BUCKET_LOCAL_ADDR;
	char name[16];
	ssize_t base = get_base(b, local ? NF_INET_LOCAL_OUT : NF_INET_PRE_ROUTING);
	if (base < 0 || !stems[bucket->group])
		return base;
	snprintf(name, sizeof(name), "%s%d", stems[bucket->group], bucket->family);
	size_t at = find_chain(b, name);
	if (at < b->shape->chain_count)
		return (ssize_t)at;
	if (get_chain(b, name) < 0 || jump_if_local(b, base, name, bucket->family) < 0)
		return -1;
	return (ssize_t)at;
}

static struct shape_set *add_set(struct builder *b, const char *name)
{
	void *sets = b->shape->sets;
	struct shape_set *set = array_append(&sets, &b->shape->set_count, sizeof(*set));
	b->shape->sets = sets;
	if (!set)
		err_memory(b->err);
	else
		snprintf(set->name, sizeof(set->name), "%s", name);
	return set;
}

/* The SPEC leads from the chain of its group to a chain of its own. Returns the latter. */
static ssize_t clients_chain(struct builder *b, const struct bucket *bucket)
{
	char chain[BUCKET_NAME_MAX], map[BUCKET_NAME_MAX];
	struct key_shape key = shape_verdict_key(bucket);
	bucket_clients_chain(bucket, chain);
	bucket_clients_map(bucket, map);
	size_t there = find_chain(b, chain), set = 0;
	if (there < b->shape->chain_count)
		return (ssize_t)there;
	ssize_t outer = chain_of(b, bucket), inner = get_chain(b, chain);
	if (outer < 0 || inner < 0)
		return -1;
	while (set < b->shape->set_count && strcmp(b->shape->sets[set].name, map) != 0)
		set++;
	if (set == b->shape->set_count) {
		struct shape_set *added = add_set(b, map);
		struct nft_rule *rule =
			added ? add_rule(&b->shape->chains[outer], "", b->err) : NULL;
		if (!rule)
			return -1;
		added->verdicts = true;
		added->bucket = *bucket;
		if (b->shape->chains[outer].base || key.has[KEY_ADDR])
			match_family(rule, bucket->family);
		match_proto(rule, bucket->proto);
		load_key(rule, &key, bucket->family);
		add_lookup(rule, map, 0, LOOKUP_VERDICTS);
	}
	void *jumps = b->shape->jumps;
	struct shape_jump *jump = array_append(&jumps, &b->shape->jump_count, sizeof(*jump));
	b->shape->jumps = jumps;
	if (!jump)
		return err_memory(b->err);
	*jump = (struct shape_jump){set, *bucket};
	return inner;
}

static void fill_rule(struct builder *b, const struct bucket *bucket, bool base,
		      struct nft_rule *rule)
{
	char name[BUCKET_NAME_MAX];
	struct key_shape key = shape_key(bucket);
	bool hairpin = bucket->group == BUCKET_HAIRPIN || bucket->group == BUCKET_HAIRPIN_ADDR;
	bool inside = network_is_set(&bucket->inside);
	bucket_name(bucket, name);
	/* nft(8) does not know what an address is unless the rule says the family */
	if (base || key.has[KEY_ADDR] || key.has[KEY_CLIENT] || bucket->data == DATA_PORT ||
	    bucket->form == FORM_PORTS || inside)
		match_family(rule, bucket->family);
	if (bucket->until)
		match_time(rule, bucket->until);
	match_proto(rule, bucket->proto);
	if (*bucket->not_in)
		match_interface(rule, NFT_CMP_NEQ, bucket->not_in);
	/* clients reach their own gateway's address directly: another one is meant */
	if (bucket->group == BUCKET_HAIRPIN)
		add_fib(rule, NFTA_FIB_F_DADDR | NFTA_FIB_F_IIF, NFT_CMP_NEQ);
	if (bucket->form == FORM_PORTS && *bucket->ifname)
		match_interface(rule, NFT_CMP_EQ, bucket->ifname);
	if (bucket->form == FORM_PORTS && bucket->prefix)
		match_source(rule, &bucket->clients, bucket->prefix);
	if (inside)
		match_source(rule, &bucket->inside.addr, bucket->inside.prefix);
	if (bucket_has_chunks(bucket))
		match_chunk(rule, bucket->chunk);
	load_key(rule, &key, bucket->family);
	if (bucket->form == FORM_CLIENTS)
		mask_source(rule, bucket->family, bucket->prefix);
	add_lookup(rule, name, 0, bucket->data == DATA_NONE ? LOOKUP_SET : LOOKUP_MAP);
	if (bucket->data == DATA_NONE) {
		nft_rule_add(rule, EXPR_VERDICT)->key = NF_ACCEPT;
		return;
	}
	/* behind the lookup: what is not found gets no label */
	add_label(rule, LABEL_FORWARD);
	if (hairpin || inside || bucket->masquerade)
		add_label(rule, LABEL_MASQUERADE);
	if (address_is_set(&bucket->snat) && !hairpin) {
		unsigned int bits[2];
		pair_bits(find_source(&b->sources, &bucket->snat), bits);
		add_label(rule, bits[0]);
		add_label(rule, bits[1]);
	}
	translate(rule, bucket);
}

static int add_bucket(struct builder *b, const struct bucket *bucket)
{
	char name[BUCKET_NAME_MAX], comment[RULE_COMMENT_MAX] = "";
	ssize_t chain =
		bucket->form == FORM_CLIENTS ? clients_chain(b, bucket) : chain_of(b, bucket);
	if (chain < 0)
		return -1;
	bucket_name(bucket, name);
	struct shape_set *set = add_set(b, name);
	if (!set)
		return -1;
	set->bucket = *bucket;
	if (bucket->until) {
		char time[TIME_TEXT_MAX];
		time_format(bucket->until, time);
		snprintf(comment, sizeof(comment), "--until %s", time);
	}
	struct nft_rule *rule = add_rule(&b->shape->chains[chain], comment, b->err);
	if (!rule)
		return -1;
	fill_rule(b, bucket, b->shape->chains[chain].base, rule);
	return 0;
}

static int note_sources(struct builder *b, const struct bucket *buckets, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct bucket *bucket = &buckets[i];
		bool hairpin =
			bucket->group == BUCKET_HAIRPIN || bucket->group == BUCKET_HAIRPIN_ADDR;
		if (hairpin || network_is_set(&bucket->inside) || bucket->masquerade)
			b->sources.masquerade = true;
		else if (address_is_set(&bucket->snat) &&
			 note_source(&b->sources, &bucket->snat, b->err) < 0)
			return -1;
	}
	return 0;
}

#define MASQUERADE_COMMENT "--masquerade"
#define SNAT_COMMENT "--snat"

static int add_source_rules(struct builder *b)
{
	if (!b->sources.masquerade && b->sources.count == 0)
		return 0;
	ssize_t post = get_base(b, NF_INET_POST_ROUTING);
	if (post < 0)
		return -1;
	if (b->sources.masquerade) {
		struct nft_rule *rule =
			add_rule(&b->shape->chains[post], MASQUERADE_COMMENT, b->err);
		if (!rule)
			return -1;
		match_translated(rule);
		match_label(rule, LABEL_MASQUERADE);
		nft_rule_add(rule, EXPR_MASQUERADE);
	}
	for (size_t p = 0; p < LABEL_SNAT_PAIRS; p++) {
		const struct address *addr = &b->sources.addrs[p];
		unsigned int bits[2];
		if (!address_is_set(addr))
			continue;
		struct nft_rule *rule = add_rule(&b->shape->chains[post], SNAT_COMMENT, b->err);
		if (!rule)
			return -1;
		pair_bits(p, bits);
		match_translated(rule);
		match_label(rule, bits[0]);
		match_label(rule, bits[1]);
		struct expr *e = nft_rule_add(rule, EXPR_IMMEDIATE);
		e->length = (uint8_t)addr_bytes(addr->family);
		memcpy(e->bytes, addr->bytes, e->length);
		e = nft_rule_add(rule, EXPR_NAT);
		e->key = NFT_NAT_SNAT;
		e->extra = addr->family == FAMILY_IPV6 ? NFPROTO_IPV6 : NFPROTO_IPV4;
		e->has_addr = true;
	}
	return 0;
}

int shape_build(const struct bucket *buckets, size_t count, struct shape *out, struct err *err)
{
	struct builder b = {.shape = out, .err = err};
	*out = (struct shape){0};
	int result = note_sources(&b, buckets, count);
	for (size_t i = 0; result == 0 && i < count; i++)
		result = add_bucket(&b, &buckets[i]);
	if (result == 0)
		result = add_source_rules(&b);
	if (result < 0)
		shape_free(out);
	return result;
}

/* ---- guests in others' chains ---- */

static const struct {
	uint32_t hook;
	const char *tag, *untag;
} guest_chains[SHAPE_GUESTS_MAX] = {
	{NF_INET_LOCAL_IN, "tag-input", "untag-input"},
	{NF_INET_FORWARD, "tag-forward", "untag-forward"},
	{NF_INET_LOCAL_OUT, "tag-output", "untag-output"},
	{NF_INET_POST_ROUTING, "tag-postrouting", "untag-postrouting"},
};

#define TAG_COMMENT "of a forward"

static void change_mark(struct nft_rule *rule, uint32_t keep, uint32_t set)
{
	add_meta(rule, NFT_META_MARK, 0);
	add_mask(rule, 0, &keep, sizeof(keep));
	memcpy(rule->exprs[rule->count - 1].flip, &set, sizeof(set));
	nft_rule_add(rule, EXPR_META_SET)->key = NFT_META_MARK;
}

static void match_mark(struct nft_rule *rule, uint32_t value)
{
	const uint32_t mask = GUEST_MARK;
	add_meta(rule, NFT_META_MARK, 0);
	add_mask(rule, 0, &mask, sizeof(mask));
	add_cmp(rule, NFT_CMP_EQ, &value, sizeof(value));
}

static int add_tag(struct builder *b, const char *name, const struct shape_guest *guest, bool tags)
{
	ssize_t at = get_chain(b, name);
	struct nft_rule *rule =
		at >= 0 ? add_rule(&b->shape->chains[at], TAG_COMMENT, b->err) : NULL;
	if (!rule)
		return -1;
	struct shape_chain *chain = &b->shape->chains[at];
	chain->base = chain->filter = true;
	chain->hook = guest->hook;
	chain->priority = tags ? guest->lowest - 1 : guest->highest + 1;
	/* a port of this host that goes to itself is not translated, and only labelled */
	if (guest->hook == NF_INET_FORWARD || guest->hook == NF_INET_POST_ROUTING)
		match_translated(rule);
	match_label(rule, LABEL_FORWARD);
	/* a packet that has some of the bits already stays as it is: shut, not open */
	if (tags)
		match_mark(rule, 0);
	change_mark(rule, ~GUEST_MARK, tags ? GUEST_MARK : 0);
	return 0;
}

int shape_add_guests(struct shape *shape, const struct shape_guest *guests, size_t count,
		     struct err *err)
{
	struct builder b = {.shape = shape, .err = err};
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < SHAPE_GUESTS_MAX; k++)
			if (guest_chains[k].hook == guests[i].hook &&
			    (add_tag(&b, guest_chains[k].tag, &guests[i], true) < 0 ||
			     add_tag(&b, guest_chains[k].untag, &guests[i], false) < 0))
				return -1;
	return 0;
}

bool shape_marks(const struct shape_chain *chain, uint32_t hook)
{
	for (size_t i = 0; i < SHAPE_GUESTS_MAX; i++)
		if (guest_chains[i].hook == hook &&
		    (strcmp(chain->name, guest_chains[i].tag) == 0 ||
		     strcmp(chain->name, guest_chains[i].untag) == 0))
			return true;
	return false;
}

void shape_guest_rule(struct nft_rule *out)
{
	*out = (struct nft_rule){.comment = GUEST_COMMENT};
	match_mark(out, GUEST_MARK);
	nft_rule_add(out, EXPR_COUNTER);
	nft_rule_add(out, EXPR_VERDICT)->key = NF_ACCEPT;
}

const struct shape_chain *shape_find_chain(const struct shape *shape, const char *name)
{
	for (size_t i = 0; i < shape->chain_count; i++)
		if (strcmp(shape->chains[i].name, name) == 0)
			return &shape->chains[i];
	return NULL;
}

void shape_free(struct shape *shape)
{
	for (size_t i = 0; i < shape->chain_count; i++)
		free(shape->chains[i].rules);
	free(shape->chains);
	free(shape->sets);
	free(shape->jumps);
	*shape = (struct shape){0};
}

/* ---- whose it is ---- */

bool shape_knows_chain(const char *name)
{
	static const char *const names[] = {"local4",   "local6",  "hairpin4",
					    "hairpin6", "output4", "output6"};
	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++)
		if (strcmp(name, bases[i].name) == 0)
			return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	for (size_t i = 0; i < SHAPE_GUESTS_MAX; i++)
		if (strcmp(name, guest_chains[i].tag) == 0 ||
		    strcmp(name, guest_chains[i].untag) == 0)
			return true;
	return strstr(name, "-clients-") != NULL;
}

static bool knows_map_of_clients(const char *name)
{
	size_t n = strlen(name);
	return n > 8 && strcmp(name + n - 8, "-clients") == 0;
}

bool shape_knows_rule(const struct nft_rule *rule)
{
	static const char *const comments[] = {HERE_COMMENT, MASQUERADE_COMMENT, SNAT_COMMENT,
					       TAG_COMMENT};
	struct bucket bucket;
	for (size_t i = 0; i < sizeof(comments) / sizeof(comments[0]); i++)
		if (strcmp(rule->comment, comments[i]) == 0)
			return true;
	return *rule->name &&
	       (bucket_read_name(rule->name, &bucket) || knows_map_of_clients(rule->name));
}
