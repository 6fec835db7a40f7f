/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages read as libnetfilter_conntrack reads them, and broken ones without harm. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include "conns/ctmessage.h"

#define MESSAGE_MAX 4096
#define MESSAGES 3000
#define STATES 10 /* of tcp, and of sctp */

static unsigned int roll(unsigned int n)
{
	return (unsigned int)random() % n;
}

static uint64_t random_u64(void)
{
	return (uint64_t)random() << 40 ^ (uint64_t)random() << 20 ^ (uint64_t)random();
}

/* ---- a message as the kernel makes it ---- */

static void put_address(struct nlmsghdr *nlh, uint16_t type, bool six)
{
	uint64_t bytes[2] = {random_u64(), random_u64()};
	mnl_attr_put(nlh, type, six ? 16 : 4, bytes);
}

static void put_tuple(struct nlmsghdr *nlh, uint16_t type, uint8_t proto, bool six)
{
	bool zoned = roll(4) == 0;
	struct nlattr *tuple = mnl_attr_nest_start(nlh, type);
	struct nlattr *ip = mnl_attr_nest_start(nlh, CTA_TUPLE_IP);
	put_address(nlh, six ? CTA_IP_V6_SRC : CTA_IP_V4_SRC, six);
	put_address(nlh, six ? CTA_IP_V6_DST : CTA_IP_V4_DST, six);
	mnl_attr_nest_end(nlh, ip);
	struct nlattr *ports = mnl_attr_nest_start(nlh, CTA_TUPLE_PROTO);
	mnl_attr_put_u8(nlh, CTA_PROTO_NUM, proto);
	mnl_attr_put_u16(nlh, CTA_PROTO_SRC_PORT, (uint16_t)random());
	mnl_attr_put_u16(nlh, CTA_PROTO_DST_PORT, (uint16_t)random());
	mnl_attr_nest_end(nlh, ports);
	if (zoned)
		mnl_attr_put_u16(nlh, CTA_TUPLE_ZONE, (uint16_t)random());
	mnl_attr_nest_end(nlh, tuple);
}

static void put_state(struct nlmsghdr *nlh, uint8_t proto)
{
	uint16_t type = proto == IPPROTO_TCP ? CTA_PROTOINFO_TCP : CTA_PROTOINFO_SCTP;
	struct nlattr *info = mnl_attr_nest_start(nlh, CTA_PROTOINFO);
	struct nlattr *of = mnl_attr_nest_start(nlh, type);
	mnl_attr_put_u8(nlh,
			proto == IPPROTO_TCP ? CTA_PROTOINFO_TCP_STATE : CTA_PROTOINFO_SCTP_STATE,
			(uint8_t)roll(12));
	mnl_attr_nest_end(nlh, of);
	mnl_attr_nest_end(nlh, info);
}

static void put_counters(struct nlmsghdr *nlh, uint16_t type)
{
	struct nlattr *counters = mnl_attr_nest_start(nlh, type);
	mnl_attr_put_u64(nlh, CTA_COUNTERS_PACKETS, random_u64());
	mnl_attr_put_u64(nlh, CTA_COUNTERS_BYTES, random_u64());
	mnl_attr_nest_end(nlh, counters);
}

static void put_times(struct nlmsghdr *nlh)
{
	struct nlattr *times = mnl_attr_nest_start(nlh, CTA_TIMESTAMP);
	mnl_attr_put_u64(nlh, CTA_TIMESTAMP_START, random_u64());
	mnl_attr_nest_end(nlh, times);
}

static void put_secctx(struct nlmsghdr *nlh)
{
	struct nlattr *secctx = mnl_attr_nest_start(nlh, CTA_SECCTX);
	mnl_attr_put_strz(nlh, CTA_SECCTX_NAME, "system_u:object_r:unlabeled_t:s0");
	mnl_attr_nest_end(nlh, secctx);
}

