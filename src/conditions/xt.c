/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter/xt_addrtype.h>
#include <linux/netfilter/xt_comment.h>
#include <linux/netfilter/xt_connmark.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_iprange.h>
#include <linux/netfilter/xt_mark.h>
#include <linux/netfilter/xt_multiport.h>
#include <linux/netfilter/xt_pkttype.h>
#include <linux/netfilter/xt_recent.h>
#include <linux/netfilter/xt_sctp.h>
#include <linux/netfilter/xt_set.h>
#include <linux/netfilter/xt_state.h>
#include <linux/netfilter/xt_tcpudp.h>

#include "conditions/xt.h"

static struct condition option(enum asks asks, const char *words, bool negated)
{
	return (struct condition){.asks = asks, .xt = true, .words = words, .negated = negated};
}

static void ask(struct conditions *out, enum asks asks, const char *words, bool negated)
{
	struct condition c = option(asks, words, negated);
	conditions_add(out, &c);
}

static void ask_proto(struct conditions *out, unsigned int proto, bool negated)
{
	struct condition c = option(ASKS_PROTO, "-p", negated);
	c.proto = proto;
	conditions_add(out, &c);
}

static void ask_ports(struct conditions *out, struct condition c, const uint16_t ports[2])
{
	c.ports[0] = (struct ports){ports[0], ports[1]};
	c.port_count = 1;
	conditions_add(out, &c);
}

static void ask_source_ports(struct conditions *out, const uint16_t ports[2], bool negated)
{
	ask_ports(out, option(ASKS_SOURCE_PORT, "--sport", negated), ports);
}

static void ask_destination_ports(struct conditions *out, const uint16_t ports[2], bool negated)
{
	ask_ports(out, option(ASKS_PORT, "--dport", negated), ports);
}

static void on_tcp(const struct xt_extension *m, struct conditions *out)
{
	const struct xt_tcp *tcp = m->data;
	struct condition flags =
		option(ASKS_FLAGS, "--tcp-flags", tcp->invflags & XT_TCP_INV_FLAGS);
	flags.value = tcp->flg_cmp;
	flags.mask = tcp->flg_mask;
	ask_proto(out, PROTO_TCP, false);
	ask_source_ports(out, tcp->spts, tcp->invflags & XT_TCP_INV_SRCPT);
	ask_destination_ports(out, tcp->dpts, tcp->invflags & XT_TCP_INV_DSTPT);
	if (flags.mask)
		conditions_add(out, &flags);
	if (tcp->option)
		ask(out, ASKS_SOME, "--tcp-option", tcp->invflags & XT_TCP_INV_OPTION);
}

static void on_udp(const struct xt_extension *m, struct conditions *out)
{
	const struct xt_udp *udp = m->data;
	ask_proto(out, PROTO_UDP, false);
	ask_source_ports(out, udp->spts, udp->invflags & XT_UDP_INV_SRCPT);
	ask_destination_ports(out, udp->dpts, udp->invflags & XT_UDP_INV_DSTPT);
}

static void on_sctp(const struct xt_extension *m, struct conditions *out)
{
	const struct xt_sctp_info *sctp = m->data;
	ask_proto(out, PROTO_SCTP, false);
	if (sctp->flags & XT_SCTP_SRC_PORTS)
		ask_source_ports(out, sctp->spts, sctp->invflags & XT_SCTP_SRC_PORTS);
	if (sctp->flags & XT_SCTP_DEST_PORTS)
		ask_destination_ports(out, sctp->dpts, sctp->invflags & XT_SCTP_DEST_PORTS);
	if (sctp->flags & XT_SCTP_CHUNK_TYPES)
		ask(out, ASKS_DOUBT, "--chunk-types", sctp->invflags & XT_SCTP_CHUNK_TYPES);
}

static void on_multiport(const struct xt_extension *m, struct conditions *out)
{
	static const struct {
		enum asks asks;
		const char *words;
	} known[] = {[XT_MULTIPORT_SOURCE] = {ASKS_SOURCE_PORT, "--sports"},
		     [XT_MULTIPORT_DESTINATION] = {ASKS_PORT, "--dports"},
		     [XT_MULTIPORT_EITHER] = {ASKS_EITHER_PORT, "--ports"}};
	const struct xt_multiport_v1 *multi = m->data;
	if (multi->flags > XT_MULTIPORT_EITHER || multi->count > XT_MULTI_PORTS) {
		ask(out, ASKS_DOUBT, m->name, multi->invert);
		return;
	}
	struct condition c =
		option(known[multi->flags].asks, known[multi->flags].words, multi->invert);
	for (unsigned int i = 0; i < multi->count; i++) {
		uint16_t first = multi->ports[i], last = first;
		if (multi->pflags[i] && i + 1 < multi->count)
			last = multi->ports[++i];
		c.ports[c.port_count++] = (struct ports){first, last};
	}
	conditions_add(out, &c);
}

