/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pfwd top on a terminal: what is seen there, what keys do, and how the terminal is left. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "../town.h"

/* Each terminal has a server of its own: one that is about to end takes no new ones. */
#define TMUX "LC_ALL=C.UTF-8 tmux -u -S $(cat /run/server) -f /dev/null "

/* A terminal in which a shell says hello, runs `VARIABLES pfwd top ARGUMENTS`, and what follows. */
static void open_terminal(const char *size, const char *variables, const char *arguments)
{
	town_sh("mktemp -u /run/tmux.XXXXXX >/run/server; cat >/run/inside <<'E'\n"
		"trap : INT QUIT HUP\necho hello\nstty -g >/run/before\n"
		"%s sh -c 'echo $$ >/run/pid; exec $PFWD top %s 2>/run/err'\n"
		"echo ended $?\nstty -g >/run/after\nsleep 1000\nE\n" TMUX
		"new-session -d -x %s 'sh /run/inside'",
		variables, arguments, size);
}

static int close_terminal(void **state)
{
	town_run(TMUX "kill-server");
	return town_clean(state);
}

static struct outcome screen(void)
{
	return town_run(TMUX "capture-pane -p");
}

static void await_screen(const char *pattern)
{
	town_await(TMUX "capture-pane -p >/run/screen; grep -qe '%s' /run/screen", pattern);
}

static void await_no(const char *pattern)
{
	town_await(TMUX "capture-pane -p >/run/screen; ! grep -qe '%s' /run/screen", pattern);
}

static void press(const char *keys)
{
	town_sh(TMUX "send-keys %s", keys);
}

static void have_two_forwards(void)
{
	town_run("sysctl -qw net.netfilter.nf_conntrack_acct=1");
	town_serve(SERVER, IPPROTO_TCP, "192.168.1.2", 8080);
	pfwd(0, "add wan0:80 192.168.1.2:8080 --name web");
	pfwd(0, "add wan0:81 192.168.1.2:8080 --name more");
}

static void rows_show_the_busiest_first(void **state)
{
	(void)state;
	have_two_forwards();
	int a = town_socket(CLIENT, IPPROTO_TCP, "10.1.0.1", 81, 0);
	open_terminal("80 -y 24", "", "-d 0.5");
	await_screen("^wan0:81/tcp  *more  *1  *0 ");
	struct outcome o = screen();
	assert_says(o.out, "  2 forwards  1 live  0 new/s  in ");
	assert_says(o.out, "every 0.5s");
	assert_says(o.out, "\nFORWARD ");
	assert_says(o.out, "LAST MINUTE\nwan0:81/tcp ");
	assert_says(o.out, "\nwan0:80/tcp ");
	assert_says(o.out, "Enter connections  / filter  < > T R sort");
	int b = town_socket(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, 0);
	int c = town_socket(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, 0);
	await_screen("^wan0:80/tcp  *web  *2 ");
	await_screen("LAST MINUTE");
	assert_says(screen().out, "  3 live  ");
	close(a);
	close(b);
	close(c);
}

static void a_minute_shows_as_bars(void **state)
{
	(void)state;
	have_two_forwards();
	if (town_run("sysctl -qw net.netfilter.nf_conntrack_acct=1").status != 0)
		skip();
	open_terminal("80 -y 24", "LC_ALL=C.UTF-8", "-d 0.5");
	await_screen("0B");
	assert_reaches(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, "server");
	await_screen("web .*█");
	press("q");
	await_screen("^ended 0");
	town_sh(TMUX "kill-server");
	open_terminal("80 -y 24", "LC_ALL=C", "-d 0.5");
	await_screen("0B");
	assert_reaches(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, "server");
	await_screen("web .*@");
	assert_int_equal(town_run("LC_ALL=C grep -q '[^ -~]' /run/screen").status, 1);
}

static void keys_sort_and_filter(void **state)
{
	(void)state;
	have_two_forwards();
	open_terminal("80 -y 24", "", "");
	await_screen("LAST MINUTE");
	press("'>'"); /* by FORWARD: the order of list */
	await_screen("FORWARD first");
	await_screen("FORWARD\\* ");
	press("R");
	await_screen("FORWARD first, reversed");
	assert_says(screen().out, "LAST MINUTE\nwan0:81/tcp");
	press("'>'");
	await_screen("NAME first");
	assert_says(screen().out, "LAST MINUTE\nwan0:81/tcp"); /* more is before web */
	press("T");
	await_screen("busiest first");
	press("/ w e");
	await_screen("^Only rows with: we");
	await_no("wan0:81/tcp");
	assert_says(screen().out, "  1 forward  ");
	press("x");
	await_no("wan0:80/tcp");
	press("BSpace Enter");
	await_screen("wan0:80/tcp");
	assert_says(screen().out, "; only we\n");
	press("/ Escape");
	await_screen("wan0:81/tcp");
	press("h");
	await_screen("Each row is a forward");
	press("Escape");
	await_no("Each row is a forward");
	press("d BSpace 0 . 2 Enter");
	await_screen("every 0.2s");
	press("d BSpace BSpace BSpace x Enter");
	await_screen("is not a number of seconds");
	press("q");
	await_screen("^ended 0");
}

