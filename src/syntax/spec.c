/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPEC and TARGET: cut the text into its parts, then check each part by itself. */
#include <stdio.h>
#include <string.h>

#include "model/conflict.h"
#include "model/number.h"
#include "syntax/spec.h"
#include "syntax/time.h"

#define SPEC_FORM "[IF][@ADDR]:PORTS[/PROTO], eth0:80 for example"
#define TARGET_FORM "ADDR, ADDR:PORTS or :PORTS, 192.168.1.2:8080 for example"
#define PART_MAX 192 /* longer than any right part: a second name of an interface has up to 127 */

/* A SPEC or TARGET and its parts, as text; an empty part is not there. */
struct parts {
	const char *text; /* all of it, for messages */
	const struct spec_host *host;
	char ifname[PART_MAX];
	char addr[PART_MAX];
	char ports[PART_MAX];
	char proto[PART_MAX];
	bool has_addr, bracketed, has_ports, has_proto;
};

static int bad(const struct parts *parts, const char *why, struct err *err)
{
	return err_set(err, ERR_INPUT, "'%s': %s", quote(parts->text).text, why);
}

/* Copy length bytes; -1: the part is too long to be right. */
static int take(char out[PART_MAX], const char *from, size_t length)
{
	if (length >= PART_MAX)
		return -1;
	memcpy(out, from, length);
	out[length] = '\0';
	return 0;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* PORTS[/PROTO] */
static int cut_tail(struct parts *parts, const char *tail, struct err *err)
{
	const char *slash = strchr(tail, '/');
	size_t length = slash ? (size_t)(slash - tail) : strlen(tail);
	parts->has_ports = true;
	if (strchr(tail, ':'))
		return bad(parts,
			   "one colon too many; an IPv6 address stands in brackets, "
			   "[2001:db8::5]:80",
			   err);
	if (slash && strchr(slash + 1, '/'))
		return bad(parts, "one slash too many; only the protocol follows one", err);
	if (take(parts->ports, tail, length) < 0)
		return bad(parts, "the ports are too long to be right", err);
	if (!slash)
		return 0;
	parts->has_proto = true;
	if (take(parts->proto, slash + 1, strlen(slash + 1)) < 0)
		return bad(parts, "the protocol is too long to be right", err);
	return 0;
}

/* [IF][@ADDR], the address without brackets. */
static int cut_head(struct parts *parts, size_t length, struct err *err)
{
	char head[PART_MAX];
	if (take(head, parts->text, length) < 0)
		return bad(parts, "what stands before the colon is too long to be right", err);
	char *at = strchr(head, '@');
	if (at) {
		*at = '\0';
		parts->has_addr = true;
		strcpy(parts->addr, at + 1);
		strcpy(parts->ifname, head);
	} else if (address_looks_ipv4(head)) {
		parts->has_addr = true;
		strcpy(parts->addr, head);
	} else {
		strcpy(parts->ifname, head);
	}
	return 0;
}

/* [IF@][ADDR] with brackets: *rest is what follows them. */
static int cut_bracketed(struct parts *parts, const char *open, const char **rest, struct err *err)
{
	const char *text = parts->text;
	const char *close = strchr(open, ']');
	if (!close || strchr(open + 1, '[') || strchr(close + 1, ']'))
		return bad(parts, "the brackets do not match", err);
	if (open != text && open[-1] != '@')
		return bad(parts, "an address in brackets stands at the beginning or after @", err);
	if (open != text && take(parts->ifname, text, (size_t)(open - text) - 1) < 0)
		return bad(parts, "the interface is too long to be right", err);
	if (take(parts->addr, open + 1, (size_t)(close - open) - 1) < 0)
		return bad(parts, "the address is too long to be right", err);
	parts->has_addr = parts->bracketed = true;
	*rest = close + 1;
	return 0;
}

static int cut(const char *text, struct parts *parts, struct err *err)
{
	*parts = (struct parts){.text = text};
	const char *open = strchr(text, '[');
	const char *rest = strchr(text, ':');
	if (!open && strchr(text, ']'))
		return bad(parts, "the brackets do not match", err);
	if (open && cut_bracketed(parts, open, &rest, err) < 0)
		return -1;
	if (open && *rest && *rest != ':')
		return bad(parts, "a colon and the ports follow the closing bracket", err);
	if (!open) {
		size_t length = rest ? (size_t)(rest - text) : strlen(text);
		if (memchr(text, '/', length))
			return bad(parts,
				   "a slash cannot stand before the ports; an address "
				   "here has no mask",
				   err);
		if (cut_head(parts, length, err) < 0)
			return -1;
	}
	if (!rest || !*rest)
		return 0;
	return cut_tail(parts, rest + 1, err);
}

static int parse_ifname(const struct parts *parts, struct spec *spec, struct err *err)
{
	char *out = spec->ifname;
	const char *name = parts->ifname;
	size_t n = strlen(name);
	bool exists = false;
	memset(out, 0, IFNAME_MAX);
	if (strcmp(name, "*") == 0)
		return 0;
	if (n && ifname_is_sayable(name) && parts->host->interface)
		exists = parts->host->interface(name, out);
	if (exists && strcmp(name, out) != 0 && n < IFNAME_MAX)
		memcpy(spec->written, name, n);
	if (exists)
		return 0;
	if (n >= IFNAME_MAX)
		return err_set(err, ERR_INPUT,
			       "'%s': interface '%s' is longer than the %d characters that Linux "
			       "allows",
			       quote(parts->text).text, quote(name).text, IFNAME_MAX - 1);
	if (strcmp(name, "+") == 0)
		return bad(parts, "interface '+': for all interfaces write *", err);
	if (n && !ifname_is_sayable(name))
		return err_set(
			err, ERR_INPUT,
			"'%s': '%s' is not an interface name: it has a character that does not "
			"belong in one, or looks like an option, a comment or an address",
			quote(parts->text).text, quote(name).text);
	memcpy(out, name, n);
	return 0;
}

static int parse_addr(const struct parts *parts, struct address *out, struct err *err)
{
	struct address addr;
	if (address_parse(parts->addr, &addr) < 0)
		return err_set(
			err, ERR_INPUT,
			"'%s': '%s' is not an address; write one as 192.168.1.2 or [2001:db8::5]",
			quote(parts->text).text, quote(parts->addr).text);
	if (parts->bracketed != (addr.family == FAMILY_IPV6))
		return bad(parts,
			   parts->bracketed ? "brackets are for IPv6 addresses; leave them out"
					    : "an IPv6 address stands in brackets",
			   err);
	*out = addr;
	return 0;
}

/* Decimal digits, 1 to 65535, no leading zero. */
static int parse_port(const char *digits, size_t length, uint16_t *out)
{
	unsigned int value = 0;
	if (length == 0 || length > 5 || digits[0] == '0')
		return -1;
	for (size_t i = 0; i < length; i++) {
		if (!is_digit(digits[i]))
			return -1;
		value = value * 10 + (unsigned int)(digits[i] - '0');
	}
	if (value > UINT16_MAX)
		return -1;
	*out = (uint16_t)value;
	return 0;
}

static int bad_port(const struct parts *parts, const char *port, int length, struct err *err)
{
	char word[PART_MAX];
	snprintf(word, sizeof(word), "%.*s", length, port);
	return err_set(err, ERR_INPUT, "'%s': port '%s' is not a number from 1 to 65535%s",
		       quote(parts->text).text, quote(word).text,
		       word[0] == '0' && word[1] ? " without leading zeros" : "");
}

static int parse_range(const struct parts *parts, struct ports *out, struct err *err)
{
	const char *ports = parts->ports;
	size_t first = strspn(ports, "0123456789");
	const char *second = ports[first] ? ports + first + 1 : ports;
	size_t last = strlen(second);
	struct ports range;
	if (first == 0 || last == 0 || second[strspn(second, "0123456789")])
		return err_set(err, ERR_INPUT,
			       "'%s': '%s' is not a range of ports; write one as 8000-8010",
			       quote(parts->text).text, quote(ports).text);
	if (parse_port(ports, first, &range.first) < 0)
		return bad_port(parts, ports, (int)first, err);
	if (parse_port(second, last, &range.last) < 0)
		return bad_port(parts, second, (int)last, err);
	if (range.first > range.last)
		return err_set(err, ERR_INPUT, "'%s': the range runs backwards; write %u-%u",
			       quote(parts->text).text, range.last, range.first);
	*out = range;
	return 0;
}

static int parse_service(const struct parts *parts, enum proto proto, uint16_t *out,
			 struct err *err)
{
	const char *name = parts->ports;
	for (const char *c = name; *c; c++)
		if (*c <= ' ' || *c > '~')
			return err_set(err, ERR_INPUT,
				       "'%s': port '%s' has characters that no port has",
				       quote(parts->text).text, quote(name).text);
	uint16_t port = parts->host->service ? parts->host->service(name, proto) : 0;
	if (!port)
		return err_set(err, ERR_INPUT,
			       "'%s': '%s' is not a port from 1 to 65535, a range of ports, or a "
			       "service that this system knows for %s",
			       quote(parts->text).text, quote(name).text, proto_name(proto));
	*out = port;
	return 0;
}

/* The ports that the text means in the first protocol, and in the second if there is one: a service
 * must mean the same port in both. */
static int parse_ports(const struct parts *parts, const enum proto protos[SPEC_PROTOS_MAX],
		       struct ports *out, struct err *err)
{
	const char *ports = parts->ports;
	uint16_t first, second;
	size_t digits = strspn(ports, "0123456789");
	if (!*ports)
		return bad(parts, "there is no port after the colon", err);
	if (ports[0] == '-' || strspn(ports, "0123456789-") == strlen(ports))
		return parse_range(parts, out, err);
	if (digits && ports[digits] == '-' && strspn(ports, "0123456789- ") == strlen(ports))
		return bad(parts, "a range is written without blanks, 8000-8010", err);
	if (parse_service(parts, protos[0], &first, err) < 0 ||
	    (protos[1] && parse_service(parts, protos[1], &second, err) < 0))
		return -1;
	if (protos[1] && second != first)
		return err_set(err, ERR_INPUT,
			       "'%s': service '%s' has different ports in tcp and udp; give "
			       "numbers",
			       quote(parts->text).text, quote(ports).text);
	*out = (struct ports){first, first};
	return 0;
}

static int parse_protos(const struct parts *parts, enum proto out[SPEC_PROTOS_MAX], struct err *err)
{
	static const struct {
		const char *name;
		enum proto protos[SPEC_PROTOS_MAX];
	} known[] = {
		{"tcp", {PROTO_TCP}},
		{"udp", {PROTO_UDP}},
		{"sctp", {PROTO_SCTP}},
		{"tcp+udp", {PROTO_TCP, PROTO_UDP}},
	};
	const char *name = parts->has_proto ? parts->proto : "tcp";
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(name, known[i].name) == 0) {
			memcpy(out, known[i].protos, sizeof(known[i].protos));
			return 0;
		}
	return err_set(err, ERR_INPUT, "'%s': protocol '%s' is not tcp, udp, sctp or tcp+udp",
		       quote(parts->text).text, quote(name).text);
}

