/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Thousands of forwards: what their rules look like, and that a change to some leaves the others
 * alone. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "town.h"

static void the_columns_of_a_long_list_are_aligned(void **state)
{
	(void)state;
	town_sh("{ seq -f 'wan0:%%.0f 192.168.1.2' 5000; echo wan0:60000 192.168.1.2:1 --name "
		"long; "
		"} | $PFWD apply -");
	assert_string_equal(
		town_run("$PFWD list -n | awk '{ print index($0, \"active\") }' | uniq | wc -l")
			.out,
		"1\n");
}

/* 5,000 forwards, 1,000 of which are used all the time; others come and go. */
static void traffic_goes_on_while_others_change(void **state)
{
	(void)state;
	town_sh("for p in $(seq 10000 14999); do echo wan0:$p 192.168.1.2:$((8080 + p %% 2)); done "
		">/run/many && $PFWD apply /run/many");
	struct outcome o = town_run(
		"rm -f /run/enough; mkfifo /run/end; ip netns exec server python3 "
		"tests/stories/asks.py serve "
		"192.168.1.2 8080 8081 </run/end >/run/served & exec 3>/run/end;"
		"until grep -q ready /run/served; do sleep 0.05; done;"
		"ip netns exec client python3 tests/stories/asks.py ask 10.1.0.1 11000 11999 8080 "
		"/run/enough >/run/asked 3>&- & asking=$!;"
		"for i in $(seq 25); do"
		" $PFWD add wan0:$((20000 + i * 7)) 192.168.1.9:80 &&"
		" $PFWD del wan0:$((12000 + i)) &&"
		" $PFWD add wan0:10000-14999/udp 192.168.1.9 --name wide &&"
		" $PFWD del wide && changes=$((changes + 4)) || exit 1;"
		"done; touch /run/enough; wait $asking; exec 3>&-; cat /run/asked; echo changes "
		"$changes");
	assert_int_equal(o.status, 0);
	int asked = 0, changes = 0;
	if (sscanf(o.out, "asked %d\nchanges %d", &asked, &changes) != 2)
		fail_msg("some went wrong: %s%s", o.out, o.err);
	assert_true(asked > 100 && changes == 100);
	/* and each was counted once */
	o = town_run("$PFWD list -rn -o IF,PORTS,CONNS | awk '$2 >= 11000 && $2 <= 11999 "
		     "{ n += $3 } END { print n }'");
	assert_int_equal(atoi(o.out), asked);
}

/* As the administrator's own table: all of it goes with one wide forward inside which others lie.
 */
/* Of a range that goes, or changes, nothing of its neighbours goes with it: in nf_tables its ports
 * may be most of what the first message about their map tells. */
static void the_neighbours_of_a_range_stay(void **state)
{
	(void)state;
	static const char *const changes[] = {"--until 2030-03-17T17:46:40Z", "--name other"};
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
		for (int last = 1020; last < 1078; last += 19) {
			pfwd(0, "add wan0@[fd03::1]:1009-1036 [fd02::3]:2011 --name web --local");
			pfwd(0, "add wan0@[fd01::1]:1014-%d [fd02::3]:2004", last);
			pfwd(0, "add --replace wan0@[fd01::1]:1014-%d [fd02::3]:2004 %s", last,
			     changes[i]);
			assert_says(pfwd(0, "list -rn -o NAME,STATE").out, "web active\n");
			pfwd(0, "del wan0@[fd01::1]:1014-%d", last);
			assert_string_equal(pfwd(0, "list -rn -o NAME,STATE").out, "web active\n");
			pfwd(0, "flush");
		}
}

static void narrower_ones_win_among_thousands(void **state)
{
	(void)state;
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8080);
	town_serve(LAN, IPPROTO_TCP, "192.168.1.3", 12345);
	town_sh("(echo wan0:1-65535 192.168.1.3; for p in $(seq 20000 22000); do "
		"echo wan0:$p 192.168.1.2:8080; done) | $PFWD apply -");
	assert_reaches(CLIENT, IPPROTO_TCP, "10.1.0.1", 21000, "server at");
	assert_reaches(CLIENT, IPPROTO_TCP, "10.1.0.1", 12345, "lan at");
	pfwd(0, "del wan0:21000");
	assert_refused(CLIENT, IPPROTO_TCP, "10.1.0.1", 21000);
	assert_reaches(CLIENT, IPPROTO_TCP, "10.1.0.1", 21001, "server at");
}

/* Milliseconds of CPU time that the command takes: of the children of its shell. */
static int time_of(const char *command)
{
	struct outcome o = town_run("%s && cut -d' ' -f16,17 /proc/$$/stat", command);
	int user, kernel;
	assert_int_equal(o.status, 0);
	if (sscanf(o.out, "%d %d", &user, &kernel) != 2)
		fail_msg("not two numbers: %s", o.out);
	return (user + kernel) * 10;
}

/* As quick as apply is with a line for each. Before, each network was compared with all others. */
static void thousands_of_networks_are_added_at_once(void **state)
{
	(void)state;
	town_sh("mkdir -p /run/lists && awk 'BEGIN { for (i = 0; i < 8000; i++) printf "
		"\"%%d.%%d.%%d.0/24\\n\", 20 + i / 800, int(i / 4) %% 200, i %% 4 * 60 }' "
		">/run/lists/country");
	town_sh("sed 's/.*/wan0:80 192.168.1.2:8080 --from &/' /run/lists/country >/run/lines");
	int applied = time_of("$PFWD apply /run/lines");
	town_sh("$PFWD flush; echo 'wan0:80 192.168.1.2:8080 --from @country # c' >/run/lists/f");
	int added = time_of("$PFWD add wan0:80 192.168.1.2:8080 --from @/run/lists/country");
	print_message("%d ms to apply, %d ms to add\n", applied, added);
	assert_true(added * 2 <= applied * 3 + 50);
	assert_string_equal(pfwd(0, "diff /run/lines").out, "");
	/* the file is looked for beside the forwards file, and its line stays */
	assert_string_equal(pfwd(0, "diff /run/lists/f").out, "");
	pfwd(0, "save /run/lists/f");
	assert_string_equal(town_run("cat /run/lists/f").out,
			    "wan0:80 192.168.1.2:8080 --from @country # c\n");
	pfwd(0, "add wan0:80 192.168.1.2:8080 --from 10.1.0.0/24");
	assert_says(pfwd(1, "diff /run/lists/f").out,
		    "-wan0:80/tcp 192.168.1.2:8080 --from 10.1.0.0/24");
	pfwd(0, "del wan0:80 --from @/run/lists/country");
	assert_string_equal(pfwd(0, "list -rn -o FROM").out, "10.1.0.0/24\n");
}

#define STORY(f) cmocka_unit_test_teardown(f, town_clean)

int main(void)
{
	const struct CMUnitTest stories[] = {
		STORY(the_columns_of_a_long_list_are_aligned),
		STORY(traffic_goes_on_while_others_change),
		STORY(thousands_of_networks_are_added_at_once),
		STORY(the_neighbours_of_a_range_stay),
		STORY(narrower_ones_win_among_thousands),
	};
	return cmocka_run_group_tests(stories, town_build, town_raze);
}
