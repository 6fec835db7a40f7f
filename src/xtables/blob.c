/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two questions that libiptc asks too: how large a table is, and its entries. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

#include "model/hash.h"
#include "xtables/blob.h"
#include "xtables/entry.h"

#define TRIES 5

/* The questions of IPv6 have the numbers of these, and the structs the layout. */
_Static_assert(IPT_SO_GET_INFO == IP6T_SO_GET_INFO, "one number");
_Static_assert(IPT_SO_GET_ENTRIES == IP6T_SO_GET_ENTRIES, "one number");
_Static_assert(sizeof(struct ipt_getinfo) == sizeof(struct ip6t_getinfo), "one layout");
_Static_assert(sizeof(struct ipt_get_entries) == sizeof(struct ip6t_get_entries), "one layout");

struct asker {
	enum family family;
	int socket;
};

static struct asker open_asker(enum family family)
{
	int af = family == FAMILY_IPV6 ? AF_INET6 : AF_INET;
	return (struct asker){family, socket(af, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW)};
}

static int ask(struct asker asker, int what, void *answer, socklen_t size)
{
	int level = asker.family == FAMILY_IPV6 ? IPPROTO_IPV6 : IPPROTO_IP;
	return getsockopt(asker.socket, level, what, answer, &size);
}

static int get_info(struct asker asker, enum table table, struct ipt_getinfo *out)
{
	*out = (struct ipt_getinfo){0};
	strcpy(out->name, table_name(table));
	return ask(asker, IPT_SO_GET_INFO, out, sizeof(*out));
}

int blob_size(enum family family, enum table table, struct blob_size *out)
{
	struct ipt_getinfo info = {0};
	struct asker asker = open_asker(family);
	*out = (struct blob_size){0};
	if (asker.socket < 0)
		return -1;
	int result = get_info(asker, table, &info), error = errno;
	close(asker.socket);
	errno = error;
	out->entries = info.num_entries;
	for (unsigned int hooks = info.valid_hooks; hooks; hooks &= hooks - 1)
		out->chains++;
	return result;
}

static uint64_t hash_entries(enum family family, const char *entries, size_t size)
{
	uint64_t hash = size;
	for (size_t at = 0; at < size;) {
		struct entry_head head = entry_head(family, entries + at);
		size_t end = *head.next_offset;
		if (end < head.size || end > size - at)
			break;
		size_t counters = (size_t)((const char *)head.counters - (entries + at));
		hash = hash_bytes(hash, entries + at, counters);
		hash = hash_bytes(hash, entries + at + head.size, end - head.size);
		at += end;
	}
	return hash;
}

/* 0, or -1 and errno; EAGAIN: the table has changed between the two questions. */
static int read_digest(struct asker asker, enum table table, uint64_t *out)
{
	struct ipt_getinfo info;
	if (get_info(asker, table, &info) < 0)
		return -1;
	size_t size = sizeof(struct ipt_get_entries) + info.size;
	struct ipt_get_entries *entries = malloc(size);
	if (!entries)
		return -1;
	strcpy(entries->name, info.name);
	entries->size = info.size;
	int result = ask(asker, IPT_SO_GET_ENTRIES, entries, (socklen_t)size);
	if (result == 0)
		*out = hash_entries(asker.family, (const char *)entries->entrytable, info.size);
	free(entries);
	return result;
}

int blob_digest(enum family family, enum table table, uint64_t *out, struct err *err)
{
	struct asker asker = open_asker(family);
	int result = -1;
	for (int i = 0; asker.socket >= 0 && result < 0 && i < TRIES; i++) {
		result = read_digest(asker, table, out);
		if (result < 0 && errno != EAGAIN)
			break;
	}
	if (result < 0)
		err_sys(err, errno, "cannot read the %s %s table", family_name(family),
			table_name(table));
	if (asker.socket >= 0)
		close(asker.socket);
	return result;
}
