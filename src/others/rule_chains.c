/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts can be made so that few lines mean very much, so all is counted. */
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "model/array.h"
#include "others/narrow.h"
#include "others/rule_chains.h"

#define VALUES_MAX 20000

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
			*out = *way;
			if (!narrow_by(out, to))
				continue;
			if (address_is_set(&to->to))
				out->to = to->to;
			if (to->to_ports.last)
				out->to_ports = to->to_ports;
			kept++;
		}
	free(rule->ways);
	rule->ways = ways;
	rule->count = kept;
	chains->ways += kept;
	return 0;
}

bool rule_read_to(char *text, struct other_rule *out, char **ports_out)
{
	char *ports = NULL;
	if (*text == '[') {
		char *close = strchr(text, ']');
		if (!close)
			return false;
		ports = close[1] == ':' ? close + 2 : NULL;
		*close = '\0';
		text++;
	} else if (*text == ':' || strchr(text, '.')) {
		ports = strchr(text, ':');
		if (ports)
			*ports++ = '\0';
	}
	char *last = strchr(text, '-');
	if (last)
		*last++ = '\0';
	*ports_out = ports;
	return (!*text || address_parse(text, &out->to) == 0) &&
	       (!last || address_parse(last, &out->to_last) == 0);
}

void rule_beyond(struct text_rule *rule, const char *text)
{
	for (size_t i = 0; i < rule->count; i++) {
		rule->ways[i].exact = false;
		narrow_untold(&rule->ways[i], 1);
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

static int add_chain(const struct text_chain *from, struct other_chains *out)
{
	struct other_chain *chain = other_chains_add(out);
	if (!chain)
		return -1;
	chain->name = from->name;
	chain->table = from->table;
	chain->table_family = from->family;
	chain->base = from->base && !from->other;
	chain->hook = from->hook;
	chain->priority = from->priority;
	chain->nat = from->nat;
	chain->drops = from->drops;
	chain->order = UINT64_MAX - from->number; /* the text is in the order of the packets */
	return 0;
}

/* RETURN in a base chain of nat leads to the policy, which keeps the packet as it is. */
static enum chain_verdict verdict_of(const struct text_chain *chain, const struct text_rule *rule)
{
	static const enum chain_verdict verdicts[] = {
		[VERDICT_NONE] = CHAIN_PASS,     [VERDICT_TRANSLATE] = CHAIN_ACT,
		[VERDICT_ACCEPT] = CHAIN_ACT,    [VERDICT_DROP] = CHAIN_DROP,
		[VERDICT_RETURN] = CHAIN_RETURN, [VERDICT_JUMP] = CHAIN_JUMP,
		[VERDICT_GOTO] = CHAIN_GOTO,
	};
	if (rule->verdict == VERDICT_RETURN && chain->base && chain->nat)
		return CHAIN_ACT;
	return verdicts[rule->verdict];
}

static int add_rule(const struct text_chain *from, const struct text_rule *rule,
		    const struct other_chains *all, struct other_chain *out)
{
	struct chain_rule one = {.verdict = verdict_of(from, rule), .to = CHAINS_NONE};
	if (rule->chain)
		one.to = other_chains_find(all, from->family, from->table, rule->chain);
	if (one.verdict == CHAIN_PASS)
		return 0;
	for (size_t i = 0; i < rule->count; i++) {
		one.rule = rule->ways[i];
		one.rule.handle = one.rule.number = rule->number;
		if (rule->verdict != VERDICT_TRANSLATE)
			one.rule.action = OTHER_ACCEPT;
		if (narrow_family(&one.rule, from->family) && other_chains_add_rule(out, &one) < 0)
			return -1;
	}
	return 0;
}

int chains_walk(struct text_chains *chains, struct err *err)
{
	struct other_chains all = {
		.backend = chains->backend, .drops = &chains->out->drops, .most = VALUES_MAX};
	int result = 0;
	for (size_t i = 0; i < chains->count && result == 0; i++)
		result = add_chain(chains->items[i], &all);
	if (result == 0)
		result = other_chains_index(&all, err);
	for (size_t i = 0; i < chains->count && result == 0; i++)
		for (size_t r = 0; r < chains->items[i]->count && result == 0; r++)
			result = add_rule(chains->items[i], &chains->items[i]->rules[r], &all,
					  &all.items[i]);
	result = result < 0 ? err_memory(err) : other_chains_walk(&all, &chains->out->rules, err);
	other_chains_free(&all);
	return result;
}

/* ---- the text ---- */

int rule_text_parse(struct text text, const struct spec_host *host, struct rule_text *out,
		    struct err *err)
{
	static int (*const readers[])(struct text, const struct spec_host *, struct text_chains *,
				      struct err *) = {iptables_text_read, nft_text_read};
	int result = 0;
	*out = (struct rule_text){0};
	for (size_t i = 0; i < 2 && result == 0; i++) {
		struct text_chains chains = {.out = out};
		result = readers[i](text, host, &chains, err);
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
	chain_drops_free(&text->drops);
	*text = (struct rule_text){0};
}
