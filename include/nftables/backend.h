/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nf_tables as a backend, over netlink. What its functions do is said in model/backend.h.
 */
#ifndef PFWD_NFTABLES_BACKEND_H
#define PFWD_NFTABLES_BACKEND_H

#include "model/backend.h"

extern const struct backend nftables_backend;

#endif
