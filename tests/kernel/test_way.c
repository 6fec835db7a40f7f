/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where pfwd's jump has to stand in rule sets of the shapes that firewalls and daemons make. The
 * rules are written by iptables, so the bytes are those of the program.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "xtables/tables.h"
#include "xtables/way.h"

/* Targets: the house's own network lies behind lan0, machines on this host behind box0. */
static bool route(const struct address *addr, char out[IFNAME_MAX])
{
	if (addr->family == FAMILY_IPV6)
		return false;
	strcpy(out, addr->bytes[0] == 192 ? "lan0" : "box0");
	return true;
}

static struct forward forward_of(const char *in, const char *target, uint16_t port)
{
	struct forward f = {.family = FAMILY_IPV4,
			    .proto = PROTO_TCP,
			    .ports = {8000, 8000},
			    .target_ports = {port, port}};
	strcpy(f.ifname, in);
	if (*target && address_parse(target, &f.target) < 0)
		fail_msg("%s", target);
	f.family = *target ? f.target.family : FAMILY_IPV4;
	return f;
}

struct row {
	const char *what;
	const char *rules; /* what iptables-restore takes, for the filter table; @ is the chain */
	size_t forward, input; /* the place for the forward elsewhere, and for that to here */
	const char *target;
};

#define LAN_HOST "192.168.5.2"
#define BOX "172.30.0.2"

static const struct row rows[] = {
	{"nothing", "", 0, 0, LAN_HOST},
	{"bans by address, in a chain of a daemon, and by rate",
	 "-N jail\n-A jail -s 203.0.113.9 -j REJECT\n-A jail -j RETURN\n"
	 "-A @ -p tcp -m multiport --dports 22 -j jail\n-A @ -p tcp -j jail\n"
	 "-A @ -m limit --limit 9/s -j DROP\n-A @ -p tcp -m connlimit --connlimit-above 9 -j "
	 "DROP\n",
	 4, 4, LAN_HOST},
	{"a last rule that refuses",
	 "-A @ -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
	 "-A @ -m conntrack --ctstate INVALID -j DROP\n-A @ -j LOG\n-A @ -j REJECT\n",
	 3, 3, LAN_HOST},
	{"a last rule for the uplink",
	 "-A @ -s 10.0.0.0/8 -i wan0 -j DROP\n-A @ -i lan0 -j DROP\n-A @ -i wan0 -j DROP\n"
	 "-A @ -i wan0 -j ACCEPT\n",
	 1, 2, LAN_HOST},
	{"answers from the house",
	 "-A FORWARD -s 203.0.113.9 -j DROP\n"
	 "-A FORWARD -s 192.168.5.0/24 -i lan0 -o wan0 -j REJECT\n",
	 1, 0, LAN_HOST},
	{"what the house begins, and others in it",
	 "-A FORWARD -i lan0 -m conntrack --ctstate NEW -j DROP\n"
	 "-A FORWARD -i lan0 -p tcp --dport 25 -j DROP\n-A FORWARD -i lan0 -o eth9 -j DROP\n"
	 "-A FORWARD -s 192.168.5.3 -j DROP\n",
	 4, 0, LAN_HOST},
	{"ports of others",
	 "-A @ -p tcp --dport 22 -j DROP\n-A @ -p udp -j DROP\n"
	 "-A @ -p tcp --dport 8080 -j DROP\n",
	 2, 2, LAN_HOST},
	{"a range of ports, and all others",
	 "-A @ -p tcp --dport 1:1024 -j DROP\n-A @ -p tcp ! --dport 8080 -j DROP\n"
	 "-A @ -p tcp ! --dport 22 -j DROP\n",
	 2, 2, LAN_HOST},
	{"isolation of networks on this host; the way is out to the house",
	 "-N iso1\n-N iso2\n-A iso1 -i box0 ! -o box0 -j iso2\n-A iso1 -j RETURN\n"
	 "-A iso2 -o box0 -j DROP\n-A iso2 -j RETURN\n-A @ -j iso1\n"
	 "-A @ -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n",
	 2, 2, LAN_HOST},
	{"a daemon refuses what goes to its machines",
	 "-N guard\n-A FORWARD -s 203.0.113.9 -j DROP\n"
	 "-A guard -o box0 -j REJECT\n"
	 "-A FORWARD -j guard\n",
	 1, 0, BOX},
	{"... but a forward to the house passes",
	 "-N guard\n-A FORWARD -s 203.0.113.9 -j DROP\n"
	 "-A guard -o box0 -j REJECT\n"
	 "-A FORWARD -j guard\n",
	 2, 0, LAN_HOST},
	{"all translated connections are accepted",
	 "-A @ -m conntrack --ctstate RELATED,ESTABLISHED,DNAT -j ACCEPT\n-A @ -j DROP\n", 1, 1,
	 LAN_HOST},
	{"a ban before what accepts the rest, in a chain",
	 "-N users\n-A users -s 203.0.113.9 -j DROP\n-A users -p tcp -j ACCEPT\n-A @ -j users\n", 1,
	 1, LAN_HOST},
	{"... all but translated ones are refused",
	 "-A @ -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP\n", 1, 1, LAN_HOST},
	{"some clients return, all others are refused",
	 "-N gate\n-A gate -s 198.51.100.0/24 -j RETURN\n-A gate -j DROP\n-A @ -j gate\n", 1, 1,
	 LAN_HOST},
	{"one original port alone is accepted",
	 "-N gate\n-A gate -m conntrack --ctorigdstport 443 -j ACCEPT\n-A gate -i wan0 -j DROP\n"
	 "-A @ -j gate\n",
	 0, 0, LAN_HOST},
	{"ours is accepted",
	 "-A @ -m conntrack --ctorigdstport 8000 -m comment --comment web -j ACCEPT\n-A @ -j "
	 "DROP\n",
	 1, 1, LAN_HOST},
	{"what is not for this host is refused",
	 "-N away\n-A away -m addrtype --dst-type LOCAL -j RETURN\n"
	 "-A away -m addrtype --dst-type MULTICAST -j RETURN\n-A away -j DROP\n-A INPUT -j away\n"
	 "-A FORWARD -m addrtype --dst-type LOCAL -j DROP\n",
	 1, 1, LAN_HOST},
	{"a list of recent clients",
	 "-A @ -p tcp -m recent --update --seconds 60 --name scan -j REJECT\n"
	 "-A @ -p tcp -m recent --set --name scan -j REJECT\n",
	 1, 1, LAN_HOST},
	{"SYN, and other flags",
	 "-A @ -p tcp ! --syn -m conntrack --ctstate NEW -j DROP\n"
	 "-A @ -p tcp --syn -j REJECT\n",
	 1, 1, LAN_HOST},
	{"other targets",
	 "-A @ -d 192.168.6.0/24 -j DROP\n-A @ ! -d 192.168.0.0/16 -i wan0 -j MARK "
	 "--set-mark 1\n-A FORWARD ! -d 192.168.5.0/24 -j DROP\n"
	 "-A FORWARD -d 192.168.5.0/24 -j DROP\n",
	 3, 0, LAN_HOST},
	{"a goto",
	 "-N all\n-A all -i lan0 -j ACCEPT\n-A @ -p udp -g all\n-A @ -p tcp -g all\n"
	 "-A @ -j DROP\n",
	 1, 1, LAN_HOST},
	{"clients in a range, replies, ICMP",
	 "-A @ -m iprange --src-range 10.0.0.1-10.0.0.9 -j DROP\n"
	 "-A @ -m conntrack --ctdir REPLY -j DROP\n-A @ -p icmp --icmp-type 8 -j DROP\n"
	 "-A @ -m mac --mac-source 02:00:00:00:00:01 -j DROP\n",
	 4, 4, LAN_HOST},
	{"a queue", "-A @ -p tcp --sport 1:1023 -j DROP\n-A @ -j NFQUEUE\n", 1, 1, LAN_HOST},
};

