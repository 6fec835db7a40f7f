/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What pfwd's own code asks is answered as low as can be: netlink's answers and the C library's are
 * made up, and the code that reads them is the real one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <cmocka.h>

#include "conns/conntrack.h"
#include "conns/watch.h"
#include "fake_host.h"
#include "host/host.h"
#include "host/links.h"
#include "host/memory.h"
#include "host/netlink.h"
#include "host/route.h"
#include "read_forward.h"

struct fake_host *fake_host;

void fake_host_reset(void)
{
	if (!fake_host)
		fake_host = mmap(NULL, sizeof(*fake_host), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (fake_host == MAP_FAILED)
		abort();
	memset(fake_host, 0, sizeof(*fake_host));
}

/* ---- privilege, words and settings ---- */

int host_permitted(bool raw, struct err *err)
{
	if (!fake_host->forbidden && !(raw && fake_host->forbidden_raw))
		return 0;
	return err_set(err, ERR_PERMISSION, "not permitted%s", raw ? " with raw sockets" : "");
}

struct spec_host host_words(void)
{
	return read_host;
}

int64_t host_clock(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t host_work_clock(void)
{
	return 0;
}

bool host_setting(const char *name, int64_t *out)
{
	*out = strstr(name, "forward")   ? !fake_host->no_forwarding
	       : strstr(name, "_events") ? !fake_host->no_events * 2
					 : 0;
	return true;
}

bool host_accounts(void)
{
	return !fake_host->no_accounting;
}

void memory_use_large_pages(void)
{
}

void memory_give_back(void)
{
}

/* ---- interfaces and addresses ---- */

static const struct {
	const char *ifname, *addr;
	unsigned int prefix;
} addresses[] = {
	{"lo", "127.0.0.1", 8},      {"lo", "::1", 128},          {"wan0", "203.0.113.1", 24},
	{"wan0", "2001:db8::1", 64}, {"lan0", "192.168.1.1", 24}, {"lan0", "fd02::1", 64},
};

#define ADDRESSES (sizeof(addresses) / sizeof(addresses[0]))

static void put_sockaddr(const char *addr, unsigned int prefix, struct sockaddr_in6 *out,
			 struct sockaddr_in6 *mask)
{
	struct address a;
	void *to = &out->sin6_addr, *mask_to = &mask->sin6_addr;
	assert_int_equal(address_parse(addr, &a), 0);
	out->sin6_family = mask->sin6_family = a.family == FAMILY_IPV6 ? AF_INET6 : AF_INET;
	if (a.family == FAMILY_IPV4) {
		to = &((struct sockaddr_in *)(void *)out)->sin_addr;
		mask_to = &((struct sockaddr_in *)(void *)mask)->sin_addr;
	}
	memcpy(to, a.bytes, address_bits(a.family) / 8);
	for (unsigned int bit = 0; bit < prefix; bit++)
		((uint8_t *)mask_to)[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
}

int getifaddrs(struct ifaddrs **out)
{
	static struct ifaddrs list[ADDRESSES];
	static struct sockaddr_in6 of[ADDRESSES], masks[ADDRESSES];
	if (fake_host->no_addresses) {
		errno = ENOBUFS;
		return -1;
	}
	memset(of, 0, sizeof(of));
	memset(masks, 0, sizeof(masks));
	for (size_t i = 0; i < ADDRESSES; i++) {
		put_sockaddr(addresses[i].addr, addresses[i].prefix, &of[i], &masks[i]);
		list[i] = (struct ifaddrs){.ifa_next = i + 1 < ADDRESSES ? &list[i + 1] : NULL,
					   .ifa_name = (char *)(uintptr_t)addresses[i].ifname,
					   .ifa_addr = (struct sockaddr *)&of[i],
					   .ifa_netmask = (struct sockaddr *)&masks[i]};
	}
	*out = list;
	return 0;
}

void freeifaddrs(struct ifaddrs *list)
{
	(void)list;
}

struct if_nameindex *if_nameindex(void)
{
	static char lo[] = "lo", wan0[] = "wan0", lan0[] = "lan0", ppp0[] = "ppp0";
	static struct if_nameindex all[] = {{1, lo}, {2, wan0}, {3, lan0}, {4, ppp0}, {0, NULL}};
	return all;
}

void if_freenameindex(struct if_nameindex *all)
{
	(void)all;
}

static struct host_link *links(void)
{
	static struct host_link all[] = {
		{.name = "lan0", .index = 3, .up = true, .carrier = true},
		{.name = "lo", .index = 1, .up = true, .carrier = true},
		{.name = "port0", .index = 5, .port_of = "bridge", .master = "lan0"},
		{.name = "ppp0", .index = 4, .up = true, .carrier = true},
		{.name = "wan0", .index = 2, .up = true, .carrier = true},
	};
	return all;
}

int host_links(struct host_links *out, struct err *err)
{
	(void)err;
	*out = (struct host_links){.items = links(), .count = 5};
	for (size_t i = 0; i < out->count; i++)
		out->items[i].forwards = !fake_host->no_forwarding;
	return 0;
}

void host_links_free(struct host_links *set)
{
	*set = (struct host_links){0};
}

bool route_interface(const struct address *addr, char out[IFNAME_MAX])
{
	static const struct address lan = {FAMILY_IPV4, {192, 168, 1}};
	struct network net = network_of(&lan, 24);
	strcpy(out, network_holds(&net, addr) ? "lan0" : "wan0");
	return true;
}

/* The default route leads to a router on wan0. */
struct route route_ask(struct router *router, const struct route_question *question)
{
	struct route route = {.kind = ROUTE_OUT};
	(void)router;
	route_interface(&question->to, route.out);
	return route;
}

bool route_is_default(struct mnl_socket *socket, const struct address *to)
{
	(void)socket;
	(void)to;
	return true;
}

size_t route_uplinks(char out[ROUTE_UPLINKS_MAX][IFNAME_MAX])
{
	strcpy(out[0], "wan0");
	return 1;
}

void route_marks(struct mnl_socket *socket, struct route_marks *out)
{
	(void)socket;
	*out = (struct route_marks){.count = 0};
}

void route_ask_all(struct router *router, struct route_asked *asked, size_t count)
{
	for (size_t i = 0; i < count; i++)
		asked[i].route = route_ask(router, &asked[i].question);
}

void neighbours_read(struct mnl_socket *socket, bool asked, struct neighbours *out)
{
	(void)socket;
	(void)asked;
	*out = (struct neighbours){0};
}

bool neighbour_answers(struct mnl_socket *socket, uint32_t link, const struct address *addr)
{
	(void)socket;
	(void)link;
	(void)addr;
	return false;
}

uint32_t neighbour_port(struct mnl_socket *socket, uint32_t bridge, const struct address *addr)
{
	(void)socket;
	(void)bridge;
	(void)addr;
	return 0;
}

void neighbours_free(struct neighbours *neighbours)
{
	*neighbours = (struct neighbours){0};
}

/* ---- netlink: listening sockets ---- */

void fake_listen(enum proto proto, const char *addr, uint16_t port)
{
	struct host_listener *l = &fake_host->listeners[fake_host->listener_count++];
	l->proto = proto;
	l->port = port;
	assert_int_equal(address_parse(*addr ? addr : "0.0.0.0", &l->addr), 0);
}

static int tell_listeners(const struct nlmsghdr *request, mnl_cb_t on, void *data)
{
	const struct inet_diag_req_v2 *asked = mnl_nlmsg_get_payload(request);
	for (size_t i = 0; i < fake_host->listener_count; i++) {
		const struct host_listener *l = &fake_host->listeners[i];
		uint8_t family = l->addr.family == FAMILY_IPV6 ? AF_INET6 : AF_INET;
		_Alignas(struct nlmsghdr) char buffer[256] = {0};
		if (asked->sdiag_family != family || asked->sdiag_protocol != l->proto)
			continue;
		struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
		struct inet_diag_msg *msg = mnl_nlmsg_put_extra_header(nlh, sizeof(*msg));
		msg->idiag_family = family;
		msg->id.idiag_sport = htons(l->port);
		memcpy(msg->id.idiag_src, l->addr.bytes, sizeof(l->addr.bytes));
		if (on(nlh, data) < 0)
			return -1;
	}
	return 0;
}

struct mnl_socket *netlink_open(int bus)
{
	return mnl_socket_open(bus);
}

/* Of anything else there is nothing. */
int netlink_dump(int bus, struct nlmsghdr *request, mnl_cb_t on, void *data)
{
	if (bus == NETLINK_SOCK_DIAG && fake_host->no_listeners) {
		errno = ENOBUFS;
		return -1;
	}
	if (bus == NETLINK_SOCK_DIAG)
		return tell_listeners(request, on, data);
	return 0;
}

/* ---- connections ---- */

static struct endpoint endpoint(const char *addr, uint16_t port)
{
	struct endpoint e = {.port = port};
	assert_int_equal(address_parse(addr, &e.addr), 0);
	return e;
}

struct connection *fake_connect(enum proto proto, const char *client, const char *via,
				uint16_t port, const char *target, uint16_t target_port)
{
	struct connection *c = &fake_host->conns[fake_host->conn_count++];
	c->proto = proto;
	c->client = c->back = endpoint(client, 4000);
	c->via = c->target = endpoint(via, port);
	c->family = c->via.addr.family;
	c->translated = target != NULL;
	if (target)
		c->target = endpoint(target, target_port);
	c->counted = !fake_host->no_accounting;
	c->id = (uint32_t)fake_host->conn_count;
	return c;
}

static bool is_wished(const struct ctrequest_wish *wish, const struct connection *c)
{
	if (wish->port && (c->translated || c->via.port != wish->port))
		return false;
	if (wish->proto ? c->proto != wish->proto : !c->translated)
		return false;
	return !wish->family || wish->family == c->family;
}

int conntrack_walk(const struct ctrequest_wish *wish, const struct conntrack_walker *walker,
		   struct err *err)
{
	if (fake_host->no_conntrack)
		return err_set(err, ERR_UNSUPPORTED, "this kernel has no conntrack");
	for (size_t i = 0; i < fake_host->conn_count; i++) {
		const struct connection *c = &fake_host->conns[i];
		if (fake_host->ended[i] || !is_wished(wish, c))
			continue;
		int result = walker->each(walker->context, c);
		if (result < 0)
			return result;
	}
	return 0;
}

/* Each translated connection is new, and nothing happens after them. */
int conntrack_follow(const struct conntrack_follower *follower, struct err *err)
{
	if (fake_host->no_conntrack)
		return err_set(err, ERR_UNSUPPORTED, "this kernel has no conntrack");
	for (size_t i = 0; i < fake_host->conn_count; i++) {
		struct connection c = fake_host->conns[i];
		c.event = CONNECTION_NEW;
		int result = c.translated ? follower->each(follower->context, &c) : 0;
		if (result < 0)
			return result;
	}
	return follower->done(follower->context);
}

int watch_open(struct watch *watch, struct err *err)
{
	(void)watch;
	if (fake_host->no_conntrack)
		return err_set(err, ERR_UNSUPPORTED, "this kernel has no conntrack");
	return 0;
}

void watch_close(struct watch *watch)
{
	(void)watch;
}

/* None that poll looks at. */
int watch_descriptor(const struct watch *watch)
{
	(void)watch;
	return -1;
}

int watch_begin(struct watch *watch, const struct ctrequest_wish *wish, struct err *err)
{
	(void)err;
	watch->wish = *wish;
	watch->sequence++;
	return 0;
}

static int pass_on_all(const struct watch *watch, bool events)
{
	for (size_t i = 0; i < fake_host->conn_count; i++) {
		struct connection c = fake_host->conns[i];
		if (c.translated == (watch->wish.proto != 0) ||
		    (c.event != CONNECTION_THERE) != events)
			continue;
		int result = watch->each(watch->context, &c);
		if (result < 0)
			return result;
	}
	return WATCH_DONE;
}

int watch_step(struct watch *watch, struct err *err)
{
	(void)err;
	return pass_on_all(watch, false);
}

/* Once, when the first pass is over. */
int watch_take(struct watch *watch, struct err *err)
{
	(void)err;
	if (watch->sequence == 0 || fake_host->events_told)
		return WATCH_DONE;
	if (!fake_host->events_begin) {
		fake_host->events_begin = true;
		return WATCH_DONE;
	}
	fake_host->events_told = true;
	watch->lost = fake_host->events_lost;
	return pass_on_all(watch, true);
}

unsigned long conntrack_buckets(void)
{
	static unsigned long buckets = 1024;
	return fake_host->conntrack_resizes ? buckets *= 2 : buckets;
}

int conntrack_delete(const struct connection *c, struct err *err)
{
	if (fake_host->conns_stay)
		return err_set(err, ERR_FAILED, "they stay");
	fake_host->ended[c->id - 1] = true;
	return 0;
}
