/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules in the notation of iptables-save(8), for people to read and for iptables-restore(8). It
 * formats, and prints nothing.
 */
#ifndef PFWD_XTABLES_TEXT_H
#define PFWD_XTABLES_TEXT_H

#include "xtables/rule.h"

#define RULE_TEXT_MAX 1024

/* What follows "-A CHAIN ", without the chain: "-i eth0 -p tcp ... -j DNAT ...". */
void text_rule(enum family family, const struct rule *rule, char out[RULE_TEXT_MAX]);

#endif
