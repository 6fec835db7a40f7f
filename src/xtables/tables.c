/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libip4tc and libip6tc behind one set of functions. They hold a whole table in memory; a commit
 * gives it to the kernel as one. Positions are those of libiptc, from 0.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <libiptc/libiptc.h>
#include <libiptc/libip6tc.h>

#include "model/array.h"
#include "others/owner.h"
#include "xtables/modules.h"
#include "xtables/blob.h"
#include "xtables/tables.h"
#include "xtables/decode.h"
#include "xtables/encode.h"
#include "xtables/entry.h"

/* The functions of both libraries. They differ only in their names and in the type of an entry. */
struct adapter {
	struct xtc_handle *(*init)(const char *table);
	void (*free)(struct xtc_handle *h);
	const char *(*first_chain)(struct xtc_handle *h);
	const char *(*next_chain)(struct xtc_handle *h);
	const void *(*first_rule)(const char *chain, struct xtc_handle *h);
	const void *(*next_rule)(const void *rule, struct xtc_handle *h);
	const char *(*target)(const void *rule, struct xtc_handle *h);
	int (*builtin)(const char *chain, struct xtc_handle *h);
	const char *(*policy)(const char *chain, struct xt_counters *c, struct xtc_handle *h);
	int (*set_policy)(const xt_chainlabel chain, const xt_chainlabel policy,
			  struct xt_counters *c, struct xtc_handle *h);
	int (*create)(const xt_chainlabel chain, struct xtc_handle *h);
	int (*remove)(const xt_chainlabel chain, struct xtc_handle *h);
	int (*insert)(const char *chain, const void *entry, unsigned int at, struct xtc_handle *h);
	int (*delete_at)(const xt_chainlabel chain, unsigned int at, struct xtc_handle *h);
	int (*set_counter)(const xt_chainlabel chain, unsigned int at, struct xt_counters *c,
			   struct xtc_handle *h);
	int (*commit)(struct xtc_handle *h);
};

#define ADAPTER(lib, type)                                                             \
	static const void *lib##_first(const char *chain, struct xtc_handle *h)        \
	{                                                                              \
		return lib##_first_rule(chain, h);                                     \
	}                                                                              \
	static const void *lib##_next(const void *rule, struct xtc_handle *h)          \
	{                                                                              \
		return lib##_next_rule(rule, h);                                       \
	}                                                                              \
	static const char *lib##_target(const void *rule, struct xtc_handle *h)        \
	{                                                                              \
		return lib##_get_target(rule, h);                                      \
	}                                                                              \
	static int lib##_insert(const char *chain, const void *entry, unsigned int at, \
				struct xtc_handle *h)                                  \
	{                                                                              \
		return lib##_insert_entry(chain, (const type *)entry, at, h);          \
	}                                                                              \
	static const struct adapter lib = {                                            \
		.init = lib##_init,                                                    \
		.free = lib##_free,                                                    \
		.first_chain = lib##_first_chain,                                      \
		.next_chain = lib##_next_chain,                                        \
		.first_rule = lib##_first,                                             \
		.next_rule = lib##_next,                                               \
		.target = lib##_target,                                                \
		.builtin = lib##_builtin,                                              \
		.policy = lib##_get_policy,                                            \
		.set_policy = lib##_set_policy,                                        \
		.create = lib##_create_chain,                                          \
		.remove = lib##_delete_chain,                                          \
		.insert = lib##_insert,                                                \
		.delete_at = lib##_delete_num_entry,                                   \
		.set_counter = lib##_set_counter,                                      \
		.commit = lib##_commit,                                                \
	}

ADAPTER(iptc, struct ipt_entry);
ADAPTER(ip6tc, struct ip6t_entry);

#define OPEN_TRIES 5

struct tables {
	enum family family;
	enum table table;
	const struct adapter *lib;
	struct xtc_handle *handle;
	void **deleted; /* by op of the plan that was applied: the entry, to be inserted again */
	size_t deleted_count;
};

/* ---- opening ---- */

static const char *names_file(enum family family)
{
	return family == FAMILY_IPV6 ? "/proc/net/ip6_tables_names" : "/proc/net/ip_tables_names";
}