int spec_parse(const char *text, const struct spec_host *host, struct spec *out, struct err *err)
{
	struct parts parts;
	struct spec spec = {0};
	if (cut(text, &parts, err) < 0)
		return -1;
	if (!parts.has_ports)
		return bad(&parts, "there is no port; a SPEC is " SPEC_FORM, err);
	parts.host = host;
	if (parse_ifname(&parts, &spec, err) < 0 ||
	    (parts.has_addr && parse_addr(&parts, &spec.addr, err) < 0) ||
	    parse_protos(&parts, spec.protos, err) < 0 ||
	    parse_ports(&parts, spec.protos, &spec.ports, err) < 0)
		return -1;
	spec.family = spec.addr.family;
	if (address_is_unspecified(&spec.addr))
		spec.addr = (struct address){0};
	*out = spec;
	return 0;
}

int spec_parse_target(const char *text, const enum proto protos[SPEC_PROTOS_MAX],
		      const struct spec_host *host, struct target *out, struct err *err)
{
	struct parts parts;
	struct target target = {.except = strcmp(text, "-") == 0};
	if (target.except) {
		*out = target;
		return 0;
	}
	if (cut(text, &parts, err) < 0)
		return -1;
	if (parts.has_proto)
		return bad(&parts, "the protocol belongs to the SPEC, not to the target", err);
	if (strchr(text, '@'))
		return bad(&parts, "a target has no interface; a target is " TARGET_FORM, err);
	if (*parts.ifname)
		return err_set(
			err, ERR_INPUT,
			"'%s': '%s' is not an address, and names are not looked up; a target "
			"is " TARGET_FORM,
			quote(text).text, quote(parts.ifname).text);
	if (!parts.has_addr && !parts.has_ports)
		return bad(&parts, "there is no target; a target is " TARGET_FORM, err);
	parts.host = host;
	if ((parts.has_addr && parse_addr(&parts, &target.addr, err) < 0) ||
	    (parts.has_ports && parse_ports(&parts, protos, &target.ports, err) < 0))
		return -1;
	*out = target;
	return 0;
}

