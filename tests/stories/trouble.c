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

#define SAVE(options)                                                                \
	"for t in iptables-legacy ip6tables-legacy; do for table in nat filter; do " \
	"$t-save " options " -t $table; done; done | "

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
	return town_run(SAVE("") "sed -e '/^#/d' -e '/^:/s/ \\[.*//'");
}

struct outcome trouble_counted(void)
{
	return town_run(SAVE("-c") "sed -e '/^#/d' -e '/^:[^F]/s/ \\[.*//' "
				   "-e '/PFWD/s/^\\[[0-9:]*\\] //'");
}

struct outcome trouble_foreign(void)
{
	return town_run(SAVE("") "sed -e '/^#/d' -e '/PFWD/d' -e '/^:/s/ \\[.*//'");
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

unsigned int trouble_knock(const struct knock *knocks, size_t count)
{
	pid_t children[32];
	unsigned int answered = 0;
	assert_true(count <= sizeof(children) / sizeof(children[0]));
	for (size_t i = 0; i < count; i++) {
		const struct knock *k = &knocks[i];
		children[i] = fork();
		if (children[i] == 0)
			_exit(!*town_ask(k->from, IPPROTO_TCP, k->addr, k->port).text);
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
