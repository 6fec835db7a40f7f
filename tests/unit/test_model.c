/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text to forwards and back, what is refused and with which words, and what is in conflict. */
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
#include "model/conflict.h"
#include "syntax/file.h"
#include "conns/lookup.h"
#include "syntax/request.h"
#include "syntax/selector.h"

static void good_lines_have_one_canonical_form(void **state)
{
	(void)state;
	static const struct {
		const char *line, *canonical;
	} good[] = {
		{"eth0:80 192.168.1.2", "eth0:80/tcp 192.168.1.2:80"},
		{"eth0:80 192.168.1.2:8080", "eth0:80/tcp 192.168.1.2:8080"},
		{"*:80/udp 192.168.1.2", "*:80/udp 192.168.1.2:80"},
		{":80 192.168.1.2", "*:80/tcp 192.168.1.2:80"},
		{":http 192.168.1.2", "*:80/tcp 192.168.1.2:80"},
		{"ppp+:1-65535/sctp 10.0.0.1", "ppp+:1-65535/sctp 10.0.0.1:1-65535"},
		{"203.0.113.5:80 10.0.0.1", "*@203.0.113.5:80/tcp 10.0.0.1:80"},
		{"eth0@203.0.113.5:80 10.0.0.1", "eth0@203.0.113.5:80/tcp 10.0.0.1:80"},
		{"0.0.0.0:80 10.0.0.1", "*:80/tcp 10.0.0.1:80"},
		{"[::]:80 :81", "*:80/tcp :81 -6"},
		{"-6 :80 :81", "*:80/tcp :81 -6"},
		{":80 :81", "*:80/tcp :81"},
		{"[2001:DB8::5]:80 [fd00:0::2]", "*@[2001:db8::5]:80/tcp [fd00::2]:80"},
		{"eth0:8000-8010 10.0.0.1:9000-9010", "eth0:8000-8010/tcp 10.0.0.1:9000-9010"},
		{"eth0:8000-8010 10.0.0.1:80", "eth0:8000-8010/tcp 10.0.0.1:80"},
		{"eth0:80 10.0.0.1 --from 10.9.9.9/8", "eth0:80/tcp 10.0.0.1:80 --from 10.0.0.0/8"},
		{"eth0:80 10.0.0.1 --from 0.0.0.0/0", "eth0:80/tcp 10.0.0.1:80"},
		{"eth0:80 10.0.0.1 --from 1.2.3.4", "eth0:80/tcp 10.0.0.1:80 --from 1.2.3.4/32"},
		{"--name=a -4 eth0:80 10.0.0.1", "eth0:80/tcp 10.0.0.1:80 --name a"},
		{"--name a --name b eth0:80 10.0.0.1", "eth0:80/tcp 10.0.0.1:80 --name b"},
		{"-- eth0:80 10.0.0.1", "eth0:80/tcp 10.0.0.1:80"},
		{"eth0:80 10.0.0.1 --until 2026-12-01T18:00Z",
		 "eth0:80/tcp 10.0.0.1:80 --until 2026-12-01T18:00:00Z"},
		{"eth0:80 10.0.0.1 --until 2026-12-01T18:00:30+02:00",
		 "eth0:80/tcp 10.0.0.1:80 --until 2026-12-01T16:00:30Z"},
		{"eth0:80 10.0.0.1 --hairpin=10.0.0.7/24 --local --masquerade",
		 "eth0:80/tcp 10.0.0.1:80 --masquerade --hairpin=10.0.0.0/24 --local"},
	};
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		char line[SPEC_LINE_MAX];
		struct forward f = read_one(good[i].line);
		spec_format_line(&f, line);
		assert_string_equal(line, good[i].canonical);
	}
}

static void shorthands_are_several_forwards(void **state)
{
	(void)state;
	struct forwards set = {0};
	struct err err;
	assert_int_equal(
		read_line("eth0:53/tcp+udp 10.0.0.1 --from 10.0.0.0/8,192.168.0.0/16", &set, &err),
		0);
	assert_int_equal(set.count, 4);
	forwards_free(&set);
}

