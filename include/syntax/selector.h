/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a user names forwards by: a SPEC or a NAME, with -4, -6 and --from. It changes no set.
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
	struct network from; /* unset and any_from false: only those without --from */
	bool any_from;
};

struct selectors { /* a zeroed one selects everything */
	struct selector *items;
	size_t count;
};

/* One for each word, and for each network of from (CIDR[,CIDR...], or NULL). */
int selectors_parse(const char *const *words, size_t count, enum family family, const char *from,
		    spec_services *services, struct selectors *out, struct err *err);
void selectors_free(struct selectors *set);

bool selector_matches(const struct selector *selector, const struct forward *f);

/* Fill selected[i] for each of the set. -1 with ERR_NOT_FOUND where a word selects none. */
int selectors_apply(const struct selectors *selectors, const struct forwards *set, bool *selected,
		    struct err *err);

#endif
