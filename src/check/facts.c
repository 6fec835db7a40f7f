/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What several findings want to know. */
#include "check/facts.h"

const struct host_link *facts_link(const struct facts *facts, const struct forward *f)
{
	return *f->ifname ? host_link(&facts->links, f->ifname) : NULL;
}

bool facts_ends_here(const struct facts *facts, const struct forward *f)
{
	return forward_to_self(f) ||
	       (!f->except && host_address_owner(&facts->addresses, &f->target));
}

const struct host_link *facts_link_there(const struct facts *facts, const struct case_facts *c)
{
	bool out = c->there && c->there->kind == ROUTE_OUT;
	return out ? host_link(&facts->links, c->there->out) : NULL;
}
