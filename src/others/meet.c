/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules of one port are found by it; those of a range or of any port are looked through. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/rule_place.h"
#include "others/meet.h"
#include "others/narrow.h"
#include "others/row.h"
#include "syntax/spec.h"

static bool translates(const struct other_rule *r)
{
	return r->action == OTHER_DNAT || r->action == OTHER_REDIRECT || r->action == OTHER_BALANCE;
}

/* Of nf_tables it ends the chain that it is in, which is never pfwd's. */
static bool keeps(const struct other_rule *r)
{
	return r->action == OTHER_KEEP && strcmp(r->backend, "iptables") == 0;
}

static bool is_narrow(const struct other_rule *r)
{
	return r->ports.last && r->ports.first == r->ports.last;
}

static int compare_ports(const void *a, const void *b)
{
	const struct other_rule *x = *(const struct other_rule *const *)a;
	const struct other_rule *y = *(const struct other_rule *const *)b;
	if (x->ports.first != y->ports.first)
		return x->ports.first < y->ports.first ? -1 : 1;
	return x < y ? -1 : x > y;
}

int meets_make(const struct other_rules *rules, const struct addresses *here, struct meets *out,
	       struct err *err)
{
	*out = (struct meets){.here = here};
	if (rules->count == 0)
		return 0;
	out->narrow = calloc(rules->count, sizeof(*out->narrow));
	out->wide = calloc(rules->count, sizeof(*out->wide));
	if (!out->narrow || !out->wide) {
		meets_free(out);
		return err_memory(err);
	}
	for (size_t i = 0; i < rules->count; i++) {
		const struct other_rule *r = &rules->items[i];
		if (!translates(r) && !keeps(r))
			continue;
		if (is_narrow(r))
			out->narrow[out->narrow_count++] = r;
		else
			out->wide[out->wide_count++] = r;
	}
	qsort(out->narrow, out->narrow_count, sizeof(*out->narrow), compare_ports);
	return 0;
}

void meets_free(struct meets *meets)
{
	free(meets->narrow);
	free(meets->wide);
	*meets = (struct meets){0};
}

static bool any_in(const struct addresses *here, const struct network *net)
{
	for (size_t i = 0; i < here->count; i++)
		if (network_holds(net, &here->items[i]))
			return true;
	return here->count == 0; /* they are not known */
}

/* A forward without an address takes what is sent to one of this host. */
static bool share_destination(const struct other_rule *f, const struct other_rule *r,
			      const struct addresses *here)
{
	if (f->here && network_is_set(&r->dst))
		return any_in(here, &r->dst);
	if (r->here && network_is_set(&f->dst))
		return any_in(here, &f->dst);
	return true;
}

static enum meet_order order_of(const struct other_rule *r, const char *backend)
{
	bool legacy = strcmp(backend, "iptables") == 0;
	int own = legacy ? SHADOW_LEGACY : SHADOW_NFT;
	if (r->priority != own)
		return r->priority < own ? MEET_BEFORE : MEET_BEHIND;
	if (strcmp(r->backend, backend) != 0)
		return MEET_UNKNOWN;
	return r->before_own ? MEET_BEFORE : MEET_BEHIND;
}

static int weight(const struct meeting *m)
{
	return 2 * (int)m->order + !m->all;
}

static void take(const struct meets *m, const struct other_rule *f, const struct other_rule *r,
		 struct meeting *out)
{
	/* one that may ask for more than is known is passed over: a warning has to be true */
	if (r->hook != OTHER_PREROUTING || r->vague || !narrow_meets(f, r) ||
	    !share_destination(f, r, m->here))
		return;
	const struct meeting one = {r, order_of(r, f->backend), shadow_holds(r, f, m->here)};
	/* it is an owner's business to spare some of the packets */
	if (keeps(r) && !(one.all && one.order == MEET_BEFORE))
		return;
	if (!out->rule || weight(&one) < weight(out))
		*out = one;
}

