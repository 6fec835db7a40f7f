/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any text as rules: refused with a message, or values of which a plan is made; every forward of it
 * is right, and each rule that goes or stays can be written again.
 */
#include <stdlib.h>
#include <string.h>

#include "adopt/undo.h"
#include "adopt/words.h"
#include "others/rule_text.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void plan(const struct rule_text *text)
{
	const struct adopt_host host = {.drops = &text->drops.rules,
					.drops_at = text->drops.before};
	struct adopt adopt;
	struct undo undo;
	struct err err;
	char words[WORDS_MAX];
	if (adopt_plan(&text->rules, &host, &adopt, &err) < 0)
		abort();
	for (size_t i = 0; i < adopt.forwards.count; i++)
		if (forward_check(&adopt.forwards.items[i], &err) < 0)
			abort();
	for (size_t i = 0; i < text->rules.count; i++) {
		const struct adopt_rule *r = &adopt.rules[adopt.rule_of[i]];
		if (r->fate == ADOPT_STAYS && !r->why)
			abort();
		words_whole(&text->rules.items[i], NULL, words);
	}
	if (undo_make(&text->rules, &adopt, &undo, &err) == 0)
		undo_free(&undo);
	adopt_free(&adopt);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	const struct spec_host host = {.service = NULL};
	struct rule_text text;
	struct err err = {.kind = ERR_NONE};
	if (rule_text_parse((struct text){(const char *)data, size}, &host, &text, &err) == 0) {
		plan(&text);
		rule_text_free(&text);
	} else if (err.kind != ERR_INPUT || !*err.text) {
		abort();
	}
	return 0;
}
