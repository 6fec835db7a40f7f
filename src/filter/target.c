/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A target that is not in the list ends the packets. */
#include <string.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter/xt_CT.h>

#include "filter/ask.h"

static bool goes_on(const char *target)
{
	static const char *const passing[] = {
		"LOG",       "NFLOG",    "ULOG",    "MARK",        "CONNMARK",    "TCPMSS",
		"CLASSIFY",  "DSCP",     "TOS",     "TTL",         "HL",          "SET",
		"TRACE",     "CHECKSUM", "SECMARK", "CONNSECMARK", "AUDIT",       "RATEEST",
		"IDLETIMER", "TEE",      "LED",     "HMARK",       "TCPOPTSTRIP", "ECN",
	};

	for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++)
		if (strcmp(target, passing[i]) == 0)
			return true;
	return false;
}

/* CT chooses how conntrack sees the packet. Later revisions only have more behind these fields. */
static void on_ct(struct filter_rule *r, const struct xt_extension *target)
{
	const struct xt_ct_target_info *ct = target->data;
	r->verdict = FILTER_GO_ON;
	if (target->size < sizeof(*ct))
		return;
	if (ct->flags & XT_CT_NOTRACK)
		r->verdict = FILTER_UNTRACK;
	r->helper = *ct->helper;
	r->zone = (struct filter_zone){.id = ct->zone,
				       .original = ct->flags & XT_CT_ZONE_DIR_ORIG,
				       .reply = ct->flags & XT_CT_ZONE_DIR_REPL};
}

void filter_target(struct filter_rule *r, const struct xt_extension *target)
{
	r->verdict = FILTER_END;
	if (strcmp(target->name, "CT") == 0)
		on_ct(r, target);
	else if (strcmp(target->name, "NOTRACK") == 0)
		r->verdict = FILTER_UNTRACK;
	else if (strcmp(target->name, "SYNPROXY") == 0)
		r->verdict = FILTER_PROXY;
	else if (goes_on(target->name))
		r->verdict = FILTER_GO_ON;
}
