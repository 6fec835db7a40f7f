/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The main job: add, list, conns, del, and what they leave alone. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "town.h"

static const char save_all[] =
	"for t in iptables-legacy ip6tables-legacy; do for table in nat filter; do "
	"$t -t $table -S -v; done; done | "
	/* neighbours' packets count in policies, at any time; THEIRS is jumped to by INPUT */
	"sed -e '/^-P [^F]/s/ -c .*//' -e '/-j THEIRS/s/ -c [0-9]* [0-9]*//'";

static void forward_reaches_server(void **state)
{
	(void)state;
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8080);
	town_sh("iptables-legacy -P FORWARD DROP");
	assert_string_equal(town_ask(CLIENT, IPPROTO_TCP, "10.1.0.1", 80).text, "");
	struct outcome o = pfwd(0, "add wan0:80 192.168.1.2:8080");
	assert_string_equal(o.out, "");
	assert_string_equal(o.err, "");
	assert_says(town_ask(CLIENT, IPPROTO_TCP, "10.1.0.1", 80).text,
		    "server at 192.168.1.2 8080 from 10.1.0.2");
	pfwd(0, "del wan0:80");
	assert_string_equal(town_ask(CLIENT, IPPROTO_TCP, "10.1.0.1", 80).text, "");
}

static void forward_works_in_ipv6(void **state)
{
	(void)state;
	town_serve(SERVER, IPPROTO_TCP, "fd02::2", 8080);
	town_sh("ip6tables-legacy -P FORWARD DROP");
	pfwd(0, "add wan0:80 [fd02::2]:8080");
	assert_says(town_ask(CLIENT, IPPROTO_TCP, "fd01::1", 80).text,
		    "server at fd02::2 8080 from fd01::2");
	struct outcome o = pfwd(0, "list -rn");
	assert_string_equal(o.out, "wan0:80/tcp [fd02::2]:8080 - - active 1\n");
	pfwd(0, "del wan0:80");
	assert_string_equal(pfwd(0, "list -rn").out, "");
}

static void forward_works_in_udp(void **state)
{
	(void)state;
	town_serve(SERVER, IPPROTO_UDP, "192.168.1.2", 53);
	town_sh("iptables-legacy -P FORWARD DROP");
	pfwd(0, "add wan0:5353/udp 192.168.1.2:53");
	assert_says(town_ask(CLIENT, IPPROTO_UDP, "10.1.0.1", 5353).text,
		    "server at 53 from 10.1.0.2");
}

static void forward_passes_a_reject_at_the_end(void **state)
{
	(void)state;
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8080);
	town_sh("iptables-legacy -A FORWARD -j REJECT");
	pfwd(0, "add wan0:80 192.168.1.2:8080");
	assert_says(town_ask(CLIENT, IPPROTO_TCP, "10.1.0.1", 80).text, "server at");
	struct outcome o = town_run("iptables-legacy -S FORWARD");
	assert_string_equal(o.out,
			    "-P FORWARD ACCEPT\n-A FORWARD -m conntrack --ctstate DNAT -j PFWD\n"
			    "-A FORWARD -j REJECT --reject-with icmp-port-unreachable\n");
}

static void target_stays_closed_to_direct_routing(void **state)
{
	(void)state;
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8080);
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8081);
	town_sh("iptables-legacy -P FORWARD DROP");
	pfwd(0, "add wan0:8080 192.168.1.2:8080");
	assert_says(town_ask(CLIENT, IPPROTO_TCP, "10.1.0.1", 8080).text, "server at");
	assert_string_equal(town_ask(CLIENT, IPPROTO_TCP, "192.168.1.2", 8080).text, "");
	assert_string_equal(town_ask(CLIENT, IPPROTO_TCP, "192.168.1.2", 8081).text, "");
	/* nor is it open from another interface */
	assert_string_equal(town_ask(STRANGER, IPPROTO_TCP, "10.3.0.1", 8080).text, "");
}

static void routed_traffic_is_not_touched(void **state)
{
	(void)state;
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 80);
	town_serve(LAN, IPPROTO_TCP, "192.168.1.3", 80);
	pfwd(0, "add wan0:80 192.168.1.2:80");
	assert_says(town_ask(CLIENT, IPPROTO_TCP, "192.168.1.3", 80).text, "lan at 192.168.1.3 80");
}

