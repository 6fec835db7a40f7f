/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Forwards are compared with forwards, and only where they differ are there elements to add or
 * delete. From the sets that will have elements then follow all chains and rules; those that are
 * there and as they should be stay.
 */
#include <stdlib.h>
#include <string.h>

#include "model/array.h"
#include "model/hash.h"
#include "nftables/plan.h"

static struct nft_op *add_op(struct nft_plan *plan, enum nft_op_kind kind, struct err *err)
{
	void *ops = plan->ops;
	struct nft_op *op = array_append(&ops, &plan->count, sizeof(*op));
	plan->ops = ops;
	if (!op)
		err_memory(err);
	else
		op->kind = kind;
	return op;
}

/* ---- which sets there will be ---- */

struct wanted_sets {
	struct bucket *buckets; /* with chunks */
	size_t count;
};

static int want_set(struct wanted_sets *sets, const struct bucket *bucket, uint8_t chunk,
		    struct err *err)
{
	void *buckets = sets->buckets;
	struct bucket *last = sets->count ? &sets->buckets[sets->count - 1] : NULL;
	struct bucket b = *bucket;
	b.chunk = chunk;
	if (last && bucket_compare(last, &b) == 0)
		return 0;
	struct bucket *added = array_append(&buckets, &sets->count, sizeof(*added));
	sets->buckets = buckets;
	if (!added)
		return err_memory(err);
	*added = b;
	return 0;
}

static int compare_buckets(const void *a, const void *b)
{
	return bucket_compare(a, b);
}

static void sort_sets(struct wanted_sets *sets)
{
	size_t kept = 0;
	if (sets->count == 0)
		return;
	qsort(sets->buckets, sets->count, sizeof(*sets->buckets), compare_buckets);
	for (size_t i = 1; i < sets->count; i++)
		if (bucket_compare(&sets->buckets[kept], &sets->buckets[i]) != 0)
			sets->buckets[++kept] = sets->buckets[i];
	sets->count = kept + 1;
}

/* The sets in which a part of a forward has elements. */
static int want_sets_of(struct wanted_sets *sets, const struct bucket *bucket,
			const struct forward *f, struct err *err)
{
	unsigned int first = 0, last = 0;
	if (bucket_has_chunks(bucket)) {
		first = f->ports.first / BUCKET_CHUNK;
		last = f->ports.last / BUCKET_CHUNK;
	}
	for (unsigned int chunk = first; chunk <= last; chunk++)
		if (want_set(sets, bucket, (uint8_t)chunk, err) < 0)
			return -1;
	return 0;
}

/* ---- forwards proper ---- */

/* A forward that goes, and may come back with another end. */
struct leaving {
	const struct forward *f;
	const struct content_held *held;
};

struct leavers {
	struct leaving *items; /* in the order of the forwards */
	size_t count;
};

static int delete_forward(struct nft_plan *plan, size_t at, struct err *err)
{
	const struct content_held *held = &plan->have->held[at];
	if (held->broken)
		return 0; /* piece by piece, with all that is extra */
	struct nft_op *op = add_op(plan, NFT_OP_DELETE_FORWARD, err);
	if (!op)
		return -1;
	op->f = &plan->have->base.forwards.items[at];
	op->bucket = &plan->have->sets[held->set].set.bucket;
	return 0;
}

static int add_forward(struct nft_plan *plan, const struct forward *f, const struct bucket *bucket,
		       const struct element_counter *counter, struct err *err)
{
	struct nft_op *op = add_op(plan, NFT_OP_NEW_FORWARD, err);
	if (!op)
		return -1;
	op->f = f;
	op->bucket = bucket;
	if (counter)
		op->counter = *counter;
	return 0;
}

static bool in_bucket(const struct content *c, const struct content_held *held,
		      const struct bucket *wanted)
{
	struct bucket there = c->sets[held->set].set.bucket, b = *wanted;
	there.chunk = b.chunk = 0;
	return bucket_compare(&there, &b) == 0;
}

static int compare_but_until(const void *a, const void *b)
{
	struct forward x = *(const struct forward *)a;
	const struct forward *y = ((const struct leaving *)b)->f;
	x.until = y->until;
	return forward_compare(&x, y);
}

/* The counter of the same forward with another end, which goes. */
static const struct element_counter *former_counter(const struct leavers *leavers,
						    const struct forward *f)
{
	const struct leaving *l = leavers->count
					  ? bsearch(f, leavers->items, leavers->count,
						    sizeof(*leavers->items), compare_but_until)
					  : NULL;
	return l ? &l->held->counter : NULL;
}

