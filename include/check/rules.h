/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Findings about rules: those of the forward itself, and those of others that stop or take its
 * packets, or that its protocol needs. They ask the host nothing.
 */
#ifndef PFWD_CHECK_RULES_H
#define PFWD_CHECK_RULES_H

#include "check/findings.h"

finding_look rules_expired;
finding_look rules_incomplete;
finding_look rules_blocked;
finding_look rules_shadowed;
finding_look rules_other;
finding_look rules_unjudged;
finding_look rules_ban_passed;
finding_look rules_ban_here;
finding_look rules_untracked;
finding_look rules_early_drop;
finding_look rules_zones;
finding_look rules_helper;
finding_look rules_intercepted_dns;

#endif
