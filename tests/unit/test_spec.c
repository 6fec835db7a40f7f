/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPEC, TARGET and options: what is taken and how it is written, and what is refused and why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "random_forward.h"
#include "read_forward.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define LONG_TEXT 100000

static const struct {
	const char *line, *spec, *target, *options;
} good[] = {
	{":1 10.0.0.1", "*:1/tcp", "10.0.0.1:1", ""},
	{"*:65535 10.0.0.1", "*:65535/tcp", "10.0.0.1:65535", ""},
	{"*@1.2.3.4:domain/udp 10.0.0.1:http", "*@1.2.3.4:53/udp", "10.0.0.1:80", ""},
	{"eth0@[2001:0DB8:0:0::5]:80 [fd00::0:1]", "eth0@[2001:db8::5]:80/tcp", "[fd00::1]:80", ""},
	{"[::ffff:1.2.3.4]:80 [fd00::1]:81", "*@[::ffff:1.2.3.4]:80/tcp", "[fd00::1]:81", ""},
	{"e123456789abcde:80 :81", "e123456789abcde:80/tcp", ":81", ""},
	{"eth0.100:80 :81", "eth0.100:80/tcp", ":81", ""},
	{"eth0@0.0.0.0:80 :81", "eth0:80/tcp", ":81", ""},
	{"eth0@[::]:80 :81", "eth0:80/tcp", ":81", "-6"},
	{"-46 :80 :81", "*:80/tcp", ":81", "-6"},
	{"-64 :80 :81", "*:80/tcp", ":81", ""},
	{":7-7/sctp 10.0.0.1:8-8", "*:7/sctp", "10.0.0.1:8", ""},
	{":7-9 10.0.0.1:8", "*:7-9/tcp", "10.0.0.1:8", ""},
	{":7-9 :8-10", "*:7-9/tcp", ":8-10", ""},
	{":7-9 :8", "*:7-9/tcp", ":8", ""},
	{"--snat 10.0.0.9 :8 10.0.0.1", "*:8/tcp", "10.0.0.1:8", "--snat 10.0.0.9"},
	{"--snat=FD00::9 :8 [fd00::1]", "*:8/tcp", "[fd00::1]:8", "--snat fd00::9"},
	{"--hairpin :8 10.0.0.1", "*:8/tcp", "10.0.0.1:8", "--hairpin"},
	{"--hairpin=10.1.2.3/9 :8 10.0.0.1", "*:8/tcp", "10.0.0.1:8", "--hairpin=10.0.0.0/9"},
	{"--from ::/0 :8 [fd00::1]", "*:8/tcp", "[fd00::1]:8", ""},
	{"--from fd00::ffff/113 :8 [fd00::1]", "*:8/tcp", "[fd00::1]:8", "--from fd00::8000/113"},
	{"--from 255.255.255.255/1 :8 10.0.0.1", "*:8/tcp", "10.0.0.1:8", "--from 128.0.0.0/1"},
	{"--name _-x :8 10.0.0.1", "*:8/tcp", "10.0.0.1:8", "--name _-x"},
	{"42:80 10.0.0.1", "42:80/tcp", "10.0.0.1:80", ""},
	{"all:80 10.0.0.1", "all:80/tcp", "10.0.0.1:80", ""},
	{"lo1:80 10.0.0.1", "lo1:80/tcp", "10.0.0.1:80", ""},
	{"[::1.2.3.4]:80 [::2]", "*@[::1.2.3.4]:80/tcp", "[::2]:80", ""},
	{":8 240.0.0.1", "*:8/tcp", "240.0.0.1:8", ""},
	{":8 0.0.0.1", "*:8/tcp", "0.0.0.1:8", ""},
	{":8 169.254.0.1", "*:8/tcp", "169.254.0.1:8", ""},
	{":8 [fec0::1]", "*:8/tcp", "[fec0::1]:8", ""},
	{"--for 1s :8 10.0.0.1", "*:8/tcp", "10.0.0.1:8", "--until 2023-11-14T22:13:21Z"},
	{"--until 2030-01-01T00:00Z --for 1m :8 :9", "*:8/tcp", ":9",
	 "--until 2023-11-14T22:14:20Z"},
	{"--for 1m --until 2030-01-01T00:00Z :8 :9", "*:8/tcp", ":9",
	 "--until 2030-01-01T00:00:00Z"},
	{"--local --masquerade --name n :8 10.0.0.1", "*:8/tcp", "10.0.0.1:8",
	 "--name n --masquerade --local"},
};

