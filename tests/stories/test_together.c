/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Several programs change the tables at once, some of them without the lock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "trouble.h"

/* Each writer has ports of its own: it adds one and removes the one before, 126 times, and leaves
 * the last. 251 changes each, 2008 in all. */
static const char writers[] =
	"forward() { $PFWD $1 -w 50 wan0:$2 $3; }\n"
	"rule() { if [ $1 = add ]; then $3 -w 50 -A INPUT -p tcp --dport $2 -j ACCEPT;\n"
	"  else $3 -w 50 -D INPUT -p tcp --dport $2 -j ACCEPT; fi; }\n"
	"element() { nft $1 element inet $3 ports { $2 }; }\n"
	"write() { # FUNCTION FIRST WHAT\n"
	"  last=\n"
	"  for port in $(seq $(($2 + 1)) $(($2 + 126))); do\n"
	"    $1 add $port $3 || echo add $port >>/run/failed\n"
	"    [ -z $last ] || $1 delete $last $([ $1 = forward ] || echo $3) || "
	"echo del $last >>/run/failed\n"
	"    last=$port; done; }\n"
	": >/run/failed\n"
	"write forward 1000 192.168.1.2 & write forward 2000 192.168.1.3 &\n"
	"write forward 3000 [fd02::2] & write forward 4000 192.168.1.2 &\n"
	"%s\nwait; cat /run/failed";

static const char legacy_writers[] =
	"write rule 5000 iptables-legacy & write rule 6000 iptables-legacy &\n"
	"write rule 7000 ip6tables-legacy & write rule 8000 ip6tables-legacy &";

static const char nft_writers[] = "for n in 1 2; do nft \"table inet t$n { set ports { type "
				  "inet_service; }; }\"; done\n"
				  "write element 5000 t1 & write element 6000 t1 &\n"
				  "write element 7000 t2 & write element 8000 t2 &";

static void eight_writers_lose_nothing(void **state)
{
	(void)state;
	bool nft = town_is("nftables");
	struct outcome o = town_run(writers, nft ? nft_writers : legacy_writers);
	assert_string_equal(o.out, "");
	/* a rule whose forward is just being made may be told as one of no forward */
	assert_silent(o.err, "cannot");
	assert_string_equal(pfwd(0, "list -rn -o FORWARD,TARGET,STATE").out,
			    "wan0:1126/tcp 192.168.1.2:1126 active\n"
			    "wan0:2126/tcp 192.168.1.3:2126 active\n"
			    "wan0:4126/tcp 192.168.1.2:4126 active\n"
			    "wan0:3126/tcp [fd02::2]:3126 active\n");
	o = town_run("%s | grep -o '[5-8]126'",
		     nft ? "nft list ruleset"
			 : "for t in iptables-legacy ip6tables-legacy; do $t -S INPUT | sort; "
			   "done");
	assert_string_equal(o.out, "5126\n6126\n7126\n8126\n");
}

/* A reading between two commits of somebody is not taken for damage, and nothing is missing. */
static void list_is_true_beside_a_writer(void **state)
{
	(void)state;
	pfwd(0, "add wan0:80-90 :80 -4");
	pfwd(0, "add wan0:100 192.168.1.2 --hairpin --local");
	struct outcome o = town_run(
		"while [ ! -e /run/stop ]; do $PFWD add -w 50 wan0:101 192.168.1.3 --local "
		"--masquerade; "
		"$PFWD del -w 50 wan0:101; done &\n"
		"for i in $(seq 60); do $PFWD list -rn -o FORWARD,STATE; done >/run/lists\n"
		"touch /run/stop; wait; sort /run/lists | uniq -c | "
		"awk '{ print $2 == \"wan0:101/tcp\" || $1 == 60 ? $2 : \"missing\", $3 }'");
	assert_string_equal(o.err, "");
	assert_says(o.out, "wan0:101/tcp active\n");
	assert_says(o.out, "wan0:100/tcp active\n");
	assert_says(o.out, "wan0:80-90/tcp active\n");
	assert_int_equal(strlen(o.out), strlen("wan0:101/tcp active\nwan0:100/tcp active\n"
					       "wan0:80-90/tcp active\n"));
}

#define STORY(f) cmocka_unit_test_teardown(f, town_clean)

int main(void)
{
	const struct CMUnitTest stories[] = {
		STORY(eight_writers_lose_nothing),
		STORY(list_is_true_beside_a_writer),
	};
	return cmocka_run_group_tests(stories, town_build, town_raze);
}
