/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Forwards as a file: applied, compared, refused as a whole. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "town.h"

static const char a_file[] = "printf '%s' '# web\n"
			     "wan0:80 192.168.1.2:8080 --name web\n"
			     "\n"
			     "wan0:53/tcp+udp\t192.168.1.3 --from 10.0.0.0/8,10.1.0.0/16 # both\n"
			     "wan0:8000-8010 [fd02::2]:9000-9010 --masquerade\n"
			     "' > /run/forwards.conf";

static void apply_makes_what_the_file_says(void **state)
{
	(void)state;
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8080);
	town_sh("%s", a_file);
	pfwd(0, "add wan0:99 192.168.1.9 --name old");
	pfwd(0, "apply /run/forwards.conf");
	assert_string_equal(pfwd(0, "list -rn -o FORWARD,TARGET,STATE").out,
			    "wan0:53/tcp 192.168.1.3:53 active\n"
			    "wan0:53/tcp 192.168.1.3:53 active\n"
			    "wan0:80/tcp 192.168.1.2:8080 active\n"
			    "wan0:53/udp 192.168.1.3:53 active\n"
			    "wan0:53/udp 192.168.1.3:53 active\n"
			    "wan0:8000-8010/tcp [fd02::2]:9000-9010 active\n");
	assert_reaches(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, "server");
	/* what changes beside it leaves its counters */
	town_sh("echo 'wan0:81 192.168.1.2' >> /run/forwards.conf");
	pfwd(0, "apply /run/forwards.conf");
	assert_string_equal(pfwd(0, "list -rn -o CONNS web").out, "1\n");
	assert_says(pfwd(0, "apply -v /run/forwards.conf").err, "nothing to change");
	pfwd(0, "apply - < /dev/null");
	assert_string_equal(pfwd(0, "list -rn").out, "");
}

static void diff_shows_what_apply_would_change(void **state)
{
	(void)state;
	pfwd(0, "add wan0:80 192.168.1.2:8080 --name web");
	pfwd(0, "add wan0:99 192.168.1.9 --name old");
	struct outcome o = pfwd(1, "diff - <<'E'\nwan0:80 192.168.1.2:8080 --name web\n"
				   "wan0:82/udp 192.168.1.2 --from 10.0.0.0/8\nE");
	assert_string_equal(o.out, "-wan0:99/tcp 192.168.1.9:99 --name old\n"
				   "+wan0:82/udp 192.168.1.2:82 --from 10.0.0.0/8\n");
	/* its own lines bring about what it showed */
	pfwd(1,
	     "diff - <<'E' | sed -n 's/^-//p' > /run/back; exit 1\nwan0:80 192.168.1.2:8080 --name "
	     "web\nE");
	pfwd(0, "apply - <<'E'\nwan0:80 192.168.1.2:8080 --name web\nE");
	assert_string_equal(town_run("cat /run/back").out,
			    "wan0:99/tcp 192.168.1.9:99 --name old\n");
	o = pfwd(0, "diff - <<'E'\nwan0:80 192.168.1.2:8080 --name web\nE");
	assert_string_equal(o.out, "");
}

static void bad_lines_are_all_told_and_touch_nothing(void **state)
{
	(void)state;
	pfwd(0, "add wan0:99 192.168.1.9 --name old");
	struct outcome before = town_rules();
	town_sh("for i in $(seq 1 1000); do echo \"wan0:$i 192.168.1.2\"; done > /run/f;"
		"sed -i -e '500s/.*/wan0:0 192.168.1.2/' -e '700s/.*/wan0:700/' "
		"-e '900s/.*/wan0:900 192.168.1.2 --for 2h/' /run/f");
	struct outcome o = pfwd(2, "apply /run/f");
	assert_says(o.err, "pfwd: /run/f:500: 'wan0:0': port '0'");
	assert_says(o.err, "pfwd: /run/f:700: TARGET is missing");
	assert_says(o.err, "pfwd: /run/f:900: unknown option '--for'; see forwards.conf(5)");
	assert_says(o.err, "3 bad lines");
	assert_string_equal(town_rules().out, before.out);
	pfwd(2, "diff /run/f");
	assert_says(pfwd(2, "apply /run/nosuch").err, "/run/nosuch");
}

static void lines_in_conflict_are_bad_lines(void **state)
{
	(void)state;
	struct outcome o = pfwd(2, "apply - <<'E'\nwan0:80 192.168.1.2\n\nwan0:1-99 192.168.1.3\n"
				   "wan0:80 192.168.1.4\nwan0:50-150 192.168.1.3\nE");
	assert_says(o.err, "standard input:4: wan0:80/tcp 192.168.1.4:80 is in conflict with "
			   "wan0:80/tcp 192.168.1.2:80 (line 1)");
	assert_says(o.err, "standard input:5: ");
	assert_says(o.err, "(line 3)");
	assert_silent(o.err, "input:3:");
	/* the same one twice is one */
	pfwd(0, "apply - <<'E'\nwan0:80 192.168.1.2\nwan0:80 192.168.1.2:80\nE");
	assert_string_equal(pfwd(0, "list -rn -o FORWARD").out, "wan0:80/tcp\n");
}

