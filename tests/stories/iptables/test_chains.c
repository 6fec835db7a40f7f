/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which chains and jumps pfwd makes in the legacy tables, and what becomes of those that others
 * use. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "../trouble.h"

/* iptables(8) makes the same rules of what is printed. */
static void a_dry_run_is_what_iptables_takes(void **state)
{
	(void)state;
	struct outcome o = pfwd(0, "add -n wan0:80 192.168.1.2:8080 --name web");
	pfwd(0, "add wan0:80 192.168.1.2:8080 --name web");
	struct outcome ours = town_rules();
	pfwd(0, "del web");
	town_sh("printf '%%s' '%s' | iptables-legacy-restore --noflush", o.out);
	assert_string_equal(ours.out, town_rules().out);
	assert_string_equal(pfwd(0, "list -rn").out,
			    "wan0:80/tcp 192.168.1.2:8080 web - active 0\n");
	assert_says(pfwd(0, "flush -n").out, "-X PFWD\n");
}

/* pfwd's jump goes before the owner's last rule. */
static void a_jump_goes_before_a_reject_at_the_end(void **state)
{
	(void)state;
	town_refuse_last();
	pfwd(0, "add wan0:80 192.168.1.2:8080");
	assert_string_equal(town_run("iptables-legacy -S FORWARD").out,
			    "-P FORWARD ACCEPT\n-A FORWARD -m conntrack --ctstate DNAT -m comment "
			    "--comment pfwd "
			    "-j PFWD\n"
			    "-A FORWARD -j REJECT --reject-with icmp-port-unreachable\n");
}

/* To apply a file again commits nothing. */
static void what_is_there_is_not_committed_again(void **state)
{
	(void)state;
	town_sh("printf '%%s\\n' 'wan0:80 192.168.1.2' 'wan0:81 [fd02::2] --local' >/run/f; "
		"$PFWD apply /run/f");
	struct outcome o = town_run("$TRACE -qq -e trace=setsockopt -o /run/trace $PFWD apply -v "
				    "/run/f && grep -c SET_REPLACE /run/trace");
	assert_string_equal(o.out, "0\n");
	assert_says(o.err, "nothing to change");
}

static void diff_marks_what_apply_would_repair(void **state)
{
	(void)state;
	town_sh("printf '%%s\\n' 'wan0:80 192.168.1.2:8080 --name web' 'wan0:81 192.168.1.2' "
		"'wan0:82 :8082' >/run/f");
	pfwd(0, "apply /run/f");
	town_sh("iptables-legacy -D FORWARD 1; iptables-legacy -F PFWD-INPUT");
	assert_string_equal(pfwd(1, "diff /run/f").out,
			    "~wan0:80/tcp 192.168.1.2:8080 --name web\n"
			    "~wan0:81/tcp 192.168.1.2:81\n~wan0:82/tcp :8082\n");
	/* a forward that goes is not repaired */
	assert_string_equal(pfwd(1, "diff - <<'E'\nwan0:82 :8082\nE").out,
			    "-wan0:80/tcp 192.168.1.2:8080 --name web\n"
			    "-wan0:81/tcp 192.168.1.2:81\n~wan0:82/tcp :8082\n");
	pfwd(0, "apply /run/f");
	assert_string_equal(pfwd(0, "diff /run/f").out, "");
}

/* Each chain, by the family's own name; one that is passed by no packet of ours is none. */
static void drops_of_nf_tables_are_named(void **state)
{
	(void)state;
	town_sh("nft 'add table inet theirs; add chain inet theirs gate "
		"{ type filter hook forward priority 0; policy drop; }'");
	assert_says(pfwd(0, "add wan0:82 192.168.1.2").err, "chain gate in table inet theirs");
	town_sh("nft 'add table ip6 filter; add chain ip6 filter FORWARD "
		"{ type filter hook forward priority 0; policy drop; }; add table ip filter; "
		"add chain ip filter IN { type filter hook input priority 0; policy drop; }'");
	struct outcome o = pfwd(0, "add wan0:82 [fd02::2]");
	assert_says(o.err, "chain gate in table inet theirs");
	assert_silent(o.err, "in table ip filter");
	assert_string_equal(pfwd(0, "add -6 wan0:83 :8080").err, "");
	assert_says(pfwd(0, "add wan0:83 :8080").err, "chain IN in table ip filter");
	assert_string_equal(pfwd(0, "list -rn -o FORWARD,STATE wan0:82 wan0:83").out,
			    "wan0:82/tcp blocked\nwan0:83/tcp blocked\n"
			    "wan0:82/tcp blocked\nwan0:83/tcp active\n");
}