static void bad_lines_are_refused_with_words(void **state)
{
	(void)state;
	static const struct {
		const char *line, *says;
	} bad[] = {
		{"", "TARGET is missing"},
		{"eth0:80", "TARGET is missing"},
		{"eth0:0 10.0.0.1", "port '0'"},
		{"eth0:65536 10.0.0.1", "'65536'"},
		{"eth0:12345678901234567890 10.0.0.1", "'12345678901234567890'"},
		{"eth0:-1 10.0.0.1", "lacks an end of the range"},
		{"eth0:080 10.0.0.1", "leading zeros"},
		{"eth0:80- 10.0.0.1", "'80-' lacks an end"},
		{"eth0:90-80 10.0.0.1", "80-90 is meant"},
		{"eth0:80-90 10.0.0.1:1-3", "11 ports cannot be sent to 3"},
		{"eth0:80 10.0.0.1:1-3", "1 port cannot be sent to 3"},
		{"eth0:80x 10.0.0.1", "'80x'"},
		{"eth0:nosuch 10.0.0.1", "'nosuch'"},
		{"eth0:odd/tcp+udp 10.0.0.1", "different ports"},
		{"eth0:80:81 10.0.0.1", "one colon too many"},
		{"eth0:80/tcp/x 10.0.0.1", "one slash too many"},
		{"eth0:80/TCP 10.0.0.1", "'TCP'"},
		{"eth0:80/ 10.0.0.1", "protocol ''"},
		{"eth0: 10.0.0.1", "no port after the colon"},
		{"eth0 10.0.0.1", "there is no port"},
		{"[::1:80 [fd00::1]", "brackets"},
		{"::1]:80 [fd00::1]", "bracket"},
		{"x[fd00::1]:80 [fd00::2]", "beginning or after @"},
		{"[10.0.0.1]:80 10.0.0.2", "brackets are for IPv6"},
		{"@fd00:80 10.0.0.2", "'fd00'"},
		{"1.2.3.04:80 10.0.0.1", "'1.2.3.04'"},
		{"1.2.3:80 10.0.0.1", "'1.2.3'"},
		{"10.0.0.0/8:80 10.0.0.1", "mask"},
		{"eth0:80 10.0.0.0/8", "slash"},
		{"eth0:80 10.0.0.1:80/tcp", "belongs to the SPEC"},
		{"eth0:80 host.example", "names are not looked up"},
		{"eth0:80 eth1@10.0.0.1", "has no interface"},
		{"1.2.3.4:80 [fd00::1]", "between families"},
		{"[::]:80 10.0.0.1", "between families"},
		{"-6 eth0:80 10.0.0.1", "-6 was asked for"},
		{"eth0123456789abc:80 10.0.0.1", "longer than the 15"},
		{"+:80 10.0.0.1", "write *"},
		{"e/h:80 10.0.0.1", "slash"},
		{"@@[::]:5 [1::]", "'@'"},
		{"127.0.0.1:80 10.0.0.1", "loopback"},
		{"-- -h1:80 :81", "looks like an option"},
		{"#h1:80 :81", "looks like an option, a comment"},
		{"[::1]:80 [fd00::1]", "loopback"},
		{"eth0:80 127.1.2.3", ":PORT"},
		{"eth0:80 [::1]", ":PORT"},
		{"224.0.0.1:80 10.0.0.1", "multicast"},
		{"eth0:80 [ff02::1]", "multicast"},
		{"255.255.255.255:80 10.0.0.1", "broadcast"},
		{"eth0:80 0.0.0.0", ":PORT"},
		{"eth0:80 [::]:80", ":PORT"},
		{"eth0:80 :80", "nothing to forward"},
		{"eth0:80-90 :80-90", "nothing to forward"},
		{"10.0.0.1:80 10.0.0.1", "nothing to forward"},
		{"10.0.0.1:80-90 10.0.0.1:85", "port 85"},
		{"eth0:80 :81 --hairpin", "--hairpin does not go"},
		{"eth0:80 :81 --masquerade", "--masquerade does not go"},
		{"eth0:80 :81 --snat 10.0.0.1", "--snat does not go"},
		{"eth0:80 10.0.0.1 --masquerade --snat 10.0.0.2", "exclude each other"},
		{"eth0:80 10.0.0.1 --snat x", "--snat 'x'"},
		{"eth0:80 10.0.0.1 --snat 0.0.0.0", "one host"},
		{"eth0:80 10.0.0.1 --snat fd00::1", "between families"},
		{"eth0:80 10.0.0.1 --from 10.0.0.0/33", "'10.0.0.0/33'"},
		{"eth0:80 10.0.0.1 --from 10.0.0.0/08", "'10.0.0.0/08'"},
		{"eth0:80 10.0.0.1 --from 10.0.0.0/8,", "''"},
		{"eth0:80 10.0.0.1 --from fd00::/8", "IPv6"},
		{"eth0:80 10.0.0.1 --hairpin=fd00::/8", "between families"},
		{"eth0:80 10.0.0.1 --hairpin=0.0.0.0/0", "every network"},
		{"eth0:80 10.0.0.1 --name", "needs a value: NAME"},
		{"eth0:80 10.0.0.1 --name=", "name ''"},
		{"eth0:80 10.0.0.1 --name a/b", "'a/b'"},
		{"eth0:80 10.0.0.1 --name "
		 "x234567890123456789012345678901234567890123456789012345678901234",
		 "1 to 63"},
		{"eth0:80 10.0.0.1 --local=yes", "takes no value"},
		{"eth0:80 10.0.0.1 --nosuch", "unknown option '--nosuch'"},
		{"eth0:80 10.0.0.1 -x", "unknown option '-x'"},
		{"eth0:80 10.0.0.1 --masq", "unknown option '--masq'"},
		{"eth0:80 10.0.0.1 --until 2026-02-30T10:00Z", "calendar"},
		{"eth0:80 10.0.0.1 --until 2026-12-01", "not like"},
		{"eth0:80 10.0.0.1 --until 2038-01-19T03:14:07Z", "later than"},
		{"eth0:+80 10.0.0.1", "'+80'"},
		{"eth0:80.0 10.0.0.1", "'80.0'"},
		{"eth0:0x50 10.0.0.1", "'0x50'"},
		{"eth0:1e3 10.0.0.1", "'1e3'"},
		{"eth0:80-90-95 10.0.0.1", "'90-95'"},
		{"eth0:--80 10.0.0.1", "'--80' lacks an end"},
		{"eth0:80--90 10.0.0.1", "'-90'"},
		{"eth0:80-65536 10.0.0.1", "'65536'"},
		{"eth0:80 10.0.0.1:0", "port '0'"},
		{"eth0:80 10.0.0.1:http8", "'http8'"},
		{"eth0:80 10.0.0.256", "'10.0.0.256'"},
		{"eth0:80 10.0.0", "'10.0.0'"},
		{"eth0:80 fd00::1", "bracket"},
		{"eth0:80 [fd00::1", "brackets do not match"},
		{"eth0:80 [fd00::1]]", "brackets do not match"},
		{"eth0:80 [[fd00::1]]", "brackets do not match"},
		{"eth0:80 []", "''"},
		{"eth0:80 [fd00::1%eth0]", "'fd00::1%eth0'"},
		{"eth0:80 :", "no port after the colon"},
		{"eth0@:80 10.0.0.1", "''"},
		{"eth0:80 10.0.0.1 --from", "needs a value: CIDR"},
		{"eth0:80 10.0.0.1 --from 10.0.0.0/-1", "'10.0.0.0/-1'"},
		{"eth0:80 10.0.0.1 --from 10.0.0.0/", "'10.0.0.0/'"},
		{"eth0:80 10.0.0.1 --until", "needs a value: TIME"},
		{"eth0:80 10.0.0.1 --until 2026-12-01T25:00Z", "calendar"},
		{"eth0:80 10.0.0.1 --until 26-12-01T10:00", "not like"},
		{"..:80 10.0.0.1", "'..'"},
		{"eth0:80 10.0.0.1 third", "'third' is one operand too many"},
		{"eth0:80 \x01\xff", "\\x01\\xff"},
		{"eth\xc2\x9b:80 10.0.0.1", "\\xc2\\x9b"},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct forwards set = {0};
		struct err err;
		if (read_line(bad[i].line, &set, &err) == 0)
			fail_msg("'%s' was taken", bad[i].line);
		assert_int_equal(err.kind, ERR_INPUT);
		assert_int_equal(set.count, 0);
		if (!strstr(err.text, bad[i].says))
			fail_msg("'%s': '%s' is not in: %s", bad[i].line, bad[i].says, err.text);
		forwards_free(&set);
	}
}

