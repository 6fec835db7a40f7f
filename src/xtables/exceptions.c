/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A forward lies inside a wider one if it becomes equal to it, except for the ports, when its
 * interface and networks are cut to the lengths of the wider one (its shape), and if its ports
 * are among those of the wider one. There are few shapes. So each forward is looked up once for
 * each shape among the forwards that translate the source, and is not compared with all of them.
 */
#include <stdlib.h>
#include <string.h>

#include "model/array.h"
#include "model/search.h"
#include "xtables/exceptions.h"

struct shape { /* lengths of prefixes in bits */
	unsigned int ifname, dst, src;
};

struct source { /* a forward that translates the source */
	struct address target;
	struct match box;
	uint16_t reach; /* the highest port of it and of those before it in the same place */
};

struct sources {
	struct source *items; /* sorted by place; in it by first port, and the widest first */
	size_t count;
	struct shape *shapes; /* that the items have, each once */
	size_t shape_count;
};

/* "eth0" goes on with a NUL, "eth+" does not. */
static struct shape shape_of(const struct match *box)
{
	size_t n = strlen(box->ifname);
	if (n > 0)
		n = box->ifname[n - 1] == '+' ? n - 1 : n + 1;
	return (struct shape){(unsigned int)n * 8, box->dst.prefix, box->src.prefix};
}

static bool same_shape(struct shape a, struct shape b)
{
	return a.ifname == b.ifname && a.dst == b.dst && a.src == b.src;
}

static struct network cut_network(const struct network *net, unsigned int prefix)
{
	return prefix ? network_of(&net->addr, prefix) : (struct network){0};
}

/* The box with its prefixes cut to that shape. None of the shape's is longer than the box has. */
static struct match cut_box(const struct match *box, struct shape shape)
{
	struct match out = {.proto = box->proto, .ports = box->ports};
	size_t n = shape.ifname / 8;
	if (shape.ifname == shape_of(box).ifname && n > 0) {
		memcpy(out.ifname, box->ifname, sizeof(out.ifname));
	} else if (n > 0) {
		memcpy(out.ifname, box->ifname, n);
		out.ifname[n] = '+';
	}
	out.dst = cut_network(&box->dst, shape.dst);
	out.src = cut_network(&box->src, shape.src);
	return out;
}

static int compare_networks(const struct network *a, const struct network *b)
{
	int d = address_compare(&a->addr, &b->addr);
	return d ? d : a->prefix - b->prefix;
}

/* By all but the ports. */
static int compare_places(const struct source *a, const struct source *b)
{
	int d = address_compare(&a->target, &b->target);
	if (d == 0)
		d = memcmp(a->box.ifname, b->box.ifname, sizeof(a->box.ifname));
	if (d == 0)
		d = compare_networks(&a->box.dst, &b->box.dst);
	if (d == 0)
		d = compare_networks(&a->box.src, &b->box.src);
	return d ? d : a->box.proto - b->box.proto;
}

static int compare_sources(const void *a, const void *b)
{
	const struct source *x = a, *y = b;
	int d = compare_places(x, y);
	if (d == 0)
		d = x->box.ports.first - y->box.ports.first;
	return d ? d : y->box.ports.last - x->box.ports.last;
}

static int add_shape(struct sources *sources, struct shape shape, struct err *err)
{
	for (size_t i = 0; i < sources->shape_count; i++)
		if (same_shape(sources->shapes[i], shape))
			return 0;
	void *shapes = sources->shapes;
	struct shape *added = array_append(&shapes, &sources->shape_count, sizeof(*added));
	sources->shapes = shapes;
	if (!added)
		return err_memory(err);
	*added = shape;
	return 0;
}

static int collect(const struct forwards *set, struct match (*match)(const struct forward *f),
		   struct sources *out, struct err *err)
{
	out->items = reallocarray(NULL, set->count + 1, sizeof(*out->items));
	if (!out->items)
		return err_memory(err);
	for (size_t i = 0; i < set->count; i++) {
		const struct forward *f = &set->items[i];
		if (!forward_translates_source(f))
			continue;
		struct match box = match(f);
		struct shape shape = shape_of(&box);
		if (add_shape(out, shape, err) < 0)
			return -1;
		out->items[out->count++] =
			(struct source){.target = f->target, .box = cut_box(&box, shape)};
	}
	qsort(out->items, out->count, sizeof(*out->items), compare_sources);
	for (size_t i = 0; i < out->count; i++) {
		struct source *s = &out->items[i];
		s->reach = s->box.ports.last;
		if (i > 0 && compare_places(s - 1, s) == 0 && s[-1].reach > s->reach)
			s->reach = s[-1].reach;
	}
	return 0;
}

/* Whether the box of a forward to that target lies strictly inside one of the sources. */
static bool is_inside(const struct sources *sources, const struct address *target,
		      const struct match *box)
{
	struct shape own = shape_of(box);
	for (size_t i = 0; i < sources->shape_count; i++) {
		struct shape shape = sources->shapes[i];
		if (shape.ifname > own.ifname || shape.dst > own.dst || shape.src > own.src)
			continue;
		struct source key = {.target = *target, .box = cut_box(box, shape)};
		/* of another shape, one with the same ports is wider too: look behind it */
		if (!same_shape(shape, own))
			key.box.ports.last = 0;
		size_t at = search_first(&key, sources->items, sources->count,
					 sizeof(*sources->items), compare_sources);
		if (at > 0 && compare_places(&sources->items[at - 1], &key) == 0 &&
		    sources->items[at - 1].reach >= box->ports.last)
			return true;
	}
	return false;
}

int exceptions_find(const struct forwards *set, enum group group, bool *needed, struct err *err)
{
	bool local = group == GROUP_POST_LOCAL;
	struct match (*match)(const struct forward *) = local ? forward_local_match : forward_match;
	struct sources sources = {0};
	int result = collect(set, match, &sources, err);
	for (size_t i = 0; result == 0 && sources.count > 0 && i < set->count; i++) {
		const struct forward *f = &set->items[i];
		struct match box = match(f);
		if (!forward_translates_source(f) && !forward_to_self(f) && !f->except &&
		    (f->local || !local) && is_inside(&sources, &f->target, &box))
			needed[i] = true;
	}
	free(sources.items);
	free(sources.shapes);
	return result;
}