/* No connection of a forward is invalid, or untracked. */
static void ask_states(struct conditions *out, const char *words, unsigned int bits, bool negated)
{
	struct condition c = option(ASKS_STATE, words, negated);
	c.states = condition_states(bits);
	if (bits & XT_CONNTRACK_STATE_DNAT)
		c.states |= OTHER_TRANSLATED;
	c.more_states = bits & XT_CONNTRACK_STATE_SNAT;
	conditions_add(out, &c);
}

static void on_state(const struct xt_extension *m, struct conditions *out)
{
	ask_states(out, "--state", ((const struct xt_state_info *)m->data)->statemask, false);
}

static void on_conntrack(const struct xt_extension *m, struct conditions *out)
{
	const struct xt_conntrack_mtinfo3 *ct = m->data;
	unsigned int asks = ct->match_flags, not = ct->invert_flags;
	const unsigned int clients = XT_CONNTRACK_ORIGSRC | XT_CONNTRACK_REPLDST;
	const unsigned int doubtful = XT_CONNTRACK_STATUS | XT_CONNTRACK_EXPIRES |
				      XT_CONNTRACK_ORIGSRC_PORT | XT_CONNTRACK_REPLDST_PORT;
	const unsigned int targets =
		XT_CONNTRACK_ORIGDST | XT_CONNTRACK_REPLSRC | XT_CONNTRACK_REPLSRC_PORT;
	if (asks & XT_CONNTRACK_STATE)
		ask_states(out, "--ctstate", ct->state_mask, not &XT_CONNTRACK_STATE);
	if (asks & XT_CONNTRACK_PROTO)
		ask_proto(out, ct->l4proto, not &XT_CONNTRACK_PROTO);
	if (asks & XT_CONNTRACK_DIRECTION)
		ask(out, ASKS_ORIGINAL, "--ctdir", not &XT_CONNTRACK_DIRECTION);
	if (asks & XT_CONNTRACK_ORIGDST_PORT)
		ask_ports(out,
			  option(ASKS_ORIGINAL_PORT, "--ctorigdstport",
				 not &XT_CONNTRACK_ORIGDST_PORT),
			  (const uint16_t[]){ct->origdst_port, ct->origdst_port_high});
	if (asks & clients)
		ask(out, ASKS_SOME, m->name, false);
	if (asks & doubtful)
		ask(out, ASKS_DOUBT, m->name, false);
	if (asks & targets)
		ask(out, ASKS_PLACE, m->name, false);
}

static void on_addrtype(const struct xt_extension *m, struct conditions *out)
{
	const struct xt_addrtype_info_v1 *type = m->data;
	struct condition dest =
		option(ASKS_TYPE, "-m addrtype --dst-type", type->flags & XT_ADDRTYPE_INVERT_DEST);
	struct condition source = option(ASKS_SOURCE_TYPE, "-m addrtype --src-type",
					 type->flags & XT_ADDRTYPE_INVERT_SOURCE);
	dest.types = type->dest;
	source.types = type->source;
	if (dest.types)
		conditions_add(out, &dest);
	if (source.types)
		conditions_add(out, &source);
	if (type->flags & (XT_ADDRTYPE_LIMIT_IFACE_IN | XT_ADDRTYPE_LIMIT_IFACE_OUT))
		ask(out, ASKS_PLACE, "-m addrtype --limit-iface", false);
}

static void ask_range(struct conditions *out, struct condition c,
		      const union nf_inet_addr *const ends[2], enum family family)
{
	c.first.family = c.last.family = family;
	memcpy(c.first.bytes, ends[0], address_bits(family) / 8);
	memcpy(c.last.bytes, ends[1], address_bits(family) / 8);
	conditions_add(out, &c);
}

static void on_iprange(const struct xt_extension *m, struct conditions *out)
{
	const struct xt_iprange_mtinfo *range = m->data;
	const union nf_inet_addr *const from[] = {&range->src_min, &range->src_max};
	const union nf_inet_addr *const to[] = {&range->dst_min, &range->dst_max};
	if (range->flags & IPRANGE_SRC)
		ask_range(out, option(ASKS_SOURCE, "--src-range", range->flags & IPRANGE_SRC_INV),
			  from, m->family);
	if (range->flags & IPRANGE_DST)
		ask_range(out,
			  option(ASKS_DESTINATION, "--dst-range", range->flags & IPRANGE_DST_INV),
			  to, m->family);
}

