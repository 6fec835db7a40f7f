/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Seeds for fuzz_decode: the entries of some forwards, as files in the folder given. */
#include <stdio.h>
#include <string.h>

#include "xtables/decode.h"
#include "xtables/encode.h"
#include "xtables/forward_rules.h"

static int write_seed(const char *folder, int number, int family, const struct rule *rule)
{
	static const unsigned char target_of[] = {0, 0, 1, 4, 2, 3, 6}; /* enum rule_target */
	char path[512];
	struct entry entry;
	snprintf(path, sizeof(path), "%s/entry-%d", folder, number);
	FILE *file = fopen(path, "w");
	if (!file)
		return -1;
	encode_rule(family ? FAMILY_IPV6 : FAMILY_IPV4, rule, &entry);
	putc(target_of[rule->target], file);
	putc(family, file);
	fwrite(entry.bytes, 1, entry.size, file);
	return fclose(file);
}

int main(int argc, char **argv)
{
	static const uint8_t protos[] = {PROTO_TCP, PROTO_UDP, PROTO_SCTP};
	int number = 0;
	for (int i = 0; argc == 2 && i < 24; i++) {
		struct forward_rule rules[FORWARD_RULES_MAX];
		char comment[SPEC_OPTIONS_MAX];
		struct err err;
		enum family family;
		int six = i % 2;
		struct forward f = {.family = six ? FAMILY_IPV6 : FAMILY_IPV4,
				    .proto = protos[i % 3],
				    .ports = {80, (uint16_t)(80 + i % 4)},
				    .target_ports = {90, (uint16_t)(90 + i % 4)},
				    .until = i & 4 ? 2000000000 : 0,
				    .masquerade = i & 8,
				    .hairpin = true,
				    .local = true,
				    .name = "seed"};
		address_parse(six ? "fd02::2" : "192.168.1.2", &f.target);
		network_parse(six ? "fd02::/64" : "192.168.1.0/24", &f.hairpin_net, &family);
		if (forward_check(&f, &err) < 0)
			return 1;
		size_t n = forward_rules_of(&f, rules, comment);
		for (size_t r = 0; r < n; r++)
			if (write_seed(argv[1], number++, six, &rules[r].rule) != 0)
				return 1;
	}
	return number ? 0 : 1;
}
