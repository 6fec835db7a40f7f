/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The legacy xtables as a backend, through libiptc. What its functions do is said in
 * model/backend.h.
 */
#ifndef PFWD_XTABLES_BACKEND_H
#define PFWD_XTABLES_BACKEND_H

#include "model/backend.h"

extern const struct backend xtables_backend;

#endif
