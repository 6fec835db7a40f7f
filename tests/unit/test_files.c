/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands that read or write a forwards file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "fake_host.h"
#include "memory_backend.h"
#include "program.h"
#include "random_forward.h"
#include "read_forward.h"

/* ---- hosts, backends and files that are not ordinary ---- */

static void forbid(void)
{
	fake_host->forbidden = true;
}

static void lack_addresses(void)
{
	fake_host->no_addresses = true;
}

static void lack_forwarding(void)
{
	fake_host->no_forwarding = true;
}

static void fail_reading(void)
{
	err_set(&memory[0].read, ERR_FAILED, "cannot read table nat");
}

static void fail_commit(void)
{
	err_set(&memory[0].commit, ERR_FAILED, "the kernel refused the rules");
}

static void lose_rules(void)
{
	memory[0].items[0].status.incomplete = true;
}

static void keep_chain(void)
{
	strcpy(memory[0].kept, "kept chain PFWD: a rule of another program is in it");
}

/* ---- cases ---- */

static const struct program_case apply_cases[] = {
	{"apply forwards.conf", .file = "wan0:80 192.168.1.2\n",
	 .left = "wan0:80/tcp 192.168.1.2:80\n"},
	{"apply -v forwards.conf",
	 .have = "wan0:80 192.168.1.2\n"
		 "ppp0:22 192.168.1.2",
	 .file = "wan0:80 192.168.1.2\n"
		 "wan0:53/tcp+udp 192.168.1.3 --name dns\n",
	 .err = "pfwd: 2 added, 1 removed, 1 kept\n",
	 .left = "wan0:53/tcp 192.168.1.3:53 --name dns\n"
		 "wan0:80/tcp 192.168.1.2:80\n"
		 "wan0:53/udp 192.168.1.3:53 --name dns\n"},
	{"apply -", .file = "wan0:80 192.168.1.2\n", .left = "wan0:80/tcp 192.168.1.2:80\n"},
	{"apply forwards.conf", .have = "wan0:80 192.168.1.2", .file = "", .left = ""},
	{"apply -v forwards.conf",
	 .file = "# nothing\n"
		 "\n",
	 .err = "pfwd: nothing to change\n"},
	{"apply -v forwards.conf", .have = "wan0:80 192.168.1.2", .file = "wan0:80 192.168.1.2\n",
	 .err = "pfwd: nothing to change\n"},
	{"apply -v forwards.conf", .have = "wan0:80 192.168.1.2", .file = "wan0:80 192.168.1.2\n",
	 ON(lose_rules), .err = "pfwd: no forward changed; repaired missing or leftover rules\n"},
	{"apply -v forwards.conf", .have = "wan0:80 192.168.1.2",
	 .file = "wan0:80 192.168.1.2 --name web\n", .err = "pfwd: 1 added, 1 removed, 0 kept\n",
	 .left = "wan0:80/tcp 192.168.1.2:80 --name web\n"},
	{"apply -n forwards.conf", .have = "ppp0:22 192.168.1.2", .file = "wan0:80 192.168.1.2\n",
	 .out = "-iptables ppp0:22/tcp 192.168.1.2:22\n"
		"+iptables wan0:80/tcp 192.168.1.2:80\n"},
	{"apply --dry-run -", .have = "wan0:80 192.168.1.2", .file = "wan0:80 192.168.1.2\n"},
	{"apply forwards.conf",
	 .file = "wan0:80 192.168.1.2\n"
		 "wan0:80 192.168.1.2\n",
	 .left = "wan0:80/tcp 192.168.1.2:80\n"},
	{"apply forwards.conf", .have = "ppp0:22 192.168.1.2",
	 .file = "wan0:80 192.168.1.2\n"
		 "wan0:80 192.168.1.3\n"
		 "wan0:0 :1\n",
	 .status = 2,
	 .err = "pfwd: forwards.conf:2: wan0:80/tcp 192.168.1.3:80 is in conflict with wan0:80/tcp "
		"192.168.1.2:80 (line 1)\n"
		"pfwd: forwards.conf:3: 'wan0:0': port '0' is not a number from 1 to 65535\n"
		"pfwd: 2 bad lines; nothing was changed\n"},
	{"apply -", .file = "wan0:80 192.168.1.2 --for 1h\n", .status = 2,
	 .err = "pfwd: standard input:1: unknown option '--for'; see forwards.conf(5)\n"
		"pfwd: 1 bad line; nothing was changed\n"},
	{"apply forwards.conf",
	 .file = "wan0:80 192.168.1.1:8080\n"
		 "wan0:81 192.168.1.2 --until 2023-11-14T22:13:20Z\n"
		 "wan0:82 10.0.0.1 --hairpin\n"
		 "wan0\n",
	 .status = 2,
	 .err = "pfwd: warning: forwards.conf:2: --until is in the past; the forward is added but "
		"matches nothing\n"
		"pfwd: warning: forwards.conf:3: cannot find the target's network; added without "
		"--hairpin\n"
		"pfwd: forwards.conf:4: TARGET is missing; SPEC and TARGET are needed, eth0:80 "
		"192.168.1.2:8080 for example\n"
		"pfwd: 1 bad line; nothing was changed\n"},
	{"apply forwards.conf", .file = "wan0:80 192.168.1.2 --from @list\n",
	 .left = "wan0:80/tcp 192.168.1.2:80 --from 10.0.0.0/8\n"
		 "wan0:80/tcp 192.168.1.2:80 --from 192.0.2.0/24\n"},
	{"apply forwards.conf",
	 .file = "wan0:80 192.168.1.2 --from @bad\nwan0:81 192.168.1.2 --from @nosuch\n",
	 .status = 2,
	 .err = "pfwd: forwards.conf:1: --from @bad:2: '10.0.0.0 /8' is not a network; write one a "
		"line, as 10.0.0.0/8 or 2001:db8::/32\n"
		"pfwd: forwards.conf:2: --from @nosuch: cannot open nosuch: No such file or "
		"directory\n"
		"pfwd: 2 bad lines; nothing was changed\n"},
	/* an address of this host as the target */
	{"apply forwards.conf", .file = "wan0:80 192.168.1.1:8080\n",
	 .left = "wan0:80/tcp 192.168.1.1:8080\n"},
	{"apply forwards.conf",
	 .file = "wan0:80 192.168.1.1:8080 --masquerade\nwan0:81 192.168.1.1:8080 --hairpin\n",
	 .err = "pfwd: warning: forwards.conf:1: --masquerade does not go with target 192.168.1.1, "
		"an address of this host itself; leave it out\n"
		"pfwd: warning: forwards.conf:2: --hairpin does not go with target 192.168.1.1, an "
		"address of this host itself; leave it out\n",
	 .left = "wan0:80/tcp 192.168.1.1:8080 --masquerade\n"
		 "wan0:81/tcp 192.168.1.1:8080 --hairpin=192.168.1.0/24\n"},
	{"diff forwards.conf", .file = "wan0:80 192.168.1.1:8080 --masquerade\n",
	 .have = "wan0:80 192.168.1.1:8080 --masquerade"},
	{"save forwards.conf", .file = "wan0:80 192.168.1.1:8080 --masquerade\n",
	 .have = "wan0:80 192.168.1.1:8080 --masquerade"},
	{"apply forwards.conf",
	 .file = "wan0:81 192.168.1.2 --until 2023-11-14T22:13:20Z\n"
		 "wan0:82 10.0.0.1 --hairpin\n"
		 "wan0:83 192.168.1.255\n",
	 .err = "pfwd: warning: forwards.conf:1: --until is in the past; the forward is added but "
		"matches nothing\n"
		"pfwd: warning: forwards.conf:2: cannot find the target's network; added without "
		"--hairpin\n"
		"pfwd: warning: forwards.conf:3: target 192.168.1.255 is the broadcast address of "
		"a network of this host; give the address of one host\n",
	 .left = "wan0:81/tcp 192.168.1.2:81 --until 2023-11-14T22:13:20Z\n"
		 "wan0:82/tcp 10.0.0.1:82\n"
		 "wan0:83/tcp 192.168.1.255:83\n"},
	{"apply forwards.conf", .file = "wan0:82 192.168.1.2 --hairpin\n",
	 .left = "wan0:82/tcp 192.168.1.2:82 --hairpin=192.168.1.0/24\n"},
	{"apply forwards.conf",
	 .file = "eth9:80 192.168.1.2\n"
		 "eth9:81 192.168.1.2\n",
	 .err = "pfwd: warning: eth9:80/tcp and 1 more: there is no interface eth9 (yet)\n",
	 .left = "eth9:80/tcp 192.168.1.2:80\n"
		 "eth9:81/tcp 192.168.1.2:81\n"},
	{"apply forwards.conf", .file = "wan0:80 192.168.1.2\n", ON(lack_forwarding),
	 .err = "pfwd: warning: wan0:80/tcp: this host does not forward IPv4 packets; turn it on "
		"with: sysctl "
		"-w net.ipv4.ip_forward=1\n"
		"pfwd: to keep it over a reboot, put net.ipv4.ip_forward=1 into "
		"/etc/sysctl.d/60-pfwd.conf\n",
	 .left = "wan0:80/tcp 192.168.1.2:80\n"},
	{"apply forwards.conf", .file = "wan0:80 192.168.1.2\n", ON(forbid), .status = 5,
	 .err = "pfwd: not permitted with raw sockets\n"},
	{"apply forwards.conf", .file = "wan0:80 192.168.1.2\n", ON(lack_addresses), .status = 1,
	 .err = "pfwd: cannot read the addresses of this host: No buffer space available\n"},
	{"apply forwards.conf", .file = "wan0:80 192.168.1.2\n", ON(fail_reading), .status = 1,
	 .err = "pfwd: cannot read table nat\n"},
	{"apply forwards.conf", .have = "ppp0:22 192.168.1.2", .file = "wan0:80 192.168.1.2\n",
	 ON(fail_commit), .status = 1, .err = "pfwd: the kernel refused the rules\n"},
	{"apply -v forwards.conf", .file = "wan0:80 192.168.1.2\n", ON(keep_chain),
	 .err = "pfwd: kept chain PFWD: a rule of another program is in it\n"
		"pfwd: 1 added, 0 removed, 0 kept\n",
	 .left = "wan0:80/tcp 192.168.1.2:80\n"},
	{"apply forwards.conf", .status = 2,
	 .err = "pfwd: cannot open forwards.conf: No such file or directory; give the forwards "
		"file as FILE, or - for standard input\n"},
	{"apply /", .status = 1, .err = "pfwd: cannot read /: Is a directory\n"},
	{"apply forwards.conf more", .file = "wan0:80 192.168.1.2\n", .status = 2,
	 .err = "pfwd: too many arguments: 'more'\n"},
	{"apply --for 1h -", .file = "wan0:80 192.168.1.2\n", .status = 2,
	 .err = "pfwd: unknown option '--for'; see `pfwd help apply`\n"},
};