/* The first walk deletes, and notes what may come back; the second one adds. */
static int plan_deletions(struct nft_plan *plan, const struct forwards *wanted,
			  struct leavers *leavers, struct err *err)
{
	const struct content *have = plan->have;
	const struct forwards *there = &have->base.forwards;
	void *items = NULL;
	size_t w = 0;
	for (size_t i = 0; i < there->count; i++) {
		const struct forward *f = &there->items[i];
		int d = -1;
		while (w < wanted->count && (d = forward_compare(f, &wanted->items[w])) > 0)
			w++;
		if (w < wanted->count && d == 0) {
			if (in_bucket(have, &have->held[i],
				      place_bucket(&plan->places, w, PART_PROPER)))
				continue;
		} else {
			struct leaving *l = array_append(&items, &leavers->count, sizeof(*l));
			leavers->items = items;
			if (!l)
				return err_memory(err);
			*l = (struct leaving){f, &have->held[i]};
		}
		if (delete_forward(plan, i, err) < 0)
			return -1;
	}
	return 0;
}

static int plan_additions(struct nft_plan *plan, const struct forwards *wanted,
			  const struct leavers *leavers, struct err *err)
{
	const struct content *have = plan->have;
	const struct forwards *there = &have->base.forwards;
	size_t i = 0;
	for (size_t w = 0; w < wanted->count; w++) {
		const struct forward *f = &wanted->items[w];
		const struct bucket *bucket = place_bucket(&plan->places, w, PART_PROPER);
		const struct element_counter *counter;
		int d = -1;
		while (i < there->count && (d = forward_compare(f, &there->items[i])) > 0)
			i++;
		if (i < there->count && d == 0) {
			if (!have->held[i].broken && in_bucket(have, &have->held[i], bucket))
				continue;
			counter = &have->held[i].counter;
		} else {
			counter = former_counter(leavers, f);
		}
		if (add_forward(plan, f, bucket, counter, err) < 0)
			return -1;
	}
	return 0;
}

static int plan_extra(struct nft_plan *plan, struct err *err)
{
	const struct content *have = plan->have;
	for (size_t i = 0; i < have->extra_count; i++) {
		struct nft_op *op = add_op(plan, NFT_OP_DELETE_ELEMENT, err);
		if (!op)
			return -1;
		op->element = &have->extra[i].element;
	}
	return 0;
}

/* ---- what --hairpin and --local add ---- */

static int compare_elements(const struct element *a, const struct element *b)
{
	int d = bucket_compare(&a->bucket, &b->bucket);
	if (d == 0)
		d = memcmp(a->key, b->key, sizeof(a->key));
	return d ? d : memcmp(a->key_end, b->key_end, sizeof(a->key_end));
}

static int compare_added(const void *a, const void *b)
{
	return compare_elements(&((const struct content_added *)a)->element,
				&((const struct content_added *)b)->element);
}

/* One of both: what the comment says is true of the other one too, or of no matter to it. */
static void share_element(struct element *kept, const struct element *other)
{
	if (!*kept->comment)
		strcpy(kept->comment, other->comment);
}

/* Two forwards that send the same packets to the same place share an element. */
static int want_added(struct nft_plan *plan, const struct forwards *wanted, struct err *err)
{
	void *items = NULL;
	size_t kept = 0;
	for (size_t i = 0; i < wanted->count; i++)
		for (unsigned int p = PART_LOCAL; p < place_parts(&wanted->items[i]); p++) {
			const struct forward *f = &wanted->items[i];
			const struct bucket *b = place_bucket(&plan->places, i, p);
			size_t count = b ? place_count(b, f) : 0;
			for (size_t n = 0; n < count; n++) {
				struct content_added *a =
					array_append(&items, &plan->wanted_count, sizeof(*a));
				plan->wanted = items;
				if (!a)
					return err_memory(err);
				place_element(b, f, p, n, &a->element);
			}
		}
	if (plan->wanted_count == 0)
		return 0;
	qsort(plan->wanted, plan->wanted_count, sizeof(*plan->wanted), compare_added);
	for (size_t i = 1; i < plan->wanted_count; i++)
		if (compare_added(&plan->wanted[kept], &plan->wanted[i]) == 0)
			share_element(&plan->wanted[kept].element, &plan->wanted[i].element);
		else
			plan->wanted[++kept] = plan->wanted[i];
	plan->wanted_count = kept + 1;
	return 0;
}

static bool same_content(const struct element *a, const struct element *b)
{
	return memcmp(a->data, b->data, sizeof(a->data)) == 0 &&
	       strcmp(a->comment, b->comment) == 0;
}