static void good_lines_have_one_canonical_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		char spec[SPEC_TEXT_MAX], target[SPEC_TEXT_MAX], options[SPEC_OPTIONS_MAX];
		struct forward f = read_one(good[i].line);
		spec_format(&f, spec);
		spec_format_target(&f, target);
		spec_format_options(&f, SPEC_ALL_OPTIONS, options);
		assert_string_equal(spec, good[i].spec);
		assert_string_equal(target, good[i].target);
		assert_string_equal(options, good[i].options);
	}
}

#define SPEC80 "eth0:80", "10.0.0.1"
#define NAME64 "x234567890123456789012345678901234567890123456789012345678901234"

static const struct {
	const char *spec, *target, *options, *says;
} bad[] = {
	{"", "10.0.0.1", "", "there is no port"},
	{" ", "10.0.0.1", "", "there is no port"},
	{":", "10.0.0.1", "", "no port after the colon"},
	{"@:80", "10.0.0.1", "", "'' is not an address"},
	{":0", "10.0.0.1", "", "port '0'"},
	{":65536", "10.0.0.1", "", "port '65536'"},
	{":99999999999999999999", "10.0.0.1", "", "port '99999999999999999999'"},
	{":00080", "10.0.0.1", "", "leading zeros"},
	{":-1", "10.0.0.1", "", "'-1' lacks an end"},
	{":-", "10.0.0.1", "", "'-' lacks an end"},
	{":1-", "10.0.0.1", "", "'1-' lacks an end"},
	{":0-5", "10.0.0.1", "", "port '0'"},
	{":5-0", "10.0.0.1", "", "port '0'"},
	{":01-5", "10.0.0.1", "", "leading zeros"},
	{":5-4", "10.0.0.1", "", "4-5 is meant"},
	{":65535-1", "10.0.0.1", "", "1-65535 is meant"},
	{":1-2-3", "10.0.0.1", "", "port '2-3'"},
	{":1 - 2", "10.0.0.1", "", "characters that belong in none"},
	{":80 ", "10.0.0.1", "", "characters that belong in none"},
	{": 80", "10.0.0.1", "", "characters that belong in none"},
	{":80x", "10.0.0.1", "", "neither a port"},
	{":80,81", "10.0.0.1", "", "'80,81'"},
	{":http-domain", "10.0.0.1", "", "'http-domain'"},
	{":HTTP", "10.0.0.1", "", "'HTTP'"},
	{":nosuch/udp", "10.0.0.1", "", "nor a udp service"},
	{":domain/sctp", "10.0.0.1", "", "nor a sctp service"},
	{":odd/tcp+udp", "10.0.0.1", "", "different ports in tcp and udp"},
	{":80/tcp+udp", "10.0.0.1:odd", "", "different ports in tcp and udp"},
	{":80/udp+tcp", "10.0.0.1", "", "protocol 'udp+tcp'"},
	{":80/icmp", "10.0.0.1", "", "protocol 'icmp'"},
	{":80/6", "10.0.0.1", "", "protocol '6'"},
	{":80/tcp ", "10.0.0.1", "", "protocol 'tcp '"},
	{":80//tcp", "10.0.0.1", "", "one slash too many"},
	{"::80", "10.0.0.1", "", "one colon too many"},
	{"eth0:80:", "10.0.0.1", "", "one colon too many"},
	{"2001:db8::5", "[fd00::1]", "", "one colon too many"},
	{"2001:db8", "[fd00::1]", "", "'db8'"},
	{"eth0@fd00::1:80", "[fd00::1]", "", "one colon too many"},
	{"[fd00::1]", "[fd00::2]", "", "there is no port"},
	{"[fd00::1]80", "[fd00::2]", "", "follow the closing bracket"},
	{"[fd00::1:80", "[fd00::2]", "", "brackets do not match"},
	{"fd00::1]:80", "[fd00::2]", "", "brackets do not match"},
	{"[[fd00::1]:80", "[fd00::2]", "", "brackets do not match"},
	{"[fd00::1]]:80", "[fd00::2]", "", "brackets do not match"},
	{"][:80", "[fd00::2]", "", "brackets do not match"},
	{"eth0[fd00::1]:80", "[fd00::2]", "", "beginning or after @"},
	{"[]:80", "[fd00::2]", "", "'' is not an address"},
	{"[fd00::1/64]:80", "[fd00::2]", "", "'fd00::1/64'"},
	{"[fd00::00001]:80", "[fd00::2]", "", "'fd00::00001'"},
	{"[1:2:3:4:5:6:7:8:9]:80", "[fd00::2]", "", "is not an address"},
	{"[fe80::1%eth0]:80", "[fd00::2]", "", "'fe80::1%eth0'"},
	{"[1.2.3.4]:80", "10.0.0.1", "", "brackets are for IPv6"},
	{"eth0@1.2.3.4.5:80", "10.0.0.1", "", "'1.2.3.4.5'"},
	{"256.1.1.1:80", "10.0.0.1", "", "'256.1.1.1'"},
	{"010.0.0.1:80", "10.0.0.2", "", "'010.0.0.1'"},
	{"eth0@1.2.3.4/24:80", "10.0.0.1", "", "no mask"},
	{"eth0@@1.2.3.4:80", "10.0.0.1", "", "'@1.2.3.4'"},
	{"e123456789abcdef:80", "10.0.0.1", "", "longer than the 15"},
	{"+:80", "10.0.0.1", "", "for all interfaces write *"},
	{"+@1.2.3.4:80", "10.0.0.1", "", "for all interfaces write *"},
	{"**:80", "10.0.0.1", "", "no interface name"},
	{".:80", "10.0.0.1", "", "is not an address"},
	{"a b:80", "10.0.0.1", "", "no interface name"},
	{"a\"b:80", "10.0.0.1", "", "no interface name"},
	{"a\\b:80", "10.0.0.1", "", "a\\x5cb"},
	{"a\nb:80", "10.0.0.1", "", "a\\x0ab"},
	{"a\x1b[31m:80", "10.0.0.1", "", "\\x1b"},
	{"\x7f:80", "10.0.0.1", "", "\\x7f"},
	{"\xff\xfe:80", "10.0.0.1", "", "\\xff\\xfe"},
	{"\xc0\x80:80", "10.0.0.1", "", "\\xc0\\x80"},
	{"\xed\xa0\x80:80", "10.0.0.1", "", "\\xed\\xa0\\x80"},
	{":\t80", "10.0.0.1", "", "\\x0980"},
	{":80/\x01", "10.0.0.1", "", "\\x01"},
	{"eth0:80", "\x01", "", "\\x01"},
	{"eth0:80", "", "", "that is no target"},
	{"eth0:80", ":", "", "no port after the colon"},
	{"eth0:80", "10.0.0.1:", "", "no port after the colon"},
	{"eth0:80", "10.0.0.1:0", "", "port '0'"},
	{"eth0:80", "10.0.0.1:65536", "", "port '65536'"},
	{"eth0:80", "10.0.0.1:-5", "", "'-5' lacks an end"},
	{":80--90", "10.0.0.1", "", "port '-90'"},
	{"eth0:80", "10.0.0.1:9-8", "", "8-9 is meant"},
	{"eth0:80", "10.0.0.1:8-9", "", "80 to 8-9: 1 port cannot be sent to 2"},
	{":1-3", "10.0.0.1:8-9", "", "1-3 to 8-9: 3 ports cannot be sent to 2"},
	{":1-3", ":8-11", "", "3 ports cannot be sent to 4"},
	{"eth0:80", "10.0.0.1:80/udp", "", "belongs to the SPEC"},
	{"eth0:80", "10.0.0.0/8", "", "no mask"},
	{"eth0:80", "10.0.0.1:80:81", "", "one colon too many"},
	{"eth0:80", "10.0.0.01", "", "'10.0.0.01'"},
	{"eth0:80", "10.0.0", "", "'10.0.0'"},
	{"eth0:80", "fd00::1", "", "brackets"},
	{"eth0:80", "[fd00::1", "", "brackets do not match"},
	{"eth0:80", "server", "", "names are not looked up"},
	{"eth0:80", "server:80", "", "names are not looked up"},
	{"eth0:80", "*:80", "", "'*' is not an address"},
	{"eth0:80", "eth1@10.0.0.1:80", "", "has no interface"},
	{"eth0:80", "@10.0.0.1:80", "", "has no interface"},
	{"eth0:80", "*@[fd00::1]", "", "has no interface"},
	{"127.0.0.1:80", "10.0.0.1", "", "loopback"},
	{"127.0.0.1:80", ":81", "", "leave it out"},
	{"[::1]:80", "[fd00::1]", "", "loopback"},
	{"eth0:80", "127.255.255.254", "", ":PORT"},
	{"eth0:80", "[::1]:81", "", ":PORT"},
	{"239.255.255.255:80", "10.0.0.1", "", "multicast"},
	{"[ff05::2]:80", "[fd00::1]", "", "multicast"},
	{"eth0:80", "224.0.0.1", "", "multicast"},
	{"eth0:80", "[ff02::1]", "", "multicast"},
	{"255.255.255.255:80", "10.0.0.1", "", "broadcast"},
	{"eth0:80", "255.255.255.255", "", "broadcast"},
	{"eth0:80", "0.0.0.0", "", "no host"},
	{"eth0:80", "[::]:81", "", "no host"},
	{"[::ffff:127.0.0.1]:80", "[fd00::1]", "", "loopback"},
	{"[::127.0.0.1]:80", "[fd00::1]", "", "loopback"},
	{"eth0:80", "[::ffff:127.0.0.1]:81", "", ":PORT"},
	{"eth0:80", "[::127.0.0.1]:81", "", "on a loopback address alone cannot be reached"},
	{"[::ffff:0.0.0.0]:80", "[fd00::1]", "", "no host"},
	{"eth0:80", "[::ffff:0.0.0.0]", "", "no host"},
	{"[::ffff:224.0.0.1]:80", "[fd00::1]", "", "multicast"},
	{"eth0:80", "[::224.0.0.1]", "", "multicast"},
	{"eth0:80", "[::ffff:255.255.255.255]", "", "broadcast"},
	{"eth0:80", "[::255.255.255.255]", "", "broadcast"},
	{"eth0:80", "[::ffff:192.168.1.2]", "", "write 192.168.1.2"},
	{"[fe80::1]:80", "[fd00::1]", "", "link-local"},
	{"eth0:80", "[fe80::1]:81", "", "link-local"},
	{"eth0:80", "[febf:ffff::1]", "", "link-local"},
	{"8080:80", "10.0.0.1", "", "to send port 8080 to port 80 write :8080 as SPEC and ADDR:80"},
	{"8000:8010", "10.0.0.1", "", "for the ports 8000 to 8010 write :8000-8010"},
	{"8000:80-90", "10.0.0.1", "", "to send port 8000 to port 80-90"},
	{"any:80", "10.0.0.1", "", "no interface is called any; for all interfaces write *"},
	{"any@1.2.3.4:80", "10.0.0.1", "", "no interface is called any"},
	{"lo:80", "10.0.0.1", "", "--local is meant"},
	{"lo@1.2.3.4:80", ":81", "", "--local is meant"},
	{"1.2.3.4:80", "[fd00::1]", "", "between families"},
	{"[::]:80", "10.0.0.1", "", "between families"},
	{"0.0.0.0:80", "[fd00::1]", "", "between families"},
	{"eth0:80", "[fd00::1]", "-4", "-4 was asked for"},
	{"1.2.3.4:80", ":81", "-6", "-6 was asked for"},
	{"eth0:80", ":80", "", "nothing to forward"},
	{":1-9", ":1-9", "", "nothing to forward"},
	{"1.2.3.4:80", ":80", "", "nothing to forward"},
	{"1.2.3.4:80", "1.2.3.4", "", "nothing to forward"},
	{"1.2.3.4:80-90", "1.2.3.4:90", "", "port 90"},
	{"eth0:80", ":81", "--hairpin", "--hairpin does not go"},
	{"eth0:80", ":81", "--hairpin=10.0.0.0/8", "--hairpin does not go"},
	{"eth0:80", ":81", "--masquerade", "--masquerade does not go"},
	{"eth0:80", ":81", "--snat 10.0.0.1", "--snat does not go"},
	{SPEC80, "--masquerade --snat 10.0.0.2", "exclude each other"},
	{SPEC80, "--snat 127.0.0.1", "--snat 127.0.0.1 is"},
	{SPEC80, "--snat 224.0.0.1", "--snat 224.0.0.1 is"},
	{SPEC80, "--snat 255.255.255.255", "--snat 255.255.255.255 is"},
	{SPEC80, "--snat 0.0.0.0", "--snat 0.0.0.0 is"},
	{"eth0:80", "[fd00::1]", "--snat fe80::1", "--snat fe80::1 is a link-local"},
	{"eth0:80", "[fd00::1]", "--snat ::127.0.0.1", "--snat ::127.0.0.1 is a loopback"},
	{"eth0:80", "[fd00::1]", "--snat ::ffff:1.2.3.4", "write 1.2.3.4"},
	{SPEC80, "--snat 10.0.0.1:80", "is not an address"},
	{SPEC80, "--snat=", "--snat ''"},
	{SPEC80, "--snat fd00::1", "between families"},
	{SPEC80, "--from=", "--from ''"},
	{SPEC80, "--from ,10.0.0.0/8", "--from ''"},
	{SPEC80, "--from 10.0.0.0/8,,10.0.0.0/9", "--from ''"},
	{SPEC80, "--from 10.0.0.0/33", "'10.0.0.0/33'"},
	{SPEC80, "--from 10.0.0.0/4294967304", "is not a network"},
	{SPEC80, "--from 10.0.0.0/255.0.0.0", "is not a network"},
	{SPEC80, "--from 10.0.0.0/+8", "is not a network"},
	{SPEC80, "--from 010.0.0.0/8", "is not a network"},
	{SPEC80, "--from [fd00::]/8", "is not a network"},
	{SPEC80, "--from fd00::/8", "is IPv6, and the forward is IPv4"},
	{SPEC80, "--from ::/0", "is IPv6, and the forward is IPv4"},
	{SPEC80, "--from fd00::/129", "is not a network"},
	{SPEC80, "--hairpin=", "--hairpin ''"},
	{SPEC80, "--hairpin=0.0.0.0/0", "every network"},
	{SPEC80, "--hairpin=::/0", "every network"},
	{SPEC80, "--hairpin=fd00::/8", "between families"},
	{SPEC80, "--name=", "name ''"},
	{SPEC80, "--name " NAME64, "1 to 63"},
	{SPEC80, "--name a,b", "name 'a,b'"},
	{SPEC80, "--name --masquerade", "name '--masquerade': a name does not begin with a hyphen"},
	{SPEC80, "--name=-x", "name '-x'"},
	{SPEC80, "--name \xc3\xa9\x02", "\\x02"},
	{SPEC80, "--name", "needs a value: NAME"},
	{SPEC80, "--local=1", "takes no value"},
	{SPEC80, "--masquerade=", "takes no value"},
	{SPEC80, "--fro 10.0.0.0/8", "unknown option '--fro'"},
	{SPEC80, "-4x", "unknown option '-x'; see that"},
	{SPEC80, "--\x1b", "'--\\x1b'"},
	{SPEC80, "-\xff", "'-\\xff'"},
	{SPEC80, "--for 0s", "is too short; it must be at least 1s"},
	{SPEC80, "--for 1w", "duration '1w'"},
	{SPEC80, "--for -1s", "duration '-1s'"},
	{SPEC80, "--for 99999d", "--for 99999d ends later"},
	{SPEC80, "--until 2026-02-29T00:00Z", "calendar"},
	{SPEC80, "--until now", "is not like"},
	{SPEC80, "third", "one operand too many"},
	{"eth0:80", NULL, "", "TARGET is missing"},
	{NULL, NULL, "", "SPEC and TARGET are needed"},
};