static void another_tools_translation_gains_no_clients(void **state)
{
	(void)state;
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8080);
	town_sh("iptables-legacy -P FORWARD DROP");
	town_sh("iptables-legacy -t nat -A PREROUTING -p tcp --dport 9999 -j DNAT --to "
		"192.168.1.2:8080");
	pfwd(0, "add wan0:80 192.168.1.2:8080");
	assert_string_equal(town_ask(STRANGER, IPPROTO_TCP, "10.3.0.1", 9999).text, "");
}

static void foreign_rules_survive(void **state)
{
	(void)state;
	town_sh("iptables-legacy -A FORWARD -s 10.9.0.0/16 -m comment --comment theirs -j DROP;"
		"iptables-legacy -N THEIRS; iptables-legacy -A THEIRS -p icmp -j ACCEPT;"
		"iptables-legacy -A INPUT -j THEIRS; iptables-legacy -P FORWARD DROP -c 77 7777;"
		"iptables-legacy -t nat -A POSTROUTING -o wan0 -j MASQUERADE -c 5 500;"
		"ip6tables-legacy -A INPUT -p tcp --dport 22 -j ACCEPT -c 3 300;"
		"ip6tables-legacy -t nat -L >/dev/null");
	struct outcome before = town_run("%s", save_all);
	pfwd(0, "add wan0:80 192.168.1.2:8080 --name x");
	pfwd(0, "add wan0:80 [fd02::2]:8080 --name x");
	pfwd(0, "add wan0:81 192.168.1.2:8081 --masquerade --local --hairpin");
	pfwd(0, "add :82 :8082");
	pfwd(0, "del x");
	pfwd(0, "del wan0:81 :82");
	struct outcome after = town_run("%s", save_all);
	assert_string_equal(before.out, after.out);
	assert_says(after.out, "-c 77 7777");
}

static void counters_of_other_forwards_go_on(void **state)
{
	(void)state;
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8080);
	pfwd(0, "add wan0:80 192.168.1.2:8080");
	town_ask(CLIENT, IPPROTO_TCP, "10.1.0.1", 80);
	pfwd(0, "add wan0:81 192.168.1.2:8080");
	pfwd(0, "add wan0:79 192.168.1.2:8080");
	town_ask(CLIENT, IPPROTO_TCP, "10.1.0.1", 80);
	pfwd(0, "del wan0:79");
	assert_string_equal(pfwd(0, "list -rn -o FORWARD,CONNS").out,
			    "wan0:80/tcp 2\nwan0:81/tcp 0\n");
	/* a change of its time alone keeps them too */
	pfwd(0, "add wan0:80 192.168.1.2:8080 --for 1h");
	assert_string_equal(pfwd(0, "list -rn -o CONNS wan0:80").out, "2\n");
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

static void conns_shows_the_connection(void **state)
{
	(void)state;
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8080);
	pfwd(0, "add wan0:80 192.168.1.2:8080 --name web");
	int fd = town_socket(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, 4321);
	town_ask_again(fd);
	struct outcome o = pfwd(0, "conns -rn -o FORWARD,PROTO,CLIENT,VIA,TARGET,STATE,NAME");
	assert_string_equal(o.out, "wan0:80/tcp tcp 10.1.0.2:4321 10.1.0.1:80 192.168.1.2:8080 "
				   "ESTABLISHED web\n");
	assert_says(pfwd(0, "conns -J web").out, "\"client\":\"10.1.0.2:4321\"");
	assert_says(pfwd(0, "conns").out, "FORWARD     PROTO CLIENT");
	assert_string_equal(pfwd(0, "list -rn -o LIVE").out, "1\n");
	close(fd);
	struct outcome none = pfwd(3, "conns nosuch");
	assert_says(none.err, "there is no forward 'nosuch'");
}

static void conns_tells_two_forwards_to_one_target_apart(void **state)
{
	(void)state;
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8080);
	pfwd(0, "add wan0:80 192.168.1.2:8080 --name wan");
	pfwd(0, "add opt0:80 192.168.1.2:8080 --name opt");
	int a = town_socket(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, 0);
	int b = town_socket(STRANGER, IPPROTO_TCP, "10.3.0.1", 80, 0);
	assert_string_equal(pfwd(0, "conns -rn -o NAME,VIA wan").out, "wan 10.1.0.1:80\n");
	assert_string_equal(pfwd(0, "conns -rn -o NAME,VIA opt").out, "opt 10.3.0.1:80\n");
	close(a);
	close(b);
}

