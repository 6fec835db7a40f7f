/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of tables and chains are anybody's, and cut if they are very long. */
#include <stdio.h>

#include "model/err.h"
#include "model/rule_place.h"

void rule_place_format_chain(const struct rule_place *place, char out[RULE_PLACE_TEXT_MAX])
{
	static const char *const families[] = {
		[FAMILY_NONE] = "inet", [FAMILY_IPV4] = "ip", [FAMILY_IPV6] = "ip6"};
	struct quoted chain = quote(place->chain), table = quote(place->table);
	if (place->legacy)
		snprintf(out, RULE_PLACE_TEXT_MAX, "chain %.100s in the legacy %s %.100s table",
			 chain.text, family_name(place->family), table.text);
	else
		snprintf(out, RULE_PLACE_TEXT_MAX, "chain %.100s in table %s %.100s", chain.text,
			 place->netdev ? "netdev" : families[place->family], table.text);
}

void rule_place_format(const struct rule_place *place, char out[RULE_PLACE_TEXT_MAX])
{
	char chain[RULE_PLACE_TEXT_MAX];
	rule_place_format_chain(place, chain);
	if (place->rule)
		snprintf(out, RULE_PLACE_TEXT_MAX, "rule %u of %.240s", place->rule, chain);
	else
		snprintf(out, RULE_PLACE_TEXT_MAX, "the policy of %.240s", chain);
}
