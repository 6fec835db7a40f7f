/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Readers that leave or stand still, and files that do not fit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "../town.h"

static void signals_end_following_while_its_reader_stands_still(void **state)
{
	(void)state;
	static const char *const signals[] = {"TERM", "INT"};
	pfwd(0, "add wan0:1000-9999/udp 192.168.1.2");
	town_sh("mkfifo /run/reader; sleep 60 </run/reader & echo $! >/run/sleeper");
	for (size_t i = 0; i < 2; i++) {
		town_sh("$PFWD conns -f -r >/run/reader 2>/run/words & follower=$!; sleep 0.3; "
			"ip netns exec client python3 tests/stories/udp.py 10.1.0.1 %d 3000; "
			"sleep 0.5; kill -%s $follower; wait $follower",
			i ? 5000 : 1000, signals[i]);
		assert_string_equal(town_run("cat /run/words").out, "");
	}
	town_sh("kill $(cat /run/sleeper); rm /run/reader");
}

/* On a terminal that was stopped, as Ctrl-S does it. */
static void signals_end_following_on_a_stopped_terminal(void **state)
{
	(void)state;
	pfwd(0, "add wan0:1000-9999/udp 192.168.1.2");
	town_sh("cat >/run/stopped.py <<'E'\n"
		"import os, pty, signal, subprocess, sys, time\n"
		"master, slave = pty.openpty()\n"
		"p = subprocess.Popen([os.environ['PFWD'], 'conns', '-f'], stdout=slave)\n"
		"time.sleep(0.3)\n"
		"os.write(master, b'\\x13')\n"
		"subprocess.run(['ip', 'netns', 'exec', 'client', 'python3',\n"
		"                'tests/stories/udp.py', '10.1.0.1', '1000', '3000'], check=True)\n"
		"time.sleep(0.5)\n"
		"p.terminate()\n"
		"sys.exit(p.wait(5))\n"
		"E\npython3 /run/stopped.py; status=$?; rm /run/stopped.py; exit $status");
}

/* Two warnings and more, of which the reader takes one. */
static void a_reader_of_warnings_that_leaves_decides_nothing(void **state)
{
	(void)state;
	town_sh("for i in $(seq 500); do echo wan0:$i 192.168.1.2 --until 2020-01-01T00:00Z; done "
		">/run/f");
	for (int i = 0; i < 4; i++) {
		town_sh("$PFWD apply /run/f 2>&1 | head -1 >/dev/null");
		assert_string_equal(town_run("$PFWD list -rn | wc -l").out, "500\n");
		pfwd(0, "flush");
	}
}

static void a_reader_of_output_that_leaves_is_no_failure(void **state)
{
	(void)state;
	static const char *const commands[] = {
		"list", "list -J", "save -", "flush -n", "diff /run/none", "help list",
	};
	town_sh("for i in $(seq 3000); do echo wan0:$i 192.168.1.2; done >/run/f; : >/run/none; "
		"$PFWD apply /run/f");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		struct outcome o = town_run("{ $PFWD %s; echo $? >/run/status; } | head -1; "
					    "sleep 0.2; cat /run/status",
					    commands[i]);
		assert_string_equal(o.err, "");
		if (!strstr(o.out, strstr(commands[i], "diff") ? "\n1\n" : "\n0\n"))
			fail_msg("%s: %s", commands[i], o.out);
	}
}

static void a_file_size_limit_leaves_nothing_behind(void **state)
{
	(void)state;
	pfwd(0, "add wan0:80 192.168.1.2 --name web");
	town_sh("mkdir /run/d; echo 'wan0:80 192.168.1.2 --name web' >/run/d/f; cp /run/d/f "
		"/run/old");
	struct outcome o = town_run("(ulimit -f 0; $PFWD save /run/d/f) 2>&1 | cat");
	assert_says(o.out, "cannot write /run/d/f, which stays as it was: File too large");
	assert_string_equal(town_run("ls /run/d; cmp /run/d/f /run/old").out, "f\n");
	pfwd(0, "save /run/d/f");
	assert_string_equal(town_run("ls /run/d; cmp /run/d/f /run/old").out, "f\n");
	town_sh("rm -r /run/d");
}

#define STORY(f) cmocka_unit_test_teardown(f, town_clean)

int main(void)
{
	const struct CMUnitTest stories[] = {
		STORY(signals_end_following_while_its_reader_stands_still),
		STORY(signals_end_following_on_a_stopped_terminal),
		STORY(a_reader_of_warnings_that_leaves_decides_nothing),
		STORY(a_reader_of_output_that_leaves_is_no_failure),
		STORY(a_file_size_limit_leaves_nothing_behind),
	};
	return cmocka_run_group_tests(stories, town_build, town_raze);
}
