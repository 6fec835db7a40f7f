/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands where forwards are in both backends, or could be in either. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "fake_host.h"
#include "memory_backend.h"
#include "program.h"

/* ---- hosts and backends that are not ordinary ---- */

static void lack_iptables(void)
{
	memory[0].unusable = memory[0].absent = true;
}

static void prefer_nftables(void)
{
	setenv("PFWD_BACKEND", "nftables", 1);
}

static void prefer_nothing(void)
{
	setenv("PFWD_BACKEND", "", 1);
}

static void prefer_nonsense(void)
{
	setenv("PFWD_BACKEND", "ipfw", 1);
}

static void forbid_raw(void)
{
	fake_host->forbidden_raw = true;
}

static void forbid_raw_without_iptables(void)
{
	fake_host->forbidden_raw = true;
	lack_iptables();
}

static void fail_in_nftables(void)
{
	err_set(&memory[1].commit, ERR_FAILED, "the kernel refused the rules");
}

static void keep_and_note_in_both(void)
{
	strcpy(memory[0].kept, "kept chain PFWD: a rule of another program is in it");
	strcpy(memory[1].kept, "kept chain x: a rule of another program is in it");
	strcpy(memory[1].note, "warning: counters were lost");
}

static void hold_lock(void)
{
	err_set(&memory[0].lock, ERR_LOCKED, "the lock is held by process 7");
}

/* ---- cases ---- */

static const struct program_case add_cases[] = {
	{"add -v wan0:80 192.168.1.2", .second = "wan0:81 192.168.1.2",
	 .err = "pfwd: added wan0:80/tcp 192.168.1.2:80\n",
	 .second_left = "wan0:80/tcp 192.168.1.2:80\n"
			"wan0:81/tcp 192.168.1.2:81\n"},
	{"add -v wan0:80 192.168.1.2", ON(lack_iptables),
	 .err = "pfwd: added wan0:80/tcp 192.168.1.2:80\n",
	 .second_left = "wan0:80/tcp 192.168.1.2:80\n"},
	{"add -v wan0:80 192.168.1.2", ON(prefer_nftables),
	 .err = "pfwd: added wan0:80/tcp 192.168.1.2:80\n",
	 .second_left = "wan0:80/tcp 192.168.1.2:80\n"},
	{"add -v wan0:80 192.168.1.2", .have = "wan0:81 192.168.1.2", ON(prefer_nftables),
	 .err = "pfwd: added wan0:80/tcp 192.168.1.2:80\n",
	 .second_left = "wan0:80/tcp 192.168.1.2:80\n"},
	{"add -v wan0:80 192.168.1.2", ON(prefer_nothing),
	 .err = "pfwd: added wan0:80/tcp 192.168.1.2:80\n", .left = "wan0:80/tcp 192.168.1.2:80\n"},
	{"add wan0:80 192.168.1.2", ON(prefer_nonsense), .status = 2,
	 .err = "pfwd: PFWD_BACKEND 'ipfw' is unknown; the backends are iptables and nftables\n"},
	{"add wan0:80 192.168.1.2 --backend nftables", .have = "wan0:81 192.168.1.2",
	 .second_left = "wan0:80/tcp 192.168.1.2:80\n"},
	{"add wan0:80 192.168.1.2 --backend=iptables", .second = "wan0:81 192.168.1.2",
	 .left = "wan0:80/tcp 192.168.1.2:80\n"},
	{"add wan0:80 192.168.1.2 --backend iptables", ON(prefer_nftables),
	 .left = "wan0:80/tcp 192.168.1.2:80\n"},
	{"add wan0:80 192.168.1.3 --backend nftables", .have = "wan0:80 192.168.1.2", .status = 4,
	 .err = "pfwd: wan0:80/tcp 192.168.1.3:80 is in conflict with wan0:80/tcp 192.168.1.2:80; "
		"delete the other forward first, or give --replace\n"},
	{"add -v wan0:80 192.168.1.3 --replace --backend nftables", .have = "wan0:80 192.168.1.2",
	 .err = "pfwd: removed wan0:80/tcp 192.168.1.2:80\n"
		"pfwd: added wan0:80/tcp 192.168.1.3:80\n",
	 .left = "", .second_left = "wan0:80/tcp 192.168.1.3:80\n"},
	{"add -v wan0:80 192.168.1.2 --backend nftables", .have = "wan0:80 192.168.1.2",
	 .err = "pfwd: nothing to change\n"},
	{"add -v wan0:80 192.168.1.2", .have = "wan0:80 192.168.1.2",
	 .second = "wan0:80 192.168.1.2",
	 .err = "pfwd: no forward changed; repaired missing or leftover rules\n",
	 .second_left = ""},
	{"add -n wan0:80 192.168.1.3 --replace --backend nftables", .have = "wan0:80 192.168.1.2",
	 .out = "-iptables wan0:80/tcp 192.168.1.2:80\n"
		"+nftables wan0:80/tcp 192.168.1.3:80\n"},
	{"add wan0:80 192.168.1.2 --backend nftables", ON(forbid_raw), .status = 5,
	 .err = "pfwd: not permitted with raw sockets\n"},
	{"add wan0:80 192.168.1.2 --backend nftables", ON(forbid_raw_without_iptables),
	 .second_left = "wan0:80/tcp 192.168.1.2:80\n"},
	{"add wan0:80 192.168.1.3 --replace", .have = "wan0:80 192.168.1.2",
	 .second = "wan0:80-90 192.168.1.2", .left = "wan0:80/tcp 192.168.1.3:80\n"},
	{"add wan0:80-90 192.168.1.3 --replace", .have = "wan0:85-95 192.168.1.2",
	 .second = "wan0:79-81 192.168.1.2", ON(fail_in_nftables), .status = 1,
	 .err = "pfwd: the kernel refused the rules\n"},
	{"add wan0:80 192.168.1.2 --backend nftables", ON(hold_lock), .status = 7,
	 .err = "pfwd: the lock is held by process 7\n"},
};

