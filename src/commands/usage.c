/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The help of a command, from the tables that it runs by. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "commands/options.h"
#include "commands/usage.h"

#define LEFT_WIDTH 26

static void print_option(const struct arg_def *d)
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

void usage_print_options(const struct arg_def *options)
{
	for (const struct arg_def *d = options; d && !arg_is_last(d); d++)
		print_option(d);
}

void usage_print(const struct command *command)
{
	printf("Usage: pfwd %s%s%s\n", command->name, *command->operands ? " " : "",
	       command->operands);
	if (command->aliases[0]) {
		printf("       also: %s", command->aliases[0]);
		printf(command->aliases[1] ? ", %s\n" : "\n", command->aliases[1]);
	}
	printf("\n%c%s.\n", toupper(command->summary[0]), command->summary + 1);
	if (command->details)
		printf("\n%s", command->details);
	puts("\nOptions:");
	for (size_t t = 0; t < COMMAND_TABLES; t++)
		usage_print_options(command->options[t]);
	usage_print_options(global_options);
	if (command->columns)
		puts("\nColumns:");
	for (const struct report_column *c = command->columns; c && c->name; c++)
		printf("  %-12s %s\n", c->name, c->help);
	if (command->print_more)
		command->print_more();
}
