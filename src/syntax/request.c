/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options and operands of a forward, and their product: the forwards. */
#include <stdlib.h>
#include <string.h>

#include "syntax/request.h"

const struct arg_def request_options[] = {
	{REQUEST_NAME, 0, "name", ARG_VALUE, "NAME", "a label; forwards may share one"},
	{REQUEST_FROM, 0, "from", ARG_VALUE, "CIDR[,CIDR...]", "only clients of these networks"},
	{REQUEST_MASQUERADE, 0, "masquerade", ARG_PLAIN, NULL,
	 "the target sees this host as the client"},
	{REQUEST_SNAT, 0, "snat", ARG_VALUE, "ADDR", "the target sees ADDR as the client"},
	{REQUEST_HAIRPIN, 0, "hairpin", ARG_OPTIONAL, "CIDR",
	 "clients on the target's own network may use it too"},
	{REQUEST_LOCAL, 0, "local", ARG_PLAIN, NULL, "programs on this host may use it too"},
	{REQUEST_UNTIL, 0, "until", ARG_VALUE, "TIME",
	 "the kernel stops matching then: 2026-12-01T18:00"},
	{REQUEST_IPV4, '4', NULL, ARG_PLAIN, NULL, "IPv4, where SPEC and TARGET leave it open"},
	{REQUEST_IPV6, '6', NULL, ARG_PLAIN, NULL, "IPv6, where SPEC and TARGET leave it open"},
	{0},
};

static int set_snat(struct forward *f, const char *text, struct err *err)
{
	if (address_parse(text, &f->snat) < 0)
		return err_set(err, ERR_INPUT,
			       "--snat '%s' is not an address; 192.168.1.1 or 2001:db8::1 would be",
			       quote(text).text);
	return 0;
}

static int set_hairpin(struct forward *f, const char *text, struct err *err)
{
	enum family family;
	f->hairpin = true;
	f->hairpin_net = (struct network){0};
	if (!text)
		return 0;
	if (spec_parse_network(text, "--hairpin", &f->hairpin_net, &family, err) < 0)
		return -1;
	if (!network_is_set(&f->hairpin_net))
		return err_set(err, ERR_INPUT,
			       "--hairpin '%s' would let every network in; give the target's own, "
			       "192.168.1.0/24 for example",
			       quote(text).text);
	return 0;
}

int request_set_option(struct request *request, const struct arg *arg, struct err *err)
{
	struct forward *f = &request->common;
	switch ((enum request_option)arg->def->id) {
	case REQUEST_NAME:
		return spec_parse_name(arg->value, f->name, err);
	case REQUEST_FROM:
		request->from = arg->value;
		return 0;
	case REQUEST_MASQUERADE:
		f->masquerade = true;
		return 0;
	case REQUEST_SNAT:
		return set_snat(f, arg->value, err);
	case REQUEST_HAIRPIN:
		return set_hairpin(f, arg->value, err);
	case REQUEST_LOCAL:
		f->local = true;
		return 0;
	case REQUEST_UNTIL:
		request->duration = NULL;
		return spec_parse_time(arg->value, &f->until, err);
	case REQUEST_FOR:
		f->until = 0;
		request->duration = arg->value;
		return 0;
	case REQUEST_IPV4:
		request->family = FAMILY_IPV4;
		return 0;
	case REQUEST_IPV6:
		request->family = FAMILY_IPV6;
		return 0;
	case REQUEST_OPTIONS_END:
		break;
	}
	return 0;
}

int request_set_operand(struct request *request, const char *word, struct err *err)
{
	if (!request->spec)
		request->spec = word;
	else if (!request->target)
		request->target = word;
	else
		return err_set(err, ERR_INPUT, "'%s' is one operand too many after SPEC and TARGET",
			       quote(word).text);
	return 0;
}

static int choose_family(const struct request *request, const struct spec *spec,
			 const struct target *target, struct forward *f, struct err *err)
{
	uint8_t family = target->addr.family ? target->addr.family : spec->family;
	uint8_t asked = (uint8_t)request->family;
	if (!family)
		family = asked ? asked : FAMILY_IPV4;
	if (asked && asked != family)
		return err_set(err, ERR_INPUT, "-%u was asked for, but '%s' is %s", asked,
			       quote(target->addr.family ? request->target : request->spec).text,
			       family_name((enum family)family));
	if (spec->family && spec->family != family)
		return err_set(err, ERR_INPUT,
			       "'%s' is %s and '%s' is %s; the kernel cannot translate between "
			       "families",
			       quote(request->spec).text, family_name((enum family)spec->family),
			       quote(request->target).text, family_name((enum family)family));
	f->family = family;
	return 0;
}

