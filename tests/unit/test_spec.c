/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPEC, TARGET and options: what is taken and how it is written, and what is refused and why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "random_forward.h"
#include "read_forward.h"
#include "rows.h"
#include "syntax/time.h"

#define LONG_TEXT 100000

static const struct good {
	const char *line, *canonical;
} good[] = {
	{"eth0:80 192.168.1.2", "eth0:80/tcp 192.168.1.2:80"},
	{"eth0:80 192.168.1.2:8080", "eth0:80/tcp 192.168.1.2:8080"},
	{"*:80/udp 192.168.1.2", "*:80/udp 192.168.1.2:80"},
	{":80 192.168.1.2", "*:80/tcp 192.168.1.2:80"},
	{":http 192.168.1.2", "*:80/tcp 192.168.1.2:80"},
	{"ppp+:1-65535/sctp 10.0.0.1", "ppp+:1-65535/sctp 10.0.0.1:1-65535"},
	{"203.0.113.5:80 10.0.0.1", "*@203.0.113.5:80/tcp 10.0.0.1:80"},
	{"eth0@203.0.113.5:80 10.0.0.1", "eth0@203.0.113.5:80/tcp 10.0.0.1:80"},
	{"0.0.0.0:80 10.0.0.1", "*:80/tcp 10.0.0.1:80"},
	{"[::]:80 :81", "*:80/tcp :81 -6"},
	{"-6 :80 :81", "*:80/tcp :81 -6"},
	{":80 :81", "*:80/tcp :81"},
	{"[2001:DB8::5]:80 [fd00:0::2]", "*@[2001:db8::5]:80/tcp [fd00::2]:80"},
	{"eth0:8000-8010 10.0.0.1:9000-9010", "eth0:8000-8010/tcp 10.0.0.1:9000-9010"},
	{"eth0:8000-8010 10.0.0.1:80", "eth0:8000-8010/tcp 10.0.0.1:80"},
	{"eth0:80 10.0.0.1 --from 10.9.9.9/8", "eth0:80/tcp 10.0.0.1:80 --from 10.0.0.0/8"},
	{"eth0:80 10.0.0.1 --from 0.0.0.0/0", "eth0:80/tcp 10.0.0.1:80"},
	{"eth0:80 10.0.0.1 --from 1.2.3.4", "eth0:80/tcp 10.0.0.1:80 --from 1.2.3.4/32"},
	{"--name=a -4 eth0:80 10.0.0.1", "eth0:80/tcp 10.0.0.1:80 --name a"},
	{"--name a --name b eth0:80 10.0.0.1", "eth0:80/tcp 10.0.0.1:80 --name b"},
	{"-- eth0:80 10.0.0.1", "eth0:80/tcp 10.0.0.1:80"},
	{"eth0:80 10.0.0.1 --until 2026-12-01T18:00Z",
	 "eth0:80/tcp 10.0.0.1:80 --until 2026-12-01T18:00:00Z"},
	{"eth0:80 10.0.0.1 --until 2026-12-01T18:00:30+02:00",
	 "eth0:80/tcp 10.0.0.1:80 --until 2026-12-01T16:00:30Z"},
	{"eth0:80 10.0.0.1 --hairpin=10.0.0.7/24 --local --masquerade",
	 "eth0:80/tcp 10.0.0.1:80 --masquerade --hairpin=10.0.0.0/24 --local"},
	{":1 10.0.0.1", "*:1/tcp 10.0.0.1:1"},
	{"*:65535 10.0.0.1", "*:65535/tcp 10.0.0.1:65535"},
	{"*@1.2.3.4:domain/udp 10.0.0.1:http", "*@1.2.3.4:53/udp 10.0.0.1:80"},
	{"eth0@[2001:0DB8:0:0::5]:80 [fd00::0:1]", "eth0@[2001:db8::5]:80/tcp [fd00::1]:80"},
	{"[::ffff:1.2.3.4]:80 [fd00::1]:81", "*@[::ffff:1.2.3.4]:80/tcp [fd00::1]:81"},
	{"e123456789abcde:80 :81", "e123456789abcde:80/tcp :81"},
	{"eth0.100:80 :81", "eth0.100:80/tcp :81"},
	{"eth0@0.0.0.0:80 :81", "eth0:80/tcp :81"},
	{"eth0@[::]:80 :81", "eth0:80/tcp :81 -6"},
	{"-46 :80 :81", "*:80/tcp :81 -6"},
	{"-64 :80 :81", "*:80/tcp :81"},
	{":7-7/sctp 10.0.0.1:8-8", "*:7/sctp 10.0.0.1:8"},
	{":7-9 10.0.0.1:8", "*:7-9/tcp 10.0.0.1:8"},
	{":7-9 :8-10", "*:7-9/tcp :8-10"},
	{":7-9 :8", "*:7-9/tcp :8"},
	{"--snat 10.0.0.9 :8 10.0.0.1", "*:8/tcp 10.0.0.1:8 --snat 10.0.0.9"},
	{"--snat=FD00::9 :8 [fd00::1]", "*:8/tcp [fd00::1]:8 --snat fd00::9"},
	{"--hairpin :8 10.0.0.1", "*:8/tcp 10.0.0.1:8 --hairpin"},
	{"--hairpin=10.1.2.3/9 :8 10.0.0.1", "*:8/tcp 10.0.0.1:8 --hairpin=10.0.0.0/9"},
	{"uplink0:80 10.0.0.1", "wan0:80/tcp 10.0.0.1:80"},
	{"uplink+:80 10.0.0.1", "uplink+:80/tcp 10.0.0.1:80"},
	{"enx0123456789abcdef@203.0.113.1:80 10.0.0.1", "wan0@203.0.113.1:80/tcp 10.0.0.1:80"},
	{"--hairpin=172.17.0.1/16,10.0.0.0/24,172.17.0.0/16 :8 10.0.0.1",
	 "*:8/tcp 10.0.0.1:8 --hairpin=10.0.0.0/24,172.17.0.0/16"},
	{"--hairpin=10.0.0.0/8,10.0.0.0/24 --hairpin=10.1.0.0/16 :8 10.0.0.1",
	 "*:8/tcp 10.0.0.1:8 --hairpin=10.1.0.0/16"},
	{"-6 --hairpin=fd01::/64,fd00::/64 :8 -", "*:8/tcp - -6 --hairpin=fd00::/64,fd01::/64"},
	{"--from ::/0 :8 [fd00::1]", "*:8/tcp [fd00::1]:8"},
	{"--from fd00::ffff/113 :8 [fd00::1]", "*:8/tcp [fd00::1]:8 --from fd00::8000/113"},
	{"--from 255.255.255.255/1 :8 10.0.0.1", "*:8/tcp 10.0.0.1:8 --from 128.0.0.0/1"},
	{"--name _-x :8 10.0.0.1", "*:8/tcp 10.0.0.1:8 --name _-x"},
	{"42:80 10.0.0.1", "42:80/tcp 10.0.0.1:80"},
	{"all:80 10.0.0.1", "all:80/tcp 10.0.0.1:80"},
	{"lo1:80 10.0.0.1", "lo1:80/tcp 10.0.0.1:80"},
	{"[::1.2.3.4]:80 [::2]", "*@[::1.2.3.4]:80/tcp [::2]:80"},
	{":8 240.0.0.1", "*:8/tcp 240.0.0.1:8"},
	{":8 0.0.0.1", "*:8/tcp 0.0.0.1:8"},
	{":8 169.254.0.1", "*:8/tcp 169.254.0.1:8"},
	{":8 [fec0::1]", "*:8/tcp [fec0::1]:8"},
	{"--for 1s :8 10.0.0.1", "*:8/tcp 10.0.0.1:8 --until 2023-11-14T22:13:21Z"},
	{"--until 2030-01-01T00:00Z --for 1m :8 :9", "*:8/tcp :9 --until 2023-11-14T22:14:20Z"},
	{"--for 1m --until 2030-01-01T00:00Z :8 :9", "*:8/tcp :9 --until 2030-01-01T00:00:00Z"},
	{"--local --masquerade --name n :8 10.0.0.1",
	 "*:8/tcp 10.0.0.1:8 --name n --masquerade --local"},
};

static void good_lines_have_one_canonical_form(void **state)
{
	const struct good *row = *state;
	char line[SPEC_LINE_MAX];
	struct forward f = read_one(row->line);
	spec_format_line(&f, line);
	assert_string_equal(line, row->canonical);
}

#define NAME64 "x234567890123456789012345678901234567890123456789012345678901234"

