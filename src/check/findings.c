/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The order of the table is that of a connection: the forward itself, the interface, the address,
 * the way to the target, the target, the way back, and what the host has to do for it all.
 */
#include "check/arrival.h"
#include "check/passage.h"
#include "check/rules.h"

const char *severity_name(enum severity severity)
{
	static const char *const names[] = {"error", "warning", "note"};
	return names[severity];
}

#define TURN_ON "turn it on with"

const struct finding findings[] = {
	{"expired", SEVERITY_ERROR, false, true, TRACE_TRANSLATED, NULL,
	 "the time of the forward is over", rules_expired},
	{"incomplete", SEVERITY_ERROR, false, false, TRACE_TRANSLATED, "mend it with",
	 "rules of the forward are missing", rules_incomplete},
	{"blocked", SEVERITY_ERROR, true, false, TRACE_LEFT, "pass it with",
	 "a rule or policy of another program stops its connections", rules_blocked},
	{"shadowed", SEVERITY_ERROR, true, false, TRACE_TRANSLATED, NULL,
	 "a rule of another program or by hand translates all its packets before it",
	 rules_shadowed},
	{"other-translation", SEVERITY_WARNING, true, false, TRACE_TRANSLATED, NULL,
	 "a rule of another program or by hand translates packets of it too", rules_other},
	{"no-interface", SEVERITY_ERROR, true, true, TRACE_ARRIVED, NULL,
	 "the interface does not exist", arrival_no_interface},
	{"interface-renamed", SEVERITY_ERROR, true, false, TRACE_ARRIVED, NULL,
	 "the interface has another first name", arrival_renamed},
	{"interface-port", SEVERITY_ERROR, true, false, TRACE_ARRIVED, NULL,
	 "the interface is a port of a bridge or bond, and takes in no packets by itself",
	 arrival_port},
	{"interface-down", SEVERITY_ERROR, false, false, TRACE_ARRIVED, TURN_ON,
	 "the interface is down, or has no carrier", arrival_down},
	{"not-own-address", SEVERITY_ERROR, true, false, TRACE_ARRIVED, NULL,
	 "the address in the SPEC of a forward to this host is not an address of this host",
	 arrival_not_own_address},
	{"foreign-address", SEVERITY_ERROR, false, false, TRACE_ARRIVED, "add it with",
	 "the address in SPEC is on no interface, and nothing brings its packets here",
	 arrival_foreign_address},
	{"untracked", SEVERITY_ERROR, true, false, TRACE_TRANSLATED, "except it with",
	 "a rule keeps its packets from conntrack (NOTRACK, SYNPROXY), so that they are not "
	 "translated",
	 rules_untracked},
	{"early-drop", SEVERITY_ERROR, true, false, TRACE_TRANSLATED, "let it through with",
	 "a chain where pfwd lets none through (raw, mangle, security, prerouting, ingress, "
	 "egress) drops its packets or answers",
	 rules_early_drop},
	{"zones", SEVERITY_ERROR, false, false, TRACE_ANSWER_LEFT, NULL,
	 "answers are in another zone of conntrack than the connections", rules_zones},
	{"ban-passed", SEVERITY_WARNING, false, false, TRACE_STEPS, NULL,
	 "a ban of some clients stands behind rules of pfwd, and does not hold for the forward",
	 rules_ban_passed},
	{"ban-here", SEVERITY_NOTE, false, false, TRACE_STEPS, NULL,
	 "a ban of some clients is for this host alone, and not for forwards to others",
	 rules_ban_here},
	{"private", SEVERITY_NOTE, false, false, TRACE_ARRIVED, NULL,
	 "the uplink has a private or shared address: a router before this host has to forward too",
	 arrival_private},
	{"listener", SEVERITY_WARNING, true, false, TRACE_STEPS, NULL,
	 "a program of this host loses a port to the forward", arrival_listener},
	{"forwarding", SEVERITY_ERROR, true, false, TRACE_LEFT, TURN_ON,
	 "the interfaces concerned do not forward IPv4 packets", passage_forwarding_ipv4},
	{"forwarding-ipv6", SEVERITY_ERROR, true, false, TRACE_LEFT, TURN_ON,
	 "this host does not forward IPv6 packets", passage_forwarding_ipv6},
	{"no-route", SEVERITY_ERROR, false, false, TRACE_LEFT, NULL,
	 "this host has no route to the target", passage_no_route},
	{"one-armed", SEVERITY_WARNING, false, false, TRACE_ANSWERED, "make it with",
	 "the target is on the interface that clients come by, and answers them past this host",
	 passage_one_armed},
	{"unreachable", SEVERITY_ERROR, false, false, TRACE_LEFT, NULL,
	 "the target, or the router to it, does not answer on its network", passage_unreachable},
	{"probe", SEVERITY_WARNING, false, false, TRACE_ANSWERED, NULL,
	 "with --probe: the target did not answer a connection from this host", passage_probe},
	{"macvlan", SEVERITY_NOTE, false, false, TRACE_LEFT, NULL,
	 "the target's interface has children such as macvlan, which it cannot reach",
	 passage_macvlan},
	{"hairpin-bridge", SEVERITY_WARNING, false, false, TRACE_LEFT, "turn it on with",
	 "with --hairpin and br_netfilter: the bridge's port of the target is not in hairpin mode",
	 passage_hairpin_bridge},
	{"loopback", SEVERITY_ERROR, true, false, TRACE_ANSWERED, NULL,
	 "the program listens on a loopback address alone", arrival_loopback},
	{"no-listener", SEVERITY_ERROR, false, false, TRACE_ANSWERED, NULL,
	 "no program of this host listens on the port", arrival_no_listener},
	{"unanswered", SEVERITY_WARNING, false, false, TRACE_STEPS, NULL,
	 "there are connections that the target never answered", passage_unanswered},
	{"reply-path", SEVERITY_WARNING, false, false, TRACE_ANSWER_LEFT, NULL,
	 "answers to clients leave by another interface, or have no route", passage_reply_path},
	{"rp-filter", SEVERITY_WARNING, false, false, TRACE_LEFT, "let them in with",
	 "rp_filter drops the packets of clients", passage_rp_filter},
	{"conntrack-full", SEVERITY_WARNING, false, false, TRACE_TRANSLATED, "make room with",
	 "conntrack's table of connections is full or nearly so", passage_table_full},
	{"helper", SEVERITY_NOTE, false, false, TRACE_STEPS, NULL,
	 "the protocol opens further connections: FTP, SIP, TFTP", rules_helper},
	{"own-address-only", SEVERITY_NOTE, false, false, TRACE_STEPS, NULL,
	 "a forward of DNS takes only queries that are sent to this host", rules_intercepted_dns},
	{0},
};
