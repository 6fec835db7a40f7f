/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pfwd add: one forward, or several that share the rest. */
#include <string.h>

#include "commands/command.h"
#include "host/host.h"

enum { ADD_REPLACE = REPORT_OPTIONS_END };

static const struct arg_def options[] = {
	{REQUEST_FOR, 0, "for", ARG_VALUE, "DURATION",
	 "the kernel stops matching after so long: 90s, 30m, 2h, 7d"},
	{ADD_REPLACE, 0, "replace", ARG_PLAIN, NULL,
	 "remove the forwards in conflict with this one"},
	{0},
};

struct add {
	struct request request;
	struct change_context change;
	struct forwards asked; /* for */
	struct forwards all;   /* with those that stay */
	enum forwards_on_conflict on_conflict;
	int64_t now;
};

static int decide(void *context, const struct forwards *present, const struct forwards **wanted,
		  struct err *err)
{
	struct add *add = context;
	*wanted = &add->all;
	add->all.count = 0;
	if (forwards_add_all(&add->all, present, err) < 0)
		return -1;
	for (size_t i = 0; i < add->asked.count; i++) {
		if (forwards_insert(&add->all, &add->asked.items[i], add->now, add->on_conflict,
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

static int take(void *context, const struct arg *arg, struct err *err)
{
	struct add *add = context;
	if (!arg->def)
		return request_set_operand(&add->request, arg->value, err);
	if (arg->def->id == ADD_REPLACE)
		add->on_conflict = FORWARDS_REPLACE;
	else if (arg->def->id == CHANGE_DRY_RUN)
		add->change.dry_run = true;
	else
		return request_set_option(&add->request, arg, err);
	return 0;
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

static int check_targets(const struct forwards *set, struct err *err)
{
	struct host_addresses addresses = {0};
	int result = 0;
	if (host_addresses(&addresses, err) < 0)
		return -1;
	for (size_t i = 0; result == 0 && i < set->count; i++)
		result = command_check_target(&set->items[i], &addresses, err);
	host_addresses_free(&addresses);
	return result;
}

static int make(struct add *add, struct err *err)
{
	if (request_forwards(&add->request, host_service, add->now, &add->asked, err) < 0 ||
	    check_time(&add->asked, add->now, err) < 0 || host_permitted(err) < 0 ||
	    find_hairpins(&add->asked, err) < 0 || check_targets(&add->asked, err) < 0 ||
	    command_change(&add->change, err) < 0)
		return -1;
	if (!add->change.dry_run)
		command_warn(&add->asked);
	return 0;
}

static int run(const struct command *command, struct args *args, struct globals *globals,
	       struct err *err)
{
	struct add add = {.now = globals->now};
	add.change = (struct change_context){.globals = globals, .decide = decide, .context = &add};
	int result = command_read(command, args, globals, take, &add, err);
	if (result == COMMAND_GO)
		result = make(&add, err);
	forwards_free(&add.asked);
	forwards_free(&add.all);
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
