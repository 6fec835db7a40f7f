/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pfwd conns: the connections that run through forwards. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "commands/command.h"
#include "kernel/change.h"
#include "kernel/conntrack.h"
#include "kernel/host.h"
#include "model/lookup.h"
#include "report/report.h"

enum { CONNS_ALL = REPORT_OPTIONS_END };

struct row {
	const struct forward *f; /* NULL: of no forward */
	const struct connection *c;
};

/* ---- columns ---- */

static const struct connection *connection(const void *row)
{
	return ((const struct row *)row)->c;
}

static const struct forward *forward(const void *row)
{
	return ((const struct row *)row)->f;
}

static bool put_endpoint(char cell[REPORT_CELL_MAX], const struct endpoint *e)
{
	char addr[ADDRESS_TEXT_MAX];
	address_format_bracketed(&e->addr, addr);
	snprintf(cell, REPORT_CELL_MAX, "%s:%u", addr, e->port);
	return true;
}

static bool get_forward(const void *row, char cell[REPORT_CELL_MAX])
{
	if (!forward(row))
		return false;
	spec_format(forward(row), cell);
	return true;
}

static bool get_name(const void *row, char cell[REPORT_CELL_MAX])
{
	return forward(row) && report_put(cell, forward(row)->name);
}

static bool get_proto(const void *row, char cell[REPORT_CELL_MAX])
{
	uint8_t proto = connection(row)->proto;
	if (proto == PROTO_TCP || proto == PROTO_UDP || proto == PROTO_SCTP)
		return report_put(cell, proto_name((enum proto)proto));
	return report_put_number(cell, proto);
}

static bool get_client(const void *row, char cell[REPORT_CELL_MAX])
{
	return put_endpoint(cell, &connection(row)->client);
}

static bool get_via(const void *row, char cell[REPORT_CELL_MAX])
{
	return put_endpoint(cell, &connection(row)->via);
}

static bool get_target(const void *row, char cell[REPORT_CELL_MAX])
{
	return put_endpoint(cell, &connection(row)->target);
}

static bool get_state(const void *row, char cell[REPORT_CELL_MAX])
{
	const char *state = connection(row)->state;
	return state && report_put(cell, state);
}

static bool get_timeout(const void *row, char cell[REPORT_CELL_MAX])
{
	return report_put_number(cell, connection(row)->timeout);
}

static bool get_packets_in(const void *row, char cell[REPORT_CELL_MAX])
{
	return connection(row)->counted && report_put_number(cell, connection(row)->packets_in);
}

static bool get_packets_out(const void *row, char cell[REPORT_CELL_MAX])
{
	return connection(row)->counted && report_put_number(cell, connection(row)->packets_out);
}

static bool get_bytes_in(const void *row, char cell[REPORT_CELL_MAX])
{
	return connection(row)->counted && report_put_number(cell, connection(row)->bytes_in);
}

static bool get_bytes_out(const void *row, char cell[REPORT_CELL_MAX])
{
	return connection(row)->counted && report_put_number(cell, connection(row)->bytes_out);
}

static bool get_mark(const void *row, char cell[REPORT_CELL_MAX])
{
	return report_put_number(cell, connection(row)->mark);
}

static bool get_secctx(const void *row, char cell[REPORT_CELL_MAX])
{
	return quote_into(cell, REPORT_CELL_MAX, connection(row)->secctx) > 0;
}

static bool get_use(const void *row, char cell[REPORT_CELL_MAX])
{
	return report_put_number(cell, connection(row)->use);
}

static bool get_assured(const void *row, char cell[REPORT_CELL_MAX])
{
	return report_put(cell, connection(row)->assured ? "yes" : "no");
}

static bool get_replied(const void *row, char cell[REPORT_CELL_MAX])
{
	return report_put(cell, connection(row)->replied ? "yes" : "no");
}

static bool get_id(const void *row, char cell[REPORT_CELL_MAX])
{
	return report_put_number(cell, connection(row)->id);
}

static bool get_start(const void *row, char cell[REPORT_CELL_MAX])
{
	uint64_t start = connection(row)->start;
	if (start)
		spec_format_time((int64_t)(start / 1000000000), cell);
	return start != 0;
}

static bool get_family(const void *row, char cell[REPORT_CELL_MAX])
{
	return report_put(cell, family_name((enum family)connection(row)->family));
}

static const struct report_column columns[] = {
	{"FORWARD", "the forward that it runs through", REPORT_TEXT, get_forward},
	{"PROTO", "tcp, udp or sctp", REPORT_TEXT, get_proto},
	{"CLIENT", "the original source", REPORT_TEXT, get_client},
	{"VIA", "the original destination", REPORT_TEXT, get_via},
	{"TARGET", "where replies come from", REPORT_TEXT, get_target},
	{"STATE", "conntrack's state of it", REPORT_TEXT, get_state},
	{"TIMEOUT", "seconds until conntrack forgets it", REPORT_NUMBER, get_timeout},
	{"PACKETS-IN", "packets from the client", REPORT_NUMBER, get_packets_in},
	{"PACKETS-OUT", "packets to the client", REPORT_NUMBER, get_packets_out},
	{"BYTES-IN", "bytes from the client", REPORT_BYTES, get_bytes_in},
	{"BYTES-OUT", "bytes to the client", REPORT_BYTES, get_bytes_out},
	{"MARK", "conntrack's mark", REPORT_NUMBER, get_mark},
	{"SECCTX", "security context", REPORT_TEXT, get_secctx},
	{"USE", "uses of the entry in the kernel", REPORT_NUMBER, get_use},
	{"ASSURED", "whether it survives a full table", REPORT_FLAG, get_assured},
	{"REPLIED", "whether the target has answered", REPORT_FLAG, get_replied},
	{"ID", "conntrack's number of it", REPORT_NUMBER, get_id},
	{"START", "when it began (net.netfilter.nf_conntrack_timestamp)", REPORT_TEXT, get_start},
	{"NAME", "the forward's label", REPORT_TEXT, get_name},
	{"FAMILY", "IPv4 or IPv6", REPORT_TEXT, get_family},
	{0},
};

