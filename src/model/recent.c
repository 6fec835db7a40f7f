/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A ring of the last ones. */
#include "model/recent.h"

static bool equal(const struct recent_key *key, const struct connection *c)
{
	return key->id == c->id && key->client.port == c->client.port &&
	       key->via.port == c->via.port && address_equal(&key->client.addr, &c->client.addr) &&
	       address_equal(&key->via.addr, &c->via.addr);
}

static uint8_t *slot(struct recent *recent, uint32_t id)
{
	return &recent->slots[id % RECENT_SLOTS];
}

bool recent_repeats(struct recent *recent, const struct connection *c)
{
	size_t count = recent->seen < RECENT_MAX ? recent->seen : RECENT_MAX;
	if (*slot(recent, c->id))
		for (size_t i = 0; i < count; i++)
			if (equal(&recent->keys[i], c))
				return true;
	struct recent_key *key = &recent->keys[recent->seen++ % RECENT_MAX];
	if (count == RECENT_MAX)
		--*slot(recent, key->id);
	*key = (struct recent_key){c->id, c->client, c->via};
	++*slot(recent, c->id);
	return false;
}
