/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules as iptables-save(8), `iptables -S` and `nft list ruleset` print them, read into values. It
 * opens no file, and knows of rules only what translates packets, lets them in or drops them.
 */
#ifndef PFWD_SYNTAX_RULE_TEXT_H
#define PFWD_SYNTAX_RULE_TEXT_H

#include "model/other_rule.h"
#include "syntax/spec.h"

struct rule_text {                /* a zeroed one is empty */
	struct other_rules rules; /* by hook, priority, and the order of the text; no owners */
	struct other_rules drops; /* rules and policies of filter chains that drop packets */
	size_t *drops_at;         /* for each of them: how many of rules come before it */
};

/*
 * What is not understood of a rule makes its values inexact, and is in their beyond. A family that
 * an iptables text does not tell is IPv4. 0, or -1: ERR_INPUT, the text is of neither kind or too
 * large; out of memory. On failure *out is empty.
 */
int rule_text_parse(const char *text, size_t length, const struct spec_host *host,
		    struct rule_text *out, struct err *err);
void rule_text_free(struct rule_text *text);

#endif