static int set_until(const struct request *request, int64_t now, struct forward *f, struct err *err)
{
	int64_t seconds;
	if (!request->duration)
		return 0;
	if (spec_parse_duration(request->duration, &seconds, err) < 0)
		return -1;
	f->until = now + seconds;
	if (f->until > FORWARD_UNTIL_MAX)
		return err_set(err, ERR_INPUT,
			       "--for %s ends later than 2038-01-19T03:14:06Z, the last time that "
			       "iptables can read; leave it out for a forward without end",
			       quote(request->duration).text);
	return 0;
}

static int parse(const struct request *request, spec_services *services, int64_t now,
		 struct spec *spec, struct forward *f, struct err *err)
{
	struct target target;
	if (!request->spec || !request->target)
		return err_set(
			err, ERR_INPUT,
			"%s is missing; SPEC and TARGET are needed, eth0:80 192.168.1.2:8080 "
			"for example",
			request->spec ? "TARGET" : "SPEC");
	if (spec_parse(request->spec, services, spec, err) < 0 ||
	    spec_parse_target(request->target, spec->protos, services, &target, err) < 0)
		return -1;
	*f = request->common;
	memcpy(f->ifname, spec->ifname, sizeof(f->ifname));
	f->addr = spec->addr;
	f->ports = spec->ports;
	f->target = target.addr;
	f->target_ports = target.ports.first ? target.ports : spec->ports;
	if (choose_family(request, spec, &target, f, err) < 0)
		return -1;
	return set_until(request, now, f, err);
}

/* One forward a protocol, for one client network. */
static int add_protocols(const struct spec *spec, struct forward *f, struct forwards *out,
			 struct err *err)
{
	for (size_t i = 0; i < SPEC_PROTOS_MAX && spec->protos[i]; i++) {
		f->proto = spec->protos[i];
		if (forward_check(f, err) < 0 || forwards_add(out, f, err) < 0)
			return -1;
	}
	return 0;
}

static int add_network(const struct spec *spec, struct forward *f, const char *text,
		       struct forwards *out, struct err *err)
{
	enum family family;
	if (spec_parse_network(text, "--from", &f->from, &family, err) < 0)
		return -1;
	if (family != f->family)
		return err_set(err, ERR_INPUT, "--from '%s' is %s, and the forward is %s",
			       quote(text).text, family_name(family),
			       family_name((enum family)f->family));
	return add_protocols(spec, f, out, err);
}

static int add_networks(const struct spec *spec, struct forward *f, const char *list,
			struct forwards *out, struct err *err)
{
	char *copy = strdup(list), *rest = copy, *word;
	int result = 0;
	if (!copy)
		return err_memory(err);
	while (result == 0 && (word = strsep(&rest, ",")))
		result = add_network(spec, f, word, out, err);
	free(copy);
	return result;
}

int request_forwards(const struct request *request, spec_services *services, int64_t now,
		     struct forwards *out, struct err *err)
{
	struct spec spec;
	struct forward f;
	size_t before = out->count;
	if (parse(request, services, now, &spec, &f, err) < 0)
		return -1;
	int result = request->from ? add_networks(&spec, &f, request->from, out, err)
				   : add_protocols(&spec, &f, out, err);
	if (result < 0)
		out->count = before;
	return result;
}

#define COMMENT_WORDS_MAX 8

/* Words of the comment into the request; the canonical form is checked by the caller. */
static int scan_comment(char *text, struct request *request)
{
	const char *words[COMMENT_WORDS_MAX];
	struct args args = {.words = words, .tables = {request_options}, .manual = ""};
	struct err ignored;
	struct arg arg;
	char *rest = text, *word;
	while ((word = strsep(&rest, " "))) {
		if (args.count == COMMENT_WORDS_MAX)
			return -1;
		words[args.count++] = word;
	}
	for (;;) {
		enum args_kind kind = args_next(&args, &arg, &ignored);
		if (kind == ARGS_END)
			return 0;
		if (kind != ARGS_OPTION || request_set_option(request, &arg, &ignored) < 0)
			return -1;
	}
}

int request_read_comment(const char *comment, struct forward *f)
{
	char copy[SPEC_OPTIONS_MAX], again[SPEC_OPTIONS_MAX];
	struct request request = {.common = *f};
	if (!*comment || strlen(comment) >= sizeof(copy))
		return -1;
	strcpy(copy, comment);
	if (scan_comment(copy, &request) < 0)
		return -1;
	spec_format_options(&request.common, SPEC_COMMENT_ALONE, again);
	if (strcmp(again, comment) != 0)
		return -1;
	*f = request.common;
	return 0;
}
