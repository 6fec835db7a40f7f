/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Beside rules of others in the legacy tables: bans hold, refusals of everybody are passed. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "../place.h"

/* Make forwards to the server and to this host, and a file of them. */
static void make_forwards(const struct place *p)
{
	town_serve(SERVER, TCP, p->server, 8080);
	town_serve(GATEWAY, TCP, p->gateway, 9090);
	town_sh("printf '%%s\\n' 'wan0:80 %s:8080' 'wan0:81 :9090 %s' >/run/f", p->to, p->flag);
	pfwd(0, "apply /run/f");
}

static const char *tool(const struct place *p)
{
	return p == &v4 ? "iptables-legacy" : "ip6tables-legacy";
}

static void assert_both_reach(const struct place *p)
{
	assert_reaches(CLIENT, TCP, p->gateway, 80, "server");
	assert_reaches(CLIENT, TCP, p->gateway, 81, "gateway");
}

static void assert_both_refused(const struct place *p)
{
	assert_refused(CLIENT, TCP, p->gateway, 80);
	assert_refused(CLIENT, TCP, p->gateway, 81);
}

/* The client is banned in front of a last rule that refuses everybody. */
static void bans_hold_and_refusals_of_all_are_passed(const struct place *p)
{
	const char *cmd = tool(p);
	for (int i = 0; i < 2; i++)
		town_sh("%s -A %s -s %s -j DROP; %s -A %s -i wan0 -p tcp -j DROP", cmd,
			i ? "INPUT" : "FORWARD", p->elsewhere, cmd, i ? "INPUT" : "FORWARD");
	make_forwards(p);
	assert_both_reach(p);
	town_sh("%s -I FORWARD -s %s -j DROP; %s -I INPUT -s %s -j DROP", cmd, p->client, cmd,
		p->client);
	assert_both_refused(p);
	assert_string_equal(pfwd(0, "list -rn -o STATE").out, "active\nactive\n");
	pfwd(0, "diff /run/f");
}

/* A ban that came behind the jump is reached after the next change, whatever that is. */
static void a_ban_behind_the_jump_holds_after_a_change(const struct place *p)
{
	const char *cmd = tool(p);
	make_forwards(p);
	town_sh("%s -A FORWARD -s %s -j DROP; %s -A INPUT -s %s -j DROP", cmd, p->client, cmd,
		p->client);
	assert_both_reach(p);
	assert_says(pfwd(1, "diff /run/f").out, "~wan0:80/tcp");
	pfwd(0, "add wan0:90 %s", p->to);
	assert_both_refused(p);
	pfwd(1, "diff /run/f");
	pfwd(0, "apply /run/f");
	assert_both_refused(p);
	assert_string_equal(pfwd(0, "diff /run/f").out, "");
}

/* An owner's chain bans a client, and then accepts the targets for all others, as ufw's do: a jump
 * in front of that chain would pass the ban. What accepts may do so for first packets alone. */
static void a_ban_before_what_accepts_holds(const struct place *p)
{
	const char *cmd = tool(p);
	for (int i = 0; i < 2; i++)
		town_sh("%s -N users-%d; %s -A users-%d -s %s -j DROP; %s -A users-%d -p tcp "
			"--dport "
			"%s -m conntrack --ctstate NEW -j ACCEPT; %s -A %s -j users-%d; %s -A %s "
			"-i "
			"wan0 -p tcp -j DROP",
			cmd, i, cmd, i, p->client, cmd, i, i ? "9090" : "8080", cmd,
			i ? "INPUT" : "FORWARD", i, cmd, i ? "INPUT" : "FORWARD");
	make_forwards(p);
	assert_both_refused(p);
	town_sh("%s -D users-0 1; %s -D users-1 1", cmd, cmd);
	assert_both_reach(p);
}

