/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Those findings of check that are certain. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/ask.h"
#include "check/results.h"
#include "commands/command.h"
#include "commands/warn.h"

struct warner {
	const struct warn_about *about;
	struct asked asked;
	struct results results;
	struct ruleset_status *status; /* of each forward, by another backend */
	struct limits *limits;         /* ... by the rules of one interface */
	bool *own;                     /* ... whether the backend that is asked holds it */
	struct addresses here;         /* of this host */
	struct meets meets;
	struct ruleset *sets[BACKENDS_MAX]; /* of the backends that were asked, or NULL */
};

static void warn_result(const struct result *r, const struct forwards *set)
{
	char spec[SPEC_TEXT_MAX], more[40] = "";
	spec_format(&set->items[r->first], spec);
	if (r->count > 1)
		snprintf(more, sizeof(more), " and %zu more", r->count - 1);
	command_say("warning: %s%s: %s%s%s%s%s", spec, more, r->text, *r->remedy ? "; " : "",
		    *r->remedy ? r->finding->lead : "", *r->remedy ? ": " : "", r->remedy);
	if (*r->keep)
		command_say("to keep it over a reboot, put %s into " CHECK_SYSCTL_FILE, r->keep);
}

/* Where others' rules in its interface stop forwards: those that home lets through, or those of its
 * own that it cannot let through. */
static int ask_stops(struct warner *w, size_t b, struct err *err)
{
	const struct backend *backend = w->about->backends[b];
	const struct forwards *set = w->about->set;
	bool home = backend == w->about->home;
	if (home && !w->about->hindrance.stops)
		return 0;
	if (!home && backend->blocks(w->sets[b], set, w->status, err) < 0)
		return -1;
	for (size_t i = 0; i < set->count; i++) {
		struct case_facts *c = &w->asked.cases.items[i];
		const struct stop_question question = {.f = &set->items[i], .own = home};
		if ((!home && !w->status[i].blocked) || !backend->stops)
			continue;
		bool stopped = backend->stops(w->sets[b], &question, &c->blocked_by);
		c->blocked = c->blocked || stopped || !home;
	}
	return 0;
}

/* What they do to them besides. */
static int ask_limits(struct warner *w, size_t b, struct err *err)
{
	const struct backend *backend = w->about->backends[b];
	const struct forwards *set = w->about->set;
	const struct limit_question question = {set, w->own};
	if (!backend->limits)
		return 0;
	memset(w->own, backend == w->about->home, set->count * sizeof(*w->own));
	memset(w->limits, 0, set->count * sizeof(*w->limits));
	if (backend->limits(w->sets[b], &question, w->limits, err) < 0)
		return -1;
	for (size_t i = 0; i < set->count; i++)
		limits_add(&w->asked.cases.items[i].limits, &w->limits[i]);
	return 0;
}

static int ask_backend(struct warner *w, size_t b, struct err *err)
{
	/* others' rules alone are of interest */
	static const struct forwards none;
	static const struct reading reading = {.depth = READING_ALL, .around = &none};
	if (w->about->backends[b]->read(&reading, &w->sets[b], err) < 0 || ask_stops(w, b, err) < 0)
		return -1;
	return ask_limits(w, b, err);
}

static int ask_backends(struct warner *w, struct err *err)
{
	size_t count = w->about->set->count + 1;
	w->status = calloc(count, sizeof(*w->status));
	w->limits = calloc(count, sizeof(*w->limits));
	w->own = calloc(count, sizeof(*w->own));
	if (!w->status || !w->limits || !w->own)
		return err_memory(err);
	for (size_t b = 0; w->about->backends[b]; b++) {
		const struct backend *backend = w->about->backends[b];
		const struct hindrance *h = &w->about->hindrance;
		bool asked =
			backend == w->about->home ? h->stops || h->limits : backend->blocks != NULL;
		if (asked && backend->present() && ask_backend(w, b, err) < 0)
			return -1;
	}
	return 0;
}

/* Which rules of others take packets of the forwards too. */
static int ask_others(struct warner *w, struct err *err)
{
	const struct warn_about *about = w->about;
	if (!about->others || about->others->count == 0)
		return 0;
	if (host_own_addresses(&w->here, err) < 0 ||
	    meets_make(about->others, &w->here, &w->meets, err) < 0)
		return -1;
	for (size_t i = 0; i < about->set->count; i++)
		w->asked.cases.items[i].other =
			meets_find(&w->meets, &about->set->items[i], about->home->name);
	return 0;
}

void warn_of_forwards(const struct warn_about *about)
{
	const struct ask_about ask = {.set = about->set,
				      .all = about->all,
				      .depth = ASK_CERTAIN,
				      .backends = about->backends};
	struct warner w = {.about = about};
	struct err err;
	if (ask_all(&ask, &w.asked, &err) < 0 || ask_backends(&w, &err) < 0 ||
	    ask_others(&w, &err) < 0 ||
	    results_find(&w.asked.facts, &w.asked.cases, &w.results, &err) < 0)
		command_say("warning: the forwards are made, but not checked: %s", err.text);
	for (size_t i = 0; i < w.results.count; i++)
		warn_result(&w.results.items[i], about->set);
	meets_free(&w.meets);
	free(w.here.items);
	results_free(&w.results);
	asked_free(&w.asked);
	for (size_t b = 0; about->backends[b]; b++)
		about->backends[b]->free(w.sets[b]);
	free(w.status);
	free(w.limits);
	free(w.own);
}