/* firewalld refuses some networks of IPv6, whoever sends to them: that ends no forward, neither
 * for its clients nor for the choice of the backend. */
static void refusals_of_some_destinations_stop_no_forward(void **state)
{
	(void)state;
	town_sh("nft 'table inet firewalld { chain filter_OUTPUT {\n"
		"type filter hook output priority 10\n"
		"ct state { established, related } accept\noifname \"lo\" accept\n"
		"ip6 daddr { ::/96, 2002::/24, 2002:a00::/24 } reject with icmpv6 "
		"addr-unreachable\n"
		"ip daddr 192.0.2.0/24 drop\nip daddr 192.0.2.0-192.0.2.9 drop\n}\n}'");
	assert_string_equal(pfwd(0, "add -6 wan0:83 :8080").err, "");
	assert_string_equal(pfwd(0, "list -rn -o STATE").out, "active\n");
	town_sh("unset PFWD_BACKEND; echo 'wan0:83 :8080 -6' | $PFWD apply -");
	assert_string_equal(pfwd(0, "list -rn -o BACKEND").out, "iptables\n");
	pfwd(0, "flush");
	assert_says(town_run("unset PFWD_BACKEND; $PFWD version -v").out, "iptables");
	/* what refuses all is another matter */
	town_sh("nft add rule inet firewalld filter_OUTPUT reject");
	assert_says(town_run("unset PFWD_BACKEND; $PFWD version -v").out, "filter_OUTPUT");
}

static void reading_sets_up_no_tables(void **state)
{
	(void)state;
	struct outcome o =
		town_run("unshare -n sh -c '$PFWD list && $PFWD add -n eth0:80 10.0.0.1 && "
			 "sed s/^/there:/ /proc/net/ip_tables_names'");
	assert_int_equal(o.status, 0);
	assert_says(o.out, "-A PREROUTING");
	assert_silent(o.out, "there:");
}

static void ten_thousand_ports_are_one_rule(void **state)
{
	(void)state;
	pfwd(0, "add wan0:10000-19999 192.168.1.2:30000-39999");
	assert_string_equal(town_run("iptables-legacy -t nat -S PFWD").out,
			    "-N PFWD\n-A PFWD -i wan0 -p tcp -m tcp --dport 10000:19999 -j DNAT "
			    "--to-destination 192.168.1.2:30000-39999/10000\n");
}

/* The seventeenth rule divides the chain, and all rules move; without it they move back. */
static void counters_go_along_into_other_chains(void **state)
{
	(void)state;
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8080);
	town_sh("for i in $(seq 1 31); do echo wan0:$i 192.168.1.9; done | $PFWD apply -");
	pfwd(0, "add wan0:80 192.168.1.2:8080");
	assert_says(town_ask(CLIENT, IPPROTO_TCP, "10.1.0.1", 80).text, "server");
	assert_silent(town_run("iptables-legacy -t nat -S PFWD").out, "-j PFWD/");
	pfwd(0, "add wan0:2000 192.168.1.9");
	assert_says(town_run("iptables-legacy -t nat -S PFWD").out, "-i wan0 -j PFWD/wan0\n");
	assert_string_equal(pfwd(0, "list -rn -o CONNS,STATE wan0:80").out, "1 active\n");
	assert_says(town_ask(CLIENT, IPPROTO_TCP, "10.1.0.1", 80).text, "server");
	pfwd(0, "del wan0:2000");
	assert_silent(town_run("iptables-legacy -t nat -S").out, "PFWD/");
	assert_string_equal(pfwd(0, "list -rn -o CONNS,STATE wan0:80").out, "2 active\n");
}

