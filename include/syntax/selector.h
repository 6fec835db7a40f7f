/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Selecting forwards as a user names them: by SPEC or NAME, with -4, -6 and --from. It changes no
 * set.
 */
#ifndef PFWD_SYNTAX_SELECTOR_H
#define PFWD_SYNTAX_SELECTOR_H

#include "model/forwards.h"
#include "syntax/spec.h"

struct selector {
	const char *text; /* as given; not owned */
	bool by_name;
	struct spec spec;
	enum family family;  /* none: both */
	struct network from; /* unset, with any_from false: only forwards without --from */
	bool any_from;
};

struct selectors { /* a zeroed one selects everything */
	struct selector *items;
	size_t count;
};

struct selection { /* the words that a user selects by; a zeroed one selects all */
	const char **words;
	size_t count;
	enum family family; /* of -4 and -6 */
	const char *from;   /* CIDR[,CIDR...]; NULL: --from was not given */
};

/* Append a word, which is not copied. 0, or -1 (out of memory). */
int selection_add(struct selection *selection, const char *word, struct err *err);
void selection_free(struct selection *selection);

/* One for each word, and for each network of --from; they point to the words. */
int selectors_parse(const struct selection *selection, const struct spec_host *host,
		    struct selectors *out, struct err *err);
void selectors_free(struct selectors *set);

/*
 * What the selected forwards share packets with: for each SPEC a forward that takes all of its
 * packets, appended to out. False: a NAME is among the selectors, which any forward may have, or
 * out of memory; out is as it was.
 */
bool selectors_around(const struct selectors *set, struct forwards *out);

/* A forward may be for a name that has become the second one of another interface: the selector of
 * that name as it is written, if it matches any of the set, else as it is. */
struct selector selector_meant(const struct selector *selector, const struct forwards *set);
bool selector_matches(const struct selector *selector, const struct forward *f);

/* Fill selected[i] for each of the set, by all of the selectors. -1 with ERR_NOT_FOUND if one of
 * them selects none; selected is filled all the same. -1 with ERR_FAILED: out of memory. */
int selectors_apply(const struct selectors *selectors, const struct forwards *set, bool *selected,
		    struct err *err);

#endif