static void a_forward_opens_into_its_connections(void **state)
{
	(void)state;
	have_two_forwards();
	int a = town_socket(CLIENT, IPPROTO_TCP, "10.1.0.1", 81, 4321);
	int b = town_socket(CLIENT, IPPROTO_TCP, "10.1.0.1", 80, 4322);
	open_terminal("80 -y 24", "", "");
	await_screen("LAST MINUTE");
	press("'>' Down Enter");
	await_screen("wan0:81/tcp more  1 connection,");
	await_screen("^10.1.0.2:4321  *192.168.1.2:8080  *ESTABLISHED ");
	assert_silent(screen().out, "10.1.0.2:4322");
	if (town_run("sysctl -qw net.netfilter.nf_conntrack_acct=1").status == 0) {
		await_screen("^10.1.0.2:4321 .* 0B  *0B  *[1-9]");
		town_ask_again(a);
		await_screen("^10.1.0.2:4321 .* [1-9][0-9]*B  *[1-9][0-9]*B  *[1-9]");
	}
	press("Escape");
	await_screen("^wan0:80/tcp");
	close(a);
	close(b);
}

static void what_others_translate_is_on_it_too(void **state)
{
	(void)state;
	have_two_forwards();
	town_sh("nft 'table ip other { chain pre { type nat hook prerouting priority -101\n"
		"tcp dport 99 dnat to 192.168.1.2:8080 comment \"box\"\n}\n}'");
	int a = town_socket(CLIENT, IPPROTO_TCP, "10.1.0.1", 99, 4321);
	open_terminal("120 -y 24", "", "-a -d 0.5");
	await_screen("OWNER  *LAST MINUTE$");
	await_screen("^wan0:80/tcp .* pfwd");
	await_screen("^\\*:99/tcp  *box  *1 .* other pre");
	press("Enter");
	await_screen("^\\*:99/tcp box of other pre  1 connection,");
	await_screen("^10.1.0.2:4321  *192.168.1.2:8080  *ESTABLISHED ");
	/* rules that are read again are still the same */
	town_sh("nft insert rule ip other pre tcp dport 98 dnat to 192.168.1.2:8080");
	int b = town_socket(CLIENT, IPPROTO_TCP, "10.1.0.1", 99, 4322);
	await_screen("^10.1.0.2:4322 ");
	press("Escape / o t h");
	await_no("wan0:80/tcp");
	await_screen("^\\*:98/tcp ");
	close(a);
	close(b);
}

static void it_fits_any_size(void **state)
{
	(void)state;
	have_two_forwards();
	open_terminal("80 -y 24", "", "");
	await_screen("LAST MINUTE");
	town_sh(TMUX "resize-window -x 200 -y 50");
	/* the title goes on to the right edge, with the bars of a minute below it */
	await_screen("^FORWARD  .\\{90,\\}LAST MINUTE");
	town_sh(TMUX "resize-window -x 40 -y 6");
	await_no("LAST MINUTE");
	await_screen("^FORWARD ");
	await_screen("^wan0:80/tcp");
	for (const char *const *size = (const char *const[]){"1 -y 1", "9 -y 2", "80 -y 24", NULL};
	     *size; size++)
		town_sh(TMUX "resize-window -x %s; sleep 0.2", *size);
	await_screen("LAST MINUTE");
	press("q");
	await_screen("^ended 0");
}

/* Its settings and what was on it, whether a key or a signal ends it. */
static void the_terminal_is_left_as_it_was(void **state)
{
	(void)state;
	have_two_forwards();
	for (const char *const *end =
		     (const char *const[]){"q", "F10", "C-c", "TERM", "INT", "HUP", "QUIT", NULL};
	     *end; end++) {
		town_sh("rm -f /run/after");
		open_terminal("80 -y 24", "", "");
		await_screen("LAST MINUTE");
		assert_silent(screen().out, "hello");
		if (**end == 'q' || strchr("FC", **end))
			press(*end);
		else
			town_sh("kill -%s $(cat /run/pid)", *end);
		await_screen("^ended 0");
		town_await("test -s /run/after");
		assert_says(screen().out, "hello\nended 0\n");
		struct outcome o = town_run(
			"cmp /run/before /run/after && cat /run/err; " TMUX
			"display-message -p '#{alternate_on} #{cursor_flag} #{pane_in_mode}'");
		assert_string_equal(o.out, "0 1 0\n");
		town_sh(TMUX "kill-server");
	}
}

