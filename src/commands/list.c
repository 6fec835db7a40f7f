/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pfwd list: the forwards in the kernel now. */
#include <stdio.h>
#include <stdlib.h>

#include "commands/command.h"
#include "commands/owners.h"
#include "ruleset/change.h"
#include "host/host.h"

struct row {
	const struct forward *f;
	struct status status;
	int64_t now;
	struct owners_sum live; /* of the connections there are now */
	bool counted;           /* their packets and bytes are */
};

/* ---- columns ---- */

static bool get_forward(const void *row, char cell[REPORT_CELL_MAX])
{
	spec_format(((const struct row *)row)->f, cell);
	return true;
}

static bool get_target(const void *row, char cell[REPORT_CELL_MAX])
{
	spec_format_target(((const struct row *)row)->f, cell);
	return true;
}

static bool get_name(const void *row, char cell[REPORT_CELL_MAX])
{
	return report_put(cell, ((const struct row *)row)->f->name);
}

static bool get_options(const void *row, char cell[REPORT_CELL_MAX])
{
	spec_format_options(((const struct row *)row)->f, SPEC_BUT_NAME, cell);
	return *cell;
}

static bool get_state(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct row *r = row;
	return report_put(cell, forward_expired(r->f, r->now) ? "expired"
				: r->status.incomplete        ? "incomplete"
							      : "active");
}

static bool get_conns(const void *row, char cell[REPORT_CELL_MAX])
{
	return report_put_number(cell, ((const struct row *)row)->status.conns);
}

static bool get_if(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct forward *f = ((const struct row *)row)->f;
	return report_put(cell, *f->ifname ? f->ifname : "*");
}

static bool get_addr(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct forward *f = ((const struct row *)row)->f;
	if (!address_is_set(&f->addr))
		return false;
	address_format(&f->addr, cell);
	return true;
}

static bool get_ports(const void *row, char cell[REPORT_CELL_MAX])
{
	spec_format_ports(((const struct row *)row)->f->ports, cell);
	return true;
}

static bool get_proto(const void *row, char cell[REPORT_CELL_MAX])
{
	return report_put(cell, proto_name((enum proto)((const struct row *)row)->f->proto));
}

static bool get_family(const void *row, char cell[REPORT_CELL_MAX])
{
	return report_put(cell, family_name((enum family)((const struct row *)row)->f->family));
}

static bool get_from(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct forward *f = ((const struct row *)row)->f;
	if (!network_is_set(&f->from))
		return false;
	network_format(&f->from, cell);
	return true;
}

static bool get_until(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct forward *f = ((const struct row *)row)->f;
	if (!f->until)
		return false;
	spec_format_time(f->until, cell);
	return true;
}

static bool get_live(const void *row, char cell[REPORT_CELL_MAX])
{
	return report_put_number(cell, ((const struct row *)row)->live.conns);
}

static bool get_packets(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct row *r = row;
	return r->counted && report_put_number(cell, r->live.packets);
}

static bool get_bytes(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct row *r = row;
	return r->counted && report_put_number(cell, r->live.bytes);
}

static const struct report_column columns[] = {
	{"FORWARD", "where connections arrive", REPORT_TEXT, get_forward},
	{"TARGET", "where they are sent", REPORT_TEXT, get_target},
	{"NAME", "the label", REPORT_TEXT, get_name},
	{"OPTIONS", "what `pfwd add` would need besides", REPORT_TEXT, get_options},
	{"STATE", "active, expired, or incomplete: rules are missing", REPORT_TEXT, get_state},
	{"CONNS", "connections translated since the forward was made", REPORT_NUMBER, get_conns},
	{"IF", "incoming interface", REPORT_TEXT, get_if},
	{"ADDR", "address that connections are sent to", REPORT_TEXT, get_addr},
	{"PORTS", "ports that connections are sent to", REPORT_TEXT, get_ports},
	{"PROTO", "tcp, udp or sctp", REPORT_TEXT, get_proto},
	{"FAMILY", "IPv4 or IPv6", REPORT_TEXT, get_family},
	{"FROM", "the clients' network", REPORT_TEXT, get_from},
	{"UNTIL", "when the forward ends", REPORT_TEXT, get_until},
	{"LIVE", "connections there are now", REPORT_NUMBER, get_live},
	{"BYTES", "bytes of the live connections, both ways", REPORT_BYTES, get_bytes},
	{"PACKETS", "packets of the live connections, both ways", REPORT_NUMBER, get_packets},
	{0},
};

/* ---- rows ---- */

struct list {
	struct query query;
	struct snapshot snapshot;
	bool *selected;
	struct row *rows;
};

