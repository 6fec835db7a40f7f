/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answers about routes are kept by their question, because many forwards share a target, a client
 * or an interface.
 */
#include <stdlib.h>
#include <string.h>

#include "check/ask.h"
#include "conns/owners.h"
#include "host/host.h"
#include "host/netlink.h"
#include "model/hash.h"

#define QUESTIONS_MAX 5 /* a forward */

struct route_cache {
	struct route_asked *items;
	size_t count;
	size_t answered; /* the first of them */
	struct hash_table table;
};

struct asker {
	struct asked *asked;
	const struct forwards *set;
	enum ask_depth depth;
	enum stop_on on;
	uint16_t client_port;
	struct router router;
	struct route_marks marks;
	struct address client_ipv4, client_ipv6; /* whose way back is a default route; or none */
	struct owners owners;
	struct uplink {
		enum family family;
		char ifname[IFNAME_MAX];
	} uplinks[2 * (ROUTE_MARKS_MAX + 1)]; /* by which default routes lead, marked or not */
	size_t uplink_count;
};

/* ---- routes ---- */

static uint64_t hash_question(const struct route_question *q)
{
	uint64_t hash = hash_bytes(q->mark, q->to.bytes, sizeof(q->to.bytes));
	return hash_text(hash_bytes(hash, q->from.bytes, sizeof(q->from.bytes)), q->in);
}

static bool same_question(const struct route_question *a, const struct route_question *b)
{
	return a->mark == b->mark && address_equal(&a->to, &b->to) &&
	       address_equal(&a->from, &b->from) && strcmp(a->in, b->in) == 0;
}

/* The answer is there once answer_all was called. */
static const struct route *find_route(struct asker *asker, const struct route_question *question)
{
	struct route_cache *cache = asker->asked->routes;
	uint64_t hash = hash_question(question);
	const struct route_asked *known;
	size_t at = 0;
	while ((known = hash_table_next(&cache->table, hash, &at)))
		if (same_question(&known->question, question))
			return &known->route;
	struct route_asked *added = &cache->items[cache->count++];
	added->question = *question;
	hash_table_add(&cache->table, hash, added);
	return &added->route;
}

static void answer_all(struct asker *asker)
{
	struct route_cache *cache = asker->asked->routes;
	route_ask_all(&asker->router, cache->items + cache->answered,
		      cache->count - cache->answered);
	cache->answered = cache->count;
}

static int make_cache(size_t forwards, struct asked *out, struct err *err)
{
	size_t room = forwards * QUESTIONS_MAX + 1;
	struct route_cache *cache = out->routes = calloc(1, sizeof(*cache));
	if (!cache)
		return err_memory(err);
	cache->items = calloc(room, sizeof(*cache->items));
	if (!cache->items)
		return err_memory(err);
	return hash_table_init(&cache->table, room, err);
}

/* ---- the host ---- */

static bool is_on(const char *setting)
{
	int64_t value;
	return !host_setting(setting, &value) || value != 0;
}

static uint64_t number_of(const char *setting)
{
	int64_t value;
	return host_setting(setting, &value) && value > 0 ? (uint64_t)value : 0;
}

/* An address to which only a default route leads: one of those that are given to nobody. */
static struct address find_client(struct asker *asker, const char *text)
{
	struct address client = {0};
	if (address_parse(text, &client) == 0 && route_is_default(asker->router.socket, &client))
		return client;
	return (struct address){0};
}

static struct route default_route(struct asker *asker, const struct address *client, uint32_t mark)
{
	const struct route_question question = {.to = *client, .mark = mark};
	return address_is_set(client) ? route_ask(&asker->router, &question) : (struct route){0};
}

static void note_uplink(struct asker *asker, const struct route *route, enum family family)
{
	struct uplink *uplink = &asker->uplinks[asker->uplink_count];
	if (route->kind != ROUTE_OUT)
		return;
	uplink->family = family;
	memcpy(uplink->ifname, route->out, sizeof(uplink->ifname));
	asker->uplink_count++;
}

