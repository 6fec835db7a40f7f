/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections while they come and go: following them, and reading a table that changes. */
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

/* Until a follower has read all that the kernel told it; no other program listens here. */
static void wait_for_follower(void)
{
	town_await("awk '$2 == 12 && $4 !~ /^0*$/ && $5 == 0 { quiet = 1 } END { exit !quiet }' "
		   "/proc/net/netlink");
}

/* Follow, under a command, with what is printed in /run/events, through a pipe. */
static void begin_following(const char *under, const char *options)
{
	town_sh("timeout 20 %s sh -c 'echo $$ >/run/follower; exec $PFWD conns -f %s' "
		"2>/run/words | cat >/run/events &",
		under, options);
	wait_for_follower();
}

/* What was printed until now. */
static struct outcome end_following(void)
{
	wait_for_follower();
	/* all is there before it ends: lines do not wait for a full buffer */
	return town_run("sleep 0.1; cp /run/events /run/before; kill -INT $(cat /run/follower); "
			"sleep 0.1; cmp /run/events /run/before && cat /run/events");
}

/* Begin one connection from that port and end it while pfwd follows. */
static struct outcome followed(int port, const char *options)
{
	begin_following("", options);
	town_sh("ip netns exec client curl -s -m 1 --local-port %d http://10.1.0.1/ || true", port);
	town_sh("conntrack -D -p tcp --orig-port-src %d >/dev/null 2>&1", port);
	return end_following();
}

static void following_shows_begin_and_end(void **state)
{
	(void)state;
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8080);
	pfwd(0, "add wan0:80 192.168.1.2:8080 --name web");
	struct outcome o = followed(4321, "-rn -o NAME,CLIENT,STATE");
	assert_int_equal(o.status, 0);
	assert_says(o.out, "new web 10.1.0.2:4321 SYN_SENT\n");
	assert_says(o.out, "update web 10.1.0.2:4321 ESTABLISHED\n");
	assert_says(o.out, "destroy web 10.1.0.2:4321 ");
	o = followed(4322, "-J");
	assert_says(o.out, "{\"event\":\"new\", \"forward\":\"wan0:80/tcp\"");
	assert_says(o.out, "{\"event\":\"destroy\"");
	o = followed(4323, "");
	assert_says(o.out, "EVENT FORWARD PROTO CLIENT");
}

/* conntrack does not call it translated. Another port's connections stay out. */
static void following_shows_a_port_that_goes_to_itself(void **state)
{
	(void)state;
	town_serve(GATEWAY, IPPROTO_TCP, "0.0.0.0", 80);
	pfwd(0, "add wan0:79-82 :80 -4 --name near");
	begin_following("", "-rna -o NAME,VIA");
	town_ask(CLIENT, IPPROTO_TCP, "10.1.0.1", 80);
	town_ask(CLIENT, IPPROTO_TCP, "10.1.0.1", 81);
	town_ask(CLIENT, IPPROTO_TCP, "10.1.0.1", 99);
	struct outcome o = end_following();
	assert_says(o.out, "new near 10.1.0.1:80\n");
	assert_says(o.out, "new near 10.1.0.1:81\n");
	assert_silent(o.out, ":99");
}

static void following_leaves_out_what_was_not_asked_for(void **state)
{
	(void)state;
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8080);
	pfwd(0, "add wan0:81 192.168.1.2:8080 --name other");
	town_translate(80, "192.168.1.2", 8080);
	assert_string_equal(followed(4331, "-rn").out, "");
	assert_string_equal(followed(4332, "-rna other").out, "");
	assert_says(followed(4333, "-rna -o FORWARD,VIA").out, "new *:80/tcp 10.1.0.1:80\n");
}

static void following_knows_forwards_made_since(void **state)
{
	(void)state;
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8080);
	pfwd(0, "add wan0:81 192.168.1.2:8080 --name other");
	begin_following("", "-rn -o NAME");
	pfwd(0, "add wan0:80 192.168.1.2:8080 --name web");
	/* forwards are read again only now and then */
	town_await("ip netns exec client curl -s -m 0.1 http://10.1.0.1/ >/dev/null; "
		   "grep -q 'new web' /run/events");
	assert_says(end_following().out, "new web\n");
}

/* Nor does a selector whose forward is gone stop those that stand behind it. */
static void following_goes_on_with_the_other_selectors(void **state)
{
	(void)state;
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8080);
	town_serve(SERVER, IPPROTO_UDP, "192.168.1.2", 53);
	town_translate(99, "192.168.1.2", 8080);
	pfwd(0, "add wan0:80 192.168.1.2:8080 --name web");
	pfwd(0, "add wan0:53/udp 192.168.1.2 --name dns");
	begin_following("", "-rn -o NAME web dns");
	pfwd(0, "del web");
	/* somebody else's, so that the forwards are read again */
	town_ask(CLIENT, IPPROTO_TCP, "10.1.0.1", 99);
	town_ask(CLIENT, IPPROTO_UDP, "10.1.0.1", 53);
	assert_says(end_following().out, "new dns\n");
}