static void assert_printable(const char *text)
{
	for (const unsigned char *c = (const unsigned char *)text; *c; c++)
		if (*c < 0x20 || *c == 0x7f)
			fail_msg("byte %02x in a message", *c);
}

static int read_parts(const char *spec, const char *target, const char *options,
		      struct forwards *out, struct err *err)
{
	const char *words[READ_WORDS_MAX], *copied[READ_WORDS_MAX];
	char *copy = strdup(options);
	size_t n = 0, count = *options ? split_words(copy, copied) : 0;
	if (spec)
		words[n++] = spec;
	if (target)
		words[n++] = target;
	for (size_t i = 0; i < count; i++)
		words[n++] = copied[i];
	int result = read_words(words, n, out, err);
	free(copy);
	return result;
}

static void bad_words_are_refused_and_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct forwards set = {0};
		struct err err;
		if (read_parts(bad[i].spec, bad[i].target, bad[i].options, &set, &err) == 0)
			fail_msg("row %zu (%s) was taken", i, bad[i].says);
		assert_int_equal(err.kind, ERR_INPUT);
		assert_int_equal(set.count, 0);
		assert_printable(err.text);
		if (!strstr(err.text, bad[i].says))
			fail_msg("row %zu: '%s' is not in: %s", i, bad[i].says, err.text);
		forwards_free(&set);
	}
}