/* A tunnel's own packets have a mark, or all others are without it, and leave by the true uplink.
 */
static void find_uplinks(struct asker *asker, const struct address *client,
			 const struct route *plain)
{
	note_uplink(asker, plain, client->family);
	for (size_t i = 0; address_is_set(client) && i < asker->marks.count; i++) {
		struct route marked = default_route(asker, client, asker->marks.items[i].mark);
		note_uplink(asker, &marked, client->family);
	}
}

static int read_host(struct asker *asker, struct err *err)
{
	struct facts *facts = &asker->asked->facts;
	if (host_links(&facts->links, err) < 0 || host_addresses(&facts->addresses, err) < 0)
		return -1;
	if (asker->depth == ASK_STOPPED)
		return 0;
	if (host_listeners(&facts->listeners, err) < 0)
		return -1;
	facts->now = host_words().now;
	facts->forwards_ipv4 = is_on("net/ipv4/ip_forward");
	facts->forwards_ipv6 = is_on("net/ipv6/conf/all/forwarding");
	facts->bridges_ipv4 = number_of("net/bridge/bridge-nf-call-iptables") != 0;
	facts->bridges_ipv6 = number_of("net/bridge/bridge-nf-call-ip6tables") != 0;
	facts->rp_filter = (int)number_of("net/ipv4/conf/all/rp_filter");
	facts->tracked = number_of("net/netfilter/nf_conntrack_count");
	facts->trackable = number_of("net/netfilter/nf_conntrack_max");
	asker->client_ipv4 = find_client(asker, "192.0.0.8");
	asker->client_ipv6 = find_client(asker, "2000::1");
	facts->default_ipv4 = default_route(asker, &asker->client_ipv4, 0);
	facts->default_ipv6 = default_route(asker, &asker->client_ipv6, 0);
	if (asker->depth >= ASK_WAY) {
		neighbours_read(asker->router.socket, asker->depth == ASK_WAY, &facts->neighbours);
		route_marks(asker->router.socket, &asker->marks);
		find_uplinks(asker, &asker->client_ipv4, &facts->default_ipv4);
		find_uplinks(asker, &asker->client_ipv6, &facts->default_ipv6);
	}
	return 0;
}

/* ---- connections ---- */

static int count_connection(void *context, const struct connection *c)
{
	struct asker *asker = context;
	const struct forward *f = owners_forward(&asker->owners, c);
	struct case_facts *of = f ? &asker->asked->cases.items[f - asker->set->items] : NULL;
	if (!of || !of->f)
		return 0;
	/* those of --hairpin and --local come by other interfaces, as do those of a forward that
	 * was there before, to addresses of these */
	const struct host_addresses *own = &asker->asked->facts.addresses;
	const char *to = host_address_owner(own, &c->via.addr);
	bool usual = !(f->hairpin && networks_hold(f->hairpin_nets, &c->client.addr)) &&
		     !host_address_owner(own, &c->client.addr) && to &&
		     ifname_overlap(f->ifname, to) != OVERLAP_DISJOINT;
	if (usual && !address_is_set(&of->client))
		of->client = c->client.addr;
	of->conns++;
	of->unanswered += !c->replied;
	return 0;
}

/* Without conntrack there is nothing to tell of connections. */
static int read_connections(struct asker *asker, struct err *err)
{
	const struct conntrack_walker walker = {count_connection, asker};
	struct err none;
	if (owners_make(asker->set, &asker->owners, err) < 0)
		return -1;
	owners_walk(&asker->owners, &walker, &none);
	owners_free(&asker->owners);
	return 0;
}

/* ---- one forward ---- */

/* An address of this host to which the forward's packets are sent, or none. */
static struct address find_own_address(const struct facts *facts, const struct forward *f)
{
	if (address_is_set(&f->addr))
		return f->addr;
	for (size_t i = 0; i < facts->addresses.count; i++) {
		const struct host_address *a = &facts->addresses.items[i];
		if (a->addr.family == f->family && strcmp(a->ifname, f->ifname) == 0 &&
		    !address_is_link_local(&a->addr))
			return a->addr;
	}
	return (struct address){0};
}

