/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options and operands of a forward, and their product: the forwards. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "syntax/from.h"
#include "syntax/request.h"
#include "syntax/time.h"

/* ---- options ---- */

static int set_name(void *into, const char *value, struct err *err)
{
	struct request *request = into;
	return spec_parse_name(value, request->common.name, err);
}

static int set_snat(void *into, const char *value, struct err *err)
{
	struct request *request = into;
	if (address_parse(value, &request->common.snat) < 0)
		return err_set(
			err, ERR_INPUT,
			"--snat '%s' is not an address; write one as 192.168.1.1 or 2001:db8::1",
			quote(value).text);
	return 0;
}

static int read_hairpins(const char *text, const struct networks **out, struct err *err)
{
	struct network networks[NETWORKS_MAX];
	size_t count = 0;
	for (const char *at = text, *end; at; at = *end ? end + 1 : NULL) {
		char word[NETWORK_TEXT_MAX];
		end = strchrnul(at, ',');
		snprintf(word, sizeof(word), "%.*s", (int)(end - at), at);
		if (count == NETWORKS_MAX)
			return err_set(err, ERR_INPUT,
				       "--hairpin has more than %d networks; give larger ones",
				       NETWORKS_MAX);
		if (!spec_parse_network(word, "--hairpin", &networks[count], err))
			return -1;
		if (!network_is_set(&networks[count++]))
			return err_set(err, ERR_INPUT,
				       "--hairpin '%s' would let every network in; give the "
				       "target's own, 192.168.1.0/24 for example",
				       quote(word).text);
	}
	*out = networks_of(networks, count);
	return *out ? 0 : err_memory(err);
}

static int set_hairpin(void *into, const char *value, struct err *err)
{
	struct request *request = into;
	request->common.hairpin = true;
	request->common.hairpin_nets = NULL;
	request->hairpin_ended = !value;
	request->behind_hairpin = NULL;
	return value ? read_hairpins(value, &request->common.hairpin_nets, err) : 0;
}

static int set_until(void *into, const char *value, struct err *err)
{
	struct request *request = into;
	(void)err;
	request->until = value;
	request->duration = NULL;
	return 0;
}

int request_set_duration(void *into, const char *value, struct err *err)
{
	struct request *request = into;
	(void)err;
	request->duration = value;
	request->until = NULL;
	return 0;
}

static int set_ipv4(void *into, const char *value, struct err *err)
{
	struct request *request = into;
	(void)value;
	(void)err;
	request->family = FAMILY_IPV4;
	return 0;
}

static int set_ipv6(void *into, const char *value, struct err *err)
{
	struct request *request = into;
	(void)value;
	(void)err;
	request->family = FAMILY_IPV6;
	return 0;
}

const struct arg_def request_options[] = {
	{0, "name", ARG_VALUE, "NAME", "a label; forwards may share one", .set = set_name},
	{0, "from", ARG_VALUE, "CIDR[,CIDR...]",
	 "only clients of these networks, or of those in a file: @FILE",
	 offsetof(struct request, from), NULL},
	{0, "masquerade", ARG_PLAIN, NULL, "the target sees this host as the client",
	 offsetof(struct request, common.masquerade), NULL},
	{0, "snat", ARG_VALUE, "ADDR", "the target sees ADDR as the client", .set = set_snat},
	{0, "hairpin", ARG_OPTIONAL, "CIDR,...",
	 "clients on the target's own network, or on these, may use it too", .set = set_hairpin},
	{0, "local", ARG_PLAIN, NULL, "programs on this host may use it too",
	 offsetof(struct request, common.local), NULL},
	{0, "until", ARG_VALUE, "TIME", "the kernel stops matching then: 2026-12-01T18:00",
	 .set = set_until},
	{'4', NULL, ARG_PLAIN, NULL, "IPv4, where SPEC and TARGET leave it open", .set = set_ipv4},
	{'6', NULL, ARG_PLAIN, NULL, "IPv6, where SPEC and TARGET leave it open", .set = set_ipv6},
	{0},
};

/* ---- forwards ---- */

/* --hairpin 192.168.1.0/24 leaves an operand too many: the network belongs behind an equals sign.
 */
