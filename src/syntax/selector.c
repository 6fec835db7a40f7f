/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words to selectors, and selectors against forwards. */
#include <stdlib.h>
#include <string.h>

#include "syntax/from.h"
#include "model/hash.h"
#include "syntax/selector.h"

struct parser {
	const struct selection *selection;
	const struct spec_host *host;
	struct selectors *set;
};

static int parse_word(const struct parser *parser, const char *word, struct selector *out,
		      struct err *err)
{
	char name[NAME_MAX_LENGTH + 1];
	enum family family = parser->selection->family;
	struct selector s = {.text = word, .family = family, .any_from = true};
	s.by_name = !spec_is_spec(word);
	if (s.by_name) {
		if (spec_parse_name(word, name, err) < 0)
			return -1;
		*out = s;
		return 0;
	}
	if (spec_parse(word, parser->host, &s.spec, err) < 0)
		return -1;
	if (s.spec.family && family && s.spec.family != family)
		return err_set(err, ERR_INPUT, "-%d was asked for, but '%s' is %s", (int)family,
			       quote(word).text, family_name(s.spec.family));
	if (s.spec.family)
		s.family = s.spec.family;
	*out = s;
	return 0;
}

static int add(struct selectors *set, const struct selector *s, struct err *err)
{
	struct selector *items = reallocarray(set->items, set->count + 1, sizeof(*items));
	if (!items)
		return err_memory(err);
	set->items = items;
	set->items[set->count++] = *s;
	return 0;
}

/* One for each network of --from. */
static int add_networks(const struct parser *parser, struct selector s, struct err *err)
{
	char *list = from_networks(parser->selection->from, parser->host, err), *rest = list, *word;
	int result = list ? 0 : -1;
	s.any_from = false;
	while (result == 0 && (word = strsep(&rest, ","))) {
		enum family family = spec_parse_network(word, "--from", &s.from, err);
		struct selector one = s;
		one.family = family;
		if (!family)
			result = -1;
		else if (s.family && s.family != family)
			result = err_set(err, ERR_INPUT, "--from '%s' is %s, and '%s' is %s",
					 quote(word).text, family_name(family), quote(s.text).text,
					 family_name(s.family));
		else
			result = add(parser->set, &one, err);
	}
	free(list);
	return result;
}

int selection_add(struct selection *s, const char *word, struct err *err)
{
	const char **words = reallocarray(s->words, s->count + 1, sizeof(*words));
	if (!words)
		return err_memory(err);
	s->words = words;
	s->words[s->count++] = word;
	return 0;
}

void selection_free(struct selection *s)
{
	free(s->words);
	*s = (struct selection){0};
}

int selectors_parse(const struct selection *selection, const struct spec_host *host,
		    struct selectors *out, struct err *err)
{
	struct selectors set = {0};
	const struct parser parser = {selection, host, &set};
	int result = 0;
	for (size_t i = 0; result == 0 && i < selection->count; i++) {
		struct selector s;
		result = parse_word(&parser, selection->words[i], &s, err);
		if (result == 0 && selection->from)
			result = add_networks(&parser, s, err);
		else if (result == 0)
			result = add(&set, &s, err);
	}
	if (result < 0)
		selectors_free(&set);
	*out = set;
	return result;
}

void selectors_free(struct selectors *set)
{
	free(set->items);
	*set = (struct selectors){0};
}

static bool add_around(const struct selector *s, enum family family, struct forwards *out)
{
	struct err ignored;
	for (size_t p = 0; p < SPEC_PROTOS_MAX && s->spec.protos[p]; p++) {
		struct forward f = {.family = family,
				    .proto = s->spec.protos[p],
				    .addr = s->spec.addr,
				    .ports = s->spec.ports,
				    .target_ports = s->spec.ports};
		memcpy(f.ifname, s->spec.ifname, sizeof(f.ifname));
		if (forwards_add(out, &f, &ignored) < 0)
			return false;
		memcpy(f.ifname, s->spec.written, sizeof(f.ifname));
		if (*f.ifname && forwards_add(out, &f, &ignored) < 0)
			return false;
	}
	return true;
}

bool selectors_around(const struct selectors *set, struct forwards *out)
{
	size_t before = out->count;
	bool known = set->count > 0;
	for (size_t i = 0; known && i < set->count; i++) {
		const struct selector *s = &set->items[i];
		known = !s->by_name &&
			(s->family == FAMILY_IPV6 || add_around(s, FAMILY_IPV4, out)) &&
			(s->family == FAMILY_IPV4 || add_around(s, FAMILY_IPV6, out));
	}
	if (!known)
		out->count = before;
	return known;
}

