/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Times and durations as pfwd(8) writes them, to seconds and back. It reads no clock and no zone.
 */
#ifndef PFWD_SYNTAX_TIME_H
#define PFWD_SYNTAX_TIME_H

#include <stdint.h>

#include "model/err.h"

struct spec_host;

/* YYYY-MM-DDTHH:MM[:SS][Z|+HH:MM|-HH:MM] to seconds since 1970; without a zone it is the host's
 * local time (RFC 3339, section 5.6). 0, or -1 with ERR_INPUT. */
int time_parse(const char *text, const struct spec_host *host, int64_t *out, struct err *err);
/* A number and s, m, h or d to seconds, one at the least. 0, or -1 with ERR_INPUT. */
int time_parse_duration(const char *text, int64_t *out, struct err *err);

/* The canonical form, in UTC: 2026-12-01T18:00:00Z. */
#define TIME_TEXT_MAX 24
void time_format(int64_t when, char out[TIME_TEXT_MAX]);

#endif
