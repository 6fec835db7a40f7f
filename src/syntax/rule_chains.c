/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From base chains the walk follows every jump with the conditions that lead there. Texts can be
 * made so that there are endless ways, so all is counted.
 */
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "model/array.h"
#include "syntax/rule_chains.h"

#define DEPTH_MAX 32
#define VALUES_MAX 20000
#define STEPS_MAX 4000000 /* rules looked at, again for each way */
#define RETURNS_MAX 64

/* ---- conditions ---- */

/* The narrower of the two into *a; false: no packet is of both. */
static bool join_network(struct network *a, const struct network *b)
{
	enum overlap o = network_overlap(a, b);
	if (o == OVERLAP_AROUND)
		*a = *b;
	return o != OVERLAP_DISJOINT;
}

static bool join_ifname(char a[IFNAME_MAX], const char *b)
{
	enum overlap o = ifname_overlap(a, b);
	if (o == OVERLAP_AROUND)
		memcpy(a, b, IFNAME_MAX);
	return o != OVERLAP_DISJOINT;
}

static bool join_ports(struct ports *a, struct ports b)
{
	if (a->last == 0)
		*a = b;
	if (b.last == 0)
		return true;
	if (a->first < b.first)
		a->first = b.first;
	if (a->last > b.last)
		a->last = b.last;
	return a->first <= a->last;
}

/* What is asked on the way to the rule, and by itself. False: no packet does all of it. */
static bool join(const struct other_rule *before, const struct other_rule *own,
		 struct other_rule *out)
{
	*out = *own;
	out->family = own->family ? own->family : before->family;
	out->proto = own->proto ? own->proto : before->proto;
	if ((before->family && out->family != before->family) ||
	    (before->proto && out->proto != before->proto))
		return false;
	out->exact = own->exact && before->exact;
	out->beyond = own->beyond ? own->beyond : before->beyond;
	out->here = own->here || before->here;
	if (before->states && own->states) {
		out->states = before->states & own->states;
		if (!out->states) {
			out->states = own->states;
			out->exact = false;
		}
	} else {
		out->states |= before->states;
	}
	return join_network(&out->from, &before->from) && join_network(&out->dst, &before->dst) &&
	       join_ifname(out->in, before->in) && join_ifname(out->out, before->out) &&
	       join_ports(&out->ports, before->ports);
}

/* ---- chains ---- */

static int compare_names(const void *a, const void *b)
{
	const struct text_chain *x = a, *y = b;
	int d = x->family - y->family;
	if (d == 0)
		d = strcmp(x->table, y->table);
	return d ? d : strcmp(x->name, y->name);
}

static struct text_chain *find_chain(const struct text_chains *chains, enum family family,
				     const char *table, const char *name)
{
	struct text_chain key = {.family = family, .table = table, .name = name};
	struct text_chain *const *found = tfind(&key, &chains->by_name, compare_names);
	return found ? *found : NULL;
}

struct text_chain *chains_get(struct text_chains *chains, enum family family, const char *table,
			      const char *name)
{
	struct text_chain *chain = find_chain(chains, family, table, name);
	if (chain)
		return chain;
	void *items = chains->items;
	struct text_chain **slot = array_append(&items, &chains->count, sizeof(*slot));
	chains->items = items;
	if (!slot)
		return NULL;
	*slot = chain = calloc(1, sizeof(*chain));
	if (!chain) {
		chains->count--;
		return NULL;
	}
	*chain = (struct text_chain){
		.family = family, .table = table, .name = name, .number = chains->count};
	return tsearch(chain, &chains->by_name, compare_names) ? chain : NULL;
}

struct text_rule *chains_add_rule(struct text_chain *chain)
{
	void *rules = chain->rules;
	size_t number = chain->count;
	struct text_rule *rule = array_append(&rules, &chain->count, sizeof(*rule));
	chain->rules = rules;
	if (!rule)
		return NULL;
	rule->number = number;
	rule->ways = malloc(sizeof(*rule->ways));
	if (!rule->ways)
		return NULL;
	rule->count = 1;
	*rule->ways = rule_any();
	return rule;
}

const char *chains_text(struct text_chains *chains, const char *text, size_t length)
{
	char *copy = strndup(text, length);
	const char *kept = copy ? other_rules_text(&chains->out->rules, copy) : NULL;
	free(copy);
	return kept;
}

struct other_rule rule_any(void)
{
	return (struct other_rule){.exact = true, .comment = ""};
}