static int delete_element(struct nft_plan *plan, const struct element *e, struct err *err)
{
	struct nft_op *op = add_op(plan, NFT_OP_DELETE_ELEMENT, err);
	if (op)
		op->element = e;
	return op ? 0 : -1;
}

static int add_element(struct nft_plan *plan, const struct element *e,
		       const struct element_counter *counter, struct err *err)
{
	struct nft_op *op = add_op(plan, NFT_OP_NEW_ELEMENT, err);
	if (!op)
		return -1;
	op->element = e;
	if (counter)
		op->counter = *counter;
	return 0;
}

/* Which of the elements there are is as wanted: NULL, it has to go. */
static const struct content_added *find_wanted(const struct nft_plan *plan,
					       const struct content_added *there)
{
	const struct content_added *w = plan->wanted_count
						? bsearch(there, plan->wanted, plan->wanted_count,
							  sizeof(*plan->wanted), compare_added)
						: NULL;
	return w && same_content(&w->element, &there->element) ? w : NULL;
}

static int delete_added(struct nft_plan *plan, struct err *err)
{
	const struct content *have = plan->have;
	for (size_t i = 0; i < have->added_count; i++)
		if (!find_wanted(plan, &have->added[i]) &&
		    delete_element(plan, &have->added[i].element, err) < 0)
			return -1;
	return 0;
}

/* By what it does, whatever the bucket: the end of a forward, or its place, may have changed. */
static int compare_former(const void *a, const void *b)
{
	const struct content_added *const *x = a, *const *y = b;
	const struct element *e = &(*x)->element, *f = &(*y)->element;
	int d = e->bucket.family - f->bucket.family;
	if (d == 0)
		d = e->bucket.proto - f->bucket.proto;
	if (d == 0)
		d = e->bucket.group - f->bucket.group;
	if (d == 0)
		d = memcmp(e->bucket.not_in, f->bucket.not_in, sizeof(e->bucket.not_in));
	if (d == 0)
		d = memcmp(e->key, f->key, sizeof(e->key));
	if (d == 0)
		d = memcmp(e->key_end, f->key_end, sizeof(e->key_end));
	return d ? d : memcmp(e->data, f->data, sizeof(e->data));
}

static int add_added(struct nft_plan *plan, struct err *err)
{
	const struct content *have = plan->have;
	size_t count = 0;
	int result = 0;
	const struct content_added **former =
		reallocarray(NULL, have->added_count + 1, sizeof(*former));
	if (!former)
		return err_memory(err);
	/* what stays keeps its counter for itself */
	for (size_t i = 0; i < have->added_count; i++)
		if (!find_wanted(plan, &have->added[i]))
			former[count++] = &have->added[i];
	if (count)
		qsort(former, count, sizeof(*former), compare_former);
	for (size_t i = 0; result == 0 && i < plan->wanted_count; i++) {
		const struct content_added *w = &plan->wanted[i], **f = NULL;
		const struct content_added *there = content_find_added(have, &w->element);
		if (there && same_content(&there->element, &w->element))
			continue;
		if (count)
			f = bsearch(&w, former, count, sizeof(*former), compare_former);
		result = add_element(plan, &w->element, f ? &(*f)->counter : NULL, err);
	}
	free(former);
	return result;
}

/* ---- sets ---- */

/* In a reading of a part of the table, sets with other elements stay; so do those in which somebody
 * else's elements are. */
static bool stays_anyhow(const struct content *have, const struct content_set *set)
{
	return set->known && !set->set.verdicts &&
	       (set->foreign > 0 || (have->partial && set->others));
}

static int find_sets(const struct nft_plan *plan, const struct forwards *wanted,
		     struct wanted_sets *sets, struct err *err)
{
	for (size_t i = 0; i < wanted->count; i++)
		for (unsigned int p = 0; p < place_parts(&wanted->items[i]); p++) {
			const struct bucket *b = place_bucket(&plan->places, i, p);
			if (b && want_sets_of(sets, b, &wanted->items[i], err) < 0)
				return -1;
		}
	for (size_t i = 0; i < plan->have->set_count; i++) {
		const struct content_set *set = &plan->have->sets[i];
		if (stays_anyhow(plan->have, set) &&
		    want_set(sets, &set->set.bucket, set->set.bucket.chunk, err) < 0)
			return -1;
	}
	sort_sets(sets);
	return 0;
}

static const struct shape_set *find_shape_set(const struct shape *shape, const char *name)
{
	for (size_t i = 0; i < shape->set_count; i++)
		if (strcmp(shape->sets[i].name, name) == 0)
			return &shape->sets[i];
	return NULL;
}

