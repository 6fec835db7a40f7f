/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One dump of all interfaces by rtnetlink(7), and one of the hardware addresses that they take. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <net/if.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include "host/links.h"
#include "host/netlink.h"
#include "model/array.h"

struct reader {
	struct host_links *links;
	struct host_link *link; /* the one that is being read */
};

static void read_word(const struct nlattr *attr, char *out, size_t size)
{
	const char *word = mnl_attr_get_payload(attr);
	size_t length = strnlen(word, mnl_attr_get_payload_len(attr));
	memset(out, 0, size);
	memcpy(out, word, length < size ? length : size - 1);
}

static int read_altname(const struct nlattr *attr, void *data)
{
	struct reader *reader = data;
	struct host_links *links = reader->links;
	if (mnl_attr_get_type(attr) != IFLA_ALT_IFNAME ||
	    strnlen(mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr)) >= IFNAME_MAX)
		return MNL_CB_OK;
	void *items = links->altnames;
	struct host_altname *altname =
		array_append(&items, &links->altname_count, sizeof(*altname));
	links->altnames = items;
	if (!altname) {
		errno = ENOMEM;
		return MNL_CB_ERROR;
	}
	read_word(attr, altname->name, sizeof(altname->name));
	altname->index = reader->link->index;
	return MNL_CB_OK;
}

static int read_port(const struct nlattr *attr, void *data)
{
	struct reader *reader = data;
	if (mnl_attr_get_type(attr) == IFLA_BRPORT_MODE)
		reader->link->hairpin = mnl_attr_get_u8(attr) != 0;
	return MNL_CB_OK;
}

static int read_kind(const struct nlattr *attr, void *data)
{
	struct reader *reader = data;
	if (mnl_attr_get_type(attr) == IFLA_INFO_KIND)
		read_word(attr, reader->link->kind, LINK_KIND_MAX);
	if (mnl_attr_get_type(attr) == IFLA_INFO_SLAVE_KIND)
		read_word(attr, reader->link->port_of, LINK_KIND_MAX);
	/* the kind comes first */
	if (mnl_attr_get_type(attr) == IFLA_INFO_SLAVE_DATA &&
	    strcmp(reader->link->port_of, "bridge") == 0)
		return mnl_attr_parse_nested(attr, read_port, data);
	return MNL_CB_OK;
}

/* A setting out of an array of them; 0 if the kernel does not tell it. */
static int setting(const struct nlattr *attr, size_t at)
{
	int32_t value = 0;
	const char *values = mnl_attr_get_payload(attr);
	if ((at + 1) * sizeof(value) <= mnl_attr_get_payload_len(attr))
		memcpy(&value, values + at * sizeof(value), sizeof(value));
	return value;
}

static int read_ipv4(const struct nlattr *attr, void *data)
{
	struct reader *reader = data;
	if (mnl_attr_get_type(attr) != IFLA_INET_CONF)
		return MNL_CB_OK;
	/* these numbers begin at 1, and the array at 0 */
	reader->link->forwards = setting(attr, IPV4_DEVCONF_FORWARDING - 1) != 0;
	reader->link->rp_filter = setting(attr, IPV4_DEVCONF_RP_FILTER - 1);
	return MNL_CB_OK;
}

static int read_ipv6(const struct nlattr *attr, void *data)
{
	struct reader *reader = data;
	if (mnl_attr_get_type(attr) == IFLA_INET6_CONF)
		reader->link->accept_ra = setting(attr, DEVCONF_ACCEPT_RA);
	return MNL_CB_OK;
}

static int read_families(const struct nlattr *attr, void *data)
{
	if (mnl_attr_get_type(attr) == AF_INET)
		return mnl_attr_parse_nested(attr, read_ipv4, data);
	if (mnl_attr_get_type(attr) == AF_INET6)
		return mnl_attr_parse_nested(attr, read_ipv6, data);
	return MNL_CB_OK;
}

static int read_attribute(const struct nlattr *attr, void *data)
{
	struct reader *reader = data;
	switch (mnl_attr_get_type(attr)) {
	case IFLA_IFNAME:
		read_word(attr, reader->link->name, IFNAME_MAX);
		break;
	case IFLA_MASTER:
		reader->link->master_index = mnl_attr_get_u32(attr);
		break;
	case IFLA_LINKINFO:
		return mnl_attr_parse_nested(attr, read_kind, data);
	case IFLA_AF_SPEC:
		return mnl_attr_parse_nested(attr, read_families, data);
	case IFLA_PROP_LIST:
		return mnl_attr_parse_nested(attr, read_altname, data);
	default:
		break;
	}
	return MNL_CB_OK;
}