static void conns_leaves_out_other_tools_unless_asked(void **state)
{
	(void)state;
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8080);
	town_sh("iptables-legacy -t nat -A PREROUTING -p tcp --dport 99 -j DNAT --to "
		"192.168.1.2:8080");
	int fd = town_socket(CLIENT, IPPROTO_TCP, "10.1.0.1", 99, 0);
	assert_string_equal(pfwd(0, "conns -rn").out, "");
	assert_says(pfwd(0, "conns -rna").out, "- tcp 10.1.0.2:");
	close(fd);
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

static void dry_run_changes_nothing(void **state)
{
	(void)state;
	struct outcome before = town_run("%s", save_all);
	struct outcome o = pfwd(0, "add -n wan0:80 192.168.1.2:8080 --name web");
	assert_string_equal(
		o.out,
		"*filter\n:PFWD - [0:0]\n"
		"-A PFWD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
		"-A PFWD -d 192.168.1.2/32 -i wan0 -p tcp -m tcp --dport 8080 -j ACCEPT\n"
		"-A FORWARD -m conntrack --ctstate DNAT -j PFWD\nCOMMIT\n"
		"*nat\n:PFWD - [0:0]\n"
		"-A PFWD -i wan0 -p tcp -m tcp --dport 80 -m comment --comment \"--name web\" -j "
		"DNAT "
		"--to-destination 192.168.1.2:8080\n"
		"-A PREROUTING ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j PFWD\nCOMMIT\n");
	assert_string_equal(before.out, town_run("%s", save_all).out);
	/* and iptables makes the same of it */
	pfwd(0, "add wan0:80 192.168.1.2:8080 --name web");
	struct outcome ours = town_run("%s", save_all);
	pfwd(0, "del web");
	town_sh("printf '%%s' '%s' | iptables-legacy-restore --noflush", o.out);
	assert_string_equal(ours.out, town_run("%s", save_all).out);
	assert_string_equal(pfwd(0, "list -rn").out,
			    "wan0:80/tcp 192.168.1.2:8080 web - active 0\n");
}

static void statuses_tell_what_happened(void **state)
{
	(void)state;
	pfwd(0, "add wan0:80 192.168.1.2:8080 --name web");
	pfwd(0, "add wan0:80 192.168.1.2:8080 --name web");
	assert_says(pfwd(4, "add wan0:80 192.168.1.3").err, "--name web");
	pfwd(2, "add wan0:80");
	pfwd(2, "frobnicate");
	assert_says(pfwd(2, "list --frobnicate").err, "see `pfwd help COMMAND`");
	assert_says(pfwd(2, "-n add wan0:80 192.168.1.2").err, "see `pfwd help COMMAND`");
	pfwd(3, "del wan0:81");
	assert_says(pfwd(3, "del web wan0:81").err, "wan0:81");
	pfwd(0, "list web"); /* nothing was removed */
	assert_says(town_run("setpriv --bounding-set -net_admin --inh-caps -net_admin "
			     "$PFWD list; echo status $?")
			    .out,
		    "status 5");
	assert_says(town_run("$PFWD list > /dev/full; echo status $?").out, "status 1");
	assert_int_equal(town_run("$PFWD list | true").status, 0);
}

static void the_lock_is_waited_for_in_bounds(void **state)
{
	(void)state;
	struct outcome o = town_run("flock /run/xtables.lock sleep 3 & sleep 0.3; "
				    "$PFWD -w 0 add wan0:80 192.168.1.2; echo status $?; "
				    "$PFWD -w 1 add wan0:80 192.168.1.2; echo status $?; "
				    "$PFWD add -w 10 wan0:80 192.168.1.2; echo status $?; wait");
	assert_string_equal(o.out, "status 7\nstatus 7\nstatus 0\n");
	assert_says(o.err, "flock (process ");
}

static void the_lock_is_held_from_first_read_to_last_commit(void **state)
{
	(void)state;
	struct outcome o = town_run(
		"$TRACE -qq -f -e trace=flock,setsockopt,getsockopt,close -o /run/trace $PFWD add "
		"wan0:80 192.168.1.2 && "
		"awk '/flock/ {lock=NR; split($0,p,/[(,]/); fd=p[2]} "
		"/SO_GET_ENTRIES|IPT_SO_GET_INFO|sockopt.*0x40/ {if(!first) first=NR} "
		"/SO_SET_REPLACE|setsockopt.*0x40/ {last=NR} "
		"$0 ~ \"close\\\\(\" fd \"\\\\)\" {if(lock) end=NR} "
		"END {print (lock && lock<first && last && last<end) ? \"held\" : \"not held\"}' "
		"/run/trace");
	assert_string_equal(o.out, "held\n");
}