static const struct bad {
	const char *line, *says;
} bad[] = {
	{"", "TARGET is missing; SPEC and TARGET are needed, eth0:80 192.168.1.2:8080 for example"},
	{"eth0:80",
	 "TARGET is missing; SPEC and TARGET are needed, eth0:80 192.168.1.2:8080 for example"},
	{"eth0:0 10.0.0.1", "'eth0:0': port '0' is not a number from 1 to 65535"},
	{"eth0:65536 10.0.0.1", "'eth0:65536': port '65536' is not a number from 1 to 65535"},
	{"eth0:12345678901234567890 10.0.0.1",
	 "'eth0:12345678901234567890': port '12345678901234567890' is not a number from 1 to "
	 "65535"},
	{"eth0:-1 10.0.0.1", "'eth0:-1': '-1' is not a range of ports; write one as 8000-8010"},
	{"eth0:080 10.0.0.1",
	 "'eth0:080': port '080' is not a number from 1 to 65535 without leading zeros"},
	{"eth0:80- 10.0.0.1", "'eth0:80-': '80-' is not a range of ports; write one as 8000-8010"},
	{"eth0:90-80 10.0.0.1", "'eth0:90-80': the range runs backwards; write 80-90"},
	{"eth0:80-90 10.0.0.1:1-3", "80-90 to 1-3: 11 ports cannot be sent to 3: the target's "
				    "range must be as long, or one port, or none (the same ports)"},
	{"eth0:80 10.0.0.1:1-3", "80 to 1-3: 1 port cannot be sent to 3: the target's range must "
				 "be as long, or one port, or none (the same ports)"},
	{"eth0:80x 10.0.0.1", "'eth0:80x': '80x' is not a port from 1 to 65535, a range of ports, "
			      "or a service that this system knows for tcp"},
	{"eth0:nosuch 10.0.0.1", "'eth0:nosuch': 'nosuch' is not a port from 1 to 65535, a range "
				 "of ports, or a service that this system knows for tcp"},
	{"eth0:odd/tcp+udp 10.0.0.1",
	 "'eth0:odd/tcp+udp': service 'odd' has different ports in tcp and udp; give numbers"},
	{"eth0:80:81 10.0.0.1",
	 "'eth0:80:81': one colon too many; an IPv6 address stands in brackets, [2001:db8::5]:80"},
	{"eth0:80/tcp/x 10.0.0.1",
	 "'eth0:80/tcp/x': one slash too many; only the protocol follows one"},
	{"eth0:80/TCP 10.0.0.1", "'eth0:80/TCP': protocol 'TCP' is not tcp, udp, sctp or tcp+udp"},
	{"eth0:80/ 10.0.0.1", "'eth0:80/': protocol '' is not tcp, udp, sctp or tcp+udp"},
	{"eth0: 10.0.0.1", "'eth0:': there is no port after the colon"},
	{"eth0 10.0.0.1",
	 "'eth0': there is no port; a SPEC is [IF][@ADDR]:PORTS[/PROTO], eth0:80 for example"},
	{"[::1:80 [fd00::1]", "'[::1:80': the brackets do not match"},
	{"::1]:80 [fd00::1]", "'::1]:80': the brackets do not match"},
	{"x[fd00::1]:80 [fd00::2]",
	 "'x[fd00::1]:80': an address in brackets stands at the beginning or after @"},
	{"[10.0.0.1]:80 10.0.0.2",
	 "'[10.0.0.1]:80': brackets are for IPv6 addresses; leave them out"},
	{"@fd00:80 10.0.0.2",
	 "'@fd00:80': 'fd00' is not an address; write one as 192.168.1.2 or [2001:db8::5]"},
	{"1.2.3.04:80 10.0.0.1",
	 "'1.2.3.04:80': '1.2.3.04' is not an address; write one as 192.168.1.2 or [2001:db8::5]"},
	{"1.2.3:80 10.0.0.1",
	 "'1.2.3:80': '1.2.3' is not an address; write one as 192.168.1.2 or [2001:db8::5]"},
	{"10.0.0.0/8:80 10.0.0.1",
	 "'10.0.0.0/8:80': a slash cannot stand before the ports; an address here has no mask"},
	{"eth0:80 10.0.0.0/8",
	 "'10.0.0.0/8': a slash cannot stand before the ports; an address here has no mask"},
	{"eth0:80 10.0.0.1:80/tcp",
	 "'10.0.0.1:80/tcp': the protocol belongs to the SPEC, not to the target"},
	{"eth0:80 host.example",
	 "'host.example': 'host.example' is not an address, and names are not looked up; a target "
	 "is ADDR, ADDR:PORTS or :PORTS, 192.168.1.2:8080 for example"},
	{"eth0:80 eth1@10.0.0.1", "'eth1@10.0.0.1': a target has no interface; a target is ADDR, "
				  "ADDR:PORTS or :PORTS, 192.168.1.2:8080 for example"},
	{"1.2.3.4:80 [fd00::1]", "'1.2.3.4:80' is IPv4 and '[fd00::1]' is IPv6; the kernel cannot "
				 "translate between families"},
	{"[::]:80 10.0.0.1",
	 "'[::]:80' is IPv6 and '10.0.0.1' is IPv4; the kernel cannot translate between families"},
	{"-6 eth0:80 10.0.0.1", "-6 was asked for, but '10.0.0.1' is IPv4"},
	{"eth0123456789abc:80 10.0.0.1", "'eth0123456789abc:80': interface 'eth0123456789abc' is "
					 "longer than the 15 characters that Linux allows"},
	{"+:80 10.0.0.1", "'+:80': interface '+': for all interfaces write *"},
	{"e/h:80 10.0.0.1",
	 "'e/h:80': a slash cannot stand before the ports; an address here has no mask"},
	{"@@[::]:5 [1::]", "'@@[::]:5': '@' is not an interface name: it has a character that does "
			   "not belong in one, or looks like an option, a comment or an address"},
	{"127.0.0.1:80 10.0.0.1",
	 "address 127.0.0.1 is a loopback address, which the kernel cannot forward safely; leave "
	 "it out; for a program on this host write the target as :PORT; a program that listens on "
	 "a loopback address alone cannot be reached"},
	{"-- -h1:80 :81", "'-h1:80': '-h1' is not an interface name: it has a character that does "
			  "not belong in one, or looks like an option, a comment or an address"},
	{"#h1:80 :81", "'#h1:80': '#h1' is not an interface name: it has a character that does not "
		       "belong in one, or looks like an option, a comment or an address"},
	{"[::1]:80 [fd00::1]",
	 "address ::1 is a loopback address, which the kernel cannot forward safely; leave it out; "
	 "for a program on this host write the target as :PORT; a program that listens on a "
	 "loopback address alone cannot be reached"},
	{"eth0:80 127.1.2.3",
	 "target 127.1.2.3 is a loopback address, which the kernel cannot forward safely; for a "
	 "program on this host write the target as :PORT; a program that listens on a loopback "
	 "address alone cannot be reached"},
	{"eth0:80 [::1]", "target ::1 is a loopback address, which the kernel cannot forward "
			  "safely; for a program on this host write the target as :PORT; a program "
			  "that listens on a loopback address alone cannot be reached"},
	{"224.0.0.1:80 10.0.0.1",
	 "address 224.0.0.1 is a multicast address; give the address of one host"},
	{"eth0:80 [ff02::1]",
	 "target ff02::1 is a multicast address; give the address of one host"},
	{"255.255.255.255:80 10.0.0.1",
	 "address 255.255.255.255 is the broadcast address; give the address of one host"},
	{"eth0:80 0.0.0.0", "target 0.0.0.0 is not the address of a host; for a program on this "
			    "host write the target as :PORT"},
	{"eth0:80 [::]:80", "target :: is not the address of a host; for a program on this host "
			    "write the target as :PORT"},
	{"eth0:80 :80", "nothing to forward: port 80 of this host stays port 80 of this host; give "
			"the target another port"},
	{"eth0:80-90 :80-90", "nothing to forward: port 80 of this host stays port 80 of this "
			      "host; give the target another port"},
	{"10.0.0.1:80 10.0.0.1", "nothing to forward: port 80 of 10.0.0.1 would be sent to itself; "
				 "give the target another address or port"},
	{"10.0.0.1:80-90 10.0.0.1:85", "nothing to forward: port 85 of 10.0.0.1 would be sent to "
				       "itself; give the target another address or port"},
	{"eth0:80 :81 --hairpin", "--hairpin does not go with a :PORT target: this host itself "
				  "answers, at the address that the client used; leave it out"},
	{"eth0:80 :81 --masquerade",
	 "--masquerade does not go with a :PORT target: this host itself answers, at the address "
	 "that the client used; leave it out"},
	{"eth0:80 :81 --snat 10.0.0.1",
	 "--snat does not go with a :PORT target: this host itself answers, at the address that "
	 "the client used; leave it out"},
	{"eth0:80 10.0.0.1 --masquerade --snat 10.0.0.2",
	 "--masquerade and --snat exclude each other: the target sees one source; leave one out"},
	{"eth0:80 10.0.0.1 --snat x",
	 "--snat 'x' is not an address; write one as 192.168.1.1 or 2001:db8::1"},
	{"eth0:80 10.0.0.1 --snat 0.0.0.0", "--snat 0.0.0.0 is not the address of a host; give the "
					    "address of one host, usually one of this host"},
	{"eth0:80 10.0.0.1 --snat fd00::1",
	 "--snat address fd00::1 is not IPv4 as the rest of the forward is; the kernel cannot "
	 "translate between families"},
	{"eth0:80 10.0.0.1 --from 10.0.0.0/33",
	 "--from '10.0.0.0/33' is not a network; write one as 10.0.0.0/8 or 2001:db8::/32"},
	{"eth0:80 10.0.0.1 --from 10.0.0.0/08",
	 "--from '10.0.0.0/08' is not a network; write one as 10.0.0.0/8 or 2001:db8::/32"},
	{"eth0:80 10.0.0.1 --from 10.0.0.0/8,",
	 "--from '' is not a network; write one as 10.0.0.0/8 or 2001:db8::/32"},
	{"eth0:80 10.0.0.1 --from fd00::/8", "--from 'fd00::/8' is IPv6, and the forward is IPv4"},
	{"eth0:80 10.0.0.1 --hairpin=fd00::/8",
	 "--hairpin network fd00::/8 is not IPv4 as the rest of the forward is; the kernel cannot "
	 "translate between families"},
	{"eth0:80 10.0.0.1 --from @nosuch",
	 "--from @nosuch: cannot open nosuch: No such file or directory"},
	{"eth0:80 10.0.0.1 --from @bad",
	 "--from @bad:2: '10.0.0.0 /8' is not a network; write one a line, as 10.0.0.0/8 or "
	 "2001:db8::/32"},
	{"eth0:80 10.0.0.1 --from @empty", "--from @empty: no network is in the file"},
	{"eth0:80 10.0.0.1 --from @six", "--from 'fd00::/8' is IPv6, and the forward is IPv4"},
	{"eth0:80 10.0.0.1 --hairpin=10.0.0.0/8,fd00::/8",
	 "--hairpin network fd00::/8 is not IPv4 as the rest of the forward is; the kernel cannot "
	 "translate between families"},
	{"eth0:80 10.0.0.1 --hairpin=10.0.0.0/8,", "--hairpin '' is not a network; write one as "
						   "10.0.0.0/8 or 2001:db8::/32"},
	{"eth0:80 10.0.0.1 --hairpin=10.0.0.0/8,0.0.0.0/0",
	 "--hairpin '0.0.0.0/0' would let every network in; give the target's own, 192.168.1.0/24 "
	 "for example"},
	{"eth0:80 10.0.0.1 --hairpin=1.0.0.0/8,2.0.0.0/8,3.0.0.0/8,4.0.0.0/8,5.0.0.0/8,6.0.0.0/8,"
	 "7.0.0.0/8,8.0.0.0/8,9.0.0.0/8,10.0.0.0/8,11.0.0.0/8,12.0.0.0/8,13.0.0.0/8,14.0.0.0/8,"
	 "15.0.0.0/8,16.0.0.0/8,17.0.0.0/8,18.0.0.0/8,19.0.0.0/8,20.0.0.0/8,21.0.0.0/8,22.0.0.0/8,"
	 "23.0.0.0/8,24.0.0.0/8,25.0.0.0/8,26.0.0.0/8,27.0.0.0/8,28.0.0.0/8,29.0.0.0/8,30.0.0.0/8,"
	 "31.0.0.0/8,32.0.0.0/8,33.0.0.0/8",
	 "--hairpin has more than 32 networks; give larger ones"},
	{"eth0:80 10.0.0.1 --hairpin=0.0.0.0/0",
	 "--hairpin '0.0.0.0/0' would let every network in; give the target's own, 192.168.1.0/24 "
	 "for example"},
	{"eth0:80 10.0.0.1 --name", "option '--name' needs a value: NAME"},
	{"eth0:80 10.0.0.1 --name=",
	 "name '': 1 to 63 letters, digits, dots, underscores and hyphens make a name"},
	{"eth0:80 10.0.0.1 --name a/b",
	 "name 'a/b': 1 to 63 letters, digits, dots, underscores and hyphens make a name"},
	{"eth0:80 10.0.0.1 --name " NAME64,
	 "name 'x234567890123456789012345678901234567890123456789012345678901234': 1 to 63 "
	 "letters, digits, dots, underscores and hyphens make a name"},
	{"eth0:80 10.0.0.1 --local=yes", "option '--local=yes' takes no value"},
	{"eth0:80 10.0.0.1 --nosuch", "unknown option '--nosuch'; see pfwd(8)"},
	{"eth0:80 10.0.0.1 -x", "unknown option '-x'; see pfwd(8)"},
	{"eth0:80 10.0.0.1 --masq", "unknown option '--masq'; see pfwd(8)"},
	{"eth0:80 10.0.0.1 --until 2026-02-30T10:00Z",
	 "time '2026-02-30T10:00Z' does not exist in the calendar"},
	{"eth0:80 10.0.0.1 --until 2026-12-01",
	 "time '2026-12-01' is not written like 2026-12-01T18:00 (local time) or "
	 "2026-12-01T18:00:00Z"},
	{"eth0:80 10.0.0.1 --until 2038-01-19T03:14:07Z",
	 "time '2038-01-19T03:14:07Z' is later than 2038-01-19T03:14:06Z, the last that iptables "
	 "can read"},
	{"eth0:+80 10.0.0.1", "'eth0:+80': '+80' is not a port from 1 to 65535, a range of ports, "
			      "or a service that this system knows for tcp"},
	{"eth0:80.0 10.0.0.1", "'eth0:80.0': '80.0' is not a port from 1 to 65535, a range of "
			       "ports, or a service that this system knows for tcp"},
	{"eth0:0x50 10.0.0.1", "'eth0:0x50': '0x50' is not a port from 1 to 65535, a range of "
			       "ports, or a service that this system knows for tcp"},
	{"eth0:1e3 10.0.0.1", "'eth0:1e3': '1e3' is not a port from 1 to 65535, a range of ports, "
			      "or a service that this system knows for tcp"},
	{"eth0:80-90-95 10.0.0.1",
	 "'eth0:80-90-95': '80-90-95' is not a range of ports; write one as 8000-8010"},
	{"eth0:--80 10.0.0.1",
	 "'eth0:--80': '--80' is not a range of ports; write one as 8000-8010"},
	{"eth0:80--90 10.0.0.1",
	 "'eth0:80--90': '80--90' is not a range of ports; write one as 8000-8010"},
	{"eth0:80-65536 10.0.0.1", "'eth0:80-65536': port '65536' is not a number from 1 to 65535"},
	{"eth0:80 10.0.0.1:0", "'10.0.0.1:0': port '0' is not a number from 1 to 65535"},
	{"eth0:80 10.0.0.1:http8", "'10.0.0.1:http8': 'http8' is not a port from 1 to 65535, a "
				   "range of ports, or a service that this system knows for tcp"},
	{"eth0:80 10.0.0.256",
	 "'10.0.0.256': '10.0.0.256' is not an address; write one as 192.168.1.2 or [2001:db8::5]"},
	{"eth0:80 10.0.0",
	 "'10.0.0': '10.0.0' is not an address; write one as 192.168.1.2 or [2001:db8::5]"},
	{"eth0:80 fd00::1",
	 "'fd00::1': one colon too many; an IPv6 address stands in brackets, [2001:db8::5]:80"},
	{"eth0:80 [fd00::1", "'[fd00::1': the brackets do not match"},
	{"eth0:80 [fd00::1]]", "'[fd00::1]]': the brackets do not match"},
	{"eth0:80 [[fd00::1]]", "'[[fd00::1]]': the brackets do not match"},
	{"eth0:80 []", "'[]': '' is not an address; write one as 192.168.1.2 or [2001:db8::5]"},
	{"eth0:80 [fd00::1%eth0]", "'[fd00::1%eth0]': 'fd00::1%eth0' is not an address; write one "
				   "as 192.168.1.2 or [2001:db8::5]"},
	{"eth0:80 :", "':': there is no port after the colon"},
	{"eth0@:80 10.0.0.1",
	 "'eth0@:80': '' is not an address; write one as 192.168.1.2 or [2001:db8::5]"},
	{"eth0:80 10.0.0.1 --from", "option '--from' needs a value: CIDR[,CIDR...]"},
	{"eth0:80 10.0.0.1 --from 10.0.0.0/-1",
	 "--from '10.0.0.0/-1' is not a network; write one as 10.0.0.0/8 or 2001:db8::/32"},
	{"eth0:80 10.0.0.1 --from 10.0.0.0/",
	 "--from '10.0.0.0/' is not a network; write one as 10.0.0.0/8 or 2001:db8::/32"},
	{"eth0:80 10.0.0.1 --until", "option '--until' needs a value: TIME"},
	{"eth0:80 10.0.0.1 --until 2026-12-01T25:00Z",
	 "time '2026-12-01T25:00Z' does not exist in the calendar"},
	{"eth0:80 10.0.0.1 --until 26-12-01T10:00",
	 "time '26-12-01T10:00' is not written like 2026-12-01T18:00 (local time) or "
	 "2026-12-01T18:00:00Z"},
	{"..:80 10.0.0.1",
	 "'..:80': '..' is not an address; write one as 192.168.1.2 or [2001:db8::5]"},
	{"eth0:80 10.0.0.1 third", "too many arguments: 'third' follows SPEC and TARGET"},
	{"eth0:80 \x01\xff",
	 "'\\x01\\xff': '\\x01\\xff' is not an address, and names are not looked up; a target is "
	 "ADDR, ADDR:PORTS or :PORTS, 192.168.1.2:8080 for example"},
	{"eth\xc2\x9b:80 10.0.0.1",
	 "'eth\\xc2\\x9b:80': 'eth\\xc2\\x9b' is not an interface name: it has a character that "
	 "does not belong in one, or looks like an option, a comment or an address"},
	{": 10.0.0.1", "':': there is no port after the colon"},
	{"@:80 10.0.0.1",
	 "'@:80': '' is not an address; write one as 192.168.1.2 or [2001:db8::5]"},
	{":0 10.0.0.1", "':0': port '0' is not a number from 1 to 65535"},
	{":65536 10.0.0.1", "':65536': port '65536' is not a number from 1 to 65535"},
	{":99999999999999999999 10.0.0.1",
	 "':99999999999999999999': port '99999999999999999999' is not a number from 1 to 65535"},
	{":00080 10.0.0.1",
	 "':00080': port '00080' is not a number from 1 to 65535 without leading zeros"},
	{":-1 10.0.0.1", "':-1': '-1' is not a range of ports; write one as 8000-8010"},
	{":- 10.0.0.1", "':-': '-' is not a range of ports; write one as 8000-8010"},
	{":1- 10.0.0.1", "':1-': '1-' is not a range of ports; write one as 8000-8010"},
	{":0-5 10.0.0.1", "':0-5': port '0' is not a number from 1 to 65535"},
	{":5-0 10.0.0.1", "':5-0': port '0' is not a number from 1 to 65535"},
	{":01-5 10.0.0.1",
	 "':01-5': port '01' is not a number from 1 to 65535 without leading zeros"},
	{":5-4 10.0.0.1", "':5-4': the range runs backwards; write 4-5"},
	{":65535-1 10.0.0.1", "':65535-1': the range runs backwards; write 1-65535"},
	{":1-2-3 10.0.0.1", "':1-2-3': '1-2-3' is not a range of ports; write one as 8000-8010"},
	{":80x 10.0.0.1", "':80x': '80x' is not a port from 1 to 65535, a range of ports, or a "
			  "service that this system knows for tcp"},
	{":80,81 10.0.0.1", "':80,81': '80,81' is not a port from 1 to 65535, a range of ports, or "
			    "a service that this system knows for tcp"},
	{":http-domain 10.0.0.1", "':http-domain': 'http-domain' is not a port from 1 to 65535, a "
				  "range of ports, or a service that this system knows for tcp"},
	{":HTTP 10.0.0.1", "':HTTP': 'HTTP' is not a port from 1 to 65535, a range of ports, or a "
			   "service that this system knows for tcp"},
	{":nosuch/udp 10.0.0.1", "':nosuch/udp': 'nosuch' is not a port from 1 to 65535, a range "
				 "of ports, or a service that this system knows for udp"},
	{":domain/sctp 10.0.0.1", "':domain/sctp': 'domain' is not a port from 1 to 65535, a range "
				  "of ports, or a service that this system knows for sctp"},
	{":odd/tcp+udp 10.0.0.1",
	 "':odd/tcp+udp': service 'odd' has different ports in tcp and udp; give numbers"},
	{":80/tcp+udp 10.0.0.1:odd",
	 "'10.0.0.1:odd': service 'odd' has different ports in tcp and udp; give numbers"},
	{":80/udp+tcp 10.0.0.1",
	 "':80/udp+tcp': protocol 'udp+tcp' is not tcp, udp, sctp or tcp+udp"},
	{":80/icmp 10.0.0.1", "':80/icmp': protocol 'icmp' is not tcp, udp, sctp or tcp+udp"},
	{":80/6 10.0.0.1", "':80/6': protocol '6' is not tcp, udp, sctp or tcp+udp"},
	{":80//tcp 10.0.0.1", "':80//tcp': one slash too many; only the protocol follows one"},
	{"::80 10.0.0.1",
	 "'::80': one colon too many; an IPv6 address stands in brackets, [2001:db8::5]:80"},
	{"eth0:80: 10.0.0.1",
	 "'eth0:80:': one colon too many; an IPv6 address stands in brackets, [2001:db8::5]:80"},
	{"2001:db8::5 [fd00::1]",
	 "'2001:db8::5': one colon too many; an IPv6 address stands in brackets, [2001:db8::5]:80"},
	{"2001:db8 [fd00::1]", "'2001:db8': 'db8' is not a port from 1 to 65535, a range of ports, "
			       "or a service that this system knows for tcp"},
	{"eth0@fd00::1:80 [fd00::1]", "'eth0@fd00::1:80': one colon too many; an IPv6 address "
				      "stands in brackets, [2001:db8::5]:80"},
	{"[fd00::1] [fd00::2]",
	 "'[fd00::1]': there is no port; a SPEC is [IF][@ADDR]:PORTS[/PROTO], eth0:80 for example"},
	{"[fd00::1]80 [fd00::2]",
	 "'[fd00::1]80': a colon and the ports follow the closing bracket"},
	{"[fd00::1:80 [fd00::2]", "'[fd00::1:80': the brackets do not match"},
	{"fd00::1]:80 [fd00::2]", "'fd00::1]:80': the brackets do not match"},
	{"[[fd00::1]:80 [fd00::2]", "'[[fd00::1]:80': the brackets do not match"},
	{"[fd00::1]]:80 [fd00::2]", "'[fd00::1]]:80': the brackets do not match"},
	{"][:80 [fd00::2]", "'][:80': the brackets do not match"},
	{"eth0[fd00::1]:80 [fd00::2]",
	 "'eth0[fd00::1]:80': an address in brackets stands at the beginning or after @"},
	{"[]:80 [fd00::2]",
	 "'[]:80': '' is not an address; write one as 192.168.1.2 or [2001:db8::5]"},
	{"[fd00::1/64]:80 [fd00::2]", "'[fd00::1/64]:80': 'fd00::1/64' is not an address; write "
				      "one as 192.168.1.2 or [2001:db8::5]"},
	{"[fd00::00001]:80 [fd00::2]", "'[fd00::00001]:80': 'fd00::00001' is not an address; write "
				       "one as 192.168.1.2 or [2001:db8::5]"},
	{"[1:2:3:4:5:6:7:8:9]:80 [fd00::2]",
	 "'[1:2:3:4:5:6:7:8:9]:80': '1:2:3:4:5:6:7:8:9' is not an address; write one as "
	 "192.168.1.2 or [2001:db8::5]"},
	{"[fe80::1%eth0]:80 [fd00::2]", "'[fe80::1%eth0]:80': 'fe80::1%eth0' is not an address; "
					"write one as 192.168.1.2 or [2001:db8::5]"},
	{"[1.2.3.4]:80 10.0.0.1",
	 "'[1.2.3.4]:80': brackets are for IPv6 addresses; leave them out"},
	{"eth0@1.2.3.4.5:80 10.0.0.1", "'eth0@1.2.3.4.5:80': '1.2.3.4.5' is not an address; write "
				       "one as 192.168.1.2 or [2001:db8::5]"},
	{"256.1.1.1:80 10.0.0.1", "'256.1.1.1:80': '256.1.1.1' is not an address; write one as "
				  "192.168.1.2 or [2001:db8::5]"},
	{"010.0.0.1:80 10.0.0.2", "'010.0.0.1:80': '010.0.0.1' is not an address; write one as "
				  "192.168.1.2 or [2001:db8::5]"},
	{"eth0@1.2.3.4/24:80 10.0.0.1", "'eth0@1.2.3.4/24:80': a slash cannot stand before the "
					"ports; an address here has no mask"},
	{"eth0@@1.2.3.4:80 10.0.0.1", "'eth0@@1.2.3.4:80': '@1.2.3.4' is not an address; write one "
				      "as 192.168.1.2 or [2001:db8::5]"},
	{"e123456789abcdef:80 10.0.0.1", "'e123456789abcdef:80': interface 'e123456789abcdef' is "
					 "longer than the 15 characters that Linux allows"},
	{"+@1.2.3.4:80 10.0.0.1", "'+@1.2.3.4:80': interface '+': for all interfaces write *"},
	{"**:80 10.0.0.1", "'**:80': '**' is not an interface name: it has a character that does "
			   "not belong in one, or looks like an option, a comment or an address"},
	{".:80 10.0.0.1",
	 "'.:80': '.' is not an address; write one as 192.168.1.2 or [2001:db8::5]"},
	{"a\"b:80 10.0.0.1",
	 "'a\"b:80': 'a\"b' is not an interface name: it has a character that does not belong in "
	 "one, or looks like an option, a comment or an address"},
	{"a\\b:80 10.0.0.1",
	 "'a\\x5cb:80': 'a\\x5cb' is not an interface name: it has a character that does not "
	 "belong in one, or looks like an option, a comment or an address"},
	{"a\x0a"
	 "b:80 10.0.0.1",
	 "'a\\x0ab:80': 'a\\x0ab' is not an interface name: it has a character that does not "
	 "belong in one, or looks like an option, a comment or an address"},
	{"a\x1b[31m:80 10.0.0.1", "'a\\x1b[31m:80': the brackets do not match"},
	{"\x7f:80 10.0.0.1",
	 "'\\x7f:80': '\\x7f' is not an interface name: it has a character that does not belong in "
	 "one, or looks like an option, a comment or an address"},
	{"\xff\xfe:80 10.0.0.1",
	 "'\\xff\\xfe:80': '\\xff\\xfe' is not an interface name: it has a character that does not "
	 "belong in one, or looks like an option, a comment or an address"},
	{"\xc0\x80:80 10.0.0.1",
	 "'\\xc0\\x80:80': '\\xc0\\x80' is not an interface name: it has a character that does not "
	 "belong in one, or looks like an option, a comment or an address"},
	{"\xed\xa0\x80:80 10.0.0.1",
	 "'\\xed\\xa0\\x80:80': '\\xed\\xa0\\x80' is not an interface name: it has a character "
	 "that does not belong in one, or looks like an option, a comment or an address"},
	{":\x09"
	 "80 10.0.0.1",
	 "':\\x0980': port '\\x0980' has characters that no port has"},
	{":80/\x01 10.0.0.1", "':80/\\x01': protocol '\\x01' is not tcp, udp, sctp or tcp+udp"},
	{"eth0:80 \x01", "'\\x01': '\\x01' is not an address, and names are not looked up; a "
			 "target is ADDR, ADDR:PORTS or :PORTS, 192.168.1.2:8080 for example"},
	{"eth0:80 10.0.0.1:", "'10.0.0.1:': there is no port after the colon"},
	{"eth0:80 10.0.0.1:65536",
	 "'10.0.0.1:65536': port '65536' is not a number from 1 to 65535"},
	{"eth0:80 10.0.0.1:-5",
	 "'10.0.0.1:-5': '-5' is not a range of ports; write one as 8000-8010"},
	{":80--90 10.0.0.1", "':80--90': '80--90' is not a range of ports; write one as 8000-8010"},
	{"eth0:80 10.0.0.1:9-8", "'10.0.0.1:9-8': the range runs backwards; write 8-9"},
	{"eth0:80 10.0.0.1:8-9", "80 to 8-9: 1 port cannot be sent to 2: the target's range must "
				 "be as long, or one port, or none (the same ports)"},
	{":1-3 10.0.0.1:8-9", "1-3 to 8-9: 3 ports cannot be sent to 2: the target's range must be "
			      "as long, or one port, or none (the same ports)"},
	{":1-3 :8-11", "1-3 to 8-11: 3 ports cannot be sent to 4: the target's range must be as "
		       "long, or one port, or none (the same ports)"},
	{"eth0:80 10.0.0.1:80/udp",
	 "'10.0.0.1:80/udp': the protocol belongs to the SPEC, not to the target"},
	{"eth0:80 10.0.0.1:80:81", "'10.0.0.1:80:81': one colon too many; an IPv6 address stands "
				   "in brackets, [2001:db8::5]:80"},
	{"eth0:80 10.0.0.01",
	 "'10.0.0.01': '10.0.0.01' is not an address; write one as 192.168.1.2 or [2001:db8::5]"},
	{"eth0:80 server", "'server': 'server' is not an address, and names are not looked up; a "
			   "target is ADDR, ADDR:PORTS or :PORTS, 192.168.1.2:8080 for example"},
	{"eth0:80 server:80",
	 "'server:80': 'server' is not an address, and names are not looked up; a target is ADDR, "
	 "ADDR:PORTS or :PORTS, 192.168.1.2:8080 for example"},
	{"eth0:80 *:80", "'*:80': '*' is not an address, and names are not looked up; a target is "
			 "ADDR, ADDR:PORTS or :PORTS, 192.168.1.2:8080 for example"},
	{"eth0:80 eth1@10.0.0.1:80", "'eth1@10.0.0.1:80': a target has no interface; a target is "
				     "ADDR, ADDR:PORTS or :PORTS, 192.168.1.2:8080 for example"},
	{"eth0:80 @10.0.0.1:80", "'@10.0.0.1:80': a target has no interface; a target is ADDR, "
				 "ADDR:PORTS or :PORTS, 192.168.1.2:8080 for example"},
	{"eth0:80 *@[fd00::1]", "'*@[fd00::1]': a target has no interface; a target is ADDR, "
				"ADDR:PORTS or :PORTS, 192.168.1.2:8080 for example"},
	{"127.0.0.1:80 :81",
	 "address 127.0.0.1 is a loopback address, which the kernel cannot forward safely; leave "
	 "it out; for a program on this host write the target as :PORT; a program that listens on "
	 "a loopback address alone cannot be reached"},
	{"eth0:80 127.255.255.254",
	 "target 127.255.255.254 is a loopback address, which the kernel cannot forward safely; "
	 "for a program on this host write the target as :PORT; a program that listens on a "
	 "loopback address alone cannot be reached"},
	{"eth0:80 [::1]:81", "target ::1 is a loopback address, which the kernel cannot forward "
			     "safely; for a program on this host write the target as :PORT; a "
			     "program that listens on a loopback address alone cannot be reached"},
	{"239.255.255.255:80 10.0.0.1",
	 "address 239.255.255.255 is a multicast address; give the address of one host"},
	{"[ff05::2]:80 [fd00::1]",
	 "address ff05::2 is a multicast address; give the address of one host"},
	{"eth0:80 224.0.0.1",
	 "target 224.0.0.1 is a multicast address; give the address of one host"},
	{"eth0:80 255.255.255.255",
	 "target 255.255.255.255 is the broadcast address; give the address of one host"},
	{"eth0:80 [::]:81", "target :: is not the address of a host; for a program on this host "
			    "write the target as :PORT"},
	{"[::ffff:127.0.0.1]:80 [fd00::1]",
	 "address ::ffff:127.0.0.1 is a loopback address, which the kernel cannot forward safely; "
	 "leave it out; for a program on this host write the target as :PORT; a program that "
	 "listens on a loopback address alone cannot be reached"},
	{"[::127.0.0.1]:80 [fd00::1]",
	 "address ::127.0.0.1 is a loopback address, which the kernel cannot forward safely; leave "
	 "it out; for a program on this host write the target as :PORT; a program that listens on "
	 "a loopback address alone cannot be reached"},
	{"eth0:80 [::ffff:127.0.0.1]:81",
	 "target ::ffff:127.0.0.1 is a loopback address, which the kernel cannot forward safely; "
	 "for a program on this host write the target as :PORT; a program that listens on a "
	 "loopback address alone cannot be reached"},
	{"eth0:80 [::127.0.0.1]:81",
	 "target ::127.0.0.1 is a loopback address, which the kernel cannot forward safely; for a "
	 "program on this host write the target as :PORT; a program that listens on a loopback "
	 "address alone cannot be reached"},
	{"[::ffff:0.0.0.0]:80 [fd00::1]",
	 "address ::ffff:0.0.0.0 is not the address of a host; give the address of one host"},
	{"eth0:80 [::ffff:0.0.0.0]", "target ::ffff:0.0.0.0 is not the address of a host; for a "
				     "program on this host write the target as :PORT"},
	{"[::ffff:224.0.0.1]:80 [fd00::1]",
	 "address ::ffff:224.0.0.1 is a multicast address; give the address of one host"},
	{"eth0:80 [::224.0.0.1]",
	 "target ::224.0.0.1 is a multicast address; give the address of one host"},
	{"eth0:80 [::ffff:255.255.255.255]",
	 "target ::ffff:255.255.255.255 is the broadcast address; give the address of one host"},
	{"eth0:80 [::255.255.255.255]",
	 "target ::255.255.255.255 is the broadcast address; give the address of one host"},
	{"eth0:80 [::ffff:192.168.1.2]",
	 "target ::ffff:192.168.1.2 is an IPv4 address written as one of IPv6, which no host has; "
	 "write 192.168.1.2, in a forward of IPv4"},
	{"[fe80::1]:80 [fd00::1]", "address fe80::1 is a link-local address, which means a host "
				   "only together with an interface; give the address of one host"},
	{"eth0:80 [fe80::1]:81", "target fe80::1 is a link-local address, which means a host only "
				 "together with an interface; give the address of one host"},
	{"eth0:80 [febf:ffff::1]",
	 "target febf:ffff::1 is a link-local address, which means a host only together with an "
	 "interface; give the address of one host"},
	{"8080:80 10.0.0.1", "'8080:80': no interface is called 8080; to send port 8080 to port 80 "
			     "write :8080 as SPEC and ADDR:80 as TARGET"},
	{"8000:8010 10.0.0.1",
	 "'8000:8010': no interface is called 8000; for the ports 8000 to 8010 write :8000-8010, "
	 "and to send port 8000 to port 8010 write :8000 as SPEC and ADDR:8010 as TARGET"},
	{"8000:80-90 10.0.0.1", "'8000:80-90': no interface is called 8000; to send port 8000 to "
				"port 80-90 write :8000 as SPEC and ADDR:80-90 as TARGET"},
	{"any:80 10.0.0.1",
	 "'any:80': no interface is called any; for all interfaces write *, or nothing"},
	{"any@1.2.3.4:80 10.0.0.1",
	 "'any@1.2.3.4:80': no interface is called any; for all interfaces write *, or nothing"},
	{"lo:80 10.0.0.1", "'lo:80': nothing that could be forwarded comes in on lo; for programs "
			   "on this host give --local, and the interface of other clients or none"},
	{"lo@1.2.3.4:80 :81",
	 "'lo@1.2.3.4:80': nothing that could be forwarded comes in on lo; for programs on this "
	 "host give --local, and the interface of other clients or none"},
	{"0.0.0.0:80 [fd00::1]", "'0.0.0.0:80' is IPv4 and '[fd00::1]' is IPv6; the kernel cannot "
				 "translate between families"},
	{"eth0:80 [fd00::1] -4", "-4 was asked for, but '[fd00::1]' is IPv6"},
	{"1.2.3.4:80 :81 -6", "-6 was asked for, but '1.2.3.4:80' is IPv4"},
	{":1-9 :1-9", "nothing to forward: port 1 of this host stays port 1 of this host; give the "
		      "target another port"},
	{"1.2.3.4:80 :80", "nothing to forward: port 80 of this host stays port 80 of this host; "
			   "give the target another port"},
	{"1.2.3.4:80 1.2.3.4", "nothing to forward: port 80 of 1.2.3.4 would be sent to itself; "
			       "give the target another address or port"},
	{"1.2.3.4:80-90 1.2.3.4:90", "nothing to forward: port 90 of 1.2.3.4 would be sent to "
				     "itself; give the target another address or port"},
	{"eth0:80 :81 --hairpin=10.0.0.0/8",
	 "--hairpin does not go with a :PORT target: this host itself answers, at the address that "
	 "the client used; leave it out"},
	{"eth0:80 10.0.0.1 --snat 127.0.0.1",
	 "--snat 127.0.0.1 is a loopback address, which the kernel cannot forward safely; give the "
	 "address of one host, usually one of this host"},
	{"eth0:80 10.0.0.1 --snat 224.0.0.1", "--snat 224.0.0.1 is a multicast address; give the "
					      "address of one host, usually one of this host"},
	{"eth0:80 10.0.0.1 --snat 255.255.255.255",
	 "--snat 255.255.255.255 is the broadcast address; give the address of one host, usually "
	 "one of this host"},
	{"eth0:80 [fd00::1] --snat fe80::1",
	 "--snat fe80::1 is a link-local address, which means a host only together with an "
	 "interface; give the address of one host, usually one of this host"},
	{"eth0:80 [fd00::1] --snat ::127.0.0.1",
	 "--snat ::127.0.0.1 is a loopback address, which the kernel cannot forward safely; give "
	 "the address of one host, usually one of this host"},
	{"eth0:80 [fd00::1] --snat ::ffff:1.2.3.4",
	 "--snat ::ffff:1.2.3.4 is an IPv4 address written as one of IPv6, which no host has; "
	 "write 1.2.3.4, in a forward of IPv4"},
	{"eth0:80 10.0.0.1 --snat 10.0.0.1:80",
	 "--snat '10.0.0.1:80' is not an address; write one as 192.168.1.1 or 2001:db8::1"},
	{"eth0:80 10.0.0.1 --snat=",
	 "--snat '' is not an address; write one as 192.168.1.1 or 2001:db8::1"},
	{"eth0:80 10.0.0.1 --from=",
	 "--from '' is not a network; write one as 10.0.0.0/8 or 2001:db8::/32"},
	{"eth0:80 10.0.0.1 --from ,10.0.0.0/8",
	 "--from '' is not a network; write one as 10.0.0.0/8 or 2001:db8::/32"},
	{"eth0:80 10.0.0.1 --from 10.0.0.0/8,,10.0.0.0/9",
	 "--from '' is not a network; write one as 10.0.0.0/8 or 2001:db8::/32"},
	{"eth0:80 10.0.0.1 --from 10.0.0.0/4294967304",
	 "--from '10.0.0.0/4294967304' is not a network; write one as 10.0.0.0/8 or 2001:db8::/32"},
	{"eth0:80 10.0.0.1 --from 10.0.0.0/255.0.0.0",
	 "--from '10.0.0.0/255.0.0.0' is not a network; write one as 10.0.0.0/8 or 2001:db8::/32"},
	{"eth0:80 10.0.0.1 --from 10.0.0.0/+8",
	 "--from '10.0.0.0/+8' is not a network; write one as 10.0.0.0/8 or 2001:db8::/32"},
	{"eth0:80 10.0.0.1 --from 010.0.0.0/8",
	 "--from '010.0.0.0/8' is not a network; write one as 10.0.0.0/8 or 2001:db8::/32"},
	{"eth0:80 10.0.0.1 --from [fd00::]/8",
	 "--from '[fd00::]/8' is not a network; write one as 10.0.0.0/8 or 2001:db8::/32"},
	{"eth0:80 10.0.0.1 --from ::/0", "--from '::/0' is IPv6, and the forward is IPv4"},
	{"eth0:80 10.0.0.1 --from fd00::/129",
	 "--from 'fd00::/129' is not a network; write one as 10.0.0.0/8 or 2001:db8::/32"},
	{"eth0:80 10.0.0.1 --hairpin=",
	 "--hairpin '' is not a network; write one as 10.0.0.0/8 or 2001:db8::/32"},
	{"eth0:80 10.0.0.1 --hairpin=::/0", "--hairpin '::/0' would let every network in; give the "
					    "target's own, 192.168.1.0/24 for example"},
	{"eth0:80 10.0.0.1 --name a,b",
	 "name 'a,b': 1 to 63 letters, digits, dots, underscores and hyphens make a name"},
	{"eth0:80 10.0.0.1 --name --masquerade",
	 "name '--masquerade': a name does not begin with a hyphen, as options do"},
	{"eth0:80 10.0.0.1 --name=-x",
	 "name '-x': a name does not begin with a hyphen, as options do"},
	{"eth0:80 10.0.0.1 --name \xc3\xa9\x02", "name '\xc3\xa9\\x02': 1 to 63 letters, digits, "
						 "dots, underscores and hyphens make a name"},
	{"eth0:80 10.0.0.1 --local=1", "option '--local=1' takes no value"},
	{"eth0:80 10.0.0.1 --masquerade=", "option '--masquerade=' takes no value"},
	{"eth0:80 10.0.0.1 --fro 10.0.0.0/8", "unknown option '--fro'; see pfwd(8)"},
	{"eth0:80 10.0.0.1 -4x", "unknown option '-x'; see pfwd(8)"},
	{"eth0:80 10.0.0.1 --\x1b", "unknown option '--\\x1b'; see pfwd(8)"},
	{"eth0:80 10.0.0.1 -\xff", "unknown option '-\\xff'; see pfwd(8)"},
	{"eth0:80 10.0.0.1 --for 0s", "duration '0s' is too short; it must be at least 1s"},
	{"eth0:80 10.0.0.1 --for 1w",
	 "duration '1w' is not a number with a unit; write one as 90s, 30m, 2h or 7d"},
	{"eth0:80 10.0.0.1 --for -1s",
	 "duration '-1s' is not a number with a unit; write one as 90s, 30m, 2h or 7d"},
	{"eth0:80 10.0.0.1 --for 99999d",
	 "--for 99999d ends later than 2038-01-19T03:14:06Z, the last time that iptables can read; "
	 "leave it out for a forward without end"},
	{"eth0:80 10.0.0.1 --until 2026-02-29T00:00Z",
	 "time '2026-02-29T00:00Z' does not exist in the calendar"},
	{"eth0:80 10.0.0.1 --until now",
	 "time 'now' is not written like 2026-12-01T18:00 (local time) or 2026-12-01T18:00:00Z"},
};

