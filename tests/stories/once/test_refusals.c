/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What cannot be a forward. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "../town.h"

static void bad_input_touches_nothing(void **state)
{
	(void)state;
	static const struct {
		const char *words, *says;
	} bad[] = {
		{"wan0:0 192.168.1.2", "port '0'"},
		{"wan0:65536 192.168.1.2", "65536"},
		{"wan0:80-70 192.168.1.2", "backwards"},
		{"wan0:80-90 192.168.1.2:1-5", "80-90 to 1-5: 11 ports cannot be sent to 5"},
		{"wan0:80x 192.168.1.2", "'80x'"},
		{"wan0:80:81 192.168.1.2", "colon"},
		{"wan0:80/tcp/udp 192.168.1.2", "slash"},
		{"wan0:80/icmp 192.168.1.2", "'icmp'"},
		{"'[fd01::1:80' 192.168.1.2", "brackets"},
		{"fd01::1:80 192.168.1.2", "brackets"},
		{"wan0@010.1.0.1:80 192.168.1.2", "010.1.0.1"},
		{"wan0@10.1.0.0/24:80 192.168.1.2", "slash"},
		{"wan0@10.1.0.1:80 '[fd02::2]'", "families"},
		{"'' 192.168.1.2", "''"},
		{"wan0:80 ''", "''"},
		{"sixteen-letters0:80 192.168.1.2", "longer than"},
		{"+:80 192.168.1.2", "write *"},
		{"'@@[::]:5' '[1::]'", "'@' is not an interface name"},
		{"wan0:80 127.0.0.1", ":PORT"},
		{"wan0:80 192.168.1.1 --masquerade", "--masquerade"},
		{"wan0:80 0.0.0.0", ":PORT"},
		{"wan0:80 224.0.0.1", "multicast"},
		{"wan0@127.0.0.1:80 192.168.1.2", "loopback"},
		{"wan0:80 :80", "nothing to forward"},
		{"10.5.0.1:80 10.5.0.1", "nothing to forward"},
		{"wan0:80 :8080 --hairpin", "--hairpin"},
		{"wan0:80 :8080 --masquerade", "--masquerade"},
		{"wan0:80 192.168.1.2 --hairpin=0.0.0.0/0", "every network"},
		{"wan0:80 10.200.0.1 --hairpin", "no interface"},
		{"wan0:80 192.168.1.2 --from 10.0.0.0/33", "10.0.0.0/33"},
		{"wan0:80 192.168.1.2 --from fd01::/64", "IPv6"},
		{"wan0:80 192.168.1.2 --snat fd01::1", "families"},
		{"wan0:80 192.168.1.2 --until tomorrow", "tomorrow"},
		{"wan0:80 192.168.1.2 --until 2039-01-01T00:00", "2038"},
		{"wan0:80 192.168.1.2 --for 0s", "too short"},
		{"wan0:80 192.168.1.2 --name 'a b'", "'a b'"},
		{"wan0:80 192.168.1.2 --name \"$(printf 'x\\033[31m')\"", "x\\x1b[31m"},
		{"wan0:80 192.168.1.2 third", "third"},
		{"-6 wan0:80 192.168.1.2", "-6"},
	};
	struct outcome before = town_rules();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct outcome o = pfwd(2, "add %s", bad[i].words);
		assert_says(o.err, bad[i].says);
		assert_silent(o.err, "\033");
		assert_string_equal(o.out, "");
	}
	assert_string_equal(town_rules().out, before.out);
}

#define STORY(f) cmocka_unit_test_teardown(f, town_clean)

int main(void)
{
	const struct CMUnitTest stories[] = {
		STORY(bad_input_touches_nothing),
	};
	return cmocka_run_group_tests(stories, town_build, town_raze);
}