/* 100 kB of one byte at each place that takes text. */
static void long_words_are_refused_shortly(void **state)
{
	(void)state;
	static const char *const before[] = {"",       "eth0@",    "[",         ":",
					     ":80/",   "--from=",  "--snat=",   "--name=",
					     "--for=", "--until=", "--hairpin="};
	static const char fill[] = "a0:[]@/-.,+\x01\xff";
	char *text = malloc(LONG_TEXT + 32);
	for (size_t b = 0; b < COUNT(before); b++)
		for (size_t i = 0; i < sizeof(fill) - 1; i++) {
			const char *words[] = {text, SPEC80};
			struct forwards set = {0};
			struct err err;
			int n = sprintf(text, "%s", before[b]);
			memset(text + n, fill[i], LONG_TEXT);
			text[n + LONG_TEXT] = '\0';
			assert_int_equal(read_words(words, 3, &set, &err), -1);
			assert_int_equal(err.kind, ERR_INPUT);
			assert_printable(err.text);
			assert_true(strlen(err.text) < 600);
			forwards_free(&set);
		}
	free(text);
}

static void what_is_written_reads_back(void **state)
{
	(void)state;
	struct dice dice = {.state = 1};
	for (int i = 0; i < 100000; i++) {
		char spec[SPEC_TEXT_MAX], target[SPEC_TEXT_MAX], options[SPEC_OPTIONS_MAX];
		struct forwards set = {0};
		struct err err = {.text = "another forward"};
		dice.spread = i % 2 ? WIDE : CROWDED;
		struct forward f = random_forward(&dice, FAMILY_NONE);
		spec_format(&f, spec);
		spec_format_target(&f, target);
		spec_format_options(&f, SPEC_ALL_OPTIONS, options);
		if (read_parts(spec, target, options, &set, &err) < 0 || set.count != 1 ||
		    !forward_equal(&set.items[0], &f))
			fail_msg("%s %s %s: %s", spec, target, options, err.text);
		forwards_free(&set);
	}
}