/* The index of the first of these rules whose port is not below that one. */
static size_t first_narrow(const struct meets *m, uint16_t port)
{
	size_t low = 0, high = m->narrow_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (m->narrow[middle]->ports.first < port)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct meeting meets_find(const struct meets *m, const struct forward *f, const char *backend)
{
	struct other_rule own = shadow_rule_of(f, false, backend);
	struct meeting found = {0};
	for (size_t low = first_narrow(m, f->ports.first);
	     low < m->narrow_count && m->narrow[low]->ports.first <= f->ports.last; low++)
		take(m, &own, m->narrow[low], &found);
	for (size_t i = 0; i < m->wide_count; i++)
		take(m, &own, m->wide[i], &found);
	return found;
}

/* ---- connections ---- */

static bool is_here(const struct meets *m, const struct address *addr)
{
	return m->here->count == 0 || addresses_hold(m->here, addr);
}

static bool takes(const struct meets *m, const struct other_rule *r, const struct meet_flow *c)
{
	return !keeps(r) && (!r->family || r->family == c->via.family) &&
	       (!r->proto || r->proto == c->proto) &&
	       (!r->ports.last || ports_hold(r->ports, c->via_port)) &&
	       network_holds(&r->dst, &c->via) && network_holds(&r->from, &c->client) &&
	       (!network_is_set(&r->not_dst) || !network_holds(&r->not_dst, &c->via)) &&
	       (!network_is_set(&r->not_from) || !network_holds(&r->not_from, &c->client)) &&
	       (!r->here || is_here(m, &c->via));
}

static bool sends(const struct meets *m, const struct other_rule *r, const struct meet_flow *c)
{
	const struct address *last = address_is_set(&r->to_last) ? &r->to_last : &r->to;
	if (r->action == OTHER_REDIRECT && !is_here(m, &c->target))
		return false;
	if (address_is_set(&r->to) &&
	    (address_compare(&c->target, &r->to) < 0 || address_compare(&c->target, last) > 0))
		return false;
	return r->to_ports.last ? ports_hold(r->to_ports, c->target_port)
				: c->target_port == c->via_port;
}

const struct other_rule *meets_whose(const struct meets *m, const struct meet_flow *flow)
{
	const struct other_rule *found = NULL;
	for (size_t i = first_narrow(m, flow->via_port);
	     i < m->narrow_count && m->narrow[i]->ports.first == flow->via_port; i++) {
		const struct other_rule *r = m->narrow[i];
		if ((!found || r < found) && takes(m, r, flow) && sends(m, r, flow))
			found = r;
	}
	for (size_t i = 0; i < m->wide_count; i++) {
		const struct other_rule *r = m->wide[i];
		if ((!found || r < found) && takes(m, r, flow) && sends(m, r, flow))
			found = r;
	}
	return found;
}

/* ---- words ---- */

void meet_format(const struct other_rule *r, char out[MEET_TEXT_MAX])
{
	const struct other_row row = other_row_of(r);
	const struct rule_place place = {.table = r->table,
					 .chain = r->chain,
					 .family = r->table_family,
					 .legacy = strcmp(r->backend, "iptables") == 0};
	char spec[SPEC_TEXT_MAX] = "such packets", target[OTHER_TARGET_MAX];
	char where[RULE_PLACE_TEXT_MAX];
	rule_place_format_chain(&place, where);
	if (row.spec)
		spec_format(&row.f, spec);
	other_row_target(&row, target);
	if (keeps(r))
		snprintf(out, MEET_TEXT_MAX, "%.40s%s%s leaves %s untranslated", r->owner,
			 *r->owner ? "'s " : "", where, spec);
	else
		snprintf(out, MEET_TEXT_MAX, "%.40s%s%s sends %s to %s", r->owner,
			 *r->owner ? "'s " : "", where, spec, target);
}
