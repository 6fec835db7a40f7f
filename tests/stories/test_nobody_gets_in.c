/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each form of a forward against each way in that it must not open, both families. The gates are
 * policy DROP and reverse-path filters are off, so that pfwd's rules alone keep the frames out. A
 * watchman (nft counters behind the filter table) counts those that get through; each form also
 * has a frame that must get through, so that the watchman is known to be awake.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "town.h"

/* In tables below, for sh(1). C: the client. S: a stranger. T: the target, V: a host beside it.
 * G, L, O: the gateway at wan0, lan0 and opt0. A host far away that is routed by the gateway. */
struct place {
	const char *name, *variables;
};

static const struct place places[] = {
	{"IPv4", "TOOL=iptables-legacy C=10.1.0.2 S=10.3.0.2 T=192.168.1.2 TO=192.168.1.2 "
		 "V=192.168.1.3 G=10.1.0.1 AT=10.1.0.1 L=192.168.1.1 O=10.3.0.1 FAR=198.51.100.7 "
		 "LOOP=127.0.0.1 FOREIGN=203.0.113.5 AT_FOREIGN=203.0.113.5 OFFICE=10.1.0.0/24 "
		 "OUTSIDER=10.9.9.9 FAMILY=-4"},
	{"IPv6",
	 "TOOL=ip6tables-legacy C=fd01::2 S=fd03::2 T=fd02::2 TO='[fd02::2]' V=fd02::3 "
	 "G=fd01::1 AT='[fd01::1]' L=fd02::1 O=fd03::1 FAR=fd0f::7 LOOP=::1 "
	 "FOREIGN=fd0a::5 AT_FOREIGN='[fd0a::5]' OFFICE=fd01::/64 OUTSIDER=fd09::9 FAMILY=-6"},
};

/* What a form opens beyond the usual, and so is not tried as an attack. */
enum opens {
	OPENS_NOTHING_ELSE = 0,
	OPENS_TO_LAN = 1,    /* --hairpin */
	OPENS_SAME_PORT = 2, /* the target's port is one of those that it listens on */
	KEEPS_CLIENTS = 4,   /* --from: others are outsiders */
	KEEPS_ADDRESS = 8,   /* SPEC has an address: others are no way in */
	OPENS_NOTHING = 16,  /* expired */
};

static const struct form {
	const char *add;   /* after "pfwd add": it listens from port P on, and sends to Q */
	const char *where; /* what differs from the usual variables */
	int opens;
} forms[] = {
	{"wan0:$P $TO:$Q", "", 0},
	{"wan0:$P/udp $TO:$Q", "OPEN=udp CLOSED='syn ack'", 0},
	{"wan0:$P-$R $TO:$Q-$((Q + 2))", "LAST=$R", 0},
	{"wan0:$P-$R $TO:$Q", "LAST=$R", 0},
	{"wan0:$P-$R $TO", "LAST=$R Q=$P", OPENS_SAME_PORT},
	{"wan0:$P $TO:$Q --from $OFFICE", "", KEEPS_CLIENTS},
	{":$P $TO:$Q --from $OFFICE", "", KEEPS_CLIENTS},
	{"wan0:$P $TO:$Q --hairpin", "", OPENS_TO_LAN},
	{"wan0:$P $TO:$Q --hairpin --from $OFFICE", "", OPENS_TO_LAN | KEEPS_CLIENTS},
	{"wan0@$AT:$P $TO:$Q --hairpin", "", OPENS_TO_LAN | KEEPS_ADDRESS},
	{"wan0:$P $TO:$Q --local", "", 0},
	{"wan0:$P $TO:$Q --masquerade", "", 0},
	{"wan0:$P $TO:$Q --snat $L", "", 0},
	{"wan0@$AT:$P $TO:$Q", "", KEEPS_ADDRESS},
	{"wan0@$AT_FOREIGN:$P $TO:$Q", "A=$FOREIGN", KEEPS_ADDRESS},
	{"wan0:$P $TO:$Q --until 2037-01-01T00:00", "", 0},
	{"wan0:$P $TO:$Q --for 1s", "", OPENS_NOTHING},
	{"wan0:$P $TO:$Q --from $OFFICE --hairpin --local --masquerade --name all --until "
	 "2037-01-01T00:00",
	 "", OPENS_TO_LAN | KEEPS_CLIENTS},
	{"wan0:$P :$Q $FAMILY", "", 0},
	{"wan0:$P/udp :$Q $FAMILY", "OPEN=udp CLOSED='syn ack'", 0},
	{"wan0:$P-$R :$Q-$((Q + 2)) $FAMILY", "LAST=$R", 0},
	{"wan0:$P-$R :$((P + 1)) $FAMILY", "LAST=$R Q=$((P + 1))", OPENS_SAME_PORT},
	{"wan0:$P-$R :$((P + 1)) $FAMILY --local", "LAST=$R Q=$((P + 1))", OPENS_SAME_PORT},
	{"wan0:$P-$R :$((P + 1)) $FAMILY --from $OFFICE", "LAST=$R Q=$((P + 1))",
	 OPENS_SAME_PORT | KEEPS_CLIENTS},
	{"wan0@$AT:$P :$Q", "", KEEPS_ADDRESS},
	{"wan0:$P :$Q $FAMILY --local", "", 0},
	{"wan0:$P :$Q $FAMILY --from $OFFICE", "", KEEPS_CLIENTS},
	{"wan0:$P :$Q $FAMILY --for 1s", "", OPENS_NOTHING},
};

