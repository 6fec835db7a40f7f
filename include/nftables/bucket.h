/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bucket: one map of nf_tables (or set, for exceptions), described by what all its elements have
 * in common. Which bucket an element is in, in what order buckets are looked into, and their names.
 * It asks no kernel.
 */
#ifndef PFWD_NFTABLES_BUCKET_H
#define PFWD_NFTABLES_BUCKET_H

#include "model/forward.h"

/* Where the bucket is looked into. Forwards proper come before what --hairpin and --local add, and
 * among each the ones that name an address before those for any address of this host. */
enum PACKED bucket_group {
	BUCKET_ADDR,         /* nat prerouting: sent to an address that the forward names */
	BUCKET_MAIN,         /* ... or to any address of this host */
	BUCKET_HAIRPIN_ADDR, /* the same for clients on the target's network */
	BUCKET_HAIRPIN,
	BUCKET_LOCAL_ADDR, /* nat output: the same for programs on this host */
	BUCKET_LOCAL,
	BUCKET_GROUPS,
};

enum PACKED bucket_form {
	FORM_HASH,     /* each element is one exact key */
	FORM_INTERVAL, /* keys are products of ranges */
	FORM_CLIENTS,  /* exact client networks of one SPEC; the SPEC stands in the bucket */
	FORM_PORTS,    /* exact ports for one interface and client network, which stand in the
			  bucket */
};

enum PACKED bucket_data {                /* what an element says of the target */
			  DATA_ENDPOINT, /* address and port */
			  DATA_ADDR,     /* address; the port stays */
			  DATA_PORT, /* port of this host; the address, which stays, if the forward
					names it */
			  DATA_NONE, /* nothing: not forwarded */
};

#define STEM_EXACT 255

struct bucket {
	enum family family;
	enum proto proto;
	enum bucket_group group;
	enum bucket_form form;
	enum bucket_data data;
	bool ranges;  /* ports of its forwards are ranges; else each has one port */
	uint8_t stem; /* STEM_EXACT: the interface is in the key; 0: any interface; else a wildcard
			 with so many characters before the '+' */
	uint8_t prefix; /* length of the client network, in the key; 0: any client */
	uint16_t level; /* of ranges: those of a lower level lie inside those of a higher one */
	uint8_t chunk;  /* of FORM_HASH and FORM_PORTS: port / BUCKET_CHUNK */
	bool masquerade;
	struct address snat;     /* none: the source stays, or is masqueraded */
	struct network inside;   /* not none: for clients of that network of --hairpin alone, who
				    come in as others do and are masqueraded */
	char not_in[IFNAME_MAX]; /* of BUCKET_HAIRPIN: not from that interface; "": from any */
	int64_t until;           /* as in struct forward */
	char ifname[IFNAME_MAX]; /* of FORM_CLIENTS and FORM_PORTS */
	struct address addr;     /* of FORM_CLIENTS */
	uint16_t port;           /* of FORM_CLIENTS */
	struct address clients;  /* of FORM_PORTS: the network's address */
};

static inline bool bucket_has_chunks(const struct bucket *b)
{
	return b->form == FORM_HASH || b->form == FORM_PORTS;
}

/* A map is read in pieces, each of which walks it from its start: so none grows beyond this many
 * ports of one address. */
#define BUCKET_CHUNK 8192

/* The stem of an interface as in struct forward. */
uint8_t bucket_stem(const char *ifname);

/* A total order: that in which the rules of buckets stand. Where two elements match one packet and
 * one is narrower, the bucket of the narrower one comes first. */
int bucket_compare(const struct bucket *a, const struct bucket *b);

/* Whether its elements are forwards, and not what --hairpin and --local add. */
static inline bool bucket_is_proper(const struct bucket *b)
{
	return (b->group == BUCKET_ADDR || b->group == BUCKET_MAIN) && !network_is_set(&b->inside);
}

static inline bool bucket_names_address(const struct bucket *b)
{
	return b->group == BUCKET_ADDR || b->group == BUCKET_HAIRPIN_ADDR ||
	       b->group == BUCKET_LOCAL_ADDR;
}

/* The name is the description: each can be made of the other. Letters, digits, '-' and '.', a
 * letter first, so that nft(8) can read what it lists. */
#define BUCKET_NAME_MAX 256
void bucket_name(const struct bucket *b, char out[BUCKET_NAME_MAX]);
/* false: no bucket has that name. */
bool bucket_read_name(const char *name, struct bucket *out);

/* The name of the chain in which the maps of a SPEC with many client networks are looked into, and
 * of the map that leads there. b is of FORM_CLIENTS. */
void bucket_clients_chain(const struct bucket *b, char out[BUCKET_NAME_MAX]);
void bucket_clients_map(const struct bucket *b, char out[BUCKET_NAME_MAX]);

#endif