static void a_line_is_told_once_whatever_it_stands_for(void **state)
{
	(void)state;
	struct outcome o = pfwd(2, "apply - <<'E'\nwan0:80/tcp+udp 192.168.1.2\n"
				   "wan0:81/tcp+udp 192.168.1.2\nwan0:81/tcp+udp 192.168.1.3\nE");
	assert_says(o.err, "pfwd: 1 bad line;");
	o = pfwd(0, "apply - <<'E'\nwan0:80/tcp+udp 10.200.0.1 --hairpin\n"
		    "wan0:81/tcp+udp 192.168.1.2 --until 2020-01-01T00:00Z\nE");
	assert_null(strstr(strstr(o.err, "input:1:") + 1, "input:1:"));
	assert_null(strstr(strstr(o.err, "input:2:") + 1, "input:2:"));
	assert_string_equal(pfwd(0, "list -rn -o OPTIONS wan0:80/tcp+udp").out, "-\n-\n");
	/* and each in conflict once, not once for every other */
	o = town_run("for i in $(seq 1 100); do echo wan0:80 192.168.1.2:$i; done | $PFWD apply - "
		     "2>&1 | wc -l");
	assert_string_equal(o.out, "100\n");
}

static void warnings_instead_of_errors_in_a_file(void **state)
{
	(void)state;
	struct outcome o = pfwd(0, "apply - <<'E'\nwan0:80 10.200.0.1 --hairpin\n"
				   "wan0:81 192.168.1.2 --until 2020-01-01T00:00Z\n"
				   "wan0:82 192.168.1.2 --hairpin\nE");
	assert_says(o.err, "standard input:1: cannot find the target's network");
	assert_says(o.err, "standard input:2: --until is in the past");
	assert_string_equal(pfwd(0, "list -rn -o FORWARD,OPTIONS,STATE").out,
			    "wan0:80/tcp - active\n"
			    "wan0:81/tcp --until\\x202020-01-01T00:00:00Z expired\n"
			    "wan0:82/tcp --hairpin=192.168.1.0/24 active\n");
}

/* diff makes nothing, and says so by saying nothing else; lines are told in their order. */
static void what_is_said_of_lines_fits_the_command(void **state)
{
	(void)state;
	static const char over[] = "--until is in the past";
	town_sh("printf '%%s\n' 'wan0:80 192.168.1.2' 'wan0:81 192.168.1.2 --until "
		"2020-01-01T00:00Z' >/run/f");
	assert_string_equal(pfwd(1, "diff /run/f").err, "");
	assert_says(pfwd(0, "apply -n /run/f").err, over);
	town_sh("sed -i -e 1s/80/0/ -e '$a wan0:x 192.168.1.2' /run/f");
	struct outcome diff = pfwd(2, "diff /run/f"), apply = pfwd(2, "apply /run/f");
	assert_says(diff.err, "pfwd: 2 bad lines\n");
	assert_says(apply.err, "pfwd: 2 bad lines; nothing was changed\n");
	const char *first = strstr(apply.err, "/run/f:1: "), *second = strstr(apply.err, over),
		   *third = strstr(apply.err, "/run/f:3: ");
	assert_true(first && second && third && first < second && second < third);
}

static void apply_heals_what_somebody_flushed(void **state)
{
	(void)state;
	town_sh("%s", a_file);
	pfwd(0, "apply /run/forwards.conf");
	struct outcome before = town_rules();
	town_flush_rules();
	pfwd(1, "diff /run/forwards.conf");
	pfwd(0, "apply /run/forwards.conf");
	assert_string_equal(town_rules().out, before.out);
}

static void verbose_apply_tells_in_one_line(void **state)
{
	(void)state;
	town_sh("for i in $(seq 100 140); do echo wan0:$i 192.168.1.2; done >/run/f;"
		"$PFWD apply /run/f && sed -i -e 1,3d -e '$a wan0:99 192.168.1.9' /run/f");
	assert_string_equal(pfwd(0, "apply -v /run/f").err, "pfwd: 1 added, 3 removed, 38 kept\n");
	assert_string_equal(pfwd(0, "apply -v /run/f").err, "pfwd: nothing to change\n");
	assert_string_equal(pfwd(0, "flush -v").err, "pfwd: 0 added, 39 removed, 0 kept\n");
}