static void assert_printable(const char *text)
{
	for (const unsigned char *c = (const unsigned char *)text; *c; c++)
		if (*c < 0x20 || *c == 0x7f)
			fail_msg("byte %02x in a message", *c);
}

/* The set stays as it was, and the message is that one. */
static void assert_refused(int result, const struct forwards *set, const struct err *err,
			   const char *says)
{
	assert_int_equal(result, -1);
	assert_int_equal(err->kind, ERR_INPUT);
	assert_int_equal(set->count, 0);
	assert_printable(err->text);
	assert_string_equal(err->text, says);
}

static void bad_lines_are_refused(void **state)
{
	const struct bad *row = *state;
	struct forwards set = {0};
	struct err err = {0};
	int result = read_line(row->line, &set, &err);
	assert_refused(result, &set, &err, row->says);
	forwards_free(&set);
}

/* Words with blanks in them, and empty ones. */
static const struct bad_words {
	const char *spec, *target, *says;
} bad_words[] = {
	{"", "10.0.0.1",
	 "'': there is no port; a SPEC is [IF][@ADDR]:PORTS[/PROTO], eth0:80 for example"},
	{" ", "10.0.0.1",
	 "' ': there is no port; a SPEC is [IF][@ADDR]:PORTS[/PROTO], eth0:80 for example"},
	{":1 - 2", "10.0.0.1", "':1 - 2': port '1 - 2' has characters that no port has"},
	{":80 ", "10.0.0.1", "':80 ': port '80 ' has characters that no port has"},
	{": 80", "10.0.0.1", "': 80': port ' 80' has characters that no port has"},
	{":80/tcp ", "10.0.0.1", "':80/tcp ': protocol 'tcp ' is not tcp, udp, sctp or tcp+udp"},
	{"a b:80", "10.0.0.1",
	 "'a b:80': 'a b' is not an interface name: it has a character that does not belong in "
	 "one, or looks like an option, a comment or an address"},
	{"eth0:80", "",
	 "'': there is no target; a target is ADDR, ADDR:PORTS or :PORTS, 192.168.1.2:8080 for "
	 "example"},
};

