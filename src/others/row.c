/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A rule of others is mostly more or less than a forward: what is left over goes into OPTIONS. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/hash.h"
#include "others/row.h"
#include "syntax/spec.h"

static bool is_listed(const struct other_rule *r)
{
	switch (r->action) {
	case OTHER_DNAT:
	case OTHER_REDIRECT:
	case OTHER_TPROXY:
	case OTHER_BALANCE:
		return true;
	case OTHER_ACCEPT:
	case OTHER_SNAT:
	case OTHER_MASQUERADE:
	case OTHER_KEEP:
		break;
	}
	return false;
}

static struct ports own_ports(const struct other_rule *r)
{
	static const struct ports all = {1, UINT16_MAX};
	return r->ports.last ? r->ports : all;
}

static bool ports_stay(const struct other_rule *r)
{
	struct ports own = own_ports(r);
	return r->to_ports.last == 0 ||
	       (!r->to_base && own.first >= r->to_ports.first && own.last <= r->to_ports.last);
}

/* Whether the kernel picks one of several ports. */
static bool picks_port(const struct other_rule *r)
{
	return !ports_stay(r) && !r->to_base && r->to_ports.first != r->to_ports.last;
}

static struct ports target_ports(const struct other_rule *r)
{
	struct ports own = own_ports(r);
	if (ports_stay(r))
		return own;
	if (!r->to_base)
		return r->to_ports;
	uint16_t first = (uint16_t)(r->to_ports.first + (own.first - r->to_base));
	return (struct ports){first, (uint16_t)(first + (own.last - own.first))};
}

struct other_row other_row_of(const struct other_rule *r)
{
	struct other_row row = {.rule = r,
				.f = {.family = r->family,
				      .proto = r->proto,
				      .from = r->from,
				      .target = r->to,
				      .ports = own_ports(r),
				      .target_ports = target_ports(r)}};
	bool address = !network_is_set(&r->dst) || network_is_host(&r->dst);
	if (address)
		row.f.addr = r->dst.addr;
	memcpy(row.f.ifname, r->in, sizeof(row.f.ifname));
	row.spec = address && proto_is_known(r->proto) && !*r->out &&
		   (!*r->in || ifname_is_sayable(r->in));
	return row;
}

/* ---- what comes in, and what programs here send ---- */

static uint64_t hash_row(const struct other_row *row)
{
	const struct other_rule *r = row->rule;
	uint64_t hash = hash_word(r->handle, (uint64_t)r->ports.first << 16 | r->ports.last);
	hash = hash_bytes(hash, &r->from, sizeof(r->from));
	hash = hash_bytes(hash, &r->to, sizeof(r->to));
	return hash_word(hash, (uintptr_t)r->chain);
}

/* The same rule, reached from two base chains. */
static bool is_same(const struct other_rule *a, const struct other_rule *b)
{
	return a->handle == b->handle && a->chain == b->chain && a->table == b->table &&
	       a->table_family == b->table_family && a->backend == b->backend &&
	       a->action == b->action && a->proto == b->proto && a->family == b->family &&
	       ports_equal(a->ports, b->ports) && ports_equal(a->to_ports, b->to_ports) &&
	       address_equal(&a->to, &b->to) && memcmp(&a->from, &b->from, sizeof(a->from)) == 0 &&
	       (memcmp(&a->dst, &b->dst, sizeof(a->dst)) == 0 || a->here || b->here);
}

/* The row for incoming packets to which this one is added; NULL: none. */
static struct other_row *join_row(const struct hash_table *rows, const struct other_row *row,
				  struct other_row *items)
{
	const struct other_row *other;
	size_t at = 0;
	if (row->rule->hook != OTHER_OUTPUT)
		return NULL;
	while ((other = hash_table_next(rows, hash_row(row), &at)))
		if (!other->local && is_same(other->rule, row->rule)) {
			items[other - items].local = true;
			return &items[other - items];
		}
	return NULL;
}

int other_rows_make(const struct other_rules *rules, struct other_rows *out, struct err *err)
{
	struct hash_table table;
	*out = (struct other_rows){0};
	if (rules->count == 0)
		return 0;
	out->items = calloc(rules->count, sizeof(*out->items));
	out->of_rule = calloc(rules->count, sizeof(*out->of_rule));
	if (!out->items || !out->of_rule || hash_table_init(&table, rules->count, err) < 0) {
		other_rows_free(out);
		return err_memory(err);
	}
	/* what comes in stands before what programs here send, in each backend */
	for (size_t i = 0; i < rules->count; i++) {
		struct other_row row = other_row_of(&rules->items[i]), *joined;
		out->of_rule[i] = UINT32_MAX;
		if (!is_listed(row.rule))
			continue;
		joined = join_row(&table, &row, out->items);
		if (!joined) {
			joined = &out->items[out->count++];
			*joined = row;
			if (row.rule->hook == OTHER_PREROUTING)
				hash_table_add(&table, hash_row(&row), joined);
		}
		out->of_rule[i] = (uint32_t)(joined - out->items);
	}
	hash_table_free(&table);
	return 0;
}