static int add_sums(struct list *list, const struct owners *live, struct err *err)
{
	size_t count = list->snapshot.forwards.count;
	struct owners_sum *sums = calloc(count + 1, sizeof(*sums));
	if (!sums)
		return err_memory(err);
	int result = owners_sums(live, FAMILY_NONE, sums, err);
	for (size_t i = 0; i < count; i++)
		list->rows[i].live = sums[i];
	free(sums);
	return result;
}

static int count_connections(struct list *list, struct err *err)
{
	const struct report_choice *choice = &list->query.report.choice;
	bool sums = report_chosen(choice, "BYTES") || report_chosen(choice, "PACKETS");
	struct owners live = {0};
	if (!sums && !report_chosen(choice, "LIVE"))
		return 0;
	bool accounts = host_accounts();
	for (size_t i = 0; i < list->snapshot.forwards.count; i++)
		list->rows[i].counted = accounts;
	if (sums)
		live_say_accounting();
	int result = owners_make(&list->snapshot.forwards, &live, err);
	if (result == 0)
		result = add_sums(list, &live, err);
	owners_free(&live);
	return result;
}

static int read_statuses(struct list *list, struct status *statuses, struct err *err)
{
	for (int f = 0; f < FAMILIES; f++)
		if (health_of(list->snapshot.states[f], &list->snapshot.forwards, statuses, err) <
		    0)
			return -1;
	return 0;
}

static int make_rows(struct list *list, int64_t now, struct err *err)
{
	const struct forwards *set = &list->snapshot.forwards;
	list->selected = calloc(set->count + 1, sizeof(*list->selected));
	list->rows = calloc(set->count + 1, sizeof(*list->rows));
	if (!list->rows || !list->selected)
		return err_memory(err);
	struct status *statuses = calloc(set->count + 1, sizeof(*statuses));
	if (!statuses)
		return err_memory(err);
	int result = read_statuses(list, statuses, err);
	for (size_t i = 0; i < set->count; i++)
		list->rows[i] =
			(struct row){.f = &set->items[i], .status = statuses[i], .now = now};
	free(statuses);
	return result;
}

/* Rules that are not ours in chains that are: said, so that nobody is surprised by what they do. */
static void say_foreign(const struct snapshot *snapshot)
{
	for (int f = 0; f < FAMILIES; f++)
		for (int t = 0; t < TABLES; t++)
			for (size_t c = 0; c < snapshot->states[f][t].chain_count; c++) {
				const struct state_chain *chain = &snapshot->states[f][t].chains[c];
				size_t count = 0;
				for (size_t i = 0; i < chain->count; i++)
					count += !chain->rules[i].ours;
				if (count)
					command_say(
						"chain %s of the %s %s table holds %zu rule%s that "
						"pfwd did not make; %s",
						chain->name, family_name(change_families[f]),
						table_name((enum table)t), count,
						count == 1 ? "" : "s",
						count == 1 ? "it stays" : "they stay");
			}
}

static int print(struct list *list, struct err *err)
{
	int result = report_begin(&list->query.report, err);
	for (size_t i = 0; result == 0 && i < list->snapshot.forwards.count; i++)
		if (list->selected[i])
			result = report_row(&list->query.report, &list->rows[i], err);
	if (report_end(&list->query.report, err) < 0)
		result = -1;
	return result;
}

static int take(void *context, const struct arg *arg, struct err *err)
{
	return query_take(context, arg, err);
}

static int show(struct list *list, const struct globals *globals, struct err *err)
{
	if (report_choose(columns, "FORWARD,TARGET,NAME,OPTIONS,STATE,CONNS", list->query.columns,
			  &list->query.report.choice, err) < 0 ||
	    query_check(&list->query, err) < 0 || host_permitted(err) < 0 ||
	    snapshot_read(&list->snapshot, err) < 0 || make_rows(list, globals->now, err) < 0 ||
	    query_select(&list->query, &list->snapshot.forwards, list->selected, err) < 0 ||
	    count_connections(list, err) < 0)
		return -1;
	say_foreign(&list->snapshot);
	return print(list, err);
}

static int run(const struct command *command, struct args *args, struct globals *globals,
	       struct err *err)
{
	struct list list = {
		.query.report = {
			.out = stdout, .headings = true, .whole = true, .title = "forwards"}};
	int result = command_read(command, args, globals, take, &list.query, err);
	if (result == COMMAND_GO)
		result = show(&list, globals, err);
	query_free(&list.query);
	snapshot_free(&list.snapshot);
	free(list.selected);
	free(list.rows);
	return result;
}

const struct command command_list = {
	.name = "list",
	.aliases = {"ls"},
	.operands = "[OPTIONS] [SELECTOR...]",
	.summary = "show the forwards there are",
	.options = {report_options, family_options},
	.columns = columns,
	.run = run,
};
