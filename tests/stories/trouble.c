/* SPDX-License-Identifier: GPL-2.0-or-later */
/* By iptables(8) and strace(1). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "trouble.h"

#define ALL_TABLES                                                                                \
	"for t in iptables-legacy ip6tables-legacy; do for table in nat filter; do $t -t $table " \
	"-S"

/* No packet of the town meets them; what the bridge passes on by itself would be counted. */
void trouble_theirs(void)
{
	town_sh("sysctl -qw net.bridge.bridge-nf-call-ip6tables=0 2>/dev/null\n"
		"for t in iptables-legacy ip6tables-legacy; do\n"
		"$t -N THEIRS; $t -A THEIRS -p udp --dport 9 -j DROP -c 3 33\n"
		"$t -A FORWARD -i none0 -j THEIRS -c 5 55\n"
		"$t -A FORWARD -i none0 -m comment --comment 'a \"b\" c' -j REJECT -c 1 1\n"
		"$t -t nat -A PREROUTING -i wan0 -p tcp --dport 7 -j DNAT --to-destination :70 -c "
		"7 7\n"
		"$t -t nat -A POSTROUTING -o opt0 -j MASQUERADE -c 9 999\n"
		"$t -P FORWARD DROP -c 77 7777; done");
}

struct outcome trouble_tables(void)
{
	return town_run(ALL_TABLES "; done; done");
}

struct outcome trouble_counted(void)
{
	return town_run(ALL_TABLES " -v | sed -e '/^-P [^F]/d' -e '/PFWD/s/ -c [0-9]* [0-9]*//'"
				   "; done; done");
}

struct outcome trouble_foreign(void)
{
	return town_run(ALL_TABLES " | grep -v PFWD; done; done");
}

void trouble_keep(const char *name)
{
	town_sh("iptables-legacy-save -c >/run/%s-4; ip6tables-legacy-save -c >/run/%s-6", name,
		name);
}

void trouble_set(const char *name)
{
	town_sh("iptables-legacy-restore -c /run/%s-4; ip6tables-legacy-restore -c /run/%s-6", name,
		name);
}

struct outcome trouble_calls(const char *command)
{
	struct outcome o = town_run(
		"$TRACE -o /run/calls $PFWD %s >&2 && awk -F'(' '/^[a-z0-9_]+\\(/ {n[$1]++; "
		"if ($1 == \"capget\") on = 1; if (on) print $1, n[$1]}' /run/calls",
		command);
	if (o.status != 0 || !strstr(o.out, "capget"))
		fail_msg("%s: status %d: %s%s", command, o.status, o.out, o.err);
	return o;
}

int trouble_next(char **rest, struct call *call)
{
	call->name = strtok_r(*rest, " ", rest);
	call->number = call->name ? strtok_r(*rest, "\n", rest) : NULL;
	return call->number != NULL;
}
