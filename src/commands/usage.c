/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options that commands share, and what the help says of a command. */
#include <stdio.h>
#include <string.h>

#include "commands/command.h"

const struct arg_def global_options[] = {
	{GLOBAL_WAIT, 'w', "wait", ARG_VALUE, "SECONDS",
	 "how long to wait for the xtables lock (10; 0: not at all)"},
	{GLOBAL_VERBOSE, 'v', "verbose", ARG_PLAIN, NULL, "tell what was done"},
	{GLOBAL_HELP, 'h', "help", ARG_PLAIN, NULL, "show this help"},
	{GLOBAL_VERSION, 'V', "version", ARG_PLAIN, NULL, "show the version"},
	{0},
};

const struct arg_def change_options[] = {
	{CHANGE_DRY_RUN, 'n', "dry-run", ARG_PLAIN, NULL,
	 "change nothing; print the rules that would be added and deleted"},
	{0},
};

const struct arg_def family_options[] = {
	{REQUEST_IPV4, '4', NULL, ARG_PLAIN, NULL, "only those of IPv4"},
	{REQUEST_IPV6, '6', NULL, ARG_PLAIN, NULL, "only those of IPv6"},
	{0},
};

const struct arg_def report_options[] = {
	{REPORT_OUTPUT, 'o', "output", ARG_VALUE, "COL,COL",
	 "these columns; +COL adds to the usual ones"},
	{REPORT_NO_HEADINGS, 'n', "noheadings", ARG_PLAIN, NULL, "no header"},
	{REPORT_RAW_FORMAT, 'r', "raw", ARG_PLAIN, NULL, "one blank between columns"},
	{REPORT_JSON_FORMAT, 'J', "json", ARG_PLAIN, NULL, "as JSON"},
	{REPORT_PLAIN_BYTES, 0, "bytes", ARG_PLAIN, NULL, "bytes as plain numbers"},
	{0},
};

#define LEFT_WIDTH 26

void usage_print_option(const struct arg_def *d)
{
	char left[64], letter[8] = "    ", value[40] = "";
	if (d->letter)
		snprintf(letter, sizeof(letter), d->name ? "-%c, " : "-%c", d->letter);
	if (d->meta && d->value == ARG_OPTIONAL)
		snprintf(value, sizeof(value), "[=%s]", d->meta);
	else if (d->meta)
		snprintf(value, sizeof(value), " %s", d->meta);
	snprintf(left, sizeof(left), "%s%s%s%s", letter, d->name ? "--" : "",
		 d->name ? d->name : "", value);
	if (strlen(left) > LEFT_WIDTH)
		printf("  %s\n  %-*s %s\n", left, LEFT_WIDTH, "", d->help);
	else
		printf("  %-*s %s\n", LEFT_WIDTH, left, d->help);
}

void usage_print_version(void)
{
	puts("pfwd " PFWD_VERSION);
}

void usage_print(const struct command *command, const struct globals *globals)
{
	if (globals->version) {
		usage_print_version();
		return;
	}
	printf("Usage: pfwd %s %s\n", command->name, command->operands);
	if (command->aliases[0]) {
		printf("       also: %s", command->aliases[0]);
		printf(command->aliases[1] ? ", %s\n" : "\n", command->aliases[1]);
	}
	printf("\nTo %s.\n", command->summary);
	if (command->details)
		printf("\n%s", command->details);
	puts("\nOptions:");
	for (size_t t = 0; t < ARGS_TABLES - 1; t++)
		for (const struct arg_def *d = command->options[t]; d && d->id; d++)
			usage_print_option(d);
	for (const struct arg_def *d = global_options; d->id; d++)
		usage_print_option(d);
	if (command->columns)
		puts("\nColumns:");
	for (const struct report_column *c = command->columns; c && c->name; c++)
		printf("  %-12s %s\n", c->name, c->help);
}
