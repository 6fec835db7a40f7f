/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pfwd add: one forward, or several that share the rest. */
#include "commands/edit.h"
#include "commands/forwards_file.h"
#include "commands/command.h"
#include "commands/options.h"
#include "commands/warn.h"
#include "host/interfaces.h"
#include "syntax/request.h"
#include "syntax/time.h"

struct add {
	struct request request;
	struct edit edit;
	bool replace;
	struct forwards asked; /* those to be made */
	struct forwards all;   /* asked, and those in the kernel that stay */
	int64_t now;
	struct other_rules others; /* what others translated before */
};

static int set_duration(void *into, const char *value, struct err *err)
{
	struct add *add = into;
	return request_set_duration(&add->request, value, err);
}

static const struct arg_def add_options[] = {
	{0, "for", ARG_VALUE, "DURATION",
	 "the kernel stops matching after so long: 90s, 30m, 2h, 7d", .set = set_duration},
	{0, "replace", ARG_PLAIN, NULL, "remove the forwards in conflict with this one",
	 offsetof(struct add, replace), NULL},
	{0},
};

static int decide(void *context, const struct forwards *present, const struct forwards **wanted,
		  struct err *err)
{
	struct add *add = context;
	struct forwards_clash clash = {0};
	*wanted = &add->all;
	add->all.count = 0;
	if (forwards_add_all(&add->all, present, err) < 0)
		return -1;
	if (!add->replace && forwards_in_the_way(&add->all, &add->asked, add->now, &clash, err) < 0)
		return -1;
	if (clash.present) {
		struct err conflict;
		spec_conflict_error(clash.added, clash.present, &conflict);
		return err_set(err, ERR_CONFLICT,
			       "%.900s; delete the other forward first, or give --replace",
			       conflict.text);
	}
	return forwards_insert(&add->all, &add->asked, err);
}

static int take_operand(void *context, const char *word, struct err *err)
{
	struct add *add = context;
	return request_set_operand(&add->request, word, err);
}

/* --hairpin alone means the connected network that the target is on. If there is none: ERR_INPUT.
 */
static int find_hairpins(struct forwards *set, struct err *err)
{
	struct host_addresses addresses = {0};
	int result = 0;
	if (set->count == 0 || !set->items[0].hairpin || set->items[0].hairpin_nets)
		return 0;
	if (host_addresses(&addresses, err) < 0)
		return -1;
	for (size_t i = 0; result == 0 && i < set->count; i++) {
		struct forward *f = &set->items[i];
		char target[ADDRESS_TEXT_MAX];
		struct network net = host_network_of(&addresses, &f->target);
		address_format(&f->target, target);
		if (network_is_set(&net) && !(f->hairpin_nets = networks_of(&net, 1)))
			result = err_memory(err);
		else if (!f->hairpin_nets && f->except)
			result = err_set(
				err, ERR_INPUT,
				"--hairpin: the target '-' is on no network; give the network of "
				"the clients that are excepted too, --hairpin=192.168.1.0/24 for "
				"example");
		else if (!f->hairpin_nets)
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
	char when[TIME_TEXT_MAX];
	if (set->count == 0 || !forward_expired(&set->items[0], now))
		return 0;
	time_format(set->items[0].until, when);
	return err_set(err, ERR_INPUT, "--until %s is in the past; give a time in the future",
		       when);
}

static int check_targets(const struct forwards *set, struct err *err)
{
	struct host_addresses addresses = {0};
	int result = 0;
	if (host_addresses(&addresses, err) < 0)
		return -1;
	for (size_t i = 0; result == 0 && i < set->count; i++) {
		result = forwards_file_check_target(&set->items[i], &addresses, err);
		if (result == 0)
			result = forwards_file_check_broadcast(&set->items[i], &addresses, err);
	}
	host_addresses_free(&addresses);
	return result;
}

static int make(struct add *add, const struct globals *globals, struct err *err)
{
	if (request_forwards(&add->request, &globals->host, &add->asked, err) < 0 ||
	    check_time(&add->asked, add->now, err) < 0)
		return -1;
	if (globals_home(globals, &add->edit.change.home, err) < 0)
		return -1;
	if (check_targets(&add->asked, err) < 0 || find_hairpins(&add->asked, err) < 0)
		return -1;
	if (edit_run(&add->edit, globals, err) < 0)
		return -1;
	const struct warn_about about = {&add->asked,           &add->all,
					 add->edit.change.home, globals->backends,
					 add->edit.hindrance,   &add->others};
	if (!add->edit.dry_run)
		warn_of_forwards(&about);
	return 0;
}

static int run(const struct command_line *line, struct err *err)
{
	struct add add = {.now = line->globals->host.now};
	add.edit.makes = true;
	add.edit.change.decide = decide;
	add.edit.change.context = &add;
	add.edit.change.around = &add.asked;
	add.edit.change.translations = &add.others;
	const struct command_reader reader = {{&add.request, &add, &add.edit}, take_operand, &add};
	int result = command_read(line, &reader, err);
	if (result == COMMAND_GO)
		result = make(&add, line->globals, err);
	forwards_free(&add.asked);
	forwards_free(&add.all);
	other_rules_free(&add.others);
	return result;
}

const struct command command_add = {
	.name = "add",
	.operands = "[OPTIONS] SPEC TARGET",
	.summary = "forward connections",
	.details = "SPEC is where connections arrive: [IF][@ADDR]:PORTS[/PROTO]. TARGET is where "
		   "they are\n"
		   "sent: [ADDR][:PORTS], without ADDR to this host itself; - for not at all.\n"
		   "  pfwd add eth0:80 192.168.1.2:8080\n"
		   "  pfwd add eth0:53/tcp+udp 192.168.1.3 --from 10.0.0.0/8 --name dns\n",
	.options = {request_options, add_options, change_options},
	.run = run,
};