static void restore(const char *rules)
{
	FILE *file = popen("iptables-legacy-restore", "w");
	assert_non_null(file);
	fputs("*filter\n", file);
	for (const char *line = rules; *line; line = strchr(line, '\n') + 1) {
		int length = (int)strcspn(line, "\n");
		const char *at = memchr(line, '@', (size_t)length);
		static const char *const bases[] = {"FORWARD", "INPUT"};
		if (!at) {
			fprintf(file, "%.*s\n", length, line);
			continue;
		}
		for (size_t b = 0; b < 2; b++)
			fprintf(file, "%.*s%s%.*s\n", (int)(at - line), line, bases[b],
				length - (int)(at - line) - 1, at + 1);
	}
	fputs("COMMIT\n", file);
	if (pclose(file) != 0)
		fail_msg("iptables-legacy-restore refuses:\n%s", rules);
}

static void places(const struct forward *f, struct ways *out)
{
	struct forwards set = {0};
	struct addresses here = {0};
	struct state state;
	struct err err;
	if (forwards_add(&set, f, &err) < 0)
		fail_msg("%s", err.text);
	struct tables *tables = tables_open(FAMILY_IPV4, TABLE_FILTER, &err);
	if (!tables || tables_read(tables, &state, &err) < 0)
		fail_msg("%s", err.text);
	const struct way_case of = {.filter = &state, .set = &set, .here = &here, .route = route};
	assert_int_equal(ways_find(&of, out, &err), 0);
	state_free(&state);
	tables_close(tables);
	forwards_free(&set);
}

static void others_rules_give_the_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct forward f = forward_of("wan0", row->target, 8080);
		struct forward self = forward_of("wan0", "", 8080);
		struct ways ways;
		restore(row->rules);
		places(&f, &ways);
		if (ways.places[GROUP_FORWARD] != row->forward)
			fail_msg("%s: FORWARD %zu", row->what, ways.places[GROUP_FORWARD]);
		places(&self, &ways);
		if (ways.places[GROUP_INPUT] != row->input)
			fail_msg("%s: INPUT %zu", row->what, ways.places[GROUP_INPUT]);
	}
}

/* What is accepted as translated is of no use to the port that a forward leaves as it is, and gives
 * the others no place. */
static void a_port_that_stays_is_not_translated(void **state)
{
	(void)state;
	struct forward f = forward_of("wan0", "", 8000);
	struct ways ways;
	f.ports = (struct ports){8000, 8001};
	restore("-A INPUT -m conntrack --ctstate DNAT -j ACCEPT\n-A INPUT -s 10.0.0.9 -j DROP\n"
		"-A INPUT -j DROP\n");
	places(&f, &ways);
	assert_int_equal(ways.places[GROUP_INPUT], 2);
	assert_int_equal(ways.places[GROUP_INPUT_SAME], 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(others_rules_give_the_place),
		cmocka_unit_test(a_port_that_stays_is_not_translated),
	};
	return cmocka_run_group_tests_name("way", tests, NULL, NULL);
}
