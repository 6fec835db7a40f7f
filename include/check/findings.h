/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What may keep a forward from working, as a table: each finding is a function from facts to words.
 * It asks the host nothing, and prints nothing.
 */
#ifndef PFWD_CHECK_FINDINGS_H
#define PFWD_CHECK_FINDINGS_H

#include "check/facts.h"
#include "check/trace.h"
#include "check/words.h"

enum severity {
	SEVERITY_ERROR,   /* no connection can work */
	SEVERITY_WARNING, /* some cannot, or will not later */
	SEVERITY_NOTE,
};
const char *severity_name(enum severity severity);

/* Where a remedy that sets sysctls has to be written to outlive a reboot. */
#define CHECK_SYSCTL_FILE "/etc/sysctl.d/60-pfwd.conf"

/* Whether it is so; then the words. */
typedef bool finding_look(const struct facts *facts, const struct case_facts *c,
			  struct finding_words *out);

struct finding {
	const char *word; /* for scripts: it stays the same */
	enum severity severity;
	bool certain;         /* it needs no connection and no guess: add and apply tell it too */
	bool final;           /* it says all: no other finding about the forward matters */
	enum trace_step step; /* the first that it keeps from happening; TRACE_STEPS: none */
	const char *lead;     /* before the remedy in a message; NULL: there is no remedy */
	const char *meaning;  /* for the help */
	finding_look *look;
};

/* Ends with one without a word; in the order in which they are told. */
extern const struct finding findings[];

#endif