static const struct shape_chain *find_shape_chain(const struct shape *shape, const char *name)
{
	for (size_t i = 0; i < shape->chain_count; i++)
		if (strcmp(shape->chains[i].name, name) == 0)
			return &shape->chains[i];
	return NULL;
}

static int name_is_taken(const char *what, const char *name, struct err *err)
{
	return err_set(err, ERR_FAILED,
		       "%s %s of table inet " TABLE_NAME " is not pfwd's; rename or delete it",
		       what, quote(name).text);
}

static int plan_new_sets(struct nft_plan *plan, struct err *err)
{
	for (size_t i = 0; i < plan->shape.set_count; i++) {
		const struct shape_set *set = &plan->shape.sets[i];
		const struct content_set *there = content_find_set(plan->have, set->name);
		if (there && !there->known)
			return name_is_taken("map", set->name, err);
		if (there)
			continue;
		struct nft_op *op = add_op(plan, NFT_OP_NEW_SET, err);
		if (!op)
			return -1;
		op->set = set;
		op->name = set->name;
	}
	return 0;
}

static int plan_old_sets(struct nft_plan *plan, struct err *err)
{
	for (size_t i = 0; i < plan->have->set_count; i++) {
		const struct content_set *set = &plan->have->sets[i];
		if (!set->known || find_shape_set(&plan->shape, set->name))
			continue;
		struct nft_op *op = add_op(plan, NFT_OP_DELETE_SET, err);
		if (!op)
			return -1;
		op->name = set->name;
	}
	return 0;
}

/* ---- chains ---- */

static int delete_chain(struct nft_plan *plan, const char *name, struct err *err)
{
	struct nft_op *op = add_op(plan, NFT_OP_DELETE_CHAIN, err);
	if (op)
		op->name = name;
	return op ? 0 : -1;
}

static int plan_new_chains(struct nft_plan *plan, struct err *err)
{
	for (size_t i = 0; i < plan->shape.chain_count; i++) {
		const struct shape_chain *chain = &plan->shape.chains[i];
		const struct content_chain *there = content_find_chain(plan->have, chain->name);
		bool same = there && there->base == chain->base && there->hook == chain->hook &&
			    there->filter == chain->filter;
		if (there && !same)
			return name_is_taken("chain", chain->name, err);
		if (there && there->priority == chain->priority)
			continue;
		/* another firewall's priority decides where a chain around its own stands */
		if (there && delete_chain(plan, chain->name, err) < 0)
			return -1;
		struct nft_op *op = add_op(plan, NFT_OP_NEW_CHAIN, err);
		if (!op)
			return -1;
		op->chain = chain;
		op->name = chain->name;
	}
	return 0;
}

/* Rules of ours in a chain, in order, as they are. */
struct own_rules {
	const struct nft_rule **items;
	size_t count;
};

static int find_own_rules(const struct content_chain *chain, struct own_rules *out, struct err *err)
{
	*out = (struct own_rules){
		.items = reallocarray(NULL, (chain ? chain->count : 0) + 1, sizeof(*out->items))};
	if (!out->items)
		return err_memory(err);
	for (size_t i = 0; chain && i < chain->count; i++)
		if (shape_knows_rule(&chain->rules[i]))
			out->items[out->count++] = &chain->rules[i];
	return 0;
}

/* How many rules at the beginning and at the end are as wanted. */
static void match_ends(const struct own_rules *own, const struct shape_chain *want, size_t *first,
		       size_t *last)
{
	size_t wanted = want ? want->count : 0;
	size_t most = own->count < wanted ? own->count : wanted;
	*first = *last = 0;
	while (*first < most && nft_rule_equal(own->items[*first], &want->rules[*first]))
		++*first;
	while (*first + *last < most &&
	       nft_rule_equal(own->items[own->count - 1 - *last], &want->rules[wanted - 1 - *last]))
		++*last;
}

static int delete_rules(struct nft_plan *plan, const struct content_chain *chain,
			const struct shape_chain *want, struct err *err)
{
	struct own_rules own;
	size_t first = 0, last = 0;
	int result = find_own_rules(chain, &own, err);
	if (result == 0)
		match_ends(&own, want, &first, &last);
	for (size_t i = first; result == 0 && i < own.count - last; i++) {
		struct nft_op *op = add_op(plan, NFT_OP_DELETE_RULE, err);
		if (!op) {
			result = -1;
			break;
		}
		op->name = chain->name;
		op->rule = own.items[i];
	}
	free(own.items);
	return result;
}

