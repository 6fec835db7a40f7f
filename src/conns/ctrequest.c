/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libnetfilter_conntrack only says which entries of a dump are wanted. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include "conns/ctmessage.h"
#include "conns/ctrequest.h"

int ctrequest_error(int error, const char *what, struct err *err)
{
	if (error == EPERM || error == EACCES)
		return err_set(err, ERR_PERMISSION,
			       "not permitted to %s: CAP_NET_ADMIN is needed; run pfwd as root",
			       what);
	if (error == EPROTONOSUPPORT || error == EOPNOTSUPP || error == EINVAL || error == ENOENT)
		return err_set(
			err, ERR_UNSUPPORTED,
			"cannot %s: the kernel has no conntrack netlink interface (%s); "
			"load nf_conntrack_netlink, or use a kernel with CONFIG_NF_CT_NETLINK",
			what, strerror(error));
	return err_sys(err, error, "cannot %s", what);
}

struct nlmsghdr *ctrequest_begin(void *buffer, uint16_t type, uint16_t flags, enum family family)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	nlh->nlmsg_type = (uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | type);
	nlh->nlmsg_flags = flags;
	struct nfgenmsg *nfh = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfh));
	nfh->nfgen_family = family == FAMILY_IPV6   ? AF_INET6
			    : family == FAMILY_IPV4 ? AF_INET
						    : AF_UNSPEC;
	nfh->version = NFNETLINK_V0;
	return nlh;
}

/* CTA_FILTER_F_CTA_PROTO_NUM and CTA_FILTER_F_CTA_PROTO_DST_PORT of the kernel's nf_internals.h */
#define FILTER_PROTO_NUM (1U << 3)
#define FILTER_DST_PORT (1U << 5)

/* Of that protocol alone, and to that port if it is not 0; libnetfilter_conntrack 1.0.9 cannot say
 * it. Kernels since 5.9 know it and ask for one family; those before leave unknown attributes
 * alone. */
static void put_protocol(struct nlmsghdr *nlh, uint8_t proto, uint16_t port)
{
	struct nlattr *tuple = mnl_attr_nest_start(nlh, CTA_TUPLE_ORIG);
	struct nlattr *inner = mnl_attr_nest_start(nlh, CTA_TUPLE_PROTO);
	mnl_attr_put_u8(nlh, CTA_PROTO_NUM, proto);
	if (port)
		mnl_attr_put_u16(nlh, CTA_PROTO_DST_PORT, htons(port));
	mnl_attr_nest_end(nlh, inner);
	mnl_attr_nest_end(nlh, tuple);
	struct nlattr *filter = mnl_attr_nest_start(nlh, CTA_FILTER);
	mnl_attr_put_u32(nlh, CTA_FILTER_ORIG_FLAGS,
			 port ? FILTER_PROTO_NUM | FILTER_DST_PORT : FILTER_PROTO_NUM);
	mnl_attr_put_u32(nlh, CTA_FILTER_REPLY_FLAGS, 0);
	mnl_attr_nest_end(nlh, filter);
}

bool ctrequest_read(const struct nlmsghdr *nlh, const struct ctrequest_wish *wish,
		    struct connection *out)
{
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(struct nfgenmsg))
		return false;
	ctmessage_read(nlh, out);
	if (!wish)
		return true;
	if (!wish->proto)
		return out->translated;
	/* older kernels do not filter, see put_protocol */
	return out->proto == wish->proto &&
	       (!wish->port || (out->via.port == wish->port && !out->translated));
}

struct nlmsghdr *ctrequest_dump(char buffer[CTREQUEST_MAX], const struct ctrequest_wish *wish)
{
	static const struct nfct_filter_dump_mark status = {IPS_DST_NAT, IPS_DST_NAT};
	struct nlmsghdr *nlh = ctrequest_begin(buffer, IPCTNL_MSG_CT_GET, NLM_F_DUMP, wish->family);
	struct nfct_filter_dump *filter = nfct_filter_dump_create();
	if (!filter)
		return NULL;
	if (wish->proto)
		put_protocol(nlh, wish->proto, wish->port);
	else
		nfct_filter_dump_set_attr(filter, NFCT_FILTER_DUMP_STATUS, &status);
	nfct_nlmsg_build_filter(nlh, filter);
	nfct_filter_dump_destroy(filter);
	return nlh;
}