#define ALL "syn ack udp"

static const struct attack {
	const char *from, *what, *kinds, *frame;
	int unless, only; /* forms that open it, or against which alone it is one */
} attacks[] = {
	{CLIENT, "the target by direct routing", ALL, "$C 6666 $T $Q", 0, 0},
	{CLIENT, "another port of the target", ALL, "$C 6666 $T $((Q + 100))", 0, 0},
	{CLIENT, "the port itself at the target", ALL, "$C 6666 $T $FIRST", 0, 0},
	{CLIENT, "the host beside the target", ALL, "$C 6666 $V $Q", 0, 0},
	{CLIENT, "the port below", ALL, "$C 6666 $A $((FIRST - 1))", 0, 0},
	{CLIENT, "the port above", ALL, "$C 6666 $A $((LAST + 1))", 0, 0},
	{CLIENT, "the target's port here", ALL, "$C 6666 $G $Q", OPENS_SAME_PORT, 0},
	{CLIENT, "the target's port at the inner address", ALL, "$C 6666 $L $Q", OPENS_SAME_PORT,
	 0},
	{CLIENT, "the loopback address", ALL, "$C 6666 $LOOP $FIRST", 0, 0},
	{CLIENT, "the target's port at the loopback address", ALL, "$C 6666 $LOOP $Q", 0, 0},
	{CLIENT, "what passes through", ALL, "$C 6666 $FAR $FIRST", 0, 0},
	{CLIENT, "what passes through to the target's port", ALL, "$C 6666 $FAR $Q", 0, 0},
	{CLIENT, "as if the target had asked", ALL, "$C $FIRST $T 40000", 0, 0},
	{CLIENT, "as if the gateway had asked", ALL, "$C $Q $G 40000", 0, 0},
	{CLIENT, "another address of this host", ALL, "$C 6666 $L $FIRST", 0, KEEPS_ADDRESS},
	{CLIENT, "from outside --from", ALL, "$OUTSIDER 6666 $A $FIRST", 0, KEEPS_CLIENTS},
	{CLIENT, "from outside --from, like the LAN", ALL, "$V 6666 $A $FIRST", 0, KEEPS_CLIENTS},
	{CLIENT, "from outside --from, like the LAN, to the inner address", ALL,
	 "$V 6666 $L $FIRST", 0, KEEPS_CLIENTS},
	{CLIENT, "another tool's translation, from outside", ALL,
	 "$OUTSIDER 6666 $G $((Q + 20000))", 0, KEEPS_CLIENTS},
	{CLIENT, "after the end", ALL, "$C 6666 $A $FIRST", 0, OPENS_NOTHING},
	{CLIENT, "the other protocol", "$CLOSED", "$C 6666 $A $FIRST", 0, 0},
	{STRANGER, "another interface", ALL, "$S 6666 $A $FIRST", 0, 0},
	{STRANGER, "another interface's own address", ALL, "$S 6666 $O $FIRST", 0, 0},
	{STRANGER, "another interface, the inner address", ALL, "$S 6666 $L $FIRST", 0, 0},
	{STRANGER, "another interface, the target's port here", ALL, "$S 6666 $O $Q", 0, 0},
	{STRANGER, "another interface, direct routing", ALL, "$S 6666 $T $Q", 0, 0},
	{STRANGER, "another interface, the loopback address", ALL, "$S 6666 $LOOP $FIRST", 0, 0},
	{STRANGER, "another interface, passing through", ALL, "$S 6666 $FAR $FIRST", 0, 0},
	{STRANGER, "another tool's translation", ALL, "$S 6666 $O $((Q + 20000))", 0, 0},
	{LAN, "the LAN without --hairpin", ALL, "$V 6666 $A $FIRST", OPENS_TO_LAN, 0},
	{LAN, "the LAN, the inner address", ALL, "$V 6666 $L $FIRST", 0, 0},
	{LAN, "the LAN, the target's port here", ALL, "$V 6666 $L $Q", 0, 0},
	{LAN, "the LAN, the loopback address", ALL, "$V 6666 $LOOP $FIRST", 0, 0},
	{LAN, "the LAN as somebody else", ALL, "$OUTSIDER 6666 $A $FIRST", 0, 0},
};