/* Each goes right behind the last one that stays before it, so the last one comes first. */
static int insert_rules(struct nft_plan *plan, const struct content_chain *chain,
			const struct shape_chain *want, struct err *err)
{
	struct own_rules own;
	size_t first = 0, last = 0;
	int result = find_own_rules(chain, &own, err);
	if (result == 0)
		match_ends(&own, want, &first, &last);
	for (size_t i = want->count - last; result == 0 && i-- > first;) {
		struct nft_op *op = add_op(plan, NFT_OP_NEW_RULE, err);
		if (!op) {
			result = -1;
			break;
		}
		op->name = want->name;
		op->rule = &want->rules[i];
		op->behind = first ? own.items[first - 1]->handle : 0;
	}
	free(own.items);
	return result;
}

static int plan_rule_deletions(struct nft_plan *plan, struct err *err)
{
	for (size_t i = 0; i < plan->have->chain_count; i++) {
		const struct content_chain *chain = &plan->have->chains[i];
		const struct shape_chain *want = find_shape_chain(&plan->shape, chain->name);
		if (chain->known && delete_rules(plan, chain, want, err) < 0)
			return -1;
	}
	return 0;
}

static int plan_rules(struct nft_plan *plan, struct err *err)
{
	for (size_t i = 0; i < plan->shape.chain_count; i++) {
		const struct shape_chain *want = &plan->shape.chains[i];
		if (insert_rules(plan, content_find_chain(plan->have, want->name), want, err) < 0)
			return -1;
	}
	return 0;
}

static size_t count_foreign(const struct content_chain *chain)
{
	size_t count = 0;
	for (size_t i = 0; i < chain->count; i++)
		count += !shape_knows_rule(&chain->rules[i]);
	return count;
}

static int plan_old_chains(struct nft_plan *plan, struct err *err)
{
	for (size_t i = 0; i < plan->have->chain_count; i++) {
		const struct content_chain *chain = &plan->have->chains[i];
		if (!chain->known || find_shape_chain(&plan->shape, chain->name))
			continue;
		if (count_foreign(chain)) {
			if (lines_add(&plan->kept, err,
				      "kept chain %s of table inet " TABLE_NAME
				      ": a rule of another program is in it",
				      quote(chain->name).text) < 0)
				return -1;
			continue;
		}
		struct nft_op *op = add_op(plan, NFT_OP_DELETE_CHAIN, err);
		if (!op)
			return -1;
		op->name = chain->name;
	}
	return 0;
}

/* ---- jumps to the chains of SPECs ---- */

static bool has_jump(const struct content *have, const char *set, const char *chain)
{
	for (size_t i = 0; i < have->jump_count; i++)
		if (strcmp(have->jumps[i].chain, chain) == 0 &&
		    strcmp(have->sets[have->jumps[i].set].name, set) == 0)
			return true;
	return false;
}

static int plan_new_jumps(struct nft_plan *plan, struct err *err)
{
	for (size_t i = 0; i < plan->shape.jump_count; i++) {
		const struct shape_jump *jump = &plan->shape.jumps[i];
		const char *set = plan->shape.sets[jump->set].name;
		char chain[BUCKET_NAME_MAX];
		bucket_clients_chain(&jump->bucket, chain);
		if (has_jump(plan->have, set, chain))
			continue;
		struct nft_op *op = add_op(plan, NFT_OP_NEW_JUMP, err);
		if (!op)
			return -1;
		op->name = set;
		op->jump = jump;
	}
	return 0;
}

/* The SPEC of a chain of clients, out of its name. */
static bool read_spec(const char *chain, struct bucket *out)
{
	return bucket_read_name(chain, out) && out->form == FORM_CLIENTS;
}

static int plan_old_jumps(struct nft_plan *plan, struct err *err)
{
	const struct content *have = plan->have;
	plan->clients = calloc(have->jump_count + 1, sizeof(*plan->clients));
	if (!plan->clients)
		return err_memory(err);
	for (size_t i = 0; i < have->jump_count; i++) {
		const struct content_jump *jump = &have->jumps[i];
		const char *set = have->sets[jump->set].name;
		struct bucket *spec = &plan->clients[plan->client_count];
		if (find_shape_chain(&plan->shape, jump->chain) || !read_spec(jump->chain, spec))
			continue;
		plan->client_count++;
		struct nft_op *op = add_op(plan, NFT_OP_DELETE_JUMP, err);
		if (!op)
			return -1;
		op->name = set;
		op->bucket = spec;
	}
	return 0;
}

