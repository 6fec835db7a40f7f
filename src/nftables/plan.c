/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Forwards are compared with forwards, and only where they differ are there elements to add or
 * delete. Sets, chains and rules that are there and as they should be stay.
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
				      place_bucket(&plan->layout.places, w, PART_PROPER)))
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
		const struct bucket *bucket = place_bucket(&plan->layout.places, w, PART_PROPER);
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
		struct nft_op *op = add_op(plan, NFT_OP_NEW_FORWARD, err);
		if (!op)
			return -1;
		op->f = f;
		op->bucket = bucket;
		if (counter)
			op->counter = *counter;
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
	const struct content_added *w = nft_layout_find(&plan->layout, there);
	return w && element_same_content(&w->element, &there->element) ? w : NULL;
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
	for (size_t i = 0; result == 0 && i < plan->layout.added_count; i++) {
		const struct content_added *w = &plan->layout.added[i], **f = NULL;
		const struct content_added *there = content_find_added(have, &w->element);
		if (there && element_same_content(&there->element, &w->element))
			continue;
		if (count)
			f = bsearch(&w, former, count, sizeof(*former), compare_former);
		result = add_element(plan, &w->element, f ? &(*f)->counter : NULL, err);
	}
	free(former);
	return result;
}

/* ---- sets ---- */

static const struct shape_set *find_shape_set(const struct shape *shape, const char *name)
{
	for (size_t i = 0; i < shape->set_count; i++)
		if (strcmp(shape->sets[i].name, name) == 0)
			return &shape->sets[i];
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
	for (size_t i = 0; i < plan->layout.shape.set_count; i++) {
		const struct shape_set *set = &plan->layout.shape.sets[i];
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
		if (!set->known || find_shape_set(&plan->layout.shape, set->name))
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
	for (size_t i = 0; i < plan->layout.shape.chain_count; i++) {
		const struct shape_chain *chain = &plan->layout.shape.chains[i];
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

static int delete_rules(struct nft_plan *plan, const struct content_chain *chain,
			const struct shape_chain *want, struct err *err)
{
	struct content_match m;
	int result = content_match(chain, want, &m, err);
	for (size_t i = m.first; result == 0 && i < m.count - m.last; i++) {
		struct nft_op *op = add_op(plan, NFT_OP_DELETE_RULE, err);
		if (!op) {
			result = -1;
			break;
		}
		op->name = chain->name;
		op->rule = m.items[i];
	}
	free(m.items);
	return result;
}

/* Each goes right behind the last one that stays before it, so the last one comes first. */
static int insert_rules(struct nft_plan *plan, const struct content_chain *chain,
			const struct shape_chain *want, struct err *err)
{
	struct content_match m;
	int result = content_match(chain, want, &m, err);
	for (size_t i = want->count - m.last; result == 0 && i-- > m.first;) {
		struct nft_op *op = add_op(plan, NFT_OP_NEW_RULE, err);
		if (!op) {
			result = -1;
			break;
		}
		op->name = want->name;
		op->rule = &want->rules[i];
		op->behind = m.first ? m.items[m.first - 1]->handle : 0;
	}
	free(m.items);
	return result;
}

static int plan_rule_deletions(struct nft_plan *plan, struct err *err)
{
	for (size_t i = 0; i < plan->have->chain_count; i++) {
		const struct content_chain *chain = &plan->have->chains[i];
		const struct shape_chain *want = shape_find_chain(&plan->layout.shape, chain->name);
		if (chain->known && delete_rules(plan, chain, want, err) < 0)
			return -1;
	}
	return 0;
}

static int plan_rules(struct nft_plan *plan, struct err *err)
{
	for (size_t i = 0; i < plan->layout.shape.chain_count; i++) {
		const struct shape_chain *want = &plan->layout.shape.chains[i];
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
		if (!chain->known || shape_find_chain(&plan->layout.shape, chain->name))
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

static int plan_new_jumps(struct nft_plan *plan, struct err *err)
{
	for (size_t i = 0; i < plan->layout.shape.jump_count; i++) {
		const struct shape_jump *jump = &plan->layout.shape.jumps[i];
		const char *set = plan->layout.shape.sets[jump->set].name;
		char chain[BUCKET_NAME_MAX];
		bucket_clients_chain(&jump->bucket, chain);
		if (content_has_jump(plan->have, set, chain))
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
		if (shape_find_chain(&plan->layout.shape, jump->chain) ||
		    !read_spec(jump->chain, spec))
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
	for (size_t i = 0; i < plan->layout.guests.count; i++) {
		const struct guest *guest = &plan->layout.guests.items[i];
		if (guest->there || guest->owned)
			continue;
		if (delete_guests(plan, guest, err) < 0 ||
		    (guest->needed && add_guest(plan, guest, err) < 0))
			return -1;
	}
	return 0;
}

/* ---- all of it ---- */

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

int nft_plan_make(const struct content *have, const struct forwards *wanted, struct nft_plan *out,
		  struct err *err)
{
	struct nft_plan plan = {.have = have,
				.base.hindrance.limits = guests_limited(&have->others)};
	int result = nft_layout_make(have, wanted, &plan.layout, err);
	const struct guests *guests = &plan.layout.guests;
	for (size_t i = 0; i < guests->count; i++)
		plan.base.hindrance.stops = plan.base.hindrance.stops || guests->items[i].owned;
	bool ends = plan.layout.empty && !has_foreign(have);
	for (size_t i = 0; result == 0 && ends && i < guests->count; i++)
		result = delete_guests(&plan, &guests->items[i], err);
	if (result == 0 && ends && have->there)
		result = add_op(&plan, NFT_OP_DELETE_TABLE, err) ? 0 : -1;
	else if (result == 0 && !ends)
		result = plan_steps(&plan, wanted, err);
	plan.base.size = plan.count;
	if (result < 0)
		nft_plan_free(&plan);
	*out = plan;
	return result;
}

void nft_plan_free(struct nft_plan *plan)
{
	free(plan->ops);
	lines_free(&plan->kept);
	nft_layout_free(&plan->layout);
	free(plan->clients);
	*plan = (struct nft_plan){0};
}