/* Ctrl-Z gives the terminal back for a while. */
static void it_can_be_stopped_and_goes_on(void **state)
{
	(void)state;
	have_two_forwards();
	town_sh("mktemp -u /run/tmux.XXXXXX >/run/server; " TMUX
		"new-session -d -x 80 -y 24 'PS1=\"here: \" bash --norc -i'");
	await_screen("^here:");
	press("'$PFWD top' Enter");
	await_screen("LAST MINUTE");
	press("C-z");
	await_screen("Stopped");
	await_no("LAST MINUTE");
	press("fg Enter");
	await_screen("LAST MINUTE");
	await_no("Stopped");
	press("q");
	await_screen("Stopped");
	await_no("LAST MINUTE");
}

static void colours_can_be_done_without(void **state)
{
	(void)state;
	have_two_forwards();
	open_terminal("80 -y 24", "env -u NO_COLOR", "");
	await_screen("LAST MINUTE");
	assert_says(town_run(TMUX "capture-pane -pe").out, "\x1b[30m\x1b[42m");
	town_sh(TMUX "kill-server");
	open_terminal("80 -y 24", "NO_COLOR=1", "");
	await_screen("LAST MINUTE");
	struct outcome o = town_run(TMUX "capture-pane -pe");
	assert_says(o.out, "\x1b[7m");
	for (const char *at = o.out; (at = strpbrk(at, "34")); at++)
		assert_false(at > o.out + 1 && at[-1] == '[' && at[1] >= '0' && at[1] <= '7');
}

static void without_accounting_the_screen_says_so(void **state)
{
	(void)state;
	have_two_forwards();
	if (town_run("sysctl -qw net.netfilter.nf_conntrack_acct=0").status != 0)
		skip();
	open_terminal("80 -y 24", "", "-d 0.3");
	await_screen("^no bytes are counted: sysctl -w net.netfilter.nf_conntrack_acct=1");
	await_screen("^wan0:80/tcp .* -  *-\\( \\|$\\)");
	town_run("sysctl -qw net.netfilter.nf_conntrack_acct=1");
	await_no("no bytes are counted");
}

static void it_ends_by_itself_and_refuses_strange_terminals(void **state)
{
	(void)state;
	have_two_forwards();
	open_terminal("80 -y 24", "", "-n 2 -d 0.3");
	await_screen("^ended 0");
	town_sh(TMUX "kill-server");
	open_terminal("80 -y 24", "TERM=nosuch", "");
	await_screen("^ended 1");
	assert_string_equal(
		town_run("cat /run/err").out,
		"pfwd: cannot use a terminal of the kind 'nosuch': set TERM to one that "
		"terminfo(5) knows, or use -b\n");
	town_sh(TMUX "kill-server");
	open_terminal("80 -y 24", "", "-b -n 1 -d 0.2 web");
	await_screen("^ended 0");
	assert_says(screen().out, "hello\nFORWARD NAME LIVE NEW/s IN/s OUT/s\nwan0:80/tcp web 0");
}

/* PICTURE names a file to put it into: that is how the README got its own. */
static void the_readme_shows_it(void **state)
{
	(void)state;
	have_two_forwards();
	open_terminal("80 -y 24", "LC_ALL=C.UTF-8", "");
	await_screen("LAST MINUTE");
	town_sh("test -z \"$PICTURE\" || cp /run/screen \"$PICTURE\"");
	town_sh("grep -e '^FORWARD' /run/screen >/run/title; grep -qFf /run/title README.md");
}

#define STORY(f) cmocka_unit_test_teardown(f, close_terminal)

int main(void)
{
	const struct CMUnitTest stories[] = {
		STORY(rows_show_the_busiest_first),
		STORY(a_minute_shows_as_bars),
		STORY(keys_sort_and_filter),
		STORY(a_forward_opens_into_its_connections),
		STORY(what_others_translate_is_on_it_too),
		STORY(it_fits_any_size),
		STORY(the_terminal_is_left_as_it_was),
		STORY(it_can_be_stopped_and_goes_on),
		STORY(colours_can_be_done_without),
		STORY(without_accounting_the_screen_says_so),
		STORY(it_ends_by_itself_and_refuses_strange_terminals),
		STORY(the_readme_shows_it),
	};
	return cmocka_run_group_tests(stories, town_build, town_raze);
}
