/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets of forwards, files of them, conflicts, the index and selectors. */
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
#include "rows.h"
#include "model/conflict.h"
#include "model/rule_place.h"
#include "syntax/file.h"
#include "conns/lookup.h"
#include "syntax/selector.h"

/* ---- words in messages ---- */

static const struct quote_case {
	const char *text, *quoted;
} quotes[] = {
	{"", ""},
	{"eth0:80/tcp", "eth0:80/tcp"},
	{"a b", "a b"},
	{"back\\slash", "back\\x5cslash"},
	{"\t\r\n\x1b\x7f", "\\x09\\x0d\\x0a\\x1b\\x7f"},
	{"\xc3\xa9t\xc3\xa9", "\xc3\xa9t\xc3\xa9"},
	{"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
	{"\xc2\x9b", "\\xc2\\x9b"},                   /* a control character of 8 bits */
	{"\xc0\x80", "\\xc0\\x80"},                   /* overlong */
	{"\xed\xa0\x80", "\\xed\\xa0\\x80"},          /* a surrogate */
	{"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"}, /* past U+10FFFF */
	{"\xe2\x82", "\\xe2\\x82"},                   /* cut off */
	{"\xe2\x80\x8b", "\\xe2\\x80\\x8b"},          /* of no width */
	{"\xe2\x80\xae", "\\xe2\\x80\\xae"},          /* from right to left */
	{"\xe2\x81\xa6", "\\xe2\\x81\\xa6"},
	{"\xef\xbb\xbf", "\\xef\\xbb\\xbf"}, /* a byte order mark */
	{"\xe2\x80\xa6", "\xe2\x80\xa6"},
};

static void a_word_is_quoted(void **state)
{
	const struct quote_case *row = *state;
	assert_string_equal(quote(row->text).text, row->quoted);
}

static const struct place_case {
	struct rule_place place;
	const char *words;
} places[] = {
	{{.table = "filter", .chain = "input"}, "the policy of chain input in table inet filter"},
	{{.table = "filter", .chain = "ban", .rule = 2, .family = FAMILY_IPV4},
	 "rule 2 of chain ban in table ip filter"},
	{{.table = "filter", .chain = "ban", .rule = 2, .family = FAMILY_IPV6},
	 "rule 2 of chain ban in table ip6 filter"},
	{{.table = "edge", .chain = "in", .rule = 1, .netdev = true},
	 "rule 1 of chain in in table netdev edge"},
	{{.table = "filter", .chain = "INPUT", .family = FAMILY_IPV4, .legacy = true},
	 "the policy of chain INPUT in the legacy IPv4 filter table"},
	{{.table = "filter", .chain = "FORWARD", .rule = 12, .family = FAMILY_IPV6, .legacy = true},
	 "rule 12 of chain FORWARD in the legacy IPv6 filter table"},
	{{.table = "a\nb", .chain = "\x1b", .rule = 1},
	 "rule 1 of chain \\x1b in table inet a\\x0ab"},
};

static void a_place_of_others_is_put_into_words(void **state)
{
	const struct place_case *row = *state;
	char text[RULE_PLACE_TEXT_MAX];
	rule_place_format(&row->place, text);
	assert_string_equal(text, row->words);
}

/* ---- files ---- */

static const struct file_case {
	const char *text, *lines, *bad;
} files[] = {
	{"", "", ""},
	{"\n# nothing\n \t\n", "", ""},
	{"eth0:80 10.0.0.1", "1 eth0:80/tcp 10.0.0.1:80\n", ""},
	{"\teth0:80\t10.0.0.1 # --local\r\n", "1 eth0:80/tcp 10.0.0.1:80\n", ""},
	{"eth0:80 10.0.0.1 --name a#b\n", "",
	 "1: name 'a#b': 1 to 63 letters, digits, dots, "
	 "underscores and hyphens make a name\n"},
	{"\n\neth0:53/tcp+udp 10.0.0.1\n", "3 eth0:53/tcp 10.0.0.1:53\n3 eth0:53/udp 10.0.0.1:53\n",
	 ""},
	{"eth0:81 10.0.0.1\neth0:80 10.0.0.1 --for 2h\n", "1 eth0:81/tcp 10.0.0.1:81\n",
	 "2: unknown option '--for'; see forwards.conf(5)\n"},
	{"eth0:80 10.0.0.1 extra\neth0\n", "",
	 "1: too many arguments: 'extra' follows SPEC and TARGET\n"
	 "2: TARGET is missing; SPEC and TARGET are needed, eth0:80 192.168.1.2:8080 for "
	 "example\n"},
	/* a byte order mark is taken, but only where the file begins */
	{"\xef\xbb\xbf"
	 "eth0:80 10.0.0.1\r\n",
	 "1 eth0:80/tcp 10.0.0.1:80\n", ""},
	{"\xef\xbb\xbf", "", ""},
	{"eth0:80 10.0.0.1\n\xef\xbb\xbf"
	 "eth0:81 10.0.0.1\n",
	 "1 eth0:80/tcp 10.0.0.1:80\n",
	 "2: '\\xef\\xbb\\xbfeth0:81': '\\xef\\xbb\\xbfeth0' is not an interface name: it has a "
	 "character "
	 "that does not belong in one, or looks like an option, a comment or an address\n"},
	{"eth0:80 10.0.0.1\neth0:80 10.0.0.1\n",
	 "1 eth0:80/tcp 10.0.0.1:80\n2 eth0:80/tcp 10.0.0.1:80\n", ""},
	{"eth0:80 10.0.0.1\n\neth0:80 10.0.0.2\n",
	 "1 eth0:80/tcp 10.0.0.1:80\n3 eth0:80/tcp 10.0.0.2:80\n",
	 "3: eth0:80/tcp 10.0.0.2:80 is in conflict with eth0:80/tcp 10.0.0.1:80 (line 1)\n"},
	{"eth0:80 10.0.0.1\neth0:80 10.0.0.1 --until 2030-01-01T00:00Z\n",
	 "1 eth0:80/tcp 10.0.0.1:80\n2 eth0:80/tcp 10.0.0.1:80 --until 2030-01-01T00:00:00Z\n",
	 "2: eth0:80/tcp 10.0.0.1:80 --until 2030-01-01T00:00:00Z is in conflict with eth0:80/tcp "
	 "10.0.0.1:80 (line 1)\n"},
};

static void note_reason(void *context, size_t line, const char *reason)
{
	char *text = context;
	size_t used = strlen(text);
	snprintf(text + used, ERR_TEXT_MAX - used, "%zu: %s\n", line, reason);
}

static void a_file_is_read(void **state)
{
	const struct file_case *row = *state;
	char reasons[ERR_TEXT_MAX] = "", lines[ERR_TEXT_MAX] = "";
	const struct file_reader reader = {&read_host, note_reason, reasons};
	struct file file = {0};
	struct err err;
	const struct text text = {row->text, strlen(row->text)};
	assert_int_equal(file_parse(text, &reader, &file, &err), 0);
	assert_int_equal(file_check(&file, &reader, &err), 0);
	assert_int_equal(file.count, file.forwards.count);
	for (size_t i = 0, used = 0; i < file.count; i++) {
		char line[SPEC_LINE_MAX];
		spec_format_line(&file.forwards.items[i], line);
		used += (size_t)snprintf(lines + used, sizeof(lines) - used, "%zu %s\n",
					 file.numbers[i], line);
	}
	assert_string_equal(reasons, row->bad);
	assert_string_equal(lines, row->lines);
	file_free(&file);
}

static void a_line_of_many_words_or_a_zero_byte_is_refused(void **state)
{
	(void)state;
	char text[256] = "eth0:80 10.0.0.1\0 --local\n", reasons[ERR_TEXT_MAX] = "";
	const struct file_reader reader = {&read_host, note_reason, reasons};
	struct file file = {0};
	struct err err;
	size_t length = strlen(text) + 10;
	for (int i = 0; i < 65; i++, length += 2)
		memcpy(text + length, "a ", 2);
	assert_int_equal(file_parse((struct text){text, length}, &reader, &file, &err), 0);
	assert_string_equal(reasons, "1: the line contains a NUL byte\n"
				     "2: the line has more than 64 words\n");
	file_free(&file);
}

/* ---- conflicts ---- */

static const struct conflict_case {
	const char *a, *b;
	bool conflict;
} conflicts[] = {
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
	{"eth0:80 10.0.0.1 --hairpin=10.0.0.0/24", "eth1:80 10.0.0.2 --hairpin=10.0.0.0/24", true},
	{"eth0:80 10.0.0.1 --hairpin=10.0.0.0/24", "eth1:80 10.1.0.2 --hairpin=10.1.0.0/24", false},
	{"eth0:80 10.0.0.1 --hairpin=10.0.0.0/24,10.2.0.0/24",
	 "eth1:80 10.1.0.2 --hairpin=10.1.0.0/24,10.2.0.0/24", true},
	{"eth0:80 10.0.0.1 --hairpin=10.0.0.0/24,10.2.0.0/24",
	 "eth1:80 10.1.0.2 --hairpin=10.1.0.0/24,10.2.0.0/16", false},
	{"eth0:80 10.0.0.1 --hairpin=10.0.0.0/24,10.2.0.0/24",
	 "eth1:80 10.0.0.1 --hairpin=10.1.0.0/24,10.2.0.0/24", false},
};

static void a_conflict_is_what_is_not_nested(void **state)
{
	const struct conflict_case *row = *state;
	struct forward a = read_one(row->a), b = read_one(row->b);
	assert_int_equal(conflict_between(&a, &b), row->conflict);
	assert_int_equal(conflict_between(&b, &a), row->conflict);
}

static const struct cause_case {
	const char *a, *b, *says;
} causes[] = {
	{"eth0:80 10.0.0.1 --local", "eth0:80 10.0.0.2 --local",
	 "eth0:80/tcp 10.0.0.2:80 --local is in conflict with eth0:80/tcp 10.0.0.1:80 --local"},
	{"eth0:80 10.0.0.1 --local", "eth1:80 10.0.0.2 --local",
	 "eth1:80/tcp 10.0.0.2:80 --local is in conflict with eth0:80/tcp 10.0.0.1:80 --local, by "
	 "what --local adds"},
	{"eth0:80 10.0.0.1 --hairpin=10.0.0.0/8", "eth1:80 10.0.0.2 --hairpin=10.0.0.0/8",
	 "eth1:80/tcp 10.0.0.2:80 --hairpin=10.0.0.0/8 is in conflict with eth0:80/tcp 10.0.0.1:80 "
	 "--hairpin=10.0.0.0/8, by what --hairpin adds"},
};

static void a_conflict_is_told_with_its_cause(void **state)
{
	const struct cause_case *row = *state;
	struct forward a = read_one(row->a), b = read_one(row->b);
	struct err err;
	assert_int_equal(spec_conflict_error(&b, &a, &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_string_equal(err.text, row->says);
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
	size_t count = 0;
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
				count += expected;
			}
		forwards_free(&set);
	}
	assert_true(count > 1000);
}

/* ---- sets ---- */

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

static void inserting_does_as_add_says(void **state)
{
	(void)state;
	struct forwards set = {0};
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
	assert_ptr_equal(in_the_way(&set, &b, READ_NOW), &set.items[0]);
	assert_true(add_if_free(&set, &later, READ_NOW));
	assert_int_equal(set.count, 1);
	assert_true(set.items[0].until == READ_NOW + 10);
	assert_int_equal(insert_one(&set, &b), 0);
	assert_int_equal(set.count, 1);
	assert_true(forward_equal(&set.items[0], &b));
	forwards_free(&set);
}

/* What is inserted is there, only what it is in conflict with goes, and the set stays sorted. */
static void inserting_keeps_a_set_without_conflicts(void **state)
{
	(void)state;
	struct dice dice = {.state = 3};
	size_t replaced = 0;
	for (int round = 0; round < 20; round++) {
		struct forwards set = {0}, before = {0};
		struct err err;
		for (int i = 0; i < 100; i++) {
			dice.spread = once_in(&dice, 8) ? WIDE : CROWDED;
			struct forward f = random_forward(&dice, FAMILY_NONE);
			before.count = 0;
			assert_int_equal(forwards_add_all(&before, &set, &err), 0);
			assert_int_equal(insert_one(&set, &f), 0);
			assert_true(forwards_find(&set, &f) < set.count);
			for (size_t k = 1; k < set.count; k++)
				assert_true(forward_compare(&set.items[k - 1], &set.items[k]) < 0);
			for (size_t k = 0; k < before.count; k++) {
				const struct forward *old = &before.items[k];
				bool stays = forward_equal(old, &f) || !conflict_between(old, &f);
				assert_int_equal(forwards_find(&set, old) < set.count, stays);
				replaced += !stays;
			}
			assert_true(set.count >= 1 && set.count <= before.count + 1);
		}
		forwards_free(&set);
		forwards_free(&before);
	}
	assert_true(replaced > 100);
}

/* Many at once are put as one after the other would be. */
static void inserting_many_does_as_one_by_one(void **state)
{
	(void)state;
	struct dice dice = {.state = 5};
	size_t replaced = 0;
	for (int round = 0; round < 100; round++) {
		struct forwards set = {0}, more = {0}, single = {0};
		struct forwards_clash clash;
		struct err err;
		for (int i = 0; i < 60; i++) {
			struct forward f = random_forward(&dice, FAMILY_NONE);
			f.until = 0;
			add_if_free(i % 2 ? &set : &more, &f, READ_NOW);
		}
		assert_int_equal(forwards_add_all(&single, &set, &err), 0);
		bool blocked = false;
		for (size_t i = 0; i < more.count; i++)
			blocked = blocked || in_the_way(&set, &more.items[i], READ_NOW);
		for (size_t i = 0; i < more.count; i++)
			assert_int_equal(insert_one(&single, &more.items[i]), 0);
		assert_int_equal(forwards_in_the_way(&set, &more, READ_NOW, &clash, &err), 0);
		assert_int_equal(clash.present != NULL, blocked);
		if (blocked)
			assert_true(conflict_between(clash.present, clash.added));
		replaced += set.count + more.count - single.count;
		assert_int_equal(forwards_insert(&set, &more, &err), 0);
		assert_int_equal(set.count, single.count);
		for (size_t i = 0; i < set.count; i++)
			assert_true(forward_equal(&set.items[i], &single.items[i]));
		forwards_free(&set);
		forwards_free(&more);
		forwards_free(&single);
	}
	assert_true(replaced > 100);
}

static void a_walk_finds_what_is_missing(void **state)
{
	(void)state;
	struct dice dice = {.state = 4};
	for (int round = 0; round < 200; round++) {
		struct forwards sets[2] = {{0}, {0}};
		struct err err;
		for (unsigned int i = roll(&dice, 60); i > 0; i--) {
			struct forward f = random_forward(&dice, FAMILY_NONE);
			for (int s = 0; s < 2; s++)
				if (!once_in(&dice, 3))
					assert_int_equal(forwards_add(&sets[s], &f, &err), 0);
		}
		for (int s = 0; s < 2; s++)
			assert_int_equal(forwards_sort(&sets[s], &err), 0);
		struct forwards_missing walk = {.of = &sets[0], .in = &sets[1]};
		for (size_t i = 0; i < sets[0].count; i++)
			if (forwards_find(&sets[1], &sets[0].items[i]) == sets[1].count)
				assert_ptr_equal(forwards_next_missing(&walk), &sets[0].items[i]);
		assert_null(forwards_next_missing(&walk));
		forwards_free(&sets[0]);
		forwards_free(&sets[1]);
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
		struct lookup_walk walk = lookup_begin(&lookup, f.proto, &to, NULL);
		while (lookup_next(&walk))
			count++;
		assert_int_equal(count, count_naively(&set, f.family, f.proto, &to));
	}
	lookup_free(&lookup);
	forwards_free(&set);
}

/* ---- selectors ---- */

#define SEE "; `pfwd list` shows all forwards"

static const struct selector_case {
	const char *word;
	const char *from;
	enum family family;
	int selected; /* -1: an error */
	const char *says;
} selectors[] = {
	{"web", NULL, FAMILY_NONE, 2, ""},
	{"web", NULL, FAMILY_IPV6, 1, ""},
	{"eth0:80", NULL, FAMILY_NONE, 3, ""},
	{"eth0:80", "10.0.0.0/8", FAMILY_NONE, 1, ""},
	{"eth0:80", NULL, FAMILY_IPV6, 1, ""},
	{"eth0:80/udp", NULL, FAMILY_NONE, -1, "there is no forward 'eth0:80/udp'" SEE},
	{"eth0:80/tcp+udp", NULL, FAMILY_NONE, 3, ""},
	{"eth1:80", NULL, FAMILY_NONE, -1, "there is no forward 'eth1:80'" SEE},
	{"nosuch", NULL, FAMILY_NONE, -1, "there is no forward 'nosuch'" SEE},
	{"eth0:80", "10.0.0.0/9", FAMILY_NONE, -1,
	 "there is no IPv4 forward 'eth0:80' --from 10.0.0.0/9" SEE},
	{"eth0:80", "0.0.0.0/0", FAMILY_NONE, 1, ""},
	{"eth0:80", "::/0", FAMILY_NONE, 1, ""},
	{"web", "10.0.0.0/8", FAMILY_NONE, -1,
	 "there is no IPv4 forward 'web' --from 10.0.0.0/8" SEE},
	{"web", "10.0.0.0/8,::/0", FAMILY_NONE, -1,
	 "there is no IPv4 forward 'web' --from 10.0.0.0/8" SEE},
	{"eth0:81", "::/0", FAMILY_NONE, -1,
	 "there is no IPv6 forward 'eth0:81' without --from" SEE},
	{"[::]:81", NULL, FAMILY_NONE, -1, "there is no IPv6 forward '[::]:81'" SEE},
	{"eth0:81", NULL, FAMILY_IPV6, -1, "there is no IPv6 forward 'eth0:81'" SEE},
};

static void selectors_select(void **state)
{
	const struct selector_case *row = *state;
	const char *words[] = {row->word};
	const struct selection selection = {words, 1, row->family, row->from};
	struct selectors parsed;
	struct forwards set = {0};
	bool chosen[3];
	struct err err = {0};
	assert_int_equal(read_line("eth0:80 10.0.0.1 --name web", &set, &err), 0);
	assert_int_equal(read_line("eth0:80 10.0.0.2 --from 10.0.0.0/8", &set, &err), 0);
	assert_int_equal(read_line("eth0:80 [fd00::1] --name web", &set, &err), 0);
	assert_int_equal(selectors_parse(&selection, &read_host, &parsed, &err), 0);
	int result = selectors_apply(&parsed, &set, chosen, &err);
	assert_string_equal(err.text, row->says);
	assert_int_equal(err.kind, result < 0 ? ERR_NOT_FOUND : ERR_NONE);
	assert_int_equal(result < 0 ? -1 : chosen[0] + chosen[1] + chosen[2], row->selected);
	selectors_free(&parsed);
	forwards_free(&set);
}

static void add_pair(struct rows *rows, const char *table, const char *a, const char *b,
		     CMUnitTestFunction run, const void *row)
{
	char input[160];
	snprintf(input, sizeof(input), "%s beside %s", a, b);
	rows_add(rows, table, input, run, row);
}

static void add_selector(struct rows *rows, const struct selector_case *row)
{
	char input[160];
	snprintf(input, sizeof(input), "%s%s%s%s%s", row->word, row->from ? " --from " : "",
		 row->from ? row->from : "", row->family ? " of " : "",
		 row->family ? family_name(row->family) : "");
	rows_add(rows, "selectors_select", input, selectors_select, row);
}

int main(void)
{
	struct rows rows = {0};
	ROWS_ADD_ALL(&rows, quotes, a_word_is_quoted);
	ROWS_ADD_ALL(&rows, places, a_place_of_others_is_put_into_words);
	ROWS_ADD_ALL(&rows, files, a_file_is_read);
	ROWS_ADD_TEST(&rows, a_line_of_many_words_or_a_zero_byte_is_refused);
	for (size_t i = 0; i < ROWS_COUNT(conflicts); i++)
		add_pair(&rows, "a_conflict_is_what_is_not_nested", conflicts[i].a, conflicts[i].b,
			 a_conflict_is_what_is_not_nested, &conflicts[i]);
	for (size_t i = 0; i < ROWS_COUNT(causes); i++)
		add_pair(&rows, "a_conflict_is_told_with_its_cause", causes[i].a, causes[i].b,
			 a_conflict_is_told_with_its_cause, &causes[i]);
	ROWS_ADD_TEST(&rows, conflicts_of_a_set_are_those_of_each_two);
	ROWS_ADD_TEST(&rows, sorting_puts_each_once_in_order);
	ROWS_ADD_TEST(&rows, inserting_does_as_add_says);
	ROWS_ADD_TEST(&rows, inserting_keeps_a_set_without_conflicts);
	ROWS_ADD_TEST(&rows, inserting_many_does_as_one_by_one);
	ROWS_ADD_TEST(&rows, a_walk_finds_what_is_missing);
	ROWS_ADD_TEST(&rows, order_is_total);
	ROWS_ADD_TEST(&rows, the_index_finds_what_a_search_finds);
	for (size_t i = 0; i < ROWS_COUNT(selectors); i++)
		add_selector(&rows, &selectors[i]);
	return rows_run(&rows, "model");
}
