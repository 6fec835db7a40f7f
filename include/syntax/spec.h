/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SPEC, TARGET and the values of options as pfwd(8) writes them, to values and back. Everything
 * that a user can get wrong in one word is found here. It reads no file, clock or zone: a struct
 * spec_host says what words mean on this host.
 */
#ifndef PFWD_SYNTAX_SPEC_H
#define PFWD_SYNTAX_SPEC_H

#include "model/forwards.h"

struct tm;

struct spec_host {
	/* The port of a service, host byte order; 0: unknown. NULL: no service is known. */
	uint16_t (*service)(const char *name, enum proto proto);
	/* A time of this host's zone to seconds since 1970; false: its clock never shows it. Fields
	 * as in struct tm; tm_isdst is not looked at. NULL: only times with a zone are taken. */
	bool (*local_time)(const struct tm *time, int64_t *out);
	int64_t now; /* seconds since 1970 */
	/* Whether an interface is called so, and its first name: the kernel compares packets with
	 * that one alone. NULL: none is. */
	bool (*interface)(const char *name, char first[IFNAME_MAX]);
	/* The text of a file of --from @FILE, which the caller frees; NULL and err: it cannot be
	 * read. NULL: no file is read. */
	char *(*read_file)(const char *folder, const char *name, size_t *length, struct err *err);
	const char *folder; /* to which its name is relative; NULL: the current one */
};

#define SPEC_PROTOS_MAX 2

struct spec {
	char ifname[IFNAME_MAX];
	/* The second name of it that was written, if an interface may be called so; else "". */
	char written[IFNAME_MAX];
	struct address addr;
	enum family family; /* of addr, or of 0.0.0.0 and [::], which leave addr empty; or none */
	struct ports ports;
	enum proto protos[SPEC_PROTOS_MAX]; /* the second may be none */
};

struct target {
	struct address addr; /* none: this host itself */
	struct ports ports;  /* {0, 0}: those of the SPEC */
	bool except;         /* "-": not forwarded */
};

/* Each: 0, or -1 with ERR_INPUT and a message that names the offending part. */
int spec_parse(const char *text, const struct spec_host *host, struct spec *out, struct err *err);
int spec_parse_target(const char *text, const enum proto protos[SPEC_PROTOS_MAX],
		      const struct spec_host *host, struct target *out, struct err *err);
int spec_parse_name(const char *text, char out[NAME_MAX_LENGTH + 1], struct err *err);
/* A length of 0 gives an unset network. option: its name, for the message. The family, or
 * FAMILY_NONE with ERR_INPUT. */
enum family spec_parse_network(const char *text, const char *option, struct network *out,
			       struct err *err);

/* Whether text can only be meant as a SPEC, not as a NAME. */
bool spec_is_spec(const char *text);

/* Canonical forms, which parse to the same again. */
#define SPEC_TEXT_MAX 96
#define SPEC_OPTIONS_MAX (320 + NETWORKS_TEXT_MAX)
void spec_format(const struct forward *f, char out[SPEC_TEXT_MAX]);
void spec_format_target(const struct forward *f, char out[SPEC_TEXT_MAX]);

/* The options that `pfwd add` would need, each word separated by a blank. */
enum spec_options {
	SPEC_ALL_OPTIONS,
	SPEC_BUT_NAME,      /* as `list` shows them */
	SPEC_COMMENT_ALONE, /* the options that a rule's matches cannot express: its comment */
};
void spec_format_options(const struct forward *f, enum spec_options which,
			 char out[SPEC_OPTIONS_MAX]);

/* SPEC, TARGET and all options: a line of a forwards file, without its end. */
#define SPEC_LINE_MAX (2 * SPEC_TEXT_MAX + SPEC_OPTIONS_MAX)
void spec_format_line(const struct forward *f, char out[SPEC_LINE_MAX]);

/* Words for two forwards that cannot be there together, and why. Returns -1. */
int spec_conflict_error(const struct forward *f, const struct forward *other, struct err *err);

#endif
