/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pfwd add: one forward, or several that share the rest. */
#include <string.h>

#include "commands/command.h"
#include "kernel/host.h"

enum { ADD_REPLACE = REPORT_OPTIONS_END };

static const struct arg_def options[] = {
	{ADD_REPLACE, 0, "replace", ARG_PLAIN, NULL,
	 "remove the forwards in conflict with this one"},
	{REQUEST_FOR, 0, "for", ARG_VALUE, "DURATION", "the same, from now: 90s, 30m, 2h, 7d"},
	{0},
};

struct add {
	struct forwards wanted; /* those asked for */
	enum forwards_on_conflict on_conflict;
	int64_t now;
};

static int decide(void *context, const struct forwards *present, struct forwards *wanted,
		  struct err *err)
{
	const struct add *add = context;
	if (forwards_add_all(wanted, present, err) < 0)
		return -1;
	for (size_t i = 0; i < add->wanted.count; i++) {
		if (forwards_insert(wanted, &add->wanted.items[i], add->now, add->on_conflict,
				    err) == 0)
			continue;
		size_t used = strlen(err->text);
		if (err->kind == ERR_CONFLICT)
			strncat(err->text,
				"; remove that one, or put this in its place with --replace",
				sizeof(err->text) - used - 1);
		return -1;
	}
	return 0;
}

static int read_arguments(struct args *args, struct globals *globals, struct request *request,
			  struct add *add, struct change_context *change, struct err *err)
{
	struct arg arg;
	for (;;) {
		switch (command_next(args, globals, &arg, err)) {
		case ARGS_END:
			return 0;
		case ARGS_BAD:
			return -1;
		case ARGS_OPERAND:
			if (request_set_operand(request, arg.value, err) < 0)
				return -1;
			break;
		case ARGS_OPTION:
			if (arg.def->id == ADD_REPLACE)
				add->on_conflict = FORWARDS_REPLACE;
			else if (arg.def->id == CHANGE_DRY_RUN)
				change->dry_run = true;
			else if (request_set_option(request, &arg, err) < 0)
				return -1;
			break;
		}
	}
}

/* --hairpin alone means the connected network that the target is on. */
static int find_hairpins(struct forwards *set, struct err *err)
{
	struct host_addresses addresses = {0};
	int result = 0;
	if (set->count == 0 || !set->items[0].hairpin || network_is_set(&set->items[0].hairpin_net))
		return 0;
	if (host_addresses(&addresses, err) < 0)
		return -1;
	for (size_t i = 0; result == 0 && i < set->count; i++) {
		struct forward *f = &set->items[i];
		char target[ADDRESS_TEXT_MAX];
		f->hairpin_net = host_network_of(&addresses, &f->target);
		address_format(&f->target, target);
		if (!network_is_set(&f->hairpin_net))
			result = err_set(
				err, ERR_INPUT,
				"--hairpin: no interface of this host is on the network of "
				"%s; give that network, --hairpin=192.168.1.0/24 for example",
				target);
	}
	host_addresses_free(&addresses);
	return result;
}

static int check_time(const struct forwards *set, int64_t now, struct err *err)
{
	char when[24];
	if (set->count == 0 || !forward_expired(&set->items[0], now))
		return 0;
	spec_format_time(set->items[0].until, when);
	return err_set(err, ERR_INPUT, "--until %s is past; give a time to come", when);
}

/* A target that is this host itself is reached by :PORT; as an address it would not be. */
static int check_target(const struct forwards *set, struct err *err)
{
	struct host_addresses addresses = {0};
	int result = 0;
	if (host_addresses(&addresses, err) < 0)
		return -1;
	for (size_t i = 0; result == 0 && i < set->count; i++) {
		const struct forward *f = &set->items[i];
		char target[ADDRESS_TEXT_MAX];
		if (forward_to_self(f) || !host_address_owner(&addresses, &f->target))
			continue;
		address_format(&f->target, target);
		result = err_set(
			err, ERR_INPUT,
			"target %s is an address of this host itself; for a program on this "
			"host write the target as :%u",
			target, f->target_ports.first);
	}
	host_addresses_free(&addresses);
	return result;
}

static int run(const struct command *command, struct args *args, struct globals *globals,
	       struct err *err)
{
	struct request request = {0};
	struct add add = {.now = globals->now};
	struct change_context change = {.globals = globals, .decide = decide, .context = &add};
	int result = read_arguments(args, globals, &request, &add, &change, err);
	if (result == 0 && globals->help) {
		command_help_text(command, globals);
		return 0;
	}
	if (result == 0)
		result = request_forwards(&request, host_service, globals->now, &add.wanted, err);
	if (result == 0)
		result = check_time(&add.wanted, globals->now, err);
	if (result == 0)
		result = host_permitted(err);
	if (result == 0)
		result = find_hairpins(&add.wanted, err);
	if (result == 0)
		result = check_target(&add.wanted, err);
	if (result == 0)
		result = command_change(&change, err);
	if (result == 0 && !change.dry_run)
		command_warn(&add.wanted);
	forwards_free(&add.wanted);
	return result;
}

const struct command command_add = {
	.name = "add",
	.operands = "[OPTIONS] SPEC TARGET",
	.summary = "forward connections",
	.details = "SPEC is where connections arrive, [IF][@ADDR]:PORTS[/PROTO], and TARGET where "
		   "they\n"
		   "are sent, [ADDR][:PORTS]; without ADDR it is this host itself.\n"
		   "  pfwd add eth0:80 192.168.1.2:8080\n"
		   "  pfwd add eth0:53/tcp+udp 192.168.1.3 --from 10.0.0.0/8 --name dns\n",
	.options = {request_options, options, change_options},
	.run = run,
};