static const struct program_case diff_cases[] = {
	{"diff forwards.conf", .have = "wan0:80 192.168.1.2", .file = "wan0:80 192.168.1.2\n"},
	{"diff forwards.conf",
	 .have = "wan0:80 192.168.1.2\n"
		 "wan0:53 192.168.1.3",
	 .file = "wan0:80 192.168.1.2 --name web\n"
		 "wan0:53/tcp+udp 192.168.1.3\n",
	 .status = 1,
	 .out = "-wan0:80/tcp 192.168.1.2:80\n"
		"+wan0:80/tcp 192.168.1.2:80 --name web\n"
		"+wan0:53/udp 192.168.1.3:53\n"},
	{"diff -", .have = "wan0:80 192.168.1.2", .file = "", .status = 1,
	 .out = "-wan0:80/tcp 192.168.1.2:80\n"},
	{"diff -", .have = "wan0:80 192.168.1.2", .file = "wan0:80 192.168.1.2\n", ON(lose_rules),
	 .status = 1, .out = "~wan0:80/tcp 192.168.1.2:80\n"},
	{"diff -", .have = "wan0:80 192.168.1.2", .file = "wan0:81 192.168.1.2\n", ON(lose_rules),
	 .status = 1,
	 .out = "-wan0:80/tcp 192.168.1.2:80\n"
		"+wan0:81/tcp 192.168.1.2:81\n"},
	{"diff -", .file = "wan0:81 192.168.1.2 --until 2023-11-14T22:13:20Z\n", .status = 1,
	 .out = "+wan0:81/tcp 192.168.1.2:81 --until 2023-11-14T22:13:20Z\n"},
	{"diff -", .file = "wan0:82 10.0.0.1 --hairpin\n", .status = 1,
	 .out = "+wan0:82/tcp 10.0.0.1:82\n"},
	{"diff -",
	 .file = "wan0:80\n"
		 "wan0:80 192.168.1.2\n",
	 .status = 2,
	 .err = "pfwd: standard input:1: TARGET is missing; SPEC and TARGET are needed, eth0:80 "
		"192.168.1.2:8080 for example\n"
		"pfwd: 1 bad line\n"},
	{"diff -", .file = "wan0:80 192.168.1.2\n", ON(forbid), .status = 5,
	 .err = "pfwd: not permitted with raw sockets\n"},
	{"diff -", .file = "wan0:80 192.168.1.2\n", ON(fail_reading), .status = 1,
	 .err = "pfwd: cannot read table nat\n"},
	{"diff forwards.conf", .status = 2,
	 .err = "pfwd: cannot open forwards.conf: No such file or directory; give the forwards "
		"file as FILE, or - for standard input\n"},
	{"diff -n -", .file = "", .status = 2,
	 .err = "pfwd: unknown option '-n'; see `pfwd help diff`\n"},
	{"diff a b", .status = 2, .err = "pfwd: too many arguments: 'b'\n"},
};

