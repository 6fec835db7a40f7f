/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pfwd metrics: what passes through each forward, for a monitoring system. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/overview.h"
#include "commands/query.h"
#include "conns/owners.h"
#include "host/host.h"
#include "host/replace_file.h"
#include "model/hash.h"
#include "others/owner.h"
#include "report/openmetrics.h"
#include "ruleset/present.h"

struct subject { /* a forward, or what others translate */
	const struct forward *f;
	char *labels; /* that name it; NULL: its numbers are in those of another one */
	uint64_t conns;
	bool counted; /* conns is known */
	enum present_state state;
	struct owners_sum *sum;
};

struct metrics {
	const char *path; /* NULL or "-": standard output */
	bool all;         /* also what others translate */
	const struct globals *globals;
	struct present present;
	struct overview others;
	struct owners_sum *sums; /* by overview_owner */
	struct subject *subjects;
	size_t count;
	bool accounts; /* conntrack counts packets and bytes */
};

/* ---- samples of one subject ---- */

/* The value of a family, or of one of its variants; false: the subject has none. */
typedef bool get_value(const struct subject *s, size_t variant, uint64_t *out);

static bool get_connections(const struct subject *s, size_t variant, uint64_t *out)
{
	(void)variant;
	*out = s->conns;
	return s->counted;
}

static bool get_live(const struct subject *s, size_t variant, uint64_t *out)
{
	(void)variant;
	*out = s->sum->conns;
	return !s->f->except;
}

static bool get_bytes(const struct subject *s, size_t variant, uint64_t *out)
{
	*out = variant ? s->sum->bytes_out : s->sum->bytes_in;
	return !s->f->except;
}

static bool get_packets(const struct subject *s, size_t variant, uint64_t *out)
{
	*out = variant ? s->sum->packets_out : s->sum->packets_in;
	return !s->f->except;
}

static bool get_state(const struct subject *s, size_t variant, uint64_t *out)
{
	*out = s->state == (enum present_state)variant;
	return true;
}

static bool get_end(const struct subject *s, size_t variant, uint64_t *out)
{
	(void)variant;
	*out = (uint64_t)s->f->until;
	return s->f->until != 0;
}

/* ---- families ---- */

static const char *const one_variant[] = {"", NULL};
static const char *const directions[] = {"direction=\"in\"", "direction=\"out\"", NULL};
#define OWN_STATES                                                                      \
	[PRESENT_ACTIVE] = "state=\"active\"", [PRESENT_EXPIRED] = "state=\"expired\"", \
	[PRESENT_INCOMPLETE] = "state=\"incomplete\"", [PRESENT_BLOCKED] = "state=\"blocked\""
static const char *const states[] = {OWN_STATES, NULL};
static const char *const all_states[] = {
	OWN_STATES, [PRESENT_SHADOWED] = "state=\"shadowed\"", [PRESENT_STATES] = NULL};

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
	const char *const *variants =
		m->all && family->variants == states ? all_states : family->variants;
	uint64_t value;
	openmetrics_begin(out, &family->family);
	for (size_t i = 0; i < m->count; i++) {
		const struct subject *s = &m->subjects[i];
		for (size_t v = 0; s->labels && variants[v]; v++)
			if (family->get(s, v, &value))
				openmetrics_sample(
					out, &family->family,
					(struct openmetrics_labels){s->labels, variants[v]}, value);
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
		if (m->accounts || !forward_families[i].counted)
			print_family(m, &forward_families[i], out);
	print_table(out);
	openmetrics_end(out);
}

/* ---- what names a subject ---- */

#define LABELS_MAX                                                                    \
	(OPENMETRICS_ESCAPED_MAX(SPEC_TEXT_MAX + NAME_MAX_LENGTH + NETWORK_TEXT_MAX + \
				 OWNER_TEXT_MAX) +                                    \
	 PRESENT_BACKENDS_MAX + 128)

/* Its SPEC, and whatever else two forwards of one SPEC may differ in. What others translate has no
 * SPEC if none can say it. Their comments and targets are no labels: those of containers are other
 * ones each time, and a monitoring system keeps each set of labels for long. */
static char *labels_of(const struct forward *f, const char *spec, const char *backends,
		       const char *owner)
{
	char text[LABELS_MAX], from[NETWORK_TEXT_MAX], *end = text;
	end = openmetrics_put_label(end, "forward", spec);
	end = openmetrics_put_label(stpcpy(end, ","), "name", f->name);
	end = openmetrics_put_label(stpcpy(end, ","), "backend", backends);
	end = openmetrics_put_label(stpcpy(end, ","), "family",
				    f->family ? family_name(f->family) : "");
	if (owner)
		end = openmetrics_put_label(stpcpy(end, ","), "owner", owner);
	if (network_is_set(&f->from)) {
		network_format(&f->from, from);
		openmetrics_put_label(stpcpy(end, ","), "from", from);
	}
	return strdup(text);
}