/* Whatever changes pfwd's forwards puts the jumps in front again. */
static void rules_put_in_front_are_said_and_passed(const struct place *p)
{
	const char *cmd = tool(p);
	make_forwards(p);
	town_sh("%s -N others; %s -A others -j REJECT; %s -I FORWARD -j others; "
		"%s -I INPUT -i wan0 -j DROP",
		cmd, cmd, cmd, cmd);
	assert_both_refused(p);
	assert_string_equal(pfwd(0, "list -rn -o STATE").out, "blocked\nblocked\n");
	assert_says(pfwd(1, "diff /run/f").out, "~wan0:80/tcp");
	assert_says(pfwd(0, "add -n wan0:90 %s", p->to).out, "-I FORWARD 1 ");
	pfwd(0, "add wan0:90 %s", p->to);
	assert_both_reach(p);
	assert_string_equal(pfwd(0, "list -rn -o STATE").out, "active\nactive\nactive\n");
	town_sh("%s -I INPUT -p tcp -j DROP", cmd);
	assert_refused(CLIENT, TCP, p->gateway, 81);
	pfwd(0, "apply /run/f");
	assert_both_reach(p);
}

/* Between the jump and its place nothing stops anybody: an administrator may have moved it. */
static void a_jump_that_stands_well_stays(const struct place *p)
{
	const char *cmd = tool(p);
	make_forwards(p);
	town_sh("%s -I FORWARD -i lan0 -j ACCEPT; %s -A FORWARD -j LOG; %s -A FORWARD -j DROP", cmd,
		cmd, cmd);
	struct outcome before = town_run("%s -S FORWARD", cmd);
	pfwd(0, "add wan0:90 %s", p->to);
	assert_string_equal(town_run("%s -S FORWARD", cmd).out, before.out);
	assert_both_reach(p);
}

/* Only a rule that names the interface to the server stops the forward to it. */
static void the_way_out_decides(const struct place *p)
{
	const char *cmd = tool(p);
	make_forwards(p);
	town_sh("%s -I FORWARD -o opt0 -j DROP", cmd);
	assert_string_equal(pfwd(0, "list -rn -o STATE").out, "active\nactive\n");
	town_sh("%s -I FORWARD -o lan0 -j DROP", cmd);
	assert_string_equal(pfwd(0, "list -rn -o STATE").out, "blocked\nactive\n");
}

/* An owner shuts OUTPUT: only what forwards send gets out, and no rule is made if nothing is shut.
 */
static void what_this_host_sends_gets_out(const struct place *p)
{
	const char *cmd = tool(p);
	make_forwards(p);
	pfwd(0, "add wan0:82 %s:8080 --local", p->to);
	assert_silent(town_run("%s -S", cmd).out, "PFWD-OUTPUT");
	town_sh("%s -P OUTPUT DROP; %s -A OUTPUT -p ipv6-icmp -j ACCEPT 2>/dev/null; true", cmd,
		cmd);
	assert_refused(CLIENT, TCP, p->gateway, 81);
	assert_string_equal(pfwd(0, "list -rn -o STATE").out, "active\nblocked\nblocked\n");
	pfwd(0, "add wan0:90 %s", p->to);
	assert_both_reach(p);
	assert_reaches(GATEWAY, TCP, p->gateway, 82, "server");
	assert_refused(GATEWAY, TCP, p->server, 8080);
	assert_string_equal(pfwd(0, "list -rn -o STATE").out, "active\nactive\nactive\nactive\n");
	town_sh("%s -P OUTPUT ACCEPT", cmd);
	pfwd(0, "del wan0:90");
	assert_silent(town_run("%s -S", cmd).out, "PFWD-OUTPUT");
}

STORY(bans_hold_and_refusals_of_all_are_passed)
STORY(a_ban_behind_the_jump_holds_after_a_change)
STORY(a_ban_before_what_accepts_holds)
STORY(rules_put_in_front_are_said_and_passed)
STORY(a_jump_that_stands_well_stays)
STORY(the_way_out_decides)
STORY(what_this_host_sends_gets_out)

int main(void)
{
	const struct CMUnitTest stories[] = {
		BOTH(bans_hold_and_refusals_of_all_are_passed),
		BOTH(a_ban_behind_the_jump_holds_after_a_change),
		BOTH(a_ban_before_what_accepts_holds),
		BOTH(rules_put_in_front_are_said_and_passed),
		BOTH(a_jump_that_stands_well_stays),
		BOTH(the_way_out_decides),
		BOTH(what_this_host_sends_gets_out),
	};
	return cmocka_run_group_tests(stories, town_build, town_raze);
}
