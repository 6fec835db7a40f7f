/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Findings about the way through this host: to the target, and back to the client. They ask
 * the host nothing.
 */
#ifndef PFWD_CHECK_PASSAGE_H
#define PFWD_CHECK_PASSAGE_H

#include "check/findings.h"

finding_look passage_forwarding_ipv4;
finding_look passage_forwarding_ipv6;
finding_look passage_no_network;
finding_look passage_outside;
finding_look passage_no_route;
finding_look passage_one_armed;
finding_look passage_unreachable;
finding_look passage_probe;
finding_look passage_macvlan;
finding_look passage_hairpin_bridge;
finding_look passage_unanswered;
finding_look passage_reply_path;
finding_look passage_rp_filter;
finding_look passage_table_full;

#endif