static void take_own(const struct metrics *m, size_t i, struct subject *out)
{
	const struct present *p = &m->present;
	char spec[SPEC_TEXT_MAX], backends[PRESENT_BACKENDS_MAX];
	out->f = &p->forwards.items[i];
	out->conns = p->of[i].status.conns;
	out->counted = !out->f->except;
	out->state = present_state(out->f, &p->of[i], m->globals->host.now);
	spec_format(out->f, spec);
	present_backends(&p->of[i], p->backends, backends);
	out->labels = labels_of(out->f, spec, backends, m->all ? "pfwd" : NULL);
	/* analyzer: no leak, run frees them */
}

static void take_other(const struct other_row *row, struct subject *out)
{
	char spec[SPEC_TEXT_MAX] = "", owner[OWNER_TEXT_MAX];
	out->f = &row->f;
	out->counted = overview_conns(row, &out->conns);
	out->state = overview_state(row);
	if (row->spec)
		spec_format(&row->f, spec);
	owner_format(row->rule, owner);
	out->labels = labels_of(&row->f, spec, row->rule->backend, owner);
	/* analyzer: the same */
}

/* Add the numbers of a subject to those of one with the same labels: rules that others wrote into a
 * chain of pfwd may be such ones, and several targets of one SPEC, and no text may have a sample
 * twice. */
static void join(struct subject *into, struct subject *later)
{
	into->conns += later->conns;
	into->counted = into->counted && later->counted;
	if (later->state == PRESENT_ACTIVE)
		into->state = PRESENT_ACTIVE;
	into->sum->conns += later->sum->conns;
	into->sum->packets_in += later->sum->packets_in;
	into->sum->packets_out += later->sum->packets_out;
	into->sum->bytes_in += later->sum->bytes_in;
	into->sum->bytes_out += later->sum->bytes_out;
	free(later->labels);
	later->labels = NULL;
}

/* Join the last subject to the one in the table that has its labels, or put it there. */
static void join_same(struct metrics *m, struct hash_table *table)
{
	struct subject *last = &m->subjects[m->count - 1];
	const struct subject *other;
	uint64_t hash = hash_text(0, last->labels);
	size_t at = 0;
	while ((other = hash_table_next(table, hash, &at)))
		if (strcmp(other->labels, last->labels) == 0) {
			join(&m->subjects[other - m->subjects], last);
			return;
		}
	hash_table_add(table, hash, last);
}

/* What is intercepted is not translated, and has no numbers. */
static int make_subjects(struct metrics *m, struct err *err)
{
	size_t own = m->present.forwards.count, all = own + m->others.rows.count;
	struct hash_table table;
	m->subjects = calloc(all + 1, sizeof(*m->subjects));
	if (!m->subjects || hash_table_init(&table, all, err) < 0)
		return err_memory(err);
	for (size_t i = 0; i < all; i++) {
		struct subject *s = &m->subjects[m->count];
		const struct other_row *row = i < own ? NULL : &m->others.rows.items[i - own];
		if (row && row->rule->action == OTHER_TPROXY)
			continue;
		s->sum = &m->sums[i];
		if (row)
			take_other(row, s);
		else
			take_own(m, i, s);
		m->count++;
		if (!s->labels) { /* analyzer: no leak, run frees them */
			hash_table_free(&table);
			return err_memory(err);
		}
		join_same(m, &table);
	}
	hash_table_free(&table);
	return 0;
}

/* ---- the command ---- */

static int count_connections(struct metrics *m, struct err *err)
{
	struct owners owners = {0};
	m->sums = calloc(m->present.forwards.count + m->others.rows.count + 1, sizeof(*m->sums));
	int result = m->sums ? owners_make(&m->present.forwards, &owners, err) : err_memory(err);
	if (result == 0)
		result = overview_sums(&m->others, &owners, m->sums, err);
	if (owners.resized)
		query_say_resized();
	owners_free(&owners);
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

static int read_rules(struct metrics *m, struct err *err)
{
	const struct backend *const *backends = globals_backends(m->globals);
	if (!m->all)
		return present_read(backends, READING_ALL, &m->present, err);
	if (overview_read(backends, &m->present, &m->others, err) < 0 ||
	    overview_make_index(&m->others, err) < 0)
		return -1;
	return overview_make_rows(&m->present, &m->others, err);
}

static int show(struct metrics *m, struct err *err)
{
	if (m->path && strcmp(m->path, "-") != 0 && replace_file_check(m->path, err) < 0)
		return -1;
	if (globals_permitted(m->globals, err) < 0 || read_rules(m, err) < 0 ||
	    overview_find_stopped(&m->present, err) < 0 || count_connections(m, err) < 0 ||
	    make_subjects(m, err) < 0)
		return -1;
	m->accounts = host_accounts();
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
	{'a', "all", ARG_PLAIN, NULL, "also what other programs and rules by hand translate",
	 offsetof(struct metrics, all), NULL},
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
	for (size_t i = 0; i < metrics.count; i++)
		free(metrics.subjects[i].labels);
	free(metrics.subjects);
	free(metrics.sums);
	overview_free(&metrics.others);
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