static void half_forwards_show_and_are_mended(void **state)
{
	(void)state;
	pfwd(0, "add wan0:80 192.168.1.2:8080");
	pfwd(0, "add wan0:81 192.168.1.2:8081");
	town_sh("iptables-legacy -D PFWD 2; iptables-legacy -t nat -D PFWD 2");
	assert_string_equal(pfwd(0, "list -rn -o FORWARD,STATE").out, "wan0:80/tcp incomplete\n");
	pfwd(0, "add wan0:82 192.168.1.2:8082");
	assert_string_equal(pfwd(0, "list -rn -o FORWARD,STATE").out,
			    "wan0:80/tcp active\nwan0:82/tcp active\n");
	assert_silent(town_run("iptables-legacy -S PFWD").out, "8081");
}

static void rules_of_others_in_our_chains_survive(void **state)
{
	(void)state;
	pfwd(0, "add wan0:80 192.168.1.2:8080");
	town_sh("iptables-legacy -A PFWD -s 10.9.9.9 -j LOG");
	assert_says(pfwd(0, "list").err, "chain PFWD of the IPv4 filter table holds 1 rule that");
	pfwd(0, "add wan0:81 192.168.1.2:8080");
	pfwd(0, "del wan0:80 wan0:81");
	assert_string_equal(
		town_run("iptables-legacy -S | grep PFWD").out,
		"-N PFWD\n-A FORWARD -m conntrack --ctstate DNAT -m comment --comment pfwd "
		"-j PFWD\n"
		"-A PFWD -s 10.9.9.9/32 -j LOG\n");
}

/* Accepts of an owner, of the shape that pfwd wrote before it asked for the original port. */
static void accepts_of_others_in_our_chains_survive(void **state)
{
	(void)state;
	pfwd(0, "add wan0:80 192.168.1.2:8080");
	town_sh("iptables-legacy -A PFWD -d 192.168.1.2/32 -i wan0 -p tcp -m tcp --dport 22 "
		"-j ACCEPT; iptables-legacy -A PFWD -d 192.168.1.2/32 -i wan0 -p tcp -m tcp "
		"--dport 8080 -m conntrack --ctorigdstport 99 -j ACCEPT");
	assert_says(pfwd(0, "list").err, "holds 1 rule that pfwd did not make");
	pfwd(0, "add wan0:81 192.168.1.2:8080");
	pfwd(0, "del wan0:81");
	struct outcome o = town_run("iptables-legacy -S PFWD");
	assert_says(o.out,
		    "-A PFWD -d 192.168.1.2/32 -i wan0 -p tcp -m tcp --dport 22 -j ACCEPT\n");
	/* one for the original port opens nothing without its translation, and goes */
	assert_silent(o.out, "ctorigdstport 99");
}

static void flush_leaves_a_chain_that_somebody_uses(void **state)
{
	(void)state;
	pfwd(0, "add wan0:80 192.168.1.2:8080");
	town_sh("iptables-legacy -N THEIRS; iptables-legacy -A THEIRS -j PFWD");
	struct outcome o = pfwd(1, "flush");
	assert_says(o.err, "kept chain PFWD of the IPv4 filter table");
	assert_string_equal(town_run("iptables-legacy -S | grep -v '^-P'").out,
			    "-N PFWD\n-N THEIRS\n-A FORWARD -m conntrack --ctstate DNAT -m comment "
			    "--comment pfwd "
			    "-j PFWD\n"
			    "-A THEIRS -j PFWD\n");
	/* del says so with -v alone */
	pfwd(0, "add wan0:80 192.168.1.2:8080");
	assert_says(pfwd(0, "del -v wan0:80").err, "kept chain PFWD of the IPv4 filter table");
}

static void a_jump_stays_where_it_was_put(void **state)
{
	(void)state;
	pfwd(0, "add wan0:80 192.168.1.2:8080");
	town_sh("iptables-legacy -D FORWARD 1; iptables-legacy -A FORWARD -p icmp -j ACCEPT;"
		"iptables-legacy -A FORWARD -m conntrack --ctstate DNAT -m comment "
		"--comment pfwd -j PFWD");
	pfwd(0, "add wan0:81 192.168.1.2:8080");
	assert_string_equal(town_run("iptables-legacy -S FORWARD").out,
			    "-P FORWARD ACCEPT\n-A FORWARD -p icmp -j ACCEPT\n"
			    "-A FORWARD -m conntrack --ctstate DNAT -m comment --comment pfwd "
			    "-j PFWD\n");
	pfwd(0, "del wan0:80 wan0:81");
	assert_string_equal(town_run("iptables-legacy -S FORWARD").out,
			    "-P FORWARD ACCEPT\n-A FORWARD -p icmp -j ACCEPT\n");
}

