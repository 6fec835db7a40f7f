/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What several commands share: reading the command line, selections, lines to standard error. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/command.h"
#include "host/host.h"
#include "report/report.h"

const struct command *command_find(const struct globals *globals, const char *name)
{
	for (size_t i = 0; globals->commands[i]; i++) {
		const struct command *c = globals->commands[i];
		if (strcmp(c->name, name) == 0)
			return c;
		for (size_t a = 0; a < 2 && c->aliases[a]; a++)
			if (strcmp(c->aliases[a], name) == 0)
				return c;
	}
	return NULL;
}

void command_say(const char *format, ...)
{
	va_list args;
	fputs("pfwd: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	putc('\n', stderr);
}

static int parse_wait(const char *text, unsigned int *out, struct err *err)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || value > 86400)
		return err_set(err, ERR_INPUT,
			       "--wait '%s' is not a number of seconds from 0 to 86400",
			       quote(text).text);
	*out = (unsigned int)value;
	return 0;
}

enum args_kind command_next(struct args *args, struct globals *globals, struct arg *arg,
			    struct err *err)
{
	for (;;) {
		enum args_kind kind = args_next(args, arg, err);
		if (kind != ARGS_OPTION)
			return kind;
		switch (arg->def->id) {
		case GLOBAL_WAIT:
			if (parse_wait(arg->value, &globals->lock_seconds, err) < 0)
				return ARGS_BAD;
			break;
		case GLOBAL_VERBOSE:
			globals->verbose = true;
			break;
		case GLOBAL_HELP:
			globals->help = true;
			return ARGS_END;
		case GLOBAL_VERSION:
			globals->help = globals->version = true;
			return ARGS_END;
		default:
			return kind;
		}
	}
}

int command_read(const struct command *command, struct args *args, struct globals *globals,
		 int (*take)(void *context, const struct arg *arg, struct err *err), void *context,
		 struct err *err)
{
	struct arg arg;
	for (;;) {
		switch (command_next(args, globals, &arg, err)) {
		case ARGS_BAD:
			return -1;
		case ARGS_END:
			if (!globals->help)
				return COMMAND_GO;
			usage_print(command, globals);
			return 0;
		case ARGS_OPERAND:
		case ARGS_OPTION:
			if (take(context, &arg, err) < 0)
				return -1;
			break;
		}
	}
}

int query_take(struct query *query, const struct arg *arg, struct err *err)
{
	switch (arg->def ? arg->def->id : 0) {
	case REPORT_OUTPUT:
		query->columns = arg->value;
		break;
	case REPORT_NO_HEADINGS:
		query->report.headings = false;
		break;
	case REPORT_RAW_FORMAT:
		query->report.format = REPORT_RAW;
		break;
	case REPORT_JSON_FORMAT:
		query->report.format = REPORT_JSON;
		break;
	case REPORT_PLAIN_BYTES:
		query->report.plain_bytes = true;
		break;
	default:
		return selection_take(&query->words, arg, err);
	}
	return 0;
}

int query_check(struct query *query, struct err *err)
{
	const struct selection *words = &query->words;
	return selectors_parse(words->words, words->count, words->family, NULL, host_service,
			       &query->selectors, err);
}

void query_free(struct query *query)
{
	selection_free(&query->words);
	selectors_free(&query->selectors);
}

int query_select(const struct query *query, const struct forwards *set, bool *selected,
		 struct err *err)
{
	enum family family = query->words.family;
	if (selectors_apply(&query->selectors, set, selected, err) < 0)
		return -1;
	for (size_t i = 0; family && i < set->count; i++)
		selected[i] = selected[i] && set->items[i].family == family;
	return 0;
}

int selection_take(struct selection *s, const struct arg *arg, struct err *err)
{
	if (arg->def) {
		s->family = arg->def->id == REQUEST_IPV6 ? FAMILY_IPV6 : FAMILY_IPV4;
		return 0;
	}
	const char **words = reallocarray(s->words, s->count + 1, sizeof(*words));
	if (!words)
		return err_memory(err);
	s->words = words;
	s->words[s->count++] = arg->value;
	return 0;
}

void selection_free(struct selection *s)
{
	free(s->words);
	*s = (struct selection){0};
}

int command_check_target(const struct forward *f, const struct host_addresses *addresses,
			 struct err *err)
{
	char target[ADDRESS_TEXT_MAX];
	if (forward_to_self(f) || !host_address_owner(addresses, &f->target))
		return 0;
	address_format(&f->target, target);
	return err_set(err, ERR_INPUT,
		       "target %s is an address of this host itself; for a program on this "
		       "host write the target as :%u",
		       target, f->target_ports.first);
}
