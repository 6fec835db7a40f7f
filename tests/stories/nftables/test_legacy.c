/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Forwards of nf_tables get through what legacy chains beside them drop, and who is banned there
 * does not.
 */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "../trouble.h"

static void serve(void)
{
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8080);
	town_serve(GATEWAY, IPPROTO_TCP, "0.0.0.0", 5353);
}

static void assert_open(void)
{
	assert_reaches(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, "server");
}

static void assert_shut(void)
{
	assert_refused(CLIENT, IPPROTO_TCP, "10.1.0.1", 80);
}

static void assert_states(const char *states)
{
	assert_string_equal(pfwd(0, "list -rn -o STATE").out, states);
}

static struct outcome guests(void)
{
	return town_run("for t in iptables-legacy ip6tables-legacy; do $t -S; done | "
			"grep -e '--mark 0x20040800/0x20040800' || true");
}

static const char drop_all[] =
	"for t in iptables-legacy ip6tables-legacy; do\n"
	"$t -P FORWARD DROP; $t -A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT\n"
	"$t -A INPUT -i lo -j ACCEPT; $t -A INPUT ! -p ipv6-icmp -j DROP\n"
	"$t -P OUTPUT DROP; $t -A OUTPUT -o lo -j ACCEPT; $t -A OUTPUT -p ipv6-icmp -j ACCEPT\n"
	"done";

static void legacy_chains_are_passed(void **state)
{
	(void)state;
	serve();
	town_serve(SERVER, IPPROTO_TCP, "fd02::2", 8080);
	town_sh("%s", drop_all);
	struct outcome before = town_rules_of_others();
	pfwd(0, "add wan0:80 192.168.1.2:8080 --local");
	pfwd(0, "add wan0:80 [fd02::2]:8080");
	pfwd(0, "add wan0:81 :5353 -4");
	assert_string_equal(pfwd(0, "list -rn -o FORWARD,STATE").out,
			    "wan0:80/tcp active\nwan0:81/tcp active\nwan0:80/tcp active\n");
	assert_open();
	assert_reaches(CLIENT, IPPROTO_TCP, "fd01::1", 80, "server");
	assert_reaches(CLIENT, IPPROTO_TCP, "10.1.0.1", 81, "gateway");
	assert_reaches(GATEWAY, IPPROTO_TCP, "10.1.0.1", 80, "server");
	/* nothing else got a way in */
	assert_refused(CLIENT, IPPROTO_TCP, "10.1.0.1", 5353);
	assert_refused(CLIENT, IPPROTO_TCP, "192.168.1.2", 8080);
	assert_refused(CLIENT, IPPROTO_TCP, "fd02::2", 8080);
	assert_string_equal(town_rules_of_others().out, before.out);
	pfwd(0, "del wan0:81");
	assert_open();
	pfwd(0, "del wan0:80");
	assert_nothing_left();
	assert_string_equal(town_rules_of_others().out, before.out);
}

/* Banned is 10.1.0.2, the client. */
static const char *const bans[] = {
	"iptables-legacy -I FORWARD -s 10.1.0.2 -j DROP",
	"iptables-legacy -N f2b; iptables-legacy -A f2b -s 10.1.0.2 -j REJECT; "
	"iptables-legacy -A f2b -j RETURN; iptables-legacy -I FORWARD -j f2b",
	"iptables-legacy -A FORWARD -s 10.1.0.2 -j DROP; iptables-legacy -A FORWARD -j REJECT",
};

/* Whoever came first, and after the last forward went and came back. */
static void bans_hold(void **state)
{
	(void)state;
	serve();
	for (size_t i = 0; i < sizeof(bans) / sizeof(bans[0]); i++)
		for (int pfwd_first = 0; pfwd_first < 2; pfwd_first++) {
			town_sh("%s", drop_all);
			if (!pfwd_first)
				town_sh("%s", bans[i]);
			pfwd(0, "add wan0:80 192.168.1.2:8080");
			if (pfwd_first) {
				assert_open();
				town_sh("%s", bans[i]);
				pfwd(0, "add wan0:81 192.168.1.2:8080");
			}
			print_message("%s, pfwd %s\n", bans[i], pfwd_first ? "first" : "last");
			assert_shut();
			pfwd(0, "flush");
			pfwd(0, "add wan0:80 192.168.1.2:8080");
			assert_shut();
			pfwd(0, "flush");
			town_sh("iptables-legacy -F; iptables-legacy -X");
		}
}

