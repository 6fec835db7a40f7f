/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Seeded random forwards: crowded ones, which often overlap, and wide ones of all that there is. */
#ifndef PFWD_TESTS_RANDOM_FORWARD_H
#define PFWD_TESTS_RANDOM_FORWARD_H

#include <string.h>

#include "model/forwards.h"

enum spread {
	CROWDED,
	WIDE,
};

struct dice {
	uint64_t state; /* not 0 */
	enum spread spread;
};

/* From 0 to n - 1 (xorshift64*, Vigna 2016). */
static inline unsigned int roll(struct dice *dice, unsigned int n)
{
	dice->state ^= dice->state >> 12;
	dice->state ^= dice->state << 25;
	dice->state ^= dice->state >> 27;
	return (unsigned int)((dice->state * 0x2545f4914f6cdd1dU) >> 33) % n;
}

/* Once in n. */
static inline bool once_in(struct dice *dice, unsigned int n)
{
	return roll(dice, n) == 0;
}

static inline struct address random_address(struct dice *dice, enum family family)
{
	struct address a = {.family = family};
	size_t size = address_bits(family) / 8;
	for (size_t i = 0; i < size && dice->spread == WIDE; i++)
		a.bytes[i] = once_in(dice, 3) ? 0 : (uint8_t)roll(dice, 256);
	if (dice->spread == CROWDED) {
		a.bytes[0] = family == FAMILY_IPV6 ? 0xfd : 10;
		a.bytes[1] = (uint8_t)roll(dice, 2);
		a.bytes[size - 1] = (uint8_t)(1 + roll(dice, 4));
	}
	return a;
}

static inline struct network random_network(struct dice *dice, enum family family)
{
	struct address a = random_address(dice, family);
	unsigned int bits = address_bits(family);
	return network_of(&a, dice->spread == WIDE ? 1 + roll(dice, bits)
						   : 8 + 8 * roll(dice, bits / 8));
}

static inline struct ports random_ports(struct dice *dice)
{
	unsigned int most = dice->spread == WIDE ? UINT16_MAX : 30;
	unsigned int first = 1 + roll(dice, most), last = first;
	if (once_in(dice, 2))
		last = first + roll(dice, most - first + 1);
	return (struct ports){(uint16_t)first, (uint16_t)last};
}

static inline void random_text(struct dice *dice, const char *letters, char *out, size_t most)
{
	size_t n = 1 + roll(dice, (unsigned int)most);
	for (size_t i = 0; i < n; i++)
		out[i] = letters[roll(dice, (unsigned int)strlen(letters))];
}

static inline void random_ifname(struct dice *dice, char out[IFNAME_MAX])
{
	static const char *const names[] = {"eth0", "eth1", "eth+", "eth1+", "ppp+", "ppp0", "wg0"};
	if (once_in(dice, 3))
		return;
	if (dice->spread == CROWDED) {
		strcpy(out, names[roll(dice, 7)]);
		return;
	}
	out[0] = 'e'; /* no digit, no - and no #, which would begin something else */
	random_text(dice, "abcxyzABCXYZ0189.-_=,+;!?~^%", out + 1, IFNAME_MAX - 2);
}

static inline struct ports random_target_ports(struct dice *dice, struct ports ports)
{
	unsigned int more = (unsigned int)(ports.last - ports.first);
	if (once_in(dice, 3))
		return ports;
	unsigned int first = 1 + roll(dice, dice->spread == WIDE ? UINT16_MAX - more : 20);
	return (struct ports){(uint16_t)first, (uint16_t)(once_in(dice, 2) ? first : first + more)};
}

/* One mostly; some lists are too long for a comment. */
static inline const struct networks *random_networks(struct dice *dice, enum family family)
{
	struct network networks[NETWORKS_MAX];
	size_t count = once_in(dice, 3) ? 1 + roll(dice, once_in(dice, 4) ? NETWORKS_MAX : 3) : 1;
	for (size_t i = 0; i < count; i++)
		networks[i] = random_network(dice, family);
	return networks_of(networks, count);
}

static inline void random_sources(struct dice *dice, enum family family, struct forward *f)
{
	f->hairpin = once_in(dice, 4);
	if (f->hairpin)
		f->hairpin_nets = random_networks(dice, family);
	f->masquerade = once_in(dice, 4);
	if (!f->masquerade && once_in(dice, 4))
		f->snat = random_address(dice, family);
}

static inline void random_labels(struct dice *dice, struct forward *f)
{
	static const char letters[] = "abcxyzABCXYZ0189._-";
	if (once_in(dice, 3))
		random_text(dice, letters, f->name, dice->spread == WIDE ? NAME_MAX_LENGTH : 2);
	if (f->name[0] == '-')
		f->name[0] = 'a';
	if (once_in(dice, 4))
		f->until = 1 + (int64_t)roll(dice, FORWARD_UNTIL_MAX);
	f->local = once_in(dice, 4);
}

static inline struct forward random_candidate(struct dice *dice, enum family family)
{
	static const enum proto protos[] = {PROTO_TCP, PROTO_TCP, PROTO_UDP, PROTO_SCTP};
	struct forward f = {.family = family, .proto = protos[roll(dice, 4)]};
	f.ports = random_ports(dice);
	f.target_ports = random_target_ports(dice, f.ports);
	random_ifname(dice, f.ifname);
	if (once_in(dice, 3))
		f.addr = random_address(dice, family);
	if (once_in(dice, 3))
		f.from = random_network(dice, family);
	f.except = once_in(dice, 8);
	if (f.except) {
		f.target_ports = f.ports;
		f.hairpin = once_in(dice, 4);
		if (f.hairpin)
			f.hairpin_nets = random_networks(dice, family);
	} else if (!once_in(dice, 4)) {
		f.target = random_address(dice, family);
		random_sources(dice, family, &f);
	}
	random_labels(dice, &f);
	return f;
}

/* One of that family (none: either) that forward_check takes. */
static inline struct forward random_forward(struct dice *dice, enum family family)
{
	for (;;) {
		enum family either = once_in(dice, 2) ? FAMILY_IPV4 : FAMILY_IPV6;
		struct forward f = random_candidate(dice, family ? family : either);
		struct err ignored;
		if (forward_check(&f, &ignored) == 0)
			return f;
	}
}

/* Put f into the sorted set in place of what is in conflict with it. 0, or -1. */
static inline int insert_one(struct forwards *set, const struct forward *f)
{
	struct forward copy = *f;
	struct err ignored;
	return forwards_insert(set, &(struct forwards){.items = &copy, .count = 1}, &ignored);
}

/* The first of the set that f cannot be added beside, or NULL. */
static inline const struct forward *in_the_way(const struct forwards *set, const struct forward *f,
					       int64_t now)
{
	struct forward copy = *f;
	struct forwards_clash clash;
	struct err ignored;
	forwards_in_the_way(set, &(struct forwards){.items = &copy, .count = 1}, now, &clash,
			    &ignored);
	return clash.present;
}

/* Add f unless another one is in its way; whether it was added. */
static inline bool add_if_free(struct forwards *set, const struct forward *f, int64_t now)
{
	return !in_the_way(set, f, now) && insert_one(set, f) == 0;
}

#endif