static void bad_words_are_refused(void **state)
{
	const struct bad_words *row = *state;
	const char *words[] = {row->spec, row->target};
	struct forwards set = {0};
	struct err err = {0};
	int result = read_words(words, 2, &set, &err);
	assert_refused(result, &set, &err, row->says);
	forwards_free(&set);
}

/* 100 kB of one byte at each place that takes text. */
static void long_words_are_refused_shortly(void **state)
{
	(void)state;
	static const char *const before[] = {"",       "eth0@",    "[",         ":",
					     ":80/",   "--from=",  "--snat=",   "--name=",
					     "--for=", "--until=", "--hairpin="};
	static const char fill[] = "a0:[]@/-.,+\x01\xff";
	char *text = malloc(LONG_TEXT + 32);
	for (size_t b = 0; b < ROWS_COUNT(before); b++)
		for (size_t i = 0; i < sizeof(fill) - 1; i++) {
			const char *words[] = {text, "eth0:80", "10.0.0.1"};
			struct forwards set = {0};
			struct err err;
			int n = sprintf(text, "%s", before[b]);
			memset(text + n, fill[i], LONG_TEXT);
			text[n + LONG_TEXT] = '\0';
			assert_int_equal(read_words(words, 3, &set, &err), -1);
			assert_int_equal(err.kind, ERR_INPUT);
			assert_printable(err.text);
			assert_true(strlen(err.text) < 600);
			forwards_free(&set);
		}
	free(text);
}