/* Without /proc no table is in sight, whatever the kernel has. */
static int check_proc(struct err *err)
{
	if (access("/proc/net", F_OK) == 0)
		return 0;
	return err_sys(err, errno, "cannot read in /proc/net which tables there are; mount /proc");
}

int tables_there(enum family family, unsigned int *out, struct err *err)
{
	char line[64];
	*out = 0;
	FILE *file = fopen(names_file(family), "re");
	if (!file && errno == ENOENT)
		return check_proc(err);
	if (!file && errno == ENOMEM)
		return err_memory(err);
	if (!file)
		*out = TABLES_UNKNOWN; /* then they are asked for */
	while (file && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		for (int t = 0; t < ALL_TABLES; t++)
			if (strcmp(line, table_name((enum table)t)) == 0)
				*out |= 1U << t;
	}
	int result = file && ferror(file)
			     ? err_sys(err, errno, "cannot read %s", names_file(family))
			     : 0;
	if (file)
		fclose(file);
	return result;
}

bool tables_usable(struct err *why)
{
	const char *names = names_file(FAMILY_IPV4);
	if (access(names, F_OK) == 0)
		return true;
	if (check_proc(why) < 0)
		return false;
	modules_load("ip_tables");
	if (access(names, F_OK) == 0)
		return true;
	err_set(why, ERR_UNSUPPORTED,
		"this kernel has no legacy xtables; load ip_tables and iptable_nat, or use a "
		"kernel "
		"with CONFIG_NETFILTER_XTABLES_LEGACY");
	return false;
}

static int open_error(enum family family, enum table table, int error, struct err *err)
{
	const char *name = table_name(table), *tool = family == FAMILY_IPV6 ? "ip6" : "ip";
	if (error == EPERM || error == EACCES)
		return err_set(
			err, ERR_PERMISSION,
			"not permitted to open the %s %s table: CAP_NET_ADMIN and CAP_NET_RAW "
			"are needed; run pfwd as root",
			family_name(family), name);
	/* it would have to translate between the layouts of 32 and of 64 bits */
	if (error == EINVAL && sizeof(void *) == 4)
		return err_set(err, ERR_UNSUPPORTED,
			       "this kernel does not open the %s %s table to 32-bit programs; use "
			       "the 64-bit pfwd, or a kernel with "
			       "CONFIG_NETFILTER_XTABLES_COMPAT",
			       family_name(family), name);
	if (error != ENOPROTOOPT && error != ENOENT && error != EAFNOSUPPORT &&
	    error != EPROTONOSUPPORT)
		return err_sys(err, error, "cannot open the %s %s table", family_name(family),
			       name);
	err_set(err, ERR_UNSUPPORTED,
		"this kernel has no legacy xtables %s table for %s; load %s_tables and %stable_%s, "
		"or "
		"use a kernel with CONFIG_NETFILTER_XTABLES_LEGACY",
		name, family_name(family), tool, tool, name);
	err->sys = error;
	return -1;
}

static struct xtc_handle *init_handle(const struct tables *t)
{
	struct xtc_handle *handle = t->lib->init(table_name(t->table));
	if (!handle && (errno == ENOPROTOOPT || errno == ENOENT)) {
		int before = errno;
		modules_load(t->family == FAMILY_IPV6 ? "ip6_tables" : "ip_tables");
		handle = t->lib->init(table_name(t->table));
		if (!handle && errno == 0)
			errno = before;
	}
	return handle;
}

static struct blob_size size_of(const struct tables *t)
{
	struct blob_size size = {.entries = 1};
	for (const char *name = t->lib->first_chain(t->handle); name;
	     name = t->lib->next_chain(t->handle)) {
		bool built_in = t->lib->builtin(name, t->handle);
		size.chains += built_in;
		size.entries += built_in ? 1 : 2;
		for (const void *e = t->lib->first_rule(name, t->handle); e;
		     e = t->lib->next_rule(e, t->handle))
			size.entries++;
	}
	return size;
}

static bool same_size(struct blob_size a, struct blob_size b)
{
	return a.chains == b.chains && a.entries == b.entries;
}

/* Where memory runs out in libiptc, it may hold a part of the table and not say so, and a commit
 * would remove the rest. (Without the last of its own chains, it takes the policy of the one before
 * for a rule: so the chains are counted too.) before is the kernel's size from before the reading:
 * if others have changed the table since, it is the size now that counts. */
