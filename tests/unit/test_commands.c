/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line itself, and the commands that change forwards one by one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "commands/command.h"
#include "fake_host.h"
#include "memory_backend.h"
#include "program.h"
#include "read_forward.h"

/* ---- hosts and backends that are not ordinary ---- */

static void forbid(void)
{
	fake_host->forbidden = true;
}

static void forbid_raw(void)
{
	fake_host->forbidden_raw = true;
}

static void hold_lock(void)
{
	err_set(&memory[0].lock, ERR_LOCKED, "the lock is held by process 7");
}

static void fail_reading(void)
{
	err_set(&memory[0].read, ERR_FAILED, "cannot read table nat");
}

static void fail_commit(void)
{
	err_set(&memory[0].commit, ERR_FAILED, "the kernel refused the rules");
}

static void lack_backends(void)
{
	for (int b = 0; b < MEMORY_BACKENDS; b++)
		memory[b].unusable = memory[b].absent = true;
}

static void meet_one_rival(void)
{
	memory[0].rivals = 1;
	memory[0].rival = read_one("wan0:443 192.168.1.9 --name rival");
}

static void meet_rivals_for_ever(void)
{
	memory[0].rivals = UINT32_MAX;
}

static void lose_rules(void)
{
	memory[0].items[0].status.incomplete = true;
}

static void keep_chain(void)
{
	strcpy(memory[0].kept, "kept chain PFWD: a rule of another program is in it");
}

static void note_counters(void)
{
	strcpy(memory[0].note, "warning: counters were lost");
}

static void lack_forwarding(void)
{
	fake_host->no_forwarding = true;
}

static void lack_addresses(void)
{
	fake_host->no_addresses = true;
}

/* The last forward is one for an interface that was called so before it got its name. */
static void rename_back(void)
{
	struct forward *last = &memory[0].items[memory[0].count - 1].f;
	strcpy(last->ifname, "uplink0");
	last->ports = last->target_ports = (struct ports){80, 80};
}

static void lack_listeners(void)
{
	fake_host->no_listeners = true;
}

static void listen_on_ports(void)
{
	fake_listen(PROTO_TCP, "", 22);
	fake_listen(PROTO_TCP, "127.0.0.1", 25);
	fake_listen(PROTO_TCP, "192.168.1.1", 80);
	fake_listen(PROTO_UDP, "", 53);
	fake_listen(PROTO_TCP, "2001:db8::1", 443);
}

static void listen_on_loopback(void)
{
	fake_listen(PROTO_TCP, "127.0.0.1", 8080);
}

static void listen_beside_loopback(void)
{
	fake_listen(PROTO_TCP, "127.0.0.1", 8080);
	fake_listen(PROTO_TCP, "203.0.113.1", 8080);
}

static void listen_on_lan(void)
{
	fake_listen(PROTO_TCP, "192.168.1.1", 80);
	fake_listen(PROTO_TCP, "", 85);
}

static void listen_on_many(void)
{
	for (uint16_t port = 1; port <= 10; port++)
		fake_listen(PROTO_TCP, "", (uint16_t)(port * 10));
}

static void ban_someone(void)
{
	strcpy(memory[0].ban, "guard");
}

static void be_in_doubt(void)
{
	strcpy(memory[0].doubt, "guard");
}

static void stop_elsewhere(void)
{
	strcpy(memory[1].stop, "guard");
}

static void have_flows(void)
{
	fake_connect(PROTO_UDP, "198.51.100.7", "203.0.113.1", 53, NULL, 0);
	fake_connect(PROTO_TCP, "198.51.100.7", "203.0.113.1", 80, "192.168.1.2", 80);
}

static void have_flows_that_stay(void)
{
	have_flows();
	fake_host->conns_stay = true;
}

static void lack_conntrack(void)
{
	fake_host->no_conntrack = true;
}

/* ---- cases ---- */

#define SIX                                        \
	"wan0:80 192.168.1.2 --name web\n"         \
	"wan0:80 192.168.1.3 --from 10.0.0.0/8\n"  \
	"wan0:80 [fd02::2] --name web\n"           \
	"wan0:53/tcp+udp 192.168.1.3 --name dns\n" \
	"[2001:db8::1]:443 [fd02::3]\n"