static void what_is_written_reads_back(void **state)
{
	(void)state;
	struct dice dice = {.state = 1};
	for (int i = 0; i < 100000; i++) {
		char line[SPEC_LINE_MAX];
		struct forwards set = {0};
		struct err err = {.text = "another forward"};
		dice.spread = i % 2 ? WIDE : CROWDED;
		struct forward f = random_forward(&dice, FAMILY_NONE);
		spec_format_line(&f, line);
		if (read_line(line, &set, &err) < 0 || set.count != 1 ||
		    !forward_equal(&set.items[0], &f))
			fail_msg("%s: %s", line, err.text);
		forwards_free(&set);
	}
}

/* What a random text is read as is written so that it reads the same again. */
static void random_specs_settle(void **state)
{
	(void)state;
	struct dice dice = {.state = 2};
	int taken = 0;
	for (int i = 0; i < 300000; i++) {
		char text[24] = {0}, again[SPEC_TEXT_MAX];
		struct spec one, two;
		struct err err;
		random_text(&dice, "e+*@[]::::12345.-/tcp", text, 14);
		if (spec_parse(text, &read_host, &one, &err) < 0)
			continue;
		struct forward f = {.proto = one.protos[0], .addr = one.addr, .ports = one.ports};
		memcpy(f.ifname, one.ifname, sizeof(f.ifname));
		spec_format(&f, again);
		if (spec_parse(again, &read_host, &two, &err) < 0)
			fail_msg("'%s' is written as '%s': %s", text, again, err.text);
		assert_string_equal(one.ifname, two.ifname);
		assert_true(address_equal(&one.addr, &two.addr));
		assert_memory_equal(&one.ports, &two.ports, sizeof(one.ports));
		taken++;
	}
	assert_true(taken > 1000);
}

