/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the stories that disturb pfwd share: rules of somebody else, the tables as text, and the
 * system calls of a command, one after another.
 */
#ifndef PFWD_TESTS_TROUBLE_H
#define PFWD_TESTS_TROUBLE_H

#include "town.h"

/* Rules and policies of somebody else, with counters. */
void trouble_theirs(void);

/* All rules, and the counters of those that are not pfwd's, except for policies that a neighbour's
 * packets count in. */
struct outcome trouble_counted(void);

/* Run a command line that makes the rules to start from; and make these rules again. */
void trouble_start(const char *setup);
void trouble_start_again(void);

/* A question by TCP, as town_ask's. */
struct knock {
	const char *from, *addr;
	int port;
};

/* Ask all at once, by town_ask or town_ask_shortly; bit i is set where knocks[i] is answered. */
typedef struct answer asking(const char *namespace, int proto, const char *addr, int port);
unsigned int trouble_knock(const struct knock *knocks, size_t count, asking *ask);

struct call {
	const char *name;
	const char *number; /* among those of that name, from 1 */
};

/* Run the command and note its system calls, from the first that pfwd itself makes (capget). */
struct outcome trouble_calls(const char *command);
/* The next of them into *call; 0 after the last. rest begins at the outcome's text. */
int trouble_next(char **rest, struct call *call);
/* Run the command and kill it before that call. */
void trouble_kill_at(const struct call *call, const char *command);

#endif