/* Each attribute is there or not. */
static struct nlmsghdr *random_message(void *buffer)
{
	static const uint16_t numbers[] = {CTA_TIMEOUT, CTA_MARK, CTA_USE, CTA_ID, CTA_STATUS};
	static const uint8_t protos[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP};
	uint8_t proto = protos[roll(3)];
	bool six = roll(2);
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct nfgenmsg *header = mnl_nlmsg_put_extra_header(nlh, sizeof(*header));
	nlh->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW;
	header->nfgen_family = six ? AF_INET6 : AF_INET;
	put_tuple(nlh, CTA_TUPLE_ORIG, proto, six);
	put_tuple(nlh, CTA_TUPLE_REPLY, proto, six);
	if (roll(4) == 0)
		mnl_attr_put_u16(nlh, CTA_ZONE, (uint16_t)random());
	if (proto != IPPROTO_UDP && roll(4))
		put_state(nlh, proto);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (roll(4))
			mnl_attr_put_u32(nlh, numbers[i], (uint32_t)random_u64());
	if (roll(2)) {
		put_counters(nlh, CTA_COUNTERS_ORIG);
		put_counters(nlh, CTA_COUNTERS_REPLY);
	}
	if (roll(2))
		put_times(nlh);
	if (roll(2))
		put_secctx(nlh);
	return nlh;
}

/* ---- how the library reads it ---- */

static void assert_endpoint(const struct endpoint *e, const struct nf_conntrack *ct, bool six,
			    enum nf_conntrack_attr v4, enum nf_conntrack_attr v6,
			    enum nf_conntrack_attr port)
{
	struct address addr = {.family = six ? FAMILY_IPV6 : FAMILY_IPV4};
	memcpy(addr.bytes, nfct_get_attr(ct, six ? v6 : v4), six ? 16 : 4);
	assert_memory_equal(&e->addr, &addr, sizeof(addr));
	assert_int_equal(e->port, ntohs(nfct_get_attr_u16(ct, port)));
}

/* That of both directions, or of one. */
static uint16_t zone_of(const struct nf_conntrack *ct, enum nf_conntrack_attr direction)
{
	bool both = nfct_attr_is_set(ct, ATTR_ZONE) > 0;
	return nfct_get_attr_u16(ct, both ? ATTR_ZONE : direction);
}

static void assert_tuples(const struct connection *c, const struct nf_conntrack *ct)
{
	bool six = nfct_get_attr_u8(ct, ATTR_L3PROTO) == AF_INET6;
	assert_int_equal(c->family, six ? FAMILY_IPV6 : FAMILY_IPV4);
	assert_int_equal(c->proto, nfct_get_attr_u8(ct, ATTR_L4PROTO));
	assert_endpoint(&c->client, ct, six, ATTR_ORIG_IPV4_SRC, ATTR_ORIG_IPV6_SRC,
			ATTR_ORIG_PORT_SRC);
	assert_endpoint(&c->via, ct, six, ATTR_ORIG_IPV4_DST, ATTR_ORIG_IPV6_DST,
			ATTR_ORIG_PORT_DST);
	assert_endpoint(&c->target, ct, six, ATTR_REPL_IPV4_SRC, ATTR_REPL_IPV6_SRC,
			ATTR_REPL_PORT_SRC);
	assert_int_equal(c->zone_in, zone_of(ct, ATTR_ORIG_ZONE));
	assert_int_equal(c->zone_out, zone_of(ct, ATTR_REPL_ZONE));
	assert_endpoint(&c->back, ct, six, ATTR_REPL_IPV4_DST, ATTR_REPL_IPV6_DST,
			ATTR_REPL_PORT_DST);
}

/* The library's words for states are those of its own text, which has them in capitals. */
static void assert_state(const struct connection *c, const struct nf_conntrack *ct)
{
	char text[1024], word[64];
	bool tcp = nfct_attr_is_set(ct, ATTR_TCP_STATE) > 0;
	bool stated = tcp || nfct_attr_is_set(ct, ATTR_SCTP_STATE) > 0;
	uint8_t number = nfct_get_attr_u8(ct, tcp ? ATTR_TCP_STATE : ATTR_SCTP_STATE);
	assert_int_equal(c->state != NULL, stated && number < STATES);
	if (!c->state)
		return;
	nfct_snprintf(text, sizeof(text), ct, NFCT_T_UNKNOWN, NFCT_O_DEFAULT, 0);
	snprintf(word, sizeof(word), " %s ", c->state);
	if (!strstr(text, word))
		fail_msg("'%s' is not in: %s", word, text);
}