static void shorthands_multiply(void **state)
{
	(void)state;
	struct forwards set = {0};
	struct err err;
	assert_int_equal(read_line(":domain/tcp+udp 10.0.0.1 --from 10.0.0.0/8,1.2.3.4,0.0.0.0/0",
				   &set, &err),
			 0);
	assert_int_equal(set.count, 6);
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(set.items[i].proto, i % 2 ? PROTO_UDP : PROTO_TCP);
	assert_int_equal(set.items[2].from.prefix, 32);
	assert_false(network_is_set(&set.items[5].from));
	/* a failure leaves what was there before */
	assert_int_equal(read_line(":1/tcp+udp 10.0.0.1 --from 10.0.0.0/8,x", &set, &err), -1);
	assert_int_equal(set.count, 6);
	forwards_free(&set);
}

/* A zone an hour west of UTC. */
static bool west_time(const struct tm *asked, int64_t *out)
{
	struct tm tm = *asked;
	*out = timegm(&tm) + 3600;
	return true;
}

/* As read in that zone. */
static const struct good_time {
	const char *text;
	int64_t when;
} good_times[] = {
	{"1970-01-01T00:00:01Z", 1},
	{"2026-12-01T18:00Z", 1796148000},
	{"2026-12-01T18:00:30Z", 1796148030},
	{"2026-12-01T18:00+02:00", 1796140800},
	{"2026-12-01T18:00-00:30", 1796149800},
	{"2026-12-01T18:00", 1796151600},
	{"2024-02-29T00:00Z", 1709164800},
	{"2038-01-19T03:14:06Z", FORWARD_UNTIL_MAX},
};