static const struct program_case del_cases[] = {
	{"del web",
	 .have = "wan0:80 192.168.1.2 --name web\n"
		 "wan0:81 192.168.1.2",
	 .second = "ppp0:80 192.168.1.2 --name web", .left = "wan0:81/tcp 192.168.1.2:81\n",
	 .second_left = ""},
	{"del web --backend nftables", .have = "wan0:80 192.168.1.2 --name web",
	 .second = "ppp0:80 192.168.1.2 --name web", .second_left = ""},
	{"del web --backend nftables", .have = "wan0:80 192.168.1.2 --name web", .status = 3,
	 .err = "pfwd: there is no forward 'web'; `pfwd list` shows all forwards\n"},
	{"del web", .have = "wan0:80 192.168.1.2 --name web",
	 .second = "wan0:80 192.168.1.2 --name web", .left = "", .second_left = ""},
	{"del web --backend nftables", .second = "ppp0:80 192.168.1.2 --name web", ON(forbid_raw),
	 .second_left = ""},
	{"del web --backend nftables", .second = "ppp0:80 192.168.1.2 --name web", ON(hold_lock),
	 .status = 7, .err = "pfwd: the lock is held by process 7\n"},
};

static const struct program_case apply_cases[] = {
	{"apply -v - --backend iptables",
	 .second = "wan0:80 192.168.1.2\n"
		   "wan0:81 192.168.1.2",
	 .file = "wan0:80 192.168.1.2\n"
		 "wan0:81 192.168.1.2\n"
		 "wan0:82 192.168.1.2\n",
	 .err = "pfwd: 2 moved to backend iptables\n"
		"pfwd: 1 added, 0 removed, 2 kept\n",
	 .left = "wan0:80/tcp 192.168.1.2:80\n"
		 "wan0:81/tcp 192.168.1.2:81\n"
		 "wan0:82/tcp 192.168.1.2:82\n",
	 .second_left = ""},
	{"apply -v --backend nftables -",
	 .have = "wan0:80 192.168.1.2\n"
		 "wan0:81 192.168.1.2",
	 .file = "wan0:80 192.168.1.2\n",
	 .err = "pfwd: 1 moved to backend nftables\n"
		"pfwd: 0 added, 1 removed, 1 kept\n",
	 .left = "", .second_left = "wan0:80/tcp 192.168.1.2:80\n"},
	{"apply -n --backend nftables -", .have = "wan0:80 192.168.1.2",
	 .file = "wan0:80 192.168.1.2\n",
	 .out = "-iptables wan0:80/tcp 192.168.1.2:80\n"
		"+nftables wan0:80/tcp 192.168.1.2:80\n"},
	{"apply -", .have = "wan0:80 192.168.1.2", .second = "wan0:81 192.168.1.2",
	 .file = "wan0:80 192.168.1.2\n"
		 "wan0:81 192.168.1.2\n",
	 .left = "wan0:80/tcp 192.168.1.2:80\n"
		 "wan0:81/tcp 192.168.1.2:81\n",
	 .second_left = ""},
	{"apply -v -", .have = "wan0:80 192.168.1.2", .file = "wan0:80 192.168.1.2\n",
	 ON(prefer_nftables),
	 .err = "pfwd: 1 moved to backend nftables\n"
		"pfwd: 0 added, 0 removed, 1 kept\n",
	 .left = "", .second_left = "wan0:80/tcp 192.168.1.2:80\n"},
	{"apply - --backend nftables", .have = "wan0:80 192.168.1.2",
	 .file = "wan0:80 192.168.1.2\n", ON(fail_in_nftables), .status = 1,
	 .err = "pfwd: the kernel refused the rules\n"},
	{"apply -", .file = "wan0:80 192.168.1.2\n", ON(prefer_nonsense), .status = 2,
	 .err = "pfwd: PFWD_BACKEND 'ipfw' is unknown; the backends are iptables and nftables\n"},
};

