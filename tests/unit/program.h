/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The whole program as a function, run in a process of its own on backends in memory and on a host
 * that is made up; and cases of it, each a command line with what must come of it.
 */
#ifndef PFWD_TESTS_PROGRAM_H
#define PFWD_TESTS_PROGRAM_H

#include "rows.h"

#define PROGRAM_TEXT_MAX 16384

struct outcome {
	int status; /* -1: a signal ended it */
	char out[PROGRAM_TEXT_MAX], err[PROGRAM_TEXT_MAX];
};

/* Run `pfwd LINE`, of words with one blank between them, with that text as standard input. */
void program_run(const char *line, const char *input, struct outcome *out);

/* Go into a folder that is the program's own, made when it is needed first. */
void program_enter_folder(void);

struct program_case {
	const char *line;   /* behind `pfwd ` */
	const char *when;   /* what else is special, for the test's name; NULL: nothing */
	const char *have;   /* the forwards of iptables before, one a line; NULL: none */
	const char *second; /* those of nftables */
	const char *file;   /* standard input, and the file forwards.conf; NULL: none */
	void (*arrange)(void);
	int status;
	const char *out, *err;   /* NULL: nothing is printed */
	const char *left;        /* the forwards of iptables after; NULL: as before */
	const char *second_left; /* those of nftables */
	const char *file_left;   /* NULL: as before */
	unsigned int ended;      /* bit i: the connection i of the host is */
};

/* Something that is not ordinary, arranged by a function, after which the test is named. */
#define ON(function) .when = #function, .arrange = (function)

/* In that folder, with a fresh host and fresh backends. */
void program_check(const struct program_case *c);
/* A cmocka test for each case. */
void program_add_cases(struct rows *rows, const struct program_case *cases, size_t count);
/* Run them, and remove the folder, which holds no other file then. */
int program_run_cases(const struct rows *rows, const char *program);

#endif