/* What older versions made, without the mark and without the original port, is made anew by the
 * next change; a jump beside it is an administrator's. */
static void jumps_without_the_mark(void **state)
{
	(void)state;
	pfwd(0, "add wan0:80 192.168.1.2:8080");
	struct outcome marked = town_rules();
	town_sh("for t in iptables-legacy ip6tables-legacy; do $t-save | "
		"sed 's/ -m comment --comment pfwd//; s/ -m conntrack --ctorigdstport [0-9:]*//' | "
		"$t-restore; done");
	assert_silent(town_rules().out, "comment pfwd");
	assert_silent(town_rules().out, "ctorigdstport");
	assert_says(pfwd(0, "list -rn -o FORWARD").out, "wan0:80/tcp");
	pfwd(0, "add wan0:81 192.168.1.2:8080");
	pfwd(0, "del wan0:81");
	assert_string_equal(town_rules().out, marked.out);
	town_sh("iptables-legacy -A FORWARD -i opt0 -j PFWD");
	assert_says(pfwd(1, "flush").err, "kept chain PFWD of the IPv4 filter table");
	assert_string_equal(town_run("iptables-legacy -S FORWARD").out,
			    "-P FORWARD ACCEPT\n-A FORWARD -m conntrack --ctstate DNAT -m comment "
			    "--comment pfwd -j PFWD\n-A FORWARD -i opt0 -j PFWD\n");
}

/* An ACCEPT of just pfwd's form that is of no forward is told before it goes. */
static void what_no_forward_needs_is_told(void **state)
{
	(void)state;
	pfwd(0, "add wan0:80 192.168.1.2:8080 --local");
	pfwd(0, "add wan0:90-99 :90 -4 --local");
	assert_string_equal(pfwd(0, "list").err, "");
	town_sh("iptables-legacy -A PFWD -d 192.168.1.9/32 -i wan0 -p tcp -m tcp --dport 80 "
		"-m conntrack --ctorigdstport 80 -j ACCEPT");
	assert_string_equal(
		pfwd(0, "list").err,
		"pfwd: chain PFWD of the IPv4 filter table holds -d 192.168.1.9/32 -i wan0 -p tcp "
		"-m tcp --dport 80 -m conntrack --ctorigdstport 80 -j ACCEPT, which no forward "
		"needs; the next change removes it\n");
	town_sh("iptables-legacy -A PFWD-INPUT -i wan0 -p tcp -m tcp --dport 79 "
		"-m conntrack --ctorigdstport 79 -j ACCEPT");
	/* what no jump leads to is missing, and not too much */
	town_sh("iptables-legacy -D FORWARD 1");
	assert_string_equal(pfwd(0, "list").err,
			    "pfwd: chain PFWD-INPUT of the IPv4 filter table holds -i wan0 -p tcp "
			    "-m tcp --dport 79 -m conntrack --ctorigdstport 79 -j ACCEPT, which no "
			    "forward needs; the next change removes it\n");
	pfwd(0, "add wan0:81 192.168.1.2");
	assert_string_equal(pfwd(0, "list").err, "");
	assert_silent(town_run("iptables-legacy -S").out, "192.168.1.9");
}

/* With -v, whatever the change, and what it removes with a forward is nothing to tell. */
static void what_no_forward_needed_is_told_when_it_is_gone(void **state)
{
	(void)state;
	static const char *const changes[] = {"add wan0:82 192.168.1.2", "del wan0:81",
					      "apply /run/tidy", "flush"};
	static const char says[] =
		"pfwd: removed -d 192.168.1.9/32 -i wan0 -p tcp -m tcp --dport 78 -m conntrack "
		"--ctorigdstport 78 -j ACCEPT and 1 more, which no forward needed, from chain PFWD "
		"of the IPv4 filter table\n";
	town_sh("echo wan0:80 192.168.1.2 >/run/tidy");
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		town_sh("printf '%%s\\n' 'wan0:80 192.168.1.2' 'wan0:81 192.168.1.3' | "
			"$PFWD apply -");
		for (int port = 78; port < 80; port++)
			town_sh("iptables-legacy -A PFWD -d 192.168.1.9/32 -i wan0 -p tcp -m tcp "
				"--dport %d -m conntrack --ctorigdstport %d -j ACCEPT",
				port, port);
		struct outcome o = pfwd(0, "-v %s", changes[i]);
		assert_says(o.err, says);
		assert_silent(strstr(o.err, "from chain") + 1, "from chain");
		o = pfwd(0, "-v flush");
		assert_silent(o.err, "no forward needed");
	}
}