static int check_whole(const struct tables *t, struct blob_size before, struct err *err)
{
	struct blob_size now, ours = size_of(t);
	if (same_size(ours, before))
		return 0;
	if (blob_size(t->family, t->table, &now) < 0)
		return open_error(t->family, t->table, errno, err);
	if (same_size(ours, now))
		return 0;
	return err_set(err, ERR_FAILED,
		       "cannot read the %s %s table: not all of its %u entries were read, because "
		       "memory ran out or others kept changing them; try again",
		       family_name(t->family), table_name(t->table), now.entries);
}

struct tables *tables_open(enum family family, enum table table, struct err *err)
{
	struct tables *t = calloc(1, sizeof(*t));
	if (!t) {
		err_memory(err);
		return NULL;
	}
	t->family = family;
	t->table = table;
	t->lib = family == FAMILY_IPV6 ? &ip6tc : &iptc;
	for (int i = 0; i < OPEN_TRIES; i++) {
		struct blob_size before; /* zero: the table is not there yet */
		blob_size(family, table, &before);
		errno = 0;
		t->handle = init_handle(t);
		/* also if there is a handle: it may lack the last policy, which counts nothing */
		bool no_memory = errno == ENOMEM;
		if (!t->handle) {
			open_error(family, table, errno, err);
			break;
		}
		if (no_memory)
			err_memory(err);
		else if (check_whole(t, before, err) == 0)
			return t;
		t->lib->free(t->handle);
	}
	free(t);
	return NULL;
}

void tables_close(struct tables *tables)
{
	if (!tables)
		return;
	tables->lib->free(tables->handle);
	for (size_t i = 0; i < tables->deleted_count; i++)
		free(tables->deleted[i]);
	free(tables->deleted);
	free(tables);
}

/* ---- reading ---- */

static struct counters read_counters(enum family family, const void *entry)
{
	const struct xt_counters *counters = entry_head(family, entry).counters;
	return (struct counters){counters->pcnt, counters->bcnt};
}

static struct named_entry name_entry(const struct tables *t, const void *entry)
{
	return (struct named_entry){entry, t->lib->target(entry, t->handle)};
}

/* Whether an entry is the jump that pfwd makes to that chain, or would be with its mark. */
static bool is_jump_alike(const struct tables *t, const void *entry, const char *chain)
{
	struct rule rule, jump;
	if (decode_entry(t->family, entry, chain, &rule) < 0)
		return false;
	group_jump(t->family, group_of(t->table, chain), &jump);
	rule.comment = jump.comment;
	return rule_equal(&rule, &jump);
}

static bool is_guest(const struct tables *t, const void *entry, const char *target)
{
	struct rule rule, guest;
	const char *comment = entry_last_comment(t->family, entry);
	group_jump(t->family, GROUP_GUEST_FORWARD, &guest);
	return t->table == TABLE_FILTER && comment && strcmp(comment, GROUP_MARK) == 0 &&
	       decode_entry(t->family, entry, target, &rule) == 0 && rule_equal(&rule, &guest);
}

/* All jumps spare 127.0.0.0/8 or ::1, which no forward is about. */
static void read_narrow(const struct tables *t, const void *entry, struct filter_rule *out)
{
	foreign_read_rule(t->family, entry, out);
	if (out->not_dst) {
		out->dst = (struct network){0};
		out->not_dst = false;
	}
}

/* A jump to one of our chains, in another chain or by a rule that is not ours; or a guest. */
static struct state_jump *read_jump(const struct tables *t, const char *from, const void *entry,
				    struct state *out)
{
	const char *target = t->lib->target(entry, t->handle);
	bool jumps = group_of(t->table, target) != GROUPS;
	struct state_jump *jump = state_add_jump(out, from, jumps ? target : "");
	if (!jump)
		return NULL;
	const char *comment = entry_last_comment(t->family, entry);
	jump->marked = comment && strcmp(comment, GROUP_MARK) == 0;
	jump->alike = jumps && (!comment || jump->marked) && is_jump_alike(t, entry, jump->to);
	if (jumps && jump->marked && !jump->alike)
		read_narrow(t, entry, &jump->narrow);
	jump->ref.entry = entry;
	jump->ref.counters = read_counters(t->family, entry);
	return jump;
}

