/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Findings about the place where connections arrive: the interface, the address, and the programs
 * of this host that listen there. They ask the host nothing.
 */
#ifndef PFWD_CHECK_ARRIVAL_H
#define PFWD_CHECK_ARRIVAL_H

#include "check/findings.h"

finding_look arrival_no_interface;
finding_look arrival_renamed;
finding_look arrival_port;
finding_look arrival_down;
finding_look arrival_no_address;
finding_look arrival_not_own_address;
finding_look arrival_foreign_address;
finding_look arrival_private;
finding_look arrival_listener;
finding_look arrival_loopback;
finding_look arrival_no_listener;

/* Whether one of the first three finds something: no packet comes in by the forward's interface.
 * Only the links are looked at. */
bool arrival_never(const struct facts *facts, const struct forward *f);

#endif
