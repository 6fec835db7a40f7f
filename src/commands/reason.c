/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules and the host are looked at anew, for the client and the port of the connection alone.
 */
#include <stdio.h>
#include <string.h>

#include "check/ask.h"
#include "check/rules.h"
#include "commands/reason.h"
#include "ruleset/present.h"

struct stopped { /* a connection that does not go on */
	const struct trace *trace;
	enum trace_step step; /* that does not come */
	const struct present *present;
	size_t index;       /* of the forward that it is of */
	struct forward one; /* the connection as a forward of its own */
};

/* The connection as a forward of its own: of its client, its port and its interface alone. */
static struct forward narrow(const struct trace *t)
{
	struct forward f = *t->f;
	f.ports = (struct ports){t->via.port, t->via.port};
	f.target_ports = (struct ports){t->target.port, t->target.port};
	f.from = network_of_host(&t->client.addr);
	f.until = 0;
	if (*t->links[TRACE_ARRIVED])
		memcpy(f.ifname, t->links[TRACE_ARRIVED], sizeof(f.ifname));
	return f;
}

/* The packets that make the step, which does not come. */
static enum stop_on packets_of(const struct stopped *of)
{
	if (of->step == TRACE_ANSWER_LEFT)
		return STOP_ON_BACK;
	if (of->step == TRACE_ANSWERED && of->trace->here)
		return STOP_ON_ANY;
	return of->trace->own ? STOP_ON_OUT : STOP_ON_WAY;
}

struct packets_text {
	char text[ADDRESS_TEXT_MAX + 32];
};

static struct packets_text show_packets(const struct stopped *of)
{
	char client[ADDRESS_TEXT_MAX];
	struct packets_text out;
	address_format(&of->trace->client.addr, client);
	snprintf(out.text, sizeof(out.text), "%s %s",
		 of->step == TRACE_ANSWER_LEFT ? "the answers to the client" : "the client",
		 client);
	return out;
}

/* A packet that leaves once may yet be kept from the target by what only stops some. */
static bool fits(const struct finding *f, const struct case_facts *c, enum trace_step step)
{
	bool some = f->step == TRACE_LEFT && f->severity == SEVERITY_WARNING;
	if (f->severity == SEVERITY_NOTE)
		return false;
	/* it was asked for the packets of that step */
	if (f->look == rules_untracked || f->look == rules_early_drop)
		return c->early.kind != EARLY_NOTHING;
	return f->step == step || (some && step == TRACE_ANSWERED);
}

/* What the table says about a step that does not happen. */
static bool find_in_table(const struct stopped *of, struct reason *out)
{
	const struct present *present = of->present;
	/* and, as the other one, all its clients */
	struct forward both[] = {of->one, present->forwards.items[of->index]};
	const struct forwards set = {both, 2, 2};
	const struct ask_about about = {.set = &set,
					.all = &present->forwards,
					.depth = ASK_WAY,
					.backends = present->backends,
					.on = packets_of(of),
					.client_port = of->trace->client.port};
	struct asked asked;
	struct err ignored;
	bool found = false;
	if (ask_all(&about, &asked, &ignored) < 0)
		return false;
	struct case_facts *c = &asked.cases.items[0];
	/* it has left, and what the target does is not asked here */
	if (of->step == TRACE_ANSWERED && !of->trace->here)
		c->early = c->suspect = (struct early_hit){.kind = EARLY_NOTHING};
	c->incomplete = present->of[of->index].status.incomplete;
	c->blocked = present->of[of->index].status.blocked;
	if (c->blocked)
		present_where(present, of->index, &c->blocked_by);
	bool bans = c->early.kind && !asked.cases.items[1].early.kind;
	if (bans)
		words_say(&out->words, "rule %zu of %s stops %s", c->early.rule,
			  c->early.base->where, show_packets(of).text);
	for (const struct finding *f = findings; !found && !bans && f->word; f++) {
		out->words = (struct finding_words){"", "", ""};
		found = fits(f, c, of->step) && f->look(&asked.facts, c, &out->words);
		out->finding = found ? f : NULL;
	}
	const struct early_hit *hit = &c->suspect;
	if (!found && !bans && hit->kind)
		words_say(&out->words,
			  "rule %zu of %s, which takes some clients or packets, may take this one",
			  hit->rule, hit->base->where);
	asked_free(&asked);
	return found || *out->words.text;
}

