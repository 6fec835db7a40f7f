/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A getter for each column. */
#include <string.h>

#include "commands/conns_rows.h"
#include "syntax/time.h"

/* ---- of a connection ---- */

static const struct connection *connection(const void *row)
{
	return ((const struct conns_row *)row)->c;
}

static bool put_endpoint(char cell[REPORT_CELL_MAX], const struct connection *c,
			 const struct endpoint *e)
{
	char addr[ADDRESS_TEXT_MAX];
	address_format_bracketed(&e->addr, addr);
	char *end = stpcpy(cell, addr);
	return !connection_has_ports(c) || report_put_number(stpcpy(end, ":"), e->port);
}

static bool get_forward(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct conns_row *r = row;
	if (r->other)
		return overview_put_forward(r->other, cell);
	return r->f && report_put(cell, r->spec);
}

static bool get_name(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct conns_row *r = row;
	if (r->other)
		return overview_put_name(r->other, cell);
	return r->f && report_put(cell, r->f->name);
}

static bool get_proto(const void *row, char cell[REPORT_CELL_MAX])
{
	uint8_t proto = connection(row)->proto;
	if (proto_is_known(proto))
		return report_put(cell, proto_name(proto));
	return report_put_number(cell, proto);
}

static bool get_client(const void *row, char cell[REPORT_CELL_MAX])
{
	return put_endpoint(cell, connection(row), &connection(row)->client);
}

static bool get_via(const void *row, char cell[REPORT_CELL_MAX])
{
	return put_endpoint(cell, connection(row), &connection(row)->via);
}

static bool get_target(const void *row, char cell[REPORT_CELL_MAX])
{
	return put_endpoint(cell, connection(row), &connection(row)->target);
}

static bool get_state(const void *row, char cell[REPORT_CELL_MAX])
{
	const char *state = connection(row)->state;
	return state && report_put(cell, state);
}

static bool get_timeout(const void *row, char cell[REPORT_CELL_MAX])
{
	return connection(row)->timed && report_put_number(cell, connection(row)->timeout);
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
		time_format((int64_t)(start / 1000000000), cell);
	return start != 0;
}

static bool get_owner(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct conns_row *r = row;
	if (r->other)
		return overview_put_owner(r->other, cell);
	return r->f && report_put(cell, "pfwd");
}

static bool get_event(const void *row, char cell[REPORT_CELL_MAX])
{
	switch (connection(row)->event) {
	case CONNECTION_NEW:
		return report_put(cell, "new");
	case CONNECTION_UPDATE:
		return report_put(cell, "update");
	case CONNECTION_DESTROY:
		return report_put(cell, "destroy");
	case CONNECTION_THERE:
		break;
	}
	return false;
}

static bool get_family(const void *row, char cell[REPORT_CELL_MAX])
{
	return report_put(cell, family_name(connection(row)->family));
}

const struct report_column conns_columns[] = {
	{"FORWARD", "the forward, or with -a another rule, that translates it", REPORT_TEXT,
	 get_forward},
	{"PROTO", "tcp, udp or sctp; with -a also the number of another", REPORT_TEXT, get_proto},
	{"CLIENT", "the original source", REPORT_TEXT, get_client},
	{"VIA", "the original destination", REPORT_TEXT, get_via},
	{"TARGET", "the source of the replies", REPORT_TEXT, get_target},
	{"STATE", "its state in conntrack", REPORT_TEXT, get_state},
	{"TIMEOUT", "seconds until conntrack forgets it", REPORT_NUMBER, get_timeout},
	{"PACKETS-IN", "packets from the client", REPORT_NUMBER, get_packets_in},
	{"PACKETS-OUT", "packets to the client", REPORT_NUMBER, get_packets_out},
	{"BYTES-IN", "bytes from the client", REPORT_BYTES, get_bytes_in},
	{"BYTES-OUT", "bytes to the client", REPORT_BYTES, get_bytes_out},
	{"MARK", "its mark in conntrack", REPORT_NUMBER, get_mark},
	{"SECCTX", "its security context", REPORT_TEXT, get_secctx},
	{"USE", "references to its entry in the kernel", REPORT_NUMBER, get_use},
	{"ASSURED", "true if it survives a full conntrack table", REPORT_FLAG, get_assured},
	{"REPLIED", "true if the target has answered", REPORT_FLAG, get_replied},
	{"ID", "its number in conntrack", REPORT_NUMBER, get_id},
	{"START", "when it began (net.netfilter.nf_conntrack_timestamp)", REPORT_TEXT, get_start},
	{"NAME", "the label of the forward", REPORT_TEXT, get_name},
	{"FAMILY", "IPv4 or IPv6", REPORT_TEXT, get_family},
	{"OWNER", "with -a: the program that translates it, or the table and chain of the rule",
	 REPORT_TEXT, get_owner},
	{"EVENT", "new, update or destroy (with -f)", REPORT_TEXT, get_event},
	{0},
};

/* ---- of a forward ---- */

static bool get_count_forward(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct conns_count *r = row;
	if (r->other)
		return overview_put_forward(r->other, cell);
	if (r->f)
		spec_format(r->f, cell);
	return r->f;
}

static bool get_count_name(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct conns_count *r = row;
	if (r->other)
		return overview_put_name(r->other, cell);
	return r->f && report_put(cell, r->f->name);
}

static bool get_count_conns(const void *row, char cell[REPORT_CELL_MAX])
{
	return report_put_number(cell, ((const struct conns_count *)row)->sum.conns);
}

static bool get_count_packets(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct conns_count *r = row;
	return r->counted && report_put_number(cell, r->sum.packets_in + r->sum.packets_out);
}

static bool get_count_bytes(const void *row, char cell[REPORT_CELL_MAX])
{
	const struct conns_count *r = row;
	return r->counted && report_put_number(cell, r->sum.bytes_in + r->sum.bytes_out);
}

const struct report_column conns_count_columns[] = {
	{"FORWARD", "where connections arrive", REPORT_TEXT, get_count_forward},
	{"NAME", "the label of the forward", REPORT_TEXT, get_count_name},
	{"CONNS", "connections there are now", REPORT_NUMBER, get_count_conns},
	{"PACKETS", "their packets, both ways", REPORT_NUMBER, get_count_packets},
	{"BYTES", "their bytes, both ways", REPORT_BYTES, get_count_bytes},
	{0},
};
