/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any text as the comment of a rule: refused, and the forward is as it was; or the forward says it
 * again letter by letter, and where it is one that pfwd would make, its rules do.
 */
#include <stdlib.h>
#include <string.h>

#include "syntax/request.h"
#include "xtables/forward_rules.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static struct forward base_of(unsigned char shape)
{
	struct forward f = {.family = shape & 1 ? FAMILY_IPV6 : FAMILY_IPV4,
			    .proto = shape & 2 ? PROTO_UDP : PROTO_TCP,
			    .ports = {80, 80},
			    .target_ports = {8080, 8080}};
	if (shape & 4)
		strcpy(f.ifname, "eth0");
	if (!(shape & 8))
		address_parse(shape & 1 ? "fd02::2" : "192.168.1.2", &f.target);
	return f;
}

static void check_rules(const struct forward *f, const char *comment)
{
	struct forward_rule rules[FORWARD_RULES_MAX];
	char again[SPEC_OPTIONS_MAX];
	struct forward back;
	struct err err;
	if (forward_check(f, &err) < 0)
		return;
	size_t count = forward_rules_of(f, rules, again);
	if (count == 0 || strcmp(again, comment) != 0)
		abort();
	for (size_t i = 0; i < count; i++)
		if (rules[i].group == GROUP_MAIN &&
		    forward_rules_read(f->family, GROUP_MAIN, &rules[i].rule, &back) == 0 &&
		    !forward_equal(&back, f))
			abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	char again[SPEC_OPTIONS_MAX];
	if (size == 0)
		return 0;
	struct forward before = base_of(data[0]), f = before;
	char *comment = strndup((const char *)data + 1, size - 1);
	if (!comment)
		return 0;
	if (request_read_comment(comment, &f) < 0) {
		if (!forward_equal(&f, &before))
			abort();
	} else {
		spec_format_options(&f, SPEC_COMMENT_ALONE, again);
		if (strcmp(again, comment) != 0)
			abort();
		if (strlen(comment) < COMMENT_MAX) /* as those of rules are */
			check_rules(&f, comment);
	}
	free(comment);
	return 0;
}
