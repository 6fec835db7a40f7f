/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pfwd list: the forwards in the kernel now. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/options.h"
#include "commands/query.h"
#include "conns/owners.h"
#include "host/host.h"
#include "ruleset/present.h"
#include "syntax/time.h"

struct row {
	const struct forward *f;
	const struct backend *const *backends;
	const struct present_forward *of;
	int64_t now;
	struct owners_sum live; /* of the connections there are now */
	bool counted;           /* conntrack counts their packets and bytes */
};

/* ---- columns ---- */

static bool get_forward(const void *row, char cell[REPORT_CELL_MAX])
{
	spec_format(((const struct row *)row)->f, cell);
	return true;
}

static bool get_target(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct forward *f = ((const struct row *)row)->f;
	spec_format_target(f, cell);
	return !f->except;
}

static bool get_name(const void *row, char cell[REPORT_CELL_MAX])
{
	return report_put(cell, ((const struct row *)row)->f->name);
}

_Static_assert(SPEC_OPTIONS_MAX <= REPORT_CELL_MAX, "a cell has room for all options");

static bool get_options(const void *row, char cell[REPORT_CELL_MAX])
{
	spec_format_options(((const struct row *)row)->f, SPEC_BUT_NAME, cell);
	return *cell;
}

static bool get_state(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct row *r = row;
	return report_put(cell, present_state_name(present_state(r->f, r->of, r->now)));
}

static bool get_conns(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct row *r = row;
	return !r->f->except && report_put_number(cell, r->of->status.conns);
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
	ports_put(cell, ((const struct row *)row)->f->ports);
	return true;
}

static bool get_proto(const void *row, char cell[REPORT_CELL_MAX])
{
	return report_put(cell, proto_name(((const struct row *)row)->f->proto));
}

static bool get_family(const void *row, char cell[REPORT_CELL_MAX])
{
	return report_put(cell, family_name(((const struct row *)row)->f->family));
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
	time_format(f->until, cell);
	return true;
}

static bool get_backend(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct row *r = row;
	present_backends(r->of, r->backends, cell);
	return *cell;
}

static bool get_live(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct row *r = row;
	return !r->f->except && report_put_number(cell, r->live.conns);
}

static bool get_packets(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct row *r = row;
	return r->counted && !r->f->except &&
	       report_put_number(cell, r->live.packets_in + r->live.packets_out);
}

static bool get_bytes(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct row *r = row;
	return r->counted && !r->f->except &&
	       report_put_number(cell, r->live.bytes_in + r->live.bytes_out);
}

static const struct report_column columns[] = {
	{"FORWARD", "where connections arrive", REPORT_TEXT, get_forward},
	{"TARGET", "where they are sent", REPORT_TEXT, get_target},
	{"NAME", "the label", REPORT_TEXT, get_name},
	{"OPTIONS", "the other options that `pfwd add` would need", REPORT_TEXT, get_options},
	{"STATE", "active, expired, incomplete (rules are missing), or blocked by others' rules",
	 REPORT_TEXT, get_state},
	{"CONNS", "connections translated since the forward was made", REPORT_NUMBER, get_conns},
	{"IF", "incoming interface", REPORT_TEXT, get_if},
	{"ADDR", "address that connections are sent to", REPORT_TEXT, get_addr},
	{"PORTS", "ports that connections are sent to", REPORT_TEXT, get_ports},
	{"PROTO", "tcp, udp or sctp", REPORT_TEXT, get_proto},
	{"FAMILY", "IPv4 or IPv6", REPORT_TEXT, get_family},
	{"FROM", "the network of the clients", REPORT_TEXT, get_from},
	{"UNTIL", "when the forward ends", REPORT_TEXT, get_until},
	{"LIVE", "connections that exist now", REPORT_NUMBER, get_live},
	{"BYTES", "bytes of the live connections, both ways", REPORT_BYTES, get_bytes},
	{"PACKETS", "packets of the live connections, both ways", REPORT_NUMBER, get_packets},
	{"BACKEND", "what its rules are made with: iptables or nftables", REPORT_TEXT, get_backend},
	{0},
};

/* ---- rows ---- */

struct list {
	struct query query;
	const struct backend *const *backends;
	struct present present;
	bool *selected;
	struct owners_sum *sums; /* of each forward; NULL: no column asks for them */
};

/* Fill the sums, if a column asks for them. */
static int count_connections(struct list *list, struct err *err)
{
	const struct report_choice *choice = &list->query.report.choice;
	bool bytes = report_chosen(choice, "BYTES") || report_chosen(choice, "PACKETS");
	struct owners owners = {0};
	bool resized = false;
	if (!bytes && !report_chosen(choice, "LIVE"))
		return 0;
	if (bytes)
		query_say_accounting();
	list->sums = calloc(list->present.forwards.count + 1, sizeof(*list->sums));
	int result =
		list->sums ? owners_make(&list->present.forwards, &owners, err) : err_memory(err);
	if (result == 0)
		result = owners_sums(&owners, FAMILY_NONE, list->sums, &resized, err);
	owners_free(&owners);
	if (resized)
		query_say_resized();
	return result;
}

static int select_forwards(struct list *list, struct err *err)
{
	const struct forwards *set = &list->present.forwards;
	list->selected = calloc(set->count + 1, sizeof(*list->selected));
	if (!list->selected)
		return err_memory(err);
	return query_select(&list->query, set, list->selected, err);
}

static int print(struct list *list, int64_t now, struct err *err)
{
	struct row row = {.backends = list->backends, .now = now, .counted = host_accounts()};
	int result = report_begin(&list->query.report, err);
	for (size_t i = 0; result == 0 && i < list->present.forwards.count; i++) {
		if (!list->selected[i])
			continue;
		row.f = &list->present.forwards.items[i];
		row.of = &list->present.of[i];
		if (list->sums)
			row.live = list->sums[i];
		result = report_row(&list->query.report, &row, err);
	}
	if (report_end(&list->query.report, err) < 0)
		result = -1;
	return result;
}

static int show(struct list *list, const struct globals *globals, struct err *err)
{
	if (report_choose(columns, "FORWARD,TARGET,NAME,OPTIONS,STATE,CONNS", list->query.columns,
			  &list->query.report.choice, err) < 0)
		return -1;
	if (query_check(&list->query, globals, err) < 0 || globals_permitted(globals, err) < 0)
		return -1;
	list->backends = globals_backends(globals);
	if (present_read(list->backends, READING_ALL, &list->present, err) < 0)
		return -1;
	if (select_forwards(list, err) < 0)
		return -1;
	if (count_connections(list, err) < 0)
		return -1;
	command_say_lines(&list->present.foreign);
	return print(list, globals->host.now, err);
}

static int run(const struct command_line *line, struct err *err)
{
	struct list list = {.query.report = {.out = stdout, .whole = true, .title = "forwards"}};
	const struct command_reader reader = {
		{&list.query, &list.query.selection.family}, query_operand, &list.query};
	int result = command_read(line, &reader, err);
	if (result == COMMAND_GO)
		result = show(&list, line->globals, err);
	query_free(&list.query);
	present_free(&list.present);
	free(list.selected);
	free(list.sums);
	return result;
}

const struct command command_list = {
	.name = "list",
	.aliases = {"ls"},
	.operands = "[OPTIONS] [SELECTOR...]",
	.summary = "show the forwards in the kernel",
	.options = {report_options, family_options},
	.columns = columns,
	.run = run,
};