static const struct program_case diff_cases[] = {
	{"diff -", .have = "wan0:80 192.168.1.2", .second = "wan0:81 192.168.1.2",
	 .file = "wan0:80 192.168.1.2\n"
		 "wan0:81 192.168.1.2\n",
	 .status = 1, .out = "~wan0:81/tcp 192.168.1.2:81\n"},
	{"diff -", .have = "wan0:80 192.168.1.2", .second = "wan0:81 192.168.1.2",
	 .file = "wan0:80 192.168.1.2\n"
		 "wan0:81 192.168.1.2\n",
	 ON(prefer_nftables), .status = 1, .out = "~wan0:80/tcp 192.168.1.2:80\n"},
	{"diff -", .second = "wan0:81 192.168.1.2", .file = "wan0:81 192.168.1.2\n"},
	{"diff -", .file = "", ON(prefer_nonsense), .status = 2,
	 .err = "pfwd: PFWD_BACKEND 'ipfw' is unknown; the backends are iptables and nftables\n"},
	{"diff --backend iptables -", .have = "wan0:81 192.168.1.2",
	 .file = "wan0:81 192.168.1.2\n", ON(prefer_nftables)},
	{"diff --backend nftables -", .have = "wan0:80 192.168.1.2",
	 .second = "wan0:81 192.168.1.2",
	 .file = "wan0:80 192.168.1.2\n"
		 "wan0:81 192.168.1.2\n",
	 .status = 1, .out = "+wan0:80/tcp 192.168.1.2:80\n"},
	{"diff -", .have = "wan0:80 192.168.1.2", .second = "wan0:80 192.168.1.2",
	 .file = "wan0:80 192.168.1.2\n", .status = 1, .out = "~wan0:80/tcp 192.168.1.2:80\n"},
};

static const struct program_case save_cases[] = {
	{"save -", .have = "wan0:80 192.168.1.2", .second = "ppp0:81 192.168.1.2",
	 .out = "ppp0:81/tcp 192.168.1.2:81\n"
		"wan0:80/tcp 192.168.1.2:80\n"},
	{"save --backend nftables -", .have = "wan0:80 192.168.1.2",
	 .second = "ppp0:81 192.168.1.2", .out = "ppp0:81/tcp 192.168.1.2:81\n"},
};

