/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a rule of others asks of packets, put together condition by condition. It knows no program
 * and no kernel's form of a rule.
 */
#ifndef PFWD_OTHERS_NARROW_H
#define PFWD_OTHERS_NARROW_H

#include "model/other_rule.h"

/* Each narrows the rule to the packets that meet the condition too. False: there are none. */
/* Note that the rule asks for so many things more that its values do not tell. */
void narrow_untold(struct other_rule *r, unsigned int more);
bool narrow_interface(char field[IFNAME_MAX], const char *name);
bool narrow_network(struct network *field, const struct network *net);
bool narrow_ports(struct ports *field, struct ports ports);
bool narrow_proto(struct other_rule *r, unsigned int proto);
bool narrow_family(struct other_rule *r, enum family family);

/* What must not be. */
void narrow_not_interface(char field[IFNAME_MAX], const char *name);
void narrow_not_network(struct network *field, const struct network *net);

/* All that another one asks: of a jump, or of an element. Where it is and what it does stay. */
bool narrow_by(struct other_rule *r, const struct other_rule *more);

/* Whether a packet may meet both. */
bool narrow_meets(const struct other_rule *a, const struct other_rule *b);

/* What no field tells: its text, as the tool writes it. The first one is kept. detail: it makes no
 * secret of which packets the rule may take. */
void narrow_beyond(struct other_rules *texts, struct other_rule *r, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void narrow_detail(struct other_rules *texts, struct other_rule *r, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
