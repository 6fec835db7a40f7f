/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables that somebody else filled with what pfwd does not know, and with what it should not print.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "../trouble.h"

/* try MATCH...: each rule that this iptables and this kernel take, in both families */
static const char try_rules[] =
	"e=$(printf '\\033[31m'); n=$(printf 'a\\nb\\177\\302\\23331m\\23331m\"%%s'\\''\\\\');\n"
	"l=$(printf '%255s' '' | tr ' ' x)\n"
	"a=$(LC_ALL=C awk 'BEGIN {for (i = 1; i < 256; i++) printf \"%c\", i}')\n"
	"u=$(printf '\\342\\200\\256\\303\\204\\360\\237\\222\\251\\377')\n"
	"try() { for t in iptables-legacy ip6tables-legacy; do\n"
	"  $t -t $table -A $chain \"$@\" 2>/dev/null; done; }\n";

static const char odd_rules[] =
	"try -m string --algo bm --string abc -j ACCEPT\n"
	"try -m string --algo kmp --hex-string '|1b5b33316d|'\n"
	"try -m statistic --mode random --probability 0.5 -j ACCEPT\n"
	"try -m statistic --mode nth --every 3 --packet 0 -j ACCEPT\n"
	"try -m recent --name a --set\n"
	"try -m hashlimit --hashlimit-upto 5/sec --hashlimit-name h$table$chain "
	"--hashlimit-mode srcip -j ACCEPT\n"
	"try -m u32 --u32 '6&0xFF=1' -j ACCEPT\n"
	"try -m bpf --bytecode '4,48 0 0 9,21 0 1 6,6 0 0 1,6 0 0 0' -j ACCEPT\n"
	"try -m quota --quota 1000 -j ACCEPT\n"
	"try -m connlimit --connlimit-above 3 -j ACCEPT\n"
	"try -p tcp -m multiport --dports 80,443 -j ACCEPT\n"
	"try -m limit --limit 5/min -j LOG --log-prefix \"$e\"\n"
	"try -j MARK --set-mark 2\n"
	"try -j NFLOG --nflog-prefix \"$e\"\n"
	"try -j NFQUEUE\n"
	"try -m comment --comment \"$e\" -j ACCEPT\n"
	"try -m comment --comment \"$n\" -j ACCEPT\n"
	"try -m comment --comment \"$l\"\n"
	"try -m comment --comment \"$a\"\n"
	"try -m comment --comment \"$u\" -j ACCEPT\n"
	/* nearly what pfwd writes */
	"try -i wan0 -p tcp --dport 80 -m comment --comment \"--name $e\" -j DNAT --to :8080\n"
	"try -i wan0 -p tcp --dport 80 -m comment --comment '--name a --name b' -j DNAT --to :80\n"
	"try -i wan0 -p tcp --dport 80 -m comment --comment '--local ' -j DNAT --to :8080\n"
	"try -i wan0 -p tcp --dport 80 -m comment --comment \"$l\" -j DNAT --to :8080\n"
	"try -i wan0 -p tcp --dport 80 -m comment --comment \"$a\" -j DNAT --to :8080\n"
	"try -i wan0 -p tcp --dport 80 -m comment --comment \"--name $u\" -j DNAT --to :8080\n"
	"try -i \"$e\" -p tcp --dport 80 -j DNAT --to-destination :8080 --random\n";

static void make_odd_rules(const char *table, const char *chain)
{
	town_sh("table=%s chain=%s; for t in iptables-legacy ip6tables-legacy; do $t -t %s -N %s; "
		"done\n%s%s true",
		table, chain, table, chain, try_rules, odd_rules);
}

/* Control characters, of eight bits and in UTF-8 too; no text here has another use for 0x9b. */
static void assert_printable(const char *text)
{
	for (const unsigned char *c = (const unsigned char *)text; *c; c++)
		if ((*c < ' ' && *c != '\n') || *c == 0x7f || *c == 0x9b)
			fail_msg("byte 0x%02x in: %s", *c, text);
}

