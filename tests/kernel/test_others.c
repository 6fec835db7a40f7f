/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules as other programs and administrators make them are read as what they mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "model/backend.h"
#include "nftables/backend.h"
#include "xtables/backend.h"

/* ---- a rule as a line ---- */

static char *put_network(char *end, const char *what, const struct network *net)
{
	char text[NETWORK_TEXT_MAX];
	if (!network_is_set(net))
		return end;
	network_format(net, text);
	return end + sprintf(end, " %s %s", what, text);
}

static char *put_text(char *end, const char *what, const char *text)
{
	return text && *text ? end + sprintf(end, " %s %s", what, text) : end;
}

static char *put_ports(char *end, const char *before, struct ports ports)
{
	return ports.last ? ports_put(stpcpy(end, before), ports) : end;
}

static char *put_states(char *end, unsigned int states)
{
	static const char *const names[] = {"NEW", "ESTABLISHED", "RELATED", "DNAT"};
	for (int i = 0; i < 4; i++)
		if (states & 1U << i)
			end += sprintf(end, " %s", names[i]);
	return end;
}

static char *put_target(char *end, const struct other_rule *r)
{
	char text[ADDRESS_TEXT_MAX];
	if (address_is_set(&r->to)) {
		address_format_bracketed(&r->to, text);
		end += sprintf(end, " %s", text);
	}
	if (address_is_set(&r->to_last)) {
		address_format_bracketed(&r->to_last, text);
		end += sprintf(end, "-%s", text);
	}
	end = put_ports(end, " :", r->to_ports);
	return r->to_base ? end + sprintf(end, "/%u", r->to_base) : end;
}

static void describe(const struct other_rule *r, char *end)
{
	static const char *const actions[] = {"accept", "dnat", "redirect",   "tproxy",
					      "share",  "snat", "masquerade", "keep"};
	static const char *const hooks[] = {"prerouting", "input", "forward", "output",
					    "postrouting"};
	end += sprintf(end, "%s", hooks[r->hook]);
	end += sprintf(end, "%s%s", r->family ? " " : "", r->family ? family_name(r->family) : "");
	if (r->proto)
		end += sprintf(end, " %s", proto_name(r->proto));
	end = put_text(end, "in", r->in);
	end = put_text(end, "out", r->out);
	end = put_network(end, "from", &r->from);
	end = put_network(end, "dst", &r->dst);
	end = put_text(end, "not in", r->not_in);
	end = put_network(end, "not from", &r->not_from);
	end = put_network(end, "not dst", &r->not_dst);
	end += sprintf(end, "%s", r->here ? " here" : "");
	end = put_states(end, r->states);
	end = put_ports(end, " :", r->ports);
	end += sprintf(end, " %s", actions[r->action]);
	end = put_target(end, r);
	end = put_text(end, "beyond", r->beyond);
	end = put_text(end, "comment", r->comment);
	end += sprintf(end, "%s%s, %s %s", r->exact ? "" : ", not exact", r->vague ? ", vague" : "",
		       r->table, r->chain);
	sprintf(end, "%s%s\n", *r->owner ? " of " : "", r->owner);
}

/* ---- reading ---- */

struct row {
	const char *name;
	const struct backend *backend;
	enum others_depth depth;
	const char *rules; /* commands of a shell, or what nft -f reads if it begins with "table" */
	const char *read;
};

static void make(const char *rules)
{
	char path[] = "/tmp/othersXXXXXX", command[128];
	int fd = mkstemp(path);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
	assert_non_null(file);
	fputs(rules, file);
	assert_int_equal(fclose(file), 0);
	snprintf(command, sizeof(command), "%s %s", strncmp(rules, "table", 5) ? "sh -e" : "nft -f",
		 path);
	int status = system(command);
	unlink(path);
	assert_int_equal(status, 0);
}

static void clean(void)
{
	assert_int_equal(system("nft flush ruleset; for t in nat mangle filter; do for c in '' 6; "
				"do ip${c}tables-legacy -t $t -F; ip${c}tables-legacy -t $t -X; "
				"done; done"),
			 0);
}

static void rules_are_read(void **state)
{
	const struct row *row = *state;
	const struct reading all = {.depth = READING_ALL};
	struct ruleset *set;
	struct other_rules rules = {0};
	struct err err;
	static char text[65536];
	*text = '\0';
	make(row->rules);
	if (row->backend->read(&all, &set, &err) < 0 ||
	    row->backend->others(set, row->depth, &rules, &err) < 0)
		fail_msg("%s", err.text);
	for (size_t i = 0; i < rules.count; i++)
		describe(&rules.items[i], text + strlen(text));
	row->backend->free(set);
	other_rules_free(&rules);
	clean();
#ifdef SHOW
	printf("<<%s\n%s>>\n", row->name, text);
#endif
	assert_string_equal(text, row->read);
}

static const struct row rows[] = {
#include "others_rows.h"
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

int main(void)
{
	static struct CMUnitTest tests[ROWS];
	for (size_t i = 0; i < ROWS; i++)
		tests[i] = (struct CMUnitTest){.name = rows[i].name,
					       .test_func = rules_are_read,
					       .initial_state = (void *)(uintptr_t)&rows[i]};
	return _cmocka_run_group_tests("others", tests, ROWS, NULL, NULL);
}