static int read_rule(const struct tables *t, const void *entry, struct state *state,
		     struct state_chain *chain)
{
	struct rule rule;
	const char *target = t->lib->target(entry, t->handle);
	bool decoded = decode_entry(t->family, entry, target, &rule) == 0;
	struct state_rule *r = state_add_rule(state, chain, decoded ? &rule : NULL);
	if (!r)
		return -1;
	r->ref.entry = entry;
	r->ref.counters = read_counters(t->family, entry);
	if (!r->ours && group_of(t->table, target) != GROUPS &&
	    !read_jump(t, chain->name, entry, state))
		return -1;
	return 0;
}

static int read_own_chain(const struct tables *t, enum group group, const char *name,
			  struct state *out)
{
	struct state_chain *chain = state_add_chain(out, group, name);
	if (!chain)
		return -1;
	for (const void *e = t->lib->first_rule(name, t->handle); e;
	     e = t->lib->next_rule(e, t->handle))
		if (read_rule(t, e, out, chain) < 0)
			return -1;
	return 0;
}

/* The rules of other chains matter where packets are filtered; else only the jumps to our chains.
 */
static int read_other_chain(const struct tables *t, const char *name, struct state *out)
{
	bool base = t->lib->builtin(name, t->handle);
	size_t position = 0, chain = foreign_find(&out->foreign, name);
	for (const void *e = t->lib->first_rule(name, t->handle); e;
	     e = t->lib->next_rule(e, t->handle), position++) {
		const struct named_entry entry = name_entry(t, e);
		if (chain < out->foreign.count &&
		    foreign_add_rule(&out->foreign, chain, t->family, &entry) < 0)
			return -1;
		bool guest = base && is_guest(t, e, entry.target);
		if (group_of(t->table, entry.target) == GROUPS && !guest)
			continue;
		struct state_jump *jump = read_jump(t, name, e, out);
		if (!jump)
			return -1;
		jump->base = base;
		jump->position = position;
	}
	struct state_base *b = base ? state_add_base(out, name) : NULL;
	if (b)
		b->count = position;
	return base && !b ? -1 : 0;
}

/* The chains of others by name, because rules jump to chains that come later. */
static int list_other_chains(const struct tables *t, struct foreign *out)
{
	for (const char *name = t->lib->first_chain(t->handle); name;
	     name = t->lib->next_chain(t->handle))
		if (group_of(t->table, name) == GROUPS && foreign_add_chain(out, name) < 0)
			return -1;
	foreign_sort(out);
	for (size_t i = 0; i < out->count; i++) {
		struct xt_counters ignored;
		const char *name = out->chains[i].name;
		if (t->lib->builtin(name, t->handle))
			out->chains[i].drops =
				strcmp(t->lib->policy(name, &ignored, t->handle), "DROP") == 0;
	}
	return 0;
}

int tables_read(struct tables *t, struct state *out, struct err *err)
{
	struct state state = {.family = t->family, .table = t->table};
	if (t->table == TABLE_FILTER && list_other_chains(t, &state.foreign) < 0) {
		state_free(&state);
		return err_memory(err);
	}
	for (const char *name = t->lib->first_chain(t->handle); name;
	     name = t->lib->next_chain(t->handle)) {
		enum group group = group_of(t->table, name);
		int result = group == GROUPS ? read_other_chain(t, name, &state)
					     : read_own_chain(t, group, name, &state);
		if (result < 0) {
			state_free(&state);
			return err_memory(err);
		}
	}
	if (state_finish(&state, err) < 0) {
		state_free(&state);
		return -1;
	}
	*out = state;
	return 0;
}

int tables_read_foreign(const struct tables *t, struct foreign *out, struct err *err)
{
	*out = (struct foreign){0};
	int result = list_other_chains(t, out);
	for (size_t i = 0; result == 0 && i < out->count; i++)
		for (const void *e = t->lib->first_rule(out->chains[i].name, t->handle);
		     result == 0 && e; e = t->lib->next_rule(e, t->handle)) {
			const struct named_entry entry = name_entry(t, e);
			result = foreign_add_rule(out, i, t->family, &entry);
		}
	if (result == 0)
		return 0;
	foreign_free(out);
	*out = (struct foreign){0};
	return err_memory(err);
}