static const struct program_case save_cases[] = {
	/* networks in another file: the line stays if they are the ones that live */
	{"save forwards.conf",
	 .have = "wan0:80/tcp+udp 192.168.1.2 --from @list --local\nwan0:81 192.168.1.2",
	 .file = "wan0:80/tcp+udp 192.168.1.2 --from @list --local # offices\n"
		 "wan0:81 192.168.1.2\n"},
	{"save forwards.conf", .have = "wan0:80 192.168.1.2 --from 192.0.2.0/24",
	 .file = "wan0:80 192.168.1.2 --from @list # offices\n",
	 .file_left = "wan0:80/tcp 192.168.1.2:80 --from 192.0.2.0/24 # offices\n"},
	{"save forwards.conf",
	 .have = "wan0:80/tcp+udp 192.168.1.2 --from @list\n"
		 "wan0:80/udp 192.168.1.2 --from 172.16.0.0/12",
	 .file = "wan0:80/tcp+udp 192.168.1.2 --from @list\n",
	 .file_left = "wan0:80/tcp 192.168.1.2:80 --from 10.0.0.0/8\n"
		      "wan0:80/udp 192.168.1.2:80 --from 10.0.0.0/8\n"
		      "wan0:80/tcp 192.168.1.2:80 --from 192.0.2.0/24\n"
		      "wan0:80/udp 192.168.1.2:80 --from 192.0.2.0/24\n"
		      "wan0:80/udp 192.168.1.2:80 --from 172.16.0.0/12\n"},
	{"save forwards.conf",
	 .have = "wan0:80 192.168.1.2 --from @list\nwan0:80 192.168.1.3 --from 172.16.0.0/12",
	 .file = "wan0:80 192.168.1.2 --from @list\n",
	 .file_left = "wan0:80 192.168.1.2 --from @list\n"
		      "wan0:80/tcp 192.168.1.3:80 --from 172.16.0.0/12\n"},
	{"save forwards.conf",
	 .have = "wan0:80 192.168.1.2 --name web\n"
		 "wan0:53/tcp+udp 192.168.1.3",
	 .file_left = "wan0:53/tcp 192.168.1.3:53\n"
		      "wan0:80/tcp 192.168.1.2:80 --name web\n"
		      "wan0:53/udp 192.168.1.3:53\n"},
	{"save -v forwards.conf", .have = "wan0:80 192.168.1.2", .err = "pfwd: saved 1 forward\n",
	 .file_left = "wan0:80/tcp 192.168.1.2:80\n"},
	{"save -v forwards.conf",
	 .have = "wan0:80 192.168.1.2\n"
		 "ppp0:1 192.168.1.2",
	 .err = "pfwd: saved 2 forwards\n",
	 .file_left = "ppp0:1/tcp 192.168.1.2:1\n"
		      "wan0:80/tcp 192.168.1.2:80\n"},
	{"save -",
	 .have = "wan0:80 192.168.1.2 --until 2023-11-14T22:13:20Z\n"
		 "[2001:db8::1]:443 [fd02::3]",
	 .out = "wan0:80/tcp 192.168.1.2:80 --until 2023-11-14T22:13:20Z\n"
		"*@[2001:db8::1]:443/tcp [fd02::3]:443\n"},
	{"save -", .status = 0},
	{"save forwards.conf", .file_left = ""},
	{"save forwards.conf",
	 .have = "wan0:80 192.168.1.2\n"
		 "wan0:53/tcp+udp 192.168.1.3",
	 .file = "# web\n"
		 "wan0:80 192.168.1.2 # the server\n"
		 "\n"
		 "# dns\n"
		 "wan0:53/tcp+udp 192.168.1.3 # both\n"},
	{"save forwards.conf",
	 .have = "wan0:53/udp 192.168.1.3\n"
		 "ppp0:22 192.168.1.4",
	 .file = "# web\n"
		 "wan0:80   192.168.1.2   # the server\n"
		 "\n"
		 "# dns\n"
		 "wan0:53/tcp+udp 192.168.1.3\t# both\n"
		 "# end\n",
	 .file_left = "# web\n"
		      "\n"
		      "# dns\n"
		      "wan0:53/udp 192.168.1.3:53 # both\n"
		      "# end\n"
		      "ppp0:22/tcp 192.168.1.4:22\n"},
	{"save forwards.conf",
	 .have = "wan0:80 192.168.1.2 --from 10.0.0.0/8\n"
		 "wan0:80 192.168.1.2 --from 192.0.2.0/24",
	 .file = "wan0:80 192.168.1.2 --from 10.0.0.0/8,172.16.0.0/12,192.0.2.0/24 # offices\n",
	 .file_left = "wan0:80/tcp 192.168.1.2:80 --from 10.0.0.0/8 # offices\n"
		      "wan0:80/tcp 192.168.1.2:80 --from 192.0.2.0/24\n"},
	{"save forwards.conf",
	 .have = "wan0:80 192.168.1.2\n"
		 "wan0:79 192.168.1.2\n"
		 "wan0:81 192.168.1.2",
	 .file = "wan0:81 192.168.1.2\n"
		 "wan0:80 192.168.1.2",
	 .file_left = "wan0:81 192.168.1.2\n"
		      "wan0:80 192.168.1.2\n"
		      "wan0:79/tcp 192.168.1.2:79\n"},
	{"save forwards.conf", .have = "wan0:80 192.168.1.2",
	 .file = "wan0:80 192.168.1.2\r\n"
		 "wan0:81 192.168.1.2\r\n",
	 .file_left = "wan0:80 192.168.1.2\r\n"},
	{"save forwards.conf", .file = "wan0:80 192.168.1.2\n", .status = 1,
	 .err = "pfwd: forwards.conf would lose all its forwards (1), because the kernel has none "
		"of them; make them with `pfwd apply`, or give --force to remove them from the "
		"file\n"},
	{"save --force forwards.conf",
	 .file = "# web\n"
		 "wan0:80 192.168.1.2\n",
	 .file_left = "# web\n"},
	{"save forwards.conf", .have = "wan0:80 192.168.1.3", .file = "wan0:80 192.168.1.2\n",
	 .file_left = "wan0:80/tcp 192.168.1.3:80\n"},
	{"save forwards.conf", .have = "ppp0:80 192.168.1.3", .file = "wan0:80 192.168.1.2\n",
	 .status = 1,
	 .err = "pfwd: forwards.conf would lose all its forwards (1), because the kernel has none "
		"of them; make them with `pfwd apply`, or give --force to remove them from the "
		"file\n"},
	{"save forwards.conf", .file = "# only a comment\n"},
	{"save forwards.conf", .have = "wan0:80 192.168.1.2 --hairpin=192.168.1.0/24",
	 .file = "wan0:80 192.168.1.2 --hairpin\n"},
	{"save forwards.conf", .have = "wan0:80 192.168.1.2", .file = "wan0\n", .status = 2,
	 .err = "pfwd: forwards.conf:1: TARGET is missing; SPEC and TARGET are needed, eth0:80 "
		"192.168.1.2:8080 for example\n"
		"pfwd: 1 bad line; nothing was changed\n"},
	{"save forwards.conf", .file = "wan0:80 192.168.1.2\n", ON(forbid), .status = 5,
	 .err = "pfwd: not permitted with raw sockets\n"},
	{"save forwards.conf", .file = "wan0:80 192.168.1.2\n", ON(fail_reading), .status = 1,
	 .err = "pfwd: cannot read table nat\n"},
	{"save /dev/null", .have = "wan0:80 192.168.1.2", .status = 2,
	 .err = "pfwd: '/dev/null' is not a regular file; give one as FILE, or - for standard "
		"output\n"},
	{"save nosuch/forwards.conf", .have = "wan0:80 192.168.1.2", .status = 1,
	 .err = "pfwd: cannot make a file beside nosuch/forwards.conf: No such file or "
		"directory\n"},
	{"save a b", .status = 2, .err = "pfwd: too many arguments: 'b'\n"},
};