int rule_restrict(struct text_chains *chains, struct text_rule *rule,
		  const struct other_rule *alternatives, size_t count)
{
	size_t room = rule->count * count, kept = 0;
	if (count > RULE_WAYS_MAX || room > RULE_WAYS_MAX ||
	    chains->ways + room > CHAINS_WAYS_MAX) {
		rule_beyond(rule, "more alternatives than are read");
		return 0;
	}
	struct other_rule *ways = calloc(room + 1, sizeof(*ways));
	if (!ways)
		return -1;
	for (size_t i = 0; i < rule->count; i++)
		for (size_t n = 0; n < count; n++) {
			const struct other_rule *way = &rule->ways[i], *to = &alternatives[n];
			struct other_rule *out = &ways[kept];
			if (!join(way, to, out))
				continue;
			out->comment = way->comment;
			if (!address_is_set(&to->to))
				out->to = way->to;
			if (to->to_ports.last == 0)
				out->to_ports = way->to_ports;
			kept++;
		}
	free(rule->ways);
	rule->ways = ways;
	rule->count = kept;
	chains->ways += kept;
	return 0;
}

void rule_beyond(struct text_rule *rule, const char *text)
{
	for (size_t i = 0; i < rule->count; i++) {
		rule->ways[i].exact = false;
		if (!rule->ways[i].beyond)
			rule->ways[i].beyond = text;
	}
}

void chains_free(struct text_chains *chains)
{
	for (size_t c = 0; c < chains->count; c++) {
		for (size_t r = 0; r < chains->items[c]->count; r++)
			free(chains->items[c]->rules[r].ways);
		free(chains->items[c]->rules);
		tdelete(chains->items[c], &chains->by_name, compare_names);
		free(chains->items[c]);
	}
	free(chains->items);
	*chains = (struct text_chains){0};
}

/* ---- the walk ---- */

struct walk {
	struct text_chains *chains;
	const struct text_chain *base;
	size_t steps;
	struct err *err;
};

/* How many values come before the drop that is added next. */
static int note_drop(struct walk *walk)
{
	struct rule_text *text = walk->chains->out;
	void *items = text->drops_at;
	size_t count = text->drops.count;
	size_t *at = array_append(&items, &count, sizeof(*at));
	text->drops_at = items;
	if (!at)
		return err_memory(walk->err);
	*at = text->rules.count;
	return 0;
}

static int emit(struct walk *walk, const struct text_chain *chain, const struct text_rule *rule,
		const struct other_rule *way)
{
	struct other_rule value = *way;
	bool nat = walk->base->nat, drops = rule->verdict == VERDICT_DROP;
	struct other_rules *out = drops ? &walk->chains->out->drops : &walk->chains->out->rules;
	if (rule->verdict == VERDICT_ACCEPT || (rule->verdict == VERDICT_RETURN && nat))
		value.action = nat ? OTHER_KEEP : OTHER_ACCEPT;
	if (!value.exact && !value.beyond)
		value.beyond = "conditions of the way to it";
	value.hook = walk->base->hook;
	value.backend = walk->chains->backend;
	value.table_family = chain->family;
	value.table = chain->table;
	value.chain = chain->name;
	value.base = walk->base->name;
	value.owner = "";
	value.priority = walk->base->priority;
	value.handle = rule->number;
	if (drops && note_drop(walk) < 0)
		return -1;
	if (out->count == VALUES_MAX)
		return err_set(walk->err, ERR_INPUT,
			       "the text has more than %d translations and rules that accept",
			       VALUES_MAX);
	return other_rules_add(out, &value, walk->err);
}

static bool is_blank(const struct other_rule *way)
{
	return way->exact && !way->family && !way->proto && !way->states && !way->here &&
	       !*way->in && !*way->out && !network_is_set(&way->from) &&
	       !network_is_set(&way->dst) && way->ports.last == 0;
}

static int visit(struct walk *walk, const struct text_chain *chain, const struct other_rule *before,
		 unsigned int depth);

/* The rules of a chain that let packets return, as far as it was walked. */
struct returns {
	const struct text_rule *rules[RETURNS_MAX];
	size_t count; /* more than RETURNS_MAX: not all are noted */
};

static void note_return(struct returns *returns, const struct text_rule *rule)
{
	if (returns->count < RETURNS_MAX)
		returns->rules[returns->count] = rule;
	returns->count++;
}

/* Whether some of the packets may have returned. */
static bool may_have_returned(const struct returns *returns, const struct other_rule *way)
{
	struct other_rule ignored;
	if (returns->count > RETURNS_MAX)
		return true;
	for (size_t r = 0; r < returns->count; r++)
		for (size_t i = 0; i < returns->rules[r]->count; i++)
			if (join(&returns->rules[r]->ways[i], way, &ignored))
				return true;
	return false;
}