int tables_read_none(enum family family, enum table table, struct state *out, struct err *err)
{
	struct state state = {.family = family, .table = table};
	for (int g = 0; g < GROUPS; g++) {
		const struct group_info *info = &group_infos[g];
		bool again = g > 0 && strcmp(group_infos[g - 1].base, info->base) == 0;
		if (info->table == table && !again && !state_add_base(&state, info->base)) {
			state_free(&state);
			return err_memory(err);
		}
	}
	*out = state;
	return 0;
}

/* ---- others' rules ---- */

/* Whether the chain is pfwd's. */
static bool is_own(const struct tables *t, const struct state *own, const char *name)
{
	return group_of(t->table, name) != GROUPS && !state_is_taken(own, name);
}

struct others_reader {
	const struct tables_others *which;
	struct other_chains chains;
	struct rule_cases cases; /* used for each rule */
};

static int add_other_chains(const struct tables *t, struct others_reader *o, struct err *err)
{
	for (const char *name = t->lib->first_chain(t->handle); name;
	     name = t->lib->next_chain(t->handle)) {
		struct other_chain *chain = other_chains_add(&o->chains);
		if (!chain)
			return err_memory(err);
		chain->name = other_rules_text(o->cases.texts, name);
		chain->table = table_name(t->table);
		chain->table_family = t->family;
		chain->nat = t->table == TABLE_NAT;
		chain->base = t->lib->builtin(name, t->handle) &&
			      other_base(t->table, name, &chain->hook, &chain->priority) &&
			      (o->which->depth == OTHERS_ALL || chain->hook == OTHER_PREROUTING ||
			       chain->hook == OTHER_OUTPUT);
		if (!chain->name)
			return err_memory(err);
	}
	return other_chains_index(&o->chains, err);
}

/* In a chain of pfwd, only those rules are others' that pfwd would not write. */
static bool is_others(const struct state_chain *own, size_t number)
{
	return !own || number >= own->count ||
	       (!own->rules[number].ours && !own->rules[number].older);
}

static int add_other_rules(const struct tables *t, struct others_reader *o,
			   struct other_chain *chain)
{
	struct other_entry e = {.family = t->family, .table = t->table, .base = chain->base};
	const struct state_chain *own = is_own(t, o->which->own, chain->name)
						? state_find(o->which->own, chain->name)
						: NULL;
	for (e.entry = t->lib->first_rule(chain->name, t->handle); e.entry;
	     e.entry = t->lib->next_rule(e.entry, t->handle), e.number++) {
		if (!is_others(own, e.number))
			continue;
		e.target = t->lib->target(e.entry, t->handle);
		e.to = other_chains_find(&o->chains, t->family, chain->table, e.target);
		e.own = e.to != CHAINS_NONE && is_own(t, o->which->own, e.target);
		if (other_entry_add(&o->cases, &e, chain) < 0)
			return -1;
		const char *comment = entry_last_comment(t->family, e.entry);
		e.place += !e.own && (!comment || strcmp(comment, GROUP_MARK) != 0);
	}
	return 0;
}

static int read_others(const struct tables *t, struct others_reader *o, struct err *err)
{
	if (add_other_chains(t, o, err) < 0)
		return -1;
	for (size_t i = 0; i < o->chains.count; i++)
		if (add_other_rules(t, o, &o->chains.items[i]) < 0)
			return err_memory(err);
	return 0;
}

int tables_others(const struct tables *t, const struct tables_others *which,
		  struct other_rules *out, struct err *err)
{
	struct others_reader reader = {
		.which = which, .chains.backend = "iptables", .cases.texts = out};
	int result = read_others(t, &reader, err);
	if (result == 0)
		result = other_chains_walk(&reader.chains, out, err);
	other_chains_free(&reader.chains);
	cases_free(&reader.cases);
	return result;
}

const char *tables_owner(const struct tables *filter)
{
	const char *owner = NULL;
	for (const char *name = filter->lib->first_chain(filter->handle); name && !owner;
	     name = filter->lib->next_chain(filter->handle))
		owner = owner_of_tables(name);
	return owner;
}