static void note_reason(void *context, size_t line, const char *reason)
{
	assert_int_equal(line, 2);
	snprintf(context, ERR_TEXT_MAX, "%s", reason);
}

static void a_file_knows_no_for(void **state)
{
	(void)state;
	static const char text[] = "eth0:81 10.0.0.1\neth0:80 10.0.0.1 --for 2h\n";
	char reason[ERR_TEXT_MAX] = "";
	struct file_bad bad = {.say = note_reason, .context = reason};
	struct file file = {0};
	struct err err;
	assert_int_equal(file_parse(text, sizeof(text) - 1, &read_host, &bad, &file, &err), 0);
	assert_int_equal(bad.count, 1);
	assert_non_null(strstr(reason, "unknown option '--for'"));
	assert_int_equal(file.forwards.count, 1);
	assert_int_equal(file.numbers[0], 1);
	file_free(&file);
}

static void a_byte_order_mark_is_taken(void **state)
{
	(void)state;
	static const char text[] = "\xef\xbb\xbf"
				   "eth0:80 10.0.0.1\r\n\xef\xbb\xbf"
				   "eth0:81 10.0.0.1\n";
	char reason[ERR_TEXT_MAX] = "";
	struct file_bad bad = {.say = note_reason, .context = reason};
	struct file file = {0};
	struct err err;
	assert_int_equal(file_parse(text, sizeof(text) - 1, &read_host, &bad, &file, &err), 0);
	/* only where the file begins */
	assert_int_equal(bad.count, 1);
	assert_non_null(strstr(reason, "is no interface name"));
	assert_int_equal(file.forwards.count, 1);
	assert_string_equal(file.forwards.items[0].ifname, "eth0");
	file_free(&file);
	assert_int_equal(file_parse(text, 3, &read_host, &bad, &file, &err), 0);
	assert_int_equal(file.forwards.count, 0);
	file_free(&file);
}