static const struct program_case add_cases[] = {
	{"add wan0:80 192.168.1.2", .left = "wan0:80/tcp 192.168.1.2:80\n"},
	{"add wan0:80 192.168.1.2:8080 --name web -v",
	 .err = "pfwd: added wan0:80/tcp 192.168.1.2:8080 --name web\n",
	 .left = "wan0:80/tcp 192.168.1.2:8080 --name web\n"},
	{"add wan0:53/tcp+udp 192.168.1.3 --from 10.0.0.0/8,172.16.0.0/12 -v",
	 .err = "pfwd: added wan0:53/tcp 192.168.1.3:53 --from 10.0.0.0/8\n"
		"pfwd: added wan0:53/tcp 192.168.1.3:53 --from 172.16.0.0/12\n"
		"pfwd: added wan0:53/udp 192.168.1.3:53 --from 10.0.0.0/8\n"
		"pfwd: added wan0:53/udp 192.168.1.3:53 --from 172.16.0.0/12\n",
	 .left = "wan0:53/tcp 192.168.1.3:53 --from 10.0.0.0/8\n"
		 "wan0:53/tcp 192.168.1.3:53 --from 172.16.0.0/12\n"
		 "wan0:53/udp 192.168.1.3:53 --from 10.0.0.0/8\n"
		 "wan0:53/udp 192.168.1.3:53 --from 172.16.0.0/12\n"},
	{"add -6 wan0:80 :8080", .left = "wan0:80/tcp :8080 -6\n"},
	{"add wan0:80 192.168.1.2", .have = "wan0:80 192.168.1.2"},
	{"add -v wan0:80 192.168.1.2", .have = "wan0:80 192.168.1.2",
	 .err = "pfwd: nothing to change\n"},
	{"add wan0:80 192.168.1.3", .have = "wan0:80 192.168.1.2 --name web", .status = 4,
	 .err = "pfwd: wan0:80/tcp 192.168.1.3:80 is in conflict with wan0:80/tcp 192.168.1.2:80 "
		"--name web; delete the other forward first, or give --replace\n"},
	{"add --replace wan0:80 192.168.1.3", .have = "wan0:80 192.168.1.2 --name web",
	 .left = "wan0:80/tcp 192.168.1.3:80\n"},
	{"add --replace -v wan0:80-90 192.168.1.3",
	 .have = "wan0:79-80 192.168.1.2\n"
		 "wan0:85-95 192.168.1.2\n"
		 "wan0:81 192.168.1.4",
	 .err = "pfwd: removed wan0:79-80/tcp 192.168.1.2:79-80\n"
		"pfwd: removed wan0:85-95/tcp 192.168.1.2:85-95\n"
		"pfwd: added wan0:80-90/tcp 192.168.1.3:80-90\n",
	 .left = "wan0:80-90/tcp 192.168.1.3:80-90\n"
		 "wan0:81/tcp 192.168.1.4:81\n"},
	{"add wan0:80 192.168.1.2 --name web", .have = "wan0:80 192.168.1.2", .status = 4,
	 .err = "pfwd: wan0:80/tcp 192.168.1.2:80 --name web is in conflict with wan0:80/tcp "
		"192.168.1.2:80; delete the other forward first, or give --replace\n"},
	{"add wan0:1-65535 192.168.1.9", .have = "wan0:80 192.168.1.2",
	 .left = "wan0:1-65535/tcp 192.168.1.9:1-65535\n"
		 "wan0:80/tcp 192.168.1.2:80\n"},
	{"add wan0:80 192.168.1.2 --local", .have = "ppp0:80 192.168.1.3 --local", .status = 4,
	 .err = "pfwd: wan0:80/tcp 192.168.1.2:80 --local is in conflict with ppp0:80/tcp "
		"192.168.1.3:80 --local, by what --local adds; delete the other forward first, or "
		"give --replace\n"},
	{"add wan0:80 192.168.1.2 --hairpin",
	 .have = "ppp0:80 192.168.1.3 --hairpin=192.168.1.0/24", .status = 4,
	 .err = "pfwd: wan0:80/tcp 192.168.1.2:80 --hairpin=192.168.1.0/24 is in conflict with "
		"ppp0:80/tcp 192.168.1.3:80 --hairpin=192.168.1.0/24, by what --hairpin adds; "
		"delete the other forward first, or give --replace\n"},
	{"add wan0:80/tcp+udp 192.168.1.2", .have = "wan0:80/udp 192.168.1.3", .status = 4,
	 .err = "pfwd: wan0:80/udp 192.168.1.2:80 is in conflict with wan0:80/udp 192.168.1.3:80; "
		"delete the other forward first, or give --replace\n"},
	{"add wan0:80 192.168.1.2", .when = "an expired one is in the way",
	 .have = "wan0:80 192.168.1.9 --until 2023-11-14T22:13:20Z",
	 .left = "wan0:80/tcp 192.168.1.2:80\n"},
	{"add -v wan0:80 192.168.1.2", .when = "expired ones of wider ports are in the way",
	 .have = "wan0:79-80 192.168.1.9 --until 2023-11-14T22:13:20Z",
	 .err = "pfwd: added wan0:80/tcp 192.168.1.2:80\n",
	 .left = "wan0:79-80/tcp 192.168.1.9:79-80 --until 2023-11-14T22:13:20Z\n"
		 "wan0:80/tcp 192.168.1.2:80\n"},
	{"add -v wan0:80 192.168.1.2 --for 1h", .when = "the time changes",
	 .have = "wan0:80 192.168.1.2 --until 2023-11-14T22:30:00Z",
	 .err = "pfwd: removed wan0:80/tcp 192.168.1.2:80 --until 2023-11-14T22:30:00Z\n"
		"pfwd: added wan0:80/tcp 192.168.1.2:80 --until 2023-11-14T23:13:20Z\n",
	 .left = "wan0:80/tcp 192.168.1.2:80 --until 2023-11-14T23:13:20Z\n"},
	{"add -v wan0:80 192.168.1.2", .when = "the time is taken away",
	 .have = "wan0:80 192.168.1.2 --until 2023-11-14T22:30:00Z",
	 .err = "pfwd: removed wan0:80/tcp 192.168.1.2:80 --until 2023-11-14T22:30:00Z\n"
		"pfwd: added wan0:80/tcp 192.168.1.2:80\n",
	 .left = "wan0:80/tcp 192.168.1.2:80\n"},
	{"add wan0:80 192.168.1.2 --until 2023-11-14T22:13:20Z", .status = 2,
	 .err = "pfwd: --until 2023-11-14T22:13:20Z is in the past; give a time in the future\n"},
	{"add wan0:80 192.168.1.2 --until 2023-11-14T22:13:21",
	 .left = "wan0:80/tcp 192.168.1.2:80 --until 2023-11-14T22:13:21Z\n"},
	{"add wan0:80 192.168.1.2 --hairpin",
	 .left = "wan0:80/tcp 192.168.1.2:80 --hairpin=192.168.1.0/24\n"},
	{"add wan0:80 10.0.0.1 --hairpin", .status = 2,
	 .err = "pfwd: --hairpin: no interface of this host is on the network of 10.0.0.1; give "
		"that network, --hairpin=192.168.1.0/24 for example\n"},
	{"add wan0:80 - --hairpin", .status = 2,
	 .err = "pfwd: --hairpin: the target '-' is on no network; give the network of the clients "
		"that are excepted too, --hairpin=192.168.1.0/24 for example\n"},
	{"add wan0:80 [fd02::2] --hairpin",
	 .left = "wan0:80/tcp [fd02::2]:80 --hairpin=fd02::/64\n"},
	{"add uplink0:80 192.168.1.2", .left = "wan0:80/tcp 192.168.1.2:80\n"},
	{"del uplink0:80", .have = "wan0:80 192.168.1.2", .left = ""},
	{"del uplink0:80", .have = "wan0:80 192.168.1.2\nwan0:81 192.168.1.2", ON(rename_back),
	 .left = "wan0:80/tcp 192.168.1.2:80\n"},
	{"del uplink0:81", .have = "wan0:80 192.168.1.2\nwan0:81 192.168.1.2", ON(rename_back),
	 .status = 3,
	 .err = "pfwd: there is no forward 'uplink0:81'; `pfwd list` shows all forwards\n"},
	{"add wan0:80 192.168.1.2 --from @list",
	 .left = "wan0:80/tcp 192.168.1.2:80 --from 10.0.0.0/8\n"
		 "wan0:80/tcp 192.168.1.2:80 --from 192.0.2.0/24\n"},
	{"del wan0:80 --from @list",
	 .have = "wan0:80 192.168.1.2 --from @list\nwan0:80 192.168.1.2 --from 172.16.0.0/12",
	 .left = "wan0:80/tcp 192.168.1.2:80 --from 172.16.0.0/12\n"},
	{"add wan0:80 192.168.1.1:8080", .left = "wan0:80/tcp 192.168.1.1:8080\n"},
	{"add wan0:80 192.168.1.1:8080 --masquerade", .status = 2,
	 .err = "pfwd: --masquerade does not go with target 192.168.1.1, an address of this host "
		"itself; leave it out\n"},
	{"add wan0:80 192.168.1.1:8080 --snat 192.168.1.1", .status = 2,
	 .err = "pfwd: --snat does not go with target 192.168.1.1, an address of this host itself; "
		"leave it out\n"},
	{"add wan0:80 [fd02::1]:8080 --hairpin", .status = 2,
	 .err = "pfwd: --hairpin does not go with target fd02::1, an address of this host itself; "
		"leave it out\n"},
	{"add wan0:80 :8080", ON(listen_on_loopback),
	 .err = "pfwd: warning: wan0:80/tcp: the program on port 8080 of this host listens on a "
		"loopback address alone, where no forwarded connection arrives; let it listen on "
		"0.0.0.0\n",
	 .left = "wan0:80/tcp :8080\n"},
	{"add wan0:80 192.168.1.1:8080", ON(listen_on_loopback),
	 .err = "pfwd: warning: wan0:80/tcp: the program on port 8080 of this host listens on a "
		"loopback address alone, where no forwarded connection arrives; let it listen on "
		"0.0.0.0\n",
	 .left = "wan0:80/tcp 192.168.1.1:8080\n"},
	{"add wan0:80 192.168.1.2:8080", ON(listen_on_loopback),
	 .left = "wan0:80/tcp 192.168.1.2:8080\n"},
	{"add wan0:80 :8080", ON(listen_beside_loopback), .left = "wan0:80/tcp :8080\n"},
	{"add wan0:80-90 192.168.1.1:80-90", ON(listen_on_lan),
	 .left = "wan0:80-90/tcp 192.168.1.1:80-90\n"},
	{"add wan0:80 192.168.1.1:8080", ON(lack_addresses), .status = 1,
	 .err = "pfwd: cannot read the addresses of this host: No buffer space available\n"},
	{"add -n wan0:80 192.168.1.3 --replace", .have = "wan0:80 192.168.1.2",
	 .out = "-iptables wan0:80/tcp 192.168.1.2:80\n"
		"+iptables wan0:80/tcp 192.168.1.3:80\n"},
	{"add --dry-run wan0:80 192.168.1.2", .have = "wan0:80 192.168.1.2"},
	{"add wan0:80 192.168.1.2", ON(forbid), .status = 5,
	 .err = "pfwd: not permitted with raw sockets\n"},
	{"add wan0:80 192.168.1.2", ON(forbid_raw), .status = 5,
	 .err = "pfwd: not permitted with raw sockets\n"},
	{"add wan0:80 192.168.1.2", ON(hold_lock), .status = 7,
	 .err = "pfwd: the lock is held by process 7\n"},
	{"add wan0:80 192.168.1.2", ON(fail_reading), .status = 1,
	 .err = "pfwd: cannot read table nat\n"},
	{"add wan0:80 192.168.1.2", ON(fail_commit), .status = 1,
	 .err = "pfwd: the kernel refused the rules\n"},
	{"add wan0:80 192.168.1.2", ON(lack_backends), .status = 6,
	 .err = "pfwd: this kernel has no iptables; this kernel has no nftables\n"},
	{"add wan0:80 192.168.1.2 -v", ON(meet_one_rival),
	 .err = "pfwd: added wan0:80/tcp 192.168.1.2:80\n",
	 .left = "wan0:80/tcp 192.168.1.2:80\n"
		 "wan0:443/tcp 192.168.1.9:443 --name rival\n"},
	{"add wan0:443 192.168.1.2", ON(meet_one_rival), .status = 4,
	 .err = "pfwd: wan0:443/tcp 192.168.1.2:443 is in conflict with wan0:443/tcp "
		"192.168.1.9:443 --name rival; delete the other forward first, or give --replace\n",
	 .left = "wan0:443/tcp 192.168.1.9:443 --name rival\n"},
	{"add -w 0 wan0:80 192.168.1.2", ON(meet_rivals_for_ever), .status = 7,
	 .err = "pfwd: iptables: the rules changed meanwhile; others kept changing the rules for 0 "
		"s: try again, or longer with -w SECONDS\n"},
	{"add -v wan0:80 192.168.1.2", .have = "wan0:80 192.168.1.2", ON(lose_rules),
	 .err = "pfwd: no forward changed; repaired missing or leftover rules\n"},
	{"add -v wan0:80 192.168.1.2", ON(keep_chain),
	 .err = "pfwd: kept chain PFWD: a rule of another program is in it\n"
		"pfwd: added wan0:80/tcp 192.168.1.2:80\n",
	 .left = "wan0:80/tcp 192.168.1.2:80\n"},
	{"add wan0:80 192.168.1.2", ON(keep_chain), .left = "wan0:80/tcp 192.168.1.2:80\n"},
	{"add wan0:80 192.168.1.2", ON(note_counters), .err = "pfwd: warning: counters were lost\n",
	 .left = "wan0:80/tcp 192.168.1.2:80\n"},
	{"add wan0:80 192.168.1.2", ON(lack_forwarding),
	 .err = "pfwd: warning: wan0:80/tcp: this host does not forward IPv4 packets; turn it on "
		"with: sysctl "
		"-w net.ipv4.ip_forward=1\n"
		"pfwd: to keep it over a reboot, put net.ipv4.ip_forward=1 into "
		"/etc/sysctl.d/60-pfwd.conf\n",
	 .left = "wan0:80/tcp 192.168.1.2:80\n"},
	{"add wan0:80 [fd02::2]", ON(lack_forwarding),
	 .err = "pfwd: warning: wan0:80/tcp: this host does not forward IPv6 packets; turn it on "
		"with: sysctl "
		"-w net.ipv6.conf.all.forwarding=1\n"
		"pfwd: to keep it over a reboot, put net.ipv6.conf.all.forwarding=1 into "
		"/etc/sysctl.d/60-pfwd.conf\n",
	 .left = "wan0:80/tcp [fd02::2]:80\n"},
	{"add wan0:80 :8080", ON(lack_forwarding), .left = "wan0:80/tcp :8080\n"},
	{"add eth9:80 192.168.1.2",
	 .err = "pfwd: warning: eth9:80/tcp: there is no interface eth9 (yet)\n",
	 .left = "eth9:80/tcp 192.168.1.2:80\n"},
	{"add wlan+:80 192.168.1.2",
	 .err = "pfwd: warning: wlan+:80/tcp: there is no interface wlan+ (yet)\n",
	 .left = "wlan+:80/tcp 192.168.1.2:80\n"},
	{"add pp+:80 192.168.1.2", .left = "pp+:80/tcp 192.168.1.2:80\n"},
	{"add wan0:22 192.168.1.2", ON(listen_on_ports),
	 .err = "pfwd: warning: wan0:22/tcp: a program on this host listens on port 22, which is "
		"now forwarded away from it\n",
	 .left = "wan0:22/tcp 192.168.1.2:22\n"},
	{"add wan0:1-1000 192.168.1.2", .have = "wan0:22 -\nwan0:80-90 - --from 10.0.0.0/8",
	 ON(listen_on_ports),
	 .err = "pfwd: warning: wan0:1-1000/tcp: a program on this host listens on port 80, which "
		"is now forwarded away from it\n",
	 .left = "wan0:1-1000/tcp 192.168.1.2:1-1000\n"
		 "wan0:22/tcp -\nwan0:80-90/tcp - --from 10.0.0.0/8\n"},
	{"add wan0:25 192.168.1.2", ON(listen_on_ports), .left = "wan0:25/tcp 192.168.1.2:25\n"},
	{"add wan0:80 192.168.1.255", .status = 2,
	 .err = "pfwd: target 192.168.1.255 is the broadcast address of a network of this host; "
		"give the address of one host\n"},
	{"add wan0:80 [::192.168.1.255]", .status = 2,
	 .err = "pfwd: target ::192.168.1.255 is the broadcast address of a network of this host; "
		"give the address of one host\n"},
	{"add wan0:80 192.168.1.2 --snat 203.0.113.255", .status = 2,
	 .err = "pfwd: --snat 203.0.113.255 is the broadcast address of a network of this host; "
		"give the address of one host\n"},
	{"add lo:80 192.168.1.2", .status = 2,
	 .err = "pfwd: 'lo:80': nothing that could be forwarded comes in on lo; for programs on "
		"this host give --local, and the interface of other clients or none\n"},
	{"add 8080:80 192.168.1.2", .status = 2,
	 .err = "pfwd: '8080:80': no interface is called 8080; to send port 8080 to port 80 write "
		":8080 as SPEC and ADDR:80 as TARGET\n"},
	{"add any:80 192.168.1.2", .status = 2,
	 .err = "pfwd: 'any:80': no interface is called any; for all interfaces write *, or "
		"nothing\n"},
	{"add wan0:80 127.0.0.1:8080", .status = 2,
	 .err = "pfwd: target 127.0.0.1 is a loopback address, which the kernel cannot forward "
		"safely; for a program on this host write the target as :PORT; a program that "
		"listens on a loopback address alone cannot be reached\n"},
	{"add wan0:80--90 192.168.1.2", .status = 2,
	 .err = "pfwd: 'wan0:80--90': '80--90' is not a range of ports; write one as 8000-8010\n"},
	{"add wan0:80 [fd02::2] --hairpin fd02::", .status = 2,
	 .err = "pfwd: --hairpin takes its network behind an equals sign; write "
		"--hairpin=fd02::/64 instead of --hairpin fd02::\n"},
	{"add wan0:80 --hairpin 192.168.1.0/24 192.168.1.2", .status = 2,
	 .err = "pfwd: --hairpin takes its network behind an equals sign; write "
		"--hairpin=192.168.1.0/24 instead of --hairpin 192.168.1.0/24\n"},
	{"add 203.0.113.1:80 192.168.1.2", ON(listen_on_ports),
	 .left = "*@203.0.113.1:80/tcp 192.168.1.2:80\n"},
	{"add 192.168.1.1:80 192.168.1.2", ON(listen_on_ports),
	 .err = "pfwd: warning: *@192.168.1.1:80/tcp: a program on this host listens on port 80, "
		"which is now forwarded away from it\n",
	 .left = "*@192.168.1.1:80/tcp 192.168.1.2:80\n"},
	{"add wan0:53/tcp+udp 192.168.1.2", ON(listen_on_ports),
	 .err = "pfwd: warning: wan0:53/udp: a program on this host listens on port 53, which is "
		"now forwarded away from it\n",
	 .left = "wan0:53/tcp 192.168.1.2:53\n"
		 "wan0:53/udp 192.168.1.2:53\n"},
	{"add wan0:443 [fd02::2]", ON(listen_on_ports),
	 .err = "pfwd: warning: wan0:443/tcp: a program on this host listens on port 443, which is "
		"now forwarded away from it\n",
	 .left = "wan0:443/tcp [fd02::2]:443\n"},
	{"add wan0:20-22 :22", ON(listen_on_ports), .left = "wan0:20-22/tcp :22\n"},
	{"add wan0:10-20 192.168.1.2", ON(listen_on_many),
	 .err = "pfwd: warning: wan0:10-20/tcp: a program on this host listens on port 10 (others "
		"on 20), which is now forwarded away from it\n",
	 .left = "wan0:10-20/tcp 192.168.1.2:10-20\n"},
	{"add wan0:1-200 192.168.1.2", ON(listen_on_many),
	 .err = "pfwd: warning: wan0:1-200/tcp: a program on this host listens on port 10 (others "
		"on 20, 30, 40, 50, 60, 70, 80 and more), which is now forwarded away from it\n",
	 .left = "wan0:1-200/tcp 192.168.1.2:1-200\n"},
	{"add 203.0.113.9:80 :8080",
	 .err = "pfwd: warning: *@203.0.113.9:80/tcp: 203.0.113.9 is not an address of this host "
		"(yet)\n",
	 .left = "*@203.0.113.9:80/tcp :8080\n"},
	{"add 203.0.113.9:80 192.168.1.2", .left = "*@203.0.113.9:80/tcp 192.168.1.2:80\n"},
	{"add wan0:80 192.168.1.2", ON(stop_elsewhere),
	 .err = "pfwd: warning: wan0:80/tcp: rule 2 of chain guard in table inet site stops its "
		"connections, whoever the client is; pass it with: pfwd save --force "
		"/run/pfwd.conf && pfwd apply "
		"/run/pfwd.conf\n",
	 .left = "wan0:80/tcp 192.168.1.2:80\n"},
	{"add wan0:80/tcp+udp 192.168.1.2", ON(ban_someone),
	 .err = "pfwd: warning: wan0:80/tcp and 1 more: rule 2 of chain guard in table inet site "
		"shuts out some clients, but not from this forward: pfwd's rules stand in front of "
		"it for the sake of other forwards; put the ban in front of them, at the head of "
		"its chain\n",
	 .left = "wan0:80/tcp 192.168.1.2:80\nwan0:80/udp 192.168.1.2:80\n"},
	{"add wan0:80/tcp+udp 192.168.1.2", ON(be_in_doubt),
	 .err = "pfwd: warning: wan0:80/tcp and 1 more: rule 2 of chain guard in table inet site "
		"may stop its connections: what the rule asks cannot be judged from here; pfwd "
		"check -f shows whether they are stopped\n",
	 .left = "wan0:80/tcp 192.168.1.2:80\nwan0:80/udp 192.168.1.2:80\n"},
	{"add -n wan0:80 192.168.1.2", ON(be_in_doubt),
	 .out = "+iptables wan0:80/tcp 192.168.1.2:80\n"},
	{"add --backend nftables wan0:80 192.168.1.2", ON(be_in_doubt),
	 .second_left = "wan0:80/tcp 192.168.1.2:80\n"},
	{"add --backend nftables wan0:80 192.168.1.2", ON(stop_elsewhere),
	 .second_left = "wan0:80/tcp 192.168.1.2:80\n"},
	{"add wan0:53/udp 192.168.1.2", ON(lack_conntrack),
	 .err = "pfwd: warning: rules changed, but old connections could not be ended: this kernel "
		"has no conntrack\n",
	 .left = "wan0:53/udp 192.168.1.2:53\n"},
	{"add wan0:80", .status = 2,
	 .err = "pfwd: TARGET is missing; SPEC and TARGET are needed, eth0:80 192.168.1.2:8080 for "
		"example\n"},
	{"add", .status = 2,
	 .err = "pfwd: SPEC is missing; SPEC and TARGET are needed, eth0:80 192.168.1.2:8080 for "
		"example\n"},
	{"add wan0:80 192.168.1.2 third", .status = 2,
	 .err = "pfwd: too many arguments: 'third' follows SPEC and TARGET\n"},
	{"add --nosuch", .status = 2,
	 .err = "pfwd: unknown option '--nosuch'; see `pfwd help add`\n"},
	{"add --name", .status = 2, .err = "pfwd: option '--name' needs a value: NAME\n"},
	{"add --replace=yes wan0:80 192.168.1.2", .status = 2,
	 .err = "pfwd: option '--replace=yes' takes no value\n"},
	{"add -x", .status = 2, .err = "pfwd: unknown option '-x'; see `pfwd help add`\n"},
	{"add wan0:80 192.168.1.2 -w", .status = 2,
	 .err = "pfwd: option '-w' needs a value: SECONDS\n"},
	{"add wan0:80 192.168.1.2 -w x", .status = 2,
	 .err = "pfwd: --wait 'x' is not a number of seconds from 0 to 86400\n"},
	{"add wan0:80 192.168.1.2 -w 86401", .status = 2,
	 .err = "pfwd: --wait '86401' is not a number of seconds from 0 to 86400\n"},
	{"add wan0:80 192.168.1.2 --wait=-1", .status = 2,
	 .err = "pfwd: --wait '-1' is not a number of seconds from 0 to 86400\n"},
	{"add wan0:80 192.168.1.2 --for 0s", .status = 2,
	 .err = "pfwd: duration '0s' is too short; it must be at least 1s\n"},
	{"add -nv4 wan0:80 192.168.1.2", .out = "+iptables wan0:80/tcp 192.168.1.2:80\n"},
	{"add --backend nosuch wan0:80 192.168.1.2", .status = 2,
	 .err = "pfwd: --backend 'nosuch' is unknown; the backends are iptables and nftables\n"},
	{"add --backend iptables wan0:80 192.168.1.2", .left = "wan0:80/tcp 192.168.1.2:80\n"},
	{"add wan0:80 192.168.1.2", ON(lack_listeners),
	 .err = "pfwd: warning: the forwards are made, but not checked: cannot read which ports "
		"are "
		"listened on: No buffer space available\n",
	 .left = "wan0:80/tcp 192.168.1.2:80\n"},
};

