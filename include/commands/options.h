/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Options that several commands have. Each table says which struct it fills.
 */
#ifndef PFWD_COMMANDS_OPTIONS_H
#define PFWD_COMMANDS_OPTIONS_H

#include "syntax/args.h"

/* Of every command; into a struct globals. */
extern const struct arg_def global_options[];
/* Of commands that change something; into a struct edit. */
extern const struct arg_def change_options[];
/* Of commands that print rows; into a struct query. */
extern const struct arg_def report_options[];
/* -4 and -6 of a selection; into an enum family. */
extern const struct arg_def family_options[];

#endif
