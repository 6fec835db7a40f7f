/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules of others that shut out some clients, or may shut out all: what add, apply and check say.
 */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "place.h"

static bool is_six(const struct place *p)
{
	return strcmp(p->flag, "-6") == 0;
}

/* Rules in a chain of the backend's own kind that what is forwarded passes: lines for iptables, in
 * which @ is that chain, or for nft, whose chain is called late and may jump to zone. */
static void filter(const struct place *p, const char *iptables, const char *nft)
{
	if (town_is("iptables"))
		town_sh("sed 's/@/FORWARD/' <<'E' | ip%stables-legacy-restore\n*filter\n%s\n"
			"COMMIT\nE",
			is_six(p) ? "6" : "", iptables);
	else
		town_sh("nft -f - <<'E'\ntable inet guard\ndelete table inet guard\n"
			"table inet guard {\n%s\n}\nE",
			nft);
}

#define LATE(rules) "chain late { type filter hook forward priority 0\n" rules "\n}"

static const char *chain(void)
{
	return town_is("iptables") ? "of chain FORWARD in the legacy IPv"
				   : "of chain late in table inet guard ";
}

static struct outcome assert_names(struct outcome o, const char *words)
{
	assert_says(o.err, words);
	assert_says(o.err, chain());
	return o;
}

/* -A FORWARD, and what it is in nft. */
static const struct row {
	const char *what, *iptables, *nft;
	const char *says; /* NULL: nothing */
} rows[] = {
	{"a mark that must not be", "-A @ -m mark ! --mark 0x7 -j DROP",
	 LATE("meta mark != 0x7 drop"), "rule 1 "},
	{"IPsec, in a chain below",
	 ":zone - [0:0]\n-A @ -j LOG\n-A @ -j zone\n-A zone -m policy --dir in --pol none -j DROP",
	 "chain zone { meta ipsec missing drop; }\n" LATE("log\njump zone"), "rule 2 "},
	{"ports of clients, behind a ban",
	 "-A @ -i wan0 -m mac --mac-source 02:00:00:00:99:99 -j DROP\n"
	 "-A @ -i wan0 -p tcp --sport 1024:65535 -j REJECT",
	 LATE("iifname wan0 ether saddr 02:00:00:00:99:99 drop\niifname wan0 tcp sport "
	      "1024-65535 reject"),
	 "rule 2 "},
	{"a match that nobody knows", "-A @ -m cpu --cpu 0 -j DROP", LATE("meta cpu 0 drop"),
	 "rule 1 "},
	{"another interface", "-A @ -i lan0 -m mark ! --mark 0x7 -j DROP",
	 LATE("iifname lan0 meta mark != 0x7 drop"), NULL},
	{"another protocol", "-A @ -p sctp -m mark ! --mark 0x7 -j DROP",
	 LATE("meta l4proto sctp meta mark != 0x7 drop"), NULL},
	{"what lets in", "-A @ -m mark ! --mark 0x7 -j ACCEPT", LATE("meta mark != 0x7 accept"),
	 NULL},
	{"what only looks", "-A @ -m mark ! --mark 0x7 -j LOG", LATE("meta mark != 0x7 log"), NULL},
	{"a ban", "-A @ -m mac --mac-source 02:00:00:00:99:99 -j DROP",
	 LATE("ether saddr 02:00:00:00:99:99 drop"), NULL},
	{"behind pfwd's place", "-A @ -i wan0 -j REJECT\n-A @ -m mark ! --mark 0x7 -j DROP",
	 LATE("iifname wan0 reject\nmeta mark != 0x7 drop"), NULL},
	{"behind what lets all in", "-A @ -j ACCEPT\n-A @ -m mark ! --mark 0x7 -j DROP",
	 LATE("accept\nmeta mark != 0x7 drop"), NULL},
};

