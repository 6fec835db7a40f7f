/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of chains, and the rules that are the same whatever the forwards are. */
#include <string.h>

#include "xtables/group.h"

const struct group_info group_infos[GROUPS] = {
	[GROUP_ADDR] = {"PFWD-ADDR", "PREROUTING", TABLE_NAT},
	[GROUP_MAIN] = {"PFWD", "PREROUTING", TABLE_NAT},
	[GROUP_HAIRPIN_ADDR] = {"PFWD-HAIRPIN-ADDR", "PREROUTING", TABLE_NAT},
	[GROUP_HAIRPIN] = {"PFWD-HAIRPIN", "PREROUTING", TABLE_NAT},
	[GROUP_LOCAL_ADDR] = {"PFWD-LOCAL-ADDR", "OUTPUT", TABLE_NAT},
	[GROUP_LOCAL] = {"PFWD-LOCAL", "OUTPUT", TABLE_NAT},
	[GROUP_POST_LOCAL] = {"PFWD-POST-LOCAL", "POSTROUTING", TABLE_NAT},
	[GROUP_POST] = {"PFWD-POST", "POSTROUTING", TABLE_NAT},
	[GROUP_POST_HAIRPIN] = {"PFWD-POST-HAIRPIN", "POSTROUTING", TABLE_NAT},
	[GROUP_FORWARD] = {"PFWD", "FORWARD", TABLE_FILTER},
	[GROUP_INPUT] = {"PFWD-INPUT", "INPUT", TABLE_FILTER},
	[GROUP_INPUT_SAME] = {"PFWD-INPUT-SAME", "INPUT", TABLE_FILTER},
	[GROUP_OUTPUT] = {"PFWD-OUTPUT", "OUTPUT", TABLE_FILTER},
	[GROUP_GUEST_FORWARD] = {"", "FORWARD", TABLE_FILTER},
	[GROUP_GUEST_INPUT] = {"", "INPUT", TABLE_FILTER},
	[GROUP_GUEST_OUTPUT] = {"", "OUTPUT", TABLE_FILTER},
};

const char *table_name(enum table table)
{
	static const char *const names[] = {[TABLE_NAT] = "nat",
					    [TABLE_FILTER] = "filter",
					    [TABLE_MANGLE] = "mangle",
					    [TABLE_RAW] = "raw",
					    [TABLE_SECURITY] = "security"};
	return names[table];
}

enum group group_of(enum table table, const char *chain)
{
	if (strncmp(chain, "PFWD", 4) != 0) /* most names, of thousands of rules of others */
		return GROUPS;
	size_t length = strcspn(chain, "/");
	for (int g = 0; g < GROUPS; g++)
		if (group_infos[g].table == table &&
		    strncmp(group_infos[g].chain, chain, length) == 0 &&
		    !group_infos[g].chain[length])
			return (enum group)g;
	return GROUPS;
}

enum group group_guest(enum group group)
{
	int guest = GROUP_GUEST_FORWARD;
	while (strcmp(group_infos[guest].base, group_infos[group].base) != 0)
		guest++;
	return (enum group)guest;
}

static struct network loopback(enum family family)
{
	struct network net = {.addr.family = family};
	if (family == FAMILY_IPV6) {
		net.addr.bytes[15] = 1; /* ::1/128 */
		net.prefix = 128;
	} else {
		net.addr.bytes[0] = 127; /* 127.0.0.0/8 */
		net.prefix = 8;
	}
	return net;
}

/* Packets to this host itself, but not to 127.0.0.1: that is LOCAL too, and nat PREROUTING comes
 * before the kernel drops such packets from outside (martians). */
static void match_this_host(enum family family, struct rule *rule)
{
	rule->dst = loopback(family);
	rule->flags |= RULE_NOT_DST | RULE_DST_LOCAL;
}

void group_jump(enum family family, enum group group, struct rule *out)
{
	memset(out, 0, sizeof(*out));
	out->target = TARGET_JUMP;
	out->chain = group_infos[group].chain;
	out->comment = GROUP_MARK;
	switch (group) {
	case GROUP_MAIN:
	case GROUP_LOCAL:
	case GROUP_INPUT_SAME:
		match_this_host(family, out);
		break;
	case GROUP_HAIRPIN:
		match_this_host(family, out);
		out->flags |= RULE_DST_ELSEWHERE;
		break;
	case GROUP_POST_LOCAL:
		out->flags |= RULE_STATE_DNAT | RULE_SRC_LOCAL;
		break;
	case GROUP_POST:
	case GROUP_POST_HAIRPIN:
	case GROUP_FORWARD:
	case GROUP_INPUT:
	case GROUP_OUTPUT:
		out->flags |= RULE_STATE_DNAT;
		break;
	case GROUP_GUEST_FORWARD:
	case GROUP_GUEST_INPUT:
	case GROUP_GUEST_OUTPUT:
		out->target = TARGET_ACCEPT;
		out->chain = NULL;
		out->flags |= RULE_MARKED;
		break;
	case GROUP_ADDR: /* their rules name the address */
	case GROUP_HAIRPIN_ADDR:
	case GROUP_LOCAL_ADDR:
	case GROUPS:
		break;
	}
}

bool group_first_rule(enum group group, struct rule *out)
{
	if (group != GROUP_FORWARD && group != GROUP_INPUT && group != GROUP_OUTPUT)
		return false;
	memset(out, 0, sizeof(*out));
	out->target = TARGET_ACCEPT;
	out->flags = RULE_STATE_ESTABLISHED;
	return true;
}