static void assert_all_output_printable(void)
{
	static const char *const commands[] = {
		"list",
		"list -J",
		"list -r -o +IF,FROM,LIVE",
		"conns -a",
		"save -",
		"diff - </dev/null",
		"add -v wan0:88 192.168.1.8 --name x",
		"add -n wan0:89 192.168.1.8",
		"add wan0:88 192.168.1.9",
		"apply -n - </dev/null",
		"del -v x",
		"flush -n",
	};
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		struct outcome o = town_run("$PFWD %s", commands[i]);
		if (o.status > 7)
			fail_msg("%s: status %d", commands[i], o.status);
		assert_printable(o.out);
		assert_printable(o.err);
	}
}

/* Everything but PFWD itself and jumps to chains of pfwd's name, as a hash: it may be long. */
static struct outcome foreign_hash(void)
{
	return town_run(
		"for t in iptables-legacy ip6tables-legacy; do for table in nat filter; do "
		"$t -t $table -S; done; done | grep -av -e '-j PFWD' -e '^-N PFWD$' | sha256sum");
}

/* Make the chains PFWD of all tables, which are pfwd's; what is then put into them stays. */
static void make_our_chains(void)
{
	pfwd(0, "add wan0:70 192.168.1.7");
	pfwd(0, "add wan0:70 [fd02::7]");
}

static void rules_in_our_chains_stay_whole(void **state)
{
	(void)state;
	make_our_chains();
	make_odd_rules("nat", "PFWD");
	make_odd_rules("filter", "PFWD");
	pfwd(0, "del wan0:70");
	struct outcome before = foreign_hash();
	assert_string_equal(pfwd(0, "list -rn").out, "");
	assert_all_output_printable();
	pfwd(0, "add wan0:81 192.168.1.2:8081 --name web --masquerade --hairpin --local");
	pfwd(0, "add wan0:81 [fd02::2]:8081 --name web");
	assert_says(pfwd(0, "list -rn").out, "wan0:81/tcp 192.168.1.2:8081 web");
	assert_says(pfwd(0, "list").err, "chain PFWD of the IPv4 nat table holds ");
	assert_all_output_printable();
	pfwd(0, "del web");
	assert_string_equal(foreign_hash().out, before.out);
	assert_says(pfwd(1, "flush").err, "kept chain PFWD of the IPv4 nat table");
	assert_string_equal(foreign_hash().out, before.out);
}

static void chains_named_as_ours_stay_whole(void **state)
{
	(void)state;
	make_odd_rules("nat", "PFWD");
	make_odd_rules("filter", "PFWD");
	struct outcome before = town_rules();
	assert_string_equal(pfwd(0, "list -rn").out, "");
	assert_all_output_printable();
	assert_says(pfwd(1, "add wan0:81 192.168.1.2").err, "is not pfwd's");
	assert_says(pfwd(1, "add wan0:81 [fd02::2]").err, "is not pfwd's");
	pfwd(0, "flush");
	assert_string_equal(town_rules().out, before.out);
}

static void odd_rules_elsewhere_stay_as_they_are(void **state)
{
	(void)state;
	make_odd_rules("nat", "THEIRS");
	make_odd_rules("filter", "THEIRS");
	make_odd_rules("filter", "PFW");
	town_sh("for t in iptables-legacy ip6tables-legacy; do $t -A FORWARD -i none0 -j THEIRS; "
		"$t -P INPUT ACCEPT; done");
	struct outcome before = town_rules();
	pfwd(0, "add wan0:81 192.168.1.2:8081 --name web --masquerade");
	pfwd(0, "add wan0:81 [fd02::2]:8081 --name web");
	assert_string_equal(pfwd(0, "list -rn -o FORWARD,STATE").out,
			    "wan0:81/tcp active\nwan0:81/tcp active\n");
	assert_all_output_printable();
	pfwd(0, "del web");
	assert_string_equal(town_rules().out, before.out);
	pfwd(0, "add :82 :8082 --local");
	pfwd(0, "flush");
	assert_string_equal(town_rules().out, before.out);
}