/* ---- guest rules in others' chains ---- */

static int delete_guests(struct nft_plan *plan, const struct guest *guest, struct err *err)
{
	const struct others_chain *chain = guest->chain;
	for (size_t i = 0; i < chain->count; i++) {
		if (!chain->guest[i])
			continue;
		struct nft_op *op = add_op(plan, NFT_OP_DELETE_GUEST, err);
		if (!op)
			return -1;
		op->others = chain;
		op->behind = chain->rules[i].handle;
	}
	return 0;
}

static int add_guest(struct nft_plan *plan, const struct guest *guest, struct err *err)
{
	const struct others_chain *chain = guest->chain;
	struct nft_op *op = add_op(plan, NFT_OP_NEW_GUEST, err);
	if (!op)
		return -1;
	op->others = chain;
	op->behind = 0;
	if (guest->place < chain->count)
		op->behind = chain->rules[guest->place].handle;
	return 0;
}

static int plan_guests(struct nft_plan *plan, struct err *err)
{
	for (size_t i = 0; i < plan->guests.count; i++) {
		const struct guest *guest = &plan->guests.items[i];
		if (guest->there || guest->owned)
			continue;
		if (delete_guests(plan, guest, err) < 0 ||
		    (guest->needed && add_guest(plan, guest, err) < 0))
			return -1;
	}
	return 0;
}

/* ---- all of it ---- */

/* The levels at which forwards are now. */
static uint16_t *present_levels(const struct content *have, const struct forwards *wanted,
				struct err *err)
{
	uint16_t *levels = calloc(wanted->count + 1, sizeof(*levels));
	if (!levels) {
		err_memory(err);
		return NULL;
	}
	size_t i = 0;
	for (size_t w = 0; w < wanted->count; w++) {
		int d = -1;
		while (i < have->base.forwards.count &&
		       (d = forward_compare(&wanted->items[w], &have->base.forwards.items[i])) > 0)
			i++;
		if (i < have->base.forwards.count && d == 0)
			levels[w] = have->sets[have->held[i].set].set.bucket.level;
	}
	return levels;
}

static bool has_foreign(const struct content *have)
{
	for (size_t i = 0; i < have->set_count; i++)
		if (!have->sets[i].known || have->sets[i].foreign)
			return true;
	for (size_t i = 0; i < have->chain_count; i++)
		if (!have->chains[i].known || count_foreign(&have->chains[i]))
			return true;
	return false;
}

static int plan_elements(struct nft_plan *plan, const struct forwards *wanted, struct err *err)
{
	struct leavers leavers = {0};
	int result = plan_extra(plan, err);
	if (result == 0)
		result = plan_deletions(plan, wanted, &leavers, err);
	if (result == 0 && !plan->have->partial)
		result = delete_added(plan, err);
	if (result == 0)
		result = plan_additions(plan, wanted, &leavers, err);
	if (result == 0 && !plan->have->partial)
		result = add_added(plan, err);
	free(leavers.items);
	return result;
}

static int plan_steps(struct nft_plan *plan, const struct forwards *wanted, struct err *err)
{
	if (!plan->have->there && !add_op(plan, NFT_OP_NEW_TABLE, err))
		return -1;
	if (plan_new_chains(plan, err) < 0 || plan_new_sets(plan, err) < 0 ||
	    plan_rule_deletions(plan, err) < 0 || plan_old_jumps(plan, err) < 0 ||
	    plan_elements(plan, wanted, err) < 0 || plan_new_jumps(plan, err) < 0 ||
	    plan_rules(plan, err) < 0 || plan_guests(plan, err) < 0 ||
	    plan_old_chains(plan, err) < 0)
		return -1;
	return plan_old_sets(plan, err);
}

static int find_guests(struct nft_plan *plan, const struct forwards *wanted, struct err *err)
{
	const struct content *have = plan->have;
	if (guests_find(&have->others, wanted, have->partial, &plan->guests, err) < 0)
		return -1;
	guests_mark(&plan->guests, have->base.marked);
	return shape_add_guests(&plan->shape, plan->guests.hooks, plan->guests.hook_count, err);
}