static void say_missed(const struct trace *t, struct reason *out)
{
	char net[NETWORK_TEXT_MAX];
	network_format(&t->f->from, net);
	if (t->missed == TRACE_OVER)
		words_say(&out->words, "the time of the forward is over");
	else if (t->missed == TRACE_OTHER_CLIENT)
		words_say(&out->words, "the forward takes clients of %s alone (--from)", net);
	else
		words_say(&out->words,
			  "it came in on %s, and the forward takes connections that come in on %s; "
			  "--hairpin takes those of the target's network too",
			  t->links[TRACE_ARRIVED], t->f->ifname);
}

/* What is most likely where nothing certain was found. */
static void guess(const struct stopped *of, struct reason *out)
{
	enum trace_step step = of->step;
	const struct trace *t = of->trace;
	char target[ADDRESS_TEXT_MAX];
	address_format(&t->target.addr, target);
	if (step == TRACE_TRANSLATED)
		words_say(
			&out->words,
			"it does not get to the rule that translates it: something in front drops "
			"it, takes it for itself or keeps it from conntrack (raw, mangle, "
			"ingress)");
	else if (step == TRACE_LEFT)
		words_say(&out->words,
			  "no packet leaves for %s: a rule or a route of this host stops it",
			  target);
	else if (step == TRACE_ANSWERED && t->here)
		words_say(&out->words,
			  "no answer leaves: no program takes the connection, or a rule stops it");
	else if (step == TRACE_ANSWERED && address_is_set(&t->stray))
		words_say(&out->words,
			  "%s answers in the place of %s: the program there has to answer from the "
			  "address that it is asked at",
			  words_of_address(&t->stray).text, target);
	else if (step == TRACE_ANSWERED)
		words_say(&out->words,
			  "%s does not answer: it is down, no program listens there, a firewall of "
			  "its own stops it, or its answers take a way that does not pass this "
			  "host%s",
			  target,
			  forward_translates_source(t->f) ? ""
							  : " (--masquerade brings them back)");
	else
		words_say(&out->words,
			  "the answer does not leave again: a rule, a route or rp_filter of this "
			  "host stops it");
}

/* Whether others' rules stop the packets of the step; then where, in words. */
static bool put_stop(const struct stopped *of, bool suspect, char out[RULE_PLACE_TEXT_MAX])
{
	const struct stop_question question = {.f = &of->one,
					       .suspect = suspect,
					       .on = packets_of(of),
					       .client_port = of->trace->client.port};
	struct rule_place where;
	bool elsewhere = of->step == TRACE_TRANSLATED || of->step == TRACE_ANSWERED;
	if (elsewhere && !of->trace->here)
		return false;
	if (!present_stops(of->present, of->index, &question, &where))
		return false;
	rule_place_format(&where, out);
	return true;
}

static void explain_by_rules(const struct stopped *of, struct reason *out)
{
	char where[RULE_PLACE_TEXT_MAX];
	if (of->index == of->present->forwards.count)
		words_say(&out->words, "the forward is gone");
	else if (find_in_table(of, out))
		return;
	else if (put_stop(of, false, where))
		words_say(&out->words, "%s stops %s", where, show_packets(of).text);
	else if (put_stop(of, true, where))
		words_say(&out->words, "%s, which stops some clients or packets, may stop this one",
			  where);
	else
		guess(of, out);
}

int reason_find(const struct backend *const *backends, const struct trace_news *news,
		struct reason *out, struct err *err)
{
	const struct trace *t = news->trace;
	struct present present;
	*out = (struct reason){.finding = NULL};
	if (t->missed) {
		say_missed(t, out);
		return 0;
	}
	if (t->foreign) {
		words_say(&out->words, "a rule of another program translates it, not this forward");
		return 0;
	}
	if (present_read(backends, READING_ALL, &present, err) < 0)
		return -1;
	struct stopped of = {t, news->missing, &present, forwards_find(&present.forwards, t->f),
			     narrow(t)};
	/* what is translated and never confirmed was dropped on this host */
	if (t->counted && news->missing > TRACE_TRANSLATED)
		of.step = TRACE_LEFT;
	explain_by_rules(&of, out);
	present_free(&present);
	return 0;
}
