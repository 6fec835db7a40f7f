/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bytes of entries: fields, extensions, comparing and copying. */
#include <stdlib.h>
#include <string.h>
#include <linux/netfilter/xt_comment.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

#include "xtables/entry.h"

struct entry_head entry_head(enum family family, const void *entry)
{
	union {
		const void *in;
		struct ipt_entry *ip;
		struct ip6t_entry *ip6;
	} e = {.in = entry};
	if (family == FAMILY_IPV6)
		return (struct entry_head){sizeof(*e.ip6), &e.ip6->counters, &e.ip6->target_offset,
					   &e.ip6->next_offset};
	return (struct entry_head){sizeof(*e.ip), &e.ip->counters, &e.ip->target_offset,
				   &e.ip->next_offset};
}

/* Names of extensions are compared as text, because the kernel does not write behind their end. */
bool entry_same_extension(const struct xt_entry_match *a, const struct xt_entry_match *b)
{
	return a->u.user.match_size == b->u.user.match_size &&
	       a->u.user.revision == b->u.user.revision &&
	       strncmp(a->u.user.name, b->u.user.name, sizeof(a->u.user.name)) == 0 &&
	       memcmp(a->data, b->data, a->u.user.match_size - sizeof(*a)) == 0;
}

bool entry_same_header(enum family family, const void *a, const void *b)
{
	/* the fields behind it (nfcache, comefrom, counters) are state */
	if (family == FAMILY_IPV6)
		return memcmp(a, b, sizeof(struct ip6t_ip6)) == 0;
	return memcmp(a, b, sizeof(struct ipt_ip)) == 0;
}

const struct xt_entry_match *entry_extension(const void *entry, size_t at, size_t end)
{
	const struct xt_entry_match *m = (const void *)((const unsigned char *)entry + at);
	if (at + sizeof(*m) > end || m->u.user.match_size < sizeof(*m) ||
	    at + m->u.user.match_size > end)
		return NULL;
	return m;
}

const char *entry_last_comment(enum family family, const void *entry)
{
	struct entry_head head = entry_head(family, entry);
	const struct xt_entry_match *m, *last = NULL;
	for (size_t at = head.size; at < *head.target_offset; at += m->u.user.match_size) {
		m = entry_extension(entry, at, *head.target_offset);
		if (!m)
			return NULL;
		last = m;
	}
	if (!last || strncmp(last->u.user.name, "comment", sizeof(last->u.user.name)) != 0 ||
	    last->u.user.match_size < sizeof(*last) + sizeof(struct xt_comment_info))
		return NULL;
	const struct xt_comment_info *info = (const void *)last->data;
	return memchr(info->comment, '\0', sizeof(info->comment)) ? info->comment : NULL;
}

static bool same_matches(enum family family, const void *a, const void *b)
{
	struct entry_head head = entry_head(family, a);
	for (size_t at = head.size; at < *head.target_offset;) {
		const struct xt_entry_match *m = entry_extension(a, at, *head.target_offset);
		const struct xt_entry_match *n = entry_extension(b, at, *head.target_offset);
		if (!m || !n || !entry_same_extension(m, n))
			return false;
		at += m->u.user.match_size;
	}
	return true;
}

bool entry_same(enum family family, const struct named_entry *a, const struct named_entry *b)
{
	struct entry_head head = entry_head(family, a->entry);
	struct entry_head other = entry_head(family, b->entry);
	size_t target = *head.target_offset, end = *head.next_offset;
	if (*other.target_offset != target || *other.next_offset != end ||
	    strcmp(a->target, b->target) != 0 || !entry_same_header(family, a->entry, b->entry) ||
	    !same_matches(family, a->entry, b->entry))
		return false;
	const struct xt_entry_match *t = entry_extension(a->entry, target, end);
	const struct xt_entry_match *u = entry_extension(b->entry, target, end);
	/* a verdict or a jump has no name here: its data are the place of the chain in the table */
	return t && u && (!*t->u.user.name || !*u->u.user.name || entry_same_extension(t, u));
}

void *entry_copy(enum family family, const struct named_entry *from)
{
	struct entry_head head = entry_head(family, from->entry);
	void *copy = malloc(*head.next_offset);
	if (!copy)
		return NULL;
	memcpy(copy, from->entry, *head.next_offset);
	struct xt_entry_target *target = (void *)((char *)copy + *head.target_offset);
	if (!*target->u.user.name) {
		/* libiptc has made the name a verdict, and left only a NUL of it */
		memset(target->u.user.name, 0, sizeof(target->u.user.name));
		memcpy(target->u.user.name, from->target,
		       strnlen(from->target, sizeof(target->u.user.name) - 1));
	}
	return copy;
}
