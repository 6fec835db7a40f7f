/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules are walked in the order in which packets meet them. Rules of one shape, that is, with
 * conditions of the same kind and width, are found by what they ask, so that a rule is compared
 * with the shapes before it, and not with all rules.
 */
#include <stdlib.h>
#include <string.h>

#include "model/array.h"
#include "model/hash.h"
#include "others/shadow.h"

#define NO_PREFIX 0xff
#define EXACT_NAME 0xff

struct shape {
	bool family, proto, here, single;
	bool scoped;       /* it counts in one base chain alone */
	uint8_t in;        /* 0: any; EXACT_NAME; else the length of the stem */
	uint8_t from, dst; /* length of the prefix, or NO_PREFIX: any */
};

struct key {
	uint64_t scope;
	struct shape shape;
	enum family family;
	enum proto proto;
	uint16_t port; /* of a single one */
	char in[IFNAME_MAX];
	struct network from, dst;
};

struct range {
	uint16_t first, last;
	const struct other_rule *by;
};

struct taken { /* what rules of one key take */
	struct key key;
	struct range *ranges; /* none inside another one; sorted */
	size_t count;
};

struct covers { /* what was taken so far */
	struct shape *shapes;
	size_t shape_count;
	struct taken *items;
	size_t count;
	struct hash_table table;
};

/* ---- keys ---- */

static uint8_t shape_of_name(const char *name)
{
	size_t n = strlen(name);
	if (n == 0)
		return 0;
	return name[n - 1] == '+' ? (uint8_t)(n - 1) : EXACT_NAME;
}

static bool is_single(const struct other_rule *r)
{
	return r->ports.last && r->ports.first == r->ports.last;
}

static struct shape shape_of(const struct other_rule *r)
{
	return (struct shape){
		.family = r->family != FAMILY_NONE,
		.proto = r->proto != PROTO_NONE,
		.here = r->here,
		.single = is_single(r),
		.scoped = r->action == OTHER_KEEP,
		.in = shape_of_name(r->in),
		.from = network_is_set(&r->from) ? r->from.prefix : NO_PREFIX,
		.dst = network_is_set(&r->dst) ? r->dst.prefix : NO_PREFIX,
	};
}

static uint64_t scope_of(const struct other_rule *r)
{
	uint64_t hash =
		hash_text(hash_text(hash_text(r->table_family, r->backend), r->table), r->base);
	return hash ? hash : 1;
}

/* Cut net to a prefix of that length. False: it is wider. */
static bool cut_network(const struct network *net, uint8_t prefix, struct network *out)
{
	if (prefix == NO_PREFIX)
		return true;
	if (!network_is_set(net) || net->prefix < prefix)
		return false;
	*out = network_of(&net->addr, prefix);
	return true;
}

static bool cut_name(const char *name, uint8_t shape, char out[IFNAME_MAX])
{
	uint8_t own = shape_of_name(name);
	if (shape == 0)
		return true;
	if (own == 0 || (shape == EXACT_NAME && own != EXACT_NAME) ||
	    (shape != EXACT_NAME && strlen(name) < shape) || (own != EXACT_NAME && own < shape))
		return false;
	if (shape == EXACT_NAME) {
		memcpy(out, name, strlen(name));
		return true;
	}
	memcpy(out, name, shape);
	out[shape] = '+';
	return true;
}

static bool is_here(const struct other_rule *r, const struct addresses *here)
{
	bool host = network_is_host(&r->dst);
	return r->here || (host && addresses_hold(here, &r->dst.addr));
}

/* The key that a rule of that shape has if it takes all packets of r. False: none does. */
static bool key_of(const struct other_rule *r, const struct shape *shape,
		   const struct addresses *here, struct key *out)
{
	memset(out, 0, sizeof(*out)); /* it is hashed and compared as bytes */
	out->shape = *shape;
	out->scope = shape->scoped ? scope_of(r) : 0;
	if ((shape->family && !r->family) || (shape->proto && !r->proto) ||
	    (shape->here && !is_here(r, here)) || (shape->single && !is_single(r)))
		return false;
	out->family = shape->family ? r->family : FAMILY_NONE;
	out->proto = shape->proto ? r->proto : PROTO_NONE;
	out->port = shape->single ? r->ports.first : 0;
	return cut_name(r->in, shape->in, out->in) &&
	       cut_network(&r->from, shape->from, &out->from) &&
	       cut_network(&r->dst, shape->dst, &out->dst);
}

