/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Chains of nf_tables that packets of forwards pass, besides pfwd's own rules. It changes nothing.
 */
#ifndef PFWD_HOST_HOOKS_H
#define PFWD_HOST_HOOKS_H

#include "model/address.h"

/* Call each with "table FAMILY TABLE, chain CHAIN" for every base chain of nf_tables on that hook
 * whose policy is drop; for none if the kernel does not say. */
enum host_hook {
	HOST_HOOK_INPUT = 1,   /* NF_INET_LOCAL_IN */
	HOST_HOOK_FORWARD = 2, /* NF_INET_FORWARD */
};
void host_nft_drops(enum family family, enum host_hook hook,
		    void (*each)(enum family family, const char *chain));

#endif