/* The entries at the next places, as far as they are of one chain; returns how many these are. */
static size_t find_entries(const struct tables *t, const struct tables_places *places, size_t first,
			   struct rule_ref *refs)
{
	const struct tables_place *at = &places->items[first], *end = places->items + places->count;
	size_t found = 0, number = 0;
	const char *chain = at->chain;
	for (const void *e = t->lib->first_rule(chain, t->handle);
	     e && at < end && strcmp(at->chain, chain) == 0;
	     e = t->lib->next_rule(e, t->handle), number++)
		if (at->number == number) {
			refs[first + found++].entry = e;
			at++;
		}
	return found;
}

int tables_plan_deletion(const struct tables *t, const struct tables_places *places,
			 struct deletion *out, struct err *err)
{
	size_t count = places->count;
	*out = (struct deletion){0};
	out->plan.ops = calloc(count + 1, sizeof(*out->plan.ops));
	out->refs = calloc(count + 1, sizeof(*out->refs));
	if (!out->plan.ops || !out->refs) {
		deletion_free(out);
		return err_memory(err);
	}
	for (size_t i = 0, n = 1; i < count && n; i += n)
		n = find_entries(t, places, i, out->refs);
	/* the last one first, so that the numbers of those before it stay */
	for (size_t i = count; i-- > 0;)
		if (out->refs[i].entry)
			out->plan.ops[out->plan.count++] =
				(struct op){.kind = OP_DELETE,
					    .position = (uint32_t)places->items[i].number,
					    .chain = places->items[i].chain,
					    .ref = &out->refs[i]};
	return 0;
}

void deletion_free(struct deletion *deletion)
{
	free(deletion->plan.ops);
	free(deletion->refs);
	*deletion = (struct deletion){0};
}

/* ---- changing ---- */

/* libiptc takes the name of a chain as char[32]. */
struct label {
	xt_chainlabel text;
};

static struct label label_of(const char *name)
{
	struct label label = {{0}};
	memcpy(label.text, name, strnlen(name, sizeof(label.text) - 1));
	return label;
}

static int insert_rule(const struct tables *t, const struct op *op)
{
	struct entry entry;
	encode_rule(t->family, op->rule, &entry);
	if (op->ref)
		*entry_head(t->family, entry.bytes).counters =
			(struct xt_counters){op->ref->counters.packets, op->ref->counters.bytes};
	return t->lib->insert(label_of(op->chain).text, entry.bytes, op->position, t->handle);
}

static int apply_op(struct tables *t, const struct op *op, void **deleted)
{
	struct label chain = label_of(op->chain);
	struct named_entry named;
	switch (op->kind) {
	case OP_NEW_CHAIN:
		return t->lib->create(chain.text, t->handle);
	case OP_DELETE_CHAIN:
		return t->lib->remove(chain.text, t->handle);
	case OP_INSERT:
		return insert_rule(t, op);
	case OP_DELETE:
		named = name_entry(t, op->ref->entry);
		*deleted = entry_copy(t->family, &named);
		/* analyzer: no leak, tables_close frees it */
		return *deleted && t->lib->delete_at(chain.text, op->position, t->handle);
	}
	return 0;
}

static int change_error(const struct tables *t, const char *what, struct err *err)
{
	int error = errno;
	return err_sys(err, error, "cannot %s the %s %s table", what, family_name(t->family),
		       table_name(t->table));
}

/* libiptc keeps the counters of rules. Those of policies it keeps only if they are set. */
static int keep_policies(const struct tables *t)
{
	for (const char *name = t->lib->first_chain(t->handle); name;
	     name = t->lib->next_chain(t->handle)) {
		struct xt_counters counters;
		const char *policy = t->lib->builtin(name, t->handle)
					     ? t->lib->policy(name, &counters, t->handle)
					     : NULL;
		if (policy && !t->lib->set_policy(label_of(name).text, label_of(policy).text,
						  &counters, t->handle))
			return -1;
	}
	return 0;
}

int tables_apply(struct tables *t, const struct plan *plan, struct err *err)
{
	t->deleted = calloc(plan->count + 1, sizeof(*t->deleted));
	if (!t->deleted)
		return err_memory(err);
	t->deleted_count = plan->count;
	for (size_t i = 0; i < plan->count; i++)
		if (!apply_op(t, &plan->ops[i], &t->deleted[i]))
			return change_error(t, "change", err);
	return keep_policies(t) < 0 ? change_error(t, "keep the policies of", err) : 0;
}

