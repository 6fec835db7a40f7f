/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pfwd list: the forwards in the kernel now. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/command.h"
#include "commands/options.h"
#include "commands/overview.h"
#include "commands/query.h"
#include "conns/owners.h"
#include "host/host.h"
#include "ruleset/present.h"
#include "syntax/time.h"

struct row {
	const struct forward *f;
	const struct backend *const *backends;
	const struct present_forward *of; /* NULL: it is of others */
	const struct other_row *other;    /* NULL: it is of pfwd */
	int64_t now;
	struct owners_sum live; /* of the connections there are now */
	bool counted;           /* conntrack counts their packets and bytes */
};

/* ---- columns ---- */

static const struct other_rule *rule_of(const void *row)
{
	const struct other_row *other = ((const struct row *)row)->other;
	return other ? other->rule : NULL;
}

static bool get_forward(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct row *r = row;
	if (r->other)
		return overview_put_forward(r->other, cell);
	spec_format(r->f, cell);
	return true;
}

static bool get_target(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct row *r = row;
	if (r->other) {
		other_row_target(r->other, cell);
		return *cell;
	}
	spec_format_target(r->f, cell);
	return !r->f->except;
}

static bool get_name(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct row *r = row;
	return r->other ? overview_put_name(r->other, cell) : report_put(cell, r->f->name);
}

_Static_assert(SPEC_OPTIONS_MAX <= REPORT_CELL_MAX, "a cell has room for all options");

static bool get_options(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct row *r = row;
	char options[OTHER_OPTIONS_MAX];
	if (!r->other) {
		spec_format_options(r->f, SPEC_BUT_NAME, cell);
		return *cell;
	}
	other_row_options(r->other, options);
	return quote_into(cell, REPORT_CELL_MAX, options) > 0;
}

static bool get_state(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct row *r = row;
	enum present_state state =
		r->other ? overview_state(r->other) : present_state(r->f, r->of, r->now);
	return report_put(cell, present_state_name(state));
}

static bool get_conns(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct row *r = row;
	uint64_t conns;
	if (r->other)
		return overview_conns(r->other, &conns) && report_put_number(cell, conns);
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
	const struct other_rule *r = rule_of(row);
	if (r && network_is_set(&r->dst) && !address_is_set(&f->addr)) {
		network_format(&r->dst, cell);
		return true;
	}
	if (!address_is_set(&f->addr))
		return false;
	address_format(&f->addr, cell);
	return true;
}

static bool get_ports(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct row *r = row;
	ports_put(cell, r->f->ports);
	return !r->other || r->other->spec || r->other->rule->ports.last;
}

static bool get_proto(const void *row, char cell[REPORT_CELL_MAX])
{
	enum proto proto = ((const struct row *)row)->f->proto;
	bool known = proto_is_known(proto);
	return known ? report_put(cell, proto_name(proto))
		     : proto != PROTO_NONE && report_put_number(cell, proto);
}

static bool get_family(const void *row, char cell[REPORT_CELL_MAX])
{
	enum family family = ((const struct row *)row)->f->family;
	return family && report_put(cell, family_name(family));
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
	if (r->other)
		return report_put(cell, r->other->rule->backend);
	present_backends(r->of, r->backends, cell);
	return *cell;
}

static bool get_owner(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct row *r = row;
	return r->other ? overview_put_owner(r->other, cell) : report_put(cell, "pfwd");
}

/* Neither an exception nor what is intercepted translates connections. */
static bool has_live(const struct row *r)
{
	return !r->f->except && (!r->other || r->other->rule->action != OTHER_TPROXY);
}

static bool get_live(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct row *r = row;
	return has_live(r) && report_put_number(cell, r->live.conns);
}

static bool get_packets(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct row *r = row;
	return r->counted && has_live(r) &&
	       report_put_number(cell, r->live.packets_in + r->live.packets_out);
}

static bool get_bytes(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct row *r = row;
	return r->counted && has_live(r) &&
	       report_put_number(cell, r->live.bytes_in + r->live.bytes_out);
}