static int refuse_operand(const struct request *request, const char *word, struct err *err)
{
	struct network net;
	enum family family;
	const char *behind = request->behind_hairpin;
	if (!behind || network_parse(behind, &net, &family) < 0)
		return err_set(err, ERR_INPUT, "too many arguments: '%s' follows SPEC and TARGET",
			       quote(word).text);
	const char *length = strchr(behind, '/') ? "" : family == FAMILY_IPV6 ? "/64" : "/24";
	return err_set(err, ERR_INPUT,
		       "--hairpin takes its network behind an equals sign; write --hairpin=%s%s "
		       "instead of --hairpin %s",
		       behind, length, behind);
}

int request_set_operand(struct request *request, const char *word, struct err *err)
{
	if (request->hairpin_ended)
		request->behind_hairpin = word;
	request->hairpin_ended = false;
	if (!request->spec)
		request->spec = word;
	else if (!request->target)
		request->target = word;
	else
		return refuse_operand(request, word, err);
	return 0;
}

struct draft { /* of the forwards that a request means */
	const struct request *request;
	const struct spec_host *host;
	struct spec spec;
	struct target target;
	struct forward f; /* what all of them share; proto and from are those of one */
};

static int choose_family(struct draft *d, struct err *err)
{
	const struct request *request = d->request;
	enum family family = d->target.addr.family ? d->target.addr.family : d->spec.family;
	enum family asked = request->family;
	if (!family)
		family = asked ? asked : FAMILY_IPV4;
	if (asked && asked != family)
		return err_set(err, ERR_INPUT, "-%d was asked for, but '%s' is %s", (int)asked,
			       quote(d->target.addr.family ? request->target : request->spec).text,
			       family_name(family));
	if (d->spec.family && d->spec.family != family)
		return err_set(err, ERR_INPUT,
			       "'%s' is %s and '%s' is %s; the kernel cannot translate between "
			       "families",
			       quote(request->spec).text, family_name(d->spec.family),
			       quote(request->target).text, family_name(family));
	d->f.family = family;
	return 0;
}

/* --until, or the end that --for means. */
static int find_end(struct draft *d, struct err *err)
{
	const struct request *request = d->request;
	int64_t seconds;
	if (request->until)
		return time_parse(request->until, d->host, &d->f.until, err);
	if (!request->duration)
		return 0;
	if (time_parse_duration(request->duration, &seconds, err) < 0)
		return -1;
	d->f.until = d->host->now + seconds;
	if (d->f.until > FORWARD_UNTIL_MAX)
		return err_set(err, ERR_INPUT,
			       "--for %s ends later than 2038-01-19T03:14:06Z, the last time that "
			       "iptables can read; leave it out for a forward without end",
			       quote(request->duration).text);
	return 0;
}

/* 8080:80 and 8000:8010 are what other tools call a port with its target's, and a range. */
static int refuse_digits(const char *text, const struct spec *spec, struct err *err)
{
	const char *name = spec->ifname;
	char ports[PORTS_TEXT_MAX];
	ports_put(ports, spec->ports);
	if (ports_count(spec->ports) == 1 && strtoul(name, NULL, 10) < spec->ports.first)
		return err_set(err, ERR_INPUT,
			       "'%s': no interface is called %s; for the ports %s to %s write "
			       ":%s-%s, and to send port %s to port %s write :%s as SPEC and "
			       "ADDR:%s as TARGET",
			       quote(text).text, name, name, ports, name, ports, name, ports, name,
			       ports);
	return err_set(err, ERR_INPUT,
		       "'%s': no interface is called %s; to send port %s to port %s write :%s as "
		       "SPEC and ADDR:%s as TARGET",
		       quote(text).text, name, name, ports, name, ports);
}

/* An IF that no packet comes in on, or that is most likely meant as something else. */
static int check_interface(const struct draft *d, struct err *err)
{
	const char *text = d->request->spec, *name = d->spec.ifname;
	bool digits = *name && name[strspn(name, "0123456789")] == '\0';
	bool all = strcmp(name, "any") == 0 || strcmp(name, "all") == 0;
	if (strcmp(name, "lo") == 0)
		return err_set(err, ERR_INPUT,
			       "'%s': nothing that could be forwarded comes in on lo; for programs "
			       "on this host give --local, and the interface of other clients or "
			       "none",
			       quote(text).text);
	char first[IFNAME_MAX];
	if ((!digits && !all) || (d->host->interface && d->host->interface(name, first)))
		return 0;
	if (digits)
		return refuse_digits(text, &d->spec, err);
	return err_set(err, ERR_INPUT,
		       "'%s': no interface is called %s; for all interfaces write *, or nothing",
		       quote(text).text, name);
}