/* A route that a mark chooses may be that of marked connections. */
static bool marked_way(struct asker *asker, struct route_question question, const char *ifname)
{
	for (size_t i = 0; i < asker->marks.count; i++) {
		if (asker->marks.items[i].without)
			continue;
		question.mark = asker->marks.items[i].mark;
		struct route route = route_ask(&asker->router, &question);
		if (route.kind == ROUTE_OUT && strcmp(route.out, ifname) == 0)
			return true;
	}
	return false;
}

/* Whether clients of the whole Internet come by that interface: it is an uplink, or has an address
 * that is not private. */
static bool faces_internet(const struct asker *asker, const struct forward *f)
{
	const struct host_addresses *own = &asker->asked->facts.addresses;
	for (size_t i = 0; i < asker->uplink_count; i++)
		if (asker->uplinks[i].family == f->family &&
		    strcmp(asker->uplinks[i].ifname, f->ifname) == 0)
			return true;
	for (size_t i = 0; i < own->count; i++)
		if (own->items[i].addr.family == f->family &&
		    strcmp(own->items[i].ifname, f->ifname) == 0 &&
		    address_is_public(&own->items[i].addr))
			return true;
	return false;
}

/* The first address of the network that a host beside this one may have: the address of the network
 * itself is that of all its routers, or of all its hosts. */
static struct address find_host(const struct host_addresses *own, const struct network *net)
{
	struct address addr = net->addr;
	unsigned int bits = address_bits(addr.family);
	if (net->prefix + 2U > bits)
		return addr;
	addr.bytes[bits / 8 - 1] |= 1;
	if (host_address_owner(own, &addr))
		addr.bytes[bits / 8 - 1] ^= 3;
	return addr;
}

/* One of the clients that the forward takes, or none. */
static struct address find_forward_client(const struct asker *asker, const struct forward *f)
{
	if (network_is_set(&f->from))
		return find_host(&asker->asked->facts.addresses, &f->from);
	if (!faces_internet(asker, f))
		return (struct address){0};
	return f->family == FAMILY_IPV6 ? asker->client_ipv6 : asker->client_ipv4;
}

/* How the answers to the client leave. False: it is not known from where they come. */
static bool ask_back(const struct asker *asker, const struct case_facts *c,
		     struct route_question *out)
{
	*out = (struct route_question){.to = c->client,
				       .from = find_own_address(&asker->asked->facts, c->f)};
	if (c->there && c->there->kind == ROUTE_OUT) {
		out->from = c->f->target;
		memcpy(out->in, c->there->out, sizeof(out->in));
	}
	return address_is_set(&out->from);
}

/* Answers that would go elsewhere may be marked. */
static void ask_of_marks(struct asker *asker, struct case_facts *c)
{
	struct route_question back;
	if (c->back->kind == ROUTE_OUT && strcmp(c->back->out, c->f->ifname) != 0 &&
	    ask_back(asker, c, &back) && marked_way(asker, back, c->f->ifname))
		c->back = NULL;
}

static void ask_of_client(struct asker *asker, struct case_facts *c)
{
	const struct forward *f = c->f;
	const struct facts *facts = &asker->asked->facts;
	struct address own = find_own_address(facts, f);
	if (!address_is_set(&c->client))
		c->client = find_forward_client(asker, f);
	/* the way is the interface's own, so it has to be one that is there */
	if (!address_is_set(&c->client) || !*f->ifname || !host_link(&facts->links, f->ifname))
		return;
	struct route_question back;
	if (ask_back(asker, c, &back))
		c->back = find_route(asker, &back);
	struct route_question in = {.to = own, .from = c->client};
	memcpy(in.in, f->ifname, sizeof(in.in));
	if (address_is_set(&own) && host_address_owner(&facts->addresses, &own))
		c->in = find_route(asker, &in);
	struct route_question onward = in;
	onward.to = f->target;
	if (asker->marks.rules && c->there && c->there->kind == ROUTE_OUT)
		c->onward = find_route(asker, &onward);
}

