/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each finding is looked for in each case; its words tell whether it is one that was found before.
 */
#include <stdlib.h>
#include <string.h>

#include "check/results.h"
#include "model/array.h"
#include "model/hash.h"

struct finder {
	struct results *results;
	uint32_t *slots; /* number + 1 of a result, by the hash of its words; 0: free */
	size_t mask;
	size_t forward; /* the index of the case that is looked at */
};

static uint32_t *find_slot(const struct finder *finder, const struct finding *finding,
			   const char *text, const char *remedy)
{
	uint64_t hash = hash_text(hash_text(hash_text(0, finding->word), text), remedy);
	size_t at = (size_t)hash & finder->mask;
	for (; finder->slots[at]; at = (at + 1) & finder->mask) {
		const struct result *r = &finder->results->items[finder->slots[at] - 1];
		if (r->finding == finding && strcmp(r->text, text) == 0 &&
		    strcmp(r->remedy, remedy) == 0)
			break;
	}
	return &finder->slots[at];
}

/* At most half of the slots are taken. */
static int make_room(struct finder *finder, struct err *err)
{
	struct finder more = *finder;
	if (finder->slots && finder->results->count * 2 < finder->mask)
		return 0;
	more.mask = finder->slots ? finder->mask * 2 + 1 : 63;
	more.slots = calloc(more.mask + 1, sizeof(*more.slots));
	if (!more.slots)
		return err_memory(err);
	for (size_t i = 0; i < finder->results->count; i++) {
		const struct result *r = &finder->results->items[i];
		*find_slot(&more, r->finding, r->text, r->remedy) = (uint32_t)i + 1;
	}
	free(finder->slots);
	*finder = more;
	return 0;
}

/* The texts of a result are one piece of memory. */
static int add_result(struct results *results, const struct finding *finding,
		      const struct finding_words *words, size_t forward)
{
	size_t text = strlen(words->text) + 1, remedy = strlen(words->remedy) + 1;
	size_t keep = strlen(words->keep) + 1;
	void *items = results->items;
	char *all = malloc(text + remedy + keep);
	if (!all)
		return -1;
	struct result *r = array_append(&items, &results->count, sizeof(*r));
	results->items = items;
	if (!r) {
		free(all);
		return -1;
	}
	r->finding = finding;
	r->text = all;
	r->remedy = all + text;
	r->keep = all + text + remedy;
	r->first = forward;
	memcpy(all, words->text, text);
	memcpy(all + text, words->remedy, remedy);
	memcpy(all + text + remedy, words->keep, keep);
	return 0;
}

static int add_row(struct finder *finder, const struct finding *finding,
		   const struct finding_words *words, struct err *err)
{
	struct results *results = finder->results;
	if (make_room(finder, err) < 0)
		return -1;
	uint32_t *slot = find_slot(finder, finding, words->text, words->remedy);
	if (!*slot) {
		if (add_result(results, finding, words, finder->forward) < 0)
			return err_memory(err);
		*slot = (uint32_t)results->count;
	}
	void *rows = results->rows;
	struct result_row *row = array_append(&rows, &results->row_count, sizeof(*row));
	results->rows = rows;
	if (!row)
		return err_memory(err);
	*row = (struct result_row){(uint32_t)finder->forward, *slot - 1};
	results->items[row->result].count++;
	return 0;
}

int results_find(const struct facts *facts, const struct cases *cases, struct results *out,
		 struct err *err)
{
	struct results results = {0};
	struct finder finder = {.results = &results};
	int result = 0;
	*out = (struct results){0};
	for (size_t i = 0; result == 0 && i < cases->count; i++) {
		const struct case_facts *c = &cases->items[i];
		bool over = false;
		if (!c->f)
			continue;
		finder.forward = i;
		for (const struct finding *f = findings; result == 0 && !over && f->word; f++) {
			struct finding_words words;
			words.text[0] = words.remedy[0] = words.keep[0] = '\0';
			if ((facts->certain && !f->certain) || !f->look(facts, c, &words))
				continue;
			result = add_row(&finder, f, &words, err);
			over = f->final;
		}
	}
	free(finder.slots);
	if (result < 0)
		results_free(&results);
	*out = results;
	return result;
}

void results_free(struct results *results)
{
	for (size_t i = 0; i < results->count; i++) {
		union {
			const char *in;
			char *out;
		} text = {.in = results->items[i].text};
		free(text.out);
	}
	free(results->items);
	free(results->rows);
	*results = (struct results){0};
}
