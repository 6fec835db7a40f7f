/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The value of --from: networks, or @ and the name of a file that has one a line. It opens no file:
 * struct spec_host says how to read one.
 */
#ifndef PFWD_SYNTAX_FROM_H
#define PFWD_SYNTAX_FROM_H

#include "syntax/spec.h"

/* Whether the networks are in a file. */
static inline bool from_is_file(const char *text)
{
	return *text == '@';
}

/* The networks, separated by commas; the caller frees them. Those of a file are checked. NULL and
 * err: there is no such file, or something in it is wrong. */
char *from_networks(const char *text, const struct spec_host *host, struct err *err);

#endif