static void names_of_chains_are_printed_with_care(void **state)
{
	(void)state;
	town_sh("e=$(printf 'PFWD-\\033[31m'); for t in iptables-legacy ip6tables-legacy; do "
		"for table in nat filter; do $t -t $table -N \"$e\"; "
		"$t -t $table -A \"$e\" -p icmp -j LOG; $t -t $table -N PFWD-THEIRS; "
		"$t -t $table -A PFWD-THEIRS -j \"$e\"; $t -t $table -N PFWD-x; "
		"$t -t $table -A PFWD-x -j RETURN; done; done");
	assert_all_output_printable();
	pfwd(0, "add wan0:81 192.168.1.2:8081");
	assert_all_output_printable();
	pfwd(0, "del wan0:81");
	struct outcome o = town_run("$PFWD flush");
	assert_printable(o.out);
	assert_printable(o.err);
	o = town_rules();
	assert_says(o.out, "-p icmp -j LOG\n");
	assert_says(o.out, "-A PFWD-THEIRS -j PFWD-");
}

/* Chains that pfwd takes for its own, by their names and their rules. */
static void names_below_ours_are_printed_with_care(void **state)
{
	(void)state;
	town_sh("e=$(printf 'PFWD/\\033[31m'); i=$(printf 'w\\0332J'); "
		"for t in iptables-legacy ip6tables-legacy; do $t -t nat -N \"$e\"; "
		"$t -t nat -N PFWD/a; $t -t nat -A PFWD/a -p tcp -i w+ -j \"$e\"; "
		"$t -t nat -A \"$e\" -p tcp -i \"$i\" -j PFWD/a; done");
	struct outcome o = pfwd(0, "add -n wan0:81 192.168.1.2:8081");
	assert_says(o.out, "-D PFWD/a -i w+ -p tcp -j PFWD/\\x1b[31m\n");
	assert_says(o.out, "-i w\\x1b2J");
	assert_printable(o.out);
	assert_all_output_printable();
	pfwd(0, "flush");
}

/* Names that pfwd's own chains might have, and rules that it would not write there. */
static void chains_below_ours_stay_whole(void **state)
{
	(void)state;
	static const char *const names[] = {"PFWD-foo",  "PFWD/xyz",    "PFWD/wan0",
					    "PFWD-ADDR", "PFWD-INPUT/", "PFWD-"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		make_odd_rules("nat", names[i]);
		make_odd_rules("filter", names[i]);
	}
	town_sh("for t in iptables-legacy ip6tables-legacy; do $t -I FORWARD -i none0 -j PFWD/xyz; "
		"$t -t nat -I PREROUTING -i none0 -j PFWD-foo; done");
	struct outcome before = foreign_hash();
	pfwd(0, "add wan0:81 192.168.1.2:8081 --masquerade");
	/* so many that a chain of such a name is needed */
	town_sh("for i in $(seq 100 140); do echo wan0:$i 192.168.1.2; echo \"wan0:$i [fd02::2]\"; "
		"echo wan0:$i/udp :1; done >/run/many");
	assert_says(pfwd(1, "apply /run/many").err, "is not pfwd's, which needs that name");
	assert_string_equal(pfwd(0, "list -rn -o STATE").out, "active\n");
	assert_all_output_printable();
	pfwd(0, "flush");
	assert_string_equal(foreign_hash().out, before.out);
}