bool selector_matches(const struct selector *s, const struct forward *f)
{
	if (s->family && s->family != f->family)
		return false;
	if (!s->any_from && memcmp(&s->from, &f->from, sizeof(s->from)) != 0)
		return false;
	if (s->by_name)
		return strcmp(s->text, f->name) == 0;
	return strcmp(s->spec.ifname, f->ifname) == 0 && address_equal(&s->spec.addr, &f->addr) &&
	       s->spec.ports.first == f->ports.first && s->spec.ports.last == f->ports.last &&
	       (s->spec.protos[0] == f->proto || s->spec.protos[1] == f->proto);
}

struct selector selector_meant(const struct selector *s, const struct forwards *set)
{
	struct selector written = *s;
	memcpy(written.spec.ifname, s->spec.written, sizeof(written.spec.ifname));
	for (size_t i = 0; *s->spec.written && set->items && i < set->count; i++)
		if (selector_matches(&written, &set->items[i]))
			return written;
	return *s;
}

static int not_found(const struct selector *s, struct err *err)
{
	char from[NETWORK_TEXT_MAX] = "";
	bool named = !s->any_from && network_is_set(&s->from);
	if (named)
		network_format(&s->from, from);
	return err_set(err, ERR_NOT_FOUND,
		       "there is no %s%sforward '%s'%s%s; `pfwd list` shows all forwards",
		       s->family ? family_name(s->family) : "", s->family ? " " : "",
		       quote(s->text).text,
		       s->any_from ? ""
		       : named     ? " --from "
				   : " without --from",
		       from);
}

/* ---- many selectors against many forwards ---- */

static uint64_t hash_name(const char *name, const struct network *from)
{
	return hash_text(from ? hash_bytes(1, from, sizeof(*from)) : 1, name);
}

static uint64_t hash_spec(const char *ifname, const struct address *addr, struct ports ports,
			  const struct network *from)
{
	uint64_t hash = from ? hash_bytes(2, from, sizeof(*from)) : 2;
	hash = hash_word(hash, (uint64_t)ports.first << 16 | ports.last);
	return hash_text(hash_bytes(hash, addr->bytes, sizeof(addr->bytes)), ifname);
}

/* The selectors by what a forward they match has: its name, or its SPEC, and its --from if that was
 * given. */
static int index_selectors(const struct selectors *selectors, struct hash_table *out,
			   struct err *err)
{
	if (hash_table_init(out, selectors->count, err) < 0)
		return -1;
	for (size_t i = 0; i < selectors->count; i++) {
		const struct selector *s = &selectors->items[i];
		const struct network *from = s->any_from ? NULL : &s->from;
		hash_table_add(
			out,
			s->by_name ? hash_name(s->text, from)
				   : hash_spec(s->spec.ifname, &s->spec.addr, s->spec.ports, from),
			s);
	}
	return 0;
}

struct finder {
	const struct selectors *selectors;
	struct hash_table index; /* of them */
	bool *found;             /* for each of them: it matches some forward */
};

/* Whether any of the selectors that have that hash matches f. Note which. */
static bool find_selectors(const struct finder *finder, uint64_t hash, const struct forward *f)
{
	const struct selector *s;
	bool any = false;
	for (size_t at = 0; (s = hash_table_next(&finder->index, hash, &at));)
		if (selector_matches(s, f))
			any = finder->found[s - finder->selectors->items] = true;
	return any;
}

int selectors_apply(const struct selectors *selectors, const struct forwards *set, bool *selected,
		    struct err *err)
{
	struct selectors meant = {NULL, selectors->count};
	struct finder finder = {.selectors = &meant};
	/* without selectors, all */
	memset(selected, selectors->count == 0, set->count);
	if (selectors->count == 0)
		return 0;
	finder.found = calloc(meant.count, sizeof(*finder.found));
	meant.items = calloc(meant.count, sizeof(*meant.items));
	for (size_t i = 0; meant.items && i < meant.count; i++)
		meant.items[i] = selector_meant(&selectors->items[i], set);
	int result = finder.found && meant.items ? index_selectors(&meant, &finder.index, err)
						 : err_memory(err);
	for (size_t i = 0; result == 0 && set->items && i < set->count; i++) {
		const struct forward *f = &set->items[i];
		/* --from was given for all of them, or for none */
		const struct network *from = selectors->items[0].any_from ? NULL : &f->from;
		bool named = find_selectors(&finder, hash_name(f->name, from), f);
		uint64_t spec = hash_spec(f->ifname, &f->addr, f->ports, from);
		selected[i] = find_selectors(&finder, spec, f) || named;
	}
	for (size_t s = 0; result == 0 && s < selectors->count; s++)
		if (!finder.found[s])
			result = not_found(&selectors->items[s], err);
	hash_table_free(&finder.index);
	free(finder.found);
	free(meant.items);
	return result;
}
