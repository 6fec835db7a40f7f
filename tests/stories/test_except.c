/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The target "-": some ports of a wide forward are kept out of it. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "place.h"

/* Port 22 of this host and of the server, and a wide forward to the server. */
static void begin(const struct place *p, const char *options)
{
	town_serve(GATEWAY, TCP, p->gateway, 22);
	town_serve(SERVER, TCP, p->server, 22);
	pfwd(0, "add wan0:1-65535 %s --name dmz %s", p->to, options);
	assert_reaches(CLIENT, TCP, p->gateway, 22, "server");
}

static void a_port_is_kept_here(const struct place *p)
{
	begin(p, "");
	town_serve(SERVER, TCP, p->server, 80);
	for (int turn = 0; turn < 2; turn++) {
		pfwd(0, "add %s wan0:22 - --name ssh", p->flag);
		if (turn)
			pfwd(0, "add wan0:1-65535 %s", p->to);
		assert_reaches(CLIENT, TCP, p->gateway, 22, "gateway");
		assert_reaches(CLIENT, TCP, p->gateway, 80, "server");
		pfwd(0, "del ssh");
		assert_reaches(CLIENT, TCP, p->gateway, 22, "server");
		pfwd(0, "del wan0:1-65535");
	}
	/* alone it changes nothing, and translates nothing back */
	pfwd(0, "add %s wan0:22 -", p->flag);
	assert_reaches(CLIENT, TCP, p->gateway, 22, "gateway");
	pfwd(0, "flush");
	assert_nothing_left();
}

static void for_some_clients_alone(const struct place *p)
{
	begin(p, "");
	pfwd(0, "add %s wan0:20-30 - --from %s", p->flag, p->elsewhere);
	assert_reaches(CLIENT, TCP, p->gateway, 22, "server");
	pfwd(0, "add %s wan0:20-30 - --from %s", p->flag, p->office);
	assert_reaches(CLIENT, TCP, p->gateway, 22, "gateway");
	pfwd(0, "del wan0:20-30 --from %s", p->office);
	assert_reaches(CLIENT, TCP, p->gateway, 22, "server");
}

static void until_its_time_is_over(void **state)
{
	(void)state;
	begin(&v4, "");
	pfwd(0, "add wan0:22 - --for 2s --name ssh");
	assert_reaches(CLIENT, TCP, "10.1.0.1", 22, "gateway");
	town_await("test $($PFWD list -rn -o STATE ssh) = expired");
	assert_reaches(CLIENT, TCP, "10.1.0.1", 22, "server");
}

/* What --hairpin and --local add to the wider one goes on, unless the exception has them too. */
static void additions_are_excepted_if_asked(const struct place *p)
{
	begin(p, "--hairpin --local");
	pfwd(0, "add %s wan0:22 -", p->flag);
	assert_reaches(CLIENT, TCP, p->gateway, 22, "gateway");
	assert_reaches(LAN, TCP, p->gateway, 22, "server");
	assert_reaches(GATEWAY, TCP, p->gateway, 22, "server");
	pfwd(0, "add %s --replace wan0:22 - --local", p->flag);
	assert_reaches(LAN, TCP, p->gateway, 22, "server");
	assert_reaches(GATEWAY, TCP, p->gateway, 22, "gateway");
	pfwd(0, "add %s --replace wan0:22 - --hairpin=%s --local", p->flag,
	     p == &v4 ? "192.168.1.0/24,172.17.0.0/16" : "fd02::/64,fd05::/64");
	assert_reaches(LAN, TCP, p->gateway, 22, "gateway");
	assert_reaches(GATEWAY, TCP, p->gateway, 22, "gateway");
	pfwd(0, "save --force /run/f");
	assert_string_equal(pfwd(0, "diff /run/f").out, "");
}

static void it_is_listed_and_saved(void **state)
{
	(void)state;
	begin(&v4, "");
	pfwd(0, "add wan0:22 - --name ssh --from 10.0.0.0/8");
	assert_reaches(CLIENT, TCP, "10.1.0.1", 22, "gateway");
	assert_string_equal(
		pfwd(0, "list -J -o FORWARD,TARGET,NAME,STATE,CONNS,LIVE,BYTES,PACKETS ssh").out,
		"{\"forwards\": [\n  {\"forward\":\"wan0:22/tcp\", \"target\":null, "
		"\"name\":\"ssh\", "
		"\"state\":\"active\", \"conns\":null, \"live\":null, \"bytes\":null, "
		"\"packets\":null}\n]}\n");
	assert_says(pfwd(0, "list ssh").out,
		    "wan0:22/tcp -      ssh  --from 10.0.0.0/8 active     -");
	pfwd(0, "save --force /run/f");
	assert_says(town_run("cat /run/f").out, "wan0:22/tcp - --name ssh --from 10.0.0.0/8\n");
	pfwd(0, "flush");
	assert_reaches(CLIENT, TCP, "10.1.0.1", 22, "gateway");
	pfwd(0, "apply /run/f");
	assert_string_equal(pfwd(0, "diff /run/f").out, "");
	assert_reaches(CLIENT, TCP, "10.1.0.1", 22, "gateway");
	pfwd(2, "add wan0:23 - --masquerade");
	pfwd(4, "add wan0:22 192.168.1.3 --from 10.0.0.0/8");
}

/* A flow that the wider forward had is the exception's from its next packet on, and back. */
static void a_flow_follows_the_exception(void **state)
{
	(void)state;
	town_serve(GATEWAY, UDP, "10.1.0.1", 53);
	town_serve(SERVER, UDP, "192.168.1.2", 53);
	pfwd(0, "add wan0:1-65535/udp 192.168.1.2 --name dmz");
	int flow = town_socket(CLIENT, UDP, "10.1.0.1", 53, 40000);
	assert_says(town_ask_again(flow).text, "server");
	pfwd(0, "add wan0:53/udp -");
	assert_says(town_ask_again(flow).text, "gateway");
	pfwd(0, "del wan0:53/udp");
	assert_says(town_ask_again(flow).text, "server");
	close(flow);
}

STORY(a_port_is_kept_here)
STORY(for_some_clients_alone)
STORY(additions_are_excepted_if_asked)

int main(void)
{
	const struct CMUnitTest stories[] = {
		BOTH(a_port_is_kept_here),   BOTH(for_some_clients_alone),
		ONE(until_its_time_is_over), BOTH(additions_are_excepted_if_asked),
		ONE(it_is_listed_and_saved), ONE(a_flow_follows_the_exception),
	};
	return cmocka_run_group_tests(stories, town_build, town_raze);
}