/* The lowest address of a network is a host's, as Linux sees it. */
static void a_broadcast_address_is_refused_by_add_and_warned_of_in_a_file(void **state)
{
	(void)state;
	static const char words[] =
		"192.168.1.255 is the broadcast address of a network of this host";
	assert_says(pfwd(2, "add wan0:80 192.168.1.255").err, words);
	assert_says(pfwd(2, "add wan0:80 192.168.1.2 --snat 192.168.1.255").err, words);
	assert_string_equal(pfwd(0, "add wan0:80 192.168.1.0").err, "");
	struct outcome o = pfwd(0, "apply - <<'E'\nwan0:80 192.168.1.255\nE");
	assert_says(o.err, "warning: standard input:1: target 192.168.1.255 is the broadcast");
	assert_string_equal(pfwd(0, "list -rn -o TARGET").out, "192.168.1.255:80\n");
}

static void every_form_comes_back_from_its_file(void **state)
{
	(void)state;
	town_sh("cat >/run/forms <<'E'\n"
		"wan0:80 192.168.1.2:8080 --name web\n"
		"*:81 192.168.1.2\n"
		"wan+:82/udp 192.168.1.2 --until 2037-01-01T00:00Z\n"
		"wan0@203.0.113.5:83/sctp 192.168.1.2:84 --from 10.0.0.0/8,172.16.0.0/12\n"
		"203.0.113.5:8000-8010 192.168.1.4:9000-9010 --masquerade\n"
		"wan0:100-200/tcp+udp 192.168.1.2 --hairpin --local --name both\n"
		"wan0:300-310 192.168.1.2:22 --snat 192.168.1.1\n"
		"wan0:25 :2525 --local\n"
		"wan0:400-410 :405\n"
		"wan0:500-510 :600-610 -6\n"
		"10.1.0.1:26 :2526\n"
		"wan0:443 [fd02::2]:8443 --hairpin=fd02::/64\n"
		"wan0@[fd01::1]:444 [fd02::2] --from fd00::/8 --masquerade --local\n"
		"E\n$PFWD apply /run/forms 2>/run/said");
	struct outcome before = town_rules();
	struct outcome saved = pfwd(0, "save -");
	pfwd(0, "save - >/run/saved");
	pfwd(0, "flush");
	pfwd(0, "apply /run/saved");
	assert_string_equal(town_rules().out, before.out);
	assert_string_equal(pfwd(0, "save -").out, saved.out);
	assert_string_equal(pfwd(0, "diff /run/forms").out, "");
}

/* ---- --hairpin alone: lines are compared by the networks that are found for it ---- */

static void hairpins_on_two_networks_are_no_conflict(void **state)
{
	(void)state;
	pfwd(0, "apply - <<'E'\nwan0:80 192.168.1.2 --hairpin\nlan0:80 10.3.0.2 --hairpin\nE");
	assert_string_equal(pfwd(0, "list -rn -o FORWARD,STATE").out,
			    "lan0:80/tcp active\nwan0:80/tcp active\n");
}

static void a_network_found_and_the_same_one_given_are_one_forward(void **state)
{
	(void)state;
	pfwd(0, "apply - <<'E'\nwan0:80 192.168.1.2 --hairpin\n"
		"wan0:80 192.168.1.2 --hairpin=192.168.1.0/24\nE");
	assert_string_equal(pfwd(0, "list -rn -o FORWARD").out, "wan0:80/tcp\n");
}

static void hairpins_on_one_network_are_in_conflict(void **state)
{
	(void)state;
	struct outcome o = pfwd(2, "apply - <<'E'\nwan0:80 192.168.1.2 --hairpin\n"
				   "opt0:80 192.168.1.3 --hairpin=192.168.1.0/24\nE");
	assert_says(o.err, "standard input:2: ");
	assert_says(o.err, "(line 1)");
}

#define STORY(f) cmocka_unit_test_teardown(f, town_clean)

int main(void)
{
	const struct CMUnitTest stories[] = {
		STORY(apply_makes_what_the_file_says),
		STORY(diff_shows_what_apply_would_change),
		STORY(bad_lines_are_all_told_and_touch_nothing),
		STORY(lines_in_conflict_are_bad_lines),
		STORY(a_line_is_told_once_whatever_it_stands_for),
		STORY(warnings_instead_of_errors_in_a_file),
		STORY(what_is_said_of_lines_fits_the_command),
		STORY(apply_heals_what_somebody_flushed),
		STORY(verbose_apply_tells_in_one_line),
		STORY(a_broadcast_address_is_refused_by_add_and_warned_of_in_a_file),
		STORY(every_form_comes_back_from_its_file),
		STORY(hairpins_on_two_networks_are_no_conflict),
		STORY(a_network_found_and_the_same_one_given_are_one_forward),
		STORY(hairpins_on_one_network_are_in_conflict),
	};
	return cmocka_run_group_tests(stories, town_build, town_raze);
}