/* ---- what is taken ---- */

static int covers_init(struct covers *c, size_t count, struct err *err)
{
	*c = (struct covers){0};
	c->items = calloc(count + 1, sizeof(*c->items));
	/* analyzer: no leak, covers_free frees them */
	return c->items ? hash_table_init(&c->table, count, err) : err_memory(err);
}

static void covers_free(struct covers *c)
{
	for (size_t i = 0; i < c->count; i++)
		free(c->items[i].ranges);
	free(c->items);
	free(c->shapes);
	hash_table_free(&c->table);
}

static struct taken *find_taken(const struct covers *c, const struct key *key, uint64_t hash)
{
	const struct taken *t;
	size_t at = 0;
	while ((t = hash_table_next(&c->table, hash, &at)))
		if (memcmp(&t->key, key, sizeof(*key)) == 0)
			return &c->items[t - c->items];
	return NULL;
}

static struct range range_of(const struct other_rule *r)
{
	bool any = r->ports.last == 0;
	return (struct range){any ? 0 : r->ports.first, any ? UINT16_MAX : r->ports.last, r};
}

/* How many ranges begin at that port or before it. */
static size_t begin_before(const struct taken *t, uint16_t first)
{
	size_t low = 0, high = t->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (t->ranges[middle].first <= first)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static const struct other_rule *find_range(const struct taken *t, const struct range *r)
{
	size_t at = begin_before(t, r->first);
	return at && t->ranges[at - 1].last >= r->last ? t->ranges[at - 1].by : NULL;
}

static int add_range(struct taken *t, const struct range *r, struct err *err)
{
	size_t at, behind;
	if (find_range(t, r))
		return 0;
	struct range *ranges = reallocarray(t->ranges, t->count + 1, sizeof(*ranges));
	if (!ranges)
		return err_memory(err);
	t->ranges = ranges;
	/* those that are inside the new one go */
	at = behind = begin_before(t, r->first);
	if (at && ranges[at - 1].first == r->first)
		at--;
	while (behind < t->count && ranges[behind].last <= r->last)
		behind++;
	memmove(ranges + at + 1, ranges + behind, (t->count - behind) * sizeof(*ranges));
	ranges[at] = *r;
	t->count = t->count - (behind - at) + 1;
	return 0;
}

static int note_shape(struct covers *c, const struct shape *shape, struct err *err)
{
	for (size_t i = 0; i < c->shape_count; i++)
		if (memcmp(&c->shapes[i], shape, sizeof(*shape)) == 0)
			return 0;
	void *shapes = c->shapes;
	struct shape *added = array_append(&shapes, &c->shape_count, sizeof(*added));
	c->shapes = shapes;
	if (!added)
		return err_memory(err);
	*added = *shape;
	return 0;
}

/* A rule takes for certain only what all its conditions say. */
static bool takes_all(const struct other_rule *r)
{
	return r->exact && (!r->states || r->states & OTHER_NEW);
}

static int covers_add(struct covers *c, const struct other_rule *r, struct err *err)
{
	static const struct addresses none;
	struct shape shape = shape_of(r);
	struct key key;
	struct range range = range_of(r);
	if (!takes_all(r) || !key_of(r, &shape, &none, &key))
		return 0;
	uint64_t hash = hash_bytes(0, &key, sizeof(key));
	struct taken *t = find_taken(c, &key, hash);
	if (!t) {
		if (note_shape(c, &shape, err) < 0)
			return -1;
		t = &c->items[c->count++];
		t->key = key;
		hash_table_add(&c->table, hash, t);
	}
	return add_range(t, &range, err);
}

static const struct other_rule *covers_find(const struct covers *c, const struct other_rule *r,
					    const struct addresses *here)
{
	struct range range = range_of(r);
	for (size_t i = 0; i < c->shape_count; i++) {
		struct key key;
		if (!key_of(r, &c->shapes[i], here, &key))
			continue;
		const struct taken *t = find_taken(c, &key, hash_bytes(0, &key, sizeof(key)));
		const struct other_rule *by = t ? find_range(t, &range) : NULL;
		if (by)
			return by;
	}
	return NULL;
}

bool shadow_holds(const struct other_rule *a, const struct other_rule *b,
		  const struct addresses *here)
{
	static const struct addresses none;
	struct shape shape = shape_of(a);
	struct key has, wanted;
	struct range outer = range_of(a), inner = range_of(b);
	return takes_all(a) && key_of(a, &shape, &none, &has) && key_of(b, &shape, here, &wanted) &&
	       memcmp(&has, &wanted, sizeof(has)) == 0 && outer.first <= inner.first &&
	       outer.last >= inner.last;
}

/* ---- the order ---- */

struct item {
	struct other_rule *rule; /* NULL: of pfwd's */
	struct other_rule *own;  /* of pfwd's, as a rule */
	struct shadow_own *of;   /* whose */
	int priority;
	bool legacy;
	uint8_t place; /* in the backend: before pfwd's forwards, these, behind them */
	size_t number;
};

static int compare_items(const void *a, const void *b)
{
	const struct item *x = *(struct item *const *)a, *y = *(struct item *const *)b;
	if (x->priority != y->priority)
		return x->priority < y->priority ? -1 : 1;
	if (x->legacy != y->legacy)
		return x->legacy ? -1 : 1;
	if (x->place != y->place)
		return x->place < y->place ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

static bool is_legacy(const char *backend)
{
	return strcmp(backend, "iptables") == 0;
}

/* Both backends see a rule of pfwd's in the legacy nat table as what it is there. */
struct other_rule shadow_rule_of(const struct forward *f, bool local, const char *backend)
{
	bool legacy = is_legacy(backend);
	struct other_rule r = {.action = f->except ? OTHER_KEEP : OTHER_DNAT,
			       .hook = local ? OTHER_OUTPUT : OTHER_PREROUTING,
			       .backend = backend,
			       .table_family = legacy ? f->family : FAMILY_NONE,
			       .table = legacy ? "nat" : "pfwd",
			       .base = local ? "OUTPUT" : "PREROUTING",
			       .family = f->family,
			       .proto = f->proto,
			       .here = !address_is_set(&f->addr),
			       .exact = true,
			       .ports = f->ports,
			       .dst = network_of_host(&f->addr)};
	if (!local) {
		memcpy(r.in, f->ifname, sizeof(r.in));
		r.from = f->from;
	}
	return r;
}

static bool matters(const struct other_rule *r, enum other_hook hook)
{
	return r->hook == hook && (r->action == OTHER_DNAT || r->action == OTHER_REDIRECT ||
				   r->action == OTHER_BALANCE || r->action == OTHER_KEEP);
}

struct on_hook { /* all that packets may meet on a hook */
	enum other_hook hook;
	struct item *items;
	size_t count;
	struct other_rule *owns; /* room for one rule a forward */
};

static void add_rules(const struct shadow *s, struct on_hook *on)
{
	for (size_t i = 0; i < s->rules->count; i++) {
		struct other_rule *r = &s->rules->items[i];
		if (!matters(r, on->hook))
			continue;
		on->items[on->count] = (struct item){.rule = r,
						     .priority = r->priority,
						     .legacy = is_legacy(r->backend),
						     .place = r->before_own ? 0 : 2,
						     .number = on->count};
		on->count++;
	}
}

static void add_own(const struct shadow *s, struct on_hook *on)
{
	for (size_t i = 0; i < s->own_count; i++) {
		struct shadow_own *own = &s->own[i];
		bool local = on->hook == OTHER_OUTPUT, legacy = is_legacy(own->backend);
		if (local && !own->f->local)
			continue;
		on->owns[i] = shadow_rule_of(own->f, local, own->backend);
		on->items[on->count] =
			(struct item){.own = &on->owns[i],
				      .of = own,
				      .priority = legacy ? SHADOW_LEGACY : SHADOW_NFT,
				      .legacy = legacy,
				      .place = 1,
				      .number = on->count};
		on->count++;
	}
}

/* What each backend's rules are met by: those of the same backend that stand before, and of the
 * other one those with a lower priority. */
struct pass {
	const struct shadow *shadow;
	struct covers others[2], own[2];
	bool has[2]; /* rules of each backend */
};

static const struct other_rule *rule_of(const struct item *item)
{
	return item->rule ? item->rule : item->own;
}

/* Who writes a DNAT rule without a destination means what is sent to this host; it is listed so.
 * Who redirects means what passes through. */
static bool is_taken_by_own(const struct pass *p, const struct item *item)
{
	struct other_rule r = *item->rule;
	r.here = r.here || (r.action != OTHER_REDIRECT && !network_is_set(&r.dst));
	return covers_find(&p->own[item->legacy], &r, p->shadow->here);
}

static void judge(const struct pass *p, const struct item *item)
{
	const struct addresses *here = p->shadow->here;
	const struct other_rule *r = rule_of(item);
	const struct other_rule *by = covers_find(&p->others[item->legacy], r, here);
	if (item->of && r->hook == OTHER_PREROUTING)
		item->of->by = by;
	if (item->rule && (by || is_taken_by_own(p, item)))
		item->rule->shadowed = true;
}

static int take(struct pass *p, const struct item *item, bool legacy, struct err *err)
{
	return covers_add(item->rule ? &p->others[legacy] : &p->own[legacy], rule_of(item), err);
}

static int walk_items(struct pass *p, struct item **order, size_t count, struct err *err)
{
	for (size_t i = 0; i < count;) {
		size_t end = i;
		for (; end < count && order[end]->priority == order[i]->priority; end++) {
			judge(p, order[end]);
			if (take(p, order[end], order[end]->legacy, err) < 0)
				return -1;
		}
		for (; i < end; i++)
			if (p->has[!order[i]->legacy] &&
			    take(p, order[i], !order[i]->legacy, err) < 0)
				return -1;
	}
	return 0;
}

static int find_on(const struct shadow *s, enum other_hook hook, struct err *err)
{
	size_t room = s->rules->count + s->own_count + 1;
	struct pass p = {.shadow = s};
	struct on_hook on = {.hook = hook,
			     .items = calloc(room, sizeof(*on.items)),
			     .owns = calloc(s->own_count + 1, sizeof(*on.owns))};
	struct item **order = calloc(room, sizeof(*order));
	int result = on.items && order && on.owns ? 0 : err_memory(err);
	if (result == 0) {
		add_rules(s, &on);
		add_own(s, &on);
	}
	for (int l = 0; result == 0 && l < 2; l++)
		if (covers_init(&p.others[l], on.count, err) < 0 ||
		    covers_init(&p.own[l], on.count, err) < 0)
			result = -1;
	for (size_t i = 0; i < on.count; i++) {
		order[i] = &on.items[i];
		p.has[on.items[i].legacy] = true;
	}
	if (result == 0) {
		qsort(order, on.count, sizeof(*order), compare_items);
		result = walk_items(&p, order, on.count, err);
	}
	for (int l = 0; l < 2; l++) {
		covers_free(&p.others[l]);
		covers_free(&p.own[l]);
	}
	free(on.items);
	free(order);
	free(on.owns);
	return result;
}

int shadow_find(const struct shadow *shadow, struct err *err)
{
	if (shadow->rules->count == 0)
		return 0;
	return find_on(shadow, OTHER_PREROUTING, err) < 0 ? -1 : find_on(shadow, OTHER_OUTPUT, err);
}