static int on_link(const struct nlmsghdr *nlh, void *data)
{
	struct reader *reader = data;
	const struct ifinfomsg *msg = mnl_nlmsg_get_payload(nlh);
	void *items = reader->links->items;
	reader->link = array_append(&items, &reader->links->count, sizeof(*reader->link));
	reader->links->items = items;
	if (!reader->link) {
		errno = ENOMEM;
		return MNL_CB_ERROR;
	}
	reader->link->index = (uint32_t)msg->ifi_index;
	reader->link->up = msg->ifi_flags & IFF_UP;
	reader->link->carrier = msg->ifi_flags & IFF_RUNNING;
	reader->link->to_point = msg->ifi_flags & IFF_POINTOPOINT;
	return mnl_attr_parse(nlh, sizeof(*msg), read_attribute, reader) < 0 ? MNL_CB_ERROR
									     : MNL_CB_OK;
}

static struct host_link *find_link(const struct host_links *links, uint32_t index)
{
	for (size_t i = 0; i < links->count; i++)
		if (links->items[i].index == index)
			return &links->items[i];
	return NULL;
}

static int read_hardware_address(const struct nlattr *attr, void *data)
{
	bool *unicast = data;
	const uint8_t *mac = mnl_attr_get_payload(attr);
	if (mnl_attr_get_type(attr) == NDA_LLADDR && mnl_attr_get_payload_len(attr) > 0)
		*unicast = !(mac[0] & 1);
	return MNL_CB_OK;
}

/* An interface's own address is not among them. A bridge and its ports have others of their own. */
static int on_hardware_address(const struct nlmsghdr *nlh, void *data)
{
	const struct ndmsg *msg = mnl_nlmsg_get_payload(nlh);
	struct host_link *link = find_link(data, (uint32_t)msg->ndm_ifindex);
	bool unicast = false;
	mnl_attr_parse(nlh, sizeof(*msg), read_hardware_address, &unicast);
	if (link && unicast && msg->ndm_flags & NTF_SELF && !link->master_index &&
	    strcmp(link->kind, "bridge") != 0)
		link->other_macs = true;
	return MNL_CB_OK;
}

static struct nlmsghdr *put_request(void *buffer, uint16_t type, size_t size, uint8_t family)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	nlh->nlmsg_type = type;
	*(uint8_t *)mnl_nlmsg_put_extra_header(nlh, size) = family;
	return nlh;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct host_link *)a)->name, ((const struct host_link *)b)->name);
}

int host_links(struct host_links *out, struct err *err)
{
	_Alignas(struct nlmsghdr) char buffer[256] = {0};
	struct host_links links = {0};
	struct reader reader = {.links = &links};
	struct nlmsghdr *nlh =
		put_request(buffer, RTM_GETLINK, sizeof(struct ifinfomsg), AF_UNSPEC);
	*out = (struct host_links){0};
	if (netlink_dump(NETLINK_ROUTE, nlh, on_link, &reader) < 0) {
		err_sys(err, errno, "cannot read the interfaces of this host");
		host_links_free(&links);
		return -1;
	}
	memset(buffer, 0, sizeof(buffer));
	nlh = put_request(buffer, RTM_GETNEIGH, sizeof(struct ndmsg), AF_BRIDGE);
	/* a kernel that does not tell them has none to warn of */
	netlink_dump(NETLINK_ROUTE, nlh, on_hardware_address, &links);
	for (size_t i = 0; i < links.count; i++) {
		struct host_link *l = &links.items[i];
		const struct host_link *master =
			l->master_index ? find_link(&links, l->master_index) : NULL;
		if (master)
			memcpy(l->master, master->name, sizeof(l->master));
	}
	if (links.count)
		qsort(links.items, links.count, sizeof(*links.items), compare_names);
	*out = links;
	return 0;
}

void host_links_free(struct host_links *set)
{
	free(set->items);
	free(set->altnames);
	*set = (struct host_links){0};
}
