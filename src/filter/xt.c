/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A match that is not in the table cannot be judged. It is passed over as one that picks some
 * clients is, which nearly all of them are for, and whoever asks is told of it. A target that is
 * not in the table ends the packets.
 */
#include <string.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter/xt_CT.h>
#include <linux/netfilter/xt_addrtype.h>
#include <linux/netfilter/xt_connmark.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_iprange.h>
#include <linux/netfilter/xt_mark.h>
#include <linux/netfilter/xt_multiport.h>
#include <linux/netfilter/xt_recent.h>
#include <linux/netfilter/xt_sctp.h>
#include <linux/netfilter/xt_set.h>
#include <linux/netfilter/xt_state.h>
#include <linux/netfilter/xt_tcpudp.h>

#include "filter/xt.h"

/* Types of addresses, of linux/rtnetlink.h. */
#define TYPE_UNICAST (1U << 1)
#define TYPE_LOCAL (1U << 2)

void filter_xt_proto(unsigned int proto, bool inverted, struct filter_rule *r)
{
	if (proto == 0)
		return;
	bool ours = proto == PROTO_TCP || proto == PROTO_UDP || proto == PROTO_SCTP;
	if (inverted)
		r->unsure = r->unsure || ours;
	else if (ours)
		r->proto = (uint8_t)proto;
	else
		r->never = true;
}

/* ---- matches ---- */

static void read_ports(uint16_t first, uint16_t last, bool inverted, struct filter_rule *r)
{
	if (first == 0 && last == UINT16_MAX && !inverted)
		return;
	r->ports = (struct ports){first ? first : 1, last};
	r->not_ports = inverted;
}

static void read_sources(const uint16_t ports[2], bool inverted, struct filter_rule *r)
{
	if (ports[0] == 0 && ports[1] == UINT16_MAX && !inverted)
		return;
	if (ports[1] == 0) { /* nobody has that port */
		r->never = r->never || !inverted;
		return;
	}
	r->from_ports = (struct ports){ports[0] ? ports[0] : 1, ports[1]};
	r->not_from_ports = inverted;
}

static void on_tcp(const void *data, struct filter_rule *r)
{
	const struct xt_tcp *tcp = data;
	read_sources(tcp->spts, tcp->invflags & XT_TCP_INV_SRCPT, r);
	read_ports(tcp->dpts[0], tcp->dpts[1], tcp->invflags & XT_TCP_INV_DSTPT, r);
	/* the first packet of a connection has SYN alone, and its answer SYN and ACK */
	bool inverted = tcp->invflags & XT_TCP_INV_FLAGS;
	if (((0x02 & tcp->flg_mask) == tcp->flg_cmp) == inverted)
		r->not_plain = r->not_translated = true;
	if (((0x12 & tcp->flg_mask) == tcp->flg_cmp) == inverted)
		r->not_reply = true;
	if (tcp->option)
		r->limited = true;
}

static void on_udp(const void *data, struct filter_rule *r)
{
	const struct xt_udp *udp = data;
	read_sources(udp->spts, udp->invflags & XT_UDP_INV_SRCPT, r);
	read_ports(udp->dpts[0], udp->dpts[1], udp->invflags & XT_UDP_INV_DSTPT, r);
}

static void on_sctp(const void *data, struct filter_rule *r)
{
	const struct xt_sctp_info *sctp = data;
	if (sctp->flags & XT_SCTP_SRC_PORTS)
		read_sources(sctp->spts, sctp->invflags & XT_SCTP_SRC_PORTS, r);
	if (sctp->flags & XT_SCTP_CHUNK_TYPES)
		r->doubtful = true;
	if (sctp->flags & XT_SCTP_DEST_PORTS)
		read_ports(sctp->dpts[0], sctp->dpts[1], sctp->invflags & XT_SCTP_DEST_PORTS, r);
}

/* The ports are told as one range; the rule is unsure if there are gaps in it. Where a port of
 * either end counts, few clients have one of these. */
static void on_multiport(const void *data, struct filter_rule *r)
{
	const struct xt_multiport_v1 *multi = data;
	unsigned int count = 0;
	struct ports hull = {UINT16_MAX, 0};
	if (multi->flags == XT_MULTIPORT_SOURCE || multi->count > XT_MULTI_PORTS) {
		r->doubtful = true;
		return;
	}
	for (unsigned int i = 0; i < multi->count; i++, count++) {
		uint16_t first = multi->ports[i], last = first;
		if (multi->pflags[i] && i + 1 < multi->count)
			last = multi->ports[++i];
		hull.first = first < hull.first ? first : hull.first;
		hull.last = last > hull.last ? last : hull.last;
	}
	if (count > 1 && multi->invert) {
		r->unsure = true;
		return;
	}
	r->unsure = r->unsure || count > 1;
	read_ports(hull.first, hull.last, multi->invert, r);
}

/* What a new connection is: NEW, and DNAT if its destination is translated. An answer on it is
 * ESTABLISHED and DNAT. */