/* What a random text is read as is written so that it reads the same again. */
static void random_specs_settle(void **state)
{
	(void)state;
	struct dice dice = {.state = 2};
	int taken = 0;
	for (int i = 0; i < 300000; i++) {
		char text[24] = {0}, again[SPEC_TEXT_MAX];
		struct spec one, two;
		struct err err;
		random_text(&dice, "e+*@[]::::12345.-/tcp", text, 14);
		if (spec_parse(text, &read_host, &one, &err) < 0)
			continue;
		struct forward f = {.proto = one.protos[0], .addr = one.addr, .ports = one.ports};
		memcpy(f.ifname, one.ifname, sizeof(f.ifname));
		spec_format(&f, again);
		if (spec_parse(again, &read_host, &two, &err) < 0)
			fail_msg("'%s' is written as '%s': %s", text, again, err.text);
		assert_string_equal(one.ifname, two.ifname);
		assert_true(address_equal(&one.addr, &two.addr));
		assert_memory_equal(&one.ports, &two.ports, sizeof(one.ports));
		taken++;
	}
	assert_true(taken > 1000);
}

static void shorthands_multiply(void **state)
{
	(void)state;
	struct forwards set = {0};
	struct err err;
	assert_int_equal(read_line(":domain/tcp+udp 10.0.0.1 --from 10.0.0.0/8,1.2.3.4,0.0.0.0/0",
				   &set, &err),
			 0);
	assert_int_equal(set.count, 6);
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(set.items[i].proto, i % 2 ? PROTO_UDP : PROTO_TCP);
	assert_int_equal(set.items[2].from.prefix, 32);
	assert_false(network_is_set(&set.items[5].from));
	/* a failure leaves what was there before */
	assert_int_equal(read_line(":1/tcp+udp 10.0.0.1 --from 10.0.0.0/8,x", &set, &err), -1);
	assert_int_equal(set.count, 6);
	forwards_free(&set);
}