int nft_plan_make(const struct content *have, const struct forwards *wanted, struct nft_plan *out,
		  struct err *err)
{
	struct nft_plan plan = {.have = have};
	struct wanted_sets sets = {0};
	uint16_t *levels = present_levels(have, wanted, err);
	int result = levels ? place_all(wanted, levels, &plan.places, err) : -1;
	if (result == 0)
		result = want_added(&plan, wanted, err);
	if (result == 0)
		result = find_sets(&plan, wanted, &sets, err);
	if (result == 0)
		result = shape_build(sets.buckets, sets.count, &plan.shape, err);
	if (result == 0)
		result = find_guests(&plan, wanted, err);
	bool ends = sets.count == 0 && !has_foreign(have);
	for (size_t i = 0; result == 0 && ends && i < plan.guests.count; i++)
		result = delete_guests(&plan, &plan.guests.items[i], err);
	if (result == 0 && ends && have->there)
		result = add_op(&plan, NFT_OP_DELETE_TABLE, err) ? 0 : -1;
	else if (result == 0 && !ends)
		result = plan_steps(&plan, wanted, err);
	plan.base.size = plan.count;
	free(levels);
	free(sets.buckets);
	if (result < 0)
		nft_plan_free(&plan);
	*out = plan;
	return result;
}

void nft_plan_free(struct nft_plan *plan)
{
	free(plan->ops);
	lines_free(&plan->kept);
	place_free(&plan->places);
	guests_free(&plan->guests);
	shape_free(&plan->shape);
	free(plan->wanted);
	free(plan->clients);
	*plan = (struct nft_plan){0};
}

/* ---- status ---- */

struct health {
	bool *set_ok;    /* for each set of the content: its rule is there, and reached */
	bool sources_ok; /* all rules of postrouting are there */
	bool marks_ok;   /* ... and those by which packets get the mark for guests */
	const struct others_chain **stops; /* for each forward: a chain of others, or NULL */
};

/* What leads to a set or a chain: a rule, or an element of a map of verdicts. */
struct lead {
	char name[BUCKET_NAME_MAX]; /* of that set or chain */
	const char *from;           /* the chain or map in which it is */
	bool base;                  /* that is a base chain */
	bool there;                 /* it is in the kernel, where it should be */
};

struct leads {
	struct lead *items;
	size_t count;
	struct hash_table index; /* by name */
};

static void add_lead(struct leads *leads, const char *name, struct lead lead)
{
	struct lead *added = &leads->items[leads->count++];
	*added = lead;
	strcpy(added->name, name);
	hash_table_add(&leads->index, hash_text(0, name), added);
}

static int add_chain_leads(struct leads *leads, const struct content *have,
			   const struct shape_chain *want, struct err *err)
{
	const struct content_chain *chain = content_find_chain(have, want->name);
	struct own_rules own;
	size_t first, last;
	if (find_own_rules(chain, &own, err) < 0)
		return -1;
	match_ends(&own, want, &first, &last);
	for (size_t r = 0; r < want->count; r++) {
		bool there = chain && chain->base == want->base &&
			     (r < first || r >= want->count - last);
		if (*want->rules[r].name)
			add_lead(leads, want->rules[r].name,
				 (struct lead){
					 .from = want->name, .base = want->base, .there = there});
	}
	free(own.items);
	return 0;
}

static void free_leads(struct leads *leads)
{
	free(leads->items);
	hash_table_free(&leads->index);
}

/* -1: out of memory; *out is to be freed all the same. */
static int find_leads(const struct content *have, const struct shape *shape, struct leads *out,
		      struct err *err)
{
	size_t count = shape->jump_count;
	for (size_t c = 0; c < shape->chain_count; c++)
		count += shape->chains[c].count;
	*out = (struct leads){.items = reallocarray(NULL, count + 1, sizeof(*out->items))};
	if (!out->items)
		return err_memory(err);
	if (hash_table_init(&out->index, count, err) < 0)
		return -1;
	for (size_t c = 0; c < shape->chain_count; c++)
		if (add_chain_leads(out, have, &shape->chains[c], err) < 0)
			return -1;
	for (size_t j = 0; j < shape->jump_count; j++) {
		const char *set = shape->sets[shape->jumps[j].set].name;
		char chain[BUCKET_NAME_MAX];
		bucket_clients_chain(&shape->jumps[j].bucket, chain);
		add_lead(out, chain,
			 (struct lead){.from = set, .there = has_jump(have, set, chain)});
	}
	return 0;
}

/* Whether packets get from a base chain to the set or chain of that name. */
static bool is_reached(const struct leads *leads, const char *name, int depth)
{
	const struct lead *lead;
	size_t at = 0;
	while ((lead = hash_table_next(&leads->index, hash_text(0, name), &at)) &&
	       strcmp(lead->name, name) != 0)
		;
	if (!lead || !lead->there)
		return false;
	return lead->base || depth == 0 || is_reached(leads, lead->from, depth - 1);
}