/* Rules may send on what comes in by the interface in another way than what this host sends, or
 * not at all. */
static void ask_onward(struct asker *asker, struct case_facts *c)
{
	const struct facts *facts = &asker->asked->facts;
	const struct host_link *link = facts_link(facts, c->f);
	bool forwards = c->f->family == FAMILY_IPV6 ? facts->forwards_ipv6 : link && link->forwards;
	if (!c->onward)
		return;
	if (c->onward->kind == ROUTE_OUT)
		c->there = c->onward;
	/* what is not let in has no route either */
	else if (forwards && c->in && c->in->kind == ROUTE_LOCAL && asker->marks.count == 0)
		c->turned_away = true;
}

static void ask_of_forward(struct asker *asker, struct case_facts *c)
{
	const struct forward *f = c->f;
	const struct facts *facts = &asker->asked->facts;
	if (address_is_set(&f->addr) && !host_address_owner(&facts->addresses, &f->addr)) {
		const struct route_question question = {.to = f->addr};
		c->addr = find_route(asker, &question);
	}
	if (address_is_set(&f->target) && !host_address_owner(&facts->addresses, &f->target)) {
		const struct route_question question = {.to = f->target};
		c->there = find_route(asker, &question);
	}
}

/* Who has the address of SPEC, and behind which port the target is, which matters to clients beside
 * it alone. */
static void ask_of_neighbours(struct asker *asker, struct case_facts *c)
{
	const struct facts *facts = &asker->asked->facts;
	const struct host_link *there = facts_link_there(facts, c);
	bool near = c->addr && c->addr->kind == ROUTE_OUT && !address_is_set(&c->addr->via);
	const struct host_link *of_addr = near ? host_link(&facts->links, c->addr->out) : NULL;
	if (of_addr)
		c->taken = neighbour_answers(asker->router.socket, of_addr->index, &c->f->addr);
	if (c->f->hairpin && there && strcmp(there->kind, "bridge") == 0 &&
	    !address_is_set(&c->there->via))
		c->port = neighbour_port(asker->router.socket, there->index, &c->f->target);
}

/* ---- rules before the translation ---- */

static int read_early(struct asker *asker, const struct backend *const *backends, struct err *err)
{
	for (size_t b = 0; backends && backends[b]; b++)
		if (backends[b]->early && backends[b]->early(&asker->asked->early, err) < 0)
			return -1;
	return 0;
}

static void ask_early(struct asker *asker, struct case_facts *c)
{
	const struct early *early = &asker->asked->early;
	struct early_case of = {
		.f = c->f,
		.addr = find_own_address(&asker->asked->facts, c->f),
		.here = forward_to_self(c->f) ||
			host_address_owner(&asker->asked->facts.addresses, &c->f->target),
		.on = asker->on,
		.client_port = asker->client_port};
	if (early->base_count == 0 || c->f->except)
		return;
	if (c->there && c->there->kind == ROUTE_OUT)
		memcpy(of.out, c->there->out, sizeof(of.out));
	c->early = early_find(early, &of);
	c->helped = asker->depth == ASK_ALL && early_helps(early, &of);
	of.suspect = true;
	if (!c->early.kind && asker->depth == ASK_WAY)
		c->suspect = early_find(early, &of);
}

/* Each question may need the answer of those before. */
static void ask_all_cases(struct asker *asker)
{
	struct case_facts *cases = asker->asked->cases.items;
	size_t count = asker->asked->cases.count;
	for (size_t i = 0; i < count; i++)
		if (cases[i].f)
			ask_of_forward(asker, &cases[i]);
	answer_all(asker);
	for (size_t i = 0; i < count; i++)
		if (cases[i].f && asker->depth >= ASK_WAY && !cases[i].f->except)
			ask_of_client(asker, &cases[i]);
	answer_all(asker);
	for (size_t i = 0; i < count; i++) {
		if (cases[i].f && cases[i].back)
			ask_of_marks(asker, &cases[i]);
		if (cases[i].f && asker->depth >= ASK_WAY) {
			ask_onward(asker, &cases[i]);
			ask_of_neighbours(asker, &cases[i]);
		}
		if (cases[i].f)
			ask_early(asker, &cases[i]);
	}
}