static const struct program_case list_cases[] = {
	{"list -o +BACKEND",
	 .have = "wan0:80 192.168.1.2\n"
		 "wan0:81 192.168.1.2",
	 .second = "wan0:80 192.168.1.2\n"
		   "wan0:82 192.168.1.2",
	 .out = "FORWARD     TARGET         NAME OPTIONS STATE      CONNS BACKEND\n"
		"wan0:80/tcp 192.168.1.2:80 -    -       incomplete     0 iptables,nftables\n"
		"wan0:81/tcp 192.168.1.2:81 -    -       active         0 iptables\n"
		"wan0:82/tcp 192.168.1.2:82 -    -       active         0 nftables\n"},
	{"list -rn -o FORWARD,BACKEND --backend nftables",
	 .have = "wan0:80 192.168.1.2\n"
		 "wan0:81 192.168.1.2",
	 .second = "wan0:80 192.168.1.2\n"
		   "wan0:82 192.168.1.2",
	 .out = "wan0:80/tcp nftables\n"
		"wan0:82/tcp nftables\n"},
	{"list -J -o FORWARD,BACKEND,STATE --backend iptables",
	 .have = "wan0:80 192.168.1.2\n"
		 "wan0:81 192.168.1.2",
	 .second = "wan0:80 192.168.1.2",
	 .out = "{\"forwards\": [\n"
		"  {\"forward\":\"wan0:80/tcp\", \"backend\":\"iptables\", \"state\":\"active\"},\n"
		"  {\"forward\":\"wan0:81/tcp\", \"backend\":\"iptables\", \"state\":\"active\"}\n"
		"]}\n"},
	{"list wan0:81 --backend nftables", .have = "wan0:81 192.168.1.2", .status = 3,
	 .err = "pfwd: there is no forward 'wan0:81'; `pfwd list` shows all forwards\n"},
	{"list", ON(prefer_nonsense), .out = "FORWARD TARGET NAME OPTIONS STATE CONNS\n"},
	{"list --backend ipfw", .status = 2,
	 .err = "pfwd: --backend 'ipfw' is unknown; the backends are iptables and nftables\n"},
};

static const struct program_case flush_cases[] = {
	{"flush -v", .have = "wan0:80 192.168.1.2", .second = "wan0:81 192.168.1.2",
	 .err = "pfwd: 0 added, 2 removed, 0 kept\n", .left = "", .second_left = ""},
	{"flush --backend nftables", .have = "wan0:80 192.168.1.2", .second = "wan0:81 192.168.1.2",
	 .second_left = ""},
	{"flush", .have = "wan0:80 192.168.1.2", .second = "wan0:81 192.168.1.2",
	 ON(keep_and_note_in_both), .status = 1,
	 .err = "pfwd: warning: counters were lost\n"
		"pfwd: kept chain PFWD: a rule of another program is in it\n"
		"pfwd: kept chain x: a rule of another program is in it\n",
	 .left = "", .second_left = ""},
	{"flush", .have = "wan0:80 192.168.1.2", .second = "wan0:81 192.168.1.2",
	 ON(fail_in_nftables), .status = 1, .err = "pfwd: the kernel refused the rules\n"},
	{"flush --backend nftables", .have = "wan0:80 192.168.1.2", .second = "wan0:81 192.168.1.2",
	 ON(hold_lock), .status = 7, .err = "pfwd: the lock is held by process 7\n"},
	{"flush -n", .have = "wan0:80 192.168.1.2", .second = "wan0:81 192.168.1.2",
	 .out = "-iptables wan0:80/tcp 192.168.1.2:80\n"
		"-nftables wan0:81/tcp 192.168.1.2:81\n"},
};

#define CHOOSES(words) "pfwd " PFWD_VERSION "\nnew forwards are made with " words "\n"

static const struct program_case version_cases[] = {
	{"version -v", .out = CHOOSES("iptables: this kernel has it")},
	{"version -v", ON(lack_iptables), .out = CHOOSES("nftables: this kernel has no iptables")},
	{"version -v", .second = "wan0:81 192.168.1.2",
	 .out = CHOOSES("nftables: the forwards are there")},
	{"version -v", ON(prefer_nftables), .out = CHOOSES("nftables: PFWD_BACKEND names it")},
	{"version -v --backend iptables", ON(prefer_nftables),
	 .out = CHOOSES("iptables: --backend names it")},
};

int main(void)
{
	struct rows rows = {0};
	program_add_cases(&rows, add_cases, ROWS_COUNT(add_cases));
	program_add_cases(&rows, del_cases, ROWS_COUNT(del_cases));
	program_add_cases(&rows, apply_cases, ROWS_COUNT(apply_cases));
	program_add_cases(&rows, diff_cases, ROWS_COUNT(diff_cases));
	program_add_cases(&rows, save_cases, ROWS_COUNT(save_cases));
	program_add_cases(&rows, list_cases, ROWS_COUNT(list_cases));
	program_add_cases(&rows, flush_cases, ROWS_COUNT(flush_cases));
	program_add_cases(&rows, version_cases, ROWS_COUNT(version_cases));
	return program_run_cases(&rows, "backends");
}
