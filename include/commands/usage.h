/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The help, on standard output. It decides nothing about what commands and options there are.
 */
#ifndef PFWD_COMMANDS_USAGE_H
#define PFWD_COMMANDS_USAGE_H

#include "commands/command.h"

/* All of a command: its operands, options and columns. */
void usage_print(const struct command *command);
void usage_print_options(const struct arg_def *options);

#endif
