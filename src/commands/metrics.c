/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pfwd metrics: what passes through each forward, for a monitoring system. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/query.h"
#include "conns/owners.h"
#include "host/host.h"
#include "host/replace_file.h"
#include "report/openmetrics.h"
#include "ruleset/present.h"

struct metrics {
	const char *path; /* NULL or "-": standard output */
	const struct globals *globals;
	struct present present;
	struct owners_sum *sums; /* of each forward */
	char **labels;           /* that name it */
	bool counted;            /* conntrack counts packets and bytes */
};

/* ---- samples of one forward ---- */

struct sample {
	const struct forward *f;
	const struct present_forward *of;
	const struct owners_sum *sum;
	int64_t now;
};

/* The value of a family, or of one of its variants; false: the forward has none. */
typedef bool get_value(const struct sample *s, size_t variant, uint64_t *out);

static bool get_connections(const struct sample *s, size_t variant, uint64_t *out)
{
	(void)variant;
	*out = s->of->status.conns;
	return !s->f->except;
}

static bool get_live(const struct sample *s, size_t variant, uint64_t *out)
{
	(void)variant;
	*out = s->sum->conns;
	return !s->f->except;
}

static bool get_bytes(const struct sample *s, size_t variant, uint64_t *out)
{
	*out = variant ? s->sum->bytes_out : s->sum->bytes_in;
	return !s->f->except;
}

static bool get_packets(const struct sample *s, size_t variant, uint64_t *out)
{
	*out = variant ? s->sum->packets_out : s->sum->packets_in;
	return !s->f->except;
}

static bool get_state(const struct sample *s, size_t variant, uint64_t *out)
{
	*out = present_state(s->f, s->of, s->now) == (enum present_state)variant;
	return true;
}

static bool get_end(const struct sample *s, size_t variant, uint64_t *out)
{
	(void)variant;
	*out = (uint64_t)s->f->until;
	return s->f->until != 0;
}

/* ---- families ---- */

static const char *const one_variant[] = {"", NULL};
static const char *const directions[] = {"direction=\"in\"", "direction=\"out\"", NULL};
static const char *const states[] = {
	[PRESENT_ACTIVE] = "state=\"active\"",
	[PRESENT_EXPIRED] = "state=\"expired\"",
	[PRESENT_INCOMPLETE] = "state=\"incomplete\"",
	[PRESENT_BLOCKED] = "state=\"blocked\"",
	[PRESENT_STATES] = NULL,
};

static const struct forward_family {
	struct openmetrics_family family;
	get_value *get;
	const char *const *variants; /* a label each, more than that of the forward */
	bool counted;                /* it needs conntrack's accounting */
} forward_families[] = {
	{{"pfwd_forward_connections", OPENMETRICS_COUNTER, NULL,
	  "Connections translated since the forward was made."},
	 get_connections,
	 one_variant,
	 false},
	{{"pfwd_forward_live_connections", OPENMETRICS_GAUGE, NULL,
	  "Connections through the forward that exist now."},
	 get_live,
	 one_variant,
	 false},
	{{"pfwd_forward_live_bytes", OPENMETRICS_GAUGE, "bytes",
	  "Bytes of the live connections since each began: in is from clients, out is to them."},
	 get_bytes,
	 directions,
	 true},
	{{"pfwd_forward_live_packets", OPENMETRICS_GAUGE, "packets",
	  "Packets of the live connections since each began: in is from clients, out is to them."},
	 get_packets,
	 directions,
	 true},
	{{"pfwd_forward_state", OPENMETRICS_GAUGE, NULL,
	  "1 for the state that the forward is in, 0 for the others."},
	 get_state,
	 states,
	 false},
	{{"pfwd_forward_end_timestamp_seconds", OPENMETRICS_GAUGE, "seconds",
	  "When a forward with --until ends, in seconds since 1970."},
	 get_end,
	 one_variant,
	 false},
};