/* ---- rows ---- */

struct conns {
	struct selection words;
	struct selectors selectors;
	struct snapshot snapshot;
	struct report report;
	const char *asked; /* columns */
	bool all;          /* those of other tools' translations too */
	bool *selected;
	struct lookup lookup;
	struct host_addresses addresses;
	struct err *err;
};

static int print_connection(void *context, const struct connection *c)
{
	struct conns *conns = context;
	const char *interface = host_address_owner(&conns->addresses, &c->via.addr);
	struct row row = {.c = c, .f = lookup_connection(&conns->lookup, c, interface)};
	if (conns->words.family && conns->words.family != c->family)
		return 0;
	bool wanted = row.f ? conns->selected[row.f - conns->snapshot.forwards.items]
			    : conns->all && conns->selectors.count == 0;
	return wanted ? report_row(&conns->report, &row, conns->err) : 0;
}

static void say_accounting(const struct conns *conns)
{
	static const char *const names[] = {"PACKETS-IN", "PACKETS-OUT", "BYTES-IN", "BYTES-OUT"};
	bool asked = false;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		asked = asked || report_chosen(&conns->report.choice, names[i]);
	if (asked && !host_accounts())
		command_say(
			"conntrack does not count bytes and packets; turn it on with: sysctl -w "
			"net.netfilter.nf_conntrack_acct=1");
}

static int show(struct conns *conns, struct err *err)
{
	if (report_choose(columns, "FORWARD,PROTO,CLIENT,VIA,TARGET,STATE,TIMEOUT", conns->asked,
			  &conns->report.choice, err) < 0 ||
	    selectors_parse(conns->words.words, conns->words.count, conns->words.family, NULL,
			    host_service, &conns->selectors, err) < 0 ||
	    host_permitted(err) < 0 || snapshot_read(&conns->snapshot, err) < 0)
		return -1;
	const struct forwards *set = &conns->snapshot.forwards;
	conns->selected = calloc(set->count + 1, sizeof(*conns->selected));
	if (!conns->selected)
		return err_memory(err);
	if (selectors_apply(&conns->selectors, set, conns->selected, err) < 0 ||
	    lookup_make(set, &conns->lookup, err) < 0 ||
	    host_addresses(&conns->addresses, err) < 0 || report_begin(&conns->report, err) < 0)
		return -1;
	say_accounting(conns);
	conns->err = err;
	int result =
		conntrack_walk(FAMILY_NONE, CONNTRACK_TRANSLATED, print_connection, conns, err);
	if (report_end(&conns->report, err) < 0)
		result = -1;
	return result;
}

static int read_arguments(struct args *args, struct globals *globals, struct conns *conns,
			  struct err *err)
{
	struct arg arg;
	for (;;) {
		switch (command_next(args, globals, &arg, err)) {
		case ARGS_END:
			return 0;
		case ARGS_BAD:
			return -1;
		case ARGS_OPERAND:
			if (selection_add(&conns->words, arg.value, err) < 0)
				return -1;
			break;
		case ARGS_OPTION:
			if (arg.def->id == CONNS_ALL)
				conns->all = true;
			else if (!command_report_option(&arg, &conns->report, &conns->asked))
				conns->words.family =
					arg.def->id == REQUEST_IPV6 ? FAMILY_IPV6 : FAMILY_IPV4;
			break;
		}
	}
}

static int run(const struct command *command, struct args *args, struct globals *globals,
	       struct err *err)
{
	struct conns conns = {.report = {.out = stdout, .headings = true, .title = "conns"}};
	int result = read_arguments(args, globals, &conns, err);
	if (result == 0 && globals->help)
		command_help_text(command, globals);
	else if (result == 0)
		result = show(&conns, err);
	selection_free(&conns.words);
	selectors_free(&conns.selectors);
	lookup_free(&conns.lookup);
	host_addresses_free(&conns.addresses);
	snapshot_free(&conns.snapshot);
	free(conns.selected);
	return result;
}

static const struct arg_def options[] = {
	{CONNS_ALL, 'a', "all", ARG_PLAIN, NULL, "those of other tools' translations too"},
	{0},
};

const struct command command_conns = {
	.name = "conns",
	.operands = "[OPTIONS] [SELECTOR...]",
	.summary = "show the connections that run through forwards",
	.options = {options, report_options, family_options},
	.columns = columns,
	.run = run,
};
