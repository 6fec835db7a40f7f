/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A hash table with open addressing. At least half of its slots are free, so that runs are short.
 */
#include <stdlib.h>

#include "model/hash.h"

int hash_table_init(struct hash_table *out, size_t count, struct err *err)
{
	size_t slots = 8;
	while (slots < count * 2)
		slots *= 2;
	*out = (struct hash_table){calloc(slots, sizeof(*out->slots)), slots - 1};
	if (out->slots)
		return 0;
	*out = (struct hash_table){0};
	return err_memory(err);
}

void hash_table_free(struct hash_table *table)
{
	free(table->slots);
	*table = (struct hash_table){0};
}

void hash_table_add(struct hash_table *table, uint64_t hash, const void *item)
{
	size_t slot = (size_t)hash & table->mask;
	while (table->slots[slot])
		slot = (slot + 1) & table->mask;
	table->slots[slot] = item;
}