static int undo_op(struct tables *t, const struct op *op, const void *deleted)
{
	struct label chain = label_of(op->chain);
	unsigned int position = op->position;
	switch (op->kind) {
	case OP_NEW_CHAIN:
		return t->lib->remove(chain.text, t->handle);
	case OP_DELETE_CHAIN:
		return t->lib->create(chain.text, t->handle);
	case OP_INSERT:
		return t->lib->delete_at(chain.text, position, t->handle);
	case OP_DELETE:
		return t->lib->insert(chain.text, deleted, position, t->handle);
	}
	return 0;
}

int tables_undo(struct tables *t, const struct tables *done, const struct plan *plan,
		struct err *err)
{
	for (size_t i = plan->count; i-- > 0;)
		if (!undo_op(t, &plan->ops[i], done->deleted[i]))
			return change_error(t, "undo the changes of", err);
	return keep_policies(t) < 0 ? change_error(t, "keep the policies of", err) : 0;
}

int tables_commit(struct tables *t, struct err *err)
{
	errno = 0;
	if (t->lib->commit(t->handle))
		return 0;
	if (errno == ENOMEM)
		return err_sys(
			err, errno,
			"the kernel has no memory for the %s %s table, which stays as it was",
			family_name(t->family), table_name(t->table));
	bool changed = errno == EAGAIN;
	change_error(t, "commit", err);
	if (changed)
		err->kind = ERR_CHANGED;
	return -1;
}

struct entries {
	struct named_entry *items;
	size_t count;
};

/* All entries of a chain, because libiptc can walk only one chain at a time. */
static int list_entries(const struct tables *t, const char *chain, struct entries *out)
{
	void *items = NULL;
	*out = (struct entries){0};
	for (const void *e = t->lib->first_rule(chain, t->handle); e;
	     e = t->lib->next_rule(e, t->handle)) {
		struct named_entry *next = array_append(&items, &out->count, sizeof(*next));
		out->items = items;
		if (!next)
			return -1;
		*next = name_entry(t, e);
	}
	return 0;
}

static int add_chain_counters(struct tables *t, const struct tables *from, const char *chain)
{
	struct entries mine = {0}, theirs = {0};
	int result = -1;
	if (list_entries(t, chain, &mine) < 0 || list_entries(from, chain, &theirs) < 0)
		goto out;
	/* as many rules are the same rules; if not, somebody has added or deleted some */
	bool unchanged = mine.count == theirs.count;
	for (size_t i = 0, next = 0; i < mine.count; i++) {
		size_t f = next;
		while (!unchanged && f < theirs.count &&
		       !entry_same(t->family, &mine.items[i], &theirs.items[f]))
			f++;
		if (f == theirs.count)
			continue;
		next = f + 1;
		struct counters one = read_counters(t->family, mine.items[i].entry);
		struct counters more = read_counters(t->family, theirs.items[f].entry);
		struct xt_counters sum = {one.packets + more.packets, one.bytes + more.bytes};
		/* only here libiptc counts from 1 */
		if (!t->lib->set_counter(label_of(chain).text, (unsigned int)i + 1, &sum,
					 t->handle))
			goto out;
	}
	result = 0;
out:
	free(mine.items);
	free(theirs.items);
	return result;
}

static int add_policy_counters(struct tables *t, const struct tables *from, const char *name)
{
	struct xt_counters mine, more;
	const char *policy = t->lib->policy(name, &mine, t->handle);
	if (!policy || !from->lib->policy(name, &more, from->handle))
		return 0;
	mine.pcnt += more.pcnt;
	mine.bcnt += more.bcnt;
	return t->lib->set_policy(label_of(name).text, label_of(policy).text, &mine, t->handle)
		       ? 0
		       : -1;
}

int tables_add_counters(struct tables *t, struct tables *from, struct err *err)
{
	for (const char *name = t->lib->first_chain(t->handle); name;
	     name = t->lib->next_chain(t->handle)) {
		if (add_chain_counters(t, from, name) < 0 ||
		    (t->lib->builtin(name, t->handle) && add_policy_counters(t, from, name) < 0))
			return change_error(t, "set the counters of", err);
	}
	return 0;
}
