/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The walk over a message's attributes is our own: in libnetfilter_conntrack, which makes an object
 * of each message, it takes 0.6 µs, more than all the rest that is done for a connection (by
 * libmnl's functions 0.3 µs, here 0.05 µs).
 */
#include <arpa/inet.h>
#include <endian.h>
#include <string.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack_sctp.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack_tcp.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include "conns/ctmessage.h"

static const char *tcp_state(uint8_t state)
{
	static const char *const names[] = {
		[TCP_CONNTRACK_NONE] = "NONE",         [TCP_CONNTRACK_SYN_SENT] = "SYN_SENT",
		[TCP_CONNTRACK_SYN_RECV] = "SYN_RECV", [TCP_CONNTRACK_ESTABLISHED] = "ESTABLISHED",
		[TCP_CONNTRACK_FIN_WAIT] = "FIN_WAIT", [TCP_CONNTRACK_CLOSE_WAIT] = "CLOSE_WAIT",
		[TCP_CONNTRACK_LAST_ACK] = "LAST_ACK", [TCP_CONNTRACK_TIME_WAIT] = "TIME_WAIT",
		[TCP_CONNTRACK_CLOSE] = "CLOSE",       [TCP_CONNTRACK_SYN_SENT2] = "SYN_SENT2",
	};
	return state < sizeof(names) / sizeof(names[0]) ? names[state] : NULL;
}

static const char *sctp_state(uint8_t state)
{
	static const char *const names[] = {
		[SCTP_CONNTRACK_NONE] = "NONE",
		[SCTP_CONNTRACK_CLOSED] = "CLOSED",
		[SCTP_CONNTRACK_COOKIE_WAIT] = "COOKIE_WAIT",
		[SCTP_CONNTRACK_COOKIE_ECHOED] = "COOKIE_ECHOED",
		[SCTP_CONNTRACK_ESTABLISHED] = "ESTABLISHED",
		[SCTP_CONNTRACK_SHUTDOWN_SENT] = "SHUTDOWN_SENT",
		[SCTP_CONNTRACK_SHUTDOWN_RECD] = "SHUTDOWN_RECD",
		[SCTP_CONNTRACK_SHUTDOWN_ACK_SENT] = "SHUTDOWN_ACK_SENT",
		[SCTP_CONNTRACK_HEARTBEAT_SENT] = "HEARTBEAT_SENT",
		[SCTP_CONNTRACK_HEARTBEAT_ACKED] = "HEARTBEAT_ACKED",
	};
	return state < sizeof(names) / sizeof(names[0]) ? names[state] : NULL;
}

/* ---- attributes ---- */

/* The attributes of a message, or of another attribute, that have not been looked at yet. */
struct attrs {
	const char *at, *end;
};

static const struct nlattr *next(struct attrs *attrs)
{
	const struct nlattr *attr = (const void *)attrs->at;
	size_t left = (size_t)(attrs->end - attrs->at);
	if (left < sizeof(*attr) || attr->nla_len < sizeof(*attr) || attr->nla_len > left)
		return NULL;
	size_t step = (attr->nla_len + NLA_ALIGNTO - 1U) & ~(NLA_ALIGNTO - 1U);
	attrs->at += step < left ? step : left;
	return attr;
}

static int type(const struct nlattr *attr)
{
	return attr->nla_type & NLA_TYPE_MASK;
}

static size_t length(const struct nlattr *attr)
{
	return attr->nla_len - sizeof(*attr);
}

static const char *payload(const struct nlattr *attr)
{
	return (const char *)(attr + 1);
}

/* The first attribute of that type, or NULL, which the functions below take for an empty one. */
static const struct nlattr *find(struct attrs attrs, int wanted)
{
	const struct nlattr *attr;
	while ((attr = next(&attrs)) && type(attr) != wanted)
		;
	return attr;
}

static struct attrs nested(const struct nlattr *attr)
{
	return attr ? (struct attrs){payload(attr), payload(attr) + length(attr)}
		    : (struct attrs){NULL, NULL};
}

static void get(const struct nlattr *attr, void *out, size_t size)
{
	if (attr && length(attr) >= size)
		memcpy(out, payload(attr), size);
}

static uint8_t get_u8(const struct nlattr *attr)
{
	uint8_t value = 0;
	get(attr, &value, sizeof(value));
	return value;
}

static uint16_t get_u16(const struct nlattr *attr)
{
	uint16_t value = 0;
	get(attr, &value, sizeof(value));
	return ntohs(value);
}

static uint32_t get_u32(const struct nlattr *attr)
{
	uint32_t value = 0;
	get(attr, &value, sizeof(value));
	return ntohl(value);
}

static uint64_t get_u64(const struct nlattr *attr)
{
	uint64_t value = 0;
	get(attr, &value, sizeof(value));
	return be64toh(value);
}

/* ---- a connection ---- */

static void read_tuple(struct attrs tuple, struct connection *c, struct endpoint *source,
		       struct endpoint *destination)
{
	struct attrs addresses = nested(find(tuple, CTA_TUPLE_IP));
	struct attrs ports = nested(find(tuple, CTA_TUPLE_PROTO));
	bool six = c->family == FAMILY_IPV6;
	size_t size = six ? 16 : 4;
	source->addr.family = destination->addr.family = c->family;
	get(find(addresses, six ? CTA_IP_V6_SRC : CTA_IP_V4_SRC), source->addr.bytes, size);
	get(find(addresses, six ? CTA_IP_V6_DST : CTA_IP_V4_DST), destination->addr.bytes, size);
	c->proto = get_u8(find(ports, CTA_PROTO_NUM));
	source->port = get_u16(find(ports, CTA_PROTO_SRC_PORT));
	destination->port = get_u16(find(ports, CTA_PROTO_DST_PORT));
}

/* A zone of both directions stands in the message, a zone of one in its tuple. */
static uint16_t read_zone(const struct nlattr *both, struct attrs tuple)
{
	return get_u16(both ? both : find(tuple, CTA_TUPLE_ZONE));
}

static const char *read_state(struct attrs protocols)
{
	const struct nlattr *tcp = find(protocols, CTA_PROTOINFO_TCP);
	const struct nlattr *sctp = find(protocols, CTA_PROTOINFO_SCTP);
	if (tcp)
		return tcp_state(get_u8(find(nested(tcp), CTA_PROTOINFO_TCP_STATE)));
	return sctp ? sctp_state(get_u8(find(nested(sctp), CTA_PROTOINFO_SCTP_STATE))) : NULL;
}

static void read_counters(struct attrs counters, uint64_t *packets, uint64_t *bytes)
{
	*packets = get_u64(find(counters, CTA_COUNTERS_PACKETS));
	*bytes = get_u64(find(counters, CTA_COUNTERS_BYTES));
}

static void read_secctx(const struct nlattr *name, char out[SECCTX_MAX])
{
	size_t most = name ? length(name) : 0;
	if (most)
		memcpy(out, payload(name),
		       strnlen(payload(name), most < SECCTX_MAX ? most : SECCTX_MAX - 1));
}

void ctmessage_read(const struct nlmsghdr *message, struct connection *out)
{
	const struct nfgenmsg *header = (const void *)(message + 1);
	const struct nlattr *attr, *of[CTA_MAX + 1] = {NULL};
	struct attrs attrs = {(const char *)(header + 1),
			      (const char *)message + message->nlmsg_len};
	while ((attr = next(&attrs)))
		if (type(attr) <= CTA_MAX)
			of[type(attr)] = attr;
	uint32_t status = get_u32(of[CTA_STATUS]);
	*out = (struct connection){
		.family = header->nfgen_family == AF_INET6 ? FAMILY_IPV6 : FAMILY_IPV4,
		.translated = status & IPS_DST_NAT,
		.assured = status & IPS_ASSURED,
		.replied = status & IPS_SEEN_REPLY,
		.counted = of[CTA_COUNTERS_ORIG] != NULL,
		.state = read_state(nested(of[CTA_PROTOINFO])),
		.timed = of[CTA_TIMEOUT] != NULL,
		.timeout = get_u32(of[CTA_TIMEOUT]),
		.mark = get_u32(of[CTA_MARK]),
		.use = get_u32(of[CTA_USE]),
		.id = get_u32(of[CTA_ID]),
		.start = get_u64(find(nested(of[CTA_TIMESTAMP]), CTA_TIMESTAMP_START)),
	};
	struct attrs original = nested(of[CTA_TUPLE_ORIG]), reply = nested(of[CTA_TUPLE_REPLY]);
	read_tuple(reply, out, &out->target, &out->back);
	read_tuple(original, out, &out->client, &out->via);
	out->zone_in = read_zone(of[CTA_ZONE], original);
	out->zone_out = read_zone(of[CTA_ZONE], reply);
	read_counters(nested(of[CTA_COUNTERS_ORIG]), &out->packets_in, &out->bytes_in);
	read_counters(nested(of[CTA_COUNTERS_REPLY]), &out->packets_out, &out->bytes_out);
	read_secctx(find(nested(of[CTA_SECCTX]), CTA_SECCTX_NAME), out->secctx);
}