/* A ban behind the guest, or in one chain with what stops all, is told of; and what may stop them.
 */
static void bans_that_do_not_hold_are_named(void **state)
{
	(void)state;
	static const struct {
		const char *rules, *says;
	} rows[] = {
		{"-A FORWARD -p tcp --dport 8080 -j REJECT; $t -A FORWARD -s 10.1.0.2 -j DROP",
		 "rule 3 of chain FORWARD in the legacy IPv4 filter table shuts out some clients, "
		 "but not from this forward: pfwd's rules stand in front of it, to pass rule 2 "
		 "there, which stops everybody"},
		{"-N net; $t -A FORWARD -i wan0 -j net; $t -A net -s 10.1.0.2 -j DROP; "
		 "$t -A net -j DROP",
		 "rule 2 of chain FORWARD in the legacy IPv4 filter table shuts out some clients "
		 "and then everybody"},
		{"-A FORWARD -i wan0 -m mark ! --mark 0x7 -j RETURN; $t -P FORWARD DROP", ""},
		{"-A FORWARD -i wan0 -m policy --dir in --pol ipsec -j DROP; $t -P FORWARD DROP",
		 "rule 1 of chain FORWARD in the legacy IPv4 filter table may stop"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		town_sh("t=iptables-legacy; $t %s", rows[i].rules);
		struct outcome o = pfwd(0, "add wan0:80 192.168.1.2:8080");
		assert_says(o.err, rows[i].says);
		if (!*rows[i].says)
			assert_string_equal(o.err, "");
		assert_int_equal(town_run("$PFWD check").status, *rows[i].says ? 1 : 0);
		pfwd(0, "flush");
		town_sh("t=iptables-legacy; $t -P FORWARD ACCEPT; $t -F; $t -X");
	}
	/* in front of what stops another forward */
	town_sh("iptables-legacy -A FORWARD -p tcp --dport 8080 -j REJECT; "
		"iptables-legacy -A FORWARD -s 10.1.0.2 -j DROP; iptables-legacy -P FORWARD DROP");
	pfwd(0, "add wan0:90 192.168.1.2:8080");
	assert_says(pfwd(0, "add wan0:80 192.168.1.2:9090").err,
		    "wan0:80/tcp: rule 3 of chain FORWARD in the legacy IPv4 filter table shuts "
		    "out some clients, but not from this forward");
	assert_says(pfwd(1, "check").out, "wan0:80/tcp: warning: ban-passed: rule ");
}

/* list says who stops them; any change, or apply, mends: also where chains of both drop. */
static void what_was_flushed_blocks_until_mended(void **state)
{
	(void)state;
	serve();
	town_sh("nft 'table inet fw { chain c { type filter hook forward priority 0; policy drop; "
		"}\n}'");
	town_sh("%s", drop_all);
	pfwd(0, "add wan0:80 192.168.1.2:8080");
	assert_open();
	pfwd(0, "save /run/f");
	town_sh("iptables-legacy -F FORWARD");
	assert_states("blocked\n");
	assert_string_equal(pfwd(1, "diff /run/f").out, "~wan0:80/tcp 192.168.1.2:8080\n");
	assert_says(pfwd(1, "check").out, "chain FORWARD in the legacy IPv4 filter table");
	assert_says(pfwd(0, "apply -n /run/f").out, "--mark 0x20040800/0x20040800");
	town_sh("unset PFWD_BACKEND; $PFWD apply /run/f");
	assert_string_equal(pfwd(0, "list -rn -o BACKEND,STATE").out, "nftables active\n");
	assert_open();
	/* behind a rule that refuses everybody it is moved in front of it */
	town_sh("iptables-legacy -I FORWARD -j REJECT");
	assert_states("blocked\n");
	pfwd(0, "apply /run/f");
	assert_open();
	/* what gives packets the mark may be missing too */
	town_sh("nft flush chain inet pfwd tag-forward");
	assert_states("incomplete\n");
	pfwd(0, "apply /run/f");
	assert_open();
	/* once is enough, and where nothing stops forwards, no rule is left */
	town_sh("iptables-legacy -A FORWARD -m mark --mark 0x20040800/0x20040800 "
		"-m comment --comment pfwd -j ACCEPT");
	pfwd(0, "apply /run/f");
	assert_string_equal(guests().out, "-A FORWARD -m mark --mark 0x20040800/0x20040800 "
					  "-m comment --comment pfwd -j ACCEPT\n");
	town_sh("iptables-legacy -P FORWARD ACCEPT; iptables-legacy -D FORWARD -j REJECT");
	pfwd(0, "apply /run/f");
	assert_string_equal(guests().out, "");
	assert_open();
}

static void one_backend_alone_takes_its_guests_along(void **state)
{
	(void)state;
	town_sh("%s", drop_all);
	pfwd(0, "add wan0:80 192.168.1.2:8080");
	pfwd(0, "add --backend iptables wan0:81 192.168.1.2:8080");
	pfwd(0, "flush --backend iptables");
	assert_states("active\n");
	pfwd(0, "add --backend iptables wan0:81 192.168.1.2:8080");
	pfwd(0, "flush --backend nftables");
	assert_string_equal(guests().out, "");
	assert_string_equal(pfwd(0, "list -rn -o FORWARD,BACKEND,STATE").out,
			    "wan0:81/tcp iptables active\n");
}

/* A rule that an administrator made alike, but without pfwd's comment, is his. */
static void rules_of_others_with_the_mark_stay(void **state)
{
	(void)state;
	town_sh("iptables-legacy -A FORWARD -m mark --mark 0x20040800/0x20040800 -j ACCEPT; "
		"iptables-legacy -A FORWARD -m mark --mark 0x800/0x800 -m comment --comment pfwd "
		"-j ACCEPT; iptables-legacy -P FORWARD DROP");
	struct outcome before = town_run("iptables-legacy -S");
	pfwd(0, "add wan0:80 192.168.1.2:8080");
	pfwd(0, "flush");
	assert_string_equal(town_run("iptables-legacy -S").out, before.out);
}

/* A kill before any system call of an add: nobody gets in whom the forward does not let in, and the
 * next change leaves nothing behind. */
static void a_kill_between_the_commits_opens_nothing(void **state)
{
	(void)state;
	struct call call;
	serve();
	town_sh("%s", drop_all);
	struct outcome calls = trouble_calls("add wan0:80 192.168.1.2:8080");
	pfwd(0, "flush");
	for (char *rest = calls.out; trouble_next(&rest, &call);) {
		if (strcmp(call.name, "setsockopt") != 0 && strcmp(call.name, "sendmsg") != 0)
			continue;
		trouble_kill_at(&call, "add wan0:80 192.168.1.2:8080");
		assert_refused(CLIENT, IPPROTO_TCP, "192.168.1.2", 8080);
		if (*pfwd(0, "list -rn").out)
			assert_open();
		pfwd(0, "flush");
		assert_nothing_left();
	}
}

#define STORY(f) cmocka_unit_test_teardown(f, town_clean)

int main(void)
{
	const struct CMUnitTest stories[] = {
		STORY(legacy_chains_are_passed),
		STORY(bans_hold),
		STORY(bans_that_do_not_hold_are_named),
		STORY(what_was_flushed_blocks_until_mended),
		STORY(one_backend_alone_takes_its_guests_along),
		STORY(rules_of_others_with_the_mark_stay),
		STORY(a_kill_between_the_commits_opens_nothing),
	};
	return cmocka_run_group_tests(stories, town_build, town_raze);
}