static int parse(struct draft *d, struct err *err)
{
	const struct request *request = d->request;
	struct forward *f = &d->f;
	if (!request->spec || !request->target)
		return err_set(
			err, ERR_INPUT,
			"%s is missing; SPEC and TARGET are needed, eth0:80 192.168.1.2:8080 "
			"for example",
			request->spec ? "TARGET" : "SPEC");
	if (spec_parse(request->spec, d->host, &d->spec, err) < 0 || check_interface(d, err) < 0 ||
	    spec_parse_target(request->target, d->spec.protos, d->host, &d->target, err) < 0)
		return -1;
	*f = request->common;
	memcpy(f->ifname, d->spec.ifname, sizeof(f->ifname));
	f->addr = d->spec.addr;
	f->ports = d->spec.ports;
	f->target = d->target.addr;
	f->except = d->target.except;
	f->target_ports = d->target.ports.first ? d->target.ports : d->spec.ports;
	if (choose_family(d, err) < 0)
		return -1;
	return find_end(d, err);
}

/* One forward a protocol, for the client network that the draft has now. */
static int add_protocols(struct draft *d, struct forwards *out, struct err *err)
{
	for (size_t i = 0; i < SPEC_PROTOS_MAX && d->spec.protos[i]; i++) {
		d->f.proto = d->spec.protos[i];
		if (forward_check(&d->f, err) < 0 || forwards_add(out, &d->f, err) < 0)
			return -1;
	}
	return 0;
}

static int add_network(struct draft *d, const char *text, struct forwards *out, struct err *err)
{
	enum family family = spec_parse_network(text, "--from", &d->f.from, err);
	if (!family)
		return -1;
	if (family != d->f.family)
		return err_set(err, ERR_INPUT, "--from '%s' is %s, and the forward is %s",
			       quote(text).text, family_name(family), family_name(d->f.family));
	return add_protocols(d, out, err);
}

static int add_networks(struct draft *d, struct forwards *out, struct err *err)
{
	char *list = from_networks(d->request->from, d->host, err), *rest = list, *word;
	int result = 0;
	if (!list)
		return -1;
	while (result == 0 && (word = strsep(&rest, ",")))
		result = add_network(d, word, out, err);
	free(list);
	return result;
}

int request_forwards(const struct request *request, const struct spec_host *host,
		     struct forwards *out, struct err *err)
{
	struct draft d = {.request = request, .host = host};
	size_t before = out->count;
	int result = parse(&d, err);
	if (result == 0)
		result = request->from ? add_networks(&d, out, err) : add_protocols(&d, out, err);
	if (result < 0)
		out->count = before;
	return result;
}

#define COMMENT_WORDS_MAX 8

/* Words of the comment into the request; the canonical form is checked by the caller. */
static int scan_comment(char *text, struct request *request)
{
	const char *words[COMMENT_WORDS_MAX], *operand;
	struct args args = {.words = words, .tables = {{request_options, request}}, .manual = ""};
	struct err ignored;
	char *rest = text, *word;
	while ((word = strsep(&rest, " "))) {
		if (args.count == COMMENT_WORDS_MAX)
			return -1;
		words[args.count++] = word;
	}
	return args_next(&args, &operand, &ignored) == ARGS_END ? 0 : -1;
}

int request_read_words(const char *text, struct forward *f)
{
	char copy[SPEC_OPTIONS_MAX];
	struct request request = {.common = *f};
	if (strlen(text) >= sizeof(copy))
		return -1;
	strcpy(copy, text);
	if (scan_comment(copy, &request) < 0 || request.until)
		return -1;
	*f = request.common;
	return 0;
}

int request_read_comment(const char *comment, struct forward *f)
{
	char again[SPEC_OPTIONS_MAX];
	struct forward read = *f;
	if (!*comment || request_read_words(comment, &read) < 0)
		return -1;
	spec_format_options(&read, SPEC_COMMENT_ALONE, again);
	if (strcmp(again, comment) != 0)
		return -1;
	*f = read;
	return 0;
}