static void read_state(unsigned int mask, bool inverted, struct filter_rule *r)
{
	bool is_new = mask & XT_CONNTRACK_STATE_BIT(IP_CT_NEW);
	bool plain = is_new != inverted;
	bool translated = (is_new || mask & XT_CONNTRACK_STATE_DNAT) != inverted;
	bool answers = mask & (XT_CONNTRACK_STATE_BIT(IP_CT_ESTABLISHED) | XT_CONNTRACK_STATE_DNAT);
	r->not_plain = r->not_plain || !plain;
	bool related = mask & XT_CONNTRACK_STATE_BIT(IP_CT_RELATED);
	r->not_reply = r->not_reply || answers == inverted;
	r->not_related = r->not_related || related == inverted;
	r->not_translated = r->not_translated || !translated;
}

static void on_state(const void *data, struct filter_rule *r)
{
	read_state(((const struct xt_state_info *)data)->statemask, false, r);
}

static void on_conntrack(const void *data, struct filter_rule *r)
{
	const struct xt_conntrack_mtinfo3 *ct = data;
	unsigned int asks = ct->match_flags, not = ct->invert_flags;
	const unsigned int clients = XT_CONNTRACK_ORIGSRC | XT_CONNTRACK_REPLDST;
	const unsigned int doubtful = XT_CONNTRACK_STATUS | XT_CONNTRACK_EXPIRES |
				      XT_CONNTRACK_ORIGSRC_PORT | XT_CONNTRACK_REPLDST_PORT;
	const unsigned int targets =
		XT_CONNTRACK_ORIGDST | XT_CONNTRACK_REPLSRC | XT_CONNTRACK_REPLSRC_PORT;
	if (asks & XT_CONNTRACK_STATE)
		read_state(ct->state_mask, not &XT_CONNTRACK_STATE, r);
	if (asks & XT_CONNTRACK_PROTO)
		filter_xt_proto(ct->l4proto, not &XT_CONNTRACK_PROTO, r);
	if (asks & XT_CONNTRACK_DIRECTION && not &XT_CONNTRACK_DIRECTION)
		r->not_plain = r->not_translated = true;
	else if (asks & XT_CONNTRACK_DIRECTION)
		r->not_reply = true;
	if (asks & clients)
		r->limited = true;
	if (asks & doubtful)
		r->doubtful = true;
	if (asks & targets)
		r->unsure = true;
	if (!(asks & XT_CONNTRACK_ORIGDST_PORT))
		return;
	if (not &XT_CONNTRACK_ORIGDST_PORT || r->original.first)
		r->unsure = true;
	else
		r->original = (struct ports){ct->origdst_port, ct->origdst_port_high};
}

/* Addresses of other types than these two are of no client, and no targets of forwards. */
static void on_addrtype(const void *data, struct filter_rule *r)
{
	const struct xt_addrtype_info_v1 *type = data;
	bool not = type->flags & XT_ADDRTYPE_INVERT_SOURCE;
	if (type->source && (((type->source & TYPE_UNICAST) != 0) != not ))
		r->unsure = true;
	else if (type->source && (((type->source & TYPE_LOCAL) != 0) != not ))
		r->limited = true;
	else if (type->source)
		r->never = true;
	if (!type->dest)
		return;
	bool inverted = type->flags & XT_ADDRTYPE_INVERT_DEST;
	bool here = (type->dest & TYPE_LOCAL) != 0, away = (type->dest & TYPE_UNICAST) != 0;
	if (type->flags & (XT_ADDRTYPE_LIMIT_IFACE_IN | XT_ADDRTYPE_LIMIT_IFACE_OUT))
		r->unsure = true;
	r->not_here = r->not_here || here == inverted;
	r->not_away = r->not_away || away == inverted;
}

static void on_iprange(const void *data, struct filter_rule *r)
{
	if (((const struct xt_iprange_mtinfo *)data)->flags & IPRANGE_SRC)
		r->limited = true;
	else
		r->unsure = r->destination = true;
}

/* A set of sources is one of clients. Which targets are in a set of destinations is not known. */
static void on_set(const void *data, struct filter_rule *r)
{
	const struct xt_set_info *set = data;
	if (set->flags & ~1U) /* a bit for each dimension that is of the source */
		r->limited = true;
	else
		r->unsure = r->destination = true;
}

/* --set alone takes all packets. */
static void on_recent(const void *data, struct filter_rule *r)
{
	const struct xt_recent_mtinfo *recent = data;
	if (recent->check_set != XT_RECENT_SET || recent->invert)
		r->limited = true;
}

/* Packets that carry a mark are few; those without one may be all. */
static void on_mark(const void *data, struct filter_rule *r)
{
	const struct xt_mark_mtinfo1 *mark = data;
	if ((mark->mark != 0) != mark->invert)
		r->limited = true;
	else
		r->doubtful = true;
}

static void on_connmark(const void *data, struct filter_rule *r)
{
	const struct xt_connmark_mtinfo1 *mark = data;
	const struct xt_mark_mtinfo1 same = {mark->mark, mark->mask, mark->invert};
	on_mark(&same, r);
}

static void on_some(const void *data, struct filter_rule *r)
{
	(void)data;
	r->limited = true;
}

