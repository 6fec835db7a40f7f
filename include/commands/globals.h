/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What holds for every command: the host, the options that all have, and the backends. It knows no
 * command.
 */
#ifndef PFWD_COMMANDS_GLOBALS_H
#define PFWD_COMMANDS_GLOBALS_H

#include "model/backend.h"
#include "syntax/spec.h"

struct command;

struct globals {
	const struct command *const *commands; /* all of them; ends with NULL */
	const struct backend *const *backends; /* all of them; ends with NULL */
	struct spec_host host;
	const struct backend *only[2]; /* of --backend; only[0] is NULL if it was not given */
	const char *preferred;         /* PFWD_BACKEND of the environment, or NULL */
	unsigned int wait_seconds;
	bool verbose;
	bool help;    /* the user asks for help instead */
	bool version; /* the user asks for the version instead */
};

/* The backends that a command looks at if it makes no forwards; ends with NULL. */
const struct backend *const *globals_backends(const struct globals *globals);
/* 0, or -1 with ERR_PERMISSION if this process may not use these backends. */
int globals_permitted(const struct globals *globals, struct err *err);
/*
 * The same for a command that makes forwards: it looks at all backends, and *home is the one that
 * --backend or PFWD_BACKEND names, or NULL. -1 also with ERR_INPUT: PFWD_BACKEND names none.
 */
int globals_home(const struct globals *globals, const struct backend **home, struct err *err);
/* The backend of that name, or NULL and err (ERR_INPUT); what: the option or variable that held the
 * name. */
const struct backend *globals_find_backend(const struct globals *globals, const char *what,
					   const char *name, struct err *err);

#endif
