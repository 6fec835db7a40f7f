/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The legacy xtables as a backend, through libiptc. model/backend.h explains its functions. It
 * knows no other backend.
 */
#ifndef PFWD_XTABLES_BACKEND_H
#define PFWD_XTABLES_BACKEND_H

#include "model/backend.h"

extern const struct backend xtables_backend;

#endif