static void on_set(const struct xt_extension *m, struct conditions *out)
{
	const struct xt_set_info *set = m->data;
	/* a bit for each dimension that is of the source */
	ask(out, set->flags & ~1U ? ASKS_SOME : ASKS_DESTINATION, m->name, false);
}

/* --set alone takes all packets. */
static void on_recent(const struct xt_extension *m, struct conditions *out)
{
	const struct xt_recent_mtinfo *recent = m->data;
	if (recent->check_set != XT_RECENT_SET || recent->invert)
		ask(out, ASKS_SOME, m->name, recent->invert);
}

static void ask_mark(struct conditions *out, struct condition c, uint32_t value, uint32_t mask)
{
	c.value = value;
	c.mask = mask;
	conditions_add(out, &c);
}

static void on_mark(const struct xt_extension *m, struct conditions *out)
{
	const struct xt_mark_mtinfo1 *mark = m->data;
	ask_mark(out, option(ASKS_MARK, "--mark", mark->invert), mark->mark, mark->mask);
}

static void on_connmark(const struct xt_extension *m, struct conditions *out)
{
	const struct xt_connmark_mtinfo1 *mark = m->data;
	ask_mark(out, option(ASKS_CONNMARK, "-m connmark --mark", mark->invert), mark->mark,
		 mark->mask);
}

#define TO_HOST 0 /* PACKET_HOST of linux/if_packet.h: to this host's link address alone */

static void on_pkttype(const struct xt_extension *m, struct conditions *out)
{
	const struct xt_pkttype_info *type = m->data;
	ask(out, ASKS_NEVER, m->name, (type->pkttype == TO_HOST) != type->invert);
}

static void on_comment(const struct xt_extension *m, struct conditions *out)
{
	const struct xt_comment_info *info = m->data;
	if (memchr(info->comment, '\0', sizeof(info->comment)))
		ask(out, ASKS_COMMENT, info->comment, false);
}

#define ANY_REVISION UINT8_MAX

static const struct {
	const char *name;
	uint8_t revision;
	size_t size; /* of what is read of it */
	void (*read)(const struct xt_extension *m, struct conditions *out);
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
	{"pkttype", 0, sizeof(struct xt_pkttype_info), on_pkttype},
	{"comment", ANY_REVISION, sizeof(struct xt_comment_info), on_comment},
};

/* Of which the name says it all. */
static const struct {
	const char *name;
	enum asks asks;
} plain[] = {
	{"icmp", ASKS_NEVER},
	{"icmp6", ASKS_NEVER},
	{"statistic", ASKS_SHARE},
	{"limit", ASKS_SOME},
	{"hashlimit", ASKS_SOME},
	{"connlimit", ASKS_SOME},
	{"connbytes", ASKS_SOME},
	{"quota", ASKS_SOME},
	{"geoip", ASKS_SOME},
	{"mac", ASKS_SOME},
	{"rpfilter", ASKS_SOME},
	{"osf", ASKS_SOME},
	{"string", ASKS_SOME},
	{"length", ASKS_SOME},
	{"tcpmss", ASKS_SOME},
	{"ttl", ASKS_SOME},
	{"hl", ASKS_SOME},
	{"tos", ASKS_SOME},
	{"dscp", ASKS_SOME},
	{"ecn", ASKS_SOME},
	{"eui64", ASKS_SOME},
	/* headers of IPv6 that few packets have */
	{"rt", ASKS_SOME},
	{"frag", ASKS_SOME},
	{"hbh", ASKS_SOME},
	{"dst", ASKS_SOME},
	{"ah", ASKS_SOME},
	{"mh", ASKS_SOME},
};

void xt_conditions(const struct xt_extension *match, struct conditions *out)
{
	enum asks asks = ASKS_DOUBT;
	for (size_t i = 0; i < sizeof(matches) / sizeof(matches[0]); i++)
		if (strcmp(match->name, matches[i].name) == 0 && match->size >= matches[i].size &&
		    (matches[i].revision == ANY_REVISION ||
		     matches[i].revision == match->revision)) {
			matches[i].read(match, out);
			return;
		}
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (strcmp(match->name, plain[i].name) == 0)
			asks = plain[i].asks;
	ask(out, asks, match->name, false);
}