/* Once, however many forwards it is about. */
static void what_cannot_be_judged_is_named(const struct place *p)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		print_message("%s\n", row->what);
		filter(p, row->iptables, row->nft);
		struct outcome added = pfwd(0, "add wan0:80/tcp+udp %s:8080", p->to);
		struct outcome said = town_run("$PFWD check");
		pfwd(0, "save --force /run/bans");
		struct outcome applied = pfwd(0, "apply /run/bans");
		if (row->says) {
			assert_names(added, row->says);
			assert_says(added.err,
				    "may stop its connections: what the rule asks cannot "
				    "be judged");
			assert_silent(strstr(added.err, "may stop") + 1, "may stop");
			assert_string_equal(applied.err, added.err);
			assert_int_equal(said.status, 1);
			assert_says(said.out, "warning: unjudged: rule ");
		} else {
			assert_string_equal(added.err, "");
			assert_string_equal(applied.err, "");
			assert_silent(said.out, "unjudged");
		}
		assert_string_equal(pfwd(0, "add -n wan0:81 %s", p->to).err, "");
		pfwd(0, "flush");
	}
}
STORY(what_cannot_be_judged_is_named)

/* The place in front of a rule that stops one forward is in front of a ban, too. */
static void add_tells_of_a_ban_that_is_passed(const struct place *p)
{
	char iptables[256], nft[256];
	snprintf(iptables, sizeof(iptables),
		 "-A @ -p tcp --dport 8080 -j REJECT\n-A @ -s %s -j DROP", p->office);
	snprintf(nft, sizeof(nft), LATE("tcp dport 8080 reject\n%s saddr %s drop"),
		 is_six(p) ? "ip6" : "ip", p->office);
	filter(p, iptables, nft);
	town_serve(SERVER, TCP, p->server, 8081);
	assert_string_equal(pfwd(0, "add wan0:80 %s:8081", p->to).err, "");
	assert_refused(CLIENT, TCP, p->gateway, 80);
	/* it was not met behind the rule that stops all, and that is passed too */
	assert_says(assert_names(pfwd(0, "add wan0:90 %s:8080", p->to), "wan0:90/tcp: rule ").err,
		    "which stops everybody");
	struct outcome o = pfwd(0, "add wan0:80 %s:8081 --name web --replace", p->to);
	assert_names(o, "wan0:80/tcp: rule ");
	assert_says(o.err, "shuts out some clients, but not from this forward");
	pfwd(0, "save --force /run/bans");
	assert_names(pfwd(0, "apply /run/bans"), "wan0:80/tcp: rule ");
	assert_reaches(CLIENT, TCP, p->gateway, 80, "server at");
	assert_string_equal(pfwd(0, "del wan0:90").err, "");
}
STORY(add_tells_of_a_ban_that_is_passed)

/* No place holds a ban in a chain that stops everybody, as shorewall's do. */
static void a_chain_that_bans_and_stops_all_is_told(const struct place *p)
{
	static const char says[] = "shuts out some clients and then everybody";
	char iptables[256], nft[256];
	snprintf(iptables, sizeof(iptables),
		 ":zone - [0:0]\n-A @ -i lan0 -j ACCEPT\n-A @ -i wan0 -j zone\n"
		 "-A zone -s %s -j DROP\n-A zone -j DROP",
		 p->client);
	snprintf(nft, sizeof(nft),
		 "chain zone { %s saddr %s drop\ndrop; }\n" LATE(
			 "iifname lan0 accept\niifname wan0 jump zone"),
		 is_six(p) ? "ip6" : "ip", p->client);
	filter(p, iptables, nft);
	town_serve(SERVER, TCP, p->server, 8080);
	struct outcome o = assert_names(pfwd(0, "add wan0:80 %s:8080", p->to), says);
	assert_says(o.err, "wan0:80/tcp: rule ");
	assert_says(o.err, town_is("iptables") ? "at the head of chain FORWARD\n"
					       : "at the head of chain late\n");
	assert_reaches(CLIENT, TCP, p->gateway, 80, "server at");
	assert_says(pfwd(1, "check").out, says);
	/* there it holds */
	if (town_is("iptables"))
		town_sh("ip%stables-legacy -I FORWARD -s %s -j DROP", is_six(p) ? "6" : "",
			p->client);
	else
		town_sh("nft insert rule inet guard late %s saddr %s drop",
			is_six(p) ? "ip6" : "ip", p->client);
	assert_refused(CLIENT, TCP, p->gateway, 80);
}
STORY(a_chain_that_bans_and_stops_all_is_told)

int main(void)
{
	const struct CMUnitTest stories[] = {
		BOTH(what_cannot_be_judged_is_named),
		BOTH(add_tells_of_a_ban_that_is_passed),
		BOTH(a_chain_that_bans_and_stops_all_is_told),
	};
	return cmocka_run_group_tests(stories, town_build, town_raze);
}
