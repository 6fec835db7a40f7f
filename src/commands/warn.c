/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What check finds and is certain, and the chains that stop what another backend lets through. */
#include <stdio.h>

#include "check/ask.h"
#include "check/results.h"
#include "commands/command.h"
#include "commands/warn.h"
#include "host/hooks.h"

static void warn_chain(enum family family, const char *chain)
{
	command_say("warning: nf_tables drops by policy the %s packets that pfwd accepts (%s): "
		    "accept them there too, or move the forwards to nf_tables with: "
		    "pfwd save - | pfwd apply --backend nftables -",
		    family_name(family), chain);
}

static void warn_result(const struct result *r, const struct forwards *set)
{
	char spec[SPEC_TEXT_MAX], more[40] = "";
	spec_format(&set->items[r->first], spec);
	if (r->count > 1)
		snprintf(more, sizeof(more), " and %zu more", r->count - 1);
	command_say("warning: %s%s: %s%s%s%s%s", spec, more, r->text, *r->remedy ? "; " : "",
		    *r->remedy ? r->finding->lead : "", *r->remedy ? ": " : "", r->remedy);
	if (*r->keep)
		command_say("to keep it over a reboot, put %s into " CHECK_SYSCTL_FILE, r->keep);
}

static void warn_family(const struct asked *asked, const struct forwards *set, enum family family)
{
	bool to_self = false, beyond = false;
	for (size_t i = 0; i < set->count; i++) {
		const struct forward *f = &set->items[i];
		if (f->family != family || f->except)
			continue;
		bool here = !asked->cases[i].there;
		to_self = to_self || here;
		beyond = beyond || !here;
	}
	if (beyond)
		host_nft_drops(family, HOST_HOOK_FORWARD, warn_chain);
	if (to_self)
		host_nft_drops(family, HOST_HOOK_INPUT, warn_chain);
}

void warn_of_forwards(const struct forwards *set, const struct forwards *all,
		      const struct backend *home)
{
	const struct ask_about about = {set, all, NULL, ASK_CERTAIN};
	struct asked asked = {0};
	struct results results = {0};
	struct err err;
	if (ask_all(&about, &asked, &err) < 0 ||
	    results_find(&asked.facts, asked.cases, set->count, true, &results, &err) < 0)
		command_say("warning: the forwards are made, but not checked: %s", err.text);
	for (size_t i = 0; i < results.count; i++)
		warn_result(&results.items[i], set);
	if (asked.cases && !(home && home->stops_others)) {
		warn_family(&asked, set, FAMILY_IPV4);
		warn_family(&asked, set, FAMILY_IPV6);
	}
	results_free(&results);
	asked_free(&asked);
}
