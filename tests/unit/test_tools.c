/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one search, the one hash table, and rules that are compared by their bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "model/hash.h"
#include "model/search.h"
#include "xtables/rule.h"

static int compare_numbers(const void *a, const void *b)
{
	const int *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

static int compare_behind(const void *a, const void *b)
{
	return compare_numbers(a, b) < 0 ? -1 : 1;
}

static void a_search_finds_where_a_key_belongs(void **state)
{
	(void)state;
	static const struct {
		int key;
		size_t first, behind;
	} rows[] = {
		{0, 0, 0}, {1, 0, 1}, {2, 1, 1}, {3, 1, 4}, {4, 4, 4}, {5, 4, 5}, {6, 5, 5},
	};
	static const int items[] = {1, 3, 3, 3, 5};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(search_first(&rows[i].key, items, 5, sizeof(int), compare_numbers),
				 rows[i].first);
		assert_int_equal(search_first(&rows[i].key, items, 5, sizeof(int), compare_behind),
				 rows[i].behind);
	}
	assert_int_equal(search_first(&items[0], items, 0, sizeof(int), compare_numbers), 0);
}

static void a_table_gives_back_what_was_put_in(void **state)
{
	(void)state;
	static const char *const words[] = {"a", "b", "ab", "ba", "", "a", "PFWD", "b"};
	enum { WORDS = sizeof(words) / sizeof(words[0]) };
	struct hash_table table;
	struct err err;
	assert_int_equal(hash_table_init(&table, WORDS, &err), 0);
	for (size_t i = 0; i < WORDS; i++) /* few hashes, so that they meet */
		hash_table_add(&table, hash_text(0, words[i]) & 1, &words[i]);
	for (size_t i = 0; i < WORDS; i++) {
		const char *const *word;
		size_t found = 0, wanted = 0;
		for (size_t k = 0; k < WORDS; k++)
			wanted += strcmp(words[k], words[i]) == 0;
		for (size_t at = 0;
		     (word = hash_table_next(&table, hash_text(0, words[i]) & 1, &at));)
			found += strcmp(*word, words[i]) == 0;
		assert_int_equal(found, wanted);
	}
	hash_table_free(&table);
	assert_int_equal(hash_table_init(&table, 0, &err), 0);
	size_t at = 0;
	assert_null(hash_table_next(&table, 7, &at));
	hash_table_free(&table);
}

static void a_hash_takes_every_byte(void **state)
{
	(void)state;
	char bytes[27] = {0};
	for (size_t i = 0; i < sizeof(bytes); i++) {
		uint64_t before = hash_bytes(1, bytes, sizeof(bytes));
		bytes[i] = 1;
		assert_true(hash_bytes(1, bytes, sizeof(bytes)) != before);
	}
	assert_true(hash_text(0, "ab") != hash_text(0, "ba"));
	assert_true(hash_text(5, NULL) == hash_text(5, ""));
}

static void a_rule_with_something_behind_a_name_is_not_clean(void **state)
{
	(void)state;
	struct rule clean = {.in = "eth0"}, dirty;
	assert_int_equal(address_parse("10.0.0.1", &clean.to), 0);
	assert_int_equal(address_parse("2001:db8::1", &clean.src.addr), 0);
	assert_true(rule_is_clean(&clean));
	dirty = clean;
	dirty.in[IFNAME_MAX - 1] = 'x';
	assert_false(rule_is_clean(&dirty));
	dirty = clean;
	dirty.to.bytes[4] = 1;
	assert_false(rule_is_clean(&dirty));
	dirty = clean;
	dirty.orig_dst.addr.bytes[0] = 10; /* though there is no address */
	assert_false(rule_is_clean(&dirty));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_search_finds_where_a_key_belongs),
		cmocka_unit_test(a_table_gives_back_what_was_put_in),
		cmocka_unit_test(a_hash_takes_every_byte),
		cmocka_unit_test(a_rule_with_something_behind_a_name_is_not_clean),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
