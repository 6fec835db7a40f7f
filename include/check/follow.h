/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Watching the connections of forwards as they come, with copies of packets and conntrack's events.
 * It makes no rules, and sends nothing.
 */
#ifndef PFWD_CHECK_FOLLOW_H
#define PFWD_CHECK_FOLLOW_H

#include "check/trace.h"
#include "model/err.h"

struct follow_about {
	const struct forwards *set;
	const bool *selected; /* those of the set that are watched */
	unsigned int wait_seconds;
	int reader;  /* a descriptor: it ends if nobody reads any more what is written to it */
	int signals; /* a descriptor: it ends once that can be read from */
	/* Each returns 0, 1 if it is enough, or -1 and err. */
	int (*tell)(void *context, const struct trace_news *news);
	/* Some connections seem not to be translated: call tracer_counted for forwards whose
	 * counters have grown. */
	int (*doubt)(void *context, struct tracer *tracer);
	int (*idle)(void *context); /* nothing came for wait_seconds; called once */
	int (*lost)(void *context); /* copies or events came too fast, and some are missing */
	int (*done)(void *context); /* nothing more is to be told for now */
	void *context;
};

/* 0, or -1: ERR_PERMISSION, ERR_UNSUPPORTED, ERR_FAILED. */
int follow_forwards(const struct follow_about *about, struct err *err);

#endif