static void assert_rest(const struct connection *c, const struct nf_conntrack *ct)
{
	uint32_t status = nfct_get_attr_u32(ct, ATTR_STATUS);
	const char *secctx = nfct_get_attr(ct, ATTR_SECCTX);
	assert_int_equal(c->translated, (status & IPS_DST_NAT) != 0);
	assert_int_equal(c->assured, (status & IPS_ASSURED) != 0);
	assert_int_equal(c->replied, (status & IPS_SEEN_REPLY) != 0);
	assert_int_equal(c->timed, nfct_attr_is_set(ct, ATTR_TIMEOUT) > 0);
	assert_int_equal(c->timeout, nfct_get_attr_u32(ct, ATTR_TIMEOUT));
	assert_int_equal(c->mark, nfct_get_attr_u32(ct, ATTR_MARK));
	assert_int_equal(c->use, nfct_get_attr_u32(ct, ATTR_USE));
	assert_int_equal(c->id, nfct_get_attr_u32(ct, ATTR_ID));
	assert_int_equal(c->start, nfct_get_attr_u64(ct, ATTR_TIMESTAMP_START));
	assert_int_equal(c->counted, nfct_attr_is_set(ct, ATTR_ORIG_COUNTER_PACKETS) > 0);
	assert_int_equal(c->packets_in, nfct_get_attr_u64(ct, ATTR_ORIG_COUNTER_PACKETS));
	assert_int_equal(c->packets_out, nfct_get_attr_u64(ct, ATTR_REPL_COUNTER_PACKETS));
	assert_int_equal(c->bytes_in, nfct_get_attr_u64(ct, ATTR_ORIG_COUNTER_BYTES));
	assert_int_equal(c->bytes_out, nfct_get_attr_u64(ct, ATTR_REPL_COUNTER_BYTES));
	assert_string_equal(c->secctx, secctx ? secctx : "");
}

static void a_message_reads_as_the_library_reads_it(void **state)
{
	(void)state;
	_Alignas(struct nlmsghdr) char buffer[MESSAGE_MAX];
	srandom(1);
	for (int i = 0; i < MESSAGES; i++) {
		struct connection c;
		struct nlmsghdr *nlh = random_message(buffer);
		struct nf_conntrack *ct = nfct_new();
		assert_non_null(ct);
		assert_int_equal(nfct_nlmsg_parse(nlh, ct), 0);
		ctmessage_read(nlh, &c);
		assert_tuples(&c, ct);
		assert_state(&c, ct);
		assert_rest(&c, ct);
		nfct_destroy(ct);
	}
}

/* ---- what the kernel never sends ---- */

/* In memory of just its size, so that AddressSanitizer and valgrind see a step beyond it. */
static void read_copy(const void *message, size_t size)
{
	struct connection c;
	struct nlmsghdr *copy = malloc(size);
	assert_non_null(copy);
	memcpy(copy, message, size);
	copy->nlmsg_len = (uint32_t)size;
	ctmessage_read(copy, &c);
	assert_true(strnlen(c.secctx, sizeof(c.secctx)) < sizeof(c.secctx));
	free(copy);
}

static void a_short_last_attribute_reads_as_nothing(void **state)
{
	(void)state;
	_Alignas(struct nlmsghdr) char buffer[MESSAGE_MAX];
	struct connection c;
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct nfgenmsg));
	mnl_attr_put_u8(nlh, CTA_TIMEOUT, 1);
	ctmessage_read(nlh, &c);
	assert_int_equal(c.timeout, 0);
	read_copy(nlh, nlh->nlmsg_len - 3); /* without its padding */
}

static void a_cut_message_reads_without_harm(void **state)
{
	(void)state;
	_Alignas(struct nlmsghdr) char buffer[MESSAGE_MAX];
	srandom(2);
	for (int i = 0; i < 30; i++) {
		const struct nlmsghdr *nlh = random_message(buffer);
		for (size_t size = NLMSG_SPACE(sizeof(struct nfgenmsg)); size <= nlh->nlmsg_len;
		     size++)
			read_copy(buffer, size);
	}
}

static void a_broken_message_reads_without_harm(void **state)
{
	(void)state;
	_Alignas(struct nlmsghdr) char buffer[MESSAGE_MAX];
	srandom(3);
	for (int i = 0; i < MESSAGES; i++) {
		size_t size = random_message(buffer)->nlmsg_len;
		for (unsigned int k = 1 + roll(8); k > 0; k--)
			buffer[NLMSG_HDRLEN + roll((unsigned int)size - NLMSG_HDRLEN)] =
				(char)(roll(2) ? roll(256) : roll(12));
		read_copy(buffer, size);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_reads_as_the_library_reads_it),
		cmocka_unit_test(a_short_last_attribute_reads_as_nothing),
		cmocka_unit_test(a_cut_message_reads_without_harm),
		cmocka_unit_test(a_broken_message_reads_without_harm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
