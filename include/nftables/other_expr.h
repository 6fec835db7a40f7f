/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The expressions of a rule of others, native ones and those of iptables-nft, one after the other:
 * what is in the registers is followed, and what is asked of packets is told as conditions. What is
 * done to packets, and what sets hold, is known to whoever reads the rule. It asks no kernel.
 */
#ifndef PFWD_NFTABLES_OTHER_EXPR_H
#define PFWD_NFTABLES_OTHER_EXPR_H

#include "conditions/xt.h"
#include "nftables/other_field.h"
#include "nftables/wire.h"

struct other_reg {
	enum PACKED {
		REG_FIELD, /* of the packet */
		REG_VALUE, /* bytes of the rule itself */
		REG_DATA,  /* of a map, from offset on */
	} holds;
	bool masked;
	bool swapped;              /* a number of the host, in network order */
	bool of_header;            /* field is one of a header, or not known */
	uint8_t length;            /* of what was loaded of a header */
	uint8_t bytes[16];         /* the value, or the mask */
	const struct field *field; /* NULL: one that is not known */
	uint32_t base, offset;     /* of a field in a header; offset: of data in what a map gives */
};
#define OTHER_REGISTERS 16 /* of four bytes; what is loaded takes as many as it needs */

#define OTHER_INFO_MAX 512 /* more is known of no extension */

struct other_exprs {        /* set family and find_interface, call other_expr_begin */
	enum family family; /* of the table, or what the rule has asked for */
	interface_finder find_interface;
	enum proto proto;
	const char *at, *end;
	struct other_reg regs[OTHER_REGISTERS];
	_Alignas(8) uint8_t info[OTHER_INFO_MAX]; /* of the extension that was read last */
};

struct other_expr {
	const char *name;
	struct wire_attrs attrs;
	struct conditions asked; /* none: it does something, or loads a register */
};

struct other_range {
	const uint8_t *first, *last;
	size_t length; /* of both */
	bool negated;
};

/* list: NFTA_RULE_EXPRESSIONS, or NULL. */
void other_expr_begin(struct other_exprs *exprs, const struct nlattr *list);
/* The next expression; two that compare with both ends of a range are one. False: there is none. */
bool other_expr_next(struct other_exprs *exprs, struct other_expr *out);

/* What a condition on that register asks first. */
enum asks other_expr_asks(const struct other_exprs *exprs, uint8_t reg);
/* The bytes that belong to that register in a key of so many bytes. */
size_t other_expr_length(const struct other_exprs *exprs, uint8_t reg, size_t left);
/* Append what it asks if the register holds at least first and at most last, of length bytes. */
void other_expr_ask(const struct other_exprs *exprs, uint8_t reg, const struct other_range *range,
		    struct conditions *out);
/* Behind a lookup in a map: what the map gives is in the registers now. */
void other_expr_take_map(struct other_exprs *exprs, const struct wire_attrs *lookup);

/* The match or target of iptables-nft that the expression is; in memory of exprs, until the next
 * one. */
struct xt_extension other_expr_extension(struct other_exprs *exprs, const struct other_expr *e);

/* NFT_JUMP, NF_ACCEPT ... of an expression; false: it has no verdict. *chain: of a jump, or NULL.
 */
bool other_expr_verdict(const struct other_expr *e, int32_t *code, const char **chain);

#endif