static void long_words_are_cut_in_messages(void **state)
{
	(void)state;
	struct forwards set = {0};
	struct err err;
	char *line = malloc(100100);
	memset(line, 'a', 100000);
	strcpy(line + 100000, ":80 10.0.0.1");
	assert_int_equal(read_line(line, &set, &err), -1);
	assert_int_equal(err.kind, ERR_INPUT);
	assert_true(strlen(err.text) < 400);
	free(line);
}

static void conflicts_are_what_is_not_nested(void **state)
{
	(void)state;
	static const struct {
		const char *a, *b;
		bool conflict;
	} cases[] = {
		{"eth0:80 10.0.0.1", "eth0:80 10.0.0.2", true},
		{"eth0:80 10.0.0.1", "eth0:80 10.0.0.1 --name x", true},
		{"eth0:80 10.0.0.1", "eth0:80/udp 10.0.0.2", false},
		{"eth0:80 10.0.0.1", "eth0:80 [fd00::1]", false},
		{"eth0:80 10.0.0.1", "eth0:1-65535 10.0.0.2", false},
		{"eth0:8000-8010 10.0.0.1", "eth0:8005-8020 10.0.0.2", true},
		{"eth0:22 10.0.0.1 --from 10.0.0.0/8", "eth0:22 10.0.0.2", false},
		{"eth0:1-99 10.0.0.1 --from 10.0.0.0/8", "eth0:22 10.0.0.2", true},
		{"ppp0:80 10.0.0.1", "ppp+:80 10.0.0.2", false},
		{"ppp0+:80 10.0.0.1", "ppp+:80 10.0.0.2", false},
		{"ppp+:80 10.0.0.1", "eth0:80 10.0.0.2", false},
		{"eth0:80 10.0.0.1", ":80 10.0.0.2", false},
		{"1.2.3.4:80 10.0.0.1", ":80 10.0.0.2", false},
		{"1.2.3.4:80 10.0.0.1", "eth0:80 10.0.0.2", true},
		{"eth0:80 10.0.0.1 --local", "eth1:80 10.0.0.2 --local", true},
		{"eth0:80 10.0.0.1 --local", "eth1:80 10.0.0.1 --local", false},
		{"eth0:80 10.0.0.1 --local", "eth1:80 10.0.0.2", false},
		{"eth0:80 10.0.0.1 --hairpin=10.0.0.0/24", "eth1:80 10.0.0.2 --hairpin=10.0.0.0/24",
		 true},
		{"eth0:80 10.0.0.1 --hairpin=10.0.0.0/24", "eth1:80 10.1.0.2 --hairpin=10.1.0.0/24",
		 false},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct forward a = read_one(cases[i].a), b = read_one(cases[i].b);
		if (conflict_between(&a, &b) != cases[i].conflict ||
		    conflict_between(&b, &a) != cases[i].conflict)
			fail_msg("%s beside %s: %sin conflict", cases[i].a, cases[i].b,
				 cases[i].conflict ? "not " : "");
	}
}

