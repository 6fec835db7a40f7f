/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A ring of the last connections. */
#include "conns/repeats.h"

static bool equal(const struct repeats_key *key, const struct connection *c)
{
	return key->id == c->id && key->client.port == c->client.port &&
	       key->via.port == c->via.port && address_equal(&key->client.addr, &c->client.addr) &&
	       address_equal(&key->via.addr, &c->via.addr);
}

static uint8_t *slot(struct repeats *recent, uint32_t id)
{
	return &recent->slots[id % REPEATS_SLOTS];
}

bool repeats_seen(struct repeats *recent, const struct connection *c)
{
	size_t count = recent->seen < REPEATS_MAX ? recent->seen : REPEATS_MAX;
	if (*slot(recent, c->id))
		for (size_t i = 0; i < count; i++)
			if (equal(&recent->keys[i], c))
				return true;
	struct repeats_key *key = &recent->keys[recent->seen++ % REPEATS_MAX];
	if (count == REPEATS_MAX)
		--*slot(recent, key->id);
	*key = (struct repeats_key){c->id, c->client, c->via};
	++*slot(recent, c->id);
	return false;
}
