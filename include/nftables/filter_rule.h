/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A rule of others, as the room filter takes it. It asks no kernel. */
#ifndef PFWD_NFTABLES_FILTER_RULE_H
#define PFWD_NFTABLES_FILTER_RULE_H

#include "filter/filter.h"
#include "nftables/other_expr.h"

struct filter_message {
	struct filter_rule rule;
	char jump[BUCKET_NAME_MAX]; /* the chain of a jump; "": none */
	bool guest;                 /* it is a guest rule of pfwd's */
};

/* The rule of a message of that family of tables (NFPROTO_INET ...). */
void filter_message_read(const struct wire_attrs *attrs, uint8_t nfproto,
			 interface_finder find_interface, struct filter_message *out);

#endif