static void a_link_is_no_lock(void **state)
{
	(void)state;
	struct outcome o = town_run("echo precious > /run/precious; ln -s /run/precious /run/link; "
				    "XTABLES_LOCKFILE=/run/link $PFWD add wan0:80 192.168.1.2; "
				    "echo status $?; cat /run/precious");
	assert_string_equal(o.out, "status 1\nprecious\n");
}

static void missing_modules_are_loaded_once(void **state)
{
	(void)state;
	/* the kernel's helper in a file of ours, and a kernel that says it has no table at first */
	struct outcome o = town_run(
		"printf '#!/bin/sh\\necho \"$@\" >> /run/loaded\\n' > /run/modprobe;"
		"chmod +x /run/modprobe; mount -t tmpfs none /proc/sys/kernel;"
		"echo /run/modprobe > /proc/sys/kernel/modprobe;"
		"$TRACE -qq -o /dev/null -e trace=getsockopt -e "
		"inject=getsockopt:error=ENOPROTOOPT:when=1 $PFWD add wan0:80 192.168.1.2; "
		"echo status $?; umount /proc/sys/kernel; cat /run/loaded");
	assert_string_equal(o.out, "status 0\n-q -- ip_tables\n");
}

static void a_kernel_without_tables_is_said(void **state)
{
	(void)state;
	struct outcome o = town_run("$TRACE -qq -o /dev/null -e trace=getsockopt -e "
				    "inject=getsockopt:error=ENOPROTOOPT $PFWD add wan0:80 "
				    "192.168.1.2; echo status $?");
	assert_string_equal(o.out, "status 6\n");
	assert_says(o.err, "CONFIG_NETFILTER_XTABLES_LEGACY");
	/* one that was there is not taken for empty */
	pfwd(0, "add wan0:80 192.168.1.2");
	static const char *const commands[] = {"list",  "conns",  "del wan0:80",
					       "flush", "save -", "diff /dev/null"};
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		o = town_run("$TRACE -qq -o /dev/null -e trace=getsockopt -e "
			     "inject=getsockopt:error=ENOPROTOOPT $PFWD %s",
			     commands[i]);
		assert_int_equal(o.status, 6);
	}
}

static void a_kernel_without_conntrack_is_said(void **state)
{
	(void)state;
	static const char *const commands[] = {"conns", "conns -c", "conns -f", "list -o LIVE"};
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		struct outcome o = town_run("$TRACE -qq -o /dev/null -e trace=bind -e "
					    "inject=bind:error=EPROTONOSUPPORT:when=2+ $PFWD %s",
					    commands[i]);
		assert_int_equal(o.status, 6);
		assert_says(o.err, "load nf_conntrack_netlink");
	}
}

static void a_failed_second_commit_is_undone(void **state)
{
	(void)state;
	pfwd(0, "add wan0:79 192.168.1.2:79");
	struct outcome before = town_run("%s", save_all);
	/* filter's IPT_SO_SET_REPLACE and SET_ADD_COUNTERS, then nat's */
	struct outcome o = town_run("$TRACE -qq -o /dev/null -e trace=setsockopt -e "
				    "inject=setsockopt:error=ENOMEM:when=3 $PFWD add wan0:80 "
				    "192.168.1.2; echo status $?");
	assert_string_equal(o.out, "status 1\n");
	assert_says(o.err, "no memory for the IPv4 nat table");
	assert_string_equal(before.out, town_run("%s", save_all).out);
}

static void lost_counters_are_set_again(void **state)
{
	(void)state;
	town_sh("iptables-legacy -A FORWARD -s 10.9.0.0/16 -j DROP -c 12 1234");
	struct outcome o = town_run("$TRACE -qq -o /dev/null -e trace=setsockopt -e "
				    "inject=setsockopt:error=ENOMEM:when=2 $PFWD add wan0:80 "
				    "192.168.1.2; echo status $?");
	assert_string_equal(o.out, "status 0\n");
	assert_says(town_run("iptables-legacy -S -v").out, "-c 12 1234");
	assert_string_equal(pfwd(0, "list -rn -o STATE").out, "active\n");
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
	assert_string_equal(town_run("iptables-legacy -S | grep PFWD").out,
			    "-N PFWD\n-A FORWARD -m conntrack --ctstate DNAT -j PFWD\n"
			    "-A PFWD -s 10.9.9.9/32 -j LOG\n");
}