static const struct program_case del_cases[] = {
	{"del web", .have = SIX,
	 .left = "wan0:53/tcp 192.168.1.3:53 --name dns\n"
		 "wan0:80/tcp 192.168.1.3:80 --from 10.0.0.0/8\n"
		 "wan0:53/udp 192.168.1.3:53 --name dns\n"
		 "*@[2001:db8::1]:443/tcp [fd02::3]:443\n"},
	{"del -v web", .have = SIX,
	 .err = "pfwd: removed wan0:80/tcp 192.168.1.2:80 --name web\n"
		"pfwd: removed wan0:80/tcp [fd02::2]:80 --name web\n",
	 .left = "wan0:53/tcp 192.168.1.3:53 --name dns\n"
		 "wan0:80/tcp 192.168.1.3:80 --from 10.0.0.0/8\n"
		 "wan0:53/udp 192.168.1.3:53 --name dns\n"
		 "*@[2001:db8::1]:443/tcp [fd02::3]:443\n"},
	{"del wan0:80", .have = SIX,
	 .left = "wan0:53/tcp 192.168.1.3:53 --name dns\n"
		 "wan0:53/udp 192.168.1.3:53 --name dns\n"
		 "*@[2001:db8::1]:443/tcp [fd02::3]:443\n"},
	{"del -4 wan0:80", .have = SIX,
	 .left = "wan0:53/tcp 192.168.1.3:53 --name dns\n"
		 "wan0:53/udp 192.168.1.3:53 --name dns\n"
		 "*@[2001:db8::1]:443/tcp [fd02::3]:443\n"
		 "wan0:80/tcp [fd02::2]:80 --name web\n"},
	{"del -6 wan0:80", .have = SIX,
	 .left = "wan0:53/tcp 192.168.1.3:53 --name dns\n"
		 "wan0:80/tcp 192.168.1.2:80 --name web\n"
		 "wan0:80/tcp 192.168.1.3:80 --from 10.0.0.0/8\n"
		 "wan0:53/udp 192.168.1.3:53 --name dns\n"
		 "*@[2001:db8::1]:443/tcp [fd02::3]:443\n"},
	{"del wan0:80 --from 10.0.0.0/8", .have = SIX,
	 .left = "wan0:53/tcp 192.168.1.3:53 --name dns\n"
		 "wan0:80/tcp 192.168.1.2:80 --name web\n"
		 "wan0:53/udp 192.168.1.3:53 --name dns\n"
		 "*@[2001:db8::1]:443/tcp [fd02::3]:443\n"
		 "wan0:80/tcp [fd02::2]:80 --name web\n"},
	{"del wan0:80 --from 0.0.0.0/0", .have = SIX,
	 .left = "wan0:53/tcp 192.168.1.3:53 --name dns\n"
		 "wan0:80/tcp 192.168.1.3:80 --from 10.0.0.0/8\n"
		 "wan0:53/udp 192.168.1.3:53 --name dns\n"
		 "*@[2001:db8::1]:443/tcp [fd02::3]:443\n"
		 "wan0:80/tcp [fd02::2]:80 --name web\n"},
	{"del wan0:80/tcp", .have = SIX,
	 .left = "wan0:53/tcp 192.168.1.3:53 --name dns\n"
		 "wan0:53/udp 192.168.1.3:53 --name dns\n"
		 "*@[2001:db8::1]:443/tcp [fd02::3]:443\n"},
	{"del wan0:80/udp", .have = SIX, .status = 3,
	 .err = "pfwd: there is no forward 'wan0:80/udp'; `pfwd list` shows all forwards\n"},
	{"del wan0:53/tcp+udp", .have = SIX,
	 .left = "wan0:80/tcp 192.168.1.2:80 --name web\n"
		 "wan0:80/tcp 192.168.1.3:80 --from 10.0.0.0/8\n"
		 "*@[2001:db8::1]:443/tcp [fd02::3]:443\n"
		 "wan0:80/tcp [fd02::2]:80 --name web\n"},
	{"del wan0:53", .have = SIX,
	 .left = "wan0:80/tcp 192.168.1.2:80 --name web\n"
		 "wan0:80/tcp 192.168.1.3:80 --from 10.0.0.0/8\n"
		 "wan0:53/udp 192.168.1.3:53 --name dns\n"
		 "*@[2001:db8::1]:443/tcp [fd02::3]:443\n"
		 "wan0:80/tcp [fd02::2]:80 --name web\n"},
	{"del web nosuch", .have = SIX, .status = 3,
	 .err = "pfwd: there is no forward 'nosuch'; `pfwd list` shows all forwards\n"},
	{"del wan0:81 web", .have = SIX, .status = 3,
	 .err = "pfwd: there is no forward 'wan0:81'; `pfwd list` shows all forwards\n"},
	{"del ppp0:80", .have = SIX, .status = 3,
	 .err = "pfwd: there is no forward 'ppp0:80'; `pfwd list` shows all forwards\n"},
	{"del wan0:80-81", .have = SIX, .status = 3,
	 .err = "pfwd: there is no forward 'wan0:80-81'; `pfwd list` shows all forwards\n"},
	{"del *:443", .have = SIX, .status = 3,
	 .err = "pfwd: there is no forward '*:443'; `pfwd list` shows all forwards\n"},
	{"del [2001:db8::1]:443", .have = SIX,
	 .left = "wan0:53/tcp 192.168.1.3:53 --name dns\n"
		 "wan0:80/tcp 192.168.1.2:80 --name web\n"
		 "wan0:80/tcp 192.168.1.3:80 --from 10.0.0.0/8\n"
		 "wan0:53/udp 192.168.1.3:53 --name dns\n"
		 "wan0:80/tcp [fd02::2]:80 --name web\n"},
	{"del web wan0:53/tcp+udp", .have = SIX,
	 .left = "wan0:80/tcp 192.168.1.3:80 --from 10.0.0.0/8\n"
		 "*@[2001:db8::1]:443/tcp [fd02::3]:443\n"},
	{"del -4 web", .have = SIX,
	 .left = "wan0:53/tcp 192.168.1.3:53 --name dns\n"
		 "wan0:80/tcp 192.168.1.3:80 --from 10.0.0.0/8\n"
		 "wan0:53/udp 192.168.1.3:53 --name dns\n"
		 "*@[2001:db8::1]:443/tcp [fd02::3]:443\n"
		 "wan0:80/tcp [fd02::2]:80 --name web\n"},
	{"del -6 dns", .have = SIX, .status = 3,
	 .err = "pfwd: there is no IPv6 forward 'dns'; `pfwd list` shows all forwards\n"},
	{"del -4 [2001:db8::1]:443", .have = SIX, .status = 2,
	 .err = "pfwd: -4 was asked for, but '[2001:db8::1]:443' is IPv6\n"},
	{"del wan0:80 --from fd00::/8", .have = SIX, .status = 3,
	 .err = "pfwd: there is no IPv6 forward 'wan0:80' --from fd00::/8; `pfwd list` shows all "
		"forwards\n"},
	{"del -4 wan0:80 --from fd00::/8", .have = SIX, .status = 2,
	 .err = "pfwd: --from 'fd00::/8' is IPv6, and 'wan0:80' is IPv4\n"},
	{"del wan0:80 --from x", .have = SIX, .status = 2,
	 .err = "pfwd: --from 'x' is not a network; write one as 10.0.0.0/8 or 2001:db8::/32\n"},
	{"del we/b", .have = SIX, .status = 2,
	 .err = "pfwd: name 'we/b': 1 to 63 letters, digits, dots, underscores and hyphens make a "
		"name\n"},
	{"del", .status = 2,
	 .err = "pfwd: no forward is named; give a SPEC or a NAME that `pfwd list` shows\n"},
	{"del -n web", .have = SIX,
	 .out = "-iptables wan0:80/tcp 192.168.1.2:80 --name web\n"
		"-iptables wan0:80/tcp [fd02::2]:80 --name web\n"},
	{"rm web", .have = SIX,
	 .left = "wan0:53/tcp 192.168.1.3:53 --name dns\n"
		 "wan0:80/tcp 192.168.1.3:80 --from 10.0.0.0/8\n"
		 "wan0:53/udp 192.168.1.3:53 --name dns\n"
		 "*@[2001:db8::1]:443/tcp [fd02::3]:443\n"},
	{"delete web", .have = SIX,
	 .left = "wan0:53/tcp 192.168.1.3:53 --name dns\n"
		 "wan0:80/tcp 192.168.1.3:80 --from 10.0.0.0/8\n"
		 "wan0:53/udp 192.168.1.3:53 --name dns\n"
		 "*@[2001:db8::1]:443/tcp [fd02::3]:443\n"},
	{"del wan0:80 -4", .have = SIX, ON(have_flows),
	 .left = "wan0:53/tcp 192.168.1.3:53 --name dns\n"
		 "wan0:53/udp 192.168.1.3:53 --name dns\n"
		 "*@[2001:db8::1]:443/tcp [fd02::3]:443\n"
		 "wan0:80/tcp [fd02::2]:80 --name web\n"},
	{"del --kill wan0:80 -4", .have = SIX, ON(have_flows), .ended = 2,
	 .left = "wan0:53/tcp 192.168.1.3:53 --name dns\n"
		 "wan0:53/udp 192.168.1.3:53 --name dns\n"
		 "*@[2001:db8::1]:443/tcp [fd02::3]:443\n"
		 "wan0:80/tcp [fd02::2]:80 --name web\n"},
	{"del --kill wan0:80 -4", .have = SIX, ON(have_flows_that_stay), .status = 1,
	 .err = "pfwd: the forwards are removed, but 1 of their connections could not be ended: "
		"they stay; end them with conntrack -D\n",
	 .left = "wan0:53/tcp 192.168.1.3:53 --name dns\n"
		 "wan0:53/udp 192.168.1.3:53 --name dns\n"
		 "*@[2001:db8::1]:443/tcp [fd02::3]:443\n"
		 "wan0:80/tcp [fd02::2]:80 --name web\n"},
	{"del --kill web", .have = SIX, ON(lack_conntrack), .status = 1,
	 .err = "pfwd: the forwards are removed, but their connections could not be ended: this "
		"kernel has no conntrack; end them with conntrack -D\n",
	 .left = "wan0:53/tcp 192.168.1.3:53 --name dns\n"
		 "wan0:80/tcp 192.168.1.3:80 --from 10.0.0.0/8\n"
		 "wan0:53/udp 192.168.1.3:53 --name dns\n"
		 "*@[2001:db8::1]:443/tcp [fd02::3]:443\n"},
	{"del web", .have = SIX, ON(forbid), .status = 5,
	 .err = "pfwd: not permitted with raw sockets\n"},
	{"del web", .have = SIX, ON(hold_lock), .status = 7,
	 .err = "pfwd: the lock is held by process 7\n"},
	{"del web", .have = SIX, ON(fail_commit), .status = 1,
	 .err = "pfwd: the kernel refused the rules\n"},
	{"del web", ON(lack_backends), .status = 3,
	 .err = "pfwd: there is no forward 'web'; `pfwd list` shows all forwards\n"},
	{"del --name web", .have = SIX, .status = 2,
	 .err = "pfwd: unknown option '--name'; see `pfwd help del`\n"},
};