/* The chain as it is in the kernel, which leads to no set or chain. */
static bool is_right(const struct content *have, const struct shape_chain *want)
{
	const struct content_chain *chain = content_find_chain(have, want->name);
	struct own_rules own;
	struct err ignored;
	size_t first, last;
	if (!chain || !chain->base || find_own_rules(chain, &own, &ignored) < 0)
		return false;
	match_ends(&own, want, &first, &last);
	free(own.items);
	return first + last >= want->count;
}

static bool sources_are_right(const struct content *have, const struct shape *shape)
{
	const struct shape_chain *want = find_shape_chain(shape, "postrouting");
	return !want || is_right(have, want);
}

/* Whether packets get the mark, and lose it, on each hook where a guest waits for it. */
static bool marks_are_right(const struct nft_plan *plan)
{
	struct guests waiting = {0};
	guests_mark(&waiting, plan->have->base.marked);
	for (size_t i = 0; i < plan->guests.count; i++)
		if (plan->guests.items[i].there)
			guests_note(&waiting, plan->guests.items[i].chain);
	for (size_t c = 0; c < plan->shape.chain_count; c++) {
		const struct shape_chain *chain = &plan->shape.chains[c];
		for (size_t h = 0; h < waiting.hook_count; h++)
			if (shape_marks(chain, waiting.hooks[h].hook) &&
			    !is_right(plan->have, chain))
				return false;
	}
	return true;
}

static bool has_added(const struct content *have, const struct places *places, size_t i,
		      const struct health *health, uint64_t *conns)
{
	const struct forward *f = &have->base.forwards.items[i];
	for (unsigned int p = PART_LOCAL; p < place_parts(f); p++) {
		const struct bucket *b = place_bucket(places, i, p);
		size_t count = b ? place_count(b, f) : 0;
		for (size_t n = 0; n < count; n++) {
			struct element e;
			place_element(b, f, p, n, &e);
			const struct content_added *a = content_find_added(have, &e);
			if (!a || !health->set_ok[a->set])
				return false;
			share_element(&e, &a->element);
			if (!same_content(&a->element, &e))
				return false;
			*conns += a->counter.packets;
		}
	}
	return true;
}

static void fill_status(const struct content *have, const struct places *places,
			const struct health *health, struct ruleset_status *out)
{
	for (size_t i = 0; i < have->base.forwards.count; i++) {
		const struct forward *f = &have->base.forwards.items[i];
		const struct content_held *held = &have->held[i];
		out[i].conns = held->counter.packets;
		bool added = has_added(have, places, i, health, &out[i].conns);
		bool sources = !forward_translates_source(f) && !f->hairpin;
		out[i].incomplete = held->broken || held->twice || !health->set_ok[held->set] ||
				    !added || !health->marks_ok ||
				    (!sources && !health->sources_ok);
		out[i].blocked = health->stops[i] != NULL;
		out[i].misplaced = health->stops[i] && !health->stops[i]->owned;
	}
}

int nft_plan_status(const struct content *have, struct ruleset_status *out, struct err *err)
{
	struct nft_plan plan = {.have = have};
	struct wanted_sets sets = {0};
	struct leads leads = {0};
	struct health health = {
		.set_ok = calloc(have->set_count + 1, sizeof(*health.set_ok)),
		.stops = calloc(have->base.forwards.count + 1, sizeof(*health.stops))};
	uint16_t *levels = present_levels(have, &have->base.forwards, err);
	int result = levels && health.set_ok && health.stops ? 0 : err_memory(err);
	if (result == 0)
		result = place_all(&have->base.forwards, levels, &plan.places, err);
	if (result == 0)
		result = find_sets(&plan, &have->base.forwards, &sets, err);
	if (result == 0)
		result = shape_build(sets.buckets, sets.count, &plan.shape, err);
	if (result == 0)
		result = find_leads(have, &plan.shape, &leads, err);
	for (size_t i = 0; result == 0 && i < have->set_count; i++)
		health.set_ok[i] = have->sets[i].known && is_reached(&leads, have->sets[i].name, 3);
	health.sources_ok = result == 0 && sources_are_right(have, &plan.shape);
	if (result == 0)
		result = find_guests(&plan, &have->base.forwards, err);
	health.marks_ok = result == 0 && marks_are_right(&plan);
	if (result == 0)
		result = guests_stop(&have->others, &plan.guests, &have->base.forwards,
				     health.stops, err);
	if (result == 0)
		fill_status(have, &plan.places, &health, out);
	free(levels);
	free(sets.buckets);
	free(health.set_ok);
	free(health.stops);
	free_leads(&leads);
	nft_plan_free(&plan);
	return result;
}