/* A marked jump is pfwd's, whatever more it matches; forwards that do not pass it are told. */
static void a_narrower_jump_is_left(void **state)
{
	(void)state;
	pfwd(0, "add wan0:80 192.168.1.2:8080");
	town_sh("iptables-legacy -R FORWARD 1 -i wan0 -m conntrack --ctstate DNAT -m comment "
		"--comment pfwd -j PFWD");
	struct outcome before = town_run("iptables-legacy -S FORWARD");
	pfwd(0, "add wan0:81 192.168.1.2:8081");
	assert_string_equal(town_run("iptables-legacy -S FORWARD").out, before.out);
	pfwd(0, "add opt0:82 192.168.1.2:8082");
	assert_string_equal(town_run("iptables-legacy -S FORWARD").out, before.out);
	assert_string_equal(pfwd(0, "list -rn -o FORWARD,STATE").out,
			    "opt0:82/tcp incomplete\nwan0:80/tcp active\nwan0:81/tcp active\n");
	pfwd(0, "save /run/f");
	assert_string_equal(pfwd(0, "diff /run/f").out, "");
	assert_says(pfwd(1, "check opt0:82").out, "made a jump to pfwd's chains narrower");
	town_sh("iptables-legacy -t nat -R PREROUTING 1 ! -d 127.0.0.0/8 -p tcp -m tcp --dport 81 "
		"-m addrtype --dst-type LOCAL -m comment --comment pfwd -j PFWD");
	assert_string_equal(pfwd(0, "list -rn -o FORWARD,STATE").out,
			    "opt0:82/tcp incomplete\nwan0:80/tcp incomplete\nwan0:81/tcp "
			    "active\n");
	pfwd(0, "flush");
	assert_nothing_left();
}

/* Nothing is done if somebody else has a chain of the name that is needed. */
static void a_name_that_is_taken_is_refused(void **state)
{
	(void)state;
	static const char *const uses[] = {
		"iptables-legacy -A PFWD -i wan0 -j ACCEPT",
		"iptables-legacy -A OUTPUT -o lan0 -j PFWD",
		"iptables-legacy -A FORWARD -p tcp -j PFWD",
	};
	for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
		town_sh("iptables-legacy -N PFWD; %s", uses[i]);
		struct outcome before = town_rules();
		assert_says(pfwd(1, "add wan0:80 192.168.1.2").err,
			    "chain PFWD of the IPv4 filter table is not pfwd's");
		assert_string_equal(town_rules().out, before.out);
		pfwd(0, "add wan0:80 :8080");
		pfwd(0, "flush");
		assert_string_equal(town_rules().out, before.out);
		town_clean(state);
	}
	/* an empty one that nobody uses is taken over */
	town_sh("iptables-legacy -N PFWD");
	pfwd(0, "add wan0:80 192.168.1.2");
	pfwd(0, "flush");
	assert_nothing_left();
}

static struct outcome accepts(void)
{
	return town_run("iptables-legacy -S | grep 'j ACCEPT' | grep dport | "
			"sed 's/.*--dport \\([0-9:]*\\).*/\\1/' | sort");
}

static void apply_ports(int first, int last)
{
	town_sh("for p in $(seq %d %d); do echo wan0:1$p 192.168.1.2:$p; done | $PFWD apply -",
		first, last);
}