static int ask(struct asker *asker, const bool *selected, struct err *err)
{
	struct asked *out = asker->asked;
	if (!asker->router.socket)
		return err_set(err, ERR_FAILED, "cannot ask the kernel for routes");
	out->cases.items = calloc(asker->set->count + 1, sizeof(*out->cases.items));
	if (!out->cases.items)
		return err_memory(err);
	out->cases.count = asker->set->count;
	if (make_cache(asker->set->count, out, err) < 0 || read_host(asker, err) < 0)
		return -1;
	for (size_t i = 0; i < asker->set->count; i++)
		if (!selected || selected[i])
			out->cases.items[i].f = &asker->set->items[i];
	if (asker->depth == ASK_ALL && read_connections(asker, err) < 0)
		return -1;
	ask_all_cases(asker);
	return 0;
}

int ask_all(const struct ask_about *about, struct asked *out, struct err *err)
{
	struct asker asker = {
		.asked = out,
		.set = about->set,
		.depth = about->depth,
		.on = about->on,
		.client_port = about->client_port,
		.router = {.socket = netlink_open(NETLINK_ROUTE), .links = &out->facts.links}};
	*out = (struct asked){.facts = {.all = about->all, .certain = about->depth == ASK_CERTAIN}};
	int result = read_early(&asker, about->backends, err);
	bool needless = about->depth == ASK_STOPPED && !early_stops_any(&out->early);
	if (result == 0)
		result = needless ? host_links(&out->facts.links, err)
				  : ask(&asker, about->selected, err);
	if (asker.router.socket)
		mnl_socket_close(asker.router.socket);
	if (result < 0)
		asked_free(out);
	return result;
}

static int compare_probes(const void *a, const void *b)
{
	const struct probe *x = a, *y = b;
	int d = address_compare(&x->to, &y->to);
	return d ? d : (int)x->port - (int)y->port;
}

static bool can_be_probed(const struct case_facts *c, int64_t now)
{
	return c->f && c->f->proto == PROTO_TCP && c->there && c->there->kind == ROUTE_OUT &&
	       !forward_expired(c->f, now);
}

static struct probe probe_of(const struct forward *f)
{
	return (struct probe){.to = f->target, .port = f->target_ports.first};
}

int ask_targets(struct asked *asked, struct err *err)
{
	size_t count = asked->cases.count;
	struct probe *probes = calloc(count + 1, sizeof(*probes));
	size_t all = 0, different = 0;
	if (!probes)
		return err_memory(err);
	for (size_t i = 0; i < count; i++)
		if (can_be_probed(&asked->cases.items[i], asked->facts.now))
			probes[all++] = probe_of(asked->cases.items[i].f);
	qsort(probes, all, sizeof(*probes), compare_probes);
	for (size_t i = 0; i < all; i++)
		if (different == 0 || compare_probes(&probes[different - 1], &probes[i]) != 0)
			probes[different++] = probes[i];
	probe_all(probes, different);
	for (size_t i = 0; i < count; i++) {
		if (!can_be_probed(&asked->cases.items[i], asked->facts.now))
			continue;
		struct probe key = probe_of(asked->cases.items[i].f);
		const struct probe *found =
			bsearch(&key, probes, different, sizeof(key), compare_probes);
		if (found)
			asked->cases.items[i].probe = found->answer;
	}
	free(probes);
	return 0;
}

void asked_free(struct asked *asked)
{
	host_links_free(&asked->facts.links);
	host_addresses_free(&asked->facts.addresses);
	host_listeners_free(&asked->facts.listeners);
	neighbours_free(&asked->facts.neighbours);
	if (asked->routes) {
		free(asked->routes->items);
		hash_table_free(&asked->routes->table);
	}
	free(asked->routes);
	free(asked->cases.items);
	early_free(&asked->early);
	*asked = (struct asked){0};
}
