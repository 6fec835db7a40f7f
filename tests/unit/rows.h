/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables of cases: each row becomes a reported test of its own, named by its input. */
#ifndef PFWD_TESTS_ROWS_H
#define PFWD_TESTS_ROWS_H

#include <stdio.h>
#include <stdlib.h>

#include "model/err.h"

#define ROWS_COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct rows { /* a zeroed one is empty */
	struct CMUnitTest *tests;
	size_t count;
};

static inline void rows_add_test(struct rows *rows, const char *name, CMUnitTestFunction run,
				 const void *row)
{
	rows->tests = realloc(rows->tests, (rows->count + 1) * sizeof(*rows->tests));
	if (!rows->tests)
		abort();
	rows->tests[rows->count++] = (struct CMUnitTest){
		.name = name, .test_func = run, .initial_state = (void *)(uintptr_t)row};
}

/* The test's *state points to the row; its name is TABLE: INPUT. */
static inline void rows_add(struct rows *rows, const char *table, const char *input,
			    CMUnitTestFunction run, const void *row)
{
	char *name;
	if (asprintf(&name, "%s: %s", table, quote(input).text) < 0)
		abort();
	rows_add_test(rows, name, run, row);
}

/* A row for each element of an array whose first member is its input, a string. */
#define ROWS_ADD_ALL(rows, array, run)                    \
	for (size_t i_ = 0; i_ < ROWS_COUNT(array); i_++) \
	rows_add(rows, #run, *(const char *const *)(const void *)&(array)[i_], run, &(array)[i_])

#define ROWS_ADD_TEST(rows, run) rows_add_test(rows, #run, run, NULL)

static inline int rows_run(const struct rows *rows, const char *program)
{
	return _cmocka_run_group_tests(program, rows->tests, rows->count, NULL, NULL);
}

#endif
