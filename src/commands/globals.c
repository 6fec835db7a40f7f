/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which backends a command is about, and whether it may use them. */
#include <string.h>

#include "commands/globals.h"
#include "host/host.h"

const struct backend *const *globals_backends(const struct globals *globals)
{
	return globals->only[0] ? globals->only : globals->backends;
}

/* Something may be set up in home; another backend only matters if something is there already. */
static int permitted(const struct backend *const *backends, const struct backend *home,
		     struct err *err)
{
	bool raw = false;
	for (size_t b = 0; backends[b]; b++)
		raw = raw ||
		      (backends[b]->raw_socket && (backends[b] == home || backends[b]->present()));
	return host_permitted(raw, err);
}

int globals_permitted(const struct globals *globals, struct err *err)
{
	return permitted(globals_backends(globals), globals->only[0], err);
}

int globals_home(const struct globals *globals, const struct backend **home, struct err *err)
{
	*home = globals->only[0];
	if (!*home && globals->preferred && *globals->preferred) {
		*home = globals_find_backend(globals, "PFWD_BACKEND", globals->preferred, err);
		if (!*home)
			return -1;
	}
	return permitted(globals->backends, *home, err);
}

const struct backend *globals_find_backend(const struct globals *globals, const char *what,
					   const char *name, struct err *err)
{
	for (size_t b = 0; globals->backends[b]; b++)
		if (strcmp(globals->backends[b]->name, name) == 0)
			return globals->backends[b];
	err_set(err, ERR_INPUT, "%s '%s' is unknown; the backends are iptables and nftables", what,
		quote(name).text);
	return NULL;
}
