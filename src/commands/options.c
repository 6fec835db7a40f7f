/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of options, and their setters. */
#include <stdlib.h>

#include "commands/edit.h"
#include "commands/options.h"
#include "commands/query.h"

#define WAIT_MAX 86400 /* seconds */

static int set_wait(void *into, const char *value, struct err *err)
{
	struct globals *globals = into;
	char *end;
	unsigned long seconds = strtoul(value, &end, 10);
	if (*value < '0' || *value > '9' || *end || seconds > WAIT_MAX)
		return err_set(err, ERR_INPUT,
			       "--wait '%s' is not a number of seconds from 0 to %d",
			       quote(value).text, WAIT_MAX);
	globals->wait_seconds = (unsigned int)seconds;
	return 0;
}

static int set_backend(void *into, const char *value, struct err *err)
{
	struct globals *globals = into;
	globals->only[0] = globals_find_backend(globals, "--backend", value, err);
	return globals->only[0] ? 0 : -1;
}

static int set_help(void *into, const char *value, struct err *err)
{
	struct globals *globals = into;
	(void)value;
	(void)err;
	globals->help = true;
	return ARG_STOP;
}

static int set_version(void *into, const char *value, struct err *err)
{
	struct globals *globals = into;
	(void)value;
	(void)err;
	globals->version = true;
	return ARG_STOP;
}

const struct arg_def global_options[] = {
	{'w', "wait", ARG_VALUE, "SECONDS",
	 "how long to wait for others who change rules (default 10)", .set = set_wait},
	{0, "backend", ARG_VALUE, "NAME",
	 "iptables or nftables: what to make or look at forwards with", .set = set_backend},
	{'v', "verbose", ARG_PLAIN, NULL, "tell what was done", offsetof(struct globals, verbose),
	 NULL},
	{'h', "help", ARG_PLAIN, NULL, "show this help", .set = set_help},
	{'V', "version", ARG_PLAIN, NULL, "show the version", .set = set_version},
	{0},
};

const struct arg_def change_options[] = {
	{'n', "dry-run", ARG_PLAIN, NULL,
	 "change nothing; print the rules that would be added and deleted",
	 offsetof(struct edit, dry_run), NULL},
	{0},
};

static int set_ipv4(void *into, const char *value, struct err *err)
{
	enum family *family = into;
	(void)value;
	(void)err;
	*family = FAMILY_IPV4;
	return 0;
}

static int set_ipv6(void *into, const char *value, struct err *err)
{
	enum family *family = into;
	(void)value;
	(void)err;
	*family = FAMILY_IPV6;
	return 0;
}

const struct arg_def family_options[] = {
	{'4', NULL, ARG_PLAIN, NULL, "only IPv4", .set = set_ipv4},
	{'6', NULL, ARG_PLAIN, NULL, "only IPv6", .set = set_ipv6},
	{0},
};

static int set_raw(void *into, const char *value, struct err *err)
{
	struct query *query = into;
	(void)value;
	(void)err;
	query->report.format = REPORT_RAW;
	return 0;
}

static int set_json(void *into, const char *value, struct err *err)
{
	struct query *query = into;
	(void)value;
	(void)err;
	query->report.format = REPORT_JSON;
	return 0;
}

const struct arg_def report_options[] = {
	{'o', "output", ARG_VALUE, "COL,COL", "these columns; +COL adds to the usual ones",
	 offsetof(struct query, columns), NULL},
	{'n', "noheadings", ARG_PLAIN, NULL, "no header",
	 offsetof(struct query, report.no_headings), NULL},
	{'r', "raw", ARG_PLAIN, NULL, "one blank between columns", .set = set_raw},
	{'J', "json", ARG_PLAIN, NULL, "print JSON", .set = set_json},
	{0, "bytes", ARG_PLAIN, NULL, "bytes as plain numbers",
	 offsetof(struct query, report.plain_bytes), NULL},
	{0},
};