/* iptables falls back to older revisions where the kernel says that it has none of a newer one. */
static const char old_rules[] =
	"old() { for n in 1 2 3 4; do $TRACE -qq -o /dev/null -e trace=getsockopt "
	"-e inject=getsockopt:error=EPROTONOSUPPORT:when=1..$n $t -w -t $table -A $chain \"$@\" "
	"2>/dev/null; done; }\n"
	"for t in iptables-legacy ip6tables-legacy; do\n"
	"table=nat; old -i wan0 -p tcp --dport 80 -m comment --comment theirs -j DNAT --to :81\n"
	"old -i wan0 -p tcp --dport 80 -j REDIRECT --to-ports 81\n"
	"for table in nat filter; do\n"
	"old -m conntrack --ctstate DNAT -j ACCEPT; old -m addrtype --src-type LOCAL -j RETURN\n"
	"old -p tcp -m multiport --dports 1,2 -j ACCEPT; old -j MARK --set-mark 1\n"
	"old -m iprange --src-range 10.0.0.1-10.0.0.9 -j ACCEPT; done; done\n";

static void old_revisions_stay_as_they_are(void **state)
{
	(void)state;
	static const char *const chains[] = {"PFWD", "THEIRS"};
	make_our_chains();
	for (size_t i = 0; i < sizeof(chains) / sizeof(chains[0]); i++)
		town_run("chain=%s; for t in iptables-legacy ip6tables-legacy; do $t -N $chain; "
			 "$t -t nat -N $chain; done\n%s",
			 chains[i], old_rules);
	pfwd(0, "del wan0:70");
	struct outcome before = foreign_hash();
	assert_says(town_run("iptables-legacy -t nat -S PFWD").out, "unsupported revision");
	assert_all_output_printable();
	pfwd(0, "add wan0:81 192.168.1.2:8081");
	pfwd(0, "add wan0:81 [fd02::2]:8081");
	assert_all_output_printable();
	pfwd(0, "del wan0:81");
	assert_string_equal(foreign_hash().out, before.out);
}

/* Such as miniupnpd writes. */
static void a_forward_of_revision_0_is_one(void **state)
{
	(void)state;
	town_sh("iptables-legacy -t nat -N PFWD; $TRACE -qq -o /dev/null -e trace=getsockopt "
		"-e inject=getsockopt:error=EPROTONOSUPPORT:when=1..3 iptables-legacy -t nat "
		"-A PFWD -i wan0 -p tcp --dport 80 -j DNAT --to 192.168.1.2:81 2>/dev/null");
	assert_says(town_run("iptables-legacy -t nat -S PFWD").out, "unsupported revision");
	assert_string_equal(pfwd(0, "list -rn -o FORWARD,TARGET,STATE").out,
			    "wan0:80/tcp 192.168.1.2:81 incomplete\n");
	pfwd(0, "add wan0:82 192.168.1.2");
	assert_string_equal(pfwd(0, "list -rn -o STATE wan0:80").out, "active\n");
	pfwd(0, "flush");
	assert_silent(town_rules().out, "PFWD");
}

static void names_in_loops_do_not_matter(void **state)
{
	(void)state;
	/* theirs jump to ours, ours (by name) to theirs, and nothing is where it belongs */
	town_sh("iptables-legacy -N PFWD; iptables-legacy -N A; iptables-legacy -N B; "
		"iptables-legacy -A PFWD -i none0 -j A; iptables-legacy -A A -i none0 -j B; "
		"iptables-legacy -A INPUT -j PFWD; iptables-legacy -A OUTPUT -o none0 -g PFWD; "
		"iptables-legacy -t nat -N PFWD; iptables-legacy -t nat -A PREROUTING -i none0 -g "
		"PFWD; "
		"iptables-legacy -t nat -A OUTPUT -j PFWD");
	struct outcome before = town_rules();
	assert_says(pfwd(1, "add wan0:81 192.168.1.2:8081").err, "is not pfwd's");
	assert_string_equal(pfwd(0, "list -rn -o STATE").out, "");
	pfwd(0, "flush");
	assert_string_equal(town_rules().out, before.out);
}

/* Chains below pfwd's that nothing of a hook reaches, for restore(8), in every table. */
static void make_strays(const char *awk)
{
	town_sh("for table in nat filter; do awk -v table=$table 'BEGIN { print \"*\" table; %s; "
		"print \"COMMIT\" }' >/run/strays; iptables-legacy-restore -n /run/strays; "
		"ip6tables-legacy-restore -n /run/strays; done",
		awk);
}