int spec_parse_name(const char *text, char out[NAME_MAX_LENGTH + 1], struct err *err)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789._-";
	size_t n = strlen(text);
	if (*text == '-')
		return err_set(err, ERR_INPUT,
			       "name '%s': a name does not begin with a hyphen, as options do",
			       quote(text).text);
	if (n == 0 || n > NAME_MAX_LENGTH || strspn(text, allowed) != n)
		return err_set(err, ERR_INPUT,
			       "name '%s': 1 to %d letters, digits, dots, underscores and hyphens "
			       "make a name",
			       quote(text).text, NAME_MAX_LENGTH);
	memset(out, 0, NAME_MAX_LENGTH + 1);
	memcpy(out, text, n);
	return 0;
}

enum family spec_parse_network(const char *text, const char *option, struct network *out,
			       struct err *err)
{
	enum family family;
	if (network_parse(text, out, &family) == 0)
		return family;
	err_fill(err, ERR_INPUT,
		 "%s '%s' is not a network; write one as 10.0.0.0/8 or 2001:db8::/32", option,
		 quote(text).text);
	return FAMILY_NONE;
}

bool spec_is_spec(const char *text)
{
	return strchr(text, ':') != NULL;
}

/* ---- back to text: as stpcpy(3), each returns where it ended ---- */