static void sorting_puts_each_once_in_order(void **state)
{
	(void)state;
	struct dice dice = {.state = 7};
	for (int round = 0; round < 200; round++) {
		struct forwards set = {0};
		struct err err;
		size_t count = roll(&dice, 300);
		dice.spread = round % 2 ? CROWDED : WIDE;
		for (size_t i = 0; i < count; i++) {
			struct forward f = random_forward(&dice, FAMILY_NONE);
			/* some twice, and some in sorted stretches */
			if (i && once_in(&dice, 4))
				f = set.items[roll(&dice, (unsigned int)i)];
			if (i && once_in(&dice, 2)) {
				f = set.items[i - 1];
				f.ports.first = f.ports.last = (uint16_t)(f.ports.last + 1);
			}
			assert_int_equal(forwards_add(&set, &f, &err), 0);
		}
		struct forwards sorted = {0};
		assert_int_equal(forwards_add_all(&sorted, &set, &err), 0);
		assert_int_equal(forwards_sort(&sorted, &err), 0);
		for (size_t i = 1; i < sorted.count; i++)
			assert_true(forward_compare(&sorted.items[i - 1], &sorted.items[i]) < 0);
		for (size_t i = 0; i < set.count; i++)
			assert_true(forwards_find(&sorted, &set.items[i]) < sorted.count);
		for (size_t i = 0, k; i < sorted.count; i++) {
			for (k = 0; !forward_equal(&sorted.items[i], &set.items[k]);)
				assert_true(++k < set.count);
		}
		forwards_free(&sorted);
		forwards_free(&set);
	}
}

#define CROWD 300

static bool told[CROWD][CROWD];

static void note_conflict(void *context, size_t a, size_t b)
{
	(void)context;
	assert_true(a < b && !told[a][b]);
	told[a][b] = true;
}

static void conflicts_of_a_set_are_those_of_each_two(void **state)
{
	(void)state;
	struct dice dice = {.state = 1};
	size_t conflicts = 0;
	for (int round = 0; round < 60; round++) {
		struct forwards set = {0};
		struct err err;
		memset(told, 0, sizeof(told));
		dice.spread = round % 6 ? CROWDED : WIDE;
		for (int i = 0; i < CROWD; i++) {
			struct forward f = random_forward(&dice, FAMILY_NONE);
			assert_int_equal(forwards_add(&set, &f, &err), 0);
		}
		assert_int_equal(conflict_find(&set, note_conflict, NULL, &err), 0);
		for (size_t a = 0; a < CROWD; a++)
			for (size_t b = a + 1; b < CROWD; b++) {
				bool expected = conflict_between(&set.items[a], &set.items[b]);
				assert_int_equal(told[a][b], expected);
				conflicts += expected;
			}
		forwards_free(&set);
	}
	assert_true(conflicts > 1000);
}