static void print_family(const struct metrics *m, const struct forward_family *family, FILE *out)
{
	const struct present *p = &m->present;
	struct sample s = {.now = m->globals->host.now};
	uint64_t value;
	openmetrics_begin(out, &family->family);
	for (size_t i = 0; i < p->forwards.count; i++) {
		if (!m->labels[i])
			continue;
		s.f = &p->forwards.items[i];
		s.of = &p->of[i];
		s.sum = &m->sums[i];
		for (size_t v = 0; family->variants[v]; v++)
			if (family->get(&s, v, &value))
				openmetrics_sample(out, &family->family,
						   (struct openmetrics_labels){m->labels[i],
									       family->variants[v]},
						   value);
	}
}

/* How full conntrack's table is; on a kernel without it there is no such number. */
static void print_table(FILE *out)
{
	static const struct {
		const char *setting;
		struct openmetrics_family family;
	} numbers[] = {
		{"net/netfilter/nf_conntrack_count",
		 {"pfwd_conntrack_entries", OPENMETRICS_GAUGE, NULL,
		  "Connections that conntrack knows, translated or not."}},
		{"net/netfilter/nf_conntrack_max",
		 {"pfwd_conntrack_entries_limit", OPENMETRICS_GAUGE, NULL,
		  "Connections that conntrack has room for; it refuses further ones."}},
	};
	int64_t value;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (!host_setting(numbers[i].setting, &value))
			continue;
		openmetrics_begin(out, &numbers[i].family);
		openmetrics_sample(out, &numbers[i].family, (struct openmetrics_labels){"", ""},
				   (uint64_t)value);
	}
}

static void print_all(const struct metrics *m, FILE *out)
{
	for (size_t i = 0; i < sizeof(forward_families) / sizeof(forward_families[0]); i++)
		if (m->counted || !forward_families[i].counted)
			print_family(m, &forward_families[i], out);
	print_table(out);
	openmetrics_end(out);
}

/* ---- what names a forward ---- */

#define LABELS_MAX                                                                     \
	(OPENMETRICS_ESCAPED_MAX(SPEC_TEXT_MAX + NAME_MAX_LENGTH + NETWORK_TEXT_MAX) + \
	 PRESENT_BACKENDS_MAX + 128)

/* Its SPEC, and whatever else two forwards of one SPEC may differ in. */
static char *labels_of(const struct metrics *m, size_t index)
{
	const struct forward *f = &m->present.forwards.items[index];
	char text[LABELS_MAX], spec[SPEC_TEXT_MAX], from[NETWORK_TEXT_MAX];
	char backends[PRESENT_BACKENDS_MAX], *end = text;
	spec_format(f, spec);
	present_backends(&m->present.of[index], m->present.backends, backends);
	end = openmetrics_put_label(end, "forward", spec);
	end = openmetrics_put_label(stpcpy(end, ","), "name", f->name);
	end = openmetrics_put_label(stpcpy(end, ","), "backend", backends);
	end = openmetrics_put_label(stpcpy(end, ","), "family", family_name(f->family));
	if (network_is_set(&f->from)) {
		network_format(&f->from, from);
		openmetrics_put_label(stpcpy(end, ","), "from", from);
	}
	return strdup(text);
}

/* Add to the forward at that index what is of a later one with the same labels: rules that others
 * wrote into a chain of pfwd may be such ones, and no text may have a sample twice. */
static void join(struct metrics *m, size_t into, size_t later)
{
	const struct owners_sum *more = &m->sums[later];
	struct owners_sum *sum = &m->sums[into];
	sum->conns += more->conns;
	sum->packets_in += more->packets_in;
	sum->packets_out += more->packets_out;
	sum->bytes_in += more->bytes_in;
	sum->bytes_out += more->bytes_out;
	m->present.of[into].status.conns += m->present.of[later].status.conns;
	free(m->labels[later]);
	m->labels[later] = NULL;
}

