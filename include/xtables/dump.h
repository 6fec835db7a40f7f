/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A plan as lines that iptables-restore(8) takes, and words about chains of pfwd that somebody else
 * uses too. It prints nothing itself.
 */
#ifndef PFWD_XTABLES_DUMP_H
#define PFWD_XTABLES_DUMP_H

#include "model/lines.h"
#include "xtables/plan.h"

/* Each: 0, or -1 (out of memory). */
int dump_plan(const struct state *have, const struct plan *plan, struct lines *out,
	      struct err *err);
/* A line for each chain that stays although no forward needs it. */
int dump_kept(const struct state *have, const struct plan *plan, struct lines *out,
	      struct err *err);
/* A line for each chain from which the plan takes rules that no forward needed. */
int dump_tidied(const struct state *have, const struct plan *plan, struct lines *out,
		struct err *err);
/* A line for each chain of pfwd that holds rules of others. */
int dump_foreign(const struct state *have, struct lines *out, struct err *err);

#endif
