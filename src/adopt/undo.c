/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules go back in the order of their places, so that each place is right when its rule comes. */
#include <stdlib.h>
#include <string.h>

#include "adopt/undo.h"
#include "adopt/words.h"

const char *const undo_commands[UNDO_TOOLS] = {
	"iptables-legacy-restore --noflush",
	"ip6tables-legacy-restore --noflush",
	"iptables-nft-restore --noflush",
	"ip6tables-nft-restore --noflush",
	"nft -f",
};

const char *const undo_names[UNDO_TOOLS] = {
	"iptables-legacy", "ip6tables-legacy", "iptables-nft", "ip6tables-nft", "nft",
};

struct taken { /* a value, or several that differ in their ports alone */
	const struct other_rule *v;
	struct words_ports ports;
	enum undo_tool tool;
	size_t index;
};

static bool has_iptables_names(const struct other_rule *v)
{
	static const char *const bases[] = {"PREROUTING", "INPUT", "FORWARD", "OUTPUT",
					    "POSTROUTING"};
	bool base = false;
	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++)
		base = base || strcmp(v->base, bases[i]) == 0;
	return base && v->table_family &&
	       (strcmp(v->table, "nat") == 0 || strcmp(v->table, "filter") == 0);
}

/* Whether iptables-nft says what the value does by an extension, and nft would not. */
static bool needs_extension(const struct other_rule *v)
{
	return v->states || v->here || (v->action != OTHER_ACCEPT && v->action != OTHER_KEEP);
}

/* Whether iptables-nft made the rule. One of plain conditions looks as nft would make it: then all
 * of its table count. */
static bool is_of_iptables_nft(const struct other_rules *rules, const struct other_rule *v)
{
	if (v->xt || !has_iptables_names(v))
		return v->xt;
	for (size_t i = 0; i < rules->count; i++) {
		const struct other_rule *o = &rules->items[i];
		if (!words_are_legacy(o) && o->table_family == v->table_family &&
		    strcmp(o->table, v->table) == 0 && !o->xt && needs_extension(o))
			return false;
	}
	return true;
}

static enum undo_tool tool_of(const struct other_rules *rules, const struct other_rule *v)
{
	bool six = v->table_family == FAMILY_IPV6;
	if (words_are_legacy(v))
		return six ? UNDO_IP6TABLES_LEGACY : UNDO_IPTABLES_LEGACY;
	if (is_of_iptables_nft(rules, v))
		return six ? UNDO_IP6TABLES_NFT : UNDO_IPTABLES_NFT;
	return UNDO_NFT;
}

static int compare_chains(const struct taken *a, const struct taken *b)
{
	int d = (int)a->tool - (int)b->tool;
	if (d == 0)
		d = a->v->table_family - b->v->table_family;
	if (d == 0)
		d = strcmp(a->v->table, b->v->table);
	return d ? d : strcmp(a->v->chain, b->v->chain);
}

static int compare_taken(const void *a, const void *b)
{
	const struct taken *x = a, *y = b;
	int d = compare_chains(x, y);
	if (d == 0)
		d = (x->v->number > y->v->number) - (x->v->number < y->v->number);
	return d ? d : (x->index > y->index) - (x->index < y->index);
}

/* Put values of one rule together where the rule can be written as one again. */
static size_t join_taken(struct taken *list, size_t count)
{
	size_t kept = 0;
	for (size_t i = 0; i < count; i++) {
		struct taken *last = kept ? &list[kept - 1] : NULL;
		if (last && compare_chains(last, &list[i]) == 0 &&
		    last->v->number == list[i].v->number &&
		    words_add_ports(&last->ports, last->v, list[i].v))
			continue;
		list[kept] = list[i];
		words_add_ports(&list[kept].ports, list[kept].v, list[kept].v);
		kept++;
	}
	return kept;
}

/* NULL: out of memory. */
static struct taken *list_taken(const struct other_rules *rules, const struct adopt *adopt,
				size_t *count)
{
	struct taken *list = calloc(rules->count + 1, sizeof(*list));
	*count = 0;
	for (size_t i = 0; list && i < rules->count; i++)
		if (adopt->rules[adopt->rule_of[i]].fate == ADOPT_TAKEN)
			list[(*count)++] = (struct taken){.v = &rules->items[i],
							  .tool = tool_of(rules, &rules->items[i]),
							  .index = i};
	if (list) {
		qsort(list, *count, sizeof(*list), compare_taken);
		*count = join_taken(list, *count);
	}
	return list;
}

static int put_rule(const struct taken *t, size_t place, struct lines *out, struct err *err)
{
	static const char *const families[] = {
		[FAMILY_NONE] = "inet", [FAMILY_IPV4] = "ip", [FAMILY_IPV6] = "ip6"};
	const struct other_rule *v = t->v;
	const char *family = families[v->table_family];
	char words[WORDS_MAX];
	words_rule(v, t->tool != UNDO_NFT, &t->ports, words);
	if (t->tool != UNDO_NFT)
		return lines_add(out, err, "-I %s %zu %s", v->chain, place + 1, words);
	if (place == 0)
		return lines_add(out, err, "insert rule %s %s %s %s", family, v->table, v->chain,
				 words);
	return lines_add(out, err, "add rule %s %s %s index %zu %s", family, v->table, v->chain,
			 place - 1, words);
}

static bool same_table(const struct taken *a, const struct taken *b)
{
	return a->tool == b->tool && strcmp(a->v->table, b->v->table) == 0;
}

static int put_all(const struct taken *list, size_t count, struct undo *out, struct err *err)
{
	size_t more = 0; /* rules of the chain beside those there were */
	for (size_t i = 0; i < count; i++) {
		const struct taken *t = &list[i], *before = i ? &list[i - 1] : NULL;
		struct lines *lines = &out->of[t->tool];
		bool restore = t->tool != UNDO_NFT;
		if (!before || compare_chains(before, t) != 0)
			more = 0;
		else if (before->v->number == t->v->number)
			more++;
		if (lines->count == 0 && lines_add(lines, err, "# %s", undo_commands[t->tool]) < 0)
			return -1;
		if (restore && (!before || !same_table(before, t)) &&
		    lines_add(lines, err, "*%s", t->v->table) < 0)
			return -1;
		if (put_rule(t, t->v->number + more, lines, err) < 0)
			return -1;
		if (restore && (i + 1 == count || !same_table(t, &list[i + 1])) &&
		    lines_add(lines, err, "COMMIT") < 0)
			return -1;
	}
	return 0;
}

int undo_make(const struct other_rules *rules, const struct adopt *adopt, struct undo *out,
	      struct err *err)
{
	size_t count;
	struct taken *list = list_taken(rules, adopt, &count);
	*out = (struct undo){0};
	int result = list ? put_all(list, count, out, err) : err_memory(err);
	free(list);
	if (result < 0)
		undo_free(out);
	return result;
}

void undo_free(struct undo *undo)
{
	for (size_t i = 0; i < UNDO_TOOLS; i++)
		lines_free(&undo->of[i]);
}