static const struct program_case flush_cases[] = {
	{"flush", .have = SIX, .left = ""},
	{"flush -v", .have = SIX, .err = "pfwd: 0 added, 6 removed, 0 kept\n", .left = ""},
	{"flush", .status = 0},
	{"flush -v", .err = "pfwd: nothing to change\n"},
	{"flush -n", .have = SIX,
	 .out = "-iptables wan0:53/tcp 192.168.1.3:53 --name dns\n"
		"-iptables wan0:80/tcp 192.168.1.2:80 --name web\n"
		"-iptables wan0:80/tcp 192.168.1.3:80 --from 10.0.0.0/8\n"
		"-iptables wan0:53/udp 192.168.1.3:53 --name dns\n"
		"-iptables *@[2001:db8::1]:443/tcp [fd02::3]:443\n"
		"-iptables wan0:80/tcp [fd02::2]:80 --name web\n"},
	{"flush web", .have = SIX, .status = 2,
	 .err = "pfwd: 'web': flush removes all forwards and takes no operand; `pfwd del` removes "
		"some\n"},
	{"flush", .have = SIX, ON(keep_chain), .status = 1,
	 .err = "pfwd: kept chain PFWD: a rule of another program is in it\n", .left = ""},
	{"flush -n", .have = SIX, ON(keep_chain),
	 .out = "-iptables wan0:53/tcp 192.168.1.3:53 --name dns\n"
		"-iptables wan0:80/tcp 192.168.1.2:80 --name web\n"
		"-iptables wan0:80/tcp 192.168.1.3:80 --from 10.0.0.0/8\n"
		"-iptables wan0:53/udp 192.168.1.3:53 --name dns\n"
		"-iptables *@[2001:db8::1]:443/tcp [fd02::3]:443\n"
		"-iptables wan0:80/tcp [fd02::2]:80 --name web\n"},
	{"flush", .have = SIX, ON(forbid), .status = 5,
	 .err = "pfwd: not permitted with raw sockets\n"},
	{"flush", ON(lack_backends), .status = 6,
	 .err = "pfwd: this kernel has no iptables; this kernel has no nftables\n"},
	{"flush", .have = SIX, ON(hold_lock), .status = 7,
	 .err = "pfwd: the lock is held by process 7\n"},
	{"flush", .have = SIX, ON(fail_commit), .status = 1,
	 .err = "pfwd: the kernel refused the rules\n"},
	{"flush -w 0", .have = SIX, ON(meet_rivals_for_ever), .status = 7,
	 .err = "pfwd: iptables: the rules changed meanwhile; others kept changing the rules for 0 "
		"s: try again, or longer with -w SECONDS\n"},
};

