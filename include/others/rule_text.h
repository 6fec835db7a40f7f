/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules as iptables-save(8), `iptables -S` and `nft list ruleset` print them, read into values. It
 * opens no file, and knows of rules only what translates packets, lets them in or drops them.
 */
#ifndef PFWD_OTHERS_RULE_TEXT_H
#define PFWD_OTHERS_RULE_TEXT_H

#include "model/text.h"
#include "others/chains.h"
#include "syntax/spec.h"

struct rule_text {                /* a zeroed one is empty */
	struct other_rules rules; /* by hook, priority, and the order of the text */
	struct chain_drops drops;
};

/*
 * What is not understood of a rule makes its values inexact, and is in their beyond. A family that
 * an iptables text does not tell is IPv4. 0, or -1: ERR_INPUT, the text is of neither kind or too
 * large; out of memory. On failure *out is empty.
 */
int rule_text_parse(struct text text, const struct spec_host *host, struct rule_text *out,
		    struct err *err);
void rule_text_free(struct rule_text *text);

#endif