static void flush_leaves_what_was_before(void **state)
{
	(void)state;
	town_sh("for t in iptables-legacy ip6tables-legacy; do $t -P FORWARD DROP -c 5 55;"
		"$t -A FORWARD -p tcp -j REJECT -c 7 77;"
		"$t -t nat -A POSTROUTING -o wan0 -j MASQUERADE; done");
	struct outcome before = town_run("%s", save_all);
	pfwd(0, "add wan0:80 192.168.1.2:8080 --masquerade --local --hairpin");
	pfwd(0, "add -6 wan0:80-90 :80 --local");
	assert_says(pfwd(0, "flush -n").out, "-X PFWD-HAIRPIN");
	pfwd(2, "flush wan0:80");
	pfwd(0, "flush");
	assert_string_equal(before.out, town_run("%s", save_all).out);
	pfwd(0, "flush");
}

static void flush_leaves_a_chain_that_somebody_uses(void **state)
{
	(void)state;
	pfwd(0, "add wan0:80 192.168.1.2:8080");
	town_sh("iptables-legacy -N THEIRS; iptables-legacy -A THEIRS -j PFWD");
	struct outcome o = pfwd(1, "flush");
	assert_says(o.err, "kept chain PFWD of the IPv4 filter table");
	assert_string_equal(town_run("iptables-legacy -S | grep -v '^-P'").out,
			    "-N PFWD\n-N THEIRS\n-A FORWARD -m conntrack --ctstate DNAT -j PFWD\n"
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
		"iptables-legacy -A FORWARD -m conntrack --ctstate DNAT -j PFWD");
	pfwd(0, "add wan0:81 192.168.1.2:8080");
	assert_string_equal(town_run("iptables-legacy -S FORWARD").out,
			    "-P FORWARD ACCEPT\n-A FORWARD -p icmp -j ACCEPT\n"
			    "-A FORWARD -m conntrack --ctstate DNAT -j PFWD\n");
	pfwd(0, "del wan0:80 wan0:81");
	assert_string_equal(town_run("iptables-legacy -S FORWARD").out,
			    "-P FORWARD ACCEPT\n-A FORWARD -p icmp -j ACCEPT\n");
}

static void warnings_say_what_is_wrong_beside(void **state)
{
	(void)state;
	town_serve(GATEWAY, IPPROTO_TCP, "0.0.0.0", 22);
	assert_says(pfwd(0, "add wan0:22 192.168.1.2").err, "listens on port 22");
	assert_says(pfwd(0, "add nope0:80 192.168.1.2").err, "there is no interface nope0");
	assert_says(pfwd(0, "add 10.9.9.9:85 :8080").err,
		    "10.9.9.9 is not an address of this host");
	town_sh("sysctl -qw net.ipv4.ip_forward=0");
	struct outcome o = pfwd(0, "add wan0:81 192.168.1.2");
	town_sh("sysctl -qw net.ipv4.ip_forward=1");
	assert_says(o.err, "sysctl -w net.ipv4.ip_forward=1");
	town_sh("nft 'add table inet theirs; add chain inet theirs gate "
		"{ type filter hook forward priority 0; policy drop; }'");
	assert_says(pfwd(0, "add wan0:82 192.168.1.2").err, "table inet theirs, chain gate");
	/* each of them, by the family's own name; one that is passed by no packet of ours is none
	 */
	town_sh("nft 'add table ip6 filter; add chain ip6 filter FORWARD "
		"{ type filter hook forward priority 0; policy drop; }; add table ip filter; "
		"add chain ip filter IN { type filter hook input priority 0; policy drop; }'");
	o = pfwd(0, "add wan0:82 [fd02::2]");
	assert_says(o.err, "table inet theirs, chain gate");
	assert_says(o.err, "table ip6 filter, chain FORWARD");
	assert_silent(o.err, "table ip filter");
	assert_string_equal(pfwd(0, "add -6 wan0:83 :8080").err, "");
	assert_says(pfwd(0, "add wan0:83 :8080").err, "table ip filter, chain IN");
}