static void neighbouring_ports_share_an_accept(void **state)
{
	(void)state;
	apply_ports(1000, 1031);
	struct outcome o = accepts();
	assert_says(o.out, "1000\n1001\n");
	assert_silent(o.out, ":");
	apply_ports(1000, 1040);
	assert_string_equal(accepts().out, "1000:1040\n");
	pfwd(0, "del wan0:11010");
	assert_string_equal(accepts().out, "1000:1009\n1011:1040\n");
	o = pfwd(0, "list -rn -o STATE");
	assert_silent(o.out, "incomplete");
	/* one that is missing is missed, though its neighbours are accepted */
	town_sh("chain=$(iptables-legacy -S | sed -n 's/^-A \\(PFWD[^ ]*\\) .*1011:1040.*/\\1/p');"
		"iptables-legacy -D $chain -d 192.168.1.2/32 -i wan0 -p tcp -m tcp "
		"--dport 1011:1040 -m conntrack --ctorigdstport 11011:11040 -j ACCEPT; "
		"iptables-legacy -A $chain -d 192.168.1.2/32 -i wan0 -p tcp -m tcp --dport "
		"1012:1040 "
		"-m conntrack --ctorigdstport 11012:11040 -j ACCEPT");
	o = pfwd(0, "list -rn -o FORWARD,STATE");
	assert_says(o.out, "wan0:11011/tcp incomplete\n");
	assert_says(o.out, "wan0:11012/tcp active\n");
	pfwd(0, "add wan0:11010 192.168.1.2:1010");
	assert_string_equal(accepts().out, "1000:1040\n");
	assert_silent(pfwd(0, "list -rn -o STATE").out, "incomplete");
	pfwd(0, "flush");
	assert_silent(town_run("iptables-legacy-save").out, "PFWD");
}

/* Neighbouring ports share a rule only if pfwd listens on all ports between the original ones. */
static void gaps_are_not_accepted(void **state)
{
	(void)state;
	town_sh("for i in $(seq 40); do echo wan0:$((1000 + 2 * i)) 192.168.1.2:$((3000 + i)); "
		"done "
		"| $PFWD apply -");
	assert_silent(accepts().out, ":");
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 3003);
	assert_reaches(CLIENT, IPPROTO_TCP, "10.1.0.1", 1006, "server");
	town_close_gates();
	town_translate(1007, "192.168.1.2", 3003);
	assert_reaches(CLIENT, IPPROTO_TCP, "10.1.0.1", 1006, "server");
	assert_refused(CLIENT, IPPROTO_TCP, "10.1.0.1", 1007);
	town_sh("for i in $(seq 80); do echo wan0:$((1000 + i)) 192.168.1.2:$((3000 + (i * 7) %% "
		"81)); "
		"done | $PFWD apply -");
	assert_string_equal(accepts().out, "3001:3080\n");
}

/* A branch that would begin with port 0, which the kernel takes for any, begins with 1. */
static void low_ports_applied_again_change_nothing(void **state)
{
	(void)state;
	town_sh("for p in $(seq 600); do echo wan0:$p 192.168.1.2:$((2 * p)) --masquerade; done "
		">/run/low && $PFWD apply /run/low");
	assert_string_equal(pfwd(0, "apply -n /run/low").out, "");
	assert_string_equal(pfwd(0, "add -n wan0:80 192.168.1.2:160 --masquerade").out, "");
	town_sh("iptables-legacy -t nat -S | grep -q -e '--dport 1:255 -j PFWD/wan0/tcp/1-255'");
}

#define STORY(f) cmocka_unit_test_teardown(f, town_clean)

int main(void)
{
	const struct CMUnitTest stories[] = {
		STORY(a_dry_run_is_what_iptables_takes),
		STORY(a_jump_goes_before_a_reject_at_the_end),
		STORY(what_is_there_is_not_committed_again),
		STORY(diff_marks_what_apply_would_repair),
		STORY(drops_of_nf_tables_are_named),
		STORY(refusals_of_some_destinations_stop_no_forward),
		STORY(reading_sets_up_no_tables),
		STORY(ten_thousand_ports_are_one_rule),
		STORY(counters_go_along_into_other_chains),
		STORY(half_forwards_show_and_are_mended),
		STORY(rules_of_others_in_our_chains_survive),
		STORY(accepts_of_others_in_our_chains_survive),
		STORY(flush_leaves_a_chain_that_somebody_uses),
		STORY(a_jump_stays_where_it_was_put),
		STORY(jumps_without_the_mark),
		STORY(what_no_forward_needs_is_told),
		STORY(what_no_forward_needed_is_told_when_it_is_gone),
		STORY(a_narrower_jump_is_left),
		STORY(a_name_that_is_taken_is_refused),
		STORY(neighbouring_ports_share_an_accept),
		STORY(gaps_are_not_accepted),
		STORY(low_ports_applied_again_change_nothing),
	};
	return cmocka_run_group_tests(stories, town_build, town_raze);
}