/* A second later at the most: with a name of its own now, or through another forward. */
static void following_tells_renames_and_removals(void **state)
{
	(void)state;
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 80);
	pfwd(0, "add wan0:80 192.168.1.2 --name web");
	begin_following("", "-rn -o FORWARD,NAME");
	town_ask(CLIENT, IPPROTO_TCP, "10.1.0.1", 80);
	town_await("grep -q 'new wan0:80/tcp web$' /run/events");
	pfwd(0, "add --replace wan0:80 192.168.1.2 --name web2");
	town_sh("sleep 1.1");
	town_ask(CLIENT, IPPROTO_TCP, "10.1.0.1", 80);
	town_await("grep -q 'new wan0:80/tcp web2$' /run/events");
	pfwd(0, "del web2");
	pfwd(0, "add wan0:1-65535 192.168.1.2 --name dmz");
	town_sh("sleep 1.1");
	town_ask(CLIENT, IPPROTO_TCP, "10.1.0.1", 80);
	assert_says(end_following().out, "new wan0:1-65535/tcp dmz\n");
}

static void an_interrupt_ends_following_quietly(void **state)
{
	(void)state;
	struct outcome o = town_run("timeout --preserve-status -s INT 0.5 $PFWD conns -f");
	assert_int_equal(o.status, 0);
	assert_string_equal(o.err, "");
}

static void a_reader_that_goes_ends_following(void **state)
{
	(void)state;
	struct outcome o = town_run("timeout 5 $PFWD conns -f | head -1; test $? = 0 && "
				    "timeout 5 sh -c '$PFWD conns -fJ | true'");
	assert_int_equal(o.status, 0);
	assert_string_equal(o.err, "");
}

/* With entries coming and going all the time, none that was there throughout is missing. */
static void nothing_is_missing_from_a_busy_table(void **state)
{
	(void)state;
	pfwd(0, "add wan0:1000-1999/udp 192.168.1.2");
	town_sh("ip netns exec client python3 tests/stories/udp.py 10.1.0.1 1000 300");
	struct outcome o = town_run(
		"ip netns exec client python3 tests/stories/udp.py 10.1.0.1 1300 600 & "
		"(while kill -0 $! 2>/dev/null; do conntrack -D -p udp --orig-port-dst 1500; "
		"done) >/dev/null 2>&1 & "
		"for i in 1 2 3 4 5 6 7 8; do $PFWD conns -rn -o VIA | "
		"awk -F: '$2 < 1300' | sort | uniq -c | awk '$1 == 1' | wc -l; done; wait");
	assert_string_equal(o.out, "300\n300\n300\n300\n300\n300\n300\n300\n");
}

/* Only the first namespace may resize it, so the number alone changes, while pfwd waits for the
 * reader of its output. */
static void a_resize_meanwhile_is_said(void **state)
{
	(void)state;
	static const char reading[] =
		"$PFWD conns -rn | { sleep 0.3; echo %d >/run/buckets; wc -l; }";
	pfwd(0, "add wan0:1000-9999/udp 192.168.1.2");
	town_sh("ip netns exec client python3 tests/stories/udp.py 10.1.0.1 1000 3000; "
		"echo 1024 >/run/buckets; "
		"mount --bind /run/buckets /proc/sys/net/netfilter/nf_conntrack_buckets");
	struct outcome same = town_run(reading, 1024), other = town_run(reading, 2048);
	town_sh("umount /proc/sys/net/netfilter/nf_conntrack_buckets");
	assert_string_equal(same.out, "3000\n");
	assert_string_equal(same.err, "");
	assert_string_equal(other.out, "3000\n");
	assert_says(other.err, "resized its table of connections while it was read");
}

static void an_overrun_is_said_and_survived(void **state)
{
	(void)state;
	pfwd(0, "add wan0:1000-1999/udp 192.168.1.2");
	/* a look at the socket is told that events were lost */
	begin_following("strace -f -o /dev/null -e trace=recvmsg -e "
			"inject=recvmsg:error=ENOBUFS:when=80",
			"-rn -o VIA");
	town_sh("ip netns exec client python3 tests/stories/udp.py 10.1.0.1 1000 200");
	assert_int_equal(end_following().status, 0);
	assert_says(town_run("cat /run/words").out, "follow as updates");
	assert_string_equal(town_run("cut -d' ' -f2 /run/events | sort -u | wc -l").out, "200\n");
}

#define STORY(f) cmocka_unit_test_teardown(f, town_clean)

int main(void)
{
	const struct CMUnitTest stories[] = {
		STORY(following_shows_begin_and_end),
		STORY(following_shows_a_port_that_goes_to_itself),
		STORY(following_leaves_out_what_was_not_asked_for),
		STORY(following_knows_forwards_made_since),
		STORY(following_goes_on_with_the_other_selectors),
		STORY(following_tells_renames_and_removals),
		STORY(an_interrupt_ends_following_quietly),
		STORY(a_reader_that_goes_ends_following),
		STORY(nothing_is_missing_from_a_busy_table),
		STORY(a_resize_meanwhile_is_said),
		STORY(an_overrun_is_said_and_survived),
	};
	return cmocka_run_group_tests(stories, town_build, town_raze);
}