/* A zone an hour west of UTC. */
static bool west_time(const struct tm *asked, int64_t *out)
{
	struct tm tm = *asked;
	*out = timegm(&tm) + 3600;
	return true;
}

static void times_are_read(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t when; /* 0: refused */
	} cases[] = {
		{"1970-01-01T00:00:01Z", 1},
		{"1970-01-01T00:00Z", 0},
		{"1960-01-01T00:00Z", 0},
		{"2026-12-01T18:00Z", 1796148000},
		{"2026-12-01T18:00:30Z", 1796148030},
		{"2026-12-01T18:00+02:00", 1796140800},
		{"2026-12-01T18:00-00:30", 1796149800},
		{"2026-12-01T18:00", 1796151600}, /* one hour west, as set below */
		{"2024-02-29T00:00Z", 1709164800},
		{"2038-01-19T03:14:06Z", FORWARD_UNTIL_MAX},
		{"2038-01-19T03:14:07Z", 0},
		{"2038-01-19T03:14:06-00:01", 0},
		{"9999-12-31T23:59Z", 0},
		{"2025-02-29T00:00Z", 0},
		{"2026-13-01T00:00Z", 0},
		{"2026-00-01T00:00Z", 0},
		{"2026-01-00T00:00Z", 0},
		{"2026-01-01T24:00Z", 0},
		{"2026-01-01T00:60Z", 0},
		{"2026-01-01T00:00:60Z", 0},
		{"2026-01-01T00:00+24:00", 0},
		{"2026-01-01T00:00+0100", 0},
		{"2026-01-01T00:00z", 0},
		{"2026-01-01T00:00ZZ", 0},
		{"2026-01-01T00:00 ", 0},
		{"2026-01-01 00:00", 0},
		{"2026-1-1T0:0", 0},
		{"-026-01-01T00:00Z", 0},
		{"2026-01-01T00:00:", 0},
		{"", 0},
	};
	const struct spec_host host = {.local_time = west_time};
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t when = -1;
		struct err err = {0};
		int result = spec_parse_time(cases[i].text, &host, &when, &err);
		if (result != (cases[i].when ? 0 : -1) || (result == 0 && when != cases[i].when))
			fail_msg("'%s': %lld %s", cases[i].text, (long long)when, err.text);
		if (result < 0)
			assert_int_equal(err.kind, ERR_INPUT);
	}
}