static int visit_way(struct walk *walk, const struct text_chain *chain,
		     const struct text_rule *rule, const struct other_rule *way, unsigned int depth)
{
	struct text_chain *target;
	switch (rule->verdict) {
	case VERDICT_JUMP:
	case VERDICT_GOTO:
		target = find_chain(walk->chains, chain->family, chain->table, rule->chain);
		return target ? visit(walk, target, way, depth + 1) : 0;
	case VERDICT_RETURN:
		return chain->base && walk->base->nat ? emit(walk, chain, rule, way) : 0;
	case VERDICT_ACCEPT:
		return emit(walk, chain, rule, way);
	case VERDICT_DROP:
		return walk->base->nat ? 0 : emit(walk, chain, rule, way);
	case VERDICT_TRANSLATE:
		return emit(walk, chain, rule, way);
	case VERDICT_NONE:
		break;
	}
	return 0;
}

/* Whether no packet comes behind the rule. In nat, the rules behind it are told all the same. */
static bool ends(const struct walk *walk, const struct text_rule *rule)
{
	return !walk->base->nat && rule->verdict != VERDICT_NONE && rule->verdict != VERDICT_JUMP &&
	       rule->count == 1 && is_blank(rule->ways);
}

static int visit(struct walk *walk, const struct text_chain *chain, const struct other_rule *before,
		 unsigned int depth)
{
	struct returns returns;
	returns.count = 0;
	if (depth > DEPTH_MAX)
		return err_set(walk->err, ERR_INPUT, "chain %s is reached by more than %d jumps",
			       quote(chain->name).text, DEPTH_MAX);
	for (size_t r = 0; r < chain->count; r++) {
		const struct text_rule *rule = &chain->rules[r];
		for (size_t i = 0; i < rule->count; i++) {
			struct other_rule way;
			if (walk->steps++ == STEPS_MAX)
				return err_set(walk->err, ERR_INPUT,
					       "the chains of the text are reached in too many "
					       "ways");
			if (!join(before, &rule->ways[i], &way))
				continue;
			if (!chain->base && may_have_returned(&returns, &way))
				way.exact = false;
			if (visit_way(walk, chain, rule, &way, depth) < 0)
				return -1;
		}
		if (rule->verdict == VERDICT_RETURN)
			note_return(&returns, rule);
		if (ends(walk, rule))
			break;
	}
	return 0;
}

/* ---- base chains ---- */

static int compare_bases(const void *a, const void *b)
{
	const struct text_chain *const *x = a, *const *y = b;
	int d = (int)(*x)->hook - (int)(*y)->hook;
	if (d == 0)
		d = ((*x)->priority > (*y)->priority) - ((*x)->priority < (*y)->priority);
	return d ? d : ((*x)->number > (*y)->number) - ((*x)->number < (*y)->number);
}

static int walk_base(struct walk *walk, const struct text_chain *base)
{
	static const struct text_rule policy = {.verdict = VERDICT_DROP};
	struct other_rule any = {.family = base->family, .exact = true, .comment = ""};
	walk->base = base;
	if (visit(walk, base, &any, 0) < 0)
		return -1;
	return base->drops && !base->nat ? emit(walk, base, &policy, &any) : 0;
}

int chains_walk(struct text_chains *chains, struct err *err)
{
	struct walk walk = {.chains = chains, .err = err};
	const struct text_chain **bases = calloc(chains->count + 1, sizeof(struct text_chain *));
	size_t count = 0;
	int result = 0;
	if (!bases)
		return err_memory(err);
	for (size_t i = 0; i < chains->count; i++)
		if (chains->items[i]->base && !chains->items[i]->other)
			bases[count++] = chains->items[i];
	qsort(bases, count, sizeof(struct text_chain *), compare_bases);
	for (size_t i = 0; result == 0 && i < count; i++)
		result = walk_base(&walk, bases[i]);
	free(bases);
	return result;
}

/* ---- the text ---- */

int rule_text_parse(const char *text, size_t length, const struct spec_host *host,
		    struct rule_text *out, struct err *err)
{
	static int (*const readers[])(const char *, size_t, const struct spec_host *,
				      struct text_chains *,
				      struct err *) = {iptables_text_read, nft_text_read};
	int result = 0;
	*out = (struct rule_text){0};
	for (size_t i = 0; i < 2 && result == 0; i++) {
		struct text_chains chains = {.out = out};
		result = readers[i](text, length, host, &chains, err);
		if (result > 0 && chains_walk(&chains, err) < 0)
			result = -1;
		chains_free(&chains);
	}
	if (result == 0)
		result = err_set(err, ERR_INPUT,
				 "the text is neither what iptables-save nor what `nft list "
				 "ruleset` prints");
	if (result < 0)
		rule_text_free(out);
	return result < 0 ? -1 : 0;
}

void rule_text_free(struct rule_text *text)
{
	other_rules_free(&text->rules);
	other_rules_free(&text->drops);
	free(text->drops_at);
	*text = (struct rule_text){0};
}