static const struct program_case usage_cases[] = {
	{"", .status = 2, .err = "pfwd: no command given; see `pfwd help`\n"},
	{"nosuch", .status = 2, .err = "pfwd: unknown command 'nosuch'; see `pfwd help`\n"},
	{"ad", .status = 2, .err = "pfwd: unknown command 'ad'; see `pfwd help`\n"},
	{"help nosuch", .status = 2, .err = "pfwd: unknown command 'nosuch'; see `pfwd help`\n"},
	{"help add del", .status = 2, .err = "pfwd: too many arguments: 'del'\n"},
	{"version", .out = "pfwd " PFWD_VERSION "\n"},
	{"-V", .out = "pfwd " PFWD_VERSION "\n"},
	{"--version", .out = "pfwd " PFWD_VERSION "\n"},
	{"version now", .status = 2, .err = "pfwd: too many arguments: 'now'\n"},
	{"-v version",
	 .out = "pfwd " PFWD_VERSION "\nnew forwards are made with iptables: this kernel has it\n"},
	{"version -v", ON(forbid), .status = 5, .out = "pfwd " PFWD_VERSION "\n",
	 .err = "pfwd: not permitted with raw sockets\n"},
	{"version -v", ON(fail_reading), .status = 1, .out = "pfwd " PFWD_VERSION "\n",
	 .err = "pfwd: cannot read table nat\n"},
	{"add -V", .out = "pfwd " PFWD_VERSION "\n"},
	{"--nosuch", .status = 2, .err = "pfwd: unknown option '--nosuch'; see `pfwd help`\n"},
	{"-w", .status = 2, .err = "pfwd: option '-w' needs a value: SECONDS\n"},
	{"-w 5", .status = 2, .err = "pfwd: no command given; see `pfwd help`\n"},
	{"--wait=5 version", .out = "pfwd " PFWD_VERSION "\n"},
	{"--backend=iptables version", .out = "pfwd " PFWD_VERSION "\n"},
	{"-w x version", .status = 2,
	 .err = "pfwd: --wait 'x' is not a number of seconds from 0 to 86400\n"},
	{"-", .status = 2, .err = "pfwd: unknown command '-'; see `pfwd help`\n"},
	{"--", .status = 2, .err = "pfwd: no command given; see `pfwd help`\n"},
	{"-- version", .out = "pfwd " PFWD_VERSION "\n"},
};

