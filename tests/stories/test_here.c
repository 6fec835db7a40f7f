/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A target that is an address of this host, or becomes one: a program here that listens at that
 * address alone. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "place.h"

/* As a TARGET. */
static const char *lan_side(const struct place *p)
{
	return p == &v4 ? "192.168.1.1" : "[fd02::1]";
}

static void a_program_at_one_address_is_reached(const struct place *p)
{
	town_close_gates();
	town_serve(GATEWAY, TCP, p->lan_side, 8080);
	pfwd(0, "add wan0:80 %s:8080", lan_side(p));
	assert_reaches(CLIENT, TCP, p->gateway, 80, "gateway at");
	assert_refused(CLIENT, TCP, p->lan_side, 8080);
	assert_refused(GATEWAY, TCP, p->gateway, 80);
	assert_string_equal(pfwd(0, "list -rn -o STATE").out, "active\n");
	pfwd(0, "save --force /run/f");
	assert_string_equal(pfwd(0, "diff /run/f").out, "");
	/* programs of this host too, though nothing is let in by the loopback interface */
	pfwd(0, "add --replace wan0:80 %s:8080 --local", lan_side(p));
	town_shut_loopback();
	assert_reaches(GATEWAY, TCP, p->gateway, 80, "gateway at");
	pfwd(0, "del wan0:80");
	assert_refused(CLIENT, TCP, p->gateway, 80);
	town_sh("$PFWD flush");
	assert_nothing_left();
}

/* What is in the way of packets to this host was not asked before. */
static void a_target_that_moves_here_is_told_and_mended(void **state)
{
	(void)state;
	town_close_gates();
	town_sh("printf 'wan0:80 192.168.1.20:8080\\nwan0:81 192.168.1.2\\n' >/run/f");
	pfwd(0, "apply /run/f");
	town_sh("ip addr add 192.168.1.20/24 dev lan0");
	town_serve(GATEWAY, TCP, "192.168.1.20", 8080);
	struct outcome state_now = pfwd(0, "list -rn -o STATE wan0:80");
	struct outcome difference = town_run("$PFWD diff /run/f");
	pfwd(0, "apply /run/f");
	assert_reaches(CLIENT, TCP, "10.1.0.1", 80, "gateway at 192.168.1.20");
	assert_refused(CLIENT, TCP, "192.168.1.20", 8080);
	assert_string_equal(pfwd(0, "list -rn -o STATE").out, "active\nactive\n");
	/* and away again */
	town_sh("ip addr del 192.168.1.20/24 dev lan0");
	assert_string_equal(state_now.out, town_is("iptables") ? "incomplete\n" : "blocked\n");
	assert_string_equal(difference.out, "~wan0:80/tcp 192.168.1.20:8080\n");
	pfwd(0, "apply /run/f");
	assert_string_equal(pfwd(0, "list -rn -o STATE").out, "active\nactive\n");
	assert_silent(town_rules().out, "PFWD-INPUT ");
}

/* A chain of somebody else's on the input hook is opened for it, as for a target without address.
 */
static void a_closed_input_chain_is_opened(void **state)
{
	(void)state;
	if (!town_is("nftables"))
		return;
	town_sh("nft 'table inet strict {\n"
		"chain input { type filter hook input priority 5; policy drop; iif lo accept; "
		"}\n}'");
	town_serve(GATEWAY, TCP, "192.168.1.1", 8080);
	pfwd(0, "add wan0:80 192.168.1.1:8080");
	assert_reaches(CLIENT, TCP, "10.1.0.1", 80, "gateway at 192.168.1.1");
	assert_refused(CLIENT, TCP, "192.168.1.1", 8080);
	pfwd(0, "del wan0:80");
	assert_silent(town_run("nft list table inet strict").out, "pfwd");
	/* when the target comes here, the next change opens it */
	pfwd(0, "add wan0:80 192.168.1.20:8080");
	assert_silent(town_run("nft list table inet strict").out, "pfwd");
	town_sh("ip addr add 192.168.1.20/24 dev lan0; $PFWD save --force /run/f");
	assert_string_equal(pfwd(0, "list -rn -o STATE").out, "blocked\n");
	town_serve(GATEWAY, TCP, "192.168.1.20", 8080);
	pfwd(0, "apply /run/f");
	assert_reaches(CLIENT, TCP, "10.1.0.1", 80, "gateway at 192.168.1.20");
	town_sh("ip addr del 192.168.1.20/24 dev lan0");
}

static void what_cannot_work_with_it_is_refused(void **state)
{
	(void)state;
	static const char *const options[] = {"--masquerade", "--snat 192.168.1.1", "--hairpin"};
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		static const char words[] = "does not go with target 192.168.1.1";
		assert_says(pfwd(2, "add wan0:80 192.168.1.1 %s", options[i]).err, words);
		town_sh("echo 'wan0:80 192.168.1.1 %s' >/run/f", options[i]);
		assert_says(pfwd(0, "apply /run/f").err, words);
		assert_string_equal(pfwd(0, "diff /run/f").err, "");
		assert_string_equal(pfwd(0, "save /run/f").err, "");
	}
}

static void a_program_at_the_loopback_address_is_told_of(void **state)
{
	(void)state;
	town_serve(GATEWAY, TCP, "127.0.0.1", 8080);
	assert_says(pfwd(2, "add wan0:80 127.0.0.1:8080").err,
		    "write the target as :PORT; a program that listens on a loopback address alone "
		    "cannot be reached");
	assert_says(pfwd(0, "add wan0:80 :8080").err,
		    "the program on port 8080 of this host listens on a loopback address alone");
	town_serve(GATEWAY, TCP, "10.1.0.1", 8080);
	assert_string_equal(pfwd(0, "add wan0:80 :8080").err, "");
}

STORY(a_program_at_one_address_is_reached)

int main(void)
{
	const struct CMUnitTest stories[] = {
		BOTH(a_program_at_one_address_is_reached),
		ONE(a_target_that_moves_here_is_told_and_mended),
		ONE(a_closed_input_chain_is_opened),
		ONE(what_cannot_work_with_it_is_refused),
		ONE(a_program_at_the_loopback_address_is_told_of),
	};
	return cmocka_run_group_tests(stories, town_build, town_raze);
}