/* ---- the file itself ---- */

static void put_file(const char *name, const char *text, mode_t mode)
{
	FILE *file = fopen(name, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(name, mode), 0);
}

static void saving_keeps_mode_and_link(void **state)
{
	(void)state;
	static struct outcome o;
	struct stat link, real;
	char text[64] = "";
	memory_reset();
	fake_host_reset();
	memory_put(&memory[0], "wan0:80 192.168.1.2");
	program_enter_folder();
	put_file("real.conf", "# mine\n", 0600);
	assert_int_equal(symlink("real.conf", "link.conf"), 0);
	program_run("save link.conf", "", &o);
	assert_string_equal(o.err, "");
	assert_int_equal(lstat("link.conf", &link), 0);
	assert_int_equal(stat("real.conf", &real), 0);
	FILE *file = fopen("real.conf", "r");
	assert_non_null(file);
	assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
	fclose(file);
	unlink("real.conf");
	program_run("save link.conf", "", &o);
	unlink("link.conf");
	assert_true(S_ISLNK(link.st_mode));
	assert_int_equal(real.st_mode & 07777, 0600);
	assert_string_equal(text, "# mine\nwan0:80/tcp 192.168.1.2:80\n");
	/* and now the link leads nowhere */
	assert_int_equal(o.status, 2);
	assert_string_equal(o.err,
			    "pfwd: 'link.conf' is a symbolic link to a file that is not there; "
			    "make that file, or give it as FILE\n");
}