static const struct report_column columns[] = {
	{"FORWARD", "where connections arrive", REPORT_TEXT, get_forward},
	{"TARGET", "where they are sent", REPORT_TEXT, get_target},
	{"NAME", "the label", REPORT_TEXT, get_name},
	{"OPTIONS", "the other options that `pfwd add` would need", REPORT_TEXT, get_options},
	{"STATE",
	 "active, expired, incomplete (rules are missing), blocked (by others' rules, or its "
	 "interface takes nothing in), or, with -a, "
	 "shadowed: others' rules take its connections",
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
	{"OWNER", "with -a: the program that translates, or the table and chain of the rule",
	 REPORT_TEXT, get_owner},
	{0},
};

/* ---- rows ---- */

struct list {
	struct query query;
	bool all; /* also what others translate */
	const struct backend *const *backends;
	struct present present;
	struct overview others;
	bool *selected, *selected_rows; /* of the forwards, of others' rows */
	struct owners owners;
	struct owners_sum *sums; /* of both, one behind the other; NULL: no column asks for them */
	struct listed {
		const struct forward *f;
		size_t index;
		bool other;
	} * order; /* of the rows that are printed */
	size_t count;
};

/* Fill the sums, if a column asks for them. */
static int count_connections(struct list *list, struct err *err)
{
	const struct report_choice *choice = &list->query.report.choice;
	bool bytes = report_chosen(choice, "BYTES") || report_chosen(choice, "PACKETS");
	if (!bytes && !report_chosen(choice, "LIVE"))
		return 0;
	if (bytes)
		query_say_accounting();
	list->sums = calloc(list->present.forwards.count + list->others.rows.count + 1,
			    sizeof(*list->sums));
	if (!list->sums)
		return err_memory(err);
	if (overview_make_index(&list->others, err) < 0)
		return -1;
	if (owners_make(&list->present.forwards, &list->owners, err) < 0 ||
	    overview_sums(&list->others, &list->owners, list->sums, err) < 0)
		return -1;
	if (list->owners.resized)
		query_say_resized();
	return 0;
}

static int compare_listed(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;
	int d = forward_compare_spec(x->f, y->f);
	if (d == 0)
		d = x->other - y->other;
	return d ? d : x->index < y->index ? -1 : x->index > y->index;
}

/* Both kinds of rows in one order. */
static int order_rows(struct list *list, struct err *err)
{
	const struct forwards *set = &list->present.forwards;
	const struct other_rows *rows = &list->others.rows;
	list->order = calloc(set->count + rows->count + 1, sizeof(*list->order));
	if (!list->order)
		return err_memory(err);
	for (size_t i = 0; i < set->count; i++)
		if (list->selected[i])
			list->order[list->count++] = (struct listed){&set->items[i], i, false};
	for (size_t i = 0; i < rows->count; i++)
		if (list->selected_rows[i])
			list->order[list->count++] = (struct listed){&rows->items[i].f, i, true};
	if (rows->count)
		qsort(list->order, list->count, sizeof(*list->order), compare_listed);
	return 0;
}

static int select_rows(struct list *list, struct err *err)
{
	const struct forwards *set = &list->present.forwards;
	list->selected = calloc(set->count + 1, sizeof(*list->selected));
	list->selected_rows = calloc(list->others.rows.count + 1, sizeof(*list->selected_rows));
	if (!list->selected || !list->selected_rows)
		return err_memory(err);
	const struct overview_choice choice = {set, &list->others, list->selected,
					       list->selected_rows};
	int result = list->all ? overview_select(&list->query, &choice, err)
			       : query_select(&list->query, set, list->selected, err);
	return result < 0 ? -1 : order_rows(list, err);
}

/* So many rows of others are aligned by the first ones, in memory that does not grow with them. */
#define WHOLE_MAX 10000

static int print(struct list *list, int64_t now, struct err *err)
{
	bool counted = host_accounts();
	list->query.report.whole = !list->all || list->count <= WHOLE_MAX;
	int result = report_begin(&list->query.report, err);
	for (size_t i = 0; result == 0 && i < list->count; i++) {
		const struct listed *of = &list->order[i];
		size_t behind = of->other ? list->present.forwards.count : 0;
		struct row row = {
			.f = of->f, .backends = list->backends, .now = now, .counted = counted};
		if (of->other)
			row.other = &list->others.rows.items[of->index];
		else
			row.of = &list->present.of[of->index];
		if (list->sums)
			row.live = list->sums[behind + of->index];
		result = report_row(&list->query.report, &row, err);
	}
	if (report_end(&list->query.report, err) < 0)
		result = -1;
	return result;
}

static int show(struct list *list, const struct globals *globals, struct err *err)
{
	const char *defaults = list->all ? "FORWARD,TARGET,NAME,OPTIONS,STATE,CONNS,OWNER"
					 : "FORWARD,TARGET,NAME,OPTIONS,STATE,CONNS";
	if (query_choose(&list->query, columns, defaults, err) < 0 ||
	    query_check(&list->query, globals, err) < 0 || globals_permitted(globals, err) < 0)
		return -1;
	list->backends = globals_backends(globals);
	int result = list->all ? overview_read(list->backends, &list->present, &list->others, err)
			       : present_read(list->backends, READING_ALL, &list->present, err);
	if (result == 0 && list->all)
		result = overview_make_rows(&list->present, &list->others, err);
	if (result == 0)
		result = overview_find_stopped(&list->present, err);
	if (result < 0 || select_rows(list, err) < 0 || count_connections(list, err) < 0)
		return -1;
	command_say_lines(&list->present.foreign);
	return print(list, globals->host.now, err);
}

static const struct arg_def list_options[] = {
	{'a', "all", ARG_PLAIN, NULL, "also what other programs and rules by hand translate",
	 offsetof(struct list, all), NULL},
	{0},
};

static int run(const struct command_line *line, struct err *err)
{
	struct list list = {.query.report = {.out = stdout, .whole = true, .title = "forwards"}};
	const struct command_reader reader = {
		{&list, &list.query, &list.query.selection.family}, query_operand, &list.query};
	int result = command_read(line, &reader, err);
	if (result == COMMAND_GO)
		result = show(&list, line->globals, err);
	query_free(&list.query);
	owners_free(&list.owners);
	overview_free(&list.others);
	present_free(&list.present);
	free(list.selected);
	free(list.selected_rows);
	free(list.sums);
	free(list.order);
	return result;
}

const struct command command_list = {
	.name = "list",
	.aliases = {"ls"},
	.operands = "[OPTIONS] [SELECTOR...]",
	.summary = "show the forwards in the kernel",
	.options = {list_options, report_options, family_options},
	.columns = columns,
	.run = run,
};