/* Each command ends by itself within two seconds, and what it wants of the strays is done. */
static void every_command_ends_in_time(const char *strays)
{
	static const struct {
		const char *command;
		int status;
	} commands[] = {
		{"list", 0},
		{"conns", 0},
		{"save -", 0},
		{"diff /dev/null", 0},
		{"add -n wan0:80 192.168.1.2", 0},
		{"flush -n", 0},
		{"add wan0:80 192.168.1.2", 0},
		{"add wan0:80 [fd02::2]", 0},
		{"del wan0:80", 0},
		{"apply /dev/null", 0},
		{"flush", 0},
	};
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		make_strays(strays);
		struct outcome o = town_run("timeout 2 $PFWD %s", commands[i].command);
		if (o.status != commands[i].status)
			fail_msg("%s: status %d: %s", commands[i].command, o.status, o.err);
	}
	assert_silent(town_rules().out, "PFWD");
}

static void chains_that_jump_to_each_other_end_no_command(void **state)
{
	(void)state;
	every_command_ends_in_time("print \":PFWD/a -\\n:PFWD/b -\"; "
				   "print \"-A PFWD/a -j PFWD/b\\n-A PFWD/b -j PFWD/a\"");
}

static void a_ladder_of_chains_does_not_cost_seconds(void **state)
{
	(void)state;
	every_command_ends_in_time("for (i = 0; i < 31; i++) print \":PFWD/d\" i \" -\"; "
				   "for (i = 0; i < 60; i++) print \"-A PFWD/d\" int(i / 2) "
				   "\" -j PFWD/d\" int(i / 2) + 1");
}

static void a_hundred_thousand_rules_stay_as_they_are(void **state)
{
	(void)state;
	town_sh("for t in nat filter; do echo \"*$t\"; echo ':THEIRS - [0:0]'; "
		"awk 'BEGIN {for (i = 1; i <= 50000; i++) printf \"[%%d:%%d] -A THEIRS -s "
		"10.%%d.%%d.0/24 "
		"-p tcp --dport %%d -m comment --comment rule%%d\\n\", i, i * 40, i / 256, i %% "
		"256, i, "
		"i}'; echo COMMIT; done | iptables-legacy-restore -c");
	static const char hash[] = "iptables-legacy-save -c | grep -v -e '^#' -e '^:[A-Z]* [A-Z]' "
				   "| sha256sum";
	struct outcome before = town_run(hash);
	pfwd(0, "add wan0:81 192.168.1.2:8081 --name web --masquerade");
	assert_says(pfwd(0, "list -rn").out, "web");
	pfwd(0, "add wan0:82 192.168.1.2 --name web");
	pfwd(0, "del wan0:82");
	assert_string_equal(town_run("iptables-legacy-save -c | grep -c rule").out, "100000\n");
	pfwd(0, "flush");
	assert_string_equal(town_run(hash).out, before.out);
}

#define STORY(f) cmocka_unit_test_teardown(f, town_clean)

int main(void)
{
	const struct CMUnitTest stories[] = {
		STORY(chains_named_as_ours_stay_whole),
		STORY(rules_in_our_chains_stay_whole),
		STORY(odd_rules_elsewhere_stay_as_they_are),
		STORY(names_of_chains_are_printed_with_care),
		STORY(names_below_ours_are_printed_with_care),
		STORY(chains_below_ours_stay_whole),
		STORY(old_revisions_stay_as_they_are),
		STORY(a_forward_of_revision_0_is_one),
		STORY(names_in_loops_do_not_matter),
		STORY(chains_that_jump_to_each_other_end_no_command),
		STORY(a_ladder_of_chains_does_not_cost_seconds),
		STORY(a_hundred_thousand_rules_stay_as_they_are),
	};
	return cmocka_run_group_tests(stories, town_build, town_raze);
}