static const struct command *const all_commands[] = {
	&command_add,  &command_del,  &command_list,  &command_conns, &command_apply,
	&command_diff, &command_save, &command_flush, &command_help,  &command_version,
};

static void assert_names(const char *text, const char *word)
{
	if (!strstr(text, word))
		fail_msg("'%s' is not in: %s", word, text);
}

static void help_names_every_option_and_column(void **state)
{
	(void)state;
	static struct outcome by_name, by_option;
	memory_reset();
	fake_host_reset();
	for (size_t i = 0; i < ROWS_COUNT(all_commands); i++) {
		const struct command *command = all_commands[i];
		char line[64];
		snprintf(line, sizeof(line), "help %s", command->name);
		program_run(line, "", &by_name);
		snprintf(line, sizeof(line), "%s -h", command->name);
		program_run(line, "", &by_option);
		assert_int_equal(by_name.status, 0);
		assert_string_equal(by_name.err, "");
		assert_string_equal(by_name.out, by_option.out);
		for (size_t t = 0; t < COMMAND_TABLES; t++)
			for (const struct arg_def *d = command->options[t]; d && !arg_is_last(d);
			     d++)
				assert_names(by_name.out, d->name ? d->name : d->help);
		for (const struct report_column *c = command->columns; c && c->name; c++)
			assert_names(by_name.out, c->help);
		program_run("--help", "", &by_option);
		assert_names(by_option.out, command->summary);
	}
}

int main(void)
{
	struct rows rows = {0};
	program_add_cases(&rows, add_cases, ROWS_COUNT(add_cases));
	program_add_cases(&rows, del_cases, ROWS_COUNT(del_cases));
	program_add_cases(&rows, flush_cases, ROWS_COUNT(flush_cases));
	program_add_cases(&rows, usage_cases, ROWS_COUNT(usage_cases));
	ROWS_ADD_TEST(&rows, help_names_every_option_and_column);
	return program_run_cases(&rows, "commands");
}