static const struct spec_host in_the_west = {.local_time = west_time};

static void times_are_read(void **state)
{
	const struct good_time *row = *state;
	int64_t when;
	struct err err;
	assert_int_equal(time_parse(row->text, &in_the_west, &when, &err), 0);
	assert_true(when == row->when);
}

static const struct bad_time {
	const char *text, *says;
} bad_times[] = {
	{"1970-01-01T00:00Z",
	 "time '1970-01-01T00:00Z' is before 1970; a forward ends in the future"},
	{"1960-01-01T00:00Z",
	 "time '1960-01-01T00:00Z' is before 1970; a forward ends in the future"},
	{"2038-01-19T03:14:07Z", "time '2038-01-19T03:14:07Z' is later than 2038-01-19T03:14:06Z, "
				 "the last that iptables can read"},
	{"2038-01-19T03:14:06-00:01", "time '2038-01-19T03:14:06-00:01' is later than "
				      "2038-01-19T03:14:06Z, the last that iptables can read"},
	{"9999-12-31T23:59Z", "time '9999-12-31T23:59Z' is later than 2038-01-19T03:14:06Z, the "
			      "last that iptables can read"},
	{"2025-02-29T00:00Z", "time '2025-02-29T00:00Z' does not exist in the calendar"},
	{"2026-13-01T00:00Z", "time '2026-13-01T00:00Z' does not exist in the calendar"},
	{"2026-00-01T00:00Z", "time '2026-00-01T00:00Z' does not exist in the calendar"},
	{"2026-01-00T00:00Z", "time '2026-01-00T00:00Z' does not exist in the calendar"},
	{"2026-01-01T24:00Z", "time '2026-01-01T24:00Z' does not exist in the calendar"},
	{"2026-01-01T00:60Z", "time '2026-01-01T00:60Z' does not exist in the calendar"},
	{"2026-01-01T00:00:60Z", "time '2026-01-01T00:00:60Z' does not exist in the calendar"},
	{"2026-01-01T00:00+24:00", "time '2026-01-01T00:00+24:00' is not written like "
				   "2026-12-01T18:00 (local time) or 2026-12-01T18:00:00Z"},
	{"2026-01-01T00:00+0100", "time '2026-01-01T00:00+0100' is not written like "
				  "2026-12-01T18:00 (local time) or 2026-12-01T18:00:00Z"},
	{"2026-01-01T00:00z", "time '2026-01-01T00:00z' is not written like 2026-12-01T18:00 "
			      "(local time) or 2026-12-01T18:00:00Z"},
	{"2026-01-01T00:00ZZ", "time '2026-01-01T00:00ZZ' is not written like 2026-12-01T18:00 "
			       "(local time) or 2026-12-01T18:00:00Z"},
	{"2026-01-01T00:00 ", "time '2026-01-01T00:00 ' is not written like 2026-12-01T18:00 "
			      "(local time) or 2026-12-01T18:00:00Z"},
	{"2026-01-01 00:00", "time '2026-01-01 00:00' is not written like 2026-12-01T18:00 (local "
			     "time) or 2026-12-01T18:00:00Z"},
	{"2026-1-1T0:0", "time '2026-1-1T0:0' is not written like 2026-12-01T18:00 (local time) or "
			 "2026-12-01T18:00:00Z"},
	{"-026-01-01T00:00Z", "time '-026-01-01T00:00Z' is not written like 2026-12-01T18:00 "
			      "(local time) or 2026-12-01T18:00:00Z"},
	{"2026-01-01T00:00:", "time '2026-01-01T00:00:' is not written like 2026-12-01T18:00 "
			      "(local time) or 2026-12-01T18:00:00Z"},
	{"", "time '' is not written like 2026-12-01T18:00 (local time) or 2026-12-01T18:00:00Z"},
	{"2025-02-29T00:00",
	 "time '2025-02-29T00:00' does not exist in the calendar or on this system's clock"},
};