/* Forwards of one SPEC and one network stand together. */
static void join_same(struct metrics *m, size_t index)
{
	const struct forward *f = m->present.forwards.items;
	for (size_t i = index; i-- > 0;) {
		if (forward_compare_spec(&f[i], &f[index]) != 0 ||
		    memcmp(&f[i].from, &f[index].from, sizeof(f->from)) != 0)
			return;
		if (m->labels[i] && strcmp(m->labels[i], m->labels[index]) == 0) {
			join(m, i, index);
			return;
		}
	}
}

static int make_labels(struct metrics *m, struct err *err)
{
	size_t count = m->present.forwards.count;
	m->labels = calloc(count + 1, sizeof(*m->labels));
	if (!m->labels)
		return err_memory(err);
	for (size_t i = 0; i < count; i++) {
		m->labels[i] = labels_of(m, i);
		if (!m->labels[i]) /* analyzer: no leak, run frees them */
			return err_memory(err);
		join_same(m, i);
	}
	return 0;
}

/* ---- the command ---- */

static int count_connections(struct metrics *m, struct err *err)
{
	struct owners owners = {0};
	bool resized = false;
	m->sums = calloc(m->present.forwards.count + 1, sizeof(*m->sums));
	int result = m->sums ? owners_make(&m->present.forwards, &owners, err) : err_memory(err);
	if (result == 0)
		result = owners_sums(&owners, FAMILY_NONE, m->sums, &resized, err);
	owners_free(&owners);
	if (resized)
		query_say_resized();
	return result;
}

/* Composed in memory, so that no failure leaves half of it. */
static int replace(const struct metrics *m, struct err *err)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	if (!out)
		return err_memory(err);
	print_all(m, out);
	bool failed = ferror(out);
	if (fclose(out) != 0)
		failed = true;
	int result = failed ? err_memory(err) : replace_file(m->path, text, length, err);
	free(text);
	return result;
}

static int show(struct metrics *m, struct err *err)
{
	const struct backend *const *backends = globals_backends(m->globals);
	if (m->path && strcmp(m->path, "-") != 0 && replace_file_check(m->path, err) < 0)
		return -1;
	if (globals_permitted(m->globals, err) < 0 ||
	    present_read(backends, READING_ALL, &m->present, err) < 0 ||
	    count_connections(m, err) < 0 || make_labels(m, err) < 0)
		return -1;
	m->counted = host_accounts();
	query_say_accounting();
	if (m->path && strcmp(m->path, "-") != 0)
		return replace(m, err);
	print_all(m, stdout);
	return 0;
}

static int refuse_operand(void *context, const char *word, struct err *err)
{
	(void)context;
	return err_set(err, ERR_INPUT,
		       "'%s': metrics tells of all forwards and takes no operand; to write to a "
		       "file, use -O FILE",
		       quote(word).text);
}

static const struct arg_def metrics_options[] = {
	{'O', "output-file", ARG_VALUE, "FILE", "replace FILE as a whole, instead of printing",
	 offsetof(struct metrics, path), NULL},
	{0},
};

static int run(const struct command_line *line, struct err *err)
{
	struct metrics metrics = {.globals = line->globals};
	const struct command_reader reader = {{&metrics}, refuse_operand, NULL};
	int result = command_read(line, &reader, err);
	if (result == COMMAND_GO)
		result = show(&metrics, err);
	for (size_t i = 0; metrics.labels && i < metrics.present.forwards.count; i++)
		free(metrics.labels[i]);
	free(metrics.labels);
	free(metrics.sums);
	present_free(&metrics.present);
	return result;
}

const struct command command_metrics = {
	.name = "metrics",
	.operands = "[OPTIONS]",
	.summary = "print numbers of each forward for a monitoring system",
	.details = "The text is OpenMetrics 1.0. Prometheus' node_exporter reads it as a file of "
		   "its textfile\ncollector.\n",
	.options = {metrics_options},
	.run = run,
};
