/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/limits.h"

void limits_add(struct limits *to, const struct limits *more)
{
	if (!to->some.chain)
		to->some = more->some;
	if (!to->passed.chain) {
		to->passed = more->passed;
		to->stop = more->stop;
	}
	if (!to->doubted.chain)
		to->doubted = more->doubted;
}