static void bad_times_are_refused(void **state)
{
	const struct bad_time *row = *state;
	int64_t when = -1;
	struct err err = {0};
	assert_int_equal(time_parse(row->text, &in_the_west, &when, &err), -1);
	assert_int_equal(err.kind, ERR_INPUT);
	assert_string_equal(err.text, row->says);
	assert_true(when == -1);
}

static void times_need_a_zone_where_none_is_known(void **state)
{
	(void)state;
	static const struct spec_host nowhere;
	int64_t when = -1;
	struct err err = {0};
	assert_int_equal(time_parse("2026-12-01T18:00", &nowhere, &when, &err), -1);
	assert_string_equal(err.text,
			    "time '2026-12-01T18:00' has no zone; put Z behind it for UTC");
}

static const struct good_duration {
	const char *text;
	int64_t seconds;
} good_durations[] = {
	{"1s", 1},
	{"90s", 90},
	{"30m", 1800},
	{"2h", 7200},
	{"7d", 604800},
	{"007s", 7},
	{"9999999999d", 863999999913600},
};

static void durations_are_read(void **state)
{
	const struct good_duration *row = *state;
	int64_t seconds;
	struct err err;
	assert_int_equal(time_parse_duration(row->text, &seconds, &err), 0);
	assert_true(seconds == row->seconds);
}

static const struct bad_duration {
	const char *text, *says;
} bad_durations[] = {
	{"0s", "duration '0s' is too short; it must be at least 1s"},
	{"0d", "duration '0d' is too short; it must be at least 1s"},
	{"", "duration '' is not a number with a unit; write one as 90s, 30m, 2h or 7d"},
	{"s", "duration 's' is not a number with a unit; write one as 90s, 30m, 2h or 7d"},
	{"7", "duration '7' is not a number with a unit; write one as 90s, 30m, 2h or 7d"},
	{"7D", "duration '7D' is not a number with a unit; write one as 90s, 30m, 2h or 7d"},
	{"7ss", "duration '7ss' is not a number with a unit; write one as 90s, 30m, 2h or 7d"},
	{"1h30m", "duration '1h30m' is not a number with a unit; write one as 90s, 30m, 2h or 7d"},
	{"-1s", "duration '-1s' is not a number with a unit; write one as 90s, 30m, 2h or 7d"},
	{"+1s", "duration '+1s' is not a number with a unit; write one as 90s, 30m, 2h or 7d"},
	{"1.5h", "duration '1.5h' is not a number with a unit; write one as 90s, 30m, 2h or 7d"},
	{" 1s", "duration ' 1s' is not a number with a unit; write one as 90s, 30m, 2h or 7d"},
	{"1 s", "duration '1 s' is not a number with a unit; write one as 90s, 30m, 2h or 7d"},
	{"99999999999s",
	 "duration '99999999999s' is not a number with a unit; write one as 90s, 30m, 2h or 7d"},
};

static void bad_durations_are_refused(void **state)
{
	const struct bad_duration *row = *state;
	int64_t seconds = -1;
	struct err err = {0};
	assert_int_equal(time_parse_duration(row->text, &seconds, &err), -1);
	assert_int_equal(err.kind, ERR_INPUT);
	assert_string_equal(err.text, row->says);
	assert_true(seconds == -1);
}

int main(void)
{
	struct rows rows = {0};
	ROWS_ADD_ALL(&rows, good, good_lines_have_one_canonical_form);
	ROWS_ADD_ALL(&rows, bad, bad_lines_are_refused);
	ROWS_ADD_ALL(&rows, bad_words, bad_words_are_refused);
	ROWS_ADD_TEST(&rows, long_words_are_refused_shortly);
	ROWS_ADD_TEST(&rows, what_is_written_reads_back);
	ROWS_ADD_TEST(&rows, random_specs_settle);
	ROWS_ADD_TEST(&rows, shorthands_multiply);
	ROWS_ADD_ALL(&rows, good_times, times_are_read);
	ROWS_ADD_ALL(&rows, bad_times, bad_times_are_refused);
	ROWS_ADD_TEST(&rows, times_need_a_zone_where_none_is_known);
	ROWS_ADD_ALL(&rows, good_durations, durations_are_read);
	ROWS_ADD_ALL(&rows, bad_durations, bad_durations_are_refused);
	return rows_run(&rows, "spec");
}