static char *put_address(char *out, const struct address *addr)
{
	address_format_bracketed(addr, out);
	return out + strlen(out);
}

static char *put_spec(char *out, const struct forward *f)
{
	out = stpcpy(out, *f->ifname ? f->ifname : "*");
	if (address_is_set(&f->addr))
		out = put_address(stpcpy(out, "@"), &f->addr);
	out = ports_put(stpcpy(out, ":"), f->ports);
	return stpcpy(stpcpy(out, "/"), proto_name(f->proto));
}

static char *put_target(char *out, const struct forward *f)
{
	if (f->except)
		return stpcpy(out, "-");
	if (!forward_to_self(f))
		out = put_address(out, &f->target);
	return ports_put(stpcpy(out, ":"), f->target_ports);
}

void spec_format(const struct forward *f, char out[SPEC_TEXT_MAX])
{
	put_spec(out, f);
}

void spec_format_target(const struct forward *f, char out[SPEC_TEXT_MAX])
{
	put_target(out, f);
}

/* The option and its value, behind a blank unless it is the first. */
static char *put_option(char *out, const char *start, const char *option, const char *value)
{
	if (out > start)
		out = stpcpy(out, " ");
	return stpcpy(stpcpy(out, option), value);
}

static char *put_options(char *out, const struct forward *f, enum spec_options which)
{
	const char *start = out;
	char text[NETWORK_TEXT_MAX];
	*out = '\0';
	/* without any address only -6 tells the family */
	if (which != SPEC_COMMENT_ALONE && f->family == FAMILY_IPV6 &&
	    !address_is_set(&f->target) && !address_is_set(&f->addr))
		out = put_option(out, start, "-6", "");
	if (which != SPEC_BUT_NAME && *f->name)
		out = put_option(out, start, "--name ", f->name);
	if (which != SPEC_COMMENT_ALONE && network_is_set(&f->from)) {
		network_format(&f->from, text);
		out = put_option(out, start, "--from ", text);
	}
	if (f->masquerade)
		out = put_option(out, start, "--masquerade", "");
	if (address_is_set(&f->snat)) {
		address_format(&f->snat, text);
		out = put_option(out, start, "--snat ", text);
	}
	if (f->hairpin)
		out = put_option(out, start, "--hairpin", "");
	if (f->hairpin && f->hairpin_nets)
		out = networks_put(stpcpy(out, "="), f->hairpin_nets);
	if (f->local)
		out = put_option(out, start, "--local", "");
	if (which != SPEC_COMMENT_ALONE && f->until) {
		time_format(f->until, text);
		out = put_option(out, start, "--until ", text);
	}
	return out;
}

void spec_format_options(const struct forward *f, enum spec_options which,
			 char out[SPEC_OPTIONS_MAX])
{
	put_options(out, f, which);
}

void spec_format_line(const struct forward *f, char out[SPEC_LINE_MAX])
{
	out = put_target(stpcpy(put_spec(out, f), " "), f);
	/* without an option the blank goes again */
	char *options = stpcpy(out, " ");
	if (put_options(options, f, SPEC_ALL_OPTIONS) == options)
		*out = '\0';
}

int spec_conflict_error(const struct forward *f, const struct forward *other, struct err *err)
{
	char line[SPEC_LINE_MAX], other_line[SPEC_LINE_MAX];
	spec_format_line(f, line);
	spec_format_line(other, other_line);
	return err_set(err, ERR_CONFLICT, "%s is in conflict with %s%s", line, other_line,
		       conflict_cause(f, other));
}