void other_rows_free(struct other_rows *rows)
{
	free(rows->items);
	free(rows->of_rule);
	*rows = (struct other_rows){0};
}

/* ---- the same rows, read again ---- */

/* Of what other_rule_equal compares; addresses of texts are other ones in another set. */
static uint64_t hash_again(const struct other_row *row)
{
	const struct other_rule *r = row->rule;
	uint64_t hash = hash_word(0, (uint64_t)r->ports.first << 16 | r->ports.last);
	hash = hash_word(hash, (uint64_t)r->hook << 8 | r->proto);
	hash = hash_bytes(hash, &r->from, sizeof(r->from));
	hash = hash_bytes(hash, &r->dst, sizeof(r->dst));
	hash = hash_bytes(hash, &r->to, sizeof(r->to));
	return hash_text(hash_text(hash, r->chain), r->comment);
}

int other_rows_find(const struct other_rows *before, const struct other_rows *after, uint32_t *to,
		    struct err *err)
{
	struct hash_table table;
	if (hash_table_init(&table, after->count, err) < 0)
		return -1;
	for (size_t i = 0; i < after->count; i++)
		hash_table_add(&table, hash_again(&after->items[i]), &after->items[i]);
	for (size_t i = 0; i < before->count; i++) {
		const struct other_row *row = &before->items[i], *found;
		size_t at = 0;
		do {
			found = hash_table_next(&table, hash_again(row), &at);
		} while (found && !other_rule_equal(found->rule, row->rule));
		to[i] = found ? (uint32_t)(found - after->items) : UINT32_MAX;
	}
	hash_table_free(&table);
	return 0;
}

/* ---- columns ---- */

void other_row_target(const struct other_row *row, char out[OTHER_TARGET_MAX])
{
	const struct other_rule *r = row->rule;
	char first[ADDRESS_TEXT_MAX] = "", last[ADDRESS_TEXT_MAX + 1] = "",
	     ports[PORTS_TEXT_MAX + 1] = "";
	if (address_is_set(&r->to))
		address_format_bracketed(&r->to, first);
	if (address_is_set(&r->to_last)) {
		*last = '-';
		address_format_bracketed(&r->to_last, last + 1);
	}
	/* without ports of its own or others, all stay */
	if (r->ports.last || r->to_ports.last) {
		*ports = ':';
		ports_put(ports + 1, row->f.target_ports);
	}
	snprintf(out, OTHER_TARGET_MAX, "%s%s%s", first, last, ports);
}

static char *add_option(char *end, const char *start, const char *option, const char *value)
{
	size_t room = OTHER_OPTIONS_MAX - (size_t)(end - start);
	int n = snprintf(end, room, "%s%s%s%s", end > start ? " " : "", option, *value ? " " : "",
			 value);
	return n < 0 || (size_t)n >= room ? end + strlen(end) : end + n;
}

static char *add_network(char *end, const char *start, const char *option,
			 const struct network *net)
{
	char text[NETWORK_TEXT_MAX];
	network_format(net, text);
	return add_option(end, start, option, text);
}

/* What FORWARD would say. */
static char *add_spec(char *end, const char *start, const struct other_rule *r)
{
	char text[16];
	if (*r->in)
		end = add_option(end, start, "-i", r->in);
	if (*r->out)
		end = add_option(end, start, "-o", r->out);
	if (network_is_set(&r->dst))
		end = add_network(end, start, "-d", &r->dst);
	if (proto_is_known(r->proto))
		end = add_option(end, start, "-p", proto_name(r->proto));
	if (r->ports.last) {
		ports_put(text, r->ports);
		end = add_option(end, start, "--dport", text);
	}
	return end;
}

void other_row_options(const struct other_row *row, char out[OTHER_OPTIONS_MAX])
{
	const struct other_rule *r = row->rule;
	char *end = out;
	*out = '\0';
	if (!row->spec)
		end = add_spec(end, out, r);
	if (network_is_set(&r->from))
		end = add_network(end, out, "--from", &r->from);
	if (row->local)
		end = add_option(end, out, "--local", "");
	else if (r->hook == OTHER_OUTPUT)
		end = add_option(end, out, "output", "");
	if (r->action == OTHER_TPROXY || r->action == OTHER_BALANCE)
		end = add_option(end, out, r->action == OTHER_TPROXY ? "tproxy" : "balance", "");
	if (picks_port(r))
		end = add_option(end, out, "one of the ports", "");
	if (r->beyond)
		add_option(end, out, r->beyond, "");
}
