/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The forwards file of apply, diff and save: find it, read it, and make forwards of its lines. It
 * never writes to the file.
 */
#ifndef PFWD_COMMANDS_FORWARDS_FILE_H
#define PFWD_COMMANDS_FORWARDS_FILE_H

#include <stdio.h>

#include "commands/command.h"
#include "host/interfaces.h"
#include "syntax/file.h"

#define FORWARDS_FILE_DEFAULT "/etc/pfwd/forwards.conf"

struct forwards_file {    /* set path and use, the rest zero */
	const char *path; /* NULL: the default; "-": standard input */
	enum forwards_file_use {
		FORWARDS_FILE_APPLY, /* its forwards are made */
		FORWARDS_FILE_DIFF,  /* they are compared with what is there */
		FORWARDS_FILE_SAVE,  /* the file is to be written again */
	} use;
	char *text;
	size_t length;
	struct file file;
};

/* Take the operand FILE; the context is a struct forwards_file. */
int forwards_file_operand(void *context, const char *word, struct err *err);
/* True if the path is "-". */
bool forwards_file_is_standard(const struct forwards_file *source);
/* The path, or words for standard input. */
const char *forwards_file_name(const struct forwards_file *source);
/* Read, parse and check it all. Bad lines go to standard error, and warnings too if the forwards
 * are to be made; all in the order of the lines. */
int forwards_file_load(struct forwards_file *source, const struct spec_host *host, struct err *err);
/* Free all but the forwards. */
void forwards_file_forget_text(struct forwards_file *source);
void forwards_file_free(struct forwards_file *source);

/* Refuse options that cannot work with a target that is an address of this host. 0, or -1 with
 * ERR_INPUT. */
int forwards_file_check_target(const struct forward *f, const struct host_addresses *addresses,
			       struct err *err);

/* The same for a target, or an address of --snat, that is the broadcast address of a network of
 * this host. */
int forwards_file_check_broadcast(const struct forward *f, const struct host_addresses *addresses,
				  struct err *err);

/* Print the forward as a line of a forwards file. */
void forwards_file_print(FILE *out, const struct forward *f);

#endif