static void on_icmp(const void *data, struct filter_rule *r)
{
	(void)data;
	r->never = true;
}

static void on_comment(const void *data, struct filter_rule *r)
{
	(void)data;
	(void)r;
}

#define ANY_REVISION UINT8_MAX

static const struct known {
	const char *name;
	uint8_t revision;
	size_t size; /* of what is read of it */
	void (*read)(const void *data, struct filter_rule *r);
} matches[] = {
	{"tcp", 0, sizeof(struct xt_tcp), on_tcp},
	{"udp", 0, sizeof(struct xt_udp), on_udp},
	{"sctp", 0, sizeof(struct xt_sctp_info), on_sctp},
	{"multiport", 1, sizeof(struct xt_multiport_v1), on_multiport},
	{"state", 0, sizeof(struct xt_state_info), on_state},
	{"conntrack", 3, sizeof(struct xt_conntrack_mtinfo3), on_conntrack},
	{"addrtype", 1, sizeof(struct xt_addrtype_info_v1), on_addrtype},
	{"iprange", 1, sizeof(struct xt_iprange_mtinfo), on_iprange},
	{"set", ANY_REVISION, sizeof(struct xt_set_info), on_set},
	{"recent", ANY_REVISION, sizeof(struct xt_recent_mtinfo), on_recent},
	{"mark", 1, sizeof(struct xt_mark_mtinfo1), on_mark},
	{"connmark", 1, sizeof(struct xt_connmark_mtinfo1), on_connmark},
	{"limit", ANY_REVISION, 0, on_some},
	{"hashlimit", ANY_REVISION, 0, on_some},
	{"connlimit", ANY_REVISION, 0, on_some},
	{"connbytes", ANY_REVISION, 0, on_some},
	{"quota", ANY_REVISION, 0, on_some},
	{"statistic", ANY_REVISION, 0, on_some},
	{"geoip", ANY_REVISION, 0, on_some},
	{"mac", ANY_REVISION, 0, on_some},
	{"rpfilter", ANY_REVISION, 0, on_some},
	{"osf", ANY_REVISION, 0, on_some},
	{"string", ANY_REVISION, 0, on_some},
	{"length", ANY_REVISION, 0, on_some},
	{"tcpmss", ANY_REVISION, 0, on_some},
	{"ttl", ANY_REVISION, 0, on_some},
	{"hl", ANY_REVISION, 0, on_some},
	{"tos", ANY_REVISION, 0, on_some},
	{"dscp", ANY_REVISION, 0, on_some},
	{"ecn", ANY_REVISION, 0, on_some},
	{"icmp", ANY_REVISION, 0, on_icmp},
	{"icmp6", ANY_REVISION, 0, on_icmp},
	{"comment", ANY_REVISION, 0, on_comment},
};

void filter_xt_match(const struct filter_xt *match, struct filter_rule *r)
{
	for (size_t i = 0; i < sizeof(matches) / sizeof(matches[0]); i++) {
		const struct known *known = &matches[i];
		if (strcmp(match->name, known->name) != 0 ||
		    (known->revision != ANY_REVISION && known->revision != match->revision) ||
		    match->size < known->size)
			continue;
		known->read(match->data, r);
		return;
	}
	r->doubtful = true;
}

/* ---- targets ---- */

static bool goes_on(const char *target)
{
	static const char *const passing[] = {
		"LOG",       "NFLOG",    "ULOG",    "MARK",        "CONNMARK",    "TCPMSS",
		"CLASSIFY",  "DSCP",     "TOS",     "TTL",         "HL",          "SET",
		"TRACE",     "CHECKSUM", "SECMARK", "CONNSECMARK", "AUDIT",       "RATEEST",
		"IDLETIMER", "TEE",      "LED",     "HMARK",       "TCPOPTSTRIP", "ECN",
	};

	for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++)
		if (strcmp(target, passing[i]) == 0)
			return true;
	return false;
}

/* CT chooses how conntrack sees the packet. Later revisions only have more behind these fields. */
static void on_ct(const struct filter_xt *target, struct filter_rule *r)
{
	const struct xt_ct_target_info *ct = target->data;
	r->verdict = FILTER_GO_ON;
	if (target->size < sizeof(*ct))
		return;
	if (ct->flags & XT_CT_NOTRACK)
		r->verdict = FILTER_UNTRACK;
	r->helper = *ct->helper;
	r->zone = (struct filter_zone){.id = ct->zone,
				       .original = ct->flags & XT_CT_ZONE_DIR_ORIG,
				       .reply = ct->flags & XT_CT_ZONE_DIR_REPL};
}

void filter_xt_target(const struct filter_xt *target, struct filter_rule *r)
{
	r->verdict = FILTER_END;
	if (strcmp(target->name, "CT") == 0)
		on_ct(target, r);
	else if (strcmp(target->name, "NOTRACK") == 0)
		r->verdict = FILTER_UNTRACK;
	else if (strcmp(target->name, "SYNPROXY") == 0)
		r->verdict = FILTER_PROXY;
	else if (goes_on(target->name))
		r->verdict = FILTER_GO_ON;
}
