/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules, sets and elements to attributes of nf_tables' netlink messages, and back
 * (linux/netfilter/nf_tables.h). It sends and receives nothing.
 */
#ifndef PFWD_NFTABLES_WIRE_H
#define PFWD_NFTABLES_WIRE_H

#include <libmnl/libmnl.h>

#include "nftables/element.h"

/* The attribute at *at, which moves on; NULL: there is no more before end. */
const struct nlattr *wire_next(const char **at, const char *end);

/* What an attribute holds (NULL: there is none): a string, NULL if it does not end inside the
 * attribute; a number in host order, 0 if it is not of 4 bytes. */
const char *wire_string(const struct nlattr *attr);
uint32_t wire_number(const struct nlattr *attr);
uint64_t wire_long(const struct nlattr *attr); /* 0 if it is not of 8 bytes */
int wire_byte(const struct nlattr *attr);      /* -1 if it is not of 1 byte */

/* Of NFPROTO_*; FAMILY_NONE: both, or neither. */
enum family wire_family(uint32_t nfproto);
/* A port in network order. */
uint16_t wire_port(const uint8_t *bytes);

/* Attributes by their type; those of higher types are left out. */
#define WIRE_ATTRS 24
struct wire_attrs {
	const struct nlattr *of[WIRE_ATTRS];
};
struct wire_attrs wire_nest(const struct nlattr *nest); /* NULL: none */
struct wire_attrs wire_message(const struct nlmsghdr *nlh);
/* The number of that type, as wire_number. */
uint32_t wire_number_of(const struct wire_attrs *attrs, int type);
/* A register, counted as in struct expr; the kernel names some by their old numbers. False: that of
 * verdicts, or none. */
bool wire_reg(const struct nlattr *attr, uint8_t *out);

struct element_counter {
	uint64_t packets, bytes;
};

/* Each puts attributes behind those that the message has; the caller has made room. */
#define WIRE_RULE_MAX 8192
#define WIRE_ELEMENT_MAX 512
#define WIRE_SET_MAX 1024
void wire_put_comment(struct nlmsghdr *nlh, uint16_t type, const char *comment);
void wire_put_rule(struct nlmsghdr *nlh, const struct nft_rule *rule);
void wire_put_set(struct nlmsghdr *nlh, const struct shape_set *set);
/* One element of a list; counter: its first values, or NULL: zero. */
void wire_put_element(struct nlmsghdr *nlh, const struct element *e,
		      const struct element_counter *counter);
/* Its key alone, by which it is found. */
void wire_put_key(struct nlmsghdr *nlh, const struct element *e);
/* The SPEC of a bucket of FORM_CLIENTS, and if chain is not NULL the jump there. */
void wire_put_jump(struct nlmsghdr *nlh, const struct bucket *bucket, const char *chain);

/* A comment out of userdata; out is empty where there is none. */
void wire_read_comment(const struct nlattr *attr, char out[RULE_COMMENT_MAX]);
/* A rule out of a message; chain points into it. False: the message names no chain. */
bool wire_read_rule(const struct nlmsghdr *nlh, struct nft_rule *out, const char **chain);

struct wire_set {
	const char *name; /* points into the message */
	uint32_t flags;   /* NFT_SET_* */
	uint32_t key_length, data_length;
};
bool wire_read_set(const struct nlmsghdr *nlh, struct wire_set *out);
/* Whether a set of the kernel is what wire_put_set makes for that one. */
bool wire_set_fits(const struct wire_set *there, const struct shape_set *set);

/* An element out of a list. Set out->bucket before; the kernel's counter comes out of it. jump: the
 * chain of a verdict, in the message; or NULL. False: no element of such a bucket. */
bool wire_read_element(const struct nlattr *attr, struct element *out,
		       struct element_counter *counter, const char **jump);

#endif