/* What save writes is what apply would make, and diff finds no difference. */
static void what_is_saved_is_applied_again(void **state)
{
	(void)state;
	static struct outcome saved, o;
	struct dice dice = {.state = 1};
	for (int round = 0; round < 10; round++) {
		struct forwards set = {0};
		struct err err;
		memory_reset();
		fake_host_reset();
		for (int i = 0; i < 60; i++) {
			dice.spread = once_in(&dice, 2) ? WIDE : CROWDED;
			struct forward f = random_forward(&dice, FAMILY_NONE);
			add_if_free(&set, &f, READ_NOW);
		}
		for (size_t i = 0; i < set.count; i++) {
			char line[SPEC_LINE_MAX];
			spec_format_line(&set.items[i], line);
			memory_put(&memory[0], line);
		}
		program_run("save -", "", &saved);
		assert_int_equal(saved.status, 0);
		program_run("diff -", saved.out, &o);
		assert_string_equal(o.out, "");
		assert_int_equal(o.status, 0);
		memory_reset();
		program_run("apply -", saved.out, &o);
		assert_int_equal(o.status, 0);
		assert_int_equal(memory[0].count, set.count);
		assert_int_equal(forwards_sort(&set, &err), 0);
		for (size_t i = 0; i < set.count; i++)
			assert_true(memory_is(&memory[0], i, &set.items[i]));
		forwards_free(&set);
	}
}

int main(void)
{
	struct rows rows = {0};
	program_add_cases(&rows, apply_cases, ROWS_COUNT(apply_cases));
	program_add_cases(&rows, diff_cases, ROWS_COUNT(diff_cases));
	program_add_cases(&rows, save_cases, ROWS_COUNT(save_cases));
	ROWS_ADD_TEST(&rows, saving_keeps_mode_and_link);
	ROWS_ADD_TEST(&rows, what_is_saved_is_applied_again);
	return program_run_cases(&rows, "files");
}
