/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What list and conns share: selecting forwards, and warnings about connections. */
#include "commands/query.h"
#include "host/host.h"

int query_operand(void *context, const char *word, struct err *err)
{
	struct query *query = context;
	return selection_add(&query->selection, word, err);
}

int query_choose(struct query *query, const struct report_column *all, const char *defaults,
		 struct err *err)
{
	const char *asked = query->columns;
	struct report_choice *choice = &query->report.choice;
	if (!asked || *asked == '+') {
		if (report_choose(all, defaults, choice, err) < 0)
			return -1;
		asked = asked ? asked + 1 : NULL;
	}
	return asked ? report_choose(all, asked, choice, err) : 0;
}

int query_check(struct query *query, const struct globals *globals, struct err *err)
{
	return selectors_parse(&query->selection, &globals->host, &query->selectors, err);
}

void query_free(struct query *query)
{
	selection_free(&query->selection);
	selectors_free(&query->selectors);
}

int query_select(const struct query *query, const struct forwards *set, bool *selected,
		 struct err *err)
{
	enum family family = query->selection.family;
	int result = selectors_apply(&query->selectors, set, selected, err);
	for (size_t i = 0; family && i < set->count; i++)
		selected[i] = selected[i] && set->items[i].family == family;
	return result;
}

void query_say_accounting(void)
{
	if (!host_accounts())
		command_say(
			"conntrack does not count bytes and packets; turn it on with: sysctl -w "
			"net.netfilter.nf_conntrack_acct=1");
}

void query_say_resized(void)
{
	command_say("warning: the kernel resized its table of connections while it was read: some "
		    "may be missing, or shown twice; run the command again");
}
