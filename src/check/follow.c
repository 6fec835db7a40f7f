/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An event comes before the copy of a packet that leaves. So copies are received first, then the
 * events that there are by then, and the events are looked at first.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "check/follow.h"
#include "conns/watch.h"
#include "host/host.h"
#include "host/packets.h"

#define LOT 256 /* copies that are taken in at once */

struct following {
	const struct follow_about *about;
	struct tracer tracer;
	struct lookup lookup;
	struct host_links links;
	struct host_addresses addresses;
	struct watch events;
	int packets; /* a descriptor */
	struct packet lot[LOT];
	size_t count;
	bool came; /* anything that is told of */
	int64_t begun;
	struct err *err;
};

static int64_t milliseconds_now(void)
{
	return host_clock() / 1000000;
}

/* ---- what is seen ---- */

/* Interfaces and addresses change while it waits. */
static int read_host(struct following *f)
{
	struct host_links links;
	struct host_addresses addresses;
	if (host_links(&links, f->err) < 0)
		return -1;
	if (host_addresses(&addresses, f->err) < 0) {
		host_links_free(&links);
		return -1;
	}
	host_links_free(&f->links);
	host_addresses_free(&f->addresses);
	f->links = links;
	f->addresses = addresses;
	return 0;
}

static int receive(struct following *f)
{
	int result = 1;
	bool strange = false;
	f->count = 0;
	while (f->count < LOT) {
		struct packet *p = &f->lot[f->count];
		result = packets_next(f->packets, p, f->err);
		if (result <= 0)
			break;
		strange = strange || !host_link_of_index(&f->links, p->link);
		f->count++;
	}
	if (result < 0)
		return -1;
	return strange ? read_host(f) : 0;
}

static int on_event(void *context, const struct connection *c)
{
	struct following *f = context;
	tracer_event(&f->tracer, c, milliseconds_now());
	return 0;
}

static int look(struct following *f)
{
	int result;
	f->tracer.now = (int64_t)time(NULL);
	if (receive(f) < 0)
		return -1;
	do
		result = watch_take(&f->events, f->err);
	while (result == WATCH_MORE);
	for (size_t i = 0; i < f->count; i++)
		tracer_packet(&f->tracer, &f->lot[i], milliseconds_now());
	bool lost = packets_lost(f->packets) || f->events.lost;
	f->events.lost = false;
	if (result >= 0 && lost)
		result = f->about->lost(f->about->context);
	return result < 0 ? -1 : 0;
}

/* ---- what is told ---- */

/* 0; 1: it is enough; or -1. */
static int tell(struct following *f)
{
	const struct follow_about *about = f->about;
	struct trace_news news;
	int64_t now = milliseconds_now();
	int result = 0;
	if (tracer_doubts(&f->tracer, now))
		result = about->doubt(about->context, &f->tracer);
	while (result == 0 && tracer_next(&f->tracer, now, &news)) {
		f->came = true;
		result = about->tell(about->context, &news);
	}
	if (result == 0 && !f->came && now - f->begun >= (int64_t)about->wait_seconds * 1000) {
		f->came = true;
		result = about->idle(about->context);
	}
	return about->done(about->context) < 0 ? -1 : result;
}

/* -1: for ever. */
static int wait_time(const struct following *f)
{
	int64_t now = milliseconds_now();
	int wait = tracer_wait(&f->tracer, now);
	int64_t left = f->begun + (int64_t)f->about->wait_seconds * 1000 - now;
	if (f->came || (wait >= 0 && wait < left))
		return wait;
	return left > 0 ? (int)left : 0;
}

static int watch(struct following *f)
{
	struct pollfd fds[] = {{.fd = f->packets, .events = POLLIN},
			       {.fd = watch_descriptor(&f->events), .events = POLLIN},
			       {.fd = f->about->signals, .events = POLLIN},
			       {.fd = f->about->reader}}; /* its end is always told */
	int result = 0;
	f->begun = milliseconds_now();
	while (result == 0) {
		if (poll(fds, sizeof(fds) / sizeof(fds[0]), wait_time(f)) < 0 && errno != EINTR)
			return err_sys(f->err, errno, "cannot wait for packets");
		if (fds[2].revents || fds[3].revents)
			return 0;
		result = look(f) < 0 ? -1 : tell(f);
	}
	return result < 0 ? -1 : 0;
}

/* ---- all of it ---- */

static void choose_packets(const struct follow_about *about, struct packets_filter *out)
{
	*out = (struct packets_filter){.count = 0};
	for (size_t i = 0; i < about->set->count; i++) {
		const struct forward *f = &about->set->items[i];
		if (!about->selected[i] || f->except)
			continue;
		packets_filter_add(out, f->proto, f->ports);
		packets_filter_add(out, f->proto, f->target_ports);
	}
}

static int begin(struct following *f)
{
	struct packets_filter filter;
	choose_packets(f->about, &filter);
	f->tracer = (struct tracer){.set = f->about->set,
				    .selected = f->about->selected,
				    .lookup = &f->lookup,
				    .links = &f->links,
				    .addresses = &f->addresses,
				    .items = calloc(TRACES_MAX, sizeof(struct trace))};
	if (!f->tracer.items)
		return err_memory(f->err);
	if (lookup_make(f->about->set, &f->lookup, f->err) < 0 || read_host(f) < 0)
		return -1;
	f->packets = packets_open(&filter, f->err);
	if (f->packets < 0)
		return -1;
	f->events = (struct watch){.each = on_event, .context = f, .updates = true};
	return watch_open(&f->events, f->err);
}

int follow_forwards(const struct follow_about *about, struct err *err)
{
	struct following *f = calloc(1, sizeof(*f));
	if (!f)
		return err_memory(err);
	f->about = about;
	f->err = err;
	f->packets = -1;
	int result = begin(f) < 0 ? -1 : watch(f);
	if (f->packets >= 0)
		close(f->packets);
	watch_close(&f->events);
	host_links_free(&f->links);
	host_addresses_free(&f->addresses);
	lookup_free(&f->lookup);
	free(f->tracer.items);
	free(f);
	return result;
}