static void durations_are_read(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t seconds; /* 0: refused */
	} cases[] = {
		{"1s", 1},
		{"90s", 90},
		{"30m", 1800},
		{"2h", 7200},
		{"7d", 604800},
		{"007s", 7},
		{"0s", 0},
		{"0d", 0},
		{"", 0},
		{"s", 0},
		{"7", 0},
		{"7D", 0},
		{"7ss", 0},
		{"1h30m", 0},
		{"-1s", 0},
		{"+1s", 0},
		{"1.5h", 0},
		{" 1s", 0},
		{"1 s", 0},
		{"9999999999d", 863999999913600},
		{"99999999999s", 0},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t seconds = -1;
		struct err err = {0};
		int result = spec_parse_duration(cases[i].text, &seconds, &err);
		if (result != (cases[i].seconds ? 0 : -1) ||
		    (result == 0 && seconds != cases[i].seconds))
			fail_msg("'%s': %lld %s", cases[i].text, (long long)seconds, err.text);
		if (result < 0)
			assert_int_equal(err.kind, ERR_INPUT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_lines_have_one_canonical_form),
		cmocka_unit_test(bad_words_are_refused_and_named),
		cmocka_unit_test(long_words_are_refused_shortly),
		cmocka_unit_test(what_is_written_reads_back),
		cmocka_unit_test(random_specs_settle),
		cmocka_unit_test(shorthands_multiply),
		cmocka_unit_test(times_are_read),
		cmocka_unit_test(durations_are_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
