/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the stories that disturb pfwd share: rules of somebody else, the tables as text, and the
 * system calls of a command, one after another.
 */
#ifndef PFWD_TESTS_TROUBLE_H
#define PFWD_TESTS_TROUBLE_H

#include "town.h"

/* Rules and policies of somebody else in every table, with counters. */
void trouble_theirs(void);

/* All tables, in iptables-save form. Counted: with the counters of what is not pfwd's, but for
 * those policies that a neighbour's packets count in. Foreign: without what is pfwd's. */
struct outcome trouble_tables(void);
struct outcome trouble_counted(void);
struct outcome trouble_foreign(void);

/* Keep all tables under a name, and set them to what they were. */
void trouble_keep(const char *name);
void trouble_set(const char *name);

/* A question by TCP, as town_ask's. */
struct knock {
	const char *from, *addr;
	int port;
};

/* Ask all at once; bit i is set where knocks[i] is answered. */
unsigned int trouble_knock(const struct knock *knocks, size_t count);

struct call {
	const char *name;
	const char *number; /* among those of that name, from 1 */
};

/* Run the command and note its system calls, from the first that pfwd itself makes (capget). */
struct outcome trouble_calls(const char *command);
/* The next of them into *call; 0 after the last. rest begins at the outcome's text. */
int trouble_next(char **rest, struct call *call);

#endif
