/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The operands and options of forwards, and the forwards that they mean. One parser serves the
 * words behind `pfwd add`, the lines of a forwards file, and the comments of rules. It prints
 * nothing.
 */
#ifndef PFWD_SYNTAX_REQUEST_H
#define PFWD_SYNTAX_REQUEST_H

#include "syntax/args.h"
#include "model/forwards.h"
#include "syntax/spec.h"

/* Every option of a forward but --for, which is for `add` alone and stands in its table. They fill
 * a struct request. */
extern const struct arg_def request_options[];

struct request { /* a zeroed one is empty; it points into the words it was made from */
	const char *spec;
	const char *target;
	const char *from; /* CIDR[,CIDR...] */
	enum family family;
	struct forward common;      /* the options that were taken in as values */
	const char *until;          /* TIME */
	const char *duration;       /* of --for, which --until replaces, and the other way round */
	bool hairpin_ended;         /* the last word was --hairpin, without a network */
	const char *behind_hairpin; /* the operand that followed it, for a message; or NULL */
};

/* A setter for --for. */
int request_set_duration(void *request, const char *value, struct err *err);
/* Take in an operand: SPEC, then TARGET. */
int request_set_operand(struct request *request, const char *word, struct err *err);

/*
 * The forwards that the request means, checked, appended to out: one a protocol and a client
 * network. On failure out is as it was.
 */
int request_forwards(const struct request *request, const struct spec_host *host,
		     struct forwards *out, struct err *err);

/* Read options, separated by blanks, into *f. 0, or -1: not all are right, and *f is as it was. */
int request_read_words(const char *text, struct forward *f);
/* Read the options of *f from the comment of a rule. 0, or -1: the comment is not exactly what
 * spec_format_options writes for such options. */
int request_read_comment(const char *comment, struct forward *f);

#endif
