/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Seeded random forwards, the same in every run. */
#ifndef PFWD_TESTS_CHANCE_H
#define PFWD_TESTS_CHANCE_H

#include <string.h>

#include "model/forwards.h"

static uint64_t chance_state = 0x9e3779b97f4a7c15U;

/* From 0 to n - 1 (xorshift64). */
static inline unsigned int chance(unsigned int n)
{
	chance_state ^= chance_state << 13;
	chance_state ^= chance_state >> 7;
	chance_state ^= chance_state << 17;
	return (unsigned int)(chance_state >> 33) % n;
}

static inline struct address chance_address(enum family family)
{
	struct address a = {.family = (uint8_t)family};
	if (family == FAMILY_IPV6) {
		a.bytes[0] = 0xfd;
		a.bytes[15] = (uint8_t)(1 + chance(8));
	} else {
		a.bytes[0] = 10;
		a.bytes[2] = (uint8_t)chance(4);
		a.bytes[3] = (uint8_t)(1 + chance(8));
	}
	return a;
}

static inline struct network chance_network(enum family family)
{
	struct address a = chance_address(family);
	return network_of(&a, 8 + chance(address_bits(family) - 7));
}

static inline struct ports chance_ports(void)
{
	uint16_t first = (uint16_t)(1 + chance(chance(2) ? 40 : 65000));
	return (struct ports){first, (uint16_t)(first + (chance(2) ? 0 : chance(20)))};
}

static inline void chance_options(struct forward *f, enum family family)
{
	f->hairpin = chance(5) == 0;
	if (f->hairpin)
		f->hairpin_net = chance_network(family);
	f->masquerade = chance(6) == 0;
	if (!f->masquerade && chance(6) == 0)
		f->snat = chance_address(family);
}

/* One that forward_check takes. */
static inline struct forward chance_forward(void)
{
	static const char *const names[] = {"", "eth0", "eth1", "eth+", "ppp+", "a-very-long.nam"};
	static const uint8_t protos[] = {PROTO_TCP, PROTO_UDP, PROTO_SCTP};
	for (;;) {
		enum family family = chance(2) ? FAMILY_IPV4 : FAMILY_IPV6;
		struct forward f = {.family = (uint8_t)family, .proto = protos[chance(3)]};
		struct err err;
		strcpy(f.ifname, names[chance(6)]);
		f.ports = chance_ports();
		f.target_ports = f.ports;
		if (chance(3)) {
			f.target_ports.first = (uint16_t)(1 + chance(60000));
			f.target_ports.last =
				(uint16_t)(f.target_ports.first +
					   (chance(2) ? f.ports.last - f.ports.first : 0));
		}
		if (chance(4))
			f.target = chance_address(family);
		if (chance(3) == 0)
			f.addr = chance_address(family);
		if (chance(3) == 0)
			f.from = chance_network(family);
		if (!forward_to_self(&f))
			chance_options(&f, family);
		f.local = chance(4) == 0;
		if (chance(4) == 0)
			strcpy(f.name, chance(2) ? "web" : "a.b_c-D9");
		if (chance(4) == 0)
			f.until = 1 + chance(2000000000);
		if (forward_check(&f, &err) == 0)
			return f;
	}
}

#endif