#define ENOUGH 4 /* errors, for one run */
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int tried(const struct attack *a, const struct form *f)
{
	return !(a->unless & f->opens) && (!a->only || (a->only & f->opens));
}

/* ---- the watchman ---- */

/* Another tool's translation of each port that a target may listen on, 20000 above it. */
static const char legacy_translation[] =
	"iptables-legacy -t nat -A PREROUTING -p tcp --dport 21000:29999 -j DNAT "
	"--to 192.168.1.2:1000-9999/21000\n"
	"ip6tables-legacy -t nat -A PREROUTING -p tcp --dport 21000:29999 -j DNAT "
	"--to '[fd02::2]:1000-9999/21000'";

static const char nft_translation[] =
	"four= six=; for p in $(seq 1000 9999); do\n"
	"four=\"$four, $((p + 20000)) : 192.168.1.2 . $p\"; "
	"six=\"$six, $((p + 20000)) : fd02::2 . $p\"; done\n"
	"nft -f - <<END\ntable inet theirs { chain prerouting {\n"
	"type nat hook prerouting priority dstnat\n"
	"dnat ip to tcp dport map { ${four#,} }\ndnat ip6 to tcp dport map { ${six#,} }\n"
	"}\n}\nEND\n";

static const char watchman[] =
	/* what the target itself sends are answers */
	"rules='meta l4proto { tcp, udp } ip saddr != 192.168.1.2 counter\n"
	"  meta l4proto { tcp, udp } ip6 saddr != fd02::2 counter'\n"
	"nft -f - <<END\ntable inet watchman {\n"
	"  chain input { type filter hook input priority 300; iif lo accept\n$rules\n}\n"
	"  chain forward { type filter hook forward priority 300\n$rules\n}\n}\nEND\n";

static int close_gates(void **state)
{
	(void)state;
	town_close_gates();
	town_sh("%s", town_is("nftables") ? nft_translation : legacy_translation);
	town_sh("%s", watchman);
	return 0;
}

static int build(void **state)
{
	if (town_build(state) != 0)
		return -1;
	town_sh("ip addr add fd03::1/64 dev opt0 nodad; ip -n stranger addr add fd03::2/64 dev "
		"eth0 "
		"nodad; ip -n stranger route add default via fd03::1\n"
		"for i in all wan0 opt0 lan0; do sysctl -qw net.ipv4.conf.$i.rp_filter=0; done\n"
		"sysctl -qw net.bridge.bridge-nf-call-iptables=0 2>/dev/null\n"
		"ip route add 198.51.100.0/24 via 192.168.1.3; ip route add fd0f::/64 via fd02::3");
	return 0;
}

/* How many frames it saw. */
static int seen(void)
{
	struct outcome o = town_run("nft list table inet watchman | awk '{for (i = 1; i < NF; i++) "
				    "if ($i == \"packets\") n += $(i + 1)} END {print n}'");
	return atoi(o.out);
}

/* ---- sending ---- */

static const char script[] =
	"mac() { ip -br link show $1 | awk '{print $3}'; }\n"
	"sh /run/attack | PATH=/usr/bin:$PATH python3 tests/stories/frames.py client=$(mac wan0) "
	"stranger=$(mac opt0) lan=$(mac lan0)";

struct attempt {
	FILE *script; /* prints the frames */
	int wanted;   /* so many of them should get through */
};

static struct attempt begin(const struct place *p)
{
	struct attempt a = {.script = fopen("/run/attack", "w")};
	assert_non_null(a.script);
	fprintf(a.script,
		"%s\ngo() { for kind in $2; do echo $1 $kind $3 $4 $5 $6; done; }\n"
		"form() { P=$((1000 + 10 * $1)); R=$((P + 2)); Q=$((8000 + 10 * $1)); A=$G; "
		"FIRST=$P; "
		"LAST=$P; OPEN=syn; CLOSED=udp; }\n",
		p->variables);
	return a;
}

/* The number of frames that got through. */
static int go(struct attempt *a)
{
	int before = seen();
	assert_int_equal(fclose(a->script), 0);
	struct outcome o = town_run("%s", script);
	if (o.status != 0 || *o.err)
		fail_msg("%s", o.err);
	return seen() - before;
}

