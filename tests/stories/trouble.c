/* SPDX-License-Identifier: GPL-2.0-or-later */
/* By iptables(8) and strace(1). */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "trouble.h"

/* No packet of the town meets them. */
static const char legacy_rules[] =
	"for t in iptables-legacy ip6tables-legacy; do\n"
	"$t -N THEIRS; $t -A THEIRS -p udp --dport 9 -j DROP -c 3 33\n"
	"$t -A FORWARD -i none0 -j THEIRS -c 5 55\n"
	"$t -A FORWARD -i none0 -m comment --comment 'a \"b\" c' -j REJECT -c 1 1\n"
	"$t -t nat -A PREROUTING -i wan0 -p tcp --dport 7 -j DNAT --to-destination :70 -c 7 7\n"
	"$t -t nat -A POSTROUTING -o opt0 -j MASQUERADE -c 9 999\n"
	"$t -P FORWARD DROP -c 77 7777; done";

static const char nft_rules[] =
	"nft -f - <<'E'\n"
	"table inet theirs {\n"
	"  chain THEIRS { udp dport 9 counter packets 3 bytes 33 drop; }\n"
	"  chain forward { type filter hook forward priority 0; policy drop\n"
	"    iifname none0 counter packets 5 bytes 55 jump THEIRS\n"
	"    iifname none0 counter packets 1 bytes 1 reject comment \"a b c\"; }\n"
	"  chain prerouting { type nat hook prerouting priority dstnat\n"
	"    iifname none0 tcp dport 7 counter packets 7 bytes 7 redirect to :70; }\n"
	"  chain postrouting { type nat hook postrouting priority srcnat\n"
	"    oifname opt0 counter packets 9 bytes 999 masquerade; }\n"
	"}\nE";

void trouble_theirs(void)
{
	town_sh("%s", town_is("nftables") ? nft_rules : legacy_rules);
}

struct outcome trouble_counted(void)
{
	if (town_is("nftables"))
		return town_run("nft list ruleset | sed -e '/^table inet pfwd {/,/^}/d' "
				"-e '/comment \"pfwd\"/d'; nft -s list ruleset");
	return town_run("{ iptables-legacy-save -c; ip6tables-legacy-save -c; } | sed -e '/^#/d' "
			"-e '/^:[^F]/s/ \\[.*//' -e '/PFWD/s/^\\[[0-9:]*\\] //'");
}

/* The legacy tables are set as they were, which is quicker. Rules that nft(8) lists and loads again
 * are not the same ones to pfwd. */
void trouble_start(const char *setup)
{
	if (town_is("nftables"))
		town_sh("nft list ruleset >/run/start; cat >/run/setup <<'E'\n%s\nE\n"
			"sh /run/setup",
			setup);
	else
		town_sh("%s\niptables-legacy-save -c >/run/start-4; ip6tables-legacy-save -c "
			">/run/start-6",
			setup);
}

void trouble_start_again(void)
{
	if (town_is("nftables"))
		town_sh("nft flush ruleset; nft -f /run/start; sh /run/setup");
	else
		town_sh("iptables-legacy-restore -c /run/start-4; "
			"ip6tables-legacy-restore -c /run/start-6");
}

unsigned int trouble_knock(const struct knock *knocks, size_t count, asking *ask)
{
	pid_t children[32];
	unsigned int answered = 0;
	assert_true(count <= sizeof(children) / sizeof(children[0]));
	for (size_t i = 0; i < count; i++) {
		const struct knock *k = &knocks[i];
		children[i] = fork();
		if (children[i] == 0)
			_exit(!*ask(k->from, IPPROTO_TCP, k->addr, k->port).text);
	}
	for (size_t i = 0; i < count; i++) {
		int status = -1;
		waitpid(children[i], &status, 0);
		answered |= (unsigned int)(status == 0) << i;
	}
	return answered;
}

/* But for getrandom, which mkostemp(3) calls once as a rule, and sometimes again. */
struct outcome trouble_calls(const char *command)
{
	struct outcome o = town_run(
		"$TRACE -o /run/calls $PFWD %s >&2 && awk -F'(' '/^[a-z0-9_]+\\(/ {n[$1]++; "
		"if ($1 == \"capget\") on = 1; if (on && $1 != \"getrandom\") print $1, n[$1]}' "
		"/run/calls",
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

void trouble_kill_at(const struct call *call, const char *command)
{
	struct outcome o = town_run("$TRACE -qq -o /dev/null -e trace=%s "
				    "-e inject=%s:signal=KILL:when=%s $PFWD %s",
				    call->name, call->name, call->number, command);
	if (o.status != 137)
		fail_msg("not killed at %s %s: status %d: %s", call->name, call->number, o.status,
			 o.err);
}
