/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules that forwards replace, as texts that the tools of their packet filter load. It writes
 * no file.
 */
#ifndef PFWD_ADOPT_UNDO_H
#define PFWD_ADOPT_UNDO_H

#include "adopt/adopt.h"
#include "model/lines.h"

enum undo_tool {
	UNDO_IPTABLES_LEGACY,
	UNDO_IP6TABLES_LEGACY,
	UNDO_IPTABLES_NFT,
	UNDO_IP6TABLES_NFT,
	UNDO_NFT,
	UNDO_TOOLS,
};
/* The command that loads the text, without the file. */
extern const char *const undo_commands[UNDO_TOOLS];
/* Its first word, to tell files apart. */
extern const char *const undo_names[UNDO_TOOLS];

struct undo { /* a zeroed one is empty */
	struct lines of[UNDO_TOOLS];
};

/* Each rule where it was, if no forward of pfwd is there. A rule that has several values becomes as
 * many rules. 0, or -1 (out of memory) and *out is empty. */
int undo_make(const struct other_rules *rules, const struct adopt *adopt, struct undo *out,
	      struct err *err);
void undo_free(struct undo *undo);

#endif