static void inserting_does_as_add_says(void **state)
{
	(void)state;
	struct forwards set = {0};
	struct err err;
	struct forward a = read_one("eth0:80 10.0.0.1"), b = read_one("eth0:80 10.0.0.2");
	struct forward later = a, old = b;
	later.until = READ_NOW + 10;
	old.until = READ_NOW;
	assert_true(add_if_free(&set, &old, READ_NOW));
	/* expired ones go */
	assert_true(add_if_free(&set, &a, READ_NOW));
	assert_int_equal(set.count, 1);
	assert_true(add_if_free(&set, &a, READ_NOW));
	assert_int_equal(set.count, 1);
	assert_ptr_equal(forwards_in_the_way(&set, &b, READ_NOW), &set.items[0]);
	assert_true(add_if_free(&set, &later, READ_NOW));
	assert_int_equal(set.count, 1);
	assert_true(set.items[0].until == READ_NOW + 10);
	assert_int_equal(forwards_insert(&set, &b, &err), 0);
	assert_int_equal(set.count, 1);
	assert_true(forward_equal(&set.items[0], &b));
	forwards_free(&set);
}

static void a_conflict_is_told_with_its_cause(void **state)
{
	(void)state;
	static const char *const cases[][3] = {
		{"eth0:80 10.0.0.1 --local", "eth0:80 10.0.0.2 --local", "10.0.0.1:80 --local"},
		{"eth0:80 10.0.0.1 --local", "eth1:80 10.0.0.2 --local",
		 "10.0.0.1:80 --local, by what --local adds"},
		{"eth0:80 10.0.0.1 --hairpin=10.0.0.0/8", "eth1:80 10.0.0.2 --hairpin=10.0.0.0/8",
		 "--hairpin=10.0.0.0/8, by what --hairpin adds"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct forward a = read_one(cases[i][0]), b = read_one(cases[i][1]);
		struct err err;
		assert_int_equal(spec_conflict_error(&b, &a, &err), -1);
		assert_int_equal(err.kind, ERR_CONFLICT);
		const char *end = err.text + strlen(err.text) - strlen(cases[i][2]);
		assert_string_equal(end, cases[i][2]);
	}
}

static void order_is_total(void **state)
{
	(void)state;
	struct dice dice = {.state = 1};
	for (int i = 0; i < 20000; i++) {
		dice.spread = i % 2 ? WIDE : CROWDED;
		struct forward a = random_forward(&dice, FAMILY_NONE),
			       b = random_forward(&dice, FAMILY_NONE),
			       c = random_forward(&dice, FAMILY_NONE);
		assert_int_equal(forward_compare(&a, &b) > 0, forward_compare(&b, &a) < 0);
		assert_int_equal(forward_compare(&a, &a), 0);
		if (forward_compare(&a, &b) <= 0 && forward_compare(&b, &c) <= 0)
			assert_true(forward_compare(&a, &c) <= 0);
		struct match x = forward_match(&a), y = forward_match(&b);
		if (match_overlap(&x, &y) == OVERLAP_INSIDE)
			assert_true(match_compare(&x, &y) < 0);
	}
}

/* As lookup_begin says, without an index. */
static size_t count_naively(const struct forwards *set, enum family family, uint8_t proto,
			    const struct endpoint *to)
{
	size_t count = 0;
	for (size_t i = 0; i < set->count; i++) {
		const struct forward *f = &set->items[i];
		count += f->family == family && f->proto == proto &&
			 ports_hold(f->ports, to->port) &&
			 (!address_is_set(&f->addr) || address_equal(&f->addr, &to->addr));
	}
	return count;
}

static void the_index_finds_what_a_search_finds(void **state)
{
	(void)state;
	struct forwards set = {0};
	struct lookup lookup;
	struct err err;
	struct dice dice = {.state = 1};
	for (int i = 0; i < 500; i++) {
		dice.spread = i % 2 ? WIDE : CROWDED;
		struct forward f = random_forward(&dice, FAMILY_NONE);
		assert_int_equal(forwards_add(&set, &f, &err), 0);
	}
	assert_int_equal(lookup_make(&set, &lookup, &err), 0);
	dice.spread = CROWDED;
	for (int i = 0; i < 20000; i++) {
		struct forward f = random_forward(&dice, FAMILY_NONE);
		struct endpoint to = {random_address(&dice, f.family),
				      (uint16_t)(1 + roll(&dice, 60))};
		size_t count = 0;
		struct lookup_walk walk = lookup_begin(&lookup, f.family, f.proto, &to);
		while (lookup_next(&walk))
			count++;
		assert_int_equal(count, count_naively(&set, f.family, f.proto, &to));
	}
	lookup_free(&lookup);
	forwards_free(&set);
}

static void selectors_select(void **state)
{
	(void)state;
	static const struct {
		const char *word;
		const char *from;
		enum family family;
		int selected; /* -1: an error */
		const char *says;
	} cases[] = {
		{"web", NULL, FAMILY_NONE, 2, ""},
		{"web", NULL, FAMILY_IPV6, 1, ""},
		{"eth0:80", NULL, FAMILY_NONE, 3, ""},
		{"eth0:80", "10.0.0.0/8", FAMILY_NONE, 1, ""},
		{"eth0:80", NULL, FAMILY_IPV6, 1, ""},
		{"eth0:80/udp", NULL, FAMILY_NONE, -1, "no forward 'eth0:80/udp';"},
		{"eth0:80/tcp+udp", NULL, FAMILY_NONE, 3, ""},
		{"eth1:80", NULL, FAMILY_NONE, -1, "'eth1:80'"},
		{"nosuch", NULL, FAMILY_NONE, -1, "no forward 'nosuch';"},
		{"eth0:80", "10.0.0.0/9", FAMILY_NONE, -1, "'eth0:80' --from 10.0.0.0/9;"},
		{"eth0:80", "0.0.0.0/0", FAMILY_NONE, 1, ""},
		{"eth0:80", "::/0", FAMILY_NONE, 1, ""},
		{"web", "10.0.0.0/8", FAMILY_NONE, -1, "'web' --from 10.0.0.0/8;"},
		{"web", "10.0.0.0/8,::/0", FAMILY_NONE, -1, "'web' --from 10.0.0.0/8;"},
		{"eth0:81", "::/0", FAMILY_NONE, -1, "'eth0:81' without --from;"},
		{"[::]:81", NULL, FAMILY_NONE, -1, "no IPv6 forward '[::]:81';"},
		{"eth0:81", NULL, FAMILY_IPV6, -1, "no IPv6 forward 'eth0:81';"},
	};
	struct forwards set = {0};
	struct err err;
	assert_int_equal(read_line("eth0:80 10.0.0.1 --name web", &set, &err), 0);
	assert_int_equal(read_line("eth0:80 10.0.0.2 --from 10.0.0.0/8", &set, &err), 0);
	assert_int_equal(read_line("eth0:80 [fd00::1] --name web", &set, &err), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct selectors selectors;
		bool selected[3];
		int count = 0;
		const char *words[] = {cases[i].word};
		struct selection selection = {words, 1, cases[i].family, cases[i].from};
		assert_int_equal(selectors_parse(&selection, &read_host, &selectors, &err), 0);
		int result = selectors_apply(&selectors, &set, selected, &err);
		for (size_t k = 0; k < 3; k++)
			count += selected[k];
		assert_int_equal(result < 0 ? -1 : count, cases[i].selected);
		if (result < 0)
			assert_int_equal(err.kind, ERR_NOT_FOUND);
		if (result < 0 && !strstr(err.text, cases[i].says))
			fail_msg("'%s' is not in: %s", cases[i].says, err.text);
		selectors_free(&selectors);
	}
	forwards_free(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_lines_have_one_canonical_form),
		cmocka_unit_test(shorthands_are_several_forwards),
		cmocka_unit_test(bad_lines_are_refused_with_words),
		cmocka_unit_test(a_file_knows_no_for),
		cmocka_unit_test(a_byte_order_mark_is_taken),
		cmocka_unit_test(long_words_are_cut_in_messages),
		cmocka_unit_test(conflicts_are_what_is_not_nested),
		cmocka_unit_test(sorting_puts_each_once_in_order),
		cmocka_unit_test(conflicts_of_a_set_are_those_of_each_two),
		cmocka_unit_test(inserting_does_as_add_says),
		cmocka_unit_test(a_conflict_is_told_with_its_cause),
		cmocka_unit_test(order_is_total),
		cmocka_unit_test(the_index_finds_what_a_search_finds),
		cmocka_unit_test(selectors_select),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