static void put_form(struct attempt *a, size_t form)
{
	fprintf(a->script, "form %zu; %s\n", form, forms[form].where);
}

static void put_attack(struct attempt *a, const struct attack *attack)
{
	fprintf(a->script, "go %s \"%s\" %s\n", attack->from, attack->kinds, attack->frame);
}

static void put_attacks(struct attempt *a, size_t form)
{
	put_form(a, form);
	for (size_t i = 0; i < COUNT(attacks); i++)
		if (tried(&attacks[i], &forms[form]))
			put_attack(a, &attacks[i]);
}

/* What is open. */
static void put_clients(struct attempt *a, size_t form)
{
	put_form(a, form);
	fputs("go client $OPEN $C 7777 $A $LAST\n", a->script);
	a->wanted += !(forms[form].opens & OPENS_NOTHING);
	if (!(forms[form].opens & OPENS_TO_LAN))
		return;
	fputs("go lan $OPEN $V 7777 $A $LAST\n", a->script);
	a->wanted++;
}

/* One after another, to tell which of them it was; how many were wrong. */
static int say_which(const struct place *p, size_t form)
{
	int wrong = 0;
	for (size_t i = 0; i < COUNT(attacks); i++) {
		struct attempt a = begin(p);
		put_form(&a, form);
		if (tried(&attacks[i], &forms[form]))
			put_attack(&a, &attacks[i]);
		if (go(&a) == 0)
			continue;
		wrong++;
		print_error("%s, pfwd add %s: %s gets in, %s\n", p->name, forms[form].add,
			    attacks[i].what, attacks[i].frame);
	}
	struct attempt a = begin(p);
	put_clients(&a, form);
	if (go(&a) != a.wanted) {
		wrong++;
		print_error("%s, pfwd add %s: not open\n", p->name, forms[form].add);
	}
	return wrong;
}

/* ---- the stories ---- */

/* A line of a forwards file for each form from first to last, but for times that are over. */
static void write_file(const struct place *p, size_t first, size_t last)
{
	struct attempt a = begin(p);
	for (size_t i = first; i <= last; i++) {
		put_form(&a, i);
		fprintf(a.script, "echo \"%s\"\n", forms[i].add);
	}
	assert_int_equal(fclose(a.script), 0);
	town_sh("sh /run/attack | sed \"s/--for 1s/--until $(date -d '1 hour ago' "
		"+%%Y-%%m-%%dT%%H:%%M)/\" >/run/forwards; $PFWD apply /run/forwards");
}

static void each_form_alone(const struct place *p)
{
	int bad = 0;
	for (size_t i = 0; bad < ENOUGH && i < COUNT(forms); i++) {
		write_file(p, i, i);
		struct attempt a = begin(p);
		put_attacks(&a, i);
		put_clients(&a, i);
		if (go(&a) != a.wanted)
			bad += 1 + say_which(p, i);
	}
	assert_int_equal(bad, 0);
}

/* So many that the chains are trees. */
static void all_forms_at_once(const struct place *p)
{
	int bad = 0;
	write_file(p, 0, COUNT(forms) - 1);
	struct attempt a = begin(p);
	for (size_t i = 0; i < COUNT(forms); i++)
		put_attacks(&a, i);
	bad += go(&a) != 0;
	a = begin(p);
	for (size_t i = 0; i < COUNT(forms); i++)
		put_clients(&a, i);
	bad += go(&a) != a.wanted;
	for (size_t i = 0; bad && bad < ENOUGH && i < COUNT(forms); i++)
		bad += say_which(p, i);
	assert_int_equal(bad, 0);
	pfwd(0, "flush");
	town_sh("conntrack -F 2>/dev/null");
	a = begin(p);
	for (size_t i = 0; i < COUNT(forms); i++) {
		put_attacks(&a, i);
		put_clients(&a, i);
	}
	assert_int_equal(go(&a), 0);
}

#define STORY(f)                              \
	static void f##_in_ipv4(void **state) \
	{                                     \
		(void)state;                  \
		f(&places[0]);                \
	}                                     \
	static void f##_in_ipv6(void **state) \
	{                                     \
		(void)state;                  \
		f(&places[1]);                \
	}

STORY(each_form_alone)
STORY(all_forms_at_once)

#define ONE(f) cmocka_unit_test_setup_teardown(f, close_gates, town_clean)
#define BOTH(f) ONE(f##_in_ipv4), ONE(f##_in_ipv6)

int main(void)
{
	const struct CMUnitTest stories[] = {
		BOTH(each_form_alone),
		BOTH(all_forms_at_once),
	};
	return cmocka_run_group_tests(stories, build, town_raze);
}
