/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two backends whose forwards are in memory. They stand where the kernel's two stand, under the
 * same names, and do what a test tells them: refuse, fail, or find that somebody else was quicker.
 */
#ifndef PFWD_TESTS_MEMORY_BACKEND_H
#define PFWD_TESTS_MEMORY_BACKEND_H

#include "model/backend.h"

#define MEMORY_BACKENDS 2
#define MEMORY_FORWARDS_MAX 256
#define MEMORY_OTHERS_MAX 16
#define MEMORY_LOG_MAX 512

struct memory_forward {
	struct forward f; /* without hairpin_nets, which are of one process */
	struct network hairpins[NETWORKS_MAX];
	size_t hairpin_count;
	struct ruleset_status status;
};

struct memory {
	struct memory_forward items[MEMORY_FORWARDS_MAX]; /* sorted */
	size_t count;
	bool absent;   /* nothing of it is set up here */
	bool unusable; /* the kernel does not have it */
	bool locked;   /* somebody holds its lock now */
	/* What these functions answer; the text and kind, or ERR_NONE: they work. A commit that
	 * fails does so from the commit of that number on, the first being 0. */
	struct err lock, read, commit;
	struct err removal; /* of rules of others */
	unsigned int commits_before_failing;
	unsigned int commits;
	/* How often somebody else changes the rules between reading and commit, and the forward
	 * that he adds then, if it has a port. */
	unsigned int rivals;
	struct forward rival;
	/* How often the status that is read is that of one between two commits of somebody else:
	 * the first forward looks incomplete. */
	unsigned int between_commits;
	void (*before_commit)(void); /* NULL: nothing happens then */
	/* It stops the forwards that another backend holds, unless it has a guest for them. */
	bool guarded, guest;
	/* The chain of others whose second rule stops the forwards that another backend holds; "":
	 * there is none. */
	char stop[40];
	/* ... would shut out some clients of the backend's own forwards if these did not pass it;
	 * may stop them. */
	char ban[40], doubt[40];
	/* A line each, or "": what of others is there, what stays for their sake, a warning. */
	char foreign[80], kept[80], note[80];
	/* Rules of others, in order; their texts are literals. */
	struct other_rule others[MEMORY_OTHERS_MAX];
	size_t other_count;
};

/* One for each of memory_backends. Shared with child processes. */
extern struct memory *memory;
extern const struct backend *const memory_backends[MEMORY_BACKENDS + 1];
/* The commits so far, in order: "iptables +2 -1\n". Shared too. */
extern char *memory_log;

/* Empty and obliging. */
void memory_reset(void);
/* Add the forwards of these lines, each as after `pfwd add`. */
void memory_put(struct memory *m, const char *lines);
/* The forward with that index, whole. */
struct forward memory_forward(const struct memory *m, size_t i);
bool memory_is(const struct memory *m, size_t i, const struct forward *f);
/* The forwards as lines of the file's form; the caller frees them. */
char *memory_lines(const struct memory *m);

#endif
