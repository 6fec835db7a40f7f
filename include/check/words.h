/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Words of findings: what is wrong, and what helps. They are printed elsewhere.
 */
#ifndef PFWD_CHECK_WORDS_H
#define PFWD_CHECK_WORDS_H

#include "model/rule_place.h"

#define FINDING_TEXT_MAX 384
#define FINDING_REMEDY_MAX 384

struct finding_words {
	char text[FINDING_TEXT_MAX];
	char remedy[FINDING_REMEDY_MAX]; /* a command; "": none */
	char keep[FINDING_REMEDY_MAX];   /* how it outlives a reboot; "": it does, or needs not */
};

/* Set the text. True, so that a finding can end with it. */
bool words_say(struct finding_words *out, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Structs, so that they can stand in an argument list. */
struct address_text {
	char text[ADDRESS_TEXT_MAX];
};
struct address_text words_of_address(const struct address *addr);

struct place_text {
	char text[RULE_PLACE_TEXT_MAX];
};
struct place_text words_of_place(const struct rule_place *place);

#endif
