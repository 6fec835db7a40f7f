/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Networks and names of interfaces are nested or disjoint, so that the narrower one is what both
 * have in common. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "others/narrow.h"

void narrow_untold(struct other_rule *r, unsigned int more)
{
	r->untold = (uint8_t)(r->untold + more < UINT8_MAX ? r->untold + more : UINT8_MAX);
}

bool narrow_interface(char field[IFNAME_MAX], const char *name)
{
	switch (ifname_overlap(field, name)) {
	case OVERLAP_DISJOINT:
		return false;
	case OVERLAP_AROUND:
		memset(field, 0, IFNAME_MAX);
		memcpy(field, name, strnlen(name, IFNAME_MAX - 1));
		break;
	case OVERLAP_EQUAL:
	case OVERLAP_INSIDE:
	case OVERLAP_CROSS:
		break;
	}
	return true;
}

bool narrow_network(struct network *field, const struct network *net)
{
	enum overlap o = network_overlap(field, net);
	if (o == OVERLAP_AROUND)
		*field = *net;
	return o != OVERLAP_DISJOINT;
}

bool narrow_ports(struct ports *field, struct ports ports)
{
	if (ports.last == 0)
		return true;
	if (field->last == 0) {
		*field = ports;
		return true;
	}
	if (ports_overlap(*field, ports) == OVERLAP_DISJOINT)
		return false;
	field->first = field->first > ports.first ? field->first : ports.first;
	field->last = field->last < ports.last ? field->last : ports.last;
	return true;
}

bool narrow_proto(struct other_rule *r, unsigned int proto)
{
	if (proto == 0 || r->proto == proto)
		return true;
	if (r->proto)
		return false;
	r->proto = (enum proto)proto;
	return true;
}

bool narrow_family(struct other_rule *r, enum family family)
{
	if (family == FAMILY_NONE || r->family == family)
		return true;
	if (r->family)
		return false;
	r->family = family;
	return true;
}

void narrow_not_interface(char field[IFNAME_MAX], const char *name)
{
	if (!*field)
		memcpy(field, name, strnlen(name, IFNAME_MAX - 1));
}

void narrow_not_network(struct network *field, const struct network *net)
{
	if (!network_is_set(field))
		*field = *net;
}

/* A rule matches if one of the states is there, so two of them may have no state in common and
 * still meet: a new connection may be translated. */
static void ask_states(struct other_rule *r, const struct other_rule *more)
{
	if (!more->states || r->states == more->states)
		return;
	if (r->states && !(r->states & more->states)) {
		r->exact = false;
		r->vague = true;
		narrow_untold(r, 1);
		r->beyond = r->beyond ? r->beyond : more->beyond ? more->beyond : "--ctstate";
		return;
	}
	r->states = r->states ? r->states & more->states : more->states;
}

bool narrow_by(struct other_rule *r, const struct other_rule *more)
{
	ask_states(r, more);
	r->here = r->here || more->here;
	r->exact = r->exact && more->exact;
	r->vague = r->vague || more->vague;
	narrow_untold(r, more->untold);
	r->beyond = r->beyond ? r->beyond : more->beyond;
	if (*more->not_in)
		narrow_not_interface(r->not_in, more->not_in);
	if (network_is_set(&more->not_from))
		narrow_not_network(&r->not_from, &more->not_from);
	if (network_is_set(&more->not_dst))
		narrow_not_network(&r->not_dst, &more->not_dst);
	return narrow_family(r, more->family) && narrow_proto(r, more->proto) &&
	       narrow_interface(r->in, more->in) && narrow_interface(r->out, more->out) &&
	       narrow_network(&r->from, &more->from) && narrow_network(&r->dst, &more->dst) &&
	       narrow_ports(&r->ports, more->ports);
}

/* All of what a takes, b says must not be. */
static bool excludes(const struct other_rule *a, const struct other_rule *b)
{
	enum overlap in = ifname_overlap(a->in, b->not_in);
	enum overlap from = network_overlap(&a->from, &b->not_from);
	enum overlap dst = network_overlap(&a->dst, &b->not_dst);
	return (*b->not_in && (in == OVERLAP_EQUAL || in == OVERLAP_INSIDE)) ||
	       (network_is_set(&b->not_from) &&
		(from == OVERLAP_EQUAL || from == OVERLAP_INSIDE)) ||
	       (network_is_set(&b->not_dst) && (dst == OVERLAP_EQUAL || dst == OVERLAP_INSIDE));
}

bool narrow_meets(const struct other_rule *a, const struct other_rule *b)
{
	struct other_rule both = *a;
	return !excludes(a, b) && !excludes(b, a) && narrow_by(&both, b);
}

static void put_text(struct other_rules *texts, struct other_rule *r, const char *format,
		     va_list args) __attribute__((format(printf, 3, 0)));

static void put_text(struct other_rules *texts, struct other_rule *r, const char *format,
		     va_list args)
{
	char text[160];
	r->exact = false;
	narrow_untold(r, 1);
	if (r->beyond)
		return;
	vsnprintf(text, sizeof(text), format, args);
	r->beyond = other_rules_text(texts, text);
	/* out of memory: it is said all the same that there is more */
	r->beyond = r->beyond ? r->beyond : "...";
}

void narrow_beyond(struct other_rules *texts, struct other_rule *r, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	put_text(texts, r, format, args);
	va_end(args);
	r->vague = true;
}

void narrow_detail(struct other_rules *texts, struct other_rule *r, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	put_text(texts, r, format, args);
	va_end(args);
}