/* In a namespace where nobody else listens. */
static void listeners_are_those_that_lose_packets(void **state)
{
	(void)state;
	static const char warning[] = "pfwd: warning: eth0:1-65535/tcp: a program on this host "
				      "listens on port 22 (others on ",
			  rest[] = "), which is now forwarded away from it\n";
	char expected[512];
	town_sh("ip netns exec stranger python3 tests/stories/listens.py [::]:23 0.0.0.0:22 "
		"[::]:24/only 127.0.0.1:25 [::ffff:10.3.0.2]:26 0.0.0.0:27/lo 0.0.0.0:28/udp "
		">/run/listening & until grep -q ready /run/listening; do sleep 0.05; done; "
		"ip netns exec stranger sysctl -qw net.ipv4.ip_forward=1 "
		"net.ipv6.conf.all.forwarding=1");
	/* the port of a range that goes to itself is not lost */
	assert_string_equal(town_run("ip netns exec stranger $PFWD add eth0:20-22 :22").err, "");
	town_sh("ip netns exec stranger $PFWD del eth0:20-22");
	struct outcome four = town_run("ip netns exec stranger $PFWD add eth0:1-65535 10.3.0.9");
	struct outcome six = town_run("ip netns exec stranger $PFWD add eth0:1-65535 [fd03::9]");
	town_sh("ip netns exec stranger $PFWD flush; kill $(cut -d' ' -f2 /run/listening)");
	snprintf(expected, sizeof(expected), "%s23, 26%s", warning, rest);
	assert_string_equal(four.err, expected);
	assert_says(six.err, "listens on port 23 (others on 24), which");
}

static void help_explains_every_command(void **state)
{
	(void)state;
	static const char *const names[] = {"add",  "del",     "list",  "conns", "flush",
					    "help", "version", "apply", "diff",  "save"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char usage[64];
		snprintf(usage, sizeof(usage), "Usage: pfwd %s", names[i]);
		assert_says(pfwd(0, "help %s", names[i]).out, usage);
		assert_says(pfwd(0, "%s --help", names[i]).out, usage);
		assert_says(pfwd(0, "help").out, names[i]);
	}
	assert_says(pfwd(0, "-V").out, "pfwd ");
	assert_says(pfwd(0, "list -h").out, "PACKETS");
	assert_says(pfwd(2, "help list conns").err, "too many arguments: 'conns'");
	assert_says(pfwd(2, "-n list").err, "unknown option '-n'; see `pfwd help COMMAND`");
}

static void the_version_is_shown_wherever_it_is_asked_for(void **state)
{
	(void)state;
	struct outcome plain = pfwd(0, "version");
	assert_string_equal(pfwd(0, "-V").out, plain.out);
	assert_string_equal(pfwd(0, "add --version").out, plain.out);
	assert_string_equal(pfwd(0, "-V add wan0:80").out, plain.out);
	assert_says(pfwd(2, "version add").err, "'add'");
}

#define STORY(f) cmocka_unit_test_teardown(f, town_clean)

int main(void)
{
	const struct CMUnitTest stories[] = {
		STORY(forward_reaches_server),
		STORY(forward_works_in_ipv6),
		STORY(forward_works_in_udp),
		STORY(forward_passes_a_reject_at_the_end),
		STORY(target_stays_closed_to_direct_routing),
		STORY(routed_traffic_is_not_touched),
		STORY(another_tools_translation_gains_no_clients),
		STORY(foreign_rules_survive),
		STORY(counters_of_other_forwards_go_on),
		STORY(counters_go_along_into_other_chains),
		STORY(conns_shows_the_connection),
		STORY(conns_tells_two_forwards_to_one_target_apart),
		STORY(conns_leaves_out_other_tools_unless_asked),
		STORY(reading_sets_up_no_tables),
		STORY(dry_run_changes_nothing),
		STORY(statuses_tell_what_happened),
		STORY(the_lock_is_waited_for_in_bounds),
		STORY(the_lock_is_held_from_first_read_to_last_commit),
		STORY(a_link_is_no_lock),
		STORY(missing_modules_are_loaded_once),
		STORY(a_kernel_without_tables_is_said),
		STORY(a_kernel_without_conntrack_is_said),
		STORY(a_failed_second_commit_is_undone),
		STORY(lost_counters_are_set_again),
		STORY(half_forwards_show_and_are_mended),
		STORY(rules_of_others_in_our_chains_survive),
		STORY(flush_leaves_what_was_before),
		STORY(flush_leaves_a_chain_that_somebody_uses),
		STORY(a_jump_stays_where_it_was_put),
		STORY(warnings_say_what_is_wrong_beside),
		STORY(listeners_are_those_that_lose_packets),
		STORY(help_explains_every_command),
		STORY(the_version_is_shown_wherever_it_is_asked_for),
	};
	return cmocka_run_group_tests(stories, town_build, town_raze);
}
