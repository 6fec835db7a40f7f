/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One port, or few: exact keys, which are found in the same time however many there are. Wide
 * ranges, wildcards and client networks: keys of ranges, of which there should be few, since the
 * kernel takes a time for them that grows with the square of their number.
 *
 * A shifted range (8000-8010 to 9000-9010) always has an element for each port. One element could
 * say it too, but the kernel would go on to a neighbour's port where a client's source port is
 * taken; with a single port it changes the source port instead.
 */
#include <string.h>

#include "nftables/part.h"

bool part_is_shifted(const struct forward *f)
{
	return ports_count(f->target_ports) > 1 && !ports_equal(f->ports, f->target_ports);
}

unsigned int part_kind(const struct forward *f, unsigned int part)
{
	if (part < PART_HAIRPIN)
		return part;
	return part - PART_HAIRPIN < forward_hairpin_count(f) ? PART_HAIRPIN : PART_INSIDE;
}

const struct network *part_hairpin(const struct forward *f, unsigned int part)
{
	size_t n = part - PART_HAIRPIN, count = forward_hairpin_count(f);
	return &f->hairpin_nets->items[n < count ? n : n - count];
}

struct network part_clients(const struct forward *f, unsigned int part)
{
	if (part_kind(f, part) == PART_HAIRPIN)
		return *part_hairpin(f, part);
	const struct network every = {0};
	return part == PART_LOCAL ? every : f->from;
}

struct bucket part_bucket(const struct forward *f, unsigned int part)
{
	struct network clients = part_clients(f, part);
	bool addr = address_is_set(&f->addr);
	struct bucket b = {.family = f->family,
			   .proto = f->proto,
			   .ranges = ports_count(f->ports) > 1,
			   .masquerade = f->masquerade,
			   .snat = f->snat,
			   .prefix = clients.prefix,
			   .until = f->until};
	if (part == PART_PROPER) {
		b.group = addr ? BUCKET_ADDR : BUCKET_MAIN;
		b.stem = bucket_stem(f->ifname);
	} else if (part == PART_LOCAL) {
		b.group = addr ? BUCKET_LOCAL_ADDR : BUCKET_LOCAL;
	} else {
		b.group = addr ? BUCKET_HAIRPIN_ADDR : BUCKET_HAIRPIN;
		/* always masqueraded, whatever the forward says */
		b.masquerade = false;
		b.snat = (struct address){0};
		if (!addr)
			memcpy(b.not_in, f->ifname, sizeof(b.not_in));
	}
	bool exact = b.prefix == 0 && (b.stem == 0 || b.stem == STEM_EXACT);
	bool few = ports_count(f->ports) <= PART_PORTS;
	b.form = exact && (few || part_is_shifted(f)) ? FORM_HASH : FORM_INTERVAL;
	if (!exact && !few && part_is_shifted(f)) {
		b.form = FORM_PORTS;
		if (part == PART_PROPER)
			memcpy(b.ifname, f->ifname, sizeof(b.ifname));
		b.clients = part == PART_LOCAL ? f->from.addr : clients.addr;
	}
	if (f->except)
		b.data = DATA_NONE;
	else if (forward_to_self(f))
		b.data = DATA_PORT;
	else if (b.form == FORM_INTERVAL && b.ranges && ports_equal(f->ports, f->target_ports))
		b.data = DATA_ADDR;
	else
		b.data = DATA_ENDPOINT;
	return b;
}

bool part_is_there(const struct forward *f, unsigned int part)
{
	if (part_kind(f, part) == PART_INSIDE)
		return !forward_translates_source(f) && !f->except &&
		       (!network_is_set(&f->from) ||
			network_overlap(&f->from, part_hairpin(f, part)) != OVERLAP_DISJOINT);
	return part != PART_LOCAL || f->local;
}
